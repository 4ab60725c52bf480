"""Whether a published figure reproduces, and why: a verdict that is written from the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.models.dependence import ALPHA
from analysis.printing import apart, decimals_of_size, p_value, ratio

REPRODUCES, IN_PART, DOES_NOT, UNKNOWN = (
    "reproduces",
    "in part",
    "does not",
    "cannot be judged",
)

NULL = {
    "OR": 1.0, "HR": 1.0, "ratio": 1.0, "ratio_of_ORs": 1.0, "S": 1.0,
    "difference": 0.0, "log_odds": 0.0, "p_trend": 0.0, "RERI": 0.0, "AP": 0.0,
}  # fmt: skip
"""Where an association, or an interaction, is none, by measure.

A trend's estimate is its coefficient. RERI and AP are 0 and S is 1 where two exposures act
additively, the ratio of odds ratios is 1 where they act multiplicatively (Knol and VanderWeele
2012, International Journal of Epidemiology 41:514).
"""

SIDES = {
    "RERI": ("less than additive", "more than additive"),
    "AP": ("less than additive", "more than additive"),
    "S": ("less than additive", "more than additive"),
    "ratio_of_ORs": ("less than multiplicative", "more than multiplicative"),
}
"""What lies below and above none, where it is not called inverse and positive."""

TESTS = {
    "p_interaction": "P for interaction",
    "p_equal": "P for equal odds ratios",
    "p_equal_slopes": "P for equal slopes",
    "p_heterogeneity": "P for heterogeneity",
    "p_nonlinear": "P for a departure from a straight line",
    "p_overall": "P for any association",
}
"""Tests without a side: they can only be significant or not."""

WITHIN_ONE_ERROR = 0.32
"""P value above which an estimate lies within one standard error of none, in large samples: it has
a side, but not one that could be told from chance."""


class Published(Protocol):
    """A published figure as a study's file gives it."""

    @property
    def id(self) -> str:
        """See `analysis.study.Published`."""

    @property
    def source(self) -> str:
        """See `analysis.study.Published`."""

    @property
    def where(self) -> Mapping[str, str]:
        """See `analysis.study.Published`."""

    @property
    def kind(self) -> str:
        """See `analysis.study.Published`."""

    @property
    def estimate(self) -> float | None:
        """See `analysis.study.Published`."""

    @property
    def low(self) -> float | None:
        """See `analysis.study.Published`."""

    @property
    def high(self) -> float | None:
        """See `analysis.study.Published`."""

    @property
    def n(self) -> int | None:
        """See `analysis.study.Published`."""

    @property
    def unit(self) -> str | None:
        """See `analysis.study.Published`."""

    @property
    def digits(self) -> int | None:
        """See `analysis.study.Published`."""

    @property
    def within(self) -> float | None:
        """See `analysis.study.Published`."""

    @property
    def reason(self) -> str | None:
        """See `analysis.study.Published`."""

    @property
    def direction(self) -> str | None:
        """See `analysis.study.Published`."""

    @property
    def significant(self) -> bool | None:
        """See `analysis.study.Published`."""

    @property
    def statement(self) -> str | None:
        """See `analysis.study.Published`."""


@dataclass(frozen=True)
class Verdict:
    """Whether a figure reproduces, and why, in a sentence."""

    word: str
    why: str


def judge(figure: Published, ours: pd.Series, scale: float = 1.0) -> Verdict:
    """Compare a published figure with ours.

    ``exact`` wants the printed digits, ``tolerance`` a distance, ``direction`` the side of no
    association, significance where the publication claims it, and intervals that overlap. The same
    side without significance is half of it, unless our interval excludes the published estimate.
    A test without a side (of an interaction, say) is significant as published or it is not. A mean
    or prevalence with a direction was published to lie above or below the estimate given.

    Parameters
    ----------
    figure : Published
    ours : Series
        A row of the results.
    scale : float
        100 where the publication prints percentages.

    Returns
    -------
    Verdict
    """
    if ours["measure"] in TESTS:
        return _sideless(figure, ours)
    if not np.isfinite(ours["estimate"]):
        return Verdict(UNKNOWN, f"We have no estimate to compare{_noted(ours)}.")
    if figure.kind == "exact":
        return _exact(figure, ours, scale)
    verdict = _tolerance(figure, ours, scale) if figure.kind == "tolerance" else None
    verdict = verdict or _direction(figure, ours)
    if figure.n is not None and figure.n != int(ours["n"]) and verdict.word == REPRODUCES:
        return Verdict(IN_PART, f"{verdict.why} But n is {int(ours['n']):,}, not {figure.n:,}.")
    return verdict


def scale_of(figure: Published) -> float:
    """Give what a result is multiplied by to be in the publication's unit."""
    return 100.0 if figure.unit == "percent" else 1.0


def printed(value: float, digits: int) -> Decimal:
    """Round as a journal prints: half away from zero, on the decimal form of the number."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _exact(figure: Published, ours: pd.Series, scale: float) -> Verdict:
    digits = figure.digits or 0
    compared = [
        ("estimate", figure.estimate, ours["estimate"] * scale),
        ("lower limit", figure.low, ours["conf_low"] * scale),
        ("upper limit", figure.high, ours["conf_high"] * scale),
    ]
    off = [
        f"{what} {printed(mine, digits)} against {printed(theirs, digits)}"
        for what, theirs, mine in compared
        if theirs is not None and printed(theirs, digits) != printed(mine, digits)
    ]
    if figure.n is not None and figure.n != int(ours["n"]):
        off.append(f"n {int(ours['n']):,} against {figure.n:,}")
    if not off:
        return Verdict(REPRODUCES, "Equal to the printed digit.")
    same_estimate = not off[0].startswith("estimate")
    return Verdict(IN_PART if same_estimate else DOES_NOT, f"Differs: {'; '.join(off)}.")


def _tolerance(figure: Published, ours: pd.Series, scale: float) -> Verdict:
    assert figure.estimate is not None and figure.within is not None
    distance = abs(ours["estimate"] * scale - figure.estimate)
    word = REPRODUCES if distance <= figure.within else DOES_NOT
    unit = " percentage points" if figure.unit == "percent" else ""
    reason = f" {figure.reason}" if figure.reason else ""
    # Two digits, unless they would print a distance that is too large as one that is allowed.
    told = f"{distance:.2g}"
    if (float(told) <= figure.within) != (word == REPRODUCES):
        told = f"{distance:.3g}"
    return Verdict(word, f"{told}{unit} apart; {figure.within:g} is allowed.{reason}")


def _noted(ours: pd.Series) -> str:
    note = str(ours.get("note", "")).rstrip(".").removeprefix("no estimate: ")
    return f": {note}" if note else ""


def _sideless(figure: Published, ours: pd.Series) -> Verdict:
    """Judge a test that has no side: significant or not, as published or not."""
    p = ours["p_value"]
    if not np.isfinite(p):
        return Verdict(UNKNOWN, f"We have no test to compare{_noted(ours)}.")
    evidence = f"{TESTS[ours['measure']]} {p_value(p)}"
    if figure.significant is None:
        return Verdict(UNKNOWN, f"No significance was published to compare with ({evidence}).")
    significant = bool(p < ALPHA)
    if significant == figure.significant:
        said = "Significant" if significant else "Not significant"
        return Verdict(REPRODUCES, f"{said}, as published ({evidence}).")
    said = "Published as not significant, but significant here"
    if not significant:
        said = "Published as significant, but not so here"
    return Verdict(DOES_NOT, f"{said} ({evidence}).")


def _direction(figure: Published, ours: pd.Series) -> Verdict:
    null = NULL.get(ours["measure"])
    if null is None and figure.direction and figure.estimate is not None:
        return _beyond(figure, ours, figure.estimate / scale_of(figure))
    if null is None:
        return Verdict(UNKNOWN, "The row is not a measure of association.")
    side = _side(ours["estimate"], null)
    published_side = claimed(figure, ours)
    called, wanted = _called(side, ours), _called(published_side, ours)
    significant, evidence = _evidence(ours, null)
    near = not significant and _within_one_error(ours, null)
    if side != published_side:
        # An estimate on the other side whose interval holds the null contradicts no weak claim.
        word = DOES_NOT if significant or figure.significant else UNKNOWN
        if near:
            return Verdict(word, f"{_neither(ours, null, evidence)}{_unlike(figure, ours, null)}.")
        but = "" if significant else ", and not significantly so"
        return Verdict(word, f"Ours is {called}, not {wanted}{but} ({evidence}).")
    start = f"{called.capitalize()} as published"
    if near and figure.significant:
        return _near_instead(figure, ours, null, evidence)
    if near:
        start += f", though within one standard error of {_none_of(ours, null)}"
    if figure.significant and not significant:
        why = f"{start}, but not significantly so"
        if _excluded(figure, ours):
            # A side without significance is half of nothing where the size is ruled out as well.
            return Verdict(
                DOES_NOT,
                f"{why}, and the interval excludes the published {_as_printed(figure, null)} "
                f"({evidence}).",
            )
        return Verdict(IN_PART, f"{why} ({evidence}).")
    if figure.significant is False and significant:
        return Verdict(IN_PART, f"{start}, but significantly so ({evidence}).")
    overlap = _overlap(figure, ours)
    if overlap is False:
        than = _weaker(figure, ours, null)
        return Verdict(IN_PART, f"{start}, but {than}the intervals do not overlap ({evidence}).")
    start = f"Significantly {called} as published" if figure.significant else start
    rest = ", and the intervals overlap" if overlap else ""
    return Verdict(REPRODUCES, f"{start}{rest} ({evidence}).")


def _within_one_error(ours: pd.Series, null: float) -> bool:
    """Whether an estimate is so near to none that its side says nothing."""
    if np.isfinite(ours["p_value"]):
        return bool(ours["p_value"] > WITHIN_ONE_ERROR)
    error = ours.get("std_error", np.nan)
    return bool(abs(_log(ours["estimate"], null)) < error)


def _none_of(ours: pd.Series, null: float) -> str:
    # The estimate of a trend is its coefficient, which is not shown.
    return "none" if ours["measure"] == "p_trend" else f"{null:g}"


def _neither(ours: pd.Series, null: float, evidence: str) -> str:
    what = "interaction" if ours["measure"] in SIDES else "association"
    return (
        f"No {what} shown either way: within one standard error of {_none_of(ours, null)} "
        f"({evidence})"
    )


def _unlike(figure: Published, ours: pd.Series, null: float) -> str:
    if not _excluded(figure, ours):
        return ""
    return f", and the interval excludes the published {_as_printed(figure, null)}"


def _near_instead(figure: Published, ours: pd.Series, null: float, evidence: str) -> Verdict:
    """Judge an estimate near none on the side of one that was published as significant."""
    said = _neither(ours, null, evidence)
    if unlike := _unlike(figure, ours, null):
        return Verdict(DOES_NOT, f"{said}{unlike}.")
    if figure.estimate is None:
        # No size was published to compare with, and chance alone has a side half of the time.
        return Verdict(DOES_NOT, f"{said}.")
    return Verdict(IN_PART, f"{said}, but the published {_as_printed(figure, null)} is possible.")


def _beyond(figure: Published, ours: pd.Series, value: float) -> Verdict:
    """Judge a description that was published to lie above (positive) or below a value."""
    above = figure.direction == "positive"
    estimate, low, high = (ours[column] for column in ("estimate", "conf_low", "conf_high"))
    wanted, other = ("Above", "below") if above else ("Below", "above")
    scale = scale_of(figure)
    decimals = decimals_of_size(estimate * scale)
    limits = f"95% CI {apart(low * scale, 0, decimals)} to {apart(high * scale, 0, decimals)}"
    evidence = f"{limits}; published is {figure.estimate:g}"
    if (estimate > value) == above:
        return Verdict(REPRODUCES, f"{wanted} the value, as published ({evidence}).")
    word = IN_PART if low <= value <= high else DOES_NOT
    return Verdict(word, f"Ours is {other} the value ({evidence}).")


def claimed(figure: Published, ours: pd.Series) -> str:
    """Name the side of no association that was published: ``"inverse"`` or ``"positive"``."""
    return figure.direction or _side(figure.estimate, NULL.get(ours["measure"], 0.0))


def _side(estimate: float | None, null: float) -> str:
    return "inverse" if estimate is not None and estimate < null else "positive"


def _called(side: str, ours: pd.Series) -> str:
    """Name a side of none as one does for the measure; means of groups are lower or higher."""
    means = ours.get("analysis", "") == "exposure_by_outcome"
    sides = ("lower", "higher") if means else ("inverse", "positive")
    below, above = SIDES.get(ours["measure"], sides)
    return below if side == "inverse" else above


def _form(null: float, size: float = 0.0) -> Callable[[float], str]:
    return ratio if null == 1 else lambda number: apart(number, null, decimals_of_size(size))


def _as_printed(figure: Published, null: float) -> str:
    size = figure.estimate
    return _form(null, size)(size) if size is not None else "figure"


def _weaker(figure: Published, ours: pd.Series, null: float) -> str:
    """Say whether an association of the same side is weaker or stronger than the published."""
    if figure.estimate is None:
        return ""
    nearer = abs(_log(ours["estimate"], null)) < abs(_log(figure.estimate, null))
    return "weaker: " if nearer else "stronger: "


def _log(number: float, null: float) -> float:
    """Distance from none, on the logarithmic scale for a ratio."""
    return float(np.log(max(number, np.finfo(float).tiny))) if null == 1 else number - null


def _evidence(ours: pd.Series, null: float) -> tuple[bool, str]:
    """Say whether an association is significant, and by what: its interval, or its P value."""
    if np.isfinite(ours["conf_low"]):
        form = _form(null, ours["estimate"])
        text = f"95% CI {form(ours['conf_low'])} to {form(ours['conf_high'])}"
        return not ours["conf_low"] <= null <= ours["conf_high"], text
    p = ours["p_value"]
    return bool(p < ALPHA), f"P {p_value(p)}"


def _excluded(figure: Published, ours: pd.Series) -> bool:
    """Whether a published estimate lies outside our interval."""
    if figure.estimate is None or not np.isfinite(ours["conf_low"]):
        return False
    return not ours["conf_low"] <= figure.estimate <= ours["conf_high"]


def _overlap(figure: Published, ours: pd.Series) -> bool | None:
    if figure.low is None or figure.high is None:
        return None
    return bool(ours["conf_low"] <= figure.high and figure.low <= ours["conf_high"])
