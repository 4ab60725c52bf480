"""Finished reports, of whatever data: every page below the folder that NHANES_REPORTS names.

The other tests open reports that were made for them; these open what is given to readers.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from axe import BY_COLOUR, hold_usable
from cdp import PATIENCE, Browser
from seen import HEAVIEST, LOST, PANEL, TWICE, WIDER, rows_of
from tab import Tab, quiet_tabs

pytestmark = pytest.mark.browser

VARIABLE = "NHANES_REPORTS"
LONGEST = 300.0
"""Seconds that looking over a whole page may take on a busy machine."""


def finished() -> list[Any]:
    """Give each page to look at, named by its folder; without the variable none, and why."""
    given = os.environ.get(VARIABLE)
    if not given:
        reason = f"{VARIABLE} names no folder of finished reports"
        return [pytest.param(Path(), marks=pytest.mark.skip(reason=reason), id="none")]
    folder = Path(given).resolve()
    pages = sorted(folder.rglob("report.html"))
    if not pages:
        raise FileNotFoundError(f"{VARIABLE}: no report.html is below {folder}")
    index = [page for page in [folder / "index.html"] if page.exists()]
    named = [(str(page.parent.relative_to(folder)), page) for page in pages]
    return [
        pytest.param(page, id=name) for name, page in [*named, *(("index", page) for page in index)]
    ]


every_page = pytest.mark.parametrize("page", finished())
every_screen = pytest.mark.parametrize("width", [1280, 390])

Shower = Callable[..., Tab]


@pytest.fixture
def shown(browser: Browser) -> Iterator[Shower]:
    """Return what opens a page; the test fails if it asked for anything or told an error."""
    browser.patience = LONGEST
    with quiet_tabs(browser) as new:

        def give(page: Path, width: int = 1280, *, dark: bool = False) -> Tab:
            tab = new(width, dark=dark)
            tab.open(page.as_uri())
            return tab

        yield give
        browser.patience = PATIENCE


@every_page
@every_screen
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_finished_page_is_quiet_and_fits_its_screen(
    shown: Shower, page: Path, width: int, dark: bool
) -> None:
    began = time.perf_counter()
    tab = shown(page, width, dark=dark)
    tab.settle()
    took = time.perf_counter() - began
    name = "index" if page.name == "index.html" else page.parent.name
    print(f"{name}: opens in {took:.1f} s, {tab.count('*'):,} elements")
    assert tab.words("h1")
    for unfolded in (False, True):
        tab.unfold(unfolded)
        # All of it is seen, so that whatever is drawn only then is drawn.
        for part in range(11):
            tab.run("(part) => scrollTo(0, document.body.scrollHeight * part / 10)", part)
            tab.settle()
        # A phone shows a page that is too wide from farther away: its own measure does not count.
        wide, _, what = tab.run(WIDER)
        assert wide <= width, what


@every_page
@every_screen
@pytest.mark.parametrize("rules", [(), BY_COLOUR], ids=["light", "dark"])
def test_a_finished_page_can_be_used_by_everyone(
    shown: Shower, axe_core: str, page: Path, width: int, rules: tuple[str, ...]
) -> None:
    # What is dark differs from what is light by its colours alone.
    tab = shown(page, width, dark=bool(rules))
    tab.unfold()
    tab.settle()
    hold_usable(tab, axe_core, rules)


BESIDE = """() => [...new Set([...document.links].map((link) => link.getAttribute("href"))
  .filter((href) => !href.startsWith("#")))]"""


@every_page
def test_every_link_of_a_finished_page_has_an_end(shown: Shower, page: Path) -> None:
    tab = shown(page)
    assert tab.run(LOST) == [] and tab.run(TWICE) == []
    beside = [href for href in tab.run(BESIDE) if not re.match("https?://", href)]
    files = {unquote(href.partition("#")[0]) for href in beside}
    assert files, "no link to a file beside the page"
    assert [name for name in sorted(files) if not (page.parent / name).exists()] == []


@every_page
def test_a_finished_page_is_light(page: Path) -> None:
    assert page.stat().st_size < HEAVIEST


NUMBERS = """() => [...document.querySelectorAll("main .v")].map((one) => [
  one.dataset.row, one.dataset.col.split(" "), one.getAttribute("role") ?? one.localName,
  one.textContent.trim(),
])"""

SOURCES = """() => JSON.parse(document.getElementById("page-data").textContent)"""

SEEN = """() => [...document.querySelectorAll("main .v")].map((one, place) => [place, one])
  .filter(([, one]) => one.checkVisibility()).map(([place]) => place)"""


def told(sources: dict[str, Any], row: str) -> dict[str, str]:
    """What a number's panel tells of its row, by column."""
    cells = sources["rows"][row][1:]
    words = [sources["words"][cell] if isinstance(cell, int) else cell for cell in cells]
    return {column: text for column, text in zip(sources["columns"], words, strict=False) if text}


@every_page
def test_every_number_of_a_finished_page_is_in_its_row(shown: Shower, page: Path) -> None:
    if page.name == "index.html":
        pytest.skip("numbers of the index are of several runs")
    tab, rows = shown(page), rows_of(page.parent)
    sources, numbers = tab.run(SOURCES), tab.run(NUMBERS)
    assert len(numbers) > 20
    assert {row for row, *_ in numbers} <= set(sources["rows"])
    for row in {row for row, *_ in numbers}:
        # Beside the text of the row it may say that the data are artificial.
        assert told(sources, row) | {"data": ""} == rows[int(row)] | {"data": ""}, f"row {row}"
    for row, columns, role, printed in numbers:
        assert role == "button", row
        # Of a group without an estimate the row tells the people, and why there is none.
        assert set(columns) & set(rows[int(row)]) or "—" in printed, (row, columns, printed)


@every_page
@every_screen
def test_numbers_of_a_finished_page_open_their_rows(shown: Shower, page: Path, width: int) -> None:
    if page.name == "index.html":
        pytest.skip("numbers of the index open nothing")
    tab = shown(page, width)
    seen = tab.run(SEEN)
    for place in seen[:: max(len(seen) // 6, 1)]:
        (tab.click if width > 600 else tab.tap)("main .v", place)
        panel = tab.until(PANEL)
        printed = " ".join(panel["printed"].split())
        assert printed == tab.words("main .v", place) and panel["inside"]
        assert panel["fields"] and panel["href"].startswith("results.csv#row=")
        tab.press("Escape")
        assert tab.run(PANEL) is None
