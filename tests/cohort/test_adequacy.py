"""Reference intakes by age, sex and pregnancy, and intakes beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.adequacy import reference_intake
from analysis.cohort.weights import WEIGHTS
from analysis.nhanes.cycles import Table

NAN = float("nan")
MALE, FEMALE = 1, 2

# First and last year of age, then EAR and RDA of men, of women and in pregnancy, as the tables
# of the reports print them.
MAGNESIUM = [
    (1, 3, (65, 80), (65, 80), None),
    (4, 8, (110, 130), (110, 130), None),
    (9, 13, (200, 240), (200, 240), (335, 400)),
    (14, 18, (340, 410), (300, 360), (335, 400)),
    (19, 30, (330, 400), (255, 310), (290, 350)),
    (31, 50, (350, 420), (265, 320), (300, 360)),
    (51, 70, (350, 420), (265, 320), None),
    (71, 85, (350, 420), (265, 320), None),
]
CALCIUM = [
    (1, 3, (500, 700), (500, 700), None),
    (4, 8, (800, 1000), (800, 1000), None),
    (9, 18, (1100, 1300), (1100, 1300), (1100, 1300)),
    (19, 50, (800, 1000), (800, 1000), (800, 1000)),
    (51, 70, (800, 1000), (1000, 1200), None),
    (71, 85, (1000, 1200), (1000, 1200), None),
]
VITAMIN_D = [
    (1, 13, (10, 15), (10, 15), None),
    (14, 50, (10, 15), (10, 15), (10, 15)),
    (51, 70, (10, 15), (10, 15), None),
    (71, 85, (10, 20), (10, 20), None),
]


@pytest.mark.parametrize(
    ("nutrient", "rows"),
    [("magnesium", MAGNESIUM), ("calcium", CALCIUM), ("vitamin_d", VITAMIN_D)],
)
def test_reference_intakes_are_those_of_the_reports(nutrient, rows):
    for first, last, male, female, pregnant in rows:
        ages = np.array([first, last], dtype=float)
        for place, level in enumerate(("EAR", "RDA")):
            for female_sex, expecting, wanted in (
                (False, False, male), (True, False, female), (True, True, pregnant)
            ):  # fmt: skip
                if wanted is not None:
                    flags = np.full(2, female_sex), np.full(2, expecting)
                    found = reference_intake(ages, *flags, nutrient, level)
                    assert found.tolist() == [wanted[place]] * 2, (first, female_sex, expecting)


def test_infants_and_unknown_ages_have_no_reference():
    ages, flags = np.array([0.0, NAN]), np.full(2, False)
    assert np.isnan(reference_intake(ages, flags, flags, "magnesium", "EAR")).all()


def person(age: float, sex: float, pregnancy: float = NAN, **roles: float) -> dict[str, pd.Series]:
    everything = {"person_age": age, "person_sex": sex, "person_pregnancy": pregnancy} | roles
    index = pd.Index([1], name="SEQN")
    return {role: pd.Series([float(value)], index=index) for role, value in everything.items()}


@pytest.mark.parametrize(
    ("age", "sex", "pregnancy", "eaten", "status", "ear", "rda"),
    [
        (40, MALE, NAN, 349.9, 1, "Yes", "Yes"),
        (40, MALE, NAN, 350, 1, "No", "Yes"),  # as much as the requirement is not below it
        (40, MALE, NAN, 420, 1, "No", "No"),
        (25, FEMALE, 2, 260, 1, "No", "Yes"),
        (25, FEMALE, 1, 260, 1, "Yes", "Yes"),
        (25, FEMALE, 3, 260, 1, "No", "Yes"),  # not ascertained: as not pregnant
        (40, MALE, NAN, 500, 2, None, None),  # no reliable recall
        (0, MALE, NAN, 50, 1, None, None),
    ],
)
def test_intake_beside_the_reference(age, sex, pregnancy, eaten, status, ear, rda):
    columns = person(age, sex, pregnancy, total=eaten, status=status)
    for level, wanted in (("ear", ear), ("rda", rda)):
        measure = MEASURES[f"magnesium_dietary_below_{level}"]
        found = measure.derive(columns, "2007-2008").iloc[0]
        assert pd.isna(found) if wanted is None else found == wanted


SUPPLEMENTED = {
    Table("DEMO_E", "2007-2008"): {
        "SEQN": [1, 2, 3], "RIAGENDR": [1, 2, 1], "RIDAGEYR": [40, 60, 30],
        "RIDEXPRG": [NAN, NAN, NAN], "SDMVSTRA": [1, 1, 1], "SDMVPSU": [1, 2, 1],
    },
    Table("DR1TOT_E", "2007-2008"): {
        "SEQN": [1, 2, 3], "DR1DRSTZ": [1, 1, 1], "DR1TCALC": [900, 1000, 500],
        "DR1TMAGN": [300, 250, 0], "WTDRD1": [1, 1, 1],
    },
    Table("DSQTOT_E", "2007-2008"): {
        "SEQN": [1, 2, 3], "DSD010": [1, 2, 2], "DSD010AN": [2, 2, 2],
        "DSQTCALC": [500, NAN, NAN], "DSQTMAGN": [100, NAN, NAN],
    },
}  # fmt: skip


def test_two_intakes_are_read_together_each_from_its_own_variables():
    names = [
        "calcium_magnesium_ratio", "calcium_magnesium_ratio_dietary", "magnesium_below_ear",
        "magnesium_dietary_below_ear", "calcium_below_rda", "calcium_total",
    ]  # fmt: skip
    measures, weight = [MEASURES[name] for name in names], WEIGHTS["dietary_day_1"]
    raw = {}
    for table, columns in required_columns(measures, ["2007-2008"], weight).items():
        if table in SUPPLEMENTED:
            raw[table] = pd.DataFrame(SUPPLEMENTED[table])[list(columns)].astype(float)
        else:  # nobody names a product, and no label is needed
            texts = {name for name in columns if name in ("DSDSUPID",)}
            kinds = {name: "str" if name in texts else "float64" for name in columns}
            raw[table] = pd.DataFrame(columns=list(columns)).astype(kinds)
    frame = build_frame(raw, measures, ["2007-2008"], weight)
    assert frame["calcium_magnesium_ratio"].tolist()[:2] == [1400 / 400, 1000 / 250]
    assert frame["calcium_magnesium_ratio_dietary"].tolist()[:2] == [900 / 300, 1000 / 250]
    assert frame["calcium_magnesium_ratio"].isna()[2]  # a day without magnesium has no ratio
    assert frame["magnesium_dietary_below_ear"].tolist() == ["Yes", "Yes", "Yes"]
    assert frame["magnesium_below_ear"].tolist() == ["No", "Yes", "Yes"]
    assert frame["calcium_below_rda"].tolist() == ["No", "Yes", "Yes"]
