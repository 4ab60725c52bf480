"""Limitations: each where it applies, and nowhere else."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from analysis.reporting import modification
from analysis.reporting.book import Book
from analysis.reporting.limitations import limitations

STEPS = {
    "examined": ("Examined", 400),
    "adults": ("Adults", 300),
    "recall": ("Recall reliable", 250),
    "vitamin_d": ("Serum measured", 220),
    "complete_cases": ("No covariate missing", 200),
}


def said(made: Any, rows: list[dict[str, Any]], facts: Any = None) -> str:
    facts = facts or made.facts_for("deng_2013")
    found = limitations(Book(made.table_of(rows, facts.study.name)), facts)
    return "\n".join(item.plain for item in found).replace("\N{NO-BREAK SPACE}", " ")


def with_study(facts: Any, **changes: Any) -> Any:
    return replace(facts, study=facts.study.model_copy(update=changes))


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ((), None),
        (("age",), None),
        (("age", "energy"), "comes the covariate energy intake. Its errors"),
        (("per(energy, 100)", "calcium_dietary"), "come the covariates energy intake and dietary "
         "calcium. Their errors"),
    ],
)  # fmt: skip
def test_covariates_of_the_same_recall_agree_in_number(
    made: Any, terms: tuple[str, ...], told: str | None
) -> None:
    facts = made.facts_for("deng_2013")
    model = facts.models[-1].model_copy(update={"terms": terms})
    text = said(made, [], with_study(facts, models=(model,)))
    assert ("From the same recall" in text) == (told is not None)
    if told:
        assert f"From the same recall {told} go together" in text
        one = "covariate " in told
        assert ("hold it an" in text, "it leaves less" in text) == (one, one)


@pytest.mark.parametrize(
    ("exposure", "days", "same"),
    [
        ("magnesium_dietary", "reported for one day", "the same recall comes"),
        ("magnesium_dietary_two_days", "mean of what a person reported for two days",
         "the same recalls comes"),
        ("magnesium_total", "average day of thirty", "the same recall comes"),
        ("bmi", None, None),
    ],
)  # fmt: skip
def test_a_mean_of_two_days_is_told_from_one_day(
    made: Any, exposure: str, days: str | None, same: str | None
) -> None:
    facts = made.facts_for("deng_2013")
    energy = "energy_two_days" if exposure.endswith("_two_days") else "energy"
    model = facts.models[-1].model_copy(update={"terms": (energy,)})
    other = facts.exposure.model_copy(update={"measure": exposure})
    text = said(made, [], with_study(facts, models=(model,), exposure=other))
    assert ("usual intake" in text) == (days is not None)
    assert days is None or (days in text and same in text)


def test_a_total_comes_from_the_recall_in_part(made: Any) -> None:
    facts = made.facts_for("deng_2013")
    text = said(made, [], facts)
    assert "total calcium and total vitamin D (totals: their part from food). Their" in text
    assert "(totals:" not in said(made, [], made.facts_for("forrest_2011"))


def test_cut_offs_are_told_of_studies_that_have_them(made: Any) -> None:
    forrest, deng = made.facts_for("forrest_2011"), made.facts_for("deng_2013")
    assert "Cut-offs on the radioimmunoassay scale" in said(made, [], forrest)
    mean = next(o for o in deng.study.outcomes if o.measure)
    keep = forrest.study.cohort[-1].model_copy(update={"keep": "not missing(vitamin_d_ria)"})
    cohort = (*forrest.study.cohort[:-1], keep)
    for measure, told in (("vitamin_d", False), ("vitamin_d_ria", True)):
        outcome = mean.model_copy(update={"measure": measure})
        text = said(made, [], with_study(forrest, outcomes=(outcome,), cohort=cohort))
        assert "Cut-offs" not in text
        assert ("Values on the radioimmunoassay scale" in text) == told
        assert ("has withdrawn that scale" in text) == told


def flow(made: Any, weights: dict[str, float]) -> list[dict[str, Any]]:
    """Steps with the given weight of those set aside."""
    rows = [*made.flow_rows(STEPS)]
    for row in rows:
        if row["measure"] == "excluded_weighted" and row["level"] in weights:
            row["estimate"] = weights[row["level"]]
    return rows


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        (0.0, "50 people without a weight"),
        (1e-9, "50 people without a weight"),
        (12_000, "50 people standing for 12,000"),
        (9.32e6, "50 people standing for 9.3 million"),
        (math.nan, "50 people"),
    ],
)
def test_people_who_lack_a_measurement_are_counted(made: Any, weight: float, told: str) -> None:
    text = said(made, flow(made, {"recall": weight, "vitamin_d": 30_000}))
    assert (
        f"set aside {told} (“Recall reliable”) and 30 people standing for 30,000 "
        "(“Serum measured”)." in text
    )
    for other in ("Examined", "Adults", "No covariate missing"):
        assert f"“{other}”" not in text


def test_nobody_who_lacks_a_measurement_is_not_counted(made: Any) -> None:
    steps = {"examined": ("Examined", 400), "adults": ("Adults", 300), "recall": ("Recall", 300)}
    assert "Steps that ask" not in said(made, [*made.flow_rows(steps)])
    weighted = {"adults": ("Adults", 300), "weighted": ("With a weight", 299)}
    assert "set aside 1 person standing" in said(made, [*made.flow_rows(weighted)])


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        (0.0, "20 people (9.1%, without a weight) were set aside for a missing covariate"),
        (2e6, "20 people (9.1%, standing for 2.0 million) were set aside"),
        (math.nan, "20 people (9.1%) were set aside"),
    ],
)
def test_people_with_a_missing_covariate_are_counted(made: Any, weight: float, told: str) -> None:
    missing = {"analysis": "missing", "level": "any"}
    rows = [
        *flow(made, {"complete_cases": weight}),
        {**missing, "measure": "missing", "estimate": 20},
        {**missing, "measure": "missing_share", "estimate": 20 / 220},
    ]
    assert told in said(made, rows)


@pytest.mark.parametrize(
    ("df", "told"),
    [
        ([46.0], None),
        ([30.0], None),
        ([29.0], "few degrees of freedom (29)"),
        ([15.0, 15.0], "few degrees of freedom (15)"),
        ([46.0, 15.0, math.nan, 0.0], "few degrees of freedom (as few as 15)"),
        ([], None),
    ],
)
def test_few_degrees_of_freedom_are_told(made: Any, df: list[float], told: str | None) -> None:
    rows = [{"analysis": "mean", "measure": "mean", "estimate": 1.0, "df": d} for d in df]
    text = said(made, rows)
    assert (told in text) if told else ("degrees of freedom" not in text)


@pytest.mark.parametrize("analysis", ["prevalence", "mean", "odds_ratio"])
@pytest.mark.parametrize(("n", "small"), [(199, True), (200, False), (math.nan, False)])
def test_small_groups_are_named(made: Any, analysis: str, n: float, small: bool) -> None:
    where = {"level": "black"} if analysis == "odds_ratio" else {"stratum_level": "black"}
    base = {"analysis": analysis, "measure": "x", "estimate": 1.0}
    rows = [{**base, **where, "n": n}, {**base, "stratum_level": "men", "level": "men", "n": 900}]
    text = said(made, rows, made.facts_for("forrest_2011"))
    assert ("“Non-Hispanic Black” (n = 199)" in text) == small
    assert ("Fewer than 200" in text) == small
    assert "“Men”" not in text


def test_the_smallest_number_of_a_group_is_told_once(made: Any) -> None:
    rows = [
        {"analysis": "prevalence", "outcome": str(n), "stratum_level": "men", "n": n}
        for n in (150, 120, 180)
    ]
    text = said(made, rows, made.facts_for("forrest_2011"))
    assert "“Men” (n = 120)" in text and text.count("“Men”") == 1


def test_comparisons_are_counted(made: Any, deng: Any) -> None:
    results, facts = deng
    text = "\n".join(item.plain for item in limitations(Book(results), facts))
    shown = results[results["level"] != results["reference"]]
    number = {name: int((shown["analysis"] == name).sum()) for name in ("odds_ratio", "linear")}
    assert f"{number['odds_ratio']} odds ratios between groups" in text
    assert f"{number['linear']} differences between groups" in text
    assert "12 estimates per unit, 12 tests for trend, 15 prevalences and 5 means" in text
    one = [{"analysis": "mean", "measure": "mean", "estimate": 3.0, "stratum_level": "all"}]
    assert "number of comparisons" not in said(made, one)
    assert "gives 2 means." in said(made, one * 2)
    nothing = [{"analysis": "mean", "measure": "mean", "estimate": math.nan}]
    assert "number of comparisons" not in said(made, one + nothing * 3)


def test_artificial_data_are_no_limit_of_real_ones(made: Any) -> None:
    facts = made.facts_for("deng_2013")
    assert "artificial" not in said(made, [], facts)
    first = said(made, [], replace(facts, synthetic=True)).split("\n")[0]
    assert first.startswith("The data are artificial")


@pytest.mark.parametrize(
    ("weight", "cycles", "measure", "told"),
    [
        ("examination", ["2017-2018"], "vitamin_d", None),
        ("dietary_day_1", ["2017-2018"], "vitamin_d", None),
        ("phlebotomy", ["2021-2023"], "vitamin_d", None),
        ("dietary_two_days", ["2017-2018"], "magnesium_dietary", None),
        (
            "dietary_day_1",
            ["2017-2018", "2021-2023"],
            "vitamin_d",
            "(first-day dietary weight). In 2021–2023 serum 25(OH)D belongs to another, with a "
            "weight of its own (phlebotomy weight).",
        ),
        (
            "fasting",
            ["2005-2006"],
            "magnesium_dietary",
            "(fasting subsample weight). In 2005–2006 dietary magnesium belongs to another",
        ),
    ],
)
def test_people_of_one_subsample_alone_are_told_of(
    made: Any, weight: str, cycles: list[str], measure: str, told: str | None
) -> None:
    facts = made.facts_for("deng_2013")
    study = facts.study.with_cycles(cycles)
    outcome = study.outcomes[0].model_copy(
        update={"event": None, "against": None, "measure": measure}
    )
    study = study.model_copy(
        update={
            "data": study.data.model_copy(update={"weight": weight}),
            "cohort": (), "outcomes": (outcome,), "domains": (), "models": (), "strata": (),
            "exposure": None, "other_exposures": (), "interactions": (),
        }
    )  # fmt: skip
    text = said(made, [], replace(facts, study=study))
    assert ("The CDC makes none for people who are in both" in text) == (told is not None)
    assert (told or "") in text


@pytest.mark.parametrize(
    ("cycles", "told"),
    [
        (["2015-2016", "2017-2018"], False),
        (["2021-2023"], False),
        (["2017-2018", "2021-2023"], True),
    ],
)
def test_pooling_over_the_pandemic_is_told(made: Any, cycles: list[str], told: bool) -> None:
    facts = made.facts_for("deng_2013")
    text = said(made, [], replace(facts, study=facts.study.with_cycles(cycles)))
    assert ("do not follow each other" in text) == told


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("joint", "OR", 199.0), ("joint", "OR", 35.0), ("stratum", "OR", 200.0)],
         "Joint groups of two measures hold as few as 35 people; their"),
        ([("joint", "OR", 35.0), ("stratum", "difference", 61.0)],
         "as few as 35 people, and dose groups within strata hold as few as 61 people; their"),
        ([("joint", "p_interaction", 35.0), ("stratum", "people", 0.0)], None),
    ],
)  # fmt: skip
def test_the_smallest_cells_of_two_measures_are_told(
    made: Any, rows: list[tuple[str, str, float]], told: str | None
) -> None:
    found = [{"analysis": a, "measure": m, "estimate": 1.1, "n": n} for a, m, n in rows]
    text = said(made, found)
    assert (told in text) if told else ("as few as" not in text)


def test_a_dose_group_is_named_with_its_exposure(made: Any) -> None:
    row = {"analysis": "odds_ratio", "measure": "OR", "level": "Q4", "n": 150}
    assert "“Q4” of total magnesium (n = 150)" in said(made, [row])


@pytest.mark.parametrize(
    ("study", "told"),
    [("herrick_2019_supplements", "reported (supplemental vitamin D), at"), ("herrick_2019", None)],
)
def test_groups_by_what_people_take_are_told_of(made: Any, study: str, told: str | None) -> None:
    text = said(made, [], made.facts_for(study))
    assert (told in text) if told else ("Who is in which group" not in text)


@pytest.mark.parametrize(("p", "tested"), [(0.04, True), (math.nan, False)])
def test_tests_are_spoken_of_where_there_are_any(made: Any, p: float, tested: bool) -> None:
    row = {"analysis": "mean", "measure": "mean", "estimate": 1.0, "df": 15.0, "p_value": p}
    text = said(made, [row, row])
    assert ("tests of several terms" in text) == ("Intervals and P values are" in text) == tested


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["direction", "exact", "direction"], "known (exclusions, weights, cut points, coding of "
         "covariates): 2 of the 3 can be compared"),
        (["direction", "direction"], "covariates): both can be"),
        (["direction"], "covariates): it can be"),
        (["exact"], None),
    ],
)  # fmt: skip
def test_figures_of_direction_are_counted(made: Any, kinds: list[str], told: str | None) -> None:
    facts = made.facts_for("deng_2013")
    verdicts = facts.verdicts.head(1).loc[[facts.verdicts.index[0]] * len(kinds)]
    text = said(made, [], replace(facts, verdicts=verdicts.assign(kind=kinds)))
    assert (told in text) if told else ("Not all definitions" not in text)


def modified_by(made: Any, modifier: str) -> str:
    facts = made.facts_for("huang_2021")
    (asked,) = facts.study.interactions
    study = facts.study.model_copy(
        update={"interactions": (asked.model_copy(update={"modifier": modifier}),), "strata": ()}
    )
    rows = [{"analysis": "interaction", "outcome": "diabetes", "exposure": "vitamin_d",
             "stratum": "magnesium", "measure": "p_interaction", "p_value": 0.2}]  # fmt: skip
    book = Book(made.table_of(rows, "huang_2021"))
    return "\n".join(t.plain for t in modification.limitations(book, replace(facts, study=study)))


def test_a_modifier_of_single_days_is_told_of(made: Any) -> None:
    told = modified_by(made, "magnesium_dietary")
    assert "Dietary magnesium rests on what a person reported for single days" in told
    assert "Told in the same way are the covariates energy intake and dietary calcium." in told
    assert "single days" not in modified_by(made, "bmi")
