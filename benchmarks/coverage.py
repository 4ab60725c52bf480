"""Do 95% intervals hold the truth in 95% of surveys? Many small artificial surveys, one table.

    .venv/bin/python benchmarks/coverage.py --surveys 200 --jobs 2

Every survey goes the whole way: files in the CDC's formats, cohort, design, models. Beside the
design-based intervals stand naive ones (unweighted, as if people were drawn one by one), which
fail where they should.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.cohort.build import Cohort
from analysis.errors import InputError
from analysis.models.estimate import design_of
from analysis.models.matrix import covariates
from analysis.nhanes.cycles import CYCLES, Table
from analysis.nhanes.xpt import read_columns
from analysis.pipeline import estimate_study, make_cohort, tables_of
from analysis.study import Study, load_study
from analysis.synthetic import truth, write_survey
from analysis.synthetic.parameters import model

STUDY = Path(__file__).with_name("coverage.toml")
FIRST_SEED = 1_000
NOMINAL = 0.95
Z = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    """One estimate of one survey beside the truth."""

    what: str
    estimate: float
    low: float
    high: float
    true: float

    @property
    def holds(self) -> bool:
        """Whether the truth lies inside."""
        return self.low <= self.true <= self.high


def one_survey(seed: int, people: int) -> list[Interval] | None:
    """Make a survey, run the study on it, and stand its intervals beside the truth.

    None if its models cannot be fitted (a small category may have no event).
    """
    study = load_study(str(STUDY))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_survey(folder, people_per_cycle=people, seed=seed)
        raw = {
            table: read_columns(folder / table.data_path, columns)
            for table, columns in tables_of(study).items()
        }
        vitamin_d = food_vitamin_d(folder, study.data.cycles)
    cohort = make_cohort(study, raw)
    try:
        results, _ = estimate_study(study, cohort)
        interaction = _interaction(study, cohort, vitamin_d)
    except InputError:
        return None
    return [*_modelled(results), *interaction, *_quantiles(cohort), *_naive(cohort)]


def food_vitamin_d(folder: Path, cycles: Sequence[str]) -> pd.Series:
    """Micrograms of vitamin D of the first day's foods, by SEQN, through the foods' codes."""
    parts = [
        read_columns(folder / Table(f"DR1IFF_{suffix}", cycle).data_path, columns)
        for cycle, suffix in (("2007-2008", "E"), ("2009-2010", "F"))
        for columns in [("DR1IFDCD", "DR1IGRMS", "DR1IVD")]
    ]
    later = pd.concat(parts)
    per_gram = (later["DR1IVD"] / later["DR1IGRMS"]).groupby(later["DR1IFDCD"]).mean()
    totals = []
    for cycle in cycles:
        early = cycle == "2001-2002"
        table = "DRXIFF_B" if early else f"DR1IFF_{CYCLES[cycle].suffix}"
        code, grams = ("DRDIFDCD", "DRXIGRMS") if early else ("DR1IFDCD", "DR1IGRMS")
        eaten = read_columns(folder / Table(table, cycle).data_path, ("SEQN", code, grams))
        vitamin_d = eaten[code].map(per_gram) * eaten[grams]
        totals.append(vitamin_d.groupby(eaten["SEQN"]).sum(min_count=1))
    return pd.concat(totals)


def _interaction(study: Study, cohort: Cohort, vitamin_d: pd.Series) -> list[Interval]:
    """Fit magnesium by vitamin D from food, on the scale of truth().interaction."""
    frame, table = cohort.frame, model()["interaction"]
    mg = (frame["magnesium_dietary"] - 300.0) / 100.0
    octaves = pd.Series(np.log2(frame["seqn"].map(vitamin_d)), index=frame.index)
    v = (octaves - table["log2_median"]) / table["sd"]
    (full,) = study.models
    x = covariates(full.parsed_terms, frame, lambda *_: np.empty(0))
    x = x.assign(Intercept=1.0, magnesium=mg, vitamin_d=v, product=mg * v)
    found = []
    for outcome in study.outcomes:
        event = outcome.event_condition.evaluate(frame)
        domain = design_of(frame).where(
            cohort.members & (event | outcome.against_condition.evaluate(frame))
        )
        fitted = domain.fit(event.astype(float), x, "binomial")
        interval = fitted.conf_int()
        for name, value in truth().interaction[outcome.name].items():
            label = f"{outcome.name}: interaction model, {name}"
            found.append(Interval(label, fitted.params[name], *interval.loc[name].tolist(), value))
    return found


def _modelled(results: pd.DataFrame) -> list[Interval]:
    true = truth()
    found = []
    for outcome in true.odds_ratio:
        mine = results[results["outcome"] == outcome]
        per_unit = mine[(mine["analysis"] == "per_unit") & (mine["measure"] == "OR")]
        highest = mine[(mine["analysis"] == "odds_ratio") & (mine["level"] == "Q4")]
        share = mine[
            (mine["analysis"] == "prevalence")
            & (mine["measure"] == "proportion")
            & (mine["stratum_level"] == "all")
        ]
        for what, rows, value in (
            ("odds ratio per 100 mg", per_unit, true.odds_ratio[outcome]),
            ("odds ratio, Q4 to Q1", highest, true.quartile_odds_ratio[outcome]["Q4"]),
            ("prevalence", share, true.prevalence[outcome]),
        ):
            (row,) = rows.itertuples()
            label = f"{outcome}: {what}"
            found.append(Interval(label, row.estimate, row.conf_low, row.conf_high, value))
    return found


def _quantiles(cohort: Cohort) -> list[Interval]:
    domain = design_of(cohort.frame).where(cohort.members)
    table = domain.quantile("magnesium_dietary", [0.25, 0.5, 0.75]).frame
    return [
        Interval(f"magnesium: {name}", row.estimate, row.conf_low, row.conf_high, value)
        for (name, value), row in zip(truth().quantiles.items(), table.itertuples(), strict=True)
    ]


def _naive(cohort: Cohort) -> list[Interval]:
    ria = cohort.frame.loc[cohort.members, "vitamin_d_ria"]
    p, n = float((ria < 20).mean()), len(ria)
    half = Z * math.sqrt(p * (1 - p) / n)
    return [
        Interval(
            "naive: share below 20 ng/mL", p, p - half, p + half, truth().prevalence["below_20"]
        )
    ]


def table(intervals: list[list[Interval]]) -> pd.DataFrame:
    """Summarise: share of intervals that hold the truth, bias in standard deviations."""
    rows = []
    for same in zip(*intervals, strict=True):
        estimates = np.array([i.estimate for i in same])
        rows.append(
            {
                "estimate": same[0].what,
                "truth": same[0].true,
                "mean": estimates.mean(),
                "bias / SD": (estimates.mean() - same[0].true) / estimates.std(ddof=1),
                "coverage": np.mean([i.holds for i in same]),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--surveys", type=int, default=200)
    parser.add_argument("--people", type=int, default=4_000, help="a cycle")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    start = time.perf_counter()
    seeds = range(FIRST_SEED, FIRST_SEED + options.surveys)
    with ProcessPoolExecutor(options.jobs) as pool:
        drawn = list(pool.map(partial(one_survey, people=options.people), seeds))
    found = [intervals for intervals in drawn if intervals]
    print(table(found).round(3).to_string(index=False))
    error = math.sqrt(NOMINAL * (1 - NOMINAL) / options.surveys)
    print(
        f"{len(found)} of {options.surveys} surveys could be fitted, of 3 x {options.people:,} "
        f"people, seeds from {FIRST_SEED}; "
        f"by chance alone coverage lies in {NOMINAL - Z * error:.3f} to {NOMINAL + Z * error:.3f}; "
        f"{time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
