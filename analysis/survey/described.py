"""What a sample says of its population: means, totals, proportions, quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey import estimates, intervals
from analysis.survey.estimates import Estimates, Statistic
from analysis.survey.intervals import ProportionInterval, QuantileRule
from analysis.survey.sample import Sample, Values


class Described(Sample):
    """Descriptive estimates, by group, of whatever has weights and a variance."""

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
