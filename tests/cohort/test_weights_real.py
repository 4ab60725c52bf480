"""The weights, and the measures of 1999-2000 and 2021-2023, on the CDC's files."""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measures import MEASURES, diet, foods, supplements, two_days, vitamin_d
from analysis.cohort.weights import WEIGHTS
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import CYCLES, EVERY_CYCLE, Table
from analysis.nhanes.reconcile import reconcile
from analysis.nhanes.xpt import read_columns
from analysis.survey import Design

pytestmark = pytest.mark.real_data

RealPath = Callable[..., Path]
MakeFrame = Callable[..., pd.DataFrame]
ANSWERS = json.loads((Path(__file__).parents[1] / "reference" / "pooled_weights.json").read_text())

CLOSED_FORM = 1e-11
"""Relative. R reads the same transport files by itself, and makes the weights by itself."""

SUBJECTS = (diet, foods, two_days, supplements, vitamin_d)
NOT_THERE = "LAB10AM"
"""Tables that the project's mirror does not hold."""


@pytest.fixture(scope="module")
def frame_of(real_path: RealPath) -> MakeFrame:
    """Return what builds a frame of some measures, with other weights beside the first."""

    def make(
        names: Sequence[str], cycles: Sequence[str], weight: str, *others: str
    ) -> pd.DataFrame:
        measures = [MEASURES[name] for name in names]
        weights = [WEIGHTS[name] for name in others]
        wanted = required_columns(measures, cycles, WEIGHTS[weight], other_weights=weights)
        raw = {
            table: read_columns(real_path(table), list(names)) for table, names in wanted.items()
        }
        return build_frame(raw, measures, cycles, WEIGHTS[weight], other_weights=weights)

    return make


@pytest.mark.parametrize("cycle", CYCLES)
def test_every_variable_of_weights_and_intakes_reconciles(real_path: RealPath, cycle: str):
    """Foods are left out: no total comes from them that studies do not reconcile already."""
    measures = [measure for subject in SUBJECTS for measure in subject.MEASURES]
    wanted: dict = {}
    used = [m.sources[cycle] for m in measures if cycle in m.sources]
    used += [each[cycle] for w in WEIGHTS.values() for each in (w.sources, w.four_years)
             if cycle in each]  # fmt: skip
    for source in used:
        for table, names in source.variables(cycle).items():
            if table.cycle != EVERY_CYCLE and "IFF" not in table.name and table.name != NOT_THERE:
                wanted.setdefault(table, set()).update(names)
    assert wanted
    for table, names in wanted.items():
        frame = read_columns(real_path(table), sorted(names))
        codebook = parse_codebook(real_path(table, codebook=True))
        checks = reconcile(table.name, frame, codebook)
        assert {check.variable for check in checks} == names
        assert [check for check in checks if check.verdict == "differs"] == []


# --- Populations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cycle", CYCLES)
def test_the_weights_of_everyone_add_up_to_one_population(frame_of: MakeFrame, cycle: str):
    others = ["examination", "dietary_day_1"]
    others += ["dietary_two_days"] if cycle >= "2003" else []
    frame = frame_of(["age"], [cycle], "interview", *others)
    for name in others:
        assert frame[f"weight_{name}"].sum() == pytest.approx(frame["weight"].sum(), rel=1e-9)
    for larger, smaller in pairwise(["weight", *(f"weight_{name}" for name in others)]):
        assert not ((frame[smaller] > 0) & ~(frame[larger] > 0)).any(), "nested"


MARCH = (285_933, 288_280, 291_166, 293_834, 296_824, 299_106, 301_483, 304_280)
"""Thousand people, March of 2003 to 2010: US Census Bureau, Current Population Reports P60-238,
Table C-2 (which names the year before). It counts some members of the forces, NHANES none."""


def test_pooled_weights_add_up_to_the_mean_population_of_their_years(frame_of: MakeFrame):
    cycles = ["2003-2004", "2005-2006", "2007-2008", "2009-2010"]
    total = frame_of(["age"], cycles, "examination")["weight"].sum()
    assert total == pytest.approx(1000 * np.mean(MARCH), rel=0.005)
    alone = [frame_of(["age"], [cycle], "examination")["weight"].sum() for cycle in cycles]
    assert total == pytest.approx(np.mean(alone), rel=1e-12)


# --- Against R ------------------------------------------------------------------------------------

POOLS = {
    "examination_1999_2004": (["1999-2000", "2001-2002", "2003-2004"], "bmi"),
    "examination_1999_2002": (["1999-2000", "2001-2002"], "bmi"),
    "examination_1999_2000": (["1999-2000"], "bmi"),
    "dietary_day_1_1999_2004": (["1999-2000", "2001-2002", "2003-2004"], "magnesium_dietary"),
    "dietary_day_1_2001_2004": (["2001-2002", "2003-2004"], "magnesium_dietary"),
    "phlebotomy_2015_2023": (["2015-2016", "2017-2018", "2021-2023"], "vitamin_d"),
    "fasting_2001_2004": (["2001-2002", "2003-2004"], "bmi"),
    "fasting_2017_2023": (["2017-2018", "2021-2023"], "bmi"),
}


@pytest.mark.parametrize("pool", POOLS)
def test_means_of_pooled_cycles_are_those_of_r(frame_of: MakeFrame, pool: str):
    cycles, name = POOLS[pool]
    frame = frame_of(["age", name], cycles, pool[:-10])
    answer = ANSWERS[pool]
    assert frame["weight"].sum() == pytest.approx(answer["weights"], rel=CLOSED_FORM)
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    adults = design.where(f"age >= 20 and not missing({name})")
    found = adults.mean(name).only
    for column in ("estimate", "std_error"):
        assert found[column] == pytest.approx(answer[column], rel=CLOSED_FORM)
    people = (frame["age"] >= 20) & frame[name].notna() & (frame["weight"] > 0)
    assert int(people.sum()) == answer["n"]
    assert found["df"] == answer["df"]


# --- 1999-2000 ------------------------------------------------------------------------------------

FORD = {
    ("Male", "Non-Hispanic White"): 352,
    ("Male", "Non-Hispanic Black"): 278,
    ("Male", "Mexican American"): 330,
    ("Female", "Non-Hispanic White"): 256,
    ("Female", "Non-Hispanic Black"): 202,
    ("Female", "Mexican American"): 242,
}
"""Mean magnesium from food of people of 20 and over, 1999-2000, in mg a day: Ford ES, Mokdad AH,
J Nutr 2003;133:2879-2882, Abstract. It came out before the weights of the recall, so that it has
other weights; the largest difference is 1.6%."""


def test_magnesium_of_1999_2000_is_the_published_one(frame_of: MakeFrame):
    names = ["age", "sex", "race_ethnicity", "magnesium_dietary", "recall_status", "energy"]
    frame = frame_of(names, ["1999-2000"], "dietary_day_1")
    assert frame["recall_status"].value_counts().to_dict() == {
        "Reliable": 8604, "Not reliable": 144, "Breast milk": 126, "Not done": 408
    }  # fmt: skip
    assert frame["magnesium_dietary"].notna().sum() == frame["energy"].notna().sum() == 8604
    adults = frame[(frame["age"] >= 20) & frame["magnesium_dietary"].notna()]
    for (sex, race), mean in FORD.items():
        group = adults[(adults["sex"] == sex) & (adults["race_ethnicity"] == race)]
        found = np.average(group["magnesium_dietary"], weights=group["weight"])
        assert found == pytest.approx(mean, rel=0.02)


def test_use_of_supplements_goes_on_from_1999_2000(frame_of: MakeFrame):
    share = {}
    for cycle in ("1999-2000", "2001-2002"):
        frame = frame_of(["age", "magnesium_supplement"], [cycle], "interview")
        adults = frame[frame["age"] >= 20]
        known = adults[adults["magnesium_supplement"].notna()]
        assert len(known) / len(adults) > 0.97
        share[cycle] = np.average(known["magnesium_supplement"] == "Yes", weights=known["weight"])
    assert share["1999-2000"] == pytest.approx(share["2001-2002"], abs=0.01)


@pytest.mark.parametrize(
    ("nutrient", "share"), [("magnesium", 0.201), ("calcium", 0.210), ("vitamin_d", 0.178)]
)
def test_one_in_five_users_of_1999_2000_has_no_known_amount(
    real_path: RealPath, nutrient: str, share: float
):
    """Why there are no amounts of that cycle, see `supplements.ABSENT`."""
    source = MEASURES[f"{nutrient}_supplement"].sources["1999-2000"]
    lookups = {
        role: read_columns(real_path(table), list(names))
        for role, (table, names) in source.lookups.items()
    }
    file, names = source.records["records"]
    told = ["DSD100Q", "DSD120Q"]
    records = read_columns(real_path(Table(file, "1999-2000")), [*names, *told])
    amounts = supplements.amounts_of({"records": records, **lookups})
    carried = ~amounts[f"{nutrient}_origin"].isin(["", "not in it"])
    known = records[told].notna().all(axis=1)
    users, sure = (records.loc[mask, "SEQN"].nunique() for mask in (carried, carried & known))
    assert 1 - sure / users == pytest.approx(share, abs=0.0005)


# --- 2021-2023 ------------------------------------------------------------------------------------


def test_blood_and_recalls_of_2021_2023_overlap_in_part(frame_of: MakeFrame):
    names = ["vitamin_d", "magnesium_supplemental", "recall_status"]
    frame = frame_of(
        names, ["2021-2023"], "dietary_day_1", "phlebotomy", "dietary_two_days", "fasting"
    )
    recall, blood = frame["weight"] > 0, frame["weight_phlebotomy"] > 0
    two, fasting = frame["weight_dietary_two_days"] > 0, frame["weight_fasting"] > 0
    sizes = [int(each.sum()) for each in (blood, recall, recall & blood, two, fasting)]
    assert sizes == [7626, 6754, 5921, 5879, 3361]
    assert not (two & ~recall).any() and not (fasting & ~blood).any()
    assert frame["vitamin_d"].notna().sum() == 7307
    assert frame.loc[~blood, "vitamin_d"].isna().all()
    taken = frame["magnesium_supplemental"].notna()
    assert (int(taken.sum()), int((taken & ~recall).sum())) == (6649, 4)
