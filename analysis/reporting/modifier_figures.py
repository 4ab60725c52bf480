"""Heat maps of joint groups, and slopes of one intake across another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from analysis.reporting import explored, panels, style, words
from analysis.reporting.book import Row, distinct
from analysis.reporting.document import Figure, Text, Value, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.figures import band_limits, value_label
from analysis.reporting.scales import value_axis
from analysis.reporting.tables import numbers_table

DEEPEST = 0.52
"""Opacity of the strongest association: ink on it keeps a contrast of 4.5:1, light and dark."""


@dataclass(frozen=True)
class Pair:
    """An exposure and its modifier, with what they are called.

    Parameters
    ----------
    name : str
        Of the interaction.
    facts : RunFacts
        For labels.
    modifier_measure : str
        The modifier's measure.
    """

    name: str
    facts: RunFacts
    modifier_measure: str

    @property
    def key(self) -> str:
        """For ids."""
        return self.name.replace("_", "-")

    @property
    def exposure_measure(self) -> str:
        """The main exposure's measure."""
        return str(getattr(self.facts.exposure, "measure", ""))

    @property
    def both(self) -> set[str]:
        """The two measures."""
        return {self.exposure_measure, self.modifier_measure}

    @property
    def exposure(self) -> str:
        """The exposure within a sentence."""
        return words.lower_first(self.facts.label(self.exposure_measure))

    @property
    def modifier(self) -> str:
        """The modifier within a sentence."""
        return words.lower_first(self.facts.label(self.modifier_measure))


def is_number(level: str) -> bool:
    """Whether a slope stands at a value rather than in a group."""
    try:
        float(level)
    except ValueError:
        return False
    return True


def is_reference(row: Row) -> bool:
    """Whether a joint group is the one that the others are compared with."""
    return row.reference == f"{row.level}, {row.stratum_level}"


def value_of(row: Row, printed: str, column: str) -> Value:
    """Link a printed number to its row."""
    return Value(printed, row.row, (column,))


def heat_map(pair: Pair, rows: Sequence[Row], contrast: str, ranges: Text) -> Figure:
    """Draw joint groups as a grid, a panel an outcome.

    Parameters
    ----------
    pair : Pair
    rows : sequence of Row
        Of the analysis ``joint`` with one number of groups.
    contrast : str
        The numbers of groups (``3x3``).
    ranges : Text
        Where the groups end; may be empty.

    Returns
    -------
    Figure
    """
    key = f"joint_{pair.name}_{contrast}"
    facts = pair.facts
    told = [
        f"{facts.outcome(row.outcome)}, {row.level} of {pair.exposure} with {row.stratum_level} of "
        f"{pair.modifier}: {'reference' if is_reference(row) else words.shown(row)}."
        for row in rows
    ]
    what = f"{pair.exposure} and {pair.modifier} jointly, {contrast.replace('x', ' by ')} groups"
    return Figure(
        key=key,
        caption=text(
            f"{words.upper_first(what)}: estimates (95% CI) against the lowest group of both "
            "(outlined). Blue is inverse, orange positive; deeper is farther from none.",
            text(" ", ranges) if ranges else "",
        ),
        title=words.upper_first(what),
        description=f"Heat map. {' '.join(told)}",
        drawing=style.Drawing(
            key, lambda width: _grids(pair, rows, width), synthetic=facts.synthetic
        ),
        data=numbers_table(
            key,
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                facts.label(pair.exposure_measure): lambda row: row.level,
                facts.label(pair.modifier_measure): lambda row: row.stratum_level,
            },
        ),
        explore=explored.grid(
            rows,
            {row.outcome: _panel_name(pair, row.outcome) for row in rows},
            (facts.label(pair.exposure_measure), facts.label(pair.modifier_measure)),
            [is_reference(row) for row in rows],
            _depths(rows),
        ),
    )


def _panel_name(pair: Pair, outcome: str) -> str:
    unit = pair.facts.outcome_unit(outcome)
    return pair.facts.outcome(outcome) + (f", {unit}" if unit else "")


def _depths(rows: Sequence[Row]) -> list[float]:
    """How far each estimate is from none, as a share of the farthest of its outcome."""
    away = [_distance(row) if math.isfinite(row.estimate) else 0.0 for row in rows]
    farthest = {
        o: max(abs(d) for d, row in zip(away, rows, strict=True) if row.outcome == o)
        for o in distinct(row.outcome for row in rows)
    }
    return [d / (farthest[row.outcome] or 1.0) for d, row in zip(away, rows, strict=True)]


def _grids(pair: Pair, rows: Sequence[Row], width: float) -> Canvas:
    outcomes = distinct(row.outcome for row in rows)
    wide = width == style.WIDE
    across = min(2, len(outcomes)) if wide else 1
    down = math.ceil(len(outcomes) / across)
    levels = distinct(row.level for row in rows)
    others = distinct(row.stratum_level for row in rows)
    side = min((width - 0.62 - 0.3 * (across - 1)) / across, 3.3)
    cell = side / len(levels)
    tall = 0.5 * len(others)
    block = tall + 0.78
    canvas = Canvas(figsize=(width, block * down))
    for position, outcome in enumerate(outcomes):
        left = 0.56 + (position % across) * (side + 0.3)
        bottom = block * (down - 1 - position // across) + 0.46
        axes = canvas.add_axes(
            (left / width, bottom / (block * down), side / width, tall / (block * down))
        )
        mine = [row for row in rows if row.outcome == outcome]
        _grid(axes, mine, levels, others, cell)
        axes.set_title(style.fit(_panel_name(pair, outcome), 40, lines=1))
        axes.set_xlabel(style.fit(pair.facts.label(pair.exposure_measure), 40, lines=1))
        if position % across == 0:
            axes.set_ylabel(style.fit(pair.facts.label(pair.modifier_measure), 28, lines=1))
        else:
            axes.set_yticklabels([])
    return canvas


def _grid(
    axes: Axes, rows: Sequence[Row], levels: Sequence[str], others: Sequence[str], cell: float
) -> None:
    farthest = max((abs(_distance(row)) for row in rows if math.isfinite(row.estimate)), default=0)
    for row in rows:
        place = levels.index(row.level), others.index(row.stratum_level)
        _square(axes, row, place, farthest, cell)
    axes.set(xlim=(0, len(levels)), ylim=(0, len(others)))
    axes.set_xticks([place + 0.5 for place in range(len(levels))], list(levels))
    axes.set_yticks([place + 0.5 for place in range(len(others))], list(others))
    axes.tick_params(length=0)
    sns.despine(ax=axes, left=True, bottom=True)


def _distance(row: Row) -> float:
    """Distance from none, on the logarithm of a ratio."""
    if row.measure != "OR":
        return row.estimate
    return math.log(row.estimate) if row.estimate > 0 else 0.0


def _square(axes: Axes, row: Row, place: tuple[int, int], farthest: float, cell: float) -> None:
    known = math.isfinite(row.estimate)
    away = _distance(row) if known else 0.0
    depth = DEEPEST * abs(away) / farthest if farthest else 0.0
    colour = style.SERIES[0] if away < 0 else style.SERIES[1]
    if depth:
        axes.add_patch(Rectangle(place, 1, 1, fc=colour, alpha=depth, lw=0))
    edge, weight, order = style.RULE, 0.8, 1
    if is_reference(row):
        edge, weight, order = style.INK, 1.6, 3
    axes.add_patch(Rectangle(place, 1, 1, fill=False, ec=edge, lw=weight, zorder=order))
    x, y = place[0] + 0.5, place[1] + 0.5
    if not known or is_reference(row):
        axes.text(x, y, "reference" if known else words.NONE, ha="center", va="center",
                  fontsize=7.5 if cell > 0.7 else 6.5)  # fmt: skip
        return
    axes.text(x, y + 0.17, text(words.estimate(row)).plain, ha="center", va="center",
              fontsize=9, fontweight="bold")  # fmt: skip
    axes.text(x, y - 0.2, text(words.limits(row)).plain, ha="center", va="center",
              fontsize=7.5 if cell > 0.8 else 6.8)  # fmt: skip


def slope_figure(pair: Pair, rows: Sequence[Row], bounds: Sequence[Row], *, odds: bool) -> Figure:
    """Draw slopes of one intake across the other, with bands and Johnson-Neyman bounds.

    Parameters
    ----------
    pair : Pair
    rows : sequence of Row
        Of the analysis ``slope`` at values.
    bounds : sequence of Row
        Of the measure ``jn_bound``.
    odds : bool
        Whether the estimates are ratios.

    Returns
    -------
    Figure
    """
    facts = pair.facts
    key = f"slopes_{pair.name}{'' if odds else '_linear'}"
    what = "Odds ratios per unit" if odds else "Slopes per unit"
    told = []
    for panel in _panels(rows):
        mine = [row for row in rows if (row.outcome, row.exposure) == panel]
        told.append(
            f"{_title(facts, mine[0])}: from {words.shown(mine[0])} at "
            f"{words.short(float(mine[0].level))} to {words.shown(mine[-1])} at "
            f"{words.short(float(mine[-1].level))} {facts.unit(mine[0].stratum)}."
        )
    return Figure(
        key=key,
        caption=text(
            f"{what} of one measure across the other, with pointwise 95% bands. "
            + ("Logarithmic scale. " if odds else "")
            + "Dotted lines are Johnson-Neyman bounds, where the interval begins or ends to hold "
            "no association."
        ),
        title=f"{what} of {pair.exposure} across {pair.modifier}, and the other way round",
        description=" ".join(told),
        drawing=style.Drawing(
            key,
            lambda width: _slopes(facts, rows, bounds, width, odds=odds),
            synthetic=facts.synthetic,
        ),
        data=numbers_table(
            key,
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                "Slope of": lambda row: (
                    f"{facts.label(row.exposure)}, {words.singular(row.contrast)}"
                ),
                "Across": lambda row: facts.label(row.stratum),
                "At": lambda row: words.short(float(row.level)),
            },
        ),
    )


def _panels(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Outcomes and exposures that have a panel: an exposure a column."""
    exposures = distinct(row.exposure for row in rows)
    outcomes = distinct(row.outcome for row in rows)
    have = {(row.outcome, row.exposure) for row in rows}
    return [(o, e) for o in outcomes for e in exposures if (o, e) in have]


def _title(facts: RunFacts, row: Row) -> str:
    return f"{facts.outcome(row.outcome)}, {words.lower_first(facts.label(row.exposure))}"


def _slopes(
    facts: RunFacts, rows: Sequence[Row], bounds: Sequence[Row], width: float, *, odds: bool
) -> Canvas:
    shown = _panels(rows)
    across = min(2, len(shown)) if width == style.WIDE else 1
    down = math.ceil(len(shown) / across)
    canvas = Canvas(figsize=(width, 2.45 * down), layout="constrained")
    canvas.get_layout_engine().set(h_pad=0.1, hspace=0.06)  # type: ignore[union-attr, call-arg]
    axes = canvas.subplots(down, across, squeeze=False).ravel()
    limits = band_limits(rows, odds=odds)
    for panel, (outcome, exposure) in zip(axes, shown, strict=False):
        mine = [row for row in rows if (row.outcome, row.exposure) == (outcome, exposure)]
        columns = [[float(r.level), r.estimate, r.conf_low, r.conf_high] for r in mine]
        values, line, low, high = np.asarray(columns, dtype=float).T
        panel.fill_between(values, low, high, color=style.SERIES[0], alpha=0.22, lw=0)
        panel.plot(values, line, color=style.SERIES[0], lw=1.9)
        panel.axhline(1 if odds else 0, color=style.INK, lw=0.9, zorder=1)
        for bound in bounds:
            same = (bound.outcome, bound.exposure) == (outcome, exposure)
            if same and values.min() <= bound.estimate <= values.max():
                panel.axvline(bound.estimate, color=style.INK, lw=0.9, ls=(0, (1, 2)), zorder=0)
        value_axis(panel, limits, odds=odds, axis="y")
        panel.set_title(style.fit(_title(facts, mine[0]), 38 if across > 1 else 44))
        unit = facts.unit(mine[0].stratum)
        label = facts.label(mine[0].stratum)
        panel.set_xlabel(f"{label}, {unit}" if unit else label)
        per = words.singular(mine[0].contrast)
        panel.set_ylabel(f"{'OR ' if odds else 'Difference '}{per}")
        sns.despine(ax=panel)
    for panel in axes[len(shown) :]:
        panel.set_visible(False)
    return canvas


def grouped_slopes(pair: Pair, rows: Sequence[Row], tests: Mapping[str, Row]) -> Figure:
    """Draw the slope of one intake within groups of the other.

    Parameters
    ----------
    pair : Pair
    rows : sequence of Row
        Of the analysis ``slope`` by group: of one outcome and one exposure.
    tests : mapping of str to Row
        Tests that the slopes are equal, by contrast.

    Returns
    -------
    Figure
    """
    facts, first = pair.facts, rows[0]
    key = f"slopes_{pair.name}_{first.outcome}_{first.exposure}"
    odds = first.measure == "OR"
    panel = {first.outcome: facts.outcome(first.outcome)}
    other, whose = (words.lower_first(facts.label(m)) for m in (first.stratum, first.exposure))
    lines = []
    for contrast in distinct(row.contrast for row in rows):
        p = {first.outcome: f"P\N{NO-BREAK SPACE}{words.p_value(tests[contrast].p_value)}"}
        lines.append(panels.Line(contrast, asides=p if contrast in tests else {}))
        mine = [row for row in rows if row.contrast == contrast]
        lines += [panels.Line(f"{row.level} of {other}", {row.outcome: row}) for row in mine]
    what = (
        f"Slope of {words.lower_first(facts.outcome(first.outcome))} on {whose} by group of {other}"
    )
    told = " ".join(f"{row.contrast}, {row.level}: {words.shown(row)}." for row in rows)
    return Figure(
        key=key,
        caption=text(
            f"{what} (95% CI), from one model with their products; P is that of equal slopes."
        ),
        title=what,
        description=told,
        drawing=style.Drawing(
            key,
            lambda width: panels.forest(
                lines, panel, width, odds=odds, axis=value_label(rows, facts, odds=odds)
            ),
            synthetic=facts.synthetic,
        ),
        data=numbers_table(
            key,
            rows,
            {
                f"Group of {other}": lambda row: row.level,
                "Slope": lambda row: f"{facts.label(row.exposure)}, {row.contrast}",
            },
        ),
    )
