"""The answer of a study whose publication is about what modifies an association."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.models.results import tidy
from analysis.reporting import modified
from analysis.reporting.book import Book

LEVELS = ("below 267 mg/day", "267 mg/day or more")
PER = "per 10 nmol/L"
INTERACTION = {
    "analysis": "interaction", "outcome": "diabetes", "exposure": "vitamin_d",
    "stratum": "magnesium", "contrast": "by cuts", "measure": "ratio_of_ORs",
}  # fmt: skip


def rows(p_value: float = 0.005, contrast: str = PER) -> list[dict[str, Any]]:
    where = {"analysis": "stratum", "outcome": "diabetes", "exposure": "vitamin_d",
             "stratum": "magnesium", "model": "full"}  # fmt: skip
    tested = contrast if contrast == PER else "group medians"
    return [
        {**where, "measure": "OR", "contrast": contrast, "stratum_level": level,
         "estimate": estimate, "conf_low": estimate - 0.04, "conf_high": estimate + 0.04}
        for level, estimate in zip(LEVELS, (0.98, 0.91), strict=True)
    ] + [{**where, "measure": "p_interaction", "contrast": f"{tested} x magnesium",
          "p_value": p_value}]  # fmt: skip


def told(made: Any, results: list[dict[str, Any]], published: list[dict[str, str]]) -> str:
    facts = made.facts_for("huang_2021")
    kept = {name: getattr(facts.study, name) for name in ("outcomes", "strata", "interactions")}
    found = [SimpleNamespace(where=where) for where in published]
    study: Any = SimpleNamespace(**kept, published=found)
    return modified.sentence(Book(tidy(results)), replace(facts, study=study)).plain


def within(contrast: str = PER) -> list[dict[str, str]]:
    where = {"analysis": "stratum", "outcome": "diabetes", "stratum": "magnesium", "measure": "OR",
             "contrast": contrast}  # fmt: skip
    return [{**where, "stratum_level": level} for level in LEVELS]


@pytest.mark.parametrize(
    ("p_value", "differ"),
    [
        (0.005, "the groups differ (P for interaction = 0.005)."),
        (0.05, "the groups are not shown to differ (P for interaction = 0.050)."),
    ],
)
def test_strata_answer_where_the_publication_is_about_them(
    made: Any, p_value: float, differ: str
) -> None:
    assert told(made, rows(p_value), within()).replace("\N{NO-BREAK SPACE}", " ") == (
        "By dietary magnesium, the odds ratio (95% CI) of diabetes per 10 nmol/L of serum 25(OH)D "
        "is 0.98 (0.94–1.02) in the group “below 267 mg/day” and 0.91 (0.87–0.95) in the group "
        f"“267 mg/day or more”; {differ}"
    )


def test_the_test_is_that_of_the_groups_where_they_are_compared(made: Any) -> None:
    said = told(made, rows(contrast="Q4 vs Q1"), within("Q4 vs Q1"))
    assert "of diabetes (Q4 vs Q1 of serum 25(OH)D) is 0.98" in said
    assert "the groups differ" in said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.3, 2.71, "is 0.90 (0.30–2.71): a departure from multiplying is not shown."),
        (0.3, 0.96, "is 0.90 (0.30–0.96): less than multiplying."),
        (math.nan, math.nan, ""),
    ],
)
def test_a_measure_of_interaction_answers(made: Any, low: float, high: float, said: str) -> None:
    row = {**INTERACTION, "estimate": 0.9, "conf_low": low, "conf_high": high}
    given = told(made, [row], [INTERACTION])
    start = "For diabetes, the ratio of odds ratios (95% CI) of serum 25(OH)D with "
    assert given == (f"{start}dietary magnesium by fixed cuts {said}" if said else "")


@pytest.mark.parametrize(
    ("study", "strata"), [("huang_2021", True), ("xu_2024", False), ("forrest_2011", False)]
)
def test_joint_groups_answer_nothing_where_strata_alone_are_asked_for(
    made: Any, study: str, strata: bool
) -> None:
    assert modified.is_of_strata(made.facts_for(study)) == strata


def test_the_main_association_answers_where_it_was_published_too(made: Any) -> None:
    main = {"analysis": "odds_ratio", "outcome": "diabetes", "measure": "OR"}
    assert told(made, rows(), [*within(), main]) == ""
    assert told(made, rows(), []) == ""
