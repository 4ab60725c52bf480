"""Laws of Cox's model, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.survey import Design
from analysis.survey.risksets import risk_sets

SAME = 1e-9  # another order of summation, or other units
SLOPE = 1e-6  # what central differences leave of a derivative


def sample(seed, rows=160, ties=True):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=rows), rng.exponential(size=rows)
    begin = rng.integers(0, 6, rows) if ties else rng.uniform(0, 6, rows)
    length = rng.exponential(9 * np.exp(-0.5 * x), rows) + 0.1
    return pd.DataFrame(
        {
            "h": np.arange(rows) % 4,
            "c": np.arange(rows) // 4 % 5,
            "w": np.exp(rng.normal(4, 1, rows)),
            "x": x,
            "z": z,
            "group": rng.choice(["a", "b", "c"], rows),
            "entry": begin,
            "exit": begin + (np.ceil(length) if ties else length),
            "died": (rng.random(rows) < 0.6).astype(int),
        }
    )


def design(frame, **options):
    return Design(frame, weights="w", strata="h", psu="c", **options)


def cox(frame, covariates="x + z + group", **options):
    return design(frame).coxph(covariates, "exit", "died", **({"entry": "entry"} | options))


def close(one, other, tolerance=SAME):
    """Hold coefficients and covariance to each other, relative to the standard errors."""
    names = list(one.params.index)
    bse = one.bse.to_numpy()
    assert (np.abs(one.params - other.params[names]) / bse).max() <= tolerance
    spread = np.abs(one.covariance - other.covariance.loc[names, names]) / np.outer(bse, bse)
    assert spread.to_numpy().max() <= tolerance


def likelihood(frame, coefficients, ties):
    """Add up the logarithm of the weighted partial likelihood as it is defined, time by time."""
    risk = np.exp(frame[["x", "z"]].to_numpy() @ coefficients)
    weights, total = frame["w"].to_numpy(), 0.0
    for (stratum, time), dead in frame[frame["died"] == 1].groupby(["group", "exit"]):
        among = (frame["group"] == stratum) & (frame["entry"] < time) & (frame["exit"] >= time)
        everyone = (weights * risk)[among].sum()
        died, weight = (weights * risk)[dead.index].sum(), weights[dead.index].sum()
        total += weights[dead.index] @ np.log(risk[dead.index])
        for j in range(len(dead)):
            part = j / len(dead) if ties == "efron" else 0.0
            total -= weight / len(dead) * np.log(everyone - part * died)
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_estimate_is_a_maximum(seed, ties):
    frame = sample(seed)
    model = cox(frame, "x + z", strata="group", ties=ties)
    at = model.params[["x", "z"]].to_numpy()
    top = likelihood(frame, at, ties)
    for step in 1e-3 * np.eye(2):
        ahead, behind = (likelihood(frame, at + sign * step, ties) for sign in (1, -1))
        curvature = (ahead - 2 * top + behind) / 1e-6
        newton = (ahead - behind) / 2e-3 / curvature
        assert curvature < 0
        assert abs(newton) < 1e-6


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_scores_are_derivatives_by_the_weights(ties):
    frame = sample(3, rows=60)
    model = cox(frame, "x + z", strata="group", ties=ties)
    fit, estimator = model.source.fit, model.source.estimator
    influence = fit.scores @ fit.bread.T
    weights = frame["w"].to_numpy()
    for row in range(0, 60, 7):
        step = np.zeros(60)
        step[row] = 1e-4 * weights[row]
        ahead, behind = (estimator.fit(weights + sign * step).params for sign in (1, -1))
        np.testing.assert_allclose(
            (ahead - behind) / 2e-4, influence[row], rtol=1e-5, atol=SLOPE * model.bse.max()
        )


def test_three_rows_by_hand():
    frame = pd.DataFrame({"w": [1.0, 1, 1], "x": [1.0, 0, 0], "t": [2, 1, 3], "died": [1, 1, 0]})
    model = Design(frame, weights="w").coxph("x", "t", "died")
    # The score with hazard ratio r: 0 - r / (r + 2) at 1, 1 - r / (r + 1) at 2, so that r ** 2 = 2.
    assert np.exp(model.params["x"]) == pytest.approx(np.sqrt(2), rel=1e-13)
    hazard = [1 / (np.sqrt(2) + 2), 1 / (np.sqrt(2) + 1)]
    np.testing.assert_allclose(model.baseline_hazard["hazard"], np.cumsum(hazard), rtol=1e-13)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 40), strata=st.integers(1, 4))
def test_risk_sets(seed, rows, strata):
    rng = np.random.default_rng(seed)
    entry = rng.integers(0, 6, rows).astype(float)
    leave = entry + rng.integers(1, 6, rows)
    event, code = rng.random(rows) < 0.5, rng.integers(0, strata, rows)
    if not event.any():
        return
    sets = risk_sets(entry, leave, event, code)
    among = (
        (code == sets.stratum[:, None])
        & (entry < sets.time[:, None])
        & (leave >= sets.time[:, None])
    )
    values = rng.normal(size=(rows, 2))
    points = rng.normal(size=sets.count)
    np.testing.assert_allclose(sets.at_risk(values), among @ values, atol=1e-12)
    np.testing.assert_allclose(sets.over_run(points), points @ among, atol=1e-12)
    np.testing.assert_array_equal(sets.ever, among.any(axis=0))
    np.testing.assert_array_equal(sets.time[sets.point], leave[sets.died])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), ties=st.sampled_from(["efron", "breslow"]))
def test_what_must_not_matter(seed, ties):
    frame = sample(seed)
    model = cox(frame, ties=ties)
    rng = np.random.default_rng(seed)
    shuffled = frame.sample(frac=1, random_state=seed % 1000)
    close(model, cox(shuffled, ties=ties))
    close(model, cox(frame.assign(w=7.3 * frame["w"]), ties=ties))
    labels = {"h": frame["h"].map(dict(enumerate("spqr"))), "c": 9 - frame["c"]}
    close(model, cox(frame.assign(**labels), ties=ties))
    # Only the order of the times counts: months or their squares.
    times = {name: (frame[name] + 0.5) ** 2 for name in ("entry", "exit")}
    close(model, cox(frame.assign(**times), ties=ties))
    # A row is the same as its two halves, before and after any moment under observation.
    middle = frame["entry"] + (frame["exit"] - frame["entry"]) * rng.random(len(frame))
    halves = [frame.assign(exit=middle, died=0), frame.assign(entry=middle)]
    close(model, cox(pd.concat(halves, ignore_index=True), ties=ties))
    far = frame.assign(x=1e4 + 10 * frame["x"])
    moved = cox(far, ties=ties)
    assert moved.params["x"] * 10 == pytest.approx(model.params["x"], rel=1e-7)
    assert moved.tvalues["x"] == pytest.approx(model.tvalues["x"], rel=1e-7)


@pytest.mark.parametrize("method", [None, "JKn"])
def test_a_domain_is_zero_weights(method):
    frame = sample(5)
    inside = frame["z"] < 1.5
    whole, zeroed = design(frame), design(frame.assign(w=frame["w"].where(inside, 0.0)))
    if method is not None:
        whole, zeroed = whole.as_replicates(method), zeroed.as_replicates(method)
    asked = ("x + group", "exit", "died")
    close(whole.where(inside).coxph(*asked), zeroed.coxph(*asked))


def test_ties_apart_by_rounding_are_ties():
    frame = sample(6)
    late = frame.assign(exit=frame["exit"] * (1 + 1e-13 * (frame["c"] - 2)))
    close(cox(frame), cox(late))


def test_without_ties_the_rules_agree():
    frame = sample(7, ties=False)
    close(cox(frame), cox(frame, ties="breslow"))


def test_jackknife_is_near_linearisation():
    frame = sample(8, rows=2000)
    designs = (design(frame), design(frame).as_replicates("JKn"))
    linearised, replicated = (each.coxph("x + z", "exit", "died") for each in designs)
    np.testing.assert_allclose(replicated.bse, linearised.bse, rtol=0.1)
    assert replicated.df_resid == linearised.df_resid == 16


def test_matrix_and_arrays_are_the_same_as_a_formula():
    frame = sample(9)
    frame.loc[::7, "x"] = np.nan
    frame.loc[3, "exit"] = np.nan
    frame.loc[5, "group"] = None
    whole = design(frame).where(frame["z"] < 2)
    formula = whole.coxph("~ x + z", "exit", "died", entry="entry", strata=["group", "h"])
    for x in (frame[["x", "z"]], frame.loc[whole.inside, ["x", "z"]]):
        matrix = whole.coxph(
            x,
            frame["exit"].to_numpy(),
            "died == 1",
            entry=frame["entry"],
            strata=frame["group"] + frame["h"].astype(str),
            terms={"both": ["x", "z"]},
        )
        close(formula, matrix, 1e-12)
        assert (matrix.nobs, matrix.n_missing) == (formula.nobs, formula.n_missing)
        assert matrix.wald_test("both").df_num == 2
    assert formula.n_missing == 20
    assert formula.baseline_hazard["stratum"].nunique() == 12
    assert formula.terms == {"x": ["x"], "z": ["z"]}


def test_results():
    model = cox(sample(10), strata="group", covariates="x + z")
    ratios = model.hazard_ratios()
    np.testing.assert_allclose(ratios["estimate"], np.exp(model.params))
    np.testing.assert_allclose(np.log(ratios["conf_high"]), model.conf_int()[1])
    lines = str(model).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Survey-weighted Cox model (Efron's ties) of died"
    assert f"{model.n_events} with the event, 3 baseline hazards" in lines[1]


def spoiled(**columns):
    return sample(11).assign(**columns)


def doomed(frame):
    """Everybody of group c dies first, of all who were there."""
    first = frame["group"] == "c"
    return frame.assign(
        entry=0, died=np.where(first, 1, frame["died"]), exit=frame["exit"] + 50.0 * ~first
    )


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (spoiled(died=2), {}, "event 'died' must be 0 or 1; it has 2"),
        (spoiled(died=0), {}, "nobody of the 160 rows"),
        (spoiled(exit=np.nan), {}, "every row of the domain lacks a value"),
        (
            spoiled(entry=lambda f: f["exit"]),
            {},
            "160 rows leave ('exit') no later than",
        ),
        (spoiled(exit=lambda f: f["exit"] - 40), {"entry": None}, "the time 'exit' is negative in"),
        (spoiled(), {"ties": "exact"}, "unknown rule 'exact' for ties"),
        (spoiled(), {"covariates": "1"}, "has no covariates"),
        (spoiled(), {"covariates": "x + nothing"}, "cannot be used"),
        (spoiled(), {"covariates": "x + C(group) - 1"}, "at risk together|determined by"),
        (spoiled(), {"covariates": "x + C(group)", "strata": "group"}, "at risk together"),
        (spoiled(v=lambda f: 2 * f["x"] + 1), {"covariates": "x + v"}, "'v' is determined by 'x'"),
        (doomed(sample(11)), {}, "run away in 'group[T.c]'"),
    ],
)
def test_what_is_refused(frame, options, message):
    with pytest.raises(InputError) as error:
        cox(frame, **options)
    assert any(part in str(error.value) for part in message.split("|"))


def test_a_replicate_without_the_event_in_a_category_is_named():
    frame = sample(12)
    only = (frame["h"] == 1) & (frame["c"] == 2)
    frame["rare"] = (only | (frame["c"] == 4)).astype(int)
    frame["died"] = np.where(frame["rare"] & ~only, 0, frame["died"])
    assert frame.loc[frame["rare"] == 1, "died"].sum() > 0
    with pytest.raises(InputError, match=re.escape("run away in 'rare'")) as error:
        design(frame).as_replicates("JKn").coxph("x + rare", "exit", "died")
    assert "under replicate 8:" in str(error.value)


def test_few_left_of_many_lose_no_digits():
    # Weights of the first to leave are 1e12 times those of the last: nothing is subtracted.
    frame = sample(13, ties=False).assign(entry=0.0)
    late = frame["exit"] > frame["exit"].median()
    alone = cox(frame[late].assign(h=1, c=range(int(late.sum()))), "x + z")
    early = frame.assign(w=np.where(late, frame["w"], 1e12 * frame["w"]), died=frame["died"] * late)
    both = cox(early.assign(h=1, c=range(len(frame))), "x + z")
    np.testing.assert_allclose(both.params, alone.params, rtol=1e-10)
