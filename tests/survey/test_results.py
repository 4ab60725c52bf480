"""What all kinds of results have in common: effects, comparison, and what they print."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import survey
from analysis.survey import Design
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


def lines_of(printed):
    lines = repr(printed).splitlines()
    assert max(map(len, lines)) <= 80, printed
    assert not re.search(r"\bnan\b|<[a-z]+\.|-\d+ degrees", repr(printed)), printed
    return lines


SCALES = {
    "glm": "Coefficients are log odds ratios",
    "linear": "Coefficients are differences of means",
    "multinomial": "Coefficients are log odds ratios against the reference",
    "ordinal": "Coefficients are log odds ratios",
    "cumulative": "Coefficients are log odds ratios",
    "coxph": "Coefficients are log hazard ratios",
    "quantile": "Coefficients are differences of quantiles",
}


@pytest.mark.parametrize("kind", MODELS)
def test_summary_tells_the_scale_of_coefficients(kind, design):
    model = MODELS[kind](design)
    lines = lines_of(model)
    assert lines.count(SCALES[kind]) == 1
    header = next(line for line in lines if " coef " in line)
    assert header.endswith("[95% CI]") and "[90% CI]" in model.summary(0.1)


def test_measures_have_a_plural(design):
    model = design.glm("cost ~ x", "gamma", link="log")
    assert "Coefficients are log ratios of means" in lines_of(model)


@pytest.fixture(scope="module")
def one_psu(design):
    first = design.frame.iloc[0]
    return design.where(f"stratum == {first['stratum']} and psu == {first['psu']}")


@pytest.mark.parametrize("df", ["design", "residual"])
def test_summary_has_no_numbers_that_mean_nothing(one_psu, df):
    model = one_psu.glm("y ~ x", df=df)
    assert model.df_resid == (0 if df == "design" else -1)
    lines = lines_of(model)
    assert any(line.startswith("1 PSU in 1 stratum; degrees of freedom none") for line in lines)
    row = next(line.split() for line in lines if line.startswith("x "))
    assert row == ["x", f"{model.params['x']:.4g}", "-", "-", "-", "-", "-"]
    assert "there are no standard errors, intervals or p values" in " ".join(repr(model).split())


def test_coefficients_that_take_all_degrees_of_freedom_leave_standard_errors(design):
    model = design.glm("y ~ C(stratum) + group * band", df="residual")
    assert model.df_resid < 0 < model.df_design
    lines = lines_of(model)
    row = next(line.split() for line in lines if line.startswith("group[T.b] "))
    name = "group[T.b]"
    assert row[2:] == [f"{model.bse[name]:.4g}", f"{model.tvalues[name]:.2f}", "-", "-", "-"]
    assert "degrees of freedom none (PSUs - strata" in " ".join(lines)
    assert "no degrees of freedom, no p value" in " ".join(lines_of(model.wald_test("group")))


LONG = "a group with a rather long name indeed, of people from one place or another"
TESTS = {
    "wald": (lambda d: d.glm("y ~ group").wald_test("group"), "Wald test: F = "),
    "likelihood ratio": (
        lambda d: survey.likelihood_ratio_test(d.glm("event ~ band + x", "binomial"), "band"),
        "Rao-Scott test of 2 contrasts: statistic = ",
    ),
    "t, one": (lambda d: d.t_test("y"), "t test of mean = 0: t = "),
    "t, two": (lambda d: d.t_test("y", "long"), f"t test of mean of {LONG} less that of a = 0: t "),
    "rank, two": (lambda d: d.rank_test("y", "long"), "Rank test (wilcoxon) of 2 groups: t = "),
    "rank, three": (lambda d: d.rank_test("y", "group"), "Rank test (wilcoxon) of 3 groups: F = "),
    "F": (lambda d: d.chi_square("long", "band"), "F "),
    "Chisq": (lambda d: d.chi_square("stratum", "band", "Chisq"), " on 22 degrees of freedom, "),
    "many cells": (lambda d: d.chi_square("band", "stratum"), " degrees of freedom, p "),
    "goodness": (lambda d: d.goodness_of_fit("group", {"a": 1, "b": 1, "c": 1}), "F "),
    "Archer-Lemeshow": (
        lambda d: survey.archer_lemeshow(d.glm("event ~ x", "binomial"), 4),
        "Archer-Lemeshow F(3, 13) = ",
    ),
}


@pytest.fixture(scope="module")
def named(design):
    frame = design.frame.assign(long=design.frame["group"].where(lambda g: g == "a", LONG))
    return Design(frame, weights="weight", strata="stratum", psu="psu")


@pytest.mark.parametrize("kind", TESTS)
def test_tests_are_printed_to_be_read(kind, named):
    ask, begins = TESTS[kind]
    found = ask(named)
    text = " ".join(" ".join(lines_of(found)).split())
    assert " ".join(begins.split()) in text
    said = "p < 0.001" if found.pvalue < 0.001 else f"p = {found.pvalue:.3f}"
    assert said in text


@pytest.mark.parametrize("kind", ["wald", "t, one", "likelihood ratio", "F"])
def test_tests_on_no_degrees_of_freedom_say_so(kind, one_psu):
    asked = {
        "wald": lambda: one_psu.glm("y ~ x").wald_test("x"),
        "t, one": lambda: one_psu.t_test("y"),
        "F": lambda: one_psu.chi_square("group", "band"),
        "likelihood ratio": lambda: survey.likelihood_ratio_test(
            one_psu.glm("event ~ x", "binomial"), "x"
        ),
    }[kind]()
    text = " ".join(" ".join(lines_of(asked)).split())
    assert "no degrees of freedom, no p value" in text
    assert " - on " in text or " = -, " in text
    assert not re.search(r"e[+-]\d\d", text)  # of rounding, or divided by it


def test_other_results_are_printed_to_be_read(named):
    model = named.glm("y ~ x * z")
    assert "R squared: deviance explained " in lines_of(survey.pseudo_r_squared(model))[0]
    assert (
        "Slope whose interval excludes 0" in lines_of(survey.johnson_neyman(model, "x", "x:z"))[0]
    )
    binary = named.frame.assign(a=(named.frame["x"] > 0) * 1.0, b=(named.frame["z"] > 5) * 1.0)
    both = Design(binary, weights="weight", strata="stratum", psu="psu")
    lines_of(survey.interaction(both.glm("event ~ a * b", "binomial"), "a", "b", "a:b"))
    lines_of(survey.simple_slopes(model, "x", "x:z", [0, 1e6]))
