"""What is true in the artificial population: what a correct analysis must find, up to chance.

Two kinds of truth. The coefficients of the outcome's model are set: status is drawn from a
multinomial logit in the values as published, so the logistic models of deficiency and of
insufficiency against normal status hold exactly with them, provided that the model holds every
covariate of `[status]` in a coding at least as fine. Prevalences, cut-points and what misspecified
models converge to are properties of the whole population; they are computed from a large draw of
it, with each person's probabilities in place of drawn outcomes, and kept in `truth.json`.

Interaction. Let m be magnesium (per 100 mg above 300) and v the log2 of micrograms of vitamin D
from food. Given status y, v is normal with mean c + s (shift_y + slope_y m) and spread s, where
slope is +g for normal and -g for low status. By Bayes' rule the log odds of low status given v as
well gain

    z (d - 2 g m) + g m (d + 2 shift_normal) - (shift_low^2 - shift_normal^2) / 2,

with z = (v - c) / s and d = shift_low - shift_normal; the terms in m^2 cancel because the slopes
have the same size. So the model with m, z and m z is exactly logistic too.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from analysis.synthetic.arithmetic import Array
from analysis.synthetic.draw import Block, People, draw_people
from analysis.synthetic.parameters import EARLY, model, model_sha256
from analysis.synthetic.people import assay_shares, describe, lc_ms_equivalent, status_shares

OUTCOMES = ("deficiency", "insufficiency")
DRAWN = 1_000_000
SEED = 5_000_011
BLOCK = 50_000
RACES = {1: "mexican_american", 2: "other_hispanic", 3: "white", 4: "black", 5: "other"}


@dataclass(frozen=True)
class Truth:
    """The truth of the model for adults of 20 years and over.

    Parameters
    ----------
    odds_ratio : dict of str to float
        By outcome (`deficiency`, `insufficiency`, each against normal status): the odds ratio per
        100 mg of magnesium of the first recall in the full model. Exact.
    coefficients : dict of str to dict
        By outcome: every log odds ratio of the full model, named and scaled as in `model.toml`.
        Exact.
    interaction : dict of str to dict
        By outcome: log odds ratios of the full model with `vitamin_d` (per spread of log2
        micrograms from food, at 300 mg), `magnesium` (per 100 mg, at the median of vitamin D) and
        `product`. Exact.
    prevalence : dict of str to float
        Share of adults: `deficiency`, `insufficiency`, `below_20`, and `below_20` within each sex
        and race or ethnicity (`below_20_male`, ...).
    quantiles : dict of str to float
        Magnesium of the first recall, mg: `p25`, `p50`, `p75`.
    quartile_odds_ratio : dict of str to dict
        By outcome: what the full model with quartiles in place of mg converges to, `Q2` to `Q4`.
    crude_odds_ratio : dict of str to float
        By outcome: what the model without covariates converges to, per 100 mg.
    pooled_odds_ratio : float
        What the full model of low status (below 20 ng/mL) converges to, per 100 mg.
    mean_25ohd : float
        Mean serum 25(OH)D of adults, nmol/L (LC-MS/MS equivalent), over the three cycles.
    linear_difference : float
        What the full linear model of serum 25(OH)D converges to, nmol/L per 100 mg.
    people : int
        Size of the draw behind all but the exact figures.
    """

    odds_ratio: dict[str, float]
    coefficients: dict[str, dict[str, float]]
    interaction: dict[str, dict[str, float]]
    prevalence: dict[str, float]
    quantiles: dict[str, float]
    quartile_odds_ratio: dict[str, dict[str, float]]
    crude_odds_ratio: dict[str, float]
    pooled_odds_ratio: float
    mean_25ohd: float
    linear_difference: float
    people: int


@functools.cache
def truth() -> Truth:
    """Return the truth of the model.

    Raises
    ------
    RuntimeError
        If `truth.json` was computed from other parameters than those of `model.toml`.
    """
    text = resources.files(__package__).joinpath("truth.json").read_text(encoding="utf-8")
    computed = json.loads(text)
    if computed.pop("model_sha256") != model_sha256():
        raise RuntimeError("truth.json is out of date: run tools/synthetic_truth.py")
    return Truth(**_exact(), **computed)


def _exact() -> dict[str, Any]:
    status = model()["status"]
    coefficients = {
        outcome: {k: v for k, v in status[outcome].items() if k not in ("constant", "child")}
        for outcome in OUTCOMES
    }
    return {
        "coefficients": coefficients,
        "odds_ratio": {o: math.exp(b["magnesium"]) for o, b in coefficients.items()},
        "interaction": {
            outcome: _interaction(level, coefficients[outcome]["magnesium"])
            for outcome, level in (("deficiency", "deficient"), ("insufficiency", "insufficient"))
        },
    }


def _interaction(level: str, slope: float) -> dict[str, float]:
    table = model()["interaction"]
    g, normal, low = table["slope"], table["shift"]["normal"], table["shift"][level]
    return {
        "vitamin_d": low - normal,
        "magnesium": slope + g * (low + normal),
        "product": -2.0 * g,
    }


def population(people: int = DRAWN, seed: int = SEED) -> Iterator[People]:
    """Draw adults of the whole population, without sampling, clustering or missing values.

    Parameters
    ----------
    people : int
        How many, rounded up to whole blocks.
    seed : int
        Seed of the draw.

    Yields
    ------
    dict of str to ndarray
        Blocks of people, with `day` spread evenly over the week.
    """
    for number in range(-(-people // BLOCK)):
        block = Block(seed, EARLY[0], number, BLOCK)
        drawn = draw_people(block, sampled=False, adults=True)
        drawn["day"] = 1.0 + np.floor(7.0 * block.uniform("day"))
        yield describe(block, drawn)


def full_design(people: People) -> Array:
    """Return the columns of the full model but for magnesium, with the constant first."""
    columns = [
        np.ones_like(people["age"]),
        people["age"] - 50.0,
        people["female"],
        *(people["race"] == code for code in (1, 2, 4, 5)),
        *(people["education"] == code for code in (1, 2, 3, 4)),
        people["income"] - 3.0,
        people["bmi"] - 28.0,
        people["winter"],
        people["smoker"] == 1,
        people["smoker"] == 2,
        people["drinker"] == 0,
        people["drinker"] == 1,
        (people["vigorous"] == 1) | (people["moderate"] == 1),
        (people["KCAL1"] - 2200.0) / 100.0,
        (people["CALC1"] - 900.0) / 100.0,
    ]
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


def logistic_limit(blocks: list[tuple[Array, Array, Array]]) -> Array:
    """Coefficients to which a logistic model converges in the population.

    Parameters
    ----------
    blocks : list of (design, event, other)
        Design matrices, shape (n, k), with each person's probability of the event and of the
        reference outcome; whoever has neither outcome does not count.

    Returns
    -------
    ndarray, shape (k,)
        Found by Newton's method.
    """
    beta = np.zeros(blocks[0][0].shape[1])
    for _ in range(50):
        score, information = np.zeros_like(beta), np.zeros((len(beta), len(beta)))
        for design, event, other in blocks:
            fitted = 1.0 / (1.0 + np.exp(-(design @ beta)))
            size = event + other
            score += design.T @ (event - size * fitted)
            information += (design * (size * fitted * (1.0 - fitted))[:, None]).T @ design
        step = np.linalg.solve(information, score)
        beta += step
        if np.abs(step).max() < 1e-10:
            return beta
    raise RuntimeError("Newton's method did not converge")


def compute(people: int = DRAWN, seed: int = SEED) -> dict[str, Any]:
    """Compute what is not exact from a draw of the population.

    Parameters
    ----------
    people : int
        Adults drawn.
    seed : int
        Seed of the draw.

    Returns
    -------
    dict
        The fields of `Truth` that are kept in truth.json.
    """
    dose, shares, designs, group = [], [], [], []
    for block in population(people, seed):
        dose.append(block["MAGN1"])
        shares.append(status_shares(block))
        designs.append(full_design(block))
        group.append(np.column_stack([block["female"], block["race"]]))
    ordered = np.sort(np.concatenate(dose))
    cuts = [float(ordered[math.ceil(len(ordered) * p) - 1]) for p in (0.25, 0.50, 0.75)]
    level = [np.searchsorted(cuts, mg, side="left") for mg in dose]
    quartiles = [np.column_stack([q == 1, q == 2, q == 3]).astype(np.float64) for q in level]
    linear = [((mg - 300.0) / 100.0)[:, None] for mg in dose]
    event = {"deficiency": 2, "insufficiency": 1}

    def limit(parts: list[Array], columns: tuple[int, ...], *, crude: bool = False) -> Array:
        return logistic_limit(
            [
                (np.hstack([part, d[:, :1] if crude else d]), p[:, columns].sum(axis=1), p[:, 0])
                for part, d, p in zip(parts, designs, shares, strict=True)
            ]
        )

    serum = [part @ serum_means() for part in shares]
    full = [np.hstack([m, d]) for m, d in zip(linear, designs, strict=True)]
    squares = np.sum([x.T @ x for x in full], axis=0)
    products = np.sum([x.T @ y for x, y in zip(full, serum, strict=True)], axis=0)
    slope = np.linalg.solve(squares, products)[0]
    odds = {outcome: np.exp(limit(quartiles, (event[outcome],))) for outcome in OUTCOMES}
    return {
        "prevalence": _prevalence(np.concatenate(shares), np.concatenate(group)),
        "quantiles": dict(zip(("p25", "p50", "p75"), cuts, strict=True)),
        "quartile_odds_ratio": {
            outcome: {f"Q{i + 2}": round(float(odds[outcome][i]), 4) for i in range(3)}
            for outcome in OUTCOMES
        },
        "crude_odds_ratio": {
            outcome: round(float(np.exp(limit(linear, (event[outcome],), crude=True)[0])), 4)
            for outcome in OUTCOMES
        },
        "pooled_odds_ratio": round(float(np.exp(limit(linear, (1, 2))[0])), 4),
        "mean_25ohd": round(float(np.concatenate(serum).mean()), 3),
        "linear_difference": round(float(slope), 4),
        "people": len(ordered),
    }


def serum_means() -> Array:
    """Mean 25(OH)D in nmol/L within normal, insufficient and deficient status, over all cycles.

    Cycles count by the size of their population, as they do in pooled weights.
    """
    sizes = model()["population"]["size"]
    means = []
    for values, pmf in assay_shares():
        by_cycle = [float(lc_ms_equivalent(values, cycle) @ pmf) * sizes[cycle] for cycle in EARLY]
        means.append(math.fsum(by_cycle) / sum(sizes[cycle] for cycle in EARLY))
    return np.array(means)


def _prevalence(shares: Array, group: Array) -> dict[str, float]:
    below = shares[:, 1] + shares[:, 2]
    found = {
        "deficiency": shares[:, 2].mean(),
        "insufficiency": shares[:, 1].mean(),
        "below_20": below.mean(),
        "below_20_male": below[group[:, 0] == 0].mean(),
        "below_20_female": below[group[:, 0] == 1].mean(),
    }
    for code, name in RACES.items():
        found[f"below_20_{name}"] = below[group[:, 1] == code].mean()
    return {name: round(float(value), 4) for name, value in found.items()}
