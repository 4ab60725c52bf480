"""A fitted generalised linear model as the weighted regression that its last step was.

What diagnostics ask of a model: its columns, means, working weights and working residuals,
whatever its family and link.

References
----------
McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed. Chapman & Hall, section 2.5.
Pregibon D (1981). Logistic regression diagnostics. Annals of Statistics 9:705-724.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg

from analysis.errors import InputError
from analysis.survey.estimation import Fit
from analysis.survey.irls import GLM
from analysis.survey.links import Response
from analysis.survey.products import times
from analysis.survey.results import ModelResults, Source

CONSTANT = 1e-8
"""A constant is in the span of the columns if they leave less than this part of its length."""


@dataclass(frozen=True)
class Working:
    """The weighted regression of the last step, of m rows and k columns.

    Parameters
    ----------
    source : Source
    estimator : GLM
    weights : array, shape (m,)
        Sampling weights with mean 1.
    eta : array, shape (m,)
        Linear predictors, with the offset.
    mean : array, shape (m,)
    unit : array, shape (m,)
        Working weights of rows of sampling weight 1, ``1 / (g'(mean)**2 * variance(mean))`` for
        the link g.
    score : array, shape (m,)
        `unit` times the working residual ``(y - mean) * g'(mean)``.
    """

    source: Source
    estimator: GLM
    weights: np.ndarray
    eta: np.ndarray
    mean: np.ndarray
    unit: np.ndarray
    score: np.ndarray

    @property
    def x(self) -> np.ndarray:
        """Columns, shape (m, k)."""
        return self.estimator.x

    @property
    def y(self) -> np.ndarray:
        """The outcome, shape (m,)."""
        return self.estimator.y

    @property
    def response(self) -> Response:
        """The outcome, as a function of the linear predictor."""
        return Response(self.estimator.y, self.estimator.family)

    @property
    def offset(self) -> np.ndarray:
        """What is added to the linear predictor, shape (m,)."""
        given = self.estimator.offset
        return np.zeros(len(self.y)) if given is None else given

    @property
    def information(self) -> np.ndarray:
        """Working weights, shape (m,)."""
        return self.weights * self.unit

    @property
    def intercept(self) -> int | None:
        """Position of the first column that is the same, but not 0, in every row."""
        same = (self.x == self.x[0]).all(axis=0) & (self.x[0] != 0)
        return int(np.flatnonzero(same)[0]) if same.any() else None

    @cached_property
    def _rotation(self) -> tuple[np.ndarray, np.ndarray]:
        root = np.sqrt(self.information)[:, None]
        triangle = np.asarray(np.linalg.qr(self.x * root, mode="r"))
        back = linalg.solve_triangular(triangle, np.eye(len(triangle)))
        return self.x @ back, back

    @property
    def basis(self) -> np.ndarray:
        """Columns turned orthonormal under the working weights, shape (m, k)."""
        return self._rotation[0]

    @property
    def back(self) -> np.ndarray:
        """From coefficients of `basis` to those of `x`, shape (k, k)."""
        return self._rotation[1]

    @property
    def has_constant(self) -> bool:
        """Whether a constant is a combination of the columns."""
        w = self.information
        left = 1 - self.basis @ (self.basis.T @ w)
        return bool(w @ left**2 <= CONSTANT**2 * w.sum())

    def variance_of_totals(self, values: np.ndarray) -> np.ndarray:
        """Estimate the design covariance, shape (q, q), of the weighted totals of (m, q) values."""
        totals = Totals(values)
        matrices, design = self.source.matrices, self.source.design
        fit = totals.fit(design.weights[matrices.rows])
        return np.asarray(design._covariance_of(fit, totals, matrices.rows, matrices.present))


def working(model: ModelResults) -> Working:
    """Take a fitted model for the weighted regression of its last step.

    Raises
    ------
    InputError
        If it is not a generalised linear model, or what it was fitted to was not kept.
    """
    source = source_of(model)
    estimator = source.estimator
    if not isinstance(estimator, GLM):
        raise InputError(
            f"this diagnostic is of generalised linear models, not of a {model.kind}",
        )
    weights = source.design.weights[source.matrices.rows]
    eta = times(estimator.x, source.fit.params)
    eta = eta if estimator.offset is None else eta + estimator.offset
    score, unit = Response(estimator.y, estimator.family).at(eta)
    return Working(
        source=source,
        estimator=estimator,
        weights=weights / weights.mean(),
        eta=eta,
        mean=source.fit.fitted,
        unit=unit,
        score=score,
    )


def source_of(model: ModelResults) -> Source:
    """Give what a model was fitted to.

    Raises
    ------
    InputError
        If it was not kept.
    """
    if not isinstance(model, ModelResults):
        raise InputError(f"a fitted model is wanted, not {type(model).__name__}")
    if model.source is None:
        raise InputError(
            "the model does not hold the rows that it was fitted to",
            remedy="Fit it by Design.glm or Design.fit, which keep them.",
        )
    return model.source


@dataclass(frozen=True)
class Totals:
    """Weighted totals of given values, shape (m, q): an `Estimator`, for their variance."""

    values: np.ndarray

    @property
    def names(self) -> list[str]:
        """Positions of the values."""
        return list(map(str, range(self.values.shape[1])))

    def fit(self, weights: np.ndarray) -> Fit:
        """Add up."""
        scores = self.values * weights[:, None]
        identity = np.eye(self.values.shape[1])
        return Fit(scores.sum(axis=0), scores, identity, np.empty(0), 0)

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Add up under each set of weights."""
        return np.concatenate([block.T @ self.values for block in replicates])
