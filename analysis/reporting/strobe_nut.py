"""Items of STROBE-nut (Lachat and others 2016), and what answers them.

They add to STROBE's what a report on diet or nutrition should tell. Most are about what people ate
or took: to a study that analyses nothing of the kind they do not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analysis.cohort.measure import Measure
from analysis.reporting import words
from analysis.reporting.document import listing
from analysis.reporting.strobe import AT_THE_HEAD, Answer, Item, Known, at, to_write
from analysis.reporting.tables import term_names

NONE_TAKEN = "no estimate rests on what people ate or took"
NONE_EATEN = "no estimate rests on what people ate"

Rule = Callable[[Known], Answer]


def intakes(known: Known) -> list[Measure]:
    """Give the analysed measures of what people eat or take."""
    return [measure for measure in known.measured if words.is_intake(measure)]


def _eaten(known: Known) -> list[Measure]:
    return [measure for measure in intakes(known) if measure.subsample in words.RECALLED]


def _with_supplements(measure: Measure) -> bool:
    return "supplement" in measure.name or "_total" in measure.name


def _markers(known: Known) -> list[Measure]:
    """Give the concentrations in blood that tell of nutrition."""
    return [m for m in known.measured if m.label.startswith("Serum 25(OH)D")]


def _named(measures: Sequence[Measure]) -> str:
    return listing(words.lower_first(measure.label) for measure in measures).plain


def if_taken(answer: Rule) -> Rule:
    """Ask an item only of studies that analyse what people ate or took."""

    def asked(known: Known) -> Answer:
        return answer(known) if intakes(known) else Answer("does not apply", said=NONE_TAKEN)

    return asked


def if_eaten(answer: Rule) -> Rule:
    """Ask an item only of studies that analyse what people told that they ate."""

    def asked(known: Known) -> Answer:
        if _eaten(known):
            return answer(known)
        return Answer("does not apply", said=NONE_EATEN if intakes(known) else NONE_TAKEN)

    return asked


def _title(known: Known) -> Answer:
    wanted = "How diet or nutrition was assessed, in title, abstract or keywords."
    return Answer("in part", (), AT_THE_HEAD, wanted)


def _setting(known: Known) -> Answer:
    wanted = "Fortified foods, and what else bore on diet in these years."
    if not any(measure.name == "season" for measure in known.measured):
        return Answer("to be written", wanted=wanted)
    return Answer("in part", ("methods",), "season of the examination", wanted)


def _compositions(known: Known) -> Answer:
    wanted = "Which releases of the food tables stand behind the intakes, and why."
    found = known.there("counted")
    if found:
        return Answer("in part", found, "contents of foods and products, and their match", wanted)
    return Answer("in part", ("methods",), "Measures", wanted)


def _recommended(known: Known) -> Answer:
    held = [m for m in known.measured if m.name.endswith(("_ear", "_rda"))]
    if held:
        return Answer("answered", ("methods",), f"Measures: {_named(held)}")
    return Answer("does not apply", said="no intake is held against one")


def _marker(known: Known) -> Answer:
    markers = _markers(known)
    if not markers:
        return Answer("does not apply", said="no marker in blood is analysed")
    wanted = "What the marker says of diet, and the items of STROBE-ME."
    return Answer("in part", ("methods",), _named(markers), wanted)


def _misreported(known: Known) -> Answer:
    exposure = known.facts.exposure
    measure = known.facts.measures.get(exposure.measure) if exposure is not None else None
    if measure is not None and measure.subsample in words.RECALLED and known.there("limitations"):
        return Answer("answered", ("limitations",), "single days, misreporting")
    return Answer("to be written", wanted="How far intakes may be told wrongly.")


def _grouped(known: Known) -> Answer:
    taken = {measure.name for measure in intakes(known)}
    if any(each.measure in taken for each in known.facts.exposures):
        return Answer("answered", ("methods",), "how groups were made; the lowest is the reference")
    modifiers = {each.modifier for each in known.facts.listed("interactions")}
    modifiers |= {each.measure for each in known.facts.listed("strata")}
    if modifiers & taken:
        return Answer("answered", ("methods",), "how the intake was cut into strata or groups")
    return Answer("does not apply", said="no intake is cut into groups")


def _combined(known: Known) -> Answer:
    made = [m for m in intakes(known) if "_total" in m.name or "_two_days" in m.name]
    if made:
        return Answer("answered", ("methods",), f"Measures: {_named(made)}")
    return Answer("does not apply", said="no sources or days of intake are put together")


def _energy(known: Known) -> Answer:
    held = {name for model in known.facts.models for name in term_names(model.terms)}
    adjusted = "energy is a covariate" if "energy" in held else "no adjustment for energy"
    if not _eaten(known):
        return Answer("answered", ("methods",), f"{adjusted}; the sample weight")
    wanted = "Why energy was dealt with in this way, and usual intake was not modelled."
    return Answer("in part", ("methods",), f"{adjusted}; the sample weight", wanted)


def _left_out(known: Known) -> Answer:
    if known.book.has("flow"):
        return Answer("answered", known.there("participants"), "the steps of the flow")
    return Answer("to be written", wanted="How many were left out for their data on diet.")


def _distribution(known: Known) -> Answer:
    if not known.book.has("table1"):
        return Answer("to be written", wanted="Characteristics of the people by intake.")
    said = "everyone analysed, whether or not they take any"
    if known.facts.exposure is None:
        wanted = "Characteristics by intake: the table is of all together."
        return Answer("in part", known.there("participants"), said, wanted)
    label = words.in_sentence(known.facts.label(known.facts.exposure.measure))
    if known.facts.exposure.measure not in {measure.name for measure in intakes(known)}:
        wanted = f"Characteristics by intake: the table is by {label}."
        return Answer("in part", known.there("participants"), said, wanted)
    return Answer("answered", known.there("participants"), f"by {label}; {said}")


def _supplements(known: Known) -> Answer:
    taken = intakes(known)
    told = [
        f"{word} supplements: {_named(found)}"
        for word, found in (
            ("with", [m for m in taken if _with_supplements(m)]),
            ("without", [m for m in taken if not _with_supplements(m)]),
        )
        if found
    ]
    return Answer("answered", ("methods",), "; ".join(told))


def _limits(known: Known) -> Answer:
    wanted = "What the limits of the methods mean for this question."
    return Answer("in part", known.there("limitations"), "data and methods", wanted)


def strobe_nut(known: Known) -> Mapping[str, Sequence[Item]]:
    """List STROBE-nut's items, by the part of a paper that they are about.

    Parameters
    ----------
    known : Known
        What there is.

    Returns
    -------
    mapping of str to sequence of Item
    """
    return {
        "Title and abstract": (
            Item("nut-1", "The assessment of diet or nutrition is named", _title),
        ),
        "Methods": (
            Item("nut-5", "Features of the setting that may bear on diet or nutrition", _setting),
            Item("nut-6", "Features of diet or nutrition by which people were chosen",
                 at("methods", said="the steps under Participants")),
            Item("nut-7.1", "Foods, nutrients and other components are defined",
                 if_taken(at("methods", said="Measures"))),
            Item("nut-7.2", "How dietary patterns or indices were made",
                 lambda known: Answer("does not apply", said="none is analysed")),
            Item("nut-8.1", "How diet and supplements were assessed", if_taken(at(
                "methods", "counted", said="Measures",
                wanted="How portions were told, and interviews checked (see the CDC's pages)."))),
            Item("nut-8.2", "Composition of foods, and how it was matched with what was eaten",
                 if_eaten(_compositions)),
            Item("nut-8.3", "Recommended intakes, and how intakes were held against them",
                 _recommended),
            Item("nut-8.4", "Markers of nutrition, and what they are worth", _marker),
            Item("nut-8.5", "Other data, and when they were taken beside those on diet",
                 at("methods", said="Measures")),
            Item("nut-8.6", "Validity of the methods", if_taken(to_write(
                "What is known of the validity of the methods, with its sources."))),
            Item("nut-9", "What was done about bias in the assessment of diet",
                 if_taken(_misreported)),
            Item("nut-11", "How data on diet were grouped, and the reference", if_taken(_grouped)),
            Item("nut-12.1", "How data on diet were combined", if_taken(_combined)),
            Item("nut-12.2", "Energy, modelled intake and weights", if_taken(_energy)),
            Item("nut-12.3", "Adjustment for errors of measurement", if_taken(
                lambda known: Answer("answered", said="none was made: values are taken as told"))),
        ),
        "Results": (
            Item("nut-13", "People left out for missing or implausible data on diet",
                 if_taken(_left_out)),
            Item("nut-14", "Characteristics by intake, and whether of everyone or of takers only",
                 if_taken(_distribution)),
            Item("nut-16", "Whether intakes hold supplements", if_taken(_supplements)),
            Item("nut-17", "Sensitivity analyses, and data that were filled in", if_taken(at(
                "dependence", "imputed", wanted="Intakes that cannot be true, and misreporting."))),
        ),
        "Discussion": (
            Item("nut-19", "Limits of the sources and methods", _limits),
            Item("nut-20", "What the findings mean for nutrition",
                 to_write("What they mean for diets, which are more than one nutrient.")),
        ),
        "Other": (
            Item("nut-22.1", "Consent and ethics",
                 to_write("Consent, and approval by the survey's ethics board with its numbers.")),
            Item("nut-22.2", "Where tools and data can be had",
                 at("provenance", said="every input file with its hash, versions, the study file")),
        ),
    }  # fmt: skip
