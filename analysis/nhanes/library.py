"""Many codebooks at once: where a variable occurs, and which variables mention a word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.nhanes.codebook import Codebook, Variable
from analysis.nhanes.cycles import CYCLES, Table

_SHORT = 2
"""Letters of a word that is no part of another one."""


@dataclass(frozen=True)
class Entry:
    """A variable as the codebook of one table describes it.

    Parameters
    ----------
    table : Table
    variable : Variable
    """

    table: Table
    variable: Variable


class Library:
    """Codebooks of many tables.

    Parameters
    ----------
    codebooks : mapping of Table to Codebook
        In any order.
    """

    def __init__(self, codebooks: Mapping[Table, Codebook]) -> None:
        self.codebooks = codebooks

    @cached_property
    def variables(self) -> dict[str, list[Entry]]:
        """Every variable's entries by its name in capitals, by cycle and table."""
        found: dict[str, list[Entry]] = {}
        for table in sorted(self.codebooks, key=lambda table: (table.cycle, table.name)):
            for name, variable in self.codebooks[table].variables.items():
                found.setdefault(name, []).append(Entry(table, variable))
        return found

    def near(self, name: str) -> list[str]:
        """Names spelt like one that is not there, the likeliest first."""
        name = name.upper()
        # DR1TMAGN and DRXTMAGN: what the CDC renames, it renames at the front.
        same_end = [other for other in self.variables if len(name) > 4 and other[3:] == name[3:]]
        alike = difflib.get_close_matches(name, self.variables, n=5, cutoff=0.7)

        def likeness(other: str) -> float:
            return difflib.SequenceMatcher(None, other, name).ratio()

        return sorted({*same_end, *alike}, key=lambda other: (-likeness(other), other))[:5]

    def mentioning(self, words: Sequence[str]) -> dict[str, list[Entry]]:
        """Variables with all of some words in their name, label or text, in any case of letters.

        Parameters
        ----------
        words : sequence of str
            Parts of words do, but for those of one or two letters (the D of vitamin D).

        Returns
        -------
        dict of str to list of Entry
            By name: first those with every word in the name or a label, then the others, each in
            alphabetical order. The entries are all of the variable.
        """
        wanted = [re.compile(_pattern(word), re.IGNORECASE) for word in words]

        def has_all(text: str) -> bool:
            return all(word.search(text) for word in wanted)

        by_label, by_text = [], []
        for name, entries in sorted(self.variables.items()):
            variables = [entry.variable for entry in entries]
            if any(has_all(f"{v.name} {v.label}") for v in variables):
                by_label.append(name)
            elif any(has_all(f"{v.name} {v.label} {v.text}") for v in variables):
                by_text.append(name)
        return {name: self.variables[name] for name in (*by_label, *by_text)}


def _pattern(word: str) -> str:
    escaped = re.escape(word)
    return rf"\b{escaped}\b" if len(word) <= _SHORT else escaped


def spans(cycles: Iterable[str]) -> str:
    """Write cycles in words, those that follow each other as one: ``1999-2004, 2007-2008``.

    Parameters
    ----------
    cycles : iterable of str
        Names of cycles, or `analysis.nhanes.cycles.EVERY_CYCLE`; in any order.
    """
    names = list(CYCLES)
    wanted = set(cycles)
    runs = [[cycle] for cycle in sorted(wanted.difference(names))]
    last = -2
    for place, cycle in enumerate(names):
        if cycle not in wanted:
            continue
        if place == last + 1 and runs:
            runs[-1].append(cycle)
        else:
            runs.append([cycle])
        last = place
    return ", ".join(f"{run[0][:4]}-{run[-1][5:]}" for run in runs)
