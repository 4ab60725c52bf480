"""Slopes of one covariate over another that it interacts with, and where they differ from 0.

References
----------
Aiken LS, West SG (1991). Multiple Regression: Testing and Interpreting Interactions. Sage.
Johnson PO, Neyman J (1936). Tests of certain linear hypotheses and their application to some
educational problems. Statistical Research Memoirs 1:57-93.
Bauer DJ, Curran PJ (2005). Probing interactions in fixed and multilevel regression: inferential
and graphical techniques. Multivariate Behavioral Research 40:373-400.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.derived import (
    DerivedEstimates,
    Estimated,
    contrast_matrix,
    position,
    transformed,
)
from analysis.survey.intervals import critical_t
from analysis.survey.options import numbers, pair
from analysis.survey.printed import wrapped

Extent = Literal["none", "one", "two", "everywhere"]


def simple_slopes(
    source: Estimated, slope: str, product: str, at: Sequence[float] | np.ndarray
) -> DerivedEstimates:
    r"""Estimate the slope of x at values of z: :math:`b_x + z b_{xz}`.

    Parameters
    ----------
    source : Estimated
        A model with x, z and their product, linear in z.
    slope, product : str
        Coefficients of x and of the product, such as ``"x"`` and ``"x:z"``.
    at : sequence of float, length q
        Values of z, in its units in the model (of an indicator: 0 and 1).

    Returns
    -------
    DerivedEstimates
        Indexed by z. Of a logistic model the slopes are log odds ratios per unit of x, and
        ``.table(exponentiate=True)`` gives odds ratios.

    Raises
    ------
    InputError
        If a coefficient is unknown or a value is not a finite number.
    """
    values = np.atleast_1d(numbers(at, "at"))
    if values.ndim != 1 or not len(values):
        raise InputError(f"at must be one value or more, not of shape {values.shape}")
    matrix = np.zeros((len(values), len(source.params)))
    first, second = _two(source, slope, product)
    matrix[:, first] = 1.0
    matrix[:, second] = values
    matrix, _ = contrast_matrix(source, matrix)
    labels = pd.Index(values, name="at")
    return transformed(source, matrix @ source.params.to_numpy(float), matrix, labels)


@dataclass(frozen=True, repr=False)
class JohnsonNeyman:
    """Where a slope's interval excludes 0.

    Attributes
    ----------
    bounds : tuple of float
        Values of z at which the interval just touches 0, ascending, in or out of `within`.
    regions : tuple of (low, high, sign)
        Open intervals of z in which it excludes 0, ascending, cut to `within`; limits may be
        infinite. ``sign`` is that of the slope there: 1 or -1.
    extent : {"none", "one", "two", "everywhere"}
        How many regions there are; ``"everywhere"`` if one covers all of `within`.
    within : (low, high)
        The range of z under study.
    critical : float
        Critical t.
    df_resid : float
    """

    bounds: tuple[float, ...]
    regions: tuple[tuple[float, float, int], ...]
    extent: Extent
    within: tuple[float, float]
    critical: float
    df_resid: float

    def __repr__(self) -> str:
        signs = {1: "positive", -1: "negative"}
        found = [f"{signs[sign]} from {a:.4g} to {b:.4g}" for a, b, sign in self.regions]
        where = "; ".join(found) or "nowhere"
        low, high = self.within
        text = f"Slope whose interval excludes 0, between {low:.4g} and {high:.4g}: {where}"
        return "\n".join(wrapped(f"{text} (t {self.critical:.4g})"))


def johnson_neyman(
    source: Estimated,
    slope: str,
    product: str,
    *,
    within: tuple[float, float] = (-np.inf, np.inf),
    alpha: float = 0.05,
) -> JohnsonNeyman:
    r"""Find the values of z for which the interval of the slope of x excludes 0.

    The slope :math:`b_x + z b_{xz}` is further from 0 than t standard errors where

    .. math:: (b_{xz}^2 - t^2 v_{xz}) z^2 + 2 (b_x b_{xz} - t^2 c) z + (b_x^2 - t^2 v_x) > 0

    with t the critical value, :math:`v` the variances and :math:`c` the covariance of the two
    coefficients (Bauer & Curran 2005). If the product is itself significant the slope is so
    outside two bounds; if not, between two bounds or nowhere. Over all of z it is significant
    everywhere only where the quadratic degenerates; over `within` it often is.

    Parameters
    ----------
    source : Estimated
        A model with x, z and their product, linear in z.
    slope, product : str
        Coefficients of x and of the product.
    within : (float, float), default everything
        Range of z under study: bounds beyond the data are extrapolation.
    alpha : float, default 0.05
        The interval's, at each z on its own; it does not hold for all z at once.

    Returns
    -------
    JohnsonNeyman

    Raises
    ------
    InputError
        If a coefficient is unknown, `within` is not ascending, or there are no degrees of
        freedom.
    """
    low, high = pair(within, "within")
    if not low < high:
        raise InputError(f"the range of the moderator must ascend, not be {low:g} to {high:g}")
    critical = critical_t(source.df_resid, alpha)
    if not np.isfinite(critical):
        raise InputError("without degrees of freedom there is no interval to exclude 0")
    first, second = _two(source, slope, product)
    b = source.params.to_numpy(float)[[first, second]]
    v = source.covariance.to_numpy(float)[np.ix_([first, second], [first, second])]
    products = np.outer(b, b) - critical**2 * v
    bounds = _roots(products[1, 1], products[0, 1], products[0, 0])
    regions = []
    ends = [-np.inf, *bounds, np.inf]
    for left, right in pairwise(ends):
        middle = _between(left, right)
        weights = np.array([1.0, middle]) / (1 + abs(middle))
        left, right = max(left, low), min(right, high)
        if left < right and weights @ products @ weights > 0:
            regions.append((left, right, 1 if weights @ b > 0 else -1))
    extent: Extent = ("none", "one", "two")[len(regions)]
    if len(regions) == 1 and regions[0][:2] == (low, high):
        extent = "everywhere"
    return JohnsonNeyman(
        tuple(bounds), tuple(regions), extent, (low, high), critical, float(source.df_resid)
    )


def _two(source: Estimated, slope: str, product: str) -> tuple[int, int]:
    if slope == product:
        raise InputError(f"the slope and the product are the same coefficient, '{slope}'")
    return position(source, slope), position(source, product)


def _roots(a: np.float64, b: np.float64, c: np.float64) -> list[float]:
    """Solve a z^2 + 2 b z + c = 0 without cancelling: real roots, ascending, where it changes sign.

    Where a is 0 one of them is at infinity, and left out.
    """
    discriminant = b**2 - a * c
    if not discriminant > 0:
        return []
    far = -(b + np.copysign(np.sqrt(discriminant), b))
    with np.errstate(over="ignore", divide="ignore"):
        roots = far / a, c / far
    return sorted(float(root) for root in roots if np.isfinite(root))


def _between(left: float, right: float) -> float:
    """Choose a point inside an interval that may be unbounded."""
    if np.isfinite(left) and np.isfinite(right):
        return (left + right) / 2
    if np.isfinite(left):
        return left + 1 + abs(left)
    return right - 1 - abs(right) if np.isfinite(right) else 0.0
