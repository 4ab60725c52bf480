"""Laws that hold for every sample."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.survey import Design

# Sums in another order, and what cancels in them.
SAME = {"rtol": 1e-10, "atol": 1e-12}

quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@st.composite
def samples(draw):
    """A sample of 2 to 5 strata of 2 to 4 PSUs, weights over six orders, some of them 0."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=2, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = np.array([(h, c) for h, size in enumerate(sizes) for c in range(size)])
    rows = units[np.concatenate([np.arange(len(units)), rng.integers(len(units), size=60)])]
    n = len(rows)
    x = rng.normal(size=n)
    weights = 10 ** rng.uniform(-3, 3, n) * (rng.random(n) > draw(st.sampled_from([0, 0.2])))
    return pd.DataFrame(
        {
            "h": rows[:, 0],
            "c": rows[:, 1],
            "w": weights,
            "x": x,
            "y": x + rng.normal(size=n) + 3,
            "event": (rng.random(n) < 0.5).astype(int),
            "z": rng.uniform(1, 2, n),
            "group": rng.choice(["a", "b"], n),
        }
    )


def design_of(frame, **options):
    return Design(frame, **({"weights": "w", "strata": "h", "psu": "c"} | options))


def everything(design):
    """One vector of all that is estimated; separated samples are no concern here."""
    tables = [
        design.mean("y"),
        design.mean("x", by="group"),
        design.proportion("event"),
        design.quantile("y", [0.25, 0.5]),
        design.ratio("y", "z"),
        design.std("y"),
    ]
    parts = [t.frame[["estimate", "std_error", "conf_low", "conf_high", "df"]] for t in tables]
    model = design.glm("y ~ x")
    logistic = design.glm("event ~ x", family="binomial")
    fits = [m.params for m in (model, logistic)] + [m.bse for m in (model, logistic)]
    return np.concatenate([np.ravel(part) for part in parts + fits]).astype(float)


def estimable(design):
    try:
        return everything(design)
    except InputError:
        assume(False)


@quick
@given(samples(), st.sampled_from([2.0**-40, 2.0**20]))
def test_the_scale_of_the_weights_does_not_matter(frame, factor):
    # A power of two, so that a quantile's ties stay ties.
    ours = estimable(design_of(frame))
    scaled = frame.assign(w=frame["w"] * factor)
    np.testing.assert_allclose(everything(design_of(scaled)), ours, **SAME)


@quick
@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(frame, random):
    ours = estimable(design_of(frame))
    order = list(range(len(frame)))
    random.shuffle(order)
    np.testing.assert_allclose(everything(design_of(frame.iloc[order])), ours, **SAME)


@quick
@given(samples())
def test_labels_of_strata_and_psus_do_not_matter(frame):
    ours = estimable(design_of(frame))
    renamed = frame.assign(
        h=frame["h"].map(lambda h: f"stratum {9 - h}"),
        c=[("p", "q", "r", "s")[c] for c in frame["c"]],
    )
    np.testing.assert_allclose(everything(design_of(renamed)), ours, **SAME)
    unnested = frame.assign(c=frame["h"] * 100 + frame["c"])
    np.testing.assert_allclose(everything(design_of(unnested, nest=False)), ours, **SAME)


@quick
@given(samples())
def test_a_domain_of_everyone_is_no_domain(frame):
    design = design_of(frame)
    np.testing.assert_array_equal(
        everything(design.where(np.ones(len(frame), dtype=bool))), estimable(design)
    )


@quick
@given(samples())
def test_a_domain_is_the_same_as_zero_weights_outside_it(frame):
    inside = frame["group"] == "a"
    ours = estimable(design_of(frame).where(inside))
    zeroed = frame.assign(w=frame["w"].where(inside, 0.0))
    np.testing.assert_allclose(everything(design_of(zeroed)), ours, **SAME)


@quick
@given(samples())
def test_groups_are_domains(frame):
    design = design_of(frame)
    for ask in (
        lambda d, **by: d.mean("y", **by),
        lambda d, **by: d.total("y", **by),
        lambda d, **by: d.proportion("event", interval="beta", **by),
        lambda d, **by: d.quantile("y", [0.3, 0.5], **by),
        lambda d, **by: d.variance("x", **by),
    ):
        together = ask(design, by="group").frame
        for group, rows in together.groupby("group"):
            alone = ask(design.where(frame["group"] == group)).frame
            pd.testing.assert_frame_equal(
                rows.drop(columns="group").reset_index(drop=True), alone, check_exact=True
            )


@quick
@given(samples())
def test_a_proportion_is_the_mean_of_0_and_1_and_the_intercept_of_a_model(frame):
    assume(frame.loc[frame["w"] > 0, "event"].nunique() == 2)
    design = design_of(frame)
    mean = design.mean("event").only
    share = design.proportion("event", interval="wald").only
    columns = ["estimate", "std_error", "conf_low", "conf_high", "df"]
    np.testing.assert_allclose(
        share[columns].astype(float), mean[columns].astype(float), rtol=1e-13
    )
    logit = design.glm("event ~ 1", family="binomial")
    p = mean["estimate"]
    assert logit.params["Intercept"] == pytest.approx(np.log(p / (1 - p)), rel=1e-9, abs=1e-12)
    limits = 1 / (1 + np.exp(-logit.conf_int().loc["Intercept"]))
    interval = design.proportion("event").only[["conf_low", "conf_high"]].astype(float)
    np.testing.assert_allclose(interval, limits, rtol=1e-8)


@quick
@given(samples(), st.floats(0.01, 100), st.floats(-100, 100))
def test_units_of_a_covariate_do_not_matter(frame, scale, shift):
    design = design_of(frame)
    ours = design.glm("y ~ x").tvalues["x"]
    changed = design_of(frame.assign(x=scale * frame["x"] + shift)).glm("y ~ x").tvalues["x"]
    assert changed == pytest.approx(ours, rel=1e-8)
