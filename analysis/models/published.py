"""Published figures beside ours, each with its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.dependence import over_choices, tested_otherwise
from analysis.models.judged import (
    IN_PART,
    REPRODUCES,
    UNKNOWN,
    Published,
    Verdict,
    claimed,
    judge,
    scale_of,
)
from analysis.models.results import tidy

NOT_TESTABLE = "not_testable"
"""The kind of a figure that the data of the study cannot test; it has a reason and no place."""

VERDICT_COLUMNS = (
    "id", "source", "statement", "kind", "unit", "published", "low", "high", "published_n",
    "ours", "ours_low", "ours_high", "ours_n", "ours_p", "measure", "analysis", "exposure",
    "verdict", "why",
)  # fmt: skip


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
        and ``agreement`` filled in. A figure that the data cannot test (``kind`` is
        ``"not_testable"``) has a row of its own at the end, of the analysis ``published``.
    verdicts : DataFrame
        A row a figure, `VERDICT_COLUMNS`; figures are in the publication's unit.

    Raises
    ------
    InputError
        If a figure's ``where`` names no row, or more than one.
    """
    results = results.copy()
    verdicts, untested = [], []
    for figure in figures:
        if figure.kind == NOT_TESTABLE:
            ours, scale, verdict = _untested(figure, results), scale_of(figure), _reason(figure)
            untested.append(ours)
            verdicts.append(_verdict_row(figure, ours, scale, verdict))
            continue
        at = _row_of(figure, results)
        scale = scale_of(figure)
        ours = results.loc[at]
        verdict = ARTIFICIAL if artificial else judge(figure, ours, scale)
        if not artificial:
            more = over_choices(ours, results, inverse=claimed(figure, ours) == "inverse")
            otherwise, undone = tested_otherwise(ours, results)
            # Significant in one version of the test and not in a stricter one is half of it.
            half = undone and verdict.word == REPRODUCES
            word = IN_PART if half else verdict.word
            verdict = Verdict(word, verdict.why + more + otherwise)
        taken = results.at[at, "agreement"]
        results.at[at, "agreement"] = f"{taken}; {verdict.word}" if taken else verdict.word
        for column, value in _on_scale(figure).items():
            results.at[at, column] = value
        verdicts.append(_verdict_row(figure, ours, scale, verdict))
    if untested:
        results = pd.concat([results, pd.DataFrame(untested)], ignore_index=True)
    return results, pd.DataFrame(verdicts, columns=list(VERDICT_COLUMNS))


def _on_scale(figure: Published) -> dict[str, float]:
    """Columns of the results that hold the published numbers, on the scale of the estimate."""
    columns = ("published", "published_low", "published_high")
    numbers = zip(columns, (figure.estimate, figure.low, figure.high), strict=True)
    # In decimal, so that 41.6 per cent is 0.416 and not its binary neighbour.
    scale = Decimal(str(scale_of(figure)))
    return {k: float(Decimal(str(value)) / scale) for k, value in numbers if value is not None}


def _untested(figure: Published, results: pd.DataFrame) -> pd.Series:
    """Make a row of the results for a figure that stands beside nothing of ours."""
    row = tidy(
        [
            {
                "analysis": "published",
                "level": figure.id,
                "contrast": figure.statement or "",
                "agreement": UNKNOWN,
                **_on_scale(figure),
            }
        ],
        **{column: results[column].iloc[0] for column in ("study", "weight", "cycles")},
    )
    return row.iloc[0]


def _reason(figure: Published) -> Verdict:
    return Verdict(UNKNOWN, figure.reason or "These data cannot test it.")


def _row_of(figure: Published, results: pd.DataFrame) -> Any:
    match = np.ones(len(results), dtype=bool)
    for column, value in figure.where.items():
        match &= (results[column] == value).to_numpy()
    if "measure" not in figure.where:
        # One row a cell holds the estimate; the others hold what goes with it.
        match &= ~results["measure"].isin(["unweighted_proportion", "sd"]).to_numpy()
    if "contrast" not in figure.where:
        # Lines within strata go with the groups there: who means them says so.
        lines = (results["analysis"] == "stratum") & results["contrast"].str.startswith("per ")
        match &= ~lines.to_numpy()
    if match.sum() != 1:
        said = ", ".join(f"{column} = '{value}'" for column, value in figure.where.items())
        raise InputError(
            f"{match.sum()} rows of the results have {said}; one is wanted",
            where=f"published figure '{figure.id}'",
            remedy="Name the row in 'where' by more, or other, columns of results.csv.",
        )
    return results.index[match][0]


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
        "analysis": ours.get("analysis", ""),
        "exposure": ours.get("exposure", ""),
        "verdict": verdict.word,
        "why": verdict.why,
    }
