"""Every study on every single cycle: a report, or one refusal that says why."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import pipeline
from analysis.cohort.measures import MEASURES
from analysis.errors import InputError
from analysis.nhanes.cycles import CYCLES
from analysis.nhanes.store import Store
from analysis.study import Study, available_studies, check_study, load_study

STUDIES = available_studies()
load = cache(load_study)


def shortened(study: Study) -> Study:
    """Leave the curve its first two choices and the imputation out: their sizes, not their kinds.

    Both have tests of their own; whole, they would take most of an hour here.
    """
    curve = study.specifications
    if curve is not None:
        curve = curve.model_copy(update={"choices": curve.choices[:2]})
    return study.model_copy(update={"specifications": curve, "imputation": None})


def refusal_of(study: Study) -> str:
    """Give what a study is refused with before data are read; empty if it is not."""
    try:
        check_study(study, MEASURES)
    except InputError as error:
        return error.message
    return ""


def require_clear(message: str, study: Study) -> None:
    """A refusal names the study, and each of its lines a place in it and what is wrong there."""
    assert message.startswith(study.origin) or study.name in message, message
    assert "Traceback" not in message and "None" not in message, message
    assert len(message.splitlines()[0]) < 400, message


@pytest.mark.real_data
@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize("name", STUDIES)
def test_a_report_or_one_clear_refusal(
    name: str, cycle: str, real_store: Callable[[Study], Store], tmp_path: Path
) -> None:
    study = shortened(load(name).with_cycles([cycle]))
    if refusal := refusal_of(study):
        require_clear(refusal, study)
        return
    try:
        outcome = pipeline.run(study, real_store(study), pipeline.Settings(out=tmp_path))
    except InputError as error:
        # Fewer people than the study was made for: a group without events, say.
        require_clear(f"{study.origin}: {error.message}", study)
        assert error.remedy, error.message
        return
    assert outcome.cohort.members.sum() > 0
    assert (outcome.folder / "report.html").read_text().rstrip().endswith("</html>")
    assert (outcome.results["cycles"] == cycle).any()


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_runs_on_its_own_cycles_one_by_one_where_its_data_allow(name: str) -> None:
    """At least one single cycle of a study's own is not refused before data are read."""
    study = load(name)
    alone = [study.with_cycles([cycle]) for cycle in study.data.cycles]
    assert any(not refusal_of(each) for each in alone), [refusal_of(each) for each in alone]


@settings(max_examples=60)
@given(name=st.sampled_from(STUDIES), cycles=st.sets(st.sampled_from(list(CYCLES)), min_size=1))
def test_any_set_of_cycles_is_in_order_or_clearly_refused(name: str, cycles: set[str]) -> None:
    study = load(name).with_cycles(sorted(cycles))
    if refusal := refusal_of(study):
        require_clear(refusal, study)
