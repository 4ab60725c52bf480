"""Weighted maximum pseudo-likelihood of a generalised linear model.

Families, links and variance functions are those of statsmodels. The iterations are our own, for
what a survey asks of them: they run to the last digits (the standard errors compare with R's at
8 to 9 digits), they tell separation from slow convergence and name the columns, and they cost
one orthogonalisation in all where `statsmodels.GLM` takes a pseudo-inverse each time.

References
----------
McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed. Chapman & Hall, section 2.5.
Binder DA (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review 51:279-292.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import linalg
from statsmodels.genmod import families

from analysis.errors import InputError
from analysis.survey.basis import moving, orthogonal, singular, weakest
from analysis.survey.estimation import Fit
from analysis.survey.products import cross, times, triangle

CONVERGED = 1e-8
"""Largest change of a linear predictor in the last step, relative to the largest predictor. With
canonical links steps shrink quadratically, so that what is left after it is below rounding."""
MAX_ITERATIONS = 100
"""A separated outcome ends here: its steps do not shrink, for the logit grows by 1 each time."""


@dataclass(frozen=True)
class GLM:
    """A generalised linear model of given rows: an `Estimator`.

    Parameters
    ----------
    y : array, shape (m,)
    x : array, shape (m, k)
    family : statsmodels family
    names : sequence of k str
        Columns of `x`.
    """

    y: np.ndarray
    x: np.ndarray
    family: Any
    names: list[str]

    def fit(self, weights: np.ndarray) -> Fit:
        """Fit under weights; see `fit_glm`."""
        return fit_glm(self.y, self.x, weights, self.family, self.names)

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Fit anew under sets of weights; see `refit_glm`."""
        return refit_glm(self.y, self.x, weights, self.family, self.names, params, replicates)

    def deviance(self, fit: Fit, weights: np.ndarray) -> float:
        """Twice the log pseudo-likelihood of the data themselves less that of the fit.

        With the weights as they are, and without a dispersion parameter.
        """
        return _deviance(self.y, times(self.x, fit.params), fit.fitted, weights, self.family)

    def information(self, fit: Fit, weights: np.ndarray) -> np.ndarray:
        """Give a triangle R, shape (k, k), of which R'R is the working information.

        Its inverse is the covariance of the coefficients that the working model would have, but
        for the dispersion (R's ``naive.cov``).
        """
        _, information = _working(fit.fitted, weights, self.family)
        return triangle(self.x, information)

    def without(self, columns: Collection[str]) -> GLM:
        """Give the model that lacks some columns."""
        kept = [name not in columns for name in self.names]
        names = [name for name in self.names if name not in columns]
        return replace(self, x=self.x[:, kept], names=names)


@np.errstate(over="ignore")  # exp() of a logit below -709, whose probability is 0 as it should be
def fit_glm(
    y: np.ndarray, x: np.ndarray, weights: np.ndarray, family: Any, names: Sequence[str]
) -> Fit:
    """Fit by iteratively reweighted least squares.

    Parameters
    ----------
    y : array, shape (m,)
    x : array, shape (m, k)
    weights : array, shape (m,)
        Positive. Their scale does not matter.
    family : statsmodels family
    names : sequence of k str
        Columns of `x`, for errors.

    Raises
    ------
    InputError
        If columns are collinear, the outcome is separated or the iterations do not converge.
    """
    weights = weights / weights.mean()
    basis, back = orthogonal(x, weights, names)
    gamma, iterations, stray = _iterate(y, basis, weights, family)
    if stray is not None:
        columns = moving(back @ stray, x, names)
        raise InputError(
            f"the model does not converge: its coefficients run away in {columns}",
            remedy="Usually a category in which nobody, or everybody, has the outcome "
            "(separation). "
            "Merge categories or leave the term out.",
        )
    mean = family.link.inverse(times(basis, gamma))
    slope, information = _working(mean, weights, family)
    hessian, _ = cross(basis, information)
    return Fit(
        params=back @ gamma,
        scores=basis * ((y - mean) * slope * information)[:, None],
        bread=linalg.solve(hessian, back.T, assume_a="pos").T,
        fitted=mean,
        iterations=iterations,
    )


@np.errstate(over="ignore")
def refit_glm(
    y: np.ndarray,
    x: np.ndarray,
    weights: np.ndarray,
    family: Any,
    names: Sequence[str],
    params: np.ndarray,
    replicates: Iterable[np.ndarray],
) -> np.ndarray:
    """Fit anew under each set of replicate weights, beginning at the fitted coefficients.

    Parameters
    ----------
    y, x, weights, family, names
        As for `fit_glm`.
    params : array, shape (k,)
        What `fit_glm` gave.
    replicates : iterable of arrays, each of shape (m, some)
        Sets of weights in the columns.

    Returns
    -------
    array, shape (r, k)

    Raises
    ------
    InputError
        If the model cannot be fitted under one of them: the PSUs that it keeps may leave a
        category empty or separate the outcome.
    """
    basis, back = orthogonal(x, weights / weights.mean(), names)
    start = linalg.solve_triangular(back, params)
    refitted: list[np.ndarray] = []
    for each in (block[:, j] for block in replicates for j in range(block.shape[1])):
        gamma, _, stray = _iterate(y, basis, each / each.mean(), family, start)
        if stray is not None:
            raise InputError(
                f"the model cannot be fitted under replicate {len(refitted) + 1}: its coefficients "
                f"run away in {moving(back @ stray, x, names)}",
                remedy="Usually a category that only few PSUs have. Merge categories or leave the "
                "term out.",
            )
        refitted.append(back @ gamma)
    return np.array(refitted)


def _working(mean: np.ndarray, weights: np.ndarray, family: Any) -> tuple[np.ndarray, np.ndarray]:
    """Give the derivative of the link, and the working weights."""
    slope = family.link.deriv(mean)
    return slope, weights / (slope**2 * family.variance(mean))


def _iterate(
    y: np.ndarray,
    basis: np.ndarray,
    weights: np.ndarray,
    family: Any,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, int, np.ndarray | None]:
    """Iterate to convergence; else the last item is the direction of the last step."""
    if start is None:
        gamma, deviance = np.zeros(basis.shape[1]), np.inf
        mean = family.starting_mu(y)
        eta = family.link(mean)
        residual = eta + (y - mean) * family.link.deriv(mean)
    else:
        gamma, eta = start, times(basis, start)
        mean = family.link.inverse(eta)
        residual = (y - mean) * family.link.deriv(mean)
        deviance = _deviance(y, eta, mean, weights, family)
    step = gamma
    for iteration in range(1, MAX_ITERATIONS + 1):
        slope, information = _working(mean, weights, family)
        if iteration > 1:
            residual = (y - mean) * slope
        squares, sums = cross(basis, information, residual)
        try:
            factor = linalg.cho_factor(squares)
        except (linalg.LinAlgError, ValueError):
            return gamma, iteration, step if start is None else weakest(squares, step)
        if start is not None and singular(factor[0]):
            return gamma, iteration, weakest(squares, step)
        step = linalg.cho_solve(factor, sums)
        gamma, eta_new, mean, deviance = _advance(gamma, step, basis, y, weights, family, deviance)
        moved, eta = np.abs(eta_new - eta).max(), eta_new
        size = np.abs(eta).max()
        if (iteration > 1 or start is not None) and moved <= CONVERGED * (1 + size):
            return gamma, iteration, None
    return gamma, iteration, step


def _advance(
    gamma: np.ndarray,
    step: np.ndarray,
    basis: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    family: Any,
    before: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Take the step, or the part of it that does not make the fit worse."""
    for halving in range(10):
        tried = gamma + step / 2**halving
        eta = times(basis, tried)
        mean = family.link.inverse(eta)
        deviance = _deviance(y, eta, mean, weights, family)
        # Near the solution the deviance differs by rounding only.
        if deviance <= before + 1e-8 * (abs(before) + 1e-8):
            break
    return tried, eta, mean, deviance


def _deviance(
    y: np.ndarray, eta: np.ndarray, mean: np.ndarray, weights: np.ndarray, family: Any
) -> float:
    """Tell how far the fit is from the outcome."""
    if isinstance(family, families.Binomial) and isinstance(family.link, families.links.Logit):
        # From the logit: the probability of a row far on the wrong side has rounded to 0 or 1.
        logarithm = np.log1p(np.exp(-np.abs(eta))) + np.maximum(eta, 0.0)  # of 1 + exp(eta)
        return 2 * float((weights * (logarithm - y * eta)).sum())
    return float(family.deviance(y, mean, var_weights=weights))
