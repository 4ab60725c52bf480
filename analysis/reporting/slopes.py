"""Slopes of one measure across another: where each can be told from none, and by group."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.reporting import modifier_figures, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Block, Bullets, Paragraph, Text, listing, text
from analysis.reporting.sentences import SETTLED

CURVED = "continuous, beside curves"
"""Contrast of the same test where both have curves of their own."""


def slopes(everything: Book, where: modifier_figures.Pair) -> list[Block]:
    """Tell and draw the slopes of the exposure and of its modifier; nothing without their rows.

    Parameters
    ----------
    everything : Book
        All results.
    where : Pair
        The two measures.

    Returns
    -------
    list of Block
    """
    rows = [
        row
        for row in everything.find(analysis="slope")
        if {row.exposure, row.stratum} == where.both
    ]
    lines = [row for row in rows if modifier_figures.is_number(row.level)]
    found: list[Block] = []
    if lines:
        told = _bounds(everything, where, rows)
        found += [Bullets(tuple(told))] if told else []
        for odds, measure in ((True, "OR"), (False, "difference")):
            mine = [row for row in lines if row.measure == measure]
            if mine:
                bounds = [row for row in rows if row.measure == "jn_bound"]
                found.append(modifier_figures.slope_figure(where, mine, bounds, odds=odds))
    grouped = [
        row for row in rows
        if row.measure in ("OR", "difference") and not modifier_figures.is_number(row.level)
    ]  # fmt: skip
    if grouped:
        found += _by_group(where, rows, grouped)
    return found


def _bounds(everything: Book, where: modifier_figures.Pair, rows: Sequence[Row]) -> list[Text]:
    """Say for each slope where it can be told from none (Johnson and Neyman)."""
    told = []
    lines = [row for row in rows if modifier_figures.is_number(row.level)]
    for exposure, outcome in distinct((row.exposure, row.outcome) for row in lines):
        mine = [r for r in lines if (r.exposure, r.outcome) == (exposure, outcome)]
        bounds = [
            r for r in rows
            if r.measure == "jn_bound" and (r.exposure, r.outcome) == (exposure, outcome)
            and math.isfinite(r.estimate)
        ]  # fmt: skip
        slope = words.lower_first(where.facts.label(exposure))
        other = words.lower_first(where.facts.label(mine[0].stratum))
        start = f"{words.upper_first(where.facts.outcome(outcome))}, by straight lines of both"
        spans = _spans(bounds, where.facts.unit(mine[0].stratum))
        if bounds:
            but = _not_borne_out(everything, where, outcome)
            elsewhere = f" of {other}; elsewhere its interval holds no association."
            told.append(text(start, but, f": the slope of {slope} is ", spans, elsewhere))
            continue
        ways = distinct(words.direction(row) for row in mine)
        if len(ways) == 1:
            told.append(text(f"{start}: {_always(ways[0], slope)} at every value of {other}."))
    return told


def _always(way: words.Direction, slope: str) -> str:
    if way == "unclear":
        return f"the interval of the slope of {slope} holds no association"
    return f"the slope of {slope} {'has no estimate' if way == 'missing' else f'is {way}'}"


def _spans(bounds: Sequence[Row], unit: str) -> Text:
    """Say from where to where a slope can be told from none: two bounds may hold a span."""
    told, left = [], list(bounds)
    of = f" {unit}".rstrip()
    while left:
        first = left.pop(0)
        way, _, side = first.level.rpartition(" ")
        if side == "above" and left and left[0].level == f"{way} below":
            ends = words.short_estimate(first), " and ", words.short_estimate(left.pop(0))
            told.append(text(f"{way} between ", *ends, of))
        else:
            told.append(text(f"{first.level} ", words.short_estimate(first), of))
    return listing(told)


def _not_borne_out(everything: Book, where: modifier_figures.Pair, outcome: str) -> Text:
    """Say that the product which bounds rest on is not found beside curves, where that is so."""
    curved = everything.one(
        analysis="interaction", stratum=where.name, outcome=outcome, contrast=CURVED
    )
    if curved is None or not curved.p_value >= SETTLED:
        return text()
    p = words.p_of(curved)
    return text(", which the test beside curves does not bear out (P\N{NO-BREAK SPACE}", p, ")")


def _by_group(
    where: modifier_figures.Pair, rows: Sequence[Row], grouped: Sequence[Row]
) -> list[Block]:
    found: list[Block] = []
    for exposure, outcome in distinct((r.exposure, r.outcome) for r in grouped):
        mine = [r for r in grouped if (r.exposure, r.outcome) == (exposure, outcome)]
        tests = {
            r.contrast: r
            for r in rows
            if r.measure == "p_equal_slopes" and (r.exposure, r.outcome) == (exposure, outcome)
            and math.isfinite(r.p_value)
        }  # fmt: skip
        told = listing(
            text(f"{contrast} (P\N{NO-BREAK SPACE}", words.p_of(row), ")")
            for contrast, row in tests.items()
        )
        name = words.lower_first(where.facts.outcome(outcome))
        slope = words.lower_first(where.facts.label(exposure))
        other = words.lower_first(where.facts.label(mine[0].stratum))
        if tests:
            start = f"Tests that the slope of {name} on {slope} is the same in all groups of "
            found.append(Paragraph(text(start, f"{other}: ", told, ".")))
        found.append(modifier_figures.grouped_slopes(where, mine, tests))
    return found
