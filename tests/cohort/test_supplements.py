"""From labels and answers to an intake a day: every rule on hand-made products and people."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cohort.measures import MEASURES
from analysis.cohort.supplements.contents import NUTRIENTS, product_contents
from analysis.cohort.supplements.people import carries, completeness, intake
from analysis.cohort.supplements.proof import compare_totals, decimal_slack, shares_of, summary
from analysis.cohort.supplements.records import OUTCOMES, daily_amounts, rule_counts
from analysis.nhanes.cycles import CYCLES

NAN = float("nan")
NAMES = list(NUTRIENTS)

LABELS = {
    # Product: serving, its unit, and the lines of its label (ingredient, amount, unit).
    1: (1, 18, [(231, 100, 1), (63, 0.2, 5), (364, 400, 2)]),
    2: (2, 2, [(364, 25, 4)]),
    3: (4, 19, [(544, 400, 1), (543, 1000, 1)]),
    4: (1, 18, [(63, 100, 1), (4003, 775, 1), (543, 250, 1)]),
    5: (1, 18, [(231, 1, 21), (63, 2, 3), (364, 1, 20)]),
    6: (1, 18, [(9000, 500, 1)]),
    7: (1, 18, [(1000, 60, 1)]),
    8: (1, 18, [(231, 50, 1), (9000, 500, 1)]),
    9: (3, 99, [(231, 90, 1), (364, 50, 32)]),
    10: (1, 18, [(231, 100, 1), (231, NAN, 1)]),
}
BLENDS = {9000: [231, 543, 5]}


def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    products = pd.DataFrame(
        {
            "DSDPID": [float(p) for p in LABELS],
            "DSDSUPID": [f"10000000{p:02d}" if p != 2 else "" for p in LABELS],
            "DSDSERVQ": [float(size) for size, *_ in LABELS.values()],
            "DSDSERVU": [float(unit) for _, unit, _ in LABELS.values()],
            "DSDPRDT": 1.0,
        }
    )
    lines = [(p, *line) for p, (*_, label) in LABELS.items() for line in label]
    ingredients = pd.DataFrame(lines, columns=["DSDPID", "DSDIID", "DSDQTY", "DSDUNIT"])
    parts = [(blend, part) for blend, parts in BLENDS.items() for part in parts]
    blends = pd.DataFrame(parts, columns=["DSDIID", "DSDBID"])
    return products, ingredients.astype(float), blends.astype(float)


CONTENTS = product_contents(*tables())


def records(*rows: tuple) -> pd.DataFrame:
    """Rows of SEQN, product, days, quantity, unit, match and antacid; the last three may lack."""
    full = [(*row, *(1.0, 1.0, 0.0)[len(row) - 4 :]) for row in rows]
    names = ["SEQN", "product", "DSD103", "DSD122Q", "DSD122U", "DSDMTCH", "DSDANTA"]
    frame = pd.DataFrame(full, columns=names)
    number = frame.pop("product")
    known = number.isin([float(p) for p in LABELS])
    return frame.assign(DSDSUPID=np.where(known, [f"10000000{int(n):02d}" for n in number], "66"))


def amounts(*rows: tuple) -> pd.DataFrame:
    return daily_amounts(records(*rows), CONTENTS, NAMES)


@pytest.mark.parametrize(
    ("product", "nutrient", "amount", "origin"),
    [
        (1, "magnesium", 100, "own line"),
        (1, "calcium", 200, "own line"),  # grams
        (1, "vitamin_d", 10, "own line"),  # 400 IU
        (2, "vitamin_d", 25, "own line"),  # micrograms
        (2, "magnesium", 0, "not in it"),
        (3, "magnesium", 400 * 0.417, "compound"),
        (3, "calcium", 400, "compound"),
        (4, "calcium", 100, "own line"),  # what it is made of would count twice
        (5, "magnesium", NAN, "no usable amount"),
        (5, "calcium", NAN, "no usable amount"),  # percent
        (5, "vitamin_d", NAN, "no usable amount"),  # trace
        (6, "magnesium", NAN, "in a blend"),
        (6, "calcium", NAN, "in a blend"),  # as carbonate
        (6, "vitamin_d", 0, "not in it"),
        (7, "calcium", 0, "not in it"),
        (8, "magnesium", 50, "own line"),  # a blend beside it adds nothing
        (9, "vitamin_d", 1.25, "own line"),  # IU told as a unit of folate
        (10, "magnesium", NAN, "no usable amount"),  # a part is not the whole
    ],
)
def test_what_a_label_tells(product, nutrient, amount, origin):
    row = CONTENTS.loc[product]
    assert row[nutrient] == pytest.approx(amount, rel=1e-12, nan_ok=True)
    assert row[f"{nutrient}_origin"] == origin


@pytest.mark.parametrize(
    ("record", "outcome", "rule", "amount"),
    [
        ((1, 1, 30, 1), "computed", "same", 100),
        ((1, 1, 15, 2), "computed", "same", 100),
        ((1, 1, 0, 1), "computed", "same", 0),
        ((1, 3, 30, 2, 12), "computed", "same", 400 * 0.417 / 2),  # 2 of 4 teaspoons
        ((1, 1, 30, 2, 20), "computed", "same", 200),  # chews are pieces
        ((1, 1, 30, 3, NAN), "computed", "assumed", 300),
        ((1, 1, 30, 3, 99), "computed", "assumed", 300),
        ((1, 9, 30, 1, 1), "computed", "assumed", 30),  # the label's unit is not known
        ((1, 3, 30, 1, 1), "computed", "serving", 400 * 0.417),  # a tablet of a liquid
        ((1, 1, NAN, 1), "no days", "", NAN),
        ((1, 1, 9999, 1), "unknown days", "", NAN),
        ((1, 1, 7777, 1), "unknown days", "", NAN),
        ((1, 1, 30, NAN), "no quantity", "", NAN),
        ((1, 1, 30, 999999), "unknown quantity", "", NAN),
        ((1, 1, 30, 777777), "unknown quantity", "", NAN),
        ((1, 99, 30, 1, 1, 6), "no match", "", NAN),
        ((1, 99, 30, 1, 1, 7), "refused", "", NAN),
        ((1, 99, 30, 1, 1, 9), "not known", "", NAN),
        ((1, 5, 30, 1), "computed", "same", NAN),
        ((1, 7, NAN, NAN, NAN), "no days", "", 0),  # whatever was taken, it has no magnesium
        ((1, 7, 30, 1, 12), "computed", "serving", 0),
    ],
)
def test_what_becomes_of_a_record(record, outcome, rule, amount):
    found = amounts(record).iloc[0]
    assert (found["outcome"], found["unit_rule"]) == (outcome, rule)
    assert found["magnesium"] == pytest.approx(amount, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("number", "outcome"), [("7777777777", "refused"), ("9999999999", "not known")]
)
def test_early_files_number_what_was_not_told(number, outcome):
    row = records((1, 99, 30, 1, 1, 6)).assign(DSDSUPID=number)
    assert daily_amounts(row, CONTENTS, NAMES)["outcome"].tolist() == [outcome]


def test_from_2017_on_products_go_by_their_new_number():
    row = records((1, 2, 30, 2)).drop(columns="DSDSUPID").assign(DSDPID=2.0)
    assert daily_amounts(row, CONTENTS, NAMES)["vitamin_d"].tolist() == [25]


def test_a_blank_number_is_no_products():
    row = records((1, 99, 30, 1)).assign(DSDSUPID="")
    assert daily_amounts(row, CONTENTS, NAMES)["outcome"].tolist() == ["no match"]


KNOWN, FREE, LOST, UNTOLD, BLENDED = (
    (1, 30, 1),
    (7, 30, 1),
    (99, 30, 1, 1, 6),
    (1, NAN, 1),
    (6, 30, 1),
)


@pytest.mark.parametrize(
    ("products", "answered_no", "amount", "carried", "known"),
    [
        ([], True, 0, 0, "All known"),
        ([], False, NAN, NAN, None),  # refused, or yes without a product
        ([KNOWN], False, 100, 1, "All known"),
        ([KNOWN, KNOWN], False, 200, 1, "All known"),
        ([KNOWN], True, 100, 1, "All known"),  # an antacid beside 'no supplement'
        ([FREE], False, 0, 0, "All known"),
        ([LOST], False, NAN, NAN, "Not known"),
        ([FREE, LOST], False, NAN, NAN, "Not known"),
        ([UNTOLD], False, NAN, 1, "Not known"),
        ([BLENDED], False, NAN, 1, "Not known"),
        ([KNOWN, LOST], False, 100, 1, "Known in part"),
        ([KNOWN, UNTOLD], False, 100, 1, "Known in part"),
        ([FREE, UNTOLD], False, NAN, 1, "Not known"),
        ([LOST], True, NAN, NAN, "Not known"),
    ],
)
def test_what_a_person_takes_in(products, answered_no, amount, carried, known):
    # Another person, who took something, is in the same tables.
    frame = amounts(*[(1, *product) for product in products], (2, *KNOWN))
    none = pd.Series([answered_no, False], index=pd.Index([1, 2], name="SEQN"))
    assert intake(frame, "magnesium", none).tolist() == [
        pytest.approx(amount, nan_ok=True),
        100,
    ]
    assert carries(frame, "magnesium", none).iloc[0] == pytest.approx(carried, nan_ok=True)
    assert completeness(frame, ["magnesium"], none).iloc[0] == known


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 4),
            st.sampled_from([*LABELS, 99]),
            st.sampled_from([0, 1, 15, 30, 7777, NAN]),
            st.sampled_from([0.5, 1, 2, 999999, NAN]),
            st.sampled_from([1.0, 12.0, 99.0, NAN]),
            st.sampled_from([1.0, 5.0, 6.0, 7.0, 9.0]),
            st.sampled_from([0.0, 1.0, 2.0]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_counts_share_out_all_records_whatever_they_are(rows):
    frame = amounts(*[tuple(map(float, row)) for row in rows])
    counts = rule_counts(frame, NAMES)
    assert counts.query("step == 'outcome'")["records"].sum() == len(frame)
    assert set(frame["outcome"]) <= set(OUTCOMES)
    computed = (frame["outcome"] == "computed").sum()
    assert counts.query("step == 'unit'")["records"].sum() == computed
    shared = counts[counts["step"] == "origin"].groupby("nutrient")["records"].sum()
    assert shared.to_dict() == dict.fromkeys(NAMES, len(frame))
    # Nobody's intake is negative, and one more product never lowers it.
    none = pd.Series(False, index=pd.Index(sorted(frame["SEQN"].unique()), name="SEQN"))
    fewer = intake(frame.iloc[:-1], "magnesium", none)
    more = intake(frame, "magnesium", none)
    assert (more.dropna() >= 0).all()
    both = fewer.notna() & more.notna() & (fewer > 0)
    assert (more[both] >= fewer[both]).all()


# --- The measures ---------------------------------------------------------------------------------


def person(cycle: str, *products: tuple, supplements=1, antacids=2, released=None, **recall):
    index = pd.Index([1], name="SEQN")
    one = {"supplements": supplements, "released": released, **recall}
    if cycle != "2001-2002":
        one["antacids"] = antacids
    columns = {k: pd.Series([float(v)], index=index) for k, v in one.items() if v is not None}
    names = ("products", "ingredients", "blends")
    rows = records(*[(1, *product) for product in products]) if products else records((2, *KNOWN))
    return {**columns, "records": rows, **dict(zip(names, tables(), strict=True))}


@pytest.mark.parametrize(
    ("cycle", "answers", "products", "wanted"),
    [
        ("2001-2002", {"supplements": 2}, [], 0),
        ("2001-2002", {"supplements": 1}, [KNOWN], 100),
        ("2001-2002", {"supplements": 2}, [KNOWN], 100),  # an antacid, which has no question
        ("2001-2002", {"supplements": 7}, [], NAN),
        ("2001-2002", {"supplements": NAN}, [], NAN),
        ("2005-2006", {"supplements": 2, "antacids": 2}, [], 0),
        ("2005-2006", {"supplements": 2, "antacids": 9}, [], NAN),
        ("2011-2012", {"supplements": 1, "released": 99.0}, [KNOWN], 99),
        ("2011-2012", {"supplements": 2, "released": NAN}, [], 0),
        ("2011-2012", {"supplements": 1, "released": NAN}, [FREE], 0),
        ("2011-2012", {"supplements": 1, "released": NAN}, [UNTOLD], NAN),
        ("2011-2012", {"supplements": 1, "released": NAN}, [LOST], NAN),
    ],
)
def test_supplemental_magnesium(cycle, answers, products, wanted):
    columns = person(cycle, *products, **answers)
    found = MEASURES["magnesium_supplemental"].derive(columns, cycle).iloc[0]
    assert found == pytest.approx(wanted, nan_ok=True)
    for status, food in ((1, wanted + 250), (2, NAN)):
        columns |= {
            role: pd.Series([float(value)], index=pd.Index([1], name="SEQN"))
            for role, value in {"total": 250, "status": status}.items()
        }
        total = MEASURES["magnesium_total"].derive(columns, cycle).iloc[0]
        assert total == pytest.approx(food, nan_ok=True)


@pytest.mark.parametrize("cycle", ["2001-2002", "2005-2006", "2011-2012"])
@pytest.mark.parametrize(("status", "eaten"), [(1, 3.0), (2, NAN)])
def test_total_vitamin_d_is_food_by_code_or_total_plus_supplements(cycle, status, eaten):
    index = pd.Index([1], name="SEQN")
    columns = person(cycle, KNOWN, supplements=1, released=8.0)
    columns |= {
        role: pd.Series([float(value)], index=index)
        for role, value in {"status": status, "energy": 2000, "total": 3.0}.items()
    }
    book = pd.DataFrame({"code": [11111000.0], "grams": [100.0], "amount": [1.0]})
    foods = pd.DataFrame({"SEQN": [1], "code": [11111000.0], "grams": [300.0]})
    columns |= {"foods": foods, "book": book, "later_book": book}
    pills = MEASURES["vitamin_d_supplemental"].derive(columns, cycle).iloc[0]
    found = MEASURES["vitamin_d_total"].derive(columns, cycle).iloc[0]
    assert pills > 0
    assert found == pytest.approx(eaten + pills, nan_ok=True)


def test_roles_of_foods_and_supplements_are_distinct():
    for cycle, source in MEASURES["vitamin_d_total"].sources.items():
        parts = [MEASURES["vitamin_d_dietary"].sources[cycle]]
        parts += [s for c, s in MEASURES["vitamin_d_supplemental"].sources.items() if c == cycle]
        for kind in ("columns", "records", "lookups"):
            joined = getattr(source, kind)
            for part in parts:
                assert getattr(part, kind).items() <= joined.items(), (cycle, kind)


@pytest.mark.parametrize(
    ("products", "use", "known"),
    [
        ([KNOWN], "Yes", "All known"),
        ([UNTOLD], "Yes", "Not known"),
        ([FREE], "No", "All known"),
        ([LOST], None, "Not known"),
    ],
)
def test_users_and_whether_their_amounts_are_known(products, use, known):
    columns = person("2003-2004", *products)
    for nutrient in NAMES:
        found = MEASURES[f"{nutrient}_supplement"].derive(columns, "2003-2004").iloc[0]
        assert pd.isna(found) if use is None else found == use
    assert MEASURES["supplement_amounts"].derive(columns, "2003-2004").iloc[0] == known


def test_where_the_measures_exist_and_why_not_elsewhere():
    for name in NAMES:
        measure = MEASURES[f"{name}_supplemental"]
        assert {*measure.cycles, *measure.absent} == set(CYCLES)
        for each in (measure, MEASURES[f"{name}_supplement"], MEASURES["supplement_amounts"]):
            assert each.subsample_in("2017-2018") == "interview"
            assert each.subsample_in("2021-2023") == "dietary_day_1"
        assert MEASURES[f"{name}_supplement"].cycles == tuple(CYCLES)


@pytest.mark.parametrize(
    ("products", "answer", "use"),
    [
        ([KNOWN], 1, "Yes"),
        ([UNTOLD], 1, "Yes"),
        ([FREE], 1, "No"),
        ([LOST], 1, None),
        ([LOST, KNOWN], 1, "Yes"),
        ([], 2, "No"),
        ([], 9, None),
        ([KNOWN], 2, "Yes"),  # an antacid that was told among the medicines
    ],
)
def test_users_of_1999_2000_are_known_by_their_products_alone(products, answer, use):
    columns = person("2001-2002", *products, supplements=answer)
    records = columns["records"][["SEQN", "DSDSUPID", "DSDMTCH", "DSDANTA"]]
    for nutrient in NAMES:
        found = (
            MEASURES[f"{nutrient}_supplement"]
            .derive(columns | {"records": records}, "1999-2000")
            .iloc[0]
        )
        assert pd.isna(found) if use is None else found == use


# --- The proof ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("released", "slack"),
    [([1.0, 2.0], 0.5), ([1.1, 2.0, NAN], 0.05), ([0.001], 0.0005), ([1 / 3], 0.0), ([NAN], 0.5)],
)
def test_decimals_of_a_release_are_found_from_its_values(released, slack):
    assert decimal_slack(pd.Series(released)) == pytest.approx(slack, abs=1e-8)


KINDS_CASES = [
    # The CDC's total, servings and amount of a product, and the kind of difference from 100.
    (100.0, 1.0, 100.0, ""),
    (99.5, 1.0, 100.0, ""),
    (98.0, 0.98, 98.0, "other servings"),
    (98.5, 0.996, 98.5, "other label"),
    (200.0, 2.0, 200.0, "other servings"),
    (NAN, 1.0, NAN, "no amount released"),
    (50.0, 1.0, 50.0, "other label"),
    (77.0, 1.0, 100.0, "other total"),
]


@pytest.mark.parametrize(("total", "servings", "product", "kind"), KINDS_CASES)
def test_every_difference_has_its_kind(total, servings, product, kind):
    rows = records((1, *KNOWN), (2, *KNOWN))
    rows = rows.assign(DSDACTSS=[servings, 1.0], DSQIMAGN=[product, 100.25])
    frame = daily_amounts(rows, CONTENTS, NAMES)
    # The second person fixes the decimals of the release.
    released = pd.Series([total, 100.25], index=[1, 2])
    found = compare_totals(frame, rows, released, "magnesium")
    assert found["kind"].tolist() == [kind, ""]
    counts = summary(found)
    assert counts["people"] == counts["either"] == 2
    assert counts["close"] == (0.5 if kind else 1.0)


def test_an_older_share_of_a_compound_is_of_its_cycle_only():
    magnesium, calcium = NUTRIENTS["magnesium"], NUTRIENTS["calcium"]
    assert shares_of(magnesium, "2007-2008").compounds[544] == 0.41
    assert shares_of(magnesium, "2009-2010").compounds[544] == 0.417
    assert shares_of(calcium, "2007-2008").compounds == calcium.compounds
