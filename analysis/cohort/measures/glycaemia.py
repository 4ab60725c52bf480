"""Glycohaemoglobin, fasting glucose, and diabetes as told and as measured.

Of 1999-2000, LAB10AM and DIQ are read from their codebooks alone, and LAB10 as its successor L10_B
(published analyses read its LBXGH).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Subsample
from analysis.cohort.measures.recode import categories, choose, cycles_between, sources
from analysis.nhanes.cycles import CYCLES

ALL = tuple(CYCLES)
YES_NO = ("No", "Yes")
PHLEBOTOMY: Mapping[str, Subsample] = MappingProxyType({"2021-2023": "phlebotomy"})
"""Blood of 2021-2023 has a weight of its own."""

DIAGNOSIS = {2: "No", 3: "Borderline", 1: "Yes"}
"""Answers to DIQ010."""

DIABETES_HBA1C, DIABETES_GLUCOSE = 6.5, 126.0
"""Percent, and mg/dL after a fast of 8 hours or more, from which on it is diabetes.

Source: American Diabetes Association, Standards of Care in Diabetes, section 2 (diagnosis).
"""

FIRST_AGE_RETINOPATHY: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(cycles_between("1999-2000", "2003-2004"), 20)
    | dict.fromkeys(cycles_between("2005-2006", "2017-2018"), 12)
)
"""Years from which on people with diabetes are asked DIQ080. Source: target of the codebooks."""

TO_LATEST_GLUCOSE: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType(
    dict.fromkeys(
        cycles_between("1999-2000", "2003-2004"),
        ((3.5707, 0.9815), (1.148, 1.0), (-0.5108, 1.023)),
    )
    | {"2005-2006": ((1.148, 1.0), (-0.5108, 1.023))}
    | dict.fromkeys(cycles_between("2007-2008", "2013-2014"), ((-0.5108, 1.023),))
    | dict.fromkeys(cycles_between("2015-2016", "2021-2023"), ())
)
"""Lines (intercept in mg/dL, slope) that take plasma glucose from a cycle's analyser to today's.

Sources, each the analytic notes of a codebook: GLU_D (Cobas Mira of 1999-2004 to Hitachi 911),
GLU_E (Hitachi 911 of 2005-2006 to Modular P), GLU_I (Cobas C501 of 2013-2014 to C311). No line is
published from Modular P (2007-2012) to C501; GLU_I has its own line serve for all of 2007-2014.
Specimens of 2015-2016 that were measured on the C501 are released on the scale of the C311.
"""


def hba1c(columns: Columns, cycle: str) -> pd.Series:
    """Glycohaemoglobin in percent, as released.

    The CDC withdrew the line between 2003-2004 and 2005-2006 (it over-corrected) and wants the
    released values for trends too. Source: GHB_D to GHB_F, analytic notes.
    """
    return columns["hba1c"]


def fasting_glucose(columns: Columns, cycle: str) -> pd.Series:
    """Plasma glucose in mg/dL as released: on the scale of the cycle's own analyser."""
    return columns["glucose"]


def harmonised_glucose(columns: Columns, cycle: str) -> pd.Series:
    """Plasma glucose in mg/dL on the scale of the Cobas C311, in use from 2015 on."""
    return to_latest_scale(columns["glucose"], cycle)


def to_latest_scale(glucose: pd.Series, cycle: str) -> pd.Series:
    """Take plasma glucose through the CDC's lines, analyser by analyser.

    Parameters
    ----------
    glucose : Series of float
        In mg/dL, as released for `cycle`.
    cycle : str
        A key of `TO_LATEST_GLUCOSE`, where the sources of the lines stand.

    Returns
    -------
    Series of float
        In mg/dL; not rounded.
    """
    for intercept, slope in TO_LATEST_GLUCOSE[cycle]:
        glucose = intercept + slope * glucose
    return glucose


def diabetes_diagnosis(columns: Columns, cycle: str) -> pd.Series:
    """Translate what a doctor has told (DIQ010), diabetes of pregnancy apart."""
    return categories(columns["told"], DIAGNOSIS)


def diabetes(columns: Columns, cycle: str) -> pd.Series:
    """Tell diabetes from a doctor's diagnosis, or from glycohaemoglobin of 6.5% and over.

    Whoever has no measured glycohaemoglobin is missing, even when told: of people without it,
    only the diagnosed could be classed, and their share would be too high.
    """
    told, level = columns["told"], columns["hba1c"]
    has = (told == 1) | (level >= DIABETES_HBA1C)
    known = told.isin(list(DIAGNOSIS)) & level.notna()
    return choose([(has & level.notna(), "Yes"), (known, "No")], told.index, YES_NO)


def diabetes_fasting(columns: Columns, cycle: str) -> pd.Series:
    """Tell diabetes from a diagnosis, glycohaemoglobin or fasting glucose, as the CDC reports it.

    Of the fasting subsample, whose weight is above 0. There the diagnosed need no measurement: the
    weights stand for them also where their glucose is missing (L10AM_B, analytic notes). Source:
    Gwira JA, Fryar CD, Gu Q. NCHS Data Brief 516, 2024, which counts fasting glucose of 126 mg/dL
    or glycohaemoglobin of 6.5% and over.
    """
    told, level, glucose = columns["told"], columns["hba1c"], columns["glucose"]
    fasted = columns["fasting_weight"] > 0
    has = (told == 1) | (level >= DIABETES_HBA1C) | (glucose >= DIABETES_GLUCOSE)
    known = told.isin(list(DIAGNOSIS)) & level.notna() & glucose.notna()
    return choose([(fasted & has, "Yes"), (fasted & known, "No")], told.index, YES_NO)


def glucose_medication(columns: Columns, cycle: str) -> pd.Series:
    """Tell whether insulin or pills to lower blood sugar are taken now.

    Whoever was told of diabetes is asked both; to the others a question that was not put counts as
    no. Unknown answers are missing, unless the other one is yes.
    """
    told, answers = columns["told"], (columns["insulin"], columns["pills"])
    takes = (answers[0] == 1) | (answers[1] == 1)
    none = told.isin(list(DIAGNOSIS))
    for answer in answers:
        none &= (answer == 2) | (answer.isna() & (told != 1))
    return choose([(takes, "Yes"), (none, "No")], told.index, YES_NO)


def retinopathy_told(columns: Columns, cycle: str) -> pd.Series:
    """Tell whether a doctor said that diabetes has affected the eyes (DIQ080).

    Asked of people told of diabetes; anyone else of the ages asked counts as no.
    """
    told, eyes = columns["told"], columns["eyes"]
    asked = columns["age"] >= FIRST_AGE_RETINOPATHY[cycle]
    none = (eyes == 2) | told.isin([2, 3])
    return choose([(asked & (eyes == 1), "Yes"), (asked & none, "No")], told.index, YES_NO)


FROM_2005 = cycles_between("2005-2006", "2021-2023")
TOLD = {"told": ("DIQ", "DIQ010")}
EYES = TOLD | {"eyes": ("DIQ", "DIQ080"), "age": ("DEMO", "RIDAGEYR")}
RENAMED_PILLS = cycles_between("2005-2006", "2007-2008")
"""Cycles in which the question on pills is DID070, not DIQ070."""


def level_tables(cycle: str) -> tuple[str, str]:
    """Name the tables of glycohaemoglobin and of fasting glucose, without suffix."""
    if cycle in FROM_2005:
        return "GHB", "GLU"
    return ("LAB10", "LAB10AM") if cycle == "1999-2000" else ("L10", "L10AM")


def medication_columns(cycle: str) -> dict[str, tuple[str, str]]:
    """Name what `glucose_medication` reads."""
    pills = "DID070" if cycle in RENAMED_PILLS else "DIQ070"
    return TOLD | {"insulin": ("DIQ", "DIQ050"), "pills": ("DIQ", pills)}


HBA1C = {cycle: {"hba1c": (level_tables(cycle)[0], "LBXGH")} for cycle in ALL}
GLUCOSE = {cycle: {"glucose": (level_tables(cycle)[1], "LBXGLU")} for cycle in ALL}
FASTED = {cycle: {"fasting_weight": (level_tables(cycle)[1], "WTSAF2YR")} for cycle in ALL}

AGE_OF_BLOOD = "From 12 years of age on."
SCALE = (
    "Analysers: Cobas Mira 1999-2004, Hitachi 911 2005-2006, Modular P 2007-2012, Cobas C501 "
    "2013-2014, Cobas C311 from 2015 on, which reads 2% above the one before it."
)
WITHOUT_MEDICINES = (
    "Medicines are not a criterion: pills are also taken for prediabetes, and are asked of other "
    "people in each period (see glucose_medication). Women told only during pregnancy count as no; "
    "the CDC leaves pregnant women out of its own figures."
)

MEASURES = (
    Measure(
        name="hba1c",
        label="Glycohaemoglobin",
        unit="%",
        kind="continuous",
        sources={c: sources(HBA1C[c], [c])[c] for c in ALL},
        derive=hba1c,
        subsample="examination",
        subsamples=PHLEBOTOMY,
        note=(
            f"{AGE_OF_BLOOD} As released, which the CDC wants for trends too. Analysers: Primus "
            "CLC330 1999-2004, Tosoh A1c 2.2 Plus 2005-2006, Tosoh G7 from 2007 on, Tosoh G8 at "
            "the latest from 2015 on; in 2021-2023 the Bio-Rad D-100 replaced it, 2.3% lower, not "
            "adjusted. Values rose from 2005-2006 to 2007-2008 for no reason that the CDC found."
        ),
    ),
    Measure(
        name="fasting_glucose",
        label="Fasting plasma glucose",
        unit="mg/dL",
        kind="continuous",
        sources={c: sources(GLUCOSE[c], [c])[c] for c in ALL},
        derive=fasting_glucose,
        subsample="fasting",
        note=(
            f"{AGE_OF_BLOOD} After a fast of 8 to 24 hours, on the scale of each cycle's own "
            f"analyser; fasting_glucose_harmonised is for pooling. {SCALE}"
        ),
    ),
    Measure(
        name="fasting_glucose_harmonised",
        label="Fasting plasma glucose, one scale",
        unit="mg/dL",
        kind="continuous",
        sources={c: sources(GLUCOSE[c], [c])[c] for c in ALL},
        derive=harmonised_glucose,
        subsample="fasting",
        note=(
            f"{AGE_OF_BLOOD} On the scale of the Cobas C311 by the lines in the CDC's codebooks "
            f"(GLU_D, GLU_E, GLU_I). {SCALE} No line was published from Modular P to C501."
        ),
    ),
    Measure(
        name="diabetes_diagnosis",
        label="Diabetes, told by a doctor",
        kind="categorical",
        levels=tuple(DIAGNOSIS.values()),
        sources=sources(TOLD, ALL),
        derive=diabetes_diagnosis,
        subsample="interview",
        note="From 1 year of age on; other than during pregnancy. Refused and unknown are missing.",
    ),
    Measure(
        name="glucose_medication",
        label="Insulin or pills for blood sugar",
        kind="categorical",
        levels=YES_NO,
        sources={c: sources(medication_columns(c), [c])[c] for c in ALL},
        derive=glucose_medication,
        subsample="interview",
        note=(
            "Taken now. Pills are asked of people told of diabetes, from 2005-2006 on also of "
            "those told of borderline diabetes or prediabetes. Insulin is asked of everyone, in "
            "2021-2023 of people told of diabetes. Who was not asked counts as no."
        ),
    ),
    Measure(
        name="diabetes",
        label="Diabetes",
        kind="categorical",
        levels=YES_NO,
        sources={c: sources(TOLD | HBA1C[c], [c])[c] for c in ALL},
        derive=diabetes,
        subsample="examination",
        subsamples=PHLEBOTOMY,
        note=(
            f"{AGE_OF_BLOOD} Told by a doctor (borderline is not diabetes), or glycohaemoglobin of "
            "6.5% and over; missing without a measured glycohaemoglobin. " + WITHOUT_MEDICINES
        ),
    ),
    Measure(
        name="diabetes_fasting",
        label="Diabetes, with fasting glucose",
        kind="categorical",
        levels=YES_NO,
        sources={c: sources(TOLD | HBA1C[c] | GLUCOSE[c] | FASTED[c], [c])[c] for c in ALL},
        derive=diabetes_fasting,
        subsample="fasting",
        note=(
            f"{AGE_OF_BLOOD} Of the fasting subsample, as the CDC reports it: told by a doctor, or "
            "glycohaemoglobin of 6.5% or fasting plasma glucose of 126 mg/dL and over, as "
            "released. " + WITHOUT_MEDICINES
        ),
    ),
    Measure(
        name="retinopathy_told",
        label="Eyes affected by diabetes, told by a doctor",
        kind="categorical",
        levels=YES_NO,
        sources=sources(EYES, tuple(FIRST_AGE_RETINOPATHY)),
        derive=retinopathy_told,
        subsample="interview",
        note=(
            "From 12 years of age on (20 to 2003-2004). Asked of people told of diabetes; who was "
            "not told of it counts as no. It is no measured retinopathy."
        ),
        absent={"2021-2023": "whether diabetes has affected the eyes was not asked in 2021-2023"},
    ),
)
