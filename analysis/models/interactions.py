"""The main exposure and a modifier together: joint categories, tests, additive measures.

References
----------
Knol MJ, VanderWeele TJ (2012). Recommendations for presenting analyses of effect modification and
interaction. International Journal of Epidemiology 41:514-520.
Korn EL, Graubard BI (1990). Simultaneous testing of regression coefficients with complex survey
data: use of Bonferroni t statistics. The American Statistician 44:270-276.
Knol MJ, VanderWeele TJ, Groenwold RHH, et al. (2011). Estimating measures of interaction on an
additive scale for preventive exposures. European Journal of Epidemiology 26:433-438.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.associations import Fit
from analysis.models.doses import Doses, weighted_quantiles
from analysis.models.joined import ADJUSTED, Pair, additive_rows, combined, pair_of, products_test
from analysis.models.joint_cuts import cut_rows
from analysis.models.levels import as_note, compare, wald_row
from analysis.models.matrix import dummies
from analysis.models.plan import Row
from analysis.models.setting import Setting
from analysis.models.slopes import (
    Crossed,
    crossed,
    curve_columns,
    equal_beside_curve_row,
    equal_slopes_row,
    group_slope_rows,
    slope_rows,
    slope_scale,
)
from analysis.survey import RegressionResults

HALVES = ("below", "above")
"""The groups below and above an intake's median."""

MEDIANS = "below vs above the median"
TRIMMED = (0.01, 0.99)
"""Weighted quantiles to which intakes are brought in, to see what the few far ones do."""

BROUGHT_IN = ", 1st to 99th percentile"
"""Put after the contrast of what is estimated with such intakes."""

BESIDE_CURVES = ", beside curves"
"""Put after the contrast of what is estimated beside restricted cubic splines of the intakes."""

SIGNIFICANT = 0.05
"""P values below which a test that curves undo gets a note."""


def interaction_rows(setting: Setting) -> Iterator[Row]:
    """Estimate the interactions of the main exposure that a study asks for.

    Parameters
    ----------
    setting : Setting
        With ``plan.interactions``.

    Yields
    ------
    dict
        Rows of the analyses ``joint``, ``interaction`` and ``slope``, and of ``cut_points`` those
        of the joint groups.

    Raises
    ------
    InputError
        If an intake takes too few values for as many groups.
    """
    for section in setting.plan.interactions:
        if not (section.outcomes or section.slopes):
            continue
        pair = pair_of(setting, section)
        for count in section.joint:
            yield from _joint_rows(pair, count)
        yield from _additive_rows(pair)
        yield from cut_rows(pair)
        yield from _continuous_rows(pair)


def _joint_rows(pair: Pair, count: int) -> Iterator[Row]:
    """Joint categories against the lowest of both, and their tests of no interaction."""
    doses = pair.groups(pair.exposure, count)
    others = pair.groups(pair.section.modifier, count)
    group = combined(doses.group, others.group)
    contrast = f"{count}x{count}"
    yield from _cut_rows(pair, contrast, {pair.exposure: doses, pair.section.modifier: others})
    for outcome, fit in pair.fits.items():
        found = compare(fit, group, "joint")
        for row in found.rows():
            level, other = row["level"].split(", ")
            row |= pair.row(outcome, analysis="joint", contrast=contrast)
            yield row | {"level": level, "stratum_level": other}
        for suffix, adjusted in (("", False), (ADJUSTED, True)):
            test = products_test(found, (count, count), adjusted=adjusted)
            yield pair.row(outcome, contrast=f"{contrast} groups{suffix}") | test
        yield pair.row(outcome, contrast=f"{contrast} trend") | _scores_test(fit, doses, others)


def _cut_rows(pair: Pair, contrast: str, split: Mapping[str, Doses]) -> Iterator[Row]:
    """Give where the groups of both intakes end; a value at a cut point is below it."""
    for measure, doses in split.items():
        of_it = {"analysis": "cut_points", "measure": "cut_point", "exposure": measure}
        of_it |= {"stratum": pair.section.name, "contrast": contrast}
        for place, cut in enumerate(doses.cuts, start=1):
            level = f"p{100 * place / len(doses.levels):.4g}"
            yield {**of_it, "level": level, "estimate": cut, "unit": pair.setting.unit(measure)}


def _scores_test(fit: Fit, doses: Doses, others: Doses) -> Row:
    """Test the product of both groups' medians beside indicators of the groups (1 degree)."""
    scores = [each.scores() / each.spread for each in (doses, others)]
    columns = pd.concat(
        [
            dummies(fit.of_members(doses.group), "exposure"),
            dummies(fit.of_members(others.group), "modifier"),
            fit.of_members(scores[0] * scores[1]).rename("product of medians"),
        ],
        axis=1,
    )
    row: Row = {"measure": "p_interaction"}
    try:
        results = fit.regress(columns)
        return row | _counted(results) | wald_row(results, ["product of medians"])
    except InputError as error:
        return row | {"note": as_note(error)}


def _counted(results: RegressionResults) -> Row:
    return {"n": results.nobs, "events": np.nan if results.n_events is None else results.n_events}


def _additive_rows(pair: Pair) -> Iterator[Row]:
    """Interaction on the additive scale, with the combination of lowest risk as reference."""
    doses, others = (pair.groups(name, 2) for name in (pair.exposure, pair.section.modifier))
    halves = [each.group.cat.rename_categories(list(HALVES)) for each in (doses, others)]
    group = combined(*halves)
    for outcome in pair.section.outcomes:
        found = compare(pair.fits[outcome], group, "joint")
        yield from additive_rows(found, pair.row(outcome, contrast=MEDIANS))


def _continuous_rows(pair: Pair) -> Iterator[Row]:
    """Test the product of both intakes as they are; give the slopes of each across the other.

    A straight line gives the hundredth milligram the weight of the first, and intakes reach far
    because of supplements. Where an association is in truth curved, and the intakes correlated, a
    product beside straight lines takes up the curve and looks like an interaction. So the test is
    made twice more: with both intakes brought in to their 1st and 99th percentiles, which keeps
    everyone, and with a curve of each in the place of its line.
    """
    setting, section = pair.setting, pair.section
    whole = crossed(setting, section)
    ends = [weighted_quantiles(setting.cohort, name, TRIMMED).tolist() for name in whole.names]
    lines = {"": whole, BROUGHT_IN: whole.brought_in(ends[0], ends[1])}
    curves, flat = _curves(setting, whole)
    scales = [slope_scale(setting.cohort, name) for name in whole.names]
    thirds, undivided = _thirds(pair) if section.slopes else (None, "")
    for outcome, fit in pair.fits.items():
        base = pair.row(outcome)
        beside: Row = {"measure": "p_interaction", "note": flat}
        if curves:
            curved = pd.concat([*curves, whole.columns(fit)[[whole.product]]], axis=1)
            beside, _ = _product_row(fit, whole, curved)
        for suffix, crossing in lines.items():
            row, results = _product_row(fit, crossing, crossing.columns(fit))
            yield base | {"contrast": f"continuous{suffix}"} | _compared_with_curves(row, beside)
            if results is not None and crossing is whole:
                for found in slope_rows(base, fit, results, whole, scales):
                    # A bound is where it is because of the product: what undoes one undoes both.
                    bound = found["measure"] == "jn_bound" and "estimate" in found
                    yield found | {"note": _undone(row, beside)} if bound else found
        yield base | {"contrast": f"continuous{BESIDE_CURVES}"} | beside
        if outcome not in section.slopes:
            continue
        equal = equal_slopes_row(base, whole, BESIDE_CURVES) | {"note": flat or undivided}
        if thirds is not None:
            if curves:
                equal = equal_beside_curve_row(base, fit, thirds, whole, curves[1], BESIDE_CURVES)
            for suffix, crossing in lines.items():
                for row in group_slope_rows(base, fit, thirds, crossing, suffix):
                    tested = row["measure"] == equal["measure"]
                    yield _compared_with_curves(row, equal) if tested else row
        yield equal


def _curves(setting: Setting, whole: Crossed) -> tuple[list[pd.DataFrame], str]:
    """Make a curve of each intake; none, and why, where one takes too few values for it."""
    try:
        return [curve_columns(setting, name) for name in whole.names], ""
    except InputError as error:
        return [], as_note(error)


def _thirds(pair: Pair) -> tuple[pd.Series | None, str]:
    """Split the exposure into thirds; none, and why, where it takes too few values for them."""
    try:
        return pair.groups(pair.exposure, 3).group, ""
    except InputError as error:
        return None, as_note(error)


def _compared_with_curves(row: Row, beside: Row) -> Row:
    """Note on a test beside lines that is significant that it is not so beside curves."""
    note = _undone(row, beside)
    return row | {"note": note} if note else row


def _undone(row: Row, beside: Row) -> str:
    """Say that a test is significant beside lines but not beside curves; empty if it is not so."""
    alone, p_value = row.get("p_value", np.nan), beside.get("p_value", np.nan)
    if not (alone < SIGNIFICANT <= p_value):
        return ""
    return f"P = {p_value:.2g} beside curves: beside lines a curve can pass for an interaction"


def _product_row(
    fit: Fit, crossing: Crossed, columns: pd.DataFrame
) -> tuple[Row, RegressionResults | None]:
    """Test the product; the estimate is its coefficient (log odds ratio or difference)."""
    row: Row = {"measure": "p_interaction"}
    try:
        results = fit.regress(columns)
    except InputError as error:
        return row | {"note": as_note(error)}, None
    row |= {
        "estimate": results.params[crossing.product],
        "std_error": results.bse[crossing.product],
        "unit": f"{crossing.per_text(0)} and {crossing.per_text(1)}",
        **_counted(results),
        **wald_row(results, [crossing.product]),
    }
    return row, results
