"""Transport files: values survive, damage is named, rows are counted without reading them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.nhanes.xpt import RECORD, count_rows, ieee_numbers, read_columns, read_header

Write = Callable[..., Path]

NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, 1.0, 7777.0, 201188.121513, 13.6, 0.07, -0.5]),
    # What IBM's doubles hold without loss: all of IEEE's digits, but a smaller range.
    st.floats(1e-60, 1e60),
    st.floats(-1e60, -1e-60),
)
TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=12)
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def people(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "SEQN": np.arange(1.0, rows + 1),
            "LBXMADE": np.linspace(0.0, 99.5, rows),
            "DSDNAME": [f"PRODUCT {i}" for i in range(rows)],
        }
    )


@SETTINGS
@given(st.lists(st.tuples(NUMBERS, TEXTS), min_size=1, max_size=12))
def test_values_survive_unchanged(write_table: Write, rows: list[tuple[float | None, str]]):
    numbers, texts = zip(*rows, strict=True)
    frame = pd.DataFrame({"SEQN": np.arange(1.0, len(rows) + 1)})
    frame["X"] = np.array([np.nan if x is None else x for x in numbers])
    frame["NAME"] = pd.Series(texts, dtype="str")
    path = write_table(frame)
    read = read_columns(path, ["NAME", "X", "SEQN"])
    expected = frame.astype({"SEQN": "int64"})[["NAME", "X", "SEQN"]]
    pd.testing.assert_frame_equal(read, expected, check_exact=True)
    assert count_rows(path) == len(frame)


# Every number begins with a digit that is not 0, as IBM's machines and SAS write it; then anything.
IBM_NUMBERS = st.tuples(
    st.integers(0, 255), st.integers(16, 255), st.binary(min_size=6, max_size=6)
).map(lambda parts: bytes(parts[:2]) + parts[2])
IBM_MISSING = st.integers(0, 255).map(lambda first: bytes([first]) + bytes(7))


@SETTINGS
@given(st.lists(st.one_of(IBM_NUMBERS, IBM_MISSING), min_size=1, max_size=40))
def test_any_bytes_are_the_number_that_pyreadstat_makes_of_them(
    write_table: Write, numbers: list[bytes]
):
    path = write_table(pd.DataFrame({"A": np.ones(len(numbers)), "B": np.ones(len(numbers))}))
    content, start = bytearray(path.read_bytes()), read_header(path).data_start
    for row, number in enumerate(numbers):
        content[start + 16 * row : start + 16 * row + 8] = number
    path.write_bytes(content)
    theirs, _ = pyreadstat.read_xport(str(path), disable_datetime_conversion=True)
    pd.testing.assert_frame_equal(read_columns(path, ["A", "B"]), theirs, check_exact=True)


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ("4110000000000000", 1.0),
        ("C276A00000000000", -118.625),  # a textbook's example
        ("4276A0", 118.625),
        ("4110", 1.0),
        ("0000", 0.0),
        ("2E00", math.nan),
        ("5F00000000000000", math.nan),
        ("5A00000000000000", math.nan),
        ("7FFFFFFFFFFFFFFF", 16.0**63 * (1 - 2.0**-53)),  # cut off, not rounded up
        ("0010000000000000", 16.0**-65),
    ],
)
def test_numbers_of_ibm_and_of_fewer_bytes(content: str, number: float):
    found = ieee_numbers(np.frombuffer(bytes.fromhex(content), dtype=np.uint8)[None, :])
    np.testing.assert_array_equal(found, [number])


def test_fewer_bytes_are_read_from_where_they_stand(write_table: Write):
    path = write_table(pd.DataFrame({"A": [1.0], "B": [2.0], "C": [3.0]}))
    content = bytearray(path.read_bytes())
    for number, (length, position) in enumerate([(8, 0), (3, 8), (8, 11)]):
        start = 8 * RECORD + 140 * number
        content[start + 4 : start + 6] = length.to_bytes(2, "big")
        content[start + 84 : start + 88] = position.to_bytes(4, "big")
    start = read_header(path).data_start
    row = bytes.fromhex("4110000000000000" + "C276A0" + "4130000000000000")
    path.write_bytes(bytes(content[:start]) + row.ljust(RECORD))
    assert read_columns(path, ["C", "B", "A"]).to_numpy().tolist() == [[3.0, -118.625, 1.0]]
    theirs, _ = pyreadstat.read_xport(str(path))
    assert theirs["B"].tolist() == [-118.625]


def described_otherwise(path: Path, variable: int, at: int, value: int, width: int) -> None:
    """Change a field of a variable's description in a file."""
    content = bytearray(path.read_bytes())
    start = 8 * RECORD + 140 * variable + at
    content[start : start + width] = value.to_bytes(width, "big", signed=True)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("at", "value", "width", "message"),
    [
        (84, 17, 4, "not rightly described"),  # stands beyond the row
        (84, -1, 4, "not rightly described"),
        (4, 1, 2, "not rightly described"),  # a number of one byte
        (0, 2, 2, "holds text in place of SEQN"),
    ],
)
def test_a_number_that_cannot_be_one_is_damage(
    write_table: Write, at: int, value: int, width: int, message: str
):
    path = write_table(pd.DataFrame({"SEQN": [1.0, 2.0], "X": [1.0, 2.0]}))
    described_otherwise(path, 0, at, value, width)
    with pytest.raises(DataError, match=message):
        read_columns(path, ["SEQN"])


def test_zero_stays_zero_and_types_are_as_promised(write_table: Write):
    frame = pd.DataFrame({"SEQN": [5.0, 6.0], "X": [0.0, math.nan], "NAME": ["", "A"]})
    read = read_columns(write_table(frame), ["SEQN", "X", "NAME"])
    assert read["X"].iloc[0] == 0.0
    assert read["NAME"].tolist() == ["", "A"]
    assert [str(dtype) for dtype in read.dtypes] == ["int64", "float64", "str"]


@pytest.mark.parametrize("columns", [1, 2, 3, 11, 60])
@pytest.mark.parametrize("rows", [0, 1, 2, 9, 10, 11, 20, 31])
def test_rows_are_counted_for_every_filling_of_the_last_record(
    write_table: Write, rows: int, columns: int
):
    frame = pd.DataFrame(np.ones((rows, columns)), columns=[f"V{i}" for i in range(columns)])
    path = write_table(frame)
    assert count_rows(path) == rows
    assert len(read_columns(path, ["V0"])) == rows


@pytest.mark.parametrize("length", [1, 5, 8, 79, 80, 81, 200])
def test_rows_of_blanks_at_the_end_are_no_data(write_table: Write, length: int):
    path = write_table(pd.DataFrame({"NAME": ["A" * length, "", "B", "", ""]}))
    assert count_rows(path) == 3
    assert read_columns(path, ["NAME"])["NAME"].tolist() == ["A" * length, "", "B"]


def test_a_header_written_under_vms_describes_variables_in_136_bytes(write_table: Write):
    content = write_table(people(4)).read_bytes()
    start = 8 * RECORD
    namestrs = b"".join(content[start + 140 * i : start + 140 * i + 136] for i in range(3))
    namestrs += b" " * (-len(namestrs) % RECORD)
    rest = content[content.index(b"HEADER RECORD*******OBS") :]
    path = write_table(people(1))
    path.write_bytes(content[:start].replace(b"0000000140", b"0000000136") + namestrs + rest)
    assert list(read_header(path).columns) == ["SEQN", "LBXMADE", "DSDNAME"]
    assert count_rows(path) == 4


def test_accents_are_read_in_either_encoding(write_table: Write):
    path = write_table(pd.DataFrame({"NAME": ["café", "tea"]}))
    assert read_columns(path, ["NAME"])["NAME"].tolist() == ["café", "tea"]
    content = path.read_bytes()
    path.write_bytes(content.replace("é".encode(), b"\xe9 "))
    assert read_columns(path, ["NAME"])["NAME"].tolist() == ["café", "tea"]


def spoil(what: str, content: bytes) -> bytes:
    rows = content.index(b"HEADER RECORD*******OBS") + RECORD
    member = content.index(b"HEADER RECORD*******MEMBER")
    return {
        "empty": b"",
        "web page": b"<!DOCTYPE html><html><body>Page not found</body></html>",
        "garbage": bytes(range(256)) * 40,
        "header cut": content[: 5 * RECORD],
        "descriptions cut": content[: 9 * RECORD],
        "no rows opened": content[: rows - RECORD],
        "odd length": content[:-7],
        "cut within a row": content[: rows + 3 * RECORD],
        "two tables": content + content[member:],
        "odd descriptions": content.replace(b"0000000140", b"0000000141", 1),
        "lengths of 0": b"".join(
            content[at : at + 4] + b"\0\0" + content[at + 6 : at + 140]
            for at in range(8 * RECORD, 8 * RECORD + 4 * 140, 140)
        ).join([content[: 8 * RECORD], content[8 * RECORD + 4 * 140 :]]),
        "a name twice": content.replace(b"LBXMADE ", b"SEQN    ", 1),
        "cut within blanks": content + b" " * RECORD,
        "version 8": content.replace(b"LIBRARY HEADER", b"LIBV8   HEADER"),
    }[what]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("empty", "is not a SAS transport file"),
        ("web page", "is not a SAS transport file"),
        ("garbage", "is not a SAS transport file"),
        ("version 8", "is not a SAS transport file"),
        ("header cut", "damaged or incomplete header"),
        ("descriptions cut", "damaged or incomplete header"),
        ("no rows opened", "damaged or incomplete header"),
        ("odd descriptions", "damaged or incomplete header"),
        ("lengths of 0", "not rightly described"),
        ("a name twice", "not rightly described"),
        ("cut within blanks", "ends within row 31"),
        ("odd length", "no multiple of 80"),
        ("cut within a row", "ends within row"),
        ("two tables", "more than one table"),
    ],
)
def test_damage_is_one_message_that_names_the_file(write_table: Write, what: str, message: str):
    frame = people(30)
    frame["NAME2"] = "X" * 150  # a row longer than a record
    path = write_table(frame)
    path.write_bytes(spoil(what, path.read_bytes()))
    with pytest.raises(DataError, match=message) as caught:
        read_columns(path, ["SEQN"])
    assert str(path) in caught.value.message
    assert "fetch it again" in caught.value.message
    assert caught.value.exit_status == 3


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"NONE_B\.xpt: cannot be read"):
        count_rows(tmp_path / "NONE_B.xpt")


@SETTINGS
@given(st.data())
def test_a_cut_file_never_passes_for_whole(write_table: Write, data: st.DataObject):
    path = write_table(people(25))
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) // RECORD - 1)) * RECORD])
    with contextlib.suppress(DataError):
        assert count_rows(path) < 25


@settings(parent=SETTINGS, max_examples=200)
@given(st.data())
def test_a_flipped_byte_of_the_header_raises_nothing_but_data_errors(
    write_table: Write, data: st.DataObject
):
    path = write_table(people(5))
    content = bytearray(path.read_bytes())
    end = content.index(b"HEADER RECORD*******OBS") + RECORD
    content[data.draw(st.integers(0, end - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        read_columns(path, ["SEQN", "LBXMADE", "DSDNAME"])


@pytest.mark.parametrize(
    ("wanted", "close"),
    [("LBXMAD", "LBXMADE"), ("lbxmade", "LBXMADE"), ("DSDNAMES", "DSDNAME"), ("ZZZ", "codebook")],
)
def test_a_missing_variable_is_named_with_its_neighbours(
    write_table: Write, wanted: str, close: str
):
    with pytest.raises(DataError) as caught:
        read_columns(write_table(people(3)), ["SEQN", wanted])
    assert f"table MADEUP_B has no variable {wanted}" in caught.value.message
    assert close in caught.value.remedy


@pytest.mark.parametrize("number", [math.nan, 1.5, 0.0, -3.0])
def test_a_participant_without_a_whole_number_is_damage(write_table: Write, number: float):
    frame = people(3)
    frame.loc[1, "SEQN"] = number
    with pytest.raises(DataError, match="no whole numbers"):
        read_columns(write_table(frame), ["SEQN"])


def test_no_columns_keep_the_rows(write_table: Write):
    assert read_columns(write_table(people(4)), []).shape == (4, 0)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("year", "table", "columns"),
    [
        (2005, "DR1IFF_D", ["SEQN", "DR1IFDCD", "DR1IGRMS"]),
        (2001, "DRXTOT_B", ["SEQN", "WTDRD1", "DRXTMAGN", "DRXTLZ"]),
        (1999, "DSII", ["DSDPID", "DSDIID", "DSDQTY", "DSDUNIT"]),
    ],
)
def test_the_cdcs_numbers_are_those_of_pyreadstat(
    real_file: Callable[[str], Path], year: int, table: str, columns: list[str]
):
    path = real_file(f"Nchs/Data/Nhanes/Public/{year}/DataFiles/{table}.xpt")
    theirs, _ = pyreadstat.read_xport(
        str(path), usecols=columns, encoding="WINDOWS-1252", disable_datetime_conversion=True
    )
    ours = read_columns(path, columns).astype("float64")
    pd.testing.assert_frame_equal(ours, theirs[columns].astype("float64"), check_exact=True)
