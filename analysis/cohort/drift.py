"""Which breaks in the meaning of measures a study pools over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Protocol

from analysis.cohort.breaks import BREAKS, POOLING, Break
from analysis.cohort.build import EVERYWHERE, Partial
from analysis.cohort.measures import MEASURES


def breaks_of(
    measures: Iterable[str], cycles: Collection[str], partial: Partial = EVERYWHERE
) -> list[Break]:
    """Find the breaks that cycles straddle in some measures.

    Parameters
    ----------
    measures : iterable of str
        Names.
    cycles : collection of str
        Names of the pooled cycles.
    partial : mapping of str to collection of str
        See `analysis.cohort.build.Partial`.

    Returns
    -------
    list of Break
        Each with those of its measures that are read on both of its sides; the least comparable
        first, otherwise in the order of `BREAKS`.

    Examples
    --------
    >>> [(each.subject, each.measures) for each in breaks_of(["age", "sex"], ["2005-2006"])]
    []
    >>> found = breaks_of(["age", "sex"], ["2005-2006", "2011-2012"])
    >>> [(each.subject, each.measures) for each in found]
    [('Age', ('age',))]
    """
    names = tuple(dict.fromkeys(measures))
    found = []
    for each in BREAKS:
        touched = tuple(
            name
            for name in names
            if name in each.measures and _straddles(each, _read(name, cycles, partial))
        )
        if touched:
            found.append(replace(each, measures=touched))
    return sorted(found, key=lambda each: POOLING.index(each.pooling))


def _read(name: str, cycles: Collection[str], partial: Partial) -> list[str]:
    """Cycles out of some in which a measure is read, oldest first."""
    within = set(cycles) & set(partial.get(name, cycles)) & set(MEASURES[name].sources)
    return sorted(within)


def _straddles(each: Break, cycles: Sequence[str]) -> bool:
    """Whether two of the cycles, in the order of time, lie on the two sides of a break."""
    return any(
        first <= each.before and last >= each.since for first, last in combinations(cycles, 2)
    )


def gathered(breaks: Iterable[Break]) -> list[tuple[Break, str]]:
    """Bring together breaks that differ in nothing but where they lie.

    Parameters
    ----------
    breaks : iterable of Break
        From `breaks_of`.

    Returns
    -------
    list of (Break, str)
        The first of each kind with the measures of all, and where they lie, in words.
    """
    kinds: dict[tuple[str, str, str], list[Break]] = {}
    for each in breaks:
        kinds.setdefault((each.subject, each.change, each.handling), []).append(each)
    found = []
    for alike in kinds.values():
        names = dict.fromkeys(name for each in alike for name in each.measures)
        places = dict.fromkeys(place(each) for each in alike)
        found.append((replace(alike[0], measures=tuple(names)), ", ".join(places)))
    return found


def place(each: Break) -> str:
    """Say where a break lies: ``between 2005-2006 and 2007-2008``, or ``within 2001-2002``."""
    if each.before == each.since:
        return f"within {each.before}"
    return f"between {each.before} and {each.since}"


class Pools(Protocol):
    """What a study says of what it pools (see `analysis.study.Study`)."""

    @property
    def measures(self) -> Collection[str]:
        """Names of its measures."""

    @property
    def partial(self) -> Partial:
        """Those that it reads in some of its cycles only."""

    @property
    def data(self) -> Any:
        """`cycles`."""


def told_of(study: Pools) -> list[str]:
    """Warn of the breaks that a study pools over, a line each; see `told`."""
    return told(breaks_of(study.measures, study.data.cycles, study.partial))


def told(breaks: Iterable[Break]) -> list[str]:
    """Warn of breaks that nothing was done about, a line each.

    Parameters
    ----------
    breaks : iterable of Break
        From `breaks_of`.

    Returns
    -------
    list of str
        Breaks that are harmonised are left out.
    """
    lines = []
    for each, where in gathered(breaks):
        if each.pooling == "harmonised":
            continue
        loud = each.pooling.upper() if each.pooling == "not comparable" else each.pooling
        lines.append(
            f"pools over a break ({loud}): {', '.join(each.measures)}, {where}. {each.change}"
        )
    return lines
