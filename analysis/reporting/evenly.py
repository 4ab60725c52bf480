"""One number of decimals for what stands below each other in a table.

The width of an interval says how many decimals an estimate is worth, and so each would have its
own. Within a table, estimates of one outcome and kind get the most that any of them asks for, but
not more than one beyond the asked_for: a single narrow interval must not fill a column with digits.
Odds ratios and percentages have a rule of their own (`analysis.printing`) and are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from analysis.reporting import words
from analysis.reporting.book import Book, Row
from analysis.reporting.document import Block, Cell, Details, Group, Part, Section, Table, Value

FORMS: dict[tuple[str, ...], Callable[[Row, int | None], Part]] = {
    ("estimate", "conf_low", "conf_high"): words.with_interval,
    ("estimate",): words.estimate,
    ("conf_low", "conf_high"): words.limits,
}
"""What prints a value, by the columns that it shows."""

Kind = tuple[str, str, str, str, str]
"""Outcome, exposure, analysis, measure and unit: what can be compared digit by digit."""


def evenly(sections: Sequence[Section], book: Book) -> tuple[Section, ...]:
    """Print the estimates of each table with even decimals.

    Parameters
    ----------
    sections : sequence of Section
    book : Book
        The results that they were read from, all of them.

    Returns
    -------
    tuple of Section
    """
    return tuple(replace(s, blocks=tuple(_block(b, book) for b in s.blocks)) for s in sections)


def _block(block: Block, book: Book) -> Block:
    if isinstance(block, Details):
        return replace(block, blocks=tuple(_block(b, book) for b in block.blocks))
    return _table(block, book) if isinstance(block, Table) else block


def _table(table: Table, book: Book) -> Table:
    if table.stack:
        # Mostly words: published figures and ours have the decimals of the publication.
        return table
    asked_for: dict[Kind, list[int]] = {}
    for value in _values(table):
        row = book.rows[value.row]
        asked = words.decimals_of(row)
        if asked is not None and _is_plain(value, row):
            asked_for.setdefault(_kind(row), []).append(asked)
    settled = {kind: min(max(asked), min(asked) + 1) for kind, asked in asked_for.items()}
    if not settled:
        return table
    groups = tuple(
        Group(tuple(tuple(_cell(c, settled, book) for c in row) for row in group.rows), group.label)
        for group in table.groups
    )
    return replace(table, groups=groups)


def _values(table: Table) -> Iterator[Value]:
    for group in table.groups:
        for row in group.rows:
            for cell in row:
                yield from cell.text.values


def _kind(row: Row) -> Kind:
    return row.outcome, row.exposure, row.analysis, row.measure, row.unit


def _is_plain(value: Value, row: Row) -> bool:
    """Whether a value is printed as its measure asks, rather than in a form of its table's."""
    form = FORMS.get(value.columns)
    return form is not None and form(row, None) == value


def _cell(cell: Cell, settled: Mapping[Kind, int], book: Book) -> Cell:
    parts = tuple(_part(part, settled, book) for part in cell.text.parts)
    return cell if parts == cell.text.parts else replace(cell, text=replace(cell.text, parts=parts))


def _part(part: Part, settled: Mapping[Kind, int], book: Book) -> Part:
    if not isinstance(part, Value):
        return part
    row = book.rows[part.row]
    if _kind(row) not in settled or not _is_plain(part, row):
        return part
    return FORMS[part.columns](row, settled[_kind(row)])
