"""What a reader must bear in mind, as far as the specification and the results tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.cohort.measure import Measure
from analysis.cohort.weights import WEIGHTS, Weight
from analysis.grammar import parse_condition
from analysis.reporting import words
from analysis.reporting.book import Book, Row
from analysis.reporting.document import Text, Value, listing, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.flow import Step, steps
from analysis.reporting.methods import analysed
from analysis.reporting.tables import stratum_name, term_names

FEW_DF = 30
"""Fewer degrees of freedom than this are called few: t and normal quantiles part visibly."""

FEW_PEOPLE = 200
"""A group of fewer people than this is named as small."""

SMALL_CELLS = {
    "joint": "joint groups of two measures", "stratum": "dose groups within strata",
}  # fmt: skip
"""Analyses of groups that two measures make, with what those are called."""

RIA = "vitamin_d_ria"

NESTED = {("dietary_day_1", "dietary_two_days"), ("phlebotomy", "fasting")}
"""Subsamples of the examined of which the first holds everyone in the second."""

AFTER_THE_GAP = "2021-2023"
"""August 2021 - August 2023; see the brief overview of its sample design that the CDC gives."""

COMPARISONS = (
    (("odds_ratio",), "odds ratio between groups", "odds ratios between groups"),
    (("linear",), "difference between groups", "differences between groups"),
    (("per_unit",), "estimate per unit", "estimates per unit"),
    (("trend",), "test for trend", "tests for trend"),
    (("prevalence",), "prevalence", "prevalences"),
    (("mean",), "mean", "means"),
    (
        ("adjusted",),
        "crude or adjusted estimate or test by groups",
        "crude and adjusted estimates and tests by groups",
    ),
    (("joint",), "joint group of two measures", "joint groups of two measures"),
    (("interaction",), "test or measure of interaction", "tests and measures of interaction"),
    (("stratum",), "estimate or test within strata", "estimates and tests within strata"),
)
"""Analyses whose estimates are counted, with the noun for one and for several."""


def limitations(book: Book, facts: RunFacts) -> list[Text]:
    """Say what the reader must bear in mind, as far as the specification and results tell.

    Parameters
    ----------
    book : Book
        The results.
    facts : RunFacts
        The study's specification and the data's kind.

    Returns
    -------
    list of Text
        One for each limitation that applies.
    """
    names = analysed(facts)
    used = {name: measure for name, measure in facts.measures.items() if name in names}
    return [
        *_of_artificial(facts),
        *_of_recall(used, facts),
        *_of_weight(used, facts),
        *_of_gap(facts),
        *_of_design(facts),
        *_of_serum(used, facts),
        *_of_flow(book, facts),
        *_of_missing(book, facts),
        *_of_few(book),
        *_of_small_groups(book.of(getattr(facts.exposure, "measure", "")), facts),
        *_of_small_cells(book),
        *_of_publications(facts),
        *_of_comparisons(book),
    ]


def _of_artificial(facts: RunFacts) -> list[Text]:
    if not facts.synthetic:
        return []
    told = (
        "The data are artificial, so nothing here holds of people. What follows are the limits of "
        "the same analysis of the CDC's files."
    )
    return [text(told)]


def _of_recall(used: dict[str, Measure], facts: RunFacts) -> list[Text]:
    exposure = facts.exposure
    measure = used.get(exposure.measure) if exposure is not None else None
    if exposure is None or measure is None or measure.subsample not in words.RECALLED:
        return []
    noun = words.group_noun_of(exposure)
    label = words.in_sentence(measure.label)
    if measure.name.endswith("_two_days"):
        said, days = (
            "The exposure is the mean of what a person reported for two days. Two recalls say more "
            "of that person's usual intake than one does, but still little: means of two days",
            "two days",
        )
    elif measure.name.endswith("_total"):
        said, days = (
            "The exposure is what a person ate on one day and took from supplements on an average "
            "day of thirty. One recall says little of that person's usual intake: sums with it",
            "such sums",
        )
    else:
        said, days = (
            "The exposure is what a person reported for one day. One recall says little of that "
            "person's usual intake: intakes of one day",
            "single days",
        )
    return [
        text(
            f"{said} spread wider than usual ones, many people "
            f"stand in another {noun} than their usual intake would put them, and associations "
            f"with the exposure are as a rule drawn towards none. Cut points of {label} are of "
            f"{days} and are no cut points of usual intake. People also under-report what "
            "they eat."
        ),
        *_of_same_day(used, facts, measure.subsample),
    ]


def _of_same_day(used: dict[str, Measure], facts: RunFacts, subsample: str) -> list[Text]:
    """Covariates out of the same recall share its errors."""
    names = {name for model in facts.models for name in term_names(model.terms)}
    same = [
        words.lower_first(measure.label)
        for name, measure in used.items()
        if name in names - {facts.exposure.measure} and measure.subsample in words.RECALLED
    ]
    if not same:
        return []
    one = len(same) == 1
    recall = "recall" if subsample == "dietary_day_1" else "recalls"
    told = text(
        f"From the same {recall} {'comes the covariate' if one else 'come the covariates'} ",
        listing(same),
        " (totals: their part from food)" if any(name.endswith("_total") for name in names) else "",
        f". {'Its' if one else 'Their'} errors go together with those of the exposure, so that in "
        f"models which hold {'it' if one else 'them'} an association may be off in either "
        f"direction, and {'it leaves' if one else 'they leave'} less of the exposure's own "
        "variation.",
    )
    return [told]


def _of_weight(used: dict[str, Measure], facts: RunFacts) -> list[Text]:
    """People without a measurement that has a weight of its own count as represented."""
    weight = WEIGHTS.get(facts.study.weight)
    if weight is None:
        return []
    apart: dict[str, list[tuple[str, str]]] = {}
    for measure in used.values():
        for cycle in facts.cycles:
            other = measure.subsample_in(cycle)
            if cycle in measure.sources and not _holds(other, weight.name):
                found = words.lower_first(measure.label), cycle
                apart.setdefault(other, []).append(found)
    return [_of_two_subsamples(weight, WEIGHTS[other], of) for other, of in apart.items()]


def _of_gap(facts: RunFacts) -> list[Text]:
    """Tell that the cycle after the pandemic does not follow the one before it."""
    if AFTER_THE_GAP not in facts.cycles or len(facts.cycles) == 1:
        return []
    return [
        text(
            "The pooled cycles do not follow each other: no data from 2019 to the middle of 2021 "
            f"stand before {words.cycles_words([AFTER_THE_GAP])}, whose sample was drawn in "
            "another way and in which fewer people answered. It counts as one cycle, so that "
            "estimates are means over the years that have data."
        )
    ]


def _of_two_subsamples(weight: Weight, other: Weight, of: list[tuple[str, str]]) -> Text:
    labels = list(dict.fromkeys(label for label, _ in of))
    cycles = list(dict.fromkeys(cycle for _, cycle in of))
    return text(
        f"The sample weight is made for one subsample ({words.lower_first(weight.label)}). In "
        f"{words.cycles_words(cycles)} ",
        listing(labels),
        f" {'belongs' if len(labels) == 1 else 'belong'} to another, with a weight of its own "
        f"({words.lower_first(other.label)}). The CDC makes none for people who are in both: those "
        "who are in the first alone are set aside, and no weight makes up for them.",
    )


def _holds(larger: str, smaller: str) -> bool:
    """Whether everyone in the one subsample is in the other too."""
    whole = larger in ("interview", "examination") or larger == smaller
    return whole or (larger, smaller) in NESTED


def _of_design(facts: RunFacts) -> list[Text]:
    if facts.exposure is None:
        return _of_told_groups(facts)
    measure = facts.measures.get(facts.exposure.measure)
    eaten = measure is not None and words.is_intake(measure)
    what, change = ("Intake", "diet") if eaten else ("Exposure", "the exposure")
    return [
        text(
            f"{what} and outcome were measured at about the same time in each person. The "
            "estimates are associations: they do not tell what came first, nor what would follow "
            f"from a change of {change}. What is not in the models, or is measured poorly, may "
            "explain them."
        )
    ]


def _of_told_groups(facts: RunFacts) -> list[Text]:
    """Tell of groups by what people say that they take what is told of an exposure."""
    names = {name for d in facts.domains for name in parse_condition(str(d.where)).columns}
    taken = [m for name, m in facts.measures.items() if name in names and words.is_intake(m)]
    if not taken:
        return []
    told = listing(words.in_sentence(measure.label) for measure in taken).plain
    return [
        text(
            f"Who is in which group rests on what people reported ({told}), at about the same time "
            "as the outcome was measured. Differences between the groups are associations: the "
            "groups differ in more than estimates are adjusted for, and what would follow from a "
            "change is not known."
        )
    ]


def _of_serum(used: dict[str, Measure], facts: RunFacts) -> list[Text]:
    early = [cycle for cycle in facts.cycles if cycle < "2007"]
    withdrawn = (
        "The CDC has withdrawn that scale, because the assay drifted over the years; here it is "
        "recovered from the values that are published now."
    )
    told = []
    if RIA in _cut(facts):
        told.append(
            text(
                f"Cut-offs on the radioimmunoassay scale follow papers of the time. {withdrawn} "
                "The same cut-off on the standardised scale gives other prevalences."
            )
        )
    elif RIA in _valued(facts):
        start = "Values on the radioimmunoassay scale compare with papers of the time only."
        told.append(text(f"{start} {withdrawn}"))
    if "vitamin_d" in used and early:
        cycles = listing([cycle.replace("-", words.DASH) for cycle in early])
        told.append(
            text(
                "Serum 25(OH)D on the standardised scale was not measured but predicted from a "
                "radioimmunoassay by the CDC in ",
                cycles,
                "; the error of that prediction is in no interval.",
            )
        )
    return told


def _cut(facts: RunFacts) -> set[str]:
    """Names of the measures on which an outcome or a group is defined by a condition."""
    conditions = [
        getattr(o, key, None) for o in facts.study.outcomes for key in ("event", "against")
    ]
    conditions += [domain.where for domain in facts.domains]
    return {name for c in conditions if c for name in parse_condition(str(c)).columns}


def _valued(facts: RunFacts) -> set[str]:
    """Names of the measures whose values are estimated or stand in a model."""
    names = {getattr(outcome, "measure", None) or "" for outcome in facts.study.outcomes}
    names |= {getattr(facts.exposure, "measure", "")}
    return names.union(*(term_names(model.terms) for model in facts.models))


def _of_flow(book: Book, facts: RunFacts) -> list[Text]:
    """Count the people who lack a measurement, not those whom the study is not about."""
    keeps = {step.step: str(step.keep) for step in facts.study.cohort}
    told = [
        text(_set_aside(step), f" (“{step.label}”)")
        for step in steps(book)
        if step.excluded is not None
        and step.excluded.estimate > 0
        and _lacking(step.remaining.level, keeps)
    ]
    if not told:
        return []
    return [
        text(
            "Steps that ask for a measurement set aside ",
            listing(told),
            ". They may differ from the people analysed; the estimates allow for that only as far "
            "as the sample weights do.",
        )
    ]


def _lacking(level: str, keeps: dict[str, str]) -> bool:
    """Whether a step asks for a measurement (or a recall) that was made, or for a weight."""
    if level not in keeps:
        return level == "weighted"
    asked = parse_condition(keeps[level]).columns
    return "missing(" in keeps[level] or "recall_status" in asked


def _set_aside(step: Step) -> Text:
    assert step.excluded is not None
    people = " person" if step.excluded.estimate == 1 else " people"
    stand = weighted_words(step.excluded_weighted)
    return text(words.counted(step.excluded, "estimate"), people, " " if stand else "", stand)


def weighted_words(row: Row | None) -> Text:
    """Say for how many people those of a row stand; nothing if that is not known."""
    if row is None or not math.isfinite(row.estimate):
        return text()
    if words.weightless(row.estimate):
        return text("without a weight")
    return text("standing for ", Value(words.people(row.estimate), row.row, ("estimate",)))


def _of_missing(book: Book, facts: RunFacts) -> list[Text]:
    number = book.one(analysis="missing", level="any", measure="missing")
    share = book.one(analysis="missing", level="any", measure="missing_share")
    if number is None or share is None or number.estimate == 0:
        return []
    people = text(words.counted(number, "estimate"), " people (", words.estimate(share))
    if not facts.complete_cases:
        return [
            text(
                people,
                "%) lack a variable of some model and are left out where it is needed, and the "
                "weights were not adjusted for it: models differ in their people too, not only in "
                "their covariates.",
            )
        ]
    row = book.one(analysis="flow", level="complete_cases", measure="excluded_weighted")
    stand = weighted_words(row)
    return [
        text(
            people,
            text("%, ", stand) if stand else "%",
            ") were set aside for a missing covariate, and the weights were not adjusted for it: "
            "if they differ from the others, the results are off for the population.",
        )
    ]


def _of_few(book: Book) -> list[Text]:
    known = [row for row in book.rows if row.df > 0]
    fewest = min(known, key=lambda row: row.df, default=None)
    if fewest is None or fewest.df >= FEW_DF:
        return []
    tested = any(math.isfinite(row.p_value) for row in book.rows)
    weak = ", and tests of several terms at once are weak" if tested else ""
    return [
        text(
            "Variances rest on few degrees of freedom (",
            "as few as " if any(row.df != fewest.df for row in known) else "",
            Value(words.count(fewest.df), fewest.row, ("df",)),
            "): the standard errors are themselves uncertain",
            "," if tested else " and",
            f" the intervals are wide for it{weak}.",
        )
    ]


def _of_small_groups(book: Book, facts: RunFacts) -> list[Text]:
    smallest: dict[str, Row] = {}
    for row in book.rows:
        group = _group_of(row)
        if group and math.isfinite(row.n) and row.n < FEW_PEOPLE:
            known = smallest.get(group)
            smallest[group] = row if known is None or row.n < known.n else known
    if not smallest:
        return []
    told = [
        text(
            f"“{stratum_name(group, facts)}”{_of_whose(group, facts)} ",
            "(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", words.counted(row), ")",
        )
        for group, row in smallest.items()
    ]  # fmt: skip
    return [
        text(
            f"Fewer than {FEW_PEOPLE} people stand behind some estimates of ",
            listing(told),
            ": they hang on few people and sampling units, and their intervals are rough.",
        )
    ]


def _of_whose(group: str, facts: RunFacts) -> str:
    """Say of what a dose group is one: its name alone does not tell."""
    if facts.exposure is None or stratum_name(group, facts) != group:
        return ""
    return f" of {words.in_sentence(facts.label(facts.exposure.measure))}"


def _of_small_cells(book: Book) -> list[Text]:
    """Tell the smallest of the groups that two measures make."""
    told = []
    for analysis, name in SMALL_CELLS.items():
        rows = [
            row for row in book.find(analysis=analysis)
            if row.measure in ("OR", "difference") and row.n < FEW_PEOPLE
        ]  # fmt: skip
        if rows:
            least = min(rows, key=lambda row: row.n)
            told.append(text(f"{name} hold as few as ", words.counted(least), " people"))
    if not told:
        return []
    rough = "; their estimates are rough."
    return [text(words.upper_first(str(told[0].parts[0])), *told[0].parts[1:],
                 *(text(", and ", each) for each in told[1:]), rough)]  # fmt: skip


def _group_of(row: Row) -> str:
    if row.analysis in ("prevalence", "mean"):
        return row.stratum_level or "all"
    return row.level if row.analysis in ("odds_ratio", "linear") else ""


def _of_publications(facts: RunFacts) -> list[Text]:
    kinds: Sequence[str] = [str(kind) for kind in facts.verdicts.get("kind", ())]
    loose = kinds.count("direction")
    if not loose:
        return []
    every = {1: "it", 2: "both"}.get(len(kinds), f"all {len(kinds)}")
    number = every if loose == len(kinds) else f"{loose} of the {len(kinds)}"
    return [
        text(
            "Not all definitions behind the published figures are known (exclusions, weights, cut "
            f"points, coding of covariates): {number} can be compared in direction only, and "
            "agreement does not show that the same analysis was done."
        )
    ]


def _of_comparisons(book: Book) -> list[Text]:
    told, total = [], 0
    for analyses, one, many in COMPARISONS:
        number = sum(_compares(row) for row in book.rows if row.analysis in analyses)
        total += number
        if number:
            told.append(f"{number:,} {one if number == 1 else many}")
    if total < 2:
        return []
    tested = any(math.isfinite(row.p_value) for row in book.rows)
    return [
        text(
            f"{'Intervals and P values' if tested else 'Intervals'} are not corrected for the "
            "number of comparisons: the report gives ",
            listing(told),
            ". Among so many, some intervals miss the truth by chance." if total >= 20 else ".",
        )
    ]


def _compares(row: Row) -> bool:
    """Whether a row is an estimate or test of its own; the reference group is none."""
    if row.measure.startswith("p_"):
        return math.isfinite(row.p_value)
    if row.measure == "people":
        return False
    groups = {row.level, f"{row.level}, {row.stratum_level}"}
    own = row.reference not in groups or not row.level
    return own and row.measure != "unweighted_proportion" and math.isfinite(row.estimate)
