"""Quantile regression under a complex design: `Design.quantile_regression` and its results."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.check_loss import CheckLoss
from analysis.survey.formula import Matrices, build_matrices
from analysis.survey.modelled import Modelled
from analysis.survey.results import DFRule, ModelResults, WaldTest
from analysis.survey.sample import Values


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class QuantileRegressionResults(ModelResults):
    """Linear models of quantiles; what all models have is in `ModelResults`.

    Of several quantiles coefficients are named ``"0.25: column"``, those of one quantile after
    those of the other, with their joint covariance; `terms` has, for `wald_test`, each term and
    column across all quantiles and ``"0.25: term"``.

    Attributes
    ----------
    points : tuple of float
        The quantiles.
    columns : list of str
    fittedvalues : Series, shape (nobs,), or DataFrame, shape (nobs, quantiles)
        With the data frame's index.
    """

    points: tuple[float, ...]
    columns: list[str]
    fittedvalues: pd.Series | pd.DataFrame

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        points = ", ".join(f"{point:g}" for point in self.points)
        return f"quantile regression ({points})"

    @property
    def effect_measure(self) -> str:
        """What coefficients measure."""
        return "difference of quantiles"

    @property
    def exponentiated(self) -> bool:
        """Whether `effect_measure` is of exponentiated coefficients: it is not."""
        return False

    @property
    def df_taken(self) -> tuple[int, str]:
        """Degrees of freedom that coefficients take under the residual rule, and their words."""
        return len(self.columns) - 1, "(coefficients - 1)"

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients by column (rows) and quantile (columns), shape (p, quantiles)."""
        values = self.params.to_numpy().reshape(len(self.points), -1).T
        return pd.DataFrame(values, index=self.columns, columns=list(self.points))

    def equality(self, what: str | list[str] | None = None) -> WaldTest:
        """Test that coefficients are the same at all quantiles (R's ``anova.rq``).

        Parameters
        ----------
        what : str or list of str, optional
            Columns or terms; everything but the intercept unless given.

        Raises
        ------
        InputError
            If there is one quantile only, a name is unknown, or the covariance is singular.
        """
        if len(self.points) == 1:
            raise InputError("coefficients at one quantile have nothing to be equal to")
        names = [name for name in self.columns if name != "Intercept"] if what is None else what
        size = len(self.columns)
        chosen = np.flatnonzero(self._selection(names)[:, :size].sum(axis=0))
        first = np.eye(size)[chosen]
        contrasts = [
            np.hstack([first, *(-first * (later == other) for other in range(1, len(self.points)))])
            for later in range(1, len(self.points))
        ]
        return self.wald_test(np.vstack(contrasts))

    def _remarks(self) -> list[str]:
        if "JK" not in self.replicates:
            return []
        remark = (
            "The variance of a quantile under a delete-one jackknife is not consistent: balanced "
            "half samples and the bootstrap are."
        )
        return textwrap.wrap(remark, 80)

    def _blocks(self) -> list[tuple[str, dict[str, str]]]:
        if len(self.points) == 1:
            return super()._blocks()
        names = self.params.index.to_numpy().reshape(len(self.points), -1)
        return [
            (f"Quantile {point:g}", dict(zip(self.columns, part, strict=True)))
            for point, part in zip(self.points, names, strict=True)
        ]


class ModelledQuantiles(Modelled):
    """Quantile regression of whatever has weights and a variance."""

    def quantile_regression(
        self, formula: str, p: float | Sequence[float] = 0.5, *, df: DFRule = "design"
    ) -> QuantileRegressionResults:
        """Fit linear models of quantiles to the domain, under replicate weights.

        Parameters
        ----------
        formula : str
            As for `glm`, for example ``"vitamin_d ~ C(group) + age"``.
        p : float or sequence of float, default 0.5
            Between 0 and 1: the median and whatever else. Of several the covariance is joint.
        df : {"design", "residual"}
            Degrees of freedom: the design's, or these less the coefficients of a quantile but one.

        Returns
        -------
        QuantileRegressionResults

        Raises
        ------
        InputError
            If the design has no replicate weights, a quantile is not between 0 and 1, the formula
            cannot be used, or columns are collinear - under the weights or under a replicate of
            them.

        Notes
        -----
        The weighted sum of the check function has its exact minimum (`analysis.survey.check_loss`;
        R's ``rq(method="br")``, of which ``withReplicates`` makes the variances that these are
        held against). Where several fits have the same sum, it is the one whose fitted values have
        the lowest mean: of an intercept alone, the left end of the flat piece, as `quantile` has
        it. There is no linearised variance, which would need the density of the outcome about
        each fit. The delete-one jackknife is not consistent for quantiles (Shao & Wu 1989): prefer
        balanced half samples (BRR, Fay) or a bootstrap.

        References
        ----------
        Koenker R, Bassett G (1978). Regression quantiles. Econometrica 46:33-50.
        Shao J, Wu CFJ (1989). A general theory for jackknife variance estimation. Annals of
        Statistics 17:1176-1197.
        """
        points = self._points(p)
        rows = self._some_rows()
        weightless = np.flatnonzero(self._inside & (self.weights == 0))
        matrices = build_matrices(formula, self.frame, rows, weightless)
        return self._quantile_regression(matrices, points, df)

    def quantile_regression_fit(
        self,
        y: Values,
        x: pd.DataFrame,
        p: float | Sequence[float] = 0.5,
        *,
        df: DFRule = "design",
        terms: dict[str, list[str]] | None = None,
    ) -> QuantileRegressionResults:
        """Fit linear models of quantiles to a matrix that the caller has built.

        Parameters
        ----------
        y : column or array, shape (n,)
        x, terms
            As for `fit`.
        p, df
            As for `quantile_regression`.
        """
        points = self._points(p)
        name, outcome = self._numbers(y)
        return self._quantile_regression(self._given(outcome, name, x, terms), points, df)

    def _points(self, p: float | Sequence[float]) -> tuple[float, ...]:
        if self.replicates is None:
            raise InputError(
                "quantile regression needs replicate weights: it has no linearised variance",
                remedy="Make some first: design.as_replicates('bootstrap', seed=1, count=200), or "
                "'BRR' where every stratum has pairs of PSUs.",
            )
        try:
            given = np.atleast_1d(np.asarray(p, dtype=float))
        except (TypeError, ValueError):
            given = np.empty((0, 0))
        if given.ndim != 1:
            raise InputError(f"quantiles are a number between 0 and 1 or several, not {p!r}")
        points = tuple(float(point) for point in given)
        if not points or not all(0 < point < 1 for point in points):
            raise InputError(f"quantiles must lie between 0 and 1, not {list(points)}")
        if len({f"{point:g}" for point in points}) < len(points):
            raise InputError(f"a quantile is asked for twice: {list(points)}")
        return points

    def _quantile_regression(
        self, matrices: Matrices, points: tuple[float, ...], df: DFRule
    ) -> QuantileRegressionResults:
        if not len(matrices.rows):
            raise InputError(
                f"every row of the domain lacks a value in the model of '{matrices.outcome}'"
            )
        columns = matrices.names
        names = columns
        if len(points) > 1:
            names = [f"{point:g}: {name}" for point in points for name in columns]
            matrices = replace(matrices, terms=_terms(matrices, points))
        estimator = CheckLoss(matrices.y, matrices.x, columns, points, names)
        common = self._estimated(estimator, matrices, df)
        index = self.frame.index[matrices.rows]
        fitted = common["source"].fit.fitted
        return QuantileRegressionResults(
            **common,
            points=points,
            columns=columns,
            fittedvalues=pd.Series(fitted, index=index)
            if len(points) == 1
            else pd.DataFrame(fitted, index=index, columns=list(points)),
        )


def _terms(matrices: Matrices, points: tuple[float, ...]) -> dict[str, list[str]]:
    """Name the coefficients of terms and columns across quantiles, and at each."""
    groups = matrices.terms | {c: [c] for c in matrices.names if c not in matrices.terms}
    at = {
        f"{point:g}: {term}": [f"{point:g}: {name}" for name in group]
        for point in points
        for term, group in groups.items()
    }
    across = {
        term: [f"{point:g}: {name}" for point in points for name in group]
        for term, group in groups.items()
    }
    return across | at
