"""What the models need to know of a study: outcomes, exposures, models and groups.

A validated study (`analysis.study`) has these attributes; so may any other object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from analysis.grammar import Term
from analysis.models.asked import (
    Adjusted,
    Below,
    Condition,
    Confounding,
    Imputation,
    Interaction,
    Multinomial,
    Specifications,
    Stratum,
)


class Outcome(Protocol):
    """A binary outcome (an event against something) or a continuous one (a measure)."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def measure(self) -> str | None:
        """Column of a continuous outcome."""

    @property
    def mean_z(self) -> Sequence[str]:
        """Columns of a continuous outcome that is the mean of their z scores."""

    @property
    def below(self) -> Below | None:
        """An event that is a low value, by a quantile of the cohort."""

    @property
    def event_condition(self) -> Condition | None:
        """Who has the event."""

    @property
    def against_condition(self) -> Condition | None:
        """Who is compared with them; None only where there is no event."""


class Exposure(Protocol):
    """How the exposure is modelled."""

    @property
    def measure(self) -> str:
        """Column of the exposure."""

    @property
    def groups(self) -> int:
        """How many dose groups."""

    @property
    def cuts(self) -> Sequence[float]:
        """Where each group but the lowest begins; empty where groups are quantiles."""

    @property
    def cut_points(self) -> str:
        """``"weighted"`` or ``"unweighted"``."""

    @property
    def split(self) -> str:
        """``"everyone"``, or ``"users"``: nobody's 0 beside groups of those above it."""

    @property
    def per(self) -> float:
        """Units that estimates are per."""

    @property
    def spline_knots(self) -> int | None:
        """Knots of the curve; None draws none."""

    @property
    def spline_reference(self) -> str | float:
        """Where the curve is 1 (or 0): ``"median"`` or a value."""


class Model(Protocol):
    """A set of covariates."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def parsed_terms(self) -> Sequence[Term]:
        """The covariates' terms."""


class Domain(Protocol):
    """A named group in which prevalences are estimated."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def condition(self) -> Condition:
        """Who belongs to it."""


class MeasureText(Protocol):
    """What tables say of a measure."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def unit(self) -> str:
        """Empty for categories."""

    @property
    def kind(self) -> str:
        """``"continuous"`` or ``"categorical"``."""

    @property
    def levels(self) -> Sequence[str]:
        """Categories in their order."""


class Table1(Protocol):
    """What Table 1 describes."""

    @property
    def rows(self) -> Sequence[str]:
        """Names of measures."""


class Plan(Protocol):
    """All that is estimated in one study."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def exposure(self) -> Exposure | None:
        """None for a study that only describes."""

    @property
    def exposures(self) -> Sequence[Exposure]:
        """The main exposure first, then the others."""

    def models_of(self, exposure: str) -> Sequence[Model]:
        """Models of an exposure, by the name of its measure; the last is the fullest."""

    @property
    def multinomial(self) -> Sequence[Multinomial]:
        """Models of several outcomes at once."""

    @property
    def interactions(self) -> Sequence[Interaction]:
        """Modifiers of the main exposure's association."""

    @property
    def strata(self) -> Sequence[Stratum]:
        """Divisions of the cohort."""

    @property
    def specifications(self) -> Specifications | None:
        """The specification curve."""

    @property
    def confounding(self) -> Confounding | None:
        """E-values, negative controls, cycles left out."""

    @property
    def imputation(self) -> Imputation | None:
        """Multiple imputation of covariates."""

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """In the order of the report."""

    @property
    def models(self) -> Sequence[Model]:
        """From the least to the most adjusted."""

    @property
    def domains(self) -> Sequence[Domain]:
        """Groups in which prevalences are estimated."""

    @property
    def adjusted(self) -> Sequence[Adjusted]:
        """Groupings whose prevalences and means are adjusted."""

    @property
    def table1(self) -> Table1 | None:
        """What Table 1 describes; None for no table."""


Measures = Mapping[str, MeasureText]
Row = dict[str, Any]
"""One row of results, of some of the columns of `analysis.models.results.COLUMNS`."""
