"""Methods and limitations in words, generated from the study's specification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.cohort.measure import Measure
from analysis.cohort.weights import WEIGHTS
from analysis.grammar import parse_condition, parse_term
from analysis.reporting import words
from analysis.reporting.book import Book, distinct
from analysis.reporting.document import (
    Block,
    Bullets,
    Code,
    Heading,
    Paragraph,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import term_names

DF_RULES = {
    "design": "sampling units minus strata, counted in the domain analysed",
    "residual": (
        "sampling units minus strata, counted in the domain analysed, minus the model's terms "
        "without the intercept (as R's survey does)"
    ),
}


def methods(book: Book, facts: RunFacts) -> list[Block]:
    """Write the methods section."""
    blocks: list[Block] = [
        Heading("Participants"),
        *_participants(book, facts),
        Heading("Outcomes"),
    ]
    blocks.append(Bullets(tuple(_outcome(outcome, facts) for outcome in facts.study.outcomes)))
    if facts.exposure is not None:
        blocks += [Heading("Exposure"), Paragraph(_exposure(book, facts))]
    if facts.models:
        blocks += [Heading("Models"), *_models(book, facts)]
    blocks += [Heading("Weights and design"), *_design(facts)]
    blocks += [Heading("Missing values"), Paragraph(_missing(facts))]
    used = [measure for name, measure in facts.measures.items() if name in _read(facts)]
    if used:
        blocks += [Heading("Measures"), Bullets(tuple(_measure(m, facts) for m in used))]
    return blocks


def _labels(facts: RunFacts) -> dict[str, str]:
    return {name: measure.label for name, measure in facts.measures.items()}


def _units(facts: RunFacts) -> dict[str, str]:
    return {name: measure.unit for name, measure in facts.measures.items()}


def condition_words(condition: object, facts: RunFacts) -> str:
    """Say a condition of the study file in words."""
    return parse_condition(str(condition)).describe(_labels(facts), _units(facts))


def _participants(book: Book, facts: RunFacts) -> list[Block]:
    cycles = [cycle.replace("-", words.DASH) for cycle in facts.cycles]
    start = (
        f"The data are the public files of {words.plural(len(cycles), 'cycle')} of the National "
        f"Health and Nutrition Examination Survey (NHANES): "
    )
    lead = text(start, listing(cycles), ". People were kept in these steps:")
    steps = [
        text(f"{step.label}: {condition_words(step.keep, facts)} (", Code(str(step.keep)), ").")
        for step in facts.study.cohort
    ]
    own = {step.step for step in facts.study.cohort}
    weighted = book.one(analysis="flow", level="weighted", measure="remaining")
    if weighted is not None and "weighted" not in own:
        nobody = "people without one stand for nobody and are in no estimate."
        steps.append(text(f"{weighted.contrast}: {nobody}"))
    if facts.complete_cases:
        steps.append(text("Complete covariates: no covariate of any model is missing."))
    return [Paragraph(lead), Bullets(tuple(steps), ordered=True)]


def _outcome(outcome: Any, facts: RunFacts) -> Text:
    event = getattr(outcome, "event", None)
    measure = getattr(outcome, "measure", None)
    definition = getattr(outcome, "definition", "") or ""
    start = text(
        f"{outcome.label}: {words.lower_first(definition)}" if definition else outcome.label
    )
    if event:
        against = getattr(outcome, "against", None)
        compared = text(", compared with ", Code(str(against))) if against else text()
        return text(start, " (event ", Code(str(event)), compared, ").")
    if measure:
        return text(start, " (", Code(str(measure)), "), a continuous outcome.")
    return text(start, ".")


def _exposure(book: Book, facts: RunFacts) -> Text:
    exposure = facts.exposure
    label, unit = facts.label(exposure.measure), facts.unit(exposure.measure)
    nouns = words.group_nouns(exposure.groups)
    weighted = "weighted" if exposure.cut_points == "weighted" else "unweighted"
    told = text(
        f"{label} ({unit or 'no unit'}) was cut into {exposure.groups} groups ({nouns}) at its "
        f"{weighted} quantiles within the cohort"
    )
    cuts = book.find(analysis="cut_points", measure="quantile")
    if cuts:
        told += text(": ", listing(words.short_estimate(row) for row in cuts), f" {unit}".rstrip())
    told += ". The trend was tested with each person's group median as one continuous term."
    per = getattr(exposure, "per", None)
    if per:
        told += (
            f" The exposure as a continuous linear term is given per {per:g} {unit}".rstrip() + "."
        )
    knots = getattr(exposure, "spline_knots", None)
    if knots:
        told += (
            f" A restricted cubic spline with {knots} knots at Harrell's percentiles shows the "
            f"shape; its reference is {_reference(exposure, unit)}."
        )
    return told


def _reference(exposure: Any, unit: str) -> str:
    value = getattr(exposure, "spline_reference", "median")
    return "the median" if value == "median" else f"{value:g} {unit}".rstrip()


def _models(book: Book, facts: RunFacts) -> list[Block]:
    kinds = []
    outcomes = list(facts.study.outcomes)
    if any(getattr(outcome, "event", None) for outcome in outcomes):
        kinds.append("logistic models for outcomes that are yes or no")
    if any(getattr(outcome, "measure", None) for outcome in outcomes):
        kinds.append("linear models for continuous outcomes")
    lead = f"Design-based {' and '.join(kinds)}, each with these sets of covariates:"
    items = []
    for model in facts.models:
        terms = [
            parse_term(str(term)).describe(_labels(facts), _units(facts)) for term in model.terms
        ]
        items.append(text(f"{model.label}: {'; '.join(terms) if terms else 'no covariates'}."))
    coded = (
        "Categories enter as indicators against their first level, continuous covariates as "
        "linear terms unless said otherwise."
    )
    return [Paragraph(text(lead)), Bullets(tuple(items)), Paragraph(text(coded))]


def weight_words(facts: RunFacts) -> Text:
    """Name the sample weight, its variable, and how the cycles share it."""
    weight, cycles = str(facts.study.data.weight), facts.cycles
    known = WEIGHTS.get(weight)
    if known is None:
        return text(weight)
    names = distinct(known.variable(cycle) for cycle in cycles if cycle in known.sources)
    told = text(f"{words.lower_first(known.label)} (", listing([Code(name) for name in names]), ")")
    return told + (f" divided by {len(cycles)}, the number of cycles" if len(cycles) > 1 else "")


def weight_fact(facts: RunFacts) -> tuple[Text, Text]:
    """Give the weight as a formula, and what it is called."""
    weight, cycles = str(facts.study.data.weight), facts.cycles
    known = WEIGHTS.get(weight)
    if known is None:
        return text(weight), text()
    names = distinct(known.variable(cycle) for cycle in cycles if cycle in known.sources)
    share = f" / {len(cycles)}" if len(cycles) > 1 else ""
    return text(f"{', '.join(names)}{share}"), text(words.lower_first(known.label))


def _design(facts: RunFacts) -> list[Block]:
    rule = DF_RULES.get(facts.df_rule, facts.df_rule)
    return [
        Paragraph(
            text(
                "Every estimate uses the ",
                weight_words(facts),
                ". Variances are linearised (Taylor series) with the masked variance strata (",
                Code("SDMVSTRA"),
                ") and the units nested in them (",
                Code("SDMVPSU"),
                "). The people analysed are a domain of "
                "everyone in the files with a weight: the others stay in the design with a score "
                "of zero. ",
                f"The design has {words.plural(facts.n_psu, 'sampling unit')} in "
                f"{words.plural(facts.n_strata, 'stratum', 'strata')}. "
                f"Degrees of freedom of t and F tests: {rule}.",
            )
        )
    ]


def _missing(facts: RunFacts) -> Text:
    if facts.complete_cases:
        return text(
            "People with a missing covariate of any model are set aside as the last step, so "
            "that every model describes the same people. Nothing is imputed."
        )
    differ = ", so that models with other covariates may describe other people"
    return text(
        "Each analysis uses the people who have all its variables",
        differ if facts.models else "", ". Nothing is imputed.",
    )  # fmt: skip


def _read(facts: RunFacts) -> set[str]:
    """Names of all measures that the study reads, those that only describe included."""
    described = getattr(getattr(facts.study, "table1", None), "rows", ())
    return _analysed(facts) | {*getattr(facts.study, "measures", ()), *described}


def _analysed(facts: RunFacts) -> set[str]:
    """Names of the measures on which the estimates rest."""
    study = facts.study
    names: set[str] = set()
    for step in study.cohort:
        names |= parse_condition(str(step.keep)).columns
    for outcome in study.outcomes:
        for key in ("event", "against"):
            condition = getattr(outcome, key, None)
            names |= parse_condition(str(condition)).columns if condition else set()
        names |= {getattr(outcome, "measure", None) or ""}
    for domain in facts.domains:
        names |= parse_condition(str(domain.where)).columns
    for model in facts.models:
        names |= set(term_names(model.terms))
    if facts.exposure is not None:
        names.add(facts.exposure.measure)
    return names


def _measure(measure: Measure, facts: RunFacts) -> Text:
    unit = f", {measure.unit}" if measure.unit else ""
    told = text(f"{measure.label}{unit} (", Code(measure.name), ")")
    if measure.levels:
        told += f": {'; '.join(measure.levels)}"
    return told + "." + (f" {measure.note}" if measure.note else "")


def limitations(book: Book, facts: RunFacts) -> list[Text]:
    """Say what the reader must bear in mind, as far as the specification tells."""
    names = _analysed(facts)
    used = {name: measure for name, measure in facts.measures.items() if name in names}
    found = [
        *_of_recall(used, facts),
        *_of_design(facts),
        *_of_serum(used, facts),
        *_of_missing(book, facts),
        *_of_publications(facts),
    ]
    if len(facts.study.outcomes) * max(len(facts.models), 1) > 1:
        found.append(
            text("Intervals and P values are not corrected for the number of comparisons.")
        )
    return found


def _of_recall(used: dict[str, Measure], facts: RunFacts) -> list[Text]:
    exposure = facts.exposure
    measure = used.get(exposure.measure) if exposure is not None else None
    if measure is None or measure.subsample != "dietary_day_1":
        return []
    noun = words.group_noun(exposure.groups)
    label = words.lower_first(measure.label)
    return [
        text(
            f"The exposure is what a person reported for one day. One recall says little of that "
            f"person's usual intake: intakes of one day spread wider than usual ones, many people "
            f"stand in another {noun} than their usual intake would put them, and associations "
            f"with the exposure are as a rule drawn towards none. Cut points of {label} are of "
            "single days and are no cut points of usual intake. People also under-report what "
            "they eat."
        ),
        *_of_same_day(used, facts),
    ]


def _of_same_day(used: dict[str, Measure], facts: RunFacts) -> list[Text]:
    """Covariates out of the same recall share its errors."""
    names = {name for model in facts.models for name in term_names(model.terms)}
    same = [
        words.lower_first(measure.label)
        for name, measure in used.items()
        if name in names and measure.subsample == "dietary_day_1"
    ]
    if not same:
        return []
    return [
        text(
            "From the same recall come the covariates ",
            listing(same),
            ". Their errors go "
            "together with those of the exposure, so that in models which hold them an "
            "association may be off in either direction, and they leave less of the exposure's "
            "own variation.",
        )
    ]


def _of_design(facts: RunFacts) -> list[Text]:
    if facts.exposure is None:
        return []
    return [
        text(
            "Intake and outcome were measured at about the same time in each person. The estimates "
            "are associations: they do not tell what came first, nor what would follow from "
            "a change of diet. What is not in the models, or is measured poorly, may explain them."
        )
    ]


def _of_serum(used: dict[str, Measure], facts: RunFacts) -> list[Text]:
    early = [cycle for cycle in facts.cycles if cycle < "2007"]
    told = []
    if "vitamin_d_ria" in used:
        told.append(
            text(
                "Cut-offs on the radioimmunoassay scale follow papers of the time. The CDC has "
                "withdrawn that scale, because the assay drifted over the years; here it is "
                "recovered from the values that are published now. The same cut-off on the "
                "standardised scale gives other prevalences."
            )
        )
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


def _of_missing(book: Book, facts: RunFacts) -> list[Text]:
    number = book.one(analysis="missing", level="any", measure="missing")
    share = book.one(analysis="missing", level="any", measure="missing_share")
    if number is None or share is None or number.estimate == 0:
        return []
    if not facts.complete_cases:
        return [
            text(
                words.counted(number, "estimate"),
                " people (",
                words.estimate(share),
                "%) lack a variable of some model and are left out where it is needed, and the "
                "weights were not adjusted for it: models differ in their people too, not only in "
                "their covariates.",
            )
        ]
    return [
        text(
            words.counted(number, "estimate"),
            " people (",
            words.estimate(share),
            "%) were set aside for a missing covariate, and the weights were not adjusted for it: "
            "if they differ from the others, the results are off for the population.",
        )
    ]


def _of_publications(facts: RunFacts) -> list[Text]:
    kinds: Sequence[str] = [str(kind) for kind in facts.verdicts.get("kind", ())]
    if "direction" not in kinds:
        return []
    return [
        text(
            "Not all definitions behind the published figures are known (exclusions, weights, cut "
            "points, coding of covariates), so those marked “in direction” can be compared in "
            "direction only. Agreement does not show that the same analysis was done."
        )
    ]
