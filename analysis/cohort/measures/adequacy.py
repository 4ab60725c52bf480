"""Intake beside what is recommended for a person's age and sex, and calcium to magnesium.

Reference intakes are those of the Institute of Medicine: the estimated average requirement (EAR),
which half of the healthy people of an age and sex need less of, and the recommended dietary
allowance (RDA), which covers nearly all of them.

Sources: magnesium: Dietary Reference Intakes for Calcium, Phosphorus, Magnesium, Vitamin D, and
Fluoride. Washington: National Academy Press, 1997 (chapter 6). Calcium and vitamin D: Dietary
Reference Intakes for Calcium and Vitamin D. Washington: National Academies Press, 2011 (tables
S-1 and S-2). Under one year there is neither, only an adequate intake, and so nothing here.

Pregnancy raises those of magnesium alone; breast-feeding raises none of the three. So who counts
as pregnant (RIDEXPRG 1) matters for magnesium only; the CDC has told it of women of 8 to 59 years
to 2005-2006 and of 20 to 44 years since, and of examined women only. All others have the values of
women who are not pregnant.

The share of people whose intake *of one day* lies below the EAR is not the share whose usual
intake does: days vary more than people do, so single days give too many at both ends. The RDA is
no yardstick of a group at all; measures with it stand here because publications used them.
Source: Institute of Medicine. Dietary Reference Intakes: Applications in Dietary Assessment.
Washington: National Academy Press, 2000.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Measure, Roles, Source
from analysis.cohort.measures import diet, foods, supplements
from analysis.cohort.measures.recode import as_category, sources
from analysis.cohort.measures.supplements import joined
from analysis.nhanes.cycles import CYCLES

Level = Literal["EAR", "RDA"]

PREGNANT, FEMALE = 1, 2
"""RIDEXPRG and RIAGENDR."""


class Group(NamedTuple):
    """A row of the reference intakes: from which age on, in years, and how much a day."""

    first_age: int
    ear: float
    rda: float


class Reference(NamedTuple):
    """Reference intakes of one nutrient, each from its youngest group to its oldest.

    The last group of pregnancy serves older women too.
    """

    unit: str
    male: tuple[Group, ...]
    female: tuple[Group, ...]
    pregnant: tuple[Group, ...]


_MAGNESIUM_CHILDREN = (Group(1, 65, 80), Group(4, 110, 130), Group(9, 200, 240))
_CALCIUM_YOUNG = (
    Group(1, 500, 700), Group(4, 800, 1000), Group(9, 1100, 1300), Group(19, 800, 1000),
)  # fmt: skip
_CALCIUM_MEN = (*_CALCIUM_YOUNG, Group(71, 1000, 1200))
_CALCIUM_WOMEN = (*_CALCIUM_YOUNG, Group(51, 1000, 1200))
_VITAMIN_D = (Group(1, 10, 15), Group(71, 10, 20))

REFERENCES: Mapping[str, Reference] = MappingProxyType(
    {
        "magnesium": Reference(
            "mg/day",
            (*_MAGNESIUM_CHILDREN, Group(14, 340, 410), Group(19, 330, 400), Group(31, 350, 420)),
            (*_MAGNESIUM_CHILDREN, Group(14, 300, 360), Group(19, 255, 310), Group(31, 265, 320)),
            (Group(0, 335, 400), Group(19, 290, 350), Group(31, 300, 360)),
        ),
        "calcium": Reference("mg/day", _CALCIUM_MEN, _CALCIUM_WOMEN, _CALCIUM_WOMEN),
        "vitamin_d": Reference("µg/day", _VITAMIN_D, _VITAMIN_D, _VITAMIN_D),
    }
)
"""By nutrient. Vitamin D of 10, 15 and 20 µg is 400, 600 and 800 IU."""

NUTRIENTS = {"magnesium": "magnesium", "calcium": "calcium", "vitamin_d": "vitamin D"}
"""With their names in running text."""

PERSON = {
    "person_age": ("DEMO", "RIDAGEYR"),
    "person_sex": ("DEMO", "RIAGENDR"),
    "person_pregnancy": ("DEMO", "RIDEXPRG"),
}
PEOPLE = sources(PERSON, tuple(CYCLES))

INTAKES: Mapping[str, Measure] = MappingProxyType(
    {m.name: m for subject in (diet, foods, supplements) for m in subject.MEASURES}
)


def reference_intake(
    age: np.ndarray, female: np.ndarray, pregnant: np.ndarray, nutrient: str, level: Level
) -> np.ndarray:
    """Give the reference intake of each person.

    Parameters
    ----------
    age : ndarray of float, shape (n,)
        Years; NaN where unknown.
    female, pregnant : ndarray of bool, shape (n,)
        Pregnant people have the values of pregnancy whatever their sex is given as.
    nutrient : {"magnesium", "calcium", "vitamin_d"}
    level : {"EAR", "RDA"}

    Returns
    -------
    ndarray of float, shape (n,)
        In the nutrient's unit a day; NaN under one year of age.

    Examples
    --------
    >>> reference_intake(np.array([18, 19, 31]), np.full(3, True), np.full(3, False),
    ...                  "magnesium", "EAR")
    array([300., 255., 265.])
    """
    reference = REFERENCES[nutrient]
    found = np.where(
        female,
        _look_up(age, reference.female, level),
        _look_up(age, reference.male, level),
    )
    return np.where(pregnant, _look_up(age, reference.pregnant, level), found)


def _look_up(age: np.ndarray, groups: tuple[Group, ...], level: Level) -> np.ndarray:
    """Take the amount of the oldest group that a person has reached."""
    starts = np.array([group.first_age for group in groups], dtype=float)
    amounts = np.array([np.nan, *(g.ear if level == "EAR" else g.rda for g in groups)])
    reached = np.searchsorted(starts, age, side="right")  # NaN sorts past every age
    return np.where(np.isnan(age), np.nan, amounts[reached])


def recommended(columns: Columns, cycle: str, nutrient: str, level: Level) -> pd.Series:
    """Give the reference intake of each person, as a measure."""
    age, sex = columns["person_age"], columns["person_sex"]
    amounts = reference_intake(
        age.to_numpy(float),
        (sex == FEMALE).to_numpy(),
        (columns["person_pregnancy"] == PREGNANT).to_numpy(),
        nutrient,
        level,
    )
    return pd.Series(amounts, index=age.index).where(sex.notna())


def falls_short(
    columns: Columns, cycle: str, intake: Measure, nutrient: str, level: Level
) -> pd.Series:
    """Whether an intake is below the person's reference intake; missing where either is."""
    eaten = intake.derive(columns, cycle)
    needed = recommended(columns, cycle, nutrient, level)
    short = (eaten < needed).map({True: "Yes", False: "No"})
    return as_category(short.where(eaten.notna() & needed.notna()), ("No", "Yes"))


def calcium_to_magnesium(
    columns: Columns, cycle: str, calcium: Measure, magnesium: Measure
) -> pd.Series:
    """Milligrams of calcium to one of magnesium; missing where no magnesium was taken in at all."""
    parts = {
        intake.name: intake.derive(_roles_of(columns, intake.name), cycle)
        for intake in (calcium, magnesium)
    }
    divisor = parts[magnesium.name]
    return parts[calcium.name] / divisor.where(divisor > 0)


def _named(name: str, source: Source) -> Source:
    """Put a measure's name before the roles of its source, so that two can be read together."""
    return Source(
        {f"{name} {role}": value for role, value in source.columns.items()},
        {f"{name} {role}": value for role, value in source.records.items()},
        {f"{name} {role}": value for role, value in source.lookups.items()},
    )


def _roles_of(columns: Columns, name: str) -> Columns:
    """Take the roles that `_named` gave one measure, under the names that it knows them by."""
    roles = {role.removeprefix(f"{name} "): role for role in columns if role.startswith(f"{name} ")}
    own = {short: columns[role] for short, role in roles.items()}
    if not isinstance(columns, Roles):
        return own
    origins = {short: columns.origins[role] for short, role in roles.items()}
    return Roles(own, origins, columns.memory)


def _reference_measure(nutrient: str, level: Level) -> Measure:
    what = "Estimated average requirement" if level == "EAR" else "Recommended dietary allowance"
    pregnancy = "; pregnancy, known of examined women, raises it" if nutrient == "magnesium" else ""
    return Measure(
        name=f"{nutrient}_{level.lower()}",
        label=f"{what} of {NUTRIENTS[nutrient]}",
        unit=REFERENCES[nutrient].unit,
        kind="continuous",
        sources=PEOPLE,
        derive=partial(recommended, nutrient=nutrient, level=level),
        subsample="examination" if nutrient == "magnesium" else "interview",
        note=f"By age and sex ({REPORTS[nutrient]}){pregnancy}. None under one year of age.",
    )


def _below(intake: Measure, nutrient: str, level: Level) -> Measure:
    short = intake.name.removesuffix("_total")
    return Measure(
        name=f"{short}_below_{level.lower()}",
        label=f"{intake.label} below the {level}",
        kind="categorical",
        levels=("No", "Yes"),
        sources={c: joined(source, PEOPLE[c]) for c, source in intake.sources.items()},
        derive=partial(falls_short, intake=intake, nutrient=nutrient, level=level),
        subsample=intake.subsample,
        subsamples=intake.subsamples,
        note=(
            f"{intake.label} ({intake.name}) against {nutrient}_{level.lower()}. {OF_ONE_DAY}"
            + (f" {NO_YARDSTICK}" if level == "RDA" else "")
        ),
        absent=intake.absent,
    )


def _ratio(part: Literal["total", "dietary"]) -> Measure:
    calcium, magnesium = INTAKES[f"calcium_{part}"], INTAKES[f"magnesium_{part}"]
    cycles = [cycle for cycle in calcium.sources if cycle in magnesium.sources]
    both = {
        cycle: joined(*(_named(m.name, m.sources[cycle]) for m in (calcium, magnesium)))
        for cycle in cycles
    }
    return Measure(
        name="calcium_magnesium_ratio" + ("" if part == "total" else "_dietary"),
        label="Calcium to magnesium"
        + (", food and supplements" if part == "total" else ", food alone"),
        unit="mg/mg",
        kind="continuous",
        sources=both,
        derive=partial(calcium_to_magnesium, calcium=calcium, magnesium=magnesium),
        subsample=magnesium.subsample,
        subsamples=magnesium.subsamples,
        note=(
            f"{calcium.label} over {magnesium.label[0].lower()}{magnesium.label[1:]}, both of the "
            "same first recall; missing where either is, or where no magnesium was taken in."
        ),
        absent={**calcium.absent, **magnesium.absent},
    )


REPORTS = {
    "magnesium": "Institute of Medicine 1997",
    "calcium": "Institute of Medicine 2011",
    "vitamin_d": "Institute of Medicine 2011",
}
OF_ONE_DAY = (
    "Food is that of one day, and days vary more than people do: where most people take in more "
    "than the reference the share below it is too large for usual intake, where most take in less "
    "it is too small."
)
NO_YARDSTICK = (
    "The share below the RDA is not the share that takes in too little: the RDA exceeds the needs "
    "of nearly everyone."
)
LEVELS: tuple[Level, ...] = ("EAR", "RDA")

MEASURES = (
    *(_reference_measure(nutrient, level) for nutrient in NUTRIENTS for level in LEVELS),
    *(
        _below(INTAKES[f"{nutrient}_{part}"], nutrient, level)
        for nutrient in NUTRIENTS
        for part in ("total", "dietary")
        for level in LEVELS
    ),
    _ratio("total"),
    _ratio("dietary"),
)
