"""The study deng_2013, whole, against R's survey package on the same participants."""

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

ANSWERS = json.loads((Path(__file__).parent / "reference" / "deng_2013.json").read_text())
MODELS = pytest.mark.parametrize(
    "answer", ANSWERS["associations"], ids=lambda a: f"{a['outcome']}-{a['model']}"
)
EVENTS = {"below_12": "deficiency", "from_12_to_20": "insufficiency", "low_status": "low_status"}

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def results(real_run) -> pd.DataFrame:
    """All estimates of deng_2013 on the real files."""
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


def test_the_same_people_cut_points_and_medians(results):
    assert rows(results, analysis="flow", measure="remaining")["n"].iloc[-1] == ANSWERS["people"]
    assert rows(results, analysis="cut_points")["estimate"].tolist() == ANSWERS["cuts"]
    medians = rows(results, analysis="groups", measure="median")["estimate"]
    assert medians.tolist() == ANSWERS["medians"]


@MODELS
def test_quartiles(results, answer):
    analysis = "linear" if answer["outcome"] == "serum_25ohd" else "odds_ratio"
    found = rows(results, analysis=analysis, model=answer["model"], outcome=answer["outcome"])
    found = found[found["level"] != "Q1"]
    close(scaled(answer, found["estimate"]), answer["quartile"], tolerance(answer))
    close(found["std_error"], answer["quartile_se"], tolerance(answer))
    close(found["p_value"], answer["quartile_p"], P_VALUE)
    assert (found["df"] == answer["df"]).all()


@MODELS
def test_trend_and_per_unit(results, answer):
    keys = {"model": answer["model"], "outcome": answer["outcome"]}
    trend = rows(results, analysis="trend", **keys).iloc[0]
    close(trend["estimate"], answer["trend"], tolerance(answer))
    close(trend["std_error"], answer["trend_se"], tolerance(answer))
    close(trend["p_value"], answer["trend_p"], P_VALUE)
    assert trend["n"] == answer["n"]
    unit = rows(results, analysis="per_unit", **keys)
    close(scaled(answer, unit["estimate"]), answer["hundred"], tolerance(answer))
    close(unit["std_error"], answer["hundred_se"], tolerance(answer))


@pytest.mark.parametrize("answer", ANSWERS["curves"], ids=lambda a: a["outcome"])
def test_curves(results, answer):
    curve = rows(results, analysis="spline", outcome=answer["outcome"])
    knots = curve[curve["measure"] == "knot"]["estimate"]
    assert knots.tolist() == ANSWERS["knots"]
    for test in ("p_overall", "p_nonlinear"):
        close(curve[curve["measure"] == test]["p_value"], [answer[test]], P_VALUE)
    points = curve[curve["measure"].isin(["OR", "difference"])]
    assert (points["reference"].astype(float) == ANSWERS["reference"]).all()
    x = points["level"].astype(float).to_numpy()
    nearest = [int(np.argmin(np.abs(x - at))) for at in ANSWERS["at"]]
    close(x[nearest], ANSWERS["at"], 1e-9)
    # Near the reference the curve is a small difference of large terms.
    close(scaled(answer, points["estimate"])[nearest], answer["estimate"], ITERATED, atol=1e-10)
    close(points["std_error"].iloc[nearest], answer["std_error"], ITERATED, atol=1e-10)


@pytest.mark.parametrize("answer", ANSWERS["shares"], ids=lambda a: f"{a['event']}-{a['group']}")
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


@pytest.mark.parametrize("answer", ANSWERS["described"], ids=lambda a: f"{a['name']}-{a['group']}")
def test_table_1(results, answer):
    found = rows(
        results, analysis="table1", outcome=answer["name"], stratum_level=answer["group"]
    ).set_index("measure")
    close(found.at["mean", "estimate"], answer["mean"], LINEAR)
    close(found.at["mean", "std_error"], answer["std_error"], LINEAR)
    close(found.at["sd", "estimate"], answer["sd"], LINEAR)
