"""Rubin's rules by hand, and what may not be pooled."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey.derived import DerivedEstimates
from analysis.survey.rubin import pool, sets_needed

NAMES = ["a", "b", "c"]


def results(sets=5, spread=0.3, df=15.0, seed=4):
    """Estimates and covariances of three coefficients in several sets."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(sets):
        root = np.eye(3) + 0.2 * rng.normal(size=(3, 3))
        covariance = pd.DataFrame(root @ root.T * 0.1, NAMES, NAMES)
        params = pd.Series([1.0, -0.5, 0.2] + spread * rng.normal(size=3), NAMES)
        made.append(DerivedEstimates(params, covariance, df))
    return made


def test_one_coefficient_by_hand():
    made = results()
    q = np.array([each.params["a"] for each in made])
    u = np.array([each.covariance.loc["a", "a"] for each in made])
    between, within = q.var(ddof=1), u.mean()
    total = within + 1.2 * between
    pooled = pool(made)
    assert pooled.params["a"] == pytest.approx(q.mean(), rel=1e-14)
    assert pooled.bse["a"] == pytest.approx(math.sqrt(total), rel=1e-14)
    assert pooled.lambda_["a"] == pytest.approx(1.2 * between / total, rel=1e-13)
    old = 4 / (1.2 * between / total) ** 2
    observed = 16 / 18 * 15 * within / total
    df = old * observed / (old + observed)
    assert pooled.df["a"] == pytest.approx(df, rel=1e-13)
    r = 1.2 * between / within
    assert pooled.fmi["a"] == pytest.approx((r + 2 / (df + 3)) / (1 + r), rel=1e-13)


def test_identical_sets_are_one_model_on_the_degrees_of_freedom_that_are_left():
    made = results(sets=1) * 4
    pooled = pool(made)
    np.testing.assert_allclose(pooled.cov_params(), made[0].covariance, rtol=1e-14)
    assert (pooled.lambda_ == 0).all() and (pooled.fmi_large == 0).all()
    np.testing.assert_allclose(pooled.df, 16 / 18 * 15)
    joint = pooled.wald_test(["a", "b"])
    value, spread = made[0].params[["a", "b"]], made[0].covariance.loc[["a", "b"], ["a", "b"]]
    assert joint.statistic == pytest.approx(value @ np.linalg.solve(spread, value) / 2)


def test_degrees_of_freedom_are_neither_above_the_designs_nor_rubins():
    for spread in (0.01, 0.1, 1.0):
        pooled = pool(results(spread=spread))
        assert (pooled.df < 15).all() and (pooled.df < pooled.df_large).all()


def test_a_linear_combination_has_the_degrees_of_freedom_of_its_own_variance():
    made = results()
    pooled = pool(made)
    table = pooled.linear_combination({"a - b": {"a": 1.0, "b": -1.0}, "c": {"c": 1.0}})
    v = [1.0, -1.0, 0.0]
    alone = [
        DerivedEstimates(
            pd.Series({"d": each.params @ v}),
            pd.DataFrame([[v @ each.covariance.to_numpy() @ v]], ["d"], ["d"]),
            15.0,
        )
        for each in made
    ]
    expected = pool(alone).table().loc["d"]
    np.testing.assert_allclose(table.loc["a - b"], expected, rtol=1e-12)
    np.testing.assert_allclose(table.loc["c"], pooled.table().loc["c"], rtol=1e-12)


def test_one_coefficient_is_tested_alike_by_f_and_by_t():
    pooled = pool(results())
    test = pooled.wald_test("a")
    assert test.pvalue == pytest.approx(pooled.pvalues["a"], rel=1e-12)
    assert test.statistic == pytest.approx(pooled.tvalues["a"] ** 2, rel=1e-12)


def test_intervals_hold_the_estimates_and_odds_ratios_are_exponentiated():
    pooled = pool(results())
    table, odds = pooled.table(0.1), pooled.table(0.1, exponentiate=True)
    columns = ["estimate", "conf_low", "conf_high"]
    np.testing.assert_allclose(np.exp(table[columns]), odds[columns])
    assert (table["conf_low"] < table["estimate"]).all()
    pd.testing.assert_series_equal(table["std_error"], odds["std_error"])
    assert "6 imputed sets" in repr(pool(results(sets=6)))


@pytest.mark.parametrize(
    ("fmi", "pilot", "expected"),
    [
        (0.0, 10, 5),  # nothing missing: the fewest
        (0.1, 10, 10),  # logit -2.197 + 1.96 x 0.447 = -1.321, 0.2107; 1 + 4.214^2 / 2 = 9.9
        (0.3, 20, 41),  # logit -0.847 + 1.96 x 0.316 = -0.228, 0.4434; 1 + 8.867^2 / 2 = 40.3
        (0.12, 10_000, 12),  # 1 + 2.41^2 / 2 = 3.9, but 100 times the fraction is 12
        (1.0, 10, 201),  # 1 + 20^2 / 2
    ],
)
def test_the_number_of_sets(fmi, pilot, expected):
    assert sets_needed(fmi, pilot) == expected


def test_what_may_not_be_pooled_is_refused():
    made = results()
    with pytest.raises(InputError, match="1 results cannot be pooled"):
        pool(made[:1])
    other = DerivedEstimates(
        made[0].params.rename({"c": "d"}),
        made[0].covariance.rename({"c": "d"}, axis=0).rename({"c": "d"}, axis=1),
        15.0,
    )
    with pytest.raises(InputError, match="different models"):
        pool([made[0], other])
    with pytest.raises(InputError, match="no estimate 'e'"):
        pool(made).wald_test(["a", "e"])
    with pytest.raises(InputError, match="no estimate 'e'"):
        pool(made).linear_combination({"l": {"e": 1.0}})
    singular = [
        DerivedEstimates(each.params, pd.DataFrame(np.ones((3, 3)), NAMES, NAMES), each.df_resid)
        for each in made
    ]
    with pytest.raises(InputError, match="singular"):
        pool(singular).wald_test(NAMES)
    with pytest.raises(InputError, match="between 0 and 1"):
        sets_needed(1.2, 10)


def test_no_degrees_of_freedom_give_no_intervals():
    pooled = pool(results(df=0.0))
    assert pooled.pvalues.isna().all() and pooled.conf_int().isna().all(axis=None)
