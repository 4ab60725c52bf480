"""Weighted maximum pseudo-likelihood of a generalised linear model.

Families, links and variance functions are those of statsmodels. The iterations are our own, for
what a survey asks of them: they run to the last digits (the standard errors compare with R's at
8 to 9 digits), they tell separation from slow convergence and name the columns, they keep every
mean inside the family's range, and they cost one orthogonalisation in all where `statsmodels.GLM`
takes a pseudo-inverse each time.

The steps are Fisher's scoring. Where the link is not canonical that converges only linearly: near
the solution the steps are Newton's, with the observed information. The variance is made with the
expected information whatever the link, as R's ``svyglm`` has it (Stata's ``svy: glm`` takes the
observed one, so that its standard errors differ from R's under other than canonical links).

References
----------
McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed. Chapman & Hall, section 2.5.
Binder DA (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review 51:279-292.
Wacholder S (1986). Binomial regression in GLIM: estimating risk ratios and risk differences.
American Journal of Epidemiology 123:174-184.
Wright SJ (1997). Primal-Dual Interior-Point Methods. SIAM.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import linalg, optimize

from analysis.errors import InputError
from analysis.survey.basis import moving, orthogonal, singular, weakest
from analysis.survey.estimation import Fit, each_set
from analysis.survey.links import Response
from analysis.survey.products import cross, times, totals, triangle

CONVERGED = 1e-8
"""Largest change of a linear predictor in the last step, relative to the largest predictor. The
steps of Newton shrink quadratically, so that what is left after it is below rounding."""
CONVERGED_LINEARLY = 1e-13
"""The same for steps that shrink by a constant factor, which therefore must go on."""
NEAR = 0.5
"""Relative change of the linear predictor from which on Newton's steps are tried."""
EVEN = 0.1
"""Pivots of the information that differ by more would cost the variance digits."""
MAX_ITERATIONS = 100
"""A separated outcome ends here: its steps do not shrink, for the logit grows by 1 each time."""
HALVINGS = 10
"""A step that is still not better after so many is taken: it is so small that it does no harm."""
TOWARDS_BOUND = 0.9
"""Part of the way to the nearest bound that a step may go."""
BARRIERS = tuple(10.0**-power for power in range(1, 13))
"""Weights of the barrier, from one that keeps far from the bounds to one that hardly does."""
AT_BOUND = 1e-6
"""A mean this near its bound under the lowest barrier, relative to their size, has run into it."""


@dataclass(frozen=True)
class GLM:
    """A generalised linear model of given rows: an `Estimator`.

    Parameters
    ----------
    y : array, shape (m,)
    x : array, shape (m, k)
    family : statsmodels family
        With its link.
    names : sequence of k str
        Columns of `x`.
    offset : array, shape (m,), optional
        Added to the linear predictor.
    """

    y: np.ndarray
    x: np.ndarray
    family: Any
    names: list[str]
    offset: np.ndarray | None = None

    def fit(self, weights: np.ndarray) -> Fit:
        """Fit under weights; see `fit_glm`."""
        return fit_glm(self.y, self.x, weights, self.family, self.names, self.offset)

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Fit anew under sets of weights; see `refit_glm`."""
        return refit_glm(
            self.y, self.x, weights, self.family, self.names, params, replicates, self.offset
        )

    def deviance(self, fit: Fit, weights: np.ndarray) -> float:
        """Twice the log pseudo-likelihood of the data themselves less that of the fit.

        With the weights as they are, and without a dispersion parameter.
        """
        return Response(self.y, self.family).deviance(self._eta(fit), weights)

    def information(self, fit: Fit, weights: np.ndarray) -> np.ndarray:
        """Give a triangle R, shape (k, k), of which R'R is the working information.

        Its inverse is the covariance of the coefficients that the working model would have, but
        for the dispersion (R's ``naive.cov``).
        """
        _, information = Response(self.y, self.family).at(self._eta(fit))
        return triangle(self.x, weights * information)

    def without(self, columns: Collection[str]) -> GLM:
        """Give the model that lacks some columns."""
        kept = [name not in columns for name in self.names]
        names = [name for name in self.names if name not in columns]
        return replace(self, x=self.x[:, kept], names=names)

    def _eta(self, fit: Fit) -> np.ndarray:
        return times(self.x, fit.params) + _given(self.offset, self.y)


@dataclass(frozen=True)
class _Problem:
    """An outcome, the basis on which it is regressed, its weights and its offset."""

    response: Response
    basis: np.ndarray
    weights: np.ndarray
    offset: np.ndarray

    def eta(self, gamma: np.ndarray) -> np.ndarray:
        return times(self.basis, gamma) + self.offset

    def weighing(self, weights: np.ndarray) -> _Problem:
        """Put other weights. Where means are bounded, rows of weight 0 do not bind them."""
        weights = weights / weights.mean()
        rows = weights > 0
        if not self.response.bounded or rows.all():
            return _Problem(self.response, self.basis, weights, self.offset)
        taken = self.response.take(rows)
        return _Problem(taken, self.basis[rows], weights[rows], self.offset[rows])


@dataclass(frozen=True)
class _Path:
    """Where the iterations led: `stray` is the last direction if they did not converge."""

    gamma: np.ndarray
    iterations: int
    stray: np.ndarray | None = None


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # of steps that are not taken
def fit_glm(
    y: np.ndarray,
    x: np.ndarray,
    weights: np.ndarray,
    family: Any,
    names: Sequence[str],
    offset: np.ndarray | None = None,
) -> Fit:
    """Fit by iteratively reweighted least squares.

    Parameters
    ----------
    y : array, shape (m,)
    x : array, shape (m, k)
    weights : array, shape (m,)
        Positive. Their scale does not matter.
    family : statsmodels family
        With its link.
    names : sequence of k str
        Columns of `x`, for errors.
    offset : array, shape (m,), optional
        Added to the linear predictor.

    Raises
    ------
    InputError
        If columns are collinear, the outcome is separated, no coefficients keep the means inside
        the family's range, the best ones lie on its border, or the iterations do not converge.
    """
    weights = weights / weights.mean()
    basis, back = orthogonal(x, weights, names)
    problem = _Problem(Response(y, family), basis, weights, _given(offset, y))
    path = _solution(problem)
    if path.stray is not None:
        raise _not_converged(problem, path, x, back, names, "the model does not converge")
    eta, params = problem.eta(path.gamma), back @ path.gamma
    score, information = problem.response.at(eta)
    scores, bread = _influence(basis, back, weights * score, weights * information)
    return Fit(
        params=params,
        scores=scores,
        bread=bread,
        fitted=problem.response.mean(eta),
        iterations=path.iterations,
    )


@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def refit_glm(
    y: np.ndarray,
    x: np.ndarray,
    weights: np.ndarray,
    family: Any,
    names: Sequence[str],
    params: np.ndarray,
    replicates: Iterable[np.ndarray],
    offset: np.ndarray | None = None,
) -> np.ndarray:
    """Fit anew under each set of replicate weights, beginning at the fitted coefficients.

    Parameters
    ----------
    y, x, weights, family, names, offset
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
    weights = weights / weights.mean()
    basis, back = orthogonal(x, weights, names)
    whole = _Problem(Response(y, family), basis, weights, _given(offset, y))
    start = linalg.solve_triangular(back, params)
    refitted: list[np.ndarray] = []
    for each in each_set(replicates):
        problem = whole.weighing(each)
        path = _solution(problem, start)
        if path.stray is not None:
            what = f"the model cannot be fitted under replicate {len(refitted) + 1}"
            raise _not_converged(problem, path, x, back, names, what)
        refitted.append(back @ path.gamma)
    return np.array(refitted)


def _given(offset: np.ndarray | None, y: np.ndarray) -> np.ndarray:
    return np.zeros(len(y)) if offset is None else offset


def _solution(problem: _Problem, start: np.ndarray | None = None) -> _Path:
    """Iterate, and once more along a barrier if that ends where means have their bound.

    Near a bound scoring may stick although the solution is elsewhere. Maxima under barriers that
    are lowered step by step lead to it from inside (Wright 1997), in a few Newton steps each.
    """
    path = _iterate(problem, start)
    if path.stray is None or not problem.response.bounded:
        return path
    gamma = _start(problem) if start is None else start
    for barrier in BARRIERS:
        response = replace(problem.response, barrier=barrier)
        gamma = _iterate(replace(problem, response=response), gamma, newton=True).gamma
    again = _iterate(problem, gamma, newton=True)
    return again if again.stray is None else replace(again, gamma=gamma)


def _iterate(problem: _Problem, start: np.ndarray | None = None, *, newton: bool = False) -> _Path:
    """Iterate to convergence, from the given coefficients or from what the outcome suggests.

    By Newton's steps from the first if asked, by scoring until they are `NEAR` if not.
    """
    response = problem.response
    anew = start is None
    gamma = _start(problem) if start is None else start
    eta = problem.eta(gamma)
    deviance = response.deviance(eta, problem.weights)
    step, always = gamma, newton
    for iteration in range(1, MAX_ITERATIONS + 1):
        score, information = response.at(eta)
        products, sums, factor, newton = _factored(problem, eta, score, information, newton)
        if factor is None:
            return _Path(gamma, iteration, step if anew else weakest(products, step))
        if not anew and singular(factor[0]):
            return _Path(gamma, iteration, weakest(products, step))
        step = linalg.cho_solve(factor, sums)
        along = times(problem.basis, step)
        moves = _relative(response, eta, along)
        if moves <= (CONVERGED if newton or response.canonical else CONVERGED_LINEARLY):
            return _Path(gamma + step, iteration)
        reach = response.reach(eta, along) if response.bounded else np.inf
        part, deviance = _part(problem, eta, along, reach, deviance)
        gamma, eta = gamma + part * step, eta + part * along
        newton = always or (not response.canonical and reach > 1 and moves <= NEAR)
        if not response.inside(eta):
            break
    return _Path(gamma, iteration, step)


def _factored(
    problem: _Problem,
    eta: np.ndarray,
    score: np.ndarray,
    information: np.ndarray,
    newton: bool,
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, bool] | None, bool]:
    """Sum up and factorise the information: the observed one if asked and positive definite.

    Returns
    -------
    products : array, shape (k, k)
    sums : array, shape (k,)
        Of the scores.
    factor : what `linalg.cho_solve` takes; None where the information has no factor
    newton : bool
        Whether it is the observed information.
    """
    rows = problem.weights * (problem.response.observed(eta) if newton else information)
    products, sums = cross(problem.basis, rows, problem.weights * score)
    try:
        return products, sums, linalg.cho_factor(products), newton
    except (linalg.LinAlgError, ValueError):
        if newton:
            return _factored(problem, eta, score, information, False)
        return products, sums, None, False


def _influence(
    basis: np.ndarray, back: np.ndarray, score: np.ndarray, information: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give scores in a basis, shape (m, k), and what leads from them to influence, shape (k, k)."""
    scores = basis * score[:, None]
    products, _ = cross(basis, information)
    root = np.asarray(linalg.cholesky(products))
    pivots = np.diagonal(root)
    if pivots.min() >= EVEN * pivots.max():
        return scores, linalg.cho_solve((root, False), back.T).T
    # In a basis that is orthonormal under the information nothing cancels in the variance.
    root = triangle(basis, information)
    onto = linalg.solve_triangular(root, np.eye(len(root)))
    return times(scores, onto), back @ onto


def _relative(response: Response, eta: np.ndarray, along: np.ndarray) -> float:
    """Give the largest move of a linear predictor, relative to what makes a move large.

    That is the way to the nearest bound where there is one, so that units do not matter.
    """
    if response.bounded:
        return float((np.abs(along) / response.gap(eta)).max())
    size = np.abs(eta).max() + (np.abs(response.y).mean() if response.has_units else 1.0)
    return float(np.abs(along).max() / size) if size > 0 else 0.0


def _part(
    problem: _Problem, eta: np.ndarray, along: np.ndarray, reach: float, before: float
) -> tuple[float, float]:
    """Choose the part of a step that keeps means in range and does not make the fit worse."""
    part = 1.0 if reach > 1 else TOWARDS_BOUND * reach
    for _ in range(HALVINGS):
        deviance = problem.response.deviance(eta + part * along, problem.weights)
        # Near the solution the deviance differs by rounding only.
        if deviance <= before + 1e-8 * (abs(before) + 1e-8):
            break
        part /= 2
    return part, deviance


def _start(problem: _Problem) -> np.ndarray:
    """Find coefficients to begin with, whose means are in the family's range.

    With canonical links without bounds a regression of what the first step would regress, begun at
    means near each row's outcome; otherwise the coefficients nearest to equal means for all.
    """
    response, weights = problem.response, problem.weights
    link = response.family.link
    if response.canonical and not response.bounded:
        mean = response.family.starting_mu(response.y)
        eta = link(mean)
        working = eta + (response.y - mean) * link.deriv(mean)
        return totals(problem.basis, weights * (working - problem.offset))
    level = _level(problem)
    mean = np.average(response.y, weights=weights)
    if not abs(float(link.inverse(level)) - mean) <= 1e-6 * abs(mean):
        raise InputError(
            f"the outcome's mean, {mean:g}, is not positive: it has no place on the link's scale",
            remedy="Take the identity link.",
        )
    gamma = totals(problem.basis, weights * (level - problem.offset))
    if response.inside(problem.eta(gamma)):
        return gamma
    return _inside(problem, abs(level))


def _level(problem: _Problem) -> float:
    """Give the linear predictor of the outcome's mean."""
    mean = np.average(problem.response.y, weights=problem.weights)
    return float(problem.response.family.link(mean))


def _inside(problem: _Problem, scale: float) -> np.ndarray:
    """Find coefficients with every row well within its bounds, by linear programming.

    Maximises the distance to the nearest bound, in units of `scale` and up to 1.

    Raises
    ------
    InputError
        If there are none.
    """
    low, high = problem.response.bounds
    ones = np.ones((len(problem.offset), 1))
    sides = [
        (np.hstack([sign * problem.basis, ones]), sign * (bound - problem.offset) / scale)
        for sign, bound in ((-1.0, low), (1.0, high))
        if np.isfinite(bound)
    ]
    width = problem.basis.shape[1]
    found = optimize.linprog(
        np.r_[np.zeros(width), -1.0],
        A_ub=np.vstack([matrix for matrix, _ in sides]),
        b_ub=np.concatenate([limits for _, limits in sides]),
        bounds=[(None, None)] * width + [(0.0, 1.0)],
    )
    gamma = None if found.x is None else found.x[:-1] * scale
    if gamma is None or not problem.response.inside(problem.eta(gamma)):
        raise InputError(
            f"no coefficients keep every mean of the {problem.response.name} in its range",
            remedy="Give the model an intercept, or take another link.",
        )
    return gamma


def _not_converged(
    problem: _Problem,
    path: _Path,
    x: np.ndarray,
    back: np.ndarray,
    names: Sequence[str],
    what: str,
) -> InputError:
    """Say why there is no solution, and which columns lead there."""
    response = problem.response
    eta = problem.eta(path.gamma)
    at_bound = response.gap(eta) <= AT_BOUND * abs(_level(problem))
    if response.bounded and at_bound.any():
        columns = _leading(problem.basis, path.gamma, back, at_bound, names)
        return InputError(
            f"{what}: its means run into the border of what a {response.name} can have, "
            f"led there by {columns}",
            remedy=response.remedy_at_bound,
        )
    return InputError(
        f"{what}: its coefficients run away in {moving(back @ path.stray, x, names)}",
        remedy=response.remedy_for_runaway,
    )


def _leading(
    basis: np.ndarray, gamma: np.ndarray, back: np.ndarray, rows: np.ndarray, names: Sequence[str]
) -> str:
    """Name the columns that set these rows' linear predictor apart from the others'."""
    x = linalg.solve_triangular(back, np.eye(len(back)))
    apart = (basis[rows].mean(axis=0) - basis.mean(axis=0)) @ x
    share = np.abs(apart * (back @ gamma))
    if not share.max() > 0:
        return "the intercept"
    return ", ".join(f"'{names[j]}'" for j in np.flatnonzero(share > 0.5 * share.max()).tolist())
