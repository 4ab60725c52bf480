"""The sample weights of NHANES: which variable, for whom, and how pooled cycles share it.

Sources: NHANES tutorials, module 3 (weighting), for the choice of a weight, pooled cycles and the
four-year weights; the brief overview of August 2021-August 2023 (September 2024) and the codebooks
of that cycle for WTPH2YR; the codebooks of L10AM_B and LAB13AM for the fasting weights. The tables
of 1999-2000 that carry the fasting weight were not at hand: LAB10AM is known from the codebooks of
its sister LAB13AM and its successor L10AM_B alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analysis.cohort.measure import Source, Subsample
from analysis.cohort.measures.recode import cycles_between, sources
from analysis.errors import InputError
from analysis.nhanes.cycles import CYCLES

FOUR_YEARS = ("1999-2000", "2001-2002")
"""The two cycles that have four-year weights, which are used where both are pooled.

Their two-year weights rest on different population bases (1999-2000 on estimates from before the
census of 2000, all later ones on it) and are not comparable.
"""


@dataclass(frozen=True)
class Weight:
    """A sample weight.

    Parameters
    ----------
    name : str
        Of `analysis.cohort.measure.SUBSAMPLES`: the subsample that it makes representative, as
        written in study files.
    label : str
        For people.
    sources : mapping of str to Source
        The two-year weight by cycle; the role is ``"weight"``.
    four_years : mapping of str to Source
        The four-year weight of each of `FOUR_YEARS`.
    """

    name: Subsample
    label: str
    sources: Mapping[str, Source]
    four_years: Mapping[str, Source] = field(default_factory=dict)

    def variable(self, cycle: str, pooled: Collection[str] = ()) -> str:
        """Name of the CDC's variable in a cycle, see `source`."""
        return self.source(cycle, pooled).columns["weight"][1]

    def source(self, cycle: str, pooled: Collection[str] = ()) -> Source:
        """Return where a cycle has it.

        Parameters
        ----------
        cycle : str
            Name of the cycle.
        pooled : collection of str
            Names of all cycles that are pooled; by default the cycle stands alone.

        Raises
        ------
        InputError
            If the cycle does not have it.
        """
        if cycle not in self.sources:
            raise InputError(
                f'the weight "{self.name}" does not exist in {cycle}',
                remedy=f"It exists in {', '.join(sorted(self.sources))}.",
            )
        return (self.four_years if takes_four_years(cycle, pooled) else self.sources)[cycle]


def takes_four_years(cycle: str, pooled: Collection[str]) -> bool:
    """Whether a cycle's weight is the four-year one: both of `FOUR_YEARS` are pooled."""
    return cycle in FOUR_YEARS and set(FOUR_YEARS) <= set(pooled)


_ALL = tuple(CYCLES)


def _in_demo(kind: str, cycles: Collection[str]) -> dict[str, Source]:
    return sources({"weight": ("DEMO", f"WT{kind}")}, tuple(cycles))


def _fasting(kind: str) -> dict[str, Source]:
    """Weight of the fasting subsample, in the table of fasting glucose, which has ages 12 and over.

    The tables of triglycerides have the same weight to 2003-2004, and beside it a morning weight
    of children of 3 to 11 years, who had not fasted.
    """
    weight = f"WTSAF{kind}"
    return (
        sources({"weight": ("LAB10AM", weight)}, ["1999-2000"])
        | sources({"weight": ("L10AM", weight)}, ["2001-2002", "2003-2004"])
        | sources({"weight": ("GLU", weight)}, cycles_between("2005-2006", "2021-2023"))
    )


WEIGHTS: Mapping[str, Weight] = MappingProxyType(
    {
        weight.name: weight
        for weight in (
            Weight(
                "interview",
                "Interview weight",
                _in_demo("INT2YR", _ALL),
                _in_demo("INT4YR", FOUR_YEARS),
            ),
            Weight(
                "examination",
                "Examination weight",
                _in_demo("MEC2YR", _ALL),
                _in_demo("MEC4YR", FOUR_YEARS),
            ),
            Weight(
                "phlebotomy",
                "Phlebotomy weight",
                # All tables of blood have the same weight; this one has the youngest (1 year).
                _in_demo("MEC2YR", _ALL) | sources({"weight": ("VID", "WTPH2YR")}, ["2021-2023"]),
                _in_demo("MEC4YR", FOUR_YEARS),
            ),
            Weight(
                "dietary_day_1",
                "First-day dietary weight",
                sources({"weight": ("DRXTOT", "WTDRD1")}, FOUR_YEARS)
                | sources(
                    {"weight": ("DR1TOT", "WTDRD1")}, cycles_between("2003-2004", "2021-2023")
                ),
                sources({"weight": ("DRXTOT", "WTDR4YR")}, FOUR_YEARS),
            ),
            Weight(
                "dietary_two_days",
                "Two-day dietary weight",
                sources({"weight": ("DR1TOT", "WTDR2D")}, cycles_between("2003-2004", "2021-2023")),
            ),
            Weight(
                "fasting",
                "Fasting subsample weight",
                _fasting("2YR"),
                {cycle: source for cycle, source in _fasting("4YR").items() if cycle in FOUR_YEARS},
            ),
        )
    }
)
"""Weights by name, from the largest subsample to the smallest.

Before 2021-2023 blood has no weight of its own: whoever was examined stands for those whose blood
was not taken too, and the phlebotomy weight of a study that pools these cycles with 2021-2023 is
the examination weight in them.
"""

DESIGN_SOURCES = sources({"stratum": ("DEMO", "SDMVSTRA"), "psu": ("DEMO", "SDMVPSU")}, _ALL)
"""Masked variance strata and units, which DEMO has for everyone interviewed."""


def pooled_share(cycle: str, pooled: Collection[str]) -> float:
    """Factor of a cycle's weight when k cycles are pooled.

    1 / k of a two-year weight, 2 / k of a four-year one, so that the weights add up to the mean
    population of the cycles (NHANES tutorials, module 3). August 2021 - August 2023 is one cycle of
    two years of data, and counts as such, although no data of 2019-2020 stand before it: the pooled
    population is the mean over the years that have data. A part of the pooled cycles (one left out,
    an option of a few of them) keeps these weights, whose ratios to one another are right for
    two-year weights, and for the four-year ones of a single cycle nearly so.

    Parameters
    ----------
    cycle : str
        Name of the cycle.
    pooled : collection of str
        Names of all cycles that are pooled.
    """
    return (2 if takes_four_years(cycle, pooled) else 1) / len(pooled)
