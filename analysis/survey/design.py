"""A complex sample: a data frame with its weights, strata and primary sampling units."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey import checks, estimates, intervals, replication, variance
from analysis.survey.columns import as_matrix
from analysis.survey.estimates import Estimates, Statistic
from analysis.survey.formula import Matrices, build_matrices
from analysis.survey.intervals import ProportionInterval, QuantileRule
from analysis.survey.irls import Fit, fit_glm, refit_glm
from analysis.survey.regression import DFRule, RegressionResults, check_outcome, family_of
from analysis.survey.replicates import GivenMethod, Replicates, given
from analysis.survey.replication import MadeMethod
from analysis.survey.sample import Sample, Values
from analysis.survey.variance import LonelyPSU


class Design(Sample):
    """A stratified, clustered, weighted sample, or a domain of one.

    Parameters
    ----------
    frame : DataFrame, n rows
        All rows of the sample: everyone who was drawn, not only those under study.
    weights : str
        Column of sampling weights, not negative. A row of weight 0 has no influence on an
        estimate, but its PSU counts.
    strata, psu : str, optional
        Columns. Without `strata` the sample is one stratum; without `psu` every row is a PSU.
    nest : bool, default True
        Whether a PSU's label counts anew in each stratum. If not, a label in two strata is an
        error.
    lonely_psu : {"fail", "adjust", "average", "remove", "certainty"}
        What a stratum with a single PSU adds to a variance; see `variance.covariance`.
    fpc : str, optional
        Column of the number of PSUs of each stratum in the population, or (no value above 1) of
        the part of them that was drawn: the finite population correction of the first stage.
    replicates : list of str, or str, optional
        Columns of replicate weights that come with the sample, instead of strata and PSUs; or
        what their names have before a number, as ``"WTMREP"`` for WTMREP01, WTMREP02, ...
    method : {"JK1", "JKn", "BRR", "Fay", "bootstrap"}
        How they were made.
    scale, rscales : float, and float or sequence of float, optional
        The variance is `scale` times the sum of the squared deviations, each times its `rscales`.
        By default as R's ``svrepdesign`` has them for r replicates: (r - 1) / r and 1 for JK1,
        1 / (r - 1) and 1 for the bootstrap, 1 and, if `combined` is false, one over the largest
        factor for JKn. BRR and Fay have none but those of their definition.
    rho : float, optional
        Fay's: the factor of the half sample that is not taken.
    combined : bool, default True
        Whether replicate weights are weights in themselves, not factors of `weights`.
    mse : bool, default False
        Whether deviations are taken from the estimate, not from the mean of the replicates.
    df : int, optional
        Degrees of freedom of given replicates in every domain; else the rank of the replicate
        weights in the domain less one, as R's ``degf``.

    Raises
    ------
    InputError
        Weights missing, negative, infinite or all zero; strata or PSUs missing; a PSU in two
        strata with ``nest=False``; a stratum with a single PSU under ``"fail"``; an `fpc` or
        replicate weights that cannot be (see `checks.population`, `replicates.given`).

    Notes
    -----
    Variances are Taylor-linearised with PSUs taken as drawn with replacement unless there is an
    `fpc`; or, with replicate weights (given, or made by `as_replicates`), they are those of the
    estimate over the replicates: each is made anew under each set of weights. A domain (`where`,
    ``by=``, and the rows without a missing value) never takes rows out of the design: those
    outside it have scores of zero, and each stratum keeps its number of PSUs. Degrees of freedom
    are the PSUs minus the strata that have a row of positive weight in the domain.

    Values are named by column or given as arrays of n.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [2.0, 1.0, 1.0, 2.0], "h": [1, 1, 2, 2], "y": [1.0, 3, 4, 2]})
    >>> design = Design(frame, weights="w", strata="h")
    >>> float(design.mean("y").only.estimate)
    2.1666666666666665
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        weights: str,
        strata: str | None = None,
        psu: str | None = None,
        nest: bool = True,
        lonely_psu: LonelyPSU = "fail",
        fpc: str | None = None,
        *,
        replicates: str | Sequence[str] | None = None,
        method: GivenMethod | None = None,
        scale: float | None = None,
        rscales: float | Sequence[float] | None = None,
        rho: float | None = None,
        combined: bool = True,
        mse: bool = False,
        df: int | None = None,
    ) -> None:
        if lonely_psu not in get_args(LonelyPSU):
            choices = ", ".join(get_args(LonelyPSU))
            raise InputError(f"unknown lonely_psu '{lonely_psu}'", remedy=f"Choose from {choices}.")
        if replicates is not None:
            checks.refuse_structure({"strata": strata, "psu": psu, "fpc": fpc})
        self.frame, self.lonely_psu = frame, lonely_psu
        self.weights = checks.weights(frame, weights)
        labels = {
            role: None if name is None else checks.complete(frame, name, role)
            for role, name in (("strata", strata), ("PSU", psu))
        }
        self.structure, straddling = variance.factorise(
            len(frame), labels["strata"], labels["PSU"], nest=nest
        )
        if straddling:
            raise InputError(
                f"{len(straddling)} PSUs of column '{psu}' lie in more than one stratum, "
                f"the first is {straddling[0]}",
                remedy="If labels begin anew in each stratum, say nest=True.",
            )
        if fpc is not None:
            population = checks.population(frame, fpc, self.structure)
            self.structure = replace(self.structure, population=population)
        if lonely_psu == "fail" and replicates is None:
            checks.refuse_lonely(self.structure, strata)
        self.replicates: Replicates | None = None
        if replicates is None:
            options = {"method": method, "scale": scale, "rscales": rscales, "rho": rho, "df": df}
            checks.refuse_options(options, combined, mse)
        else:
            self.replicates = given(
                frame, self.weights, replicates, method, scale=scale, rscales=rscales, rho=rho,
                combined=combined, mse=mse, df=df,
            )  # fmt: skip
        self._inside = np.ones(len(frame), dtype=bool)

    def as_replicates(
        self,
        method: MadeMethod,
        *,
        rho: float | None = None,
        count: int = 50,
        seed: int | None = None,
        mse: bool = False,
        df: int | None = None,
    ) -> Design:
        """Make replicate weights of the strata and PSUs, as R's ``as.svrepdesign``.

        Parameters
        ----------
        method : {"JK1", "JKn", "BRR", "Fay", "bootstrap", "subbootstrap"}
            The jackknife without and with strata; balanced half samples of paired PSUs, and
            Fay's; the bootstraps of Canty and Davison and of Rao and Wu (see `replication`).
            JK1, JKn and ``"bootstrap"`` keep the finite population correction; the jackknives
            follow `lonely_psu`.
        rho : float
            For Fay's method: at least 0 and less than 1.
        count, seed : int
            For the bootstraps: sets of weights, and the seed, which must be given.
        mse, df
            As for `Design`.

        Returns
        -------
        Design
            The same domain of the same sample, its variances by replication.

        Raises
        ------
        InputError
            If the method is unknown or does not suit the design.
        """
        if method not in get_args(MadeMethod):
            choices = ", ".join(get_args(MadeMethod))
            raise InputError(f"unknown method '{method}'", remedy=f"Choose from {choices}.")
        if self.replicates is not None:
            raise InputError(f"the design has replicates already: {self.replicates}")
        factors, scale, rscales = replication.make(
            self.structure, self.lonely_psu, method, rho=rho, count=count, seed=seed
        )
        made = copy.copy(self)
        made.replicates = Replicates(
            method, self.weights, factors, self.structure.psu, scale, rscales, mse, df
        )
        return made

    @property
    def df(self) -> int:
        """Degrees of freedom: PSUs minus strata with a row of positive weight in the domain.

        With replicate weights: their rank in the domain less one, or what was stated.
        """
        return self._df(self.rows)

    def mean(self, x: Values | list[str], by: Any = None, *, alpha: float = 0.05) -> Estimates:
        """Estimate means with t intervals.

        Parameters
        ----------
        x : column, list of columns, or array
        by : column, list of columns, or array, optional
            Groups: each a domain. Rows whose group is missing are in none.
        alpha : float, default 0.05
            One minus the level of confidence.
        """
        return self._describe("mean", self._variables(x), by, estimates.MEAN, alpha)

    def total(self, x: Values | list[str], by: Any = None, *, alpha: float = 0.05) -> Estimates:
        """Estimate totals with t intervals; parameters as for `mean`."""
        return self._describe("total", self._variables(x), by, estimates.TOTAL, alpha)

    def variance(self, x: Values | list[str], by: Any = None, *, alpha: float = 0.05) -> Estimates:
        """Estimate population variances (R's ``svyvar``); parameters as for `mean`."""
        return self._describe("variance", self._variables(x), by, estimates.VARIANCE, alpha)

    def std(self, x: Values | list[str], by: Any = None, *, alpha: float = 0.05) -> Estimates:
        """Estimate standard deviations, square roots of `variance`; parameters as for `mean`."""
        statistic = estimates.STANDARD_DEVIATION
        return self._describe("standard deviation", self._variables(x), by, statistic, alpha)

    def ratio(self, a: Values, b: Values, by: Any = None, *, alpha: float = 0.05) -> Estimates:
        """Estimate the ratio of the total of `a` to that of `b`; else as `mean`."""
        pair = np.column_stack([self._numbers(a)[1], self._numbers(b)[1]])
        name = f"{self._numbers(a)[0]} / {self._numbers(b)[0]}"
        return self._describe("ratio", {name: pair}, by, estimates.RATIO, alpha)

    def proportion(
        self,
        x: Values,
        by: Any = None,
        *,
        interval: ProportionInterval = "logit",
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate the proportion with a characteristic.

        Parameters
        ----------
        x : column, condition or array
            Of 0 and 1 or truth values, or a condition as for `where`. Rows in which missing values
            leave the answer unknown are outside the domain.
        by, alpha
            As for `mean`.
        interval : {"logit", "beta", "wald"}
            As R's ``svyciprop`` with method ``logit``, ``beta`` (Korn-Graubard) and ``mean``.

        Raises
        ------
        InputError
            If a value is neither 0 nor 1.
        """
        if interval not in get_args(ProportionInterval):
            raise InputError(f"unknown interval '{interval}'", remedy="Choose logit, beta or wald.")
        name, values = self._numbers(x, condition=True)
        odd = ~np.isin(values, (0.0, 1.0)) & ~np.isnan(values)
        if odd.any():
            raise InputError(f"'{name}' must be of 0 and 1; it has {values[odd][0]:g}")
        table = []
        for group, rows, n_missing in self._groups(by, values):
            row = self._estimate(values, rows, estimates.MEAN, alpha)
            events = int(values[rows[self.weights[rows] > 0]].sum())
            if row["n"] and events in (0, row["n"]):  # exactly, not but for rounding
                row |= {"estimate": float(events > 0), "std_error": 0.0}
            spread = row["std_error"]
            if interval == "logit" and 0 < row["estimate"] < 1:
                spread = self._std_error(estimates.LOG_ODDS, values, rows)
            row["conf_low"], row["conf_high"] = intervals.proportion_interval(
                row["estimate"], spread, len(rows), row["df"], alpha, interval
            )
            counts = {"missing": n_missing, "events": events}
            table.append(group | {"variable": name} | row | counts)
        return Estimates(pd.DataFrame(table), "proportion", self._df_rule)

    def quantile(
        self,
        x: Values,
        p: float | Sequence[float],
        by: Any = None,
        *,
        rule: QuantileRule = "math",
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate quantiles with Woodruff's intervals.

        Parameters
        ----------
        x : column or array
        p : float or sequence of float
            Between 0 and 1; a row each.
        by, alpha
            As for `mean`.
        rule : {"math", "school"}
            R's ``qrule``: where the weighted distribution is flat at `p`, its left end or the
            middle.

        Notes
        -----
        As R's ``svyquantile(interval.type="mean")``: the t interval of the proportion at or below
        the quantile, mapped back through the distribution; the standard error is its length over
        twice the critical t. A limit is NaN where that interval leaves 0 to 1.
        """
        if rule not in get_args(QuantileRule):
            raise InputError(f"unknown quantile rule '{rule}'", remedy="Choose math or school.")
        points = [float(point) for point in np.atleast_1d(np.asarray(p, dtype=float))]
        if not all(0 < point < 1 for point in points):
            raise InputError(f"quantiles must lie between 0 and 1, not {points}")
        name, values = self._numbers(x)
        table = [
            group
            | {"variable": name, "p": point}
            | self._quantile(values, rows, point, rule, alpha)
            | {"missing": n_missing}
            for group, rows, n_missing in self._groups(by, values)
            for point in points
        ]
        return Estimates(pd.DataFrame(table), "quantile", self._df_rule)

    def glm(
        self, formula: str, family: str = "gaussian", *, df: DFRule = "design"
    ) -> RegressionResults:
        """Fit a generalised linear model to the domain.

        Parameters
        ----------
        formula : str
            For statsmodels' formula engine, for example ``"low ~ C(group) + age"``. It is code of
            the caller's: never pass text from a file. Rows with a missing value in it are outside
            the domain.
        family : {"gaussian", "binomial"}
            With the canonical link (identity, logit).
        df : {"design", "residual"}
            Degrees of freedom: the design's, or these less the coefficients but one (R's).

        Raises
        ------
        InputError
            If the formula cannot be used, columns are collinear, the outcome is the same for
            everyone or separated - under the weights or under a replicate of them.
        """
        rows = self._some_rows()
        weightless = np.flatnonzero(self._inside & (self.weights == 0))
        return self._fit(build_matrices(formula, self.frame, rows, weightless), family, df)

    def fit(
        self,
        y: Values,
        x: pd.DataFrame,
        family: str = "gaussian",
        *,
        df: DFRule = "design",
        terms: dict[str, list[str]] | None = None,
    ) -> RegressionResults:
        """Fit a generalised linear model to a matrix that the caller has built.

        Parameters
        ----------
        y : column, condition or array, shape (n,)
        x : DataFrame, shape (n, k) or (m, k)
            With the index of the design's frame, or of its m rows that are `inside` the domain,
            which saves memory where the domain is small. Include a column of ones for an
            intercept. Rows with a missing value are outside the domain.
        family, df
            As for `glm`.
        terms : dict of str to list of str, optional
            Names for groups of columns, for `RegressionResults.wald_test`.
        """
        name, outcome = self._numbers(y, condition=True)
        given = self._rows_of(x)
        rows = self._some_rows()
        matrix = as_matrix(x)
        complete = ~(np.isnan(outcome[given]) | np.isnan(matrix).any(axis=1))
        present = complete & self._inside[given]
        used = present & (self.weights[given] > 0)
        matrices = Matrices(
            y=outcome[given[used]],
            x=matrix[used],
            names=list(map(str, x.columns)),
            rows=given[used],
            present=given[present],
            n_missing=len(rows) - int(used.sum()),
            terms=terms or {},
            outcome=name,
        )
        return self._fit(matrices, family, df)

    def _fit(self, matrices: Matrices, family: str, df: DFRule) -> RegressionResults:
        kind = family_of(family)
        if df not in get_args(DFRule):
            raise InputError(f"unknown rule '{df}' of degrees of freedom: design or residual")
        rows = matrices.rows
        n_events = check_outcome(matrices.y, family, matrices.outcome)
        fitted = fit_glm(matrices.y, matrices.x, self.weights[rows], kind, matrices.names)
        covariance = self._covariance_of(fitted, matrices, kind)
        psus, strata = self.structure.present(rows)
        return RegressionResults(
            params=pd.Series(fitted.params, index=matrices.names),
            covariance=pd.DataFrame(covariance, matrices.names, matrices.names),
            family=family,
            outcome=matrices.outcome,
            lonely_psu=self.lonely_psu,
            df_rule=df,
            df_design=self._df(rows),
            n_psus=int(psus.sum()),
            n_strata=int(strata.sum()),
            replicates="" if self.replicates is None else str(self.replicates),
            nobs=len(rows),
            n_missing=matrices.n_missing,
            n_events=n_events,
            weight_sum=float(self.weights[rows].sum()),
            fittedvalues=pd.Series(fitted.fitted, index=self.frame.index[rows]),
            iterations=fitted.iterations,
            terms=matrices.terms,
        )

    def _covariance_of(self, fitted: Fit, matrices: Matrices, family: Any) -> np.ndarray:
        rows = matrices.rows
        if self.replicates is None:
            meat = self._covariance(fitted.scores, rows, matrices.present)
            return fitted.bread @ meat @ fitted.bread.T
        refitted = refit_glm(
            matrices.y, matrices.x, self.weights[rows], family, matrices.names, fitted.params,
            self.replicates.blocks(rows),
        )  # fmt: skip
        return self.replicates.covariance(refitted, fitted.params)

    def _describe(
        self,
        statistic: str,
        variables: dict[str, np.ndarray],
        by: Any,
        estimator: Statistic,
        alpha: float,
    ) -> Estimates:
        table = [
            group
            | {"variable": name}
            | self._estimate(values, rows, estimator, alpha)
            | {"missing": n_missing}
            for name, values in variables.items()
            for group, rows, n_missing in self._groups(by, values)
        ]
        return Estimates(pd.DataFrame(table), statistic, self._df_rule)

    def _estimate(
        self,
        values: np.ndarray,
        rows: np.ndarray,
        estimator: Statistic,
        alpha: float,
    ) -> dict[str, float]:
        positive = rows[self.weights[rows] > 0]
        df = self._df(positive)
        estimate = std_error = np.nan
        if len(positive):
            estimate = float(estimator.of(values[rows], self.weights[rows], len(positive)))
            std_error = self._std_error(estimator, values, rows)
        low, high = intervals.wald(estimate, std_error, df, alpha)
        return {
            "estimate": estimate,
            "std_error": std_error,
            "conf_low": low,
            "conf_high": high,
            "df": df,
            "n": len(positive),
        }

    def _quantile(
        self, values: np.ndarray, rows: np.ndarray, p: float, rule: QuantileRule, alpha: float
    ) -> dict[str, float]:
        positive = rows[self.weights[rows] > 0]
        if not len(positive):
            return self._estimate(values, rows, estimates.MEAN, alpha)
        x, w = values[positive], self.weights[positive]
        estimate = intervals.weighted_quantile(x, w, p, rule)
        below = (values <= estimate).astype(float)
        share = self._estimate(below, rows, estimates.MEAN, alpha)
        low, high = (
            intervals.weighted_quantile(x, w, share[end], rule) for end in ("conf_low", "conf_high")
        )
        std_error = (high - low) / (2 * intervals.critical_t(share["df"], alpha))
        return share | {
            "estimate": estimate,
            "std_error": std_error,
            "conf_low": low,
            "conf_high": high,
        }

    def _std_error(self, statistic: Statistic, values: np.ndarray, rows: np.ndarray) -> float:
        """Take what the design wants of a statistic: its scores, or its replicates."""
        x, w = values[rows], self.weights[rows]
        n = int((w > 0).sum())
        if self.replicates is None:
            return float(np.sqrt(self._covariance(statistic.scores(x, w, n)[:, None], rows)[0, 0]))
        thetas = self.replicates.each(lambda weights: statistic.of(x, weights, n), rows)
        centre = np.array([statistic.of(x, w, n)])
        return float(np.sqrt(self.replicates.covariance(thetas[:, None], centre)[0, 0]))

    def _df(self, rows: np.ndarray) -> int:
        if self.replicates is not None:
            return self.replicates.degrees_of_freedom(rows)
        return variance.degrees_of_freedom(self.structure, rows)

    @property
    def _df_rule(self) -> str:
        if self.replicates is None:
            return "PSUs minus strata in the domain"
        return "as stated" if self.replicates.df is not None else "rank of the replicates - 1"

    def _covariance(
        self, scores: np.ndarray, rows: np.ndarray, present: np.ndarray | None = None
    ) -> np.ndarray:
        return variance.covariance(scores, rows, self.structure, self.lonely_psu, present)
