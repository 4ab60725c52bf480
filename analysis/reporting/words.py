"""Numbers and names as journals print them.

Every function takes a plain number and gives text; the ones that take a row give a `Value` that
remembers where its number stands in results.csv.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from analysis.reporting.book import Row
from analysis.reporting.document import Part, Value

NONE = "—"
"""What a cell without an estimate holds."""

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"

Direction = Literal["inverse", "positive", "unclear", "missing"]


def count(number: float) -> str:
    """Whole number with thousands separated by commas."""
    return NONE if not math.isfinite(number) else f"{round(number):,}"


def people(number: float) -> str:
    """Sum of weights: millions with one decimal where there are any."""
    if not math.isfinite(number):
        return NONE
    return f"{number / 1e6:,.1f} million" if number >= 1e6 else count(number)


def fixed(number: float, decimals: int) -> str:
    """Print fixed decimals, thousands separated, a true minus sign, and no negative zero."""
    if not math.isfinite(number):
        return NONE
    printed = f"{number:,.{decimals}f}"
    if printed.startswith("-") and not printed.strip("-0.,"):
        printed = printed[1:]
    return printed.replace("-", MINUS)


def percent(share: float) -> str:
    """Proportion as a percentage with one decimal, without the sign."""
    return fixed(100 * share, 1)


def ratio(number: float) -> str:
    """Odds ratio to two decimals.

    One that is not 1 is never printed as ``1.00``: an interval that ends at 0.998 does not hold
    1 and must not look as if it did. Values below 0.1 keep two significant digits.
    """
    if not math.isfinite(number):
        return NONE
    if number >= 1000:
        return ">999"
    if number >= 99.5:
        return fixed(number, 0)
    if number >= 9.95:
        return fixed(number, 1)
    for decimals in (2, 3, 4):
        printed = f"{number:.{decimals}f}"
        vague = float(printed) == 1.0 and number != 1.0
        if not vague and (number >= 0.095 or float(printed) * 10**decimals >= 10):
            return printed
    return printed


def p_value(p: float) -> str:
    """P value with its relation: ``< 0.001``, ``= 0.012``, ``= 0.34``, ``> 0.99``.

    The space does not break. Rounding never carries a value across 0.05.
    """
    if not math.isfinite(p):
        return NONE
    if p < 0.001:
        return "<\N{NO-BREAK SPACE}0.001"
    if p > 0.99:
        return ">\N{NO-BREAK SPACE}0.99"
    printed = f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"
    if printed == "0.050" and p != 0.05:
        printed = f"{p:.4f}" if f"{p:.4f}" != "0.0500" else f"{p:.6f}"
    return f"=\N{NO-BREAK SPACE}{printed}"


def p_cell(p: float) -> str:
    """P value for a column that is headed P: as `p_value`, without the equals sign."""
    return p_value(p).replace("\N{NO-BREAK SPACE}", "").removeprefix("=")


def decimals_for(half_width: float) -> int:
    """Decimals for an estimate, from half the width of its interval."""
    if not math.isfinite(half_width) or half_width <= 0:
        return 1
    return min(max(1 - math.floor(math.log10(half_width)), 1), 6)


def bytes_(number: float) -> str:
    """Size of a file in kB or MB."""
    return f"{number / 1e6:,.1f} MB" if number >= 1e6 else f"{number / 1e3:,.0f} kB"


def interval(low: str, high: str) -> str:
    """Limits joined by an en dash, or by ``to`` where one is negative."""
    return f"{low} to {high}" if MINUS in low + high else f"{low}{DASH}{high}"


def _printed(row: Row) -> Callable[[float], str]:
    if row.measure in ("OR", "HR", "ratio"):
        return ratio
    if row.measure in ("proportion", "unweighted_proportion", "missing_share"):
        return percent
    half = (row.conf_high - row.conf_low) / 2
    return lambda number: fixed(number, decimals_for(half))


def estimate(row: Row) -> Part:
    """Print the estimate alone, in the form that its measure asks for."""
    printed = _printed(row)(row.estimate)
    return printed if printed == NONE else Value(printed, row.row, ("estimate",))


def short(number: float) -> str:
    """Print at most one decimal, and none for a whole number."""
    return fixed(number, 1).removesuffix(".0")


def short_estimate(row: Row) -> Part:
    """Print an estimate that is a value of a measure: ``189``, ``257.9``."""
    printed = short(row.estimate)
    return printed if printed == NONE else Value(printed, row.row, ("estimate",))


def limits(row: Row) -> Part:
    """Print the interval alone: ``0.46–0.82``, ``−1.2 to 3.4``, or a dash."""
    form = _printed(row)
    if not (math.isfinite(row.conf_low) and math.isfinite(row.conf_high)):
        return NONE
    printed = interval(form(row.conf_low), form(row.conf_high))
    return Value(printed, row.row, ("conf_low", "conf_high"))


def with_interval(row: Row) -> Part:
    """Estimate and interval as in a table: ``0.62 (0.46–0.82)``."""
    form = _printed(row)
    if not math.isfinite(row.estimate):
        return NONE
    if not (math.isfinite(row.conf_low) and math.isfinite(row.conf_high)):
        return estimate(row)
    printed = f"{form(row.estimate)} ({interval(form(row.conf_low), form(row.conf_high))})"
    return Value(printed, row.row, ("estimate", "conf_low", "conf_high"))


def counted(row: Row, column: Literal["n", "events", "estimate"] = "n") -> Part:
    """Print a count out of a row."""
    number = getattr(row, column)
    return Value(count(number), row.row, (column,)) if math.isfinite(number) else NONE


def events_of(row: Row) -> Part:
    """Events and people: ``612 / 5,432``."""
    if not (math.isfinite(row.events) and math.isfinite(row.n)):
        return counted(row)
    return Value(f"{count(row.events)} / {count(row.n)}", row.row, ("events", "n"))


def p_of(row: Row, *, cell: bool = False) -> Part:
    """Print the P value of a row, with its relation in prose and without in a cell."""
    printed = p_cell(row.p_value) if cell else p_value(row.p_value)
    return printed if printed == NONE else Value(printed, row.row, ("p_value",))


def direction(row: Row | None) -> Direction:
    """Tell what an estimate says of the direction, by its interval alone.

    Returns
    -------
    {"inverse", "positive", "unclear", "missing"}
        ``"unclear"`` if the interval holds (or touches) no association; ``"missing"`` if there is
        no finite estimate with an interval.
    """
    numbers = () if row is None else (row.estimate, row.conf_low, row.conf_high)
    if row is None or not all(math.isfinite(number) for number in numbers):
        return "missing"
    none = 1.0 if row.measure in ("OR", "HR", "ratio") else 0.0
    if row.conf_high < none:
        return "inverse"
    return "positive" if row.conf_low > none else "unclear"


def lower_first(label: str) -> str:
    """Set a label within a sentence: its capital goes unless it begins an abbreviation."""
    if len(label) > 1 and label[0].isupper() and label[1].islower():
        return label[0].lower() + label[1:]
    return label


def upper_first(label: str) -> str:
    """Set a label at the start of a sentence."""
    return label[:1].upper() + label[1:]


def model_words(label: str) -> str:
    """Name a model within a sentence: ``the full model``, ``model 2``."""
    name = lower_first(label)
    return name if "model" in name.lower() else f"the {name} model"


def plural(number: int, one: str, many: str = "") -> str:
    """Put a number before its noun: ``1 table``, ``3 tables``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def group_noun(groups: int) -> str:
    """Name a group when there are so many of equal size."""
    names = {2: "half", 3: "tertile", 4: "quartile", 5: "quintile", 10: "decile"}
    return names.get(groups, "group")
