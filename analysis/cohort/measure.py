"""What a measure is: a quantity defined once, with all that a reader must know of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

import pandas as pd

from analysis.nhanes.cycles import Table

Subsample = Literal[
    "interview", "examination", "phlebotomy", "dietary_day_1", "dietary_two_days", "fasting"
]
"""From the largest to the smallest; everyone in one of them was interviewed, and in all but the
first examined.

Everyone with two recalls has a first one. Blood, recalls and fasting blood are drawn from the
examined apart from each other, so that the order among them is that of their sizes: in 2021-2023,
7,626 people have a phlebotomy weight, 6,754 a first recall's (5,921 both), 5,879 that of two
recalls, and 3,361 that of fasting blood; in earlier cycles blood has no weight of its own.
"""

SUBSAMPLES: tuple[Subsample, ...] = get_args(Subsample)
"""Names of the subsamples, from the largest to the smallest; each has a weight of its name."""

Columns = Mapping[str, Any]
"""What a derivation is given for one cycle, by role.

A role from `Source.columns` is a Series with a value a participant, indexed by SEQN; a role from
`Source.records` is a DataFrame with any number of rows a participant, with SEQN as a column. A role
from `Source.lookups` is a DataFrame that is not about this cycle's participants.
"""

Derivation = Callable[[Columns, str], pd.Series]
"""From what is read in one cycle, and the cycle's name, to the measure, indexed by SEQN."""


Made = TypeVar("Made")


class Roles(dict[str, Any]):
    """Columns that know what they were read from, and what was made of it before.

    Measures of one subject share long computations: what every product holds, what a gram of every
    food holds. `once` makes such a thing one time for all of them.

    Parameters
    ----------
    roles : mapping of str to Series or DataFrame
        What plays each role.
    origins : mapping of str to hashable
        What each was read from: a table of a cycle, and its variables.
    memory : dict
        What was made so far; shared by all that is read from the same files.
    """

    def __init__(
        self,
        roles: Mapping[str, Any],
        origins: Mapping[str, Hashable],
        memory: dict[Hashable, Any],
    ) -> None:
        super().__init__(roles)
        self.origins, self.memory = origins, memory


def once(columns: Columns, roles: Collection[str], make: Callable[[Columns], Made]) -> Made:
    """Make something of some roles, or give what was made of the same tables before.

    Parameters
    ----------
    columns : mapping
        Remembered only where they are `Roles`.
    roles : collection of str
        All that `make` looks at.
    make : callable
        A function of its own (not a closure): it is part of what is remembered by.

    Returns
    -------
    object
        Shared: not to be changed.
    """
    if not isinstance(columns, Roles):
        return make(columns)
    key = (make, *(columns.origins[role] for role in roles))
    if key not in columns.memory:
        columns.memory[key] = make(columns)
    return columns.memory[key]


@dataclass(frozen=True)
class Source:
    """Where a measure is read in one cycle.

    Parameters
    ----------
    columns : mapping of str to (str, str)
        For each role that the derivation asks for (say ``"energy"``), the table and the variable
        that play it, for example ``{"energy": ("DRXTOT_B", "DRXTKCAL")}``.
    records : mapping of str to (str, tuple of str), optional
        For each role that is a table with several rows a participant, its name and variables.
    lookups : mapping of str to (Table, tuple of str), optional
        For each role that is a table of something else than this cycle's participants (products,
        or foods as another cycle knows them), the table with its own cycle, and its variables.
    """

    columns: Mapping[str, tuple[str, str]]
    records: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    lookups: Mapping[str, tuple[Table, tuple[str, ...]]] = field(default_factory=dict)

    def variables(self, cycle: str) -> dict[Table, set[str]]:
        """Every variable that this source reads, by table."""
        wanted: dict[Table, set[str]] = {}
        for table, variable in self.columns.values():
            wanted.setdefault(Table(table, cycle), set()).update(("SEQN", variable))
        for table, variables in self.records.values():
            wanted.setdefault(Table(table, cycle), set()).update(variables)
        for lookup, variables in self.lookups.values():
            wanted.setdefault(lookup, set()).update(variables)
        return wanted


@dataclass(frozen=True)
class Measure:
    """A quantity of a participant, defined once for every cycle in which it exists.

    Parameters
    ----------
    name : str
        As written in study files: lower case, digits and underscores.
    label : str
        For people; starts with a capital, without the unit.
    kind : {"continuous", "categorical"}
        Categorical measures have text values out of `levels`.
    unit : str
        For example ``"mg/day"``; empty for categories.
    levels : tuple of str
        Every category in its order; the first is the default reference.
    sources : mapping of str to Source
        By cycle name. A cycle that is not a key does not have the measure.
    derive : callable
        From the raw columns by role, and the cycle's name, to the measure. Missing is NaN or None.
    subsample : str
        Of `SUBSAMPLES`: the smallest in which the measure is collected; decides the weight.
    note : str
        How it is derived and what is missing, in words for the methods section.
    absent : mapping of str to str
        Why a cycle does not have it, where there is more to say than that it was not collected.
    subsamples : mapping of str to str
        By cycle, where it is another than `subsample`: blood has a weight of its own in 2021-2023.
    food_part : str
        The measure that is this intake's part from food, which varies with the energy of the same
        recall and is what an adjustment for energy applies to: ``"self"`` where all of it is from
        food; empty where there is none (supplements), or nothing to adjust (energy itself).
    """

    name: str
    label: str
    kind: Literal["continuous", "categorical"]
    sources: Mapping[str, Source]
    derive: Derivation
    subsample: Subsample
    unit: str = ""
    levels: tuple[str, ...] = ()
    note: str = ""
    absent: Mapping[str, str] = field(default_factory=dict)
    subsamples: Mapping[str, Subsample] = field(default_factory=dict)
    food_part: str = ""

    @property
    def cycles(self) -> tuple[str, ...]:
        """Cycles in which the measure exists, oldest first."""
        return tuple(sorted(self.sources))

    def subsample_in(self, cycle: str) -> Subsample:
        """Return the smallest subsample in which the measure is collected in a cycle."""
        return self.subsamples.get(cycle, self.subsample)
