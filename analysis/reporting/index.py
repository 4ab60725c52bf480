"""The page that lists all runs below a folder: ``index.html`` beside their folders.

It is made of what each run left in run.json, and only of that: the same runs give the same bytes,
in whichever order they ended.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from analysis import printing
from analysis.reporting.document import Paragraph, Report
from analysis.reporting.facts import VERDICT_WORDS
from analysis.reporting.records import VERDICTS

NAME = "index.html"
FILES = (
    ("report.html", "Report"), ("report.pdf", "PDF"), ("report.docx", "Word"),
    ("results.csv", "Estimates (CSV)"), ("study.toml", "Specification"),
    ("run.json", "Record of the run"),
)  # fmt: skip
"""What is linked of a run, where it is there."""

WORDS = dict(
    zip(VERDICT_WORDS, ("reproduced", "in part", "not reproduced", "cannot be judged"), strict=True)
)
"""What the list calls the verdicts."""
TRIES = 20
"""Times that the list is written anew because others wrote runs in the meantime."""
_INTERVAL = re.compile("[\\d.,%\N{MINUS SIGN}]+\N{EN DASH}[\\d.,\N{MINUS SIGN}]*\\d")
_HERE = files("analysis.reporting")


@dataclass(frozen=True)
class Entry:
    """A run as the list has it.

    Parameters
    ----------
    folder : str
        Its name.
    study, title, cycles, people, headline : str
        For people; empty where an older run did not record it.
    artificial : bool
    verdicts : tuple of (str, str, int)
        Word, mark and number of each verdict that was given.
    links : tuple of (str, str)
        Address and words.
    """

    folder: str
    study: str
    title: str
    cycles: str
    people: str
    headline: str
    artificial: bool
    verdicts: tuple[tuple[str, str, int], ...]
    links: tuple[tuple[str, str], ...]


def headline(report: Report, results: pd.DataFrame) -> str:
    """Pick the sentence of a report's answer that the list of runs shows.

    Parameters
    ----------
    report : Report
    results : DataFrame
        That it tells of.

    Returns
    -------
    str
        The first that tells a contrast (an odds ratio, a difference); else the first.
    """
    leads = [block.text for block in report.sections[0].blocks
             if isinstance(block, Paragraph) and block.kind == "lead"]  # fmt: skip
    contrasts = (*printing.RATIOS, "difference")
    measures = results["measure"].tolist()
    for sentence in leads:
        if any(measures[value.row] in contrasts for value in sentence.values):
            return sentence.plain
    return leads[0].plain if leads else ""


def people(results: pd.DataFrame) -> int | None:
    """Count those who are analysed: whom the last step of the flow leaves."""
    left = results[(results["analysis"] == "flow") & (results["measure"] == "remaining")]
    last = left["n"].fillna(left["estimate"])
    return int(last.iloc[-1]) if len(last) and math.isfinite(last.iloc[-1]) else None


def entries(folder: Path) -> list[Entry]:
    """Find the runs below a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Entry
        In the order of their folders' names, those on artificial data last. A folder without a
        record that can be read is no run.
    """
    found = [entry for path in sorted(folder.glob("*/run.json")) if (entry := _entry(path.parent))]
    return sorted(found, key=lambda entry: (entry.artificial, entry.folder))


def _entry(folder: Path) -> Entry | None:
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        verdicts = [str(each["verdict"]) for each in record["verdicts"]]
        artificial = record["data"] != "NHANES"
        study, cycles = str(record["study"]), _years(record["cycles"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    number = record.get("people")
    return Entry(
        folder=folder.name,
        study=study,
        title=str(record.get("title") or study),
        cycles=cycles,
        people=f"{number:,}" if isinstance(number, int) else "",
        headline=str(record.get("headline") or ""),
        artificial=artificial,
        verdicts=tuple(
            (WORDS[word], VERDICTS[word], verdicts.count(word))
            for word in VERDICT_WORDS
            if word in verdicts
        ),
        links=tuple(
            (f"{quote(folder.name)}/{name}", words)
            for name, words in FILES
            if (folder / name).is_file()
        ),
    )


def _years(cycles: list[str]) -> str:
    """Name the years, those of cycles that follow each other as one span."""
    spans: list[list[int]] = []
    for cycle in sorted(map(str, cycles)):
        first, last = (int(year) for year in cycle.split("-"))
        if spans and spans[-1][1] + 1 == first:
            spans[-1][1] = last
        else:
            spans.append([first, last])
    return ", ".join(f"{first}\N{EN DASH}{last}" for first, last in spans)


def render_index(runs: list[Entry]) -> str:
    """Render the list of runs as a self-contained page.

    Parameters
    ----------
    runs : list of Entry

    Returns
    -------
    str
        A whole HTML document, without script, that asks no network for anything.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (_HERE / "templates" / name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = "\n".join((_HERE / "static" / name).read_text("utf-8") for name in _STYLES)
    groups = (
        ("nhanes", "NHANES", [run for run in runs if not run.artificial]),
        ("artificial", "Artificial data", [run for run in runs if run.artificial]),
    )
    return environment.get_template("index.html.j2").render(
        unbroken=_unbroken,
        groups=[group for group in groups if group[2]],
        css=Markup(css),
        number=len(runs),
    )


def _unbroken(words: str) -> Markup:
    """Keep the limits of an interval on one line."""
    parts, end = [], 0
    for found in _INTERVAL.finditer(words):
        parts += [escape(words[end : found.start()]), _WHOLE.format(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(words[end:])])


_WHOLE = Markup('<span class="whole">{}</span>')
_STYLES = ("report.css", "index.css")


def write_index(folder: Path) -> Path:
    """Write ``index.html``: all runs that are below a folder now.

    Several processes may do so at once, without waiting for each other: each looks again after it
    has written, so that the last one to write has seen every run.

    Parameters
    ----------
    folder : Path
        There.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    place = folder / NAME
    for _ in range(TRIES):
        page = render_index(entries(folder)).encode()
        _replace(place, page)
        if render_index(entries(folder)).encode() == page:
            break
    return place


def _replace(place: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # As other files of the run, for all to read whom the user's mask lets.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(place)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
