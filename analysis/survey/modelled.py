"""Regression models of a sample, by formula or by matrix."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.columns import as_matrix
from analysis.survey.estimation import Estimator
from analysis.survey.formula import Matrices, build_matrices
from analysis.survey.irls import GLM
from analysis.survey.regression import RegressionResults, check_outcome, family_of
from analysis.survey.results import DFRule, Source
from analysis.survey.sample import Sample, Values


class Modelled(Sample):
    """Regression models of whatever has weights and a variance."""

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
        return self._fit(self._given(outcome, name, x, terms), family, df)

    def _given(
        self, outcome: np.ndarray, name: str, x: pd.DataFrame, terms: dict[str, list[str]] | None
    ) -> Matrices:
        """Take the rows of a caller's matrix that are in the domain and lack nothing."""
        given = self._rows_of(x)
        rows = self._some_rows()
        matrix = as_matrix(x)
        complete = ~(np.isnan(outcome[given]) | np.isnan(matrix).any(axis=1))
        present = complete & self._inside[given]
        used = present & (self.weights[given] > 0)
        return Matrices(
            y=outcome[given[used]],
            x=matrix[used],
            names=list(map(str, x.columns)),
            rows=given[used],
            present=given[present],
            n_missing=len(rows) - int(used.sum()),
            terms=terms or {},
            outcome=name,
        )

    def _fit(self, matrices: Matrices, family: str, df: DFRule) -> RegressionResults:
        kind = family_of(family)
        n_events = check_outcome(matrices.y, family, matrices.outcome)
        estimator = GLM(matrices.y, matrices.x, kind, matrices.names)
        common = self._estimated(estimator, matrices, df)
        fitted = common["source"].fit.fitted
        return RegressionResults(
            **common,
            family=family,
            n_events=n_events,
            fittedvalues=pd.Series(fitted, index=self.frame.index[matrices.rows]),
        )

    def _estimated(self, estimator: Estimator, matrices: Matrices, df: DFRule) -> dict[str, Any]:
        """Fit a model and give what all kinds of `ModelResults` have."""
        if df not in get_args(DFRule):
            raise InputError(f"unknown rule '{df}' of degrees of freedom: design or residual")
        rows = matrices.rows
        fit = estimator.fit(self.weights[rows])
        names = estimator.names
        covariance = self._covariance_of(fit, estimator, rows, matrices.present)
        psus, strata = self.structure.present(rows)
        return {
            "params": pd.Series(fit.params, index=names),
            "covariance": pd.DataFrame(covariance, names, names),
            "outcome": matrices.outcome,
            "lonely_psu": self.lonely_psu,
            "df_rule": df,
            "df_design": self._df(rows),
            "n_psus": int(psus.sum()),
            "n_strata": int(strata.sum()),
            "replicates": "" if self.replicates is None else str(self.replicates),
            "nobs": len(rows),
            "n_missing": matrices.n_missing,
            "weight_sum": float(self.weights[rows].sum()),
            "iterations": fit.iterations,
            "terms": matrices.terms,
            "source": Source(self, matrices, estimator, fit),
        }
