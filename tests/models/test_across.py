"""The main model cycle by cycle against models by hand, and trends against weighted means."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.grammar import parse_condition, parse_term
from analysis.models.across import estimate_across
from analysis.models.combined import combine
from analysis.models.cycle_trends import middle
from analysis.survey import Design

CYCLES = ("2001-2002", "2003-2004", "2005-2006")
MEASURES = {
    name: SimpleNamespace(label=name, unit=unit, kind=kind, levels=(), food_part=part)
    for name, unit, kind, part in (
        ("dose", "mg/day", "continuous", "food"), ("food", "mg/day", "continuous", "self"),
        ("energy", "kcal/day", "continuous", ""), ("level", "nmol/L", "continuous", ""),
        ("age", "years", "continuous", ""), ("sex", "", "categorical", ""),
    )
}  # fmt: skip


def sample(size: int = 1_200) -> pd.DataFrame:
    """Make people of three cycles of eight strata, with doses and levels that rise."""
    rng = np.random.default_rng(31)
    each = size // 24
    cycle = np.repeat(CYCLES, size // 3)
    late = np.repeat([0.0, 1.0, 2.0], size // 3)
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(24), each),
            "psu": np.tile(np.repeat([1, 2], each // 2), 24),
            "cycle": cycle,
            "weight": rng.uniform(1, 9, size),
            "energy": rng.normal(2_000, 400, size),
            "age": rng.integers(20, 80, size).astype(float),
            "sex": pd.Categorical(rng.choice(["Male", "Female"], size), ["Male", "Female"]),
        }
    )
    frame["food"] = 0.1 * frame["energy"] + rng.gamma(4, 25, size) + 5 * late
    frame["dose"] = frame["food"] + rng.choice([0.0, 100.0], size)
    frame["level"] = 40 + 0.05 * frame["dose"] + 3 * late + rng.normal(0, 15, size)
    frame.loc[::19, "level"] = np.nan
    return frame


def outcome(name, event=None, measure=None):
    condition = parse_condition(event) if event else None
    return SimpleNamespace(
        name=name, label=name, measure=measure, event_condition=condition,
        against_condition=condition.negation if condition else None, mean_z=(), below=None,
    )  # fmt: skip


def plan(**more):
    exposure = SimpleNamespace(
        measure="dose", groups=3, cuts=(), split="everyone", cut_points="weighted", per=100.0
    )
    terms = [parse_term(text) for text in ("age", "sex", "energy")]
    model = SimpleNamespace(name="full", label="Full", parsed_terms=terms)
    base = {
        "name": "made_up", "exposure": exposure, "exposures": [exposure], "models": [model],
        "models_of": lambda exposure: [model],
        "outcomes": [outcome("low", "level < 50"), outcome("level", measure="level")],
    }  # fmt: skip
    return SimpleNamespace(**(base | more))


def estimated(frame, plan_=None, alone=None, refused=None):
    kept = np.ones(len(frame), dtype=bool)
    return estimate_across(
        plan_ or plan(), frame, [("interviewed", "Interviewed", kept)], MEASURES,
        alone=frame["weight"].to_numpy() if alone is None else alone,
        weight="interview", cycles=CYCLES, refused=refused or {},
    )  # fmt: skip


@pytest.fixture(scope="module")
def people():
    return sample()


@pytest.fixture(scope="module")
def results(people):
    """Estimates where the pooled weights are a third of the cycles' own, in 2001-2002 another."""
    pooled = people.assign(weight=people["weight"] / 3)
    first = people["cycle"] == CYCLES[0]
    skewed = 1 + (people["age"] > 50)
    pooled.loc[first, "weight"] *= skewed[first]
    return estimated(pooled, alone=people["weight"].to_numpy(), refused={"1999-2000": "no level"})


def rows(results, **wanted):
    keep = np.ones(len(results), dtype=bool)
    for column, value in wanted.items():
        keep &= (results[column] == value).to_numpy()
    return results[keep]


def by_hand(frame, columns, kind):
    """Fit a cycle by its own design of its own people alone."""
    design = Design(frame, "weight", "stratum", "psu")
    known = frame["level"].notna()
    female = (frame["sex"] == "Female").astype(float)
    x = pd.DataFrame({"Intercept": 1.0, **columns, "age": frame["age"], "female": female,
                      "energy": frame["energy"]})  # fmt: skip
    y = (frame["level"] < 50).astype(float) if kind == "binomial" else frame["level"]
    return design.where(known.to_numpy()).fit(y.where(known), x[known], family=kind, df="design")


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize(("name", "kind"), [("low", "binomial"), ("level", "gaussian")])
def test_a_cycle_is_fitted_alone_with_its_own_weights(people, results, cycle, name, kind):
    cuts = rows(results, analysis="cut_points")["estimate"].to_numpy()
    own = people[people["cycle"] == cycle]
    group = np.searchsorted(cuts, own["dose"])
    columns = {f"T{i + 1}": (group == i).astype(float) for i in (1, 2)}
    for given, coefficient, level in (
        (columns, "T3", "T3"), ({"per": own["dose"] / 100}, "per", ""),
    ):  # fmt: skip
        fitted = by_hand(own, given, kind)
        mine = rows(results, analysis="cycle", stratum="cycle", outcome=name, level=level)
        row = rows(mine, stratum_level=cycle).iloc[0]
        estimate = math.log(row["estimate"]) if kind == "binomial" else row["estimate"]
        assert estimate == pytest.approx(fitted.params[coefficient], rel=1e-7)
        assert row["std_error"] == pytest.approx(fitted.bse[coefficient], rel=1e-7)
        assert (row["df"], row["cycles"]) == (8, cycle)
        people_of_row = (group == 2) | (level == "")
        assert row["n"] == (people_of_row & own["level"].notna()).sum()


def test_own_cut_points_are_those_of_the_cycle(people, results):
    cycle = CYCLES[2]
    own = people[people["cycle"] == cycle].sort_values("dose")
    share = own["weight"].cumsum() / own["weight"].sum()
    cuts = [own["dose"][share >= part].iloc[0] for part in (1 / 3, 2 / 3)]
    group = np.searchsorted(cuts, own["dose"])
    fitted = by_hand(own, {f"T{i + 1}": (group == i).astype(float) for i in (1, 2)}, "gaussian")
    row = rows(results, analysis="cycle", stratum="cycle, own cut points", outcome="level",
               stratum_level=cycle).iloc[0]  # fmt: skip
    assert row["estimate"] == pytest.approx(fitted.params["T3"], rel=1e-9)


@pytest.mark.parametrize("name", ["low", "level"])
@pytest.mark.parametrize("level", ["T3", ""])
def test_the_cycles_are_combined_on_the_scale_of_the_model(results, name, level):
    found = rows(results, analysis="cycle", stratum="cycle", outcome=name, level=level)
    values = found["estimate"].to_numpy()
    wanted = combine(np.log(values) if name == "low" else values, found["std_error"].to_numpy())
    for stratum, mean in (("fixed effect", wanted.fixed), ("random effects", wanted.random)):
        row = rows(results, analysis="pooled", stratum=stratum, outcome=name, level=level,
                   stratum_level="").iloc[0]  # fmt: skip
        limits = row[["estimate", "conf_low", "conf_high"]].to_numpy(float)
        limits = np.log(limits) if name == "low" else limits
        np.testing.assert_allclose(limits, [mean.estimate, mean.conf_low, mean.conf_high])
        shares = rows(results, analysis="pooled", stratum=stratum, outcome=name, level=level,
                      measure="share")  # fmt: skip
        assert shares["estimate"].sum() == pytest.approx(1)
        assert row["n"] == found["n"].sum()
    spread = rows(results, analysis="heterogeneity", outcome=name, level=level)
    assert rows(spread, measure="Q")["statistic"].item() == pytest.approx(wanted.q)
    own = rows(spread, measure="p_heterogeneity").iloc[0]
    assert own["contrast"].endswith("x cycle, covariates x cycle")
    assert (own["statistic"], own["df"]) == (pytest.approx(wanted.q / 2), 24)


def test_own_models_are_one_model_with_all_its_products(people):
    """Q over k - 1 is Wald's F of that model, of which the cycles' models are the parts."""
    found = estimated(people)
    q = rows(found, analysis="heterogeneity", outcome="level", level="", measure="Q").iloc[0]
    female = (people["sex"] == "Female").astype(float)
    parts = {"one": people["age"] * 0 + 1, "per": people["dose"] / 100, "age": people["age"],
             "female": female, "energy": people["energy"] / 1_000}  # fmt: skip
    x = pd.DataFrame(
        {f"{k}:{c}": part * (people["cycle"] == c) for k, part in parts.items() for c in CYCLES}
    ).rename(columns={f"one:{CYCLES[0]}": "Intercept"})
    x["Intercept"] = 1.0
    known = people["level"].notna()
    design = Design(people, "weight", "stratum", "psu").where(known.to_numpy())
    fitted = design.fit(people["level"], x[known], family="gaussian", df="design")
    contrasts = pd.DataFrame(
        [{f"per:{CYCLES[0]}": -1.0, f"per:{other}": 1.0} for other in CYCLES[1:]]
    ).fillna(0.0)
    test = fitted.wald_test(contrasts)
    own = rows(found, analysis="heterogeneity", outcome="level", level="",
               measure="p_heterogeneity").iloc[0]  # fmt: skip
    assert test.statistic == pytest.approx(q["statistic"] / 2, rel=1e-7)
    assert test.pvalue == pytest.approx(own["p_value"], rel=1e-7)


def test_a_cycle_without_an_estimate_says_why_and_is_left_out(people):
    frame = people.copy()
    frame.loc[(frame["cycle"] == CYCLES[1]), "level"] = 80.0
    found = estimated(frame, plan(outcomes=[outcome("low", "level < 50")]))
    bad = rows(found, analysis="cycle", stratum="cycle", stratum_level=CYCLES[1])
    assert bad["estimate"].isna().all()
    assert (bad["note"] != "").all()
    row = rows(found, analysis="pooled", stratum="fixed effect", level="T3", stratum_level="").iloc[
        0
    ]
    assert row["note"] == "1 of 3 cycles without an estimate left out"
    assert row["cycles"] == f"{CYCLES[0]}, {CYCLES[2]}"


def test_one_estimate_is_not_combined(people):
    frame = people.copy()
    frame.loc[frame["cycle"] != CYCLES[1], "level"] = 80.0
    found = estimated(frame, plan(outcomes=[outcome("low", "level < 50")]))
    mine = rows(found, analysis="pooled", stratum="random effects")
    assert mine["estimate"].isna().all()
    assert (mine["note"] == "fewer than two cycles have an estimate").all()


def test_cycles_that_are_refused_are_rows_with_the_reason(results):
    row = rows(results, analysis="cycle", stratum_level="1999-2000").iloc[0]
    assert (row["note"], row["outcome"], row["cycles"]) == ("no level", "", "")


@pytest.mark.parametrize("what", ["dose", "level", "low"])
def test_means_and_shares_are_those_of_each_cycle(people, results, what):
    place = {"exposure": "dose"} if what == "dose" else {"outcome": what}
    found = rows(results, analysis="cycle_mean", contrast="", **place)
    values = (people["level"] < 50).astype(float) if what == "low" else people[what]
    known = people["level"].notna() if what != "dose" else people["dose"].notna()
    for cycle, row in zip(CYCLES, found.itertuples(), strict=True):
        own = known & (people["cycle"] == cycle)
        wanted = np.average(values[own], weights=people["weight"][own])
        assert row.estimate == pytest.approx(wanted)
        assert (row.n, row.stratum_level) == (own.sum(), cycle)
        assert float(row.level) == middle(cycle)


def test_the_trend_is_a_weighted_line_and_its_values_lie_on_it(people):
    found = estimated(people)
    known = people["level"].notna()
    years = people["cycle"].map(middle)[known]
    weights = np.sqrt(people["weight"][known])
    slope, start = np.polyfit(years, people["level"][known], 1, w=weights)
    row = rows(found, analysis="cycle_trend", outcome="level", model="unadjusted",
               measure="difference").iloc[0]  # fmt: skip
    assert row["estimate"] == pytest.approx(10 * slope, rel=1e-8)
    fitted = rows(found, analysis="cycle_trend", outcome="level", measure="fitted")
    wanted = [start + slope * middle(cycle) for cycle in CYCLES]
    np.testing.assert_allclose(fitted["estimate"], wanted)


def test_intake_is_adjusted_for_energy_in_its_part_from_food(people):
    found = estimated(people)
    mine = rows(found, analysis="cycle_mean", contrast="adjusted for energy (residual method)")
    w, energy = people["weight"], people["energy"]
    slope = np.polyfit(energy, people["food"], 1, w=np.sqrt(w))[0]
    adjusted = people["dose"] - slope * (energy - np.average(energy, weights=w))
    for cycle, estimate in zip(CYCLES, mine["estimate"], strict=True):
        own = people["cycle"] == cycle
        assert estimate == pytest.approx(np.average(adjusted[own], weights=w[own]))


def test_without_energy_in_the_model_intake_is_followed_as_it_is(people):
    bare = SimpleNamespace(name="full", label="Full", parsed_terms=[parse_term("age")])
    found = estimated(people, plan(models=[bare], models_of=lambda exposure: [bare]))
    assert rows(found, analysis="cycle_mean", exposure="dose")["contrast"].eq("").all()
    assert len(rows(found, analysis="cycle_mean", exposure="dose")) == 3


def test_age_and_sex_explain_a_trend_that_is_theirs(people):
    """Where the level is a matter of age alone, and people grow older, the trend goes with age."""
    frame = people.copy()
    frame["age"] = (
        frame["age"] / 2 + 20 + frame["cycle"].map({c: 10 * i for i, c in enumerate(CYCLES)})
    )
    frame["level"] = np.floor(frame["age"] / 10) * 10 + frame["energy"] / 1e3
    found = estimated(frame)
    mine = rows(found, analysis="cycle_trend", outcome="level", measure="difference")
    crude, adjusted = mine["estimate"]
    assert crude > 15
    assert abs(adjusted) < 1


@pytest.mark.parametrize(
    ("cycle", "years"), [("1999-2000", 2000.0), ("2017-2018", 2018.0), ("2021-2023", 2022.625)]
)
def test_the_middle_of_a_cycle(cycle, years):
    assert middle(cycle) == pytest.approx(years)


def test_two_cycles_have_no_departure_from_a_line(people):
    frame = people[people["cycle"] != CYCLES[2]].reset_index(drop=True)
    kept = np.ones(len(frame), dtype=bool)
    found = estimate_across(
        plan(), frame, [("interviewed", "Interviewed", kept)], MEASURES,
        alone=frame["weight"].to_numpy(), weight="interview", cycles=CYCLES[:2], refused={},
    )  # fmt: skip
    assert not len(rows(found, measure="p_nonlinear"))
    prediction = rows(found, stratum="prediction interval")
    assert (prediction["note"] == "no prediction from two cycles").all()
