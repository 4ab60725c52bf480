r"""Weighted partial likelihood of Cox's proportional hazards.

With weights w, relative hazards :math:`r_i = \exp(x_i'b)` and, at each time t of events, the
risk set R and the d rows D that have the event, of weight :math:`W = \sum_D w_i`, the logarithm of
the likelihood is

.. math:: \sum_t \Big[ \sum_{i \in D} w_i x_i'b - \frac{W}{d} \sum_{j=0}^{d-1}
          \log\Big( \sum_{i \in R} w_i r_i - \frac{j}{d} \sum_{i \in D} w_i r_i \Big) \Big]

under Efron's rule for ties; Breslow's leaves the second sum out. A term of it has the mean
:math:`\bar x_{tj}` of x under the weights within its logarithm, and the hazard :math:`h_{tj}`, W/d
over what the logarithm is of. The score of row i is then

.. math:: w_i \Big[ \delta_i (x_i - \bar x_{t_i}) - r_i \sum_{t, j} c_{itj} h_{tj}
          (x_i - \bar x_{tj}) \Big]

over the times at which it is at risk, with c 1 but 1 - j/d at the row's own event, and
:math:`\bar x_t` the mean over j. It is the weight times the derivative by it of the likelihood's
gradient, so that the scores linearise the coefficients exactly (Binder 1992; Lin & Wei 1989 without
weights). R's ``svycoxph`` has the same.

The d of Efron's rule counts rows, whatever their weights: under replicate weights it stays that of
the sample. The estimate is then a smooth function of the weights, and R's, which adds 1e-10 to
each weight, is its value to ten digits.

References
----------
Cox DR (1972). Regression models and life-tables. Journal of the Royal Statistical Society B
34:187-220.
Efron B (1977). The efficiency of Cox's likelihood function for censored data. Journal of the
American Statistical Association 72:557-565.
Breslow N (1974). Covariance analysis of censored survival data. Biometrics 30:89-99.
Lin DY, Wei LJ (1989). The robust inference for the Cox proportional hazards model. Journal of the
American Statistical Association 84:1074-1078.
Binder DA (1992). Fitting Cox's proportional hazards models from survey data. Biometrika
79:139-147.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy import linalg

from analysis.errors import InputError
from analysis.survey.basis import COLLINEAR, moving, orthogonal
from analysis.survey.estimation import Fit
from analysis.survey.newton import maximise, maximise_each
from analysis.survey.products import cross, times
from analysis.survey.risksets import RiskSets

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True)
class Terms:
    """What the logarithms of the likelihood are of, a term each.

    Parameters
    ----------
    point : int array, shape (q,)
        Point (time of events) of each term.
    part : array, shape (q,)
        j/d: how much of those with the event is left out of it.
    share : array, shape (q,)
        1/d, or 1 for Breslow's only term.
    """

    point: np.ndarray
    part: np.ndarray
    share: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each point's terms begin, shape (t,): every point has one."""
        return np.flatnonzero(np.diff(self.point, prepend=-1))


@dataclass(frozen=True)
class State:
    """Parts of the likelihood at coefficients.

    Parameters
    ----------
    weight : array, shape (q,)
        Of each term.
    mean : array, shape (q, k)
        Of the columns, in each term.
    hazard : array, shape (q,)
    risk, share : array, shape (m,)
        Relative hazards, and the cumulative hazard of a relative hazard of 1.
    """

    weight: np.ndarray
    mean: np.ndarray
    hazard: np.ndarray
    risk: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class CoxPH:
    """Proportional hazards of given rows: an `Estimator`.

    Parameters
    ----------
    x : array, shape (m, k)
    names : list of k str
        Columns of `x`.
    sets : RiskSets
    stratum : int array, shape (m,)
        Codes from 0.
    ties : {"efron", "breslow"}
    """

    x: np.ndarray
    names: list[str]
    sets: RiskSets
    stratum: np.ndarray
    ties: Ties

    @cached_property
    def terms(self) -> Terms:
        """Terms of the likelihood under the rule for ties."""
        sets = self.sets
        if self.ties == "breslow":
            return Terms(np.arange(sets.count), np.zeros(sets.count), np.ones(sets.count))
        died = np.bincount(sets.point, minlength=sets.count)
        point = np.repeat(np.arange(sets.count), died)
        before = np.cumsum(died) - died
        return Terms(point, (np.arange(len(point)) - before[point]) / died[point], 1 / died[point])

    def fit(self, weights: np.ndarray) -> Fit:
        """Maximise the likelihood by Newton's method.

        Raises
        ------
        InputError
            If columns are collinear or constant within strata, or the likelihood has no maximum.
        """
        weights = weights / weights.mean()
        basis, back = self._basis(weights)
        partial = Partial(self, basis)
        found = maximise(partial, weights, np.zeros(len(back)))
        if found.stray is not None:
            raise InputError(
                "the model does not converge: its coefficients run away in "
                f"{moving(back @ found.stray, self.x, self.names)}",
                remedy="Usually a category in which nobody has the event, or everybody before the "
                "others (a monotone likelihood). Merge categories or leave the term out.",
            )
        state = partial.state(found.predictors, weights)
        _, information = partial.of_state(state, weights)
        return Fit(
            params=back @ found.theta,
            scores=partial.scores(state, weights),
            bread=linalg.solve(information, back.T, assume_a="pos").T,
            fitted=np.empty(0),
            iterations=found.iterations,
        )

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Maximise anew under sets of weights, from `params`; shape (r, k).

        Raises
        ------
        InputError
            If the likelihood has no maximum under one of them.
        """
        basis, back = self._basis(weights / weights.mean())
        partial, start = Partial(self, basis), linalg.solve_triangular(back, params)
        thetas = maximise_each(
            partial, replicates, start, self._check,
            lambda found: moving(back @ np.asarray(found.stray), self.x, self.names),
            "Usually a category that only few PSUs have. Merge categories or leave the term out.",
        )  # fmt: skip
        return np.array([back @ theta for theta in thetas])

    def _check(self, weights: np.ndarray, which: str) -> None:
        if not (weights[self.sets.died] > 0).any():
            raise InputError(f"{which}: nobody of positive weight has the event")

    def deviance(self, fit: Fit, weights: np.ndarray) -> float:
        """Minus twice the log partial likelihood; see `estimation.Likelihood`."""
        partial = Partial(self, self.x)
        return -2 * partial.value(partial.predictors(fit.params), weights)

    def information(self, fit: Fit, weights: np.ndarray) -> np.ndarray:
        """Give a root of the information; see `estimation.Likelihood`."""
        basis, back = self._basis(weights)
        partial, undo = Partial(self, basis), np.linalg.inv(back)
        squares = partial.derivatives(partial.predictors(undo @ fit.params), weights)[1]
        return np.asarray(linalg.cholesky(squares) @ undo)

    def without(self, names: Collection[str]) -> CoxPH:
        """Give the model that lacks some columns."""
        kept = [name not in names for name in self.names]
        left = [name for name in self.names if name not in names]
        return replace(self, x=self.x[:, kept], names=left)

    def cumulative_hazard(self, weights: np.ndarray, params: np.ndarray) -> np.ndarray:
        """Give the baseline hazard, covariates all 0, cumulative over each stratum's points.

        Breslow's estimator, or Efron's under his rule for ties; shape (t,).
        """
        log_risk = self.x @ params
        top = log_risk.max()
        hazard = self.hazard(weights * np.exp(log_risk - top), weights)[0] * np.exp(-top)
        jumps = pd.Series(self.by_point(hazard))
        return jumps.groupby(self.sets.stratum).cumsum().to_numpy()

    def _basis(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Make an orthonormal basis of the columns, centred, over the rows ever at risk.

        A constant within strata cancels from the likelihood, and rows that are at risk at no event
        have no part in it: columns that differ by these only cannot be told apart.
        """
        ever = self.sets.ever
        weights = np.where(ever, weights, 0.0)
        strata = int(self.stratum.max()) + 1
        size = np.bincount(self.stratum, weights, minlength=strata)
        centred = np.zeros_like(self.x)
        for j, column in enumerate(self.x.T):
            total = np.bincount(self.stratum, weights * column, minlength=strata)
            mean = np.divide(total, size, out=np.zeros(strata), where=size > 0)
            centred[ever, j] = (column - mean[self.stratum])[ever]
        length, left = (np.sqrt(weights @ each**2) for each in (self.x, centred))
        flat = np.flatnonzero(left <= COLLINEAR * length)
        if len(flat):
            raise InputError(
                f"column '{self.names[flat[0]]}' is the same for all who are at risk together",
                remedy="The baseline hazard takes up what differs between strata only, and an "
                "intercept: leave it out.",
            )
        return orthogonal(centred, weights, self.names)

    def hazard(
        self, risk: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give each term's hazard, weight and logarithm, shape (q,).

        Parameters
        ----------
        risk, weights : array, shape (m,)
            Weighted relative hazards, and the weights.
        """
        sets, terms = self.sets, self.terms
        died = sets.of_died(risk[sets.died])
        size = sets.at_risk(risk)[terms.point] - terms.part * died[terms.point]
        weight = terms.share * sets.of_died(weights[sets.died])[terms.point]
        # A set of replicate weights may leave out all who have the event at a time.
        hazard = np.divide(weight, size, out=np.zeros_like(size), where=weight > 0)
        log = np.log(size, out=np.zeros_like(size), where=weight > 0)
        return hazard, weight, log

    def by_point(self, values: np.ndarray) -> np.ndarray:
        """Add values of the terms, shape (q,) or (q, p), at each point."""
        return np.add.reduceat(values, self.terms.starts)

    def over_run(self, values: np.ndarray) -> np.ndarray:
        """Add the values of the terms in which each row is, as far as it is in them."""
        sets, terms = self.sets, self.terms
        out = sets.over_run(self.by_point(values))
        own = self.by_point((values.T * terms.part).T)
        out[sets.died] -= own[sets.point]
        return out


@dataclass(frozen=True)
class Partial:
    """The partial likelihood in a basis of the columns: a `newton.Likelihood`.

    Parameters
    ----------
    model : CoxPH
    basis : array, shape (m, k)
    """

    model: CoxPH
    basis: np.ndarray

    def predictors(self, theta: np.ndarray) -> np.ndarray:
        """Give the logarithms of the relative hazards, shape (m,)."""
        return times(self.basis, theta)

    @np.errstate(under="ignore", divide="ignore", invalid="ignore")
    def value(self, predictors: np.ndarray, weights: np.ndarray) -> float:
        """Give the logarithm of the likelihood; minus infinity where it has underflown."""
        died = self.model.sets.died
        top = self._top(predictors)
        _, weight, log = self.model.hazard(weights * np.exp(predictors - top), weights)
        result = (weights[died] * (predictors[died] - top)).sum() - (weight * log).sum()
        return float(result) if np.isfinite(result) else -np.inf

    def derivatives(
        self, predictors: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the gradient, shape (k,), and the information, shape (k, k)."""
        return self.of_state(self.state(predictors, weights), weights)

    @np.errstate(under="ignore", divide="ignore", invalid="ignore")
    def state(self, predictors: np.ndarray, weights: np.ndarray) -> State:
        """Find what derivatives and scores are made of."""
        model, sets, terms = self.model, self.model.sets, self.model.terms
        risk = np.exp(predictors - self._top(predictors))
        hazard, weight, _ = model.hazard(weights * risk, weights)
        columns = self.basis * (weights * risk)[:, None]
        inside = sets.at_risk(columns)[terms.point]
        inside -= terms.part[:, None] * sets.of_died(columns[sets.died])[terms.point]
        one_over = np.divide(hazard, weight, out=np.zeros_like(weight), where=weight > 0)
        return State(weight, inside * one_over[:, None], hazard, risk, model.over_run(hazard))

    def of_state(self, state: State, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the derivatives at a state."""
        died = self.model.sets.died
        seen = np.einsum("i,ij->j", weights[died], self.basis[died])
        expected = np.einsum("i,ij->j", state.weight, state.mean)
        around_zero, _ = cross(self.basis, weights * state.risk * state.share)
        of_means, _ = cross(state.mean, state.weight)
        return seen - expected, around_zero - of_means

    def scores(self, state: State, weights: np.ndarray) -> np.ndarray:
        """Give each row's weighted score, shape (m, k)."""
        model, sets = self.model, self.model.sets
        drift = model.over_run(state.mean * state.hazard[:, None])
        scores = (drift - self.basis * state.share[:, None]) * state.risk[:, None]
        expected = model.by_point(state.mean * model.terms.share[:, None])
        scores[sets.died] += self.basis[sets.died] - expected[sets.point]
        return scores * weights[:, None]

    def _top(self, predictors: np.ndarray) -> float:
        """Give the largest predictor of those ever at risk: relative hazards begin from there."""
        return float(predictors[self.model.sets.ever].max())
