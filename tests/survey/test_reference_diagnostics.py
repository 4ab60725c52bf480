"""Diagnostics against R: every model, kind of design, domain and single-PSU rule."""

import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey.collinearity import (
    condition_indices,
    generalized_variance_inflation,
    variance_inflation,
)
from analysis.survey.goodness import archer_lemeshow, pseudo_r_squared
from analysis.survey.influence import influence, row_diagnostics

REFERENCE = Path(__file__).parents[1] / "reference"
DESIGNS = REFERENCE / "designs"

# Relative differences, some ten times what is seen.
RESIDUALS = 1e-9  # mean residuals of a good fit are small beside what they are made of
FIT = 1e-8  # a Wald statistic magnifies the differences of the covariance it divides by
DENORMAL = 1e-300  # p values that scipy rounds to 0
R_SQUARED = 1e-11
INFLATION = 1e-10  # what is left of columns that nearly explain each other
DETERMINANTS = 1e-8  # of correlations of coefficients that are nearly singular
CONDITION = 1e-10
ROWS = 1e-10
# Differences in standard errors of the coefficient.
LINEAR_CHANGE = 1e-10
CHANGE = 1e-9
REFIT = 1e-8  # both iterated anew, some near separation

ANSWERS = json.loads((REFERENCE / "diagnostics.json").read_text())["answers"]
CASES = {
    case["case"]: case
    for name in ("cases", "replicates")
    for case in json.loads((DESIGNS / f"{name}.json").read_text())
}
MODELS = {
    "gaussian": ("y ~ x + band + z", {}),
    "gaussian_missing": ("y ~ incomplete + band", {}),
    "binomial": ("event ~ x + band + z", {"family": "binomial"}),
    "binomial_missing": ("event ~ incomplete + band", {"family": "binomial"}),
    "cloglog": ("event ~ x + band", {"family": "binomial", "link": "cloglog"}),
    "rate": (
        "count ~ x + band",
        {"family": "poisson", "offset": lambda frame: np.log(frame["years"])},
    ),
    "gamma": ("cost ~ x + band + z", {"family": "gamma", "link": "log"}),
}
NOT_CANONICAL = ("cloglog", "gamma")  # R's refits to replicates stop at half the digits


@pytest.fixture(scope="module")
def fitted(made_up_design):
    @functools.cache
    def model(case, rule, domain, name):
        formula, options = MODELS[name]
        design = made_up_design(case, rule, domain)
        made = {key: v(design.frame) if callable(v) else v for key, v in options.items()}
        return design.glm(formula, **made)

    return lambda answer: model(*(answer[part] for part in ("case", "rule", "domain", "model")))


def identity(answer):
    return "-".join(answer[part] for part in ("case", "rule", "domain", "model"))


def numbers(values):
    values = values if isinstance(values, list) else [values]
    return np.array([np.nan if v is None else float(v) for v in values])


def agree(ours, theirs, tolerance, what, scale=0.0):
    ours, theirs = np.atleast_1d(np.asarray(ours, dtype=float)), numbers(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def columns_of(model, answer):
    """Our names in R's order: ``band[T.mid]`` is ``bandmid`` there."""
    plain = {n.replace("[T.", "").replace("]", ""): n for n in model.params.index}
    return [plain.get(name, "Intercept") for name in answer["names"]]


every = pytest.mark.parametrize("answer", ANSWERS, ids=identity)


def chosen(part):
    found = [answer for answer in ANSWERS if part in answer]
    assert found
    return pytest.mark.parametrize("answer", found, ids=identity)


def test_matrix_is_whole():
    cells = {identity(answer) for answer in ANSWERS}
    linearised = sum(len(c["rules"]) * len(c["domains"]) for c in CASES.values() if "rules" in c)
    assert len(cells) == len(ANSWERS) == (linearised + 6 * 2) * len(MODELS)
    assert {answer["model"] for answer in ANSWERS} == set(MODELS)


@every
def test_goodness_of_fit(answer, fitted):
    model = fitted(answer)
    for groups, theirs in zip((4, 10), answer["goodness"], strict=True):
        if "statistic" not in theirs:
            with pytest.raises(InputError, match=f"{theirs['df']} degrees of freedom"):
                archer_lemeshow(model, groups)
            continue
        if theirs["statistic"] is None:  # R cannot invert the covariance
            with pytest.raises(InputError, match=r"group \d+ \(\d+ rows\) has no standard error"):
                archer_lemeshow(model, groups)
            continue
        ours = archer_lemeshow(model, groups)
        assert len(ours.table) == theirs["groups"]
        scale = np.abs(ours.table["observed"]).max()
        agree(ours.table["residual"], theirs["residual"], RESIDUALS, "residual", scale)
        agree(ours.table["std_error"], theirs["std_error"], RESIDUALS, "std_error")
        assert (ours.df_num, ours.df_denom) == (
            theirs["groups"] - 1,
            theirs["df"] - theirs["groups"] + 2,
        )
        agree(ours.statistic, theirs["statistic"], FIT, "F")
        agree(ours.pvalue, theirs["p"], FIT, "p", scale=DENORMAL / FIT)


@every
def test_pseudo_r_squared(answer, fitted):
    ours = pseudo_r_squared(fitted(answer))
    for name, theirs in answer["pseudo"].items():
        agree(getattr(ours, name), theirs, R_SQUARED, name)
    undefined = {"cox_snell", "nagelkerke"} - set(answer["pseudo"])
    assert all(np.isnan(getattr(ours, name)) for name in undefined)
    if answer["model"] in ("binomial", "cloglog"):
        assert ours.mcfadden == ours.deviance


def model_is(answer, family):
    return answer["model"].partition("_")[0] == family


@every
def test_variance_inflation(answer, fitted):
    model = fitted(answer)
    ours = variance_inflation(model).loc[columns_of(model, answer)[1:]]
    for name, theirs in answer["inflation"].items():
        agree(ours[name], theirs, INFLATION, name, scale=1.0)
    terms = generalized_variance_inflation(model)
    agree(terms.loc["band", "gvif"], answer["generalised"]["gvif"], INFLATION, "gvif")
    k = len(model.params)
    singular = model.df_design < k - 1
    if singular:
        assert terms["covariance_gvif"].isna().all()
    elif model.replicates == "" or answer["model"] not in NOT_CANONICAL:
        theirs = answer["generalised"]["covariance_gvif"]
        agree(terms.loc["band", "covariance_gvif"], theirs, DETERMINANTS, "covariance_gvif")
    single = [name for name in terms.index if name != "band"]
    pd.testing.assert_series_equal(
        terms.loc[single, "design_gvif"], variance_inflation(model).loc[single, "design_vif"],
        rtol=1e-9, check_names=False,
    )  # fmt: skip


@every
def test_condition_indices(answer, fitted):
    model = fitted(answer)
    ours = condition_indices(model)[columns_of(model, answer)]
    agree(ours.index, answer["condition"]["indices"], CONDITION, "indices")
    theirs = numbers(answer["condition"]["shares"]).reshape(ours.shape)
    agree(ours.to_numpy().ravel(), theirs.ravel().tolist(), CONDITION, "shares", scale=1.0)


@chosen("rows")
def test_residuals_and_leverage_of_rows(answer, fitted):
    model = fitted(answer)
    ours = row_diagnostics(model)
    scale = {"pearson": 1.0, "deviance": 1.0, "leverage": 0.0}
    for name, theirs in answer["rows"].items():
        agree(ours[name].iloc[:20], theirs, ROWS, name, scale[name])
    assert ours["leverage"].sum() == pytest.approx(len(model.params), rel=1e-10)


@chosen("dfbeta")
def test_a_row_left_out(answer, fitted):
    model = fitted(answer)
    ours = influence(model).change[columns_of(model, answer)].iloc[:20]
    theirs = -numbers(answer["dfbeta"]).reshape(ours.shape)
    assert (np.abs(ours - theirs) / model.bse[ours.columns]).max(axis=None) < CHANGE


@chosen("without")
def test_a_psu_left_out(answer, fitted):
    model = fitted(answer)
    tolerance = LINEAR_CHANGE if model_is(answer, "gaussian") else CHANGE
    for reweight, part in ((False, "without"), (True, "reweighted")):
        ours, theirs = both(influence(model, reweight=reweight), model, answer, part, "one_step")
        assert np.abs(ours - theirs).max() < tolerance
    ours, theirs = both(influence(model, how="refit"), model, answer, "without", "refit")
    lost = np.isnan(ours).any(axis=1)  # R gives coefficients far out, or none
    assert (np.isnan(theirs[lost]) | (np.abs(theirs[lost]) > 10)).any(axis=1).all()
    assert np.abs(ours[~lost] - theirs[~lost]).max() < REFIT
    if model_is(answer, "gaussian"):
        exact, _ = both(influence(model), model, answer, "without", "refit")
        assert np.abs(exact - theirs).max() < LINEAR_CHANGE


def both(found, model, answer, part, kind):
    """Changes, ours and R's, in standard errors, in R's order of units and coefficients."""
    labels = found.change.index
    if labels.nlevels == 1:
        labels = pd.MultiIndex.from_product([[1], labels])
    change = found.scaled.set_axis([f"{h} {c}" for h, c in labels])
    columns = columns_of(model, answer)
    units = [theirs["unit"] for theirs in answer[part]]
    if part == "without":
        assert sorted(units) == sorted(change.index)
    theirs = np.array([numbers(each[kind]) for each in answer[part]])
    return change.loc[units, columns].to_numpy(), theirs / model.bse[columns].to_numpy()
