"""House style of figures: palette, type, and how a drawing is written.

Figures are drawn in the light palette. Written to a file they are that, on white. Set into a
report, each colour becomes a CSS variable, so that one drawing serves light and dark pages.
The palette follows Okabe and Ito (2008, https://jfly.uni-koeln.de/color/), darkened to a contrast
of 3:1 on white; series also differ by marker and line, so that they can be told apart in grey.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TypeVar

import matplotlib as mpl
import seaborn as sns
from lxml import etree
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

Written = TypeVar("Written", str, bytes, Canvas)

PAPER, INK, MUTED, RULE, SHADE = "#ffffff", "#1d2733", "#56616d", "#d5dae0", "#f2f5f8"
SERIES = ("#0072b2", "#c45a00", "#00855f", "#a34d8d", "#6b6b1f", "#7a4b2a")
MARKERS = ("o", "s", "D", "^", "v", "P")

ROLES = {PAPER: "paper", INK: "ink", MUTED: "muted", RULE: "rule", SHADE: "shade"} | {
    colour: f"series-{number}" for number, colour in enumerate(SERIES, 1)
}
"""The CSS variable (after ``--fig-``) that stands for each colour in a page."""

WIDE, NARROW = 7.2, 3.75
"""Widths in inches: a desktop or paper, and a phone."""

LEGEND = {True: 112, False: 54}
"""Letters side by side in a legend of `WIDE` and of `NARROW`, by which figures are wide."""

_KEY = 8
"""Letters that a legend's line, its marker and the gap to the next column take."""

DPI = 300
WATERMARK = "ARTIFICIAL DATA"

_FINE = re.compile(r"-?\d+\.\d{3,}")
"""A coordinate to more than a hundredth of a point, finer than any screen or printer shows."""

_SVG = "http://www.w3.org/2000/svg"


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with seaborn's ticks style in the house's colours and type."""
    size = 9.0
    settings = {
        **sns.axes_style("ticks"),
        **sns.plotting_context("paper"),
        "font.family": ["DejaVu Sans"],
        "font.size": size,
        "axes.titlesize": size,
        "axes.labelsize": size,
        "xtick.labelsize": size - 0.5,
        "ytick.labelsize": size - 0.5,
        "legend.fontsize": size - 0.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.linewidth": 0.8,
        "xtick.major.width": 0.8,
        "ytick.major.width": 0.8,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "figure.facecolor": PAPER,
        "axes.facecolor": "none",
        "legend.frameon": False,
        "axes.unicode_minus": True,
        # Names of measures and outcomes are a stranger's text: a dollar sign is no formula.
        "text.parse_math": False,
        "text.usetex": False,
        "svg.fonttype": "none",
        "path.simplify": False,
    }
    with mpl.rc_context(settings):
        yield


def watermark(canvas: Canvas) -> None:
    """Say across a figure that its data are artificial."""
    wide = canvas.get_figwidth() > (WIDE + NARROW) / 2
    canvas.text(
        0.5, 0.5, WATERMARK, rotation=24, ha="center", va="center", color=MUTED, alpha=0.28,
        fontsize=40 if wide else 24, fontweight="bold", zorder=100,
    )  # fmt: skip


class Drawing:
    """A figure drawn for a desktop or paper, and for a phone; each when it is first asked for.

    Parameters
    ----------
    key : str
        The figure's name; it seeds the ids inside the SVG, which are the same on every run.
    make : callable
        From a width in inches (`WIDE` or `NARROW`) to a matplotlib figure.
    synthetic : bool
        True to put the watermark on it.
    """

    def __init__(self, key: str, make: Callable[[float], Canvas], *, synthetic: bool) -> None:
        self.key, self.make, self.synthetic = key, make, synthetic

    @cached_property
    def wide(self) -> str:
        """SVG as written to a file: light colours on white."""
        return self._write(WIDE, _svg)

    @cached_property
    def narrow(self) -> str:
        """SVG for a phone."""
        return self._write(NARROW, _svg)

    @cached_property
    def png(self) -> bytes:
        """The wide one at `DPI` dots an inch."""
        return self._write(WIDE, _png)

    def canvas(self) -> Canvas:
        """Draw the wide one anew, as a matplotlib figure that can be changed and saved."""
        return self._write(WIDE, _agg)

    def _write(self, width: float, write: Callable[[Canvas], Written]) -> Written:
        with house_style(), mpl.rc_context({"svg.hashsalt": f"{self.key}-{width}"}):
            canvas = self.make(width)
            if self.synthetic:
                watermark(canvas)
            return write(canvas)


def fit(label: str, letters: int, lines: int = 2) -> str:
    """Set a label in few lines, not broken at hyphens; a longer one is cut with an ellipsis."""
    found = textwrap.wrap(label, letters, break_on_hyphens=False)
    if len(found) <= lines:
        return "\n".join(found)
    return "\n".join([*found[: lines - 1], found[lines - 1][: letters - 1].rstrip() + "…"])


def legend_columns(labels: Sequence[str], *, wide: bool) -> int:
    """Find in how many columns a legend has room, each as wide as its longest label.

    Columns are filled one after the other, the first ones with one more where they are uneven,
    as matplotlib does.

    Parameters
    ----------
    labels : sequence of str
    wide : bool
        On a figure of `WIDE`, else of `NARROW`.

    Returns
    -------
    int
        At least 1.
    """
    for across in range(len(labels), 1, -1):
        each, more = divmod(len(labels), across)
        ends = [0, *accumulate(each + (column < more) for column in range(across))]
        columns = [labels[start:end] for start, end in pairwise(ends)]
        if sum(max(map(len, column)) + _KEY for column in columns) <= LEGEND[wide]:
            return across
    return 1


def _svg(canvas: Canvas) -> str:
    FigureCanvasSVG(canvas)
    target = io.StringIO()
    canvas.savefig(target, format="svg")
    # Without metadata there is no date and no version in the file.
    root = _parse(target.getvalue())
    for node in root.xpath("//comment()|//*[local-name()='metadata']"):
        node.getparent().remove(node)
    for node in root.iter("{*}path"):
        node.set("d", _FINE.sub(_rounded, node.get("d", "")))
    return etree.tostring(root, encoding="unicode") + "\n"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number.group()):.2f}".rstrip("0").rstrip(".")


def _png(canvas: Canvas) -> bytes:
    FigureCanvasAgg(canvas)
    target = io.BytesIO()
    canvas.savefig(target, format="png", dpi=DPI, metadata={"Software": None})
    return target.getvalue()


def _agg(canvas: Canvas) -> Canvas:
    FigureCanvasAgg(canvas)
    return canvas


def _parse(svg: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(svg.encode(), parser)


def for_page(svg: str, prefix: str, title: str, description: str) -> str:
    """Prepare a drawing to stand inside an HTML page.

    Ids get a prefix (a page holds many drawings), colours become CSS variables, sizes are left to
    the page, and a title and description are put in for those who cannot see it.

    Parameters
    ----------
    svg : str
        A drawing as `draw` makes it.
    prefix : str
        Unique in the page.
    title, description : str
        Plain text.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    root = _parse(svg)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    for node in root.iter():
        for name, value in node.attrib.items():
            node.attrib[name] = _for_page(etree.QName(name).localname, value, prefix)
    for style in root.xpath("//*[local-name()='style']"):
        style.getparent().remove(style)
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title {prefix}-desc")
    # matplotlib's own style element is gone: this is all of it that lines need.
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    for tag, words in (("desc", description), ("title", title)):
        element = etree.Element(f"{{{_SVG}}}{tag}", id=f"{prefix}-{tag}")
        element.text = words
        root.insert(0, element)
    etree.cleanup_namespaces(root, keep_ns_prefixes=["xlink"])
    return etree.tostring(root, encoding="unicode")


def _for_page(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    value = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", value)
    if name == "style":
        value = re.sub(r"#[0-9a-f]{6}", lambda m: _colour(m.group()), value)
        value = re.sub(r"font:\s*(?:(\w+)\s+)?([\d.]+px)\s*[^;]*", _font, value)
        value = re.sub(r"font-family:[^;]*;?\s*", "", value)
    return value


def _colour(code: str) -> str:
    return f"var(--fig-{ROLES[code]})" if code in ROLES else code


def _font(match: re.Match[str]) -> str:
    weight, size = match.groups()
    return f"font-size: {size}" + (f"; font-weight: {weight}" if weight else "")
