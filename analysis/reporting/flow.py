"""The flow diagram: who was set aside at each step, and who is left."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure as Canvas
from matplotlib.patches import FancyBboxPatch

from analysis.reporting import style
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Figure, Table, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import numbers_table
from analysis.reporting.words import count, people, weightless

LINE = 0.17
"""Height of a line of text in a box, in inches."""


@dataclass(frozen=True)
class Step:
    """A step of the cohort with its counts; weighted ones may be missing."""

    label: str
    remaining: Row
    remaining_weighted: Row | None
    excluded: Row | None
    excluded_weighted: Row | None


def steps(book: Book) -> list[Step]:
    """Read the cohort's steps in their order."""
    found = []
    for level in distinct(row.level for row in book.find(analysis="flow")):

        def count_of(measure: str, level: str = level) -> Row | None:
            return book.one(analysis="flow", level=level, measure=measure)

        remaining = count_of("remaining")
        if remaining is not None:
            found.append(
                Step(
                    remaining.contrast or level,
                    remaining,
                    count_of("remaining_weighted"),
                    count_of("excluded"),
                    count_of("excluded_weighted"),
                )
            )
    return found


def flow_figure(book: Book, facts: RunFacts) -> Figure:
    """Draw the flow diagram.

    Parameters
    ----------
    book : Book
        With rows of the analysis ``flow``.
    facts : RunFacts
        For the words around it.

    Returns
    -------
    Figure
    """
    found = steps(book)
    drawing = style.Drawing("flow", lambda w: _canvas(found, w), synthetic=facts.synthetic)
    told = [
        f"{step.label}: {count(step.remaining.estimate)} remain{_aside(step, '; {} set aside')}."
        for step in found
    ]
    caption = text(
        "From everyone in the files to the people analysed: unweighted numbers, and in "
        "parentheses the people of the population for whom they stand (sums of the weights). "
        "Participants without a weight stand for none."
    )
    return Figure(
        key="flow",
        caption=caption,
        title="Flow of participants",
        description=" ".join(told),
        drawing=drawing,
        data=_data(book),
    )


def _data(book: Book) -> Table:
    rows = book.find(analysis="flow")
    return numbers_table("flow", rows, {"Step": lambda row: row.contrast or row.level})


def _aside(step: Step, form: str) -> str:
    gone = step.excluded
    return form.format(count(gone.estimate)) if gone is not None and gone.estimate > 0 else ""


def _box_lines(label: str, number: Row, weighted: Row | None, width: int) -> list[str]:
    figures = f"n = {count(number.estimate)}"
    if weighted is not None and weightless(weighted.estimate) and number.estimate > 0:
        figures += " (no weight)"
    elif weighted is not None and weighted.estimate > 0:
        figures += f" ({people(weighted.estimate)})"
    return [*style.fit(label, width, lines=4).split("\n"), figures]


def _canvas(found: list[Step], width: float) -> Canvas:
    """Draw boxes down the left, and beside each arrow the people set aside."""
    wide = width == style.WIDE
    main_width, letters = (0.54, 44) if wide else (0.60, 30)
    side_left, side_letters = (0.66, 26) if wide else (0.66, 16)
    boxes = [_box_lines(s.label, s.remaining, s.remaining_weighted, letters) for s in found]
    sides = [
        _box_lines("Set aside", s.excluded, s.excluded_weighted, side_letters)
        if s.excluded is not None and s.excluded.estimate > 0
        else []
        for s in found
    ]
    if not wide:
        sides = [[part for line in s for part in line.split(" (", 1)] for s in sides]
        sides = [[f"({line}" if line.endswith(")") else line for line in s] for s in sides]
    heights = [len(lines) * LINE + 0.16 for lines in boxes]
    gaps = _gaps(heights, [len(side) * LINE + 0.12 if side else 0.0 for side in sides[1:]])
    total = sum(heights) + sum(gaps) + 0.1
    canvas = Canvas(figsize=(width, total))
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, total))
    axes.axis("off")
    top, middle = total - 0.05, 0.02 + main_width * width / 2
    for position, lines in enumerate(boxes):
        if position:
            gap, side = gaps[position - 1], sides[position]
            arrow = {"arrowstyle": "-|>", "color": style.MUTED, "lw": 1, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (middle, top - gap), (middle, top), arrowprops=arrow)
            if side:
                centre = top - gap / 2
                left = side_left * width
                axes.annotate("", (left, centre), (middle, centre), arrowprops=arrow)
                high = len(side) * LINE + 0.12
                box = (left, centre - high / 2, width - left - 0.03, high)
                _box(axes, box, side, bold=-1, plain=True)
            top -= gap
        high = heights[position]
        _box(axes, (0.03, top - high, main_width * width, high), lines, bold=len(lines) - 1)
        top -= high
    return canvas


def _gaps(heights: list[float], sides: list[float]) -> list[float]:
    """Room for each arrow; boxes at the side, which may reach beside others, do not touch."""
    gaps = [0.32] * len(sides)
    if sides:
        gaps[0] = max(gaps[0], sides[0] - heights[0])
        gaps[-1] = max(gaps[-1], sides[-1] - 2 * heights[-1])
    for number in range(1, len(sides)):
        # Half of the gap before and half of this one lie between the two boxes' middles.
        need = (sides[number - 1] + sides[number]) / 2 + 0.1 - heights[number]
        gaps[number] = max(gaps[number], 2 * need - gaps[number - 1])
    return gaps


def _box(
    axes: object,
    box: tuple[float, float, float, float],
    lines: list[str],
    *,
    bold: int,
    plain: bool = False,
) -> None:
    left, bottom, width, height = box
    patch = FancyBboxPatch(
        (left, bottom), width, height, boxstyle="round,pad=0,rounding_size=0.06",
        facecolor=style.PAPER if plain else style.SHADE, edgecolor=style.MUTED, linewidth=0.8,
    )  # fmt: skip
    axes.add_patch(patch)  # type: ignore[attr-defined]
    first = bottom + height / 2 + (len(lines) - 1) * LINE / 2
    for position, line in enumerate(lines):
        axes.text(  # type: ignore[attr-defined]
            left + width / 2, first - position * LINE, line, ha="center", va="center_baseline",
            fontweight="bold" if position == bold else "normal",
            color=style.MUTED if plain else style.INK,
        )  # fmt: skip
