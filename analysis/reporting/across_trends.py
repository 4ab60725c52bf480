"""Sections of a report across cycles on how intake and outcomes moved over the years."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.reporting import words
from analysis.reporting.across_figures import Thing, cycle_words, label, thing, trend_figure
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Details,
    Group,
    Table,
    Text,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import head, number, words_cell


def trends(book: Book, facts: RunFacts, *, outcomes: bool) -> list[Block]:
    """Show means by cycle and their change, of the outcomes or of the exposures."""
    rows = [row for row in book.find(analysis="cycle_mean") if bool(row.outcome) == outcomes]
    if not rows:
        return []
    drawn = [row for row in rows if not row.contrast and facts.is_main(row.outcome)]
    key, what = ("trend_outcomes", "Outcomes") if outcomes else ("trend_exposures", "Intake")
    things = distinct(thing(row) for row in rows)
    told = [sentence for each in things if (sentence := _moved(book, facts, each))]
    return [
        Bullets(tuple(told)),
        trend_figure(book, facts, drawn, key, what),
        _slope_table(book, facts, things, key),
        Details("Every mean and prevalence", (_mean_table(book, facts, rows, things, key),)),
    ]


def _trend(book: Book, each: Thing, measures: Sequence[str], model: str) -> Row | None:
    rows = [row for row in book.find(analysis="cycle_trend", model=model) if thing(row) == each]
    return next((row for row in rows if row.measure in measures), None)


SLOPES = ("difference", "OR")


def _moved(book: Book, facts: RunFacts, each: Thing) -> Text | None:
    """Say how a main outcome, or the main exposure, moved."""
    exposure, outcome, _ = each
    shown = facts.is_main(outcome) if outcome else exposure == facts.exposure.measure
    slope = _trend(book, each, SLOPES, "unadjusted")
    rows = [row for row in book.find(analysis="cycle_mean") if thing(row) == each]
    rows = [row for row in rows if math.isfinite(row.estimate)]
    if not shown or slope is None or len(rows) < 2 or not math.isfinite(slope.p_value):
        return None
    first, last = rows[0], rows[-1]
    unit = "%" if first.measure == "proportion" else f" {first.unit}".rstrip()
    way = {"inverse": "fell", "positive": "rose", "unclear": "is not shown to have changed"}
    direction = words.direction(slope)
    # The first and the last stand beside each other: with the decimals of the one that has more.
    decimals = max((n for r in (first, last) if (n := words.decimals_of(r)) is not None), default=0)
    told = text(
        f"{words.upper_first(label(first, facts))} {way.get(direction, 'moved')}: ",
        words.estimate(first, decimals), f"{unit} in {cycle_words(first.stratum_level)}, ",
        words.estimate(last, decimals), f"{unit} in {cycle_words(last.stratum_level)}; ",
        "per 10 years ", "odds ratio " if slope.measure == "OR" else "", words.with_interval(slope),
        "" if slope.measure == "OR" else unit,
        ", P for trend\N{NO-BREAK SPACE}", words.p_of(slope),
    )  # fmt: skip
    older = _trend(book, each, SLOPES, "age and sex")
    if older is not None and math.isfinite(older.estimate):
        told += text(" (with age and sex ", words.with_interval(older), ")")
    departs = _trend(book, each, ("p_nonlinear",), "unadjusted")
    if departs is not None and departs.p_value < 0.05:
        told += text(
            "; the change was not along a line (P\N{NO-BREAK SPACE}", words.p_of(departs), ")"
        )
    return told + "."


def _slope_table(book: Book, facts: RunFacts, things: Sequence[Thing], key: str) -> Table:
    body = []
    what = "Outcomes" if any(outcome for _, outcome, _ in things) else "Intake"
    for each in things:
        slopes = [_trend(book, each, SLOPES, model) for model in ("unadjusted", "age and sex")]
        departs = _trend(book, each, ("p_nonlinear",), "unadjusted")
        first = next(row for row in book.find(analysis="cycle_mean") if thing(row) == each)
        cells: list[Cell] = []
        for slope in slopes:
            cells.append(number(words.with_interval(slope) if slope else words.NONE))
            cells.append(number(words.p_of(slope, cell=True) if slope else words.NONE))
        odds = first.measure == "proportion"
        unit = "odds ratio" if odds else first.unit
        name = f"{label(first, facts)}, {unit}" if unit else label(first, facts)
        cells.append(number(words.p_of(departs, cell=True) if departs else words.NONE))
        body.append((words_cell(name), *cells))
    columns = ("Per 10 years", "P", "Per 10 years, age and sex", "P", "P, departure from a line")
    return Table(
        key=key.replace("_", "-"),
        caption=text(f"{what}: change per 10 years (95% confidence intervals)"),
        head=((*head(what), *head(*columns, number_from=0)),),
        groups=(Group(tuple(body)),),
        notes=(
            text(
                "Differences of means; odds ratios for prevalences. The second estimate holds "
                "age (in classes) and sex still."
            ),
        ),
    )


def _mean_table(
    book: Book,
    facts: RunFacts,
    rows: Sequence[Row],
    things: Sequence[Thing],
    key: str,
) -> Table:
    groups = []
    for each in things:
        mine = [row for row in rows if thing(row) == each]
        unit = "%" if mine[0].measure == "proportion" else mine[0].unit
        name = label(mine[0], facts)
        body = tuple(
            (
                words_cell(cycle_words(row.stratum_level)),
                number(words.events_of(row)),
                number(words.with_interval(row)),
            )
            for row in mine
        )
        groups.append(Group(body, label=text(f"{name}, {unit}" if unit else name)))
    return Table(
        key=f"{key.replace('_', '-')}-means",
        caption=text("Weighted means and prevalences (95% confidence intervals) by cycle"),
        head=(head("Cycle", "Events / n, or n", "Mean or prevalence"),),
        groups=tuple(groups),
        series="supporting",
    )
