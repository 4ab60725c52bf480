"""All that a report says which is not an estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pandas as pd

from analysis.cohort.measure import Measure

CHECK_COLUMNS = (
    "table", "variable", "label", "rows_file", "rows_codebook", "missing_file",
    "missing_codebook", "verdict", "detail", "reason",
)  # fmt: skip
FILE_COLUMNS = ("name", "cycle", "url", "bytes", "sha256", "date")
VERDICT_COLUMNS = (
    "id", "source", "statement", "kind", "published", "low", "high", "ours", "ours_low",
    "ours_high", "verdict", "why",
)  # fmt: skip

CHECK_WORDS = ("equal", "explained", "differs", "not printed")
VERDICT_WORDS = ("reproduces", "in part", "does not", "cannot be judged")


class StudyLike(Protocol):
    """What a report reads of a study's specification (the keys of its TOML file)."""

    @property
    def name(self) -> str:
        """Name of the study, as in the results table."""

    @property
    def title(self) -> str:
        """Title of the report."""

    @property
    def question(self) -> str:
        """The question that the report answers."""

    @property
    def references(self) -> Sequence[Any]:
        """Publications: `id`, `citation`, `doi`."""

    @property
    def data(self) -> Any:
        """`cycles`."""

    @property
    def weight(self) -> str:
        """Name of the sample weight."""

    @property
    def cohort(self) -> Sequence[Any]:
        """Steps: `step`, `label`, `keep`."""

    @property
    def outcomes(self) -> Sequence[Any]:
        """Outcomes: `name`, `label`, `definition`, and what they are made of."""


class _About:
    """A study seen by another of its exposures."""

    def __init__(self, study: StudyLike, exposure: Any) -> None:
        self._study, self.exposure = study, exposure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)


@dataclass(frozen=True)
class RunFacts:
    """Everything about a run that is not an estimate; the pipeline fills it.

    Parameters
    ----------
    study : Study
        The specification. Beside what `StudyLike` lists, `cohort_options`, `exposure`, `models`,
        `domains`, `adjusted`, `table1`, `measures`, `published`, `other_exposures`,
        `multinomial`, `interactions`, `strata`, `is_moved` and `file_cycles` are read where they
        are present.
    measures : mapping of str to Measure
        By name; for labels, units, levels and notes.
    checks : DataFrame
        Reconciliation with the codebooks, a row a variable, with `CHECK_COLUMNS`. `verdict` is
        ``"equal"``, ``"explained"``, ``"differs"`` or ``"not printed"``.
    files : DataFrame
        Every input file, with `FILE_COLUMNS`; `name` is a path below the CDC's root.
    verdicts : DataFrame
        Published figures beside ours, with `VERDICT_COLUMNS`, and optionally `unit`
        (``"percent"``) and `measure` (of the results). Numbers are in the publication's unit.
        `verdict` is ``"reproduces"``, ``"in part"``, ``"does not"`` or ``"cannot be judged"``.
    versions : mapping of str to str
        Of Python and the packages, by name.
    commit : str
        Of this program; empty if unknown.
    spec_sha256 : str
        Of the study file's bytes.
    spec_text : str
        The study file itself, shown on demand; empty to leave it out.
    seed : int, optional
        Of the run's random numbers, where it has any.
    df_rule : str
        ``"design"`` or ``"residual"``, as `Design` takes it.
    n_psu, n_strata : int
        Sampling units and strata of the design (its domain: the cohort).
    synthetic : bool
        True if the input is the artificial survey.
    counted : mapping of str to DataFrame
        How intakes were counted, a tidy table a subject: ``"supplements"`` (how often each rule
        was applied, by cycle) and ``"foods"`` (records of the recalls matched to a food's
        content, by cycle). Empty for a study that counts none itself.

    Raises
    ------
    ValueError
        If a table lacks a column or holds an unknown verdict.
    """

    study: StudyLike
    measures: Mapping[str, Measure]
    checks: pd.DataFrame
    files: pd.DataFrame
    verdicts: pd.DataFrame
    versions: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    spec_sha256: str = ""
    spec_text: str = ""
    seed: int | None = None
    df_rule: str = "design"
    n_psu: int = 0
    n_strata: int = 0
    synthetic: bool = False
    counted: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, columns in (
            ("checks", CHECK_COLUMNS), ("files", FILE_COLUMNS), ("verdicts", VERDICT_COLUMNS),
        ):  # fmt: skip
            table = getattr(self, name)
            missing = [column for column in columns if column not in table.columns]
            if len(table) and missing:
                raise ValueError(f"{name} lacks the columns {', '.join(missing)}")
        for name, known in (("checks", CHECK_WORDS), ("verdicts", VERDICT_WORDS)):
            unknown = set(getattr(self, name).get("verdict", ())) - set(known)
            if unknown:
                raise ValueError(f"{name} has unknown verdicts: {sorted(unknown)}")

    def about(self, exposure: Any) -> RunFacts:
        """Give the same facts of a study whose exposure is another one of its own."""
        return replace(self, study=_About(self.study, exposure))

    def line_of(self, section: str, name: str = "") -> int | None:
        """Find the line of the study file where an entry begins; None if the file is not shown."""
        find = getattr(self.study, "line_of", None)
        line = find(section, name) if find is not None and self.spec_text else None
        return None if line is None else int(line)

    def label(self, measure: str) -> str:
        """Give the label of a measure, or its name where it has none."""
        known = self.measures.get(measure)
        return known.label if known else measure

    def unit(self, measure: str) -> str:
        """Give the unit of a measure; empty where it has none."""
        known = self.measures.get(measure)
        return known.unit if known else ""

    def outcome(self, name: str) -> str:
        """Give the label of an outcome."""
        return next((o.label for o in self.study.outcomes if o.name == name), name)

    def outcome_unit(self, name: str) -> str:
        """Give the unit of a continuous outcome; empty for one that is yes or no."""
        outcome = next((o for o in self.study.outcomes if o.name == name), None)
        if getattr(outcome, "mean_z", ()):
            return "SD"
        measure = getattr(outcome, "measure", None)
        return self.unit(measure) if measure else ""

    def model(self, name: str) -> str:
        """Give the label of a model."""
        return next((m.label for m in self.models if m.name == name), name)

    @property
    def models(self) -> Sequence[Any]:
        """The study's models, from the least to the most adjusted; empty without exposure."""
        return tuple(getattr(self.study, "models", None) or ())

    @property
    def main_outcomes(self) -> Sequence[Any]:
        """Outcomes that the answer and the figures are about; those of another role are not."""
        return tuple(o for o in self.study.outcomes if getattr(o, "role", "main") == "main")

    def is_main(self, outcome: str) -> bool:
        """Whether an outcome is a main one, as one is that the study does not name."""
        other = {o.name for o in self.study.outcomes} - {o.name for o in self.main_outcomes}
        return outcome not in other

    def listed(self, section: str) -> Sequence[Any]:
        """Entries of a section of the study file, such as ``"strata"``; empty without it."""
        return tuple(getattr(self.study, section, None) or ())

    @property
    def domains(self) -> Sequence[Any]:
        """Groups in which prevalences are estimated."""
        return tuple(getattr(self.study, "domains", None) or ())

    @property
    def exposure(self) -> Any:
        """The study's exposure, or None."""
        return getattr(self.study, "exposure", None)

    @property
    def users(self) -> bool:
        """Whether the lowest group of the exposure takes none of it."""
        return getattr(self.exposure, "split", "everyone") == "users"

    @property
    def exposures(self) -> Sequence[Any]:
        """The study's exposure, and others that are modelled the same way; may be empty."""
        main = () if self.exposure is None else (self.exposure,)
        return (*main, *self.listed("other_exposures"))

    @property
    def cycles(self) -> tuple[str, ...]:
        """Cycles of the data, in the order of time."""
        return tuple(sorted(str(cycle) for cycle in self.study.data.cycles))

    @property
    def moved(self) -> bool:
        """Whether the run took the study to other cycles than those of its file."""
        return bool(getattr(self.study, "is_moved", False))

    @property
    def file_cycles(self) -> tuple[str, ...]:
        """Cycles that the study's file names, in the order of time; empty if not known."""
        return tuple(sorted(getattr(self.study, "file_cycles", None) or ()))

    @property
    def complete_cases(self) -> bool:
        """Whether people with a missing covariate are set aside."""
        options = getattr(self.study, "cohort_options", None)
        return bool(getattr(options, "complete_cases", False))
