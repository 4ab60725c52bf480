"""How a study file tells of names that are not there, are there twice, or do not fit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from analysis.grammar import suggestion
from analysis.grammar.tokens import clip
from analysis.study.specification import Study
from analysis.study.translate import Location, Problem


def repeats(at: Location, names: Sequence[str], key: str = "") -> Iterator[Problem]:
    """Tell of names that stand twice: of entries by their `key`, or in a list of texts."""
    for i, name in enumerate(names):
        if name in names[:i]:
            place = (*at, i, key) if key else (*at, i)
            what = f"the {key} {clip(name)} is taken by an entry above"
            yield place, what if key else f"{clip(name)} is named twice"


def unknown(at: Location, name: str, known: Collection[str], what: str) -> Iterator[Problem]:
    """Tell of a name that is not among those known."""
    if name not in known:
        near = suggestion(name, known) or f"; want one of {', '.join(map(clip, known))}"
        yield at, f"no {what} is named {clip(name)}{near}"


def outcome_problems(
    study: Study, at: Location, names: Sequence[str], wanted: str
) -> Iterator[Problem]:
    """Tell of outcomes that are not there, are of the wrong kind, or are named twice."""
    known = {outcome.name: outcome for outcome in study.outcomes}
    yield from repeats(at, names)
    for j, name in enumerate(names):
        yield from unknown((*at, j), name, list(known), "outcome")
        if name in known and wanted and known[name].is_binary != (wanted == "binary"):
            yield (*at, j), f"the outcome '{name}' is not {wanted}"


def cycle_problems(study: Study, at: Location, cycles: Sequence[str]) -> Iterator[Problem]:
    """Tell of cycles that the study does not have, or that are named twice."""
    yield from repeats((*at, "cycles"), cycles)
    for j, cycle in enumerate(cycles):
        if cycle not in study.data.cycles:
            yield (*at, "cycles", j), f"'{cycle}' is not among the study's cycles"


def made_of(study: Study) -> frozenset[str]:
    """Name the measures of which an outcome is made: no model may adjust for them."""
    return frozenset().union(*(outcome.made_of for outcome in study.outcomes))
