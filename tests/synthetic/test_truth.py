"""The truth is what it says: exact where it is exact, and what surveys recover."""

import json
import math
import sys
from importlib import resources

import numpy as np
import pytest

from analysis.synthetic import truth
from analysis.synthetic.arithmetic import normal_cdf
from analysis.synthetic.draw import Block, Places, draw_people
from analysis.synthetic.parameters import EARLY, model, model_sha256
from analysis.synthetic.people import (
    DEFICIENT,
    INSUFFICIENT,
    NORMAL,
    describe,
    lc_ms_equivalent,
    status_shares,
)
from analysis.synthetic.truth import OUTCOMES, compute, full_design, logistic_limit, population

EXACT = 1e-8
"""Newton's method in double precision on a model that holds."""

SIGMAS = 4.0
"""Standard errors that a draw may lie off: 1 in 16,000 by chance; seeds are fixed besides."""

LEVEL = {"deficiency": DEFICIENT, "insufficiency": INSUFFICIENT}
# Columns of full_design, by the names of model.toml.
NAMES = (
    "constant", "age", "female", "mexican_american", "other_hispanic", "black", "other",
    "under_9th", "9th_to_11th", "high_school", "some_college", "income", "bmi", "winter",
    "former_smoker", "current_smoker", "never_drank", "former_drinker", "active", "energy",
    "calcium",
)  # fmt: skip


@pytest.fixture(scope="module")
def adults():
    blocks = list(population(200_000, seed=99))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def full_model(people, *more):
    mg = (people["MAGN1"] - 300.0) / 100.0
    return np.column_stack([mg, full_design(people), *more])


def fit(design, event, other):
    """Fit a logistic model by maximum likelihood: coefficients and standard errors."""
    beta = logistic_limit([(design, event.astype(float), other.astype(float))])
    fitted = 1 / (1 + np.exp(-design @ beta))
    weight = (event | other) * fitted * (1 - fitted)
    return beta, np.sqrt(np.diag(np.linalg.inv((design * weight[:, None]).T @ design)))


def set_coefficients(outcome):
    b = truth().coefficients[outcome]
    education = {
        "under_9th": b["below_high_school"],
        "9th_to_11th": b["below_high_school"],
        "some_college": 0.0,
    }
    # The study's reference is a drinker of any amount; the model's is nobody of the past year.
    drinking = {"never_drank": -b["drinker"], "former_drinker": -b["drinker"]}
    known = {**b, **education, **drinking}
    return np.array([b["magnesium"], *(known[name] for name in NAMES if name != "constant")])


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_full_model_holds_exactly(adults, outcome):
    shares = status_shares(adults)
    found = logistic_limit([(full_model(adults), shares[:, LEVEL[outcome]], shares[:, NORMAL])])
    np.testing.assert_allclose(np.delete(found, 1), set_coefficients(outcome), atol=EXACT)
    assert truth().odds_ratio[outcome] == pytest.approx(math.exp(found[0]), abs=EXACT)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_drawn_status_follows_the_model(adults, outcome):
    status = adults["status"]
    beta, error = fit(full_model(adults), status == LEVEL[outcome], status == NORMAL)
    z = (np.delete(beta, 1) - set_coefficients(outcome)) / np.delete(error, 1)
    assert np.abs(z).max() < SIGMAS


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_interaction_holds(adults, outcome):
    table = model()["interaction"]
    v = (np.log2(adults["food_vitamin_d"]) - table["log2_median"]) / table["sd"]
    mg = (adults["MAGN1"] - 300.0) / 100.0
    status = adults["status"]
    beta, error = fit(full_model(adults, v, v * mg), status == LEVEL[outcome], status == NORMAL)
    expected = truth().interaction[outcome]
    for position, name in ((0, "magnesium"), (-2, "vitamin_d"), (-1, "product")):
        assert abs(beta[position] - expected[name]) < SIGMAS * error[position], name
    # No square of magnesium is left, which other slopes would leave.
    with_square, error = fit(
        full_model(adults, v, v * mg, mg * mg), status == LEVEL[outcome], status == NORMAL
    )
    assert abs(with_square[-1]) < SIGMAS * error[-1]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_lutein_is_a_negative_control(adults, outcome):
    # It follows the magnesium of the diet, as in NHANES, and given that tells nothing of status.
    status, octaves = adults["status"], np.log2(np.maximum(adults["LZ1"], 1.0))
    densities = (
        np.log(np.maximum(adults[name], 1.0) / adults["KCAL1"]) for name in ("LZ1", "MAGN1")
    )
    assert np.corrcoef(*densities)[0, 1] == pytest.approx(0.39, abs=0.06)
    event, other = status == LEVEL[outcome], status == NORMAL
    beta, error = fit(full_model(adults, octaves), event, other)
    assert abs(beta[-1]) < SIGMAS * error[-1]
    crude, error = fit(np.column_stack([np.ones(len(octaves)), octaves]), event, other)
    assert crude[-1] < -SIGMAS * error[-1], "without magnesium it must look protective"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_serum_within_status_does_not_depend_on_covariates(adults, outcome):
    low, high = {"deficiency": (3, 11), "insufficiency": (12, 19)}[outcome]
    ria = adults["ria"][adults["status"] == LEVEL[outcome]]
    assert (ria.min(), ria.max()) == (low, high)
    at = adults["status"] == LEVEL[outcome]
    r = np.corrcoef(ria, adults["MAGN1"][at])[0, 1]
    assert abs(r) < SIGMAS / math.sqrt(at.sum())


def test_the_file_is_current_and_its_figures_come_out_again():
    kept = json.loads(resources.files("analysis.synthetic").joinpath("truth.json").read_text())
    assert kept["model_sha256"] == model_sha256()
    again = compute(100_000, seed=31)
    for name, value in again["prevalence"].items():
        assert value == pytest.approx(kept["prevalence"][name], abs=0.01), name
    for name, value in again["quantiles"].items():
        assert value == pytest.approx(kept["quantiles"][name], abs=3), name
    for outcome in OUTCOMES:
        for level, value in again["quartile_odds_ratio"][outcome].items():
            assert value == pytest.approx(kept["quartile_odds_ratio"][outcome][level], rel=0.03)
        assert again["crude_odds_ratio"][outcome] == pytest.approx(
            kept["crude_odds_ratio"][outcome], rel=0.02
        )
    for name in ("mean_25ohd", "linear_difference"):
        assert again[name] == pytest.approx(kept[name], rel=0.03), name
    assert again["pooled_odds_ratio"] == pytest.approx(kept["pooled_odds_ratio"], rel=0.01)


def test_mean_serum_is_that_of_drawn_people(adults):
    sizes = model()["population"]["size"]
    total = sum(sizes[cycle] for cycle in EARLY)
    serum = sum(lc_ms_equivalent(adults["ria"], cycle) * sizes[cycle] / total for cycle in EARLY)
    error = serum.std() / math.sqrt(len(serum))
    assert abs(serum.mean() - truth().mean_25ohd) < SIGMAS * error


def test_a_stale_file_is_refused(monkeypatch):
    # The package's `truth` is the function, which hides the module of that name.
    module = sys.modules["analysis.synthetic.truth"]
    monkeypatch.setattr(module, "model_sha256", lambda: "other")
    with pytest.raises(RuntimeError, match=r"tools/synthetic_truth\.py"):
        truth.__wrapped__()


@pytest.mark.parametrize("name", sorted(model()["clustering"]))
def test_clustering_leaves_the_margin_alone(name):
    # Over many sets of places the latent variable is standard normal, whatever lies between PSUs.
    means, squares, between = [], [], []
    for seed in range(60):
        places = Places(seed, EARLY[0])
        block = Block(seed, EARLY[0], 0, 1_280, places.of(0, 1_280), places)
        z = block.normal(name)
        means.append(z.mean())
        squares.append((z * z).mean())
        units = np.bincount(block.psu, z) / np.bincount(block.psu)
        between.append(np.var(units))
    error = np.std(means) / math.sqrt(len(means))
    assert abs(np.mean(means)) < SIGMAS * error
    assert np.mean(squares) == pytest.approx(1, abs=SIGMAS * np.std(squares) / math.sqrt(60))
    rho = model()["clustering"][name]
    noise = (1 - rho) / 40  # people a PSU
    assert np.mean(between) == pytest.approx(rho + noise, rel=0.25)


def test_strata_hold_similar_places():
    # Stratum after stratum takes its slice of the distribution of places by race and ethnicity.
    places = Places(12, EARLY[0])
    share = normal_cdf(places.effect("race"))
    np.testing.assert_array_equal(np.floor(share * 15), places.stratum)
    assert (np.floor(normal_cdf(places.effect("status")) * 15) != places.stratum).any()


def test_oversampling_is_undone_by_the_weights():
    sampled = draw_people(Block(1, EARLY[0], 0, 200_000))
    whole = draw_people(Block(2, EARLY[0], 0, 200_000), sampled=False)
    w = sampled["inverse_rate"]
    for name in ("race", "age_group", "female"):
        for code in np.unique(whole[name]):
            expected = (whole[name] == code).mean()
            got = w[sampled[name] == code].sum() / w.sum()
            assert got == pytest.approx(expected, abs=0.008), (name, code)


@pytest.mark.parametrize("adults_only", [False, True])
def test_population_draws_are_described_completely(adults_only):
    block = Block(3, EARLY[1], 0, 5_000)
    drawn = draw_people(block, sampled=False, adults=adults_only)
    drawn["day"] = np.ones(block.size)
    people = describe(block, drawn)
    assert (people["age"] >= 20).all() == adults_only
    allowed = {"height", "bmi"}  # not measured below 2 years
    for name, values in people.items():
        if name not in allowed:
            assert np.isfinite(values).all(), name
