"""Sums of products over rows, in blocks that fit a processor's cache.

BLAS splits a product that is large enough between threads, and how it does so moves the last bits:
they would depend on the number of processors, and on how many processes share them. A block here
is too small to be split, so that the bits are the same everywhere a build of BLAS is the same, and
so that the waiting of threads for each other, which costs more than a matrix of a few dozen columns
has to compute, is saved.
"""

from __future__ import annotations

import numpy as np

VECTOR = 9_000
"""Elements of a block; OpenBLAS splits a product with a vector from 9,216 on."""
MATRIX = 250_000
"""Multiplications in a block; OpenBLAS splits a product of matrices from 262,144 on."""


LOWEST = 32
"""Rows that a triangle takes at once, at least: it adds them to as many as it has columns."""


def _height(width: int, other: int) -> int:
    width, other = max(width, 1), max(other, 1)  # a model of thresholds only has no columns
    return max(1, min(VECTOR // width, MATRIX // (width * other)))


def cross(
    x: np.ndarray, weights: np.ndarray, values: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Sum weighted products of columns over the rows.

    Parameters
    ----------
    x : array, shape (m, k)
    weights : array, shape (m,)
    values : array, shape (m,), optional

    Returns
    -------
    squares : array, shape (k, k)
        ``x.T @ diag(weights) @ x``.
    sums : array, shape (k,)
        ``x.T @ values``; of zeros without `values`.
    """
    rows, width = x.shape
    height = _height(width, width)
    weighted = np.empty((min(height, rows), width))
    squares, sums = np.zeros((width, width)), np.zeros(width)
    for start in range(0, rows, height):
        block = x[start : start + height]
        part = weighted[: len(block)]
        np.multiply(block, weights[start : start + height, None], out=part)
        squares += block.T @ part
        if values is not None:
            sums += values[start : start + height] @ block
    return squares, sums


def totals(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum columns times values over the rows: ``x.T @ values``, shape (k,).

    Parameters
    ----------
    x : array, shape (m, k)
    values : array, shape (m,)
    """
    rows, width = x.shape
    height = _height(width, 1)
    sums = np.zeros(width)
    for start in range(0, rows, height):
        sums += values[start : start + height] @ x[start : start + height]
    return sums


def triangle(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Decompose weighted columns into an orthogonal and a triangular factor; give the latter.

    Parameters
    ----------
    x : array, shape (m, k)
    weights : array, shape (m,)
        Not negative.

    Returns
    -------
    array, shape (min(m, k), k)
        Upper triangular: its ``R.T @ R`` is ``x.T @ diag(weights) @ x``, at full precision. Rows
        are added a block at a time (a QR decomposition of blocks stacked below one another).
    """
    rows, width = x.shape
    roots = np.sqrt(weights)
    result = np.empty((0, width))
    height = max(LOWEST, VECTOR // width - width)
    for start in range(0, rows, height):
        part = x[start : start + height] * roots[start : start + height, None]
        result = np.asarray(np.linalg.qr(np.vstack([result, part]), mode="r"))
    return result


def times(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Multiply each row by a matrix or a vector.

    Parameters
    ----------
    x : array, shape (m, k)
    factor : array, shape (k, p) or (k,)

    Returns
    -------
    array, shape (m, p) or (m,)
    """
    rows, width = x.shape
    height = _height(width, 1 if factor.ndim == 1 else factor.shape[1])
    result = np.empty((rows, *factor.shape[1:]))
    for start in range(0, rows, height):
        np.matmul(x[start : start + height], factor, out=result[start : start + height])
    return result
