"""Cycles in print: runs of years, with their gaps."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from analysis.nhanes.cycles import CYCLES


def years(cycles: Collection[str]) -> str:
    """Name cycles by the years that they cover without a gap.

    Parameters
    ----------
    cycles : collection of str
        Names, in any order.

    Examples
    --------
    >>> years(["2001-2002", "2003-2004", "2005-2006", "2011-2012"])
    '2001-2006, 2011-2012'
    >>> years(["2017-2018", "2021-2023"])
    '2017-2018, 2021-2023'
    """
    return ", ".join(f"{run[0][:4]}-{run[-1][5:]}" for run in _in_a_row(cycles))


def _in_a_row(cycles: Collection[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for cycle in CYCLES:
        if cycle not in cycles:
            continue
        # No cycle covers 2019-2020: the years tell a gap, not the order of the cycles.
        if run and int(cycle[:4]) != int(run[-1][5:]) + 1:
            yield run
            run = []
        run.append(cycle)
    if run:
        yield run
