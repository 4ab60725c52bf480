"""Families, links and offsets against R's survey: every model, design, domain and rule."""

import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import Design

REFERENCE = Path(__file__).parents[1] / "reference"
DESIGNS = REFERENCE / "designs"

# Relative differences (of a covariance: to the product of the standard errors), some ten times
# what is seen. Newton's method with a numerical Jacobian there, scoring and Newton's here.
ESTIMATE = 1e-13  # of a coefficient near 0: relative to its standard error
COVARIANCE = 5e-12  # of rare events under weights over orders of magnitude; mostly 1e-14
REPLICATED = 1e-12  # deviations of replicates from their mean lose the digits they have in common
TEST = 1e-8  # an F and its p value magnify the differences of what they are made of

CASES = {
    case["case"]: case
    for name in ("cases", "replicates")
    for case in json.loads((DESIGNS / f"{name}.json").read_text())
}
ANSWERS = json.loads((REFERENCE / "families.json").read_text())["answers"]
FRAMES = {
    name: pd.read_csv(DESIGNS / f"{name}.csv").assign(high=lambda f: (f["x"] > 0) * 1.0)
    for name in ("plain", "lonely", "hard", "paired")
}
OUTCOMES = {"gaussian": "cost", "binomial": "event", "poisson": "count", "gamma": "cost"}
COVARIATES = {
    "binomial_log_bands": "high",
    "binomial_identity": "high",
    "poisson_identity": "high",
    "gamma_inverse": "high",
    "gamma_identity": "high",
    "poisson_log_missing": "incomplete",
}


@functools.cache
def whole_of(name, rule):
    case = CASES[name]
    design = Design(
        FRAMES[case["file"]],
        weights="weight",
        strata=case["strata"],
        psu=case["psu"],
        lonely_psu=rule,
        fpc=case.get("fpc"),
    )
    if "make" in case:
        return design.as_replicates(case["make"], rho=case.get("rho"), mse=case["mse"])
    return design


def asked(answer, entry="formula"):
    whole = whole_of(answer["case"], answer.get("rule") or CASES[answer["case"]]["rule"])
    design, name = whole.where(whole.frame[answer["domain"]] == 1), answer["estimator"]
    frame = design.frame
    family, link = name.split("_")[:2]
    outcome = "event" if name == "poisson_log_risks" else OUTCOMES[family]
    first = COVARIATES.get(name, "x")
    rates = name in ("poisson_log_rates", "poisson_log_missing")
    options = {"link": link, "offset": np.log(frame["years"]) if rates else None}
    if entry == "formula":
        return design.glm(f"{outcome} ~ {first} + band", family, **options)
    bands = {f"band[T.{band}]": (frame["band"] == band) * 1.0 for band in ("mid", "top")}
    x = pd.DataFrame({"Intercept": 1.0, first: frame[first], **bands}, index=frame.index)
    return design.fit(outcome, x, family, terms={"band": list(bands)}, **options)


def identity(answer):
    return "-".join(
        answer[part] for part in ("case", "rule", "domain", "estimator") if part in answer
    )


def numbers(values):
    return np.array([np.nan if value is None else float(value) for value in values])


def test_matrix_is_whole():
    asked_of = {answer["case"] for answer in ANSWERS}
    cells = sum(
        len({"fail", "adjust", "average"} & set(case.get("rules", ["fail"]))) * len(case["domains"])
        for name, case in CASES.items()
        if name in asked_of
    )
    assert len({identity(answer) for answer in ANSWERS}) == len(ANSWERS) == 14 * cells
    solved = pd.Series({identity(answer): answer["solution"] for answer in ANSWERS})
    by_model = solved.groupby(lambda cell: cell.rpartition("-")[2]).mean()
    assert (by_model > 0).all() and by_model.mean() > 0.9


@pytest.mark.parametrize("answer", [a for a in ANSWERS if a["solution"]], ids=identity)
def test_family_link_and_offset(answer):
    model = asked(answer, entry="matrix" if answer["case"] == "lonely" else "formula")
    names = [
        "Intercept"
        if name == "(Intercept)"
        else name.replace("band", "band[T.") + "]" * ("band" in name)
        for name in answer["names"]
    ]
    theirs = numbers(answer["estimate"])
    covariance = numbers(answer["covariance"]).reshape(len(names), -1)
    std_error = np.sqrt(np.diag(covariance))
    size = np.maximum(np.abs(theirs), std_error)
    assert (np.abs(model.params[names] - theirs) / size).max() <= ESTIMATE
    off = np.abs(model.cov_params().loc[names, names] - covariance) / np.outer(std_error, std_error)
    spread = COVARIANCE if "make" not in CASES[answer["case"]] else REPLICATED
    assert off.max(axis=None) <= spread
    assert model.df_design == answer["df"]
    test = model.wald_test("band")
    np.testing.assert_allclose([test.statistic, test.pvalue], [answer["f"], answer["p"]], rtol=TEST)


@pytest.mark.parametrize("answer", [a for a in ANSWERS if not a["solution"]], ids=identity)
def test_without_a_solution_there_is_an_error(answer):
    with pytest.raises(InputError, match=r"border|run away"):
        asked(answer)
