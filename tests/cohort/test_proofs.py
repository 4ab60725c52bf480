"""Rules counted for a study: what is in the tables, whatever measures it asks for."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analysis.cohort.build import Memory, build_frame, required_columns
from analysis.cohort.measure import Measure
from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.supplements import FROM_PRODUCTS
from analysis.cohort.proofs import FOOD_COLUMNS, MEANINGS, SUPPLEMENT_COLUMNS, counted
from analysis.cohort.weights import WEIGHTS
from analysis.nhanes.cycles import Table
from analysis.nhanes.xpt import read_columns

WEIGHT = WEIGHTS["dietary_day_1"]
TWO_DAYS = {"vitamin_d_total_two_days": ("2003-2004", "2005-2006")}


NAMES = (
    "age", "magnesium_dietary", "magnesium_total", "calcium_supplemental", "vitamin_d_supplement",
    "supplement_amounts", "vitamin_d_dietary", "vitamin_d_total", "vitamin_d_total_two_days",
)  # fmt: skip


def named(*names: str) -> list[Measure]:
    return [MEASURES[name] for name in names]


@pytest.fixture(scope="module")
def raw(artificial_survey: Path) -> dict[Table, pd.DataFrame]:
    wanted = required_columns(named(*NAMES), FROM_PRODUCTS, WEIGHT, partial=TWO_DAYS)
    return {
        table: read_columns(artificial_survey / table.data_path, list(columns))
        for table, columns in wanted.items()
    }


@pytest.mark.parametrize(
    ("names", "subjects", "days"),
    [
        (["age", "magnesium_dietary"], set(), []),
        (["magnesium_total"], {"supplements"}, []),
        (["vitamin_d_supplement", "vitamin_d_dietary"], {"supplements", "foods"}, [1]),
        (["vitamin_d_total_two_days"], {"supplements", "foods"}, [1, 2]),
        (["vitamin_d_dietary", "vitamin_d_total_two_days"], {"supplements", "foods"}, [1, 2]),
    ],
)
def test_what_is_computed_is_counted_once(raw, names, subjects, days):
    tables = counted(raw, named(*names), FROM_PRODUCTS, partial=TWO_DAYS)
    assert set(tables) == subjects
    for name, columns in (("supplements", SUPPLEMENT_COLUMNS), ("foods", FOOD_COLUMNS)):
        if name in tables:
            assert tuple(tables[name].columns) == columns
            assert not tables[name].drop(columns="nutrient", errors="ignore").isna().any(axis=None)
            rule = "rule" if name == "supplements" else "match"
            assert set(tables[name][rule]) <= set(MEANINGS)
    if days:
        foods = tables["foods"]
        assert not foods.duplicated(["cycle", "day", "match"]).any()
        first = [] if names == ["vitamin_d_total_two_days"] else [1]
        assert foods.groupby("cycle")["day"].unique().map(list).to_dict() == (
            {"2003-2004": days, "2005-2006": days} | ({"2001-2002": first} if first else {})
        )


def test_the_counts_share_out_records_and_people(raw):
    cycles = FROM_PRODUCTS
    tables = counted(raw, named("magnesium_total", "vitamin_d_dietary"), cycles)
    for cycle, letter in zip(cycles, "BCD", strict=True):
        taken = raw[Table(f"DSQ2_{letter}", cycle)]
        of = tables["supplements"].query("cycle == @cycle")
        of = of.set_index(["step", "rule", "nutrient"]).sort_index()
        assert of.loc["outcome", "records"].sum() == len(taken)
        assert of.loc["origin"].groupby("nutrient")["records"].sum().eq(len(taken)).all()
        assert of.loc[("origin", "product not known"), "products"].eq(0).all()
        known = ~taken["DSDSUPID"].str.startswith(("7777", "9999", "6666"))
        assert of.loc["outcome", "products"].max() <= taken.loc[known, "DSDSUPID"].nunique()
        computed = of.loc["outcome", "computed", ""]
        assert 0 < computed["products"] < computed["people"] <= computed["records"]
        early = letter == "B"
        foods = raw[Table("DRXIFF_B" if early else f"DR1IFF_{letter}", cycle)]
        recalls = raw[Table("DRXTOT_B" if early else f"DR1TOT_{letter}", cycle)]
        status = recalls.set_index("SEQN")["DRDDRSTZ" if early else "DR1DRSTZ"]
        reliable = foods[foods["SEQN"].map(status) == 1]
        eaten = tables["foods"].query("cycle == @cycle")
        assert eaten["records"].sum() == len(reliable)
        grams = reliable["DRXIGRMS" if early else "DR1IGRMS"]
        assert eaten["grams"].sum() == pytest.approx(grams.sum(), rel=1e-12)


@pytest.mark.parametrize("day", [1, 2])
def test_each_day_has_its_own_foods(raw, day):
    tables = counted(raw, named("vitamin_d_total_two_days"), FROM_PRODUCTS, partial=TWO_DAYS)
    foods, recalls = (raw[Table(f"DR{day}{kind}_D", "2005-2006")] for kind in ("IFF", "TOT"))
    status = recalls.set_index("SEQN")[f"DR{day}DRSTZ"]
    eaten = tables["foods"].query("cycle == '2005-2006' and day == @day")
    assert eaten["records"].sum() == (foods["SEQN"].map(status) == 1).sum()


def test_what_is_remembered_changes_nothing(raw):
    def build(measures: list[Measure], memory: Memory | None = None) -> pd.DataFrame:
        return build_frame(raw, measures, FROM_PRODUCTS, WEIGHT, partial=TWO_DAYS, memory=memory)

    memory: Memory = {}
    together = build(named(*NAMES), memory)
    tables = {given: counted(raw, named(*NAMES), FROM_PRODUCTS, partial=TWO_DAYS, memory=m)
              for given, m in ((True, memory), (False, None))}  # fmt: skip
    for subject in tables[True]:
        pd.testing.assert_frame_equal(tables[True][subject], tables[False][subject])
    for measure in named(*NAMES):
        alone = build([measure])[measure.name]
        pd.testing.assert_series_equal(together[measure.name], alone, check_exact=True)


REAL = {
    "2001-2002": (2028, 7375, 3805),
    "2003-2004": (1956, 8091, 3999),
    "2005-2006": (2101, 7601, 3933),
}
"""Products, records and people whose amounts are computed; the same from DSQ2 and DSPI by hand."""


@pytest.mark.real_data
def test_counts_of_the_cdcs_files(real_path: Callable[[Table], Path]):
    measures = named("magnesium_supplemental")
    wanted = required_columns(measures, FROM_PRODUCTS, WEIGHT)
    raw = {
        table: read_columns(real_path(table), list(columns)) for table, columns in wanted.items()
    }
    table = counted(raw, measures, FROM_PRODUCTS)["supplements"]
    computed = table[table["rule"] == "computed"].set_index("cycle")
    found = computed[["products", "records", "people"]].itertuples(name=None)
    assert {cycle: counts for cycle, *counts in found} == {c: list(n) for c, n in REAL.items()}
