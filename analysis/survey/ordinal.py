r"""Weighted maximum pseudo-likelihood of the proportional-odds logit.

With ordered categories 1 to J, :math:`\mathrm{logit} P(y_i \le k) = \zeta_k - x_i' b` for the
J - 1 thresholds :math:`\zeta_1 < \dots < \zeta_{J-1}`: a positive slope makes higher categories
likelier, and exp(b) is the ratio of the odds of being above any threshold. An observation lies
between the limits :math:`l = \zeta_{y-1} - x'b` and :math:`u = \zeta_y - x'b`, with probability
:math:`\Lambda(u) - \Lambda(l)`, the logarithm of which is

.. math:: \log\Lambda(u) + \log\Lambda(-l) + \log(1 - e^{l - u}),

a sum without cancellation. The information is minus its observed second derivatives.

References
----------
McCullagh P (1980). Regression models for ordinal data. Journal of the Royal Statistical Society B
42:109-142.
Pratt JW (1981). Concavity of the log likelihood. Journal of the American Statistical Association
76:103-106.
Brant R (1990). Assessing proportionality in the proportional odds model for ordinal logistic
regression. Biometrics 46:1171-1178.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from scipy.special import expit

from analysis.errors import InputError
from analysis.survey.basis import orthogonal
from analysis.survey.categories import refuse_empty
from analysis.survey.estimation import Fit
from analysis.survey.multinomial import MOVING, SEPARATED, Multinomial
from analysis.survey.newton import Maximum, maximise, maximise_each
from analysis.survey.products import cross, times

THRESHOLDS = "the thresholds"
SURE = 1 - 1e-5
"""Probability above which a runaway model is said to tell a category outright."""


@dataclass(frozen=True)
class ProportionalOdds:
    """A proportional-odds logit of given rows: an `Estimator`.

    Parameters
    ----------
    y : int array, shape (m,)
        Codes of categories, 0 to J - 1, each with a row.
    x : array, shape (m, p)
        Without an intercept, the place of which the thresholds take.
    columns : list of p str
    categories : list of J str
        In order.
    """

    y: np.ndarray
    x: np.ndarray
    columns: list[str]
    categories: list[str]

    @property
    def thresholds(self) -> list[str]:
        """Names of the thresholds, such as ``"low|mid"``."""
        return [f"{a}|{b}" for a, b in zip(self.categories, self.categories[1:], strict=False)]

    @property
    def names(self) -> list[str]:
        """Slopes, then thresholds."""
        return [*self.columns, *self.thresholds]

    @np.errstate(over="ignore")  # exp() of what lies between thresholds far apart
    def fit(self, weights: np.ndarray) -> Fit:
        """Estimate by Newton's iterations from the model without slopes.

        Raises
        ------
        InputError
            If columns are collinear, among themselves or with a constant, or separate the outcome.
        """
        weights = weights / weights.mean()
        intervals, change = self._intervals(weights)
        shares = np.cumsum(np.bincount(self.y, weights))[:-1] / weights.sum()
        start = np.zeros(len(change))
        start[: len(shares)] = np.log(shares / (1 - shares))
        found = maximise(intervals, weights, start)
        if found.stray is not None:
            raise InputError(
                "the model does not converge: its coefficients run away in "
                f"{self._moving(found, intervals, change)}",
                remedy=SEPARATED,
            )
        information = intervals.derivatives(found.predictors, weights)[1]
        return Fit(
            params=change @ found.theta,
            scores=intervals.scores(found.predictors, weights),
            bread=linalg.solve(information, change.T, assume_a="pos").T,
            fitted=intervals.probabilities(found.predictors),
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
        intervals, change = self._intervals(weights / weights.mean())
        start = np.linalg.solve(change, params)
        thetas = maximise_each(
            intervals, replicates, start, self._check,
            lambda found: self._moving(found, intervals, change), SEPARATED,
        )  # fmt: skip
        return np.array([change @ theta for theta in thetas])

    def _check(self, weights: np.ndarray, which: str) -> None:
        refuse_empty(self.y, weights, self.categories, which)

    def deviance(self, fit: Fit, weights: np.ndarray) -> float:
        """Minus twice the log pseudo-likelihood; see `estimation.Likelihood`."""
        intervals, change = self._intervals(weights)
        theta = np.linalg.solve(change, fit.params)
        return -2 * intervals.value(intervals.predictors(theta), weights)

    def information(self, fit: Fit, weights: np.ndarray) -> np.ndarray:
        """Give a root of the information (observed); see `estimation.Likelihood`."""
        intervals, change = self._intervals(weights)
        undo = np.linalg.inv(change)
        squares = intervals.derivatives(intervals.predictors(undo @ fit.params), weights)[1]
        return np.asarray(np.linalg.qr(linalg.cholesky(squares) @ undo, mode="r"))

    def without(self, names: Collection[str]) -> ProportionalOdds:
        """Give the model that lacks some slopes."""
        if set(names) & set(self.thresholds):
            raise InputError("a model of ordered categories cannot be without a threshold")
        kept = [column not in names for column in self.columns]
        columns = [column for column, stays in zip(self.columns, kept, strict=True) if stays]
        return replace(self, x=self.x[:, kept], columns=columns)

    def _intervals(self, weights: np.ndarray) -> tuple[_Intervals, np.ndarray]:
        """Give the likelihood in a basis orthogonal to a constant, and the way back from it.

        The basis is x shifted and turned, ``q = x @ turn + shift``, so that the slopes are
        ``turn @ g`` and each threshold is that of the basis less ``shift @ g``.
        """
        constant = np.ones((len(self.x), 1))
        basis, back = orthogonal(
            np.hstack([constant, self.x]), weights, [THRESHOLDS, *self.columns]
        )
        turn, shift = back[1:, 1:], back[0, 1:]
        size, p = len(self.thresholds), len(turn)
        change = np.zeros((p + size, size + p))
        change[:p, size:] = turn
        change[p:, :size] = np.eye(size)
        change[p:, size:] = -shift
        return _Intervals(basis[:, 1:], self.y, size), change

    def _moving(self, found: Maximum, intervals: _Intervals, change: np.ndarray) -> str:
        """Name the columns that run away, and the categories that they come to tell outright."""
        p = len(self.columns)
        moved = np.abs((change @ found.stray)[:p]) * self.x.std(axis=0)
        if not moved.max(initial=0.0) > 0:
            return THRESHOLDS
        columns = [self.columns[j] for j in np.flatnonzero(moved > MOVING * moved.max()).tolist()]
        chances = intervals.probabilities(found.predictors)[np.arange(len(self.y)), self.y]
        told = [repr(self.categories[j]) for j in np.unique(self.y[chances > SURE]).tolist()]
        named = f" (telling {', '.join(told)} outright)" if told else ""
        return f"{', '.join(map(repr, columns))}{named}"


@dataclass(frozen=True)
class _Intervals:
    """The likelihood in an orthogonal basis; parameters are thresholds, then slopes."""

    basis: np.ndarray
    y: np.ndarray
    size: int

    def predictors(self, theta: np.ndarray) -> np.ndarray:
        """Give each threshold less the row's linear predictor, shape (m, J - 1)."""
        return theta[: self.size] - times(self.basis, theta[self.size :])[:, None]

    def value(self, predictors: np.ndarray, weights: np.ndarray) -> float:
        lower, upper = self._limits(predictors)
        if not (upper > lower).all():
            return -np.inf
        gap = np.log(-np.expm1(lower - upper))
        return float(weights @ (gap - np.logaddexp(0, -upper) - np.logaddexp(0, lower)))

    def derivatives(
        self, predictors: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = self._limits(predictors)
        odds = 1 / np.expm1(upper - lower)
        within = weights * odds * (1 + odds)
        by_upper = weights * expit(upper) * expit(-upper)
        by_lower = weights * expit(lower) * expit(-lower)
        size, y = self.size, self.y
        information = np.empty((size + self.basis.shape[1],) * 2)
        # A row's limits are thresholds y - 1 and y; the first and last category have one each.
        at_upper = np.bincount(y, by_upper + within, minlength=size + 1)[:size]
        at_lower = np.bincount(y, by_lower + within, minlength=size + 1)[1:]
        between = np.bincount(y, within, minlength=size + 1)[1:size]
        information[:size, :size] = (
            np.diag(at_upper + at_lower) - np.diag(between, 1) - np.diag(between, -1)
        )
        limits = self._spread(by_lower, by_upper)
        information[:size, size:] = -np.einsum("mj,mp->jp", limits, self.basis)
        information[size:, :size] = information[:size, size:].T
        information[size:, size:] = cross(self.basis, by_upper + by_lower)[0]
        return self.scores(predictors, weights).sum(axis=0), information

    def scores(self, predictors: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Give the weighted scores, shape (m, k)."""
        lower, upper = self._limits(predictors)
        odds = 1 / np.expm1(upper - lower)
        by_lower = -weights * (expit(lower) + odds)
        by_upper = weights * (expit(-upper) + odds)
        thresholds = self._spread(by_lower, by_upper)
        return np.hstack([thresholds, -self.basis * thresholds.sum(axis=1)[:, None]])

    def probabilities(self, predictors: np.ndarray) -> np.ndarray:
        """Give those of all categories, shape (m, J)."""
        below = expit(predictors)
        return np.diff(below, axis=1, prepend=0.0, append=1.0)

    def _limits(self, predictors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the lower and the upper limit of each row, infinite at the ends."""
        rows, y = np.arange(len(self.y)), self.y
        lower = np.where(y > 0, predictors[rows, np.maximum(y - 1, 0)], -np.inf)
        upper = np.where(y < self.size, predictors[rows, np.minimum(y, self.size - 1)], np.inf)
        return lower, upper

    def _spread(self, by_lower: np.ndarray, by_upper: np.ndarray) -> np.ndarray:
        """Put what belongs to a row's limits under their thresholds, shape (m, J - 1)."""
        spread = np.zeros((len(self.y), self.size + 2))
        rows = np.arange(len(self.y))
        spread[rows, self.y] = by_lower
        spread[rows, self.y + 1] = by_upper
        return spread[:, 1:-1]


@dataclass(frozen=True)
class CumulativeLogits:
    """The J - 1 binary logits of being above each category, estimated together: an `Estimator`.

    Parameters are those of `ProportionalOdds`. Each has an intercept and slopes of its own.
    """

    y: np.ndarray
    x: np.ndarray
    columns: list[str]
    categories: list[str]

    @property
    def logits(self) -> list[Multinomial]:
        """One model a threshold."""
        x = np.hstack([np.ones((len(self.x), 1)), self.x])
        columns = ["Intercept", *self.columns]
        return [
            Multinomial((self.y > j).astype(np.intp), x, columns, [f"<= {label}", f"> {label}"], 0)
            for j, label in enumerate(self.categories[:-1])
        ]

    @property
    def names(self) -> list[str]:
        """Coefficients, a threshold after the other."""
        return [name for logit in self.logits for name in logit.names]

    def fit(self, weights: np.ndarray) -> Fit:
        """Estimate each; together they have one row of scores for each row of the sample."""
        fits = [logit.fit(weights) for logit in self.logits]
        return Fit(
            params=np.concatenate([fit.params for fit in fits]),
            scores=np.hstack([fit.scores for fit in fits]),
            bread=linalg.block_diag(*(fit.bread for fit in fits)),
            fitted=np.column_stack([fit.fitted[:, 1] for fit in fits]),
            iterations=max(fit.iterations for fit in fits),
        )

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Estimate each anew under each set of weights."""
        sets = list(replicates)
        parts = params.reshape(len(self.categories) - 1, -1)
        logits = zip(self.logits, parts, strict=True)
        return np.hstack([logit.refit(weights, part, sets) for logit, part in logits])
