"""Cognition, depression and the sun: each derivation from the CDC's codes, code by code."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.mind import SYMPTOMS
from analysis.cohort.measures.sun import AVOIDS, HABITS

NAN = float("nan")


def derive(name: str, cycle: str, **roles: float) -> object:
    """One participant through a measure's derivation."""
    index = pd.Index([1], name="SEQN")
    columns = {role: pd.Series([float(value)], index=index) for role, value in roles.items()}
    return MEASURES[name].derive(columns, cycle).iloc[0]


def same(found: object, wanted: object) -> bool:
    return bool(pd.isna(found)) if wanted is None else found == wanted


TRIALS = {"trial_1": 4, "trial_2": 6, "trial_3": 7, "recall": 5}


@pytest.mark.parametrize(
    ("name", "unknown", "wanted"),
    [
        ("cerad_learning", "", 17),
        ("cerad_learning", "recall", 17),
        ("cerad_learning", "trial_2", None),  # a part is not the whole
        ("cerad_recall", "", 5),
        ("cerad_recall", "trial_1", 5),
        ("cerad_total", "", 22),
        ("cerad_total", "recall", None),
        ("cerad_total", "trial_3", None),
    ],
)
def test_words_recalled(name, unknown, wanted):
    scores = TRIALS | ({unknown: NAN} if unknown else {})
    assert same(derive(name, "2011-2012", **scores), wanted)


@pytest.mark.parametrize("cycle", ["1999-2000", "2013-2014"])
def test_the_digit_symbol_score_is_that_of_its_period(cycle):
    assert derive("dsst", cycle, score=48) == 48
    table, variable = MEASURES["dsst"].sources[cycle].columns["score"]
    assert (table, variable) == (
        ("CFQ", "CFDRIGHT") if cycle == "1999-2000" else ("CFQ_H", "CFDDS")
    )
    assert MEASURES["dsst"].subsamples.get(cycle, MEASURES["dsst"].subsample) == (
        "interview" if cycle == "1999-2000" else "examination"
    )


@pytest.mark.parametrize(
    ("answers", "score", "depressed"),
    [
        ({}, 0, "No"),
        (dict.fromkeys(SYMPTOMS, 3), 27, "Yes"),
        (dict.fromkeys(SYMPTOMS, 1), 9, "No"),
        (dict.fromkeys(SYMPTOMS, 1) | {"DPQ090": 2}, 10, "Yes"),
        ({"DPQ010": 7}, None, None),
        ({"DPQ050": 9}, None, None),
        (dict.fromkeys(SYMPTOMS, 3) | {"DPQ090": NAN}, None, None),  # even where 10 is reached
    ],
)
def test_nine_symptoms_make_a_score(answers, score, depressed):
    nine = dict.fromkeys(SYMPTOMS, 0) | answers
    assert len(nine) == 9
    assert same(derive("phq9", "2015-2016", **nine), score)
    assert same(derive("depression", "2015-2016", **nine), depressed)


@pytest.mark.parametrize(
    ("work", "free", "wanted"),
    [
        (70, 140, 90),  # (5 x 70 + 2 x 140) / 7
        (0, 0, 0),
        (14, 14, 7.5),  # 1 to 14 minutes
        (14, 0, 37.5 / 7),
        (3333, 60, 60),  # no working days
        (30, 3333, 30),  # no free days
        (3333, 3333, None),
        (7777, 60, None),
        (60, 9999, None),
        (3333, 9999, None),
        (NAN, 60, None),
    ],
)
def test_minutes_outdoors_over_a_week(work, free, wanted):
    found = derive("sun_minutes", "2011-2012", work_day=work, free_day=free)
    assert pd.isna(found) if wanted is None else found == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("shade", "habit", "in_shade", "other"),
    [
        *((code, code, name, name) for code, name in HABITS.items()),
        (1, 5, "Always", "Never"),
        (6, NAN, AVOIDS, AVOIDS),
        (99, 5, None, "Never"),
        (77, 7, None, None),
        (3, 9, "Sometimes", None),
        (NAN, NAN, None, None),
    ],
)
def test_protection_from_the_sun(shade, habit, in_shade, other):
    assert same(derive("stays_in_shade", "2009-2010", shade=shade), in_shade)
    assert same(derive("sunscreen", "2009-2010", shade=shade, sunscreen=habit), other)
    assert same(derive("long_sleeves", "2009-2010", shade=shade, sleeves=habit), other)
