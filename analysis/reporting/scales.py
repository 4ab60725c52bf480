"""The axis that holds estimates: its limits, and ticks that cover it without running together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, starmap

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

TICKS = (
    (0.01, 1, 100),
    (0.001, 0.01, 0.1, 1, 10, 100, 1000),
    (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100),
    (0.25, 0.5, 1, 2, 4),
    (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4),
    (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.5, 2, 2.5),
    (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.6),
    (0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2),
    (0.96, 0.98, 1, 1.02, 1.04),
)
"""Tick values of a logarithmic axis, from a wide range to a narrow one."""

LINE_HIGH, LETTER_WIDE = 0.2, 0.072
"""Inches that a tick's label takes on an upright axis, and a letter of it on one that lies."""


def log_ticks(low: float, high: float, length: float = 2.4, letter: float = 0.0) -> list[float]:
    """Choose the round ticks that leave the shortest part of a logarithmic axis without one.

    Of sets that leave the same, the one with most ticks.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    length : float
        Of the axis, in inches.
    letter : float
        Inches that a letter of a label takes along the axis; none on an upright one.

    Returns
    -------
    list of float
        Ticks whose labels do not run into each other.
    """
    inch = length / math.log(high / low)

    def apart(one: float, other: float) -> bool:
        letters = len(f"{one:g}{other:g}") / 2
        return math.log(other / one) * inch >= max(LINE_HIGH, letter * (letters + 1))

    def bareness(ticks: Sequence[float]) -> tuple[float, int]:
        return max(math.log(b / a) for a, b in pairwise((low, *ticks, high))), -len(ticks)

    found = [[tick for tick in ticks if low <= tick <= high] for ticks in TICKS]
    fitting = [ticks for ticks in found if all(starmap(apart, pairwise(ticks)))]
    return min(fitting, key=bareness, default=[1.0])


def _inches(axes: Axes) -> tuple[float, float]:
    """Measure the axes: width and height in inches, before a layout engine has moved them."""
    room = axes.bbox.transformed(axes.figure.dpi_scale_trans.inverted())
    return room.width, room.height


def value_axis(axes: Axes, numbers: Sequence[float], *, odds: bool, axis: str) -> None:
    """Set limits and ticks of the axis that holds estimates; odds ratios on a logarithm."""
    which = axes.xaxis if axis == "x" else axes.yaxis
    limit = axes.set_xlim if axis == "x" else axes.set_ylim
    if odds:
        inside = [min(max(number, 1e-3), 1e3) for number in numbers] or [0.5, 2.0]
        low, high = min(*inside, 0.9) / 1.06, max(*inside, 1.1) * 1.06
        (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
        limit(low, high)
        along = _inches(axes)[0 if axis == "x" else 1]
        ticks = log_ticks(low, high, along, LETTER_WIDE if axis == "x" else 0.0)
        which.set_major_locator(FixedLocator(ticks))
        which.set_minor_locator(NullLocator())
        which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        return
    inside = [*numbers, 0.0]
    margin = 0.05 * (max(inside) - min(inside) or 1.0)
    limit(min(inside) - margin, max(inside) + margin)
    which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
