"""What a published finding's verdict hangs on, in sentences written from the results."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.printing import p_value, share

OF_THE_CURVE = ("odds_ratio", "trend")
"""Analyses of the association whose highest dose group the specifications compare."""


def over_choices(ours: pd.Series, results: pd.DataFrame, *, inverse: bool) -> str:
    """Say how many specifications of an association agree with what was published.

    Parameters
    ----------
    ours : Series
        The row of the results beside which the finding stands.
    results : DataFrame
        As `analysis.models.results` describes it.
    inverse : bool
        Whether an inverse association was published, rather than a positive one.

    Returns
    -------
    str
        A sentence with a space before it; empty where no specifications of the same exposure and
        outcome were run.
    """
    if ours["analysis"] not in OF_THE_CURVE or ours["stratum"]:
        return ""
    summary = results[
        (results["analysis"] == "specification_summary")
        & (results["outcome"] == ours["outcome"])
        & (results["exposure"] == ours["exposure"])
        & (results["stratum"] == "")
    ]
    found = dict(zip(summary["measure"], summary["estimate"], strict=True))
    significant = "share_inverse_significant" if inverse else "share_positive_significant"
    wanted = ("specifications", "share_inverse", significant)
    if any(not np.isfinite(found.get(name, np.nan)) for name in wanted):
        return ""
    same = found["share_inverse"] if inverse else 1 - found["share_inverse"]
    empty = found.get("no_estimate", 0.0)
    # The shares are of the specifications that have an estimate.
    number = round(found["specifications"] - (empty if np.isfinite(empty) else 0.0))
    with_one = " with an estimate" if empty > 0 else ""
    return (
        f" Of {number:,} specifications{with_one}, {share(same)} agree in sign and "
        f"{share(found[significant])} also with an interval that excludes 1."
    )


def beside_curves(ours: pd.Series, results: pd.DataFrame) -> str:
    """Say what becomes of the product of two intakes once each has a curve of its own.

    Parameters
    ----------
    ours : Series
        The row of the results beside which the finding stands.
    results : DataFrame
        As `analysis.models.results` describes it.

    Returns
    -------
    str
        A sentence with a space before it; empty for any other row.
    """
    if ours["measure"] != "p_interaction" or ours["contrast"] != "continuous":
        return ""
    same = results["contrast"] == "continuous, beside curves"
    for column in ("analysis", "measure", "outcome", "exposure", "stratum"):
        same &= results[column] == ours[column]
    found = results.loc[same, "p_value"].dropna()
    if len(found) != 1:
        return ""
    return f" Once each intake has a curve of its own, P {p_value(found.iloc[0])}."
