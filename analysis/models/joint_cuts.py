"""Joint groups of the exposure and a modifier by cuts that the study fixes.

References
----------
Knol MJ, VanderWeele TJ, Groenwold RHH, et al. (2011). Estimating measures of interaction on an
additive scale for preventive exposures. European Journal of Epidemiology 26:433-438.
Hosmer DW, Lemeshow S (1992). Confidence interval estimation of interaction. Epidemiology
3:452-456.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.models.joined import (
    ADJUSTED,
    Pair,
    additive_rows,
    combined,
    products_test,
)
from analysis.models.levels import Compared, compare
from analysis.models.matrix import cut
from analysis.models.plan import Row

BY_CUTS = "by cuts"
"""Contrast of the rows of joint groups by fixed cuts."""

CAUTION = (
    "one of the two alone has an odds ratio below 1: the reference is not the combination of "
    "lowest risk, for which these measures are meant"
)


def cut_rows(pair: Pair) -> Iterator[Row]:
    """Compare joint groups by fixed cuts with the reference that the study names.

    Groups are closed on the left. The reference is the lowest or the highest group of either. With
    two groups of each, interaction is measured on the additive scale too, from this reference.

    Yields
    ------
    dict
        Rows of the analyses ``joint`` and ``interaction`` with the contrast ``by cuts``.
    """
    asked = pair.section.joint_cuts
    if asked is None:
        return
    groups = [
        _groups(pair, measure, cuts, end)
        for measure, cuts, end in zip(
            (pair.exposure, pair.section.modifier),
            (asked.exposure, asked.modifier),
            asked.reference,
            strict=True,
        )
    ]
    sizes = (len(asked.exposure) + 1, len(asked.modifier) + 1)
    group = combined(*groups)
    for outcome, fit in pair.fits.items():
        found = compare(fit, group, "joint")
        for row in found.rows():
            level, other = row["level"].split(", ")
            row |= pair.row(outcome, analysis="joint", contrast=BY_CUTS)
            yield row | {"level": level, "stratum_level": other}
        yield pair.row(outcome, contrast=BY_CUTS) | products_test(found, sizes, adjusted=False)
        if sizes != (2, 2):  # of one product both are the same
            test = products_test(found, sizes, adjusted=True)
            yield pair.row(outcome, contrast=f"{BY_CUTS}{ADJUSTED}") | test
        elif outcome in pair.section.outcomes:
            yield from _additive(pair, outcome, found)


def _groups(pair: Pair, measure: str, cuts: Sequence[float], end: str) -> pd.Series:
    """Sort everyone by the cuts, with the group first that others are compared with."""
    values = pair.setting.frame[measure]
    group = cut(values.to_numpy(float), cuts, values.index)
    if end == "highest":
        return group.cat.reorder_categories(list(group.cat.categories[::-1]))
    return group


def _additive(pair: Pair, outcome: str, found: Compared) -> Iterator[Row]:
    base = pair.row(outcome, contrast=BY_CUTS)
    caution = ""
    if found.results is not None and (found.log_estimates()[1:3] < 0).any():
        caution = CAUTION
    for row in additive_rows(found, base, reference=0):
        if row["measure"] == "OR":
            continue  # the joint groups have these
        if caution and np.isfinite(row.get("estimate", np.nan)):
            row["note"] = caution
        yield row
