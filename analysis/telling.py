"""Who hears what a run does: a person at a terminal, a log, or nobody."""

from __future__ import annotations

from collections.abc import Callable


class Teller:
    """Hears what a run does, and passes on its lines only.

    Parameters
    ----------
    line : callable, optional
        Given each line; by default nobody is.
    """

    def __init__(self, line: Callable[[str], None] = lambda text: None) -> None:
        self._line = line

    def __call__(self, text: str) -> None:
        """Hear that a stage begins, or what came of one."""
        self._line(text)

    def step(self, what: str, done: int, total: int) -> None:
        """Hear how far a long stage is: `done` of `total`, counted in `what`."""

    def detail(self, text: str) -> None:
        """Hear what only those want who ask for all: files and times."""


def teller(say: Callable[[str], None]) -> Teller:
    """Take a function that is given lines for a teller."""
    return say if isinstance(say, Teller) else Teller(say)
