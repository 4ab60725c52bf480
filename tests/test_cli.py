"""Bad input gets one message that says what, where and what to do; nothing is half written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.cli import main
from analysis.study import STUDIES

DENG = (STUDIES / "deng_2013.toml").read_text()
PLAIN = (
    DENG.partition("[[other_exposures]]")[0]
    + DENG[DENG.index("[[outcomes]]") : DENG.index("# Where vitamin D intake is the exposure")]
    + "[[published]]"
    + DENG.split("[[published]]")[1]
)
PLAIN = re.sub(r"^exposures = .*\n", "", PLAIN, flags=re.MULTILINE)
"""Of one exposure and one published figure, without what builds on the outcomes and models."""
SMALL = (Path(__file__).parent / "small.toml").read_text()


@pytest.fixture(scope="module")
def fetched(tmp_path_factory, artificial_survey) -> Path:
    """Return a folder of downloaded files that is complete."""
    folder = tmp_path_factory.mktemp("fetched")
    assert (
        main(["fetch", "deng_2013", "--mirror", str(artificial_survey), "--data", str(folder)]) == 0
    )
    return folder


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(capsys, arguments: list[str], status: int, *said: str) -> str:
    """Run a command that must end with a status and one message that has these words."""
    capsys.readouterr()
    assert main(arguments) == status
    error = capsys.readouterr().err
    assert "Traceback" not in error
    messages = [line for line in error.splitlines() if line.startswith("analysis: ")]
    assert len(messages) == 1, error
    for words in said:
        assert words in error
    return error


def study_file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "study.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[exposure]\n", '[exposure]\ncolour = "red"\n', ["unknown key 'colour'", "[exposure]"]),
        ("groups = 4", "grups = 4", ["unknown key 'grups'", "did you mean 'groups'?"]),
        ("groups = 4", 'groups = "four"', ["exposure.groups", "whole number", "the text 'four'"]),
        ("age >= 20", "age >= ", ["cohort step 'adults'", "^"]),
        ("age >= 20", "ages >= 20", ["unknown measure 'ages'", "did you mean 'age'?"]),
        ("age >= 20", "__import__('os').system('touch pwned')", ["cohort step 'adults'", "^"]),
        ("age >= 20", "age >= 20 or (lambda: 1)()", ["cohort step 'adults'", "^"]),
        ('"bmi"', '"exec(bmi)"', ["unknown transform 'exec'", "^"]),
        ('"bmi"', '"bmi.__class__"', ["model 'without_both'", "^"]),
        ('measure = "season"', 'measure = "seasons"', ["unknown measure 'seasons'"]),
        (
            '[data]\ncycles = ["2001-2002"',
            '[data]\ncycles = ["1999-2000"',
            ["vitamin_d", "1999-2000", "not measured"],
        ),
        ('"2001-2002"', '"2001-2003"', ["unknown cycle '2001-2003'"]),
        (
            'weight = "dietary_day_1"',
            'weight = "examination"',
            ["data.weight", 'use "dietary_day_1"'],
        ),
        ('name = "deng_2013"', 'name = "../evil"', ["name"]),
        ("schema = 1", "schema = 2", ["schema"]),
        ("schema = 1", "schema = ", ["line 5"]),
    ],
)
def test_a_study_that_is_not_in_order(capsys, tmp_path, monkeypatch, old, new, said):
    assert old in DENG
    monkeypatch.chdir(tmp_path)
    path = study_file(tmp_path, DENG.replace(old, new, 1))
    refused(capsys, ["check", path], 2, "study.toml", *said)
    refused(capsys, ["run", path, "--offline"], 2, "study.toml", *said)
    assert [p.name for p in tmp_path.iterdir()] == ["study.toml"], "something was written"


def test_an_unknown_study(capsys):
    refused(capsys, ["run", "deng_2031"], 2, "deng_2031", "deng_2013", "forrest_2011")


def test_a_study_named_twice(capsys):
    refused(capsys, ["run", "deng_2013", "deng_2013"], 2, "two studies are named 'deng_2013'")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("2001-2003", "2001-2002"), ("2003", "2003-2004"), ("06", "2005-2006")],
)
def test_cycles_that_do_not_exist(capsys, written, meant):
    arguments = ["check", "deng_2013", "--cycles", written]
    refused(capsys, arguments, 2, f"unknown cycle '{written}'; did you mean '{meant}'?")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'event = "vitamin_d_ria < 12"',
            'event = "vitamin_d_ria < 0"',
            ["outcome 'deficiency'", "meets 'event' (vitamin_d_ria < 0)", "cut-off"],
        ),
        (
            'against = "vitamin_d_ria >= 20"',
            'against = "vitamin_d_ria >= 0"',
            ["outcome 'deficiency'", "have the event and are in the group"],
        ),
        (
            'event = "vitamin_d_ria < 12"\nagainst = "vitamin_d_ria >= 20"',
            'event = "vitamin_d_ria < 900"',
            ["outcome 'deficiency'", "none of the", "meets 'against' (not (vitamin_d_ria < 900))"],
        ),
        ("age >= 20", "age >= 200", ["cohort step 'adults'", "nobody is left"]),
        ('"bmi"', '"bmi", "square(bmi)", "center(bmi, 1)"', ["model 'without_both'", "bmi"]),
        ('level = "Q4" }', 'level = "Q1", measure = "XX" }', ["published figure"]),
    ],
)
def test_a_study_that_the_data_refuse(capsys, tmp_path, fetched, old, new, said):
    out = tmp_path / "reports"
    path = study_file(tmp_path, PLAIN.replace(old, new, 1))
    error = refused(
        capsys, ["run", path, "--data", str(fetched), "--offline", "--out", str(out)], 2, *said
    )
    assert "Traceback" not in error
    assert not out.exists() or not any(out.rglob("report.html"))


def test_a_failed_run_keeps_the_report_of_the_last_good_one(capsys, tmp_path, fetched):
    out = tmp_path / "reports"
    arguments = ["--data", str(fetched), "--offline", "--out", str(out)]
    assert main(["run", study_file(tmp_path, SMALL), *arguments]) == 0
    before = tree(out)
    bad = SMALL.replace("vitamin_d < 50", "vitamin_d < 0")
    refused(capsys, ["run", study_file(tmp_path, bad), *arguments], 2, "outcome 'low'")
    assert tree(out) == before


def test_damaged_files_are_named_with_the_way_to_fetch_them_anew(
    capsys, tmp_path, artificial_survey
):
    data = tmp_path / "data"
    arguments = ["deng_2013", "--mirror", str(artificial_survey), "--data", str(data)]
    assert main(["fetch", *arguments]) == 0
    victim = next(data.rglob("VID_C.xpt"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 0x55
    victim.write_bytes(content)
    refused(capsys, ["run", *arguments], 3, "VID_C.xpt", "sha256")
    victim.write_bytes(b"not a transport file")
    refused(capsys, ["cohort", *arguments], 3, "VID_C.xpt")
    victim.unlink()
    assert main(["fetch", *arguments]) == 0
    assert main(["cohort", *arguments]) == 0


def test_a_mirror_folder_without_the_files(capsys, tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    refused(
        capsys,
        ["fetch", "deng_2013", "--mirror", str(mirror), "--data", str(tmp_path / "data")],
        3,
        str(mirror),
        ".htm",
    )


def test_a_mirror_that_is_no_folder(capsys, tmp_path):
    refused(capsys, ["fetch", "deng_2013", "--mirror", str(tmp_path / "none")], 2, "none")


def test_a_server_that_does_not_answer(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Port 9 of loopback: nothing listens there.
    error = refused(
        capsys,
        ["fetch", "forrest_2011", "--mirror", "http://127.0.0.1:9"],
        3,
        "http://127.0.0.1:9/",
        "NHANES_MIRROR",
        "--offline",
    )
    assert len(error) < 2_000


def test_offline_without_files_says_what_is_missing(capsys, tmp_path):
    refused(
        capsys,
        ["run", "forrest_2011", "--offline", "--data", str(tmp_path)],
        3,
        "VID_D",
        "--offline",
    )


def test_a_folder_that_cannot_be_written(capsys, tmp_path, fetched):
    (tmp_path / "reports").write_text("a file")
    refused(
        capsys,
        [
            "run",
            "deng_2013",
            "--data",
            str(fetched),
            "--offline",
            "--out",
            str(tmp_path / "reports"),
        ],
        2,
        "cannot write the report",
        "--out",
    )


def test_compare_without_a_run(capsys, tmp_path):
    refused(capsys, ["compare", "deng_2013", "--out", str(tmp_path)], 2, "has not been run")


def test_compare_with_a_record_that_is_none(capsys, tmp_path):
    (tmp_path / "deng_2013").mkdir()
    (tmp_path / "deng_2013" / "run.json").write_text("{}")
    refused(capsys, ["compare", "deng_2013", "--out", str(tmp_path)], 2, "not the record of a run")


@pytest.mark.parametrize("name", ["people.xlsx", "missing/people.csv"])
def test_cohorts_are_written_to_files_that_can_be(capsys, tmp_path, name):
    refused(
        capsys, ["cohort", "deng_2013", "--offline", "--write", str(tmp_path / name)], 2, "--write"
    )


def test_a_word_that_no_measure_mentions(capsys):
    refused(capsys, ["measures", "unobtainium"], 2, "no measure mentions 'unobtainium'")


def test_measures_are_found_by_a_word(capsys):
    assert main(["measures", "magnesium"]) == 0
    said = capsys.readouterr().out
    assert "magnesium_dietary" in said and "mg/day" in said and "season" not in said


COMMANDS = ["fetch", "cohort", "check", "run", "compare", "measures", "codebook"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"example: python -m analysis {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["run"], ["run", "deng_2013", "--jobs", "0"], ["run", "--colour"]]
)
def test_mistyped_commands(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_process_itself_ends_with_the_status():
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "check", "no_such_study"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("analysis: ") and "Traceback" not in done.stderr


def test_hostile_text_is_escaped_in_the_report(tmp_path, fetched):
    evil = "<script>alert(1)</script>"
    text = SMALL.replace('title = "A small', f'title = "{evil} A small')
    text = text.replace('label = "Aged 20', f'label = "{evil} Aged 20')
    text = text.replace('label = "Low vitamin D"', f'label = "{evil} low"')
    out = tmp_path / "reports"
    path = study_file(tmp_path, text)
    assert main(["run", path, "--data", str(fetched), "--offline", "--out", str(out)]) == 0
    page = next(out.rglob("report.html")).read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    for figure in out.rglob("*.svg"):
        assert "<script>alert" not in figure.read_text()
