"""Published figures beside ours, with a verdict that the program writes from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis.errors import InputError

REPRODUCES, IN_PART, DOES_NOT, UNKNOWN = (
    "reproduces",
    "in part",
    "does not",
    "cannot be judged",
)

NULL = {"OR": 1.0, "difference": 0.0}
"""Where an association is none, by measure."""

VERDICT_COLUMNS = (
    "id", "source", "statement", "kind", "unit", "published", "low", "high", "published_n",
    "ours", "ours_low", "ours_high", "ours_n", "verdict", "why",
)  # fmt: skip


class Published(Protocol):
    """A published figure as a study's file gives it."""

    id: str
    source: str
    where: Mapping[str, str]
    kind: str
    estimate: float | None
    low: float | None
    high: float | None
    n: int | None
    unit: str | None
    digits: int | None
    within: float | None
    direction: str | None
    significant: bool | None
    statement: str | None


@dataclass(frozen=True)
class Verdict:
    """Whether a figure reproduces, and why, in a sentence."""

    word: str
    why: str


def stand_beside(
    results: pd.DataFrame, figures: Sequence[Published]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put each published figure into its row of the results and judge it.

    Parameters
    ----------
    results : DataFrame
        As `analysis.models.results.tidy` gives it.
    figures : sequence of Published

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
        verdict = judge(figure, ours, scale)
        taken = results.at[at, "agreement"]
        results.at[at, "agreement"] = f"{taken}; {verdict.word}" if taken else verdict.word
        for column, value in (
            ("published", figure.estimate),
            ("published_low", figure.low),
            ("published_high", figure.high),
        ):
            if value is not None:
                results.at[at, column] = value / scale
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
            todo="Name the row in 'where' by more, or other, columns of results.csv.",
        )
    return results.index[match][0]


def judge(figure: Published, ours: pd.Series, scale: float = 1.0) -> Verdict:
    """Compare a published figure with ours.

    ``exact`` wants the printed digits, ``tolerance`` a distance, ``direction`` the side of no
    association, significance where the publication claims it, and intervals that overlap.

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
    if figure.kind == "tolerance":
        return _tolerance(figure, ours, scale)
    return _direction(figure, ours)


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
    return Verdict(word, f"{distance:.3g} apart; {figure.within:g} is allowed.")


def _direction(figure: Published, ours: pd.Series) -> Verdict:
    null = NULL.get(ours["measure"])
    if null is None:
        return Verdict(UNKNOWN, "The row is not a measure of association.")
    ours_side = "inverse" if ours["estimate"] < null else "positive"
    claimed = figure.direction or ("inverse" if (figure.estimate or null) < null else "positive")
    ours_significant = not ours["conf_low"] <= null <= ours["conf_high"]
    interval = f"95% CI {ours['conf_low']:.2f} to {ours['conf_high']:.2f}"
    if ours_side != claimed:
        # An estimate on the other side whose interval holds the null contradicts nothing.
        word = DOES_NOT if ours_significant or figure.significant else UNKNOWN
        return Verdict(word, f"Ours is {ours_side}, not {claimed} ({interval}).")
    if figure.significant and not ours_significant:
        why = f"{ours_side.capitalize()} as published, but the interval holds {null:g}"
        return Verdict(IN_PART, f"{why} ({interval}).")
    overlap = _overlap(figure, ours)
    if overlap is False:
        why = f"{ours_side.capitalize()} as published, but the intervals do not overlap"
        return Verdict(IN_PART, f"{why} ({interval}).")
    side = f"Significantly {ours_side}" if figure.significant else ours_side.capitalize()
    rest = ", and the intervals overlap" if overlap else ""
    return Verdict(REPRODUCES, f"{side} as published{rest} ({interval}).")


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
        "verdict": verdict.word,
        "why": verdict.why,
    }
