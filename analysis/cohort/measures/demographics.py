"""Who the participants are: DEMO, which everyone interviewed has."""

from __future__ import annotations

import pandas as pd

from analysis.cohort.measure import Columns, Derivation, Measure
from analysis.cohort.measures.recode import categories, choose, cycles_between, sources
from analysis.nhanes.cycles import CYCLES

ALL = tuple(CYCLES)

EXAMINED = {2: "Yes", 1: "No"}
SEX = {1: "Male", 2: "Female"}
RACE_ETHNICITY = {
    3: "Non-Hispanic White",
    4: "Non-Hispanic Black",
    1: "Mexican American",
    2: "Other Hispanic",
    5: "Other, including multi-racial",
}
RACE_ETHNICITY_ASIAN = {
    3: "Non-Hispanic White",
    4: "Non-Hispanic Black",
    6: "Non-Hispanic Asian",
    1: "Mexican American",
    2: "Other Hispanic",
    7: "Other, including multi-racial",
}
RACE_ETHNICITY_4 = {
    3: "Non-Hispanic White",
    4: "Non-Hispanic Black",
    1: "Hispanic",
    2: "Hispanic",
    5: "Other, including Asian and multi-racial",
}
OLDEST = 80
"""Years: the age above which none is told in any cycle (85 to 2005-2006)."""

EDUCATION = {
    1: "Less than 9th grade",
    2: "9th to 11th grade",
    3: "High school or equivalent",
    4: "Some college or associate degree",
    5: "College graduate or above",
}
SEASON = {2: "May to October", 1: "November to April"}
PREGNANCY = ("Not pregnant", "Pregnant", "Not ascertained")


def _code(role: str, names: dict[int, str]) -> Derivation:
    """Make a derivation that translates one column of codes."""

    def derive(columns: Columns, cycle: str) -> pd.Series:
        return categories(columns[role], names)

    return derive


def _value(role: str) -> Derivation:
    """Make a derivation that takes one column as it is."""

    def derive(columns: Columns, cycle: str) -> pd.Series:
        return columns[role]

    return derive


def age_80(columns: Columns, cycle: str) -> pd.Series:
    """Age with 80 for everyone of 80 and over, as the CDC gives it from 2007-2008 on."""
    return columns["years"].clip(upper=OLDEST)


def pregnancy(columns: Columns, cycle: str) -> pd.Series:
    """Pregnancy at the examination (RIDEXPRG), which is asked of women of child-bearing age only.

    Men, and women outside the ages that the CDC codes, count as not pregnant; examined women whom
    the CDC codes as 'cannot ascertain' are a category of their own.
    """
    code, sex, status = columns["code"], columns["sex"], columns["status"]
    return choose(
        [
            (code == 1, "Pregnant"),
            (code == 3, "Not ascertained"),
            ((code == 2) | (sex == 1) | ((status == 2) & code.isna()), "Not pregnant"),
        ],
        code.index,
        PREGNANCY,
    )


MEASURES = (
    Measure(
        name="examined",
        label="Examined in a mobile centre",
        kind="categorical",
        levels=tuple(EXAMINED.values()),
        sources=sources({"code": ("DEMO", "RIDSTATR")}, ALL),
        derive=_code("code", EXAMINED),
        subsample="interview",
    ),
    Measure(
        name="age",
        label="Age",
        unit="years",
        kind="continuous",
        sources=sources({"years": ("DEMO", "RIDAGEYR")}, ALL),
        derive=_value("years"),
        subsample="interview",
        note="At screening; ages of 85 (from 2007 on: 80) and over are given as 85 (80).",
    ),
    Measure(
        name="age_80",
        label="Age, 80 and over as 80",
        unit="years",
        kind="continuous",
        sources=sources({"years": ("DEMO", "RIDAGEYR")}, ALL),
        derive=age_80,
        subsample="interview",
        note="At screening; 80 and over are 80 in every cycle, so that cycles can be pooled.",
    ),
    Measure(
        name="sex",
        label="Sex",
        kind="categorical",
        levels=tuple(SEX.values()),
        sources=sources({"code": ("DEMO", "RIAGENDR")}, ALL),
        derive=_code("code", SEX),
        subsample="interview",
    ),
    Measure(
        name="race_ethnicity",
        label="Race and ethnicity",
        kind="categorical",
        levels=tuple(RACE_ETHNICITY.values()),
        sources=sources({"code": ("DEMO", "RIDRETH1")}, ALL),
        derive=_code("code", RACE_ETHNICITY),
        subsample="interview",
        note="As reported (RIDRETH1). Asian people are among the others in every cycle.",
    ),
    Measure(
        name="race_ethnicity_asian",
        label="Race and ethnicity, Asian apart",
        kind="categorical",
        levels=tuple(RACE_ETHNICITY_ASIAN.values()),
        sources=sources({"code": ("DEMO", "RIDRETH3")}, cycles_between("2011-2012", "2021-2023")),
        derive=_code("code", RACE_ETHNICITY_ASIAN),
        subsample="interview",
        note="As reported (RIDRETH3); Asian people were sampled in larger numbers from 2011 on.",
        absent=dict.fromkeys(
            cycles_between("1999-2000", "2009-2010"), "Asian people are told apart from 2011 on"
        ),
    ),
    Measure(
        name="race_ethnicity_4",
        label="Race and ethnicity, four groups",
        kind="categorical",
        levels=tuple(dict.fromkeys(RACE_ETHNICITY_4.values())),
        sources=sources({"code": ("DEMO", "RIDRETH1")}, ALL),
        derive=_code("code", RACE_ETHNICITY_4),
        subsample="interview",
        note=(
            "As reported (RIDRETH1), Mexican American and other Hispanic people together; Asian "
            "people are among the others in every cycle."
        ),
    ),
    Measure(
        name="education",
        label="Education",
        kind="categorical",
        levels=tuple(EDUCATION.values()),
        sources=sources({"code": ("DEMO", "DMDEDUC2")}, ALL),
        derive=_code("code", EDUCATION),
        subsample="interview",
        note="Highest level completed, asked from 20 years on; refused and unknown are missing.",
    ),
    Measure(
        name="poverty_income_ratio",
        label="Family poverty income ratio",
        kind="continuous",
        sources=sources({"ratio": ("DEMO", "INDFMPIR")}, ALL),
        derive=_value("ratio"),
        subsample="interview",
        note="Family income over the poverty threshold; 5 and over are given as 5.",
    ),
    Measure(
        name="season",
        label="Season of the examination",
        kind="categorical",
        levels=tuple(SEASON.values()),
        sources=sources({"code": ("DEMO", "RIDEXMON")}, ALL),
        derive=_code("code", SEASON),
        subsample="examination",
        note=(
            "Half-year of the examination; from November to April the mobile centres stand in the "
            "south, so season and latitude cannot be told apart."
        ),
    ),
    Measure(
        name="pregnancy",
        label="Pregnancy",
        kind="categorical",
        levels=PREGNANCY,
        sources=sources(
            {
                "code": ("DEMO", "RIDEXPRG"),
                "sex": ("DEMO", "RIAGENDR"),
                "status": ("DEMO", "RIDSTATR"),
            },
            ALL,
        ),
        derive=pregnancy,
        subsample="examination",
        note="At the examination; men and women outside the ages asked count as not pregnant.",
    ),
)
