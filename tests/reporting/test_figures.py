"""Drawings: the same bytes each time, readable on both pages, and never a stranger's markup."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from analysis.reporting import figures, style
from analysis.reporting.book import Book
from analysis.reporting.flow import flow_figure

CSS = Path(style.__file__).parent / "static" / "report.css"

MAKERS = {
    "flow": lambda book, facts: flow_figure(book, facts),
    "prevalence": lambda book, facts: figures.prevalence_figure(book, facts),
    "forest": lambda book, facts: figures.forest_figure(book, facts, "odds_ratio"),
    "forest_linear": lambda book, facts: figures.forest_figure(book, facts, "linear"),
    "dose_response": lambda book, facts: figures.curve_figure(book, facts, "OR"),
    "dose_response_linear": lambda book, facts: figures.curve_figure(book, facts, "difference"),
}


@pytest.fixture(params=MAKERS)
def figure(request: Any, deng: Any) -> Any:
    return MAKERS[request.param](Book(deng[0]), deng[1])


def test_drawn_twice_a_figure_is_the_same(figure: Any, deng: Any) -> None:
    again = MAKERS[figure.key](Book(deng[0]), deng[1])
    assert figure.drawing.wide == again.drawing.wide
    assert figure.drawing.narrow == again.drawing.narrow
    assert figure.drawing.wide != figure.drawing.narrow


def test_a_drawing_holds_no_date_path_or_foreign_colour(figure: Any) -> None:
    for svg in (figure.drawing.wide, figure.drawing.narrow):
        assert not re.search(
            r"<metadata|<!--|<!DOCTYPE|\d{4}-\d\d-\d\d|matplotlib\.org|/home/", svg
        )
        assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) <= set(style.ROLES)
        assert etree.fromstring(svg.encode()).tag.endswith("svg")


def test_a_picture_is_300_dpi_and_says_nothing_of_its_maker(deng: Any) -> None:
    figure = MAKERS["prevalence"](Book(deng[0]), deng[1])
    assert figure.drawing.png == MAKERS["prevalence"](Book(deng[0]), deng[1]).drawing.png
    with Image.open(io.BytesIO(figure.drawing.png)) as picture:
        assert picture.width == round(style.WIDE * style.DPI)
        assert set(picture.info) <= {"dpi"}
        assert picture.info["dpi"][0] == pytest.approx(300, abs=0.5)


def test_the_words_of_a_figure_name_each_estimate_shown(deng: Any) -> None:
    results, facts = deng
    words = MAKERS["forest"](Book(results), facts).description
    # 1.00 lies within the first of these, and below the second.
    assert "Vitamin D deficiency, Q2: 0.85 (0.69–1.04), with an interval that holds 1." in words
    assert "Vitamin D deficiency, Q4: 0.61 (0.48–0.78), below 1: the whole interval" in words
    flow = MAKERS["flow"](Book(results), facts).description
    assert "Aged 20 years or over: 14,213 remain; 15,189 set aside." in flow


@pytest.mark.parametrize("maker", MAKERS)
def test_missing_estimates_are_left_out_of_a_drawing(deng: Any, maker: str) -> None:
    results, facts = deng
    results = results.assign(estimate=math.nan, conf_low=math.nan, conf_high=math.inf)
    if maker == "flow":
        results["estimate"] = 0.0
    svg = MAKERS[maker](Book(results), facts).drawing.narrow
    assert "nan" not in re.sub(r'id="[^"]*"', "", svg)


def test_there_may_be_more_models_than_markers(made: Any) -> None:
    rows = [
        made.ratio_row(
            -0.1 * number, 0.1, analysis="odds_ratio", model=f"m{number}", outcome="deficiency",
            level="Q4", reference="Q1",
        )
        for number in range(9)
    ]  # fmt: skip
    book = Book(made.table_of(rows, "deng_2013"))
    figure = figures.forest_figure(book, made.facts_for("deng_2013"), "odds_ratio")
    texts = [node.text for node in etree.fromstring(figure.drawing.narrow.encode()).iter("{*}text")]
    assert {f"m{number}" for number in range(9)} <= set(texts)


@pytest.mark.parametrize("label", ["<b>&</b> $x^2$ \\frac", "x" * 300, "word " * 200])
def test_any_label_is_drawn_as_text(made: Any, label: str) -> None:
    rows = [*made.flow_rows({"a": (label, 10), "b": (label, 5)})]
    figure = flow_figure(Book(made.table_of(rows, "deng_2013")), made.facts_for("deng_2013"))
    for svg in (figure.drawing.wide, figure.drawing.narrow):
        texts = [node.text for node in etree.fromstring(svg.encode()).iter("{*}text")]
        assert not list(etree.fromstring(svg.encode()).iter("{*}b"))
        assert any(text.startswith(label[:10]) for text in texts)
        assert max(map(len, texts)) < 60


@pytest.mark.parametrize(
    ("label", "letters", "lines", "set_as"),
    [
        ("short", 20, 2, "short"),
        ("two words", 5, 2, "two\nwords"),
        ("one two three four", 9, 2, "one two\nthree…"),
        ("one two three", 7, 1, "one tw…"),
        ("", 5, 2, ""),
    ],
)
def test_labels_are_fitted(label: str, letters: int, lines: int, set_as: str) -> None:
    assert style.fit(label, letters, lines) == set_as


@given(st.floats(0.01, 0.99), st.floats(1.01, 50))
def test_a_logarithmic_axis_has_round_ticks_within_it(low: float, high: float) -> None:
    ticks = figures.log_ticks(low, high)
    assert 1 in ticks and ticks == sorted(set(ticks)) and len(ticks) <= 10
    assert all(low <= tick <= high for tick in ticks)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def schemes() -> dict[str, dict[str, str]]:
    """The colours of each scheme in the style sheet."""
    blocks = re.findall(r":root([^{]*)\{([^}]*)\}", CSS.read_text("utf-8"))
    found = {}
    for name, body in blocks:
        colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body))
        found[name.strip() or "light"] = colours
    return found


def test_both_ways_to_the_dark_page_have_the_same_colours() -> None:
    found = schemes()
    assert len(found) == 3
    dark = [colours for name, colours in found.items() if name != "light"]
    assert dark[0] == dark[1] and set(dark[0]) == set(found["light"])


@pytest.mark.parametrize("scheme", ["light", '[data-theme="dark"]'])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *[(text, back, 4.5) for text in ("ink", "muted", "accent") for back in ("paper", "shade")],
        *[(text, "paper", 4.5) for text in ("good", "part", "bad", "open")],
        *[
            (f"fig-{text}", f"fig-{b}", 4.5)
            for text in ("ink", "muted")
            for b in ("paper", "shade")
        ],
        *[(f"fig-series-{n}", "fig-paper", 3.0) for n in range(1, 7)],
    ],
)
def test_contrast(scheme: str, front: str, back: str, least: float) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[front], colours[back]) >= least


def test_the_page_has_a_variable_for_each_colour_of_a_drawing() -> None:
    light = schemes()["light"]
    assert {f"fig-{role}": colour for colour, role in style.ROLES.items()}.items() <= light.items()
