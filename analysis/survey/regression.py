"""Results of a generalised linear model under a complex design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.genmod import families

from analysis.errors import InputError
from analysis.survey.results import ModelResults

FAMILIES = {"gaussian": families.Gaussian, "binomial": families.Binomial}
"""Families by name, each with its canonical link."""


@dataclass(frozen=True, repr=False, kw_only=True)
class RegressionResults(ModelResults):
    """A generalised linear model; what all models have is in `ModelResults`.

    Attributes
    ----------
    family : str
    n_events : int or None
        Rows used with outcome 1 (binomial only).
    fittedvalues : Series, shape (nobs,)
        Means, with the data frame's index.
    """

    family: str
    n_events: int | None
    fittedvalues: pd.Series

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        return f"{self.family} model"

    @property
    def counted(self) -> str:
        """The rows used, in words."""
        events = "" if self.n_events is None else f", {self.n_events:,} with the outcome"
        return f"{self.nobs:,} rows{events}"


def family_of(name: str) -> Any:
    """Make a statsmodels family from its name.

    Raises
    ------
    InputError
        If the name is not in `FAMILIES`.
    """
    if name not in FAMILIES:
        raise InputError(f"unknown family '{name}'", remedy=f"Choose from {', '.join(FAMILIES)}.")
    return FAMILIES[name]()


def check_outcome(y: np.ndarray, family: str, outcome: str) -> int | None:
    """Count the events of a binomial outcome; None for other families.

    Raises
    ------
    InputError
        If no rows are left, the outcome is not of 0 and 1, or the same in every row.
    """
    if not len(y):
        raise InputError(f"every row of the domain lacks a value in the model of '{outcome}'")
    if family == "binomial":
        if not np.isin(y, (0.0, 1.0)).all():
            odd = y[~np.isin(y, (0.0, 1.0))][0]
            raise InputError(f"the outcome '{outcome}' must be 0 or 1; it has {odd:g}")
        events = int(y.sum())
        if events in (0, len(y)):
            have = "none" if events == 0 else "all"
            raise InputError(
                f"the outcome '{outcome}' cannot be modelled: "
                f"{have} of the {len(y):,} rows in the domain have it",
                remedy="Check the cut-off and the domain.",
            )
        return events
    return None
