"""Diagnostics: what must hold whatever R says, what is refused, and what is printed."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.survey import Design
from analysis.survey.collinearity import (
    condition_indices,
    generalized_variance_inflation,
    variance_inflation,
)
from analysis.survey.diagnostics import diagnose
from analysis.survey.goodness import archer_lemeshow, pseudo_r_squared
from analysis.survey.influence import influence, row_diagnostics

FORMULAS = {"gaussian": "y ~ x + sex", "binomial": "event ~ x + sex"}
families = pytest.mark.parametrize("family", FORMULAS)


def design_of(frame, **options):
    return Design(frame, weights="w", strata="h", psu="c", **options)


def model_of(frame, family="binomial", **options):
    return design_of(frame, **options).glm(FORMULAS[family], family)


def sizes_of(design):
    return design.structure.psus_in_stratum[design.structure.stratum]


# Influence.


@families
def test_changes_of_reweighted_psus_add_up_to_the_variances(frame, family):
    design = design_of(frame)
    model = model_of(frame, family)
    factor = (sizes_of(design) - 1) / sizes_of(design)
    jackknife = design.as_replicates("JKn", mse=True).glm(FORMULAS[family], family)
    for how, expected in (("linear", model), ("refit", jackknife)):
        change = influence(model, how=how, reweight=True).change.to_numpy()
        np.testing.assert_allclose((change.T * factor) @ change, expected.covariance, rtol=1e-9)


def test_one_step_is_nearer_to_the_fit_without_than_the_linear_change():
    frame = pd.read_csv(Path(__file__).parents[1] / "reference" / "designs" / "plain.csv")
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    model = design.glm("event ~ x * group + band", "binomial")
    anew = influence(model, how="refit").scaled
    linear, one_step = (
        np.abs(influence(model, how=how).scaled - anew).max(axis=None)
        for how in ("linear", "one-step")
    )
    assert one_step < linear / 2


def test_units_are_those_of_the_design_with_its_labels(frame):
    model = model_of(frame.sample(frac=1, random_state=1), "gaussian")
    found = influence(model)
    assert found.change.index.names == ["h", "c"]
    assert list(found.change.index) == sorted(set(zip(frame["h"], frame["c"], strict=True)))
    for (h, c), change in found.change.iterrows():
        inside = (frame["h"] == h) & (frame["c"] == c)
        anew = design_of(frame[~inside], lonely_psu="adjust").glm(FORMULAS["gaussian"])
        np.testing.assert_allclose(model.params + change, anew.params, rtol=1e-10)
        assert found.units.loc[(h, c), "rows"] == inside.sum()
    assert found.units["leverage"].sum() == pytest.approx(len(model.params), rel=1e-12)
    assert found.units["weight"].sum() == pytest.approx(1)
    first = found.largest.iloc[0]
    assert abs(first["scaled"]) == np.abs(found.scaled).max(axis=None)
    assert found.scaled.loc[found.largest.index[0], first["coefficient"]] == first["scaled"]


@pytest.mark.parametrize("strata", [None, "h"])
@pytest.mark.parametrize("psu", [None, "unit"])
def test_labels_without_strata_or_psus(frame, strata, psu):
    frame["unit"] = frame["h"] * 10 + frame["c"]
    frame.index = frame.index + 1000
    model = Design(frame, weights="w", strata=strata, psu=psu).glm("y ~ x")
    labels = influence(model).change.index
    last = labels if strata is None else labels.get_level_values(-1)
    expected = frame.index if psu is None else pd.Index([11, 12, 21, 22, 31, 32, 33])
    assert list(last) == list(expected)


def test_groups_of_a_column_can_be_left_out(frame):
    model = model_of(frame, "gaussian")
    found = influence(model, by="h")
    anew = design_of(frame).where("h != 2").glm(FORMULAS["gaussian"])
    np.testing.assert_allclose(model.params + found.change.loc[2], anew.params, rtol=1e-10)
    replicated = design_of(frame).as_replicates("JKn").glm(FORMULAS["gaussian"])
    pd.testing.assert_frame_equal(influence(replicated).change, influence(model).change)


def test_a_psu_that_alone_tells_of_a_column_is_named(frame):
    frame["only"] = ((frame["h"] == 2) & (frame["c"] == 1) & (frame.index % 3 == 0)) * 1.0
    model = design_of(frame).glm("event ~ x + only", "binomial")
    for how in ("one-step", "refit"):
        found = influence(model, how=how)
        assert found.undetermined.to_dict() == {(2, 1): "'only'"}
        assert found.change.isna().any(axis=1).sum() == 1
        assert (2, 1) not in found.largest.index and len(found.largest) == 6
        assert "Cannot be fitted without 2 / 1: 'only'" in repr(found)
    assert "cannot be fitted without PSU 2 / 1, for 'only'" in flat(diagnose(model))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda m: influence(m, how="twice"), "unknown way 'twice'"),
        (lambda m: influence(m, by="nobody"), "no column 'nobody'"),
        (lambda m: influence(m, by="h", reweight=True), "groups of 'h' are no PSUs"),
        (lambda m: influence(m, by="all"), "fitted to one unit"),
        (lambda m: influence(m, by="gap"), "column 'gap' is missing in 1 rows"),
        (lambda m: influence(dataclasses.replace(m, source=None)), "does not hold the rows"),
        (lambda m: diagnose(dataclasses.replace(m, source=None)), "does not hold the rows"),
        (lambda m: archer_lemeshow(m, 1), "needs at least 2 groups"),
        (lambda m: archer_lemeshow(m, 5), "design has 4 degrees of freedom: ask for fewer"),
    ],
)
def test_bad_questions_are_refused(frame, ask, message):
    frame["all"], frame["gap"] = 1, np.where(frame.index == 0, np.nan, 1.0)
    with pytest.raises(InputError) as error:
        ask(model_of(frame))
    assert message in str(error.value) + str(error.value.remedy)


def test_given_replicate_weights_have_no_psus(frame):
    for j in range(4):
        frame[f"r{j + 1}"] = frame["w"] * np.where(frame["c"] == 1 + j % 2, 0.5, 1.5)
    model = Design(frame, weights="w", replicates="r", method="BRR").glm("y ~ x")
    with pytest.raises(InputError, match="its PSUs are not known"):
        influence(model)
    assert len(influence(model, by="h").change) == 3
    assert "No influence by PSU: the sample came with replicate" in flat(diagnose(model))


# Fit.


def test_groups_are_statas_weighted_quantiles(frame):
    """A group ends at the first value below or at which lies its part of the weights."""
    frame["w"] = np.round(frame["w"]) + 1
    model = model_of(frame)
    table = archer_lemeshow(model, 4).table
    p, w = model.fittedvalues.to_numpy(), frame["w"].to_numpy()
    order = np.argsort(p)
    reached = np.cumsum(w[order])
    cuts = [p[order][np.argmax(reached >= w.sum() * j / 4)] for j in (1, 2, 3)]
    groups = np.digitize(p, cuts, right=True)
    assert table["n"].tolist() == np.bincount(groups).tolist()
    np.testing.assert_allclose(table["high"].iloc[:3], cuts)
    assert table["weight"].sum() == pytest.approx(1)


def test_rows_of_one_pattern_stay_together(frame):
    frame["kind"] = np.resize(["a", "a", "a", "b", "c"], len(frame))
    design = design_of(frame)
    found = archer_lemeshow(design.glm("event ~ kind", "binomial"), 4)
    assert sorted(found.table["n"]) == sorted(frame["kind"].value_counts())
    assert found.pvalue > 0.999  # saturated: every residual mean is 0
    with pytest.raises(InputError, match="every row has the same predicted mean"):
        archer_lemeshow(design.glm("event ~ 1", "binomial"), 4)


def test_a_wrong_model_is_found_out():
    rng = np.random.default_rng(3)
    n = 3000
    frame = pd.DataFrame(
        {"w": rng.uniform(1, 3, n), "h": np.arange(n) % 20, "x": rng.normal(size=n)}
    )
    frame["c"] = rng.integers(0, 2, n)
    frame["event"] = rng.random(n) < 1 / (1 + np.exp(1 - frame["x"] ** 2))
    frame["event"] = frame["event"].astype(int)
    design = design_of(frame)
    assert archer_lemeshow(design.glm("event ~ x", "binomial")).pvalue < 1e-4
    assert archer_lemeshow(design.glm("event ~ x + I(x**2)", "binomial")).pvalue > 0.05


def test_doubtful_tests_of_fit_say_so(frame):
    frame["event"] = (frame["x"] > 0.5) * (frame["y"] > 1) * 1
    found = archer_lemeshow(model_of(frame), 4)
    assert "4 groups on 4 degrees of freedom" in found.notes[0]
    assert "All have the same outcome in group" in found.notes[1]
    assert all(note in repr(found) for note in found.notes)


def test_r_squared_of_a_linear_model_is_that_of_weighted_least_squares(frame):
    x = sm.add_constant(frame[["x"]].assign(male=(frame["sex"] == "Male") * 1.0))
    theirs = sm.WLS(frame["y"], x, weights=frame["w"]).fit()
    assert pseudo_r_squared(model_of(frame, "gaussian")).deviance == pytest.approx(
        theirs.rsquared, rel=1e-10
    )
    design = design_of(frame)
    without = sm.WLS(frame["y"], frame[["x"]], weights=frame["w"]).fit()
    assert pseudo_r_squared(design.glm("y ~ 0 + x")).deviance == pytest.approx(without.rsquared)
    # A constant in the span counts as an intercept.
    one, other = (pseudo_r_squared(design.glm(f, "binomial")) for f in
                  ("event ~ sex", "event ~ 0 + sex"))  # fmt: skip
    assert one.nagelkerke == pytest.approx(other.nagelkerke, rel=1e-10)


# Collinearity.


@families
def test_orthogonal_columns_inflate_nothing(family):
    frame = pd.DataFrame({"h": np.repeat([1, 1, 2, 2], 8), "c": np.repeat([1, 2, 3, 4], 8)})
    frame["a"], frame["b"] = np.tile([0, 0, 1, 1], 8), np.tile([0, 1], 16)
    rng = np.random.default_rng(1)
    frame["w"], frame["y"] = 2.0, rng.normal(size=32)
    frame["event"] = frame["y"] > 0
    model = design_of(frame).glm("y ~ a + b") if family == "gaussian" else design_of(frame).glm(
        "event ~ a + b", "binomial"
    )  # fmt: skip
    table = variance_inflation(model)
    if family == "gaussian":
        np.testing.assert_allclose(table[["vif", "design_vif"]], 1, rtol=1e-12)
    single = design_of(frame).glm("y ~ a")
    np.testing.assert_allclose(variance_inflation(single)[["vif", "design_vif"]], 1, rtol=1e-12)
    assert condition_indices(model).sum().to_numpy() == pytest.approx(np.ones(3))


def test_near_collinearity_shows_where_it_is(frame):
    frame["twin"] = frame["x"] + 1e-3 * frame["y"]
    frame["year"] = 2001 + frame.index % 3
    model = design_of(frame).glm("event ~ x + twin + year + sex", "binomial")
    table = variance_inflation(model)
    assert (table.loc[["x", "twin"], "vif"] > 1e4).all()
    assert (table.loc[["year", "sex[T.Male]"], "vif"] < 2).all()
    last = condition_indices(model).iloc[-1]  # the year and the intercept
    assert last.name > 1000 and last[["year", "Intercept"]].min() > 0.9
    assert "condition number" in repr(diagnose(model))


@families
@pytest.mark.parametrize("replicated", [False, True], ids=["linearised", "replicates"])
def test_inflation_of_a_term_does_not_depend_on_its_coding(frame, family, replicated):
    frame["kind"] = np.resize(["a", "b", "c", "b", "a"], len(frame))
    frame["x"] += (frame["kind"] == "b") * 1.0
    design = design_of(frame)
    design = design.as_replicates("JKn") if replicated else design
    outcome = FORMULAS[family].partition(" ")[0]
    tables = [
        generalized_variance_inflation(design.glm(f"{outcome} ~ x + {term}", family))
        for term in ("C(kind)", "C(kind, Treatment('c'))", "C(kind, Sum)")
    ]
    for other in tables[1:]:
        np.testing.assert_allclose(tables[0], other, rtol=1e-8)
    assert tables[0].loc["C(kind)", "columns"] == 2


def test_linearised_design_vif_is_the_models_variance_over_its_own_alone(frame):
    model = model_of(frame, "gaussian")
    residual = frame["y"] - model.fittedvalues
    x = frame["x"] - np.average(frame["x"], weights=frame["w"])
    total = design_of(frame.assign(z=residual * x)).total("z").only["std_error"]
    alone = total / (frame["w"] * x**2).sum()
    expected = (model.bse["x"] / alone) ** 2
    assert variance_inflation(model).loc["x", "design_vif"] == pytest.approx(expected, rel=1e-10)


def test_a_model_without_slopes_has_nothing_to_inflate(frame):
    model = design_of(frame).glm("y ~ 1")
    assert variance_inflation(model).empty
    assert generalized_variance_inflation(model).empty
    assert "condition number 1;" in repr(diagnose(model))


# What must not matter.


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(1e-4, 1e4),
    unit=st.floats(1e-3, 1e3),
    shift=st.floats(-100, 100),
    family=st.sampled_from(list(FORMULAS)),
)
def test_order_weights_and_units_do_not_matter(seed, scale, unit, shift, family):
    rng = np.random.default_rng(5)
    n = 240
    frame = pd.DataFrame({"h": np.arange(n) % 6, "c": np.arange(n) // 6 % 3})
    frame["w"], frame["x"] = rng.uniform(1, 5, n), np.round(rng.normal(size=n), 1)
    frame["sex"] = rng.choice(["Female", "Male"], n)
    frame["y"] = frame["x"] + rng.normal(size=n)
    frame["event"] = (rng.random(n) < 1 / (1 + np.exp(-frame["x"]))) * 1
    order = np.random.default_rng(seed).permutation(n)
    changed = frame.assign(w=frame["w"] * scale, x=shift + unit * frame["x"]).iloc[order]
    one, other = model_of(frame, family), model_of(changed, family)
    fits = [archer_lemeshow(model, 5) for model in (one, other)]
    assert fits[0].table["n"].tolist() == fits[1].table["n"].tolist()
    assert fits[0].statistic == pytest.approx(fits[1].statistic, rel=1e-6)
    assert dataclasses.astuple(pseudo_r_squared(one)) == pytest.approx(
        dataclasses.astuple(pseudo_r_squared(other)), rel=1e-8, nan_ok=True
    )
    np.testing.assert_allclose(variance_inflation(one), variance_inflation(other), rtol=1e-6)
    slopes = ["x", "sex[T.Male]"]
    found = [influence(model).scaled[slopes] for model in (one, other)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6, atol=1e-8)


def test_a_domain_is_zero_weights(frame):
    model = design_of(frame).where("sex == 'Male'").glm("event ~ x", "binomial")
    zero = design_of(frame.assign(w=frame["w"].where(frame["sex"] == "Male", 0.0)))
    other = zero.glm("event ~ x", "binomial")
    assert archer_lemeshow(model, 3).statistic == pytest.approx(archer_lemeshow(other, 3).statistic)
    np.testing.assert_allclose(variance_inflation(model), variance_inflation(other))
    np.testing.assert_allclose(influence(model).change, influence(other).change)
    assert row_diagnostics(model).index.equals(frame.index[frame["sex"] == "Male"])


# What is printed.


def flat(printed):
    return " ".join(repr(printed).split())


@families
@pytest.mark.parametrize("kind", ["plain", "replicates", "no psu", "domain", "adjust"])
def test_diagnosis_fits_a_terminal(frame, family, kind):
    frame["a_covariate_with_a_rather_long_name_indeed"] = frame["y"] ** 2 * 1e6
    lonely = frame[(frame["h"] > 1) | (frame["c"] > 1)]
    design = {
        "plain": lambda: design_of(frame),
        "replicates": lambda: design_of(frame).as_replicates("JKn"),
        "no psu": lambda: Design(frame, weights="w", strata="h"),
        "domain": lambda: design_of(frame).where("h != 3"),
        "adjust": lambda: design_of(lonely, lonely_psu="adjust"),
    }[kind]()  # fmt: skip
    model = design.glm(FORMULAS[family] + " + a_covariate_with_a_rather_long_name_indeed", family)
    found = diagnose(model)
    lines = repr(found).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("Diagnostics of a survey-weighted ")
    assert found.goodness is not None and found.influence is not None
    assert f"F({found.goodness.df_num}, {found.goodness.df_denom}) = " in "\n".join(lines)
    assert all(" ".join(note.split()) in flat(found) for note in found.notes)


def test_diagnosis_says_what_it_cannot_do(frame):
    frame["kind"] = [f"k{i % 7}" for i in range(len(frame))]
    found = diagnose(design_of(frame).where("h == 1 and c == 1").glm("y ~ x"))
    assert found.goodness is None and found.influence is None
    assert "No test of fit: " in flat(found) and "No influence by PSU: " in flat(found)
    assert "No degrees of freedom are left" in flat(found)
