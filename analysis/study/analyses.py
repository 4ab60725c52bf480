"""What a study may ask for beside its main association: sections that are all optional."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from analysis.cohort.measure import Subsample
from analysis.grammar import Condition, Term, Transform, intervals, parse_condition, parse_term
from analysis.models.names import group_names
from analysis.study.fields import (
    CONDITION,
    ConditionText,
    CycleName,
    Identifier,
    Number,
    Section,
    TermText,
    Text,
    many,
    name_field,
    text_field,
)

WeightName = Subsample
EnergyMethod = Literal["standard", "residual", "density"]
CutPoints = Literal["weighted", "unweighted"]
End = Literal["lowest", "highest"]

_OUTCOMES = "names of outcomes"
_CYCLES = 'a list of cycles, such as ["2003-2004"]'


class Adjusted(Section):
    """Prevalences and means by groups, each group with the covariates of the whole cohort."""

    name: Identifier = name_field("the grouping")
    label: Text = text_field("the grouping")
    groups: TermText | None = Field(
        None, description='a categorical measure, such as "sex", or "category(age, 40, 60)"'
    )
    domains: tuple[Identifier, ...] = many(
        "names of domains that exclude each other, in place of 'groups'", ()
    )
    names: tuple[Text, ...] = many("texts: the groups of a category(...), lowest first", ())
    terms: tuple[TermText, ...] = many(
        'terms in quotes, such as "age" or "category(age, 20, 40)": what is adjusted for'
    )
    outcomes: tuple[Identifier, ...] = many(f"{_OUTCOMES}: left out, all", ())

    @cached_property
    def group(self) -> Term | None:
        """The parsed `groups`; None for domains."""
        if self.groups is None:
            return None
        return parse_term(self.groups, where=f"adjusted '{self.name}', groups")

    @property
    def measure(self) -> str:
        """The measure that the groups are made of; empty for domains."""
        return min(self.group.columns) if self.group else ""

    @property
    def cuts(self) -> tuple[float, ...]:
        """Where each group but the lowest begins; empty for categories and domains."""
        root = self.group.root if self.group else None
        return root.parameters if isinstance(root, Transform) else ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the groups, lowest first; empty for categories and domains, which have names."""
        return self.names or (intervals(self.cuts) if self.cuts else ())

    @cached_property
    def parsed_terms(self) -> tuple[Term, ...]:
        """The parsed `terms`."""
        where = f"adjusted '{self.name}', terms"
        return tuple(parse_term(text, where=where) for text in self.terms)


class Multinomial(Section):
    """Outcomes with one comparison group, as the logits of one model."""

    name: Identifier = name_field("the model")
    label: Text = text_field("the model")
    outcomes: tuple[Identifier, ...] = many(f"two or more {_OUTCOMES} with the same 'against'")
    model: Identifier | None = Field(
        None, description="the name of a model: left out, the exposure's last"
    )


class JointCuts(Section):
    """Joint groups by fixed cuts of the exposure and of its modifier."""

    exposure: tuple[Number, ...] = many("numbers, such as [30]: where each group begins")
    modifier: tuple[Number, ...] = many("numbers, such as [3]: where each group begins")
    reference: tuple[End, ...] = many(
        '"lowest" or "highest", of the exposure and of the modifier: whom others are compared with',
        ("lowest", "lowest"),
    )


class Interaction(Section):
    """The main exposure together with another measure that may modify its association."""

    name: Identifier = name_field("the interaction")
    label: Text = text_field("the interaction")
    modifier: Identifier = name_field("a continuous measure")
    per: Number = Field(gt=0, description="a number above 0: units that slopes are per")
    joint: tuple[int, ...] = Field(
        (3,),
        strict=False,
        max_length=4,
        description="a list of whole numbers from 2 to 5, such as [3, 4]: groups of each measure",
    )
    joint_cuts: JointCuts | None = Field(
        None, description="a table, such as { exposure = [30], modifier = [3] }"
    )
    outcomes: tuple[Identifier, ...] = many(_OUTCOMES)
    slopes: tuple[Identifier, ...] = many(f"{_OUTCOMES} that are continuous", ())
    model: Identifier | None = Field(
        None, description="the name of a model: left out, the exposure's last"
    )


class Stratum(Section):
    """A division of the cohort, within whose parts the main exposure is modelled."""

    name: Identifier = name_field("the division")
    label: Text = text_field("the division")
    measure: Identifier = name_field("a measure")
    cuts: tuple[Number, ...] = many("numbers, such as [25, 30]: where each part begins", ())
    groups: int | None = Field(
        None, ge=2, le=5, description="a whole number from 2 to 5: weighted quantile groups"
    )
    names: tuple[Text, ...] = many("texts: the parts, lowest first", ())
    cycles: tuple[CycleName, ...] = Field(
        (),
        strict=False,
        description=f"{_CYCLES}: those that have the measure; left out, all of the study",
    )

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, lowest first; empty for categories, which have names."""
        if self.names:
            return self.names
        if self.groups:
            return group_names(self.groups)
        return intervals(self.cuts) if self.cuts else ()


class Option(Section):
    """One way to settle a choice: what it changes in the specification."""

    name: Identifier = name_field("the option")
    label: Text = text_field("the option")
    outcomes: dict[Identifier, Identifier] = Field(
        default_factory=dict, description="a table of outcomes, each with the one in its place"
    )
    weight: WeightName | None = Field(None, description="the name of a weight")
    weights: dict[WeightName, WeightName] = Field(
        default_factory=dict, description="a table of weights, each with the one in its place"
    )
    add: tuple[TermText, ...] = many('terms in quotes, such as "per(calcium_total, 100)"', ())
    energy: EnergyMethod | None = Field(None, description='"standard", "residual" or "density"')
    cut_points: CutPoints | None = Field(None, description='"weighted" or "unweighted"')
    keep: ConditionText | None = Field(None, description=CONDITION)
    replace: dict[Identifier, Identifier] = Field(
        default_factory=dict, description="a table of measures, each with the one in its place"
    )
    cycles: tuple[CycleName, ...] = Field((), strict=False, description=_CYCLES)

    @cached_property
    def condition(self) -> Condition | None:
        """The parsed `keep`."""
        return (
            parse_condition(self.keep, where=f"option '{self.name}', keep") if self.keep else None
        )

    @cached_property
    def parsed_terms(self) -> tuple[Term, ...]:
        """The parsed `add`."""
        return tuple(parse_term(text, where=f"option '{self.name}', add") for text in self.add)


class Choice(Section):
    """Something that could have been done in more than one way; its first option is the study's."""

    name: Identifier = name_field("the choice")
    label: Text = text_field("the choice")
    options: tuple[Option, ...] = Field(
        strict=False, min_length=2, max_length=10, description="a list of two or more tables"
    )


class Specifications(Section):
    """The specification curve: the main contrast under every combination of the choices."""

    outcomes: tuple[Identifier, ...] = many(_OUTCOMES)
    model: Identifier = name_field("a model, whose terms are in every specification")
    choices: tuple[Choice, ...] = Field(
        strict=False, min_length=1, max_length=20, description="a list of tables"
    )

    @property
    def count(self) -> int:
        """How many combinations of options there are."""
        number = 1
        for choice in self.choices:
            number *= len(choice.options)
        return number


class NegativeExposure(Section):
    """An exposure that shares what confounds the main one, and has no way to the outcome."""

    measure: Identifier = name_field("a continuous measure")
    groups: int = Field(4, ge=2, le=10, description="a whole number from 2 to 10")
    reason: Text = text_field("why it should show no association")


class NegativeOutcome(Section):
    """An outcome that shares what confounds the main ones, and that the exposure cannot change."""

    name: Identifier = name_field("the outcome")
    label: Text = text_field("the outcome")
    event: ConditionText = Field(description=CONDITION)
    against: ConditionText = Field(description=CONDITION)
    drop: tuple[Identifier, ...] = many("measures whose terms leave the model", ())
    reason: Text = text_field("why it should show no association")

    @property
    def measure(self) -> None:
        """No measure: the outcome is an event."""
        return None

    @property
    def below(self) -> None:
        """No quantile either."""
        return None

    @property
    def mean_z(self) -> tuple[str, ...]:
        """No scores."""
        return ()

    @property
    def made_of(self) -> frozenset[str]:
        """The measure of which the outcome is made; empty where several settle it."""
        columns = self.event_condition.columns
        return columns if len(columns) == 1 else frozenset()

    @cached_property
    def event_condition(self) -> Condition:
        """The parsed `event`."""
        return parse_condition(self.event, where=f"outcome '{self.name}', event")

    @cached_property
    def against_condition(self) -> Condition:
        """The parsed `against`."""
        return parse_condition(self.against, where=f"outcome '{self.name}', against")


class Confounding(Section):
    """How strong what is not adjusted for would have to be, and signs of it."""

    outcomes: tuple[Identifier, ...] = many(_OUTCOMES)
    model: Identifier | None = Field(
        None, description="the name of a model: left out, the exposure's last"
    )
    e_values: bool = Field(default=True, description="true or false: E-values of the top group")
    leave_one_cycle_out: bool = Field(
        default=True, description="true or false: the model without each cycle in turn"
    )
    negative_exposure: NegativeExposure | None = Field(None, description="a table")
    negative_outcome: NegativeOutcome | None = Field(None, description="a table")


class Imputation(Section):
    """Multiple imputation of missing covariates, beside complete cases."""

    outcomes: tuple[Identifier, ...] = many(_OUTCOMES)
    model: Identifier | None = Field(
        None, description="the name of a model: left out, the exposure's last"
    )
    auxiliary: tuple[Identifier, ...] = many("measures that help to predict what is missing", ())
    seed: int = Field(ge=0, description="a whole number from 0: the start of the random numbers")
