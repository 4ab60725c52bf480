"""Figures of a report across cycles: forests with pooled diamonds, and trends over the years."""

from __future__ import annotations

import math
from collections.abc import Sequence

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.reporting import forests, style, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Figure, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.figures import finite
from analysis.reporting.tables import numbers_table

POOLED = {
    "one model": "One model",
    "fixed effect": "Fixed effect",
    "random effects": "Random effects",
    "prediction interval": "Prediction",
}
"""What lines of pooled estimates are called, by `stratum`."""

PREDICTED = "Prediction is where the association in another such cycle would lie. "

FEW_CYCLES = 5
"""Of fewer a prediction interval is so wide that it would flatten the estimates of a figure."""

FLAT = 0.12
"""Part of its mean by which an axis of means goes at least: small changes are not blown up."""


def cycle_words(cycle: str) -> str:
    """Print a cycle's name: ``2001–2002``."""
    return cycle.replace("-", words.DASH)


def estimates(book: Book, outcomes: Sequence[str], *, highest: bool) -> list[Row]:
    """Find the estimates of one contrast, by cycle and pooled.

    Parameters
    ----------
    book : Book
    outcomes : sequence of str
    highest : bool
        Of the highest dose group against the lowest, rather than per unit.
    """
    rows = [
        *book.find(analysis="cycle", stratum="cycle"),
        *(row for row in book.find(analysis="pooled") if not row.stratum_level),
    ]
    return [row for row in rows if row.outcome in outcomes and bool(row.level) == highest]


def forest_figure(
    book: Book, facts: RunFacts, outcomes: Sequence[str], key: str, *, highest: bool
) -> Figure:
    """Draw the cycles' estimates and the pooled ones, a panel an outcome.

    Parameters
    ----------
    book : Book
    facts : RunFacts
    outcomes : sequence of str
        All odds ratios, or all differences.
    key : str
        The figure's.
    highest : bool
        As for `estimates`.

    Returns
    -------
    Figure
    """
    rows = estimates(book, outcomes, highest=highest)
    whole = {row.outcome: row for row in rows if row.stratum == "one model"}
    beside = forests.Line(POOLED["one model"], whole, diamond=True)
    cycles = distinct(row.stratum_level for row in rows if row.stratum_level)
    lines = [
        forests.Line(cycle_words(cycle), {r.outcome: r for r in rows if r.stratum_level == cycle})
        for cycle in cycles
    ]
    lines.append(beside)
    for stratum in ("fixed effect", "random effects", "prediction interval"):
        found = [row for row in rows if row.stratum == stratum and math.isfinite(row.estimate)]
        predicted = stratum == "prediction interval"
        if found and not (predicted and len(cycles) < FEW_CYCLES):
            mine = {row.outcome: row for row in found}
            lines.append(forests.Line(POOLED[stratum], mine, diamond=not predicted))
    exposure = words.lower_first(facts.label(facts.exposure.measure))
    contrast = next((row.contrast for row in rows if row.contrast), "")
    title = f"{exposure}, {contrast.replace(' vs ', ' against ')}, by cycle"
    told = [
        f"{facts.outcome(row.outcome)}, {_line(row).lower()}: {words.shown(row)}."
        for row in rows
        if math.isfinite(row.estimate)
    ]
    return Figure(
        key=key,
        caption=text(
            f"{words.upper_first(title)}, with 95% confidence intervals. Diamonds pool the cycles: "
            "one model of everyone (dotted line), and the cycles' estimates combined. "
            + (PREDICTED if lines[-1].label == POOLED["prediction interval"] else "")
            + ("Logarithmic scale." if next(iter(whole.values())).measure == "OR" else "")
        ),
        title=words.upper_first(title),
        description="Forest plot. " + " ".join(told),
        drawing=forests.drawing(key, lines, facts, beside=beside),
        data=numbers_table(
            key, rows, {"Outcome": lambda row: facts.outcome(row.outcome), "Cycles": _line}
        ),
    )


def _line(row: Row) -> str:
    return cycle_words(row.stratum_level) if row.stratum_level else POOLED[row.stratum]


def label(row: Row, facts: RunFacts) -> str:
    """Name what a row of means or trends is about."""
    if row.outcome:
        return facts.outcome(row.outcome)
    adjusted = ", energy-adjusted" if "energy" in row.contrast else ""
    return f"{facts.label(row.exposure)}{adjusted}"


Thing = tuple[str, str, bool]
"""An exposure or an outcome, and whether it is adjusted for energy."""


def thing(row: Row) -> Thing:
    """Tell apart what is followed: exposure, outcome, whether adjusted for energy."""
    return row.exposure, row.outcome, "energy" in row.contrast


def trend_figure(book: Book, facts: RunFacts, rows: Sequence[Row], key: str, what: str) -> Figure:
    """Draw means or shares by cycle with the fitted line, a panel each.

    Parameters
    ----------
    book : Book
    facts : RunFacts
    rows : sequence of Row
        Of ``cycle_mean``.
    key : str
        The figure's.
    what : str
        What they are, for the title.

    Returns
    -------
    Figure
    """
    told = [
        f"{label(row, facts)}, {cycle_words(row.stratum_level)}: {_shown(row)}."
        for row in rows
        if math.isfinite(row.estimate)
    ]
    measures = {row.measure for row in rows}
    named = {"mean": "means", "proportion": "prevalences"}
    shown = " and ".join(word for measure, word in named.items() if measure in measures)
    return Figure(
        key=key,
        caption=text(
            f"{what} by cycle: weighted {shown} with 95% confidence intervals, at the middle of "
            "each cycle's years; the line is the fitted trend over the years. "
            + ("Vertical axes of means do not begin at 0." if "means" in shown else "")
        ),
        title=f"{what} by cycle",
        description=" ".join(told),
        drawing=style.Drawing(
            key, lambda width: _trends(book, facts, rows, width), synthetic=facts.synthetic
        ),
        data=numbers_table(
            key,
            rows,
            {
                "What": lambda row: label(row, facts),
                "Cycle": lambda row: cycle_words(row.stratum_level),
            },
        ),
    )


def _shown(row: Row) -> str:
    return f"{words.shown(row)}{'%' if row.measure == 'proportion' else f' {row.unit}'.rstrip()}"


def _trends(book: Book, facts: RunFacts, rows: Sequence[Row], width: float) -> Canvas:
    things = distinct(thing(row) for row in rows)
    wide = width == style.WIDE
    across = min(3 if len(things) != 4 else 2, len(things)) if wide else 1
    down = math.ceil(len(things) / across)
    canvas = Canvas(figsize=(width, (2.3 if wide else 1.95) * down + 0.1), layout="constrained")
    panels = canvas.subplots(down, across, squeeze=False).ravel()
    for panel, each in zip(panels, things, strict=False):
        mine = [row for row in rows if thing(row) == each]
        line = [
            row for row in book.find(analysis="cycle_trend", measure="fitted") if thing(row) == each
        ]
        _points(panel, mine, line)
        panel.set_title(style.fit(label(mine[0], facts), 30 if across > 1 else 40))
        unit = "%" if mine[0].measure == "proportion" else mine[0].unit
        panel.set_ylabel(unit)
        _years(panel, mine)
        sns.despine(ax=panel)
    for panel in panels[len(things) :]:
        panel.set_visible(False)
    return canvas


def _points(axes: Axes, rows: Sequence[Row], line: Sequence[Row]) -> None:
    share = rows[0].measure == "proportion"
    scale = 100.0 if share else 1.0
    drawn = [(place(row), row.estimate * scale) for row in line]
    if drawn:
        axes.plot(*zip(*drawn, strict=True), color=style.SERIES[1], lw=1.4, ls=(0, (4, 2)))
    known = [row for row in rows if math.isfinite(row.estimate)]
    for row in known:
        limits = [row.conf_low * scale, row.conf_high * scale]
        axes.plot([place(row)] * 2, limits, color=style.SERIES[0], lw=1.6, solid_capstyle="butt")
        axes.plot([place(row)], [row.estimate * scale], "o", color=style.SERIES[0], ms=5,
                  mec=style.PAPER, mew=0.5)  # fmt: skip
    numbers = [n * scale for n in finite(known, columns=("estimate", "conf_low", "conf_high"))]
    _limits(axes, [*numbers, *(value for _, value in drawn)], share=share)


def _limits(axes: Axes, numbers: Sequence[float], *, share: bool) -> None:
    if not numbers:
        return
    low, high = min(numbers), max(numbers)
    if share:
        axes.set_ylim(0, high * 1.12 or 1.0)
    else:
        centre = (low + high) / 2
        half = max((high - low) / 2 * 1.15, abs(centre) * FLAT)
        axes.set_ylim(centre - half, centre + half)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))


def place(row: Row) -> float:
    """Give the middle of a cycle's years."""
    return float(row.level)


def _years(axes: Axes, rows: Sequence[Row]) -> None:
    places = {row.stratum_level: place(row) for row in rows}
    turned = 60 if len(places) > 6 else 30 if len(places) > 3 else 0
    short = [f"{cycle[:4]}{words.DASH}{cycle[-2:]}" for cycle in places]
    at = list(places.values())
    axes.set_xticks(at, short, rotation=turned, ha="right" if turned else "center",
                    rotation_mode="anchor" if turned else "default")  # fmt: skip
    axes.set_xlim(min(at) - 0.8, max(at) + 0.8)
