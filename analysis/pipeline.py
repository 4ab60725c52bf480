"""One study from the CDC's files to its report: the only place that knows every room."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from rich.console import Console

from analysis import __version__
from analysis.cohort.build import Cohort, Memory, Raw, build_frame, select
from analysis.cohort.drift import told_of
from analysis.cohort.measures import MEASURES
from analysis.cohort.proofs import counted
from analysis.cohort.weights import WEIGHTS
from analysis.errors import InputError
from analysis.models.estimate import DF_RULE, estimate
from analysis.models.published import stand_beside
from analysis.nhanes.cache import TableReader
from analysis.nhanes.cycles import Table, cdc_url
from analysis.nhanes.reconcile import Check, reconcile, reconcile_linked
from analysis.nhanes.source import Source
from analysis.nhanes.store import Store
from analysis.reporting import RunFacts, build, write_report
from analysis.reporting.write import Builder
from analysis.study import Study
from analysis.study.reads import measures_of, tables_of
from analysis.synthetic import is_artificial

PACKAGES = (
    "numpy", "pandas", "scipy", "statsmodels", "pyreadstat", "pyarrow", "matplotlib", "seaborn",
)  # fmt: skip
"""Packages whose versions can change a digit or a figure."""


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
    """

    data: Path = Path("data_raw")
    out: Path = Path("reports")
    mirror: str | None = None
    offline: bool = False
    accept_revisions: bool = False


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
    study: Study, cohort: Cohort, *, artificial: bool = False
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
        Told what happens, a line each.
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
    clock = clock or Clock()
    done = analyse(study, store, say, clock)
    folder = settings.out / folder_name(study, artificial=done.artificial)
    say("writing the report")
    write(done, folder, clock)
    return Outcome(study, done.cohort, done.results, done.verdicts, folder, done.artificial)


def analyse(
    study: Study,
    store: Store,
    say: Callable[[str], None] = lambda text: None,
    clock: Clock | None = None,
) -> Analysed:
    """Do all of a run but for writing its report.

    Parameters
    ----------
    study, store, say, clock
        As for `run`.

    Returns
    -------
    Analysed

    Raises
    ------
    InputError, DataError
    """
    clock = clock or Clock()
    for warning in told_of(study):
        say(warning)
    with clock.stage("read"):
        say("reading and checking against the codebooks")
        inputs = read_inputs(study, store)
    with clock.stage("cohort"):
        memory: Memory = {}
        cohort = make_cohort(study, inputs.raw, memory)
        counts = count_rules(study, inputs.raw, memory)
        # The raw columns are the largest thing in memory, and nothing below reads them.
        inputs = replace(inputs, raw={})
        say(f"{int(cohort.members.sum()):,} of {len(cohort.frame):,} people are analysed")
    with clock.stage("models"):
        say("estimating")
        results, verdicts = estimate_study(study, cohort, artificial=inputs.artificial)
    facts = facts_of(study, cohort, inputs, verdicts, counts)
    return Analysed(study, cohort, results, verdicts, facts)


def write(
    done: Analysed,
    folder: Path,
    clock: Clock | None = None,
    *,
    make: Builder = build,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the report of what was analysed, and the record of the run.

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
    with clock.stage("report"), _writing(folder):
        write_report(done.results, done.facts, folder, make)
    record = run_record(done.facts) | dict(more)
    record["seconds"] = {stage: round(spent, 3) for stage, spent in clock.seconds.items()}
    with _writing(folder):
        write_json(folder / "run.json", record)


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
        versions=versions(),
        commit=commit(),
        spec_sha256=study.sha256,
        spec_text=study.text,
        df_rule=DF_RULE,
        n_psu=len(used.drop_duplicates()),
        n_strata=used["stratum"].nunique(),
        synthetic=inputs.artificial,
        counted=counts,
    )


def run_record(facts: RunFacts) -> dict[str, Any]:
    """Gather what run.json holds, but for the seconds."""
    return {
        "study": facts.study.name,
        "cycles": list(facts.study.data.cycles),
        "data": "artificial" if facts.synthetic else "NHANES",
        "versions": dict(facts.versions),
        "commit": facts.commit,
        "specification_sha256": facts.spec_sha256,
        "changes": {change.path: change.value for change in getattr(facts.study, "changes", ())},
        "seed": facts.seed,
        "inputs": facts.files.to_dict("records"),
        "verdicts": json.loads(facts.verdicts.to_json(orient="records", double_precision=15)),
    }


def versions() -> dict[str, str]:
    """Versions of this package, Python and the packages that can change a digit."""
    found = {"nhanes-magnesium-vitamin-d": __version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in PACKAGES}


def commit() -> str:
    """Commit of the checkout that this package runs from, ``+`` if files were changed since.

    Empty outside a git checkout of this package.
    """
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return ""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Write a record whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
