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

EVENTS_EACH = 10
"""Events (or the lack of them, if fewer) to each coefficient below which a note is made. Peduzzi
P, Concato J, Kemper E, Holford TR, Feinstein AR (1996). A simulation study of the number of events
per variable in logistic regression analysis. Journal of Clinical Epidemiology 49:1373-1379."""
EVENTS_IN_CATEGORY = 3
"""Events in a category below which a note is made."""
CERTAIN = 1e-8
"""Probabilities this near to 0 or 1 are taken for them."""


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

    @property
    def notes(self) -> tuple[str, ...]:
        """What to beware of in this model; of a binary outcome also rare events."""
        return (*super().notes, *self._rare())

    def _rare(self) -> list[str]:
        """Tell of few events for the coefficients, or in a category, and of near separation."""
        if self.n_events is None:
            return []
        found = []
        fewer = min(self.n_events, self.nobs - self.n_events)
        have = "have" if fewer == self.n_events else "lack"
        slopes = len(self.params) - 1
        if fewer < EVENTS_EACH * slopes:
            found.append(
                f"{fewer} rows {have} the outcome for {slopes} coefficients beside the intercept: "
                f"below {EVENTS_EACH} each, estimates may be off (Peduzzi et al. 1996)."
            )
        found += self._rare_in_categories()
        p = self.fittedvalues.to_numpy()
        certain = int(((p < CERTAIN) | (p > 1 - CERTAIN)).sum())
        if certain:
            found.append(f"{certain:,} rows have a probability of 0 or 1 to 8 digits: separation.")
        return found

    def _rare_in_categories(self) -> list[str]:
        if self.source is None:
            return []
        x, y = self.source.matrices.x, self.source.matrices.y
        indicator = ((x == 0) | (x == 1)).all(axis=0) & (x != x[0]).any(axis=0)
        found = []
        for j in np.flatnonzero(indicator).tolist():
            inside = int(x[:, j].sum())
            have = int(x[:, j] @ y)
            if min(have, inside - have) < EVENTS_IN_CATEGORY:
                found.append(
                    f"{have:,} of the {inside:,} rows in '{self.params.index[j]}' have the "
                    "outcome: its coefficient hangs on few."
                )
        return found


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
