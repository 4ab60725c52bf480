"""The computation from products held against the CDC's own amounts, 2007-2018.

The CDC released amounts from 2007 on, a product (DSQI…) and a person (DSQT…). The amounts of
2001-2006 come from the same code, so where it agrees there it can be believed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.cohort.supplements.contents import NUTRIENTS, Nutrient
from analysis.cohort.supplements.records import PERIOD

CLOSE = 0.01
"""Relative difference up to which two amounts agree."""

DECIMALS = (0, 1, 2, 3, 4)
"""Decimals that totals may have been released with."""

OLDER_SHARES: Mapping[str, Mapping[int, float]] = MappingProxyType({"2007-2008": {544: 0.41}})
"""Shares of compounds that the CDC took in one cycle instead of those it prints today.

Magnesium hydroxide was 0.41 magnesium in 2007-2008: DSQIMAGN over DSDACTSS times the label's
hydroxide, in all products of that cycle; the 0.417 of Appendix 2 from 2009-2010 on.
"""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "rounded total": "The difference is within the decimals that the CDC released totals with.",
        "rounded servings": (
            "The CDC's servings (DSDACTSS) were rounded to two decimals: 0.33 for a third."
        ),
        "other servings": "The CDC's servings are not the quantity over the label's serving.",
        "no amount released": "The CDC gave no amount for a product whose label tells one.",
        "no amount computed": "The CDC gave an amount for a product whose label tells none.",
        "rounded amount": "The CDC's amount of a product was rounded, and is small.",
        "other share": "A compound's share of the element is another one.",
        "other label": "The CDC's amount of a product is not that of its label in DSII.",
        "other total": "The CDC's total is not the sum of its own amounts over the days.",
    }
)
"""Why a person's total differs from the CDC's: the first that explains it."""

_PRODUCT_ROUNDING = MappingProxyType({"magnesium": 0.0501, "calcium": 0.501, "vitamin_d": 0.0051})
"""Half of the last decimal of the CDC's amounts of products, in the cycle where it is coarsest.

Calcium of 2011-2014 is in whole mg; 1.25 mg of magnesium are 1.3, and 1 IU of vitamin D 0.03.
"""


def shares_of(nutrient: Nutrient, cycle: str) -> Nutrient:
    """Give a nutrient the shares of compounds that the CDC took in a cycle.

    Parameters
    ----------
    nutrient : Nutrient
    cycle : str
        Name of the cycle.
    """
    older = {
        number: share
        for number, share in OLDER_SHARES.get(cycle, {}).items()
        if number in nutrient.compounds
    }
    return replace(nutrient, compounds=MappingProxyType({**nutrient.compounds, **older}))


def compare_totals(
    amounts: pd.DataFrame, records: pd.DataFrame, released: pd.Series, nutrient: str
) -> pd.DataFrame:
    """Hold the sum over products against the CDC's total, person by person, and say why it differs.

    Parameters
    ----------
    amounts : DataFrame
        From `daily_amounts`.
    records : DataFrame
        The rows of DSQIDS that they were computed from, with DSDACTSS and DSQI….
    released : Series of float
        DSQT…, indexed by SEQN.
    nutrient : str
        Its name.

    Returns
    -------
    DataFrame
        Indexed by SEQN, everyone of `released`: ``computed`` and ``released`` (NaN where there is
        none), ``either`` (one of them is above 0), ``close`` (within `CLOSE` of the CDC's),
        ``agrees`` (close, or within its decimals) and ``kind``, of `KINDS` where not close.
    """
    people = released.index
    computed = _sum(amounts[nutrient], amounts, people, carried=_carried(amounts, nutrient))
    ours, theirs = computed.fillna(0.0), released.fillna(0.0)
    close = (ours - theirs).abs() <= CLOSE * theirs + 1e-9
    agrees = close | ((ours - theirs).abs() <= decimal_slack(released))
    found = pd.DataFrame(
        {
            "computed": computed,
            "released": released,
            "either": (ours > 0) | (theirs > 0),
            "close": close,
            "agrees": agrees,
        }
    )
    return found.assign(kind=_kinds(found, amounts, records, nutrient))


def decimal_slack(released: pd.Series) -> float:
    """Half a unit of the last decimal that totals were released with, found from their values."""
    values = released.dropna().to_numpy(float)
    for decimals in DECIMALS:
        if np.abs(values - np.round(values, decimals)).max(initial=0.0) < 1e-9:
            return float(0.5 * 10.0**-decimals + 1e-9)
    return 0.0


def _carried(amounts: pd.DataFrame, nutrient: str) -> pd.Series:
    return ~amounts[f"{nutrient}_origin"].isin(["", "not in it"])


def _sum(
    values: pd.Series, amounts: pd.DataFrame, people: pd.Index, carried: pd.Series
) -> pd.Series:
    """Sum of the known values of products that carry the nutrient; NaN where there is none."""
    total = values.where(carried).groupby(amounts["SEQN"]).sum(min_count=1)
    return total.reindex(people)


def _kinds(
    found: pd.DataFrame, amounts: pd.DataFrame, records: pd.DataFrame, nutrient: str
) -> pd.Series:
    """Name the first cause that explains each total that is not close."""
    theirs = records[f"DSQI{NUTRIENTS[nutrient].released}"]
    carried, slack = _carried(amounts, nutrient), decimal_slack(found["released"])
    servings = records["DSDACTSS"]
    resized = amounts[nutrient] * servings / amounts["servings"]
    by_servings = _sum(resized, amounts, found.index, carried)
    theirs_a_day = theirs * amounts["days"] / PERIOD
    by_product = _sum(theirs_a_day, amounts, found.index, carried | theirs.notna())
    rounded = (servings - amounts["servings"]).abs() <= 0.005 + 1e-9
    odd = records.index[~rounded & servings.notna() & amounts["servings"].notna()]
    servings_differ = found.index.isin(amounts.loc[odd, "SEQN"])
    product = _product_kinds(amounts, theirs, servings, nutrient).reindex(found.index)
    kind = np.select(
        [
            found["close"],
            found["agrees"],
            _near(by_servings, found["released"], slack) & servings_differ,
            _near(by_servings, found["released"], slack),
            _near(by_product, found["released"], slack),
        ],
        [
            "",
            "rounded total",
            "other servings",
            "rounded servings",
            product.fillna("rounded amount").astype(object),
        ],
        default="other total",
    )
    return pd.Series(kind, index=found.index)


def _near(total: pd.Series, released: pd.Series, slack: float) -> pd.Series:
    ours, theirs = total.fillna(0.0), released.fillna(0.0)
    return (ours - theirs).abs() <= np.maximum(CLOSE * theirs + 1e-9, slack)


def _product_kinds(
    amounts: pd.DataFrame, theirs: pd.Series, servings: pd.Series, nutrient: str
) -> pd.Series:
    """For each person, why the product whose amount a day differs most does so."""
    per_day = amounts["days"] / PERIOD
    ours = amounts[nutrient] / per_day.where(per_day > 0) * servings / amounts["servings"]
    ours = ours.where(_carried(amounts, nutrient))
    gap = ((ours.fillna(0.0) - theirs.fillna(0.0)) * per_day).abs()
    differs = (ours.fillna(0.0) - theirs.fillna(0.0)).abs() > CLOSE * theirs.fillna(0.0) + 1e-9
    kind = np.select(
        [
            theirs.isna(),
            ours.isna(),
            (ours - theirs).abs() <= _PRODUCT_ROUNDING[nutrient],
            amounts[f"{nutrient}_origin"] == "compound",
        ],
        ["no amount released", "no amount computed", "rounded amount", "other share"],
        default="other label",
    )
    table = pd.DataFrame({"SEQN": amounts["SEQN"], "gap": gap, "kind": kind})[differs & (gap > 0)]
    largest = table.sort_values(["SEQN", "gap"]).drop_duplicates("SEQN", keep="last")
    return largest.set_index("SEQN")["kind"]


def summary(compared: pd.DataFrame) -> dict[str, float]:
    """Numbers and shares of people whose totals agree.

    Parameters
    ----------
    compared : DataFrame
        From `compare_totals`.

    Returns
    -------
    dict
        ``people`` and ``either`` (numbers); ``close_all``, ``close``, ``agrees_all`` and ``agrees``
        (shares of all people, and of those for whom either total is above 0); and the number of
        people of each of `KINDS`.
    """
    some = compared[compared["either"]]
    counts = {kind: int((compared["kind"] == kind).sum()) for kind in KINDS}
    return {
        "people": len(compared),
        "either": len(some),
        "close_all": float(compared["close"].mean()),
        "agrees_all": float(compared["agrees"].mean()),
        "close": float(some["close"].mean()),
        "agrees": float(some["agrees"].mean()),
    } | counts
