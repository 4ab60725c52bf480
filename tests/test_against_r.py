"""The studies of Deng et al., whole, against R's survey package on the same participants."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

LINEAR = 1e-9
"""Relative difference of estimates that are linear in the data: rounding alone."""

ITERATED = 1e-8
"""Of logistic models: both programs iterate to the last digits, the matrices are ill-scaled."""

P_VALUE = 1e-6
"""Of P values, which magnify a difference in t where they are small."""

REFERENCE = Path(__file__).parent / "reference"
STUDIES = ("deng_2013", "deng_2013_total")
ANSWERS = {name: json.loads((REFERENCE / f"{name}.json").read_text()) for name in STUDIES}


def each(part: str, *keys: str) -> pytest.MarkDecorator:
    """Every answer of one part of the studies."""
    answers = [(study, answer) for study in STUDIES for answer in ANSWERS[study][part]]
    names = ["-".join([study, *(answer[key] for key in keys)]) for study, answer in answers]
    return pytest.mark.parametrize(("study", "answer"), answers, ids=names)


MODELS = each("associations", "outcome", "model")
EVENTS = {"below_12": "deficiency", "from_12_to_20": "insufficiency", "low_status": "low_status"}

pytestmark = pytest.mark.real_data


@pytest.fixture
def results(real_run, study: str) -> pd.DataFrame:
    """All estimates of a study on the real files."""
    return pd.read_csv(real_run(study) / "results.csv", keep_default_na=False, na_values=[""])


def rows(results: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    keep = np.ones(len(results), dtype=bool)
    for column, value in wanted.items():
        keep &= (results[column] == value).to_numpy()
    assert keep.any(), wanted
    return results[keep]


def scaled(answer: dict, estimates: pd.Series) -> np.ndarray:
    binary = answer["outcome"] != "serum_25ohd"
    return np.log(estimates.to_numpy()) if binary else estimates.to_numpy()


def tolerance(answer: dict) -> float:
    return LINEAR if answer["outcome"] == "serum_25ohd" else ITERATED


def close(ours, theirs, rtol: float, atol: float = 0.0) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), theirs, rtol=rtol, atol=atol)


@pytest.mark.parametrize("study", STUDIES)
def test_the_same_people_cut_points_and_medians(results, study):
    # Total intakes are sums of products: the last bit is not R's after it has read the CSV.
    theirs = ANSWERS[study]
    assert rows(results, analysis="flow", measure="remaining")["n"].iloc[-1] == theirs["people"]
    close(rows(results, analysis="cut_points")["estimate"], theirs["cuts"], LINEAR)
    medians = rows(results, analysis="groups", measure="median")["estimate"]
    close(medians, theirs["medians"], LINEAR)


@MODELS
def test_quartiles(results, study, answer):
    analysis = "linear" if answer["outcome"] == "serum_25ohd" else "odds_ratio"
    found = rows(results, analysis=analysis, model=answer["model"], outcome=answer["outcome"])
    found = found[found["level"] != "Q1"]
    close(scaled(answer, found["estimate"]), answer["quartile"], tolerance(answer))
    close(found["std_error"], answer["quartile_se"], tolerance(answer))
    close(found["p_value"], answer["quartile_p"], P_VALUE)
    assert (found["df"] == answer["df"]).all()


@MODELS
def test_trend_and_per_unit(results, study, answer):
    keys = {"model": answer["model"], "outcome": answer["outcome"]}
    trend = rows(results, analysis="trend", **keys).iloc[0]
    close(trend["estimate"], answer["trend"], tolerance(answer))
    close(trend["std_error"], answer["trend_se"], tolerance(answer))
    close(trend["p_value"], answer["trend_p"], P_VALUE)
    assert trend["n"] == answer["n"]
    unit = rows(results, analysis="per_unit", **keys)
    close(scaled(answer, unit["estimate"]), answer["hundred"], tolerance(answer))
    close(unit["std_error"], answer["hundred_se"], tolerance(answer))


@each("curves", "outcome")
def test_curves(results, study, answer):
    theirs = ANSWERS[study]
    curve = rows(results, analysis="spline", outcome=answer["outcome"])
    knots = curve[curve["measure"] == "knot"]["estimate"]
    close(knots, theirs["knots"], LINEAR)
    for test in ("p_overall", "p_nonlinear"):
        close(curve[curve["measure"] == test]["p_value"], [answer[test]], P_VALUE)
    points = curve[curve["measure"].isin(["OR", "difference"])]
    close(points["reference"].astype(float), np.full(len(points), theirs["reference"]), LINEAR)
    x = points["level"].astype(float).to_numpy()
    nearest = [int(np.argmin(np.abs(x - at))) for at in theirs["at"]]
    close(x[nearest], theirs["at"], 1e-9)
    # Near the reference the curve is a small difference of large terms.
    close(scaled(answer, points["estimate"])[nearest], answer["estimate"], ITERATED, atol=1e-10)
    close(points["std_error"].iloc[nearest], answer["std_error"], ITERATED, atol=1e-10)


@each("shares", "event", "group")
def test_prevalences(results, study, answer):
    found = rows(
        results,
        analysis="prevalence",
        measure="proportion",
        outcome=EVENTS[answer["event"]],
        stratum_level=answer["group"],
    ).iloc[0]
    for column in ("estimate", "std_error"):
        close(found[column], answer[column], LINEAR)
    # R takes the logit from an iterated model.
    for column in ("conf_low", "conf_high"):
        close(found[column], answer[column], ITERATED)


@each("described", "name", "group")
def test_table_1(results, study, answer):
    found = rows(
        results, analysis="table1", outcome=answer["name"], stratum_level=answer["group"]
    ).set_index("measure")
    close(found.at["mean", "estimate"], answer["mean"], LINEAR)
    close(found.at["mean", "std_error"], answer["std_error"], LINEAR)
    close(found.at["sd", "estimate"], answer["sd"], LINEAR)
