"""Rows of multiply imputed covariates: whom they count, and that pooling is of the same model."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.models import imputed
from analysis.models.imputed import imputed_rows
from analysis.models.matrix import dummies
from analysis.survey import Design


def asked(**more):
    base = {"outcomes": ("low", "level"), "model": None, "auxiliary": ("area",), "seed": 4}
    return SimpleNamespace(**(base | more))


@pytest.fixture
def setting(people, make):
    """Return what makes the setting: everyone before complete cases, the cohort after."""

    def of(frame=None, **section):
        frame = people if frame is None else frame
        names = ["dose", "age", "sex", "intake", "level"]
        complete = frame[names].notna().all(axis=1).to_numpy()
        made = make.setting(frame, kept=complete, imputation=asked(**section))
        return replace(made, before=Design(frame, "weight", "stratum", "psu"))

    return of


@pytest.fixture
def gaps(people):
    """The sample with more gaps in covariates, and some in the exposure."""
    rng = np.random.default_rng(3)
    frame = people.copy()
    frame.loc[rng.random(len(frame)) < 0.15, "intake"] = np.nan
    frame.loc[rng.random(len(frame)) < 0.05, "sex"] = None
    frame.loc[::53, "dose"] = np.nan
    return frame


def test_people_are_all_with_exposure_and_outcome_known(setting, gaps):
    rows = pd.DataFrame(list(imputed_rows(setting(gaps))))
    known = gaps["dose"].notna() & gaps["level"].notna()
    compared = known & ((gaps["level"] < 45) | (gaps["level"] >= 60))
    for outcome, people, measure in (("low", compared, "OR"), ("level", known, "difference")):
        found = rows[(rows["outcome"] == outcome) & (rows["measure"] == measure)]
        assert found["level"].tolist() == ["T1", "T2", "T3"]
        assert found["n"].sum() == people.sum()
        assert found["estimate"].notna().all() and found["p_value"].iloc[1:].notna().all()
    low = rows[(rows["outcome"] == "low") & (rows["measure"] == "OR")]
    assert low["events"].sum() == (known & (gaps["level"] < 45)).sum()
    assert set(rows["model"]) == {"full"} and set(rows["analysis"]) == {"imputed"}


def test_the_imputation_model_holds_the_analysis_the_outcomes_and_the_weight(setting, gaps):
    analysed = imputed._Analysed(setting(gaps), asked())
    frame = analysed._imputation_frame()
    assert set(frame) == {
        "age", "sex", "intake", "area", "dose", "group of dose", "level", "event of low",
        "logarithm of the weight",
    }  # fmt: skip
    assert frame.index.equals(gaps.index[gaps["dose"].notna() & gaps["level"].notna()])
    assert (frame["event of low"] == (gaps["level"].loc[frame.index] < 45)).all()
    shape = analysed._shapes()["intake"](np.array([0.0, 5.0, 20.0]))
    assert shape.shape == (3, 2)
    assert list(analysed._shapes()) == ["intake"]


def test_rows_say_how_many_sets_and_sweeps_there_were(setting, gaps):
    rows = pd.DataFrame(list(imputed_rows(setting(gaps))))
    for outcome in ("low", "level"):
        found = rows[rows["outcome"] == outcome].set_index("measure")["estimate"]
        assert found["imputations"] >= imputed.PILOT and found["iterations"] == 10
        assert found["fmi"].between(0, 1).all() and len(found["fmi"]) == 2


def test_nothing_missing_gives_the_model_itself(setting, people):
    frame = people[people["level"].notna()].copy()
    frame["age"] = frame["age"].fillna(50)
    made = setting(frame.reset_index(drop=True))
    rows = pd.DataFrame(list(imputed_rows(made)))
    fit = made.fit("low", made.model().parsed_terms, made.model())
    groups = dummies(fit.of_members(made.doses["dose"].group), "dose")
    plain = fit.regress(groups).effects().loc[["dose[T2]", "dose[T3]"]]
    found = rows[(rows["outcome"] == "low") & (rows["measure"] == "OR")].iloc[1:]
    np.testing.assert_allclose(found["estimate"], plain["estimate"], rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], plain["std_error"], rtol=1e-9)
    # Barnard and Rubin take a little off the design's 16 even where nothing is missing.
    np.testing.assert_allclose(found["df"], 17 / 19 * 16)
    assert (rows.loc[rows["measure"] == "fmi", "estimate"] == 0).all()


def test_imputing_a_confounder_leaves_less_bias_than_complete_cases(make, setting):
    """The intake is missing where the level is high, so that complete cases are a selection."""
    whole = make.people(seed=21, size=4_800)
    whole["age"], whole["level"] = whole["age"].fillna(50), whole["level"].fillna(50)
    rng = np.random.default_rng(1)
    holes = whole.copy()
    chance = 1 / (1 + np.exp(-(whole["level"] - 62) / 6 + (whole["dose"] - 300) / 60))
    holes.loc[rng.random(len(whole)) < chance, "intake"] = np.nan
    found = {}
    for name, frame in (("whole", whole), ("imputed", holes)):
        rows = pd.DataFrame(list(imputed_rows(setting(frame, outcomes=("level",)))))
        found[name] = rows.set_index(["measure", "level"])["estimate"]["difference"]["T3"]
    made = setting(holes)
    fit = made.fit("level", made.model().parsed_terms, made.model())
    kept = fit.regress(dummies(fit.of_members(made.doses["dose"].group), "dose"))
    error = abs(found["imputed"] - found["whole"])
    assert error < 0.5 * abs(kept.params["dose[T3]"] - found["whole"])


def test_a_seed_gives_the_same_rows_again_and_another_others(setting, gaps):
    first, again, other = (
        pd.DataFrame(list(imputed_rows(setting(gaps, seed=seed)))) for seed in (4, 4, 5)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first["estimate"].equals(other["estimate"])


def test_a_cap_on_the_sets_is_told(setting, gaps, monkeypatch):
    monkeypatch.setattr(imputed, "sets_needed", lambda fmi, pilot: 40)
    monkeypatch.setattr(imputed, "MOST", 12)
    rows = pd.DataFrame(list(imputed_rows(setting(gaps, outcomes=("level",)))))
    row = rows[rows["measure"] == "imputations"].iloc[0]
    assert row["estimate"] == 12
    assert row["note"] == "40 imputed sets would make standard errors replicable; 12 were taken"


def test_what_has_no_estimate_is_a_row_with_its_reason(setting, gaps):
    gaps = gaps.copy()
    low = gaps["level"] < 45
    gaps.loc[low & (gaps["dose"] > 340), "level"] = 70.0
    rows = pd.DataFrame(list(imputed_rows(setting(gaps, outcomes=("low",)))))
    assert rows["level"].tolist() == ["T1", "T2", "T3"] and "estimate" not in rows
    assert rows["note"].str.contains("dose").all()


def test_a_study_that_does_not_ask_gets_no_rows(people, make):
    assert list(imputed_rows(make.setting(people, imputation=None))) == []
