"""Magnesium, calcium and vitamin D from dietary supplements and antacids, and with food in total.

Before 2007 the CDC released the products that people named but no amounts; they are computed from
the products' labels (see `analysis.cohort.supplements`). From 2007 on the CDC's totals are taken.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source, Subsample, once
from analysis.cohort.measures.diet import day_1, reliable_total
from analysis.cohort.measures.foods import ABSENT as NO_VITAMIN_D
from analysis.cohort.measures.foods import HOW_BY_CODE, vitamin_d_dietary, vitamin_d_sources
from analysis.cohort.measures.recode import as_category, categories, cycles_between, sources
from analysis.cohort.supplements.contents import NUTRIENTS, product_contents
from analysis.cohort.supplements.people import COMPLETENESS, carries, completeness, intake
from analysis.cohort.supplements.records import RECORD_VARIABLES, daily_amounts
from analysis.nhanes.cycles import EVERY_CYCLE, Table

FROM_PRODUCTS = cycles_between("2001-2002", "2005-2006")
RELEASED = cycles_between("2007-2008", "2021-2023")
BY_DSDPID = ("2017-2018", "2021-2023")
"""Cycles whose records number products by DSDPID; earlier ones by DSDSUPID."""

BY_TELEPHONE = MappingProxyType[str, Subsample]({"2021-2023": "dietary_day_1"})
"""Supplements of 2021-2023 were asked by telephone, after the first recall, of those who gave one;
their tables carry its weight (WTDRD1). Before, everyone was asked at home."""

PRODUCTS = {
    "products": (
        Table("DSPI", EVERY_CYCLE),
        ("DSDPID", "DSDSUPID", "DSDSERVQ", "DSDSERVU", "DSDPRDT"),
    ),
    "ingredients": (Table("DSII", EVERY_CYCLE), ("DSDPID", "DSDIID", "DSDQTY", "DSDUNIT")),
    "blends": (Table("DSBI", EVERY_CYCLE), ("DSDIID", "DSDBID")),
}

ABSENT = {
    "1999-2000": (
        "how often and how much was recorded only where it did not vary, so that one in five of "
        "those who took the nutrient has no known amount, and the CDC gives no totals to hold "
        "the others' against"
    ),
}

YES_NO = {1: "Yes", 0: "No"}


def products_of(cycle: str, released: str | None) -> Source:
    """Where products, answers and, from 2007 on, the total of one nutrient are read."""
    early = cycle in FROM_PRODUCTS
    user, taken = ("DSQ1", "DSQ2") if early else ("DSQTOT", "DSQIDS")
    number = "DSDPID" if cycle in BY_DSDPID else "DSDSUPID"
    columns = {"supplements": (user, "DSD010")}
    if cycle != "2001-2002":
        columns["antacids"] = (user, "DSD010AN")
    if not early and released:
        columns["released"] = (user, f"DSQT{released}")
    records = {"records": (taken, ("SEQN", number, *RECORD_VARIABLES))}
    return sources(columns, [cycle], records, PRODUCTS)[cycle]


def _intake_sources(nutrient: str) -> dict[str, Source]:
    released = NUTRIENTS[nutrient].released
    return {cycle: products_of(cycle, released) for cycle in (*FROM_PRODUCTS, *RELEASED)}


def _amount_sources() -> dict[str, Source]:
    return {cycle: products_of(cycle, None) for cycle in (*FROM_PRODUCTS, *RELEASED)}


def _use_sources() -> dict[str, Source]:
    """Join 1999-2000, whose records name the products but not the days of 30."""
    named = {"records": ("DSQFILE2", ("SEQN", "DSDSUPID", "DSDMTCH", "DSDANTA"))}
    user = {"supplements": ("DSQFILE1", "DSD010")}
    return sources(user, ["1999-2000"], named, PRODUCTS) | _amount_sources()


def _total_sources(nutrient: str) -> dict[str, Source]:
    """Join the sources of supplements and of the first recall."""
    released = NUTRIENTS[nutrient].released
    food = day_1(str(released), (*FROM_PRODUCTS, *RELEASED))
    return {cycle: joined(products_of(cycle, released), food[cycle]) for cycle in food}


def _total_vitamin_d_sources() -> dict[str, Source]:
    """Join the sources of supplements and of vitamin D from food, whose roles are all distinct."""
    released = NUTRIENTS["vitamin_d"].released
    return {
        cycle: joined(products_of(cycle, released), food)
        for cycle, food in vitamin_d_sources().items()
    }


def joined(supplements: Source, food: Source) -> Source:
    """Read what both sources name; their roles are distinct."""
    return Source(
        {**supplements.columns, **food.columns},
        {**supplements.records, **food.records},
        {**supplements.lookups, **food.lookups},
    )


def _contents(columns: Columns) -> pd.DataFrame:
    return product_contents(columns["products"], columns["ingredients"], columns["blends"])


def _amounts(columns: Columns) -> pd.DataFrame:
    contents = once(columns, PRODUCTS, _contents)
    records = columns["records"]
    untold = [name for name in RECORD_VARIABLES if name not in records]
    return daily_amounts(records.assign(**dict.fromkeys(untold, np.nan)), contents, NUTRIENTS)


def amounts_of(columns: Columns) -> pd.DataFrame:
    """Amounts a day of every nutrient from each product that people named.

    As `analysis.cohort.supplements.records.daily_amounts`; computed once for all measures.
    """
    return once(columns, ("records", *PRODUCTS), _amounts)


def none_taken(columns: Columns) -> pd.Series:
    """Who answered that they took no supplement and, where that is asked apart, no antacid."""
    none = columns["supplements"] == 2
    return none & (columns["antacids"] == 2) if "antacids" in columns else none


def supplemental(columns: Columns, cycle: str, nutrient: str) -> pd.Series:
    """Intake a day from supplements and antacids.

    The CDC's total where there is one. It leaves a blank both for those who took nothing of the
    nutrient, who have 0 here, and for those who took amounts that nobody knows, who have none; the
    products tell them apart. A few that the CDC gave no amount are computed: antacids of 2007-2008,
    and a multivitamin of one person in 2021-2023.
    """
    computed = intake(amounts_of(columns), nutrient, none_taken(columns))
    if "released" not in columns:
        return computed
    return columns["released"].where(columns["released"].notna(), computed)


def total(columns: Columns, cycle: str, nutrient: str) -> pd.Series:
    """Intake a day from food on the day of a reliable recall, supplements and antacids."""
    return reliable_total(columns, cycle) + supplemental(columns, cycle, nutrient)


def total_vitamin_d(columns: Columns, cycle: str) -> pd.Series:
    """Vitamin D a day from food on the day of a reliable recall, and from supplements."""
    return vitamin_d_dietary(columns, cycle) + supplemental(columns, cycle, "vitamin_d")


def use(columns: Columns, cycle: str, nutrient: str) -> pd.Series:
    """Whether a person took a product with the nutrient."""
    found = carries(amounts_of(columns), nutrient, none_taken(columns))
    return categories(found, YES_NO, ("No", "Yes"))


def amounts_known(columns: Columns, cycle: str) -> pd.Series:
    """Whether all amounts behind the three intakes are known."""
    names = list(NUTRIENTS)
    return as_category(completeness(amounts_of(columns), names, none_taken(columns)), COMPLETENESS)


_NOTE = (
    "Average of the past 30 days from supplements and antacids: servings on a day x amount by the "
    "label x days of 30, summed over products; 2001-2006 computed from the products, from 2007 on "
    "the CDC's total. People who took none have 0; products that could not be identified, and "
    "unknown days or quantities, are left out beside known ones, and alone make the intake "
    "missing. Asked at home of everyone; in 2021-2023 by telephone, of those who gave a first "
    "recall."
)


def _supplemental(nutrient: str, label: str, unit: str) -> Measure:
    return Measure(
        name=f"{nutrient}_supplemental",
        label=label,
        unit=unit,
        kind="continuous",
        sources=_intake_sources(nutrient),
        derive=partial(supplemental, nutrient=nutrient),
        subsample="interview",
        subsamples=BY_TELEPHONE,
        note=_NOTE,
        absent=ABSENT,
    )


def _total(nutrient: str, label: str, unit: str) -> Measure:
    return Measure(
        name=f"{nutrient}_total",
        label=label,
        unit=unit,
        kind="continuous",
        sources=_total_sources(nutrient),
        derive=partial(total, nutrient=nutrient),
        subsample="dietary_day_1",
        note=(
            f"Food and drink of the first 24-hour recall ({nutrient}_dietary) plus the 30-day "
            f"average from supplements and antacids ({nutrient}_supplemental); missing where "
            "either is."
        ),
        absent=ABSENT,
        food_part=f"{nutrient}_dietary",
    )


def _use(nutrient: str, label: str) -> Measure:
    return Measure(
        name=f"{nutrient}_supplement",
        label=label,
        kind="categorical",
        levels=("No", "Yes"),
        sources=_use_sources(),
        derive=partial(use, nutrient=nutrient),
        subsample="interview",
        subsamples=BY_TELEPHONE,
        note=(
            "In the past 30 days, by the label, whether or not the amount is known; missing where "
            "only a product that could not be identified might carry it. Asked at home of "
            "everyone; in 2021-2023 by telephone, of those who gave a first recall."
        ),
    )


MEASURES = (
    _supplemental("magnesium", "Supplemental magnesium", "mg/day"),
    _supplemental("calcium", "Supplemental calcium", "mg/day"),
    _supplemental("vitamin_d", "Supplemental vitamin D", "µg/day"),
    _total("magnesium", "Total magnesium", "mg/day"),
    _total("calcium", "Total calcium", "mg/day"),
    Measure(
        name="vitamin_d_total",
        label="Total vitamin D",
        unit="µg/day",
        kind="continuous",
        sources=_total_vitamin_d_sources(),
        derive=total_vitamin_d,
        subsample="dietary_day_1",
        note=(
            "Food and drink of the first 24-hour recall (vitamin_d_dietary) plus the 30-day "
            "average from supplements (vitamin_d_supplemental); missing where either is. "
            + HOW_BY_CODE
        ),
        absent=NO_VITAMIN_D,
        food_part="vitamin_d_dietary",
    ),
    _use("magnesium", "Supplement or antacid with magnesium"),
    _use("calcium", "Supplement or antacid with calcium"),
    _use("vitamin_d", "Supplement with vitamin D"),
    Measure(
        name="supplement_amounts",
        label="Amounts from supplements",
        kind="categorical",
        levels=COMPLETENESS,
        sources=_amount_sources(),
        derive=amounts_known,
        subsample="interview",
        subsamples=BY_TELEPHONE,
        note=(
            "Whether the amounts behind supplemental magnesium, calcium and vitamin D are all "
            "known; where only in part, the intake is a lower bound."
        ),
        absent=ABSENT,
    ),
)
