"""Words that must follow the study: what is an intake, what there are two of, what is none."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.cohort.measures import MEASURES
from analysis.reporting import (
    build,
    limitations,
    methods,
    modification,
    sentences,
    slopes,
    tables,
    words,
)
from analysis.reporting.book import Book
from analysis.reporting.counted import _nutrient
from analysis.reporting.document import Bullets, Paragraph, Table, walk
from analysis.study import available_studies, load_study


@pytest.mark.parametrize(
    ("label", "within"),
    [
        ("Race and ethnicity, four groups", "race and ethnicity (four groups)"),
        ("Magnesium depletion score, CKD-EPI 2009", "magnesium depletion score (CKD-EPI 2009)"),
        ("Hypertension (130/80 mmHg)", "hypertension (130/80 mmHg)"),
        ("Underlying cause of death (heart disease, cancer, other)",
         "underlying cause of death (heart disease, cancer, other)"),
        ("HDL cholesterol", "HDL cholesterol"), ("Age", "age"),
        ("Hispanic people", "Hispanic people"),
    ],
)  # fmt: skip
def test_a_label_with_a_comma_goes_into_a_list(label: str, within: str) -> None:
    assert words.in_sentence(label) == within


@pytest.mark.parametrize(
    ("told", "printed"),
    [
        ("per 1 points", "per 1 point"),
        ("Age is at least 1 years", "Age is at least 1 year"),
        ("per 10 points", "per 10 points"),
        ("21 years", "21 years"),
        ("0.1 years", "0.1 years"),
        ("1,001 words", "1,001 words"),
        ("per 1 mg/day", "per 1 mg/day"),
        ("1 h", "1 h"),
        ("per 1 drinks/day", "per 1 drinks/day"),
    ],
)
def test_of_one_there_is_one(told: str, printed: str) -> None:
    assert words.singular(told) == printed


@pytest.mark.parametrize(
    ("name", "intake"),
    [
        ("magnesium_total", True), ("vitamin_d_supplement", True), ("energy", True),
        ("magnesium_below_ear", True), ("vitamin_d", False), ("magnesium_depletion_score", False),
        ("recall_status", False), ("magnesium_rda", False), ("sun_minutes", False),
    ],
)  # fmt: skip
def test_what_is_an_intake(name: str, intake: bool) -> None:
    assert words.is_intake(MEASURES[name]) == intake


@pytest.mark.parametrize(
    ("groups", "users", "compared"),
    [
        (4, False, "the highest {noun} of total magnesium with the lowest, "),
        (2, False, "the higher {noun} of total magnesium with the lower, "),
        (2, True, "the highest {noun} of total magnesium with those who take none, "),
    ],
)
def test_of_two_groups_one_is_the_higher(
    made: Any, groups: int, users: bool, compared: str
) -> None:
    facts = made.facts_for("deng_2013")
    update = {"groups": groups, "split": "users" if users else "everyone"}
    exposure = facts.study.exposure.model_copy(update=update)
    told = sentences.main_sentence(
        Book(made.table_of(made.deng_rows(), "deng_2013")), facts.about(exposure)
    )
    assert compared.format(noun=words.group_noun(groups)) in told.plain


@pytest.mark.parametrize("number", [2, 3])
def test_of_two_groups_the_prevalence_is_lower_and_higher(made: Any, number: int) -> None:
    rows = [row for row in made.forrest_rows() if row["analysis"] == "prevalence"][: 2 * number + 2]
    book = Book(made.table_of(rows, "forrest_2011"))
    told = sentences.range_sentence(book, made.facts_for("forrest_2011")).plain
    assert ("Of the two groups compared" in told) == (number == 2)
    assert ("was lower in the group" in told, "and higher in" in told) == (number == 2,) * 2
    assert ("was lowest in the group" in told, "and highest in" in told) == (number != 2,) * 2


def means_first(made: Any, *, scores: bool = False) -> Any:
    """A study whose first outcome is the continuous one, alone or a mean of z scores."""
    facts = made.facts_for("deng_2013")
    kept = {o.name: o for o in facts.study.outcomes}
    first = kept["serum_25ohd"]
    if scores:
        update = {"measure": None, "mean_z": ("vitamin_d", "vitamin_d_ria")}
        first = first.model_copy(update=update)
    study = facts.study.model_copy(update={"outcomes": (first, kept["deficiency"])})
    return made.facts_for("deng_2013", study=study)


def test_a_question_about_a_mean_is_answered_by_it(made: Any) -> None:
    book = Book(made.table_of(made.deng_rows(), "deng_2013"))
    told = sentences.main_sentence(book, means_first(made)).plain
    assert "the mean was higher for serum 25(OH)D (difference " in told
    assert told.index("difference ") < told.index("the odds were lower for vitamin D deficiency")
    people = sentences.people_sentence(book, means_first(made)).plain
    assert "the weighted mean of serum 25(OH)D was 64.2 nmol/L" in people
    usual = made.facts_for("deng_2013")
    assert "mean" not in sentences.main_sentence(book, usual).plain
    assert "mean" not in sentences.people_sentence(book, usual).plain


def test_the_mean_of_z_scores_is_not_told(made: Any) -> None:
    # It is 0 by how it is made.
    book = Book(made.table_of(made.deng_rows(), "deng_2013"))
    told = sentences.people_sentence(book, means_first(made, scores=True)).plain
    assert "weighted mean" not in told
    assert sentences.means_told(book, means_first(made, scores=True)) == []


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ({"inverse below": 8.1}, "inverse below 8.1 mg"),
        ({"inverse above": 1.6, "inverse below": 2.8}, "inverse between 1.6 and 2.8 mg"),
        (
            {"inverse below": 1.6, "inverse above": 2.8},
            "inverse below 1.6 mg and inverse above 2.8",
        ),
        ({"inverse below": 1.6, "positive above": 2.8}, "inverse below 1.6 mg and positive above"),
        ({"positive above": 1.6, "inverse below": 2.8}, "positive above 1.6 mg and inverse below"),
    ],
)
def test_two_bounds_may_hold_a_span(made: Any, bounds: dict[str, float], told: str) -> None:
    rows = [
        {"analysis": "slope", "measure": "jn_bound", "level": level, "estimate": value}
        for level, value in bounds.items()
    ]
    found = slopes._spans(Book(made.table_of(rows, "deng_2013")).rows, "mg").plain
    assert found.startswith(told)


@pytest.mark.parametrize(
    ("exposure", "start", "change"),
    [
        ("magnesium_total", "Intake and outcome", "a change of diet"),
        ("vitamin_d", "Exposure and outcome", "a change of the exposure"),
    ],
)
def test_only_an_intake_is_called_one(made: Any, exposure: str, start: str, change: str) -> None:
    facts = made.facts_for("deng_2013")
    facts = facts.about(facts.study.exposure.model_copy(update={"measure": exposure}))
    told = " ".join(t.plain for t in limitations.limitations(Book(made.table_of([], "a")), facts))
    assert f"{start} were measured at about the same time" in told and change in told


@pytest.mark.parametrize(("modifier", "intakes"), [("vitamin_d_total", True), ("vitamin_d", False)])
def test_two_intakes_share_their_foods_and_others_do_not(
    made: Any, modifier: str, intakes: bool
) -> None:
    facts = made.facts_for("deng_2013")
    asked = facts.study.interactions[0].model_copy(update={"modifier": modifier})
    facts = made.facts_for(
        "deng_2013", study=facts.study.model_copy(update={"interactions": (asked,)})
    )
    book = Book(made.table_of([{"analysis": "interaction", "measure": "RERI"}], "deng_2013"))
    told = " ".join(item.plain for item in modification.limitations(book, facts))
    assert ("same supplements and foods" in told) == intakes
    assert "depends on the scale" in told


def test_the_exposure_is_no_covariate_from_its_own_recall(made: Any) -> None:
    facts = made.facts_for("deng_2013")
    told = " ".join(t.plain for t in limitations.limitations(Book(made.table_of([], "a")), facts))
    (sentence,) = re.findall(r"From the same recall come the covariates [^.]*\.", told)
    assert "total calcium" in sentence and "total magnesium" not in sentence


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ("25(OH)D below 12 ng/mL (RIA)", "25(OH)D below 12 ng/mL (RIA)"),
        ("Told by a doctor", "25(OH)D below 12 ng/mL: told by a doctor"),
        ("", "25(OH)D below 12 ng/mL"),
    ],
)
def test_an_outcome_is_not_told_twice(definition: str, told: str) -> None:
    outcome = SimpleNamespace(label="25(OH)D below 12 ng/mL", definition=definition)
    assert methods.defined(outcome) == told


def test_z_scores_are_told_apart(made: Any) -> None:
    facts = means_first(made, scores=True)
    told = " ".join(
        item.plain
        for block in methods.methods(Book(made.table_of([], "deng_2013")), facts)
        if isinstance(block, Bullets)
        for item in block.items
    )
    assert "(vitamin_d); serum 25(OH)D, radioimmunoassay (vitamin_d_ria)." in told


@pytest.mark.parametrize(
    ("asked", "named"), [("logistic", "the table of odds ratios"), ("linear", "main outcomes")]
)
def test_a_table_of_further_outcomes_names_a_table_that_is_there(
    made: Any, asked: str, named: str
) -> None:
    facts = made.facts_for("deng_2013")
    outcomes = {o.name: o for o in facts.study.outcomes}
    further = outcomes["serum_25ohd"].model_copy(update={"role": "sensitivity", "name": "more"})
    main = outcomes["deficiency" if asked == "logistic" else "serum_25ohd"]
    study = facts.study.model_copy(update={"outcomes": (main, further)})
    rows = [dict(row) for row in made.deng_rows()]
    more = [row | {"outcome": "more"} for row in rows if row.get("outcome") == "serum_25ohd"]
    kept = [row for row in rows if row.get("outcome", "") in ("", main.name)]
    report = build(
        made.table_of([*kept, *more], "deng_2013"), made.facts_for("deng_2013", study=study)
    )
    notes = [
        note.plain
        for section in report.sections for block in walk(section.blocks)
        if isinstance(block, Table) and block.key.endswith("-further")
        for note in block.notes if note.plain.startswith("The models are those")
    ]  # fmt: skip
    assert notes and all(named in note for note in notes)


# What no report says


def texts(report: Any) -> Iterator[str]:
    for section in report.sections:
        for block in walk(section.blocks):
            if isinstance(block, Paragraph):
                yield block.text.plain
            elif isinstance(block, Bullets):
                yield from (item.plain for item in block.items)
            elif isinstance(block, Table):
                yield from (note.plain for note in (block.caption, *block.notes))


NEVER = {
    "a claim of significance": r"\b[Ss]ignifican",
    "brackets within brackets of one estimate": r"\((?:RERI )?−?\d[\d.]* \(−?\d",
    "a plural of one": r"(?<![\d.,])1 (?:points|years|cycles|groups|tables|variables|strata)\b",
    "a unit told twice": r"\b(mg/day|µg/day|nmol/L|ng/mL) \1\b",
    "a space before a sign": r" [,.;:)](?!\d)",
    "two signs or spaces": r"[.,;]{2}|(?<!\.)\.\.(?!\.)|  ",
    "a missing word": r"\b(?:None|nan|inf)\b(?= (?:nmol|mg|SD|points))",
}  # fmt: skip


@pytest.mark.parametrize("what", NEVER)
@pytest.mark.parametrize("run", ["deng", "forrest", "whole"])
def test_what_no_report_says(request: Any, run: str, what: str) -> None:
    report = build(*request.getfixturevalue(run))
    said = [told for told in texts(report) if re.search(NEVER[what], told)]
    assert said == []


@pytest.mark.parametrize("name", available_studies())
def test_methods_of_every_study_read_well(made: Any, name: str) -> None:
    facts = made.facts_for(name)
    book = Book(made.table_of([], name))
    told = [
        item.plain
        for block in methods.methods(book, facts)
        for item in (
            block.items if isinstance(block, Bullets)
            else (block.text,) if isinstance(block, Paragraph) else ()
        )
    ]  # fmt: skip
    assert len(told) > 5
    for what, pattern in NEVER.items():
        assert [t for t in told if re.search(pattern, t)] == [], what
    for sentence in told:
        assert not re.search(r"\(\)|\bof of\b|\bthe the\b|quartile.* of 2 groups", sentence), (
            sentence
        )
    weight = methods.weight_words(facts).plain
    assert any(weight in sentence for sentence in told)
    assert load_study(name).exposure is None or any("was cut into" in t for t in told)


def test_an_estimate_within_brackets_has_its_unit(made: Any) -> None:
    from analysis.reporting import other_exposures

    facts = made.facts_for("deng_2013")
    row = Book(
        made.table_of([made.difference_row(2.9, 0.8, outcome="serum_25ohd")], "deng_2013")
    ).rows[0]
    told = other_exposures._with_estimate(row, facts).plain
    assert told == "total magnesium (2.9 nmol/L, 95% CI 1.3–4.5)"
    bare = row._replace(conf_low=math.nan, conf_high=math.nan)
    assert "CI" not in other_exposures._with_estimate(bare, facts).plain


@pytest.mark.parametrize(
    ("measures", "told"),
    [
        (["OR", "OR"], "odds ratios"), (["difference"], "differences"),
        (["difference", "OR"], "odds ratios or differences"),
    ],
)  # fmt: skip
def test_a_caption_names_the_estimates_that_are_there(
    made: Any, measures: list[str], told: str
) -> None:
    rows = [{"analysis": "joint", "measure": name} for name in measures]
    assert tables.estimates_of(Book(made.table_of(rows, "deng_2013")).rows) == told


@pytest.mark.parametrize(
    ("groups", "label"), [(("Q1", "Q4"), "P"), (("Q1", "Q2", "Q4"), "P for trend")]
)
def test_two_groups_have_no_trend(made: Any, groups: tuple[str, ...], label: str) -> None:
    found = [row for row in made.deng_rows() if row.get("level", "Q1") in (*groups, "")]
    book = Book(made.table_of(found, "deng_2013"))
    table = tables.association_table(book, made.facts_for("deng_2013"), "odds_ratio")
    assert label in [cell.text.plain for cell in table.head[0]]
    noted = any(note.plain.startswith("P for trend") for note in table.notes)
    assert noted == (len(groups) > 2)


@pytest.mark.parametrize(
    ("name", "told"),
    [("vitamin_d", "vitamin D"), ("magnesium", "magnesium"), ("folic_acid", "folic acid")],
)
def test_nutrients_are_named_as_in_a_sentence(name: str, told: str) -> None:
    assert _nutrient(name) == told


@pytest.mark.parametrize(
    ("errors", "decimals"), [((0.8, 0.8), 1), ((0.8, 0.08), 2), ((0.8, 0.0008), 2), ((), None)]
)
def test_estimates_that_stand_together_have_even_decimals(
    made: Any, errors: tuple[float, ...], decimals: int | None
) -> None:
    rows = [made.difference_row(2.9, error, analysis="linear") for error in errors]
    assert words.even_decimals(Book(made.table_of(rows, "deng_2013")).rows) == decimals


def test_a_sentence_over_models_has_even_decimals(made: Any) -> None:
    rows = [
        made.difference_row(0.4, error, analysis="linear", outcome="serum_25ohd", model=model,
                            level="Q4", reference="Q1", n=900)
        for model, error in (("crude", 0.06), ("demographic", 0.04), ("full", 0.06))
    ]  # fmt: skip
    book = Book(made.table_of(rows, "deng_2013"))
    (told,) = sentences.associations(book, made.facts_for("deng_2013"), "linear")
    assert re.findall(r"0\.\d+(?= \()", told.plain) == ["0.400", "0.400", "0.400"]
