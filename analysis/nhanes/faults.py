"""What can go wrong on the way from a server to the disk, and what is worth another try."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis.errors import DataError

FaultKind = Literal["unreachable", "transfer", "status", "web page", "content"]
"""Where a transfer failed.

``unreachable``: no connection; ``transfer``: time-out, dropped or short; ``status``: an HTTP error
that may pass; ``web page``: HTML in place of the file; ``content``: the bytes are no such file.
"""

WAYS_ON = """Ways on:
  - run the same command again later: finished files are kept;
  - NHANES_MIRROR=<URL or folder> (or --mirror): a copy with the CDC's own paths;
  - --offline: work with the files already in data_raw/;
  - make demo: the whole analysis on an artificial survey, without a download."""
"""What to do where the source of the files cannot be had."""

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, and how often to ask it.

    Parameters
    ----------
    connect, read : float
        Seconds until a connection, and between two pieces of an answer.
    stall : float
        Seconds within which at least `stall_bytes` must arrive; a slower body is dropped.
    stall_bytes : int
        See `stall`.
    attempts : int
        Transfers of a file that may fail before it is given up.
    connect_attempts, web_page_attempts : int
        The same where no connection came about, or a web page came in place of the file: a server
        that is away, or does not have the file, is soon known to.
    first_wait, longest_wait : float
        Seconds of the first back-off, doubled each time, and its cap; jitter comes on top.
    longest_retry_after : float
        Cap in seconds on what a server may ask for with ``Retry-After``.
    agreeing : int
        Transfers that must agree before a file never seen before is taken from an
        unauthenticated server (plain http). One more than it takes to notice a passing fault, as
        a cache may damage a file twice alike; they cost little where plain http is used, near by.
    """

    connect: float = 10
    read: float = 30
    stall: float = 60
    stall_bytes: int = 65_536
    attempts: int = 8
    connect_attempts: int = 3
    web_page_attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30
    longest_retry_after: float = 120
    agreeing: int = 3


class PassingFault(Exception):
    """A fault that another attempt may not meet.

    Parameters
    ----------
    reason : str
        In plain words, to follow a colon.
    kind : FaultKind
        Where it happened.
    retry_after : float, optional
        Seconds that the server asked to wait.
    """

    def __init__(self, reason: str, kind: FaultKind, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.kind, self.retry_after = reason, kind, retry_after


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Tell an error of the local disk as one that the user can do something about.

    Parameters
    ----------
    path : Path
        The file or folder that is written.

    Raises
    ------
    DataError
        In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        where = str(error.filename or path)
        if error.errno in _DISK_FULL:
            what = "cannot be written: the disk is full, or a quota or size limit is reached"
            remedy = "Free some space and run the same command again; nothing half-written is kept."
        else:
            what = f"cannot be written ({error.strerror})"
            remedy = "Check the folder and its permissions, then run the same command again."
        raise DataError(what, where=where, remedy=remedy) from error
