"""Supplements of the artificial survey: what was put in, and what the package makes of it."""

import numpy as np
import pandas as pd
import pytest

from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measures import MEASURES
from analysis.cohort.weights import WEIGHTS
from analysis.nhanes.cache import TableReader
from analysis.nhanes.cycles import CYCLES, EVERY_CYCLE, Table
from analysis.nhanes.reconcile import reconcile
from analysis.nhanes.source import Source
from analysis.nhanes.store import Store
from analysis.synthetic.parameters import EARLY as WHICH
from analysis.synthetic.supplements import parameters, supplement_id

NUTRIENTS = {"magnesium": "MAGN", "calcium": "CALC", "vitamin_d": "VD"}
NAMES = [f"{name}_{kind}" for name in NUTRIENTS for kind in ("supplemental", "supplement")]
TOTALS = ["magnesium_total", "calcium_total", "magnesium_dietary", "calcium_dietary"]

A_SERVING = {
    90001: {"magnesium": 100.0, "calcium": 162.0, "vitamin_d": 10.0},
    90002: {"calcium": 1200.0, "vitamin_d": 10.0},
    90003: {"magnesium": 250.0},
    90004: {"magnesium": 0.417 * 220.0, "calcium": 440.0},
    90005: {"magnesium": 200.0, "calcium": 400.0, "vitamin_d": 5.0},
    90006: {},
    90008: {"magnesium": 1250.0},
    90009: {"vitamin_d": 125.0},
}
"""What supplements.toml puts into a serving, reckoned by hand; 90007 hides magnesium in a blend."""


@pytest.fixture(scope="module", params=WHICH)
def taken(request, artificial_survey, tmp_path_factory):
    """The measures of everyone, with all that they were made from, fetched as from the CDC."""
    cycle = request.param
    measures = [MEASURES[name] for name in (*NAMES, "supplement_amounts", *TOTALS)]
    wanted = required_columns(measures, [cycle], WEIGHTS["dietary_day_1"])
    store = Store(tmp_path_factory.mktemp("data_raw"), Source.from_setting(str(artificial_survey)))
    store.fetch(wanted)
    reader, raw = TableReader(store.folder / ".cache"), {}
    for table, columns in wanted.items():
        data, book = store.entry(table.data_path), store.entry(table.codebook_path)
        raw[table] = reader.read(store.path(table.data_path), data.sha256, columns)
        page = reader.codebook(store.path(table.codebook_path), book.sha256)
        verdicts = {c.variable: c.verdict for c in reconcile(table.name, raw[table], page)}
        assert set(verdicts.values()) - {"equal"} <= {"not printed"}, table.name
        assert all(name == "SEQN" for name, v in verdicts.items() if v == "not printed")
    frame = build_frame(raw, measures, [cycle], WEIGHTS["dietary_day_1"])
    suffix = CYCLES[cycle].suffix
    return (
        frame.set_index("seqn"),
        raw[Table(f"DSQ1_{suffix}", cycle)],
        raw[Table(f"DSQ2_{suffix}", cycle)],
    )


def test_the_products_belong_to_no_cycle(artificial_survey):
    for name in ("DSPI", "DSII", "DSBI"):
        assert (artificial_survey / Table(name, EVERY_CYCLE).data_path).is_file()


@pytest.mark.parametrize("nutrient", NUTRIENTS)
def test_intakes_are_what_was_put_in(taken, nutrient):
    frame, told, records = taken
    products = {supplement_id(product): product for product in parameters()["product"]}
    expected: dict[float, float] = {}
    unknown = set()
    for row in records.itertuples():
        product = products.get(row.DSDSUPID.strip())
        hidden = product is None or (product["id"] == 90007 and nutrient == "magnesium")
        amount = 0.0 if product is None else A_SERVING.get(product["id"], {}).get(nutrient, 0.0)
        if hidden or (amount and not (row.DSD103 <= 30 and row.DSD122Q <= 2)):
            unknown.add(row.SEQN)
        elif amount:
            dose = amount * row.DSD122Q / product["size"] * row.DSD103 / 30
            expected[row.SEQN] = expected.get(row.SEQN, 0.0) + dose
    silent = set(told.loc[told["DSD010"].isin([7, 9]), "SEQN"])
    wanted = pd.Series(0.0, index=frame.index)
    wanted[list(unknown | silent)] = np.nan
    for seqn, dose in expected.items():
        wanted[seqn] = dose
    found = frame[f"{nutrient}_supplemental"]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found.isna().sum() >= 5 and (found > 0).sum() > 100, "the test has something to see"


def test_users_are_as_many_as_set(taken):
    frame, _, _ = taken
    shares = {product["id"]: product["share"] for product in parameters()["product"]}
    for nutrient in NUTRIENTS:
        nobody = np.prod(
            [1 - shares[product] for product, contents in A_SERVING.items() if nutrient in contents]
        )
        found = (frame[f"{nutrient}_supplement"] == "Yes").mean()
        assert found == pytest.approx(1 - nobody, abs=4 * np.sqrt(0.25 / len(frame)))


def test_totals_are_food_and_supplements(taken):
    frame, _, _ = taken
    for nutrient in ("magnesium", "calcium"):
        sum_ = frame[f"{nutrient}_dietary"] + frame[f"{nutrient}_supplemental"]
        pd.testing.assert_series_equal(
            frame[f"{nutrient}_total"], sum_, check_names=False, rtol=1e-12
        )


def test_amounts_are_known_in_full_in_part_or_not(taken):
    frame, told, records = taken
    levels = frame["supplement_amounts"].value_counts()
    assert (levels > 0).all()
    nobody = ~frame.index.isin(records["SEQN"])
    answered = frame.index.isin(told.loc[told["DSD010"] == 2, "SEQN"])
    assert (frame.loc[nobody & answered, "supplement_amounts"] == "All known").all()


def test_a_few_take_extreme_amounts(taken):
    # As many as the shares of both products times that of records of every day, or nearly so.
    frame, _, _ = taken
    for name, limit in (("magnesium_supplemental", 1000), ("vitamin_d_supplemental", 100)):
        assert 1 <= (frame[name] > limit).sum() <= 10
