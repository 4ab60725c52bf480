"""Deng et al. cycle by cycle against R's survey and metafor."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import across, pipeline
from analysis.commands.terminal import log
from analysis.study import load_study

CONVERGED = 1e-8
"""Relative difference of two converged models."""

DIFFERENCES = 1e-6
"""Of what is made of them by differences that cancel: heterogeneity."""

ANSWERS = json.loads((Path(__file__).parent / "reference" / "across.json").read_text())
PLACES = ({"exposure": "magnesium_total"}, {"outcome": "serum_25ohd"}, {"outcome": "deficiency"})
CONTRASTS = (("Q4", "highest"), ("", "per"))

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> pd.DataFrame:
    """All estimates across cycles on the real files."""
    mirror = os.environ.get("NHANES_MIRROR")
    if not mirror:
        pytest.skip("NHANES_MIRROR is not set")
    base = tmp_path_factory.mktemp("across")
    settings = pipeline.Settings(base / "data_raw", base / "reports", mirror)
    plan = across.plan_of(load_study("deng_2013"), ["2001-2002", "2003-2004", "2005-2006"])
    outcome = across.run(plan, across.fetch([plan], settings, log()), settings)
    found = pd.read_csv(outcome.folder / "results.csv", keep_default_na=False, na_values=[""])
    text = ["level", "contrast", "stratum_level", "outcome", "exposure"]
    return found.fillna(dict.fromkeys(text, ""))


@pytest.fixture
def find(results):
    """Return what picks rows by the columns' values, in their order."""

    def pick(**wanted):
        keep = np.ones(len(results), dtype=bool)
        for column, value in wanted.items():
            keep &= (results[column] == value).to_numpy()
        assert keep.any(), wanted
        return results[keep]

    return pick


def scaled(outcome, estimates):
    values = np.asarray(estimates, float)
    return values if outcome == "serum_25ohd" else np.log(values)


def close(ours, theirs, rtol=CONVERGED, atol=0.0):
    np.testing.assert_allclose(np.asarray(ours, float), theirs, rtol=rtol, atol=atol)


@pytest.mark.parametrize("answer", ANSWERS["outcomes"], ids=lambda answer: answer["outcome"])
class TestOutcome:
    @pytest.mark.parametrize(
        ("stratum", "level", "key"),
        [("cycle", "Q4", "highest"), ("cycle", "", "per"), ("cycle, own cut points", "Q4", "own")],
    )
    def test_each_cycle(self, find, answer, stratum, level, key):
        outcome = answer["outcome"]
        found = find(analysis="cycle", outcome=outcome, stratum=stratum, level=level)
        assert found["stratum_level"].tolist() == answer["cycles"]
        theirs = pd.DataFrame(answer[key])
        close(scaled(outcome, found["estimate"]), theirs["estimate"], 1e-7, 1e-9)
        close(found["std_error"], theirs["std_error"], 1e-7)
        close(found["p_value"], theirs["p"], 1e-6)
        assert found["df"].tolist() == theirs["df"].tolist()

    @pytest.mark.parametrize(("level", "key"), CONTRASTS)
    def test_pooled(self, find, answer, level, key):
        outcome, theirs = answer["outcome"], answer[f"pooled_{key}"]
        for stratum, name in (("fixed effect", "fixed"), ("random effects", "random")):
            row = find(
                analysis="pooled", outcome=outcome, stratum=stratum, level=level, stratum_level=""
            ).iloc[0]
            limits = scaled(outcome, row[["estimate", "conf_low", "conf_high"]])
            close([limits[0], row["std_error"], *limits[1:]], theirs[name], 1e-6, 1e-8)
        spread = {"analysis": "heterogeneity", "outcome": outcome, "level": level}
        q = find(**spread, measure="Q").iloc[0]
        close([q["statistic"], q["p_value"]], theirs["q"], DIFFERENCES)
        for measure, name in (("tau2", "tau2"), ("I2", "i2")):
            row = find(**spread, measure=measure).iloc[0]
            close(row["estimate"], theirs[name], 1e-5, 1e-9)

    def test_one_model(self, find, answer):
        found = find(
            analysis="pooled", outcome=answer["outcome"], stratum="one model", stratum_level=""
        )
        theirs = pd.DataFrame(answer["one_model"])
        close(scaled(answer["outcome"], found["estimate"]), theirs["estimate"], 1e-7, 1e-9)
        close(found["std_error"], theirs["std_error"])

    @pytest.mark.parametrize(
        ("contrast", "key"),
        [("Q4 vs Q1 x cycle", "by_group"), ("per 100 mg/day x cycle", "by_dose")],
    )
    def test_heterogeneity(self, find, answer, contrast, key):
        row = find(analysis="heterogeneity", outcome=answer["outcome"], contrast=contrast).iloc[0]
        close([row["statistic"], row["p_value"]], list(answer[key].values()), DIFFERENCES)


@pytest.mark.parametrize(
    ("answer", "place"),
    list(zip(ANSWERS["trends"], PLACES, strict=True)),
    ids=["exposure", "mean", "prevalence"],
)
def test_trends(find, answer, place):
    means = find(analysis="cycle_mean", contrast="", **place)
    close(means["estimate"], answer["means"])
    close(means["std_error"], answer["errors"])
    kind = "deficiency" if place.get("outcome") == "deficiency" else "serum_25ohd"
    for model, key in (("unadjusted", "slope"), ("age and sex", "adjusted")):
        row = find(analysis="cycle_trend", model=model, contrast="per 10 years", **place).iloc[0]
        theirs = answer[key]
        close(scaled(kind, row["estimate"]), theirs["estimate"], 1e-7)
        close([row["std_error"], row["p_value"]], [theirs["std_error"], theirs["p"]], 1e-6)
        assert (row["df"], row["n"]) == (theirs["df"], theirs["n"])
    where = {"model": "unadjusted", "measure": "p_nonlinear", "contrast": "departure from a line"}
    row = find(analysis="cycle_trend", **where, **place).iloc[0]
    close([row["statistic"], row["p_value"]], list(answer["departure"].values()), DIFFERENCES)
