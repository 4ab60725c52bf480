"""Tables as CSV and LaTeX, and the numbers behind figures."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.reporting.csv_tables import LINE, figure_csv, table_csv
from analysis.reporting.document import Cell, Code, Doi, Group, Strong, Table, Value, text, walk
from analysis.reporting.html import numbering
from analysis.reporting.latex import PACKAGES, escape, table_file

HOSTILE = (
    r"\input{x} $a_b^c$ & 5% #1 {} ~ < > | \"q\" `'' -- --- [*] \\ ^^M é β − ≥ 中"
    + "\x00\n\t\ud800."
)


def grid(*rows: tuple[str, ...], head: tuple[str, ...] = (), **changes: Any) -> Table:
    """A table; the first column holds words, the others numbers."""
    cells = tuple(
        tuple(Cell(text(words), number=place > 0) for place, words in enumerate(row))
        for row in rows
    )
    names = head or tuple(f"Head {n}" for n in range(len(rows[0])))
    made = {
        "key": "a_table", "caption": text("A caption"), "groups": (Group(cells),),
        "head": (tuple(Cell(text(name), number=n > 0) for n, name in enumerate(names)),),
    }  # fmt: skip
    return Table(**{**made, **changes})


def read(written: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written)))


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("−1.25", "-1.25"), ("−1.2 (−2.0 to 3.1)", "-1.2 (-2.0 to 3.1)"), ("10,883", "10883"),
        ("1,234,567.5", "1234567.5"), ("612 / 5,432", "612 of 5432"), ("—", ""),
        ("0.62 (0.46–0.82)", "0.62 (0.46–0.82)"), ("<0.001", "<0.001"), ("1,2", "1,2"),
        ("1 (reference)", "1 (reference)"), ("−1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("@a", "'@a"),
    ],
)  # fmt: skip
def test_numbers_are_what_a_spreadsheet_takes_for_numbers(printed: str, written: str) -> None:
    assert read(table_csv(grid(("Row", printed)), synthetic=False))[1] == ["Row", written]


@pytest.mark.parametrize("words", ["=HYPERLINK(1)", "+a", "-a", "@a", " =a", "\t=a", "\x00=a"])
def test_words_never_begin_a_formula(words: str) -> None:
    table = grid((words, "1"), head=(words, "n"))
    table = replace(table, groups=(replace(table.groups[0], label=text(words)),))
    (head, row) = read(table_csv(table, synthetic=False))
    assert head[1] == row[0] == row[1] == "'" + words.strip(" \t\x00")


def test_words_that_are_numbers_stay_words() -> None:
    table = grid(("1,000 to 2,000", "1"))
    assert read(table_csv(table, synthetic=False))[1][0] == "1,000 to 2,000"


def test_headings_in_two_rows_become_one_and_groups_a_column() -> None:
    top = (Cell(), Cell(text("Men"), span=2), Cell(text("Women"), span=2))
    below = tuple(Cell(text(name)) for name in ("Group", "n", "n", "n", "%"))
    first = Group(((Cell(text("a")), *(Cell(text(n), number=True) for n in "1234")),), text("G"))
    second = Group(((Cell(text("b")), Cell(text("none"), span=3), Cell(text("5"))),))
    table = grid(("", ""), head=("", ""))
    table = replace(table, head=(top, below), groups=(first, second))
    assert read(table_csv(table, synthetic=False)) == [
        ["Group", "Group (2)", "Men: n", "Men: n (2)", "Women: n", "Women: %"],
        ["G", "a", "1", "2", "3", "4"],
        ["", "b", "none", "", "", "5"],
    ]


@pytest.mark.parametrize("synthetic", [True, False])
def test_artificial_data_say_so_in_each_file(synthetic: bool, built: Any) -> None:
    _, report = built["forrest_2011"]
    figure, table = report.figures[0], report.figures[0].data
    for written in (
        table_csv(table, synthetic=synthetic), figure_csv(figure, synthetic=synthetic)
    ):  # fmt: skip
        frame = pd.read_csv(io.StringIO(written))
        assert ("data" in frame) == synthetic
        assert not synthetic or set(frame["data"]) == {"artificial"}
    tex = table_file(table, "Table 1", synthetic=synthetic)
    assert ("ARTIFICIAL DATA" in tex.splitlines()[0]) == synthetic
    assert (r"\caption{\textbf{Artificial data.} " in tex) == synthetic


def test_numbers_behind_figures_lead_to_their_digits(built: Any) -> None:
    results, report = built["whole"]
    checked = 0
    for figure in report.figures:
        for row in csv.DictReader(io.StringIO(figure_csv(figure, synthetic=False))):
            if not row[LINE] or not row.get("Estimate"):
                continue
            full = results.iloc[int(row[LINE]) - 2]["estimate"]
            said = row["Estimate"].replace("no weight", "0")
            assert float(said) == pytest.approx(full, rel=6e-4, abs=0.5 if full > 1000 else 0)
            checked += 1
    assert checked > 100


# LaTeX


def unescaped(written: str) -> str:
    """What TeX prints of an escaped text, by a reader of its own for the few commands used."""
    commands = {
        r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~",
        r"\textasciigrave{}": "`", r"\char34{}": '"', r"\textendash{}": "–",
        r"\textemdash{}": "—", r"\ldots{}": "…", r"\ensuremath{\geq}": "≥",
        r"\ensuremath{\beta}": "β", r"\ensuremath{-}": "−",
    }  # fmt: skip
    pattern = re.compile(
        "|".join(map(re.escape, commands)) + r"|\\ensuremath\{([<>|])\}|\\([{}$&#%_])"
        r"|\{([\[\]*])\}|(['-])\{\}|([^\\{}$&#%_^~<>|\"`\[\]*])|(.)", re.DOTALL,
    )  # fmt: skip
    found = []
    for match in pattern.finditer(written):
        assert not match.group(6), f"{match.group(6)!r} is not escaped in {written!r}"
        found.append(commands.get(match.group()) or next(filter(None, match.groups())))
    return "".join(found)


@pytest.mark.parametrize(
    "words", [HOSTILE, *HOSTILE.split(" "), "---", "%%", "''", "a" * 50], ids=ascii
)
def test_escaped_text_prints_as_it_is(words: str) -> None:
    expected = re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", words)
    written = escape(words)
    assert unescaped(written) == expected
    assert "--" not in written and "''" not in written
    assert "\n" not in written


def test_every_control_and_every_special_is_escaped() -> None:
    for code in (*range(0x250), *range(0x370, 0x400), *range(0x2000, 0x2300)):
        written = escape(chr(code))
        assert written.isprintable() and not re.search(r"(?<!\\)[#$%&]", written), hex(code)
        assert written.count("{") - written.count(r"\{") == written.count("}") - written.count(
            r"\}"
        )


def rows_of(tex: str) -> list[str]:
    """The rows of a table in LaTeX, headings included."""
    begun = re.search(r"\\begin\{(longtable|tabular)\}\{@\{\}.*@\{\}\}\n", tex)
    assert begun
    body = tex[begun.end() : tex.rindex(rf"\end{{{begun.group(1)}}}")]
    return [line for line in body.splitlines() if line.endswith((r" \\", r" \\*"))]


def test_every_table_has_as_many_cells_as_columns(built: Any) -> None:
    _, report = built["whole"]
    names = numbering(report)
    tables = [b for s in report.sections for b in walk(s.blocks) if isinstance(b, Table)]
    assert len(tables) > 15
    for table in tables:
        tex = table_file(table, names[table.key], synthetic=False)
        assert tex.startswith(f"% {names[table.key]} of the report")
        assert rf"\label{{tab:{table.key}}}" in tex
        opened = re.findall(r"\\(begin|end)\{(\w+)\}", tex)
        stack: list[str] = []
        for what, name in opened:
            if what == "begin":
                stack.append(name)
            else:
                assert stack.pop() == name
        assert not stack
        rows = rows_of(tex)
        # A long table has its headings twice.
        twice = 2 if r"\begin{longtable}" in tex else 1
        assert len(rows) == table.lines + (twice - 1) * len(table.head)
        for row in rows:
            inside = re.sub(r"\\begin\{tabular\}.*?\\end\{tabular\}", "", row)
            spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", inside)]
            cells = len(re.findall(r"(?<!\\)&", inside)) + 1
            assert cells - len(spans) + sum(spans) == table.columns, row
        for note in table.notes:
            assert escape(note.plain[:20]) in tex


def test_long_and_wide_tables_are_set_over_pages_and_lying() -> None:
    long = table_file(grid(*[("Row", "1")] * 60), "Table 1", synthetic=False)
    assert r"\begin{longtable}" in long and r"\begin{landscape}" not in long
    assert long.count("Head 0 & Head 1") == 2, "headings are repeated on each page"
    wide = table_file(grid(("Row", *["1,234 (1,000–1,500)"] * 9)), "Table 1", synthetic=False)
    assert r"\begin{table}" in wide and r"\begin{landscape}" in wide


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_takes_what_strangers_wrote(tmp_path: Path) -> None:
    words = HOSTILE.replace("中", "")
    said = text(words, Strong(words), Code(words), Value(words, 0, ("n",)), Doi(words))
    cells = (Cell(said), Cell(text("[1]"), number=True))
    table = grid(("", ""), caption=said, notes=(said,))
    table = replace(table, groups=(Group((cells, (Cell(text("*[x]")), cells[1])), said),))
    (tmp_path / "table.tex").write_text(table_file(table, "Table 1", synthetic=True), "utf-8")
    (tmp_path / "all.tex").write_text(
        rf"\documentclass{{article}}{PACKAGES}\begin{{document}}\input{{table}}\end{{document}}"
    )
    ended = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout.decode(errors="replace")[-2000:]
