"""The study of Deng et al. against R's survey package on the same participants."""

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
ANSWERS = json.loads((REFERENCE / "deng_2013.json").read_text())


def each(part: str, *keys: str) -> pytest.MarkDecorator:
    """Every answer of one part of the study."""
    names = ["-".join(answer[key] for key in keys) for answer in ANSWERS[part]]
    return pytest.mark.parametrize("answer", ANSWERS[part], ids=names)


MODELS = each("associations", "exposure", "outcome", "model")
EVENTS = {"below_12": "deficiency", "from_12_to_20": "insufficiency"}

pytestmark = pytest.mark.real_data


@pytest.fixture
def results(real_run) -> pd.DataFrame:
    """All estimates of the study on the real files."""
    return pd.read_csv(real_run("deng_2013") / "results.csv", keep_default_na=False, na_values=[""])


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


def test_the_same_people(results):
    assert rows(results, analysis="flow", measure="remaining")["n"].iloc[-1] == ANSWERS["people"]


@pytest.mark.parametrize("exposure", ANSWERS["grouped"])
def test_the_same_cut_points_and_medians(results, exposure):
    # Total intakes are sums of products: the last bit is not R's after it has read the CSV.
    theirs = ANSWERS["grouped"][exposure]
    cuts = [cut for cut in theirs["cuts"] if cut > 0]
    quantiles = rows(results, analysis="cut_points", measure="quantile", exposure=exposure)
    close(quantiles["estimate"], cuts, LINEAR)
    medians = rows(results, analysis="groups", measure="median", exposure=exposure)
    assert list(medians["level"]) == theirs["names"]
    close(medians["estimate"], theirs["medians"], LINEAR)


def of(results: pd.DataFrame, answer: dict, analysis: str) -> pd.DataFrame:
    keys = {key: answer[key] for key in ("exposure", "model", "outcome")}
    return rows(results, analysis=analysis, **keys)


@MODELS
def test_groups(results, answer):
    analysis = "linear" if answer["outcome"] == "serum_25ohd" else "odds_ratio"
    found = of(results, answer, analysis)
    found = found[found["level"] != found["reference"]]
    close(scaled(answer, found["estimate"]), answer["group"], tolerance(answer))
    close(found["std_error"], answer["group_se"], tolerance(answer))
    close(found["p_value"], answer["group_p"], P_VALUE)
    assert (found["df"] == answer["df"]).all()


@MODELS
def test_trend_and_per_unit(results, answer):
    trend = of(results, answer, "trend").iloc[0]
    close(trend["estimate"], answer["trend"], tolerance(answer))
    close(trend["std_error"], answer["trend_se"], tolerance(answer))
    close(trend["p_value"], answer["trend_p"], P_VALUE)
    assert trend["n"] == answer["n"]
    unit = of(results, answer, "per_unit")
    close(scaled(answer, unit["estimate"]), answer["unit"], tolerance(answer))
    close(unit["std_error"], answer["unit_se"], tolerance(answer))


@each("curves", "outcome")
def test_curves(results, answer):
    theirs = ANSWERS
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
def test_prevalences(results, answer):
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
def test_table_1(results, answer):
    found = rows(
        results, analysis="table1", outcome=answer["name"], stratum_level=answer["group"]
    ).set_index("measure")
    close(found.at["mean", "estimate"], answer["mean"], LINEAR)
    close(found.at["mean", "std_error"], answer["std_error"], LINEAR)
    close(found.at["sd", "estimate"], answer["sd"], LINEAR)
