"""Methods, limitations and references of a report across cycles, in words."""

from __future__ import annotations

import math
from typing import Any

from analysis.grammar import parse_term
from analysis.reporting import methods, words
from analysis.reporting.across_figures import FEW_CYCLES
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

LAST_PREDICTED = "2005-2006"
"""The last cycle whose 25(OH)D the CDC predicted from a radioimmunoassay."""

SHIFTS = (
    (
        "2001-2002", "2003-2004",
        "one dietary recall, taken in the examination centre, gave way to two, the second by "
        "telephone, with another way of asking",
    ),
    (
        "2005-2006", "2007-2008",
        "supplements of the last 30 days were joined by the totals that the CDC makes of them, "
        "and 25(OH)D predicted from a radioimmunoassay by values measured by LC-MS/MS",
    ),
    (
        "2017-2018", "2021-2023",
        "both recalls are by telephone, the years 2019 and 2020 are missing, and fewer of those "
        "drawn took part after the pandemic",
    ),
)  # fmt: skip
"""Between which cycles the survey changed its ways, and how."""


def methods_across(book: Book, facts: RunFacts) -> list[Block]:
    """Write the methods section."""
    exposure = facts.exposure
    label, unit = words.lower_first(facts.label(exposure.measure)), facts.unit(exposure.measure)
    cuts = book.find(analysis="cut_points", measure="quantile")
    model: Any = [m for m in facts.models if not m.exposures or exposure.measure in m.exposures][-1]
    people = text(
        "People, outcomes and exclusions are those of the study “", facts.study.title, "” (",
        Code(facts.study.name), "), whose own report describes them and fills the checklist of ",
        "STROBE, taken to ",
        listing(cycle.replace("-", words.DASH) for cycle in facts.cycles), ".",
    )  # fmt: skip
    same = text(
        f"{words.upper_first(label)} is cut at the {_weighted(exposure)} quantiles of all cycles "
        "together (",
        listing(words.short_estimate(row) for row in cuts), f" {unit}".rstrip(),
        "), so that the highest and the lowest group have the same doses in every cycle; spline "
        "knots are those of all cycles too. What the cycle's own cut points and knots give stands "
        "beside it.",
    )  # fmt: skip
    return [
        Heading("People and doses"),
        Paragraph(people),
        Paragraph(same),
        Heading("Model"),
        Paragraph(_model(model, facts)),
        Heading("Each cycle, and all"),
        Bullets((_alone(facts), _pooled(facts), *_combined(), _tested())),
        Heading("Over the years"),
        Paragraph(_years(book)),
    ]


def _weighted(exposure: Any) -> str:
    return "weighted" if exposure.cut_points == "weighted" else "unweighted"


def _model(model: Any, facts: RunFacts) -> Text:
    labels = {name: measure.label for name, measure in facts.measures.items()}
    units = {name: measure.unit for name, measure in facts.measures.items()}
    terms = [parse_term(str(term)).describe(labels, units) for term in model.terms]
    held = "; ".join(terms) if terms else "no covariates"
    return text(
        f"The last model of the study's exposure, {words.model_words(model.label)}: {held}. It is "
        "logistic for outcomes that are yes or no, linear for the others. A covariate that is the "
        "same in everyone of a cycle is left out there."
    )


def _alone(facts: RunFacts) -> Text:
    return text(
        "Each cycle alone: its people are a domain of the design, with the cycle's own two-year "
        "weight; the coefficients of all covariates are its own. Degrees of freedom: "
        f"{methods.DF_RULES.get(facts.df_rule, facts.df_rule)}."
    )


def _pooled(facts: RunFacts) -> Text:
    return text(
        "One model: everyone of all cycles, as the study itself fits it, with the ",
        methods.weight_words(facts),
        ". It has no term for the cycle, so that differences between cycles count as well as "
        "those within them.",
    )


def _combined() -> tuple[Text, ...]:
    return (
        text(
            "Fixed effect: the cycles' estimates weighted by the inverse of their variances, with "
            "a normal interval."
        ),
        text(
            "Random effects: the variance between cycles (τ²) by Paule and Mandel (1982) with its "
            "Q-profile interval (Viechtbauer 2007); interval of the mean as Knapp and Hartung "
            "(2003) on one degree of freedom less than there are cycles, never narrower than the "
            "fixed weights give with that t distribution. The prediction interval (Higgins et al. "
            "2009), on two less, is where the association of another such cycle would lie."
        ),
    )


def _tested() -> Text:
    return text(
        "Heterogeneity: Wald F tests that the cycles' own models have the same association, and of "
        "the products of the exposure with indicators of the cycles (beside these) in one model of "
        "everyone; and Cochran's Q of the cycles' estimates (Cochran 1954)."
    )


def _years(book: Book) -> Text:
    energy = any("energy" in row.contrast for row in book.find(analysis="cycle_mean"))
    adjusted = (
        " Intakes adjusted for energy are residuals of their part from food on energy, by one line "
        "for all cycles, at the mean energy of all."
        if energy
        else ""
    )
    return text(
        "Means and prevalences are those of the people analysed in each cycle, prevalences with "
        "logit intervals. Trends (Ingram et al. 2018) are regressions of everyone on the middle "
        "of the cycle's years (linear, logistic for prevalences), unadjusted, and with age in "
        "classes and sex; the departure from the line is a Wald test of indicators of all cycles "
        f"but two beside it.{adjusted}"
    )


def limitations(book: Book, facts: RunFacts) -> list[Text]:
    """Say what a reader must bear in mind when cycles are set beside each other."""
    found = [
        text(
            "Each cycle is a survey of its own, of other people, and rests on few sampling units: "
            "a single cycle that stands out may do so by chance. Intervals and P values are not "
            "corrected for the number of comparisons."
        )
    ]
    found += [*_shifts(facts), *_serum(facts), *_few(book, facts)]
    found.append(
        text(
            "The trends are those of the people whom the study analyses, not of the whole "
            "population: whom its steps set aside may differ between cycles."
        )
    )
    if facts.synthetic:
        found.insert(0, text("The data are artificial, so nothing here holds of people."))
    return found


def _shifts(facts: RunFacts) -> list[Text]:
    told = []
    for last, first, what in SHIFTS:
        if min(facts.cycles) <= last and max(facts.cycles) >= first:
            told.append(f"after {last.replace('-', words.DASH)} {what}")
    if not told:
        return []
    return [
        text(
            "The survey changed its ways between cycles, so that a step in a mean may be one of "
            "measurement: ", listing(told, last="; and "), ".",
        )
    ]  # fmt: skip


def _read(facts: RunFacts) -> set[str]:
    """Names of the measures that outcomes and models are made of."""
    return methods.analysed(facts) | {n for model in facts.models for n in term_names(model.terms)}


def _serum(facts: RunFacts) -> list[Text]:
    early = [cycle for cycle in facts.cycles if cycle <= LAST_PREDICTED]
    if not early or not {"vitamin_d", "vitamin_d_ria"} & _read(facts):
        return []
    spell = words.cycles_words(early)
    told = (
        f"Serum 25(OH)D of {spell} was measured by a radioimmunoassay that drifted; the CDC made "
        "values equivalent to LC-MS/MS of it by a line for each cycle, whose error is in no "
        "interval and may differ from cycle to cycle."
    )
    if len(early) < len(facts.cycles):
        told += " Later cycles were measured by LC-MS/MS directly."
    return [text(told)]


def _few(book: Book, facts: RunFacts) -> list[Text]:
    number = len(facts.cycles)
    if number >= FEW_CYCLES or not book.find(analysis="heterogeneity", measure="tau2"):
        return []
    prediction = any(
        math.isfinite(row.estimate)
        for row in book.find(analysis="pooled", stratum="prediction interval")
    )
    wide = ", and the prediction interval on a single one" if number == 3 and prediction else ""
    freedom = words.plural(number - 1, "degree")
    return [
        text(
            f"With {words.plural(number, 'cycle')} the variance between them is hardly known: "
            f"the interval of random effects rests on {freedom} of freedom{wide}, and is wide "
            "for that."
        )
    ]
