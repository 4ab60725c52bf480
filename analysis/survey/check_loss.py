r"""Weighted quantile regression: the exact minimum of the check function.

The coefficients of the quantile p minimise

.. math:: \sum_i w_i \rho_p(y_i - x_i'b), \quad \rho_p(r) = r (p - 1[r < 0])

(Koenker & Bassett 1978). The minimum is at a vertex: k rows, the *held* ones, are fitted exactly.
From a vertex the simplex goes along the edge that descends fastest - all held rows but one stay
fitted - and on past other vertices to where the loss stops falling, a weighted quantile of the
rows' crossings (Barrodale & Roberts 1973). A step costs a product of the matrix with a vector and
a sort; a fit under replicate weights begins at the vertex of the sample's and takes few.

Where rows lie on a fit beyond the k that it holds, steps could have length zero and go in circles:
the outcome is moved by `JITTER` of its spread while the vertex is looked for, and coefficients are
those of the vertex under the outcome itself. Where the minimum is a whole face, edges are followed
along which the loss stays and the mean of the fitted values falls: of all minima the result is the
one where it is lowest, as `Design.quantile` takes the left end where a distribution is flat.

References
----------
Koenker R, Bassett G (1978). Regression quantiles. Econometrica 46:33-50.
Barrodale I, Roberts FDK (1973). An improved algorithm for discrete l1 linear approximation. SIAM
Journal on Numerical Analysis 10:839-848.
Koenker R (2005). Quantile Regression. Cambridge University Press, chapters 2 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.errors import InputError
from analysis.survey.basis import moving, orthogonal
from analysis.survey.estimation import Fit, each_set
from analysis.survey.products import times

JITTER = 1e-9
"""How far the outcome is moved to part ties, in standard deviations about a least-squares fit."""
FLAT = 1e-12
"""A rate of descent below this part of what all rows could add to it is rounding: none."""
FALLS = 1e-9
"""The same of the mean of the fitted values, along an edge on which the loss is flat."""
PIVOT = 1e-9
"""A row whose fit moves by less than this part of what another's does cannot be held next."""
DEPENDENT = 1e-9
"""Rows of a vertex are dependent if Householder's triangle falls below this part of its largest."""
NEAREST = 1_000
"""Rows nearest to a fit among which the first vertex is sought; all if these do not span."""
EXACT = 1e-12
"""Residuals below this part of the outcome are rounding: a fit of every row, of which the loss is 0
at every quantile."""
MAX_STEPS = 100_000


@dataclass(frozen=True)
class CheckLoss:
    """Quantile regression of given rows: an `Estimator`.

    Parameters
    ----------
    y : array, shape (m,)
    x : array, shape (m, k)
    columns : list of k str
    points : tuple of float
        Quantiles, each with coefficients of its own.
    names : list of str
        Coefficients: those of the first quantile, of the second, ...
    """

    y: np.ndarray
    x: np.ndarray
    columns: list[str]
    points: tuple[float, ...]
    names: list[str]

    def fit(self, weights: np.ndarray) -> Fit:
        """Minimise the loss at each quantile.

        The variance is by replication only: scores and bread are of NaN.

        Raises
        ------
        InputError
            If columns are collinear.
        """
        weights = weights / weights.mean()
        basis, back = orthogonal(self.x, weights, self.columns)
        roots = np.sqrt(weights)
        gamma = np.linalg.lstsq(basis * roots[:, None], self.y * roots, rcond=None)[0]
        params, steps = [], 0
        for point in self.points:
            found = minimum(self.y, basis, weights, point, gamma)
            if found is None:
                raise InputError(f"the columns cannot be told apart at the quantile {point:g}")
            gamma, taken = found
            params.append(back @ gamma)
            steps += taken
        fitted = np.column_stack([times(self.x, each) for each in params])
        return Fit(
            params=np.concatenate(params),
            scores=np.full((len(self.y), 1), np.nan),
            bread=np.full((len(self.names), 1), np.nan),
            fitted=fitted[:, 0] if len(self.points) == 1 else fitted,
            iterations=steps,
        )

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Minimise anew under sets of weights, from `params`; shape (r, k).

        Raises
        ------
        InputError
            If the rows that a set keeps leave columns collinear.
        """
        basis, back = orthogonal(self.x, weights / weights.mean(), self.columns)
        starts = [
            linalg.solve_triangular(back, part) for part in np.split(params, len(self.points))
        ]
        refitted: list[np.ndarray] = []
        for each in each_set(replicates):
            kept = each > 0
            y, rows = self.y[kept], basis[kept]
            own = each[kept] / each[kept].mean()
            parts = []
            for point, start in zip(self.points, starts, strict=True):
                found = minimum(y, rows, own, point, start)
                if found is None:
                    lost = back @ np.linalg.eigh(rows.T @ rows)[1][:, 0]
                    raise InputError(
                        f"the model cannot be fitted under replicate {len(refitted) + 1}: its rows "
                        f"say nothing of {moving(lost, self.x, self.columns)}",
                        remedy="Usually a category that only few PSUs have. Merge categories or "
                        "leave the term out.",
                    )
                parts.append(back @ found[0])
            refitted.append(np.concatenate(parts))
        return np.array(refitted)


def minimum(
    y: np.ndarray, x: np.ndarray, weights: np.ndarray, point: float, start: np.ndarray
) -> tuple[np.ndarray, int] | None:
    """Find the vertex at which the weighted loss is least.

    Parameters
    ----------
    y : array, shape (m,)
    x : array, shape (m, k)
        Columns of a common size, best orthonormal ones.
    weights : array, shape (m,)
        Positive.
    point : float
        Between 0 and 1.
    start : array, shape (k,)
        Coefficients near to which the first vertex is sought.

    Returns
    -------
    coefficients : array, shape (k,)
    steps : int
        None instead of both if the rows do not span the columns.
    """
    residual = y - times(x, start)
    held = _vertex(x, residual)
    if held is None:
        return None
    if np.abs(residual).max() <= EXACT * np.abs(y).max():
        return start, 0
    spread = max(JITTER * residual.std(), 1e-4 * JITTER * np.abs(y).max()) or JITTER
    moved = y + spread * np.random.default_rng(0).uniform(-1, 1, len(y))
    size, mean = np.einsum("i,ij->j", weights, np.abs(x)), np.einsum("i,ij->j", weights, x)
    for step in range(MAX_STEPS):
        inverse = np.linalg.inv(x[held])
        residual = moved - times(x, inverse @ moved[held])
        residual[held] = 0.0
        pull = weights * np.where(residual > 0, point, point - 1)
        pull[held] = 0.0
        gain = np.einsum("i,ij->j", pull, x) @ inverse
        # Up: the fit of a held row rises above it, which costs 1 - p; down costs p.
        rates = np.r_[(1 - point) * weights[held] - gain, point * weights[held] + gain]
        edge = _steepest(rates, np.r_[mean @ inverse, -mean @ inverse], inverse, size)
        if edge is None:
            return inverse @ y[held], step
        leaving = edge % len(held)
        change = times(x, inverse[:, leaving] * (1 if edge < len(held) else -1))
        held[leaving] = _entering(residual, change, weights, rates[edge])
    raise InputError(f"the quantile {point:g} was not found in {MAX_STEPS:,} steps")


def _vertex(x: np.ndarray, residual: np.ndarray) -> np.ndarray | None:
    """Choose k independent rows near the fit: positions, or None if there are none."""
    rows, width = x.shape
    for count in (min(NEAREST * (1 + width // 20), rows), rows):
        near = np.argpartition(np.abs(residual), count - 1)[:count]
        near.sort()
        distance = np.abs(residual[near])
        typical = distance.mean() or 1.0
        share = typical / (distance + 0.1 * typical)
        triangle, order = linalg.qr((x[near] * share[:, None]).T, mode="r", pivoting=True)
        pivots = np.abs(np.diagonal(triangle))
        if len(pivots) == width and pivots[-1] > DEPENDENT * pivots[0]:
            return near[order[:width]]
    return None


def _steepest(
    rates: np.ndarray, means: np.ndarray, inverse: np.ndarray, size: np.ndarray
) -> int | None:
    """Choose the edge along which the loss falls fastest, or stays and the fit falls.

    Parameters
    ----------
    rates, means : array, shape (2k,)
        Changes of the loss and of the sum of the fitted values along the edges.
    inverse : array, shape (k, k)
        Directions of the first k edges, in the columns; the others are their opposites.
    size : array, shape (k,)
        Weighted sums of the columns' absolute values.

    Returns
    -------
    int
        None at the minimum.
    """
    most = np.tile(np.sqrt((inverse**2).sum(axis=0)), 2)
    best = int(np.argmin(rates / most))
    most *= np.sqrt((size**2).sum())
    if rates[best] < -FLAT * most[best]:
        return best
    falls = np.where(rates <= FLAT * most, means / most, 0.0)
    best = int(np.argmin(falls))
    return best if falls[best] < -FALLS else None


def _entering(residual: np.ndarray, change: np.ndarray, weights: np.ndarray, rate: float) -> int:
    """Go along the edge until the loss stops falling; give the row that is reached there."""
    moves = np.abs(change)
    ahead = residual * change > 0
    crossed = np.flatnonzero(ahead & (moves > PIVOT * moves[ahead].max(initial=0.0)))
    when = residual[crossed] / change[crossed]
    order = np.argsort(when, kind="stable")
    rising = np.cumsum((weights * moves)[crossed[order]])
    return int(crossed[order[min(int(np.searchsorted(rising, -rate)), len(order) - 1)]])
