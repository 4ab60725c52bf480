"""Tables of a Word document: three rules, headings repeated, numbers to the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analysis.reporting import wordml
from analysis.reporting.columns import WORD, Fit, joined, lines_of, pieces, placed
from analysis.reporting.document import Cell, Group, KeyFacts, Table, Text, text

Inline = Callable[[Text, str, float], str]
"""Turns text to runs, given what it stands in and a size of type (0 for its style's)."""

SHORT = 22
"""Tables of at most so many lines of type stay on one page."""

FIRST, LAST = 3, 3
"""Rows of a longer table that stay with its heading, and at its end with each other."""

MARKS = {"good": "✓", "part": "≈", "bad": "✗", "open": "?"}
"""The sign before a verdict."""

KEEP = "<w:keepNext/>"
"""Holds a paragraph on the page of the next one."""


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
    size = 0.0 if chosen.size == WORD.sizes[0] else chosen.size
    made = [
        _head_row(row, chosen, inline, size, last=place == len(table.head) - 1)
        for place, row in enumerate(table.head)
    ]
    together = chosen.lines <= SHORT
    for group in table.groups:
        if group.label:
            made.append(_group_row(group, chosen.widths, inline, size))
        for cells in group.rows:
            # The last row stays with the notes below it; no page begins with it alone.
            left = table.lines - len(made)
            early = len(made) < len(table.head) + FIRST
            keep = together or early or left <= LAST if left > 1 else bool(table.notes)
            made.append(_row(cells, chosen, inline, size, bool(group.label), keep))
    return made


def _widths(row: tuple[Cell, ...], chosen: Fit) -> Iterator[tuple[Cell, float, str]]:
    """Give the cells of a row with their widths, and what sets their words off from a number."""
    for at, cell in placed(row):
        apart = chosen.gaps[at] if cell.span == 1 else 0.0
        indent = f'<w:ind w:left="{round(apart * wordml.TWIP)}"/>' if apart else ""
        yield cell, sum(chosen.widths[at : at + cell.span]), indent


def _lines(cell: Cell, room: float) -> list[str]:
    """Break figures so that an interval may stand below its estimate, but is not broken within."""
    lines: list[str] = []
    for piece in pieces(cell, WORD):
        joined = f"{lines[-1]} {piece}" if lines else piece
        if lines and WORD.face.width(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(piece)
    return lines


def _head_row(
    row: tuple[Cell, ...], chosen: Fit, inline: Inline, size: float, *, last: bool
) -> str:  # fmt: skip
    cells = []
    for cell, width, indent in _widths(row, chosen):
        style = "TableHeadNumber" if cell.number else "TableHead"
        style = "TableHeadSpan" if cell.span > 1 else style
        kept = text(*(joined(p) if isinstance(p, str) else p for p in cell.text.parts))
        runs = _stood_out(kept, inline, size)
        rule = "thin" if last else "hair" if cell.span > 1 and cell.text else ""
        made = wordml.paragraph(runs, style, properties=indent)
        cells.append(wordml.cell(made, width, span=cell.span, rule=rule, low=True))
    return wordml.row(cells, heading=True)


def _stood_out(words: Text, inline: Inline, size: float) -> str:
    """Break the line after words that stand out, as ``Q1`` above its range."""
    return wordml.BREAK.join(inline(line, "cell", size) for line in lines_of(words))


def _group_row(group: Group, widths: Sequence[float], inline: Inline, size: float) -> str:
    made = wordml.paragraph(inline(group.label, "cell", size), "TableGroup")
    return wordml.row([wordml.cell(made, sum(widths), span=len(widths))])


def _row(
    row: tuple[Cell, ...], chosen: Fit, inline: Inline, size: float, inside: bool, keep: bool
) -> str:
    cells = []
    for position, (cell, width, indent) in enumerate(_widths(row, chosen)):
        style = "TableNumber" if cell.number else "TableText"
        if position == 0 and not cell.number:
            style = "TableRowInGroup" if inside else "TableText"
            runs = _stood_out(cell.text, inline, size)
        else:
            runs = inline(cell.text, "cell", size)
        lines = _lines(cell, (width - WORD.padding + 0.01) / chosen.size) if cell.number else []
        if len(lines) > 1:
            runs = wordml.BREAK.join(wordml.run(line, size=size) for line in lines)
        if cell.mark:
            verdict = f"Verdict{cell.mark.capitalize()}"
            runs = wordml.run(f"{MARKS[cell.mark]} {cell.text.plain}", verdict, size=size)
        made = wordml.paragraph(runs, style, properties=(KEEP if keep else "") + indent)
        cells.append(wordml.cell(made, width, span=cell.span))
    return wordml.row(cells)


def facts_table(block: KeyFacts, inline: Inline) -> str:
    """Write the strip of facts: as many side by side as on the page."""
    across = block.across
    width = WORD.upright / across
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
