"""Time logistic regression under a complex design, here and with R's survey, in one run.

    python benchmarks/against_r.py [--models 1000] [--r-models 50] [--repeats 7]

One model of 20 columns on the adults of NHANES 2007-2018 and on those of 2001-2006 (from the CDC's
files where `NHANES_MIRROR` names them, else on made-up surveys of the same size), by formula and
by matrix; then a specification curve of 1,000 models on the smaller one, `Design.many` against R's
loop over `svyglm`, of which an even sample of `--r-models` is timed and scaled up. Each way runs
in a process of its own, whose peak memory stands beside it. "cpu" is processor time, of all
processes together: it counts where other work goes on beside. R needs survey and jsonlite. The
Python package svy is timed as well where it is installed, on the same columns.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

# R's own BLAS has one thread: compare like with like.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from analysis.survey import Design, Specification

HERE = Path(__file__).parent
MIRROR = os.environ.get("NHANES_MIRROR", "")
CYCLES = {
    "2001-2006": [(2001, "B"), (2003, "C"), (2005, "D")],
    "2007-2018": [(2007, "E"), (2009, "F"), (2011, "G"), (2013, "H"), (2015, "I"), (2017, "J")],
}
MADE_UP = {"2001-2006": 13_000, "2007-2018": 28_684}
NUTRIENTS = ["magn", "calc", "fibe", "prot", "phos", "iron", "zinc", "pota"]
ADJUSTMENTS = [
    [],
    ["age", "C(sex)"],
    ["age", "C(sex)", "C(race)"],
    ["age", "C(sex)", "C(race)", "kcal"],
    ["age", "C(sex)", "C(race)", "kcal", "bmi", "C(season)"],
    ["age", "C(sex)", "C(race)", "kcal", "bmi", "C(season)", "pir"],
    ["age", "C(sex)", "C(race)", "kcal", "bmi", "C(season)", "pir", "C(education)"],
]
FULL = ["magn", "calc", "fibe", "prot", "iron", *ADJUSTMENTS[-1]]
OUTCOMES = {"below_30": 30, "below_50": 50, "below_75": 75}
DOMAINS = [None, "age >= 40", "age < 60", "bmi < 30", "pir < 3", "kcal < 25"]


def nhanes(period: str) -> pd.DataFrame:
    """Read the adults who were examined, with the columns of the models."""
    sys.path.insert(0, str(HERE.parent / "tests/reference"))
    from nhanes_extract import read

    people = []
    for year, suffix in CYCLES[period]:
        first = "DRXTOT" if year == 2001 else "DR1TOT"
        prefix = "DRXT" if year == 2001 else "DR1T"
        nutrients = [prefix + name.upper() for name in ["kcal", *NUTRIENTS]]
        vitamin_d = "LBDVIDMS" if year < 2007 else "LBXVIDMS"
        demography = ["SEQN", "SDMVSTRA", "SDMVPSU", "WTMEC2YR", "RIDAGEYR", "RIAGENDR",
                      "RIDRETH1", "DMDEDUC2", "INDFMPIR", "RIDEXMON"]  # fmt: skip
        cycle = read(MIRROR, year, f"DEMO_{suffix}", demography)
        for table, columns in (
            (f"{first}_{suffix}", nutrients),
            (f"VID_{suffix}", [vitamin_d]),
            (f"BMX_{suffix}", ["BMXBMI"]),
        ):
            cycle = cycle.merge(
                read(MIRROR, year, table, ["SEQN", *columns]), on="SEQN", how="left"
            )
        names = dict(zip(nutrients, ["kcal", *NUTRIENTS], strict=True))
        people.append(cycle.rename(columns=names | {vitamin_d: "vitamin_d"}))
    frame = pd.concat(people, ignore_index=True).rename(
        columns={
            "SDMVSTRA": "stratum", "SDMVPSU": "psu", "WTMEC2YR": "weight", "RIDAGEYR": "age",
            "RIAGENDR": "sex", "RIDRETH1": "race", "DMDEDUC2": "education", "INDFMPIR": "pir",
            "RIDEXMON": "season", "BMXBMI": "bmi",
        }
    )  # fmt: skip
    frame["education"] = frame["education"].where(frame["education"] <= 5)
    adults = (frame["age"] >= 20) & (frame["weight"] > 0)
    return frame[adults & frame["vitamin_d"].notna()].drop(columns="SEQN")


def made_up(rows: int, seed: int = 7) -> pd.DataFrame:
    """Draw a survey with the same columns: 45 strata of two PSUs for each 13,000 rows."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "stratum": rng.integers(45 * rows // 13_000, size=rows),
            "psu": rng.integers(1, 3, size=rows),
            "weight": np.exp(rng.normal(9, 1, rows)).round(3),
            "age": rng.integers(20, 86, rows),
            "sex": rng.integers(1, 3, rows),
            "race": rng.integers(1, 6, rows),
            "education": rng.integers(1, 6, rows),
            "season": rng.integers(1, 3, rows),
            "pir": rng.uniform(0, 5, rows).round(2),
            "bmi": rng.normal(28, 6, rows).round(2),
            "kcal": np.exp(rng.normal(7.6, 0.4, rows)).round(),
        }
    )
    for name in NUTRIENTS:
        frame[name] = (frame["kcal"] / 7 * np.exp(rng.normal(0, 0.3, rows))).round(1)
    level = 60 + 0.02 * frame["magn"] - 0.3 * frame["bmi"] + 4 * frame["season"]
    return frame.assign(vitamin_d=(level + rng.normal(0, 18, rows)).round(1))


def survey(period: str, real: bool) -> pd.DataFrame:
    """Give the people of a period, complete in what is not a matter of the specification."""
    frame = nhanes(period) if real else made_up(MADE_UP[period])
    frame = frame.assign(**{name: frame[name] / 100 for name in ("magn", "kcal", "calc")})
    for name, limit in OUTCOMES.items():
        frame[name] = (frame["vitamin_d"] < limit).astype(int)
    return frame.dropna(subset=NUTRIENTS).reset_index(drop=True)


def specifications(count: int) -> list[Specification]:
    """List outcomes x exposures x adjustment sets x domains, an even sample of `count`."""
    grid = list(itertools.product(OUTCOMES, NUTRIENTS, ADJUSTMENTS, DOMAINS))
    chosen = np.linspace(0, len(grid) - 1, count).round().astype(int)
    made = []
    for place, (outcome, exposure, adjustment, domain) in zip(
        chosen, [grid[j] for j in chosen], strict=True
    ):
        terms = [exposure, *adjustment]
        made.append(Specification(f"s{place}", outcome, terms, "binomial", domain, keep=[exposure]))
    return made


def design_of(folder: Path) -> Design:
    """Make the design of a survey in a folder."""
    frame = pd.read_csv(folder / "survey.csv")
    return Design(frame, "weight", "stratum", "psu", lonely_psu="adjust")


def by_svy(design: Design, x: pd.DataFrame) -> Callable[[], Any]:
    """Give what fits the model with the package svy, on columns that are there already."""
    import polars
    import svy

    columns = {f"x{j}": x[name].to_numpy() for j, name in enumerate(x) if name != "Intercept"}
    plain = design.frame[["below_50", "stratum", "psu", "weight"]].to_dict("series")
    frame = polars.DataFrame(columns | {name: values.to_numpy() for name, values in plain.items()})
    sample = svy.Sample(
        frame.fill_nan(None), svy.Design(stratum="stratum", psu="psu", wgt="weight")
    )
    return lambda: sample.glm.fit("below_50", x=list(columns), family="binomial")


def fit(folder: Path, entry: str, repeats: int) -> dict[str, Any]:
    """Fit the full model by formula, by matrix or with svy; median seconds."""
    design = design_of(folder)
    formula = f"below_50 ~ {' + '.join(FULL)}"
    model = design.glm(formula, "binomial")
    assert model.source is not None
    matrices = model.source.matrices
    used = np.zeros(len(design.frame), dtype=bool)
    used[matrices.rows] = True
    x = pd.DataFrame(np.full((len(used), matrices.x.shape[1]), np.nan), columns=matrices.names)
    x[used] = matrices.x
    ways: dict[str, Callable[[], Any]] = {
        "formula": lambda: design.glm(formula, "binomial"),
        "matrix": lambda: design.fit("below_50", x, "binomial"),
    }
    once = by_svy(design, x) if entry == "svy" else ways[entry]
    found = once()  # the first call of a program that loads or compiles something is not timed
    spent = []
    for _ in range(repeats):
        start, processor = perf_counter(), process_time()
        found = once()
        spent.append((perf_counter() - start, process_time() - processor))
    wall, processor = np.median(spent, axis=0).tolist()
    errors = [each.se for each in found.fitted.coefs] if entry == "svy" else found.bse.tolist()
    return {"wall": wall, "processor": processor, "rows": model.nobs, "se": errors}


def many(folder: Path, jobs: int) -> dict[str, Any]:
    """Fit the specifications of a folder, the start of the processes included."""
    design = design_of(folder)
    wanted = specifications(json.loads((folder / "task.json").read_text())["models"])
    start, processor = perf_counter(), os.times()
    table = design.many(wanted, jobs=jobs)
    wall = perf_counter() - start
    if jobs > 1:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)  # so that their time counts
    spent = np.subtract(os.times(), processor)[:4].sum()
    kept = table.set_index("specification")
    return {
        "wall": wall, "processor": float(spent), "models": len(wanted),
        "problems": int((table["problem"] != "").sum()),
        "found": kept[["estimate", "std_error"]].T.to_dict(),
    }  # fmt: skip


def child(command: list[str]) -> dict[str, Any]:
    """Run a command that prints JSON; adds the peak memory of its largest process, in MB."""
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, env=os.environ | {"PYTHONPATH": path})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            raise SystemExit(f"failed: {' '.join(command)}")
        out.seek(0)
        return json.loads(out.read()) | {"peak": usage.ru_maxrss / 1024}


def ours(task: str, folder: Path, argument: object) -> dict[str, Any]:
    return child([sys.executable, __file__, "--child", task, str(folder), str(argument)])


def theirs(task: str, folder: Path, repeats: int) -> dict[str, Any]:
    return child(["Rscript", str(HERE / "against_r.R"), task, str(folder), str(repeats)])


def in_r(term: str) -> str:
    return term.replace("C(", "factor(")


def add(
    table: Table, what: str, how: str, mine: dict, r: dict | None, unit: str, scale: float = 1.0
) -> None:
    """Add a line; `scale` is for the times of R."""
    of, factor = {"ms": (".1f", 1e3), "s": (".1f", 1.0)}[unit]
    times = [mine[kind] * factor * (scale if r is None else 1) for kind in ("wall", "processor")]
    ratios = ["", ""] if r is None else [
        f"{scale * r[kind] / mine[kind]:.1f}" for kind in ("wall", "processor")
    ]  # fmt: skip
    table.add_row(
        what, how, *(f"{value:{of}} {unit}" for value in times), *ratios, f"{mine['peak']:.0f}"
    )


def compare_fits(period: str, real: bool, repeats: int, table: Table) -> str:
    """Time one model here and in R; gives R's version."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        survey(period, real).to_csv(folder / "survey.csv", index=False)
        formula = f"below_50 ~ {' + '.join(map(in_r, FULL))}"
        (folder / "task.json").write_text(json.dumps({"formula": formula}))
        r = theirs("fit", folder, repeats)
        asked = ["formula", "matrix", *(["svy"] if importlib.util.find_spec("svy") else [])]
        entries = {entry: ours("fit", folder, f"{entry} {repeats}") for entry in asked}
    rows = entries["formula"]["rows"]
    add(table, f"{period}, {rows:,} adults", "R svyglm", r, None, "ms")
    said = []
    for entry, mine in entries.items():
        # The engines order the columns differently.
        apart = abs(np.sort(mine["se"]) / np.sort(list(r["se"].values())) - 1).max()
        said.append(f"{apart:.0e} ({entry})")
        how = "svy" if entry == "svy" else f"by {entry}"
        add(table, f"  {len(r['coef'])} columns", how, mine, r, "ms")
    table.caption = f"{table.caption or ''}SE of {period} differ by at most {', '.join(said)}. "
    return str(r["version"])


def compare_many(real: bool, models: int, r_models: int, table: Table) -> None:
    """Time a specification curve here and, in part, in R."""
    wanted = specifications(models)
    sample = [wanted[j] for j in np.linspace(0, models - 1, r_models).round().astype(int)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        survey("2001-2006", real).to_csv(folder / "survey.csv", index=False)
        loop = [
            {"name": each.name, "keep": each.terms[0], "domain": each.domain,
             "formula": f"{each.outcome} ~ {' + '.join(map(in_r, each.terms))}"}
            for each in sample
        ]  # fmt: skip
        (folder / "task.json").write_text(json.dumps({"models": models, "loop": loop}))
        r = theirs("many", folder, 1)
        found = {jobs: ours("many", folder, jobs) for jobs in (1, 2)}
    scale = models / len(sample)
    add(table, f"{models:,} models", f"R loop over {len(sample)}, scaled", r, None, "s", scale)
    for jobs, mine in found.items():
        add(table, "", f"many(jobs={jobs})", mine, r, "s", scale)
    assert found[1]["found"] == found[2]["found"], "one and two processes differ"
    both = [(found[1]["found"][name], answer) for name, answer in r["found"].items()]
    apart = max(abs(mine["std_error"] / answer["se"] - 1) for mine, answer in both)
    off = max(abs(mine["estimate"] - answer["coef"]) / answer["se"] for mine, answer in both)
    table.caption = (
        f"{table.caption or ''}Of {len(both)} models coefficients differ by at most {off:.0e} SE, "
        f"SE by {apart:.0e}; {found[1]['problems']} of {models:,} not fitted."
    )


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        task, folder, argument = sys.argv[2:]
        if task == "fit":
            entry, repeats = argument.split()
            print(json.dumps(fit(Path(folder), entry, int(repeats))))
        else:
            print(json.dumps(many(Path(folder), int(argument))))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--r-models", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--made-up", action="store_true", help="even where NHANES_MIRROR is set")
    asked = parser.parse_args()
    real = bool(MIRROR) and not asked.made_up
    table = Table()
    for heading in ("what", "how", "wall", "cpu", "R / wall", "R / cpu", "peak MB"):
        table.add_column(heading, justify="left" if heading in ("what", "how") else "right")
    for period in CYCLES:
        version = compare_fits(period, real, asked.repeats, table)
    compare_many(real, asked.models, asked.r_models, table)
    table.title = f"{'NHANES' if real else 'Made-up surveys'}; R {version}; {os.cpu_count()} cores"
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
