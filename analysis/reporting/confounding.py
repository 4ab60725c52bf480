"""How strong what is not adjusted for would have to be, and signs of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from analysis.printing import fixed
from analysis.reporting import forests, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
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
from analysis.reporting.tables import head, number, numbers_table, words_cell
from analysis.reporting.words import value

SIDES = ("exposure", "outcome")


def confounding(book: Book, facts: RunFacts) -> list[Block]:
    """Write the section on confounding; empty without its rows."""
    found: list[Block] = []
    if book.has("e_value"):
        found += _e_values(book, facts)
    if book.has("negative_control"):
        found += _controls(book, facts)
    if book.has("leave_one_out"):
        found += _left_out(book, facts)
    return found


def section(facts: RunFacts) -> Any:
    """Give the section ``[confounding]`` of the study file; None without it."""
    return getattr(facts.study, "confounding", None)


def _association(book: Book, row: Row) -> Row | None:
    """Find the odds ratio or difference that a row of this section is about."""
    where = {"model": row.model, "outcome": row.outcome, "level": row.level}
    for analysis in ("odds_ratio", "linear"):
        found = book.of(row.exposure).one(analysis=analysis, **where)
        if found is not None:
            return found
    return None


def _two(number: float) -> str:
    return fixed(number, 2)


# E-values


def _e_values(book: Book, facts: RunFacts) -> list[Block]:
    rows = book.find(analysis="e_value", measure="e_value")
    ends = [
        [row for row in rows if row.outcome == o][-1] for o in distinct(r.outcome for r in rows)
    ]
    return [
        Heading("What unmeasured confounding would have to be"),
        Bullets(tuple(_e_sentence(book, row, facts) for row in ends)),
        _e_table(book, rows, facts),
    ]


def _e_sentence(book: Book, row: Row, facts: RunFacts) -> Text:
    """Say what an E-value asks of an unmeasured confounder."""
    name = words.upper_first(facts.outcome(row.outcome))
    if not math.isfinite(row.estimate):
        why = f" ({row.note})" if row.note else ""
        return text(f"{name}: no E-value, because there is no estimate{why}.")
    main = _association(book, row)
    exposure = words.lower_first(facts.label(row.exposure))
    what = "odds ratio" if main is None or main.measure == "OR" else "difference"
    shown = text(" of ", words.with_interval(main)) if main is not None else text()
    groups = f" ({row.level} against {row.reference})"
    if row.conf_low == 1.0:
        return text(
            f"{name}: the interval of the {what}", shown, groups, " holds no association already; "
            "nothing unmeasured is needed to explain it. The E-value of the estimate alone is ",
            value(row, _two), ".",
        )  # fmt: skip
    told = text(
        f"{name}: what is not adjusted for could explain the {what}", shown, groups, " alone only "
        "if it went with a risk ratio of at least ", value(row, _two), f" both with {exposure} and "
        "with the outcome, beyond the covariates of the model",
    )  # fmt: skip
    if not math.isfinite(row.conf_low):
        return told + "."
    return told + text(
        "; to move the limit of the interval to no association, of at least ",
        value(row, _two, "conf_low"), ".",
    )  # fmt: skip


def _e_table(book: Book, rows: Sequence[Row], facts: RunFacts) -> Table:
    groups = []
    for outcome in distinct(row.outcome for row in rows):
        body = []
        for row in (row for row in rows if row.outcome == outcome):
            main = _association(book, row)
            against = f" against {row.reference}" if row.reference else ""
            body.append(
                (
                    words_cell(f"{row.level}{against}"),
                    number(words.with_interval(main) if main else words.NONE),
                    number(value(row, _two)),
                    number(value(row, _two, "conf_low")),
                    words_cell(row.contrast),
                )
            )
        groups.append(Group(tuple(body), label=text(facts.outcome(outcome))))
    return Table(
        key="e-values",
        caption=text(f"E-values{_in_model(rows, facts)}"),
        head=(
            (
                *head("Group", "Estimate (95% CI)", "E-value", "E-value of the limit"),
                *head("Conversion", number_from=9),
            ),
        ),
        groups=tuple(groups),
        notes=(
            text(
                "The E-value is the smallest risk ratio that an unmeasured confounder must have "
                "with both exposure and outcome to explain an association away; the limit is that "
                "which is nearer to no association, and its E-value is 1 where the interval "
                "holds no association. An E-value does not say whether there is such a confounder."
            ),
            *_large(rows),
        ),
    )


LARGE = 10
"""E-values above this are not read as a sign of robustness."""


def _large(rows: Sequence[Row]) -> list[Text]:
    """Warn of E-values that are large because the odds ratio is, in few people."""
    if not any(row.estimate > LARGE for row in rows):
        return []
    said = (
        f"An E-value above {LARGE} comes with a strong association; in a small group, whose odds "
        "ratio is uncertain, it says little: see the E-value of the limit."
    )
    return [text(said)]


def _in_model(rows: Sequence[Row], facts: RunFacts) -> str:
    models = distinct(row.model for row in rows if row.model)
    named = listing(words.model_words(facts.model(model)) for model in models).plain
    return f", {named}" if len(models) == 1 else ""


# Negative controls


def _controls(book: Book, facts: RunFacts) -> list[Block]:
    rows = book.find(analysis="negative_control")
    found: list[Block] = [
        Heading("Negative controls"),
        Paragraph(
            text(
                "A negative control shares what may confound the association, but cannot have it "
                "for the reason given. An association with it is a sign of confounding (or of "
                "another fault that it shares); none is no proof that there is no confounding."
            )
        ),
    ]
    told = []
    for side in SIDES:
        mine = [row for row in rows if row.stratum == side and row.measure in ("OR", "difference")]
        pairs = distinct(f"{row.exposure}\n{row.outcome}" for row in mine)
        for pair in pairs:
            ends = [row for row in mine if f"{row.exposure}\n{row.outcome}" == pair]
            if (top := ends[-1]).level != top.reference:
                told.append(_control_sentence(book, top, facts))
    found.append(Bullets(tuple(told)))
    found += [_control_table(book, rows, facts), *_reasons(facts)]
    return found


def outcome_label(name: str, facts: RunFacts) -> str:
    """Label an outcome of the study, or the negative one."""
    control = getattr(section(facts), "negative_outcome", None)
    return control.label if control is not None and control.name == name else facts.outcome(name)


def _control_sentence(book: Book, row: Row, facts: RunFacts) -> Text:
    """Read a control by its interval alone, beside the estimate that it is a control of."""
    exposure = words.lower_first(facts.label(row.exposure))
    outcome = words.lower_first(outcome_label(row.outcome, facts))
    start = f"{words.upper_first(exposure)} and {outcome}, {row.level} against {row.reference}: "
    way = words.direction(row)
    if way == "missing":
        return text(start, "no estimate could be made", f" ({row.note})" if row.note else "", ".")
    told = text(start, words.with_interval(row), ". ")
    none = "1" if row.measure == "OR" else "0"
    if way == "unclear":
        told += text(
            f"The interval holds {none}: no association is seen where none should be, though one "
            "within that interval cannot be ruled out."
        )
        return told
    side = "below" if way == "inverse" else "above"
    told += (
        f"The whole interval lies {side} {none}: there is an association where none should be, so "
        "confounding that it shares with the main one must be reckoned with"
    )
    main = _beside(book, row, facts)
    if main is None or words.direction(main) != way:
        return told + "."
    named = words.lower_first(facts.outcome(main.outcome))
    return told + text(
        f", in the direction of the main estimate for {named}, ", words.with_interval(main), "."
    )


def _beside(book: Book, row: Row, facts: RunFacts) -> Row | None:
    """Find the main estimate of the same outcome, for a control in place of the exposure."""
    if row.stratum != "exposure" or facts.exposure is None:
        return None
    own = book.of(facts.exposure.measure)
    rows = [
        found
        for analysis in ("odds_ratio", "linear")
        for found in own.find(analysis=analysis, outcome=row.outcome)
    ]
    rows = [found for found in rows if not row.model or found.model == row.model]
    return rows[-1] if rows else None


def _control_table(book: Book, rows: Sequence[Row], facts: RunFacts) -> Table:
    rows = [row for row in rows if row.measure in ("OR", "difference")]
    most = max(len(distinct(row.level for row in rows if row.stratum == side)) for side in SIDES)
    groups = []
    for side in SIDES:
        for pair in distinct(f"{r.exposure}\n{r.outcome}" for r in rows if r.stratum == side):
            mine = [r for r in rows if r.stratum == side and f"{r.exposure}\n{r.outcome}" == pair]
            groups.append(_control_group(mine, side, most, facts))
    return Table(
        key="negative-controls",
        caption=text(
            f"Negative controls: {_called(rows)} (95% confidence intervals){_in_model(rows, facts)}"
        ),
        head=(head("", *(f"Group {number_}" for number_ in range(1, most + 1))),),
        groups=tuple(groups),
        notes=(text("Groups are those of the exposure named, lowest first; n is not weighted."),),
    )


def _called(rows: Sequence[Row]) -> str:
    """Name what a table holds."""
    names = {"OR": "odds ratios", "difference": "differences"}
    return " or ".join(names[measure] for measure in distinct(row.measure for row in rows))


def _control_group(rows: Sequence[Row], side: str, most: int, facts: RunFacts) -> Group:
    estimates, sizes = [], []
    for row in rows:
        own = row.level == row.reference
        none = "1" if row.measure == "OR" else "0"
        shown = f"{none} (reference)" if own else words.with_interval(row)
        estimates.append(number(shown))
        sizes.append(number(words.events_of(row)))
    empty = [number() for _ in range(most - len(rows))]
    label = (
        f"{facts.label(rows[0].exposure)} and "
        f"{words.lower_first(outcome_label(rows[0].outcome, facts))} "
        f"(control in place of the {side})"
    )
    binary = rows[0].measure == "OR"
    body = (
        (words_cell("Odds ratio" if binary else "Difference"), *estimates, *empty),
        (words_cell("Events / n" if binary else "n"), *sizes, *empty),
    )
    return Group(body, label=text(label))


def _reasons(facts: RunFacts) -> list[Block]:
    told = []
    for name, of in (("negative_exposure", "measure"), ("negative_outcome", "label")):
        control = getattr(section(facts), name, None)
        if control is None:
            continue
        named = getattr(control, of)
        label = facts.label(named) if of == "measure" else named
        told.append(
            text(
                f"Why {words.lower_first(label)}: {words.lower_first(control.reason).rstrip('.')}."
            )
        )
    return [Bullets(tuple(told))] if told else []


# Each cycle left out


def _left_out(book: Book, facts: RunFacts) -> list[Block]:
    rows = [row for row in book.find(analysis="leave_one_out") if row.measure != "p_heterogeneity"]
    outcomes = distinct(row.outcome for row in rows)
    every = {o: main for o in outcomes if (main := _whole(book, rows, o)) is not None}
    told = [_left_sentence(book, rows, outcome, every.get(outcome), facts) for outcome in outcomes]
    found: list[Block] = [Heading("Without each cycle in turn"), Bullets(tuple(told))]
    found.append(_left_table(book, rows, every, facts))
    if len(every) == len(outcomes):
        found.append(_left_figure(rows, every, facts))
    return found


def _whole(book: Book, rows: Sequence[Row], outcome: str) -> Row | None:
    first = next(row for row in rows if row.outcome == outcome)
    return _association(book, first)


def _cycle(row: Row) -> str:
    return row.stratum_level.replace("-", words.DASH)


def _left_sentence(
    book: Book, rows: Sequence[Row], outcome: str, every: Row | None, facts: RunFacts
) -> Text:
    name = words.upper_first(facts.outcome(outcome))
    mine = [row for row in rows if row.outcome == outcome]
    known = [row for row in mine if math.isfinite(row.estimate)]
    told = text(f"{name}: ")
    if known:
        ends = [min(known, key=lambda row: row.estimate), max(known, key=lambda row: row.estimate)]
        told += text(
            f"without one cycle {mine[0].level} against {mine[0].reference} goes from ",
            listing(
                (text(words.estimate(row), f" (without {_cycle(row)})") for row in ends),
                last=" to ",
            ),
        )
        if every is not None and math.isfinite(every.estimate):
            told += text("; with all it is ", words.with_interval(every))
    else:
        told += "no estimate could be made without one cycle"
    test = book.one(analysis="leave_one_out", outcome=outcome, measure="p_heterogeneity")
    if test is None or not math.isfinite(test.p_value):
        return told + "."
    differs = "differ" if test.p_value < 0.05 else "are not shown to differ"
    return told + text(
        f". The cycles {differs} in the trend over the groups (P for heterogeneity",
        words.NBSP, words.p_of(test), ").",
    )  # fmt: skip


def _left_table(book: Book, rows: Sequence[Row], every: dict[str, Row], facts: RunFacts) -> Table:
    groups = []
    for outcome in distinct(row.outcome for row in rows):
        lines: list[tuple[Cell, ...]] = []
        if outcome in every:
            lines.append(_left_row("None", every[outcome]))
        lines += [_left_row(_cycle(row), row) for row in rows if row.outcome == outcome]
        test = book.one(analysis="leave_one_out", outcome=outcome, measure="p_heterogeneity")
        label = text(facts.outcome(outcome))
        if test is not None:
            label += text(" (P for heterogeneity\N{NO-BREAK SPACE}", words.p_of(test), ")")
        groups.append(Group(tuple(lines), label=label))
    first = rows[0]
    return Table(
        key="left-out",
        caption=text(
            f"{first.level} against {first.reference} without each cycle in turn"
            f"{_in_model(rows, facts)}"
        ),
        head=(head("Cycle left out", "Estimate (95% CI)", f"Events / n in {first.level}"),),
        groups=tuple(groups),
        notes=(text("The cut points of the groups are those of all cycles together."),),
    )


def _left_row(label: str, row: Row) -> tuple[Cell, ...]:
    return (words_cell(label), number(words.with_interval(row)), number(words.events_of(row)))


def _left_figure(rows: Sequence[Row], every: dict[str, Row], facts: RunFacts) -> Figure:
    beside = forests.Line("All cycles", every)
    lines = [beside]
    for cycle in distinct(row.stratum_level for row in rows):
        mine = {row.outcome: row for row in rows if row.stratum_level == cycle}
        lines.append(forests.Line(f"Without {cycle.replace('-', words.DASH)}", mine))
    shown = [*every.values(), *rows]
    key = "leave_one_out"

    def left(row: Row) -> str:
        return f"Without {_cycle(row)}" if row.analysis == "leave_one_out" else "All cycles"

    return Figure(
        key=key,
        caption=text(
            "Estimates with 95% confidence intervals from all cycles (square, dotted line) and "
            "without each in turn."
        ),
        title="Estimates without each cycle in turn",
        description="Forest plot. "
        + " ".join(
            f"{facts.outcome(row.outcome)}, {left(row).lower()}: {words.shown(row)}."
            for row in shown
        ),
        drawing=forests.drawing(key, lines, facts, beside=beside),
        data=numbers_table(
            key, shown, {"Outcome": lambda row: facts.outcome(row.outcome), "Cycles": left}
        ),
    )
