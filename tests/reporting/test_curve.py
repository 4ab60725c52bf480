"""What an estimate hangs on: the curve, its strips, and the sentences beside them."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from analysis.reporting import curve_figure, style
from analysis.reporting.book import Book
from analysis.reporting.choices import Summary, choices_of
from analysis.reporting.curve import dependence
from analysis.reporting.curve_figure import Curve, edges, median_by_bin, options_of, share_by_bin
from analysis.reporting.document import Bullets, Figure, Paragraph, Table, walk

MANY = {
    f"choice_{number}": (f"Choice {number}", {f"c{number}_{i}": f"Way {i}" for i in range(options)})
    for number, options in enumerate((3, 2, 2, 2, 2, 2, 2, 2, 3, 2))
}
"""Ten choices with 2,304 combinations."""


def words_of(blocks: Any) -> str:
    told = []
    for block in walk(blocks):
        if isinstance(block, Paragraph):
            told.append(block.text.plain)
        if isinstance(block, Bullets):
            told += [item.plain for item in block.items]
    return "\n".join(told).replace("\N{NO-BREAK SPACE}", " ")


def tables_of(blocks: Any) -> dict[str, list[list[str]]]:
    """Cells of each table as text, by the table's key."""
    return {
        block.key: [[cell.text.plain for cell in row] for g in block.groups for row in g.rows]
        for block in walk(blocks)
        if isinstance(block, Table)
    }


def section(run: Any) -> Any:
    results, facts = run
    return dependence(Book(results), facts)


@given(st.integers(1, 9000), st.integers(1, 130))
def test_bins_cover_every_place_once_and_evenly(number: int, bins: int) -> None:
    cuts = edges(number, bins)
    sizes = np.diff(cuts)
    assert (cuts[0], cuts[-1]) == (0, number)
    assert len(sizes) == min(bins, number)
    assert sizes.min() >= 1 and sizes.max() - sizes.min() <= 1


@given(st.lists(st.booleans(), min_size=1, max_size=400), st.integers(1, 130))
def test_shares_and_medians_of_bins(holds: list[bool], bins: int) -> None:
    cuts = edges(len(holds), bins)
    values = np.arange(len(holds)) * np.where(holds, 1.5, 0.5)
    shares, medians = share_by_bin(np.array(holds), cuts), median_by_bin(values, cuts)
    for i, (first, last) in enumerate(pairwise(cuts)):
        assert shares[i] == pytest.approx(sum(holds[first:last]) / (last - first))
        assert medians[i] == np.median(values[first:last])


def test_options_are_read_out_of_the_contrast(whole: Any) -> None:
    row = Book(whole[0]).find(analysis="specification")[-1]
    assert options_of(row) == {
        "scale": "today", "vitamin_d_intake": "both", "age": "from_40", "energy": "density",
    }  # fmt: skip
    assert options_of(row._replace(contrast="")) == {}


def test_a_curve_rises_and_knows_its_base(whole: Any) -> None:
    results, facts = whole
    rows = Book(results).find(analysis="specification", outcome="deficiency")
    curve = Curve.of([*rows, rows[3]._replace(estimate=math.nan)])
    assert (len(curve.rows), curve.missing) == (36, 1)
    assert (np.diff(curve.column("estimate")) >= 0).all()
    base = curve.base(choices_of(facts))
    assert base is not None and curve.rows[base].stratum_level == "s0001"
    assert curve.base(()) is None


def test_the_strips_of_a_choice_share_out_the_curve(whole: Any) -> None:
    results, facts = whole
    curve = Curve.of(Book(results).find(analysis="specification", outcome="insufficiency"))
    cuts = edges(len(curve.rows), 7)
    for choice in choices_of(facts):
        taken = np.array([options[choice.name] for options in curve.options])
        shares = [share_by_bin(taken == option, cuts) for option in choice.options]
        assert np.sum(shares, axis=0) == pytest.approx(1.0)


def test_the_line_has_the_colour_of_what_its_intervals_say() -> None:
    low = np.array([0.2, 0.3, 0.8, 0.9, 1.1, 0.7])
    high = np.array([0.8, 0.9, 1.1, 1.2, 1.5, 1.4])
    runs = curve_figure._runs(low, high)
    assert [(first, last) for first, last, _ in runs] == [(0, 2), (2, 4), (4, 5), (5, 6)]
    assert [colour for *_, colour in runs] == [
        style.SERIES[0], style.INK, style.SERIES[1], style.INK,
    ]  # fmt: skip


def test_thousands_of_specifications_make_a_small_drawing(made: Any) -> None:
    results, facts = made.whole_run(MANY)
    assert (results["analysis"] == "specification").sum() == 2 * 2304
    figure = curve_figure.figure(Book(results), facts, "deficiency", choices_of(facts))
    for svg in (figure.drawing.wide, figure.drawing.narrow):
        assert len(svg.encode()) < 250_000
        tree = etree.fromstring(svg.encode())
        assert not list(tree.iter("{*}image"))
        assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) <= set(style.ROLES)
        words = " ".join(node.text for node in tree.iter("{*}text"))
        assert "Choice 9" in words and "wholly above 1" in words and "Base: 0." in words
    assert len(figure.data.groups[0].rows) < 12
    assert "2,304 odds ratios from" in figure.description


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_curve_of_few_specifications_is_drawn(made: Any, number: int) -> None:
    rows = [
        made.ratio_row(0.1 * i, 0.2, analysis="specification", outcome="deficiency", level="Q4",
                       reference="Q1", contrast=f"scale={name}")
        for i, name in zip(range(number), ("ria", "today", "other"), strict=False)
    ]  # fmt: skip
    facts = made.whole_run()[1]
    figure = curve_figure.figure(
        Book(made.table_of(rows, "deng_2013")), facts, "deficiency", choices_of(facts)[:1]
    )
    assert "nan" not in re.sub(r'id="[^"]*"', "", figure.drawing.wide)
    assert figure.drawing.narrow


def test_a_curve_without_estimates_says_so(made: Any) -> None:
    rows = [
        made.ratio_row(math.nan, 0.2, analysis="specification", outcome="deficiency", level="Q4",
                       reference="Q1", contrast="scale=ria")
    ]  # fmt: skip
    facts = made.whole_run()[1]
    figure = curve_figure.figure(
        Book(made.table_of(rows, "deng_2013")), facts, "deficiency", choices_of(facts)
    )
    assert figure.drawing.wide and figure.drawing.narrow
    assert "no specification has an estimate" in figure.description
    assert "1 without an estimate" in figure.caption.plain


def test_the_published_odds_ratio_stands_in_the_curve(whole: Any) -> None:
    results, facts = whole
    where = (results["analysis"] == "odds_ratio") & (results["outcome"] == "deficiency")
    where &= (results["level"] == "Q4") & (results["model"] == "full")
    results.loc[where, "published"] = 0.34
    figures = [block for block in walk(section((results, facts))) if isinstance(block, Figure)]
    texts = " ".join(
        t.text for t in etree.fromstring(figures[0].drawing.wide.encode()).iter("{*}text")
    )
    assert "Published: 0.34" in texts and "the published odds ratio" in figures[0].caption.plain
    assert "published" not in figures[1].caption.plain


def test_sentences_of_the_curve(whole: Any) -> None:
    text = words_of(section(whole))
    results, _ = whole
    rows = results[(results["analysis"] == "specification") & (results["outcome"] == "deficiency")]
    below = (rows["estimate"] < 1).mean()
    inside = (rows["conf_high"] < 1).mean()
    assert f"Vitamin D deficiency: of 36 specifications, {100 * below:.1f}% put" in text
    assert f"{100 * inside:.1f}% with a 95% interval wholly below 1; none has" in text
    assert "What moves it most is “Adjustment for vitamin D intake” (" in text
    assert re.search(r"with “None” the median is 0\.\d\d \(interval wholly below 1 in", text)
    assert "and with “From food and supplements” the median is" in text
    assert "; then “Energy adjustment” (" in text or "; then “Age range” (" in text


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "of 36 specifications, "), (1, "of 35 specifications with an estimate (1 has none), "),
     (12, "of 24 specifications with an estimate (12 have none), ")],
)  # fmt: skip
def test_specifications_without_estimate_are_told(whole: Any, number: int, told: Any) -> None:
    results, facts = whole
    results.loc[results["measure"] == "no_estimate", "estimate"] = number
    text = words_of(section((results, facts)))
    assert told in text


def test_the_choices_table_is_sorted_by_what_moves_most(whole: Any) -> None:
    cells = tables_of(section(whole))["choices-table"]
    shares = [float(row[1]) for row in cells]
    assert shares == sorted(shares, reverse=True)
    assert cells[0][0] == "Adjustment for vitamin D intake"


def test_a_share_that_no_choice_has_alone_is_the_last_line(whole: Any, made: Any) -> None:
    results, facts = whole
    more = {"analysis": "specification_summary", "stratum": "interactions", "outcome": "deficiency"}
    row = made.table_of([{**more, "measure": "variance_share", "estimate": 0.031}], "deng_2013")
    cells = tables_of(section((pd.concat([results, row], ignore_index=True), facts)))
    assert cells["choices-table"][-1][:2] == ["Choices together", "3.1"]


def test_levels_of_a_summary_do_not_hide_its_rows(whole: Any) -> None:
    # The level of most rows is the dose group; that of a quantile is its percentile.
    summary = Summary(Book(whole[0]))
    assert summary.of("deficiency", "specifications") is not None
    assert summary.of("deficiency", "quantile", percentile="p50") is not None
    assert summary.of("deficiency", "quantile") is None


SCALE, AGE = "Scale of 25(OH)D: Today's scale", "Age range: 40 years or over"
CHANGED = {
    "all alike": ([0.5, 0.6, 0.7], "Under each of these changes the interval lies wholly below 1"),
    "one holds 1": ([0.5, 0.6, 0.95], f"wholly below 1 in the base, but holds 1 with “{AGE}”."),
    "one is above": ([0.5, 0.6, 2.0], f"but lies wholly above 1 with “{AGE}”."),
    "base holds 1": (
        [0.95, 0.6, 2.0],
        f"The interval holds 1 in the base, but lies wholly below 1 with “{SCALE}” and lies wholly "
        f"above 1 with “{AGE}”.",
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_what_one_change_does(made: Any, case: str) -> None:
    values, told = CHANGED[case]
    places = (("base", ""), ("scale", "today"), ("age", "from_40"))
    rows = [
        made.ratio_row(math.log(value), 0.1, analysis="one_choice", outcome="deficiency",
                       stratum=stratum, stratum_level=level, level="Q4", reference="Q1")
        for value, (stratum, level) in zip(values, places, strict=True)
    ]  # fmt: skip
    facts = made.whole_run()[1]
    text = words_of(section((made.table_of(rows, "deng_2013"), facts)))
    assert told in text


def test_a_change_without_estimate_has_its_reason_below_the_table(whole: Any) -> None:
    results, facts = whole
    where = (results["analysis"] == "one_choice") & (results["stratum_level"] == "today")
    results.loc[where, ["estimate", "conf_low", "conf_high"]] = math.nan
    results.loc[where, "note"] = "no events in Q4"
    blocks = section((results, facts))
    (table,) = [b for b in walk(blocks) if isinstance(b, Table) and b.key == "one-choice-table"]
    assert any("no events in Q4" in note.plain for note in table.notes)
    assert tables_of(blocks)["one-choice-table"][1][:2] == ["Today's scale", "—"]
    assert "nan" not in words_of(blocks)


def test_no_rows_no_section(deng: Any) -> None:
    assert section(deng) == []


def test_results_without_the_choices_of_the_study_file_make_a_section(whole: Any) -> None:
    results, facts = whole
    bare = facts.study.model_copy(update={"specifications": None})
    blocks = section((results, replace(facts, study=bare)))
    assert [block for block in walk(blocks) if isinstance(block, Figure)]
