"""Tests of location: t tests, and rank tests of two or more groups.

References
----------
Lumley T, Scott AJ (2013). Two-sample rank tests under complex sampling. Biometrika 100:831-842.
Lumley T (2010). Complex Surveys: A Guide to Analysis Using R. Wiley, section 2.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import InputError
from analysis.survey.estimation import Fit
from analysis.survey.intervals import critical_t
from analysis.survey.modelled import Modelled
from analysis.survey.options import number, stated_df
from analysis.survey.printed import counted, on_degrees, p_value, statistic, table, wrapped
from analysis.survey.results import DFRule, wald_statistic
from analysis.survey.sample import Sample
from analysis.survey.tables import Table, cross_tabulate

RankScore = Literal["wilcoxon", "vanderWaerden", "median", "KruskalWallis"]
"""What becomes of a rank, by its name in R's ``svyranktest``."""


@dataclass(frozen=True, repr=False, eq=False)
class TTest:
    """A design-based t test of a mean, or of the difference of two.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high : float
        The mean; or that of the second group less that of the first.
    statistic : float
        ``(estimate - null) / std_error``.
    df : float
    pvalue : float
        Two-sided; NaN without degrees of freedom.
    null : float
    groups : DataFrame
        By group (one without groups): ``n``, rows of positive weight used, and ``mean``.
    n_missing : int
        Rows of positive weight in the domain that a missing value puts outside it.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    statistic: float
    df: float
    pvalue: float
    null: float
    groups: pd.DataFrame
    n_missing: int

    def __repr__(self) -> str:
        names = list(map(str, self.groups.index))
        what = f"mean of {names[1]} less that of {names[0]}" if len(names) > 1 else "mean"
        interval = f", interval {self.conf_low:.4g} to {self.conf_high:.4g}" if self.df > 0 else ""
        lines = [
            f"t test of {what} = {self.null:g}: t = {statistic(self.statistic, self.df)} "
            f"{on_degrees(self.df)}, {p_value(self.pvalue)}",
            f"Estimate {self.estimate:.4g}, standard error "
            f"{statistic(self.std_error, self.df)}{interval}",
        ]
        return _printed(lines, self.groups, self.n_missing)


@dataclass(frozen=True, repr=False, eq=False)
class RankTest:
    """A design-based rank test of two or more groups.

    Attributes
    ----------
    statistic : float
        t for two groups; for more the Wald statistic over their number less one, an F.
    df_num, df_denom : float
        Of F; those of t are 1 and `df_denom`.
    pvalue : float
        Two-sided for t; NaN without degrees of freedom.
    estimate, std_error : float
        For two groups the difference in mean rank score, second less first; else NaN.
    test : str
        What became of the ranks.
    groups : DataFrame
        By group: ``n``, rows of positive weight used, and ``mean_score``.
    n_missing : int
    """

    statistic: float
    df_num: float
    df_denom: float
    pvalue: float
    estimate: float
    std_error: float
    test: str
    groups: pd.DataFrame
    n_missing: int

    def __repr__(self) -> str:
        two = len(self.groups) == 2
        df = (self.df_denom,) if two else (self.df_num, self.df_denom)
        lines = [
            f"Rank test ({self.test}) of {len(self.groups)} groups: {'t' if two else 'F'} = "
            f"{statistic(self.statistic, self.df_denom)} {on_degrees(*df)}, {p_value(self.pvalue)}"
        ]
        if two:
            first, second = map(str, self.groups.index)
            lines.append(
                f"Mean score of {second} less that of {first}: {self.estimate:.4g}, standard error "
                f"{statistic(self.std_error, self.df_denom)}"
            )
        return _printed(lines, self.groups, self.n_missing)


@dataclass(frozen=True)
class GroupMeans:
    """Means of fixed values by group, as a sum of influence functions: an `Estimator`.

    Parameters
    ----------
    values : array, shape (m,)
    codes : int array, shape (m,)
        Group of each row.
    names : list of k str
    """

    values: np.ndarray
    codes: np.ndarray
    names: list[str]

    def fit(self, weights: np.ndarray) -> Fit:
        """Estimate under weights, shape (m,)."""
        sizes = np.bincount(self.codes, weights, minlength=len(self.names))
        means = np.bincount(self.codes, weights * self.values, minlength=len(self.names)) / sizes
        scores = (weights[:, None] * self._influence(means)) / sizes
        return Fit(means, scores, np.eye(len(means)), np.empty(0), 1)

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Weight the influence functions anew: the ranks, and what they were, stay (as in R)."""
        sizes = np.bincount(self.codes, weights, minlength=len(self.names))
        influence = self._influence(params) / sizes
        return np.concatenate([params + block.T @ influence for block in replicates])

    def _influence(self, means: np.ndarray) -> np.ndarray:
        inside = self.codes[:, None] == np.arange(len(self.names))
        return np.where(inside, self.values[:, None] - means, 0.0)


def _printed(lines: list[str], groups: pd.DataFrame, n_missing: int) -> str:
    rows = f"{counted(int(groups['n'].sum()), 'row')}; {n_missing:,} more with missing values"
    lines = [line for each in (*lines, rows) for line in wrapped(each)]
    return "\n".join([*lines, table(groups)])


def t_test(
    sample: Modelled, y: Any, by: Any, *, null: float, paired: Any, df: DFRule | float, alpha: float
) -> TTest:
    """Test a mean or the difference of two; parameters as for `Design.t_test`."""
    null = number(null, "null")
    name, values = sample._numbers(y)
    if paired is not None:
        if by is not None:
            raise InputError(
                "a t test is of pairs or of groups, not of both",
                remedy="Give the difference of the pairs as values, and the groups.",
            )
        other, subtracted = sample._numbers(paired)
        name, values = f"{name} - {other}", values - subtracted
    columns = {"mean": np.ones(len(sample.frame))}
    labels = ["all"]
    if by is not None:
        table = _grouped(sample, by, name, values)
        if len(table.levels[0]) != 2:
            raise InputError(
                f"a t test compares two groups; '{table.names[0]}' has {len(table.levels[0])} in "
                f"the domain: {_listed(table.levels[0])}",
                remedy="Choose two with where(), or use glm() and wald_test().",
            )
        labels = list(table.levels[0])
        groups = sample._labels(by)
        second = (groups == labels[1]).to_numpy(dtype=bool, na_value=False)
        columns["difference"] = np.where(groups.isna(), np.nan, second)
    series = pd.Series(values, index=sample.frame.index, name=name)
    model = sample.fit(series, pd.DataFrame(columns, index=sample.frame.index))
    estimate, std_error = float(model.params.iloc[-1]), float(model.bse.iloc[-1])
    used = values[model.source.matrices.rows] if model.source else values
    if (used == used[0]).all():  # exactly, not but for rounding
        estimate, std_error = float(used[0]) if by is None else 0.0, 0.0
    degrees = _degrees(model.df_design, df, len(labels) - 1)
    means = model.params.iloc[0] + np.array([0.0, estimate])[: len(labels)]
    upper = model.source.matrices.x[:, -1] == 1 if model.source else np.empty(0)
    n = [len(upper) - int(upper.sum()), int(upper.sum())] if by is not None else [model.nobs]
    half = critical_t(degrees, alpha) * std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = float(np.divide(estimate - null, std_error))
    return TTest(
        estimate=estimate,
        std_error=std_error,
        conf_low=float(estimate - half),
        conf_high=float(estimate + half),
        statistic=statistic,
        df=degrees,
        pvalue=float(2 * stats.t.sf(abs(statistic), degrees)) if degrees > 0 else math.nan,
        null=null,
        groups=pd.DataFrame({"n": n, "mean": means}, index=labels),
        n_missing=model.n_missing,
    )


def rank_test(sample: Sample, y: Any, by: Any, test: RankScore, df: DFRule | float) -> RankTest:
    """Compare groups by the ranks of a value; parameters as for `Design.rank_test`."""
    if test not in get_args(RankScore):
        choices = ", ".join(get_args(RankScore))
        raise InputError(f"unknown rank test '{test}'", remedy=f"Choose from {choices}.")
    name, values = sample._numbers(y)
    table = _grouped(sample, by, name, values)
    levels, rows = table.levels[0], table.rows
    if len(levels) < 2:
        raise InputError(
            f"every row of the domain has the same value of '{table.names[0]}', {levels[0]}: "
            "there is nothing to compare"
        )
    score = rank_scores(values[rows], sample.weights[rows], test)
    estimator = GroupMeans(score, table.codes, list(map(str, levels)))
    fit = estimator.fit(sample.weights[rows])
    covariance = sample._covariance_of(fit, estimator, rows, table.present)
    q = len(levels) - 1
    contrasts = np.hstack([-np.ones((q, 1)), np.eye(q)])
    differences, spread = contrasts @ fit.params, contrasts @ covariance @ contrasts.T
    degrees = _degrees(sample._df(rows), df, q)
    return RankTest(
        **_test_of(differences, spread, degrees),
        df_num=float(q),
        df_denom=degrees,
        test=test,
        groups=_groups_of(table, fit.params),
        n_missing=len(sample.rows) - len(rows),
    )


def rank_scores(values: np.ndarray, weights: np.ndarray, test: RankScore) -> np.ndarray:
    """Estimate the rank of each value in the population, and give it its score.

    Parameters
    ----------
    values, weights : array, shape (m,)
        Weights are positive.
    test : str
        As for `Design.rank_test`.

    Returns
    -------
    array, shape (m,)

    Notes
    -----
    The rank of a row is the weight below it and half of that of the rows tied with it, itself
    among them, so that neither the order of tied rows nor splitting one in two changes anything.
    R takes the plain mean, over the ties, of the weights up to the middle of each in the order of
    the rows, which is the same where tied rows weigh the same.
    """
    _, tied = np.unique(values, return_inverse=True)
    sizes = np.bincount(tied, weights)
    ranks = (np.cumsum(sizes) - sizes / 2)[tied] / sizes.sum()
    if test == "vanderWaerden":
        return np.asarray(stats.norm.ppf(ranks))
    return (ranks > 0.5) * 1.0 if test == "median" else ranks


def _grouped(sample: Sample, by: Any, name: str, values: np.ndarray) -> Table:
    lacking = np.isnan(values)
    if lacking[sample._some_rows()].all():
        raise InputError(f"every row of the domain lacks a value of '{name}'")
    return cross_tabulate(sample.where(np.logical_not(lacking)), [by])


def _test_of(differences: np.ndarray, spread: np.ndarray, degrees: float) -> dict[str, float]:
    if len(differences) == 1:
        estimate, std_error = float(differences[0]), float(np.sqrt(spread[0, 0]))
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = float(np.divide(estimate, std_error))
        pvalue = float(2 * stats.t.sf(abs(statistic), degrees)) if degrees > 0 else math.nan
        found = {"estimate": estimate, "std_error": std_error}
    else:
        remedy = "Merge groups, or choose some with where()."
        statistic = wald_statistic(differences, spread, remedy) / len(differences)
        pvalue = (
            float(stats.f.sf(statistic, len(differences), degrees)) if degrees > 0 else math.nan
        )
        found = {"estimate": math.nan, "std_error": math.nan}
    return found | {"statistic": statistic, "pvalue": pvalue}


def _groups_of(table: Table, means: np.ndarray) -> pd.DataFrame:
    n = np.bincount(table.codes, minlength=len(means))
    return pd.DataFrame({"n": n, "mean_score": means}, index=table.levels[0])


def _degrees(design: int, rule: DFRule | float, fewer: int) -> float:
    if isinstance(rule, str):
        if rule not in get_args(DFRule):
            raise InputError(f"unknown rule '{rule}' of degrees of freedom: design or residual")
        return float(design - (fewer if rule == "residual" else 0))
    return stated_df(rule)


def _listed(levels: pd.Index) -> str:
    named = ", ".join(map(str, levels[:5]))
    return named + (", ..." if len(levels) > 5 else "")
