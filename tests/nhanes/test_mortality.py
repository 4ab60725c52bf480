"""Linked mortality files: what is read from their columns, and what cannot be one of them."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.nhanes.cache import TableReader
from analysis.nhanes.cycles import CYCLES, LAST_LINKED, Table, cdc_url, mortality_path
from analysis.nhanes.mortality import PLACES, read_mortality
from analysis.nhanes.reconcile import reconcile_linked
from analysis.nhanes.xpt import read_columns

NAN = math.nan
B = Table("MORT_B", "2001-2002")
ALIVE = "01    " + " " * 8 + "10   .." + " " * 21 + "218217"
DEAD = "02    " + " " * 8 + "1100710" + " " * 21 + "85 84"
CHILD = "03    " + " " * 8 + "2.   .." + " " * 21 + ".  ."
NOT_EXAMINED = "000004" + " " * 8 + "11   .." + " " * 21 + "9  ."
WHOLE = [ALIVE, DEAD, CHILD, NOT_EXAMINED]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, end: str = "\n") -> Path:
        path = tmp_path / Path(B.data_path).name
        path.write_bytes("".join(line + end for line in lines).encode())
        return path

    return write


def test_columns_are_read_where_they_stand(write):
    expected = pd.DataFrame(
        {
            "SEQN": [1, 2, 3, 4],
            "ELIGSTAT": [1.0, 1, 2, 1],
            "MORTSTAT": [0, 1, NAN, 1],
            "UCOD_LEADING": [NAN, 7, NAN, NAN],
            "DIABETES": [NAN, 1, NAN, NAN],
            "HYPERTEN": [NAN, 0, NAN, NAN],
            "PERMTH_INT": [218, 85, NAN, 9],
            "PERMTH_EXM": [217, 84, NAN, NAN],
        }
    )
    for end in ("\n", "\r\n"):
        pd.testing.assert_frame_equal(read_mortality(write(*WHOLE, end=end)), expected)
    some = ["MORTSTAT", "SEQN"]
    pd.testing.assert_frame_equal(read_mortality(write(*WHOLE), some), expected[some])


def at(line: str, column: int, text: str) -> str:
    """Put a text into a line, from a column on that is counted from 1."""
    line = line.ljust(48)
    changed = line[: column - 1] + text + line[column - 1 + len(text) :]
    return changed.rstrip().ljust(46)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "cut short"),
        ([ALIVE[:-3]], "45 characters in line 1"),
        ([ALIVE, DEAD + "  1"], "50 characters in line 2"),
        ([at(ALIVE, 8, "x")], "line 1 is not blank between"),
        ([at(ALIVE, 1, " " * 6)], "no SEQN"),
        ([at(ALIVE, 1, "1a")], "no whole number as SEQN"),
        ([DEAD, ALIVE], "line 2 has a SEQN that is not above"),
        ([ALIVE, ALIVE], "line 2 has a SEQN that is not above"),
        ([at(ALIVE, 15, "4")], "ELIGSTAT"),
        ([at(ALIVE, 15, "2")], "MORTSTAT"),
        ([at(ALIVE, 16, "2")], "MORTSTAT"),
        ([at(ALIVE, 16, ".")], "MORTSTAT"),
        ([at(DEAD, 17, "011")], "UCOD_LEADING"),
        ([at(ALIVE, 17, "001")], "UCOD_LEADING"),
        ([at(DEAD, 20, "2")], "DIABETES"),
        ([at(ALIVE, 21, "0")], "HYPERTEN"),
        ([at(DEAD, 20, ".")], "cause without DIABETES"),
        ([at(ALIVE, 43, ".  ")], "PERMTH_INT"),
        ([at(CHILD, 43, "10 ")], "PERMTH_INT"),
        ([at(ALIVE, 43, "1.5")], "no whole number as PERMTH_INT"),
        ([at(ALIVE, 46, "219")], "PERMTH_EXM"),
        ([at(CHILD, 46, "1  ")], "PERMTH_EXM"),
    ],
)
def test_what_is_no_linked_mortality_is_refused(lines, said, write):
    with pytest.raises(DataError, match=said) as caught:
        read_mortality(write(*lines))
    assert "MORT_2019" in caught.value.message and "fetch it again" in caught.value.message


def test_a_file_without_its_last_end_is_cut(write):
    path = write(*WHOLE)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="cut short"):
        read_mortality(path)


def test_an_unknown_variable_is_named(write):
    with pytest.raises(DataError, match=r"no variable DODYEAR[\s\S]*PERMTH_EXM"):
        read_mortality(write(*WHOLE), ["SEQN", "DODYEAR"])


def test_the_cache_gives_what_the_file_holds(write, tmp_path):
    path, reader = write(*WHOLE), TableReader(tmp_path / "cache")
    columns = ["SEQN", "PERMTH_EXM"]
    for _ in range(2):
        frame = reader.read(path, "0" * 64, columns)
        pd.testing.assert_frame_equal(frame, read_mortality(path, columns), check_exact=True)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_table_of_linked_mortality_knows_its_file():
    name = "NHANES_2001_2002_MORT_2019_PUBLIC.dat"
    folder = "pub/Health_Statistics/NCHS/datalinkage/linked_mortality"
    assert B.files == (B.data_path,) == (f"{folder}/{name}",)
    assert cdc_url(B.data_path) == f"https://ftp.cdc.gov/{folder}/{name}"
    assert B.held_against == B.people.data_path == Table("DEMO_B", "2001-2002").data_path
    assert Table("MORT", "1999-2000").people == Table("DEMO", "1999-2000")
    assert not Table("MORTAR_B", "2001-2002").is_mortality
    with pytest.raises(ValueError, match="no codebook"):
        B.codebook_path  # noqa: B018


def test_the_reconciliation_says_what_took_the_place_of_a_codebook(write):
    checks = reconcile_linked(B, read_mortality(write(*WHOLE), ["SEQN", "MORTSTAT"]))
    assert [(c.variable, c.rows_file, c.missing_file) for c in checks] == [
        ("SEQN", 4, 0),
        ("MORTSTAT", 4, 1),
    ]
    assert {c.verdict for c in checks} == {"not printed"}
    assert all("DEMO_B" in check.reason and check.label for check in checks)


def test_the_artificial_survey_has_the_form(artificial_survey):
    frame = read_mortality(artificial_survey / B.data_path)
    people = read_columns(artificial_survey / B.people.data_path, ["SEQN"])
    np.testing.assert_array_equal(frame["SEQN"], people["SEQN"])
    assert frame["MORTSTAT"].eq(1).sum() > 10


LINKED = [name for name in CYCLES if name <= LAST_LINKED]


@pytest.mark.real_data
@pytest.mark.parametrize("cycle", LINKED)
def test_the_cdcs_files_are_counted_alike_by_another_program(cycle, real_file):
    """Awk counts eligible, dead, without a cause, by each cause, and adds up the months."""
    path = real_file(mortality_path(cycle))
    frame = read_mortality(path)
    program = (
        '{ e[substr($0,15,1)]++; if (substr($0,16,1)=="1") { d++; u[substr($0,17,3)+0]++ } '
        "i += substr($0,43,3); x += substr($0,46,3) } "
        'END { printf "%d %d %d %d %d %d", NR, e[1], e[2], d, i, x; '
        'for (k=0; k<=10; k++) printf " %d", u[k] }'
    )
    told = subprocess.run(["awk", program, str(path)], capture_output=True, text=True, check=True)
    status, cause = frame["ELIGSTAT"], frame["UCOD_LEADING"].where(frame["MORTSTAT"] == 1)
    ours = [
        len(frame),
        (status == 1).sum(),
        (status == 2).sum(),
        (frame["MORTSTAT"] == 1).sum(),
        frame["PERMTH_INT"].sum(),
        frame["PERMTH_EXM"].sum(),
        ((frame["MORTSTAT"] == 1) & cause.isna()).sum(),
        *(int((cause == code).sum()) for code in range(1, 11)),
    ]
    assert [int(number) for number in told.stdout.split()] == [int(number) for number in ours]
    assert set(frame.columns) == set(PLACES)


@pytest.mark.real_data
@pytest.mark.parametrize("cycle", LINKED)
def test_the_cdcs_files_hold_everyone_interviewed(cycle, real_file):
    table = Table("MORT", cycle)
    linked = read_mortality(real_file(table.data_path), ["SEQN"])["SEQN"]
    people = read_columns(real_file(table.people.data_path), ["SEQN"])["SEQN"]
    np.testing.assert_array_equal(linked, np.sort(people))
