"""The lock file: what every downloaded file must be, recorded when it was first seen."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.errors import DataError
from analysis.nhanes.faults import disk_errors

LOCK_NAME = "lock.json"
_FORMAT = 1

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Version(BaseModel):
    """One version of a file.

    Parameters
    ----------
    bytes : int
        Length.
    sha256 : str
        In hexadecimal.
    date : str
        Day (UTC) on which it was first seen, ``YYYY-MM-DD``.
    last_modified, etag : str or None
        As the server said, to notice a revision without a download.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256
    date: Day
    last_modified: str | None = None
    etag: str | None = None


class LockEntry(Version):
    """What a file must be.

    Parameters
    ----------
    url : str
        Where it came from; of a file found in place, where it would be fetched from.
    origin : {"fetched", "found"}
        Whether it was fetched, or found in the folder without an entry.
    revision : Version or None
        A newer version seen at the same URL that has not been accepted.
    """

    url: str
    origin: Literal["fetched", "found"] = "fetched"
    revision: Version | None = None

    def succeeded_by(self, version: Version) -> LockEntry:
        """Return the entry once `version`, fetched from the same URL, has taken its place."""
        fields = version.model_dump(include=set(Version.model_fields))
        return LockEntry(url=self.url, **fields)


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    files: dict[str, LockEntry]


class Lock:
    """A lock file and its entries, for several threads.

    Parameters
    ----------
    path : Path
        The file; it need not exist.
    writable : bool
        Whether changes go to the file, or only stay in memory.

    Raises
    ------
    DataError
        If the file is damaged.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._path, self._writable = path, writable
        self._mutex = threading.Lock()
        self._entries = read_lock(path)

    def get(self, relative: str) -> LockEntry | None:
        """Return a file's entry, or None if it has none."""
        with self._mutex:
            return self._entries.get(relative)

    def record(self, changes: Mapping[str, LockEntry]) -> None:
        """Add or replace entries; once this returns they are safely on the disk.

        Raises
        ------
        DataError
            If the file cannot be written.
        """
        with self._mutex:
            entries = {**self._entries, **changes}
            if self._writable and entries != self._entries:
                write_lock(self._path, entries)
            self._entries = entries


def read_lock(path: Path) -> dict[str, LockEntry]:
    """Read a lock file.

    Parameters
    ----------
    path : Path
        It need not exist.

    Returns
    -------
    dict of str to LockEntry
        By the file's path below the folder, in the CDC's layout.

    Raises
    ------
    DataError
        If it is damaged.
    """
    try:
        return _Document.model_validate_json(path.read_bytes()).files
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"the lock file is damaged ({place + ': ' if place else ''}{first['msg']})",
            where=str(path),
            remedy="Restore it from a copy if you have one. Otherwise delete it: the files beside "
            "it "
            "are then checked against their codebooks and recorded anew.",
        ) from error


def write_lock(path: Path, entries: Mapping[str, LockEntry]) -> None:
    """Write a lock file so that at every moment either the old or the new one is there.

    Parameters
    ----------
    path : Path
        Its folder must exist.
    entries : mapping of str to LockEntry
        Written in the order of their paths.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    files = {name: entries[name].model_dump(exclude_none=True) for name in sorted(entries)}
    text = json.dumps({"format": _FORMAT, "files": files}, indent=2, sort_keys=True) + "\n"
    temporary = path.with_name(f".{path.name}.part")
    with disk_errors(path):
        try:
            with temporary.open("w", encoding="utf-8") as file:
                file.write(text)
            replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def replace(temporary: Path, final: Path) -> None:
    """Give a complete file its final name, and make that last through a power cut.

    Parameters
    ----------
    temporary, final : Path
        On the same file system.

    Raises
    ------
    OSError
        If the system refuses.
    """
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(final)
    if os.name == "posix":
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
