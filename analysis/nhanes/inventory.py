"""What is in the folder of downloaded files, held against its lock file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from analysis.errors import DataError
from analysis.nhanes.lock import LOCK_NAME, LockEntry

State = Literal["missing", "sound", "replaced", "unlisted", "damaged"]
"""What a file on the disk is, held against its entry.

``replaced``: it is the revision that the entry names, so a run was killed after it took the
revision and before it said so.
"""

_LISTED = 12
"""Files that a message lists before it only counts the rest."""


def state_of(path: Path, entry: LockEntry | None) -> State:
    """Hold a file on the disk against its entry.

    Parameters
    ----------
    path : Path
        It need not exist.
    entry : LockEntry or None
        What the file must be, if that is recorded.

    Returns
    -------
    State

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    if not path.is_file():
        return "missing"
    if entry is None:
        return "unlisted"
    size, sha256 = fingerprint(path)
    if (size, sha256) == (entry.bytes, entry.sha256):
        return "sound"
    return "replaced" if entry.revision and sha256 == entry.revision.sha256 else "damaged"


def damage(folder: Path, entries: Mapping[str, LockEntry]) -> DataError:
    """Return the error for files that are not what their entries say."""
    lines = []
    for relative, entry in entries.items():
        size, sha256 = fingerprint(folder / relative)
        lines.append(
            f"{relative}: expected {entry.bytes:,} bytes, sha256 {entry.sha256[:12]}...; "
            f"found {size:,} bytes, {sha256[:12]}..."
        )
    return DataError(
        f"{count_files(len(entries))} not as {LOCK_NAME} recorded when first seen:\n"
        f"{_listed(lines)}",
        where=str(folder),
        remedy="To fetch a file anew, delete it and run the same command again.",
    )


def absent(folder: Path, relative: Sequence[str]) -> DataError:
    """Return the error for files that are not there and may not be fetched."""
    return DataError(
        f"{count_files(len(relative))} not there, or not recorded in {LOCK_NAME}:\n"
        f"{_listed(relative)}",
        where=str(folder),
        remedy="Ways on:\n"
        "  - run the same command without --offline: they are fetched from the CDC;\n"
        "  - put copies at these paths, or name a folder or URL that has them with\n"
        "    NHANES_MIRROR=<URL or folder> (or --mirror);\n"
        "  - make demo: the whole analysis on an artificial survey, without a download.",
    )


def fingerprint(path: Path) -> tuple[int, str]:
    """Return a file's length in bytes and its sha256 in hexadecimal.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), sha256
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=str(path)) from error


def count_files(count: int) -> str:
    """Return a number of files in words."""
    return "1 file" if count == 1 else f"{count} files"


def _listed(lines: Sequence[str]) -> str:
    rest = [f"  and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    return "\n".join([*(f"  {line}" for line in lines[:_LISTED]), *rest])
