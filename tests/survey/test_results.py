"""What all kinds of results have in common: effects, comparison, and what they print."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import survey
from analysis.survey.categorical import CumulativeResults
from analysis.survey.estimation import Fit
from analysis.survey.formula import Matrices
from analysis.survey.results import Source

COLUMNS = ["estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value"]
MODELS = {
    "glm": lambda d: d.glm("event ~ x + group", "binomial"),
    "linear": lambda d: d.glm("y ~ x + group"),
    "multinomial": lambda d: d.multinomial("kind ~ x + group"),
    "ordinal": lambda d: d.ordinal("grade ~ x + group"),
    "cumulative": lambda d: d.ordinal("grade ~ x + group").cumulative_logits,
    "coxph": lambda d: d.coxph("x + group", "exit", "status"),
    "quantile": lambda d: d.as_replicates("bootstrap", seed=1, count=20).quantile_regression(
        "y ~ x + group", [0.25, 0.5]
    ),
}
MEASURES = {
    "glm": ("odds ratio", True),
    "linear": ("difference of means", False),
    "multinomial": ("odds ratio against the reference", True),
    "ordinal": ("odds ratio", True),
    "cumulative": ("odds ratio", True),
    "coxph": ("hazard ratio", True),
    "quantile": ("difference of quantiles", False),
}


@pytest.fixture(scope="module")
def design(made_up_design):
    return made_up_design("nested", "fail")


@pytest.mark.parametrize("kind", MODELS)
def test_effects_are_of_every_kind_of_model(kind, design):
    model = MODELS[kind](design)
    assert (model.effect_measure, model.exponentiated) == MEASURES[kind]
    names = [name for name in model.params.index if "|" not in name]
    assert len(names) == len(model.params) - (3 if kind == "ordinal" else 0)
    table = model.effects(0.1)
    assert list(table.columns) == COLUMNS and list(table.index) == names
    scale = np.exp if model.exponentiated else np.asarray
    b, se = model.params[names], model.bse[names]
    half = stats.t.ppf(0.95, model.df_resid) * se
    ends = zip(("estimate", "conf_low", "conf_high"), (b, b - half, b + half), strict=True)
    for column, values in ends:
        np.testing.assert_allclose(table[column], scale(values), rtol=1e-12)
    np.testing.assert_array_equal(table["std_error"], se)
    np.testing.assert_allclose(table["statistic"], model.tvalues[names], rtol=1e-14)
    np.testing.assert_allclose(table["p_value"], model.pvalues[names], rtol=1e-14)


def test_hazard_ratios_are_the_effects(design):
    model = MODELS["coxph"](design)
    pd.testing.assert_frame_equal(model.hazard_ratios(0.2), model.effects(0.2))


def results_with_arrays():
    """Every class of this package's results that holds arrays, found by its annotations."""
    for name in survey.__all__:
        each = getattr(survey, name)
        if dataclasses.is_dataclass(each):
            kinds = " ".join(str(field.type) for field in dataclasses.fields(each))
            if re.search("Series|DataFrame|ndarray", kinds):
                yield each
    yield from (CumulativeResults, Source, Matrices, Fit)


@pytest.mark.parametrize("kind", list(results_with_arrays()))
def test_results_are_equal_to_themselves_only(kind):
    """Arrays have no truth value, so that comparing what holds them raised an error."""
    assert kind.__eq__ is object.__eq__ and kind.__hash__ is object.__hash__


def test_models_can_be_compared_and_be_keys(design):
    first, second = (MODELS["linear"](design) for _ in range(2))
    assert first == first and first != second
    assert len({first, second, first}) == 2
