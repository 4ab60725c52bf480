"""Newton's iterations for a concave weighted log likelihood of several linear predictors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import linalg

from analysis.errors import InputError
from analysis.survey.basis import SINGULAR, singular, weakest
from analysis.survey.estimation import each_set
from analysis.survey.irls import CONVERGED, MAX_ITERATIONS

HALVINGS = 30
"""A step into what the model does not allow (thresholds out of order) is halved so often."""


class Likelihood(Protocol):
    """A log likelihood of rows, by parameters of length k through linear predictors."""

    def predictors(self, theta: np.ndarray) -> np.ndarray:
        """Give the linear predictors, shape (m, q)."""

    def value(self, predictors: np.ndarray, weights: np.ndarray) -> float:
        """Give the weighted log likelihood; minus infinity where the model does not allow them."""

    def derivatives(
        self, predictors: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the gradient, shape (k,), and minus the matrix of second derivatives."""


@dataclass(frozen=True)
class Maximum:
    """Where the iterations ended.

    Parameters
    ----------
    theta : array, shape (k,)
    predictors : array, shape (m, q)
    iterations : int
    stray : array, shape (k,), or None
        The direction in which they do not end, if they have not converged.
    """

    theta: np.ndarray
    predictors: np.ndarray
    iterations: int
    stray: np.ndarray | None


@np.errstate(over="ignore")  # exp() of a predictor above 709, whose probability is 1
def maximise(likelihood: Likelihood, weights: np.ndarray, start: np.ndarray) -> Maximum:
    """Iterate until the last full step moves no linear predictor by more than rounding.

    Steps shrink quadratically near a maximum, so that what is left after one of `CONVERGED` is
    below rounding; under separation they do not shrink.

    Parameters
    ----------
    likelihood : Likelihood
    weights : array, shape (m,)
        Of mean 1.
    start : array, shape (k,)
    """
    theta, step = start, start
    predictors = likelihood.predictors(theta)
    value, largest = likelihood.value(predictors, weights), 0.0
    for iteration in range(1, MAX_ITERATIONS + 1):
        score, information = likelihood.derivatives(predictors, weights)
        if iteration == 1:
            known = float(np.trace(information))
        try:
            factor = linalg.cho_factor(information)
        except (linalg.LinAlgError, ValueError):
            return Maximum(theta, predictors, iteration, _running(information, known, theta, step))
        largest = max(largest, float(np.abs(np.diagonal(factor[0])).max()))
        step = linalg.cho_solve(factor, score)
        before, full = predictors, False
        for halving in range(HALVINGS):
            tried = theta + step / 2**halving
            predictors = likelihood.predictors(tried)
            reached = likelihood.value(predictors, weights)
            # Near the solution the likelihood differs by rounding only.
            if reached >= value - 1e-8 * (abs(value) + 1e-8):
                full = halving == 0
                break
        else:
            return Maximum(theta, before, iteration, step)
        theta, value = tried, reached
        moved, size = np.abs(predictors - before).max(), np.abs(predictors).max()
        if full and moved <= CONVERGED * (1 + size):
            # Far out where probabilities have rounded to 0 and 1 nothing moves either.
            flat = singular(factor[0], largest)
            stray = _running(information, known, theta, step) if flat else None
            return Maximum(theta, predictors, iteration, stray)
    return Maximum(theta, predictors, iteration, step)


def maximise_each(
    likelihood: Likelihood,
    replicates: Iterable[np.ndarray],
    start: np.ndarray,
    check: Callable[[np.ndarray, str], None],
    running: Callable[[Maximum], str],
    remedy: str,
) -> Iterator[np.ndarray]:
    """Maximise anew under sets of replicate weights.

    Parameters
    ----------
    likelihood : Likelihood
    replicates : iterable of arrays, each of shape (m, some)
        Sets of weights in the columns, which may hold zeros.
    start : array, shape (k,)
    check : callable
        Given a set's weights and the beginning of a message, raises if they allow no model.
    running : callable
        Names the columns in which the coefficients of a maximum run away.
    remedy : str
        What to do about that.

    Yields
    ------
    array, shape (k,)

    Raises
    ------
    InputError
        If there is no maximum under a set; it is named by its number.
    """
    for number, weights in enumerate(each_set(replicates), start=1):
        which = f"the model cannot be fitted under replicate {number}"
        check(weights, which)
        found = maximise(likelihood, weights / weights.mean(), start)
        if found.stray is not None:
            raise InputError(
                f"{which}: its coefficients run away in {running(found)}", remedy=remedy
            )
        yield found.theta


def _running(
    information: np.ndarray, known: float, theta: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """Tell along what the parameters have run where nearly nothing of the information is left.

    Under complete separation that is every direction, none of them weaker than another but by
    rounding: what has grown among them is what tells the outcome.

    Parameters
    ----------
    information : array, shape (k, k)
    known : float
        Its trace where the iterations began.
    theta, step : array, shape (k,)
    """
    if not np.isfinite(information).all():
        return step
    values, vectors = np.linalg.eigh(information)
    lost = vectors[:, values < SINGULAR * known]
    along = lost @ (lost.T @ theta)
    return along if np.abs(along).max(initial=0.0) > 0 else weakest(information, step)
