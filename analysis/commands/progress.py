"""How far a run is: a bar on a terminal, lines in a log, nothing where all is to be quiet."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from analysis.commands.terminal import Volume, line, volume
from analysis.telling import Teller

EVERY = 15.0
"""Seconds between lines about one stage where there is no terminal."""


class StudyTeller(Teller):
    """Tells of one study's run on a console; used as a context manager.

    Parameters
    ----------
    console : Console
        Of notes: standard error.
    study : str
        Its name, with which every line begins.
    bars : bool
        Draw a bar where the console is a terminal: for the only run that writes to it.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        console: Console,
        study: str,
        *,
        bars: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._console, self._study, self._clock = console, study, clock
        self._told = clock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if bars and console.is_terminal and not console.quiet:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn(
                    "{task.description}",
                    markup=False,
                    table_column=Column(ratio=3, no_wrap=True, overflow="ellipsis"),
                ),
                BarColumn(bar_width=None, table_column=Column(ratio=2, min_width=8)),
                TextColumn("{task.fields[done]}", markup=False),
                TimeElapsedColumn(),
                console=console,
                transient=True,
                expand=True,
            )

    def __enter__(self) -> StudyTeller:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, text: str) -> None:
        """Print a line, and begin the bar of a new stage."""
        self._print(text)
        self._show(text, "", None, None)

    def step(self, what: str, done: int, total: int) -> None:
        """Move the bar; in a log, say from time to time how far it is."""
        self._show(what, f"{done:,}/{total:,}", done, total)
        if self._bar is None and self._clock() - self._told >= EVERY:
            self._print(f"{done:,} of {total:,} {what}")

    def detail(self, text: str) -> None:
        """Print a line for those who asked for all."""
        if volume() is Volume.VERBOSE:
            self._print(text)

    def _print(self, text: str) -> None:
        self._told = self._clock()
        line(self._console, f"{self._study}: {text}")

    def _show(self, what: str, done: str, completed: int | None, total: int | None) -> None:
        if self._bar is None:
            return
        if self._task is None:
            self._task = self._bar.add_task(what, total=total, done=done)
        elif self._bar.tasks[0].description != what:
            self._bar.reset(self._task, total=total, done=done, description=what)
        self._bar.update(self._task, total=total, completed=completed, done=done)
