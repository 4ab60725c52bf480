"""Beginning studies, what check tells of them, their JSON schema, and looking up measures."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.cli import main
from analysis.cohort.measures import MEASURES, SUBJECTS
from analysis.commands import described
from analysis.nhanes.cycles import CYCLES
from analysis.study import STUDIES, available_studies, load_study
from analysis.study.beginning import TEMPLATE
from analysis.study.fields import Section
from analysis.study.hints import OTHER_UNITS, hints
from analysis.study.schema import ANY, CONTINUOUS, FILE, TERMS, directive, schema_text, study_schema
from analysis.study.specification import Study
from analysis.study.translate import fields_of, section_of

SMALL = Path(__file__).with_name("small.toml").read_text()
DOCUMENT = Path(__file__).parent.parent / "docs" / "measures.md"
SCHEMA = study_schema(MEASURES)


def study_file(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


# --- new -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "deng_2013"],
        ["--from", "deng_2013", "--cycles", "2005-2006"],
        ["--from", "deng_2013", "--cycles", "2001-2002"],
        ["--from", "forrest_2011", "--cycles", "2003-2004,2001-2002"],
        [],
        ["--cycles", "2009-2010,2017-2018"],
    ],
    ids=" ".join,
)
def test_a_new_study_passes_check_as_it_is_written(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my_study", *words]) == 0
    path = tmp_path / "my_study.toml"
    assert main(["check", str(path)]) == 0
    study = load_study(path)
    assert study.name == "my_study" and study.published == ()
    text = path.read_text()
    assert not list(errors(tomllib.loads(text), SCHEMA))
    assert text.startswith("#:schema ") and "# cohort: An exclusion:" in text
    assert max(len(line) for line in text.splitlines() if line.startswith("#   ")) <= 100
    if "--cycles" in words:
        assert study.data.cycles == tuple(sorted(words[words.index("--cycles") + 1].split(",")))
        assert not re.search(r"NHANES 20(01-2006|13-2014)", study.title)
    if "deng_2013" in words:
        origin = load_study("deng_2013")
        assert [m.terms for m in study.models] == [m.terms for m in origin.models]
        assert "# Multivitamins carry magnesium" in text, "comments are kept"
        assert "begun from: Magnesium intake" in study.title
        moved = origin.with_cycles(study.data.cycles)
        assert [s.name for s in study.strata] == [s.name for s in moved.strata]
        assert study.specifications.count == moved.specifications.count
        assert study.weight == "dietary_day_1"


def test_what_is_for_other_cycles_is_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my_study", "--from", "deng_2013", "--cycles", "2001-2002"]) == 0
    study = load_study(tmp_path / "my_study.toml")
    assert "parathyroid_hormone" not in {stratum.name for stratum in study.strata}
    assert "recalls" not in {choice.name for choice in study.specifications.choices}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["deng_2013"], "comes with the package"),
        (["My-Study"], "is not a name of a-z"),
        (["my_study", "--from", "deng_2031"], "no study 'deng_2031'; did you mean 'deng_2013'?"),
        (["my_study", "--from", "deng_2013", "--cycles", "2011-2012"], "'vitamin_d_ria' does not"),
        (["my_study", "--cycles", "1999-2000"], "'vitamin_d' does not exist in 1999-2000"),
        (["my_study", "--cycles", "2019"], "unknown cycle '2019'"),
        (["none/my_study"], "there is no folder none"),
    ],
)
def test_a_study_that_cannot_be_begun(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", *words]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [], "something was written"


def test_a_file_is_not_written_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_study.toml").write_text("mine")
    assert main(["new", "my_study"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "my_study.toml").read_text() == "mine"


# --- check ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", available_studies())
def test_check_tells_what_every_study_would_do_in_80_columns(name, capsys):
    assert main(["check", name]) == 0
    said = capsys.readouterr().out
    study = load_study(name)
    assert max(map(len, said.splitlines()[1:])) <= 80
    words = " ".join(said.split())
    for outcome in study.outcomes:
        assert f"{outcome.name}:" in words
    for i, step in enumerate(study.cohort, start=1):
        assert f"{i}. {step.label} (" in words
    for model in study.models:
        assert f"{model.name}:" in words
    if study.published:
        assert f"Published {len(study.published)} figures" in words


def test_check_names_weights_by_cycle_and_tables_when_asked(capsys):
    assert main(["check", "deng_2013", "--verbose"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "WTDRD1 of DRXTOT (2001-2002) WTDRD1 of DR1TOT (2003-2006)" in words
    assert "VID_B (2001-2002): SEQN, LBDVIDMS" in words
    assert "the smallest subsample used, that of calcium_total, energy, lutein_dietary" in words
    assert "5. With first-day dietary weight, if some left have none" in words


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("vitamin_d < 50", "vitamin_d < 20", "20 looks like ng/mL, but vitamin_d is in nmol/L"),
        ("vitamin_d < 50", "vitamin_d < 12", "(12 ng/mL = 30 nmol/L)"),
        ("vitamin_d < 50", "12 <= vitamin_d", "12 looks like ng/mL"),
        ("vitamin_d < 50", "not (age > 30 or vitamin_d in (20))", "20 looks like ng/mL"),
        ("vitamin_d < 50", "vitamin_d_ria < 75", "75 looks like nmol/L"),
        (
            '"sex"]\n\n[table1]',
            '"category(vitamin_d_total, 600)"]\n\n[table1]',
            "600 looks like IU",
        ),
        (
            'measure = "magnesium_dietary"\ngroups = 3\nper = 100',
            'measure = "vitamin_d_total"\ngroups = 3\nper = 400',
            "400 looks like IU/day, but vitamin_d_total is in µg/day",
        ),
        (
            'measure = "magnesium_dietary"\ngroups = 3\nper = 100',
            'measure = "vitamin_d_total"\ncuts = [400]\nper = 5',
            "exposure 'vitamin_d_total', cuts: 400 looks like IU/day",
        ),
        ("vitamin_d < 50", "vitamin_d < 30", ""),
        ("vitamin_d < 50", "vitamin_d < 0", ""),
        ("age >= 20", "age >= 12", ""),
    ],
)
def test_numbers_that_look_like_another_unit_are_pointed_at(old, new, said, tmp_path):
    assert old in SMALL
    found = list(hints(load_study(study_file(tmp_path, SMALL.replace(old, new))), MEASURES))
    assert (len(found) == 1 and said in found[0]) if said else not found


def test_no_study_of_the_package_looks_like_another_unit():
    for name in available_studies():
        assert not list(hints(load_study(name), MEASURES)), name


def test_other_units_are_of_measures_that_there_are():
    assert set(OTHER_UNITS) <= set(MEASURES)
    for name, other in OTHER_UNITS.items():
        assert MEASURES[name].kind == "continuous" and MEASURES[name].unit != other.unit


# --- schema --------------------------------------------------------------------------------------

KINDS = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
    "object": dict,
}  # fmt: skip


def errors(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Hold a value against what the schema uses of JSON Schema; all else in it is an error."""
    for key, wanted in schema.items():
        match key:
            case "$schema" | "title" | "description" | "default" | "definitions":
                continue
            case "$ref":
                yield from errors(value, SCHEMA["definitions"][wanted.rpartition("/")[2]], at)
            case "type":
                if not isinstance(value, KINDS[wanted]) or (
                    isinstance(value, bool) and wanted != "boolean"
                ):
                    yield f"{at}: {value!r} is no {wanted}"
            case "enum":
                if value not in wanted:
                    yield f"{at}: {value!r} is not listed"
            case "const":
                if value != wanted:
                    yield f"{at}: {value!r} is not {wanted!r}"
            case "allOf":
                for each in wanted:
                    yield from errors(value, each, at)
            case "anyOf":
                if all(list(errors(value, each, at)) for each in wanted):
                    yield f"{at}: {value!r} is none of those wanted"
            case "pattern":
                if isinstance(value, str) and not re.search(wanted, value):
                    yield f"{at}: {value!r} has another form"
            case "minLength" | "minItems":
                if len(value) < wanted:
                    yield f"{at}: is too short"
            case "maxLength" | "maxItems":
                if len(value) > wanted:
                    yield f"{at}: is too long"
            case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
                if isinstance(value, int | float) and not {
                    "minimum": value >= wanted, "exclusiveMinimum": value > wanted,
                    "maximum": value <= wanted, "exclusiveMaximum": value < wanted,
                }[key]:  # fmt: skip
                    yield f"{at}: {value!r} is out of range"
            case "items":
                for i, item in enumerate(value if isinstance(value, list) else ()):
                    yield from errors(item, wanted, f"{at}[{i}]")
            case "required":
                yield from (f"{at}: lacks {name}" for name in wanted if name not in value)
            case "properties":
                for name, each in value.items() if isinstance(value, dict) else ():
                    if name in wanted:
                        yield from errors(each, wanted[name], f"{at}.{name}")
            case "propertyNames":
                for name in value:
                    yield from errors(name, wanted, f"{at}.{name}")
            case "patternProperties":
                for name, each in value.items():
                    for form, of in wanted.items():
                        if re.search(form, name):
                            yield from errors(each, of, f"{at}.{name}")
            case "additionalProperties":
                known = schema.get("properties", {})
                forms = schema.get("patternProperties", {})
                for name, each in value.items() if isinstance(value, dict) else ():
                    if name in known or any(re.search(form, name) for form in forms):
                        continue
                    if wanted is False:
                        yield f"{at}: {name} is not known"
                    elif wanted is not True:
                        yield from errors(each, wanted, f"{at}.{name}")
            case _:
                raise AssertionError(f"the schema uses {key}, which this test does not know")


STUDY_FILES = [*sorted(STUDIES.glob("*.toml")), TEMPLATE, Path(__file__).with_name("small.toml")]


@pytest.mark.parametrize("path", STUDY_FILES, ids=lambda path: path.stem)
def test_every_study_fits_the_schema(path):
    assert not list(errors(tomllib.loads(path.read_text()), SCHEMA))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("groups = 3", "grups = 3", "grups is not known"),
        ("per = 100", "per = 0", "0 is out of range"),
        ("per = 100", 'per = "many"', "'many' is no number"),
        ('"2005-2006"', '"2005-2007"', "'2005-2007' is not listed"),
        ('measure = "magnesium_dietary"', 'measure = "sex"', "'sex' is not listed"),
        ('rows = ["age", "sex"]', 'rows = ["age", "sx"]', "'sx' is not listed"),
        ('terms = ["age", "sex"]', 'terms = ["age", "sx"]', "'sx' is none of those wanted"),
        ('weight = "dietary_day_1"', 'weight = "dietary"', "'dietary' is not listed"),
        ('name = "small"', 'name = "Small one"', "has another form"),
        ('title = "A small study"\n', "", "lacks title"),
        ("complete_cases = true", 'complete_cases = "yes"', "'yes' is no boolean"),
    ],
)
def test_the_schema_marks_what_is_wrong(old, new, said):
    assert old in SMALL
    found = list(errors(tomllib.loads(SMALL.replace(old, new)), SCHEMA))
    assert any(said in each for each in found), found


def test_the_schema_of_the_package_is_up_to_date():
    assert FILE.read_text(encoding="utf-8") == schema_text(MEASURES), (
        "python -m analysis schema > analysis/study/study.schema.json"
    )


def test_keys_that_want_measures_offer_them():
    """Every key whose description speaks of measures is among those that complete."""
    listed = {(section, key) for section, key in (*CONTINUOUS, *ANY, *TERMS)}
    # A table of two measures a line, which has its own form; and what is no measure of a study.
    listed |= {("Option", "replace"), ("Published", "measure")}
    seen: set[type[Section]] = set()
    stack: list[type[Section]] = [Study]
    while stack:
        section = stack.pop()
        if section in seen:
            continue
        seen.add(section)
        for key, field in fields_of(section).items():
            inner = section_of(field.annotation)
            if inner is not None:
                stack.append(inner)
            elif re.search(r"(?<!each )(?<!the )\bmeasures?\b", field.description or ""):
                assert (section.__name__, key) in listed, (section.__name__, key)
    assert len(seen) > 15


def test_the_directive_leads_from_a_study_file_to_the_schema(tmp_path):
    for folder in (tmp_path, STUDIES, FILE.parent):
        words, place = directive(folder / "study.toml").split(" ", 1)
        assert words == "#:schema"
        assert (folder / place).resolve() == FILE


@pytest.mark.parametrize("path", [*sorted(STUDIES.glob("*.toml")), TEMPLATE], ids=lambda p: p.stem)
def test_studies_of_the_package_name_the_schema(path):
    first = path.read_text().splitlines()[0]
    assert (path.parent / first.removeprefix("#:schema ")).resolve() == FILE


# --- measures ------------------------------------------------------------------------------------


def test_the_document_of_measures_is_up_to_date():
    assert DOCUMENT.read_text(encoding="utf-8") == described.document(), (
        "python -m analysis measures --markdown > docs/measures.md"
    )


def test_the_document_has_every_measure_under_its_subject():
    text = described.document()
    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == list(MEASURES)
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(SUBJECTS)
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == set(MEASURES)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda measure: measure.name)
def test_a_measure_is_told_of_in_every_cycle(measure):
    """Each cycle either has sources or a reason, and no reason is the one for want of a better."""
    told = [words for words, _ in (*described.read_in(measure), *described.absent_in(measure))]
    years = {
        year
        for run in ", ".join(told).split(", ")
        for year in range(int(run[:4]), int(run[5:]) + 1)
    }
    assert years == {y for c in CYCLES for y in range(int(c[:4]), int(c[5:]) + 1)}
    assert described.ABSENT not in [reason for _, reason in described.absent_in(measure)]


def test_a_measure_is_printed_in_full_by_its_name(capsys):
    assert main(["measures", "vitamin_d_ria"]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    words = " ".join(said.split())
    for part in (
        "Unit ng/mL", "Cycles 2001-2006", "Read from 2001-2006: VID: LBDVIDMS",
        "Not in 1999-2000: 25(OH)D was not measured in 1999-2000",
        "2007-2018, 2021-2023: measured by LC-MS/MS",
    ):  # fmt: skip
        assert part in words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["magnesum_total"], "did you mean 'magnesium_total'?"),
        (["sex", "--markdown"], "leave the word out"),
    ],
)
def test_measures_that_cannot_be_shown(arguments, said, capsys):
    assert main(["measures", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_words_find_a_measure_by_its_name_as_by_its_label(capsys):
    assert main(["measures", "vitamin d ria"]) == 0
    assert "vitamin_d_ria" in capsys.readouterr().out


def test_measures_are_listed_in_80_columns_with_whole_names(capsys):
    assert main(["measures"]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert set(MEASURES) <= set(said.split())


def test_the_schema_command_prints_it(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
