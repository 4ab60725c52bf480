"""Waist circumference and the metabolic syndrome."""

from __future__ import annotations

from functools import reduce

import pandas as pd

from analysis.cohort.measure import Columns, Measure
from analysis.cohort.measures import glycaemia, pressure
from analysis.cohort.measures.lipids import hdl_column, triglyceride_columns
from analysis.cohort.measures.recode import as_category, sources
from analysis.nhanes.cycles import CYCLES

ALL = tuple(CYCLES)
YES_NO = ("No", "Yes")

FIRST_AGE = 20
"""Years: the definition is for adults, and the CDC's reports on it begin at 20."""

WAIST = {1: 102.0, 2: 88.0}
"""Centimetres from which on a waist counts, by RIAGENDR (1 men, 2 women): United States."""

HDL = {1: 40.0, 2: 50.0}
"""mg/dL below which HDL cholesterol counts, by RIAGENDR."""

TRIGLYCERIDES, SYSTOLIC, DIASTOLIC, GLUCOSE = 150.0, 130.0, 85.0, 100.0
"""mg/dL, mmHg, mmHg and mg/dL from which on each counts."""

CRITERIA = 3
"""How many of the five make the syndrome."""


def waist_circumference(columns: Columns, cycle: str) -> pd.Series:
    """Waist in cm, at the upper border of the hip bones."""
    return columns["waist"]


def criteria(columns: Columns, cycle: str) -> dict[str, pd.Series]:
    """Tell each criterion of the metabolic syndrome: 1 met, 0 not met, NaN not known.

    Medicine for blood pressure or for blood sugar, told as taken, meets its criterion. Medicines
    for triglycerides and HDL cholesterol are not known: the questionnaire asks of any for
    cholesterol, and most are for LDL. Each criterion is known only where its quantity was
    measured, whatever is taken (a diastolic pressure of 0 is not high).

    Source: Alberti KGMM et al. Harmonizing the metabolic syndrome. Circulation 2009;120:1640-1645,
    with the limits for the waist of the AHA/NHLBI, which it names for the United States.

    Parameters
    ----------
    columns : mapping
        Roles of `syndrome_columns`.
    cycle : str

    Returns
    -------
    dict of str to Series of float
    """
    sex = columns["sex"]
    systolic = pressure.mean_reading(columns, "systolic")
    diastolic = pressure.mean_reading(columns, "diastolic")
    under_pressure = columns["now"] == 1
    under_glucose = (columns["insulin"] == 1) | (columns["pills"] == 1)
    waist, hdl = columns["waist"], columns["hdl"]
    triglycerides, glucose = columns["triglycerides"], columns["glucose"]
    high = (systolic >= SYSTOLIC) | (diastolic >= DIASTOLIC)
    return {
        "waist": (waist >= sex.map(WAIST)).where(waist.notna()),
        "triglycerides": (triglycerides >= TRIGLYCERIDES).where(triglycerides.notna()),
        "hdl": (hdl < sex.map(HDL)).where(hdl.notna()),
        "pressure": (high | under_pressure).where(systolic.notna()),
        "glucose": ((glucose >= GLUCOSE) | under_glucose).where(glucose.notna()),
    }


def metabolic_syndrome(columns: Columns, cycle: str) -> pd.Series:
    """Tell the syndrome where all five criteria are known: three of them or more."""
    parts = [part.astype(float) for part in criteria(columns, cycle).values()]
    met = reduce(pd.Series.add, parts).where(columns["age"] >= FIRST_AGE)
    return as_category((met >= CRITERIA).map({False: "No", True: "Yes"}).where(met.notna()), YES_NO)


def syndrome_columns(cycle: str) -> dict[str, tuple[str, str]]:
    """Name what the five criteria read."""
    sugar = glycaemia.medication_columns(cycle)
    return (
        {"sex": ("DEMO", "RIAGENDR"), "waist": ("BMX", "BMXWAIST")}
        | triglyceride_columns(cycle)
        | hdl_column(cycle)
        | pressure.pressure_columns(cycle)
        | glycaemia.GLUCOSE[cycle]
        | {role: sugar[role] for role in ("insulin", "pills")}
    )


MEASURES = (
    Measure(
        name="waist_circumference",
        label="Waist circumference",
        unit="cm",
        kind="continuous",
        sources=sources({"waist": ("BMX", "BMXWAIST")}, ALL),
        derive=waist_circumference,
        subsample="examination",
        note="From 2 years of age on, at the upper border of the hip bones.",
    ),
    Measure(
        name="metabolic_syndrome",
        label="Metabolic syndrome",
        kind="categorical",
        levels=YES_NO,
        sources={c: sources(syndrome_columns(c), [c])[c] for c in ALL},
        derive=metabolic_syndrome,
        subsample="fasting",
        note=(
            "From 20 years of age on. Three or more of: waist of 102 cm (men) or 88 cm (women) and "
            "over; triglycerides of 150 mg/dL and over; HDL cholesterol below 40 (men) or 50 mg/dL "
            "(women); pressure of 130/85 mmHg and over, or medicine for it; fasting glucose of 100 "
            "mg/dL and over, or insulin or pills (Alberti 2009). Missing unless all five were "
            "measured. Medicines for lipids are not counted, as fibrates and niacin cannot be "
            "told from statins. Glucose is as released: from 2015 on it reads 2% higher, which "
            "puts many more people above 100 mg/dL."
        ),
    ),
)
