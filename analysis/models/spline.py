"""Restricted cubic splines (natural cubic splines in the truncated power basis)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from analysis.errors import InputError
from analysis.models.doses import weighted_quantiles
from analysis.survey import Design

KNOT_PERCENTILES: Mapping[int, tuple[float, ...]] = MappingProxyType(
    {
        3: (0.10, 0.50, 0.90),
        4: (0.05, 0.35, 0.65, 0.95),
        5: (0.05, 0.275, 0.50, 0.725, 0.95),
        6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
        7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
    }
)
"""Where the knots stand, by their number.

Source: Harrell FE. Regression Modeling Strategies, 2nd ed. Springer 2015, table 2.3.
"""


def knots_of(domain: Design, column: str, number: int) -> np.ndarray:
    """Find where knots stand: at Harrell's weighted percentiles in a domain.

    Parameters
    ----------
    domain : Design
    column : str
        A continuous column.
    number : int
        Of knots.

    Returns
    -------
    ndarray of float, shape (number,)

    Raises
    ------
    InputError
        If two would stand at the same value.
    """
    knots = weighted_quantiles(domain, column, KNOT_PERCENTILES[number])
    if not np.all(np.diff(knots) > 0):
        raise InputError(
            f"{column} takes too few values for a curve with {number} knots (they would stand at "
            f"{', '.join(f'{knot:g}' for knot in knots)})",
            remedy="Take fewer knots, or no curve: spline() or spline_knots asks for it.",
        )
    return knots


def basis(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Linear and nonlinear columns of a restricted cubic spline.

    With k knots t, column 0 is x, and column j is
    ``[(x-t_j)+^3 - (x-t_{k-1})+^3 (t_k-t_j)/(t_k-t_{k-1}) + (x-t_k)+^3
    (t_{k-1}-t_j)/(t_k-t_{k-1})] / (t_k-t_1)^2``: cubic between the knots, linear beyond the outer
    ones, on the scale of x. Source: Harrell 2015, section 2.4.5.

    Parameters
    ----------
    x : ndarray of float, shape (n,)
        Values; NaN gives NaN.
    knots : ndarray of float, shape (k,)
        Strictly increasing, at least 3.

    Returns
    -------
    ndarray of float, shape (n, k - 1)

    Raises
    ------
    InputError
        If the knots do not increase.
    """
    if len(knots) < 3 or not np.all(np.diff(knots) > 0):
        raise InputError(
            f"spline knots must increase, got {', '.join(f'{k:g}' for k in knots)}",
            remedy="The variable has too few distinct values there; take fewer knots.",
        )
    cube = np.clip(x[:, None] - knots[None, :], 0, None) ** 3
    # A NaN must stay one; clip keeps it.
    last, before = knots[-1], knots[-2]
    inner = knots[:-2]
    upper = cube[:, [-2]] * (last - inner) / (last - before)
    lower = cube[:, [-1]] * (before - inner) / (last - before)
    curved = (cube[:, :-2] - upper + lower) / (last - knots[0]) ** 2
    return np.column_stack([x, curved])
