"""A report's tables, and the numbers behind its figures, as CSV.

A table has the numbers as they are printed, with its headings in one row and its groups in a
column, for spreadsheets; the digits are in results.csv. What a spreadsheet would take for
something else than it is does not get there: a minus sign is a hyphen, thousands are not
separated, ``12 / 34`` (a date) is ``12 of 34``, and words that would start a formula are quoted.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from analysis.printing import MINUS, NONE
from analysis.reporting.document import Cell, Figure, Group, Table, text

LINE = "line of results.csv"
"""Column that leads from a number behind a figure to all its digits; the heading is line 1."""

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FORMULA = re.compile(r"[=+\-@\t\r]")
_SIGNED = re.compile(r"-\d[-\d.,e+()–% to]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def table_csv(table: Table, *, synthetic: bool) -> str:
    """Write a table.

    Parameters
    ----------
    table : Table
    synthetic : bool
        True for one more column, ``data``, that says in each row that they are artificial.

    Returns
    -------
    str
        The heading, and a line a row.
    """
    grouped = any(group.label for group in table.groups)
    heads = _unique(["Group", *_heads(table)] if grouped else _heads(table))
    rows = [
        [_words(group.label.plain), *_flat(row)] if grouped else _flat(row)
        for group, row in _rows(table)
    ]
    return _written(heads, rows, synthetic=synthetic)


def figure_csv(figure: Figure, *, synthetic: bool) -> str:
    """Write the numbers behind a figure, each row with its line of results.csv.

    Parameters
    ----------
    figure : Figure
    synthetic : bool
        As for `table_csv`.

    Returns
    -------
    str
    """
    heads = _unique([*_heads(figure.data), LINE])
    rows = [[*_flat(row), _line(row)] for _, row in _rows(figure.data)]
    return _written(heads, rows, synthetic=synthetic)


def _rows(table: Table) -> Iterator[tuple[Group, Sequence[Cell]]]:
    for group in table.groups:
        for row in group.rows:
            yield group, row


def _written(heads: list[str], rows: list[list[str]], *, synthetic: bool) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    more = ["artificial"] if synthetic else []
    writer.writerow([*heads, *(["data"] if synthetic else [])])
    writer.writerows([*row, *more] for row in rows)
    return target.getvalue()


def _heads(table: Table) -> list[str]:
    """Join the headings above each column: ``Deficiency: n``."""
    levels = []
    for row in table.head:
        levels.append([words for cell in row for words in [_words(cell.text.plain)] * cell.span])
    joined = []
    for above in zip(*levels, strict=True):
        said = list(dict.fromkeys(words for words in above if words))
        joined.append(": ".join(said))
    return joined


def _unique(heads: Sequence[str]) -> list[str]:
    """Give each heading a name that no other has."""
    found: list[str] = []
    for head in heads:
        name, number = head, 2
        while name in found:
            name, number = f"{head} ({number})", number + 1
        found.append(name)
    return found


def _flat(row: Sequence[Cell]) -> list[str]:
    """Write the cells of a row; one that spans columns leaves the others empty."""
    return [words for cell in row for words in [_cell(cell), *[""] * (cell.span - 1)]]


def _cell(cell: Cell) -> str:
    plain = cell.text.plain
    if not cell.number:
        return _words(plain)
    if plain == NONE:
        return ""
    plain = _THOUSANDS.sub("", plain.replace(MINUS, "-").replace("\N{NO-BREAK SPACE}", " "))
    safe = plain if _SIGNED.fullmatch(plain) else _words(plain)
    return re.sub(r"(?<=\d) / (?=\d)", " of ", safe)


def _words(plain: str) -> str:
    clean = _CONTROL.sub(" ", plain).strip()
    return f"'{clean}" if _FORMULA.match(clean) else clean


def _line(row: Sequence[Cell]) -> str:
    """Find the line of results.csv that all numbers of a row are from; none if they differ."""
    lines = {value.row + 2 for value in text(*(cell.text for cell in row)).values}
    return str(lines.pop()) if len(lines) == 1 else ""
