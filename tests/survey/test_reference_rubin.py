"""Rubin's rules against R's mitools, mice and mitml, on the same filled sets."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.survey import Design
from analysis.survey.rubin import pool

REFERENCE = Path(__file__).parents[1] / "reference"
ANSWERS = json.loads((REFERENCE / "imputed.json").read_text())
MODELS = {"linear": ("y", "gaussian"), "logistic": ("event", "binomial")}
NAMES = {"(Intercept)": "Intercept", "groupb": "group[T.b]", "groupc": "group[T.c]"}

# Relative differences, some ten times what is seen.
ESTIMATE = 1e-10
DEGREES = 1e-9


@pytest.fixture(scope="module", params=list(MODELS))
def asked(request):
    """R's answer and our fits of the six sets."""
    sample = pd.read_csv(REFERENCE / "designs" / "imputed.csv")
    outcome, family = MODELS[request.param]
    sets = [name for name in sample if name[0] == "x" and name[1:].isdigit()]
    assert len(sets) == 6
    fits = []
    for name in sets:
        frame = sample.assign(x=sample[name])
        design = Design(frame, weights="weight", strata="stratum", psu="psu")
        fits.append(design.glm(f"{outcome} ~ x + z + group", family=family))
    return ANSWERS["answers"][request.param], fits


def named(answer, key):
    return pd.Series(answer[key], index=[NAMES.get(n, n) for n in answer["names"]], dtype=float)


def agree(ours, theirs, tolerance):
    pd.testing.assert_series_equal(
        ours[theirs.index], theirs, rtol=tolerance, atol=0, check_names=False
    )


def test_estimates_and_covariances_are_those_of_mitools(asked):
    answer, fits = asked
    pooled = pool(fits)
    agree(pooled.params, named(answer, "estimate"), ESTIMATE)
    agree(pooled.bse, named(answer, "std_error"), ESTIMATE)
    names = named(answer, "estimate").index
    np.testing.assert_allclose(
        pooled.cov_params().loc[names, names],
        np.reshape(answer["covariance"], (5, 5)),
        rtol=1e-9,
        atol=1e-12,
    )


def test_large_sample_degrees_of_freedom_are_those_of_mitools(asked):
    answer, fits = asked
    pooled = pool(fits, df=math.inf)
    agree(pooled.df, named(answer, "df_large"), DEGREES)
    agree(pooled.fmi, named(answer, "missinfo_large"), DEGREES)
    agree(pool(fits).df_large, named(answer, "df_large"), DEGREES)
    agree(pool(fits).fmi_large, named(answer, "missinfo_large"), DEGREES)


def test_small_sample_degrees_of_freedom_are_those_of_mice(asked):
    answer, fits = asked
    pooled = pool(fits)
    assert pooled.df_complete == ANSWERS["df"] == 8
    agree(pooled.df, named(answer, "df_mice"), DEGREES)
    agree(pooled.fmi, named(answer, "fmi_mice"), DEGREES)


def test_mitools_leaves_a_factor_out_of_barnard_and_rubins_formula(asked):
    """Its share of what is observed has B where the paper has (1 + 1/m) B."""
    answer, fits = asked
    pooled = pool(fits)
    within, between = np.diag(pooled.within), np.diag(pooled.between)
    observed = 9 / 11 * 8 * within / (within + between)
    theirs = named(answer, "df_mitools")
    slip = pd.Series(1 / (1 / observed + 1 / pooled.df_large), pooled.params.index)
    agree(slip, theirs, DEGREES)
    assert (pooled.df[theirs.index] < theirs).all()


def test_joint_tests_are_those_of_mitml(asked):
    answer, fits = asked
    for joint in answer["joint"]:
        names = [NAMES.get(name, name) for name in joint["terms"]]
        found = pool(fits).wald_test(names)
        assert found.statistic == pytest.approx(joint["statistic"], rel=1e-9)
        assert found.df_denom == pytest.approx(joint["df"], rel=1e-9)
        large = pool(fits, df=math.inf).wald_test(names)
        assert large.df_denom == pytest.approx(joint["df_large"], rel=1e-9)
