"""Multiple imputation where the truth is known: bias, standard errors, coverage, beside R's mice.

    .venv/bin/python benchmarks/imputation.py --samples 300 [--mice]

Each sample has 12 strata of 2 PSUs. A continuous and a categorical confounder are missing where
the outcome is high (at random given what is observed, so that complete cases are a selection). The
slope of the dose and that of the confounder are estimated before anything is missing, in complete
cases, and from imputed sets pooled by Rubin's rules; `--mice` does the last in R on the same
samples, with the PSUs as columns (predictive mean matching, and polyreg for the categories).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from analysis.survey import Design, impute, pool

STRATA, PEOPLE = 12, 30
TRUTH = {"dose": 0.5, "x": 1.0}
MODEL = "y ~ dose + x + C(k)"
COLUMNS = ["dose", "x", "k", "y", "log_weight"]
SETS, SWEEPS = 10, 5


def sample(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a sample, and the same with its gaps."""
    rng = np.random.default_rng(np.random.SeedSequence(2018, spawn_key=(seed,)))
    n = STRATA * 2 * PEOPLE
    town = np.repeat(rng.normal(0, 0.5, STRATA * 2), PEOPLE)
    x = rng.normal(size=n) + town
    k = (rng.random(n) < 1 / (1 + np.exp(-0.8 * x))).astype(int) + (rng.random(n) < 0.3)
    dose = 0.7 * x + rng.normal(size=n)
    y = TRUTH["dose"] * dose + TRUTH["x"] * x + 0.5 * (k == 1) + rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(STRATA), 2 * PEOPLE),
            "psu": np.tile(np.repeat([1, 2], PEOPLE), STRATA),
            "weight": np.exp(0.3 * rng.normal(size=n) + 0.1 * town),
            "dose": dose,
            "x": x,
            "k": pd.Categorical.from_codes(k, ["low", "middle", "high"]),
            "y": y,
        }
    )
    frame["log_weight"] = np.log(frame["weight"])
    holes = frame.copy()
    gone = rng.random(n) < 1 / (1 + np.exp(1.2 - (y - y.mean()) + 0.8 * dose))
    holes.loc[gone, "x"] = np.nan
    holes.loc[rng.random(n) < 1 / (1 + np.exp(2.5 - 0.8 * (y - y.mean()))), "k"] = None
    return frame, holes


def design(frame: pd.DataFrame) -> Design:
    return Design(frame, weights="weight", strata="stratum", psu="psu")


def estimates(seed: int) -> list[dict]:
    """Estimate both slopes in every way."""
    frame, holes = sample(seed)
    psu = holes["stratum"] * 10 + holes["psu"]
    made = impute(holes, COLUMNS, sets=SETS, sweeps=SWEEPS, seed=seed, groups=psu)
    fits = [design(made.completed(i)).glm(MODEL) for i in range(SETS)]
    found = {
        "nothing missing": design(frame).glm(MODEL),
        "complete cases": design(holes).glm(MODEL),
        "imputed": pool(fits),
    }
    rows = []
    for way, results in found.items():
        interval = results.conf_int()
        for name in TRUTH:
            low, high = interval.loc[name]
            row = {"way": way, "slope": name, "estimate": results.params[name]}
            rows.append(row | {"std_error": results.bse[name], "low": low, "high": high})
    return rows


def by_mice(samples: int) -> list[dict]:
    """Let R impute and fit the same samples; pool what it fitted here."""
    script = Path(__file__).with_suffix(".R")
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder) / "holes.csv", Path(folder) / "pooled.csv"
        stacked = [sample(seed)[1].assign(sample=seed) for seed in range(samples)]
        pd.concat(stacked).to_csv(given, index=False)
        command = ["Rscript", str(script), str(given), str(answered), str(SETS), str(SWEEPS)]
        subprocess.run(command, check=True)
        found = pd.read_csv(answered)
    half = stats.t.ppf(0.975, found["df"]) * found["std_error"]
    found = found.assign(way="mice", low=found["estimate"] - half, high=found["estimate"] + half)
    return found.to_dict("records")


def summary(rows: list[dict]) -> pd.DataFrame:
    """Compare with the truth: in how many samples the 95% interval holds it, and why."""
    table = pd.DataFrame(rows)
    table["truth"] = table["slope"].map(TRUTH)
    table["error"] = table["estimate"] - table["truth"]
    table["holds"] = table["truth"].between(table["low"], table["high"])
    table["width"] = table["high"] - table["low"]
    grouped = table.groupby(["slope", "way"], sort=False)
    return pd.DataFrame(
        {
            "samples": grouped.size(),
            "bias": grouped["error"].mean(),
            "spread": grouped["estimate"].std(),
            "std_error": grouped["std_error"].mean(),
            "coverage": grouped["holds"].mean(),
            "width": grouped["width"].mean(),
        }
    ).sort_index(level="slope", sort_remaining=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--mice", action="store_true", help="ask R's mice, too")
    options = parser.parse_args()
    rows = [row for seed in range(options.samples) for row in estimates(seed)]
    if options.mice:
        rows += by_mice(options.samples)
    print(summary(rows).round(4).to_string())


if __name__ == "__main__":
    main()
