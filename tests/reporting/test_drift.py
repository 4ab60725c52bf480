"""The report tells what changed between the cycles that it pools."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.cohort.measures import MEASURES
from analysis.reporting import RunFacts
from analysis.reporting.document import Paragraph, Table
from analysis.reporting.drift import changed, limitations


def facts_of(names: list[str], *cycles: str, **partial: tuple[str, ...]) -> RunFacts:
    study = SimpleNamespace(
        measures=tuple(names), partial=partial, data=SimpleNamespace(cycles=cycles)
    )
    return RunFacts(study, MEASURES, pd.DataFrame(), pd.DataFrame(), pd.DataFrame())


BOTH = ("2005-2006", "2007-2008")


@pytest.mark.parametrize(
    ("names", "cycles"), [(["sex", "bmi"], BOTH), (["age", "physical_activity_met"], BOTH[:1])]
)
def test_a_study_that_straddles_nothing_has_no_section(names, cycles):
    facts = facts_of(names, *cycles)
    assert changed(facts) == [] and limitations(facts) == []


def test_the_table_says_what_when_and_what_was_done():
    facts = facts_of(["age", "vitamin_d", "physical_activity_met"], *BOTH)
    warning, _, table = changed(facts)
    assert isinstance(warning, Paragraph) and warning.kind == "warning"
    assert "physical_activity_met" in warning.text.plain and "age" not in warning.text.plain
    assert isinstance(table, Table)
    rows = [[cell.text.plain for cell in row] for group in table.groups for row in group.rows]
    assert [(row[0], row[-1]) for row in rows] == [
        ("Physical activity", "not comparable"),
        ("Age", "comparable with care"),
        ("Assay of 25(OH)D", "harmonised"),
    ]
    assert rows[2][2] == "between 2005-2006 and 2007-2008"
    assert "Radioimmunoassay" in rows[2][3] and "equivalent" in rows[2][4]
    assert [row[-1].mark for group in table.groups for row in group.rows] == ["bad", "part", "good"]


def test_limitations_name_what_nothing_was_done_about():
    worst, care = (told.plain for told in limitations(
        facts_of(["age", "age_80", "vitamin_d", "physical_activity_met"], *BOTH)
    ))  # fmt: skip
    assert "physical_activity_met" in worst and "not comparable" in worst
    assert "age" in care and "25(OH)D" not in care
    assert limitations(facts_of(["vitamin_d", "age_80"], *BOTH)) == []


def test_names_keep_their_capital():
    (care,) = (told.plain for told in limitations(facts_of(["age", "race_ethnicity_4"], *BOTH)))
    assert "as released: age and Hispanic people (see" in care


def test_without_care_there_is_no_warning():
    blocks = changed(facts_of(["age"], *BOTH))
    assert [getattr(block, "kind", "table") for block in blocks] == ["", "table"]


def test_cycles_of_one_measure_alone_do_not_make_a_break():
    facts = facts_of(["age"], *BOTH)
    narrowed = replace(
        facts, study=SimpleNamespace(**vars(facts.study) | {"partial": {"age": BOTH[:1]}})
    )
    assert changed(facts) and not changed(narrowed)
