r"""How well a generalised linear model fits: Archer and Lemeshow's test, pseudo R squared.

References
----------
Archer KJ, Lemeshow S (2006). Goodness-of-fit test for a logistic regression model fitted using
survey sample data. Stata Journal 6:97-105.
Archer KJ, Lemeshow S, Hosmer DW (2007). Goodness-of-fit tests for logistic regression models when
data are collected using a complex sampling design. Computational Statistics & Data Analysis
51:4450-4464.
Cameron AC, Windmeijer FAG (1997). An R-squared measure of goodness of fit for some common nonlinear
regression models. Journal of Econometrics 77:329-342.
Cox DR, Snell EJ (1989). Analysis of Binary Data, 2nd ed. Chapman & Hall.
McFadden D (1974). Conditional logit analysis of qualitative choice behavior. In: Zarembka P (ed.),
Frontiers in Econometrics. Academic Press, 105-142.
Nagelkerke NJD (1991). A note on a general definition of the coefficient of determination.
Biometrika 78:691-692.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
import pandas as pd
from scipy import special, stats
from statsmodels.genmod import families

from analysis.errors import InputError
from analysis.survey.estimation import Fit
from analysis.survey.printed import p_value, table, wrapped
from analysis.survey.regression import RegressionResults
from analysis.survey.results import wald_statistic
from analysis.survey.working import Working, working

TIED = 1e-10
"""Predicted means that differ by less than this part of their size are those of one pattern of
covariates, rounded differently."""
TIED_OF_LARGEST = 1e-14
"""The same for means near 0, relative to the largest."""
CLOSE = 2 / 3
"""Groups to a degree of freedom above which the test rejects too often: in simulations at the 5%
level with 15 degrees of freedom, 10 groups rejected some 5% of true models, 15 a quarter."""
ON_THE_CUT = 1e-10
"""A share of the weights this near to a cut between groups, in groups, lies on it."""


@dataclass(frozen=True, eq=False, repr=False)
class GoodnessOfFit:
    """The F-adjusted mean residual test.

    Attributes
    ----------
    statistic : float
        F.
    df_num : int
        Groups less one.
    df_denom : int
        The design's degrees of freedom less the groups, plus two.
    pvalue : float
        Small where mean residuals differ from 0 by more than sampling explains.
    table : DataFrame
        A row a group: ``low`` and ``high`` (smallest and largest predicted mean), ``n`` (rows),
        ``weight`` (share of the sum of weights), ``observed`` and ``expected`` (weighted means of
        the outcome and of the predictions), ``residual`` (their difference) and its ``std_error``.
    notes : tuple of str
        What makes the test doubtful.
    """

    statistic: float
    df_num: int
    df_denom: int
    pvalue: float
    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [
            f"Archer-Lemeshow F({self.df_num}, {self.df_denom}) = {self.statistic:.3f}, "
            f"{p_value(self.pvalue)}",
            table(self.table),
            *(line for note in self.notes for line in wrapped(note)),
        ]
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class PseudoRSquared:
    """Measures of how much better a model fits than the mean alone; NaN where not defined.

    Attributes
    ----------
    deviance : float
        Part of the null deviance that the model explains (Cameron & Windmeijer 1997): the
        weighted R squared of a gaussian model with the identity link.
    cox_snell : float
        Binomial and Poisson; R's ``psrsq(method="Cox-Snell")``.
    nagelkerke : float
        `cox_snell` over the most that it can be; R's ``psrsq(method="Nagelkerke")``.
    mcfadden : float
        One minus the ratio of the log pseudo-likelihoods (binomial and Poisson): Stata's
        ``Pseudo R2``. Of a binary outcome the same as `deviance`.
    """

    deviance: float
    cox_snell: float
    nagelkerke: float
    mcfadden: float

    @property
    def said(self) -> str:
        """Those that are defined, in words."""
        measures = {
            "deviance explained": self.deviance,
            "Cox-Snell": self.cox_snell,
            "Nagelkerke": self.nagelkerke,
            "McFadden": self.mcfadden,
        }
        return ", ".join(f"{n} {value:.3g}" for n, value in measures.items() if np.isfinite(value))

    def __repr__(self) -> str:
        return "\n".join(wrapped(f"R squared: {self.said}"))


def archer_lemeshow(model: RegressionResults, groups: int = 10) -> GoodnessOfFit:
    r"""Test whether residuals have mean zero in groups of rows by predicted mean.

    With g groups, :math:`\bar r` the weighted mean residuals :math:`y - \hat\mu` in them, V their
    design covariance and d the design's degrees of freedom,

    .. math:: F = \frac{d - g + 2}{d g}\, \bar r' V^{-1} \bar r

    on g - 1 and d - g + 2 degrees of freedom (Archer & Lemeshow 2006).

    Parameters
    ----------
    model : RegressionResults
        Of any family and link; the test was studied for binary outcomes.
    groups : int, default 10
        Groups of equal weight, "deciles of risk".

    Returns
    -------
    GoodnessOfFit

    Raises
    ------
    InputError
        If fewer than two groups come out, one of them has a mean residual without a standard error
        (a single row), or their covariance is singular, as it is with more groups than the design
        has degrees of freedom.

    Notes
    -----
    As Stata's ``estat gof`` after ``svy: logit`` (the command ``svylogitgof`` before it). Group j
    ends at the smallest predicted mean at or below which at least the part j/g of the weights
    lies; rows of one predicted mean are never parted, so that fewer groups may come out: g is then
    their number. V takes residuals as given, so that means that add up to nothing do not make it
    singular. The nearer g comes to d the more often true models are rejected, and groups without
    an event have standard errors that are too small: `GoodnessOfFit.notes` tells. In R: ``svyglm``
    of the residuals on the groups; its ``regTermTest`` compares the groups with each other, not
    with 0.
    """
    if not isinstance(groups, Integral) or groups < 2:
        raise InputError(f"a test of fit needs at least 2 groups, not {groups!r}")
    parts = working(model)
    number, members = _groups(parts.mean, parts.weights, groups)
    if number < 2:
        raise InputError("every row has the same predicted mean: there are no groups to compare")
    residual = parts.y - parts.mean
    means = GroupMeans(residual, members, number)
    matrices, design = parts.source.matrices, parts.source.design
    fit = means.fit(design.weights[matrices.rows])
    covariance = design._covariance_of(fit, means, matrices.rows, matrices.present)
    df = model.df_design
    remedy = f"The design has {df} degrees of freedom: ask for fewer groups."
    if number > df:
        raise InputError(
            f"{number} groups cannot be tested together: their covariance is singular",
            remedy=remedy,
        )
    certain = np.flatnonzero(~(np.diag(covariance) > 0))
    if len(certain):
        rows = int((members == certain[0]).sum())
        raise InputError(
            f"the mean residual of group {certain[0] + 1} ({rows:,} rows) has no standard error",
            remedy="Ask for fewer groups: its residuals do not vary between sampling units.",
        )
    wald = wald_statistic(fit.params, covariance, remedy)
    below = df - number + 2
    statistic = below / (df * number) * wald
    table = _table(parts, number, members, np.sqrt(np.diag(covariance)))
    return GoodnessOfFit(
        statistic=statistic,
        df_num=number - 1,
        df_denom=below,
        pvalue=float(stats.f.sf(statistic, number - 1, below)),
        table=table,
        notes=_doubts(parts, table, df),
    )


def pseudo_r_squared(model: RegressionResults) -> PseudoRSquared:
    r"""Measure how much better the model fits than one with an intercept only.

    With weighted deviances D of the model and :math:`D_0` of the mean alone, N the sum of weights
    and log pseudo-likelihoods l, these are :math:`1 - D/D_0`,
    :math:`R = 1 - \exp\{(D - D_0)/N\}`, :math:`R / \{1 - \exp(-D_0/N)\}` and :math:`1 - l/l_0`.

    Parameters
    ----------
    model : RegressionResults

    Returns
    -------
    PseudoRSquared

    Notes
    -----
    The scale of the weights cancels, so that those that add up to the population and those with
    mean 1 give the same. The model with an intercept only has the same offset. Where no combination
    of the columns is constant, it is the model without any column, as R has it; R asks for the
    formula's intercept instead, so that ``y ~ 0 + group`` differs.
    """
    parts = working(model)
    family, total = parts.estimator.family, parts.weights.sum()
    unexplained = parts.response.deviance(parts.eta, parts.weights) / total
    null = parts.response.deviance(_null_predictor(parts), parts.weights) / total
    deviance = float(1 - unexplained / null)
    if not isinstance(family, families.Binomial | families.Poisson):
        return PseudoRSquared(deviance, np.nan, np.nan, np.nan)
    cox_snell = float(-np.expm1(unexplained - null))
    saturated = _saturated(parts) / total
    return PseudoRSquared(
        deviance=deviance,
        cox_snell=cox_snell,
        nagelkerke=float(cox_snell / -np.expm1(-null)),
        mcfadden=float(1 - (saturated - unexplained / 2) / (saturated - null / 2)),
    )


@dataclass(frozen=True)
class GroupMeans:
    """Weighted means of values in groups of the rows: an `Estimator`.

    Parameters
    ----------
    values : array, shape (m,)
    members : int array, shape (m,)
        Group of each row, from 0.
    number : int
        Groups, each with a row.
    """

    values: np.ndarray
    members: np.ndarray
    number: int

    @property
    def names(self) -> list[str]:
        """Groups, from 1."""
        return list(map(str, range(1, self.number + 1)))

    def fit(self, weights: np.ndarray) -> Fit:
        """Take the means."""
        indicator = np.eye(self.number)[self.members]
        sums = weights @ indicator
        means = (weights * self.values) @ indicator / sums
        deviations = indicator * (self.values - means[self.members])[:, None]
        return Fit(means, deviations * weights[:, None], np.diag(1 / sums), np.empty(0), 0)

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Take the means under each set of weights; NaN where one leaves a group empty."""
        indicator = np.eye(self.number)[self.members]
        values = indicator * self.values[:, None]
        with np.errstate(invalid="ignore"):
            return np.concatenate([(b.T @ values) / (b.T @ indicator) for b in replicates])


def _groups(mean: np.ndarray, weights: np.ndarray, groups: int) -> tuple[int, np.ndarray]:
    """Give the number of groups and each row's, from 0."""
    order = np.argsort(mean, kind="stable")
    ascending = mean[order]
    gap = np.diff(ascending)
    near = np.maximum(TIED * np.abs(ascending[1:]), TIED_OF_LARGEST * np.abs(mean).max())
    pattern = np.concatenate([[0], np.cumsum(gap > near)])
    sums = np.bincount(pattern, weights[order])
    below = (np.cumsum(sums) - sums) / sums.sum()
    group = np.floor(groups * below + ON_THE_CUT)
    found, codes = np.unique(group, return_inverse=True)
    members = np.empty(len(mean), dtype=np.intp)
    members[order] = codes[pattern]
    return len(found), members


def _table(parts: Working, number: int, members: np.ndarray, errors: np.ndarray) -> pd.DataFrame:
    means = pd.Series(parts.mean).groupby(members)
    weight = np.bincount(members, parts.weights)
    observed = np.bincount(members, parts.weights * parts.y) / weight
    expected = np.bincount(members, parts.weights * parts.mean) / weight
    return pd.DataFrame(
        {
            "low": means.min().to_numpy(),
            "high": means.max().to_numpy(),
            "n": np.bincount(members),
            "weight": weight / weight.sum(),
            "observed": observed,
            "expected": expected,
            "residual": observed - expected,
            "std_error": errors,
        },
        index=pd.RangeIndex(1, number + 1, name="group"),
    )


def _doubts(parts: Working, table: pd.DataFrame, df: int) -> tuple[str, ...]:
    found = []
    if len(table) > CLOSE * df:
        found.append(
            f"{len(table)} groups on {df} degrees of freedom: true models are rejected too often."
        )
    if isinstance(parts.estimator.family, families.Binomial):
        same = table.index[table["observed"].isin([0.0, 1.0])]
        if len(same):
            groups = f"group{'s' if len(same) > 1 else ''} {', '.join(map(str, same))}"
            found.append(
                f"All have the same outcome in {groups}: standard errors there are too small."
            )
    return tuple(found)


def _null_predictor(parts: Working) -> np.ndarray:
    """Give the linear predictor without covariates."""
    if not parts.has_constant:
        return parts.offset
    ones = np.ones((len(parts.y), 1))
    alone = replace(parts.estimator, x=ones, names=["Intercept"]).fit(parts.weights)
    return np.asarray(parts.offset + alone.params[0])


def _saturated(parts: Working) -> float:
    """Weighted log likelihood of a model that predicts every outcome: 0 of a binary one."""
    if isinstance(parts.estimator.family, families.Binomial):
        return 0.0
    y = parts.y
    return float(parts.weights @ (special.xlogy(y, y) - y - special.gammaln(y + 1)))
