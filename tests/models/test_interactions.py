"""Joint categories, tests of interaction, additive measures and slopes, by formulas in between."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.errors import InputError
from analysis.models.doses import dose_groups
from analysis.models.interactions import interaction_rows
from analysis.models.joined import product_contrasts

DIGITS = 1e-7
"""Relative difference between two ways to the same converged model."""


def quantile(values, weights, share):
    """Give the smallest value with at least the share of weight at or below it."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return values[order][np.argmax(reached >= share - 1e-12)]


def grouped(frame, column, count):
    """Groups 1 to `count` by weighted quantiles, written out."""
    values, weights = frame[column].to_numpy(), frame["weight"].to_numpy()
    cuts = [quantile(values, weights, i / count) for i in range(1, count)]
    return 1 + np.searchsorted(cuts, values, side="left")


def by_formula(frame, setting, outcome, formula):
    """Fit a formula to the outcome's domain, with groups of both intakes as columns."""
    frame = frame.assign(y=setting.responses[outcome].values)
    for column, count in product(("dose", "intake"), (2, 3)):
        frame[f"{column}{count}"] = grouped(frame, column, count)
    design = type(setting.cohort)(frame, weights="weight", strata="stratum", psu="psu")
    family = "gaussian" if outcome == "level" else "binomial"
    return design.where(frame["y"].notna()).glm(f"y ~ {formula}", family), frame


@pytest.mark.parametrize("outcome", ["low", "level"])
def test_joint_categories_are_those_of_a_model_by_formula(people, make, table, outcome):
    setting = make.setting(people, interactions=[make.interaction()])
    found = table(interaction_rows(setting), analysis="joint", contrast="3x3", outcome=outcome)
    model, frame = by_formula(people, setting, outcome, "C(dose3 * 10 + intake3) + age + C(sex)")
    assert found["level"].tolist() == ["T1"] * 3 + ["T2"] * 3 + ["T3"] * 3
    assert found["stratum_level"].tolist() == ["T1", "T2", "T3"] * 3
    assert set(found["reference"]) == {"T1, T1"} and set(found["stratum"]) == {"with_intake"}
    binary = outcome == "low"
    assert found["estimate"].iloc[0] == (1 if binary else 0)
    estimates = np.log(found["estimate"]) if binary else found["estimate"]
    for i, (a, b) in enumerate(product((1, 2, 3), repeat=2)):
        used = frame["y"].notna() & frame["age"].notna()
        cell = used & (frame["dose3"] == a) & (frame["intake3"] == b)
        assert found["n"].iloc[i] == cell.sum()
        if binary:
            assert found["events"].iloc[i] == frame["y"][cell].sum()
        if i:
            name = f"C(dose3 * 10 + intake3)[T.{10 * a + b}]"
            assert estimates.iloc[i] == pytest.approx(model.params[name], rel=DIGITS)
            assert found["std_error"].iloc[i] == pytest.approx(model.bse[name], rel=DIGITS)
            assert found["p_value"].iloc[i] == pytest.approx(model.pvalues[name], rel=1e-5)
    assert found["n"].sum() == used.sum()


@pytest.mark.parametrize(("outcome", "count"), [("low", 3), ("low", 2), ("level", 3)])
def test_products_of_groups_are_tested_as_beside_main_effects(people, make, table, outcome, count):
    setting = make.setting(people, interactions=[make.interaction()])
    rows = table(interaction_rows(setting), measure="p_interaction", outcome=outcome)
    found = rows[rows["contrast"] == f"{count}x{count} groups"].iloc[0]
    formula = f"C(dose{count}) * C(intake{count}) + age + C(sex)"
    model, _ = by_formula(people, setting, outcome, formula)
    test = model.wald_test(f"C(dose{count}):C(intake{count})")
    assert test.df_num == (count - 1) ** 2
    assert found["statistic"] == pytest.approx(test.statistic, rel=DIGITS)
    assert found["p_value"] == pytest.approx(test.pvalue, rel=1e-6)
    assert found["df"] == model.df_resid and found["n"] == model.nobs


@pytest.mark.parametrize(("outcome", "count"), [("low", 3), ("low", 2), ("level", 3)])
def test_products_of_groups_have_the_adjusted_f_beside_the_plain(
    people, make, table, outcome, count
):
    setting = make.setting(people, interactions=[make.interaction()])
    rows = table(interaction_rows(setting), measure="p_interaction", outcome=outcome)
    rows = rows.set_index("contrast")
    plain = rows.loc[f"{count}x{count} groups"]
    found = rows.loc[f"{count}x{count} groups, adjusted F"]
    q, d = (count - 1) ** 2, plain["df"]
    statistic = plain["statistic"] * (d - q + 1) / d
    assert found["df"] == d - q + 1 and found["n"] == plain["n"]
    assert found["statistic"] == pytest.approx(statistic, rel=DIGITS)
    assert found["p_value"] == pytest.approx(stats.f.sf(statistic, q, d - q + 1), rel=1e-6)


def test_the_product_of_medians_is_tested_beside_both_groupings(people, make, table):
    setting = make.setting(people, interactions=[make.interaction()])
    found = table(interaction_rows(setting), contrast="3x3 trend", outcome="low").iloc[0]
    scores = [
        dose_groups(setting.cohort, people, column, 3, weighted=True).scores()
        for column in ("dose", "intake")
    ]
    frame = people.assign(product=scores[0] * scores[1])
    model, _ = by_formula(frame, setting, "low", "product + C(dose3) + C(intake3) + age + C(sex)")
    assert found["statistic"] == pytest.approx(model.tvalues["product"] ** 2, rel=1e-6)


def test_continuous_product_and_slopes(people, make, table):
    setting = make.setting(people, interactions=[make.interaction()])
    rows = pd.DataFrame(list(interaction_rows(setting)))
    model, _ = by_formula(people, setting, "low", "I(dose / 100) * I(intake / 5) + age + C(sex)")
    x, z, xz = "I(dose / 100)", "I(intake / 5)", "I(dose / 100):I(intake / 5)"
    tested = table(rows.to_dict("records"), contrast="continuous", outcome="low").iloc[0]
    assert tested["estimate"] == pytest.approx(model.params[xz], rel=DIGITS)
    assert tested["p_value"] == pytest.approx(model.pvalues[xz], rel=1e-6)
    slopes = rows[(rows["analysis"] == "slope") & (rows["outcome"] == "low")]
    for own, main, other, per in (("dose", x, "intake", 5), ("intake", z, "dose", 100)):
        found = slopes[(slopes["exposure"] == own) & (slopes["measure"] == "OR")]
        weights = people["weight"].to_numpy()
        values = [quantile(people[other].to_numpy(), weights, i / 20) for i in range(1, 20)]
        assert found["level"].astype(float).tolist() == sorted(set(values))
        assert set(found["stratum"]) == {other}
        at = found["level"].astype(float).to_numpy() / per
        expected = model.params[main] + at * model.params[xz]
        np.testing.assert_allclose(np.log(found["estimate"]), expected, rtol=1e-6, atol=1e-9)
        v = model.covariance
        spread = v.loc[main, main] + 2 * at * v.loc[main, xz] + at**2 * v.loc[xz, xz]
        np.testing.assert_allclose(found["std_error"], np.sqrt(spread), rtol=1e-6)


def test_at_a_bound_the_interval_of_the_slope_touches_no_association(make, table):
    frame = make.people(seed=3)
    # The dose does good where the intake is low and harm where it is high, and the other way round.
    frame["level"] -= 0.02 * (frame["dose"] - 300) * (frame["intake"] - 8)
    setting = make.setting(frame, interactions=[make.interaction()])
    rows = pd.DataFrame(list(interaction_rows(setting)))
    bounds = rows[(rows["measure"] == "jn_bound") & rows["estimate"].notna()]
    assert len(bounds) >= 2, "the sample must have bounds to be of use here"
    for _, bound in bounds.iterrows():
        model, _ = by_formula(
            frame, setting, bound["outcome"], "I(dose / 100) * I(intake / 5) + age + C(sex)"
        )
        own = "I(dose / 100)" if bound["exposure"] == "dose" else "I(intake / 5)"
        per = 5 if bound["exposure"] == "dose" else 100
        weights = {own: 1.0, "I(dose / 100):I(intake / 5)": bound["estimate"] / per}
        there = model.linear_combination({"slope": weights}).iloc[0]
        assert abs(there["statistic"]) == pytest.approx(
            stats.t.ppf(0.975, model.df_resid), rel=1e-6
        )
        sign, side = bound["level"].split()
        assert (there["estimate"] > 0) == (sign == "positive")
        assert side in ("above", "below")


def test_where_there_is_no_bound_a_row_says_so(people, make, table):
    setting = make.setting(people, interactions=[make.interaction()])
    rows = table(interaction_rows(setting), measure="jn_bound")
    lacking = rows[rows["estimate"].isna()]
    assert len(lacking) and lacking["note"].str.contains("nowhere|everywhere").all()


def test_slopes_of_a_quantity_within_thirds_of_exposure(people, make, table):
    setting = make.setting(people, interactions=[make.interaction()])
    rows = table(interaction_rows(setting), analysis="slope", outcome="level", exposure="intake")
    found = rows[(rows["contrast"] == "per 5 µg/day") & rows["level"].isin(["T1", "T2", "T3"])]
    formula = "C(dose3) + C(dose3):I(intake / 5) + age + C(sex)"
    model, _ = by_formula(people, setting, "level", formula)
    names = [f"C(dose3)[{i}]:I(intake / 5)" for i in (1, 2, 3)]
    np.testing.assert_allclose(found["estimate"], model.params[names], rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], model.bse[names], rtol=1e-9)
    assert found["n"].sum() == model.nobs
    equal = rows[(rows["measure"] == "p_equal_slopes") & (rows["contrast"] == "per 5 µg/day")]
    differences = {i: {names[i]: 1.0, names[0]: -1.0} for i in (1, 2)}
    contrasts = pd.DataFrame.from_dict(differences, orient="index").fillna(0.0)
    test = model.wald_test(contrasts)
    assert equal["p_value"].item() == pytest.approx(test.pvalue, rel=1e-8)


def test_intakes_brought_in_keep_everyone(people, make, table):
    setting = make.setting(people, interactions=[make.interaction()])
    rows = pd.DataFrame(list(interaction_rows(setting)))
    frame = people.copy()
    for column in ("dose", "intake"):
        ends = [
            quantile(people[column].to_numpy(), people["weight"].to_numpy(), p)
            for p in (0.01, 0.99)
        ]
        frame[f"{column}_in"] = people[column].clip(*ends)
    model, _ = by_formula(
        frame, setting, "low", "I(dose_in * intake_in / 500) + dose_in + intake_in + age + C(sex)"
    )
    found = table(
        rows.to_dict("records"), outcome="low", contrast="continuous, 1st to 99th percentile"
    ).iloc[0]
    assert found["estimate"] == pytest.approx(
        model.params["I(dose_in * intake_in / 500)"], rel=1e-6
    )
    assert found["n"] == model.nobs


def test_a_curve_is_no_interaction_beside_curves(people, make, table):
    """A straight-line model takes a levelling off for an interaction of correlated intakes."""
    noise = np.random.default_rng(2).normal(0, 5, len(people))
    intake = people["intake"] + people["dose"] / 40
    frame = people.assign(
        intake=intake, level=20 + 0.01 * people["dose"] + 15 * np.log(intake) + noise
    )
    asked = make.interaction(outcomes=(), joint=())
    outcomes = [make.outcome("level", measure="level")]
    setting = make.setting(frame, interactions=[asked], outcomes=outcomes)
    rows = table(interaction_rows(setting), measure="p_interaction").set_index("contrast")
    assert rows.loc["continuous", "p_value"] < 1e-6
    beside = rows.loc["continuous, beside curves", "p_value"]
    assert beside > 0.05
    assert f"P = {beside:.2g} beside curves" in rows.loc["continuous", "note"]
    bounds = table(interaction_rows(setting), measure="jn_bound").dropna(subset="estimate")
    assert len(bounds) and bounds["note"].str.contains("beside curves").all()
    equal = table(interaction_rows(setting), measure="p_equal_slopes").set_index("contrast")
    assert equal.loc["per 5 µg/day", "p_value"] < 1e-6
    assert equal.loc["per 5 µg/day, beside curves", "p_value"] > 0.05
    assert "beside curves" in equal.loc["per 5 µg/day", "note"]


def test_additive_measures_from_the_combination_of_lowest_risk(people, make, table):
    setting = make.setting(people, interactions=[make.interaction()])
    rows = table(interaction_rows(setting), contrast="below vs above the median", outcome="low")
    ratios = rows[rows["measure"] == "OR"]
    assert (ratios["estimate"] >= 1).all() and ratios["estimate"].iloc[0] == 1
    reference = ratios["level"].iloc[0]
    assert set(rows["reference"]) == {reference}
    halves = ("below", "above")
    a, b = (1 + halves.index(word) for word in reference.split(", "))
    formula = f"C(dose2, Treatment({a})) * C(intake2, Treatment({b})) + age + C(sex)"
    model, _ = by_formula(people, setting, "low", formula)
    names = [name for name in model.params.index if "Treatment" in name]
    assert len(names) == 3
    ln, v = model.params[names].to_numpy(), model.covariance.loc[names, names].to_numpy()
    first, second, both = np.exp([ln[0], ln[1], ln.sum()])
    np.testing.assert_allclose(ratios["estimate"].iloc[1:], [first, second, both], rtol=DIGITS)
    found = rows.set_index("measure")
    reri = both - first - second + 1
    assert found.loc["RERI", "estimate"] == pytest.approx(reri, rel=1e-6)
    gradient = np.array([both - first, both - second, both])
    assert found.loc["RERI", "std_error"] == pytest.approx(
        np.sqrt(gradient @ v @ gradient), rel=1e-6
    )
    assert found.loc["AP", "estimate"] == pytest.approx(reri / both, rel=1e-6)
    assert found.loc["S", "estimate"] == pytest.approx((both - 1) / (first + second - 2), rel=1e-6)
    assert found.loc["ratio_of_ORs", "estimate"] == pytest.approx(np.exp(ln[2]), rel=DIGITS)
    assert ratios["n"].sum() == model.nobs == found.loc["RERI", "n"]


def without_events(frame, a, b):
    """Give everyone of one joint category of thirds the highest level."""
    cell = (grouped(frame, "dose", 3) == a) & (grouped(frame, "intake", 3) == b)
    return frame.assign(level=frame["level"].mask(cell & frame["level"].notna(), 90.0)), cell


@pytest.mark.parametrize("cell", [(3, 3), (1, 3), (2, 2)])
def test_a_category_without_events_has_a_note_and_leaves_the_model(people, make, table, cell):
    frame, inside = without_events(people, *cell)
    setting = make.setting(frame, interactions=[make.interaction(joint=(3,))])
    rows = pd.DataFrame(list(interaction_rows(setting)))
    joint = table(rows.to_dict("records"), analysis="joint", outcome="low")
    i = 3 * (cell[0] - 1) + cell[1] - 1
    lacking = joint.iloc[i]
    assert np.isnan(lacking["estimate"]) and lacking["events"] == 0 and lacking["n"] > 0
    assert "none of the" in lacking["note"] and "without them" in lacking["note"]
    assert joint["estimate"].notna().sum() == 8
    others = frame[~inside].reset_index(drop=True)
    y = np.where(others["level"] < 45, 1.0, np.where(others["level"] >= 60, 0.0, np.nan))
    for column in ("dose", "intake"):
        others[f"{column}3"] = grouped(frame, column, 3)[~inside]
    design = type(setting.cohort)(others.assign(y=y), "weight", "stratum", "psu")
    model = design.where(~np.isnan(y)).glm("y ~ C(dose3 * 10 + intake3) + age + C(sex)", "binomial")
    names = [n for n in model.params.index if "dose3" in n]
    np.testing.assert_allclose(
        np.log(joint["estimate"].dropna())[1:], model.params[names], rtol=DIGITS
    )
    test = rows[(rows["contrast"] == "3x3 groups") & (rows["outcome"] == "low")].iloc[0]
    assert "of 3 products" in test["note"] and 0 < test["p_value"] < 1
    used = setting.responses["low"].values.notna() & frame["age"].notna()
    assert joint["n"].sum() == used.sum() and test["n"] == model.nobs


def test_cut_points_are_those_of_the_joint_groups(people, make):
    setting = make.setting(people, interactions=[make.interaction(joint=(3, 4))])
    rows = pd.DataFrame(list(interaction_rows(setting)))
    cuts = rows[rows["analysis"] == "cut_points"]
    assert cuts.groupby("contrast", sort=True)["level"].apply(list).tolist() == [
        ["p33.33", "p66.67"] * 2, ["p25", "p50", "p75"] * 2,
    ]  # fmt: skip
    for (measure, contrast), mine in cuts.groupby(["exposure", "contrast"]):
        count = int(contrast[0])
        by_cuts = 1 + np.searchsorted(mine["estimate"], people[measure], side="left")
        np.testing.assert_array_equal(by_cuts, grouped(people, measure, count))


def test_without_events_to_compare_with_nothing_is_estimated(people, make, table):
    frame, _ = without_events(people, 1, 1)
    setting = make.setting(frame, interactions=[make.interaction(joint=(3,), slopes=())])
    rows = pd.DataFrame(list(interaction_rows(setting)))
    joint = rows[rows["analysis"] == "joint"]
    assert joint["estimate"].isna().all() and (joint["note"] != "").all()
    assert joint["n"].sum() > 0
    test = rows[rows["contrast"] == "3x3 groups"].iloc[0]
    assert np.isnan(test["p_value"]) if "p_value" in test else True
    assert test["note"]


def test_an_unbuildable_grouping_names_the_interaction(people, make):
    frame = people.assign(intake=np.where(people["intake"] > 8, 1.0, 0.0))
    terms = ("age", "sex")
    setting = make.setting(frame, terms=terms, interactions=[make.interaction()])
    with pytest.raises(InputError, match="interaction 'with_intake': intake takes too few values"):
        list(interaction_rows(setting))


def test_a_modifier_too_coarse_for_a_curve_costs_the_test_beside_curves_only(people, make, table):
    frame = people.assign(intake=people["intake"].where(people["intake"] > 7, 0.0))
    asked = make.interaction(joint=(), outcomes=("low",), slopes=("level",))
    rows = list(interaction_rows(make.setting(frame, terms=("age",), interactions=[asked])))
    noted = [
        row for row in rows if "intake takes too few values for a curve" in row.get("note", "")
    ]
    # One test of the product of each outcome, and one of equal slopes.
    assert [row["measure"] for row in noted] == ["p_interaction", "p_interaction", "p_equal_slopes"]
    assert all(np.isnan(row.get("estimate", np.nan)) for row in noted)
    plain = table(rows, measure="p_interaction", contrast="continuous")
    assert np.isfinite(plain["p_value"].to_numpy(float)).all()


def test_a_study_that_asks_for_none_gets_none(people, make):
    assert list(interaction_rows(make.setting(people))) == []


@given(st.integers(2, 5), st.data())
def test_contrasts_of_joint_categories_leave_main_effects_alone(count, data):
    cells = st.lists(st.booleans(), min_size=count**2, max_size=count**2)
    estimable = np.array(data.draw(cells.filter(lambda c: c[0])))
    contrasts = product_contrasts(estimable, (count, count))
    rows, columns = np.divmod(np.arange(count**2), count)
    effects = np.random.default_rng(5).normal(size=(2, count))
    additive = (effects[0][rows] + effects[1][columns])[estimable]
    assert np.abs(contrasts @ additive).max(initial=0.0) < 1e-12
    if estimable.all():
        assert len(contrasts) == (count - 1) ** 2
    assert np.linalg.matrix_rank(contrasts) == len(contrasts) if len(contrasts) else True
