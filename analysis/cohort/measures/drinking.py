"""How much alcohol people drink on average, from two questionnaires that ask it differently.

1999-2016: days of drinking in the past 12 months as a number of times a week, month or year.
2017 on: one of ten classes of frequency. The number of drinks on such a day is asked alike. ALQ of
1999-2000 is read from its codebook alone, as published by the CDC.
"""

from __future__ import annotations

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.recode import cycles_between, sources, without

WEEKS_PER_YEAR = 365.25 / 7
OCCASIONS_PER_WEEK = {1: 1.0, 2: 12 / WEEKS_PER_YEAR, 3: 1 / WEEKS_PER_YEAR}
"""Times a week for one time per unit of ALQ120U: week, month, year."""

UNKNOWN_TIMES = (777, 999)
"""Refused and do not know in ALQ120Q."""

UNKNOWN_DRINKS = (777, 999)
UNKNOWN_DRINKS_EARLY = (77, 99, 777, 999)
"""Refused and do not know in ALQ130. To 2003-2004 the codes have two digits, and the most that
anybody names is 50 drinks; later 82 and 83 drinks occur."""

DAYS_PER_YEAR = {
    0: 0.0,
    1: 365.25,
    2: 5.5 * WEEKS_PER_YEAR,
    3: 3.5 * WEEKS_PER_YEAR,
    4: 2 * WEEKS_PER_YEAR,
    5: 1 * WEEKS_PER_YEAR,
    6: 2.5 * 12,
    7: 12.0,
    8: 9.0,
    9: 4.5,
    10: 1.5,
}
"""Days of drinking a year for each class of ALQ121 (2017 on): the middle of the class.

Never, every day, nearly every day (between 4 and 7 a week, which are the neighbouring classes'),
3 to 4 a week, 2 a week, once a week, 2 to 3 a month, once a month, 7 to 11, 3 to 6 and 1 to 2 a
year. The CDC gives the classes and no numbers; refused (77) and do not know (99) are missing.
"""

BY_NUMBER = cycles_between("1999-2000", "2015-2016")
BY_CLASS = cycles_between("2017-2018", "2021-2023")
ANY_YEAR = {"1999-2000": "ALQ100", "2001-2002": "ALD100"}
"""At least 12 drinks in any one year: ALQ101 from 2003-2004 to 2015-2016."""


def drinks_per_week(columns: Columns, cycle: str) -> pd.Series:
    """Drinks a week over the past 12 months: days of drinking times drinks on such a day.

    Parameters
    ----------
    columns : mapping
        The roles of `DRINK_SOURCES`: ``life`` (ALQ110), ``times``, ``unit`` and ``drinks`` to
        2015-2016; ``ever`` (ALQ111), ``often`` and ``drinks`` from 2017 on.
    cycle : str
        Decides which of the two, and the codes of unknown answers.

    Returns
    -------
    Series of float
        0 for those who did not drink in the past 12 months, and for those who never did (fewer
        than 12 drinks in life to 2015-2016, none from 2017 on), who are not asked how often.
        Missing where an answer is. Reports of 15 drinks or more on a day are 15 from 2015 on.
    """
    early = cycle <= "2003-2004"
    drinks = without(columns["drinks"], UNKNOWN_DRINKS_EARLY if early else UNKNOWN_DRINKS)
    if cycle in BY_NUMBER:
        times = without(columns["times"], UNKNOWN_TIMES)
        days = times * columns["unit"].map(OCCASIONS_PER_WEEK)
        none = (times == 0) | (columns["life"] == 2)
    else:
        days = columns["often"].map(DAYS_PER_YEAR) / WEEKS_PER_YEAR
        none = (days == 0) | (columns["ever"] == 2)
    return (days * drinks).mask(none, 0.0)


def drinks_per_day(columns: Columns, cycle: str) -> pd.Series:
    """Drinks a day on average: a seventh of `drinks_per_week`."""
    return drinks_per_week(columns, cycle) / 7


def _drink_sources() -> dict[str, Source]:
    found: dict[str, Source] = {}
    for cycle in BY_NUMBER:
        found |= sources(
            {
                "any_year": ("ALQ", ANY_YEAR.get(cycle, "ALQ101")),
                "life": ("ALQ", "ALQ110"),
                "times": ("ALQ", "ALQ120Q"),
                "unit": ("ALQ", "ALQ120U"),
                "drinks": ("ALQ", "ALQ130"),
            },
            [cycle],
        )
    found |= sources(
        {"ever": ("ALQ", "ALQ111"), "often": ("ALQ", "ALQ121"), "drinks": ("ALQ", "ALQ130")},
        BY_CLASS,
    )
    return found


DRINK_SOURCES = _drink_sources()
"""By cycle, what `drinks_per_week` reads, and ``any_year`` (at least 12 drinks in any one year)."""

NOTE = (
    "Days of drinking in the past 12 months times drinks on such a day. From 2017 on the days are "
    "classes of frequency, taken at their middle, and an abstainer is a person who never had a "
    "drink; before, one who had fewer than 12 in life. Asked of people of 20 and over, from "
    "2011-2012 on of 18 and over; missing for others."
)

MEASURES = (
    Measure(
        name="alcohol_drinks",
        label="Alcoholic drinks",
        unit="drinks/day",
        kind="continuous",
        sources=DRINK_SOURCES,
        derive=drinks_per_day,
        subsample="examination",
        note=NOTE,
    ),
)
