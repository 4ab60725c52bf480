"""The page by keyboard alone: every stop in reading order, in view and visible, and no trap."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

MOST = 400
"""Stops on the way through a page; a reader has the contents list and headings for more."""

STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const before = window.before;
  window.before = at;
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  return {
    what: at.outerHTML.slice(0, 150),
    forward: !before || Boolean(before.compareDocumentPosition(at) & 4),
    marked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
      || style.boxShadow !== "none",
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    size: [box.width, box.height],
  };
}"""


@pytest.mark.parametrize(("name", "width"), [("whole", 1280), ("described", 390), ("across", 1280)])
def test_tab_goes_through_the_page_once(opened: Any, name: str, width: int) -> None:
    tab = opened(name, width)
    stops = []
    for _ in range(MOST + 1):
        tab.press("Tab")
        stop = tab.run(STOP)
        if stop is None:
            break
        stops.append(stop)
    else:
        pytest.fail(f"more than {MOST} stops, or a trap: {stops[-3:]}")
    assert len(stops) > 20
    assert "skip" in stops[0]["what"]
    for stop in stops:
        assert stop["forward"], f"against the reading order: {stop['what']}"
        assert stop["marked"], f"the focus is not seen: {stop['what']}"
        assert stop["seen"], f"out of view: {stop['what']}"
    # And there is a way back.
    tab.press("Tab", shift=True)
    assert tab.run(STOP)["what"] == stops[-1]["what"]
    tab.press("Tab", shift=True)
    assert tab.run(STOP)["what"] == stops[-2]["what"]


def test_the_focus_is_seen_in_the_dark(opened: Any) -> None:
    tab = opened("described", dark=True)
    for _ in range(30):
        tab.press("Tab")
        stop = tab.run(STOP)
        assert stop is None or stop["marked"], stop["what"]


def test_folded_parts_open_by_keyboard(opened: Any) -> None:
    tab = opened("whole")
    tab.focus("main summary")
    is_open = "() => document.activeElement.closest('details').open"
    for key in ("Enter", " "):
        before = tab.run(is_open)
        tab.press(key)
        assert tab.run(is_open) != before


def test_the_theme_changes_by_keyboard(opened: Any) -> None:
    tab = opened("described")
    tab.focus(".theme")
    tab.press("Enter")
    assert tab.run("() => document.documentElement.dataset.theme") == "dark"
    tab.press(" ")
    assert tab.run("() => document.documentElement.dataset.theme") == "light"
