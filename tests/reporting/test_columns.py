"""Columns of tables on paper: widths of the faces, room for numbers, names and sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typst as engine

from analysis.reporting import columns, typst
from analysis.reporting.columns import CALIBRI, LIBERTINUS, PDF, WORD, Paper, fit
from analysis.reporting.document import Cell, Code, Group, Strong, Table, Text, text, walk

PAPERS = pytest.mark.parametrize("paper", [PDF, WORD], ids=["pdf", "word"])


def table(*rows: tuple[str | Text, ...], **more: Any) -> Table:
    """A table; the first column and sentences are words, the others numbers."""
    body = tuple(
        tuple(
            Cell(text(c), number=n > 0 and isinstance(c, str) and len(c) < 40)
            for n, c in enumerate(row)
        )
        for row in rows
    )
    head = tuple(Cell(text(f"Column {n}"), number=n > 0) for n in range(len(rows[0])))
    options = {"caption": text("A caption"), "head": (head,), "groups": (Group(body),), **more}
    return Table(key="t", **options)


WORDS = {
    "Vitamin D insufficiency": (9.29, 9.55), "0.46 (0.35–0.57)": (6.65, 6.71),
    "−104.88 (−117.56 to −92.68)": (11.49, 11.58), "MAGNESIUM": (5.41, 5.53),
    "characteristics": (5.86, 5.98), "illicit fillings": (4.74, 4.93),
    "1,234 / 10,883": (5.90, 5.96), "<0.001": (2.78, 2.79), "Mexican American": (7.55, 7.73),
}  # fmt: skip
"""Widths in Calibri, and in its bold face, by the tables of Carlito, which are the same."""


@pytest.mark.parametrize(("bold", "weight"), [(False, "regular"), (True, "semibold")])
def test_widths_are_those_of_the_faces(bold: bool, weight: str) -> None:
    source = (
        f'#set text(font: "Libertinus Serif", size: 100pt, weight: "{weight}")\n'
        '#set text(number-width: "tabular")\n'
        '#context [#metadata(json("w.json").map(w => measure(w).width.pt() / 100)) <w>]'
    )
    files = {"main.typ": source.encode(), "w.json": json.dumps(list(WORDS)).encode()}
    compiler = engine.Compiler(files, font_paths=typst._fonts())
    measured = json.loads(compiler.query("<w>", field="value", one=True))
    calibri = [both[bold] for both in WORDS.values()]
    for face, widths in ((LIBERTINUS, measured), (CALIBRI, calibri)):
        for word, is_wide in zip(WORDS, widths, strict=True):
            told = face.width(word) * (face.bold if bold else 1)
            assert is_wide <= told <= 1.25 * is_wide, word


@PAPERS
def test_columns_share_the_page(paper: Paper, built: Any) -> None:
    _, report = built["whole"]
    tables = [b for s in report.sections for b in walk(s.blocks) if isinstance(b, Table)]
    assert len(tables) > 15
    for one in tables:
        made = fit(one, paper)
        assert len(made.widths) == one.columns and min(made.widths) > 8
        assert sum(made.widths) <= (paper.turned if made.turned else paper.upright) + 0.01
        assert made.lines >= one.lines and not made.squeezed


INTERVAL = "0.461 (0.352–0.573)"


@PAPERS
@pytest.mark.parametrize(
    ("of", "turned"), [(2, False), (5, False), (7, False), (10, True), (14, True)]
)
def test_numbers_never_break_nor_leave_the_page(paper: Paper, of: int, turned: bool) -> None:
    made = fit(table(("Full without vitamin D", *[INTERVAL] * (of - 1))), paper)
    assert made.turned == turned
    room = paper.turned if turned else paper.upright
    assert sum(made.widths) <= room + 0.01
    if not made.squeezed:
        needs = paper.face.width(INTERVAL) * made.size
        assert min(made.widths[1:]) - paper.padding >= needs - 0.01
    assert made.squeezed == (of == 14)


@PAPERS
def test_small_tables_are_not_spread(paper: Paper) -> None:
    made = fit(table(("Female", "51.2")), paper)
    assert sum(made.widths) < paper.upright / 2 and made.size == paper.sizes[0]


@PAPERS
def test_sentences_get_the_room(paper: Paper) -> None:
    words = text("What it means, at length. " * 20)
    made = fit(table(("Name", "12.3", words), stack=True), paper)
    assert made.widths[2] > 0.6 * paper.upright
    assert sum(made.widths) == pytest.approx(paper.upright)


@PAPERS
def test_sentences_leave_usual_intervals_whole(paper: Paper) -> None:
    words = text("What it means, at length. " * 20)
    made = fit(table((words, "0.34 (0.21–0.56)", words), stack=True), paper)
    assert made.widths[1] >= paper.face.width("0.34 (0.21–0.56)") * made.size + paper.padding


@PAPERS
@pytest.mark.parametrize(("of", "place"), [(4, 0), (5, 2), (6, 2)])
def test_type_is_smaller_where_that_saves_many_lines(paper: Paper, of: int, place: int) -> None:
    rows = [(f"Supplemental magnesium, T{n} vs None", *[INTERVAL] * of) for n in range(8)]
    assert fit(table(*rows), paper).size == paper.sizes[place]


@PAPERS
@pytest.mark.parametrize("words", ["Q1, events / n", "Difference (95% CI)", "Interval below 1, %"])
def test_headings_do_not_end_a_line_before_a_sign(paper: Paper, words: str) -> None:
    last = columns.joined(words).split(" ")[-1]
    assert last in ("events\xa0/\xa0n", "(95%\xa0CI)", "1,\xa0%")
    heads = (Cell(text(words), number=True),) * 11
    made = fit(table(("1",) * 11, head=(heads,)), paper)
    assert min(made.widths) >= paper.face.width(last) * made.size + paper.padding


@PAPERS
def test_words_that_follow_numbers_stand_off(paper: Paper) -> None:
    made = fit(table(("Female", "51.2", text("of whom many said that they take some"))), paper)
    assert made.gaps == (0, 0, paper.gap)


def test_lines_begin_after_words_that_stand_out() -> None:
    words = text(Strong("Q1"), " 12 to 205")
    assert [line.plain for line in columns.lines_of(words)] == ["Q1", "12 to 205"]
    assert [line.plain for line in columns.lines_of(text("a ", Strong("b")))] == ["a b"]
    # Each line has a height of its own, and the range in a heading is not broken.
    made = fit(table((words, "1")), WORD)
    assert made.lines == 3 and fit(table((words, "1")), PDF).lines == 2
    heads = (Cell(words, number=True),) * 12
    made = fit(table(("1",) * 12, head=(heads,)), WORD)
    assert min(made.widths) >= WORD.face.width("12 to 205") * made.size + WORD.padding


@pytest.mark.parametrize(
    ("code", "pieces"),
    [
        ("WTDRD1", ["WTDRD1"]),
        ("ab" * 32, ["ab" * 16, "ab" * 16]),
        ("magnesium_two_day_total", ["magnesium_", "two_", "day_", "total"]),
        ("age >= 20", ["age", " ", ">=", " ", "20"]),
        ("missing(retinopathy_told)", ["missing(", "retinopathy_", "told)"]),
    ],
)
def test_codes_break_without_a_character_more(code: str, pieces: list[str]) -> None:
    assert columns.broken(code) == pieces and "".join(pieces) == code


def test_long_names_take_the_room_that_they_need_where_they_have_no_joints() -> None:
    name = "magnesium_two_day_total"
    rows = table((text(Code(name)), text("At length. " * 60)), (text(Code("ab" * 32)), "1"))
    hashed, whole = fit(rows, PDF), fit(rows, WORD)
    assert hashed.widths[0] >= 32 * LIBERTINUS.fixed * hashed.size
    assert whole.widths[0] >= len(name) * CALIBRI.fixed * whole.size
    # A hash has more than that only where there is room beside it.
    assert whole.widths[0] < WORD.upright / 2


def test_smaller_type_is_taken_where_it_spares_most_rows_a_line() -> None:
    long = "Serum 25(OH)D of those who take it, per 10 nmol/L"
    numbers = ("0.8682", "0.3826", "1.354", "10,883", "0.8682", "0.3826", "1.354")
    head = tuple(Cell(text("Column one"), number=n > 0) for n in range(9))
    rows = [(long, "A middle size", *numbers)] * 20
    wrapped = fit(table(*rows, head=(head,)), PDF)
    assert wrapped.size < PDF.sizes[0] and wrapped.lines <= 23
    few = fit(table(*rows[:1], *[("Short", "A middle size", *numbers)] * 20, head=(head,)), PDF)
    assert few.size == PDF.sizes[0]


@PAPERS
@pytest.mark.parametrize("words", ["cannot be judged", "does not apply", "to be written"])
def test_verdicts_and_headings_stay_whole(words: str, paper: Paper) -> None:
    verdict, sentence = Cell(text(words), mark="open"), Cell(text("Told at length. " * 12))
    heads = ("State", "Q1, events / n", "What", "How", "Why", "Where")
    head = tuple(Cell(text(words)) for words in heads)
    rows = ((verdict, Cell(text("1"), number=True), *[sentence] * 4),) * 3
    made = fit(table(("",), head=(head,), groups=(Group(rows),), stack=True), paper)
    needs = [paper.face.width(each) * paper.face.bold for each in (words, "events / n")]
    for width, need in zip(made.widths, needs, strict=False):
        assert width - paper.padding >= need * made.size - 0.01


@PAPERS
def test_room_goes_to_the_cells_that_make_rows_high(paper: Paper) -> None:
    last = ("One label of many words. " * 6, "1", "Said at length. " * 15)
    made = fit(table(*[("A label", "1", "Said at length. " * 15)] * 9, last, stack=True), paper)
    assert made.widths[2] > 2.5 * made.widths[0]
    assert sum(made.widths) == pytest.approx(paper.upright)


def test_a_number_stands_beside_its_interval_where_there_is_room() -> None:
    figure = "42.0% (36.2–48.1); n = 2,337"
    made = fit(table(("Women", figure, *["Equal to the printed digit. " * 9] * 3), stack=True), PDF)
    needs = PDF.face.width("42.0% (36.2–48.1)") * made.size
    assert made.widths[1] - PDF.padding >= needs - 0.01
