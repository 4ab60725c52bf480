"""Multinomial and proportional-odds logits against R: every estimator, design and domain."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"
DESIGNS = REFERENCE / "designs"

# Differences, some ten times what is seen or more: of an estimate relative to itself or its
# standard error, whichever is larger, of a covariance relative to the product of standard errors.
ESTIMATE = 1e-13  # both iterated until rounding is all that is left
COVARIANCE = (
    1e-12  # by replicate weights as well: the deviations are not small beside the estimates
)
TEST = 1e-10  # F and p magnify the differences of what they are made of
# R's svyolr stops where its BFGS no longer finds a lower deviance, and its Hessian is made of
# differences of the gradient.
SVYOLR_ESTIMATE = 5e-6
SVYOLR_COVARIANCE = 1e-6

CASES = {
    case["case"]: case
    for name in ("cases", "replicates")
    for case in json.loads((DESIGNS / f"{name}.json").read_text())
}
ANSWERS = json.loads((REFERENCE / "categories.json").read_text())["answers"]
FORMULAS = {
    "multinomial": "kind ~ x + band",
    "multinomial_missing": "kind ~ incomplete + band",
    "ordinal": "grade ~ x + band",
    "ordinal_missing": "grade ~ incomplete * band",
    "brant": "grade ~ x + band",
    "svyolr": "grade ~ x + band",
}


@pytest.fixture(scope="module")
def model_of(made_up_design):
    """Each model once: an estimator's is another's as well."""

    @functools.cache
    def fit(case, rule, domain, formula):
        design = made_up_design(case, rule, domain)
        if formula.startswith("kind"):
            return design.multinomial(formula, reference="none")
        return design.ordinal(formula)

    return lambda a: fit(a["case"], a["rule"], a["domain"], FORMULAS[a["estimator"]])


def identity(answer):
    parts = ("case", "rule", "domain", "estimator")
    return "-".join(answer[part] for part in parts)


def name_in_r(name):
    """``much: band[T.mid]`` is ``much: bandmid`` in R."""
    return name.replace("[T.", "").replace("]", "").replace("Intercept", "(Intercept)")


def numbers(values):
    return np.array([np.nan if value is None else float(value) for value in values])


def agree(model, answer, estimate, covariance):
    """Hold coefficients and their covariance against R's, by name, NaN against NaN."""
    ours = model.params.rename(name_in_r)
    assert set(ours.index) == set(answer["names"])
    order = [list(ours.index).index(name) for name in answer["names"]]
    theirs = numbers(answer["estimate"])
    size = len(theirs)
    spread = np.empty((size, size))
    spread[np.triu_indices(size)] = numbers(answer["covariance"])  # R goes down the columns
    spread = np.where(np.tri(size, k=-1, dtype=bool), spread.T, spread)
    std_error = np.sqrt(np.diag(spread))
    wide = np.fmax(np.abs(theirs), std_error)
    assert np.max(np.abs(ours.to_numpy()[order] - theirs) / wide) <= estimate
    bound = np.outer(std_error, std_error)
    np.testing.assert_allclose(
        model.covariance.to_numpy()[np.ix_(order, order)] / bound,
        spread / bound,
        rtol=0,
        atol=covariance,
    )


def agree_test(ask, theirs):
    """Hold an F test against R's; a singular covariance is refused by both."""
    if theirs is None:
        with pytest.raises(ValueError, match="covariance is singular"):
            ask()
        return
    ours = ask()
    assert ours.statistic == pytest.approx(theirs["f"], rel=TEST)
    assert ours.pvalue == pytest.approx(theirs["p"], rel=TEST)


def chosen(*estimators):
    found = [answer for answer in ANSWERS if answer["estimator"] in estimators]
    assert found
    return pytest.mark.parametrize("answer", found, ids=identity)


def test_matrix_is_whole():
    taylor = sum(len(case.get("rules", [])) * len(case["domains"]) for case in CASES.values())
    found = {}
    for answer in ANSWERS:
        found.setdefault(answer["estimator"], []).append(identity(answer))
    assert set(found) == set(FORMULAS)
    for estimator, cells in found.items():
        # And fpc and, but for svyolr, six kinds of replicate weights, each in three domains.
        assert len(set(cells)) == len(cells) == taylor + 3 * (1 if estimator == "svyolr" else 7)


@chosen("multinomial", "multinomial_missing", "ordinal", "ordinal_missing")
def test_model(answer, model_of):
    model = model_of(answer)
    agree(model, answer, ESTIMATE, COVARIANCE)
    assert model.df_design == model.df_resid == answer["df"]
    term = [name for name in model.terms if "band" in name][:1]
    if answer["estimator"] == "ordinal_missing":
        term = [name for name in model.params.index if "band" in name]
    agree_test(lambda: model.wald_test(term), answer["wald"])


@chosen("brant")
def test_proportional_odds(answer, model_of):
    model = model_of(answer)
    agree(model.cumulative_logits, answer, ESTIMATE, COVARIANCE)
    agree_test(lambda: model.proportional_odds_test("x"), answer["wald"])
    agree_test(model.proportional_odds_test, answer["all"])


@chosen("svyolr")
def test_proportional_odds_logit_of_survey_itself(answer, model_of):
    model = model_of(answer)
    agree(model, answer, SVYOLR_ESTIMATE, SVYOLR_COVARIANCE)
    assert model.df_design - model.df_taken[0] == answer["df_residual"]
