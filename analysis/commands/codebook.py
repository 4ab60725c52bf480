"""The command codebook: what the CDC's codebooks say of a variable, or which mention a word."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Iterable, Sequence

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from analysis.cohort.measure import Source as Read
from analysis.cohort.measures import MEASURES
from analysis.cohort.weights import DESIGN_SOURCES, WEIGHTS
from analysis.commands.artificial import require_survey
from analysis.commands.terminal import grid, line, log, out
from analysis.errors import InputError
from analysis.nhanes.cache import TableReader
from analysis.nhanes.codebook import Code, Variable
from analysis.nhanes.cycles import CYCLES, EVERY_CYCLE, Table, table_named
from analysis.nhanes.library import Entry, Library, spans
from analysis.nhanes.source import Source
from analysis.nhanes.store import Store
from analysis.study.fields import near_cycle
from analysis.synthetic import is_artificial

MISSING, RANGE, TEXT = "Missing", "In range", "Text"
"""Columns of counts that are of no single code."""

GAP = 2
"""Blanks between two columns of a printed table."""

_MOST = 6
"""Measures or codes that are named before the rest is only counted."""

_SEARCH = "Search labels and texts: python -m analysis codebook --search WORD"


def codebook(options: argparse.Namespace) -> None:
    """Print a variable over all cycles, the variables that mention words, or those of a table."""
    if options.search and not any(word.strip() for word in options.search):
        raise InputError("there is no word to search for", where="--search")
    asked = [bool(options.variables), bool(options.search), bool(options.table)]
    if sum(asked) != 1 and asked != [True, False, True]:
        raise InputError(
            "give variables, or --search WORD, or --table NAME, which may go with variables",
            remedy="For example: python -m analysis codebook DR1TMAGN",
        )
    cycles = _cycles(options)
    only = _table(options.table, cycles) if options.table else None
    library, mark = _open(options, cycles, only)
    if options.search:
        _print_found(out(), library, options.search, mark)
    elif options.variables:
        for entries in [_entries(library, name) for name in options.variables]:
            _print_variable(out(), entries, mark)
    elif only:
        _print_table(out(), library, only, mark)


def read_tables() -> dict[Table, dict[str, set[str]]]:
    """Every table that the measures, the weights and the design are read from.

    Returns
    -------
    dict of Table to dict of str to set of str
        For each variable that is read, the measures that read it; the design and the weights read
        some that no measure does.
    """
    found: dict[Table, dict[str, set[str]]] = {}

    def add(sources: Iterable[tuple[str, Read]], name: str) -> None:
        for cycle, source in sources:
            for table, variables in source.variables(cycle).items():
                for variable in variables:
                    readers = found.setdefault(table, {}).setdefault(variable, set())
                    readers.update([name] if name else [])

    add(DESIGN_SOURCES.items(), "")
    for weight in WEIGHTS.values():
        add(weight.sources.items(), "")
    for measure in MEASURES.values():
        add(measure.sources.items(), measure.name)
    return found


def _cycles(options: argparse.Namespace) -> Collection[str]:
    wanted = options.cycles or list(CYCLES)
    for cycle in wanted:
        if cycle not in CYCLES:
            raise InputError(
                f"unknown cycle '{cycle[:40]}'{near_cycle(cycle)}",
                where="--cycles",
                remedy=f"Cycles are {', '.join(CYCLES)}.",
            )
    return wanted


def _table(name: str, cycles: Collection[str]) -> Table:
    found = table_named(name)
    if found is None or not name.replace("_", "").isalnum():
        raise InputError(
            f"'{name[:40]}' is the name of no table of a cycle",
            where="--table",
            remedy="The letter at its end tells the cycle: "
            + ", ".join(f"_{c.suffix} {c.name}" for c in CYCLES.values() if c.suffix)
            + "; none is 1999-2000.",
        )
    read = read_tables()
    later = [table for table in read if _stem(table) == found.name and table != found]
    if found.cycle == "1999-2000" and found not in read and later:
        named = ", ".join(f"{table.name} {table.cycle}" for table in sorted(later, key=_by_cycle))
        raise InputError(
            f"'{found.name}' without a letter is the table of 1999-2000, which no measure reads",
            where="--table",
            remedy=f"Name one with its cycle's letter: {named}.",
        )
    if found.is_mortality:
        raise InputError(
            f"{found.name} stands for linked mortality, which has no codebook",
            where="--table",
            remedy="Its columns and codes are in analysis/nhanes/mortality.py; its measures: "
            "python -m analysis measures mortality",
        )
    if found.cycle not in (EVERY_CYCLE, *cycles):
        raise InputError(f"{found.name} is of {found.cycle}", where="--table and --cycles")
    return found


def _open(
    options: argparse.Namespace, cycles: Collection[str], only: Table | None
) -> tuple[Library, str]:
    """Fetch and read the codebooks that are asked for, and say if one is of artificial data."""
    store = _store(options, cycles)
    if only:
        wanted = [only]
    else:
        known = {table for table in read_tables() if not table.is_mortality}
        known.update(store.codebooks_at_hand())
        wanted = sorted(table for table in known if table.cycle in (EVERY_CYCLE, *cycles))
    report = store.fetch_codebooks(wanted)
    reader = TableReader(store.folder / ".cache")
    codebooks = {
        table: reader.codebook(store.path(table.codebook_path), entry.sha256)
        for table in wanted
        if (entry := report.entries.get(table.codebook_path))
    }
    if not only:
        without = len(wanted) - len(codebooks)
        note = f"; {without} more were not to be had" if without else ""
        line(
            log(),
            f"Searched the codebooks of {len(codebooks):,} tables: those that measures are read "
            f"from, and any other in {store.folder}{note}.",
        )
    artificial = any(is_artificial(store.folder / table.codebook_path) for table in codebooks)
    return Library(codebooks), ", of ARTIFICIAL data" if artificial else ""


def _store(options: argparse.Namespace, cycles: Collection[str]) -> Store:
    if options.synthetic:
        if options.mirror:
            raise InputError("--synthetic makes its own files; leave out --mirror")
        return Store(require_survey(options, cycles), Source.from_setting(None), offline=True)
    return Store(
        options.data,
        Source.from_setting(options.mirror or os.environ.get("NHANES_MIRROR") or None),
        offline=options.offline,
        accept_revisions=options.accept_revisions,
        check_revisions=False,
        console=log(),
    )


def _entries(library: Library, name: str) -> list[Entry]:
    found = library.variables.get(name.upper())
    if found:
        return found
    if name.lower() in MEASURES:
        remedy = f"It is a measure: python -m analysis measures {name.lower()}"
    elif name.upper() in {table.name for table in library.codebooks}:
        remedy = f"It is a table: python -m analysis codebook --table {name.upper()}"
    else:
        near = library.near(name)
        remedy = f"Spelt like it: {', '.join(near)}.\n{_SEARCH}" if near else _SEARCH
    raise InputError(
        f"no variable '{name[:40]}' in the {len(library.codebooks):,} codebooks searched",
        remedy=remedy,
    )


def _print_found(console: Console, library: Library, words: Sequence[str], mark: str) -> None:
    found = library.mentioning(words)
    if not found:
        near = "" if len(words) > 1 else ", ".join(library.near(words[0]))
        raise InputError(
            f"no codebook mentions {' and '.join(repr(word) for word in words)}",
            remedy=f"Spelt like it: {near}." if near else "Try fewer or shorter words.",
        )
    table = grid("Variable", "Label", "Cycles", "Tables")
    if mark:
        table.title = Text(f"Variables with {' and '.join(words)}{mark}")
    for name, entries in found.items():
        stems = dict.fromkeys(_stem(entry.table) for entry in entries)
        # Labels change from cycle to cycle; the newest is nearest to today's words.
        label = entries[-1].variable.label
        cycles = spans(entry.table.cycle for entry in entries)
        table.add_row(Text(name), Text(label), Text(cycles), Text(", ".join(stems)))
    console.print(table)
    line(log(), f"{len(found):,} found. One of them in full: python -m analysis codebook NAME")


def _by_cycle(table: Table) -> str:
    return table.cycle


def _stem(table: Table) -> str:
    """Name a table without its cycle's suffix."""
    suffix = CYCLES[table.cycle].suffix if table.cycle in CYCLES else ""
    return table.name.removesuffix(f"_{suffix}") if suffix else table.name


def _print_table(console: Console, library: Library, table: Table, mark: str) -> None:
    codebook = library.codebooks[table]
    rows = f", {codebook.rows:,} rows" if codebook.rows is not None else ""
    shown = grid("Variable", "Label", "Codes", "Missing", right=("Missing",))
    shown.title = f"{table.name}, {table.cycle}{rows}{mark}"
    for variable in codebook.variables.values():
        missing = f"{variable.missing:,}" if variable.codes else ""
        shown.add_row(
            Text(variable.name), Text(variable.label), Text(_codes_in_short(variable)), missing
        )
    console.print(shown)


def _codes_in_short(variable: Variable) -> str:
    found = []
    for code in variable.codes:
        if code.kind == "recorded":
            found.append("text")
        elif code.kind != "missing":
            found.append(code.text)
    return ", ".join(found[:_MOST]) + (
        f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    )


def _print_variable(console: Console, entries: Sequence[Entry], mark: str) -> None:
    name = entries[0].variable.name
    head = Grid.grid(padding=(0, GAP))
    head.add_column(no_wrap=True)
    head.add_column()
    told: list[tuple[str, Callable[[Variable], str]]] = [
        ("Label", lambda variable: variable.label),
        ("Text", lambda variable: variable.text),
        ("Asked of", lambda variable: variable.target),
    ]
    for title, attribute in told:
        for number, text in enumerate(_by_cycles(entries, attribute)):
            head.add_row(Text("" if number else title), Text(text))
    if readers := _readers(entries):
        more = f" and {len(readers) - _MOST} more" if len(readers) > _MOST else ""
        head.add_row(Text("Read by"), Text(", ".join(readers[:_MOST]) + more))
    line(console, f"{name}{mark}")
    console.print(head)
    meanings = _meanings(entries)
    if meanings:
        shown = grid("Code", "Meaning")
        for code, meaning in meanings.items():
            shown.add_row(Text(code), Text(meaning))
        console.print(shown)
    for counts in _count_grids(entries, list(meanings), console.width):
        console.print(counts)


def _readers(entries: Sequence[Entry]) -> list[str]:
    known = read_tables()
    names = {
        reader
        for entry in entries
        for reader in known.get(entry.table, {}).get(entry.variable.name, ())
    }
    # Everything reads SEQN, which tells nothing of it.
    return [] if entries[0].variable.name == "SEQN" else sorted(names, key=_directness)


def _directness(name: str) -> tuple[int, str]:
    """Put measures first that are made of little else."""
    sources = MEASURES[name].sources
    return min(sum(map(len, s.variables(cycle).values())) for cycle, s in sources.items()), name


def _by_cycles(entries: Sequence[Entry], attribute: Callable[[Variable], str]) -> list[str]:
    """Say what the cycles say of a variable: once if they agree, else each with its cycles."""
    found: dict[str, tuple[str, list[Table]]] = {}
    for entry in entries:
        text = attribute(entry.variable)
        found.setdefault(text.casefold(), (text, []))[1].append(entry.table)
    if len(found) == 1:
        return [text for text, _ in found.values() if text]
    # Where tables of one cycle differ, the cycle alone does not tell which says what.
    cycles = [cycle for _, tables in found.values() for cycle in {table.cycle for table in tables}]
    apart = len(cycles) == len(set(cycles))
    told = [f"{_where(tables, apart)}: {text}" for text, tables in found.values() if text]
    more = [f"and {len(told) - _MOST} other wordings"] if len(told) > _MOST else []
    return told[:_MOST] + more


def _where(tables: Sequence[Table], apart: bool) -> str:
    cycles = spans(table.cycle for table in tables)
    stems = list(dict.fromkeys(map(_stem, tables)))
    more = f" and {len(stems) - _MOST} more" if len(stems) > _MOST else ""
    return cycles if apart else f"{cycles} {', '.join(stems[:_MOST])}{more}"


def _meanings(entries: Sequence[Entry]) -> dict[str, str]:
    """Say what each single code means, with the cycles where they differ."""
    found: dict[str, dict[str, tuple[str, list[str]]]] = {}
    for entry in entries:
        for code in entry.variable.codes:
            if code.kind == "value":
                same = found.setdefault(code.text, {})
                key = code.description.casefold()
                same.setdefault(key, (code.description, []))[1].append(entry.table.cycle)
    return {code: _told(list(found[code].values())) for code in sorted(found, key=_in_order)}


def _told(meanings: Sequence[tuple[str, list[str]]]) -> str:
    if len(meanings) == 1:
        return meanings[0][0]
    return "; ".join(f"{meaning} ({spans(cycles)})" for meaning, cycles in meanings)


def _in_order(code: str) -> tuple[float, str]:
    try:
        return float(code), code
    except ValueError:
        return float("inf"), code


def _column(code: Code) -> str:
    """Choose the column in which a line of a codebook is counted."""
    return {"value": code.text, "range": RANGE, "recorded": TEXT, "missing": MISSING}[code.kind]


def _count_grids(entries: Sequence[Entry], codes: Sequence[str], width: int) -> list[Grid]:
    """Lay out counts by cycle and table, in as many tables as the width asks for."""
    counts = [_counts(entry.variable) for entry in entries]
    ranges = [
        ", ".join(f"{_short(c.ends[0])} to {_short(c.ends[1])}" for c in e.variable.codes if c.ends)
        for e in entries
    ]
    columns = [
        name for name in (RANGE, TEXT, *codes, MISSING) if any(name in row for row in counts)
    ]
    body = {name: [f"{row[name]:,}" if name in row else "" for row in counts] for name in columns}
    if any(ranges):
        columns.insert(0, "Range")
        body["Range"] = ranges
    columns.append("Rows")
    body["Rows"] = [
        "not counted" if e.variable.rows is None else f"{e.variable.rows:,}" for e in entries
    ]
    where = {
        "Cycle": [entry.table.cycle for entry in entries],
        "Table": [entry.table.name for entry in entries],
    }
    taken = 1 + sum(_width(name, cells) for name, cells in where.items())
    return [
        _grid_of(where | {name: body[name] for name in block})
        for block in _blocks(columns, body, width - taken)
    ]


def _counts(variable: Variable) -> dict[str, int]:
    found: dict[str, int] = {}
    for code in variable.codes:
        name = _column(code)
        found[name] = found.get(name, 0) + code.count
    return found


def _short(number: str) -> str:
    """Leave out the zeros that fill up an end of a range: ``0.000000000000`` is ``0``."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def _width(name: str, cells: Sequence[str]) -> int:
    return max(map(len, (name, *cells))) + GAP


def _blocks(columns: Sequence[str], body: dict[str, list[str]], width: int) -> list[list[str]]:
    """Split columns into as many blocks as it takes for each to have its width."""
    blocks: list[list[str]] = [[]]
    left = width
    for name in columns:
        needed = _width(name, body[name])
        if needed > left and blocks[-1]:
            blocks.append([])
            left = width
        blocks[-1].append(name)
        left -= needed
    return blocks


def _grid_of(columns: dict[str, list[str]]) -> Grid:
    table = grid(*columns, right=tuple(name for name in columns if name not in ("Cycle", "Table")))
    table.padding = (0, GAP - 1, 0, 0)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    return table
