"""What changed between two runs: files, versions, specification, and estimates row by row."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.commands.differences import beside, read_run
from analysis.models.results import tidy

OR = {
    "analysis": "odds_ratio", "model": "full", "outcome": "low", "exposure": "magnesium_total",
    "contrast": "Q4 vs Q1", "level": "Q4", "reference": "Q1", "measure": "OR", "estimate": 0.8,
    "conf_low": 0.6, "conf_high": 1.05, "std_error": 0.14, "p_value": 0.11, "n": 1000,
}  # fmt: skip
FLOW = {"analysis": "flow", "level": "adults", "contrast": "Adults", "measure": "remaining", "n": 9}
MEAN = {"analysis": "mean", "measure": "mean", "outcome": "low", "estimate": 50.0, "std_error": 2.0}
TREND = {"analysis": "trend", "measure": "p_trend", "p_value": 0.04}
CURVE = {
    "analysis": "specification", "measure": "OR", "stratum": "specification", "std_error": 0.1,
}  # fmt: skip
SPECIFICATION = 'name = "deng"\ntitle = "T"\nkeep = "age >= 20"\n'


def a_run(folder: Path, rows: list, specification: str = SPECIFICATION, **record) -> Path:
    folder.mkdir()
    tidy(rows, study="deng").to_csv(folder / "results.csv", index=False)
    files = {"a/DEMO.xpt": "1" * 64, "a/VID.xpt": "2" * 64}
    whole = {
        "study": "deng", "cycles": ["2001-2002"], "data": "NHANES", "versions": {"numpy": "2.1"},
        "commit": "a" * 40, "specification_sha256": str(hash(specification)), "changes": {},
        "inputs": [{"name": name, "sha256": sha} for name, sha in files.items()],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(whole | record))
    if specification:
        (folder / "study.toml").write_text(specification)
    return folder


def compared(old: list, new: list) -> pd.DataFrame:
    return beside(tidy(old), tidy(new))


def told(capsys, *arguments: object, status: int = 0) -> str:
    capsys.readouterr()
    assert main(["compare", *map(str, arguments)]) == status
    streams = capsys.readouterr()
    return streams.out if status == 0 else streams.err


@pytest.mark.parametrize(
    ("change", "status", "in_se", "verdict"),
    [
        ({}, "same", 0.0, False),
        ({"estimate": 0.8 * (1 + 1e-13)}, "noise", 0.0, False),
        ({"estimate": 0.8 * np.exp(0.14)}, "changed", 1.0, False),
        ({"estimate": 0.8 * np.exp(-0.28)}, "changed", -2.0, False),
        ({"conf_high": 0.999}, "changed", 0.0, True),
        ({"n": 1001}, "changed", 0.0, False),
        ({"p_value": np.nan}, "changed", 0.0, False),
        ({"std_error": 0.15}, "changed", 0.0, False),
        ({"level": "Q3"}, "only in A", np.nan, False),
    ],
)
def test_an_odds_ratio_is_held_against_its_earlier_self(change, status, in_se, verdict):
    first = compared([OR], [OR | change]).iloc[0]
    assert (first["status"], first["verdict_changes"]) == (status, verdict)
    assert first["in_se"] == pytest.approx(in_se, abs=1e-9, nan_ok=True)


def test_differences_other_than_of_ratios_are_on_their_own_scale():
    row = compared([MEAN], [MEAN | {"estimate": 53.0}]).iloc[0]
    assert row["difference"] == 3.0 and row["in_se"] == 1.5


def test_the_largest_change_comes_first_and_every_row_once():
    old = [{**MEAN, "stratum": str(i)} for i in range(5)] + [FLOW]
    new = [{**row, "estimate": 50.0 + i} for i, row in enumerate(old[:5])]
    table = compared(old, [*new[1:], FLOW | {"n": 10}, TREND])
    sizes = table.loc[table["status"] == "changed", "in_se"].tolist()
    assert sizes[:4] == [2.0, 1.5, 1.0, 0.5] and np.isnan(sizes[4])
    assert table["status"].tolist()[5:] == ["only in A", "only in B"]


def test_a_specification_is_its_options_not_its_number():
    options = ["scale=ria; weight=a", "scale=lcms; weight=a"]
    old = [CURVE | {"contrast": o, "stratum_level": f"s{i}", "estimate": i + 1.0}
           for i, o in enumerate(options)]  # fmt: skip
    new = [CURVE | {"contrast": o, "stratum_level": f"s{9 - i}", "estimate": i + 1.0}
           for i, o in enumerate(options)]  # fmt: skip
    assert compared(old, new)["status"].tolist() == ["same", "same"]


def test_a_step_that_is_called_otherwise_is_the_same_step():
    assert compared([FLOW], [FLOW | {"contrast": "Aged 20"}])["status"].tolist() == ["same"]


def test_rows_that_are_alike_keep_their_order():
    rows = [FLOW | {"n": 1}, FLOW | {"n": 2}]
    assert compared(rows, rows)["status"].tolist() == ["same", "same"]


def test_two_equal_runs(capsys, tmp_path):
    a, b = (a_run(tmp_path / name, [OR, FLOW]) for name in "ab")
    said = told(capsys, a, b)
    for part in ("the same 2 files", "Versions  the same", "Specification  the same", "2 the same"):
        assert part in said
    assert "changed" not in said


def test_all_that_changed_is_told(capsys, tmp_path):
    a = a_run(tmp_path / "a", [OR, FLOW, MEAN, TREND])
    b = a_run(
        tmp_path / "b",
        [OR | {"estimate": 0.6, "conf_high": 0.9}, FLOW | {"n": 12}, TREND | {"p_value": 0.06}],
        SPECIFICATION.replace("20", "19"),
        inputs=[{"name": "a/DEMO.xpt", "sha256": "3" * 64}, {"name": "a/MORT.dat", "sha256": "4"}],
        versions={"numpy": "2.2"}, commit="b" * 40 + "+", cycles=["2003-2004"],
        changes={"exposure.groups": 5},
    )  # fmt: skip
    said = told(capsys, a, b)
    for part in (
        "1 revised, 1 added, 1 removed", "DEMO.xpt", "111111111111", "333333333333", "2.1",
        "bbbbbbbbbbbb+", "- cycles 2001-2002", "+ cycles 2003-2004", "+ --set exposure.groups=5",
        '-keep = "age >= 20"', '+keep = "age >= 19"', "3 changed; 1 in A only",
        "odds_ratio OR: low, Q4", "0.80", "(0.60, 0.90)", "−2.05 !", "+33.3%", "P = 0.040",
        "P = 0.060", "Only in A: mean (1)",
    ):  # fmt: skip
        assert part in said, part
    for line in said.splitlines():
        assert len(line) <= 80 or str(tmp_path) in line, line


@pytest.mark.parametrize("sides", [("NHANES", "artificial"), ("artificial", "artificial")])
def test_artificial_data_say_so(sides, capsys, tmp_path):
    a, b = (a_run(tmp_path / f"{i}", [OR], data=data) for i, data in enumerate(sides))
    file = tmp_path / "all.csv"
    said = told(capsys, a, b, "--write", file)
    assert said.count("ARTIFICIAL") == 1 + sides.count("artificial")
    assert set(pd.read_csv(file)["data"]) == {"artificial"}


def test_all_estimates_can_be_written(capsys, tmp_path):
    a, b = a_run(tmp_path / "a", [OR, FLOW]), a_run(tmp_path / "b", [OR | {"n": 7}, FLOW, MEAN])
    file = tmp_path / "all.csv"
    told(capsys, a, b, "--write", file)
    table = pd.read_csv(file)
    assert table["status"].tolist() == ["changed", "same", "only in B"]
    assert (table["n_a"][0], table["n_b"][0]) == (1000, 7) and "data" not in table
    before = file.read_bytes()
    told(capsys, a, b, "--write", file)
    assert file.read_bytes() == before


def test_a_run_that_kept_no_study_file_says_so(capsys, tmp_path):
    a, b = a_run(tmp_path / "a", [OR], ""), a_run(tmp_path / "b", [OR])
    assert "kept no copy" in told(capsys, a, b)


def test_a_study_of_the_package_goes_before_a_folder_of_its_name(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("deng_2013", "forrest_2011"):
        a_run(tmp_path / name, [OR])
    told_of = told(capsys, "deng_2013", "forrest_2011", "--out", ".", status=2)
    assert "not the record of a run" in told_of  # it has no verdicts
    assert "Estimates  1 the same" in told(capsys, "./deng_2013", "./forrest_2011")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a"], "two runs are compared"),
        (["a", "b", "a"], "two runs are compared"),
        (["a", "deng_2013"], "two runs are compared"),
        (["a", "b", "--write", "all.txt"], "must end in .csv"),
        (["a", "b", "--write", "nowhere/all.csv"], "there is no folder"),
        (["deng_2013", "--write", "all.csv"], "the folders of two runs"),
        (["a", "half"], "cannot read this run"),
        (["a", "broken"], "cannot read this run"),
    ],
)
def test_what_cannot_be_compared(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    a_run(tmp_path / "a", [OR]), a_run(tmp_path / "b", [OR])
    (a_run(tmp_path / "half", [OR]) / "results.csv").unlink()
    (a_run(tmp_path / "broken", [OR]) / "run.json").write_text("{")
    assert said in told(capsys, *arguments, status=2)
    assert not (tmp_path / "all.csv").exists()


def test_a_results_table_that_is_none(tmp_path):
    run = a_run(tmp_path / "a", [OR])
    (run / "results.csv").write_text("analysis,estimate\nmean,many\n")
    with pytest.raises(Exception, match="not what a run writes"):
        read_run(run)
