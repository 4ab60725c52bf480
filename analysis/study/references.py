"""What the optional sections of a study name must be there, and fit where they are named.

Works on a study whose entries have the right types; `consistency` does the same for the sections
that every study has, before the types are known to be right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from analysis.grammar import suggestion
from analysis.grammar.tokens import clip
from analysis.study.analyses import Choice, Option, Stratum
from analysis.study.specification import Outcome, Study
from analysis.study.translate import Location, Problem


def reference_problems(study: Study) -> Iterator[Problem]:
    """Yield names that are not there, entries that exclude each other, and repeats."""
    yield from _exposure_problems(study)
    yield from _model_problems(study)
    yield from _needing_an_exposure(study)
    for location, names, wanted in _named_outcomes(study):
        yield from _outcome_problems(study, location, names, wanted)
    for location, name in _named_models(study):
        yield from _unknown(location, name, [model.name for model in study.models], "model")
    yield from _multinomial_problems(study)
    for section in ("multinomial", "interactions", "strata"):
        yield from _repeats((section,), [each.name for each in getattr(study, section)], "name")
    for i, stratum in enumerate(study.strata):
        yield from _stratum_problems(study, ("strata", i), stratum)
    if study.specifications:
        yield from _curve_problems(study)


def _exposure_problems(study: Study) -> Iterator[Problem]:
    if study.other_exposures and study.exposure is None:
        yield ("other_exposures",), "other exposures need a main one, in [exposure]"
        return
    seen = [study.exposure.measure] if study.exposure else []
    for i, exposure in enumerate(study.other_exposures):
        if exposure.measure in seen:
            what = f"{clip(exposure.measure)} is an exposure already"
            yield ("other_exposures", i, "measure"), what
        seen.append(exposure.measure)
    for i, exposure in enumerate(study.other_exposures):
        if not study.models_of(exposure.measure):
            yield ("other_exposures", i), "no model is for this exposure"
    if study.exposure and study.models and not study.models_of(study.exposure.measure):
        yield ("exposure",), "no model is for this exposure"


def _model_problems(study: Study) -> Iterator[Problem]:
    known = [exposure.measure for exposure in study.exposures]
    for i, model in enumerate(study.models):
        for j, name in enumerate(model.exposures):
            yield from _unknown(("models", i, "exposures", j), name, known, "exposure")
        applied = model.exposures or known[1:]  # the main one is told by `consistency`
        for j, term in enumerate(model.parsed_terms):
            for name in applied:
                if name in term.columns and (model.exposures or name != known[0]):
                    yield (
                        ("models", i, "terms", j),
                        f"{clip(term.text)} holds the exposure '{name}', which this model is for; "
                        "say in 'exposures' which ones it is for",
                    )


def _needing_an_exposure(study: Study) -> Iterator[Problem]:
    if study.exposure is not None:
        return
    sections = ("multinomial", "interactions", "strata", "specifications", "confounding")
    for section in (*sections, "imputation"):
        if getattr(study, section):
            yield (section,), "needs an [exposure], which this file does not have"


def _named_outcomes(study: Study) -> Iterator[tuple[Location, Sequence[str], str]]:
    """Give the outcomes that sections name, and whether they must be binary or continuous."""
    for i, model in enumerate(study.multinomial):
        yield ("multinomial", i, "outcomes"), model.outcomes, "binary"
    for i, interaction in enumerate(study.interactions):
        yield ("interactions", i, "outcomes"), interaction.outcomes, "binary"
        yield ("interactions", i, "slopes"), interaction.slopes, "continuous"
    for section in ("specifications", "confounding", "imputation"):
        found = getattr(study, section)
        if found:
            wanted = "binary" if section == "specifications" else ""
            yield (section, "outcomes"), found.outcomes, wanted


def _outcome_problems(
    study: Study, at: Location, names: Sequence[str], wanted: str
) -> Iterator[Problem]:
    known = {outcome.name: outcome for outcome in study.outcomes}
    for j, name in enumerate(names):
        yield from _unknown((*at, j), name, list(known), "outcome")
        if name in known and wanted and known[name].is_binary != (wanted == "binary"):
            yield (*at, j), f"the outcome '{name}' is not {wanted}"


def _named_models(study: Study) -> Iterator[tuple[Location, str]]:
    for section in ("multinomial", "interactions"):
        for i, each in enumerate(getattr(study, section)):
            if each.model is not None:
                yield (section, i, "model"), each.model
    for section in ("specifications", "confounding", "imputation"):
        found = getattr(study, section)
        if found and found.model is not None:
            yield (section, "model"), found.model


def _multinomial_problems(study: Study) -> Iterator[Problem]:
    by_name = {outcome.name: outcome for outcome in study.outcomes}
    for i, model in enumerate(study.multinomial):
        at: Location = ("multinomial", i, "outcomes")
        if len(set(model.outcomes)) < 2:
            yield at, "wants two or more different outcomes"
        found: list[Outcome] = [by_name[name] for name in model.outcomes if name in by_name]
        if len({outcome.against for outcome in found}) > 1:
            yield at, "the outcomes of one model must have the same 'against'"


def _stratum_problems(study: Study, at: Location, stratum: Stratum) -> Iterator[Problem]:
    if stratum.cuts and stratum.groups:
        yield at, "has both 'cuts' and 'groups'; want one of them, or neither for categories"
    if list(stratum.cuts) != sorted(set(stratum.cuts)):
        yield (*at, "cuts"), "want numbers that increase"
    parts = len(stratum.cuts) + 1 if stratum.cuts else stratum.groups or 0
    if stratum.names and len(stratum.names) != parts:
        nothing = "mean nothing without 'cuts' or 'groups'"
        yield (*at, "names"), f"want {parts} names, one a part" if parts else nothing
    yield from _repeats((*at, "names"), stratum.names)
    yield from _cycle_problems(study, at, stratum)


def _cycle_problems(study: Study, at: Location, part: Stratum | Option) -> Iterator[Problem]:
    for j, cycle in enumerate(part.cycles):
        if cycle not in study.data.cycles:
            yield (*at, "cycles", j), f"'{cycle}' is not among the study's cycles"


def _curve_problems(study: Study) -> Iterator[Problem]:
    assert study.specifications is not None
    choices = study.specifications.choices
    at: Location = ("specifications", "choices")
    yield from _repeats(at, [choice.name for choice in choices], "name")
    for i, choice in enumerate(choices):
        yield from _repeats((*at, i, "options"), [each.name for each in choice.options], "name")
        yield from _choice_problems(study, (*at, i), choice)
    if study.specifications.count > MOST_SPECIFICATIONS:
        what = f"{study.specifications.count:,} combinations are too many (at most "
        yield at, f"{what}{MOST_SPECIFICATIONS:,}); leave choices or options out"


MOST_SPECIFICATIONS = 20_000
"""Combinations of a curve; each is a model of its own for each outcome."""


def _choice_problems(study: Study, at: Location, choice: Choice) -> Iterator[Problem]:
    assert study.specifications is not None
    for j, option in enumerate(choice.options):
        place = (*at, "options", j)
        yield from _cycle_problems(study, place, option)
        for old, new in option.outcomes.items():
            wanted = study.specifications.outcomes
            yield from _unknown((*place, "outcomes"), old, wanted, "outcome of the curve")
            yield from _outcome_problems(study, (*place, "outcomes"), [new], "binary")


def _repeats(at: Location, names: Sequence[str], key: str = "") -> Iterator[Problem]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield (
                (*at, i, key) if at[-1] != "names" else (*at, i),
                f"the {key} {clip(name)} is taken by an entry above",
            )


def _unknown(at: Location, name: str, known: Collection[str], what: str) -> Iterator[Problem]:
    if name not in known:
        near = suggestion(name, known) or f"; want one of {', '.join(map(clip, known))}"
        yield at, f"no {what} is named {clip(name)}{near}"
