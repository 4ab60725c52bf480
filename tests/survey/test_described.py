"""Descriptions beside means: by hand, by their laws, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.survey import Design
from analysis.survey.intervals import nchs_interval, weighted_quantile
from analysis.survey.presentation import judge

SAME = {"rtol": 1e-9, "atol": 1e-12}  # sums in another order, and what cancels in them
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]

quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def design_of(frame, **options):
    return Design(frame, **({"weights": "w", "strata": "h", "psu": "c"} | options))


def with_age(frame):
    age = np.tile(["young", "middle", "old"], len(frame))[: len(frame)]
    return frame.assign(age=age, size=np.exp(frame["y"]))


STANDARD = {"young": 30, "middle": 50.0, "old": 20}


# By hand.


def test_a_geometric_mean_by_hand():
    """Of 1, 10 and 100 with weights 1, 2 and 1 the mean logarithm is that of 10.

    Each row is a PSU: the variance of the mean logarithm, in units of log(10), is
    3/2 (1/16 + 0 + 1/16) = 3/16.
    """
    frame = pd.DataFrame({"x": [1.0, 10, 100], "w": [1.0, 2, 1]})
    row = Design(frame, weights="w").geometric_mean("x").only
    spread = np.log(10) * np.sqrt(3 / 16)
    assert row["estimate"] == pytest.approx(10, rel=1e-14)
    assert row["std_error"] == pytest.approx(10 * spread, rel=1e-14)
    half = 0.95 * np.sqrt(2 / (1 - 0.95**2)) * spread  # t of two degrees of freedom, in closed form
    assert row["conf_low"] == pytest.approx(10 * np.exp(-half), rel=1e-12)
    assert row["conf_high"] == pytest.approx(10 * np.exp(half), rel=1e-12)


def test_a_standardised_mean_by_hand():
    """Cells of means 2 and 6, in the standard one to three: 5, whatever the sample's parts.

    Deviations from the cells' means times pi / W times w are 1/4 * (-1, 1) / 2 and
    3/4 * (-2, 0, 2) / 3, one PSU each; 5/4 of their sum of squares about their mean of 0.
    """
    frame = pd.DataFrame({"k": list("aabbb"), "x": [1.0, 3, 4, 6, 8], "w": 2.0})
    row = Design(frame, weights="w").standardised("x", "k", {"a": 1, "b": 3}).only
    assert row["estimate"] == pytest.approx(5, rel=1e-15)
    expected = 5 / 4 * (2 * (1 / 8) ** 2 + 2 * (1 / 2) ** 2)
    assert row["std_error"] ** 2 == pytest.approx(expected, rel=1e-14)


def test_the_design_effect_of_equal_weights_and_single_rows_is_one(frame):
    simple = Design(frame.assign(w=7.0), weights="w")
    for table in (simple.mean("y", deff="replace"), simple.ratio("y", "x", deff="replace")):
        assert table.only["deff"] == pytest.approx(1, rel=1e-12)
    # A sample of a seventh of the population without replacement would have 6/7 of the variance.
    for table in (simple.mean("y", deff=True), simple.total("y", deff=True)):
        assert table.only["deff"] == pytest.approx(7 / 6, rel=1e-12)


@pytest.mark.parametrize("deff", [True, "replace"])
def test_what_does_not_vary_has_no_design_effect(frame, deff):
    # Weights of which the mean of ones differs from 1 by rounding.
    many = 10 ** np.random.default_rng(0).uniform(1, 4, (99, len(frame)))
    frame["w"] = next(w for w in many if w @ np.ones(len(w)) != w.sum())
    design = design_of(frame.assign(one=1))
    for table in (design.mean("one", deff=deff), design.proportion("one", deff=deff)):
        assert np.isnan(table.only["deff"])


def test_coefficients_of_variation(frame):
    table = design_of(frame).mean(["y", "x"], by="sex")
    expected = table.frame["std_error"] / table.frame["estimate"]
    pd.testing.assert_series_equal(table.cv, expected, check_names=False)
    logarithm = design_of(with_age(frame)).mean("y").only["std_error"]
    assert design_of(with_age(frame)).geometric_mean("size").cv[0] == pytest.approx(logarithm)


@pytest.mark.parametrize("rule", ["math", "school"])
def test_many_weights_give_many_quantiles(rule):
    rng = np.random.default_rng(4)
    x = rng.integers(0, 9, 40).astype(float)
    weights = rng.integers(0, 4, (40, 50)).astype(float)
    weights[:, 3] = 0
    for p in (0.25, 0.5, 0.9):
        together = weighted_quantile(x, weights, p, rule)
        for j in range(50):
            kept = weights[:, j] > 0
            alone = weighted_quantile(x[kept], weights[kept, j], p, rule) if kept.any() else np.nan
            np.testing.assert_equal(together[j], alone)
            if kept.any():  # a replicate of 2 is the row twice
                rows = np.repeat(x, weights[:, j].astype(int))
                method = "averaged_inverted_cdf" if rule == "school" else "inverted_cdf"
                assert together[j] == np.quantile(rows, p, method=method)


# The presentation standards.


def verdict(p, n, n_effective, df):
    values = {"estimate": [p], "n": [n], "n_effective": [n_effective], "df": [df]}
    return judge(pd.DataFrame(values)).iloc[0]


@pytest.mark.parametrize(
    ("case", "presentation", "reason"),
    [
        ((0.5, 1000, 600.0, 30), "present", ""),
        ((0.5, 29, 29.0, 15), "suppress", "fewer than 30 rows; effective sample size below 30"),
        ((0.5, 1000, 29.9, 30), "suppress", "effective sample size below 30"),
        ((0.5, 1000, 35.0, 30), "suppress", "interval at least 0.30 wide"),
        ((0.04, 1000, 60.0, 30), "suppress", "wider than 130% of the proportion"),
        ((0.001, 9000, 3000.0, 30), "present", ""),  # narrow: however wide relative to itself
        ((0.0, 9000, 9000.0, 30), "review", "nobody has it"),
        ((1.0, 9000, 9000.0, 30), "review", "everybody has it"),
        ((0.0, 40, 40.0, 30), "review", "nobody has it"),  # wide, but relative to nothing
        ((0.3, 9000, 6000.0, 7), "review", "fewer than 8 degrees of freedom"),
        ((0.3, 9000, 6000.0, 8), "present", ""),
        ((0.3, 9000, 6000.0, 0), "suppress", "0.30 wide"),
        ((0.3, 9000, np.nan, 30), "suppress", "standard error unknown"),
        ((np.nan, 0, np.nan, 0), "suppress", "standard error unknown; fewer than 30 rows"),
    ],
)
def test_each_standard(case, presentation, reason):
    found = verdict(*case)
    assert found["presentation"] == presentation
    assert reason in found["reason"] and bool(reason) == bool(found["reason"])


def test_the_complement_may_be_unreliable_where_the_proportion_is_not():
    found = verdict(0.96, 1000, 60.0, 30)
    assert found["presentation"] == "present" and found["complement_unreliable"]
    assert not verdict(0.5, 1000, 600.0, 30)["complement_unreliable"]
    assert not verdict(0.999, 9000, 3000.0, 30)["complement_unreliable"], "narrow"
    assert not verdict(0.04, 1000, 60.0, 30)["complement_unreliable"], "suppressed itself"


def test_limits_of_the_standards_by_the_binomial_distribution():
    """At n they are Clopper and Pearson's: each limit leaves half of 5% beyond what was seen."""
    from scipy import stats

    low, high = nchs_interval(0.1, 500.0, 100, 1000, 0.05)  # capped at n = 100
    assert stats.binom.sf(9, 100, low) == pytest.approx(0.025, rel=1e-9)
    assert stats.binom.cdf(10, 100, high) == pytest.approx(0.025, rel=1e-9)
    assert nchs_interval(0.0, 0.0, 50, 3, 0.05) == pytest.approx((0, 1 - 0.025 ** (1 / 50)))
    assert nchs_interval(1.0, 0.0, 50, 3, 0.05) == pytest.approx((0.025 ** (1 / 50), 1))
    assert nchs_interval(0.3, 40.0, 50, 0, 0.05) == (0, 1)


def test_the_interval_of_the_standards_can_be_asked_for(frame):
    design = design_of(frame)
    table = design.proportion("event", by="sex", interval="nchs")
    judged = table.presentation()
    np.testing.assert_array_equal(judged[["conf_low", "conf_high"]], table.frame[NUMBERS[2:]])
    nobody = design.proportion("x > 99", interval="nchs").only
    assert nobody["conf_low"] == 0 and 0 < nobody["conf_high"] < 0.05


def test_a_design_effect_below_one_does_not_make_the_sample_larger(frame):
    found = design_of(frame).proportion("event")
    frame = found.frame.assign(n_effective=10_000.0)
    assert judge(frame).iloc[0]["n_effective"] == frame.iloc[0]["n"]


# Laws.


@st.composite
def samples(draw):
    """Strata of 2 to 4 PSUs, each PSU with every age, weights over four orders of size."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=2, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = np.array([(h, c) for h, size in enumerate(sizes) for c in range(size)])
    rows = np.repeat(units, 12, axis=0)
    n = len(rows)
    return pd.DataFrame(
        {
            "h": rows[:, 0],
            "c": rows[:, 1],
            "w": 10 ** rng.uniform(0, 4, n),
            "y": rng.normal(3, 1, n),
            "z": rng.uniform(1, 2, n),
            "event": (rng.random(n) < 0.5) * 1,
            "age": np.tile(["young", "middle", "old"], n // 3),
            "group": np.tile(list("aaabbb"), n // 6),
        }
    )


def everything(design, standard=STANDARD):
    tables = [
        design.geometric_mean("z", by="group", deff=True),
        design.mean("y", by="group", deff=True),
        design.ratio("y", "z", deff="replace"),
        design.standardised("y", "age", standard, over="group"),
        design.standardised("event", "age", standard, statistic="proportion", interval="beta"),
    ]
    judged = design.proportion("event", by="group").presentation()
    numbers = [table.frame.select_dtypes("number").to_numpy(float).ravel() for table in tables]
    return np.concatenate([*numbers, judged.select_dtypes("number").to_numpy(float).ravel()])


def kinds(frame):
    yield design_of(frame)
    yield design_of(frame).as_replicates("JKn")


@quick
@given(samples(), st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_categories_do_not_matter(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    names = {"young": 3, "middle": 1, "old": 2}
    other = frame.iloc[order].assign(age=lambda f: f["age"].map(names))
    renamed = pd.Series({names[age]: 7 * size for age, size in STANDARD.items()})
    for ours, theirs in zip(kinds(frame), kinds(other), strict=True):
        np.testing.assert_allclose(everything(theirs, renamed), everything(ours), **SAME)


@quick
@given(samples())
def test_groups_are_domains(frame):
    for design in kinds(frame):
        for ask in (
            lambda d, **by: d.geometric_mean("z", deff=True, **by),
            lambda d, **by: d.ratio("y", "z", deff=True, **by),
            lambda d, **by: d.proportion("event", interval="nchs", **by),
        ):
            together = ask(design, by="group").frame
            for group, rows in together.groupby("group"):
                alone = ask(design.where(frame["group"] == group)).frame
                pd.testing.assert_frame_equal(
                    rows.drop(columns="group").reset_index(drop=True), alone, check_exact=True
                )
        over = design.standardised("y", "age", STANDARD, over="group").frame.set_index("group")
        alone = design.where("group == 'b'").standardised("y", "age", STANDARD).only
        assert (over.loc["b", NUMBERS] == alone[NUMBERS]).all()


@quick
@given(samples())
def test_the_geometric_mean_of_an_exponential_is_the_exponential_of_the_mean(frame):
    for design in kinds(frame.assign(size=np.exp(frame["y"]))):
        mean, geometric = design.mean("y").only, design.geometric_mean("size").only
        ends = ["estimate", "conf_low", "conf_high"]
        np.testing.assert_allclose(
            geometric[ends].astype(float), np.exp(mean[ends].astype(float)), rtol=1e-12
        )
        relative = geometric["std_error"] / geometric["estimate"]
        assert relative == pytest.approx(mean["std_error"], rel=1e-10)


@quick
@given(samples())
def test_standardised_to_its_own_distribution_a_mean_is_the_crude_mean(frame):
    own = frame.groupby("age")["w"].sum()
    cells = frame.groupby(["age", "group"])["w"].sum()
    for design in kinds(frame):
        crude = design.mean("y").only["estimate"]
        for found in (
            design.standardised("y", "age", own),
            design.standardised("y", ["age", "group"], dict(cells)),
        ):
            assert found.only["estimate"] == pytest.approx(crude, rel=1e-12)


@quick
@given(samples())
def test_standardised_to_one_cell_nothing_changes(frame):
    for design in kinds(frame.assign(all=1)):
        crude = design.mean("y").only[NUMBERS].astype(float)
        found = design.standardised("y", "all", {1: 5}).only[NUMBERS].astype(float)
        np.testing.assert_allclose(found, crude, rtol=1e-11)
        share = design.proportion("event").only
        same = design.standardised("event", "all", {1: 5}, statistic="proportion").only
        columns = [*NUMBERS, "n_effective", "events", "df"]
        np.testing.assert_allclose(
            same[columns].astype(float), share[columns].astype(float), rtol=1e-9
        )


@quick
@given(samples())
def test_a_standardised_mean_is_the_sum_of_the_means_by_cell(frame):
    """By the delta method from a model of the means of the cells, which has their covariance."""
    design = design_of(frame)
    model = design.glm("y ~ 0 + C(age)")
    parts = np.array([STANDARD[age] for age in ("middle", "old", "young")]) / 100
    row = design.standardised("y", "age", STANDARD).only
    assert row["estimate"] == pytest.approx(parts @ model.params, rel=1e-10)
    variance = parts @ model.cov_params().to_numpy() @ parts
    assert row["std_error"] == pytest.approx(np.sqrt(variance), rel=1e-9)


@quick
@given(samples())
def test_weights_of_another_scale_leave_design_effects_with_replacement(frame):
    scaled = design_of(frame.assign(w=frame["w"] / 2**20))
    for ask in (
        lambda d, deff: d.mean("y", deff=deff),
        lambda d, deff: d.total("y", deff=deff),
    ):
        ours = ask(design_of(frame), "replace").only["deff"]
        assert ask(scaled, "replace").only["deff"] == pytest.approx(ours, rel=1e-10)
        with pytest.raises(InputError, match="less than the rows"):
            ask(scaled, True)


# Rows that do not count.


def test_rows_without_a_category_or_a_value_are_set_aside(frame):
    frame = with_age(frame)
    frame.loc[3, "age"] = None
    frame.loc[4, "y"] = np.nan
    row = design_of(frame).standardised("y", "age", STANDARD).only
    kept = design_of(frame).where(frame["age"].notna() & frame["y"].notna())
    assert (row["n"], row["missing"]) == (82, 2)
    assert (row[NUMBERS] == kept.standardised("y", "age", STANDARD).only[NUMBERS]).all()


def test_a_missing_category_is_no_cell_of_the_population(frame):
    frame = with_age(frame).astype({"age": object})
    frame.loc[3, "age"] = np.nan
    with pytest.raises(InputError, match="age = nan"):
        design_of(frame).standardised("y", "age", pd.Series({**STANDARD, np.nan: 1}))


def test_rows_of_weight_0_need_no_category_and_no_logarithm(frame):
    frame = with_age(frame)
    ours = frame.assign(w=frame["w"].where(np.arange(len(frame)) != 5, 0.0))
    changed = ours.astype({"age": object})
    changed.loc[5, ["age", "size"]] = ["ancient", -1.0]
    for ask in (
        lambda d: d.standardised("y", "age", STANDARD),
        lambda d: d.geometric_mean("size"),
    ):
        before, after = ask(design_of(ours)).only, ask(design_of(changed)).only
        np.testing.assert_allclose(
            after[NUMBERS].astype(float), before[NUMBERS].astype(float), rtol=1e-13
        )


def test_a_stratum_of_weight_0_stays_in_the_domain_of_a_geometric_mean():
    """As for a mean: the average of the others stands in for each lonely stratum that is there."""
    frame = pd.DataFrame({"h": [1, 1, 2, 2, 3], "w": [1.0, 2, 1, 1, 0], "x": [1.0, 2, 4, 3, -1]})
    design = Design(frame, weights="w", strata="h", lonely_psu="average")
    logarithm = Design(
        frame.assign(x=np.log(frame["x"].abs())), weights="w", strata="h", lonely_psu="average"
    )
    ours, theirs = design.geometric_mean("x").cv[0], logarithm.mean("x").only["std_error"]
    assert ours == pytest.approx(theirs, rel=1e-14)


# What is refused.

REFUSED = {
    "not positive": (lambda d: d.geometric_mean("x"), "'x' has [0-9]+ values that are not pos"),
    "deff": (lambda d: d.mean("y", deff="wr"), "unknown design effect 'wr'"),
    "empty cell": (
        lambda d: d.where("age != 'old' or sex == 'Male'").standardised(
            "y", "age", STANDARD, over="sex"
        ),
        "age = old where sex = Female",
    ),
    "empty cell of two": (
        lambda d: d.standardised("y", ["age"], STANDARD | {"ancient": 1}),
        "age = ancient",
    ),
    "stranger": (
        lambda d: d.standardised("y", "age", {"young": 1, "middle": 2}),
        r"no weight for age = old \(28 rows",
    ),
    "population twice": (
        lambda d: d.standardised("y", "age", pd.Series([1, 2], ["old", "old"])),
        "age = old twice",
    ),
    "population of zero": (
        lambda d: d.standardised("y", "age", STANDARD | {"old": 0}),
        "age = old is 0, not positive",
    ),
    "population of text": (
        lambda d: d.standardised("y", "age", STANDARD | {"old": "many"}),
        "must be of numbers",
    ),
    "no population": (lambda d: d.standardised("y", "age", {}), "is empty"),
    "a list": (lambda d: d.standardised("y", "age", [1, 2, 3]), "a mapping or a Series, not list"),
    "statistic": (
        lambda d: d.standardised("y", "age", STANDARD, statistic="median"),
        "cannot standardise a 'median'",
    ),
    "share of numbers": (
        lambda d: d.standardised("y", "age", STANDARD, statistic="proportion"),
        "must be of 0 and 1",
    ),
    "no replicates": (
        lambda d: d.quantile("y", 0.5, interval="replicates"),
        "need replicate weights",
    ),
    "interval": (lambda d: d.quantile("y", 0.5, interval="beta"), "unknown interval 'beta'"),
    "percent": (lambda d: d.mean("y", alpha=95), "alpha must lie between 0 and 1, not 95"),
    "above 1": (lambda d: d.quantile("y", 0.5, alpha=1.5), "alpha must lie"),
    "text for alpha": (lambda d: d.proportion("event", alpha="5%"), "alpha must lie"),
    "no variable": (lambda d: d.mean([]), "no variable"),
    "no groups": (lambda d: d.mean("y", by=[]), "by is empty"),
    "missing groups": (lambda d: d.mean("y", by=np.full(len(d.frame), np.nan)), "lacks a group"),
    "groups of one name": (
        lambda d: d.mean("y", by=[d.frame["sex"].to_numpy(), d.frame["event"].to_numpy()]),
        "two groupings are called 'value'",
    ),
    "cells of one name": (
        lambda d: d.standardised("y", ["age", "age"], STANDARD),
        "two groupings are called 'age'",
    ),
    "text for p": (lambda d: d.quantile("y", "median"), "p must be of numbers"),
    "no p": (lambda d: d.quantile("y", []), "between 0 and 1"),
    "dates": (
        lambda d: d.mean(pd.date_range("2020", periods=len(d.frame)).to_numpy()),
        "must hold numbers, not datetime64",
    ),
    "durations": (
        lambda d: d.total(pd.to_timedelta(np.arange(len(d.frame)), "D").to_numpy()),
        "must hold numbers, not timedelta64",
    ),
    "numerals": (lambda d: d.mean(np.array(["1"] * len(d.frame), dtype=object)), "hold numbers"),
    "complex": (lambda d: d.mean(np.full(len(d.frame), 1j)), "hold numbers, not complex"),
    "denominator": (
        lambda d: d.ratio("y", (d.frame["sex"] == "Male") * 1.0, by="sex"),
        "sex = Female: the denominator",
    ),
    "standards of means": (lambda d: d.mean("y").presentation(), "not for a mean"),
    "a group named as a column": (
        lambda d: d.proportion("event", by=d.frame["sex"].rename("reason")).presentation(),
        "cannot be named 'reason'",
    ),
}


def test_the_largest_value_is_a_limit_whatever_the_rounding():
    """Everybody is at or below it: 1 exactly, whatever rounding makes of the sum of weights."""
    rng = np.random.default_rng(8)
    for _ in range(60):
        frame = pd.DataFrame({"x": rng.normal(size=31), "w": rng.uniform(0.1, 1, 31)})
        row = Design(frame, weights="w").quantile("x", 0.9999).only
        assert row[["estimate", "conf_low", "conf_high"]].tolist() == [frame["x"].max()] * 3
        assert row["std_error"] == 0


def test_one_row_has_no_standard_deviation_and_no_error_of_it(frame):
    row = design_of(frame).where(np.arange(len(frame)) == 3).std("y").only
    assert np.isnan(row["estimate"]) and np.isnan(row["std_error"])


@pytest.mark.parametrize("case", REFUSED)
def test_bad_questions_are_refused(frame, case):
    ask, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        ask(design_of(with_age(frame)))


def test_quantiles_by_the_jackknife_are_warned_of(frame):
    with pytest.warns(UserWarning, match="jackknife may not give valid"):
        design_of(frame).as_replicates("JKn").quantile("y", 0.5, interval="replicates")
