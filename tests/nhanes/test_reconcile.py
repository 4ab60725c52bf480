"""Reconciling: equal exactly when every figure agrees, and a known difference hides no other."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.nhanes.cache import TableReader
from analysis.nhanes.codebook import Code, Codebook, Variable
from analysis.nhanes.exceptions import COUNT_EXCEPTIONS, ROW_COUNT_EXCEPTIONS, Difference
from analysis.nhanes.reconcile import Check, compare, reconcile

SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAN = math.nan
CODES = [1.0, 2.0, 7.0, 9.0, NAN]
CELLS = st.lists(st.sampled_from(CODES), min_size=1, max_size=30)


def variable(*lines: tuple[str, str, int], name: str = "X") -> Variable:
    total, codes = 0, []
    for text, description, count in lines:
        total += count
        codes.append(Code(text, description, count, total))
    return Variable(name, "A label", "A question?", "Everyone", tuple(codes))


def counted(cells: list[float]) -> Variable:
    """Print the counts of a coded column as its codebook would."""
    lines = [(f"{code:.0f}", "A code", cells.count(code)) for code in CODES[:-1]]
    return variable(*lines, (".", "Missing", sum(map(math.isnan, cells))))


def check(column: list[object], entry: Variable | None, table: str = "MADEUP_B") -> Check:
    codebook = Codebook(table, {entry.name: entry} if entry else {})
    name = entry.name if entry else "X"
    (result,) = reconcile(table, pd.DataFrame({name: column}), codebook)
    return result


@SETTINGS
@given(CELLS)
def test_a_column_agrees_with_its_own_counts(cells: list[float]):
    result = check(cells, counted(cells))
    assert (result.verdict, result.detail, result.reason) == ("equal", "", "")
    assert result.rows_file == result.rows_codebook == len(cells)
    assert result.missing_file == result.missing_codebook


@SETTINGS
@given(CELLS, CELLS)
def test_columns_agree_only_when_their_counts_do(cells: list[float], others: list[float]):
    same = counted(cells).codes == counted(others).codes
    assert (check(cells, counted(others)).verdict == "equal") == same


@SETTINGS
@given(CELLS, st.data())
def test_no_changed_cell_of_a_coded_variable_goes_unnoticed(
    cells: list[float], data: st.DataObject
):
    at = data.draw(st.integers(0, len(cells) - 1))
    other = data.draw(st.sampled_from([*CODES, 0.0, 1.5, -1.0, 5.4e-79]))
    changed = [*cells[:at], other, *cells[at + 1 :]]
    is_same = other == cells[at] or (math.isnan(other) and math.isnan(cells[at]))
    assert (check(changed, counted(cells)).verdict == "equal") == is_same


RANGE = ("0.5 to 4.125", "Range of Values", 3)
NONE_MISSING = (".", "Missing", 0)


@pytest.mark.parametrize(
    ("column", "lines", "detail"),
    [
        ([0.5, 2.0, 4.125], [RANGE, NONE_MISSING], ""),
        # The ends are printed rounded: half a unit in their own last digit is allowed.
        ([0.549, 2.0, 4.1254], [RANGE, NONE_MISSING], ""),
        ([0.451, 2.0, 4.1246], [RANGE, NONE_MISSING], ""),
        ([0.5, 2.0, 4.1255], [RANGE, NONE_MISSING], ""),
        # Half a unit to the last bit: the difference is a little more in binary.
        ([0.0, 186295.506645], [("0 to 186295.50665", "Range of Values", 2)], ""),
        ([0.551, 2.0, 4.125], [RANGE, NONE_MISSING], "lowest: codebook 0.5, file 0.551"),
        ([0.5, 2.0, 4.1244], [RANGE, NONE_MISSING], "highest: codebook 4.125, file 4.1244"),
        (
            [0.5, 2.0, 4.126],
            [RANGE, NONE_MISSING],
            "0.5 to 4.125: codebook 3, file 2; highest: codebook 4.125, file 2; "
            "not listed: codebook 0, file 1",
        ),
        # An end printed as a whole number is one.
        ([0.0, 84.0], [("0 to 84", "Range of Values", 2)], ""),
        ([0.0, 84.4], [("0 to 84", "Range of Values", 2)], "not listed: codebook 0, file 1"),
        # A value with a code of its own belongs to it, within the range or beyond.
        (
            [0.5, 2.0, 4.125, 0.7, 777.0, NAN],
            [RANGE, ("0.7", "Below limit", 1), ("777", "Refused", 1), (".", "Missing", 1)],
            "",
        ),
        ([0.5, 4.125, 4.125], [RANGE, ("0.7", "Below limit", 0)], ""),
        ([1.0, NAN], [("1", "Yes", 2), NONE_MISSING], "missing: codebook 0, file 1"),
        ([1.0, 1.0], [("1", "Yes", 1), NONE_MISSING], "rows: codebook 1, file 2"),
        ([1.0, 3.0], [("1", "Yes", 2), NONE_MISSING], "not listed: codebook 0, file 1"),
        # A time of day is in seconds.
        ([0.0, 86340.0], [("00:00 to 23:59", "Range of Values", 2)], ""),
        ([0.0, 86400.0], [("00:00 to 23:59", "Range of Values", 2)], "not listed"),
        # Text.
        (["A", "B", ""], [("A name", "Value was recorded", 2), ("< blank >", "Missing", 1)], ""),
        (
            ["A ", " 7777", "  "],
            [("A name", "Value was recorded", 1), ("7777", "Refused", 1), ("", "", 1)],
            "",
        ),
        (["L", "R"], [("L", "Left", 1), ("R", "Right", 1)], ""),
        (["L", "l"], [("L", "Left", 2)], "L: codebook 2, file 1; not listed: codebook 0, file 1"),
        (["A", ""], [("A name", "Value was recorded", 2)], "missing: codebook 0, file 1"),
        (["5", "x"], [("0 to 9", "Range of Values", 2)], "not listed: codebook 0, file 1"),
    ],
)
def test_what_differs_is_said_in_words(
    column: list[object], lines: list[tuple[str, str, int]], detail: str
):
    result = check(column, variable(*lines))
    assert result.verdict == ("differs" if detail else "equal")
    assert detail in result.detail
    assert bool(detail) == bool(result.detail)


@SETTINGS
@given(
    st.lists(st.floats(0.001, 99999.0).map(lambda x: round(x, 4)), min_size=2, max_size=20),
    st.integers(1, 4),
    st.data(),
)
def test_rounding_is_allowed_and_a_lost_value_is_not(
    values: list[float], decimals: int, data: st.DataObject
):
    printed = f"{min(values):.{decimals}f} to {max(values):.{decimals}f}"
    entry = variable((printed, "Range of Values", len(values)), NONE_MISSING)
    assert check(values, entry).verdict == "equal"
    lost = data.draw(st.integers(0, len(values) - 1))
    gap = [NAN if i == lost else value for i, value in enumerate(values)]
    assert check(gap, entry).verdict == "differs"


def test_an_integer_column_is_compared_like_any_number():
    frame = pd.DataFrame({"X": np.array([1, 2, 2], dtype="int64")})
    entry = variable(("1", "Yes", 1), ("2", "No", 2), NONE_MISSING)
    assert compare(frame["X"], entry) == ()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [(variable(), "no counts for this variable"), (None, "no entry for this variable")],
)
def test_what_has_no_counts_is_said_to_have_none(entry: Variable | None, reason: str):
    result = check([1.0, NAN], entry)
    assert (result.verdict, result.detail) == ("not printed", "")
    assert reason in result.reason
    assert (result.rows_file, result.missing_file) == (2, 1)
    assert (result.rows_codebook, result.missing_codebook) == (None, None)


def scaled_exception() -> tuple[list[float], Variable]:
    """A column that differs from its codebook exactly as DSPI's DSDSRCE is known to."""
    entry = variable(("9", "Label", 11_750), ("11", "Database", 1_013), name="DSDSRCE")
    return [9.0] * 11_752 + [11.0] * 1_011, entry


def test_a_known_difference_is_explained():
    result = check(*scaled_exception(), table="DSPI")
    assert result.verdict == "explained"
    assert result.reason == COUNT_EXCEPTIONS["DSPI", "DSDSRCE"].reason
    assert result.detail == "9: codebook 11,750, file 11,752; 11: codebook 1,013, file 1,011"


@pytest.mark.parametrize("change", [[9.0], [NAN], [4.0]])
def test_a_known_difference_hides_no_further_one(change: list[float]):
    column, entry = scaled_exception()
    assert check(column + change, entry, table="DSPI").verdict == "differs"
    assert check(column[:-1] + change, entry, table="DSPI").verdict == "differs"
    assert check(column, entry, table="DSPI_B").verdict == "differs"


def test_a_known_difference_that_is_gone_is_equal():
    _, entry = scaled_exception()
    assert check([9.0] * 11_750 + [11.0] * 1_013, entry, table="DSPI").verdict == "equal"


def test_exceptions_state_differences_and_reasons():
    for key, exception in COUNT_EXCEPTIONS.items():
        assert exception.reason.endswith("."), key
        assert exception.differences, key
        assert all(line.codebook != line.file for line in exception.differences), key
    for (table, _), exception in COUNT_EXCEPTIONS.items():
        for line in exception.differences:
            if line.line == "rows" and table in ROW_COUNT_EXCEPTIONS:
                known = ROW_COUNT_EXCEPTIONS[table]
                assert line == Difference("rows", known.rows_codebook, known.rows_file)


def test_a_file_is_checked_through_its_own_formats(
    write_table: Callable[..., Path], write_codebook: Callable[..., Path]
):
    table = write_table(pd.DataFrame({"SEQN": [1.0, 2.0, 3.0], "X": [0.0, 3.5, NAN]}))
    page = write_codebook(
        {"SEQN": None, "X": [("0 to 3.5", "Range of Values", 2, 2), (".", "Missing", 1, 3)]}
    )
    reader = TableReader(None)
    frame = reader.read(table, "0" * 64, ["SEQN", "X"])
    checks = reconcile("madeup_b", frame, reader.codebook(page, "1" * 64))
    assert [(c.table, c.variable, c.verdict) for c in checks] == [
        ("MADEUP_B", "SEQN", "not printed"),
        ("MADEUP_B", "X", "equal"),
    ]
