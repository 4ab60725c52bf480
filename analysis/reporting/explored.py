"""What a reader of a page can go through: specifications of a curve, and joint groups."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from analysis.printing import ratio
from analysis.reporting import words
from analysis.reporting.book import Row, distinct
from analysis.reporting.choices import Choice as StudyChoice
from analysis.reporting.document import Choice, CurveToExplore, Estimates, GridToExplore
from analysis.reporting.figures import CURVE_FACTOR
from analysis.reporting.scales import log_ticks

SAYS = {"unclear": 0, "missing": 0, "inverse": 1, "positive": 2}
"""What an interval says, by `words.direction`."""

INTERVALS = ("holds 1", "wholly below 1", "wholly above 1")
"""The same in words, where no association is 1."""

OUTSIDE = 0.01
"""Share of the limits at either end that the axis of a curve may leave out."""


def estimates(rows: Sequence[Row], picks: Sequence[Sequence[int]]) -> Estimates:
    """Set rows in columns.

    Parameters
    ----------
    rows : sequence of Row
        In the order in which they are drawn.
    picks : sequence of sequence of int
        By choice: each row's option.
    """
    return Estimates(
        rows=tuple(row.row for row in rows),
        shown=tuple(words.shown(row) for row in rows),
        estimate=tuple(row.estimate for row in rows),
        low=tuple(row.conf_low for row in rows),
        high=tuple(row.conf_high for row in rows),
        n=tuple(row.n for row in rows),
        events=tuple(row.events for row in rows),
        says=tuple(SAYS[words.direction(row)] for row in rows),
        picks=tuple(tuple(pick) for pick in picks),
    )


def curve(
    rows: Sequence[Row],
    options: Sequence[dict[str, str]],
    choices: Sequence[StudyChoice],
    base: int | None,
    published: Row | None,
) -> CurveToExplore | None:
    """Make a specification curve to explore.

    Parameters
    ----------
    rows : sequence of Row
        Lowest estimate first.
    options : sequence of dict
        Each row's option of each choice, by name.
    choices : sequence of Choice
        In the order in which they are shown.
    base : int, optional
        Place of the base specification.
    published : Row, optional
        The row that a published figure stands in.

    Returns
    -------
    CurveToExplore or None
        None where there is nothing to go through.
    """
    if not rows:
        return None
    found = [Choice("95% interval", INTERVALS)]
    picks = [[SAYS[words.direction(row)] for row in rows]]
    for choice in choices:
        names = list(choice.options)
        # An option that the study file no longer names has no label; it stands by its name.
        names += [o for o in distinct(taken.get(choice.name, "") for taken in options)
                  if o not in names]  # fmt: skip
        found.append(Choice(choice.label, tuple(choice.options.get(n, n) for n in names)))
        picks.append([names.index(taken.get(choice.name, "")) for taken in options])
    at = math.nan if published is None else published.published
    limits = _limits(rows, at)
    return CurveToExplore(
        choices=tuple(found),
        estimates=estimates(rows, picks),
        base=base,
        published="" if published is None else ratio(at),
        published_at=at,
        limits=limits,
        ticks=tuple(log_ticks(*limits)),
    )


def _limits(rows: Sequence[Row], published: float) -> tuple[float, float]:
    """Find the ends of the axis: all estimates, and their limits but for the farthest."""
    middle = [row.estimate for row in rows if row.estimate > 0] or [1.0]
    least, most = min(middle) / CURVE_FACTOR, max(middle) * CURVE_FACTOR
    low = [max(row.conf_low, least) for row in rows if math.isfinite(row.conf_low)]
    high = [min(row.conf_high, most) for row in rows if math.isfinite(row.conf_high)]
    numbers = [*middle, 0.9, 1.1]
    numbers += [published] if math.isfinite(published) and published > 0 else []
    numbers += [float(np.quantile(low, OUTSIDE))] if low else []
    numbers += [float(np.quantile(high, 1 - OUTSIDE))] if high else []
    return min(numbers) / 1.06, max(numbers) * 1.06


def grid(
    rows: Sequence[Row],
    panels: dict[str, str],
    names: tuple[str, str],
    references: Sequence[bool],
    depths: Sequence[float],
) -> GridToExplore | None:
    """Make joint groups to explore.

    Parameters
    ----------
    rows : sequence of Row
        Of one number of groups; `level` goes across, `stratum_level` upwards.
    panels : dict of str to str
        Titles by outcome.
    names : tuple of str
        Labels of the measure across and of the one upwards.
    references : sequence of bool
        Which rows the others are compared with.
    depths : sequence of float
        How deep each is coloured, from -1 to 1.

    Returns
    -------
    GridToExplore or None
        None where there is nothing to go through.
    """
    if not rows:
        return None
    levels = distinct(row.level for row in rows)
    others = distinct(row.stratum_level for row in rows)
    outcomes = list(panels)
    picks = [
        [levels.index(row.level) for row in rows],
        [others.index(row.stratum_level) for row in rows],
    ]
    kinds = {row.outcome: row.measure for row in rows}
    return GridToExplore(
        panels=tuple(panels.values()),
        panel=tuple(outcomes.index(row.outcome) for row in rows),
        columns=Choice(names[0], tuple(levels)),
        lines=Choice(names[1], tuple(others)),
        estimates=estimates(rows, picks),
        references=tuple(references),
        depths=tuple(depths),
        measure=tuple(kinds[outcome] for outcome in outcomes),
    )
