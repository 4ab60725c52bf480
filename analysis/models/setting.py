"""What all analyses of one study share: people, outcomes, dose groups, covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.grammar import Term
from analysis.models.associations import Fit
from analysis.models.doses import Doses
from analysis.models.matrix import covariates
from analysis.models.outcomes import Response
from analysis.models.plan import Exposure, Measures, Model, Plan
from analysis.models.spline import knots_of
from analysis.models.watch import Watch
from analysis.survey import Design
from analysis.survey.results import DFRule

DF_RULE: DFRule = "design"
"""Degrees of freedom of every interval and test: PSUs minus strata in the domain."""


@dataclass(frozen=True)
class Setting:
    """A study on its people.

    Parameters
    ----------
    plan : Plan
        What is asked for.
    frame : DataFrame, n rows
        Everyone in the design.
    cohort : Design
        The domain that is analysed.
    before : Design
        The domain that the steps leave before people with a missing covariate are set aside; the
        cohort where none are.
    measures : mapping of str to MeasureText
        Labels and units.
    responses : mapping of str to Response
        Every outcome, by its name.
    doses : mapping of str to Doses
        Dose groups of every exposure, by its measure.
    watch : Watch
        Told how far analyses of many models are.
    """

    plan: Plan
    frame: pd.DataFrame
    cohort: Design
    before: Design
    measures: Measures
    responses: Mapping[str, Response]
    doses: Mapping[str, Doses]
    watch: Watch = field(default_factory=Watch, repr=False)
    _covariates: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def exposure(self) -> Exposure:
        """The main exposure.

        Raises
        ------
        InputError
            If the study has none.
        """
        if self.plan.exposure is None:
            raise InputError("the study has no exposure", where="[exposure]")
        return self.plan.exposure

    @cached_property
    def people(self) -> pd.DataFrame:
        """Rows of the cohort's members, whom alone matrices are built for."""
        return self.frame.loc[self.cohort.inside]

    def unit(self, measure: str) -> str:
        """Give a measure's unit; empty if it has none."""
        return self.measures[measure].unit

    def model(self, name: str | None = None, exposure: str | None = None) -> Model:
        """Find a model by its name, or the last of an exposure (the main one unless told)."""
        if name is None:
            return self.plan.models_of(exposure or self.exposure.measure)[-1]
        return next(model for model in self.plan.models if model.name == name)

    def knots(self, column: str, number: int) -> np.ndarray:
        """Knots of a spline: the cohort's weighted percentiles."""
        return knots_of(self.cohort, column, number)

    def columns(self, terms: Sequence[Term]) -> pd.DataFrame:
        """Covariate columns of terms, a row a member of the cohort; each term is built once."""
        built = []
        for term in terms:
            key = (str(term),)
            if key not in self._covariates:
                self._covariates[key] = covariates([term], self.people, self.knots)
            built.append(self._covariates[key])
        return pd.concat(built, axis=1) if built else pd.DataFrame(index=self.people.index)

    def fit(self, outcome: str, terms: Sequence[Term], model: Model) -> Fit:
        """Prepare the regressions of an outcome beside some terms, which rows call `model`."""
        return Fit(self.responses[outcome], model, self.columns(terms), DF_RULE)
