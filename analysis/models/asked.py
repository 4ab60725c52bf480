"""What the models need to know of a study's optional sections (see `analysis.study.analyses`)."""

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

    @property
    def negation(self) -> Condition:
        """What holds where this is known not to hold."""

    def evaluate(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether it holds, a bool a row; False where missing values leave it unknown."""


class Below(Protocol):
    """An event that is a value below a quantile of the cohort."""

    @property
    def measure(self) -> str:
        """Its column."""

    @property
    def quantile(self) -> float:
        """Between 0 and 1."""


class Adjusted(Protocol):
    """Groups whose prevalences and means are adjusted for covariates."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def measure(self) -> str:
        """Column of the groups; empty for domains."""

    @property
    def domains(self) -> Sequence[str]:
        """Names of the domains that are the groups; empty for groups of a measure."""

    @property
    def cuts(self) -> Sequence[float]:
        """Where each group but the first begins; empty for categories."""

    @property
    def parts(self) -> Sequence[str]:
        """Names of the groups by `cuts`, lowest first; empty for categories."""

    @property
    def parsed_terms(self) -> Sequence[Term]:
        """What is adjusted for."""

    @property
    def outcomes(self) -> Sequence[str]:
        """Names of outcomes; empty for all."""


class Multinomial(Protocol):
    """Outcomes with one comparison group, as the logits of one model."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def outcomes(self) -> Sequence[str]:
        """Names of the outcomes."""

    @property
    def model(self) -> str | None:
        """A model's name; None for the exposure's last."""


class JointCuts(Protocol):
    """Joint groups by fixed cuts."""

    @property
    def exposure(self) -> Sequence[float]:
        """Where each group of the exposure but the first begins."""

    @property
    def modifier(self) -> Sequence[float]:
        """Where each group of the modifier but the first begins."""

    @property
    def reference(self) -> Sequence[str]:
        """``"lowest"`` or ``"highest"``: the group of either that others are compared with."""


class Interaction(Protocol):
    """A measure that may modify the main association."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def modifier(self) -> str:
        """Its column."""

    @property
    def per(self) -> float:
        """Units that its slopes are per."""

    @property
    def joint(self) -> Sequence[int]:
        """Numbers of groups of the joint categories."""

    @property
    def joint_cuts(self) -> JointCuts | None:
        """Joint categories by fixed cuts."""

    @property
    def outcomes(self) -> Sequence[str]:
        """Names of binary outcomes."""

    @property
    def slopes(self) -> Sequence[str]:
        """Names of continuous outcomes."""

    @property
    def model(self) -> str | None:
        """A model's name; None for the exposure's last."""


class Stratum(Protocol):
    """A division of the cohort."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def measure(self) -> str:
        """Its column."""

    @property
    def cuts(self) -> Sequence[float]:
        """Where each part but the first begins."""

    @property
    def parts(self) -> Sequence[str]:
        """Names of the parts by `cuts` or `groups`, lowest first; empty for categories."""

    @property
    def groups(self) -> int | None:
        """How many weighted quantile groups."""

    @property
    def cycles(self) -> Sequence[str]:
        """Cycles that have the measure; empty for all."""


class Option(Protocol):
    """One way to settle a choice; what it does not change is empty or None."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def outcomes(self) -> Mapping[str, str]:
        """Outcomes and those in their place."""

    @property
    def weight(self) -> str | None:
        """A weight."""

    @property
    def weights(self) -> Mapping[Any, str]:
        """Weights and those in their place."""

    @property
    def parsed_terms(self) -> Sequence[Term]:
        """Covariates that it adds."""

    @property
    def energy(self) -> str | None:
        """An energy method."""

    @property
    def cut_points(self) -> str | None:
        """How cut points are taken."""

    @property
    def condition(self) -> Condition | None:
        """Whom it keeps."""

    @property
    def replace(self) -> Mapping[str, str]:
        """Measures and those in their place."""

    @property
    def cycles(self) -> Sequence[str]:
        """Cycles that it keeps; empty for all."""


class Choice(Protocol):
    """Something that could have been done in more than one way."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def options(self) -> Sequence[Option]:
        """The first is the study's own."""


class Specifications(Protocol):
    """The specification curve."""

    @property
    def outcomes(self) -> Sequence[str]:
        """Names of binary outcomes."""

    @property
    def model(self) -> str:
        """The model whose terms are in every specification."""

    @property
    def choices(self) -> Sequence[Choice]:
        """In the order of the file."""


class NegativeExposure(Protocol):
    """An exposure that should show no association."""

    @property
    def measure(self) -> str:
        """Its column."""

    @property
    def groups(self) -> int:
        """How many dose groups."""


class NegativeOutcome(Protocol):
    """An outcome that should show no association."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def measure(self) -> None:
        """None: it is an event."""

    @property
    def below(self) -> None:
        """None: it is an event of its own."""

    @property
    def mean_z(self) -> Sequence[str]:
        """Empty: it is an event."""

    @property
    def event_condition(self) -> Condition:
        """Who has the event."""

    @property
    def against_condition(self) -> Condition:
        """Who is compared with them."""

    @property
    def drop(self) -> Sequence[str]:
        """Measures whose terms leave the model."""


class Confounding(Protocol):
    """Signs of what is not adjusted for."""

    @property
    def outcomes(self) -> Sequence[str]:
        """Names of outcomes."""

    @property
    def model(self) -> str | None:
        """A model's name; None for the exposure's last."""

    @property
    def e_values(self) -> bool:
        """Whether E-values are wanted."""

    @property
    def leave_one_cycle_out(self) -> bool:
        """Whether the models without each cycle are."""

    @property
    def negative_exposure(self) -> NegativeExposure | None:
        """The negative-control exposure."""

    @property
    def negative_outcome(self) -> NegativeOutcome | None:
        """The negative-control outcome."""


class Imputation(Protocol):
    """Multiple imputation of missing covariates."""

    @property
    def outcomes(self) -> Sequence[str]:
        """Names of outcomes."""

    @property
    def model(self) -> str | None:
        """A model's name; None for the exposure's last."""

    @property
    def auxiliary(self) -> Sequence[str]:
        """Columns that help to predict what is missing."""

    @property
    def seed(self) -> int:
        """Start of the random numbers."""
