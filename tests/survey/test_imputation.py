"""Chained equations: laws of the draws, and estimates where the truth is known."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from analysis.errors import InputError
from analysis.survey import Design
from analysis.survey.conditional import CategoryLogit, MatchedMean, Rows, Target, matched
from analysis.survey.imputation import impute
from analysis.survey.rubin import pool


def sample(seed=5, strata=12, people=30):
    """A confounder x and a category k that are missing where the outcome is high (MAR)."""
    rng = np.random.default_rng(seed)
    n = strata * 2 * people
    town = np.repeat(rng.normal(0, 0.5, strata * 2), people)
    x = rng.normal(size=n) + town
    k = (rng.random(n) < 1 / (1 + np.exp(-0.8 * x))).astype(int) + (rng.random(n) < 0.3)
    dose = 0.7 * x + rng.normal(size=n)
    y = 0.5 * dose + 1.0 * x + 0.5 * (k == 1) + rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(strata), 2 * people),
            "psu": np.tile(np.repeat([1, 2], people), strata),
            "weight": np.exp(0.3 * rng.normal(size=n) + 0.1 * town),
            "dose": dose,
            "x": x,
            "k": pd.Categorical.from_codes(k, ["low", "middle", "high"]),
            "y": y,
        }
    )
    gone = rng.random(n) < 1 / (1 + np.exp(1.2 - 1.0 * (y - y.mean()) + 0.8 * dose))
    also = rng.random(n) < 1 / (1 + np.exp(2.5 - 0.8 * (y - y.mean())))
    holes = frame.copy()
    holes.loc[gone, "x"] = np.nan
    holes.loc[also, "k"] = None
    holes["log weight"] = np.log(holes["weight"])
    return frame, holes


COLUMNS = ["dose", "x", "k", "y", "log weight"]


def psus(frame):
    return (frame["stratum"] * 10 + frame["psu"]).to_numpy()


def made(holes, **more):
    options = {"sets": 5, "seed": 1, "groups": psus(holes), "sweeps": 5} | more
    return impute(holes, COLUMNS, **options)


def digest(imputed):
    joined = b"".join(np.ascontiguousarray(v).tobytes() for v in imputed.values.values())
    return hashlib.sha256(joined).hexdigest()


def test_observed_values_stay_and_gaps_are_filled_with_what_was_observed():
    _, holes = sample()
    imputed = made(holes)
    for number in range(imputed.sets):
        full = imputed.completed(number)
        assert full[COLUMNS].notna().all(axis=None)
        for name in ("x", "k"):
            known = holes[name].notna()
            pd.testing.assert_series_equal(full[name][known], holes[name][known])
            assert set(full[name][~known]) <= set(holes[name][known])
        assert full["k"].dtype == holes["k"].dtype
    assert not imputed.completed(0)["x"].equals(imputed.completed(1)["x"])


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads_and_in_whatever_steps():
    _, holes = sample()
    first = made(holes)
    assert digest(first) == digest(made(holes, jobs=3))
    assert digest(first) == digest(made(holes, sets=2).extended(5))
    assert digest(first) != digest(made(holes, seed=2))
    assert first.extended(3) is first


def test_the_order_of_rows_does_not_matter_to_where_values_go():
    _, holes = sample()
    mixed = holes.sample(frac=1, random_state=3)
    full = made(mixed).completed(0)
    known = mixed["x"].notna()
    assert full.index.equals(mixed.index)
    pd.testing.assert_series_equal(full["x"][known], mixed["x"][known])
    # Imputed values go to their rows: x still follows its own predictors there.
    gone = full[~known]
    assert np.corrcoef(gone["x"], gone["y"] - 0.5 * gone["dose"])[0, 1] > 0.4


def test_pooled_estimates_are_right_where_complete_cases_are_not():
    """The slope of x is 1 and of the dose 0.5; over several samples the mean must be near it."""
    slopes, complete = [], []
    for seed in range(6):
        _, holes = sample(seed, strata=15, people=40)
        imputed = made(holes, seed=seed, sets=8)
        fits = []
        for number in range(imputed.sets):
            design = Design(imputed.completed(number), "weight", "stratum", "psu")
            fits.append(design.glm("y ~ dose + x + C(k)"))
        slopes.append(pool(fits).params[["dose", "x"]])
        kept = Design(holes, "weight", "stratum", "psu").glm("y ~ dose + x + C(k)")
        complete.append(kept.params[["dose", "x"]])
    means, biased = pd.DataFrame(slopes).mean(), pd.DataFrame(complete).mean()
    assert abs(means["x"] - 1) < 0.04 and abs(means["dose"] - 0.5) < 0.03
    assert abs(biased["x"] - 1) > 0.1


def test_without_the_outcome_in_the_imputation_model_slopes_are_diluted():
    _, holes = sample()
    with_it, without = (
        impute(holes, columns, sets=4, seed=1, groups=psus(holes))
        for columns in (COLUMNS, [c for c in COLUMNS if c != "y"])
    )
    slope = [
        np.mean(
            [
                Design(i.completed(number), "weight").glm("y ~ dose + x").params["x"]
                for number in range(4)
            ]
        )
        for i in (with_it, without)
    ]
    assert slope[1] < slope[0] - 0.1


def test_chains_forget_where_they_began():
    _, holes = sample()
    found = made(holes, sets=20, sweeps=10).convergence()
    assert set(found.index) == {"x", "k"}
    assert (found["r_hat"] < 1.1).all()
    assert (found["drift"].abs() < 4 * found["drift_error"]).all()


def test_nothing_missing_makes_copies():
    frame, _ = sample()
    imputed = impute(frame, ["x", "k", "y"], sets=3, seed=1)
    assert imputed.sets == 3 and "nothing missing" in repr(imputed)
    pd.testing.assert_frame_equal(imputed.completed(2), frame)


def test_curved_columns_are_made_anew_of_imputed_values():
    """y hangs on the square of x alone: without the shape x would be imputed as if on nothing."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=1500)
    frame = pd.DataFrame({"x": x, "y": x**2 + 0.3 * rng.normal(size=1500)})
    frame["z"] = x**2 + 0.3 * rng.normal(size=1500)
    frame.loc[::3, "z"] = np.nan
    frame.loc[1::4, "x"] = np.nan
    curved = impute(
        frame, ["x", "z"], sets=3, seed=1, shapes={"x": lambda v: v[:, None] ** 2}
    ).completed(0)
    straight = impute(frame, ["x", "z"], sets=3, seed=1).completed(0)
    both = frame["z"].isna() & frame["x"].notna()
    found = [
        np.corrcoef(each["z"][both], frame["x"][both] ** 2)[0, 1] for each in (curved, straight)
    ]
    assert found[0] > 0.85 and found[1] < 0.3


def test_collinear_columns_and_those_that_groups_tell_are_left_out():
    _, holes = sample()
    holes["twice"] = 2 * holes["dose"] + 1
    holes["urban"] = holes["stratum"] % 2
    imputed = impute(
        holes, [*COLUMNS, "twice", "urban"], sets=2, seed=1, groups=psus(holes), sweeps=3
    )
    assert imputed.left_out == ("twice", "urban")


@pytest.mark.parametrize("kind", ["boolean", "rare", "one level", "whole numbers"])
def test_columns_of_other_kinds(kind):
    rng = np.random.default_rng(8)
    _, holes = sample()
    column = pd.Series(holes["x"].fillna(0) + rng.normal(size=len(holes)) > 0)
    if kind == "rare":
        column = pd.Categorical(np.where(np.arange(len(holes)) == 7, "seen once", "often"))
    elif kind == "one level":
        column = pd.Categorical(["same"] * len(holes))
    elif kind == "whole numbers":
        column = pd.Series(rng.poisson(3, len(holes))).astype("Int64")
    holes["new"] = column
    holes["new"] = holes["new"].astype("boolean") if kind == "boolean" else holes["new"]
    holes.loc[10::9, "new"] = pd.NA
    full = impute(holes, ["new", "y", "dose"], sets=2, seed=1, groups=psus(holes)).completed(1)
    assert full["new"].notna().all() and full["new"].dtype == holes["new"].dtype


def test_a_category_that_a_predictor_tells_perfectly_is_imputed_and_not_refused():
    rng = np.random.default_rng(9)
    x = rng.normal(size=400)
    frame = pd.DataFrame({"x": x, "k": pd.Categorical(np.where(x > 0, "above", "below"))})
    frame.loc[::5, "k"] = None
    full = impute(frame, ["x", "k"], sets=2, seed=1).completed(0)
    gone = frame["k"].isna() & (np.abs(x) > 0.3)
    assert ((full["k"] == "above") == (x > 0))[gone].mean() > 0.97


def rows_of(group, changing):
    starts = np.flatnonzero(np.append(True, np.diff(group) > 0))
    return Rows(group, starts, changing)


def test_least_squares_with_groups_projected_out_is_that_with_their_columns():
    """The mean of many draws is least squares with dummies; their spread is its variance."""
    rng = np.random.default_rng(1)
    n, groups = 300, 6
    group = np.sort(rng.integers(0, groups, n))
    z = rng.normal(size=(n, 3))
    y = z @ [1.0, 0.0, -0.5] + 0.3 * group + rng.normal(size=n)
    observed = rng.random(n) < 0.7
    target = Target("y", y, observed, np.array([0, 2]))
    model = MatchedMean(target, rows_of(group, ~observed), z, donors=1)
    x = np.column_stack([z[:, [0, 2]], np.eye(groups)[group]])
    fit, *_ = np.linalg.lstsq(x[observed], y[observed], rcond=None)
    left = y[observed] - x[observed] @ fit
    sigma2 = left @ left / (observed.sum() - x.shape[1])
    inverse = np.linalg.inv(x[observed].T @ x[observed])
    seen = []
    predicted = model._predicted

    def spy(*arguments):
        seen.append(predicted(*arguments))
        return seen[-1]

    model._predicted = spy
    for _ in range(600):
        model.draw(z, rng, {})
    scale, centre = y[observed].std(), y[observed].mean()
    near, wanted = seen[0] * scale + centre, np.array(seen[1::2]) * scale + centre
    np.testing.assert_allclose(near, x[observed] @ fit, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(wanted.mean(axis=0), x[~observed] @ fit, atol=0.09)
    expected = sigma2 * np.einsum("ij,jk,ik->i", x[~observed], inverse, x[~observed])
    # The variance of a t on 200 degrees of freedom is 1% more.
    ratio = wanted.var(axis=0) / expected
    assert abs(ratio.mean() - 1) < 0.05


def test_the_mode_of_a_logit_is_that_of_its_posterior_written_out():
    rng = np.random.default_rng(3)
    n, groups = 400, 5
    z = rng.normal(size=(n, 3))
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    group = np.sort(rng.integers(0, groups, n))
    observed = rng.random(n) < 0.8
    codes = rng.integers(0, 3, n)
    model = CategoryLogit(
        Target("k", codes, observed, np.array([0, 2])), rows_of(group, ~observed), 3
    )
    x = np.column_stack([np.ones(n), z[:, [0, 2]], np.eye(groups)[group]])
    more = np.zeros((4, 3 + groups))
    more[:, 0] = 1
    more[[0, 1, 2, 3], [1, 1, 2, 2]] = [1, -1, 1, -1]

    def shares(b, at):
        predicted = np.vstack([np.zeros(len(at)), b @ at.T])
        return predicted - np.logaddexp.reduce(predicted, axis=0)

    def minus(flat):
        b = flat.reshape(2, -1)
        found = shares(b, x)[codes, np.arange(n)][observed].sum()
        found += 3 / 4 * shares(b, more).mean(axis=0).sum()
        return -found + (b[:, 3:] ** 2).sum() / 2

    model.anchor(z)
    best = optimize.minimize(minus, np.zeros(2 * (3 + groups)), method="BFGS", tol=1e-9)
    lower = np.tril(model.factor[0])
    errors = np.sqrt(np.diag(np.linalg.inv(lower @ lower.T)))
    # To a hundredth of a standard error, as promised.
    assert np.abs((model.mode.ravel() - best.x) / errors).max() < 0.01
    assert minus(model.mode.ravel()) <= minus(best.x) + 1e-4
    np.testing.assert_allclose(np.diag(np.linalg.inv(lower @ lower.T)), errors**2)


def test_categories_vary_from_draw_to_draw_by_their_coefficients_too():
    """Of 60 observed, 600 are drawn: their share varies by that of 60 people, not of 600."""
    n, seen = 660, 60
    codes = (np.arange(n) % 3 == 0).astype(int)
    z = np.random.default_rng(4).normal(size=(n, 1))
    observed = np.arange(n) < seen
    target = Target("k", codes, observed, np.array([0]))
    model = CategoryLogit(target, rows_of(np.zeros(n, dtype=int), ~observed), 2)
    model.anchor(z)
    rng = np.random.default_rng(5)
    shares = [model.draw(z, rng, {}).mean() for _ in range(500)]
    p = 1 / 3
    expected = p * (1 - p) * (1 / seen + 1 / (n - seen))
    assert np.mean(shares) == pytest.approx(p, abs=0.04)
    assert 0.75 * expected < np.var(shares) < 1.5 * expected


def test_donors_are_the_nearest_and_ties_are_drawn():
    rng = np.random.default_rng(6)
    near = rng.normal(size=200)
    wanted = np.append(rng.normal(size=50), [-99.0, 99.0])
    drawn = np.array([matched(near, wanted, 5, rng) for _ in range(200)])
    for j, value in enumerate(wanted):
        nearest = np.argsort(np.abs(near - value))[:5]
        assert set(drawn[:, j]) == set(nearest)
    same = np.array([matched(np.zeros(30), np.zeros(1), 5, rng)[0] for _ in range(600)])
    assert len(set(same)) == 30
    assert set(matched(np.array([1.0, 2.0]), np.zeros(40), 5, rng)) == {0, 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": ["x", "absent"]}, "no column 'absent'"),
        ({"columns": ["x", "x"]}, "named twice"),
        ({"columns": []}, "no columns to impute"),
        ({"sets": 0}, "sets must be a whole number of at least 1"),
        ({"sweeps": 1}, "sweeps must be a whole number of at least 2"),
        ({"groups": np.zeros(3)}, "groups must be 720 labels"),
        ({"groups": [None] * 720}, "groups must be 720 labels"),
        ({"columns": ["x", "text"]}, "'text' is neither of numbers nor of categories"),
        ({"columns": ["x", "gone"]}, "every value of 'gone' is missing"),
        ({"columns": ["x", "endless"]}, "'endless' has infinite values"),
        ({"groups": np.arange(720)}, "too few to be predicted"),
    ],
)
def test_what_cannot_be_imputed_is_refused_by_name(change, message):
    _, holes = sample()
    holes = holes.assign(text="a", gone=np.nan, endless=np.inf)
    options = {"columns": COLUMNS, "sets": 2, "seed": 1} | change
    columns = options.pop("columns")
    with pytest.raises(InputError, match=message):
        impute(holes, columns, **options)
