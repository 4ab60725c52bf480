"""The frame of a cohort, its weights and its exclusions."""

import numpy as np
import pandas as pd
import pytest

from analysis.cohort.build import build_frame, required_columns, select
from analysis.cohort.measure import Measure, Source
from analysis.cohort.measures import MEASURES
from analysis.cohort.weights import WEIGHTS, Weight
from analysis.errors import DataError, InputError
from analysis.grammar import parse_condition
from analysis.nhanes.cycles import EVERY_CYCLE, Table

CYCLE_NAMES = ["2001-2002", "2003-2004"]


def raw_tables() -> dict[Table, pd.DataFrame]:
    """Two cycles of three and two people; the recall tables lack one person each."""
    demo = {"SDMVSTRA": [1, 1, 1], "SDMVPSU": [1, 2, 1], "RIDAGEYR": [30.0, 40.0, 50.0]}
    b = pd.DataFrame({"SEQN": [3, 1, 2], **demo})
    c = pd.DataFrame({"SEQN": [11, 12], "SDMVSTRA": 2, "SDMVPSU": [1, 2], "RIDAGEYR": 60.0})
    return {
        Table("DEMO_B", "2001-2002"): b,
        Table("DEMO_C", "2003-2004"): c,
        Table("DRXTOT_B", "2001-2002"): pd.DataFrame(
            {"SEQN": [1, 3], "WTDRD1": [10.0, 20.0], "DRDDRSTZ": [1.0, 2.0], "DRXTMAGN": 300.0}
        ),
        Table("DR1TOT_C", "2003-2004"): pd.DataFrame(
            {"SEQN": [11], "WTDRD1": [40.0], "DR1DRSTZ": [1.0], "DR1TMAGN": [200.0]}
        ),
    }


def built(raw=None) -> pd.DataFrame:
    measures = [MEASURES["age"], MEASURES["magnesium_dietary"]]
    return build_frame(raw or raw_tables(), measures, CYCLE_NAMES, WEIGHTS["dietary_day_1"])


def test_everyone_has_a_row_in_the_order_of_cycle_and_seqn():
    frame = built()
    assert frame["seqn"].tolist() == [1, 2, 3, 11, 12]
    assert frame["age"].tolist() == [40, 50, 30, 60, 60]
    assert frame["cycle"].tolist() == ["2001-2002"] * 3 + ["2003-2004"] * 2


def test_weights_are_shared_by_the_cycles_and_0_outside_the_subsample():
    assert built()["weight"].tolist() == [5.0, 0.0, 10.0, 20.0, 0.0]


def test_intakes_of_people_without_a_reliable_recall_are_missing():
    values = built()["magnesium_dietary"].to_numpy()
    np.testing.assert_array_equal(values, [300, np.nan, np.nan, 200, np.nan])


def test_the_design_is_that_of_demo():
    frame = built()
    assert frame["stratum"].tolist() == [1, 1, 1, 2, 2]
    assert frame["psu"].tolist() == [2, 1, 1, 1, 2]


def tamper(table: str, change) -> dict[Table, pd.DataFrame]:
    raw = raw_tables()
    key = next(key for key in raw if key.name == table)
    raw[key] = change(raw[key])
    return raw


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("DEMO_C", lambda t: t.assign(SDMVSTRA=1), "share a stratum"),
        ("DEMO_C", lambda t: t.assign(SEQN=[1, 12]), "share a participant"),
        ("DRXTOT_B", lambda t: pd.concat([t, t]), "more than one row"),
    ],
)
def test_tables_that_cannot_be_the_cdcs_are_refused(table, change, message):
    with pytest.raises(DataError, match=message):
        built(tamper(table, change))


def test_required_columns_are_those_of_measures_weight_and_design():
    wanted = required_columns(
        [MEASURES["age"], MEASURES["magnesium_dietary"]], CYCLE_NAMES, WEIGHTS["dietary_day_1"]
    )
    assert {table.name: columns for table, columns in wanted.items()} == {
        "DEMO_B": ("SEQN", "RIDAGEYR", "SDMVPSU", "SDMVSTRA"),
        "DEMO_C": ("SEQN", "RIDAGEYR", "SDMVPSU", "SDMVSTRA"),
        "DR1TOT_C": ("SEQN", "DR1DRSTZ", "DR1TMAGN", "WTDRD1"),
        "DRXTOT_B": ("SEQN", "DRDDRSTZ", "DRXTMAGN", "WTDRD1"),
    }


def test_a_measure_that_a_cycle_lacks_is_refused_with_the_reason():
    with pytest.raises(InputError, match=r"vitamin_d does not exist in 1999-2000: .*not measured"):
        required_columns([MEASURES["vitamin_d"]], ["1999-2000"], WEIGHTS["examination"])


def test_weights_of_two_days_are_read_where_there_are_two():
    weight, cycles = WEIGHTS["dietary_two_days"], ["2003-2004", "2021-2023"]
    wanted = required_columns([MEASURES["energy_two_days"]], cycles, weight)
    assert "WTDR2D" in wanted[Table("DR1TOT_C", "2003-2004")]
    assert "WTDR2D" in wanted[Table("DR1TOT_L", "2021-2023")]
    with pytest.raises(InputError, match='"dietary_two_days" does not exist in 2001-2002'):
        required_columns([MEASURES["age"]], ["2001-2002"], weight)


def steps(*texts: str):
    return [(f"s{i}", f"Step {i}", parse_condition(text)) for i, text in enumerate(texts)]


def test_each_step_keeps_those_for_whom_its_condition_holds():
    cohort = select(built(), steps("age >= 40", "not missing(magnesium_dietary)"))
    assert [step.name for step in cohort.steps] == ["interviewed", "s0", "s1"], "all have a weight"
    assert [int(step.kept.sum()) for step in cohort.steps] == [5, 4, 2]
    assert cohort.frame.loc[cohort.members, "seqn"].tolist() == [1, 11]
    assert len(cohort.frame) == 5, "nobody is dropped from the design"


def test_incomplete_cases_are_counted_and_set_aside_as_one_more_step():
    cohort = select(built(), steps(), covariates=["age", "magnesium_dietary"], complete_cases=True)
    assert [step.name for step in cohort.steps] == ["interviewed", "weighted", "complete_cases"]
    assert dict(cohort.missing) == {"age": 0, "magnesium_dietary": 1, "any": 1}
    assert cohort.frame.loc[cohort.members, "seqn"].tolist() == [1, 11]


def test_missing_values_are_counted_even_where_incomplete_cases_stay():
    cohort = select(built(), steps(), covariates=["age", "magnesium_dietary"])
    assert dict(cohort.missing) == {"age": 0, "magnesium_dietary": 1, "any": 1}
    assert cohort.frame.loc[cohort.members, "seqn"].tolist() == [1, 3, 11]


def test_people_without_a_weight_are_a_step_of_their_own():
    cohort = select(built(), steps("age >= 40"), weight="first-day dietary weight")
    assert cohort.steps[-1].label == "With first-day dietary weight"
    assert cohort.frame.loc[cohort.members, "seqn"].tolist() == [1, 11]
    with pytest.raises(InputError, match="'weighted'"):
        select(built(), steps("seqn == 2"))


def test_a_step_that_leaves_nobody_is_named():
    with pytest.raises(InputError, match="cohort step 's1'"):
        select(built(), steps("age >= 40", "age > 100"))


PRODUCTS = Table("DSPI", EVERY_CYCLE)
SERVINGS = Measure(
    name="serving",
    label="Serving",
    kind="continuous",
    sources={
        "2001-2002": Source(
            {"age": ("DEMO_B", "RIDAGEYR")}, lookups={"products": (PRODUCTS, ("DSDPID", "SIZE"))}
        )
    },
    derive=lambda columns, cycle: columns["age"] * columns["products"]["SIZE"].sum(),
    subsample="interview",
)


def test_a_table_of_no_cycle_is_read_without_a_participant_and_reaches_the_derivation():
    weight = WEIGHTS["dietary_day_1"]
    assert required_columns([SERVINGS], ["2001-2002"], weight)[PRODUCTS] == ("DSDPID", "SIZE")
    raw = raw_tables() | {PRODUCTS: pd.DataFrame({"DSDPID": [1.0, 2.0], "SIZE": [2.0, 3.0]})}
    frame = build_frame(raw, [SERVINGS], ["2001-2002"], weight)
    assert frame["serving"].tolist() == [5 * 40, 5 * 50, 5 * 30]


def test_tables_of_every_cycle_lie_in_the_first_folder():
    assert PRODUCTS.data_path == "Nchs/Data/Nhanes/Public/1999/DataFiles/DSPI.xpt"
    assert PRODUCTS.codebook_path == "Nchs/Data/Nhanes/Public/1999/DataFiles/DSPI.htm"


# --- Other weights, and measures of some cycles only ----------------------------------------------

BOTH = [WEIGHTS["examination"], WEIGHTS["dietary_two_days"]]


def with_other_weights() -> dict[Table, pd.DataFrame]:
    raw = raw_tables()
    b, c = Table("DEMO_B", "2001-2002"), Table("DEMO_C", "2003-2004")
    raw[b] = raw[b].assign(WTMEC2YR=[3.0, 1.0, 0.0])
    raw[c] = raw[c].assign(WTMEC2YR=[6.0, 4.0])
    recall = Table("DR1TOT_C", "2003-2004")
    raw[recall] = raw[recall].assign(WTDR2D=[50.0])
    return raw


def test_other_weights_share_the_cycles_and_are_0_where_a_cycle_lacks_them():
    frame = build_frame(
        with_other_weights(),
        [MEASURES["age"]],
        CYCLE_NAMES,
        WEIGHTS["dietary_day_1"],
        other_weights=BOTH,
    )
    assert list(frame.columns[4:]) == [
        "weight", "weight_examination", "weight_dietary_two_days", "age"
    ]  # fmt: skip
    assert frame["weight"].tolist() == [5.0, 0.0, 10.0, 20.0, 0.0]
    assert frame["weight_examination"].tolist() == [0.5, 0.0, 1.5, 3.0, 2.0]
    assert frame["weight_dietary_two_days"].tolist() == [0.0, 0.0, 0.0, 25.0, 0.0]


def test_other_weights_are_read_where_they_exist():
    wanted = required_columns(
        [MEASURES["age"]], CYCLE_NAMES, WEIGHTS["dietary_day_1"], other_weights=BOTH
    )
    read = {table.name: set(columns) for table, columns in wanted.items()}
    assert "WTMEC2YR" in read["DEMO_B"] & read["DEMO_C"]
    assert "WTDR2D" in read["DR1TOT_C"] and "WTDR2D" not in read["DRXTOT_B"]


CODED = Measure(
    name="coded",
    label="Coded",
    kind="categorical",
    levels=("Low", "High"),
    sources={"2003-2004": Source({"code": ("DEMO_C", "RIDAGEYR")})},
    derive=lambda columns, cycle: (
        columns["code"].map({60.0: "High"}).astype(pd.CategoricalDtype(["Low", "High"]))
    ),
    subsample="interview",
)


def test_a_measure_of_some_cycles_is_missing_in_the_others():
    partial = {"coded": ("2003-2004",), "calcium_dietary": ("2003-2004",)}
    measures = [MEASURES["calcium_dietary"], CODED, MEASURES["age"]]
    weight = WEIGHTS["dietary_day_1"]
    wanted = required_columns(measures, CYCLE_NAMES, weight, partial=partial)
    assert {"DRXTCALC", "DRDDRSTZ"}.isdisjoint(wanted[Table("DRXTOT_B", "2001-2002")])
    raw = raw_tables()
    recall = Table("DR1TOT_C", "2003-2004")
    raw[recall] = raw[recall].assign(DR1TCALC=[900.0])
    frame = build_frame(raw, measures, CYCLE_NAMES, weight, partial=partial)
    np.testing.assert_array_equal(frame["calcium_dietary"], [np.nan, np.nan, np.nan, 900, np.nan])
    assert list(frame["coded"].cat.categories) == ["Low", "High"]
    assert frame["coded"].isna().tolist() == [True, True, True, False, False]
    assert frame["age"].notna().all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "coded does not exist in 2001-2002"),
        ({"partial": {"coded": CYCLE_NAMES}}, "coded does not exist in 2001-2002"),
        ({"partial": {"coded": ["2005-2006"]}}, "2005-2006 only, which the study does not use"),
        (
            {"partial": {"coded": ["2003-2004"]}, "other_weights": [Weight("w", "W", {})]},
            'the weight "w" does not exist',
        ),
    ],
)
@pytest.mark.parametrize("stage", ["required", "built"])
def test_what_is_nowhere_to_be_read_is_refused(stage, options, message):
    weight = WEIGHTS["dietary_day_1"]
    with pytest.raises(InputError, match=message):
        if stage == "required":
            required_columns([CODED], CYCLE_NAMES, weight, **options)
        else:
            build_frame(raw_tables(), [CODED], CYCLE_NAMES, weight, **options)
