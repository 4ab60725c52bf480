"""Prevalences and means by groups, as if each group had the covariates of the whole cohort.

A model of the outcome on the groups and the covariates predicts everyone's outcome with the group
set to each in turn; the weighted mean of these predictions is the group's adjusted prevalence or
mean, its predictive margin. Its variance is of both at once, the coefficients and whom the survey
sampled (Graubard and Korn's linearisation; also Stata's ``vce(unconditional)``); R's
``svypredmeans`` takes the two as independent.

References
----------
Graubard BI, Korn EL (1999). Predictive margins with survey data. Biometrics 55:652-659.
Bieler GS, Brown GG, Williams RL, Brogan DJ (2010). Estimating model-adjusted risks, risk
differences, and risk ratios from complex survey data. American Journal of Epidemiology
171:618-623.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from analysis.errors import InputError
from analysis.grammar import Term
from analysis.models.asked import Adjusted
from analysis.models.associations import Fit
from analysis.models.describe import estimate, unit_of
from analysis.models.levels import Compared, compare, counts, people_of, wald_row, why_not
from analysis.models.matrix import INTERCEPT, cut, dummies
from analysis.models.outcomes import Response
from analysis.models.plan import Row
from analysis.models.setting import DF_RULE, Setting
from analysis.survey import margins_of_matrices

CONFIDENCE = 0.95
"""Of the intervals."""


@dataclass(frozen=True)
class Covariates:
    """What a grouping adjusts for, in the form of a model."""

    name: str
    label: str
    parsed_terms: Sequence[Term]


@dataclass(frozen=True)
class Grouped:
    """One outcome in the groups of one grouping.

    Parameters
    ----------
    setting : Setting
    section : Adjusted
        What the study asks for.
    group : Series of category, length n
        Missing where not known.
    fit : Fit
        The outcome in everyone in whom it is known, beside the covariates.
    """

    setting: Setting
    section: Adjusted
    group: pd.Series
    fit: Fit

    @property
    def response(self) -> Response:
        """The outcome, as it is described: in everyone in whom it is known."""
        return self.fit.response

    @property
    def column(self) -> str:
        """What the groups' columns are called in the model."""
        return self.section.measure or self.section.name

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the groups."""
        return tuple(map(str, self.group.cat.categories))

    def row(self, model: str, **more: object) -> Row:
        """Columns that all rows share."""
        binary = self.response.family == "binomial"
        return {
            "analysis": "adjusted",
            "model": model,
            "outcome": self.response.outcome.name,
            "stratum": self.section.name,
            "measure": "proportion" if binary else "mean",
            "unit": unit_of(self.response, self.setting.measures),
            **more,
        }

    def people(self, model: str, used: float) -> Row:
        """Count those of the cohort who are in none of a model's estimates."""
        count = float(len(self.setting.cohort.rows)) - used
        row = self.row(model, stratum_level="not known", measure="people", unit="people")
        return row | {"estimate": count, "n": count}


def adjusted_rows(setting: Setting) -> Iterator[Row]:
    """Estimate crude and adjusted prevalences and means by the groupings that a study asks for.

    A prevalence is of everyone in whom the outcome is known, whoever else is compared with whom.

    Parameters
    ----------
    setting : Setting
        With ``plan.adjusted``.

    Yields
    ------
    dict
        Rows of the analysis ``adjusted``. The people of a model's groups and of ``not known`` add
        up to the cohort.
    """
    for section in setting.plan.adjusted:
        group = groups_of(setting, section)
        model = Covariates("adjusted", section.label, section.parsed_terms)
        covariates = setting.columns(section.parsed_terms)
        for name in section.outcomes or setting.responses:
            fit = Fit(_described(setting, setting.responses[name]), model, covariates, DF_RULE)
            grouped = Grouped(setting, section, group, fit)
            yield from _crude(grouped)
            yield from _adjusted(grouped)


def groups_of(setting: Setting, section: Adjusted) -> pd.Series:
    """Sort everyone into the groups; a category that nobody in the cohort has is none.

    Returns
    -------
    Series of category, length n
    """
    if section.domains:
        return _of_domains(setting, section)
    column = setting.frame[section.measure]
    if section.cuts:
        column = cut(column.to_numpy(float), section.cuts, column.index, section.parts)
    inside = column[setting.cohort.inside]
    return column.cat.set_categories([c for c in column.cat.categories if (inside == c).any()])


def _of_domains(setting: Setting, section: Adjusted) -> pd.Series:
    """Sort everyone into the domains that a grouping names; those in none are in no group."""
    codes = np.full(len(setting.frame), -1)
    conditions = {domain.name: domain.condition for domain in setting.plan.domains}
    for i, name in enumerate(section.domains):
        holds = conditions[name].evaluate(setting.frame)
        both = holds & (codes >= 0) & setting.cohort.inside
        if both.any():
            other = section.domains[codes[both][0]]
            raise InputError(
                f"{int(both.sum()):,} people are in both of the domains '{other}' and '{name}'",
                where=f"adjusted '{section.name}'",
                remedy="Name domains that exclude each other.",
            )
        codes[holds] = i
    return pd.Series(
        pd.Categorical.from_codes(codes, list(section.domains)), index=setting.frame.index
    )


def _described(setting: Setting, response: Response) -> Response:
    domain = setting.cohort.where(response.everyone.notna().to_numpy())
    return replace(response, values=response.everyone, domain=domain)


def _crude(grouped: Grouped) -> Iterator[Row]:
    """Estimate each group as it is, with the logit interval of a prevalence."""
    values, used = grouped.response.values, 0
    for i, level in enumerate(grouped.levels):
        domain = grouped.response.domain.where((grouped.group.cat.codes == i).to_numpy())
        row = grouped.row("crude", stratum_level=level)
        used += len(domain.rows)
        if not len(domain.rows):
            yield row | {"n": 0, "note": "nobody"}
        elif grouped.response.family == "gaussian":
            yield row | estimate(domain.mean(values))
        else:
            yield row | estimate(domain.proportion(values, interval="logit"))
    yield grouped.people("crude", used)


def _adjusted(grouped: Grouped) -> Iterator[Row]:
    """Give each group's predictive margin; without one, the reason."""
    found = _compared(grouped)
    margins: dict[str, Row] = {}
    problem = ""
    if found.results is not None:
        try:
            margins = _margins(grouped, found)
        except InputError as error:
            problem = f"no estimate: {error.what.splitlines()[0]}"
    for i, level in enumerate(found.levels):
        row = grouped.row("adjusted", stratum_level=level, n=found.n[i], events=found.events[i])
        yield row | margins.get(level, {"note": found.notes[i] or problem})
    yield grouped.people("adjusted", float(found.n.sum()))
    yield grouped.row("adjusted", measure="p_overall", unit="") | _test(found)


def _compared(grouped: Grouped) -> Compared:
    """Fit the model, with a group that can be compared in the first place.

    Which group is the reference changes no prediction, and a group in which all or none have the
    event has no coefficient against the others.
    """
    fit, group = grouped.fit, grouped.fit.of_members(grouped.group)
    codes = group.cat.codes.to_numpy()
    n, events = counts(fit, codes, people_of(fit) & (codes >= 0), len(grouped.levels))
    able = [not why_not(*both) for both in zip(n, events, strict=True)]
    first = able.index(True) if True in able else 0
    order = [grouped.levels[first], *(s for s in grouped.levels if s != grouped.levels[first])]
    found = compare(fit, group.cat.reorder_categories(order), grouped.column)
    place = [order.index(level) for level in grouped.levels]
    return replace(
        found,
        levels=grouped.levels,
        n=found.n[place],
        events=found.events[place],
        notes=tuple(found.notes[i] for i in place),
    )


def _margins(grouped: Grouped, found: Compared) -> dict[str, Row]:
    """Average the predictions over the model's people, with everyone set to each group."""
    results = found.results
    assert results is not None
    index = results.fittedvalues.index
    present = [level for level, kept in zip(found.levels, found.estimable, strict=True) if kept]
    settings = {}
    for level in present:
        alike = pd.Series(pd.Categorical([level] * len(index), present), index=index)
        columns = dummies(alike, grouped.column)
        columns[f"{grouped.column}[{present[0]}]"] = float(level == present[0])
        x = pd.concat([columns, found.fit.covariates.loc[index]], axis=1)
        x[INTERCEPT] = 1.0
        settings[level] = x[list(results.params.index)]
    domain = found.fit.response.domain
    margins = margins_of_matrices(results, domain, settings, covariates="joint")
    errors = np.sqrt(np.diag(margins.covariance.to_numpy()))
    return {
        level: _interval(value, error, results.df_resid, binary=results.n_events is not None)
        for level, value, error in zip(present, margins.params, errors, strict=True)
    }


def _interval(value: float, error: float, df: float, *, binary: bool) -> Row:
    """Give a margin its interval: of a prevalence on the logit scale, as of crude ones."""
    quantile = stats.t.ppf((1 + CONFIDENCE) / 2, df) if df > 0 else np.nan
    if binary:
        around = quantile * error / (value * (1 - value))
        low, high = expit(logit(value) - around), expit(logit(value) + around)
    else:
        low, high = value - quantile * error, value + quantile * error
    return {
        "estimate": value, "std_error": error, "conf_low": low, "conf_high": high, "df": df,
    }  # fmt: skip


def _test(found: Compared) -> Row:
    """Test that all groups are alike beside the covariates (Wald)."""
    if found.results is None:
        return {"note": next((note for note in found.notes if note), "nobody")}
    row: Row = {"n": found.results.nobs}
    if found.results.n_events is not None:
        row["events"] = found.results.n_events
    names = [f"{found.column}[{level}]" for level in found.levels]
    tested = [name for name in names if name in found.results.params.index]
    if not tested:
        return row | {"note": "fewer than two groups can be compared"}
    return row | wald_row(found.results, tested)
