"""Means of the exposures and outcomes in each cycle, and their trend over the years.

The trend is a design-based regression of all cycles pooled on the middle of each cycle's years,
linear for a quantity and logistic for an outcome that is yes or no; what is left for indicators of
the cycles beside it is the departure from the line.

References
----------
Korn EL, Graubard BI (1999). Analysis of Health Surveys. Wiley, chapter 8.
Ingram DD, Malec DJ, Makuc DM, et al. (2018). National Center for Health Statistics guidelines for
analysis of trends. Vital and Health Statistics 2(179).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.describe import estimate, unit_of
from analysis.models.doses import members
from analysis.models.energy import energy_adjusted
from analysis.models.levels import as_note, wald_row
from analysis.models.matrix import INTERCEPT, dummies
from analysis.models.plan import Model, Row
from analysis.models.setting import DF_RULE, Setting
from analysis.survey import Design, RegressionResults

ENERGY = "energy"
RESIDUAL = "adjusted for energy (residual method)"
DECADE = 10.0
"""Years that a slope is per."""

AGES = (6, 12, 20, 30, 40, 50, 60, 70)
"""Where classes of age begin; the oldest does below every cycle's top code (80 or 85 years)."""

YEARS_OF_OWN = {"2021-2023": (2021 + 7 / 12, 2023 + 8 / 12)}
"""Cycles that were not two calendar years: August 2021 to August 2023, as the CDC says at
https://wwwn.cdc.gov/nchs/nhanes/continuousnhanes/overview.aspx?Cycle=2021-2023."""


@dataclass(frozen=True)
class Followed:
    """Something that is followed over the cycles.

    Parameters
    ----------
    place : dict
        Columns by which its rows are found: ``exposure`` or ``outcome``, ``contrast``.
    values : ndarray of float, shape (n,)
        1 and 0 where it is a share; NaN where it is not known.
    share : bool
        Whether it is yes or no.
    unit : str
    """

    place: Row
    values: np.ndarray
    share: bool
    unit: str = field(default="")


def middle(cycle: str) -> float:
    """Give the middle of a cycle's examinations, in years.

    Examples
    --------
    >>> middle("2001-2002")
    2002.0
    >>> round(middle("2021-2023"), 2)
    2022.62
    """
    first, last = YEARS_OF_OWN.get(cycle, (float(cycle[:4]), float(cycle[-4:]) + 1))
    return (first + last) / 2


def trend_rows(
    setting: Setting, alone: Design, cycle: pd.Series, cycles: Sequence[str], model: Model
) -> Iterator[Row]:
    """Follow exposures and outcomes over the cycles.

    Parameters
    ----------
    setting : Setting
        Of all cycles pooled.
    alone : Design
        The same cohort with every cycle's own weights.
    cycle : Series of str, length n
        Of everyone in the frame.
    cycles : sequence of str
        Oldest first.
    model : Model
        Exposures are followed adjusted for energy too where it has energy among its covariates.

    Yields
    ------
    dict
        Rows of ``cycle_mean`` and ``cycle_trend``.
    """
    for followed in _followed(setting, model):
        yield from _means(followed, alone, cycle, cycles)
        yield from _trend(followed, setting, cycle, cycles)


def _followed(setting: Setting, model: Model) -> Iterator[Followed]:
    by_energy = any(ENERGY in term.columns for term in model.parsed_terms)
    for exposure in setting.plan.exposures:
        name, unit = exposure.measure, setting.unit(exposure.measure)
        values = setting.frame[name].to_numpy(float)
        yield Followed({"exposure": name}, values, share=False, unit=unit)
        part = getattr(setting.measures[name], "food_part", "")
        if by_energy and part and (part == "self" or part in setting.frame):
            adjusted = _adjusted(setting, name, name if part == "self" else part)
            place: Row = {"exposure": name, "contrast": RESIDUAL}
            yield Followed(place, adjusted, share=False, unit=unit)
    for name, response in setting.responses.items():
        share = response.family == "binomial"
        unit = "" if share else unit_of(response, setting.measures)
        yield Followed({"outcome": name}, response.everyone.to_numpy(), share=share, unit=unit)


def _adjusted(setting: Setting, name: str, part: str) -> np.ndarray:
    """Adjust an intake for energy by one line for all cycles."""
    inside = members(setting.cohort)
    columns = (setting.frame[each].to_numpy(float)[inside] for each in (part, name, ENERGY))
    food, total, energy = columns
    values = np.full(len(setting.frame), np.nan)
    weights = setting.cohort.weights[inside]
    values[inside] = energy_adjusted(food, total - food, energy, weights, "residual")
    return values


def _means(
    followed: Followed, alone: Design, cycle: pd.Series, cycles: Sequence[str]
) -> Iterator[Row]:
    known = np.isfinite(followed.values)
    for name in cycles:
        row = followed.place | {"analysis": "cycle_mean", "stratum": "cycle", "cycles": name}
        row |= {"stratum_level": name, "measure": "proportion" if followed.share else "mean"}
        row |= {"unit": followed.unit, "level": f"{middle(name):.6g}"}
        domain = alone.where((cycle == name).to_numpy() & known)
        if not len(domain.rows):
            yield row | {"note": "nobody has a value"}
        elif followed.share:
            yield row | estimate(domain.proportion(followed.values, interval="logit"))
        else:
            yield row | estimate(domain.mean(followed.values))


@dataclass(frozen=True)
class _Line:
    """What regressions on the years share."""

    followed: Followed
    domain: Design
    years: pd.Series
    cycle: pd.Series

    def fit(self, *more: pd.DataFrame) -> RegressionResults:
        inside = self.domain.inside
        x = pd.concat([pd.DataFrame({INTERCEPT: 1.0, "years": self.years}), *more], axis=1)[inside]
        values = pd.Series(self.followed.values, index=self.domain.frame.index)
        family = "binomial" if self.followed.share else "gaussian"
        return self.domain.fit(values, x, family=family, df=DF_RULE)

    def between(self, cycles: Sequence[str]) -> pd.DataFrame:
        """Make indicators of all cycles but the first and the last, which the line takes."""
        return pd.DataFrame(
            {f"cycle[{name}]": (self.cycle == name).astype(float) for name in cycles[1:-1]},
            index=self.cycle.index,
        )


def _trend(
    followed: Followed, setting: Setting, cycle: pd.Series, cycles: Sequence[str]
) -> Iterator[Row]:
    row = followed.place | {"analysis": "cycle_trend"}
    domain = setting.cohort.where(np.isfinite(followed.values))
    known_in = set(cycle[members(domain)])
    cycles = [name for name in cycles if name in known_in]
    if len(cycles) < 2:
        return
    years = (cycle.map(middle) - middle(cycles[0])) / DECADE
    line = _Line(followed, domain, years, cycle)
    demographic = _age_and_sex(setting.frame, domain)
    within = replace(line, domain=domain.where(demographic.notna().all(axis=1).to_numpy()))
    for name, each, more in (("unadjusted", line, []), ("age and sex", within, [demographic])):
        yield from _slope(row | {"model": name}, each, cycles, more)
    yield from _fitted(row | {"model": "unadjusted"}, line, cycles)


def _age_and_sex(frame: pd.DataFrame, domain: Design) -> pd.DataFrame:
    """Make indicators of the classes of age and the sexes that the domain has: n rows."""
    age = frame["age"].to_numpy(float)
    codes = np.where(np.isnan(age), -1, np.digitize(age, AGES))
    classes = pd.Series(pd.Categorical.from_codes(codes, ["0", *map(str, AGES)]), frame.index)
    parts = []
    for name, values in (("age", classes), ("sex", frame["sex"])):
        there = set(values[domain.inside].dropna())
        levels = [level for level in values.cat.categories if level in there]
        parts.append(dummies(values.cat.set_categories(levels), name))
    return pd.concat(parts, axis=1)


def _slope(row: Row, line: _Line, cycles: Sequence[str], more: list[pd.DataFrame]) -> Iterator[Row]:
    """Give the slope, and the test of departure from the line."""
    measure = "OR" if line.followed.share else "difference"
    slope = row | {"measure": measure, "unit": line.followed.unit}
    slope["contrast"] = _joined(row, f"per {DECADE:g} years")
    departure = row | {"measure": "p_nonlinear", "contrast": _joined(row, "departure from a line")}
    try:
        fitted = line.fit(*more)
        yield slope | _sizes(fitted) | fitted.effects().loc["years"].to_dict()
    except InputError as error:
        yield slope | {"note": as_note(error)}
        return
    if len(cycles) < 3:
        return
    try:
        results = line.fit(line.between(cycles), *more)
    except InputError as error:
        yield departure | {"note": as_note(error)}
        return
    names = [name for name in results.params.index if str(name).startswith("cycle[")]
    yield departure | _sizes(results) | wald_row(results, names)


def _joined(row: Row, what: str) -> str:
    return ", ".join(filter(None, (str(row.get("contrast", "")), what)))


def _sizes(results: RegressionResults) -> Row:
    events: Any = np.nan if results.n_events is None else results.n_events
    return {"n": results.nobs, "events": events, "df": results.df_resid}


def _fitted(row: Row, line: _Line, cycles: Sequence[str]) -> Iterator[Row]:
    """Give the line's value in each cycle."""
    try:
        params = line.fit().params
    except InputError:
        return
    for name in cycles:
        years = (middle(name) - middle(cycles[0])) / DECADE
        value = float(params[INTERCEPT] + params["years"] * years)
        value = 1 / (1 + float(np.exp(-value))) if line.followed.share else value
        place = {"stratum": "cycle", "stratum_level": name, "measure": "fitted", "estimate": value}
        more = {"level": f"{middle(name):.6g}", "unit": line.followed.unit}
        yield row | place | more
