"""E-values against their formula, negative controls and left-out cycles against models by hand."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.grammar import parse_condition, parse_term
from analysis.models.confounding import confounding_rows
from analysis.models.doses import dose_groups
from analysis.models.estimate import design_of
from analysis.models.evalues import (
    e_value,
    e_value_of_limit,
    risk_ratio_of_difference,
    risk_ratio_of_odds,
)
from analysis.models.outcomes import response
from analysis.models.results import tidy
from analysis.models.setting import Setting


def sample() -> pd.DataFrame:
    rng = np.random.default_rng(23)
    n = 1800
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(30), 60),
            "psu": np.tile(np.repeat([1, 2], 30), 30),
            "cycle": np.repeat(["2001-2002", "2003-2004", "2005-2006"], 600),
            "weight": rng.uniform(1, 9, n).round(2),
            "age": rng.integers(20, 80, n).astype(float),
            "dose": rng.gamma(4, 70, n).round(),
            "control": rng.gamma(2, 500, n).round(),
            "smoking": pd.Categorical(
                rng.choice(["Never", "Former", "Current"], n), ["Never", "Former", "Current"]
            ),
        }
    )
    smoker = frame["smoking"] == "Current"
    lift = 0.05 * frame["dose"] - 6 * smoker
    frame["level"] = (40 + lift + rng.normal(0, 15, n)).round(1)
    frame.loc[::17, "level"] = np.nan
    frame.loc[5::40, "age"] = np.nan
    return frame


def outcome(name, cut):
    event = parse_condition(f"level < {cut}")
    return SimpleNamespace(
        name=name, label=name, measure=None, mean_z=(), below=None, event_condition=event,
        against_condition=event.negation,
    )  # fmt: skip


CONTINUOUS = SimpleNamespace(
    name="level", label="level", measure="level", mean_z=(), below=None, event_condition=None,
    against_condition=None,
)  # fmt: skip


def setting(frame=None, **asked) -> Setting:
    frame = sample() if frame is None else frame
    terms = [parse_term(text) for text in ("age", "smoking")]
    model = SimpleNamespace(name="full", label="Full", parsed_terms=terms)
    given = {
        "outcomes": ["rare", "common", "level"], "model": None, "e_values": True,
        "leave_one_cycle_out": True, "negative_exposure": None, "negative_outcome": None,
    }  # fmt: skip
    plan = SimpleNamespace(
        exposure=SimpleNamespace(measure="dose", groups=4, cuts=(), cut_points="weighted"),
        outcomes=[outcome("rare", 32), outcome("common", 50), CONTINUOUS],
        models=[model],
        models_of=lambda measure: [model],
        confounding=SimpleNamespace(**(given | asked)),
    )
    cohort = design_of(frame).where(frame["age"].fillna(30) >= 25)
    doses = {"dose": dose_groups(cohort, frame, "dose", 4, weighted=True)}
    responses = {each.name: response(each, cohort, frame) for each in plan.outcomes}
    return Setting(plan, frame, cohort, cohort, {}, responses, doses)


def rows_of(a_setting) -> pd.DataFrame:
    return tidy(confounding_rows(a_setting), study="made_up", cycles="all")


def by_hand(
    a_setting, name, *, exposure="dose", cuts=None, covariates=("age", "smoking"), keep=True
):
    """Fit with indicators made by hand; returns results whose exposure columns are Q2 to Q4."""
    frame = a_setting.frame
    cuts = a_setting.doses["dose"].cuts if cuts is None else cuts
    group = np.searchsorted(cuts, frame[exposure], side="left")
    x = pd.DataFrame({"one": 1.0}, index=frame.index)
    for i in (1, 2, 3):
        x[f"Q{i + 1}"] = (group == i) * 1.0
    if "age" in covariates:
        x["age"] = frame["age"]
    if "smoking" in covariates:
        for level in ("Former", "Current"):
            x[level] = (frame["smoking"] == level) * 1.0
    y = {
        "rare": frame["level"] < 32, "common": frame["level"] < 50, "level": frame["level"],
        "smoker": frame["smoking"] == "Current",
    }[name]  # fmt: skip
    y = y.astype(float).where(frame["level"].notna() | (name == "smoker"))
    family = "gaussian" if name == "level" else "binomial"
    return a_setting.cohort.where(np.full(len(frame), True) & keep).fit(y, x, family)


def test_e_values_of_known_examples():
    """The ratios of the vignette of R's EValue; 7.26 is what it prints, the rest is arithmetic."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_limit(1.8, 8.7) == pytest.approx(3.0, abs=0.05)
    assert e_value(0.80) == pytest.approx(1.81, abs=0.005)
    assert e_value_of_limit(0.71, 0.91) == pytest.approx(1.43, abs=0.005)


@pytest.mark.parametrize("ratio", [0.05, 0.5, 0.999, 1.0, 1.2, 7.0])
def test_an_e_value_is_what_the_bounding_factor_asks_for(ratio):
    """Two risk ratios of E each can bias by E * E / (2 E - 1), which is the ratio itself."""
    found = e_value(ratio)
    assert found**2 / (2 * found - 1) == pytest.approx(max(ratio, 1 / ratio))
    assert e_value(1 / ratio) == pytest.approx(found)


def test_e_values_without_an_estimate_are_none():
    assert math.isnan(e_value(math.nan))
    assert math.isnan(e_value_of_limit(math.nan, 2.0))
    assert e_value_of_limit(0.5, 1.0) == e_value_of_limit(0.9, 1.2) == 1.0


def test_conversions_to_risk_ratios():
    assert risk_ratio_of_odds(4.0, rare=True) == 4.0
    assert risk_ratio_of_odds(4.0, rare=False) == 2.0
    assert math.log(risk_ratio_of_difference(5.0, 20.0)) == pytest.approx(0.91 * 5 / 20)
    # Half the log odds ratio of a standard deviation (Chinn 2000): a common outcome's root.
    assert math.log(risk_ratio_of_difference(1, 1)) == pytest.approx(math.pi / 3**0.5 / 2, abs=5e-3)


def test_e_values_are_those_of_the_main_estimates():
    a_setting = setting()
    rows = rows_of(a_setting)
    rows = rows[rows["analysis"] == "e_value"].set_index(["outcome", "level"])
    assert len(rows) == 9
    deviation = float(
        a_setting.cohort.where(a_setting.frame[["level", "age"]].notna().all(axis=1))
        .std("level").only["estimate"]
    )  # fmt: skip
    convert = {
        "rare": np.exp,
        "common": lambda log: np.sqrt(np.exp(log)),
        "level": lambda difference: np.exp(0.91 * difference / deviation),
    }
    said = {
        "rare": "taken as risk ratio (rare)",
        "common": "square root (common)",
        "level": "0.91 d",
    }
    for name, to_ratio in convert.items():
        model = by_hand(a_setting, name)
        limits = model.conf_int()
        for level in ("Q2", "Q3", "Q4"):
            row = rows.loc[(name, level)]
            ratio = to_ratio(model.params[level])
            ratio = max(ratio, 1 / ratio)
            assert row["estimate"] == pytest.approx(ratio + math.sqrt(ratio * (ratio - 1)))
            low, high = (to_ratio(limits.loc[level, side]) for side in (0, 1))
            holds = low <= 1 <= high
            nearer = 1.0 if holds else (low if low > 1 else 1 / high)
            expected = 1.0 if holds else nearer + math.sqrt(nearer * (nearer - 1))
            assert row["conf_low"] == pytest.approx(expected)
            assert said[name] in row["contrast"]
    assert (rows["conf_low"] > 1).any()


def test_a_negative_exposure_takes_the_exposure_s_place():
    a_setting = setting(
        outcomes=["common"],
        e_values=False,
        leave_one_cycle_out=False,
        negative_exposure=SimpleNamespace(measure="control", groups=4),
    )
    rows = rows_of(a_setting)
    assert set(rows["analysis"]) == {"negative_control"}
    assert set(rows["exposure"]) == {"control"}
    assert set(rows["stratum"]) == {"exposure"}
    cuts = dose_groups(a_setting.cohort, a_setting.frame, "control", 4, weighted=True).cuts
    model = by_hand(a_setting, "common", exposure="control", cuts=cuts)
    top = rows[rows["level"] == "Q4"].iloc[0]
    assert top["estimate"] == pytest.approx(np.exp(model.params["Q4"]), rel=1e-9)
    assert top["p_value"] == pytest.approx(model.pvalues["Q4"], rel=1e-7)
    assert rows["n"].sum() == model.nobs
    assert rows["reference"].unique() == ["Q1"]


def test_a_negative_exposure_leaves_terms_that_hold_it_out():
    # As the methods say: beside age itself, groups of age would say nothing.
    control = SimpleNamespace(measure="age", groups=4)
    a_setting = setting(
        outcomes=["common"], e_values=False, leave_one_cycle_out=False, negative_exposure=control
    )
    rows = rows_of(a_setting)
    cuts = dose_groups(a_setting.cohort, a_setting.frame, "age", 4, weighted=True).cuts
    known = a_setting.frame["age"].notna().to_numpy()
    model = by_hand(
        a_setting, "common", exposure="age", cuts=cuts, covariates=("smoking",), keep=known
    )
    top = rows[rows["level"] == "Q4"].iloc[0]
    assert top["estimate"] == pytest.approx(np.exp(model.params["Q4"]), rel=1e-9)


def test_a_negative_outcome_leaves_terms_that_are_made_of_it_out():
    control = SimpleNamespace(
        name="smoker", label="Smoker", measure=None, mean_z=(), below=None, drop=["smoking"],
        event_condition=parse_condition("smoking == 'Current'"),
        against_condition=parse_condition("smoking in ('Never', 'Former')"),
    )  # fmt: skip
    a_setting = setting(e_values=False, leave_one_cycle_out=False, negative_outcome=control)
    rows = rows_of(a_setting)
    assert (set(rows["outcome"]), set(rows["stratum"])) == ({"smoker"}, {"outcome"})
    model = by_hand(a_setting, "smoker", covariates=("age",))
    top = rows[rows["level"] == "Q4"].iloc[0]
    assert top["estimate"] == pytest.approx(np.exp(model.params["Q4"]), rel=1e-9)
    assert top["std_error"] == pytest.approx(model.bse["Q4"], rel=1e-9)
    assert rows["n"].sum() == model.nobs


@pytest.mark.parametrize("name", ["common", "level"])
def test_a_cycle_left_out_is_a_domain_with_the_groups_of_all(name):
    a_setting = setting(outcomes=[name], e_values=False)
    rows = rows_of(a_setting).set_index("stratum_level")
    for cycle in ("2001-2002", "2003-2004", "2005-2006"):
        model = by_hand(a_setting, name, keep=(a_setting.frame["cycle"] != cycle).to_numpy())
        row = rows.loc[cycle]
        found = np.log(row["estimate"]) if name == "common" else row["estimate"]
        assert found == pytest.approx(model.params["Q4"], rel=1e-8)
        assert row["p_value"] == pytest.approx(model.pvalues["Q4"], rel=1e-7)
        assert (row["df"], row["level"]) == (model.df_resid, "Q4")
        assert cycle not in row["cycles"]
    test = rows[rows["measure"] == "p_heterogeneity"].iloc[0]
    assert 0 < test["p_value"] < 1


def test_heterogeneity_is_seen_where_there_is_some():
    frame = sample()
    turned = frame["cycle"] == "2005-2006"
    frame["level"] -= np.where(turned, 0.1 * frame["dose"], 0.0)
    found = {}
    for name, data in (("same", sample()), ("turned", frame)):
        rows = rows_of(setting(data, outcomes=["common"], e_values=False))
        found[name] = rows[rows["measure"] == "p_heterogeneity"]["p_value"].iloc[0]
    assert found["turned"] < 1e-6 < found["same"]


def test_heterogeneity_is_the_wald_test_of_products():
    a_setting = setting(outcomes=["level"], e_values=False)
    rows = rows_of(a_setting)
    frame, doses = a_setting.frame, a_setting.doses["dose"]
    score = doses.scores()
    x = pd.DataFrame({"one": 1.0, "score": score, "age": frame["age"]}, index=frame.index)
    for level in ("Former", "Current"):
        x[level] = (frame["smoking"] == level) * 1.0
    for cycle in ("2003-2004", "2005-2006"):
        x[cycle] = (frame["cycle"] == cycle) * 1.0
        x[f"by {cycle}"] = x[cycle] * score
    model = a_setting.cohort.fit(frame["level"], x)
    test = model.wald_test(["by 2003-2004", "by 2005-2006"])
    row = rows[rows["measure"] == "p_heterogeneity"].iloc[0]
    assert row["p_value"] == pytest.approx(test.pvalue, rel=1e-8)
    assert row["statistic"] == pytest.approx(test.statistic, rel=1e-8)


def test_one_cycle_has_none_to_leave_out_and_no_section_no_rows():
    frame = sample().assign(cycle="2001-2002")
    assert not len(rows_of(setting(frame, outcomes=["common"], e_values=False)))
    a_setting = setting()
    a_setting.plan.confounding = None
    assert list(confounding_rows(a_setting)) == []


def test_a_group_without_events_has_a_reason_in_place_of_an_e_value():
    frame = sample()
    frame.loc[frame["dose"] > 340, "level"] = 90.0
    a_setting = setting(frame, outcomes=["rare"], leave_one_cycle_out=False)
    doses = a_setting.doses["dose"]
    cut = replace(doses, cuts=np.array([150.0, 250.0, 340.0]))
    codes = np.searchsorted(cut.cuts, frame["dose"], side="left")
    group = pd.Series(pd.Categorical.from_codes(codes, list(doses.levels)), index=frame.index)
    a_setting.doses["dose"] = replace(cut, group=group)
    rows = rows_of(a_setting).set_index("level")
    assert math.isnan(rows.loc["Q4", "estimate"])
    assert "none of the" in rows.loc["Q4", "note"]
    assert rows.loc[["Q2", "Q3"], "estimate"].notna().all()
