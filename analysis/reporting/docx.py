"""A report as a Word document, for co-authors who comment and edit.

Headings, captions, lists and tables are Word's own, in styles that an editor can change in one
place. What the page shows on demand stands at the end; a table too long to be read on paper is
left to its file. The same report gives the same bytes.
"""

from __future__ import annotations

import datetime
import io
import struct
import textwrap
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import zip_longest
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from analysis.reporting import wordml
from analysis.reporting.columns import WORD, fit
from analysis.reporting.document import (
    Block,
    Bullets,
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
    Table,
    Text,
    Value,
    walk,
)
from analysis.reporting.docx_tables import KEEP, facts_table, table_rows
from analysis.reporting.html import doi_url, numbering

LONGEST = 60
"""A supporting table shown on demand that has more lines than this is left to its file."""

WIDEST, HIGHEST = 460.0, 560.0
"""Room for a figure, in points; its caption stands below it on the same page."""

EPOCH = datetime.datetime(1980, 1, 1)
"""When the document says that it was made: the first day that a zip file knows."""

NBSP = "\N{NO-BREAK SPACE}"

_UNUSED = ("/thumbnail", "/stylesWithEffects", "/customXml", "/extended-properties")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_HERE = files("analysis.reporting")
_PARTS = {"word/settings.xml": "docx_settings.xml", "word/fontTable.xml": "docx_fonts.xml"}
_STYLES = {"": "", "lead": "Lead", "note": "Note", "warning": "Warning"}


def render(report: Report) -> bytes:
    """Render a report.

    Parameters
    ----------
    report : Report
        What to say.

    Returns
    -------
    bytes
        A ``.docx`` file.
    """
    document = docx.Document()
    _strip(document)
    _describe(document, report)
    references = _headers(document, report)
    writer = _Writer(report, document.part)
    body = _sections(writer.everything(), references)
    _number_lists(document, writer.ordered)
    target = io.BytesIO()
    document.save(target)
    whole = (
        f"{_DECLARATION}<w:document {nsdecls('w', 'r', 'wp')}><w:body>{body}</w:body></w:document>"
    )
    parts = {name: (_HERE / "templates" / file).read_bytes() for name, file in _PARTS.items()}
    return _packed(target.getvalue(), parts | {"word/document.xml": whole.encode()})


@dataclass(frozen=True)
class _Piece:
    """Some XML of the body, and the page that it asks for: None if it goes with what follows."""

    xml: str
    page: wordml.Page | None = "upright"


@dataclass
class _Writer:
    """Turns blocks to XML, and keeps count of what must be unique in a document."""

    report: Report
    part: Any
    names: dict[str, str] = field(default_factory=dict)
    ordered: int = 0
    marks: int = 0
    supplement: list[tuple[str, Sequence[Block], str]] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = numbering(self.report)

    def everything(self) -> Iterator[_Piece]:
        """Write the title, the sections and what is put at the end."""
        report = self.report
        yield _Piece(wordml.paragraph(wordml.run(report.title), "Title"))
        yield _Piece(wordml.paragraph(wordml.run(report.question), "Subtitle"))
        if report.notice:
            yield _Piece(wordml.paragraph(wordml.run(report.notice), "Notice"))
        last = Section("files", "Supporting tables and files", ())
        every = (*report.sections, last)
        for position, section in enumerate(every):
            yield _Piece(self.heading(section.title, 1, _anchor(position)), None)
            yield from self.blocks(section.blocks)
            if position == 0:
                entries = [(_anchor(place), one.title) for place, one in enumerate(every)]
                yield _Piece(wordml.paragraph(wordml.run("Contents"), "TOCHeading"))
                yield _Piece(wordml.contents(entries[1:]))
        yield _Piece(wordml.paragraph(wordml.run(_FILES), "Note"))
        for title, blocks, name in self.supplement:
            yield _Piece(self.heading(title, 2, name), None)
            yield from self.blocks(blocks)

    def heading(self, title: str, level: int, name: str = "") -> str:
        inner = self.marked(name, wordml.run(title)) if name else wordml.run(title)
        return wordml.paragraph(inner, f"Heading{level}")

    def marked(self, name: str, inner: str) -> str:
        self.marks += 1
        return wordml.bookmark(name, self.marks, inner)

    def blocks(self, blocks: Sequence[Block]) -> Iterator[_Piece]:
        for block, after in zip_longest(blocks, blocks[1:]):
            yield from self.block(block, KEEP if _leads(block, after) else "")

    def block(self, block: Block, keep: str) -> Iterator[_Piece]:
        if isinstance(block, Paragraph):
            words = self.inline(block.text, block.kind)
            yield _Piece(wordml.paragraph(words, _STYLES[block.kind], properties=keep))
        elif isinstance(block, Heading):
            yield _Piece(self.heading(block.title, 2), None)
        elif isinstance(block, Bullets):
            yield _Piece(self.bullets(block))
        elif isinstance(block, Listing):
            yield _Piece("".join(_listed(line) for line in block.text.splitlines()))
        elif isinstance(block, KeyFacts):
            yield _Piece(facts_table(block, self.inline))
        elif isinstance(block, Table):
            yield self.table(block)
        elif isinstance(block, Figure):
            yield self.figure(block)
        else:
            yield _Piece(self.pointer(block))

    def inline(self, words: Text, kind: str = "", size: float = 0) -> str:
        return "".join(self.inline_part(part, kind, size) for part in words.parts)

    def inline_part(self, part: Part, kind: str = "", size: float = 0) -> str:
        if isinstance(part, str):
            return wordml.run(part, size=size)
        if isinstance(part, Value):
            # A number and its interval stay on one line.
            words = part.text.replace(" ", NBSP) if kind != "cell" else part.text
            return wordml.run(words, size=size, bold=kind == "lead")
        if isinstance(part, Doi):
            return self.doi(part, size)
        style = "Verbatim" if isinstance(part, Code) else "Strong"
        return wordml.run(part.text, style, size=size)

    def doi(self, part: Doi, size: float) -> str:
        url, words = doi_url(part.doi), f"doi:{part.doi}"
        if not url:
            return wordml.run(words, size=size)
        relation = self.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        return wordml.link_out(relation, wordml.run(words, "Hyperlink", size=size))

    def bullets(self, block: Bullets) -> str:
        style, numbered = ("ListNumber", "") if block.ordered else ("ListBullet", "")
        if block.ordered:
            self.ordered += 1
            # The third list definition on, each starting at 1.
            numbered = (
                f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{self.ordered + 2}"/></w:numPr>'
            )
        return "".join(
            wordml.paragraph(self.inline(item), style, properties=numbered) for item in block.items
        )

    def table(self, block: Table) -> _Piece:
        chosen = fit(block, WORD)
        caption = wordml.paragraph(self.caption(block), "TableCaption")
        made = wordml.table(
            table_rows(block, chosen, self.inline), chosen.widths, style="ReportTable",
            title=f"{self.name(block)} {block.caption.plain}".strip(),
        )  # fmt: skip
        # All notes stand on the page of the last rows.
        keeps = [KEEP] * (len(block.notes) - 1) + [""]
        notes = [
            wordml.paragraph(self.inline(note), "TableNote", properties=keep)
            for note, keep in zip(block.notes, keeps, strict=False)
        ]
        # Two tables without a paragraph between them would be one.
        end = wordml.paragraph("", "TableEnd")
        return _Piece(
            "".join((caption, made, *notes, end)), "lying" if chosen.turned else "upright"
        )

    def figure(self, block: Figure) -> _Piece:
        png = block.drawing.png
        relation, _ = self.part.get_or_add_image(io.BytesIO(png))
        self.marks += 1
        name = self.name(block)
        told = f"{block.title}. {block.description}"
        drawn = wordml.picture(relation, self.marks, _size(png), name, told)
        caption = wordml.paragraph(self.caption(block), "FigureCaption")
        return _Piece(wordml.paragraph(drawn, "Figure") + caption)

    def caption(self, block: Table | Figure) -> str:
        """Write the caption, with a number that Word counts on from."""
        name = self.name(block)
        made = ""
        if name:
            kind, _, number = name.partition(" ")
            stem, digits = ("S", number[1:]) if number.startswith("S") else ("", number)
            made = wordml.run(f"{kind} {stem}", "CaptionNumber") + self.counter(kind, stem, digits)
            made = self.marked(name.replace(" ", "_"), made) + wordml.run(". ", "CaptionNumber")
        if self.report.synthetic:
            made += wordml.run("Artificial data. ", "Artificial")
        return made + self.inline(block.caption)

    def counter(self, kind: str, stem: str, digits: str) -> str:
        """Count on; start from a number where one before it is left to its file."""
        series = f"{kind}_{stem}" if stem else kind
        follows = int(digits) == self.counted.get(series, 0) + 1
        self.counted[series] = int(digits)
        restart = "" if follows else rf" \r {digits}"
        counted = rf"SEQ {series} \* ARABIC{restart}"
        return wordml.field(counted, digits, "CaptionNumber")

    def pointer(self, block: Details) -> str:
        """Say where that is which the page shows on demand, and put it there."""
        found = [one for one in walk(block.blocks) if isinstance(one, Table | Figure)]
        tables = [one for one in found if isinstance(one, Table)]
        long = [one for one in tables if one.series != "main" and one.lines > LONGEST]
        kept = [one for one in block.blocks if not isinstance(one, Listing) and one not in long]
        said = []
        if kept:
            place = f"_End{len(self.supplement) + 1}"
            self.supplement.append((block.summary, kept, place))
            figures = [one for one in found if isinstance(one, Figure)]
            shown = [self.span([one for one in tables if one not in long]), self.span(figures)]
            named = wordml.run(" and ").join(filter(None, shown))
            there = wordml.link(place, wordml.run("at the end", "Hyperlink"))
            said.append(wordml.run(", ").join(filter(None, (named, there))))
        for one in long:
            file = wordml.run(f"tables/{one.key}.csv", "Verbatim")
            said.append(wordml.run(f"{self.name(one)} is in ") + file)
        if any(isinstance(one, Listing) for one in block.blocks):
            said.append(wordml.run("in report.html"))
        made = wordml.run(f"{block.summary}: ") + wordml.run("; ").join(said)
        return wordml.paragraph(made + wordml.run("."), "Note")

    def span(self, blocks: Sequence[Table | Figure]) -> str:
        """Name the first and the last of tables or figures, with links."""
        ends = dict.fromkeys(self.name(one) for one in (*blocks[:1], *blocks[-1:]))
        links = [
            wordml.link(name.replace(" ", "_"), wordml.run(name, "Hyperlink")) for name in ends
        ]
        return wordml.run(" to ").join(links)

    def name(self, block: Table | Figure) -> str:
        """Give the number of a table or figure: ``Table S1``."""
        key = f"figure-{block.key}" if isinstance(block, Figure) else block.key
        return self.names.get(key, "")


_FILES = (
    "Beside this document, each table is in the folder “tables” as CSV and LaTeX, each figure in "
    "“figures” as SVG and PNG with its numbers as CSV, and all estimates with all digits are in "
    "results.csv. The page report.html holds everything in one file."
)


def _anchor(position: int) -> str:
    return f"_Toc{position + 1:08d}"


def _leads(block: Block, after: Block | None) -> bool:
    """Whether a paragraph says something of what follows, and belongs on its page."""
    if not isinstance(block, Paragraph):
        return False
    of_table = block.kind == "note" and isinstance(after, Table)
    return of_table or (isinstance(after, Bullets) and block.text.plain.endswith(":"))


def _listed(line: str) -> str:
    return wordml.paragraph(wordml.run(line.replace("\t", "    ")), "Listing")


def _size(png: bytes) -> tuple[float, float]:
    """Fit a picture to the page, by the width and height in its header."""
    across, down = struct.unpack(">II", png[16:24])
    scale = min(WIDEST / across, HIGHEST / down)
    return across * scale, down * scale


def _sections(pieces: Iterable[_Piece], references: str) -> str:
    """Put pieces together, with a new section wherever pages turn.

    Headings go with what follows them, so that none stays behind alone.
    """
    made: list[str] = []
    waiting = ""
    page: wordml.Page = "upright"
    for piece in pieces:
        if piece.page is None:
            waiting += piece.xml
            continue
        if piece.page != page:
            ended = wordml.section(page, references)
            made.append(wordml.paragraph("", "SectionEnd", properties=ended))
            references, page = "", piece.page
        made.append(waiting + piece.xml)
        waiting = ""
    return "".join((*made, waiting, wordml.section(page, references)))


# The package


def _strip(document: Any) -> None:
    """Take out of python-docx's template all that is not a report's, and put our styles in."""
    part = document.part
    for owner in (part.package, part):
        for name, relation in list(owner.rels.items()):
            if relation.reltype.endswith(_UNUSED):
                del owner.rels[name]
    for place, file in (
        (document.styles.element, "docx_styles.xml"),
        (part.numbering_part.element, "docx_numbering.xml"),
    ):
        made = parse_xml((_HERE / "templates" / file).read_bytes())
        place[:] = list(made)


def _describe(document: Any, report: Report) -> None:
    core = document.core_properties
    core.title = _short(report.title)
    core.subject = _short(report.question)
    core.keywords = "NHANES; survey"
    core.category = "Artificial data" if report.synthetic else ""
    core.language = "en"
    core.author = core.last_modified_by = core.comments = ""
    core.created = core.modified = EPOCH


def _short(words: str) -> str:
    """Core properties take 255 letters, and none that XML forbids."""
    legal = "".join(letter if letter.isprintable() else " " for letter in words)
    return legal if len(legal) <= 255 else legal[:254] + "…"


def _headers(document: Any, report: Report) -> str:
    """Fill headers and footers; return the references to them, for the first section."""
    section = document.sections[0]
    section.different_first_page_header_footer = True
    banner = (
        wordml.paragraph(wordml.run("Artificial data: no finding about people"), "Banner")
        if report.synthetic
        else ""
    )
    title = textwrap.shorten(report.title, 105, placeholder="…")
    running = banner + wordml.paragraph(wordml.run(title), "Header")
    page = wordml.paragraph(
        wordml.run("Page ") + wordml.field("PAGE", "1") + wordml.run(" of ")
        + wordml.field("NUMPAGES", "1"),
        "Footer",
    )  # fmt: skip
    for place, xml in (
        (section.header, running),
        (section.first_page_header, banner or wordml.paragraph("", "Header")),
        (section.footer, page),
        (section.first_page_footer, page),
    ):
        place.is_linked_to_previous = False
        made = parse_xml(f"<w:hdr {nsdecls('w')}>{xml}</w:hdr>")
        place._element[:] = list(made)
    found = document.element.body.sectPr.xpath("w:headerReference | w:footerReference")
    return "".join(
        f'<w:{one.tag.rpartition("}")[2]} w:type="{one.get(qn("w:type"))}" '
        f'r:id="{one.get(qn("r:id"))}"/>'
        for one in found
    )


def _number_lists(document: Any, ordered: int) -> None:
    """Give each ordered list a definition of its own that starts at 1."""
    numbering_part = document.part.numbering_part.element
    for number in range(3, ordered + 3):
        numbering_part.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="1"/>'
                '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
            )
        )


def _packed(packed: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Pack anew: `parts` put in, every date the same, names in order with the types first."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(target, "w") as new:
        first = "[Content_Types].xml"
        for name in sorted(old.namelist(), key=lambda name: (name != first, name)):
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            # Pictures are packed already.
            entry.compress_type = zipfile.ZIP_STORED if ".png" in name else zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            new.writestr(entry, parts.get(name) or old.read(name))
    return target.getvalue()
