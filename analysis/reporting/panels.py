"""Forest plots of several panels beside each other: a line an estimate, a panel an outcome."""

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
from analysis.reporting.figures import draw_interval
from analysis.reporting.scales import value_axis


@dataclass(frozen=True)
class Line:
    """One line of a forest plot.

    Parameters
    ----------
    label : str
        At the left; of a heading in bold.
    rows : mapping of str to Row
        What is drawn, by panel; empty for a heading.
    asides : mapping of str to str
        Words in place of an estimate at the right, by panel.
    """

    label: str
    rows: Mapping[str, Row] = field(default_factory=dict)
    asides: Mapping[str, str] = field(default_factory=dict)

    @property
    def heads(self) -> bool:
        """Whether it is a heading."""
        return not self.rows


LINE = 0.235
"""Inches from line to line; a label in two lines takes half as much again."""

LABELS, FIGURES = 1.78, 1.12
"""Inches for the labels at the left and, at the least, the figures at the right of each panel."""

LETTER = 0.066
"""Inches of a letter of the figures, of 8 points."""


def forest(
    lines: Sequence[Line], panels: Mapping[str, str], width: float, *, odds: bool, axis: str
) -> Canvas:
    """Draw lines of estimates with their intervals, a panel a key of `panels`.

    Parameters
    ----------
    lines : sequence of Line
        Topmost first.
    panels : mapping of str to str
        Titles by key, from left to right; below each other where there is no room.
    width : float
        In inches; `style.WIDE` or `style.NARROW`.
    odds : bool
        Whether estimates are ratios, drawn on a logarithmic axis around 1.
    axis : str
        Label of the axis of estimates.

    Returns
    -------
    Canvas
    """
    across = min(2, len(panels)) if width == style.WIDE else 1
    down = math.ceil(len(panels) / across)
    letters = 25 if width == style.WIDE else 22
    # A heading has nothing beside it in the plot, so it may reach into it.
    written = [
        style.fit(line.label, letters + 15, lines=1) if line.heads
        else style.fit(line.label, letters)
        for line in lines
    ]  # fmt: skip
    places = _places(written)
    tall = LINE * (places[0] + 1) + 0.2
    block = tall + 0.75
    canvas = Canvas(figsize=(width, block * down))
    labels = LABELS if width == style.WIDE else LABELS - 0.2
    found = [row for line in lines for key, row in line.rows.items() if key in panels]
    printed = [text for key in panels for text in _printed(lines, key).values()]
    figures = max([FIGURES, *(LETTER * len(text) + 0.06 for text in printed)])
    plot = (width - labels) / across - figures - 0.08
    numbers = [limit for row in found for limit in _shown(row) if math.isfinite(limit)]
    for position, (key, title) in enumerate(panels.items()):
        left = labels + (position % across) * (plot + figures + 0.08)
        bottom = block * (down - 1 - position // across) + 0.46
        axes = canvas.add_axes(
            (left / width, bottom / (block * down), plot / width, tall / (block * down))
        )
        _panel(axes, lines, places, key, odds=odds)
        value_axis(axes, numbers, odds=odds, axis="x")
        _cut(axes, lines, places, key)
        if position % across == 0:
            _labels(axes, lines, written, places, labels, plot)
        axes.set_title(style.fit(title, 40, lines=1))
        axes.set_xlabel(axis)
    return canvas


def _places(labels: Sequence[str]) -> list[float]:
    """Heights of the lines, in lines above the lowest; one of two lines needs more room."""
    heights = [1.45 if "\n" in label else 1.0 for label in labels]
    below = [sum(heights[place + 1 :]) for place in range(len(heights))]
    return [under + (high - 1) / 2 for under, high in zip(below, heights, strict=True)]


def _shown(row: Row) -> tuple[float, float]:
    """Limits that the axis must hold: those of a ratio as far as a factor of 6."""
    if row.measure == "difference" or not row.estimate > 0:
        return row.conf_low, row.conf_high
    return max(row.conf_low, row.estimate / 6), min(row.conf_high, row.estimate * 6)


def is_cut(rows: Sequence[Row]) -> bool:
    """Whether an axis that holds all rows leaves out a limit of one."""
    held = [limit for row in rows for limit in _shown(row) if math.isfinite(limit)]
    return bool(held) and any(
        row.conf_low < min(held) or row.conf_high > max(held)
        for row in rows
        if math.isfinite(row.estimate)
    )


def _printed(lines: Sequence[Line], key: str) -> dict[int, str]:
    """Print the estimates of a panel by their lines, with even decimals."""
    found = {place: line.rows[key] for place, line in enumerate(lines) if key in line.rows}
    decimals = words.even_decimals(found.values())
    return {place: words.shown(row, decimals) for place, row in found.items()}


def _panel(
    axes: Axes, lines: Sequence[Line], places: Sequence[float], key: str, *, odds: bool
) -> None:
    at = blended_transform_factory(axes.transAxes, axes.transData)
    printed = _printed(lines, key)
    for position, (line, place) in enumerate(zip(lines, places, strict=True)):
        if aside := line.asides.get(key):
            axes.text(1.04, place, aside, transform=at, va="center", fontsize=8,
                      color=style.MUTED)  # fmt: skip
        row = line.rows.get(key)
        if row is None:
            continue
        axes.axhline(place, color=style.RULE, lw=0.5, zorder=-1)
        draw_interval(axes, row, place, style.SERIES[0], "o")
        axes.text(1.04, place, printed[position], transform=at, va="center", fontsize=8)
    none = 1.0 if odds else 0.0
    axes.axvline(none, color=style.INK, lw=0.9, zorder=0)
    axes.set(ylim=(-0.6, places[0] + 0.6), yticks=[])
    sns.despine(ax=axes, left=True)


def _cut(axes: Axes, lines: Sequence[Line], places: Sequence[float], key: str) -> None:
    """Mark with an arrow the limits that lie beyond the axis."""
    low, high = axes.get_xlim()
    for line, place in zip(lines, places, strict=True):
        row = line.rows.get(key)
        if row is None or not math.isfinite(row.estimate):
            continue
        for beyond, edge, marker in (
            (row.conf_low < low, low, "<"), (row.conf_high > high, high, ">"),
        ):  # fmt: skip
            if beyond:
                axes.plot([edge], [place], marker, color=style.SERIES[0], ms=4.5, clip_on=False)


def _labels(
    axes: Axes,
    lines: Sequence[Line],
    written: Sequence[str],
    places: Sequence[float],
    labels: float,
    plot: float,
) -> None:
    at = blended_transform_factory(axes.transAxes, axes.transData)
    edge = -(labels - 0.04) / plot
    step = 0.1 / plot if any(line.heads for line in lines) else 0.0
    for line, label, place in zip(lines, written, places, strict=True):
        weight, indent = ("bold", 0.0) if line.heads else ("normal", step)
        box = {"fc": style.PAPER, "lw": 0, "pad": 0.8} if line.heads else None
        axes.text(edge + indent, place, label, transform=at, va="center", fontweight=weight,
                  fontsize=8, linespacing=1.05, zorder=4, bbox=box)  # fmt: skip
