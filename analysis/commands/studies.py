"""Commands that read no data: check, measures."""

from __future__ import annotations

import argparse
import sys

from rich.text import Text

from analysis.cohort.measures import MEASURES
from analysis.commands import described
from analysis.commands.planned import plan_grid
from analysis.commands.terminal import line, out, studies_of
from analysis.errors import InputError
from analysis.study import available_studies, load_study


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
