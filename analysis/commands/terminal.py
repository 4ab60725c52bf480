"""What every command prints with, and how it reads its options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from analysis.cohort.measures import MEASURES
from analysis.errors import InputError
from analysis.study import Study, change_study, check_study, load_study, settings_of

WIDTH = 80
"""Columns of printed tables where the output is not a terminal."""


class Volume(Enum):
    """How much is said on standard error; results on standard output are always the same."""

    QUIET = "errors only"
    NORMAL = "what is being done"
    VERBOSE = "files and times, too"


_VOLUME = ContextVar("volume", default=Volume.NORMAL)


def volume() -> Volume:
    """Tell how much is to be said."""
    return _VOLUME.get()


def volume_of(options: argparse.Namespace) -> Volume:
    """Read from a command's options how much is to be said."""
    if getattr(options, "quiet", False):
        return Volume.QUIET
    return Volume.VERBOSE if getattr(options, "verbose", False) else Volume.NORMAL


@contextmanager
def at(level: Volume) -> Iterator[None]:
    """Say so much within a block."""
    before = _VOLUME.set(level)
    try:
        yield
    finally:
        _VOLUME.reset(before)


def studies_of(options: argparse.Namespace) -> list[Study]:
    """Load and check the studies that a command names, changed and moved where asked.

    Raises
    ------
    InputError
        If one is not in order, or two have one name.
    """
    studies = named_studies(options)
    if getattr(options, "cycles", None) is not None:
        studies = [study.with_cycles(options.cycles) for study in studies]
    for study in studies:
        check_study(study, MEASURES)
    return studies


def named_studies(options: argparse.Namespace) -> list[Study]:
    """Load the studies that a command names, changed where asked, with the cycles of their files.

    Raises
    ------
    InputError
        If one is not in order, or two have one name.
    """
    studies = [load_study(name) for name in options.studies]
    names = [study.name for study in studies]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(f"two studies are named '{twice}'", remedy="They would share a folder.")
    settings = settings_of(getattr(options, "set", None) or [])
    if settings:
        studies = [change_study(study, settings, MEASURES) for study in studies]
        for study in studies:
            tell_changes(study)
    return studies


def tell_changes(study: Study) -> None:
    """Say what is changed of a study's file, and what that leaves out."""
    for change in study.changes:
        line(log(), f"{study.name}: {change}")
    if study.left_out:
        line(log(), f"{study.name}: left out: {'; '.join(study.left_out)}")


def out() -> Console:
    """Open the console of results: standard output."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def log() -> Console:
    """Open the console of progress and notes: standard error, one line a note in a log."""
    quiet = volume() is Volume.QUIET
    console = Console(stderr=True, quiet=quiet)
    return console if console.is_terminal else Console(stderr=True, soft_wrap=True, quiet=quiet)


def line(console: Console, text: str) -> None:
    """Print a line as it is, without markup, colours or wrapping."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def tell_written(console: Console, folder: Path, estimates: int) -> None:
    """Say where a run's estimates and its report are, and in which formats."""
    line(console, f"{estimates:,} estimates: {folder / 'results.csv'}")
    line(console, f"report: {folder / 'report.html'}, .pdf, .docx")


def grid(*columns: str, right: tuple[str, ...] = (), title: str = "") -> Table:
    """Make an empty table in the house style."""
    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in columns:
        # A long name is broken, never cut.
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table
