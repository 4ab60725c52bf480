"""One study cycle by cycle: from files to the report of `across`, beside `analysis.pipeline`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from analysis import pipeline
from analysis.cohort.build import Cohort, Raw, build_frame, required_columns
from analysis.cohort.measures import MEASURES
from analysis.cohort.weights import WEIGHTS
from analysis.errors import InputError
from analysis.models.across import estimate_across
from analysis.models.watch import Watch
from analysis.nhanes.cycles import CYCLES, Table
from analysis.nhanes.store import Store
from analysis.pipeline import Clock, Settings
from analysis.reporting.across import build
from analysis.study import Study, Table1, check_study
from analysis.study.reads import tables_of
from analysis.telling import teller

SUFFIX = "across"
"""Of the report's folder."""

KEPT = (
    "schema_version", "name", "title", "question", "references", "data", "cohort",
    "cohort_options", "exposure", "other_exposures", "outcomes", "models",
)  # fmt: skip
"""Sections of a study that estimates across cycles rest on."""

ADJUSTED = ("age", "sex")
"""Measures that trends over the cycles are adjusted for, which every cycle has."""


@dataclass(frozen=True)
class Plan:
    """A study's main model, and the cycles that it is fitted in.

    Parameters
    ----------
    study : Study
        Taken to all `cycles` together, without the parts that are not looked at across cycles.
    cycles : tuple of str
        At least two, oldest first.
    refused : mapping of str to str
        Cycles in which the study cannot run alone, with the reason.
    chosen : bool
        Whether the user named the cycles.
    """

    study: Study
    cycles: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    chosen: bool = False

    @property
    def singles(self) -> tuple[Study, ...]:
        """The study of each cycle alone."""
        return tuple(self.study.with_cycles([cycle]) for cycle in self.cycles)


@dataclass(frozen=True)
class Outcome:
    """What a run across cycles gives back.

    Parameters
    ----------
    plan : Plan
    results : DataFrame
        As `analysis.models.results` describes it.
    folder : Path
        Where the report is.
    artificial : bool
        Whether the data were artificial.
    """

    plan: Plan
    results: pd.DataFrame
    folder: Path
    artificial: bool


def plan_of(
    study: Study,
    cycles: Sequence[str] | None = None,
    among: Collection[str] = CYCLES,
    require: Callable[[Study], None] = lambda study: None,
) -> Plan:
    """Find the cycles in which a study can run alone.

    Parameters
    ----------
    study : Study
    cycles : sequence of str, optional
        Those to take; by default all of `among`.
    among : collection of str
        Cycles that there are.
    require : callable, optional
        Raises InputError where the data that the study of one cycle reads cannot be had.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If the study has no exposure or models, it can run in fewer than two of the cycles, or not
        in all of them together.
    """
    if study.exposure is None or not study.models_of(study.exposure.measure):
        raise InputError(
            f"{study.name} has no [exposure] with models that could be followed across cycles",
            where=study.origin,
        )
    lean = _lean(study)
    asked = study.with_cycles(cycles).data.cycles if cycles is not None else tuple(among)
    refused = {}
    for cycle in asked:
        try:
            check_study(lean.with_cycles([cycle]), MEASURES)
            require(lean.with_cycles([cycle]))
        except InputError as error:
            refused[cycle] = one_line(error, cycle)
    kept = [cycle for cycle in asked if cycle not in refused]
    if len(kept) < 2:
        told = "".join(f"\n- {cycle}: {reason}" for cycle, reason in refused.items())
        runs = f"can run alone in {kept[0]} only" if kept else "cannot run alone in any of them"
        raise InputError(
            f"estimates across cycles want two cycles or more, and {study.name} {runs}{told}",
            where=study.origin,
            remedy="Name other cycles with --cycles, or run the study as it is.",
        )
    together = lean.with_cycles(kept)
    check_study(together, MEASURES)
    return Plan(together, together.data.cycles, refused, chosen=cycles is not None)


def _lean(study: Study) -> Study:
    """Leave out what is not looked at across cycles, which some cycles may lack.

    The people, their weight and the models stay those of the study. Where the weight is the
    smaller one of a part that is left out, the study stays whole.
    """
    described = study.table1.rows if study.table1 else ()
    whole = study.changed(table1=Table1(rows=tuple(dict.fromkeys((*described, *ADJUSTED)))))
    rest = {
        name: field.get_default(call_default_factory=True)
        for name, field in Study.model_fields.items()
        if name not in KEPT
    }
    lean = study.changed(**rest | {"table1": Table1(rows=(*ADJUSTED, *_food_parts(study)))})
    try:
        check_study(lean, MEASURES)
    except InputError:
        return whole
    return lean if lean.weight == study.weight else whole


def _food_parts(study: Study) -> tuple[str, ...]:
    """Name the parts from food of intakes that are followed adjusted for energy."""
    if "energy" not in study.covariates:
        return ()
    names = (each.measure for each in study.exposures if each.measure in MEASURES)
    parts = (MEASURES[name].food_part for name in names)
    return tuple(dict.fromkeys(part for part in parts if part not in ("", "self")))


def one_line(error: InputError, cycle: str) -> str:
    """Say in a line why a study cannot run in a cycle.

    Parameters
    ----------
    error : InputError
        From `check_study`.
    cycle : str
        Which need not be named again.

    Returns
    -------
    str
        The first problem without its place, and how many there are.
    """
    problems = [text.removeprefix("- ") for text in error.what.splitlines() if text.strip()]
    listed = problems[1:] if len(problems) > 1 else problems
    number = sum(line.startswith("- ") for line in error.what.splitlines())
    first = listed[0].removeprefix("data.cycles: ").split("; it exists in ")[0]
    first = first.replace(f" in {cycle}", "")
    more = f" (and {number - 1} more)" if number > 1 else ""
    return _clauses(first, 200) + more


def _clauses(told: str, most: int) -> str:
    """Keep the clauses that fit into so many letters; of one that is too long, its words."""
    if len(told) <= most:
        return told
    ends = [found.start() for found in re.finditer(r"[,;:] ", told) if found.start() <= most]
    return told[: ends[-1]] if ends else textwrap.shorten(told, most, placeholder=" ...")


def fetch(plans: Sequence[Plan], settings: Settings, console: Console) -> Store:
    """See to it that the files of all plans are there, as `pipeline.fetch` does."""
    studies = [study for plan in plans for study in (plan.study, *plan.singles)]
    return pipeline.fetch(studies, settings, console)


def run(
    plan: Plan,
    store: Store,
    settings: Settings,
    say: Callable[[str], None] = lambda text: None,
    clock: Clock | None = None,
) -> Outcome:
    """Run one study across cycles on files that are there, and write its folder.

    Parameters
    ----------
    plan : Plan
    store : Store
        From `fetch`.
    settings : Settings
    say : callable, optional
        Told what happens, a line each.
    clock : Clock, optional
        Seconds already spent.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError, DataError
        Nothing of an earlier run's folder is lost then.
    """
    clock, say = clock or Clock(), teller(say)
    with clock.stage("read"):
        say("reading and checking against the codebooks")
        inputs = pipeline.read_tables(tables(plan), store)
        pipeline.tell_files(inputs, say)
    with clock.stage("cohort"):
        cohort = pipeline.make_cohort(plan.study, inputs.raw)
        alone = _two_year_weights(plan, inputs.raw, cohort.frame)
        say(f"{int(cohort.members.sum()):,} people of {len(plan.cycles)} cycles are analysed")
    say("estimating")
    watch = pipeline.watching(
        store if settings.keep else None, say, plan.study, cohort, alone, plan.cycles, plan.refused
    )
    with pipeline.estimating(watch, clock, say):
        results = _estimate(plan, cohort, alone, watch)
    facts = pipeline.facts_of(plan.study, cohort, inputs, pd.DataFrame(), {})
    done = pipeline.Analysed(plan.study, cohort, results, pd.DataFrame(), facts)
    folder = settings.out / folder_name(plan, artificial=done.artificial)
    say("writing the report")
    more = {"across": list(plan.cycles), "refused": dict(plan.refused)}
    pipeline.write(done, folder, clock, make=build, more=more)
    pipeline.finish(folder, clock, say)
    return Outcome(plan, results, folder, done.artificial)


def tables(plan: Plan) -> dict[Table, tuple[str, ...]]:
    """Every table of the cycles together, with the weights of each alone."""
    found = {table: set(columns) for table, columns in tables_of(plan.study).items()}
    for study in plan.singles:
        weight = required_columns([], study.data.cycles, WEIGHTS[study.weight])
        for table, columns in weight.items():
            found.setdefault(table, set()).update(columns)
    return {
        table: (*(["SEQN"] if "SEQN" in columns else []), *sorted(columns - {"SEQN"}))
        for table, columns in sorted(found.items())
    }


def _two_year_weights(plan: Plan, raw: Raw, frame: pd.DataFrame) -> np.ndarray:
    """Give everyone's weight in a run of their cycle alone."""
    parts = [
        build_frame(raw, [], study.data.cycles, WEIGHTS[study.weight]) for study in plan.singles
    ]
    weights = pd.concat(parts).set_index("seqn")["weight"]
    return weights.loc[frame["seqn"]].to_numpy()


def _estimate(plan: Plan, cohort: Cohort, alone: np.ndarray, watch: Watch) -> pd.DataFrame:
    return estimate_across(
        plan.study,
        cohort.frame,
        [(step.name, step.label, step.kept) for step in cohort.steps],
        MEASURES,
        alone=alone,
        weight=plan.study.weight,
        cycles=plan.cycles,
        refused=plan.refused,
        watch=watch,
    )


def folder_name(plan: Plan, *, artificial: bool) -> str:
    """Name the folder of a report: of the study, and of the cycles where the user named them."""
    cycles = f"-{'+'.join(plan.cycles)}" if plan.chosen else ""
    return f"{plan.study.name}-{SUFFIX}{cycles}{'-synthetic' if artificial else ''}"
