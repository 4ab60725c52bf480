"""The order of a report: which sections there are, and what stands in each.

A section that has no rows to show is left out, and with it its entry in the contents list.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from analysis.reporting import (
    abbreviations,
    adjusted,
    checklist,
    citations,
    compared,
    confounding,
    counted,
    curve,
    drift,
    figures,
    imputed,
    limitations,
    methods,
    modification,
    modifiers,
    other_exposures,
    outcomes,
    quoting,
    records,
    repeated,
    sensitivity,
    sentences,
    strata_sections,
    summary,
    tables,
    words,
)
from analysis.reporting.book import Book
from analysis.reporting.document import (
    Block,
    Bullets,
    Code,
    Details,
    KeyFact,
    KeyFacts,
    Listing,
    Paragraph,
    Report,
    Section,
    Text,
    listing,
    text,
)
from analysis.reporting.evenly import evenly
from analysis.reporting.facts import RunFacts
from analysis.reporting.flow import flow_figure
from analysis.reporting.sources import SPECIFICATION, sources_of

ARTIFICIAL = (
    "Artificial data. Everything in this report was computed from an artificial survey that has "
    "the form of NHANES and no participant of it. No figure here says anything about people."
)


def build(results: pd.DataFrame, facts: RunFacts) -> Report:
    """Put a report together.

    Parameters
    ----------
    results : DataFrame
        In the form of `analysis.models.results`.
    facts : RunFacts
        Everything else.

    Returns
    -------
    Report
    """
    everything = Book(results)
    # Several exposures have rows of one analysis; what is about the study's own looks in `book`.
    book = everything.of(facts.exposure.measure) if facts.exposure is not None else everything
    parts: tuple[tuple[str, str, list[Block]], ...] = (
        ("answer", "The answer", _answer(book, facts, everything)),
        ("published", "Published findings", summary.findings(everything, facts)),
        ("dependence", "What it hangs on", curve.dependence(book, facts)),
        ("participants", "Participants", _participants(book, facts)),
        ("prevalence", "Prevalence", _prevalence(book, facts)),
        ("means", "Means", _means(book, facts)),
        ("adjusted", adjusted.title(facts), adjusted.adjusted(book, facts)),
        ("compared", "Who is compared", compared.compared(book, facts)),
        ("odds-ratios", "Odds ratios", _associations(book, facts, "odds_ratio")),
        ("dose-response", "Dose-response curves", _curves(book, facts, "OR")),
        ("linear", "Linear models", _linear(book, facts)),
        ("both-logits", "Both logits in one model", other_exposures.both_logits(book, facts)),
        ("other-exposures", "Other exposures", other_exposures.other_exposures(everything, facts)),
        ("interaction", modifiers.title(facts), modifiers.interactions(everything, facts)),
        ("strata", "Strata", strata_sections.strata(book, facts)),
        ("confounding", "Confounding", confounding.confounding(everything, facts)),
        ("imputed", "Missing covariates", imputed.imputed(book, facts)),
        ("methods", "Methods", methods.methods(book, facts)),
        ("drift", drift.TITLE, drift.changed(facts)),
        ("counted", "How intakes were counted", counted.counted(facts)),
        ("checks", "How the data were checked", checked(facts)),
        ("limitations", "Limitations", _limitations(everything, facts)),
        ("checklist", checklist.TITLE, []),
        ("cite", quoting.TITLE, quoting.quoting(book, facts)),
        ("abbreviations", abbreviations.TITLE, []),
        ("references", "References", []),
        ("provenance", "Versions and hashes", provenance(facts)),
    )
    sections = evenly(_completed(parts, everything, facts), everything)
    return Report(
        _title(facts), facts.study.question, facts.synthetic, sections, _notice(facts),
        sources_of(sections, results, facts),
    )  # fmt: skip


def _completed(
    parts: Sequence[tuple[str, str, list[Block]]], everything: Book, facts: RunFacts
) -> tuple[Section, ...]:
    """Keep the sections that say something; the last ones are filled from the others."""
    filled = ("abbreviations", "references")
    titles = {key: title for key, title, blocks in parts if blocks or key in filled}
    listed = checklist.checklist(everything, facts, titles)
    told = [(k, title, listed if k == "checklist" else blocks) for k, title, blocks in parts]
    return with_lists(told, facts)


def with_lists(
    parts: Sequence[tuple[str, str, Sequence[Block]]], facts: RunFacts
) -> tuple[Section, ...]:
    """Make sections of those parts that say something, and fill what lists what they hold.

    Parameters
    ----------
    parts : sequence of (str, str, sequence of Block)
        Key, title and content. Those of ``abbreviations`` and ``references`` are made here.
    facts : RunFacts

    Returns
    -------
    tuple of Section
    """
    said = [Section(key, title, tuple(blocks)) for key, title, blocks in parts if blocks]
    lists = {
        "abbreviations": abbreviations.abbreviations(said),
        "references": citations.references(facts.study, said),
    }
    made = (Section(k, title, tuple(lists.get(k, blocks))) for k, title, blocks in parts)
    return tuple(section for section in made if section.blocks)


def _title(facts: RunFacts) -> str:
    moved = f" — taken to NHANES {words.cycles_words(facts.cycles)}" if facts.moved else ""
    return f"{facts.study.title}{moved}{' (artificial data)' if facts.synthetic else ''}"


def _notice(facts: RunFacts) -> str:
    """Say of a study that was changed for a run that it is not the one of its file."""
    changes = getattr(facts.study, "changes", ())
    if not (facts.moved or changes):
        return ""
    told = "This is not the study as its file specifies it: "
    if facts.moved:
        named = words.cycles_words(facts.file_cycles)
        told += (
            f"the file names {f'NHANES {named}' if named else 'other cycles'}, and this run took "
            f"it to NHANES {words.cycles_words(facts.cycles)}."
        )
    if changes:
        told += " Further, this run set " if facts.moved else "this run set "
        told += f"{listing(map(str, changes)).plain}."
    left_out = getattr(facts.study, "left_out", ())
    if left_out:
        told += f" That leaves out {'; '.join(left_out)}."
    if getattr(facts.study, "published", ()):
        told += " Published figures speak of the file's cycles, so none is compared."
    return told


def _answer(book: Book, facts: RunFacts, everything: Book) -> list[Block]:
    found: list[Block] = [Paragraph(text(ARTIFICIAL), "warning")] if facts.synthetic else []
    found += [Paragraph(sentence, "lead") for sentence in summary.answer(book, facts, everything)]
    found.append(_key_facts(book, facts))
    return found


def _key_facts(book: Book, facts: RunFacts) -> KeyFacts:
    found = []
    people = book.find(analysis="flow", measure="remaining")
    if people:
        last = people[-1]
        found.append(KeyFact("Participants", text(words.counted(last, "estimate")), _stand(book)))
    for row in book.find(analysis="prevalence", measure="proportion", stratum_level="all"):
        if math.isfinite(row.events) and facts.is_main(row.outcome):
            share = text(words.estimate(row), "% weighted")
            events = text(words.counted(row, "events"))
            found.append(KeyFact(f"{facts.outcome(row.outcome)}, events", events, share))
    for row in sentences.means_told(book, facts):
        if math.isfinite(row.estimate):
            unit = f" {facts.outcome_unit(row.outcome)}".rstrip()
            name = f"{facts.outcome(row.outcome)}, mean"
            around = text("95% CI ", words.limits(row))
            found.append(KeyFact(name, text(words.estimate(row), unit), around))
    spell = words.cycles_words(facts.cycles, ", ")
    found.append(KeyFact("NHANES", text(spell), text(words.plural(len(facts.cycles), "cycle"))))
    found.append(KeyFact("Weight", *methods.weight_fact(facts)))
    units = f"{facts.n_psu:,} in {words.plural(facts.n_strata, 'stratum', 'strata')}"
    found.append(KeyFact("Sampling units", text(units)))
    design_df = next((row for row in book.rows if row.df > 0), None)
    rule = methods.DF_RULES.get(facts.df_rule, facts.df_rule).split(",")[0]
    if design_df is not None and facts.df_rule == "design":
        degrees = text(f"{facts.n_psu - facts.n_strata}")
        found.append(KeyFact("Degrees of freedom", degrees, text(rule)))
    return KeyFacts(tuple(found))


def _stand(book: Book) -> Text:
    rows = book.find(analysis="flow", measure="remaining_weighted")
    if not rows or not math.isfinite(rows[-1].estimate):
        return text()
    return text("stand for ", words.value(rows[-1], words.people), " people")


def _participants(book: Book, facts: RunFacts) -> list[Block]:
    found: list[Block] = []
    if book.has("flow"):
        found.append(flow_figure(book, facts))
    if book.has("missing"):
        found.append(tables.missing_table(book, facts))
    if book.has("table1"):
        found.append(tables.characteristics_table(book, facts))
    return found


def _prevalence(book: Book, facts: RunFacts) -> list[Block]:
    rows = book.find(analysis="prevalence", measure="proportion")
    if not rows:
        return []
    found: list[Block] = [outcomes.prevalence_table(book, facts)]
    if len(tables.strata_of(rows)) > 1:
        found.append(figures.prevalence_figure(book, facts))
    if any(not facts.is_main(row.outcome) for row in rows):
        found.append(outcomes.prevalence_table(book, facts, further=True))
    return found


def _means(book: Book, facts: RunFacts) -> list[Block]:
    return [outcomes.mean_table(book, facts)] if book.has("mean") else []


def _associations(book: Book, facts: RunFacts, analysis: str) -> list[Block]:
    if not book.has(analysis):
        return []
    found: list[Block] = []
    # An analysis may be of further outcomes alone.
    if sentences.compared(book, facts, analysis):
        found.append(Bullets(tuple(sentences.associations(book, facts, analysis))))
        found.append(tables.association_table(book, facts, analysis))
        found.append(figures.forest_figure(book, facts, analysis))
    if any(not facts.is_main(row.outcome) for row in book.find(analysis=analysis)):
        found.append(tables.association_table(book, facts, analysis, further=True))
    # The coefficients of all models stand where the first of them are.
    first = analysis == "odds_ratio" or not book.has("odds_ratio")
    if first and book.has("coefficient"):
        shown = tables.coefficient_table(book, facts)
        found.append(Details("Every coefficient, to eight decimals", (shown,)))
    return found


def _curves(book: Book, facts: RunFacts, measure: str) -> list[Block]:
    if not book.find(analysis="spline", measure=measure):
        return []
    told = sentences.curves(book, facts, measure)
    found: list[Block] = [Bullets(tuple(told))] if told else []
    return [*found, figures.curve_figure(book, facts, measure)]


def _linear(book: Book, facts: RunFacts) -> list[Block]:
    return [*_associations(book, facts, "linear"), *_curves(book, facts, "difference")]


def checked(facts: RunFacts) -> list[Block]:
    """Say how the files' variables compare with the CDC's codebooks."""
    checks = facts.checks
    if checks.empty:
        return []
    number = checks["table"].nunique()
    forms = {
        "equal": ("{} equals it", "{} equal it"),
        "explained": ("{} differs for a known reason", "{} differ for a known reason"),
        "differs": ("{} differs without one", "{} differ without one"),
        "not printed": ("{} has no counts in it", "{} have no counts in it"),
    }
    verdicts = checks["verdict"].astype(str)
    told = [
        form[count > 1].format(f"{count:,}")
        for verdict, form in forms.items()
        if (count := int((verdicts == verdict).sum()))
    ]
    printed = (
        "that the artificial survey prints in its own codebook of the file"
        if facts.synthetic
        else "that the CDC prints in the file's codebook"
    )
    lead = text(
        "Each variable that this study reads was counted in its file and held against the counts "
        f"{printed}. "
        f"Of {words.plural(len(checks), 'variable')} in {words.plural(number, 'table')}, ",
        listing(told), ".",
    )  # fmt: skip
    found: list[Block] = [Paragraph(lead)]
    odd = checks[verdicts.isin(["explained", "differs"])]
    if not odd.empty:
        caption = "Variables that differ from the codebook"
        found.append(records.checks_table(odd, "checks-odd", caption, stack=True))
    full = records.checks_table(checks, "checks-all", "Every variable held against its codebook")
    return [*found, Details("The whole reconciliation", (full,))]


def _limitations(book: Book, facts: RunFacts) -> list[Block]:
    found = [*limitations.limitations(book, facts), *modification.limitations(book, facts)]
    found += sensitivity.limitations(book)
    found += drift.limitations(facts)
    found += repeated.limitations(facts)
    return [Bullets(tuple(found))] if found else []


def provenance(facts: RunFacts) -> list[Block]:
    """Name versions, hashes and files."""
    items = [text(f"{name}: ", Code(version)) for name, version in sorted(facts.versions.items())]
    if facts.commit:
        items.insert(0, text("This program, commit: ", Code(facts.commit)))
    if facts.spec_sha256:
        items.append(text("SHA-256 of the study file: ", Code(facts.spec_sha256)))
    if facts.seed is not None:
        items.append(text("Seed of random numbers: ", Code(str(facts.seed))))
    found: list[Block] = [Bullets(tuple(items))] if items else []
    if not facts.files.empty:
        shown = records.files_table(facts)
        found.append(Details(f"Input files with their hashes ({len(facts.files):,})", (shown,)))
    if facts.spec_text:
        found.append(Details("The study file", (Listing(facts.spec_text, SPECIFICATION),)))
    return found
