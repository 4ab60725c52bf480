"""What the script of a page reads: sources of numbers and estimates to explore, as compact JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from analysis.models.results import NUMBER_COLUMNS
from analysis.reporting.book import Row
from analysis.reporting.document import (
    Choice,
    CurveToExplore,
    Estimates,
    GridToExplore,
    Report,
)

DIGITS = 6
"""Significant digits of estimates to explore: enough for a median to two decimals."""

COLUMNS = Row._fields[1:]
"""Columns of results.csv in their order."""


class _Words:
    """Texts that many rows share, each once; the first is the empty one."""

    def __init__(self) -> None:
        self.places = {"": 0}

    def place(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))


def page_data(report: Report) -> str:
    """Write the data of a page as JSON that may stand in a script element.

    Parameters
    ----------
    report : Report
        With its sources and figures.

    Returns
    -------
    str
        An object: ``columns`` (of results.csv), ``words`` (texts that rows share), ``rows`` (by
        row of the results: the place of what asked for it in ``asked``, then a column each: a
        place in ``words``, or the number as text), ``asked`` (pairs of words and line, a list a
        row's kind), ``explore`` (figures to explore, by their keys).
    """
    shared = _Words()
    asked: dict[tuple[tuple[str, int], ...], int] = {}
    rows = {}
    for place, source in report.sources.items():
        fields = dict(source.fields)
        cells = [_cell(column, fields.get(column, ""), shared) for column in COLUMNS]
        while cells and cells[-1] == 0:
            cells.pop()
        rows[place] = [asked.setdefault(source.lines, len(asked)), *cells]
    explore = {f.key: _explore(f.explore) for f in report.figures if f.explore is not None}
    made = {
        "columns": COLUMNS, "words": list(shared.places), "rows": rows,
        "asked": list(asked), "explore": explore,
    }  # fmt: skip
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Within a script element only these could end it or begin a comment.
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _cell(column: str, text: str, shared: _Words) -> int | str:
    return text if text and column in NUMBER_COLUMNS else shared.place(text)


def _explore(what: CurveToExplore | GridToExplore) -> dict[str, Any]:
    if isinstance(what, GridToExplore):
        return {
            "kind": "grid",
            "panels": what.panels,
            "panel": what.panel,
            "measure": what.measure,
            "choices": [_choice(what.columns), _choice(what.lines)],
            "references": [int(reference) for reference in what.references],
            "depths": [round(depth, 3) for depth in what.depths],
            **_estimates(what.estimates),
        }
    return {
        "kind": "curve",
        "choices": [_choice(choice) for choice in what.choices],
        "base": what.base,
        "published": what.published,
        "published_at": _number(what.published_at),
        "limits": _numbers(what.limits),
        "ticks": _numbers(what.ticks),
        **_estimates(what.estimates),
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {"label": choice.label, "options": choice.options}


def _estimates(found: Estimates) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "shown": found.shown,
        "estimate": _numbers(found.estimate),
        "low": _numbers(found.low),
        "high": _numbers(found.high),
        "n": _numbers(found.n),
        "events": _numbers(found.events),
        "says": found.says,
        "picks": found.picks,
    }


def _numbers(numbers: Sequence[float]) -> list[float | int | None]:
    return [_number(number) for number in numbers]


def _number(number: float) -> float | int | None:
    if not math.isfinite(number):
        return None
    if number == int(number):
        return int(number)
    return float(f"{number:.{DIGITS}g}")
