"""The main exposure within strata of another measure, and tests that they do not differ.

References
----------
Knol MJ, VanderWeele TJ (2012). Recommendations for presenting analyses of effect modification and
interaction. International Journal of Epidemiology 41:514-520.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.asked import Stratum
from analysis.models.associations import Fit
from analysis.models.doses import Doses, dose_groups
from analysis.models.levels import (
    as_note,
    compare,
    counts,
    few_events,
    people_of,
    wald_row,
    why_not,
    within,
)
from analysis.models.matrix import dummies
from analysis.models.plan import Row
from analysis.models.setting import Setting

TREND = "group medians"
"""What trends and their interactions are of: the median of the dose group, as a number."""


@dataclass(frozen=True)
class Stratified:
    """One way to stratify the cohort, and the models that go with it.

    Parameters
    ----------
    section : Stratum
        What the study asks for.
    group : Series of category
        Strata of the cohort's members; missing where not known.
    doses : Doses
        Groups of the main exposure: those of the whole cohort, also within a stratum.
    exposure : str
        The main exposure's measure.
    unit : str
        Of the exposure.
    dose : Series of float
        The exposure of the cohort's members, in the units that estimates are per.
    per : str
        These units in words: ``per 100 mg/day``.
    fits : dict of str to Fit
        By outcome, with the covariates of all members.
    """

    section: Stratum
    group: pd.Series
    doses: Doses
    exposure: str
    unit: str
    dose: pd.Series
    per: str
    fits: dict[str, Fit]

    @property
    def codes(self) -> np.ndarray:
        """Strata as numbers, -1 where not known: int, aligned to the covariates."""
        return self.group.cat.codes.to_numpy()

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the strata."""
        return tuple(map(str, self.group.cat.categories))

    def scores(self) -> pd.Series:
        """Medians of the dose groups in units of their spread, for a well-scaled matrix."""
        return self.doses.scores().loc[self.group.index] / self.doses.spread

    def row(self, outcome: str, **more: object) -> Row:
        """Columns that all rows of this stratification share."""
        return {
            "analysis": "stratum",
            "model": self.fits[outcome].model.name,
            "outcome": outcome,
            "exposure": self.exposure,
            "stratum": self.section.name,
            **more,
        }


def strata_rows(setting: Setting) -> Iterator[Row]:
    """Estimate the main exposure's association within the strata that a study asks for.

    Dose groups are those of the whole cohort. The model is the main exposure's last; within
    categories of a measure it goes without the terms that hold it.

    Parameters
    ----------
    setting : Setting
        With ``plan.strata``.

    Yields
    ------
    dict
        Rows of the analysis ``stratum``, for each outcome of the role ``main``. The people of the
        levels, of ``not known`` and of ``not compared`` add up to the cohort.

    Raises
    ------
    InputError
        If a measure takes too few values for as many groups.
    """
    for section in setting.plan.strata:
        stratified = _stratified(setting, section)
        for outcome in stratified.fits:
            yield from _outcome_rows(stratified, outcome)


def _stratified(setting: Setting, section: Stratum) -> Stratified:
    exposure = setting.exposure
    model = setting.model()
    terms = list(model.parsed_terms)
    if setting.measures[section.measure].kind == "categorical":
        terms = [term for term in terms if section.measure not in term.columns]
    # An outcome that does not say what it is for is a main one.
    outcomes = [o.name for o in setting.plan.outcomes if getattr(o, "role", "main") == "main"]
    first = setting.fit(outcomes[0], terms, model)
    return Stratified(
        section,
        first.of_members(strata_of(setting, section)),
        setting.doses[exposure.measure],
        exposure.measure,
        setting.unit(exposure.measure),
        setting.people[exposure.measure].astype("float64") / exposure.per,
        f"per {exposure.per:g} {setting.unit(exposure.measure)}".strip(),
        {name: replace(first, response=setting.responses[name]) for name in outcomes},
    )


def strata_of(setting: Setting, section: Stratum) -> pd.Series:
    """Sort everyone into strata.

    Parameters
    ----------
    setting : Setting
    section : Stratum
        Of a continuous measure by ``cuts`` (closed on the left) or ``groups`` (weighted quantiles
        in the cohort); of a categorical one by its categories, but for those that nobody in the
        cohort has. With ``cycles``, people of other cycles have no stratum.

    Returns
    -------
    Series of category, length n
    """
    frame, cohort = setting.frame, setting.cohort
    there = np.ones(len(frame), dtype=bool)
    if section.cycles:
        there = frame["cycle"].isin(section.cycles).to_numpy()
    if section.groups:
        cohort = cohort.where(there)
        try:
            found = dose_groups(cohort, frame, section.measure, section.groups, weighted=True)
        except InputError as error:
            where = f"stratum '{section.name}'"
            raise InputError(
                error.what, where=where, remedy="Take fewer groups, or 'cuts'."
            ) from None
        return found.group.where(there).cat.rename_categories(list(section.parts))
    if section.cuts:
        values = frame[section.measure].to_numpy(float)
        unknown = np.isnan(values) | ~there
        codes = np.where(unknown, -1, np.digitize(values, section.cuts))
        found_in = pd.Categorical.from_codes(codes, list(section.parts))
        return pd.Series(found_in, index=frame.index)
    group = frame[section.measure].where(there)
    inside = group[cohort.inside]
    return group.cat.set_categories([c for c in group.cat.categories if (inside == c).any()])


def _outcome_rows(stratified: Stratified, outcome: str) -> Iterator[Row]:
    fit = stratified.fits[outcome]
    used = people_of(fit) & (fit.of_members(stratified.doses.group).cat.codes >= 0).to_numpy()
    for i, level in enumerate(stratified.levels):
        base = stratified.row(outcome, stratum_level=level)
        inner = within(fit, used & (stratified.codes == i))
        groups = compare(inner, stratified.doses.group, stratified.exposure)
        for row in groups.rows():
            contrast = f"{row['level']} vs {row['reference']}"
            yield row | base | {"contrast": contrast}
        yield base | _trend(stratified, inner)
        yield base | _line(stratified, inner)
    known = stratified.codes >= 0
    for name, count in (("not known", ~known), ("not compared", known & ~used)):
        people = int(count.sum())
        base = stratified.row(outcome, stratum_level=name, measure="people", unit="people")
        yield base | {"estimate": people, "n": people}
    inner = within(fit, used & known)
    for score, name in ((stratified.scores(), TREND), (stratified.dose, stratified.per)):
        yield stratified.row(outcome) | _interaction(stratified, inner, score, name)


def _trend(stratified: Stratified, inner: Fit) -> Row:
    """Test the trend over dose groups in one stratum, as in the main analysis."""
    column = f"median of {stratified.exposure} group"
    row: Row = {"measure": "p_trend", "contrast": TREND}
    try:
        results = inner.regress(inner.of_members(stratified.scores()).to_frame(column))
    except InputError as error:
        return row | {"note": as_note(error)}
    return row | {
        "n": results.nobs,
        "events": np.nan if results.n_events is None else results.n_events,
        "estimate": results.params[column] / stratified.doses.spread,
        "std_error": results.bse[column] / stratified.doses.spread,
        "unit": f"per {stratified.unit}" if stratified.unit else "",
        **wald_row(results, [column]),
    }


def _line(stratified: Stratified, inner: Fit) -> Row:
    """Estimate the straight line of the exposure in one stratum, per unit."""
    column = f"{stratified.exposure} {stratified.per}"
    row: Row = {"measure": inner.response.measure, "contrast": stratified.per}
    try:
        results = inner.regress(inner.of_members(stratified.dose).to_frame(column))
    except InputError as error:
        return row | {"note": as_note(error)}
    events = np.nan if results.n_events is None else results.n_events
    row |= {"n": results.nobs, "events": events, "df": results.df_resid}
    return row | results.effects().loc[column].to_dict() | {"note": few_events(results)}


def _interaction(stratified: Stratified, fit: Fit, dose: pd.Series, name: str) -> Row:
    """Test that a slope is the same in every stratum: the dose times indicators of strata.

    The model has the dose, the strata and all covariates beside the products. Strata in which
    all or none have the event tell nothing and are left out.

    Parameters
    ----------
    stratified : Stratified
    fit : Fit
        Of all people with a stratum.
    dose : Series of float
        Scores of the dose groups, or the exposure itself.
    name : str
        What `dose` is, for the column ``contrast``.
    """
    row: Row = {"measure": "p_interaction", "contrast": f"{name} x {stratified.section.name}"}
    codes = fit.of_members(stratified.group).cat.codes.to_numpy()
    n, events = counts(fit, codes, np.ones(len(codes), dtype=bool), len(stratified.levels))
    told = np.array([not why_not(*both) for both in zip(n, events, strict=True)])
    if told.sum() < 2:
        return row | {"note": "fewer than two strata can be compared"}
    if not told.all():
        without = [name for name, kept in zip(stratified.levels, told, strict=True) if not kept]
        row["note"] = f"without {', '.join(without)}: too few people with or without the event"
    kept = [name for name, there in zip(stratified.levels, told, strict=True) if there]
    fit = within(fit, told[codes])
    strata = fit.of_members(stratified.group.cat.set_categories(kept))
    score = fit.of_members(dose).rename("score")
    indicators = dummies(strata, stratified.section.name)
    products = indicators.mul(score, axis=0).add_prefix("score:")
    try:
        results = fit.regress(pd.concat([score, indicators, products], axis=1))
    except InputError as error:
        return row | {"note": as_note(error)}
    events_of = np.nan if results.n_events is None else results.n_events
    return row | {"n": results.nobs, "events": events_of} | wald_row(results, list(products))
