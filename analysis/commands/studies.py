"""Commands that read no data: check, measures, compare."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from analysis import printing
from analysis.cohort.measures import MEASURES
from analysis.commands import described
from analysis.commands.planned import plan_grid
from analysis.commands.terminal import grid, line, out, studies_of
from analysis.errors import InputError
from analysis.reporting.facts import VERDICT_WORDS
from analysis.study import Study, available_studies, load_study


def check(options: argparse.Namespace) -> None:
    """Check study files; without any, list those that come with the package."""
    console = out()
    if not options.studies:
        for name in available_studies():
            line(console, f"{name}: {load_study(name).title}")
    for i, study in enumerate(studies_of(options)):
        if i:
            line(console, "")
        counts = (
            (len(study.data.cycles), "cycle"), (len(study.measures), "measure"),
            (len(study.outcomes), "outcome"), (len(study.models), "model"),
        )  # fmt: skip
        told = ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts if n)
        line(console, f"{study.name}: in order ({told})")
        console.print(plan_grid(study, console.width, tables=options.verbose))


def measures(options: argparse.Namespace) -> None:
    """List the measures that mention a word; one in full where the word is its name."""
    console = out()
    if options.markdown:
        if options.word:
            raise InputError("--markdown writes all measures; leave the word out")
        sys.stdout.write(described.document())
        return
    found = described.mentioning(options.word)
    if options.word not in MEASURES:
        console.print(described.listing(found))
        return
    console.print(described.whole(MEASURES[options.word], console.width))
    others = [measure.name for measure in found if measure.name != options.word]
    if others:
        console.print(Text(f"\nAlso mentioned by: {', '.join(others)}"))


def compare(options: argparse.Namespace) -> None:
    """Print the published figures beside those of the last run."""
    for name in options.studies:
        study = load_study(name)
        suffix, flag = ("-synthetic", " --synthetic") if options.synthetic else ("", "")
        path = options.out / f"{study.name}{suffix}" / "run.json"
        again = f"python -m analysis run {name} --out {options.out}{flag}"
        if not path.is_file():
            raise InputError(
                f"{study.name} has not been run: there is no {path}",
                remedy=f"Run it first: {again}",
            )
        try:
            verdicts = pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["verdicts"])
        except (ValueError, KeyError, TypeError):
            raise InputError(
                "not the record of a run", where=str(path), remedy=f"Write it anew: {again}"
            ) from None
        if verdicts.empty:
            line(out(), f"{study.name}: no published figures were compared in the last run")
        else:
            out().print(verdict_grid(study, verdicts, artificial=options.synthetic))


def verdict_grid(study: Study, verdicts: pd.DataFrame, *, artificial: bool) -> Table:
    """Lay out published figures beside ours.

    Parameters
    ----------
    study : Study
    verdicts : DataFrame
        As `analysis.models.published.stand_beside` gives it.
    artificial : bool
        Whether ours are of artificial data, which the title then says.
    """
    title = f"{study.name}: published figures beside ours"
    title += ", of ARTIFICIAL data" if artificial else ""
    told = [f"{number} {word}" for word in VERDICT_WORDS
            if (number := int((verdicts["verdict"] == word).sum()))]  # fmt: skip
    title += f" ({', '.join(told)})" if len(verdicts) > 1 else ""
    table = grid("Figure", "Published", "Ours", "Verdict", right=("Published", "Ours"), title=title)
    digits = {figure.id: figure.digits for figure in study.published}
    for row in verdicts.to_dict("records"):
        form = printing.beside(str(row["measure"]), str(row["unit"]), digits.get(str(row["id"])))
        table.add_row(
            # Its words wrap where a name of one piece would be broken anywhere.
            Text(str(row["id"]).replace("_", " ")),
            _figure(row["published"], row["low"], row["high"], form),
            Text(f"P {printing.p_value(row['ours_p'])}")
            if str(row["measure"]).startswith("p_")
            else _figure(row["ours"], row["ours_low"], row["ours_high"], form),
            Text(str(row["verdict"])),
        )
    return table


def _figure(estimate: Any, low: Any, high: Any, form: Callable[[float], str]) -> Text:
    if pd.isna(estimate):
        return Text("")
    interval = "" if pd.isna(low) or pd.isna(high) else f" ({form(low)}, {form(high)})"
    return Text(f"{form(estimate)}{interval}")
