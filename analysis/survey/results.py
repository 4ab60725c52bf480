"""Coefficients of a model under a complex design: tests, intervals, linear combinations."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import InputError
from analysis.survey.derived import DerivedEstimates, contrast_matrix, linear_combination
from analysis.survey.estimation import Estimator, Fit
from analysis.survey.formula import Matrices
from analysis.survey.intervals import critical_t
from analysis.survey.printed import (
    NOTHING,
    WIDTH,
    cell,
    counted,
    degrees,
    on_degrees,
    p_value,
    plural,
    statistic,
    wrapped,
)

DFRule = Literal["design", "residual"]


@dataclass(frozen=True, repr=False)
class WaldTest:
    """A Wald test: F = W / q on q and `df_denom` degrees of freedom, as R's `regTermTest`."""

    statistic: float
    df_num: int
    df_denom: float
    pvalue: float

    def __repr__(self) -> str:
        return (
            f"Wald test: F = {statistic(self.statistic, self.df_denom)} "
            f"{on_degrees(self.df_num, self.df_denom)}, {p_value(self.pvalue)}"
        )


def wald_statistic(value: np.ndarray, spread: np.ndarray, remedy: str) -> float:
    """Give the squared length of `value` under the inverse of its covariance.

    Parameters
    ----------
    value : ndarray, shape (q,)
    spread : ndarray, shape (q, q)
    remedy : str
        What to do where they cannot be tested together.

    Raises
    ------
    InputError
        If the covariance is singular.
    """
    scale = np.sqrt(np.maximum(np.diag(spread), 0.0))
    if (scale > 0).all():
        correlation = spread / np.outer(scale, scale)
        if np.linalg.matrix_rank(correlation) == len(value):
            scaled = value / scale
            return float(scaled @ np.linalg.solve(correlation, scaled))
    raise InputError(
        f"{len(value)} contrasts cannot be tested together: their covariance is singular",
        remedy=remedy,
    )


@dataclass(frozen=True, eq=False)
class Source:
    """What a model was fitted to, for whatever is asked of it later.

    Attributes
    ----------
    design : Design
        The domain.
    matrices : Matrices
    estimator : Estimator
    fit : Fit
    """

    design: Any
    matrices: Matrices
    estimator: Estimator
    fit: Fit


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ModelResults:
    """A model fitted to a sample, speaking as statsmodels' results do.

    As of statsmodels' own, two are equal only if they are the same object.

    Attributes
    ----------
    params : Series, shape (k,)
    covariance : DataFrame, shape (k, k)
        Taylor-linearised, or from replicate weights; also ``cov_params()``.
    df_design : int
        PSUs minus strata among the rows used; the design's own count with replicate weights.
    df_rule : {"design", "residual"}
        Which degrees of freedom the t and F statistics have: `df_design`, or `df_design` less
        the coefficients but one, as R's ``svyglm`` has.
    nobs : int
        Rows used: in the domain, of positive weight, nothing missing.
    n_missing : int
        Rows of positive weight in the domain that a missing value puts outside it.
    n_psus, n_strata : int
        Those with a row used. Where replicate weights came with the sample every row is a PSU.
    replicates : str
        Number and method of the replicate weights; empty under linearisation.
    terms : dict of str to list of str
        Coefficients of each term.
    converged : bool
        Always true: a fit that does not converge is an `InputError`.
    source : Source or None
        What it was fitted to; None where it was not kept (see `Design.many`).
    """

    params: pd.Series
    covariance: pd.DataFrame
    outcome: str
    lonely_psu: str
    df_rule: DFRule
    df_design: int
    n_psus: int
    n_strata: int
    nobs: int
    n_missing: int
    weight_sum: float
    iterations: int
    terms: dict[str, list[str]] = field(default_factory=dict)
    converged: bool = True
    replicates: str = ""
    source: Source | None = None

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        raise NotImplementedError

    @property
    def effect_measure(self) -> str:
        """What coefficients measure, exponentiated where that is how they are read."""
        raise NotImplementedError

    @property
    def exponentiated(self) -> bool:
        """Whether `effect_measure` is of exponentiated coefficients."""
        return True

    @property
    def counted(self) -> str:
        """The rows used, in words."""
        return counted(self.nobs, "row")

    @property
    def df_taken(self) -> tuple[int, str]:
        """Degrees of freedom that coefficients take under the residual rule, and their words."""
        return len(self.params) - 1, "(coefficients - 1)"

    @property
    def notes(self) -> tuple[str, ...]:
        """What to beware of in this model, in sentences; `summary` lists them."""
        found = []
        undefined = 0 if self.source is None else self.source.matrices.n_undefined
        if undefined:
            found.append(
                f"Of {counted(undefined, 'row')} that {'lack' if undefined > 1 else 'lacks'} "
                "nothing an expression of the formula has no value, such as the logarithm of a "
                "negative number: left out as missing."
            )
        if self.df_resid <= 0:
            lacking = "standard errors, " if self.df_design <= 0 else ""
            found.append(
                f"No degrees of freedom are left: there are no {lacking}intervals or p values."
            )
        elif len(self.params) > self.df_design:
            found.append(
                f"{len(self.params)} coefficients on {self.df_design} degrees of freedom of the "
                f"design: no more than {self.df_design} contrasts can be tested together, and "
                "standard errors are rough."
            )
        return tuple(found)

    @property
    def df_resid(self) -> int:
        """Degrees of freedom of t and F statistics under `df_rule`."""
        return self.df_design - (self.df_taken[0] if self.df_rule == "residual" else 0)

    @property
    def bse(self) -> pd.Series:
        """Standard errors, shape (k,)."""
        squares = np.maximum(np.diag(self.covariance), 0.0)  # not below it by rounding
        return pd.Series(np.sqrt(squares), index=self.params.index)

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors, shape (k,)."""
        return self.params / self.bse

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p values on `df_resid` degrees of freedom; NaN where these are not positive."""
        return pd.Series(_two_sided(self.tvalues, self.df_resid), index=self.params.index)

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of the coefficients, shape (k, k)."""
        return self.covariance.copy()

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return t intervals, shape (k, 2), columns 0 and 1.

        Parameters
        ----------
        alpha : float, default 0.05
            One minus the level of confidence.

        Raises
        ------
        InputError
            If it is not between 0 and 1.
        """
        half = critical_t(self.df_resid, alpha) * self.bse
        return pd.DataFrame({0: self.params - half, 1: self.params + half})

    def effects(self, alpha: float = 0.05) -> pd.DataFrame:
        """Give `effect_measure` of the coefficients, with t intervals and tests.

        Parameters
        ----------
        alpha : float, default 0.05

        Returns
        -------
        DataFrame, shape (q, 6)
            As `DerivedEstimates.table`: ``estimate``, ``conf_low`` and ``conf_high`` are
            exponentiated if `exponentiated`, the other columns are the coefficient's. A row a
            coefficient, but thresholds of an ordinal model are no effects. Of the intercept it is
            the odds, risk, rate or mean where all columns are 0.
        """
        names = self._measured()
        covariance = self.covariance.loc[names, names]
        estimates = DerivedEstimates(self.params[names], covariance, self.df_resid)
        return estimates.table(alpha, exponentiate=self.exponentiated)

    def linear_combination(
        self, contrasts: pd.DataFrame | np.ndarray | Sequence, alpha: float = 0.05
    ) -> pd.DataFrame:
        """Estimate linear combinations of the coefficients.

        Parameters
        ----------
        contrasts : mapping, DataFrame or array
            See `derived.contrast_matrix`. A DataFrame's columns are coefficients by name (those
            not named are 0), and its index becomes the result's.
        alpha : float, default 0.05

        Returns
        -------
        DataFrame, shape (q, 6)
            ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, ``statistic``, ``p_value``:
            the table of `derived.linear_combination`, which keeps the covariance besides.
        """
        return linear_combination(self, contrasts).table(alpha)

    def wald_test(self, what: str | Sequence | np.ndarray | pd.DataFrame) -> WaldTest:
        """Test that coefficients, or linear combinations of them, are all zero.

        Parameters
        ----------
        what : str, list of str, or array of shape (q, k)
            A term of the formula, a column, several of either, or contrasts.

        Returns
        -------
        WaldTest
            As R's ``regTermTest(method="Wald")`` on `df_resid` degrees of freedom.

        Raises
        ------
        InputError
            If a name is unknown or the covariance of the contrasts is singular (as it must be
            with more contrasts than degrees of freedom).
        """
        matrix = self._selection(what)
        value = matrix @ self.params.to_numpy()
        spread = matrix @ self.covariance.to_numpy() @ matrix.T
        remedy = f"The design has {self.df_design} degrees of freedom; test fewer at once."
        statistic, q = wald_statistic(value, spread, remedy) / len(value), len(value)
        pvalue = float(stats.f.sf(statistic, q, self.df_resid)) if self.df_resid > 0 else np.nan
        return WaldTest(statistic, q, float(self.df_resid), pvalue)

    def summary(self, alpha: float = 0.05) -> str:
        """Describe the model in a table of at most 80 columns, with its `notes`."""
        interval = self.conf_int(alpha)
        blocks = self._blocks()
        labels = [label for _, block in blocks for label in block]
        width = min(22, max(12, *map(len, labels)))
        level = f"[{100 * (1 - alpha):g}% CI]"
        lines = [
            f"Survey-weighted {self.kind} of {self.outcome}"[:WIDTH],
            f"{self.counted}; {self.n_missing:,} more with missing values",
            *self._precision(),
            *self._remarks(),
            *wrapped(
                f"Coefficients are {'log ' * self.exponentiated}{plural(self.effect_measure)}"
            ),
            "",
            f"{'':<{width}} {'coef':>10} {'std err':>9} {'t':>7} {'p':>6} {level:>20}",
        ]
        for title, block in blocks:
            lines += textwrap.wrap(title, WIDTH)
            for label, name in block.items():
                if len(label) > width:  # what is cut off would be the level, or tell two apart
                    lines += textwrap.wrap(label, WIDTH)
                    label = ""
                cells = self._cells(name, *interval.loc[name])
                lines.append(f"{label:<{width}} {cells}")
        notes = [line for note in self.notes for line in wrapped(f"Note: {note}")]
        return "\n".join([*lines, *([""] if notes else []), *notes])

    def __repr__(self) -> str:
        return self.summary()

    def _precision(self) -> list[str]:
        """Say what the standard errors are of, and on how many degrees of freedom."""
        rule = "rank of replicates - 1" if self.replicates else "PSUs - strata"
        rule += f" - {self.df_taken[1]}" if self.df_rule == "residual" else ""
        df = f"egrees of freedom {degrees(self.df_resid, none='none')} ({rule})"
        if self.replicates:
            return [*wrapped(f"D{df}"), f"Standard errors from {self.replicates}"]
        units = f"{counted(self.n_psus, 'PSU')} in {counted(self.n_strata, 'stratum', 'strata')}"
        errors = f"Taylor-linearised standard errors; single-PSU strata: {self.lonely_psu}"
        return [*wrapped(f"{units}; d{df}"), errors]

    def _cells(self, name: str, low: float, high: float) -> str:
        """Write a coefficient's numbers, with dashes for those that mean nothing.

        On no degrees of freedom of the design standard errors are 0 but for rounding.
        """
        spread, t, p = self.bse[name], self.tvalues[name], self.pvalues[name]
        if self.df_design <= 0:
            spread = t = np.nan
        small = NOTHING if np.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"
        return (
            f"{self.params[name]:>10.4g} {cell(spread, '.4g'):>9} "
            f"{cell(t, '.2f' if abs(t) < 1000 else '.0e'):>7} {small:>6} "
            f"{cell(low, '.4g'):>10} {cell(high, '.4g'):>9}"
        )

    def _measured(self) -> list[str]:
        """Name the coefficients that are effects."""
        return list(self.params.index)

    def _remarks(self) -> list[str]:
        """Give what else the summary says at its head."""
        return []

    def _blocks(self) -> list[tuple[str, dict[str, str]]]:
        """Give the summary's blocks: a title, and coefficients by what they are called there."""
        return [("", {name: name for name in self.params.index})]

    def _selection(self, what: Any) -> np.ndarray:
        if isinstance(what, str):
            what = [what]
        if not (isinstance(what, list | tuple) and what and all(isinstance(x, str) for x in what)):
            return contrast_matrix(self, what)[0]
        columns: list[str] = []
        for name in what:
            found = self.terms.get(name, [name])
            if not set(found) <= set(self.params.index):
                known = ", ".join(dict.fromkeys([*self.terms, *self.params.index]))
                raise InputError(f"the model has no term or column '{name}'", remedy=f"Of: {known}")
            columns += [column for column in found if column not in columns]
        return (self.params.index.to_numpy() == np.array(columns, dtype=object)[:, None]) * 1.0


def _two_sided(statistic: Any, df: float) -> np.ndarray:
    if df <= 0:
        return np.full(np.shape(statistic), np.nan)
    return 2 * stats.t.sf(np.abs(np.asarray(statistic, dtype=float)), df)
