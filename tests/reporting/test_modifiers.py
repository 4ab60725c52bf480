"""Other exposures, several logits, joint intakes and strata: what their sections say and hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pandas as pd
import pytest

from analysis.reporting import modifiers, other_exposures, strata_sections, style, summary
from analysis.reporting.book import Book
from analysis.reporting.document import Bullets, Figure, Paragraph, Report, Section, Table, walk
from analysis.reporting.html import render
from analysis.reporting.other_exposures import noted
from analysis.reporting.sections import build

MAIN, OTHER = "magnesium_total", "vitamin_d_total"
BINARY = ("deficiency", "insufficiency")
LOWER, HOLDS, HIGHER = math.log(0.5), 0.0, math.log(2.0)


def joint_rows(made: Any, k: int, outcome: str = "deficiency") -> Iterator[dict[str, Any]]:
    names = [f"{'T' if k == 3 else 'Q'}{i}" for i in range(1, k + 1)]
    for i, j in product(range(k), range(k)):
        where = {
            "analysis": "joint", "model": "full", "outcome": outcome, "stratum": "vitamin_d_intake",
            "contrast": f"{k}x{k}", "level": names[i], "stratum_level": names[j],
            "reference": f"{names[0]}, {names[0]}", "n": 100 + 10 * i + j, "events": 20 + i - j,
        }  # fmt: skip
        if i == j == 0:
            yield {**where, "exposure": MAIN, "measure": "OR", "estimate": 1.0}
        else:
            yield made.ratio_row(-0.3 * i - 0.5 * j, 0.2, **where)


def test_row(contrast: str, p: float, outcome: str = "deficiency") -> dict[str, Any]:
    return {
        "analysis": "interaction", "stratum": "vitamin_d_intake", "outcome": outcome,
        "exposure": MAIN, "model": "full", "measure": "p_interaction", "contrast": contrast,
        "p_value": p, "statistic": 1.5, "df": 45,
    }  # fmt: skip


test_row.__test__ = False  # type: ignore[attr-defined]


def measure_row(measure: str, estimate: float, error: float) -> dict[str, Any]:
    return {
        "analysis": "interaction", "stratum": "vitamin_d_intake", "outcome": "deficiency",
        "exposure": MAIN, "model": "full", "measure": measure, "reference": "above, above",
        "estimate": estimate, "conf_low": estimate - 2 * error, "conf_high": estimate + 2 * error,
    }  # fmt: skip


def slope_rows(made: Any, bounds: dict[str, float]) -> Iterator[dict[str, Any]]:
    where = {"analysis": "slope", "model": "full", "outcome": "deficiency", "stratum": OTHER}
    for value in (1.0, 5.0, 12.0, 22.0):
        slope = 0.02 * (value - 10)
        yield made.ratio_row(
            slope, 0.05, **where, exposure=MAIN, level=f"{value:.10g}", contrast="per 100 mg/day"
        )
    for level, value in bounds.items():
        yield {**where, "exposure": MAIN, "measure": "jn_bound", "level": level, "estimate": value}


def stratum_rows(
    made: Any, stratum: str, levels: dict[str, float], p: float = 0.4, n: int = 500
) -> Iterator[dict[str, Any]]:
    where = {"analysis": "stratum", "model": "full", "outcome": "deficiency", "stratum": stratum}
    for level, slope in levels.items():
        at = {**where, "stratum_level": level, "reference": "Q1", "n": n, "events": 40}
        yield {**at, "exposure": MAIN, "level": "Q1", "measure": "OR", "estimate": 1.0}
        for position, group in enumerate(("Q2", "Q3", "Q4"), start=1):
            log_odds = slope * position / 3
            yield made.ratio_row(log_odds, 0.1, **at, level=group)
        yield {
            **where, "exposure": MAIN, "stratum_level": level, "measure": "p_trend",
            "p_value": 0.2,
        }  # fmt: skip
        yield made.ratio_row(slope / 3, 0.05, **at, contrast="per 100 mg/day")
    for level, people in (("not known", 0), ("not compared", 77)):
        yield {
            **where, "exposure": MAIN, "stratum_level": level, "measure": "people",
            "estimate": people, "n": people,
        }  # fmt: skip
    tests = {**where, "exposure": MAIN, "measure": "p_interaction"}
    yield {**tests, "contrast": f"per 100 mg/day x {stratum}", "p_value": 0.031}
    yield {**tests, "contrast": f"group medians x {stratum}", "p_value": p}


def exposure_rows(made: Any, measure: str, slope: float, **more: Any) -> Iterator[dict[str, Any]]:
    for outcome, model in product((*BINARY, "deficiency_today"), ("crude", "full")):
        where = {"analysis": "odds_ratio", "outcome": outcome, "model": model, "reference": "None"}
        where |= {"exposure": measure, "events": 30, "n": 300}
        yield {**where, "level": "None", "measure": "OR", "estimate": 1.0}
        for position, level in enumerate(("T1", "T2", "T3"), start=1):
            log_odds = slope * position / 3 * (2 if model == "crude" else 1)
            yield made.ratio_row(log_odds, 0.1, **{**where, "level": level, **more})
        yield {**where, "analysis": "trend", "measure": "p_trend", "p_value": 0.003}


def multinomial_rows(made: Any, p: float) -> Iterator[dict[str, Any]]:
    for outcome in BINARY:
        where = {"analysis": "multinomial", "stratum": "status", "model": "full"}
        where |= {"outcome": outcome, "reference": "Q1", "events": 30, "n": 300}
        yield {**where, "exposure": MAIN, "level": "Q1", "measure": "OR", "estimate": 1.0}
        for position, level in enumerate(("Q2", "Q3", "Q4"), start=1):
            yield made.ratio_row(-0.2 * position, 0.1, **where, level=level)
    yield {
        "analysis": "multinomial", "stratum": "status", "model": "full", "exposure": MAIN,
        "outcome": ", ".join(BINARY), "measure": "p_equal", "p_value": p,
    }  # fmt: skip


def book_of(made: Any, *rows: dict[str, Any]) -> Book:
    return Book(made.table_of(list(rows), "deng_2013"))


def words_of(blocks: Any) -> str:
    told = []
    for block in walk(blocks):
        if isinstance(block, Paragraph):
            told.append(block.text.plain)
        if isinstance(block, Bullets):
            told += [item.plain for item in block.items]
    return "\n".join(told).replace("\N{NO-BREAK SPACE}", " ")


def cells(blocks: Any, key: str) -> list[list[str]]:
    table = next(b for b in walk(blocks) if isinstance(b, Table) and b.key == key)
    return [[cell.text.plain for cell in row] for group in table.groups for row in group.rows]


def whole_of(made: Any) -> tuple[pd.DataFrame, Any]:
    rows = [
        *made.deng_rows(),
        *joint_rows(made, 3), *joint_rows(made, 4),
        test_row("3x3 groups", 0.2), test_row("continuous", 0.01),
        test_row("continuous, beside curves", 0.37),
        measure_row("RERI", -0.4, 0.1), measure_row("AP", -0.2, 0.1), measure_row("S", 0.7, 0.1),
        *slope_rows(made, {"inverse below": 4.2}),
        *stratum_rows(made, "season", {"May to October": LOWER, "November to April": HOLDS}),
        *exposure_rows(made, "magnesium_supplemental", LOWER),
        *multinomial_rows(made, 0.03),
    ]  # fmt: skip
    return made.table_of(rows, "deng_2013"), made.facts_for("deng_2013")


SECTIONS = ("both-logits", "other-exposures", "interaction", "strata")


def test_a_run_with_all_of_it_has_each_section(made: Any) -> None:
    report = build(*whole_of(made))
    keys = [section.key for section in report.sections]
    assert [key for key in keys if key in SECTIONS] == list(SECTIONS)
    titles = {section.key: section.title for section in report.sections}
    assert titles["interaction"] == "Magnesium and vitamin D intake together"


@pytest.mark.parametrize("analysis", ["joint", "interaction", "odds_ratio"])
def test_any_analysis_may_be_missing(made: Any, analysis: str) -> None:
    results, facts = whole_of(made)
    kept = results[results["analysis"] != analysis].reset_index(drop=True)
    assert render(build(kept, facts)).count("<html") == 1


@pytest.mark.parametrize("column", ["estimate", "conf_low", "n"])
def test_a_column_without_numbers_makes_a_page(made: Any, column: str) -> None:
    results, facts = whole_of(made)
    asked = results["analysis"].isin(["joint", "interaction", "slope", "stratum", "multinomial"])
    results.loc[asked, [column, "p_value"]] = math.nan
    page = render(build(results, facts))
    assert ">nan<" not in page and "(nan" not in page


def test_the_main_exposure_alone_is_in_its_sections(made: Any) -> None:
    results, facts = whole_of(made)
    shown = {section.key: repr(section) for section in build(results, facts).sections}
    assert "T3" not in shown["odds-ratios"] and "upplemental" not in shown["answer"]
    assert "None" in shown["other-exposures"]


def test_the_first_table_of_exposures_has_no_further_outcomes(made: Any) -> None:
    results, facts = whole_of(made)
    blocks = other_exposures.other_exposures(Book(results), facts)
    first = [row[0] for row in cells(blocks, "other-exposures-table")]
    assert first == [
        "Total magnesium, Q4 vs Q1", "Supplemental magnesium, T3 vs None",
    ] * 2 + ["Total magnesium, Q4 vs Q1"]  # fmt: skip
    table = next(b for b in blocks if isinstance(b, Table))
    assert "today" not in repr(table)
    further = cells(blocks, "other-exposures-table-further")
    assert any("Supplemental magnesium" in row[0] for row in further)


def test_the_most_adjusted_model_stands_last(made: Any) -> None:
    results, facts = whole_of(made)
    blocks = other_exposures.other_exposures(Book(results), facts)
    row = next(r for r in cells(blocks, "other-exposures-table") if "Supplemental" in r[0])
    assert (row[3], row[4]) == ("0.25 (0.20–0.31)", "0.50 (0.41–0.61)")
    assert row[5] == "0.003"


@pytest.mark.parametrize(
    ("slope", "told"),
    [
        (LOWER, "odds are lower in the highest than in the lowest group of supplemental"),
        (HIGHER, "odds are higher in the highest than in the lowest group of supplemental"),
        (
            HOLDS,
            "no difference in odds is shown for total magnesium (1.00, 95% CI 0.82–1.22) and "
            "supplemental",
        ),
        (math.nan, "no estimate for supplemental magnesium"),
    ],
)
def test_exposures_are_gathered_by_their_intervals(made: Any, slope: float, told: str) -> None:
    rows = [*exposure_rows(made, MAIN, 0.0), *exposure_rows(made, "magnesium_supplemental", slope)]
    blocks = other_exposures.other_exposures(book_of(made, *rows), made.facts_for("deng_2013"))
    assert told in words_of(blocks)


def test_one_exposure_needs_no_section(made: Any) -> None:
    book = book_of(made, *made.deng_rows())
    assert other_exposures.other_exposures(book, made.facts_for("deng_2013")) == []


@pytest.mark.parametrize(
    ("p", "told"),
    [(0.03, "differ between the outcomes"), (0.3, "are not shown to differ between"),
     (math.nan, "could not be tested")],
)  # fmt: skip
def test_the_test_of_equal_logits_is_read_as_it_is(made: Any, p: float, told: str) -> None:
    rows = [*made.deng_rows(), *multinomial_rows(made, p)]
    blocks = other_exposures.both_logits(book_of(made, *rows), made.facts_for("deng_2013"))
    assert told in words_of(blocks)
    shown = cells(blocks, "multinomial-status")
    assert [row[0] for row in shown] == ["Events / n", "In one model", "In its own model"] * 2
    (table,) = (b for b in blocks if isinstance(b, Table) and b.key == "multinomial-status")
    assert "events and n are those of it" in table.notes[0].plain
    assert shown[1][1] == "1 (reference)" and shown[1][4] == "0.55 (0.45–0.67)"


@pytest.mark.parametrize("k", [3, 4])
def test_every_joint_group_is_in_table_and_figure(made: Any, k: int) -> None:
    rows = list(joint_rows(made, k))
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    shown = cells(blocks, f"joint-vitamin-d-intake-{k}x{k}")
    sizes = [int(c.split(" / ")[1]) for row in shown if "n" in row[0] for c in row[1:]]
    assert len(sizes) == k * k and sum(sizes) == sum(row["n"] for row in rows)
    assert sum(cell == "1 (reference)" for row in shown for cell in row) == 1
    figure = next(b for b in walk(blocks) if isinstance(b, Figure))
    assert figure.description.count("reference") == 1
    for svg in (figure.drawing.wide, figure.drawing.narrow):
        assert svg.count("reference") == 1
        assert "#" not in style.for_page(svg, "x", "t", "d").replace("url(#", "").replace(
            'href="#', ""
        )


def test_a_joint_group_without_estimate_says_why(made: Any) -> None:
    rows = list(joint_rows(made, 3))
    rows[5] |= dict.fromkeys(("estimate", "conf_low", "conf_high"), math.nan)
    rows[5]["note"] = "nobody of 104 people has the event"
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    table = next(b for b in walk(blocks) if isinstance(b, Table) and b.key.startswith("joint"))
    notes = " ".join(note.plain for note in table.notes)
    assert "T2 of total magnesium with T3 of total vitamin D: nobody of 104 people" in notes


GROUPS, LINES, CURVES = "4x4 groups", "continuous", "continuous, beside curves"


@pytest.mark.parametrize(
    ("p", "told"),
    [
        ({GROUPS: 0.2, LINES: 0.3}, "None of them finds a multiplicative interaction."),
        (
            {GROUPS: 0.2, LINES: 0.01},
            "a multiplicative interaction remains in: product of the two as straight lines.",
        ),
        ({GROUPS: 0.2, LINES: 0.01, CURVES: 0.3}, "nothing of a multiplicative interaction rem"),
        ({GROUPS: 0.01, f"{GROUPS}, adjusted F": 0.06}, "nothing of a multiplicative interaction"),
        (
            {GROUPS: 0.01, f"{GROUPS}, adjusted F": 0.03, LINES: 0.001, CURVES: 0.3},
            "a multiplicative interaction remains in: products of groups 4 × 4 by the adjusted F.",
        ),
    ],
)
def test_tests_of_one_hypothesis_are_read_by_the_strictest(
    made: Any, p: dict[str, float], told: str
) -> None:
    rows = [test_row(name, value) for name, value in p.items()]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    assert told in words_of(blocks)


def test_tests_are_told_in_order_of_trust(made: Any) -> None:
    p = {CURVES: 0.37, LINES: 0.01, "continuous, 1st to 99th percentile": 0.03, "4x4 trend": 0.8,
         GROUPS: 0.009, f"{GROUPS}, adjusted F": 0.03, "another": 0.5}  # fmt: skip
    rows = [test_row(name, value) for name, value in p.items()]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    assert (
        "Vitamin D deficiency: products of groups 4 × 4 (P = 0.009) and 4 × 4 by the adjusted F "
        "(P = 0.030); products of the groups' medians 4 × 4 (P = 0.80); product of the two as "
        "straight lines (P = 0.010) and brought in to the 1st to 99th percentile (P = 0.030); the "
        "same beside a curve of each (P = 0.37); another (P = 0.50). By"
    ) in words_of(blocks)


@pytest.mark.parametrize(
    ("contrast", "note", "numerator"),
    [("3x3 groups", "", "4"), ("4x4 groups, adjusted F", "", "9"), ("4x4 trend", "", "1"),
     ("3x3 groups", "of 3 products: not every joint category has an estimate", "3"),
     (LINES, "", "1")],
)  # fmt: skip
def test_tests_have_both_degrees_of_freedom(
    made: Any, contrast: str, note: str, numerator: str
) -> None:
    row = test_row(contrast, 0.2) | {"note": note}
    blocks = modifiers.interactions(book_of(made, row), made.facts_for("deng_2013"))
    assert cells(blocks, "interaction-tests-vitamin-d-intake")[0][1:] == [
        "1.50", numerator, "45", "0.20",
    ]  # fmt: skip
    table = next(b for b in blocks if isinstance(b, Table) and "tests" in b.key)
    assert ("Korn and Graubard" in repr(table.notes)) == ("adjusted" in contrast)


def test_the_ranges_of_joint_groups_stand_below_them(made: Any) -> None:
    where = {"analysis": "cut_points", "measure": "cut_point", "stratum": "vitamin_d_intake"}
    cuts = [{**where, "contrast": "3x3", "exposure": exposure, "estimate": estimate}
            for exposure, estimate in ((MAIN, 240.0), (MAIN, 363.0), (OTHER, 3.31), (OTHER, 9.87))
            ]  # fmt: skip
    rows = [*joint_rows(made, 3), *joint_rows(made, 4), *cuts]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    told = "T1 to 240, T2 to 363, T3 above; Total vitamin D, µg/day: T1 to 3.3, T2 to 9.9, T3 above"
    for kind in (Table, Figure):
        three, four = (block for block in blocks if isinstance(block, kind))
        said = [repr(b.notes) if isinstance(b, Table) else repr(b.caption) for b in (three, four)]
        plain = " ".join(n.plain for n in three.notes) if kind is Table else three.caption.plain
        assert told in plain and "above;" not in said[1]


@pytest.mark.parametrize(("p", "said"), [(0.37, True), (0.04, False), (None, False)])
def test_a_bound_that_curves_do_not_bear_out_says_so(made: Any, p: Any, said: bool) -> None:
    rows = [test_row(LINES, 0.01), *slope_rows(made, {"positive above": 18.0})]
    rows += [] if p is None else [test_row(CURVES, p)]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    told = words_of(blocks)
    assert "Vitamin D deficiency, by straight lines of both" in told
    assert (", which the test beside curves does not bear out (P = 0.37): the" in told) == said


@pytest.mark.parametrize(
    ("straight", "curved", "warned"),
    [(0.01, 0.37, True), (0.01, 0.02, False), (0.3, 0.37, False), (0.3, 0.01, False)],
)
def test_a_product_that_curves_take_away_is_a_warning(
    made: Any, straight: float, curved: float, warned: bool
) -> None:
    rows = [test_row("continuous", straight), test_row("continuous, beside curves", curved)]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    assert ("a bend in one of them" in words_of(blocks)) == warned


@pytest.mark.parametrize(
    ("estimate", "told"),
    [
        # The reference is high in both: low in both is the combination that the RERI is about.
        (-0.4, "Total magnesium below and total vitamin D below the median are less than additive"),
        (0.4, "Total magnesium below and total vitamin D below the median are more than additive"),
        (0.1, "No interaction on the additive scale is shown (RERI 0.10"),
    ],
)
def test_the_reri_is_read_by_its_interval(made: Any, estimate: float, told: str) -> None:
    rows = [test_row("3x3 groups", 0.2), measure_row("RERI", estimate, 0.1)]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    assert told in words_of(blocks)
    table = next(b for b in blocks if isinstance(b, Table) and "measures" in b.key)
    assert "total magnesium above and total vitamin D above the median" in repr(table.notes)


@pytest.mark.parametrize(
    ("ratio", "told"),
    [(1.5, "the ratio of odds ratios is 1.50 (1.10–1.90), which excludes 1."),
     (0.5, "the ratio of odds ratios is 0.50 (0.10–0.90), which excludes 1."), (1.2, "")],
)  # fmt: skip
def test_a_ratio_of_odds_ratios_that_excludes_1_is_told_beside_the_tests(
    made: Any, ratio: float, told: str
) -> None:
    rows = [test_row("3x3 groups", 0.2), measure_row("ratio_of_ORs", ratio, 0.2)]
    said = words_of(modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013")))
    assert "None of them finds a multiplicative interaction." in said
    start = "With each cut at its median, "
    assert (start + told in said) if told else (start not in said)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("above, above", ["Vitamin D deficiency and vitamin D insufficiency: the combination"]),
        ("below, above", ["Vitamin D deficiency: the comb", "Vitamin D insufficiency: the comb"]),
    ],
)
def test_outcomes_of_one_reference_share_a_note(made: Any, other: str, told: list[str]) -> None:
    second = {"outcome": "insufficiency", "reference": other}
    rows = [
        row | more
        for more in ({}, second)
        for row in (test_row("3x3 groups", 0.2), measure_row("RERI", 0.1, 0.1))
    ]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    table = next(b for b in blocks if isinstance(b, Table) and "measures" in b.key)
    notes = [note.plain for note in table.notes if "lowest risk" in note.plain]
    assert len(notes) == len(told)
    assert all(note.startswith(start) for note, start in zip(notes, told, strict=True))


def test_names_with_commas_are_set_apart_in_a_note(made: Any) -> None:
    rows = book_of(made, *[test_row(c, 0.2) | {"note": "a curve"} for c in (LINES, CURVES)]).rows
    (note,) = noted(rows, lambda row: f"Deficiency, {row.contrast}")
    assert note.plain == f"Deficiency, {LINES}; Deficiency, {CURVES}: a curve."


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ({"inverse below": 4.2}, "is inverse below 4.2 µg/day of total vitamin D; elsewhere its"),
        ({"inverse below": 4.2, "positive above": 18.0}, "4.2 µg/day and positive above 18 µg/day"),
        ({}, ""),
    ],
)
def test_johnson_neyman_bounds_are_told(made: Any, bounds: dict[str, float], told: str) -> None:
    rows = [test_row("continuous", 0.2), *slope_rows(made, bounds)]
    blocks = modifiers.interactions(book_of(made, *rows), made.facts_for("deng_2013"))
    assert told in words_of(blocks)
    assert any(isinstance(b, Figure) and b.key.startswith("slopes") for b in blocks)


def test_strata_tables_hold_everybody(made: Any) -> None:
    rows = [
        *made.deng_rows(),
        *stratum_rows(made, "season", {"May to October": LOWER, "November to April": HIGHER}),
    ]
    blocks = strata_sections.strata(book_of(made, *rows), made.facts_for("deng_2013"))
    shown = cells(blocks, "strata-deficiency")
    sizes = [int(c.split(" / ")[1]) for row in shown[:2] for c in row[1:5]]
    assert sizes == [500] * 8
    # Nobody is of no known season, so that row is left out.
    assert shown[2][:2] == ["Not compared, n", "77"] and len(shown) == 3
    assert shown[0][5] == "0.50 (0.41–0.61)"


@pytest.mark.parametrize(
    ("levels", "p", "told"),
    [
        ({"a": LOWER, "b": HOLDS}, 0.01, "the one test of interaction has P below 0.05: season"),
        ({"a": LOWER, "b": HOLDS}, 0.4, "the one test of interaction has no P below 0.05"),
        ({"a": LOWER, "b": HIGHER}, 0.4, "Of the 2 strata, the highest group's interval lies "
         "wholly below 1 in one: a (season of the examination); it lies wholly above 1 in one: b"),
        ({"a": HOLDS, "b": HOLDS}, 0.4, "In each of the 2 strata the highest group's interval "
         "holds 1"),
        ({"a": LOWER, "b": math.nan}, 0.4, "The one estimate is that in a (season of the "
         "examination), where the highest group's interval lies wholly below 1"),
        ({"a": LOWER, "b": HOLDS, "c": math.nan}, 0.4, "Of the 2 strata with an estimate, the "
         "highest group's interval lies wholly below 1 in one: a"),
        ({"a": math.nan}, math.nan, "No stratum has an estimate"),
        ({"a": HOLDS, "b": HOLDS}, math.nan, "no test of interaction could be made"),
    ],
)  # fmt: skip
def test_strata_are_read_by_intervals_and_tests(
    made: Any, levels: dict[str, float], p: float, told: str
) -> None:
    rows = stratum_rows(made, "season", levels, p)
    blocks = strata_sections.strata(book_of(made, *rows), made.facts_for("deng_2013"))
    assert told in words_of(blocks)


def test_strata_of_few_events_are_named_with_their_note(made: Any) -> None:
    rows = list(stratum_rows(made, "season", {"a": LOWER, "b": HIGHER, "c": HIGHER}))
    for row in rows:
        if row.get("stratum_level") == "b" and row["measure"] == "OR":
            row["note"] = "55 events for 26 coefficients: the estimate may be far off"
        if row.get("stratum_level") == "c" and row.get("level") == "Q4":
            row |= dict.fromkeys(("estimate", "conf_low", "conf_high"), math.nan)
    told = words_of(strata_sections.strata(book_of(made, *rows), made.facts_for("deng_2013")))
    assert (
        "Of the 2 strata with an estimate, the highest group's interval lies wholly below 1 in "
        "one: a ("
    ) in told
    assert "b (season of the examination; 55 events for 26 coefficients: the estimate may" in told


@pytest.mark.parametrize(
    ("note", "told"),
    [("", "(Wald F 1.50 on 2 and 45 degrees of freedom)"),
     ("without b, c: too few people with or without the event", "(Wald F 1.50 on 0 and 45 "),
     ("without b: too few people with or without the event", "(Wald F 1.50 on 1 and 45 ")],
)  # fmt: skip
def test_a_test_across_strata_has_its_degrees_of_freedom(made: Any, note: str, told: str) -> None:
    rows = list(stratum_rows(made, "season", {"a": LOWER, "b": HIGHER, "c": HIGHER}))
    rows[-1] |= {"statistic": 1.5, "df": 45, "note": note}
    blocks = strata_sections.strata(book_of(made, *rows), made.facts_for("deng_2013"))
    table = next(b for b in blocks if isinstance(b, Table))
    assert told in table.groups[0].label.plain


def test_strata_have_the_straight_line_beside_the_groups(made: Any) -> None:
    rows = list(stratum_rows(made, "season", {"a": LOWER, "b": HIGHER}))
    blocks = strata_sections.strata(book_of(made, *rows), made.facts_for("deng_2013"))
    groups, lines = (block for block in blocks if isinstance(block, Table))
    assert "= 0.40" in groups.groups[0].label.plain.replace("\xa0", " ")
    assert lines.key == "strata-lines-deficiency"
    assert lines.head[0][2].text.plain == "OR per 100 mg/day (95% CI)"
    assert lines.groups[0].label.plain.replace("\xa0", " ").endswith("P for interaction = 0.031")
    of_lines = [row for row in rows if row.get("contrast") == "per 100 mg/day"]
    printed = [cells[2].text.plain[:4] for cells in lines.groups[0].rows]
    assert printed == [f"{row['estimate']:.2f}" for row in of_lines]
    bare = [row for row in rows if not str(row.get("contrast", "")).startswith("per 100")]
    blocks = strata_sections.strata(book_of(made, *bare), made.facts_for("deng_2013"))
    assert [b.key for b in blocks if isinstance(b, Table)] == ["strata-deficiency"]


CHOICE = {"vitamin_d": {"none": 0.34, "total": 0.82}, "scale": {"ria": 0.5, "today": 0.52}}


def curve_summary(
    outcome: str, most: str = "vitamin_d", opposite: float = 0.0
) -> Iterator[dict[str, Any]]:
    where = {"analysis": "specification_summary", "outcome": outcome, "exposure": MAIN}
    shares = {"specifications": 4608, "share_inverse": 0.95, "share_inverse_significant": 0.54}
    for measure, estimate in {**shares, "share_positive_significant": opposite}.items():
        yield {**where, "measure": measure, "estimate": estimate}
    for choice, medians in CHOICE.items():
        yield {**where, "stratum": choice, "measure": "variance_share",
               "estimate": 0.8 if choice == most else 0.1}  # fmt: skip
        for option, median in medians.items():
            at = {**where, "stratum": choice, "stratum_level": option}
            yield {**at, "measure": "median", "estimate": median}


def hangs(made: Any, *rows: dict[str, Any]) -> str:
    return summary.hangs_sentence(book_of(made, *rows), made.facts_for("deng_2013")).plain


def test_the_curve_says_what_the_answer_hangs_on(made: Any) -> None:
    rows = [*curve_summary("deficiency"), *curve_summary("insufficiency", opposite=0.02)]
    assert hangs(made, *rows) == (
        "It depends on the analysis: of 4,608 defensible specifications, 95% put the odds ratio of "
        "vitamin D deficiency below 1, 54% with a 95% interval wholly below 1 (vitamin D "
        "insufficiency: 95% and 54%, and 2% wholly above 1). The choice "
        "that moves it most is “Adjustment for vitamin D intake” (median odds ratio of "
        "vitamin D deficiency 0.34 with “none”, 0.82 with “food and supplements”)."
    )


def test_specifications_without_estimate_are_told(made: Any) -> None:
    where = {"analysis": "specification_summary", "outcome": "deficiency", "exposure": MAIN}
    empty = {**where, "measure": "no_estimate", "estimate": 1024}
    told = hangs(made, *curve_summary("deficiency"), empty)
    start = "of 3,584 defensible specifications with an estimate (1,024 have none), 95% put"
    assert told.startswith(f"It depends on the analysis: {start}")


@pytest.mark.parametrize(
    ("inverse", "excludes", "depends"),
    [(1.0, 1.0, False), (1.0, 0.978, False), (0.97, 0.02, False), (1.0, 0.94, True),
     (0.94, 0.0, True)],
)  # fmt: skip
def test_specifications_that_nearly_all_agree_depend_on_nothing(
    made: Any, inverse: float, excludes: float, depends: bool
) -> None:
    shares = {"share_inverse": inverse, "share_inverse_significant": excludes}
    rows = [row | {"estimate": shares.get(row["measure"], row["estimate"])}
            for row in curve_summary("deficiency") if not row.get("stratum")]  # fmt: skip
    told = hangs(made, *rows)
    assert told.startswith("It depends on the analysis: of" if depends else "Of 4,608 defensible")
    assert "moves it most" not in told


@pytest.mark.parametrize(
    ("estimates", "told"),
    [
        ((0.5, 0.7, 0.7, 0.9), "The study's own choices give the 2nd lowest."),
        ((0.7, 0.8, 0.9, math.nan), "The study's own choices give the 1st lowest."),
        ((0.3, math.nan, 0.5, 0.7), "The study's own choices give the 3rd lowest."),
    ],
)
def test_the_study_s_own_estimate_has_its_place(
    made: Any, estimates: tuple[float, ...], told: str
) -> None:
    where = {"outcome": "deficiency", "exposure": MAIN, "measure": "OR"}
    rows = [{**where, "analysis": "specification", "estimate": e} for e in estimates]
    base = {**where, "analysis": "one_choice", "stratum": "base", "estimate": 0.7}
    shares = [row for row in curve_summary("deficiency") if not row.get("stratum")]
    assert hangs(made, *shares, *rows, base).endswith(told)
    assert "own" not in hangs(made, *shares, *rows, base | {"estimate": math.nan})


def test_another_choice_for_another_outcome_is_told(made: Any) -> None:
    told = hangs(made, *curve_summary("deficiency"), *curve_summary("insufficiency", "scale"))
    assert "; for vitamin D insufficiency it is “Scale of 25(OH)D” (median" in told


def test_without_a_curve_the_models_tell(made: Any) -> None:
    told = hangs(made, *made.deng_rows())
    assert told.startswith("Over the models, the odds ratio of vitamin D deficiency runs from ")
    assert "; " not in told


def test_findings_are_gathered_by_what_they_are_about(made: Any) -> None:
    facts = made.facts_for("deng_2013")
    table = next(b for b in summary.findings(book_of(made), facts) if isinstance(b, Table))
    labels = [group.label.plain.split(":")[0] for group in table.groups]
    # No finding of the paper is about what its authors could not show.
    assert labels == [title for key, title in summary.THEMES if key != "dependence"]
    assert summary.theme("negative_control", "lutein_dietary", facts) == "dependence"
    assert sum(len(group.rows) for group in table.groups) == len(facts.verdicts)


def test_findings_of_one_kind_have_no_headings(made: Any) -> None:
    facts = made.facts_for("forrest_2011")
    table = next(b for b in summary.findings(book_of(made), facts) if isinstance(b, Table))
    assert [group.label.plain for group in table.groups] == [""]


def test_every_number_of_the_sections_has_its_row(made: Any) -> None:
    results, facts = whole_of(made)
    for section in build(results, facts).sections:
        for block in walk(section.blocks):
            if section.key in SECTIONS and isinstance(block, Table):
                for value in (
                    v for g in block.groups for r in g.rows for c in r for v in c.text.values
                ):
                    row = results.iloc[value.row]
                    assert all(pd.notna(row[column]) for column in value.columns), value


def test_the_page_is_valid_with_all_sections(made: Any) -> None:
    results, facts = whole_of(made)
    report = build(results, replace(facts, synthetic=True))
    page = render(Report(report.title, report.question, True, tuple(
        Section(s.key, s.title, s.blocks) for s in report.sections if s.key in (*SECTIONS, "answer")
    )))  # fmt: skip
    assert page.count("<figure") == page.count("</figure>") == 5
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
