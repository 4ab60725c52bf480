"""The section on the main exposure together with a measure that may modify its association."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from analysis.reporting import modifier_figures, tables, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Group,
    Heading,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.other_exposures import noted
from analysis.reporting.sentences import SETTLED
from analysis.reporting.slopes import CURVED, slopes
from analysis.reporting.tables import number, words_cell

ADDITIVE = {
    "RERI": "Relative excess risk due to interaction (RERI)",
    "AP": "Attributable proportion (AP)",
    "S": "Synergy index (S)",
    "ratio_of_ORs": "Ratio of odds ratios",
}
"""Measures of interaction, in the order of their table."""

PRODUCT = "continuous"
"""Contrast of the test of the product of the exposure and its modifier as they are."""

BESIDE_CURVES = "product of the two beside a curve of each"
"""What that test is called where it stands alone."""

ADJUSTED = ", adjusted F"
"""Ends the contrast of a test of several products by Korn and Graubard's F."""


ADDED: Mapping[words.Direction, str] = {
    "inverse": "are less than additive together",
    "positive": "are more than additive together",
}
"""What an interval of the RERI says of the combination opposite to the reference."""

OPPOSITE = {"above": "below", "below": "above"}

BY_CUTS = "by cuts"
"""Contrast of joint groups by cuts that the study fixes."""

FAMILIES = (
    ("products of the groups by fixed cuts", re.compile(r"by cuts(, adjusted F)?")),
    ("products of groups", re.compile(r"(\d+x\d+) groups(, adjusted F)?")),
    ("products of the groups' medians", re.compile(r"(\d+x\d+) trend")),
    ("product of the two as straight lines", re.compile(r"continuous(, 1st to 99th .*)?")),
    ("the same beside a curve of each", re.compile(r"continuous, beside curves")),
)
"""Tests of one hypothesis by their contrasts, in the order in which they are told."""


def interactions(everything: Book, facts: RunFacts) -> list[Block]:
    """Show how far the main association depends on another measure, and the other way round.

    Parameters
    ----------
    everything : Book
        All results: slopes are of the exposure and of the modifier.
    facts : RunFacts
        For labels.

    Returns
    -------
    list of Block
        Empty for a study without interactions.
    """
    rows = [r for a in ("joint", "interaction") for r in everything.find(analysis=a)]
    names = distinct(row.stratum for row in rows)
    found: list[Block] = []
    for name in names:
        asked = next((i for i in facts.listed("interactions") if i.name == name), None)
        if len(names) > 1:
            found.append(Heading(asked.label if asked else name))
        found += _interaction(everything, facts, name, asked)
    return found


def title(facts: RunFacts) -> str:
    """Name the section: as the study names its one interaction."""
    asked = facts.listed("interactions")
    return str(asked[0].label) if len(asked) == 1 else "Interaction"


def _interaction(everything: Book, facts: RunFacts, name: str, asked: Any) -> list[Block]:
    where = modifier_figures.Pair(name, facts, getattr(asked, "modifier", name))
    tests = [
        row for row in everything.find(analysis="interaction", stratum=name)
        if row.measure == "p_interaction"
    ]  # fmt: skip
    joint = everything.find(analysis="joint", stratum=name)
    cuts = everything.find(analysis="cut_points", stratum=name, measure="cut_point")
    found: list[Block] = [Bullets(tuple(_sentences(everything, where, tests)))] if tests else []
    for contrast in distinct(row.contrast for row in joint):
        mine = [row for row in joint if row.contrast == contrast]
        ranges = _ranges(where, mine, [row for row in cuts if row.contrast == contrast])
        if contrast != BY_CUTS:
            found.append(modifier_figures.heat_map(where, mine, contrast, ranges))
        found.append(_joint_table(where, mine, contrast, ranges))
    if tests:
        found.append(_tests_table(where, tests, _products_by_cuts(joint)))
    found += _additive(everything, where, by_cuts=False)
    found += _additive(everything, where, by_cuts=True)
    found += slopes(everything, where)
    return found


def _sentences(everything: Book, where: modifier_figures.Pair, tests: Sequence[Row]) -> list[Text]:
    """Say for each outcome what the tests of interaction give, and what remains of it."""
    told = []
    for outcome in distinct(row.outcome for row in tests):
        mine = [row for row in tests if row.outcome == outcome and math.isfinite(row.p_value)]
        if not mine:
            continue
        start = f"{words.upper_first(where.facts.outcome(outcome))}: "
        families = [
            text(f"{name} ", listing(_told(row, form) for row, form in found))
            for name, pattern in FAMILIES
            if (found := [(r, form) for r in mine if (form := pattern.fullmatch(r.contrast))])
        ]
        known = [row for row in mine if any(p.fullmatch(row.contrast) for _, p in FAMILIES)]
        families += [_named(row) for row in mine if row not in known]
        remains = _remains(mine, where.facts.outcome_unit(outcome) == "")
        bends = _bends({row.contrast: row for row in mine})
        more = (_halves(everything, where, outcome), _additively(everything, where, outcome))
        told.append(text(start, _clauses(families), ". ", remains, bends, *more))
    return told


def _clauses(told: Sequence[Text]) -> Text:
    return text(*(text("; " if place else "", clause) for place, clause in enumerate(told)))


def _told(row: Row, form: re.Match[str]) -> Text:
    """Give one test of a family: what tells it from the others, and its P value."""
    named = _form(form)
    return text(f"{named} " if named else "", "(P\N{NO-BREAK SPACE}", words.p_of(row), ")")


def _form(form: re.Match[str]) -> str:
    """Say what tells a test from the others of its family."""
    named = " ".join(part for part in form.groups() if part).replace(ADJUSTED, "by the adjusted F")
    return _times(named.lstrip(", ").replace("1st to", "brought in to the 1st to"))


def _named(row: Row) -> Text:
    return text(f"{_product(row)} (P\N{NO-BREAK SPACE}", words.p_of(row), ")")


def _remains(tests: Sequence[Row], ratios: bool) -> Text:
    """Read tests of one hypothesis by the strictest version of each.

    They are not counted: all ask the same, and some ask it more strictly than others. The product
    of the intakes is read beside curves, and products of groups by the adjusted F, where the
    results have them.
    """
    names = {row.contrast for row in tests}
    below = [row for row in tests if row.p_value < SETTLED]
    strict = [row for row in below if not _stricter(row.contrast, names)]
    # The product in a model of means is a departure from adding, not from multiplying.
    what = "a multiplicative interaction" if ratios else "an interaction"
    if not below:
        return text(f"None of them finds {what}.")
    if not strict:
        return text(f"By the stricter version of each test nothing of {what} remains.")
    kept = _clauses([text(_kept(row)) for row in strict])
    return text(f"By the stricter version of each test {what} remains in: ", kept, ".")


def _kept(row: Row) -> str:
    """Name a test by what it multiplies and how: ``products of groups 3 x 3, adjusted F``."""
    for name, pattern in FAMILIES:
        form = pattern.fullmatch(row.contrast)
        if form is not None:
            own = BESIDE_CURVES if row.contrast == CURVED else name
            return f"{own} {_form(form)}".rstrip()
    return _product(row)


def _stricter(contrast: str, names: Collection[str]) -> bool:
    """Whether a stricter version of a test is among the tests."""
    lines = contrast.startswith(PRODUCT) and contrast != CURVED
    return f"{contrast}{ADJUSTED}" in names or (lines and CURVED in names)


def _bends(tests: Mapping[str, Row]) -> Text:
    """Warn where a product stands for what is bent: it is found only beside straight lines."""
    straight, curved = tests.get(PRODUCT), tests.get(CURVED)
    if straight is None or curved is None:
        return text()
    if not straight.p_value < SETTLED <= curved.p_value:
        return text()
    return text(
        " The product of the two (P\N{NO-BREAK SPACE}", words.p_of(straight), ") is no longer "
        "found once each has a curve of its own (P\N{NO-BREAK SPACE}", words.p_of(curved),
        "): a bend in one of them can look like an interaction.",
    )  # fmt: skip


def _product(row: Row) -> str:
    """Say what a test multiplies: ``3x3 groups`` with a sign of multiplication."""
    return _times(row.contrast)


def _times(name: str) -> str:
    return re.sub(r"(\d)x(\d)", "\\1\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}\\2", name)


def _halves(everything: Book, where: modifier_figures.Pair, outcome: str) -> Text:
    """Tell the ratio of odds ratios of halves where it excludes 1, which no test above tells."""
    for row in everything.find(
        analysis="interaction", stratum=where.name, outcome=outcome, measure="ratio_of_ORs"
    ):
        if row.contrast != BY_CUTS and words.direction(row) in ADDED:
            start = " With each cut at its median, the ratio of odds ratios is "
            return text(start, words.with_interval(row), ", which excludes 1.")
    return text()


def _additively(everything: Book, where: modifier_figures.Pair, outcome: str) -> Text:
    """Read the RERI: whether both together do more or less than the sum of each."""
    found = everything.find(
        analysis="interaction", stratum=where.name, outcome=outcome, measure="RERI"
    )
    told = [
        text(
            f" {_added(where, row)}",
            # What the medians say and what other cuts say may differ.
            "" if len(found) == 1 else f", {_cut(row)}",
            " (RERI ", words.estimate(row), ", 95% CI ", words.limits(row), ").",
        )
        for row in found
        if words.direction(row) != "missing"
    ]  # fmt: skip
    return text(*told)


def _added(where: modifier_figures.Pair, row: Row) -> str:
    """Say which combination is more or less than additive: that opposite to the reference."""
    said = ADDED.get(words.direction(row))
    if said is None:
        return "No interaction on the additive scale is shown"
    first, _, second = row.reference.partition(", ")
    if first not in OPPOSITE or second not in OPPOSITE:
        return f"The two {said}"
    both = _combination(where, f"{OPPOSITE[first]}, {OPPOSITE[second]}")
    return f"{words.upper_first(both)} {said}"


def _cut(row: Row) -> str:
    return "by fixed cuts" if row.contrast == BY_CUTS else "cut at the medians"


def _ranges(where: modifier_figures.Pair, rows: Sequence[Row], cuts: Sequence[Row]) -> Text:
    """Say where the groups of both intakes end; nothing where the results do not tell."""
    told = []
    for measure, levels in (
        (where.exposure_measure, distinct(row.level for row in rows)),
        (where.modifier_measure, distinct(row.stratum_level for row in rows)),
    ):
        mine = [row for row in cuts if row.exposure == measure]
        if len(mine) == len(levels) - 1:
            ends = zip(levels, mine, strict=False)
            up_to = listing((text(f"{s} to ", words.short_estimate(r)) for s, r in ends), last=", ")
            label, unit = where.facts.label(measure), where.facts.unit(measure)
            told.append(text(f"{label}, {unit}: ", up_to, f", {levels[-1]} above"))
    return text(listing(told, last="; "), ".") if told else text()


def _joint_table(
    where: modifier_figures.Pair, rows: Sequence[Row], contrast: str, ranges: Text
) -> Table:
    """Tabulate the joint groups: a row a group of the modifier, a column one of the exposure."""
    levels = distinct(row.level for row in rows)
    groups = []
    for outcome in distinct(row.outcome for row in rows):
        body: list[tuple[Cell, ...]] = []
        for other in distinct(row.stratum_level for row in rows):
            mine = {
                row.level: row
                for row in rows
                if row.outcome == outcome and row.stratum_level == other
            }
            body.append((words_cell(other), *(_estimate(mine.get(s)) for s in levels)))
            sizes = (number(words.events_of(mine[s]) if s in mine else words.NONE) for s in levels)
            body.append((words_cell(f"{other}, {_sizes(rows, outcome)}"), *sizes))
        unit = where.facts.outcome_unit(outcome)
        label = f"{where.facts.outcome(outcome)}{f': difference, {unit}' if unit else ''}"
        groups.append(Group(tuple(body), text(label)))
    model = words.model_words(where.facts.model(rows[0].model))
    by_cuts = contrast == BY_CUTS
    against = "the reference" if by_cuts else "the lowest of both"
    return Table(
        key=f"joint-{where.key}-{contrast.replace(' ', '-')}",
        caption=text(
            f"Joint groups of {where.exposure} (columns) and {where.modifier} (rows): "
            f"{tables.estimates_of(rows)} (95% CI) against {against}; covariates of {model} "
            "without these two"
        ),
        head=(
            (
                Cell(text(where.facts.label(where.modifier_measure))),
                *(Cell(text(level), number=True) for level in levels),
            ),
        ),
        groups=tuple(groups),
        notes=(
            text("Groups are by cuts that the study fixes" if by_cuts else
                 "Groups are those of the weighted quantiles in the cohort, lowest first",
                 "; events and n are unweighted."),
            *([ranges] if ranges else []),
            *noted(rows, lambda row: f"{row.level} of {where.exposure} with {row.stratum_level} "
                                     f"of {where.modifier}"),
        ),
    )  # fmt: skip


def _sizes(rows: Sequence[Row], outcome: str) -> str:
    counted = any(math.isfinite(row.events) for row in rows if row.outcome == outcome)
    return "events / n" if counted else "n"


def _estimate(row: Row | None) -> Cell:
    if row is None:
        return number(words.NONE)
    if modifier_figures.is_reference(row):
        return number(f"{'1' if row.measure == 'OR' else '0'} (reference)")
    return number(words.with_interval(row))


def _products_by_cuts(joint: Sequence[Row]) -> int:
    """Count the products of groups by fixed cuts; 0 without such groups."""
    rows = [row for row in joint if row.contrast == BY_CUTS]
    exposure, modifier = ({getattr(r, key) for r in rows} for key in ("level", "stratum_level"))
    return (len(exposure) - 1) * (len(modifier) - 1) if rows else 0


def _tests_table(where: modifier_figures.Pair, tests: Sequence[Row], by_cuts: int) -> Table:
    body = [
        Group(
            tuple(
                (
                    words_cell(words.upper_first(_product(row))),
                    number(_digits(row, "statistic", 2)),
                    number(_numerator(row, by_cuts)),
                    number(_digits(row, "df", 0)),
                    number(words.p_of(row, cell=True)),
                )
                for row in tests
                if row.outcome == outcome
            ),
            text(where.facts.outcome(outcome)),
        )
        for outcome in distinct(row.outcome for row in tests)
    ]
    return Table(
        key=f"interaction-tests-{where.key}",
        caption=text(
            f"Tests of interaction of {where.exposure} with {where.modifier}"
        ),
        head=(tables.head("Product of", "Wald F", "Numerator df", "Denominator df", "P"),),
        groups=tuple(body),
        notes=(
            text(
                "Wald tests of the products beside all main terms: on odds ratios of a departure "
                "from multiplying, on means from adding."
            ),
            *(
                [text("Adjusted F (Korn and Graubard 1990) allows for the few sampling units from "
                      "which the covariance of several products is estimated.")]
                if any(row.contrast.endswith(ADJUSTED) for row in tests) else []
            ),
            *noted(tests, lambda row: f"{where.facts.outcome(row.outcome)}, {row.contrast}"),
        ),
        series="supporting",
    )  # fmt: skip


def _numerator(row: Row, by_cuts: int) -> str:
    """Give how many products a test is of: (k - 1)(k - 1) for k by k groups, else one.

    `by_cuts` is the number of those of groups by fixed cuts.
    """
    if not math.isfinite(row.statistic):
        return words.NONE
    if fewer := re.match(r"of (\d+) products", row.note):
        return fewer[1]
    if row.contrast.startswith(BY_CUTS):
        return str(by_cuts)
    groups = re.match(r"(\d+)x(\d+) groups", row.contrast)
    return str((int(groups[1]) - 1) * (int(groups[2]) - 1)) if groups else "1"


def _digits(row: Row, column: str, decimals: int) -> Any:
    value = getattr(row, column)
    if not math.isfinite(value):
        return words.NONE
    return modifier_figures.value_of(row, words.fixed(value, decimals), column)


def _additive(everything: Book, where: modifier_figures.Pair, *, by_cuts: bool) -> list[Block]:
    rows = [
        row for row in everything.find(analysis="interaction", stratum=where.name)
        if row.measure in ADDITIVE and (row.contrast == BY_CUTS) == by_cuts
    ]  # fmt: skip
    if not rows:
        return []
    outcomes = distinct(row.outcome for row in rows)
    body = []
    for measure, label in ADDITIVE.items():
        found = {row.outcome: row for row in rows if row.measure == measure}
        if found:
            cells = (
                number(words.with_interval(found[o]) if o in found else words.NONE)
                for o in outcomes
            )
            body.append((words_cell(label), *cells))
    note = (
        "RERI and AP are 0, and S is 1, where the two act additively; the ratio of odds ratios is "
        "1 where they act multiplicatively. Odds ratios stand for risk ratios; they lie farther "
        "from 1 where the outcome is common."
    )
    return [
        Table(
            key=f"interaction-measures-{where.key}{'-by-cuts' if by_cuts else ''}",
            caption=text(
                f"Measures of interaction of {where.exposure} with {where.modifier}, "
                f"{'by fixed cuts' if by_cuts else 'each cut at its median'} (95% CI)"
            ),
            head=(
                (
                    Cell(text("Measure")),
                    *(Cell(text(where.facts.outcome(o)), number=True) for o in outcomes),
                ),
            ),
            groups=(
                *(() if by_cuts else _combinations(everything, where, outcomes)),
                Group(tuple(body)),
            ),
            notes=(
                *(() if by_cuts else _references(where, rows)),
                *(() if by_cuts else [text("A value at the median counts as below it.")]),
                text(note),
                *noted(rows, lambda row: f"{where.facts.outcome(row.outcome)}, {row.measure}"),
            ),
        )
    ]


def _references(where: modifier_figures.Pair, rows: Sequence[Row]) -> list[Text]:
    """Name the combination of lowest risk, with which the others are compared, by outcome."""
    lowest = {row.outcome: row.reference for row in rows if row.reference}
    what = "the combination of lowest risk, with which the others are compared, is"
    told = []
    for reference in distinct(lowest.values()):
        outcomes = [outcome for outcome in lowest if lowest[outcome] == reference]
        names = listing(words.lower_first(where.facts.outcome(outcome)) for outcome in outcomes)
        named = words.upper_first(names.plain)
        told.append(text(f"{named}: {what} {_combination(where, reference)}."))
    return told


def _combination(where: modifier_figures.Pair, name: str) -> str:
    """Say ``below, above`` in words: where each of the two stands to its median."""
    first, _, second = name.partition(", ")
    return f"{where.exposure} {first} and {where.modifier} {second} the median"


def _combinations(
    everything: Book, where: modifier_figures.Pair, outcomes: Sequence[str]
) -> list[Group]:
    """Give the odds ratios of the combinations that the measures are made of."""
    rows = everything.find(analysis="interaction", stratum=where.name, measure="OR")
    body = []
    for level in distinct(row.level for row in rows):
        found = {row.outcome: row for row in rows if row.level == level}
        label = words.upper_first(_combination(where, level))
        body.append((words_cell(label), *(_joined(found.get(o)) for o in outcomes)))
    return [Group(tuple(sorted(body, key=lambda cells: cells[0].text.plain)))] if body else []


def _joined(row: Row | None) -> Cell:
    if row is not None and row.level == row.reference:
        return number("1 (reference)")
    return number(words.with_interval(row) if row else words.NONE)
