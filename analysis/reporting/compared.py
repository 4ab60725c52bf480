"""Who is compared with whom, and what those take."""

from __future__ import annotations

from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Block, Cell, Group, Table, Text, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import head, number, words_cell

COUNTS = {
    "events": "With the outcome",
    "against": "Compared with them",
    "neither": "Neither",
    "unknown": "Not known",
}
"""Measures of ``compared``, with their column headings."""


def compared(book: Book, facts: RunFacts) -> list[Block]:
    """Write the section on who is compared; empty without its rows."""
    found: list[Block] = []
    if book.has("compared"):
        found.append(_people(book, facts))
    for exposure in distinct(row.exposure for row in book.find(analysis="exposure_by_outcome")):
        found.append(_intakes(book, exposure, facts))
    return found


def _people(book: Book, facts: RunFacts) -> Table:
    rows = book.find(analysis="compared")
    body = []
    for outcome in distinct(row.outcome for row in rows):
        mine = {row.measure: row for row in rows if row.outcome == outcome}
        counts = [
            number(words.counted(mine[measure], "estimate") if measure in mine else words.NONE)
            for measure in COUNTS
        ]
        total = sum(row.estimate for row in mine.values())
        body.append((words_cell(facts.outcome(outcome)), *counts, number(words.count(total))))
    return Table(
        key="compared-table",
        caption=text("Who is compared: people analysed, by outcome; unweighted"),
        head=(head("Outcome", *COUNTS.values(), "Together"),),
        groups=(Group(tuple(body)),),
        notes=(_sum_note(book, rows),),
    )


def _sum_note(book: Book, rows: list[Row]) -> Text:
    """Say whether each line adds up to the people analysed."""
    flow = book.find(analysis="flow", measure="remaining")
    note = text(
        "Neither: their value is known, and lies between those compared or outside of them. "
    )
    if not flow:
        return note
    wrong = [
        outcome
        for outcome in distinct(row.outcome for row in rows)
        if sum(row.estimate for row in rows if row.outcome == outcome) != flow[-1].estimate
    ]
    adds = "Not every line adds up" if wrong else "Each line adds up"
    return note + text(f"{adds} to the ", words.counted(flow[-1], "estimate"), " people analysed.")


def _intakes(book: Book, exposure: str, facts: RunFacts) -> Table:
    """Tabulate the mean exposure of those with an outcome, of those without, and the difference."""
    rows = book.find(analysis="exposure_by_outcome", exposure=exposure)
    body = []
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == outcome]
        means = {row.level: row for row in mine if row.measure == "mean"}
        difference = next((row for row in mine if row.measure == "difference"), None)
        cells: list[Cell] = []
        for level in ("event", "against"):
            row = means.get(level)
            cells.append(number(words.with_interval(row) if row else words.NONE))
            cells.append(number(words.counted(row) if row else words.NONE))
        cells.append(number(words.with_interval(difference) if difference else words.NONE))
        cells.append(number(words.p_of(difference, cell=True) if difference else words.NONE))
        body.append((words_cell(facts.outcome(outcome)), *cells))
    unit = facts.unit(exposure)
    named = facts.label(exposure) + (f", {unit}" if unit else "")
    return Table(
        key=f"intakes-{exposure}",
        caption=text(f"{named}: weighted means (95% confidence intervals) by outcome"),
        head=(
            (
                Cell(text("Outcome")),
                Cell(text(COUNTS["events"]), number=True, span=2),
                Cell(text(COUNTS["against"]), number=True, span=2),
                Cell(text("Difference"), number=True, span=2),
            ),
            (
                Cell(),
                *(Cell(text(name), number=True) for name in ("Mean", "n", "Mean", "n")),
                *(Cell(text(name), number=True) for name in ("With − compared", "P")),
            ),
        ),
        groups=(Group(tuple(body)),),
        notes=(text("Not adjusted for anything."),),
    )
