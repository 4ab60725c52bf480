"""Estimates from several imputed data sets made into one, by Rubin's rules.

The degrees of freedom that the data would have had without a gap are those of the design.

References
----------
Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys. Wiley, section 3.3.
Barnard J, Rubin DB (1999). Small-sample degrees of freedom with multiple imputation. Biometrika
86:948-955.
Li KH, Raghunathan TE, Rubin DB (1991). Large-sample significance levels from multiply imputed data
using moment-based statistics and an F reference distribution. JASA 86:1065-1073.
Reiter JP (2007). Small-sample degrees of freedom for multi-component significance tests with
multiple imputation for missing data. Biometrika 94:502-508.
von Hippel PT (2020). How many imputations do you need? A two-stage calculation using a quadratic
rule. Sociological Methods & Research 49:699-718.
White IR, Royston P, Wood AM (2011). Multiple imputation using chained equations: issues and
guidance for practice. Statistics in Medicine 30:377-399.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special, stats

from analysis.errors import InputError
from analysis.survey.derived import Estimated
from analysis.survey.intervals import critical_t
from analysis.survey.printed import table
from analysis.survey.results import WaldTest

FEWEST = 5
"""Sets at the least (White, Royston & Wood 2011, section 7)."""
REPLICABLE = 0.05
"""Coefficient of variation of a standard error, were everything imputed anew (von Hippel 2020)."""


@dataclass(frozen=True, eq=False, repr=False)
class PooledResults:
    r"""Estimates pooled over imputed sets, speaking as the results of one model do.

    With m sets, the mean :math:`\bar U` of their covariances (`within`) and the covariance B of
    their estimates (`between`), the covariance is :math:`T = \bar U + (1 + 1/m) B`.

    Attributes
    ----------
    params : Series, shape (k,)
        Means over the sets.
    within, between : DataFrame, shape (k, k)
    sets : int
    df_complete : float
        Degrees of freedom had nothing been missing: the design's.
    terms : dict of str to list of str
        Coefficients of each term, for `wald_test`.
    """

    params: pd.Series
    within: pd.DataFrame
    between: pd.DataFrame
    sets: int
    df_complete: float
    terms: dict[str, list[str]] = field(default_factory=dict)

    @property
    def covariance(self) -> pd.DataFrame:
        """Total covariance T, shape (k, k)."""
        return self.within + (1 + 1 / self.sets) * self.between

    @property
    def bse(self) -> pd.Series:
        """Standard errors, shape (k,)."""
        return self._series(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    @property
    def lambda_(self) -> pd.Series:
        """Share of the variance that is due to what is missing, shape (k,)."""
        parts = (1 + 1 / self.sets) * np.diag(self.between)
        with np.errstate(invalid="ignore"):
            return self._series(parts / np.diag(self.covariance))

    @property
    def df_large(self) -> pd.Series:
        """Rubin's (1987) degrees of freedom, with infinitely many in the complete data."""
        with np.errstate(divide="ignore"):
            return (self.sets - 1) / self.lambda_**2

    @property
    def df(self) -> pd.Series:
        """Barnard and Rubin's (1999) degrees of freedom, shape (k,)."""
        if math.isinf(self.df_complete):
            return self.df_large
        if not self.df_complete > 0:
            return self._series(np.full(len(self.params), np.nan))
        observed = _shrunk(self.df_complete) * (1 - self.lambda_)
        return 1 / (1 / self.df_large + 1 / observed)

    @property
    def fmi(self) -> pd.Series:
        r"""Fraction of missing information, shape (k,): :math:`(r + 2/(\nu + 3)) / (1 + r)`.

        As mitools and mice have it, with :math:`\nu` of `df`: on few degrees of freedom of the
        design it is above 0 even where nothing is missing.
        """
        return self._fmi(self.df)

    @property
    def fmi_large(self) -> pd.Series:
        """The same with `df_large`, which is 0 where nothing is missing."""
        return self._fmi(self.df_large)

    @property
    def tvalues(self) -> pd.Series:
        """Estimates over their standard errors, shape (k,)."""
        return self.params / self.bse

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p values on `df` degrees of freedom, shape (k,)."""
        return self._series(2 * stats.t.sf(np.abs(self.tvalues), self.df))

    def cov_params(self) -> pd.DataFrame:
        """Return the total covariance, shape (k, k)."""
        return self.covariance

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
        half = self._series([critical_t(df, alpha) for df in self.df]) * self.bse
        return pd.DataFrame({0: self.params - half, 1: self.params + half})

    def linear_combination(
        self, contrasts: Mapping[str, Mapping[str, float]], alpha: float = 0.05
    ) -> pd.DataFrame:
        """Estimate linear combinations, each with degrees of freedom of its own.

        Parameters
        ----------
        contrasts : mapping of str to mapping
            ``{"label": {"coefficient": 1.0, ...}}``.
        alpha : float, default 0.05

        Returns
        -------
        DataFrame, shape (q, 8)
            As `table`.
        """
        matrix = pd.DataFrame.from_dict(contrasts, orient="index").fillna(0.0)
        self._known(list(matrix.columns))
        matrix = matrix.reindex(columns=self.params.index, fill_value=0.0)
        combined = PooledResults(
            matrix @ self.params,
            matrix @ self.within @ matrix.T,
            matrix @ self.between @ matrix.T,
            self.sets,
            self.df_complete,
        )
        return combined.table(alpha)

    def table(self, alpha: float = 0.05, *, exponentiate: bool = False) -> pd.DataFrame:
        """Give estimates with intervals, tests, degrees of freedom and missing information.

        Parameters
        ----------
        alpha : float, default 0.05
        exponentiate : bool, default False
            Whether ``estimate``, ``conf_low`` and ``conf_high`` are exponentiated.

        Returns
        -------
        DataFrame, shape (k, 8)
            ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, ``statistic``, ``p_value``,
            ``df``, ``fmi``.
        """
        interval = self.conf_int(alpha)
        ends = [self.params, interval[0], interval[1]]
        estimate, low, high = [np.exp(end) for end in ends] if exponentiate else ends
        return pd.DataFrame(
            {
                "estimate": estimate,
                "std_error": self.bse,
                "conf_low": low,
                "conf_high": high,
                "statistic": self.tvalues,
                "p_value": self.pvalues,
                "df": self.df,
                "fmi": self.fmi,
            }
        )

    def wald_test(self, what: str | Sequence[str]) -> WaldTest:
        r"""Test that coefficients are all zero: D1 of Li, Raghunathan and Rubin (1991).

        With q coefficients b, :math:`r = (1 + 1/m) \mathrm{tr}(B \bar U^{-1}) / q` and
        :math:`D_1 = b' \bar U^{-1} b / (q (1 + r))`, held against F on q and Reiter's (2007)
        degrees of freedom; without `df_complete`, or where q (m - 1) is at most 4, on those of Li
        et al. One coefficient is tested by t.

        Parameters
        ----------
        what : str or list of str
            A term, a column, several of either.

        Returns
        -------
        WaldTest

        Raises
        ------
        InputError
            If a name is unknown, or the coefficients' covariance is singular.
        """
        wanted = [what] if isinstance(what, str) else list(what)
        names = list(dict.fromkeys(c for name in wanted for c in self.terms.get(name, [name])))
        self._known(names)
        if len(names) == 1:
            statistic = float(self.tvalues[names[0]] ** 2)
            return WaldTest(statistic, 1, float(self.df[names[0]]), float(self.pvalues[names[0]]))
        value = self.params[names].to_numpy()
        within = self.within.loc[names, names].to_numpy()
        between = self.between.loc[names, names].to_numpy()
        scale = np.sqrt(np.diag(within))
        try:
            factor = linalg.cho_factor(within / np.outer(scale, scale))
        except (linalg.LinAlgError, ValueError):
            raise InputError(
                f"{len(names)} coefficients cannot be tested together: their covariance is "
                "singular",
                remedy=f"The design has {self.df_complete:g} degrees of freedom; test fewer.",
            ) from None
        relative = linalg.cho_solve(factor, between / np.outer(scale, scale))
        q = len(names)
        r = (1 + 1 / self.sets) * float(np.trace(relative)) / q
        distance = float(value / scale @ linalg.cho_solve(factor, value / scale))
        statistic = distance / (q * (1 + r))
        df = _df_joint(q, self.sets, r, self.df_complete)
        return WaldTest(statistic, q, df, float(stats.f.sf(statistic, q, df)))

    def __repr__(self) -> str:
        return f"{table(self.table())}\n(pooled over {self.sets} imputed sets)"

    def _fmi(self, df: pd.Series) -> pd.Series:
        relative = self.lambda_ / (1 - self.lambda_)
        return (relative + 2 / (df + 3)) / (1 + relative)

    def _series(self, values: Any) -> pd.Series:
        return pd.Series(values, index=self.params.index)

    def _known(self, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in self.params.index]
        if unknown:
            known = ", ".join(map(str, [*self.terms, *self.params.index]))
            raise InputError(f"there is no estimate '{unknown[0]}'", remedy=f"Of: {known}")


def pool(results: Sequence[Estimated], *, df: float | None = None) -> PooledResults:
    """Pool the results of one model in several imputed sets.

    Parameters
    ----------
    results : sequence of results
        Each with ``params``, ``covariance`` and ``df_resid``, two at least, of the same names in
        the same order.
    df : float, optional
        Degrees of freedom had nothing been missing; the results' own if not given, infinite for
        Rubin's (1987) rule.

    Returns
    -------
    PooledResults

    Raises
    ------
    InputError
        With fewer than two results, or results of different models.
    """
    if len(results) < 2:
        raise InputError(f"{len(results)} results cannot be pooled", remedy="Impute twice or more.")
    names = results[0].params.index
    if any(not each.params.index.equals(names) for each in results):
        raise InputError("results of different models cannot be pooled: their terms differ")
    estimates = np.array([each.params.to_numpy(float) for each in results])
    covariances = np.array([each.covariance.to_numpy(float) for each in results])
    between = np.atleast_2d(np.cov(estimates, rowvar=False))
    return PooledResults(
        params=pd.Series(estimates.mean(axis=0), index=names),
        within=pd.DataFrame(covariances.mean(axis=0), names, names),
        between=pd.DataFrame(between, names, names),
        sets=len(results),
        df_complete=float(min(each.df_resid for each in results) if df is None else df),
        terms=dict(getattr(results[0], "terms", {})),
    )


def sets_needed(fmi: float, pilot: int, *, variation: float = REPLICABLE) -> int:
    r"""Say how many imputed sets make standard errors replicable.

    The largest of three: von Hippel's (2020) :math:`1 + \frac12 (\gamma / c)^2`, with c the
    coefficient of variation that a standard error may have and :math:`\gamma` the upper 95% limit
    of the fraction of missing information, whose logit has standard error :math:`\sqrt{2/m}` in a
    pilot of m sets; 100 times the fraction itself (White, Royston & Wood 2011); and `FEWEST`.

    Parameters
    ----------
    fmi : float
        Fraction of missing information in the pilot, from 0 to 1.
    pilot : int
        Sets in the pilot.
    variation : float, default 0.05
        c.

    Returns
    -------
    int

    Examples
    --------
    >>> sets_needed(0.10, pilot=10), sets_needed(0.30, pilot=20)
    (10, 41)
    """
    if not 0 <= fmi <= 1:
        raise InputError(f"a fraction of missing information of {fmi:g} is not between 0 and 1")
    spread = math.sqrt(2 / pilot) * stats.norm.ppf(0.975)
    upper = float(special.expit(special.logit(fmi) + spread))
    rule = 1 + (upper / variation) ** 2 / 2
    return max(math.ceil(rule), math.ceil(100 * fmi - 1e-9), FEWEST)


def _shrunk(df: float) -> float:
    return (df + 1) / (df + 3) * df


def _df_joint(q: int, sets: int, r: float, df_complete: float) -> float:
    """Give the denominator's degrees of freedom of D1."""
    t = q * (sets - 1)
    if t <= 4:
        return t * (1 + 1 / q) * (1 + 1 / r) ** 2 / 2 if r > 0 else math.inf
    if math.isinf(df_complete):
        return 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2 if r > 0 else math.inf
    # Reiter (2007), equation for nu*_f.
    a = r * t / (t - 2)
    once, twice = _shrunk(df_complete) - 2 * (1 + a), _shrunk(df_complete) - 4 * (1 + a)
    if twice <= 0:
        return math.nan
    missing = (
        a**2 * once / ((1 + a) ** 2 * twice)
        + 8 * a**2 * once / ((1 + a) * twice**2)
        + 4 * a**2 / ((1 + a) * twice)
        + 4 * a**2 / (twice * once)
        + 16 * a**2 * once / twice**3
        + 8 * a**2 / twice**2
    )
    return 4 + 1 / (1 / twice + missing / (t - 4))
