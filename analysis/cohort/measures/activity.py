"""MET-minutes a week of physical activity, of every kind that a cycle asked for and in leisure.

Three questionnaires, three quantities. To 2005-2006 people told what they did in the past 30 days:
in leisure time (each activity), to get to places, and about home and yard; work for pay was not
asked for in minutes. From 2007-2008 to 2017-2018 the Global Physical Activity Questionnaire (GPAQ)
asked for days and minutes of a typical week: at work (paid or not, chores included), to get to
places, and in recreation. The later sum is larger; the two cannot be pooled as one quantity. In
2021-2023 only times and minutes of moderate and of vigorous leisure-time activity were asked.

Leisure alone is in all three, and `recreational_activity` has its classes.

Nobody's total is taken from a part of the kinds: one unknown answer makes it missing. Metabolic
equivalents (MET) are those that the codebooks suggest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Measure
from analysis.cohort.measures.drinking import WEEKS_PER_YEAR
from analysis.cohort.measures.lifestyle import (
    ACTIVITY,
    PAQIAF,
    activity_classes,
    leisure_met_minutes,
)
from analysis.cohort.measures.recode import cycles_between, sources, without

FIRST_AGE = 16
"""Years: of the younger, tasks about the home are not asked, and the rest only when examined."""

TRANSPORT_MET, TASKS_MET = 4.0, 4.5
"""MET of PAD020 and PAQ100. Source: PAQ_B to PAQ_D, appendix 1."""

UNKNOWN = (77777, 99999)
"""Refused and do not know in PAQ050Q, PAD080, PAD120 and PAD160."""

WEEKS_PER_30_DAYS = 30 / 7


LEISURE_AGE = 18
"""Years: the youngest who were asked about leisure in every cycle (12 to 2015-2016)."""


class Kind(NamedTuple):
    """One of the GPAQ's five kinds of activity: its three questions and its MET."""

    name: str
    any: str
    days: str
    minutes: str
    met: float


GPAQ = (
    Kind("vigorous_work", "PAQ605", "PAQ610", "PAD615", 8.0),
    Kind("moderate_work", "PAQ620", "PAQ625", "PAD630", 4.0),
    Kind("transport", "PAQ635", "PAQ640", "PAD645", 4.0),
    Kind("vigorous_recreation", "PAQ650", "PAQ655", "PAD660", 8.0),
    Kind("moderate_recreation", "PAQ665", "PAQ670", "PAD675", 4.0),
)
"""Source of the MET: PAQ_E to PAQ_J, appendix 1; WHO's GPAQ analysis guide has the same 8 and 4."""

RECREATION = GPAQ[3:]
"""The two kinds of leisure."""

GPAQ_CYCLES = cycles_between("2007-2008", "2017-2018")
UNKNOWN_DAYS, UNKNOWN_MINUTES = (77, 99), (7777, 9999)

LATEST = "2021-2023"
MODERATE_MET, VIGOROUS_MET = 4.0, 8.0
"""MET of leisure in PAQ_L, which suggests none: those of the same words in the GPAQ."""

UNKNOWN_FREQUENCY = (7777, 9999)
TIMES_A_WEEK = {"D": 7.0, "W": 1.0, "M": 12 / WEEKS_PER_YEAR, "Y": 1 / WEEKS_PER_YEAR}
"""Times a week for one time per unit of PAD790U and PAD810U: day, week, month, year."""


def transport_met_minutes(columns: Columns) -> pd.Series:
    """MET-minutes a week of walking and bicycling to get to places, 2001-2006.

    PAD080 is what a day came to altogether, so times (PAQ050Q a day, week or month) count as days:
    at most seven a week, and every day for whoever went at least once a day. A month is 30 days.
    """
    times, unit = without(columns["trips"], UNKNOWN), columns["trips_unit"]
    a_week = times * unit.map({1: 7.0, 2: 1.0, 3: 1 / WEEKS_PER_30_DAYS})
    minutes = a_week.clip(upper=7.0) * without(columns["trip_minutes"], UNKNOWN)
    return _if_any(columns["transport"], minutes * TRANSPORT_MET)


def tasks_met_minutes(columns: Columns) -> pd.Series:
    """MET-minutes a week of at least moderate tasks about home and yard, 2001-2006.

    PAD120 is times in 30 days (converted by the CDC), PAD160 minutes a time.
    """
    times = without(columns["task_times"], UNKNOWN)
    minutes = times * without(columns["task_minutes"], UNKNOWN) / WEEKS_PER_30_DAYS
    return _if_any(columns["tasks"], minutes * TASKS_MET)


def gpaq_met_minutes(columns: Columns, kinds: Sequence[Kind] = GPAQ) -> pd.Series:
    """MET-minutes of a typical week by the GPAQ: days times minutes times MET, over its kinds."""
    parts = []
    for kind in kinds:
        days = without(columns[f"{kind.name}_days"], UNKNOWN_DAYS)
        minutes = without(columns[f"{kind.name}_minutes"], UNKNOWN_MINUTES)
        parts.append(_if_any(columns[kind.name], days * minutes * kind.met))
    return reduce(pd.Series.add, parts)


def latest_met_minutes(columns: Columns) -> pd.Series:
    """MET-minutes a week of leisure in 2021-2023: times a week, minutes a time and MET.

    Who does it 0 times is asked neither unit nor minutes and has 0.
    """
    parts = []
    for kind, met in (("moderate", MODERATE_MET), ("vigorous", VIGOROUS_MET)):
        times = without(columns[f"{kind}_times"], UNKNOWN_FREQUENCY)
        minutes = without(columns[f"{kind}_minutes"], UNKNOWN_MINUTES)
        amount = times * columns[f"{kind}_unit"].map(TIMES_A_WEEK) * minutes * met
        parts.append(amount.mask(times == 0, 0.0))
    return reduce(pd.Series.add, parts)


def _if_any(answer: pd.Series, amount: pd.Series) -> pd.Series:
    """Amount for 'yes' (1), 0 for 'no' (2) and 'unable' (3), missing for any other answer."""
    none = answer.isin([2, 3])
    return amount.where(answer == 1, np.where(none, 0.0, np.nan))


def physical_activity_met(columns: Columns, cycle: str) -> pd.Series:
    """MET-minutes a week of all kinds asked for, of people of 16 years and over."""
    if cycle in PAQIAF:
        kinds = [leisure_met_minutes(columns, cycle)]
        kinds += [transport_met_minutes(columns), tasks_met_minutes(columns)]
        total = reduce(pd.Series.add, kinds)
    else:
        total = gpaq_met_minutes(columns)
    return total.where(columns["age"] >= FIRST_AGE)


def gpaq_activity(columns: Columns, cycle: str) -> pd.Series:
    """Classes of work, transport and recreation together, of people of 16 years and over."""
    return activity_classes(gpaq_met_minutes(columns).where(columns["age"] >= FIRST_AGE))


def recreational_activity(columns: Columns, cycle: str) -> pd.Series:
    """Classes of activity in leisure, by whichever questionnaire, at 18 years and over."""
    if cycle in PAQIAF:
        met = leisure_met_minutes(columns, cycle)
    elif cycle == LATEST:
        met = latest_met_minutes(columns)
    else:
        met = gpaq_met_minutes(columns, RECREATION)
    return activity_classes(met.where(columns["age"] >= LEISURE_AGE))


AGE = {"age": ("DEMO", "RIDAGEYR")}
LEISURE_COLUMNS = {"vigorous": ("PAQ", "PAD200"), "moderate": ("PAQ", "PAD320")}
LEISURE_RECORDS = {"activities": ("PAQIAF", ("SEQN", "PADTIMES", "PADDURAT", "PADMETS"))}
PAQ_COLUMNS = LEISURE_COLUMNS | {
    "transport": ("PAQ", "PAD020"),
    "trips": ("PAQ", "PAQ050Q"),
    "trips_unit": ("PAQ", "PAQ050U"),
    "trip_minutes": ("PAQ", "PAD080"),
    "tasks": ("PAQ", "PAQ100"),
    "task_times": ("PAQ", "PAD120"),
    "task_minutes": ("PAQ", "PAD160"),
}
LATEST_COLUMNS = {
    "moderate_times": ("PAQ", "PAD790Q"),
    "moderate_unit": ("PAQ", "PAD790U"),
    "moderate_minutes": ("PAQ", "PAD800"),
    "vigorous_times": ("PAQ", "PAD810Q"),
    "vigorous_unit": ("PAQ", "PAD810U"),
    "vigorous_minutes": ("PAQ", "PAD820"),
}


def _gpaq_columns(kinds: Sequence[Kind]) -> dict[str, tuple[str, str]]:
    """Where the three questions of each kind are."""
    return {
        role: ("PAQ", variable)
        for kind in kinds
        for role, variable in (
            (kind.name, kind.any),
            (f"{kind.name}_days", kind.days),
            (f"{kind.name}_minutes", kind.minutes),
        )
    }


GPAQ_SOURCES = sources(AGE | _gpaq_columns(GPAQ), GPAQ_CYCLES)
LEISURE_ALONE = {LATEST: "of 2021-2023 only leisure-time activity was asked"}

MEASURES = (
    Measure(
        name="physical_activity_met",
        label="Physical activity",
        unit="MET-min/week",
        kind="continuous",
        sources=sources(AGE | PAQ_COLUMNS, PAQIAF, LEISURE_RECORDS) | GPAQ_SOURCES,
        derive=physical_activity_met,
        subsample="interview",
        note=(
            "From 16 years of age on (18 in 2017-2018). 1999-2006: leisure time, walking and "
            "bicycling to get to places (4 MET) and tasks about home and yard (4.5 MET) of the "
            "past 30 days, times 7/30; work is not in it, nor muscle strengthening, which is asked "
            "without minutes and repeats leisure activities. 2007-2018: work, transport and "
            "recreation of a typical week (GPAQ; 8 MET vigorous, 4 MET moderate). The two are "
            "different quantities: do not pool cycles across 2006 and 2007. Missing if any kind is "
            "unknown."
        ),
        absent=LEISURE_ALONE,
    ),
    Measure(
        name="gpaq_activity",
        label="Physical activity",
        kind="categorical",
        levels=ACTIVITY,
        sources=GPAQ_SOURCES,
        derive=gpaq_activity,
        subsample="interview",
        note=(
            "MET-minutes of a typical week at work, in transport and in recreation together (GPAQ; "
            "8 MET vigorous, 4 MET moderate), from 16 years of age on (18 in 2017-2018). The "
            "classes are those of leisure alone; work and transport put most people in the last."
        ),
        absent=LEISURE_ALONE
        | dict.fromkeys(PAQIAF, "the questionnaire to 2005-2006 does not ask for minutes of work"),
    ),
    Measure(
        name="recreational_activity",
        label="Leisure-time physical activity",
        kind="categorical",
        levels=ACTIVITY,
        sources=sources(AGE | LEISURE_COLUMNS, PAQIAF, LEISURE_RECORDS)
        | sources(AGE | _gpaq_columns(RECREATION), GPAQ_CYCLES)
        | sources(AGE | LATEST_COLUMNS, [LATEST]),
        derive=recreational_activity,
        subsample="interview",
        note=(
            "MET-minutes a week of leisure-time activity, at 18 years and over. 1999-2006: every "
            "activity of the past 30 days with its own MET. 2007-2018: days and minutes of "
            "vigorous (8 MET) and moderate (4 MET) recreation in a typical week, of 10 minutes or "
            "more at a time. 2021-2023: usual times and minutes of both, however short. Questions "
            "and recall differ, so shares in a class do too."
        ),
    ),
)
