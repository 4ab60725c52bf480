"""What the main estimate hangs on: every combination of choices, and one choice at a time.

The specification curve has the form that Simonsohn, Simmons and Nelson (2020) gave it and the aim
of Steegen and others (2016): where many analyses can be defended, no single one is shown alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from analysis.printing import fixed, ratio
from analysis.reporting import curve_figure, forests, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.choices import Choice, Summary, choices_of, estimated
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Code,
    Figure,
    Group,
    Heading,
    Paragraph,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import number, numbers_table, words_cell
from analysis.reporting.words import percent, value

BASE = "base"
"""The ``stratum`` of the rows of ``one_choice`` in which every choice has its first option."""

MOST_REASONS = 2
"""Reasons for missing estimates that are told in full."""

TOGETHER = "interactions"
"""The ``stratum`` of the share of variance that no choice accounts for alone."""


def dependence(book: Book, facts: RunFacts) -> list[Block]:
    """Write the section on the dependence on choices; empty without its rows."""
    summary, choices = Summary(book), choices_of(facts)
    rows = book.find(analysis="specification")
    found: list[Block] = []
    if rows:
        found.append(Paragraph(_lead(rows[0], choices)))
        found.append(
            Bullets(tuple(_told(book, summary, choices, o, facts) for o in summary.outcomes))
        )
        for outcome in distinct(row.outcome for row in rows):
            ordered = summary.by_weight(outcome, choices)
            ordered += [choice for choice in choices if choice not in ordered]
            found.append(curve_figure.figure(book, facts, outcome, ordered))
    if choices and summary.outcomes:
        found += [_moves_table(summary, choices, facts), _options_table(summary, choices, facts)]
    return [*found, *_one_choice(book, facts, choices)]


def _lead(row: Row, choices: Sequence[Choice]) -> Text:
    return text(
        f"The odds ratio of {row.level} against {row.reference} was estimated again under "
        f"{_every(choices)}: ",
        listing(words.lower_first(choice.label) for choice in choices),
        ". Each of these analyses can be defended; the study's own, the base specification, is "
        "one of them. The whole list, a row each, is in ",
        Code("results.csv"),
        " (where ",
        Code("analysis"),
        " is ",
        Code("specification"),
        ").",
    )


def _every(choices: Sequence[Choice]) -> str:
    if len(choices) == 1:
        return "every option of one choice"
    return f"every combination of {words.plural(len(choices), 'choice')}"


def _told(
    book: Book, summary: Summary, choices: Sequence[Choice], outcome: str, facts: RunFacts
) -> Text:
    """Say what the curve of one outcome shows, and what moves it."""
    name = words.upper_first(facts.outcome(outcome))
    told = _spread(summary, outcome, name, _reasons(book, outcome))
    movers = summary.by_weight(outcome, choices)
    spread = summary.number(outcome, "ratio", movers[0].name) if movers else math.nan
    # Where no two options of a choice have an estimate, nothing moves it.
    return told + _movers(summary, outcome, movers) if spread > 1 else told


def _spread(summary: Summary, outcome: str, name: str, reasons: str) -> Text:
    def of(measure: str, percentile: str = "") -> Row | None:
        return summary.of(outcome, measure, percentile=percentile)

    told = text(
        f"{name}: of ", _number(of("specifications"), of("no_estimate")), ", ",
        value(of("share_inverse"), percent), "% put the odds ratio below 1, ",
        value(of("share_inverse_significant"), percent), "% with a 95% interval wholly below 1; ",
    )  # fmt: skip
    above = of("share_positive_significant")
    if above is not None and above.estimate == 0:
        told += "none has an interval wholly above 1."
    else:
        told += text(value(above, percent), "% have an interval wholly above 1.")
    if of("quantile", "p50") is not None:
        told += text(
            " The median odds ratio is ", value(of("quantile", "p50"), ratio),
            "; nine in ten lie from ", value(of("quantile", "p05"), ratio), " to ",
            value(of("quantile", "p95"), ratio), ".",
        )  # fmt: skip
    failed = of("no_estimate")
    if failed is not None and failed.estimate > 0:
        of_it = "Why there is none" if failed.estimate == 1 else "Why there are none"
        told += f" {of_it}: {reasons}." if reasons else ""
    return told


def _number(number: Row | None, empty: Row | None) -> Text:
    return estimated(number, empty, "specification") if number else text(words.NONE)


def _reasons(book: Book, outcome: str) -> str:
    """Say why specifications have no estimate, the commonest reason first."""
    rows = book.find(analysis="specification", outcome=outcome)
    notes = Counter(row.note for row in rows if not math.isfinite(row.estimate) and row.note)
    told = "; ".join(note.rstrip(".") for note, _ in notes.most_common(MOST_REASONS))
    more = ", among other reasons" if len(notes) > MOST_REASONS else ""
    return f"{told}{more}" if told else ""


def _movers(summary: Summary, outcome: str, movers: Sequence[Choice]) -> Text:
    """Say which choice moves the estimate most, and what follows it."""
    first, *others = movers
    told = text(
        f" What moves it most is “{first.label}” (",
        value(summary.of(outcome, "variance_share", first.name), percent),
        "% of the variance of the log odds ratio)",
    )
    known = {
        name: summary.number(outcome, "median", first.name, name)
        for name in first.options
        if math.isfinite(summary.number(outcome, "median", first.name, name))
    }
    if len(known) > 1:
        ends = [min(known, key=known.__getitem__), max(known, key=known.__getitem__)]
        told += text(": ", listing(_end(summary, outcome, first, option) for option in ends))
    if others:
        rest = [
            text(f"“{c.label}” (", value(summary.of(outcome, "variance_share", c.name), percent),
                 "%)")
            for c in others[:2]
        ]  # fmt: skip
        told += text("; then ", listing(rest))
    return told + "."


def _end(summary: Summary, outcome: str, choice: Choice, option: str) -> Text:
    """Say what an option gives at the middle of its specifications."""
    within = summary.of(outcome, "share_inverse_significant", choice.name, option)
    told = text(
        f"with “{choice.options[option]}” the median is ",
        value(summary.of(outcome, "median", choice.name, option), ratio),
    )
    if within is None:
        return told
    return told + text(" (interval wholly below 1 in ", value(within, percent), "%)")


def _moves_table(summary: Summary, choices: Sequence[Choice], facts: RunFacts) -> Table:
    """Tabulate how much each choice moves the estimate, most first."""
    outcomes = summary.outcomes
    names = ("% of variance", "Largest / smallest OR")
    body = []
    for choice in summary.by_weight(outcomes[0], choices):
        cells = [words_cell(choice.label)]
        for outcome in outcomes:
            cells.append(number(value(summary.of(outcome, "variance_share", choice.name), percent)))
            cells.append(number(value(summary.of(outcome, "ratio", choice.name), _to_hundredths)))
        body.append(tuple(cells))
    together = [summary.of(outcome, "variance_share", TOGETHER) for outcome in outcomes]
    if any(together):
        pairs = ((number(value(row, percent)), number()) for row in together)
        body.append((words_cell("Choices together"), *(cell for pair in pairs for cell in pair)))
    return Table(
        key="choices-table",
        caption=text("How much each choice moves the odds ratio, over all combinations"),
        head=_two_heads("Choice", outcomes, names, facts),
        groups=(Group(tuple(body)),),
        notes=(
            text(
                "% of variance: of the log odds ratio over all specifications, accounted for by "
                "the choice alone; what is left to 100% is what choices do together beyond that. "
                "Largest / smallest: of the geometric mean odds ratios of the choice's options."
            ),
        ),
    )


def _to_hundredths(number: float) -> str:
    # Never below 1, so that no digit is needed to tell on which side of it a ratio lies.
    return fixed(number, 2)


def _two_heads(
    first: str, outcomes: Sequence[str], names: Sequence[str], facts: RunFacts
) -> tuple[tuple[Cell, ...], ...]:
    """Two rows of column headings: outcomes, and what is given of each."""
    over = (
        Cell(text(first)),
        *(Cell(text(facts.outcome(o)), number=True, span=len(names)) for o in outcomes),
    )
    return (over, (Cell(), *(Cell(text(name), number=True) for _ in outcomes for name in names)))


SHARES = {
    "share_inverse": "OR below 1, %",
    "share_inverse_significant": "Interval below 1, %",
    "share_positive_significant": "Interval above 1, %",
}
"""Shares of an option's specifications, with their column headings."""


def _options_table(summary: Summary, choices: Sequence[Choice], facts: RunFacts) -> Table:
    """Tabulate what each option of each choice gives over all combinations of the others."""
    outcomes = summary.outcomes
    of_options = {row.measure for row in summary.rows.values() if row.stratum_level}
    shares = {measure: name for measure, name in SHARES.items() if measure in of_options}
    groups = []
    for choice in choices:
        body = []
        for option, label in choice.options.items():
            cells = [words_cell(label + (" (base)" if option == choice.base else ""))]
            for outcome in outcomes:
                where = (choice.name, option)
                cells.append(number(value(summary.of(outcome, "median", *where), ratio)))
                cells += [
                    number(value(summary.of(outcome, share, *where), percent)) for share in shares
                ]
            body.append(tuple(cells))
        groups.append(Group(tuple(body), label=text(choice.label)))
    return Table(
        key="options-table",
        caption=text("Odds ratios by option, over all combinations of the other choices"),
        head=_two_heads("Option", outcomes, ("Median OR", *shares.values()), facts),
        groups=tuple(groups),
    )


def _one_choice(book: Book, facts: RunFacts, choices: Sequence[Choice]) -> list[Block]:
    """Write the part on the base specification with one option changed at a time."""
    rows = book.find(analysis="one_choice")
    base = {row.outcome: row for row in rows if row.stratum == BASE}
    if not base:
        return []
    return [
        Heading("One choice at a time"),
        Bullets(tuple(_changed(rows, row, facts, choices) for row in base.values())),
        _one_table(rows, base, facts, choices),
        _one_figure(rows, base, facts, choices),
    ]


def _label(row: Row, choices: Sequence[Choice]) -> str:
    """Name the option that a row of ``one_choice`` has changed."""
    for choice in choices:
        if choice.name == row.stratum:
            return f"{choice.label}: {choice.options.get(row.stratum_level, row.stratum_level)}"
    return f"{row.stratum}: {row.stratum_level}"


def _changed(rows: Sequence[Row], base: Row, facts: RunFacts, choices: Sequence[Choice]) -> Text:
    """Say how far one change moves the estimate, and which change what the interval says."""
    name = words.upper_first(facts.outcome(base.outcome))
    told = text(f"{name}: the base specification gives ", words.with_interval(base))
    mine = [r for r in rows if r.outcome == base.outcome and r.stratum != BASE]
    known = [row for row in mine if math.isfinite(row.estimate)]
    if not known:
        return told + "."
    ends = [min(known, key=lambda row: row.estimate), max(known, key=lambda row: row.estimate)]
    told += text(
        "; with one option changed the odds ratio goes from ",
        listing(
            (text(words.estimate(row), f" (“{_label(row, choices)}”)") for row in ends),
            last=" to ",
        ),
        ". ",
    )
    own = SAYS.get(words.direction(base))
    if own is None:
        return told
    clauses = []
    for way, says in SAYS.items():
        mine = [row for row in known if words.direction(row) == way]
        if mine and says != own:
            clauses.append(text(f"{says} with ", listing(f"“{_label(r, choices)}”" for r in mine)))
    if not clauses:
        return told + f"Under each of these changes the interval {own}, as in the base."
    return told + text(f"The interval {own} in the base, but ", listing(clauses), ".")


SAYS: dict[str, str] = {
    "inverse": "lies wholly below 1",
    "unclear": "holds 1",
    "positive": "lies wholly above 1",
}
"""What an interval of an odds ratio says, by `words.direction`."""


def _one_table(
    rows: Sequence[Row], base: dict[str, Row], facts: RunFacts, choices: Sequence[Choice]
) -> Table:
    found = {(row.outcome, row.stratum, row.stratum_level): row for row in rows}

    def cells(stratum: str, level: str | None) -> list[Cell]:
        made = []
        for outcome in base:
            row = base[outcome] if level is None else found.get((outcome, stratum, level))
            made.append(number(words.with_interval(row) if row else words.NONE))
            made.append(number(words.events_of(row) if row else words.NONE))
        return made

    groups = [Group(((words_cell("Base specification"), *cells(BASE, None)),))]
    for choice in choices:
        body = tuple(
            (words_cell(label), *cells(choice.name, option))
            for option, label in choice.options.items()
            if option != choice.base
        )
        label = f"{choice.label} (base: {words.lower_first(choice.options[choice.base])})"
        groups.append(Group(body, label=text(label)))
    notes = [
        text(
            f"{_label(row, choices)}, {words.lower_first(facts.outcome(row.outcome))}: {row.note}."
        )
        for row in rows
        if row.note and row.stratum != BASE
    ]
    return Table(
        key="one-choice-table",
        caption=text("The base specification, and one option changed at a time"),
        head=_two_heads("Changed to", list(base), ("OR (95% CI)", "Events / n"), facts),
        groups=tuple(groups),
        notes=tuple(notes),
    )


def _one_figure(
    rows: Sequence[Row], base: dict[str, Row], facts: RunFacts, choices: Sequence[Choice]
) -> Figure:
    beside = forests.Line("Base specification", base)
    lines = [beside]
    for choice in choices:
        lines.append(forests.Line(choice.label))
        for option, label in choice.options.items():
            mine = {
                row.outcome: row
                for row in rows
                if (row.stratum, row.stratum_level) == (choice.name, option)
            }
            if mine:
                lines.append(forests.Line(label, mine))
    lines = [
        line
        for line, after in zip(lines, [*lines[1:], forests.Line("")], strict=True)
        if line.rows or after.rows
    ]

    def changed(row: Row) -> str:
        return "Base specification" if row.stratum == BASE else _label(row, choices)

    told = [f"{facts.outcome(row.outcome)}, {changed(row)}: {words.shown(row)}." for row in rows]
    key = "one_choice"
    return Figure(
        key=key,
        caption=text(
            "Odds ratios with 95% confidence intervals under the base specification (square, "
            "dotted line) and with one option changed at a time. Logarithmic scale."
        ),
        title="The base specification and one option changed at a time",
        description="Forest plot. " + " ".join(told),
        drawing=forests.drawing(key, lines, facts, beside=beside),
        data=numbers_table(
            key,
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                "Changed to": changed,
            },
        ),
    )
