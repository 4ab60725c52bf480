"""Who watches a long estimation: told how far it is, and free to keep the parts that are done."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.models.plan import Row


class Watch:
    """Lets everything be estimated, and says nothing; those who show or keep more derive from it.

    What a watch does changes no digit.
    """

    def part(self, name: str, make: Callable[[], Iterable[Row]]) -> list[Row]:
        """Give the rows of one part of the results.

        Parameters
        ----------
        name : str
            Of the part, in words; no two parts of a study have the same.
        make : callable
            Estimates them. It may ask for parts of its own.

        Returns
        -------
        list of dict
            What `make` gives, or equal rows.
        """
        return list(make())

    def step(self, what: str, done: int, total: int) -> None:
        """Hear that so many of a part's models are done.

        Parameters
        ----------
        what : str
            What is counted, in words.
        done, total : int
        """
