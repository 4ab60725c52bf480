r"""Sums over risk sets: who is under observation at each time of an event.

The times at which events happen in each stratum, in order, are the *points*. A row is at risk over
a run of consecutive points: those after its entry and up to its exit. Any run of T points is made
of at most :math:`2 \log_2 T` blocks whose lengths are powers of two, so that sums over all risk
sets cost :math:`O(n \log T)`. Nothing is subtracted - the sums of those who have come less those
who have gone lose digits where few are left of many, or a weight is small beside others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

SAME_TIME = np.sqrt(np.finfo(float).eps)
"""Times that differ by less than this part of their mean size are the same: they are sums of
months that rounding has set apart. As R's ``coxph`` has it."""


@dataclass(frozen=True)
class RiskSets:
    """Runs of points of m rows.

    Parameters
    ----------
    stratum : int array, shape (t,)
        Stratum of each point.
    time : array, shape (t,)
    died : int array
        Positions of the rows with an event.
    point : int array
        The point of each of them.
    first, last : int array, shape (m,)
        The row is at risk at the points from `first` up to but not `last`.
    cover : sparse array, shape (2t, m)
        Blocks of each row's run.
    path : sparse array, shape (t, 2t)
        Blocks that hold each point.
    tally : sparse array
        Points (rows) of those with an event (columns).
    """

    stratum: np.ndarray
    time: np.ndarray
    died: np.ndarray
    point: np.ndarray
    first: np.ndarray
    last: np.ndarray
    cover: sparse.csr_array
    path: sparse.csr_array
    tally: sparse.csr_array

    @property
    def count(self) -> int:
        """Number of points."""
        return len(self.time)

    @property
    def ever(self) -> np.ndarray:
        """Whether each row is at risk at any point: bool, shape (m,)."""
        return self.first < self.last

    def at_risk(self, values: np.ndarray) -> np.ndarray:
        """Add the values of the rows at risk, shape (m,) or (m, q), at each point."""
        return self.path @ (self.cover @ values)

    def over_run(self, values: np.ndarray) -> np.ndarray:
        """Add the values of the points, shape (t,) or (t, q), over each row's run."""
        cover, path = self._transposed
        return cover @ (path @ values)

    @cached_property
    def _transposed(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        return self.cover.T.tocsr(), self.path.T.tocsr()

    def of_died(self, values: np.ndarray) -> np.ndarray:
        """Add values of the rows with an event, in the order of `died`, at each point."""
        return self.tally @ values


def risk_sets(
    entry: np.ndarray | None, leave: np.ndarray, event: np.ndarray, stratum: np.ndarray
) -> RiskSets:
    """Find the points and each row's run of them.

    Parameters
    ----------
    entry : array, shape (m,), or None
        Observed from just after this time on; None if all are from the start.
    leave : array, shape (m,)
        Observed up to and including this time.
    event : bool array, shape (m,)
        Whether the event happened at `leave`.
    stratum : int array, shape (m,)
        Codes from 0.
    """
    come, gone, times = time_codes(entry, leave)
    width = len(times) + 1
    keys, point = np.unique(stratum[event] * width + gone[event], return_inverse=True)
    first = np.searchsorted(keys, stratum * width + come, side="right")
    last = np.searchsorted(keys, stratum * width + gone, side="right")
    cover, path = _blocks(first, last, len(keys))
    died = np.flatnonzero(event)
    return RiskSets(
        stratum=keys // width,
        time=times[keys % width - 1],
        died=died,
        point=point,
        first=first,
        last=last,
        cover=cover,
        path=path,
        tally=_ones([point], [np.arange(len(died))], (len(keys), len(died))),
    )


def time_codes(
    entry: np.ndarray | None, leave: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give times numbers from 1, the same to those that only rounding sets apart.

    Returns
    -------
    come, gone : int array, shape (m,)
        Numbers of `entry` (0 without one) and of `leave`.
    times : array
        The times themselves, the earliest of those alike.
    """
    together = leave if entry is None else np.concatenate([entry, leave])
    times, inverse = np.unique(together, return_inverse=True)
    new = np.r_[True, np.diff(times) > SAME_TIME * np.abs(times).mean()]
    codes = np.cumsum(new)[inverse]
    come = np.zeros(len(leave), dtype=np.intp) if entry is None else codes[: len(leave)]
    return come, codes[-len(leave) :], times[new]


def _blocks(
    first: np.ndarray, last: np.ndarray, count: int
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Split runs into blocks: block b is of the points of blocks 2b and 2b + 1, down to one."""
    rows, blocks = [], []
    left, right = first + count, last + count
    while (left < right).any():
        running = left < right
        odd = running & (left % 2 == 1)
        rows.append(np.flatnonzero(odd))
        blocks.append(left[odd])
        left = left + odd
        odd = running & (right % 2 == 1)
        right = right - odd
        rows.append(np.flatnonzero(odd))
        blocks.append(right[odd])
        left, right = left // 2, right // 2
    cover = _ones(blocks, rows, (2 * count, len(first)))
    points, holding = [], []
    block = np.arange(count) + count
    while (block > 0).any():
        points.append(np.flatnonzero(block > 0))
        holding.append(block[block > 0])
        block = block // 2
    return cover, _ones(points, holding, (count, 2 * count))


def _ones(
    rows: list[np.ndarray], columns: list[np.ndarray], shape: tuple[int, int]
) -> sparse.csr_array:
    row, column = (np.concatenate([*each, np.empty(0, dtype=np.intp)]) for each in (rows, columns))
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
