"""Write the made-up samples on which our digits are held against R's (see README.md).

Every number is drawn from a seeded generator: no row describes anybody.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.survey.hadamard import hadamard

HERE = Path(__file__).parent
DESIGNS = HERE / "designs"
RULES = ("adjust", "average", "remove", "certainty")
DOMAINS = ("everyone", "group_b", "patchy")


def sample(
    seed: int, psus: list[int], rows: int, *, spread: float, event_rate: float
) -> pd.DataFrame:
    """Draw a sample of `rows` rows in strata with the given numbers of PSUs.

    `spread` is the standard deviation of the logarithm of the weights.
    """
    rng = np.random.default_rng(seed)
    units = [(h, c) for h, size in enumerate(psus) for c in range(1, size + 1)]
    unit = rng.choice(len(units), rows)
    unit[: len(units)] = np.arange(len(units))
    strata, labels = np.array(units)[unit].T
    effect = rng.normal(0, 0.5, len(units))[unit]
    x = rng.normal(0, 1, rows) + effect
    group = rng.choice(["a", "b", "c"], rows, p=[0.4, 0.4, 0.2])
    z = np.exp(rng.normal(2, 0.4, rows))
    y = 20 + 3 * x - 2 * (group == "b") + 0.3 * z + 4 * effect + rng.normal(0, 4, rows)
    odds = event_rate / (1 - event_rate) * np.exp(0.4 * x + 0.5 * (group == "c") + effect)
    incomplete = np.where(rng.random(rows) < 0.12, np.nan, x + rng.normal(0, 1, rows))
    incomplete[strata == 1] = np.nan  # nothing is left of this stratum
    patchy = rng.random(rows) < 0.6
    patchy[np.isin(strata, (2, 3))] = False  # misses two strata ...
    patchy[(strata == 4) & (labels != 1)] = False  # ... and leaves one PSU of another
    return pd.DataFrame(
        {
            "stratum": strata + 101,
            "psu": labels,
            "unit": unit + 1,  # a label of its own for every PSU
            "weight": np.round(np.exp(rng.normal(8, spread, rows)), 3),
            "x": np.round(x, 4),
            "z": np.round(z, 3),
            "group": group,
            "band": np.select([z < 6, z < 9], ["low", "mid"], "top"),
            "y": np.round(y, 1),  # ties, as measurements have
            "event": (rng.random(rows) < odds / (1 + odds)).astype(int),
            "incomplete": np.round(incomplete, 4),
            "everyone": 1,
            "group_b": (group == "b").astype(int),
            "patchy": patchy.astype(int),
        }
    )


def with_outcomes(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Add outcomes for the other regression models, from a generator of their own.

    ``count`` is a number of events during ``years`` at risk, ``cost`` positive and skew, ``grade``
    ordered 1 to 4, ``kind`` one of three, and ``status`` tells of an event (or censoring) at
    ``exit`` after joining at ``entry``, with ties as whole months give them.
    """
    rng = np.random.default_rng(seed)
    rows = len(frame)
    predictor = 0.3 * frame["x"].to_numpy() + 0.4 * (frame["band"] == "top").to_numpy()
    years = np.round(rng.uniform(0.5, 3, rows), 2)
    ordered = predictor + rng.logistic(0, 1, rows)
    gumbel = rng.gumbel(size=(rows, 3)) + np.outer(predictor, [0.0, 0.8, -0.6])
    entry = rng.integers(0, 12, rows)
    follow_up = np.ceil(rng.exponential(40 * np.exp(-predictor), rows)).astype(int)
    censored = rng.integers(6, 61, rows)
    return frame.assign(
        years=years,
        count=rng.poisson(years * np.exp(0.2 + predictor)),
        cost=np.round(np.exp(1 + predictor) * rng.gamma(2.0, 0.5, rows) + 0.01, 2),
        grade=1 + np.searchsorted([-1.2, 0.4, 1.8], ordered),
        kind=np.array(["none", "some", "much"])[gumbel.argmax(axis=1)],
        entry=entry,
        exit=entry + np.minimum(follow_up, censored),
        status=(follow_up <= censored).astype(int),
    )


def with_zero_weights(frame: pd.DataFrame) -> pd.DataFrame:
    """Set the weight of scattered rows, of a whole PSU and of a whole stratum to zero."""
    frame = frame.copy()
    frame.loc[::9, "weight"] = 0.0
    frame.loc[frame["unit"] == 12, "weight"] = 0.0
    frame.loc[frame["stratum"] == 109, "weight"] = 0.0
    return frame


def with_population(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Add the PSUs of each stratum in the population, and the fraction of them in the sample.

    The first stratum is drawn whole.
    """
    drawn = frame.groupby("stratum")["psu"].nunique()
    more = np.random.default_rng(seed).integers(1, 9, len(drawn))
    more[0] = 0
    population = drawn + more
    size = frame["stratum"].map(population)
    return frame.assign(
        population=size, fraction=frame["stratum"].map(drawn) / size, units=3 * frame["unit"].max()
    )


def given_factors(frame: pd.DataFrame, seed: int) -> dict[str, tuple[np.ndarray, list | None]]:
    """Make factors of the units, shape (units, sets), and the rscales, as a survey office might."""
    rng = np.random.default_rng(seed)
    units = frame.drop_duplicates("unit").sort_values("unit")
    strata = units["stratum"].to_numpy()
    count = len(units)
    groups = rng.permutation(np.arange(count) % 20)  # random groups, one left out at a time
    delete_group = np.where(groups[:, None] == np.arange(20), 0.0, 20 / 19)
    sizes = pd.Series(strata).map(pd.Series(strata).value_counts()).to_numpy()
    delete_one = np.where(
        np.eye(count, dtype=bool), 0.0,
        np.where(strata[:, None] == strata, sizes / (sizes - 1), 1.0),
    )  # fmt: skip
    halves = np.where(rng.random((count, 24)) < 0.5, 1.7, 0.3)
    drawn = np.empty((count, 40))
    for stratum in np.unique(strata):
        inside = strata == stratum
        size = inside.sum()
        draws = rng.multinomial(size - 1, np.full(size, 1 / size), size=40).T
        drawn[inside] = draws * size / (size - 1)
    return {
        "delete_group": (delete_group, None),
        "delete_one": (delete_one, list((sizes - 1) / sizes)),
        "halves": (halves, None),
        "drawn": (drawn, None),
    }


def replicate_cases(rscales: list) -> list[dict]:
    """List the designs with replicate weights, and those with a finite population correction."""
    nested = {"strata": "stratum", "psu": "psu", "rule": "fail", "mse": False}
    one_stratum = nested | {"strata": None, "psu": "unit"}
    mse = {"mse": True}
    cases = {
        "fpc_population": nested | {"file": "plain", "fpc": "population"},
        "fpc_fraction": nested | {"file": "plain", "fpc": "fraction"},
        "fpc_no_strata": one_stratum | {"file": "plain", "fpc": "units"},
        "jkn": nested | {"file": "plain", "make": "JKn"},
        "jkn_mse": nested | {"file": "plain", "make": "JKn"} | mse,
        "jkn_hard": nested | {"file": "hard", "make": "JKn"},
        "jkn_fpc": nested | {"file": "plain", "make": "JKn", "fpc": "population"},
        "jk1": one_stratum | {"file": "plain", "make": "JK1"},
        "jk1_mse": one_stratum | {"file": "lonely", "make": "JK1"} | mse,
        "jk1_fpc": one_stratum | {"file": "plain", "make": "JK1", "fpc": "units"},
        "brr": nested | {"file": "paired", "make": "BRR"},
        "brr_mse": nested | {"file": "paired", "make": "BRR"} | mse,
        "fay": nested | {"file": "paired", "make": "Fay", "rho": 0.3},
    }
    for rule in RULES:
        cases[f"jkn_{rule}"] = nested | {"file": "lonely", "make": "JKn", "rule": rule}
    factors = {
        "given_jk1": {"factors": "delete_group", "method": "JK1", "combined": True},
        "given_jk1_factors": {"factors": "delete_group", "method": "JK1", "combined": False},
        "given_jkn": {
            "factors": "delete_one", "method": "JKn", "combined": True, "rscales": rscales,
        },
        "given_jkn_factors": {"factors": "delete_one", "method": "JKn", "combined": False},
        "given_brr": {"factors": "halves", "method": "BRR", "combined": True},
        "given_fay": {"factors": "halves", "method": "Fay", "rho": 0.7, "combined": True},
        "given_bootstrap": {"factors": "drawn", "method": "bootstrap", "combined": True},
        "given_scaled": {
            "factors": "drawn", "method": "bootstrap", "combined": False, "scale": 0.03,
            "rscales": [0.0, 2.0] + [1.0] * 38,
        },
    }  # fmt: skip
    cases |= {
        name: {"file": "plain", "rule": "fail", "mse": False} | case
        for name, case in factors.items()
    }
    return [{"case": name, "domains": DOMAINS} | case for name, case in cases.items()]


def write_replicates(frame: pd.DataFrame) -> None:
    """Write the factors of replicate weights, a Hadamard matrix, and the list of designs."""
    labels = pd.Index(np.sort(frame["unit"].unique()), name="unit")
    factors = given_factors(frame, 5)
    for name, (matrix, _) in factors.items():
        columns = [f"r{j + 1}" for j in range(matrix.shape[1])]
        pd.DataFrame(matrix, labels, columns).to_csv(DESIGNS / f"{name}.csv")
    np.savetxt(DESIGNS / "hadamard.csv", hadamard(13), fmt="%d", delimiter=",")
    cases = replicate_cases(factors["delete_one"][1] or [])
    (DESIGNS / "replicates.json").write_text(json.dumps(cases, indent=1) + "\n")


def main() -> None:
    """Write the samples and the lists of designs made of them."""
    DESIGNS.mkdir(exist_ok=True)
    plain = sample(1, [2] * 9 + [3] * 3, 600, spread=0.7, event_rate=0.3)
    lonely = sample(2, [2, 3, 2, 2, 2, 1, 2, 1, 3, 2], 500, spread=0.7, event_rate=0.3)
    lonely = with_zero_weights(lonely)
    hard = with_zero_weights(sample(3, [2] * 8 + [4, 3, 3], 700, spread=2.4, event_rate=0.06))
    paired = sample(4, [2] * 8 + [4, 4], 600, spread=0.7, event_rate=0.3)
    plain = with_population(plain, 6)
    write_replicates(plain)
    files = {"plain": plain, "lonely": lonely, "hard": hard, "paired": paired}
    for seed, (name, frame) in enumerate(files.items(), start=11):
        with_outcomes(frame, seed).to_csv(DESIGNS / f"{name}.csv", index=False)
    cases = [
        {"case": "nested", "file": "plain", "strata": "stratum", "psu": "psu", "rules": ["fail"]},
        {"case": "hard", "file": "hard", "strata": "stratum", "psu": "psu", "rules": ["fail"]},
        {"case": "lonely", "file": "lonely", "strata": "stratum", "psu": "psu", "rules": RULES},
        {"case": "no_psu", "file": "plain", "strata": "stratum", "psu": None, "rules": ["fail"]},
        {"case": "no_strata", "file": "lonely", "strata": None, "psu": "unit", "rules": ["fail"]},
        {"case": "weights_only", "file": "hard", "strata": None, "psu": None, "rules": ["fail"]},
    ]
    for case in cases:
        case["domains"] = DOMAINS
    (DESIGNS / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
