"""Descriptive statistics as functions of the weights, and the table in which they are handed out.

A `Statistic` knows its estimate for any weights, and the scores that linearise it. A design with
replicate weights asks for the estimate under each of them, any other for the scores: no statistic
knows which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey import presentation

COLUMNS = (
    "variable", "p", "estimate", "std_error", "conf_low", "conf_high", "df", "n", "deff", "missing",
    "events", "n_effective",
)  # fmt: skip
"""Columns of a table of estimates beside those of its groups."""

DesignEffect: TypeAlias = bool | Literal["replace"]
"""Whether to give design effects, and against which simple random sample: see `srs_variance`."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """A table of estimates, a row each.

    Attributes
    ----------
    frame : DataFrame
        The grouping columns (if any), ``variable``, ``p`` (quantiles only), ``estimate``,
        ``std_error``, ``conf_low``, ``conf_high``, ``df``, ``n`` (rows of positive weight that
        were used), ``missing`` (rows of positive weight set aside for a missing value) and, for
        proportions, ``events`` (rows used with value 1) and ``n_effective`` (size of the simple
        random sample with this standard error); ``deff`` where design effects were asked for.
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

    @property
    def cv(self) -> pd.Series:
        """Coefficients of variation, standard errors over estimates: shape (rows of the table,).

        As R's ``cv`` and SAS's CV (Stata's ``estat cv`` gives percent). Of little use where the
        estimate can be negative or the variable has no natural zero.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.frame["std_error"] / self.frame["estimate"]).rename("cv")

    def presentation(self) -> pd.DataFrame:
        """Judge proportions by the presentation standards of the NCHS.

        Returns
        -------
        DataFrame, a row each
            The groups and ``variable``; ``estimate``, ``n``, ``n_effective``, ``df`` as in
            `frame`; and what `presentation.judge` adds: the 95% interval of the standards
            (whatever interval the table has), its widths, ``presentation`` (``"present"``,
            ``"review"`` or ``"suppress"``), ``reason`` and ``complement_unreliable``.

        Raises
        ------
        InputError
            If the table is not of proportions, for which alone there are standards; or a group
            has the name of a column of the judgement.
        """
        if "n_effective" not in self.frame:
            raise InputError(
                f"there are presentation standards for proportions only, not for a {self.statistic}"
            )
        judged = presentation.judge(self.frame)
        groups = [name for name in self.frame if name not in COLUMNS] + ["variable"]
        clash = sorted(set(groups) & set(judged))
        if clash:
            raise InputError(
                f"groups cannot be named '{clash[0]}': the judgement has a column of that name",
                remedy="Give the column another name.",
            )
        return pd.concat([self.frame[groups], judged], axis=1)

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


def log_odds(share: Statistic) -> Statistic:
    """Take the logit of a statistic that lies between 0 and 1."""

    def of(x: np.ndarray, w: np.ndarray, n: int) -> Any:
        p = share.of(x, w, n)
        return np.log(np.where((p > 0) & (p < 1), p / (1 - p), np.nan))[()]

    def scores(x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
        p = share.of(x, w, n)
        return share.scores(x, w, n) / (p * (1 - p))

    return Statistic(of, scores)


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
    return np.zeros_like(scores) if root == 0 else scores / (2 * root)


TOTAL = Statistic(_total, _total_scores)
"""Horvitz-Thompson total."""
MEAN = Statistic(_mean, _mean_scores)
"""Hajek mean."""
RATIO = Statistic(_ratio, _ratio_scores)
"""Ratio of the totals of two columns."""
VARIANCE = Statistic(_variance, _variance_scores)
"""Variance, with n/(n - 1) for the n rows of positive sampling weight (R's ``svyvar``)."""
STANDARD_DEVIATION = Statistic(_deviation, _deviation_scores)
"""Square root of `VARIANCE`, its scores by the delta method."""


def srs_variance(
    statistic: Statistic, x: np.ndarray, w: np.ndarray, *, replace: bool = False
) -> float:
    r"""Estimate the variance that a simple random sample of as many rows would have.

    With u the linearised variable (the scores over the weights), :math:`s_u^2` its estimated
    population variance, n the rows and N the sum of the weights, it is

    .. math:: \frac{N^2}{n} s_u^2 \left(1 - \frac{n}{N}\right)

    without the last factor if the simple random sample were drawn with replacement. The design
    effect is the variance over this one (Kish 1965, Survey Sampling, section 8.2), in a domain
    against a sample of the domain: R's ``deff=TRUE`` and ``deff="replace"``. Stata's ``estat
    effects`` does so with ``srssubpop`` only.

    Parameters
    ----------
    statistic : Statistic
    x : array, shape (m,) or (m, q)
        Values of the rows of positive weight.
    w : array, shape (m,)
        Their weights.
    replace : bool

    Raises
    ------
    InputError
        If the weights add up to less than n, so that they cannot count a population.

    Returns
    -------
    float
        0 where all values are the same.
    """
    n, size = len(w), float(w.sum())
    if (x == x[:1]).all():  # exactly, not but for rounding
        return 0.0
    if not replace and size < n:
        raise InputError(
            f"the weights of {n} rows add up to {size:.6g}: less than the rows, they do not count "
            "a population",
            remedy="Ask for deff='replace', which does not need their scale.",
        )
    linearised = statistic.scores(x, w, n) / w
    variance = float(_variance(linearised, w, n)) * size**2 / n
    return variance if replace else variance * (1 - n / size)
