"""What the documents tell a reader to type works when it is typed."""

import doctest
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from analysis import survey
from analysis.cli import MODULES, main, parser
from analysis.cohort.measures import MEASURES
from analysis.grammar import parse_term
from analysis.study import STUDIES, check_study, load_study

ROOT = Path(__file__).parent.parent
ADAPTING = (ROOT / "docs" / "adapting.md").read_text()
README = (ROOT / "README.md").read_text()
DOCUMENTS = {"adapting.md": ADAPTING, "README.md": README}
INFERENCE = (ROOT / "docs" / "inference.md").read_text()

PROGRAM = ".venv/bin/python -m analysis"


def commands(text: str) -> list[str]:
    """Commands on lines of their own (indented or fenced) and within sentences."""
    lines = re.findall(rf"^ *{re.escape(PROGRAM)}(?: .*)?$", text, re.MULTILINE)
    within = re.findall(r"`(?:\.venv/bin/)?(python -m analysis [^`]+)`", text)
    return [line.strip() for line in [*lines, *within]]


def outlined(text: str) -> list[str]:
    """Lines of an outline: ``python -m analysis fetch  STUDY ...  what it does``."""
    return re.findall(r"^ {4}python -m analysis +(.+)$", text, re.MULTILINE)


def snippets(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


ALL = [(name, line) for name, text in DOCUMENTS.items() for line in commands(text)]


@pytest.mark.parametrize(("document", "line"), ALL, ids=[line for _, line in ALL])
def test_a_documented_command_is_understood(document: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    options = parser().parse_args(words[words.index("analysis") + 1 :])
    assert options.command in MODULES
    for study in getattr(options, "studies", ()):
        # Either comes with the package, or is the reader's own and was copied some lines before.
        assert (STUDIES / f"{study}.toml").exists() or f" {study}\n" in DOCUMENTS[document]


def test_commands_are_found_in_every_document() -> None:
    assert len(commands(ADAPTING)) >= 5
    assert len(commands(README)) >= 3
    assert {line.split()[0] for line in outlined(README)} == set(MODULES)


@pytest.mark.parametrize("line", outlined(README), ids=lambda line: line.split()[0])
def test_an_outlined_command_has_its_options(line: str, capsys) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([line.split()[0], "--help"])
    said = capsys.readouterr().out
    for option in re.findall(r"--[a-z-]+", line):
        assert re.search(rf"{option}\b", said), option


def replaced(text: str, *edits: tuple[str, str]) -> str:
    for old, new in edits:
        assert old in text, f"{old!r} is not there"
        text = text.replace(old, new)
    return text


OWN, MORE = snippets(ADAPTING, "toml")
"""The short study of section 2, and what section 3 adds to it."""


def test_section_2_is_a_study_that_is_in_order(tmp_path: Path, capsys) -> None:
    path = tmp_path / "my_study.toml"
    path.write_text(OWN)
    assert main(["check", str(path)]) == 0
    assert "in order" in capsys.readouterr().out
    assert f"reports/{load_study(path).name}/" in ADAPTING


def test_section_3_adds_sections_that_are_in_order(tmp_path: Path) -> None:
    path = tmp_path / "my_study.toml"
    path.write_text(OWN + MORE)
    study = load_study(path)
    check_study(study, MEASURES)
    assert study.specifications is not None
    assert study.specifications.count == 12
    assert study.interactions
    assert study.strata
    assert study.imputation


def test_section_3_runs(tmp_path: Path, artificial_survey: Path) -> None:
    """On the artificial survey, which has other cycles: the rows of every section are there."""
    cycles = replaced(OWN, ('"2007-2008", "2009-2010"', '"2003-2004", "2005-2006"'))
    path = tmp_path / "my_study.toml"
    path.write_text(cycles + MORE)
    out = tmp_path / "reports"
    where = ["--mirror", str(artificial_survey), "--data", str(tmp_path / "data")]
    assert main(["run", str(path), *where, "--out", str(out)]) == 0
    results = pd.read_csv(next(out.glob("*/results.csv")))
    assert {"joint", "interaction", "slope", "stratum"} <= set(results["analysis"])


def test_section_1_tells_what_2007_2008_lacks(capsys) -> None:
    assert main(["check", "deng_2013", "--cycles", "2007-2008"]) == 2
    said = capsys.readouterr().err
    assert set(re.findall(r"measure '(\w+)' does not", said)) == {
        "vitamin_d_ria", "physical_activity"
    }  # fmt: skip


def test_section_4_lists_terms_that_are_understood() -> None:
    rows = re.findall(r"^\| (`.+`) \|", ADAPTING, re.MULTILINE)
    terms = [term for row in rows for term in re.findall(r"`([^`]+)`", row)]
    assert len(terms) >= 9
    for text in terms:
        term = parse_term(text)
        if term.columns != {"x"}:
            term.check(MEASURES)


def test_the_examples_of_inference_give_what_they_show() -> None:
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    parsed = doctest.DocTestParser().get_doctest(INFERENCE, {}, "inference.md", None, 0)
    assert len(parsed.examples) > 40
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=options).run(parsed, out=said.append)
    assert result.failed == 0, "".join(said)


def test_inference_runs_all_its_python() -> None:
    """A block of Python without prompts would be shown and not run."""
    for text in snippets(INFERENCE, "python"):
        for line in text.splitlines()[:1]:
            assert line.startswith(">>> "), line


def test_inference_names_functions_that_there_are() -> None:
    named = set(re.findall(r"^\| `(\w+)(?:\(|`)", INFERENCE, re.MULTILINE))
    named |= set(re.findall(r"`model\.(\w+)", INFERENCE))
    homes = (survey, survey.Design, survey.ModelResults)
    options = {"nest", "lonely_psu", "statistic", "interval"}  # arguments have `name=`
    assert len(named) > 12
    for name in named - options:
        assert any(hasattr(home, name) for home in homes), name


def test_inference_is_linked_within() -> None:
    headings = re.findall(r"^## (.+)$", INFERENCE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", INFERENCE)) <= anchors


def test_tables_of_inference_have_a_cell_for_every_column() -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", INFERENCE, re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1, table


@pytest.mark.real_data
def test_the_readme_prints_the_odds_ratios_of_the_study(real_run) -> None:
    """The table of total magnesium: each row is a model's, to the printed digit."""
    results = pd.read_csv(real_run("deng_2013") / "results.csv", keep_default_na=False)
    found = results[
        (results["analysis"] == "odds_ratio")
        & (results["exposure"] == "magnesium_total")
        & (results["outcome"] == "deficiency")
        & (results["level"] == "Q4")
    ].set_index("model")
    numbers = found[["estimate", "conf_low", "conf_high"]].astype(float)
    printed = re.findall(
        r"^\| [^*|]+ \| (\d\.\d\d \(\d\.\d\d-\d\.\d\d\)) \|$", README, re.MULTILINE
    )
    models = ["without_both", "without_vitamin_d", "without_calcium", "full"]
    ours = [f"{e:.2f} ({low:.2f}-{high:.2f})" for e, low, high in numbers.loc[models].to_numpy()]
    assert printed == ours
    counted = results[(results["analysis"] == "flow") & (results["measure"] == "remaining")]
    assert f"{int(float(counted['n'].iloc[-1])):,} adults of NHANES 2001-2006, study" in README
    mine = results[results["agreement"].ne("") & (results["exposure"] == "vitamin_d_total")]
    row = mine[(mine["analysis"] == "odds_ratio") & (mine["outcome"] == "deficiency")].iloc[0]
    e, low, high = (float(row[column]) for column in ("estimate", "conf_low", "conf_high"))
    prose = " ".join(README.split())
    assert f"odds ratio {e:.2f} ({low:.2f}-{high:.2f}), published 0.10 (0.06-0.17)" in prose


def test_the_readme_counts_the_specifications_of_the_study() -> None:
    study = load_study("deng_2013")
    assert study.specifications is not None
    assert README.count(f"{study.specifications.count:,} ") == 2
    assert len(study.specifications.choices) == 10
    assert "ten choices" in README
