"""The sample weights of NHANES: which variable, for whom, and how pooled cycles share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from analysis.cohort.measure import Source, Subsample
from analysis.cohort.measures.recode import cycles_between, sources
from analysis.errors import InputError
from analysis.nhanes.cycles import CYCLES


@dataclass(frozen=True)
class Weight:
    """A two-year sample weight.

    Parameters
    ----------
    name : {"interview", "examination", "dietary_day_1", "dietary_two_days"}
        The subsample that it makes representative, as written in study files.
    label : str
        For people.
    sources : mapping of str to Source
        By cycle; the role is ``"weight"``.
    """

    name: Subsample
    label: str
    sources: Mapping[str, Source]

    def variable(self, cycle: str) -> str:
        """Name of the CDC's variable in a cycle."""
        return self.source(cycle).columns["weight"][1]

    def source(self, cycle: str) -> Source:
        """Return where a cycle has it.

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
        return self.sources[cycle]


_ALL = tuple(CYCLES)

WEIGHTS: Mapping[str, Weight] = MappingProxyType(
    {
        weight.name: weight
        for weight in (
            Weight(
                "interview", "Interview weight", sources({"weight": ("DEMO", "WTINT2YR")}, _ALL)
            ),
            Weight(
                "examination", "Examination weight", sources({"weight": ("DEMO", "WTMEC2YR")}, _ALL)
            ),
            Weight(
                "dietary_day_1",
                "First-day dietary weight",
                sources({"weight": ("DRXTOT", "WTDRD1")}, ["1999-2000", "2001-2002"])
                | sources(
                    {"weight": ("DR1TOT", "WTDRD1")}, cycles_between("2003-2004", "2021-2023")
                ),
            ),
            Weight(
                "dietary_two_days",
                "Two-day dietary weight",
                sources({"weight": ("DR1TOT", "WTDR2D")}, cycles_between("2003-2004", "2021-2023")),
            ),
        )
    }
)
"""Weights by name, from the largest subsample to the smallest."""

DESIGN_SOURCES = sources({"stratum": ("DEMO", "SDMVSTRA"), "psu": ("DEMO", "SDMVPSU")}, _ALL)
"""Masked variance strata and units, which DEMO has for everyone interviewed."""


def pooled_share(cycles: Sequence[str]) -> float:
    """Factor of every two-year weight when k cycles are pooled: 1 / k.

    Source: NHANES analytic guidelines, combining survey cycles. The four-year weights that
    1999-2002 wants instead are not offered; a study that pools these two cycles is refused.

    Parameters
    ----------
    cycles : sequence of str
        Names of the pooled cycles.
    """
    return 1 / len(cycles)
