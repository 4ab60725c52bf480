"""What a study of two measures together finds of the second, of both, and of their interaction."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from analysis.reporting import sentences, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Text, listing, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.slopes import CURVED

BY_GROUPS = re.compile(r"(\d+x\d+ groups|by cuts)(, adjusted F)?")
"""Contrasts of the tests of the products of groups; the adjusted F is the stricter one."""


def together(everything: Book, facts: RunFacts, *, tests: bool = True) -> list[Text]:
    """Answer what a question on two measures asks beside the association of the first.

    Parameters
    ----------
    everything : Book
        All results.
    facts : RunFacts
        The study's specification; its first interaction is the one of the question.
    tests : bool
        Whether to tell the tests of interaction.

    Returns
    -------
    list of Text
        The association of the second measure, where it is an exposure of the study too; the joint
        group at the other end of the reference, with the tests of interaction. Empty for a study
        without interactions.
    """
    asked = next(iter(facts.listed("interactions")), None)
    if asked is None or facts.exposure is None:
        return []
    found = (_second(everything, facts, asked), _jointly(everything, facts, asked, tests))
    return [sentence for sentence in found if sentence]


def _second(everything: Book, facts: RunFacts, asked: Any) -> Text:
    own = next((e for e in facts.exposures if e.measure == asked.modifier), None)
    if own is None:
        return text()
    book, about = everything.of(own.measure), facts.about(own)
    return sentences.main_sentence(book, about, crude=False, published=False)


def _jointly(everything: Book, facts: RunFacts, asked: Any, with_tests: bool) -> Text:
    joint = everything.find(analysis="joint", stratum=asked.name)
    first = [row for row in joint if row.contrast == joint[0].contrast]
    ends = _far_ends([row for row in first if facts.is_main(row.outcome)])
    tests = [text(listing(_p_values(rows)), _of(rows[0], facts, ends))
             for rows in _tests(everything, facts, asked)
             if with_tests]  # fmt: skip
    told = []
    if ends:
        told.append(text(_groups(ends[0], facts, asked), ": ", listing(
            _estimate(row, facts) for row in ends), "."))  # fmt: skip
    if tests:
        start = (
            "Tests of the interaction of the two, by the products of groups and by the product of "
            "the measures beside a curve of each: "
        )
        told.append(text(start, listing(tests, last="; "), "."))
    return text(*(text(" " if at else "", one) for at, one in enumerate(told)))


def _far_ends(rows: Sequence[Row]) -> list[Row]:
    """Give of each outcome the joint group that is farthest from the reference in both measures."""
    found = []
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == outcome]
        levels, others = ([*distinct(getattr(r, key) for r in mine)] for key in
                          ("level", "stratum_level"))  # fmt: skip
        far = [
            row for row in mine
            if f"{_other_end(levels, row.level)}, {_other_end(others, row.stratum_level)}"
            == row.reference and math.isfinite(row.estimate)
        ]  # fmt: skip
        found += far[:1]
    return found


def _other_end(levels: Sequence[str], level: str) -> str:
    """Give the last level for the first one, and the first for the last."""
    return {levels[0]: levels[-1], levels[-1]: levels[0]}.get(level, "")


def _groups(row: Row, facts: RunFacts, asked: Any) -> str:
    """Say which joint group is compared with which."""
    exposure, modifier = (
        words.in_sentence(facts.label(name)) for name in (facts.exposure.measure, asked.modifier)
    )
    size = re.fullmatch(r"(\d+)x\1", row.contrast)
    if size is not None:
        nouns = words.group_nouns(int(size[1]))
        ours = f"the highest {nouns} of both {exposure} and {modifier}"
        return f"Jointly, {ours}, against the lowest of both"
    level, _, other = row.reference.partition(", ")
    ours = f"{exposure} {row.level} with {modifier} {row.stratum_level}"
    return f"Jointly, {ours}, against {level} with {other}"


def _estimate(row: Row, facts: RunFacts) -> Text:
    label = "OR" if row.measure == "OR" else "difference"
    unit = f" {facts.outcome_unit(row.outcome)}".rstrip()
    name = words.lower_first(facts.outcome(row.outcome))
    return text(
        f"{label} ", words.estimate(row), unit, " (95% CI ", words.limits(row), f") for {name}"
    )


def _tests(everything: Book, facts: RunFacts, asked: Any) -> list[list[Row]]:
    """Give the strictest test by groups and that beside curves, an outcome at a time."""
    rows = [
        row for row in everything.find(analysis="interaction", stratum=asked.name)
        if row.measure == "p_interaction" and facts.is_main(row.outcome)
        and math.isfinite(row.p_value)
    ]  # fmt: skip
    found = []
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == outcome]
        groups = [row for row in mine if BY_GROUPS.fullmatch(row.contrast)]
        first = [row for row in groups if row.contrast.startswith(groups[0].contrast)]
        curved = [row for row in mine if row.contrast == CURVED]
        if first and curved:
            found.append([first[-1], curved[-1]])
    return found


def _p_values(rows: Sequence[Row]) -> list[Text]:
    return [text("P\N{NO-BREAK SPACE}", words.p_of(row)) for row in rows]


def _of(row: Row, facts: RunFacts, ends: Sequence[Row]) -> str:
    """Name the outcome of a test where there are several."""
    several = len(facts.main_outcomes) > 1 or not ends
    return f" for {words.lower_first(facts.outcome(row.outcome))}" if several else ""
