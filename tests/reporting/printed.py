"""Walks a report: every text in it, and whether its values are those of their rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from analysis.cohort.breaks import BREAKS
from analysis.printing import NONE
from analysis.reporting import RunFacts
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Code,
    Details,
    Figure,
    Heading,
    KeyFacts,
    Listing,
    Paragraph,
    Report,
    Table,
    Text,
    Value,
    text,
)

SHARES = {
    "proportion", "unweighted_proportion", "missing_share", "share_inverse", "variance_share",
    "share_inverse_significant", "share_positive_significant", "fmi",
}  # fmt: skip
"""Measures that are printed as percentages outside of the tables behind figures."""

COUNTS = ("n", "events", "p_value", "df")
"""Columns that are never a percentage."""


@dataclass(frozen=True)
class Said:
    """A text of a report, and where it stands."""

    section: str
    kind: str
    """``prose``, ``cell``, ``data`` (behind a figure) or ``description``."""
    text: Text
    beside: tuple[Text, ...] = ()
    """The other cells of its row, or the cells of the table behind its figure."""


def said(report: Report) -> Iterator[Said]:
    """Every text of a report, in reading order."""
    yield Said("", "prose", text(report.title))
    yield Said("", "prose", text(report.question))
    yield Said("", "prose", text(report.notice))
    for section in report.sections:
        yield Said(section.key, "prose", text(section.title))
        yield from _blocks(section.blocks, section.key)


def _blocks(blocks: Sequence[Block], at: str) -> Iterator[Said]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield Said(at, "prose", block.text)
        elif isinstance(block, Bullets):
            yield from (Said(at, "prose", item) for item in block.items)
        elif isinstance(block, Heading):
            yield Said(at, "prose", text(block.title))
        elif isinstance(block, KeyFacts):
            for fact in block.facts:
                yield from (Said(at, "prose", t) for t in (text(fact.label), fact.value, fact.note))
        elif isinstance(block, Table):
            yield from _table(block, at, "cell")
        elif isinstance(block, Figure):
            yield from _figure(block, at)
        elif isinstance(block, Details):
            yield Said(at, "prose", text(block.summary))
            yield from _blocks(block.blocks, at)
        else:
            assert isinstance(block, Listing), block


def _table(table: Table, at: str, kind: str) -> Iterator[Said]:
    yield Said(at, "prose", table.caption)
    yield from (Said(at, "prose", note) for note in table.notes)
    yield from (Said(at, kind, cell.text) for row in table.head for cell in row)
    for group in table.groups:
        yield Said(at, "prose", group.label)
        for row in group.rows:
            yield from (Said(at, kind, cell.text, _texts(row)) for cell in row)


def _figure(figure: Figure, at: str) -> Iterator[Said]:
    shown = tuple(t for group in figure.data.groups for row in group.rows for t in _texts(row))
    yield Said(at, "prose", figure.caption, shown)
    yield Said(at, "description", text(figure.title), shown)
    yield Said(at, "description", text(figure.description), shown)
    yield from _table(figure.data, at, "data")


def _texts(row: Sequence[Cell]) -> tuple[Text, ...]:
    return tuple(cell.text for cell in row)


# Numbers


def _parsed(words: str) -> list[tuple[str, float, int]]:
    plain = words.replace("−", "-").replace(",", "")
    found = re.findall(r"([<>]?)\s?(?<![\d.])(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)", plain)
    return [(side, float(n), len(n.partition("e")[0].partition(".")[2])) for side, n in found]


def numbers_in(words: str) -> list[tuple[float, int]]:
    """Numbers of a printed text, each with the decimals that it shows."""
    return [(number, decimals) for _, number, decimals in _parsed(words)]


def is_printed(number: float, decimals: int, of: float, *, digits: int = 0) -> bool:
    """Whether a number is another one as printed: with so many decimals, or significant digits."""
    half = 0.5000001 * 10.0**-decimals
    if digits and of:
        half = max(half, 0.5000001 * 10.0 ** (math.floor(math.log10(abs(of))) + 1 - digits))
    return abs(number - of) <= half


def wrong_value(value: Value, row: Mapping[str, Any], kind: str) -> str:
    """Say how a printed number differs from its row; nothing where it does not."""
    told = value.text
    if told == NONE:
        return "" if any(math.isnan(float(row[column])) for column in value.columns) else told
    printed = _parsed(told)
    if len(printed) != len(value.columns):
        return f"{told}: {len(printed)} numbers of {value.columns}"
    for (side, number, decimals), column in zip(printed, value.columns, strict=True):
        of = float(row[column])
        if kind != "data" and column not in COUNTS and row["measure"] in SHARES:
            of *= 100
        if "million" in told:
            of /= 1e6
        if side:
            right = of < number if side == "<" else of > number
        else:
            right = is_printed(number, decimals, of, digits=4 if kind == "data" else 0)
        if not right:
            return f"{told}: {column} is {of}"
    return ""


# What else may put a number into a text


def strings_of(thing: Any) -> Iterator[str]:
    """Every string in a study file, and every number in it as it is printed."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from strings_of(key)
            yield from strings_of(value)
    elif isinstance(thing, list | tuple | set | frozenset):
        for value in thing:
            yield from strings_of(value)
    elif hasattr(thing, "model_dump"):
        yield from strings_of(thing.model_dump())
    elif hasattr(thing, "__dict__"):
        yield from strings_of(vars(thing))


def leaves(thing: Any) -> Iterator[str]:
    """Every string and number in a study file, as text."""
    if isinstance(thing, Mapping):
        for value in thing.values():
            yield from leaves(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from leaves(value)
    elif hasattr(thing, "model_dump"):
        yield from leaves(thing.model_dump())
    elif hasattr(thing, "__dict__"):
        yield from leaves(vars(thing))
    elif isinstance(thing, str | int | float):
        yield f"{thing:g}" if isinstance(thing, float) else str(thing)


WORDS = ("contrast", "level", "reference", "stratum", "stratum_level", "note", "unit", "model")
"""Columns of the results that hold words."""


def labels(results: pd.DataFrame, facts: RunFacts, printed: str) -> re.Pattern[str]:
    """Match all that the study, the measures and the results call things by, longest first.

    Of a thousand labels only those that are `printed` are looked for.
    """
    named = set(strings_of(facts.study))
    named |= {value for column in WORDS for value in results[column].astype(str).unique()}
    for measure in facts.measures.values():
        named |= {measure.label, measure.name, measure.unit, measure.note, *measure.levels}
    for column in ("why", "statement"):
        named |= set(facts.verdicts.get(column, pd.Series(dtype=str)).astype(str))
    named |= {of for each in BREAKS for of in strings_of(asdict(each))}
    units = tuple(f" {measure.unit}" for measure in facts.measures.values() if measure.unit)
    named |= {name.removesuffix(unit) for name in named for unit in units if name.endswith(unit)}
    named |= {_in_brackets(name) for name in named}
    named |= {re.sub(r"(?<![\d.,])1 ([a-z]{2,})s\b", r"1 \1", name) for name in named}
    named |= {name.replace("x", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}") for name in named}
    named |= {name[:1].lower() + name[1:] for name in named} | {
        n[:1].upper() + n[1:] for n in named
    }
    # A bare number would hide every other one like it.
    kept = [n for n in named if re.search(r"\d", n) and re.search(r"[A-Za-z]{2}|[≤≥<>]", n)]
    kept = sorted((name for name in kept if name in printed), key=len, reverse=True)
    return re.compile(rf"(?<![\d.,A-Za-z])(?:{'|'.join(map(re.escape, kept)) or '(?!)'})(?!\d)")


def _in_brackets(label: str) -> str:
    head, comma, rest = label.partition(", ")
    return f"{head} ({rest})" if comma and "(" not in label else label


def loose(words: Text) -> str:
    """The text without its values and code; a sign stands for each."""
    return "".join(
        part if isinstance(part, str) else "◆" if isinstance(part, Value | Code) else "□"
        for part in words.parts
    )
