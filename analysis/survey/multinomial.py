r"""Weighted maximum pseudo-likelihood of the multinomial logit.

With J categories, of which r is the reference, :math:`\log(p_{ij} / p_{ir}) = x_i' b_j` for each
other category j: J - 1 equations on the same columns. The weighted scores of row i are
:math:`w_i (1[y_i = j] - p_{ij}) x_i`, one block an equation, and the information has the blocks
:math:`\sum_i w_i p_{ij} (1[j = k] - p_{ik}) x_i x_i'`.

References
----------
McFadden D (1974). Conditional logit analysis of qualitative choice behavior. In: Zarembka P (ed),
Frontiers in Econometrics. Academic Press, 105-142.
Binder DA (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review 51:279-292.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from analysis.errors import InputError
from analysis.survey.basis import orthogonal
from analysis.survey.categories import refuse_empty
from analysis.survey.estimation import Fit
from analysis.survey.newton import Maximum, maximise, maximise_each
from analysis.survey.products import cross, times

SEPARATED = (
    "Usually a group in which nobody, or everybody, has the category (separation). "
    "Merge categories or leave the term out."
)
MOVING = 0.2
"""Columns are named that a runaway step moves by this part of what it moves the most."""


@dataclass(frozen=True)
class Multinomial:
    """A multinomial logit of given rows: an `Estimator`.

    Parameters
    ----------
    y : int array, shape (m,)
        Codes of categories, 0 to J - 1, each with a row.
    x : array, shape (m, p)
    columns : list of p str
    categories : list of J str
    reference : int
        Code of the reference category.
    """

    y: np.ndarray
    x: np.ndarray
    columns: list[str]
    categories: list[str]
    reference: int

    @property
    def others(self) -> list[int]:
        """Codes of the categories that have an equation, in order."""
        return [code for code in range(len(self.categories)) if code != self.reference]

    @property
    def names(self) -> list[str]:
        """Coefficients, an equation after the other."""
        return [f"{self.categories[j]}: {column}" for j in self.others for column in self.columns]

    def fit(self, weights: np.ndarray) -> Fit:
        """Estimate by Newton's iterations from equal probabilities.

        Raises
        ------
        InputError
            If columns are collinear or the outcome is separated.
        """
        weights = weights / weights.mean()
        basis, back = orthogonal(self.x, weights, self.columns)
        logits = self._logits(basis)
        found = maximise(logits, weights, np.zeros(len(self.others) * basis.shape[1]))
        if found.stray is not None:
            raise InputError(
                "the model does not converge: its coefficients run away in "
                f"{self._moving(found, back)}",
                remedy=SEPARATED,
            )
        back_all = np.kron(np.eye(len(self.others)), back)
        information = logits.derivatives(found.predictors, weights)[1]
        chances = logits.probabilities(found.predictors)
        surprise = (logits.indicators - chances) * weights[:, None]
        return Fit(
            params=back_all @ found.theta,
            scores=(surprise[:, :, None] * basis[:, None, :]).reshape(len(basis), -1),
            bread=linalg.solve(information, back_all.T, assume_a="pos").T,
            fitted=np.insert(chances, self.reference, 1 - chances.sum(axis=1), axis=1),
            iterations=found.iterations,
        )

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Estimate anew under each set of weights.

        Raises
        ------
        InputError
            If a set leaves a category empty or separates the outcome.
        """
        basis, back = orthogonal(self.x, weights / weights.mean(), self.columns)
        logits = self._logits(basis)
        each_start = params.reshape(len(self.others), -1).T
        start = linalg.solve_triangular(back, each_start).T.ravel()
        thetas = maximise_each(
            logits, replicates, start, self._check,
            lambda found: self._moving(found, back), SEPARATED,
        )  # fmt: skip
        return np.array([(t.reshape(len(self.others), -1) @ back.T).ravel() for t in thetas])

    def _check(self, weights: np.ndarray, which: str) -> None:
        refuse_empty(self.y, weights, self.categories, which)

    def deviance(self, fit: Fit, weights: np.ndarray) -> float:
        """Minus twice the log pseudo-likelihood; see `estimation.Likelihood`."""
        logits = self._logits(self.x)
        return -2 * logits.value(logits.predictors(fit.params), weights)

    def information(self, fit: Fit, weights: np.ndarray) -> np.ndarray:
        """Give a root of the information; see `estimation.Likelihood`."""
        basis, back = orthogonal(self.x, weights, self.columns)
        logits = self._logits(basis)
        undo = np.kron(np.eye(len(self.others)), np.linalg.inv(back))
        squares = logits.derivatives(logits.predictors(undo @ fit.params), weights)[1]
        return np.asarray(linalg.cholesky(squares) @ undo)

    def without(self, names: Collection[str]) -> Multinomial:
        """Give the model that lacks some columns in every equation."""
        each = [{f"{self.categories[j]}: {column}" for j in self.others} for column in self.columns]
        kept = [not columns & set(names) for columns in each]
        if len(names) != len(self.others) * (len(kept) - sum(kept)):
            raise InputError(
                "a likelihood ratio test of a multinomial logit leaves a column out of every "
                "equation or of none",
                remedy="Name a term, or use wald_test().",
            )
        columns = [column for column, stays in zip(self.columns, kept, strict=True) if stays]
        return replace(self, x=self.x[:, kept], columns=columns)

    def _logits(self, basis: np.ndarray) -> _Logits:
        return _Logits(basis, (self.y[:, None] == np.array(self.others)).astype(float))

    def _moving(self, found: Maximum, back: np.ndarray) -> str:
        """Name the columns that run away, each with its categories."""
        spread = self.x.std(axis=0)
        change = (np.asarray(found.stray).reshape(len(self.others), -1) @ back.T) * spread
        reference = f"against '{self.categories[self.reference]}'"
        if not np.abs(change).max(initial=0.0) > 0:
            return f"an intercept ({reference})"
        large = np.abs(change) > MOVING * np.abs(change).max()
        named = []
        for column in np.flatnonzero(large.any(axis=0)).tolist():
            of = [
                f"'{self.categories[j]}'"
                for j, big in zip(self.others, large[:, column], strict=True)
                if big
            ]
            named.append(f"'{self.columns[column]}' ({', '.join(of)} {reference})")
        return ", ".join(named)


@dataclass(frozen=True)
class _Logits:
    """The likelihood in an orthogonal basis; parameters are a flattened array (J - 1, p)."""

    basis: np.ndarray
    indicators: np.ndarray

    def predictors(self, theta: np.ndarray) -> np.ndarray:
        return times(self.basis, theta.reshape(self.indicators.shape[1], -1).T)

    def probabilities(self, predictors: np.ndarray) -> np.ndarray:
        """Give those of the categories with an equation, shape (m, J - 1)."""
        return np.exp(predictors - _log_sum(predictors)[:, None])

    def value(self, predictors: np.ndarray, weights: np.ndarray) -> float:
        chosen = (predictors * self.indicators).sum(axis=1)
        return float(weights @ (chosen - _log_sum(predictors)))

    def derivatives(
        self, predictors: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        chances = self.probabilities(predictors)
        surprise = (self.indicators - chances) * weights[:, None]
        score = np.einsum("mj,mp->jp", surprise, self.basis)
        size, p = score.shape
        information = np.empty((size, p, size, p))
        for j in range(size):
            for k in range(j, size):
                spread = chances[:, j] * ((j == k) - chances[:, k])
                block, _ = cross(self.basis, weights * spread)
                information[j, :, k, :] = information[k, :, j, :] = block
        return score.ravel(), information.reshape(size * p, size * p)


def _log_sum(predictors: np.ndarray) -> np.ndarray:
    """Give log(1 + sum of exp) of each row without overflow."""
    top = np.maximum(predictors.max(axis=1), 0.0)
    return top + np.log(np.exp(-top) + np.exp(predictors - top[:, None]).sum(axis=1))
