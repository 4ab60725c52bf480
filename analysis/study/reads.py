"""What a study reads of the CDC's files: measures, tables and variables."""

from __future__ import annotations

from analysis.cohort.build import required_columns
from analysis.cohort.measure import Measure
from analysis.cohort.measures import MEASURES
from analysis.cohort.weights import WEIGHTS
from analysis.nhanes.cycles import Table
from analysis.study.check import check_study
from analysis.study.specification import Study


def tables_of(study: Study) -> dict[Table, tuple[str, ...]]:
    """Every table and variable that a study reads.

    Raises
    ------
    InputError
        If the study does not fit the measures, cycles or weights.
    """
    check_study(study, MEASURES)
    measures, partial = measures_of(study)
    return required_columns(
        measures,
        study.data.cycles,
        WEIGHTS[study.weight],
        other_weights=[WEIGHTS[name] for name in study.other_weights],
        partial=partial,
    )


def measures_of(study: Study) -> tuple[list[Measure], dict[str, tuple[str, ...]]]:
    """Every measure that a study is made of, and the cycles of those that some cycles lack.

    An adjustment for energy divides a total intake into its parts, which the file does not name.
    """
    partial = dict(study.partial)
    names = dict.fromkeys(study.measures)
    for name in study.measures if study.adjusts_for_energy else ():
        part = MEASURES[name].food_part
        if part in ("", "self"):
            continue
        # Read in every cycle in which anything asks for it.
        wholly = part in names and part not in partial
        if name in partial and not wholly:
            cycles = {*partial[name], *partial.get(part, ())}
            partial[part] = tuple(cycle for cycle in study.data.cycles if cycle in cycles)
        elif name not in partial:
            partial.pop(part, None)
        names[part] = None
    return [MEASURES[name] for name in names], partial
