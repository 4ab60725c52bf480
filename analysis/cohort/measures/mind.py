"""Thinking, learning and memory at 60 years and over, and symptoms of depression.

The Digit Symbol Substitution Test (DSST) is the coding exercise of the Wechsler Adult Intelligence
Scale III in both periods that have it: symbols rightly drawn in 120 seconds, at most 133. It was
done at home in 1999-2002 and in the mobile centre in 2011-2014. Word learning (CERAD) and animal
fluency belong to 2011-2014 alone. Sources: the codebooks CFQ, CFQ_B, CFQ_G and CFQ_H.

The nine questions on depression (PHQ-9) were put by an interviewer to 2017-2018 and by a computer
from 2021-2023 on (DPQ_L). Source of the score and its cut point: Kroenke K, Spitzer RL, Williams
JBW. The PHQ-9: validity of a brief depression severity measure. J Gen Intern Med 2001;16:606-13.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.cohort.measure import Columns, Derivation, Measure
from analysis.cohort.measures.recode import as_category, cycles_between, sources
from analysis.nhanes.cycles import CYCLES

AT_HOME = ("1999-2000", "2001-2002")
IN_CENTRE = ("2011-2012", "2013-2014")
SCREENED = cycles_between("2005-2006", "2021-2023")

TRIALS = ("trial_1", "trial_2", "trial_3")
LEARNING = {role: ("CFQ", f"CFDCST{number}") for number, role in enumerate(TRIALS, 1)}
RECALL = {"recall": ("CFQ", "CFDCSR")}

SYMPTOMS = tuple(f"DPQ{number:03d}" for number in range(10, 100, 10))
"""The nine symptoms, from DPQ010 to DPQ090; DPQ100, on the difficulty they make, is no part."""

WORST_ANSWER = 3
"""Nearly every day; refused and do not know are 7 and 9."""

DEPRESSED = 10
"""Score from which on depression is assumed: sensitivity and specificity 88% for major depression
(Kroenke 2001)."""

NO_TEST = {
    cycle: "cognition was tested in 1999-2002 and 2011-2014 only"
    for cycle in CYCLES
    if cycle not in (*AT_HOME, *IN_CENTRE)
}
DSST_ALONE = dict.fromkeys(AT_HOME, "of cognition only the digit symbol test was done in 1999-2002")
NO_SCREEN = dict.fromkeys(
    cycles_between("1999-2000", "2003-2004"),
    "the nine questions on symptoms of depression were first asked in 2005-2006",
)


YES_NO = ("No", "Yes")
WHO = "At 60 years and over, without proxies; missing for who did not or could not do it."


def dsst(columns: Columns, cycle: str) -> pd.Series:
    """Symbols rightly drawn in two minutes; missing for who did not complete the exercise."""
    return columns["score"]


def animal_fluency(columns: Columns, cycle: str) -> pd.Series:
    """Animals named in one minute."""
    return columns["score"]


def _sum(columns: Columns, roles: Sequence[str]) -> pd.Series:
    """Sum of scores; missing where one of them is."""
    return pd.DataFrame({role: columns[role] for role in roles}).sum(axis=1, skipna=False)


def cerad_learning(columns: Columns, cycle: str) -> pd.Series:
    """Words recalled in the three trials of learning, of ten each."""
    return _sum(columns, TRIALS)


def cerad_recall(columns: Columns, cycle: str) -> pd.Series:
    """Words recalled after a delay, of ten."""
    return columns["recall"]


def cerad_total(columns: Columns, cycle: str) -> pd.Series:
    """Words recalled in the three trials and after the delay, of forty."""
    return _sum(columns, (*TRIALS, "recall"))


def phq9(columns: Columns, cycle: str) -> pd.Series:
    """Sum of the nine symptoms, 0 to 27; missing unless all nine have an answer of 0 to 3.

    The codebook of 2021-2023 (DPQ_L) gives a total to participants with complete answers only.
    """
    answers = pd.DataFrame({name: columns[name] for name in SYMPTOMS})
    return answers.where(answers <= WORST_ANSWER).sum(axis=1, skipna=False)


def depression(columns: Columns, cycle: str) -> pd.Series:
    """Whether the score reaches 10."""
    score = phq9(columns, cycle)
    found = (score >= DEPRESSED).map({True: "Yes", False: "No"})
    return as_category(found.where(score.notna()), YES_NO)


def _tested(
    name: str, label: str, unit: str, columns: dict[str, tuple[str, str]], derive: Derivation,
    note: str,
) -> Measure:  # fmt: skip
    """One of the tests that 2011-2014 alone has."""
    return Measure(
        name=name,
        label=label,
        unit=unit,
        kind="continuous",
        sources=sources(columns, IN_CENTRE),
        derive=derive,
        subsample="examination",
        note=f"{note} {WHO}",
        absent=NO_TEST | DSST_ALONE,
    )


QUESTIONS = sources({variable: ("DPQ", variable) for variable in SYMPTOMS}, SCREENED)
ASKED = (
    "Asked of people of 18 years and over who were examined and needed no proxy; from 2021-2023 on "
    "by a computer instead of an interviewer."
)

MEASURES = (
    Measure(
        name="dsst",
        label="Digit symbol substitution test",
        unit="points",
        kind="continuous",
        sources=sources({"score": ("CFQ", "CFDRIGHT")}, AT_HOME)
        | sources({"score": ("CFQ", "CFDDS")}, IN_CENTRE),
        derive=dsst,
        subsample="examination",
        subsamples=dict.fromkeys(AT_HOME, "interview"),
        note=(
            "Symbols rightly drawn in two minutes, at most 133; at home in 1999-2002, in the "
            f"mobile centre in 2011-2014. {WHO}"
        ),
        absent=NO_TEST,
    ),
    _tested(
        "animal_fluency", "Animal fluency", "animals", {"score": ("CFQ", "CFDAST")},
        animal_fluency, "Animals named in one minute.",
    ),
    _tested(
        "cerad_learning", "Word learning (CERAD)", "words", LEARNING, cerad_learning,
        "Words recalled in three trials of ten words, in all.",
    ),
    _tested(
        "cerad_recall", "Delayed word recall (CERAD)", "words", RECALL, cerad_recall,
        "Of ten words, recalled after the other tests.",
    ),
    _tested(
        "cerad_total", "Word learning and delayed recall (CERAD)", "words", LEARNING | RECALL,
        cerad_total, "Words recalled in three trials and after a delay, of forty.",
    ),
    Measure(
        name="phq9",
        label="Depression score (PHQ-9)",
        unit="points",
        kind="continuous",
        sources=QUESTIONS,
        derive=phq9,
        subsample="examination",
        note=(
            "Nine symptoms of the past two weeks, each 0 (not at all) to 3 (nearly every day); "
            f"missing unless all nine are known. {ASKED}"
        ),
        absent=NO_SCREEN,
    ),
    Measure(
        name="depression",
        label="Depression (PHQ-9 of 10 or more)",
        kind="categorical",
        levels=YES_NO,
        sources=QUESTIONS,
        derive=depression,
        subsample="examination",
        note=f"Score of 10 or more of 27 (Kroenke 2001). {ASKED}",
        absent=NO_SCREEN,
    ),
)  # fmt: skip
