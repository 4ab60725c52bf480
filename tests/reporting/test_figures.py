"""Drawings: the same bytes each time, readable on both pages, and never a stranger's markup."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from analysis.reporting import figures, scales, style
from analysis.reporting.book import Book
from analysis.reporting.flow import _gaps, flow_figure

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
    ticks = scales.log_ticks(low, high)
    assert 1 in ticks and ticks == sorted(set(ticks)) and len(ticks) <= 12
    assert all(low <= tick <= high for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "length", "letter", "ticks"),
    [
        # Labels on both sides of the axis's middle, not only around 1.
        (0.356, 1.08, 4.3, 0.072, [0.4, 0.5, 0.6, 0.7, 0.8, 1]),
        (0.125, 1.9, 4.3, 0.072, [0.25, 0.35, 0.5, 0.7, 1, 1.4]),
        (0.06, 1.2, 2.4, 0.0, [0.1, 0.2, 0.5, 1]),
        # The same range on shorter axes: fewer labels rather than labels in each other.
        (0.26, 2.0, 2.0, 0.072, [0.35, 0.5, 0.7, 1, 1.4, 2]),
        (0.26, 2.0, 0.9, 0.072, [0.5, 1, 2]),
        (0.26, 2.0, 0.3, 0.072, [1]),
        (0.995, 1.004, 2.4, 0.0, [1]),
    ],
)
def test_ticks_cover_the_axis_and_do_not_run_together(
    low: float, high: float, length: float, letter: float, ticks: list[float]
) -> None:
    assert scales.log_ticks(low, high, length, letter) == ticks


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


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
@pytest.mark.parametrize("analysis", ["odds_ratio", "linear"])
@pytest.mark.parametrize("where", [-9.0, 0.0, 9.0])
def test_labels_of_outcomes_stand_clear_of_the_null_line(
    made: Any, analysis: str, width: float, where: float
) -> None:
    # Wherever the estimates put the line in the drawing.
    odds = analysis == "odds_ratio"
    rows = []
    for outcome in ("deficiency", "insufficiency", "serum_25ohd"):
        for group in ("Q2", "Q3", "Q4"):
            at = {"analysis": analysis, "model": "full", "outcome": outcome, "level": group}
            make = made.ratio_row if odds else made.difference_row
            rows.append(make(where / (3 if odds else 1), 1.0, reference="Q1", **at))
    book = Book(made.table_of(rows, "deng_2013"))
    with style.house_style():
        canvas = figures._forest(
            book.find(analysis=analysis), made.facts_for("deng_2013"), width, odds=odds
        )
        renderer = FigureCanvasAgg(canvas).get_renderer()
        (axes,) = canvas.axes
        none = 1.0 if odds else 0.0
        lines = [line for line in axes.lines if list(line.get_xdata()) == [none, none]]
        labels = [text for text in axes.texts if text.get_fontweight() == "bold"]
        assert len(lines) == len(labels) == 3
        for label in labels:
            box = label.get_window_extent(renderer)
            for line in lines:
                drawn = line.get_window_extent(renderer)
                assert drawn.y0 >= box.y1 or drawn.y1 <= box.y0
        # The line passes beside every group, and reaches the axis.
        for place in (text.get_position()[1] for text in axes.texts if text not in labels):
            assert any(min(line.get_ydata()) < place < max(line.get_ydata()) for line in lines)
        assert min(min(line.get_ydata()) for line in lines) <= axes.get_ylim()[0]


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
@pytest.mark.parametrize(("estimate", "error"), [(0.186, 0.047), (-100.5, 80.3)])
def test_figures_at_the_right_are_not_cut_off(
    made: Any, width: float, estimate: float, error: float
) -> None:
    at = {"analysis": "linear", "model": "full", "outcome": "serum_25ohd", "reference": "Q1"}
    rows = [made.difference_row(estimate, error, level=group, **at) for group in ("Q2", "Q3")]
    book = Book(made.table_of(rows, "deng_2013"))
    with style.house_style():
        canvas = figures._forest(
            book.find(analysis="linear"), made.facts_for("deng_2013"), width, odds=False
        )
        renderer = FigureCanvasAgg(canvas).get_renderer()
        ends = [text.get_window_extent(renderer).x1 for text in canvas.axes[0].texts]
    assert max(ends) <= canvas.bbox.x1


@pytest.mark.parametrize(
    ("label", "named"),
    [("Full", "the full model"), ("Full without milk", "the model “Full without milk”")],
)
def test_a_curve_names_its_model(deng: Any, label: str, named: str) -> None:
    results, facts = deng
    models = [m.model_copy(update={"label": label}) if m.name == "full" else m
              for m in facts.models]  # fmt: skip
    facts = replace(facts, study=facts.study.model_copy(update={"models": tuple(models)}))
    for measure in ("OR", "difference"):
        figure = figures.curve_figure(Book(results), facts, measure)
        assert f"95% band, in {named}. Triangles" in figure.caption.plain
        assert figure.description.startswith(f"In {named}. ")


@pytest.mark.parametrize(
    ("weight", "printed"),
    [(0.0, "(no weight)"), (2e-9, "(no weight)"), (1.0, "(1)"), (2e6, "(2.0 million)")],
)
def test_people_without_weight_are_told_so(made: Any, weight: float, printed: str) -> None:
    rows = [*made.flow_rows({"a": ("Everyone", 1000), "b": ("Examined", 170)})]
    rows[-1]["estimate"] = weight
    book = Book(made.table_of(rows, "deng_2013"))
    figure = flow_figure(book, made.facts_for("deng_2013"))
    for svg in (figure.drawing.wide, figure.drawing.narrow):
        told = " ".join(node.text for node in etree.fromstring(svg.encode()).iter("{*}text"))
        assert re.search(rf"n = 830\s+{re.escape(printed)}", told)
    cells = [[cell.text.plain for cell in row] for row in figure.data.groups[0].rows]
    assert ("no weight" in cells[-1]) == (weight < 0.5)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=9), st.data())
def test_boxes_of_the_flow_do_not_touch(lines: list[int], data: st.DataObject) -> None:
    heights = [number * 0.17 + 0.16 for number in lines]
    sides = [data.draw(st.integers(0, 4)) for _ in lines[1:]]
    highs = [number * 0.17 + 0.12 if number else 0.0 for number in sides]
    gaps = _gaps(heights, highs)
    top, centres = 0.0, []
    for height, gap in zip(heights, gaps, strict=False):
        assert gap >= 0.3
        centres.append(top + height + gap / 2)
        top += height + gap
    for one, other in pairwise(zip(centres, highs, strict=True)):
        assert other[0] - other[1] / 2 - (one[0] + one[1] / 2) > 0.05
    # None reaches out of the drawing.
    assert centres[0] - highs[0] / 2 >= -1e-9
    assert centres[-1] + highs[-1] / 2 <= top + heights[-1] + 1e-9
