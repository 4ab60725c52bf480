"""The report across cycles: the main association in each, pooled, and trends over the years."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from analysis.reporting import abbreviations, methods, sections, words
from analysis.reporting.across_figures import (
    POOLED,
    cycle_words,
    estimates,
    forest_figure,
)
from analysis.reporting.across_trends import trends
from analysis.reporting.across_words import limitations, methods_across
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Details,
    Group,
    KeyFact,
    KeyFacts,
    Paragraph,
    Report,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.evenly import evenly
from analysis.reporting.facts import RunFacts
from analysis.reporting.sources import sources_of
from analysis.reporting.tables import head, number, words_cell
from analysis.reporting.words import value


def build(results: pd.DataFrame, facts: RunFacts) -> Report:
    """Put the report together.

    Parameters
    ----------
    results : DataFrame
        In the form of `analysis.models.results`, from `analysis.models.across`.
    facts : RunFacts
        Of the study taken to all cycles.

    Returns
    -------
    Report
    """
    book = Book(results)
    parts: tuple[tuple[str, str, list[Block]], ...] = (
        ("answer", "The answer", _answer(book, facts)),
        ("cycles", "Cycle by cycle", _cycles(book, facts)),
        ("heterogeneity", "Do the cycles agree?", _heterogeneity(book, facts)),
        ("intake", "Intake over the years", trends(book, facts, outcomes=False)),
        ("outcomes", "Outcomes over the years", trends(book, facts, outcomes=True)),
        ("methods", "Methods", methods_across(book, facts)),
        ("checks", "How the data were checked", sections.checked(facts)),
        ("limitations", "Limitations", [Bullets(tuple(limitations(book, facts)))]),
        ("abbreviations", abbreviations.TITLE, []),
        ("references", "References", []),
        ("provenance", "Versions and hashes", sections.provenance(facts)),
    )
    made = evenly(sections.with_lists(parts, facts), book)
    artificial = " (artificial data)" if facts.synthetic else ""
    moved = f", NHANES {words.cycles_words(facts.cycles)}" if facts.moved else ""
    title = f"{facts.study.title} — cycle by cycle{moved}{artificial}"
    exposure = words.lower_first(facts.label(facts.exposure.measure))
    question = (
        f"{facts.study.question} Is it so in each cycle, and how did {exposure} and the outcomes "
        "move over the years?"
    )
    sources = sources_of(made, results, facts)
    return Report(title, question, facts.synthetic, made, sources=sources)


def outcomes_of(book: Book, facts: RunFacts, *, main: bool) -> list[str]:
    """Name the outcomes that are main ones, or the others."""
    named = distinct(row.outcome for row in book.find(analysis="cycle") if row.outcome)
    return [name for name in named if facts.is_main(name) == main]


def _one(book: Book, outcome: str, stratum: str, *, highest: bool = True) -> Row | None:
    rows = estimates(book, [outcome], highest=highest)
    return next((row for row in rows if row.stratum == stratum), None)


# The answer


def _answer(book: Book, facts: RunFacts) -> list[Block]:
    found: list[Block] = []
    if facts.synthetic:
        found.append(Paragraph(text(sections.ARTIFICIAL), "warning"))
    for outcome in outcomes_of(book, facts, main=True):
        found.append(Paragraph(_answered(book, facts, outcome), "lead"))
    people = book.find(analysis="flow", measure="remaining")[-1]
    spell = words.cycles_words(facts.cycles, ", ")
    told = [
        KeyFact("Participants", text(words.counted(people, "estimate"))),
        KeyFact("NHANES", text(spell), text(words.plural(len(facts.cycles), "cycle"))),
        KeyFact("Weight of all cycles", *methods.weight_fact(facts)),
    ]
    units = f"{facts.n_psu:,} in {words.plural(facts.n_strata, 'stratum', 'strata')}"
    told.append(KeyFact("Sampling units", text(units)))
    return [*found, KeyFacts(tuple(told))]


def _answered(book: Book, facts: RunFacts, outcome: str) -> Text:
    rows = [r for r in estimates(book, [outcome], highest=True) if r.stratum == "cycle"]
    whole, random = _one(book, outcome, "one model"), _one(book, outcome, "random effects")
    known = [row for row in rows if math.isfinite(row.estimate)]
    name = words.upper_first(facts.outcome(outcome))
    if whole is None or not known:
        return text(f"{name}: no cycle has an estimate.")
    unit = f" {facts.outcome_unit(outcome)}".rstrip()
    what = "odds ratio" if whole.measure == "OR" else "difference"
    exposure = words.lower_first(facts.label(facts.exposure.measure))
    noun = words.group_noun(facts.exposure.groups)
    told = text(
        f"{name}, highest {noun} of {exposure} ({whole.level}) against "
        f"{words.of_the_lowest(facts.users)}: {what} ",
        words.with_interval(whole), f"{unit} in one model of all cycles",
    )  # fmt: skip
    if random is not None and math.isfinite(random.estimate):
        told += text(" and ", words.with_interval(random), " with random effects over the cycles")
    return told + text(". ", _sides(rows, known), _agreement(book, outcome))


def _sides(rows: Sequence[Row], known: Sequence[Row]) -> str:
    """Count the cycles on the side of most, and those whose interval excludes no association."""
    none = 1.0 if known[0].measure == "OR" else 0.0
    below = [row for row in known if row.estimate < none]
    side, mine = ("below", below)
    if len(below) * 2 < len(known):
        side, mine = "above", [row for row in known if row.estimate > none]
    want = "inverse" if side == "below" else "positive"
    clear = sum(words.direction(row) == want for row in mine)
    told = (
        f"It lies {side} {none:g} in {len(mine)} of {words.plural(len(known), 'cycle')}, with the "
        f"whole interval in {'all' if clear == len(known) else clear or 'none'}"
    )
    without = len(rows) - len(known)
    return told + (f"; {without} without an estimate. " if without else ". ")


def _agreement(book: Book, outcome: str) -> Text:
    """Judge by both tests: of the cycles' own models, and of one model of all."""
    own, one = (_wald(book, outcome, " vs ", own=each) for each in (True, False))
    i2 = _measured(book, outcome, "I2", highest=True)
    tests = [test for test in (own, one) if test is not None and math.isfinite(test.p_value)]
    if not tests:
        return text()
    differ = {test.p_value < 0.05 for test in tests}
    said = {
        frozenset({True}): "The cycles differ",
        frozenset({False}): "The cycles are not shown to differ",
    }.get(frozenset(differ), "Whether the cycles differ depends on the test")
    told = [
        text(words.p_of(test), " by the cycles' own models" if test is own else " in one model")
        for test in tests
    ]
    found = text(said, " (P for heterogeneity\N{NO-BREAK SPACE}", listing(told))
    if i2 is not None and math.isfinite(i2.estimate):
        found += text("; I²\N{NO-BREAK SPACE}", value(i2, words.percent), "%")
    return found + ")."


OWN = ", covariates x cycle"
"""Ends the contrast of a test by the cycles' own models."""


def _wald(book: Book, outcome: str, kind: str, *, own: bool = False) -> Row | None:
    rows = book.find(analysis="heterogeneity", outcome=outcome, measure="p_heterogeneity")
    rows = [row for row in rows if row.contrast.endswith(OWN) == own]
    return next((row for row in rows if kind in row.contrast), None)


def _measured(book: Book, outcome: str, measure: str, *, highest: bool) -> Row | None:
    rows = book.find(analysis="heterogeneity", outcome=outcome, measure=measure)
    return next((row for row in rows if bool(row.level) == highest), None)


# Cycle by cycle


def _cycles(book: Book, facts: RunFacts) -> list[Block]:
    found: list[Block] = []
    for measure, end in (("OR", ""), ("difference", "_linear")):
        mine = _of_measure(book, outcomes_of(book, facts, main=True), measure)
        if mine:
            found.append(forest_figure(book, facts, mine, f"by_cycle{end}", highest=True))
    main, further = (outcomes_of(book, facts, main=each) for each in (True, False))
    found.append(_cycle_table(book, facts, main, "by-cycle"))
    found += _refused(book)
    for measure, end in (("OR", ""), ("difference", "_linear")):
        mine = _of_measure(book, main, measure)
        if mine:
            drawn = forest_figure(book, facts, mine, f"by_cycle_unit{end}", highest=False)
            contrast = next(row.contrast for row in estimates(book, mine, highest=False))
            what = "Odds ratios" if measure == "OR" else "Differences"
            found.append(Details(f"{what} {contrast}, by cycle", (drawn,)))
    if further:
        shown = _cycle_table(book, facts, further, "by-cycle-further")
        found.append(Details("Further outcomes by cycle", (shown,)))
    return found


def _of_measure(book: Book, outcomes: Sequence[str], measure: str) -> list[str]:
    ratio = {row.outcome: row.measure for row in book.find(analysis="pooled", stratum="one model")}
    return [name for name in outcomes if ratio.get(name) == measure]


def _cycle_table(book: Book, facts: RunFacts, outcomes: Sequence[str], key: str) -> Table:
    groups = [_outcome_group(book, facts, outcome) for outcome in outcomes]
    whole = book.find(analysis="pooled", stratum="one model")
    highest = next(row for row in whole if row.level)
    unit = next(row for row in whole if not row.level)
    columns = (
        f"Events / n in {highest.level}", f"{highest.level} against {highest.reference}",
        "By the cycle's own cut points", unit.contrast[:1].upper() + unit.contrast[1:],
        "Share, fixed", "Share, random",
    )  # fmt: skip
    exposure = words.lower_first(facts.label(facts.exposure.measure))
    return Table(
        key=key,
        caption=text(
            f"{words.upper_first(exposure)}: odds ratios or differences (95% confidence "
            f"intervals) by cycle, {words.model_words(facts.model(highest.model))}"
        ),
        head=((*head("Cycle"), *head(*columns, number_from=0)),),
        groups=tuple(groups),
        notes=(
            text(
                "Groups are cut at the quantiles of all cycles together, but in the column that "
                "says otherwise, which is what the study gives when it is run on the cycle alone. "
                "Shares, in per cent, are those of the weights with which the cycles' estimates "
                "are combined. Events and people are unweighted."
            ),
            *_notes(book, outcomes),
        ),
        series="main" if key == "by-cycle" else "supporting",
    )


def _outcome_group(book: Book, facts: RunFacts, outcome: str) -> Group:
    rows = estimates(book, [outcome], highest=True)
    unit = estimates(book, [outcome], highest=False)
    body = []
    for row in rows:
        if row.stratum != "cycle":
            if math.isfinite(row.estimate):
                body.append(_pooled_line(row, unit))
            continue
        own = book.one(
            analysis="cycle", stratum="cycle, own cut points", outcome=outcome,
            stratum_level=row.stratum_level,
        )  # fmt: skip
        per = next((each for each in unit if each.stratum_level == row.stratum_level), None)
        shares = [
            book.one(
                analysis="pooled", stratum=stratum, stratum_level=row.stratum_level,
                outcome=outcome, measure="share", level=row.level,
            )
            for stratum in ("fixed effect", "random effects")
        ]  # fmt: skip
        body.append(
            (
                words_cell(cycle_words(row.stratum_level)),
                number(words.events_of(row)),
                *(number(words.with_interval(r) if r else words.NONE) for r in (row, own, per)),
                *(number(value(share, words.percent)) for share in shares),
            )
        )
    unit_words = facts.outcome_unit(outcome)
    name = facts.outcome(outcome)
    return Group(tuple(body), label=text(f"{name}, {unit_words}" if unit_words else name))


def _pooled_line(row: Row, unit: Sequence[Row]) -> tuple[Cell, ...]:
    per = next((each for each in unit if each.stratum == row.stratum), None)
    sizes = words.events_of(row) if row.stratum == "one model" else ""
    return (
        words_cell(POOLED[row.stratum].replace(" ", words.NBSP)),
        number(sizes),
        number(words.with_interval(row)),
        number(""),
        number(words.with_interval(per) if per is not None else words.NONE),
        number(""),
        number(""),
    )


def _notes(book: Book, outcomes: Sequence[str]) -> list[Text]:
    """Say why a cycle has no estimate, or one that may be far off."""
    rows = [row for row in book.find(analysis="cycle") if row.outcome in outcomes and row.note]
    reasons = distinct((row.stratum_level, row.note) for row in rows)
    return [text(f"{cycle_words(cycle)}: {reason}.") for cycle, reason in reasons]


def _refused(book: Book) -> list[Block]:
    rows = [row for row in book.find(analysis="cycle") if not row.outcome]
    if not rows:
        return []
    told = []
    for reason in distinct(row.note for row in rows):
        cycles = [row.stratum_level for row in rows if row.note == reason]
        told.append(text(f"{words.cycles_words(cycles)}: {reason}."))
    lead = f"In {words.plural(len(rows), 'other cycle')} the study cannot be run:"
    return [Paragraph(text(lead)), Bullets(tuple(told))]


# Heterogeneity


def _heterogeneity(book: Book, facts: RunFacts) -> list[Block]:
    main, further = (outcomes_of(book, facts, main=each) for each in (True, False))
    found: list[Block] = [_heterogeneity_table(book, facts, main, "heterogeneity-table")]
    if further:
        shown = _heterogeneity_table(book, facts, further, "heterogeneity-further")
        found.append(Details("Further outcomes", (shown,)))
    return found


def _heterogeneity_table(book: Book, facts: RunFacts, outcomes: Sequence[str], key: str) -> Table:
    groups = []
    for outcome in outcomes:
        body = []
        for highest in (True, False):
            q = _measured(book, outcome, "Q", highest=highest)
            kind = " vs " if highest else "per "
            own, one = (_wald(book, outcome, kind, own=each) for each in (True, False))
            if own is None and one is None:
                continue
            spread = [_measured(book, outcome, name, highest=highest) for name in ("I2", "tau2")]
            body.append(_spread_line((own, one, q), spread))
        trend = _wald(book, outcome, "trend")
        if trend is not None:
            empty = [number(words.NONE)] * 3
            p = number(words.p_of(trend, cell=True))
            body.append((words_cell("Trend over the groups"), number(words.NONE), p, *empty))
        groups.append(Group(tuple(body), label=text(facts.outcome(outcome))))
    columns = ("P, own models", "P, one model", "P, Cochran's Q", "I², % (95% CI)", "τ² (95% CI)")
    return Table(
        key=key,
        caption=text("Whether the association is the same in all cycles"),
        head=((*head("Estimate"), *head(*columns, number_from=0)),),
        groups=tuple(groups),
        notes=(
            text(
                "Own models: Wald F test that the cycles' separate models have the same "
                "association. One model: Wald F test of the products of the exposure with the "
                "cycles in one model, whose covariates have the same coefficients in all; where "
                "these changed over the years, it can take that for a change of the association. "
                "Cochran's Q refers the first to chi square, as if the cycles' standard errors "
                "were known, and is too ready to find a difference. τ² is the variance between "
                "the cycles' true values (log odds ratios or differences), I² its share of it and "
                "a typical cycle's sampling variance; with few cycles both are known poorly, as "
                "their intervals say."
            ),
        ),
        series="main" if key == "heterogeneity-table" else "supporting",
    )


def _spread_line(tests: Sequence[Row | None], spread: Sequence[Row | None]) -> tuple[Cell, ...]:
    named = next(test.contrast for test in tests if test is not None).removesuffix(OWN)
    i2, tau2 = spread
    return (
        words_cell(words.upper_first(named.removesuffix(" x cycle").replace(" vs ", " against "))),
        *(number(words.p_of(test, cell=True) if test else words.NONE) for test in tests),
        number(_ranged(i2, percent=True)),
        number(_ranged(tau2, percent=False)),
    )


def _ranged(row: Row | None, *, percent: bool) -> Text:
    form = words.percent if percent else (lambda number: f"{number:.3g}")
    if row is None or not math.isfinite(row.estimate):
        return text(words.NONE)
    low, high = (value(row, form, column) for column in ("conf_low", "conf_high"))
    return text(value(row, form), " (", low, words.DASH, high, ")")
