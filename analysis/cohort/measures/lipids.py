"""Cholesterol and triglycerides in serum.

LAB13AM of 1999-2000 is read from its codebook alone, LAB13 as its successor L13_B (published
analyses read its LBXTC and LBDHDL), and TRIGLY_L of 2021-2023 from accounts of its codebook.
"""

from __future__ import annotations

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.glycaemia import FROM_2005, PHLEBOTOMY
from analysis.cohort.measures.recode import cycles_between, sources

FIRST_AGE_FASTING = 12
"""Years: the younger, measured to 2003-2004, were not asked to fast (L13AM_B, L13AM_C)."""


def total_cholesterol(columns: Columns, cycle: str) -> pd.Series:
    """Total cholesterol in mg/dL, by the reference method (LBXTC, not the LBXSCH of profiles)."""
    return columns["cholesterol"]


def hdl_cholesterol(columns: Columns, cycle: str) -> pd.Series:
    """HDL cholesterol in mg/dL as released: corrected by the CDC in 1999-2002 and 2005-2006.

    Source: L13_B, L13_C, HDL_D and HDL_E, analytic notes.
    """
    return columns["hdl"]


def triglycerides(columns: Columns, cycle: str) -> pd.Series:
    """Triglycerides in mg/dL of people who were asked to fast."""
    return columns["triglycerides"].where(columns["age"] >= FIRST_AGE_FASTING)


CHOLESTEROL: dict[str, Source] = (
    sources({"cholesterol": ("LAB13", "LBXTC")}, ["1999-2000"])
    | sources({"cholesterol": ("L13", "LBXTC")}, ["2001-2002", "2003-2004"])
    | sources({"cholesterol": ("TCHOL", "LBXTC")}, FROM_2005)
)


def hdl_column(cycle: str) -> dict[str, tuple[str, str]]:
    """Name HDL cholesterol: corrected, or (2003-2004) in no need of it."""
    if cycle in FROM_2005:
        return {"hdl": ("HDL", "LBDHDD")}
    if cycle == "2003-2004":
        return {"hdl": ("L13", "LBXHDD")}
    return {"hdl": ("LAB13" if cycle == "1999-2000" else "L13", "LBDHDL")}


def triglyceride_columns(cycle: str) -> dict[str, tuple[str, str]]:
    """Name triglycerides, and age; 2021-2023 measures them without a glycerol blank, as LBXTLG."""
    table, variable = "TRIGLY", "LBXTLG" if cycle == "2021-2023" else "LBXTR"
    if cycle not in FROM_2005:
        table = "LAB13AM" if cycle == "1999-2000" else "L13AM"
    return {"triglycerides": (table, variable), "age": ("DEMO", "RIDAGEYR")}


ALL = cycles_between("1999-2000", "2021-2023")
ANALYSERS = (
    "Hitachi 717 and 912 to 2005-2006, Modular P 2007-2012, Modular P and Cobas 6000 2013-2014, "
    "Cobas 6000 to 2017-2018; in 2021-2023 the Cobas 8000 replaced it"
)
AGES = "From 6 years of age on (3 to 2003-2004)."

MEASURES = (
    Measure(
        name="total_cholesterol",
        label="Total cholesterol",
        unit="mg/dL",
        kind="continuous",
        sources=CHOLESTEROL,
        derive=total_cholesterol,
        subsample="examination",
        subsamples=PHLEBOTOMY,
        note=f"{AGES} Enzymatic. {ANALYSERS}, 0.6% lower, not adjusted.",
    ),
    Measure(
        name="hdl_cholesterol",
        label="HDL cholesterol",
        unit="mg/dL",
        kind="continuous",
        sources={c: sources(hdl_column(c), [c])[c] for c in ALL},
        derive=hdl_cholesterol,
        subsample="examination",
        subsamples=PHLEBOTOMY,
        note=(
            f"{AGES} By precipitation in 1999-2002 (of some, directly), directly from 2003 on; "
            "values of 1999-2002 and 2005-2006 are released corrected for bias, those of 2003-2004 "
            "needed none. A new laboratory in 2007. "
            f"{ANALYSERS}, 0.9% lower, not adjusted."
        ),
    ),
    Measure(
        name="triglycerides",
        label="Fasting triglycerides",
        unit="mg/dL",
        kind="continuous",
        sources={c: sources(triglyceride_columns(c), [c])[c] for c in ALL},
        derive=triglycerides,
        subsample="fasting",
        note=(
            "From 12 years of age on, after a fast of 8 to 24 hours. In 2021-2023 free glycerol is "
            "no longer taken off (no glycerol blank) and the values are as released; its codebook "
            "has equations for comparing cycles, which are not applied."
        ),
    ),
)
