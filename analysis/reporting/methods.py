"""Methods in words, generated from the study's specification."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from analysis.cohort.measure import Measure
from analysis.cohort.weights import WEIGHTS, Weight, takes_four_years
from analysis.grammar import parse_condition, parse_term
from analysis.reporting import adjusted, modification, sensitivity, words
from analysis.reporting.book import Book
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


SAMPLE = (
    "NHANES draws a stratified sample in several stages of the civilian population of the United "
    "States that does not live in institutions, some groups at higher rates; people are "
    "interviewed at home and examined in a mobile centre."
)
"""Who could take part and how they were chosen; so in every cycle since 1999."""


def methods(book: Book, facts: RunFacts) -> list[Block]:
    """Write the methods section."""
    blocks: list[Block] = [
        Heading("Participants"),
        *_participants(book, facts),
        Heading("Outcomes"),
    ]
    blocks.append(
        Bullets(tuple(_outcome(outcome, book, facts) for outcome in facts.study.outcomes))
    )
    if facts.domains:
        blocks += [Heading("Groups"), *_groups(facts)]
    if facts.exposure is not None:
        blocks += [Heading("Exposure"), Paragraph(_exposure(book, facts))]
    if facts.models:
        blocks += [Heading("Models"), *_models(book, facts)]
    blocks += adjusted.methods(book, facts)
    blocks += [Heading("Weights and design"), *_design(book, facts)]
    blocks += [Heading("Missing values"), Paragraph(_missing(facts))]
    blocks += modification.methods(book, facts)
    blocks += sensitivity.methods(book, facts)
    read = _read(facts)
    used = [measure for name, measure in facts.measures.items() if name in read]
    if used:
        blocks += [Heading("Measures"), Bullets(tuple(_measure(m, facts) for m in used))]
    return blocks


def _labels(facts: RunFacts) -> dict[str, str]:
    return {name: measure.label for name, measure in facts.measures.items()}


def _units(facts: RunFacts) -> dict[str, str]:
    return {name: measure.unit for name, measure in facts.measures.items()}


def condition_words(condition: object, facts: RunFacts) -> str:
    """Say a condition of the study file in words."""
    told = parse_condition(str(condition)).describe(_labels(facts), _units(facts))
    return words.singular(told)


def _participants(book: Book, facts: RunFacts) -> list[Block]:
    cycles = [cycle.replace("-", words.DASH) for cycle in facts.cycles]
    number = "one cycle" if len(cycles) == 1 else f"{len(cycles)} cycles"
    survey = "the National Health and Nutrition Examination Survey (NHANES)"
    if facts.synthetic:
        start = (
            f"The data are artificial: files in the formats of those that the CDC publishes of "
            f"{survey}, drawn from a model, under the names of "
            f"{number} (", listing(cycles), "). They hold nobody's "
            "record. “People” are those of the artificial survey.",
        )  # fmt: skip
    else:
        analysis = "This is a cross-sectional analysis."
        data = f"{analysis} The data are the public files of {number} of {survey}: "
        start = (data, listing(cycles), f". {SAMPLE}")
    lead = text(*start, " People were kept in these steps:")
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


def _groups(facts: RunFacts) -> list[Block]:
    """Say who is in the groups that the study compares; a label alone does not."""
    told = [
        text(f"{each.label}: {condition_words(each.where, facts)} (", Code(str(each.where)), ").")
        for each in facts.domains
    ]
    lead = "Beside everyone analysed, these groups of them are described:"
    return [Paragraph(text(lead)), Bullets(tuple(told))]


def _below(outcome: Any, book: Book, facts: RunFacts) -> Text:
    """Say where an event begins that is below a quantile of the cohort."""
    below = outcome.below
    cut = book.one(analysis="cut_points", outcome=outcome.name, measure="cut_point")
    at = (" ", words.short_estimate(cut), f" {cut.unit}".rstrip()) if cut is not None else ()
    percent = 100 * below.quantile
    place = words.nth(round(percent)) if percent == round(percent) else f"{percent:g}th"
    share = f"the weighted {place} percentile of "
    label = words.lower_first(facts.label(below.measure))
    return text(" (event ", Code(str(below.measure)), " below", *at, f", {share}{label} in the "
                "people analysed; a value at it is not below).")  # fmt: skip


def _scores(outcome: Any, book: Book, facts: RunFacts) -> Text:
    """Say of what scores an outcome is the mean, and by which means and spreads they are made."""
    told = []
    for name in outcome.mean_z:
        where = {"analysis": "standardised", "outcome": outcome.name, "level": name}
        centre, spread = (book.one(**where, measure=measure) for measure in ("mean", "sd"))
        given = text(f"{words.lower_first(facts.label(name))} (", Code(str(name)), ")")
        if centre is not None and spread is not None:
            given += text(": mean ", words.value(centre, _two), ", SD ", words.value(spread, _two))
        told.append(given)
    return text(
        ", a continuous outcome. Each z score is by the weighted mean and standard deviation of "
        "the people analysed who have the measure, and people who lack one have no mean: ",
        *(text("; " if at else "", one) for at, one in enumerate(told)), ".",
    )  # fmt: skip


def _two(number: float) -> str:
    return words.fixed(number, 2)


def defined(outcome: Any, before: str = ": ", after: str = "") -> str:
    """Give an outcome's label and definition; the definition alone where it begins like it."""
    definition = getattr(outcome, "definition", "") or ""
    if not definition:
        return str(outcome.label)
    if definition.lower().startswith(outcome.label.lower()):
        return str(definition)
    return f"{outcome.label}{before}{words.lower_first(definition)}{after}"


def _outcome(outcome: Any, book: Book, facts: RunFacts) -> Text:
    event = getattr(outcome, "event", None)
    measure = getattr(outcome, "measure", None)
    start = text(defined(outcome))
    if event:
        against = getattr(outcome, "against", None)
        compared = text(", compared with ", Code(str(against))) if against else text()
        return text(start, " (event ", Code(str(event)), compared, ").")
    if measure:
        return text(start, " (", Code(str(measure)), "), a continuous outcome.")
    if getattr(outcome, "below", None):
        return text(start, _below(outcome, book, facts))
    if getattr(outcome, "mean_z", ()):
        return text(start, _scores(outcome, book, facts))
    return text(start, ".")


def _exposure(book: Book, facts: RunFacts) -> Text:
    exposure = facts.exposure
    label, unit = facts.label(exposure.measure), facts.unit(exposure.measure)
    nouns = words.group_nouns_of(exposure)
    weighted = "weighted" if exposure.cut_points == "weighted" else "unweighted"
    fixed = bool(getattr(exposure, "cuts", ()))
    how = (
        f"{'a value' if len(exposure.cuts) == 1 else 'values'} given in the study file"
        if fixed
        else f"its {weighted} quantiles within the cohort"
    )
    named = "" if fixed else f" ({nouns})"
    told = text(
        f"{label} ({unit or 'no unit'}) was cut into {exposure.groups} groups{named} at {how}"
    )
    cuts = book.find(analysis="cut_points", exposure=exposure.measure, stratum="")
    if cuts:
        told += text(": ", listing(words.short_estimate(row) for row in cuts), f" {unit}".rstrip())
    told += "."
    if exposure.groups > 2:
        told += " The trend was tested with each person's group median as one continuous term."
    per = getattr(exposure, "per", None)
    if per:
        told += (
            words.singular(
                f" The exposure as a continuous linear term is given per {per:g} {unit}"
            ).rstrip()
            + "."
        )
    knots = getattr(exposure, "spline_knots", None)
    if knots:
        told += (
            f" A restricted cubic spline with {knots} knots at Harrell's percentiles (Harrell "
            "2015) shows the "
            f"shape; its reference is {_reference(exposure, unit)}."
        )
    return told


def _reference(exposure: Any, unit: str) -> str:
    value = getattr(exposure, "spline_reference", "median")
    return "the median" if value == "median" else f"{value:g} {unit}".rstrip()


def _models(book: Book, facts: RunFacts) -> list[Block]:
    kinds = []
    outcomes = list(facts.study.outcomes)
    if any(getattr(o, "event", None) or getattr(o, "below", None) for o in outcomes):
        kinds.append("logistic models for outcomes that are yes or no")
    if any(getattr(o, "measure", None) or getattr(o, "mean_z", ()) for o in outcomes):
        kinds.append("linear models for continuous outcomes")
    lead = f"Design-based {' and '.join(kinds)}, each with these sets of covariates:"
    items = []
    for model in facts.models:
        terms = [
            words.lower_first(parse_term(str(term)).describe(_labels(facts), _units(facts)))
            for term in model.terms
        ]
        items.append(text(f"{model.label}: {'; '.join(terms) if terms else 'no covariates'}."))
    coded = (
        "Categories enter as indicators against their first level, continuous covariates as "
        "linear terms unless said otherwise."
    )
    return [Paragraph(text(lead)), Bullets(tuple(items)), Paragraph(text(coded))]


def weight_words(facts: RunFacts) -> Text:
    """Name the sample weight, its variable in the cycles, and how the cycles share it."""
    known, cycles = WEIGHTS.get(facts.study.weight), facts.cycles
    variables = _variables(known, cycles) if known else {}
    if known is None or not variables:
        return text(facts.study.weight)
    named = text(words.lower_first(known.label), " (")
    share = f" divided by {len(cycles)}, the number of cycles" if len(cycles) > 1 else ""
    if len(variables) > 1:
        listed = [
            text(Code(name), " times 2" if four else "", f" in {words.cycles_words(within)}")
            for (name, four), within in variables.items()
        ]
        return named + listing(listed) + text("),", share)
    ((name, four),) = variables
    if four:
        return named + text(Code(name), ", which the CDC made for these two cycles together)")
    return named + text(Code(name), ")", share)


def weight_fact(facts: RunFacts) -> tuple[Text, Text]:
    """Give the weight as a formula, and what it is called."""
    known, cycles = WEIGHTS.get(facts.study.weight), facts.cycles
    if known is None:
        return text(facts.study.weight), text()
    formulas = []
    for name, four in _variables(known, cycles):
        share = Fraction(2 if four else 1, len(cycles))
        times = f" × {share.numerator}" if share.numerator > 1 else ""
        formulas.append(name + times + (f" / {share.denominator}" if share.denominator > 1 else ""))
    return text("; ".join(formulas)), text(words.lower_first(known.label))


def _variables(weight: Weight, cycles: Sequence[str]) -> dict[tuple[str, bool], list[str]]:
    """Cycles by the weight's variable in them, and whether it is one of four years."""
    found: dict[tuple[str, bool], list[str]] = {}
    for cycle in cycles:
        if cycle in weight.sources:
            key = weight.variable(cycle, cycles), takes_four_years(cycle, cycles)
            found.setdefault(key, []).append(cycle)
    return found


def _unweighted(book: Book, facts: RunFacts) -> list[str]:
    """Name what the results hold without the sample weight."""
    found = []
    if book.find(measure="unweighted_proportion"):
        found.append("shares called unweighted")
    if book.has("missing"):
        found.append("shares of missing values")
    if facts.exposure is not None and facts.exposure.cut_points != "weighted":
        found.append("the cut points")
    return ["numbers of people and events", *found]


def _shares(book: Book) -> bool:
    return bool(book.find(analysis="prevalence", measure="proportion"))


def _design(book: Book, facts: RunFacts) -> list[Block]:
    rule = DF_RULES.get(facts.df_rule, facts.df_rule)
    return [
        Paragraph(
            text(
                "Estimates are weighted by the ",
                weight_words(facts),
                "; ",
                listing(_unweighted(book, facts), last=", and "),
                " are not. Variances are linearised (Taylor series; Binder 1983) with the masked "
                "variance strata (",
                Code("SDMVSTRA"),
                ") and the units nested in them (",
                Code("SDMVPSU"),
                "). The people analysed are a domain of "
                "everyone in the files with a weight: the others stay in the design with a score "
                "of zero. ",
                f"The design has {words.plural(facts.n_psu, 'sampling unit')} in "
                f"{words.plural(facts.n_strata, 'stratum', 'strata')}. "
                f"Degrees of freedom of intervals and tests: {rule}.",
                " Intervals of prevalences are on the logit scale." if _shares(book) else "",
            )
        )
    ]


def _missing(facts: RunFacts) -> Text:
    imputed = (
        "Nothing is imputed, except where multiple imputation is set beside complete cases."
        if getattr(facts.study, "imputation", None) is not None
        else "Nothing is imputed."
    )
    if facts.complete_cases:
        return text(
            "People with a missing covariate of any model are set aside as the last step, so "
            "that every model describes the same people. ", imputed,
        )  # fmt: skip
    differ = ", so that models with other covariates may describe other people"
    return text(
        "Each analysis uses the people who have all its variables",
        differ if facts.models else "", ". ", imputed,
    )  # fmt: skip


def _read(facts: RunFacts) -> set[str]:
    """Names of all measures that the study reads, those that only describe included."""
    described = getattr(getattr(facts.study, "table1", None), "rows", ())
    return analysed(facts) | {*getattr(facts.study, "measures", ()), *described}


def analysed(facts: RunFacts) -> set[str]:
    """Names of the measures on which the estimates rest."""
    study = facts.study
    names: set[str] = set()
    for step in study.cohort:
        names |= parse_condition(str(step.keep)).columns
    for outcome in study.outcomes:
        for key in ("event", "against"):
            condition = getattr(outcome, key, None)
            names |= parse_condition(str(condition)).columns if condition else set()
        names |= {getattr(outcome, "measure", None) or "", *getattr(outcome, "mean_z", ())}
        names |= {below.measure} if (below := getattr(outcome, "below", None)) else set()
    for domain in facts.domains:
        names |= parse_condition(str(domain.where)).columns
    for model in facts.models:
        names |= set(term_names(model.terms))
    for each in facts.listed("adjusted"):
        names |= {each.measure, *term_names(each.terms)}
    names |= {each.measure for each in (*facts.exposures, *facts.listed("strata"))}
    return names | {each.modifier for each in facts.listed("interactions")}


def _measure(measure: Measure, facts: RunFacts) -> Text:
    unit = f", {measure.unit}" if measure.unit else ""
    told = text(f"{measure.label}{unit} (", Code(measure.name), ")")
    if measure.levels:
        told += f": {'; '.join(measure.levels)}"
    return told + "." + (f" {measure.note}" if measure.note else "")
