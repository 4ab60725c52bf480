"""How wide a table's columns are on paper, and how large its type can be.

A browser lets a reader scroll; on paper a table must fit. Each column needs its longest word, or
its longest number, which never breaks; what is left goes to those with more to say. A table that
does not fit is set in smaller type, and one that does not fit then, across a turned page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from analysis.reporting.document import Cell, Code, Table

PORTRAIT, LANDSCAPE = 476.0, 722.0
"""Width of the text on an A4 page and on one that is turned, in points."""

SIZES = (8.6, 8.0, 7.4, 6.8)
"""Sizes of type to try, in points; the last is that of the smallest print of journals."""

PADDING, GAP, INDENT = 7.0, 7.0, 8.0
"""Points between the words of two columns; more of them where words follow numbers, which meet
there; and before the first words of a row in a group that has a heading."""

_LETTERS = {
    0.30: " !'(),.:;I\\fijl{|}°·’‘",
    0.35: '"-/Jt²³',
    0.40: "*[]`rs“”",
    0.50: "#$0123456789?FS_abceghzvxy~τ",
    0.55: "LP^dknopqu–≥≤µ≈β",
    0.60: "+<=>BERY−×α±",
    0.66: "%CKZ✗",
    0.70: "AGNTUVX",
    0.80: "DHOQmw&—…",
    0.90: "M@✓",
}
_WIDTH = {letter: width for width, letters in _LETTERS.items() for letter in letters}
_OTHER, _FIXED = 1.0, 0.57
"""Widths, in parts of the type's size, of a letter not listed and of one in a fixed-width face."""

_BOLD = 1.08
_MARK = 1.4
_PIECE, _HASH = 17, 32
"""Letters of a long name, and of a hash, that are kept together."""
_PIECES = re.compile(rf"[0-9a-f]{{{_HASH}}}|[^\s_/]{{1,{_PIECE - 1}}}[_/]*|[_/]+|\s+")

_NUMBER, _NAME, _PROSE, _LINE = 15.0, 9.5, 14.0, 60.0
"""In parts of the type's size: the longest number that never breaks, the longest name that should
not, the least that a column of sentences should have, and the longest line that it asks for."""

_SPARE = 3.0
"""Most that is added to a column's width where there is room; wider, the eye loses the row."""


@dataclass(frozen=True)
class Fit:
    """How a table is set.

    Parameters
    ----------
    widths : tuple of float
        Of the columns, in points, with their padding.
    size : float
        Of the type, in points.
    turned : bool
        Whether the page is turned.
    gaps : tuple of float
        Points before each column's words beside the padding.
    height : float
        An estimate of the height of the body, in points.
    squeezed : bool
        True if even numbers must break.
    """

    widths: tuple[float, ...]
    size: float
    turned: bool
    gaps: tuple[float, ...]
    height: float
    squeezed: bool = False


@lru_cache(maxsize=4096)
def width(text: str) -> float:
    """Estimate the width of a text in parts of its size, from Libertinus Serif's own widths."""
    return sum(_WIDTH.get(letter, _OTHER) for letter in text)


def unbroken(cell: Cell) -> bool:
    """Whether a cell of the body is a number that stays on one line."""
    return cell.number and width(cell.text.plain) <= _NUMBER


def pieces(cell: Cell) -> list[str]:
    """Figures that may be set below each other, but not broken within."""
    found = cell.text.plain.replace("; ", ";\n").replace(" (", "\n(").split("\n")
    return [part for piece in found for part in _parts(piece)]


def _parts(piece: str) -> list[str]:
    return [piece] if width(piece) <= _NUMBER else piece.split(" ")


def broken(code: str) -> list[str]:
    """Break hashes and long names, which have no spaces, into pieces that may stand on lines."""
    words = re.findall(r"\s+|\S+", code)
    return [
        piece
        for word in words
        for piece in ([word] if len(word) <= _PIECE else _PIECES.findall(word))
    ]


def fit(table: Table) -> Fit:
    """Choose the widths of a table's columns and the size of its type.

    Parameters
    ----------
    table : Table

    Returns
    -------
    Fit
        The largest type in which names stay on a line; else the largest in which no number breaks
        and no word sticks out. On a turned page only where no type does on an upright one.
    """
    gaps = _gaps(table)
    hard, soft, wanted = _asked(table)
    tries = [
        (least, turned, size)
        for turned in (False, True)
        for least, sizes in ((soft, SIZES[table.stack : 3]), (hard, SIZES))
        for size in sizes
    ]
    for least, turned, size in tries:
        room = (LANDSCAPE if turned else PORTRAIT) - len(least) * PADDING - sum(gaps)
        if sum(least) * size <= room:
            shared = _share(least, [max(w) for w in zip(least, wanted, strict=True)], room / size)
            height = _lines(table, shared) * size * 1.35 + table.lines * 2.5
            points = (s * size + PADDING + g for s, g in zip(shared, gaps, strict=True))
            return Fit(tuple(points), size, turned, gaps, height)
    scale = LANDSCAPE / sum(hard)
    return Fit(
        tuple(w * scale for w in hard), SIZES[-1], True, (0.0,) * len(hard), math.inf, squeezed=True
    )


def _gaps(table: Table) -> tuple[float, ...]:
    rows = [row for group in table.groups for row in group.rows if len(row) == table.columns]
    numbers = [any(row[at].number for row in rows) for at in range(table.columns)]
    found = [0.0 if now or not before else GAP for before, now in pairwise(numbers)]
    return (0.0, *found)


def _share(least: list[float], wanted: list[float], free: float) -> list[float]:
    if sum(wanted) <= free:
        spare = min((free - sum(wanted)) / len(wanted), _SPARE)
        return [width + spare for width in wanted]
    more = [w - n for w, n in zip(wanted, least, strict=True)]
    spare = (free - sum(least)) / sum(more)
    return [n + spare * m for n, m in zip(least, more, strict=True)]


def _placed(row: tuple[Cell, ...]) -> Iterator[tuple[int, Cell]]:
    at = 0
    for cell in row:
        yield at, cell
        at += cell.span


def _asked(table: Table) -> tuple[list[float], list[float], list[float]]:
    """Widths that the columns need at least, that keep names whole, and that they would like."""
    asked = [[1.0] * table.columns for _ in range(3)]
    rows = [(row, True) for row in table.head]
    rows += [(row, False) for group in table.groups for row in group.rows]
    for row, head in rows:
        for at, cell in _placed(row):
            if cell.span == 1:
                for column, needs in zip(asked, _needs(table, cell, head), strict=True):
                    column[at] = max(column[at], needs)
    if any(group.label for group in table.groups):
        for column in asked:
            column[0] += INDENT / SIZES[-1]
    for row, head in rows:
        for at, cell in _placed(row):
            if cell.span > 1:
                needs = _needs(table, cell, head)[0]
                for column in asked:
                    across = slice(at, at + cell.span)
                    lacks = max(needs - sum(column[across]), 0.0) / cell.span
                    column[across] = [width + lacks for width in column[across]]
    return asked[0], asked[1], asked[2]


def _needs(table: Table, cell: Cell, head: bool) -> tuple[float, float, float]:
    plain = cell.text.plain
    if any(isinstance(part, Code) for part in cell.text.parts):
        longest = max((len(piece) for piece in broken(plain)), default=0) * _FIXED
        return longest, longest, min(len(plain) * _FIXED, _LINE)
    bold = _BOLD if head else 1.0
    mark = _MARK if cell.mark else 0.0
    whole = width(plain) * bold + mark
    # A path may break behind a slash, as typst does it.
    words = plain.replace("/", "/ ").split() if whole > _PROSE else plain.split()
    word = max(map(width, words), default=0.0) * bold
    if head:
        return word, word, max(word, min(whole, _NAME))
    if table.stack and cell.number:
        piece = max(width(piece) for piece in pieces(cell))
        return piece, piece, whole
    if unbroken(cell):
        return whole, whole, whole
    word += mark
    return word, max(word, _least_liked(whole, table.stack)), min(whole, _LINE)


def _least_liked(whole: float, words: bool) -> float:
    """Tell the width below which a text of this length reads badly."""
    if whole > 2 * _PROSE:
        return _PROSE
    return whole if whole <= _NAME and not words else 0.0


def _lines(table: Table, widths: list[float]) -> int:
    """Estimate the lines of type that a table takes."""
    rows = [*table.head, *(row for group in table.groups for row in group.rows)]
    labels = sum(bool(group.label) for group in table.groups)
    return labels + sum(
        max(
            math.ceil(width(cell.text.plain) / sum(widths[at : at + cell.span]) - 0.05)
            for at, cell in _placed(row)
        )
        for row in rows
    )
