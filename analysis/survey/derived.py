"""Functions of estimates: linear and non-linear, with delta-method covariance.

They need estimates, a covariance and degrees of freedom, whatever the variance came from: a
`RegressionResults`, predictive margins, or what an earlier function made of either. R's
``svycontrast`` does the same (with vectors, and with quoted expressions).

References
----------
Oehlert GW (1992). A note on the delta method. The American Statistician 46:27-29.
Squire W, Trapp G (1998). Using complex variables to estimate derivatives of real functions. SIAM
Review 40:110-112.
Lumley T (2010). Complex Surveys: A Guide to Analysis Using R. Wiley, section 2.3 and appendix C.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import InputError
from analysis.survey.intervals import critical_t
from analysis.survey.options import number, numbers
from analysis.survey.printed import degrees, table

COMPLEX_STEP = 1e-200
"""Nothing is subtracted, so that the step may be too small to leave an error of its own."""
SMOOTH = 1e-5
"""How far central differences may lie from the complex step's derivative, relative to the largest
one: their own error is near 1e-10, that of a function without a complex derivative near 1."""


class Estimated(Protocol):
    """Estimates with their covariance: `RegressionResults` and `DerivedEstimates`."""

    @property
    def params(self) -> pd.Series:
        """Estimates, shape (k,)."""

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the estimates, shape (k, k)."""

    @property
    def df_resid(self) -> float:
        """Degrees of freedom of t and F statistics."""


@dataclass(frozen=True, eq=False, repr=False)
class DerivedEstimates:
    """Estimates made of others, with their covariance.

    Attributes
    ----------
    params : Series, shape (q,)
    covariance : DataFrame, shape (q, q)
    df_resid : float
        Degrees of freedom of t intervals and tests: those of what they are made of.
    null : float
        Value that the tests of `table` ask about.
    """

    params: pd.Series
    covariance: pd.DataFrame
    df_resid: float
    null: float = 0.0

    @property
    def bse(self) -> pd.Series:
        """Standard errors, shape (q,)."""
        squares = np.maximum(np.diag(self.covariance), 0.0)
        return pd.Series(np.sqrt(squares), index=self.params.index)

    def table(self, alpha: float = 0.05, *, exponentiate: bool = False) -> pd.DataFrame:
        """Give estimates with t intervals and two-sided t tests.

        Parameters
        ----------
        alpha : float, default 0.05
            One minus the level of confidence.
        exponentiate : bool, default False
            Whether ``estimate``, ``conf_low`` and ``conf_high`` are exponentiated, as log odds
            are to odds ratios. ``std_error``, ``statistic`` and ``p_value`` stay those of the
            logarithm.

        Returns
        -------
        DataFrame, shape (q, 6)
            ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, ``statistic``, ``p_value``;
            intervals and p values are NaN without degrees of freedom.
        """
        std_error = self.bse
        half = critical_t(self.df_resid, alpha) * std_error
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = (self.params - self.null) / std_error
        positive = self.df_resid > 0
        p_value = 2 * stats.t.sf(np.abs(statistic), self.df_resid) if positive else np.nan
        ends = [self.params, self.params - half, self.params + half]
        with np.errstate(over="ignore"):  # limits of what is hardly known: infinite
            estimate, low, high = [np.exp(end) for end in ends] if exponentiate else ends
        return pd.DataFrame(
            {
                "estimate": estimate,
                "std_error": std_error,
                "conf_low": low,
                "conf_high": high,
                "statistic": statistic,
                "p_value": p_value,
            },
            index=self.params.index,
        )

    def __repr__(self) -> str:
        return f"{table(self.table())}\n(delta method, {degrees(self.df_resid)} degrees of freedom)"


def transformed(
    source: Estimated, estimate: Any, gradient: np.ndarray, index: Any, null: float = 0.0
) -> DerivedEstimates:
    r"""Carry a covariance through a function: :math:`J V J'`.

    Parameters
    ----------
    source : Estimated
    estimate : array, shape (q,)
        Values of the function.
    gradient : array, shape (q, k)
        Its derivatives by each of the source's k estimates.
    index : Index or sequence, length q
    null : float
        As in `DerivedEstimates`.
    """
    covariance = gradient @ source.covariance.to_numpy(float) @ gradient.T
    names = pd.Index(index) if not isinstance(index, pd.Index) else index
    return DerivedEstimates(
        params=pd.Series(np.asarray(estimate, dtype=float), index=names),
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        df_resid=float(source.df_resid),
        null=null,
    )


def contrast_matrix(source: Estimated, contrasts: Any) -> tuple[np.ndarray, pd.Index]:
    """Read contrasts as a matrix, shape (q, k), with a label for each row.

    Parameters
    ----------
    source : Estimated
    contrasts : mapping of str to mapping, DataFrame, or array of shape (q, k) or (k,)
        ``{"label": {"coefficient": 1.0, ...}}``; a DataFrame's columns are estimates by name.
        Estimates that are not named count 0.

    Raises
    ------
    InputError
        If a name is unknown, the shape does not fit or a number is not finite.
    """
    names = source.params.index
    if isinstance(contrasts, str) or _texts(contrasts):
        raise InputError(
            f"{contrasts!r} names estimates, not contrasts of them",
            remedy="Give {label: {coefficient: number}}, or an array of numbers.",
        )
    if isinstance(contrasts, Mapping | pd.DataFrame) and not len(contrasts):
        raise InputError("there is no contrast")
    if isinstance(contrasts, Mapping):
        if not all(isinstance(row, Mapping) for row in contrasts.values()):
            raise InputError("contrasts must be given as {label: {coefficient: number}}")
        labels = pd.Index(list(contrasts))
        rows = [dict(row) for row in contrasts.values()]
    elif isinstance(contrasts, pd.DataFrame):
        labels = contrasts.index
        rows = [dict(zip(contrasts.columns, row, strict=True)) for row in contrasts.to_numpy()]
    else:
        matrix = np.atleast_2d(numbers(contrasts, "contrasts"))
        if matrix.ndim != 2 or matrix.shape[1] != len(names) or not len(matrix):
            raise InputError(f"contrasts of shape {matrix.shape} do not fit {len(names)} estimates")
        return _finite(matrix), pd.RangeIndex(len(matrix))
    matrix = np.zeros((len(rows), len(names)))
    for row_number, row in enumerate(rows):
        for name, factor in row.items():
            matrix[row_number, position(source, name)] = number(factor, f"the factor of '{name}'")
    return _finite(matrix), labels


def position(source: Estimated, name: Any) -> int:
    """Find an estimate by its name.

    Raises
    ------
    InputError
        If there is none, with those there are.
    """
    if name not in source.params.index:
        known = ", ".join(map(str, source.params.index))
        raise InputError(f"there is no estimate '{name}'", remedy=f"Choose from: {known}")
    return int(source.params.index.get_loc(name))


def linear_combination(source: Estimated, contrasts: Any) -> DerivedEstimates:
    """Estimate linear combinations, with the covariance between them.

    Parameters
    ----------
    source : Estimated
        A model, margins, or other derived estimates.
    contrasts : mapping, DataFrame or array
        See `contrast_matrix`.

    Returns
    -------
    DerivedEstimates, q of them
        ``.table(exponentiate=True)`` makes odds ratios of log odds.

    Notes
    -----
    As R's ``svycontrast`` with vectors; intervals are t intervals on the source's degrees of
    freedom, where ``confint`` of R's result takes the normal distribution unless told.

    Examples
    --------
    >>> import pandas as pd
    >>> v = pd.DataFrame([[0.04, -0.01], [-0.01, 0.09]], ["a", "b"], ["a", "b"])
    >>> source = DerivedEstimates(pd.Series({"a": 1.0, "b": 0.5}), v, df_resid=15)
    >>> combined = linear_combination(source, {"a + b": {"a": 1, "b": 1}})
    >>> combined.table().loc["a + b", ["estimate", "std_error"]].round(4).tolist()
    [1.5, 0.3317]
    """
    matrix, labels = contrast_matrix(source, contrasts)
    return transformed(source, matrix @ source.params.to_numpy(float), matrix, labels)


def nonlinear_combination(
    source: Estimated, functions: Mapping[str, Callable[[pd.Series], Any]]
) -> DerivedEstimates:
    """Estimate smooth functions of the estimates by the delta method.

    Parameters
    ----------
    source : Estimated
        A model, margins, or other derived estimates.
    functions : mapping of str to callable
        Each takes the estimates as a Series by name and gives a number. It is called with complex
        numbers: arithmetic and NumPy's ``exp``, ``log``, ``sqrt`` and the like will do.

    Returns
    -------
    DerivedEstimates
        One a function, with the covariance between them.

    Raises
    ------
    InputError
        If a value or derivative is not finite or the function is not smooth (``abs``, ``max``, a
        condition) where it is taken.

    Notes
    -----
    As R's ``svycontrast`` with quoted expressions. Derivatives are by the complex step (Squire &
    Trapp 1998), which is exact but for rounding; central differences are held against them.

    Examples
    --------
    >>> import pandas as pd
    >>> v = pd.DataFrame([[0.04, -0.01], [-0.01, 0.09]], ["a", "b"], ["a", "b"])
    >>> source = DerivedEstimates(pd.Series({"a": 1.0, "b": 0.5}), v, df_resid=15)
    >>> found = nonlinear_combination(source, {"a / b": lambda e: e["a"] / e["b"]})
    >>> found.table().loc["a / b", ["estimate", "std_error"]].round(4).tolist()
    [2.0, 1.3266]
    """
    if not isinstance(functions, Mapping) or not functions:
        raise InputError("functions must be given as {label: function}, one or more")
    for name, function in functions.items():
        if not callable(function):
            raise InputError(
                f"'{name}' is not a function but {function!r}",
                remedy="For example lambda b: np.exp(b['x']).",
            )
    at = source.params.astype(float)
    scale = np.sqrt(np.maximum(np.diag(source.covariance), 0.0))
    estimates, gradients = [], []
    for name, function in functions.items():
        estimates.append(_value(function, at, name))
        gradients.append(_gradient(function, at, scale, name))
    return transformed(source, np.array(estimates), np.array(gradients), list(functions))


def _value(function: Callable[[pd.Series], Any], at: pd.Series, name: str) -> float:
    with np.errstate(all="ignore"):
        try:
            value = float(function(at.copy()))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise InputError(f"the function '{name}' cannot be taken: {error!r}") from error
    if not np.isfinite(value):
        raise InputError(f"the function '{name}' is {value} at the estimates")
    return value


def _gradient(
    function: Callable[[pd.Series], Any], at: pd.Series, scale: np.ndarray, name: str
) -> np.ndarray:
    exact, rough = np.empty(len(at)), np.empty(len(at))
    for j in range(len(at)):
        moved = at.astype(complex)
        moved.iloc[j] += 1j * COMPLEX_STEP
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            try:
                exact[j] = np.imag(function(moved)) / COMPLEX_STEP
            except (TypeError, ValueError, np.exceptions.ComplexWarning) as error:  # `math.exp`
                raise InputError(
                    f"the function '{name}' does not take complex numbers: {error}",
                    remedy="Write it with NumPy's functions.",
                ) from error
        step = 1e-5 * max(abs(at.iloc[j]), scale[j], 1e-10)
        ends = []
        for sign in (1, -1):
            moved = at.copy()
            moved.iloc[j] += sign * step
            ends.append(_value(function, moved, name))
        rough[j] = (ends[0] - ends[1]) / (2 * step)
    # By standard errors, so that the units of an estimate do not matter.
    weight = np.where(scale > 0, scale, 1.0)
    off = np.abs((exact - rough) * weight).max()
    if not off <= SMOOTH * np.abs(exact * weight).max() + 1e-12:
        raise InputError(
            f"the function '{name}' is not smooth at the estimates",
            remedy="The delta method needs a derivative: leave out abs, max and conditions.",
        )
    return exact


def _texts(contrasts: Any) -> bool:
    return (
        isinstance(contrasts, list | tuple)
        and len(contrasts) > 0
        and all(isinstance(each, str) for each in contrasts)
    )


def _finite(matrix: np.ndarray) -> np.ndarray:
    if not np.isfinite(matrix).all():
        raise InputError("contrasts must be finite numbers")
    return matrix
