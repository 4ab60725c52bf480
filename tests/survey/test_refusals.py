"""What no model can be fitted to is refused with its columns, whatever the model."""

import re

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import Design, influence

FITS = {
    "gaussian": lambda design, x: design.glm(f"y ~ {x}"),
    "binomial": lambda design, x: design.glm(f"event ~ {x}", "binomial"),
    "poisson": lambda design, x: design.glm(f"count ~ {x}", "poisson"),
    "gamma": lambda design, x: design.glm(f"cost ~ {x}", "gamma", link="log"),
    "multinomial": lambda design, x: design.multinomial(f"grade ~ {x}"),
    "ordinal": lambda design, x: design.ordinal(f"grade ~ {x}"),
    "cox": lambda design, x: design.coxph(x, time="time", event="event"),
}
models = pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
kinds = pytest.mark.parametrize("kind", ["linearised", "replicates"])


@pytest.fixture
def frame(frame):
    rng = np.random.default_rng(2)
    frame["grade"] = rng.integers(1, 4, len(frame))
    frame["count"], frame["cost"] = rng.poisson(2, len(frame)), rng.gamma(2, 1, len(frame))
    frame["time"] = np.ceil(rng.exponential(20, len(frame)))
    frame["kind"] = rng.choice(["a", "b", "c"], len(frame))
    frame["flat"], frame["nil"], frame["twin"] = 3.0, 0.0, 2 * frame["x"]
    frame["almost"] = frame["x"] + 1e-12 * frame["y"]
    frame["both"] = frame["x"] - 3 * frame["y"]
    return frame


def design_of(frame, kind="linearised"):
    design = Design(frame, weights="w", strata="h", psu="c")
    return design if kind == "linearised" else design.as_replicates("JKn")


@kinds
@models
@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        ("x + flat", "column 'flat' is (determined by '(Intercept|the thresholds)'|the same for)"),
        ("x + nil", "column 'nil' is (zero in every row|the same for all)"),
        ("x + twin", "column 'twin' is determined by 'x'"),
        ("x + almost", "column 'almost' is determined by 'x'"),
        ("x + y + both", "column 'both' is determined by 'x', 'y'"),
    ],
)
def test_collinear_columns_are_named_with_what_determines_them(
    frame, fit, kind, covariates, message
):
    with pytest.raises(InputError, match=message) as error:
        fit(design_of(frame, kind), covariates)
    assert error.value.remedy


def spared(outcome, value):
    def change(frame):
        frame["kind"] = np.where(frame["x"] > 0.8, "spared", frame["kind"])
        frame.loc[frame["kind"] == "spared", outcome] = value

    return change


def told_by(outcome, edges):
    def change(frame):
        frame[outcome] = np.searchsorted(edges, frame["x"]) + (outcome == "grade")

    return change


def overlapping_in_one_value(frame):
    """Quasi-complete: both outcomes occur at one value of x only."""
    frame["event"] = (frame["x"] > 0.1).astype(int)
    below, above = frame["x"][frame["x"] <= 0.1].idxmax(), frame["x"][frame["x"] > 0.1].idxmin()
    frame.loc[below, "x"] = frame.loc[above, "x"]


SEPARATED = {
    "binomial: none in a category": ("binomial", spared("event", 0), "kind + y", "'kind.*spared.'"),
    "binomial: all in a category": ("binomial", spared("event", 1), "kind + y", "'kind.*spared.'"),
    "binomial: complete": ("binomial", told_by("event", [0.1]), "x + y", "'x'"),
    "binomial: quasi-complete": ("binomial", overlapping_in_one_value, "x + y", "'x'"),
    "binomial: in a product": ("binomial", spared("event", 0), "kind * y", "'kind.T.spared"),
    "poisson: none in a category": ("poisson", spared("count", 0), "kind + y", "'kind.*spared.'"),
    "multinomial: category": ("multinomial", spared("grade", 1), "kind + y", "'kind.*spared.'"),
    "multinomial: complete": ("multinomial", told_by("grade", [-0.3, 0.5]), "x + y", "'x'"),
    "ordinal: category": ("ordinal", spared("grade", 3), "kind + y", "'kind.*spared.'"),
    "ordinal: complete": ("ordinal", told_by("grade", [-0.3, 0.5]), "x + y", "'x'"),
    "cox: no event in a category": ("cox", spared("event", 0), "kind + y", "'kind.*spared.'"),
}  # fmt: skip


@kinds
@pytest.mark.parametrize("case", SEPARATED)
@pytest.mark.filterwarnings("error")
def test_separation_names_the_column(frame, case, kind):
    model, change, covariates, names = SEPARATED[case]
    change(frame)
    with pytest.raises(InputError, match=f"coefficients run away in {names}") as error:
        FITS[model](design_of(frame, kind), covariates)
    assert re.search("separation|monotone likelihood", error.value.remedy)
    assert "'y'" not in error.value.what.replace("kind[T.spared]:y", "")


@pytest.mark.parametrize("outcome", ["y", "event"])
def test_categories_that_the_domain_does_not_have(frame, outcome):
    family = "binomial" if outcome == "event" else "gaussian"
    domain = design_of(frame).where("kind != 'b'")
    assert list(domain.glm(f"{outcome} ~ kind", family).params.index) == ["Intercept", "kind[T.c]"]
    x = pd.DataFrame({"one": 1.0, "b": (frame["kind"] == "b") * 1.0}, index=frame.index)
    with pytest.raises(InputError, match="column 'b' is zero in every row of the domain"):
        domain.fit(outcome, x, family)
    with pytest.raises(InputError, match="column 'b' is determined by 'one'"):
        design_of(frame).where("kind == 'b'").fit(outcome, x, family)
    few = design_of(frame).where(frame.index.isin(few_rows(frame)))
    with pytest.raises(
        InputError, match="4 columns cannot be fitted to 3 rows: Intercept, x, y, w"
    ):
        few.glm("event ~ x + y + w", family)


def few_rows(frame):
    return [*frame.index[frame["event"] == 1][:2], frame.index[frame["event"] == 0][0]]


# Notes: what is fitted, but to be taken with care.


@models
def test_more_coefficients_than_degrees_of_freedom_are_noted(frame, fit):
    model = fit(design_of(frame), "x + y + kind + I(x**2) + I(y**2)")
    assert (
        f"{len(model.params)} coefficients on 4 degrees of freedom of the design" in model.notes[0]
    )
    assert model.notes[0].split()[0] in model.summary().split("Note: ")[1]
    assert (
        not fit(design_of(frame), "x").notes
        or "coefficients" in fit(design_of(frame), "x").notes[0]
    )


def test_few_events_are_noted_by_model_and_by_category(frame):
    rare = frame.assign(event=0)
    rare.loc[[2, 20, 40, 60], "event"] = 1
    rare["kind"] = np.where(rare.index < 25, "early", "late")
    notes = design_of(rare).glm("event ~ x + kind", "binomial").notes
    assert notes[0].startswith("4 rows have the outcome for 2 coefficients beside the intercept")
    assert notes[1].startswith("2 of the 59 rows in 'kind[T.late]' have the outcome")
    many = design_of(rare.assign(event=1 - rare["event"])).glm("event ~ x + kind", "binomial").notes
    assert many[0].startswith("4 rows lack the outcome")
    assert many[1].startswith("57 of the 59 rows in 'kind[T.late]' have the outcome")
    assert design_of(frame).glm("event ~ x", "binomial").notes == ()
    assert design_of(frame).glm("y ~ x").notes == ()


def test_probabilities_next_to_0_and_1_are_noted(frame):
    frame["event"] = (frame["x"] > 0.1).astype(int)
    swapped = frame["x"].sub(0.1).abs().nsmallest(6).index
    frame.loc[swapped, "event"] = 1 - frame.loc[swapped, "event"]
    frame.loc[frame["x"].idxmax(), "x"] = 60.0
    notes = design_of(frame).glm("event ~ x", "binomial").notes
    assert "rows have a probability of 0 or 1 to 8 digits" in notes[-1]
    assert design_of(frame).glm("event ~ y", "poisson").notes == ()  # means, not probabilities


# Influence is there for every model that has scores.


@models
def test_changes_of_reweighted_psus_add_up_to_the_variance_of_every_model(frame, fit):
    design = design_of(frame)
    model = fit(design, "x + kind")
    jackknife = fit(design.as_replicates("JKn", mse=True), "x + kind")
    sizes = design.structure.psus_in_stratum[design.structure.stratum]
    for how, expected in (("linear", model), ("refit", jackknife)):
        change = influence(model, how=how, reweight=True).change
        assert change.columns.equals(model.params.index)
        total = (change.to_numpy().T * (sizes - 1) / sizes) @ change.to_numpy()
        scale = np.outer(expected.bse, expected.bse)
        np.testing.assert_allclose(total / scale, expected.covariance / scale, atol=1e-8)


@pytest.mark.parametrize("name", ["multinomial", "ordinal", "cox"])
def test_one_step_is_for_generalised_linear_models(frame, name):
    model = FITS[name](design_of(frame), "x")
    with pytest.raises(InputError, match="of generalised linear models, not of a"):
        influence(model)
