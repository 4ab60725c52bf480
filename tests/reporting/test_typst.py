"""The PDF: it says what the page says, strangers' words stay words, tables fit the paper."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.reporting import build, typst
from analysis.reporting.document import (
    Block,
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
    Value,
    text,
    walk,
)
from analysis.reporting.html import numbering

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}"><path d="M0 0H9V9Z"/></svg>'


class Drawn:
    """A drawing that costs no time."""

    def __init__(self, width: float = 518.4, height: float = 300) -> None:
        self.wide = SVG.format(width, height)


def table(key: str, *rows: tuple[str, ...], **more: Any) -> Table:
    columns_of = max(map(len, rows), default=1)
    head = tuple(Cell(text(f"Column {n}"), number=n > 0) for n in range(columns_of))
    body = tuple(tuple(Cell(text(c), number=n > 0) for n, c in enumerate(row)) for row in rows)
    options = {"caption": text(f"Caption of {key}"), "groups": (Group(body),), **more}
    return Table(key=key, head=(head,), **options)


def figure(key: str, data: Table, **more: Any) -> Figure:
    drawing: Any = Drawn(**more)
    return Figure(key, text(f"Words below {key}"), f"Title of {key}", "What is seen", drawing, data)


def report(*blocks: Block, **more: Any) -> Report:
    told = {"title": "A title", "question": "A question?", "synthetic": False, **more}
    return Report(sections=(Section("answer", "The answer", blocks),), **told)


def said(whole: Report, *selectors: str) -> str:
    """Everything that the engine sets as text within elements, as it understood it."""
    compiler = typst.engine(whole)
    found = [json.loads(compiler.query(selector)) for selector in selectors]
    return "".join(_words(found)).replace("\ufe0e", "")


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("func") in ("text", "raw") and isinstance(node.get("text"), str):
            yield node["text"]
        elif node.get("func") in ("space", "parbreak"):
            yield " "
        else:
            for value in node.values():
                yield from _words(value)
    elif isinstance(node, list):
        for value in node:
            yield from _words(value)


def paper(whole: Report, folder: Path) -> list[str]:
    """The text of each page, as a reader's program finds it."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext (poppler-utils) is not here")
    (folder / "report.pdf").write_bytes(typst.render_pdf(whole))
    command = [tool, "-layout", "-enc", "UTF-8", str(folder / "report.pdf"), "-"]
    ended = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return ended.stdout.decode("utf-8").split("\f")[:-1]


@pytest.mark.parametrize("name", ["forrest", "deng"])
def test_titles_captions_and_numbers_are_set(name: str, request: pytest.FixtureRequest) -> None:
    whole = build(*request.getfixturevalue(name))
    told = said(whole, "heading", "figure", "list", "enum")
    names = numbering(whole)
    for section in whole.sections:
        assert section.title in told
        for block in walk(section.blocks):
            if isinstance(block, Table) and names.get(block.key):
                assert f"{names[block.key]}. {block.caption.plain}" in told, block.key
            if isinstance(block, Table) and block.series == "main":
                numbers = [value.text for value in _values(block)]
                assert numbers or block.key in ("published-table",)
                assert all(number in told for number in numbers), block.key
            if isinstance(block, Figure):
                assert f"{names[f'figure-{block.key}']}. {block.caption.plain}" in told


def _values(block: Table) -> list[Value]:
    cells = [cell for group in block.groups for row in group.rows for cell in row]
    return [value for cell in cells for value in cell.text.values]


NASTY = [
    "#panic()", "*bold* _it_", "$x^2$", "[a](b)", "<answer>", "@answer", "\\u{41} \\", "`raw`",
    "// gone", "/* gone */", "= Heading", "- item", "~", "---", '"quoted"', "'s", "%{}&",
    "#include \"x\"", "https://example.org/a", "{{ title }}", "\"], [\"",
]  # fmt: skip


@pytest.mark.parametrize("words", [pytest.param(n, id=str(i)) for i, n in enumerate(NASTY)])
def test_words_of_strangers_stay_words(words: str) -> None:
    held = table("t", (f"row {words}", f"cell {words}"), caption=text(f"caption {words}"))
    held = replace(held, notes=(text(f"note {words}"),), key=f"t{words}")
    held = replace(held, groups=(Group(held.groups[0].rows, label=text(f"group {words}")),))
    blocks = (
        Bullets((text(f"bullet {words}", Strong(f"strong {words}"), Code(f"code {words}")),)),
        Bullets((text("link ", Doi(f"10.1000/{words}")),), ordered=True), held,
        Heading(f"inner {words}"), Listing(f"listing {words}"),
    )  # fmt: skip
    whole = report(*blocks, title=f"title {words}", question=f"question {words}")
    told = said(whole, "heading", "figure", "list", "enum", "title", "raw")
    assert "code" in told
    for place in ("row", "cell", "caption", "note", "group", "bullet", "strong", "inner", "title"):
        assert f"{place} {words}" in told, place
    for place in ("listing", "code"):
        assert f"{place} {words}" in told or set(words) & set("_/"), place
    assert f"doi:10.1000/{words}" in told


@pytest.mark.parametrize("script", ["中文", "😀", "عربى", "\ue000", "\u0301", "\u200b", "\u1680x"])
def test_letters_that_no_font_has_do_not_stop_a_report(script: str) -> None:
    whole = report(Paragraph(text(script)), table("t", (script, script)), title=f"T {script}")
    assert script in said(whole, "figure", "title")
    assert typst.render_pdf(whole).startswith(b"%PDF-")


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x85", "\ud800", "\ufffe"])
def test_what_cannot_be_printed_is_replaced(character: str) -> None:
    whole = report(table("t", (f"a{character}b", "1")), title=f"T{character}")
    assert "a\ufffdb" in said(whole, "figure")
    assert typst.render_pdf(whole).startswith(b"%PDF-")


def test_lines_are_kept_in_listings_only() -> None:
    whole = report(Bullets((text("one\ntwo"),)), Listing("one\ntwo"))
    told = said(whole, "list", "raw")
    assert "one two" in told and "one\ntwo" in told


@pytest.mark.parametrize("doi", ["10.1000/a", "no doi", '10.1000/"x'])
def test_only_dois_are_links(doi: str) -> None:
    whole = report(Bullets((text("See ", Doi(doi)),), ordered=True))
    links = [link["dest"] for link in json.loads(typst.engine(whole).query("link"))]
    links = [link for link in links if isinstance(link, str)]
    assert links == (["https://doi.org/10.1000/a"] if doi == "10.1000/a" else [])


def test_it_names_no_date_and_is_the_same_again() -> None:
    data = table("f-numbers", ("a", "1"), series="data")
    first, again = (typst.render_pdf(report(figure("f", data))) for _ in range(2))
    assert first == again
    assert b"/CreationDate" not in first and b"CreateDate" not in first
    assert (
        b"pdfuaid" in first and b"/MarkInfo" in first and b"/Lang(en)" in first.replace(b" ", b"")
    )


SIGNS = "−0.5 0.46 (0.35–0.57) µg m² I² τ² ≥ ≤ < × ≈ ✓ ✗ α β ° … é “x” ’"


def test_signs_are_printed_and_found(tmp_path: Path) -> None:
    pages = paper(report(Paragraph(text(SIGNS)), Paragraph(text("naïve Δ Ж → ≠"))), tmp_path)
    assert SIGNS in pages[0] and "naïve Δ Ж → ≠" in pages[0]


def test_artificial_data_say_so_on_each_page_and_caption(tmp_path: Path) -> None:
    data = table("f-numbers", ("a", "1"), series="data")
    blocks = (
        table("t", ("a", "1")),
        figure("f", data),
        table("s", ("a", "1"), series="supporting"),
    )
    whole = report(*blocks, synthetic=True)
    pages = paper(whole, tmp_path)
    assert len(pages) == 2
    for number, page in enumerate(pages, 1):
        assert "ARTIFICIAL DATA" in page and f"page {number} of 2" in page
    told = "".join(pages)
    for caption in ("Table 1", "Figure 1", "Table S1", "Numbers behind Figure 1"):
        assert f"{caption}. Artificial data. " in told
    assert not any("ARTIFICIAL" in p for p in paper(replace(whole, synthetic=False), tmp_path))


def kinds(blocks: list[typst.Json]) -> list[str]:
    return [block["kind"] for block in blocks]


def test_what_supports_stands_in_the_appendix() -> None:
    data = table("f-numbers", ("a", "1"), series="data")
    whole = report(
        Paragraph(text("First")), table("main", ("a", "1")),
        table("s1", ("a", "1"), series="supporting"), figure("f", data),
        Details("More of it", (table("s2", ("a", "1"), series="supporting"), Heading("Inner"))),
        Details("The study file", (Listing("x = 1"),)),
    )  # fmt: skip
    told = typst._report(whole)
    (section,) = told["sections"]
    supporting, data_of = told["appendix"]
    assert kinds(section["blocks"]) == [
        "paragraph", "table", "pointer", "figure", "pointer"
    ]  # fmt: skip
    assert kinds(supporting["blocks"]) == [
        "heading", "table", "subheading", "table", "heading", "subheading", "listing"
    ]  # fmt: skip
    assert [block["number"] for block in data_of["blocks"]] == ["Numbers behind Figure 1"]
    told_of = [to for block in section["blocks"] for to in block.get("to", ())]
    names = [[target["name"] for target in to["targets"]] for to in told_of]
    assert names == [["Table S1"], ["Table S2"], []]


@pytest.mark.parametrize(
    ("series", "rows", "kind"),
    [
        ("main", 400, "table"),
        ("supporting", typst.LONGEST["supporting"] - 1, "table"),
        ("supporting", typst.LONGEST["supporting"], "left-out"),
        ("data", typst.LONGEST["data"] - 1, "table"), ("data", typst.LONGEST["data"], "left-out"),
    ],
)  # fmt: skip
def test_long_tables_are_told_of(series: Any, rows: int, kind: str) -> None:
    long = table("long-numbers", *[("a", "1")] * rows, series=series)
    setter = typst._Setter({"long-numbers": "Table S1"})
    told = setter.table(long)
    assert told["kind"] == kind
    if kind == "left-out":
        assert told["rows"] == str(rows)
        where = "figures/long.csv" if series == "data" else "tables/long-numbers.csv"
        assert told["where"].startswith(where)


def test_pointers_lead_to_the_page(tmp_path: Path) -> None:
    inner = tuple(table(f"s{n}", ("a", "1"), series="supporting") for n in range(3))
    whole = report(Details("Three of them", inner), Details("A file", (Listing("x"),)))
    page = re.sub(r"\s+", " ", paper(whole, tmp_path)[0])
    told = "In the appendix: Table S1 to Table S3, Three of them (from page 2); A file (page 2)."
    assert told in page


@pytest.mark.parametrize(
    ("width", "height", "wide"), [(518.4, 300, 430), (518.4, 1200, 590 * 518.4 / 1200)]
)
def test_figures_fit_the_page(width: float, height: float, wide: float) -> None:
    assert typst._extent(SVG.format(width, height)) == pytest.approx((wide, wide * height / width))


def test_key_facts_and_warnings_are_printed(tmp_path: Path) -> None:
    facts = KeyFacts((KeyFact("Participants", text("10,883"), text("stand for many")),))
    blocks = (Paragraph(text("Beware"), "warning"), Paragraph(text("Lead"), "lead"), facts)
    page = paper(report(*blocks, notice="Changed"), tmp_path)[0]
    for words in (
        "A title",
        "A question?",
        "Changed",
        "Beware",
        "Lead",
        "Participants",
        "10,883",
        "stand for many",
    ):
        assert words in page


VALUE = Value("5.4", 0, ("estimate",))


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("It was ", VALUE, "% of all"), "5.4%"), (("in all ", VALUE, " and more"), "5.4"),
        (("lower (OR 0.7, 95% CI ", VALUE, "; P"), "95% CI 5.4;"),
        (("a trend (P = ", VALUE, ")."), "(P = 5.4)."), (("of the group ", VALUE, ""), "5.4"),
        ((VALUE, "-unbreakably-long-words"), "5.4"),
    ],
)  # fmt: skip
def test_a_number_stands_with_what_is_read_with_it(parts: tuple[Any, ...], whole: str) -> None:
    set_ = typst.inline(text(*parts))
    assert [part["text"] for part in set_ if isinstance(part, dict)] == [whole]
    said_ = "".join(part if isinstance(part, str) else part["text"] for part in set_)
    assert said_ == text(*parts).plain


def test_long_titles_end_at_a_word_above_each_page() -> None:
    short = typst._report(report(title="Longest " * 20))["short"]
    assert short.endswith("Longest…") and len(short) <= 100
    assert typst._report(report(title="A title"))["short"] == "A title"


def test_a_table_goes_behind_figures_that_float() -> None:
    data = table("f-numbers", ("a", "1"), series="data")
    long = table("t", *[("a", "1")] * 60)
    tall, low = figure("f", data, height=900), figure("g", data, height=400)
    short = table("short", ("a", "1"))
    for blocks, waits in (
        ((tall, Paragraph(text("x")), long), [True]), ((low, long), [False]),
        ((long, tall), [False]), ((tall, short), [False]), ((tall, short, long), [True, True]),
        ((short, tall, Heading("Part"), long), [False, True]),
    ):  # fmt: skip
        set_ = typst._report(report(*blocks))["sections"][0]["blocks"]
        assert [each["waits"] for each in set_ if each["kind"] == "table"] == waits, blocks


def test_tables_that_float_keep_their_order(tmp_path: Path) -> None:
    data = table("f-numbers", ("a", "1"), series="data")
    rows = [("a", "1")] * 30
    tables = (table("zero", ("a", "1")), table("one", *rows), table("two", ("a", "1")))
    blocks = (figure("f", data, height=900), *tables)
    first = Section("answer", "The answer", blocks)
    then = Section("then", "Then", (table("three", ("a", "1")),))
    told = "".join(paper(replace(report(), sections=(first, then)), tmp_path))
    places = [
        told.index(f"{name}. ") for name in ("Figure 1", *(f"Table {n}" for n in range(1, 5)))
    ]
    assert places == sorted(places)


def test_figures_that_float_keep_their_order_over_sections(tmp_path: Path) -> None:
    data = table("f-numbers", ("a", "1"), series="data")
    filler = Bullets(tuple(text("Filler.") for _ in range(30)))
    tall, low = (figure(key, data, height=height) for key, height in (("f", 700), ("g", 100)))
    first, then = Section("answer", "The answer", (filler, tall)), Section("then", "Then", (low,))
    told = "".join(paper(replace(report(), sections=(first, then)), tmp_path))
    assert told.index("Figure 1. ") < told.index("Figure 2. ")


def test_a_figure_does_not_stand_before_its_place(tmp_path: Path) -> None:
    data = table("f-numbers", ("a", "1"), series="data")
    drawn = figure("f", data, height=350)
    told = "".join(paper(report(Paragraph(text("Before it.")), drawn), tmp_path))
    assert told.index("Before it.") < told.index("Figure 1. ")


@pytest.mark.parametrize(
    ("words", "after", "leads"),
    [
        ("These are:", Bullets((text("one"),)), True), ("Told.", table("t", ("a", "1")), True),
        ("Told.", Paragraph(text("More.")), False), ("Long. " * 100, Bullets((text("a"),)), False),
    ],
)  # fmt: skip
def test_what_leads_to_a_block_stays_with_it(words: str, after: Block, leads: bool) -> None:
    set_ = typst._report(report(Paragraph(text(words)), after))["sections"][0]["blocks"]
    assert set_[0]["leads"] is leads


def test_notes_and_last_rows_stay_together(tmp_path: Path) -> None:
    for rows in (51, 52, 53):  # The page ends in the notes, or just before them.
        body = [(f"row {n}", "1") for n in range(rows)]
        long = table("t", *body, notes=(text("What the note says."),))
        (tmp_path / str(rows)).mkdir()
        pages = paper(report(long), tmp_path / str(rows))
        (last,) = [page for page in pages if "What the note says." in page]
        assert f"row {rows - 1}" in last and f"row {rows - 2}" in last, rows


def test_an_appendix_begins_a_page_unless_the_last_is_bare(tmp_path: Path) -> None:
    held = Details("More", (table("s", ("a", "1"), series="supporting"),))
    for words, shared in ((60, True), (100, False)):
        filler = Bullets(tuple(text("Filler.") for _ in range(words)))
        pages = paper(report(filler, held), tmp_path)
        (page,) = [page for page in pages if "Supporting material" in page and "Table S1." in page]
        assert ("Filler." in page) is shared, words
