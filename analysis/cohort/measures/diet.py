"""Intakes from food and drink on the day of the first 24-hour recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.recode import categories, cycles_between, sources
from analysis.nhanes.cycles import CYCLES

RECALL_STATUS = {
    1: "Reliable",
    2: "Not reliable",
    3: "Not reliable",
    4: "Breast milk",
    5: "Not done",
}
"""Codes of the recall's status.

2 is "not reliable or not meeting minimum criteria" from 2001-2002 on; 1999-2000 tell reliable
recalls that do not meet them (2) apart from those that are not reliable (3).
"""

STATUS = {"1999-2000": ("DRXTOT", "DRDDRSTS"), "2001-2002": ("DRXTOT", "DRDDRSTZ")}
"""Table and variable of the recall's status before 2003-2004."""

FROM_2003 = cycles_between("2003-2004", "2021-2023")
NO_LUTEIN = {
    "1999-2000": "the recalls of 1999-2000 were coded with a database that has no lutein",
}


def status_in(cycle: str) -> tuple[str, str]:
    """Table, without suffix, and variable of the first recall's status."""
    return STATUS.get(cycle, ("DR1TOT", "DR1DRSTZ"))


def total_in(cycle: str, nutrient: str) -> tuple[str, str]:
    """Table, without suffix, and variable of a nutrient's total on the first day."""
    return ("DRXTOT", f"DRXT{nutrient}") if cycle in STATUS else ("DR1TOT", f"DR1T{nutrient}")


def day_1(nutrient: str, cycles: Sequence[str]) -> dict[str, Source]:
    """First-day total of a nutrient: DRXTOT to 2001-2002, DR1TOT from 2003-2004 on."""
    return {
        cycle: source
        for each in cycles
        for cycle, source in sources(
            {"total": total_in(each, nutrient), "status": status_in(each)}, [each]
        ).items()
    }


def reliable_total(columns: Columns, cycle: str) -> pd.Series:
    """Total of the day where the recall is reliable (status 1), missing elsewhere."""
    return columns["total"].where(columns["status"] == 1)


def recall_status(columns: Columns, cycle: str) -> pd.Series:
    """Translate the status of the first recall; missing for people who were not examined."""
    return categories(columns["status"], RECALL_STATUS)


def _intake(
    name: str,
    label: str,
    unit: str,
    nutrient: str,
    food_part: str = "self",
    note: str = "",
    absent: Mapping[str, str] = MappingProxyType({}),
) -> Measure:
    return Measure(
        name=name,
        label=label,
        unit=unit,
        kind="continuous",
        sources=day_1(nutrient, [cycle for cycle in CYCLES if cycle not in absent]),
        derive=reliable_total,
        subsample="dietary_day_1",
        note=f"Food and drink of one day, first 24-hour recall; supplements are not in it.{note}",
        absent=absent,
        food_part=food_part,
    )


MEASURES = (
    Measure(
        name="recall_status",
        label="First dietary recall",
        kind="categorical",
        levels=tuple(dict.fromkeys(RECALL_STATUS.values())),
        sources={cycle: sources({"status": status_in(cycle)}, [cycle])[cycle] for cycle in CYCLES},
        derive=recall_status,
        # Whoever asks for it asks who has a recall, and these people have a weight of their own.
        subsample="dietary_day_1",
        note=(
            "By the CDC's status of the recall; reliable also means that it meets the CDC's "
            "minimum criteria (descriptions, amounts and meals are nearly all told)."
        ),
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
        absent=NO_LUTEIN,
    ),
)
