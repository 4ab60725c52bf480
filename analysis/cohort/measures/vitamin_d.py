"""Serum 25-hydroxyvitamin D on today's scale and on the one of papers before 2015."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Measure
from analysis.cohort.measures.recode import cycles_between, sources
from analysis.errors import DataError

NMOL_PER_NG = 2.496
"""nmol/L of 25(OH)D in one ng/mL (molar mass 400.6 g/mol), as in the CDC's documentation."""

RIA_LINES = MappingProxyType(
    {
        "2001-2002": (6.43435, 0.95212),
        "2003-2004": (1.72786, 0.98284),
        "2005-2006": (8.36753, 0.97012),
    }
)
"""Intercept (nmol/L) and slope of the CDC's regression of LC-MS/MS on RIA, by cycle.

Source: the CDC's analytical note on 25-hydroxyvitamin D standardisation (2015), which derived the
released LC-MS/MS-equivalent values of 2001-2006 from radioimmunoassay by these lines.
"""

RIA_SLACK = 0.05
"""nmol/L by which a released value may miss the line beyond its own rounding.

Values are released with three significant digits: tenths below 100 nmol/L, whole numbers above.
The lines' printed coefficients are rounded too; over 2001-2006 that adds at most 0.04 nmol/L.
Neighbouring whole ng/mL are 2.4 nmol/L apart, so the whole number is never in doubt.
"""

ABSENT = {"1999-2000": "25(OH)D was not measured in 1999-2000"}
ABSENT_RIA = {
    "1999-2000": ABSENT["1999-2000"],
    **dict.fromkeys(
        cycles_between("2007-2008", "2021-2023"),
        "measured by LC-MS/MS from 2007 on; there is no radioimmunoassay to recover",
    ),
}


def serum(columns: Columns, cycle: str) -> pd.Series:
    """25(OH)D in nmol/L, measured by LC-MS/MS or made equivalent to it by the CDC."""
    return columns["serum"]


def recover_ria(serum: np.ndarray, intercept: float, slope: float) -> np.ndarray:
    """Whole ng/mL that the radioimmunoassay gave, from the LC-MS/MS-equivalent value.

    Inverts ``serum = intercept + slope * 2.496 * k`` for the whole number ``k``.

    Parameters
    ----------
    serum : ndarray of float, shape (n,)
        LC-MS/MS-equivalent 25(OH)D in nmol/L; NaN where missing.
    intercept, slope : float
        The CDC's line of the cycle.

    Returns
    -------
    ndarray of float, shape (n,)
        25(OH)D by radioimmunoassay in whole ng/mL; NaN where missing.

    Raises
    ------
    DataError
        If a value does not lie on the line at a whole number, within its rounding and `RIA_SLACK`.
    """
    whole = np.round((serum - intercept) / (slope * NMOL_PER_NG))
    distance = np.abs(serum - (intercept + slope * NMOL_PER_NG * whole))
    rounding = np.where(serum < 100, 0.05, 0.5)
    astray = np.flatnonzero(distance > rounding + RIA_SLACK)
    if len(astray):
        raise DataError(
            f"values of 25(OH)D that do not lie on the CDC's line {intercept} + {slope} × RIA: "
            f"{len(astray):,} of {np.isfinite(serum).sum():,} (first: {serum[astray[0]]:g} nmol/L)",
            remedy="The file is not the LC-MS/MS-equivalent release; fetch it anew, or use the "
            "measure vitamin_d instead of vitamin_d_ria.",
        )
    return whole


def ria(columns: Columns, cycle: str) -> pd.Series:
    """25(OH)D by radioimmunoassay, recovered from the LC-MS/MS-equivalent value."""
    raw = columns["serum"]
    try:
        values = recover_ria(raw.to_numpy(float), *RIA_LINES[cycle])
    except DataError as error:
        raise DataError(error.what, where=f"25(OH)D of {cycle}", remedy=error.remedy) from None
    return pd.Series(values, index=raw.index)


EQUIVALENT = tuple(RIA_LINES)

MEASURES = (
    Measure(
        name="vitamin_d",
        label="Serum 25(OH)D",
        unit="nmol/L",
        kind="continuous",
        sources=sources({"serum": ("VID", "LBDVIDMS")}, EQUIVALENT)
        | sources({"serum": ("VID", "LBXVIDMS")}, cycles_between("2007-2008", "2021-2023")),
        derive=serum,
        subsample="examination",
        subsamples={"2021-2023": "phlebotomy"},
        note=(
            "LC-MS/MS from 2007 on; before, the CDC's LC-MS/MS-equivalent value predicted from "
            "radioimmunoassay. Ages 6 and over in 2001-2002, 1 and over from then on. Blood of "
            "2021-2023 has a weight of its own (WTPH2YR), for those of the examined who gave some."
        ),
        absent=ABSENT,
    ),
    Measure(
        name="vitamin_d_ria",
        label="Serum 25(OH)D, radioimmunoassay",
        unit="ng/mL",
        kind="continuous",
        sources=sources({"serum": ("VID", "LBDVIDMS")}, EQUIVALENT),
        derive=ria,
        subsample="examination",
        note=(
            "The scale of papers before 2015, recovered by inverting the CDC's line of each cycle; "
            "the radioimmunoassay reported whole ng/mL."
        ),
        absent=ABSENT_RIA,
    ),
)
