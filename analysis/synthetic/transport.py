"""Writing SAS transport files (XPORT, version 5), a block of rows at a time.

The layout is that of SAS's own description (TS-140, "The Record Layout of a Data Set in SAS
Transport (XPORT) Format"): records of 80 bytes, numbers as IBM System/360 doubles, missing as a
full stop. Nothing in a file depends on the clock.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

RECORD = 80
EPOCH = "01JAN01:00:00:00"
"""The date in every header: fixed, so that the same survey is the same bytes."""

DATASET_LABEL = "Artificial data, not of any person"
_NONE: Mapping[str, int] = MappingProxyType({})


def ibm_doubles(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Encode numbers as big-endian IBM System/360 doubles.

    Parameters
    ----------
    values : ndarray of float
        Finite numbers between about 5e-79 and 7e75 in size, zeros, or NaN for missing.

    Returns
    -------
    ndarray of uint64, same shape
        In native byte order. Exact: the format's 56 bits hold a double's 53.

    Raises
    ------
    ValueError
        If a number does not fit the format.
    """
    missing = np.isnan(values)
    mantissa, power = np.frexp(np.where(missing, 0.0, values))
    if not np.isfinite(mantissa).all():
        raise ValueError("an infinite number cannot be written to a transport file")
    exponent = -(-power // 4)  # base 16, rounded up
    fraction = np.ldexp(np.abs(mantissa), 56 - (4 * exponent - power)).astype(np.uint64)
    zero = mantissa == 0
    if (((exponent < -64) | (exponent > 63)) & ~zero).any():
        raise ValueError("a number is too large or too small for a transport file")
    biased = (exponent + 64).astype(np.uint64) << np.uint64(56)
    sign = np.where(mantissa < 0, np.uint64(1) << np.uint64(63), np.uint64(0))
    words = np.where(zero, np.uint64(0), sign | biased | fraction)
    return np.where(missing, np.uint64(0x2E) << np.uint64(56), words)


class TransportWriter:
    """Write one table of numbers and texts to a transport file.

    Parameters
    ----------
    path : Path
        The file; its folder exists.
    table : str
        Name of the member, at most 8 characters.
    labels : mapping of str to str
        Names of the variables (at most 8 characters) with their labels (at most 40).
    widths : mapping of str to int, optional
        Characters of the variables that are text.

    Attributes
    ----------
    rows, bytes : int
        Rows and bytes written so far.
    sha256 : str
        Hash of what was written so far.
    """

    def __init__(
        self, path: Path, table: str, labels: Mapping[str, str], widths: Mapping[str, int] = _NONE
    ) -> None:
        self.rows = self.bytes = 0
        self._hash = hashlib.sha256()
        self._row = np.dtype(
            [(name, f"S{widths[name]}" if widths.get(name) else ">u8") for name in labels]
        )
        self._file = path.open("wb")
        self._append(_header(table, labels, self._row))

    @property
    def sha256(self) -> str:
        """Hash of what was written so far."""
        return self._hash.hexdigest()

    def _append(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)
        self.bytes += len(content)

    def write(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Append rows, one array a variable, all of one length.

        Raises
        ------
        ValueError
            If a value does not fit its variable.
        """
        names = list(self._row.names or ())
        block = np.empty(len(columns[names[0]]), dtype=self._row)
        for name in names:
            kind = self._row[name]
            values = columns[name]
            is_text = kind.kind == "S"
            block[name] = _padded(values, kind.itemsize) if is_text else ibm_doubles(values)
        self._append(block.tobytes())
        self.rows += len(block)

    def close(self) -> None:
        """Fill the last record with blanks and close the file."""
        if not self._file.closed:
            self._append(b" " * (-self.bytes % RECORD))
            self._file.close()

    def __enter__(self) -> TransportWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _padded(values: NDArray[Any], width: int) -> NDArray[np.bytes_]:
    """Fill texts with blanks to their width."""
    if (np.char.str_len(values) > width).any():
        raise ValueError(f"a text is longer than the {width} characters of its variable")
    return np.char.encode(np.char.ljust(values, width), "ascii")


def _text(text: str, width: int) -> bytes:
    encoded = text.encode("ascii")
    if len(encoded) > width:
        raise ValueError(f"{text!r} is longer than the {width} characters that a file can hold")
    return encoded.ljust(width)


def _marker(kind: str, numbers: str = "0" * 30) -> bytes:
    return _text(f"HEADER RECORD*******{kind:<8}HEADER RECORD!!!!!!!{numbers}", RECORD)


def _header(table: str, labels: Mapping[str, str], row: np.dtype[Any]) -> bytes:
    system = _text("SAS", 8) + _text("SAS", 8) + _text("SASLIB", 8) + _text("6.06", 8)
    member = _text("SAS", 8) + _text(table, 8) + _text("SASDATA", 8) + _text("6.06", 8)
    names = b"".join(
        _namestr(name, label, number, row) for number, (name, label) in enumerate(labels.items())
    )
    return b"".join(
        [
            _marker("LIBRARY"),
            system + _text("", 32) + _text(EPOCH, 16),
            _text(EPOCH, RECORD),
            _marker("MEMBER", "000000000000000001600000000140"),
            _marker("DSCRPTR"),
            member + _text("", 32) + _text(EPOCH, 16),
            _text(EPOCH, 32) + _text(DATASET_LABEL, 40) + _text("", 8),
            _marker("NAMESTR", f"{len(labels):010d}".ljust(30, "0")),
            names + b" " * (-len(names) % RECORD),
            _marker("OBS"),
        ]
    )


def _namestr(name: str, label: str, number: int, row: np.dtype[Any]) -> bytes:
    """Describe one variable, a number of 8 bytes or a text; no format, no informat."""
    kind = 2 if row[name].kind == "S" else 1
    sizes = struct.pack(">hhhh", kind, 0, row[name].itemsize, number + 1)
    start = sizes + _text(name, 8) + _text(label, 40)
    formats = _text("", 8) + struct.pack(">hhh", 0, 0, 0) + b"\0\0"
    informats = _text("", 8) + struct.pack(">hh", 0, 0)
    assert row.fields is not None
    position = int(row.fields[name][1])
    return start + formats + informats + struct.pack(">l", position) + b"\0" * 52
