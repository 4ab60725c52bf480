"""Forest plots of several panels beside each other: a line an estimate, a panel an outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import blended_transform_factory

from analysis.reporting import style, words
from analysis.reporting.book import Row
from analysis.reporting.figures import draw_interval, value_axis


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
"""Inches from line to line."""

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
    tall = LINE * len(lines) + 0.2
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
        _panel(axes, lines, key, odds=odds)
        value_axis(axes, numbers, odds=odds, axis="x")
        if odds:
            axes.xaxis.set_major_locator(FixedLocator(few_ticks(*axes.get_xlim())))
        _cut(axes, lines, key)
        if position % across == 0:
            _labels(axes, lines, labels, plot)
        axes.set_title(style.fit(title, 40, lines=1))
        axes.set_xlabel(axis)
    return canvas


def _shown(row: Row) -> tuple[float, float]:
    """Limits that the axis must hold: intervals without end are cut off at a factor of 20."""
    if row.measure == "difference" or not row.estimate > 0:
        return row.conf_low, row.conf_high
    return max(row.conf_low, row.estimate / 6), min(row.conf_high, row.estimate * 6)


def _printed(lines: Sequence[Line], key: str) -> dict[int, str]:
    """Print the estimates of a panel by their lines, with even decimals."""
    found = {place: line.rows[key] for place, line in enumerate(lines) if key in line.rows}
    decimals = words.even_decimals(found.values())
    return {place: words.shown(row, decimals) for place, row in found.items()}


def _panel(axes: Axes, lines: Sequence[Line], key: str, *, odds: bool) -> None:
    at = blended_transform_factory(axes.transAxes, axes.transData)
    printed = _printed(lines, key)
    for position, line in enumerate(lines):
        place = len(lines) - 1 - position
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
    axes.set(ylim=(-0.6, len(lines) - 0.4), yticks=[])
    sns.despine(ax=axes, left=True)


def _cut(axes: Axes, lines: Sequence[Line], key: str) -> None:
    """Mark with an arrow the limits that lie beyond the axis."""
    low, high = axes.get_xlim()
    for position, line in enumerate(lines):
        row = line.rows.get(key)
        if row is None or not math.isfinite(row.estimate):
            continue
        place = len(lines) - 1 - position
        for beyond, edge, marker in (
            (row.conf_low < low, low, "<"), (row.conf_high > high, high, ">"),
        ):  # fmt: skip
            if beyond:
                axes.plot([edge], [place], marker, color=style.SERIES[0], ms=4.5, clip_on=False)


TICKS = (
    (0.01, 0.1, 1, 10, 100),
    (0.1, 0.3, 1, 3, 10),
    (0.25, 0.5, 1, 2, 4),
    (0.5, 0.7, 1, 1.4, 2),
    (0.8, 0.9, 1, 1.1, 1.25),
)
"""Ticks of a short logarithmic axis, from a wide range to a narrow one."""


def few_ticks(low: float, high: float) -> list[float]:
    """Choose the first set of which at least three lie within the range."""
    for ticks in TICKS:
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) >= 3:
            return inside
    return [1.0]


def _labels(axes: Axes, lines: Sequence[Line], labels: float, plot: float) -> None:
    at = blended_transform_factory(axes.transAxes, axes.transData)
    edge = -(labels - 0.04) / plot
    letters = 30 if labels == LABELS else 25
    step = 0.1 / plot if any(line.heads for line in lines) else 0.0
    for position, line in enumerate(lines):
        place = len(lines) - 1 - position
        weight, indent = ("bold", 0.0) if line.heads else ("normal", step)
        # A heading has nothing beside it in the plot, so it may reach into it.
        label = style.fit(line.label, letters + 12 if line.heads else letters, lines=1)
        box = {"fc": style.PAPER, "lw": 0, "pad": 0.8} if line.heads else None
        axes.text(edge + indent, place, label, transform=at, va="center", fontweight=weight,
                  fontsize=8, zorder=4, bbox=box)  # fmt: skip
