"""Regression models of a sample, by formula or by matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.columns import aligned, as_matrix, as_numbers
from analysis.survey.estimation import Estimator
from analysis.survey.formula import Matrices, build_matrices
from analysis.survey.irls import GLM
from analysis.survey.links import LINKS, named
from analysis.survey.many import fit_many
from analysis.survey.neighbours import fit_neighbours
from analysis.survey.regression import RegressionResults, check_outcome, family_of
from analysis.survey.results import DFRule, Source
from analysis.survey.sample import Sample, Values
from analysis.survey.specified import Specification


class Modelled(Sample):
    """Regression models of whatever has weights and a variance."""

    def glm(
        self,
        formula: str,
        family: str = "gaussian",
        *,
        link: str | None = None,
        offset: Values | None = None,
        df: DFRule = "design",
    ) -> RegressionResults:
        """Fit a generalised linear model to the domain.

        Parameters
        ----------
        formula : str
            For statsmodels' formula engine, for example ``"low ~ C(group) + age"``. It is code of
            the caller's: never pass text from a file. Rows with a missing value in it are outside
            the domain.
        family : {"gaussian", "binomial", "poisson", "gamma"}
            Its variance function; the errors need not follow it (R's ``quasibinomial`` and
            ``quasipoisson`` give the same). ``"poisson"`` takes any outcome that is not negative.
        link : str, optional
            Of gaussian ``"identity"`` or ``"log"``; of binomial ``"logit"``, ``"log"``,
            ``"identity"``, ``"probit"`` or ``"cloglog"``; of poisson ``"log"`` or ``"identity"``;
            of gamma ``"inverse"``, ``"log"`` or ``"identity"``. The first, which is canonical,
            unless told. Under the others the variance has the expected information, as R's
            ``svyglm``; Stata's ``svy: glm`` has the observed one.
        offset : column or array, shape (n,), optional
            Added to the linear predictor: for rates the logarithm of the time at risk, such as
            ``np.log(frame["years"])``. (R's ``offset()``; ``offset()`` in Stata too, whose
            ``exposure()`` takes the time itself.) Rows without one are outside the domain.
        df : {"design", "residual"}
            Degrees of freedom: the design's, or these less the coefficients but one (R's).

        Raises
        ------
        InputError
            If the formula cannot be used, columns are collinear, the outcome does not suit the
            family, is the same for everyone or separated - under the weights or under a replicate
            of them - or the best means lie on the border of the family's range.
        """
        rows = self._some_rows()
        weightless = np.flatnonzero(self._inside & (self.weights == 0))
        added = self._offset(offset)
        if added is None:
            matrices = build_matrices(formula, self.frame, rows, weightless)
            return self._fit(matrices, family, df, link)
        known = ~np.isnan(added)
        kept = rows[known[rows]]
        if not len(kept):
            raise InputError("the offset is missing in every row of the domain")
        matrices = build_matrices(formula, self.frame, kept, weightless[known[weightless]])
        missing = matrices.n_missing + len(rows) - len(kept)
        return self._fit(replace(matrices, n_missing=missing), family, df, link, added)

    def fit(
        self,
        y: Values,
        x: pd.DataFrame,
        family: str = "gaussian",
        *,
        link: str | None = None,
        offset: Values | None = None,
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
        family, link, offset, df
            As for `glm`; `offset` is of shape (n,) whatever rows `x` has.
        terms : dict of str to list of str, optional
            Names for groups of columns, for `RegressionResults.wald_test`.
        """
        name, outcome = self._numbers(y, condition=True)
        added = self._offset(offset)
        if added is not None:
            outcome = np.where(np.isnan(added), np.nan, outcome)
        return self._fit(self._given(outcome, name, x, terms), family, df, link, added)

    def many(
        self,
        specifications: Sequence[Specification],
        columns: Mapping[str, pd.DataFrame | pd.Series] | None = None,
        *,
        alpha: float = 0.05,
        jobs: int = 1,
    ) -> pd.DataFrame:
        """Fit many models that share columns, as a specification curve does.

        Parameters
        ----------
        specifications : sequence of Specification
        columns : dict of str to DataFrame or Series, optional
            Blocks of columns by the name of their term, with the index of the design's frame or
            of its rows that are `inside` the domain. A term that is not among them is the
            right-hand side of a formula, whose levels, knots and centres are those of all rows
            in the design's domain, whatever the domain of a specification.
        alpha : float, default 0.05
        jobs : int, default 1
            Processes. They are sent no data but what the models need, once, in shared memory.

        Returns
        -------
        DataFrame
            A row for each specification and coefficient kept: ``specification``, ``outcome``,
            ``term``, ``coefficient``, ``estimate``, ``std_error``, ``conf_low``, ``conf_high``,
            ``statistic``, ``df``, ``p_value``, ``n``, ``events`` (of a binomial outcome),
            ``left_out`` and ``problem``. In the order of the specifications, and the same to the
            last bit in any order and for any `jobs`, and as from `fit` on the same columns (with
            up to some 100 columns, beyond which BLAS may share a small matrix between threads).

            A model that cannot be fitted - separated, collinear, nobody in the domain - has one
            row with the message in ``problem``, which is empty otherwise.

            ``left_out`` names columns that are zero in every row used, such as a category that
            nobody in the domain has: the model is fitted without them. One that is to be kept is
            a problem instead.

        Raises
        ------
        InputError
            If a specification names what there is not, with the specification's name, before any
            model is fitted.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis.survey import Design, Specification
        >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 1, 2, 1], "y": [1.0, 3, 2, 5, 4, 9]})
        >>> frame = frame.assign(x=[0.0, 1, 1, 2, 2, 3], z=[0.0, 0, 1, 0, 1, 1])
        >>> adjusted = {"crude": ["x"], "adjusted": ["x", "z"]}
        >>> curve = [Specification(n, "y", terms, keep=["x"]) for n, terms in adjusted.items()]
        >>> found = Design(frame, weights="w").many(curve)
        >>> found[["specification", "coefficient", "estimate", "n"]].round(3)
          specification coefficient  estimate  n
        0         crude           x     2.417  6
        1      adjusted           x     2.750  6
        """
        return fit_many(self, specifications, columns, alpha, jobs)

    def fits(
        self,
        specifications: Sequence[Specification],
        columns: Mapping[str, pd.DataFrame | pd.Series],
        *,
        alpha: float = 0.05,
        jobs: int = 1,
    ) -> pd.DataFrame:
        """Fit many models of given columns, each begun at the solution of the one before.

        For thousands of models of the same people: a specification curve. There are no formulas.

        Parameters
        ----------
        specifications : sequence of Specification
            Each term is a key of `columns`. Those that share outcome, domain, weight and most
            columns are best next to each other; `keep` what is wanted, for the rest costs time.
        columns : dict of str to DataFrame or Series
            As for `many`.
        alpha : float, default 0.05
        jobs : int, default 1
            Threads.

        Returns
        -------
        DataFrame
            As `many` gives. Coefficients and standard errors are those of `fit` on the same
            columns to a relative difference of 1e-10 at most, whatever model came before; bits
            depend on the list of specifications, but not on `jobs`.

        Raises
        ------
        InputError
            If a specification names what there is not, before any model is fitted.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis.survey import Design, Specification
        >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 1, 2, 1], "y": [1.0, 3, 2, 5, 4, 9]})
        >>> frame = frame.assign(x=[0.0, 1, 1, 2, 2, 3], z=[0.0, 0, 1, 0, 1, 1])
        >>> adjusted = {"crude": ["x"], "adjusted": ["x", "z"]}
        >>> curve = [Specification(n, "y", terms, keep=["x"]) for n, terms in adjusted.items()]
        >>> found = Design(frame, weights="w").fits(curve, {name: frame[name] for name in "xz"})
        >>> found[["specification", "coefficient", "estimate", "n"]].round(3)
          specification coefficient  estimate  n
        0         crude           x     2.417  6
        1      adjusted           x     2.750  6
        """
        return fit_neighbours(self, specifications, columns, alpha, jobs)

    def _given(
        self, outcome: np.ndarray, name: str, x: pd.DataFrame, terms: dict[str, list[str]] | None
    ) -> Matrices:
        """Take the rows of a caller's matrix that are in the domain and lack nothing."""
        given = self._rows_of(x)
        rows = self._some_rows()
        _check_terms(terms or {}, list(map(str, x.columns)))
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

    def _offset(self, offset: Values | None) -> np.ndarray | None:
        """Take an offset as numbers, shape (n,), NaN where missing."""
        if offset is None or isinstance(offset, str):
            return None if offset is None else self._numbers(offset)[1]
        return as_numbers(aligned(offset, self.frame, "the offset"), "the offset")

    def _fit(
        self,
        matrices: Matrices,
        family: str,
        df: DFRule,
        link: str | None = None,
        offset: np.ndarray | None = None,
    ) -> RegressionResults:
        kind = family_of(family, link)
        n_events = check_outcome(matrices.y, family, matrices.outcome)
        added = None if offset is None else offset[matrices.rows]
        estimator = GLM(matrices.y, matrices.x, kind, matrices.names, added)
        common = self._estimated(estimator, matrices, df)
        fitted = common["source"].fit.fitted
        return RegressionResults(
            **common,
            family=family,
            link=named(LINKS, kind.link),
            n_events=n_events,
            fittedvalues=pd.Series(fitted, index=self.frame.index[matrices.rows]),
            offset=None if offset is None else pd.Series(offset, self.frame.index, name="offset"),
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


def _check_terms(terms: Any, names: list[str]) -> None:
    """Refuse groups of columns that name what there is not."""
    if not isinstance(terms, Mapping):
        raise InputError("terms are a dict: lists of columns by the name of their term")
    for term, columns in terms.items():
        unknown = [] if isinstance(columns, str) else [c for c in columns if c not in names]
        if isinstance(columns, str) or unknown:
            what = f"no column '{unknown[0]}' in x" if unknown else "a list of columns is wanted"
            raise InputError(f"term '{term}': {what}", remedy=f"Of: {', '.join(names)}")
