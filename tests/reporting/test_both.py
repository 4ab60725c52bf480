"""The answer to a question on two measures: the second one, both together, their interaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from analysis.reporting.book import Book
from analysis.reporting.both import together
from analysis.reporting.summary import answer

INTERACTION = {"analysis": "interaction", "stratum": "vitamin_d_intake", "outcome": "deficiency"}
TESTS = {
    "3x3 groups": 0.2, "3x3 groups, adjusted F": 0.27, "4x4 groups": 0.3, "continuous": 0.01,
    "continuous, beside curves": 0.52, "by cuts": 0.84,
}  # fmt: skip


def joint_rows(made: Any, contrast: str, levels: list[str], others: list[str]) -> Iterator[dict]:
    where = {"analysis": "joint", "stratum": "vitamin_d_intake", "outcome": "deficiency"}
    reference = f"{levels[0]}, {others[-1]}" if contrast == "by cuts" else "T1, T1"
    for i, (level, other) in enumerate((level, other) for level in levels for other in others):
        at = {**where, "contrast": contrast, "level": level, "stratum_level": other}
        yield made.ratio_row(0.1 * i, 0.1, **at, model="full", reference=reference, n=500)


def p_rows(*names: str) -> list[dict[str, Any]]:
    return [
        {**INTERACTION, "contrast": name, "measure": "p_interaction", "p_value": TESTS[name]}
        for name in names
    ]


def told(made: Any, *rows: dict[str, Any]) -> str:
    book = Book(made.table_of(rows, "deng_2013"))
    sentences = together(book, made.facts_for("deng_2013"))
    return " ".join(sentence.plain for sentence in sentences).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("contrast", "levels", "others", "said"),
    [
        ("3x3", ["T1", "T2", "T3"], ["T1", "T2", "T3"],
         "the highest tertiles of both total magnesium and total vitamin D, against the lowest of "
         "both: OR 2.23"),
        ("by cuts", ["below 3", "3 or more"], ["below 30", "30 or more"],
         "total magnesium 3 or more with total vitamin D below 30, against below 3 with 30 or "
         "more: OR 1.22"),
    ],
)  # fmt: skip
def test_the_group_opposite_to_the_reference_is_told(
    made: Any, contrast: str, levels: list[str], others: list[str], said: str
) -> None:
    assert f"Jointly, {said} (95% CI " in told(made, *joint_rows(made, contrast, levels, others))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["3x3 groups", "3x3 groups, adjusted F", "4x4 groups", "continuous",
          "continuous, beside curves"], "P = 0.27 and P = 0.52 for vitamin D deficiency."),
        (["by cuts", "continuous, beside curves"], "P = 0.84 and P = 0.52 for"),
        (["3x3 groups", "continuous"], None),
    ],
)  # fmt: skip
def test_the_stricter_version_of_each_test_is_told(
    made: Any, names: list[str], said: str | None
) -> None:
    found = told(made, *p_rows(*names))
    assert (said in found) if said else not found


def test_a_second_exposure_is_compared_as_the_first_is(made: Any) -> None:
    row = made.ratio_row(
        -0.5, 0.1, analysis="odds_ratio", outcome="deficiency", model="full", level="Q4",
        reference="Q1",
    ) | {"exposure": "vitamin_d_total"}  # fmt: skip
    found = told(made, row)
    assert "quartile of total vitamin D with " in found
    assert "the odds were lower for vitamin D deficiency (OR 0.61, 95% CI 0.50–0.74)." in found
    assert "quartile of total vitamin D" not in told(made, row | {"exposure": "calcium_total"})


def test_a_report_on_choices_has_no_room_for_it(made: Any) -> None:
    facts = made.facts_for("deng_2013")
    few = p_rows("3x3 groups", "continuous, beside curves")
    curve = made.ratio_row(-0.5, 0.1, analysis="specification", outcome="deficiency")
    for rows, there in ((few, True), ([*few, curve], False)):
        book = Book(made.table_of(rows, "deng_2013"))
        said = " ".join(sentence.plain for sentence in answer(book, facts, book))
        assert ("Tests of the interaction" in said) == there
