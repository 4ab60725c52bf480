"""Each derivation from the CDC's codes, code by code, and the registry's own consistency."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cohort.measure import Measure
from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.vitamin_d import NMOL_PER_NG, RIA_LINES, recover_ria
from analysis.errors import DataError
from analysis.nhanes.cycles import CYCLES

NAN = float("nan")


def derive(name: str, cycle: str = "2005-2006", /, **roles: object) -> object:
    """One participant through a measure's derivation."""
    index = pd.Index([1], name="SEQN")
    columns = {
        role: value if isinstance(value, pd.DataFrame) else pd.Series([float(value)], index=index)
        for role, value in roles.items()
    }
    return MEASURES[name].derive(columns, cycle).iloc[0]


FEW = "Fewer than 12 drinks in the past year"


def same(found: object, wanted: object) -> bool:
    return pd.isna(found) if wanted is None else found == wanted


@pytest.mark.parametrize(
    ("ever", "now", "wanted"),
    [
        (2, NAN, "Never"),
        (1, 1, "Current"),
        (1, 2, "Current"),
        (1, 3, "Former"),
        (1, 9, None),
        (1, NAN, None),
        (7, NAN, None),
        (9, NAN, None),
        (NAN, NAN, None),
    ],
)
def test_smoking(ever, now, wanted):
    assert same(derive("smoking", ever=ever, now=now), wanted)


@pytest.mark.parametrize(
    ("any_year", "life", "times", "unit", "drinks", "sex", "wanted"),
    [
        (2, 2, NAN, NAN, NAN, 1, "Never"),
        (2, 1, 0, NAN, NAN, 1, "Former"),
        (1, NAN, 0, NAN, NAN, 2, "Former"),
        (1, NAN, 3, 1, 1, 2, "Light"),  # 3 a week
        (1, NAN, 4, 1, 1, 2, "Moderate"),  # 4 a week
        (1, NAN, 7, 1, 1, 2, "Moderate"),  # 7 a week: a woman's limit
        (1, NAN, 4, 1, 2, 2, "Heavy"),  # 8 a week
        (1, NAN, 4, 1, 2, 1, "Moderate"),
        (1, NAN, 7, 1, 2, 1, "Moderate"),  # 14 a week: a man's limit
        (1, NAN, 5, 1, 3, 1, "Heavy"),  # 15 a week
        (1, NAN, 12, 2, 1, 1, "Light"),  # 12 a month: 2.8 a week
        (1, NAN, 14, 2, 1, 1, "Moderate"),  # 14 a month: 3.2 a week
        (1, NAN, 365, 3, 1, 1, "Moderate"),  # daily: 7.0 a week
        (1, NAN, 12, 3, 5, 1, "Light"),
        (1, NAN, 777, NAN, NAN, 1, None),
        (1, NAN, 999, NAN, NAN, 1, None),
        (1, NAN, 3, 1, 999, 1, None),
        (1, NAN, 3, 1, 777, 1, None),
        (1, NAN, 3, 9, 2, 1, None),
        (9, 2, NAN, NAN, NAN, 1, "Never"),
        (2, 9, NAN, NAN, NAN, 1, None),
        (NAN, NAN, NAN, NAN, NAN, 1, None),
    ],
)
def test_alcohol(any_year, life, times, unit, drinks, sex, wanted):
    found = derive(
        "alcohol", any_year=any_year, life=life, times=times, unit=unit, drinks=drinks, sex=sex
    )
    assert same(found, wanted)


@pytest.mark.parametrize(
    ("cycle", "drinks", "wanted"),
    [("2001-2002", 77, None), ("2003-2004", 99, None), ("2007-2008", 77, "Heavy")],
)
def test_unknown_drinks_have_the_codes_of_their_cycle(cycle, drinks, wanted):
    found = derive("alcohol", cycle, any_year=1, life=NAN, times=1, unit=1, drinks=drinks, sex=1)
    assert same(found, wanted)


@pytest.mark.parametrize(
    ("cycle", "answers", "sex", "wanted"),
    [
        # To 2015-2016: times and their unit, drinks on such a day, 12 drinks in life.
        ("2005-2006", {"life": 2}, 1, FEW),
        ("2005-2006", {"times": 0, "life": 1}, 2, FEW),
        ("2005-2006", {"times": 11, "unit": 3, "drinks": 1}, 1, FEW),
        ("2005-2006", {"times": 12, "unit": 3, "drinks": 1}, 1, "Light"),
        ("2005-2006", {"times": 1, "unit": 2, "drinks": 1}, 1, "Light"),  # twelve in the year
        ("2015-2016", {"times": 3, "unit": 1, "drinks": 1}, 2, "Light"),  # 3 a week
        ("2015-2016", {"times": 4, "unit": 1, "drinks": 1}, 2, "Moderate"),
        ("2015-2016", {"times": 7, "unit": 1, "drinks": 1}, 2, "Moderate"),
        ("2015-2016", {"times": 4, "unit": 1, "drinks": 2}, 2, "Heavy"),
        ("2015-2016", {"times": 4, "unit": 1, "drinks": 2}, 1, "Moderate"),
        ("2015-2016", {"times": 3, "unit": 1, "drinks": 5}, 1, "Heavy"),
        ("2015-2016", {"times": 777, "life": 1}, 1, None),
        ("2015-2016", {"life": 9}, 1, None),
        # From 2017 on: a class of frequency.
        ("2017-2018", {"ever": 2}, 1, FEW),
        ("2017-2018", {"ever": 1, "often": 0}, 1, FEW),
        ("2017-2018", {"ever": 1, "often": 8, "drinks": 1}, 1, FEW),  # 9 in the year
        ("2017-2018", {"ever": 1, "often": 7, "drinks": 1}, 1, "Light"),  # 12 in the year
        ("2017-2018", {"ever": 1, "often": 9, "drinks": 3}, 1, "Light"),  # 13.5 in the year
        ("2021-2023", {"ever": 1, "often": 4, "drinks": 2}, 2, "Moderate"),  # 4 a week
        ("2021-2023", {"ever": 1, "often": 1, "drinks": 1}, 2, "Moderate"),  # daily
        ("2021-2023", {"ever": 1, "often": 1, "drinks": 2}, 2, "Heavy"),
        ("2021-2023", {"ever": 1, "often": 77}, 1, None),
        ("2021-2023", {"ever": 1, "often": 4, "drinks": 999}, 1, None),
    ],
)
def test_alcohol_status_is_told_alike_by_both_questionnaires(cycle, answers, sex, wanted):
    early = {"any_year": NAN, "life": NAN, "times": NAN, "unit": NAN, "drinks": NAN}
    late = {"ever": NAN, "often": NAN, "drinks": NAN}
    roles = (early if cycle < "2017" else late) | answers | {"sex": sex}
    assert same(derive("alcohol_status", cycle, **roles, age=20), wanted)
    assert same(derive("alcohol_status", cycle, **roles, age=19), None)


def activities(*rows: tuple[float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["PADTIMES", "PADDURAT", "PADMETS"], dtype=float)
    return frame.assign(SEQN=1)


@pytest.mark.parametrize(
    ("vigorous", "moderate", "rows", "met", "wanted"),
    [
        (2, 2, [], 0, "None"),
        (3, 3, [], 0, "None"),
        (2, 3, [], 0, "None"),
        (1, 2, [(30, 10, 6)], 420, "Below 500 MET-min/week"),
        (1, 1, [(30, 10, 6), (15, 20, 3)], 630, "500 to below 1,000 MET-min/week"),
        (1, 2, [(30, 100, 7)], 4900, "1,000 MET-min/week or more"),
        (1, 2, [(30, 10, 6), (NAN, 20, 3)], None, None),  # a part is not the whole
        (1, 2, [], None, None),  # active, but no record of it
        (7, 2, [], None, None),
        (1, 9, [(30, 10, 6)], None, None),
        (NAN, NAN, [], None, None),
    ],
)
def test_physical_activity(vigorous, moderate, rows, met, wanted):
    roles = {"vigorous": vigorous, "moderate": moderate, "activities": activities(*rows)}
    found = derive("leisure_activity", **roles)
    assert pd.isna(found) if met is None else found == pytest.approx(met, rel=1e-12)
    assert same(derive("physical_activity", **roles), wanted)


@pytest.mark.parametrize(
    ("cycle", "roles", "wanted"),
    [
        ("1999-2000", {"vigorous": 2, "moderate": 2, "activities": activities()}, "None"),
        (
            "2005-2006",
            {"vigorous": 1, "moderate": 2, "activities": activities((30, 10, 6))},
            "Below 500 MET-min/week",
        ),
        ("2007-2008", {"vigorous_recreation": (2, NAN, NAN)}, "None"),
        ("2007-2008", {"vigorous_recreation": (1, 3, 30)}, "500 to below 1,000 MET-min/week"),
        ("2017-2018", {"moderate_recreation": (1, 5, 50)}, "1,000 MET-min/week or more"),
        ("2017-2018", {"moderate_recreation": (1, 77, NAN)}, None),
    ],
)
def test_recreation_of_adults_in_classes(cycle, roles, wanted):
    if cycle >= "2007":
        kinds = {kind: (2, NAN, NAN) for kind in KINDS if "recreation" in kind} | roles
        names = ("", "_days", "_minutes")
        roles = {
            f"{kind}{name}": value
            for kind, values in kinds.items()
            for name, value in zip(names, values, strict=True)
        }
    assert same(derive("recreational_activity", cycle, age=18, **roles), wanted)
    assert same(derive("recreational_activity", cycle, age=17, **roles), None)


@pytest.mark.parametrize(
    ("moderate", "vigorous", "wanted"),
    [
        ((0, "", NAN), (0, "", NAN), "None"),
        ((3, "W", 40), (0, "", NAN), "Below 500 MET-min/week"),  # 480
        ((1, "D", 20), (0, "", NAN), "500 to below 1,000 MET-min/week"),  # 560
        ((3, "W", 40), (1, "W", 65), "1,000 MET-min/week or more"),  # 480 and 520
        ((10, "M", 60), (0, "", NAN), "500 to below 1,000 MET-min/week"),  # 552
        ((52, "Y", 130), (0, "", NAN), "500 to below 1,000 MET-min/week"),  # 518
        ((7777, "", NAN), (0, "", NAN), None),
        ((0, "", NAN), (3, "W", 9999), None),
        ((NAN, "", NAN), (3, "W", 60), None),
    ],
)
def test_leisure_of_2021_is_times_a_week_and_minutes(moderate, vigorous, wanted):
    index = pd.Index([1], name="SEQN")
    columns = {"age": pd.Series([30.0], index=index)}
    for kind, answers in (("moderate", moderate), ("vigorous", vigorous)):
        for role, value in zip(("times", "unit", "minutes"), answers, strict=True):
            columns[f"{kind}_{role}"] = pd.Series([value], index=index)
    found = MEASURES["recreational_activity"].derive(columns, "2021-2023").iloc[0]
    assert same(found, wanted)


IDLE = {
    "age": 16, "vigorous": 2, "moderate": 2, "activities": activities(),
    "transport": 2, "trips": NAN, "trips_unit": NAN, "trip_minutes": NAN,
    "tasks": 2, "task_times": NAN, "task_minutes": NAN,
}  # fmt: skip


def trips(number: float, unit: float, minutes: float) -> dict[str, float]:
    return {"transport": 1, "trips": number, "trips_unit": unit, "trip_minutes": minutes}


def tasks(times: float, minutes: float) -> dict[str, float]:
    return {"tasks": 1, "task_times": times, "task_minutes": minutes}


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ({}, 0),
        ({"transport": 3, "tasks": 3, "vigorous": 3, "moderate": 3}, 0),
        (trips(3, 2, 20), 3 * 20 * 4),  # three times a week
        (trips(10, 2, 20), 7 * 20 * 4),  # minutes are of the whole day: at most seven days
        (trips(1, 1, 20), 7 * 20 * 4),
        (trips(4, 1, 20), 7 * 20 * 4),  # four times a day, 20 minutes altogether
        (trips(15, 3, 20), 15 * 7 / 30 * 20 * 4),
        (trips(100, 3, 20), 7 * 20 * 4),
        (tasks(30, 60), 7 * 60 * 4.5),
        (tasks(300, 10), 70 * 10 * 4.5),  # minutes are of each time
        ({"moderate": 1, "activities": activities((30, 10, 6))}, 420),
        (
            trips(3, 2, 20)
            | tasks(30, 60)
            | {"moderate": 1, "activities": activities((30, 10, 6))},
            240 + 1890 + 420,
        ),
        ({"age": 15}, None),
        ({"transport": 7}, None),
        ({"tasks": 9}, None),
        ({"tasks": NAN}, None),
        ({"vigorous": 9}, None),
        (trips(99999, 2, 20), None),
        (trips(3, 2, 77777), None),
        (trips(3, 9, 20), None),
        (trips(3, 2, NAN), None),
        (tasks(99999, 20), None),
        (tasks(3, 99999), None),
    ],
)
def test_activity_of_30_days_is_leisure_transport_and_tasks(answers, wanted):
    found = derive("physical_activity_met", "2003-2004", **(IDLE | answers))
    assert pd.isna(found) if wanted is None else found == pytest.approx(wanted, rel=1e-12)


KINDS = {
    "vigorous_work": 8, "moderate_work": 4, "transport": 4,
    "vigorous_recreation": 8, "moderate_recreation": 4,
}  # fmt: skip


def week(**kinds: tuple[float, float, float]) -> dict[str, float]:
    """A typical week by the GPAQ: for each kind whether, days and minutes; the others not."""
    answers: dict[str, float] = {"age": 40}
    for kind in KINDS:
        whether = kinds.get(kind, (2, NAN, NAN))
        answers |= dict(zip((kind, f"{kind}_days", f"{kind}_minutes"), whether, strict=True))
    return answers


@pytest.mark.parametrize("cycle", ["2007-2008", "2017-2018"])
@pytest.mark.parametrize(("kind", "met"), KINDS.items())
def test_activity_of_a_typical_week_has_the_met_of_its_kind(cycle, kind, met):
    def found(*whether: float) -> object:
        return derive("physical_activity_met", cycle, **week(**{kind: whether}))

    assert found(1, 5, 30) == 5 * 30 * met
    assert found(2, NAN, NAN) == 0
    unknown = [(1, 77, 30), (1, 99, NAN), (1, 5, 7777), (1, 5, 9999), (1, 5, NAN)]
    for whether in [*unknown, (7, NAN, NAN), (9, NAN, NAN), (NAN, NAN, NAN)]:
        assert pd.isna(found(*whether)), whether


def test_activity_of_a_typical_week_is_the_sum_of_its_kinds():
    all_kinds = {kind: (1, place, 10 * place) for place, kind in enumerate(KINDS, 1)}
    found = derive("physical_activity_met", "2009-2010", **week(**all_kinds))
    assert found == 1 * 10 * 8 + 2 * 20 * 4 + 3 * 30 * 4 + 4 * 40 * 8 + 5 * 50 * 4
    young = week(**all_kinds) | {"age": 15}
    assert pd.isna(derive("physical_activity_met", "2009-2010", **young))


def test_classes_of_a_typical_week_are_of_all_its_kinds():
    assert derive("gpaq_activity", "2007-2008", **week()) == "None"
    some = week(transport=(1, 5, 25))  # 500 MET-minutes
    assert derive("gpaq_activity", "2007-2008", **some) == "500 to below 1,000 MET-min/week"
    assert pd.isna(derive("gpaq_activity", "2007-2008", **(some | {"age": 15})))


@pytest.mark.parametrize(
    ("code", "sex", "status", "wanted"),
    [
        (1, 2, 2, "Pregnant"),
        (2, 2, 2, "Not pregnant"),
        (3, 2, 2, "Not ascertained"),
        (NAN, 1, 2, "Not pregnant"),
        (NAN, 1, 1, "Not pregnant"),
        (NAN, 2, 2, "Not pregnant"),  # examined, outside the ages asked
        (NAN, 2, 1, None),  # not examined
    ],
)
def test_pregnancy(code, sex, status, wanted):
    assert same(derive("pregnancy", code=code, sex=sex, status=status), wanted)


@pytest.mark.parametrize(
    ("cycle", "variable"),
    [
        ("1999-2000", "DRDDRSTS"),
        ("2001-2002", "DRDDRSTZ"),
        ("2003-2004", "DR1DRSTZ"),
        ("2021-2023", "DR1DRSTZ"),
    ],
)
def test_the_status_of_a_recall_is_read_where_each_cycle_has_it(cycle, variable):
    for name in ("recall_status", "energy", "magnesium_dietary"):
        assert MEASURES[name].sources[cycle].columns["status"][1] == variable


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (1, "Reliable"),
        (2, "Not reliable"),
        (3, "Not reliable"),  # 1999-2000 alone
        (4, "Breast milk"),
        (5, "Not done"),
        (NAN, None),
    ],
)
def test_status_of_the_recall(status, wanted):
    assert same(derive("recall_status", "1999-2000", status=status), wanted)


@pytest.mark.parametrize(("status", "wanted"), [(1, 250.0), (2, None), (4, None), (5, None)])
@pytest.mark.parametrize(
    "name", ["magnesium_dietary", "calcium_dietary", "lutein_dietary", "energy"]
)
def test_intakes_want_a_reliable_recall(name, status, wanted):
    assert same(derive(name, total=250.0, status=status), wanted)


@pytest.mark.parametrize("name", ["magnesium_dietary", "calcium_dietary", "energy"])
@pytest.mark.parametrize(
    ("status_1", "status_2", "second", "mean"),
    [(1, 1, 350.0, 300.0), (1, 2, None, None), (2, 1, 350.0, None), (1, 5, None, None)],
)
def test_means_of_two_days_want_two_reliable_recalls(name, status_1, status_2, second, mean):
    roles = {"total_1": 250.0, "total_2": 350.0, "status_1": status_1, "status_2": status_2}
    assert same(derive(f"{name}_day_2", **roles), second)
    assert same(derive(f"{name}_two_days", **roles), mean)


def nothing(names: str, *texts: str) -> pd.DataFrame:
    """No rows, with text in some columns."""
    kinds = {name: "str" if name in texts else "float64" for name in names.split()}
    return pd.DataFrame(columns=list(kinds)).astype(kinds)


NO_RECORDS = nothing("SEQN DSDSUPID DSDMTCH DSD103 DSD122Q DSD122U DSDANTA", "DSDSUPID")
NO_PRODUCTS = {
    "products": nothing("DSDPID DSDSUPID DSDSERVQ DSDSERVU DSDPRDT", "DSDSUPID"),
    "ingredients": nothing("DSDPID DSDIID DSDQTY DSDUNIT"),
    "blends": nothing("DSDIID DSDBID"),
}
BOOK = pd.DataFrame({"code": [11111000.0], "grams": [100.0], "amount": [1.0]})
NO_BOOK = BOOK.iloc[:0]


@pytest.mark.parametrize("cycle", ["2003-2004", "2007-2008"])
@pytest.mark.parametrize(
    ("status_1", "status_2", "first", "second", "mean"),
    [(1, 1, 2.0, 5.0, 3.5), (1, 2, 2.0, None, None), (4, 1, None, 5.0, None)],
)
def test_vitamin_d_of_two_days(cycle, status_1, status_2, first, second, mean):
    def day(*grams: float) -> pd.DataFrame:
        return pd.DataFrame({"SEQN": 1, "code": 11111000.0, "grams": grams})

    told = {"total_1": 2.0, "total_2": 5.0}
    eaten = {"energy_1": 2000.0, "energy_2": 2000.0, "foods_1": day(150.0, 50.0),
             "foods_2": day(500.0), "book": BOOK, "later_book": NO_BOOK}  # fmt: skip
    roles = (eaten if cycle == "2003-2004" else told) | {
        "status_1": status_1,
        "status_2": status_2,
    }
    of_first = {role.removesuffix("_1"): value for role, value in roles.items()}
    assert same(derive("vitamin_d_dietary", cycle, **of_first), first)
    assert same(derive("vitamin_d_dietary_day_2", cycle, **roles), second)
    assert same(derive("vitamin_d_dietary_two_days", cycle, **roles), mean)


@pytest.mark.parametrize("nutrient", ["magnesium", "calcium", "vitamin_d"])
@pytest.mark.parametrize(
    ("status_2", "released", "wanted"), [(1, 40.0, 340.0), (2, 40.0, None), (1, NAN, None)]
)
def test_totals_of_two_days_want_both_recalls_and_the_supplements(
    nutrient, status_2, released, wanted
):
    # Nobody tells whether this person took supplements: only the CDC's total does.
    silence = {"supplements": 9, "antacids": 9, "records": NO_RECORDS} | NO_PRODUCTS
    food = {"total_1": 250.0, "total_2": 350.0, "status_1": 1, "status_2": status_2}
    found = derive(f"{nutrient}_total_two_days", "2007-2008", released=released, **food, **silence)
    assert same(found, wanted)


def test_each_day_is_read_from_its_own_tables():
    def tables(name: str, cycle: str) -> dict[str, set[str]]:
        variables = MEASURES[name].sources[cycle].variables(cycle)
        return {table.name: wanted - {"SEQN"} for table, wanted in variables.items()}

    assert tables("magnesium_dietary_two_days", "2003-2004") == {
        "DR1TOT_C": {"DR1TMAGN", "DR1DRSTZ"},
        "DR2TOT_C": {"DR2TMAGN", "DR2DRSTZ"},
    }
    assert tables("energy_day_2", "2021-2023") == {"DR2TOT_L": {"DR2TKCAL", "DR2DRSTZ"}}
    by_code = tables("vitamin_d_dietary_two_days", "2005-2006")
    assert by_code["DR1IFF_D"] == {"DR1IFDCD", "DR1IGRMS"}
    assert by_code["DR2IFF_D"] == {"DR2IFDCD", "DR2IGRMS"}
    assert by_code["DR2TOT_D"] == {"DR2TKCAL", "DR2DRSTZ"}
    assert set(by_code) == {
        "DR1TOT_D", "DR2TOT_D", "DR1IFF_D", "DR2IFF_D", "DR1IFF_E", "DR1IFF_F"
    }  # fmt: skip
    assert tables("vitamin_d_dietary_day_2", "2007-2008") == {"DR2TOT_E": {"DR2TVD", "DR2DRSTZ"}}


FOOD_PARTS = {
    "magnesium_total": "magnesium_dietary",
    "calcium_total": "calcium_dietary",
    "vitamin_d_total": "vitamin_d_dietary",
    "magnesium_total_two_days": "magnesium_dietary_two_days",
    "calcium_total_two_days": "calcium_dietary_two_days",
    "vitamin_d_total_two_days": "vitamin_d_dietary_two_days",
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda m: m.name)
def test_intakes_name_their_part_from_food(measure: Measure):
    an_amount = "_dietary" in measure.name and measure.unit.endswith("/day")
    own = "self" if an_amount else ""
    assert measure.food_part == FOOD_PARTS.get(measure.name, own)
    if measure.food_part not in ("", "self"):
        food = MEASURES[measure.food_part]
        assert (food.unit, food.subsample) == (measure.unit, measure.subsample)
        assert set(measure.cycles) <= set(food.cycles) and food.food_part == "self"


@pytest.mark.parametrize(
    ("name", "role", "code", "wanted"),
    [
        ("parathyroid_hormone", "hormone", 38, 38),
        ("parathyroid_hormone", "hormone", 6.36, 6.36),  # below the limit of detection
        ("recall_status_day_2", "status", 5, "Not done"),
        ("examined", "code", 2, "Yes"),
        ("examined", "code", 1, "No"),
        ("sex", "code", 1, "Male"),
        ("sex", "code", 2, "Female"),
        ("race_ethnicity", "code", 1, "Mexican American"),
        ("race_ethnicity", "code", 2, "Other Hispanic"),
        ("race_ethnicity", "code", 3, "Non-Hispanic White"),
        ("race_ethnicity", "code", 4, "Non-Hispanic Black"),
        ("race_ethnicity", "code", 5, "Other, including multi-racial"),
        ("race_ethnicity_asian", "code", 6, "Non-Hispanic Asian"),
        ("race_ethnicity_asian", "code", 7, "Other, including multi-racial"),
        ("race_ethnicity_asian", "code", 2, "Other Hispanic"),
        ("race_ethnicity_4", "code", 1, "Hispanic"),
        ("race_ethnicity_4", "code", 2, "Hispanic"),
        ("race_ethnicity_4", "code", 4, "Non-Hispanic Black"),
        ("race_ethnicity_4", "code", 5, "Other, including Asian and multi-racial"),
        ("age_80", "years", 85, 80),
        ("age_80", "years", 79, 79),
        ("education", "code", 1, "Less than 9th grade"),
        ("education", "code", 5, "College graduate or above"),
        ("education", "code", 7, None),
        ("education", "code", 9, None),
        ("season", "code", 1, "November to April"),
        ("season", "code", 2, "May to October"),
        ("recall_status", "status", 4, "Breast milk"),
        ("recall_status", "status", NAN, None),
    ],
)
def test_codes(name, role, code, wanted):
    assert same(derive(name, **{role: code}), wanted)


@pytest.mark.parametrize("cycle", RIA_LINES)
@given(whole=st.lists(st.integers(2, 90), min_size=1, max_size=50))
def test_every_whole_ria_value_is_recovered_from_what_is_released(cycle, whole):
    intercept, slope = RIA_LINES[cycle]
    exact = intercept + slope * NMOL_PER_NG * np.array(whole, float)
    released = np.where(exact < 100, np.round(exact, 1), np.round(exact))
    assert recover_ria(released, intercept, slope).tolist() == whole


def test_ria_keeps_missing_values_and_refuses_another_release():
    line = RIA_LINES["2005-2006"]
    assert np.isnan(recover_ria(np.array([NAN]), *line)).all()
    with pytest.raises(DataError, match=r"1 of 2 \(first: 51\.3 nmol/L\)"):
        recover_ria(np.array([56.8, 51.3]), *line)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda m: m.name)
def test_every_measure_is_whole(measure: Measure):
    assert measure.sources, "a measure that exists nowhere"
    assert set(measure.sources) | set(measure.absent) <= set(CYCLES)
    assert not set(measure.sources) & set(measure.absent)
    assert set(measure.sources) | set(measure.absent) == set(CYCLES), "a cycle without a word"
    assert (measure.kind == "categorical") == bool(measure.levels)
    assert measure.label[0].isupper() and not measure.label.endswith(".")
    assert not (measure.unit and measure.levels)
    for cycle, source in measure.sources.items():
        for table in source.variables(cycle):
            suffix = CYCLES[table.cycle].suffix if table.cycle in CYCLES else ""
            assert re.search("_[A-Z]$|$", table.name)[0] == (f"_{suffix}" if suffix else "")
