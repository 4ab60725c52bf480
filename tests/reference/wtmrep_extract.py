"""Read the columns of NHANES 1999-2000 on which its own replicate weights are held against R.

As a script it writes them to a CSV for `wtmrep.R`: that file has a row a participant and is never
committed.

    python tests/reference/wtmrep_extract.py MIRROR OUT.csv      (MIRROR is a folder or a URL)
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pandas as pd

YEAR = 1999
SETS = [f"WTMREP{number:02d}" for number in range(1, 53)]
"""Weights of the examination for the delete-one jackknife."""
LEFT_OUT = "SDJ1REPN"
"""The set in which a participant has weight 0."""
DEMOGRAPHY = ["SEQN", "SDMVSTRA", "SDMVPSU", "WTMEC2YR", "RIDAGEYR", "RIAGENDR", LEFT_OUT, *SETS]


def extract(mirror: str) -> pd.DataFrame:
    """Give everyone of the cycle a row.

    Returns
    -------
    DataFrame
        ``stratum``, ``psu``, ``weight`` and the `SETS` (0 for those not examined), `LEFT_OUT`,
        ``age``, ``male`` (0 or 1), ``bmi`` and ``height`` (cm), ``magnesium`` (mg) of the first
        recall, and ``obese`` (0 or 1, missing where `bmi` is).
    """
    read = runpy.run_path(str(Path(__file__).with_name("nhanes_extract.py")))["read"]
    people = read(mirror, YEAR, "DEMO", DEMOGRAPHY)
    for table, columns in (("BMX", ["BMXBMI", "BMXHT"]), ("DRXTOT", ["DRXTMAGN"])):
        people = people.merge(read(mirror, YEAR, table, ["SEQN", *columns]), how="left")
    names = {
        "SDMVSTRA": "stratum", "SDMVPSU": "psu", "WTMEC2YR": "weight", "RIDAGEYR": "age",
        "BMXBMI": "bmi", "BMXHT": "height", "DRXTMAGN": "magnesium",
    }  # fmt: skip
    frame = people.drop(columns=["SEQN", "RIAGENDR"]).rename(columns=names)
    return frame.assign(
        male=(people["RIAGENDR"] == 1).astype(int),
        obese=(frame["bmi"] >= 30).astype(float).where(frame["bmi"].notna()),
    )


if __name__ == "__main__":
    source, target = sys.argv[1:]
    extract(source).to_csv(target, index=False, float_format="%.17g")
