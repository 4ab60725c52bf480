"""Count how often the engine's 95% intervals hold the truth of a known population.

    .venv/bin/python benchmarks/coverage_design.py --samples 2500 --jobs 2

One finite population of strata, clusters (PSUs) and people is made and kept; what its people have
in all is the truth, without a model. Samples are drawn from it again and again: in every stratum
some PSUs with replacement, with probability proportional to a measure of size; in each PSU a fixed
number of people of a group that is oversampled and of all others, without replacement. The group
has other outcomes and other slopes, so that weights go with the outcome.

Design-based intervals (linearised, and the stratified jackknife) stand beside two naive ones: as if
people had been drawn one by one with equal chances; and weighted, but as if drawn one by one.
"""

from __future__ import annotations

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.formula.api import glm
from statsmodels.genmod import families

from analysis.errors import InputError
from analysis.survey import Design, ModelResults

POPULATION_SEED = 20_130
SAMPLE_SEED = 4_000
NOMINAL = 0.95
STRATA = 30
PSUS_IN_STRATUM = 40
TAKEN = {True: 20, False: 20}
"""People taken in each PSU that is drawn: of the oversampled group, and of all others."""
DRAWN = {"30 df": 2, "60 df": 3}
"""PSUs drawn in each stratum, by degrees of freedom: 30 x 2 - 30 and 30 x 3 - 30."""
SLOPE = "event ~ x"
INTERACTION = "event ~ x * urban"


@dataclass(frozen=True)
class Interval:
    """One estimate of one sample; `truth` is the same of the whole population."""

    what: str
    method: str
    estimate: float
    std_error: float
    low: float
    high: float


@dataclass(frozen=True)
class Population:
    """Everyone (`people`), what the samples aim at, and how they are drawn.

    Attributes
    ----------
    people : DataFrame
    truth : dict of str to float
        By estimate.
    chance : array, shape (STRATA, PSUS_IN_STRATUM)
        Of each PSU in a single draw in its stratum.
    members : dict
        Positions of people by stratum, PSU and group.
    """

    people: pd.DataFrame
    truth: dict[str, float]
    chance: np.ndarray
    members: dict[tuple[int, int, bool], np.ndarray]


@cache
def population() -> Population:
    """Make the population, and count what is true in it."""
    rng = np.random.default_rng(POPULATION_SEED)
    shape = (STRATA, PSUS_IN_STRATUM)
    level = rng.normal(0, 0.4, (STRATA, 1)) + rng.normal(0, 0.5, shape)
    tilt = rng.normal(0, 0.6, shape)
    urban = rng.random(shape) < 0.5
    sizes = rng.integers(100, 300, shape)
    share = rng.uniform(0.2, 0.4, shape)
    h, c = (np.repeat(i.ravel(), sizes.ravel()) for i in np.indices(shape))
    n = len(h)
    group = rng.random(n) < share[h, c]
    x = 0.5 * level[h, c] + rng.normal(0, 1, n)
    city = urban[h, c]
    log_odds = (
        -0.8 + level[h, c] + 0.3 * city + (0.5 + tilt[h, c]) * x
        + group * (0.8 - 0.6 * x) + city * x * (0.2 + 0.5 * group)
    )  # fmt: skip
    people = pd.DataFrame(
        {
            "stratum": h,
            "x": x,
            "urban": city.astype(float),
            "group": group,
            "y": 10 + 2 * level[h, c] + 2 * group + city + x + rng.normal(0, 3, n),
            "event": (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float),
        }
    )
    # A measure of size that favours cities, as where a survey wants more people of some kind.
    size = sizes * np.where(urban, 2.0, 1.0)
    members = {(int(i), int(j), bool(g)): rows for (i, j, g), rows in
               people.groupby([h, c, group]).indices.items()}  # fmt: skip
    whole = {formula: glm(formula, people, family=families.Binomial()).fit().params
             for formula in (SLOPE, INTERACTION)}  # fmt: skip
    truth = {
        "mean": float(people["y"].mean()),
        "logistic slope": float(whole[SLOPE]["x"]),
        "interaction": float(whole[INTERACTION]["x:urban"]),
    }
    return Population(people, truth, size / size.sum(axis=1, keepdims=True), members)


def draw(drawn: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a sample, with its PSUs and weights."""
    everyone = population()
    rows, psus, weights = [], [], []
    for h in range(STRATA):
        for k, c in enumerate(rng.choice(PSUS_IN_STRATUM, drawn, p=everyone.chance[h])):
            for group, wanted in TAKEN.items():
                there = everyone.members[h, int(c), group]
                taken = rng.choice(there, min(wanted, len(there)), replace=False)
                rows.append(taken)
                psus.append(np.full(len(taken), k))
                weight = len(there) / len(taken) / (drawn * everyone.chance[h, c])
                weights.append(np.full(len(taken), weight))
    sample = everyone.people.iloc[np.concatenate(rows)].reset_index(drop=True)
    return sample.assign(psu=np.concatenate(psus), weight=np.concatenate(weights))


def one_sample(number: int, drawn: int) -> list[Interval] | None:
    """Draw a sample and estimate by every method; None if a model cannot be fitted."""
    frame = draw(drawn, np.random.default_rng([SAMPLE_SEED, drawn, number]))
    linearised = Design(frame, weights="weight", strata="stratum", psu="psu")
    try:
        return [
            *_designed("linearised", linearised),
            *_designed("JKn", linearised.as_replicates("JKn")),
            *_designed("naive: weights alone", Design(frame, weights="weight")),
            *_unweighted("naive: no weights", frame),
        ]
    except InputError:
        return None


def _designed(method: str, design: Design) -> list[Interval]:
    mean = design.mean("y").only
    slope = design.glm(SLOPE, family="binomial")
    product = design.glm(INTERACTION, family="binomial")
    return [
        Interval("mean", method, *mean[["estimate", "std_error", "conf_low", "conf_high"]]),
        _coefficient("logistic slope", method, slope, "x"),
        _coefficient("interaction", method, product, "x:urban"),
    ]


def _unweighted(method: str, frame: pd.DataFrame) -> list[Interval]:
    y = frame["y"]
    std_error = float(y.std() / math.sqrt(len(y)))
    half = float(stats.t.ppf((1 + NOMINAL) / 2, len(y) - 1)) * std_error
    fits = {formula: glm(formula, frame, family=families.Binomial()).fit()
            for formula in (SLOPE, INTERACTION)}  # fmt: skip
    return [
        Interval("mean", method, float(y.mean()), std_error, y.mean() - half, y.mean() + half),
        _coefficient("logistic slope", method, fits[SLOPE], "x"),
        _coefficient("interaction", method, fits[INTERACTION], "x:urban"),
    ]


def _coefficient(what: str, method: str, model: ModelResults | Any, name: str) -> Interval:
    low, high = model.conf_int().loc[name]
    return Interval(what, method, model.params[name], model.bse[name], low, high)


def table(samples: list[list[Interval]]) -> pd.DataFrame:
    """Summarise: bias and mean standard error in standard deviations of the estimate, coverage."""
    truth = population().truth
    rows = []
    for same in zip(*samples, strict=True):
        true = truth[same[0].what]
        estimates = np.array([i.estimate for i in same])
        deviation = estimates.std(ddof=1)
        rows.append(
            {
                "estimate": same[0].what,
                "method": same[0].method,
                "truth": round(true, 4),
                "bias / SD": round((estimates.mean() - true) / deviation, 2),
                "SE / SD": round(np.mean([i.std_error for i in same]) / deviation, 3),
                "coverage %": round(100 * np.mean([i.low <= true <= i.high for i in same]), 1),
            }
        )
    order = {what: place for place, what in enumerate(truth)}
    found = pd.DataFrame(rows)
    return found.sort_values("estimate", key=lambda names: names.map(order), kind="stable")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=2_500, help="of each design")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    population()  # once, before the workers part
    print(f"population of {len(population().people):,} people in {STRATA} strata of "
          f"{PSUS_IN_STRATUM} PSUs; seeds {POPULATION_SEED} and {SAMPLE_SEED}")  # fmt: skip
    for name, drawn in DRAWN.items():
        start = time.perf_counter()
        with ProcessPoolExecutor(options.jobs) as pool:
            work = partial(one_sample, drawn=drawn)
            tried = list(pool.map(work, range(options.samples), chunksize=10))
        fitted = [sample for sample in tried if sample]
        error = 100 * math.sqrt(NOMINAL * (1 - NOMINAL) / len(fitted))
        print(f"\n{name}: {drawn} PSUs in each of {STRATA} strata; {len(fitted):,} of "
              f"{len(tried):,} samples could be fitted; Monte Carlo standard error {error:.2f}; "
              f"{time.perf_counter() - start:.0f} s")  # fmt: skip
        print(table(fitted).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
