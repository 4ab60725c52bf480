"""Results of models of an outcome of several categories under a complex design."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.formula import Matrices
from analysis.survey.hypotheses import wald_test
from analysis.survey.ordinal import CumulativeLogits
from analysis.survey.results import ModelResults, WaldTest


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CategoricalResults(ModelResults):
    """A model of an outcome's categories; what all models have is in `ModelResults`.

    Attributes
    ----------
    categories : dict of str to int
        Rows used of each category, in order.
    dropped : list of str
        Categories that the outcome has elsewhere, or was said to have, without a row used.
    fittedvalues : DataFrame, shape (nobs, J)
        Probabilities of the categories, with the data frame's index.
    """

    categories: dict[str, int]
    dropped: list[str]
    fittedvalues: pd.DataFrame

    def _remarks(self) -> list[str]:
        rows = ", ".join(f"{label} {count:,}" for label, count in self.categories.items())
        lines = textwrap.wrap(f"Rows by category: {rows}", 80)
        if self.dropped:
            lines += textwrap.wrap(f"Categories without rows: {', '.join(self.dropped)}", 80)
        return lines


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class MultinomialResults(CategoricalResults):
    """A multinomial logit: an equation for each category but the reference.

    Coefficients are named ``"category: column"``, an equation after the other; their exponents
    are ratios of the odds of the category against the reference (in Stata relative risk ratios).
    `terms` has, for `wald_test`, each term of the formula and each column across all equations,
    each equation's slopes under its category's name (if no term has that name), and
    ``"category: term"``.

    Attributes
    ----------
    reference : str
    """

    reference: str

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        return "multinomial logit"

    @property
    def effect_measure(self) -> str:
        """What exponentiated coefficients measure.

        The odds are those of a category against the reference, among people who are in one of the
        two: SAS calls their ratios odds ratios as well, Stata's ``rrr`` relative risk ratios (of a
        category's risk over the reference's).
        """
        return "odds ratio against the reference"

    @property
    def equations(self) -> list[str]:
        """Categories that have an equation, in order."""
        return [label for label in self.categories if label != self.reference]

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients by column (rows) and category (columns), shape (p, J - 1)."""
        values = self.params.to_numpy().reshape(len(self.equations), -1).T
        return pd.DataFrame(values, index=self._columns(), columns=self.equations)

    def _columns(self) -> list[str]:
        first = f"{self.equations[0]}: "
        return [n.removeprefix(first) for n in self.params.index[: self._size]]

    @property
    def _size(self) -> int:
        return len(self.params) // len(self.equations)

    def _blocks(self) -> list[tuple[str, dict[str, str]]]:
        blocks = []
        for number, equation in enumerate(self.equations):
            names = self.params.index[number * self._size : (number + 1) * self._size]
            block = dict(zip(self._columns(), names, strict=True))
            blocks.append((f"{equation} against {self.reference}", block))
        return blocks


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CumulativeResults(ModelResults):
    """The binary logits of being above each threshold, with their joint covariance.

    Coefficients are named ``"> category: column"``.
    """

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        return "cumulative binary logits"

    @property
    def effect_measure(self) -> str:
        """What exponentiated coefficients measure."""
        return "odds ratio"

    @property
    def df_taken(self) -> tuple[int, str]:
        """Degrees of freedom that coefficients take under the residual rule, and their words."""
        return len(next(iter(self.terms.values()))), "slopes of one logit"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OrdinalResults(CategoricalResults):
    """A proportional-odds logit: one slope a column, and a threshold between categories.

    The model is logit P(Y <= k) = threshold - x b: exp(b) is the ratio of the odds of a higher
    category. R's ``polr`` and ``svyolr`` and Stata's ``ologit`` have the same signs; SAS's
    ``SURVEYLOGISTIC`` models logit P(Y <= k) = intercept + x b, unless told ``descending``.
    Coefficients are slopes by column, then thresholds such as ``"low|mid"``.
    """

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        return "proportional-odds logit"

    @property
    def effect_measure(self) -> str:
        """What exponentiated slopes measure: of being above any threshold, whichever it is."""
        return "odds ratio"

    @property
    def df_taken(self) -> tuple[int, str]:
        """Degrees of freedom that coefficients take under the residual rule, and their words.

        One a slope, as in R's ``svyolr``.
        """
        return len(self.slopes), "slopes"

    @property
    def slopes(self) -> pd.Series:
        """Slopes by column, shape (p,)."""
        return self.params.iloc[: len(self.params) - len(self.categories) + 1]

    @property
    def thresholds(self) -> pd.Series:
        """Thresholds, ascending, shape (J - 1,)."""
        return self.params.iloc[len(self.params) - len(self.categories) + 1 :]

    @cached_property
    def cumulative_logits(self) -> CumulativeResults:
        """The binary logits of being above each category, with slopes of their own.

        Raises
        ------
        InputError
            If one is separated, which the model with common slopes need not be, or what the model
            was fitted to was not kept.
        """
        if self.source is None:
            raise InputError(f"what the model of '{self.outcome}' was fitted to was not kept")
        matrices: Matrices = self.source.matrices
        logits = CumulativeLogits(
            matrices.y.astype(np.intp), matrices.x, matrices.names, list(self.categories)
        )
        above = [f"> {label}" for label in list(self.categories)[:-1]]
        own = {each: [f"{each}: {name}" for name in matrices.names] for each in above}
        common = self.source.design._estimated(logits, replace(matrices, terms=own), self.df_rule)
        return CumulativeResults(**common)

    def proportional_odds_test(
        self, what: str | list[str] | None = None, *, adjusted: bool = False
    ) -> WaldTest:
        r"""Test that slopes are the same at every threshold (Brant 1990).

        The J - 1 binary logits of being above a threshold are fitted with their joint covariance
        under the design, and the differences of their slopes from those at the first threshold
        tested by Wald's F on (J - 2) q degrees of freedom, q the columns.

        Parameters
        ----------
        what : str or list of str, optional
            Terms or columns; all of them unless given.
        adjusted : bool, default False
            As for `hypotheses.wald_test`.

        Returns
        -------
        WaldTest

        Raises
        ------
        InputError
            If there are two categories only, no slopes, an unknown name, a logit is separated, or
            more differences than the design has degrees of freedom.
        """
        columns = self._slopes_of(what)
        above = [f"> {label}" for label in list(self.categories)[:-1]]
        if len(above) < 2 or not columns:
            raise InputError(
                f"the model of '{self.outcome}' has {len(above)} thresholds and {len(columns)} "
                "slopes: there is nothing to compare"
            )
        contrasts = {
            f"{each}: {column}": {f"{each}: {column}": 1.0, f"{above[0]}: {column}": -1.0}
            for each in above[1:]
            for column in columns
        }
        return wald_test(self.cumulative_logits, contrasts, adjusted=adjusted)

    def _measured(self) -> list[str]:
        return list(self.slopes.index)

    def _slopes_of(self, what: str | list[str] | None) -> list[str]:
        if what is None:
            return list(self.slopes.index)
        names = [what] if isinstance(what, str) else what
        columns = dict.fromkeys(column for name in names for column in self.terms.get(name, [name]))
        unknown = [column for column in columns if column not in self.slopes.index]
        if unknown:
            known = ", ".join(dict.fromkeys([*self.terms, *self.slopes.index]))
            raise InputError(f"the model has no slope '{unknown[0]}'", remedy=f"Of: {known}")
        return list(columns)

    def _blocks(self) -> list[tuple[str, dict[str, str]]]:
        return [
            ("", {name: name for name in self.slopes.index}),
            ("Thresholds", {name: name for name in self.thresholds.index}),
        ]
