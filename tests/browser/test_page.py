"""The page as a whole: quiet, light enough, with a contents list that follows, on any screen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from seen import HEAVIEST, LOST, TWICE, WIDER

pytestmark = pytest.mark.browser

PAGES = ("whole", "described", "artificial", "across")


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_quiet_and_light(opened: Any, pages: Any, name: str) -> None:
    tab = opened(name)
    # All of it is seen, and all that is folded is opened.
    tab.unfold()
    for part in range(11):
        tab.run("(part) => scrollTo(0, document.body.scrollHeight * part / 10)", part)
        tab.settle()
    assert tab.words("h1")
    assert (pages(name) / "report.html").stat().st_size < HEAVIEST


def test_the_page_is_read_without_its_script(opened: Any) -> None:
    tab = opened("whole")
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.call("Page.reload")
    tab.until("() => document.readyState === 'complete'")
    # Without the script there is nothing that only a script can do.
    assert tab.run(VISIBLE, "button, input, select") == []
    assert tab.run(VISIBLE, "section") and tab.run(VISIBLE, "figure svg")


VISIBLE = """(selector) => [...document.querySelectorAll(selector)]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one) => one.outerHTML.slice(0, 120))"""


# The contents list

CURRENT = """() => [...document.querySelectorAll('nav a[aria-current]')].map((a) => a.hash)"""

SECTIONS = """() => [...document.querySelectorAll('nav a')].map((a) => a.hash)"""

REACHES_TOP = """(hash) => {
  const top = document.querySelector(hash).getBoundingClientRect().top + scrollY;
  return top <= document.documentElement.scrollHeight - innerHeight;
}"""


@pytest.mark.parametrize(("name", "width"), [("whole", 1280), ("described", 1280), ("whole", 390)])
def test_the_contents_list_follows_the_reader(opened: Any, name: str, width: int) -> None:
    tab = opened(name, width)
    sections = tab.run(SECTIONS)
    assert len(sections) >= 5 and len(set(sections)) == len(sections)
    assert sections == tab.run(
        "() => [...document.querySelectorAll('section')].map(s => '#' + s.id)"
    )
    reached = [hash for hash in sections if tab.run(REACHES_TOP, hash)]
    assert len(reached) >= 3
    for hash in [*reached, *reversed(reached)]:
        tab.run("(hash) => document.querySelector(hash).scrollIntoView()", hash)
        tab.until(f"(hash) => String(({CURRENT})()) === hash", hash)


@pytest.mark.parametrize("width", [1280, 390])
def test_links_of_the_contents_list_lead_to_their_sections(opened: Any, width: int) -> None:
    tab = opened("whole", width)
    sections = tab.run(SECTIONS)
    for number, hash in enumerate(sections):
        tab.click("nav a", number)
        tab.until("(hash) => location.hash === hash", hash)
        tab.until(
            "(hash) => { const top = document.querySelector(hash + ' h2').getBoundingClientRect();"
            " return top.top >= 0 && top.bottom <= innerHeight; }", hash,
        )  # fmt: skip
        title = tab.words(f"{hash} h2")
        assert tab.words("nav a", number) == title


def test_the_skip_link_goes_to_the_answer(opened: Any) -> None:
    tab = opened("whole")
    tab.press("Tab")
    seen = "() => document.activeElement.getBoundingClientRect().left >= 0"
    assert tab.run(seen) and tab.words(":focus").startswith("Skip")
    tab.press("Enter")
    tab.until("(hash) => location.hash === hash", tab.run(SECTIONS)[0])
    # What comes next is within the section, not the contents list before it.
    tab.press("Tab")
    assert tab.run("() => document.activeElement.closest('main') !== null")


def test_every_link_within_the_page_has_an_end(opened: Any) -> None:
    tab = opened("artificial")
    assert tab.run("() => [...document.querySelectorAll('a[href^=\"#\"]')].length") >= 10
    assert tab.run(LOST) == [] and tab.run(TWICE) == []


# Screens


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_screen_needs_scrolling_sideways(opened: Any, name: str, width: int) -> None:
    tab = opened(name, width)
    for unfolded in (False, True):
        tab.unfold(unfolded)
        tab.settle()
        wide, room, what = tab.run(WIDER)
        assert wide <= room, what


def test_words_of_twice_the_size_still_fit(opened: Any) -> None:
    # WCAG 1.4.4 and 1.4.12: enlarged text, and a reader's own spacing, cut nothing off.
    tab = opened("whole", 1280)
    tab.run("""() => {
      document.documentElement.style.fontSize = "200%";
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; "
        + "word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }");
      document.adoptedStyleSheets.push(sheet);
    }""")
    tab.settle()
    wide, room, what = tab.run(WIDER)
    assert wide <= room, what


# Light and dark

LOOK = """() => {
  const style = getComputedStyle(document.documentElement);
  const rgb = (value) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = value.trim();
    return parseInt(canvas.fillStyle.slice(1), 16);
  };
  const names = [...Array(6).keys()].map((n) => `series-${n + 1}`);
  return Object.fromEntries(["paper", "ink", "muted", "rule", "shade", ...names].map(
    (name) => [name, rgb(style.getPropertyValue(`--fig-${name}`))]));
}"""


def luminance(colour: int) -> float:
    """Relative luminance by WCAG 2.2."""
    channels = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: int, other: int) -> float:
    """Contrast of two colours by WCAG 2.2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_figures_have_contrast_in_light_and_dark(opened: Any, dark: bool) -> None:
    look = opened("described", dark=dark).run(LOOK)
    assert (luminance(look["paper"]) < 0.05) == dark
    for name in ("ink", "muted"):
        assert contrast(look[name], look["paper"]) >= 4.5, name
    for name in (name for name in look if name.startswith("series-")):
        assert contrast(look[name], look["paper"]) >= 3, name
        assert contrast(look[name], look["shade"]) >= 3, name


DARK = "() => getComputedStyle(document.body).backgroundColor"


def is_dark(tab: Any) -> bool:
    red, green, blue = map(int, re.findall(r"\d+", tab.run(DARK))[:3])
    return luminance(red << 16 | green << 8 | blue) < 0.05


@pytest.mark.parametrize("dark", [False, True])
def test_a_reader_may_choose_the_other(opened: Any, dark: bool) -> None:
    tab = opened("described", dark=dark)
    assert is_dark(tab) == dark
    assert tab.words(".theme") == ("Light page" if dark else "Dark page")
    tab.click(".theme")
    assert is_dark(tab) != dark
    assert tab.words(".theme") == ("Dark page" if dark else "Light page")
    tab.click(".theme")
    assert is_dark(tab) == dark


def test_the_page_follows_the_system_when_it_changes(opened: Any) -> None:
    tab = opened("described")
    tab.media(prefers_color_scheme="dark")
    tab.until("() => document.querySelector('.theme').textContent === 'Light page'")
    assert is_dark(tab)


# Paper

PAPER = 718
"""CSS pixels between the margins of a page of A4."""


SIGNS = """() => [...document.querySelectorAll("button.sort")].map((button) => {
  const style = getComputedStyle(button);
  const sign = getComputedStyle(button, "::after").content;
  return `${sign} ${style.borderStyle} ${style.borderWidth} ${style.backgroundColor}`;
})"""


@pytest.mark.parametrize("name", ["whole", "artificial"])
@pytest.mark.parametrize("dark", [False, True])
def test_paper_has_no_buttons_and_is_white(opened: Any, name: str, dark: bool) -> None:
    tab = opened(name, PAPER, dark=dark)
    if dark:
        tab.click(".theme")
        tab.click(".theme")
    tab.media("print", prefers_color_scheme="dark" if dark else "light")
    tab.settle()
    assert tab.run(VISIBLE, "button:not(.sort), input, select, nav, .skip, .hint") == []
    # The words of a column's heading stay, without a sign that they can be pressed.
    assert tab.run(VISIBLE, "thead th") != []
    assert set(tab.run(SIGNS)) <= {"none none 0px rgba(0, 0, 0, 0)"}
    assert tab.run(DARK) in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    assert tab.run("() => getComputedStyle(document.body).color") == "rgb(29, 39, 51)"
    # Paper does not scroll: what is wider than it, or hidden by a box, is lost.
    lost = """() => [...document.querySelectorAll('.scroll, pre')].filter((box) =>
      box.checkVisibility() && (box.scrollWidth > box.clientWidth + 2
        || box.scrollHeight > box.clientHeight + 2)
      ).map((box) => box.closest('[id]').id)"""
    assert tab.run(lost) == []


@pytest.mark.parametrize("name", ["whole", "described"])
def test_the_page_prints(opened: Any, name: str) -> None:
    tab = opened(name)
    printed = tab.pdf()
    assert printed.startswith(b"%PDF-")
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 3 <= sheets <= 80
    # A sheet is as A4 as the printer takes it: 595 by 842 points.
    for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", printed):
        _, _, width, height = map(float, box.split())
        assert (width, height) == pytest.approx((595, 842), abs=2)
