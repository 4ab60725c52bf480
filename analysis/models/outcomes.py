"""Outcomes made into numbers: who has the event, whom they are compared with, who is neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.asked import Below
from analysis.models.doses import members, weighted_quantiles
from analysis.models.plan import Outcome
from analysis.survey import Design

STANDARD_DEVIATIONS = "SD"
"""Unit of a mean of z scores."""


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
    family : {"gaussian", "binomial"}
        Of the regression.
    cut : float
        Where the event begins, if it is below a quantile of the cohort; else NaN.
    scored : mapping of str to (float, float)
        Weighted mean and standard deviation by which measures became z scores, if any did.
    """

    outcome: Outcome
    values: pd.Series
    everyone: pd.Series
    domain: Design
    family: str
    cut: float = np.nan
    scored: Mapping[str, tuple[float, float]] = field(default_factory=dict)

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
        If someone is on both sides, or nobody on one; if a score does not vary.
    """
    if outcome.below is not None:
        return _below(outcome, outcome.below, cohort, frame)
    if outcome.event_condition is None:
        scored: dict[str, tuple[float, float]] = {}
        if outcome.mean_z:
            values, scored = mean_of_scores(cohort, frame, outcome.mean_z, outcome.name)
        else:
            values = frame[str(outcome.measure)].astype("float64")
        values = values.rename(outcome.name)
        domain = cohort.where(values.notna())
        return Response(outcome, values, values, domain, "gaussian", scored=scored)
    event = outcome.event_condition.evaluate(frame)
    assert outcome.against_condition is not None
    against = outcome.against_condition.evaluate(frame)
    inside = members(cohort)
    _two_sides(outcome, event & inside, against & inside, int(inside.sum()))
    values = _numbers(event, against, frame.index, outcome.name)
    without = outcome.event_condition.negation.evaluate(frame)
    everyone = _numbers(event, without, frame.index, outcome.name)
    return Response(outcome, values, everyone, cohort.where(event | against), "binomial")


def mean_of_scores(
    cohort: Design, frame: pd.DataFrame, names: Sequence[str], outcome: str
) -> tuple[pd.Series, dict[str, tuple[float, float]]]:
    r"""Average the z scores of several measures.

    Of each measure, :math:`z = (x - m) / s` with the weighted mean m and the weighted standard
    deviation s (of R's ``svyvar``: n - 1) in all members of the cohort who have the measure. The
    mean counts each measure alike; who lacks one has none.

    Parameters
    ----------
    cohort : Design
    frame : DataFrame, n rows
        The design's data.
    names : sequence of str
        Columns.
    outcome : str
        For errors.

    Returns
    -------
    values : Series of float, length n
        In standard deviations; NaN where a measure is missing.
    scored : dict of str to (float, float)
        m and s of each measure, in its unit.

    Raises
    ------
    InputError
        If nobody has a measure, or it is the same in everyone.
    """
    scored = {}
    for name in names:
        known = cohort.where(frame[name].notna().to_numpy())
        # Not by the variance, which equal values may miss 0 in by the last bit.
        if len(np.unique(frame[name].to_numpy(float)[known.rows])) < 2:
            raise InputError(
                f"{name} does not vary in the cohort, so that it has no z score",
                where=f"outcome '{outcome}', mean_z",
                remedy="Leave it out, or look at the steps of the cohort.",
            )
        spread = float(known.std(name).only["estimate"])
        scored[name] = (float(known.mean(name).only["estimate"]), spread)
    scores = [(frame[name].astype("float64") - m) / s for name, (m, s) in scored.items()]
    return pd.concat(scores, axis=1).mean(axis=1, skipna=False), scored


def _below(outcome: Outcome, below: Below, cohort: Design, frame: pd.DataFrame) -> Response:
    """Make the event of a value below the cohort's weighted quantile; one at it is not below."""
    values = frame[below.measure].to_numpy(float)
    known = np.isfinite(values)
    inside = members(cohort) & known
    where = f"outcome '{outcome.name}', below"
    if not inside.any():
        raise InputError(f"nobody in the cohort has a value of {below.measure}", where=where)
    cut = float(weighted_quantiles(cohort, values, [below.quantile])[0])
    event = known & (values < cut)
    if not (event & inside).any():
        raise InputError(
            f"nobody in the cohort is below {cut:g}, the quantile {below.quantile:g} of "
            f"{below.measure}",
            where=where,
            remedy="Take a higher quantile.",
        )
    numbers = _numbers(event, known & ~event, frame.index, outcome.name)
    return Response(outcome, numbers, numbers, cohort.where(known), "binomial", cut=cut)


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
