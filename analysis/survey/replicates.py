"""Replicate weights: the variance of an estimate from its values under other sets of weights.

References
----------
Rust KF, Rao JNK (1996). Variance estimation for complex surveys using replication techniques.
Statistical Methods in Medical Research 5:283-310.
Lumley T (2010). Complex Surveys: A Guide to Analysis Using R. Wiley, section 2.3.
Defaults are those of R's ``svrepdesign``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.columns import as_numbers, column
from analysis.survey.options import number, numbers

GivenMethod = Literal["JK1", "JKn", "BRR", "Fay", "bootstrap"]
"""Methods by which replicate weights that come with a sample were made."""

DEPENDENT = 1e-5
"""A set of weights adds no rank if the sets before it leave less than this part of its length: the
tolerance of R's ``degf``, on which its answer depends where weights differ by orders of size."""
BLOCK = 64
"""Sets of weights spread over the rows at a time, which bounds the memory."""


@dataclass(frozen=True)
class Replicates:
    """Sets of replicate weights, and how their estimates become a variance.

    Parameters
    ----------
    method : str
    weights : array, shape (n,)
        What the factors multiply: the sampling weights, or ones for combined weights.
    factors : array, shape (u, r)
        Of each unit in each of the r sets.
    unit : int array, shape (n,)
        Row of `factors` that belongs to each row of the sample.
    scale : float
    rscales : array, shape (r,)
    mse : bool
        Whether deviations are taken from the estimate rather than from the replicates' mean.
    df : int, optional
        Degrees of freedom, if they are stated.
    """

    method: str
    weights: np.ndarray
    factors: np.ndarray
    unit: np.ndarray
    scale: float
    rscales: np.ndarray
    mse: bool
    df: int | None

    def __post_init__(self) -> None:
        if self.df is not None and number(self.df, "df") < 0:
            raise InputError(f"degrees of freedom cannot be negative: {self.df}")

    @property
    def count(self) -> int:
        """Number of sets, r."""
        return self.factors.shape[1]

    def __str__(self) -> str:
        return f"{self.count} {self.method} replicates"

    def blocks(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Give the replicate weights of `rows` in blocks of sets, each of shape (m, <= BLOCK)."""
        base, unit = self.weights[rows, None], self.unit[rows]
        for start in range(0, self.count, BLOCK):
            yield base * self.factors[unit, start : start + BLOCK]

    def each(self, of: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> np.ndarray:
        """Evaluate an estimate, given as a function of weights (m, r), under every set."""
        with np.errstate(divide="ignore", invalid="ignore"):  # a domain that a set leaves out
            return np.concatenate([np.asarray(of(block)) for block in self.blocks(rows)])

    def covariance(self, thetas: np.ndarray, estimate: np.ndarray) -> np.ndarray:
        r"""Estimate the covariance from the estimates under each set of weights.

        .. math:: s \sum_r s_r (\theta_r - \bar\theta)(\theta_r - \bar\theta)'

        with the mean over all sets of positive :math:`s_r`, or the estimate itself under `mse`.

        Parameters
        ----------
        thetas : array, shape (r, k)
        estimate : array, shape (k,)
            From the sampling weights.

        Returns
        -------
        array, shape (k, k)
            NaN where a set of weights has no estimate, say because it leaves the domain empty (R
            leaves such sets out).
        """
        centre = estimate if self.mse else thetas[self.rscales > 0].mean(axis=0)
        deviations = thetas - centre
        return self.scale * (deviations.T * self.rscales) @ deviations

    def degrees_of_freedom(self, rows: np.ndarray) -> int:
        """Rank of the replicate weights of `rows` less one, as R's ``degf``, unless stated."""
        if self.df is not None:
            return self.df
        # Rows of one unit add up to one row with the same products of columns.
        units, inverse = np.unique(self.unit[rows], return_inverse=True)
        lengths = np.sqrt(np.bincount(inverse, self.weights[rows] ** 2, minlength=len(units)))
        return max(column_rank(lengths[:, None] * self.factors[units]) - 1, 0)


def column_rank(matrix: np.ndarray, tolerance: float = DEPENDENT) -> int:
    """Count the columns of which those before leave more than `tolerance` of their length.

    This is the rank that R's ``qr`` gives, unlike that by singular values where columns differ
    little.
    """
    triangle = np.asarray(np.linalg.qr(matrix, mode="r"))
    lengths = np.linalg.norm(triangle, axis=0)
    # What the columns before leave of one is its diagonal, until the first that adds no rank.
    diagonal = np.abs(triangle.diagonal())
    first = lengths[: len(diagonal)]
    dependent = (first == 0) | (diagonal < tolerance * first)
    rank = int(dependent.argmax()) if dependent.any() else len(diagonal)
    basis = np.eye(len(triangle))
    for j in range(rank, triangle.shape[1]):
        if rank == len(triangle):
            break
        left = triangle[:, j]
        for _ in range(2):  # the second time for what rounding has left
            left = left - basis[:, :rank] @ (basis[:, :rank].T @ left)
        size = np.linalg.norm(left)
        if lengths[j] > 0 and size >= tolerance * lengths[j]:
            basis[:, rank] = left / size
            rank += 1
    return rank


def given(
    frame: pd.DataFrame,
    weights: np.ndarray,
    columns: str | Sequence[str],
    method: str | None,
    *,
    scale: float | None,
    rscales: float | Sequence[float] | None,
    rho: float | None,
    combined: bool,
    mse: bool,
    df: int | None,
) -> Replicates:
    """Take the replicate weights that come with a sample; parameters as for `Design`.

    Raises
    ------
    InputError
        If columns are missing or their values not weights, or the method lacks a scale.
    """
    if method is None or method not in get_args(GivenMethod):
        raise InputError(
            f"unknown method '{method}' of replicate weights",
            remedy=f"Choose from {', '.join(get_args(GivenMethod))}.",
        )
    matrix = _matrix(frame, _names(frame, columns))
    if combined and (matrix[weights == 0] > 0).any():
        raise InputError("rows of sampling weight 0 have positive replicate weights")
    scale, each = _scales(method, matrix, scale, rscales, rho, combined)
    base = np.ones(len(frame)) if combined else weights
    return Replicates(method, base, matrix, np.arange(len(frame)), scale, each, mse, df)


def _names(frame: pd.DataFrame, columns: str | Sequence[str]) -> list[str]:
    """Expand a prefix to the columns that are this prefix and a number, in the frame's order."""
    if not isinstance(columns, str):
        return list(columns)
    found = [
        name
        for name in map(str, frame.columns)
        if name.startswith(columns) and name[len(columns) :].isdecimal()
    ]
    if not found:
        raise InputError(
            f"the data frame has no replicate weights '{columns}1', '{columns}2', ...",
            remedy="Give their columns, or what their names have before the number.",
        )
    return found


def _matrix(frame: pd.DataFrame, names: list[str]) -> np.ndarray:
    if len(names) < 2:
        raise InputError(f"{len(names)} sets of replicate weights are too few for a variance")
    twice = pd.Index(names)[pd.Index(names).duplicated()]
    if len(twice):
        raise InputError(f"replicate weight '{twice[0]}' is given twice")
    matrix = np.empty((len(frame), len(names)))
    for j, name in enumerate(names):
        matrix[:, j] = as_numbers(
            column(frame, name, "replicate weights"), f"replicate weight '{name}'"
        )
    for what, bad in (("missing", np.isnan(matrix)), ("negative", matrix < 0)):
        if bad.any():
            j = int(np.flatnonzero(bad.any(axis=0))[0])
            raise InputError(
                f"replicate weight '{names[j]}' is {what} in {int(bad[:, j].sum()):,} rows",
                remedy="Rows outside the weights' subsample stay in the design with weight 0."
                if what == "missing"
                else "",
            )
    return matrix


def _scales(
    method: str,
    matrix: np.ndarray,
    scale: float | None,
    rscales: float | Sequence[float] | None,
    rho: float | None,
    combined: bool,
) -> tuple[float, np.ndarray]:
    """Fill in what a method's definition says."""
    count = matrix.shape[1]
    if (rho is None) == (method == "Fay"):
        raise InputError("rho must be given for Fay's method, and for no other")
    rho = None if rho is None else number(rho, "rho")
    if rho is not None and not 0 <= rho < 1:
        raise InputError(f"Fay's rho must be at least 0 and less than 1, not {rho:g}")
    if method in ("BRR", "Fay"):
        if scale is not None or rscales is not None:
            raise InputError(f"{method} has no scale or rscales but those of its definition")
        scale = 1 / (count * (1 - (rho or 0.0)) ** 2)
    if method == "JKn" and rscales is None:
        if combined:
            raise InputError(
                "the rscales of combined JKn weights must be given",
                remedy="(n - 1) / n for each set, n the PSUs of the stratum that lost one.",
            )
        largest = matrix.max(axis=0)
        if not (largest > 0).all():
            raise InputError(
                f"set {int(largest.argmin()) + 1} of the replicate weights is 0 in every row",
                remedy="Leave it out, or give rscales.",
            )
        rscales = list(1 / largest)
    if scale is None:
        defaults = {"JK1": (count - 1) / count, "bootstrap": 1 / (count - 1)}
        scale = defaults.get(method, 1.0)
    scale = number(scale, "scale")
    each = np.ones(count) if rscales is None else numbers(rscales, "rscales")
    if each.ndim and each.shape != (count,):
        raise InputError(f"rscales have shape {each.shape}, there are {count} replicate weights")
    if not (np.isfinite(each).all() and (each >= 0).all() and np.isfinite(scale) and scale >= 0):
        raise InputError("scale and rscales must be finite and not negative")
    return float(scale), np.broadcast_to(each, (count,)).copy()
