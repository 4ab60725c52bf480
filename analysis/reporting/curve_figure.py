"""The specification curve: estimates in the order of their size, and where each option stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory

from analysis.printing import ratio
from analysis.reporting import explored, style, words
from analysis.reporting.book import Book, Row
from analysis.reporting.choices import Choice
from analysis.reporting.document import Figure, Table, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.figures import CURVE_FACTOR
from analysis.reporting.scales import value_axis
from analysis.reporting.tables import numbers_table

BINS = {style.WIDE: 120, style.NARROW: 60}
"""Groups of neighbouring specifications that are drawn as one; fewer than that stand alone."""

HIGH = {style.WIDE: 2.3, style.NARROW: 2.0}
"""Inches of the curve itself."""


@dataclass(frozen=True)
class Curve:
    """Specifications of one outcome that have an estimate, in the order of its size.

    Parameters
    ----------
    rows : sequence of Row
        Lowest estimate first; of equals the one that comes first in the results.
    options : sequence of dict
        The option of each choice, by the choice's name.
    missing : int
        Specifications without an estimate.
    """

    rows: Sequence[Row]
    options: Sequence[dict[str, str]]
    missing: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Curve:
        """Sort rows of ``specification``."""
        known = [row for row in rows if math.isfinite(row.estimate)]
        known.sort(key=lambda row: (row.estimate, row.row))
        return cls(known, [options_of(row) for row in known], len(rows) - len(known))

    def column(self, name: str) -> np.ndarray:
        """Give a column of the results as numbers."""
        return np.array([getattr(row, name) for row in self.rows], dtype=float)

    def base(self, choices: Sequence[Choice]) -> int | None:
        """Place of the specification in which every choice has its first option."""
        wanted = {choice.name: choice.base for choice in choices}
        return next((i for i, found in enumerate(self.options) if wanted and found == wanted), None)


def options_of(row: Row) -> dict[str, str]:
    """Read the options out of the contrast: ``scale=ria; weight=dietary``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> options_of(SimpleNamespace(contrast="scale=ria; age=20+"))
    {'scale': 'ria', 'age': '20+'}
    """
    pairs = (part.partition("=") for part in row.contrast.split("; "))
    return {name: option for name, equals, option in pairs if equals}


def edges(number: int, bins: int) -> np.ndarray:
    """Cut so many places into bins as even as can be: int, shape (bins + 1,), from 0 to `number`.

    Examples
    --------
    >>> edges(5, 2)
    array([0, 2, 5])
    >>> edges(3, 120)
    array([0, 1, 2, 3])
    """
    bins = min(bins, number)
    return np.arange(bins + 1) * number // max(bins, 1)


def share_by_bin(holds: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Share of each bin's places where something holds."""
    return np.add.reduceat(holds.astype(float), cuts[:-1]) / np.diff(cuts)


def median_by_bin(numbers: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Middle of each bin's numbers."""
    return np.array([np.median(part) for part in np.split(numbers, cuts[1:-1])])


def figure(book: Book, facts: RunFacts, outcome: str, choices: Sequence[Choice]) -> Figure:
    """Draw the curve of one outcome.

    Parameters
    ----------
    book : Book
        The results.
    facts : RunFacts
        For labels.
    outcome : str
        Name of the outcome.
    choices : sequence of Choice
        In the order in which they are shown.

    Returns
    -------
    Figure
    """
    curve = Curve.of(book.find(analysis="specification", outcome=outcome))
    published = _published(book, facts, outcome)
    label = words.lower_first(facts.outcome(outcome))
    key = f"specification_curve_{outcome}"
    drawing = style.Drawing(
        key,
        lambda width: _canvas(curve, choices, published, width),
        synthetic=facts.synthetic,
    )
    return Figure(
        key=key,
        caption=text(_caption(curve, published, label)),
        title=f"Specification curve of {label}",
        description=_description(curve, choices, label),
        drawing=drawing,
        data=_numbers(book, curve, choices, key, outcome),
        explore=explored.curve(curve.rows, curve.options, choices, curve.base(choices), published),
    )


def _published(book: Book, facts: RunFacts, outcome: str) -> Row | None:
    """Find the published figure of the same outcome and groups; None where there is none."""
    first = book.one(analysis="specification", outcome=outcome)
    if first is None:
        return None
    same = {"outcome": outcome, "exposure": first.exposure, "level": first.level}
    rows = book.find(analysis="odds_ratio", **same)
    return next((row for row in reversed(rows) if math.isfinite(row.published)), None)


def _caption(curve: Curve, published: Row | None, label: str) -> str:
    first = curve.rows[0] if curve.rows else None
    against = f" of {first.level} against {first.reference}" if first else ""
    told = (
        f"Specification curve of {label}: odds ratios{against} in the order of their size, under "
        f"{words.plural(len(curve.rows), 'combination')} of choices, with the 95% intervals as a "
        "band. "
    )
    if len(curve.rows) > min(BINS.values()):
        told += "Line and band join the medians of neighbours. "
    told += (
        "Diamond and dashed line: the base specification"
        + ("; dotted line: the published odds ratio. " if published else ". ")
        + "Below: how many of the specifications at each place of the curve have an interval that "
        "excludes 1, and how many have each option (base in bold); strips of one choice share a "
        "scale."
    )
    if curve.missing:
        are = "is" if curve.missing == 1 else "are"
        told += f" {curve.missing:,} without an estimate {are} not shown."
    return told


def _description(curve: Curve, choices: Sequence[Choice], label: str) -> str:
    if not curve.rows:
        return f"Specification curve of {label}: no specification has an estimate."
    low, high = curve.column("conf_low"), curve.column("conf_high")
    below, above = int((high < 1).sum()), int((low > 1).sum())
    told = [
        f"Specification curve of {label}: {len(curve.rows):,} odds ratios from "
        f"{words.shown(curve.rows[0])} to {words.shown(curve.rows[-1])}.",
        f"The interval lies wholly below 1 in {below:,} and wholly above 1 in {above:,}.",
    ]
    base = curve.base(choices)
    if base is not None:
        told.append(
            f"The base specification, {words.shown(curve.rows[base])}, is number {base + 1:,} from "
            "the lowest."
        )
    half = len(curve.rows) // 2
    for choice in choices:
        lower = [found.get(choice.name) for found in curve.options[:half]]
        shares = [
            f"{name} {words.percent(lower.count(option) / half)}%"
            for option, name in choice.options.items()
            if half
        ]
        if shares:
            told.append(f"{choice.label}, in the lower half of the curve: {', '.join(shares)}.")
    return " ".join(told)


def _numbers(book: Book, curve: Curve, choices: Sequence[Choice], key: str, outcome: str) -> Table:
    """Tabulate the base, the ends and quantiles; thousands of rows stay in results.csv."""
    base = curve.base(choices)
    named = {} if base is None else {curve.rows[base].row: "Base specification"}
    if curve.rows:
        named[curve.rows[0].row] = named.get(curve.rows[0].row, "Lowest odds ratio")
        named[curve.rows[-1].row] = named.get(curve.rows[-1].row, "Highest odds ratio")
    rows = [row for row in curve.rows if row.row in named]
    of_all = {"analysis": "specification_summary", "outcome": outcome, "stratum": ""}
    rows += [row._replace(measure="OR") for row in book.find(**of_all, measure="quantile")]
    return numbers_table(
        key, rows, {"Specification": lambda row: named.get(row.row, _percentile(row.level))}
    )


def _percentile(level: str) -> str:
    return f"Percentile {int(level[1:])}" if level[1:].isdigit() else level


@dataclass(frozen=True)
class Layout:
    """Sizes of the drawing at one width, in inches; `letters` and `size` are those of labels."""

    width: float
    left: float
    strip: float
    letters: int
    size: float
    columns: int


LAYOUTS = {
    style.WIDE: Layout(style.WIDE, 2.15, 0.165, 36, 8.0, 3),
    style.NARROW: Layout(style.NARROW, 1.4, 0.155, 23, 7.2, 1),
}
HEADING, SECOND_LINE, RIGHT, FOOT, AXIS = 0.2, 0.1, 0.12, 0.06, 0.42


@dataclass(frozen=True)
class Strip:
    """A line below the curve: a heading if it has no shares.

    Parameters
    ----------
    label : str
        Set in lines.
    height : float
        In inches.
    shares : ndarray, shape (bins,), optional
        Of 0 to 1, where 1 fills the strip.
    colour : str
    bold : bool
    """

    label: str
    height: float
    shares: np.ndarray | None = None
    colour: str = style.SERIES[0]
    bold: bool = True


def _canvas(curve: Curve, choices: Sequence[Choice], published: Row | None, width: float) -> Canvas:
    at, cuts, base = LAYOUTS[width], edges(len(curve.rows), BINS[width]), curve.base(choices)
    strips = _strips(curve, cuts, choices, at)
    handles = _handles(curve, base, published)
    top = 0.17 * math.ceil(len(handles) / at.columns) + 0.14
    under = sum(strip.height for strip in strips)
    total = top + HIGH[width] + AXIS + under + FOOT
    canvas = Canvas(figsize=(width, total))
    left, across = at.left / width, (width - at.left - RIGHT) / width
    high = HIGH[width] / total
    upper = canvas.add_axes((left, 1 - top / total - high, across, high))
    lower = canvas.add_axes((left, FOOT / total, across, under / total))
    if curve.rows:
        _draw_curve(upper, curve, cuts, base, published)
        _draw_strips(lower, strips, cuts, at, base)
    canvas.legend(
        handles=handles, loc="upper left", ncols=at.columns, borderaxespad=0.2, handlelength=1.8,
        columnspacing=1.4, handletextpad=0.5, labelspacing=0.3,
    )  # fmt: skip
    return canvas


def _strips(curve: Curve, cuts: np.ndarray, choices: Sequence[Choice], at: Layout) -> list[Strip]:
    """List what stands below the curve."""
    if not curve.rows:
        return []
    low, high = curve.column("conf_low"), curve.column("conf_high")
    found = [Strip("95% interval", HEADING)]
    for label, holds, colour in (
        ("wholly below 1", high < 1, style.SERIES[0]),
        ("wholly above 1", low > 1, style.SERIES[1]),
    ):
        found.append(Strip(label, at.strip, share_by_bin(holds, cuts), colour, bold=False))
    for choice in choices:
        found.append(Strip(style.fit(choice.label, at.letters + 20, lines=1), HEADING))
        taken = np.array([options.get(choice.name, "") for options in curve.options])
        shares = {option: share_by_bin(taken == option, cuts) for option in choice.options}
        # One scale a choice, so that its strips can be held against each other.
        most = max(float(share.max()) for share in shares.values()) or 1.0
        for option, label in choice.options.items():
            label = style.fit(label, at.letters)
            height = at.strip + SECOND_LINE * label.count("\n")
            found.append(
                Strip(label, height, shares[option] / most, style.MUTED, option == choice.base)
            )
    return found


def _draw_curve(
    axes: Axes, curve: Curve, cuts: np.ndarray, base: int | None, published: Row | None
) -> None:
    estimate, low, high = (
        median_by_bin(curve.column(name), cuts) for name in ("estimate", "conf_low", "conf_high")
    )
    middle = (cuts[:-1] + cuts[1:]) / 2
    shown = [estimate.min() / CURVE_FACTOR, estimate.max() * CURVE_FACTOR]
    low, high = (np.clip(np.nan_to_num(limit, nan=1.0), *shown) for limit in (low, high))
    axes.fill_between(middle, low, high, color=style.MUTED, alpha=0.22, lw=0)
    for first, last, colour in _runs(low, high):
        ends = [cuts[first], *middle[first:last], cuts[last]]
        axes.plot(ends, np.interp(ends, middle, estimate), color=colour, lw=2.2,
                  solid_capstyle="butt")  # fmt: skip
    axes.axhline(1, color=style.INK, lw=0.9, zorder=1)
    numbers = [*low, *high]
    if published is not None:
        axes.axhline(published.published, color=style.SERIES[3], lw=1.2, ls=(0, (1, 1.5)))
        numbers.append(published.published)
    if base is not None:
        row = curve.rows[base]
        axes.axvline(base + 0.5, color=style.INK, lw=0.7, ls=(0, (4, 2)), zorder=1)
        axes.plot([base + 0.5], [row.estimate], "D", color=style.INK, ms=6, mec=style.PAPER)
    value_axis(axes, numbers, odds=True, axis="y")
    axes.set_xlim(0, len(curve.rows))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
    axes.set_xlabel("Specifications, lowest odds ratio first")
    axes.set_ylabel("Odds ratio (95% CI)")
    sns.despine(ax=axes)


def _runs(low: np.ndarray, high: np.ndarray) -> list[tuple[int, int, str]]:
    """Cut bins into runs whose intervals say the same: first, end, colour."""
    says = np.where(high < 1, 1, np.where(low > 1, 2, 0))
    starts = [0, *(np.flatnonzero(np.diff(says)) + 1), len(says)]
    colours = (style.INK, style.SERIES[0], style.SERIES[1])
    return [(int(first), int(last), colours[says[first]]) for first, last in pairwise(starts)]


def _draw_strips(
    axes: Axes, strips: Sequence[Strip], cuts: np.ndarray, at: Layout, base: int | None
) -> None:
    """Draw the lines below each other; the axis counts inches."""
    down = sum(strip.height for strip in strips)
    axes.set(xlim=(0, cuts[-1]), ylim=(0, down), xticks=[], yticks=[])
    side = blended_transform_factory(axes.transAxes, axes.transData)
    edge = -(at.left - 0.04) / (at.width - at.left - RIGHT)
    areas: dict[str, list[np.ndarray]] = {}
    grounds = []
    for strip in strips:
        down -= strip.height
        if strip.shares is None:
            axes.text(edge, down + 0.035, strip.label, transform=side, va="bottom",
                      fontsize=at.size + 0.5, fontweight="bold")  # fmt: skip
            continue
        steps = np.concatenate(([0.0], np.repeat(0.85 * at.strip * strip.shares, 2), [0.0]))
        areas.setdefault(strip.colour, []).append(
            np.column_stack((np.repeat(cuts, 2), down + steps))
        )
        grounds.append(np.array([[0.0, down], [cuts[-1], down]]))
        axes.text(edge * 0.96, down + strip.height / 2, strip.label, transform=side, va="center",
                  fontsize=at.size, linespacing=1.0,
                  fontweight="bold" if strip.bold else "normal")  # fmt: skip
    # One path a colour: a drawing of thirty small ones takes several times as long.
    axes.add_patch(PathPatch(_joined(grounds), fill=False, ec=style.RULE, lw=0.5, zorder=0))
    for colour, parts in areas.items():
        axes.add_patch(PathPatch(_joined(parts), color=colour, lw=0, zorder=2))
    if base is not None:
        axes.axvline(base + 0.5, color=style.INK, lw=0.7, ls=(0, (4, 2)), zorder=3)
    sns.despine(ax=axes, left=True, bottom=True)


def _joined(parts: Sequence[np.ndarray]) -> Path:
    """Make one path of lines that do not touch."""
    codes = [Path.MOVETO if not i else Path.LINETO for part in parts for i in range(len(part))]
    return Path(np.concatenate(parts), codes)


def _handles(curve: Curve, base: int | None, published: Row | None) -> list[Line2D]:
    """Make the entries of the legend, of what there is to see."""
    low, high = curve.column("conf_low"), curve.column("conf_high")
    kinds = (
        ("Interval wholly below 1", style.SERIES[0], high < 1),
        ("Interval holds 1", style.INK, (low <= 1) & (high >= 1)),
        ("Interval wholly above 1", style.SERIES[1], low > 1),
    )
    found = [
        Line2D([], [], color=colour, lw=2.2, label=label)
        for label, colour, holds in kinds
        if holds.any()
    ]
    if base is not None:
        found.append(
            Line2D([], [], color=style.INK, lw=0.7, ls=(0, (4, 2)), marker="D", ms=6,
                   mec=style.PAPER, label=f"Base: {words.shown(curve.rows[base])}")
        )  # fmt: skip
    if published is not None:
        label = f"Published: {ratio(published.published)}"
        found.append(Line2D([], [], color=style.SERIES[3], lw=1.2, ls=(0, (1, 1.5)), label=label))
    return found
