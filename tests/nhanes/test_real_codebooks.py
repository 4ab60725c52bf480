"""The CDC's own files: every page is parsed, every printed count holds or its exception does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.exceptions import COUNT_EXCEPTIONS, ROW_COUNT_EXCEPTIONS
from analysis.nhanes.reconcile import reconcile
from analysis.nhanes.xpt import count_rows, read_columns, read_header

pytestmark = pytest.mark.real_data

RealFile = Callable[[str], Path]
FOLDER = "Nchs/Data/Nhanes/Public"


def listed_tables() -> list[tuple[str, str]]:
    """Every table of the project's mirror: its folder's year and its name."""
    lines = Path(__file__).with_name("real_tables.txt").read_text().splitlines()
    return [(year, name) for year, *names in map(str.split, lines) for name in names]


def is_wanted(year: str, name: str) -> bool:
    """A mirror folder may hold fewer tables; a server cannot be asked and must have them all."""
    mirror = os.environ.get("NHANES_MIRROR", "")
    return "://" in mirror or (Path(mirror) / f"{FOLDER}/{year}/DataFiles/{name}.xpt").exists()


def unequal(real_file: RealFile, year: str, name: str) -> Counter[str]:
    """Count the verdicts on all variables of a table; fail on any difference not known."""
    stem = f"{FOLDER}/{year}/DataFiles/{name}"
    table, page = real_file(f"{stem}.xpt"), real_file(f"{stem}.htm")
    codebook, rows = parse_codebook(page), count_rows(table)
    known = ROW_COUNT_EXCEPTIONS.get(name)
    if known is not None:
        assert (codebook.rows, rows) == (known.rows_codebook, known.rows_file)
    else:
        assert codebook.rows in (rows, None)
    frame = read_columns(table, list(read_header(table).columns))
    checks = reconcile(name, frame, codebook)
    assert [check for check in checks if check.verdict == "differs"] == []
    explained = {(name, check.variable) for check in checks if check.verdict == "explained"}
    assert explained == {key for key in COUNT_EXCEPTIONS if key[0] == name}
    return Counter(check.verdict for check in checks)


STUDIED = [pair for pair in listed_tables() if pair[0] in ("2001", "2003", "2005")]
# Two thirds of all time goes into a few files of single foods.
QUICK = [(year, name) for year, name in STUDIED if "IFF" not in name]


def test_every_count_of_2001_to_2006_is_kept(real_file: RealFile):
    verdicts: Counter[str] = Counter()
    for year, name in QUICK:
        if is_wanted(year, name):
            verdicts += unequal(real_file, year, name)
    assert verdicts["equal"] > 0


@pytest.mark.slow
def test_every_count_of_every_table_is_kept(real_file: RealFile):
    tables = [pair for pair in listed_tables() if is_wanted(*pair)]
    verdicts: Counter[str] = Counter()
    for year, name in tables:
        verdicts += unequal(real_file, year, name)
    if len(tables) == len(listed_tables()):
        assert verdicts == {"equal": 10_113, "explained": 61, "not printed": 406}


def test_every_page_is_parsed(real_file: RealFile):
    described_in_words = set()
    for year, name in listed_tables():
        if is_wanted(year, name):
            codebook = parse_codebook(real_file(f"{FOLDER}/{year}/DataFiles/{name}.htm"))
            assert codebook.table == name
            if not codebook.variables:
                described_in_words.add(name)
    assert described_in_words <= {"RXQ_DRUG", "DRXFMT_B", "DRXFCD_I", "DRXFCD_J"}


# Printed in the CDC's codebooks: present, missing, rows.
PRINTED = [
    ("2001", "VID_B", "LBDVIDMS", 7807, 840, 8647),
    ("2003", "VID_C", "LBDVIDMS", 8294, 885, 9179),
    ("2005", "VID_D", "LBDVIDMS", 8306, 1134, 9440),
    ("2007", "VID_E", "LBXVIDMS", 6950, 2357, 9307),
    ("2009", "VID_F", "LBXVIDMS", 8700, 1135, 9835),
    ("2011", "VID_G", "LBXVIDMS", 7743, 1213, 8956),
    ("2013", "VID_H", "LBXVIDMS", 8437, 985, 9422),
    ("2015", "VID_I", "LBXVIDMS", 8039, 1126, 9165),
    ("2017", "VID_J", "LBXVIDMS", 7409, 957, 8366),
    ("2001", "DRXTOT_B", "DRXTMAGN", 9701, 776, 10477),
    ("2003", "DR1TOT_C", "DR1TMAGN", 8894, 749, 9643),
    ("2005", "DR1TOT_D", "DR1TMAGN", 9169, 781, 9950),
    ("2007", "DR1TOT_E", "DR1TMAGN", 9118, 644, 9762),
    ("2009", "DR1TOT_F", "DR1TMAGN", 9623, 630, 10253),
    ("2011", "DR1TOT_G", "DR1TMAGN", 8389, 949, 9338),
    ("2013", "DR1TOT_H", "DR1TMAGN", 8531, 1282, 9813),
    ("2015", "DR1TOT_I", "DR1TMAGN", 8327, 1217, 9544),
    ("2017", "DR1TOT_J", "DR1TMAGN", 7484, 1220, 8704),
]


@pytest.mark.parametrize(("year", "name", "variable", "present", "missing", "rows"), PRINTED)
def test_vitamin_d_and_magnesium_reconcile_to_the_digit(
    real_file: RealFile, year: str, name: str, variable: str, present: int, missing: int, rows: int
):
    stem = f"{FOLDER}/{year}/DataFiles/{name}"
    frame = read_columns(real_file(f"{stem}.xpt"), ["SEQN", variable])
    codebook = parse_codebook(real_file(f"{stem}.htm"))
    (check,) = reconcile(name, frame[[variable]], codebook)
    assert check.verdict == "equal"
    assert (check.rows_codebook, check.missing_codebook) == (rows, missing)
    assert (check.rows_file, check.missing_file) == (rows, missing)
    assert frame[variable].notna().sum() == present
