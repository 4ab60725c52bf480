"""The answer and the sentences above tables, case by case."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import product
from typing import Any

import pandas as pd
import pytest

from analysis.reporting.book import Book
from analysis.reporting.sentences import (
    associations,
    curves,
    main_sentence,
    verdict_sentence,
)
from analysis.reporting.summary import answer

LOWER, HIGHER = (0.62, 0.46, 0.82), (1.62, 1.1, 2.3)
HOLDS, TOUCHES = (0.8, 0.5, 1.3), (0.8, 0.6, 1.0)
NOTHING = (math.nan, math.nan, math.nan)
ENDLESS = (5e8, 0.0, math.inf)
FORBIDDEN = ("significan", "effect", "cause", "risk", "nan", "inf)")


def odds(name: str, numbers: tuple[float, float, float], **more: Any) -> dict[str, Any]:
    low = {"analysis": "odds_ratio", "model": "full", "outcome": name, "reference": "Q1"}
    estimate, conf_low, conf_high = numbers
    return {
        **low, "level": "Q4", "measure": "OR", "estimate": estimate, "conf_low": conf_low,
        "conf_high": conf_high, **more,
    }  # fmt: skip


def said(made: Any, *rows: dict[str, Any]) -> str:
    facts = made.facts_for("deng_2013")
    return main_sentence(Book(made.table_of(list(rows), "deng_2013")), facts).plain


@pytest.mark.parametrize(
    ("numbers", "claim", "printed"),
    [
        (LOWER, "the odds were lower for", "OR 0.62, 95% CI 0.46–0.82"),
        (HIGHER, "the odds were higher for", "OR 1.62, 95% CI 1.10–2.30"),
        (HOLDS, "no difference in odds is shown for", "OR 0.80, 95% CI 0.50–1.30"),
        (TOUCHES, "no difference in odds is shown", "OR 0.80, 95% CI 0.60–1.00"),
        ((0.7, 0.5, 0.9984), "the odds were lower for", "95% CI 0.50–0.998"),
        ((1.4, 1.0004, 1.9), "the odds were higher for", "95% CI 1.0004–1.90"),
        (NOTHING, "no estimate could be made for", "vitamin D deficiency."),
        (ENDLESS, "no estimate could be made for", "vitamin D deficiency."),
    ],
)
def test_the_claim_follows_the_interval(
    made: Any, numbers: tuple[float, float, float], claim: str, printed: str
) -> None:
    sentence = said(made, odds("deficiency", numbers))
    assert claim in sentence and printed in sentence
    others = {"lower for", "higher for", "is shown", "no estimate"}
    assert sum(other in sentence for other in others) == 1
    assert not any(word in sentence for word in FORBIDDEN)


PUBLISHED = {"published": 0.34, "published_low": 0.21, "published_high": 0.56}


@pytest.mark.parametrize(
    ("given", "synthetic", "told"),
    [
        (PUBLISHED, False, "(OR 0.80, 95% CI 0.50–1.30; published 0.34 (0.21–0.56))."),
        ({"published": 0.34}, False, "95% CI 0.50–1.30; published 0.34)."),
        (PUBLISHED, True, "(OR 0.80, 95% CI 0.50–1.30)."),
        ({}, False, "(OR 0.80, 95% CI 0.50–1.30)."),
    ],
)
def test_what_was_published_stands_beside_it(
    made: Any, given: dict[str, float], synthetic: bool, told: str
) -> None:
    facts = made.facts_for("deng_2013", synthetic=synthetic)
    rows = [odds("deficiency", HOLDS, **given)]
    sentence = main_sentence(Book(made.table_of(rows, "deng_2013")), facts).plain
    assert sentence.endswith(told)


def test_outcomes_are_gathered_by_what_their_intervals_say(made: Any) -> None:
    rows = [odds("deficiency", HOLDS), odds("insufficiency", LOWER), odds("low_status", LOWER)]
    sentence = said(made, *rows)
    assert sentence.index("lower for vitamin D insufficiency (") < sentence.index(
        ") and low_status ("
    )
    assert "; no difference in odds is shown for vitamin D deficiency (" in sentence
    assert sentence.endswith(").") and ". " not in sentence


def test_the_most_adjusted_model_speaks_whatever_the_order_of_rows(made: Any) -> None:
    rows = [odds("deficiency", LOWER), odds("deficiency", HIGHER, model="crude")]
    for ordered in (rows, rows[::-1]):
        sentence = said(made, *ordered)
        assert sentence.startswith("In the full model, comparing the highest quartile of total")
        assert "(OR 0.62, 95% CI 0.46–0.82; crude OR 1.62)" in sentence


def test_the_highest_group_is_compared(made: Any) -> None:
    rows = [odds("deficiency", HIGHER, level="Q3"), odds("deficiency", LOWER)]
    assert "0.62" in said(made, *rows) and "1.62" not in said(made, *rows)


@pytest.mark.parametrize(
    ("p", "printed"), [(0.0002, "< 0.001"), (0.051, "= 0.051"), (math.nan, None)]
)
def test_the_trend_is_told_where_there_is_one(made: Any, p: float, printed: str | None) -> None:
    trend = {
        "analysis": "trend", "model": "full", "outcome": "deficiency", "measure": "p_trend",
        "p_value": p,
    }  # fmt: skip
    sentence = said(made, odds("deficiency", LOWER), trend).replace("\N{NO-BREAK SPACE}", " ")
    hedged = f"but the trend over the quartiles is not settled (P {printed})"
    told = hedged if p >= 0.05 else f"; P for trend {printed}"
    assert (told in sentence) == (printed is not None)
    assert sentence.count(str(printed)) == (printed is not None)
    assert ("trend" in sentence) == (printed is not None)


def p_rows(name: str, trend: float, curve: float) -> list[dict[str, Any]]:
    """P for trend and of the curve as a whole."""
    where = {"model": "full", "outcome": name}
    return [
        {**where, "analysis": "trend", "measure": "p_trend", "p_value": trend},
        {**where, "analysis": "spline", "measure": "p_overall", "p_value": curve},
        # Of another model, which says nothing of this one.
        {**where, "analysis": "trend", "measure": "p_trend", "p_value": 0.9, "model": "crude"},
        {**where, "analysis": "spline", "measure": "p_nonlinear", "p_value": 0.9},
    ]


@pytest.mark.parametrize("numbers", [LOWER, HIGHER, HOLDS, TOUCHES, NOTHING])
@pytest.mark.parametrize("trend", [0.0004, 0.0499, 0.05, math.nan])
@pytest.mark.parametrize("curve", [0.0004, 0.31, math.nan])
def test_an_interval_is_hedged_where_tests_over_all_doses_do_not_agree(
    made: Any, numbers: tuple[float, float, float], trend: float, curve: float
) -> None:
    sentence = said(made, odds("deficiency", numbers), *p_rows("deficiency", trend, curve))
    excludes = numbers in (LOWER, HIGHER)
    assert ("the trend over the quartiles" in sentence) == (excludes and trend >= 0.05)
    assert ("an association along the curve" in sentence) == (excludes and curve >= 0.05)
    assert (", but " in sentence) == (excludes and (trend >= 0.05 or curve >= 0.05))
    assert (", nor is " in sentence) == (excludes and trend >= 0.05 and curve >= 0.05)
    assert "0.90" not in sentence
    assert not any(word in sentence for word in FORBIDDEN)


@pytest.mark.parametrize(
    ("trends", "hedge"),
    [
        ((0.01, 0.02, 0.03), None),
        ((0.051, 0.02, 0.03), "is not settled for vitamin D deficiency (P = 0.051)."),
        ((0.06, 0.07, 0.03), "is not settled for vitamin D deficiency (P = 0.06) and vitamin D "
         "insufficiency (P = 0.07)."),
        ((0.06, 0.07, 0.08), "is not settled for any of them (P = 0.06, P = 0.07 and P = 0.08)."),
    ],
)  # fmt: skip
def test_a_hedge_names_the_outcomes_for_which_it_holds(
    made: Any, trends: tuple[float, ...], hedge: str | None
) -> None:
    names = ("deficiency", "insufficiency", "low_status")
    rows = [odds(name, LOWER) for name in names]
    for name, trend in zip(names, trends, strict=True):
        rows += p_rows(name, trend, 0.01)
    sentence = said(made, *rows).replace("\N{NO-BREAK SPACE}", " ")
    assert ("not settled" in sentence) == (hedge is not None)
    if hedge:
        plain = re.sub(r"(P = 0\.0[678])0\b", r"\1", sentence)
        assert plain.endswith(f", but the trend over the quartiles {hedge}")
    two = said(made, *rows[:2], *rows[3:])
    assert ("for either (" in two) == (min(trends[:2]) >= 0.05)


@pytest.mark.parametrize(
    ("numbers", "claim"),
    [
        ((3.6, 1.5, 5.8), "the mean was higher for serum 25(OH)D (difference 3.6 nmol/L, 95% CI 1"),
        ((-3.6, -5.8, -1.5), "the mean was lower for serum 25(OH)D (difference −3.6 nmol/L"),
        ((0.6, -1.5, 2.7), "no difference in the mean is shown for serum 25(OH)D"),
    ],
)  # fmt: skip
def test_a_study_of_continuous_outcomes_only(
    made: Any, numbers: tuple[float, float, float], claim: str
) -> None:
    row = odds("serum_25ohd", numbers, analysis="linear", measure="difference")
    assert claim in said(made, row)


def test_four_sentences_for_a_study_with_exposure(deng: Any) -> None:
    results, facts = deng
    sentences = [sentence.plain for sentence in answer(Book(results), facts)]
    assert len(sentences) == 4
    assert "crude" not in sentences[1]
    assert sentences[2].startswith(
        "Over the models, the odds ratio of vitamin D deficiency runs from 0.37 (crude) to "
    )
    assert sentences[0].startswith("Among 11,490 participants (standing for 175.0 million people)")
    assert "of vitamin D deficiency was 11.2% (95% CI 10.1–12.4)" in sentences[0]
    assert " and of vitamin D insufficiency was 29.7%" in sentences[0]
    assert "Endocrine" not in "".join(sentences)


def test_three_sentences_for_a_study_without(forrest: Any) -> None:
    results, facts = forrest
    sentences = [sentence.plain for sentence in answer(Book(results), facts)]
    assert "of 25(OH)D below 20 ng/mL was 41.6%" in sentences[0]
    assert sentences[1] == (
        "Of the 4 groups compared, the estimated prevalence of 25(OH)D below 20 ng/mL was lowest "
        "in the group “Non-Hispanic White” (30.9%, 95% CI 27.8–34.3) and highest in the group "
        "“Non-Hispanic Black” (82.1%, 95% CI 73.9–91.1)."
    )
    assert sentences[2] == (
        "All 9 published findings are reproduced (6 match to the printed digit and "
        "3 lie within the stated tolerance)."
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"estimate": 0.0, "events": 0, "n": 1200}, "was zero (no events in 1,200)."),
        ({"estimate": math.nan}, "of vitamin D deficiency could not be estimated."),
        ({"estimate": 0.12, "events": 5, "n": 40}, "of vitamin D deficiency was 12.0%."),
    ],
)
def test_prevalences_that_are_zero_or_missing(made: Any, row: dict[str, Any], told: str) -> None:
    where = {"analysis": "prevalence", "outcome": "deficiency", "stratum_level": "all"}
    results = made.table_of([{**where, "measure": "proportion", **row}], "deng_2013")
    assert answer(Book(results), made.facts_for("deng_2013"))[0].plain.endswith(told)


@pytest.mark.parametrize(("left", "who"), [(1, "1 participant "), (2, "2 participants ")])
def test_one_participant_is_singular(made: Any, left: int, who: str) -> None:
    rows = [*made.flow_rows({"all": ("Everyone", left)})]
    first = answer(Book(made.table_of(rows, "deng_2013")), made.facts_for("deng_2013"))[0]
    assert first.plain.startswith(f"The analysis has {who}(standing for ")


def test_no_results_make_no_sentences(made: Any) -> None:
    facts = replace(made.facts_for("deng_2013"), verdicts=pd.DataFrame())
    assert answer(Book(made.table_of([], "deng_2013")), facts) == []


def verdicts_of(made: Any, found: list[tuple[str, str]], **changes: Any) -> str:
    """Say what is said of findings, each a verdict and a kind."""
    facts = made.facts_for("deng_2013", **changes)
    verdicts, kinds = zip(*found, strict=True)
    rows = facts.verdicts.iloc[[0] * len(found)].assign(verdict=verdicts, kind=kinds)
    return verdict_sentence(replace(facts, verdicts=rows)).plain


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            [("reproduces", "exact")],
            "The one published finding is reproduced (it matches to the printed digit).",
        ),
        ([("does not", "exact")], "The one published finding is not reproduced."),
        ([("cannot be judged", "exact")], "The one published finding cannot be judged."),
        (
            [("reproduces", "exact")] * 6 + [("reproduces", "tolerance")] * 3,
            "All 9 published findings are reproduced (6 match to the printed digit "
            "and 3 lie within the stated tolerance).",
        ),
        (
            [
                ("does not", "exact"), ("reproduces", "direction"), ("in part", "exact"),
                ("cannot be judged", "direction"), ("reproduces", "tolerance"),
            ],
            "Of the 5 published findings, 2 are reproduced (1 lies within the stated "
            "tolerance and 1 agrees in direction), 1 is reproduced in part, 1 is not reproduced "
            "and 1 cannot be judged.",
        ),
    ],
)  # fmt: skip
def test_verdicts_are_counted(made: Any, found: list[tuple[str, str]], told: str) -> None:
    assert verdicts_of(made, found) == told


NEARLY = {"exact": "match", "tolerance": "lie", "direction": "agree"}
COUNTED = {
    "reproduces": "reproduced", "in part": "reproduced in part", "does not": "not reproduced",
    "cannot be judged": "cannot be judged",
}  # fmt: skip


ALIKE = {
    "in part": "All 3 published findings are reproduced in part.",
    "does not": "None of the 3 published findings is reproduced.",
    "cannot be judged": "None of the 3 published findings can be judged.",
}


@pytest.mark.parametrize("numbers", list(product((0, 1, 2), repeat=3)))
@pytest.mark.parametrize("other", ["in part", "does not", "cannot be judged"])
def test_what_is_said_of_agreement_adds_up(
    made: Any, numbers: tuple[int, int, int], other: str
) -> None:
    # Figures of every kind that have another verdict must not be counted as agreeing.
    found = [(other, kind) for kind in NEARLY]
    for kind, number in zip(NEARLY, numbers, strict=True):
        found += [("reproduces", kind)] * number
    told = verdicts_of(made, found)
    total = sum(numbers)
    for verb, number in zip(NEARLY.values(), numbers, strict=True):
        said = re.findall(rf"(\d+|both|all) {verb}(s|es)? ", told)
        # Where all do the same, their number was told before.
        every = {2: "both"}.get(number, str(number)) if number == total else str(number)
        assert [n for n, _ in said] == ([every] if number else [])
        assert all((n == "1") == bool(ending) for n, ending in said)
    assert (f"{total} {'is' if total == 1 else 'are'} reproduced (" in told) == (total > 0)
    if total:
        assert told.startswith(f"Of the {len(found)} published findings, ")
        assert re.search(rf"\b3 (are )?{COUNTED[other]}\.$", told)
    else:
        assert told == ALIKE[other]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, "The one published finding is not judged: the data are artificial."),
        (8, "The 8 published findings are not judged: the data are artificial."),
    ],
)
def test_findings_beside_artificial_data_are_not_judged(made: Any, number: int, told: str) -> None:
    found = [("cannot be judged", "exact")] * number
    assert verdicts_of(made, found, synthetic=True) == told
    assert "artificial" not in verdicts_of(made, found)


@pytest.mark.parametrize("table", ["verdicts", "checks"])
def test_a_verdict_that_is_not_known_is_refused(made: Any, table: str) -> None:
    facts = made.facts_for("deng_2013")
    with pytest.raises(ValueError, match="so so"):
        replace(facts, **{table: getattr(facts, table).assign(verdict="so so")})
    with pytest.raises(ValueError, match="lacks the columns verdict"):
        replace(facts, **{table: getattr(facts, table).drop(columns="verdict")})


def test_sentences_above_the_table_go_through_the_models(deng: Any) -> None:
    results, facts = deng
    first = associations(Book(results), facts, "odds_ratio")[0].plain
    assert first.startswith(
        "Vitamin D deficiency: the odds ratio (95% CI) of Q4 against Q1 is 0.37"
    )
    assert first.index("the crude model") < first.index("the full model")
    assert first.endswith("; in that model it is 0.85 (0.75–0.96) per 100 mg/day.")


def test_tests_of_curves_name_their_model(deng: Any) -> None:
    results, facts = deng
    other = results[results["analysis"] == "spline"].assign(model="crude", p_value=0.77)
    # A test that only the other model has must not be told of this one.
    own = results[results["measure"] != "p_nonlinear"]
    both = pd.concat([other, own], ignore_index=True)
    for rows in (results, both):
        told = [sentence.plain for sentence in curves(Book(rows), facts, "OR")]
        assert len(told) == 2 and not any("0.77" in sentence for sentence in told)
        assert told[0].startswith("Vitamin D deficiency, in the full model: for any association P")
