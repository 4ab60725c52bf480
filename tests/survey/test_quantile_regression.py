"""Laws of quantile regression, its exactness, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from analysis.errors import InputError
from analysis.survey import Design
from analysis.survey.check_loss import minimum

SAME = 1e-9  # another order of summation, or other units


def sample(seed, rows=150):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=rows), rng.exponential(size=rows)
    group = rng.choice(["a", "b", "c"], rows)
    return pd.DataFrame(
        {
            "h": np.arange(rows) % 5,
            "c": np.arange(rows) // 5 % 2,
            "w": np.exp(rng.normal(4, 1, rows)),
            "x": x,
            "z": z,
            "group": group,
            "y": np.round(5 + x + z * rng.normal(size=rows) + (group == "b"), 1),
        }
    )


def design(frame, method="BRR", **options):
    return Design(frame, weights="w", strata="h", psu="c").as_replicates(method, **options)


def close(one, other, tolerance=SAME):
    names = list(one.params.index)
    bse = one.bse.to_numpy()
    assert (np.abs(one.params - other.params[names]) / bse).max() <= tolerance
    spread = np.abs(one.covariance - other.covariance.loc[names, names]) / np.outer(bse, bse)
    assert spread.to_numpy().max() <= tolerance


def loss(y, x, weights, p, coefficients):
    residual = y - x @ coefficients
    return (weights * residual * (p - (residual < 0))).sum()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(8, 80),
    width=st.integers(1, 4),
    p=st.sampled_from([0.05, 0.25, 0.5, 0.9]),
    grid=st.sampled_from([None, 1, 4]),
)
def test_the_minimum_is_that_of_linear_programming(seed, rows, width, p, grid):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(rows), rng.normal(size=(rows, width))])
    y, weights = rng.normal(size=rows), np.exp(rng.normal(size=rows))
    if grid is not None:  # ties, many rows on one fit, and minima that are not single
        x, y = np.round(grid * x) / grid, np.round(grid * y) / grid
        weights = np.ceil(weights)
    if np.linalg.matrix_rank(x) < width + 1:
        return
    found = minimum(y, x, weights, p, np.zeros(width + 1))
    assert found is not None
    both = sparse.hstack([sparse.csr_array(x), sparse.eye_array(rows), -sparse.eye_array(rows)])
    solved = optimize.linprog(
        np.r_[np.zeros(width + 1), p * weights, (1 - p) * weights],
        A_eq=both.tocsr(),
        b_eq=y,
        bounds=[(None, None)] * (width + 1) + [(0, None)] * (2 * rows),
    )
    assert loss(y, x, weights, p, found[0]) == pytest.approx(solved.fun, rel=1e-9, abs=1e-9)
    held = np.abs(y - x @ found[0]) < 1e-9
    assert np.linalg.matrix_rank(x[held]) == width + 1
    # Of all minima the fitted values of this one have the lowest mean: no lower at a loss so small.
    lowest = optimize.linprog(
        np.r_[weights @ x, np.zeros(2 * rows)],
        A_ub=np.r_[np.zeros(width + 1), p * weights, (1 - p) * weights][None],
        b_ub=[solved.fun * (1 + 1e-12) + 1e-12],
        A_eq=both.tocsr(),
        b_eq=y,
        bounds=[(None, None)] * (width + 1) + [(0, None)] * (2 * rows),
    )
    if lowest.success:
        fitted = weights @ x @ found[0]
        assert fitted <= lowest.fun + 1e-5 * weights.sum()


@pytest.mark.parametrize("rows", [8, 9, 40])
@pytest.mark.parametrize("p", [0.25, 0.5, 0.75])
def test_an_intercept_is_the_quantile(rows, p):
    frame = sample(3, 40).iloc[:rows].assign(w=1.0)
    whole = Design(frame, weights="w").as_replicates("JK1")
    model = whole.quantile_regression("y ~ 1", p)
    plain = Design(frame, weights="w").quantile("y", p).only
    assert model.params["Intercept"] == pytest.approx(plain.estimate, rel=1e-14)


@pytest.mark.parametrize("point", [0.5, [0.1, 0.5, 0.8]])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_must_not_matter(seed, point):
    frame = sample(seed)
    formula = "y ~ x + z + group"
    model = design(frame).quantile_regression(formula, point)
    shuffled = frame.sample(frac=1, random_state=seed).sort_values(["h", "c"], kind="stable")
    close(model, design(shuffled).quantile_regression(formula, point))
    close(model, design(frame.assign(w=7.3 * frame["w"])).quantile_regression(formula, point))
    # A shift and a scale of the outcome: those of the coefficients; of a covariate likewise.
    moved = frame.assign(y=3 * frame["y"] + 2 * frame["x"] - 8, z=10 * frame["z"])
    changed = design(moved).quantile_regression(formula, point)
    for name in model.params.index:
        column = name.rpartition(": ")[2]
        factor = 0.3 if column == "z" else 3
        shift = {"x": 2, "Intercept": -8}.get(column, 0)
        expected = factor * model.params[name] + shift
        assert changed.params[name] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert changed.bse[name] == pytest.approx(factor * model.bse[name], rel=1e-8)
    # Seen from above, a quantile is the other one of the outcome's opposite.
    points = 1 - np.atleast_1d(point)
    above = design(frame.assign(y=-frame["y"])).quantile_regression(formula, points)
    np.testing.assert_allclose(above.params, -model.params, atol=1e-9)


def test_a_domain_is_zero_weights():
    frame = sample(5)
    inside = frame["z"] < 1.5
    zeroed = design(frame.assign(w=frame["w"].where(inside, 0.0)))
    one = design(frame).where(inside).quantile_regression("y ~ x + group", [0.3, 0.6])
    close(one, zeroed.quantile_regression("y ~ x + group", [0.3, 0.6]))


def test_replicates_are_fits_to_their_rows():
    frame = sample(6)
    whole = design(frame, "bootstrap", count=12, seed=4)
    model = whole.quantile_regression("y ~ x + z", 0.4)
    weights = np.concatenate(list(whole.replicates.blocks(np.arange(len(frame)))), axis=1)
    each = []
    for own in weights.T:
        kept = Design(frame.assign(own=own)[own > 0], weights="own").as_replicates("JK1")
        each.append(kept.quantile_regression("y ~ x + z", 0.4).params)
    deviations = np.array(each) - np.mean(each, axis=0)
    expected = whole.replicates.scale * deviations.T @ deviations
    np.testing.assert_allclose(model.covariance, expected, rtol=1e-9, atol=1e-12)


def test_matrix_is_the_same_as_a_formula():
    frame = sample(7)
    frame.loc[::9, "x"] = np.nan
    whole = design(frame).where(frame["z"] < 2)
    formula = whole.quantile_regression("y ~ x + z", [0.5, 0.9])
    x = frame[["x", "z"]].assign(Intercept=1.0)
    matrix = whole.quantile_regression_fit(
        frame["y"].to_numpy(), x, [0.5, 0.9], terms={"both": ["x", "z"]}
    )
    close(formula, matrix)
    assert (matrix.nobs, matrix.n_missing) == (formula.nobs, formula.n_missing)
    assert matrix.wald_test("0.9: both").df_num == 2
    assert matrix.fittedvalues.shape == (matrix.nobs, 2)


def test_results_of_several_quantiles():
    frame = sample(8)
    model = design(frame).quantile_regression("y ~ x + group", [0.25, 0.5, 0.75], df="residual")
    alone = design(frame).quantile_regression("y ~ x + group", 0.5, df="residual")
    np.testing.assert_allclose(model.coefficients[0.5], alone.params)
    np.testing.assert_allclose(model.bse[[f"0.5: {n}" for n in alone.columns]], alone.bse)
    assert model.df_resid == alone.df_resid == model.df_design - 3
    assert model.wald_test("0.5: group").statistic == pytest.approx(
        alone.wald_test("group").statistic
    )
    same = model.equality("x")
    contrast = pd.DataFrame({"0.25: x": [1, 1], "0.5: x": [-1, 0], "0.75: x": [0, -1.0]})
    assert same.df_num == 2
    assert same.statistic == pytest.approx(model.wald_test(contrast).statistic, rel=1e-10)
    for text in (str(model), str(alone), str(design(frame, "JKn").quantile_regression("y ~ x"))):
        assert max(map(len, text.splitlines())) <= 80
    assert "Quantile 0.25" in str(model)
    assert "not consistent" in text
    assert "not consistent" not in str(alone)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"p": 1.0}, "between 0 and 1, not [1.0]"),
        ({"p": []}, "between 0 and 1"),
        ({"p": [0.5, 0.5]}, "asked for twice"),
        ({"formula": "y ~ x + I(2 * x)"}, "'I(2 * x)' is determined by 'x'"),
        ({"formula": "y ~ nobody"}, "cannot be used"),
        ({"formula": "y ~ gone"}, "lacks a value"),
    ],
)
def test_what_is_refused(asked, message):
    whole = design(sample(9).assign(gone=np.nan))
    with pytest.raises(InputError) as error:
        whole.quantile_regression(**({"formula": "y ~ x"} | asked))
    assert message in str(error.value)


def test_a_linearised_design_is_told_the_way():
    frame = sample(9)
    with pytest.raises(InputError, match=r"as_replicates\('bootstrap', seed=1"):
        Design(frame, weights="w", strata="h", psu="c").quantile_regression("y ~ x")


def test_one_quantile_has_no_equality():
    with pytest.raises(InputError, match="nothing to be equal to"):
        design(sample(9)).quantile_regression("y ~ x").equality()


def test_a_replicate_that_leaves_a_category_empty_is_named():
    frame = sample(10)
    frame["rare"] = ((frame["h"] == 1) & (frame["c"] == 1)).astype(float)
    with pytest.raises(InputError, match="under replicate 4: its rows say nothing of 'rare'"):
        design(frame, "JKn").quantile_regression("y ~ x + rare")


def test_an_outcome_that_is_fitted_exactly():
    frame = sample(11).assign(y=lambda f: 2 + 3 * f["x"])
    model = design(frame).quantile_regression("y ~ x + z", 0.3)
    np.testing.assert_allclose(model.params[["Intercept", "x", "z"]], [2, 3, 0], atol=1e-12)
