"""Parathyroid hormone in serum."""

from __future__ import annotations

import pandas as pd

from analysis.cohort.measure import Columns, Measure
from analysis.cohort.measures.recode import cycles_between, sources

ABSENT = dict.fromkeys(
    (
        *cycles_between("1999-2000", "2001-2002"),
        *cycles_between("2007-2008", "2021-2023"),
    ),
    "parathyroid hormone was measured in 2003-2006 only",
)


def parathyroid_hormone(columns: Columns, cycle: str) -> pd.Series:
    """Intact parathyroid hormone in pg/mL; below the limit of detection the CDC's value in place.

    The lowest value measured is 9 pg/mL. Below the limit stand 6 in L11_C (10 people) and 6.36 in
    PTH_D (15 people), which are 9 over the root of 2; they are kept, as they are the lowest either
    way.
    """
    return columns["hormone"]


MEASURES = (
    Measure(
        name="parathyroid_hormone",
        label="Parathyroid hormone",
        unit="pg/mL",
        kind="continuous",
        sources=sources({"hormone": ("L11", "LBXPT21")}, ["2003-2004"])
        | sources({"hormone": ("PTH", "LBXPT21")}, ["2005-2006"]),
        derive=parathyroid_hormone,
        subsample="examination",
        note=(
            "Intact hormone in serum by electrochemiluminescence (Elecsys 1010), from 6 years of "
            "age on; the same method and laboratory in both cycles."
        ),
        absent=ABSENT,
    ),
)
