"""Time regression under a complex design, here and with R's survey, on the same made-up survey.

    python benchmarks/svyglm.py [--rows 13000] [--columns 20] [--repeats 15]

Both are timed in one run, one after the other; R needs the packages survey and jsonlite. The
columns count the intercept. "matrix" is `Design.fit` on columns that are there already, as the
models of a study use it; "formula" is `Design.glm`, which builds them as R does: what that costs
more is the formula engine of statsmodels. R iterates to its default of 1e-8, hence the difference.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

# R's own BLAS has one thread, and more do not help matrices of this size: compare like with like.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from analysis.survey import Design, RegressionResults


def made_up_survey(rows: int, columns: int, seed: int = 7) -> pd.DataFrame:
    """Draw a survey of 45 strata with two PSUs each, as three cycles of NHANES have."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns - 1))
    predictor = x @ rng.normal(0, 0.2, columns - 1)
    frame = pd.DataFrame(x.round(6), columns=[f"x{j}" for j in range(columns - 1)])
    return frame.assign(
        stratum=rng.integers(45, size=rows),
        psu=rng.integers(1, 3, size=rows),
        weight=np.exp(rng.normal(9, 1, rows)).round(3),
        event=(rng.random(rows) < 1 / (1 + np.exp(1 - predictor))).astype(int),
        score=(predictor + rng.normal(size=rows)).round(6),
    )


def timed(fit: Callable[[], RegressionResults], repeats: int) -> tuple[float, RegressionResults]:
    """Return the median seconds of a fit, and its result."""
    result = fit()
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        fit()
        seconds.append(perf_counter() - start)
    return float(np.median(seconds)), result


def r_answers(frame: pd.DataFrame, repeats: int) -> dict | None:
    """Run the R script, if R is there."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "survey.csv"
        frame.to_csv(path, index=False)
        script = Path(__file__).with_suffix(".R")
        done = subprocess.run(
            ["Rscript", str(script), str(path), str(repeats)], capture_output=True, text=True
        )
    if done.returncode:
        raise SystemExit(f"R failed:\n{done.stderr}")
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("rows", 13_000), ("columns", 20), ("repeats", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    frame = made_up_survey(asked.rows, asked.columns)
    covariates = [name for name in frame if name.startswith("x")]
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    matrix = frame[covariates].copy()
    matrix.insert(0, "Intercept", 1.0)
    answers = r_answers(frame, asked.repeats)

    version = f"R {answers['version']}" if answers else "R is not installed"
    table = Table(title=f"{asked.rows:,} rows, {asked.columns} columns; median ms; {version}")
    for heading in ("family", "entry", "here", "R", "R / here", "largest difference"):
        table.add_column(heading, justify="left" if heading in ("family", "entry") else "right")
    for family, outcome in (("binomial", "event"), ("gaussian", "score")):
        formula = f"{outcome} ~ {' + '.join(covariates)}"
        entries: dict[str, Callable[[], RegressionResults]] = {
            "matrix": lambda y=outcome, f=family: design.fit(y, matrix, f),  # type: ignore[misc]
            "formula": lambda t=formula, f=family: design.glm(t, f),  # type: ignore[misc]
        }
        for entry, fit in entries.items():
            seconds, model = timed(fit, asked.repeats)
            cells = ["", "", ""]
            if answers:
                r = answers[family]
                theirs = float(np.median(r["seconds"]))
                apart = max(
                    np.abs(model.params / r["coef"] - 1).max(),
                    np.abs(model.bse / r["se"] - 1).max(),
                )
                cells = [f"{1000 * theirs:.1f}", f"{theirs / seconds:.1f}", f"{apart:.0e}"]
            table.add_row(family, entry, f"{1000 * seconds:.1f}", *cells)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
