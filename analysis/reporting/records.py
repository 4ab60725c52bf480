"""Tables of what a run rests on: published figures, codebook checks, input files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis import printing
from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Cell, Code, Group, Part, Table, Text, Value, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import head, number, stratum_name, words_cell

VERDICTS = {
    "reproduces": "good",
    "in part": "part",
    "does not": "bad",
    "cannot be judged": "open",
}
CHECKS = {"equal": "good", "explained": "part", "differs": "bad", "not printed": "open"}


def verdict_table(
    book: Book, facts: RunFacts, groups: Sequence[tuple[Text, Sequence[Mapping[str, Any]]]]
) -> Table:
    """Set published figures beside ours, each with a verdict.

    Parameters
    ----------
    book : Book
        All results.
    facts : RunFacts
        The study's figures and labels.
    groups : sequence of (Text, sequence of mapping)
        Rows of `RunFacts.verdicts` that belong together, each with a heading or none.
    """
    body = [
        Group(tuple(_verdict(book, facts, row) for row in rows), label) for label, rows in groups
    ]
    return Table(
        key="published-table",
        caption=text("Published figures and ours"),
        head=(
            (
                *head("Published", number_from=9),
                *head("Published figure", "Ours", number_from=0),
                *head("Verdict", "Why", number_from=9),
            ),
        ),
        groups=tuple(body),
        stack=True,
    )


def _verdict(book: Book, facts: RunFacts, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    figures = {figure.id: figure for figure in getattr(facts.study, "published", ())}
    figure = figures.get(str(row.get("id")))
    where = dict(figure.where or {}) if figure is not None else {}
    digits = figure.digits if figure is not None else None
    said = _cell_text(row.get("statement")) or _described(where, facts)
    return (
        words_cell(said or _cell_text(row.get("id"))),
        number(_figures(row, digits, "published", "low", "high", "published_n")),
        number(_ours(book, where, row, digits)),
        Cell(text(str(row["verdict"])), mark=VERDICTS.get(str(row["verdict"]), "open")),
        words_cell(_cell_text(row.get("why"))),
    )


def _cell_text(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _described(where: Mapping[str, str], facts: RunFacts) -> str:
    """Say which estimate a published figure stands beside."""
    said = [
        facts.outcome(where.get("outcome", "")),
        where.get("analysis", "").replace("_", " "),
        words.model_words(facts.model(where["model"])) if "model" in where else "",
        where.get("level", ""),
        stratum_name(where["stratum_level"], facts) if "stratum_level" in where else "",
    ]
    return ", ".join(filter(None, said))


def _ours(
    book: Book, where: Mapping[str, str], row: Mapping[str, object], digits: int | None
) -> Text:
    """Our figure in the publication's unit; of a test, its P value."""
    rows = book.find(**where) if where else []
    found = [mine for mine in rows if mine.measure.startswith("p_")]
    if len(found) == 1:
        return text("P\N{NO-BREAK SPACE}", words.p_of(found[0]))
    printed = _printed(row, digits, "ours", "ours_low", "ours_high", "ours_n")
    return _joined(*printed, _beside(rows, row))


def _beside(rows: Sequence[Row], verdict: Mapping[str, object]) -> Row | None:
    """Find the one row whose estimate a verdict has as ours; None if it cannot be told."""
    scale = 100.0 if verdict.get("unit") == "percent" else 1.0
    ours = _float(verdict.get("ours")) / scale
    found = [row for row in rows if math.isclose(row.estimate, ours, rel_tol=1e-9)]
    return found[0] if len(found) == 1 else None


def _figures(
    row: Mapping[str, object], digits: int | None, middle: str, low: str, high: str, people: str
) -> Text:
    return _joined(*_printed(row, digits, middle, low, high, people), None)


def _printed(
    row: Mapping[str, object], digits: int | None, middle: str, low: str, high: str, people: str
) -> tuple[str, str, str, str]:
    """Print a figure, its unit, its interval and its people; empty what there is none of."""
    unit = "%" if row.get("unit") == "percent" else ""
    size = next((n for n in map(_float, map(row.get, ("ours", "published"))) if n == n), 0.0)
    measure, percent = (_cell_text(row.get(column)) for column in ("measure", "unit"))
    form = printing.beside(measure, percent, digits, size)
    printed = [form(_float(row.get(column))) for column in (middle, low, high)]
    if printed[0] == words.NONE:
        return words.NONE, "", "", ""
    around = "" if words.NONE in printed[1:] else words.interval(*printed[1:])
    # Numbers of people are shown where the publication gives one.
    sized = math.isfinite(_float(row.get("published_n")))
    return printed[0], unit, around, words.count(_float(row.get(people))) if sized else ""


def _joined(figure: str, unit: str, around: str, people: str, row: Row | None) -> Text:
    """Join the pieces of a figure; where a row is given, each is a number of it."""

    def part(printed: str, *columns: str) -> Part:
        return printed if row is None or printed == words.NONE else Value(printed, row.row, columns)

    told = text(part(figure, "estimate"), unit)
    if around:
        told += text(" (", part(around, "conf_low", "conf_high"), ")")
    if people:
        told += text("; n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", part(people, "n"))
    return told


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def checks_table(checks: pd.DataFrame, key: str, caption: str, *, stack: bool = False) -> Table:
    """Variables reconciled with the codebooks.

    Parameters
    ----------
    checks : DataFrame
        Rows of `RunFacts.checks` to show.
    key, caption : str
        The table's.
    stack : bool
        Whether its cells are set below each other on a phone: of variables that differ, most
        of what is told is words.
    """
    groups = []
    for table in distinct(checks["table"].astype(str)):
        body = tuple(
            _check(row) for row in checks[checks["table"].astype(str) == table].to_dict("records")
        )
        groups.append(Group(body, label=text(table)))
    columns = ("Rows, file", "Rows, codebook", "Missing, file", "Missing, codebook")
    return Table(
        key=key,
        caption=text(caption),
        head=(
            (
                *head("Variable", "Label", number_from=9),
                *head(*columns, number_from=0),
                *head("Verdict", "Detail", number_from=9),
            ),
        ),
        groups=tuple(groups),
        series="supporting",
        stack=stack,
    )


def _check(row: Mapping[str, object]) -> tuple[Cell, ...]:
    def whole(column: str) -> Cell:
        value = row.get(column)
        known = isinstance(value, int | float) and value == value
        return number(words.count(float(value)) if known else words.NONE)  # type: ignore[arg-type]

    verdict = str(row["verdict"])
    why = ". ".join(filter(None, (_cell_text(row.get("detail")), _cell_text(row.get("reason")))))
    return (
        words_cell(Code(_cell_text(row["variable"]))),
        words_cell(_cell_text(row.get("label"))),
        whole("rows_file"),
        whole("rows_codebook"),
        whole("missing_file"),
        whole("missing_codebook"),
        Cell(text(verdict), mark=CHECKS.get(verdict, "open")),
        words_cell(why),
    )


def files_table(facts: RunFacts) -> Table:
    """Every input file with its hash."""
    body = []
    for row in facts.files.to_dict("records"):
        size = row.get("bytes")
        body.append(
            (
                words_cell(_cell_text(row["name"])),
                words_cell(_cell_text(row.get("cycle"))),
                number(words.count(float(size)) if isinstance(size, int | float) else words.NONE),
                words_cell(_cell_text(row.get("date"))),
                words_cell(Code(_cell_text(row.get("sha256")))),
            )
        )
    return Table(
        key="files",
        caption=text("Input files"),
        head=(
            (
                *head("File", "Cycle", number_from=9),
                *head("Bytes", number_from=0),
                *head("First seen", "SHA-256", number_from=9),
            ),
        ),
        groups=(Group(tuple(body)),),
        series="supporting",
    )
