"""Files: whole or not at all, the same on every run."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

from analysis.reporting import build, write, write_report
from analysis.reporting.document import Report
from analysis.reporting.write import BUILDING, _machine, _remove_stale

FILES = {"report.html", "report.docx", "report.pdf", "results.csv"}
FOLDERS = {"figures", "tables"}
FIGURE_FILES = (".svg", ".png", "-narrow.svg", ".csv")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_two_runs_write_the_same_bytes(forrest: Any, tmp_path: Path) -> None:
    results, facts = forrest
    for name in ("one", "two"):
        mixed = dict(reversed(facts.versions.items())) if name == "two" else facts.versions
        write_report(results, replace(facts, versions=mixed), tmp_path / name)
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "two")
    tables = (
        "published-table", "prevalence-table", "checks-odd", "checks-all", "files", "strobe",
        "strobe-nut",
    )  # fmt: skip
    assert set(first) == {
        *FILES,
        *(f"figures/{name}{end}" for name in ("flow", "prevalence") for end in FIGURE_FILES),
        *(f"tables/{name}{end}" for name in tables for end in (".csv", ".tex")),
    }
    assert str(tmp_path).encode() not in b"".join(first.values())
    # By this mark spreadsheets know UTF-8; what programs read goes without.
    marked = {name for name, written in first.items() if written.startswith(codecs.BOM_UTF8)}
    assert marked == {f"tables/{name}.csv" for name in tables}


def test_neither_locale_nor_hash_seed_nor_zone_changes_a_byte(forrest: Any, tmp_path: Path) -> None:
    results, facts = forrest
    script = tmp_path / "again.py"
    here = Path(__file__).parent
    script.write_text(
        "import importlib.util, sys\nfrom pathlib import Path\n"
        f"spec = importlib.util.spec_from_file_location('made', {str(here / 'conftest.py')!r})\n"
        "made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)\n"
        "from analysis.reporting import write, write_report\n"
        f"assert write.__file__ == {write.__file__!r}\n"
        "results = made.table_of(made.forrest_rows(), 'forrest_2011')\n"
        "write_report(results, made.facts_for('forrest_2011'), Path(sys.argv[1]))\n"
    )
    write_report(results, facts, tmp_path / "here")
    # A list of fonts, which is a walk over all of the machine's, is no part of the question.
    fonts = shutil.copytree(matplotlib.get_cachedir(), tmp_path / "mpl")
    environment = {
        "PYTHONHASHSEED": "12345", "LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "HOME": "/",
        "MPLCONFIGDIR": str(fonts), "PYTHONPATH": os.environ["PYTHONPATH"],
    }  # fmt: skip
    subprocess.run(
        [sys.executable, str(script), str(tmp_path / "there")],
        check=True, env=environment, cwd=tmp_path, timeout=120,
    )  # fmt: skip
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_numbers_survive_the_file(deng: Any, tmp_path: Path) -> None:
    results, facts = deng
    results["estimate"] = np.linspace(1e-9, np.pi * 1e7, len(results))

    # The first section alone: figures have no part in the question.
    def short(*run: Any) -> Report:
        whole = build(*run)
        return replace(whole, sections=whole.sections[:1])

    write_report(results, facts, tmp_path, short)
    back = pd.read_csv(tmp_path / "results.csv")
    assert list(back.columns) == list(results.columns)
    assert (back["estimate"] == results["estimate"]).all()
    raw = (tmp_path / "results.csv").read_bytes()
    assert b"\r" not in raw and raw.decode("utf-8").count("\n") == len(results) + 1


def test_artificial_results_say_so_in_each_row(forrest: Any, tmp_path: Path) -> None:
    results, facts = forrest
    write_report(results, replace(facts, synthetic=True), tmp_path)
    back = pd.read_csv(tmp_path / "results.csv")
    assert set(back["data"]) == {"artificial"}
    assert "data" not in results.columns


def test_what_else_is_in_the_folder_stays(forrest: Any, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "stale.svg").write_text("old")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "stale.csv").write_text("old")
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "my notes.txt").write_text("mine")
    write_report(*forrest, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"my notes.txt", "run.json"} | FILES | FOLDERS
    assert not (tmp_path / "figures" / "stale.svg").exists()
    assert not (tmp_path / "tables" / "stale.csv").exists()


def test_a_run_that_fails_leaves_the_old_report_whole(forrest: Any, tmp_path: Path) -> None:
    write_report(*forrest, tmp_path)
    before = contents(tmp_path)
    results, facts = forrest
    with pytest.raises(AttributeError):
        write_report(results, replace(facts, versions=3), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        write_report(results.drop(columns="estimate"), facts, tmp_path)
    assert contents(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == FILES | FOLDERS


def test_a_link_in_the_place_of_figures_is_not_followed(forrest: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.txt").write_text("keep")
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "figures").symlink_to(other)
    write_report(*forrest, folder)
    assert {path.name for path in other.iterdir()} == {"precious.txt"}
    assert not (folder / "figures").is_symlink() and (folder / "figures" / "flow.svg").exists()


def gone() -> int:
    """Number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.parametrize("hours", [0.9, 1.1])
@pytest.mark.parametrize(
    ("whose", "always"),
    [("gone", True), ("running", False), ("elsewhere", False), ("unnamed", False)],
)
def test_what_killed_runs_left_is_removed(
    tmp_path: Path, whose: str, always: bool, hours: float
) -> None:
    names = {
        "gone": f"{_machine()}-{gone()}-x1", "running": f"{_machine()}-{os.getppid()}-x1",
        "elsewhere": f"00000000-{gone()}-x1", "unnamed": "x1y2z3",
    }  # fmt: skip
    left = tmp_path / f"{BUILDING}{names[whose]}"
    (left / "figures").mkdir(parents=True)
    (left / "figures" / "flow.svg").write_text("half")
    (tmp_path / f"{BUILDING}file").write_text("no folder")
    then = time.time() - 3600 * hours
    os.utime(left, (then, then))
    (tmp_path / "mine").mkdir()
    os.utime(tmp_path / "mine", (0, 0))
    _remove_stale(tmp_path)
    assert left.exists() == (not always and hours < 1)
    others = {path.name for path in tmp_path.iterdir()} - {left.name}
    assert others == {"mine", f"{BUILDING}file"}


def test_a_link_that_looks_left_behind_is_not_followed(forrest: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.txt").write_text("keep")
    os.utime(other, (0, 0))
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / f"{BUILDING}link").symlink_to(other)
    write_report(*forrest, folder)
    assert (other / "precious.txt").read_text() == "keep"


def test_a_run_killed_in_mid_write_leaves_nothing_for_long(forrest: Any, tmp_path: Path) -> None:
    here = Path(__file__).parent
    script = tmp_path / "killed.py"
    script.write_text(
        "import importlib.util, os, signal, sys\nfrom pathlib import Path\n"
        f"spec = importlib.util.spec_from_file_location('made', {str(here / 'conftest.py')!r})\n"
        "made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)\n"
        "from analysis.reporting import write\n"
        "write._replace_folder = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "results = made.table_of(made.forrest_rows(), 'forrest_2011')\n"
        "write.write_report(results, made.facts_for('forrest_2011'), Path(sys.argv[1]))\n"
    )
    folder = tmp_path / "report"
    ended = subprocess.run([sys.executable, str(script), str(folder)], timeout=120, check=False)
    assert ended.returncode == -9
    (left,) = folder.iterdir()
    assert left.name.startswith(BUILDING) and (left / "report.html").exists()
    write_report(*forrest, folder)
    assert {path.name for path in folder.iterdir()} == FILES | FOLDERS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_files_take_their_places_waits_until_all_have(
    number, forrest, tmp_path, monkeypatch
):
    heard = []
    before = signal.signal(number, lambda *told: heard.append((tmp_path / "report.html").exists()))
    replace_file, moved = Path.replace, []

    def slow(path, target):
        moved.append(path.name)
        signal.raise_signal(number)
        return replace_file(path, target)

    try:
        monkeypatch.setattr(Path, "replace", slow)
        write_report(*forrest, tmp_path, beside=lambda made: {"run.json": b"{}"})
    finally:
        monkeypatch.undo()
        signal.signal(number, before)
    assert heard == [True], "once, and when all was done"
    assert moved[0] == "figures" and moved[-1] == "report.html" and "run.json" in moved


def test_further_files_are_made_last_and_move_with_the_others(forrest, tmp_path):
    def beside(made):
        assert made.report.title and len(made.results)
        return {"sums.json": json.dumps(made.sha256).encode()}

    write_report(*forrest, tmp_path, beside=beside)
    sums = json.loads((tmp_path / "sums.json").read_text())
    assert {"results.csv", "report.html"} <= set(sums)
    for name, sha256 in sums.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == sha256


def test_files_that_fail_to_be_made_leave_the_earlier_report(forrest, tmp_path):
    write_report(*forrest, tmp_path)
    before = (tmp_path / "report.html").stat().st_mtime_ns

    def broken(made):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_report(*forrest, tmp_path, beside=broken)
    assert (tmp_path / "report.html").stat().st_mtime_ns == before
    assert {path.name for path in tmp_path.iterdir()} == FILES | FOLDERS
