"""Studies from Python: `load_study`, `run`, and the `Result` that a notebook shows.

The commands do the same; this is for those who go on working with the numbers.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis import pipeline
from analysis.cohort.measures import MEASURES
from analysis.commands.artificial import require_survey_of
from analysis.commands.terminal import line, log, tell_changes
from analysis.errors import InputError
from analysis.grammar import suggestion
from analysis.grammar.tokens import clip
from analysis.reporting import build
from analysis.reporting.document import Figure as Drawn
from analysis.reporting.document import KeyFacts, Paragraph, Report
from analysis.reporting.frames import frame_of, tables_of
from analysis.study import Study, change_study, check_study, load_study
from analysis.telling import Teller

__all__ = ["Result", "load_study", "run"]

MAIN = (
    "odds-ratio-table", "linear-table", "adjusted-", "prevalence-table", "mean-table", "table1",
)  # fmt: skip
"""How the table's name begins that ``table("main")`` gives: the first that the report has."""


class Result:
    """A study that has been run, for a notebook.

    Parameters
    ----------
    done : Analysed
        From `analysis.pipeline.analyse`.

    Attributes
    ----------
    results : DataFrame
        All estimates, a row an estimate, as in results.csv (see `analysis.models.results`).
    verdicts : DataFrame
        Published figures beside ours; empty where none is compared.
    study : Study
        What was run.

    Examples
    --------
    >>> result = run("forrest_2011", synthetic=True)  # doctest: +SKIP
    >>> result.table("main")  # doctest: +SKIP
    >>> result.results.query("analysis == 'prevalence'")  # doctest: +SKIP
    """

    def __init__(self, done: pipeline.Analysed) -> None:
        self._done = done
        self.study: Study = done.study
        self.results: pd.DataFrame = done.results
        self.verdicts: pd.DataFrame = done.verdicts

    @cached_property
    def cohort(self) -> pd.DataFrame:
        """Everyone in the survey, a row a participant; ``in_cohort`` is True for those analysed.

        With ``weight`` (0 for whom the weight is not made), ``stratum`` and ``psu``, so that
        ``Design(result.cohort, weights="weight", strata="stratum", psu="psu")`` of
        `analysis.survey` is the study's design, and ``in_cohort`` its domain.
        """
        cohort = self._done.cohort
        return cohort.frame.assign(in_cohort=cohort.members)

    @property
    def artificial(self) -> bool:
        """Whether the data were artificial: no figure then says anything about people."""
        return self._done.artificial

    @cached_property
    def _document(self) -> Report:
        return build(self.results, self._done.facts)

    @property
    def tables(self) -> list[str]:
        """Names of the report's tables, in its order; ``"main"`` is short for the main one."""
        return list(self._tables)

    @cached_property
    def _tables(self) -> dict[str, Any]:
        found = tables_of(self._document)
        ranked = [key for start in MAIN for key in found if key.startswith(start)]
        main = next(iter([*ranked, *found]), "")
        return ({"main": found[main]} if main else {}) | found

    @property
    def figures(self) -> list[str]:
        """Names of the report's figures, in its order."""
        return list(self._figures)

    @cached_property
    def _figures(self) -> dict[str, Drawn]:
        return {figure.key: figure for figure in self._document.figures}

    def table(self, name: str = "main") -> pd.DataFrame:
        """Give a table of the report, ready to show.

        Parameters
        ----------
        name : str, default "main"
            Of `tables`. The main one has people, events and estimates with their confidence
            intervals by model.

        Returns
        -------
        DataFrame of str
            Numbers as the report prints them; `results` has them in full. The caption and notes
            are in `DataFrame.attrs`.

        Raises
        ------
        InputError
            If the report has no table of this name.
        """
        return frame_of(_named(name, self._tables, "table"))

    def figure(self, name: str) -> Figure:
        """Draw a figure of the report.

        Parameters
        ----------
        name : str
            Of `figures`, such as ``"forest"``.

        Returns
        -------
        matplotlib.figure.Figure
            Drawn anew at each call. It shows itself in a notebook, and `Figure.savefig` writes it.

        Raises
        ------
        InputError
            If the report has no figure of this name.
        """
        drawing = _named(name, self._figures, "figure").drawing
        canvas = drawing.canvas()
        # A notebook asks an object itself how to show it, if no backend of matplotlib is loaded.
        canvas._repr_png_ = lambda: drawing.png
        return canvas

    def report(self, folder: str | Path) -> Path:
        """Write the report: ``report.html``, ``results.csv``, ``run.json`` and what goes with them.

        Beside them are ``report.docx`` and the folders ``figures/`` and ``tables/``.

        Parameters
        ----------
        folder : str or Path
            Where to; made if it is not there.

        Returns
        -------
        Path
            Of ``report.html``.

        Raises
        ------
        InputError
            If the folder cannot be written.
        """
        place = Path(folder)
        pipeline.write(self._done, place)
        return place / "report.html"

    @property
    def answer(self) -> list[str]:
        """The report's answer, a text a paragraph; the first says it where data are artificial."""
        blocks = self._document.sections[0].blocks
        return [block.text.plain for block in blocks if isinstance(block, Paragraph)]

    def __repr__(self) -> str:
        people = int(self._done.cohort.members.sum())
        artificial = ", ARTIFICIAL data" if self.artificial else ""
        return (
            f"<Result of {self.study.name}: {people:,} people, {len(self.results):,} estimates"
            f"{artificial}>"
        )

    def _repr_html_(self) -> str:
        """Show the title, the answer and the report's strip of facts in a notebook."""
        report = self._document
        parts = [f"<h3>{escape(report.title)}</h3>"]
        parts += [f"<p>{escape(text)}</p>" for text in filter(None, [report.notice, *self.answer])]
        strip = [each for each in report.sections[0].blocks if isinstance(each, KeyFacts)]
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(fact.label)}</th>"
            f"<td style='text-align:left'>{escape(fact.value.plain)}</td>"
            f"<td style='text-align:left'>{escape(fact.note.plain)}</td></tr>"
            for block in strip
            for fact in block.facts
        )
        parts.append(f"<table>{rows}</table>" if rows else "")
        parts.append(
            f"<p>Tables: {escape(', '.join(self.tables[:8]))}, &hellip; &middot; "
            f"Figures: {escape(', '.join(self.figures[:6]))}</p>"
        )
        return "".join(parts)


def run(
    study: str | Path | Study,
    *,
    data: str | Path = "data_raw",
    mirror: str | None = None,
    cycles: Sequence[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    synthetic: bool = False,
    offline: bool = False,
) -> Result:
    """Run a study from the CDC's files to its results.

    Parameters
    ----------
    study : str, Path or Study
        The name of a study that comes with the package, the path of a TOML file, or what
        `load_study` gave.
    data : str or Path, default "data_raw"
        Folder of downloaded files; what is not there is fetched.
    mirror : str, optional
        URL or folder to take files from instead of the CDC; by default ``$NHANES_MIRROR``.
    cycles : sequence of str, optional
        Other cycles than the study's own.
    overrides : mapping of str to object, optional
        Other values for keys of the study by their paths, as ``--set`` takes them:
        ``{"exposure": "calcium_total", "exposure.groups": 5}``.
    out : str or Path, optional
        Folder below which the report is written; by default nothing is.
    synthetic : bool, default False
        Use an artificial survey of the cycles that the study reads, made where it is missing.
    offline : bool, default False
        Use what is in `data`, and no network.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If the study, a cycle or an override is not in order.
    DataError
        If a file cannot be had or is damaged.

    Examples
    --------
    >>> result = run("deng_2013", overrides={"exposure": "calcium_total"})  # doctest: +SKIP
    >>> result.table("main")  # doctest: +SKIP
    >>> result.figure("forest")  # doctest: +SKIP
    """
    _require_text(data, "data", "the path of a folder")
    _require_text(out, "out", "the path of a folder", optional=True)
    chosen = _chosen(study, cycles, overrides)
    settings = _settings(chosen, Path(data), mirror, out, synthetic=synthetic, offline=offline)
    store = pipeline.fetch([chosen], settings, log())
    clock = pipeline.Clock()
    done = pipeline.analyse(chosen, store, clock=clock)
    if out is not None:
        folder = settings.out / pipeline.folder_name(chosen, artificial=done.artificial)
        pipeline.write(done, folder, clock)
        pipeline.finish(folder, clock, Teller())
        line(log(), f"report: {folder / 'report.html'}")
    return Result(done)


def _chosen(
    study: str | Path | Study, cycles: Sequence[str] | None, overrides: Mapping[str, Any] | None
) -> Study:
    chosen = study if isinstance(study, Study) else load_study(study)
    if overrides is not None and not isinstance(overrides, Mapping):
        what = f"want a mapping of paths to values, got {type(overrides).__name__}"
        raise InputError(what, where="overrides", remedy='Such as {"exposure.groups": 5}.')
    if cycles is not None:
        for cycle in [cycles] if isinstance(cycles, str) else cycles:
            _require_text(cycle, "cycles", 'names such as "2013-2014"', paths=False)
    if overrides:
        chosen = change_study(chosen, overrides, MEASURES)
        tell_changes(chosen)
    if cycles is not None:
        chosen = chosen.with_cycles([cycles] if isinstance(cycles, str) else cycles)
    check_study(chosen, MEASURES)
    return chosen


def _require_text(
    given: object, where: str, want: str, *, optional: bool = False, paths: bool = True
) -> None:
    kinds = (str, Path) if paths else (str,)
    if not isinstance(given, kinds) and not (optional and given is None):
        raise InputError(f"want {want}, got {type(given).__name__}", where=where)


def _settings(
    study: Study,
    data: Path,
    mirror: str | None,
    out: str | Path | None,
    *,
    synthetic: bool,
    offline: bool,
) -> pipeline.Settings:
    place = Path("reports") if out is None else Path(out)
    if synthetic:
        if mirror:
            raise InputError("synthetic=True makes its own files; leave out mirror")
        folder = require_survey_of(argparse.Namespace(data=data), [study])
        return pipeline.Settings(data=folder, out=place, offline=True)
    source = mirror or os.environ.get("NHANES_MIRROR") or None
    return pipeline.Settings(data=data, out=place, mirror=source, offline=offline)


def _named(name: str, known: Mapping[str, Any], what: str) -> Any:
    if not isinstance(name, str) or name not in known:
        near = suggestion(str(name), known)
        raise InputError(
            f"the report has no {what} {clip(str(name))}{near}", remedy=f"It has: {_listed(known)}."
        )
    return known[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
