"""Time reading the tables of NHANES 2001-2006 with pandas, pyreadstat, this package and its cache.

    python benchmarks/read.py FOLDER

FOLDER holds the CDC's files under the CDC's paths. All ways read the same columns of the same
tables in one run; the cache is a new folder that is filled by its own first, timed, pass.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyreadstat

from analysis.nhanes.cache import TableReader
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import Table
from analysis.nhanes.xpt import read_columns

DEMOGRAPHY = ["SEQN", "RIAGENDR", "RIDAGEYR", "RIDRETH1", "SDMVPSU", "SDMVSTRA", "WTMEC2YR"]
WANTED: dict[Table, list[str]] = {
    Table("DEMO_B", "2001-2002"): DEMOGRAPHY,
    Table("DEMO_C", "2003-2004"): DEMOGRAPHY,
    Table("DEMO_D", "2005-2006"): DEMOGRAPHY,
    Table("BMX_B", "2001-2002"): ["SEQN", "BMXBMI"],
    Table("BMX_C", "2003-2004"): ["SEQN", "BMXBMI"],
    Table("BMX_D", "2005-2006"): ["SEQN", "BMXBMI"],
    Table("VID_B", "2001-2002"): ["SEQN", "LBDVIDMS"],
    Table("VID_C", "2003-2004"): ["SEQN", "LBDVIDMS"],
    Table("VID_D", "2005-2006"): ["SEQN", "LBDVIDMS"],
    Table("DRXTOT_B", "2001-2002"): ["SEQN", "WTDRD1", "DRDDRSTZ", "DRXTKCAL", "DRXTMAGN"],
    Table("DR1TOT_C", "2003-2004"): ["SEQN", "WTDRD1", "DR1DRSTZ", "DR1TKCAL", "DR1TMAGN"],
    Table("DR1TOT_D", "2005-2006"): ["SEQN", "WTDRD1", "DR1DRSTZ", "DR1TKCAL", "DR1TMAGN"],
    Table("DRXIFF_B", "2001-2002"): ["SEQN", "DRDIFDCD", "DRXIGRMS"],
}


def timed(name: str, read: Callable[[], object], reference: float | None = None) -> float:
    start = time.perf_counter()
    read()
    seconds = time.perf_counter() - start
    ratio = f"{reference / seconds:8.1f} times as fast" if reference else ""
    print(f"{name:<40}{seconds:8.3f} s{ratio}")
    return seconds


def whole(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read columns with pyreadstat, in the encoding that all of these tables can be read in."""
    frame, _ = pyreadstat.read_xport(str(path), usecols=columns, encoding="WINDOWS-1252")
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the CDC's files under the CDC's paths")
    folder: Path = parser.parse_args().folder
    tables = {folder / table.data_path: columns for table, columns in WANTED.items()}
    pages = [folder / table.codebook_path for table in WANTED]
    for path in [*tables, *pages]:  # so that no way pays for the disk
        path.read_bytes()
    print(f"{len(tables)} tables, {sum(map(len, tables.values()))} columns")
    with tempfile.TemporaryDirectory() as cache:
        reader = TableReader(Path(cache))

        def cached() -> None:
            for path, columns in tables.items():
                reader.read(path, path.name, columns)

        def cached_pages() -> None:
            for page in pages:
                reader.codebook(page, page.name)

        pandas = timed("pandas.read_sas", lambda: [pd.read_sas(p)[c] for p, c in tables.items()])
        timed("pyreadstat.read_xport", lambda: [whole(p, c) for p, c in tables.items()], pandas)
        timed("read_columns", lambda: [read_columns(p, c) for p, c in tables.items()], pandas)
        timed("TableReader, first run", cached, pandas)
        timed("TableReader, second run", cached, pandas)
        print(f"\n{len(pages)} codebooks")
        parsed = timed("parse_codebook", lambda: [parse_codebook(page) for page in pages])
        timed("TableReader, first run", cached_pages, parsed)
        timed("TableReader, second run", cached_pages, parsed)


if __name__ == "__main__":
    main()
