"""Sentences with numbers out of the results, correct whatever the results are.

A direction is claimed only where the whole interval lies on one side of no association. The
words "significant" and "effect" are not used at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.reporting import words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.document import Text, Value, listing, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import same_people, stratum_name
from analysis.reporting.words import Direction

COMPARED = {
    ("OR", "inverse"): "the odds were lower for ",
    ("OR", "positive"): "the odds were higher for ",
    ("difference", "inverse"): "the mean was lower for ",
    ("difference", "positive"): "the mean was higher for ",
}


SETTLED = 0.05
"""A test settles a question below this P value, as the report's 95% intervals do."""


def people_sentence(book: Book, facts: RunFacts) -> Text:
    """Who was analysed, and the prevalence or mean of each outcome."""
    who = _who(book)
    found = book.find(analysis="prevalence", measure="proportion", stratum_level="all")
    shares = [row for row in found if facts.is_main(row.outcome)]
    kinds = (
        ("the weighted prevalence ", [_prevalence(row, facts) for row in shares]),
        ("the weighted mean ", [_mean(row, facts) for row in means_told(book, facts)]),
    )
    told = listing((text(start, listing(rows)) for start, rows in kinds if rows), last="; ")
    if not told:
        return text("The analysis has ", who, ".") if who else text()
    if who:
        return text("Among ", who, ", ", told, ".")
    return text(words.upper_first(str(told.parts[0])), *told.parts[1:], ".")


def means_told(book: Book, facts: RunFacts) -> list[Row]:
    """Means that answer the question: where it is about one, or no exposure or prevalence is.

    The mean of z scores is 0 by how they are made, and tells nothing.
    """
    asked = leads_with_means(facts) or facts.exposure is None or not book.has("prevalence")
    found = book.find(analysis="mean", measure="mean", stratum_level="all") if asked else []
    scores = {o.name for o in facts.study.outcomes if getattr(o, "mean_z", ())}
    return [row for row in found if facts.is_main(row.outcome) and row.outcome not in scores]


def leads_with_means(facts: RunFacts) -> bool:
    """Whether the first of the main outcomes is a continuous one."""
    first = next(iter(facts.main_outcomes), None)
    return bool(getattr(first, "measure", None) or getattr(first, "mean_z", ()))


def _mean(row: Row, facts: RunFacts) -> Text:
    name = words.lower_first(facts.outcome(row.outcome))
    if not math.isfinite(row.estimate):
        return text(f"of {name} could not be estimated")
    unit = f" {facts.outcome_unit(row.outcome)}".rstrip()
    return text(f"of {name} was ", words.estimate(row), unit, _inside(row, " (95% CI ", ")"))


def _inside(row: Row, before: str, after: str) -> Text:
    """Give the interval between these words; nothing where there is none."""
    around = words.limits(row)
    return text(before, around, after) if isinstance(around, Value) else text()


def _who(book: Book) -> Text:
    rows = book.find(analysis="flow", measure="remaining")
    if not rows:
        return text()
    last = rows[-1]
    people = text(words.counted(last, "estimate"), " ", _participants(last.estimate))
    weighted = book.one(analysis="flow", level=last.level, measure="remaining_weighted")
    if weighted is None or not weighted.estimate > 0:
        return people
    stand = Value(words.people(weighted.estimate), weighted.row, ("estimate",))
    return text(people, " (standing for ", stand, " people)")


def _participants(number: float) -> str:
    return "participant" if number == 1 else "participants"


def _prevalence(row: Row, facts: RunFacts) -> Text:
    name = words.lower_first(facts.outcome(row.outcome))
    if not math.isfinite(row.estimate):
        return text(f"of {name} could not be estimated")
    if row.events == 0:
        return text(f"of {name} was zero (no events in ", words.counted(row), ")")
    return text(f"of {name} was ", words.estimate(row), "%", _inside(row, " (95% CI ", ")"))


def main_sentence(
    book: Book, facts: RunFacts, *, crude: bool = True, published: bool = True
) -> Text:
    """Compare the highest dose group with the lowest, in the most adjusted model.

    Means are compared where the first outcome is one, or no odds are.

    Parameters
    ----------
    book : Book
        The results of the main exposure.
    facts : RunFacts
        For labels.
    crude : bool
        Whether to tell the estimate of the least adjusted model too.
    published : bool
        Whether to tell the published estimate.
    """
    if not published:
        book = _unpublished(book)
    odds, means = (compared(book, facts, analysis) for analysis in ("odds_ratio", "linear"))
    if not odds or leads_with_means(facts):
        return _main(book, facts, [rows for rows in (means, odds) if rows], crude)
    return _main(book, facts, [odds], crude)


def _unpublished(book: Book) -> Book:
    """Give the same results without the published figures beside them."""
    return book.map(lambda row: row._replace(published=math.nan))


def compared(book: Book, facts: RunFacts, analysis: str) -> list[Row]:
    """Dose groups against the lowest, of the main outcomes."""
    rows = [row for row in book.find(analysis=analysis) if row.level != row.reference]
    return [row for row in rows if facts.is_main(row.outcome)]


def _main(book: Book, facts: RunFacts, kinds: Sequence[Sequence[Row]], crude: bool) -> Text:
    if not kinds:
        return text()
    model = _last_model(facts, kinds[0])
    groups = getattr(facts.exposure, "groups", 0)
    noun = words.group_noun_of(facts.exposure)
    exposure = words.in_sentence(facts.label(getattr(facts.exposure, "measure", "")))
    start = (
        f"In {words.model_words(facts.model(model))}, comparing "
        f"{words.the_highest(facts.users, groups)} {noun} of {exposure} with "
        f"{words.of_the_lowest(facts.users, groups)}, "
    )
    told = [
        _by_direction(book, facts, list(highest.values()), crude)
        for rows in kinds
        if (highest := {row.outcome: row for row in rows if row.model == model})
    ]
    return text(start, *(text("; " if at else "", clause) for at, clause in enumerate(told)), ".")


def _last_model(facts: RunFacts, rows: Sequence[Row]) -> str:
    present = distinct(row.model for row in rows)
    named = [model.name for model in facts.models if model.name in present]
    return (named or present)[-1]


def _by_direction(book: Book, facts: RunFacts, rows: Sequence[Row], crude: bool) -> Text:
    """Outcomes gathered by what their intervals say."""
    clauses = []
    ways: tuple[Direction, ...] = ("inverse", "positive", "unclear", "missing")
    for way in ways:
        mine = [row for row in rows if words.direction(row) == way]
        if mine:
            clauses.append(_clause(book, facts, mine, way, crude))
    joined = clauses[0]
    for clause in clauses[1:]:
        joined += text("; ", clause)
    return joined


def _clause(book: Book, facts: RunFacts, rows: Sequence[Row], way: Direction, crude: bool) -> Text:
    measure = rows[0].measure
    if way == "missing":
        told = listing(words.lower_first(facts.outcome(row.outcome)) for row in rows)
        return text("no estimate could be made for ", told)
    if way == "unclear":
        told = listing(_with_figures(book, facts, row, crude=crude) for row in rows)
        what = "odds" if measure == "OR" else "the mean"
        return text(f"no difference in {what} is shown for ", told)
    # A trend that the hedge tells is not told twice.
    told = listing(
        _with_figures(book, facts, row, trend=not _is_open(_trend(book, row)), crude=crude)
        for row in rows
    )
    return text(COMPARED[measure, way], told, _hedge(book, facts, rows))


def _is_open(test: Row | None) -> bool:
    return test is not None and test.p_value >= SETTLED


def _hedge(book: Book, facts: RunFacts, rows: Sequence[Row]) -> Text:
    """Say where tests over all doses leave open what the interval of two groups settles."""
    nouns = words.group_nouns_of(facts.exposure)
    said = []
    for what, test in (
        (f"the trend over the {nouns}", _trend),
        ("an association along the curve", _along_curve),
    ):
        found = [(row, test(book, row)) for row in rows]
        open_ = [(row, p) for row, p in found if p is not None and _is_open(p)]
        if open_:
            said.append((what, _which(open_, len(rows), facts)))
    if not said:
        return text()
    first, *rest = said
    told = text(f", but {first[0]} is not settled", first[1])
    return told + text(*(text(f", nor is {what}", which) for what, which in rest))


def _which(found: Sequence[tuple[Row, Row]], number: int, facts: RunFacts) -> Text:
    """For which outcomes a test leaves open, with its P values."""
    p_values = [text("P\N{NO-BREAK SPACE}", words.p_of(p)) for _, p in found]
    if len(found) < number:
        names = [words.lower_first(facts.outcome(row.outcome)) for row, _ in found]
        pairs = zip(names, p_values, strict=True)
        return text(" for ", listing(text(name, " (", p, ")") for name, p in pairs))
    every = {1: "", 2: " for either"}.get(number, " for any of them")
    return text(f"{every} (", listing(p_values), ")")


def _trend(book: Book, row: Row) -> Row | None:
    return book.one(analysis="trend", outcome=row.outcome, model=row.model, measure="p_trend")


def _along_curve(book: Book, row: Row) -> Row | None:
    return book.one(analysis="spline", outcome=row.outcome, model=row.model, measure="p_overall")


def _with_figures(
    book: Book, facts: RunFacts, row: Row, *, trend: bool = True, crude: bool = True
) -> Text:
    name = words.lower_first(facts.outcome(row.outcome))
    return text(f"{name} (", figures(book, facts, row, trend=trend, crude=crude), ")")


def figures(
    book: Book, facts: RunFacts, row: Row, *, trend: bool = True, crude: bool = True
) -> Text:
    """Estimate and interval, the published ones, and what is asked for.

    Parameters
    ----------
    book : Book
        The results of the row's exposure.
    facts : RunFacts
        For labels and units; beside artificial data nothing published is told.
    row : Row
        An odds ratio or a difference.
    trend, crude : bool
        Whether to tell P for trend, and the estimate of the least adjusted model.
    """
    label = "OR" if row.measure == "OR" else "difference"
    unit = f" {facts.outcome_unit(row.outcome)}".rstrip()
    told = text(f"{label} ", words.estimate(row), unit, ", 95% CI ", words.limits(row))
    test = _trend(book, row) if trend else None
    if test is not None and math.isfinite(test.p_value):
        what = words.trend_label(getattr(facts.exposure, "groups", 0))
        told += text(f"; {what}\N{NO-BREAK SPACE}", words.p_of(test))
    if math.isfinite(row.published) and not facts.synthetic:
        told += text("; published ", words.published(row))
    return told + (_before_adjustment(book, facts, row, label, unit) if crude else text())


def _before_adjustment(book: Book, facts: RunFacts, row: Row, label: str, unit: str) -> Text:
    """Give the contrast in the least adjusted model: how far it rests on covariates."""
    same = book.find(analysis=row.analysis, outcome=row.outcome, level=row.level)
    named = [model.name for model in facts.models]
    same = sorted((r for r in same if r.model in named), key=lambda r: named.index(r.model))
    if not same or same[0].model == row.model or not math.isfinite(same[0].estimate):
        return text()
    first = words.model_name(facts.model(same[0].model))
    pair = (same[0].model, row.model)
    rows = [r for r in book.find(analysis=row.analysis, outcome=row.outcome) if r.model in pair]
    others = "" if same_people(rows) else ", not in the same people"
    return text(f"; {first} {label} ", words.estimate(same[0]), unit, others)


def range_sentence(book: Book, facts: RunFacts) -> Text:
    """Where the prevalence (or mean) of the first outcome is lowest and highest among domains."""
    found = book.find(analysis="prevalence", measure="proportion") or book.find(analysis="mean")
    rows = [r for r in found if r.stratum_level not in ("all", "") and math.isfinite(r.estimate)]
    rows = [row for row in rows if row.outcome == rows[0].outcome]
    if len(rows) < 2:
        return text()
    low = min(rows, key=lambda row: row.estimate)
    high = max(rows, key=lambda row: row.estimate)
    name = words.lower_first(facts.outcome(low.outcome))
    share = low.analysis == "prevalence"
    unit = "%" if share else f" {facts.outcome_unit(low.outcome)}".rstrip()
    ends = ("lower", "higher") if len(rows) == 2 else ("lowest", "highest")
    told = [
        text(
            f"{word} in the group “{stratum_name(row.stratum_level, facts)}” (",
            words.estimate(row), unit, _inside(row, ", 95% CI ", ""), ")",
        )
        for word, row in zip(ends, (low, high), strict=True)
    ]  # fmt: skip
    what = "prevalence" if share else "mean"
    many = "two" if len(rows) == 2 else f"{len(rows)}"
    start = f"Of the {many} groups compared, the estimated {what} of {name} was "
    return text(start, listing(told), ".")


JUDGED = {
    "reproduces": ("is reproduced", "are reproduced"),
    "in part": ("is reproduced in part", "are reproduced in part"),
    "does not": ("is not reproduced", "are not reproduced"),
    "cannot be judged": ("cannot be judged", "cannot be judged"),
}
"""Verdicts as verbs, of one figure and of several."""

REPRODUCED = {
    "exact": ("matches to the printed digit", "match to the printed digit"),
    "tolerance": ("lies within the stated tolerance", "lie within the stated tolerance"),
    "direction": ("agrees in direction", "agree in direction"),
}
"""What one figure that is reproduced does, and several do, by the agreement asked for."""


def verdict_sentence(facts: RunFacts) -> Text:
    """How many of the published figures are reproduced, and how nearly."""
    verdicts = [str(verdict) for verdict in facts.verdicts.get("verdict", ())]
    if not verdicts:
        return text()
    if facts.synthetic and set(verdicts) == {"cannot be judged"}:
        one = len(verdicts) == 1
        who = (
            "The one published finding is" if one else f"The {len(verdicts)} published findings are"
        )
        return text(f"{who} not judged: the data are artificial.")
    told = []
    for verdict, said in JUDGED.items():
        number = verdicts.count(verdict)
        if number:
            nearly = _how_nearly(facts) if verdict == "reproduces" else ""
            told.append(f"{number} {said[number > 1]}{nearly}")
    if len(verdicts) == 1:
        alone = told[0].removeprefix("1 ").replace("(1 ", "(it ", 1)
        return text(f"The one published finding {alone}.")
    if len(told) == 1:
        return text(_alike(verdicts[0], len(verdicts), told[0].removeprefix(f"{len(verdicts)} ")))
    return text(f"Of the {len(verdicts)} published findings, ", listing(told), ".")


def _alike(verdict: str, number: int, said: str) -> str:
    """Tell a verdict that is that of all findings: of what is not so, it is so of none."""
    none = {"does not": "is reproduced", "cannot be judged": "can be judged"}.get(verdict)
    if none is not None:
        those = "Neither of the two" if number == 2 else f"None of the {number}"
        return f"{those} published findings {none}."
    return f"{'Both' if number == 2 else f'All {number}'} published findings {said}."


def _how_nearly(facts: RunFacts) -> str:
    """Count the reproduced figures by kind: a direction is less than a printed digit."""
    rows = facts.verdicts[facts.verdicts["verdict"].astype(str) == "reproduces"]
    kinds = [str(kind) for kind in rows["kind"]]
    told = [
        f"{number} {one if number == 1 else many}"
        for kind, (one, many) in REPRODUCED.items()
        if (number := kinds.count(kind))
    ]
    if len(told) == 1 and len(kinds) > 1:
        # Their number was told before.
        every = "both" if len(kinds) == 2 else "all"
        return f" ({every} {told[0].removeprefix(f'{len(kinds)} ')})"
    return f" ({listing(told).plain})" if told else ""


def associations(book: Book, facts: RunFacts, analysis: str) -> list[Text]:
    """Say what the table of associations shows, a sentence an outcome."""
    rows = compared(book, facts, analysis)
    sentences = []
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == outcome]
        top = mine[-1].level
        ends = [row for row in mine if row.level == top]
        sentences.append(_across_models(book, facts, ends))
    return sentences


def _across_models(book: Book, facts: RunFacts, rows: Sequence[Row]) -> Text:
    name = words.upper_first(facts.outcome(rows[0].outcome))
    label = "the odds ratio" if rows[0].measure == "OR" else "the mean difference"
    unit = f" {facts.outcome_unit(rows[0].outcome)}".rstrip()
    decimals = words.even_decimals(row for row in rows if math.isfinite(row.estimate))
    told = [
        text(
            words.with_interval(row, decimals), unit if math.isfinite(row.estimate) else "",
            f" in {words.model_words(facts.model(row.model))}",
        )
        for row in rows
    ]  # fmt: skip
    start = f"{name}: {label} (95% CI) of {rows[0].level} against {rows[0].reference} is "
    sentence = text(start, listing(told))
    last = rows[-1]
    per = book.one(analysis="per_unit", outcome=last.outcome, model=last.model)
    if per is not None and math.isfinite(per.estimate):
        in_it = words.with_interval(per)
        sentence += text("; in that model it is ", in_it, unit, f" {words.singular(per.contrast)}")
    return sentence + "."


def curves(book: Book, facts: RunFacts, measure: str) -> list[Text]:
    """Say what the tests of the curves give, a sentence an outcome."""
    rows = [r for r in book.find(analysis="spline", measure=measure) if facts.is_main(r.outcome)]
    sentences = []
    for outcome in distinct(row.outcome for row in rows):
        model = [row.model for row in rows if row.outcome == outcome][-1]
        tests = {
            row.measure: row
            for row in book.find(analysis="spline", outcome=outcome, model=model)
            if row.measure in ("p_overall", "p_nonlinear") and math.isfinite(row.p_value)
        }
        told = [
            text(f"{words_} P\N{NO-BREAK SPACE}", words.p_of(tests[name]))
            for name, words_ in (
                ("p_overall", "for any association"),
                ("p_nonlinear", "for a departure from a straight line"),
            )
            if name in tests
        ]
        if told:
            start = f"{facts.outcome(outcome)}, in {words.model_words(facts.model(model))}: "
            sentences.append(text(start, listing(told, last=", "), "."))
    return sentences
