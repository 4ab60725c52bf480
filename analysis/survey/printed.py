"""How results are printed: lines of at most 80 characters, and no number that means nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

import numpy as np
import pandas as pd

WIDTH = 80
"""Characters to a line of what is printed."""
NOTHING = "-"
"""In the place of a number that means nothing."""


def counted(number: int, one: str, many: str = "") -> str:
    """Say a number of things: the plural has an s unless `many` is given."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shortened(text: str, width: int) -> str:
    """Cut a text to `width` characters, the last of them dots if it was longer."""
    return text if len(text) <= width else text[: width - 1] + "…"


def wrapped(text: str, indent: str = "  ") -> list[str]:
    """Break a text into lines, the second and later ones indented, but not beside = or <."""
    glued = re.sub(" ([=<]) ", "\0\\1\0", text).replace("no p value", "no\0p\0value")
    return [
        line.replace("\0", " ") for line in textwrap.wrap(glued, WIDTH, subsequent_indent=indent)
    ]


def cell(value: float, form: str) -> str:
    """Write a number in a format, a dash if there is none."""
    return NOTHING if np.isnan(value) else format(value, form)


def statistic(value: float, df: float, form: str = ".4g") -> str:
    """Write a statistic or standard error: on no degrees of freedom it means nothing."""
    return cell(value if df > 0 else np.nan, form)


def p_value(p: float) -> str:
    """Say a p value."""
    if np.isnan(p):
        return "no p value"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def degrees(df: float, none: str = "no") -> str:
    """Write degrees of freedom, of which there may be none."""
    return f"{df:.6g}" if df > 0 else none


def on_degrees(*df: float) -> str:
    """Say on which degrees of freedom a statistic is: those of a chi-square have no second."""
    finite = [each for each in df if each != np.inf]
    one = finite == [1]
    return f"on {' and '.join(map(degrees, finite))} degree{'' if one else 's'} of freedom"


def values(numbers: Iterable[float]) -> str:
    """List numbers in short."""
    return ", ".join(f"{each:.3g}" for each in numbers)


def table(frame: pd.DataFrame, form: str = ".4g") -> str:
    """Write a table, its columns below each other where they are too many for the width."""

    def label(text: object, width: int) -> object:
        return shortened(text, width) if isinstance(text, str) else text

    cut = frame.rename(index=lambda x: label(x, 40), columns=lambda x: label(x, 24))
    return cut.to_string(line_width=WIDTH, float_format=lambda x: cell(x, form))


def plural(measure: str) -> str:
    """Name several of what a coefficient measures: ``"ratios of means"``."""
    return re.sub(r"\b(ratio|difference)\b", r"\1s", measure, count=1)
