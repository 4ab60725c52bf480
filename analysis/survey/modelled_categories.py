"""Models of an outcome of several categories, by formula or by matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.categorical import MultinomialResults, OrdinalResults
from analysis.survey.categories import Coded, Outcome, coded, is_ordered, label_of, outcome_of, used
from analysis.survey.columns import aligned, column
from analysis.survey.estimation import Estimator
from analysis.survey.formula import Matrices, build_matrices
from analysis.survey.modelled import Modelled
from analysis.survey.multinomial import Multinomial
from analysis.survey.ordinal import ProportionalOdds
from analysis.survey.results import DFRule
from analysis.survey.sample import Values


class ModelledCategories(Modelled):
    """Multinomial and proportional-odds logits of whatever has weights and a variance."""

    def multinomial(
        self, formula: str, reference: Any = None, *, df: DFRule = "design"
    ) -> MultinomialResults:
        """Fit a multinomial logit to the domain.

        Parameters
        ----------
        formula : str
            As for `glm`, for example ``"status ~ age + C(group)"``. The outcome is a column: a
            Categorical, text, truth values or whole numbers. Its categories are in the order of
            the Categorical, or ascending; those without a row in the domain are left out.
        reference : label, optional
            The category with which the others are compared; the first unless given (as in R's
            ``multinom``; Stata's ``mlogit`` takes the most frequent, SAS the last).
        df : {"design", "residual"}
            As for `glm`.

        Returns
        -------
        MultinomialResults

        Raises
        ------
        InputError
            If the formula cannot be used, the outcome has no categories or one only, the
            reference no row, columns are collinear, or the outcome is separated (with the column
            and the category).
        """
        name = outcome_of(formula)
        outcome = coded(self._values(name), name, self._inside)
        return self._multinomial(*self._of_formula(formula, outcome), reference, df)

    def multinomial_fit(
        self,
        y: Values,
        x: pd.DataFrame,
        reference: Any = None,
        *,
        df: DFRule = "design",
        terms: dict[str, list[str]] | None = None,
    ) -> MultinomialResults:
        """Fit a multinomial logit to a matrix that the caller has built.

        Parameters
        ----------
        y : column or array, shape (n,)
            As the outcome of `multinomial`.
        x, terms
            As for `fit`; include a column of ones for the intercepts.
        reference, df
            As for `multinomial`.
        """
        outcome = coded(self._values(y), self._name(y), self._inside)
        matrices = used(self._given(outcome.codes, outcome.name, x, terms), outcome)
        return self._multinomial(*matrices, reference, df)

    def ordinal(
        self, formula: str, categories: Sequence | None = None, *, df: DFRule = "design"
    ) -> OrdinalResults:
        """Fit a proportional-odds logit to the domain: logit P(Y <= k) = threshold - x b.

        Parameters
        ----------
        formula : str
            As for `multinomial`. The thresholds take the place of the intercept.
        categories : sequence, optional
            The outcome's values from lowest to highest. Not needed for numbers, which ascend, and
            a Categorical that is ordered; text has no order of its own.
        df : {"design", "residual"}
            Degrees of freedom: the design's, or these less the slopes (R's ``svyolr``).

        Returns
        -------
        OrdinalResults

        Raises
        ------
        InputError
            If the formula cannot be used, the order of the categories is unknown, there is one
            only, columns are collinear (a constant is, with the thresholds), or the outcome is
            separated.
        """
        name = outcome_of(formula)
        matrices, found = self._of_formula(formula, self._ordered(name, name, categories))
        return self._ordinal(_without_intercept(matrices), found, df)

    def ordinal_fit(
        self,
        y: Values,
        x: pd.DataFrame,
        categories: Sequence | None = None,
        *,
        df: DFRule = "design",
        terms: dict[str, list[str]] | None = None,
    ) -> OrdinalResults:
        """Fit a proportional-odds logit to a matrix that the caller has built.

        Parameters
        ----------
        y : column or array, shape (n,)
            As the outcome of `ordinal`.
        x, terms
            As for `fit`, but without a column of ones.
        categories, df
            As for `ordinal`.
        """
        outcome = self._ordered(y, self._name(y), categories)
        return self._ordinal(*used(self._given(outcome.codes, outcome.name, x, terms), outcome), df)

    def _ordered(self, y: Values, name: str, categories: Sequence | None) -> Coded:
        values = self._values(y)
        if categories is None and not is_ordered(values):
            raise InputError(
                f"the categories of '{name}' have no order",
                remedy="Give them from lowest to highest in categories=, or make it an ordered "
                "Categorical.",
            )
        return coded(values, name, self._inside, categories)

    def _of_formula(self, formula: str, outcome: Coded) -> tuple[Matrices, Outcome]:
        rows = self._some_rows()
        weightless = np.flatnonzero(self._inside & (self.weights == 0))
        frame = self.frame.assign(**{outcome.name: outcome.codes})
        return used(build_matrices(formula, frame, rows, weightless), outcome)

    def _values(self, y: Values) -> pd.Series:
        if isinstance(y, str):
            return column(self.frame, y, "outcome")
        return aligned(y, self.frame, f"'{self._name(y)}'")

    def _multinomial(
        self, matrices: Matrices, outcome: Outcome, reference: Any, df: DFRule
    ) -> MultinomialResults:
        base = _reference(outcome, reference, matrices.outcome)
        estimator = Multinomial(
            outcome.codes, matrices.x, matrices.names, outcome.labels, outcome.labels.index(base)
        )
        equations = [label for label in outcome.labels if label != base]
        matrices = replace(matrices, terms=_terms(matrices, equations))
        return MultinomialResults(
            reference=base, **self._categorical(estimator, matrices, outcome, df)
        )

    def _ordinal(self, matrices: Matrices, outcome: Outcome, df: DFRule) -> OrdinalResults:
        estimator = ProportionalOdds(outcome.codes, matrices.x, matrices.names, outcome.labels)
        return OrdinalResults(**self._categorical(estimator, matrices, outcome, df))

    def _categorical(
        self, estimator: Estimator, matrices: Matrices, outcome: Outcome, df: DFRule
    ) -> dict[str, Any]:
        """Fit a model and give what both kinds of `CategoricalResults` have."""
        common = self._estimated(estimator, matrices, df)
        fitted = pd.DataFrame(
            common["source"].fit.fitted, self.frame.index[matrices.rows], outcome.labels
        )
        return common | {
            "categories": dict(zip(outcome.labels, outcome.counts, strict=True)),
            "dropped": outcome.dropped,
            "fittedvalues": fitted,
        }


def _reference(outcome: Outcome, reference: Any, name: str) -> str:
    """Find the reference category among those with a row."""
    found = outcome.declared[0] if reference is None else label_of(reference)
    if found in outcome.labels:
        return found
    known = f"Choose reference= from: {', '.join(outcome.labels)}"
    if found in outcome.declared:
        raise InputError(
            f"the reference category '{found}' of '{name}' has no row of positive weight",
            remedy=known,
        )
    raise InputError(f"the outcome '{name}' has no category '{found}'", remedy=known)


def _without_intercept(matrices: Matrices) -> Matrices:
    """Leave out the formula's intercept, and with it the formula engine's description."""
    if "Intercept" not in matrices.names:
        return replace(matrices, spec=None)
    kept = [name for name in matrices.names if name != "Intercept"]
    columns = [matrices.names.index(name) for name in kept]
    terms = {term: names for term, names in matrices.terms.items() if names != ["Intercept"]}
    return replace(matrices, x=matrices.x[:, columns], names=kept, terms=terms, spec=None)


def _terms(matrices: Matrices, equations: list[str]) -> dict[str, list[str]]:
    """Name the coefficients of terms and columns across equations, and within each."""
    columns = matrices.names
    groups = matrices.terms | {c: [c] for c in columns if c not in matrices.terms}
    slopes = [
        c for c, same in zip(columns, np.ptp(matrices.x, axis=0) == 0, strict=True) if not same
    ]
    terms = {
        name: [f"{e}: {c}" for e in equations for c in group] for name, group in groups.items()
    }
    for equation in equations:
        for name, group in groups.items():
            terms.setdefault(f"{equation}: {name}", [f"{equation}: {c}" for c in group])
        if slopes:
            terms.setdefault(equation, [f"{equation}: {c}" for c in slopes])
    return terms
