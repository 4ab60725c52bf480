"""Time the specification curve of a study: threads, processor time, peak memory, single fits.

    NHANES_MIRROR=... python benchmarks/curve.py [STUDY] [--data DIR] [--jobs 1 2] [--single 60]

Runs all specifications of a study's curve (deng_2013 unless told) on the CDC's files, which are
fetched into DIR if they are not there; each number of threads in a process of its own. Then an even
sample of specifications is fitted one at a time by `Design.fit` and scaled up. "cpu" is processor
time: it counts where other work goes on beside.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from analysis import pipeline
from analysis.cohort.measures import MEASURES
from analysis.commands.terminal import log
from analysis.models import specifications
from analysis.models.estimate import design_of
from analysis.models.outcomes import response
from analysis.models.setting import Setting
from analysis.study import load_study


def setting_of(name: str, data: Path) -> Setting:
    """Build a study's people and outcomes; the curve makes its own dose groups."""
    study = load_study(name)
    settings = pipeline.Settings(data, data, os.environ.get("NHANES_MIRROR"))
    inputs = pipeline.read_inputs(study, pipeline.fetch([study], settings, log()))
    made = pipeline.make_cohort(study, inputs.raw)
    cohort = design_of(made.frame).where(made.steps[-1].kept)
    responses = {each.name: response(each, cohort, made.frame) for each in study.outcomes}
    return Setting(study, made.frame, cohort, cohort, MEASURES, responses, {})


def run(name: str, data: Path, jobs: int) -> None:
    """Estimate the curve and print what it took."""
    setting = setting_of(name, data)
    wall, cpu = perf_counter(), process_time()
    rows = list(specifications.specification_rows(setting, jobs))
    wall, cpu = perf_counter() - wall, process_time() - cpu
    curve = [row for row in rows if row["analysis"] == "specification"]
    known = sum(np.isfinite(row["estimate"]) for row in curve)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"Design.fits, {jobs} threads: {len(curve):,} models ({known:,} with an estimate), "
        f"wall {wall:.1f} s, cpu {cpu:.1f} s, peak {peak:.0f} MB"
    )


def single(name: str, data: Path, count: int) -> None:
    """Fit an even sample of the specifications one at a time, on the columns of the curve."""
    setting = setting_of(name, data)
    asked = setting.plan.specifications
    assert asked is not None
    spent, fitted, total = 0.0, 0, 0
    cells = list(specifications._cells(setting, specifications.combinations(asked.choices)))
    for cell in cells:
        total += len(cell.combinations) * len(asked.outcomes)
        step = max(1, len(cell.combinations) * len(cells) // count)
        for combination in cell.combinations[::step]:
            cell._make_columns(combination)
            if cell._problem(combination):
                continue
            x = pd.concat([cell.columns[key] for key in cell._keys(combination)], axis=1)
            x.insert(0, "Intercept", 1.0)
            y = setting.responses[combination.outcome(asked.outcomes[0])].values
            start = process_time()
            cell.design.fit(y, x, "binomial")
            spent += process_time() - start
            fitted += 1
    each = spent / fitted
    print(f"Design.fit: {fitted} models, {1000 * each:.1f} ms each, {total * each:.0f} s scaled up")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", nargs="?", default="deng_2013")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--single", type=int, default=60)
    parser.add_argument("--part", default="")  # of this script itself: one measurement
    options = parser.parse_args()
    if options.part == "run":
        return run(options.study, options.data, options.jobs[0])
    if options.part == "single":
        return single(options.study, options.data, options.single)
    with tempfile.TemporaryDirectory() as temporary:
        given = [options.study, "--data", str(options.data or temporary)]
        for jobs in options.jobs:
            again = [*given, "--part", "run", "--jobs", str(jobs)]
            subprocess.run([sys.executable, __file__, *again], check=True)
        again = [*given, "--part", "single", "--single", str(options.single)]
        subprocess.run([sys.executable, __file__, *again], check=True)
    return None


if __name__ == "__main__":
    main()
