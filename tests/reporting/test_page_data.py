"""What the page's script reads: rows as results.csv has them, what asked for them, estimates."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from lxml import html as lxml_html

from analysis.reporting import build
from analysis.reporting.book import Book
from analysis.reporting.document import (
    CurveToExplore,
    Figure,
    GridToExplore,
    Paragraph,
    Section,
    Value,
    text,
    texts,
)
from analysis.reporting.html import render
from analysis.reporting.modifier_figures import Pair, heat_map
from analysis.reporting.page_data import page_data
from analysis.reporting.sources import sources_of

RUNS = ("deng", "forrest", "whole")


def with_file(facts: Any) -> Any:
    return replace(facts, spec_text=facts.study.text)


@pytest.fixture(scope="module")
def built() -> dict[str, Any]:
    return {}


@pytest.fixture(params=RUNS)
def run(request: Any, built: dict[str, Any]) -> Any:
    """Results, facts and the report of each run, made once."""
    if request.param not in built:
        results, facts = request.getfixturevalue(request.param)
        facts = with_file(facts)
        built[request.param] = results, facts, build(results, facts)
    return built[request.param]


def fields_of(data: Any, row: str) -> dict[str, str]:
    """A row as the script puts it together."""
    cells = (data["words"][c] if isinstance(c, int) else c for c in data["rows"][row][1:])
    return {k: v for k, v in zip(data["columns"], cells, strict=False) if v}


def test_every_number_that_is_shown_has_its_row_as_the_file_has_it(run: Any) -> None:
    results, _, report = run
    written = io.StringIO()
    results.to_csv(written, index=False, lineterminator="\n")
    lines = list(csv.DictReader(io.StringIO(written.getvalue())))
    data = json.loads(page_data(report))
    shown = {v.row for s in report.sections for t in texts(s.blocks) for v in t.values}
    assert {int(row) for row in data["rows"]} == shown and len(shown) >= 20
    for row in data["rows"]:
        assert fields_of(data, row) == {k: v for k, v in lines[int(row)].items() if v}


def test_every_row_leads_to_lines_of_the_study_file(run: Any) -> None:
    _, facts, report = run
    data = json.loads(page_data(report))
    lines = facts.study.text.split("\n")
    told = [entry for row in data["rows"].values() for entry in data["asked"][row[0]]]
    assert told
    for _, line in told:
        assert lines[line - 1].lstrip().startswith("[")
    # Only the section with the study file: drawings take their time.
    last = replace(report, sections=report.sections[-1:])
    page = lxml_html.fromstring(render(last))
    numbered = page.xpath("//pre[@id='spec']/code/span")
    assert [span.get("id") for span in numbered] == [
        f"spec-L{number}" for number in range(1, len(numbered) + 1)
    ]
    assert "".join(span.text for span in numbered).rstrip("\n") == facts.study.text.rstrip("\n")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"analysis": "odds_ratio", "outcome": "deficiency", "model": "full",
             "exposure": "magnesium_total"},
            ["outcome deficiency", "model full", "exposure magnesium_total"],
        ),
        (
            {"analysis": "odds_ratio", "outcome": "insufficiency", "model": "crude",
             "exposure": "magnesium_dietary"},
            ["outcome insufficiency", "model crude", "exposure magnesium_dietary"],
        ),
        ({"analysis": "flow", "level": "adults"}, ["step adults"]),
        ({"analysis": "flow", "level": "complete_cases"}, ["complete cases"]),
        ({"analysis": "table1", "outcome": "age"}, ["table1"]),
        (
            {"analysis": "joint", "outcome": "deficiency", "stratum": "vitamin_d_intake"},
            ["outcome deficiency", "interaction vitamin_d_intake"],
        ),
        (
            {"analysis": "stratum", "outcome": "deficiency", "exposure": "magnesium_total",
             "stratum": "vitamin_d_intake"},
            ["outcome deficiency", "exposure magnesium_total", "strata vitamin_d_intake"],
        ),
        # A slope names measures; either way round it is of the interaction.
        (
            {"analysis": "slope", "exposure": "magnesium_total", "stratum": "vitamin_d_total"},
            ["exposure magnesium_total", "interaction vitamin_d_intake"],
        ),
        (
            {"analysis": "slope", "exposure": "vitamin_d_total", "stratum": "magnesium_total"},
            ["exposure vitamin_d_total", "interaction vitamin_d_intake"],
        ),
        (
            {"analysis": "spline", "outcome": "deficiency", "model": "full", "level": "300"},
            ["outcome deficiency", "model full", "exposure magnesium_total"],
        ),
        (
            {"analysis": "prevalence", "outcome": "deficiency", "stratum": "dose",
             "stratum_level": "Q1"},
            ["outcome deficiency", "exposure magnesium_total"],
        ),
        (
            {"analysis": "prevalence", "outcome": "deficiency", "stratum": "domain"},
            ["outcome deficiency"],
        ),
        ({"analysis": "imputed", "outcome": "nobody", "model": "x"}, ["imputation"]),
        ({"analysis": "specification_summary"}, ["specifications"]),
    ],
)  # fmt: skip
def test_what_asked_for_a_row(made: Any, row: dict[str, Any], told: list[str]) -> None:
    facts = with_file(made.facts_for("deng_2013"))
    results = made.table_of([row | {"measure": "OR", "estimate": 0.5}], "deng_2013")
    section = Section("s", "S", (_paragraph(0),))
    (source,) = sources_of([section], results, facts).values()
    named = [what for what, _ in source.lines if "group" not in what]
    assert named == told
    lines = facts.study.text.split("\n")
    for what, line in source.lines:
        # The entry begins there, and is the one of that name.
        assert lines[line - 1].startswith("[")
        assert what.split()[-1] in "\n".join(lines[line - 1 : line + 6])
    # A page without the study file has no line to link to.
    bare = replace(facts, spec_text="")
    assert [s.lines for s in sources_of([section], results, bare).values()] == [()]


def _paragraph(row: int) -> Paragraph:
    return Paragraph(text(Value("0.50", row, ("estimate",))))


def test_a_published_figure_is_asked_for_where_its_row_is(made: Any) -> None:
    facts = with_file(made.facts_for("deng_2013"))
    figure = next(f for f in facts.study.published if f.where)
    row = {**figure.where, "estimate": 0.5, "agreement": "reproduces"}
    results = made.table_of([row], "deng_2013")
    section = Section("s", "S", (_paragraph(0),))
    (source,) = sources_of([section], results, facts).values()
    line = facts.line_of("published", figure.id)
    assert (f"published figure {figure.id}", line) in source.lines
    assert f'id = "{figure.id}"' in facts.study.text.split("\n")[line]


def test_strangers_text_cannot_end_the_data(made: Any) -> None:
    hostile = "</script><script>alert(1)</script> <!-- & \u2028 \"'"
    results = made.table_of(made.deng_rows(), "deng_2013")
    results["note"] = hostile
    report = build(results, made.facts_for("deng_2013"))
    data = page_data(report)
    assert not set("<>&") & set(data)
    assert all(
        fields_of(json.loads(data), row)["note"] == hostile for row in json.loads(data)["rows"]
    )


def explored(report: Any, kind: type) -> list[Any]:
    return [figure.explore for figure in report.figures if isinstance(figure.explore, kind)]


def test_a_curve_can_be_gone_through(whole: Any) -> None:
    results, facts = whole
    curves = explored(build(results, facts), CurveToExplore)
    assert curves
    for curve in curves:
        found = curve.estimates
        assert list(found.estimate) == sorted(found.estimate)
        assert curve.choices[0].options[0] == "holds 1"
        for at, row in enumerate(found.rows):
            mine = results.iloc[row]
            assert (mine["estimate"], mine["conf_low"]) == (found.estimate[at], found.low[at])
            says = 1 if mine["conf_high"] < 1 else 2 if mine["conf_low"] > 1 else 0
            assert found.says[at] == found.picks[0][at] == says
            taken = dict(part.split("=") for part in mine["contrast"].split("; "))
            choices = facts.study.specifications.choices
            labels = {c.label: {o.name: o.label for o in c.options} for c in choices}
            names = {c.label: c.name for c in choices}
            for choice, picks in zip(curve.choices[1:], found.picks[1:], strict=True):
                option = labels[choice.label][taken[names[choice.label]]]
                assert choice.options[picks[at]] == option
        assert curve.base is not None
        assert all(pick[curve.base] == 0 for pick in found.picks[1:])
        assert curve.limits[0] < min(found.estimate) and max(found.estimate) < curve.limits[1]
        assert 1.0 in curve.ticks


def test_medians_of_a_filtered_curve_are_those_of_its_rows(whole: Any) -> None:
    results, facts = whole
    report = build(results, facts)
    data = json.loads(page_data(report))["explore"]
    curves = [figure for figure in data.values() if figure["kind"] == "curve"]
    assert curves
    for curve in curves:
        for place, choice in enumerate(curve["choices"]):
            for option in range(len(choice["options"])):
                at = [i for i, pick in enumerate(curve["picks"][place]) if pick == option]
                if at:
                    exact = np.median(results["estimate"].iloc[[curve["rows"][i] for i in at]])
                    ours = np.median([curve["estimate"][i] for i in at])
                    assert ours == pytest.approx(exact, rel=1e-5)


def test_a_curve_without_estimates_is_not_explored(whole: Any) -> None:
    results, facts = whole
    results.loc[results["analysis"] == "specification", "estimate"] = math.nan
    assert not explored(build(results, facts), CurveToExplore)


def joint(made: Any) -> tuple[Figure, Any]:
    rows = []
    for line, other in enumerate(("T1", "T2")):
        for column, level in enumerate(("T1", "T2", "T3")):
            where = {"analysis": "joint", "outcome": "deficiency", "level": level, "n": 90,
                     "stratum": "x", "stratum_level": other, "contrast": "2x3",
                     "reference": "T1, T1"}  # fmt: skip
            rows.append(made.ratio_row(0.2 * line - 0.3 * column, 0.1, **where))
    results = made.table_of(rows, "deng_2013")
    pair = Pair("x", made.facts_for("deng_2013"), "vitamin_d_total")
    return heat_map(pair, Book(results).rows, "2x3", text()), results


def test_joint_groups_can_be_gone_through(made: Any) -> None:
    figure, results = joint(made)
    grid = figure.explore
    assert isinstance(grid, GridToExplore)
    assert grid.columns.options == ("T1", "T2", "T3") and grid.lines.options == ("T1", "T2")
    assert grid.references == (True, *[False] * 5)
    assert max(abs(depth) for depth in grid.depths) == 1.0
    for at, row in enumerate(grid.estimates.rows):
        mine = results.iloc[row]
        assert grid.columns.options[grid.estimates.picks[0][at]] == mine["level"]
        assert grid.lines.options[grid.estimates.picks[1][at]] == mine["stratum_level"]
        assert (grid.depths[at] < 0) == (mine["estimate"] < 1)
