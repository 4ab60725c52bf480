"""Model matrices against those of statsmodels' formula engine on the same data."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.base.model import Model

from analysis.errors import InputError
from analysis.survey import Design, margins
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
def test_refuses_what_cannot_be_built(formula, message, frame):
    with pytest.raises(InputError, match=message):
        build_matrices(formula, frame, np.arange(len(frame)), np.array([], dtype=int))


LEVELS = {
    "level": "level[T.b]",
    "C(level)": "C(level)[T.b]",
    "ordered": "ordered[T.b]",
    "code + C(code)": "C(code)[T.3]",
    "C(code):x": "C(code)[2]:x",
    "C(level, Sum)": "C(level, Sum)[S.a]",
    "C(level, Treatment('b'))": "C(level, Treatment('b'))[T.a]",
    "C(level, levels=['0', 'c', 'b', 'a'])": "C(level, levels=['0', 'c', 'b', 'a'])[T.b]",
    "C(pd.cut(far, [0, 5, 15, 99], labels=['s', 'm', 'l']))": "[T.m]",
    "level * (x > 0)": "level[T.b]:x > 0[T.True]",
}


@pytest.mark.parametrize("term", LEVELS)
def test_levels_are_those_of_rows_that_lack_nothing(term, frame):
    absent = frame["incomplete"].isna()
    level = frame["group"].mask(absent, "0")
    frame = frame.assign(
        level=level,
        ordered=pd.Categorical(level, ["0", "a", "b", "c"], ordered=True),
        code=level.map({"0": 1, "a": 2, "b": 3, "c": 4}),
        far=frame["z"] + 20.0 * absent,
    )
    rows, none = np.arange(len(frame)), np.array([], dtype=int)
    ours = build_matrices(f"y ~ incomplete + center(far) + {term}", frame, rows, none)
    there = build_matrices(f"y ~ {term}", frame[~absent], np.arange((~absent).sum()), none)
    assert any(name.endswith(LEVELS[term]) for name in ours.names)
    for name in there.names:
        column = ours.x[:, ours.names.index(name)]
        np.testing.assert_array_equal(column, there.x[:, there.names.index(name)])
    assert set(ours.names) - set(there.names) == {"incomplete", "center(far)"}
    centred = (frame["far"] - frame["far"].mean())[~absent]
    found = ours.x[:, ours.names.index("center(far)")]
    np.testing.assert_allclose(found, centred, atol=1e-12)
    kept = plain_data(term + " incomplete far", frame, ours.rows)
    np.testing.assert_array_equal(matrix_at(ours.spec, kept), ours.x)


def test_a_level_that_no_complete_row_has_cannot_be_set(frame):
    level = frame["group"].mask(frame["incomplete"].isna(), "0")
    frame = frame.assign(level=level)
    rows = np.arange(len(frame))
    ours = build_matrices("y ~ incomplete + level", frame, rows, np.array([], dtype=int))
    data = plain_data("incomplete level", frame, ours.rows)
    with pytest.raises(InputError, match="'level' has no level '0'"):
        matrix_at(ours.spec, data.assign(level="0"))


@pytest.mark.parametrize("term", ["level", "C(code)", "flag"])
def test_refuses_a_category_of_one_level(term, frame):
    absent = frame["incomplete"].isna()
    frame = frame.assign(level=np.where(absent, "a", "b"), code=absent * 1, flag=absent)
    with pytest.raises(InputError, match="in every row of the domain that lacks nothing"):
        build_matrices(
            f"y ~ incomplete + {term}", frame, np.arange(len(frame)), np.array([], dtype=int)
        )


def test_a_transformation_without_a_value_is_counted_and_no_warning(frame):
    frame = frame.assign(shifted=frame["incomplete"] - 10)
    frame["shifted"] -= frame["shifted"].mean()
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    negative = int((frame["shifted"] < 0).sum())
    assert negative > 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = design.glm("y ~ np.log(shifted) + x")
        assert margins(model, design, "y ~ np.log(shifted) + x", {"x": [0]}).params.notna().all()
    assert model.n_missing == negative + int(frame["shifted"].isna().sum())
    assert len(model.notes) == 1
    assert f"Of {negative} rows that lack nothing" in model.notes[0]
    assert "Of 1 row that lacks" in design.glm(f"y ~ np.sqrt(x - {smallest(frame)})").notes[0]
    assert design.glm("y ~ shifted + x").notes == ()


def smallest(frame):
    """A number above the smallest x, and no other."""
    return frame["x"].nsmallest(2).mean()
