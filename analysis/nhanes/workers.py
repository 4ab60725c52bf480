"""Doing the same to many things at once, and stopping all of it promptly."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_GRACE = 3.0
"""Seconds that workers get to notice a stop. Whatever they do later is without effect."""


class Stopped(Exception):
    """Work was stopped because other work failed or the user interrupted it."""


class Stop:
    """A request to stop, with the means to wake those who wait for a server."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._mutex = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []

    def set(self) -> None:
        """Ask everybody to stop and interrupt what they wait for."""
        self._event.set()
        with self._mutex:
            for interrupt in self._interrupts:
                # A connection that has just ended needs no interruption.
                with suppress(Exception):
                    interrupt()

    def check(self) -> None:
        """Raise `Stopped` once a stop was asked for."""
        if self._event.is_set():
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond a stop, which raises `Stopped`."""
        self._event.wait(seconds)
        self.check()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Within the block, a stop calls `interrupt` from another thread."""
        with self._mutex:
            self._interrupts.append(interrupt)
        try:
            self.check()
            yield
        finally:
            with self._mutex:
                self._interrupts.remove(interrupt)


def run_parallel(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, stop: Stop
) -> list[Result]:
    """Apply a function to each item, several at a time.

    Parameters
    ----------
    function : callable
        Must look at `stop` itself where it takes long.
    items : sequence
        Begun in this order.
    workers : int
        How many at a time.
    stop : Stop
        Set on the first error, and on an interruption by the user.

    Returns
    -------
    list
        Results in the order of the items.

    Raises
    ------
    Exception
        The first that `function` raised; those that follow from it are not told.

    Notes
    -----
    The threads are daemons: one that hangs in a connection must not keep the process from ending
    after Ctrl-C, as those of concurrent.futures would.
    """
    remedy = queue.SimpleQueue[tuple[int, Item]]()
    done = queue.SimpleQueue[tuple[int, Result | None, BaseException | None]]()
    for numbered in enumerate(items):
        remedy.put(numbered)

    def work() -> None:
        with suppress(queue.Empty):
            while True:
                number, item = remedy.get_nowait()
                try:
                    stop.check()
                    done.put((number, function(item), None))
                except BaseException as error:
                    done.put((number, None, error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(items)))]
    try:
        for thread in threads:
            thread.start()
        return _collect(done, len(items))
    except BaseException:
        stop.set()
        deadline = time.monotonic() + _GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        raise


def _collect(
    done: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]], count: int
) -> list[Result]:
    results: dict[int, Result] = {}
    while len(results) < count:
        try:
            # With a time-out, so that Ctrl-C is noticed on every system.
            number, result, error = done.get(timeout=0.5)
        except queue.Empty:
            continue
        if error is not None:
            raise error
        results[number] = result  # type: ignore[assignment]
    return [results[number] for number in range(count)]
