"""The pieces of a Word document as WordprocessingML: runs, paragraphs, fields, tables, pictures.

Pure functions from text to XML; all text goes through `escaped`, so that nothing that a stranger
wrote can become markup or a character that XML does not allow. Elements stand in the order that
the schema (ECMA-376, part 1, section 17) asks for: Word refuses a file where they do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from xml.sax.saxutils import escape

TWIP = 20
"""Twentieths of a point, Word's unit of length."""

EMU = 12700
"""English metric units in a point, the unit of pictures."""

PAGE = (11906, 16838)
"""A4 upright, in twips."""

MARGIN = 1134
"""Two centimetres, in twips."""

_ILLEGAL = re.compile("[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(words: str) -> str:
    """Make text safe in XML, attributes too: white space becomes a space, what XML forbids a �."""
    one_line = re.sub("[\t\n\r]+", " ", words)
    return escape(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", one_line), {'"': "&quot;"})


def run(words: str, style: str = "", *, size: float = 0, bold: bool = False) -> str:
    """Write words in one style; `size` in points if it is not the paragraph's."""
    if not words:
        return ""
    half = round(2 * size)
    properties = (
        (f'<w:rStyle w:val="{style}"/>' if style else "")
        + ("<w:b/><w:bCs/>" if bold else "")
        + (f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>' if size else "")
    )
    properties = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escaped(words)}</w:t></w:r>'


BREAK = "<w:r><w:br/></w:r>"
"""A new line within a paragraph."""


def paragraph(runs: str, style: str = "", *, properties: str = "") -> str:
    """Write a paragraph; `properties` are XML that overrides its style."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    inner = f"<w:pPr>{named}{properties}</w:pPr>" if named or properties else ""
    return f"<w:p>{inner}{runs}</w:p>"


def field(instruction: str, shown: str, style: str = "") -> str:
    """Write a field that Word computes, with the result that it has now."""
    return (
        f'<w:fldSimple w:instr=" {escaped(instruction)} ">{run(shown, style)}</w:fldSimple>'
    )  # fmt: skip


def bookmark(name: str, number: int, inner: str) -> str:
    """Set a place that links lead to."""
    return (
        f'<w:bookmarkStart w:id="{number}" w:name="{escaped(name)}"/>{inner}'
        f'<w:bookmarkEnd w:id="{number}"/>'
    )


def link(target: str, inner: str) -> str:
    """Link to a bookmark."""
    return f'<w:hyperlink w:anchor="{escaped(target)}" w:history="1">{inner}</w:hyperlink>'


def link_out(relation: str, inner: str) -> str:
    """Link to an address that the package holds under `relation`."""
    return f'<w:hyperlink r:id="{escaped(relation)}" w:history="1">{inner}</w:hyperlink>'


def contents(entries: Sequence[tuple[str, str]]) -> str:
    """Write the contents of (bookmark, title), a field that Word makes anew, with page numbers."""
    begins = _mark("begin") + _instruction(r'TOC \o "1-1" \h \z \u') + _mark("separate")
    links = [link(name, run(title)) for name, title in entries]
    links[0], links[-1] = begins + links[0], links[-1] + _mark("end")
    return "".join(paragraph(one, "TOC1") for one in links)


def _mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def _instruction(words: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve"> {escaped(words)} </w:instrText></w:r>'


def cell(
    inner: str, width: float, *, span: int = 1, rule: str = "", low: bool = False
) -> str:  # fmt: skip
    """Write a cell of paragraphs; `rule` is the kind of line below it, `low` sets it at the foot.

    Parameters
    ----------
    inner : str
        Paragraphs.
    width : float
        In points.
    span : int, default 1
        Columns that it covers.
    rule : {"", "thin", "hair"}
        The line below.
    low : bool
        True for the foot of the row.
    """
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    eighths = {"thin": 6, "hair": 4}.get(rule)
    line = (
        f'<w:tcBorders><w:bottom w:val="single" w:sz="{eighths}" w:space="0" w:color="56616D"/>'
        "</w:tcBorders>"
        if eighths
        else ""
    )
    aligned = '<w:vAlign w:val="bottom"/>' if low else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{round(width * TWIP)}" w:type="dxa"/>{spanned}{line}{aligned}'
        f"</w:tcPr>{inner}</w:tc>"
    )


def row(cells: Sequence[str], *, heading: bool = False) -> str:
    """Write a row, which never breaks over pages; headings are repeated on each."""
    repeated = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def table(
    rows: Sequence[str], widths: Sequence[float], *, style: str, title: str, description: str = ""
) -> str:
    """Write a table of fixed widths.

    Parameters
    ----------
    rows : sequence of str
        As `row` makes them.
    widths : sequence of float
        Of the columns, in points.
    style : str
        Of the table.
    title, description : str
        For those who cannot see it.
    """
    grid = "".join(f'<w:gridCol w:w="{round(width * TWIP)}"/>' for width in widths)
    whole = sum(round(width * TWIP) for width in widths)
    first = int(style == "ReportTable")
    told = f'<w:tblDescription w:val="{escaped(description)}"/>' if description else ""
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{whole}" w:type="dxa"/>'
        '<w:tblLayout w:type="fixed"/>'
        f'<w:tblLook w:val="04A0" w:firstRow="{first}" w:lastRow="0" w:firstColumn="{first}" '
        'w:lastColumn="0" w:noHBand="0" w:noVBand="1"/>'
        f'<w:tblCaption w:val="{escaped(title)}"/>{told}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def picture(
    relation: str, number: int, size: tuple[float, float], name: str, description: str
) -> str:
    """Write a picture in the line.

    Parameters
    ----------
    relation : str
        Of the image in the package.
    number : int
        Unique in the document.
    size : (float, float)
        Width and height in points.
    name : str
        As ``Figure 1``.
    description : str
        For those who cannot see it.
    """
    across, down = (round(length * EMU) for length in size)
    told = f'id="{number}" name="{escaped(name)}" descr="{escaped(description)}"'
    main = "http://schemas.openxmlformats.org/drawingml/2006/main"
    kind = "http://schemas.openxmlformats.org/drawingml/2006/picture"
    return (
        '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{across}" cy="{down}"/><wp:docPr {told}/>'
        f'<a:graphic xmlns:a="{main}"><a:graphicData uri="{kind}"><pic:pic xmlns:pic="{kind}">'
        f"<pic:nvPicPr><pic:cNvPr {told}/><pic:cNvPicPr/></pic:nvPicPr>"
        f'<pic:blipFill><a:blip r:embed="{escaped(relation)}"/>'
        "<a:stretch><a:fillRect/></a:stretch></pic:blipFill>"
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{across}" cy="{down}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing></w:r>"
    )


Page = Literal["upright", "lying"]
"""How a section's pages are set."""


def section(page: Page, references: str = "") -> str:
    """Write the properties of a section.

    Parameters
    ----------
    page : {"upright", "lying"}
        Of this section.
    references : str
        To headers and footers; a section without takes those of the one before it.
    """
    width, height = reversed(PAGE) if page == "lying" else PAGE
    turned = ' w:orient="landscape"' if page == "lying" else ""
    first = "<w:titlePg/>" if references else ""
    return (
        f'<w:sectPr>{references}<w:type w:val="nextPage"/>'
        f'<w:pgSz w:w="{width}" w:h="{height}"{turned}/>'
        f'<w:pgMar w:top="1304" w:right="{MARGIN}" w:bottom="1134" w:left="{MARGIN}" '
        f'w:header="567" w:footer="510" w:gutter="0"/><w:cols w:space="400"/>{first}</w:sectPr>'
    )
