"""What a user sees while files are fetched: bars on a terminal, a line a file elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text


class FetchProgress:
    """The progress of one fetch, used as a context manager.

    Parameters
    ----------
    console : Console
        Where to show it, usually on standard error.
    files : int
        How many files are to be fetched.
    """

    def __init__(self, console: Console, files: int) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._overall: TaskID | None = None
        if files and console.is_terminal:
            self._bars = Progress(
                TextColumn(
                    "{task.description}",
                    table_column=Column(ratio=3, no_wrap=True, overflow="ellipsis"),
                ),
                BarColumn(bar_width=None, table_column=Column(ratio=2, min_width=8)),
                _Amount(),
                TimeRemainingColumn(compact=True),
                console=console,
                transient=True,
                expand=True,
            )
            self._overall = self._bars.add_task("[bold]All files", total=files, unit="files")

    def __enter__(self) -> FetchProgress:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bars:
            self._bars.stop()

    def begin(self, name: str) -> FileProgress:
        """Show that a file is about to be transferred."""
        task = self._bars.add_task(escape(name), total=None, unit="bytes") if self._bars else None
        return FileProgress(self, name, self._bars, task)

    def finish(self, name: str, size: int) -> None:
        """Count a file as done."""
        if self._bars and self._overall is not None:
            self._bars.advance(self._overall)
        else:
            show(self._console, f"fetched {name} ({readable_size(size)})")


class FileProgress:
    """The progress of one file, used as a context manager. See `FetchProgress.begin`."""

    def __init__(
        self, whole: FetchProgress, name: str, bars: Progress | None, task: TaskID | None
    ) -> None:
        self._whole, self._name, self._bars, self._task = whole, name, bars, task
        self._bytes = 0

    def __enter__(self) -> FileProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bars and self._task is not None:
            self._bars.remove_task(self._task)

    def restart(self, length: int | None) -> None:
        """Begin a transfer, which may be one of several of the same file."""
        self._bytes = 0
        if self._bars and self._task is not None:
            self._bars.reset(self._task, total=length)

    def advance(self, count: int) -> None:
        """Count bytes that have arrived."""
        self._bytes += count
        if self._bars and self._task is not None:
            self._bars.advance(self._task, count)

    def note(self, text: str) -> None:
        """Say beside the bar why there is more to do."""
        if self._bars and self._task is not None:
            self._bars.update(self._task, description=f"{escape(self._name)} [dim]{escape(text)}")

    def finish(self) -> None:
        """Count the file as done."""
        self._whole.finish(self._name, self._bytes)


class _Amount(ProgressColumn):
    """Bytes of a file, or files of all."""

    _bytes = DownloadColumn()

    def render(self, task: Task) -> Text:
        if task.fields.get("unit") == "files":
            return Text(f"{task.completed:.0f}/{task.total:.0f} files", style="progress.download")
        return self._bytes.render(task) if task.total is not None else Text()


def show(console: Console, text: str) -> None:
    """Print a line as it is: no markup, no colours, no folding of long paths."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def readable_size(count: int) -> str:
    """Return a number of bytes for people, in decimal units, for example ``"3.3 MB"``."""
    if count < 1_000_000:
        return f"{count / 1000:,.0f} kB"
    return f"{count / 1_000_000:,.1f} MB"
