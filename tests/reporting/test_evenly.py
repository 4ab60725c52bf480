"""Decimals of what stands below each other in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from analysis.models.results import tidy
from analysis.reporting import words
from analysis.reporting.book import Book
from analysis.reporting.document import (
    Cell,
    Details,
    Group,
    Paragraph,
    Part,
    Section,
    Table,
    Value,
    text,
)
from analysis.reporting.evenly import evenly

NARROW = {"measure": "difference", "estimate": 0.2131, "conf_low": 0.1372, "conf_high": 0.2891}
WIDER = {"measure": "difference", "estimate": 0.4604, "conf_low": 0.3497, "conf_high": 0.5713}
WIDE = {"measure": "difference", "estimate": 12.34, "conf_low": 9.87, "conf_high": 14.81}
FLAT = {"measure": "difference", "estimate": 2.11, "conf_low": 0.004, "conf_high": 4.2}
FINE = {"measure": "difference", "estimate": 0.3123, "conf_low": 0.1001, "conf_high": 0.5245}
ODDS = {"measure": "OR", "estimate": 0.0534, "conf_low": 0.0231, "conf_high": 0.62}
SHARE = {"measure": "proportion", "estimate": 0.05, "conf_low": 0.041, "conf_high": 0.062}


def printed(
    rows: Sequence[dict[str, Any]], form: Any = words.with_interval, *, stack: bool = False
) -> list[str]:
    """Cells of a table in which the rows stand below each other."""
    book = Book(tidy(rows))
    cells = tuple((Cell(text("x")), Cell(text(form(row)), number=True)) for row in book.rows)
    table = Table("t", text("T"), ((Cell(), Cell()),), (Group(cells),), stack=stack)
    (section,) = evenly([Section("s", "S", (Details("d", (table,)),))], book)
    found = section.blocks[0].blocks[0]  # type: ignore[union-attr]
    return [row[1].text.plain for row in found.groups[0].rows]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ([WIDER, NARROW], ["0.460 (0.350–0.571)", "0.213 (0.137–0.289)"]),
        # One narrow interval does not fill a column with digits: one more than the fewest.
        ([WIDE, NARROW], ["12.34 (9.87–14.81)", "0.21 (0.14–0.29)"]),
        ([WIDE, WIDE], ["12.3 (9.9–14.8)"] * 2),
        # No limit is printed as no difference if it is none.
        ([FLAT, FINE], ["2.11 (0.004–4.20)", "0.31 (0.10–0.52)"]),
        # Of another outcome or in another unit each has its own.
        (
            [WIDE | {"outcome": "a"}, NARROW | {"outcome": "b"}],
            ["12.3 (9.9–14.8)", "0.213 (0.137–0.289)"],
        ),
        ([WIDE | {"unit": "mg"}, NARROW], ["12.3 (9.9–14.8)", "0.213 (0.137–0.289)"]),
        # Ratios and percentages have a rule of their own.
        ([ODDS, SHARE], ["0.053 (0.023–0.62)", "5.0 (4.1–6.2)"]),
    ],
)
def test_estimates_of_a_kind_have_one_number_of_decimals(
    rows: list[dict[str, Any]], cells: list[str]
) -> None:
    assert printed(rows) == cells


@pytest.mark.parametrize(
    ("form", "cells"),
    [(words.estimate, ["0.460", "0.213"]), (words.limits, ["0.350–0.571", "0.137–0.289"])],
)
def test_estimates_and_limits_alone_are_even_too(form: Any, cells: list[str]) -> None:
    assert printed([WIDER, NARROW], form) == cells


def test_a_form_of_the_tables_own_is_left_alone() -> None:
    def form(row: Any) -> Part:
        return Value(words.fixed(row.estimate, 6), row.row, ("estimate",))

    assert printed([WIDER, NARROW], form) == ["0.460400", "0.213100"]
    assert printed([WIDE, NARROW], stack=True) == ["12.3 (9.9–14.8)", "0.213 (0.137–0.289)"]


def test_prose_is_left_alone() -> None:
    book = Book(tidy([WIDE, NARROW]))
    told = Paragraph(text(*(words.with_interval(row) for row in book.rows)))
    assert evenly([Section("s", "S", (told,))], book)[0].blocks == (told,)
