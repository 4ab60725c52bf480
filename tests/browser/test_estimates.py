"""Each number opens its row of results.csv and the lines of the study file that asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from seen import PANEL, rows_of

pytestmark = pytest.mark.browser

NUMBERS = """(every) => [...document.querySelectorAll("main .v")]
  .map((one, place) => [place, one]).filter(([, one]) => one.checkVisibility())
  .filter((_, at) => at % every === 0)
  .map(([place, one]) => [place, Number(one.dataset.row), one.dataset.col.split(" "),
                          one.textContent.trim()])"""


@pytest.mark.parametrize("name", ["whole", "described", "artificial", "across"])
def test_a_number_tells_its_row(opened: Any, pages: Any, name: str) -> None:
    tab, rows = opened(name), rows_of(pages(name))
    found = tab.run(NUMBERS, 1)
    assert len(found) > 20
    for place, row, columns, printed in found[:: max(len(found) // 25, 1)]:
        tab.click("main .v", place)
        panel = tab.until(PANEL)
        assert panel["printed"] == printed
        assert panel["link"] == f"results.csv, line {row + 2}"
        assert panel["href"].partition("#")[0] == "results.csv"
        # Beside the text of the row it may say that the data are artificial.
        shown = dict(panel["fields"])
        assert shown | {"data": ""} == rows[row] | {"data": ""}
        assert set(columns) & set(shown)
        assert panel["inside"]
        tab.press("Escape")
        assert tab.run(PANEL) is None


def test_the_line_of_the_file_is_the_row(pages: Any) -> None:
    # The panel counts lines; that is so only while no text of the file has a line's end in it.
    folder = pages("artificial")
    lines = (folder / "results.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(rows_of(folder)) + 1


LINE = """(hash) => {
  const line = document.getElementById(hash.slice(1));
  const box = line.getBoundingClientRect();
  return line.checkVisibility() && box.top >= 0 && box.bottom <= innerHeight && line.textContent;
}"""


def study_file(pages: Any) -> list[str]:
    """The lines of the study that was run on the artificial survey."""
    place: Path = pages("artificial").parent.parent / "deng_2013.toml"
    return [line.strip() for line in place.read_text(encoding="utf-8").splitlines()]


def number_of(hash: str) -> int:
    return int(hash.rpartition("-L")[2])


SECTIONS = {"outcome": "[[outcomes]]", "model": "[[models]]"}
"""The head of an entry, by the column of results.csv that names it."""


def test_the_lines_of_the_study_file_are_those_that_asked(opened: Any, pages: Any) -> None:
    tab, rows, lines = opened("artificial"), rows_of(pages("artificial")), study_file(pages)
    seen = set()
    for place, row, _, _ in tab.run(NUMBERS, 60):
        tab.click("main .v", place)
        asked = [number_of(hash) for hash in tab.until(PANEL)["lines"]]
        tab.press("Escape")
        # People at a step that no study file names come without a line; estimates do not.
        assert asked or "outcome" not in rows[row], rows[row]
        for column, head in SECTIONS.items():
            name = rows[row].get(column)
            named = [line for line in asked if lines[line - 1] == head]
            if name and named:
                # Lines count from 1, so the next one has the number as its place.
                assert f'name = "{name}"' in [lines[line] for line in named]
                seen.add(column)
    assert seen == set(SECTIONS)


def test_a_line_of_the_study_file_is_shown_when_asked_for(opened: Any, pages: Any) -> None:
    tab, rows, lines = opened("artificial"), rows_of(pages("artificial")), study_file(pages)
    place = next(p for p, row, _, _ in tab.run(NUMBERS, 1) if "model" in rows[row])
    tab.click("main .v", place)
    hash = tab.until(PANEL)["lines"][-1]
    tab.click("#source .source-lines li:last-child a")
    assert tab.until(LINE, hash).strip() == lines[number_of(hash) - 1]
    assert tab.run(PANEL) is None
    assert tab.run("() => location.hash") == hash


def test_an_address_with_a_line_shows_it(opened: Any) -> None:
    tab = opened("artificial", anchor="#spec-L20")
    assert tab.until(LINE, "#spec-L20")


# Ways in and out


@pytest.mark.parametrize("key", ["Enter", " "])
def test_the_keyboard_opens_and_escape_goes_back(opened: Any, key: str) -> None:
    tab = opened("whole")
    tab.focus("main .lead .v")
    tab.press(key)
    panel = tab.until(PANEL)
    assert tab.run("() => document.getElementById('source').contains(document.activeElement)")
    # The row's link is within reach of the next key.
    tab.press("Tab")
    assert tab.run("() => document.activeElement.closest('#source') !== null")
    tab.press("Escape")
    assert tab.run(PANEL) is None
    assert tab.words(":focus") == panel["printed"]


def test_the_keyboard_leaves_the_panel_for_the_text(opened: Any) -> None:
    tab = opened("whole")
    tab.focus("main .lead .v")
    tab.press("Enter")
    tab.until(PANEL)
    for _ in range(12):
        tab.press("Tab")
        if not tab.run("() => document.activeElement.closest('#source')?.id"):
            break
    else:
        pytest.fail("the panel holds the keyboard")
    assert tab.run("() => document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("way", ["again", "beside", "close"])
def test_the_mouse_closes_the_panel(opened: Any, way: str) -> None:
    tab = opened("whole")
    tab.click("main .lead .v")
    tab.until(PANEL)
    tab.click({"again": "main .lead .v", "beside": "h1", "close": "#source .close"}[way])
    tab.until("() => !document.getElementById('source').checkVisibility()")


def test_a_finger_opens_a_panel_on_a_phone(opened: Any) -> None:
    tab = opened("whole", 390)
    tab.tap("main .lead .v")
    assert tab.until(PANEL)["inside"]
    room = "() => [document.scrollingElement.scrollWidth, innerWidth]"
    wide, width = tab.run(room)
    assert wide <= width
    tab.tap("#source .close")
    tab.until("() => !document.getElementById('source').checkVisibility()")


def test_arrows_go_through_the_numbers_of_a_table(opened: Any) -> None:
    tab = opened("whole")
    table = "#prevalence-table"
    stops = f"() => document.querySelectorAll('{table} .v[tabindex=\"0\"]').length"
    assert tab.run(stops) == 1
    cell = """() => { const at = document.activeElement.closest("td, th");
      return [at.parentElement.rowIndex, at.cellIndex]; }"""
    tab.focus(f"{table} .v[tabindex='0']")
    row, column = tab.run(cell)
    tab.press("ArrowDown")
    assert tab.run(cell)[0] > row and tab.run(cell)[1] == column
    tab.press("ArrowUp")
    assert tab.run(cell) == [row, column]
    tab.press("ArrowRight")
    assert tab.run(cell) == [row, column + 1] or tab.run(cell) == [row, column]
    tab.press("End")
    assert tab.run(cell)[0] > row
    # There is still one stop, where the reader left.
    assert tab.run(stops) == 1
    assert tab.run("() => document.activeElement.tabIndex") == 0
