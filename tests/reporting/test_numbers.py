"""Every number that a report prints is that of its row, or of something that can be named."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis import pipeline
from analysis.models.published import stand_beside
from analysis.models.results import COLUMNS, NUMBER_COLUMNS
from analysis.nhanes.store import Store
from analysis.reporting.document import Block, Cell, Details, Group, Paragraph, Section, text
from analysis.study import Study, available_studies, load_study

HERE = Path(__file__).parent


def _load(name: str) -> Any:
    """Load a module beside this one: tests are no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_load("printed")
accounted = _load("accounted")
Run, unexplained, wrong = accounted.Run, accounted.unexplained, accounted.wrong

# Reports that are made here


def with_gaps(made: Any) -> Run:
    results, facts = made.whole_run()
    for number, column in enumerate(("estimate", "conf_low", "conf_high", "p_value", "events")):
        results.loc[results.index % 5 == number, column] = math.nan
    return Run(results, facts)


def turned(made: Any) -> Run:
    """Every association on the other side of none, and no outcome in half of the groups."""
    results, facts = made.whole_run()
    ratios, means = results["measure"] == "OR", results["measure"] == "difference"
    bounds = results[["estimate", "conf_high", "conf_low"]].to_numpy()
    columns = ["estimate", "conf_low", "conf_high"]
    results.loc[ratios, columns] = 1 / bounds[ratios]
    results.loc[means, columns] = -bounds[means]
    results.loc[results["level"].isin(["Q1", "Q2"]), "events"] = 0
    return Run(results, facts)


def extreme(made: Any) -> Run:
    """Estimates that are far off, and P values next to 0 and 1."""
    results, facts = made.whole_run()
    third = results.index % 3 == 0
    results.loc[(results["measure"] == "OR") & third, "conf_high"] = 676_800.0
    results.loc[(results["measure"] == "OR") & ~third, "conf_low"] = 0.00012
    results.loc[third, "p_value"] = 1e-9
    results.loc[~third & results["p_value"].notna(), "p_value"] = 0.9996
    return Run(results, facts)


def of_one(made: Any) -> Run:
    """One participant, one cycle, one verdict."""
    results, facts = (
        made.table_of(made.forrest_rows(), "forrest_2011"),
        made.facts_for("forrest_2011"),
    )
    results.loc[results["analysis"] == "flow", "estimate"] = 1.0
    return Run(results, replace(facts, verdicts=facts.verdicts.head(1), n_psu=2, n_strata=1))


def artificial(made: Any) -> Run:
    results, facts = made.whole_run()
    verdicts = facts.verdicts.assign(verdict="cannot be judged")
    return Run(results, replace(facts, synthetic=True, verdicts=verdicts))


RUNS: Mapping[str, Callable[[Any], Run]] = {
    "deng": lambda made: Run(made.table_of(made.deng_rows(), "deng_2013"),
                             made.facts_for("deng_2013")),
    "forrest": lambda made: Run(made.table_of(made.forrest_rows(), "forrest_2011"),
                                made.facts_for("forrest_2011")),
    "whole": lambda made: Run(*made.whole_run()),
    "gaps": with_gaps, "turned": turned, "extreme": extreme, "of one": of_one,
    "artificial": artificial,
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_every_number_is_that_of_its_row_or_is_accounted_for(made: Any, name: str) -> None:
    run = RUNS[name](made)
    assert wrong(run) == []
    assert unexplained(run) == []


@pytest.mark.parametrize(
    ("column", "analysis"),
    [("estimate", "odds_ratio"), ("conf_low", "prevalence"), ("n", "flow"), ("p_value", "trend")],
)
def test_a_number_that_is_not_its_rows_is_found(made: Any, column: str, analysis: str) -> None:
    run = RUNS["deng"](made)
    assert run.report
    changed = run.results.copy()
    mine = changed["analysis"] == analysis
    changed.loc[mine, column] = changed.loc[mine, column] * 1.2 + 0.011
    later = Run(changed, run.facts)
    later.__dict__["report"] = run.report
    if column == "n":
        changed.loc[mine, "estimate"] = changed.loc[mine, "estimate"] + 1
    assert wrong(later)


@pytest.mark.parametrize(
    "stray",
    [
        "The odds were 0.62 as high.", "In 1,234 people.", "Of 9 strata with an estimate, none.",
        "Of the 77 published findings, 3 match.", "The mean was 12.3 nmol/L in 1999.",
        "90% CI", "P below 0.10", "There are 4 cycles.", "It holds 2.",
    ],
)  # fmt: skip
def test_a_number_that_nothing_explains_is_found(made: Any, stray: str) -> None:
    run = RUNS["forrest"](made)
    section = Section("answer", "Answer", (Paragraph(text(stray)),))
    run.__dict__["report"] = replace(run.report, sections=(*run.report.sections, section))
    assert [told for told in unexplained(run) if told.startswith("answer")]


@pytest.mark.parametrize("wrong_one", ["title", "caption", "note", "cell", "description"])
def test_every_kind_of_text_is_read(made: Any, wrong_one: str) -> None:
    run = RUNS["forrest"](made)
    stray = "8,888 of them"
    figure = run.report.figures[0]
    table = replace(figure.data, caption=text(""), notes=(), groups=(), head=())
    blocks: dict[str, Block] = {
        "title": Details(stray, ()),
        "caption": replace(table, caption=text(stray)),
        "note": replace(table, notes=(text(stray),)),
        "cell": replace(table, groups=(Group(((Cell(text(stray)),),)),)),
        "description": replace(figure, description=stray),
    }
    section = Section("answer", "Answer", (blocks[wrong_one],))
    run.__dict__["report"] = replace(run.report, sections=(section,))
    assert len(unexplained(run)) == 1


# Reports on the CDC's files


@pytest.mark.real_data
@pytest.mark.parametrize("name", available_studies())
def test_so_it_is_in_every_study(
    name: str, real_run: Callable[[str], Path], real_store: Callable[[Study], Store]
) -> None:
    study = load_study(name)
    results = pd.read_csv(real_run(name) / "results.csv", keep_default_na=False)
    results = results[results["analysis"] != "published"].reset_index(drop=True)
    numbers = [*NUMBER_COLUMNS, "published", "published_low", "published_high"]
    for column in numbers:
        results[column] = pd.to_numeric(results[column], errors="coerce")
    results[numbers[-3:]], results["agreement"] = math.nan, ""
    results, verdicts = stand_beside(results[list(COLUMNS)], study.published, artificial=False)
    inputs, memory = pipeline.read_inputs(study, real_store(study)), {}
    cohort = pipeline.make_cohort(study, inputs.raw, memory)
    counts = pipeline.count_rules(study, inputs.raw, memory)
    run = Run(results, pipeline.facts_of(study, cohort, inputs, verdicts, counts))
    assert wrong(run) == []
    assert unexplained(run) == []
