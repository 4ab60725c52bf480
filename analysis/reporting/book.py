"""The results table as reports read it: typed rows that know their place in results.csv."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

import pandas as pd

from analysis.models.results import COLUMNS

Key = TypeVar("Key", bound=Hashable)


class Row(NamedTuple):
    """A row of the results; `row` is its position from 0, the rest are its columns."""

    row: int
    study: str
    analysis: str
    model: str
    outcome: str
    exposure: str
    contrast: str
    level: str
    reference: str
    stratum: str
    stratum_level: str
    measure: str
    estimate: float
    conf_low: float
    conf_high: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    n: float
    events: float
    weight: str
    cycles: str
    published: float
    published_low: float
    published_high: float
    agreement: str
    unit: str
    note: str = ""


class Book:
    """The results, looked up by the columns' values.

    Parameters
    ----------
    results : DataFrame
        In the form of `analysis.models.results`.
    """

    def __init__(self, results: pd.DataFrame) -> None:
        columns = [results[column].tolist() for column in COLUMNS]
        self._hold([Row(row, *values) for row, values in enumerate(zip(*columns, strict=True))])

    def _hold(self, rows: list[Row]) -> None:
        self.rows = rows
        # A report looks up hundreds of times, and one analysis may have thousands of rows.
        self._by_analysis: dict[str, list[Row]] = {}
        for row in rows:
            self._by_analysis.setdefault(row.analysis, []).append(row)

    def of(self, exposure: str) -> Book:
        """Keep the rows of one exposure and those of none, which keep their place in results.csv.

        Several exposures have rows of one analysis: who asks for an odds ratio says of which.
        """
        book = Book.__new__(Book)
        book._hold([row for row in self.rows if row.exposure in ("", exposure)])
        return book

    def map(self, change: Callable[[Row], Row]) -> Book:
        """Change each row; its place in results.csv stays what it was."""
        book = Book.__new__(Book)
        book._hold([change(row) for row in self.rows])
        return book

    def find(self, **equal: str) -> list[Row]:
        """Rows whose columns have these values, in their order."""
        rows = self.rows
        if "analysis" in equal:
            rows = self._by_analysis.get(equal.pop("analysis"), [])
        return [row for row in rows if all(getattr(row, key) == equal[key] for key in equal)]

    def one(self, **equal: str) -> Row | None:
        """Find the first such row, or None."""
        return next(iter(self.find(**equal)), None)

    def has(self, *analyses: str) -> bool:
        """Whether any of these analyses has rows."""
        return any(analysis in self._by_analysis for analysis in analyses)


def distinct(values: Iterable[Key]) -> list[Key]:
    """Values without repeats, in order of first appearance."""
    return list(dict.fromkeys(values))
