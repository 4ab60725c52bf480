"""Several logits in one model, by formula in between, and what may not be joined."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.models.multinomial import multinomial_rows
from analysis.survey import Design


def asked(*outcomes, model=None):
    return [SimpleNamespace(name="status", label="Status", outcomes=outcomes, model=model)]


def test_odds_ratios_are_those_of_a_model_by_formula(people, make, table):
    setting = make.setting(people, ("age", "sex"), multinomial=asked("low", "middle"))
    rows = pd.DataFrame(list(multinomial_rows(setting)))
    level = people["level"]
    status = np.select([level < 45, level < 60, level >= 60], ["low", "middle", "none"], "")
    frame = people.assign(
        status=pd.Categorical(np.where(status == "", None, status), ["none", "low", "middle"]),
        group=setting.doses["dose"].group.astype(str),
    )
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    model = design.where(frame["status"].notna()).multinomial("status ~ C(group) + age + C(sex)")
    used = frame["status"].notna() & frame["age"].notna()
    for outcome in ("low", "middle"):
        found = rows[rows["outcome"] == outcome]
        assert found["level"].tolist() == ["T1", "T2", "T3"]
        assert set(found["stratum"]) == {"status"} and set(found["model"]) == {"full"}
        names = [f"{outcome}: C(group)[T.{each}]" for each in ("T2", "T3")]
        np.testing.assert_allclose(
            np.log(found["estimate"].iloc[1:]), model.params[names], rtol=1e-7
        )
        np.testing.assert_allclose(found["std_error"].iloc[1:], model.bse[names], rtol=1e-7)
        assert found["n"].sum() == used.sum() == model.nobs
        assert found["events"].sum() == (frame["status"][used] == outcome).sum()
    contrasts = pd.DataFrame(
        [{f"middle: C(group)[T.{t}]": 1.0, f"low: C(group)[T.{t}]": -1.0} for t in ("T2", "T3")]
    ).fillna(0.0)
    equal = rows[rows["measure"] == "p_equal"].iloc[0]
    assert equal["p_value"] == pytest.approx(model.wald_test(contrasts).pvalue, rel=1e-6)
    assert equal["df"] == model.df_resid and equal["outcome"] == "low, middle"


def test_a_model_may_be_named(people, make):
    setting = make.setting(people, multinomial=asked("low", "middle", model="crude"))
    rows = pd.DataFrame(list(multinomial_rows(setting)))
    assert set(rows["model"]) == {"crude"} and rows["n"].max() == people["level"].notna().sum()


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        (("low", "level"), "'level' is not an event"),
        (("low", "very_low"), "not compared with the same people as 'low'"),
        (("low", "lower"), "have 'lower' and another of the outcomes"),
    ],
)
def test_what_cannot_be_joined_is_refused(people, make, outcomes, message):
    known = [
        make.outcome("low", "level < 45", "level >= 60"),
        make.outcome("lower", "level < 40", "level >= 60"),
        make.outcome("very_low", "level < 30"),
        make.outcome("level", measure="level"),
    ]
    setting = make.setting(people, outcomes=known, multinomial=asked(*outcomes))
    with pytest.raises(InputError, match=f"multinomial 'status': .*{message}"):
        list(multinomial_rows(setting))


@pytest.mark.parametrize(("group", "estimates"), [("T2", 1), ("T1", 0)])
def test_a_dose_group_that_lacks_a_category(people, make, group, estimates):
    inside = make.setting(people).doses["dose"].group == group
    low = inside & (people["level"] < 45)
    frame = people.assign(level=people["level"].mask(low, 50.0))
    setting = make.setting(frame, ("age", "sex"), multinomial=asked("low", "middle"))
    rows = pd.DataFrame(list(multinomial_rows(setting)))
    low = rows[(rows["outcome"] == "low") & (rows["level"] != "T1")]
    assert low["estimate"].notna().sum() == estimates if "estimate" in low else not estimates
    assert "'low'" in rows.loc[rows["level"] == group, "note"].iloc[0]
    used = frame["level"].notna() & frame["age"].notna()
    assert rows.loc[rows["outcome"] == "low", "n"].sum() == used.sum()
    if estimates:
        assert_like_a_model_without(frame, setting, inside, low)


def assert_like_a_model_without(frame, setting, left_out, low):
    """Compare with a formula's model of the others: nobody may slip into the reference."""
    status = np.select([frame["level"] < 45, frame["level"] < 60], ["low", "middle"], "none")
    others = frame.assign(status=status, group=setting.doses["dose"].group.astype(str))
    design = Design(others, weights="weight", strata="stratum", psu="psu")
    kept = (frame["level"].notna() & ~left_out).to_numpy()
    model = design.where(kept).multinomial("status ~ C(group) + age + C(sex)", "none")
    assert np.log(low["estimate"].dropna().item()) == pytest.approx(
        model.params["low: C(group)[T.T3]"], rel=1e-7
    )
