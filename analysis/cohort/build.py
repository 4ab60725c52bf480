"""From the CDC's raw columns to a cohort: one row a participant, with its named exclusions."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from analysis.cohort.measure import Measure, Roles, Source
from analysis.cohort.weights import DESIGN_SOURCES, Weight, pooled_share
from analysis.errors import DataError, InputError
from analysis.nhanes.cycles import Table

Raw = Mapping[Table, pd.DataFrame]
"""The columns that were read, by table; each frame has SEQN, but for tables of no participants."""

Memory = dict[Hashable, Any]
"""What measures have made of the tables that they share; see `analysis.cohort.measure.once`."""

Partial = Mapping[str, Collection[str]]
"""Cycles in which a measure is read, by its name, where these are not all of the study's: in the
others it is missing for everyone. A measure that is not named must exist in every cycle."""
EVERYWHERE: Partial = MappingProxyType({})


class Condition(Protocol):
    """What an exclusion needs of a parsed condition (see `analysis.grammar`)."""

    def evaluate(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether the condition holds, a bool a row."""


@dataclass(frozen=True)
class Step:
    """One step of the flow from everyone in the survey to the cohort.

    Parameters
    ----------
    name, label : str
        Of the step.
    kept : ndarray of bool, shape (n,)
        Who is left after this step and all before it.
    """

    name: str
    label: str
    kept: np.ndarray


@dataclass(frozen=True)
class Cohort:
    """Everyone in the survey, one row a participant, and who of them is analysed.

    Nobody is dropped: the design needs all rows, and the cohort is a domain of it.

    Parameters
    ----------
    frame : DataFrame
        ``seqn``, ``cycle``, ``stratum``, ``psu``, ``weight`` (0 outside the weight's subsample,
        already divided over the pooled cycles), ``weight_<name>`` for every other weight asked for,
        and a column a measure.
    steps : tuple of Step
        In their order; the first is everyone interviewed.
    missing : mapping of str to int
        Missing values of each measure that the models need, among the people that the steps
        before `complete_cases` leave, and ``any``: the people with at least one.
    """

    frame: pd.DataFrame
    steps: tuple[Step, ...]
    missing: Mapping[str, int]

    @property
    def members(self) -> np.ndarray:
        """Who is analysed: a bool a row of `frame`."""
        return self.steps[-1].kept


def required_columns(
    measures: Iterable[Measure],
    cycles: Sequence[str],
    weight: Weight,
    *,
    other_weights: Sequence[Weight] = (),
    partial: Partial = EVERYWHERE,
) -> dict[Table, tuple[str, ...]]:
    """Every table and variable that the measures, the weight and the design are made of.

    Parameters
    ----------
    measures : iterable of Measure
        Each must exist in all `cycles` in which it is read.
    cycles : sequence of str
        Names of the cycles.
    weight : Weight
        The study's weight.
    other_weights : sequence of Weight
        Each must exist in at least one of the cycles.
    partial : mapping of str to collection of str
        See `Partial`.

    Returns
    -------
    dict of Table to tuple of str
        Variables in alphabetical order, after SEQN where the table has participants.

    Raises
    ------
    InputError
        If a measure or the weight does not exist in a cycle, or another weight in none, or if
        `partial` reads a measure in none of the cycles.
    """
    measures = tuple(measures)
    _check_read_somewhere(measures, cycles, other_weights, partial)
    wanted: dict[Table, set[str]] = {}
    for cycle in cycles:
        used = [weight.source(cycle, cycles), DESIGN_SOURCES[cycle]]
        used += [other.source(cycle, cycles) for other in other_weights if cycle in other.sources]
        used += [
            _source(measure, cycle) for measure in measures if is_read(measure, cycle, partial)
        ]
        for source in used:
            for table, variables in source.variables(cycle).items():
                wanted.setdefault(table, set()).update(variables)
    return {table: _in_order(names) for table, names in sorted(wanted.items())}


def _in_order(names: set[str]) -> tuple[str, ...]:
    return (*(["SEQN"] if "SEQN" in names else []), *sorted(names - {"SEQN"}))


def _check_read_somewhere(
    measures: Iterable[Measure],
    cycles: Sequence[str],
    other_weights: Iterable[Weight],
    partial: Partial,
) -> None:
    for other in other_weights:
        if not set(other.sources) & set(cycles):
            other.source(cycles[0])  # says where it exists
    for measure in measures:
        if not set(partial.get(measure.name, cycles)) & set(cycles):
            raise InputError(
                f"{measure.name} is to be read in {', '.join(sorted(partial[measure.name]))} only, "
                "which the study does not use",
                remedy=f"The study uses {', '.join(cycles)}; {measure.name} exists in "
                f"{', '.join(measure.cycles)}.",
            )


def is_read(measure: Measure, cycle: str, partial: Partial) -> bool:
    """Whether a measure is read in a cycle."""
    return measure.name not in partial or cycle in partial[measure.name]


def _source(measure: Measure, cycle: str) -> Source:
    if cycle not in measure.sources:
        reason = measure.absent.get(cycle)
        raise InputError(
            f"{measure.name} does not exist in {cycle}" + (f": {reason}" if reason else ""),
            remedy=f"It exists in {', '.join(measure.cycles)}.",
        )
    return measure.sources[cycle]


def build_frame(
    raw: Raw,
    measures: Sequence[Measure],
    cycles: Sequence[str],
    weight: Weight,
    *,
    other_weights: Sequence[Weight] = (),
    partial: Partial = EVERYWHERE,
    memory: Memory | None = None,
) -> pd.DataFrame:
    """One row a participant of every cycle, with weight, design and measures.

    Parameters
    ----------
    raw : mapping of Table to DataFrame
        What `required_columns` asked for.
    measures : sequence of Measure
        Columns to derive.
    cycles : sequence of str
        Names of the cycles.
    weight : Weight
        Divided over the cycles by `pooled_share`; people outside its subsample get 0.
    other_weights : sequence of Weight
        Further weights, in columns ``weight_<name>``, divided over the same cycles. A cycle that
        does not have one counts as outside its subsample: its people get 0.
    partial : mapping of str to collection of str
        See `Partial`.
    memory : dict, optional
        What was made of `raw` so far; whoever gives one can hand it on, for `raw` alone.

    Returns
    -------
    DataFrame
        As `Cohort.frame`, in the order of cycle and SEQN.

    Raises
    ------
    InputError
        As for `required_columns`.
    DataError
        If two cycles share a stratum or a participant, or a table repeats one.
    """
    _check_read_somewhere(measures, cycles, other_weights, partial)
    weights = {"weight": weight, **{f"weight_{other.name}": other for other in other_weights}}
    parts: list[pd.DataFrame] = []
    memory = {} if memory is None else memory
    for cycle in cycles:
        people = people_of(raw, cycle)
        columns = _design_columns(raw, cycle, people)
        for name, each in weights.items():
            share = pooled_share(cycle, cycles)
            values = _weights(raw, each, cycle, cycles, people, required=each is weight)
            columns[name] = values * share
        for measure in measures:
            read = is_read(measure, cycle, partial)
            columns[measure.name] = (
                _values(raw, measure, cycle, people, memory) if read else _missing(measure, people)
            )
        parts.append(pd.DataFrame(columns))
    frame = pd.concat(parts, ignore_index=True)
    if frame.groupby("stratum")["cycle"].nunique().gt(1).any():
        raise DataError("two cycles share a stratum number, so they cannot be pooled as they are")
    if frame["seqn"].duplicated().any():
        raise DataError("two cycles share a participant number (SEQN)")
    return frame


def people_of(raw: Raw, cycle: str) -> pd.Index:
    """Everyone of a cycle, in the order of their numbers."""
    demo = raw[next(iter(DESIGN_SOURCES[cycle].variables(cycle)))]
    return pd.Index(np.sort(demo["SEQN"].to_numpy()), name="SEQN")


def _design_columns(raw: Raw, cycle: str, people: pd.Index) -> dict[str, object]:
    design = read_source(raw, DESIGN_SOURCES[cycle], cycle, people)
    return {
        "seqn": people,
        "cycle": cycle,
        "stratum": design["stratum"].astype("int64").to_numpy(),
        "psu": design["psu"].astype("int64").to_numpy(),
    }


def _weights(
    raw: Raw, weight: Weight, cycle: str, pooled: Sequence[str], people: pd.Index, required: bool
) -> np.ndarray:
    """Weights of a cycle; 0 outside the subsample, and where a cycle may lack them."""
    if not required and cycle not in weight.sources:
        return np.zeros(len(people))
    values = read_source(raw, weight.source(cycle, pooled), cycle, people)["weight"]
    return values.fillna(0.0).to_numpy()


def _values(
    raw: Raw, measure: Measure, cycle: str, people: pd.Index, memory: Memory
) -> ExtensionArray:
    columns = read_source(raw, _source(measure, cycle), cycle, people, memory)
    return measure.derive(columns, cycle).array


def _missing(measure: Measure, people: pd.Index) -> ExtensionArray:
    """Nobody's value, in the type that the measure has elsewhere."""
    if measure.kind == "categorical":
        return pd.Categorical([None] * len(people), categories=list(measure.levels))
    return pd.Series(np.nan, index=people).array


def read_source(
    raw: Raw, source: Source, cycle: str, people: pd.Index, memory: Memory | None = None
) -> Roles:
    """Give each role of a source what plays it.

    Parameters
    ----------
    raw : mapping of Table to DataFrame
        What `required_columns` asked for.
    source : Source
        Of a measure, a weight or the design.
    cycle : str
        The source's cycle.
    people : Index
        Numbers (SEQN) of the participants.
    memory : dict, optional
        What was made of `raw` so far; by default nothing.

    Returns
    -------
    Roles of Series or DataFrame
        By role: a Series aligned to the participants, or a frame of rows.

    Raises
    ------
    DataError
        If a table of one row a participant has two of one.
    """
    found: dict[str, pd.Series | pd.DataFrame] = {}
    origins: dict[str, Hashable] = {}
    for role, (table, variable) in source.columns.items():
        values = raw[Table(table, cycle)]
        series = values.set_index("SEQN")[variable]
        if series.index.has_duplicates:
            raise DataError(
                "a participant (SEQN) has more than one row",
                where=table,
                remedy="The file is not the CDC's table; fetch it anew.",
            )
        found[role], origins[role] = series.reindex(people), (Table(table, cycle), variable)
    rows = {role: (Table(table, cycle), names) for role, (table, names) in source.records.items()}
    for role, (origin, variables) in (rows | dict(source.lookups)).items():
        found[role], origins[role] = raw[origin][list(variables)], (origin, variables)
    return Roles(found, origins, {} if memory is None else memory)


def select(
    frame: pd.DataFrame,
    steps: Sequence[tuple[str, str, Condition]],
    *,
    weight: str = "sample weight",
    covariates: Sequence[str] = (),
    complete_cases: bool = False,
) -> Cohort:
    """Apply the exclusions in their order, then set aside people without weight, then incomplete.

    Someone without weight stands for nobody and is in no estimate. Where the study's own steps
    leave such people, setting them aside is a step like any other, so that every number of people
    in a report is that of the people whom its estimates rest on.

    Parameters
    ----------
    frame : DataFrame
        From `build_frame`.
    steps : sequence of (name, label, condition)
        Each keeps the people for whom its condition holds.
    weight : str
        What to call the weight in the flow.
    covariates : sequence of str
        Measures whose missing values are counted.
    complete_cases : bool
        Whether people with a missing covariate are set aside.

    Returns
    -------
    Cohort

    Raises
    ------
    InputError
        If a step leaves nobody.
    """
    kept = np.ones(len(frame), dtype=bool)
    flow = [Step("interviewed", "Interviewed", kept)]
    for name, label, condition in steps:
        kept = _nobody_lost(kept & condition.evaluate(frame), name)
        flow.append(Step(name, label, kept))
    represented = (frame["weight"] > 0).to_numpy()
    if (kept & ~represented).any():
        kept = _nobody_lost(kept & represented, "weighted")
        flow.append(Step("weighted", f"With {weight}", kept))
    missing: dict[str, int] = {}
    if covariates:
        gaps = frame[list(covariates)].isna()
        missing = {name: int((gaps[name] & kept).sum()) for name in covariates}
        incomplete = gaps.any(axis=1).to_numpy()
        missing["any"] = int((incomplete & kept).sum())
        if complete_cases:
            kept = _nobody_lost(kept & ~incomplete, "complete_cases")
            flow.append(Step("complete_cases", "No covariate missing", kept))
    return Cohort(frame, tuple(flow), missing)


def _nobody_lost(kept: np.ndarray, step: str) -> np.ndarray:
    if not kept.any():
        raise InputError(
            "nobody is left after this step", where=f"cohort step '{step}'",
            remedy="Look at its condition, and at the steps before it.",
        )  # fmt: skip
    return kept
