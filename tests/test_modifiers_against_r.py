"""Interactions, strata and the multinomial logit of Deng et al. against R's survey package."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

CONVERGED = 1e-8
"""Relative difference of two converged logistic models; products of intakes are ill-scaled."""

DELTA = 1e-7
"""Of what is made of them by differences that cancel: tests, measures on the additive scale."""

ANSWERS = json.loads((Path(__file__).parent / "reference" / "deng_modifiers.json").read_text())

pytestmark = pytest.mark.real_data


@pytest.fixture
def results(real_run) -> pd.DataFrame:
    """All estimates of the study on the real files."""
    path = real_run("deng_2013") / "results.csv"
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def each(part: str, *keys: str) -> pytest.MarkDecorator:
    """Every answer of one part."""
    answers = ANSWERS[part]
    names = ["-".join(str(answer[key]) for key in keys) for answer in answers]
    return pytest.mark.parametrize("answer", answers, ids=names)


def rows(results: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    keep = np.ones(len(results), dtype=bool)
    for column, value in wanted.items():
        keep &= (results[column] == value).to_numpy()
    assert keep.any(), wanted
    return results[keep]


def scaled(outcome: str, estimates: pd.Series) -> np.ndarray:
    values = estimates.to_numpy(float)
    return values if outcome == "serum_25ohd" else np.log(values)


def close(ours, theirs, rtol: float) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), theirs, rtol=rtol)


def test_the_same_people(results):
    remaining = rows(results, analysis="flow", measure="remaining")["n"].iloc[-1]
    assert remaining == ANSWERS["people"]


@each("joint", "contrast", "outcome")
def test_joint_groups(results, answer):
    contrast, outcome = answer["contrast"], answer["outcome"]
    found = rows(results, analysis="joint", contrast=contrast, outcome=outcome)
    assert found["n"].tolist() == answer["n"]
    close(scaled(outcome, found["estimate"])[1:], answer["estimate"], CONVERGED)
    close(found["std_error"].iloc[1:], answer["std_error"], CONVERGED)
    assert (found["df"] == answer["df"]).all()
    test = rows(
        results, analysis="interaction", contrast=f"{contrast} groups", outcome=outcome
    ).iloc[0]
    close(test["statistic"], answer["test"]["statistic"], DELTA)
    close(test["p_value"], answer["test"]["p"], DELTA)


@each("tests", "contrast", "outcome")
def test_products(results, answer):
    found = rows(
        results, analysis="interaction", contrast=answer["contrast"], outcome=answer["outcome"]
    ).iloc[0]
    close(found["statistic"], answer["statistic"], DELTA)
    if answer["contrast"].startswith("continuous"):
        close(found["estimate"], answer["estimate"], DELTA)
        close(found["std_error"], answer["std_error"], DELTA)


@each("slopes", "exposure", "outcome")
def test_slopes(results, answer):
    exposure, outcome = answer["exposure"], answer["outcome"]
    found = rows(results, analysis="slope", exposure=exposure, outcome=outcome)
    found = found[found["measure"].isin(["OR", "difference"])]
    levels = pd.to_numeric(found["level"], errors="coerce")
    at = found[np.isclose(levels, answer["at"], rtol=1e-9)].iloc[[0]]
    close(scaled(outcome, at["estimate"]), [answer["estimate"]], DELTA)
    close(at["std_error"], [answer["std_error"]], DELTA)


@each("thirds", "version")
def test_slopes_within_thirds(results, answer):
    suffix = {"v_per": "", "v_in": ", 1st to 99th percentile"}[answer["version"]]
    found = rows(results, analysis="slope", contrast=f"per 5 µg/day{suffix}", outcome="serum_25ohd")
    slopes = found[found["level"].isin(["T1", "T2", "T3"])]
    close(slopes["estimate"], answer["estimate"], CONVERGED)
    close(slopes["std_error"], answer["std_error"], CONVERGED)
    test = rows(found, measure="p_equal_slopes").iloc[0]
    close(test["statistic"], answer["test"]["statistic"], DELTA)
    close(test["p_value"], answer["test"]["p"], DELTA)


def test_slopes_beside_a_curve(results):
    found = rows(results, contrast="per 5 µg/day, beside curves", measure="p_equal_slopes").iloc[0]
    close(found["statistic"], ANSWERS["beside_curve"]["statistic"], DELTA)


@each("additive", "measure", "outcome")
def test_additive_measures(results, answer):
    measure, outcome = answer["measure"], answer["outcome"]
    found = rows(results, analysis="interaction", measure=measure, outcome=outcome).iloc[0]
    halves = {"1": "below", "2": "above"}
    assert found["reference"] == ", ".join(halves[half] for half in str(answer["lowest"]))
    logged = measure in ("S", "ratio_of_ORs")
    close(np.log(found["estimate"]) if logged else found["estimate"], answer["estimate"], DELTA)
    close(found["std_error"], answer["std_error"], DELTA)


def part(results: pd.DataFrame, answer: dict) -> pd.DataFrame:
    """Give our rows of a stratum, which R knows by its number."""
    found = rows(results, analysis="stratum", stratum=answer["stratum"], outcome=answer["outcome"])
    names = [
        name for name in found["stratum_level"].dropna().unique() if not name.startswith("not ")
    ]
    return found[found["stratum_level"] == names[answer["level"] - 1]]


@each("strata", "stratum", "level", "outcome")
def test_strata(results, answer):
    found = part(results, answer)
    quartiles = found[found["level"].notna()]
    assert quartiles["n"].sum() == answer["n"]
    close(scaled(answer["outcome"], quartiles["estimate"])[1:], answer["estimate"], DELTA)
    close(quartiles["std_error"].iloc[1:], answer["std_error"], DELTA)
    assert (quartiles["df"] == answer["df"]).all()
    trend = rows(found, measure="p_trend").iloc[0]
    close(trend["estimate"], answer["trend"], DELTA)
    close(trend["std_error"], answer["trend_se"], DELTA)


@each("interactions", "stratum", "outcome")
def test_interactions_of_strata(results, answer):
    found = rows(
        results,
        analysis="stratum",
        stratum=answer["stratum"],
        outcome=answer["outcome"],
        measure="p_interaction",
    ).iloc[0]
    close(found["statistic"], answer["statistic"], DELTA)
    close(found["p_value"], answer["p"], DELTA)


@each("multinomial", "outcome")
def test_both_logits_in_one_model(results, answer):
    found = rows(results, analysis="multinomial", outcome=answer["outcome"])
    close(np.log(found["estimate"].to_numpy()[1:]), answer["estimate"], CONVERGED)
    close(found["std_error"].iloc[1:], answer["std_error"], CONVERGED)
    equal = rows(results, analysis="multinomial", measure="p_equal").iloc[0]
    close(equal["statistic"], ANSWERS["equal"]["statistic"], DELTA)


@pytest.mark.parametrize("analysis", ["joint", "stratum", "multinomial"])
def test_people_add_up(results, analysis):
    """To the cohort; joint groups to those whom an outcome compares."""
    compared = rows(results, analysis="compared")
    counted = results["level"].notna() | (results["measure"] == "people")
    found = rows(results[counted], analysis=analysis)
    for keys, people in found.groupby(["outcome", "stratum"]):
        if analysis != "joint":
            assert people["n"].sum() == ANSWERS["people"]
            continue
        sides = compared[
            (compared["outcome"] == keys[0]) & compared["measure"].isin(["events", "against"])
        ]
        expected = sides["n"].sum() if len(sides) else ANSWERS["people"]
        assert set(people.groupby("contrast")["n"].sum()) == {expected}
