"""What is derived from models, against R's survey: every estimator, design and domain."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from analysis.survey import (
    Design,
    average_marginal_effects,
    interaction,
    johnson_neyman,
    linear_combination,
    margins,
    margins_of_matrices,
    nonlinear_combination,
    simple_slopes,
    wald_test,
)
from analysis.survey.margins import Covariates

REFERENCE = Path(__file__).parents[1] / "reference"
DESIGNS = REFERENCE / "designs"

# Differences, some ten times what is seen: of an estimate relative to itself or its standard
# error, whichever is larger, of a covariance relative to the product of the standard errors.
ESTIMATE = 1e-11  # the coefficients' own digits
COVARIANCE = 1e-9  # products of coefficients' covariances that partly cancel
PREDMEANS = 1e-8  # svypredmeans fits anew, and keeps working weights from before the last step
MEASURE = 1e-9  # near 0 they are what is left of odds ratios
TEST = 1e-10  # p values magnify the differences of what they are made of
BOUNDS = 1e-9  # R's are found by bisection, ours in closed form

CASES = {case["case"]: case for case in json.loads((DESIGNS / "cases.json").read_text())}
ANSWERS = json.loads((REFERENCE / "derived.json").read_text())["answers"]
FRAMES = {
    name: pd.read_csv(DESIGNS / f"{name}.csv").assign(
        high=lambda f: (f["x"] > 0) * 1, late=lambda f: (f["z"] > 8) * 1
    )
    for name in {case["file"] for case in CASES.values()}
}
BANDS = {"band": ["low", "mid", "top"]}
MARGINS = {
    "margins_gaussian": ("y ~ x * band", BANDS),
    "margins_binomial": ("event ~ x * band", BANDS),
    "margins_missing": ("event ~ incomplete + band", BANDS),
    "margins_pairs": ("event ~ high * late + z", {"high": [0, 1], "late": [0, 1]}),
}
EFFECTS = "{} ~ x + I(x**2) + late + x:late"


def design_of(answer):
    case = CASES[answer["case"]]
    whole = Design(
        FRAMES[case["file"]],
        weights="weight",
        strata=case["strata"],
        psu=case["psu"],
        lonely_psu=answer["rule"],
    )
    return whole.where(whole.frame[answer["domain"]] == 1)


def identity(answer):
    return "-".join(answer[part] for part in ("case", "rule", "domain", "estimator"))


def chosen(prefix):
    found = [answer for answer in ANSWERS if answer["estimator"].startswith(prefix)]
    assert found
    return pytest.mark.parametrize("answer", found, ids=identity)


def family_and_outcome(answer):
    return ("gaussian", "y") if "gaussian" in answer["estimator"] else ("binomial", "event")


def numbers(values):
    values = values if isinstance(values, list) else [values]
    return np.array([np.nan if value is None else float(value) for value in values])


def agree(ours, estimate, covariance, tolerance=COVARIANCE):
    """Hold estimates and covariance against R's, NaN against NaN."""
    theirs = numbers(estimate)
    spread = numbers(covariance).reshape(len(theirs), -1)
    std_error = np.sqrt(np.diag(spread))
    size = np.fmax(np.abs(theirs), std_error)
    np.testing.assert_array_equal(np.isnan(ours.params), np.isnan(theirs))
    assert np.nanmax(np.abs(ours.params.to_numpy() - theirs) / size) <= ESTIMATE
    np.testing.assert_allclose(
        ours.covariance / np.outer(std_error, std_error),
        spread / np.outer(std_error, std_error),
        rtol=0,
        atol=tolerance,
    )


def test_matrix_is_whole():
    cells = sum(
        len(case["domains"]) * len({"fail", "average"} & set(case["rules"]))
        for case in CASES.values()
        if case["case"] not in ("no_psu", "no_strata")
    )
    estimators = {answer["estimator"] for answer in ANSWERS}
    assert len({identity(answer) for answer in ANSWERS}) == cells * len(estimators) == len(ANSWERS)
    assert set(MARGINS) <= estimators and len(estimators) == 15


@chosen("wald")
def test_wald_test(answer):
    family, outcome = family_and_outcome(answer)
    model = design_of(answer).glm(f"{outcome} ~ x + band", family)
    plain, adjusted = (wald_test(model, "band", adjusted=which) for which in (False, True))
    assert plain == model.wald_test("band")
    assert (plain.df_num, plain.df_denom) == (answer["q"], answer["df"])
    assert adjusted.df_denom == answer["df"] - answer["q"] + 1
    ours = [plain.statistic, plain.pvalue, adjusted.statistic, adjusted.pvalue]
    theirs = [answer[part] for part in ("f", "p", "f_adjusted", "p_adjusted")]
    np.testing.assert_allclose(ours, theirs, rtol=TEST)


@chosen("contrasts")
def test_linear_combinations(answer):
    family, outcome = family_and_outcome(answer)
    model = design_of(answer).glm(f"{outcome} ~ x + band", family)
    found = linear_combination(
        model,
        {
            "mid - top": {"band[T.mid]": 1, "band[T.top]": -1},
            "at x = 2": {"Intercept": 1, "x": 2},
        },
    )
    agree(found, answer["estimate"], answer["covariance"])


@chosen("predmeans")
def test_margins_are_those_of_svypredmeans(answer):
    family, outcome = family_and_outcome(answer)
    design = design_of(answer)
    formula = f"{outcome} ~ x + band"
    model = design.glm(formula, family)
    found = margins(model, design, formula, BANDS)
    agree(found, **answer["margins"], tolerance=PREDMEANS)
    agree(found.differences("low"), **answer["differences"], tolerance=PREDMEANS)
    agree(found.log_ratios("low"), **answer["log_ratios"], tolerance=PREDMEANS)
    fixed = margins(model, design, formula, BANDS, covariates="fixed")
    agree(fixed, answer["margins"]["estimate"], answer["fixed"], PREDMEANS)


@chosen("margins")
def test_margins_of_products(answer):
    family, _ = family_and_outcome(answer)
    design = design_of(answer)
    formula, at = MARGINS[answer["estimator"]]
    model = design.glm(formula, family)
    for covariates in get_args(Covariates):
        found = margins(model, design, formula, at, covariates=covariates)
        agree(found, answer["estimate"], answer[covariates])


@chosen("margins_pairs")
def test_margins_of_matrices(answer):
    design = design_of(answer)
    frame = design.frame
    x = pd.DataFrame({"z": frame["z"], "one": 1.0, "high": frame["high"], "late": frame["late"]})
    x["both"] = x["high"] * x["late"]
    model = design.fit("event", x, "binomial")
    used = x.loc[model.fittedvalues.index]
    at = {(h, k): used.assign(high=h, late=k, both=h * k) for h in (0, 1) for k in (0, 1)}
    for covariates in get_args(Covariates):
        found = margins_of_matrices(model, design, at, covariates=covariates)
        agree(found, answer["estimate"], answer[covariates])


@chosen("effects")
def test_average_marginal_effects(answer):
    family, outcome = family_and_outcome(answer)
    design = design_of(answer)
    formula = EFFECTS.format(outcome)
    model = design.glm(formula, family)
    for covariates in get_args(Covariates):
        found = average_marginal_effects(model, design, formula, "x", covariates=covariates)
        agree(found, answer["estimate"], answer[covariates])


@chosen("slopes")
def test_simple_slopes_and_johnson_neyman_bounds(answer):
    family, outcome = family_and_outcome(answer)
    model = design_of(answer).glm(f"{outcome} ~ x * z", family)
    agree(
        simple_slopes(model, "x", "x:z", [-5, 0, 7.5, 20]),
        answer["estimate"],
        answer["covariance"],
    )
    found = johnson_neyman(model, "x", "x:z")
    np.testing.assert_allclose(found.bounds, answer["bounds"], rtol=BOUNDS)
    beyond_at_low_end = bool(found.regions) and found.regions[0][0] == -np.inf
    assert beyond_at_low_end == answer["beyond_at_low_end"]


@chosen("interaction")
def test_interaction_on_both_scales(answer):
    model = design_of(answer).glm("event ~ high * late + z", "binomial")
    found = interaction(model, "high", "late", "high:late")
    agree(found.log_odds_ratios, **answer["log_odds_ratios"])
    theirs = numbers(answer["estimate"])
    std_error = np.sqrt(np.diag(numbers(answer["covariance"]).reshape(4, 4)))
    log = (True, False, False, True)
    ours = [np.log(x) if on else x for x, on in zip(found.measures["estimate"], log, strict=True)]
    np.testing.assert_allclose(ours, theirs, rtol=MEASURE)
    std_error[np.isnan(theirs)] = np.nan  # R has one even of what has no logarithm
    np.testing.assert_allclose(found.measures["std_error"], std_error, rtol=COVARIANCE)


@chosen("interaction")
def test_non_linear_combinations(answer):
    model = design_of(answer).glm("event ~ high * late + z", "binomial")

    def reri(b):
        both = np.exp(b["high"] + b["late"] + b["high:late"])
        return both - np.exp(b["high"]) - np.exp(b["late"]) + 1

    found = nonlinear_combination(
        model,
        {
            "RERI": reri,
            "AP": lambda b: reri(b) / np.exp(b["high"] + b["late"] + b["high:late"]),
        },
    )
    covariance = numbers(answer["covariance"]).reshape(4, 4)[1:3, 1:3]
    agree(found, answer["estimate"][1:3], list(covariance.ravel()))
