"""Replicate weights: what is refused, what holds by hand, and laws beside R's digits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.survey import Design
from analysis.survey.hadamard import hadamard
from analysis.survey.replicates import column_rank

SAME = {"rtol": 1e-9, "atol": 1e-12}  # sums in another order, and what cancels in them
COLUMNS = ["estimate", "std_error", "conf_low", "conf_high", "df"]

quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def design_of(frame, **options):
    return Design(frame, **({"weights": "w", "strata": "h", "psu": "c"} | options))


def with_replicates(frame, count=6):
    rng = np.random.default_rng(3)
    weights = {f"rep{j + 1:02}": frame["w"] * rng.integers(0, 3, len(frame)) for j in range(count)}
    return frame.assign(**weights, reported=1.0, rep=2.0)


def given_design(frame, **options):
    return Design(frame, **({"weights": "w", "replicates": "rep", "method": "JK1"} | options))


def changed(column, row, value):
    def change(frame):
        frame = frame.copy()
        frame.loc[row, column] = value
        return frame

    return change


BAD_GIVEN = {
    "no method": ({"method": None}, "unknown method 'None'"),
    "unknown method": ({"method": "JK2"}, "unknown method 'JK2'"),
    "no such prefix": ({"replicates": "WTMREP"}, "no replicate weights 'WTMREP1'"),
    "no such column": ({"replicates": ["rep01", "rep09"]}, "no column 'rep09'"),
    "one set": ({"replicates": ["rep01"]}, "too few"),
    "a set twice": ({"replicates": ["rep01", "rep01"]}, "'rep01' is given twice"),
    "strata too": ({"strata": "h"}, "'strata' and replicate weights are two designs"),
    "fpc too": ({"fpc": "h"}, "'fpc' and replicate weights"),
    "no rho": ({"method": "Fay"}, "rho must be given"),
    "rho without Fay": ({"rho": 0.3}, "rho must be given"),
    "rho too large": ({"method": "Fay", "rho": 1.0}, "less than 1"),
    "JKn without rscales": ({"method": "JKn"}, "rscales of combined JKn"),
    "rscales too few": ({"rscales": [1.0, 1.0]}, r"shape \(2,\), there are 6"),
    "rscales negative": ({"rscales": -1.0}, "not negative"),
    "scale of BRR": ({"method": "BRR", "scale": 1.0}, "BRR has no scale"),
    "negative df": ({"df": -1}, "cannot be negative"),
}


@pytest.mark.parametrize("case", BAD_GIVEN)
def test_bad_replicates_are_refused(frame, case):
    options, message = BAD_GIVEN[case]
    with pytest.raises(InputError, match=message):
        given_design(with_replicates(frame), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed("rep02", 3, np.nan), "'rep02' is missing in 1 rows"),
        (changed("rep02", 3, -1.0), "'rep02' is negative in 1 rows"),
        (changed("rep02", 3, np.inf), "1 infinite"),
        (changed("w", slice(None, 40), 0.0), "sampling weight 0 have positive replicate"),
    ],
)
def test_bad_values_are_refused(frame, change, message):
    with pytest.raises(InputError, match=message):
        given_design(change(with_replicates(frame)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "JKn"}, "'method' is for replicate weights"),
        ({"mse": True}, "'mse' is for replicate weights"),
        ({"combined": False}, "'combined' is for"),
    ],
)
def test_options_without_replicates_are_refused(frame, options, message):
    with pytest.raises(InputError, match=message):
        design_of(frame, **options)


BAD_MADE = {
    "unknown": ({}, {"method": "JK3"}, "unknown method 'JK3'"),
    "JK1 in strata": ({}, {"method": "JK1"}, "JK1 is for designs of one stratum"),
    "odd stratum": ({}, {"method": "BRR"}, "stratum 3 has 3 PSUs"),
    "no rho": ({}, {"method": "Fay"}, "rho must be given"),
    "no seed": ({}, {"method": "bootstrap"}, "needs a seed"),
    "text for a seed": ({}, {"method": "bootstrap", "seed": "a"}, "seed must be a whole number"),
    "half a set": ({}, {"method": "bootstrap", "seed": 1, "count": 2.5}, "count must be a whole"),
    "text for df": ({}, {"method": "JKn", "df": "2"}, "df must be of numbers"),
    "negative df": ({}, {"method": "JKn", "df": -2}, "cannot be negative"),
    "one set": ({}, {"method": "bootstrap", "seed": 1, "count": 1}, "too few"),
    "no correction": ({"fpc": "N"}, {"method": "subbootstrap", "seed": 1}, "no finite population"),
    "all drawn": ({"fpc": "n"}, {"method": "JKn"}, "no stratum has two PSUs"),
}


@pytest.mark.parametrize("case", BAD_MADE)
def test_what_a_design_cannot_make_is_refused(frame, case):
    options, make, message = BAD_MADE[case]
    frame = frame.assign(N=9, n=frame.groupby("h")["c"].transform("nunique"))
    with pytest.raises(InputError, match=message):
        design_of(frame, **options).as_replicates(**make)


def test_replicates_of_replicates_are_refused(frame):
    with pytest.raises(InputError, match="has replicates already: 7 JKn replicates"):
        design_of(frame).as_replicates("JKn").as_replicates("JKn")


def test_a_lonely_psu_cannot_be_drawn_from(frame):
    frame.loc[:11, "h"] = 9
    with pytest.raises(InputError, match="stratum 1 has a single PSU"):
        design_of(frame, lonely_psu="remove").as_replicates("bootstrap", seed=1)


# Finite population corrections.


@pytest.mark.parametrize("column", ["population", "fraction"])
def test_a_correction_by_the_textbook(column):
    """The strata add 16 and 39 without it; of 8 and 3 PSUs 2 and 3 were drawn."""
    frame = pd.DataFrame(
        {
            "h": [1, 1, 2, 2, 2],
            "w": 1.0,
            "x": [3.0, 7, 4, 6, 11],
            "population": [8, 8, 3, 3, 3],
            "fraction": [0.25, 0.25, 1, 1, 1],
        }
    )
    design = Design(frame, weights="w", strata="h", fpc=column)
    assert design.total("x").only["std_error"] == pytest.approx(np.sqrt(0.75 * 16), rel=1e-14)


@pytest.mark.parametrize("lonely_psu", ["fail", "average", "adjust"])
def test_a_stratum_of_one_psu_that_is_all_there_is_is_not_lonely(lonely_psu):
    frame = pd.DataFrame({"h": [1, 1, 2], "w": 1.0, "x": [3.0, 7, 4], "N": [8, 8, 1]})
    design = Design(frame, weights="w", strata="h", fpc="N", lonely_psu=lonely_psu)
    for each in (design, design.as_replicates("JKn")):
        assert each.total("x").only["std_error"] == pytest.approx(np.sqrt(0.75 * 16), rel=1e-14)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (lambda f: f["x"], "negative in"),
        (lambda f: np.where(f["h"] == 1, 0.5, 30.0), "mixes numbers of PSUs"),
        (lambda f: 10 + f["c"], "varies within stratum 1"),
        (lambda f: 2.0, "stratum 3 has 3 PSUs in the sample but 2 in the population"),
        (lambda f: np.nan, "missing in 84 rows"),
    ],
)
def test_bad_corrections_are_refused(frame, values, message):
    with pytest.raises(InputError, match=message):
        design_of(frame.assign(N=values(frame)), fpc="N")


# Degrees of freedom, and what cannot be estimated.


def test_degrees_of_freedom_may_be_stated(frame):
    design = given_design(with_replicates(frame), df=49)
    assert design.df == design.where("x > 0").mean("y").only["df"] == 49
    assert "as stated" in repr(design.mean("y"))
    assert given_design(with_replicates(frame)).df == 5


def test_rank_goes_by_what_a_column_adds():
    tiny = np.array([[1.0, 1.0, 0.0], [0.0, 1e-6, 1.0], [1.0, 1.0, 0.0]])
    assert column_rank(tiny) == 2  # the second is the first but for a millionth
    assert column_rank(tiny * [1.0, 1e9, 1e-9]) == 2
    assert column_rank(np.eye(3)[:, [0, 0, 1, 2]]) == 3
    assert column_rank(np.zeros((3, 2))) == 0


def test_a_domain_that_a_set_leaves_empty_has_no_standard_error(frame):
    domain = design_of(frame).as_replicates("JKn").where((frame["h"] == 1) & (frame["c"] == 1))
    row = domain.mean("y").only
    assert np.isfinite(row["estimate"]) and np.isnan(row["std_error"])
    assert np.isfinite(domain.total("y").only["std_error"])


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_a_model_that_one_set_cannot_fit_is_refused_by_name(frame, family):
    frame["rare"] = ((frame["h"] == 2) & (frame["c"] == 1) & (frame["x"] > 0)) * 1.0
    frame.loc[frame["rare"] == 1, "event"] = np.arange(int(frame["rare"].sum())) % 2
    design = design_of(frame).as_replicates("JKn")
    with pytest.raises(InputError, match="under replicate 3: its coefficients run away in 'rare'"):
        design.glm("event ~ rare + x", family=family)


def test_summary_names_the_replicates(frame):
    text = design_of(frame).as_replicates("JKn").glm("y ~ x").summary()
    assert "Standard errors from 7 JKn replicates" in text
    assert "Degrees of freedom 4 (rank of replicates - 1)" in text


# Made weights.


@pytest.mark.parametrize("least", [1, 4, 5, 13, 28, 36, 52, 60, 93, 200])
def test_hadamard_matrices(least):
    matrix = hadamard(least)
    np.testing.assert_array_equal(matrix @ matrix.T, len(matrix) * np.eye(len(matrix)))
    assert (matrix[0] == 1).all() and least <= len(matrix) <= least + 7


@pytest.mark.parametrize("method", ["bootstrap", "subbootstrap"])
def test_bootstraps_are_seeded_and_estimate_the_variance(frame, method):
    design = design_of(frame)
    one, same, other = (
        design.as_replicates(method, count=3000, seed=seed).total("y").only["std_error"]
        for seed in (1, 1, 2)
    )
    assert one == same != other
    # Of the two PSUs of a stratum Canty and Davison's scale suits all strata on average only.
    rough = 0.05 if method == "subbootstrap" else 0.2
    assert one == pytest.approx(design.total("y").only["std_error"], rel=rough)


def test_the_bootstrap_keeps_the_population_correction(frame):
    frame = frame.assign(unit=10 * frame["h"] + frame["c"], N=14)
    design = Design(frame, weights="w", psu="unit", fpc="N")
    exact = np.sqrt(14 / 13) * design.total("y").only["std_error"]
    drawn = design.as_replicates("bootstrap", count=4000, seed=1).total("y").only["std_error"]
    assert drawn == pytest.approx(exact, rel=0.04)


# Laws.


@st.composite
def samples(draw, paired=False):
    """A sample of 2 to 5 strata of 2 to 4 PSUs (or of 2 or 4), weights over two orders."""
    sizes = draw(st.lists(st.sampled_from([2, 4] if paired else [2, 3, 4]), min_size=2, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = np.array([(h, c) for h, size in enumerate(sizes) for c in range(size)])
    rows = units[np.concatenate([np.arange(len(units)), rng.integers(len(units), size=60)])]
    n = len(rows)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "h": rows[:, 0], "c": rows[:, 1], "w": 10 ** rng.uniform(-1, 1, n), "x": x,
            "y": x + rng.normal(size=n) + 3, "event": (rng.random(n) < 0.5).astype(int),
            "z": rng.uniform(1, 2, n), "N": np.array([9, 2, 12, 30, 4])[rows[:, 0]] + 4,
            "inside": rng.random(n) < 0.7,
        }
    )  # fmt: skip


def everything(design):
    tables = [
        design.mean("y"), design.total("y"), design.ratio("y", "z"), design.variance("y"),
        design.std("y"), design.quantile("y", [0.3, 0.5]), design.proportion("x > 0"),
        design.proportion("x > 0", interval="beta"),
    ]  # fmt: skip
    parts = [np.ravel(table.frame[COLUMNS]) for table in tables]
    model = design.glm("y ~ x + z")
    return np.concatenate([*parts, model.params, model.bse]).astype(float)


@quick
@given(samples(), st.sampled_from([None, "N"]), st.booleans())
def test_the_jackknife_of_a_total_is_linearisation(frame, fpc, mse):
    design = design_of(frame, fpc=fpc)
    jackknife = design.as_replicates("JKn", mse=mse)
    for ask in (design.where("x > 0"), design):
        made = jackknife if ask is design else jackknife.where("x > 0")
        assert made.total("y").only["std_error"] == pytest.approx(
            ask.total("y").only["std_error"], rel=1e-11
        )
    assert jackknife.df == design.df


@quick
@given(samples())
def test_the_jackknife_of_a_mean_is_linearisation_where_psus_weigh_the_same(frame):
    frame["w"] /= frame.groupby(["h", "c"])["w"].transform("sum")
    design = design_of(frame)
    assert design.as_replicates("JKn").mean("y").only["std_error"] == pytest.approx(
        design.mean("y").only["std_error"], rel=1e-10
    )


@quick
@given(samples(paired=True), st.sampled_from([None, 0.0, 0.3, 0.9]), st.booleans())
def test_half_samples_of_a_total_are_linearisation_of_the_pairs(frame, rho, mse):
    """With four PSUs in a stratum each pair is one: order of rows makes the pairs."""
    method = "BRR" if rho is None else "Fay"
    made = design_of(frame).as_replicates(method, rho=rho, mse=mse)
    pairs = frame.assign(h=2 * frame["h"] + frame["c"] // 2)  # units come in order of their label
    assert made.total("y").only["std_error"] == pytest.approx(
        design_of(pairs).total("y").only["std_error"], rel=1e-10
    )


@quick
@given(samples(), st.sampled_from(["JKn", "subbootstrap"]), st.booleans())
def test_weights_made_and_given_are_the_same_design(frame, method, combined):
    made = design_of(frame).as_replicates(method, count=20, seed=7)
    held = made.replicates
    weights = held.factors[held.unit] * (held.weights[:, None] if combined else 1.0)
    names = [f"r{j}" for j in range(held.count)]
    both = pd.concat([frame, pd.DataFrame(weights, frame.index, names)], axis=1)
    options = {"method": "JKn" if method == "JKn" else "bootstrap", "combined": combined}
    again = Design(
        both, weights="w", replicates=names, scale=held.scale, rscales=held.rscales, **options
    )
    for mask in (np.ones(len(frame), dtype=bool), frame["inside"]):
        ours = everything(made.where(mask))
        np.testing.assert_allclose(everything(again.where(mask)), ours, **SAME)


@quick
@given(samples(), st.sampled_from([2.0**-40, 2.0**20]), st.randoms(use_true_random=False))
def test_scale_order_and_labels_do_not_matter(frame, factor, random):
    def without_total(frame):
        design = design_of(frame).as_replicates("JKn")
        return np.delete(everything(design), slice(5, 9))

    ours = without_total(frame)
    np.testing.assert_allclose(without_total(frame.assign(w=frame["w"] * factor)), ours, **SAME)
    order = list(range(len(frame)))
    random.shuffle(order)
    renamed = frame.iloc[order].assign(h=lambda f: "s" + (9 - f["h"]).astype(str))
    np.testing.assert_allclose(without_total(renamed), ours, **SAME)


@quick
@given(samples())
def test_a_domain_is_the_same_as_zero_weights_outside_it(frame):
    domain = design_of(frame).as_replicates("JKn").where(frame["inside"])
    zeroed = frame.assign(w=frame["w"].where(frame["inside"], 0.0))
    limits = slice(42, 44)  # of "beta", which counts rows of weight 0 in its n, as R
    np.testing.assert_allclose(
        np.delete(everything(design_of(zeroed).as_replicates("JKn")), limits),
        np.delete(everything(domain), limits),
        **SAME,
    )
