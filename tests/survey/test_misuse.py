"""What a user may get wrong is one clear error, and never a number that looks like an answer."""

import copy
import pickle
import re

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import (
    Design,
    Specification,
    archer_lemeshow,
    diagnose,
    influence,
    margins,
)


@pytest.fixture
def people():
    rng = np.random.default_rng(17)
    n = 240
    frame = pd.DataFrame(
        {
            "h": np.repeat(np.arange(6), 40),
            "c": np.tile(np.repeat([1, 2], 20), 6),
            "w": rng.uniform(1, 5, n),
            "x": rng.normal(size=n),
            "y": rng.normal(size=n),
            "event": rng.integers(0, 2, n),
            "time": rng.exponential(5, n) + 0.01,
            "group": rng.choice(["a", "b", "c"], n),
            "site": rng.choice(["r", "s"], n),
        }
    )
    frame["early"] = ((frame["event"] == 1) & (frame["time"] < 3)).astype(int)
    frame["kind"] = np.where(frame["early"] == 0, "0", np.where(frame["x"] > 0, "p", "q"))
    frame["digits"] = frame["y"].astype(str)
    frame["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), unit="D")
    frame["wait"] = frame["day"] - frame["day"].iloc[0]
    frame["phase"] = frame["y"] + 1j
    frame["three"] = 3.0
    frame["line"] = 3 + 2 * frame["x"]
    return frame


@pytest.fixture
def design(people):
    return Design(people, weights="w", strata="h", psu="c")


@pytest.mark.parametrize("covariates", ["early", "C(early)", "C(kind)", "early + x"])
def test_a_monotone_likelihood_is_an_error_with_one_column_too(design, covariates):
    with pytest.raises(InputError, match=r"run away in '(C\()?(early|kind)"):
        design.coxph(covariates, "time", "event")


@pytest.mark.parametrize("p", [0.1, 0.5, [0.25, 0.75]])
def test_an_outcome_that_is_fitted_exactly_has_quantiles(design, p):
    halves = design.as_replicates("BRR")
    for outcome, expected in (("three", [3, 0]), ("line", [3, 2])):
        found = halves.quantile_regression(f"{outcome} ~ x", p)
        np.testing.assert_allclose(found.params, expected * np.size(p), atol=1e-12)
        np.testing.assert_allclose(found.bse, 0, atol=1e-12)


@pytest.mark.parametrize("formula", ["y ~ 0", "event ~ 0"])
def test_a_model_without_columns_is_refused(design, people, formula):
    with pytest.raises(InputError, match="no columns"):
        design.glm(formula)
    with pytest.raises(InputError, match="no columns"):
        design.fit("y", people[[]])


def test_a_model_without_columns_is_one_row_of_many(design):
    found = design.many(
        [Specification("none", "y", [], intercept=False), Specification("one", "y", ["x"])]
    )
    assert found["problem"].str.contains("no columns").tolist() == [True, False, False]


@pytest.mark.parametrize("column", ["digits", "day", "wait", "phase"])
def test_what_is_not_a_number_is_not_made_one(design, people, column):
    for values in (column, people[column].astype(object), people[column].astype("category")):
        with pytest.raises(InputError, match="must hold numbers"):
            design.mean(values)
    with pytest.raises(InputError, match="must hold numbers"):
        design.glm(f"{column} ~ x")
    with pytest.raises(InputError, match="must hold numbers"):
        design.glm("y ~ x", offset=people[column])


def test_numbers_among_objects_and_categories_stay_numbers(design, people):
    expected = design.mean("event").only["estimate"]
    for kind in (object, "category", "Int64", "boolean", bool):
        assert design.mean(people["event"].astype(kind)).only["estimate"] == expected


@pytest.mark.parametrize("alpha", [0, 1, -0.05, 1.5, 95, np.nan, "0.05", None])
def test_alpha_lies_between_0_and_1(design, alpha):
    model = design.glm("event ~ x", family="binomial")
    curve = [Specification("a", "y", ["x"])]
    for ask in (model.conf_int, model.summary, model.effects):
        with pytest.raises(InputError, match="alpha must lie between 0 and 1"):
            ask(alpha)
    with pytest.raises(InputError, match="alpha must lie between 0 and 1"):
        design.many(curve, alpha=alpha)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda d: d.glm(None), "a formula is text"),
        (lambda d: d.multinomial(None), "a formula is text"),
        (lambda d: d.glm("y ~ tme"), "Did you mean 'time'"),
        (lambda d: d.coxph(None, "time", "event"), "right-hand side of a formula"),
        (lambda d: d.fit("y", d.frame[["x"]], terms={"t": ["z"]}), "no column 'z' in x"),
        (lambda d: d.fit("y", d.frame[["x"]], terms=["x"]), "terms are a dict"),
        (lambda d: d.many(Specification("a", "y", ["x"])), "are a list"),
        (lambda d: d.many(["a"]), "'a' is not a Specification"),
        (lambda d: d.many([Specification("a", "y", [1])]), "lists of names"),
        (lambda d: d.many([Specification("a", "y", ["x", "x"])]), "'a' has the term 'x' twice"),
        (lambda d: d.many([Specification("a", "y", ["x"])], [d.frame]), "columns are a dict"),
        (lambda d: d.where("x > 99").many([Specification("a", "y", ["x"])]), "no rows of positive"),
        (lambda d: archer_lemeshow(d.glm("event ~ x", "binomial"), 2.5), "at least 2 groups"),
        (lambda d: archer_lemeshow(d.glm("event ~ x", "binomial"), "9"), "at least 2 groups"),
        (lambda d: diagnose(None), "a fitted model is wanted"),
        (lambda d: influence(d.glm("y ~ x"), ["h"]), "named by its name"),
        (lambda d: d.mean("y", by=[d.frame["h"].array, d.frame["c"].array]), "two groupings"),
    ],
)
def test_misuse_is_one_clear_error(design, ask, message):
    with pytest.raises(InputError, match=message):
        ask(design)


@pytest.mark.parametrize("p", ["median", [[0.2, 0.5]]])
def test_quantiles_are_numbers(design, p):
    with pytest.raises(InputError, match="quantiles are"):
        design.as_replicates("BRR").quantile_regression("y ~ x", p)


def test_baselines_by_two_arrays_are_by_both(design, people):
    arrays = [people["group"].to_numpy(), people["site"].to_numpy()]
    found = design.coxph("x", "time", "event", strata=arrays)
    named = design.coxph("x", "time", "event", strata=["group", "site"])
    assert found.baseline_hazard["stratum"].nunique() == 6
    pd.testing.assert_series_equal(found.params, named.params)


def test_summary_gives_long_names_in_full(people):
    people["an_exposure_with_a_rather_long_name"] = people["x"]
    design = Design(people, weights="w", strata="h", psu="c")
    model = design.glm('y ~ an_exposure_with_a_rather_long_name * C(group, Treatment("b"))')
    lines = model.summary().splitlines()
    assert max(map(len, lines)) <= 80
    assert 'C(group, Treatment("b"))[T.a]' in lines


def test_models_of_a_formula_go_to_other_processes(design):
    model = design.glm("event ~ x + C(group)", family="binomial")
    for sent in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert sent.summary() == model.summary()
        assert archer_lemeshow(sent, 4).statistic == archer_lemeshow(model, 4).statistic
        pd.testing.assert_frame_equal(influence(sent).change, influence(model).change)


def test_margins_want_the_weights_of_the_fit(design, people):
    model = design.glm("event ~ x", family="binomial")
    other = Design(people, weights="time", strata="h", psu="c")
    with pytest.raises(InputError, match="under other weights"):
        margins(model, other, "event ~ x", {"x": [0, 1]})


@pytest.mark.parametrize("term", ["nothing", "x +", "np.log(x - 99)", "np.log(event)"])
def test_messages_do_not_tell_of_an_outcome_that_was_made_up(design, term):
    for ask in (
        lambda: design.many([Specification("a", "y", [term])]),
        lambda: design.coxph(term, "time", "event"),
    ):
        with pytest.raises(InputError, match=f"'{re.escape(term)}'") as caught:
            ask()
        assert "~" not in str(caught.value)
        assert "outcome" not in str(caught.value)
        assert "hazard" not in str(caught.value)
