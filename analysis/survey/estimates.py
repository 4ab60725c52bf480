"""Descriptive statistics as functions of the weights, and the table in which they are handed out.

A `Statistic` knows its estimate for any weights, and the scores that linearise it. A design with
replicate weights asks for the estimate under each of them, any other for the scores: no statistic
knows which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError

COLUMNS = (
    "variable", "p", "estimate", "std_error", "conf_low", "conf_high", "df", "n", "missing",
    "events",
)  # fmt: skip
"""Columns of a table of estimates beside those of its groups."""


@dataclass(frozen=True)
class Estimates:
    """A table of estimates, a row each.

    Attributes
    ----------
    frame : DataFrame
        The grouping columns (if any), ``variable``, ``p`` (quantiles only), ``estimate``,
        ``std_error``, ``conf_low``, ``conf_high``, ``df``, ``n`` (rows of positive weight that
        were used), ``missing`` (rows of positive weight set aside for a missing value) and, for
        proportions, ``events`` (rows used with value 1).
    statistic : str
        ``"mean"``, ``"total"``, ``"proportion"``, ...
    df_rule : str
        How the degrees of freedom were counted.
    """

    frame: pd.DataFrame
    statistic: str
    df_rule: str = "PSUs minus strata in the domain"

    @property
    def only(self) -> pd.Series:
        """The single row of a table without groups.

        Raises
        ------
        InputError
            If the table has more than one row.
        """
        if len(self.frame) != 1:
            raise InputError(f"the table has {len(self.frame)} estimates, not one")
        return self.frame.iloc[0]

    def __repr__(self) -> str:
        heading = f"{self.statistic} (df: {self.df_rule})"
        return f"{heading}\n{self.frame.to_string(index=False)}"


@dataclass(frozen=True)
class Statistic:
    """A statistic of the rows in a domain.

    Attributes
    ----------
    of : callable
        ``of(x, w, n)`` is the estimate under weights `w`: a number for `w` of shape (m,), an array
        of shape (r,) for r sets of weights in the columns of shape (m, r). `x` are the values,
        shape (m,) or (m, q), and `n` the rows of positive sampling weight.
    scores : callable
        ``scores(x, w, n)``: the linearised variable times the weight, shape (m,), whose total has
        the variance of the estimate. Here `w` has shape (m,).
    """

    of: Callable[[np.ndarray, np.ndarray, int], Any]
    scores: Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def _total(x: np.ndarray, w: np.ndarray, n: int) -> Any:
    return x @ w


def _total_scores(x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
    return w * x


def _mean(x: np.ndarray, w: np.ndarray, n: int = 0) -> Any:
    return x @ w / w.sum(axis=0)


def _mean_scores(x: np.ndarray, w: np.ndarray, n: int = 0) -> np.ndarray:
    return w * (x - _mean(x, w)) / w.sum()


def _log_odds(x: np.ndarray, w: np.ndarray, n: int) -> Any:
    p = _mean(x, w)
    return np.log(p / (1 - p))


def _log_odds_scores(x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
    p = _mean(x, w)
    return _mean_scores(x, w) / (p * (1 - p))


def _ratio(x: np.ndarray, w: np.ndarray, n: int) -> Any:
    above, below = x.T @ w
    if w.ndim == 1 and below == 0:
        raise InputError("the denominator of the ratio is zero in total")
    return above / below


def _ratio_scores(x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
    return w * (x[:, 0] - _ratio(x, w, n) * x[:, 1]) / float(w @ x[:, 1])


def _squares(x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
    """Squared deviations from the mean under each set of weights, times n/(n - 1)."""
    if n < 2:
        return np.full(w.shape, np.nan)
    return np.subtract.outer(x, _mean(x, w)) ** 2 * (n / (n - 1))


def _variance(x: np.ndarray, w: np.ndarray, n: int) -> Any:
    return np.einsum("m...,m...->...", _squares(x, w, n), w) / w.sum(axis=0)


def _variance_scores(x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
    return _mean_scores(_squares(x, w, n), w)


def _deviation(x: np.ndarray, w: np.ndarray, n: int) -> Any:
    return np.sqrt(_variance(x, w, n))


def _deviation_scores(x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
    root = _deviation(x, w, n)
    scores = _variance_scores(x, w, n)
    return scores / (2 * root) if root > 0 else np.zeros_like(scores)


TOTAL = Statistic(_total, _total_scores)
"""Horvitz-Thompson total."""
MEAN = Statistic(_mean, _mean_scores)
"""Hajek mean."""
LOG_ODDS = Statistic(_log_odds, _log_odds_scores)
"""Logit of the mean of 0 and 1."""
RATIO = Statistic(_ratio, _ratio_scores)
"""Ratio of the totals of two columns."""
VARIANCE = Statistic(_variance, _variance_scores)
"""Variance, with n/(n - 1) for the n rows of positive sampling weight (R's ``svyvar``)."""
STANDARD_DEVIATION = Statistic(_deviation, _deviation_scores)
"""Square root of `VARIANCE`, its scores by the delta method."""
