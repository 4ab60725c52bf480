"""Estimates of several surveys combined, against metafor, statsmodels and what must hold."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from analysis.errors import InputError
from analysis.models.combined import combine, generalised_q

SETS = json.loads((Path(__file__).parents[1] / "reference" / "combined.json").read_text())["sets"]
MEAN = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
SOLVED = 1e-9
"""Relative difference of two roots."""

each = pytest.mark.parametrize("answer", SETS, ids=[each["name"] for each in SETS])


def of(answer):
    return combine(np.array(answer["estimates"]), np.array(answer["errors"]))


@each
def test_metafor_agrees(answer):
    found = of(answer)
    for kind in ("fixed", "random"):
        ours = [getattr(getattr(found, kind), name) for name in MEAN]
        np.testing.assert_allclose(ours, answer[kind], rtol=SOLVED)
        np.testing.assert_allclose(
            getattr(found, f"{kind}_shares"), answer[f"{kind}_shares"], rtol=SOLVED
        )
    np.testing.assert_allclose([found.q, found.p_q], answer["q"], rtol=SOLVED)
    for name in ("tau2", "i2"):
        ours = [getattr(found, f"{name}{end}") for end in ("", "_low", "_high")]
        np.testing.assert_allclose(ours, answer[name], rtol=SOLVED, atol=1e-12)
    if len(answer["estimates"]) > 2:
        np.testing.assert_allclose(found.prediction, answer["prediction"], rtol=SOLVED)


# Where one estimate is a hundred times as exact as the others, its iteration ends at 0.
@pytest.mark.parametrize("answer", SETS[:-1], ids=[each["name"] for each in SETS[:-1]])
def test_statsmodels_agrees(answer):
    found, variances = of(answer), np.array(answer["errors"]) ** 2
    theirs = combine_effects(np.array(answer["estimates"]), variances, "pm", atol=1e-12)
    ours = [found.fixed.estimate, found.random.estimate, found.tau2, found.q]
    wanted = [theirs.mean_effect_fe, theirs.mean_effect_re, theirs.tau2, theirs.q]
    np.testing.assert_allclose(ours, wanted, rtol=1e-6, atol=1e-12)


@each
def test_the_variance_between_is_where_q_is_what_chance_has(answer):
    found, k = of(answer), len(answer["estimates"])
    y, v = np.array(answer["estimates"]), np.array(answer["errors"]) ** 2
    if found.tau2 > 0:
        assert generalised_q(found.tau2, y, v) == pytest.approx(k - 1, rel=1e-10)
    else:
        assert found.q <= k - 1


def test_estimates_that_are_the_same_are_their_mean():
    found = combine(np.array([0.4, 0.4, 0.4]), np.array([0.1, 0.2, 0.3]))
    assert (found.tau2, found.i2) == (0, 0)
    assert found.q == pytest.approx(0, abs=1e-12)
    assert found.fixed.estimate == found.random.estimate == pytest.approx(0.4)
    # Not even then is the interval narrower than the weights give.
    assert found.random.std_error == pytest.approx(found.fixed.std_error)
    assert found.random.conf_high > found.fixed.conf_high


def test_two_surveys_predict_nothing():
    assert all(map(math.isnan, combine(np.array([0.1, 0.9]), np.array([0.2, 0.2])).prediction))


@pytest.mark.parametrize(
    ("estimates", "errors"),
    [([0.1], [0.2]), ([0.1, np.nan], [1, 1]), ([0.1, 0.2], [0.2, 0.0]), ([0.1, 0.2], [1, np.inf])],
)
def test_what_cannot_be_combined_is_refused(estimates, errors):
    with pytest.raises(InputError):
        combine(np.array(estimates), np.array(errors))
