"""From what a caller names - a column, a condition, an array - to arrays aligned with the rows."""

from __future__ import annotations

import difflib
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError


def column(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    """Take a column by name.

    Raises
    ------
    InputError
        If there is none, with the nearest name, or more than one.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"the sample must be a pandas DataFrame, not a {type(frame).__name__}")
    if not isinstance(name, Hashable):
        raise InputError(f"a column is named by its name, not by {name!r} ({role})")
    if name in frame.columns:
        found = frame[name]
        if isinstance(found, pd.DataFrame):
            raise InputError(f"the data frame has more than one column '{name}' ({role})")
        return found
    near = difflib.get_close_matches(str(name), map(str, frame.columns), n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "Its columns are those of the data frame."
    raise InputError(f"the data frame has no column '{name}' ({role})", remedy=hint)


def aligned(values: Any, frame: pd.DataFrame, role: str) -> pd.Series:
    """Give values the frame's index.

    Parameters
    ----------
    values : Series or array-like, shape (n,)
        A Series must have the frame's index: to align by label silently would hide a mistake.
    frame : DataFrame of n rows
    role : str
        For the error.

    Raises
    ------
    InputError
        If the length or the index differs.
    """
    if isinstance(values, pd.Series):
        if not values.index.equals(frame.index):
            raise InputError(f"the index of {role} is not that of the design's data frame")
        return values
    array = np.asarray(values)
    if array.shape != (len(frame),):
        raise InputError(f"{role} has shape {array.shape}, the design has {len(frame)} rows")
    return pd.Series(array, index=frame.index)


def as_numbers(values: pd.Series, role: str) -> np.ndarray:
    """Convert to float with NaN where missing.

    Raises
    ------
    InputError
        If the values are not numbers or truth values (text of digits, dates and durations are
        not), or one is infinite.
    """
    try:
        if not _numeric(values):
            raise TypeError
        array = values.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{role} must hold numbers, not {values.dtype}") from error
    if np.isinf(array).any():
        raise InputError(f"{role} has {int(np.isinf(array).sum())} infinite values")
    return array


def _numeric(values: pd.Series) -> bool:
    """Tell numbers from what NumPy would turn into some: dates, durations, text of digits."""
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        kind = kind.categories.dtype
        values = pd.Series(values.cat.categories)
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return not pd.api.types.is_complex_dtype(kind)
    if not pd.api.types.is_object_dtype(kind):
        return False
    return not any(isinstance(each, str | bytes | complex) for each in values)


def as_matrix(frame: pd.DataFrame) -> np.ndarray:
    """Convert all columns as `as_numbers` does, to an array of shape (n, k)."""
    if all(isinstance(kind, np.dtype) and kind.kind in "fiub" for kind in frame.dtypes):
        matrix = frame.to_numpy(dtype=float)
        if not np.isinf(matrix).any():
            return matrix
    return np.column_stack([as_numbers(frame[name], f"column '{name}'") for name in frame])


def as_condition(text: str, frame: pd.DataFrame) -> np.ndarray:
    """Evaluate a condition of `analysis.grammar` (never as Python).

    Returns
    -------
    float array, shape (n,)
        1 where it holds, 0 where it does not, NaN where missing values leave it unknown.
    """
    from analysis.grammar import parse_condition

    holds = parse_condition(text).evaluate(frame)
    fails = parse_condition(f"not ({text})").evaluate(frame)
    return np.where(holds, 1.0, np.where(fails, 0.0, np.nan))
