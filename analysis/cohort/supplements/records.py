"""From a product that a person named to the amount of a nutrient a day, and the rules on the way.

The CDC's own computation, which its documentation of DSQIDS tells and which 2007-2018 release, is
servings taken on a day (quantity over the label's serving) x amount in a serving x days of 30.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.cohort.supplements.contents import ORIGINS

UNKNOWN_DAYS = (7777, 9999)
UNKNOWN_QUANTITY = (777777, 999999)
UNKNOWN_UNIT = (77, 99)
"""Refused and do not know in DSD103, DSD122Q and DSD122U; 99 is also an unknown DSDSERVU."""

PERIOD = 30
"""Days that the questions look back on."""

_PIECES = frozenset({1, 2, 6, 9, 13, 16, 18, 20, 27, 29, 32, 39, 42, 44})
"""DSDSERVU: caplet, capsule, gel cap, lozenge, pill, softgel, tablet, wafer, chew, vegicap,
gumball, drop or lozenge, strip, piece."""

SAME_UNIT: Mapping[int, frozenset[int]] = MappingProxyType(
    {
        1: _PIECES,  # tablets, capsules, pills, caplets, softgels
        6: _PIECES,  # lozenges
        13: _PIECES,  # wafers
        20: _PIECES,  # chews, gummies
        30: _PIECES,  # gumball
        31: _PIECES,  # strips
        2: frozenset({3}),  # droppers
        3: frozenset({4}),  # drops
        7: frozenset({10}),  # millilitres
        22: frozenset({10}),  # cc
        11: frozenset({14, 17}),  # tablespoons of powder, of liquid
        12: frozenset({19, 34}),  # teaspoons of liquid, of powder
        15: frozenset({30}),  # cans
        16: frozenset({33, 38}),  # grams of powder, of liquid
        18: frozenset({25, 37}),  # cups of powder, of liquid
        19: frozenset({22}),  # sprays, squirts
        21: frozenset({24}),  # scoops
        23: frozenset({31}),  # capfuls
        27: frozenset({5, 21}),  # fluid ounces, ounces of powder
        28: frozenset({12}),  # packages, packets
        32: frozenset({43}),  # bottles
    }
)
"""Which units of a label (DSDSERVU) one of a person's units (DSD122U) can be counted in."""

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "computed": "The amount is known.",
        "no match": "No product could be found for what the person named (DSDMTCH 6).",
        "refused": "The person would not name the product.",
        "not known": "The person could not name the product.",
        "no days": (
            "The days of 30 (DSD103) were not recorded: antacids and prescription products that "
            "were told in the section on medicines, mostly in 2001-2002."
        ),
        "unknown days": "The days of 30 were refused or not known.",
        "no quantity": "The quantity on a day (DSD122Q) was not recorded.",
        "unknown quantity": "The quantity on a day was refused or not known.",
    }
)
"""What becomes of a record, with the reason: each has one, the first that holds from 'no match' on.

In all but the first the amount of a nutrient is unknown, unless the product does not carry it. A
default product has the label's serving as its quantity, which the CDC assigned.
"""

UNIT_RULES: Mapping[str, str] = MappingProxyType(
    {
        "same": "The quantity is in the label's unit; pieces of any form are counted alike.",
        "assumed": "The unit of the quantity or of the label is not known: taken to be the same.",
        "serving": (
            "The quantity cannot be counted in the label's unit: one label serving is taken, as "
            "the CDC edits since 2007. In 2001-2006 no product with a known amount needs it."
        ),
    }
)
"""How the quantity of a computed record is counted."""

RECORD_VARIABLES = ("DSDMTCH", "DSD103", "DSD122Q", "DSD122U", "DSDANTA")


def daily_amounts(
    records: pd.DataFrame, contents: pd.DataFrame, nutrients: Iterable[str]
) -> pd.DataFrame:
    """Amount a day of each nutrient from each product that people named.

    Parameters
    ----------
    records : DataFrame
        DSQ2 or DSQIDS, a row a product and person: SEQN, `RECORD_VARIABLES`, and the product's
        number, DSDPID (2017 on) or DSDSUPID (before).
    contents : DataFrame
        From `product_contents`.
    nutrients : iterable of str
        Names of nutrients in `contents`.

    Returns
    -------
    DataFrame
        In the rows of `records`: ``SEQN``; ``product``, its number where it is known; ``antacid``
        (DSDANTA); ``kind`` of the product; ``outcome``, of `OUTCOMES`; ``unit_rule``, of
        `UNIT_RULES` (empty where not computed); ``servings`` on a day taken; ``days`` of 30; and
        for each nutrient its amount a day under its name (0 where the product does not carry it,
        NaN where unknown) and its origin.
    """
    number, product = _products(records, contents)
    identified = product["size"].notna()
    days = records["DSD103"].mask(records["DSD103"].isin(UNKNOWN_DAYS))
    quantity = records["DSD122Q"].mask(records["DSD122Q"].isin(UNKNOWN_QUANTITY))
    unit_rule = _unit_rule(records["DSD122U"], product["size_unit"])
    servings = (quantity / product["size"]).mask((unit_rule == "serving") & quantity.notna(), 1.0)
    outcome = _outcome(records, identified)
    found = pd.DataFrame(
        {
            "SEQN": records["SEQN"],
            "product": number.where(identified),
            "antacid": records["DSDANTA"],
            "kind": product["kind"],
            "outcome": outcome,
            "unit_rule": np.where(outcome == "computed", unit_rule, ""),
            "servings": servings,
            "days": days,
        },
        index=records.index,
    )
    for name in nutrients:
        amount = product[name] * servings * days / PERIOD
        found[name] = amount.mask(identified & (product[name] == 0), 0.0)
        found[f"{name}_origin"] = product[f"{name}_origin"].where(identified, "")
    return found


def _products(records: pd.DataFrame, contents: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Give number and contents of each record's product; contents are NaN where it is not known."""
    if "DSDPID" in records:
        known, key = contents, records["DSDPID"]
    else:
        # Products that came after 2018 have no number of the old kind.
        known = contents[contents["supplement_id"].str.strip() != ""].set_index("supplement_id")
        key = records["DSDSUPID"].str.strip()
    return key, known.reindex(key).set_index(records.index)


def _unit_rule(unit: pd.Series, label: pd.Series) -> np.ndarray:
    same = np.zeros(len(unit), dtype=bool)
    for code, labels in SAME_UNIT.items():
        same |= ((unit == code) & label.isin(list(labels))).to_numpy()
    unknown = (unit.isna() | unit.isin(UNKNOWN_UNIT) | label.isin(UNKNOWN_UNIT)).to_numpy()
    return np.select([same, unknown], ["same", "assumed"], default="serving")


def _outcome(records: pd.DataFrame, identified: pd.Series) -> np.ndarray:
    days, quantity = records["DSD103"], records["DSD122Q"]
    match = records["DSDMTCH"]
    refused, not_known = match == 7, match == 9
    if "DSDSUPID" in records:  # 2001-2002 code both as no match, and number them instead
        refused |= records["DSDSUPID"].str.startswith("7777")
        not_known |= records["DSDSUPID"].str.startswith("9999")
    cases = {
        "refused": ~identified & refused,
        "not known": ~identified & not_known,
        "no match": ~identified,
        "no days": days.isna(),
        "unknown days": days.isin(UNKNOWN_DAYS),
        "no quantity": quantity.isna(),
        "unknown quantity": quantity.isin(UNKNOWN_QUANTITY),
    }
    return np.select(list(cases.values()), list(cases), default="computed")


def rule_counts(amounts: pd.DataFrame, nutrients: Iterable[str]) -> pd.DataFrame:
    """Count the records and people under each rule.

    Parameters
    ----------
    amounts : DataFrame
        From `daily_amounts`, of one cycle.
    nutrients : iterable of str
        Names of nutrients in `amounts`.

    Returns
    -------
    DataFrame
        A row a rule: ``step``, ``rule``, ``nutrient`` (empty where the rule is of all),
        ``records``, ``people``, and ``products`` (distinct ones among those that are known). The
        steps ``outcome`` and ``origin`` each share out all records, ``unit`` all that are computed;
        ``detail`` are some of them.
    """
    rows = [_count(amounts, "outcome", name, "", amounts["outcome"] == name) for name in OUTCOMES]
    rows += [_count(amounts, "unit", name, "", amounts["unit_rule"] == name) for name in UNIT_RULES]
    computed = amounts["outcome"] == "computed"
    details = {
        "default product": amounts["kind"] == 3,
        "generic product": amounts["kind"] == 2,
        "antacid told as a supplement": amounts["antacid"] == 1,
        "antacid told as a medicine": amounts["antacid"] == 2,
        "antacid, days not recorded": (amounts["antacid"] > 0) & (amounts["outcome"] == "no days"),
        "taken on none of the 30 days": computed & (amounts["days"] == 0),
    }
    rows += [_count(amounts, "detail", name, "", mask) for name, mask in details.items()]
    for nutrient in nutrients:
        origin = amounts[f"{nutrient}_origin"]
        rows += [_count(amounts, "origin", name, nutrient, origin == name) for name in ORIGINS]
        rows.append(_count(amounts, "origin", "product not known", nutrient, origin == ""))
    return pd.DataFrame(rows)


def _count(
    amounts: pd.DataFrame, step: str, rule: str, nutrient: str, mask: pd.Series
) -> dict[str, object]:
    people = amounts.loc[mask, "SEQN"].nunique()
    products = amounts.loc[mask, "product"].nunique()
    names = {"step": step, "rule": rule, "nutrient": nutrient}
    return names | {"records": int(mask.sum()), "people": people, "products": products}
