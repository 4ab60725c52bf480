"""Intakes of the second 24-hour recall, means of both days, and these with supplements.

One day says little of a person's usual intake; the mean of two spreads less. The second recall is
by telephone, 3 to 10 days after the first, and is released from 2003-2004 on.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.diet import FROM_2003, RECALL_STATUS, reliable_total
from analysis.cohort.measures.foods import (
    BOOKS,
    BY_CODE,
    HOW_BY_CODE,
    TOLD,
    book_of,
    by_code,
    foods_of,
)
from analysis.cohort.measures.recode import categories, sources
from analysis.cohort.measures.supplements import joined, products_of, supplemental
from analysis.cohort.supplements.contents import NUTRIENTS as LABELLED

ABSENT = dict.fromkeys(
    ("1999-2000", "2001-2002"), "a second recall was first released for 2003-2004"
)
SECOND_BY_CODE = tuple(cycle for cycle in BY_CODE if cycle in FROM_2003)
"""Cycles with a second recall, but without vitamin D in its totals."""


class Nutrient(NamedTuple):
    """How an intake is called here and by the CDC."""

    name: str
    label: str
    unit: str
    code: str


NUTRIENTS = (
    Nutrient("energy", "Energy intake", "kcal/day", "KCAL"),
    Nutrient("magnesium_dietary", "Dietary magnesium", "mg/day", "MAGN"),
    Nutrient("calcium_dietary", "Dietary calcium", "mg/day", "CALC"),
    Nutrient("vitamin_d_dietary", "Dietary vitamin D", "µg/day", "VD"),
)


def second_day(columns: Columns, cycle: str) -> pd.Series:
    """Total of the second day where its recall is reliable (status 1)."""
    return reliable_total(_of_day(columns, 2), cycle)


def two_day_mean(columns: Columns, cycle: str) -> pd.Series:
    """Mean of both days' totals; missing unless both recalls are reliable."""
    first, second = (reliable_total(_of_day(columns, day), cycle) for day in (1, 2))
    return (first + second) / 2


def second_day_vitamin_d(columns: Columns, cycle: str) -> pd.Series:
    """Vitamin D of the second day: the CDC's total, or by food code before it has one."""
    return _vitamin_d(columns, cycle, 2)


def two_day_vitamin_d(columns: Columns, cycle: str) -> pd.Series:
    """Mean of both days' vitamin D; missing unless both recalls are reliable."""
    return (_vitamin_d(columns, cycle, 1) + _vitamin_d(columns, cycle, 2)) / 2


def second_recall_status(columns: Columns, cycle: str) -> pd.Series:
    """Translate the status of the second recall."""
    return categories(columns["status"], RECALL_STATUS)


def two_day_total(columns: Columns, cycle: str, nutrient: str) -> pd.Series:
    """Mean of both days' intake from food, plus that of a day from supplements and antacids."""
    food = two_day_vitamin_d if nutrient == "vitamin_d" else two_day_mean
    return food(columns, cycle) + supplemental(columns, cycle, nutrient)


def _of_day(columns: Columns, day: int) -> Columns:
    return {role: columns[f"{role}_{day}"] for role in ("total", "status")}


def _vitamin_d(columns: Columns, cycle: str, day: int) -> pd.Series:
    if cycle not in SECOND_BY_CODE:
        return reliable_total(_of_day(columns, day), cycle)
    return by_code(
        columns[f"status_{day}"],
        columns[f"energy_{day}"],
        columns[f"foods_{day}"],
        book_of(columns),
    )


def _totals(code: str, days: tuple[int, ...]) -> dict[str, tuple[str, str]]:
    """Name total and status of each day."""
    found = {}
    for day in days:
        found[f"total_{day}"] = (f"DR{day}TOT", f"DR{day}T{code}")
        found[f"status_{day}"] = (f"DR{day}TOT", f"DR{day}DRSTZ")
    return found


def _sources(nutrient: Nutrient, days: tuple[int, ...]) -> dict[str, Source]:
    if nutrient.name != "vitamin_d_dietary":
        return sources(_totals(nutrient.code, days), FROM_2003)
    found = sources(_totals(nutrient.code, days), TOLD)
    for cycle in SECOND_BY_CODE:
        energy = {
            role.replace("total", "energy"): where for role, where in _totals("KCAL", days).items()
        }
        foods = {f"foods_{day}": foods_of(cycle, day) for day in days}
        found |= sources(energy, [cycle], foods, BOOKS)
    return found


def _measures(nutrient: Nutrient) -> tuple[Measure, Measure]:
    vitamin_d = nutrient.name == "vitamin_d_dietary"
    how = f" {HOW_BY_CODE}" if vitamin_d else ""
    food_part = "" if nutrient.name == "energy" else "self"
    return (
        Measure(
            name=f"{nutrient.name}_day_2",
            label=f"{nutrient.label}, second day",
            unit=nutrient.unit,
            kind="continuous",
            sources=_sources(nutrient, (2,)),
            derive=second_day_vitamin_d if vitamin_d else second_day,
            subsample="dietary_two_days",
            note="Food and drink of one day, second 24-hour recall, by telephone; supplements are "
            f"not in it.{how}",
            absent=ABSENT,
            food_part=food_part,
        ),
        Measure(
            name=f"{nutrient.name}_two_days",
            label=f"{nutrient.label}, mean of two days",
            unit=nutrient.unit,
            kind="continuous",
            sources=_sources(nutrient, (1, 2)),
            derive=two_day_vitamin_d if vitamin_d else two_day_mean,
            subsample="dietary_two_days",
            note="Food and drink, mean of two 24-hour recalls, both reliable; supplements are not "
            f"in it.{how}",
            absent=ABSENT,
            food_part=food_part,
        ),
    )


def _total(nutrient: Nutrient) -> Measure:
    """Mean of both days with what supplements bring, of the dietary measure's nutrient."""
    name = nutrient.name.removesuffix("_dietary")
    food = _sources(nutrient, (1, 2))
    how = f" {HOW_BY_CODE}" if name == "vitamin_d" else ""
    return Measure(
        name=f"{name}_total_two_days",
        label=nutrient.label.replace("Dietary", "Total") + ", mean of two days",
        unit=nutrient.unit,
        kind="continuous",
        sources={
            cycle: joined(products_of(cycle, LABELLED[name].released), food[cycle])
            for cycle in food
        },
        derive=partial(two_day_total, nutrient=name),
        subsample="dietary_two_days",
        note=(
            f"Food and drink, mean of two 24-hour recalls ({nutrient.name}_two_days), plus the "
            f"30-day average from supplements and antacids ({name}_supplemental); missing where "
            f"either is.{how}"
        ),
        absent=ABSENT,
        food_part=f"{nutrient.name}_two_days",
    )


MEASURES = (
    Measure(
        name="recall_status_day_2",
        label="Second dietary recall",
        kind="categorical",
        levels=tuple(dict.fromkeys(RECALL_STATUS.values())),
        sources=sources({"status": ("DR2TOT", "DR2DRSTZ")}, FROM_2003),
        derive=second_recall_status,
        # As of the first recall: whoever asks for it asks who has a second one.
        subsample="dietary_two_days",
        absent=ABSENT,
    ),
    *(measure for nutrient in NUTRIENTS for measure in _measures(nutrient)),
    *(_total(nutrient) for nutrient in NUTRIENTS if nutrient.name != "energy"),
)
