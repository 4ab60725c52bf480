"""Tables: sorting by value, copying what is shown, and reaching all of a wide one."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html

pytestmark = pytest.mark.browser

BODIES = """(id) => [...document.getElementById(id).querySelector("table").tBodies].map((body) =>
  [...body.rows].map((row) => ({
    heading: row.classList.contains("group"),
    cells: [...row.cells].map((cell) => ({
      text: cell.textContent.trim().replace(/\\s+/g, " "),
      kind: cell.querySelector(".v")?.dataset.col ?? "",
    })),
  })))"""

HEADS = """(id) => [...document.querySelectorAll(`#${id} th[aria-sort]`)].map((head) =>
  [head.textContent.trim().replace(/\\s+/g, " "), head.getAttribute("aria-sort"),
   [...head.parentElement.cells].slice(0, head.cellIndex).reduce((n, c) => n + c.colSpan, 0)])"""

SORTABLE = """() => [...document.querySelectorAll(".table")]
  .filter((table) => table.querySelector("button.sort")).map((table) => table.id)"""


def number(words: str) -> float:
    """The number that a cell begins with; none is not a number."""
    plain = words.replace("\u2212", "-").replace(",", "")
    found = re.match(r"([<>]?)\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)( million)?", plain)
    if not found:
        return math.nan
    value = float(found[2]) * (1e6 if found[3] else 1)
    return value + {"<": -1e-9, ">": 1e-9, "": 0.0}[found[1]]


def rows_of(body: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [tuple(cell["text"] for cell in row["cells"]) for row in body]


def hold_sorted(body: list[dict[str, Any]], column: int, sign: int) -> None:
    """Hold that the numbers of one kind in a column are in order, and what has none comes last."""
    cells = [row["cells"][column] for row in body if not row["heading"]]
    kinds = Counter(cell["kind"] for cell in cells if cell["kind"])
    usual = kinds.most_common(1)[0][0] if kinds else ""
    numbers = [number(cell["text"]) for cell in cells if cell["kind"] in ("", usual)]
    known = [n for n in numbers if not math.isnan(n)]
    assert all(sign * (b - a) >= 0 for a, b in pairwise(known)), known
    if usual:
        assert all(math.isnan(n) for n in numbers[len(known) :]), numbers


@pytest.mark.parametrize("name", ["whole", "described", "across"])
def test_every_table_sorts_by_value_and_goes_back(opened: Any, name: str) -> None:
    tab = opened(name)
    tables = tab.run(SORTABLE)
    assert tables
    told = set()
    press = "(id, n) => document.querySelectorAll(`#${id} button.sort`)[n].click()"
    for table in tables:
        start = tab.run(BODIES, table)
        numeric = [
            any(cell["kind"] for body in start for row in body for cell in row["cells"][c : c + 1])
            for c in range(len(start[-1][-1]["cells"]))
        ]
        for place, (_, state, column) in enumerate(tab.run(HEADS, table)):
            assert state == "none"
            for sign, wanted in ((1, "ascending"), (-1, "descending"), (0, "none")):
                tab.run(press, table, place)
                states = [head[1] for head in tab.run(HEADS, table)]
                assert states.pop(place) == wanted and set(states) <= {"none"}
                now = tab.run(BODIES, table)
                told.add(tab.words(".announce"))
                # A row stays in its group, and a group below its heading.
                for body, before in zip(now, start, strict=True):
                    assert sorted(rows_of(body)) == sorted(rows_of(before))
                    assert [row["heading"] for row in body] == [r["heading"] for r in before]
                    if sign and numeric[column]:
                        hold_sorted(body, column, sign)
                if not sign:
                    assert now == start, table
    assert len(told) > 3


def test_sorting_moves_rows(opened: Any) -> None:
    tab = opened("whole")
    table = "prevalence-table"
    start = tab.run(BODIES, table)
    seen = [start]
    for _ in range(2):
        tab.click(f"#{table} button.sort", 1)
        seen.append(tab.run(BODIES, table))
    # One of the two orders may be the report's own.
    assert seen[1] != seen[2]


@pytest.mark.parametrize("keys", [("Enter", " ", "Enter"), (" ", "Enter", " ")])
def test_the_keyboard_sorts(opened: Any, keys: tuple[str, ...]) -> None:
    tab = opened("whole")
    button = "#prevalence-table button.sort"
    tab.focus(button, 1)
    for key, wanted in zip(keys, ("ascending", "descending", "none"), strict=True):
        tab.press(key)
        head = "() => document.activeElement.closest('th')?.getAttribute('aria-sort')"
        assert tab.run(head) == wanted
        if wanted != "none":
            assert wanted in tab.words(".announce")


# Copying


def written(page: Path, table: str) -> str:
    """A table of a page's file as tab-separated text."""
    found = html.parse(str(page), html.HTMLParser(encoding="utf-8"))
    lines = []
    for row in found.xpath(f"//*[@id='{table}']//tr"):
        cells = []
        for cell in row.xpath("th|td"):
            cells.append(" ".join(cell.text_content().split()).replace("\u2212", "-"))
            cells += [""] * (int(cell.get("colspan", 1)) - 1)
        lines.append("\t".join(cells))
    return "\n".join(lines)


NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
SEES = (
    "window.seen = []; addEventListener('copy', () => seen.push(getSelection().toString()), true);"
)

WITH_MINUS = """() => [...document.querySelectorAll(".table")].find((table) =>
  table.checkVisibility() && [...table.querySelectorAll("td")].some((cell) =>
    cell.textContent.trim().startsWith("\u2212"))).id"""


@pytest.mark.parametrize("way", ["granted", "denied", "absent"])
def test_a_table_is_copied(opened: Any, pages: Any, way: str) -> None:
    tab = opened("whole", before=SEES + (NO_CLIPBOARD if way == "absent" else ""))
    tab.permit("clipboard-write", "denied" if way == "denied" else "granted")
    table = tab.run(WITH_MINUS)
    button = f"#{table} .copy"
    assert tab.words(button).startswith("Copy table: ")
    tab.click(button)
    tab.until("() => document.querySelector('.announce').textContent === 'Table copied'")
    assert tab.words(button).startswith("Copied")
    expected = written(pages("whole") / "report.html", table)
    assert expected.count("\n") >= 3 and expected.count("\t") >= 6 and "\t-" in expected
    if way == "granted":
        tab.permit("clipboard-read", "granted")
        assert tab.run("() => navigator.clipboard.readText()") == expected
        assert tab.run("() => seen") == []
    else:
        # The old way goes by a selection, of which the copy event tells.
        assert tab.run("() => seen") == [expected]
    assert tab.run("() => document.activeElement.className") == "copy"
    assert tab.count("textarea") == 0
    tab.until("(s) => document.querySelector(s).textContent.startsWith('Copy ')", button)


def test_what_cannot_be_copied_is_told(opened: Any) -> None:
    tab = opened("whole", before=f"{NO_CLIPBOARD} document.execCommand = () => false;")
    tab.focus("#prevalence-table .copy")
    tab.press("Enter")
    tab.until("() => document.querySelector('.announce').textContent.includes('not be copied')")
    assert tab.words("#prevalence-table .copy").startswith("Not copied")


def test_a_sorted_table_is_copied_as_it_is_shown(opened: Any, pages: Any) -> None:
    tab = opened("whole", before=SEES + NO_CLIPBOARD)
    for _ in range(2):
        tab.click("#prevalence-table button.sort")
    tab.click("#prevalence-table .copy")
    tab.until("() => seen.length")
    [copied] = tab.run("() => seen")
    first = written(pages("whole") / "report.html", "prevalence-table")
    assert copied != first
    assert sorted(copied.split("\n")) == sorted(first.split("\n"))
    shown = [
        row["cells"][0]["text"] for body in tab.run(BODIES, "prevalence-table") for row in body
    ]
    assert [line.split("\t")[0] for line in copied.split("\n")][-len(shown) :] == shown


# Wide tables

WIDE = """() => [...document.querySelectorAll(".table > .scroll")]
  .find((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 40)
  .closest(".table").id"""

AT_END = """(box) => {
  const { scrollLeft, clientWidth, scrollWidth } = document.querySelector(box);
  return scrollLeft + clientWidth >= scrollWidth - 2;
}"""


def test_the_keyboard_reaches_the_end_of_a_wide_table(opened: Any) -> None:
    tab = opened("whole", 390)
    box = f"#{tab.run(WIDE)} > .scroll"
    shown = "(s) => getComputedStyle(document.querySelector(s)).visibility"
    hint = box.replace(".scroll", ".hint")
    tab.until(f"(s) => ({shown})(s) === 'visible'", hint)
    tab.focus(box)
    assert tab.run("(s) => document.activeElement === document.querySelector(s)", box)
    for _ in range(60):
        tab.press("ArrowRight")
        # A box glides to where a key sends it.
        tab.settle()
        if tab.run(AT_END, box):
            break
    else:
        pytest.fail("the arrow key does not reach the end")
    # At the end nothing more is promised, and the rows still have their names in view.
    tab.until(f"(s) => ({shown})(s) === 'hidden'", hint)
    left = "(s) => document.querySelector(s + ' tbody th[scope=row]').getBoundingClientRect().left"
    assert -1 <= tab.run(left, box) < 100
