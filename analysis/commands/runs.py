"""Commands that read data: fetch, cohort, run, demo."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis import pipeline
from analysis.cohort.build import Cohort
from analysis.commands.artificial import require_survey_of
from analysis.commands.compare import verdict_grid
from analysis.commands.progress import StudyTeller
from analysis.commands.terminal import (
    Volume,
    at,
    grid,
    line,
    log,
    out,
    studies_of,
    tell_written,
    volume,
)
from analysis.errors import InputError
from analysis.nhanes.store import Store
from analysis.pipeline import Clock, Settings
from analysis.reporting.index import NAME as INDEX
from analysis.study import Study


def fetch(options: argparse.Namespace) -> None:
    """Download the files of studies."""
    studies = studies_of(options)
    pipeline.fetch(studies, settings_of(options, studies), log())


def cohort(options: argparse.Namespace) -> None:
    """Build cohorts, print their flow, and write them where asked."""
    studies, console = studies_of(options), out()
    if options.write:
        _require_writable(options.write, studies)
    store = pipeline.fetch(studies, settings_of(options, studies), log())
    for study in studies:
        found = pipeline.make_cohort(study, pipeline.read_inputs(study, store).raw)
        console.print(_flow_grid(study, found))
        if options.write:
            frame = found.frame.assign(in_cohort=found.members)
            _write_table(frame, options.write)
            line(console, f"{len(frame):,} rows written to {options.write}")


def run(options: argparse.Namespace) -> None:
    """Run studies from files to reports."""
    studies = studies_of(options)
    settings = settings_of(options, studies)
    require_folder(settings.out)
    clock = Clock()
    with clock.stage("fetch"):
        store = pipeline.fetch(studies, settings, log())
    jobs = min(options.jobs, len(studies))
    if jobs > 1:
        outcomes = _side_by_side(studies, settings, clock, jobs)
    else:
        outcomes = (_run(study, store, settings, clock.copy()) for study in studies)
    for outcome in outcomes:
        _print_outcome(out(), outcome)
    line(out(), f"all reports: {settings.out / INDEX}")


def demo(options: argparse.Namespace) -> None:
    """Make the artificial survey and run studies on it."""
    options.synthetic = True
    options.studies = options.studies or ["deng_2013"]
    run(options)


def settings_of(options: argparse.Namespace, studies: Collection[Study]) -> Settings:
    """Say where the files of studies come from and go to.

    An artificial survey is made where it is asked for, with the cycles that the studies read.
    """
    out = getattr(options, "out", Path("reports"))
    keep = not getattr(options, "fresh", False)
    if options.synthetic:
        if options.mirror:
            raise InputError("--synthetic makes its own files; leave out --mirror")
        return Settings(require_survey_of(options, studies), out, offline=True, keep=keep)
    return Settings(
        data=options.data,
        out=out,
        mirror=options.mirror or os.environ.get("NHANES_MIRROR") or None,
        offline=options.offline,
        accept_revisions=options.accept_revisions,
        keep=keep,
    )


def _run(study: Study, store: Store, settings: Settings, clock: Clock) -> pipeline.Outcome:
    with StudyTeller(log(), study.name) as say:
        return pipeline.run(study, store, settings, say, clock)


def _side_by_side(
    studies: Sequence[Study], settings: Settings, clock: Clock, jobs: int
) -> Iterator[pipeline.Outcome]:
    # Threads may be alive in this process, so workers start afresh instead of as its copies. Ctrl-C
    # is for this process alone: workers ignore it from their first moment, as they inherit that.
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pool = get_context("spawn").Pool(jobs)
    finally:
        signal.signal(signal.SIGINT, heard)
    # On any error, Ctrl-C among them, leaving the block tells the workers to stop.
    with pool:
        yield from pool.imap(partial(_run_one, settings, clock, volume()), studies, chunksize=1)


def _run_one(settings: Settings, clock: Clock, level: Volume, study: Study) -> pipeline.Outcome:
    # Told to stop in the middle of a study, a worker unwinds what it is writing, so that nothing
    # half is left; before and after it simply ends.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        # The files are there and checked; a worker opens them without asking the network again.
        offline = replace(settings, offline=True, accept_revisions=False)
        with at(level):
            store = pipeline.store_of(offline, log())
            # Bars of several processes would draw over each other.
            say = StudyTeller(log(), study.name, bars=False)
            return pipeline.run(study, store, settings, say, clock)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _require_writable(path: Path, studies: Sequence[Study]) -> None:
    if len(studies) > 1:
        raise InputError("--write takes one study at a time")
    if path.suffix not in (".csv", ".parquet"):
        raise InputError(f"--write {path}: the name must end in .csv or .parquet")
    if not path.parent.is_dir():
        raise InputError(f"--write {path}: there is no folder {path.parent}")


def require_folder(folder: Path) -> None:
    """Find out before a long run, not after it, that its reports have nowhere to go."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not _can_hold(there):
        what = "is not a folder" if not there.is_dir() else "cannot be written"
        raise InputError(
            f"cannot write the report: {there} {what}",
            where=str(folder),
            remedy="Choose another folder with --out.",
        )


def _can_hold(folder: Path) -> bool:
    """Try to make a folder within one: permissions alone do not tell, say in /proc."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".try-"):
            return True
    except OSError:
        return False


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".csv":
            frame.to_csv(temporary, index=False)
        else:
            frame.to_parquet(temporary, index=False)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _flow_grid(study: Study, found: Cohort) -> Table:
    numbers = ("People", "Left out", "Represented")
    table = grid("Step", *numbers, right=numbers, title=study.title)
    weights = found.frame["weight"].to_numpy()
    before: int | None = None
    for step in found.steps:
        people = int(step.kept.sum())
        left = "" if before is None else f"{before - people:,}"
        table.add_row(Text(step.label), f"{people:,}", left, f"{weights[step.kept].sum():,.0f}")
        before = people
    return table


def _print_outcome(console: Console, outcome: pipeline.Outcome) -> None:
    if len(outcome.verdicts):
        table = verdict_grid(outcome.study, outcome.verdicts, artificial=outcome.artificial)
        console.print(table)
    tell_written(console, outcome.folder, len(outcome.results))
