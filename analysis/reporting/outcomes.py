"""Tables of the outcomes themselves, in everyone, in dose groups and in domains."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Cell, Group, Table, Text, listing, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import group_head, in_unit, number, strata_of, words_cell


def prevalence_table(book: Book, facts: RunFacts, *, further: bool = False) -> Table:
    """Prevalence of each main (or each further) outcome, everyone and by dose group or domain."""
    rows = book.find(analysis="prevalence", measure="proportion")
    rows = [row for row in rows if facts.is_main(row.outcome) != further]
    outcomes = distinct(row.outcome for row in rows)
    # With several outcomes the table would be too wide; events and n give the share anyway.
    raw = book.find(analysis="prevalence", measure="unweighted_proportion")
    unweighted = len(outcomes) == 1 and bool(raw)
    names = ["% (95% CI)", "Events / n", *(["Unweighted %"] if unweighted else [])]
    over = (
        Cell(text("Group")),
        *(Cell(text(facts.outcome(o)), number=True, span=len(names)) for o in outcomes),
    )
    under = (Cell(), *(Cell(text(name), number=True) for _ in outcomes for name in names))
    body = []
    for stratum in strata_of(rows):
        cells = [words_cell(_stratum_words(book, stratum, facts))]
        for outcome in outcomes:
            cells += _prevalence_cells(book, outcome, stratum, unweighted=unweighted)
        body.append(tuple(cells))
    note = text(
        "Prevalences are of everyone in the group in whom the outcome is known, and weighted; "
        "intervals are on the logit scale. Events and n are unweighted."
    )
    return Table(
        key=f"prevalence-table{'-further' if further else ''}",
        caption=text(_caption("Prevalence", facts), ", further outcomes" if further else ""),
        head=(over, under),
        groups=(Group(tuple(body)),),
        notes=(note, *_unknown_notes(book, rows, facts)),
        series="supporting" if further else "main",
    )


def mean_table(book: Book, facts: RunFacts) -> Table:
    """Mean of each continuous outcome, everyone and by dose group or domain."""
    rows = book.find(analysis="mean", measure="mean")
    outcomes = distinct(row.outcome for row in rows)
    labels = [text(_with_unit(next(r for r in rows if r.outcome == o), facts)) for o in outcomes]
    over = (Cell(text("Group")), *(Cell(label, number=True, span=2) for label in labels))
    names = ("Mean (95% CI)", "n")
    under = (Cell(), *(Cell(text(name), number=True) for _ in outcomes for name in names))
    body = []
    for stratum in strata_of(rows):
        cells = [words_cell(_stratum_words(book, stratum, facts))]
        for outcome in outcomes:
            row = book.one(analysis="mean", measure="mean", outcome=outcome, stratum_level=stratum)
            cells.append(number(words.with_interval(row) if row else words.NONE))
            cells.append(number(words.counted(row) if row else words.NONE))
        body.append(tuple(cells))
    note = text(
        "Means are of everyone in the group in whom the outcome is known, and weighted; n is not."
    )
    return Table(
        key="mean-table",
        caption=text(_caption("Means", facts)),
        head=(over, under),
        groups=(Group(tuple(body)),),
        notes=(note, *_unknown_notes(book, rows, facts)),
    )


def _with_unit(row: Row, facts: RunFacts) -> str:
    unit = row.unit or facts.outcome_unit(row.outcome)
    return f"{facts.outcome(row.outcome)}, {unit}" if unit else facts.outcome(row.outcome)


def _caption(what: str, facts: RunFacts) -> str:
    if facts.exposure is None:
        return what
    noun = words.group_noun_of(facts.exposure)
    exposure = words.lower_first(facts.label(facts.exposure.measure))
    return f"{what} by {noun} of {exposure}{in_unit(facts)}"


def _stratum_words(book: Book, stratum: str, facts: RunFacts) -> Text:
    return group_head(stratum, book.one(analysis="groups", level=stratum), facts)


def _prevalence_cells(book: Book, outcome: str, stratum: str, *, unweighted: bool) -> list[Cell]:
    where = {"analysis": "prevalence", "outcome": outcome, "stratum_level": stratum}
    row = book.one(**where, measure="proportion")
    raw = book.one(**where, measure="unweighted_proportion")
    cells = [
        number(words.with_interval(row) if row else words.NONE),
        number(words.events_of(row) if row else words.NONE),
    ]
    if unweighted:
        cells.append(number(words.estimate(raw) if raw else words.NONE))
    return cells


def _unknown_notes(book: Book, rows: Sequence[Row], facts: RunFacts) -> list[Text]:
    """Say in how many of the people analysed an outcome is unknown, where it is in any."""
    flow = book.find(analysis="flow", measure="remaining")
    if not flow:
        return []
    people = flow[-1].estimate
    told = [
        f"{words.lower_first(facts.outcome(row.outcome))} in {words.count(people - row.n)}"
        for row in rows
        if row.stratum_level == "all" and math.isfinite(row.n) and row.n < people
    ]
    if not told:
        return []
    every = words.counted(flow[-1], "estimate")
    who = " people analysed, who are not in its n."
    return [text("Unknown is ", listing(told), " of the ", every, who)]
