"""What the optional sections of a study name must be there, and fit where they are named.

Works on a study whose entries have the right types; `consistency` does the same for the sections
that every study has, before the types are known to be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.grammar import Name, Transform
from analysis.grammar.tokens import clip
from analysis.study.analyses import Adjusted, Confounding, Interaction, JointCuts, Stratum
from analysis.study.choices import curve_problems
from analysis.study.naming import (
    cycle_problems,
    made_of,
    outcome_problems,
    repeats,
    unknown,
)
from analysis.study.specification import Exposure, Outcome, Study
from analysis.study.translate import Location, Problem

NOBODYS_STRATUM = ("not known", "not compared")
"""What the results call people without a stratum, or who are not compared."""

MOST_GROUPS = 5
"""Groups of each measure in a table of joint categories, at the most."""


def reference_problems(study: Study) -> Iterator[Problem]:
    """Yield names that are not there, entries that exclude each other, and repeats."""
    yield from _exposure_problems(study)
    yield from _model_problems(study)
    yield from _needing_an_exposure(study)
    for location, names, wanted in _named_outcomes(study):
        yield from outcome_problems(study, location, names, wanted)
        if not names and location[0] in ("specifications", "confounding", "imputation"):
            yield location, "want one outcome or more, got an empty list"
    for location, name in _named_models(study):
        yield from unknown(location, name, [model.name for model in study.models], "model")
        yield from _of_another_exposure(study, location, name)
    yield from _multinomial_problems(study)
    for section in ("adjusted", "multinomial", "interactions", "strata"):
        yield from repeats((section,), [each.name for each in getattr(study, section)], "name")
    for i, outcome in enumerate(study.outcomes):
        yield from repeats(("outcomes", i, "mean_z"), outcome.mean_z)
    for i, adjusted in enumerate(study.adjusted):
        yield from _adjusted_problems(study, ("adjusted", i), adjusted)
    for i, interaction in enumerate(study.interactions):
        yield from _interaction_problems(study, ("interactions", i), interaction)
    for i, stratum in enumerate(study.strata):
        yield from _stratum_problems(study, ("strata", i), stratum)
    if study.confounding:
        yield from _control_problems(study, study.confounding)
    if study.specifications:
        yield from curve_problems(study)


def _exposure_problems(study: Study) -> Iterator[Problem]:
    if study.other_exposures and study.exposure is None:
        yield ("other_exposures",), "other exposures need a main one, in [exposure]"
        return
    seen = [study.exposure.measure] if study.exposure else []
    if study.exposure:
        yield from _cut_problems(("exposure",), study.exposure)
    for i, exposure in enumerate(study.other_exposures):
        yield from _cut_problems(("other_exposures", i), exposure)
    if study.exposure and study.exposure.measure in made_of(study):
        yield ("exposure", "measure"), "an outcome is made of it; want another measure"
    for i, exposure in enumerate(study.other_exposures):
        if exposure.measure in made_of(study):
            at: Location = ("other_exposures", i, "measure")
            yield at, "an outcome is made of it; want another measure"
        if exposure.measure in seen:
            what = f"{clip(exposure.measure)} is an exposure already"
            yield ("other_exposures", i, "measure"), what
        seen.append(exposure.measure)
    for i, exposure in enumerate(study.other_exposures):
        if not study.models_of(exposure.measure):
            yield ("other_exposures", i), "no model is for this exposure"
    if study.exposure and study.models and not study.models_of(study.exposure.measure):
        yield ("exposure",), "no model is for this exposure"


def _cut_problems(at: Location, exposure: Exposure) -> Iterator[Problem]:
    """Tell of given cut points that do not increase, or stand beside what takes quantiles."""
    if not exposure.cuts:
        return
    if list(exposure.cuts) != sorted(set(exposure.cuts)):
        yield (*at, "cuts"), "want numbers that increase"
    if exposure.groups != len(exposure.cuts) + 1:
        what = f"{len(exposure.cuts)} cuts make {len(exposure.cuts) + 1} groups"
        yield (*at, "groups"), f"{what}; leave 'groups' out"
    if exposure.split == "users":
        yield (*at, "cuts"), 'do not go with split = "users", whose groups are quantiles'
    if "cut_points" in exposure.model_fields_set:
        yield (*at, "cut_points"), "is how quantiles are taken; leave it out beside 'cuts'"


def _model_problems(study: Study) -> Iterator[Problem]:
    known = [exposure.measure for exposure in study.exposures]
    for i, model in enumerate(study.models):
        for j, name in enumerate(model.exposures):
            yield from unknown(("models", i, "exposures", j), name, known, "exposure")
        for j, term in enumerate(model.parsed_terms):
            for name in sorted(term.columns & made_of(study)):
                made = next(each.name for each in study.outcomes if name in each.made_of)
                what = f"{clip(term.text)} holds '{name}', of which the outcome '{made}' is made"
                yield ("models", i, "terms", j), what
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
    for i, adjusted in enumerate(study.adjusted):
        yield ("adjusted", i, "outcomes"), adjusted.outcomes, ""
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


def _named_models(study: Study) -> Iterator[tuple[Location, str]]:
    for section in ("multinomial", "interactions"):
        for i, each in enumerate(getattr(study, section)):
            if each.model is not None:
                yield (section, i, "model"), each.model
    for section in ("specifications", "confounding", "imputation"):
        found = getattr(study, section)
        if found and found.model is not None:
            yield (section, "model"), found.model


def _of_another_exposure(study: Study, at: Location, name: str) -> Iterator[Problem]:
    """Tell of a model for other exposures only, where the main one is analysed."""
    model = next((model for model in study.models if model.name == name), None)
    main = study.exposure.measure if study.exposure else ""
    if model and model.exposures and main not in model.exposures:
        yield at, f"the model '{name}' is not for the main exposure, '{main}'"


def _multinomial_problems(study: Study) -> Iterator[Problem]:
    by_name = {outcome.name: outcome for outcome in study.outcomes}
    for i, model in enumerate(study.multinomial):
        at: Location = ("multinomial", i, "outcomes")
        if len(set(model.outcomes)) < 2:
            yield at, "wants two or more different outcomes"
        found: list[Outcome] = [by_name[name] for name in model.outcomes if name in by_name]
        if len({outcome.against for outcome in found}) > 1:
            yield at, "the outcomes of one model must have the same 'against'"


def _adjusted_problems(study: Study, at: Location, adjusted: Adjusted) -> Iterator[Problem]:
    if (adjusted.group is None) == (not adjusted.domains):
        yield at, "want one of 'groups' and 'domains'"
        return
    if adjusted.group is None:
        yield from _adjusted_domain_problems(study, at, adjusted)
        return
    root = adjusted.group.root
    if not (isinstance(root, Name) or (isinstance(root, Transform) and root.name == "category")):
        what = f"{clip(adjusted.group.text)} makes no groups"
        yield (*at, "groups"), f'{what}; want a categorical measure or "category(measure, cuts)"'
        return
    parts = len(adjusted.cuts) + 1 if adjusted.cuts else 0
    if adjusted.names and len(adjusted.names) != parts:
        nothing = "mean nothing without category(...); categories have names"
        yield (*at, "names"), f"want {parts} names, one a group" if parts else nothing
    yield from repeats((*at, "names"), adjusted.names)
    for j, name in enumerate(adjusted.names):
        if name in NOBODYS_STRATUM:
            yield (*at, "names", j), f"the name '{name}' is reserved; choose another"
    asked = [o for o in study.outcomes if not adjusted.outcomes or o.name in adjusted.outcomes]
    made = {name: outcome.name for outcome in asked for name in outcome.made_of}
    if adjusted.measure in made:
        what = f"the outcome '{made[adjusted.measure]}' is made of '{adjusted.measure}'"
        yield (*at, "groups"), f"{what}; want another measure"
    for j, term in enumerate(adjusted.parsed_terms):
        if adjusted.measure in term.columns:
            what = f"{clip(term.text)} holds '{adjusted.measure}', of which the groups are made"
            yield (*at, "terms", j), f"{what}; leave it out"
    yield from _adjusted_term_problems(study, at, adjusted)


def _adjusted_domain_problems(study: Study, at: Location, adjusted: Adjusted) -> Iterator[Problem]:
    known = [domain.name for domain in study.domains]
    for j, name in enumerate(adjusted.domains):
        yield from unknown((*at, "domains", j), name, known, "domain")
    yield from repeats((*at, "domains"), adjusted.domains)
    if len(adjusted.domains) < 2:
        yield (*at, "domains"), "want two or more"
    if adjusted.names:
        yield (*at, "names"), "mean nothing beside 'domains', which have labels"
    yield from _adjusted_term_problems(study, at, adjusted)


def _adjusted_term_problems(study: Study, at: Location, adjusted: Adjusted) -> Iterator[Problem]:
    asked = [o for o in study.outcomes if not adjusted.outcomes or o.name in adjusted.outcomes]
    made = {name: outcome.name for outcome in asked for name in outcome.made_of}
    for j, term in enumerate(adjusted.parsed_terms):
        if term in adjusted.parsed_terms[:j]:
            yield (*at, "terms", j), f"{clip(term.text)} is named twice"
        for name in sorted(term.columns & set(made)):
            what = f"{clip(term.text)} holds '{name}', of which the outcome '{made[name]}' is made"
            yield (*at, "terms", j), what


def _interaction_problems(
    study: Study, at: Location, interaction: Interaction
) -> Iterator[Problem]:
    if not (interaction.outcomes or interaction.slopes):
        yield at, "asks for nothing; name outcomes in 'outcomes' or 'slopes'"
    for j, number in enumerate(interaction.joint):
        if not 2 <= number <= MOST_GROUPS:
            what = f"want a whole number from 2 to {MOST_GROUPS}, got the number {number}"
            yield (*at, "joint", j), what
        elif number in interaction.joint[:j]:
            yield (*at, "joint", j), f"{number} is named twice"
    for other in study.interactions[: int(at[1])]:
        if (other.modifier, other.model) == (interaction.modifier, interaction.model):
            what = f"'{other.modifier}' is the modifier of the interaction '{other.name}' already"
            yield (*at, "modifier"), f"{what}, in the same model; ask for both in one entry"
    if interaction.joint_cuts:
        yield from _joint_cut_problems((*at, "joint_cuts"), interaction.joint_cuts)
    asked = {*interaction.outcomes, *interaction.slopes}
    outcomes = [outcome for outcome in study.outcomes if outcome.name in asked]
    yield from _divided_problems(study, (*at, "modifier"), interaction.modifier, outcomes)


def _joint_cut_problems(at: Location, cuts: JointCuts) -> Iterator[Problem]:
    for key, numbers in (("exposure", cuts.exposure), ("modifier", cuts.modifier)):
        if not 1 <= len(numbers) < MOST_GROUPS:
            yield (*at, key), f"want 1 to {MOST_GROUPS - 1} numbers, got {len(numbers)}"
        elif list(numbers) != sorted(set(numbers)):
            yield (*at, key), "want numbers that increase"
    if len(cuts.reference) != 2:
        yield (*at, "reference"), "want two: of the exposure and of the modifier"


def _divided_problems(
    study: Study, at: Location, measure: str, outcomes: Sequence[Outcome]
) -> Iterator[Problem]:
    """Tell of a modifier or stratum that is the exposure itself, or what an outcome is made of."""
    if study.exposure and measure == study.exposure.measure:
        yield at, f"'{measure}' is the exposure itself; want another measure"
    made = [outcome.name for outcome in outcomes if measure in outcome.made_of]
    if made:
        yield at, f"the outcome '{made[0]}' is made of '{measure}'; want another measure"


def _control_problems(study: Study, asked: Confounding) -> Iterator[Problem]:
    exposure, outcome = asked.negative_exposure, asked.negative_outcome
    if not (exposure or outcome or asked.e_values or asked.leave_one_cycle_out):
        yield ("confounding",), "asks for nothing; leave it out"
    if exposure:
        at: Location = ("confounding", "negative_exposure", "measure")
        named = [each for each in study.outcomes if each.name in asked.outcomes]
        yield from _divided_problems(study, at, exposure.measure, named)
    if not outcome:
        return
    at = ("confounding", "negative_outcome")
    if outcome.name in [each.name for each in study.outcomes]:
        yield (*at, "name"), f"the name '{outcome.name}' is that of an outcome; choose another"
    if study.exposure is None or not study.models_of(study.exposure.measure):
        return
    last = study.models_of(study.exposure.measure)[-1]
    model = next((each for each in study.models if each.name == asked.model), last)
    held = {column for term in model.parsed_terms for column in term.columns}
    for name in sorted(outcome.made_of & held - set(outcome.drop)):
        what = f"the model '{model.name}' adjusts for '{name}', of which the outcome is made"
        yield (*at, "event"), f"{what}; add it to 'drop'"


def _stratum_problems(study: Study, at: Location, stratum: Stratum) -> Iterator[Problem]:
    if stratum.cuts and stratum.groups:
        yield at, "has both 'cuts' and 'groups'; want one of them, or neither for categories"
    if list(stratum.cuts) != sorted(set(stratum.cuts)):
        yield (*at, "cuts"), "want numbers that increase"
    parts = len(stratum.cuts) + 1 if stratum.cuts else stratum.groups or 0
    if stratum.names and len(stratum.names) != parts:
        nothing = "mean nothing without 'cuts' or 'groups'"
        yield (*at, "names"), f"want {parts} names, one a part" if parts else nothing
    yield from repeats((*at, "names"), stratum.names)
    for j, name in enumerate(stratum.names):
        if name in NOBODYS_STRATUM:
            yield (*at, "names", j), f"the name '{name}' is reserved; choose another"
    yield from cycle_problems(study, at, stratum.cycles)
    main = [outcome for outcome in study.outcomes if outcome.role == "main"]
    yield from _divided_problems(study, (*at, "measure"), stratum.measure, main)
