"""Write a report's files so that a reader never finds half of one."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pandas as pd

from analysis.reporting import csv_tables, docx, latex
from analysis.reporting.document import Report, Table, walk
from analysis.reporting.facts import RunFacts
from analysis.reporting.html import numbering, render
from analysis.reporting.sections import build
from analysis.reporting.typst import render_pdf

BUILDING = ".building-"
STALE_SECONDS = 3600
"""Age from which a temporary folder is taken for left behind; writing takes seconds."""


Builder = Callable[[pd.DataFrame, RunFacts], Report]
"""What makes a report of results and facts."""


@dataclass(frozen=True)
class Made:
    """A report that is made and not yet in its place.

    Parameters
    ----------
    report : Report
    results : DataFrame
        That it tells of.
    folder : Path
        Where its files are, for now.
    """

    report: Report
    results: pd.DataFrame
    folder: Path

    @property
    def sha256(self) -> dict[str, str]:
        """SHA-256 of the files, without those in folders, by their names."""
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


Beside = Callable[[Made], Mapping[str, bytes]]
"""What gives the content of further files of a report, by their names."""


def write_report(
    results: pd.DataFrame,
    facts: RunFacts,
    folder: Path,
    make: Builder = build,
    beside: Beside = lambda made: {},
) -> None:
    """Write ``results.csv``, ``figures/``, ``tables/`` and the report as HTML, PDF and Word.

    Everything is made in a temporary folder within `folder` and moved to its place when it is
    whole, the page last. Temporary folders of runs that were killed are removed first. Other
    files in `folder` are left alone. The same input gives the same
    bytes.

    Parameters
    ----------
    results : DataFrame
        In the form of `analysis.models.results`. Artificial data get one more column in the
        file, ``data``, which says so in each row.
    facts : RunFacts
        Everything that is not an estimate.
    folder : Path
        Made if it is not there.
    make : callable
        What puts the report together; by default that of a study.
    beside : callable
        Gives further files, once all others are made; they are moved to their places with these.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder)
    prefix = f"{BUILDING}{_machine()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(dir=folder, prefix=prefix) as name:
        made = Path(name)
        report = make(results, facts)
        csv = results.assign(data="artificial") if facts.synthetic else results
        csv.to_csv(made / "results.csv", index=False, lineterminator="\n", encoding="utf-8")
        _write_figures(report, made / "figures")
        _write_tables(report, made / "tables")
        (made / "report.docx").write_bytes(docx.render(report))
        (made / "report.html").write_text(render(report), encoding="utf-8", newline="\n")
        (made / "report.pdf").write_bytes(render_pdf(report))
        more = beside(Made(report, results, made))
        for file, content in more.items():
            (made / file).write_bytes(content)
        with _undisturbed():
            for part in ("figures", "tables"):
                _replace_folder(made / part, folder / part, made / f"old-{part}")
            for file in (*more, "results.csv", "report.docx", "report.pdf", "report.html"):
                (made / file).replace(folder / file)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off Ctrl-C and a request to end for the moment in which files take their places."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals go to the main thread
        return
    heard: list[tuple[int, FrameType | None]] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda *told: heard.append(told)) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
    for number, _ in heard[:1]:
        signal.raise_signal(number)


def _machine() -> str:
    """Tell machines (and containers) apart that write to one folder, without naming them."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _remove_stale(folder: Path) -> None:
    """Remove temporary folders that a killed run left; those of running ones stay."""
    for place in sorted(folder.glob(f"{BUILDING}*")):
        if place.is_dir() and not place.is_symlink() and _is_stale(place):
            # Another run may be removing it too.
            shutil.rmtree(place, ignore_errors=True)


def _is_stale(place: Path) -> bool:
    machine, _, rest = place.name.removeprefix(BUILDING).partition("-")
    pid = rest.partition("-")[0]
    if machine == _machine() and pid.isdecimal() and not _runs(int(pid)):
        return True
    try:
        return time.time() - place.stat().st_mtime > STALE_SECONDS
    except FileNotFoundError:
        return False


def _runs(pid: int) -> bool:
    """Whether a process has this number; taken as so where it cannot be asked."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _write_figures(report: Report, folder: Path) -> None:
    folder.mkdir()
    for figure in report.figures:
        drawing = figure.drawing
        for svg, suffix in ((drawing.wide, ""), (drawing.narrow, "-narrow")):
            place = folder / f"{figure.key}{suffix}.svg"
            place.write_text(svg, encoding="utf-8", newline="\n")
        (folder / f"{figure.key}.png").write_bytes(drawing.png)
        data = csv_tables.figure_csv(figure, synthetic=report.synthetic)
        (folder / f"{figure.key}.csv").write_text(data, encoding="utf-8", newline="\n")


def _write_tables(report: Report, folder: Path) -> None:
    """Write each table as CSV, with the mark by which spreadsheets know UTF-8, and as LaTeX."""
    folder.mkdir()
    names = numbering(report)
    tables = (one for section in report.sections for one in walk(section.blocks))
    for table in (one for one in tables if isinstance(one, Table)):
        shown = csv_tables.table_csv(table, synthetic=report.synthetic)
        (folder / f"{table.key}.csv").write_text(shown, encoding="utf-8-sig", newline="\n")
        tex = latex.table_file(table, names.get(table.key, "Table"), synthetic=report.synthetic)
        (folder / f"{table.key}.tex").write_text(tex, encoding="utf-8", newline="\n")


def _replace_folder(new: Path, place: Path, aside: Path) -> None:
    if place.exists() or place.is_symlink():
        place.replace(aside)
    new.replace(place)
