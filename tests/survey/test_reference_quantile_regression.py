"""Quantile regression against R's quantreg under the replicate weights of survey's designs."""

import json
from pathlib import Path

import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "quantile_regression.json"

# Differences relative to the size of the coefficient or its standard error, some ten times what is
# seen: of the same rows fitted exactly.
ESTIMATE = 1e-12
SPREAD = 1e-11  # of covariances, relative to the product of the standard errors
INTERIOR = 1e-8  # R's interior point method stops near the vertex, not at it

ANSWERS = json.loads(REFERENCE.read_text())["answers"]
MODELS = {
    "median": ("y ~ x + band + z", 0.5),
    "quartiles": ("y ~ x + band", [0.25, 0.75]),
    "missing": ("y ~ incomplete * z", 0.9),
}


def identity(answer):
    return "-".join(answer[part] for part in ("case", "domain", "estimator"))


def name_in_r(name):
    plain = name.partition(": ")[2] or name
    return plain.replace("[T.", "").replace("]", "").replace("Intercept", "(Intercept)")


def test_matrix_is_whole():
    cells = {identity(answer) for answer in ANSWERS}
    assert len(cells) == len(ANSWERS) == 3 * 3 * len({answer["case"] for answer in ANSWERS})
    assert {"jkn_hard", "brr", "fay", "jk1_mse", "given_bootstrap", "jkn_average"} <= {
        answer["case"] for answer in ANSWERS
    }


@pytest.mark.parametrize("answer", ANSWERS, ids=identity)
def test_quantile_regression(answer, made_up_design):
    formula, points = MODELS[answer["estimator"]]
    design = made_up_design(answer["case"], domain=answer["domain"])
    model = design.quantile_regression(formula, points)
    size = len(model.columns)
    theirs = {(j // size, name): j for j, name in enumerate(answer["names"])}
    order = [theirs[j // size, name_in_r(name)] for j, name in enumerate(model.params.index)]
    covariance = np.reshape(answer["covariance"], (len(order), -1))[np.ix_(order, order)]
    estimate = np.array(answer["estimate"])[order]
    std_error = np.sqrt(np.diag(covariance))
    scale = np.maximum(np.abs(estimate), std_error)
    assert (np.abs(model.params - estimate) / scale).max() <= ESTIMATE
    assert (np.abs(model.params - np.array(answer["interior"])[order]) / scale).max() <= INTERIOR
    spread = np.abs(model.covariance - covariance) / np.outer(std_error, std_error)
    assert spread.to_numpy().max() <= SPREAD
    assert model.df_resid == answer["df"]
    assert model.nobs == answer["nobs"]
