"""A study held against the measures that exist: names, kinds, levels, cycles and the weight."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from analysis.cohort.measure import SUBSAMPLES, Measure
from analysis.cohort.weights import WEIGHTS
from analysis.errors import InputError
from analysis.grammar import Transform, suggestion
from analysis.nhanes.cycles import CYCLES
from analysis.study.analyses import Option, Stratum
from analysis.study.specification import Study
from analysis.study.weighting import smallest


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
        *_weight_problems(study, measures),
        *_option_problems(study, measures),
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
    terms = [term for model in study.models for term in model.parsed_terms]
    terms += [term for option in study.options for term in option.parsed_terms]
    terms += study.adjusted_terms
    for term in terms:
        for problem in term.problems(measures):
            yield f"{term.source.where}: {problem}"


def _name_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    for place, name in _continuous(study):
        if name not in measures:
            yield f"{place}: unknown measure '{name}'{suggestion(name, measures)}"
        elif measures[name].kind != "continuous":
            yield f"{place}: '{name}' is categorical; want a continuous measure"
    for place, name in _of_any_kind(study):
        if name not in measures:
            yield f"{place}: unknown measure '{name}'{suggestion(name, measures)}"
    for stratum in study.strata:
        yield from _division_problems(stratum, measures)
    for adjusted in study.adjusted:
        found = measures.get(adjusted.measure)
        if found and found.kind == "continuous" and not adjusted.cuts:
            what = f"'{found.name}' is continuous; divide it by category({found.name}, ...)"
            yield f"adjusted '{adjusted.name}', groups: {what}"


def _continuous(study: Study) -> Iterator[tuple[str, str]]:
    """Give the places of a study that want a continuous measure, with its name."""
    if study.exposure:
        yield "exposure.measure", study.exposure.measure
    for exposure in study.other_exposures:
        yield "other_exposures, measure", exposure.measure
    for outcome in study.outcomes:
        if outcome.measure:
            yield f"outcome '{outcome.name}', measure", outcome.measure
        if outcome.below:
            yield f"outcome '{outcome.name}', below", outcome.below.measure
        for name in outcome.mean_z:
            yield f"outcome '{outcome.name}', mean_z", name
    for interaction in study.interactions:
        yield f"interaction '{interaction.name}', modifier", interaction.modifier
    if study.confounding and study.confounding.negative_exposure:
        yield "confounding.negative_exposure.measure", study.confounding.negative_exposure.measure


def _of_any_kind(study: Study) -> Iterator[tuple[str, str]]:
    for name in study.table1.rows if study.table1 else ():
        yield "table1.rows", name
    for name in study.imputation.auxiliary if study.imputation else ():
        yield "imputation.auxiliary", name
    for stratum in study.strata:
        yield f"division '{stratum.name}', measure", stratum.measure
    control = study.confounding.negative_outcome if study.confounding else None
    for name in control.drop if control else ():
        yield "confounding.negative_outcome.drop", name
    for option in study.options:
        for old, new in option.replace.items():
            yield f"option '{option.name}', replace", old
            yield f"option '{option.name}', replace", new


def _division_problems(stratum: Stratum, measures: Mapping[str, Measure]) -> Iterator[str]:
    if stratum.measure not in measures:
        return
    place = f"division '{stratum.name}'"
    continuous = measures[stratum.measure].kind == "continuous"
    if continuous and not (stratum.cuts or stratum.groups):
        yield f"{place}: '{stratum.measure}' is continuous; divide it by 'cuts' or 'groups'"
    if not continuous and (stratum.cuts or stratum.groups):
        yield f"{place}: '{stratum.measure}' is categorical; leave 'cuts' and 'groups' out"


def _cycle_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    for name in study.measures:
        if name not in measures:
            continue
        measure = measures[name]
        lacking: dict[str, list[str]] = {}
        for cycle in study.partial.get(name, study.data.cycles):
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


def _weight_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    # What takes another's place in an option has the option's weight.
    right, confined = smallest(study, measures)
    for cycle in study.data.cycles if study.data.weight in (None, right) else ():
        if cycle not in WEIGHTS[right].sources:
            asking = _some(list(dict.fromkeys(name for name, _ in confined)))
            yield f'data.cycles: {cycle} does not have the weight "{right}", for {asking}'
    if study.data.weight in (None, right):
        return
    if SUBSAMPLES.index(right) > SUBSAMPLES.index(study.data.weight):
        names = list(dict.fromkeys(name for name, _ in confined))
        why = (
            f"{_some(names)} {'are' if len(names) > 1 else 'is'} known only in a smaller subsample"
        )
        among = [cycle for cycle in study.data.cycles if cycle in {cycle for _, cycle in confined}]
        if len(among) < len(study.data.cycles):
            why += f" in {_runs(among)}"
    else:
        why = "no measure of the study is confined to that subsample"
    yield f'data.weight: "{study.data.weight}" does not fit, because {why}; use "{right}"'


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _option_problems(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    """Tell of weights that a cycle lacks, and of measures that cannot take another's place."""
    for name, cycles in study.other_weights.items():
        lacking = [cycle for cycle in cycles if cycle not in WEIGHTS[name].sources]
        if lacking:
            options = [each.name for each in study.options if name in _weights_of(each)]
            yield (
                f"option '{options[0]}': the weight '{name}' does not exist in "
                f"{', '.join(lacking)}; limit the option by 'cycles'"
            )
    for option in study.options:
        for old, new in option.replace.items():
            if old in measures and new in measures:
                yield from _place_problems(study, measures, option, old, new)


def _weights_of(option: Option) -> set[str | None]:
    return {option.weight, *option.weights.values()}


def _place_problems(
    study: Study, measures: Mapping[str, Measure], option: Option, old: str, new: str
) -> Iterator[str]:
    place = f"option '{option.name}', replace"
    if measures[new].kind != "continuous" and _as_number(study, old):
        yield f"{place}: '{new}' is categorical and cannot take the place of '{old}'"
    weight = option.weight or option.weights.get(study.weight, study.weight)
    cycles = option.cycles or study.data.cycles
    wanted = max((measures[new].subsample_in(each) for each in cycles), key=SUBSAMPLES.index)
    if SUBSAMPLES.index(wanted) > SUBSAMPLES.index(weight):
        yield (
            f"{place}: '{new}' is known only in a smaller subsample than that of the weight "
            f"'{weight}'; add weights = {{ {study.weight} = \"{wanted}\" }}"
        )


def _as_number(study: Study, name: str) -> bool:
    """Whether the curve has a measure where only a number can stand."""
    if (study.exposure and name == study.exposure.measure) or name == "energy":
        return True
    model = study.specifications.model if study.specifications else ""
    terms = [term for each in study.models if each.name == model for term in each.parsed_terms]
    terms += [term for option in study.options for term in option.parsed_terms]
    parts = [part for term in terms for part in term.parts]
    return any(isinstance(part, Transform) and part.arg.name == name for part in parts)
