"""What the documents tell a reader to type works when it is typed."""

import doctest
import json
import os
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


def arguments(line: str) -> tuple[list[str], str]:
    """Give what a documented command passes to the program, and the file it writes to."""
    words = shlex.split(line, comments=True)
    words = words[words.index("analysis") + 1 :]
    if ">" in words:
        at = words.index(">")
        return words[:at], words[at + 1]
    return words, ""


def outlined(text: str) -> list[str]:
    """Lines of an outline: ``python -m analysis fetch  STUDY ...  what it does``."""
    return re.findall(r"^ {4}python -m analysis +(.+)$", text, re.MULTILINE)


def snippets(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


ALL = [(name, line) for name, text in DOCUMENTS.items() for line in commands(text)]


@pytest.mark.parametrize(("document", "line"), ALL, ids=[line for _, line in ALL])
def test_a_documented_command_is_understood(document: str, line: str) -> None:
    options = parser().parse_args(arguments(line)[0])
    assert options.command in MODULES
    for study in getattr(options, "studies", ()):
        # Either comes with the package, or is the reader's own and was written some lines before.
        assert (STUDIES / f"{study}.toml").exists() or f" {study}\n" in DOCUMENTS[document]


def test_commands_are_found_in_every_document() -> None:
    assert len(commands(ADAPTING)) >= 20
    assert len(commands(README)) >= 3
    outline = {line.split()[0] for line in outlined(README)}
    shown = {arguments(line)[0][0] for line in commands(ADAPTING)}
    assert outline <= set(MODULES) <= outline | shown


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
"""The short study of section 3, and what section 4 adds to it."""

BECOMES = re.findall(r"^- `(.+)` becomes `(.+)`$", ADAPTING, re.MULTILINE)
"""The edits of section 2."""

REFUSED = "check deng_2013 --cycles 2007-2008"
"""The one command whose refusal is what the document shows."""


def walk(folder: Path, monkeypatch, capsys, kinds: set[str], *where: str) -> dict[str, str]:
    """Type the commands of adapting.md in their order, and edit where it says so; what they say."""
    monkeypatch.chdir(folder)
    said = {}
    for line in commands(ADAPTING):
        words, target = arguments(line)
        if words[0] not in kinds:
            continue
        capsys.readouterr()
        more = where if words[0] not in ("check", "measures", "new", "schema") else ()
        assert main([*words, *more]) == (2 if " ".join(words) == REFUSED else 0), line
        told = said[" ".join(words)] = "".join(capsys.readouterr())
        if target:
            Path(target).write_text(told)
        if words[0] == "new" and "--from" in words:
            copy = Path(f"{words[1]}.toml")
            copy.write_text(replaced(copy.read_text(), *BECOMES))
        elif words[0] == "new":
            begun = Path(f"{words[1]}.toml")
            begun.write_text(f"{begun.read_text().splitlines()[0]}\n{OWN}")
    return said


def test_the_commands_that_read_no_data_do_what_the_document_says(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    said = walk(tmp_path, monkeypatch, capsys, {"check", "measures", "new", "schema"})
    assert json.loads((tmp_path / "study.schema.json").read_text())["definitions"]
    for name in ("deficiency_2003", "calcium_pressure"):
        assert "in order" in said[f"check {name}.toml"]
        assert (tmp_path / f"{name}.toml").read_text().startswith("#:schema ../")
    assert "1. Aged 12 years or over (age is" not in said["check deficiency_2003.toml"]
    assert "vitamin_d_ria is below 12 ng/mL" in said["check deficiency_2003.toml"]
    assert "calcium_total: Total calcium" in said["check calcium_pressure.toml"]
    assert "'vitamin_d_ria' does not exist" in said[REFUSED]
    changed = said["check deng_2013 --set exposure=calcium_total"]
    for words in re.findall(r"left out, and you are told: (.+?)\.", ADAPTING.replace("\n", " ")):
        for part in re.split(r", the |, and the |^the ", words):
            assert part in changed, part


@pytest.mark.real_data
def test_every_command_of_the_document_runs(tmp_path: Path, monkeypatch, capsys) -> None:
    """All of adapting.md, in its order, on the CDC's files."""
    if not os.environ.get("NHANES_MIRROR"):
        pytest.skip("NHANES_MIRROR is not set")
    said = walk(tmp_path, monkeypatch, capsys, set(MODULES), "--data", str(tmp_path / "data"))
    reports = {path.parent.name for path in tmp_path.rglob("report.html")}
    assert reports == {
        "deng_2013-exposure_calcium_total", "forrest_2011-2003-2004", "deficiency_2003",
        "calcium_pressure", "deng_2013-across-2003-2004+2005-2006",
    }  # fmt: skip
    assert "people.csv" in said["cohort deng_2013 --write people.csv"]
    results = pd.read_csv(tmp_path / "reports" / "calcium_pressure" / "results.csv")
    flow = results[(results["analysis"] == "flow") & (results["measure"] == "remaining")]
    assert 3_500 < flow["estimate"].iloc[-1] < 5_000
    per = results[(results["analysis"] == "per_unit") & (results["model"] == "adjusted")]
    assert len(per) == 2 and per["estimate"].notna().all()


def test_section_4_adds_sections_that_are_in_order(tmp_path: Path) -> None:
    path = tmp_path / "my_study.toml"
    path.write_text(OWN + MORE)
    study = load_study(path)
    check_study(study, MEASURES)
    assert study.specifications is not None
    assert study.specifications.count == 12
    assert study.interactions
    assert study.strata
    assert study.adjusted
    assert study.imputation


def test_sections_3_and_4_run(tmp_path: Path, artificial_survey: Path) -> None:
    """On the artificial survey of 2001-2006, where 2005-2006 alone has blood pressure."""
    own = replaced(
        OWN,
        ('"2013-2014"', '"2003-2004", "2005-2006"'),
        ("not missing(systolic_pressure) and not missing(hypertension)", "not missing(vitamin_d)"),
        ("event = \"hypertension == 'Yes'\"", 'event = "vitamin_d < 50"'),
        ('measure = "systolic_pressure"', 'measure = "vitamin_d"'),
        (', "systolic_pressure", "hypertension"', ""),
        ("alcohol_status", "alcohol"),
    )
    path = tmp_path / "my_study.toml"
    path.write_text(own + MORE)
    out = tmp_path / "reports"
    where = ["--mirror", str(artificial_survey), "--data", str(tmp_path / "data")]
    assert main(["run", str(path), *where, "--out", str(out)]) == 0
    results = pd.read_csv(next(out.glob("*/results.csv")))
    assert {"joint", "interaction", "slope", "stratum", "adjusted"} <= set(results["analysis"])


def test_section_1_tells_what_2007_2008_lacks(capsys) -> None:
    assert main(["check", "deng_2013", "--cycles", "2007-2008"]) == 2
    said = capsys.readouterr().err
    assert set(re.findall(r"measure '(\w+)' does not", said)) == {
        "vitamin_d_ria", "physical_activity"
    }  # fmt: skip


def test_section_5_lists_terms_that_are_understood() -> None:
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
