"""A made-up sample with two intakes, and what analyses of it share."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.grammar import intervals, parse_condition, parse_term
from analysis.models.doses import dose_groups
from analysis.models.names import group_names
from analysis.models.outcomes import response
from analysis.models.setting import Setting
from analysis.survey import Design

MEASURES = {
    name: SimpleNamespace(label=name, unit=unit, kind="continuous", levels=())
    for name, unit in (
        ("dose", "mg/day"), ("intake", "µg/day"), ("level", "nmol/L"), ("age", "years"),
        ("hormone", "pg/mL"),
    )
} | {
    name: SimpleNamespace(label=name, unit="", kind="categorical", levels=levels)
    for name, levels in (("sex", ("Male", "Female")), ("area", ("North", "South", "West", "East")))
}  # fmt: skip


class MadePlan(SimpleNamespace):
    """A study's plan made by hand."""

    @property
    def exposures(self):
        return [self.exposure]

    def models_of(self, exposure):
        return self.models


def made_outcome(name, event=None, against=None, measure=None, role="main", mean_z=(), below=None):
    condition = parse_condition(event) if event else None
    other = parse_condition(against) if against else condition.negation if condition else None
    return SimpleNamespace(
        name=name, label=name, measure=measure, event_condition=condition,
        against_condition=other, role=role, mean_z=mean_z,
        below=SimpleNamespace(**below) if below else None,
    )  # fmt: skip


def made_stratum(name, measure=None, cuts=(), groups=None, cycles=(), names=()):
    parts = names or (intervals(cuts) if cuts else group_names(groups) if groups else ())
    measure = measure or name
    return SimpleNamespace(
        name=name, measure=measure, cuts=cuts, parts=parts, groups=groups, cycles=cycles
    )


def made_interaction(**more):
    base = {
        "name": "with_intake", "modifier": "intake", "per": 5.0, "joint": (2, 3),
        "outcomes": ("low",), "slopes": ("level",), "model": None, "joint_cuts": None,
    }  # fmt: skip
    return SimpleNamespace(**(base | more))


def made_people(seed: int = 11, size: int = 1_600) -> pd.DataFrame:
    """Make people of 16 strata of two PSUs, with correlated intakes and a few missing values."""
    rng = np.random.default_rng(seed)
    strata = 16
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(strata), size // strata),
            "psu": np.tile(np.repeat([1, 2], size // strata // 2), strata),
            "cycle": np.where(np.arange(size) < size // 4, "first", "second"),
            "weight": rng.uniform(1, 9, size).round(2),
            "dose": rng.gamma(6, 50, size).round(),
            "age": rng.integers(20, 80, size).astype(float),
            "sex": pd.Categorical(rng.choice(["Male", "Female"], size), ["Male", "Female"]),
            "area": pd.Categorical(
                rng.choice(["North", "South", "West"], size), ["North", "South", "West", "East"]
            ),
        }
    )
    frame["intake"] = (rng.gamma(1.2, 4, size) + frame["dose"] / 100).round(2)
    shared = 0.015 * frame["dose"] + 1.2 * frame["intake"] - 0.001 * frame["dose"] * frame["intake"]
    frame["level"] = (38 + shared + 4 * (frame["sex"] == "Male") + rng.normal(0, 14, size)).round(1)
    frame["hormone"] = np.where(
        frame["cycle"] == "second",
        (80 - 0.4 * frame["level"] + rng.normal(0, 9, size)).round(),
        np.nan,
    )
    frame.loc[::37, "level"] = np.nan
    frame.loc[::41, "age"] = np.nan
    return frame


def made_setting(
    frame: pd.DataFrame,
    terms=("age", "sex", "spline(intake, 4)"),
    kept: np.ndarray | None = None,
    groups: int = 3,
    **plan,
) -> Setting:
    """Put a plan on people: outcomes ``low``, ``middle`` and ``level``; exposure ``dose``."""
    exposure = SimpleNamespace(
        measure="dose", groups=groups, split="everyone", cuts=(), cut_points="weighted",
        per=100.0, spline_knots=None, spline_reference="median",
    )  # fmt: skip
    base = {
        "name": "made_up",
        "exposure": exposure,
        "outcomes": [
            made_outcome("low", "level < 45", "level >= 60"),
            made_outcome("middle", "level >= 45 and level < 60", "level >= 60"),
            made_outcome("level", measure="level"),
            made_outcome("very_low", "level < 30", role="further"),
        ],
        "models": [
            SimpleNamespace(name="crude", label="Crude", parsed_terms=[]),
            SimpleNamespace(name="full", label="Full", parsed_terms=[parse_term(t) for t in terms]),
        ],
        "interactions": (),
        "strata": (),
        "multinomial": (),
        "adjusted": (),
    }
    made = MadePlan(**(base | plan))
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    cohort = design if kept is None else design.where(kept)
    responses = {each.name: response(each, cohort, frame) for each in made.outcomes}
    doses = {"dose": dose_groups(cohort, frame, "dose", groups, weighted=True)}
    return Setting(made, frame, cohort, cohort, MEASURES, responses, doses)


@pytest.fixture
def people() -> pd.DataFrame:
    """A made-up sample."""
    return made_people()


@pytest.fixture
def make() -> SimpleNamespace:
    """What makes settings and the sections of a plan."""
    return SimpleNamespace(
        people=made_people, setting=made_setting, outcome=made_outcome, stratum=made_stratum,
        interaction=made_interaction,
    )  # fmt: skip


@pytest.fixture
def table() -> Callable[..., pd.DataFrame]:
    """Return what makes a table of rows and picks some of them."""

    def pick(rows, **wanted: str) -> pd.DataFrame:
        found = pd.DataFrame(list(rows))
        for column, value in wanted.items():
            found = found[found[column] == value]
        assert len(found), wanted
        return found

    return pick
