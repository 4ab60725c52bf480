"""Hold what a file contains against what its codebook says that it contains.

The CDC prints, for every variable, how many rows have each code, how many lie in a range of
numbers and between which ends, and how many have no value. A file that was damaged, cut, revised
or misread cannot keep all of these; a file that keeps them is the one that the CDC documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.nhanes.codebook import Code, Codebook, Kind, Variable
from analysis.nhanes.cycles import Table
from analysis.nhanes.exceptions import COUNT_EXCEPTIONS, Difference
from analysis.nhanes.mortality import LABELS

Verdict = Literal["equal", "explained", "differs", "not printed"]
"""``explained``: differs exactly as a known exception says; ``not printed``: no counts to hold
the file against."""

_Line = tuple[str, float, float]  # what is counted, the codebook's figure, the file's


@dataclass(frozen=True)
class Check:
    """One variable of one table beside its codebook.

    Parameters
    ----------
    table, variable, label : str
        The label is the codebook's, empty where it has none.
    rows_file, rows_codebook : int
        Rows of the table; the codebook's is None where none are printed.
    missing_file, missing_codebook : int
        Rows without a value; the codebook's is None where none are printed.
    detail : str
        What differs, in words; empty where nothing does.
    verdict : {"equal", "explained", "differs", "not printed"}
    reason : str
        Why it differs, or why there is nothing to compare.
    """

    table: str
    variable: str
    label: str
    rows_file: int
    rows_codebook: int | None
    missing_file: int
    missing_codebook: int | None
    detail: str
    verdict: Verdict
    reason: str


def reconcile(table: str, frame: pd.DataFrame, codebook: Codebook) -> list[Check]:
    """Compare every column of a table with the codebook's counts.

    Parameters
    ----------
    table : str
        The table's name, for example ``"VID_B"``.
    frame : DataFrame
        All rows of the table and any of its columns, as `read_columns` gives them: numbers
        as float64 or int64, text as str.
    codebook : Codebook
        The table's codebook.

    Returns
    -------
    list of Check
        One for each column of the frame, in its order.

    Notes
    -----
    Counts and codes are compared exactly. The ends of a range are compared with the lowest and
    the highest value of the file that has no code of its own. The CDC prints both rounded where
    they have decimals, so such an end may be off by half a unit in its last printed digit; one
    printed as a whole number may not be off at all.
    """
    return [_check(table.upper(), frame[name], codebook) for name in map(str, frame.columns)]


def reconcile_linked(table: Table, frame: pd.DataFrame) -> list[Check]:
    """Say of linked mortality, which has no codebook, what its columns were held against instead.

    Parameters
    ----------
    table : Table
        A linked mortality file's.
    frame : DataFrame
        All rows of the table and any of its columns, as `read_mortality` gives them.

    Returns
    -------
    list of Check
        One for each column of the frame, in its order, all ``not printed``.
    """
    reason = (
        "The file has no codebook. Its lines were held against the layout (columns, codes, months "
        f"of follow-up) and its people, one by one, against those of {table.people.name}."
    )
    return [
        Check(
            table=table.name,
            variable=name,
            label=LABELS[name],
            rows_file=len(frame),
            rows_codebook=None,
            missing_file=int(frame[name].isna().sum()),
            missing_codebook=None,
            detail="",
            verdict="not printed",
            reason=reason,
        )
        for name in map(str, frame.columns)
    ]


def _check(table: str, column: pd.Series, codebook: Codebook) -> Check:
    name = str(column.name)
    missing_file = int(_is_missing(column).sum())
    variable = codebook.variables.get(name.upper())
    if variable is None or variable.rows is None:
        what = "no entry for this variable" if variable is None else "no counts for this variable"
        reason = f"The codebook has {what}."
        label = variable.label if variable else ""
        rows = len(column)
        return Check(table, name, label, rows, None, missing_file, None, "", "not printed", reason)
    differences = compare(column, variable)
    verdict, reason = _judge(table, name, differences)
    return Check(
        table=table,
        variable=name,
        label=variable.label,
        rows_file=len(column),
        rows_codebook=variable.rows,
        missing_file=missing_file,
        missing_codebook=variable.missing,
        detail="; ".join(map(str, differences)),
        verdict=verdict,
        reason=reason,
    )


def _judge(table: str, name: str, differences: tuple[Difference, ...]) -> tuple[Verdict, str]:
    if not differences:
        return "equal", ""
    exception = COUNT_EXCEPTIONS.get((table, name))
    if exception is not None and set(exception.differences) == set(differences):
        return "explained", exception.reason
    return "differs", "" if exception is None else "Differs otherwise than the exception known."


def compare(column: pd.Series, variable: Variable) -> tuple[Difference, ...]:
    """List every figure of a variable's codebook that its file does not keep.

    Parameters
    ----------
    column : Series
        The variable, in all rows of its table.
    variable : Variable
        Its entry in the codebook, with counts.

    Returns
    -------
    tuple of Difference
        Empty if all figures agree.
    """
    missing = _is_missing(column)
    lines: list[_Line] = [
        ("rows", variable.rows or 0, len(column)),
        ("missing", variable.missing, int(missing.sum())),
    ]
    values = column[~missing]
    is_text = not pd.api.types.is_numeric_dtype(column)
    if is_text:
        values = values.str.strip()
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    # Every value belongs to one line: to its own code, else to a range, else to the line "Value
    # was recorded". What is left then is listed nowhere.
    free = np.ones(len(values), dtype=bool)
    for code in _of_kind(variable, "value"):
        own = (values == code.text).to_numpy(dtype=bool) if is_text else numbers == code.value
        lines.append((code.text, code.count, _take(free, own)))
    for code in _of_kind(variable, "range"):
        lines += _range_lines(code, numbers, free)
    recorded = _of_kind(variable, "recorded")
    name = recorded[0].text if recorded else "not listed"
    lines.append((name, sum(code.count for code in recorded), int(free.sum())))
    return tuple(Difference(*line) for line in lines if line[1] != line[2])


def _range_lines(code: Code, numbers: np.ndarray, free: np.ndarray) -> list[_Line]:
    """Count the free numbers within a range, take them, and compare their ends."""
    assert code.ends is not None
    low, high = (_number(text) for text in code.ends)
    low_slack, high_slack = _slack(code.ends[0], low), _slack(code.ends[1], high)
    inside = free & (numbers >= low - low_slack) & (numbers <= high + high_slack)
    lines: list[_Line] = [(code.text, code.count, _take(free, inside))]
    if inside.any():
        lowest, highest = float(numbers[inside].min()), float(numbers[inside].max())
        if abs(lowest - low) > low_slack:
            lines.append(("lowest", low, lowest))
        if abs(highest - high) > high_slack:
            lines.append(("highest", high, highest))
    return lines


def _of_kind(variable: Variable, kind: Kind) -> list[Code]:
    return [code for code in variable.codes if code.kind == kind]


def _take(free: np.ndarray, wanted: np.ndarray) -> int:
    """Count the wanted values that are still free, and take them."""
    taken = free & wanted
    free &= ~taken
    return int(taken.sum())


def _is_missing(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.isna()
    return column.isna() | (column.str.strip() == "")


def _number(text: str) -> float:
    """Read one end of a range; a time of day is in seconds, as SAS keeps it."""
    if ":" in text:
        hours, minutes = text.split(":")
        return 3600.0 * int(hours) + 60.0 * int(minutes)
    return float(text)


def _slack(text: str, number: float) -> float:
    """Half a unit in the last printed decimal, and what its binary form may lose on top."""
    _, point, decimals = text.partition(".")
    return 0.5 * 10.0 ** -len(decimals) + 4 * np.spacing(abs(number)) if point else 0.0
