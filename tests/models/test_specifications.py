"""The specification curve: each specification against the same model built by hand."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.grammar import parse_condition, parse_term
from analysis.models.doses import dose_groups
from analysis.models.energy import energy_adjusted
from analysis.models.estimate import design_of, estimate
from analysis.models.outcomes import response
from analysis.models.results import tidy
from analysis.models.setting import Setting
from analysis.models.specifications import combinations, specification_rows
from analysis.models.spline import basis
from analysis.survey import Design

MEASURES = {
    name: SimpleNamespace(label=name, unit="", kind="continuous", levels=(), food_part=part)
    for name, part in {
        "total": "food", "total_two": "food_two", "food": "self", "food_two": "self",
        "supplement": "", "energy": "", "energy_two": "", "age": "", "vitamin": "", "level": "",
        "sex": "",
    }.items()
}  # fmt: skip


def sample() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 1600
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(20), 80),
            "psu": np.tile(np.repeat([1, 2], 40), 20),
            "cycle": np.repeat(["a", "b"], 800),
            "weight": rng.uniform(1, 9, n).round(2),
            "weight_other": rng.uniform(1, 9, n).round(2),
            "weight_two": np.where(rng.uniform(size=n) < 0.1, 0.0, rng.uniform(1, 9, n)),
            "age": rng.integers(20, 80, n).astype(float),
            "sex": pd.Categorical(rng.choice(["Male", "Female"], n), ["Male", "Female"]),
            "energy": rng.normal(2100, 600, n).clip(300).round(),
            "vitamin": rng.gamma(2, 4, n).round(2),
            "supplement": np.where(rng.uniform(size=n) < 0.6, 0.0, rng.gamma(2, 60, n)).round(),
        }
    )
    frame["food"] = (frame["energy"] * rng.gamma(12, 0.012, n)).round()
    frame["energy_two"] = (frame["energy"] + rng.normal(0, 200, n)).clip(300).round()
    frame["food_two"] = (frame["food"] + rng.normal(0, 60, n)).clip(10).round()
    frame.loc[::13, ["food_two", "energy_two"]] = np.nan
    frame["total"] = frame["food"] + frame["supplement"]
    frame["total_two"] = frame["food_two"] + frame["supplement"]
    lift = 0.02 * frame["total"] + 0.4 * frame["vitamin"] - 3 * (frame["sex"] == "Female")
    frame["level"] = (40 + lift + rng.normal(0, 15, n)).round(1)
    frame.loc[::17, "level"] = np.nan
    return frame


def option(name, **more):
    nothing = {
        "outcomes": {}, "weight": None, "weights": {}, "energy": None, "cut_points": None,
        "replace": {}, "cycles": (),
    }  # fmt: skip
    keep = more.pop("keep", None)
    terms = [parse_term(text) for text in more.pop("add", ())]
    condition = parse_condition(keep) if keep else None
    return SimpleNamespace(
        name=name, label=name, condition=condition, parsed_terms=terms, **(nothing | more)
    )


def choice(name, *options):
    return SimpleNamespace(name=name, label=name, options=options)


CHOICES = (
    choice(
        "adjusted", option("no"), option("line", add=["vitamin"]),
        option("curve", add=["spline(vitamin, 3)"]),
    ),
    choice("scale", option("old"), option("new", outcomes={"low": "low_new"})),
    choice("weight", option("own"), option("other", weight="other")),
    choice(
        "energy", option("standard"), option("residual", energy="residual"),
        option("density", energy="density"),
    ),
    choice("cuts", option("weighted"), option("unweighted", cut_points="unweighted")),
    choice("age", option("all"), option("young", keep="age < 60")),
    choice(
        "recalls", option("one"),
        option("two", cycles=("b",), weights={"own": "two"},
               replace={"total": "total_two", "energy": "energy_two"}),
    ),
)  # fmt: skip


def outcome(name, cut):
    event = parse_condition(f"level < {cut}")
    return SimpleNamespace(
        name=name, label=name, measure=None, mean_z=(), below=None, role="main",
        event_condition=event, against_condition=event.negation,
    )  # fmt: skip


class Plan(SimpleNamespace):
    @property
    def exposures(self):
        return [self.exposure]

    def models_of(self, exposure):
        return self.models


def plan(choices=CHOICES, **exposure):
    given = {
        "measure": "total", "groups": 4, "cut_points": "weighted", "per": 100, "split": "everyone",
        "cuts": (), "spline_knots": None, "spline_reference": "median",
    }  # fmt: skip
    terms = [parse_term(text) for text in ("age", "sex", "per(energy, 100)", "spline(age, 3)")][1:]
    return Plan(
        name="made_up",
        exposure=SimpleNamespace(**(given | exposure)),
        outcomes=[outcome("low", 42), outcome("low_new", 45)],
        models=[SimpleNamespace(name="adjusted", label="Adjusted", parsed_terms=terms)],
        domains=[],
        table1=None,
        adjusted=(),
        multinomial=(),
        interactions=(),
        strata=(),
        confounding=None,
        imputation=None,
        specifications=SimpleNamespace(outcomes=["low"], model="adjusted", choices=choices),
    )


def setting(a_plan=None, frame=None) -> Setting:
    a_plan, frame = a_plan or plan(), sample() if frame is None else frame
    cohort = design_of(frame).where(frame["age"] >= 25)
    exposure = a_plan.exposure
    doses = dose_groups(
        cohort, frame, "total", exposure.groups, weighted=True, users=exposure.split == "users"
    )
    responses = {each.name: response(each, cohort, frame) for each in a_plan.outcomes}
    return Setting(a_plan, frame, cohort, cohort, MEASURES, responses, {"total": doses})


def rows_of(a_setting, **more) -> pd.DataFrame:
    return tidy(specification_rows(a_setting, **more), study="made_up", weight="own", cycles="a, b")


@pytest.fixture(scope="module")
def curve() -> pd.DataFrame:
    return rows_of(setting(), jobs=2)


def weighted_quantile(values, weights, share):
    """Smallest value with at least the share of weight at or below it, by definition."""
    known = ~np.isnan(values) & (weights > 0)
    order = np.argsort(values[known], kind="stable")
    sums = np.cumsum(weights[known][order])
    place = np.flatnonzero(sums >= share * sums[-1] * (1 - 1e-12))[0]
    return values[known][order][place]


def by_hand(frame, chosen):
    """Fit one specification without anything of the module: chosen is {choice: option}."""
    two = chosen["recalls"] == "two"
    weight = {"own": "weight_two" if two else "weight", "other": "weight_other"}[chosen["weight"]]
    people = (frame["age"] >= 25).to_numpy() & (frame[weight] > 0).to_numpy()
    people &= (frame["age"] < 60).to_numpy() if chosen["age"] == "young" else True
    people &= (frame["cycle"] == "b").to_numpy() if two else True
    suffix = "_two" if two else ""
    w = np.where(people, frame[weight], 0.0)
    food, energy = (frame[f"{name}{suffix}"].to_numpy() for name in ("food", "energy"))
    supplement = frame["supplement"].to_numpy()
    known = ~np.isnan(food)
    mean = np.average(energy[known], weights=w[known])
    if chosen["energy"] == "residual":
        root = np.sqrt(w[known])
        x = np.column_stack([np.ones(known.sum()), energy[known]])
        slope = np.linalg.lstsq(x * root[:, None], food[known] * root, rcond=None)[0][1]
        food = food - slope * (energy - mean)
    elif chosen["energy"] == "density":
        food = food / energy * 1000 * mean / 1000
    dose = np.where(people, food + supplement, np.nan)
    equal = w if chosen["cuts"] == "weighted" else np.where(people, 1.0, 0.0)
    cuts = [weighted_quantile(dose, equal, share) for share in (0.25, 0.5, 0.75)]
    group = np.searchsorted(cuts, dose, side="left")
    columns = {f"Q{i + 1}": np.where(np.isnan(dose), np.nan, group == i) for i in (1, 2, 3)}
    columns |= {"female": (frame["sex"] == "Female") * 1.0, "energy": energy / 100}
    for name, asked in (("age", True), ("vitamin", chosen["adjusted"] == "curve")):
        if asked:
            values = frame[name].to_numpy()
            knots = [
                weighted_quantile(np.where(people, values, np.nan), w, share)
                for share in (0.1, 0.5, 0.9)
            ]
            found = basis(values, np.array(knots))
            columns |= {f"{name}{j}": found[:, j] for j in range(2)}
    if chosen["adjusted"] == "line":
        columns["vitamin"] = frame["vitamin"]
    x = pd.DataFrame({"one": 1.0, **columns}, index=frame.index)
    low = frame["level"] < (45 if chosen["scale"] == "new" else 42)
    y = np.where(frame["level"].isna(), np.nan, low)
    return Design(frame, weight, "stratum", "psu").where(people).fit(y, x, "binomial")


def test_every_specification_is_the_model_built_by_hand(curve):
    rows = curve[curve["analysis"] == "specification"].set_index("stratum_level")
    names = [[each.name for each in one.options] for one in CHOICES]
    crossed = list(itertools.product(*names))
    assert list(rows.index) == [f"s{i:04d}" for i in range(1, len(crossed) + 1)]
    frame = sample()
    for i in np.random.default_rng(5).permutation(len(crossed))[:60].tolist():
        chosen = dict(zip([one.name for one in CHOICES], crossed[i], strict=True))
        row = rows.loc[f"s{i + 1:04d}"]
        assert row["contrast"] == "; ".join(f"{a}={b}" for a, b in chosen.items())
        model = by_hand(frame, chosen)
        assert np.log(row["estimate"]) == pytest.approx(model.params["Q4"], rel=1e-9, abs=1e-11)
        assert row["std_error"] == pytest.approx(model.bse["Q4"], rel=1e-10)
        low, high = np.exp(model.conf_int().loc["Q4"])
        assert row["conf_low"] == pytest.approx(low, rel=1e-10)
        assert row["conf_high"] == pytest.approx(high, rel=1e-10)
        assert row["p_value"] == pytest.approx(model.pvalues["Q4"], rel=1e-7)
        assert (row["n"], row["events"], row["df"]) == (
            model.nobs, model.n_events, model.df_resid,
        )  # fmt: skip


def test_the_base_specification_is_the_main_analysis(curve):
    frame, a_plan = sample(), plan()
    a_plan.specifications = None
    steps = [("all", "All", np.ones(len(frame), bool)), ("old", "25+", frame["age"] >= 25)]
    steps = [(name, label, np.asarray(kept)) for name, label, kept in steps]
    main = estimate(a_plan, frame, steps, {}, MEASURES, weight="w", cycles=["a"])
    main = main[(main["analysis"] == "odds_ratio") & (main["outcome"] == "low")]
    (top,) = main[main["level"] == "Q4"].to_dict("records")
    base = curve[(curve["analysis"] == "one_choice") & (curve["stratum"] == "base")]
    (base,) = base.to_dict("records")
    for name in ("estimate", "conf_low", "conf_high", "std_error", "statistic", "p_value"):
        assert base[name] == pytest.approx(top[name], rel=1e-10)
    assert base["df"] == top["df"]
    assert base["reference"] == top["reference"]
    everyone = curve[curve["stratum_level"] == "s0001"]
    assert everyone["n"].tolist() == [main["n"].sum()]


def test_threads_move_no_bit(curve):
    pd.testing.assert_frame_equal(rows_of(setting(), jobs=1), curve, check_exact=True)


def test_one_choice_changes_one_option(curve):
    rows = curve[curve["analysis"] == "one_choice"]
    places = set(zip(rows["stratum"], rows["stratum_level"], strict=True))
    wanted = {(one.name, each.name) for one in CHOICES for each in one.options[1:]}
    assert places == wanted | {("base", "")}
    assert len(rows) == len(places)
    for row in rows.to_dict("records"):
        if row["stratum"] != "base":
            assert f"{row['stratum']}={row['stratum_level']}" in row["contrast"]


def test_rows_say_what_weight_and_cycles_are_theirs(curve):
    rows = curve[curve["analysis"] == "specification"]
    other = rows["contrast"].str.contains("weight=other")
    two = rows["contrast"].str.contains("recalls=two")
    assert set(rows["weight"][other]) == {"other"}
    assert set(rows["weight"][two & ~other]) == {"two"}
    assert set(rows["weight"][~two & ~other]) == {"own"}
    assert set(rows["cycles"][two]) == {"b"}
    assert set(rows["cycles"][~two]) == {"a, b"}


def test_the_summary_is_that_of_the_rows(curve):
    rows = curve[curve["analysis"] == "specification"]
    summary = curve[curve["analysis"] == "specification_summary"]
    told = summary.set_index(["stratum", "stratum_level", "measure", "level"])["estimate"]
    logs, p = np.log(rows["estimate"]), rows["p_value"]
    assert told["", "", "specifications", "Q4"] == len(rows) == 3 * 2 * 2 * 3 * 2 * 2 * 2
    assert told["", "", "no_estimate", "Q4"] == 0
    assert told["", "", "share_inverse", "Q4"] == pytest.approx((logs < 0).mean())
    significant = ((logs < 0) & (rows["conf_high"] < 1)).mean()
    assert told["", "", "share_inverse_significant", "Q4"] == pytest.approx(significant)
    positive = ((logs > 0) & (p < 0.05)).mean()
    assert told["", "", "share_positive_significant", "Q4"] == pytest.approx(positive)
    assert told["", "", "quantile", "p05"] == pytest.approx(rows["estimate"].quantile(0.05))
    shares = summary[summary["measure"] == "variance_share"].set_index("stratum")["estimate"]
    assert shares.sum() == pytest.approx(1)
    for one in CHOICES:
        of = [rows["contrast"].str.contains(f"{one.name}={each.name}") for each in one.options]
        means = np.array([logs[mask].mean() for mask in of])
        share = np.mean((means - logs.mean()) ** 2) / logs.var(ddof=0)
        assert shares[one.name] == pytest.approx(share)
        ratio = np.exp(np.ptp(means))
        assert told[one.name, "", "ratio", "Q4"] == pytest.approx(ratio)
        median = rows["estimate"][of[1]].median()
        assert told[one.name, one.options[1].name, "median", "Q4"] == pytest.approx(median)
        below = (logs[of[1]] < 0).mean()
        assert told[one.name, one.options[1].name, "share_inverse", "Q4"] == pytest.approx(below)


def test_what_cannot_be_estimated_is_a_row_with_its_reason():
    frame = sample()
    frame.loc[frame["age"] >= 60, "level"] = 90.0  # nobody old has the event
    options = option("all"), option("old", keep="age >= 60"), option("gone", keep="age > 99")
    choices = (choice("age", *options),)
    rows = rows_of(setting(plan(choices), frame))
    found = rows[rows["analysis"] == "specification"].set_index("contrast")
    assert found["estimate"].notna().tolist() == [True, False, False]
    assert "cannot be modelled" in found.loc["age=old", "note"]
    assert found.loc["age=gone", "note"]
    summary = rows[rows["analysis"] == "specification_summary"]
    told = summary[summary["stratum"] == ""].set_index("measure")["estimate"]
    assert told["no_estimate"] == 2
    assert told["share_inverse"] in (0.0, 1.0)  # of the one there is
    assert set(summary["note"]) >= {"without the 2 that have no estimate"}


def test_users_are_divided_as_in_the_main_analysis():
    frame = sample()
    frame["total"] = frame["supplement"]
    a_setting = setting(plan((choice("age", option("all"), option("x", keep="age < 60")),),
                             groups=3, split="users"), frame)  # fmt: skip
    row = rows_of(a_setting).iloc[0]
    assert (row["reference"], row["level"]) == ("None", "T3")
    doses = a_setting.doses["total"]
    assert row["n"] == (frame["level"].notna() & (frame["age"] >= 25)).sum()
    assert doses.levels == ("None", "T1", "T2", "T3")


def test_a_study_without_a_curve_has_no_rows():
    a_plan = plan()
    a_plan.specifications = None
    assert list(specification_rows(setting(a_plan))) == []


def test_weights_that_the_study_did_not_read_are_refused():
    choices = (choice("weight", option("a", weight="one"), option("b", weight="three")),)
    with pytest.raises(InputError, match="reads none of the weights one, three"):
        list(specification_rows(setting(plan(choices))))


def test_combinations_begin_with_the_study_s_own():
    crossed = combinations(CHOICES)
    assert crossed[0].changed == []
    assert [each.changed for each in crossed[1:3]] == [[6], [5]]


def test_energy_adjusted_intakes_have_the_mean_and_no_trace_of_energy():
    rng = np.random.default_rng(3)
    energy, weights = rng.normal(2000, 500, 300).clip(200), rng.uniform(1, 5, 300)
    food, pills = 0.15 * energy + rng.normal(0, 40, 300), rng.gamma(1, 50, 300)
    residual = energy_adjusted(food, pills, energy, weights, "residual") - pills
    mean = np.average(energy, weights=weights)
    assert np.average(residual, weights=weights) == pytest.approx(np.average(food, weights=weights))
    assert abs(np.cov(residual, energy, aweights=weights)[0, 1]) < 1e-8
    density = energy_adjusted(food, pills, energy, weights, "density") - pills
    np.testing.assert_allclose(density / mean, food / energy)
    np.testing.assert_array_equal(
        energy_adjusted(food, pills, energy, weights, "standard"), food + pills
    )


def test_energy_methods_refuse_what_they_cannot_do():
    ones = np.ones(3)
    with pytest.raises(InputError, match="unknown energy method 'nutrient'"):
        energy_adjusted(ones, ones, ones, ones, "nutrient")
    with pytest.raises(InputError, match="the same for everyone"):
        energy_adjusted(ones, ones, ones, ones, "residual")
    fasting = energy_adjusted(ones, ones, np.array([0.0, 1.0, 2.0]), ones, "density")
    assert np.isnan(fasting).tolist() == [True, False, False]
    assert np.isnan(energy_adjusted(ones, ones * np.nan, ones, ones, "density")).all()
