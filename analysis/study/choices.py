"""What must hold between the choices of a specification curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from analysis.grammar.tokens import clip
from analysis.study.analyses import Choice, Option
from analysis.study.naming import cycle_problems, made_of, outcome_problems, repeats, unknown
from analysis.study.specification import Study
from analysis.study.translate import Location, Problem

MOST_SPECIFICATIONS = 20_000
"""Combinations of a curve; each is a model of its own for each outcome."""


def curve_problems(study: Study) -> Iterator[Problem]:
    """Yield what is wrong with the choices of a study that has some."""
    assert study.specifications is not None
    choices = study.specifications.choices
    at: Location = ("specifications", "choices")
    yield from repeats(at, [choice.name for choice in choices], "name")
    for i, choice in enumerate(choices):
        yield from repeats((*at, i, "options"), [each.name for each in choice.options], "name")
        for j, option in enumerate(choice.options):
            yield from _option_problems(study, (*at, i, "options", j), choice, j, option)
    yield from _contradictions(at, choices)
    if study.specifications.count > MOST_SPECIFICATIONS:
        what = f"{study.specifications.count:,} combinations are too many (at most "
        yield at, f"{what}{MOST_SPECIFICATIONS:,}); leave choices or options out"


def _option_problems(
    study: Study, at: Location, choice: Choice, j: int, option: Option
) -> Iterator[Problem]:
    assert study.specifications is not None
    yield from cycle_problems(study, at, option.cycles)
    for old, new in option.outcomes.items():
        wanted = study.specifications.outcomes
        yield from unknown((*at, "outcomes"), old, wanted, "outcome of the curve")
        yield from outcome_problems(study, (*at, "outcomes"), [new], "binary")
    for other in choice.options[:j]:
        if _content(option) == _content(other):
            yield at, f"does the same as the option '{other.name}'"
    if option.cut_points and study.exposure and study.exposure.cuts:
        yield (*at, "cut_points"), "the exposure's cuts are given, not taken as quantiles"
    yield from _term_problems(study, at, choice, option)
    yield from _replacement_problems(study, at, option)


def _content(option: Option) -> Mapping[str, object]:
    return option.model_dump(exclude={"name", "label"})


def _term_problems(study: Study, at: Location, choice: Choice, option: Option) -> Iterator[Problem]:
    """Tell of added terms that hold the exposure, or that are there already."""
    assert study.specifications is not None
    there = dict.fromkeys(_model_terms(study), "in the model")
    for other in study.specifications.choices:
        if other.name != choice.name:
            place = f"added by the choice '{other.name}'"
            there |= {term: place for each in other.options for term in each.parsed_terms}
    for k, term in enumerate(option.parsed_terms):
        if study.exposure and study.exposure.measure in term.columns:
            yield (*at, "add", k), f"{clip(term.text)} holds the exposure"
        elif term.columns & made_of(study):
            yield (*at, "add", k), f"{clip(term.text)} is what an outcome is made of"
        elif term in there:
            yield (*at, "add", k), f"{clip(term.text)} is {there[term]} already"
        there[term] = "in the list"
    parts = {str(term) for term in (*_model_terms(study), *option.parsed_terms)}
    for k, term in enumerate(option.parsed_terms):
        lacking = [str(part) for part in term.parts if str(part) not in parts]
        if len(term.parts) > 1 and lacking:
            what = f"an interaction stands beside its parts; {clip(term.text)} lacks"
            yield (*at, "add", k), f'{what} "{lacking[0]}"'


def _replacement_problems(study: Study, at: Location, option: Option) -> Iterator[Problem]:
    """Tell of replacements of what no specification has, or by what it has already."""
    used = {name for term in _model_terms(study) for name in term.columns} | {"energy"}
    used |= {name for each in study.options for t in each.parsed_terms for name in t.columns}
    used |= {study.exposure.measure} if study.exposure else set()
    for new in option.replace.values():
        if new in used - set(option.replace):
            yield (*at, "replace"), f"specifications have {clip(new)} already, in its own place"
        elif new in made_of(study):
            yield (*at, "replace"), f"{clip(new)} is what an outcome is made of"
    yield from repeats((*at, "replace"), list(option.replace.values()))
    weights = {study.weight, *(each.weight for each in study.options)}
    # What one option replaces may be there only where another adds it; nothing at all is a slip.
    does = option.model_dump(exclude={"name", "label", "replace", "weights"}, exclude_defaults=True)
    asked = {*option.replace, *option.weights}
    if asked and not does and not asked & (used | weights):
        yield at, f"does nothing: no specification has {', '.join(sorted(map(clip, asked)))}"


def _model_terms(study: Study) -> tuple:
    """Terms that every specification has; none where the model does not exist."""
    assert study.specifications is not None
    name = study.specifications.model
    model = next((model for model in study.models if model.name == name), None)
    return tuple(model.parsed_terms) if model else ()


def _contradictions(at: Location, choices: Sequence[Choice]) -> Iterator[Problem]:
    """Tell of choices that settle the same thing: crossed, one would undo the other."""
    for (_, first), (i, second) in combinations(enumerate(choices), 2):
        both = sorted(_settled(first) & _settled(second))
        if both:
            what = f"changes {both[0]}, and so does the choice '{first.name}'"
            yield (*at, i), f"{what}; a choice of its own settles each"


def _settled(choice: Choice) -> set[str]:
    """Name what the options of a choice change, but for what adds up or narrows."""
    found: set[str] = set()
    for option in choice.options:
        found |= {f"the outcome '{name}'" for name in option.outcomes}
        found |= {f"the measure '{name}'" for name in option.replace}
        found |= {f"the weight '{name}'" for name in option.weights}
        singles = {"weight": "the weight", "energy": "the adjustment for energy",
                   "cut_points": "the cut points"}  # fmt: skip
        found |= {word for key, word in singles.items() if getattr(option, key) is not None}
    return found
