"""Forest plots, dose-response curves and prevalences, drawn from rows of the results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from analysis.reporting import style, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Figure, listing, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.scales import value_axis
from analysis.reporting.tables import in_unit, numbers_table, stratum_name
from analysis.reporting.words import (
    direction,
    group_noun_of,
    lower_first,
)

CURVE_FACTOR = 20.0
"""A curve's band is cut off beyond this factor, where it would flatten the curve itself."""

TELLING = {
    "inverse": "below {none}: the whole interval lies below it",
    "positive": "above {none}: the whole interval lies above it",
    "unclear": "with an interval that holds {none}",
    "missing": "not estimable",
}


def forest_figure(book: Book, facts: RunFacts, analysis: str) -> Figure:
    """Forest plot of dose groups against the lowest, a marker a model.

    Parameters
    ----------
    book : Book
        The results.
    facts : RunFacts
        For labels.
    analysis : {"odds_ratio", "linear"}
        Which rows.

    Returns
    -------
    Figure
    """
    rows = [row for row in book.find(analysis=analysis) if row.level != row.reference]
    rows = [row for row in rows if facts.is_main(row.outcome)]
    odds = analysis == "odds_ratio"
    key = "forest" if odds else "forest_linear"
    drawing = style.Drawing(
        key, lambda width: _forest(rows, facts, width, odds=odds), synthetic=facts.synthetic
    )
    noun = group_noun_of(facts.exposure)
    exposure = lower_first(facts.label(getattr(facts.exposure, "measure", "")))
    what = "Odds ratios" if odds else "Differences"
    last = _models(rows)[-1]
    none = "1" if odds else "0"
    told = [
        f"{facts.outcome(row.outcome)}, {row.level}: {words.shown(row)}, "
        + TELLING[direction(row)].format(none=none)
        + "."
        for row in rows
        if row.model == last
    ]
    printed = f"The figures at the right are those of {words.model_words(facts.model(last))}."
    return Figure(
        key=key,
        caption=text(
            f"{what} with 95% confidence intervals by {noun} of {exposure}, against "
            f"{words.of_the_lowest(facts.users)}. "
            + ("Logarithmic scale. " if odds else "")
            + printed
        ),
        title=f"{what} by {noun} of {exposure}",
        description=f"Forest plot; in {words.model_words(facts.model(last))}: " + " ".join(told),
        drawing=drawing,
        data=numbers_table(
            key,
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                "Model": lambda row: facts.model(row.model),
                "Group": lambda row: row.level,
            },
        ),
    )


def _models(rows: Sequence[Row]) -> list[str]:
    return distinct(row.model for row in rows)


def _outcomes(rows: Sequence[Row]) -> list[str]:
    return distinct(row.outcome for row in rows)


def finite(rows: Sequence[Row], *, columns: Sequence[str]) -> list[float]:
    """Collect the finite numbers of these columns."""
    numbers = [getattr(row, column) for row in rows for column in columns]
    return [number for number in numbers if math.isfinite(number)]


def _forest(rows: Sequence[Row], facts: RunFacts, width: float, *, odds: bool) -> Canvas:
    models = _models(rows)
    colours = _series(len(models))
    outcomes = distinct(row.outcome for row in rows)
    lines: list[tuple[str, str]] = []
    for outcome in outcomes:
        lines.append((outcome, ""))
        lines += [(outcome, level) for level in _levels(rows, outcome)]
    wide = width == style.WIDE
    names = [facts.model(model) for model in models]
    across = style.legend_columns(names, wide=wide)
    top = 0.14 + 0.2 * math.ceil(len(models) / across)
    line = max(0.36, 0.1 * len(models) + 0.04)
    # The first line names the first outcome: it needs no room above its words.
    above = 0.68 - 0.1 / line
    height = line * (len(lines) - above) + 0.58 + top
    canvas = Canvas(figsize=(width, height))
    left, right = (0.17, 0.77) if wide else (0.115, 0.69)
    right = min(right, 1 - _room_for_figures(rows, models[-1], wide=wide) / width)
    axes = canvas.add_axes((left, 0.58 / height, right - left, 1 - (0.58 + top) / height))
    places = {line: len(lines) - 1 - position for position, line in enumerate(lines)}
    spread = min(0.31, 0.12 * (len(models) - 1)) if len(models) > 1 else 0.0
    offsets = np.linspace(spread, -spread, len(models))
    for row in rows:
        number = models.index(row.model)
        place = places[row.outcome, row.level] + offsets[number]
        draw_interval(axes, row, place, colours[number], _marker(number, len(models)))
    _null_line(axes, places, 1.0 if odds else 0.0)
    _forest_text(axes, rows, facts, places, models[-1], wide=wide)
    axes.set(ylim=(-0.6, len(lines) - 0.4 - above), yticks=[])
    value_axis(axes, finite(rows, columns=("conf_low", "conf_high")), odds=odds, axis="x")
    axes.set_xlabel(value_label(rows, facts, odds=odds))
    sns.despine(ax=axes, left=True)
    _legend(canvas, names, colours, across)
    return canvas


def _room_for_figures(rows: Sequence[Row], model: str, *, wide: bool) -> float:
    """Inches that the longest of a model's figures takes at the right, with some air."""
    letter = 0.074 if wide else 0.066
    return letter * max((len(words.shown(r)) for r in rows if r.model == model), default=0) + 0.14


def _null_line(axes: Axes, places: dict[tuple[str, str], int], none: float) -> None:
    """Draw no association beside the groups only: outcomes' labels stand clear of it."""
    for outcome in distinct(outcome for outcome, _ in places):
        beside = [place for (own, level), place in places.items() if own == outcome and level]
        ends = [min(beside) - 0.6, max(beside) + 0.5]
        axes.plot([none, none], ends, color=style.INK, lw=0.9, zorder=0, solid_capstyle="butt")


def value_label(rows: Sequence[Row], facts: RunFacts, *, odds: bool) -> str:
    """Label the axis of estimates; differences have their unit if all have the same."""
    if odds:
        return "Odds ratio (95% CI)"
    units = distinct(facts.outcome_unit(row.outcome) for row in rows)
    return (
        f"Difference, {units[0]} (95% CI)"
        if len(units) == 1 and units[0]
        else "Difference (95% CI)"
    )


def _forest_text(
    axes: Axes,
    rows: Sequence[Row],
    facts: RunFacts,
    places: dict[tuple[str, str], int],
    model: str,
    *,
    wide: bool,
) -> None:
    """Write outcomes and groups at the left, and the last model's figures at the right."""
    at = blended_transform_factory(axes.transAxes, axes.transData)
    edge = -0.27 if wide else -0.19
    last = [row for row in rows if row.model == model]
    printed = {
        (r.outcome, r.level): words.shown(
            r, words.even_decimals(row for row in last if row.outcome == r.outcome)
        )
        for r in last
    }
    for (outcome, level), place in places.items():
        if not level:
            label = style.fit(facts.outcome(outcome), 60 if wide else 36, lines=1)
            axes.text(edge, place - 0.08, label, transform=at, fontweight="bold", va="center")
            continue
        axes.text(edge + 0.03, place, level, transform=at, va="center")
        figures = printed.get((outcome, level), "")
        axes.text(1.03, place, figures, transform=at, va="center",
                  fontsize=9 if wide else 8)  # fmt: skip
        axes.axhline(place, color=style.RULE, lw=0.5, zorder=-1)


def _levels(rows: Sequence[Row], outcome: str) -> list[str]:
    return distinct(row.level for row in rows if row.outcome == outcome)


def _series(models: int) -> list[str]:
    """Colours of so many models; the last, most adjusted one has the first colour."""
    return [style.SERIES[(models - 1 - number) % len(style.SERIES)] for number in range(models)]


def _marker(number: int, models: int) -> str:
    """Pick a model's marker; like its colour, the first is that of the most adjusted."""
    return style.MARKERS[(models - 1 - number) % len(style.MARKERS)]


def draw_interval(axes: Axes, row: Row, place: float, colour: str, marker: str) -> None:
    """Draw an estimate and its interval along the line at `place`; nothing without estimate."""
    if not math.isfinite(row.estimate):
        return
    if math.isfinite(row.conf_low) and math.isfinite(row.conf_high):
        width = 2.0 if colour == style.SERIES[0] else 1.4
        limits = [row.conf_low, row.conf_high]
        axes.plot(limits, [place, place], color=colour, lw=width, solid_capstyle="butt")
    axes.plot([row.estimate], [place], marker, color=colour, ms=5.5, mec=style.PAPER, mew=0.5)


def _legend(canvas: Canvas, labels: Sequence[str], colours: Sequence[str], across: int) -> None:
    if len(labels) < 2:
        return
    shared: dict[str, Any] = {"ms": 5, "lw": 1.4, "mec": style.PAPER}
    handles = [
        Line2D([], [], color=colour, marker=_marker(number, len(colours)), **shared)
        for number, colour in enumerate(colours)
    ]
    canvas.legend(
        handles, [style.fit(label, style.LEGEND[False], lines=1) for label in labels],
        loc="upper left", ncols=across, borderaxespad=0.2, handlelength=1.8, columnspacing=1.4,
        handletextpad=0.5,
    )  # fmt: skip


def curve_figure(book: Book, facts: RunFacts, measure: str) -> Figure:
    """Draw the restricted cubic splines, a panel an outcome.

    Parameters
    ----------
    book : Book
        The results.
    facts : RunFacts
        For labels.
    measure : {"OR", "difference"}
        Which curves.

    Returns
    -------
    Figure
    """
    rows = [r for r in book.find(analysis="spline", measure=measure) if facts.is_main(r.outcome)]
    odds = measure == "OR"
    key = "dose_response" if odds else "dose_response_linear"
    drawing = style.Drawing(
        key, lambda width: _curves(book, rows, facts, width, odds=odds), synthetic=facts.synthetic
    )
    exposure = lower_first(facts.label(getattr(facts.exposure, "measure", "")))
    what = "Odds ratio" if odds else "Difference"
    reference = next((row.reference for row in rows if row.reference), "")
    unit = facts.unit(getattr(facts.exposure, "measure", ""))
    against = f" against {_short(reference)} {unit}".rstrip() if reference else ""
    told = [_curve_words(book, facts, outcome) for outcome in distinct(r.outcome for r in rows)]
    models = distinct(_models([r for r in rows if r.outcome == o])[-1] for o in _outcomes(rows))
    drawn = listing(words.model_words(facts.model(model)) for model in models).plain
    return Figure(
        key=key,
        caption=text(
            f"{what} by {exposure}{against}: restricted cubic spline with a pointwise, "
            f"design-based 95% band, in {drawn}. Triangles mark the knots, dotted lines the cut "
            "points of the "
            f"{words.group_nouns_of(facts.exposure)}."
        ),
        title=f"Dose-response curve: {what.lower()} by {exposure}",
        description=f"In {drawn}. {' '.join(told)}" if drawn else " ".join(told),
        drawing=drawing,
        data=numbers_table(
            key,
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                "Model": lambda row: facts.model(row.model),
                "Exposure": lambda row: _short(row.level),
            },
        ),
    )


def _short(number: str) -> str:
    """Shorten a number of the results' text columns to at most one decimal."""
    try:
        return words.short(float(number))
    except ValueError:
        return number


def _curve_words(book: Book, facts: RunFacts, outcome: str) -> str:
    rows = [r for r in book.find(analysis="spline", outcome=outcome) if r.measure in _CURVES]
    rows = [row for row in rows if math.isfinite(row.estimate) and row.model == rows[-1].model]
    name = facts.outcome(outcome)
    if not rows:
        return f"{name}: not estimable."
    first, last = rows[0], rows[-1]
    return (
        f"{name}: from {words.shown(first)} at {_short(first.level)} "
        f"to {words.shown(last)} at {_short(last.level)}."
    )


_CURVES = ("OR", "difference")


def _curves(
    book: Book, rows: Sequence[Row], facts: RunFacts, width: float, *, odds: bool
) -> Canvas:
    outcomes = distinct(row.outcome for row in rows)
    wide = width == style.WIDE
    across = min(3, len(outcomes)) if wide else 1
    down = math.ceil(len(outcomes) / across)
    canvas = Canvas(figsize=(width, (2.9 if wide else 2.25) * down + 0.1), layout="constrained")
    panels = canvas.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    limits = band_limits(rows, odds=odds)
    for panel, outcome in zip(panels, outcomes, strict=False):
        _curve(panel, [row for row in rows if row.outcome == outcome], odds=odds)
        _marks(panel, book, outcome)
        panel.set_title(style.fit(facts.outcome(outcome), 28 if across > 1 else 40))
        value_axis(panel, limits, odds=odds, axis="y")
        panel.axhline(1 if odds else 0, color=style.INK, lw=0.9, zorder=1)
        sns.despine(ax=panel)
    for panel in panels[len(outcomes) :]:
        panel.set_visible(False)
    unit = facts.unit(getattr(facts.exposure, "measure", ""))
    exposure = facts.label(getattr(facts.exposure, "measure", ""))
    canvas.supxlabel(f"{exposure}, {unit}" if unit else exposure, fontsize=9)
    canvas.supylabel(value_label(rows, facts, odds=odds), fontsize=9)
    return canvas


def band_limits(rows: Sequence[Row], *, odds: bool) -> list[float]:
    """Limits of the value axis; a band far beyond the curve is cut off."""
    numbers = finite(rows, columns=("conf_low", "conf_high"))
    if not odds or not numbers:
        return numbers
    curve = [number for number in finite(rows, columns=("estimate",)) if number > 0] or [1.0]
    low, high = min(curve) / CURVE_FACTOR, max(curve) * CURVE_FACTOR
    return [min(max(number, low), high) for number in numbers]


def _curve(axes: Axes, rows: Sequence[Row], *, odds: bool) -> None:
    colour = style.SERIES[0]
    models = _models(rows)
    rows = [row for row in rows if row.model == models[-1]]
    columns = [[float(row.level), row.estimate, row.conf_low, row.conf_high] for row in rows]
    values, curve, low, high = np.asarray(columns, dtype=float).T
    axes.fill_between(values, low, high, color=colour, alpha=0.22, lw=0)
    for edge in (low, high):
        axes.plot(values, edge, color=colour, lw=0.6)
    axes.plot(values, curve, color=colour, lw=1.9)


def _marks(axes: Axes, book: Book, outcome: str) -> None:
    """Mark knots with triangles on the axis and cut points with dotted lines."""
    at = blended_transform_factory(axes.transData, axes.transAxes)
    knots = [row.estimate for row in book.find(analysis="spline", outcome=outcome, measure="knot")]
    axes.plot(knots, [0.0] * len(knots), "^", transform=at, color=style.MUTED, ms=5,
              clip_on=False, zorder=5)  # fmt: skip
    for row in book.find(analysis="cut_points", outcome="", stratum=""):
        axes.axvline(row.estimate, color=style.MUTED, lw=0.7, ls=(0, (1, 2)), zorder=0)


def prevalence_figure(book: Book, facts: RunFacts) -> Figure:
    """Prevalence of each outcome by dose group or domain, with published figures beside.

    Parameters
    ----------
    book : Book
        The results.
    facts : RunFacts
        For labels.

    Returns
    -------
    Figure
    """
    rows = book.find(analysis="prevalence", measure="proportion")
    rows = [row for row in rows if facts.is_main(row.outcome)]
    drawing = style.Drawing(
        "prevalence", lambda width: _prevalence(rows, facts, width), synthetic=facts.synthetic
    )
    published = any(math.isfinite(row.published) for row in rows)
    told = [
        f"{facts.outcome(row.outcome)}, {stratum_name(row.stratum_level, facts)}: "
        f"{words.shown(row)}%."
        for row in rows
    ]
    return Figure(
        key="prevalence",
        caption=text(
            f"Weighted prevalence with 95% confidence intervals{_by_groups(rows, facts)}"
            + ("; diamonds are the published figures." if published else ".")
        ),
        title="Prevalence",
        description=" ".join(told),
        drawing=drawing,
        data=numbers_table(
            "prevalence",
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                "Group": lambda row: stratum_name(row.stratum_level, facts),
            },
        ),
    )


def _by_groups(rows: Sequence[Row], facts: RunFacts) -> str:
    """Say what the groups are of, where they are of the exposure: else their names say it."""
    if facts.exposure is None or not any(row.stratum == "dose" for row in rows):
        return ""
    exposure = words.lower_first(facts.label(facts.exposure.measure))
    return f" by {group_noun_of(facts.exposure)} of {exposure}{in_unit(facts)}"


def _prevalence(rows: Sequence[Row], facts: RunFacts, width: float) -> Canvas:
    top = 105 * max([0.01, *finite(rows, columns=("estimate", "conf_high", "published"))])
    outcomes = distinct(row.outcome for row in rows)
    strata = distinct(row.stratum_level for row in rows)
    wide = width == style.WIDE
    across = min(3, len(outcomes)) if wide else 1
    down = math.ceil(len(outcomes) / across)
    names = [style.fit(stratum_name(name, facts), 24) for name in strata]
    letters = 28 if across > 1 else 40 if wide else 26
    titles = {name: style.fit(facts.outcome(name), letters) for name in outcomes}
    # Two labels of two lines below each other need the room of both.
    line = 0.38 if any("\n" in a and "\n" in b for a, b in pairwise(names)) else 0.28
    above = 0.5 if any("\n" in title for title in titles.values()) else 0.35
    height = (line * len(strata) + above) * down + 0.45
    canvas = Canvas(figsize=(width, height), layout="constrained")
    # The last tick of a panel must not run into the first of the next.
    canvas.get_layout_engine().set(wspace=0.05)  # type: ignore[union-attr, call-arg]
    panels = canvas.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, outcome in zip(panels, outcomes, strict=False):
        for row in (row for row in rows if row.outcome == outcome):
            place = len(strata) - 1 - strata.index(row.stratum_level)
            _prevalence_row(panel, row, place)
        panel.set_title(titles[outcome])
        panel.set(ylim=(-0.6, len(strata) - 0.4))
        panel.set_yticks(range(len(strata)), names[::-1])
        panel.tick_params(axis="y", length=0)
        panel.set_xlim(0, top)
        panel.xaxis.set_major_locator(MaxNLocator(4 if across > 1 else 8, steps=[1, 2, 5, 10]))
        panel.grid(axis="x", color=style.RULE, lw=0.6)
        panel.set_axisbelow(True)
        sns.despine(ax=panel, left=True)
    for panel in panels[len(outcomes) :]:
        panel.set_visible(False)
    canvas.supxlabel("Prevalence, % (95% CI)", fontsize=9)
    return canvas


def _prevalence_row(axes: Axes, row: Row, place: int) -> None:
    shown = row._replace(
        estimate=100 * row.estimate, conf_low=100 * row.conf_low, conf_high=100 * row.conf_high
    )
    if math.isfinite(row.published):
        axes.plot([100 * row.published], [place - 0.22], "D", color=style.SERIES[1], ms=4,
                  mfc=style.PAPER)  # fmt: skip
    draw_interval(axes, shown, place, style.SERIES[0], "o")
