"""Medicines by class, and the magnesium depletion score from its four parts."""

import pandas as pd
import pytest

from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.depletion import filtration_points
from analysis.cohort.measures.medication import CATEGORIES, DIURETICS, drugs_in
from analysis.nhanes.cycles import EVERY_CYCLE, Table

NAN = float("nan")

DRUGS = {
    "d00070": {"RXDDCI1B": 49},  # furosemide
    "d00325": {"RXDDCI1B": 272},  # omeprazole
    "d03266": {"RXDDCI1B": 55, "RXDICI1B": 42, "RXDICI2B": 49},  # hydrochlorothiazide; lisinopril
    "d04913": {"RXDDCI1B": 58, "RXDICI1B": 58, "RXDICI2B": 272},  # lansoprazole; naproxen
    "d00732": {"RXDDCI1B": 42},  # lisinopril
    "c00049": {"RXDDCI1B": 49},  # diuretics - unspecified
}


def drug_table() -> pd.DataFrame:
    rows = [{"RXDDRGID": code, **of} for code, of in DRUGS.items()]
    return pd.DataFrame(rows).reindex(columns=["RXDDRGID", *CATEGORIES])


def medicines(use: float, *codes: str, question: str = "RXDUSE") -> pd.DataFrame:
    """Rows of one participant, number 7; without a code, one row of the answer alone."""
    codes = codes or ("",)
    return pd.DataFrame({"SEQN": 7, question: float(use), "RXDDRGID": list(codes)})


def columns_of(rows: pd.DataFrame, **roles: float) -> dict[str, object]:
    """What a derivation is given: participant 7, and 8 of whom the table has no row."""
    people = pd.Index([7, 8], name="SEQN")
    series = {role: pd.Series([float(value)] * 2, index=people) for role, value in roles.items()}
    return {"medicines": rows, "drugs": drug_table(), **series}


@pytest.mark.parametrize(
    ("rows", "diuretic", "inhibitor"),
    [
        (medicines(2), "No", "No"),
        (medicines(1, "d00070"), "Yes", "No"),
        (medicines(1, "d00325"), "No", "Yes"),
        (medicines(1, "d03266"), "Yes", "No"),
        (medicines(1, "d04913"), "No", "Yes"),
        (medicines(1, "c00049"), "Yes", "No"),
        (medicines(1, "d00732", "d00070", "d00325"), "Yes", "Yes"),
        (medicines(1, "d00732"), "No", "No"),
        (medicines(1, ""), None, None),  # nothing identified
        (medicines(1, "d99999"), None, None),  # a code that the table does not have
        (medicines(1, "", "d00732"), "No", "No"),  # unidentified beside another
        (medicines(1, "", "d00070"), "Yes", "No"),
        (medicines(7), None, None),
        (medicines(9), None, None),
        (medicines(NAN), None, None),
    ],
)
@pytest.mark.parametrize("cycle", ["2001-2002", "2005-2006"])
def test_medicines_by_class(rows, diuretic, inhibitor, cycle):
    if cycle == "2001-2002":
        rows = rows.rename(columns={"RXDUSE": "RXD030"})
    for name, wanted in (("diuretic", diuretic), ("proton_pump_inhibitor", inhibitor)):
        found = MEASURES[name].derive(columns_of(rows, age=50), cycle)
        assert found.index.tolist() == [7, 8]
        assert pd.isna(found[7]) if wanted is None else found[7] == wanted
        assert pd.isna(found[8])


def test_a_combination_is_in_the_classes_of_its_ingredients():
    assert drugs_in(drug_table(), DIURETICS) == {"d00070", "d03266", "c00049"}


def test_the_table_of_medicines_lies_with_the_survey_before():
    place = "Nchs/Data/Nhanes/Public/1988/DataFiles/RXQ_DRUG.xpt"
    assert Table("RXQ_DRUG", EVERY_CYCLE).data_path == place
    assert Table("DSPI", EVERY_CYCLE).data_path.startswith("Nchs/Data/Nhanes/Public/1999/")


@pytest.mark.parametrize(
    ("rate", "points"), [(90, 0), (89.99, 1), (60, 1), (59.99, 2), (5, 2), (NAN, NAN)]
)
def test_points_of_filtration(rate, points):
    assert filtration_points(pd.Series([rate]))[0] == pytest.approx(points, nan_ok=True)


NONE, LOW, POOR = 0.7, 1.3, 2.5
"""Creatinine of a man or woman of 50 whose filtration gives 0, 1 (in a man) and 2 points."""


@pytest.mark.parametrize(
    ("codes", "creatinine", "sex", "drinks", "score"),
    [
        ((), NONE, 1, 0, 0),
        (("d00070",), NONE, 1, 0, 1),
        (("d00325",), NONE, 1, 0, 1),
        ((), LOW, 1, 0, 1),
        ((), POOR, 1, 0, 2),
        ((), NONE, 1, 2, 0),  # a man's limit
        ((), NONE, 1, 3, 1),
        ((), NONE, 2, 1, 0),  # a woman's
        ((), NONE, 2, 2, 1),
        (("d00070", "d04913"), POOR, 2, 2, 5),
        (("",), NONE, 1, 0, NAN),
        ((), NAN, 1, 0, NAN),
        ((), NONE, 1, 777, NAN),
        ((), NONE, NAN, 0, NAN),
    ],
)
def test_magnesium_depletion_score(codes, creatinine, sex, drinks, score):
    rows = medicines(1, *codes) if codes else medicines(2)
    often = 7 if drinks else 0  # days a week
    columns = columns_of(
        rows,
        age=50,
        sex=sex,
        creatinine=creatinine,
        any_year=1,
        life=1,
        times=often,
        unit=1,
        drinks=drinks,
    )
    found = MEASURES["magnesium_depletion_score"].derive(columns, "2007-2008")
    assert found[7] == pytest.approx(score, nan_ok=True)
    assert pd.isna(found[8])


@pytest.mark.parametrize(("race", "score"), [(3, 1), (4, 0)])
def test_the_score_by_the_equation_of_2009_knows_race(race, score):
    roles = {"age": 50, "sex": 1, "creatinine": 1.05, "race": race, "life": 2}
    asked = {"any_year": 2, "times": NAN, "unit": NAN, "drinks": NAN}
    columns = columns_of(medicines(2), **roles, **asked)
    found = MEASURES["magnesium_depletion_score_2009"].derive(columns, "2007-2008")
    assert found[7] == score
    assert MEASURES["magnesium_depletion_score"].derive(columns, "2007-2008")[7] == 1
