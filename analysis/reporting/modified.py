"""The answer of a study that asks how far something else modifies an association."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Text, listing, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.modifiers import BY_CUTS
from analysis.reporting.sentences import SETTLED

MODIFYING = ("stratum", "interaction", "joint", "slope")
"""Analyses of how far one measure modifies the association of another."""

DEPARTURES: Mapping[str, tuple[str, str]] = {
    "RERI": ("relative excess risk due to interaction", "additivity"),
    "AP": ("attributable proportion", "additivity"),
    "S": ("synergy index", "additivity"),
    "ratio_of_ORs": ("ratio of odds ratios", "multiplying"),
}
"""What a measure of interaction is called, and from what it tells a departure."""


def sentence(book: Book, facts: RunFacts) -> Text:
    """Say what the strata and the interaction show that the publication is about.

    Parameters
    ----------
    book : Book
        The results of the main exposure.
    facts : RunFacts
        For labels, and for what was published.

    Returns
    -------
    Text
        Empty for a study whose published findings are of anything else as well: its main
        association answers the question.
    """
    wheres = _published(facts)
    if not wheres or any(where.get("analysis") not in MODIFYING for where in wheres):
        return text()
    told = [*_by_strata(book, facts, wheres), *_departures(book, facts, wheres)]
    return text(*(text(" " if at else "", each) for at, each in enumerate(told)))


def is_of_strata(facts: RunFacts) -> bool:
    """Whether the publication is about strata alone, so that joint groups answer nothing."""
    wheres = _published(facts)
    return bool(wheres) and all(where.get("analysis") == "stratum" for where in wheres)


def _published(facts: RunFacts) -> list[dict[str, str]]:
    return [dict(f.where) for f in facts.listed("published") if getattr(f, "where", None)]


def _by_strata(book: Book, facts: RunFacts, wheres: Sequence[Mapping[str, str]]) -> list[Text]:
    """Tell the estimates of each division, and whether they are shown to differ."""
    found = [
        row
        for where in wheres
        if where.get("analysis") == "stratum" and where.get("stratum_level")
        for row in book.find(**where)
        if row.measure in ("OR", "difference") and math.isfinite(row.estimate)
    ]
    told = []
    for stratum, outcome, contrast in distinct((r.stratum, r.outcome, r.contrast) for r in found):
        mine = [
            r for r in found if (r.stratum, r.outcome, r.contrast) == (stratum, outcome, contrast)
        ]
        divided = next((s.label for s in facts.listed("strata") if s.name == stratum), stratum)
        what = "odds ratio" if mine[0].measure == "OR" else "mean difference"
        exposure = words.in_sentence(facts.label(mine[0].exposure))
        per_unit = contrast.startswith("per ")
        of = (
            f"{words.singular(contrast)} of {exposure}"
            if per_unit
            else f"({contrast} of {exposure})"
        )
        unit = f" {facts.outcome_unit(outcome)}".rstrip()
        estimates = [
            text(words.with_interval(row), unit, f" in the group “{row.stratum_level}”")
            for row in mine
        ]
        told.append(
            text(
                f"By {words.lower_first(divided)}, the {what} (95% CI) of "
                f"{words.lower_first(facts.outcome(outcome))} {of} is ", listing(estimates),
                _differ(book, mine[0]), ".",
            )
        )  # fmt: skip
    return told


def _differ(book: Book, row: Row) -> Text:
    """Say whether strata are shown to differ: by the test of interaction, not by each interval."""
    per_unit = row.contrast.startswith("per ")
    tested = f"{row.contrast if per_unit else 'group medians'} x {row.stratum}"
    test = book.one(
        analysis="stratum", outcome=row.outcome, model=row.model, stratum=row.stratum,
        measure="p_interaction", contrast=tested,
    )  # fmt: skip
    if test is None or not math.isfinite(test.p_value):
        return text()
    differ = test.p_value < SETTLED
    said = "the groups differ" if differ else "the groups are not shown to differ"
    return text(f"; {said} (P for interaction\N{NO-BREAK SPACE}", words.p_of(test), ")")


def _departures(book: Book, facts: RunFacts, wheres: Sequence[Mapping[str, str]]) -> list[Text]:
    rows = [
        row for where in wheres if where.get("analysis") == "interaction"
        for row in book.find(**where) if row.measure in DEPARTURES
    ]  # fmt: skip
    return [_departure(row, facts) for row in rows if words.direction(row) != "missing"]


def _departure(row: Row, facts: RunFacts) -> Text:
    asked: Any = next((i for i in facts.listed("interactions") if i.name == row.stratum), None)
    modifier = facts.label(getattr(asked, "modifier", row.stratum))
    both = (words.in_sentence(label) for label in (facts.label(row.exposure), modifier))
    called, null = DEPARTURES[row.measure]
    side = {"inverse": f"less than {null}", "positive": f"more than {null}"}
    said = side.get(words.direction(row), f"a departure from {null} is not shown")
    cut = " by fixed cuts" if row.contrast == BY_CUTS else ""
    return text(
        f"For {words.lower_first(facts.outcome(row.outcome))}, the {called} (95% CI) of "
        f"{' with '.join(both)}{cut} is ", words.with_interval(row), f": {said}.",
    )  # fmt: skip
