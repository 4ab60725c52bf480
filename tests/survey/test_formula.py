"""Model matrices against those of statsmodels' formula engine on the same data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.base.model import Model

from analysis.errors import InputError
from analysis.survey.formula import build_matrices, matrix_at, plain_data

DESIGNS = Path(__file__).parents[1] / "reference/designs"
FORMULAS = [
    "y ~ 1",
    "y ~ 0 + x + z",
    "y ~ x + band + z",
    "event ~ incomplete * band",
    "y ~ x + x:band",
    "y ~ band:x + group",
    "y ~ 0 + group + band",
    "y ~ C(grade)",
    "y ~ C(group):C(band) + C(ordered) + C(flag) + C(small)",
    "y ~ C(group) + group + C(group, Sum):x",
    "y ~ C(grade) + grade",
    "y ~ C(band, Treatment('mid')) + C(group, Sum)",
    "y ~ C(band, levels=['top', 'mid', 'low'])",
    "y ~ C(stratum):x + group",
    "y ~ bs(x, df=4) + cr(z, df=3)",
    "y ~ np.log(z) + z + I(x ** 2) + center(x)",
    "y ~ z.rank() + x.clip(-1, 1)",
    "y ~ C(pd.cut(z, [0, 6, 9, 99])) + Q('odd name')",
    "y ~ flag * x + maybe + small + ordered",
    "np.log(cost) ~ x + text_missing",
    "y ~ C(text_missing) + C(incomplete > 0)",
    "y ~ text_missing:group + incomplete",
]


@pytest.fixture(scope="module")
def frame():
    data = pd.read_csv(DESIGNS / "plain.csv")
    rng = np.random.default_rng(3)
    bands = pd.Categorical(data["band"], ["top", "mid", "low", "none such"], ordered=True)
    return data.assign(
        flag=data["x"] > 0,
        maybe=pd.Series(rng.random(len(data)) < 0.4, dtype="boolean"),
        small=data["grade"].astype("Int8").where(rng.random(len(data)) < 0.9),
        ordered=bands,
        text_missing=data["group"].where(rng.random(len(data)) < 0.9),
        **{"odd name": rng.normal(size=len(data))},
    )


@pytest.mark.parametrize("formula", FORMULAS)
def test_matrices_are_those_of_the_engine(formula, frame):
    rows = np.flatnonzero(frame["patchy"] == 1)
    ours = build_matrices(formula, frame, rows, np.array([], dtype=int))
    data = plain_data(formula, frame, rows)
    model = Model.from_formula(formula, data, missing="drop")
    assert ours.names == list(model.exog_names)
    np.testing.assert_array_equal(ours.x, model.exog)
    np.testing.assert_array_equal(ours.y, model.endog)
    np.testing.assert_array_equal(ours.rows, rows[model.data.row_labels])
    slices = model.data.model_spec.term_name_slices
    assert ours.terms == {term: ours.names[where] for term, where in slices.items()}


@pytest.mark.parametrize("formula", FORMULAS)
def test_matrices_can_be_built_again_of_the_same_data(formula, frame):
    rows = np.flatnonzero(frame["patchy"] == 1)
    ours = build_matrices(formula, frame, rows, np.array([], dtype=int))
    data = plain_data(formula, frame, ours.rows)
    np.testing.assert_array_equal(matrix_at(ours.spec, data), ours.x)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ np.log(x - 100)", "every row of the domain lacks a value in the model of 'y'"),
        ("y ~ np.log(event)", r"'np.log\(event\)' has values that are not finite"),
        ("np.log(event) ~ x", r"'np.log\(event\)' has values that are not finite"),
        ("band == 'low' ~ x", "not one column of numbers"),
        ("band ~ x", "the outcome 'band' must hold numbers"),
        ("y ~ nothing", "'nothing'"),
        ("y ~ x +", "cannot be used"),
        ("~ x", "cannot be used"),
        ("y ~ C(band, levels=['top', 'mid'])", "cannot be used"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_refuses_what_cannot_be_built(formula, message, frame):
    with pytest.raises(InputError, match=message):
        build_matrices(formula, frame, np.arange(len(frame)), np.array([], dtype=int))
