"""Methods, limits and references of what tests an estimate: choices, confounding, imputation."""

from __future__ import annotations

from analysis.reporting import words
from analysis.reporting.book import Book
from analysis.reporting.choices import choices_of
from analysis.reporting.confounding import section as confounding
from analysis.reporting.document import (
    Block,
    Bullets,
    Code,
    Heading,
    Paragraph,
    Text,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.imputed import model_holds
from analysis.reporting.imputed import section as imputation


def methods(book: Book, facts: RunFacts) -> list[Block]:
    """Write the methods of these analyses, each with its heading, where the results have them."""
    found: list[Block] = []
    if book.has("specification"):
        found += [Heading("Dependence on choices"), *_of_choices(facts)]
    told = _of_confounding(book, facts)
    if told:
        found += [Heading("Confounding"), Bullets(tuple(told))]
    if book.has("imputed"):
        found += [Heading("Multiple imputation"), Paragraph(_of_imputation(facts))]
    return found


def _of_choices(facts: RunFacts) -> list[Block]:
    lead = (
        "Every combination of one option of each choice was fitted as the main model is (a "
        "specification curve, Simonsohn et al. 2020; a multiverse, Steegen et al. 2016). Dose "
        "groups and spline knots were made anew of the people of each specification. "
        "Specifications count alike: they are no sample of anything, so that their shares and "
        "percentiles have no intervals. Of the variance of the log odds ratio over all, the share "
        "of a choice is the sum of squares between its options over the whole sum of squares. The "
        "choices, the study's own option (the base) first:"
    )
    items = [
        text(f"{choice.label}: {'; '.join(map(words.lower_first, choice.options.values()))}.")
        for choice in choices_of(facts)
    ]
    return [Paragraph(text(lead)), Bullets(tuple(items))]


def _of_confounding(book: Book, facts: RunFacts) -> list[Text]:
    told = []
    if book.has("e_value"):
        told.append(
            text(
                "E-value (VanderWeele and Ding 2017): R + √(R(R − 1)), where R is the risk ratio, "
                "or one over it if it is below 1. An odds ratio is taken for the risk ratio where "
                "less than 15% of those compared (weighted) have the outcome, and its square root "
                "elsewhere."
            )
        )
    # A control in place of the exposure is no row of the study's own exposure.
    asked = getattr(confounding(facts), "negative_exposure", None)
    if asked is not None or book.has("negative_control"):
        told.append(
            text(
                "Negative controls (Lipsitch et al. 2010) take the place of the exposure or "
                "of the outcome in the same model and the same people, but for terms of the "
                "control itself."
            )
        )
    if book.has("leave_one_out"):
        told.append(
            text(
                "Without each cycle in turn: the same model and cut points in the people of the "
                "other cycles. Heterogeneity: a Wald test of the products of the trend's score "
                "and the cycles, beside both."
            )
        )
    return told


def _of_imputation(facts: RunFacts) -> Text:
    told = text(
        "Chained equations (van Buuren 2018): continuous covariates by predictive mean matching, "
        "categories by logistic models, each with a draw of its coefficients. The imputation "
        "model holds the exposure and its groups, the outcomes, ",
        model_holds(facts),
        ", the logarithm of the sample weight, and each sampling unit (Reiter et al. 2006). "
        "People are those of all steps but that of complete cases whose exposure and outcomes are "
        "known. The number of imputed sets follows from the fraction of missing information (von "
        "Hippel 2020). Each set is analysed like complete cases, with the same cut points and "
        "knots; estimates are pooled by Rubin's rules (Rubin 1987), with degrees of freedom of "
        "Barnard and Rubin (1999) from those of the design.",
    )
    seed = getattr(imputation(facts), "seed", None)
    return told if seed is None else told + text(" Seed: ", Code(str(seed)), ".")


def limitations(book: Book) -> list[Text]:
    """Say what these analyses cannot show."""
    told = []
    if book.has("specification"):
        told.append(
            text(
                "The specification curve holds the choices that the study file names and no "
                "others. Its specifications share people and data: that many of them agree is no "
                "more evidence than one of them gives, and a share of specifications is not a "
                "probability."
            )
        )
    if book.has("imputed"):
        told.append(
            text(
                "Multiple imputation rests on an assumption that the data cannot test: that what "
                "is missing depends on what was observed only."
            )
        )
    return told
