r"""Tail probabilities of quadratic forms in normal variables.

Under a complex design a likelihood ratio or Pearson's chi-square is, in large samples, not one
chi-square but a sum :math:`Q = \sum_i \lambda_i \chi^2_1`, whose weights are design effects (Rao
& Scott 1984). With a covariance that has itself d degrees of freedom the reference is
:math:`Q / (\chi^2_d / d)`, as F is to chi-square.

References
----------
Kuonen D (1999). Saddlepoint approximations for distributions of quadratic forms in normal
variables. Biometrika 86:929-935.
Lugannani R, Rice S (1980). Saddle point approximation for the distribution of the sum of
independent random variables. Advances in Applied Probability 12:475-490 (the inversion integral
through the saddlepoint).
Satterthwaite FE (1946). An approximate distribution of estimates of variance components.
Biometrics Bulletin 2:110-114.
Rao JNK, Scott AJ (1984). On chi-squared tests for multiway contingency tables with cell
proportions estimated from survey data. Annals of Statistics 12:46-60.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import integrate, optimize, stats

from analysis.errors import InputError
from analysis.survey.options import numbers

Approximation = Literal["saddlepoint", "satterthwaite", "integration"]
"""How a tail is computed: R's ``method`` of ``pchisqsum`` and ``pFsum``."""

ROUNDING = 1e-12
"""Weights below this part of the largest are zeros that an eigenvalue routine left."""
SERIES = 0.02
"""Below it y / (1 - y) + log(1 - y) is summed as a series, whose next term is rounding."""
NOTHING = 1e-34
"""A value over the largest weight that all but one part in 1e17 exceeds, whatever the weights."""
MEAN = 1e-6
"""Standardised saddlepoint below which its formula, 0 / 0 at the mean, is its own limit."""


def tail_probability(
    q: float, weights: Any, df: float = math.inf, method: Approximation = "saddlepoint"
) -> float:
    r"""Give the probability that a weighted sum of chi-squares, or its ratio, exceeds `q`.

    Parameters
    ----------
    q : float
        Not negative.
    weights : array, shape (k,)
        The :math:`\lambda_i`, none negative but for rounding.
    df : float, default inf
        Degrees of freedom d, any positive number: :math:`P(Q / (\chi^2_d / d) > q)` (R's
        ``pFsum``); infinite for :math:`P(Q > q)` (R's ``pchisqsum``).
    method : {"saddlepoint", "satterthwaite", "integration"}
        Kuonen's approximation, whose relative error stays small in the far tail; a chi-square or
        F with the same mean and variance of Q; or the inversion integral by quadrature, which
        has some ten digits however small the probability.

    Returns
    -------
    float
        NaN where `q` or a weight is, where no weight is positive, or where `df` is not.

    Raises
    ------
    InputError
        If the method is unknown or a weight is negative.

    Notes
    -----
    R rounds `df` down to a whole number for its saddlepoint, and takes Satterthwaite's answer
    where `q` is near the mean of Q; here neither is needed.
    """
    if method not in get_args(Approximation):
        choices = ", ".join(get_args(Approximation))
        raise InputError(f"unknown approximation '{method}'", remedy=f"Choose from {choices}.")
    q, df = numbers([q, df], "q and df")
    lambdas = np.atleast_1d(numbers(weights, "weights"))
    if not (np.isfinite(lambdas).all() and lambdas.max(initial=0.0) > 0 and q >= 0 and df > 0):
        if (lambdas < 0).any():
            raise InputError("a quadratic form with negative weights has no such tail")
        return math.nan
    largest = lambdas.max()
    if lambdas.min() < -math.sqrt(ROUNDING) * largest:
        raise InputError("a quadratic form with negative weights has no such tail")
    lambdas, q = lambdas[lambdas > ROUNDING * largest] / largest, q / largest
    if q == math.inf:
        return 0.0
    if q < NOTHING:
        return 1.0
    if method == "satterthwaite":
        return _satterthwaite(q, lambdas, df)
    ones = np.ones(len(lambdas))
    if math.isinf(df):
        form, at = Form(lambdas, ones), q
    else:
        form, at = Form(np.append(lambdas, -q / df), np.append(ones, df)), 0.0
    return _saddlepoint(form, at) if method == "saddlepoint" else _integral(form, at)


@dataclass(frozen=True)
class Form:
    """A sum of independent chi-squares, some perhaps with a negative weight.

    Parameters
    ----------
    weights : array, shape (k,)
        The largest is 1.
    counts : array, shape (k,)
        Degrees of freedom of each.
    """

    weights: np.ndarray
    counts: np.ndarray

    def cumulant(self, order: int, zeta: float = 0.0) -> float:
        """Differentiate the cumulant generating function `order` times (at least once)."""
        ratios = self.weights / (1 - 2 * zeta * self.weights)
        return float(math.factorial(order - 1) * 2 ** (order - 1) * (self.counts @ ratios**order))

    def generator(self, z: complex) -> complex:
        """Give the cumulant generating function off the real axis."""
        return complex(-0.5 * (self.counts @ np.log(1 - 2 * z * self.weights)))

    def saddlepoint(self, x: float) -> float:
        """Find where the first derivative is `x`, between the poles nearest to 0."""
        positive = self.weights > 0
        above = self.counts[positive] @ self.weights[positive]
        below = -(self.counts[~positive] @ self.weights[~positive])
        # At these ends the derivative is beyond x on either side.
        high = 0.5 * (1 - 0.5 / (x + below + 1))
        if below > 0:
            low = (1 - 0.5 * below / (above + below)) / (2 * self.weights.min())
        else:
            low = -self.counts.sum() / x  # twice as far as needed but for rounding
        with np.errstate(divide="ignore"):  # an end that rounds to the pole
            found = optimize.brentq(lambda zeta: self.cumulant(1, zeta) - x, low, high, xtol=1e-16)
        return float(found)


def _satterthwaite(q: float, weights: np.ndarray, df: float) -> float:
    total = weights.sum()
    count = float(total**2 / (weights @ weights))
    if math.isinf(df):
        return float(stats.chi2.sf(q * count / total, count))
    return float(stats.f.sf(q / total, count, df))


def _saddlepoint(form: Form, x: float) -> float:
    """Kuonen's equation for the upper tail, continued through the mean."""
    zeta = form.saddlepoint(x)
    standard = zeta * math.sqrt(form.cumulant(2))
    if abs(standard) < MEAN:
        variance = form.cumulant(2)
        skewness, kurtosis = form.cumulant(3) / variance**1.5, form.cumulant(4) / variance**2
        slope = 1 + kurtosis / 8 - 7 * skewness**2 / 36
        return float(stats.norm.sf(skewness / 6 + slope * standard))
    # zeta x minus the cumulant generating function, where x is the derivative of that.
    y = 2 * zeta * form.weights
    w = math.copysign(math.sqrt(form.counts @ _excess(y)), zeta)
    v = zeta * math.sqrt(form.cumulant(2, zeta))
    return float(stats.norm.sf(w + math.log(v / w) / w))


def _excess(y: np.ndarray) -> np.ndarray:
    """Give y / (1 - y) + log(1 - y), which begins with y squared over 2."""
    small = np.abs(y) < SERIES
    near = np.where(small, y, 0.0)
    series = sum((1 - 1 / n) * near**n for n in range(2, 11))
    far = np.where(small, 0.0, y)
    return np.where(small, series, far / (1 - far) + np.log1p(-far))


def _integral(form: Form, x: float) -> float:
    """Invert the transform along a path on which the integrand does not oscillate.

    The tail is the integral of exp(K(z) - z x) / z over any path upwards that crosses the real
    axis between 0 and the first pole (to the left of 0 it is that less 1). A path through the
    saddlepoint keeps the digits of a small tail; bent to the right where exp(-z x) is small, or
    taken in steps that grow where only powers fall, its integrand falls exponentially.
    """
    zeta = form.saddlepoint(x)
    spread = 1 / math.sqrt(form.cumulant(2))
    if abs(zeta) < 0.5 * spread:  # too near the pole at 0
        zeta = min(0.5 * spread, 0.25)
    width = 1 / math.sqrt(form.cumulant(2, zeta))
    height = form.generator(zeta).real - zeta * x

    def integrand(t: float) -> float:
        rise, bend = width * math.sinh(t), width * (math.cosh(t) - 1)
        z, slope = complex(zeta, rise), complex(0.0, width * math.cosh(t))
        if x > 0:
            z, slope = z + bend, slope + rise
        exponent = form.generator(z) - z * x - height
        return (np.exp(exponent) / z * slope).imag if exponent.real > -700 else 0.0

    area, _ = integrate.quad(integrand, 0.0, 40.0, epsabs=0.0, epsrel=1e-12, limit=400)
    found = math.exp(height) * area / math.pi
    return float(min(1.0, found if zeta > 0 else 1.0 + found))
