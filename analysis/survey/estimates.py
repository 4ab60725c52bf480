"""Descriptive statistics as estimate and scores, and the table in which they are handed out.

Each function takes the values and weights of the rows in the domain and gives the estimate with
its scores: the linearised variable times the weight, whose total has the estimate's variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from analysis.errors import InputError

Scored: TypeAlias = tuple[float, np.ndarray]
"""An estimate and its scores, shape (m,)."""

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
    """

    frame: pd.DataFrame
    statistic: str

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
        heading = f"{self.statistic} (df: PSUs minus strata in the domain)"
        return f"{heading}\n{self.frame.to_string(index=False)}"


def total(x: np.ndarray, w: np.ndarray) -> Scored:
    """Estimate a total (Horvitz-Thompson)."""
    scores = w * x
    return float(scores.sum()), scores


def mean(x: np.ndarray, w: np.ndarray) -> Scored:
    """Estimate a mean (Hajek)."""
    size = w.sum()
    estimate = float(w @ x / size)
    return estimate, w * (x - estimate) / size


def ratio(a: np.ndarray, b: np.ndarray, w: np.ndarray) -> Scored:
    """Estimate the ratio of two totals."""
    denominator = float(w @ b)
    if denominator == 0:
        raise InputError("the denominator of the ratio is zero in total")
    estimate = float(w @ a) / denominator
    return estimate, w * (a - estimate * b) / denominator


def variance(x: np.ndarray, w: np.ndarray) -> Scored:
    """Estimate the variance, with n/(n - 1) for the n rows of positive weight (R's ``svyvar``)."""
    n = int((w > 0).sum())
    if n < 2:
        return np.nan, np.full(len(x), np.nan)
    centre, _ = mean(x, w)
    return mean((x - centre) ** 2 * (n / (n - 1)), w)


def standard_deviation(x: np.ndarray, w: np.ndarray) -> Scored:
    """Take the square root of `variance`, its scores by the delta method."""
    squared, scores = variance(x, w)
    root = np.sqrt(squared)
    return float(root), scores / (2 * root) if root > 0 else np.zeros_like(scores)
