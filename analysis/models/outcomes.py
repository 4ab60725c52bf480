"""Outcomes made into numbers: who has the event, whom they are compared with, who is neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.doses import members
from analysis.models.plan import Outcome
from analysis.survey import Design


@dataclass(frozen=True)
class Response:
    """An outcome made into numbers.

    Parameters
    ----------
    outcome : Outcome
    values : Series of float, length n
        1 and 0 for a binary outcome, NaN for people on neither side of it.
    everyone : Series of float, length n
        What is described in everyone, whoever is compared with whom: the value of a continuous
        outcome; of a binary one 1 with the event, 0 without, NaN where it is not known.
    domain : Design
        The cohort's members with a value.
    """

    outcome: Outcome
    values: pd.Series
    everyone: pd.Series
    domain: Design

    @property
    def family(self) -> str:
        """Family of the regression."""
        return "gaussian" if self.outcome.event_condition is None else "binomial"

    @property
    def measure(self) -> str:
        """What contrasts are called in the results."""
        return "difference" if self.family == "gaussian" else "OR"

    def scale(self, log_or_difference: np.ndarray | float) -> np.ndarray | float:
        """Bring a coefficient to the scale of the results."""
        binary = self.family == "binomial"
        return np.exp(log_or_difference) if binary else log_or_difference


def response(outcome: Outcome, cohort: Design, frame: pd.DataFrame) -> Response:
    """Make an outcome into numbers.

    Parameters
    ----------
    outcome : Outcome
    cohort : Design
        The domain that is analysed.
    frame : DataFrame
        The design's data.

    Raises
    ------
    InputError
        If someone is on both sides, or nobody on one.
    """
    if outcome.event_condition is None:
        values = frame[str(outcome.measure)].astype("float64").rename(outcome.name)
        return Response(outcome, values, values, cohort.where(values.notna()))
    event = outcome.event_condition.evaluate(frame)
    assert outcome.against_condition is not None
    against = outcome.against_condition.evaluate(frame)
    inside = members(cohort)
    _two_sides(outcome, event & inside, against & inside, int(inside.sum()))
    values = _numbers(event, against, frame.index, outcome.name)
    without = outcome.event_condition.negation.evaluate(frame)
    everyone = _numbers(event, without, frame.index, outcome.name)
    return Response(outcome, values, everyone, cohort.where(event | against))


def _numbers(ones: np.ndarray, zeros: np.ndarray, index: pd.Index, name: str) -> pd.Series:
    return pd.Series(np.where(ones, 1.0, np.where(zeros, 0.0, np.nan)), index=index, name=name)


def _two_sides(outcome: Outcome, event: np.ndarray, against: np.ndarray, people: int) -> None:
    where = f"outcome '{outcome.name}'"
    both = int((event & against).sum())
    if both:
        raise InputError(
            f"{both} people have the event and are in the group it is compared with",
            where=where,
            remedy="Let 'event' and 'against' exclude each other.",
        )
    for side, found in (("event", event), ("against", against)):
        if not found.any():
            condition = getattr(outcome, f"{side}_condition")
            text = f" ({condition.text})" if condition is not None else ""
            raise InputError(
                f"none of the {people:,} people in the cohort meets '{side}'{text}",
                where=where,
                remedy="Look at the cut-off and its unit.",
            )
