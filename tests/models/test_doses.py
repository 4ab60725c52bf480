"""Dose groups: cut points, members, medians, words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.models.doses import dose_groups, members, weighted_quantiles
from analysis.survey import Design


def design(values, weights=None) -> Design:
    frame = pd.DataFrame({"x": values, "w": np.ones(len(values)) if weights is None else weights})
    return Design(frame, weights="w")


def test_quartiles_of_the_numbers_to_100_by_hand():
    values = np.arange(1.0, 101.0)
    doses = dose_groups(design(values), pd.DataFrame({"x": values}), "x", 4, weighted=True)
    assert doses.levels == ("Q1", "Q2", "Q3", "Q4")
    assert doses.cuts.tolist() == [25, 50, 75]
    assert doses.group.value_counts(sort=False).tolist() == [25, 25, 25, 25]
    assert doses.group.iloc[24] == "Q1", "a value at the cut belongs below it"
    assert doses.medians.tolist() == [13, 38, 63, 88]
    assert doses.scores()[[0, 25, 99]].tolist() == [13, 38, 88]


def test_weights_move_the_cut_points_and_unweighted_ones_stay():
    values = np.arange(1.0, 101.0)
    weights = np.where(values > 50, 3.0, 1.0)
    frame = pd.DataFrame({"x": values})
    weighted = dose_groups(design(values, weights), frame, "x", 2, weighted=True)
    unweighted = dose_groups(design(values, weights), frame, "x", 2, weighted=False)
    assert unweighted.cuts.tolist() == [50]
    assert weighted.cuts.tolist() == [67]  # 50 + 3 * 17 = 101 of 200 lie at or below


def test_cut_points_are_taken_in_the_cohort_and_applied_to_everyone():
    values = np.arange(1.0, 101.0)
    values[3] = np.nan
    cohort = design(values).where(values <= 50)
    doses = dose_groups(cohort, pd.DataFrame({"x": values}), "x", 2, weighted=True)
    assert doses.cuts.tolist() == [26]
    assert doses.group.isna().tolist() == [i == 3 for i in range(100)]
    assert doses.group.iloc[99] == "Q2" or doses.group.iloc[99] == "G2"


@given(
    st.lists(st.integers(0, 50), min_size=40, max_size=200).filter(lambda x: len(set(x)) > 20),
    st.sampled_from([2, 3, 4, 5]),
)
def test_groups_are_ordered_and_hold_everyone(values, groups):
    values = np.array(values, float)
    try:
        doses = dose_groups(design(values), pd.DataFrame({"x": values}), "x", groups, weighted=True)
    except InputError:
        return
    codes = doses.group.cat.codes.to_numpy()
    assert codes.min() == 0
    order = np.argsort(values, kind="stable")
    assert np.all(np.diff(codes[order]) >= 0)
    assert np.all(np.diff(doses.medians) > 0)


def test_too_few_values_for_the_groups():
    values = np.array([0.0] * 90 + [1.0] * 10)
    with pytest.raises(InputError, match="x takes too few values to be split into 4 groups"):
        dose_groups(design(values), pd.DataFrame({"x": values}), "x", 4, weighted=True)


def test_ranges_in_words():
    values = np.arange(1.0, 101.0)
    doses = dose_groups(design(values), pd.DataFrame({"x": values}), "x", 3, weighted=True)
    said = [doses.range_of(i, "mg/day") for i in range(3)]
    assert said == ["≤ 34 mg/day", "> 34 to 67 mg/day", "> 67 mg/day"]


def test_members_are_those_with_a_positive_weight_in_the_domain():
    survey = design([1.0, 2.0, 3.0], [1.0, 0.0, 1.0]).where(np.array([True, True, False]))
    assert members(survey).tolist() == [True, False, False]


def test_quantiles_are_those_of_the_design():
    """By a column's name or by values, at flat pieces of the distribution too."""
    rng = np.random.default_rng(4)
    values = rng.integers(0, 12, 90).astype(float)
    values[::7] = np.nan
    whole = design(values, rng.integers(0, 4, 90).astype(float))
    domain = whole.where(rng.random(90) < 0.8)
    shares = [0.01, 0.25, 1 / 3, 0.5, 0.95]
    expected = domain.quantile("x", shares).frame["estimate"].tolist()
    assert weighted_quantiles(domain, "x", shares).tolist() == expected
    assert weighted_quantiles(domain, values, shares).tolist() == expected


def test_given_cuts_are_where_their_groups_begin():
    values = np.array([10.0, 29.9, 30.0, 49.9, 50.0, np.nan])
    doses = dose_groups(
        design(values), pd.DataFrame({"x": values}), "x", 3, weighted=True, cuts=(30, 50)
    )
    assert doses.levels == ("G1", "G2", "G3")
    assert doses.fixed
    assert doses.group.cat.codes.tolist() == [0, 0, 1, 1, 2, -1]
    assert [doses.range_of(i, "nmol/L") for i in range(3)] == [
        "< 30 nmol/L", "30 to < 50 nmol/L", "≥ 50 nmol/L",
    ]  # fmt: skip


def test_a_given_cut_that_leaves_a_group_empty_is_told():
    values = np.array([10.0, 20.0])
    with pytest.raises(InputError, match="nobody in the cohort belongs to the group G2"):
        dose_groups(design(values), pd.DataFrame({"x": values}), "x", 2, weighted=True, cuts=(30,))
