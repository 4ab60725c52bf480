"""Transport (XPT) files: how many rows they hold, and reading a few of their columns.

The layout is that of SAS's technical note TS-140, version 5: records of 80 bytes; three for the
library, five for the table, one description (NAMESTR) a variable, one that opens the rows, then
the rows without a gap, filled up with blanks to the end of the last record.
"""

from __future__ import annotations

import difflib
import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
from numpy.typing import NDArray

from analysis.errors import DataError

RECORD = 80
"""Bytes of a record; the length of every transport file is a multiple of it."""

LIBRARY_HEADER = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
"""The first bytes of every version 5 transport file."""

IDENTIFIER = "SEQN"
"""The participant's number, the one numeric variable that is read as an integer."""

_MEMBER_HEADER = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"
_NAMESTR_HEADER = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
_OBS_HEADER = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
_POSITION = 84
"""Offset in a variable's description of its position in the row (TS-140: npos)."""
_NUMBER_LENGTHS = range(2, 9)
_NAMESTR_LENGTHS = (140, 136)  # the shorter one is written under VAX/VMS
_BLANK = b" "
_ENCODINGS = ("UTF-8", "WINDOWS-1252")
_FETCH_ANEW = "Delete the file and fetch it again."


@dataclass(frozen=True)
class Header:
    """What a transport file says of its one table.

    Parameters
    ----------
    columns : dict of str to bool
        The variables in the file's order; True for a character variable.
    row_length : int
        Bytes of a row.
    data_start : int
        Offset of the first row, in bytes.
    places : dict of str to slice
        The bytes of each variable in a row.
    """

    columns: dict[str, bool]
    row_length: int
    data_start: int
    places: dict[str, slice]


def read_header(path: Path) -> Header:
    """Read the header of a transport file.

    Parameters
    ----------
    path : Path
        A version 5 transport file with one table.

    Returns
    -------
    Header

    Raises
    ------
    DataError
        If the file cannot be read, is not a version 5 transport file, or its header is damaged.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8 * RECORD)
            if not head.startswith(LIBRARY_HEADER):
                raise _damaged(path, "is not a SAS transport file (version 5)")
            namestr_length, variables = _sizes(path, head)
            filled = -(namestr_length * variables) % RECORD
            namestrs = file.read(namestr_length * variables + filled)
            opening = file.read(RECORD)
            data_start = file.tell()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=str(path)) from error
    if not opening.startswith(_OBS_HEADER):
        raise _damaged(path, "is a transport file with a damaged or incomplete header")
    columns, places, row_length = {}, {}, 0
    for start in range(0, namestr_length * variables, namestr_length):
        # TS-140: type (1 numeric, 2 character), hash, length in the row, number, name.
        kind, _, length, _, name = struct.unpack_from(">hhhh8s", namestrs, start)
        (position,) = struct.unpack_from(">l", namestrs, start + _POSITION)
        called = name.decode("ascii", "replace").strip()
        columns[called], places[called] = kind == 2, slice(position, position + length)
        row_length += length
    inside = all(0 <= place.start < place.stop <= row_length for place in places.values())
    if row_length <= 0 or len(columns) != variables or not inside:
        raise _damaged(path, "is a transport file with variables that are not rightly described")
    return Header(columns, row_length, data_start, places)


def _sizes(path: Path, head: bytes) -> tuple[int, int]:
    """Bytes of a variable's description, and the number of variables."""
    member, namestr = head[3 * RECORD : 4 * RECORD], head[7 * RECORD : 8 * RECORD]
    if member.startswith(_MEMBER_HEADER) and namestr.startswith(_NAMESTR_HEADER):
        length, variables = member[74:78], namestr[54:58]
        if length.isdigit() and variables.isdigit() and int(length) in _NAMESTR_LENGTHS:
            return int(length), int(variables)
    raise _damaged(path, "is a transport file with a damaged or incomplete header")


def count_rows(path: Path) -> int:
    """Count the rows of a transport file from its header and length, without reading the values.

    Blanks that fill up the last record are no rows. Where a row is shorter than a record they
    cannot be told from rows of nothing but blanks, which are therefore not counted at the end of
    a file (a row with a number in it is never all blank).

    Parameters
    ----------
    path : Path
        A version 5 transport file with one table.

    Returns
    -------
    int

    Raises
    ------
    DataError
        If the file is not a transport file with one table, or ends within a row. A file cut
        between two rows cannot be recognised here: compare the count with the codebook's.
    """
    header = read_header(path)
    size = path.stat().st_size
    if size % RECORD:
        raise _damaged(path, f"is cut short: its {size:,} bytes are no multiple of {RECORD}")
    if size == header.data_start:
        return 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(_MEMBER_HEADER, header.data_start) >= 0:
            raise _damaged(path, "holds more than one table")
        rows, rest = divmod(size - header.data_start, header.row_length)
        if rest >= RECORD or data[size - rest :].strip(_BLANK):
            raise _damaged(path, f"is cut short: it ends within row {rows + 1:,}")
        end = header.data_start + rows * header.row_length
        while rows and not data[end - header.row_length : end].strip(_BLANK):
            rows, end = rows - 1, end - header.row_length
    return rows


def read_columns(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read some columns of a transport file.

    Parameters
    ----------
    path : Path
        A version 5 transport file with one table.
    columns : sequence of str
        The variables wanted, each once, spelled as in the file.

    Returns
    -------
    DataFrame, shape (rows of the file, len(columns))
        In the order asked for and the order of the file. ``SEQN`` is int64, other numbers are
        float64 with NaN where missing; character variables are str, empty where missing. The
        CDC's codes stay as they are; dates and times stay SAS numbers.

    Raises
    ------
    DataError
        If the file is damaged or lacks one of the variables.

    Notes
    -----
    Numbers are taken from where they stand in each row. A reader that takes all of each row
    apart needs 14 times as long for three of the 83 variables of DR1IFF_D. `pandas.read_sas`
    would besides turn zeros into 5.4e-79. Text is read by pyreadstat, which knows its encodings.
    """
    header, rows = read_header(path), count_rows(path)
    _require(path, header, columns)
    texts = [name for name in columns if header.columns[name]]
    found = _read_numbers(path, header, rows, [n for n in columns if n not in texts])
    if texts:
        frame = _read_with_pyreadstat(path, texts)
        if len(frame) != rows:
            raise _damaged(path, f"should hold {rows:,} rows but {len(frame):,} could be read")
        found |= {name: frame[name].astype("str") for name in texts}
    frame = pd.DataFrame({name: found[name] for name in columns}, index=pd.RangeIndex(rows))
    return _with_integer_identifier(path, frame)


def _read_numbers(
    path: Path, header: Header, rows: int, names: Sequence[str]
) -> dict[str, NDArray[np.float64] | pd.Series]:
    places = {name: header.places[name] for name in names}
    if any(place.stop - place.start not in _NUMBER_LENGTHS for place in places.values()):
        raise _damaged(path, "is a transport file with variables that are not rightly described")
    if not rows:
        return {name: np.empty(0) for name in names}
    shape = (rows, header.row_length)
    table = np.memmap(path, dtype=np.uint8, mode="r", offset=header.data_start, shape=shape)
    return {name: ieee_numbers(table[:, place]) for name, place in places.items()}


def ieee_numbers(content: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Turn the numbers of a transport file, which are IBM's, into IEEE's.

    A bit of sign, seven bits of exponent e and up to 56 of a fraction f: (-1)^s f 16^(e - 64). IEEE
    keeps 53 digits; what lies beyond is cut off, as in SAS. Fewer than eight bytes are filled up
    with zeros. A first byte with nothing but zeros after it is a missing value (``.``, ``_`` or a
    letter, which tells its kind). Source: SAS technical note TS-140.

    Parameters
    ----------
    content : ndarray of uint8, shape (n, k)
        The k bytes of each number, 2 to 8.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN where missing.
    """
    whole = np.zeros((len(content), 8), dtype=np.uint8)
    whole[:, : content.shape[1]] = content
    bits = whole.view(">u8")[:, 0].astype(np.uint64)
    fraction = bits & np.uint64(2**56 - 1)
    # Three bits at most lie beyond the 53: as many as the first of 14 hexadecimal digits lacks.
    for digits in (54, 55, 56):
        long = fraction >= np.uint64(2 ** (digits - 1))
        fraction = np.where(long, fraction & np.uint64(-(2 ** (digits - 53)) % 2**64), fraction)
    exponent = (bits >> np.uint64(56) & np.uint64(0x7F)).astype(np.int32)
    numbers = np.ldexp(fraction.astype(np.float64), 4 * (exponent - 64) - 56)
    missing = (fraction == 0) & (bits != 0)
    return np.where(missing, np.nan, np.where(bits >> np.uint64(63), -numbers, numbers))


def _read_with_pyreadstat(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    # Transport files do not name their encoding. Some of the CDC's are UTF-8; the accents of
    # older ones (food and disease names) are Windows-1252, which SAS wrote at the time.
    for encoding in _ENCODINGS:
        try:
            frame, _ = pyreadstat.read_xport(
                str(path),
                usecols=list(columns),
                encoding=encoding,
                disable_datetime_conversion=True,
            )
        except UnicodeDecodeError:
            continue
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
            raise _damaged(path, f"cannot be read as a transport file ({error})") from error
        return frame
    raise _damaged(path, "holds text in an unknown encoding")


def _require(path: Path, header: Header, columns: Sequence[str]) -> None:
    absent = [name for name in columns if name not in header.columns]
    if not absent:
        return
    spelled = {name.upper(): name for name in header.columns}
    close = difflib.get_close_matches(absent[0].upper(), spelled, n=3)
    hint = ", ".join(spelled[name] for name in close)
    names = ", ".join(absent)
    raise DataError(
        f"table {path.stem.upper()} has no variable {names}",
        where=str(path),
        remedy=f"Close to {absent[0]}: {hint}." if hint else "See the table's codebook.",
    )


def _with_integer_identifier(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    if IDENTIFIER not in frame:
        return frame
    numbers = frame[IDENTIFIER]
    if not pd.api.types.is_float_dtype(numbers):
        raise _damaged(path, f"holds text in place of {IDENTIFIER}")
    if not ((numbers % 1 == 0) & numbers.between(1, 2**53)).all():
        raise _damaged(path, f"holds values of {IDENTIFIER} that are no whole numbers")
    return frame.astype({IDENTIFIER: "int64"})


def _damaged(path: Path, what: str) -> DataError:
    return DataError(what, where=str(path), remedy=_FETCH_ANEW)
