"""What is written to be cited and pasted: right for every kind of study and result."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from analysis.reporting import quoting
from analysis.reporting.book import Book
from analysis.reporting.document import Bullets, Code, Details, Paragraph


def parts(results: Any, facts: Any) -> tuple[str, str]:
    """What is to be cited, and the two paragraphs."""
    cited, paragraphs = quoting.quoting(Book(results), facts)
    assert isinstance(cited, Details) and isinstance(paragraphs, Details)
    return _plain(cited), _plain(paragraphs)


def _plain(block: Details) -> str:
    told = []
    for each in block.blocks:
        if isinstance(each, Paragraph):
            told.append(each.text.plain)
        elif isinstance(each, Bullets):
            told += [item.plain for item in each.items]
    return "\n".join(told)


def test_a_report_is_cited_with_what_it_was_made_from(deng: Any) -> None:
    results, facts = deng
    versions = {**facts.versions, quoting.PACKAGE: "1.2.3"}
    cited, _ = parts(results, replace(facts, versions=versions))
    assert facts.study.title in cited and "1.2.3" in cited
    assert facts.commit[:12] in cited and facts.spec_sha256[:12] in cited
    assert facts.study.references[0].citation in cited
    assert "Examination Survey, 2001–2006" in cited


def test_what_is_not_known_is_not_cited(deng: Any) -> None:
    results, facts = deng
    bare = replace(facts, versions={}, commit="", spec_sha256="")
    cited, _ = parts(results, bare)
    assert "Made with" not in cited and "commit" not in cited and "SHA" not in cited
    blocks = quoting.quoting(Book(results), bare)[0].blocks
    assert not [p for b in blocks if isinstance(b, Bullets) for i in b.items for p in i.parts
                if isinstance(p, Code)]  # fmt: skip


def test_artificial_data_are_not_cited_as_findings(made: Any) -> None:
    facts = made.facts_for("deng_2013", synthetic=True)
    cited, paragraphs = parts(made.table_of(made.deng_rows(), "deng_2013"), facts)
    assert "nothing in this report can be cited as a finding" in cited
    assert "Deng X" not in cited and "(artificial data)" in cited
    assert "artificial survey in the form of NHANES" in paragraphs


def test_the_paragraphs_name_people_weights_and_design(deng: Any) -> None:
    _, told = parts(*deng)
    for said in (
        "NHANES 2001–2006", "aged 20 years or over", "no covariate missing",
        "first-day dietary weight (WTDRD1) divided by 3", "90 sampling units in 44 strata",
        "Total magnesium was cut at its weighted quantiles into quartiles.",
        "11,490 participants", "the full model is adjusted for age, sex,", "Results. Among ",
        "logistic and linear models",
    ):  # fmt: skip
        assert said in told, said
    assert "published" not in told.partition("Results.")[2]


def test_a_study_without_exposure_tells_of_its_groups(forrest: Any) -> None:
    _, told = parts(*forrest)
    assert "Of the 4 groups compared" in told
    assert not re.search(r"quartile|models|was cut", told)


@pytest.mark.parametrize("way", ["missing", "unclear", "inverse"])
def test_results_claim_no_more_than_their_intervals(made: Any, way: str) -> None:
    results = made.table_of(made.deng_rows(), "deng_2013")
    top = (results["analysis"] == "odds_ratio") & (results["level"] == "Q4")
    if way == "missing":
        results.loc[top, ["estimate", "conf_low", "conf_high"]] = math.nan
    if way == "unclear":
        results.loc[top, "conf_high"] = 1.01
    _, told = parts(results, made.facts_for("deng_2013"))
    found = told.partition("Results.")[2]
    assert ("odds were lower" in found) == (way == "inverse")
    assert ("no estimate could be made" in found) == (way == "missing")
    assert ("no difference in odds is shown" in found) == (way == "unclear")
    assert "ignifican" not in told and "effect" not in told


def test_without_results_there_are_methods_alone(made: Any) -> None:
    _, told = parts(made.table_of([], "deng_2013"), made.facts_for("deng_2013"))
    assert "Methods." in told and "Results." not in told
