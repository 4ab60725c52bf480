"""All rows of a small study on a made-up sample, against sums done by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.grammar import parse_condition, parse_term
from analysis.models.estimate import estimate

MEASURES = {
    name: SimpleNamespace(label=name, unit=unit, kind="continuous", levels=())
    for name, unit in (("dose", "mg"), ("level", "nmol/L"), ("age", "years"))
}


def sample() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 400
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(10), 40),
            "psu": np.tile(np.repeat([1, 2], 20), 10),
            "weight": rng.uniform(1, 9, n).round(2),
            "dose": rng.integers(50, 500, n).astype(float),
            "age": rng.integers(20, 80, n).astype(float),
        }
    )
    frame["level"] = (40 + 0.02 * frame["dose"] + rng.normal(0, 15, n)).round(1)
    frame.loc[::9, "level"] = np.nan
    frame.loc[::25, "age"] = np.nan
    return frame


def outcome(name="low", event="level < 45", against=None, measure=None):
    condition = parse_condition(event) if event else None
    other = parse_condition(against) if against else condition.negation if condition else None
    return SimpleNamespace(
        name=name, label=name, measure=measure, event_condition=condition, against_condition=other,
        mean_z=(), below=None,
    )  # fmt: skip


def domain(name, where):
    return SimpleNamespace(name=name, label=name, condition=parse_condition(where))


def plan(**more):
    exposure = {
        "measure": "dose", "groups": 3, "cut_points": "weighted", "per": 100,
        "spline_knots": 3, "spline_reference": "median", "split": "everyone", "cuts": (),
    }  # fmt: skip
    exposure |= more.pop("exposure", {})
    base = {
        "name": "made_up",
        "exposure": SimpleNamespace(**exposure),
        "outcomes": [outcome(), outcome("level", event=None, measure="level")],
        "models": [SimpleNamespace(name="age", label="Age", parsed_terms=[parse_term("age")])],
        "domains": [],
        "table1": SimpleNamespace(rows=["age"]),
    }
    return Plan(**(NOTHING_MORE | base | more))


class Plan(SimpleNamespace):
    @property
    def exposures(self):
        return [self.exposure, *self.other_exposures] if self.exposure else []

    def models_of(self, exposure):
        return self.models


NOTHING_MORE = {
    **dict.fromkeys(("adjusted", "multinomial", "interactions", "strata", "other_exposures"), ()),
    **dict.fromkeys(("specifications", "confounding", "imputation")),
}
"""A study without any of the optional sections."""


def rows_of(a_plan, frame=None, missing=None, kept=None) -> pd.DataFrame:
    frame = sample() if frame is None else frame
    everyone = np.ones(len(frame), dtype=bool)
    steps = [("interviewed", "All", everyone)]
    steps += [("adults", "Adults", kept)] if kept is not None else []
    return estimate(a_plan, frame, steps, missing or {}, MEASURES, weight="w", cycles=["c"])


def one(results: pd.DataFrame, **wanted: str) -> pd.Series:
    for column, value in wanted.items():
        results = results[results[column] == value]
    assert len(results) == 1, results
    return results.iloc[0]


def test_a_prevalence_leaves_out_people_in_whom_the_outcome_is_unknown():
    frame = sample()
    found = one(rows_of(plan()), analysis="prevalence", measure="proportion", stratum_level="all")
    known = frame[frame["level"].notna()]
    low = known["level"] < 45
    assert found["n"] == len(known) < len(frame)
    assert found["events"] == low.sum()
    by_hand = (known["weight"] * low).sum() / known["weight"].sum()
    assert found["estimate"] == pytest.approx(by_hand, rel=1e-12)


def test_a_continuous_outcome_has_its_mean_in_everyone_and_by_dose_group():
    frame = sample()
    means = rows_of(plan())
    means = means[means["analysis"] == "mean"]
    assert means["stratum_level"].tolist() == ["all", "T1", "T2", "T3"]
    known = frame[frame["level"].notna()]
    by_hand = np.average(known["level"], weights=known["weight"])
    assert means["estimate"].iloc[0] == pytest.approx(by_hand, rel=1e-12)
    assert means["unit"].tolist() == ["nmol/L"] * 4


def test_a_study_without_exposure_still_describes_its_outcomes():
    bare = plan(models=[], table1=None)
    bare.exposure = None
    results = rows_of(bare)
    assert set(results["analysis"]) == {"flow", "prevalence", "mean", "compared"}


def test_models_count_the_people_that_they_use():
    frame = sample()
    results = rows_of(plan())
    used = frame[frame["level"].notna() & frame["age"].notna()]
    row = one(results, analysis="per_unit", outcome="low")
    assert (row["n"], row["events"]) == (len(used), (used["level"] < 45).sum())
    groups = results[(results["analysis"] == "odds_ratio") & (results["outcome"] == "low")]
    assert groups["n"].sum() == len(used)
    assert groups["events"].sum() == (used["level"] < 45).sum()


def test_missing_values_are_shares_of_the_people_before_complete_cases():
    results = rows_of(plan(), missing={"age": 16, "any": 16})
    assert one(results, analysis="missing", level="age", measure="missing_share")[
        "estimate"
    ] == pytest.approx(16 / 400)


def test_dose_groups_are_named_by_their_number():
    for groups, first in ((2, "G1"), (3, "T1"), (4, "Q1"), (5, "Q1"), (6, "G1"), (10, "D1")):
        results = rows_of(plan(exposure={"groups": groups, "spline_knots": None}))
        assert results[results["analysis"] == "groups"]["level"].iloc[0] == first
        assert results[results["analysis"] == "odds_ratio"]["reference"].unique() == [first]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcomes": [outcome(event="level < -5")]}, "none of the 400 people .*meets 'event'"),
        (
            {"outcomes": [outcome(event="level < 45", against="level > 40")]},
            "people have the event and are in the group",
        ),
        (
            {"outcomes": [outcome(event="dose > 340 and level < 45")]},
            r"0 of the \d+ people of dose group T1 \(≤ \d+ mg\) have the event",
        ),
        (
            {"domains": [domain("old", "age > 200")]},
            r"domain 'old': nobody in the cohort meets 'where' \(age > 200\)",
        ),
        ({"exposure": {"spline_reference": 5000.0}}, "spline_reference 5000 is outside the curve"),
        ({"exposure": {"spline_reference": -50.0}}, "spline_reference -50 is outside the curve"),
    ],
)  # fmt: skip
def test_what_the_data_do_not_allow_is_refused_by_name(change, message):
    with pytest.raises(InputError, match=message):
        rows_of(plan(**change))


def test_a_reference_within_the_curve_is_taken():
    curve = rows_of(plan(exposure={"spline_reference": 200.0}))
    at = one(curve, analysis="spline", outcome="low", measure="OR", level="200")
    assert (at["estimate"], at["reference"]) == (1, "200")


def test_trend_and_per_unit_are_weighted_least_squares_by_hand():
    frame = sample()
    results = rows_of(plan())
    used = frame[frame["level"].notna() & frame["age"].notna()]
    medians = results[(results["analysis"] == "groups") & (results["measure"] == "median")]
    cuts = results[results["analysis"] == "cut_points"]["estimate"].to_numpy()
    scores = medians["estimate"].to_numpy()[np.searchsorted(cuts, used["dose"], side="left")]
    root = np.sqrt(used["weight"].to_numpy())
    for analysis, x in (("trend", scores), ("per_unit", used["dose"].to_numpy() / 100)):
        matrix = np.column_stack([np.ones(len(used)), x, used["age"]]) * root[:, None]
        slope = np.linalg.lstsq(matrix, used["level"].to_numpy() * root, rcond=None)[0][1]
        found = one(results, analysis=analysis, outcome="level")
        assert found["estimate"] == pytest.approx(slope, rel=1e-9)


def test_table_1_by_hand():
    frame = sample()
    results = rows_of(plan())
    known = frame[frame["age"].notna()]
    mean = np.average(known["age"], weights=known["weight"])
    n, total = len(known), known["weight"].sum()
    variance = (known["weight"] * (known["age"] - mean) ** 2).sum() / total * n / (n - 1)
    cells = {"analysis": "table1", "outcome": "age", "stratum_level": "all"}
    assert one(results, **cells, measure="mean")["estimate"] == pytest.approx(mean, rel=1e-12)
    sd = one(results, **cells, measure="sd")
    assert sd["estimate"] == pytest.approx(np.sqrt(variance), rel=1e-12)
    assert sd["n"] == n
