"""An orthogonal basis of a model's columns, and the words for those that cannot be fitted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from analysis.errors import InputError
from analysis.survey import products

COLLINEAR = 1e-10
"""A column is aliased if what the columns before it leave is below this part of its length."""
WELL_CONDITIONED = 1e-4
"""What of a column of length 1 the columns before it must leave for Cholesky, which squares it."""
SINGULAR = 1e-7
"""Pivots of Cholesky's triangle below this part of the largest are rounding: their squares are
differences of numbers of order 1."""


def orthogonal(
    x: np.ndarray, weights: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Turn columns into a nearly orthonormal basis (under the weights) of what they span.

    Normal equations in it are well conditioned. Cholesky makes it from columns that are not too
    bad themselves at a fraction of the cost of Householder reflections, which do it for the rest.

    Returns
    -------
    basis : array, shape (m, k)
    back : array, shape (k, k)
        Upper triangular: ``basis = x @ back``, and ``back @ gamma`` are the coefficients of `x`.

    Raises
    ------
    InputError
        If there are no columns, they are collinear, or more than the rows.
    """
    if not x.shape[1]:
        raise InputError("the model has no columns", remedy="Give it an intercept or a covariate.")
    x = np.ascontiguousarray(x)  # products of another layout differ in their last bits
    triangle = _cholesky(x, weights)
    if triangle is None:
        triangle = products.triangle(x, weights)
        _refuse_collinear(triangle, names)
    back = linalg.solve_triangular(triangle, np.eye(len(triangle)))
    return products.times(x, back), back


def _cholesky(x: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """Decompose the weighted products into a triangle; None where that would lose digits."""
    squares, _ = products.cross(x, weights)
    lengths = np.sqrt(np.diagonal(squares))
    if not (lengths > 0).all():
        return None
    try:
        triangle = linalg.cholesky(squares / np.outer(lengths, lengths))
    except linalg.LinAlgError:
        return None
    return triangle * lengths if np.diagonal(triangle).min() > WELL_CONDITIONED else None


def singular(triangle: np.ndarray, largest: float = 0.0) -> bool:
    """Tell whether Cholesky's triangle of an information matrix has a pivot that is rounding.

    Beside its own largest pivot or `largest`, one that the information had before: where there is
    one column only, or nothing is left of any, no pivot is small beside the others.
    """
    pivots = np.abs(np.diagonal(triangle))
    return not pivots.min() > SINGULAR * max(float(pivots.max()), largest)


def weakest(information: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Find the direction of which there is least information; the last step if it has no end."""
    if not np.isfinite(information).all():
        return step
    return np.linalg.eigh(information)[1][:, 0]


def moving(direction: np.ndarray, x: np.ndarray, names: Sequence[str]) -> str:
    """Name the columns that a runaway step moves, constants last."""
    spread = x.std(axis=0)
    size = np.abs(direction) * np.where(spread > 0, spread, 0.0)
    if not size.max() > 0:
        return "the intercept"
    return ", ".join(f"'{names[j]}'" for j in np.flatnonzero(size > 0.2 * size.max()).tolist())


def aliased(triangle: np.ndarray) -> np.ndarray:
    """Say which columns are a combination of those before them.

    Parameters
    ----------
    triangle : array, shape (k, k)
        Of the columns' QR decomposition, without pivoting.

    Returns
    -------
    array of bool, shape (k,)
    """
    lengths = np.sqrt((triangle**2).sum(axis=0))
    return np.abs(np.diagonal(triangle)) <= COLLINEAR * lengths


def _refuse_collinear(triangle: np.ndarray, names: Sequence[str]) -> None:
    """Raise if a column is a combination of those before it."""
    lengths = np.sqrt((triangle**2).sum(axis=0))
    if len(triangle) < len(lengths):
        raise InputError(
            f"{len(lengths)} columns cannot be fitted to {len(triangle)} rows: {', '.join(names)}",
            remedy="Check the domain and the missing values, or leave terms out.",
        )
    bad = np.flatnonzero(aliased(triangle)).tolist()
    if not bad:
        return
    first = bad[0]
    if lengths[first] == 0:
        raise InputError(
            f"column '{names[first]}' is zero in every row of the domain",
            remedy="Leave it out: nobody there is in its category.",
        )
    shares = np.linalg.lstsq(triangle[:, :first], triangle[:, first], rcond=None)[0]
    shares = np.abs(shares) * lengths[:first] / lengths[first]
    partners = ", ".join(f"'{names[j]}'" for j in np.flatnonzero(shares > 1e-6).tolist())
    others = f" (and so are: {', '.join(names[j] for j in bad[1:])})" if len(bad) > 1 else ""
    raise InputError(
        f"column '{names[first]}' is determined by {partners or 'the others'}{others}",
        remedy="Leave it out, or give its term fewer categories.",
    )
