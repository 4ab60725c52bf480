"""What a reader must know where published figures are of other cycles than those analysed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.cohort.drift import breaks_of
from analysis.reporting import drift, words
from analysis.reporting.document import Text, listing, text
from analysis.reporting.facts import RunFacts


def note(facts: RunFacts) -> str:
    """Say beside the published figures which cycles they are of, where those are others."""
    told = [f" Those of {name} are of NHANES {spell}." for name, spell, _ in _others(facts)]
    return "".join(told)


def limitations(facts: RunFacts) -> list[Text]:
    """Say what agreement with other people's figures shows, and what changed in between."""
    return [_limitation(name, spell, cycles, facts) for name, spell, cycles in _others(facts)]


def _limitation(name: str, spell: str, cycles: Sequence[str], facts: RunFacts) -> Text:
    told = text(
        f"The published figures of {name} are of NHANES {spell}, this study of "
        f"{words.cycles_words(facts.cycles)}: agreement repeats a finding in other people and does "
        "not reproduce an analysis, and disagreement may lie in the years."
    )
    changed = _changed(cycles, facts)
    if changed:
        told += text(
            " In between the CDC changed how it asks or measures: ",
            listing(words.lower_first(subject) for subject in changed), ".",
        )  # fmt: skip
    return told


def _others(facts: RunFacts) -> list[tuple[str, str, Sequence[str]]]:
    """Publications with figures beside ours and cycles of their own: name, words, cycles."""
    compared = set(facts.verdicts["source"].astype(str)) if "source" in facts.verdicts else set()
    found = []
    for each in facts.study.references:
        cycles: Sequence[str] = getattr(each, "cycles", ())
        if each.id in compared and cycles and set(cycles) != set(facts.cycles):
            found.append((_name(each), words.cycles_words(cycles), cycles))
    return found


def _name(reference: Any) -> str:
    """Name a publication by its first author, as the list of references begins it."""
    first, *others = str(reference.citation).split(".")[0].split(", ")
    return f"{first.split()[0]} and colleagues" if others else first.split()[0]


def _changed(cycles: Sequence[str], facts: RunFacts) -> list[str]:
    """Subjects that changed between the publication's cycles and ours, but not within ours."""
    both = breaks_of(drift.read(facts), sorted({*cycles, *facts.cycles}))
    within = {each.subject for each in drift.straddled(facts)}
    return list(dict.fromkeys(each.subject for each in both if each.subject not in within))
