"""Which variable weighs a cycle, and how pooled cycles share their weights."""

import pandas as pd
import pytest

from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measure import SUBSAMPLES, Measure
from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.recode import cycles_between
from analysis.cohort.weights import FOUR_YEARS, WEIGHTS, pooled_share
from analysis.errors import InputError
from analysis.nhanes.cycles import CYCLES, Table

BOTH = list(FOUR_YEARS)


def where(name: str, cycle: str, pooled=()) -> str:
    table, variable = WEIGHTS[name].source(cycle, pooled).columns["weight"]
    return f"{table} {variable}"


def test_every_subsample_has_a_weight_in_the_same_order():
    assert tuple(WEIGHTS) == SUBSAMPLES
    assert {measure.subsample for measure in MEASURES.values()} <= set(SUBSAMPLES)
    for measure in MEASURES.values():
        assert set(measure.subsamples.values()) <= set(SUBSAMPLES)
        assert set(measure.subsamples) <= set(measure.cycles), measure.name


@pytest.mark.parametrize(
    ("name", "cycle", "two_years", "four_years"),
    [
        ("interview", "1999-2000", "DEMO WTINT2YR", "DEMO WTINT4YR"),
        ("interview", "2001-2002", "DEMO_B WTINT2YR", "DEMO_B WTINT4YR"),
        ("interview", "2003-2004", "DEMO_C WTINT2YR", None),
        ("examination", "1999-2000", "DEMO WTMEC2YR", "DEMO WTMEC4YR"),
        ("examination", "2021-2023", "DEMO_L WTMEC2YR", None),
        ("phlebotomy", "2001-2002", "DEMO_B WTMEC2YR", "DEMO_B WTMEC4YR"),
        ("phlebotomy", "2017-2018", "DEMO_J WTMEC2YR", None),
        ("phlebotomy", "2021-2023", "VID_L WTPH2YR", None),
        ("dietary_day_1", "1999-2000", "DRXTOT WTDRD1", "DRXTOT WTDR4YR"),
        ("dietary_day_1", "2001-2002", "DRXTOT_B WTDRD1", "DRXTOT_B WTDR4YR"),
        ("dietary_day_1", "2003-2004", "DR1TOT_C WTDRD1", None),
        ("dietary_two_days", "2003-2004", "DR1TOT_C WTDR2D", None),
        ("fasting", "1999-2000", "LAB10AM WTSAF2YR", "LAB10AM WTSAF4YR"),
        ("fasting", "2001-2002", "L10AM_B WTSAF2YR", "L10AM_B WTSAF4YR"),
        ("fasting", "2003-2004", "L10AM_C WTSAF2YR", None),
        ("fasting", "2005-2006", "GLU_D WTSAF2YR", None),
        ("fasting", "2021-2023", "GLU_L WTSAF2YR", None),
    ],
)
def test_four_year_weights_are_for_both_cycles_together(name, cycle, two_years, four_years):
    assert where(name, cycle) == two_years
    assert where(name, cycle, [cycle, "2003-2004"]) == two_years
    assert where(name, cycle, [*BOTH, "2003-2004", cycle]) == (four_years or two_years)


@pytest.mark.parametrize("name", SUBSAMPLES)
def test_a_weight_is_there_in_every_cycle_but_that_of_two_recalls(name):
    cycles = cycles_between("2003-2004" if name == "dietary_two_days" else "1999-2000", "2021-2023")
    assert tuple(sorted(WEIGHTS[name].sources)) == cycles
    assert set(WEIGHTS[name].four_years) == set(FOUR_YEARS) & set(cycles)
    if len(cycles) < len(CYCLES):
        with pytest.raises(InputError, match="does not exist in 2001-2002"):
            WEIGHTS[name].source("2001-2002", BOTH)


@pytest.mark.parametrize(
    ("pooled", "shares"),
    [
        (["1999-2000"], [1]),
        (["2001-2002"], [1]),
        (["2001-2002", "2003-2004"], [1 / 2, 1 / 2]),
        (["1999-2000", "2003-2004"], [1 / 2, 1 / 2]),
        (BOTH, [1, 1]),
        ([*BOTH, "2003-2004"], [2 / 3, 2 / 3, 1 / 3]),
        ([*BOTH, "2003-2004", "2021-2023"], [1 / 2, 1 / 2, 1 / 4, 1 / 4]),
    ],
)
def test_each_cycle_has_its_share_by_the_years_of_its_weight(pooled, shares):
    assert [pooled_share(cycle, pooled) for cycle in pooled] == pytest.approx(shares)


def demos() -> dict[Table, pd.DataFrame]:
    """Two people a cycle, whose weights tell which was read."""
    made = {}
    for k, cycle in enumerate([*BOTH, "2003-2004"]):
        suffix = CYCLES[cycle].suffix
        columns = {"SEQN": [2 * k, 2 * k + 1], "SDMVSTRA": k, "SDMVPSU": [1, 2], "RIDAGEYR": 40.0}
        columns |= {"WTINT2YR": [30.0, 60.0]} | ({"WTINT4YR": [3.0, 6.0]} if k < 2 else {})
        made[Table(f"DEMO_{suffix}" if suffix else "DEMO", cycle)] = pd.DataFrame(columns)
    return made


@pytest.mark.parametrize(
    ("pooled", "weights"),
    [
        (BOTH, [3, 6, 3, 6]),
        ([*BOTH, "2003-2004"], [2, 4, 2, 4, 10, 20]),
        (["2001-2002", "2003-2004"], [15, 30, 15, 30]),
    ],
)
def test_the_frame_has_the_four_year_weights_of_pooled_cycles(pooled, weights):
    age, weight = [MEASURES["age"]], WEIGHTS["interview"]
    wanted = required_columns(age, pooled, weight)
    raw = {table: demos()[table][list(columns)] for table, columns in wanted.items()}
    assert build_frame(raw, age, pooled, weight)["weight"].tolist() == pytest.approx(weights)


def test_other_weights_are_of_four_years_too():
    age, other = [MEASURES["age"]], WEIGHTS["interview"]
    wanted = required_columns(age, BOTH, WEIGHTS["examination"], other_weights=[other])
    assert wanted[Table("DEMO", "1999-2000")] == (
        "SEQN", "RIDAGEYR", "SDMVPSU", "SDMVSTRA", "WTINT4YR", "WTMEC4YR"
    )  # fmt: skip
    raw = {table: frame.assign(WTMEC4YR=1.0) for table, frame in demos().items()}
    frame = build_frame(raw, age, BOTH, WEIGHTS["examination"], other_weights=[other])
    assert frame["weight_interview"].tolist() == [3, 6, 3, 6]


@pytest.mark.parametrize(
    ("name", "before", "since_2021"),
    [
        ("vitamin_d", "examination", "phlebotomy"),
        ("magnesium_supplemental", "interview", "dietary_day_1"),
        ("vitamin_d_supplement", "interview", "dietary_day_1"),
        ("magnesium_dietary", "dietary_day_1", "dietary_day_1"),
        ("magnesium_total_two_days", "dietary_two_days", "dietary_two_days"),
    ],
)
def test_blood_and_supplements_changed_their_subsample_in_2021(name, before, since_2021):
    measure = MEASURES[name]
    assert measure.subsample_in("2017-2018") == before
    assert measure.subsample_in("2021-2023") == since_2021
    assert "2021-2023" in measure.cycles


def test_a_measure_may_be_of_another_subsample_in_a_cycle():
    measure = Measure(
        "serum", "Serum", "continuous", {}, lambda columns, cycle: columns["serum"], "examination",
        subsamples={"2021-2023": "phlebotomy"},
    )  # fmt: skip
    assert measure.subsample_in("2017-2018") == "examination"
    assert measure.subsample_in("2021-2023") == "phlebotomy"
