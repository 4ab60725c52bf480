"""How a table and its variables are described: for the transport file and for the codebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EVERYONE = "Both males and females 0 YEARS - 150 YEARS"


@dataclass(frozen=True)
class Variable:
    """A variable and how its codebook counts it.

    Parameters
    ----------
    name, label : str
        SAS name and label.
    text : str
        What it is, in a sentence.
    codes : tuple of (float or str, str, str)
        Code (a letter in a text), description, and the item to skip to (or ""). Each has a line in
        the codebook, be its count zero.
    ranged : bool
        Whether values other than the codes are numbers on a scale, counted in one line.
    counted : bool
        False for identifiers, of which the codebook prints no counts.
    target : str
        Who was asked.
    width : int
        Characters of a text; 0 for a number.
    """

    name: str
    label: str
    text: str
    codes: tuple[tuple[float | str, str, str], ...] = ()
    ranged: bool = False
    counted: bool = True
    target: str = EVERYONE
    width: int = 0


@dataclass(frozen=True)
class TableLayout:
    """One table in one cycle.

    Parameters
    ----------
    name : str
        With the cycle's suffix.
    title : str
        For the head of its codebook.
    eligible : str
        Whose rows it holds.
    variables : tuple of Variable
        In the file's order.
    """

    name: str
    title: str
    eligible: str
    variables: tuple[Variable, ...]


def coded(name: str, label: str, text: str, codes: str, target: str = EVERYONE) -> Variable:
    """Make a variable from "1 = Yes -> NEXT | 2 = No"."""
    return Variable(name, label, text, _codes(codes), target=target)


def _codes(codes: str) -> tuple[tuple[float | str, str, str], ...]:
    lines: list[tuple[float | str, str, str]] = []
    for line in codes.split(" | "):
        code, _, rest = line.partition(" = ")
        description, _, skip = rest.partition(" -> ")
        lines.append((code if code.isalpha() else float(code), description, skip))
    return tuple(lines)


def read_variable(entry: Mapping[str, Any]) -> Variable:
    """Make a variable from its entry in `later_tables.toml`."""
    return Variable(
        entry["name"],
        entry["label"],
        entry["text"],
        _codes(entry["codes"]) if "codes" in entry else (),
        ranged=entry.get("range", False),
        target=entry.get("target", EVERYONE),
        width=entry.get("width", 0),
    )


def number(name: str, label: str, text: str, codes: str = "", target: str = EVERYONE) -> Variable:
    """Make a variable on a scale, with codes beside it if there are any."""
    return Variable(name, label, text, _codes(codes) if codes else (), True, target=target)


def text(name: str, label: str, what: str, width: int) -> Variable:
    """Make a variable of text, of so many characters."""
    return Variable(name, label, what, width=width)


def aged(first: int, who: str = "Both males and females") -> str:
    """Say who was asked, from an age on."""
    return f"{who} {first} YEARS - 150 YEARS"


SEQN = Variable(
    "SEQN", "Respondent sequence number", "Number of the artificial person.", counted=False
)
