"""Published figures beside ours, with a verdict that the program writes from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.printing import apart, p_value, ratio

REPRODUCES, IN_PART, DOES_NOT, UNKNOWN = (
    "reproduces",
    "in part",
    "does not",
    "cannot be judged",
)

NULL = {"OR": 1.0, "difference": 0.0, "log_odds": 0.0, "p_trend": 0.0}
"""Where an association is none, by measure; a trend's estimate is its coefficient."""

ALPHA = 0.05
"""Level of the intervals, and of a test that has none."""

VERDICT_COLUMNS = (
    "id", "source", "statement", "kind", "unit", "published", "low", "high", "published_n",
    "ours", "ours_low", "ours_high", "ours_n", "ours_p", "measure", "verdict", "why",
)  # fmt: skip


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


ARTIFICIAL = Verdict(UNKNOWN, "Ours comes from artificial data, which says nothing of the world.")


def stand_beside(
    results: pd.DataFrame, figures: Sequence[Published], *, artificial: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put each published figure into its row of the results and judge it.

    Parameters
    ----------
    results : DataFrame
        As `analysis.models.results.tidy` gives it.
    figures : sequence of Published
    artificial : bool
        Whether the results are of artificial data: the figures stand there, but are not judged.

    Returns
    -------
    results : DataFrame
        With ``published``, ``published_low``, ``published_high`` (on the scale of the estimate)
        and ``agreement`` filled in.
    verdicts : DataFrame
        A row a figure, `VERDICT_COLUMNS`; figures are in the publication's unit.

    Raises
    ------
    InputError
        If a figure's ``where`` names no row, or more than one.
    """
    results = results.copy()
    verdicts = []
    for figure in figures:
        at = _row_of(figure, results)
        scale = 100.0 if figure.unit == "percent" else 1.0
        ours = results.loc[at]
        verdict = ARTIFICIAL if artificial else judge(figure, ours, scale)
        taken = results.at[at, "agreement"]
        results.at[at, "agreement"] = f"{taken}; {verdict.word}" if taken else verdict.word
        for column, value in (
            ("published", figure.estimate),
            ("published_low", figure.low),
            ("published_high", figure.high),
        ):
            if value is not None:
                # In decimal, so that 41.6 per cent is 0.416 and not its binary neighbour.
                results.at[at, column] = float(Decimal(str(value)) / Decimal(str(scale)))
        verdicts.append(_verdict_row(figure, ours, scale, verdict))
    return results, pd.DataFrame(verdicts, columns=list(VERDICT_COLUMNS))


def _row_of(figure: Published, results: pd.DataFrame) -> Any:
    match = np.ones(len(results), dtype=bool)
    for column, value in figure.where.items():
        match &= (results[column] == value).to_numpy()
    if "measure" not in figure.where:
        # One row a cell holds the estimate; the others hold what goes with it.
        match &= ~results["measure"].isin(["unweighted_proportion", "sd"]).to_numpy()
    if match.sum() != 1:
        said = ", ".join(f"{column} = '{value}'" for column, value in figure.where.items())
        raise InputError(
            f"{match.sum()} rows of the results have {said}; one is wanted",
            where=f"published figure '{figure.id}'",
            remedy="Name the row in 'where' by more, or other, columns of results.csv.",
        )
    return results.index[match][0]


def judge(figure: Published, ours: pd.Series, scale: float = 1.0) -> Verdict:
    """Compare a published figure with ours.

    ``exact`` wants the printed digits, ``tolerance`` a distance, ``direction`` the side of no
    association, significance where the publication claims it, and intervals that overlap. The same
    side without significance is half of it, unless our interval excludes the published estimate.

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
    if not np.isfinite(ours["estimate"]):
        return Verdict(UNKNOWN, "We have no estimate to compare.")
    if figure.kind == "exact":
        return _exact(figure, ours, scale)
    verdict = _tolerance(figure, ours, scale) if figure.kind == "tolerance" else None
    verdict = verdict or _direction(figure, ours)
    if figure.n is not None and figure.n != int(ours["n"]) and verdict.word == REPRODUCES:
        return Verdict(IN_PART, f"{verdict.why} But n is {int(ours['n']):,}, not {figure.n:,}.")
    return verdict


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
    return Verdict(word, f"{distance:.3g}{unit} apart; {figure.within:g} is allowed.{reason}")


def _direction(figure: Published, ours: pd.Series) -> Verdict:
    null = NULL.get(ours["measure"])
    if null is None:
        return Verdict(UNKNOWN, "The row is not a measure of association.")
    side = _side(ours["estimate"], null)
    claimed = figure.direction or _side(figure.estimate, null)
    significant, evidence = _evidence(ours, null)
    if side != claimed:
        # An estimate on the other side whose interval holds the null contradicts no weak claim.
        word = DOES_NOT if significant or figure.significant else UNKNOWN
        return Verdict(word, f"Ours is {side}, not {claimed} ({evidence}).")
    if figure.significant and not significant:
        why = f"{side.capitalize()} as published, but not significantly so"
        if _excluded(figure, ours):
            # A side without significance is half of nothing where the size is ruled out as well.
            return Verdict(
                DOES_NOT, f"{why}, and the interval excludes what was published ({evidence})."
            )
        return Verdict(IN_PART, f"{why} ({evidence}).")
    if figure.significant is False and significant:
        why = f"{side.capitalize()} as published, but significantly so"
        return Verdict(IN_PART, f"{why} ({evidence}).")
    overlap = _overlap(figure, ours)
    if overlap is False:
        why = f"{side.capitalize()} as published, but the intervals do not overlap"
        return Verdict(IN_PART, f"{why} ({evidence}).")
    start = f"Significantly {side}" if figure.significant else side.capitalize()
    rest = ", and the intervals overlap" if overlap else ""
    return Verdict(REPRODUCES, f"{start} as published{rest} ({evidence}).")


def _side(estimate: float | None, null: float) -> str:
    return "inverse" if estimate is not None and estimate < null else "positive"


def _evidence(ours: pd.Series, null: float) -> tuple[bool, str]:
    """Say whether an association is significant, and by what: its interval, or its P value."""
    if np.isfinite(ours["conf_low"]):
        form = ratio if null == 1 else lambda limit: apart(limit, null)
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


def _verdict_row(
    figure: Published, ours: pd.Series, scale: float, verdict: Verdict
) -> dict[str, Any]:
    return {
        "id": figure.id,
        "source": figure.source,
        "statement": figure.statement or "",
        "kind": figure.kind,
        "unit": figure.unit or "",
        "published": figure.estimate,
        "low": figure.low,
        "high": figure.high,
        "published_n": figure.n,
        "ours": ours["estimate"] * scale,
        "ours_low": ours["conf_low"] * scale,
        "ours_high": ours["conf_high"] * scale,
        "ours_n": ours["n"],
        "ours_p": ours["p_value"],
        "measure": ours["measure"],
        "verdict": verdict.word,
        "why": verdict.why,
    }
