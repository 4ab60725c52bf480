"""Adjustment of an intake for energy: people who eat more take more of every nutrient.

References
----------
Willett W, Stampfer MJ (1986). Total energy intake: implications for epidemiologic analyses.
American Journal of Epidemiology 124:17-27.
Willett W (2013). Nutritional Epidemiology, 3rd ed. Oxford University Press, chapter 11.
"""

from __future__ import annotations

import numpy as np

from analysis.errors import InputError

METHODS = ("standard", "residual", "density")


def energy_adjusted(
    food: np.ndarray,
    supplement: np.ndarray,
    energy: np.ndarray,
    weights: np.ndarray,
    method: str,
) -> np.ndarray:
    r"""Adjust the part of an intake that comes from food for energy.

    Supplements have no energy and are added as they are. With f the food part, e the energy and a
    bar for the weighted mean, the food part becomes

    - ``"standard"``: f;
    - ``"residual"``: :math:`f - b (e - \bar e)`, b the slope of the weighted least squares
      regression of f on e: its residual plus what it predicts at the mean energy (Willett &
      Stampfer 1986);
    - ``"density"``: :math:`\bar e f / e`, the intake per 1,000 kcal, brought back to a day of mean
      energy so that the unit stays (Willett 2013). With energy itself among the covariates it is
      the multivariate nutrient density model.

    Means and slope are those of the people in whom all parts are known.

    Parameters
    ----------
    food, supplement : array, shape (n,)
        Parts of the intake, in its unit.
    energy : array, shape (n,)
        In kcal a day.
    weights : array, shape (n,)
        Not negative.
    method : {"standard", "residual", "density"}

    Returns
    -------
    array, shape (n,)
        In the intake's unit. NaN where a part is, and of densities where the energy is 0.

    Raises
    ------
    InputError
        If there is no such method, or energy is the same for everyone.

    Examples
    --------
    >>> food, none = np.array([200.0, 300.0, 400.0]), np.zeros(3)
    >>> energy = np.array([1500.0, 2000.0, 2500.0])
    >>> energy_adjusted(food, none, energy, np.ones(3), "residual")
    array([300., 300., 300.])
    >>> energy_adjusted(food, none, energy, np.ones(3), "density").round(1)
    array([266.7, 300. , 320. ])
    """
    if method not in METHODS:
        raise InputError(
            f"unknown energy method '{method}'", remedy=f"Choose from {', '.join(METHODS)}."
        )
    if method == "standard":
        return food + supplement
    known = ~np.isnan(food + supplement + energy) & (weights > 0)
    if not known.any():
        return np.full(len(food), np.nan)
    mean = float(np.average(energy[known], weights=weights[known]))
    if method == "density":
        return _density(food, energy) * mean + supplement
    apart = energy[known] - mean
    spread = float(weights[known] @ apart**2)
    if not spread > 0:
        raise InputError(
            "energy intake is the same for everyone: nothing can be adjusted for it",
            remedy='Take energy = "standard".',
        )
    slope = float(weights[known] @ (apart * food[known])) / spread
    return food - slope * (energy - mean) + supplement


def _density(food: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """Divide by the energy; NaN where there is none."""
    eaten = energy > 0
    return np.where(eaten, food / np.where(eaten, energy, 1.0), np.nan)
