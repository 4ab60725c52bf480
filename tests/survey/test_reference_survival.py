"""Cox's model against R's svycoxph: ties, entry, strata, every kind of design, domain and rule."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "survival.json"

# Relative differences, some ten times what is seen.
ESTIMATE = 1e-11  # Newton's method there and here until rounding is all that is left
SPREAD = 1e-12  # of covariances, relative to the product of the standard errors
REPLICATED = 1e-9  # deviations of replicates lose the digits that the estimates have in common
LOOSE = 1e-6  # svycoxph's own refits stop when the likelihood changes by 1e-9 of itself
HAZARD = 1e-11

ANSWERS = json.loads(REFERENCE.read_text())["answers"]
LATE = {"entry": "entry", "strata": "band"}
MODELS = {
    "efron": ("x + band", {}),
    "breslow": ("x + band", {"ties": "breslow"}),
    "entry_efron": ("x + z", LATE),
    "entry_breslow": ("x + z", LATE | {"ties": "breslow"}),
    "missing": ("incomplete * z", {"entry": "entry", "strata": "group"}),
}


def identity(answer):
    return "-".join(answer[part] for part in ("case", "rule", "domain", "estimator"))


def name_in_r(name):
    return name.replace("[T.", "").replace("]", "")


def listed(values):
    return np.atleast_1d(np.array(values, dtype=float))


def test_matrix_is_whole():
    cells = {identity(answer) for answer in ANSWERS}
    linearised = {answer["case"] for answer in ANSWERS if "loose" not in answer}
    assert len(cells) == len(ANSWERS)
    assert {"nested", "hard", "lonely", "fpc_fraction", "weights_only"} <= linearised
    for case in linearised:
        assert {a["estimator"] for a in ANSWERS if a["case"] == case} == set(MODELS)
    assert {"jkn_hard", "brr", "fay", "jk1_mse", "given_bootstrap"} <= {
        answer["case"] for answer in ANSWERS if "loose" in answer
    }


@pytest.mark.parametrize("answer", ANSWERS, ids=identity)
def test_cox(answer, made_up_design):
    covariates, options = MODELS[answer["estimator"]]
    design = made_up_design(answer["case"], answer["rule"], answer["domain"])
    model = design.coxph(covariates, "exit", "status", **options)
    order = dict(zip(map(name_in_r, model.params.index), model.params.index, strict=True))
    ours = [order[name] for name in answer["names"]]
    theirs = np.reshape(answer["covariance"], (len(ours), -1))
    std_error = np.sqrt(np.diag(theirs))
    # A coefficient may be near zero: held against its standard error where that is larger.
    size = np.maximum(np.abs(answer["estimate"]), std_error)
    assert (np.abs(model.params[ours] - answer["estimate"]) / size).max() <= ESTIMATE
    replicated = "loose" in answer
    spread = np.abs(model.covariance.loc[ours, ours] - theirs) / np.outer(std_error, std_error)
    assert spread.to_numpy().max() <= (REPLICATED if replicated else SPREAD)
    if replicated:
        np.testing.assert_allclose(model.bse[ours], listed(answer["loose"]), rtol=LOOSE)
    else:
        residual = dataclasses.replace(model, df_rule="residual")
        assert residual.df_resid == answer["df_residual"]
    assert model.df_resid == answer["df"]
    assert (model.nobs, model.n_events) == (answer["nobs"], answer["n_events"])
    hazard = model.baseline_hazard
    ends = [hazard["hazard"].iloc[-1]]
    if "stratum" in hazard:
        ends = hazard.groupby("stratum", sort=True)["hazard"].last()
    theirs = listed(answer["hazard"])
    np.testing.assert_allclose(ends, theirs[theirs > 0], rtol=HAZARD)
