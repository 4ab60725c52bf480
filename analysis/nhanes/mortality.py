"""Linked mortality: the public-use files of the 2019 linkage, fixed in width, without a codebook.

The National Center for Health Statistics matches participants with the National Death Index, here
to the end of 2019, and publishes one line a person of continuous NHANES and of NHANES III. Instead
of a codebook it gives programs that read the files; the columns and codes below are theirs.

Source: NCHS, Public-Use Linked Mortality Files, 2019: read-in programs and file layout,
https://www.cdc.gov/nchs/data-linkage/mortality-public.htm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import DataError

PLACES: Mapping[str, slice] = MappingProxyType(
    {
        "SEQN": slice(0, 6),
        "ELIGSTAT": slice(14, 15),
        "MORTSTAT": slice(15, 16),
        "UCOD_LEADING": slice(16, 19),
        "DIABETES": slice(19, 20),
        "HYPERTEN": slice(20, 21),
        "PERMTH_INT": slice(42, 45),
        "PERMTH_EXM": slice(45, 48),
    }
)
"""Where each variable stands in a line; the columns between them are blank."""

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "SEQN": "Respondent sequence number",
        "ELIGSTAT": "Eligibility status for mortality follow-up",
        "MORTSTAT": "Final mortality status",
        "UCOD_LEADING": "Underlying cause of death: recode",
        "DIABETES": "Diabetes flag from multiple causes of death",
        "HYPERTEN": "Hypertension flag from multiple causes of death",
        "PERMTH_INT": "Person-months of follow-up from the interview",
        "PERMTH_EXM": "Person-months of follow-up from the examination",
    }
)
"""What each variable is."""

_SHORTEST, _LONGEST = 46, 48
"""Characters of a line, whose trailing blanks may be cut."""

_FETCH_ANEW = "Delete the file and fetch it again."

_Texts = dict[str, NDArray[np.bytes_]]


def read_mortality(path: Path, columns: Sequence[str] = tuple(PLACES)) -> pd.DataFrame:
    """Read variables of a linked mortality file, all of which is checked first.

    Parameters
    ----------
    path : Path
        ``NHANES_<first year>_<last year>_MORT_2019_PUBLIC.dat``.
    columns : sequence of str
        Some of `PLACES`.

    Returns
    -------
    DataFrame
        In the order asked for and the order of the file. ``SEQN`` is int64; the others are
        float64, NaN where the file has a full stop or nothing. The codes stay as they are.

    Raises
    ------
    DataError
        If the file is no such file, is damaged or cut, or has no such variable.

    Notes
    -----
    What holds in every file that the CDC has published: 46 to 48 characters a line, blank between
    the variables; participants in rising order; ELIGSTAT 1 (eligible), 2 (under 18) or 3 (too
    little to link by); MORTSTAT 0 (assumed alive) or 1 (assumed dead) for the eligible alone; a
    cause (1 to 10) and two flags (0, 1) for none but the dead; months from the interview for the
    eligible alone, and from the examination for no others, which are never more.
    """
    unknown = [name for name in columns if name not in PLACES]
    if unknown:
        raise DataError(
            f"linked mortality has no variable {', '.join(unknown)}",
            where=path.name,
            remedy=f"It has {', '.join(PLACES)}.",
        )
    texts = _texts(path)
    numbers = _numbers(path, texts)
    _require_layout(path, numbers)
    found: dict[str, NDArray[np.generic]] = {**numbers, "SEQN": numbers["SEQN"].astype(np.int64)}
    return pd.DataFrame(
        {name: found[name] for name in columns}, index=pd.RangeIndex(len(texts["SEQN"]))
    )


def _texts(path: Path) -> _Texts:
    """Cut every line into its variables, without blanks around them."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=str(path)) from error
    if len(lines) < 2 or lines.pop():
        raise _damaged(path, "is cut short: its last line has no end")
    lines = [line.removesuffix(b"\r") for line in lines]
    for number, line in enumerate(lines, 1):
        if not _SHORTEST <= len(line) <= _LONGEST:
            raise _damaged(
                path, f"has {len(line)} characters in line {number} in place of 46 to 48"
            )
    cells = np.frombuffer(b"".join(line.ljust(_LONGEST) for line in lines), dtype="S1")
    cells = cells.reshape(len(lines), _LONGEST)
    used = np.zeros(_LONGEST, dtype=bool)
    for place in PLACES.values():
        used[place] = True
    _refuse(path, (cells[:, ~used] != b" ").any(axis=1), "is not blank between its variables")
    return {name: _cut(cells, place) for name, place in PLACES.items()}


def _cut(cells: NDArray[np.bytes_], place: slice) -> NDArray[np.bytes_]:
    width = place.stop - place.start
    return np.char.strip(np.ascontiguousarray(cells[:, place]).view(f"S{width}")[:, 0])


def _numbers(path: Path, texts: _Texts) -> dict[str, NDArray[np.float64]]:
    """Turn texts into numbers; a full stop or nothing is missing."""
    found = {}
    for name, values in texts.items():
        missing = (values == b".") | (values == b"")
        _refuse(path, ~(missing | np.char.isdigit(values)), f"has no whole number as {name}")
        found[name] = np.where(missing, b"nan", values).astype(np.float64)
    return found


def _require_layout(path: Path, numbers: Mapping[str, NDArray[np.float64]]) -> None:
    """Hold the codes against what the layout admits; see `read_mortality`."""
    person, cause = numbers["SEQN"], numbers["UCOD_LEADING"]
    interview, examination = numbers["PERMTH_INT"], numbers["PERMTH_EXM"]
    _refuse(path, np.isnan(person), "has no SEQN")
    _refuse(path, np.diff(person, prepend=0.0) <= 0, "has a SEQN that is not above the last")
    status, vital = numbers["ELIGSTAT"], numbers["MORTSTAT"]
    _refuse(path, ~np.isin(status, [1, 2, 3]), "has no known code as ELIGSTAT")
    eligible, dead = status == 1, vital == 1
    _refuse(
        path,
        np.where(eligible, ~np.isin(vital, [0, 1]), ~np.isnan(vital)),
        "has a MORTSTAT that does not go with its ELIGSTAT",
    )
    for name, codes in (("UCOD_LEADING", range(1, 11)), ("DIABETES", (0, 1)), ("HYPERTEN", (0, 1))):
        value = numbers[name]
        wrong = ~np.isnan(value) & ~(dead & np.isin(value, list(codes)))
        _refuse(path, wrong, f"has a {name} that is no known code, or not of the dead")
    _refuse(path, ~np.isnan(cause) & np.isnan(numbers["DIABETES"]), "has a cause without DIABETES")
    _refuse(
        path,
        np.isnan(interview) == eligible,
        "has a PERMTH_INT that does not go with its ELIGSTAT",
    )
    later = ~np.isnan(examination) & ~(eligible & (examination <= interview))
    _refuse(path, later, "has a PERMTH_EXM above its PERMTH_INT, or of nobody eligible")


def _refuse(path: Path, wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        line = int(np.argmax(wrong)) + 1
        raise _damaged(path, f"is not in the form of linked mortality: line {line:,} {what}")


def _damaged(path: Path, what: str) -> DataError:
    return DataError(what, where=str(path), remedy=_FETCH_ANEW)
