"""Vitamin D from food on the day of the first recall: from the CDC's totals, or by food code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from analysis.cohort.foods import day_total, first_known, match_counts, per_gram
from analysis.cohort.measure import Columns, Measure, Source, once
from analysis.cohort.measures.diet import day_1, reliable_total, status_in, total_in
from analysis.cohort.measures.recode import cycles_between, sources
from analysis.nhanes.cycles import Table

BY_CODE = cycles_between("2001-2002", "2005-2006")
"""Cycles whose recalls tell foods and grams but no vitamin D."""

TOLD = cycles_between("2007-2008", "2021-2023")
"""Cycles whose totals have vitamin D."""

ABSENT = {
    "1999-2000": (
        "the recalls of 1999-2000 tell no vitamin D, and their foods carry the codes of an older "
        "database, which are not shown to be those of the later cycles that tell it"
    ),
}

BOOKS: Mapping[str, tuple[Table, tuple[str, ...]]] = MappingProxyType(
    {
        role: (Table(table, cycle), ("DR1IFDCD", "DR1IGRMS", "DR1IVD"))
        for role, table, cycle in (
            ("book", "DR1IFF_E", "2007-2008"),
            ("later_book", "DR1IFF_F", "2009-2010"),
        )
    }
)
"""Tables that tell vitamin D food by food; the first, nearer in time, is believed first.

The USDA revised one value in nine by 0.1 micrograms in 100 g or more between them: processed
American cheese from 0.8 to 6.6, fried egg from 1.3 to 2.2, baked salmon from 9.6 to 13.4. With
2007-2008 first, women's means of the first day of 2005-2006 are 4.0 (51 to 70 years) and 4.5 (71
and over) micrograms a day, where Bailey RL et al., J Nutr 2010;140:817-822, have 156 and 180 IU
(3.9 and 4.5) from the USDA's own vitamin D database for that cycle; with both tables pooled they
are 4.2 and 4.7, with 2009-2010 first 4.4 and 4.9.
"""

HOW_BY_CODE = (
    "In 2001-2006, which tell no vitamin D, grams of each food times the vitamin D in a gram of "
    "the same USDA food code in 2007-2008, or else in 2009-2010; a code that neither has takes the "
    "value of the nearest code of its food group (most leading digits shared, then the nearest "
    "number). Foods fortified or reformulated between these years carry the later value."
)


def foods_of(cycle: str, day: int = 1) -> tuple[str, tuple[str, ...]]:
    """Name the table of individual foods, without suffix, with person, food code and grams.

    Parameters
    ----------
    cycle : str
        One of `BY_CODE`.
    day : {1, 2}
        Which recall; the second exists from 2003-2004 on.
    """
    if cycle == "2001-2002":
        return "DRXIFF", ("SEQN", "DRDIFDCD", "DRXIGRMS")
    return f"DR{day}IFF", ("SEQN", f"DR{day}IFDCD", f"DR{day}IGRMS")


def book_of(columns: Columns) -> pd.Series:
    """Micrograms of vitamin D in a gram of each food code, from `BOOKS`."""
    return once(columns, BOOKS, _book)


def _book(columns: Columns) -> pd.Series:
    return first_known(*(per_gram(columns[role]) for role in BOOKS))


def by_code(
    status: pd.Series, energy: pd.Series, foods: pd.DataFrame, book: pd.Series
) -> pd.Series:
    """Vitamin D of one day from its foods, in micrograms.

    Parameters
    ----------
    status, energy : Series, indexed by SEQN
        Status of the recall and its energy in kcal.
    foods : DataFrame
        Person, food code, grams.
    book : Series
        Micrograms a gram, by food code.

    Returns
    -------
    Series of float
        Missing without a reliable recall (status 1), and so for breast-fed infants (status 4). A
        reliable recall of 0 kcal that lists no food is a day without food: 0.
    """
    total = day_total(foods, book, status.index)
    fasted = ~status.index.isin(foods.iloc[:, 0]) & (energy == 0)
    return total.mask(fasted, 0.0).where(status == 1)


def vitamin_d_dietary(columns: Columns, cycle: str) -> pd.Series:
    """Vitamin D from food on the first day: the CDC's total, or by food code before it has one."""
    if cycle not in BY_CODE:
        return reliable_total(columns, cycle)
    return once(columns, ("status", "energy", "foods", *BOOKS), _first_day)


def _first_day(columns: Columns) -> pd.Series:
    return by_code(columns["status"], columns["energy"], columns["foods"], book_of(columns))


def food_matches(columns: Columns, cycle: str) -> pd.DataFrame:
    """Count how the foods of reliable first recalls were looked up.

    Parameters
    ----------
    columns : mapping of str to Series or DataFrame
        What `vitamin_d_dietary` is given, see `analysis.cohort.build.read_source`.
    cycle : str
        One of `BY_CODE`.

    Returns
    -------
    DataFrame
        As `analysis.cohort.foods.match_counts`, with amounts in micrograms.
    """
    status, foods = columns["status"], columns["foods"]
    reliable = foods.iloc[:, 0].isin(status.index[status == 1])
    return match_counts(foods[reliable], book_of(columns))


def vitamin_d_sources() -> dict[str, Source]:
    """Where vitamin D from food is read, by cycle."""
    found: dict[str, Source] = {}
    for cycle in BY_CODE:
        totals = {"status": status_in(cycle), "energy": total_in(cycle, "KCAL")}
        found |= sources(totals, [cycle], {"foods": foods_of(cycle)}, BOOKS)
    return found | day_1("VD", TOLD)


MEASURES = (
    Measure(
        name="vitamin_d_dietary",
        label="Dietary vitamin D",
        unit="µg/day",
        kind="continuous",
        sources=vitamin_d_sources(),
        derive=vitamin_d_dietary,
        subsample="dietary_day_1",
        note=(
            "Food and drink of one day, first 24-hour recall; supplements are not in it. "
            + HOW_BY_CODE
        ),
        absent=ABSENT,
        food_part="self",
    ),
)
