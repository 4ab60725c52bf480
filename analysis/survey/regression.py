"""Results of a generalised linear model under a complex design.

References
----------
Zou G (2004). A modified Poisson regression approach to prospective studies with binary data.
American Journal of Epidemiology 159:702-706.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.links import FAMILIES, LINKS
from analysis.survey.printed import counted
from analysis.survey.results import ModelResults

LINKS_OF = {
    "gaussian": ("identity", "log"),
    "binomial": ("logit", "log", "identity", "probit", "cloglog"),
    "poisson": ("log", "identity"),
    "gamma": ("inverse", "log", "identity"),
}
"""Links that each family may have, the canonical one first."""


class Effect(NamedTuple):
    """What a coefficient measures."""

    measure: str
    exponentiated: bool


EFFECTS = {
    ("gaussian", "identity"): Effect("difference of means", False),
    ("gaussian", "log"): Effect("ratio of means", True),
    ("binomial", "logit"): Effect("odds ratio", True),
    ("binomial", "log"): Effect("risk ratio", True),
    ("binomial", "identity"): Effect("risk difference", False),
    ("binomial", "probit"): Effect("difference of probits", False),
    ("binomial", "cloglog"): Effect("hazard ratio", True),
    ("poisson", "log"): Effect("rate ratio", True),
    ("poisson", "identity"): Effect("rate difference", False),
    ("gamma", "inverse"): Effect("difference of inverse means", False),
    ("gamma", "log"): Effect("ratio of means", True),
    ("gamma", "identity"): Effect("difference of means", False),
}
"""What coefficients measure by family and link, and whether they must be exponentiated for it. The
hazard ratio of the complementary log-log is that of times known by interval only."""
OF_RISKS = {"rate ratio": "risk ratio", "rate difference": "risk difference"}
"""What Poisson models measure of an outcome of 0 and 1 (Zou 2004)."""

EVENTS_EACH = 10
"""Events (or the lack of them, if fewer) to each coefficient below which a note is made. Peduzzi
P, Concato J, Kemper E, Holford TR, Feinstein AR (1996). A simulation study of the number of events
per variable in logistic regression analysis. Journal of Clinical Epidemiology 49:1373-1379."""
EVENTS_IN_CATEGORY = 3
"""Events in a category below which a note is made."""
CERTAIN = 1e-8
"""Probabilities this near to 0 or 1 are taken for them."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RegressionResults(ModelResults):
    """A generalised linear model; what all models have is in `ModelResults`.

    Attributes
    ----------
    family : str
    link : str
    n_events : int or None
        Rows used with outcome 1: of the binomial family, and of the Poisson family where the
        outcome is of 0 and 1 only.
    fittedvalues : Series, shape (nobs,)
        Means, with the data frame's index.
    offset : Series of shape (n,) or None
        What was added to the linear predictor, with the data frame's index.
    """

    family: str
    link: str
    n_events: int | None
    fittedvalues: pd.Series
    offset: pd.Series | None = None

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        usual = self.link == LINKS_OF[self.family][0]
        return f"{self.family} model" + ("" if usual else f" with {self.link} link")

    @property
    def effect_measure(self) -> str:
        """What coefficients measure, exponentiated where that is how they are read.

        ``"odds ratio"``, ``"risk ratio"``, ``"risk difference"``, ``"rate ratio"``, ``"ratio of
        means"``, ``"difference of means"`` and others. A Poisson model of an outcome of 0 and 1
        without offset gives risk ratios: the modified Poisson regression of Zou (2004).
        """
        measure = EFFECTS[self.family, self.link].measure
        risks = self.family == "poisson" and self.n_events is not None and self.offset is None
        return OF_RISKS[measure] if risks else measure

    @property
    def exponentiated(self) -> bool:
        """Whether `effect_measure` is of exponentiated coefficients."""
        return EFFECTS[self.family, self.link].exponentiated

    @property
    def counted(self) -> str:
        """The rows used, in words."""
        events = "" if self.n_events is None else f", {self.n_events:,} with the outcome"
        return f"{counted(self.nobs, 'row')}{events}"

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
        return found + self._rare_in_categories() + self._certain()

    def _certain(self) -> list[str]:
        p = self.fittedvalues.to_numpy()
        certain = int(((p < CERTAIN) | (p > 1 - CERTAIN)).sum())
        if self.family != "binomial" or not certain:  # means of the Poisson family may be above 1
            return []
        return [
            f"{certain:,} rows have a probability of 0 or 1 to 8 digits: separation may be near."
        ]

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


def family_of(name: str, link: str | None = None) -> Any:
    """Make a statsmodels family from its name and that of its link.

    Parameters
    ----------
    name : {"gaussian", "binomial", "poisson", "gamma"}
    link : str, optional
        One of `LINKS_OF` the family; the canonical one if not given.

    Raises
    ------
    InputError
        If there is no such family, or the link is not one of it.
    """
    if name not in FAMILIES:
        raise InputError(f"unknown family '{name}'", remedy=f"Choose from {', '.join(FAMILIES)}.")
    link = LINKS_OF[name][0] if link is None else link
    if link not in LINKS_OF[name]:
        raise InputError(
            f"the {name} family has no link '{link}'",
            remedy=f"Choose from {', '.join(LINKS_OF[name])}.",
        )
    return FAMILIES[name](LINKS[link](), check_link=False)


def check_outcome(y: np.ndarray, family: str, outcome: str) -> int | None:
    """See that the family can have the outcome, and count its events.

    Returns
    -------
    int or None
        Rows with a 1, if the family is binomial, or Poisson and the outcome is of 0 and 1; else
        None.

    Raises
    ------
    InputError
        If no rows are left; a binomial outcome is not of 0 and 1, or the same in every row; a
        Poisson outcome is negative or 0 in every row; a gamma outcome is not positive.
    """
    if not len(y):
        raise InputError(f"every row of the domain lacks a value in the model of '{outcome}'")
    if family == "binomial":
        return _events(y, outcome)
    if family == "poisson":
        _refuse(y < 0, y, f"the outcome '{outcome}' of a poisson model must not be negative")
        if not y.any():
            raise InputError(
                f"the outcome '{outcome}' cannot be modelled: "
                f"it is 0 in all of the {len(y):,} rows in the domain",
                remedy="Check the domain.",
            )
        return int(y.sum()) if np.isin(y, (0.0, 1.0)).all() else None
    if family == "gamma":
        _refuse(y <= 0, y, f"the outcome '{outcome}' of a gamma model must be positive")
    return None


def _events(y: np.ndarray, outcome: str) -> int:
    """Count the events of a binary outcome."""
    binary = np.isin(y, (0.0, 1.0))
    if not binary.all():
        raise InputError(f"the outcome '{outcome}' must be 0 or 1; it has {y[~binary][0]:g}")
    events = int(y.sum())
    if events in (0, len(y)):
        have = "none" if events == 0 else "all"
        raise InputError(
            f"the outcome '{outcome}' cannot be modelled: "
            f"{have} of the {len(y):,} rows in the domain have it",
            remedy="Check the cut-off and the domain.",
        )
    return events


def _refuse(bad: np.ndarray, y: np.ndarray, what: str) -> None:
    if bad.any():
        raise InputError(
            f"{what}; it has {y[bad][0]:g} ({int(bad.sum()):,} such rows)",
            remedy="Leave these rows out of the domain, or take another family.",
        )
