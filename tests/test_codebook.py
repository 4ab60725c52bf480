"""The command codebook: what it prints of the CDC's pages, in 80 columns, and what it refuses."""

import os
import re

import pytest

from analysis.cli import main

COUNTED = {
    "2003-2004": (8_894, 749, 9_643),
    "2005-2006": (9_169, 781, 9_950),
    "2007-2008": (9_118, 644, 9_762),
    "2009-2010": (9_623, 630, 10_253),
    "2011-2012": (8_389, 949, 9_338),
    "2013-2014": (8_531, 1_282, 9_813),
    "2015-2016": (8_327, 1_217, 9_544),
    "2017-2018": (7_484, 1_220, 8_704),
}
"""Magnesium of the first day, as the CDC's codebooks print it: present, missing, rows."""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return str(tmp_path_factory.mktemp("codebooks"))


@pytest.fixture
def ask(capsys, data, artificial_survey):
    """Ask the codebooks of the artificial survey; give the status and what was printed."""

    def ask(*arguments: str, **where: str) -> tuple[int, str, str]:
        capsys.readouterr()
        source = ["--mirror", where.get("mirror", str(artificial_survey))]
        status = main(["codebook", *arguments, "--data", where.get("data", data), *source])
        said = capsys.readouterr()
        assert max(map(len, said.out.splitlines()), default=0) <= 80
        return status, said.out, said.err

    return ask


def rows_of(out: str) -> dict[str, list[str]]:
    """The rows of the count table by cycle."""
    lines = [line.split() for line in out.splitlines()]
    return {words[0]: words[1:] for words in lines if words and re.match(r"\d{4}-\d{4}$", words[0])}


def test_a_variable_over_cycles(ask):
    status, out, err = ask("riagendr")
    assert status == 0
    assert out.startswith("RIAGENDR, of ARTIFICIAL data\nLabel ")
    assert re.search(r"\n 1 +Male *\n 2 +Female *\n", out)
    rows = rows_of(out)
    assert list(rows) == ["2001-2002", "2003-2004", "2005-2006"]
    for table, men, women, missing, total in rows.values():
        assert table.startswith("DEMO_") and missing == "0" and total == "1,500"
        assert int(men) + int(women) == 1_500
    assert "sex" in re.search(r"Read by(.*)", out)[1]
    assert "Searched the codebooks of" in err


def test_only_pages_are_fetched_and_parsed_once(ask, tmp_path):
    folder = tmp_path / "data"
    assert ask("RIAGENDR", "--cycles", "2001-2002", data=str(folder))[0] == 0
    assert not list(folder.rglob("*.xpt")) and list(folder.rglob("DEMO_B.htm"))
    kept = sorted((folder / ".cache").iterdir())
    times = [path.stat().st_mtime_ns for path in kept]
    status, out, err = ask("RIAGENDR", "--cycles", "2001-2002", "--offline", data=str(folder))
    assert (status, list(rows_of(out))) == (0, ["2001-2002"]) and " fetched (" not in err
    assert [path.stat().st_mtime_ns for path in kept] == times


def test_words_are_searched(ask):
    status, out, _ = ask("--search", "MAGNESIUM")
    assert status == 0
    assert re.search(r"DR1TMAGN .*2003-2006 +DR1TOT", out)
    assert re.search(r"DRXTMAGN .*2001-2002 +DRXTOT", out)
    assert "RIAGENDR" not in out and "ARTIFICIAL" in out


def test_the_variables_of_a_table(ask):
    status, out, _ = ask("--table", "demo_c")
    assert status == 0 and out.startswith("DEMO_C, 2003-2004, 1,500 rows, of ARTIFICIAL data")
    assert re.search(r"RIAGENDR .* 1, 2 +0", out)
    status, out, _ = ask("--table", "DEMO_C", "RIAGENDR")
    assert status == 0 and list(rows_of(out)) == ["2003-2004"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["RIAGENDER"], 2, ["no variable 'RIAGENDER'", "RIAGENDR", "--search"]),
        (["DR2TMAGN", "--cycles", "2001-2002"], 2, ["Spelt like it: DRXTMAGN"]),
        (["vitamin_d"], 2, ["It is a measure", "measures vitamin_d"]),
        (["DEMO_B"], 2, ["It is a table", "--table DEMO_B"]),
        (["--search", "unobtainium"], 2, ["no codebook mentions 'unobtainium'"]),
        ([], 2, ["--search WORD"]),
        (["--search", ""], 2, ["no word to search for"]),
        (["RIAGENDR", "--search", "sex"], 2, ["--search WORD"]),
        (["RIAGENDR", "--cycles", "2003"], 2, ["did you mean '2003-2004'?"]),
        (["--table", "DPQ"], 2, ["the table of 1999-2000", "DPQ_D 2005-2006", "DPQ_J 2017-2018"]),
        (["--table", "DEMO_K"], 2, ["_B 2001-2002"]),
        (["--table", "../../DEMO_B"], 2, ["no table of a cycle"]),
        (["--table", "MORT_B"], 2, ["no codebook"]),
        (["--table", "DEMO_B", "--cycles", "2003-2004"], 2, ["DEMO_B is of 2001-2002"]),
        (["--table", "NONE_B"], 3, ["does not have 1 file", "NONE_B"]),
    ],
)
def test_what_cannot_be_told(arguments, status, said, ask):
    found, out, err = ask(*arguments)
    assert found == status and out == ""
    assert all(words in err for words in said), err
    assert "Traceback" not in err


def test_nothing_at_hand_and_no_network(ask, tmp_path):
    status, out, err = ask("RIAGENDR", "--offline", data=str(tmp_path))
    assert (status, out) == (3, "") and "run the same command without --offline" in err


@pytest.mark.real_data
def test_counts_of_magnesium_are_those_that_the_cdc_prints(ask, real_path, tmp_path):
    mirror = os.environ["NHANES_MIRROR"]
    status, out, _ = ask("DR1TMAGN", mirror=mirror, data=str(tmp_path))
    assert status == 0 and "ARTIFICIAL" not in out
    found = {
        cycle: tuple(int(word.replace(",", "")) for word in words[-3:])
        for cycle, words in rows_of(out).items()
    }
    assert {cycle: found[cycle] for cycle in COUNTED} == COUNTED
    assert set(found) - set(COUNTED) == {"2021-2023"}
    assert sum(found["2021-2023"][:2]) == found["2021-2023"][2]
    # A variable with as many codes as fit beside each other, and one with more.
    for name, grids in (("DMDEDUC2", 1), ("DMDEDUC3", 2)):
        status, out, _ = ask(name, mirror=mirror, data=str(tmp_path))
        assert status == 0 and len(re.findall(r"^ 2017-2018 ", out, re.M)) == grids
