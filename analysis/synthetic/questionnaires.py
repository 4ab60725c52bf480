"""The questionnaires' variables: smoking, alcohol, physical activity.

Names, labels and codes are those of NHANES 2001-2006; the descriptions are this package's own.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.synthetic.layout import SEQN, Variable, aged, coded, number


def smq(cycle: str) -> tuple[Variable, ...]:
    """Smoking."""
    skip = "SMAQUEX2" if cycle == "2005-2006" else "SMQ120"
    comma = "," if cycle == "2001-2002" else ""
    some = "Some days, or" if comma else "Some days"
    never = "Not at all?" if comma else "Not at all"
    spelling = "cigarets" if comma else "cigarettes"
    return (
        SEQN,
        coded(
            "SMQ020",
            "Smoked at least 100 cigarettes in life",
            "Whether the person ever smoked 100 cigarettes.",
            f"1 = Yes | 2 = No -> {skip} | 7 = Refused -> {skip} | 9 = Don't know -> {skip}",
            aged(20),
        ),
        number(
            "SMD030",
            f"Age started smoking {spelling} regularly",
            "Age at which regular smoking began.",
            "0 = Never smoked cigarettes regularly | 777 = Refused | 999 = Don't know",
            aged(20),
        ),
        coded(
            "SMQ040",
            "Do you now smoke cigarettes",
            "Whether the person smokes now.",
            f"1 = Every day{comma} | 2 = {some} | 3 = {never} | 7 = Refused | 9 = Don't know",
            aged(20),
        ),
    )


def alq(cycle: str) -> tuple[Variable, ...]:
    """Alcohol."""
    first = "ALD100" if cycle == "2001-2002" else "ALQ101"
    unknown = (
        "777 = Refused | 999 = Don't know"
        if cycle == "2005-2006"
        else "77 = Refused | 99 = Don't know"
    )
    target = aged(20)
    return (
        SEQN,
        coded(
            first,
            "Had at least 12 alcohol drinks/1 yr?",
            "Twelve drinks in any one year.",
            "1 = Yes -> ALQ120Q | 2 = No | 7 = Refused | 9 = Don't know",
            target,
        ),
        coded(
            "ALQ110",
            "Had at least 12 alcohol drinks/lifetime?",
            "Twelve drinks in life.",
            "1 = Yes | 2 = No -> End of Section | 7 = Refused -> End of Section | "
            "9 = Don't know -> End of Section",
            target,
        ),
        number(
            "ALQ120Q",
            "How often drink alcohol over past 12 mos",
            "Times, in the unit of ALQ120U.",
            "777 = Refused | 999 = Don't know",
            "0 to 366",
        ),
        coded(
            "ALQ120U",
            "# days drink alcohol per wk, mo, yr",
            "Unit of ALQ120Q.",
            "1 = Week | 2 = Month | 3 = Year | 7 = Refused | 9 = Don't know",
            target,
        ),
        number(
            "ALQ130",
            "Avg # alcoholic drinks/day -past 12 mos",
            "Drinks on a day of drinking.",
            unknown,
            target,
        ),
    )


ABLE = "1 = Yes | 2 = No | 3 = Unable to do activity | 7 = Refused | 9 = Don't know"
UNKNOWN_TIMES = "77777 = Refused | 99999 = Don't know"


def paq(cycle: str) -> tuple[Variable, ...]:
    """Physical activity."""
    over_12, over_16 = aged(12), aged(16)
    return (
        SEQN,
        coded(
            "PAD020",
            "Walked or bicycled over past 30 days",
            "Walked or cycled to get somewhere.",
            "1 = Yes | 2 = No -> PAQ100 | 3 = Unable to do activity -> PAQ100 | "
            "7 = Refused -> PAQ100 | 9 = Don't know -> PAQ100",
            over_12,
        ),
        number("PAQ050Q", "# times walked or bicycled", "Times a unit.", UNKNOWN_TIMES, over_12),
        coded(
            "PAQ050U",
            "Unit of measure (day/week/month)",
            "Unit of PAQ050Q.",
            "1 = Day | 2 = Week | 3 = Month | 7 = Refused | 9 = Don't Know",
            over_12,
        ),
        number("PAD080", "How long per day (minutes)", "Minutes.", UNKNOWN_TIMES, over_12),
        coded(
            "PAQ100",
            "Tasks around home/yard past 30 days",
            "Moderate or vigorous work about home or yard.",
            "1 = Yes | 2 = No -> PAQ180 | 3 = Unable to do activity -> PAQ180 | "
            "7 = Refused -> PAQ180 | 9 = Don't know -> PAQ180",
            over_16,
        ),
        number("PAD120", "# of times past 30 days", "Times.", UNKNOWN_TIMES, over_16),
        number("PAD160", "How long each time (minutes)", "Minutes.", UNKNOWN_TIMES, over_16),
        coded(
            "PAQ180",
            "Avg level of physical activity each day",
            "What a usual day is like.",
            "1 = Sits during the day and does not walk about very much | "
            "2 = Stands or walks about a lot but does not carry or lift things often | "
            "3 = Lifts light loads or climbs stairs or hills often | "
            "4 = Does heavy work or carries heavy loads | 7 = Refused | 9 = Don't know",
            over_16,
        ),
        coded(
            "PAD200",
            "Vigorous activity over past 30 days",
            "Vigorous activity in leisure time.",
            ABLE,
            over_12,
        ),
        coded(
            "PAD320",
            "Moderate activity over past 30 days",
            "Moderate activity in leisure time.",
            ABLE,
            over_12,
        ),
        coded(
            "PAAQUEX",
            "Questionnaire source flag for weighting",
            "Where the questions were asked.",
            "1 = Sample Person Interview Questionnaire | 2 = MEC CAPI Questionnaire",
            aged(2),
        ),
    )


ACTIVITIES = {
    10: ("AEROBICS", 5.0, 7.0),
    12: ("BASKETBALL", 6.0, 8.0),
    13: ("BICYCLING", 4.0, 8.0),
    15: ("DANCE", 4.5, 6.0),
    23: ("JOGGING", 6.0, 7.0),
    29: ("RUNNING", 7.0, 10.0),
    38: ("SWIMMING", 6.0, 8.0),
    42: ("WALKING", 3.5, 5.0),
    43: ("WEIGHT LIFTING", 3.0, 6.0),
    71: ("OTHER", 4.5, 7.0),
}
"""Leisure activities: description, metabolic equivalents if moderate and if vigorous."""


def paqiaf(cycle: str) -> tuple[Variable, ...]:
    """Individual leisure activities, a row each."""
    target = aged(12)
    names = " | ".join(f"{code} = {what}" for code, (what, *_) in ACTIVITIES.items())
    return (
        replace(SEQN, target=target),
        coded("PADACTIV", "Leisure time activity", "The activity.", names, target),
        coded("PADLEVEL", "Activity level", "How hard.", "1 = MODERATE | 2 = VIGOROUS", target),
        number("PADTIMES", "# of times did activity in past 30 days", "Times.", target=target),
        number("PADDURAT", "Average duration of activity (minutes)", "Minutes.", target=target),
        number("PADMETS", "MET score for activity", "Metabolic equivalents.", target=target),
    )
