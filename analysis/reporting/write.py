"""Write a report's files so that a reader never finds half of one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from analysis.reporting.document import Report
from analysis.reporting.facts import RunFacts
from analysis.reporting.html import render
from analysis.reporting.sections import build


def write_report(results: pd.DataFrame, facts: RunFacts, folder: Path) -> None:
    """Write ``results.csv``, ``figures/`` and ``report.html``.

    Everything is made in a temporary folder within `folder` and moved to its place when it is
    whole, the page last. Other files in `folder` are left alone. The same input gives the same
    bytes.

    Parameters
    ----------
    results : DataFrame
        In the form of `analysis.models.results`. Artificial data get one more column in the
        file, ``data``, which says so in each row.
    facts : RunFacts
        Everything that is not an estimate.
    folder : Path
        Made if it is not there.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".building-") as name:
        made = Path(name)
        report = build(results, facts)
        csv = results.assign(data="artificial") if facts.synthetic else results
        csv.to_csv(made / "results.csv", index=False, lineterminator="\n", encoding="utf-8")
        _write_figures(report, made / "figures")
        (made / "report.html").write_text(render(report), encoding="utf-8", newline="\n")
        _replace_folder(made / "figures", folder / "figures", made / "old")
        for file in ("results.csv", "report.html"):
            (made / file).replace(folder / file)


def _write_figures(report: Report, folder: Path) -> None:
    folder.mkdir()
    for figure in report.figures:
        drawing = figure.drawing
        for svg, suffix in ((drawing.wide, ""), (drawing.narrow, "-narrow")):
            place = folder / f"{figure.key}{suffix}.svg"
            place.write_text(svg, encoding="utf-8", newline="\n")
        (folder / f"{figure.key}.png").write_bytes(drawing.png)


def _replace_folder(new: Path, place: Path, aside: Path) -> None:
    if place.exists() or place.is_symlink():
        place.replace(aside)
    new.replace(place)
