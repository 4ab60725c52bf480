"""Read the few columns of NHANES 2001-2006 on which our digits are held against R's.

As a script it writes them to a CSV for `nhanes.R`: that file has a row a participant and is never
committed. Recoding is as simple as can be; the measures proper are the package's own.

    python tests/reference/nhanes_extract.py MIRROR OUT.csv      (MIRROR is a folder or a URL)
"""

from __future__ import annotations

import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

CYCLES = (
    (2001, "B", "DRXTOT", "DRX", "DRDDRSTZ", 6.43435, 0.95212),
    (2003, "C", "DR1TOT", "DR1", "DR1DRSTZ", 1.72786, 0.98284),
    (2005, "D", "DR1TOT", "DR1", "DR1DRSTZ", 8.36753, 0.97012),
)
"""First year, suffix, table and prefix of the first recall, its status, and the line by which the
CDC predicted LC-MS/MS-equivalent nmol/L from the radioimmunoassay (intercept, slope)."""

DEMOGRAPHY = ["SEQN", "SDMVSTRA", "SDMVPSU", "WTMEC2YR", "RIDSTATR", "RIDAGEYR", "RIAGENDR",
              "RIDRETH1"]  # fmt: skip


def read(mirror: str, year: int, table: str, columns: list[str]) -> pd.DataFrame:
    """Read columns of a transport file below a folder or a URL."""
    path = f"Nchs/Data/Nhanes/Public/{year}/DataFiles/{table}.xpt"
    if not mirror.startswith(("http://", "https://")):
        return pyreadstat.read_xport(str(Path(mirror) / path), usecols=columns)[0]
    with tempfile.NamedTemporaryFile(suffix=".xpt") as copy:
        with urllib.request.urlopen(f"{mirror.rstrip('/')}/{path}", timeout=60) as answer:
            copy.write(answer.read())
        copy.flush()
        return pyreadstat.read_xport(copy.name, usecols=columns)[0]


def extract(mirror: str) -> pd.DataFrame:
    """Give every examined person of the three cycles a row.

    Returns
    -------
    DataFrame
        ``cycle``, ``stratum``, ``psu``, ``weight_mec`` (of the cycle), ``weight_diet`` (of the
        first recall, over three cycles, 0 without), ``age``, ``sex``, ``race``, ``bmi``,
        ``magnesium`` (mg), ``energy`` (kcal), ``reliable`` (0 or 1), ``vitamin_d`` (nmol/L) and
        ``ria`` (ng/mL).
    """
    cycles = []
    for year, suffix, recall, prefix, status, intercept, slope in CYCLES:
        intakes = [f"{prefix}TMAGN", f"{prefix}TKCAL"]
        people = read(mirror, year, f"DEMO_{suffix}", DEMOGRAPHY)
        for table, columns in (
            (f"{recall}_{suffix}", ["SEQN", "WTDRD1", status, *intakes]),
            (f"VID_{suffix}", ["SEQN", "LBDVIDMS"]),
            (f"BMX_{suffix}", ["SEQN", "BMXBMI"]),
        ):
            people = people.merge(read(mirror, year, table, columns), on="SEQN", how="left")
        people = people[people["RIDSTATR"] == 2].set_axis(
            range(int((people["RIDSTATR"] == 2).sum()))
        )
        cycles.append(
            pd.DataFrame(
                {
                    "cycle": year,
                    "stratum": people["SDMVSTRA"].astype(int),
                    "psu": people["SDMVPSU"].astype(int),
                    "weight_mec": people["WTMEC2YR"],
                    "weight_diet": people["WTDRD1"].fillna(0.0) / 3,
                    "age": people["RIDAGEYR"],
                    "sex": people["RIAGENDR"].map({1: "male", 2: "female"}),
                    "race": people["RIDRETH1"].map(
                        {1: "mexican", 2: "hispanic", 3: "awhite", 4: "black", 5: "other"}
                    ),
                    "bmi": people["BMXBMI"],
                    "magnesium": people[intakes[0]],
                    "energy": people[intakes[1]],
                    "reliable": (people[status] == 1).astype(int),
                    "vitamin_d": people["LBDVIDMS"],
                    "ria": np.round((people["LBDVIDMS"] - intercept) / (slope * 2.496)),
                }
            )
        )
    return pd.concat(cycles, ignore_index=True)


if __name__ == "__main__":
    extract(sys.argv[1]).to_csv(sys.argv[2], index=False)
