"""Dietary supplements and antacids: who takes them, and what is in a serving.

As in NHANES 2001-2006 the tables hold products, days and quantities but no amounts of nutrients:
those are to be computed from the labels, which are in tables of no single cycle.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from analysis.synthetic.arithmetic import Array, logistic
from analysis.synthetic.draw import Block, Mask, People, pick
from analysis.synthetic.layout import SEQN, TableLayout, Variable, coded, number, text
from analysis.synthetic.parameters import EARLY, further

MATCHES = (
    "1 = Exact or near exact match | 2 = Probable match | 3 = Generic match | "
    "4 = Reasonable match | 5 = Default match | 6 = No match"
)


@cache
def parameters() -> Mapping[str, Any]:
    """Return the products, and how they are taken."""
    path = resources.files(__package__).joinpath("supplements.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def supplement_id(product: Mapping[str, Any]) -> str:
    """Return a product's number of the old kind, of ten digits."""
    return f"10000{product['id']}"


def use(cycle: str) -> tuple[Variable, ...]:
    """Variables of DSQ1: whether anything was taken."""
    capital = "dietary supplements" if cycle == "2001-2002" else "Dietary Supplements"
    answers = "1 = Yes | 2 = No | 7 = Refused | 9 = Don't know"
    antacids = coded("DSD010AN", "Any Antacids Taken?", "Antacids in the past month.", answers)
    return (
        SEQN,
        coded("DSD010", f"Any {capital} taken?", "Supplements in the past month.", answers),
        *(() if cycle == "2001-2002" else (antacids,)),
    )


def products_taken(cycle: str) -> tuple[Variable, ...]:
    """Variables of DSQ2: one row a product and person."""
    return (
        SEQN,
        text("DSDSUPID", "Supplement ID number", "The product.", 10),
        coded("DSDMTCH", "Matching code", "How sure the product is.", MATCHES),
        number(
            "DSD103",
            "Days supplement taken, past 30 days",
            "Days of the past 30.",
            "7777 = Refused | 9999 = Don't know",
        ),
        number(
            "DSD122Q",
            "Quantity of supplement taken daily",
            "Quantity on a day, in the unit of DSD122U.",
            "777777 = Refused | 999999 = Don't know",
        ),
        coded(
            "DSD122U",
            "Dosage form",
            "Unit of DSD122Q.",
            "1 = Tablets, capsules, pills, caplets, softgels, gelcaps | 12 = Teaspoons",
        ),
        coded(
            "DSDANTA",
            "Antacid reported as a dietary supplement",
            "Whether it is an antacid.",
            "0 = Not an antacid | 1 = Reported as a supplement | 2 = Reported as an antacid",
        ),
    )


def supplement_rows(block: Block, people: People, cycle: str) -> tuple[People, People]:
    """Fill DSQ1 and DSQ2.

    Returns
    -------
    (dict of str to ndarray, dict of str to ndarray)
        Columns of DSQ1 in the order of people, without SEQN; and of DSQ2 in the order of people,
        then products, with it.
    """
    refused, unsure = _silent(block)
    parts, number = [], {False: np.zeros(block.size), True: np.zeros(block.size)}
    for product, rows in users(block, people):
        number[product.get("antacid", False)] += rows
        columns = {"SEQN": people["seqn"], **_taken(block, product, cycle)}
        parts.append({name: values[rows] for name, values in columns.items()})
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(joined["SEQN"], kind="stable")
    answer = np.where(refused, 7.0, np.where(unsure, 9.0, 2.0))
    told = {
        "DSD010": np.where(number[False] > 0, 1.0, answer),
        "DSD010AN": np.where(number[True] > 0, 1.0, answer),
    }
    silent = np.select([refused, unsure], [77.0, 99.0], np.nan)
    for name, antacid in (("DSDCOUNT", False), ("DSDANCNT", True)):
        told[name] = np.where(np.isnan(silent), number[antacid], silent)
    return told, {name: values[order] for name, values in joined.items()}


def users(block: Block, people: People) -> Iterator[tuple[Mapping[str, Any], Mask]]:
    """Go through the products, the unidentified one last, with who takes each and says so."""
    table = parameters()
    refused, unsure = _silent(block)
    for product in (*table["product"], {**table["unknown"], "unit": 1}):
        chance = _chance(block, people, product)
        yield product, ~refused & ~unsure & (block.uniform(f"takes {product['id']}") < chance)


def _silent(block: Block) -> tuple[Mask, Mask]:
    """Who would not say whether anything was taken, and who did not know."""
    user, silent = parameters()["user"], block.uniform("supplements told")
    refused = silent < user["refused"]
    return refused, ~refused & (silent < user["refused"] + user["not_known"])


def _chance(block: Block, people: People, product: Mapping[str, Any]) -> Array | float:
    """Chance to take a product: its share, from 2007 on by age, sex and education for some."""
    table = further()["supplements"].get(str(product["id"]))
    if block.cycle in EARLY or table is None:
        return float(product["share"])
    odds = (
        table["constant"]
        + table["age"] * (people["age"] - 50.0)
        + table["female"] * people["female"]
        + table["college"] * (people["education"] >= 4)
    )
    return logistic(np.where(people["age"] >= 20, odds, table["child"]))


def effect_of_supplements(block: Block, people: People) -> People:
    """Give what use of vitamin D adds to the log odds of low status, from 2007 on."""
    if block.cycle in EARLY:
        return {}
    effect = further()["supplements"]["effect"]
    used = np.zeros(block.size, dtype=bool)
    for product, rows in users(block, people):
        if product["id"] in effect["of"]:
            used |= rows
    return {
        f"supplements_{outcome}": effect[outcome] * used
        for outcome in ("deficiency", "insufficiency")
    }


TOTALS = ("MAGN", "CALC", "VD")
"""Nutrients that DSQTOT adds up."""


def supplement_totals(block: Block, people: People) -> People:
    """Fill the totals of DSQTOT: a day, on average over 30, where any amount is known.

    Returns
    -------
    dict of str to ndarray
        DSQTMAGN and DSQTCALC in mg, DSQTVD in micrograms; missing for who takes nothing of it.
    """
    total = {name: np.zeros(block.size) for name in TOTALS}
    known = {name: np.zeros(block.size, dtype=bool) for name in TOTALS}
    for product, rows in users(block, people):
        if "lines" not in product:
            continue
        columns = _taken(block, product, block.cycle)
        given = rows & (columns["DSD103"] <= 30) & (columns["DSD122Q"] < 777777)
        servings = columns["DSD122Q"] / product["size"] * columns["DSD103"] / 30.0
        for name, amount in _contents(product, block.cycle).items():
            total[name] += np.where(given, amount * servings, 0.0)
            known[name] |= given
    return {
        f"DSQT{name}": np.where(known[name], np.round(total[name], 3), np.nan) for name in TOTALS
    }


def _contents(product: Mapping[str, Any], cycle: str) -> dict[str, float]:
    """Amounts in a serving as the CDC counts them, of the nutrients that the label tells."""
    milligrams = {1: 1.0, 5: 1000.0}
    hydroxide = further()["supplements"]["hydroxide"]
    parts = {
        63: ("CALC", milligrams),
        231: ("MAGN", milligrams),
        364: ("VD", {2: 1.0 / 40.0, 4: 1.0}),
        543: ("CALC", {1: 0.4}),
        544: ("MAGN", {1: hydroxide.get(cycle, hydroxide["later"])}),
    }
    found: dict[str, float] = {}
    for ingredient, quantity, unit in product["lines"]:
        if ingredient in parts:
            name, factors = parts[ingredient]
            found[name] = found.get(name, 0.0) + quantity * factors[unit]
    return found


def _taken(block: Block, product: Mapping[str, Any], cycle: str) -> People:
    """How everyone would take a product."""
    table, name = parameters()["record"], product["id"]
    some = 1.0 + np.floor(29.0 * block.uniform(f"days {name}"))
    days = np.where(block.uniform(f"daily {name}") < table["every_day"], 30.0, some)
    lost = block.uniform(f"days lost {name}")
    days = np.where(lost < table["days_not_known"], 9999.0, days)
    antacid = product.get("antacid", False)
    if antacid and cycle == "2001-2002":
        days = np.where(lost < table["antacid_days_lost"], np.nan, days)
    which = pick(np.array(table["quantity_share"]), block.uniform(f"quantity {name}"))
    known = block.uniform(f"quantity lost {name}") >= table["quantity_not_known"]
    identified = "lines" in product
    everyone = np.ones(block.size)
    return {
        "DSDSUPID": np.full(block.size, supplement_id(product) if identified else name),
        "DSDPID": everyone * float(name),
        "DSDMTCH": everyone * (1.0 if identified else 6.0),
        "DSD103": days,
        "DSD122Q": np.where(known, np.array(table["quantity"])[which], 999999.0),
        "DSD122U": everyone * product["unit"],
        "DSDANTA": everyone * (2.0 if antacid else 0.0),
    }


def product_tables() -> tuple[tuple[TableLayout, People], ...]:
    """Lay out and fill DSPI, DSII and DSBI."""
    products = parameters()["product"]
    lines = [(product["id"], *line) for product in products for line in product["lines"]]
    blends = [product["blend"] for product in products if "blend" in product]
    product_id = number("DSDPID", "SUPPLEMENT ID NUMBER", "The product.")
    ingredient = number("DSDIID", "INGREDIENT ID NUMBER", "The ingredient.")
    kinds = "1 = Regular product | 2 = Generic product | 3 = Default product"
    dspi: People = {
        "DSDPID": _column(product["id"] for product in products),
        "DSDPRDT": np.ones(len(products)),
        "DSDSERVQ": _column(product["size"] for product in products),
        "DSDSERVU": _column(product["label_unit"] for product in products),
        "DSDSUPID": np.array([supplement_id(product) for product in products]),
    }
    dsii: People = {
        name: _column(line[place] for line in lines)
        for place, name in enumerate(("DSDPID", "DSDIID", "DSDQTY", "DSDUNIT"))
    }
    dsbi: People = {
        name: _column(blend[place] for blend in blends)
        for place, name in enumerate(("DSDIID", "DSDBID"))
    }
    label = "Dietary Supplement Database - "
    return (
        (
            TableLayout(
                "DSPI",
                f"{label}Product Information",
                "Products.",
                (
                    product_id,
                    coded("DSDPRDT", "PRODUCT TYPE", "Who made it.", kinds),
                    number("DSDSERVQ", "SERVING SIZE QUANTITY", "Size of a serving."),
                    coded(
                        "DSDSERVU",
                        "SERVING SIZE UNIT",
                        "Unit of DSDSERVQ.",
                        "2 = Capsule | 18 = Tablet | 19 = Teaspoon/Liquid",
                    ),
                    text("DSDSUPID", "SUPPLEMENT ID NUMBER - OLD VERSION", "The product.", 10),
                ),
            ),
            dspi,
        ),
        (
            TableLayout(
                "DSII",
                f"{label}Ingredient Information",
                "Ingredients of products.",
                (
                    product_id,
                    ingredient,
                    number("DSDQTY", "INGREDIENT QUANTITY", "Amount in a serving."),
                    coded(
                        "DSDUNIT",
                        "INGREDIENT UNIT",
                        "Unit of DSDQTY.",
                        "1 = mg | 2 = IU | 4 = mcg | 5 = gm",
                    ),
                ),
            ),
            dsii,
        ),
        (
            TableLayout(
                "DSBI",
                f"{label}Blend Information",
                "Components of blends.",
                (ingredient, number("DSDBID", "BLEND COMPONENT ID", "The component.")),
            ),
            dsbi,
        ),
    )


def _column(values: Any) -> np.ndarray:
    return np.array([float(value) for value in values])
