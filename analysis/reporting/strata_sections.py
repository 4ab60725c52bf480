"""The main association within strata, each with its test of interaction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from analysis.reporting import panels, style, tables, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Cell,
    Figure,
    Group,
    Heading,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.figures import TELLING, value_label
from analysis.reporting.other_exposures import noted
from analysis.reporting.sentences import SETTLED
from analysis.reporting.tables import number, words_cell

MEASURES = ("OR", "difference")

APART = {"not known": "Stratum not known, n", "not compared": "Not compared, n"}
"""People of no stratum and with neither side of the outcome, who are in no estimate."""


def strata(book: Book, facts: RunFacts) -> list[Block]:
    """Show the main association within strata.

    Parameters
    ----------
    book : Book
        The results of the main exposure.
    facts : RunFacts
        For labels.

    Returns
    -------
    list of Block
        Empty for a study without strata.
    """
    rows = [r for r in book.find(analysis="stratum") if r.measure in MEASURES and r.level]
    if not rows:
        return []
    found: list[Block] = [Bullets(tuple(_sentences(book, facts, rows)))]
    for odds, measure in ((True, "OR"), (False, "difference")):
        mine = [row for row in rows if row.measure == measure]
        if mine:
            found.append(_figure(book, facts, mine, odds=odds))
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == outcome]
        found.append(Heading(facts.outcome(outcome)))
        found.append(_table(book, facts, mine))
        lines = _lines_table(book, facts, outcome)
        found += [lines] if lines else []
    return found


def _label(name: str, facts: RunFacts) -> str:
    return next((s.label for s in facts.listed("strata") if s.name == name), name)


def _test(book: Book, outcome: str, stratum: str, of: str = "group medians") -> Row | None:
    """Find the test of interaction of the trend, or of another slope."""
    where = {"analysis": "stratum", "outcome": outcome, "stratum": stratum}
    return book.one(**where, measure="p_interaction", contrast=f"{of} x {stratum}")


def _ends(rows: Sequence[Row]) -> list[Row]:
    """Rows of the highest group, of every stratum and outcome."""
    last = {(r.outcome, r.stratum, r.stratum_level): r for r in rows if r.level != r.reference}
    return list(last.values())


def _sentences(book: Book, facts: RunFacts, rows: Sequence[Row]) -> list[Text]:
    """Say of each outcome where the association differs, and where it is seen."""
    told = []
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in _ends(rows) if row.outcome == outcome]
        tests = [_test(book, outcome, name) for name in distinct(row.stratum for row in mine)]
        known = [test for test in tests if test is not None and math.isfinite(test.p_value)]
        name = words.upper_first(facts.outcome(outcome))
        sentence = text(f"{name}: ", _differs(known, facts), _seen(mine, facts), ".")
        told.append(sentence)
    return told


def _differs(known: Sequence[Row], facts: RunFacts) -> Text:
    if not known:
        return text("no test of interaction could be made")
    found = [row for row in known if row.p_value < SETTLED]
    if len(known) == 1:
        number = f"the one test of interaction has {'' if found else 'no '}P below {SETTLED:g}"
    elif not found:
        number = f"none of {len(known)} tests of interaction has P below {SETTLED:g}"
    else:
        have = "has" if len(found) == 1 else "have"
        number = f"of {len(known)} tests of interaction, {len(found)} {have} P below {SETTLED:g}"
    listed = listing(
        text(f"{words.lower_first(_label(row.stratum, facts))} (P\N{NO-BREAK SPACE}",
             words.p_of(row), ")")
        for row in found
    )  # fmt: skip
    return text(number, ": " if found else "", listed)


def _seen(mine: Sequence[Row], facts: RunFacts) -> Text:
    """Count and name the strata whose interval excludes no association."""
    none = "1" if mine[0].measure == "OR" else "0"
    known = [row for row in mine if math.isfinite(row.conf_low)]
    if not known:
        return text(". No stratum has an estimate")
    sides = {"inverse": f"lies wholly below {none}", "positive": f"lies wholly above {none}"}
    if len(known) == 1:
        side = sides.get(words.direction(known[0]), f"holds {none}")
        where = f"{known[0].stratum_level} ({_of(known[0], facts)})"
        return text(f". The one estimate is that in {where}, where the highest group's interval "
                    f"{side}")  # fmt: skip
    said = []
    for way, side in sides.items():
        found = [row for row in known if words.direction(row) == way]
        if found:
            names = listing(f"{row.stratum_level} ({_of(row, facts)})" for row in found).plain
            said.append(f"{side} in {'one' if len(found) == 1 else len(found)}: {names}")
    number = words.plural(len(known), "stratum", "strata")
    number += " with an estimate" if len(known) < len(mine) else ""
    if not said:
        return text(f". In each of the {number} the highest group's interval holds {none}")
    return text(f". Of the {number}, the highest group's interval {'; it '.join(said)}")


def _of(row: Row, facts: RunFacts) -> str:
    """Name the division of a stratum, with what its row warns of."""
    warned = f"; {row.note.rstrip('.')}" if row.note else ""
    return f"{words.lower_first(_label(row.stratum, facts))}{warned}"


def _figure(book: Book, facts: RunFacts, rows: Sequence[Row], *, odds: bool) -> Figure:
    key = "forest_strata" if odds else "forest_strata_linear"
    ends = _ends(rows)
    outcomes = distinct(row.outcome for row in ends)
    lines = _lines(book, facts, ends, outcomes)
    titles = {outcome: facts.outcome(outcome) for outcome in outcomes}
    noun = words.group_noun_of(facts.exposure)
    exposure = words.lower_first(facts.label(getattr(facts.exposure, "measure", "")))
    what = f"{'Odds ratios' if odds else 'Differences'} of the highest {noun} of {exposure} "
    what += f"against {words.of_the_lowest(facts.users)}, within strata"
    none = "1" if odds else "0"
    told = [
        f"{titles[row.outcome]}, {_label(row.stratum, facts)}, {row.stratum_level}: "
        f"{words.shown(row)}, {TELLING[words.direction(row)].format(none=none)}."
        for row in ends
    ]
    beyond = "; arrows are limits beyond it" if panels.is_cut(ends) else ""
    scale = f"Logarithmic scale{beyond}. " if odds else ""
    return Figure(
        key=key,
        caption=text(
            f"{what} (95% CI). {scale}P is that of the interaction of the trend with the stratum."
        ),
        title=what,
        description=f"Forest plot. {' '.join(told)}",
        drawing=style.Drawing(
            key,
            lambda width: panels.forest(
                lines, titles, width, odds=odds, axis=value_label(ends, facts, odds=odds)
            ),
            synthetic=facts.synthetic,
        ),
        data=tables.numbers_table(
            key,
            rows,
            {
                "Outcome": lambda row: facts.outcome(row.outcome),
                "Division": lambda row: _label(row.stratum, facts),
                "Stratum": lambda row: row.stratum_level,
                "Group": lambda row: row.level,
            },
        ),
    )


def _lines(
    book: Book, facts: RunFacts, ends: Sequence[Row], outcomes: Sequence[str]
) -> list[panels.Line]:
    lines = []
    for name in distinct(row.stratum for row in ends):
        tests = {outcome: _test(book, outcome, name) for outcome in outcomes}
        asides = {
            outcome: f"P\N{NO-BREAK SPACE}{words.p_value(test.p_value)}"
            for outcome, test in tests.items()
            if test is not None and math.isfinite(test.p_value)
        }
        lines.append(panels.Line(_label(name, facts), asides=asides))
        mine = [row for row in ends if row.stratum == name]
        for level in distinct(row.stratum_level for row in mine):
            drawn = {row.outcome: row for row in mine if row.stratum_level == level}
            lines.append(panels.Line(words.upper_first(level), drawn))
    return lines


def _table(book: Book, facts: RunFacts, rows: Sequence[Row]) -> Table:
    """Tabulate one outcome: people of every group and stratum, and the highest group's estimate."""
    outcome, odds = rows[0].outcome, rows[0].measure == "OR"
    levels = distinct(row.level for row in rows)
    groups = []
    for name in distinct(row.stratum for row in rows):
        mine = [row for row in rows if row.stratum == name]
        body = [
            _line(book, [row for row in mine if row.stratum_level == level], levels)
            for level in distinct(row.stratum_level for row in mine)
        ]
        for level, label in APART.items():
            people = _people(book, outcome, name, level)
            if people is not None and people.estimate > 0:
                blank = [number() for _ in range(len(levels) + 1)]
                cell = number(words.counted(people, "estimate"))
                body.append((words_cell(label), cell, *blank))
        groups.append(Group(tuple(body), _heading(book, facts, outcome, name)))
    sizes = "events / n" if odds else "n"
    unit = facts.outcome_unit(outcome)
    estimated = "OR (95% CI)" if odds else f"Difference, {unit} (95% CI)"
    heads = (*(f"{level}, {sizes}" for level in levels),
             f"{levels[-1]} vs {levels[0]}: {estimated}", "P for trend")  # fmt: skip
    exposure = words.lower_first(facts.label(getattr(facts.exposure, "measure", "")))
    noun = words.group_noun_of(facts.exposure)
    model = words.model_words(facts.model(rows[0].model))
    return Table(
        key=f"strata-{outcome.replace('_', '-')}",
        caption=text(
            f"{facts.outcome(outcome)} by {noun} of {exposure} within strata; covariates of {model}"
        ),
        head=((Cell(text("Stratum")), *(Cell(text(label), number=True) for label in heads)),),
        groups=tuple(groups),
        notes=(
            *_sum_note(book),
            *noted(rows, lambda row: f"{_label(row.stratum, facts)}, {row.stratum_level}"),
        ),
    )


def _lines_table(book: Book, facts: RunFacts, outcome: str) -> Table | None:
    """Tabulate the exposure as a straight line in each stratum; None without such rows."""
    rows = [
        row for row in book.find(analysis="stratum", outcome=outcome)
        if row.measure in MEASURES and not row.level
    ]  # fmt: skip
    if not rows:
        return None
    per, odds = rows[0].contrast, rows[0].measure == "OR"
    groups = []
    for name in distinct(row.stratum for row in rows):
        test = _test(book, outcome, name, per)
        heading = text(_label(name, facts))
        if test is not None and math.isfinite(test.p_value):
            heading += text(": P for interaction\N{NO-BREAK SPACE}", words.p_of(test))
        body = tuple(
            (
                words_cell(words.upper_first(row.stratum_level)),
                number(words.events_of(row)),
                number(words.with_interval(row)),
                number(words.p_of(row, cell=True)),
            )
            for row in rows
            if row.stratum == name
        )
        groups.append(Group(body, heading))
    unit = facts.outcome_unit(outcome)
    what = "OR" if odds else f"Difference, {unit}," if unit else "Difference"
    exposure = words.lower_first(facts.label(getattr(facts.exposure, "measure", "")))
    heads = ("Events / n" if odds else "n", f"{what} {words.singular(per)} (95% CI)", "P")
    return Table(
        key=f"strata-lines-{outcome.replace('_', '-')}",
        caption=text(f"{facts.outcome(outcome)}: {exposure} as a straight line within strata"),
        head=((Cell(text("Stratum")), *(Cell(text(label), number=True) for label in heads)),),
        groups=tuple(groups),
        notes=noted(rows, lambda row: f"{_label(row.stratum, facts)}, {row.stratum_level}"),
        series="supporting",
    )


def _line(book: Book, mine: Sequence[Row], levels: Sequence[str]) -> tuple[Cell, ...]:
    by_level: Mapping[str, Row] = {row.level: row for row in mine}
    first, last = mine[0], by_level.get(levels[-1])
    trend = book.one(
        analysis="stratum", measure="p_trend", outcome=first.outcome, stratum=first.stratum,
        stratum_level=first.stratum_level,
    )  # fmt: skip
    return (
        words_cell(words.upper_first(first.stratum_level)),
        *(number(words.events_of(by_level[s]) if s in by_level else words.NONE) for s in levels),
        number(words.with_interval(last) if last else words.NONE),
        number(words.p_of(trend, cell=True) if trend else words.NONE),
    )


def _people(book: Book, outcome: str, stratum: str, level: str) -> Row | None:
    return book.one(
        analysis="stratum", measure="people", outcome=outcome, stratum=stratum, stratum_level=level
    )


def _heading(book: Book, facts: RunFacts, outcome: str, name: str) -> Text:
    test = _test(book, outcome, name)
    if test is None or not math.isfinite(test.p_value):
        return text(_label(name, facts))
    p = text("P for interaction\N{NO-BREAK SPACE}", words.p_of(test))
    return text(f"{_label(name, facts)}: ", p, _statistic(book, test))


def _statistic(book: Book, test: Row) -> Text:
    """Give the F of a test of interaction and its degrees of freedom, strata less one first."""
    if not (math.isfinite(test.statistic) and math.isfinite(test.df)):
        return text()
    where = {"outcome": test.outcome, "stratum": test.stratum}
    rows = book.find(analysis="stratum", **where)
    strata_ = distinct(row.stratum_level for row in rows if row.measure in MEASURES and row.level)
    # The note of a test names the strata that are not in it before its colon.
    left_out = f"{test.note.removeprefix('without').partition(':')[0]},"
    tested = [name for name in strata_ if f" {name}," not in left_out]
    return text(
        " (Wald F ", words.value(test, lambda number_: words.fixed(number_, 2), "statistic"),
        f" on {len(tested) - 1} and ", words.value(test, words.short, "df"), " degrees of freedom)",
    )  # fmt: skip


def _sum_note(book: Book) -> tuple[Text, ...]:
    """Say that the numbers of each division add up to the cohort."""
    flow = book.find(analysis="flow", measure="remaining")
    if not flow:
        return ()
    return (
        text(
            "Within each division n adds up to the ", words.counted(flow[-1], "estimate"),
            " people analysed, over groups, strata and those who are in none.",
        ),
    )  # fmt: skip
