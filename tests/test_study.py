"""Study files: what they may hold, what is told about those that are wrong."""

# Messages stand on one line beside what causes them.
# ruff: noqa: E501

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.cohort.measure import SUBSAMPLES, Measure, Source
from analysis.cohort.measures import MEASURES
from analysis.errors import InputError
from analysis.models.names import group_names
from analysis.models.results import TEXT_COLUMNS
from analysis.nhanes.cycles import CYCLES
from analysis.study import STUDIES, Study, available_studies, check_study, load_study
from analysis.study.consistency import ANALYSES, SELECTORS
from analysis.study.load import MAX_BYTES
from analysis.study.weighting import smallest

# A small study that has every section.
SMALL = """\
schema = 1
name = "small"
title = "A title"
question = "A question?"

[[references]]
id = "paper"
citation = "A paper"
doi = "10.1000/abc-1"

[data]
cycles = ["2001-2002", "2003-2004"]
weight = "dietary_day_1"

[[cohort]]
step = "adults"
label = "Adults"
keep = "age >= 20"

[[cohort]]
step = "known"
label = "Known"
keep = "not missing(vitamin_d)"

[cohort_options]
complete_cases = true

[exposure]
measure = "magnesium"
groups = 4
per = 100
spline_knots = 4
spline_reference = "median"

[[outcomes]]
name = "low"
label = "Low"
definition = "Below 30"
event = "vitamin_d < 30"

[[outcomes]]
name = "level"
label = "Level"
definition = "The level"
measure = "vitamin_d"

[[models]]
name = "crude"
label = "Crude"
terms = []

[[models]]
name = "full"
label = "Full"
terms = ["age", "sex", "per(energy, 100)", "age:sex"]

[[domains]]
name = "men"
label = "Men"
where = "sex == 'Male'"

[table1]
rows = ["age", "sex"]

[[published]]
id = "figure"
source = "paper"
where = { analysis = "odds_ratio", model = "full", outcome = "low", level = "Q4" }
kind = "exact"
digits = 2
estimate = 0.5
low = 0.25
high = 1

[[published]]
id = "share"
source = "paper"
where = { analysis = "prevalence", outcome = "low", stratum_level = "men" }
kind = "tolerance"
unit = "percent"
within = 1.5
reason = "Another weight"
estimate = 40
n = 10

[[published]]
id = "sign"
source = "paper"
where = { analysis = "trend", model = "crude", outcome = "level" }
kind = "direction"
direction = "positive"
"""


def measure(name: str, subsample: Any = "interview", levels: tuple[str, ...] = ()) -> Measure:
    first = "2001-2002" if name == "vitamin_d" else "1999-2000"
    return Measure(
        name=name,
        label=name.capitalize(),
        kind="categorical" if levels else "continuous",
        sources={cycle: Source({}) for cycle in CYCLES if cycle >= first},
        derive=lambda columns, cycle: pd.Series(dtype=float),
        subsample=subsample,
        levels=levels,
        absent={"1999-2000": "it was not measured in 1999-2000"} if name == "vitamin_d" else {},
    )


KNOWN = {
    m.name: m
    for m in (
        measure("age"),
        measure("sex", levels=("Male", "Female")),
        measure("smoking", levels=("Never", "Ever")),
        measure("vitamin_d", "examination"),
        measure("bmi", "examination"),
        measure("magnesium", "dietary_day_1"),
        measure("energy", "dietary_day_1"),
        measure("energy_two_days", "dietary_two_days"),
    )
}

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | bytes, name: str = "study.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def edited(*edits: tuple[str, str]) -> str:
    text = SMALL
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def refusal(path: Path | str) -> InputError:
    with pytest.raises(InputError) as caught:
        load_study(path)
    message = caught.value.message
    assert caught.value.exit_status == 2
    # The validator's own words and addresses must not show through.
    for leak in (
        "pydantic",
        "Input should",
        "[type=",
        "Field required",
        "validation error",
        "http",
    ):
        assert leak not in message.replace("http://doi", "")
    assert all(char.isprintable() or char == "\n" for char in message)
    return caught.value


# Sound files


@pytest.mark.parametrize("name", available_studies())
def test_the_studies_of_the_package_are_sound(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.sha256 == sha256((STUDIES / f"{name}.toml").read_bytes()).hexdigest()
    assert study.text == (STUDIES / f"{name}.toml").read_text(encoding="utf-8")
    check_study(study, MEASURES)
    assert load_study(STUDIES / f"{name}.toml") == study


def test_deng_2013_reads_as_it_is_written() -> None:
    study = load_study("deng_2013")
    assert [step.step for step in study.cohort] == ["examined", "adults", "recall", "vitamin_d"]
    assert study.cohort[1].condition.columns == {"age"}
    assert study.exposure is not None
    assert (study.exposure.groups, study.exposure.per) == (4, 100.0)
    main = [outcome for outcome in study.outcomes if outcome.role == "main"]
    assert [outcome.is_binary for outcome in main] == [True, True, False]
    assert study.models_of("magnesium_total")[-1].name == "full"
    assert study.models_of("vitamin_d_total")[-1].name == "full_vitamin_d"
    assert len(study.covariates) == 14
    assert study.specifications is not None
    assert study.specifications.count >= 500
    assert {"vitamin_d_ria", "pregnancy", "recall_status"} <= set(study.measures)
    assert study.published[0].where["outcome"] == "deficiency"
    assert study.origin == "deng_2013.toml"


def test_every_section_is_read(write: Write) -> None:
    study = load_study(write(SMALL))
    assert study.covariates == ("age", "sex", "energy")
    assert study.measures == ("age", "energy", "magnesium", "sex", "vitamin_d")
    assert [figure.kind for figure in study.published] == ["exact", "tolerance", "direction"]
    assert study.published[0].high == 1.0
    assert study.table1 is not None
    assert study.table1.rows == ("age", "sex")
    check_study(study, KNOWN)


def test_what_may_be_left_out(write: Write) -> None:
    head = SMALL[: SMALL.index("[[references]]")]
    least = head + '[data]\ncycles = ["2005-2006"]\nweight = "examination"\n'
    least += '[[outcomes]]\nname = "a"\nlabel = "A"\ndefinition = "d"\nevent = "bmi < 30"\n'
    study = load_study(write(least))
    assert study.exposure is None
    assert study.table1 is None
    assert (study.cohort, study.models, study.domains, study.published) == ((), (), (), ())
    assert study.cohort_options.complete_cases is False
    check_study(study, KNOWN)


def test_without_against_the_others_are_those_known_not_to_have_the_event(write: Write) -> None:
    low, level = load_study(write(SMALL)).outcomes
    frame = pd.DataFrame({"vitamin_d": [20.0, 40.0, None]})
    assert low.event_condition is not None
    assert low.against_condition is not None
    assert low.event_condition.evaluate(frame).tolist() == [True, False, False]
    assert low.against_condition.evaluate(frame).tolist() == [False, True, False]
    assert low.against_condition.text == "not (vitamin_d < 30)"
    assert level.event_condition is level.against_condition is None


def test_a_study_is_frozen(write: Write) -> None:
    study = load_study(write(SMALL))
    with pytest.raises(ValueError, match="frozen"):
        study.data.weight = "interview"  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("[[cohort]]", "[[ cohort ]]  # a comment"),
        lambda text: text.replace('"age >= 20"', '"""\n  age >= 20\n  and bmi > 3"""'),
        lambda text: text.replace("spline_knots = 4\n", "").replace(
            'spline_reference = "median"', ""
        ),
        lambda text: text.replace('"median"', "250"),
        lambda text: text.replace('"median"', "-0.5"),
        lambda text: text.replace("terms = []", 'terms = ["sex:age", "age", "sex"]'),
        lambda text: text.replace(
            "terms = []",
            'terms = ["sex", "bmi", "log( age )", "sex:log(age)", "bmi:sex", "log(age):bmi", '
            '"bmi:sex:log(age)"]',
        ),
        # Only a figure with numbers has its row to itself.
        lambda text: text.replace(
            '{ analysis = "trend", model = "crude", outcome = "level" }',
            '{ analysis = "odds_ratio", model = "full", outcome = "low", level = "Q4" }',
        ),
        lambda text: text.replace('"positive"', '"positive"\nsignificant = false\nn = 7'),
        lambda text: text.replace("digits = 2", "digits = 2\nn = 7"),
        lambda text: text.replace('"A title"', '"Größe – 25(OH)D ≥ 50 nmol/L – 日本"'),
    ],
)
def test_spellings_that_are_as_good(write: Write, change: Callable[[str], str]) -> None:
    study = load_study(write(change(SMALL)))
    assert study.line_of("models", "full")
    check_study(study, KNOWN)


def test_lines_lead_to_the_entries(write: Write) -> None:
    study = load_study(write(SMALL))
    lines = SMALL.split("\n")
    for section, names in {
        "outcomes": ("low", "level"), "models": ("crude", "full"), "cohort": ("adults", "known"),
        "domains": ("men",), "published": ("figure", "share", "sign"), "references": ("paper",),
    }.items():  # fmt: skip
        for name in names:
            line = study.line_of(section, name)
            assert line is not None
            assert lines[line - 1] == f"[[{section}]]"
            assert f'"{name}"' in lines[line]
    assert lines[(study.line_of("exposure") or 0) - 1] == "[exposure]"
    assert study.line_of("models", "nobody") is None


def test_the_json_schema_describes_every_section() -> None:
    schema = json.loads(json.dumps(Study.model_json_schema()))
    assert {"schema", "name", "data", "outcomes"} <= set(schema["required"])
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Exposure"]["properties"]["groups"]["maximum"] == 10
    sections = [schema, *schema["$defs"].values()]
    assert all("description" in p for s in sections for p in s["properties"].values())


def test_selectors_are_columns_of_the_results() -> None:
    assert set(SELECTORS) == set(TEXT_COLUMNS) - {"study"}


def test_analyses_are_those_that_results_document() -> None:
    import analysis.models.results as results

    of_a_run, across = (results.__doc__ or "").split("Rows of a run across cycles")
    documented = re.findall(r"^``(.+)``$", of_a_run, re.MULTILINE)
    # A published figure stands beside a row of a study's own run.
    assert not set(ANALYSES) & set(re.findall(r"^``(.+)``$", across, re.MULTILINE))
    assert set(ANALYSES) == {name for line in documented for name in line.split("``, ``")}


# Wrong files


WRONG = {
    # unknown and missing keys
    ("per = 100", "per = 100\ngroup = 4"): "exposure.group: unknown key 'group' in [exposure]; did you mean 'groups'?",
    ("per = 100", "per = 100\nzzz = 4"): "known are measure, groups, cuts, split, cut_points, per, spline_knots",
    ('label = "Crude"', 'lable = "Crude"\nlabel = "x"'): "model 'crude', lable: unknown key 'lable' in [[models]]; did you mean 'label'?",
    ("schema = 1", "schema = 1\ncolour = 2"): "colour: unknown key 'colour'",
    ("schema = 1", 'schema = 1\nquestions = "x"'): "unknown key 'questions'; did you mean 'question'?",
    ("schema = 1\n", ""): "schema: missing; want 1",
    ('title = "A title"\n', ""): "title: missing; want text",
    ("groups = 4\n", ""): "exposure.groups: missing; want a whole number of at least 2",
    ('event = "vitamin_d < 30"\n', ""): "outcome 'low': has neither 'event' (binary) nor 'measure'",
    ('definition = "Below 30"\n', ""): "outcome 'low', definition: missing",
    # wrong types
    ("schema = 1", "schema = true"): "schema: want 1, got true",
    ("schema = 1", "schema = 2"): "schema: want 1, got the number 2",
    ("groups = 4", 'groups = "four"'): "exposure.groups: want a whole number of at least 2 (at most 10), got the text 'four'",
    ("groups = 4", "groups = 4.0"): "exposure.groups: want a whole number of at least 2 (at most 10), got the number 4.0",
    ("groups = 4", "groups = true"): "(at most 10), got true",
    ("groups = 4", "groups = [4]"): "(at most 10), got a list",
    ("groups = 4", "groups = 2001-01-01"): "(at most 10), got a date or time",
    ("groups = 4", "groups.a = 4"): "(at most 10), got a table",
    ("complete_cases = true", 'complete_cases = "yes"'): "cohort_options.complete_cases: want true or false, got the text 'yes'",
    ("complete_cases = true", "complete_cases = 1"): "want true or false, got the number 1",
    ('keep = "age >= 20"', "keep = 20"): "cohort step 'adults', keep: want a condition in quotes",
    ("terms = []", 'terms = "age"'): "model 'crude', terms: want a list of terms in quotes",
    ("terms = []", 'terms = ["age", 3]'): "model 'crude', terms no. 2: want text in quotes, got the number 3",
    ("[cohort_options]\ncomplete_cases = true", "[[cohort_options]]\ncomplete_cases = true"): "cohort_options: want a table headed [cohort_options], got a list",
    ("[table1]\nrows", "[[table1]]\nrows"): "table1: want a table headed [table1], got a list",
    ("[[domains]]", "[domains]"): "domains: want a list of tables, each headed [[domains]], got a table",
    ('"paper"\ncitation = "A paper"', '"paper"\ncitation = ["A paper"]'): "reference 'paper', citation: want text",
    ('level = "Q4" }', "level = 4 }"): "published figure 'figure', where.level: want text, got the number 4",
    # out of range
    ("groups = 4", "groups = 1"): "exposure.groups: want a whole number of at least 2",
    ("groups = 4", "groups = 11"): "got the number 11",
    ("groups = 4", "groups = 9223372036854775808"): "exposure.groups: want a whole number",
    ("per = 100", "per = 0"): "exposure.per: want a number above 0, got the number 0",
    ("per = 100", "per = -1e5"): "exposure.per: want a number above 0",
    ("per = 100", "per = inf"): "exposure.per: want a number above 0, got the number inf",
    ("per = 100", "per = nan"): "exposure.per: want a number above 0, got the number nan",
    ("spline_knots = 4", "spline_knots = 2"): "exposure.spline_knots: want a whole number from 3 to 7",
    ("spline_knots = 4", "spline_knots = 8"): "exposure.spline_knots: want a whole number from 3 to 7",
    ('"median"', '"mean"'): "exposure.spline_reference: want \"median\" or a number, got the text 'mean'",
    ('"median"', "nan"): 'exposure.spline_reference: want "median" or a number, got the number nan',
    ('"median"', "-inf"): "exposure.spline_reference: want \"median\" or a number, got the number -inf",
    ('"median"', "true"): "exposure.spline_reference: want \"median\" or a number, got true",
    ("spline_knots = 4\n", ""): "exposure.spline_reference: there is no curve without spline_knots",
    ('weight = "dietary_day_1"', 'weight = "dietary"'): 'data.weight: want "interview", "examination", "phlebotomy", "dietary_day_1", "dietary_two_days" or "fasting", got the text \'dietary\'',
    ('cycles = ["2001-2002", "2003-2004"]', "cycles = []"): "data.cycles: want a list of cycles",
    ('"2003-2004"]', '"2003-2005"]'): "data.cycles no. 2: unknown cycle '2003-2005'; did you mean '2003-2004'?",
    ('"2003-2004"]', '"x"]'): "unknown cycle 'x' (known: 1999-2000, ",
    ('"2003-2004"]', '"2001-2002"]'): "data.cycles no. 2: '2001-2002' is named twice",
    ("digits = 2", "digits = 11"): "published figure 'figure', digits: want a whole number from 0 to 10",
    ("n = 10", "n = 0"): "published figure 'share', n: want a whole number above 0",
    ("within = 1.5", "within = 0"): "published figure 'share', within: want a number above 0",
    # names
    ('name = "small"', 'name = "../small"'): "name: want a name of a-z, 0-9 and _ that begins with a letter, at most 64 characters, got the text '../small'",
    ('name = "small"', 'name = "/etc/x"'): "name: want a name",
    ('name = "small"', 'name = "a.b"'): "name: want a name",
    ('name = "small"', 'name = ""'): "name: want a name of a-z, 0-9 and _ that begins with a letter, at most 64 characters, got empty text",
    ('name = "small"', 'name = "a\\n"'): "name: want a name",
    ('name = "small"', 'name = "Small"'): "name: want a name",
    ('name = "small"', 'name = "_x"'): "name: want a name",
    ('name = "small"', 'name = "sm\u0430ll"'): "name: want a name",
    ('name = "small"', f'name = "{"a" * 65}"'): "name: want a name",
    ('id = "figure"', 'id = "<b>"'): "published figure '<b>', id: want a name",
    ("[[domains]]", '[[domains]]\nname = "all"\nlabel = "x"\nwhere = "age < 3"\n\n[[domains]]'): "domain 'all', name: the name 'all' is reserved",
    ('step = "adults"', 'step = "complete_cases"'): "the step 'complete_cases' is reserved",
    ('step = "adults"', 'step = "weighted"'): "the step 'weighted' is reserved",
    ('step = "adults"', 'step = "interviewed"'): "the step 'interviewed' is reserved",
    # duplicates
    ('step = "known"', 'step = "adults"'): "cohort step 'adults', step: the step 'adults' is taken by an entry above",
    ('[[models]]\nname = "crude"', '[[outcomes]]\nname = "low"\nlabel = "x"\ndefinition = "x"\nevent = "vitamin_d < 3"\n\n[[models]]\nname = "crude"'): "outcome 'low', name: the name 'low' is taken",
    ("[[domains]]", '[[models]]\nname = "crude"\nlabel = "x"\nterms = []\n\n[[domains]]'): "model 'crude', name: the name 'crude' is taken",
    ('id = "share"', 'id = "figure"'): "published figure 'figure', id: the id 'figure' is taken",
    ('rows = ["age", "sex"]', 'rows = ["age", "age"]'): "table1.rows no. 2: 'age' is named twice",
    ("terms = []", 'terms = ["log(age)", " log( age )"]'): "model 'crude', terms no. 2: ' log( age )' is the same as no. 1",
    ("terms = []", 'terms = ["age", "sex", "age:sex", "sex:age"]'): "model 'crude', terms no. 4: 'sex:age' is the same as no. 3",
    # text
    ('"A title"', '"A \\u001b[31mtitle"'): "title: the unprintable character U+001B in text",
    ('"A title"', '"A \\u0000"'): "title: the unprintable character U+0000 in text",
    ('"A title"', '"A \\u202e"'): "title: the unprintable character U+202E in text",
    ('"A title"', '"A\\nB"'): "title: the unprintable character U+000A in text",
    ('"A title"', '""'): "title: want text of 1 to 2,000 printable characters, got empty text",
    ('"A title"', f'"{"x" * 2001}"'): "title: want text of 1 to 2,000 printable characters",
    ('"10.1000/abc-1"', '"http://doi.org/10.1000/abc"'): "reference 'paper', doi: want a DOI without its resolver",
    ('"10.1000/abc-1"', '"10.1000/<script>"'): "doi: want a DOI",
    ('"10.1000/abc-1"', '"javascript:alert(1)"'): "doi: want a DOI",
    # conditions and terms
    ('"age >= 20"', '"__import__(1)"'): "cohort step 'adults', keep: unexpected '_' (column 1)\n    __import__(1)\n    ^",
    ('"age >= 20"', '""'): "cohort step 'adults', keep: empty",
    ('"vitamin_d < 30"', '"vitamin_d = 30"'): "outcome 'low', event: unexpected '='; equality is written == (column 11)",
    ('"per(energy, 100)"', '"per(energy)"'): "model 'full', terms no. 3: per(energy, ...) wants one number above 0",
    ("\"sex == 'Male'\"", "\"sex.eq('Male')\""): "domain 'men', where: unexpected '.'",
    # what must go together
    ('measure = "vitamin_d"', 'measure = "vitamin_d"\nevent = "age < 3"'): "outcome 'level': has both 'event' (binary) and 'measure'",
    ('measure = "vitamin_d"', 'measure = "vitamin_d"\nagainst = "age < 3"'): "outcome 'level', against: means nothing without 'event'",
    ("terms = []", 'terms = ["log(magnesium)"]'): "model 'crude', terms no. 1: the exposure is in every model already",
    ("terms = []", 'terms = ["age", "magnesium:age"]'): "model 'crude', terms no. 2: 'magnesium:age' holds the exposure",
    ("terms = []", 'terms = ["sex:log(magnesium)"]'): "(effect modification) is a matter of [[interactions]] and [[strata]]",
    ("terms = []", 'terms = ["age:sex:per(magnesium, 100)"]'): "terms no. 1: 'age:sex:per(magnesium, 100)' holds the exposure",
    # interactions stand beside their parts
    ("terms = []", 'terms = ["age:sex"]'): "model 'crude', terms no. 1: an interaction stands beside its parts; 'age:sex' lacks \"age\", \"sex\": add those terms to the model",
    ("terms = []", 'terms = ["sex", "age:sex"]'): "'age:sex' lacks \"age\": add that term to the model",
    ("terms = []", 'terms = ["sex", "age", "sex:spline(age, 4)"]'): "lacks \"spline(age, 4)\": add that",
    ("terms = []", 'terms = ["sex", "spline(age, 4)", "sex:age"]'): "lacks \"age\": add that",
    ("terms = []", 'terms = ["age", "sex", "bmi", "age:sex:bmi"]'): "lacks \"age:sex\", \"age:bmi\", \"sex:bmi\": add those",
    ("terms = []", 'terms = ["age", "sex", "bmi", "sex:age", "age:bmi", "age:sex:bmi"]'): "lacks \"sex:bmi\": add that",
    ("digits = 2\n", ""): "published figure 'figure': a figure of kind 'exact' needs 'digits'",
    ("estimate = 0.5\n", ""): "a figure of kind 'exact' needs 'estimate'",
    ("digits = 2\n", "digits = 2\nwithin = 3\n"): "published figure 'figure', within: does not go with kind 'exact'",
    ("within = 1.5\n", ""): "a figure of kind 'tolerance' needs 'within'",
    ('reason = "Another weight"\n', ""): "a figure of kind 'tolerance' needs 'reason'",
    ("digits = 2\n", "digits = 2\nsignificant = false\n"): "published figure 'figure', significant: does not go with kind 'exact'",
    ('direction = "positive"\n', ""): "a figure of kind 'direction' needs 'direction', 'estimate' or 'significant'",
    ('direction = "positive"', 'direction = "up"'): "published figure 'sign', direction: want \"inverse\" or \"positive\", got the text 'up'",
    ("high = 1\n", ""): "has one end of an interval",
    ("high = 1\n", "high = 0.4\n"): "wants low <= estimate <= high",
    ("estimate = 40", "estimate = 140"): "a percentage lies between 0 and 100",
    # published figures point at rows, each with numbers at its own
    ('where = { analysis = "prevalence", outcome = "low", stratum_level = "men" }', 'where = { outcome = "low", analysis = "odds_ratio", level = "Q4", model = "full" }'): "published figure 'share', where: names the same row as the figure 'figure', and both have numbers",
    ('where = { analysis = "trend",', 'where = { analysis = "trends",'): "published figure 'sign', where.analysis: got the text 'trends'; did you mean 'trend'?",
    ('where = { analysis = "trend",', "where = {"): "published figure 'sign', where: needs 'analysis'",
    ('where = { analysis = "trend",', 'where = { analysis = "trend", estimate = "3",'): "unknown key 'estimate' in where",
    ('model = "full", outcome', 'model = "ful", outcome'): "where.model: got the text 'ful'; did you mean 'full'?",
    ('outcome = "low", level', 'outcome = "lo", level'): "where.outcome: got the text 'lo'; did you mean 'low'?",
    ('"Q4"', '"Q5"'): "where.level: got the text 'Q5'; want one of 'Q1', 'Q2', 'Q3', 'Q4'",
    ('stratum_level = "men"', 'stratum_level = "women"'): "where.stratum_level: got the text 'women'; did you mean 'men'?",
    ('where = { analysis = "prevalence", outcome = "low", stratum_level = "men" }', 'where = { analysis = "mean", outcome = "level", stratum_level = "women" }'): "where.stratum_level: got the text 'women'; did you mean 'men'?",
}  # fmt: skip


@pytest.mark.parametrize("edit", WRONG, ids=lambda edit: edit[1][:40])
def test_one_wrong_thing_is_told_in_one_message(write: Write, edit: tuple[str, str]) -> None:
    error = refusal(write(edited(edit)))
    assert error.where.startswith("study.toml")
    assert WRONG[edit] in error.message
    assert "problems" not in error.what.split("\n")[0]


def test_an_unreadable_number_of_groups_does_not_make_their_names_wrong_too(write: Write) -> None:
    assert "Q4" not in refusal(write(edited(("groups = 4", "groups = 99")))).message


def test_a_source_that_is_no_reference(write: Write) -> None:
    text = SMALL.replace('source = "paper"', 'source = "papre"')
    assert (
        refusal(write(text)).what.count("no reference has the id 'papre'; did you mean 'paper'?")
        == 3
    )


def test_models_need_an_exposure(write: Write) -> None:
    start, end = SMALL.index("[exposure]"), SMALL.index("[[outcomes]]")
    message = refusal(write(SMALL[:start] + SMALL[end:])).message
    assert "models: models need an [exposure]" in message


@pytest.mark.parametrize("curve", [True, False])
@pytest.mark.parametrize("head", ["", "models = []\n"])
def test_an_exposure_needs_models(write: Write, curve: bool, head: str) -> None:
    text = head + SMALL[: SMALL.index("[[models]]")]
    if not curve:
        text = text.replace('spline_knots = 4\nspline_reference = "median"\n', "")
    error = refusal(write(text))
    assert error.what.startswith("exposure: an exposure needs one or more [[models]]")


@pytest.mark.parametrize("groups", [2, 3, 4, 5, 6, 7, 8, 9, 10])
def test_published_figures_name_groups_as_results_do(write: Write, groups: int) -> None:
    names = group_names(groups)
    for text in (
        edited(("groups = 4", f"groups = {groups}"), ('"Q4"', f'"{names[-1]}"')),
        edited(
            ("groups = 4", f"groups = {groups}"),
            ('"Q4"', f'"{names[0]}"'),
            ('stratum_level = "men"', f'stratum_level = "{names[1]}"'),
        ),
    ):
        assert load_study(write(text)).exposure is not None
    for wrong in (f"{names[0][0]}{groups + 1}", f"{names[0][0]}0", "Z1"):
        message = refusal(
            write(edited(("groups = 4", f"groups = {groups}"), ('"Q4"', f'"{wrong}"')))
        ).message
        assert f"where.level: got the text '{wrong}'" in message


@pytest.mark.parametrize(
    ("groups", "first"), [(2, "G"), (3, "T"), (4, "Q"), (5, "Q"), (6, "G"), (10, "D")]
)
def test_groups_are_called_by_their_kind(groups: int, first: str) -> None:
    assert group_names(groups) == tuple(f"{first}{i + 1}" for i in range(groups))


def test_a_line_number_stands_with_the_problem(write: Write) -> None:
    error = refusal(write(edited(("groups = 4", 'groups = "four"'))))
    assert (
        error.where == f"study.toml, line {SMALL[: SMALL.index('[exposure]')].count(chr(10)) + 1}"
    )


def test_every_problem_of_a_file_is_told_at_once(write: Write) -> None:
    edits = [
        ("schema = 1", "schema = 1\ncolour = 2"),
        ('"2003-2004"]', '"2003-2005"]'),
        ('step = "known"', 'step = "adults"'),
        ('"age >= 20"', '"age => 20"'),
        ("complete_cases = true", "complete_cases = 1"),
        ("per = 100", "per = 0"),
        ("terms = []", 'terms = ["age", "f(x)"]'),
        ('"Q4"', '"Q9"'),
        ('measure = "vitamin_d"\n', ""),
        ("digits = 2\n", ""),
        (
            'where = { analysis = "trend", model = "crude"',
            'where = { analysis = "trend", model = "c"',
        ),
    ]
    error = refusal(write(edited(*edits)))
    heading, *listed = error.what.split("\n")
    told = [line for line in listed if line.startswith("- ")]
    assert heading == f"{len(edits)} problems"
    assert len(told) == len(edits)
    lines = [int(found[1]) for line in told if (found := re.match(r"- line (\d+)", line))]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"name = ", "not valid TOML"),
        (b"a = 1\nb = [1, 2\nc = 3", "line 3"),
        (b"a = 1\na = 2", "not valid TOML"),
        (b"a = 1\n= 2\n", "study.toml, line 2, column 1"),
        (b"a = '\x1b'", "not valid TOML"),
        (b"a = 1\nb = '\xff'", "study.toml, line 2: not UTF-8 text"),
        (b"\xff\xfea\x00", "not UTF-8"),
        (b"PK\x03\x04" + bytes(range(256)), "not UTF-8"),
        (b"a = " + b"[" * 5_000, "nested too deeply"),
        (b"a = " + b"9" * 5_000, "number, date or text that cannot be read"),
        (b"a = '" + b"x" * MAX_BYTES + b"'", "larger than 1,000,000 bytes"),
        (b"", "problems"),
        (b"<html></html>", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_study(write: Write, content: bytes, says: str) -> None:
    assert says in refusal(write(content)).message


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "deng_2031",
            "no study 'deng_2031'; did you mean 'deng_2013'?\nStudies: deng_2013, forrest_2011",
        ),
        ("zzz", "no study 'zzz'\nStudies: deng_2013, forrest_2011"),
        ("", "a folder"),
        ("zzz.toml", "no study file 'zzz.toml'"),
        ("../deng_2013", "no study file '../deng_2013'"),
        ("../studies/deng_2013", "no study file"),
        ("a\0b", "no study 'a"),
        ("x" * 5_000, "no study 'xxx"),
        ("\x1b[31m", "no study '\ufffd[31m'"),
    ],
)
def test_a_study_that_is_not_there(name: str, says: str) -> None:
    assert says in refusal(name).message


def test_a_folder_a_device_and_a_closed_file_are_no_studies(write: Write, tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path).message
    assert "not a regular file" in refusal("/dev/null").message
    assert "no study file" in refusal(tmp_path / "none.toml").message
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    assert "not a regular file" in refusal(pipe).message
    closed = write(SMALL)
    closed.chmod(0)
    if not os.access(closed, os.R_OK):
        assert "cannot be read" in refusal(closed).message


def test_control_characters_in_a_file_name_are_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.toml"
    path.write_text("a = 1")
    refusal(path)


# Against the measures


def checked(write: Write, *edits: tuple[str, str]) -> InputError:
    study = load_study(write(edited(*edits)))
    with pytest.raises(InputError) as caught:
        check_study(study, KNOWN)
    assert caught.value.where == "study.toml"
    return caught.value


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (("age >= 20", "agee >= 20"), "cohort step 'adults', keep: unknown measure 'agee'; did you mean 'age'? (column 1)"),
        (("sex == 'Male'", "sex == 'Mael'"), "domain 'men', where: 'Mael' is not a level of sex; did you mean 'Male'?"),
        (("vitamin_d < 30", "vitamin_d < 30 or sex < 3"), "outcome 'low', event: 'sex' is categorical"),
        (("terms = []", 'terms = ["log(sex)"]'), "model 'crude', terms: 'sex' is categorical"),
        (("terms = []", 'terms = ["bmy"]'), "model 'crude', terms: unknown measure 'bmy'; did you mean 'bmi'?"),
        (('measure = "magnesium"', 'measure = "magnesum"'), "exposure.measure: unknown measure 'magnesum'; did you mean 'magnesium'?"),
        (('measure = "magnesium"', 'measure = "smoking"'), "exposure.measure: 'smoking' is categorical"),
        (('measure = "vitamin_d"', 'measure = "smoking"'), "outcome 'level', measure: 'smoking' is categorical"),
        (('rows = ["age", "sex"]', 'rows = ["age", "sax"]'), "table1.rows: unknown measure 'sax'; did you mean 'sex'?"),
        (('["2001-2002", "2003-2004"]', '["1999-2000"]'), "data.cycles: measure 'vitamin_d' does not exist in 1999-2000: it was not measured in 1999-2000; it exists in 2001-2002 to 2021-2023"),
        (('weight = "dietary_day_1"', 'weight = "examination"'), 'data.weight: "examination" does not fit, because energy, magnesium are known only in a smaller subsample; use "dietary_day_1"'),
        (('weight = "dietary_day_1"', 'weight = "interview"'), 'use "dietary_day_1"'),
    ],
)  # fmt: skip
def test_a_study_is_held_against_the_measures(
    write: Write, edit: tuple[str, str], says: str
) -> None:
    assert says in checked(write, edit).message


def test_every_problem_with_the_measures_is_told_at_once(write: Write) -> None:
    error = checked(
        write,
        ("age >= 20", "agee >= 20"),
        ("sex == 'Male'", "sex == 'Mael'"),
        ('["2001-2002", "2003-2004"]', '["1999-2000", "2001-2002"]'),
        ('weight = "dietary_day_1"', 'weight = "interview"'),
    )
    assert error.what.startswith("4 problems\n")


LEAST = """\
schema = 1
name = "least"
title = "t"
question = "q"
data = {{ cycles = ["2005-2006"], weight = "{weight}" }}
outcomes = [{{ name = "a", label = "A", definition = "d", event = "age < 30" }}]
table1 = {{ rows = {rows} }}
"""


@pytest.mark.parametrize("weight", SUBSAMPLES)
@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([], "interview"),
        (["sex"], "interview"),
        (["bmi"], "examination"),
        (["bmi", "energy"], "dietary_day_1"),
        (["energy", "sex"], "dietary_day_1"),
        (["energy", "energy_two_days"], "dietary_two_days"),
    ],
)
def test_the_weight_is_that_of_the_smallest_subsample(
    write: Write, weight: str, rows: list[str], right: str
) -> None:
    study = load_study(write(LEAST.format(weight=weight, rows=json.dumps(rows))))
    if weight == right:
        check_study(study, KNOWN)
        return
    with pytest.raises(InputError) as caught:
        check_study(study, KNOWN)
    assert caught.value.what.startswith(f'data.weight: "{weight}" does not fit, because ')
    assert caught.value.what.endswith(f'use "{right}"')


def test_a_weight_that_is_left_out_is_found(write: Write) -> None:
    rows = '["age", "magnesium_dietary", "bmi"]'
    text = LEAST.format(weight="examination", rows=rows)
    study = load_study(write(text.replace(', weight = "examination"', "")))
    assert (study.data.weight, study.weight) == (None, "dietary_day_1")
    check_study(study, MEASURES)


SERUM = {
    "age": measure("age"),
    "serum": replace(measure("serum", "examination"), subsamples={"2021-2023": "phlebotomy"}),
    "energy": measure("energy", "dietary_day_1"),
    "glucose": measure("glucose", "fasting"),
}


@pytest.mark.parametrize(
    ("cycles", "rows", "right", "why"),
    [
        (["2017-2018"], ["serum"], "examination", "serum is known only in a smaller subsample;"),
        (["2021-2023"], ["serum"], "phlebotomy", "serum is known only in a smaller subsample;"),
        (
            ["2017-2018", "2021-2023"],
            ["serum"],
            "phlebotomy",
            "serum is known only in a smaller subsample in 2021-2023;",
        ),
        (["2021-2023"], ["serum", "energy"], "dietary_day_1", "energy is known only in"),
        (["2003-2004"], ["glucose", "energy"], "fasting", "glucose is known only in"),
    ],
)
def test_the_smallest_subsample_is_that_of_measures_in_their_cycles(
    write: Write, cycles: list[str], rows: list[str], right: str, why: str
) -> None:
    text = LEAST.format(weight="interview", rows=json.dumps(rows))
    study = load_study(write(text.replace('["2005-2006"]', json.dumps(cycles))))
    with pytest.raises(InputError) as caught:
        check_study(study, SERUM)
    assert why in caught.value.what
    assert caught.value.what.endswith(f'use "{right}"')
    assert smallest(study, SERUM)[0] == right


def test_no_weight_of_two_days_before_2003(write: Write) -> None:
    known = {**KNOWN, "two": measure("two", "dietary_two_days")}
    text = LEAST.format(weight="dietary_two_days", rows='["two"]')
    study = load_study(write(text.replace('"2005-2006"', '"2001-2002", "2005-2006"')))
    with pytest.raises(InputError) as caught:
        check_study(study, known)
    told = 'data.cycles: 2001-2002 does not have the weight "dietary_two_days", for two'
    assert caught.value.what == told


@pytest.mark.parametrize(
    "use",
    [
        "[[cohort]]\nstep = 's'\nlabel = 'S'\nkeep = \"recall_status == 'Reliable'\"\n",
        "[[domains]]\nname = 'd'\nlabel = 'D'\nwhere = \"recall_status == 'Reliable'\"\n",
        "[[outcomes]]\nname = 'o'\nlabel = 'O'\ndefinition = 'd'\n"
        "event = \"recall_status == 'Reliable'\"\n",
    ],
    ids=["step", "domain", "outcome"],
)
def test_who_asks_for_the_recall_weighs_by_the_recall(write: Write, use: str) -> None:
    text = (STUDIES / "forrest_2011.toml").read_text() + use
    with pytest.raises(InputError) as caught:
        check_study(load_study(write(text)), MEASURES)
    assert caught.value.what == (
        'data.weight: "examination" does not fit, because recall_status is known only in a '
        'smaller subsample; use "dietary_day_1"'
    )
    right = text.replace('weight = "examination"', 'weight = "dietary_day_1"')
    check_study(load_study(write(right)), MEASURES)


# Other cycles


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.permutations(list(CYCLES)), number=st.integers(1, len(CYCLES)))
def test_cycles_are_kept_oldest_first(write: Write, names: list[str], number: int) -> None:
    chosen = names[:number]
    text = SMALL.replace('["2001-2002", "2003-2004"]', json.dumps(chosen))
    study = load_study(write(text))
    assert study.data.cycles == tuple(sorted(chosen))
    assert study.file_cycles == study.data.cycles
    moved = study.with_cycles(names)
    assert moved.data.cycles == tuple(CYCLES)
    assert moved.file_cycles == tuple(sorted(chosen))
    assert moved.is_moved == (number < len(CYCLES))
    assert not moved.with_cycles(chosen).is_moved


def test_a_study_moves_to_other_cycles(write: Write) -> None:
    study = load_study(write(SMALL))
    moved = study.with_cycles(["2007-2008"])
    assert moved.data.cycles == ("2007-2008",)
    assert moved.data.weight is None, "what the file says is of its own cycles"
    assert moved.with_cycles(study.data.cycles).data.weight is None
    assert study.data.cycles == ("2001-2002", "2003-2004")
    assert (study.is_moved, moved.is_moved) == (False, True)
    assert (moved.sha256, moved.line_of("exposure")) == (study.sha256, study.line_of("exposure"))
    assert not moved.with_cycles(study.data.cycles).is_moved
    check_study(moved, KNOWN)
    with pytest.raises(InputError, match="not measured in 1999-2000"):
        check_study(study.with_cycles(["1999-2000"]), KNOWN)


def test_a_moved_study_forgets_what_was_computed_of_its_own_cycles():
    study = load_study("deng_2013")
    assert study.measures
    assert "2005-2006" in study.partial["parathyroid_hormone"]
    moved = study.with_cycles(["2003-2004"])
    assert moved.partial["parathyroid_hormone"] == ("2003-2004",)
    assert "2005-2006" in study.partial["parathyroid_hormone"]
    assert "sex" not in study.changed(cohort=(), models=(), strata=(), table1=None).measures


@pytest.mark.parametrize("cycle", ["1999-2000", "2007-2008"])
def test_deng_2013_tells_what_a_cycle_lacks(cycle: str) -> None:
    with pytest.raises(InputError) as caught:
        check_study(load_study("deng_2013").with_cycles([cycle]), MEASURES)
    assert f"measure 'vitamin_d_ria' does not exist in {cycle}" in caught.value.message
    assert "it exists in 2001-2002 to 2005-2006" in caught.value.message


@pytest.mark.parametrize(
    ("cycles", "says"),
    [
        ([], "no cycle named"),
        (["2001-2003"], "unknown cycle '2001-2003'; did you mean '2001-2002'?"),
        (["\x1b"], "unknown cycle '\\x1b'"),
        (["2001-2002", "2001-2002"], "named twice"),
    ],
)
def test_cycles_that_are_not_there(write: Write, cycles: list[str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        load_study(write(SMALL)).with_cycles(cycles)
    assert says in caught.value.message


# Fuzz: whatever the file holds, an input error or a study comes out.


def toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
        case dict():
            return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return repr(value)


KEYS = sorted(set(re.findall(r"^([a-z_0-9]+) =", SMALL, re.MULTILINE)))
text_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none().map(lambda _: 1) | st.booleans() | st.integers() | st.floats() | text_values
    | st.sampled_from(["age < 3", "log(age)", "Q1", "median", "exact", "2001-2002", "low"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(KEYS) | text_values, inner, max_size=4),
    max_leaves=6,
)  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """The small study with a few of its values replaced, or its bytes cut and spliced."""
    if draw(st.booleans()):
        lines = SMALL.split("\n")
        for _ in range(draw(st.integers(1, 4))):
            i = draw(st.integers(0, len(lines) - 1))
            key = lines[i].split(" = ")[0] if " = " in lines[i] else draw(st.sampled_from(KEYS))
            lines[i] = f"{key} = {toml(draw(values))}"
        return "\n".join(lines).encode()
    content = SMALL.encode()
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(content)))
        j = draw(st.integers(i, min(len(content), i + 40)))
        content = content[:i] + draw(st.binary(max_size=6)) + content[j:]
    return content


tables = st.dictionaries(
    st.sampled_from([*KEYS, "data", "exposure", "outcomes", "models", "published"]) | text_values,
    values,
    max_size=6,
).map(lambda d: "\n".join(f"{toml(k)} = {toml(v)}" for k, v in d.items()).encode())


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.one_of(mangled(), tables, st.binary(max_size=200)))
def test_no_file_raises_anything_but_an_input_error(write: Write, content: bytes) -> None:
    try:
        study = load_study(write(content))
    except InputError as error:
        assert error.what
        for leak in ("pydantic", "Input should", "[type="):
            assert leak not in error.message
        assert all(char.isprintable() or char == "\n" for char in error.message)
    else:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", study.name)
        assert study.measures is not None
        try:
            check_study(study, KNOWN)
        except InputError as error:
            assert error.what


def test_what_was_derived_of_other_cycles_is_left_behind() -> None:
    study = load_study("deng_2013")
    assert study.partial["parathyroid_hormone"] == ("2003-2004", "2005-2006")
    moved = study.with_cycles(["2003-2004"])
    assert moved.partial["parathyroid_hormone"] == ("2003-2004",)
