"""Sections on the study's other exposures, and on several outcomes in one model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from analysis.reporting import figures, panels, sentences, style, tables, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Details,
    Figure,
    Group,
    Paragraph,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import number, words_cell

ANALYSES = ("odds_ratio", "linear")


def other_exposures(everything: Book, facts: RunFacts) -> list[Block]:
    """Set the study's other exposures beside the main one.

    Parameters
    ----------
    everything : Book
        All results.
    facts : RunFacts
        The exposures and labels.

    Returns
    -------
    list of Block
        Empty for a study of one exposure.
    """
    present = [e for e in facts.exposures if _ends(everything, e)]
    if len(present) < 2:
        return []
    rows = [row for e in present for row in _ends(everything, e)]
    found: list[Block] = [Bullets(tuple(_sentences(everything, facts, present)))]
    found.append(_table(everything, facts, present, further=False))
    if any(row.measure == "OR" and facts.is_main(row.outcome) for row in rows):
        found.append(_figure(everything, facts, present))
    shown: list[Table] = []
    if any(not facts.is_main(row.outcome) for row in rows):
        shown.append(_table(everything, facts, present, further=True))
    for exposure in present[1:]:
        shown += _by_group(everything, facts, exposure)
    found.append(Details("Further outcomes, and every group and model of each", tuple(shown)))
    return found


def _ends(everything: Book, exposure: Any) -> list[Row]:
    """Rows of the highest group against the lowest, of every outcome and model."""
    book = everything.of(exposure.measure)
    rows = [row for analysis in ANALYSES for row in book.find(analysis=analysis) if row.exposure]
    last = {(row.outcome, row.model): row for row in rows if row.level != row.reference}
    return list(last.values())


def _fullest(rows: Sequence[Row], outcome: str, facts: RunFacts) -> list[Row]:
    """Rows of one outcome from the least to the most adjusted model."""
    order = {model.name: place for place, model in enumerate(facts.models)}
    mine = [row for row in rows if row.outcome == outcome]
    return sorted(mine, key=lambda row: order.get(row.model, len(order)))


def _sentences(everything: Book, facts: RunFacts, present: Sequence[Any]) -> list[Text]:
    """Say for each outcome which exposures are associated with it in their most adjusted model."""
    rows = {e.measure: _ends(everything, e) for e in present}
    told = []
    for outcome in [o.name for o in facts.main_outcomes]:
        last = {}
        for measure, ends in rows.items():
            mine = _fullest(ends, outcome, facts)
            if mine:
                last[measure] = mine[-1]
        if not last:
            continue
        clauses = []
        for way in _WAYS:
            found = [row for row in last.values() if words.direction(row) == way]
            if found:
                said = _said(way, found[0].measure)
                clauses.append(text(said, listing(_with_estimate(row, facts) for row in found)))
        name = words.upper_first(facts.outcome(outcome))
        parts = text(clauses[0], *(text("; ", clause) for clause in clauses[1:]))
        told.append(text(f"{name}: ", parts, "."))
    return told


_WAYS: tuple[words.Direction, ...] = ("inverse", "positive", "unclear", "missing")


def _said(way: words.Direction, measure: str) -> str:
    what = "odds" if measure == "OR" else "the mean"
    verb = "are" if measure == "OR" else "is"
    return {
        "inverse": f"{what} {verb} lower in the highest than in the lowest group of ",
        "positive": f"{what} {verb} higher in the highest than in the lowest group of ",
        "unclear": f"no difference in {what} is shown for ",
        "missing": "no estimate for ",
    }[way]


def _with_estimate(row: Row, facts: RunFacts) -> Text:
    name = words.in_sentence(facts.label(row.exposure))
    if not math.isfinite(row.estimate):
        return text(name)
    unit = f" {facts.outcome_unit(row.outcome)}".rstrip()
    around = text(", 95% CI ", words.limits(row)) if math.isfinite(row.conf_low) else text()
    return text(f"{name} (", words.estimate(row), unit, around, ")")


def _table(everything: Book, facts: RunFacts, present: Sequence[Any], *, further: bool) -> Table:
    groups = []
    outcomes = distinct(row.outcome for e in present for row in _ends(everything, e))
    known = [o.name for o in facts.study.outcomes if o.name in outcomes]
    rows: list[Row] = []
    for outcome in (o for o in known if facts.is_main(o) != further):
        body = []
        for exposure in present:
            mine = _fullest(_ends(everything, exposure), outcome, facts)
            if mine:
                rows.append(mine[-1])
                body.append(_line(everything, facts, exposure, mine))
        unit = facts.outcome_unit(outcome)
        label = f"{facts.outcome(outcome)}{f': difference, {unit}' if unit else ''}"
        groups.append(Group(tuple(body), text(label)))
    labels = (
        "Exposure", "Events / n, lowest", "Events / n, highest", "Least adjusted",
        "Most adjusted", "P for trend", "Per unit",
    )  # fmt: skip
    what = tables.estimates_of(rows)
    caption = f"Highest group of each exposure against its lowest: {what} (95% CI)"
    return Table(
        key=f"other-exposures-table{'-further' if further else ''}",
        caption=text(caption, ", further outcomes" if further else ""),
        head=(tables.head(*labels),),
        groups=tuple(groups),
        notes=_notes(rows, facts, present),
        series="supporting" if further else "main",
    )


def _line(
    everything: Book, facts: RunFacts, exposure: Any, mine: Sequence[Row]
) -> tuple[Cell, ...]:
    book, last = everything.of(exposure.measure), mine[-1]
    where = {"exposure": exposure.measure, "outcome": last.outcome, "model": last.model}
    low = book.one(analysis=last.analysis, level=last.reference, **where)
    trend = book.one(analysis="trend", measure="p_trend", **where)
    per = book.one(analysis="per_unit", **where)
    first = mine[0] if len(mine) > 1 else None
    return (
        words_cell(f"{facts.label(exposure.measure)}, {last.level} vs {last.reference}"),
        number(words.events_of(low) if low else words.NONE),
        number(words.events_of(last)),
        number(words.with_interval(first) if first else words.NONE),
        number(words.with_interval(last)),
        number(words.p_of(trend, cell=True) if trend else words.NONE),
        number(words.with_interval(per) if per else words.NONE),
    )


def _notes(rows: Sequence[Row], facts: RunFacts, present: Sequence[Any]) -> tuple[Text, ...]:
    """Name each exposure's most adjusted model, and what it is adjusted for."""
    notes = [text("Events and people are unweighted; P for trend and the estimate per unit are ",
                  "of the most adjusted model.")]  # fmt: skip
    last = {row.exposure: row.model for row in rows}
    for model in facts.models:
        of = [words.in_sentence(facts.label(m)) for m, name in last.items() if name == model.name]
        if of:
            terms = [words.in_sentence(facts.label(t)) for t in tables.term_names(model.terms)]
            adjusted = f"adjusted for {', '.join(terms)}" if terms else "not adjusted"
            notes.append(text(f"Most adjusted of {listing(of).plain}: {model.label}, {adjusted}."))
    units = listing(
        f"{words.singular(f'{e.per:g} {facts.unit(e.measure)}')} of "
        f"{words.in_sentence(facts.label(e.measure))}"
        for e in present
    )
    notes.append(text("Per unit: per ", units, "."))
    users = [e for e in present if getattr(e, "split", "everyone") == "users"]
    if users:
        names = listing(words.lower_first(facts.label(e.measure)) for e in users).plain
        notes.append(text(f"The lowest group of {names} (None) takes none of it."))
    return (*notes, *noted(rows, lambda row: facts.label(row.exposure)))


def noted(rows: Sequence[Row], name: Any) -> tuple[Text, ...]:
    """Give the notes of rows once each, with the rows that have them."""
    of: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            of.setdefault(row.note.rstrip("."), []).append(name(row))
    told = []
    for note, names in of.items():
        # Names that hold a comma of their own are no list by commas.
        apart = "; " if any(", " in name for name in names) else None
        joined = apart.join(distinct(names)) if apart else listing(distinct(names)).plain
        told.append(text(f"{joined}: {note}."))
    return tuple(told)


def _figure(everything: Book, facts: RunFacts, present: Sequence[Any]) -> Figure:
    key = "forest_exposures"
    rows = []
    for exposure in present:
        ends = _ends(everything, exposure)
        for outcome in (o.name for o in facts.main_outcomes):
            mine = [r for r in _fullest(ends, outcome, facts) if r.measure == "OR"]
            rows += mine[-1:]
    titles = {o: facts.outcome(o) for o in distinct(row.outcome for row in rows)}
    lines = [
        panels.Line(facts.label(e.measure), {r.outcome: r for r in rows if r.exposure == e.measure})
        for e in present
    ]
    what = "Odds ratios of the highest group of each exposure against its lowest"
    told = [
        f"{titles[row.outcome]}, {words.lower_first(facts.label(row.exposure))}: "
        f"{words.shown(row)}, "
        f"{figures.TELLING[words.direction(row)].format(none='1')}."
        for row in rows
    ]
    return Figure(
        key=key,
        caption=text(f"{what}, in the most adjusted model of each (95% CI; logarithmic scale)."),
        title=what,
        description=f"Forest plot. {' '.join(told)}",
        drawing=style.Drawing(
            key,
            lambda width: panels.forest(
                lines, titles, width, odds=True, axis="Odds ratio (95% CI)"
            ),
            synthetic=facts.synthetic,
        ),
        data=tables.numbers_table(
            key,
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                "Exposure": lambda row: facts.label(row.exposure),
                "Groups": lambda row: f"{row.level} vs {row.reference}",
            },
        ),
    )


def _by_group(everything: Book, facts: RunFacts, exposure: Any) -> list[Table]:
    """Every group and model of an exposure, as the main one's table has them."""
    book, about = everything.of(exposure.measure), facts.about(exposure)
    found = []
    for analysis in ANALYSES:
        rows = [row for row in book.find(analysis=analysis) if row.exposure]
        if any(facts.is_main(row.outcome) for row in rows):
            table = tables.association_table(book, about, analysis, suffix=exposure.measure)
            found.append(table)
    return found


def both_logits(book: Book, facts: RunFacts) -> list[Block]:
    """Set several outcomes in one model beside their separate models.

    Parameters
    ----------
    book : Book
        The results of the main exposure.
    facts : RunFacts
        For labels.

    Returns
    -------
    list of Block
        Empty for a study without such a model.
    """
    rows = book.find(analysis="multinomial")
    found: list[Block] = []
    for name in distinct(row.stratum for row in rows):
        mine = [row for row in rows if row.stratum == name]
        label = next((m.label for m in facts.listed("multinomial") if m.name == name), name)
        found += _one_model(book, facts, mine, name, label)
    return found


def _one_model(
    book: Book, facts: RunFacts, rows: Sequence[Row], name: str, label: str
) -> list[Block]:
    odds = [row for row in rows if row.measure == "OR"]
    if not odds:
        return []
    levels = distinct(row.level for row in odds)
    groups = []
    for outcome in distinct(row.outcome for row in odds):
        mine = {row.level: row for row in odds if row.outcome == outcome}
        apart = {
            row.level: row
            for row in book.find(analysis="odds_ratio", outcome=outcome)
            if row.model == next(iter(mine.values())).model
        }
        body = [(words_cell("Events / n"), *(number(words.events_of(mine[s])) for s in levels))]
        body.append((words_cell("In one model"), *(_cell(mine.get(s)) for s in levels)))
        if apart:
            body.append((words_cell("In its own model"), *(_cell(apart.get(s)) for s in levels)))
        groups.append(Group(tuple(body), text(facts.outcome(outcome))))
    model = words.model_words(facts.model(odds[0].model))
    table = Table(
        key=f"multinomial-{name.replace('_', '-')}",
        caption=text(
            f"{label}: odds ratios (95% CI) of the logits of one model, and of separate models; "
            f"covariates of {model}"
        ),
        head=((Cell(text("Model")), *tables.group_heads(book, levels, facts)),),
        groups=tuple(groups),
        notes=(
            text(
                "A separate model leaves out the people of the other outcomes; the one model has "
                "them all, and events and n are those of it."
            ),
            *noted(rows, lambda row: f"{facts.outcome(row.outcome)}, {row.level}"),
        ),
    )  # fmt: skip
    return [*(_equal(row) for row in rows if row.measure == "p_equal"), table]


def _cell(row: Row | None) -> Cell:
    if row is not None and row.level == row.reference:
        return number("1 (reference)")
    return number(words.with_interval(row) if row else words.NONE)


def _equal(row: Row) -> Paragraph:
    """Say what the test of equal odds ratios gives."""
    if not math.isfinite(row.p_value):
        return Paragraph(text("Whether the outcomes' odds ratios differ could not be tested."))
    told = "differ" if row.p_value < sentences.SETTLED else "are not shown to differ"
    start = f"In one model the odds ratios {told} between the outcomes (Wald test that they are "
    return Paragraph(text(start, "equal: P\N{NO-BREAK SPACE}", words.p_of(row), ")."))
