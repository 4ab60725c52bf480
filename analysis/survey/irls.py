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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg
from statsmodels.genmod import families

from analysis.errors import InputError
from analysis.survey.estimation import Fit

COLLINEAR = 1e-10
"""A column is aliased if what the columns before it leave is below this part of its length."""
WELL_CONDITIONED = 1e-4
"""What of a column of length 1 the columns before it must leave for Cholesky, which squares it."""
CONVERGED = 1e-8
"""Largest change of a linear predictor in the last step, relative to the largest predictor. With
canonical links steps shrink quadratically, so that what is left after it is below rounding."""
SINGULAR = 1e-7
"""Pivots of Cholesky's triangle below this part of the largest are rounding: their squares are
differences of numbers of order 1."""
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
    basis, back = _orthogonal(x, weights, names)
    gamma, iterations, stray = _iterate(y, basis, weights, family)
    if stray is not None:
        columns = _moving(back @ stray, x, names)
        raise InputError(
            f"the model does not converge: its coefficients run away in {columns}",
            remedy="Usually a category in which nobody, or everybody, has the outcome "
            "(separation). "
            "Merge categories or leave the term out.",
        )
    mean = family.link.inverse(basis @ gamma)
    slope, information = _working(mean, weights, family)
    hessian = basis.T @ (basis * information[:, None])
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
    basis, back = _orthogonal(x, weights / weights.mean(), names)
    start = linalg.solve_triangular(back, params)
    refitted: list[np.ndarray] = []
    for each in (block[:, j] for block in replicates for j in range(block.shape[1])):
        gamma, _, stray = _iterate(y, basis, each / each.mean(), family, start)
        if stray is not None:
            raise InputError(
                f"the model cannot be fitted under replicate {len(refitted) + 1}: its coefficients "
                f"run away in {_moving(back @ stray, x, names)}",
                remedy="Usually a category that only few PSUs have. Merge categories or leave the "
                "term out.",
            )
        refitted.append(back @ gamma)
    return np.array(refitted)


def _orthogonal(
    x: np.ndarray, weights: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Turn columns into a nearly orthonormal basis (under the weights) of what they span.

    Normal equations in it are well conditioned. Cholesky makes it from columns that are not too
    bad themselves at a fraction of the cost of Householder reflections, which do it for the rest.

    Returns
    -------
    basis : array, shape (m, k)
    back : array, shape (k, k)
        Upper triangular: ``basis = x @ back``, and ``back @ gamma`` are the coefficients of `x`.
    """
    triangle = _cholesky(x, weights)
    if triangle is None:
        triangle = np.asarray(np.linalg.qr(x * np.sqrt(weights)[:, None], mode="r"))
        _refuse_collinear(triangle, names)
    back = linalg.solve_triangular(triangle, np.eye(len(triangle)))
    return x @ back, back


def _cholesky(x: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """Decompose the weighted products into a triangle; None where that would lose digits."""
    products = x.T @ (x * weights[:, None])
    lengths = np.sqrt(np.diagonal(products))
    if not (lengths > 0).all():
        return None
    try:
        triangle = linalg.cholesky(products / np.outer(lengths, lengths))
    except linalg.LinAlgError:
        return None
    return triangle * lengths if np.diagonal(triangle).min() > WELL_CONDITIONED else None


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
        gamma, eta = start, basis @ start
        mean = family.link.inverse(eta)
        residual = (y - mean) * family.link.deriv(mean)
        deviance = _deviance(y, eta, mean, weights, family)
    step = gamma
    weighted = np.empty_like(basis)  # one buffer: allocating anew costs as much as the product
    for iteration in range(1, MAX_ITERATIONS + 1):
        slope, information = _working(mean, weights, family)
        if iteration > 1:
            residual = (y - mean) * slope
        np.multiply(basis, information[:, None], out=weighted)
        try:
            factor = linalg.cho_factor(basis.T @ weighted)
        except (linalg.LinAlgError, ValueError):
            return gamma, iteration, step if start is None else _weakest(basis.T @ weighted, step)
        if start is not None and _singular(factor[0]):
            return gamma, iteration, _weakest(basis.T @ weighted, step)
        step = linalg.cho_solve(factor, weighted.T @ residual)
        gamma, eta_new, mean, deviance = _advance(gamma, step, basis, y, weights, family, deviance)
        moved, eta = np.abs(eta_new - eta).max(), eta_new
        size = np.abs(eta).max()
        if (iteration > 1 or start is not None) and moved <= CONVERGED * (1 + size):
            return gamma, iteration, None
    return gamma, iteration, step


def _singular(triangle: np.ndarray) -> bool:
    pivots = np.abs(np.diagonal(triangle))
    return not pivots.min() > SINGULAR * pivots.max()


def _weakest(information: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Find the direction of which there is least information; the last step if it has no end."""
    if not np.isfinite(information).all():
        return step
    return np.linalg.eigh(information)[1][:, 0]


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
        eta = basis @ tried
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
        return 2 * float(weights @ (np.logaddexp(0, eta) - y * eta))
    return float(family.deviance(y, mean, var_weights=weights))


def _refuse_collinear(triangle: np.ndarray, names: Sequence[str]) -> None:
    """Raise if a column is a combination of those before it."""
    lengths = np.sqrt((triangle**2).sum(axis=0))
    left = np.abs(np.diagonal(triangle))
    if len(left) < len(lengths):
        raise InputError(f"{len(lengths)} columns cannot be fitted to {len(left)} rows")
    bad = np.flatnonzero(left <= COLLINEAR * lengths).tolist()
    if not bad:
        return
    first = bad[0]
    if lengths[first] == 0:
        raise InputError(f"column '{names[first]}' is zero in every row of the domain")
    shares = np.linalg.lstsq(triangle[:, :first], triangle[:, first], rcond=None)[0]
    shares = np.abs(shares) * lengths[:first] / lengths[first]
    partners = ", ".join(f"'{names[j]}'" for j in np.flatnonzero(shares > 1e-6).tolist())
    others = f" (and so are: {', '.join(names[j] for j in bad[1:])})" if len(bad) > 1 else ""
    raise InputError(
        f"column '{names[first]}' is determined by {partners or 'the others'}{others}",
        remedy="Leave it out, or give its term fewer categories.",
    )


def _moving(direction: np.ndarray, x: np.ndarray, names: Sequence[str]) -> str:
    """Name the columns that a runaway step moves, constants last."""
    spread = x.std(axis=0)
    size = np.abs(direction) * np.where(spread > 0, spread, 0.0)
    if not size.max() > 0:
        return "the intercept"
    return ", ".join(f"'{names[j]}'" for j in np.flatnonzero(size > 0.2 * size.max()).tolist())
