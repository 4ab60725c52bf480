"""What changed between the cycles that a study pools: a table, and a limitation."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from analysis.cohort.breaks import Break
from analysis.cohort.drift import breaks_of, gathered
from analysis.reporting import words
from analysis.reporting.document import (
    Block,
    Cell,
    Code,
    Group,
    Paragraph,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.methods import analysed
from analysis.reporting.tables import head, words_cell

MARKS = {"not comparable": "bad", "comparable with care": "part", "harmonised": "good"}

TITLE = "What changed between the pooled cycles"


def straddled(facts: RunFacts) -> list[Break]:
    """Find the breaks that the study's measures have among its cycles."""
    partial: Mapping[str, Collection[str]] = getattr(facts.study, "partial", None) or {}
    return breaks_of(read(facts), facts.cycles, partial)


def read(facts: RunFacts) -> list[str]:
    """Name the measures that the study reads."""
    names: Collection[str] = getattr(facts.study, "measures", None) or sorted(analysed(facts))
    return [name for name in names if name in facts.measures]


def changed(facts: RunFacts) -> list[Block]:
    """Write the section on breaks; empty for a study that pools over none."""
    found = gathered(straddled(facts))
    if not found:
        return []
    blocks: list[Block] = []
    worst = [each for each, _ in found if each.pooling == "not comparable"]
    if worst:
        told = text(
            "This study pools measures over changes that make them two quantities under one name: ",
            _measures(worst), ". Estimates with them mix the two.",
        )  # fmt: skip
        blocks.append(Paragraph(told, "warning"))
    lead = text(
        "The CDC changed how some of this study's measures are asked or measured between the "
        "cycles that it pools. The table says what changed and what was done about it."
    )
    return [*blocks, Paragraph(lead), _table(found)]


def limitations(facts: RunFacts) -> list[Text]:
    """Say what a reader must bear in mind of the breaks that nothing was done about."""
    breaks = straddled(facts)
    found = []
    worst = [each for each in breaks if each.pooling == "not comparable"]
    if worst:
        one = len({name for each in worst for name in each.measures}) == 1
        told = text(
            "Pooled over a change that leaves ", "it" if one else "them", " not comparable: ",
            _measures(worst), ". What is estimated with ", "it" if one else "them",
            " is of neither quantity.",
        )  # fmt: skip
        found.append(told)
    care = {each.subject: each for each in breaks if each.pooling == "comparable with care"}
    if care:
        subjects = listing(words.lower_first(each.subject) for each in care.values())
        told = text(
            "Between the pooled cycles the CDC changed how it asks or measures, and values are "
            "taken as released: ", subjects, " (see “", TITLE, "”).",
        )  # fmt: skip
        found.append(told)
    return found


def _measures(breaks: Collection[Break]) -> Text:
    names = dict.fromkeys(name for each in breaks for name in each.measures)
    return listing(Code(name) for name in names)


def _table(found: list[tuple[Break, str]]) -> Table:
    rows = tuple(
        (
            words_cell(each.subject),
            words_cell(_measures([each])),
            words_cell(where),
            words_cell(each.change, " Source: ", each.source),
            words_cell(each.handling),
            Cell(text(each.pooling), mark=MARKS[each.pooling]),
        )
        for each, where in found
    )
    columns = ("What", "Measures", "Where", "What changed", "What was done", "Both sides are")
    return Table(
        key="drift-table",
        caption=text("Changes between the pooled cycles in what the study's measures mean"),
        head=((*head(*columns, number_from=9),),),
        groups=(Group(rows),),
        series="supporting",
        stack=True,
    )
