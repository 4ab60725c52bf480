"""Numbers as journals print them: the one place that rounds P values, ratios and limits.

Rounding may not change what a number says. A P value is not carried across 0.05, and an estimate
or a limit that differs from no association (a ratio of 1, a difference of 0) is not printed as if
it were none: it gets more decimals instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable

NONE = "—"
"""What stands where there is no estimate."""

MINUS = "\N{MINUS SIGN}"

NOISE = 1e-9
"""A number nearer than this to no association is taken for it: floating point gives no more."""

MOST_DECIMALS = 6

LARGE = 50.0
"""A mean or difference from here on is printed with one decimal, a smaller one with two."""

RATIOS = ("OR", "HR", "ratio", "S", "ratio_of_ORs")
"""Measures of the results that are ratios: none is 1."""


def fixed(number: float, decimals: int) -> str:
    """Print fixed decimals, thousands separated, a true minus sign, and no negative zero."""
    if not math.isfinite(number):
        return NONE
    printed = f"{number:,.{decimals}f}"
    if printed.startswith("-") and not printed.strip("-0.,"):
        printed = printed[1:]
    return printed.replace("-", MINUS)


def apart(number: float, none: float, decimals: int = 2) -> str:
    """Print decimals, and as many more as it takes to tell a number from no association.

    Parameters
    ----------
    number : float
    none : float
        1 for a ratio, 0 for a difference.
    decimals : int, default 2
        At least so many. With six decimals that do not suffice, the last one is rounded away
        from `none`.

    Returns
    -------
    str
        Equal to `none` in print only if the number is within `NOISE` of it.
    """
    if not math.isfinite(number) or abs(number - none) < NOISE:
        return fixed(number, decimals)
    most = max(decimals, MOST_DECIMALS)
    for shown in range(decimals, most + 1):
        if round(number, shown) != none:
            return fixed(number, shown)
    return fixed(none + math.copysign(10.0**-most, number - none), most)


def ratio(number: float) -> str:
    """Print an odds ratio to two decimals.

    Only a ratio of 1 is ``1.00``: an interval that ends at 0.998 does not hold 1 and must not
    look as if it did. Values below 0.1 keep two significant digits, large ones lose decimals.
    """
    if not math.isfinite(number):
        return NONE
    if number >= 1000:
        return ">999"
    if number >= 99.5:
        return fixed(number, 0)
    if number >= 9.95:
        return fixed(number, 1)
    if number >= 0.095 or number <= 0:
        return apart(number, 1.0)
    return "<0.001" if number < 0.001 else fixed(number, 3 if number >= 0.00995 else 4)


def share(part: float) -> str:
    """Print a share of a number of things in whole per cent; only none is 0 and only all is 100.

    Parameters
    ----------
    part : float
        From 0 to 1.

    Returns
    -------
    str
        ``41%``; below a half of one per cent ``<1%``, above 99.5 ``>99%``.
    """
    if not math.isfinite(part):
        return NONE
    if 0 < part <= 0.005:
        return "<1%"
    if 0.995 <= part < 1:
        return ">99%"
    return f"{100 * part:.0f}%"


def decimals_of_size(number: float) -> int:
    """Give the decimals of a mean or difference whose interval is not asked: fewer of a large one.

    ``4.34`` and ``-0.15``, but ``356.4``.
    """
    return 1 if abs(number) >= LARGE else 2


def beside(
    measure: str, unit: str = "", digits: int | None = None, size: float = 0.0
) -> Callable[[float], str]:
    """Choose how a published figure and ours beside it are printed.

    Parameters
    ----------
    measure : str
        Of the results: ``"OR"``, ``"difference"``, ``"mean"``, ...
    unit : str
        ``"percent"`` where the publication prints percentages.
    digits : int, optional
        Decimals that the publication prints; else one of a percentage, and two.
    size : float, default 0
        Our estimate: a large mean or difference has one decimal.

    Returns
    -------
    callable
        From a number in the publication's unit to text.
    """
    if unit == "percent":
        return lambda number: fixed(number, 1 if digits is None else digits)
    if measure in RATIOS:
        return ratio if digits is None else lambda number: apart(number, 1.0, digits)
    decimals = decimals_of_size(size) if digits is None else digits
    if measure == "difference":
        return lambda number: apart(number, 0.0, decimals)
    return lambda number: fixed(number, decimals)


def p_value(p: float) -> str:
    """Print a P value with its relation: ``< 0.001``, ``= 0.012``, ``= 0.34``, ``> 0.99``.

    Rounding never carries it across 0.05.
    """
    if not math.isfinite(p):
        return NONE
    if p < 0.001:
        return "< 0.001"
    if p > 0.99:
        return "> 0.99"
    return f"= {apart(p, 0.05, 3) if p < 0.0995 else fixed(p, 2)}"
