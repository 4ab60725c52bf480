"""Who is in the sample: places, people, and whether they answered; and their weights.

A population without limit is sampled in stages. Every stratum stands for an equal share of it and
holds PSUs that stand for equal shares of the stratum; within a PSU people are drawn at rates that
depend on race and ethnicity, age and segment. The weight is the inverse of the chance of selection,
times the inverse of the chance to respond, so that weighted estimates have the population's values
as their expectation.

What people of one place share enters through latent normal variables: a person's value is
sqrt(rho) Z + sqrt(1 - rho) e, with Z common to the PSU. Its marginal distribution is the standard
normal whatever rho is, so clustering changes no population value, in particular no coefficient of
the outcome's model (which it would if a random effect stood in the linear predictor).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.synthetic.arithmetic import Array, normal_cdf, normal_quantile, uniforms
from analysis.synthetic.parameters import CYCLES, model

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]
People = dict[str, NDArray[Any]]
"""Columns by name, one value a person; NaN where there is none."""


def pick(shares: Array, u: Array) -> Codes:
    """Draw a category for each uniform number.

    Parameters
    ----------
    shares : ndarray of float, shape (k,) or (n, k)
        Shares of the categories, for everyone or for each person; they are scaled to sum to 1.
    u : ndarray of float, shape (n,)
        Uniform numbers.

    Returns
    -------
    ndarray of int, shape (n,)
        0 to k - 1.
    """
    shares = np.atleast_2d(np.asarray(shares, dtype=np.float64))
    cumulative = np.zeros(len(shares))
    bounds = []
    for column in range(shares.shape[1]):  # in order: the sum must not depend on the machine
        cumulative = cumulative + shares[:, column]
        bounds.append(cumulative)
    found = np.zeros(len(u), dtype=np.int64)
    for bound in bounds[:-1]:
        found += u >= bound / bounds[-1]
    return found


@dataclass(frozen=True)
class Places:
    """The strata and PSUs of one cycle.

    Parameters
    ----------
    seed : int
        The survey's seed.
    cycle : str
        Name of the cycle.
    """

    seed: int
    cycle: str

    @property
    def key(self) -> int:
        """Number of the cycle in names of random streams."""
        return CYCLES.index(self.cycle)

    @cached_property
    def stratum(self) -> Codes:
        """Position of each PSU's stratum, 0 to 14."""
        design = model()["design"]
        units = [3 if s in design["three_units"] else 2 for s in range(design["strata"])]
        return np.repeat(np.arange(design["strata"]), units)

    @cached_property
    def unit(self) -> Codes:
        """Number of each PSU within its stratum, from 1."""
        first = np.searchsorted(self.stratum, self.stratum)
        return np.arange(len(self.stratum)) - first + 1

    @cached_property
    def pattern(self) -> Codes:
        """PSU of each of the first so many people; the next people repeat it."""
        design = model()["design"]
        low, high = design["unit_size"]
        u = uniforms(self.seed, self.key, "unit size", size=len(self.stratum))
        # Equal sizes a stratum keep the sum; PSUs of one stratum differ.
        size = low + (high - low) * u
        cumulative, order = (
            0.0,
            np.argsort(
                uniforms(self.seed, self.key, "pattern", size=design["pattern"]), kind="stable"
            ),
        )
        ends = []
        for part in size.tolist():
            cumulative += part
            ends.append(cumulative)
        bounds = [round(design["pattern"] * end / cumulative) for end in ends]
        sequence = np.repeat(np.arange(len(size)), np.diff([0, *bounds]))
        return sequence[order]

    def of(self, start: int, count: int) -> Codes:
        """PSU of people number `start` to `start + count - 1`."""
        return self.pattern[(start + np.arange(count)) % len(self.pattern)]

    def effect(self, name: str) -> Array:
        """Z of every PSU for one latent variable.

        For race and ethnicity the strata are slices of equal probability of the normal
        distribution: similar places share a stratum, and over all strata Z is standard normal.
        """
        u = uniforms(self.seed, self.key, "place", name, size=len(self.stratum))
        if name == "race":
            u = (self.stratum + u) / model()["design"]["strata"]
        return normal_quantile(u)


@dataclass(frozen=True)
class Block:
    """Some people who follow each other, and the random streams that describe them.

    Parameters
    ----------
    seed : int
        The survey's seed.
    cycle : str
        Name of the cycle.
    number : int
        Number of the block.
    size : int
        People in it.
    psu : ndarray of int or None
        Everyone's PSU; None for people drawn from the population at large.
    places : Places or None
        The PSUs; None with `psu`.
    """

    seed: int
    cycle: str
    number: int
    size: int
    psu: Codes | None = None
    places: Places | None = None

    def uniform(self, name: str) -> Array:
        """Draw independent uniform numbers."""
        return uniforms(self.seed, CYCLES.index(self.cycle), self.number, name, size=self.size)

    def normal(self, name: str) -> Array:
        """Draw standard normal numbers, correlated within PSUs if `[clustering]` names them."""
        noise = normal_quantile(self.uniform(name))
        rho = model()["clustering"].get(name, 0.0)
        if self.places is None or self.psu is None or not rho:
            return noise
        common = self.places.effect(name)[self.psu]
        return np.sqrt(rho) * common + np.sqrt(1.0 - rho) * noise

    def copula(self, name: str) -> Array:
        """Draw uniform numbers, correlated within PSUs if `[clustering]` names them."""
        return normal_cdf(self.normal(name))


def _race_rates(cycle: str, sampled: bool) -> tuple[Array, Array]:
    """Shares of races and ethnicities, and of ages within them, in the sample or population."""
    race, age = model(cycle)["race"], model(cycle)["age"]
    white = np.array([code == 3 for code in race["codes"]])
    ages = np.where(white[:, None], age["share_white"], age["share_other"])
    ages = ages / np.array([sum(row) for row in ages.tolist()])[:, None]
    if not sampled:
        return np.array(race["share"]), ages
    rates = ages * np.array(age["rate"])
    mean_rate = np.array([sum(row) for row in rates.tolist()])
    return np.array(race["share"]) * np.array(race["rate"]) * mean_rate, rates


def draw_people(block: Block, *, sampled: bool = True, adults: bool = False) -> People:
    """Draw who is selected: race and ethnicity, age, sex, and the inverse of the sampling rate.

    Parameters
    ----------
    block : Block
        The people.
    sampled : bool
        At the survey's rates; otherwise in the population's proportions.
    adults : bool
        Only people of 20 years and over (in the population's proportions).

    Returns
    -------
    dict of str to ndarray
        `race` (RIDRETH1), `age_group` (position in `[age]`), `age` (years, top-coded), `female`
        (0, 1), `inverse_rate`.
    """
    race, age, segment = (model(block.cycle)[name] for name in ("race", "age", "segment"))
    races, ages = _race_rates(block.cycle, sampled)
    if adults:
        ages = np.where(np.array(age["first"]) >= 20, ages, 0.0)
        races = races * np.array([sum(row) for row in ages.tolist()])
    which = pick(races, block.copula("race"))
    group = pick(ages[which], block.uniform("age group"))
    first, last = np.array(age["first"])[group], np.array(age["last"])[group]
    years = first + np.floor((last - first + 1) * block.uniform("age"))
    share, rate = np.array(segment["share"]), np.array(segment["rate"])
    where = pick(share * rate if sampled else share, block.uniform("segment"))
    chance = np.array(race["rate"])[which] * np.array(age["rate"])[group] * rate[where]
    return {
        "race": np.array(race["codes"], dtype=np.float64)[which],
        "age_group": group.astype(np.float64),
        "age": np.minimum(years.astype(np.float64), age.get("top", age["last"][-1])),
        "female": (block.uniform("sex") < age["female"]).astype(np.float64),
        "inverse_rate": 1.0 / chance,
    }


def draw_response(block: Block, people: People) -> People:
    """Draw who is examined and recalls, on which day, and the inverse of each response rate.

    Returns
    -------
    dict of str to ndarray
        `examined`, `recall` (DR1DRSTZ: 1, 2, 4 or 5; NaN if not examined), `day` (1 to 7, NaN
        without a recall), `second` (0, 1), `inverse_exam`, `inverse_recall`, `inverse_second`.
    """
    age, recall = model(block.cycle)["age"], model(block.cycle)["recall"]
    rate = np.array(age["examined"])[people["age_group"].astype(np.int64)]
    examined = block.uniform("examined") < rate
    breast = np.zeros(block.size)
    for years, share in recall["breast_fed"].items():
        breast = np.where(people["age"] == float(years), share, breast)
    fed = block.uniform("breast-fed") < breast
    u = block.uniform("recall")
    lost = recall["not_done"] + recall["not_reliable"]
    status = np.where(u < recall["not_done"], 5.0, np.where(u < lost, 2.0, np.where(fed, 4.0, 1.0)))
    chance = np.array(recall["day"])
    day = pick(chance, block.uniform("day"))
    asked = examined & (status != 5)
    weighed = examined & np.isin(status, (1, 4))
    second = weighed & (block.uniform("second day") < recall["second_day"])
    return {
        "examined": examined.astype(np.float64),
        "recall": np.where(examined, status, np.nan),
        "day": np.where(asked, day + 1.0, np.nan),
        "second": second.astype(np.float64),
        "inverse_exam": np.where(examined, 1.0 / rate, 0.0),
        "inverse_recall": np.where(weighed, 1.0 / ((1.0 - lost) * 7.0 * chance[day]), 0.0),
        "inverse_second": np.where(second, 1.0 / recall["second_day"], 0.0),
    }
