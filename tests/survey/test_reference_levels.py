"""Levels, knots and centres against R's survey where missing values take levels away."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.survey import Design

REFERENCE = Path(__file__).parents[1] / "reference"
ANSWERS = json.loads((REFERENCE / "levels.json").read_text())["answers"]
MODELS = {
    "text": "y ~ incomplete + level",
    "numbers": "y ~ incomplete + C(code)",
    "product": "y ~ incomplete * level",
    "knots": "y ~ incomplete + level + bs(far, df=4)",
    "centred": "y ~ incomplete + level + center(far)",
}
LINEAR = 1e-11  # QR there, an orthogonal basis here, of splines that are nearly collinear


@pytest.fixture(scope="module")
def frame():
    data = pd.read_csv(REFERENCE / "designs/plain.csv")
    absent = data["incomplete"].isna()
    level = data["group"].mask(absent, "0")
    code = level.map({"0": 1, "a": 2, "b": 3, "c": 4})
    return data.assign(level=level, code=code, far=data["z"] + 20.0 * absent)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a['domain']}-{a['model']}")
def test_levels_are_those_of_complete_rows_and_knots_of_all(answer, frame):
    whole = Design(frame, weights="weight", strata="stratum", psu="psu")
    model = whole.where(frame[answer["domain"]] == 1).glm(MODELS[answer["model"]])
    # R puts terms in the order of the formula, statsmodels' engine categories before numbers.
    assert model.params.notna().all()
    ours = model.params.to_numpy()
    order = [int(np.abs(ours - b).argmin()) for b in answer["estimate"]]
    assert sorted(order) == list(range(len(ours)))
    np.testing.assert_allclose(ours[order], answer["estimate"], rtol=LINEAR)
    np.testing.assert_allclose(model.bse.to_numpy()[order], answer["std_error"], rtol=LINEAR)


KINDS = {
    "multinomial": lambda design, terms: design.multinomial(f"kind ~ {terms}"),
    "ordinal": lambda design, terms: design.ordinal(f"grade ~ {terms}"),
    "coxph": lambda design, terms: design.coxph(terms, "exit", "status"),
    "quantile_regression": lambda design, terms: design.as_replicates(
        "bootstrap", seed=1, count=20
    ).quantile_regression(f"y ~ {terms}"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_leaves_such_levels_out(kind, frame):
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    fit = KINDS[kind]
    found, expected = fit(design, "incomplete + level"), fit(design, "incomplete + group")
    assert [name.replace("level", "group") for name in found.params.index] == list(
        expected.params.index
    )
    np.testing.assert_array_equal(found.params, expected.params)
    np.testing.assert_array_equal(found.bse, expected.bse)
