"""Chi-square, t, rank and likelihood ratio tests against R's survey."""

import dataclasses
import functools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import likelihood_ratio_test, tail_probability

REFERENCE = Path(__file__).parents[1] / "reference"

# Relative differences, some ten times what is seen.
CLOSED_FORM = 1e-11  # sums in another order, and eigenvalues
TEST = 1e-10  # p values magnify the differences of what they are made of
WALD = 1e-9  # the inverse of a covariance that is nearly singular on few degrees of freedom
R_POWERS = 1e-6  # R's saddlepoint is found to 1e-8 of its scale, and p moves with it
IMHOF = 1e-8  # R's integrate, over a range cut off where 1e-9 is left
NEAR_ZERO = 1e-12  # of a difference of deviances that are equal but for rounding, in their units
UNDERFLOW = 1e-300  # scipy's t tail ends at 0 before R's does
REPLICATED = 1e-9  # deviations of replicates lose the digits that the estimates have in common

ANSWERS = json.loads((REFERENCE / "tested.json").read_text())


@pytest.fixture
def ask(made_up_design):
    """The design that R was asked about."""
    return lambda answer: made_up_design(answer["case"], answer.get("rule"), answer["domain"])


def column(design, name):
    """A column of the sample, or one that is made of others, as tested.R has it."""
    frame = design.frame
    if name == "third":
        third = pd.Series(np.where(frame["incomplete"] > 0.3, "above", "below"), frame.index)
        return third.where(frame["incomplete"].notna())
    if name == "sparse":
        return frame["grade"].where(frame["band"] != "low", frame["grade"].clip(upper=3))
    if name == "untied":
        return frame["y"] + frame["x"] / 1000 + frame["z"] / 1e7
    return name


def identity(answer):
    parts = ("case", "rule", "domain", "estimator")
    return "-".join(answer[part] for part in parts if part in answer)


def chosen(prefix):
    found = [answer for answer in ANSWERS["answers"] if answer["estimator"].startswith(prefix)]
    assert len(found) >= 29
    return pytest.mark.parametrize("answer", found, ids=identity)


def agree(ours, theirs, tolerance, what, near_zero=0.0):
    theirs = [np.nan if each is None else float(each) for each in np.ravel(theirs)]
    np.testing.assert_allclose(
        np.ravel(ours).astype(float), theirs, rtol=tolerance, atol=near_zero, err_msg=what
    )


def loose(tolerance, design):
    return tolerance if design.replicates is None else max(tolerance, REPLICATED)


def saddlepoint_in_r(q, effects, df):
    """R's, which takes whole degrees of freedom of the denominator but divides by all of them."""
    if not df >= 1 or math.isinf(df):
        return tail_probability(q, effects, df)
    return tail_probability(q * math.floor(df) / df, effects, math.floor(df))


@pytest.mark.parametrize("answer", ANSWERS["tails"], ids=str)
def test_tail_probability(answer):
    df = math.inf if answer["df"] is None else answer["df"]
    ours = functools.partial(tail_probability, answer["q"], answer["weights"], df)
    agree(ours("satterthwaite"), answer["satterthwaite"], CLOSED_FORM, "satterthwaite")
    agree(ours("saddlepoint"), answer["kuonen"], TEST, "saddlepoint")
    agree(ours("saddlepoint"), answer["saddlepoint"], R_POWERS, "saddlepoint of R")
    if answer["imhof"] is not None:
        agree(ours("integration"), answer["imhof"], IMHOF, "integration")


TABLES = {
    "table_band_event": ("band", "event"),
    "table_band_grade": ("band", "grade"),
    "table_missing": ("third", "kind"),
    "table_empty": ("band", "sparse"),
}


@chosen("table")
def test_chi_square(ask, answer):
    design = ask(answer)
    variables = [column(design, name) for name in TABLES[answer["estimator"]]]
    second = design.chi_square(*variables)
    spread = loose(CLOSED_FORM, design)
    agree(second.pearson, answer["pearson"] * second.nobs, spread, "Pearson")
    agree(second.statistic, answer["f"], spread, "F")
    agree([second.df_num, second.df_design], [answer["d0"], answer["nu"]], spread, "df")
    agree(second.pvalue, answer["p"], 10 * loose(TEST, design), "p")
    first = design.chi_square(*variables, "Chisq")
    assert (first.df_num, first.df_denom) == (answer["q"], math.inf)
    agree(first.pvalue, answer["p_first"], loose(TEST, design), "p of first order")
    # In R the saddlepoint has a denominator under linearisation only, and its PSUs of weight 0.
    linear = design.replicates is None
    df = answer["own_df"] if linear else math.inf
    found = saddlepoint_in_r(second.pearson, second.design_effects, df)
    agree(found, answer["p_saddlepoint"], R_POWERS, "saddlepoint")
    endless = design.chi_square(*variables, "saddlepoint", df=math.inf)
    if not linear:
        agree(endless.pvalue, answer["p_saddlepoint"], R_POWERS, "saddlepoint")
    exact = design.chi_square(*variables, "lincom")
    assert exact.statistic == second.pearson
    assert exact.pvalue == tail_probability(
        second.pearson, second.design_effects, second.df_denom, "integration"
    )


@chosen("table")
def test_wald_chi_square(ask, answer):
    design = ask(answer)
    variables = [column(design, name) for name in TABLES[answer["estimator"]]]
    try:
        wald = design.chi_square(*variables, "Wald")
        adjusted = design.chi_square(*variables, "adjWald")
    except InputError as error:
        assert "singular" in str(error)
        assert answer["q"] > answer["nu"]
        return
    agree(wald.statistic, answer["wald"], WALD, "Wald")
    agree(wald.pvalue, answer["p_wald"], 10 * WALD, "p")
    agree(adjusted.statistic, answer["adjusted"], WALD, "adjusted")
    agree(adjusted.pvalue, answer["p_adjusted"], 10 * WALD, "p adjusted")


@chosen("fit")
def test_goodness_of_fit(ask, answer):
    design = ask(answer)
    shares = {1: 0.15, 2: 0.4, 3: 0.25, 4: 0.2}
    ours = design.goodness_of_fit("grade", shares, df=math.inf)
    spread = loose(CLOSED_FORM, design)
    agree(ours.pearson, answer["pearson"] * ours.nobs, spread, "Pearson")
    agree(ours.design_effects, np.array(answer["effects"]) * ours.nobs, 10 * spread, "effects")
    agree(ours.df_num, answer["df"], spread, "df")
    agree(ours.pvalue, answer["p"], loose(TEST, design), "p")
    assert design.goodness_of_fit("grade", shares).df_design == answer["nu"]


T_TESTS = {
    "t_event": ("y", {"by": "event"}),
    "t_missing": ("incomplete", {"by": "event"}),
    "t_one": ("y", {}),
    "t_paired": ("incomplete", {"paired": "x"}),
}


@chosen("t_")
def test_t_test(ask, answer):
    design = ask(answer)
    values, options = T_TESTS[answer["estimator"]]
    ours = design.t_test(values, **options, df="residual")
    assert ours.df == answer["df"] + ("by" not in options)  # R takes one off for one sample, too
    ours = design.t_test(values, **options, df=answer["df"])
    spread = loose(CLOSED_FORM, design)
    agree(ours.estimate, answer["estimate"], spread, "estimate")
    agree(ours.statistic, answer["t"], spread, "t")
    agree(ours.pvalue, answer["p"], 10 * loose(TEST, design), "p", UNDERFLOW)
    agree(ours.conf_low, answer["low"], 10 * spread, "conf_low")


@chosen("rank")
def test_rank_test(ask, answer):
    design = ask(answer)
    _, test, by = answer["estimator"].split("_")
    value = column(design, "untied")
    if test == "tied":
        value, test = "exit", "wilcoxon" if by == "event" else "vanderWaerden"
    ours = design.rank_test(value, by, test, df="residual")
    made, spread = answer["made"], loose(CLOSED_FORM, design)
    two = made["q"] == 1
    agree(ours.statistic ** (2 if two else 1), made["f"], 10 * spread, "F")
    agree(ours.pvalue, made["p"], 10 * loose(TEST, design), "p")
    by_design = design.rank_test(value, by, test)
    assert by_design.df_denom == made["nu"]
    agree(by_design.pvalue, made["p_design"], 10 * loose(TEST, design), "p")
    if two:
        agree(ours.estimate, made["estimate"], 10 * spread, "estimate")
    if answer["own"]:
        agree(ours.statistic, answer["own"]["statistic"], 10 * spread, "R's own")
        agree(ours.df_denom, answer["own"]["df"], 0, "df")
        agree(ours.pvalue, answer["own"]["p"], 10 * loose(TEST, design), "R's own p")


MODELS = {
    "ratio_gaussian": ("y ~ x + band", "y ~ x", "gaussian"),
    "ratio_binomial": ("event ~ x + band", "event ~ x", "binomial"),
    "ratio_poisson": ("count ~ x + band", "count ~ x", "poisson"),
    "ratio_missing": ("event ~ incomplete + band", "event ~ incomplete", "binomial"),
}


@chosen("ratio")
def test_likelihood_ratio(ask, answer):
    design = ask(answer)
    formula, smaller, family = MODELS[answer["estimator"]]
    offset = np.log(design.frame["years"]) if family == "poisson" else None
    model = design.glm(formula, family, offset=offset)
    spread = loose(TEST, design)
    for what in ("band", design.glm(smaller, family, offset=offset)):
        ours = likelihood_ratio_test(model, what)
        agree(ours.statistic, answer["statistic"], spread, "statistic", NEAR_ZERO)
        agree(ours.design_effects, answer["effects"], 10 * spread, "effects")
        agree(ours.pvalue, answer["p_design"], 10 * spread, "p")
    residual = dataclasses.replace(model, df_rule="residual")
    assert residual.df_resid == answer["df_residual"]
    found = likelihood_ratio_test(residual, "band").pvalue
    agree(found, answer["p_residual"], 10 * spread, "p of the residual rule")
    agree(found, answer["own"], R_POWERS, "R's own")
    endless = likelihood_ratio_test(model, "band", df=math.inf)
    agree(endless.pvalue, answer["p_endless"], 10 * spread, "p without denominator")
    working = likelihood_ratio_test(residual, "band", method="WorkingWald")
    agree(working.statistic, answer["working"], spread, "working Wald")
    agree(working.pvalue, answer["own_working"], R_POWERS, "R's own")


@chosen("cox")
def test_likelihood_ratio_of_hazards(ask, answer):
    design = ask(answer)
    model = design.coxph("x + band", "exit", "status")
    ours = likelihood_ratio_test(model, "band")
    spread = 10 * loose(TEST, design)
    agree(ours.statistic, answer["statistic"], spread, "statistic", NEAR_ZERO)
    agree(ours.design_effects, answer["effects"], spread, "effects")
    agree(ours.pvalue, answer["p_design"], spread, "p")
    working = likelihood_ratio_test(model, "band", method="WorkingWald")
    agree(working.statistic, answer["working"], spread, "working Wald")


def test_matrix_is_whole():
    cells = {identity(answer) for answer in ANSWERS["answers"]}
    assert len(cells) == len(ANSWERS["answers"]) == (9 * 3 + 5 * 2) * 21 - 4 * 2
