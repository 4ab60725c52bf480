"""What a report says of a study and its results, by the kind of study."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pandas as pd
import pytest
from lxml import html as lxml_html

from analysis.reporting import build
from analysis.reporting.document import KeyFact, KeyFacts, Table, text, walk
from analysis.reporting.html import render
from analysis.reporting.methods import weight_fact, weight_words


def moved(run: tuple[pd.DataFrame, Any], cycles: list[str], **changes: Any) -> Any:
    """Take a run to other cycles, as `run --cycles` does: nothing published is compared."""
    results, facts = run
    study = facts.study.with_cycles(cycles)
    return results, replace(facts, study=study, verdicts=facts.verdicts.iloc[:0], **changes)


@pytest.mark.parametrize(
    ("cycles", "named"),
    [
        (["2003-2004"], "2003–2004"),
        (["2009-2010", "2007-2008"], "2007–2010"),
        (["2003-2004", "2007-2008"], "2003–2004 and 2007–2008"),
    ],
)
def test_a_study_taken_to_other_cycles_says_so_first(
    deng: Any, cycles: list[str], named: str
) -> None:
    results, facts = moved(deng, cycles)
    report = build(results, facts)
    assert report.title == f"{facts.study.title} — taken to NHANES {named}"
    assert report.notice == (
        "This is not the study as its file specifies it: the file names NHANES 2001–2006, and "
        f"this run took it to NHANES {named}. Published figures speak of the file's cycles, so "
        "none is compared."
    )
    assert "published" not in [section.key for section in report.sections]


def test_the_notice_stands_below_the_title(deng: Any) -> None:
    report = build(*moved(deng, ["2003-2004"]))
    tree = lxml_html.fromstring(render(report))
    (notice,) = tree.xpath("//header/p[@role='note']")
    assert notice.text_content() == report.notice
    assert "taken to NHANES 2003–2004" in tree.xpath("string(//title)")


def test_a_study_taken_elsewhere_without_published_figures_or_known_cycles(deng: Any) -> None:
    results, facts = moved(deng, ["2003-2004"], synthetic=True)
    facts = replace(facts, study=facts.study.model_copy(update={"published": ()}))
    assert "ublished" not in build(results, facts).notice
    assert build(results, facts).title.endswith("taken to NHANES 2003–2004 (artificial data)")
    attributes = {"is_moved": True, "data": facts.study.data, "title": "T", "question": "Q"}
    attributes |= {"references": (), "cohort": (), "outcomes": (), "name": "n"}
    attributes["weight"] = facts.study.weight
    other = replace(facts, study=type("Study", (), attributes)())
    assert "the file names other cycles" in build(results, other).notice


def test_a_study_in_its_own_cycles_has_no_notice(deng: Any) -> None:
    results, facts = deng
    backwards = facts.study.with_cycles([*facts.study.data.cycles][::-1])
    for study in (facts.study, backwards):
        report = build(results, replace(facts, study=study))
        assert (report.title, report.notice) == (facts.study.title, "")


@pytest.mark.parametrize(
    ("cycles", "printed", "number"),
    [
        (["2001-2002"], "2001–2002", "1 cycle"),
        (["2005-2006", "2001-2002", "2003-2004"], "2001–2006", "3 cycles"),
        (["2001-2002", "2005-2006"], "2001–2002, 2005–2006", "2 cycles"),
        (["2017-2018", "2021-2023"], "2017–2018, 2021–2023", "2 cycles"),
    ],
)
def test_a_span_of_years_leaves_none_out(
    deng: Any, cycles: list[str], printed: str, number: str
) -> None:
    results, facts = deng
    data = facts.study.data.model_copy(update={"cycles": tuple(cycles)})
    study = facts.study.model_copy(update={"data": data})
    strip = build(results, replace(facts, study=study)).sections[0].blocks[-1]
    (fact,) = [fact for fact in strip.facts if fact.label == "NHANES"]
    assert (fact.value.plain, fact.note.plain) == (printed, number)


@pytest.mark.parametrize(
    ("weight", "cycles", "words", "formula"),
    [
        ("examination", ["2005-2006"], "examination weight (WTMEC2YR)", "WTMEC2YR"),
        (
            "dietary_day_1",
            ["2001-2002", "2003-2004", "2005-2006"],
            "first-day dietary weight (WTDRD1) divided by 3, the number of cycles",
            "WTDRD1 / 3",
        ),
        (
            "dietary_day_1",
            ["1999-2000", "2001-2002"],
            "first-day dietary weight (WTDR4YR, which the CDC made for these two cycles together)",
            "WTDR4YR",
        ),
        (
            "examination",
            ["1999-2000", "2001-2002", "2003-2004"],
            "examination weight (WTMEC4YR times 2 in 1999–2002 and WTMEC2YR in 2003–2004), "
            "divided by 3, the number of cycles",
            "WTMEC4YR × 2 / 3; WTMEC2YR / 3",
        ),
        (
            "phlebotomy",
            ["2017-2018", "2021-2023"],
            "phlebotomy weight (WTMEC2YR in 2017–2018 and WTPH2YR in 2021–2023), divided by 2, "
            "the number of cycles",
            "WTMEC2YR / 2; WTPH2YR / 2",
        ),
    ],
)
def test_the_weight_is_named_with_its_variables(
    deng: Any, weight: str, cycles: list[str], words: str, formula: str
) -> None:
    study = deng[1].study.with_cycles(cycles)
    data = study.data.model_copy(update={"weight": weight})
    facts = replace(deng[1], study=study.model_copy(update={"data": data}))
    assert weight_words(facts).plain == words
    assert weight_fact(facts)[0].plain == formula


NOUNS = {
    2: ("half", "halves"), 3: ("tertile", "tertiles"), 4: ("quartile", "quartiles"),
    5: ("quintile", "quintiles"), 6: ("sixth", "sixths"), 7: ("seventh", "sevenths"),
    8: ("eighth", "eighths"), 9: ("ninth", "ninths"), 10: ("decile", "deciles"),
}  # fmt: skip


@pytest.mark.parametrize("groups", NOUNS)
def test_groups_have_their_name(deng: Any, groups: int) -> None:
    results, facts = deng
    exposure = facts.study.exposure.model_copy(update={"groups": groups})
    facts = replace(facts, study=facts.study.model_copy(update={"exposure": exposure}))
    told = repr(build(results, facts))
    one, many = NOUNS[groups]
    assert f"was cut into {groups} groups ({many}) at" in told
    assert f"the cut points of the {many}." in told
    assert f"by {one} of total" in told
    assert ("halfs" in told, "groups (groups)" in told) == (False, False)


def test_measures_that_only_describe_are_in_the_methods(deng: Any) -> None:
    results, facts = deng
    table1 = facts.study.table1.model_copy(update={"rows": ("age", "pregnancy")})
    facts = replace(facts, study=facts.study.model_copy(update={"table1": table1}))
    assert "pregnancy" not in [term for model in facts.models for term in model.terms]
    (methods,) = [s for s in build(results, facts).sections if s.key == "methods"]
    items = [item.plain for item in methods.blocks[-1].items]
    assert [facts.measures["pregnancy"].note in item for item in items].count(True) == 1
    assert all(any(f"({name})" in item for item in items) for name in facts.study.measures)


def blocks_of(run: tuple[pd.DataFrame, Any], section: str) -> tuple[Any, ...]:
    """Blocks of a section, those on demand left out."""
    return next(made.blocks for made in build(*run).sections if made.key == section)


def table_in(run: tuple[pd.DataFrame, Any], section: str, key: str) -> Any:
    """Find a table of a section by its key."""
    return next(b for b in blocks_of(run, section) if getattr(b, "key", "") == key)


def cells_of(table: Any) -> list[list[str]]:
    """The body of a table as plain text."""
    return [[cell.text.plain for cell in row] for group in table.groups for row in group.rows]


def without_some(run: tuple[pd.DataFrame, Any], column: str = "n") -> tuple[pd.DataFrame, Any]:
    """Let the full model lack some people, as where complete cases are not taken."""
    results, facts = run
    lacking = (results["model"] == "full") & results["analysis"].isin(["odds_ratio", "linear"])
    results.loc[lacking, column] -= 17
    options = facts.study.cohort_options.model_copy(update={"complete_cases": False})
    study = facts.study.model_copy(update={"cohort_options": options})
    return results, replace(facts, study=study)


ASSOCIATIONS = {"odds-ratios": "odds-ratio-table", "linear": "linear-table"}


@pytest.mark.parametrize("section", ASSOCIATIONS)
def test_the_same_people_in_every_model_are_counted_once(deng: Any, section: str) -> None:
    table = table_in(deng, section, ASSOCIATIONS[section])
    label = "Events / n" if section == "odds-ratios" else "n"
    outcomes = 2 if section == "odds-ratios" else 1
    sizes = [row for row in cells_of(table) if row[0].startswith(label)]
    assert [row[0] for row in sizes] == [label] * outcomes
    assert sizes[0][1].endswith("2,871")
    assert "differ in their people" not in repr(table.notes)


@pytest.mark.parametrize(
    ("section", "column"), [("odds-ratios", "n"), ("odds-ratios", "events"), ("linear", "n")]
)
def test_people_who_differ_by_model_are_counted_by_model(
    deng: Any, section: str, column: str
) -> None:
    run = without_some(deng, column)
    table = table_in(run, section, ASSOCIATIONS[section])
    label = "Events / n" if section == "odds-ratios" else "n"
    rows = cells_of(table)
    sizes = {row[0]: row[1] for row in rows[1:8]}
    models = ["crude", "demographic", "full"]
    assert list(sizes)[1::2] == [f"{label}, {model}" for model in models]
    told = [sizes[f"{label}, {model}"] for model in models]
    assert told[0] == told[1] != told[2]
    row = next(
        r for _, r in run[0].iterrows()
        if r["model"] == "full" and r["analysis"] == ("linear" if section == "linear"
                                                      else "odds_ratio")
    )  # fmt: skip
    printed = [f"{int(row[c]):,}" for c in ("events", "n") if not math.isnan(row[c])]
    assert told[2] == " / ".join(printed)
    assert "The models differ in their people" in repr(table.notes)


def test_the_same_people_are_claimed_only_of_complete_cases(deng: Any) -> None:
    claim, lead = "every model describes the same people", "not in the same people"
    aside, kept = "the last, which sets aside those with any", "left out of the models that need"
    told = repr(build(*deng))
    assert (claim in told, lead in told, aside in told, kept in told) == (True, False, True, False)
    assert "were set aside for a missing covariate" in told
    told = repr(build(*without_some(deng)))
    assert (claim in told, lead in told, aside in told, kept in told) == (False, True, False, True)
    assert "were set aside for a missing covariate" not in told
    assert "%) lack a variable of some model" in told


def test_people_without_weight_are_a_step_and_every_number_agrees(made: Any) -> None:
    rows = [row for row in made.deng_rows() if row["analysis"] != "flow"]
    steps = {
        "interviewed": ("Interviewed", 31126),
        "adults": ("Aged 20 years or over", 14213),
        "weighted": ("Has a dietary day 1 weight", 13011),
        "complete_cases": ("No covariate missing", 11490),
    }
    run = made.table_of([*made.flow_rows(steps), *rows], "deng_2013"), made.facts_for("deng_2013")
    report = build(*run)
    answer = report.sections[0].blocks
    assert answer[0].text.plain.startswith("Among 11,490 participants (standing for 175.0 million")
    assert answer[-1].facts[0].value.plain == "11,490"
    flow, _, table1 = blocks_of(run, "participants")
    assert "Has a dietary day 1 weight: 13,011 remain; 1,202 set aside." in flow.description
    assert "Has a dietary day 1 weight" in flow.drawing.wide
    assert cells_of(table1)[0][:2] == ["People, n", "11,490"]
    items = [item.plain for item in blocks_of(run, "methods")[2].items]
    assert items[-2].startswith("Has a dietary day 1 weight: people without one")
    assert items[-1].startswith("Complete covariates")
    assert not any("people without one" in item for item in map(repr, build_methods(made)))


def build_methods(made: Any) -> tuple[Any, ...]:
    """The methods of a study in which nobody is without weight."""
    run = made.table_of(made.deng_rows(), "deng_2013"), made.facts_for("deng_2013")
    return blocks_of(run, "methods")


def continuous(made: Any, means: dict[str, float], n: int = 4490) -> tuple[pd.DataFrame, Any]:
    """A run of a study without exposure whose one outcome is continuous."""
    facts = made.facts_for("forrest_2011")
    outcome = next(o for o in made.facts_for("deng_2013").study.outcomes if o.measure)
    study = facts.study.model_copy(update={"outcomes": (outcome,), "published": ()})
    rows = [row for row in made.forrest_rows() if row["analysis"] == "flow"]
    rows += made.mean_rows(outcome.name, means, n)
    facts = replace(facts, study=study, verdicts=facts.verdicts.iloc[:0])
    return made.table_of(rows, "forrest_2011"), facts


MEANS = {"all": 59.23, "men": 58.4, "women": 60.1, "black": 38.04}


def test_a_study_of_means_without_exposure(made: Any) -> None:
    run = continuous(made, MEANS)
    report = build(*run)
    assert [section.key for section in report.sections] == [
        "answer", "participants", "means", "methods", "checks", "limitations", "checklist",
        "cite", "abbreviations", "references", "provenance",
    ]  # fmt: skip
    answer = report.sections[0].blocks
    assert [block.text.plain for block in answer[:-1]] == [
        "Among 4,495 participants (standing for 68.5 million people), the weighted mean of serum "
        "25(OH)D was 59.2 nmol/L (95% CI 58.0–60.5).",
        "Of the 3 groups compared, the estimated mean of serum 25(OH)D was lowest in the group "
        "“Non-Hispanic Black” (38.0 nmol/L, 95% CI 36.8–39.3) and highest in the group “Women” "
        "(60.1 nmol/L, 95% CI 58.9–61.3).",
    ]
    (fact,) = [fact for fact in answer[-1].facts if "mean" in fact.label]
    assert (fact.label, fact.value.plain, fact.note.plain) == (
        "Serum 25(OH)D, mean", "59.2 nmol/L", "95% CI 58.0–60.5",
    )  # fmt: skip
    table = table_in(run, "means", "mean-table")
    assert table.head[0][1].text.plain == "Serum 25(OH)D, nmol/L"
    assert cells_of(table)[0] == ["All", "59.2 (58.0–60.5)", "4,490"]
    assert [row[0] for row in cells_of(table)] == ["All", "Men", "Women", "Non-Hispanic Black"]
    (body,) = lxml_html.fromstring(render(report)).xpath("//main")
    # The study's own title and those of publications say what they like.
    for section in body.xpath("section[@id='references' or @id='cite']"):
        body.remove(section)
    for word in ("nan", "prevalence", "odds", "quartile", "exposure", "models"):
        assert not re.search(rf"\b{word}\b", body.text_content().lower()), word


@pytest.mark.parametrize(
    ("means", "told"),
    [
        ({"all": math.nan}, ["the weighted mean of serum 25(OH)D could not be estimated."]),
        ({"all": 59.23, "men": 60.0}, ["was 59.2 nmol/L (95% CI 58.0–60.5)."]),
        ({}, ["The analysis has 4,495 participants (standing for 68.5 million people)."]),
    ],
)
def test_means_that_cannot_be_told(made: Any, means: dict[str, float], told: list[str]) -> None:
    results, facts = continuous(made, means)
    sentences = build(results, facts).sections[0].blocks[:-1]
    assert len(sentences) == len(told)
    assert sentences[0].text.plain.endswith(told[0])
    assert render(build(results, facts))


def test_means_stand_beside_prevalences_of_a_study_without_exposure(made: Any) -> None:
    results, facts = continuous(made, MEANS)
    study = facts.study
    both = (*made.facts_for("forrest_2011").study.outcomes, *study.outcomes)
    facts = replace(facts, study=study.model_copy(update={"outcomes": both}))
    rows = [*made.forrest_rows(), *made.mean_rows(study.outcomes[0].name, MEANS, 4490)]
    first = build(made.table_of(rows, "x"), facts).sections[0].blocks[0].text.plain
    assert "the weighted prevalence of 25(OH)D below 20 ng/mL was 41.6% (95% CI" in first
    assert "; the weighted mean of serum 25(OH)D was 59.2 nmol/L" in first
    alone = results[results["analysis"] != "flow"]
    assert build(alone, facts).sections[0].blocks[0].text.plain.startswith("The weighted mean of")


def test_means_of_a_study_with_exposure_are_in_their_table(deng: Any) -> None:
    table = table_in(deng, "means", "mean-table")
    assert table.caption.plain == "Means by quartile of total magnesium (mg/day)"
    assert cells_of(table)[1] == ["Q1 below 187", "60.1 (58.9–61.3)", "11,490"]
    assert "mean of" not in repr(build(*deng).sections[0].blocks[0])


@pytest.mark.parametrize(("n", "unknown"), [(4495, None), (4490, "5"), (495, "4,000")])
def test_people_in_whom_an_outcome_is_unknown_are_told(
    made: Any, n: int, unknown: str | None
) -> None:
    results = made.table_of(made.forrest_rows(), "forrest_2011")
    results.loc[results["stratum_level"] == "all", "n"] = n
    run = results, made.facts_for("forrest_2011")
    means = continuous(made, MEANS, n)
    for notes, name in (
        (table_in(run, "prevalence", "prevalence-table").notes, "25(OH)D below 20 ng/mL"),
        (table_in(means, "means", "mean-table").notes, "serum 25(OH)D"),
    ):
        told = [note.plain for note in notes if note.plain.startswith("Unknown")]
        expected = (
            f"Unknown is {name} in {unknown} of the 4,495 people analysed, who are not in its n."
        )
        assert told == ([expected] if unknown else [])


@pytest.mark.parametrize(
    ("measure", "unit", "digits", "printed"),
    [
        ("OR", "", None, "0.78 (0.60–0.998)"), ("OR", "", 2, "0.78 (0.60–0.998)"),
        ("mean", "", None, "0.78 (0.60–1.00)"), ("mean", "", 1, "0.8 (0.6–1.0)"),
        ("proportion", "percent", None, "0.8% (0.6–1.0)"),
        ("proportion", "percent", 2, "0.78% (0.60–1.00)"),
    ],
)  # fmt: skip
def test_ours_is_printed_as_the_publication_prints(
    made: Any, measure: str, unit: str, digits: int | None, printed: str
) -> None:
    facts = made.facts_for("forrest_2011")
    figure = facts.study.published[0].model_copy(update={"digits": digits, "n": None})
    study = facts.study.model_copy(update={"published": (figure,)})
    verdicts = facts.verdicts.iloc[:1].assign(
        ours=0.782, ours_low=0.6, ours_high=0.998, measure=measure, unit=unit
    )
    run = (
        made.table_of(made.forrest_rows(), "forrest_2011"),
        replace(facts, study=study, verdicts=verdicts),
    )
    assert cells_of(table_in(run, "published", "published-table"))[0][2] == printed


def methods_of(run: tuple[pd.DataFrame, Any]) -> str:
    """The methods and checks as they are told."""
    told = []
    for block in (*blocks_of(run, "methods"), *blocks_of(run, "checks")):
        texts = getattr(block, "items", None) or (getattr(block, "text", None),)
        told += [words.plain for words in texts if words is not None]
    return " ".join(told)


def test_groups_are_defined_and_not_only_named(request: Any) -> None:
    told = methods_of(request.getfixturevalue("forrest"))
    assert "Under 65 years: Age is below 65 years (age < 65)." in told
    assert "Hispanic: Race and ethnicity is one of “Mexican American”, “Other Hispanic”" in told
    assert "groups of them" not in methods_of(request.getfixturevalue("deng"))


@pytest.mark.parametrize("study", ["deng", "forrest"])
@pytest.mark.parametrize("cut_points", ["weighted", "unweighted"])
@pytest.mark.parametrize("shares", [True, False])
def test_what_has_no_weight_is_told(
    request: Any, study: str, cut_points: str, shares: bool
) -> None:
    results, facts = request.getfixturevalue(study)
    if not shares:
        results = results[results["measure"] != "unweighted_proportion"]
    exposure = facts.study.exposure
    if exposure is not None:
        exposure = exposure.model_copy(update={"cut_points": cut_points})
        facts = replace(facts, study=facts.study.model_copy(update={"exposure": exposure}))
    told = methods_of((results, facts))
    assert "Every estimate uses" not in told
    (listed,) = re.findall(r"; (numbers of people and events[^;]*) are not\.", told)
    assert ("shares called unweighted" in listed) == shares
    assert ("shares of missing values" in listed) == (study == "deng")
    assert ("the cut points" in listed) == (study == "deng" and cut_points == "unweighted")


@pytest.mark.parametrize("synthetic", [True, False])
def test_the_methods_say_what_artificial_data_are(deng: Any, synthetic: bool) -> None:
    results, facts = deng
    told = methods_of((results, replace(facts, synthetic=synthetic)))
    assert ("The data are the public files of 3 cycles" in told) == (not synthetic)
    assert ("that the CDC prints in the file's codebook" in told) == (not synthetic)
    assert ("The data are artificial: files in the formats" in told) == synthetic
    assert ("that the artificial survey prints in its own codebook" in told) == synthetic


@pytest.mark.parametrize("number", range(1, 21))
def test_the_strip_of_facts_is_balanced(number: int) -> None:
    across = KeyFacts(tuple(KeyFact("x", text("y")) for _ in range(number))).across
    last = number % across or across
    assert 1 <= across <= 5
    # No tile stands alone on a last row, unless it is the only one.
    assert last > 1 or number == 1
    css = (files("analysis.reporting") / "static" / "report.css").read_text("utf-8")
    assert f".across-{across} {{ --across: {across}; }}" in css


@pytest.mark.parametrize(
    ("medians", "printed"),
    [((1.27, 3.04, 8.55, 15.3), ["1.3", "3.0", "8.6", "15.3"]),
     ((99.7, 263.2, 341.9, 512.4), ["100", "263", "342", "512"])],
)  # fmt: skip
def test_medians_of_small_doses_have_a_decimal(
    deng: Any, medians: tuple[float, ...], printed: list[str]
) -> None:
    results, facts = deng
    rows = (results["analysis"] == "groups") & (results["measure"] == "median")
    results.loc[rows, "estimate"] = medians
    tables = [b for s in build(results, facts).sections for b in walk(s.blocks)
              if isinstance(b, Table)]  # fmt: skip
    shown = [[c.text.plain for c in row[1:5]] for table in tables for group in table.groups
             for row in group.rows if row[0].text.plain.startswith("Median")]  # fmt: skip
    assert shown and all(row == printed for row in shown)
