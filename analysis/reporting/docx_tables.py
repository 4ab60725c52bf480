"""Tables of a Word document: three rules, headings repeated, numbers to the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.reporting import wordml
from analysis.reporting.document import Cell, Group, KeyFacts, Table, Text
from analysis.reporting.layout import SIZES, UPRIGHT, Fit, lines_of, lines_on_paper

Inline = Callable[[Text, str, float], str]
"""Turns text to runs, given what it stands in and a size of type (0 for its style's)."""

SHORT = 22
"""Tables of at most so many lines of type stay on one page."""

FIRST = 3
"""Rows of a longer table that stay with its heading."""

MARKS = {"good": "✓", "part": "≈", "bad": "✗", "open": "?"}
"""The sign before a verdict."""

_KEEP = "<w:keepNext/>"


def table_rows(table: Table, chosen: Fit, inline: Inline) -> list[str]:
    """Write all rows of a table.

    Parameters
    ----------
    table : Table
    chosen : Fit
        The widths of its columns and the size of its type.
    inline : callable
        What writes text.

    Returns
    -------
    list of str
        Rows of WordprocessingML.
    """
    size = 0.0 if chosen.size == SIZES[0] else chosen.size
    made = [
        _head_row(row, chosen.widths, inline, size, last=place == len(table.head) - 1)
        for place, row in enumerate(table.head)
    ]
    together = lines_on_paper(table, chosen) <= SHORT
    for group in table.groups:
        if group.label:
            made.append(_group_row(group, chosen.widths, inline, size))
        for cells in group.rows:
            line = len(made)
            # The last row stays with the notes below it; a page never ends after the first rows.
            keep = line < len(table.head) + FIRST or (table.lines - line == 1 and bool(table.notes))
            keep = keep or (together and table.lines - line > 1)
            made.append(_row(cells, chosen.widths, inline, size, bool(group.label), keep))
    return made


def _placed(row: Sequence[Cell], widths: Sequence[float]) -> list[tuple[Cell, float]]:
    placed, start = [], 0
    for cell in row:
        placed.append((cell, sum(widths[start : start + cell.span])))
        start += cell.span
    return placed


def _head_row(
    row: Sequence[Cell], widths: Sequence[float], inline: Inline, size: float, *, last: bool
) -> str:
    cells = []
    for cell, width in _placed(row, widths):
        style = "TableHeadNumber" if cell.number else "TableHead"
        style = "TableHeadSpan" if cell.span > 1 else style
        runs = _stood_out(cell.text, inline, size)
        rule = "thin" if last else "hair" if cell.span > 1 and cell.text else ""
        made = wordml.paragraph(runs, style)
        cells.append(wordml.cell(made, width, span=cell.span, rule=rule, low=True))
    return wordml.row(cells, heading=True)


def _stood_out(words: Text, inline: Inline, size: float) -> str:
    """Break the line after words that stand out, as ``Q1`` above its range."""
    return wordml.BREAK.join(inline(line, "cell", size) for line in lines_of(words))


def _group_row(group: Group, widths: Sequence[float], inline: Inline, size: float) -> str:
    made = wordml.paragraph(inline(group.label, "cell", size), "TableGroup")
    return wordml.row([wordml.cell(made, sum(widths), span=len(widths))])


def _row(
    row: Sequence[Cell], widths: Sequence[float], inline: Inline, size: float, inside: bool,
    keep: bool,
) -> str:  # fmt: skip
    cells = []
    for position, (cell, width) in enumerate(_placed(row, widths)):
        style = "TableNumber" if cell.number else "TableText"
        if position == 0 and not cell.number:
            style = "TableRowInGroup" if inside else "TableText"
            runs = _stood_out(cell.text, inline, size)
        else:
            runs = inline(cell.text, "cell", size)
        if cell.mark:
            verdict = f"Verdict{cell.mark.capitalize()}"
            runs = wordml.run(f"{MARKS[cell.mark]} {cell.text.plain}", verdict, size=size)
        made = wordml.paragraph(runs, style, properties=_KEEP if keep else "")
        cells.append(wordml.cell(made, width, span=cell.span))
    return wordml.row(cells)


def facts_table(block: KeyFacts, inline: Inline) -> str:
    """Write the strip of facts: as many side by side as on the page."""
    across = block.across
    width = UPRIGHT / across
    rows = []
    for start in range(0, len(block.facts), across):
        found = block.facts[start : start + across]
        cells = []
        for place, fact in enumerate(found):
            inner = wordml.paragraph(wordml.run(fact.label), "FactLabel")
            inner += wordml.paragraph(inline(fact.value, "cell", 0), "FactValue")
            inner += wordml.paragraph(inline(fact.note, "cell", 0), "FactNote")
            # The last fact takes what is left of its row.
            last = place == len(found) - 1
            span = across - place if last else 1
            cells.append(wordml.cell(inner, width * span, span=span))
        rows.append(wordml.row(cells))
    made = wordml.table(rows, [width] * across, style="FactsTable", title="Key facts")
    return made + wordml.paragraph("", "TableEnd")
