"""One fetch: what is there, what is missing, what has been revised, and what to do about it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from analysis.errors import DataError
from analysis.nhanes.checks import Unfit, check_file, check_rows
from analysis.nhanes.cycles import Table
from analysis.nhanes.download import Arrival, Downloader
from analysis.nhanes.faults import PassingFault, Patience, disk_errors
from analysis.nhanes.inventory import State, absent, count_files, damage, fingerprint, state_of
from analysis.nhanes.lock import LOCK_NAME, Lock, LockEntry, Version, replace
from analysis.nhanes.progress import FetchProgress, readable_size
from analysis.nhanes.source import NotThere, Remote, Source
from analysis.nhanes.workers import Stop, run_parallel


@dataclass(frozen=True)
class Options:
    """What the user wants of a fetch. See `analysis.nhanes.store.Store`."""

    offline: bool
    accept_revisions: bool
    check_revisions: bool
    workers: int
    patience: Patience


@dataclass(frozen=True)
class FetchReport:
    """What `Store.fetch` found and did; every path is relative to the folder.

    Parameters
    ----------
    entries : mapping of str to LockEntry
        Every file asked for, with what it is, in the order of their paths.
    fetched, present, found : tuple of str
        Files transferred; there already; there already but without an entry in the lock.
    revised, accepted : tuple of str
        Files with a newer version at their source that was not taken, and those where it was.
    bytes_fetched : int
        Length of the files transferred.
    notes : tuple of str
        What else the user should know, a line each.
    lacking : tuple of str
        Files that the source does not have, where they may be left out.
    """

    entries: Mapping[str, LockEntry]
    fetched: tuple[str, ...]
    present: tuple[str, ...]
    found: tuple[str, ...]
    revised: tuple[str, ...]
    accepted: tuple[str, ...]
    bytes_fetched: int
    notes: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        there = len(self.present) + len(self.found)
        if not self.fetched and not self.accepted:
            return f"{count_files(there)} complete and unchanged; nothing to fetch."
        size = readable_size(self.bytes_fetched)
        taken = f", of {len(self.accepted)} a revision" if self.accepted else ""
        new = len(set(self.fetched) | set(self.accepted))
        return f"{count_files(new)} fetched ({size}){taken}; {there} were there already."


@dataclass
class _Tally:
    """What happened so far; shared by the workers."""

    fetched: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    revised: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


class Fetch:
    """One fetch into a folder that no other process is writing.

    Parameters
    ----------
    folder, source
        As in `Store`.
    lock : Lock
        The folder's lock file.
    options : Options
        What the user wants.
    console : Console
        Where progress goes.
    obstacle : OSError or None
        Why the folder cannot be written, if so.
    """

    def __init__(
        self,
        folder: Path,
        source: Source,
        lock: Lock,
        options: Options,
        console: Console,
        obstacle: OSError | None,
    ) -> None:
        self._folder, self._source, self._lock = folder, source, lock
        self._options, self._console, self._obstacle = options, console, obstacle
        self._tally, self._stop, self._mutex = _Tally(), Stop(), threading.Lock()
        self._downloader = Downloader(source, options.patience, self._stop)

    def run(self, wanted: Sequence[Table]) -> FetchReport:
        """Fetch what is missing of the tables, and look for revisions of the rest.

        Raises
        ------
        DataError
            See `Store.fetch`.
        """
        files = sorted(path for table in wanted for path in table.files)
        states = self._examine(files)
        self._adopt([path for path in files if states[path] == "unlisted"], wanted)
        missing = {path for path in files if states[path] == "missing"}
        self._tally.present = [path for path in files if states[path] in ("sound", "replaced")]
        if missing:
            self._get_all(missing, [table for table in wanted if missing & {*table.files}])
        if self._options.check_revisions and not (self._options.offline or self._obstacle):
            self._look_for_revisions(
                {table: [p for p in table.files if p not in missing] for table in wanted}
            )
        return self._report(files)

    def run_codebooks(self, wanted: Sequence[Table]) -> FetchReport:
        """Fetch what is missing of the tables' codebooks; leave out what the source does not have.

        Raises
        ------
        DataError
            See `Store.fetch_codebooks`.
        """
        pages = [table.codebook_path for table in wanted]
        states = self._examine(pages)
        self._adopt([path for path in pages if states[path] == "unlisted"], [])
        missing = [table for table in wanted if states[table.codebook_path] == "missing"]
        self._tally.present = [path for path in pages if states[path] in ("sound", "replaced")]
        if missing:
            self._require_way([table.codebook_path for table in missing])
            with FetchProgress(self._console, len(missing)) as progress:

                def get(table: Table) -> None:
                    try:
                        self._get(table, table.codebook_path, progress)
                    except NotThere:
                        with self._mutex:
                            self._tally.lacking.append(table.codebook_path)

                run_parallel(get, missing, self._options.workers, self._stop)
        return self._report([path for path in pages if path not in self._tally.lacking])

    def _final(self, relative: str) -> Path:
        return self._folder / relative

    def _known(self, relative: str) -> LockEntry:
        entry = self._lock.get(relative)
        assert entry is not None  # every file that is asked about was recorded before
        return entry

    def _examine(self, files: Sequence[str]) -> dict[str, State]:
        """Hold every file on the disk against its entry."""

        def examine(relative: str) -> State:
            return state_of(self._final(relative), self._lock.get(relative))

        found = run_parallel(examine, files, os.cpu_count() or 1, self._stop)
        states = dict(zip(files, found, strict=True))
        if damaged := [path for path in files if states[path] == "damaged"]:
            raise damage(self._folder, {path: self._known(path) for path in damaged})
        for relative in (path for path in files if states[path] == "replaced"):
            entry = self._known(relative)
            assert entry.revision is not None  # see state_of
            self._lock.record({relative: entry.succeeded_by(entry.revision)})
        return states

    def _adopt(self, unlisted: Sequence[str], wanted: Sequence[Table]) -> None:
        """Check files that have no entry, and record them as they are."""
        entries = {}
        for relative in unlisted:
            path = self._final(relative)
            with _refused_here(path):
                check_file(path)
            size, sha256 = fingerprint(path)
            entries[relative] = LockEntry(
                url=self._source.url(relative),
                origin="found",
                bytes=size,
                sha256=sha256,
                date=_today(),
            )
        for table in wanted:
            data, against = self._final(table.data_path), self._final(table.held_against)
            if table.data_path in entries and against.is_file():
                with _refused_here(data):
                    check_rows(table, data, against)
        if entries:
            self._lock.record(entries)
            self._tally.found = sorted(entries)
            self._tally.notes.append(
                f"{count_files(len(entries))} had no entry in {self._folder / LOCK_NAME} (first: "
                f"{self._tally.found[0]}): checked, and recorded as found."
            )

    def _require_way(self, missing: Iterable[str]) -> None:
        """Refuse to fetch where that may not or cannot be done."""
        if self._options.offline:
            raise absent(self._folder, sorted(missing))
        if self._obstacle:
            with disk_errors(self._folder):
                raise self._obstacle

    def _get_all(self, missing: set[str], tables: Sequence[Table]) -> None:
        self._require_way(missing)
        with FetchProgress(self._console, len(missing)) as progress:

            def get_table(table: Table) -> None:
                # The codebook comes first, because it says how many rows the data must have.
                for relative in table.files:
                    if relative in missing:
                        self._get(table, relative, progress)

            # Linked mortality is held against another table's data, so that table comes before.
            for linked in (False, True):
                turn = [table for table in tables if table.is_mortality == linked]
                run_parallel(get_table, turn, self._options.workers, self._stop)

    def _get(self, table: Table, relative: str, progress: FetchProgress) -> None:
        known, final = self._lock.get(relative), self._final(relative)

        def check(path: Path) -> None:
            check_file(path)
            if relative == table.data_path:
                check_rows(table, path, self._final(table.held_against))

        with progress.begin(final.name) as shown:
            trusted = [known.sha256] if known else []
            arrival = self._downloader.get(relative, final, check, shown, trusted)
            same = known is not None and arrival.sha256 == known.sha256
            if known and not same and not self._options.accept_revisions:
                raise self._lost(relative, known, arrival)
            entry = LockEntry(url=self._source.url(relative), **_version(arrival).model_dump())
            if known and same:
                entry = entry.model_copy(update={"date": known.date})
            self._keep({relative: entry}, [arrival])
            shown.finish()
        with self._mutex:
            self._tally.fetched.append(relative)
            self._tally.sizes.append(arrival.bytes)
            if known and not same:
                self._tally.accepted.append(relative)

    def _keep(self, entries: Mapping[str, LockEntry], arrivals: Iterable[Arrival]) -> None:
        """Say what the files must be, then give them their names.

        In this order a run killed in between leaves an entry without a file, which the next one
        fetches; the other way about it would leave a file of unknown origin.
        """
        with self._mutex:
            self._stop.check()
            self._lock.record(entries)
            for arrival in arrivals:
                final = arrival.path.parent.parent / arrival.path.name
                with disk_errors(final):
                    replace(arrival.path, final)

    def _look_for_revisions(self, candidates: Mapping[Table, Sequence[str]]) -> None:
        """Ask the source about complete files that came from it.

        Of files that came from elsewhere it is asked only by someone who wants its versions:
        another server's dates say nothing, so each of these files is fetched and compared.
        """
        # A stop of its own: that this check fails is no reason to end the run.
        self._stop = Stop()
        self._downloader = Downloader(self._source, self._options.patience, self._stop)
        elsewhere = {
            path
            for paths in candidates.values()
            for path in paths
            if self._known(path).url != self._source.url(path)
        }
        if elsewhere and not self._options.accept_revisions:
            self._tally.notes.append(
                f"{count_files(len(elsewhere))} came from another place than {self._source.name} "
                f"and were not compared with it (--accept-revisions takes its versions)."
            )
            candidates = {
                t: [p for p in paths if p not in elsewhere] for t, paths in candidates.items()
            }
        asked = [(table, paths) for table, paths in candidates.items() if paths]
        try:
            run_parallel(lambda pair: self._revise(*pair), asked, self._options.workers, self._stop)
        except (PassingFault, DataError) as error:
            if isinstance(error, DataError) and self._options.accept_revisions:
                raise
            reason = error.reason if isinstance(error, PassingFault) else error.what
            self._tally.notes.append(
                f"Could not ask {self._source.name} about revisions: {reason}. "
                "The files at hand are used."
            )
        if untold := sorted(self._tally.untold):
            self._tally.notes.append(
                f"{self._source.name} says nothing about {count_files(len(untold))} (first: "
                f"{untold[0]}); used as they are at hand."
            )
        self._note_revisions()

    def _revise(self, table: Table, paths: Sequence[str]) -> None:
        """Find out whether files of one table were revised, and take the new ones if wanted."""
        changed = [path for path in paths if self._seems_changed(path)]
        arrivals: dict[str, Arrival] = {}
        quiet = FetchProgress(self._console, 0)
        for relative in changed:
            entry, final = self._known(relative), self._final(relative)
            trusted = [v.sha256 for v in (entry, entry.revision) if v]
            with quiet.begin(final.name) as shown:
                arrival = self._downloader.get(relative, final, check_file, shown, trusted)
            if arrival.sha256 == entry.sha256:
                # Only the dates of the file have changed.
                arrival.path.unlink()
                update = {**_told(arrival.remote), "revision": None}
                self._lock.record({relative: entry.model_copy(update=update)})
            else:
                revision = _version(arrival)
                self._lock.record({relative: entry.model_copy(update={"revision": revision})})
                arrivals[relative] = arrival
        if arrivals and self._options.accept_revisions:
            self._accept(table, arrivals)
        else:
            with self._mutex:
                self._tally.revised += arrivals

    def _seems_changed(self, relative: str) -> bool:
        entry, remote = self._known(relative), self._downloader.head(relative)
        if remote is None or (remote.web_page and relative.endswith(".xpt")):
            with self._mutex:
                self._tally.untold.append(relative)
            return False
        if not _differs(entry, remote):
            news = {k: v for k, v in _told(remote).items() if getattr(entry, k) is None}
            self._lock.record({relative: entry.model_copy(update={**news, "revision": None})})
            return False
        seen_before = entry.revision is not None and not _differs(entry.revision, remote)
        if seen_before and not self._options.accept_revisions:
            with self._mutex:
                self._tally.revised.append(relative)
            return False
        return True

    def _accept(self, table: Table, arrivals: Mapping[str, Arrival]) -> None:
        at = {path: self._final(path) for path in (table.data_path, table.held_against)}
        at.update({path: arrival.path for path, arrival in arrivals.items()})
        try:
            check_rows(table, at[table.data_path], at[table.held_against])
        except Unfit as unfit:
            raise DataError(
                f"the revised file {unfit.what}; the version at hand was kept",
                where=self._source.url(table.data_path),
                remedy="Run without --accept-revisions to go on with the files at hand.",
            ) from unfit
        # The entries name both versions while the files are exchanged; see state_of.
        entries = {path: self._known(path) for path in arrivals}
        self._keep(entries, arrivals.values())
        self._lock.record(
            {
                path: entries[path]
                .succeeded_by(_version(a))
                .model_copy(update={"url": self._source.url(path)})
                for path, a in arrivals.items()
            }
        )
        with self._mutex:
            self._tally.accepted += arrivals
            self._tally.present = [p for p in self._tally.present if p not in arrivals]
            self._tally.found = [p for p in self._tally.found if p not in arrivals]
            self._tally.sizes += [arrival.bytes for arrival in arrivals.values()]

    def _note_revisions(self) -> None:
        for relative in sorted(self._tally.revised):
            entry = self._known(relative)
            assert entry.revision is not None  # it was recorded when the revision was found
            self._tally.notes.append(
                f"Revised at {self._source.name} since {entry.date}: {relative} "
                f"({entry.bytes:,} bytes, sha256 {entry.sha256[:12]}; now "
                f"{entry.revision.bytes:,} bytes, {entry.revision.sha256[:12]})."
            )
        if self._tally.revised:
            self._tally.notes.append(
                "The versions at hand are used; --accept-revisions takes the new ones."
            )

    def _lost(self, relative: str, known: LockEntry, arrival: Arrival) -> DataError:
        arrival.path.unlink(missing_ok=True)
        return DataError(
            f"{self._source.name} has another version of this file than {LOCK_NAME} asks for, and "
            f"there is none at hand (expected {known.bytes:,} bytes, sha256 {known.sha256}, first "
            f"seen {known.date} at {known.url}; got {arrival.bytes:,} bytes, sha256 "
            f"{arrival.sha256})",
            where=self._source.url(relative),
            remedy="Take the version that is there now with --accept-revisions, or get the old one "
            "from a copy (NHANES_MIRROR or --mirror).",
        )

    def _report(self, files: Sequence[str]) -> FetchReport:
        tally = self._tally
        return FetchReport(
            entries={path: self._known(path) for path in files},
            fetched=tuple(sorted(tally.fetched)),
            present=tuple(tally.present),
            found=tuple(tally.found),
            revised=tuple(sorted(tally.revised)),
            accepted=tuple(sorted(tally.accepted)),
            bytes_fetched=sum(tally.sizes),
            notes=tuple(tally.notes),
            lacking=tuple(sorted(tally.lacking)),
        )


@contextmanager
def _refused_here(path: Path) -> Iterator[None]:
    """Tell of an unfit file that is in the folder without an entry."""
    try:
        yield
    except Unfit as unfit:
        raise DataError(
            f"the file {unfit.what}",
            where=str(path),
            remedy=f"It is not recorded in {LOCK_NAME}. Delete it, or both files of its table, and "
            "run the same command again to fetch it anew.",
        ) from unfit


def _version(arrival: Arrival) -> Version:
    return Version(
        bytes=arrival.bytes, sha256=arrival.sha256, date=_today(), **_told(arrival.remote)
    )


def _told(remote: Remote) -> dict[str, str | None]:
    return {"last_modified": remote.last_modified, "etag": remote.etag}


def _differs(version: Version, remote: Remote) -> bool:
    """Whether a source's words suggest that it has another version.

    The date counts for more than the ETag, which the machines behind one name may give
    differently for the same file.
    """
    if remote.length is not None and remote.length != version.bytes:
        return True
    if version.last_modified and remote.last_modified:
        return version.last_modified != remote.last_modified
    return bool(version.etag and remote.etag and version.etag != remote.etag)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
