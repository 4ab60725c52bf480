"""Items of STROBE for cross-sectional studies (von Elm and others 2007), and what answers them.

Items are told in words of this package, with the numbers of the statement. An item is called
answered only where the report has the section that answers it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from analysis.cohort.measure import Measure
from analysis.reporting.book import Book
from analysis.reporting.facts import RunFacts
from analysis.reporting.methods import analysed

State = Literal["answered", "in part", "to be written", "does not apply"]

AT_THE_HEAD = "title and question at the head of the report"


@dataclass(frozen=True)
class Answer:
    """What a report has to say to an item.

    Parameters
    ----------
    state : str
    at : tuple of str
        Keys of the sections that answer it.
    said : str
        What stands there, or why the item does not apply.
    wanted : str
        What a person must still write; empty if nothing.
    """

    state: State
    at: tuple[str, ...] = ()
    said: str = ""
    wanted: str = ""


@dataclass(frozen=True)
class Known:
    """What answers depend on.

    Parameters
    ----------
    book : Book
        All results.
    facts : RunFacts
        The study's specification.
    titles : mapping of str to str
        Of the sections that are there, by key.
    """

    book: Book
    facts: RunFacts
    titles: Mapping[str, str]

    @cached_property
    def measured(self) -> Sequence[Measure]:
        """The measures on which the estimates rest."""
        names = analysed(self.facts)
        return [measure for name, measure in self.facts.measures.items() if name in names]

    def there(self, *keys: str) -> tuple[str, ...]:
        """Give those of these sections that the report has."""
        return tuple(key for key in keys if key in self.titles)


@dataclass(frozen=True)
class Item:
    """An item of a statement: its number, what it asks, and what answers it."""

    number: str
    asked: str
    answer: Callable[[Known], Answer]


def at(*keys: str, said: str = "", wanted: str = "") -> Callable[[Known], Answer]:
    """Answer an item by the sections that are there; without any of them it is to be written."""

    def answer(known: Known) -> Answer:
        there = known.there(*keys)
        if not there:
            return Answer("to be written", wanted=wanted or "This report does not tell it.")
        return Answer("in part" if wanted else "answered", there, said, wanted)

    return answer


def to_write(wanted: str) -> Callable[[Known], Answer]:
    """Leave an item to the authors."""
    return lambda known: Answer("to be written", wanted=wanted)


def _design_of_title(known: Known) -> Answer:
    wanted = "A title of the paper that names the design: a cross-sectional survey."
    return Answer("in part", (), AT_THE_HEAD, wanted)


def _objectives(known: Known) -> Answer:
    wanted = "Hypotheses that were set before the data were seen, if there were any."
    return Answer("in part", (), AT_THE_HEAD, wanted)


def _bias(known: Known) -> Answer:
    found = known.there("limitations", "confounding", "imputed", "checks", "drift")
    return Answer("answered", found, "what may bias the estimates, and what was done about it")


def _size(known: Known) -> Answer:
    said = "everyone in the files who passes the steps; no size was planned"
    return Answer("answered", known.there("participants") or ("methods",), said)


def _quantities(known: Known) -> Answer:
    if known.facts.exposure is None:
        return Answer("answered", ("methods",), "cut points of the outcomes")
    wanted = "Why these groups were chosen."
    return Answer("in part", ("methods",), "how the exposure was cut, and its linear term", wanted)


def _statistics(known: Known) -> Answer:
    if known.facts.models:
        wanted = "Why these covariates, and no others, stand for confounding."
        return Answer("in part", ("methods",), "models with their covariates", wanted)
    if "adjusted" in known.titles:
        return Answer("answered", ("adjusted", "methods"), "adjustment and its covariates")
    return Answer("answered", ("methods",), "weighted estimates without adjustment")


def _subgroups(known: Known) -> Answer:
    asked = known.there("interaction", "strata", "adjusted")
    if known.there("interaction", "strata"):
        return Answer("answered", ("methods", *asked))
    if known.facts.domains:
        groups = known.there("prevalence", "means", "adjusted")
        return Answer("answered", groups, "each group is a domain of the whole design")
    return Answer("does not apply", said="no subgroups and no interactions are analysed")


def _sensitivity(known: Known) -> Answer:
    found = known.there("dependence", "confounding", "imputed")
    if found:
        return Answer("answered", ("methods", *found), "analyses under other choices")
    return Answer("to be written", wanted="None was made: say so, or name other analyses.")


def _why_left_out(known: Known) -> Answer:
    wanted = "How many of those invited did not take part (response rates of the CDC)."
    found = known.there("participants") or ("methods",)
    return Answer("in part", found, "the reason of each step", wanted)


def _flow(known: Known) -> Answer:
    if known.book.has("flow"):
        return Answer("answered", known.there("participants"), "a figure")
    return Answer("to be written", wanted="This report has no numbers of people by step.")


def _described(known: Known) -> Answer:
    if known.book.has("table1"):
        return Answer("answered", known.there("participants"), "a table")
    wanted = "The study file asks for no table of characteristics: add one."
    return Answer("to be written", wanted=wanted)


def _missing(known: Known) -> Answer:
    if known.book.has("missing"):
        return Answer("answered", known.there("participants"), "a table, a line a variable")
    if known.book.has("compared"):
        wanted = "Missing values of the other variables."
        return Answer("in part", known.there("compared"), "whose outcome is not known", wanted)
    return Answer("to be written", wanted="Missing values by variable.")


def _estimates(known: Known) -> Answer:
    found = known.there("odds-ratios", "linear")
    if found:
        return Answer("answered", found, "from not adjusted to most adjusted, with 95% intervals")
    found = known.there("adjusted", "prevalence", "means")
    if not found:
        return Answer("to be written", wanted="This report has no estimates.")
    adjusted = "crude and adjusted" if "adjusted" in found else "not adjusted"
    return Answer("answered", found, f"{adjusted}, with 95% intervals")


def _boundaries(known: Known) -> Answer:
    if known.facts.exposure is None:
        return Answer("answered", ("methods",), "definitions of outcomes and groups")
    found = known.there("odds-ratios", "linear", "methods")
    return Answer("answered", found, "in the heads of the tables")


def _absolute(known: Known) -> Answer:
    if not known.there("odds-ratios"):
        return Answer("does not apply", said="no ratios are given")
    found = known.there("prevalence", "adjusted")
    if not found:
        return Answer("to be written", wanted="What the odds ratios mean as absolute risks.")
    wanted = "What the odds ratios mean as absolute risks."
    return Answer("in part", found, "prevalence in each group", wanted)


_OTHER = (
    "dependence", "adjusted", "dose-response", "both-logits", "other-exposures", "interaction",
    "strata", "confounding", "imputed",
)  # fmt: skip


def _other(known: Known) -> Answer:
    found = known.there(*_OTHER)
    if found:
        return Answer("answered", found)
    return Answer("does not apply", said="no other analyses were made")


def _interpreted(known: Known) -> Answer:
    wanted = "What the results mean, beside other evidence and with their limits in mind."
    found = known.there("published")
    return Answer("in part" if found else "to be written", found, "", wanted)


def _asked_of_variables(facts: RunFacts) -> str:
    if facts.exposure is None:
        return "Every outcome, group and covariate is defined, with criteria where they are needed"
    return "Every outcome, exposure, confounder and modifier is defined, with criteria"


def strobe(facts: RunFacts) -> Mapping[str, Sequence[Item]]:
    """List STROBE's items for cross-sectional studies, by the part of a paper they are about."""
    return {
        "Title and abstract": (
            Item("1a", "The design is named in the title or abstract", _design_of_title),
            Item(
                "1b", "An abstract tells what was done and found",
                at("cite", "answer", said="sentences to begin from", wanted="The abstract."),
            ),
        ),
        "Introduction": (
            Item("2", "Background and reasons", to_write("Why the question is asked.")),
            Item("3", "Aims, and hypotheses set before", _objectives),
        ),
        "Methods": (
            Item("4", "The design is told early", at("methods", said="Participants")),
            Item(
                "5", "Setting, places and dates, how data were collected",
                at(
                    "methods", said="survey and cycles",
                    wanted="How and where the survey collects its data (the CDC's documentation).",
                ),
            ),
            Item("6a", "Who could take part, and how they were chosen",
                 at("methods", said="Participants")),
            Item("7", _asked_of_variables(facts), at("methods", said="Outcomes to Measures")),
            Item("8", "Source and method of each measurement, and whether they are comparable",
                 at("methods", "drift", "counted", "checks")),
            Item("9", "What was done about sources of bias", _bias),
            Item("10", "How the number of people came about", _size),
            Item("11", "How quantities were handled and grouped", _quantities),
            Item("12a", "Statistical methods, and how confounding was dealt with", _statistics),
            Item("12b", "Methods for subgroups and interactions", _subgroups),
            Item("12c", "What was done about missing values",
                 at("methods", "imputed", said="Missing values")),
            Item("12d", "Methods that allow for how people were sampled",
                 at("methods", said="Weights and design")),
            Item("12e", "Sensitivity analyses", _sensitivity),
        ),
        "Results": (
            Item("13a", "Numbers of people at each step",
                 at("participants")),
            Item("13b", "Why people were left out at each step", _why_left_out),
            Item("13c", "A flow diagram", _flow),
            Item("14a", "Characteristics of the people", _described),
            Item("14b", "Missing values by variable", _missing),
            Item("15", "Numbers of events, or summaries of the outcomes",
                 at("prevalence", "means", "compared")),
            Item("16a", "Estimates before and after adjustment, with their precision", _estimates),
            Item("16b", "Where categories of quantities begin and end", _boundaries),
            Item("16c", "Absolute beside relative risks, where that says more", _absolute),
            Item("17", "Other analyses", _other),
        ),
        "Discussion": (
            Item("18", "Key results in view of the aims", at("answer")),
            Item("19", "Limitations, and which way and how far they may bias",
                 at("limitations", wanted="How much each weighs for this question.")),
            Item("20", "A cautious interpretation", _interpreted),
            Item("21", "For whom the results hold",
                 to_write("Beyond the people whom the survey stands for, and its years.")),
        ),
        "Other": (
            Item("22", "Funding, and the part of the funders",
                 to_write("Who paid for the analysis and for the survey.")),
        ),
    }  # fmt: skip
