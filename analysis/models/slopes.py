"""Slopes of one intake across another, from a model with their product.

References
----------
Aiken LS, West SG (1991). Multiple Regression: Testing and Interpreting Interactions. Sage.
Bauer DJ, Curran PJ (2005). Probing interactions in fixed and multilevel regression: inferential
and graphical techniques. Multivariate Behavioral Research 40:373-400.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.asked import Interaction
from analysis.models.associations import CURVE_ENDS, Fit
from analysis.models.doses import weighted_quantiles
from analysis.models.levels import as_note, people_of, wald_row, within
from analysis.models.matrix import dummies
from analysis.models.plan import Row
from analysis.models.setting import Setting
from analysis.models.spline import basis
from analysis.survey import Design, RegressionResults
from analysis.survey.slopes import JohnsonNeyman, johnson_neyman, simple_slopes

SHARES = tuple(i / 20 for i in range(1, 20))
"""Weighted quantiles at which slopes are given: 5% to 95%."""


CURVE_KNOTS = 4
"""Knots of the curves beside which a product is tested.

Source: Harrell FE. Regression Modeling Strategies, 2nd ed. Springer 2015, section 2.4.6: four fit
most associations.
"""


@dataclass(frozen=True)
class Crossed:
    """Two intakes and their product, each in the unit that estimates are per.

    Parameters
    ----------
    names : (str, str)
        Measures: the exposure, the modifier.
    pers : (float, float)
        Units that estimates are per.
    units : (str, str)
        Of the measures.
    values : (Series, Series)
        Of everyone, in the measures' own units.
    """

    names: tuple[str, str]
    pers: tuple[float, float]
    units: tuple[str, str]
    values: tuple[pd.Series, pd.Series]

    @property
    def product(self) -> str:
        """Name of the product's column."""
        return " x ".join(self.names)

    def per_text(self, i: int) -> str:
        """Say the unit of one slope, for example ``"per 100 mg/day"``."""
        return f"per {self.pers[i]:g} {self.units[i]}".strip()

    def columns(self, fit: Fit) -> pd.DataFrame:
        """Both intakes and their product, of the fit's people."""
        first, second = (
            fit.of_members(value) / per for value, per in zip(self.values, self.pers, strict=True)
        )
        a, b = self.names
        return pd.DataFrame({a: first, b: second, self.product: first * second})

    def brought_in(self, first: Sequence[float], second: Sequence[float]) -> Crossed:
        """Take values beyond a range, (low, high) for each intake, for its end."""
        ends = (first, second)
        values = [
            value.clip(low, high) for value, (low, high) in zip(self.values, ends, strict=True)
        ]
        return replace(self, values=(values[0], values[1]))


def crossed(setting: Setting, section: Interaction) -> Crossed:
    """Cross the main exposure with a modifier, each in the unit that estimates are per."""
    exposure = setting.exposure
    names = exposure.measure, section.modifier
    first, second = (setting.frame[name].astype("float64") for name in names)
    units = setting.unit(names[0]), setting.unit(names[1])
    return Crossed(names, (exposure.per, section.per), units, (first, second))


def slope_scale(cohort: Design, column: str) -> tuple[np.ndarray, tuple[float, float]]:
    """Give the values of a measure at which slopes across it are taken, and the ends of a curve.

    Returns
    -------
    at : ndarray of float, shape (up to 19,)
        Weighted quantiles at `SHARES`, each value once.
    ends : (float, float)
        The 1st and the 99th percentile.
    """
    low, *at, high = weighted_quantiles(cohort, column, [CURVE_ENDS[0], *SHARES, CURVE_ENDS[1]])
    return np.unique(at), (float(low), float(high))


def curve_columns(setting: Setting, column: str) -> pd.DataFrame:
    """Columns of a restricted cubic spline of a measure, of the cohort's members.

    Of `CURVE_KNOTS` knots at the cohort's weighted percentiles, in units of the outer knots'
    distance, in which a solver likes them.
    """
    knots = setting.knots(column, CURVE_KNOTS)
    values = basis(setting.people[column].to_numpy(float), knots) / float(knots[-1] - knots[0])
    names = [f"{column} spline {i}" for i in range(1, values.shape[1] + 1)]
    return pd.DataFrame(values, columns=names, index=setting.people.index)


def slope_rows(
    base: Row,
    fit: Fit,
    results: RegressionResults,
    columns: Crossed,
    scales: Sequence[tuple[np.ndarray, tuple[float, float]]],
) -> Iterator[Row]:
    """Give the slope of each intake at values of the other, and where its interval excludes 0.

    Parameters
    ----------
    base : Row
        Columns that all rows share.
    fit : Fit
    results : RegressionResults
        Of the model with both intakes and their product.
    columns : Crossed
    scales : sequence of two
        What `slope_scale` gives of the exposure and of the modifier.

    Yields
    ------
    dict
        Rows of the analysis ``slope``. Bounds are those of Johnson and Neyman between the 1st and
        the 99th percentile of the other intake; ``level`` says on which side of the bound, and
        with which sign, the slope's interval excludes no association. Where no bound is, one row
        without estimate says so.
    """
    binary = fit.response.family == "binomial"
    for i, j in ((0, 1), (1, 0)):
        row = base | {
            "analysis": "slope",
            "exposure": columns.names[i],
            "stratum": columns.names[j],
            "contrast": columns.per_text(i),
            "n": results.nobs,
            "events": results.n_events if binary else np.nan,
            "df": results.df_resid,
        }
        at, _ = scales[j]
        slopes = simple_slopes(results, columns.names[i], columns.product, at / columns.pers[j])
        table = slopes.table(exponentiate=binary)
        for value, (_, found) in zip(at, table.iterrows(), strict=True):
            level = {"measure": fit.response.measure, "level": f"{value:.10g}"}
            yield row | level | found.to_dict()
        # Within the values told above: a bound beyond them would stand outside the figure.
        yield from _bounds(row, results, columns, i, (float(at[0]), float(at[-1])))


def _bounds(
    row: Row, results: RegressionResults, columns: Crossed, i: int, ends: tuple[float, float]
) -> Iterator[Row]:
    per, unit = columns.pers[1 - i], columns.units[1 - i]
    row = row | {"measure": "jn_bound", "unit": unit}
    range_of = ends[0] / per, ends[1] / per
    try:
        found = johnson_neyman(results, columns.names[i], columns.product, within=range_of)
    except InputError as error:
        yield row | {"note": as_note(error)}
        return
    bounds = _sides(found)
    for value, side in bounds:
        yield row | {"estimate": value * per, "level": side}
    if not bounds:
        where = "nowhere" if found.extent == "none" else "everywhere"
        note = f"the interval of the slope excludes no association {where}"
        yield row | {"note": f"{note} from {ends[0]:.4g} to {ends[-1]:.4g} {unit}".rstrip()}


def _sides(found: JohnsonNeyman) -> list[tuple[float, str]]:
    """Give the bounds inside the range, each with where the slope differs from 0 and its sign."""
    sides = []
    for start, end, sign in found.regions:
        word = "positive" if sign > 0 else "inverse"
        sides += [(start, f"{word} above")] if start > found.within[0] else []
        sides += [(end, f"{word} below")] if end < found.within[1] else []
    return sorted(sides)


def group_slope_rows(
    base: Row, fit: Fit, group: pd.Series, columns: Crossed, suffix: str
) -> Iterator[Row]:
    """Give the modifier's slope within each group of the exposure, and test that they are equal.

    One model has the groups and the modifier's slope in each of them beside common covariates.
    The slope is a straight line's: the same change for each further unit, over all of the intake.

    Parameters
    ----------
    base : Row
        Columns that all rows share.
    fit : Fit
    group : Series of category
        Groups of the exposure.
    columns : Crossed
    suffix : str
        Put after the contrast, where values were brought in.

    Yields
    ------
    dict
        Rows of the analysis ``slope``.
    """
    exposure, modifier = columns.names
    contrast = f"{columns.per_text(1)}{suffix}"
    row = base | {"analysis": "slope", "exposure": modifier, "stratum": exposure}
    row |= {"contrast": contrast}
    own, names, model = _own_slopes(fit, group, columns)
    try:
        results = own.regress(model)
    except InputError as error:
        for level in names:
            yield row | {"level": level, "measure": fit.response.measure, "note": as_note(error)}
        return
    row |= {"df": results.df_resid}
    codes = own.of_members(group).cat.codes.to_numpy()
    table = results.linear_combination({name: {name: 1.0} for name in names.values()})
    scale = fit.response.scale
    for i, (level, name) in enumerate(names.items()):
        found = table.loc[name].to_dict()
        found |= {key: scale(found[key]) for key in ("estimate", "conf_low", "conf_high")}
        counted = {"n": int((codes == i).sum()), "measure": fit.response.measure}
        yield row | found | counted | {"level": level}
    first, *others = names.values()
    equal = {name: {name: 1.0, first: -1.0} for name in others}
    test = wald_row(results, pd.DataFrame(equal).T.fillna(0.0))
    yield row | {"measure": "p_equal_slopes", "n": results.nobs} | test


def equal_slopes_row(base: Row, columns: Crossed, suffix: str) -> Row:
    """Columns of a test that the modifier's slope is the same in each group of the exposure."""
    exposure, modifier = columns.names
    row = base | {"analysis": "slope", "exposure": modifier, "stratum": exposure}
    return row | {"contrast": f"{columns.per_text(1)}{suffix}", "measure": "p_equal_slopes"}


def equal_beside_curve_row(
    base: Row, fit: Fit, group: pd.Series, columns: Crossed, curve: pd.DataFrame, suffix: str
) -> Row:
    """Test that the modifier's slope is the same in each group, beside a curve of the modifier.

    Groups of higher exposure hold more people of high intake of the modifier, where a curve that
    levels off is flatter in everyone. Beside a common curve the slopes of the other groups differ
    from the first's only where the exposure makes a difference.

    Parameters
    ----------
    base : Row
        Columns that all rows share.
    fit : Fit
    group : Series of category
        Groups of the exposure.
    columns : Crossed
    curve : DataFrame
        Columns of the modifier's curve, from `curve_columns`.
    suffix : str
        Put after the contrast.

    Returns
    -------
    dict
        A row of the analysis ``slope`` with ``measure`` ``p_equal_slopes``.
    """
    row = equal_slopes_row(base, columns, suffix)
    own, names, model = _own_slopes(fit, group, columns)
    first, *others = names.values()
    model = pd.concat([model.drop(columns=first), curve.loc[own.covariates.index]], axis=1)
    try:
        results = own.regress(model)
    except InputError as error:
        return row | {"note": as_note(error)}
    return row | {"n": results.nobs} | wald_row(results, others)


def _own_slopes(
    fit: Fit, group: pd.Series, columns: Crossed
) -> tuple[Fit, dict[str, str], pd.DataFrame]:
    """Columns of groups and of the modifier's slope within each, with the slopes' names."""
    known = fit.of_members(group).cat.codes.to_numpy() >= 0
    own = within(fit, people_of(fit) & known)
    members = own.of_members(group)
    intake = own.of_members(columns.values[1]) / columns.pers[1]
    model = dummies(members, columns.names[0])
    names = {}
    for i, level in enumerate(members.cat.categories):
        names[level] = f"{columns.names[1]} in {level}"
        model[names[level]] = np.where(members.cat.codes == i, intake, 0.0)
    return own, names, model
