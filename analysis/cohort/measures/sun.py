"""Time outdoors and protection from the sun, asked at home of people of 20 to 59 years (DEQ).

The protective habits are about a very sunny day with more than an hour outside. Who does not go
out in the sun (answer 6 to the first question) is not asked the rest, and is a category of its
own in all three. In 2007-2008 the CDC released no dermatology questionnaire.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.cohort.measure import Columns, Derivation, Measure
from analysis.cohort.measures.recode import categories, choose, cycles_between, sources, without

HABIT_CYCLES = ("2003-2004", "2005-2006", *cycles_between("2009-2010", "2021-2023"))
TIME_CYCLES = cycles_between("2009-2010", "2017-2018")

AVOIDS = "Does not go out in the sun"
HABITS = {1: "Always", 2: "Most of the time", 3: "Sometimes", 4: "Rarely", 5: "Never"}
LEVELS = (*HABITS.values(), AVOIDS)
GOES_NOT_OUT = 6
"""Answer to DEQ034A (shade) after which sleeves and sunscreen are not asked."""

SOME_MINUTES = {14: 7.5}
"""DED120 and DED125 give 1 to 14 minutes as 14: taken as the middle of the range."""

NO_SUCH_DAY = 3333
"""DED120: neither works nor goes to school; DED125: works or is at school on every day."""

UNKNOWN_MINUTES = (7777, 9999)
WORK_DAYS, FREE_DAYS = 5, 2

NOT_RELEASED = {"2007-2008": "no dermatology questionnaire of 2007-2008 was released"}
NO_HABITS = NOT_RELEASED | dict.fromkeys(
    ("1999-2000", "2001-2002"), "protection from the sun was first asked in 2003-2004"
)
NO_TIME = (
    NOT_RELEASED
    | dict.fromkeys(
        cycles_between("1999-2000", "2005-2006"), "time outdoors was first asked in 2009-2010"
    )
    | {"2021-2023": "time outdoors was not asked in 2021-2023"}
)


def sun_minutes(columns: Columns, cycle: str) -> pd.Series:
    """Minutes a day outdoors between 9 and 17 o'clock, over a week of five working days.

    How many days a week people work or go to school is not asked with it: five are taken, which is
    this package's convention. Who has no working days has the minutes of free days on all seven,
    and who has no free days those of working days.
    """
    work, free = _minutes(columns["work_day"]), _minutes(columns["free_day"])
    no_work = columns["work_day"] == NO_SUCH_DAY
    no_free = columns["free_day"] == NO_SUCH_DAY
    work, free = work.mask(no_work, free), free.mask(no_free, work)
    return (WORK_DAYS * work + FREE_DAYS * free) / (WORK_DAYS + FREE_DAYS)


def _minutes(codes: pd.Series) -> pd.Series:
    return without(codes, (*UNKNOWN_MINUTES, NO_SUCH_DAY)).replace(SOME_MINUTES)


def shade(columns: Columns, cycle: str) -> pd.Series:
    """How often in the shade."""
    return categories(columns["shade"], HABITS | {GOES_NOT_OUT: AVOIDS}, LEVELS)


def _habit(role: str) -> Derivation:
    """Make the derivation of a habit that is asked of those who go out in the sun."""

    def derive(columns: Columns, cycle: str) -> pd.Series:
        avoids = columns["shade"] == GOES_NOT_OUT
        cases = [(avoids, AVOIDS)]
        cases += [(columns[role] == code, name) for code, name in HABITS.items()]
        return choose(cases, avoids.index, LEVELS)

    return derive


def _protection(name: str, label: str, roles: Sequence[str], derive: Derivation) -> Measure:
    variables = {"shade": "DEQ034A", "sleeves": "DEQ034C", "sunscreen": "DEQ034D"}
    return Measure(
        name=name,
        label=label,
        kind="categorical",
        levels=LEVELS,
        sources=sources({role: ("DEQ", variables[role]) for role in roles}, HABIT_CYCLES),
        derive=derive,
        subsample="interview",
        note=(
            "On a very sunny day with more than an hour outside; asked of people of 20 to 59 "
            "years, missing for all others."
        ),
        absent=NO_HABITS,
    )


MEASURES = (
    Measure(
        name="sun_minutes",
        label="Time outdoors by day",
        unit="min/day",
        kind="continuous",
        sources=sources(
            {"work_day": ("DEQ", "DED120"), "free_day": ("DEQ", "DED125")}, TIME_CYCLES
        ),
        derive=sun_minutes,
        subsample="interview",
        note=(
            "Usual minutes outside and not in the shade between 9 and 17 o'clock in the past 30 "
            "days: five times a day of work or school and twice a free one, over seven; 1 to 14 "
            "minutes count as 7.5. Asked of people of 20 to 59 years, missing for all others."
        ),
        absent=NO_TIME,
    ),
    _protection("sunscreen", "Use of sunscreen", ("shade", "sunscreen"), _habit("sunscreen")),
    _protection("stays_in_shade", "Staying in the shade", ("shade",), shade),
    _protection("long_sleeves", "Long sleeves in the sun", ("shade", "sleeves"), _habit("sleeves")),
)
