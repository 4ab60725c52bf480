"""What groups of an exposure are called; light, because checks of study files read it too."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PREFIXES: Mapping[int, str] = MappingProxyType({3: "T", 4: "Q", 5: "Q", 10: "D"})
"""Tertiles, quartiles, quintiles and deciles; any other number of groups is G1, G2, ..."""


NOBODY = "None"
"""Group of the people at 0 where an exposure is divided among its users."""


def group_names(groups: int, *, users: bool = False, fixed: bool = False) -> tuple[str, ...]:
    """Name the groups of an exposure, lowest first.

    Parameters
    ----------
    groups : int
        How many.
    users : bool, default False
        Whether the groups are of those above 0, beside one of those at 0.
    fixed : bool, default False
        Whether the groups lie between fixed values rather than quantiles: always G1, G2, ...

    Returns
    -------
    tuple of str
        As the column ``level`` of results.csv has them.

    Examples
    --------
    >>> group_names(3)
    ('T1', 'T2', 'T3')
    >>> group_names(3, users=True)
    ('None', 'T1', 'T2', 'T3')
    >>> group_names(3, fixed=True)
    ('G1', 'G2', 'G3')
    """
    prefix = "G" if fixed else PREFIXES.get(groups, "G")
    return ((NOBODY,) if users else ()) + tuple(f"{prefix}{i}" for i in range(1, groups + 1))
