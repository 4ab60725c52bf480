"""Measures as people look them up: searched, one in full, and all as a document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

from rich.table import Table
from rich.text import Text

from analysis.cohort.measure import Measure, Source
from analysis.cohort.measures import MEASURES, SUBJECTS
from analysis.commands.terminal import grid
from analysis.errors import InputError
from analysis.grammar import suggestion
from analysis.nhanes.cycles import CYCLES, EVERY_CYCLE
from analysis.nhanes.cycles import Table as File
from analysis.study.years import years

ABSENT = "not collected, or not in a form from which it could be made"
"""What is said of a cycle without a source whose reason is not given."""


def mentioning(word: str) -> list[Measure]:
    """Find the measures whose name, label, unit, levels or note hold a word.

    Raises
    ------
    InputError
        If there is none, with the nearest name.
    """
    wanted = word.lower().replace("_", " ")
    found = [measure for measure in MEASURES.values() if wanted in _searched(measure)]
    if not found:
        raise InputError(
            f"no measure mentions '{word}'{suggestion(word, MEASURES)}",
            remedy="List them all: python -m analysis measures",
        )
    return found


def _searched(measure: Measure) -> str:
    levels = " ".join(measure.levels)
    words = f"{measure.name} {measure.label} {measure.unit} {levels} {measure.note}"
    return words.lower().replace("_", " ")


def listing(found: Sequence[Measure]) -> Table:
    """Lay measures out, one a row: what each is, its smallest subsample, and its cycles."""
    table = grid("Measure", "What it is [subsample]", "Cycles")
    table.columns[0].no_wrap = True
    for measure in found:
        unit = f", {measure.unit}" if measure.unit else ""
        levels = f" ({' / '.join(measure.levels)})" if measure.levels else ""
        table.add_row(
            Text(measure.name),
            Text(f"{measure.label}{unit}{levels} [{' / '.join(_kinds(measure))}]"),
            Text(years(measure.cycles).replace(", ", ",\n")),
        )
    return table


def _kinds(measure: Measure) -> Iterator[str]:
    """Name the subsamples of a measure as study files do."""
    yield from dict.fromkeys(measure.subsample_in(cycle) for cycle in measure.cycles)


def whole(measure: Measure, width: int) -> Table:
    """Lay out all that is known of one measure."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, words in _entries(measure):
        lines = textwrap.fill(words, width - 13, subsequent_indent="  ", break_on_hyphens=False)
        table.add_row(Text(heading), Text(lines))
    return table


def _entries(measure: Measure) -> Iterator[tuple[str, str]]:
    yield "Name", measure.name
    yield "Label", measure.label
    yield "Unit", measure.unit or ("categories" if measure.levels else "none (a ratio or score)")
    for i, level in enumerate(measure.levels):
        yield "Levels" if i == 0 else "", level + (" (the reference)" if i == 0 else "")
    yield "Cycles", years(measure.cycles)
    for i, words in enumerate(_subsamples(measure)):
        yield "Subsample" if i == 0 else "", words
    if measure.note:
        yield "Derivation", measure.note
    for i, (cycles, read) in enumerate(read_in(measure)):
        yield "Read from" if i == 0 else "", f"{cycles}: {'; '.join(read)}"
    for i, (cycles, reason) in enumerate(absent_in(measure)):
        yield "Not in" if i == 0 else "", f"{cycles}: {reason}"


def _subsamples(measure: Measure) -> Iterator[str]:
    """Name the subsample, by cycles where they differ."""
    found: dict[str, list[str]] = {}
    for cycle in measure.cycles:
        found.setdefault(measure.subsample_in(cycle), []).append(cycle)
    for name, cycles in found.items():
        yield name if len(found) == 1 else f"{name} ({years(cycles)})"


def read_in(measure: Measure) -> Iterator[tuple[str, list[str]]]:
    """Give runs of cycles in which a measure is read alike, with its tables and variables.

    Yields
    ------
    cycles : str
        ``"2003-2018"``.
    tables : list of str
        ``"DR1TOT: DR1TMAGN, DR1DRSTZ"``; tables without the letter of the cycle.
    """
    alike: dict[tuple[str, ...], list[str]] = {}
    for cycle in measure.cycles:
        alike.setdefault(tuple(_tables(measure.sources[cycle], cycle)), []).append(cycle)
    for read, cycles in alike.items():
        yield years(cycles), list(read)


def _tables(source: Source, cycle: str) -> Iterator[str]:
    for file, variables in sorted(source.variables(cycle).items(), key=lambda item: item[0].name):
        yield f"{_stem(file, cycle)}: {', '.join(sorted(variables - {'SEQN'}))}"


def _stem(file: File, cycle: str) -> str:
    """Name a table without the letter of its cycle; one of another cycle keeps its own."""
    suffix = f"_{CYCLES[cycle].suffix}"
    if file.cycle in (cycle, EVERY_CYCLE):
        return file.name.removesuffix(suffix) if len(suffix) > 1 else file.name
    return file.name


def absent_in(measure: Measure) -> Iterator[tuple[str, str]]:
    """Give runs of cycles that lack a measure, with the reason."""
    reasons: dict[str, list[str]] = {}
    for cycle in CYCLES:
        if cycle not in measure.sources:
            reasons.setdefault(measure.absent.get(cycle, ABSENT), []).append(cycle)
    for reason, cycles in reasons.items():
        yield years(cycles), reason


def document() -> str:
    """Write all measures as Markdown, one section a subject."""
    lines = [
        "# Measures",
        "",
        "Every measure that study files can name: what it is, how it is derived, and which of the",
        "CDC's variables it is read from in each cycle. Made from the program itself by",
        "`python -m analysis measures --markdown > docs/measures.md`; "
        "`python -m analysis measures WORD`",
        "searches it, and with the exact name of a measure prints what stands here.",
        "",
        f"{len(MEASURES)} measures. Tables are named without the letter of the cycle; the "
        "subsample decides the",
        "weight (the smallest one that a study uses). A cycle that is not named under *Read from*",
        "does not have the measure, and *Not in* says why.",
        "",
        *_contents(),
    ]
    for subject in SUBJECTS:
        lines += ["", f"## {_heading(subject)}"]
        for measure in subject.MEASURES:
            lines += ["", *_section(measure)]
    return "\n".join(lines) + "\n"


def _heading(subject: ModuleType) -> str:
    """Give the first line of a subject's module, without its full stop."""
    return (subject.__doc__ or subject.__name__).strip().split("\n")[0].rstrip(".")


def _contents() -> Iterator[str]:
    yield "| Subject | Measures |"
    yield "|---|---|"
    for subject in SUBJECTS:
        names = ", ".join(f"[`{each.name}`](#{each.name})" for each in subject.MEASURES)
        yield f"| {_heading(subject)} | {names} |"


def _section(measure: Measure) -> Iterator[str]:
    yield f"### {measure.name}"
    yield ""
    unit = f" ({measure.unit})" if measure.unit else ""
    yield f"**{_plain(measure.label)}**{_plain(unit)}. {_plain(measure.note)}".rstrip()
    yield ""
    if measure.levels:
        yield f"- Levels: {_plain('; '.join(measure.levels))}"
    yield f"- Subsample: {'; '.join(_subsamples(measure))}"
    yield f"- Cycles: {years(measure.cycles)}"
    yield "- Read from:"
    for cycles, read in read_in(measure):
        tables = "; ".join(f"`{each}`" for each in read)
        yield f"    - {cycles}: {tables}"
    absent = list(absent_in(measure))
    if absent:
        yield "- Not in:"
        for cycles, reason in absent:
            yield f"    - {cycles}: {_plain(reason)}"


_SIGNS: Mapping[str, str] = {"<": "&lt;", ">": "&gt;", "|": "\\|", "*": "\\*"}


def _plain(text: str) -> str:
    """Keep text from being taken for Markdown."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)
