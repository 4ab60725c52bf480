"""Intakes from food and drink on the day of the first 24-hour recall."""

from __future__ import annotations

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.recode import categories, cycles_between, sources

RECALL_STATUS = {1: "Reliable", 2: "Not reliable", 4: "Breast milk", 5: "Not done"}
FROM_2003 = cycles_between("2003-2004", "2021-2023")
ABSENT = {
    "1999-2000": "the 1999-2000 recall file does not carry the recall status under DRDDRSTZ",
}


def _day_1(nutrient: str) -> dict[str, Source]:
    """First-day total of a nutrient: DRXTOT in 2001-2002, DR1TOT from 2003-2004 on."""
    early = sources(
        {"total": ("DRXTOT", f"DRXT{nutrient}"), "status": ("DRXTOT", "DRDDRSTZ")}, ["2001-2002"]
    )
    late = sources(
        {"total": ("DR1TOT", f"DR1T{nutrient}"), "status": ("DR1TOT", "DR1DRSTZ")}, FROM_2003
    )
    return early | late


def reliable_total(columns: Columns, cycle: str) -> pd.Series:
    """Total of the day where the recall is reliable (status 1), missing elsewhere."""
    return columns["total"].where(columns["status"] == 1)


def recall_status(columns: Columns, cycle: str) -> pd.Series:
    """Translate the status of the first recall; missing for people who were not examined."""
    return categories(columns["status"], RECALL_STATUS)


def _intake(
    name: str, label: str, unit: str, nutrient: str, food_part: str = "self", note: str = ""
) -> Measure:
    return Measure(
        name=name,
        label=label,
        unit=unit,
        kind="continuous",
        sources=_day_1(nutrient),
        derive=reliable_total,
        subsample="dietary_day_1",
        note=f"Food and drink of one day, first 24-hour recall; supplements are not in it.{note}",
        absent=ABSENT,
        food_part=food_part,
    )


MEASURES = (
    Measure(
        name="recall_status",
        label="First dietary recall",
        kind="categorical",
        levels=tuple(RECALL_STATUS.values()),
        sources=sources({"status": ("DRXTOT", "DRDDRSTZ")}, ["2001-2002"])
        | sources({"status": ("DR1TOT", "DR1DRSTZ")}, FROM_2003),
        derive=recall_status,
        # Whoever asks for it asks who has a recall, and these people have a weight of their own.
        subsample="dietary_day_1",
        absent=ABSENT,
    ),
    _intake("energy", "Energy intake", "kcal/day", "KCAL", food_part=""),
    _intake("magnesium_dietary", "Dietary magnesium", "mg/day", "MAGN"),
    _intake("calcium_dietary", "Dietary calcium", "mg/day", "CALC"),
    _intake(
        "lutein_dietary",
        "Dietary lutein and zeaxanthin",
        "µg/day",
        "LZ",
        note=" Both carotenoids in one amount, as the USDA tells them.",
    ),
)
