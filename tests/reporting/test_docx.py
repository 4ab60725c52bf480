"""The Word document, opened again: its text, its tables, and what Word insists on."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from itertools import pairwise
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from lxml import etree
from lxml import html as lxml_html
from matplotlib.figure import Figure as Canvas

from analysis.reporting import docx as word
from analysis.reporting.columns import WORD
from analysis.reporting.document import (
    Bullets,
    Cell,
    Code,
    Details,
    Doi,
    Figure,
    Group,
    Heading,
    KeyFact,
    KeyFacts,
    Listing,
    Paragraph,
    Report,
    Section,
    Strong,
    Table,
    Text,
    Value,
    text,
    walk,
)
from analysis.reporting.html import numbering
from analysis.reporting.html import render as render_html
from analysis.reporting.style import Drawing

HOSTILE = '<w:p/> & "q" \' ]]> a\x00b\x07 \ud800 \ufffe\tc\nd &amp; \N{GREEK SMALL LETTER BETA}'
SAFE = '<w:p/> & "q" \' ]]> a�b� � � c d &amp; β'


def table_of(key: str, rows: int = 2, columns: int = 3, **changes: Any) -> Table:
    """A table of words and numbers."""
    made = {
        "key": key,
        "caption": text(f"Caption of {key}"),
        "head": (tuple(Cell(text(f"Head {n}"), number=n > 0) for n in range(columns)),),
        "groups": (
            Group(
                tuple(
                    (
                        Cell(text(f"Row {n}")),
                        *(Cell(text(f"{n}.{m}"), number=True) for m in range(1, columns)),
                    )
                    for n in range(rows)
                )
            ),
        ),
    }
    return Table(**{**made, **changes})


def figure_of(key: str, height: float = 3.0, words: str = "What it shows") -> Figure:
    """A small figure."""

    def draw(width: float) -> Canvas:
        # A tenth of the size, so that it is quick to write; its shape is what counts here.
        return Canvas(figsize=(width / 10, height / 10))

    drawing = Drawing(key, draw, synthetic=False)
    return Figure(key, text(f"Caption {key}"), words, words, drawing, table_of(f"{key}-numbers"))


def report_of(*blocks: Any, **changes: Any) -> Report:
    """A report of one section."""
    made = {
        "title": "A title", "question": "A question?", "synthetic": False,
        "sections": (Section("one", "The answer", tuple(blocks)),),
    }  # fmt: skip
    return Report(**{**made, **changes})


def opened(report: Report) -> Any:
    return docx.Document(io.BytesIO(word.render(report)))


def words_of(element: Any) -> str:
    """Text of an element with white space as one space; a new line counts as one."""
    found = "".join(
        " " if node.tag == qn("w:br") else node.text or ""
        for node in element.iter(qn("w:t"), qn("w:br"))
    )
    return " ".join(found.split())


def paragraphs(document: Any, style: str) -> list[str]:
    """Text of the paragraphs of a style, fields and links included."""
    found = document.element.body.iter(qn("w:p"))
    return [words_of(one) for one in found if one.style == style]


@pytest.fixture(scope="module", params=["forrest_2011", "whole"])
def both(request: Any, built: Any) -> tuple[Report, Any, Any]:
    """A run's report without figures, as Word and as a page."""
    _, report = built[request.param]
    sections = tuple(replace(s, blocks=_without_figures(s.blocks)) for s in report.sections)
    report = replace(report, sections=sections)
    return report, opened(report), lxml_html.fromstring(render_html(report))


def _without_figures(blocks: Any) -> Any:
    return tuple(
        replace(b, blocks=_without_figures(b.blocks)) if isinstance(b, Details) else b
        for b in blocks
        if not isinstance(b, Figure)
    )


def test_sections_are_headings_and_lead_from_the_contents(both: Any) -> None:
    report, document, _ = both
    titles = [section.title for section in report.sections]
    assert paragraphs(document, "Heading1") == [*titles, "Supporting tables and files"]
    assert paragraphs(document, "TOC1") == [*titles[1:], "Supporting tables and files"]
    inside = [b.title for s in report.sections for b in walk(s.blocks) if isinstance(b, Heading)]
    assert set(inside) <= set(paragraphs(document, "Heading2"))
    assert document.paragraphs[0].style.name == "Title"
    assert document.paragraphs[0].text == report.title


def page_table(page: Any, key: str) -> list[list[str]]:
    (table,) = page.xpath(f"//div[@id='{key}']//table")
    return [
        [" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")]
        for row in table.xpath(".//tr")
    ]


def word_table(table: Any) -> list[list[str]]:
    signs = re.compile("^[✓≈✗?] ")
    return [[signs.sub("", words_of(cell)) for cell in row._tr.tc_lst] for row in table.rows]


def test_tables_hold_what_the_page_holds(both: Any) -> None:
    report, document, page = both
    names = numbering(report)
    shown = {
        re.match(r"Table S?\d+", words_of(table._tbl.getprevious())).group(): table  # type: ignore[union-attr]
        for table in document.tables
        if table.style.name == "Report Table"
    }
    pointers = " ".join(paragraphs(document, "Note"))
    left = set()
    for section in report.sections:
        for block in walk(section.blocks):
            if not isinstance(block, Table):
                continue
            name = names[block.key]
            if name in shown:
                assert word_table(shown[name]) == page_table(page, block.key), name
                left.add(name)
            else:
                assert block.lines > word.LONGEST
                assert f"{name} is in tables/{block.key}.csv" in pointers
    assert left == set(shown) and left


def plain(words: Text) -> str:
    return " ".join(words.plain.replace("https://doi.org/", "doi:").split())


def test_the_text_is_the_page_s(both: Any) -> None:
    report, document, _ = both
    whole = {words_of(one) for one in document.element.body.iter(qn("w:p"))}
    for section in report.sections:
        for block in walk(section.blocks):
            if isinstance(block, Paragraph):
                assert plain(block.text) in whole
            elif isinstance(block, Bullets):
                assert whole.issuperset(map(plain, block.items))
            elif isinstance(block, Table):
                assert block.lines > word.LONGEST or whole.issuperset(map(plain, block.notes))


def test_tables_fit_their_pages_and_repeat_their_heads(both: Any) -> None:
    report, document, _ = both
    blocks = [block for section in report.sections for block in walk(section.blocks)]
    heads = {block.caption.plain: block for block in blocks if isinstance(block, Table)}
    seen = 0
    lying = False
    # The properties of a section stand at its end.
    for element in reversed(document.element.body):
        for size in element.iter(qn("w:pgSz")):
            lying = size.get(qn("w:orient")) == "landscape"
        if element.tag != qn("w:tbl"):
            continue
        widths = [int(one.get(qn("w:w"))) / 20 for one in element.iter(qn("w:gridCol"))]
        assert sum(widths) <= (WORD.turned if lying else WORD.upright) + len(widths)
        for row in element.tr_lst:
            spans = [int(one.get(qn("w:val"))) for one in row.iter(qn("w:gridSpan"))]
            assert len(row.tc_lst) - len(spans) + sum(spans) == len(widths)
        title = element.find(f".//{qn('w:tblCaption')}").get(qn("w:val"))
        block = heads.get(re.sub(r"^Table S?\d+ ", "", title))
        if block is None:
            assert title == "Key facts"
            continue
        seen += 1
        repeated = [bool(list(row.iter(qn("w:tblHeader")))) for row in element.tr_lst]
        assert repeated == [place < len(block.head) for place in range(block.lines)]
    assert seen


def test_a_wide_table_lies_and_what_follows_stands() -> None:
    wide = table_of("wide", columns=16)
    cells = [[Cell(text("1,234 (1,000–1,500)"), number=True)] * 15]
    wide = replace(wide, groups=(Group(tuple((Cell(text("Row")), *row) for row in cells)),))
    document = opened(
        report_of(
            Paragraph(text("Before")), Heading("Goes with it"), wide, table_of("wide2", columns=2),
            Paragraph(text("After")),
        )
    )  # fmt: skip
    turned = [section.orientation for section in document.sections]
    assert [bool(one) for one in turned].count(True) == 1
    body = list(document.element.body)
    ends = [place for place, one in enumerate(body) if list(one.iter(qn("w:sectPr")))]
    lying = next(p for p in ends if next(iter(body[p].iter(qn("w:pgSz")))).get(qn("w:orient")))
    before = max(place for place in ends if place < lying)
    inside = [words_of(one) for one in body[before + 1 : lying]]
    assert inside[0] == "Goes with it" and inside[1] == "Table 1. Caption of wide"
    assert not any("wide2" in words or words == "After" for words in inside)


def test_captions_count_on_and_start_anew_after_a_table_left_out() -> None:
    long = table_of("long", rows=word.LONGEST + 1, series="supporting")
    document = opened(
        report_of(
            table_of("a"), table_of("b", series="supporting"), table_of("c"),
            Details("Much", (long, table_of("d", series="supporting"))),
            figure_of("f"), Details("The study file", (Listing("x = 1"),)),
            Details("More", (figure_of("g"), table_of("e"), table_of("e2"))), figure_of("h"),
            Details("Words", (Paragraph(text("Said")),)),
        )
    )  # fmt: skip
    fields = [one.get(qn("w:instr")).strip() for one in document.element.iter(qn("w:fldSimple"))]
    assert fields == [
        r"SEQ Table \* ARABIC", r"SEQ Table_S \* ARABIC", r"SEQ Table \* ARABIC",
        r"SEQ Figure \* ARABIC", r"SEQ Figure \* ARABIC \r 3", r"SEQ Table_S \* ARABIC \r 3",
        r"SEQ Figure \* ARABIC \r 2", r"SEQ Table \* ARABIC", r"SEQ Table \* ARABIC",
    ]  # fmt: skip
    assert paragraphs(document, "TableCaption") == [
        "Table 1. Caption of a", "Table S1. Caption of b", "Table 2. Caption of c",
        "Table S3. Caption of d", "Table 3. Caption of e", "Table 4. Caption of e2",
    ]  # fmt: skip
    captions = ["Figure 1. Caption f", "Figure 3. Caption h", "Figure 2. Caption g"]
    assert paragraphs(document, "FigureCaption") == captions
    assert paragraphs(document, "Note")[:4] == [
        "Much: Table S3, at the end; Table S2 is in tables/long.csv.",
        "The study file: in report.html.",
        "More: Table 3 to Table 4 and Figure 2, at the end.",
        "Words: at the end.",
    ]
    assert paragraphs(document, "Heading2") == ["Much", "More", "Words"]


@pytest.mark.parametrize(
    ("height", "across", "down"), [(3.0, 460, 191.7), (12.0, 336, 560)], ids=["wide", "tall"]
)
def test_figures_fit_and_say_what_they_show(height: float, across: float, down: float) -> None:
    figure = figure_of("f", height, "Line & <band>")
    document = opened(report_of(figure))
    (shape,) = document.inline_shapes
    assert shape.width.pt == pytest.approx(across, abs=1)
    assert shape.height.pt == pytest.approx(down, abs=2)
    properties = shape._inline.docPr
    assert properties.get("name") == "Figure 1"
    assert properties.get("descr") == "Line & <band>. Line & <band>"
    images = [part.blob for part in document.part.package.iter_parts() if "png" in part.partname]
    assert images == [figure.drawing.png]


def hostile_report() -> Report:
    said = text(HOSTILE, Strong(HOSTILE), Code(HOSTILE), Value(HOSTILE, 0, ("n",)), Doi(HOSTILE))
    cells = (Cell(said), Cell(said, number=True), Cell(said, mark="bad"))
    table = table_of("t", head=(cells,), groups=(Group((cells,), label=said),), notes=(said,))
    blocks = (
        Paragraph(said), Heading(HOSTILE), Bullets((said,)), Listing(HOSTILE),
        KeyFacts((KeyFact(HOSTILE, said, said),)), replace(table, caption=said),
        replace(figure_of("f", words=HOSTILE), caption=said),
        Details(HOSTILE, (Paragraph(said),)),
    )  # fmt: skip
    return report_of(
        title=HOSTILE, question=HOSTILE, notice=HOSTILE,
        sections=(Section("one", HOSTILE, blocks), Section("two", HOSTILE, ())),
    )  # fmt: skip


def test_strangers_text_stays_text() -> None:
    document = opened(hostile_report())
    for style in ("Title", "Subtitle", "Notice", "Heading2", "FactLabel"):
        assert set(paragraphs(document, style)) == {SAFE}, style
    assert paragraphs(document, "Heading1")[:2] == [SAFE, SAFE]
    assert paragraphs(document, "ListBullet") == [f"{SAFE}{SAFE}{SAFE}{SAFE}doi:{SAFE}"]
    (table,) = (one for one in document.tables if one.style.name == "Report Table")
    assert words_of(table.rows[1]._tr).count(SAFE) == 5
    assert [len(row._tr.tc_lst) for row in table.rows] == [3, 1, 3]
    targets = [rel.target_ref for rel in document.part.rels.values() if rel.is_external]
    assert targets == []


def test_addresses_are_links_only_where_they_are_dois() -> None:
    document = opened(report_of(Paragraph(text(Doi("10.1000/a_b(1)"), Doi("javascript:x")))))
    targets = {name: rel.target_ref for name, rel in document.part.rels.items() if rel.is_external}
    assert list(targets.values()) == ["https://doi.org/10.1000/a_b(1)"]
    links = [one.get(qn("r:id")) for one in document.element.iter(qn("w:hyperlink"))]
    assert set(targets) <= set(links)


def test_ordered_lists_each_begin_at_one() -> None:
    two = Bullets((text("a"), text("b")), ordered=True)
    document = opened(report_of(two, Bullets((text("c"),)), two))
    used = [
        one.find(f".//{qn('w:numId')}").get(qn("w:val"))
        for one in document.element.body.iter(qn("w:p"))
        if one.style == "ListNumber"
    ]
    assert used[0] == used[1] != used[2] == used[3]
    numbers = document.part.numbering_part.element
    for number in set(used):
        (found,) = numbers.xpath(f"w:num[@w:numId='{number}']")
        assert found.find(f".//{qn('w:startOverride')}").get(qn("w:val")) == "1"


@pytest.mark.parametrize("synthetic", [True, False])
def test_artificial_data_say_so_everywhere(synthetic: bool) -> None:
    document = opened(report_of(table_of("t"), figure_of("f"), synthetic=synthetic))
    captions = paragraphs(document, "TableCaption") + paragraphs(document, "FigureCaption")
    assert ["Artificial data." in words for words in captions] == [synthetic] * 2
    first = document.sections[0]
    for header in (first.header, first.first_page_header):
        assert ("Artificial data" in header.paragraphs[0].text) == synthetic
    assert (document.core_properties.category == "Artificial data") == synthetic
    # Every later section takes the headers of the first.
    assert all(one.header.is_linked_to_previous for one in list(document.sections)[1:])


def test_pages_are_numbered_and_the_document_is_described() -> None:
    document = opened(report_of(title="T" * 400))
    for footer in (document.sections[0].footer, document.sections[0].first_page_footer):
        assert words_of(footer._element) == "Page 1 of 1"
        found = [one.get(qn("w:instr")).strip() for one in footer._element.iter(qn("w:fldSimple"))]
        assert found == ["PAGE", "NUMPAGES"]
    core = document.core_properties
    assert core.title == "T" * 254 + "…" and core.subject == "A question?"
    assert (core.language, core.author, core.comments, core.last_modified_by) == ("en", "", "", "")
    assert core.created == core.modified
    language = document.styles.element.find(f".//{qn('w:lang')}")
    assert language.get(qn("w:val")).startswith("en")


def test_the_same_report_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of(
        table_of("t"), figure_of("f"), Paragraph(text(Doi("10.1000/1"), Doi("10.1000/2")))
    )
    first = word.render(report)
    monkeypatch.setattr("time.time", lambda: 1_000_000_000.0)
    assert word.render(report) == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        entries = packed.infolist()
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        names = [entry.filename for entry in entries]
        assert names[0] == "[Content_Types].xml" and names[1:] == sorted(names[1:])
        assert not any("thumbnail" in name or "customXml" in name for name in names)


ORDERS = {
    "pPr": "pStyle keepNext keepLines numPr pBdr shd tabs spacing ind jc outlineLvl sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps color spacing sz szCs u lang",
    "tblPr": "tblStyle tblW tblInd tblBorders tblLayout tblCellMar tblLook tblCaption "
    "tblDescription",
    "tcPr": "tcW gridSpan tcBorders vAlign",
    "trPr": "cantSplit tblHeader",
    "sectPr": "headerReference footerReference type pgSz pgMar cols titlePg",
    "style": "name basedOn next uiPriority semiHidden qFormat pPr rPr tblPr",
    "lvl": "start numFmt lvlText lvlJc pPr",
    "abstractNum": "multiLevelType lvl",
    "numbering": "abstractNum num",
    "font": "altName panose1 charset family pitch",
    "settings": "zoom defaultTabStop characterSpacingControl compat themeFontLang "
    "clrSchemeMapping decimalSymbol listSeparator",
    "tbl": "tblPr tblGrid tr",
    "tc": "tcPr p",
}
"""Children in the order of the schema, of what a report uses: Word refuses another order."""


def xml_parts(packed: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(packed)) as found:
        return {
            name: etree.fromstring(found.read(name))
            for name in found.namelist()
            if re.fullmatch(
                r"word/(document|styles|numbering|settings|fontTable|header\d|footer\d)\.xml", name
            )
        }


@pytest.mark.parametrize("hostile", [True, False])
def test_word_finds_what_it_insists_on(hostile: bool, both: Any) -> None:
    parts = xml_parts(word.render(hostile_report() if hostile else both[0]))
    for name, root in parts.items():
        for tag, order in ORDERS.items():
            ranks = {qn(f"w:{child}"): rank for rank, child in enumerate(order.split())}
            for element in root.iter(qn(f"w:{tag}")):
                found = [ranks[child.tag] for child in element]
                assert all(a <= b for a, b in pairwise(found)), f"{name}: {tag}"
    body = parts["word/document.xml"]
    marks = [one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))]
    assert len(marks) == len(set(marks))
    assert all(re.fullmatch(r"[A-Za-z_]\w{0,39}", mark) for mark in marks)
    anchors = {one.get(qn("w:anchor")) for one in body.iter(qn("w:hyperlink"))} - {None}
    assert anchors and anchors <= set(marks)
    styles = {one.get(qn("w:styleId")) for one in parts["word/styles.xml"].iter(qn("w:style"))}
    faces = {one.get(qn("w:name")) for one in parts["word/fontTable.xml"].iter(qn("w:font"))}
    fonts = {
        one.get(qn(f"w:{kind}"))
        for one in parts["word/styles.xml"].iter(qn("w:rFonts"))
        for kind in ("ascii", "hAnsi", "cs", "eastAsia")
    }
    assert fonts == faces, "a face that is not there is replaced by one of its kind"
    used = {
        one.get(qn("w:val"))
        for root in parts.values()
        for tag in ("pStyle", "rStyle", "tblStyle", "basedOn", "next")
        for one in root.iter(qn(f"w:{tag}"))
    }
    assert used <= styles
    assert all(cell[-1].tag == qn("w:p") for cell in body.iter(qn("w:tc")))
    for table in body.iter(qn("w:tbl")):
        after = table.getnext()
        assert after is not None and after.tag == qn("w:p"), "two tables would be one"


def test_an_interval_too_wide_for_its_column_stands_whole_below_its_estimate() -> None:
    number = "−101.48 (−115.06 to −87.90)"
    words = tuple(Cell(text("What it means, at length. " * 20)) for _ in range(6))
    row = (Cell(text("Row")), Cell(text(number), number=True), *words)
    narrow = table_of("narrow", columns=8, groups=(Group((row,)),), stack=True)
    wide = table_of("wide", columns=2, groups=(Group((row[:2],)),), stack=True)
    document = opened(report_of(narrow, wide))
    lines = [
        [part.tag == qn("w:br") for part in table.rows[1]._tr.tc_lst[1].iter(qn("w:t"), qn("w:br"))]
        for table in document.tables
    ]
    assert lines == [[False, True, False], [False]]
    assert [words_of(table.rows[1]._tr.tc_lst[1]) for table in document.tables] == [number] * 2


def test_the_contents_are_a_field_that_word_makes_anew() -> None:
    document = opened(report_of(sections=tuple(Section(n, n.upper(), ()) for n in "abc")))
    entries = [one for one in document.element.body.iter(qn("w:p")) if one.style == "TOC1"]
    marks = [
        (place, mark.get(qn("w:fldCharType")))
        for place, entry in enumerate(entries)
        for mark in entry.iter(qn("w:fldChar"))
    ]
    assert marks == [(0, "begin"), (0, "separate"), (len(entries) - 1, "end")]
    (told,) = document.element.body.iter(qn("w:instrText"))
    assert told.text.split() == ["TOC", r"\o", '"1-1"', r"\h", r"\z", r"\u"]


def kept(element: Any) -> bool:
    return element.find(f"{qn('w:pPr')}/{qn('w:keepNext')}") is not None


@pytest.mark.parametrize("notes", [0, 1, 3])
def test_the_last_rows_of_a_table_and_its_notes_stay_together(notes: int) -> None:
    table = table_of("t", rows=50, notes=(text("A note"),) * notes)
    document = opened(report_of(table))
    rows = [all(kept(p) for p in row._tr.iter(qn("w:p"))) for row in document.tables[0].rows[1:]]
    assert rows == [True] * 3 + [False] * 44 + [True, True] + [notes > 0]
    below = [one for one in document.element.body.iter(qn("w:p")) if one.style == "TableNote"]
    assert list(map(kept, below)) == [True] * (notes - 1) + [False] * (notes > 0)


def test_words_that_lead_to_what_follows_stay_with_it() -> None:
    document = opened(
        report_of(
            Paragraph(text("Of the table"), "note"), table_of("t"), Paragraph(text("Plain")),
            table_of("u"), Paragraph(text("These:")), Bullets((text("a"),)),
            Paragraph(text("Ends.")), Bullets((text("b"),)), Paragraph(text("Last:")),
        )
    )  # fmt: skip
    said = {words_of(one): kept(one) for one in document.element.body.iter(qn("w:p"))}
    words = ("Of the table", "Plain", "These:", "Ends.", "Last:")
    assert [said[one] for one in words] == [True, False, True, False, False]


def test_what_stands_at_the_end_is_linked() -> None:
    document = opened(report_of(Details("Words", (Paragraph(text("Said")),))))
    links = document.element.iter(qn("w:hyperlink"))
    (target,) = [one.get(qn("w:anchor")) for one in links if words_of(one) == "at the end"]
    (mark,) = [
        one for one in document.element.iter(qn("w:bookmarkStart"))
        if one.get(qn("w:name")) == target
    ]  # fmt: skip
    assert words_of(mark.getparent()) == "Words"
