"""Outcomes of a study: events, quantities, and those that the cohort itself settles."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from analysis.grammar import Condition, parse_condition
from analysis.study.fields import (
    CONDITION,
    NAME,
    ConditionText,
    Identifier,
    Number,
    Section,
    Text,
    many,
    name_field,
    text_field,
)


class Below(Section):
    """An event that is a low value of a measure: below a quantile of the cohort."""

    measure: Identifier = name_field("a continuous measure")
    quantile: Number = Field(
        gt=0, lt=1, description="a number between 0 and 1: the cohort's weighted quantile"
    )


class Outcome(Section):
    """A binary outcome (`event`, `against`; or `below`) or a continuous one (`measure`, `mean_z`).

    What `below` and `mean_z` come to depends on the cohort: a quantile of it, or its means and
    standard deviations.
    """

    name: Identifier = name_field("the outcome")
    label: Text = text_field("the outcome")
    definition: Text = text_field("what counts as the outcome")
    event: ConditionText | None = Field(None, description=CONDITION)
    against: ConditionText | None = Field(
        None, description=f"{CONDITION}: the others; left out, all for whom `event` is known"
    )
    below: Below | None = Field(
        None, description='a table, such as { measure = "dsst", quantile = 0.25 }: the event'
    )
    measure: Identifier | None = Field(None, description=f"{NAME}: a continuous measure")
    mean_z: tuple[Identifier, ...] = many(
        "names of two or more continuous measures: the mean of their z scores", ()
    )
    role: Literal["main", "further"] = Field(
        "main", description='"main" or "further": whether figures and the first page show it'
    )

    @property
    def is_binary(self) -> bool:
        """Whether the outcome is an event rather than a quantity."""
        return self.event is not None or self.below is not None

    @cached_property
    def event_condition(self) -> Condition | None:
        """The parsed `event`."""
        return self._parsed("event", self.event)

    @cached_property
    def against_condition(self) -> Condition | None:
        """The parsed `against`; where it is left out, those in whom `event` is known not to be."""
        if self.against is None and self.event_condition is not None:
            return self.event_condition.negation
        return self._parsed("against", self.against)

    @property
    def made_of(self) -> frozenset[str]:
        """Measures of which, alone or with others of their kind, the outcome is made.

        A model of the outcome may not adjust for them. An event that several measures settle
        together may be modelled beside each of them.
        """
        if self.measure or self.mean_z:
            return frozenset({self.measure} if self.measure else self.mean_z)
        if self.below:
            return frozenset({self.below.measure})
        columns = self.event_condition.columns if self.event_condition else frozenset()
        return columns if len(columns) == 1 else frozenset()

    def _parsed(self, key: str, text: str | None) -> Condition | None:
        return parse_condition(text, where=f"outcome '{self.name}', {key}") if text else None
