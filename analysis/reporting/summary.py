"""What was found and what it hangs on, and how each published finding fares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reporting import choices, modified, records, repeated, sentences, tables, words
from analysis.reporting.book import Book, Row, distinct
from analysis.reporting.both import together
from analysis.reporting.document import Block, Paragraph, Text, listing, text
from analysis.reporting.facts import RunFacts

CURVE = "specification_summary"

FEW = 0.05
"""A share of specifications up to this does not make the others depend on a choice."""


def answer(book: Book, facts: RunFacts, everything: Book | None = None) -> list[Text]:
    """Answer the question in a few sentences.

    Parameters
    ----------
    book : Book
        The results of the main exposure.
    facts : RunFacts
        Labels and verdicts.
    everything : Book, optional
        All results, where a second measure is to be told of too.

    Returns
    -------
    list of Text
        Who and how many; the main association (or the range over domains); what it hangs on; the
        association of a second measure, and of both together; what modifies it, where the
        publication is about that alone; how the published figures fare. A sentence for which
        there are no rows is left out, and so is the second measure where the specifications have
        much to say of the first, or strata alone are asked for.
    """
    hangs = hangs_sentence(book, facts)
    modifying = modified.sentence(book, facts)
    two = (
        together(everything, facts, tests=not modifying)
        if everything is not None
        and not book.has("specification")
        and not modified.is_of_strata(facts)
        else []
    )
    found = [
        sentences.people_sentence(book, facts),
        # What adjustment does to the estimate is told once: by the sentence on choices, if any.
        sentences.main_sentence(book, facts, crude=not hangs)
        or sentences.range_sentence(book, facts),
        hangs,
        *two,
        modifying,
        sentences.verdict_sentence(facts),
    ]
    return [sentence for sentence in found if sentence]


def hangs_sentence(book: Book, facts: RunFacts) -> Text:
    """Say how far the main association depends on choices.

    By the specification curve where there is one; else by the spread of the estimate over the
    models, which is told only where there are at least three.
    """
    outcomes = [o.name for o in facts.main_outcomes if _number(book, o.name) is not None]
    return _over_choices(book, facts, outcomes) if outcomes else _over_models(book, facts)


def _summary(book: Book, outcome: str, measure: str) -> Row | None:
    return book.one(analysis=CURVE, outcome=outcome, measure=measure, stratum="")


def _number(book: Book, outcome: str) -> Row | None:
    """Row of the number of specifications; None also where their shares are not known."""
    wanted = ("specifications", "share_inverse", "share_inverse_significant")
    rows = [_summary(book, outcome, measure) for measure in wanted]
    known = all(row is not None and math.isfinite(row.estimate) for row in rows)
    return rows[0] if known else None


def _over_choices(book: Book, facts: RunFacts, outcomes: Sequence[str]) -> Text:
    number = _number(book, outcomes[0])
    assert number is not None
    names = [words.lower_first(facts.outcome(outcome)) for outcome in outcomes]
    empty = _summary(book, outcomes[0], "no_estimate")
    start = text(
        "It depends on the analysis: of " if _depends(book, outcomes) else "Of ",
        choices.estimated(number, empty, "defensible specification"), ", ",
        _share(book, outcomes[0], "share_inverse"), f" put the odds ratio of {names[0]} below 1, ",
        _share(book, outcomes[0], "share_inverse_significant"),
        " with a 95% interval wholly below 1", _above(book, outcomes[0]),
    )  # fmt: skip
    others = [
        text(
            f"{name}: ", _share(book, outcome, "share_inverse"), " and ",
            _share(book, outcome, "share_inverse_significant"), _above(book, outcome),
        )
        for outcome, name in zip(outcomes[1:], names[1:], strict=True)
    ]  # fmt: skip
    if others:
        start += text(" (", listing(others, last="; "), ")")
    moves, own = _moves_most(book, facts, outcomes), _own_places(book, facts, outcomes)
    if own:
        start_own = "the study's own choices give the "
        own = text(start_own if moves else words.upper_first(start_own), own)
    more = listing([told for told in (moves, own) if told], last="; ")
    return start + (text(". ", more, ".") if more else ".")


def _depends(book: Book, outcomes: Sequence[str]) -> bool:
    """Whether specifications differ in what they find: not where nearly all, or none, find it."""
    measures = ("share_inverse", "share_inverse_significant", "share_positive_significant")
    rows = [_summary(book, outcome, measure) for outcome in outcomes for measure in measures]
    return any(row is not None and FEW < row.estimate < 1 - FEW for row in rows)


def _own_places(book: Book, facts: RunFacts, outcomes: Sequence[str]) -> Text:
    """Say where the study's own estimate stands among all, an outcome at a time."""
    places = [(outcome, place) for outcome in outcomes if (place := _place(book, outcome))]
    told = [
        f"{words.nth(place)} lowest"
        + (f" for {words.lower_first(facts.outcome(outcome))}" if len(outcomes) > 1 else "")
        for outcome, place in places
    ]
    return listing(told, last=" and the ")


def _place(book: Book, outcome: str) -> int:
    """Count up to the base specification in the order of the estimates; 0 if it has none."""
    base = book.one(analysis="one_choice", outcome=outcome, stratum="base")
    rows = book.find(analysis="specification", outcome=outcome)
    if base is None or not math.isfinite(base.estimate) or not rows:
        return 0
    # A comparison with an estimate that is missing is false.
    return 1 + sum(row.estimate < base.estimate for row in rows)


def _share(book: Book, outcome: str, measure: str) -> Text:
    row = _summary(book, outcome, measure)
    return text(words.share_of(row) if row is not None else words.NONE)


def _above(book: Book, outcome: str) -> Text:
    """Tell of specifications that find the opposite, where there are any."""
    row = _summary(book, outcome, "share_positive_significant")
    if row is None or not row.estimate > 0:
        return text()
    return text(", and ", words.share_of(row), " wholly above 1")


def _moves_most(book: Book, facts: RunFacts, outcomes: Sequence[str]) -> Text:
    """Name the choice with the largest share of the variance, and its lowest and highest median."""
    told: list[Text] = []
    first = ""
    for outcome in outcomes:
        shares = book.find(analysis=CURVE, outcome=outcome, measure="variance_share")
        shares = [r for r in shares if math.isfinite(r.estimate) and r.stratum in _choices(facts)]
        if not shares:
            continue
        most = max(shares, key=lambda row: row.estimate).stratum
        if most == first:
            continue
        name = words.lower_first(facts.outcome(outcome))
        moved = text(
            f"{'The choice that moves it most' if not told else f'for {name} it'} is ",
            f"“{_choices(facts)[most]}”", _medians(book, facts, outcome, most, name),
        )  # fmt: skip
        first = first or most
        told.append(moved)
    return listing(told, last="; ")


def _medians(book: Book, facts: RunFacts, outcome: str, choice: str, name: str) -> Text:
    rows = book.find(analysis=CURVE, outcome=outcome, stratum=choice, measure="median")
    rows = [row for row in rows if math.isfinite(row.estimate)]
    if len(rows) < 2:
        return text()
    low, high = (pick(rows, key=lambda row: row.estimate) for pick in (min, max))
    labels = _options(facts, choice)
    return text(
        f" (median odds ratio of {name} ", words.as_ratio(low),
        f" with “{labels.get(low.stratum_level, low.stratum_level)}”, ", words.as_ratio(high),
        f" with “{labels.get(high.stratum_level, high.stratum_level)}”)",
    )  # fmt: skip


def _choices(facts: RunFacts) -> Mapping[str, str]:
    found = getattr(getattr(facts.study, "specifications", None), "choices", None) or ()
    return {choice.name: choice.label for choice in found}


def _options(facts: RunFacts, choice: str) -> Mapping[str, str]:
    found = getattr(getattr(facts.study, "specifications", None), "choices", None) or ()
    return {o.name: o.label for each in found if each.name == choice for o in each.options}


def _over_models(book: Book, facts: RunFacts) -> Text:
    """Tell the lowest and the highest estimate over the models, an outcome at a time."""
    rows = sentences.compared(book, facts, "odds_ratio")
    told: list[Text] = []
    for outcome in distinct(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == outcome]
        ends = [r for r in mine if r.level == mine[-1].level and math.isfinite(r.estimate)]
        if len(ends) < 3:
            continue
        low, high = (pick(ends, key=lambda row: row.estimate) for pick in (min, max))
        name, verb = words.lower_first(facts.outcome(outcome)), "" if told else "runs "
        told.append(
            text(
                f"of {name} {verb}from ", words.estimate(low),
                f" ({words.model_name(facts.model(low.model))}) to ", words.estimate(high),
                f" ({words.model_name(facts.model(high.model))})",
            )
        )  # fmt: skip
    if not told:
        return text()
    people = "" if tables.same_people(rows) else ", not in the same people"
    return text("Over the models, the odds ratio ", listing(told), people, ".")


THEMES = (
    ("main", "Main associations"),
    ("other", "Other exposures"),
    ("interaction", "Interaction"),
    ("strata", "Strata"),
    ("dependence", "Dependence on choices and confounding"),
    ("described", "Intake and prevalence"),
    ("untested", "What these data cannot test"),
)
"""Kinds of published findings in their order, with what each is called."""

_OF_ANALYSIS = {
    "interaction": "interaction", "joint": "interaction", "slope": "interaction",
    "specification": "dependence", "specification_summary": "dependence",
    "one_choice": "dependence", "e_value": "dependence", "negative_control": "dependence",
    "leave_one_out": "dependence", "imputed": "dependence",
    "stratum": "strata", "adjusted": "described", "standardised": "described",
    "prevalence": "described", "mean": "described", "table1": "described",
    "groups": "described", "cut_points": "described", "compared": "described",
    "exposure_by_outcome": "described", "flow": "described", "published": "untested",
}  # fmt: skip


def theme(analysis: str, exposure: str, facts: RunFacts) -> str:
    """Tell what a finding is about, by the row of the results that it stands beside."""
    if analysis in _OF_ANALYSIS:
        return _OF_ANALYSIS[analysis]
    main = getattr(facts.exposure, "measure", "")
    return "main" if exposure in ("", main) else "other"


def findings(book: Book, facts: RunFacts) -> list[Block]:
    """Set each published finding beside ours, with its verdict and the reason for it.

    Parameters
    ----------
    book : Book
        All results.
    facts : RunFacts
        The verdicts.

    Returns
    -------
    list of Block
        Empty for a study without published figures.
    """
    if facts.verdicts.empty:
        return []
    asked = text(
        "How closely a figure must agree is part of the study file: "
        "to the printed digit (same data and definitions), closely (with the reason), or in "
        "direction (definitions unknown). Each reason is written from the numbers."
        f"{repeated.note(facts)}"
    )
    groups = _by_theme(facts)
    table = records.verdict_table(book, facts, groups)
    return [Paragraph(asked, "note"), table]


def _by_theme(facts: RunFacts) -> list[tuple[Text, list[Mapping[str, Any]]]]:
    """Verdicts by what they are about, each theme with how its findings fare."""
    figures = {figure.id: figure for figure in getattr(facts.study, "published", ())}
    gathered: dict[str, list[Mapping[str, Any]]] = {}
    for row in facts.verdicts.to_dict("records"):
        where = getattr(figures.get(str(row["id"])), "where", None) or {}
        untested = str(row.get("kind")) == "not_testable"
        analysis = "published" if untested else where.get("analysis", "")
        found = theme(analysis, where.get("exposure", ""), facts)
        gathered.setdefault(found, []).append(row)
    if len(gathered) == 1:
        return [(text(), rows) for rows in gathered.values()]
    return [(_theme_words(title, gathered[key]), gathered[key])
            for key, title in THEMES if key in gathered]  # fmt: skip


def _theme_words(title: str, rows: Sequence[Mapping[str, Any]]) -> Text:
    verdicts = [str(row["verdict"]) for row in rows]
    told = [
        f"{number} {said[number > 1]}"
        for verdict, said in sentences.JUDGED.items()
        if (number := verdicts.count(verdict))
    ]
    return text(f"{title}: ", listing(told))
