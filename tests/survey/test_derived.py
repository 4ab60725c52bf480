"""What is derived from models, held against derivations of another kind, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.errors import InputError
from analysis.survey import (
    DerivedEstimates,
    Design,
    average_marginal_effects,
    interaction,
    johnson_neyman,
    linear_combination,
    margins,
    margins_of_matrices,
    nonlinear_combination,
    simple_slopes,
    wald_test,
)

NUMERICAL = 1e-6  # central differences of a fit
EXACT = 1e-10  # the same by other arithmetic

quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@pytest.fixture
def design(frame):
    frame["kind"] = np.array(["a", "b", "c"])[np.arange(len(frame)) % 3]
    frame["male"] = (frame["sex"] == "Male").astype(int)
    frame["exposed"] = (np.arange(len(frame)) % 7 < 3).astype(int)
    return Design(frame, weights="w", strata="h", psu="c")


def made(params, covariance, df=15):
    params = pd.Series(params, dtype=float)
    return DerivedEstimates(params, pd.DataFrame(covariance, params.index, params.index), df)


@st.composite
def estimates(draw, names=("x", "z", "x:z")):
    """Coefficients with a covariance of full rank."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    root = rng.normal(size=(len(names), len(names) + 3)) * draw(st.sampled_from([0.05, 0.3, 1.0]))
    values = rng.normal(size=len(names)) * draw(st.sampled_from([0.2, 1.0]))
    return made(dict(zip(names, values, strict=True)), root @ root.T, draw(st.integers(2, 60)))


# Tests


@quick
@given(estimates(), st.integers(0, 2**32 - 1), st.booleans())
def test_a_wald_test_asks_about_a_subspace_not_about_its_basis(source, seed, adjusted):
    rng = np.random.default_rng(seed)
    matrix, mix, null = rng.normal(size=(2, 3)), rng.normal(size=(2, 2)), rng.normal(size=2)
    assume(abs(np.linalg.det(mix)) > 0.1)
    ours = wald_test(source, matrix, null=null, adjusted=adjusted)
    mixed = wald_test(source, mix @ matrix, null=mix @ null, adjusted=adjusted)
    assert mixed.statistic == pytest.approx(ours.statistic, rel=1e-7)
    assert mixed.pvalue == pytest.approx(ours.pvalue, rel=1e-7)


@quick
@given(estimates(), st.floats(-2, 2))
def test_one_contrast_is_the_square_of_t_adjusted_or_not(source, null):
    table = linear_combination(source, {"it": {"x": 1, "z": -2}}).table()
    t = (table.loc["it", "estimate"] - null) / table.loc["it", "std_error"]
    for adjusted in (False, True):
        test = wald_test(source, {"it": {"x": 1, "z": -2}}, null=null, adjusted=adjusted)
        assert test.statistic == pytest.approx(t**2, rel=EXACT)
        assert test.pvalue == pytest.approx(2 * stats.t.sf(abs(t), source.df_resid), rel=1e-8)


def test_the_adjusted_test_keeps_its_level_where_the_plain_one_does_not():
    """The covariance of d + 1 PSUs' totals in one stratum, of which q means are tested."""
    rng, d, q, samples = np.random.default_rng(5), 8, 4, 3000
    pvalues = np.empty((samples, 2))
    for number in range(samples):
        psus = rng.normal(size=(d + 1, q))
        source = made(
            dict(zip("abcd", psus.mean(axis=0), strict=True)), np.cov(psus.T) / (d + 1), d
        )
        for which in (0, 1):
            pvalues[number, which] = wald_test(source, np.eye(q), adjusted=bool(which)).pvalue
    plain, adjusted = (pvalues < 0.05).mean(axis=0)
    assert plain > 0.10
    assert stats.kstest(pvalues[:, 1], "uniform").pvalue > 0.01
    assert adjusted == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / samples))


def test_a_test_without_degrees_of_freedom_for_it_has_no_p_value():
    source = made({"a": 1, "b": 2}, np.eye(2), 1)
    assert wald_test(source, ["a", "b"]).statistic == 2.5
    adjusted = wald_test(source, ["a", "b"], adjusted=True)
    assert adjusted.df_denom == 0 and np.isnan([adjusted.statistic, adjusted.pvalue]).all()
    assert np.isnan(made({"a": 1}, [[1]], 0).table()[["conf_low", "p_value"]]).all(axis=None)


# The delta method


@quick
@given(estimates())
def test_non_linear_functions_that_are_linear_are_linear_combinations(source):
    linear = linear_combination(source, {"f": {"x": 2, "z": -1}, "g": {"x:z": 3}})
    other = nonlinear_combination(
        source, {"f": lambda b: 2 * b["x"] - b["z"], "g": lambda b: 3 * b["x:z"]}
    )
    np.testing.assert_allclose(other.params, linear.params, rtol=1e-13)
    np.testing.assert_allclose(other.covariance, linear.covariance, rtol=1e-10, atol=1e-14)


def test_exponentiated_limits_are_those_of_the_logarithm(design):
    model = design.glm("event ~ x + male", "binomial")
    table = linear_combination(model, pd.DataFrame({"x": [2.0]}, index=["x 2"])).table(
        0.1, exponentiate=True
    )
    low, high = 2 * model.conf_int(0.1).loc["x"]
    np.testing.assert_allclose(
        table.loc["x 2", ["estimate", "conf_low", "conf_high"]].astype(float),
        np.exp([2 * model.params["x"], low, high]),
        rtol=1e-13,
    )
    assert table.loc["x 2", "p_value"] == pytest.approx(model.pvalues["x"], rel=EXACT)


# Predictive margins


def test_margins_of_a_main_effect_in_a_gaussian_model_differ_by_the_coefficient(design):
    formula = "y ~ x + sex + kind"
    model = design.glm(formula)
    for covariates in ("sampled", "fixed", "joint"):
        found = margins(model, design, formula, {"sex": ["Female", "Male"]}, covariates=covariates)
        difference = found.differences("Female").table().loc["Male"]
        assert difference["estimate"] == pytest.approx(model.params["sex[T.Male]"], rel=EXACT)
        assert difference["std_error"] == pytest.approx(model.bse["sex[T.Male]"], rel=1e-7)
        assert difference["p_value"] == pytest.approx(model.pvalues["sex[T.Male]"], rel=1e-6)
    effect = average_marginal_effects(model, design, formula, "x", covariates="joint").table()
    assert effect.loc["x", "estimate"] == pytest.approx(model.params["x"], rel=1e-9)
    assert effect.loc["x", "std_error"] == pytest.approx(model.bse["x"], rel=1e-8)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_a_saturated_model_has_the_groups_means_for_margins(design, family):
    model = design.glm("event ~ kind", family)
    found = margins(model, design, "event ~ kind", {"kind": ["a", "b", "c"]})
    means = design.mean("event", by="kind").frame
    np.testing.assert_allclose(found.params, means["estimate"], rtol=EXACT)
    np.testing.assert_allclose(found.bse, means["std_error"], rtol=1e-8)


def ask(design, formula):
    """A margin and a marginal effect of a model with a spline and a product, refitted."""
    model = design.glm(formula, "binomial")
    margin = margins(model, design, formula, {"exposed": [0, 1]}, covariates="joint")
    effect = average_marginal_effects(model, design, formula, "x", covariates="joint")
    return margin, effect


def test_the_joint_variance_is_that_of_influence_found_by_moving_weights(frame, design):
    """The derivative of refitted margins by the weight of each PSU, in place of any formula."""
    formula = "event ~ exposed + exposed:x + bs(x, df=4) + male"
    margin, effect = ask(design, formula)
    size, step = margin.params.size + 1, 1e-4
    influence = []
    for (h, c), _ in frame.groupby(["h", "c"]):
        ends = []
        for sign in (1, -1):
            moved = frame.copy()
            moved.loc[(moved["h"] == h) & (moved["c"] == c), "w"] *= 1 + sign * step
            found = ask(Design(moved, weights="w", strata="h", psu="c"), formula)
            ends.append(np.concatenate([part.params for part in found]))
        influence.append({"h": h} | dict(enumerate((ends[0] - ends[1]) / (2 * step))))
    totals = pd.DataFrame(influence)
    expected = np.zeros((size, size))
    for _, psus in totals.groupby("h"):
        z = psus[list(range(size))].to_numpy()
        z = z - z.mean(axis=0)
        expected += len(z) / (len(z) - 1) * z.T @ z
    std_error = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(np.r_[margin.bse, effect.bse], std_error, rtol=NUMERICAL)
    assert margin.covariance.iloc[0, 1] == pytest.approx(expected[0, 1], rel=1e-4)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_gradients_are_those_found_by_moving_coefficients(design, family):
    formula = "event ~ exposed * x + np.exp(x / 3) + male"
    model = design.glm(formula, family)
    frame = design.frame

    def mean(b, x, exposed):
        eta = (
            b["Intercept"] + b["exposed"] * exposed + b["x"] * x + b["exposed:x"] * exposed * x
            + b["np.exp(x / 3)"] * np.exp(x / 3) + b["male"] * frame["male"]
        )  # fmt: skip
        return eta if family == "gaussian" else 1 / (1 + np.exp(-eta))

    def margin(b, exposed):
        return np.average(mean(b, frame["x"], exposed), weights=frame["w"])

    def effect(b):
        step = 1e-6
        slope = mean(b, frame["x"] + step, frame["exposed"]) - mean(
            b, frame["x"] - step, frame["exposed"]
        )
        return np.average(slope / (2 * step), weights=frame["w"])

    def numerically(function):
        gradient = []
        for name in model.params.index:
            ends = []
            for sign in (1, -1):
                b = model.params.copy()
                b[name] += sign * 1e-4
                ends.append(function(b))
            gradient.append((ends[0] - ends[1]) / 2e-4)
        return function(model.params), np.sqrt(gradient @ model.covariance @ gradient)

    found = margins(model, design, formula, {"exposed": [0, 1]}, covariates="fixed")
    for value in (0, 1):
        estimate, std_error = numerically(lambda b, value=value: margin(b, value))
        assert found.params[value] == pytest.approx(estimate, rel=EXACT)
        assert found.bse[value] == pytest.approx(std_error, rel=NUMERICAL)
    measures = {
        "differences": lambda p0, p1: p1 - p0,
        "log_ratios": lambda p0, p1: np.log(p1 / p0),
        "log_odds_ratios": lambda p0, p1: np.log(p1 / (1 - p1) * (1 - p0) / p0),
    }
    for method, function in measures.items():
        estimate, std_error = numerically(
            lambda b, function=function: function(margin(b, 0), margin(b, 1))
        )
        compared = getattr(found, method)(0)
        assert compared.params[1] == pytest.approx(estimate, rel=EXACT)
        assert compared.bse[1] == pytest.approx(std_error, rel=NUMERICAL)
    estimate, std_error = numerically(effect)
    fixed = average_marginal_effects(model, design, formula, ["x"], covariates="fixed")
    assert fixed.params["x"] == pytest.approx(estimate, rel=1e-7)
    assert fixed.bse["x"] == pytest.approx(std_error, rel=1e-5)


def test_margins_see_the_domain_its_missing_values_and_kinds_of_columns(frame, design):
    frame["kind"] = pd.Categorical(frame["kind"], ["a", "b", "c"])
    frame["exposed"] = (frame["exposed"] == 1).astype("boolean")
    frame.loc[:5, "exposed"] = pd.NA
    frame.loc[9:12, "w"] = 0.0
    frame.index = frame.index + 100
    domain = Design(frame, weights="w", strata="h", psu="c").where("sex == 'Male'")
    formula = "event ~ exposed + kind + x"
    model = domain.glm(formula, "binomial")
    rows = frame[(frame["sex"] == "Male") & frame["exposed"].notna() & (frame["w"] > 0)]
    found = margins(model, domain, formula, {"exposed": [False, True], "kind": ["a", "c"]})
    b = model.params
    for exposed, kind in found.params.index:
        eta = (
            b["Intercept"] + b["exposed"] * exposed + b.get(f"kind[T.{kind}]", 0) + b["x"] * rows.x
        )
        expected = np.average(1 / (1 + np.exp(-eta)), weights=rows["w"])
        assert found.params[exposed, kind] == pytest.approx(expected, rel=EXACT)
    assert found.df_resid == model.df_resid


def test_additive_interaction_of_risks_is_a_contrast_of_margins(design):
    formula = "event ~ exposed * male + x"
    model = design.glm(formula, "binomial")
    found = margins(model, design, formula, {"exposed": [0, 1], "male": [0, 1]})
    labels = list(found.params.index)
    signs = {(1, 1): 1, (1, 0): -1, (0, 1): -1, (0, 0): 1}
    contrast = linear_combination(found, {"it": {label: signs[label] for label in labels}})
    p = found.params
    assert contrast.params["it"] == pytest.approx(p[1, 1] - p[1, 0] - p[0, 1] + p[0, 0])
    assert wald_test(found, {"it": signs}).pvalue == pytest.approx(
        contrast.table().loc["it", "p_value"], rel=1e-8
    )


# Slopes


@quick
@given(estimates(), st.sampled_from([0.01, 0.05, 0.5]))
def test_johnson_neyman_bounds_are_where_t_is_critical_and_regions_where_it_is_beyond(
    source, alpha
):
    found = johnson_neyman(source, "x", "x:z", alpha=alpha)
    t = stats.t.ppf(1 - alpha / 2, source.df_resid)
    if found.bounds:
        at = simple_slopes(source, "x", "x:z", found.bounds).table(alpha)
        assume((at["std_error"] > 1e-6).all())
        np.testing.assert_allclose(at["statistic"].abs(), t, rtol=1e-5)
    grid = np.r_[np.sinh(np.linspace(-12, 12, 401)), [b * 1.001 for b in found.bounds]]
    at = simple_slopes(source, "x", "x:z", grid).table(alpha)
    for z, low, high, value in zip(grid, at["conf_low"], at["conf_high"], at["statistic"],
                                   strict=True):  # fmt: skip
        if abs(abs(value) - t) > 1e-6:
            inside = [sign for left, right, sign in found.regions if left < z < right]
            assert inside == ([np.sign(value)] if low > 0 or high < 0 else [])


@quick
@given(estimates(), st.floats(0.1, 10), st.floats(-5, 5))
def test_johnson_neyman_regions_move_with_the_units_of_the_moderator(source, scale, shift):
    """With z = (u - shift) / scale the coefficients are a linear function of those for z."""
    moved = linear_combination(
        source, {"x": {"x": 1, "x:z": -shift / scale}, "x:z": {"x:z": 1 / scale}}
    )
    ours, theirs = (johnson_neyman(each, "x", "x:z") for each in (source, moved))
    assume(all(abs(bound) < 1e4 for bound in ours.bounds))
    assert ours.extent == theirs.extent
    np.testing.assert_allclose(
        theirs.bounds, np.array(ours.bounds) * scale + shift, rtol=1e-6, atol=1e-6
    )


EXTENTS = {
    "two": ([0.0, 1.0], [[0.01, 0], [0, 0.01]], (-np.inf, np.inf), [-1, 1]),
    "one": ([1.0, 0.0], [[0.01, 0], [0, 0.01]], (-np.inf, np.inf), [1]),
    "none": ([0.1, 0.1], [[1, 0], [0, 1]], (-np.inf, np.inf), []),
    "everywhere": ([1.0, 0.0], [[0.01, 0], [0, 0.01]], (-2, 2), [1]),
    "everywhere: the product is known to be 0": ([1.0, 0], [[0.01, 0], [0, 0]], (-9, 9), [1]),
    "everywhere: so it is without limits": ([-1, 0], [[0.01, 0], [0, 0]], (-np.inf, np.inf), [-1]),
    "none: the product is known to be 0": ([0.1, 0], [[0.01, 0], [0, 0]], (-9, 9), []),
    "one: of two, the other lies outside": ([0.0, 1], [[0.01, 0], [0, 0.01]], (0, 9), [1]),
    "none: within": ([0.0, 1.0], [[0.01, 0], [0, 0.01]], (-0.1, 0.1), []),
}


@pytest.mark.parametrize("case", EXTENTS)
def test_johnson_neyman_tells_all_cases_apart(case):
    values, covariance, within, signs = EXTENTS[case]
    source = made(dict(zip(["x", "x:z"], values, strict=True)), covariance)
    found = johnson_neyman(source, "x", "x:z", within=within)
    assert found.extent == case.partition(":")[0]
    assert [sign for _, _, sign in found.regions] == signs
    assert all(within[0] <= low < high <= within[1] for low, high, _ in found.regions)


def test_johnson_neyman_where_the_quadratic_is_a_line():
    """The product's own t is critical: one bound has gone to infinity."""
    t = stats.t.ppf(0.975, 15)
    found = johnson_neyman(made({"x": 1.0, "x:z": t}, [[1, 0.5], [0.5, 1]]), "x", "x:z")
    assert len(found.bounds) == 1 and found.extent == "one"
    slope = simple_slopes(
        made({"x": 1.0, "x:z": t}, [[1, 0.5], [0.5, 1]]), "x", "x:z", found.bounds
    )
    assert abs(slope.table()["statistic"].iloc[0]) == pytest.approx(t, rel=1e-9)


# Interaction


@quick
@given(estimates())
def test_measures_of_interaction_have_the_delta_methods_intervals(source):
    found = interaction(source, "x", "z", "x:z")

    def ratios(b):
        return np.exp(b["x"]), np.exp(b["z"]), np.exp(b["x"] + b["z"] + b["x:z"])

    def reri(b):
        a, c, both = ratios(b)
        return both - a - c + 1

    def log_synergy(b):
        a, c, both = ratios(b)
        return np.log((both - 1) / (a + c - 2))

    functions = {
        "ratio of odds ratios": (lambda b: b["x:z"], True),
        "RERI": (reri, False),
        "attributable proportion": (lambda b: reri(b) / ratios(b)[2], False),
        "synergy index": (log_synergy, True),
    }
    a, c, both = ratios(source.params)
    assume(min(abs(both - 1), abs(a + c - 2)) > 0.05)  # else the logarithm has no tame derivative
    for name, (function, log) in functions.items():
        ours = found.measures.loc[name]
        if name == "synergy index" and (both - 1) * (a + c - 2) < 0:
            assert ours.isna().all()
            continue
        theirs = nonlinear_combination(source, {"it": function}).table(exponentiate=log).loc["it"]
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12, err_msg=name)


@quick
@given(estimates())
def test_interaction_does_not_depend_on_which_exposure_is_called_first(source):
    ours = interaction(source, "x", "z", "x:z").measures
    pd.testing.assert_frame_equal(ours, interaction(source, "z", "x", "x:z").measures, rtol=1e-12)


@quick
@given(st.floats(0.1, 2), st.floats(0.1, 2), estimates())
def test_without_interaction_on_a_scale_its_measures_say_so(a, b, source):
    multiplied = made({"x": a, "z": b, "x:z": 0}, source.covariance.to_numpy())
    ratio = interaction(multiplied, "x", "z", "x:z").measures.loc["ratio of odds ratios"]
    assert ratio[["estimate", "p_value"]].tolist() == pytest.approx([1, 1], abs=1e-12)
    product = math.log(math.exp(a) + math.exp(b) - 1) - a - b
    added = made({"x": a, "z": b, "x:z": product}, source.covariance.to_numpy())
    measures = interaction(added, "x", "z", "x:z").measures["estimate"]
    assert measures[["RERI", "attributable proportion"]].abs().max() < 1e-12
    assert measures["synergy index"] == pytest.approx(1, rel=1e-10)


def test_interaction_is_invariant_to_the_coding_of_exposures_and_the_other_covariates(design):
    """1 and 2 for 0 and 1, and a covariate in other units: the same contrasts."""
    ours = interaction(design.glm("event ~ exposed * male + x", "binomial"),
                       "exposed", "male", "exposed:male")  # fmt: skip
    design.frame["e2"], design.frame["m2"] = (
        design.frame["exposed"] + 1,
        3 * design.frame["male"] - 1,
    )
    design.frame["x2"] = 100 * design.frame["x"] - 7
    recoded = interaction(design.glm("event ~ e2 * m2 + x2", "binomial"), "e2", "m2", "e2:m2",
                          first_from_to=(1, 2), second_from_to=(-1, 2))  # fmt: skip
    pd.testing.assert_frame_equal(ours.odds_ratios, recoded.odds_ratios, rtol=1e-9)
    pd.testing.assert_frame_equal(ours.measures, recoded.measures, rtol=1e-8)


def test_results_are_printed(design):
    model = design.glm("event ~ exposed * male", "binomial")
    text = repr(interaction(model, "exposed", "male", "exposed:male"))
    assert "synergy index" in text and "A and B" in text
    assert "4 degrees of freedom" in repr(linear_combination(model, [0, 1, 0, 0]))


# What cannot be answered is refused.

FORMULA = "event ~ exposed * x + kind"
SOURCE = made({"x": 1, "z": 2, "x:z": 3}, np.eye(3))
REFUSED = {
    "null": (lambda: wald_test(SOURCE, ["x", "z"], null=[1, 2, 3]), "null of shape"),
    "singular": (lambda: wald_test(SOURCE, [[1, 0, 0], [2, 0, 0]]), "2 contrasts cannot be tested"),
    "zero": (lambda: wald_test(SOURCE, [[0, 0, 0]]), "1 contrasts cannot be tested"),
    "name": (lambda: linear_combination(SOURCE, {"a": {"q": 1}}), "no estimate 'q'"),
    "column": (lambda: linear_combination(SOURCE, pd.DataFrame({"q": [1]})), "no estimate 'q'"),
    "shape": (lambda: linear_combination(SOURCE, [[1, 2]]), "do not fit 3 estimates"),
    "mapping": (lambda: linear_combination(SOURCE, {"x": 1}), "must be given as"),
    "a name": (lambda: linear_combination(SOURCE, "x"), "names estimates, not contrasts"),
    "names": (lambda: linear_combination(SOURCE, ["x", "z"]), "names estimates, not contrasts"),
    "text": (lambda: linear_combination(SOURCE, {"a": {"x": "1"}}), "the factor of 'x' must be of"),
    "nothing": (lambda: wald_test(SOURCE, {}), "there is no contrast"),
    "text for null": (lambda: wald_test(SOURCE, "x", null="0"), "null must be of numbers"),
    "no function": (lambda: nonlinear_combination(SOURCE, {}), "one or more"),
    "an expression": (lambda: nonlinear_combination(SOURCE, {"f": "exp(x)"}), "not a function"),
    "attribute": (lambda: nonlinear_combination(SOURCE, {"f": lambda b: b.q}), "'q'"),
    "text for a slope": (lambda: simple_slopes(SOURCE, "x", "x:z", ["a"]), "at must be of numbers"),
    "no slope": (lambda: simple_slopes(SOURCE, "x", "x:z", []), "one value or more"),
    "one end": (lambda: johnson_neyman(SOURCE, "x", "x:z", within=(1,)), "must be two numbers"),
    "one value": (lambda: interaction(SOURCE, "x", "z", "x:z", first_from_to=(0,)), "two numbers"),
    "endless": (lambda: interaction(SOURCE, "x", "z", "x:z", first_from_to=(0, 1e6)), "too large"),
    "percent": (lambda: linear_combination(SOURCE, [1, 0, 0]).table(95), "alpha must lie"),
    "infinite": (lambda: linear_combination(SOURCE, [1, np.nan, 0]), "finite numbers"),
    "unknown in function": (lambda: nonlinear_combination(SOURCE, {"f": lambda b: b["q"]}), "'q'"),
    "not finite": (lambda: nonlinear_combination(SOURCE, {"f": lambda b: np.log(-b["x"])}), "nan"),
    "abs": (lambda: nonlinear_combination(SOURCE, {"f": lambda b: abs(b["x"])}), "not smooth"),
    "math": (lambda: nonlinear_combination(SOURCE, {"f": lambda b: math.exp(b["x"])}), "complex"),
    "slope": (lambda: simple_slopes(SOURCE, "x", "x", [1]), "the same coefficient"),
    "range": (lambda: johnson_neyman(SOURCE, "x", "x:z", within=(2, 1)), "must ascend"),
    "no df": (lambda: johnson_neyman(made({"x": 1, "z": 1}, np.eye(2), 0), "x", "z"), "degrees"),
    "same": (lambda: interaction(SOURCE, "x", "x", "x:z"), "three coefficients"),
    "no contrast": (lambda: interaction(SOURCE, "x", "z", "x:z", first_from_to=(1, 1)), "differ"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_questions_are_refused(case):
    question, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        question()


BAD_MARGINS = {
    "covariates": (lambda m, d: margins(m, d, FORMULA, {"x": [1]}, covariates="none"), "unknown"),
    "nothing": (lambda m, d: margins(m, d, FORMULA, {}), "must name a column"),
    "not there": (lambda m, d: margins(m, d, FORMULA, {"male": [1]}), "no covariate 'male'"),
    "outcome": (lambda m, d: margins(m, d, FORMULA, {"event": [1]}), "no covariate 'event'"),
    "text": (lambda m, d: margins(m, d, FORMULA, {"kind": "abc"}), "must be a sequence"),
    "empty": (lambda m, d: margins(m, d, FORMULA, {"kind": []}), "must be a sequence"),
    "one value": (lambda m, d: margins(m, d, FORMULA, {"x": 1}), "must be a sequence"),
    "a list": (lambda m, d: margins(m, d, FORMULA, ["x"]), "must name a column and its values"),
    "no effect": (lambda m, d: average_marginal_effects(m, d, FORMULA, []), "one name or more"),
    "level": (lambda m, d: margins(m, d, FORMULA, {"kind": ["q"]}), "cannot be evaluated"),
    "not a number": (lambda m, d: margins(m, d, FORMULA, {"x": [np.nan]}), "cannot be evaluated"),
    "formula": (lambda m, d: margins(m, d, "event ~ x", {"x": [1]}), "was not fitted with"),
    "domain": (lambda m, d: margins(m, d.where("x < 1"), FORMULA, {"x": [1]}), "not fitted with"),
    "outcome's": (lambda m, d: margins(m, d, "y ~ exposed * x + kind", {"x": [1]}), "not fitted"),
    "reference": (lambda m, d: margins(m, d, FORMULA, {"x": [1]}).differences(2), "no margin at"),
    "effect": (lambda m, d: average_marginal_effects(m, d, FORMULA, "kind"), "continuously"),
    "rows": (lambda m, d: margins_of_matrices(m, d, {"a": d.frame[["x"]]}), "matrix 'a' must"),
    "gaussian": (lambda m, d: interaction(d.glm("y ~ x * male"), "x", "male", "x:male"), "gauss"),
    "negative": (lambda m, d: margins(d.glm("y ~ x"), d, "y ~ x", {"x": [-9, 0]}).log_ratios(0),
                 "no ratio"),
    "odds": (lambda m, d: margins(d.glm("y ~ x"), d, "y ~ x", {"x": [0, 9]}).log_odds_ratios(0),
             "no odds"),
}  # fmt: skip


def test_a_step_has_no_derivative(design):
    """Of one that lies at an observed value differences would make a slope, and a large one."""
    step = float(design.frame["x"].sort_values().iloc[9])
    formula = f"y ~ I(x > {step!r})"
    with pytest.raises(InputError, match="makes steps of 'x'"):
        average_marginal_effects(design.glm(formula), design, formula, "x")


def test_a_model_fitted_to_other_values_of_the_same_columns_is_refused(design):
    model = design.glm(FORMULA, "binomial")
    design.frame["x"] *= 1.001
    with pytest.raises(InputError, match="was not fitted with the formula"):
        margins(model, design, FORMULA, {"x": [1]})


@pytest.mark.parametrize("case", BAD_MARGINS)
def test_margins_that_cannot_be_had_are_refused(design, case):
    question, message = BAD_MARGINS[case]
    model = design.glm(FORMULA, "binomial")
    with pytest.raises(InputError, match=message):
        question(model, design)


@pytest.mark.parametrize("kind", ["multinomial", "text"])
def test_margins_are_of_generalised_linear_models(kind):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"w": np.ones(60), "x": rng.normal(size=60), "k": list("abc") * 20})
    design = Design(frame, weights="w")
    model = design.multinomial("k ~ x") if kind == "multinomial" else "text"
    for ask in (margins, average_marginal_effects):
        how = {"x": [0, 1]} if ask is margins else "x"
        with pytest.raises(InputError, match="margins are of generalised linear models"):
            ask(model, design, "k ~ x", how)
