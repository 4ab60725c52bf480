"""Adjusted prevalences and means, and outcomes that the cohort defines, by hand and by formulas."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from analysis.errors import InputError
from analysis.grammar import intervals, parse_condition, parse_term
from analysis.models.adjusted import adjusted_rows
from analysis.models.describe import defined_rows, outcome_rows
from analysis.survey import Design, margins

DIGITS = 1e-7
"""Relative difference between two ways to the same converged model."""


def grouping(name, measure=None, cuts=(), names=(), terms=("intake",), outcomes=()):
    return SimpleNamespace(
        name=name, label=name, measure=measure or name, cuts=cuts, domains=(),
        parts=names or (intervals(cuts) if cuts else ()), outcomes=outcomes,
        parsed_terms=[parse_term(term) for term in terms],
    )  # fmt: skip


def only(asked, *outcomes):
    return SimpleNamespace(**(vars(asked) | {"outcomes": outcomes}))


def rows_of(make, people, *asked, **plan) -> pd.DataFrame:
    return pd.DataFrame(list(adjusted_rows(make.setting(people, adjusted=asked, **plan))))


def picked(rows: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows.set_index("stratum_level")


def by_formula(frame, terms, outcome, kept=None):
    y = {"low": frame["level"] < 45, "level": frame["level"]}[outcome].astype(float)
    frame = frame.assign(y=y.where(frame["level"].notna()))
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    design = design if kept is None else design.where(kept)
    family = "gaussian" if outcome == "level" else "binomial"
    formula = f"y ~ C(part) + {terms}"
    model = design.glm(formula, family)
    return model, margins(
        model, design, formula, {"part": frame["part"].cat.categories}, covariates="joint"
    )


ASKED = {
    "sex": (grouping("sex", terms=("age", "spline(intake, 4)", "area")), "age + C(area)"),
    "area": (grouping("area", terms=("age", "sex")), "age + C(sex)"),
    "age": (grouping("older", "age", (40, 60), ("a", "b", "c"), ("sex",)), "C(sex)"),
    "one": (grouping("area", terms=()), "1"),
}


@pytest.mark.parametrize("outcome", ["low", "level"])
@pytest.mark.parametrize("name", ["area", "age", "one"])
def test_adjusted_are_the_margins_of_the_model(people, make, name, outcome):
    """Outcomes are of everyone in whom they are known, not of those compared only."""
    asked, terms = ASKED[name]
    found = rows_of(make, people, only(asked, outcome))
    part = people[asked.measure]
    if asked.cuts:
        part = pd.cut(part, [-np.inf, *asked.cuts, np.inf], right=False, labels=list("abc"))
    frame = people.assign(part=part.cat.remove_unused_categories())
    model, expected = by_formula(frame, terms, outcome)
    mine = picked(found, outcome=outcome, model="adjusted")
    test = mine.loc[mine["measure"] == "p_overall"].iloc[0]
    people_of = mine[mine["measure"] == "people"].iloc[0]
    mine = mine[mine["measure"].isin(["proportion", "mean"])]
    errors = np.sqrt(np.diag(expected.covariance))
    np.testing.assert_allclose(mine["estimate"], expected.params, rtol=DIGITS)
    np.testing.assert_allclose(mine["std_error"], errors, rtol=DIGITS)
    assert (mine["df"] == model.df_resid).all() and mine["n"].sum() == model.nobs
    assert people_of["n"] == len(people) - model.nobs
    t = stats.t.ppf(0.975, model.df_resid)
    if outcome == "low":
        at, spread = logit(expected.params), t * errors / (expected.params * (1 - expected.params))
        low, high = expit(at - spread), expit(at + spread)
        assert mine["events"].sum() == model.n_events
    else:
        low, high = expected.params - t * errors, expected.params + t * errors
        assert mine["unit"].eq("nmol/L").all()
    np.testing.assert_allclose(mine["conf_low"], low, rtol=DIGITS)
    np.testing.assert_allclose(mine["conf_high"], high, rtol=DIGITS)
    wald = model.wald_test("C(part)")
    assert test["p_value"] == pytest.approx(wald.pvalue, rel=1e-6)
    assert test["statistic"] == pytest.approx(wald.statistic, rel=1e-6)


def test_crude_are_those_of_each_group(people, make):
    people.loc[::53, "sex"] = None
    kept = (people["dose"] > 150).to_numpy()
    found = rows_of(make, people, only(ASKED["sex"][0], "low", "level"), kept=kept)
    for sex in ("Male", "Female"):
        mine = people[kept & (people["sex"] == sex) & people["level"].notna()]
        row = picked(found, outcome="low", model="crude").loc[sex]
        assert row["n"] == len(mine) and row["events"] == (mine["level"] < 45).sum()
        share = np.average(mine["level"] < 45, weights=mine["weight"])
        assert row["estimate"] == pytest.approx(share, rel=1e-12)
        mean = picked(found, outcome="level", model="crude").loc[sex]
        by_hand = np.average(mine["level"], weights=mine["weight"])
        assert mean["estimate"] == pytest.approx(by_hand, rel=1e-12)
    counted = found[found["measure"] != "p_overall"].groupby(["outcome", "model"])["n"].sum()
    assert (counted == kept.sum()).all()
    aside = found[found["measure"] == "people"].groupby("model")["n"].min()
    assert 0 < aside["crude"] < aside["adjusted"], "who lacks a covariate is in the crude ones"


def test_only_the_outcomes_asked_for(people, make):
    found = rows_of(make, people, grouping("sex", outcomes=("low",)))
    assert set(found["outcome"]) == {"low"}
    everything = rows_of(make, people, grouping("sex", terms=()))
    assert set(everything["outcome"]) == {"low", "middle", "level", "very_low"}


@pytest.mark.parametrize("empty", ["North", "South"])
def test_a_group_without_events_is_left_out_of_the_model(people, make, empty):
    """Of any place: the first group too, which would be the reference otherwise."""
    changed = (people["area"] == empty) & people["level"].notna()
    frame = people.assign(level=people["level"].mask(changed, 90.0))
    found = rows_of(make, frame, only(ASKED["area"][0], "low"))
    mine = picked(found, outcome="low", model="adjusted")
    assert np.isnan(mine.loc[empty, "estimate"]) and "none of the" in mine.loc[empty, "note"]
    assert mine.loc[empty, "n"] > 0 and mine.loc[empty, "events"] == 0
    kept = (frame["area"] != empty).to_numpy()
    part = frame["area"].cat.set_categories([a for a in ("North", "South", "West") if a != empty])
    _, expected = by_formula(frame.assign(part=part), "age + C(sex)", "low", kept)
    rest = mine.loc[list(expected.params.index), "estimate"]
    np.testing.assert_allclose(rest, expected.params, rtol=DIGITS)
    crude = picked(found, outcome="low", model="crude")
    assert crude.loc[empty, "estimate"] == 0.0


def test_a_separated_covariate_is_a_note_not_a_crash(people, make):
    frame = people.assign(level=people["level"].mask(people["sex"] == "Male", 90.0))
    found = rows_of(make, frame, grouping("area", terms=("sex",), outcomes=("low",)))
    adjusted = found[(found["model"] == "adjusted") & (found["measure"] == "proportion")]
    assert adjusted["estimate"].isna().all()
    assert adjusted["note"].str.startswith("no estimate").all()


SCORED = ("age", "intake", "hormone")


def test_a_mean_of_z_scores_is_that_of_the_weighted_ones(people, make):
    kept = (people["dose"] > 120).to_numpy()
    outcomes = [make.outcome("z", mean_z=SCORED)]
    setting = make.setting(people, kept=kept, outcomes=outcomes)
    scores = []
    for name in SCORED:
        inside = people.loc[kept & people[name].notna()]
        w = inside["weight"]
        mean = np.average(inside[name], weights=w)
        n = len(inside)
        sd = np.sqrt(np.average((inside[name] - mean) ** 2, weights=w) * n / (n - 1))
        scores.append((people[name] - mean) / sd)
        rows = pd.DataFrame(defined_rows(setting.responses.values(), setting.measures))
        rows = rows[rows["level"] == name].set_index("measure")["estimate"]
        np.testing.assert_allclose(rows[["mean", "sd"]], [mean, sd], rtol=1e-12)
    expected = sum(scores) / len(SCORED)
    np.testing.assert_allclose(setting.responses["z"].values, expected, rtol=1e-12)
    assert (
        setting.responses["z"].values.isna().sum() == people[list(SCORED)].isna().any(axis=1).sum()
    )
    means = pd.DataFrame(
        outcome_rows(setting.cohort, people, None, setting.responses.values(), [], setting.measures)
    )
    assert means["unit"].tolist() == ["SD"] and means["analysis"].tolist() == ["mean"]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_an_event_below_a_quantile_of_the_cohort(people, make, share):
    kept = (people["dose"] > 120).to_numpy()
    outcomes = [make.outcome("slow", below={"measure": "age", "quantile": share})]
    setting = make.setting(people, kept=kept, outcomes=outcomes)
    inside = people[kept & people["age"].notna()].sort_values("age")
    reached = inside["weight"].cumsum() >= share * inside["weight"].sum()
    cut = inside.loc[reached.idxmax(), "age"]
    found = setting.responses["slow"]
    assert found.cut == cut and found.family == "binomial"
    expected = (people["age"] < cut).astype(float).where(people["age"].notna())
    pd.testing.assert_series_equal(found.values, expected, check_names=False)
    row = next(defined_rows([found], setting.measures))
    assert (row["estimate"], row["level"]) == (cut, f"p{100 * share:g}")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"mean_z": ("age", "flat")}, "flat does not vary in the cohort"),
        ({"mean_z": ("age", "nobody")}, "nobody does not vary in the cohort"),
        ({"below": {"measure": "flat", "quantile": 0.25}}, "nobody in the cohort is below 1"),
        ({"below": {"measure": "nobody", "quantile": 0.25}}, "nobody in the cohort has a value"),
    ],
)
def test_an_outcome_that_the_cohort_cannot_define_is_refused(people, make, made, told):
    frame = people.assign(flat=1.0, nobody=np.nan)
    with pytest.raises(InputError, match=told) as caught:
        make.setting(frame, outcomes=[make.outcome("z", **made)])
    assert caught.value.where.startswith("outcome 'z'")


def of_domains(*domains, name="of_area", terms=("age", "sex")):
    asked = grouping(name, terms=terms)
    asked.measure, asked.domains = "", domains
    return asked


def domain(name, where):
    return SimpleNamespace(name=name, label=name, condition=parse_condition(where))


AREAS = tuple(
    domain(f"in_{area.lower()}", f"area == '{area}'") for area in ("North", "South", "West")
)


def test_domains_are_groups_as_the_categories_they_are_made_of(people, make):
    by_measure = rows_of(make, people, grouping("area", terms=("age", "sex")))
    asked = of_domains(*(each.name for each in AREAS))
    by_domain = rows_of(make, people, asked, domains=AREAS)
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "n", "p_value"]
    pd.testing.assert_frame_equal(by_measure[numbers], by_domain[numbers], rtol=1e-9)
    assert "in_north" in set(by_domain["stratum_level"])


def test_people_in_no_domain_are_in_no_group_and_counted(people, make):
    found = rows_of(make, people, of_domains("in_north", "in_west"), domains=AREAS)
    aside = found[(found["measure"] == "people") & (found["model"] == "crude")]
    known = people["level"].notna()
    inside = people["area"].isin(["North", "West"])
    assert (aside.set_index("outcome").loc["level", "n"]) == len(people) - (known & inside).sum()


def test_domains_that_overlap_are_refused_with_the_number_of_people(people, make):
    domains = (*AREAS, domain("young", "age < 40"))
    both = ((people["age"] < 40) & (people["area"] == "North")).sum()
    with pytest.raises(InputError, match=f"{both:,} people are in both of the domains 'in_north'"):
        rows_of(make, people, of_domains("in_north", "young"), domains=domains)
