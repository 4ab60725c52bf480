"""Linked mortality: who was followed, for how long, who died and of what.

From the public-use files of the 2019 linkage with the National Death Index: follow-up from the
interview or the examination to the death, or to 31 December 2019. Source of codes and rules: NCHS,
Public-Use Linked Mortality Files, 2019, https://www.cdc.gov/nchs/data-linkage/mortality-public.htm.
"""

from __future__ import annotations

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.recode import categories, choose, cycles_between, sources
from analysis.nhanes.cycles import LAST_LINKED, MORTALITY

CYCLES = cycles_between("1999-2000", LAST_LINKED)
ABSENT = {"2021-2023": "its participants have not been linked with the National Death Index"}

CAUSES = {
    1: "Heart disease",
    2: "Cancer",
    3: "Chronic lower respiratory disease",
    4: "Accident",
    5: "Cerebrovascular disease",
    6: "Alzheimer disease",
    7: "Diabetes",
    8: "Influenza or pneumonia",
    9: "Kidney disease",
    10: "Other cause",
}
"""UCOD_LEADING: the underlying cause in ten classes. Codes of ICD-10: I00-I09, I11, I13, I20-I51;
C00-C97; J40-J47; V01-X59, Y85-Y86; I60-I69; G30; E10-E14; J09-J18; N00-N07, N17-N19, N25-N27; all
other."""

ALIVE = "Alive"
CAUSE_LEVELS = (ALIVE, *CAUSES.values())
BROAD_LEVELS = (ALIVE, "Heart disease", "Cancer", "Other cause")

ALL_CAUSES = cycles_between("1999-2000", "2013-2014")
CAUSES_WITHHELD = dict.fromkeys(
    cycles_between("2015-2016", "2017-2018"),
    "the public file gives heart disease, cancer and all other causes together, so that a death of "
    "any other leading cause cannot be told; use cause_of_death_broad",
)

_PERTURBED = (
    "To protect identities the CDC has replaced the time or the cause of some deaths by made-up "
    "ones; whether someone died was never changed."
)


def eligible(columns: Columns, cycle: str) -> pd.Series:
    """Whether someone could be followed: ELIGSTAT 1; not under 18 (2) or too little known (3)."""
    return categories(columns["eligible"], {1: "Yes", 2: "No", 3: "No"})


def died(columns: Columns, cycle: str) -> pd.Series:
    """Whether someone eligible died in follow-up: MORTSTAT 0 (assumed alive) or 1."""
    return categories(columns["dead"], {0: "No", 1: "Yes"})


def months(columns: Columns, cycle: str) -> pd.Series:
    """Months of follow-up as they are in the file: PERMTH_EXM or PERMTH_INT."""
    return columns["months"]


def cause(columns: Columns, cycle: str) -> pd.Series:
    """Underlying cause of death in ten classes; a death without a cause is missing."""
    return _by_cause(columns, CAUSES, CAUSE_LEVELS)


def cause_broad(columns: Columns, cycle: str) -> pd.Series:
    """Underlying cause of death in the three classes that every cycle tells apart."""
    other = BROAD_LEVELS[-1]
    names = {code: name if name in BROAD_LEVELS else other for code, name in CAUSES.items()}
    return _by_cause(columns, names, BROAD_LEVELS)


def _by_cause(columns: Columns, names: dict[int, str], levels: tuple[str, ...]) -> pd.Series:
    dead, code = columns["dead"], columns["cause"]
    cases = [((dead == 1) & (code == number), name) for number, name in names.items()]
    return choose([(dead == 0, ALIVE), *cases], dead.index, levels)


def _from(cycles: tuple[str, ...] = CYCLES, **variables: str) -> dict[str, Source]:
    return sources({role: (MORTALITY, name) for role, name in variables.items()}, cycles)


MEASURES = (
    Measure(
        name="mortality_eligible",
        label="Followed for mortality",
        kind="categorical",
        levels=("Yes", "No"),
        sources=_from(eligible="ELIGSTAT"),
        derive=eligible,
        subsample="interview",
        note=(
            "Whether the participant could be linked with the National Death Index: 18 years of "
            "age or older at the interview, and enough known to link by."
        ),
        absent=ABSENT,
    ),
    Measure(
        name="died",
        label="Died by the end of 2019",
        kind="categorical",
        levels=("No", "Yes"),
        sources=_from(dead="MORTSTAT"),
        derive=died,
        subsample="interview",
        note=(
            "From linkage with the National Death Index to 31 December 2019; who was not found "
            "there is taken to be alive. Missing for those who could not be linked, among them "
            "everyone under 18."
        ),
        absent=ABSENT,
    ),
    Measure(
        name="follow_up_months",
        label="Follow-up from the examination",
        unit="months",
        kind="continuous",
        sources=_from(months="PERMTH_EXM"),
        derive=months,
        subsample="examination",
        note=(
            "Whole months from the examination to the death, or to 31 December 2019 for those "
            f"assumed alive. Missing for those not examined or not linked. {_PERTURBED}"
        ),
        absent=ABSENT,
    ),
    Measure(
        name="follow_up_months_interview",
        label="Follow-up from the interview",
        unit="months",
        kind="continuous",
        sources=_from(months="PERMTH_INT"),
        derive=months,
        subsample="interview",
        note=(
            "Whole months from the interview to the death, or to 31 December 2019 for those "
            f"assumed alive. Missing for those not linked. {_PERTURBED}"
        ),
        absent=ABSENT,
    ),
    Measure(
        name="cause_of_death",
        label="Underlying cause of death",
        kind="categorical",
        levels=CAUSE_LEVELS,
        sources=_from(ALL_CAUSES, dead="MORTSTAT", cause="UCOD_LEADING"),
        derive=cause,
        subsample="interview",
        note=(
            "The nine leading causes of the public file and all others, by the certificate's "
            "underlying cause (ICD-10); those assumed alive are a class of their own. Missing for "
            f"those not linked and for a death without a cause. {_PERTURBED}"
        ),
        absent=CAUSES_WITHHELD | ABSENT,
    ),
    Measure(
        name="cause_of_death_broad",
        label="Underlying cause of death (heart disease, cancer, other)",
        kind="categorical",
        levels=BROAD_LEVELS,
        sources=_from(dead="MORTSTAT", cause="UCOD_LEADING"),
        derive=cause_broad,
        subsample="interview",
        note=(
            "Heart disease (ICD-10 I00-I09, I11, I13, I20-I51), cancer (C00-C97) and all other "
            "underlying causes, which the public file tells apart in every cycle; those assumed "
            "alive are a class of their own. Cerebrovascular disease is among the others. Missing "
            f"for those not linked and for a death without a cause. {_PERTURBED}"
        ),
        absent=ABSENT,
    ),
)
