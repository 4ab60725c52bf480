"""Our digits against R's survey: every estimator, kind of design, domain and single-PSU rule."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"
DESIGNS = REFERENCE / "designs"

# Relative differences, some ten times what is seen.
CLOSED_FORM = 1e-12  # sums in another order; Student's and the beta distribution inverted
R_LOGIT = 1e-8  # R's svyciprop iterates its logit until the deviance is stable to 1e-8 only
LINEAR = 1e-12  # QR there, an orthogonal basis here
LOGISTIC = 1e-11  # both iterated until rounding is all that is left
TEST = 1e-10  # p values magnify the differences of what they are made of
# Deviations of replicates from their mean lose the digits that the estimates have in common.
REPLICATED = 1e-11
REPLICATED_LOGISTIC = 1e-10  # each iterated on its own, some near separation
R_REPLICATED_LOGIT = 1e-7  # the same, of logits that R iterates to 1e-8

REFERENCES = {
    name: json.loads((REFERENCE / f"{name}.json").read_text()) for name in ("designs", "replicates")
}
CASES = {
    case["case"]: case
    for name in ("cases", "replicates")
    for case in json.loads((DESIGNS / f"{name}.json").read_text())
}
ANSWERS = [answer for reference in REFERENCES.values() for answer in reference["answers"]]
MODELS = {
    "gaussian": "y ~ x + band + z",
    "gaussian_missing": "y ~ incomplete + band",
    "binomial": "event ~ x + band",
    "binomial_missing": "event ~ incomplete * band",
}
DESCRIBED = {
    "mean": lambda design: design.mean("y"),
    "mean_missing": lambda design: design.mean("incomplete"),
    "mean_by_group": lambda design: design.mean("y", by="group"),
    "total": lambda design: design.total("y"),
    "variance": lambda design: design.variance("y"),
    "ratio": lambda design: design.ratio("y", "z"),
    "proportion_logit": lambda design: design.proportion("event"),
    "proportion_beta": lambda design: design.proportion("event", interval="beta"),
    "proportion_wald": lambda design: design.proportion("event", interval="wald"),
    "quantile_math": lambda design: design.quantile("y", [0.1, 0.5, 0.9]),
    "quantile_school": lambda design: design.quantile("y", [0.1, 0.5, 0.9], rule="school"),
}


def identity(answer):
    parts = ("case", "rule", "domain", "estimator")
    return "-".join(answer[part] for part in parts if part in answer)


def numbers(values):
    values = values if isinstance(values, list) else [values]
    return np.array([np.nan if value is None else float(value) for value in values])


def agree(ours, theirs, tolerance, what):
    theirs = numbers(theirs)
    np.testing.assert_allclose(
        np.atleast_1d(np.asarray(ours, dtype=float)), theirs, rtol=tolerance, atol=0, err_msg=what
    )


def name_in_r(name):
    """``band[T.mid]`` is ``bandmid`` in R, and interactions stand in alphabetical order."""
    plain = name.replace("[T.", "").replace("]", "")
    return "(Intercept)" if plain == "Intercept" else ":".join(sorted(plain.split(":")))


def test_matrix_is_whole():
    cells = {identity(answer) for answer in ANSWERS}
    expected = sum(len(case.get("rules", [0])) * len(case["domains"]) for case in CASES.values())
    assert len(cells) == expected * (len(MODELS) + len(DESCRIBED))


@pytest.mark.parametrize(
    "answer", [a for a in ANSWERS if a["estimator"] in DESCRIBED], ids=identity
)
def test_description(answer, made_up_design):
    design = made_up_design(answer["case"], answer.get("rule"), answer["domain"])
    frame = DESCRIBED[answer["estimator"]](design).frame
    spread = CLOSED_FORM if design.replicates is None else REPLICATED
    point, iterated = CLOSED_FORM, spread
    if answer["estimator"] == "proportion_logit":
        point, iterated = R_LOGIT, R_LOGIT if design.replicates is None else R_REPLICATED_LOGIT
    agree(frame["estimate"], answer["estimate"], point, "estimate")
    agree(frame["std_error"], answer["std_error"], spread, "std_error")
    if "df" in answer:
        assert set(frame["df"]) == {answer["df"]}
        agree(frame["conf_low"], answer["conf_low"], iterated, "conf_low")
        agree(frame["conf_high"], answer["conf_high"], iterated, "conf_high")
    if "levels" in answer:
        assert list(frame["group"]) == list(answer["levels"])


@pytest.mark.parametrize("entry", ["formula", "matrix"])
@pytest.mark.parametrize("answer", [a for a in ANSWERS if a["estimator"] in MODELS], ids=identity)
def test_regression(answer, entry, made_up_design):
    design = made_up_design(answer["case"], answer.get("rule"), answer["domain"])
    formula = MODELS[answer["estimator"]]
    family = answer["estimator"].partition("_")[0]
    tolerance = point = LINEAR if family == "gaussian" else LOGISTIC
    f_and_p = TEST
    if design.replicates is not None:
        tolerance = REPLICATED if family == "gaussian" else REPLICATED_LOGISTIC
        f_and_p = 10 * tolerance
    if entry == "formula":
        model = design.glm(formula, family=family)
    else:
        model = by_matrix(design, answer["names"], formula, family)
    order = dict(zip(map(name_in_r, model.params.index), model.params.index, strict=True))
    ours = [order[":".join(sorted(name.split(":")))] for name in answer["names"]]
    agree(model.params[ours], answer["estimate"], point, "coefficients")
    covariance = model.cov_params().loc[ours, ours].to_numpy()
    theirs = numbers(answer["covariance"]).reshape(covariance.shape)
    agree(model.bse[ours], list(np.sqrt(np.diag(theirs))), tolerance, "std_error")
    # Off the diagonal a covariance may be near zero: held against the size that it could have.
    bound = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    assert (np.abs(covariance - theirs) / bound).max() <= tolerance
    assert model.df_design == model.df_resid == answer["df"]
    agree(model.conf_int()[0][ours], answer["conf_low"], 10 * tolerance, "conf_low")
    test = model.wald_test("band")
    agree(test.statistic, answer["f"], f_and_p, "F")
    agree(test.pvalue, answer["p"], f_and_p, "p")
    if entry == "formula":
        residual = dataclasses.replace(model, df_rule="residual")
        assert residual.df_resid == answer["df_residual"]
        agree(residual.conf_int()[0][ours], answer["conf_low_residual"], 10 * tolerance, "conf_low")
        agree(residual.wald_test("band").pvalue, answer["p_residual"], f_and_p, "p")


def by_matrix(design, names, formula, family):
    frame = design.frame
    plain = {
        "(Intercept)": 1.0,
        "bandmid": (frame["band"] == "mid") * 1.0,
        "bandtop": (frame["band"] == "top") * 1.0,
    }
    plain |= {name: frame[name] for name in ("x", "z", "incomplete")}
    columns = {}
    for name in names:
        columns[name] = math.prod(plain[part] for part in name.split(":"))
    x = pd.DataFrame(columns, index=frame.index)
    outcome = formula.partition(" ")[0]
    return design.fit(outcome, x, family, terms={"band": ["bandmid", "bandtop"]})


@pytest.mark.parametrize("method", ["bootstrap", "subbootstrap"])
def test_scales_of_the_bootstraps(method, made_up_design):
    design = made_up_design("nested", "fail")
    made = design.as_replicates(method, count=80, seed=1).replicates
    assert made.scale == pytest.approx(REFERENCES["replicates"]["scales"][method], rel=1e-14)
    assert (made.rscales == 1).all()
