"""Glycaemia, blood pressure, lipids and the metabolic syndrome, answer by answer."""

import pandas as pd
import pytest

from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.glycaemia import TO_LATEST_GLUCOSE
from analysis.cohort.measures.metabolic import criteria
from analysis.nhanes.cycles import CYCLES

NAN = float("nan")


def derive(name: str, cycle: str, **roles: float) -> object:
    """One participant through a measure's derivation; missing is None."""
    columns = {role: pd.Series([float(value)]) for role, value in roles.items()}
    found = MEASURES[name].derive(columns, cycle).iloc[0]
    return None if pd.isna(found) else found


@pytest.mark.parametrize(
    ("cycle", "wanted"),
    [
        # 100 on the Cobas Mira is 101.7207 on the 911, 102.8687 on the Modular P, and so on.
        ("2003-2004", 1.023 * (0.9815 * 100 + 3.5707 + 1.148) - 0.5108),
        ("2005-2006", 1.023 * (100 + 1.148) - 0.5108),
        ("2007-2008", 101.7892),
        ("2013-2014", 101.7892),
        ("2015-2016", 100),
        ("2021-2023", 100),
    ],
)
def test_glucose_is_taken_to_the_latest_analyser(cycle, wanted):
    found = derive("fasting_glucose_harmonised", cycle, glucose=100)
    assert found == pytest.approx(wanted, rel=1e-12)
    assert derive("fasting_glucose", cycle, glucose=100) == 100
    assert set(TO_LATEST_GLUCOSE) == set(CYCLES)


@pytest.mark.parametrize(
    ("told", "level", "wanted"),
    [
        (1, 5.0, "Yes"),
        (2, 6.5, "Yes"),
        (2, 6.4, "No"),
        (3, 6.4, "No"),  # borderline
        (3, 7.0, "Yes"),
        (9, 6.5, "Yes"),
        (9, 5.0, None),
        (7, 5.0, None),
        (NAN, 5.0, None),
        (1, NAN, None),  # neither the diagnosed nor the others are classed without it
        (2, NAN, None),
    ],
)
def test_diabetes(told, level, wanted):
    assert derive("diabetes", "2013-2014", told=told, hba1c=level) == wanted


@pytest.mark.parametrize(
    ("told", "level", "glucose", "weight", "wanted"),
    [
        (2, 5.0, 126, 9, "Yes"),
        (2, 5.0, 125, 9, "No"),
        (2, 6.5, NAN, 9, "Yes"),
        (2, NAN, 126, 9, "Yes"),
        (1, NAN, NAN, 9, "Yes"),
        (2, 5.0, NAN, 9, None),
        (2, NAN, 90, 9, None),
        (9, 5.0, 90, 9, None),
        (1, 7.0, 130, 0, None),  # did not fast
        (1, 7.0, 130, NAN, None),  # not in the morning session
    ],
)
def test_diabetes_of_the_fasting_subsample(told, level, glucose, weight, wanted):
    roles = {"told": told, "hba1c": level, "glucose": glucose, "fasting_weight": weight}
    assert derive("diabetes_fasting", "2013-2014", **roles) == wanted


@pytest.mark.parametrize(("code", "wanted"), [(1, "Yes"), (2, "No"), (3, "Borderline"), (9, None)])
def test_diabetes_told(code, wanted):
    assert derive("diabetes_diagnosis", "2021-2023", told=code) == wanted


@pytest.mark.parametrize(
    ("told", "insulin", "pills", "wanted"),
    [
        (1, 1, 2, "Yes"),
        (1, 2, 1, "Yes"),
        (1, 2, 2, "No"),
        (1, 2, NAN, None),
        (1, 9, 1, "Yes"),
        (1, 9, 2, None),
        (2, 2, NAN, "No"),  # to 2003-2004 pills are asked of the diagnosed only
        (2, NAN, NAN, "No"),  # in 2021-2023 insulin too
        (2, 9, NAN, None),
        (3, 2, 1, "Yes"),
        (3, 2, 9, None),
        (9, 2, NAN, None),
        (NAN, NAN, NAN, None),
    ],
)
def test_medicine_for_blood_sugar(told, insulin, pills, wanted):
    roles = {"told": told, "insulin": insulin, "pills": pills}
    assert derive("glucose_medication", "2009-2010", **roles) == wanted


@pytest.mark.parametrize(
    ("cycle", "age", "told", "eyes", "wanted"),
    [
        ("2003-2004", 20, 1, 1, "Yes"),
        ("2003-2004", 20, 1, 2, "No"),
        ("2003-2004", 19, 2, NAN, None),
        ("2005-2006", 12, 2, NAN, "No"),
        ("2005-2006", 11, 2, NAN, None),
        ("2007-2008", 50, 3, NAN, "No"),
        ("2007-2008", 50, 1, 9, None),
        ("2007-2008", 50, 1, NAN, None),
        ("2007-2008", 50, 9, NAN, None),
    ],
)
def test_retinopathy_told(cycle, age, told, eyes, wanted):
    assert derive("retinopathy_told", cycle, age=age, told=told, eyes=eyes) == wanted


def readings(*pairs: tuple[float, float]) -> dict[str, float]:
    found = {}
    for place, (systolic, diastolic) in enumerate(pairs, 1):
        found |= {f"systolic_{place}": systolic, f"diastolic_{place}": diastolic}
    return found


@pytest.mark.parametrize(
    ("pairs", "systolic", "diastolic"),
    [
        ([(120, 80), (110, 70), (106, 66), (NAN, NAN)], 112, 72),
        ([(NAN, NAN), (110, 70), (106, 66), (102, 62)], 106, 66),  # the first was interrupted
        ([(120, 80), (NAN, NAN), (NAN, NAN)], 120, 80),
        ([(120, 0), (110, 40), (106, 50)], 112, 45),
        ([(120, 0), (110, 0), (106, 0)], 112, None),
        ([(NAN, NAN), (NAN, NAN), (NAN, NAN)], None, None),
    ],
)
def test_pressure_is_the_mean_of_the_readings_without_zeros(pairs, systolic, diastolic):
    roles = readings(*pairs)
    assert derive("systolic_pressure", "2013-2014", **roles) == systolic
    assert derive("diastolic_pressure", "2013-2014", **roles) == diastolic


@pytest.mark.parametrize(
    ("roles", "wanted"),
    [
        ({"told": 1, "prescribed": 1, "now": 1}, "Yes"),
        ({"told": 1, "prescribed": 1, "now": 2}, "No"),
        ({"told": 1, "prescribed": 1, "now": 9}, None),
        ({"told": 1, "prescribed": 2, "now": NAN}, "No"),
        ({"told": 1, "prescribed": 9, "now": NAN}, None),
        ({"told": 2, "prescribed": NAN, "now": NAN}, "No"),
        ({"told": 9, "prescribed": NAN, "now": NAN}, None),
        ({"told": NAN, "prescribed": NAN, "now": NAN}, None),
        ({"told": NAN, "prescribed": NAN, "now": NAN, "last_reading": 5}, "No"),  # never read
        ({"told": 1, "now": 1}, "Yes"),  # 2021-2023: one question
        ({"told": 1, "now": 2}, "No"),
        ({"told": 1, "now": 9}, None),
    ],
)
def test_medicine_for_blood_pressure(roles, wanted):
    assert derive("blood_pressure_medication", "2003-2004", **roles) == wanted


@pytest.mark.parametrize(
    ("age", "pressure", "now", "current", "former"),
    [
        (18, (130, 70), NAN, "Yes", "No"),
        (18, (129, 79), NAN, "No", "No"),
        (18, (120, 80), 2, "Yes", "No"),
        (50, (140, 70), 2, "Yes", "Yes"),
        (50, (120, 90), 2, "Yes", "Yes"),
        (50, (110, 60), 1, "Yes", "Yes"),
        (50, (110, 60), 9, "No", "No"),  # not told as taken
        (50, (110, 0), 2, "No", "No"),
        (50, (150, 0), 2, "Yes", "Yes"),
        (50, (NAN, NAN), 1, None, None),  # not even under medicine
        (50, (NAN, NAN), 2, None, None),
        (17, (150, 95), 1, None, None),
    ],
)
def test_hypertension(age, pressure, now, current, former):
    roles = {"age": age, "now": now} | readings(pressure)
    assert derive("hypertension", "2017-2018", **roles) == current
    assert derive("hypertension_140", "2017-2018", **roles) == former


@pytest.mark.parametrize(("age", "wanted"), [(12, 150), (11, None)])
def test_triglycerides_are_of_those_asked_to_fast(age, wanted):
    assert derive("triglycerides", "2001-2002", triglycerides=150, age=age) == wanted


HEALTHY = {
    "age": 40, "sex": 1, "waist": 101.9, "triglycerides": 149, "hdl": 40, "glucose": 99.9,
    "now": NAN, "insulin": NAN, "pills": NAN,
} | readings((129, 84))  # fmt: skip
MET = {
    "waist": [{"waist": 102}, {"sex": 2, "waist": 88, "hdl": 50}],
    "triglycerides": [{"triglycerides": 150}],
    "hdl": [{"hdl": 39}, {"sex": 2, "waist": 87.9, "hdl": 49}],
    "pressure": [{"systolic_1": 130}, {"diastolic_1": 85}, {"now": 1}],
    "glucose": [{"glucose": 100}, {"insulin": 1}, {"pills": 1}],
}


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name, changes in MET.items() for change in changes]
)
def test_each_criterion_of_the_syndrome_has_its_limits(name, change):
    def met(roles: dict[str, float]) -> set[str]:
        columns = {role: pd.Series([float(value)]) for role, value in roles.items()}
        found = criteria(columns, "2013-2014")
        return {criterion for criterion, values in found.items() if values.iloc[0] == 1}

    assert met(HEALTHY) == set()
    assert met(HEALTHY | change) == {name}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, "No"),
        ({"waist": 110, "glucose": 110}, "No"),
        ({"waist": 110, "glucose": 110, "hdl": 30}, "Yes"),
        ({"waist": 110, "glucose": 110, "hdl": 30, "triglycerides": 200, "now": 1}, "Yes"),
        ({"waist": 110, "glucose": 110, "hdl": 30, "age": 19}, None),
        ({"waist": 110, "glucose": 110, "hdl": 30, "triglycerides": NAN}, None),
        ({"waist": 110, "glucose": NAN, "hdl": 30, "insulin": 1}, None),
    ]
    + [({quantity: NAN}, None) for quantity in ("waist", "triglycerides", "hdl", "glucose")]
    + [(readings((NAN, NAN)), None)],
)
def test_metabolic_syndrome_is_three_of_five(change, wanted):
    assert derive("metabolic_syndrome", "2013-2014", **(HEALTHY | change)) == wanted


TABLES = {
    ("hba1c", "1999-2000"): "LAB10 LBXGH",
    ("hba1c", "2003-2004"): "L10_C LBXGH",
    ("fasting_glucose", "2001-2002"): "L10AM_B LBXGLU",
    ("fasting_glucose", "2021-2023"): "GLU_L LBXGLU",
    ("hdl_cholesterol", "1999-2000"): "LAB13 LBDHDL",
    ("hdl_cholesterol", "2001-2002"): "L13_B LBDHDL",
    ("hdl_cholesterol", "2003-2004"): "L13_C LBXHDD",
    ("hdl_cholesterol", "2005-2006"): "HDL_D LBDHDD",
    ("total_cholesterol", "2003-2004"): "L13_C LBXTC",
    ("triglycerides", "1999-2000"): "LAB13AM LBXTR",
    ("triglycerides", "2017-2018"): "TRIGLY_J LBXTR",
    ("triglycerides", "2021-2023"): "TRIGLY_L LBXTLG",
    ("systolic_pressure", "2017-2018"): "BPX_J BPXSY1 BPXSY2 BPXSY3 BPXSY4",
    ("diastolic_pressure", "2021-2023"): "BPXO_L BPXODI1 BPXODI2 BPXODI3",
    ("blood_pressure_medication", "2003-2004"): "BPQ_C BPQ010 BPQ020 BPQ040A BPQ050A",
    ("blood_pressure_medication", "2005-2006"): "BPQ_D BPQ020 BPQ040A BPQ050A",
    ("blood_pressure_medication", "2021-2023"): "BPQ_L BPQ020 BPQ150",
    ("glucose_medication", "2003-2004"): "DIQ_C DIQ010 DIQ050 DIQ070",
    ("glucose_medication", "2007-2008"): "DIQ_E DID070 DIQ010 DIQ050",
    ("glucose_medication", "2009-2010"): "DIQ_F DIQ010 DIQ050 DIQ070",
}


@pytest.mark.parametrize(("name", "cycle"), TABLES)
def test_each_cycle_is_read_from_its_own_variables(name, cycle):
    found = MEASURES[name].sources[cycle].variables(cycle)
    read = {t.name: v - {"SEQN"} for t, v in found.items() if not t.name.startswith("DEMO")}
    table, *variables = TABLES[name, cycle].split()
    assert read == {table: set(variables)}


@pytest.mark.parametrize("name", ["hba1c", "total_cholesterol", "hdl_cholesterol", "diabetes"])
def test_blood_of_2021_has_a_weight_of_its_own(name):
    measure = MEASURES[name]
    assert measure.subsample == "examination"
    assert dict(measure.subsamples) == {"2021-2023": "phlebotomy"}
