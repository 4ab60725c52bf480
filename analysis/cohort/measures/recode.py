"""Translations from the CDC's codes; the raw columns themselves are never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.cohort.measure import Source
from analysis.nhanes.cycles import CYCLES, Table


def categories(
    codes: pd.Series, names: Mapping[int, str], levels: Sequence[str] | None = None
) -> pd.Series:
    """Translate codes into categories.

    Parameters
    ----------
    codes : Series of float
        The CDC's codes.
    names : mapping of int to str
        Category of each code; a code that is not a key becomes missing.
    levels : sequence of str, optional
        The categories in their order; by default that of `names`.

    Returns
    -------
    Series of category
        With the index of `codes`.
    """
    return as_category(codes.map(names), levels or tuple(dict.fromkeys(names.values())))


def as_category(values: pd.Series, levels: Sequence[str]) -> pd.Series:
    """Give text values their fixed categories, in order; None and NaN stay missing."""
    return values.astype(pd.CategoricalDtype(list(levels)))


def choose(
    cases: Sequence[tuple[pd.Series, str]], index: pd.Index, levels: Sequence[str]
) -> pd.Series:
    """Take the category of the first case that holds; missing where none does.

    Parameters
    ----------
    cases : sequence of (boolean Series, str)
        Conditions and their categories, in order of precedence.
    index : Index
        Of the participants.
    levels : sequence of str
        The categories in their order.
    """
    conditions = [np.asarray(condition, dtype=bool) for condition, _ in cases]
    names = np.array([name for _, name in cases], dtype=object)
    chosen = np.select(conditions, names, default=None)  # type: ignore[call-overload]
    return as_category(pd.Series(chosen, index=index, dtype=object), levels)


def without(values: pd.Series, codes: Collection[float]) -> pd.Series:
    """Set codes such as 'refused' and 'do not know' to missing."""
    return values.where(~values.isin(list(codes)))


def sources(
    columns: Mapping[str, tuple[str, str]],
    cycles: Sequence[str],
    records: Mapping[str, tuple[str, tuple[str, ...]]] | None = None,
    lookups: Mapping[str, tuple[Table, tuple[str, ...]]] | None = None,
) -> dict[str, Source]:
    """Name sources in several cycles that differ only in the suffix of the table's name.

    Parameters
    ----------
    columns : mapping of str to (str, str)
        As in `Source`, with the table's name without its suffix (``"DEMO"``).
    cycles : sequence of str
        Names of the cycles.
    records : mapping, optional
        As in `Source`, likewise without suffix.
    lookups : mapping, optional
        As in `Source`; the same tables in every cycle.
    """

    def suffixed(table: str, cycle: str) -> str:
        suffix = CYCLES[cycle].suffix
        return f"{table}_{suffix}" if suffix else table

    return {
        cycle: Source(
            {role: (suffixed(table, cycle), name) for role, (table, name) in columns.items()},
            {role: (suffixed(table, cycle), v) for role, (table, v) in (records or {}).items()},
            dict(lookups or {}),
        )
        for cycle in cycles
    }


def cycles_between(first: str, last: str) -> tuple[str, ...]:
    """Names of the cycles from `first` to `last`, both included."""
    names = list(CYCLES)
    return tuple(names[names.index(first) : names.index(last) + 1])
