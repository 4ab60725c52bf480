"""How to cite a report, and its methods and main result in sentences to begin a paper from."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.reporting import methods, sentences, words
from analysis.reporting.book import Book
from analysis.reporting.document import (
    Block,
    Bullets,
    Code,
    Details,
    Doi,
    Paragraph,
    Strong,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import term_names

TITLE = "To cite and to quote"

PACKAGE = "nhanes-magnesium-vitamin-d"
"""Name of this package among the versions."""

SHORT = 12
"""Characters of a hash that are enough to tell it from others."""


def quoting(book: Book, facts: RunFacts) -> list[Block]:
    """Write the section.

    Parameters
    ----------
    book : Book
        The results of the main exposure.
    facts : RunFacts
        The study's specification.

    Returns
    -------
    list of Block
        Each part stands on demand.
    """
    return [
        Details("How to cite this report", tuple(_cited(facts))),
        Details("Methods and main result in a paragraph each", tuple(_paragraphs(book, facts))),
    ]


def _cited(facts: RunFacts) -> list[Block]:
    if facts.synthetic:
        warning = "The data are artificial: nothing in this report can be cited as a finding."
        return [Paragraph(text(warning)), Bullets((_itself(facts),))]
    items = [_itself(facts), _data(facts)]
    for reference in facts.study.references:
        doi = getattr(reference, "doi", None)
        link = text(" ", Doi(doi)) if doi else text()
        items.append(text("The publication: ", str(reference.citation), link))
    lead = "Name the report with what it was made from, the data, and the publications behind it:"
    return [Paragraph(text(lead)), Bullets(tuple(items))]


def _itself(facts: RunFacts) -> Text:
    version = facts.versions.get(PACKAGE, "")
    made = listing(
        [
            *([text(f"{PACKAGE} ", Code(version))] if version else []),
            *([text("commit ", Code(facts.commit[:SHORT]))] if facts.commit else []),
            *(
                [text("study file with SHA-256 ", Code(facts.spec_sha256[:SHORT]))]
                if facts.spec_sha256
                else []
            ),
        ],
        last=", ",
    )
    artificial = " (artificial data)" if facts.synthetic else ""
    start = f"The report: [your name]. {facts.study.title}{artificial}. [Date]"
    return text(start, ". Made with " if made else "", made, ".")


def _data(facts: RunFacts) -> Text:
    return text(
        "The data: National Center for Health Statistics. National Health and Nutrition "
        f"Examination Survey, {words.cycles_words(facts.cycles)}: public data files. Hyattsville, "
        "Maryland. [Date of access]."
    )


def _paragraphs(book: Book, facts: RunFacts) -> list[Block]:
    note = (
        "Written from the study file and the results; every number is that of its row in "
        "results.csv. They are a beginning: say in your own words what they mean."
    )
    told: list[Block] = [
        Paragraph(text(note), "note"),
        Paragraph(text(Strong("Methods."), " ", _methods(book, facts))),
    ]
    found = _result(book, facts)
    return [*told, Paragraph(text(Strong("Results."), " ", found))] if found else told


def _methods(book: Book, facts: RunFacts) -> Text:
    told = [
        _people(facts),
        _outcomes(facts),
        _exposure(book, facts),
        _models(book, facts),
        _adjusted(book),
        _design(facts),
    ]
    return _joined(told)


def _joined(told: Sequence[Text]) -> Text:
    """Set sentences one after the other; those that say nothing are left out."""
    return text(*(text(" " if at else "", one) for at, one in enumerate(filter(None, told))))


def _people(facts: RunFacts) -> Text:
    years = words.cycles_words(facts.cycles)
    survey = "an artificial survey in the form of NHANES" if facts.synthetic else "NHANES"
    start = f"This cross-sectional analysis uses the public files of {survey} {years}"
    steps = [words.lower_first(step.label) for step in facts.study.cohort]
    if facts.complete_cases:
        steps.append("no covariate missing")
    kept = f"; people were kept by these steps: {'; '.join(steps)}" if steps else ""
    return text(f"{start}{kept}.")


def _outcomes(facts: RunFacts) -> Text:
    told = [
        words.lower_first(methods.defined(outcome, " (", ")")) for outcome in facts.main_outcomes
    ]
    start = "The outcome was " if len(told) == 1 else "The outcomes were "
    return text(start, "; ".join(told), ".")


def _exposure(book: Book, facts: RunFacts) -> Text:
    exposure = facts.exposure
    if exposure is None:
        return text()
    unit = facts.unit(exposure.measure)
    rows = book.find(analysis="cut_points", exposure=exposure.measure, stratum="")
    cuts = listing(words.short_estimate(row) for row in rows)
    nouns = words.group_nouns_of(exposure)
    if getattr(exposure, "cuts", ()):
        how = "into groups that the study file fixes"
    elif facts.users:
        how = f"into people who take none and {nouns} of the others"
    else:
        how = f"at its {exposure.cut_points} quantiles into {nouns}"
    name = words.upper_first(words.in_sentence(facts.label(exposure.measure)))
    where = text(" (at ", cuts, f" {unit}".rstrip(), ")") if cuts else text()
    return text(f"{name} was cut {how}", where, ".")


def _models(book: Book, facts: RunFacts) -> Text:
    rows = [*book.find(analysis="odds_ratio"), *book.find(analysis="linear")]
    fitted = {row.model for row in rows}
    models = [model for model in facts.models if model.name in fitted]
    if not models:
        return text()
    kinds = [
        kind for analysis, kind in (("odds_ratio", "logistic"), ("linear", "linear"))
        if sentences.compared(book, facts, analysis)
    ]  # fmt: skip
    terms = [words.in_sentence(facts.label(name)) for name in term_names(models[-1].terms)]
    adjusted = f"adjusted for {listing(terms).plain}" if terms else "without covariates"
    name = words.model_words(models[-1].label)
    return text(f"Estimates are from {' and '.join(kinds)} models; {name} is {adjusted}.")


def _adjusted(book: Book) -> Text:
    kinds = [
        f"{name} are predictive margins of {kind} models"
        for measure, name, kind in (
            ("proportion", "prevalences", "logistic"), ("mean", "means", "linear"),
        )
        if book.find(analysis="adjusted", measure=measure)
    ]  # fmt: skip
    return text(f"Adjusted {listing(kinds).plain}.") if kinds else text()


def _design(facts: RunFacts) -> Text:
    return text(
        "All estimates are weighted by the ", methods.weight_words(facts),
        "; variances are linearised over "
        f"{words.plural(facts.n_psu, 'sampling unit')} in "
        f"{words.plural(facts.n_strata, 'stratum', 'strata')}, with 95% confidence intervals.",
    )  # fmt: skip


def _result(book: Book, facts: RunFacts) -> Text:
    found = [
        sentences.people_sentence(book, facts),
        sentences.main_sentence(book, facts, published=False)
        or sentences.range_sentence(book, facts),
    ]
    return _joined(found)
