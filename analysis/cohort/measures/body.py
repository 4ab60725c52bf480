"""Body measures of the examination."""

from __future__ import annotations

import pandas as pd

from analysis.cohort.measure import Columns, Measure
from analysis.cohort.measures.recode import sources
from analysis.nhanes.cycles import CYCLES


def bmi(columns: Columns, cycle: str) -> pd.Series:
    """Body mass index as the CDC computed it from measured height and weight."""
    return columns["bmi"]


MEASURES = (
    Measure(
        name="bmi",
        label="Body mass index",
        unit="kg/m²",
        kind="continuous",
        sources=sources({"bmi": ("BMX", "BMXBMI")}, tuple(CYCLES)),
        derive=bmi,
        subsample="examination",
        note="From measured height and weight.",
    ),
)
