"""How wide a table's columns are on paper, and how large its type can be.

A browser lets a reader scroll; on paper a table must fit. Each column needs its longest word, or
its longest number, which never breaks; what is left goes to those with more to say. A table that
does not fit is set in smaller type, and one that does not fit then, across a turned page. The PDF
(`PDF`), Word and LaTeX (`WORD`) differ in face and page alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from analysis.reporting.document import Cell, Code, Part, Strong, Table, Text, text


@dataclass(frozen=True, eq=False)
class Face:
    """Widths of the letters of a typeface, in parts of the type's size.

    Parameters
    ----------
    letters : mapping of float to str
        The letters that are about so wide.
    bold : float
        How many times as wide bold type is.
    fixed : float
        Of each letter of the fixed-width face set beside it.
    """

    letters: Mapping[float, str]
    bold: float
    fixed: float

    def width(self, words: str) -> float:
        """Estimate the width of words in parts of their size."""
        return _width(self, words)


@lru_cache(maxsize=8192)
def _width(face: Face, words: str) -> float:
    widths = _widths(face)
    return sum(widths.get(letter, 1.0) for letter in words)


@lru_cache(maxsize=4)
def _widths(face: Face) -> dict[str, float]:
    return {letter: width for width, letters in face.letters.items() for letter in letters}


LIBERTINUS = Face(
    {
        0.30: " \N{NO-BREAK SPACE}!'(),.:;I\\fijl{|}°·’‘",
        0.35: '"-/Jt²³',
        0.40: "*[]`rs“”",
        0.50: "#$0123456789?FS_abceghzvxy~τ",
        0.55: "LP^dknopqu–≥≤µ≈β",
        0.60: "+<=>BERY−×α±",
        0.66: "%CKZ✗",
        0.70: "AGNTUVX",
        0.80: "DHOQmw&—…",
        0.90: "M@✓",
    },
    bold=1.08,
    fixed=0.57,
)
"""Libertinus Serif, with DejaVu Sans Mono a little reduced."""

CALIBRI = Face(
    {
        0.25: " \N{NO-BREAK SPACE}',ijl’‘",
        0.31: "()-.:;I[]`f·",
        0.36: "!Jrt{}°²³",
        0.40: "/\\szτ",
        0.46: '"FLSckvxy“”',
        0.51: "#*+<=>?ETYZ^_aeg|~–≥≤≈−×±0123456789$é",
        0.53: "KPXbdhnopquüö",
        0.56: "BCRµβ",
        0.60: "AVα",
        0.65: "DGHNU",
        0.70: "OQ%&w…",
        0.82: "mM✓✗",
        0.91: "@W—",
    },
    bold=1.04,
    fixed=0.60,
)
"""Calibri, and Carlito, which is set instead where Calibri is not there."""


@dataclass(frozen=True, eq=False)
class Paper:
    """A page and the type that it is set in.

    Parameters
    ----------
    upright, turned : float
        Width of the text, in points.
    sizes : tuple of float
        Sizes of type to try, in points; the last is that of the smallest print of journals.
    padding, gap, indent : float
        Points between the words of two columns; more of them where words follow numbers, which
        meet there; and before the first words of a row in a group that has a heading.
    face : Face
    joints : bool
        Whether a long name may break at its own joints, and a hash anywhere.
    stands : bool
        Whether words that stand out have a line of their own.
    """

    upright: float
    turned: float
    sizes: tuple[float, ...]
    padding: float
    gap: float
    indent: float
    face: Face
    joints: bool
    stands: bool


PDF = Paper(
    476.0, 722.0, (8.6, 8.0, 7.4, 6.8), padding=7.0, gap=7.0, indent=8.0, face=LIBERTINUS,
    joints=True, stands=False,
)  # fmt: skip
"""A4 as `typst` sets it."""

WORD = Paper(
    481.9, 728.5, (8.5, 8.0, 7.5, 7.0), padding=8.0, gap=6.0, indent=7.0, face=CALIBRI,
    joints=False, stands=True,
)  # fmt: skip
"""A4 with margins of 2 cm."""

_MARK = 1.4
_PIECE, _HASH = 17, 32
"""Letters of a long name, and of a hash, that are kept together."""
_PIECES = re.compile(rf"[0-9a-f]{{{_HASH}}}|[^\s_/(]{{1,{_PIECE - 1}}}[_/(]*|[_/(]+|\s+")
_JOINTS = re.compile(r" (?=/ |%|CI\))|(?<=/) ")
"""Spaces of a heading at which no line ends."""

_NUMBER, _VERDICT, _NAME, _PROSE, _LINE = 15.0, 11.0, 9.5, 14.0, 60.0
"""In parts of the type's size: the longest number and verdict that never break, the longest name
that should not, the least that a column of sentences should have, and the longest line that it asks
for."""

_SPARE = 3.0
"""Most that is added to a column's width where there is room; wider, the eye loses the row."""

_SPARED = 0.75
"""Smaller type is taken where it leaves no more than so many of the lines."""

_POURS, _AT_ONCE, _HIGHEST = 32, (1, 3, 8), 4
"""In how many portions room is given to columns, how many a column may get at once, and how much
the highest cell of a row counts."""


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
    lines : float
        An estimate of the lines of type, with cells that wrap.
    height : float
        An estimate of the height of the body, in points.
    squeezed : bool
        True if even numbers must break.
    """

    widths: tuple[float, ...]
    size: float
    turned: bool
    gaps: tuple[float, ...]
    lines: float
    height: float
    squeezed: bool = False


def joined(words: str) -> str:
    """Keep together what reads badly on two lines of a heading: ``events / n``, ``(95% CI)``."""
    return _JOINTS.sub("\N{NO-BREAK SPACE}", words)


def unbroken(cell: Cell, paper: Paper) -> bool:
    """Whether a cell of the body is a number that stays on one line."""
    return cell.number and paper.face.width(cell.text.plain) <= _NUMBER


def pieces(cell: Cell, paper: Paper) -> list[str]:
    """Figures that may be set below each other, but not broken within."""
    found = cell.text.plain.replace("; ", ";\n").replace(" (", "\n(").split("\n")
    return [part for piece in found for part in _parts(piece, paper)]


def _parts(piece: str, paper: Paper) -> list[str]:
    return [piece] if paper.face.width(piece) <= _NUMBER else piece.split(" ")


def broken(code: str) -> list[str]:
    """Break hashes and long names, which have no spaces, into pieces that may stand on lines."""
    words = re.findall(r"\s+|\S+", code)
    return [
        piece
        for word in words
        for piece in ([word] if len(word) <= _PIECE else _PIECES.findall(word))
    ]


def lines_of(words: Text) -> list[Text]:
    """Split text into lines: a new one after words that stand out."""
    lines: list[list[Part]] = [[]]
    for part in words.parts:
        if lines[-1] and isinstance(lines[-1][-1], Strong):
            lines.append([part.lstrip() if isinstance(part, str) else part])
        else:
            lines[-1].append(part)
    return [text(*line) for line in lines]


def fit(table: Table, paper: Paper) -> Fit:
    """Choose the widths of a table's columns and the size of its type.

    Parameters
    ----------
    table : Table
    paper : Paper
        What it is set on.

    Returns
    -------
    Fit
        The largest type in which names stay on a line; else the largest in which no number breaks
        and no word sticks out, unless a smaller one saves many lines. On a turned page only where
        no type does on an upright one.
    """
    hard, soft, wanted = _asked(table, paper)
    sizes = paper.sizes
    for turned in (False, True):
        for least, some in ((soft, sizes[table.stack : 3]), (hard, sizes)):
            found = [_set(table, paper, least, wanted, size, turned) for size in some]
            made = [each for each in found if each]
            if made:
                spared = (each for each in made if each.lines <= _SPARED * made[0].lines)
                return next((each for each in spared if each.size != sizes[-1]), made[0])
    scale = paper.turned / sum(hard)
    widths, none = tuple(w * scale for w in hard), (0.0,) * len(hard)
    return Fit(widths, sizes[-1], True, none, math.inf, math.inf, squeezed=True)


def _set(
    table: Table, paper: Paper, least: list[float], wanted: list[float], size: float, turned: bool
) -> Fit | None:
    """Set a table in a size of type, if it fits."""
    gaps = _gaps(table, paper)
    room = (paper.turned if turned else paper.upright) - len(least) * paper.padding - sum(gaps)
    if sum(least) * size > room:
        return None
    wanted = [max(w) for w in zip(least, wanted, strict=True)]
    shared = _share(table, least, wanted, room / size, paper)
    lines = _lines(table, shared, paper)
    points = (s * size + paper.padding + g for s, g in zip(shared, gaps, strict=True))
    height = lines * size * 1.35 + table.lines * 2.5
    return Fit(tuple(points), size, turned, gaps, lines, height)


def _gaps(table: Table, paper: Paper) -> tuple[float, ...]:
    rows = [row for group in table.groups for row in group.rows if len(row) == table.columns]
    numbers = [any(row[at].number for row in rows) for at in range(table.columns)]
    found = [0.0 if now or not before else paper.gap for before, now in pairwise(numbers)]
    return (0.0, *found)


def _share(
    table: Table, least: list[float], wanted: list[float], free: float, paper: Paper
) -> list[float]:
    """Give each column what it would like, or what there is to those that make rows high."""
    if sum(wanted) <= free:
        spare = min((free - sum(wanted)) / len(wanted), _SPARE)
        return [width + spare for width in wanted]
    wholes, most, widths = _wholes(table, paper), np.array(wanted), np.array(least)
    portion = (free - sum(least)) / _POURS
    while (left := free - widths.sum()) > 0.01:
        high = _high(wholes, widths)
        moves = [
            (at, more)
            for at, lacks in enumerate(most - widths)
            for more in sorted({min(lacks, left, times * portion) for times in _AT_ONCE})
            if more > 0
        ]
        gains = [
            (high - _high(wholes, widths + more * (np.arange(len(least)) == at))) / more
            for at, more in moves
        ]
        at, more = moves[int(np.argmax(gains))]
        widths[at] += more
    return [float(width) for width in widths]


def _high(wholes: np.ndarray, widths: np.ndarray) -> float:
    """Tell how high rows are, smoothly: a cell that fits on a line counts for less at once."""
    times = wholes / widths
    lines = np.where(times <= 1.0, 1.0, times + 0.5)
    return float(((lines**_HIGHEST).sum(axis=1) ** (1 / _HIGHEST)).sum())


def _wholes(table: Table, paper: Paper) -> np.ndarray:
    """Width that each cell of one column has on one line."""
    rows = [(row, True) for row in table.head]
    rows += [(row, False) for group in table.groups for row in group.rows]
    found = np.zeros((len(rows), table.columns))
    for line, (row, head) in enumerate(rows):
        for at, cell in placed(row):
            if cell.span == 1:
                found[line, at] = _whole(cell, head, paper)
    if any(group.label for group in table.groups):
        found[:, 0] += paper.indent / paper.sizes[-1]
    return found


def _whole(cell: Cell, head: bool, paper: Paper) -> float:
    """Width of a cell on one line, or of its longer line where it has two."""
    if any(isinstance(part, Code) for part in cell.text.parts):
        return len(cell.text.plain) * paper.face.fixed
    bold = paper.face.bold if head or cell.mark else 1.0
    lines = [paper.face.width(line.plain) for line in _set_lines(cell, paper)]
    return max(lines) * bold + (_MARK if cell.mark else 0.0)


def placed(row: tuple[Cell, ...]) -> Iterator[tuple[int, Cell]]:
    """Give the cells of a row with the first column that each covers."""
    at = 0
    for cell in row:
        yield at, cell
        at += cell.span


def _asked(table: Table, paper: Paper) -> tuple[list[float], list[float], list[float]]:
    """Widths that the columns need at least, that keep names whole, and that they would like."""
    asked = [[1.0] * table.columns for _ in range(3)]
    rows = [(row, True) for row in table.head]
    rows += [(row, False) for group in table.groups for row in group.rows]
    for row, head in rows:
        for at, cell in placed(row):
            if cell.span == 1:
                for column, needs in zip(asked, _needs(table, cell, head, paper), strict=True):
                    column[at] = max(column[at], needs)
    if any(group.label for group in table.groups):
        for column in asked:
            column[0] += paper.indent / paper.sizes[-1]
    for row, head in rows:
        for at, cell in placed(row):
            if cell.span > 1:
                needs = _needs(table, cell, head, paper)[0]
                for column in asked:
                    across = slice(at, at + cell.span)
                    lacks = max(needs - sum(column[across]), 0.0) / cell.span
                    column[across] = [width + lacks for width in column[across]]
    return asked[0], asked[1], asked[2]


def _needs(table: Table, cell: Cell, head: bool, paper: Paper) -> tuple[float, float, float]:
    plain, whole = cell.text.plain, _whole(cell, head, paper)
    if any(isinstance(part, Code) for part in cell.text.parts):
        longest = _longest_name(plain, paper)
        return longest, longest, max(longest, min(whole, _LINE))
    if head:
        word = max(map(paper.face.width, joined(plain).split(" ")), default=0.0) * paper.face.bold
        # A line below words that stand out is a range, which reads badly in two.
        two = len(_set_lines(cell, paper)) > 1
        return (whole,) * 3 if two else (word, word, max(word, min(whole, _NAME)))
    if table.stack and cell.number:
        piece = max(map(paper.face.width, pieces(cell, paper)))
        figure = max(map(paper.face.width, plain.replace("; ", ";\n").split("\n")))
        return piece, max(piece, figure if figure <= _NUMBER else 0.0), whole
    if unbroken(cell, paper) or (cell.mark and whole <= _VERDICT):
        return whole, whole, whole
    # A path may break behind a slash.
    words = plain.replace("/", "/ ").split() if whole > _PROSE else plain.split()
    word = max(map(paper.face.width, words), default=0.0)
    return word, max(word, _least_liked(whole, table.stack)), min(whole, _LINE)


def _longest_name(code: str, paper: Paper) -> float:
    """Width of the longest piece of names and hashes."""
    if paper.joints:
        return max(map(len, broken(code)), default=0) * paper.face.fixed
    # Without joints a word is broken anywhere; a third of a page is enough for it.
    whole = max(map(len, code.replace("/", "/ ").split()), default=0) * paper.face.fixed
    return min(whole, paper.upright / 3 / paper.sizes[0])


def _set_lines(cell: Cell, paper: Paper) -> list[Text]:
    return lines_of(cell.text) if paper.stands else [cell.text]


def _least_liked(whole: float, words: bool) -> float:
    """Tell the width below which a text of this length reads badly."""
    if whole > 2 * _PROSE:
        return _PROSE
    return whole if whole <= _NAME and not words else 0.0


def _lines(table: Table, widths: list[float], paper: Paper) -> int:
    """Estimate the lines of type that a table takes."""
    rows = [*table.head, *(row for group in table.groups for row in group.rows)]
    labels = sum(bool(group.label) for group in table.groups)
    return labels + sum(
        max(
            sum(
                max(math.ceil(paper.face.width(line.plain) / room - 0.05), 1)
                for line in _set_lines(cell, paper)
            )
            for cell, room in ((c, sum(widths[at : at + c.span])) for at, c in placed(row))
        )
        for row in rows
    )
