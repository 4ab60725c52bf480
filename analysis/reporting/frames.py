"""A report's tables as data frames, for notebooks: the same cells, as text."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.reporting.document import Cell, Report, Table, walk


def tables_of(report: Report) -> dict[str, Table]:
    """Give every table of a report by its key, in reading order."""
    return {
        block.key: block
        for section in report.sections
        for block in walk(section.blocks)
        if isinstance(block, Table)
    }


def frame_of(table: Table) -> pd.DataFrame:
    """Turn a table into a data frame.

    Parameters
    ----------
    table : Table
        Of a report.

    Returns
    -------
    DataFrame of str
        A column a column of the report; the index is the first cell of each row, below the group's
        heading where the table has groups. `DataFrame.attrs` has ``caption`` and ``notes``.

    Examples
    --------
    >>> from analysis.reporting.document import Group, text
    >>> head = ((Cell(text("Model")), Cell(text("Q4"))),)
    >>> body = Group(((Cell(text("Full")), Cell(text("0.50"))),), label=text("Deficiency"))
    >>> frame_of(Table("k", text("Odds ratios"), head, (body,)))
                        Q4
               Model
    Deficiency Full   0.50
    """
    heads = [_spread(row) for row in table.head]
    columns = [_joined(cells) for cells in zip(*heads, strict=True)]
    rows: list[list[str]] = []
    labels: list[tuple[str, str]] = []
    for group in table.groups:
        for cells in group.rows:
            spread = _spread(cells)
            labels.append((group.label.plain, spread[0]))
            rows.append(spread[1:])
    width = len(columns) - 1
    body = [(row + [""] * width)[:width] for row in rows]
    grouped = any(group for group, _ in labels)
    index = (
        pd.MultiIndex.from_tuples(labels, names=["", columns[0]])
        if grouped
        else pd.Index([label for _, label in labels], name=columns[0])
    )
    frame = pd.DataFrame(body, index=index, columns=columns[1:], dtype=object)
    frame.attrs = {"caption": table.caption.plain, "notes": [note.plain for note in table.notes]}
    return frame


def _spread(cells: Sequence[Cell]) -> list[str]:
    """Give the text of each column; a cell over several stands in each of them."""
    return [cell.text.plain for cell in cells for _ in range(cell.span)]


def _joined(parts: Sequence[str]) -> str:
    """Name a column by its headings, the upper before the lower."""
    return ", ".join(dict.fromkeys(part for part in parts if part))
