"""What a report is made of, before it is HTML or anything else.

A report is a list of sections, a section a list of blocks, and running text a list of parts. A
number that comes from the results table is a `Value` and carries the row and the columns it was
read from, so that every format can link it and a test can hold it against results.csv.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from analysis.reporting.style import Drawing


@dataclass(frozen=True)
class Value:
    """A formatted number (or estimate with interval) out of one row of the results.

    Parameters
    ----------
    text : str
        As it is printed.
    row : int
        Position of the row in the results table, from 0.
    columns : tuple of str
        The columns printed, in their order.
    """

    text: str
    row: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Text of a study file, a variable's name or a hash, set in a fixed-width face."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True)
class Doi:
    """A digital object identifier; the only thing in a report that links to a network."""

    doi: str


class Link(str):
    """Words that lead to a section of the same report.

    They are text, so that a format without links prints them as they are.

    Parameters
    ----------
    words : str
        As they are printed.
    key : str
        Of the section.
    """

    key: str

    def __new__(cls, words: str, key: str) -> Link:
        """Make the words, and note where they lead."""
        made = super().__new__(cls, words)
        made.key = key
        return made


Part = str | Value | Code | Strong | Doi


@dataclass(frozen=True)
class Text:
    """Running text.

    Parameters
    ----------
    parts : tuple of Part
        In reading order. Plain strings are never markup.
    """

    parts: tuple[Part, ...] = ()

    @property
    def plain(self) -> str:
        """The text alone."""
        return "".join(part if isinstance(part, str) else _plain(part) for part in self.parts)

    @property
    def values(self) -> tuple[Value, ...]:
        """The numbers in the text that come from the results."""
        return tuple(part for part in self.parts if isinstance(part, Value))

    def __add__(self, other: Text | Part) -> Text:
        """Join two texts."""
        return text(self, other)

    def __bool__(self) -> bool:
        return bool(self.parts)


def _plain(part: Value | Code | Strong | Doi) -> str:
    return f"https://doi.org/{part.doi}" if isinstance(part, Doi) else part.text


def text(*parts: Text | Part) -> Text:
    """Make one text of parts and texts."""
    flat: list[Part] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Text) else (part,))
    return Text(tuple(flat))


def listing(items: Iterable[Text | Part], *, last: str = " and ") -> Text:
    """Join items as a written list: ``a``, ``a and b``, ``a, b and c``."""
    texts = [text(item) for item in items]
    joined = Text()
    for position, item in enumerate(texts):
        if position:
            joined += last if position == len(texts) - 1 else ", "
        joined += item
    return joined


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` is ``""``, ``"lead"`` (the answer) or ``"note"`` (small print)."""

    text: Text
    kind: Literal["", "lead", "note", "warning"] = ""


@dataclass(frozen=True)
class Bullets:
    """A list of texts."""

    items: tuple[Text, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    title: str


@dataclass(frozen=True)
class Listing:
    """Text kept as it is, for example the study's specification.

    Parameters
    ----------
    text : str
    key : str
        Unique in the report, where its lines are numbered and can be linked; else empty.
    """

    text: str
    key: str = ""


@dataclass(frozen=True)
class KeyFact:
    """One fact of the strip below the answer."""

    label: str
    value: Text
    note: Text = field(default_factory=Text)


@dataclass(frozen=True)
class KeyFacts:
    """The strip of facts."""

    facts: tuple[KeyFact, ...]

    @property
    def across(self) -> int:
        """How many stand side by side: at most five, in rows as even as can be."""
        rows = max(math.ceil(len(self.facts) / 5), 1)
        return math.ceil(len(self.facts) / rows)


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Parameters
    ----------
    text : Text
        What it holds.
    number : bool
        Aligned as a number.
    span : int, default 1
        Columns that it covers.
    mark : str
        The verdict a cell stands for (``"good"``, ``"part"``, ``"bad"``, ``"open"``), shown by a
        sign and a colour beside its words.
    """

    text: Text = field(default_factory=Text)
    number: bool = False
    span: int = 1
    mark: str = ""


@dataclass(frozen=True)
class Group:
    """Rows of a table that belong together, below a heading of their own if `label` has text."""

    rows: tuple[tuple[Cell, ...], ...]
    label: Text = field(default_factory=Text)


@dataclass(frozen=True)
class Table:
    """A table: the first cell of each row is its heading.

    Parameters
    ----------
    key : str
        Unique in the report; becomes its id.
    caption : Text
        Without number.
    head : tuple of tuple of Cell
        One or two rows of column headings.
    groups : tuple of Group
        The body.
    notes : tuple of Text
        Below the table.
    series : {"main", "supporting", "data"}
        Main tables are numbered 1, 2, ...; supporting ones S1, S2, ...; data behind a figure
        are not.
    stack : bool
        On a phone, set cells below each other: for tables that are mostly words.
    """

    key: str
    caption: Text
    head: tuple[tuple[Cell, ...], ...]
    groups: tuple[Group, ...]
    notes: tuple[Text, ...] = ()
    series: Literal["main", "supporting", "data"] = "main"
    stack: bool = False

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return sum(cell.span for cell in self.head[0])

    @property
    def lines(self) -> int:
        """How many rows it has, headings included."""
        return len(self.head) + sum(len(group.rows) + bool(group.label) for group in self.groups)


@dataclass(frozen=True)
class Choice:
    """A choice that estimates can be picked by, with the labels of its options."""

    label: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Estimates:
    """The estimates of a figure in columns, for formats in which a reader can go through them.

    Parameters
    ----------
    rows : tuple of int
        Their rows of the results, in the order in which they are drawn.
    shown : tuple of str
        Each as it is printed, with its interval.
    estimate, low, high, n, events : tuple of float
        Not a number where there is none.
    says : tuple of int
        What each interval says: 0 that it holds no association (or is none), 1 that it lies
        wholly below, 2 that it lies wholly above.
    picks : tuple of tuple of int
        By choice: the place of each estimate's option among the options.
    """

    rows: tuple[int, ...]
    shown: tuple[str, ...]
    estimate: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    n: tuple[float, ...]
    events: tuple[float, ...]
    says: tuple[int, ...]
    picks: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class CurveToExplore:
    """A specification curve, lowest estimate first.

    Parameters
    ----------
    choices : tuple of Choice
        The first option of each is that of the base specification.
    estimates : Estimates
    base : int, optional
        Place of the base specification.
    published : str
        The published estimate as it is printed; empty where there is none.
    published_at : float
    limits : tuple of float
        Ends of the axis of estimates, a logarithmic one.
    ticks : tuple of float
        Of that axis.
    """

    choices: tuple[Choice, ...]
    estimates: Estimates
    base: int | None
    published: str
    published_at: float
    limits: tuple[float, float]
    ticks: tuple[float, ...]


@dataclass(frozen=True)
class GridToExplore:
    """Joint groups of two measures, a grid an outcome.

    Parameters
    ----------
    panels : tuple of str
        The outcomes.
    panel : tuple of int
        The place of each estimate's outcome among them.
    columns, lines : Choice
        The groups of the measure across and of the one upwards.
    estimates : Estimates
        With two picks: column and line.
    references : tuple of bool
        Which are what the others are compared with.
    depths : tuple of float
        How deep each is coloured, from -1 (inverse) to 1 (positive).
    measure : tuple of str
        By panel: what an estimate is (``OR``).
    """

    panels: tuple[str, ...]
    panel: tuple[int, ...]
    columns: Choice
    lines: Choice
    estimates: Estimates
    references: tuple[bool, ...]
    depths: tuple[float, ...]
    measure: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A figure with its words and its numbers.

    Parameters
    ----------
    key : str
        Unique in the report; becomes its id and the name of its files.
    caption : Text
        Without number.
    title : str
        What the figure is, in one line.
    description : str
        What it shows, for those who cannot see it.
    drawing : Drawing
        What is seen.
    data : Table
        The numbers that it shows.
    explore : CurveToExplore or GridToExplore, optional
        What a reader can go through where the format allows it; the drawing stands in the others.
    """

    key: str
    caption: Text
    title: str
    description: str
    drawing: Drawing
    data: Table
    explore: CurveToExplore | GridToExplore | None = None


@dataclass(frozen=True)
class Details:
    """Blocks that are shown on demand."""

    summary: str
    blocks: tuple[Block, ...]


Block = Paragraph | Bullets | Heading | Listing | KeyFacts | Table | Figure | Details


@dataclass(frozen=True)
class Section:
    """A section with its entry in the contents list."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Source:
    """Where the numbers of one row of the results come from.

    Parameters
    ----------
    fields : tuple of pairs of str
        The columns of results.csv that are not empty, each with the text that stands there.
    lines : tuple of pairs of str and int
        What in the study file asked for the row, and the line where it begins, from 1.
    """

    fields: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Report:
    """The whole report.

    Parameters
    ----------
    title, question : str
        From the study's specification.
    synthetic : bool
        True if the data are artificial, which every format must say.
    sections : tuple of Section
        In reading order; the first is the answer.
    notice : str
        What a reader must know before anything else; stands below the title. Empty if nothing.
    sources : mapping of int to Source
        Where numbers come from, by their rows of the results.
    """

    title: str
    question: str
    synthetic: bool
    sections: tuple[Section, ...]
    notice: str = ""
    sources: Mapping[int, Source] = field(default_factory=dict)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure in its order."""
        return tuple(b for s in self.sections for b in walk(s.blocks) if isinstance(b, Figure))


def walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """Every block in reading order, those on demand included."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from walk(block.blocks)


def texts(blocks: Sequence[Block]) -> Iterator[Text]:
    """Every text that may hold numbers, in reading order."""
    for block in walk(blocks):
        if isinstance(block, Paragraph):
            yield block.text
        elif isinstance(block, Bullets):
            yield from block.items
        elif isinstance(block, KeyFacts):
            for fact in block.facts:
                yield from (fact.value, fact.note)
        elif isinstance(block, Figure):
            yield block.caption
            yield from _of_table(block.data)
        elif isinstance(block, Table):
            yield from _of_table(block)


def plain(sections: Iterable[Section]) -> str:
    """All that sections say, as one string without marks."""
    return " ".join(each.plain for section in sections for each in texts(section.blocks))


def _of_table(table: Table) -> Iterator[Text]:
    yield table.caption
    yield from (cell.text for row in table.head for cell in row)
    for group in table.groups:
        yield group.label
        yield from (cell.text for row in group.rows for cell in row)
    yield from table.notes
