r"""Many models that differ little from one another, each begun at the solution of the one before.

The models of a specification curve share their people and most of their columns. Three things that
`irls` does anew for each are done once here for as many as share them: columns are gathered and
made orthonormal (each term's by themselves), and iterations start near the solution. Only the
covariance of the coefficients asked for is made.

Newton's method goes on until a step moves no linear predictor by more than `SETTLED`, so that where
it began is forgotten: coefficients and standard errors are those of `Design.fit` to ten digits and
more. What is not plain sailing - columns nearly collinear or empty, an outcome that columns
separate, other links than the canonical ones of binomial and gaussian models, replicate weights -
is left to the code of `Design.fit`, with its words for what is wrong.

Chains of neighbours do not depend on the number of threads, and sums over rows are taken in blocks
that BLAS does not split (see `products`): the same list of models has the same bits everywhere a
build of BLAS is the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special

from analysis.errors import InputError
from analysis.survey.products import MATRIX, VECTOR, triangle
from analysis.survey.specified import (
    Block,
    Chosen,
    Row,
    Shared,
    Specification,
    chosen,
    fit_one,
    kept_of,
    rows_of,
    shared_by,
    table_of,
    terms_of,
)

LENGTH = 64
"""Models in a chain at most: short enough that threads share the work evenly."""
SETTLED = 1e-12
"""Largest change of a linear predictor in the last step, relative to the largest predictor."""
FROZEN = 1e-3
"""Such a change below which the information is not made anew: the next ones shrink by a factor of
about this, each at a tenth of the cost."""
FAR = 0.1
"""Such a change above which a step is shortened if it makes the fit worse."""
HALVINGS = 10
STEPS = 25
"""Steps after which a model is left to `irls`, which finds out what is wrong."""
UNEVEN = 1e-2
"""What of a column of length 1 the columns before it must leave, lest the information's inverse,
in which its square is, lose more than four of sixteen digits."""
FLAT = 1e-5
"""The same for the columns of one term and what of them a constant leaves."""


def fit_neighbours(
    design: Any,
    specifications: Sequence[Specification],
    columns: Mapping[str, pd.DataFrame | pd.Series],
    alpha: float,
    jobs: int,
) -> pd.DataFrame:
    """Fit each specification; parameters and result as for `Design.fits`."""
    shared, keyed = shared_by(design, specifications, columns, alpha, jobs, formulas=False)
    chains = list(_chains(keyed))

    def run(chain: list[int]) -> list[list[Row]]:
        return _Chain(shared).fit([keyed[place] for place in chain])

    if jobs == 1 or len(chains) < 2:
        fitted = [run(chain) for chain in chains]
    else:
        with ThreadPoolExecutor(jobs) as pool:
            fitted = list(pool.map(run, chains))
    rows: list[list[Row]] = [[] for _ in keyed]
    for chain, found in zip(chains, fitted, strict=True):
        for place, of_one in zip(chain, found, strict=True):
            rows[place] = of_one
    return table_of([row for of_one in rows for row in of_one], alpha)


def _chains(specifications: Sequence[Specification]) -> Iterator[list[int]]:
    """Give places of models of one outcome in one domain under one weight, in their order."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, each in enumerate(specifications):
        key = (each.family, each.link, each.domain, each.weights, each.outcome)
        groups.setdefault(key, []).append(place)
    for group in groups.values():
        for start in range(0, len(group), LENGTH):
            yield group[start : start + LENGTH]


@dataclass(frozen=True)
class _Part:
    """A term's columns, centred and made orthonormal under the weights.

    Parameters
    ----------
    values : array, shape (m, q)
        ``given = means + values @ onto``.
    means : array, shape (q,)
    onto : array, shape (q, q)
        Upper triangular.
    inverse : array, shape (q, q)
        Of `onto`.
    """

    values: np.ndarray
    means: np.ndarray
    onto: np.ndarray
    inverse: np.ndarray


@dataclass(frozen=True)
class _Solution:
    """Coefficients of the orthonormal columns, with what their variance is made of.

    Parameters
    ----------
    gamma : array, shape (k,)
    factor : lower triangle and its flag, as `linalg.cho_solve` takes them
        Of the information.
    score : array, shape (blocks, height)
    """

    gamma: np.ndarray
    factor: tuple[np.ndarray, bool]
    score: np.ndarray


@dataclass
class _Chain:
    """Models one after the other; holds what the next one can take over."""

    shared: Shared
    rows: Chosen | None = None
    weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    parts: dict[str, _Part | None] = field(default_factory=dict)
    matrix: _Matrix | None = None
    estimates: dict[str, float] = field(default_factory=dict)
    design: Any = None

    def fit(self, specifications: Sequence[Specification]) -> list[list[Row]]:
        """Fit models of one outcome, domain and weight."""
        first = specifications[0]
        plain = first.link is None and first.family in ("binomial", "gaussian")
        plain = plain and self.shared.design.replicates is None
        self.design = copy.copy(self.shared.design)
        self.design.weights = self.shared.weights[first.weights]
        found: list[list[Row]] = [[] for _ in specifications]
        for place, rows in self._by_rows(specifications):
            each = specifications[place]
            fitted = None if not plain or rows is None else self._fit(each, rows)
            found[place] = fit_one(self.shared, each) if fitted is None else fitted
        return found

    def _by_rows(
        self, specifications: Sequence[Specification]
    ) -> Iterator[tuple[int, Chosen | None]]:
        """Give places of models with their rows, those of the same rows together."""
        groups: dict[bytes, list[tuple[int, Chosen | None]]] = {}
        for place, each in enumerate(specifications):
            try:
                rows = chosen(self.shared, each)
            except InputError:
                rows = None
            key = b"" if rows is None else rows.used.tobytes()
            groups.setdefault(key, []).append((place, rows))
        for group in groups.values():
            yield from group

    def _fit(self, specification: Specification, rows: Chosen) -> list[Row] | None:
        """Fit one model; None where that takes more care."""
        if not specification.intercept:
            return None
        try:
            terms = terms_of(self.shared, specification)
            kept = kept_of(specification.keep, terms)
        except InputError:
            return None
        self._take(rows)
        used = rows.used
        outcome, values = self.shared.outcomes[specification.outcome]
        y = values[used]
        binary = specification.family == "binomial"
        if len(used) <= sum(map(len, terms.values())) or (binary and not _two_sided(y)):
            return None
        parts = [self._part(term) for term in specification.terms]
        if any(part is None for part in parts):
            return None
        names = [name for of_term in terms.values() for name in of_term]
        known = [part for part in parts if part is not None]
        self.matrix = _Matrix.of(self.matrix, known, len(used))
        solution = self._solve(self.matrix, y, names, binary)
        if solution is None:
            return None
        back = self.matrix.back()
        self.estimates = dict(zip(names, (back @ solution.gamma).tolist(), strict=True))
        at = [names.index(name) for name in kept]
        df = self.design._df(self.shared.positions[used])
        common: Row = {
            "outcome": outcome,
            "df": df - (len(names) - 1 if specification.df == "residual" else 0),
            "n": len(used),
            "events": int(y.sum()) if binary else None,
            "left_out": "",
        }
        estimates = np.array([self.estimates[name] for name in kept])
        errors = self._std_errors(self.matrix, solution, back[at])
        return rows_of(specification, terms, kept, estimates, errors, common)

    def _take(self, rows: Chosen) -> None:
        """Go over to other rows, unless they are the same."""
        if self.rows is not None and np.array_equal(self.rows.used, rows.used):
            self.rows = rows
            return
        weights = np.asarray(self.design.weights)[self.shared.positions[rows.used]]
        self.rows, self.weights = rows, weights / weights.mean() if len(weights) else weights
        self.parts, self.matrix = {}, None

    def _part(self, term: str) -> _Part | None:
        if term not in self.parts:
            assert self.rows is not None
            block = self.shared.blocks[term]
            self.parts[term] = _orthonormal(block, self.rows.used, self.weights)
        return self.parts[term]

    def _solve(
        self, matrix: _Matrix, y: np.ndarray, names: list[str], binary: bool
    ) -> _Solution | None:
        """Iterate from the neighbour's estimates, and if that fails from none."""
        y, weights = matrix.padded(y), matrix.padded(self.weights)
        if self.estimates:
            known = np.array([self.estimates.get(name, 0.0) for name in names])
            found = _newton(matrix.x, y, weights, matrix.forward(known), binary)
            if found is not None:
                return found
        start = np.zeros(len(names))
        mean = float((y * weights).sum() / weights.sum())
        start[0] = special.logit(mean) if binary else mean
        return _newton(matrix.x, y, weights, start, binary)

    def _std_errors(
        self, matrix: _Matrix, solution: _Solution, combinations: np.ndarray
    ) -> np.ndarray:
        """Give standard errors of linear combinations, shape (q, k), of the coefficients."""
        assert self.rows is not None
        onto = linalg.cho_solve(solution.factor, combinations.T)
        influence = np.matmul(matrix.x, onto) * solution.score[..., None]
        influence = influence.reshape(-1, len(combinations))[: len(self.rows.used)]
        positions = self.shared.positions
        rows, present = positions[self.rows.used], positions[self.rows.present]
        covariance = self.design._covariance(influence, rows, present)
        return np.sqrt(np.diagonal(covariance))


@dataclass
class _Matrix:
    """A constant and the columns of parts, in blocks of rows; the last one ends in zeros.

    Parameters
    ----------
    x : array, shape (blocks, height, k)
    parts : list of _Part
    """

    x: np.ndarray
    parts: list[_Part]

    @classmethod
    def of(cls, before: _Matrix | None, parts: list[_Part], rows: int) -> _Matrix:
        """Put parts together, where possible by changing what differs in the one before.

        Parts of `before`, if there is one, are of the same rows.
        """
        widths = [len(part.means) for part in parts]
        if before is not None and [len(part.means) for part in before.parts] == widths:
            matrix, old = before, before.parts
        else:
            matrix, old = cls._empty(rows, 1 + sum(widths)), []
        flat = matrix.x.reshape(-1, matrix.x.shape[2])
        start = 1
        for place, (part, width) in enumerate(zip(parts, widths, strict=True)):
            if not old or old[place] is not part:
                flat[: len(part.values), start : start + width] = part.values
            start += width
        matrix.parts = parts
        return matrix

    @classmethod
    def _empty(cls, rows: int, width: int) -> _Matrix:
        height = max(1, min(VECTOR // width, MATRIX // width**2))
        x = np.zeros((-(-rows // height), height, width))
        x.reshape(-1, width)[:rows, 0] = 1.0
        return cls(x, [])

    def padded(self, values: np.ndarray) -> np.ndarray:
        """Bring values of the rows, shape (m,), to the shape of the blocks."""
        result = np.zeros(self.x.shape[:2])
        result.reshape(-1)[: len(values)] = values
        return result

    def back(self) -> np.ndarray:
        """Give B, shape (k, k): coefficients of the given columns are ``B @ gamma``."""
        result = np.eye(self.x.shape[2])
        start = 1
        for part in self.parts:
            at = slice(start, start + len(part.means))
            result[at, at] = part.inverse
            result[0, at] = -part.means @ part.inverse
            start = at.stop
        return result

    def forward(self, beta: np.ndarray) -> np.ndarray:
        """Give coefficients, shape (k,), of the orthonormal columns from those of the given."""
        result = beta.copy()
        start = 1
        for part in self.parts:
            at = slice(start, start + len(part.means))
            result[at] = part.onto @ beta[at]
            result[0] += part.means @ beta[at]
            start = at.stop
        return result


def _orthonormal(block: Block, used: np.ndarray, weights: np.ndarray) -> _Part | None:
    """Centre a term's columns and make them orthonormal; None if hardly anything is left."""
    values = np.take(block.values, used, axis=0)
    size = np.sqrt(np.einsum("ij,ij,i->j", values, values, weights) / len(used))
    means = weights @ values / weights.sum()
    values -= means
    onto = triangle(values, weights) / np.sqrt(len(used))
    if onto.shape[0] < onto.shape[1] or not (np.abs(np.diagonal(onto)) > FLAT * size).all():
        return None
    values = linalg.solve_triangular(onto, values.T, trans="T").T
    inverse = linalg.solve_triangular(onto, np.eye(len(onto)))
    return _Part(np.ascontiguousarray(values), means, onto, inverse)


def _two_sided(y: np.ndarray) -> bool:
    """Whether an outcome is of 0 and 1, and not the same for all."""
    events = int(np.count_nonzero(y == 1))
    return 0 < events < len(y) and int(np.count_nonzero(y == 0)) == len(y) - events


@np.errstate(over="ignore", invalid="ignore")
def _newton(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray, gamma: np.ndarray, binary: bool
) -> _Solution | None:
    """Iterate until nothing moves; None if that does not come soon.

    Parameters
    ----------
    x : array, shape (blocks, height, k)
    y, weights : array, shape (blocks, height)
        Weights are 0 where a block has no more rows.
    gamma : array, shape (k,)
        Where to begin.
    binary : bool
        Whether the model is logistic, not linear.
    """
    room = np.empty_like(x)
    eta = np.matmul(x, gamma)
    factor, moved = None, np.inf
    for _ in range(STEPS):
        score, information = _at(eta, y, weights, binary)
        if factor is None or moved > FROZEN:
            factor = _factor(x, information, room)
            if factor is None:
                return None
        gradient = np.matmul(score[:, None, :], x).sum(axis=(0, 1))
        step = linalg.cho_solve(factor, gradient, check_finite=False)
        along = np.matmul(x, step)
        moved = float(np.abs(along).max() / (np.abs(eta).max() + 1.0))
        if not np.isfinite(moved):
            return None
        part = _part(eta, along, y, weights) if binary and moved > FAR else 1.0
        gamma, eta = gamma + part * step, eta + part * along
        if moved <= SETTLED:
            break
    else:
        return None
    score, information = _at(eta, y, weights, binary)
    factor = _factor(x, information, room)
    return None if factor is None else _Solution(gamma, factor, score)


def _part(eta: np.ndarray, along: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    """Choose the part of a long step that does not make a logistic fit worse."""

    def lack(at: np.ndarray) -> float:
        return float((weights * (np.logaddexp(0.0, at) - y * at)).sum())

    part, before = 1.0, lack(eta)
    for _ in range(HALVINGS):
        if lack(eta + part * along) <= before:
            break
        part /= 2
    return part


def _at(
    eta: np.ndarray, y: np.ndarray, weights: np.ndarray, binary: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Give each row's weighted score and information by its linear predictor."""
    if not binary:
        return weights * (y - eta), weights
    mean = 1 / (1 + np.exp(-eta))
    return weights * (y - mean), weights * (mean * (1 - mean))


def _factor(
    x: np.ndarray, information: np.ndarray, room: np.ndarray
) -> tuple[np.ndarray, bool] | None:
    """Sum up and factorise the information; None where its inverse would lose digits."""
    np.multiply(x, information[:, :, None], out=room)
    squares = np.matmul(x.transpose(0, 2, 1), room).sum(axis=0)
    try:
        factor = linalg.cho_factor(squares, lower=True, check_finite=False)
    except (linalg.LinAlgError, ValueError):
        return None
    left = np.diagonal(factor[0]) / np.sqrt(np.diagonal(squares))
    return (factor[0], True) if (left > UNEVEN).all() else None
