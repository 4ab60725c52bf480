"""Associations within strata and their interaction tests, by formulas in domains."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.models.levels import few_events
from analysis.models.strata import strata_of, strata_rows
from analysis.survey import Design

DIGITS = 1e-7
"""Relative difference between two ways to the same converged model."""


def design_of(setting, outcome, **columns):
    """Give the outcome's domain with the columns that formulas below read."""
    doses = setting.doses["dose"]
    frame = setting.frame.assign(
        y=setting.responses[outcome].values, group=doses.group.astype(str), score=doses.scores(),
        **columns,
    )  # fmt: skip
    for i in range(3):
        frame[f"s{i}"] = setting.columns(setting.model().parsed_terms[-1:]).iloc[:, i]
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    return design.where(frame["y"].notna())


SPLINE = "s0 + s1 + s2"


@pytest.mark.parametrize("outcome", ["low", "middle", "level"])
@pytest.mark.parametrize(
    ("asked", "covariates"),
    [
        ({"name": "sex"}, f"age + {SPLINE}"),
        ({"name": "area"}, f"age + C(sex) + {SPLINE}"),
        ({"name": "older", "measure": "age", "cuts": (51,)}, f"age + C(sex) + {SPLINE}"),
        ({"name": "intake", "groups": 2}, f"age + C(sex) + {SPLINE}"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_each_stratum_is_the_model_of_its_domain(people, make, table, asked, covariates, outcome):
    setting = make.setting(people, strata=[make.stratum(**asked)])
    rows = table(strata_rows(setting), outcome=outcome)
    family = "gaussian" if outcome == "level" else "binomial"
    stratum = strata_of(setting, make.stratum(**asked))
    design = design_of(setting, outcome, part=stratum)
    for name in stratum.cat.categories:
        inside = design.where((stratum == name).fillna(False))
        found = rows[(rows["stratum_level"] == name) & rows["level"].isin(["T2", "T3"])]
        model = inside.glm(f"y ~ C(group) + {covariates}", family)
        names = ["C(group)[T.T2]", "C(group)[T.T3]"]
        ours = found["estimate"] if family == "gaussian" else np.log(found["estimate"])
        np.testing.assert_allclose(ours.astype(float), model.params[names], rtol=DIGITS)
        np.testing.assert_allclose(found["std_error"], model.bse[names], rtol=DIGITS)
        assert (found["df"] == model.df_resid).all()
        trend = rows[(rows["stratum_level"] == name) & (rows["measure"] == "p_trend")].iloc[0]
        model = inside.glm(f"y ~ score + {covariates}", family)
        assert trend["estimate"] == pytest.approx(model.params["score"], rel=1e-6)
        assert trend["p_value"] == pytest.approx(model.pvalues["score"], rel=1e-5)
        assert trend["n"] == model.nobs
        line = rows[(rows["stratum_level"] == name) & (rows["contrast"] == "per 100 mg/day")].iloc[
            0
        ]
        model = inside.glm(f"y ~ dose + {covariates}", family)
        ours = line["estimate"] if family == "gaussian" else np.log(line["estimate"])
        assert ours == pytest.approx(100 * model.params["dose"], rel=1e-6)
        assert line["std_error"] == pytest.approx(100 * model.bse["dose"], rel=1e-6)
        assert line["p_value"] == pytest.approx(model.pvalues["dose"], rel=1e-5)
        assert (line["n"], line["df"]) == (model.nobs, model.df_resid)
    test = rows[rows["measure"] == "p_interaction"].iloc[0]
    own = "" if asked["name"] in ("sex", "area") else " + C(part)"
    # A categorical stratifier's own terms are the strata themselves.
    main = covariates if own else f"{covariates} + C(part)"
    model = design.glm(f"y ~ score * C(part) + {main}", family)
    expected = model.wald_test("score:C(part)")
    assert test["statistic"] == pytest.approx(expected.statistic, rel=1e-6)
    assert test["p_value"] == pytest.approx(expected.pvalue, rel=1e-5)
    assert test["n"] == model.nobs
    line = rows[rows["contrast"] == f"per 100 mg/day x {asked['name']}"].iloc[0]
    expected = design.glm(f"y ~ dose * C(part) + {main}", family).wald_test("dose:C(part)")
    assert line["statistic"] == pytest.approx(expected.statistic, rel=1e-6)
    assert line["p_value"] == pytest.approx(expected.pvalue, rel=1e-5)
    assert (line["measure"], line["n"]) == ("p_interaction", model.nobs)


def counted(rows: pd.DataFrame) -> float:
    """Add up people over levels and strata, and those in none."""
    return rows.loc[rows["level"].notna() | (rows["measure"] == "people"), "n"].sum()


def test_people_of_all_rows_add_up_to_the_cohort(people, make):
    people.loc[::29, "area"] = None
    asked = [
        make.stratum("sex"), make.stratum("area"), make.stratum("older", "age", cuts=(40, 60)),
        make.stratum("hormone", groups=3, cycles=("second",)),
    ]  # fmt: skip
    kept = (people["dose"] > 120).to_numpy()
    setting = make.setting(people, strata=asked, kept=kept)
    rows = pd.DataFrame(list(strata_rows(setting)))
    for _, part in rows.groupby(["stratum", "outcome"]):
        assert counted(part) == kept.sum()
        assert part["measure"].tolist().count("people") == 2
    unknown = rows[(rows["stratum_level"] == "not known") & (rows["stratum"] == "area")]
    assert (unknown["n"] == (people["area"].isna() & kept).sum()).all() and unknown["n"].min() > 0
    assert set(rows["outcome"]) == {"low", "middle", "level"}, "further outcomes stay out"


def test_people_of_other_cycles_are_in_no_stratum(people, make):
    asked = make.stratum("hormone", groups=3, cycles=("second",))
    people["hormone"] = people["hormone"].fillna(50.0)  # a value that the cycle should not have
    setting = make.setting(people, strata=[asked])
    group = strata_of(setting, asked)
    second = (people["cycle"] == "second").to_numpy()
    assert group[~second].isna().all() and group[second].notna().all()
    shares = people["weight"][second].groupby(group[second], observed=True).sum()
    assert (abs(shares / shares.sum() - 1 / 3) < 0.05).all(), "thirds of those who have it"
    rows = pd.DataFrame(list(strata_rows(setting)))
    assert (rows.loc[rows["stratum_level"] == "not known", "n"] == (~second).sum()).all()


def test_categories_that_nobody_has_are_no_strata(people, make):
    setting = make.setting(people, strata=[make.stratum("area")])
    rows = pd.DataFrame(list(strata_rows(setting)))
    assert "East" not in set(rows["stratum_level"])
    assert {"North", "South", "West"} < set(rows["stratum_level"])


def test_parts_may_have_names(people, make):
    names = ("little", "much")
    for asked in ({"groups": 2}, {"cuts": (6,)}):
        group = strata_of(make.setting(people), make.stratum("intake", names=names, **asked))
        assert tuple(group.cat.categories) == names
        assert people["intake"].groupby(group, observed=True).mean().is_monotonic_increasing


def test_cuts_belong_to_the_stratum_above(people, make):
    asked = make.stratum("older", "age", cuts=(51,))
    group = strata_of(make.setting(people), asked)
    ages = people["age"].groupby(group, observed=True)
    assert ages.min()["51 or more"] == 51 and ages.max()["below 51"] == 50
    assert group.isna().sum() == people["age"].isna().sum()


def test_a_dose_group_without_events_in_a_stratum(people, make, table):
    setting = make.setting(people)
    empty = (setting.doses["dose"].group == "T2") & (people["sex"] == "Female")
    frame = people.assign(level=people["level"].mask(empty & people["level"].notna(), 90.0))
    setting = make.setting(frame, strata=[make.stratum("sex")])
    rows = table(strata_rows(setting), outcome="low", stratum_level="Female")
    rows = rows.set_index("level")
    assert np.isnan(rows.loc["T2", "estimate"]) and rows.loc["T2", "events"] == 0
    assert "none of the" in rows.loc["T2", "note"] and rows.loc["T2", "n"] > 0
    design = design_of(setting, "low").where(((frame["sex"] == "Female") & ~empty).to_numpy())
    model = design.glm(f"y ~ C(group) + age + {SPLINE}", "binomial")
    estimate = np.log(rows.loc["T3", "estimate"])
    assert estimate == pytest.approx(model.params["C(group)[T.T3]"], rel=DIGITS)
    everyone = pd.DataFrame(list(strata_rows(setting)))
    assert counted(everyone[everyone["outcome"] == "low"]) == len(frame)


def test_a_stratum_without_events_and_one_without_people_to_compare_with(people, make, table):
    high = people["area"].isin(["West"]) & people["level"].notna()
    frame = people.assign(level=people["level"].mask(high, 90.0))
    setting = make.setting(frame, strata=[make.stratum("area")])
    rows = table(strata_rows(setting), outcome="low")
    west = rows[rows["stratum_level"] == "West"]
    assert west["estimate"].isna().all() and (west["note"].str.len() > 0).all()
    test = rows[rows["measure"] == "p_interaction"].iloc[0]
    assert "without West" in test["note"] and 0 < test["p_value"] < 1
    design = design_of(setting, "low").where((frame["area"] != "West").to_numpy())
    model = design.glm(f"y ~ score * C(area) + age + C(sex) + {SPLINE}", "binomial")
    assert test["statistic"] == pytest.approx(model.wald_test("score:C(area)").statistic, rel=1e-6)
    one = frame.assign(level=frame["level"].mask(frame["area"] != "North", 90.0))
    rows = table(strata_rows(make.setting(one, strata=[make.stratum("area")])), outcome="low")
    test = rows[rows["measure"] == "p_interaction"].iloc[0]
    assert "fewer than two" in test["note"]


def test_a_covariate_that_is_the_same_in_a_stratum_is_left_out(people, make, table):
    """Nobody in the North is female: the column would be the intercept over again."""
    frame = people.copy()
    frame.loc[frame["area"] == "North", "sex"] = "Male"
    setting = make.setting(frame, strata=[make.stratum("area")])
    found = table(strata_rows(setting), outcome="low", stratum_level="North").set_index("level")
    design = design_of(setting, "low").where((frame["area"] == "North").to_numpy())
    model = design.glm(f"y ~ C(group) + age + {SPLINE}", "binomial")
    expected = model.params["C(group)[T.T3]"]
    assert np.log(found.loc["T3", "estimate"]) == pytest.approx(expected, rel=DIGITS)


def test_a_covariate_that_the_others_make_up_in_a_stratum_is_left_out(people, make, table):
    """Above its last knot a spline is a straight line: its columns say the same as each other."""
    last = people["age"].quantile(0.9)
    frame = people.assign(bend=(people["age"] - last).clip(lower=0.0), sex_age=people["age"] * 2)
    terms = ("age", "bend", "sex_age", "sex")
    setting = make.setting(
        frame, terms=("age", "bend", "sex"), strata=[make.stratum("old", "age", cuts=(last,))]
    )
    twice = make.setting(frame, terms=terms, strata=[make.stratum("old", "age", cuts=(last,))])
    one, two = (
        table(strata_rows(each), outcome="level", stratum_level=each.plan.strata[0].parts[1])
        for each in (setting, twice)
    )
    assert one["estimate"].notna().sum() >= 3
    np.testing.assert_allclose(one["estimate"], two["estimate"], rtol=DIGITS)
    old = (frame["age"] >= last).to_numpy()
    group = setting.doses["dose"].group.astype(str)
    design = Design(frame.assign(group=group), weights="weight", strata="stratum", psu="psu")
    model = design.where(old).glm("level ~ C(group) + age + C(sex)")
    found = one.set_index("level")["estimate"]["T3"]
    assert found == pytest.approx(model.params["C(group)[T.T3]"], rel=DIGITS)


def test_a_separated_covariate_is_a_note_not_a_crash(people, make, table):
    frame = people.copy()
    old = (frame["area"] == "North") & (frame["sex"] == "Female") & frame["level"].notna()
    frame.loc[old, "level"] = 90.0
    setting = make.setting(frame, strata=[make.stratum("area")])
    rows = table(strata_rows(setting), outcome="low", stratum_level="North")
    assert rows["estimate"].isna().all()
    assert rows["note"].str.contains(r"sex\[Female\]").all()
    assert rows["n"].sum() > 0


@pytest.mark.parametrize(
    ("events", "people", "note"),
    [
        (50, 500, ""),
        (49, 500, "49 events for 10 coefficients: the estimate may be far off"),
        (451, 500, "49 people without the event for 10 coefficients: the estimate may be far off"),
        (450, 500, ""),
        (None, 20, ""),
    ],
)
def test_fewer_than_five_events_to_a_coefficient_are_few(events, people, note):
    params = pd.Series(0.0, index=range(11))  # with the intercept
    assert few_events(SimpleNamespace(n_events=events, nobs=people, params=params)) == note


def test_few_events_are_told(make, table):
    frame = make.people(size=320)
    setting = make.setting(frame, strata=[make.stratum("area")])
    rows = table(strata_rows(setting), outcome="low", level="T3")
    told = rows["note"].str.contains("coefficients: the estimate may be far off")
    few = rows["note"].str.contains(r"^\d+ (?:events|people without the event) for \d+")
    assert told.any() and (told == few).all()
    plenty = make.setting(make.people(size=6_400), strata=[make.stratum("sex")])
    rows = table(strata_rows(plenty), outcome="low", level="T3")
    assert (rows["note"] == "").all()


def test_too_many_groups_name_the_stratum(people, make):
    frame = people.assign(hormone=np.where(people["age"] > 50, 1.0, 0.0))
    setting = make.setting(frame, strata=[make.stratum("hormone", groups=3)])
    with pytest.raises(InputError, match="stratum 'hormone': hormone takes too few values"):
        list(strata_rows(setting))
