"""The weight that belongs to a study: that of the smallest subsample in which it measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from analysis.cohort.measure import SUBSAMPLES, Measure, Subsample


class _Cycles(Protocol):
    @property
    def cycles(self) -> Sequence[str]: ...


class Measuring(Protocol):
    """What is looked at of a study."""

    @property
    def data(self) -> _Cycles:
        """Its cycles."""

    @property
    def core_measures(self) -> Sequence[str]:
        """Names of its measures, but for those that take another's place in an option."""

    @property
    def partial(self) -> Mapping[str, Sequence[str]]:
        """Measures that are read in some of the cycles only, with these cycles."""


def smallest(
    study: Measuring, measures: Mapping[str, Measure]
) -> tuple[Subsample, tuple[tuple[str, str], ...]]:
    """Find the smallest subsample over a study's measures and its cycles.

    The weight of the smallest subsample is the one to use (NHANES tutorials, module 3), in every
    cycle: pooled cycles have one kind of weight.

    Parameters
    ----------
    study : Study
    measures : mapping of str to Measure
        Every measure by its name; a name that is not there is left to `check_study`.

    Returns
    -------
    subsample : str
        Of `SUBSAMPLES`.
    why : tuple of (str, str)
        Measure and cycle of everything that is confined to it.
    """
    asked = [
        (name, cycle, measures[name].subsample_in(cycle))
        for name in study.core_measures
        if name in measures
        for cycle in study.partial.get(name, study.data.cycles)
        if cycle in measures[name].sources
    ]
    found = max(
        (subsample for _, _, subsample in asked), key=SUBSAMPLES.index, default=SUBSAMPLES[0]
    )
    return found, tuple((name, cycle) for name, cycle, each in asked if each == found)
