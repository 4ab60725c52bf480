"""The command ``across``: a study's main model cycle by cycle, pooled, and trends."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis import across as cycles_of
from analysis import pipeline, printing
from analysis.commands.artificial import require_contents
from analysis.commands.progress import StudyTeller
from analysis.commands.runs import require_folder, settings_of
from analysis.commands.terminal import grid, line, log, named_studies, out, tell_written
from analysis.models.across import ALL_BY
from analysis.nhanes.cycles import CYCLES
from analysis.reporting.index import NAME as INDEX
from analysis.study import Study
from analysis.synthetic.parameters import CYCLES as ARTIFICIAL

POOLED = ("one model", "fixed effect", "random effects", "prediction interval")


def across(options: argparse.Namespace) -> None:
    """Fit the main models of studies in each cycle, combine them, and write reports."""
    among, require = tuple(CYCLES), _anything
    if options.synthetic:
        among, require = ARTIFICIAL, require_contents
    studies = named_studies(options)
    plans = [cycles_of.plan_of(study, options.cycles, among, require) for study in studies]
    settings = settings_of(options, [plan.study for plan in plans])
    require_folder(settings.out)
    clock = pipeline.Clock()
    with clock.stage("fetch"):
        store = cycles_of.fetch(plans, settings, log())
    for plan in plans:
        with StudyTeller(log(), plan.study.name) as say:
            outcome = cycles_of.run(plan, store, settings, say, clock.copy())
        _print(out(), outcome)
    line(out(), f"all reports: {settings.out / INDEX}")


def _anything(study: Study) -> None:
    """Let a study read what it likes: what the CDC has is known when it is fetched."""


def _print(console: Console, outcome: cycles_of.Outcome) -> None:
    rows: list[Mapping[str, Any]] = outcome.results.to_dict("records")
    for one in outcome.plan.study.outcomes:
        if one.role == "main":
            console.print(_grid(one, rows, artificial=outcome.artificial))
    refused = outcome.plan.refused
    for reason in dict.fromkeys(refused.values()):
        cycles = ", ".join(cycle for cycle in refused if refused[cycle] == reason)
        console.print(Text(f"not in {cycles}: {reason}"), highlight=False)
    tell_written(console, outcome.folder, len(outcome.results))


def _grid(one: Any, rows: list[Mapping[str, Any]], *, artificial: bool) -> Table:
    """Lay out an outcome's estimates by cycle, and pooled."""
    mine = [row for row in rows if row["outcome"] == one.name]
    found = [row for row in mine if row["analysis"] == "cycle" and row["stratum"] == "cycle"]
    found += [row for row in mine if row["analysis"] == "pooled" and row["stratum"] in POOLED]
    found = [row for row in found if row["measure"] != "share"]
    # Two cycles predict nothing.
    found = [r for r in found if r["stratum"] != POOLED[-1] or math.isfinite(r["estimate"])]
    highest = next(row for row in found if row["level"])
    unit = next(row["contrast"] for row in found if not row["level"])
    title = f"{one.label}: {_title(highest)}" + (" of ARTIFICIAL data" if artificial else "")
    right = ("People", highest["contrast"], unit[:1].upper() + unit[1:])
    table = grid("Cycle", *right, right=right, title=title)
    for name in dict.fromkeys(row["stratum_level"] or row["stratum"] for row in found):
        own = [row for row in found if (row["stratum_level"] or row["stratum"]) == name]
        contrasts = {bool(row["level"]): row for row in own}
        people = contrasts.get(False, {}).get("n", math.nan)
        table.add_row(
            Text(name[:1].upper() + name[1:]),
            f"{people:,.0f}" if math.isfinite(people) and name in (*CYCLES, POOLED[0]) else "",
            *(_figure(contrasts.get(each)) for each in (True, False)),
        )
    tests = [row for row in mine if row["analysis"] == "heterogeneity" and row["p_value"] >= 0]
    own = [row for row in tests if row["contrast"].endswith(ALL_BY)]
    one = [row for row in tests if row["measure"] == "p_heterogeneity" and row not in own]
    for label, found in (("P, own models", own), ("P, one model", one)):
        picked = (_of(found, lambda text: " vs " in text), _of(found, lambda t: t[:4] == "per "))
        table.add_row(Text(label), "", *map(_p, picked))
    return table


def _title(row: Mapping[str, Any]) -> str:
    return "odds ratios (95% CI)" if row["measure"] == "OR" else "differences (95% CI)"


def _figure(row: Mapping[str, Any] | None) -> Text:
    if row is None or not math.isfinite(row["estimate"]):
        return Text(printing.NONE)
    form = printing.beside(str(row["measure"]))
    low, high = form(row["conf_low"]), form(row["conf_high"])
    interval = "" if printing.NONE in (low, high) else f" ({low}, {high})"
    return Text(f"{form(row['estimate'])}{interval}")


def _of(rows: list[Mapping[str, Any]], wanted: Callable[[str], bool]) -> Mapping[str, Any] | None:
    return next((row for row in rows if wanted(row["contrast"])), None)


def _p(row: Mapping[str, Any] | None) -> Text:
    p = math.nan if row is None else row["p_value"]
    return Text(printing.p_value(p).removeprefix("= "))
