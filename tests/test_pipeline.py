"""A study from files to report, on the artificial survey."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import pipeline
from analysis.cli import main
from analysis.models.results import COLUMNS
from analysis.study import load_study

CONTRACT = [
    "study", "analysis", "model", "outcome", "exposure", "contrast", "level", "reference",
    "stratum", "stratum_level", "measure", "estimate", "conf_low", "conf_high", "std_error",
    "statistic", "df", "p_value", "n", "events", "weight", "cycles", "published",
    "published_low", "published_high", "agreement",
]  # fmt: skip

FILES = {
    "results.csv", "report.html", "report.pdf", "report.docx", "run.json", "study.toml",
    "figures", "tables",
}  # fmt: skip


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run_into(base: Path, study: Path, survey: Path) -> Path:
    assert (
        main(
            ["run", str(study), "--mirror", str(survey), "--data", str(base / "data"),
             "--out", str(base / "reports")]
        )
        == 0
    )  # fmt: skip
    return base / "reports" / "deng_2013-synthetic"


@pytest.fixture(scope="module")
def base(artificial_run) -> Path:
    return artificial_run


@pytest.fixture(scope="module")
def folder(base) -> Path:
    return base / "reports" / "deng_2013-synthetic"


@pytest.fixture(scope="module")
def results(folder) -> pd.DataFrame:
    return pd.read_csv(folder / "results.csv", keep_default_na=False, na_values=[""])


def test_the_folder_holds_what_the_contract_names(folder):
    assert {path.name for path in folder.iterdir()} == FILES
    for part, endings in (("figures", {".svg", ".png", ".csv"}), ("tables", {".csv", ".tex"})):
        assert {path.suffix for path in (folder / part).iterdir()} == endings


def test_results_have_the_columns_of_the_contract(results):
    assert set(CONTRACT) <= set(results.columns)
    assert [column for column in results.columns if column != "data"] == list(COLUMNS)
    assert (results["study"] == "deng_2013").all()
    assert (results["data"] == "artificial").all(), "artificial data must say so in every row"


def test_results_have_every_analysis_for_every_outcome_and_model(results):
    study = load_study("deng_2013")
    binary = [o.name for o in study.outcomes if o.is_binary]
    levels = ["Q1", "Q2", "Q3", "Q4"]
    for exposure in study.exposures:
        mine = results[results["exposure"] == exposure.measure]
        models = [m.name for m in study.models_of(exposure.measure)]
        groups = ["None", "T1", "T2", "T3"] if exposure.split == "users" else levels
        odds = mine[mine["analysis"] == "odds_ratio"]
        assert sorted(zip(odds["outcome"], odds["model"], odds["level"], strict=True)) == sorted(
            (o, m, q) for o in binary for m in models for q in groups
        )
        assert (mine["analysis"] == "linear").sum() == len(models) * len(groups)
        for analysis in ("trend", "per_unit"):
            assert (mine["analysis"] == analysis).sum() == len(study.outcomes) * len(models)
    shares = results[(results["analysis"] == "prevalence") & (results["measure"] == "proportion")]
    assert sorted(zip(shares["outcome"], shares["stratum_level"], strict=True)) == sorted(
        (o, q) for o in binary for q in ["all", *levels]
    )


def test_laws_that_hold_between_rows(results):
    limits = results.dropna(subset=["conf_low", "conf_high"])
    assert (limits["conf_low"] <= limits["estimate"]).all()
    assert (limits["estimate"] <= limits["conf_high"]).all()
    tested = results["p_value"].dropna()
    assert tested.between(0, 1).all()
    # An interval excludes no association exactly where P is below 0.05.
    odds = results[(results["measure"] == "OR") & results["p_value"].notna()]
    outside = (odds["conf_low"] > 1) | (odds["conf_high"] < 1)
    assert (outside == (odds["p_value"] < 0.05)).all()
    flow = results[(results["analysis"] == "flow")].set_index(["level", "measure"])["n"]
    steps = list(dict.fromkeys(flow.index.get_level_values(0)))
    for before, after in pairwise(steps):
        assert flow[before, "remaining"] == flow[after, "remaining"] + flow[after, "excluded"]
    groups = results[(results["analysis"] == "groups") & (results["measure"] == "people")]
    assert (groups.groupby("exposure")["n"].sum() == flow[steps[-1], "remaining"]).all()


def test_shares_of_a_category_add_up_to_one(results):
    shares = results[(results["analysis"] == "table1") & (results["measure"] == "proportion")]
    sums = shares.groupby(["outcome", "stratum_level"])["estimate"].sum()
    np.testing.assert_allclose(sums, 1, rtol=1e-12)


def test_the_record_of_the_run_is_complete(folder, base):
    record = json.loads((folder / "run.json").read_text())
    assert record["data"] == "artificial"
    study = load_study(base / "deng_2013.toml")
    assert record["specification_sha256"] == study.sha256
    assert {"python", "pandas", "statsmodels", "pyreadstat", "typst", "python-docx"} <= set(
        record["versions"]
    )
    assert set(record["seconds"]) == {"fetch", "read", "cohort", "models", "report"}
    tables = pipeline.tables_of(study)
    assert {entry["name"] for entry in record["inputs"]} == {
        path for table in tables for path in (table.data_path, table.codebook_path)
    }
    copy = (folder / "study.toml").read_bytes()
    assert copy == (base / "deng_2013.toml").read_bytes()
    assert hashlib.sha256(copy).hexdigest() == record["specification_sha256"]
    for name, sha256 in record["outputs"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    assert {"results.csv", "report.html"} <= set(record["outputs"])
    assert (
        record["title"] == f"{study.title} (artificial data)" and "magnesium" in record["headline"]
    )
    assert record["people"] == 1_393
    for entry in record["inputs"]:
        content = (base / "data" / entry["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_two_runs_give_the_same_bytes(folder, base, tmp_path, artificial_survey):
    again = run_into(tmp_path, base / "deng_2013.toml", artificial_survey)
    first, second = contents(folder), contents(again)
    first.pop("run.json"), second.pop("run.json")
    assert first == second
    records = [json.loads((f / "run.json").read_text()) for f in (folder, again)]
    for record in records:
        record.pop("seconds")
    assert records[0] == records[1]


def test_later_runs_replace_the_first_with_the_same_and_leave_other_files_alone(
    base, tmp_path, capsys
):
    study = Path(__file__).parent / "small.toml"
    where = ["--data", str(base / "data"), "--offline", "--out", str(tmp_path)]
    assert main(["run", str(study), *where, "--fresh"]) == 0
    folder = tmp_path / "small-synthetic"
    note = folder / "notes.txt"
    note.write_text("mine")
    before = contents(folder)
    capsys.readouterr()
    # Nothing is kept of a run that was to be fresh, and everything of this one.
    assert main(["run", str(study), *where]) == 0
    assert "of an earlier run" not in capsys.readouterr().err
    assert main(["run", str(study), *where, "--verbose"]) == 0
    told = capsys.readouterr().err
    assert "small: all estimates are those of an earlier run" in told
    assert "small: read Nchs/" in told and "small: seconds: fetch" in told
    seconds = json.loads((folder / "run.json").read_text())["seconds"]
    assert "models (reused)" in seconds and "models" not in seconds
    after = contents(folder)
    assert note.read_text() == "mine"
    before.pop("run.json"), after.pop("run.json")
    assert before == after


def test_studies_side_by_side_give_what_one_after_the_other_gives(base, tmp_path, capfd):
    text = (Path(__file__).parent / "small.toml").read_text()
    paths = []
    for name in ("small", "other"):
        path = tmp_path / f"{name}.toml"
        path.write_text(text.replace('name = "small"', f'name = "{name}"'))
        paths.append(str(path))
    made = {}
    for jobs in ("1", "2"):
        out = tmp_path / jobs
        where = ["--data", str(base / "data"), "--offline", "--out", str(out)]
        assert main(["run", *paths, "--fresh", "--quiet", "--jobs", jobs, *where]) == 0
        assert capfd.readouterr().err == ""
        made[jobs] = contents(out)
    assert set(made["1"]) == set(made["2"]) and "index.html" in made["1"]
    for name, digest in made["1"].items():
        assert name.endswith("run.json") or made["2"][name] == digest, name


def test_a_study_taken_to_other_cycles_says_so_and_compares_nothing(
    base, tmp_path, artificial_survey
):
    where = ["--mirror", str(artificial_survey), "--data", str(base / "data")]
    cycles = ["--cycles", "2003-2004", "--out", str(tmp_path)]
    assert main(["run", "forrest_2011", *where, *cycles]) == 0
    folder = tmp_path / "forrest_2011-2003-2004-synthetic"
    table = pd.read_csv(folder / "results.csv", keep_default_na=False)
    assert set(table["cycles"]) == {"2003-2004"}
    assert set(table["agreement"]) == {""}
    page = (folder / "report.html").read_text()
    assert "taken to NHANES 2003–2004" in page.split("</h1>")[0]
    assert not (tmp_path / "forrest_2011-synthetic").exists()


def test_the_cohort_can_be_had_for_other_programs(base, tmp_path, artificial_survey, capsys):
    study = load_study("deng_2013")
    for name in ("people.csv", "people.parquet"):
        path = tmp_path / name
        status = main(
            ["cohort", "deng_2013", "--mirror", str(artificial_survey), "--data",
             str(base / "data"), "--write", str(path)]
        )  # fmt: skip
        assert status == 0
        frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        assert len(frame) == 4_500
        assert set(study.measures) < set(frame.columns)
        assert f"{int(frame['in_cohort'].sum()):,}" in capsys.readouterr().out


def test_everyone_stays_in_the_design(base):
    study = load_study("deng_2013")
    settings = pipeline.Settings(base / "data", offline=True)
    from analysis.commands.terminal import log

    store = pipeline.store_of(settings, log())
    inputs = pipeline.read_inputs(study, store)
    assert inputs.artificial
    cohort = pipeline.make_cohort(study, inputs.raw)
    assert len(cohort.frame) == 4_500 > cohort.members.sum()
    assert set(inputs.checks["verdict"]) <= {"equal", "not printed"}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_nothing_half_written(jobs, base, tmp_path, folder):
    text = (Path(__file__).parent / "small.toml").read_text()
    paths = []
    for name in ("small", "other"):
        path = tmp_path / f"{name}.toml"
        path.write_text(text.replace('name = "small"', f'name = "{name}"'))
        paths.append(str(path))
    out = tmp_path / "reports"
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis", "run", *paths, "--fresh", "--jobs", jobs, "--offline",
         "--data", str(base / "data"), "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        # As in a terminal: a group of its own, all of whose processes hear Ctrl-C.
        start_new_session=True,
        # A background job of a shell ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    for line in process.stderr:
        if "estimating" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in rest and rest.rstrip().endswith("run the same command to carry on")
    for report in out.glob("*") if out.exists() else ():
        if report.is_dir():
            assert {path.name for path in report.iterdir()} == FILES
