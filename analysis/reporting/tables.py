"""The tables of a report, from rows of the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from analysis.grammar import parse_term
from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Cell, Code, Group, Part, Strong, Table, Text, Value, text
from analysis.reporting.facts import RunFacts

WEIGHTED_COUNTS = ("remaining_weighted", "excluded_weighted")


def head(*labels: str, number_from: int = 1) -> tuple[Cell, ...]:
    """One row of column headings; from `number_from` on they stand over numbers.

    An empty label is a corner of the table, which is no heading.
    """
    return tuple(
        Cell(text(label) if label else Text(), number=position >= number_from)
        for position, label in enumerate(labels)
    )


def number(*parts: Text | Part) -> Cell:
    """Make a cell that holds a number."""
    return Cell(text(*parts), number=True)


def words_cell(*parts: Text | Part) -> Cell:
    """Make a cell that holds words."""
    return Cell(text(*parts))


def strata_of(rows: Sequence[Row]) -> list[str]:
    """Columns of a table by stratum: everyone first."""
    found = distinct(row.stratum_level for row in rows)
    return sorted(found, key=lambda stratum: stratum != "all")


def stratum_name(name: str, facts: RunFacts) -> str:
    """Name a dose group, a domain, or everyone."""
    if name in ("all", ""):
        return "All"
    return next((d.label for d in facts.domains if d.name == name), name)


def numbers_table(
    key: str, rows: Sequence[Row], labels: Mapping[str, Callable[[Row], str]]
) -> Table:
    """Tabulate the numbers behind a figure, a row an estimate.

    Parameters
    ----------
    key : str
        The figure's.
    rows : sequence of Row
        What the figure shows.
    labels : mapping of str to callable
        Columns of words, each from a row.

    Returns
    -------
    Table
    """
    columns: dict[str, tuple[str, Callable[[Row], Part]]] = {
        "Measure": ("measure", lambda row: row.measure.replace("_", " ")),
        "Estimate": ("estimate", _full("estimate")),
        "95% CI, low": ("conf_low", _full("conf_low")),
        "95% CI, high": ("conf_high", _full("conf_high")),
        "n": ("n", lambda row: words.counted(row)),
        "Events": ("events", lambda row: words.counted(row, "events")),
    }
    shown = {
        label: cell
        for label, (column, cell) in columns.items()
        if column in ("measure", "estimate")
        or any(math.isfinite(getattr(row, column)) for row in rows)
    }
    body = tuple(
        (
            *(words_cell(of(row)) for of in labels.values()),
            *(Cell(text(cell(row)), number=label != "Measure") for label, cell in shown.items()),
        )
        for row in rows
    )
    return Table(
        key=f"{key}-numbers",
        caption=text("Numbers behind the figure"),
        head=(head(*labels, *shown, number_from=len(labels) + 1),),
        groups=(Group(body),),
        series="data",
    )


def _full(column: str) -> Callable[[Row], Part]:
    def cell(row: Row) -> Part:
        value = getattr(row, column)
        if not math.isfinite(value):
            return words.NONE
        if row.measure in WEIGHTED_COUNTS and words.weightless(value):
            return "no weight"
        printed = (
            words.count(value)
            if "remaining" in row.measure or "excluded" in row.measure
            else f"{value:.4g}".replace("-", words.MINUS)
        )
        return Value(printed, row.row, (column,))

    return cell


def missing_table(book: Book, facts: RunFacts) -> Table:
    """Missing values of each covariate before complete cases are taken."""
    rows = book.find(analysis="missing", measure="missing")
    body = []
    for row in rows:
        share = book.one(analysis="missing", level=row.level, measure="missing_share")
        label = "Any of these" if row.level == "any" else facts.label(row.level)
        body.append(
            (
                words_cell(label),
                number(words.counted(row, "estimate")),
                number(words.estimate(share) if share else words.NONE),
            )
        )
    return Table(
        key="missing",
        caption=text(
            "Missing values among people who pass every step but the last, which sets aside those "
            "with any; unweighted"
            if facts.complete_cases
            else "Missing values in the people analysed, who are left out of the models that need "
            "the value; unweighted"
        ),
        head=(head("Measure", "Missing", "%"),),
        groups=(Group(tuple(body)),),
        series="supporting",
    )


def group_heads(book: Book, strata: Sequence[str], facts: RunFacts) -> tuple[Cell, ...]:
    """Column headings of strata; dose groups with their range below."""
    cells = []
    for stratum in strata:
        row = book.one(analysis="groups", level=stratum)
        cells.append(Cell(text(group_head(stratum, row, facts)), number=True))
    return tuple(cells)


def group_head(stratum: str, row: Row | None, facts: RunFacts) -> Text:
    """Name a stratum; a dose group with its range, out of its row of ``groups``."""
    name = stratum_name(stratum, facts)
    if row is None or not row.contrast:
        return text(name)
    unit = facts.unit(getattr(facts.exposure, "measure", ""))
    return text(Strong(name), f" {row.contrast.removesuffix(unit).rstrip()}")


def characteristics_table(book: Book, facts: RunFacts) -> Table:
    """Table 1: weighted characteristics by dose group."""
    rows = book.find(analysis="table1")
    strata = strata_of(rows)
    groups = [Group(tuple(_people(book, strata)))] if book.has("groups") else []
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == outcome]
        groups.append(_characteristic(outcome, mine, strata, facts))
    return Table(
        key="table1",
        caption=text(_table1_caption(facts)),
        head=((Cell(text("Characteristic")), *group_heads(book, strata, facts)),),
        groups=tuple(groups),
        notes=(
            text(
                "Means (standard deviations) and percentages are weighted to the population; "
                "numbers of people are not."
            ),
        ),
    )


def _table1_caption(facts: RunFacts) -> str:
    if facts.exposure is None:
        return "Characteristics of the participants"
    noun = words.group_noun_of(facts.exposure)
    exposure = words.lower_first(facts.label(facts.exposure.measure))
    return f"Characteristics of the participants by {noun} of {exposure}{in_unit(facts)}"


def in_unit(facts: RunFacts) -> str:
    """Say the exposure's unit, which column headings leave out."""
    unit = facts.unit(getattr(facts.exposure, "measure", ""))
    return f" ({unit})" if unit else ""


def _people(book: Book, strata: Sequence[str]) -> list[tuple[Cell, ...]]:
    people = {row.level: row for row in book.find(analysis="groups", measure="people")}
    end = next(reversed(book.find(analysis="flow", measure="remaining")), None)
    if end is not None:
        people["all"] = end
    cells = [
        number(words.counted(people[s], "estimate")) if s in people else number(words.NONE)
        for s in strata
    ]
    return [(words_cell("People, n"), *cells)]


def _characteristic(
    outcome: str, rows: Sequence[Row], strata: Sequence[str], facts: RunFacts
) -> Group:
    label, unit = facts.label(outcome), facts.unit(outcome)
    means = [row for row in rows if row.measure == "mean"]
    if means:
        title = f"{label}, {unit}" if unit else label
        largest = max(abs(row.estimate) for row in means)
        cells = [_mean(rows, stratum, 0 if largest >= 100 else 1) for stratum in strata]
        return Group(((words_cell(f"{title}: mean (SD)"), *cells),))
    body = []
    for level in distinct(row.level for row in rows):
        mine = {row.stratum_level: row for row in rows if row.level == level}
        cells = [number(words.estimate(mine[s]) if s in mine else words.NONE) for s in strata]
        body.append((words_cell(level), *cells))
    return Group(tuple(body), label=text(f"{label}, %"))


def _mean(rows: Sequence[Row], stratum: str, decimals: int) -> Cell:
    mine = {row.measure: row for row in rows if row.stratum_level == stratum}
    mean, spread = mine.get("mean"), mine.get("sd")
    if mean is None or not math.isfinite(mean.estimate):
        return number(words.NONE)
    parts: list[Part] = [_value(mean, decimals)]
    if spread is not None and math.isfinite(spread.estimate):
        parts += [" (", _value(spread, decimals), ")"]
    return number(*parts)


def _value(row: Row, decimals: int) -> Part:
    return Value(words.fixed(row.estimate, decimals), row.row, ("estimate",))


def association_table(
    book: Book, facts: RunFacts, analysis: str, *, further: bool = False, suffix: str = ""
) -> Table:
    """Odds ratios or differences by dose group, with trend and the estimate per unit.

    Parameters
    ----------
    book : Book
        The results.
    facts : RunFacts
        For labels.
    analysis : {"odds_ratio", "linear"}
        Which rows.
    further : bool
        For the outcomes that are not main ones, in a table of its own.
    suffix : str
        Of the table's key, where the exposure is not the study's main one.
    """
    rows = [row for row in book.find(analysis=analysis) if facts.is_main(row.outcome) != further]
    odds = analysis == "odds_ratio"
    measure = "OR" if odds else "difference"
    levels = distinct(row.level for row in rows)
    outcomes = distinct(row.outcome for row in rows)
    per = book.find(analysis="per_unit", measure=measure)
    unit = words.singular(per[0].contrast) if per else ""
    heading = f"{measure if odds else 'Difference'} {unit}" if per else ""
    groups = [_medians(book, levels, facts, bool(per))]
    groups = [group for group in groups if group.rows]
    for outcome in outcomes:
        mine = [row for row in rows if row.outcome == outcome]
        body = []
        if alike := same_people(mine):
            body += _sizes_row(mine, _sizes_label(odds=odds), levels, bool(per))
        for model in distinct(row.model for row in mine):
            body.append(_model_row(book, mine, outcome, model, levels, facts, bool(per)))
            if not alike:
                label = f"{_sizes_label(odds=odds)}, {words.model_name(facts.model(model))}"
                fitted = [row for row in mine if row.model == model]
                body += _sizes_row(fitted, label, levels, bool(per))
        groups.append(Group(tuple(body), label=text(_with_unit(outcome, facts))))
    tail = [Cell(text(words.trend_label(len(levels))), number=True)]
    tail += [Cell(text(heading), number=True)] if per else []
    exposure = words.lower_first(facts.label(getattr(facts.exposure, "measure", "")))
    noun = words.group_noun_of(facts.exposure)
    what = "Odds ratios" if odds else "Differences"
    key = (*analysis.split("_"), "table")
    caption = f"{what} (95% confidence intervals) by {noun} of {exposure}{in_unit(facts)}"
    return Table(
        key="-".join(filter(None, (*key, "further" if further else "", suffix.replace("_", "-")))),
        caption=text(f"{caption}, further outcomes" if further else caption),
        head=((Cell(text("Model")), *group_heads(book, levels, facts), *tail),),
        groups=tuple(groups),
        notes=tuple(_association_notes(rows, facts, odds=odds, further=further)),
        series="supporting" if further or suffix else "main",
    )


def _with_unit(outcome: str, facts: RunFacts) -> str:
    unit = facts.outcome_unit(outcome)
    return f"{facts.outcome(outcome)}, {unit}" if unit else facts.outcome(outcome)


def estimates_of(rows: Iterable[Row]) -> str:
    """Name the kinds of estimates that a table holds, and no other."""
    measures = {row.measure for row in rows}
    kinds = [("OR", "odds ratios"), ("difference", "differences")]
    return " or ".join(name for measure, name in kinds if measure in measures)


def same_people(rows: Sequence[Row]) -> bool:
    """Whether the models of each outcome have the same people and events in every group."""
    sizes: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        # As text, in which a number that is missing equals another.
        sizes.setdefault((row.outcome, row.level), set()).add(f"{row.n} {row.events}")
    return all(len(found) == 1 for found in sizes.values())


def _sizes_label(*, odds: bool) -> str:
    return "Events / n" if odds else "n"


def _association_notes(
    rows: Sequence[Row], facts: RunFacts, *, odds: bool, further: bool
) -> list[Text]:
    notes = [
        text("Events and people are unweighted." if odds else "Numbers of people are unweighted.")
    ]
    if not same_people(rows):
        notes.append(
            text(
                "The models differ in their people: each leaves out those who lack one of its "
                "covariates."
            )
        )
    if len({row.level for row in rows}) > 2:
        notes.append(text("P for trend: Wald test of the group medians as a continuous term."))
    outcomes = facts.main_outcomes
    binary = any(getattr(o, "event", None) or getattr(o, "below", None) for o in outcomes)
    if further or (not odds and binary):
        first = "odds ratios" if binary else "main outcomes"
        return [*notes, text(f"The models are those of the table of {first}.")]
    fitted = {row.model for row in rows}
    for model in (model for model in facts.models if model.name in fitted):
        terms = [words.in_sentence(facts.label(t)) for t in term_names(model.terms)]
        adjusted = f"adjusted for {', '.join(terms)}" if terms else "not adjusted"
        notes.append(text(f"{model.label}: {adjusted}."))
    return notes


def term_names(terms: Sequence[object]) -> list[str]:
    """Names of the measures in model terms, in their order and without repeats."""
    return distinct(
        name for term in terms for name in _ordered(str(term), parse_term(str(term)).columns)
    )


def _ordered(term: str, names: frozenset[str]) -> list[str]:
    return sorted(names, key=term.find)


SMALL_DOSE = 100
"""Where all medians of an exposure are below this, they are printed with one decimal."""


def _medians(book: Book, levels: Sequence[str], facts: RunFacts, per: bool) -> Group:
    medians = {row.level: row for row in book.find(analysis="groups", measure="median")}
    if not medians:
        return Group(())
    unit = facts.unit(getattr(facts.exposure, "measure", ""))
    # Small doses, such as micrograms, lie too near to each other for whole numbers.
    largest = max((row.estimate for row in medians.values()), default=math.nan)
    decimals = 1 if largest < SMALL_DOSE else 0
    cells = [number(_value(medians[s], decimals) if s in medians else words.NONE) for s in levels]
    label = f"Median, {unit}" if unit else "Median"
    empty = [number() for _ in range(1 + per)]
    return Group(((words_cell(label), *cells, *empty),))


def _sizes_row(
    rows: Sequence[Row], label: str, levels: Sequence[str], per: bool
) -> list[tuple[Cell, ...]]:
    """Events and people of each dose group; no row where none is counted."""
    first = {row.level: row for row in reversed(rows)}
    if not any(math.isfinite(row.n) for row in first.values()):
        return []
    cells = [number(words.events_of(first[s]) if s in first else words.NONE) for s in levels]
    return [(words_cell(label), *cells, *(number() for _ in range(1 + per)))]


def _model_row(
    book: Book,
    rows: Sequence[Row],
    outcome: str,
    model: str,
    levels: Sequence[str],
    facts: RunFacts,
    per: bool,
) -> tuple[Cell, ...]:
    mine = {row.level: row for row in rows if row.outcome == outcome and row.model == model}
    cells = []
    for level in levels:
        row = mine.get(level)
        if row is not None and row.level == row.reference:
            cells.append(number("1" if row.measure == "OR" else "0", " (reference)"))
        else:
            cells.append(number(words.with_interval(row) if row else words.NONE))
    trend = book.one(analysis="trend", outcome=outcome, model=model, measure="p_trend")
    cells.append(number(words.p_of(trend, cell=True) if trend else words.NONE))
    if per:
        unit = book.one(analysis="per_unit", outcome=outcome, model=model)
        cells.append(number(words.with_interval(unit) if unit else words.NONE))
    return (words_cell(facts.model(model)), *cells)


def coefficient_table(book: Book, facts: RunFacts) -> Table:
    """Every coefficient, with the digits that a comparison with other software needs."""
    rows = [row for row in book.find(analysis="coefficient") if facts.is_main(row.outcome)]
    groups = []
    for outcome in distinct(row.outcome for row in rows):
        for model in distinct(row.model for row in rows if row.outcome == outcome):
            mine = [row for row in rows if row.outcome == outcome and row.model == model]
            body = tuple(_coefficient(row) for row in mine)
            label = f"{facts.outcome(outcome)}, {words.model_words(facts.model(model))}"
            label += f" ({mine[0].measure.replace('_', ' ')})"
            groups.append(Group(body, label=text(label)))
    return Table(
        key="coefficients",
        caption=text("Every coefficient of every model with the dose groups"),
        head=(head("Term", "Coefficient", "Standard error", "t", "df", "P"),),
        groups=tuple(groups),
        series="supporting",
    )


def _coefficient(row: Row) -> tuple[Cell, ...]:
    def digits(column: str, decimals: int) -> Cell:
        value = getattr(row, column)
        if not math.isfinite(value):
            return number(words.NONE)
        return number(Value(words.fixed(value, decimals), row.row, (column,)))

    return (
        words_cell(Code(row.contrast)),
        digits("estimate", 8),
        digits("std_error", 8),
        digits("statistic", 4),
        digits("df", 0),
        number(words.p_of(row, cell=True)),
    )
