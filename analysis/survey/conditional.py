"""One variable given all others: the two regressions that chained equations draw from.

A continuous variable is matched on its predicted mean, a categorical one is drawn from a
multinomial logit. In both the rows' groups (PSUs within strata) have an effect each.

References
----------
van Buuren S (2018). Flexible Imputation of Missing Data, 2nd ed. CRC Press, algorithms 3.1 to 3.4.
White IR, Daniel R, Royston P (2010). Avoiding bias due to perfect prediction in multiple imputation
of incomplete categorical variables. Computational Statistics & Data Analysis 54:2267-2275.
Gelman A, Jakulin A, Pittau MG, Su YS (2008). A weakly informative default prior distribution for
logistic and other regression models. Annals of Applied Statistics 2:1360-1383.
Frisch R, Waugh FV (1933). Partial time regressions as compared with individual trends. Econometrica
1:387-401.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import linalg, sparse

from analysis.errors import InputError

RIDGE = 1e-8
"""Added to sums of squares, as a part of them: columns that are constant among the rows with the
variable observed can then stay."""
GROUP_SPREAD = 1.0
"""Standard deviation of the prior of a group's effect in a logit, in log odds. A category that
nobody in a group has would give it an effect of minus infinity; those of real PSUs are well within
one unit, and a group of a hundred hardly feels the prior."""
CLOSE = 1e-4
"""Newton's steps end when the square of the last one, in standard errors, is this small on average
over the coefficients: a hundredth of a standard error, which the next would make far smaller."""
STEPS = 100
SMALLEST = 2.0**-30
"""Part of a step below which nothing can be gained but rounding."""

Factor = tuple[np.ndarray, bool]
"""What `scipy.linalg.cho_factor` gives."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows' places, which no chain changes.

    Attributes
    ----------
    group : int array, shape (n,)
        Group of each row, not decreasing: rows are sorted by it.
    starts : int array, shape (g,)
        First row of each group.
    changing : bool array, shape (n,)
        Rows in which a value is missing, so that their columns change from draw to draw.
    """

    group: np.ndarray
    starts: np.ndarray
    changing: np.ndarray

    def totals(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Add columns of some rows up by group, shape (g, q)."""
        ones = np.ones(len(rows))
        at = (self.group[rows], np.arange(len(rows)))
        return sparse.csr_array((ones, at), shape=(len(self.starts), len(rows))) @ columns


@dataclass(frozen=True, eq=False)
class Target:
    """A variable that has missing values.

    Attributes
    ----------
    name : str
    values : array, shape (n,)
        Numbers, or codes of categories from 0; of rows without one, anything.
    observed : bool array, shape (n,)
    predictors : int array
        Columns that are not its own.
    """

    name: str
    values: np.ndarray
    observed: np.ndarray
    predictors: np.ndarray


class Conditional(Protocol):
    """The distribution of one variable given all others."""

    def anchor(self, z: np.ndarray) -> None:
        """Take what all chains may share from the columns of a first chain."""

    def draw(self, z: np.ndarray, rng: np.random.Generator, memory: dict) -> np.ndarray:
        """Draw the missing values, in the order of the rows, given columns of shape (n, p).

        `memory` is the chain's own, for whatever the next draw can begin from.
        """


class MatchedMean:
    r"""Predictive mean matching, type 1: an observed value of a row that is predicted alike.

    Coefficients :math:`\dot\beta` and residual variance :math:`\dot\sigma^2` are drawn from their
    posterior under a flat prior (algorithm 3.1). Rows without a value, predicted by
    :math:`\dot\beta`, take that of one of the `donors` rows nearest by :math:`\hat\beta`, each with
    the same chance (algorithm 3.3). Groups have fixed effects. Least squares on deviations from
    group means gives the same slopes (Frisch & Waugh 1933), and given these the effects are
    independent: group means of what is left, with variance :math:`\dot\sigma^2 / n_g`. A group
    without an observed value has the mean effect.

    Parameters
    ----------
    target : Target
    rows : Rows
    z : array, shape (n, p)
        Columns, of which only those of changing rows will change.
    donors : int
    """

    def __init__(self, target: Target, rows: Rows, z: np.ndarray, donors: int) -> None:
        self.target, self.rows, self.donors = target, rows, donors
        self.seen, self.missing = np.flatnonzero(target.observed), np.flatnonzero(~target.observed)
        y = target.values[self.seen]
        self.centre, self.scale = float(y.mean()), float(y.std()) or 1.0
        self.counts = np.bincount(rows.group[self.seen], minlength=len(rows.starts))
        fixed = self.seen[~rows.changing[self.seen]]
        self.moving = self.seen[rows.changing[self.seen]]
        sides = self._sides(z, fixed)
        self.squares, self.sums = sides.T @ sides, rows.totals(fixed, sides)
        self.df = len(self.seen) - len(target.predictors) - int((self.counts > 0).sum())
        if self.df < 1:
            raise InputError(
                f"{target.name} has {len(self.seen):,} values, too few to be predicted by "
                f"{len(target.predictors)} columns and {int((self.counts > 0).sum())} groups",
                remedy="Take fewer variables, or leave the groups out.",
            )

    def anchor(self, z: np.ndarray) -> None:
        """Take nothing: every draw is exact."""

    def draw(self, z: np.ndarray, rng: np.random.Generator, memory: dict) -> np.ndarray:
        """Draw as `Conditional` says."""
        moving = self._sides(z, self.moving)
        sums = self.sums + self.rows.totals(self.moving, moving)
        roots = sums / np.sqrt(np.maximum(self.counts, 1))[:, None]
        within = self.squares + moving.T @ moving - roots.T @ roots
        xx, xy, yy = within[:-1, :-1], within[:-1, -1], within[-1, -1]
        ridge = RIDGE * np.diag(xx)
        lower = linalg.cholesky(xx + np.diag(np.where(ridge > 0, ridge, 1.0)), lower=True)
        hat = linalg.cho_solve((lower, True), xy)
        sigma = np.sqrt(max(yy - hat @ xy, 0.0) / rng.chisquare(self.df))
        noise = rng.standard_normal(len(hat))
        drawn = hat + sigma * linalg.solve_triangular(lower, noise, lower=True, trans="T")
        spread = sigma * rng.standard_normal(len(self.counts))
        means = sums / np.maximum(self.counts, 1)[:, None]
        near = self._predicted(z, self.seen, hat, means, np.zeros(len(spread)))
        wanted = self._predicted(z, self.missing, drawn, means, spread)
        donors = matched(near, wanted, self.donors, rng)
        return self.target.values[self.seen[donors]]

    def _sides(self, z: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Give predictors and, last, the standardised variable."""
        y = (self.target.values[rows] - self.centre) / self.scale
        return np.column_stack([z[rows][:, self.target.predictors], y])

    def _predicted(
        self,
        z: np.ndarray,
        rows: np.ndarray,
        slopes: np.ndarray,
        means: np.ndarray,
        spread: np.ndarray,
    ) -> np.ndarray:
        effects = means[:, -1] - means[:, :-1] @ slopes
        effects += spread / np.sqrt(np.maximum(self.counts, 1))
        if (self.counts == 0).any():
            effects[self.counts == 0] = np.average(effects, weights=self.counts)
        of_all = np.zeros(z.shape[1])
        of_all[self.target.predictors] = slopes
        return (z @ of_all)[rows] + effects[self.rows.group[rows]]


def matched(
    near: np.ndarray, wanted: np.ndarray, donors: int, rng: np.random.Generator
) -> np.ndarray:
    """Choose one of the nearest donors for each value wanted.

    Parameters
    ----------
    near : array, shape (d,)
        Predictions of those who have a value.
    wanted : array, shape (m,)
        Predictions of those who lack it.
    donors : int
        How many of the nearest have the same chance; all if there are not so many.
    rng : Generator
        Also decides between predictions that are equal.

    Returns
    -------
    int array, shape (m,)
        Positions in `near`.
    """
    shuffled = rng.permutation(len(near))
    order = shuffled[np.argsort(near[shuffled], kind="stable")]
    ranked = near[order]
    k = min(donors, len(near))
    # The k nearest are neighbours in rank: of k below and k above where the value would stand.
    first = np.clip(np.searchsorted(ranked, wanted) - k, 0, max(len(near) - 2 * k, 0))
    window = first[:, None] + np.arange(min(2 * k, len(near)))
    distance = np.abs(ranked[window] - wanted[:, None])
    nearest = np.argpartition(distance, k - 1, axis=1)[:, :k]
    choice = nearest[np.arange(len(wanted)), rng.integers(0, k, len(wanted))]
    return order[window[np.arange(len(wanted)), choice]]


class CategoryLogit:
    """A multinomial logit: a category drawn with the probabilities of drawn coefficients.

    Coefficients are drawn from the normal approximation of their posterior (algorithm 3.4, for
    several categories). Against perfect prediction there are a few more rows (White et al. 2010):
    for each column two, one standard deviation above and below its mean with all others at theirs,
    shared out evenly between the categories, their weights adding up to the columns plus one. The
    effects of groups have a normal prior instead (see `GROUP_SPREAD`), since a group is too small
    a part of all rows for such additions to hold its effect.

    The mode is found anew in every draw, to a hundredth of a standard error; the information, for
    its steps and for the draw, is that at the mode of a first chain, and taken anew where steps
    with it go astray. Chains differ in the few values that they impute, and the information by
    less than the normal distribution differs from the posterior.

    Parameters
    ----------
    target : Target
    rows : Rows
    categories : int
        At least 2, each observed.
    """

    def __init__(self, target: Target, rows: Rows, categories: int) -> None:
        self.target, self.rows = target, rows
        self.missing = np.flatnonzero(~target.observed)
        codes = np.where(target.observed, target.values, -1)
        self.ones = (codes == np.arange(1, categories)[:, None]).astype(float)
        self.weight = target.observed.astype(float)
        columns = len(target.predictors)
        self.shape = (categories - 1, 1 + columns + len(rows.starts))
        # Columns are standardised: their means are 0 and their standard deviations 1.
        self.added = np.column_stack(
            [np.ones(2 * columns), np.vstack([np.eye(columns), -np.eye(columns)])]
        )
        self.added_weight = (columns + 1) / max(2 * columns, 1)
        self.mode = np.zeros(self.shape)
        self.factor: Factor | None = None

    def anchor(self, z: np.ndarray) -> None:
        """Take mode and information from the columns of a first chain."""
        mode, _ = self._find(z, self.mode, None)
        self.mode, self.factor = mode, self._information(z, mode)

    def draw(self, z: np.ndarray, rng: np.random.Generator, memory: dict) -> np.ndarray:
        """Draw as `Conditional` says."""
        start, factor = memory.get(self.target.name, (self.mode, self.factor))
        mode, factor = self._find(z, start, factor)
        memory[self.target.name] = (mode, factor)
        noise = rng.standard_normal(mode.size)
        lower = factor[0]
        step = linalg.solve_triangular(lower, noise, lower=True, trans="T", check_finite=False)
        drawn = mode + step.reshape(self.shape)
        slopes, effects = self._split(drawn)
        predicted = slopes[:, 1:] @ z[self.missing][:, self.target.predictors].T + slopes[:, :1]
        chances = _shares(predicted + effects[:, self.rows.group[self.missing]])
        base = 1 - chances.sum(axis=0)
        steps = np.cumsum(np.vstack([base, chances[:-1]]), axis=0)
        return (rng.random(len(self.missing)) > steps).sum(axis=0)

    def _split(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Separate intercept and slopes from the effects of groups."""
        columns = 1 + len(self.target.predictors)
        return coefficients[:, :columns], coefficients[:, columns:]

    def _probabilities(self, z: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        """Give probabilities of all categories but the first, shape (k - 1, n)."""
        slopes, effects = self._split(coefficients)
        of_all = np.zeros((len(slopes), z.shape[1]))
        of_all[:, self.target.predictors] = slopes[:, 1:]
        return _shares(of_all @ z.T + (effects + slopes[:, :1])[:, self.rows.group])

    def _gradient(self, z: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        left = (self.ones - self._probabilities(z, coefficients)) * self.weight
        by_group = np.add.reduceat(left, self.rows.starts, axis=1)
        slopes, effects = self._split(coefficients)
        gradient = np.column_stack(
            [
                by_group.sum(axis=1),
                (left @ z)[:, self.target.predictors],
                by_group - effects / GROUP_SPREAD**2,
            ]
        )
        share = self.added_weight / (len(slopes) + 1)
        expected = self.added_weight * _shares(slopes @ self.added.T)
        gradient[:, : slopes.shape[1]] += (share - expected) @ self.added
        return gradient

    def _information(self, z: np.ndarray, coefficients: np.ndarray) -> Factor:
        slopes, _ = self._split(coefficients)
        x = np.column_stack([np.ones(len(z)), z[:, self.target.predictors]])
        chances = self._probabilities(z, coefficients)
        added = _shares(slopes @ self.added.T)
        logits, columns, size = len(slopes), slopes.shape[1], self.shape[1]
        blocks = np.zeros((logits, size, logits, size))
        for a in range(logits):
            for b in range(a + 1):
                weight = chances[a] * ((a == b) - chances[b]) * self.weight
                more = self.added_weight * added[a] * ((a == b) - added[b])
                weighted = x * weight[:, None]
                totals = np.add.reduceat(weighted, self.rows.starts, axis=0)
                block = np.zeros((size, size))
                block[:columns, :columns] = x.T @ weighted
                block[:columns, :columns] += (self.added.T * more) @ self.added
                block[columns:, :columns] = totals
                block[:columns, columns:] = totals.T
                block[columns:, columns:] = np.diag(totals[:, 0] + (a == b) / GROUP_SPREAD**2)
                blocks[a, :, b, :] = block
                blocks[b, :, a, :] = block
        matrix = blocks.reshape(logits * size, logits * size)
        return linalg.cho_factor(matrix, lower=True, check_finite=False)

    def _value(self, z: np.ndarray, coefficients: np.ndarray) -> float:
        """Give the logarithm of the posterior density, but for a constant."""
        slopes, effects = self._split(coefficients)
        chances = self._probabilities(z, coefficients)
        kinds = np.vstack([self.weight - self.ones.sum(axis=0), self.ones])
        found = float((kinds * _log_shares(chances)).sum())
        added = _log_shares(_shares(slopes @ self.added.T)).sum()
        found += self.added_weight / (len(slopes) + 1) * float(added)
        return found - float((effects**2).sum()) / (2 * GROUP_SPREAD**2)

    def _find(
        self, z: np.ndarray, start: np.ndarray, factor: Factor | None
    ) -> tuple[np.ndarray, Factor]:
        """Find the posterior mode, by Newton's steps with a known information if there is one.

        The posterior is concave: steps with its own information, halved until they lead upwards,
        get there from anywhere.
        """
        coefficients, before = start, np.inf
        for _ in range(STEPS):
            gradient = self._gradient(z, coefficients).ravel()
            step, length = np.empty(0), np.inf
            if factor is not None:
                step = linalg.cho_solve(factor, gradient, check_finite=False)
                length = float(gradient @ step)
            share = 1.0
            if factor is None or length > before / 4:
                factor = self._information(z, coefficients)
                step = linalg.cho_solve(factor, gradient, check_finite=False)
                length = float(gradient @ step)
                share = self._share(z, coefficients, step.reshape(self.shape), length)
            coefficients = coefficients + share * step.reshape(self.shape)
            if length <= CLOSE * len(step):
                return coefficients, factor
            before = length
        raise InputError(
            f"the logit of {self.target.name} given all others has no solution after {STEPS} steps",
            remedy="Join its rare categories, or take fewer variables.",
        )

    def _share(
        self, z: np.ndarray, coefficients: np.ndarray, step: np.ndarray, length: float
    ) -> float:
        """Halve a step until it gains a tenth of what a parabola would (Armijo's rule)."""
        value, share = self._value(z, coefficients), 1.0
        while self._value(z, coefficients + share * step) < value + 0.1 * share * length:
            share /= 2
            if share < SMALLEST:
                break
        return share


def _shares(predicted: np.ndarray) -> np.ndarray:
    """Turn log odds against the first category into probabilities, shape (k - 1, n)."""
    highest = np.maximum(predicted.max(axis=0), 0.0)
    odds = np.exp(predicted - highest)
    return odds / (np.exp(-highest) + odds.sum(axis=0))


def _log_shares(chances: np.ndarray) -> np.ndarray:
    """Take logarithms of the probabilities of all categories, from those but the first."""
    return np.log(np.maximum(np.vstack([1 - chances.sum(axis=0), chances]), 1e-300))
