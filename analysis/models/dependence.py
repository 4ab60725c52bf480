"""What a published finding's verdict hangs on, in sentences written from the results."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from analysis.printing import p_value, share

ALPHA = 0.05
"""P value below which a test is significant."""
CURVES = "continuous, beside curves"
ADJUSTED = ", adjusted F"
"""Contrasts of `analysis.models.interactions`, the second put after that of the plain F."""
OF_GROUPS = re.compile(r"\d+x\d+ groups")


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
        outcome were run, or the finding is of something else than the odds ratio that they
        estimate.
    """
    if ours["analysis"] != "odds_ratio" or ours["stratum"]:
        return ""
    estimated = results["analysis"].eq("specification") & results["outcome"].eq(ours["outcome"])
    if not set(results.loc[estimated, "level"]) <= {ours["level"]}:
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


def tested_otherwise(ours: pd.Series, results: pd.DataFrame) -> tuple[str, bool]:
    """Say what becomes of a test of interaction under a stricter version of it.

    The product of two intakes is tested again once each has a curve of its own; the products of
    groups by the F that allows for the design's degrees of freedom, and with other groups.

    Parameters
    ----------
    ours : Series
        The row of the results beside which the finding stands.
    results : DataFrame
        As `analysis.models.results` describes it.

    Returns
    -------
    sentence : str
        With a space before it; empty for any other row.
    undone : bool
        Whether ours is significant and the stricter version is not.
    """
    if ours["measure"] != "p_interaction":
        return "", False
    same = pd.Series(True, index=results.index)
    for column in ("analysis", "measure", "outcome", "exposure", "stratum"):
        same &= results[column] == ours[column]
    tests = results[same].dropna(subset="p_value")
    tests = tests.drop_duplicates("contrast").set_index("contrast")["p_value"]
    contrast = str(ours["contrast"])
    stricter = CURVES if contrast == "continuous" else f"{contrast}{ADJUSTED}"
    if stricter not in tests:
        return "", False
    strict = float(tests[stricter])
    undone = bool(ours["p_value"] < ALPHA <= strict)
    if stricter == CURVES:
        if undone:
            return f" But once each intake has a curve of its own, P {p_value(strict)}.", True
        return f" Once each intake has a curve of its own, P {p_value(strict)}.", False
    said = [f"{'But by' if undone else 'By'} the adjusted F, P {p_value(strict)}"]
    others = [name for name in tests.index if OF_GROUPS.fullmatch(name) and name != contrast]
    said += [f"with {name.replace('x', ' x ')}, P {p_value(float(tests[name]))}" for name in others]
    return f" {'; '.join(said)}.", undone
