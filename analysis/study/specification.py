"""What a study file may hold, section by section."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from analysis.cohort.measure import SUBSAMPLES
from analysis.cohort.measures import MEASURES
from analysis.errors import InputError
from analysis.grammar import Condition, Term, parse_condition, parse_term
from analysis.nhanes.cycles import CYCLES
from analysis.study.analyses import (
    Adjusted,
    Confounding,
    CutPoints,
    Imputation,
    Interaction,
    Multinomial,
    NegativeOutcome,
    Option,
    Specifications,
    Stratum,
    WeightName,
)
from analysis.study.changes import Change
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
    near_cycle,
    oldest_first,
    text_field,
)
from analysis.study.outcome import Outcome
from analysis.study.weighting import smallest

_WEIGHTS = " or ".join((", ".join(f'"{name}"' for name in SUBSAMPLES[:-1]), f'"{SUBSAMPLES[-1]}"'))


class Reference(Section):
    """A publication that figures are taken from."""

    id: Identifier = name_field("how figures refer to the publication")
    citation: Text = text_field("authors, title, journal, year")
    doi: str | None = Field(
        None,
        max_length=200,
        pattern=r"^10\.[0-9]{4,9}/[-._;()/:A-Za-z0-9]+$",
        description='a DOI without its resolver, such as "10.1186/1741-7015-11-187"',
    )
    cycles: Annotated[tuple[CycleName, ...], AfterValidator(oldest_first)] = Field(
        (),
        strict=False,
        description="cycles that the publication analysed; where they are others than the "
        "study's, the report says that its figures are of other people",
    )


class Data(Section):
    """Which cycles are pooled (kept oldest first, however the file orders them), and the weight."""

    cycles: Annotated[tuple[CycleName, ...], AfterValidator(oldest_first)] = Field(
        strict=False, min_length=1, description='a list of cycles, such as ["2001-2002"]'
    )
    weight: WeightName | None = Field(
        None,
        description=f"{_WEIGHTS}: the smallest subsample used; left out, it is found",
    )


class CohortStep(Section):
    """An exclusion: those for whom the condition holds are kept."""

    step: Identifier = name_field("the step")
    label: Text = text_field("the step, in the flow diagram")
    keep: ConditionText = Field(description=CONDITION)

    @cached_property
    def condition(self) -> Condition:
        """The parsed `keep`."""
        return parse_condition(self.keep, where=f"cohort step '{self.step}', keep")


class CohortOptions(Section):
    """What happens after the steps."""

    complete_cases: bool = Field(
        default=False,
        description="true or false: set aside people with a missing covariate of any model",
    )


class Exposure(Section):
    """The dose, its groups, its unit and its curve."""

    measure: Identifier = name_field("a continuous measure")
    groups: int = Field(ge=2, le=10, description="a whole number of at least 2 (at most 10)")
    cuts: tuple[Number, ...] = many(
        "numbers, such as [30, 50]: where each group but the lowest begins, in place of 'groups'",
        (),
    )
    split: Literal["everyone", "users"] = Field(
        "everyone",
        description='"everyone" or "users": whether the groups hold everyone, or those above 0 '
        "beside a group of those at 0",
    )
    cut_points: CutPoints = Field(
        "weighted", description='"weighted" or "unweighted": how the quantiles are taken'
    )
    per: Number = Field(gt=0, description="a number above 0: units that estimates are per")
    spline_knots: int | None = Field(
        None,
        ge=3,
        le=7,
        description="a whole number from 3 to 7: knots of the curve; without them there is none",
    )
    spline_reference: Number | Literal["median"] = Field(
        "median", description='"median" or a number: where the curve is 1 (or 0)'
    )

    @model_validator(mode="before")
    @classmethod
    def _count(cls, given: Any) -> Any:
        """Let cut points say how many groups there are."""
        cuts = given.get("cuts") if isinstance(given, dict) else None
        if isinstance(cuts, list) and cuts and "groups" not in given:
            return {**given, "groups": len(cuts) + 1}
        return given


class Model(Section):
    """A set of covariates, fitted to every outcome beside an exposure."""

    name: Identifier = name_field("the model")
    label: Text = text_field("the model")
    terms: tuple[TermText, ...] = many('terms in quotes, such as "age" or "per(energy, 100)"')
    exposures: tuple[Identifier, ...] = many("measures: the exposures that it is for", ())

    @cached_property
    def parsed_terms(self) -> tuple[Term, ...]:
        """The parsed `terms`."""
        return tuple(parse_term(text, where=f"model '{self.name}', terms") for text in self.terms)


class Domain(Section):
    """A group of people in which prevalences are estimated, beside everyone."""

    name: Identifier = name_field("the group")
    label: Text = text_field("the group")
    where: ConditionText = Field(description=CONDITION)

    @cached_property
    def condition(self) -> Condition:
        """The parsed `where`."""
        return parse_condition(self.where, where=f"domain '{self.name}', where")


class Table1(Section):
    """The measures that describe the cohort."""

    rows: tuple[Identifier, ...] = many("names of measures")


class Published(Section):
    """A published figure and the row of results that it stands beside."""

    id: Identifier = name_field("the figure")
    source: Identifier = name_field("the id of a reference")
    where: dict[str, Text] = Field(
        default_factory=dict,
        description='a table of text that picks rows of results.csv, such as { model = "full" }',
    )
    kind: Literal["exact", "tolerance", "direction", "not_testable"] = Field(
        description='"exact", "tolerance" or "direction": how near ours must come; or '
        '"not_testable", with the reason'
    )
    measure: Text | None = text_field('what it measures, such as "HR", if it has no row', None)
    unit: Literal["percent"] | None = Field(
        None, description='"percent", or left out where the figure is printed as results have it'
    )
    estimate: Number | None = Field(None, description="a number: the published estimate")
    low: Number | None = Field(None, description="a number: the lower end of its interval")
    high: Number | None = Field(None, description="a number: the upper end of its interval")
    n: int | None = Field(None, ge=1, description="a whole number above 0: people")
    digits: int | None = Field(
        None, ge=0, le=10, description="a whole number from 0 to 10: printed decimals"
    )
    within: Number | None = Field(
        None, gt=0, description="a number above 0: the largest difference, in the figure's unit"
    )
    reason: Text | None = text_field("why it cannot be exact", None)
    direction: Literal["inverse", "positive"] | None = Field(
        None,
        description='"inverse" or "positive": the side of no association, if not the estimate\'s',
    )
    significant: bool | None = Field(
        None,
        description="true or false: whether the published interval excludes no association "
        "(false claims that it holds it)",
    )
    statement: Text | None = text_field("what was published, in words", None)


class Study(Section):
    """A study's whole specification. `load_study` makes it from a file."""

    schema_version: int = Field(
        alias="schema",
        ge=1,
        le=1,
        description="1: the version of this format, which is the only one so far",
    )
    name: Identifier = name_field("the study, and its folder below reports/")
    title: Text = text_field("the report's title")
    question: Text = text_field("the question that the study answers")
    references: tuple[Reference, ...] = many("tables, each headed [[references]]", ())
    data: Data = Field(description="a table headed [data]")
    cohort: tuple[CohortStep, ...] = many("tables, each headed [[cohort]]", ())
    cohort_options: CohortOptions = Field(
        default_factory=lambda: CohortOptions(), description="a table headed [cohort_options]"
    )
    exposure: Exposure | None = Field(None, description="a table headed [exposure]")
    other_exposures: tuple[Exposure, ...] = many("tables, each headed [[other_exposures]]", ())
    outcomes: tuple[Outcome, ...] = Field(
        strict=False,
        min_length=1,
        max_length=500,
        description="a list of one or more tables, each headed [[outcomes]]",
    )
    models: tuple[Model, ...] = many("tables, each headed [[models]]", ())
    domains: tuple[Domain, ...] = many("tables, each headed [[domains]]", ())
    adjusted: tuple[Adjusted, ...] = many("tables, each headed [[adjusted]]", ())
    table1: Table1 | None = Field(None, description="a table headed [table1]")
    multinomial: tuple[Multinomial, ...] = many("tables, each headed [[multinomial]]", ())
    interactions: tuple[Interaction, ...] = many("tables, each headed [[interactions]]", ())
    strata: tuple[Stratum, ...] = many("tables, each headed [[strata]]", ())
    specifications: Specifications | None = Field(
        None, description="a table headed [specifications]"
    )
    confounding: Confounding | None = Field(None, description="a table headed [confounding]")
    imputation: Imputation | None = Field(None, description="a table headed [imputation]")
    published: tuple[Published, ...] = many("tables, each headed [[published]]", ())

    _content: bytes = PrivateAttr(b"")
    _path: Path | None = PrivateAttr(None)
    _lines: Mapping[tuple[str, str], int] = PrivateAttr(default_factory=dict)
    _file_cycles: tuple[str, ...] = PrivateAttr(())
    _changes: tuple[Change, ...] = PrivateAttr(())
    _left_out: tuple[str, ...] = PrivateAttr(())

    def model_post_init(self, context: Any, /) -> None:
        """Remember the cycles of the file, from which `with_cycles` may move."""
        self._file_cycles = self.data.cycles

    @property
    def path(self) -> Path | None:
        """The file that the study was read from."""
        return self._path

    @property
    def origin(self) -> str:
        """The file's name without its folders, for messages and reports."""
        return self._path.name if self._path else f"{self.name}.toml"

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return self._content

    @property
    def text(self) -> str:
        """The file's text."""
        return self._content.decode("utf-8-sig")

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        return hashlib.sha256(self._content).hexdigest()

    @property
    def is_moved(self) -> bool:
        """Whether `with_cycles` took the study to other cycles than those of its file."""
        return self._file_cycles != self.data.cycles

    @property
    def file_cycles(self) -> tuple[str, ...]:
        """The cycles that the file itself names, oldest first; `with_cycles` leaves them."""
        return self._file_cycles

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed of the file for this run; see `analysis.study.overrides`."""
        return self._changes

    @property
    def left_out(self) -> tuple[str, ...]:
        """Parts of the file that the changes left without meaning, in words."""
        return self._left_out

    def line_of(self, section: str, name: str = "") -> int | None:
        """Find the line of the file where an entry begins.

        Parameters
        ----------
        section : str
            For example ``"outcomes"`` or ``"exposure"``.
        name : str, optional
            The entry's name, step or id (of another exposure, its measure); empty for a section
            that is one table.

        Returns
        -------
        int or None
            From 1; None if it could not be found.
        """
        return self._lines.get((section, name))

    def with_cycles(self, cycles: Sequence[str]) -> Self:
        """Take the study to other cycles.

        Parameters
        ----------
        cycles : sequence of str
            In any order; names such as ``"2007-2008"``.

        Returns
        -------
        Study
            With the same file and hash; `is_moved` tells whether the cycles differ from it. The
            weight that the file names is that of its own cycles: in others it is found anew.

        Raises
        ------
        InputError
            If there is none, or one is unknown or named twice. Whether the study can run there
            is for `check_study` to say.
        """
        where = "the cycles to run"
        unknown = [cycle for cycle in cycles if cycle not in CYCLES]
        if unknown or not cycles:
            near = "".join(f"unknown cycle {cycle!r}{near_cycle(cycle)}\n" for cycle in unknown)
            raise InputError(
                near.rstrip() or "no cycle named",
                where=where,
                remedy=f"Known: {', '.join(CYCLES)}.",
            )
        if len(set(cycles)) < len(cycles):
            raise InputError("a cycle is named twice", where=where)
        data = self.data.model_copy(update={"cycles": oldest_first(tuple(cycles))})
        if data.cycles != self._file_cycles:
            data = data.model_copy(update={"weight": None})
        update: dict[str, Any] = {"data": data}
        update["strata"] = tuple(s for s in self.strata if _is_there(s, data.cycles))
        if self.specifications:
            update["specifications"] = _narrowed(self.specifications, data.cycles)
        return self.changed(**update)

    def changed(self, **sections: Any) -> Self:
        """Put other sections in the place of some, which are not validated again.

        Parameters
        ----------
        **sections
            By the name of the field.

        Returns
        -------
        Study
            With the same file and hash.
        """
        return self.model_copy(update=sections)

    @cached_property
    def weight(self) -> WeightName:
        """The sample weight: the one that the file names, or that of the smallest subsample."""
        return self.data.weight or smallest(self, MEASURES)[0]

    @property
    def exposures(self) -> tuple[Exposure, ...]:
        """The main exposure and the others; empty for a study that only describes."""
        return (self.exposure, *self.other_exposures) if self.exposure else ()

    def models_of(self, exposure: str) -> tuple[Model, ...]:
        """Find the models of an exposure, by the name of its measure; the last is the fullest."""
        return tuple(m for m in self.models if not m.exposures or exposure in m.exposures)

    @cached_property
    def covariates(self) -> tuple[str, ...]:
        """Measures of all models' terms, each once, in the order of the file."""
        names = (
            name
            for model in self.models
            for term in model.parsed_terms
            for name in sorted(term.columns)
        )
        return tuple(dict.fromkeys(names))

    @cached_property
    def adjusted_terms(self) -> tuple[Term, ...]:
        """Terms of all groupings: of their groups, and what is adjusted for."""
        return tuple(
            term
            for each in self.adjusted
            for term in ((each.group,) if each.group else ()) + each.parsed_terms
        )

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Every option of every choice."""
        choices = self.specifications.choices if self.specifications else ()
        return tuple(option for choice in choices for option in choice.options)

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All parsed conditions: of the cohort, outcomes, domains, options, negative control."""
        control = self.confounding.negative_outcome if self.confounding else None
        described: list[Outcome | NegativeOutcome] = [*self.outcomes]
        described += [control] if control else []
        outcomes = (
            condition
            for outcome in described
            for text, condition in (
                (outcome.event, outcome.event_condition),
                (outcome.against, outcome.against_condition),
            )
            if text is not None and condition is not None
        )
        return (
            *(step.condition for step in self.cohort),
            *outcomes,
            *(domain.condition for domain in self.domains),
            *(option.condition for option in self.options if option.condition is not None),
        )

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Names of all measures that the study reads, each once, in alphabetical order."""
        names = set(self.core_measures)
        names |= {name for option in self.options for name in option.replace.values()}
        return tuple(sorted(names))

    @cached_property
    def core_measures(self) -> tuple[str, ...]:
        """Measures but for those that take another's place in an option of a choice."""
        names = {name for condition in self.conditions for name in condition.columns}
        names |= set(self.covariates).union(*(outcome.made_of for outcome in self.outcomes))
        names |= set(self.table1.rows) if self.table1 else set()
        names |= {exposure.measure for exposure in self.exposures}
        names |= {interaction.modifier for interaction in self.interactions}
        names |= {stratum.measure for stratum in self.strata}
        terms = [term for option in self.options for term in option.parsed_terms]
        terms += self.adjusted_terms
        names |= {name for term in terms for name in term.columns}
        if self.confounding and self.confounding.negative_exposure:
            names.add(self.confounding.negative_exposure.measure)
        names |= set(self.imputation.auxiliary) if self.imputation else set()
        if self.adjusts_for_energy:
            names.add("energy")
        return tuple(sorted(names))

    @property
    def adjusts_for_energy(self) -> bool:
        """Whether an option takes the residual or the density method."""
        return bool({option.energy for option in self.options} & {"residual", "density"})

    @cached_property
    def partial(self) -> Mapping[str, tuple[str, ...]]:
        """Measures that the study reads in some of its cycles only, with these cycles."""
        found: dict[str, tuple[str, ...]] = {}
        for stratum in self.strata:
            if stratum.cycles:
                found[stratum.measure] = self._within(stratum.cycles)
        for option in self.options:
            if option.cycles:
                found |= dict.fromkeys(option.replace.values(), self._within(option.cycles))
        return found

    @cached_property
    def other_weights(self) -> Mapping[str, tuple[str, ...]]:
        """Weights that options name beside the study's own, each with the cycles it is for."""
        found: dict[str, set[str]] = {}
        for option in self.options:
            names = {option.weight, *option.weights.values()} - {None, self.weight}
            for name in names:
                cycles = self._within(option.cycles) if option.cycles else self.data.cycles
                found.setdefault(str(name), set()).update(cycles)
        return {name: oldest_first(tuple(cycles)) for name, cycles in sorted(found.items())}

    def _within(self, cycles: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cycle for cycle in self.data.cycles if cycle in cycles)


def _is_there(part: Stratum | Option, cycles: Sequence[str]) -> bool:
    """Whether a part of a study that is for some cycles only is for any of these."""
    return not part.cycles or bool(set(part.cycles) & set(cycles))


def _narrowed(curve: Specifications, cycles: Sequence[str]) -> Specifications | None:
    """Leave out the options of other cycles, and choices that are none without them."""
    choices = []
    for choice in curve.choices:
        options = tuple(option for option in choice.options if _is_there(option, cycles))
        if len(options) > 1:
            choices.append(choice.model_copy(update={"options": options}))
    return curve.model_copy(update={"choices": tuple(choices)}) if choices else None
