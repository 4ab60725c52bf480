"""A study held against the measures that exist: names, kinds, levels, cycles and the weight."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from analysis.cohort.measure import Measure
from analysis.errors import InputError
from analysis.grammar import suggestion
from analysis.nhanes.cycles import CYCLES
from analysis.study.specification import Study

SUBSAMPLES = ("interview", "examination", "dietary_day_1", "dietary_two_days")
"""From the largest to the smallest; each has a weight of the same name."""

_FOUR_YEARS = frozenset({"1999-2000", "2001-2002"})


def check_study(study: Study, measures: Mapping[str, Measure]) -> None:
    """Hold a study against the measures.

    Parameters
    ----------
    study : Study
        From `load_study`.
    measures : mapping of str to Measure
        Every measure by its name.

    Raises
    ------
    InputError
        With every problem: a measure that is unknown, of the wrong kind, or not there in one of
        the cycles; a level that does not exist; a weight that does not belong to the smallest
        subsample used; cycles that want four-year weights.
    """
    problems = [
        *_condition_and_term_problems(study, measures),
        *_name_problems(study, measures),
        *_cycle_problems(study, measures),
        *_pooling_problems(study),
        *_weight_problems(study, measures),
    ]
    if len(problems) == 1:
        raise InputError(problems[0], where=study.origin)
    if problems:
        listed = [f"- {problem}".replace("\n", "\n  ") for problem in problems]
        raise InputError("\n".join([f"{len(problems)} problems", *listed]), where=study.origin)


def _condition_and_term_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    for condition in study.conditions:
        for problem in condition.problems(measures):
            yield f"{condition.source.where}: {problem}"
    for model in study.models:
        for term in model.parsed_terms:
            for problem in term.problems(measures):
                yield f"{term.source.where}: {problem}"


def _name_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    continuous = [
        (f"outcome '{outcome.name}', measure", outcome.measure)
        for outcome in study.outcomes
        if outcome.measure
    ]
    if study.exposure:
        continuous.insert(0, ("exposure.measure", study.exposure.measure))
    for place, name in continuous:
        if name not in measures:
            yield f"{place}: unknown measure '{name}'{suggestion(name, measures)}"
        elif measures[name].kind != "continuous":
            yield f"{place}: '{name}' is categorical; want a continuous measure"
    for name in study.table1.rows if study.table1 else ():
        if name not in measures:
            yield f"table1.rows: unknown measure '{name}'{suggestion(name, measures)}"


def _cycle_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    for name in study.measures:
        if name not in measures:
            continue
        measure = measures[name]
        lacking: dict[str, list[str]] = {}
        for cycle in study.data.cycles:
            if cycle not in measure.cycles:
                reason = measure.absent.get(cycle, "no source is defined for it there")
                lacking.setdefault(reason, []).append(cycle)
        for reason, cycles in lacking.items():
            yield (
                f"data.cycles: measure '{name}' does not exist in {', '.join(cycles)}: {reason}; "
                f"it exists in {_runs(measure.cycles) or 'no cycle'}"
            )


def _runs(cycles: Collection[str]) -> str:
    """Name cycles, three or more in a row by the first and the last."""
    runs: list[list[str]] = [[]]
    for cycle in CYCLES:
        if cycle in cycles:
            runs[-1].append(cycle)
        elif runs[-1]:
            runs.append([])
    words = (f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs if run)
    return ", ".join(words)


def _pooling_problems(study: Study) -> Iterator[str]:
    if set(study.data.cycles) >= _FOUR_YEARS:
        yield (
            "data.cycles: 1999-2000 and 2001-2002 pooled need the CDC's four-year weights, which "
            "are not offered yet; leave one of them out"
        )


def _weight_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    used = [measures[name] for name in study.measures if name in measures]
    rank = max((SUBSAMPLES.index(measure.subsample) for measure in used), default=0)
    right = SUBSAMPLES[rank]
    if study.data.weight == right:
        return
    if rank > SUBSAMPLES.index(study.data.weight):
        names = [measure.name for measure in used if measure.subsample == right]
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        why = f"{shown} {'are' if len(names) > 1 else 'is'} known only in a smaller subsample"
    else:
        why = "no measure of the study is confined to that subsample"
    yield f'data.weight: "{study.data.weight}" does not fit, because {why}; use "{right}"'
