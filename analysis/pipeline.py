"""One study from the CDC's files to its report: the only place that knows every room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from rich.console import Console

from analysis import kept, record
from analysis.cohort.build import Cohort, Memory, Raw, build_frame, select
from analysis.cohort.drift import told_of
from analysis.cohort.measures import MEASURES
from analysis.cohort.proofs import counted
from analysis.cohort.weights import WEIGHTS
from analysis.errors import InputError
from analysis.models.estimate import DF_RULE, estimate
from analysis.models.published import stand_beside
from analysis.models.watch import Watch
from analysis.nhanes.cache import TableReader
from analysis.nhanes.cycles import Table, cdc_url
from analysis.nhanes.progress import readable_size
from analysis.nhanes.reconcile import Check, reconcile, reconcile_linked
from analysis.nhanes.source import Source
from analysis.nhanes.store import Store
from analysis.reporting import RunFacts, build, write_report
from analysis.reporting.index import write_index
from analysis.reporting.write import Builder, Made
from analysis.study import Study
from analysis.study.reads import measures_of, tables_of
from analysis.synthetic import is_artificial
from analysis.telling import Teller, teller

KEPT = Path(".cache", "results")
"""Below the folder of downloaded files: estimates of earlier runs."""


@dataclass(frozen=True)
class Settings:
    """Where files come from and go to.

    Parameters
    ----------
    data : Path
        Folder of downloaded files.
    out : Path
        Folder below which each study has its own.
    mirror : str, optional
        URL or folder in place of the CDC.
    offline, accept_revisions : bool
        As for `analysis.nhanes.store.Store`.
    keep : bool
        Keep estimates from one run to the next (`analysis.kept`). Only for a process that was
        started for the run: what a notebook has put in the place of a function is in no key.
    """

    data: Path = Path("data_raw")
    out: Path = Path("reports")
    mirror: str | None = None
    offline: bool = False
    accept_revisions: bool = False
    keep: bool = False


@dataclass
class Clock:
    """Seconds that each stage took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        start = time.perf_counter()
        yield
        spent = time.perf_counter() - start
        self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def copy(self) -> Clock:
        """Start another clock where this one is."""
        return Clock(dict(self.seconds))


@dataclass(frozen=True)
class Inputs:
    """What was read for one study.

    Parameters
    ----------
    raw : mapping of Table to DataFrame
        The columns that the study reads.
    checks : DataFrame
        Their reconciliation with the codebooks, a row a variable.
    files : DataFrame
        Every file: ``name``, ``cycle``, ``url`` (the CDC's), ``fetched_from``, ``bytes``,
        ``sha256``, ``date``.
    artificial : bool
        Whether a file among them says that its data are artificial. It is taken from the files
        themselves, so the label stays with the data wherever they are copied.
    """

    raw: Raw
    checks: pd.DataFrame
    files: pd.DataFrame
    artificial: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run gives back.

    Parameters
    ----------
    study : Study
    cohort : Cohort
    results, verdicts : DataFrame
        As `analysis.models.results` and `analysis.models.published` describe them.
    folder : Path
        Where the report is.
    artificial : bool
        Whether the data were artificial.
    """

    study: Study
    cohort: Cohort
    results: pd.DataFrame
    verdicts: pd.DataFrame
    folder: Path
    artificial: bool


@dataclass(frozen=True)
class Analysed:
    """A study analysed, with all that its report says.

    Parameters
    ----------
    study : Study
    cohort : Cohort
    results, verdicts : DataFrame
        As `analysis.models.results` and `analysis.models.published` describe them.
    facts : RunFacts
        What the report says that is not an estimate.
    """

    study: Study
    cohort: Cohort
    results: pd.DataFrame
    verdicts: pd.DataFrame
    facts: RunFacts

    @property
    def artificial(self) -> bool:
        """Whether the data were artificial."""
        return self.facts.synthetic


def store_of(settings: Settings, console: Console) -> Store:
    """Open the folder of downloaded files."""
    return Store(
        settings.data,
        Source.from_setting(settings.mirror),
        offline=settings.offline,
        accept_revisions=settings.accept_revisions,
        console=console,
    )


def fetch(studies: Sequence[Study], settings: Settings, console: Console) -> Store:
    """See to it that the files of all studies are there.

    Raises
    ------
    InputError
        If a study is not in order; nothing is fetched then.
    DataError
        If a file cannot be had or is damaged.
    """
    wanted = {table for study in studies for table in tables_of(study)}
    store = store_of(settings, console)
    store.fetch(wanted)
    return store


def read_inputs(study: Study, store: Store) -> Inputs:
    """Read what a study needs, through the cache, and reconcile it with the codebooks."""
    return read_tables(tables_of(study), store)


def read_tables(tables: Mapping[Table, tuple[str, ...]], store: Store) -> Inputs:
    """Read columns of tables, through the cache, and reconcile them with the codebooks."""
    reader = TableReader(store.folder / ".cache")
    raw: dict[Table, pd.DataFrame] = {}
    checks: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    artificial = False
    for table, columns in tables.items():
        data = store.path(table.data_path)
        raw[table] = reader.read(data, store.entry(table.data_path).sha256, columns)
        artificial |= is_artificial(data)
        checks += [asdict(check) for check in _reconciled(table, raw[table], store, reader)]
        for path in reversed(table.files):
            entry = store.entry(path)
            files.append(
                {
                    "name": path,
                    "cycle": table.cycle,
                    "url": cdc_url(path),
                    "fetched_from": entry.url,
                    "bytes": entry.bytes,
                    "sha256": entry.sha256,
                    "date": str(entry.date)[:10],
                }
            )
    return Inputs(raw, pd.DataFrame(checks), pd.DataFrame(files), artificial)


def _reconciled(
    table: Table, frame: pd.DataFrame, store: Store, reader: TableReader
) -> list[Check]:
    if table.is_mortality:
        return reconcile_linked(table, frame)
    sha256 = store.entry(table.codebook_path).sha256
    codebook = reader.codebook(store.path(table.codebook_path), sha256)
    return reconcile(table.name, frame, codebook)


def make_cohort(study: Study, raw: Raw, memory: Memory | None = None) -> Cohort:
    """Derive the measures and apply the exclusions of a study.

    Parameters
    ----------
    study : Study
    raw : mapping of Table to DataFrame
        From `read_inputs`.
    memory : dict, optional
        Keeps what several measures are made of, for `count_rules`.
    """
    measures, partial = measures_of(study)
    frame = build_frame(
        raw,
        measures,
        study.data.cycles,
        WEIGHTS[study.weight],
        other_weights=[WEIGHTS[name] for name in study.other_weights],
        partial=partial,
        memory=memory,
    )
    exposures = tuple(exposure.measure for exposure in study.exposures)
    label = WEIGHTS[study.weight].label
    return select(
        frame,
        [(step.step, step.label, step.condition) for step in study.cohort],
        weight=label[0].lower() + label[1:],
        covariates=tuple(dict.fromkeys((*exposures, *study.covariates))),
        complete_cases=study.cohort_options.complete_cases,
    )


def count_rules(study: Study, raw: Raw, memory: Memory) -> dict[str, pd.DataFrame]:
    """Count the rules by which intakes were computed from products and foods."""
    measures, partial = measures_of(study)
    return counted(raw, measures, study.data.cycles, partial=partial, memory=memory)


def estimate_study(
    study: Study, cohort: Cohort, *, artificial: bool = False, watch: Watch | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate all that a study asks for and stand the published figures beside it.

    Returns
    -------
    results, verdicts : DataFrame
    """
    results = estimate(
        study,
        cohort.frame,
        [(step.name, step.label, step.kept) for step in cohort.steps],
        cohort.missing,
        MEASURES,
        weight=study.weight,
        cycles=study.data.cycles,
        watch=watch,
    )
    # A published figure speaks of the cycles of the study's own file.
    figures = () if study.is_moved else study.published
    return stand_beside(results, figures, artificial=artificial)


def run(
    study: Study,
    store: Store,
    settings: Settings,
    say: Callable[[str], None] = lambda text: None,
    clock: Clock | None = None,
) -> Outcome:
    """Run one study on files that are there, and write its folder below ``settings.out``.

    Parameters
    ----------
    study : Study
    store : Store
        From `fetch`.
    settings : Settings
    say : callable, optional
        Told what happens, a line each; a `Teller` is also told how far it is.
    clock : Clock, optional
        Seconds already spent on earlier stages.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError, DataError
        Nothing of an earlier run's folder is lost then.
    """
    clock, say = clock or Clock(), teller(say)
    done = analyse(study, store, say, clock, keep=settings.keep)
    folder = settings.out / folder_name(study, artificial=done.artificial)
    say("writing the report")
    write(done, folder, clock)
    finish(folder, clock, say)
    return Outcome(study, done.cohort, done.results, done.verdicts, folder, done.artificial)


def finish(folder: Path, clock: Clock, say: Teller) -> None:
    """List a run among the others below its parent folder, and say what it took."""
    with _writing(folder.parent):
        write_index(folder.parent)
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        say.detail(f"{path} ({readable_size(path.stat().st_size)})")
    say.detail("seconds: " + ", ".join(f"{k} {v:.1f}" for k, v in clock.seconds.items()))


def analyse(
    study: Study,
    store: Store,
    say: Callable[[str], None] = lambda text: None,
    clock: Clock | None = None,
    *,
    keep: bool = False,
) -> Analysed:
    """Do all of a run but for writing its report.

    Parameters
    ----------
    study, store, say, clock
        As for `run`.
    keep : bool
        As `Settings` has it.

    Returns
    -------
    Analysed

    Raises
    ------
    InputError, DataError
    """
    clock, say = clock or Clock(), teller(say)
    for warning in told_of(study):
        say(warning)
    with clock.stage("read"):
        say("reading and checking against the codebooks")
        inputs = read_inputs(study, store)
        tell_files(inputs, say)
    with clock.stage("cohort"):
        memory: Memory = {}
        cohort = make_cohort(study, inputs.raw, memory)
        counts = count_rules(study, inputs.raw, memory)
        # The raw columns are the largest thing in memory, and nothing below reads them.
        inputs = replace(inputs, raw={})
        say(f"{int(cohort.members.sum()):,} of {len(cohort.frame):,} people are analysed")
    say("estimating")
    watch = watching(store if keep else None, say, study, cohort)
    with estimating(watch, clock, say):
        results, verdicts = estimate_study(study, cohort, artificial=inputs.artificial, watch=watch)
    facts = facts_of(study, cohort, inputs, verdicts, counts)
    return Analysed(study, cohort, results, verdicts, facts)


def tell_files(inputs: Inputs, say: Teller) -> None:
    """Name the files that were read, for those who want to know."""
    for file in inputs.files.to_dict("records"):
        size = readable_size(file["bytes"])
        say.detail(f"read {file['name']} ({size}, sha256 {file['sha256'][:12]})")


def watching(
    store: Store | None, say: Teller, study: Study, cohort: Cohort, *more: Any
) -> kept.Keeping:
    """Watch over the estimates of a cohort.

    Parameters
    ----------
    store : Store or None
        In whose folder they are kept from one run to the next; None keeps none.
    say : Teller
    study : Study
    cohort : Cohort
    *more
        What the estimates are made of besides.
    """
    if store is None:
        return kept.Keeping(None, "", say)
    folder = store.folder / KEPT
    kept.remove_old(folder)
    steps = [(step.name, step.label, step.kept) for step in cohort.steps]
    key = kept.digest(study, cohort.frame, steps, cohort.missing, study.weight, more)
    return kept.Keeping(folder, key, say)


@contextmanager
def estimating(watch: kept.Keeping, clock: Clock, say: Teller) -> Iterator[None]:
    """Time the estimates, and say so where they were kept."""
    took = Clock()
    with took.stage("models"):
        yield
    again = watch.told()
    if again:
        say(f"{again} (--fresh estimates them anew)")
    # It is told in the record's clock, the only part in which equal runs may differ.
    name = f"models ({'partly ' * bool(watch.estimated)}reused)" if again else "models"
    clock.seconds[name] = took.seconds["models"]


def write(
    done: Analysed,
    folder: Path,
    clock: Clock | None = None,
    *,
    make: Builder = build,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the report of what was analysed, with the record of the run and the study's file.

    Parameters
    ----------
    done : Analysed
    folder : Path
        Its own.
    clock : Clock, optional
        Seconds already spent.
    make : callable
        What puts the report together; by default that of a study.
    more : mapping of str to object
        What run.json holds besides.

    Raises
    ------
    InputError
        If the folder cannot be written; nothing of an earlier run's is lost then.
    """
    clock = clock or Clock()
    start = time.perf_counter()

    def beside(made: Made) -> dict[str, bytes]:
        clock.seconds["report"] = time.perf_counter() - start
        return record.beside(done.study, done.facts, clock.seconds, more, made)

    with _writing(folder):
        write_report(done.results, done.facts, folder, make, beside)


def folder_name(study: Study, *, artificial: bool) -> str:
    """Name the folder of a study's report, so that none takes another's place.

    A study taken to other cycles than its file names has them in the name, and artificial data say
    so.
    """
    cycles = f"-{'+'.join(study.data.cycles)}" if study.is_moved else ""
    return f"{study.name}{cycles}{'-synthetic' if artificial else ''}"


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write the report: {error.strerror}",
            where=str(folder),
            remedy="Free space or permissions there, or choose another folder with --out.",
        ) from None
    finally:
        # An interrupted first run leaves no empty folder behind.
        with suppress(OSError):
            folder.rmdir()


def facts_of(
    study: Study,
    cohort: Cohort,
    inputs: Inputs,
    verdicts: pd.DataFrame,
    counts: Mapping[str, pd.DataFrame],
) -> RunFacts:
    """Gather what the report says that is not an estimate."""
    frame = cohort.frame
    used = frame.loc[cohort.members & (frame["weight"] > 0).to_numpy(), ["stratum", "psu"]]
    return RunFacts(
        study=study,
        measures=MEASURES,
        checks=inputs.checks,
        files=inputs.files,
        verdicts=verdicts,
        versions=record.versions(),
        commit=record.commit(),
        spec_sha256=study.sha256,
        spec_text=study.text,
        df_rule=DF_RULE,
        n_psu=len(used.drop_duplicates()),
        n_strata=used["stratum"].nunique(),
        synthetic=inputs.artificial,
        counted=counts,
    )
