"""Methods, limits and references of what may modify an association, and of other exposures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.reporting import words
from analysis.reporting.book import Book, distinct
from analysis.reporting.document import Block, Bullets, Code, Heading, Text, listing, text
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import term_names


def methods(everything: Book, facts: RunFacts) -> list[Block]:
    """Say how other exposures, several logits, interactions and strata were estimated.

    Parameters
    ----------
    everything : Book
        All results; what has no rows is not told.
    facts : RunFacts
        The study's specification.

    Returns
    -------
    list of Block
        Empty for a study that asks for none of these.
    """
    told: list[tuple[str, list[Text]]] = [
        ("Other exposures", [_exposure(each, facts) for each in facts.listed("other_exposures")]),
        ("Several logits in one model", _logits(facts) if everything.has("multinomial") else []),
        ("Interaction", _interaction(everything, facts) if everything.has("interaction") else []),
        ("Strata", _strata(facts) if everything.has("stratum") else []),
    ]
    return [
        block for title, items in told if items for block in (Heading(title), Bullets(tuple(items)))
    ]


def _exposure(exposure: Any, facts: RunFacts) -> Text:
    label, unit = facts.label(exposure.measure), facts.unit(exposure.measure)
    nouns, cut = words.group_nouns_of(exposure), f"{exposure.cut_points} quantiles"
    if getattr(exposure, "split", "everyone") == "users":
        how = f"people who take none of it, and {nouns} of those who take some, at {cut} of theirs"
    elif ends := getattr(exposure, "cuts", ()):
        how = f"groups that begin at {' and '.join(f'{end:g}' for end in ends)} {unit}".rstrip()
        how += ", as the study file has them, beside those below"
    else:
        how = f"{nouns} at its {cut} within the cohort"
    models = [
        words.model_name(model.label)
        for model in facts.models
        if not getattr(model, "exposures", ()) or exposure.measure in model.exposures
    ]
    per = _per(exposure, facts)
    return text(f"{label}: {how}; as a linear term {per}. Models: ", listing(models), ".")


def _per(exposure: Any, facts: RunFacts) -> str:
    return _per_unit(exposure.per, facts.unit(exposure.measure))


def _per_unit(number: float, unit: str) -> str:
    return words.singular(f"per {number:g} {unit}".rstrip())


def _logits(facts: RunFacts) -> list[Text]:
    found = []
    for each in facts.listed("multinomial"):
        names = listing(words.lower_first(facts.outcome(outcome)) for outcome in each.outcomes)
        found.append(
            text(
                f"{each.label}: one multinomial logit of ", names, " against the people with whom "
                "both are compared, design-based, with the dose groups and the covariates of "
                f"{_model(each, facts)}. A Wald test asks whether the dose groups' coefficients "
                "are the same in all logits.",
            )
        )  # fmt: skip
    return found


def _model(each: Any, facts: RunFacts) -> str:
    return words.model_words(facts.model(each.model)) if each.model else "the most adjusted model"


def _interaction(everything: Book, facts: RunFacts) -> list[Text]:
    found = []
    for each in facts.listed("interactions"):
        exposure, modifier = (
            words.in_sentence(facts.label(name)) for name in (facts.exposure.measure, each.modifier)
        )
        start = text(f"{each.label}: ")
        if each.joint:
            sizes = listing(f"{k} × {k}" for k in each.joint).plain
            start += text(
                f"{exposure} and {modifier} (", Code(each.modifier), ") were each cut into groups "
                f"at {_quantiles(facts)} quantiles in the cohort. Each joint group ({sizes}) was "
                "compared with the lowest of both, in one model whose covariates are those of the "
                "most adjusted one without the terms that hold either. ",
            )  # fmt: skip
        begin = words.upper_first if each.joint else str
        found.append(start + _multiplied(everything, each, begin))
        cuts = getattr(each, "joint_cuts", None)
        if cuts is not None:
            found.append(_by_cuts(cuts, each.modifier, facts))
        found.append(
            text(
                "Additive interaction was measured with both cut at their medians: RERI, "
                "attributable proportion and synergy index, with the combination of lowest risk "
                "as reference (Knol et al. 2011) and intervals by the delta method (Hosmer and "
                "Lemeshow 1992)."
            )
        )
        found.append(
            text(
                "Slopes are those of a model with the product of the two measures, given "
                f"{_per(facts.exposure, facts)} and "
                f"{_per_unit(each.per, facts.unit(each.modifier))}, at values of the other from "
                "its 5th to its 95th percentile. Johnson-Neyman bounds (Johnson and Neyman 1936; "
                "Bauer and Curran 2005) are the values at which a 95% interval of the slope "
                "begins or ends to hold no association."
            )
        )
    return found


def _quantiles(facts: RunFacts) -> str:
    return str(getattr(facts.exposure, "cut_points", "weighted"))


def _multiplied(everything: Book, each: Any, begin: Callable[[str], str]) -> Text:
    """Say by which products interaction was tested: those that the results have."""
    tests = [r.contrast for r in everything.find(analysis="interaction", stratum=each.name)]
    adjusted = (
        " (by Wald's F, and by the F of Korn and Graubard 1990, adjusted for the degrees of "
        "freedom)"
        if any(test.endswith("adjusted F") for test in tests)
        else ""
    )
    medians = ", of their medians" if any(test.endswith(" trend") for test in tests) else ""
    start = begin("multiplicative interaction was tested by the products of the groups")
    return text(
        f"{start}{adjusted}{medians} and of the two measures themselves beside their main terms: "
        "as they are, brought in to their 1st and 99th percentiles, and with a restricted cubic "
        "spline of each in place of the straight lines."
    )


def _by_cuts(cuts: Any, modifier: str, facts: RunFacts) -> Text:
    """Say where the study itself cuts both measures, and with whom others are compared."""
    told = []
    for measure, at, end in zip(
        (facts.exposure.measure, modifier), (cuts.exposure, cuts.modifier), cuts.reference,
        strict=True,
    ):  # fmt: skip
        label, unit = words.lower_first(facts.label(measure)), facts.unit(measure)
        places = listing(f"{cut:g}" for cut in at).plain
        told.append(text(f"{label} at {places} {unit}".rstrip(), f" (reference: the {end} group)"))
    start = "Joint groups by fixed cuts, where a value at a cut belongs to the group above it: "
    two_by_two = len(cuts.exposure) == len(cuts.modifier) == 1
    additive = ". Interaction is measured on the additive scale from that reference too."
    return text(start, listing(told), additive if two_by_two else ".")


def _strata(facts: RunFacts) -> list[Text]:
    told = []
    for each in facts.listed("strata"):
        if each.cuts:
            places = listing(f"{cut:g}" for cut in each.cuts).plain
            how = f"cut at {places} {facts.unit(each.measure)}"
        elif each.groups:
            how = f"{words.group_nouns(each.groups)}, at weighted quantiles in the cohort"
        else:
            how = "its categories"
        cycles = f"; only in {words.cycles_words(each.cycles)}" if each.cycles else ""
        told.append(f"{words.lower_first(each.label)} ({how.rstrip()}{cycles})")
    return [
        text(
            "The most adjusted model was fitted within the strata of ", listing(told),
            ". Dose groups are those of the whole cohort. Terms of a category that is the same for "
            "all within a stratum are left out; those of a continuous one stay.",
        ),
        text(
            "Interaction was tested in everyone by a Wald test of the products of the dose "
            "groups' medians with the strata, beside the main terms; and in the same way for the "
            f"exposure as a straight line, {_per(facts.exposure, facts)}. Estimates within strata "
            "stand beside that test (Knol and VanderWeele 2012)."
        ),
    ]  # fmt: skip


def limitations(everything: Book, facts: RunFacts) -> list[Text]:
    """Say what to bear in mind about strata and interactions, as far as there are any."""
    found = _of_recalled(facts) if everything.has("stratum", "interaction") else []
    if everything.has("stratum"):
        found.append(
            text(
                "Within strata there are fewer people and fewer degrees of freedom. That an "
                "interval excludes no association in one stratum and not in another does not show "
                "that the two differ: that is what the test of interaction asks."
            )
        )
    if everything.has("interaction"):
        # Of two intakes, and not of a concentration in blood or a score beside one.
        together = (
            "The two intakes come largely from the same supplements and foods, so that few "
            "people take much of one and little of the other. "
            if _are_intakes(facts)
            else ""
        )
        found.append(
            text(
                f"{together}Whether two measures interact depends on the scale (additive or "
                "multiplicative) and on the shape that each is given: a bend of one that is drawn "
                "as a straight line can look like an interaction."
            )
        )
    return found


def _of_recalled(facts: RunFacts) -> list[Text]:
    """Say what follows where single days tell of a modifier; of an exposure it is told apart."""
    main = facts.measures.get(facts.exposure.measure)
    if main is not None and main.subsample in words.RECALLED:
        return []
    modifying = [each.modifier for each in facts.listed("interactions")]
    modifying += [each.measure for each in facts.listed("strata")]
    covariates = [name for model in facts.models for name in term_names(model.terms)]
    modifiers, others = (
        distinct(words.in_sentence(m.label) for n in names
                 if (m := facts.measures.get(n)) and m.subsample in words.RECALLED)
        for names in (modifying, covariates)
    )  # fmt: skip
    if not modifiers:
        return []
    told = text(
        words.upper_first(listing(modifiers).plain), " rest" if modifiers[1:] else " rests",
        " on what a person reported for single days, which say little of usual intake: many people "
        "stand in another stratum or group than their usual intake would put them, which as a rule "
        "makes groups look more alike than they are. People also under-report what they eat.",
    )  # fmt: skip
    same = [name for name in others if name not in modifiers]
    if same:
        are = "are the covariates " if same[1:] else "is the covariate "
        told += text(f" Told in the same way {are}", listing(same), ".")
    return [told]


def _are_intakes(facts: RunFacts) -> bool:
    """Whether the exposure and all that may modify its association are intakes."""
    names = [facts.exposure.measure, *(each.modifier for each in facts.listed("interactions"))]
    known = [facts.measures.get(name) for name in names]
    return all(measure is not None and words.is_intake(measure) for measure in known)
