"""Confounding, missing covariates, who is compared, and how intakes were counted."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.reporting import build
from analysis.reporting.book import Book
from analysis.reporting.compared import compared
from analysis.reporting.confounding import confounding
from analysis.reporting.counted import counted
from analysis.reporting.document import Bullets, Figure, Paragraph, Table, walk
from analysis.reporting.imputed import imputed, model_holds
from analysis.reporting.sensitivity import limitations, methods


def words_of(blocks: Any) -> str:
    told = []
    for block in walk(blocks):
        if isinstance(block, Paragraph):
            told.append(block.text.plain)
        if isinstance(block, Bullets):
            told += [item.plain for item in block.items]
    return "\n".join(told).replace("\N{NO-BREAK SPACE}", " ")


def table_of(blocks: Any, key: str) -> list[list[str]]:
    (table,) = [b for b in walk(blocks) if isinstance(b, Table) and b.key == key]
    return [[cell.text.plain for cell in row] for group in table.groups for row in group.rows]


def notes_of(blocks: Any, key: str) -> str:
    (table,) = [b for b in walk(blocks) if isinstance(b, Table) and b.key == key]
    return " ".join(note.plain for note in table.notes)


def said(made: Any, rows: list[dict[str, Any]], of: Any = confounding) -> str:
    facts = made.whole_run()[1]
    return words_of(of(Book(made.table_of(rows, "deng_2013")), facts))


# E-values


def e_value(estimate: float, low: float, **more: Any) -> dict[str, Any]:
    return {
        "analysis": "e_value", "measure": "e_value", "model": "full", "outcome": "deficiency",
        "exposure": "magnesium_total", "level": "Q4", "reference": "Q1", "estimate": estimate,
        "conf_low": low, "contrast": "square root (common)", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (e_value(2.4, 1.9), "at least 2.40 both with total magnesium and with the outcome, beyond "
         "the covariates of the model; to move the limit of the interval to no association, of at "
         "least 1.90."),
        (e_value(1.15, 1.0), "holds no association already; nothing unmeasured is needed to "
         "explain it. The E-value of the estimate alone is 1.15."),
        (e_value(math.nan, math.nan, note="no events in Q4"), "no E-value, because there is no "
         "estimate (no events in Q4)."),
        (e_value(2.4, math.nan), "beyond the covariates of the model."),
    ],
)  # fmt: skip
def test_an_e_value_is_read_by_its_limit(made: Any, row: dict[str, Any], told: str) -> None:
    main = made.ratio_row(-0.5, 0.1, analysis="odds_ratio", model="full", outcome="deficiency",
                          level="Q4", reference="Q1")  # fmt: skip
    text = said(made, [main, row])
    assert told in text
    assert ("the odds ratio of 0.61 (0.50–0.74) (Q4 against Q1)" in text) == (
        math.isfinite(row["estimate"])
    )


def test_an_e_value_stands_beside_its_estimate(whole: Any) -> None:
    blocks = confounding(Book(whole[0]), whole[1])
    cells = table_of(blocks, "e-values")
    assert cells[2] == [
        "Q4 against Q1", "0.61 (0.48–0.78)", "2.40", "1.90",
        "odds ratio taken as risk ratio (rare)",
    ]  # fmt: skip


# Negative controls


def control(log_odds: float, error: float, side: str, **more: Any) -> list[dict[str, Any]]:
    exposure = "lutein_dietary" if side == "exposure" else "magnesium_total"
    outcome = "deficiency" if side == "exposure" else "current_smoking"
    at = {
        "analysis": "negative_control", "model": "full", "exposure": exposure, "outcome": outcome,
        "reference": "Q1", "stratum": side, "n": 100, "events": 10,
    }  # fmt: skip
    top = made_ratio(log_odds, error) | at | {"level": "Q4"} | more
    return [{**at, "level": "Q1", "measure": "OR", "estimate": 1.0}, top]


def made_ratio(log_odds: float, error: float) -> dict[str, Any]:
    low, high = (math.exp(log_odds + side * 2 * error) for side in (-1, 1))
    return {"measure": "OR", "estimate": math.exp(log_odds), "conf_low": low, "conf_high": high}


SEEN = "there is an association where none should be"
NOT_SEEN = "no association is seen where none should be, though one within that interval cannot"


@pytest.mark.parametrize("side", ["exposure", "outcome"])
@pytest.mark.parametrize(
    ("log_odds", "error", "told", "untold"),
    [
        (-0.5, 0.1, f"The whole interval lies below 1: {SEEN}", NOT_SEEN),
        (0.5, 0.1, f"The whole interval lies above 1: {SEEN}", NOT_SEEN),
        (-0.5, 0.4, f"The interval holds 1: {NOT_SEEN}", SEEN),
        (math.nan, 0.1, "no estimate could be made.", "interval"),
    ],
)
def test_a_control_is_read_by_its_interval(
    made: Any, side: str, log_odds: float, error: float, told: str, untold: str
) -> None:
    text = said(made, control(log_odds, error, side)).split("\n", 1)[1]
    first = text.split("\n")[0]
    assert told in first and untold not in first
    named = "lutein and zeaxanthin and vitamin D deficiency" if side == "exposure" else (
        "otal magnesium and current smoking"
    )  # fmt: skip
    assert f"{named}, Q4 against Q1: " in first


@pytest.mark.parametrize(
    ("main", "same"), [(-0.4, True), (0.4, False), (0.0, False), (math.nan, False)]
)
def test_a_control_is_held_against_the_main_estimate(made: Any, main: float, same: bool) -> None:
    # Only where both intervals lie on one side.
    rows = control(-0.5, 0.1, "exposure")
    rows.append(
        made_ratio(main, 0.1)
        | {"analysis": "odds_ratio", "model": "full", "outcome": "deficiency", "level": "Q4",
           "reference": "Q1", "exposure": "magnesium_total"}
    )  # fmt: skip
    text = said(made, rows)
    assert ("in the direction of the main estimate for vitamin D deficiency, 0.67" in text) == same


def test_a_control_without_estimate_gives_the_reason(made: Any) -> None:
    rows = control(math.nan, 0.1, "outcome", note="nobody smokes in Q4")
    assert "no estimate could be made (nobody smokes in Q4)." in said(made, rows)


def test_reasons_of_controls_are_told(whole: Any) -> None:
    text = words_of(confounding(Book(whole[0]), whole[1]))
    assert "Why dietary lutein and zeaxanthin: it comes with the same foods, and has no way" in text
    assert "Why current smoking: intake does not make smokers." in text


# Without each cycle


@pytest.mark.parametrize(
    ("p_value", "told"),
    [
        (0.41, "The cycles are not shown to differ in the trend over the groups (P for "
         "heterogeneity = 0.41)."),
        (0.012, "The cycles differ in the trend over the groups (P for heterogeneity = 0.012)."),
        (math.nan, "with all it is 0.61 (0.48–0.78)."),
    ],
)  # fmt: skip
def test_cycles_differ_only_where_the_test_says_so(whole: Any, p_value: float, told: str) -> None:
    results, facts = whole
    results.loc[results["measure"] == "p_heterogeneity", "p_value"] = p_value
    text = words_of(confounding(Book(results), facts))
    assert told in text
    assert "goes from 0.61 (without 2005–2006) to 0.74 (without 2001–2002)" in text


def test_each_cycle_has_a_line_beside_all(whole: Any) -> None:
    blocks = confounding(Book(whole[0]), whole[1])
    cells = table_of(blocks, "left-out")
    assert [row[0] for row in cells[:4]] == ["None", "2001–2002", "2003–2004", "2005–2006"]
    assert cells[0][1] == "0.61 (0.48–0.78)"
    (figure,) = [block for block in walk(blocks) if isinstance(block, Figure)]
    assert "Vitamin D deficiency, without 2001–2002: 0.74 (0.55–1.002)." in figure.description


# Missing covariates


@pytest.mark.parametrize(
    ("pooled", "complete", "told"),
    [
        ((-0.5, 0.1), (-0.4, 0.1), "both intervals exclude 1."),
        ((-0.1, 0.1), (0.1, 0.1), "both intervals hold 1."),
        ((-0.5, 0.1), (-0.1, 0.1), "only the interval with imputed covariates excludes 1."),
        ((-0.1, 0.1), (-0.5, 0.1), "only the interval of complete cases excludes 1."),
        ((-0.5, 0.1), (0.5, 0.1), "the intervals lie on different sides of 1."),
        ((math.nan, 0.1), (0.5, 0.1), "in complete cases."),
    ],
)
def test_imputed_and_complete_are_held_against_each_other(
    made: Any, pooled: Any, complete: Any, told: str
) -> None:
    at = {"model": "full", "outcome": "deficiency", "exposure": "magnesium_total", "level": "Q4",
          "reference": "Q1"}  # fmt: skip
    rows = [
        made_ratio(*pooled) | at | {"analysis": "imputed"},
        made_ratio(*complete) | at | {"analysis": "odds_ratio"},
    ]
    assert said(made, rows, imputed).endswith(told)


def test_what_was_imputed_is_counted(whole: Any) -> None:
    blocks = imputed(Book(whole[0]), whole[1])
    assert ": 20 imputed sets, each after 10 rounds. " in words_of(blocks)
    cells = table_of(blocks, "imputed-table")
    assert cells[3] == [
        "Q4", "0.61 (0.48–0.78)", "310 / 2,874", "0.64 (0.52–0.78)", "380 / 3,100", "12.9", "41.3",
    ]  # fmt: skip


def test_a_cap_on_the_sets_and_a_failure_are_told(whole: Any, made: Any) -> None:
    results, facts = whole
    results.loc[results["measure"] == "imputations", "note"] = "120 would be needed"
    assert "each after 10 rounds (120 would be needed). " in words_of(imputed(Book(results), facts))
    rows = [{"analysis": "imputed", "measure": "OR", "outcome": "deficiency", "level": "Q4",
             "reference": "Q1", "model": "full", "note": "the model has no solution"}]  # fmt: skip
    blocks = imputed(Book(made.table_of(rows, "deng_2013")), facts)
    assert "could not be imputed; the notes below" in words_of(blocks)
    assert "Q4: the model has no solution." in notes_of(blocks, "imputed-table")


# Who is compared


@pytest.mark.parametrize(
    ("lost", "told"), [(0, "Each line adds up to"), (1, "Not every line adds")]
)
def test_a_line_that_does_not_add_up_is_told(whole: Any, lost: int, told: str) -> None:
    results, facts = whole
    where = (results["analysis"] == "compared") & (results["measure"] == "neither")
    results.loc[where & (results["outcome"] == "deficiency"), "estimate"] -= lost
    blocks = compared(Book(results), facts)
    cells = table_of(blocks, "compared-table")
    assert cells[0][-1] == f"{11490 - lost:,}" and cells[1][-1] == "11,490"
    assert told in notes_of(blocks, "compared-table")


def test_means_by_outcome(whole: Any) -> None:
    blocks = compared(Book(whole[0]), whole[1])
    cells = table_of(blocks, "intakes-magnesium_total")
    assert cells[0][1:] == [
        "262.4 (256.3–268.5)", "4,000", "291.7 (285.6–297.8)", "4,000",
        "−29.3 (−37.6 to −21.0)", "<0.001",
    ]  # fmt: skip


# How intakes were counted


def test_rules_are_told_with_their_counts(whole: Any) -> None:
    blocks = counted(whole[1])
    text = words_of(blocks)
    assert "Of 17,664 records" in text and "known for 14,750 (83.5%)" in text
    assert "Of the 2,914 others, 2,896 are of the commonest kind: what no days means." in text
    assert "Of 281,634 foods in reliable first recalls, 273,716 (97.2%) have that of" in text
    assert "none." not in text
    cells = table_of(blocks, "counted-supplements")
    assert cells[1] == ["No days What no days means.", "1,448", "724", "1,448", "724"]
    rules = table_of(blocks, "counted-rules")
    assert len(rules) == 7 and len(table_of(blocks, "counted-foods")) == 3


@pytest.mark.parametrize("kept", ["supplements", "foods", None])
def test_a_study_without_computed_intakes_has_no_such_section(whole: Any, kept: Any) -> None:
    facts = whole[1]
    left = {name: table for name, table in facts.counted.items() if name == kept}
    blocks = counted(replace(facts, counted=left))
    assert bool(blocks) == (kept is not None)
    empty = {name: table.iloc[:0] for name, table in facts.counted.items()}
    assert counted(replace(facts, counted=empty)) == []


def test_a_cycle_without_a_rule_has_a_dash(whole: Any) -> None:
    facts = whole[1]
    table = facts.counted["supplements"]
    table = table[~((table["rule"] == "refused") & (table["cycle"] == "2003-2004"))]
    cells = table_of(counted(replace(facts, counted={"supplements": table})), "counted-supplements")
    assert cells[2] == ["Refused What refused means.", "9", "4", "—", "—"]


# Texts around them


def test_methods_and_limits_go_with_the_rows(whole: Any, deng: Any) -> None:
    results, facts = whole
    bare = replace(facts, study=facts.study.model_copy(update={"confounding": None}))
    assert methods(Book(deng[0]), bare) == [] and limitations(Book(deng[0])) == []
    text = words_of(methods(Book(results), facts))
    assert "Age range: 20 years or over; 40 years or over." in text
    assert "season" in text.split("Chained equations")[1]
    assert len(limitations(Book(results))) == 2


def test_nothing_imputed_is_said_only_where_it_holds(whole: Any) -> None:
    results, facts = whole

    def text(asked: Any) -> str:
        study = facts.study.model_copy(update={"imputation": asked})
        (section,) = [
            s for s in build(results, replace(facts, study=study)).sections if s.key == "methods"
        ]
        return words_of(section.blocks)

    assert "Nothing is imputed, except where multiple imputation" in text(
        SimpleNamespace(auxiliary=(), model=None)
    )
    assert "Nothing is imputed." in text(None)


def test_an_empty_book_has_none_of_these(made: Any) -> None:
    book = Book(made.table_of([], "deng_2013"))
    facts = replace(made.facts_for("deng_2013"), counted={})
    for section in (confounding, imputed, compared):
        assert section(book, facts) == []
    assert counted(facts) == []


@pytest.mark.parametrize(("largest", "warned"), [(9.9, False), (10.1, True), (math.nan, False)])
def test_a_large_e_value_is_not_left_alone(whole: Any, largest: float, warned: bool) -> None:
    results, facts = whole
    rows = results["measure"] == "e_value"
    results.loc[rows & (results["level"] == "Q4"), "estimate"] = largest
    tables = [b for b in walk(confounding(Book(results), facts)) if isinstance(b, Table)]
    table = next(table for table in tables if table.key == "e-values")
    assert any("says little" in note.plain for note in table.notes) == warned


def test_the_imputation_model_is_that_of_the_main_exposure(made: Any) -> None:
    # The last model of the study file is one for vitamin D, which holds magnesium instead.
    told = model_holds(made.facts_for("deng_2013")).plain
    assert "total vitamin D" in told and "total magnesium" not in told
    assert "serum 25(OH)D, serum 25(OH)D (radioimmunoassay)" in told
