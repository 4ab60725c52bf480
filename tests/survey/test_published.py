"""Standardised prevalences against figures that the NCHS has published. Needs NHANES_MIRROR.

Hales CM, Carroll MD, Fryar CD, Ogden CL (2020). Prevalence of obesity and severe obesity among
adults: United States, 2017-2018. NCHS Data Brief 360. Adults of 20 and over who are not pregnant,
standardised to the population of 2000 in three age groups.
"""

import os
import runpy
from pathlib import Path

import numpy as np
import pytest

from analysis.survey import Design

READ = runpy.run_path(str(Path(__file__).parents[1] / "reference" / "nhanes_extract.py"))["read"]
POPULATION_2000 = {"20-39": 77_670_618, "40-59": 72_816_615, "60+": 45_363_752}
PUBLISHED = {"all": 42.4, "Male": 43.0, "Female": 41.9, "20-39": 40.0, "40-59": 44.8, "60+": 42.8}

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def adults():
    mirror = os.environ.get("NHANES_MIRROR")
    if not mirror:
        pytest.skip("NHANES_MIRROR is not set")
    demo = ["SEQN", "RIDAGEYR", "RIAGENDR", "RIDEXPRG", "WTMEC2YR", "SDMVSTRA", "SDMVPSU"]
    people = READ(mirror, 2017, "DEMO_J", demo).merge(
        READ(mirror, 2017, "BMX_J", ["SEQN", "BMXBMI"]), on="SEQN", how="left"
    )
    people = people.rename(columns={"BMXBMI": "bmi"})
    people["age"] = np.select(
        [people["RIDAGEYR"] < 40, people["RIDAGEYR"] < 60], ["20-39", "40-59"], "60+"
    )
    people["sex"] = np.where(people["RIAGENDR"] == 1, "Male", "Female")
    design = Design(people, weights="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")
    return design.where((people["RIDAGEYR"] >= 20) & (people["RIDEXPRG"] != 1))


def test_obesity_of_adults(adults):
    ask = {"x": "bmi >= 30", "by": "age", "population": POPULATION_2000}
    ask |= {"statistic": "proportion", "interval": "nchs"}
    everyone = adults.standardised(**ask)
    by_sex = adults.standardised(**ask, over="sex")
    by_age = adults.proportion("bmi >= 30", by="age")
    found = {"all": everyone.only["estimate"]}
    for name, table in {"sex": by_sex, "age": by_age}.items():
        found |= dict(zip(table.frame[name], table.frame["estimate"], strict=True))
        assert (table.presentation()["presentation"] == "present").all()
    assert {name: round(100 * share, 1) for name, share in found.items()} == PUBLISHED
