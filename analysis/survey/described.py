"""What a sample says of its population: means, totals, proportions, quantiles, standardised too."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey import estimates, intervals, standardisation
from analysis.survey.estimates import DesignEffect, Estimates, Statistic
from analysis.survey.intervals import ProportionInterval, QuantileInterval, QuantileRule
from analysis.survey.options import numbers
from analysis.survey.sample import Sample, Values
from analysis.survey.standardisation import Cells


class Described(Sample):
    """Descriptive estimates, by group, of whatever has weights and a variance."""

    def mean(
        self,
        x: Values | list[str],
        by: Any = None,
        *,
        deff: DesignEffect = False,
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate means with t intervals.

        Parameters
        ----------
        x : column, list of columns, or array
        by : column, list of columns, or array, optional
            Groups: each a domain. Rows whose group is missing are in none.
        deff : {False, True, "replace"}
            Whether to give design effects, and whether the simple random sample that they compare
            with would be drawn with replacement, as R's; see `estimates.srs_variance`.
        alpha : float, default 0.05
            One minus the level of confidence.

        Returns
        -------
        Estimates
            A row for each variable and group.

        Raises
        ------
        InputError
            If a column is missing or not of numbers, no row of positive weight is in the domain or
            has a group, two groupings have one name, or `alpha` is not between 0 and 1. With
            ``deff=True`` if the weights of a domain add up to less than its rows.
        """
        return self._describe("mean", self._variables(x), by, estimates.MEAN, alpha, deff)

    def total(
        self,
        x: Values | list[str],
        by: Any = None,
        *,
        deff: DesignEffect = False,
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate totals with t intervals; parameters, result and errors as for `mean`."""
        return self._describe("total", self._variables(x), by, estimates.TOTAL, alpha, deff)

    def geometric_mean(
        self,
        x: Values | list[str],
        by: Any = None,
        *,
        deff: DesignEffect = False,
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate geometric means, the exponentials of the means of the logarithms.

        Parameters
        ----------
        x : column, list of columns, or array
            Of positive values. One below a limit of detection must have been given a value.
        by, alpha
            As for `mean`.
        deff : {False, True, "replace"}
            Design effects are those of the mean of the logarithms.

        Returns
        -------
        Estimates
            A row for each variable and group.

        Raises
        ------
        InputError
            If a value of a row of positive weight is not positive.

        Notes
        -----
        The standard error is the geometric mean times that of the mean logarithm (delta method),
        under replicate weights too; the interval is the exponential of the t interval of the mean
        logarithm. So do SUDAAN (GEOMEAN), SAS's SURVEYMEANS and the reports of NHANES; R's
        ``svycontrast(svymean(~log(x)), quote(exp(...)))`` gives the same standard error.
        """
        logarithms = {
            name: self._logarithms(name, values) for name, values in self._variables(x).items()
        }
        found = self._describe("geometric mean", logarithms, by, estimates.MEAN, alpha, deff)
        frame = found.frame
        for column in ("estimate", "conf_low", "conf_high"):
            frame[column] = np.exp(frame[column])
        frame["std_error"] *= frame["estimate"]
        return found

    def variance(self, x: Values | list[str], by: Any = None, *, alpha: float = 0.05) -> Estimates:
        """Estimate population variances (R's ``svyvar``); as `mean`, but for design effects.

        One row has none: its variance is NaN.
        """
        return self._describe("variance", self._variables(x), by, estimates.VARIANCE, alpha)

    def std(self, x: Values | list[str], by: Any = None, *, alpha: float = 0.05) -> Estimates:
        """Estimate standard deviations, square roots of `variance`, with its parameters."""
        statistic = estimates.STANDARD_DEVIATION
        return self._describe("standard deviation", self._variables(x), by, statistic, alpha)

    def ratio(
        self,
        a: Values,
        b: Values,
        by: Any = None,
        *,
        deff: DesignEffect = False,
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate the ratio of the total of `a` to that of `b`; else as `mean`.

        Rows in which either is missing are outside the domain.

        Raises
        ------
        InputError
            As for `mean`; and if the total of `b` is 0, with the group in which it is.
        """
        pair = np.column_stack([self._numbers(a)[1], self._numbers(b)[1]])
        name = f"{self._numbers(a)[0]} / {self._numbers(b)[0]}"
        return self._describe("ratio", {name: pair}, by, estimates.RATIO, alpha, deff)

    def proportion(
        self,
        x: Values,
        by: Any = None,
        *,
        interval: ProportionInterval = "logit",
        deff: DesignEffect = False,
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate the proportion with a characteristic.

        Parameters
        ----------
        x : column, condition or array
            Of 0 and 1 or truth values, or a condition as for `where`. Rows in which missing values
            leave the answer unknown are outside the domain.
        by, deff, alpha
            As for `mean`.
        interval : {"logit", "beta", "wald", "nchs"}
            As R's ``svyciprop`` with method ``logit``, ``beta`` (Korn-Graubard) and ``mean``; or
            Korn-Graubard as the presentation standards of the NCHS have it, which has limits for 0
            and 1 too (see `intervals.nchs_interval`).

        Returns
        -------
        Estimates
            `Estimates.presentation` judges it by those standards.

        Raises
        ------
        InputError
            If a value is neither 0 nor 1.
        """
        name, values = self._truths(x, interval)
        table = [
            group
            | {"variable": name}
            | self._share(values, rows, estimates.MEAN, interval, alpha, deff)
            | {"missing": n_missing}
            for group, rows, n_missing in self._groups(by, values)
        ]
        return self._table(table, "proportion")

    def standardised(
        self,
        x: Values,
        by: Any,
        population: Mapping | pd.Series,
        over: Any = None,
        *,
        statistic: Literal["mean", "proportion"] = "mean",
        interval: ProportionInterval = "logit",
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate means or proportions standardised directly to a population.

        Parameters
        ----------
        x : column, or array
            As for `mean` or `proportion`.
        by : column, list of columns, or array
            What is standardised for, an age group say. (Not the groups of the table: the names are
            those of R's ``svystandardize``.) Rows in which it is missing are outside the domain.
        population : mapping or Series
            Each category of `by` (a tuple where it is a list) to its size, or part, in the
            standard population.
        over : column, list of columns, or array, optional
            Groups, each standardised by itself: the rows of the table.
        statistic : {"mean", "proportion"}
        interval : str
            For proportions: as for `proportion`.
        alpha : float, default 0.05
            One minus the level of confidence.

        Returns
        -------
        Estimates
            Of proportions `Estimates.presentation` takes the effective sample size that the NCHS
            gives for age-adjusted ones (`standardisation.n_effective`).

        Raises
        ------
        InputError
            If a group has nobody with a value in a category, a category of the domain is not in
            the population, or the population is not of positive numbers.

        Notes
        -----
        The parts of the population are known numbers; see `standardisation` for the formula. R's
        ``svystandardize(by, over, population, excluding.missing=~x)`` has the same standard error,
        the delta method of SUDAAN as well. Degrees of freedom are those of the domain.
        """
        if statistic not in ("mean", "proportion"):
            raise InputError(f"cannot standardise a '{statistic}': mean or proportion")
        shares = statistic == "proportion"
        name, values = self._truths(x, interval) if shares else self._numbers(x)
        keys = self._keys(by)
        cells = standardisation.cells(keys, population, self._some_rows())
        pairs = np.column_stack([values, np.where(cells.codes < 0, np.nan, cells.codes)])
        table = []
        for group, rows, n_missing in self._groups(over, pairs):
            cells.refuse_empty(group, pairs[rows[self.weights[rows] > 0], 1])
            row = (
                self._share(pairs, rows, cells.statistic, interval, alpha, cells=cells)
                if shares
                else self._estimate(pairs, rows, cells.statistic, alpha)
            )
            table.append(group | {"variable": name} | row | {"missing": n_missing})
        return self._table(table, f"standardised {statistic}")

    def quantile(
        self,
        x: Values,
        p: float | Sequence[float],
        by: Any = None,
        *,
        rule: QuantileRule = "math",
        interval: QuantileInterval = "woodruff",
        alpha: float = 0.05,
    ) -> Estimates:
        """Estimate quantiles with Woodruff's intervals, or by replication.

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
        interval : {"woodruff", "replicates"}
            With replicate weights, ``"replicates"`` takes the standard error from the quantile
            under each of them, and the t interval.

        Returns
        -------
        Estimates
            A row for each group and `p`.

        Raises
        ------
        InputError
            If `p` is not between 0 and 1, or ``"replicates"`` is asked of a design without.

        Warns
        -----
        UserWarning
            If ``"replicates"`` is asked of a jackknife: leaving out one PSU at a time does not
            estimate the variance of a quantile consistently.

        Notes
        -----
        ``"woodruff"`` is R's ``svyquantile(interval.type="mean")``: the t interval of the
        proportion at or below the quantile, mapped back through the distribution; the standard
        error is its length over twice the critical t. A limit is NaN where that interval leaves 0
        to 1. ``"replicates"`` is R's ``interval.type="quantile"``.
        """
        if rule not in get_args(QuantileRule):
            raise InputError(f"unknown quantile rule '{rule}'", remedy="Choose math or school.")
        self._check_quantile_interval(interval)
        points = numbers(p, "p").ravel().tolist()
        if not points or not all(0 < point < 1 for point in points):
            raise InputError(f"quantiles must lie between 0 and 1, not {points}")
        name, values = self._numbers(x)
        table = [
            group
            | {"variable": name, "p": point}
            | self._quantile(values, rows, point, rule, interval, alpha)
            | {"missing": n_missing}
            for group, rows, n_missing in self._groups(by, values)
            for point in points
        ]
        return self._table(table, "quantile")

    def _table(self, rows: list[dict[str, Any]], statistic: str) -> Estimates:
        return Estimates(pd.DataFrame(rows), statistic, self._df_rule)

    def _truths(self, x: Values, interval: ProportionInterval) -> tuple[str, np.ndarray]:
        """Take a variable of 0 and 1 for a proportion."""
        if interval not in get_args(ProportionInterval):
            choices = ", ".join(get_args(ProportionInterval))
            raise InputError(f"unknown interval '{interval}'", remedy=f"Choose from {choices}.")
        name, values = self._numbers(x, condition=True)
        odd = ~np.isin(values, (0.0, 1.0)) & ~np.isnan(values)
        if odd.any():
            raise InputError(f"'{name}' must be of 0 and 1; it has {values[odd][0]:g}")
        return name, values

    def _logarithms(self, name: str, values: np.ndarray) -> np.ndarray:
        weighty = self._inside & (self.weights > 0)
        bad = int((values[weighty] <= 0).sum())
        if bad:
            raise InputError(
                f"'{name}' has {bad:,} values that are not positive: they have no geometric mean",
                remedy="Leave them out with where, or give values below a limit of detection a "
                "positive value.",
            )
        # Those of weight 0 have no influence, but their rows remain in the domain.
        return np.log(np.where(values <= 0, 1.0, values))

    def _describe(
        self,
        statistic: str,
        variables: dict[str, np.ndarray],
        by: Any,
        estimator: Statistic,
        alpha: float,
        deff: DesignEffect = False,
    ) -> Estimates:
        table = []
        for name, values in variables.items():
            for group, rows, n_missing in self._groups(by, values):
                try:
                    row = self._estimate(values, rows, estimator, alpha, deff)
                except InputError as error:
                    where = error.where or ", ".join(f"{key} = {group[key]}" for key in group)
                    raise InputError(error.what, where=where, remedy=error.remedy) from error
                table.append(group | {"variable": name} | row | {"missing": n_missing})
        return self._table(table, statistic)

    def _estimate(
        self,
        values: np.ndarray,
        rows: np.ndarray,
        estimator: Statistic,
        alpha: float,
        deff: DesignEffect = False,
    ) -> dict[str, float]:
        if not (isinstance(deff, bool) or deff == "replace"):
            raise InputError(f"unknown design effect '{deff}': True, False or 'replace'")
        positive = rows[self.weights[rows] > 0]
        df = self._df(positive)
        estimate = std_error = np.nan
        if len(positive):
            estimate = float(estimator.of(values[rows], self.weights[rows], len(positive)))
            std_error = self._std_error(estimator, values, rows)
        low, high = intervals.wald(estimate, std_error, df, alpha)
        row = {
            "estimate": estimate,
            "std_error": std_error,
            "conf_low": low,
            "conf_high": high,
            "df": df,
            "n": len(positive),
        }
        if deff:
            row["deff"] = np.nan
        if deff and len(positive):
            simple = estimates.srs_variance(
                estimator, values[positive], self.weights[positive], replace=deff == "replace"
            )
            if simple > 0:
                row["deff"] = std_error**2 / simple
        return row

    def _share(
        self,
        x: np.ndarray,
        rows: np.ndarray,
        statistic: Statistic,
        interval: ProportionInterval,
        alpha: float,
        deff: DesignEffect = False,
        cells: Cells | None = None,
    ) -> dict[str, float]:
        """Estimate a proportion; `x` are its values, and the codes of `cells` if there are any."""
        row = self._estimate(x, rows, statistic, alpha, deff)
        positive = rows[self.weights[rows] > 0]
        events = int((x if x.ndim == 1 else x[:, 0])[positive].sum())
        n = int(row["n"])
        if n and events in (0, n):  # exactly, not but for rounding
            row |= {"estimate": float(events > 0), "std_error": 0.0}
        p, spread = row["estimate"], row["std_error"]
        if not 0 < p < 1:
            size = float(n) if n else np.nan
        elif cells is None:
            size = p * (1 - p) / spread**2 if spread else np.inf
        else:
            size = standardisation.n_effective(cells, x[positive], self.weights[positive], spread)
        if interval == "nchs":
            ends = intervals.nchs_interval(p, size, n, row["df"], alpha)
        else:
            if interval == "logit" and 0 < p < 1:
                spread = self._std_error(estimates.log_odds(statistic), x, rows)
            ends = intervals.proportion_interval(p, spread, len(rows), row["df"], alpha, interval)
        row["conf_low"], row["conf_high"] = ends
        return row | {"events": events, "n_effective": size}

    def _check_quantile_interval(self, interval: QuantileInterval) -> None:
        if interval not in get_args(QuantileInterval):
            raise InputError(
                f"unknown interval '{interval}' of a quantile",
                remedy="Choose woodruff or replicates.",
            )
        if interval == "woodruff":
            return
        if self.replicates is None:
            raise InputError(
                "intervals by replication need replicate weights",
                remedy="Make them with as_replicates, or take Woodruff's interval.",
            )
        if self.replicates.method in ("JK1", "JKn"):
            warnings.warn(
                "the jackknife may not give valid standard errors of quantiles: "
                "take Woodruff's intervals, balanced half samples or a bootstrap",
                UserWarning,
                stacklevel=3,
            )

    def _quantile(
        self,
        values: np.ndarray,
        rows: np.ndarray,
        p: float,
        rule: QuantileRule,
        interval: QuantileInterval,
        alpha: float,
    ) -> dict[str, float]:
        positive = rows[self.weights[rows] > 0]
        if not len(positive):
            return self._estimate(values, rows, estimates.MEAN, alpha)
        x, w = values[positive], self.weights[positive]
        estimate = intervals.weighted_quantile(x, w, p, rule)
        below = (values <= estimate).astype(float)
        share = self._estimate(below, rows, estimates.MEAN, alpha)
        if (x <= estimate).all():  # the largest value: exactly everybody, not but for rounding
            share |= dict.fromkeys(("conf_low", "conf_high"), 1.0 if share["df"] > 0 else np.nan)
        if interval == "replicates":
            std_error = self._replicated_std_error(
                lambda x, w, n: intervals.weighted_quantile(x, w, p, rule), values, rows
            )
            low, high = intervals.wald(estimate, std_error, share["df"], alpha)
        else:
            low, high = (
                intervals.weighted_quantile(x, w, share[end], rule)
                for end in ("conf_low", "conf_high")
            )
            std_error = (high - low) / (2 * intervals.critical_t(share["df"], alpha))
        return share | {
            "estimate": float(estimate),
            "std_error": float(std_error),
            "conf_low": float(low),
            "conf_high": float(high),
        }
