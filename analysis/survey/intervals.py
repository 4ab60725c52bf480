"""Confidence intervals from an estimate, its design-based standard error and the design's df.

The conventions are those of R's ``survey`` (``confint``, ``svyciprop``, ``svyquantile``).

References
----------
Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of
positive counts estimated from survey data. Survey Methodology 24:193-201.
Woodruff RS (1952). Confidence intervals for medians and other position measures. Journal of the
American Statistical Association 47:635-646.
Parker JD, Talih M, Malec DJ, et al. (2017). National Center for Health Statistics data presentation
standards for proportions. Vital and Health Statistics 2(175).
"""

from __future__ import annotations

from numbers import Real
from typing import Any, Literal

import numpy as np
from scipy import stats

from analysis.errors import InputError

ProportionInterval = Literal["logit", "beta", "wald", "nchs"]
"""The first three as R's ``svyciprop`` has them, the last as the NCHS: see `nchs_interval`."""
QuantileInterval = Literal["woodruff", "replicates"]
QuantileRule = Literal["math", "school"]


def critical_t(df: float, alpha: float) -> float:
    """Two-sided critical value of Student's t; NaN where there are no degrees of freedom.

    Raises
    ------
    InputError
        If `alpha` is not between 0 and 1.
    """
    if not (isinstance(alpha, Real) and 0 < alpha < 1):
        raise InputError(
            f"alpha must lie between 0 and 1, not {alpha!r}",
            remedy="It is one minus the level of confidence: 0.05 for 95%.",
        )
    return float(stats.t.ppf(1 - alpha / 2, df)) if df > 0 else np.nan


def wald(estimate: float, std_error: float, df: float, alpha: float) -> tuple[float, float]:
    """Estimate plus and minus the critical t times its standard error."""
    half = critical_t(df, alpha) * std_error
    return estimate - half, estimate + half


def proportion_interval(
    p: float, std_error: float, n: int, df: float, alpha: float, kind: ProportionInterval
) -> tuple[float, float]:
    """Interval of a proportion.

    Parameters
    ----------
    p, std_error : float
        The standard error is that of the log odds under ``"logit"``.
    n : int
        Rows in the domain, those of zero weight included (only ``"beta"`` uses it).
    df : float
        The design's degrees of freedom.
    alpha : float
        One minus the level of confidence.
    kind : {"logit", "beta", "wald"}
        ``"logit"``: t interval of the log odds, transformed back. ``"beta"``: Korn and Graubard's
        exact interval at the effective sample size, adjusted for df. ``"wald"``: symmetrical
        (R calls it ``mean``). For ``"nchs"`` see `nchs_interval`.

    Returns
    -------
    low, high : float
        NaN where the proportion is 0 or 1 (except ``"wald"``), for there the design-based
        variance is 0 and the effective sample size cannot be known.
    """
    if kind == "wald":
        return wald(p, std_error, df, alpha)
    if not 0 < p < 1 or not std_error > 0:
        return np.nan, np.nan
    if kind == "logit":
        low, high = wald(np.log(p / (1 - p)), std_error, df, alpha)
        return float(1 / (1 + np.exp(-low))), float(1 / (1 + np.exp(-high)))
    size = p * (1 - p) / std_error**2
    size *= (critical_t(n - 1, alpha) / critical_t(df, alpha)) ** 2
    return clopper_pearson(p, size, alpha)


def clopper_pearson(p: float, size: float, alpha: float) -> tuple[float, float]:
    """Exact binomial interval of a proportion in a sample of `size`, which need not be whole.

    An end is 0 or 1 where nobody or everybody has the characteristic, NaN where the size is.
    """
    with_it, without = size * p, size * (1 - p)
    low = 0.0 if with_it == 0 else stats.beta.ppf(alpha / 2, with_it, without + 1)
    high = 1.0 if without == 0 else stats.beta.ppf(1 - alpha / 2, with_it + 1, without)
    return float(low), float(high)


def nchs_interval(
    p: float, n_effective: float, n: int, df: float, alpha: float
) -> tuple[float, float]:
    r"""Interval of Korn and Graubard as the presentation standards of the NCHS have it.

    The exact binomial interval at the size :math:`n_e (t_{n-1} / t_{df})^2`, but at most n, where
    ``"beta"`` of `proportion_interval` has no limit; and at n where the proportion is 0 or 1.

    Parameters
    ----------
    p : float
    n_effective : float
        Effective sample size: n over the design effect.
    n : int
        Rows of positive weight.
    df : float
        The design's degrees of freedom; without any the interval is from 0 to 1.
    alpha : float
        One minus the level of confidence.

    Returns
    -------
    low, high : float
        NaN where the proportion or its effective sample size is unknown.
    """
    if np.isnan(p) or np.isnan(n_effective):
        return np.nan, np.nan
    if p in (0, 1):
        return clopper_pearson(p, n, alpha)
    if df <= 0 or n < 2:
        return 0.0, 1.0
    adjusted = n_effective * (critical_t(n - 1, alpha) / critical_t(df, alpha)) ** 2
    return clopper_pearson(p, min(n, adjusted), alpha)


def weighted_quantile(x: np.ndarray, weights: np.ndarray, p: float, rule: QuantileRule) -> Any:
    """Quantile of the weighted empirical distribution.

    Parameters
    ----------
    x : array, shape (m,)
    weights : array, shape (m,) or (m, r)
        Not negative; r sets of weights in columns.
    p : float
        Between 0 and 1; NaN beyond, as the limits of Woodruff's interval may be.
    rule : {"math", "school"}
        Where the distribution is flat at `p`: its left end, or the middle of the flat piece.

    Returns
    -------
    float, or array of shape (r,)
        NaN for a set of weights that are all 0.
    """
    if not 0 <= p <= 1:
        return np.full(weights.shape[1:], np.nan)[()]
    order = np.argsort(x, kind="stable")
    x, sorted_weights = x[order], weights[order].reshape(len(x), -1)
    cumulative = np.cumsum(sorted_weights, axis=0, dtype=np.longdouble).astype(float)
    total = cumulative[-1]
    sets = np.arange(len(total))
    # The first value at which the distribution is above p; the last of all where none is.
    above = np.minimum((cumulative <= p * total).sum(axis=0), (cumulative < total).sum(axis=0))
    # The value of positive weight before it: rows of weight 0 leave the distribution as it is.
    reached = np.where(above > 0, cumulative[above - 1, sets], 0.0)
    before = (cumulative < reached).sum(axis=0)
    with np.errstate(invalid="ignore"):
        flat = (above > 0) & (reached > 0) & (reached / total == p)
    left = x[before] if rule == "math" else (x[before] + x[above]) / 2
    found = np.where(total > 0, np.where(flat, left, x[above]), np.nan)
    return found.reshape(weights.shape[1:])[()]
