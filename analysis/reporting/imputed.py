"""Missing covariates: complete cases beside multiple imputation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from analysis.printing import fixed
from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Group,
    Paragraph,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import number, term_names, words_cell
from analysis.reporting.words import percent, value

ESTIMATES = ("OR", "difference")


def imputed(book: Book, facts: RunFacts) -> list[Block]:
    """Write the section on missing covariates; empty without its rows."""
    rows = [row for row in book.find(analysis="imputed") if row.measure in ESTIMATES]
    if not rows:
        return []
    told = [
        sentence
        for outcome in distinct(row.outcome for row in rows)
        if (sentence := _sentence(book, rows, outcome, facts))
    ]
    found: list[Block] = [Paragraph(_lead(book, facts))]
    return [*found, Bullets(tuple(told)), _table(book, rows, facts)]


def section(facts: RunFacts) -> Any:
    """Give the section ``[imputation]`` of the study file; None without it."""
    return getattr(facts.study, "imputation", None)


def _lead(book: Book, facts: RunFacts) -> Text:
    sets = book.one(analysis="imputed", measure="imputations")
    rounds = book.one(analysis="imputed", measure="iterations")
    if sets is None:
        return text("Missing covariates could not be imputed; the notes below the table say why.")
    told = text("Missing covariates were filled in by multiple imputation by chained equations")
    if math.isfinite(sets.estimate):
        told += text(": ", value(sets, words.count), " imputed sets")
        if rounds is not None:
            told += text(", each after ", value(rounds, words.count), " rounds")
    if sets.note:
        told += f" ({sets.note})"
    return told + (
        ". It is right if what is missing depends, given what the imputation model holds, on "
        "nothing else; complete cases are right, as a rule, if it does not depend on the outcome "
        "given the covariates. Where the two agree, little hangs on which of these holds."
    )


def _complete(book: Book, row: Row) -> Row | None:
    """Find the same estimate in complete cases."""
    where = {"model": row.model, "outcome": row.outcome, "level": row.level}
    for analysis in ("odds_ratio", "linear"):
        found = book.of(row.exposure).one(analysis=analysis, **where)
        if found is not None:
            return found
    return None


def _sentence(book: Book, rows: Sequence[Row], outcome: str, facts: RunFacts) -> Text:
    """Hold the highest group's estimate against that of complete cases."""
    row = next(row for row in reversed(rows) if row.outcome == outcome)
    complete = _complete(book, row)
    if row.level == row.reference or complete is None:
        return text()
    name = words.upper_first(facts.outcome(outcome))
    told = text(
        f"{name}, {row.level} against {row.reference}: ", words.with_interval(row),
        " with imputed covariates, ", words.with_interval(complete), " in complete cases",
    )  # fmt: skip
    ways = words.direction(row), words.direction(complete)
    if "missing" in ways:
        return told + "."
    none = "1" if row.measure == "OR" else "0"
    if ways[0] == ways[1]:
        same = "hold" if ways[0] == "unclear" else "exclude"
        return told + f"; both intervals {same} {none}."
    if "unclear" not in ways:
        return told + f"; the intervals lie on different sides of {none}."
    only = "with imputed covariates" if ways[1] == "unclear" else "of complete cases"
    return told + f"; only the interval {only} excludes {none}."


def _table(book: Book, rows: Sequence[Row], facts: RunFacts) -> Table:
    ways = ("Complete cases", "Multiple imputation")
    over = (
        Cell(text("Group")),
        Cell(text(ways[0]), number=True, span=2),
        Cell(text(ways[1]), number=True, span=4),
    )
    names: tuple[str, ...] = (
        "OR (95% CI)",
        "Events / n",
        "OR (95% CI)",
        "Events / n",
        "FMI, %",
        "df",
    )
    if any(row.measure == "difference" for row in rows):
        names = tuple(name.replace("OR", "Estimate") for name in names)
    groups = []
    without = {
        f"{facts.outcome(row.outcome)}, {row.level}: {row.note}." for row in rows if row.note
    }
    for outcome in distinct(row.outcome for row in rows):
        body = tuple(_cells(book, row) for row in rows if row.outcome == outcome)
        groups.append(Group(body, label=text(facts.outcome(outcome))))
    models = listing(
        words.model_words(facts.model(model)) for model in distinct(row.model for row in rows)
    ).plain
    return Table(
        key="imputed-table",
        caption=text(f"Complete cases and multiple imputation, {models}"),
        head=(over, (Cell(), *(Cell(text(name), number=True) for name in names))),
        groups=tuple(groups),
        notes=(
            text(
                "Pooled by Rubin's rules. FMI: the fraction of information about the estimate "
                "that is missing; df: degrees of freedom of Barnard and Rubin, at most those of "
                "the design. The cut points of the groups are those of complete cases."
            ),
            *(text(note) for note in sorted(without)),
        ),
    )


def _cells(book: Book, row: Row) -> tuple[Cell, ...]:
    complete = _complete(book, row)
    fmi = book.one(analysis="imputed", outcome=row.outcome, level=row.level, measure="fmi")
    own = row.level == row.reference
    none = "1 (reference)" if row.measure == "OR" else "0 (reference)"

    def shown(found: Row | None) -> Cell:
        if found is None:
            return number(words.NONE)
        return number(none if own else words.with_interval(found))

    return (
        words_cell(row.level),
        shown(complete),
        number(words.events_of(complete) if complete else words.NONE),
        shown(row),
        number(words.events_of(row)),
        number("" if own else value(fmi, percent)),
        number("" if own else value(row, _tenth, "df")),
    )


def _tenth(df: float) -> str:
    return fixed(df, 1)


def model_holds(facts: RunFacts) -> Text:
    """Name what the imputation model holds, for the methods."""
    asked = section(facts)
    named = getattr(asked, "model", None)
    # A model for other exposures only is not the one that is fitted, though it may stand last.
    own = [m for m in facts.models if not getattr(m, "exposures", ())
           or getattr(facts.exposure, "measure", "") in m.exposures]  # fmt: skip
    models = [m for m in facts.models if m.name == named] or own[-1:]
    terms = [name for model in models for name in term_names(model.terms)]
    auxiliary = [name for name in getattr(asked, "auxiliary", ()) if name not in terms]
    held = listing(words.in_sentence(facts.label(name)) for name in distinct([*terms, *auxiliary]))
    return held
