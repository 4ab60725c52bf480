"""E-values: how strong unmeasured confounding would have to be to explain an association away.

References
----------
VanderWeele TJ, Ding P (2017). Sensitivity analysis in observational research: introducing the
E-value. Annals of Internal Medicine 167:268-274.
Chinn S (2000). A simple method for converting an odds ratio to effect size for use in
meta-analysis. Statistics in Medicine 19:3127-3131.
"""

from __future__ import annotations

import math

RARE = 0.15
"""Share with the event below which an odds ratio is taken for a risk ratio (VanderWeele & Ding
2017, table 2)."""
PER_DEVIATION = 0.91
"""Logarithm of the risk ratio to a difference of one standard deviation (VanderWeele & Ding 2017,
table 2): half of the log odds ratio, pi / sqrt(3) = 1.81, that Chinn (2000) has for it."""


def e_value(risk_ratio: float) -> float:
    r"""Give the E-value of a risk ratio.

    .. math:: E = RR + \sqrt{RR (RR - 1)}

    of a risk ratio above 1, and that of its inverse below: the least risk ratio that an unmeasured
    confounder must have both with the exposure and with the outcome, beyond the covariates, to move
    the estimate to 1.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(0.80), 2), e_value(1.0)
    (7.26, 1.81, 1.0)
    """
    if not math.isfinite(risk_ratio) or risk_ratio <= 0:
        return math.nan
    above = max(risk_ratio, 1 / risk_ratio)
    return above + math.sqrt(above * (above - 1))


def e_value_of_limit(low: float, high: float) -> float:
    """Give the E-value of the limit of an interval that is nearer to 1; 1 if the interval holds 1.

    Parameters
    ----------
    low, high : float
        Limits of a risk ratio.

    Examples
    --------
    >>> round(e_value_of_limit(1.8, 8.7), 2), round(e_value_of_limit(0.71, 0.91), 2)
    (3.0, 1.43)
    >>> e_value_of_limit(0.9, 1.2)
    1.0
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return math.nan
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)


def risk_ratio_of_odds(odds_ratio: float, *, rare: bool) -> float:
    """Approximate a risk ratio by an odds ratio, or by its root where the outcome is common."""
    return odds_ratio if rare else math.sqrt(odds_ratio)


def risk_ratio_of_difference(difference: float, deviation: float) -> float:
    """Approximate a risk ratio by a difference of means and the outcome's standard deviation."""
    return math.exp(PER_DEVIATION * difference / deviation)
