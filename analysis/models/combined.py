"""Estimates of several surveys combined: fixed effect, random effects, heterogeneity.

References
----------
Cochran WG (1954). The combination of estimates from different experiments. Biometrics 10:101-129.
Paule RC, Mandel J (1982). Consensus values and weighting factors. Journal of Research of the
National Bureau of Standards 87:377-385.
Hartung J, Knapp G (2001). A refined method for the meta-analysis of controlled clinical trials with
binary outcome. Statistics in Medicine 20:3875-3889.
Knapp G, Hartung J (2003). Improved tests for a random effects meta-regression with a single
covariate. Statistics in Medicine 22:2693-2710.
Higgins JPT, Thompson SG (2002). Quantifying heterogeneity in a meta-analysis. Statistics in
Medicine 21:1539-1558.
Viechtbauer W (2007). Confidence intervals for the amount of heterogeneity in meta-analysis.
Statistics in Medicine 26:37-52.
Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). A re-evaluation of random-effects meta-analysis.
Journal of the Royal Statistical Society A 172:137-159.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from analysis.errors import InputError

LEVEL = 0.95
"""Of every interval."""

SOLVED = {"xtol": 1e-14, "rtol": 1e-14, "maxiter": 500}
"""How near the variance between surveys is sought."""


@dataclass(frozen=True)
class Mean:
    """A combined estimate with its interval and test of no association.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high, statistic, p_value : float
        On the scale on which estimates are combined: log odds ratios, or differences.
    df : float
        Of t; infinite for the normal distribution.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True)
class Combined:
    r"""Estimates of k surveys, combined.

    Attributes
    ----------
    fixed : Mean
        Weighted by the inverse of the variances, normal interval: the mean of these surveys.
    random : Mean
        Of surveys like these, whose true values vary by `tau2`: the weights are
        :math:`1/(v_i + \tau^2)`, with Hartung and Knapp's interval on k - 1 degrees of freedom,
        whose factor is not let below 1 (Knapp & Hartung 2003, section 2.2).
    fixed_shares, random_shares : ndarray, shape (k,)
        What each survey has of the sum of the weights.
    q, p_q : float
        Cochran's Q, and its P value from chi square on k - 1 degrees of freedom.
    tau2, tau2_low, tau2_high : float
        Variance between the surveys' true values by Paule and Mandel, and its Q-profile interval.
    i2, i2_low, i2_high : float
        Share of `tau2` in it and a typical variance within (Higgins & Thompson 2002, equation 9).
    prediction : tuple of float
        Where the true value of another survey would lie (Higgins et al. 2009, equation 12, on k - 2
        degrees of freedom); NaN of two surveys.
    """

    fixed: Mean
    random: Mean
    fixed_shares: np.ndarray
    random_shares: np.ndarray
    q: float
    p_q: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    prediction: tuple[float, float]


def combine(estimates: np.ndarray, std_errors: np.ndarray) -> Combined:
    """Combine estimates of independent surveys.

    Parameters
    ----------
    estimates : array, shape (k,)
        At least two, on a scale on which they are about normal.
    std_errors : array, shape (k,)
        Above 0, taken as known.

    Returns
    -------
    Combined

    Raises
    ------
    InputError
        If there are fewer than two, or one is not finite, or a standard error not above 0.

    Examples
    --------
    >>> found = combine(np.array([0.1, 0.3, 0.8]), np.array([0.1, 0.2, 0.2]))
    >>> round(found.fixed.estimate, 6), round(found.q, 6), round(found.tau2, 6)
    (0.25, 9.875, 0.101144)
    """
    y, v = np.asarray(estimates, float), np.asarray(std_errors, float) ** 2
    if len(y) < 2:
        raise InputError("fewer than two estimates cannot be combined")
    if not (np.isfinite(y) & np.isfinite(v) & (v > 0)).all():
        raise InputError("an estimate or its standard error is missing")
    k = len(y)
    q = generalised_q(0.0, y, v)
    tau2 = _solve(k - 1.0, y, v)
    low, high = (_solve(stats.chi2.ppf(p, k - 1), y, v) for p in _tails()[::-1])
    typical = _typical_variance(v)
    random = _random_mean(y, v, tau2)
    return Combined(
        fixed=_fixed_mean(y, v),
        random=random,
        fixed_shares=_shares(v),
        random_shares=_shares(v + tau2),
        q=q,
        p_q=float(stats.chi2.sf(q, k - 1)),
        tau2=tau2,
        tau2_low=low,
        tau2_high=high,
        i2=tau2 / (tau2 + typical),
        i2_low=low / (low + typical),
        i2_high=high / (high + typical),
        prediction=_prediction(random, tau2, k),
    )


def generalised_q(tau2: float, y: np.ndarray, v: np.ndarray) -> float:
    r"""Weighted squared distance from the mean, with weights :math:`1/(v_i + \tau^2)`.

    It falls as `tau2` grows; at 0 it is Cochran's Q.
    """
    weights = 1 / (v + tau2)
    return float(weights @ (y - weights @ y / weights.sum()) ** 2)


def _tails() -> tuple[float, float]:
    return (1 - LEVEL) / 2, (1 + LEVEL) / 2


def _solve(target: float, y: np.ndarray, v: np.ndarray) -> float:
    """Find the variance between at which the generalised Q has a value; 0 where it is below."""
    if generalised_q(0.0, y, v) <= target:
        return 0.0
    high = float(v.max())
    while generalised_q(high, y, v) > target:
        high *= 4
    found = optimize.brentq(lambda tau2: generalised_q(tau2, y, v) - target, 0.0, high, **SOLVED)
    return float(found)


def _shares(variances: np.ndarray) -> np.ndarray:
    weights = 1 / variances
    return weights / weights.sum()


def _fixed_mean(y: np.ndarray, v: np.ndarray) -> Mean:
    error = math.sqrt(1 / (1 / v).sum())
    return _mean(float(_shares(v) @ y), error, math.inf)


def _random_mean(y: np.ndarray, v: np.ndarray, tau2: float) -> Mean:
    """Take Hartung and Knapp's interval; their factor is 1 at Paule and Mandel's solution.

    It would be below 1 only where the estimates lie nearer together than chance has it, and there
    the interval would be narrower than that of the fixed effect.
    """
    factor = max(1.0, generalised_q(tau2, y, v) / (len(y) - 1))
    error = math.sqrt(factor / (1 / (v + tau2)).sum())
    return _mean(float(_shares(v + tau2) @ y), error, len(y) - 1)


def _mean(estimate: float, error: float, df: float) -> Mean:
    half = float(stats.t.ppf(_tails()[1], df)) * error
    statistic = estimate / error
    p = float(2 * stats.t.sf(abs(statistic), df))
    return Mean(estimate, error, estimate - half, estimate + half, statistic, df, p)


def _typical_variance(v: np.ndarray) -> float:
    weights = 1 / v
    return float((len(v) - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum()))


def _prediction(random: Mean, tau2: float, k: int) -> tuple[float, float]:
    if k < 3:
        return math.nan, math.nan
    half = float(stats.t.ppf(_tails()[1], k - 2)) * math.sqrt(tau2 + random.std_error**2)
    return random.estimate - half, random.estimate + half
