"""Transferring a file so that it is never seen under its name before it is whole and checked."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_exponential, wait_random

from analysis.errors import DataError
from analysis.nhanes.checks import Unfit
from analysis.nhanes.faults import WAYS_ON, FaultKind, PassingFault, Patience, disk_errors
from analysis.nhanes.progress import FileProgress
from analysis.nhanes.source import NotThere, Remote, Source, Stream
from analysis.nhanes.workers import Stop

INCOMING = ".incoming"
"""Folder beside the final files, so on the same file system, for files not yet checked."""


@dataclass(frozen=True)
class Arrival:
    """A file that was transferred and checked, under its temporary name.

    Parameters
    ----------
    path : Path
        The temporary name.
    bytes : int
        Length.
    sha256 : str
        In hexadecimal.
    remote : Remote
        What the source said of it.
    authentic : bool
        Whether the transport vouches for the bytes.
    """

    path: Path
    bytes: int
    sha256: str
    remote: Remote
    authentic: bool


class Downloader:
    """Transfers files from one source, patiently.

    Parameters
    ----------
    source : Source
        Where from.
    patience : Patience
        How long and how often.
    stop : Stop
        Ends transfers and waits.
    """

    def __init__(self, source: Source, patience: Patience, stop: Stop) -> None:
        self.source, self.patience, self.stop = source, patience, stop

    def get(
        self,
        relative: str,
        final: Path,
        check: Callable[[Path], None],
        progress: FileProgress,
        known: Collection[str] = (),
    ) -> Arrival:
        """Transfer a file to a temporary name beside its final one.

        Parameters
        ----------
        relative : str
            Its path below the source's root.
        final : Path
            Where it will go.
        check : callable
            Raises `Unfit` for a temporary file that must not be kept. The temporary file has the
            final one's name, in a folder of its own.
        progress : FileProgress
            Told of every step.
        known : collection of str
            The sha256 of versions that are taken on one transfer.

        Returns
        -------
        Arrival

        Raises
        ------
        DataError
            If it cannot be had; one message, with the ways on.
        Stopped
            If a stop was asked for.

        Notes
        -----
        Plain http has no protection against a changed byte, which none of the structural checks
        can see. There a file must arrive several times alike (`Patience.agreeing`) unless its
        sha256 is known.
        """
        return _Transfer(self, relative, final, check, progress, frozenset(known)).run()

    def head(self, relative: str) -> Remote | None:
        """Ask about a file once. See `Source.head`."""
        self.stop.check()
        return self.source.head(relative, self.patience)


class _Transfer:
    """The transfer of one file, with as many attempts as it takes or may take."""

    def __init__(
        self,
        downloader: Downloader,
        relative: str,
        final: Path,
        check: Callable[[Path], None],
        progress: FileProgress,
        known: frozenset[str],
    ) -> None:
        self._source, self._patience = downloader.source, downloader.patience
        self._stop, self._progress = downloader.stop, progress
        self._relative, self._check_file = relative, check
        self._temporary = final.parent / INCOMING / final.name
        self._known = known
        self._sound, self._refused = set(known), set[str]()
        self._faults = Counter[FaultKind]()

    def run(self) -> Arrival:
        """Transfer the file until it is known, vouched for, or has come alike often enough."""
        seen = Counter[str]()
        most = self._patience.attempts + self._patience.agreeing
        for _ in range(most):
            arrival = self._patiently()
            seen[arrival.sha256] += 1
            enough = seen[arrival.sha256] >= self._patience.agreeing
            if arrival.authentic or enough or arrival.sha256 in self._known:
                return arrival
            self._progress.note("once more, to compare")
        arrival.path.unlink(missing_ok=True)
        raise DataError(
            f"{self._source.name} sent {len(seen)} different versions of the file in {most} "
            f"transfers; {self._patience.agreeing} must agree, because plain http does not "
            "protect the data",
            where=self._source.url(self._relative),
            remedy=f"The connection or the server damages data; use another.\n{WAYS_ON}",
        )

    def _patiently(self) -> Arrival:
        """Transfer the file once, trying again after what may pass."""
        self._faults.clear()
        retrying = Retrying(
            retry=retry_if_exception_type(PassingFault),
            stop=self._enough,
            wait=self._wait,
            sleep=self._stop.sleep,
            before_sleep=self._announce,
            reraise=True,
        )
        try:
            return retrying(self._once)
        except PassingFault as fault:
            raise self._given_up(fault) from fault

    def _once(self) -> Arrival:
        self._stop.check()
        with disk_errors(self._temporary):
            self._temporary.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._source.open(self._relative, self._patience) as stream:
                arrival = self._receive(stream)
            self._check(arrival)
        except BaseException as error:
            self._temporary.unlink(missing_ok=True)
            if isinstance(error, PassingFault):
                self._faults[error.kind] += 1
            raise
        return arrival

    def _receive(self, stream: Stream) -> Arrival:
        digest, count = hashlib.sha256(), 0
        self._progress.restart(stream.remote.length)
        with (
            self._stop.interrupting(stream.interrupt),
            disk_errors(self._temporary),
            self._temporary.open("wb") as file,
        ):
            for chunk in stream.chunks:
                self._stop.check()
                file.write(chunk)
                digest.update(chunk)
                count += len(chunk)
                self._progress.advance(len(chunk))
        self._stop.check()
        announced = stream.remote.length
        if announced is not None and count != announced:
            raise PassingFault(f"{count:,} of {announced:,} bytes arrived", "transfer")
        sha256 = digest.hexdigest()
        return Arrival(self._temporary, count, sha256, stream.remote, stream.authentic)

    def _check(self, arrival: Arrival) -> None:
        if arrival.sha256 in self._sound:
            return
        try:
            self._check_file(arrival.path)
        except Unfit as unfit:
            # The same bytes twice are what the server has, but for an error page, which may pass.
            if arrival.sha256 in self._refused and not unfit.web_page:
                raise self._unfit(unfit.what) from unfit
            self._refused.add(arrival.sha256)
            kind: FaultKind = "web page" if unfit.web_page else "content"
            raise PassingFault(unfit.what, kind) from unfit
        self._sound.add(arrival.sha256)

    def _enough(self, state: RetryCallState) -> bool:
        kind, patience = _fault(state).kind, self._patience
        most = {
            "unreachable": patience.connect_attempts,
            "web page": patience.web_page_attempts,
        }.get(kind, patience.attempts)
        return (
            not self._source.may_recover
            or self._faults[kind] >= most
            or state.attempt_number >= patience.attempts
        )

    def _wait(self, state: RetryCallState) -> float:
        asked, patience = _fault(state).retry_after, self._patience
        if asked is not None:
            return min(asked, patience.longest_retry_after)
        jitter = wait_random(0, patience.first_wait)
        back_off = wait_exponential(multiplier=patience.first_wait, max=patience.longest_wait)
        return back_off(state) + jitter(state)

    def _announce(self, state: RetryCallState) -> None:
        self._progress.note(f"attempt {state.attempt_number + 1}, as {_fault(state).reason}")

    def _given_up(self, fault: PassingFault) -> DataError:
        url, attempts = self._source.url(self._relative), self._faults.total()
        if fault.kind == "content":
            return self._unfit(fault.reason)
        if fault.kind == "web page":
            times = f", {attempts} times" if attempts > 1 else ""
            return NotThere(
                f"{self._source.name} answered with a web page in place of the file{times}; the "
                "file probably does not exist there",
                where=url,
                remedy="Check the table's name and cycle, and the mirror if one is set.\n"
                f"{WAYS_ON}",
            )
        what = "cannot be reached" if fault.kind == "unreachable" else "did not deliver the file"
        times = f" ({attempts} attempts)" if attempts > 1 else ""
        what = f"{self._source.name} {what}: {fault.reason}{times}"
        return DataError(what, where=url, remedy=WAYS_ON)

    def _unfit(self, what: str) -> DataError:
        return DataError(
            f"the file that {self._source.name} sent {what}; it was not kept",
            where=self._source.url(self._relative),
            remedy="If the CDC has changed this table, report it to the project; a mirror may be "
            f"damaged or out of date.\n{WAYS_ON}",
        )


def remove_leftovers(folder: Path) -> None:
    """Remove what an interrupted run left behind below a folder. Nobody else may be fetching.

    Parameters
    ----------
    folder : Path
        The root of the downloaded files.

    Raises
    ------
    DataError
        If the folder cannot be written.
    """
    with disk_errors(folder):
        for leftover in list(folder.rglob(INCOMING)):
            shutil.rmtree(leftover)
        for leftover in list(folder.glob(".*.part")):
            leftover.unlink()


def _fault(state: RetryCallState) -> PassingFault:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, PassingFault)  # nothing else is tried again
    return error
