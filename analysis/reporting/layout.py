"""How wide a table's columns are in Word and LaTeX, which do not find out by themselves.

`columns` does this for the PDF, in its own face and with its own ways to break a line. Here
widths are in points, estimated from the advance widths of a humanist sans (Calibri, and Carlito,
which has the same), in thousandths of the type size; that is near enough to choose between
upright and lying pages and to share out room between columns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analysis.reporting.document import Cell, Code, Part, Strong, Table, Text, text

UPRIGHT, LYING = 481.9, 728.5
"""Width of the text on A4 with margins of 2 cm."""

SIZES = (8.5, 8.0, 7.5, 7.0)
"""Sizes of type that a table is tried in, before it is laid on its side."""

PADDING = 8.0
"""Left and right of a cell together."""

INDENT = 7.0
"""Of the rows below the heading of a group."""

SPARE = 1.04
"""Estimates are a little generous: a number that breaks is worse than a wide column."""

WORDY = 76.0
"""A column of words is not narrower than this if it has as much to say."""

TALL = 2.2
"""A table that takes more than so many times the lines upright that it takes lying is laid."""

FIRST = 105.0
"""As `WORDY`, for the first column, which names the rows."""

STRETCH = 1.45
"""A table of little text is not set wider than so many times what it needs."""

MONO = 0.6
"""Advance of a letter of a fixed-width face, in type sizes."""

_ADVANCE = {
    **dict.fromkeys("0123456789", 507), **dict.fromkeys(" .,:;'|!iljI", 240),
    **dict.fromkeys("()[]-frt/", 320), **dict.fromkeys("mMwW@%", 800), "–": 498, "—": 906,
}  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """How a table is set.

    Parameters
    ----------
    widths : tuple of float
        Of its columns, in points.
    size : float
        Of its type.
    lying : bool
        Whether it needs a page on its side.
    """

    widths: tuple[float, ...]
    size: float
    lying: bool


def width_of(words: str, size: float) -> float:
    """Estimate the width of a line of text."""
    return _units(words) * size * SPARE / 1000


@lru_cache(maxsize=8192)
def _units(words: str) -> int:
    return sum(_ADVANCE.get(letter, 590 if letter.isupper() else 500) for letter in words)


def lines_of(words: Text) -> list[Text]:
    """Split text into lines as the page does: a new one after words that stand out."""
    lines: list[list[Part]] = [[]]
    for part in words.parts:
        if lines[-1] and isinstance(lines[-1][-1], Strong):
            lines.append([part.lstrip() if isinstance(part, str) else part])
        else:
            lines[-1].append(part)
    return [text(*line) for line in lines]


def fit(table: Table) -> Fit:
    """Choose widths, size and page of a table.

    Parameters
    ----------
    table : Table

    Returns
    -------
    Fit
        Upright in the largest size whose columns fit, else lying; lying too where words would run
        down the page in narrow columns. Where nothing fits, columns are narrowed in proportion.
    """
    for room, lying in ((UPRIGHT, False), (LYING, True)):
        for size in SIZES:
            least, most = _bounds(table, size)
            if sum(least) > room:
                continue
            found = Fit(_shared(least, most, room), size, lying)
            wide = Fit(_shared(least, most, LYING), size, True)
            squeezed = sum(most) > room and not lying
            if squeezed and lines_on_paper(table, found) > TALL * lines_on_paper(table, wide):
                return wide
            return found
    return Fit(tuple(width * LYING / sum(least) for width in least), SIZES[-1], True)


def lines_on_paper(table: Table, chosen: Fit) -> int:
    """Estimate how many lines of type a table takes, with cells that wrap."""
    found = sum(bool(group.label) for group in table.groups)
    for row, _, indent in _rows(table):
        most = 1
        for cell, columns in _placed(row):
            room = sum(chosen.widths[column] for column in columns) - PADDING
            room -= 0.0 if columns.start else indent
            broken = (math.ceil(_width(line, chosen.size) / room) for line in lines_of(cell.text))
            most = max(most, sum(broken))
        found += most
    return found


def _shared(least: Sequence[float], most: Sequence[float], room: float) -> tuple[float, ...]:
    if sum(most) <= room:
        factor = min(room / sum(most), STRETCH)
        return tuple(width * factor for width in most)
    spread = sum(most) - sum(least)
    given = (room - sum(least)) / spread
    return tuple(low + (high - low) * given for low, high in zip(least, most, strict=True))


def _bounds(table: Table, size: float) -> tuple[list[float], list[float]]:
    """Find the least and the most that each column can use."""
    least, most = [0.0] * table.columns, [0.0] * table.columns
    spanning: list[tuple[range, float]] = []
    for row, heading, indent in _rows(table):
        for cell, columns in _placed(row):
            first = columns.start == 0
            wordy = FIRST if first else WORDY
            found = _cell_bounds(cell, size, wordy, stack=table.stack, heading=heading)
            low, high = (bound + (indent if first else 0.0) for bound in found)
            if cell.span > 1:
                spanning.append((columns, low))
                continue
            least[columns.start] = max(least[columns.start], low)
            most[columns.start] = max(most[columns.start], high)
    for columns, low in spanning:
        missing = (low - sum(least[column] for column in columns)) / len(columns)
        for column in columns:
            least[column] += max(missing, 0.0)
    return least, [max(pair) for pair in zip(least, most, strict=True)]


def _rows(table: Table) -> Iterator[tuple[Sequence[Cell], bool, float]]:
    """Give every row, whether it is a heading, and how far its first cell is set in."""
    for row in table.head:
        yield row, True, 0.0
    for group in table.groups:
        for row in group.rows:
            yield row, False, INDENT if group.label else 0.0


def _placed(row: Sequence[Cell]) -> Iterator[tuple[Cell, range]]:
    start = 0
    for cell in row:
        yield cell, range(start, start + cell.span)
        start += cell.span


def _cell_bounds(
    cell: Cell, size: float, wordy: float, *, stack: bool, heading: bool
) -> tuple[float, float]:
    lines = lines_of(cell.text)
    mark = 1.4 * size if cell.mark else 0.0
    whole = max(_width(line, size) for line in lines) + PADDING + mark
    if cell.number and not heading:
        if stack and whole > wordy:
            pieces = cell.text.plain.replace("; ", ";\n").replace(" (", "\n(").split("\n")
            return max(width_of(piece, size) for piece in pieces) + PADDING, whole
        return whole, whole
    if heading and len(lines) > 1:
        return whole, whole
    # Hashes and addresses have no place to break; a third of a page is enough for them.
    word = min(_longest(cell.text, size) + PADDING + mark, UPRIGHT / 3)
    # Words over numbers may stand in several lines, and say how wide they would be in two.
    if heading:
        return word, max(word, whole / 2)
    return max(word, min(whole, wordy)), whole


def _width(line: Text, size: float) -> float:
    return sum(_part_width(text(part).plain, part, size) for part in line.parts)


def _longest(words: Text, size: float) -> float:
    """Width of the longest word."""
    return max(
        (
            _part_width(word, part, size)
            for part in words.parts
            for word in re.split(r"[\s/]+", text(part).plain)
        ),
        default=0.0,
    )


def _part_width(words: str, part: Part, size: float) -> float:
    return len(words) * MONO * size if isinstance(part, Code) else width_of(words, size)
