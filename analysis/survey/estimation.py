r"""What a model must be able to do so that a design can give its coefficients a covariance.

A model is estimated by solving weighted estimating equations :math:`\sum_i w_i u_i(b) = 0`. A
design that linearises asks for the scores :math:`w_i u_i` at the solution and for the inverse of
their derivative, one with replicate weights for the solutions under each set of weights: no model
knows which.

References
----------
Binder DA (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review 51:279-292.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model.

    Parameters
    ----------
    params : array, shape (k,)
    scores : array, shape (m, p)
        Weighted scores, in any basis.
    bread : array, shape (k, p)
        ``scores @ bread.T`` is the influence of each row on `params`, so that
        ``bread @ meat @ bread.T`` is their covariance if `meat` is that of the scores' total.
    fitted : array, shape (m,) or (m, categories)
        Predicted means or probabilities; of length 0 where a model has none.
    iterations : int
    """

    params: np.ndarray
    scores: np.ndarray
    bread: np.ndarray
    fitted: np.ndarray
    iterations: int


def each_set(replicates: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Give one set of replicate weights after the other, shape (m,), out of blocks of them."""
    return (block[:, j] for block in replicates for j in range(block.shape[1]))


class Estimator(Protocol):
    """A model of given rows, to be estimated under any weights of theirs."""

    @property
    def names(self) -> list[str]:
        """Coefficients, of length k."""

    def fit(self, weights: np.ndarray) -> Fit:
        """Estimate under weights, shape (m,), that are positive; their scale does not matter."""

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Estimate anew under sets of replicate weights, beginning at the estimates `params`.

        `weights` are those of the sample, `replicates` arrays of shape (m, some) with sets in
        the columns, which may hold zeros. Returns an array of shape (r, k).
        """


@runtime_checkable
class Likelihood(Estimator, Protocol):
    """A model whose scores are those of a pseudo-likelihood, for likelihood ratio tests."""

    def deviance(self, fit: Fit, weights: np.ndarray) -> float:
        """Minus twice the log pseudo-likelihood at a fit, but for what all models share."""

    def information(self, fit: Fit, weights: np.ndarray) -> np.ndarray:
        """Give R, shape (k, k), where R'R is the information that the likelihood has of b."""

    def without(self, columns: Collection[str]) -> Self:
        """Give the same model without some of its coefficients."""
