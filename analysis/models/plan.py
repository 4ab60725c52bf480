"""What the models need to know of a study: outcomes, exposure, models and groups.

A validated study (`analysis.study`) has these attributes; so may any other object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis.grammar import Term


class Condition(Protocol):
    """A parsed condition."""

    @property
    def text(self) -> str:
        """The condition as it was written."""

    def evaluate(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether it holds, a bool a row."""


class Outcome(Protocol):
    """A binary outcome (an event against something) or a continuous one (a measure)."""

    name: str
    label: str

    @property
    def measure(self) -> str | None:
        """Column of a continuous outcome."""

    @property
    def event_condition(self) -> Condition | None:
        """Who has the event."""

    @property
    def against_condition(self) -> Condition | None:
        """Who is compared with them; None means all others in whom the event can be known."""


class Exposure(Protocol):
    """How the exposure is modelled."""

    measure: str
    groups: int
    cut_points: str
    per: float
    spline_knots: int | None
    spline_reference: str | float


class Model(Protocol):
    """A set of covariates."""

    name: str
    label: str

    @property
    def parsed_terms(self) -> Sequence[Term]:
        """The covariates' terms."""


class Domain(Protocol):
    """A named group in which prevalences are estimated."""

    name: str
    label: str

    @property
    def condition(self) -> Condition:
        """Who belongs to it."""


class MeasureText(Protocol):
    """What tables say of a measure."""

    label: str
    unit: str
    kind: str
    levels: Sequence[str]


class Plan(Protocol):
    """All that is estimated in one study."""

    name: str
    exposure: Exposure | None
    outcomes: Sequence[Outcome]
    models: Sequence[Model]
    domains: Sequence[Domain]

    @property
    def table1_rows(self) -> Sequence[str]:
        """Measures described in Table 1."""


Measures = Mapping[str, MeasureText]
Row = dict[str, Any]
"""One row of results, of some of the columns of `analysis.models.results.COLUMNS`."""
