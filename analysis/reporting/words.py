"""Numbers and names as journals print them.

Every function takes a plain number and gives text; the ones that take a row give a `Value` that
remembers where its number stands in results.csv.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from analysis import printing
from analysis.cohort.measure import Measure
from analysis.printing import MINUS, NONE, apart, fixed, ratio
from analysis.reporting.book import Row
from analysis.reporting.document import Part, Value, text

NBSP = "\N{NO-BREAK SPACE}"
DASH = "\N{EN DASH}"

GROUP_NOUNS = {
    2: "half", 3: "tertile", 4: "quartile", 5: "quintile", 6: "sixth", 7: "seventh", 8: "eighth",
    9: "ninth", 10: "decile",
}  # fmt: skip

PERCENTAGES = ("proportion", "unweighted_proportion", "missing_share")
"""Measures that are printed as percentages."""

RECALLED = ("dietary_day_1", "dietary_two_days")
"""Subsamples of what people told that they ate on one day or two."""

NAMES = ("Hispanic", "Mexican", "Asian", "American")
"""Words that keep their capital within a sentence."""

Direction = Literal["inverse", "positive", "unclear", "missing"]


def count(number: float) -> str:
    """Whole number with thousands separated by commas."""
    return NONE if not math.isfinite(number) else f"{round(number):,}"


def people(number: float) -> str:
    """Sum of weights: millions with one decimal where there are any."""
    if not math.isfinite(number):
        return NONE
    return f"{number / 1e6:,.1f} million" if number >= 1e6 else count(number)


def weightless(weight: float) -> bool:
    """Whether a sum of weights is none at all: people without a sample weight."""
    return math.isfinite(weight) and abs(weight) < 0.5


def percent(share: float) -> str:
    """Proportion as a percentage with one decimal, without the sign."""
    return fixed(100 * share, 1)


def p_value(p: float) -> str:
    """P value with its relation, as `printing.p_value`; the space between does not break."""
    return printing.p_value(p).replace(" ", NBSP)


def p_cell(p: float) -> str:
    """P value for a column that is headed P: as `p_value`, without the equals sign."""
    return p_value(p).replace(NBSP, "").removeprefix("=")


def decimals_for(half_width: float) -> int:
    """Decimals for an estimate, from half the width of its interval."""
    if not math.isfinite(half_width) or half_width <= 0:
        return 1
    return min(max(1 - math.floor(math.log10(half_width)), 1), 6)


def interval(low: str, high: str) -> str:
    """Limits joined by an en dash, or by ``to`` where one is negative."""
    return f"{low} to {high}" if MINUS in low + high else f"{low}{DASH}{high}"


def decimals_of(row: Row) -> int | None:
    """Decimals that the width of a row's interval asks for; None where the measure settles it."""
    if row.measure in printing.RATIOS or row.measure in PERCENTAGES:
        return None
    decimals = decimals_for((row.conf_high - row.conf_low) / 2)
    if row.measure in ("RERI", "AP"):
        return max(decimals, 2)
    # A digit less of a mean, so that a column of means has one number of decimals as a rule.
    return max(decimals - 1, 1) if row.measure == "mean" else decimals


def even_decimals(rows: Iterable[Row]) -> int | None:
    """Decimals for estimates that stand together: the most any asks for, and one more at most.

    None where the measure settles them.
    """
    asked = [decimals for row in rows if (decimals := decimals_of(row)) is not None]
    return min(max(asked), min(asked) + 1) if asked else None


def _printed(row: Row, decimals: int | None = None) -> Callable[[float], str]:
    if row.measure in printing.RATIOS:
        return ratio
    if row.measure in PERCENTAGES:
        return percent
    shown = (decimals_of(row) or 0) if decimals is None else decimals
    if row.measure in ("RERI", "AP", "difference"):
        return lambda number: apart(number, 0.0, shown)
    return lambda number: fixed(number, shown)


def estimate(row: Row, decimals: int | None = None) -> Part:
    """Print the estimate alone, in the form that its measure asks for."""
    printed = _printed(row, decimals)(row.estimate)
    return printed if printed == NONE else Value(printed, row.row, ("estimate",))


def value(row: Row | None, form: Callable[[float], str], column: str = "estimate") -> Part:
    """Print one number of a row in a form of the caller's; a dash where there is none."""
    number = math.nan if row is None else getattr(row, column)
    if row is None or not math.isfinite(number):
        return NONE
    return Value(form(number), row.row, (column,))


def short(number: float) -> str:
    """Print at most one decimal, and none for a whole number."""
    return fixed(number, 1).removesuffix(".0")


def short_estimate(row: Row) -> Part:
    """Print an estimate that is a value of a measure: ``189``, ``257.9``."""
    printed = short(row.estimate)
    return printed if printed == NONE else Value(printed, row.row, ("estimate",))


def limits(row: Row, decimals: int | None = None) -> Part:
    """Print the interval alone: ``0.46–0.82``, ``−1.2 to 3.4``, or a dash."""
    form = _printed(row, decimals)
    if not (math.isfinite(row.conf_low) and math.isfinite(row.conf_high)):
        return NONE
    printed = interval(form(row.conf_low), form(row.conf_high))
    return Value(printed, row.row, ("conf_low", "conf_high"))


def with_interval(row: Row, decimals: int | None = None) -> Part:
    """Estimate and interval as in a table: ``0.62 (0.46–0.82)``.

    `decimals`, where the measure leaves them open, are else those that the interval asks for.
    """
    form = _printed(row, decimals)
    if not math.isfinite(row.estimate):
        return NONE
    if not (math.isfinite(row.conf_low) and math.isfinite(row.conf_high)):
        return estimate(row, decimals)
    printed = f"{form(row.estimate)} ({interval(form(row.conf_low), form(row.conf_high))})"
    return Value(printed, row.row, ("estimate", "conf_low", "conf_high"))


def published(row: Row) -> Part:
    """Print the published estimate and interval of a row as its own: ``0.34 (0.21–0.56)``."""
    form = _printed(row)
    numbers = (row.published, row.published_low, row.published_high)
    if not math.isfinite(row.published):
        return NONE
    if not all(math.isfinite(number) for number in numbers):
        return Value(form(row.published), row.row, ("published",))
    middle, *ends = (form(number) for number in numbers)
    columns = ("published", "published_low", "published_high")
    return Value(f"{middle} ({interval(*ends)})", row.row, columns)


def shown(row: Row, decimals: int | None = None) -> str:
    """Print `with_interval` as plain text, for figures and descriptions."""
    return text(with_interval(row, decimals)).plain


def counted(row: Row, column: Literal["n", "events", "estimate"] = "n") -> Part:
    """Print a count out of a row."""
    number = getattr(row, column)
    return Value(count(number), row.row, (column,)) if math.isfinite(number) else NONE


def share_of(row: Row) -> Part:
    """Print a share of a number of things, in whole per cent with the sign."""
    printed = printing.share(row.estimate)
    return printed if printed == NONE else Value(printed, row.row, ("estimate",))


def as_ratio(row: Row) -> Part:
    """Print an estimate as a ratio, where the measure does not say that it is one."""
    printed = ratio(row.estimate)
    return printed if printed == NONE else Value(printed, row.row, ("estimate",))


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
    none = 1.0 if row.measure in printing.RATIOS else 0.0
    if row.conf_high < none:
        return "inverse"
    return "positive" if row.conf_low > none else "unclear"


def lower_first(label: str) -> str:
    """Set a label within a sentence: without its capital, but for abbreviations and names."""
    if label.startswith(NAMES):
        return label
    if len(label) > 1 and label[0].isupper() and label[1].islower():
        return label[0].lower() + label[1:]
    return label


def in_sentence(label: str) -> str:
    """Set the label of a measure within a list: what follows its comma goes into brackets."""
    head, comma, rest = label.partition(", ")
    # A chemist's bracket in the middle of the name is in nobody's way.
    closed = head.count("(") == head.count(")")
    free = bool(comma) and closed and not head.endswith(")") and "(" not in rest
    return lower_first(f"{head} ({rest})" if free else label)


def trend_label(groups: int) -> str:
    """Name the P value over the groups; of two groups it is that of their one contrast."""
    return "P" if groups == 2 else "P for trend"


def singular(told: str) -> str:
    """Put what there is one of in the singular: ``per 1 points`` becomes ``per 1 point``."""
    return re.sub(r"(?<![\d.,])1 ([a-z]{2,})s\b(?!/)", r"1 \1", told)


def upper_first(label: str) -> str:
    """Set a label at the start of a sentence."""
    return label[:1].upper() + label[1:]


def model_words(label: str) -> str:
    """Name a model within a sentence: ``the full model``, ``model 2``, ``the model “A and B”``."""
    name = model_name(label)
    if name.startswith("“"):
        return f"the model {name}"
    if name.lower().startswith("model "):
        return name
    return f"the {name}" if name.lower().endswith(" model") else f"the {name} model"


def model_name(label: str) -> str:
    """Give a model's label within a sentence; one of several words stands in quotes."""
    several = len(label.split()) > 1 and not re.fullmatch(r"(?i)model \S+|\S+ model", label)
    return f"“{label}”" if several else lower_first(label)


def plural(number: int, one: str, many: str = "") -> str:
    """Put a number before its noun: ``1 table``, ``3 tables``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def nth(number: int) -> str:
    """Print a place in an order: ``1st``, ``12th``, ``4,343rd``."""
    teen = number % 100 in (11, 12, 13)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(0 if teen else number % 10, "th")
    return f"{number:,}{ending}"


def cycles_words(cycles: Sequence[str], last: str = " and ") -> str:
    """Name cycles by the spans of years that they cover without a gap.

    Parameters
    ----------
    cycles : sequence of str
        Such as ``"2001-2002"``, in any order.
    last : str
        Between the last two of a list.

    Returns
    -------
    str
        ``2001–2006``, or ``2001–2002 and 2005–2008``.
    """
    spans: list[tuple[int, int]] = []
    for first, final in sorted((int(cycle[:4]), int(cycle[-4:])) for cycle in cycles):
        if spans and first == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], final)
        else:
            spans.append((first, final))
    told = [f"{first}{DASH}{final}" for first, final in spans]
    return last.join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def is_intake(measure: Measure) -> bool:
    """Whether a measure tells what people eat or take: how much, how it compares, or whether."""
    told = measure.subsample in RECALLED and not measure.name.startswith("recall_status")
    return told or "supplement" in measure.name


def of_the_lowest(users: bool, groups: int = 0) -> str:
    """Say whom the highest group is compared with: ``the lowest``, or those who take none."""
    if users:
        return "those who take none"
    return "the lower" if groups == 2 else "the lowest"


def the_highest(users: bool, groups: int = 0) -> str:
    """Name the group with most: of two it is the higher one."""
    return "the higher" if groups == 2 and not users else "the highest"


def group_noun(groups: int) -> str:
    """Name a group when there are so many of equal size."""
    return GROUP_NOUNS.get(groups, "group")


def group_nouns(groups: int) -> str:
    """Name the groups when there are so many of equal size."""
    return "halves" if groups == 2 else f"{group_noun(groups)}s"


def group_noun_of(exposure: Any) -> str:
    """Name a group of an exposure; those between given values are just groups."""
    return group_noun(0 if getattr(exposure, "cuts", ()) else getattr(exposure, "groups", 0))


def group_nouns_of(exposure: Any) -> str:
    """Name the groups of an exposure."""
    return group_nouns(0 if getattr(exposure, "cuts", ()) else getattr(exposure, "groups", 0))
