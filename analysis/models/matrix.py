"""From parsed model terms to the columns of a design matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.grammar import Interaction, Name, Term, Transform, intervals
from analysis.models.spline import basis

Knots = Callable[[str, int], np.ndarray]
"""From a column's name and a number of knots to the knots."""

INTERCEPT = "Intercept"


def covariates(terms: Sequence[Term], frame: pd.DataFrame, knots: Knots) -> pd.DataFrame:
    """Columns of all terms, in their order, without an intercept.

    Parameters
    ----------
    terms : sequence of Term
        Covariates of a model.
    frame : DataFrame
        A row a participant. The first category of a categorical column is the reference.
    knots : callable
        Gives the knots of ``spline(x, k)``.

    Returns
    -------
    DataFrame
        Of float with the frame's index; NaN where a covariate is missing. Names say the term and
        the category, for example ``sex[Female]`` or ``spline(age, 4)[1]``.

    Raises
    ------
    InputError
        If a logarithm or a root meets a value that it does not have.
    """
    parts = [_term(term, frame, knots) for term in terms]
    return pd.concat(parts, axis=1) if parts else pd.DataFrame(index=frame.index)


def _term(term: Term, frame: pd.DataFrame, knots: Knots) -> pd.DataFrame:
    if isinstance(term.root, Interaction):
        parts = [_part(part, frame, knots) for part in term.root.parts]
        return reduce(_products, parts)
    return _part(term.root, frame, knots)


def _products(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {f"{a}:{b}": left[a] * right[b] for a in left.columns for b in right.columns},
        index=left.index,
    )


def _part(part: Name | Transform, frame: pd.DataFrame, knots: Knots) -> pd.DataFrame:
    if isinstance(part, Name):
        column = frame[part.name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return dummies(column, part.name)
        return pd.DataFrame({part.name: column.astype("float64")})
    values = frame[part.arg.name].to_numpy(float)
    if part.name == "spline":
        columns = basis(values, knots(part.arg.name, int(part.parameters[0])))
        names = [f"{part}[{i}]" for i in range(1, columns.shape[1] + 1)]
        return pd.DataFrame(columns, columns=names, index=frame.index)
    if part.name == "category":
        return dummies(cut(values, part.parameters, frame.index), str(part))
    return pd.DataFrame({str(part): _NUMERIC[part.name](values, part)}, index=frame.index)


def dummies(column: pd.Series, name: str) -> pd.DataFrame:
    """Make indicators of every category but the first; NaN where the category is missing.

    Parameters
    ----------
    column : Series of category, length n
        Its first category is the reference.
    name : str
        Goes before the category in the columns' names.

    Returns
    -------
    DataFrame of float, shape (n, categories - 1)
    """
    codes = column.cat.codes.to_numpy()
    return pd.DataFrame(
        {
            f"{name}[{level}]": np.where(codes < 0, np.nan, codes == i)
            for i, level in enumerate(column.cat.categories)
            if i > 0
        },
        index=column.index,
    )


def cut(
    values: np.ndarray, cuts: Sequence[float], index: pd.Index, names: Sequence[str] = ()
) -> pd.Series:
    """Sort values into intervals, each closed on the left; missing where the value is.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
    cuts : sequence of float
        Increasing: where each interval but the first begins.
    index : Index, length n
        Of the series.
    names : sequence of str, optional
        Of the intervals, lowest first.

    Returns
    -------
    Series of category, length n
    """
    codes = np.where(np.isnan(values), -1, np.digitize(values, cuts))
    categories = list(names) or list(intervals(cuts))
    return pd.Series(pd.Categorical.from_codes(codes, categories), index=index)


def _log(values: np.ndarray, part: Transform) -> np.ndarray:
    _refuse(values <= 0, part, "above 0")
    return np.log(values)


def _sqrt(values: np.ndarray, part: Transform) -> np.ndarray:
    _refuse(values < 0, part, "of at least 0")
    return np.sqrt(values)


def _refuse(bad: np.ndarray, part: Transform, wanted: str) -> None:
    if bad.any():
        raise InputError(
            f"{part.name} wants values {wanted}, but {int(bad.sum())} values of {part.arg} are not",
            where=f"term {part}",
            remedy="Use the measure itself, square(...) or spline(...), or exclude these people.",
        )


_NUMERIC: Mapping[str, Callable[[np.ndarray, Transform], np.ndarray]] = MappingProxyType(
    {
        "log": _log,
        "sqrt": _sqrt,
        "square": lambda values, part: values**2,
        "per": lambda values, part: values / part.parameters[0],
        "center": lambda values, part: values - part.parameters[0],
    }
)
