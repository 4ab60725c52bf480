"""The folder of downloaded files: everything in it is what its lock file says, or is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from analysis.errors import DataError
from analysis.nhanes.cycles import Table, table_named
from analysis.nhanes.download import remove_leftovers
from analysis.nhanes.faults import Patience, disk_errors
from analysis.nhanes.fetching import Fetch, FetchReport, Options
from analysis.nhanes.inventory import absent, count_files, damage, state_of
from analysis.nhanes.lock import LOCK_NAME, Lock, LockEntry
from analysis.nhanes.progress import show
from analysis.nhanes.source import Source

__all__ = ["FetchReport", "LockEntry", "Store"]

_TURN = ".fetch.lock"


class Store:
    """Downloaded files in the CDC's own layout, each checked against a lock file.

    Parameters
    ----------
    folder : Path
        Made if it does not exist. It can itself serve as somebody's mirror folder.
    source : Source
        Where files come from.
    offline : bool
        Use no network at all.
    accept_revisions : bool
        Take newer versions in place of those in the lock.
    check_revisions : bool
        Ask the source whether complete files have been revised (one short request a file).
    console : Console, optional
        Where progress and notes go; standard error by default.
    workers : int
        Tables transferred at a time.
    patience : Patience, optional
        Time-outs and retries.
    """

    def __init__(
        self,
        folder: Path,
        source: Source,
        *,
        offline: bool = False,
        accept_revisions: bool = False,
        check_revisions: bool = True,
        console: Console | None = None,
        workers: int = 8,
        patience: Patience | None = None,
    ) -> None:
        self.folder, self.source = folder, source
        self._options = Options(
            offline=offline,
            accept_revisions=accept_revisions,
            check_revisions=check_revisions,
            workers=workers,
            patience=patience or Patience(),
        )
        self._console = console or Console(stderr=True)
        self._lock: Lock | None = None
        self._verified: set[str] = set()

    def fetch(self, tables: Iterable[Table]) -> FetchReport:
        """See to it that the data and codebook of each table are in the folder, and sound.

        Several processes may do this in one folder at once: they take turns. With linked mortality
        comes the table of everyone interviewed, whose people it must have.

        Parameters
        ----------
        tables : iterable of Table
            Each may come several times.

        Returns
        -------
        FetchReport

        Raises
        ------
        DataError
            If a file cannot be had, is damaged, or does not fit its codebook. One message for
            the first failure; what was complete by then stays.
        """
        wanted = set(tables)
        wanted |= {table.people for table in wanted if table.is_mortality}
        report = self._run(lambda fetch: fetch.run(sorted(wanted)))
        for note in (*report.notes, report.summary):
            show(self._console, note)
        return report

    def fetch_codebooks(self, tables: Iterable[Table]) -> FetchReport:
        """See to it that the codebooks of tables, without their data, are in the folder, and sound.

        Those that the source does not have are left out, and so are, without a network, those
        that are not in the folder. Nobody is asked about revisions.

        Parameters
        ----------
        tables : iterable of Table
            Each may come several times; linked mortality, which has no codebook, is passed over.

        Returns
        -------
        FetchReport

        Raises
        ------
        DataError
            If none can be had, or one is damaged.
        """
        wanted = sorted({table for table in tables if not table.is_mortality})
        if self._options.offline:
            there = [table for table in wanted if (self.folder / table.codebook_path).is_file()]
            if wanted and not there:
                raise absent(self.folder, [table.codebook_path for table in wanted])
            wanted = there
        report = self._run(lambda fetch: fetch.run_codebooks(wanted))
        if report.lacking and not report.entries:
            raise DataError(
                f"{self.source.name} does not have {count_files(len(report.lacking))} asked for "
                f"(first: {report.lacking[0]})",
                remedy="Check the table's name and cycle, and the mirror if one is set.",
            )
        fetched = [report.summary] if report.fetched else []
        for note in (*report.notes, *fetched):
            show(self._console, note)
        return report

    def codebooks_at_hand(self) -> list[Table]:
        """Every table of a cycle whose codebook lies in the folder, sorted."""
        pages = self.folder.glob("Nchs/Data/Nhanes/Public/*/DataFiles/*.htm")
        tables = (table_named(page.stem) for page in pages)
        found = {table for table in tables if table and not table.is_mortality}
        return sorted(t for t in found if (self.folder / t.codebook_path).is_file())

    def _run(self, fetch_all: Callable[[Fetch], FetchReport]) -> FetchReport:
        with self._turn() as obstacle:
            self._verified.clear()
            self._lock = Lock(self.folder / LOCK_NAME, writable=obstacle is None)
            fetch = Fetch(
                self.folder, self.source, self._lock, self._options, self._console, obstacle
            )
            try:
                report = fetch_all(fetch)
            finally:
                if obstacle is None:
                    remove_leftovers(self.folder)
            self._verified.update(report.entries)
        return report

    def path(self, relative: str) -> Path:
        """Return a file of the folder, verified against the lock.

        Parameters
        ----------
        relative : str
            `Table.data_path` or `Table.codebook_path`.

        Returns
        -------
        Path

        Raises
        ------
        DataError
            If it is missing, was never fetched, or differs from the lock.
        """
        entry, path = self.entry(relative), self.folder / relative
        if relative not in self._verified:
            state = state_of(path, entry)
            if state == "damaged":
                raise damage(self.folder, {relative: entry})
            if state != "sound":
                raise absent(self.folder, [relative])
            self._verified.add(relative)
        return path

    def entry(self, relative: str) -> LockEntry:
        """Return what the lock says of a file.

        Parameters
        ----------
        relative : str
            `Table.data_path` or `Table.codebook_path`.

        Returns
        -------
        LockEntry

        Raises
        ------
        DataError
            If the lock does not know it or is damaged.
        """
        if self._lock is None:
            self._lock = Lock(self.folder / LOCK_NAME, writable=False)
        entry = self._lock.get(relative)
        if entry is None:
            raise absent(self.folder, [relative])
        return entry

    @contextmanager
    def _turn(self) -> Iterator[OSError | None]:
        """Keep other processes out. Yields why the folder cannot be written, if so."""
        if self._options.offline and not self.folder.exists():
            yield FileNotFoundError()
            return
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        turn = FileLock(self.folder / _TURN)
        try:
            turn.acquire(timeout=0)
        except Timeout:
            show(self._console, f"Waiting for another process that fetches into {self.folder}.")
            turn.acquire()
        except OSError as error:
            # A folder that can only be read serves as long as nothing is missing from it.
            yield error
            return
        try:
            remove_leftovers(self.folder)
            yield None
        finally:
            turn.release()
