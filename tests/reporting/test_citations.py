"""What a report cites it lists, what it lists it cites, and its abbreviations are explained."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.reporting.abbreviations import MEANINGS, abbreviations
from analysis.reporting.citations import CITED, cited, references
from analysis.reporting.document import Bullets, Paragraph, Report, Section, text

from .printed import said

MENTION = re.compile(
    r"(?:v[ao]n )?[A-Z]\w+(?: et al\.| and (?:v[ao]n )?[A-Z]\w+)? \(?(?=(?:19|20)\d\d[),;:. ])\d{4}"
)
"""A name or two and a year."""

NO_AUTHOR = re.compile(r"EPI 2009|EPI 2021|From|To|In|Since|Until|NHANES|AHA|ACC|November|May")
"""What stands before a year and wrote nothing; equations are known by their year."""

NOBODY = SimpleNamespace(references=())


def section(words: str) -> Section:
    return Section("methods", "Methods", (Paragraph(text(words)),))


def prose(report: Report) -> str:
    """The report's own sentences: not the entries of publications, names of files or tables."""
    left = ("references", "provenance", "cite", "checks")
    kept = tuple(section for section in report.sections if section.key not in left)
    parts = said(Report(report.title, report.question, False, kept))
    return "\n".join(each.text.plain for each in parts if each.kind == "prose")


def listed(report: Report) -> list[str]:
    blocks = next(s.blocks for s in report.sections if s.key == "references")
    return [item.plain for block in blocks if isinstance(block, Bullets) for item in block.items]


@pytest.mark.parametrize("words", CITED)
def test_a_publication_is_cited_by_its_authors_and_year(words: str) -> None:
    entry, doi = CITED[words]
    authors, year = words.rsplit(" ", 1)
    names = [name for name in re.split(r" and | et al\.", authors) if name]
    assert entry.startswith(names[0])
    assert all(name in entry for name in names)
    assert re.search(rf"\b{year}\b", entry)
    assert not doi or re.fullmatch(r"10\.\d{4,5}/\S+", doi)


@pytest.mark.parametrize("words", CITED)
@pytest.mark.parametrize("form", ["({})", "({}; Nobody 1900)", "as {} did", "by {}."])
def test_what_is_cited_is_listed(words: str, form: str) -> None:
    authors, year = words.rsplit(" ", 1)
    for written in (words, f"{authors} ({year})"):
        assert cited([section(form.format(written))]) == [words]
    assert cited([section(form.format(f"{authors} 1900"))]) == []


def test_the_list_is_in_the_order_of_the_alphabet_and_names_each_once() -> None:
    own = SimpleNamespace(citation="Rubin DB. Multiple Imputation.", doi=None)
    study = SimpleNamespace(references=(own, own))
    (bullets,) = references(study, [section("(Rubin 1987; von Elm et al. 2007; Binder 1983)")])
    assert isinstance(bullets, Bullets)
    names = [item.plain.split(".")[0] for item in bullets.items]
    assert names == ["Binder DA", "National Center for Health Statistics", "Rubin DB", "Rubin DB",
                     "von Elm E, Altman DG, Egger M, et al"]  # fmt: skip


@pytest.mark.parametrize("name", ["whole", "forrest_2011"])
def test_whoever_is_mentioned_with_a_year_is_in_the_list(built: Any, name: str) -> None:
    report = built[name][1]
    found = {each for each in MENTION.findall(prose(report)) if not NO_AUTHOR.match(each)}
    assert found
    names = listed(report)
    unlisted = [
        each for each in sorted(found)
        if not any(
            entry.startswith(re.split(r" and | et al\.| \(?\d{4}", each)[0]) and each[-4:] in entry
            for entry in names
        )
    ]  # fmt: skip
    assert unlisted == []


@pytest.mark.parametrize("name", ["whole", "forrest_2011"])
def test_abbreviations_in_capitals_are_explained(built: Any, name: str) -> None:
    """Words of capitals that are neither explained nor names of files, variables or people."""
    found = set(re.findall(r"(?<![\w(./-])[A-Z]{2,}(?![\w(-])", prose(built[name][1])))
    assert found - set(MEANINGS) - KNOWN == set()


KNOWN = {"ID", "III", "PDF"}
"""Need no words."""


def test_abbreviations_are_explained_where_they_are_used() -> None:
    assert list(MEANINGS) == sorted(MEANINGS, key=str.casefold)
    (told,) = abbreviations([section("An OR of 25(OH)D (95% CI) by STROBE-nut; S is no index.")])
    assert isinstance(told, Paragraph)
    assert told.text.plain == (
        "25(OH)D, 25-hydroxyvitamin D; CI, confidence interval; OR, odds ratio; STROBE, "
        "Strengthening the Reporting of Observational Studies in Epidemiology; STROBE-nut, STROBE "
        "for nutritional epidemiology."
    )
    assert abbreviations([section("Nothing is short here.")]) == []
