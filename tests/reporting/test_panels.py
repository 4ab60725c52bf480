"""What a forest's caption says of limits beyond its axis."""

from __future__ import annotations

import math

import pytest

from analysis.reporting.book import Row
from analysis.reporting.panels import is_cut


def row(estimate: float, low: float, high: float, measure: str = "OR") -> Row:
    numbers = {"row", "std_error", "statistic", "df", "p_value", "n", "events", "published",
               "published_low", "published_high"}  # fmt: skip
    of = {name: math.nan if name in numbers else "" for name in Row._fields}
    given = {"estimate": estimate, "conf_low": low, "conf_high": high, "measure": measure}
    return Row(**{**of, **given})


@pytest.mark.parametrize(
    ("rows", "cut"),
    [
        ([row(0.9, 0.5, 1.6), row(1.2, 0.8, 1.9)], False),
        ([row(0.9, 0.5, 1.6), row(1.2, 0.01, 144.0)], True),  # beyond a factor of 6
        ([row(1.0, 0.1, 10.0), row(60.0, 11.0, 300.0)], True),
        ([row(1.0, 0.1, 6.0), row(60.0, 11.0, 300.0)], True),
        ([row(1.0, 0.2, 5.0), row(9.0, 0.21, 50.0)], False),
        ([row(9.0, -500.0, 500.0, "difference")], False),
        ([row(math.nan, math.nan, math.nan)], False),
        ([], False),
    ],
)
def test_arrows_are_told_of_only_where_a_limit_lies_beyond_the_axis(rows, cut):
    assert is_cut(rows) is cut
