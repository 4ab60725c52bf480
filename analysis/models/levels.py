"""Categories of people compared with one of them, some of which may have no estimate."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.associations import Fit
from analysis.models.doses import members
from analysis.models.matrix import dummies
from analysis.models.plan import Row
from analysis.survey import RegressionResults, wald_test
from analysis.survey.basis import aliased
from analysis.survey.results import ModelResults

EVENTS_EACH = 5
"""Events (or people without, if fewer) to a coefficient below which estimates get a warning.

Source: Vittinghoff E, McCulloch CE (2007). Relaxing the rule of ten events per variable in
logistic and Cox regression. American Journal of Epidemiology 165:710-718: trouble is fairly
frequent with two to four, uncommon from five on.
"""


def people_of(fit: Fit) -> np.ndarray:
    """Say whom a fit would use: known outcome, positive weight, no covariate missing.

    Returns
    -------
    ndarray of bool
        Aligned to ``fit.covariates``.
    """
    domain = fit.response.domain
    inside = pd.Series(members(domain), index=domain.frame.index).loc[fit.covariates.index]
    return inside.to_numpy() & fit.covariates.notna().all(axis=1).to_numpy()


def within(fit: Fit, kept: np.ndarray) -> Fit:
    """Restrict a fit to some of its people: the domain shrinks, the design does not.

    A covariate that is the same in all who are left (a category that nobody there has) is the
    intercept over again, and one that the others before it make up (a spline of age among the old)
    adds nothing to them: both are left out, and the model stays the same without them.

    Parameters
    ----------
    fit : Fit
    kept : ndarray of bool
        Aligned to ``fit.covariates``; those whom `people_of` leaves out are never kept.

    Returns
    -------
    Fit
    """
    covariates = fit.covariates[kept & people_of(fit)]
    values = covariates.to_numpy()
    if values.size:
        covariates = covariates.loc[:, values.min(axis=0) < values.max(axis=0)]
        covariates = covariates.loc[:, _independent(covariates.to_numpy(float))]
    domain = fit.response.domain
    domain = domain.where(domain.frame.index.isin(covariates.index))
    return replace(fit, response=replace(fit.response, domain=domain), covariates=covariates)


def _independent(values: np.ndarray) -> np.ndarray:
    """Say which columns are not a combination of the intercept and the columns before them."""
    people, size = values.shape
    if people <= size:
        return np.ones(size, dtype=bool)  # too few people for a model: the fit says so
    triangle = np.asarray(np.linalg.qr(np.column_stack([np.ones(people), values]), mode="r"))
    return ~aliased(triangle)[1:]


@dataclass(frozen=True)
class Compared:
    """Categories compared with the first of them in one model.

    Attributes
    ----------
    fit : Fit
        Of the people whom the model has.
    column : str
        What coefficients are called before the category in brackets.
    levels : tuple of str
        The first is the reference.
    n, events : ndarray of float, shape (levels,)
        People of each category whom the model has or would have, and those with the event (NaN
        for a continuous outcome).
    notes : tuple of str
        Why a category has no estimate; empty where it has one.
    results : RegressionResults or None
        None where no category has an estimate.
    """

    fit: Fit
    column: str
    levels: tuple[str, ...]
    n: np.ndarray
    events: np.ndarray
    notes: tuple[str, ...]
    results: RegressionResults | None

    @property
    def estimable(self) -> np.ndarray:
        """Which categories have an estimate (the reference has 1 or 0): bool a category."""
        return np.array([not note for note in self.notes])

    def name(self, i: int) -> str:
        """Coefficient of category `i`."""
        return f"{self.column}[{self.levels[i]}]"

    def log_estimates(self) -> np.ndarray:
        """Coefficients of the categories, 0 for the reference, NaN where there is none."""
        found = np.full(len(self.levels), np.nan)
        if self.results is not None:
            for i in np.flatnonzero(self.estimable).tolist():
                found[i] = self.results.params[self.name(i)] if i else 0.0
        return found

    def rows(self) -> Iterator[Row]:
        """Give a row a category, in order: against the first, with people and events.

        Yields
        ------
        dict
            Without ``analysis`` and ``exposure``; ``level`` is the category, ``reference`` the
            first. A category without an estimate has NaN and the reason in ``note``.
        """
        response, results = self.fit.response, self.results
        effects = None if results is None else results.effects()
        caution = "" if results is None else few_events(results)
        for i, level in enumerate(self.levels):
            row: Row = {
                "model": self.fit.model.name,
                "outcome": response.outcome.name,
                "level": level,
                "reference": self.levels[0],
                "measure": response.measure,
                "n": self.n[i],
                "events": self.events[i],
                "note": self.notes[i],
            }
            if results is not None:
                row["df"] = results.df_resid
            if effects is None or self.notes[i]:
                yield row
            elif i == 0:
                yield row | {"estimate": response.scale(0.0)}
            else:
                yield row | effects.loc[self.name(i)].to_dict() | {"note": caution}


def compare(fit: Fit, group: pd.Series, column: str) -> Compared:
    """Compare categories of people with the first of them.

    A category in which nobody is, or in which all or none have the event, has no odds ratio. It
    gets none, and its people are left out of the model; they would tell nothing of the others.

    Parameters
    ----------
    fit : Fit
        Outcome, covariates and domain.
    group : Series of category, length n or of the fit's people
        The first category is the reference; people without one are outside the model.
    column : str
        What coefficients are called.

    Returns
    -------
    Compared
    """
    group = fit.of_members(group)
    codes = group.cat.codes.to_numpy()
    used = people_of(fit) & (codes >= 0)
    levels = tuple(map(str, group.cat.categories))
    n, events = counts(fit, codes, used, len(levels))
    notes = [why_not(*counted) for counted in zip(n, events, strict=True)]
    if notes[0]:
        reference = f"nothing to compare with: {notes[0]} ({levels[0]})"
        notes = [notes[0], *(note or reference for note in notes[1:])]
        return Compared(fit, column, levels, n, events, tuple(notes), None)
    notes = [f"{note}; the model is without them" if note else "" for note in notes]
    estimable = np.array([not note for note in notes])
    inner = within(fit, used & estimable[codes])
    columns = dummies(inner.of_members(group), column)
    columns = columns.loc[:, estimable[1:]]
    results: RegressionResults | None = None
    try:
        results = inner.regress(columns)
    except InputError as error:
        notes = [note or as_note(error) for note in notes]
    return Compared(inner, column, levels, n, events, tuple(notes), results)


def counts(
    fit: Fit, codes: np.ndarray, used: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count the people of each category, and those with the event.

    Parameters
    ----------
    fit : Fit
    codes : int array
        Categories, aligned to ``fit.covariates``.
    used : ndarray of bool
        Who is counted.
    size : int
        How many categories there are.

    Returns
    -------
    n, events : ndarray of float, shape (size,)
        Events are NaN for a continuous outcome.
    """
    n = np.bincount(codes[used], minlength=size).astype(float)
    if fit.response.family != "binomial":
        return n, np.full(size, np.nan)
    values = fit.of_members(fit.response.values).to_numpy()[used]
    return n, np.bincount(codes[used], weights=values, minlength=size)


def why_not(n: float, events: float) -> str:
    """Say why people of a category have no estimate; empty if they have one."""
    if n == 0:
        return "nobody"
    if events == 0:
        return f"none of the {n:,.0f} people has the event"
    if events == n:
        return f"all of the {n:,.0f} people have the event"
    return ""


def few_events(results: RegressionResults) -> str:
    """Warn of a model with too few events (or too few without) for its coefficients, in a note."""
    if results.n_events is None:
        return ""
    fewer = min(results.n_events, results.nobs - results.n_events)
    slopes = len(results.params) - 1
    if fewer >= EVENTS_EACH * slopes:
        return ""
    which = "events" if fewer == results.n_events else "people without the event"
    return f"{fewer:,} {which} for {slopes} coefficients: the estimate may be far off"


def as_note(error: InputError) -> str:
    """Write an error of a fit as the reason for a missing estimate, without where and remedy."""
    return note_of(error.what)


def note_of(problem: str) -> str:
    """Write what is wrong with a fit as a reason: a reader of results can do nothing about it."""
    told = textwrap.shorten(f"no estimate: {problem.splitlines()[0]}", 160, placeholder="…")
    return f"{told[:-1].rstrip(' ,;:')} …" if told.endswith("…") else told


def wald_row(
    results: ModelResults, what: pd.DataFrame | list[str], *, adjusted: bool = False
) -> Row:
    """Test contrasts together by Wald's F, on the model's degrees of freedom.

    Parameters
    ----------
    results : ModelResults
    what : DataFrame or list of str
        As for `analysis.survey.wald_test`.
    adjusted : bool, default False
        Whether F is Korn and Graubard's (1990), which allows for a covariance that is itself an
        estimate on few degrees of freedom: Stata's default, while R does without.

    Returns
    -------
    dict
        ``statistic``, ``df`` (of the denominator) and ``p_value``; or the reason in ``note``.
    """
    row: Row = {"df": results.df_resid}
    try:
        test = wald_test(results, what, adjusted=True) if adjusted else results.wald_test(what)
    except InputError as error:
        return row | {"note": as_note(error)}
    row = row | {"df": test.df_denom, "statistic": test.statistic, "p_value": test.pvalue}
    if not np.isfinite(test.pvalue):
        row["note"] = "no degrees of freedom are left for the denominator"
    return row
