"""Prevalences and means by groups, as they are and with the covariates of the whole cohort."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.grammar import parse_term
from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Group,
    Heading,
    Paragraph,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.other_exposures import noted
from analysis.reporting.tables import number, stratum_name, words_cell

MEASURES = ("proportion", "mean")
CRUDE, ADJUSTED = "crude", "adjusted"


def adjusted(book: Book, facts: RunFacts) -> list[Block]:
    """Show crude and adjusted prevalences and means by the groupings of a study.

    Parameters
    ----------
    book : Book
        The results.
    facts : RunFacts
        For labels and the terms that are adjusted for.

    Returns
    -------
    list of Block
        Empty for a study without such groupings.
    """
    rows = [row for row in book.find(analysis="adjusted") if row.measure in MEASURES]
    if not rows:
        return []
    outcomes = distinct(row.outcome for row in rows)
    found: list[Block] = []
    for outcome in outcomes:
        mine = [row for row in rows if row.outcome == outcome]
        if len(outcomes) > 1:
            found.append(Heading(facts.outcome(outcome)))
        found.append(Bullets(tuple(_sentences(book, facts, mine))))
        found.append(_table(book, facts, mine))
    return found


def methods(book: Book, facts: RunFacts) -> list[Block]:
    """Say how prevalences and means were adjusted, and for what.

    Parameters
    ----------
    book : Book
        The results; what has no rows is not told.
    facts : RunFacts
        For labels and the terms that are adjusted for.

    Returns
    -------
    list of Block
        Empty for a study without such groupings.
    """
    measures = {row.measure for row in book.find(analysis="adjusted")}
    kinds = [
        text(kind)
        for measure, kind in (
            ("proportion", "logistic models for prevalences"), ("mean", "linear models for means")
        )
        if measure in measures
    ]  # fmt: skip
    if not kinds:
        return []
    lead = text(
        "Adjusted estimates are predictive margins (Graubard and Korn 1999; Bieler et al. 2010) "
        "of design-based ",
        listing(kinds),
        ": the weighted mean of the predictions with everyone set to one group, their other "
        "covariates as they are. Their intervals are by the delta method",
        ", for prevalences on the logit scale" if "proportion" in measures else "",
        ", with the coefficients and the distribution of the covariates linearised at once. Each "
        "grouping has a model of its own, with these covariates:",
    )
    told = [text(f"{each.label}: {_terms(each.name, facts)}.") for each in facts.listed("adjusted")]
    return [Heading(title(facts)), Paragraph(lead), Bullets(tuple(told))]


def title(facts: RunFacts) -> str:
    """Name the section by what it adjusts."""
    asked = {name for each in facts.listed("adjusted") for name in each.outcomes}
    outcomes = [o for o in facts.study.outcomes if not asked or o.name in asked]
    quantities = [bool(getattr(o, "measure", None) or getattr(o, "mean_z", ())) for o in outcomes]
    if all(quantities):
        return "Adjusted means"
    return "Adjusted prevalences and means" if any(quantities) else "Adjusted prevalences"


def _label(name: str, facts: RunFacts) -> str:
    return next((s.label for s in facts.listed("adjusted") if s.name == name), name)


def _group(row: Row, facts: RunFacts) -> str:
    """Name a row's group: a domain by its label, a category or class as it is."""
    section = next((s for s in facts.listed("adjusted") if s.name == row.stratum), None)
    named = section is not None and bool(section.domains)
    return stratum_name(row.stratum_level, facts) if named else row.stratum_level


def _terms(name: str, facts: RunFacts) -> str:
    """Say in words what a grouping is adjusted for."""
    terms = next((s.terms for s in facts.listed("adjusted") if s.name == name), ())
    labels = {key: measure.label for key, measure in facts.measures.items()}
    units = {key: measure.unit for key, measure in facts.measures.items()}
    told = [words.lower_first(parse_term(str(term)).describe(labels, units)) for term in terms]
    return "; ".join(told) if told else "nothing"


def _sentences(book: Book, facts: RunFacts, rows: Sequence[Row]) -> list[Text]:
    """Say of each grouping between which groups the adjusted estimates lie, and the test."""
    told = []
    for name in distinct(row.stratum for row in rows):
        mine = [
            row for row in rows
            if row.stratum == name and row.model == ADJUSTED and math.isfinite(row.estimate)
        ]  # fmt: skip
        label = words.upper_first(_label(name, facts))
        if len(mine) < 2:
            told.append(text(f"{label}: fewer than two groups have an adjusted estimate."))
            continue
        low, high = (of(mine, key=lambda row: row.estimate) for of in (min, max))
        test = _test(book, low)
        unit = "%" if low.measure == "proportion" else f" {low.unit}".rstrip()
        sentence = text(
            f"{label}: adjusted, from ", words.estimate(low), f"{unit} ({_group(low, facts)}) to ",
            words.estimate(high), f"{unit} ({_group(high, facts)})",
        )  # fmt: skip
        if test is not None and math.isfinite(test.p_value):
            sentence += text("; P for any difference\N{NO-BREAK SPACE}", words.p_of(test))
        told.append(sentence + ".")
    return told


def _test(book: Book, row: Row) -> Row | None:
    return book.one(
        analysis="adjusted", measure="p_overall", outcome=row.outcome, stratum=row.stratum
    )


def _table(book: Book, facts: RunFacts, rows: Sequence[Row]) -> Table:
    binary = rows[0].measure == "proportion"
    alike = _same_people(rows)
    groups = []
    for name in distinct(row.stratum for row in rows):
        mine = [row for row in rows if row.stratum == name]
        body = [
            _line([row for row in mine if row.stratum_level == level], facts, alike=alike)
            for level in distinct(row.stratum_level for row in mine)
        ]
        groups.append(Group(tuple(body), _heading(book, facts, mine[0])))
    outcome = rows[0].outcome
    unit = "%" if binary else facts.outcome_unit(outcome)
    sizes = "Events / n" if binary else "n"
    heads = [sizes, f"Crude, {unit} (95% CI)", f"Adjusted, {unit} (95% CI)"]
    heads += [] if alike else [f"{sizes}, adjusted"]
    return Table(
        key=f"adjusted-{outcome.replace('_', '-')}",
        caption=text(f"{facts.outcome(outcome)} by groups, as they are and adjusted"),
        head=((Cell(text("Group")), *(Cell(text(label), number=True) for label in heads)),),
        groups=tuple(groups),
        notes=tuple(_notes(book, facts, rows, binary=binary)),
    )


def _same_people(rows: Sequence[Row]) -> bool:
    """Whether the models rest on the same people in every group: no covariate is missing."""
    sizes: dict[tuple[str, str], set[float]] = {}
    for row in rows:
        sizes.setdefault((row.stratum, row.stratum_level), set()).add(row.n)
    return all(len(found) == 1 for found in sizes.values())


def _line(rows: Sequence[Row], facts: RunFacts, *, alike: bool) -> tuple[Cell, ...]:
    by_model = {row.model: row for row in rows}
    crude, adjusted_ = by_model.get(CRUDE), by_model.get(ADJUSTED)
    cells = [
        words_cell(_group(rows[0], facts)),
        number(words.events_of(crude) if crude else words.NONE),
        number(words.with_interval(crude) if crude else words.NONE),
        number(words.with_interval(adjusted_) if adjusted_ else words.NONE),
    ]
    if not alike:
        cells.append(number(words.events_of(adjusted_) if adjusted_ else words.NONE))
    return tuple(cells)


def _heading(book: Book, facts: RunFacts, row: Row) -> Text:
    test = _test(book, row)
    label = _label(row.stratum, facts)
    if test is None or not math.isfinite(test.p_value):
        return text(label)
    return text(f"{label}: P for any difference\N{NO-BREAK SPACE}", words.p_of(test))


def _notes(book: Book, facts: RunFacts, rows: Sequence[Row], *, binary: bool) -> list[Text]:
    kind = "logistic" if binary else "linear"
    names = distinct(row.stratum for row in rows)
    said = [f"{words.lower_first(_label(name, facts))}: {_terms(name, facts)}" for name in names]
    found = [
        text(
            f"Adjusted: predictive margins of a {kind} model (see Methods). P is of the Wald test "
            "that no group differs in that model."
        ),
        *(text(f"Adjusted in the groups of {told}.") for told in said),
    ]
    found += _aside(book, facts, rows)
    named = [row for row in rows if row.model == ADJUSTED]
    return [
        *found,
        *noted(named, lambda row: f"{_label(row.stratum, facts)}, {_group(row, facts)}"),
    ]


def _aside(book: Book, facts: RunFacts, rows: Sequence[Row]) -> list[Text]:
    """Count those of the cohort who are in no group's estimate, where there are any."""
    told = []
    for name in distinct(row.stratum for row in rows):
        for model in (CRUDE, ADJUSTED):
            row = book.one(
                analysis="adjusted", measure="people", outcome=rows[0].outcome, stratum=name,
                model=model,
            )  # fmt: skip
            if row is not None and row.estimate > 0:
                count = words.counted(row, "estimate")
                told.append(text(f"{_label(name, facts)}, {model}, ", count))
    if not told:
        return []
    what = "People analysed who lack the group, the outcome or (adjusted) a covariate: "
    return [text(what, listing(told), ".")]
