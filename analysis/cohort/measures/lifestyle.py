"""Smoking, alcohol and leisure-time physical activity, as told in the interviews."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.drinking import DRINK_SOURCES, drinks_per_week
from analysis.cohort.measures.recode import choose, cycles_between, sources

SMOKING = ("Never", "Former", "Current")
ALCOHOL = ("Never", "Former", "Light", "Moderate", "Heavy")
ACTIVITY = (
    "None",
    "Below 500 MET-min/week",
    "500 to below 1,000 MET-min/week",
    "1,000 MET-min/week or more",
)

PAQIAF = ("2001-2002", "2003-2004", "2005-2006")


def smoking(columns: Columns, cycle: str) -> pd.Series:
    """Smoking from SMQ020 (100 cigarettes in life) and SMQ040 (now)."""
    ever, now = columns["ever"], columns["now"]
    return choose(
        [
            (ever == 2, "Never"),
            ((ever == 1) & now.isin([1, 2]), "Current"),
            ((ever == 1) & (now == 3), "Former"),
        ],
        ever.index,
        SMOKING,
    )


def alcohol(columns: Columns, cycle: str) -> pd.Series:
    """Drinking status by the classes of the National Health Interview Survey.

    Never: fewer than 12 drinks in life. Former: 12 or more, none in the past 12 months. Current
    drinkers by drinks a week: light up to 3, moderate above 3 up to 7 (women) or 14 (men), heavy
    above. Source of the classes: Schoenborn CA, Adams PF. Health behaviors of adults: United
    States, 2005-2007. Vital Health Stat 10(245), 2010, appendix.
    """
    any_year, life = columns["any_year"], columns["life"]
    week = drinks_per_week(columns, cycle)
    limit = columns["sex"].map({1: 14.0, 2: 7.0})
    drinker = (any_year == 1) | (life == 1)
    return choose(
        [
            ((any_year != 1) & (life == 2), "Never"),
            (drinker & (week == 0), "Former"),
            (drinker & (week <= 3), "Light"),
            (drinker & (week <= limit), "Moderate"),
            (drinker & (week > limit), "Heavy"),
        ],
        any_year.index,
        ALCOHOL,
    )


def leisure_met_minutes(columns: Columns, cycle: str) -> pd.Series:
    """MET-minutes a week of leisure-time activity: PAQIAF's times x minutes x MET, over 30 days.

    Nobody's total is taken from a part of their activities: a reported activity without times or
    minutes makes it missing, and so do a 'yes' to vigorous or moderate activity (PAD200, PAD320)
    without any record, and an unknown answer to either. People who did neither, or were unable to,
    have 0.
    """
    records = columns["activities"]
    minutes = records["PADTIMES"] * records["PADDURAT"] * records["PADMETS"] * 7 / 30
    person = records["SEQN"]
    incomplete = minutes.isna().groupby(person).any()
    total = minutes.groupby(person).sum().mask(incomplete)
    vigorous, moderate = columns["vigorous"], columns["moderate"]
    total = total.reindex(vigorous.index)
    idle = vigorous.isin([2, 3]) & moderate.isin([2, 3])
    answered = vigorous.isin([1, 2, 3]) & moderate.isin([1, 2, 3])
    active = answered & ((vigorous == 1) | (moderate == 1))
    return total.where(active, np.where(idle, 0.0, np.nan))


def physical_activity(columns: Columns, cycle: str) -> pd.Series:
    """Classes of leisure-time activity by the 2008 Physical Activity Guidelines for Americans.

    500 to 1,000 MET-minutes a week is the range in which the guidelines see substantial benefit.
    """
    met = leisure_met_minutes(columns, cycle)
    none, low, enough, more = ACTIVITY
    return choose(
        [(met == 0, none), (met < 500, low), (met < 1000, enough), (met >= 1000, more)],
        met.index,
        ACTIVITY,
    )


def _alcohol_sources() -> dict[str, Source]:
    sex = {"sex": ("DEMO", "RIAGENDR")}
    return {
        cycle: Source({**DRINK_SOURCES[cycle].columns, **sources(sex, [cycle])[cycle].columns})
        for cycle in cycles_between("2001-2002", "2015-2016")
    }


ACTIVITY_SOURCES = sources(
    {"vigorous": ("PAQ", "PAD200"), "moderate": ("PAQ", "PAD320")},
    PAQIAF,
    records={"activities": ("PAQIAF", ("SEQN", "PADTIMES", "PADDURAT", "PADMETS"))},
)
ACTIVITY_ABSENT = dict.fromkeys(
    cycles_between("2007-2008", "2021-2023"),
    "from 2007 on activity is asked by the Global Physical Activity Questionnaire, "
    "which is not comparable",
)

UNCHECKED = {"1999-2000": "its 1999-2000 files have not been checked against their codebooks yet"}

MEASURES = (
    Measure(
        name="smoking",
        label="Smoking",
        kind="categorical",
        levels=SMOKING,
        sources=sources(
            {"ever": ("SMQ", "SMQ020"), "now": ("SMQ", "SMQ040")},
            cycles_between("2001-2002", "2021-2023"),
        ),
        derive=smoking,
        subsample="interview",
        note="Never: fewer than 100 cigarettes in life. Current: every day or some days.",
        absent=UNCHECKED,
    ),
    Measure(
        name="alcohol",
        label="Alcohol",
        kind="categorical",
        levels=ALCOHOL,
        sources=_alcohol_sources(),
        derive=alcohol,
        subsample="examination",
        note=(
            "Never: fewer than 12 drinks in life. Former: none in the past 12 months. Light: up to "
            "3 drinks a week; moderate: up to 7 (women) or 14 (men); heavy: more."
        ),
        absent=UNCHECKED
        | dict.fromkeys(
            ("2017-2018", "2021-2023"), "the alcohol questionnaire of 2017 on asks differently"
        ),
    ),
    Measure(
        name="leisure_activity",
        label="Leisure-time physical activity",
        unit="MET-min/week",
        kind="continuous",
        sources=ACTIVITY_SOURCES,
        derive=leisure_met_minutes,
        subsample="interview",
        note="Times, minutes and MET of each activity of the past 30 days.",
        absent=UNCHECKED | ACTIVITY_ABSENT,
    ),
    Measure(
        name="physical_activity",
        label="Leisure-time physical activity",
        kind="categorical",
        levels=ACTIVITY,
        sources=ACTIVITY_SOURCES,
        derive=physical_activity,
        subsample="interview",
        note="MET-minutes a week of the activities of the past 30 days.",
        absent=UNCHECKED | ACTIVITY_ABSENT,
    ),
)
