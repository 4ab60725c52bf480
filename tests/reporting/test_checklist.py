"""The reporting checklist: an item is answered where its section is, and only there."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from lxml import html as lxml_html

from analysis.reporting import RunFacts, build, checklist
from analysis.reporting.book import Book
from analysis.reporting.document import Bullets, Link, Report, Table, text
from analysis.reporting.html import render
from analysis.reporting.strobe import Known, strobe
from analysis.reporting.strobe_nut import strobe_nut

STROBE = [
    "1a", "1b", "2", "3", "4", "5", "6a", "7", "8", "9", "10", "11", "12a", "12b", "12c", "12d",
    "12e", "13a", "13b", "13c", "14a", "14b", "15", "16a", "16b", "16c", "17", "18", "19", "20",
    "21", "22",
]  # fmt: skip
"""Items for cross-sectional studies (von Elm and others 2007): 6b, 14c are of other designs."""

NUT = [
    "1", "5", "6", "7.1", "7.2", "8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "9", "11", "12.1",
    "12.2", "12.3", "13", "14", "16", "17", "19", "20", "22.1", "22.2",
]  # fmt: skip
"""Items of STROBE-nut (Lachat and others 2016)."""

Lines = dict[str, tuple[str, str, str, tuple[str, ...]]]


def lines_of(report: Report) -> Lines:
    """By item: its state, where it is answered, what is wanted, and the sections it leads to."""
    (section,) = [made for made in report.sections if made.key == "checklist"]
    return {
        row[0].text.plain: (
            row[2].text.plain, row[3].text.plain, row[4].text.plain,
            tuple(part.key for part in row[3].text.parts if isinstance(part, Link)),
        )
        for block in section.blocks if isinstance(block, Table)
        for group in block.groups for row in group.rows
    }  # fmt: skip


def known(made: Any, rows: list[dict[str, Any]], *sections: str, **changes: Any) -> Known:
    book = Book(made.table_of(rows, "deng_2013"))
    facts = made.facts_for("deng_2013", **changes)
    return Known(book, facts, {key: f"Title of {key}" for key in sections})


def state_of(given: Known, number: str) -> str:
    items = [
        i for part in (*strobe(given.facts).values(), *strobe_nut(given).values()) for i in part
    ]
    return next(item.answer(given).state for item in items if item.number == number)


@pytest.mark.parametrize("run", ["deng", "forrest", "whole"])
def test_every_item_is_there_once_and_in_order(request: Any, run: str) -> None:
    lines = lines_of(build(*request.getfixturevalue(run)))
    assert list(lines) == [*STROBE, *(f"nut-{number}" for number in NUT)]


@pytest.mark.parametrize("run", ["deng", "forrest", "whole"])
def test_items_lead_to_sections_that_are_there(request: Any, run: str) -> None:
    report = build(*request.getfixturevalue(run))
    titles = {section.key: section.title for section in report.sections}
    for number, (state, where, wanted, leads) in lines_of(report).items():
        assert set(leads) <= set(titles), number
        assert all(titles[key] in where for key in leads), number
        # Who is told that something is missing is told what; and what is answered says where.
        assert (wanted != "—") == (state in ("in part", "to be written")), number
        assert (where != "—") or state == "to be written", number
        assert leads or state != "answered" or number == "nut-12.3", number


def test_links_are_met_on_the_page(forrest: Any) -> None:
    tree = lxml_html.fromstring(render(build(*forrest)))
    links = tree.xpath("//section[@id='checklist']//td//a/@href")
    assert len(links) >= 30
    assert {link[1:] for link in links} <= set(tree.xpath("//main/section/@id"))


@pytest.mark.parametrize("run", ["deng", "forrest", "whole"])
def test_the_lead_counts_its_items(request: Any, run: str) -> None:
    report = build(*request.getfixturevalue(run))
    (section,) = [made for made in report.sections if made.key == "checklist"]
    told = section.blocks[0].text.plain
    states = [state for state, *_ in lines_of(report).values()]
    for state, said in (
        ("answered", "(?:is|are) answered(?! in)"), ("in part", "(?:is|are) answered in part"),
        ("to be written", "(?:is|are) left"), ("does not apply", "(?:does|do) not apply"),
    ):  # fmt: skip
        number = re.search(rf"(\d+) {said}", told)
        assert (int(number[1]) if number else 0) == states.count(state)
    assert f"Of the {len(states)}, " in told


MISSING = [
    ("13a", "participants"), ("12d", "methods"), ("12c", "methods"), ("18", "answer"),
    ("15", "prevalence"), ("19", "limitations"), ("nut-22.2", "provenance"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "section"), MISSING)
def test_an_item_without_its_section_is_to_be_written(made: Any, number: str, section: str) -> None:
    rows = made.deng_rows()
    assert state_of(known(made, rows, section), number) in ("answered", "in part")
    assert state_of(known(made, rows, "other"), number) == "to be written"


@pytest.mark.parametrize(
    ("number", "analysis", "sections", "state"),
    [
        ("13c", "flow", ("participants",), "to be written"),
        ("14a", "table1", ("participants",), "to be written"),
        ("14b", "missing", ("participants",), "to be written"),
        ("nut-14", "table1", ("participants",), "to be written"),
        ("nut-13", "flow", ("participants",), "to be written"),
    ],
)
def test_an_item_without_its_rows_is_to_be_written(
    made: Any, number: str, analysis: str, sections: tuple[str, ...], state: str
) -> None:
    rows = made.deng_rows()
    assert state_of(known(made, rows, *sections), number) == "answered"
    left = [row for row in rows if row["analysis"] != analysis]
    assert state_of(known(made, left, *sections), number) == state


@pytest.mark.parametrize(
    ("number", "with_it", "without"),
    [
        ("12b", "strata", "does not apply"), ("12e", "dependence", "to be written"),
        ("17", "other-exposures", "does not apply"), ("16c", "odds-ratios", "does not apply"),
        ("20", "published", "to be written"),
    ],
)  # fmt: skip
def test_what_was_not_done_is_not_called_done(
    made: Any, number: str, with_it: str, without: str
) -> None:
    study = made.facts_for("deng_2013").study.model_copy(update={"domains": ()})
    rows = made.deng_rows()
    assert state_of(known(made, rows, "methods", study=study), number) == without
    assert state_of(known(made, rows, "methods", with_it, study=study), number) != without or (
        number == "16c"
    )


EATEN = ("7.1", "8.1", "8.2", "8.6", "9", "11", "12.1", "12.2", "12.3", "13", "14", "16", "17")


def test_a_study_of_no_intake_has_none_of_its_items(forrest: Any) -> None:
    lines = lines_of(build(*forrest))
    assert {lines[f"nut-{number}"][0] for number in EATEN} == {"does not apply"}
    assert lines["nut-8.4"][0] == "in part" and "serum 25(OH)D" in lines["nut-8.4"][1]


def test_a_study_of_intake_has_them(deng: Any) -> None:
    lines = lines_of(build(*deng))
    assert "does not apply" not in {lines[f"nut-{number}"][0] for number in EATEN}
    told = lines["nut-16"][1]
    assert "with supplements: " in told and "without supplements: " in told
    inside = told.partition("without supplements: ")
    assert "total magnesium" in inside[0] and "total magnesium" not in inside[2]
    assert "energy intake" in inside[2]


def test_the_statements_are_cited(forrest: tuple[pd.DataFrame, RunFacts]) -> None:
    references = next(s for s in build(*forrest).sections if s.key == "references").blocks
    told = " ".join(item.plain for block in references if isinstance(block, Bullets)
                    for item in block.items)  # fmt: skip
    for doi in ("10.1371/journal.pmed.0040296", "10.1371/journal.pmed.1002036"):
        assert doi in told


def test_a_link_is_words_where_there_are_no_links() -> None:
    link = Link("Methods", "methods")
    assert text("See ", link).plain == "See Methods"
    assert (isinstance(link, str), link.key) == (True, "methods")


def test_words_of_a_link_are_escaped(made: Any) -> None:
    hostile = "<b>&"
    interactions = (SimpleNamespace(label=hostile, name="a", modifier="vitamin_d_total"),)
    given = known(made, made.deng_rows(), "strata")
    given = replace(given, titles={"strata": hostile, "interaction": hostile})
    assert interactions
    table = checklist.table(given, "strobe", "STROBE", strobe(given.facts))
    report = build(*(made.table_of(made.deng_rows(), "deng_2013"), given.facts))
    section = replace(report.sections[0], key="strata", blocks=(table,))
    page = render(replace(report, sections=(section,)))
    assert "<b>" not in page and "&lt;b&gt;&amp;" in page


def test_supplements_are_taken_and_not_eaten(made: Any) -> None:
    facts = made.facts_for("herrick_2019_supplements")
    given = Known(Book(made.table_of([], facts.study.name)), facts, {"methods": "Methods"})
    items = {i.number: i.answer(given) for part in strobe_nut(given).values() for i in part}
    assert items["nut-8.2"].said == "no estimate rests on what people ate"
    assert items["nut-12.2"].said == "no adjustment for energy; the sample weight"
    assert items["nut-9"].state == "to be written"


@pytest.mark.parametrize(("study", "state"), [("deng_2013", "answered"), ("huang_2021", "in part")])
def test_characteristics_are_by_intake_only_where_the_groups_are_of_one(
    made: Any, study: str, state: str
) -> None:
    given = made.facts_for(study).study
    assert state_of(known(made, made.deng_rows(), "participants", study=given), "nut-14") == state


def test_an_intake_that_is_cut_into_strata_is_grouped(made: Any) -> None:
    huang = made.facts_for("huang_2021").study
    bare = huang.model_copy(update={"strata": (), "interactions": ()})
    for study, state in ((huang, "answered"), (bare, "does not apply")):
        assert state_of(known(made, made.deng_rows(), "methods", study=study), "nut-11") == state
