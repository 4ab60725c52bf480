"""The specification curve and the joint groups, gone through by mouse, finger and keyboard.

What the page says is held against results.csv, not against what the page knows.
"""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.browser

CURVE = ".explore[data-kind=curve]"
GRID = ".explore[data-kind=grid]"

READOUT = """(box) => {
  const found = document.querySelector(box);
  const link = found.querySelector(".readout a.source-row");
  return {
    at: Number(found.querySelector(".plot").dataset.at),
    line: Number(/line (\\d+)/.exec(link.textContent)[1]),
    words: found.querySelector(".readout").textContent,
    told: found.querySelector(".plot").getAttribute("aria-valuetext"),
    now: Number(found.querySelector(".plot").getAttribute("aria-valuenow")),
  };
}"""


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def curve_rows(pages: Any) -> list[dict[str, str]]:
    """The specifications of the first outcome, lowest estimate first."""
    rows = [row for row in rows_of(pages("whole")) if row["analysis"] == "specification"]
    first = [row for row in rows if row["outcome"] == rows[0]["outcome"]]
    return sorted(first, key=lambda row: float(row["estimate"]))


def taken(row: dict[str, str]) -> dict[str, str]:
    """The option of each choice that a specification has."""
    return dict(pair.split("=") for pair in row["contrast"].split("; "))


def hold_told(told: dict[str, Any], row: dict[str, str], choices: dict[str, Any]) -> None:
    """Hold that the words beside a curve are of one row of the results."""
    words = told["words"]
    estimate, low, high = (float(row[c]) for c in ("estimate", "conf_low", "conf_high"))
    shown = [float(n) for n in re.findall(r"\d\.\d+", words)[:3]]
    assert shown == pytest.approx([estimate, low, high], abs=0.0051)
    assert f"n {float(row['n']):,.0f}" in words and f"events {float(row['events']):,.0f}" in words
    base = {name: next(iter(options)) for name, (_, options) in choices.items()}
    others = {name: option for name, option in taken(row).items() if option != base[name]}
    for name, option in others.items():
        label, options = choices[name]
        assert f"{label}: {options[option]}" in words
        assert f"{label}: {options[option]}" in told["told"]
    assert words.count(": ") == len(others)
    assert ("base specification" in words) == (not others)


@pytest.mark.parametrize("phone", [False, True])
def test_pointing_at_the_curve_tells_the_specification(
    opened: Any, pages: Any, made_up: ModuleType, curve_rows: list[dict[str, str]], phone: bool
) -> None:
    tab = opened("whole", 390 if phone else 1280)
    rows = rows_of(pages("whole"))
    tab.centre(f"{CURVE} .plot canvas")
    box = "(s) => { const b = document.querySelector(s).getBoundingClientRect();"
    left, top, width, height = tab.run(
        f"{box} return [b.x, b.y, b.width, b.height]; }}", f"{CURVE} .plot canvas"
    )
    seen = []
    for part in (0.2, 0.35, 0.5, 0.65, 0.8, 0.98):
        place = {"x": left + part * width, "y": top + height / 3}
        if phone:
            tab.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[place])
            tab.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        else:
            tab.move(**place)
        told = tab.run(READOUT, CURVE)
        seen.append(told["at"])
        row = rows[told["line"] - 2]
        assert row == curve_rows[told["at"]]
        assert told["now"] == told["at"] + 1
        hold_told(told, row, made_up.CHOICES)
    assert all(b > a for a, b in pairwise(seen))
    assert seen[-1] == len(curve_rows) - 1


def test_the_keyboard_goes_along_the_curve(
    opened: Any, pages: Any, curve_rows: list[dict[str, str]]
) -> None:
    tab, rows = opened("whole"), rows_of(pages("whole"))
    # To begin with it stands at the base specification.
    start = tab.run(READOUT, CURVE)
    assert "base specification" in start["words"]
    tab.focus(f"{CURVE} .plot")
    last = len(curve_rows) - 1
    for key, wanted in (
        ("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowUp", 2), ("ArrowDown", 1),
        ("End", last), ("ArrowRight", last), ("ArrowLeft", last - 1),
    ):  # fmt: skip
        tab.press(key)
        told = tab.run(READOUT, CURVE)
        assert told["at"] == wanted, key
        assert rows[told["line"] - 2] == curve_rows[wanted]
    tab.press("Tab")
    assert tab.run("(box) => !document.activeElement.matches(box)", f"{CURVE} .plot")


OPTIONS = """(box) => [...document.querySelector(box).querySelectorAll(".option input")]
  .map((input) => [input.closest("fieldset").querySelector("legend").textContent,
                   input.closest("label").textContent.trim()])"""

PICTURE = "(box) => document.querySelector(box + ' .plot canvas').toDataURL()"


def hold_kept(tab: Any, box: str, kept: list[dict[str, str]], total: int) -> None:
    """Hold what is told of the specifications that are kept: how many, median, intervals."""
    assert tab.run("(box) => Number(document.querySelector(box).dataset.kept)", box) == len(kept)
    words = tab.words(f"{box} .kept[role=status]")
    words = words.replace("in none", "in 0%")
    said = [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", words)]
    below = sum(float(row["conf_high"]) < 1 for row in kept) / len(kept)
    above = sum(float(row["conf_low"]) > 1 for row in kept) / len(kept)
    middle = median(float(row["estimate"]) for row in kept)
    counts = [total] if len(kept) == total else [len(kept), total]
    # The words name the 1 of "below 1" and "above 1" too.
    assert said == pytest.approx([*counts, middle, 1, 100 * below, 1, 100 * above], abs=0.0501)
    assert said[len(counts)] == pytest.approx(middle, abs=0.00501)


@pytest.mark.parametrize("way", ["mouse", "keyboard", "finger"])
def test_clearing_options_dims_their_specifications(
    opened: Any, made_up: ModuleType, pages: Any, curve_rows: list[dict[str, str]], way: str
) -> None:
    tab, rows = opened("whole", 390 if way == "finger" else 1280), rows_of(pages("whole"))
    total = len(curve_rows)
    hold_kept(tab, CURVE, curve_rows, total)
    options = [tuple(one) for one in tab.run(OPTIONS, CURVE)]
    names = {
        (label, words): (choice, option)
        for choice, (label, of) in made_up.CHOICES.items()
        for option, words in of.items()
    }
    assert set(names) <= set(options)
    cleared: list[tuple[str, str]] = []
    tab.centre(f"{CURVE} .plot")
    before = tab.run(PICTURE, CURVE)
    for place in (options.index(key) for key in list(names)[1:6:2]):
        chip = f"{CURVE} .option input"
        if way == "mouse":
            tab.click(f"{CURVE} .option label", place)
        elif way == "finger":
            tab.tap(f"{CURVE} .option label", place)
        else:
            tab.focus(chip, place)
            tab.press(" ")
        cleared.append(names[options[place]])
        kept = [r for r in curve_rows if not any(taken(r)[c] == o for c, o in cleared)]
        assert 0 < len(kept) < total
        tab.until(
            "([box, n]) => Number(document.querySelector(box).dataset.kept) === n",
            [CURVE, len(kept)],
        )
        hold_kept(tab, CURVE, kept, total)
    tab.settle()
    tab.centre(f"{CURVE} .plot")
    tab.settle()
    assert tab.run(PICTURE, CURVE) != before
    # The arrow keys stop only at what is kept.
    tab.focus(f"{CURVE} .plot")
    tab.press("Home")
    for row in kept[:4]:
        assert rows[tab.run(READOUT, CURVE)["line"] - 2] == row
        tab.press("ArrowRight")
    tab.click(f"{CURVE} button.reset")
    hold_kept(tab, CURVE, curve_rows, total)
    assert tab.run("(s) => [...document.querySelectorAll(s)].every(i => i.checked)",
                   f"{CURVE} .option input")  # fmt: skip


def test_nothing_kept_is_told(opened: Any) -> None:
    tab = opened("whole")
    options = [label for label, _ in tab.run(OPTIONS, CURVE)]
    mine = [place for place, label in enumerate(options) if label == options[-1]]
    for place in mine:
        tab.click(f"{CURVE} .option label", place)
    assert tab.words(f"{CURVE} .kept").startswith("None of")
    assert tab.run("(box) => document.querySelector(box).dataset.kept", CURVE) == "0"


def test_the_curve_is_drawn_anew_in_the_dark(opened: Any) -> None:
    tab = opened("whole")
    tab.centre(f"{CURVE} .plot")
    tab.settle()
    light = tab.run(PICTURE, CURVE)
    tab.run("() => document.querySelector('.theme').click()")
    tab.settle()
    assert tab.run(PICTURE, CURVE) != light


@pytest.mark.parametrize(("medium", "explored"), [("screen", True), ("print", False)])
def test_paper_has_the_drawing_in_place_of_what_is_explored(
    opened: Any, medium: str, explored: bool
) -> None:
    tab = opened("whole")
    tab.media(medium)
    tab.settle()
    shown = "(s) => document.querySelector(s).checkVisibility()"
    assert tab.run(shown, CURVE) == explored
    assert tab.run(shown, f".explorable:has({CURVE}) > .wide svg") == (not explored)


# Joint groups


def cells(tab: Any) -> list[dict[str, Any]]:
    """The cells of the first grid of joint groups, with the place of each on the page."""
    found: list[dict[str, Any]] = tab.run(
        """(grid) => [...document.querySelector(grid).querySelectorAll("button.cell")].map(
          (cell) => ({ row: Number(cell.dataset.row), dim: cell.classList.contains("dim"),
            reference: cell.classList.contains("reference"),
            estimate: cell.querySelector("b")?.textContent ?? "",
            title: cell.closest("table").caption.textContent,
            line: cell.closest("tr").cells[0].textContent,
            column: cell.closest("table").rows[0].cells[cell.parentElement.cellIndex].textContent,
          }))""",
        GRID,
    )
    return found


def test_each_joint_group_is_its_row_of_the_results(opened: Any, pages: Any) -> None:
    tab, rows = opened("artificial"), rows_of(pages("artificial"))
    found = cells(tab)
    assert len(found) >= 8
    for cell in found:
        row = rows[cell["row"]]
        assert row["analysis"] == "joint"
        assert (row["level"], row["stratum_level"]) == (cell["column"], cell["line"])
        if cell["reference"] or not row["estimate"]:
            continue
        # Printed to two digits at least, or as beyond a bound.
        shown = cell["estimate"].replace("\u2212", "-")
        assert shown[0] in "<>" or float(shown) == pytest.approx(
            float(row["estimate"]), rel=0.06, abs=0.0051
        )


def test_pointing_at_a_joint_group_tells_its_people(opened: Any, pages: Any) -> None:
    tab, rows = opened("artificial"), rows_of(pages("artificial"))
    readout = f"{GRID} .readout"
    found = cells(tab)
    for place in (1, len(found) // 2, len(found) - 1):
        tab.hover(f"{GRID} button.cell", place)
        words, row = tab.words(readout), rows[found[place]["row"]]
        assert found[place]["title"] in words
        assert row["level"] in words and row["stratum_level"] in words
        assert f"n {float(row['n']):,.0f}" in words


def test_the_keyboard_goes_through_joint_groups(opened: Any) -> None:
    tab = opened("artificial")
    stops = tab.run("(s) => document.querySelector(s).querySelectorAll('[tabindex=\"0\"]').length",
                    f"{GRID} .heat")  # fmt: skip
    assert stops == 1
    tab.focus(f"{GRID} .heat .cell[tabindex='0']")
    at = """() => { const cell = document.activeElement;
      return [cell.closest("tr").rowIndex, cell.parentElement.cellIndex]; }"""
    row, column = tab.run(at)
    tab.press("ArrowRight")
    assert tab.run(at) == [row, column + 1]
    tab.press("ArrowDown")
    assert tab.run(at) == [row + 1, column + 1]
    tab.press("ArrowLeft")
    tab.press("ArrowUp")
    assert tab.run(at) == [row, column]
    # At the edge it stays, and Enter shows the row of the results.
    tab.press("ArrowLeft")
    assert tab.run(at) == [row, column]
    tab.press("ArrowRight")
    words = tab.words(":focus")
    tab.press("Enter")
    tab.until("() => document.getElementById('source').checkVisibility()")
    assert tab.words("#source .source-printed").split(" (")[0] in words
    tab.press("Escape")
    assert tab.words(":focus") == words


def groups_told(tab: Any) -> list[tuple[int, int, float]]:
    """What is told of each grid: groups that are kept, groups, and their median."""
    words = tab.words(f"{GRID} .kept[role=status]").replace("\u2212", "-")
    found = re.findall(r"(\d+) of (\d+) groups, median \D+? (-?\d+\.\d+)", words)
    return [(int(kept), int(of), float(middle)) for kept, of, middle in found]


def hold_groups(tab: Any, rows: list[dict[str, str]], cleared: str) -> None:
    """Hold what is told of each grid when the groups of one line are cleared."""
    found = [cell for cell in cells(tab) if not cell["reference"]]
    expected = []
    for title in dict.fromkeys(cell["title"] for cell in found):
        mine = [cell for cell in found if cell["title"] == title]
        kept = [float(rows[c["row"]]["estimate"] or "nan") for c in mine if c["line"] != cleared]
        kept = [estimate for estimate in kept if estimate == estimate]
        expected.append((len(kept), len(mine), pytest.approx(median(kept), rel=0.01, abs=0.0051)))
    assert groups_told(tab) == expected


def test_clearing_a_line_of_joint_groups_dims_it(opened: Any, pages: Any) -> None:
    tab, rows = opened("artificial"), rows_of(pages("artificial"))
    hold_groups(tab, rows, "")
    options = tab.run(OPTIONS, GRID)
    lines = {cell["line"] for cell in cells(tab)}
    # A line and a column may have one name; the lines come after the columns.
    place = max(i for i, (_, label) in enumerate(options) if label in lines)
    cleared = options[place][1]
    tab.click(f"{GRID} .option label", place)
    for cell in cells(tab):
        assert cell["dim"] == (cell["line"] == cleared)
    hold_groups(tab, rows, cleared)
    tab.click(f"{GRID} button.reset")
    assert not any(cell["dim"] for cell in cells(tab))
    hold_groups(tab, rows, "")
