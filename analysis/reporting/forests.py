"""Forest plots of one estimate an outcome under several circumstances, a panel an outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.transforms import blended_transform_factory

from analysis.reporting import style, words
from analysis.reporting.book import Row
from analysis.reporting.facts import RunFacts
from analysis.reporting.figures import (
    draw_interval,
    finite,
    value_label,
)
from analysis.reporting.scales import value_axis

INCH_A_LINE = 0.235
"""Height of a line of the plot; one whose label takes two lines is half as high again."""


@dataclass(frozen=True)
class Line:
    """A line of a forest plot.

    Parameters
    ----------
    label : str
        Of the circumstance, or of the group that follows if there are no rows.
    rows : mapping of str to Row
        By outcome.
    diamond : bool
        Whether estimate and interval are drawn as a diamond, as those of a pooled estimate are.
    """

    label: str
    rows: Mapping[str, Row] = field(default_factory=dict)
    diamond: bool = False


def forest(lines: Sequence[Line], facts: RunFacts, width: float, *, beside: Line) -> Canvas:
    """Draw the plot.

    Parameters
    ----------
    lines : sequence of Line
        From the top; the first with rows has them for every outcome.
    facts : RunFacts
        For labels.
    width : float
        In inches: side by side where there is room, else one panel below the other.
    beside : Line
        What the others are held against: drawn in the second colour, with a dotted line through
        the whole panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    wide = width == style.WIDE
    outcomes = list(beside.rows)
    across = min(2, len(outcomes)) if wide else 1
    down = math.ceil(len(outcomes) / across)
    letters = 30 if wide else 21
    labels = [style.fit(line.label, letters if line.rows else 60) for line in lines]
    heights = [INCH_A_LINE * (1.45 if "\n" in label else 1.0) for label in labels]
    body, top, foot = sum(heights), 0.3, 0.5
    canvas = Canvas(figsize=(width, down * (body + top) + foot))
    high = down * (body + top) + foot
    left, right = (1.95 if wide else 1.22), 1.12
    every = [row for line in lines for row in line.rows.values()]
    odds = every[0].measure != "difference"
    if not odds:
        right = 1.35
    room = (width - left - across * right - (across - 1) * 0.12) / across
    limits = finite(every, columns=("conf_low", "conf_high"))
    for number, outcome in enumerate(outcomes):
        place = left + (number % across) * (room + right + 0.12)
        under = high - (number // across + 1) * (body + top)
        axes = canvas.add_axes((place / width, under / high, room / width, body / high))
        _panel(axes, lines, heights, outcome, beside, room)
        value_axis(axes, limits, odds=odds, axis="x")
        axes.set_title(style.fit(facts.outcome(outcome), 34, lines=1), loc="left")
        last = number + across >= len(outcomes)
        axes.tick_params(axis="x", labelbottom=last)
        if last:
            axes.set_xlabel(value_label(every, facts, odds=odds))
        if number % across == 0:
            _labels(axes, lines, labels, heights, room, left)
    return canvas


def _places(heights: Sequence[float]) -> list[float]:
    """Middle of each line, in inches above the lowest."""
    total, found = sum(heights), []
    for height in heights:
        total -= height
        found.append(total + height / 2)
    return found


def _panel(
    axes: Axes,
    lines: Sequence[Line],
    heights: Sequence[float],
    outcome: str,
    beside: Line,
    room: float,
) -> None:
    axes.set(ylim=(0, sum(heights)), yticks=[])
    at = blended_transform_factory(axes.transAxes, axes.transData)
    for line, place in zip(lines, _places(heights), strict=True):
        row = line.rows.get(outcome)
        if row is None:
            continue
        axes.axhline(place, color=style.RULE, lw=0.5, zorder=-1)
        series = int(line is beside)
        if line.diamond:
            _diamond(axes, row, place, style.SERIES[series])
        else:
            draw_interval(axes, row, place, style.SERIES[series], style.MARKERS[series])
        axes.text(1 + 0.05 / room, place, words.shown(row), transform=at, va="center", fontsize=8)
    held_row = beside.rows.get(outcome)
    none = 0.0 if held_row is not None and held_row.measure == "difference" else 1.0
    axes.axvline(none, color=style.INK, lw=0.9, zorder=0)
    if held_row is not None and math.isfinite(held_row.estimate):
        axes.axvline(held_row.estimate, color=style.SERIES[1], lw=0.9, ls=(0, (1, 2)), zorder=0)
    sns.despine(ax=axes, left=True)


def _diamond(axes: Axes, row: Row, place: float, colour: str) -> None:
    """Draw a diamond from limit to limit, widest at the estimate; nothing without interval."""
    corners = (row.conf_low, row.estimate, row.conf_high)
    if all(math.isfinite(corner) for corner in corners):
        half = INCH_A_LINE * 0.3
        low, middle, high = corners
        heights = [place, place + half, place, place - half]
        axes.fill([low, middle, high, middle], heights, color=colour, lw=0)


def _labels(
    axes: Axes,
    lines: Sequence[Line],
    labels: Sequence[str],
    heights: Sequence[float],
    room: float,
    left: float,
) -> None:
    """Write the labels at the left of a row of panels; those of groups stand out."""
    at = blended_transform_factory(axes.transAxes, axes.transData)
    edge = -(left - 0.05) / room
    for line, label, place in zip(lines, labels, _places(heights), strict=True):
        indent = 0.1 / room if line.rows else 0.0
        weight = "normal" if line.rows else "bold"
        axes.text(edge + indent, place, label, transform=at, va="center", fontsize=8,
                  fontweight=weight, linespacing=1.05)  # fmt: skip


def drawing(key: str, lines: Sequence[Line], facts: RunFacts, *, beside: Line) -> style.Drawing:
    """Make the drawing of a forest plot, for a desktop and for a phone."""
    return style.Drawing(
        key, lambda width: forest(lines, facts, width, beside=beside), synthetic=facts.synthetic
    )
