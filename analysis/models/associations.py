"""Regressions of one outcome with one set of covariates, and curves of the dose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.doses import weighted_quantiles
from analysis.models.matrix import INTERCEPT
from analysis.models.outcomes import Response
from analysis.models.plan import Exposure, Model, Row
from analysis.models.spline import basis, knots_of
from analysis.survey import Design, RegressionResults
from analysis.survey.results import DFRule

CURVE_POINTS = 81
"""Points of a dose-response curve, enough for a smooth line at any printed size."""

CURVE_ENDS = (0.01, 0.99)
"""Weighted quantiles of the exposure between which a curve is drawn; beyond them data are few."""


@dataclass(frozen=True)
class Fit:
    """What every regression of one outcome and one model shares.

    Parameters
    ----------
    response : Response
    model : Model
    covariates : DataFrame
        Of the cohort's members only: everyone else has scores of 0, so no matrix needs them.
    df_rule : {"design", "residual"}
        See `Design.fit`.
    """

    response: Response
    model: Model
    covariates: pd.DataFrame
    df_rule: DFRule = "design"

    @property
    def place(self) -> str:
        """What to call the fit in an error."""
        return f"outcome '{self.response.outcome.name}', model '{self.model.name}'"

    @cached_property
    def known(self) -> np.ndarray:
        """Which members of the cohort have the outcome: bool, aligned to `covariates`."""
        domain = self.response.domain
        return self.covariates.index.isin(domain.frame.index[domain.inside])

    def of_members(self, column: pd.Series) -> pd.Series:
        """Take a column of everyone to the members that `covariates` has."""
        return column.loc[self.covariates.index]

    def regress(self, exposure: pd.DataFrame) -> RegressionResults:
        """Fit the outcome on exposure columns and covariates.

        Raises
        ------
        InputError
            Naming the outcome and the model beside what is wrong.
        """
        x = pd.concat([exposure, self.covariates], axis=1)[self.known]
        x.insert(0, INTERCEPT, 1.0)
        try:
            return self.response.domain.fit(
                self.response.values, x, family=self.response.family, df=self.df_rule
            )
        except InputError as error:
            raise InputError(error.message, where=self.place) from None

    def row(self, results: RegressionResults, **more: object) -> Row:
        """Columns that all rows of this fit share."""
        binary = self.response.family == "binomial"
        return {
            "model": self.model.name,
            "outcome": self.response.outcome.name,
            "n": results.nobs,
            "events": results.n_events if binary else np.nan,
            "df": results.df_resid,
            **more,
        }

    def contrast(self, results: RegressionResults, combination: pd.Series) -> Row:
        """Estimate, interval and test of a linear combination of coefficients."""
        found = results.linear_combination(combination.to_frame().T).iloc[0]
        scale = self.response.scale
        return {
            "measure": self.response.measure,
            "estimate": scale(found["estimate"]),
            "conf_low": scale(found["conf_low"]),
            "conf_high": scale(found["conf_high"]),
            "std_error": found["std_error"],
            "statistic": found["statistic"],
            "p_value": found["p_value"],
        }


def curve_rows(
    fit: Fit, cohort: Design, frame: pd.DataFrame, exposure: Exposure, unit: str
) -> Iterator[Row]:
    """Draw a restricted cubic spline of the exposure, with its band, knots and tests.

    Yields
    ------
    dict
        Rows of the analysis ``spline``.
    """
    assert exposure.spline_knots is not None
    knots = knots_of(cohort, exposure.measure, exposure.spline_knots)
    columns = [f"{exposure.measure} spline {i}" for i in range(1, len(knots))]
    dose = fit.of_members(frame[exposure.measure])
    values = basis(dose.to_numpy(float), knots)
    # In units of the outer knots' distance the columns have sizes that a solver likes.
    spread = float(knots[-1] - knots[0])
    results = fit.regress(pd.DataFrame(values / spread, columns=columns, index=dose.index))
    ends = weighted_quantiles(cohort, exposure.measure, CURVE_ENDS)
    reference = _reference(cohort, exposure, ends)
    grid = np.unique(np.append(np.linspace(ends[0], ends[-1], CURVE_POINTS), reference))
    shape = (basis(grid, knots) - basis(np.array([reference]), knots)) / spread
    yield from _curve(fit, results, grid, pd.DataFrame(shape, columns=columns), reference, unit)
    row = fit.row(results, analysis="spline", exposure=exposure.measure)
    for name, tested in (("p_overall", columns), ("p_nonlinear", columns[1:])):
        test = results.wald_test(tested)
        yield row | {"measure": name, "statistic": test.statistic, "p_value": test.pvalue}
    for i, knot in enumerate(knots, start=1):
        yield row | {"measure": "knot", "level": f"{i}", "estimate": knot, "unit": unit}


def _reference(cohort: Design, exposure: Exposure, ends: np.ndarray) -> float:
    if exposure.spline_reference == "median":
        return float(weighted_quantiles(cohort, exposure.measure, [0.5])[0])
    reference = float(exposure.spline_reference)
    if not ends[0] <= reference <= ends[-1]:
        raise InputError(
            f"spline_reference {reference:g} is outside the curve, which is drawn from the 1st to "
            f"the 99th percentile of {exposure.measure} ({ends[0]:g} to {ends[-1]:g})",
            where="[exposure]",
            remedy='Name a value between these, or "median".',
        )
    return reference


def _curve(
    fit: Fit,
    results: RegressionResults,
    grid: np.ndarray,
    shape: pd.DataFrame,
    reference: float,
    unit: str,
) -> Iterator[Row]:
    combinations = shape.reindex(columns=results.params.index, fill_value=0.0)
    found = results.linear_combination(combinations)
    scale = fit.response.scale
    row = fit.row(results, analysis="spline", measure=fit.response.measure, unit=unit)
    row |= {"reference": f"{reference:.10g}"}
    for value, (_, at) in zip(grid, found.iterrows(), strict=True):
        yield row | {
            "level": f"{value:.10g}",
            "estimate": scale(at["estimate"]),
            "conf_low": scale(at["conf_low"]),
            "conf_high": scale(at["conf_high"]),
            "std_error": at["std_error"],
        }
