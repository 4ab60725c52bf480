"""Hadamard matrices, for balanced half samples.

References
----------
Paley REAC (1933). On orthogonal matrices. Journal of Mathematics and Physics 12:311-320.
"""

from __future__ import annotations

import numpy as np


def hadamard(least: int) -> np.ndarray:
    """Make a Hadamard matrix of the smallest order that is known here.

    Parameters
    ----------
    least : int
        Order that suffices.

    Returns
    -------
    int array, shape (r, r), r >= least
        Of 1 and -1, rows orthogonal, the first row all 1 (so that the others sum to 0). Orders are
        those of Paley's two constructions over prime fields, doubled any number of times.
    """
    order = max(4, -(-least // 4) * 4)
    while True:
        size, doublings = order, 0
        while True:
            matrix = _paley(size)
            if matrix is not None:
                for _ in range(doublings):
                    matrix = np.block([[matrix, matrix], [matrix, -matrix]])
                return matrix * matrix[0]
            if size % 2:
                break
            size, doublings = size // 2, doublings + 1
        order += 4


def _paley(order: int) -> np.ndarray | None:
    """Make a matrix that is not a doubled one; None if there is no such of this order."""
    if order == 1:
        return np.ones((1, 1), dtype=int)
    q = order - 1
    if q % 4 == 3 and _is_prime(q):
        skew = _bordered(q, -1)
        return skew + np.eye(order, dtype=int)
    q = order // 2 - 1
    if order % 2 == 0 and q % 4 == 1 and _is_prime(q):
        conference = _bordered(q, 1)
        diagonal = np.eye(q + 1, dtype=int)
        return np.kron(conference, [[1, 1], [1, -1]]) + np.kron(diagonal, [[1, -1], [-1, -1]])
    return None


def _bordered(q: int, sign: int) -> np.ndarray:
    """Border the matrix of quadratic characters of i - j modulo q with ones."""
    character = -np.ones(q, dtype=int)
    character[np.arange(1, q) ** 2 % q] = 1
    character[0] = 0
    index = np.arange(q)
    matrix = np.zeros((q + 1, q + 1), dtype=int)
    matrix[0, 1:], matrix[1:, 0] = 1, sign
    matrix[1:, 1:] = character[(index[:, None] - index) % q]
    return matrix


def _is_prime(q: int) -> bool:
    return q > 1 and all(q % d for d in range(2, int(q**0.5) + 1))
