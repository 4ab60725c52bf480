"""The choices of a specification curve, and the rows that summarise it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Text, text
from analysis.reporting.facts import RunFacts


@dataclass(frozen=True)
class Choice:
    """Something that could have been done in more than one way.

    Parameters
    ----------
    name, label : str
        As in the study file.
    options : mapping of str to str
        Labels by name; the first is that of the base specification.
    """

    name: str
    label: str
    options: dict[str, str]

    @property
    def base(self) -> str:
        """Name of the option that the study itself takes."""
        return next(iter(self.options))


def choices_of(facts: RunFacts) -> tuple[Choice, ...]:
    """Give the choices of the study file; empty if it has none."""
    declared = getattr(getattr(facts.study, "specifications", None), "choices", ())
    return tuple(
        Choice(choice.name, choice.label, {option.name: option.label for option in choice.options})
        for choice in declared
    )


class Summary:
    """Rows of ``specification_summary``, looked up by what they are of."""

    def __init__(self, book: Book) -> None:
        rows = book.find(analysis="specification_summary")
        # The level of a quantile is its percentile; that of any other row, the dose group.
        self.rows = {
            (
                row.outcome,
                row.measure,
                row.stratum,
                row.stratum_level,
                row.level if row.measure == "quantile" else "",
            ): row
            for row in rows
        }
        self.outcomes = distinct(row.outcome for row in rows)

    def of(
        self, outcome: str, measure: str, choice: str = "", option: str = "", percentile: str = ""
    ) -> Row | None:
        """Find a row, of all specifications unless a choice (and an option) is named."""
        return self.rows.get((outcome, measure, choice, option, percentile))

    def number(self, outcome: str, measure: str, choice: str, option: str = "") -> float:
        """Give a row's estimate; not a number where there is none."""
        row = self.of(outcome, measure, choice, option)
        return math.nan if row is None else row.estimate

    def by_weight(self, outcome: str, choices: Sequence[Choice]) -> list[Choice]:
        """Sort choices by the share of the variance that they account for, largest first."""
        shares = {c.name: self.number(outcome, "variance_share", c.name) for c in choices}
        known = [choice for choice in choices if math.isfinite(shares[choice.name])]
        return sorted(known, key=lambda choice: -shares[choice.name])


def estimated(number: Row, empty: Row | None, noun: str) -> Text:
    """Say how many specifications have an estimate: the others are in no share."""
    if empty is None or not empty.estimate > 0:
        return text(words.counted(number, "estimate"), f" {noun}s")
    have = "has" if empty.estimate == 1 else "have"
    left = words.plural(round(number.estimate - empty.estimate), noun)
    return text(f"{left} with an estimate (", words.counted(empty, "estimate"), f" {have} none)")
