"""The registry of breaks, and which of them a set of cycles straddles."""

from __future__ import annotations

import re

import pytest

from analysis.cohort.breaks import BREAKS, POOLING, Break
from analysis.cohort.drift import breaks_of, gathered, told
from analysis.cohort.measures import MEASURES
from analysis.nhanes.cycles import CYCLES


def subjects(names: list[str], *cycles: str, **partial: tuple[str, ...]) -> list[str]:
    return [each.subject for each in breaks_of(names, cycles, partial)]


@pytest.mark.parametrize("each", BREAKS, ids=lambda b: f"{b.subject} {b.since}")
def test_every_break_is_of_measures_that_lie_on_both_of_its_sides(each: Break):
    assert each.measures and each.pooling in POOLING
    assert {each.before, each.since} <= set(CYCLES) and each.before <= each.since
    for name in each.measures:
        cycles = MEASURES[name].cycles  # a name that is none of a measure's fails here
        sides = cycles[0] <= each.before and cycles[-1] >= each.since
        # Blood, recalls and supplements of single cycles join what their tables say of the rest.
        assert sides or len(each.measures) > 1, name
    for sentence in (each.change, each.handling, each.source):
        assert re.fullmatch(r"[A-Z].*\.", sentence), sentence


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda m: m.name)
def test_what_a_note_calls_a_scale_of_its_own_is_no_break_of_one_cycle(measure):
    assert all(subjects([measure.name], cycle) == [] for cycle in measure.cycles)


@pytest.mark.parametrize(
    ("name", "cycles", "wanted"),
    [
        ("age", ["2005-2006", "2007-2008"], "comparable with care"),
        ("age", ["1999-2000", "2021-2023"], "comparable with care"),
        ("age", ["1999-2000", "2005-2006"], None),
        ("age", ["2007-2008", "2021-2023"], None),
        ("age_80", ["2005-2006", "2007-2008"], "harmonised"),
        ("vitamin_d", ["2003-2004", "2009-2010"], "harmonised"),
        ("physical_activity_met", ["2005-2006", "2007-2008"], "not comparable"),
        ("physical_activity_met", ["2007-2008", "2017-2018"], None),
        ("recreational_activity", ["2017-2018", "2021-2023"], "not comparable"),
        ("alcohol_status", ["2015-2016", "2017-2018"], "comparable with care"),
        ("creatinine", ["2013-2014", "2017-2018"], "comparable with care"),
        ("creatinine_bridged", ["2013-2014", "2017-2018"], "harmonised"),
        ("sex", ["1999-2000", "2021-2023"], None),
        ("bmi", ["1999-2000", "2021-2023"], None),
    ],
)
def test_a_break_is_straddled_from_any_side(name, cycles, wanted):
    found = {each.pooling for each in breaks_of([name], cycles)}
    assert found == (set() if wanted is None else {wanted})


def test_a_break_within_a_cycle_lies_on_both_sides_of_it():
    def recall(*cycles: str) -> bool:
        return "Dietary recall" in subjects(["magnesium_dietary"], *cycles)

    assert recall("2001-2002", "2003-2004")
    assert not recall("2001-2002")
    assert not recall("2003-2004", "2017-2018")
    assert recall("2003-2004", "2021-2023")  # another one: by telephone


def test_only_cycles_in_which_a_measure_is_read_count():
    # Deng's parathyroid hormone, and any option of some cycles only.
    pooled = ("2005-2006", "2007-2008")
    assert subjects(["age"], *pooled) == ["Age"]
    assert subjects(["age"], *pooled, age=("2007-2008",)) == []
    # A measure that does not exist on one side is not pooled over the break.
    assert subjects(["physical_activity"], *pooled) == []


def test_breaks_of_one_kind_are_told_once_and_harmonised_ones_are_not():
    names = ["physical_activity_met", "vitamin_d_ria", "vitamin_d", "age_80", "hba1c"]
    found = breaks_of(names, list(CYCLES))
    assert [each.pooling for each in found] == sorted(
        (each.pooling for each in found), key=POOLING.index
    )
    lines = told(found)
    assert len(lines) == 3
    assert lines[0].startswith(
        "pools over a break (NOT COMPARABLE): physical_activity_met, between 2005-2006 and "
        "2007-2008. To 2005-2006 leisure,"
    )
    assert "vitamin_d_ria, between 2001-2002 and 2003-2004, between 2003-2004 and" in lines[1]
    assert "within 2021-2023" in lines[2]
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert {each.subject for each, _ in gathered(found)} == {each.subject for each in found}
