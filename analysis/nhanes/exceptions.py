"""Where the CDC's codebooks and files are known to disagree.

Every exception states the exact difference: one that grows or shrinks is reported again. None of
them concerns a variable of more than a few tables; all others reconcile to the digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class RowCountException:
    """A table whose file has another number of rows than its codebook prints.

    Parameters
    ----------
    rows_codebook, rows_file : int
        Rows that the codebook prints, and rows of the file.
    reason : str
        Why, as far as it is known.
    """

    rows_codebook: int
    rows_file: int
    reason: str


_REVISED_LATER = "The file was revised after its codebook was printed."

ROW_COUNT_EXCEPTIONS: Mapping[str, RowCountException] = MappingProxyType(
    {
        "DSBI": RowCountException(35_942, 37_061, _REVISED_LATER),
        "DSII": RowCountException(188_572, 188_552, _REVISED_LATER),
        "DSQ2_D": RowCountException(7_966, 7_969, _REVISED_LATER),
    }
)
"""Whole tables whose row counts differ, by the table's name."""
