"""Average drinks a day, answer by answer, in both questionnaires."""

import pandas as pd
import pytest

from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.drinking import BY_CLASS, BY_NUMBER, DRINK_SOURCES, drinks_per_week
from analysis.nhanes.cycles import CYCLES

NAN = float("nan")


def per_week(cycle: str, **answers: float) -> float:
    columns = {role: pd.Series([answer]) for role, answer in answers.items()}
    return drinks_per_week(columns, cycle).iloc[0]


@pytest.mark.parametrize(
    ("cycle", "life", "times", "unit", "drinks", "wanted"),
    [
        ("2005-2006", NAN, 3, 1, 2, 6),  # 3 days a week, 2 on each
        ("2005-2006", NAN, 10, 2, 2, 4.6),  # 10 days a month: 20 drinks in 30.44 days
        ("2005-2006", NAN, 365, 3, 1, 7),
        ("2005-2006", 1, 0, NAN, NAN, 0),
        ("2005-2006", 2, NAN, NAN, NAN, 0),  # fewer than 12 drinks in life: is not asked further
        ("2005-2006", NAN, 777, NAN, NAN, NAN),
        ("2005-2006", NAN, 999, NAN, NAN, NAN),
        ("2005-2006", NAN, 1, 7, 2, NAN),
        ("2005-2006", NAN, 1, 1, 777, NAN),
        ("2005-2006", NAN, 1, 1, 999, NAN),
        ("2007-2008", NAN, 1, 1, 83, 83),  # named in 2007-2008
        ("2003-2004", NAN, 1, 1, 50, 50),
        ("2003-2004", NAN, 1, 1, 77, NAN),
        ("1999-2000", NAN, 1, 1, 99, NAN),
        ("2005-2006", 9, NAN, NAN, NAN, NAN),
    ],
)
def test_days_as_a_number(cycle, life, times, unit, drinks, wanted):
    found = per_week(cycle, life=life, times=times, unit=unit, drinks=drinks)
    assert found == pytest.approx(wanted, rel=0.001, nan_ok=True)


@pytest.mark.parametrize(
    ("ever", "often", "drinks", "wanted"),
    [
        (1, 1, 2, 14),
        (1, 2, 2, 11),
        (1, 3, 2, 7),
        (1, 4, 3, 6),
        (1, 5, 15, 15),
        (1, 6, 1, 0.575),
        (1, 7, 1, 0.230),
        (1, 8, 1, 0.1725),
        (1, 9, 1, 0.0862),
        (1, 10, 1, 0.0287),
        (1, 0, NAN, 0),
        (2, NAN, NAN, 0),
        (1, 77, NAN, NAN),
        (1, 99, NAN, NAN),
        (1, 5, 777, NAN),
        (1, 5, 999, NAN),
        (9, NAN, NAN, NAN),
    ],
)
def test_days_as_a_class(ever, often, drinks, wanted):
    found = per_week("2017-2018", ever=ever, often=often, drinks=drinks)
    assert found == pytest.approx(wanted, rel=0.002, nan_ok=True)


def test_every_cycle_has_one_of_the_two():
    assert (*BY_NUMBER, *BY_CLASS) == tuple(CYCLES) == tuple(sorted(DRINK_SOURCES))


def test_drinks_a_day_are_a_seventh():
    columns = {"ever": 1, "often": 1, "drinks": 2}
    frame = {role: pd.Series([float(value)]) for role, value in columns.items()}
    assert MEASURES["alcohol_drinks"].derive(frame, "2021-2023").iloc[0] == pytest.approx(2)
