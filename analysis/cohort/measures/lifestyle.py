"""Smoking, alcohol and leisure-time physical activity, as told in the interviews.

The files of 1999-2000 (SMQ, ALQ, PAQ, PAQIAF) are read by what their codebooks say: the questions
and codes are those of 2001-2002, but for the name of one variable (`drinking.ANY_YEAR`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.drinking import (
    BY_NUMBER,
    DRINK_SOURCES,
    WEEKS_PER_YEAR,
    drinks_per_week,
)
from analysis.cohort.measures.recode import choose, cycles_between, sources
from analysis.nhanes.cycles import CYCLES

SMOKING = ("Never", "Former", "Current")
ALCOHOL = ("Never", "Former", "Light", "Moderate", "Heavy")
ALCOHOL_STATUS = ("Fewer than 12 drinks in the past year", "Light", "Moderate", "Heavy")
ACTIVITY = (
    "None",
    "Below 500 MET-min/week",
    "500 to below 1,000 MET-min/week",
    "1,000 MET-min/week or more",
)

LIGHT = 3.0
MODERATE = {1: 14.0, 2: 7.0}
"""Most drinks a week of light drinkers, and of moderate ones by sex (RIAGENDR).

Source: Schoenborn CA, Adams PF. Health behaviors of adults: United States, 2005-2007. Vital Health
Stat 10(245), 2010, appendix.
"""

DRINKS_PER_YEAR = 12
"""Fewer drinks in the past year are no regular drinking (Schoenborn and Adams 2010: infrequent)."""

ALCOHOL_AGE = 20
"""Years: the youngest asked in every cycle (from 2011-2012 on people of 18 and 19 are, too)."""

PAQIAF = cycles_between("1999-2000", "2005-2006")
"""Cycles whose leisure-time activities have a file of their own."""


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
    above (see `LIGHT` and `MODERATE` for the source).
    """
    any_year, life = columns["any_year"], columns["life"]
    week = drinks_per_week(columns, cycle)
    limit = columns["sex"].map(MODERATE)
    drinker = (any_year == 1) | (life == 1)
    return choose(
        [
            ((any_year != 1) & (life == 2), "Never"),
            (drinker & (week == 0), "Former"),
            (drinker & (week <= LIGHT), "Light"),
            (drinker & (week <= limit), "Moderate"),
            (drinker & (week > limit), "Heavy"),
        ],
        any_year.index,
        ALCOHOL,
    )


def alcohol_status(columns: Columns, cycle: str) -> pd.Series:
    """Drinking in the past year, in classes that both questionnaires tell alike.

    To 2015-2016 people who had fewer than 12 drinks in life are asked no more, and whether they
    ever drank is not known; from 2017 on people who never drank are not, and whether others had 12
    in life is not known. Who never drank, who stopped, and who drinks now and then are therefore
    told apart by one questionnaire at a time, and alcohol_status does not part them: its first
    class is whoever had fewer than 12 drinks in the past year, which both tell. The classes above
    it are those of `alcohol`.
    """
    week = drinks_per_week(columns, cycle)
    # Twelve times one drink is twelve, however a week's fraction of it is rounded.
    year = (week * WEEKS_PER_YEAR).round(6)
    limit = columns["sex"].map(MODERATE)
    few, light, moderate, heavy = ALCOHOL_STATUS
    classes = choose(
        [
            (year < DRINKS_PER_YEAR, few),
            (week <= LIGHT, light),
            (week <= limit, moderate),
            (week > limit, heavy),
        ],
        week.index,
        ALCOHOL_STATUS,
    )
    return classes.where(columns["age"] >= ALCOHOL_AGE)


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


def activity_classes(met: pd.Series) -> pd.Series:
    """Classes of MET-minutes a week by the 2008 Physical Activity Guidelines for Americans.

    500 to 1,000 MET-minutes a week is the range in which the guidelines see substantial benefit.
    """
    none, low, enough, more = ACTIVITY
    return choose(
        [(met == 0, none), (met < 500, low), (met < 1000, enough), (met >= 1000, more)],
        met.index,
        ACTIVITY,
    )


def physical_activity(columns: Columns, cycle: str) -> pd.Series:
    """Classes of leisure-time activity; see `activity_classes`."""
    return activity_classes(leisure_met_minutes(columns, cycle))


def _alcohol_sources(cycles: Sequence[str], **person: str) -> dict[str, Source]:
    """Join what is asked about drinking with variables of DEMO, by role."""
    of_demo = {role: ("DEMO", variable) for role, variable in person.items()}
    return {
        cycle: Source({**DRINK_SOURCES[cycle].columns, **sources(of_demo, [cycle])[cycle].columns})
        for cycle in cycles
    }


ACTIVITY_SOURCES = sources(
    {"vigorous": ("PAQ", "PAD200"), "moderate": ("PAQ", "PAD320")},
    PAQIAF,
    records={"activities": ("PAQIAF", ("SEQN", "PADTIMES", "PADDURAT", "PADMETS"))},
)
ACTIVITY_ABSENT = dict.fromkeys(
    cycles_between("2007-2008", "2021-2023"),
    "from 2007 on activity is asked by the Global Physical Activity Questionnaire, "
    "which is not comparable; recreational_activity has classes in every cycle",
)

MEASURES = (
    Measure(
        name="smoking",
        label="Smoking",
        kind="categorical",
        levels=SMOKING,
        sources=sources(
            {"ever": ("SMQ", "SMQ020"), "now": ("SMQ", "SMQ040")},
            tuple(CYCLES),
        ),
        derive=smoking,
        subsample="interview",
        note=(
            "Never: fewer than 100 cigarettes in life. Current: every day or some days. Asked of "
            "people of 20 years and over, from 2013-2014 on of 18 and over; missing for others."
        ),
    ),
    Measure(
        name="alcohol",
        label="Alcohol",
        kind="categorical",
        levels=ALCOHOL,
        sources=_alcohol_sources(BY_NUMBER, sex="RIAGENDR"),
        derive=alcohol,
        subsample="examination",
        note=(
            "Never: fewer than 12 drinks in life. Former: none in the past 12 months. Light: up to "
            "3 drinks a week; moderate: up to 7 (women) or 14 (men); heavy: more."
        ),
        absent=dict.fromkeys(
            ("2017-2018", "2021-2023"),
            "the alcohol questionnaire of 2017 on asks differently; alcohol_status has all cycles",
        ),
    ),
    Measure(
        name="alcohol_status",
        label="Alcohol in the past year",
        kind="categorical",
        levels=ALCOHOL_STATUS,
        sources=_alcohol_sources(tuple(DRINK_SOURCES), sex="RIAGENDR", age="RIDAGEYR"),
        derive=alcohol_status,
        subsample="examination",
        note=(
            "Average drinks a week of the past 12 months: light up to 3, moderate up to 7 (women) "
            "or 14 (men), heavy more; fewer than 12 in the year are one class with people who "
            "never drank or who stopped. At 20 years and over. From 2017 on how often people drink "
            "is told in ten classes, taken at their middle, and in 2021-2023 to a computer."
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
        absent=ACTIVITY_ABSENT,
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
        absent=ACTIVITY_ABSENT,
    ),
)
