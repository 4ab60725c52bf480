"""Confidence intervals from an estimate, its design-based standard error and the design's df.

The conventions are those of R's ``survey`` (``confint``, ``svyciprop``, ``svyquantile``).

References
----------
Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of
positive counts estimated from survey data. Survey Methodology 24:193-201.
Woodruff RS (1952). Confidence intervals for medians and other position measures. Journal of the
American Statistical Association 47:635-646.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import stats

ProportionInterval = Literal["logit", "beta", "wald"]
QuantileRule = Literal["math", "school"]


def critical_t(df: float, alpha: float) -> float:
    """Two-sided critical value of Student's t; NaN where there are no degrees of freedom."""
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
        (R calls it ``mean``).

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
    low = stats.beta.ppf(alpha / 2, size * p, size * (1 - p) + 1)
    high = stats.beta.ppf(1 - alpha / 2, size * p + 1, size * (1 - p))
    return float(low), float(high)


def weighted_quantile(x: np.ndarray, weights: np.ndarray, p: float, rule: QuantileRule) -> float:
    """Quantile of the weighted empirical distribution.

    Parameters
    ----------
    x, weights : array, shape (m,)
        Weights positive.
    p : float
        Between 0 and 1; NaN beyond, as the limits of Woodruff's interval may be.
    rule : {"math", "school"}
        Where the distribution is flat at `p`: its left end, or the middle of the flat piece.

    Returns
    -------
    float
    """
    if not 0 <= p <= 1:
        return np.nan
    order = np.argsort(x, kind="stable")
    x, cumulative = x[order], np.cumsum(weights[order], dtype=np.longdouble).astype(float)
    total = cumulative[-1]
    # The last value at which the distribution is not above p; -1 where p lies below the first.
    last = int(np.searchsorted(cumulative, p * total, side="right")) - 1
    following = min(last + 1, len(x) - 1)
    if last < 0 or cumulative[last] / total != p:
        return float(x[following])
    return float(x[last]) if rule == "math" else float((x[last] + x[following]) / 2)
