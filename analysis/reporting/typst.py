"""A report as a PDF, set like an article by typst.

The words of a report are handed to the layout (``templates/report.typ``) as JSON, never as source:
whatever a stranger wrote into a title or a label stays text. Fonts are those that come with typst,
and for figures those that come with matplotlib; no font of the machine and no network is used.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import typst

from analysis.reporting import columns
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Code,
    Details,
    Doi,
    Figure,
    Heading,
    KeyFacts,
    Listing,
    Paragraph,
    Part,
    Report,
    Section,
    Strong,
    Table,
    Text,
    Value,
    walk,
)
from analysis.reporting.html import doi_url, numbering

LONGEST = {"data": 60, "supporting": 150}
"""Rows of the longest table in the appendix; a longer one is told of, with where to find it."""

_WHOLE = {False: 300.0, True: 150.0}
"""Height of the highest table that is kept on one page, in points; less for one of sentences, whose
rows are high."""

_WIDEST, _TALLEST = 430.0, 590.0
"""Points that a figure may be wide, so that its type is that of the text, and high, so that its
caption fits below it."""

_FLOATS = 280.0
"""Height from which a figure may stand on another page than its place, so that none is left half
empty."""

_ALONE = 480.0
"""Height from which a figure has a page to itself."""

_LED, _LEAD = ("table", "bullets", "pointer"), 400
"""What a paragraph of at most so many letters stays with."""

_LONG = 900
"""Letters of a table's cell from which its row may be broken over pages."""

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SHORT = 100
"""Letters of a title above each page."""

_BEFORE = re.compile(r"[(\[]?(?:95% CI|\b[A-Za-z]{1,4} [=<>≤≥]) $")
_BEHIND = re.compile(r"[^\s(]{1,8}(?=\s|$)")
"""What of the words beside a number is read with it, and stands on its line."""

_KEYWORDS = ("NHANES", "complex survey", "design-based inference", "reanalysis")

Json = dict[str, Any]


def render_pdf(report: Report) -> bytes:
    """Render a report.

    Parameters
    ----------
    report : Report
        What to say.

    Returns
    -------
    bytes
        A whole PDF/UA-1: tagged, with bookmarks and words for each figure. It names no date, and
        the same report gives the same bytes.
    """
    compiler = engine(report)
    try:
        made = compiler.compile(format="pdf", pdf_standards="ua-1")
    except typst.TypstError:
        # The standard forbids a letter that no font has; a study's title may hold one.
        made = compiler.compile(format="pdf")
    assert isinstance(made, bytes)
    return made


def engine(report: Report) -> typst.Compiler:
    """Give typst a report, to compile it or to ask what it holds.

    Parameters
    ----------
    report : Report

    Returns
    -------
    typst.Compiler
    """
    # The stub knows no files in memory, which it takes.
    given: Any = sources(report)
    return typst.Compiler(given, font_paths=_fonts())


def sources(report: Report) -> dict[str, bytes]:
    """Make all that typst reads of a report.

    Parameters
    ----------
    report : Report

    Returns
    -------
    dict of str to bytes
        The layout, the words as JSON, and the figures, by the names of files.
    """
    made = {
        "main.typ": (files("analysis.reporting") / "templates" / "report.typ").read_bytes(),
        "report.json": json.dumps(_report(report), ensure_ascii=False).encode(),
    }
    return made | {f"{f.key}.svg": f.drawing.wide.encode() for f in report.figures}


@cache
def _fonts() -> typst.Fonts:
    """Fonts of typst and of matplotlib, the same on every machine."""
    paths = [Path(mpl.get_data_path()) / "fonts" / "ttf"]
    return typst.Fonts(include_system_fonts=False, font_paths=paths)


def _report(report: Report) -> Json:
    setter = _Setter(numbering(report))
    sections = [setter.section(section) for section in report.sections]
    _queue(sections)
    title = _clean(report.title)
    return {
        "title": title,
        "short": textwrap.shorten(title, _SHORT, placeholder="…"),
        "question": _clean(report.question),
        "notice": _clean(report.notice),
        "synthetic": report.synthetic,
        "keywords": [*_KEYWORDS, *(["artificial data"] if report.synthetic else [])],
        "sections": sections,
        "appendix": [
            {"title": title, "blocks": blocks}
            for title, blocks in (
                ("Supporting material", setter.supporting),
                ("Numbers behind the figures", _data(report, setter)),
            )
            if blocks
        ],
    }


@dataclass
class _Setter:
    """Sets blocks; those that belong in the appendix it keeps, and leaves a pointer to them.

    Parameters
    ----------
    names : dict of str to str
        Numbers of tables and figures, as in the page.
    """

    names: dict[str, str]
    supporting: list[Json] = field(default_factory=list)

    def section(self, section: Section) -> Json:
        """Set a section's body, and put aside what it has for the appendix."""
        body: list[Json] = []
        aside: list[Json] = []
        for block in section.blocks:
            if isinstance(block, Details):
                _point(body, self._pointer(block.blocks, block.summary))
                aside += self._details(block)
            elif isinstance(block, Table) and block.series == "supporting":
                _point(body, self._pointer((block,), block.caption.plain))
                aside += self.blocks((block,))
            else:
                body += self.blocks((block,))
        if aside:
            heading = {"kind": "heading", "title": _clean(section.title)}
            self.supporting += [heading, *aside]
        _arrange(body)
        return {"key": section.key, "title": _clean(section.title), "blocks": body}

    def _details(self, block: Details) -> list[Json]:
        """Set blocks shown on demand, below their summary unless a lone table's caption says it."""
        label = {
            "kind": "subheading", "title": _clean(block.summary), "label": _label(block.summary)
        }  # fmt: skip
        numbered = all(self._name(inner) for inner in block.blocks)
        return [*([] if numbered else [label]), *self.blocks(block.blocks)]

    def _pointer(self, blocks: Sequence[Block], words: str) -> Json:
        """Tell where in the appendix to find blocks: the first and the last that have a number."""
        targets = [
            {"name": self._name(block), "label": _label(_key(block))}
            for block in walk(blocks)
            if self._name(block)
        ]
        ends = targets if len(targets) < 2 else [targets[0], targets[-1]]
        return {"text": _clean(words).rstrip("."), "targets": ends, "label": _label(words)}

    def _name(self, block: Block) -> str:
        return self.names.get(_key(block), "")

    def blocks(self, blocks: Sequence[Block]) -> list[Json]:
        """Set blocks where they stand."""
        found = [each for block in blocks for each in self._block(block)]
        _arrange(found)
        return found

    def _block(self, block: Block) -> Iterator[Json]:
        match block:
            case Paragraph():
                yield {
                    "kind": "paragraph",
                    "text": inline(block.text),
                    "as": block.kind,
                    "leads": False,
                }
            case Heading():
                yield {"kind": "heading", "title": _clean(block.title)}
            case Bullets():
                items = [inline(item) for item in block.items]
                yield {"kind": "bullets", "items": items, "ordered": block.ordered}
            case Listing():
                yield {"kind": "listing", "text": _clean(block.text, lines=True)}
            case KeyFacts():
                facts = [
                    {"label": _clean(f.label), "value": inline(f.value), "note": inline(f.note)}
                    for f in block.facts
                ]
                yield {"kind": "facts", "facts": facts, "across": block.across}
            case Table():
                yield self.table(block)
            case Figure():
                yield self._figure(block)
            case Details():
                yield from self._details(block)

    def table(self, table: Table, number: str = "") -> Json:
        """Set a table, or tell where it is if it is too long for paper."""
        told = {
            "number": number or self._name(table),
            "caption": inline(table.caption),
            "label": _label(table.key),
        }
        if table.lines > LONGEST.get(table.series, table.lines):
            rows = sum(len(group.rows) for group in table.groups)
            return {"kind": "left-out", **told, "rows": f"{rows:,}", "where": _where(table)}
        fit = columns.fit(table, columns.PDF)
        return {
            "kind": "table", **told,
            "size": fit.size, "widths": fit.widths, "gaps": fit.gaps, "turned": fit.turned,
            "whole": fit.height <= _WHOLE[table.stack], "words": table.stack, "waits": False,
            "head": [[_cell(cell, table, fit) for cell in row] for row in table.head],
            "groups": [
                {
                    "label": inline(group.label),
                    "rows": [[_cell(cell, table, fit) for cell in row] for row in group.rows],
                }
                for group in table.groups
            ],
            "notes": [inline(note) for note in table.notes],
        }  # fmt: skip

    def _figure(self, figure: Figure) -> Json:
        width, height = _extent(figure.drawing.wide)
        return {
            "kind": "figure", "number": self._name(figure), "label": _label(_key(figure)),
            "caption": inline(figure.caption), "file": f"{figure.key}.svg",
            "width": width, "floats": height > _FLOATS, "alone": height > _ALONE,
            "alt": _clean(f"{figure.title}. {figure.description}"),
        }  # fmt: skip


def _queue(sections: Sequence[Json]) -> None:
    """Let every figure behind one that floats float too, so that none comes before it.

    Where a section ends with all its floats set (`report.typ` does so behind tables that wait),
    figures stand in the text again.
    """
    behind = False
    for section in sections:
        for each in section["blocks"]:
            if each["kind"] == "figure":
                behind = each["floats"] = each["floats"] or behind
        if any(each.get("waits") for each in section["blocks"]):
            behind = False


def _arrange(blocks: list[Json]) -> None:
    """Keep what leads to a block with it, and tables clear of figures that have their own page.

    Such a figure floats, and would come between the rows of a table that begins below its place:
    the table floats behind it, and so do the others behind the figure, in their order.
    """
    for each, after in pairwise(blocks):
        if each["kind"] == "paragraph":
            told = "".join(part if isinstance(part, str) else str(part) for part in each["text"])
            each["leads"] = after["kind"] in _LED and len(told) <= _LEAD
    alone = (at for at, each in enumerate(blocks) if each.get("alone"))
    behind = blocks[next(alone, len(blocks)) :]
    tables = [each for each in behind if each["kind"] == "table" and not each["turned"]]
    waits = any(not each["whole"] for each in tables)
    for each in tables:
        each["waits"] = waits


def _point(body: list[Json], pointer: Json) -> None:
    """Add a pointer to a body; those that follow each other share a line."""
    if body and body[-1]["kind"] == "pointer":
        body[-1]["to"].append(pointer)
    else:
        body.append({"kind": "pointer", "to": [pointer]})


def _data(report: Report, setter: _Setter) -> list[Json]:
    """Set the numbers behind each figure."""
    found = []
    for figure in report.figures:
        told = setter.table(figure.data, f"Numbers behind {setter.names[_key(figure)]}")
        found.append(told | {"caption": [_clean(figure.title)]})
    return found


def _where(table: Table) -> str:
    """Name the files beside the PDF that hold a table's rows."""
    if table.series == "data":
        return f"figures/{table.key.removesuffix('-numbers')}.csv and in report.html"
    return f"tables/{table.key}.csv and in report.html"


def _key(block: Block) -> str:
    if isinstance(block, Figure):
        return f"figure-{block.key}"
    return block.key if isinstance(block, Table) else ""


def _label(key: str) -> str:
    """Make a name that typst can link to."""
    return "at-" + re.sub(r"[^A-Za-z0-9]+", "-", key)


def _extent(svg: str) -> tuple[float, float]:
    """Choose the width and height of a figure in points; smaller than usual if it is too high."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width, height = (float(number) for number in found.groups()) if found else (1.0, 1.0)
    scale = min(_WIDEST / width, _TALLEST / height)
    return width * scale, height * scale


def _cell(cell: Cell, table: Table, fit: columns.Fit) -> Json:
    words = inline(cell.text)
    if table.stack and cell.number:
        parts = [
            {"as": "value", "text": _clean(piece)} for piece in columns.pieces(cell, columns.PDF)
        ]
        words = [each for part in parts for each in (part, " ")][:-1]
    return {
        "text": words, "number": cell.number, "span": cell.span, "mark": cell.mark,
        "whole": columns.unbroken(cell, columns.PDF) and not table.stack and not fit.squeezed,
        "long": len(cell.text.plain) > _LONG,
    }  # fmt: skip


def inline(text: Text) -> list[str | Json]:
    """Set running text: plain words as strings, the rest as what they are."""
    parts = [_part(part) for part in text.parts]
    for at, part in enumerate(parts):
        if isinstance(part, dict) and part["as"] == "value":
            _tie(parts, at)
    return [part for part in parts if part]


def _tie(parts: list[str | Json], at: int) -> None:
    """Move what is read with a number from the words beside it to the number."""
    value: Any = parts[at]
    before, behind = (parts[n] if 0 <= n < len(parts) else "" for n in (at - 1, at + 1))
    if isinstance(before, str) and (found := _BEFORE.search(before)):
        parts[at - 1] = before[: found.start()]
        value["text"] = found.group() + value["text"]
    if isinstance(behind, str) and (found := _BEHIND.match(behind)):
        parts[at + 1] = behind[found.end() :]
        value["text"] += found.group()


def _part(part: Part) -> str | Json:
    match part:
        case Value():
            return {"as": "value", "text": _clean(part.text)}
        case Code():
            return {"as": "code", "pieces": columns.broken(_clean(part.text))}
        case Strong():
            return {"as": "strong", "text": _clean(part.text)}
        case Doi():
            return {"as": "doi", "text": f"doi:{_clean(part.doi)}", "url": doi_url(part.doi)}
        case _:
            return _clean(part)


def _clean(text: str, *, lines: bool = False) -> str:
    """Replace what no font can show; a line break is one only in listings."""
    text = text.replace("\r\n", "\n")
    return _UNSEEN.sub("\ufffd", text if lines else re.sub(r"[\n\t]", " ", text))
