"""What is in a serving of a product: DSPI, DSII and DSBI.

A label tells the amount of an ingredient in one serving. Magnesium, calcium and vitamin D mostly
have a line of their own. Antacids and some foreign products name a compound instead, whose share of
the element is known. A blend names its components but not their amounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

MILLIGRAM, IU, MICROGRAM, GRAM, MICROGRAM_DFE = 1, 2, 4, 5, 32
"""Codes of DSDUNIT that are amounts; percent, parts per million, trace and unknown are not."""

IU_PER_MICROGRAM = 40.0
"""Vitamin D; DSII's documentation, Appendix 2."""


@dataclass(frozen=True)
class Nutrient:
    """A nutrient as labels tell it.

    Parameters
    ----------
    name, unit : str
        The unit of an amount; the intake is the same a day.
    ingredient : int
        Number (DSDIID) of the line that tells the nutrient itself.
    units : mapping of int to float
        Nutrient units in one of a label's units, by DSDUNIT.
    compounds : mapping of int to float
        Share of the nutrient, by mass, in compounds that labels tell instead, by DSDIID.
    released : str
        Ending of the CDC's own amounts: DSQI… a product, DSQT… a person, from 2007 on.
    """

    name: str
    unit: str
    ingredient: int
    units: Mapping[int, float]
    compounds: Mapping[int, float]
    released: str


_TO_MILLIGRAM = {MILLIGRAM: 1.0, MICROGRAM: 0.001, GRAM: 1000.0}

NUTRIENTS: Mapping[str, Nutrient] = MappingProxyType(
    {
        nutrient.name: nutrient
        for nutrient in (
            Nutrient(
                "magnesium",
                "mg",
                231,
                MappingProxyType(_TO_MILLIGRAM),
                MappingProxyType(
                    {
                        544: 0.417,  # hydroxide: Appendix 2
                        556: 0.289,  # carbonate: Appendix 2
                        616: 0.277,  # phosphate, tribasic: Appendix 2
                        2054: 0.183,  # trisilicate: Appendix 2
                        13643: 0.0842,  # aspartate: Appendix 2
                        572: 24.305 / 40.304,  # oxide: molar masses
                    }
                ),
                "MAGN",
            ),
            Nutrient(
                "calcium",
                "mg",
                63,
                MappingProxyType(_TO_MILLIGRAM),
                MappingProxyType(
                    {
                        543: 0.400,  # carbonate: Appendix 2
                        4003: 0.129,  # L-threonate: Appendix 2
                        1053: 40.078 / 210.14,  # glycerophosphate: molar masses
                        1480: 40.078 / 136.06,  # dibasic phosphate: molar masses
                        5028: 40.078 / 136.06,  # the same by another name
                        3369: 40.078 / 390.31,  # ascorbate: molar masses
                    }
                ),
                "CALC",
            ),
            Nutrient(
                "vitamin_d",
                "microgram",
                364,
                MappingProxyType(
                    {
                        IU: 1 / IU_PER_MICROGRAM,
                        MICROGRAM: 1.0,
                        MILLIGRAM: 1000.0,
                        # One product (DSDPID 23306) has 50 'mcg DFE', a unit of folate; the CDC's
                        # own amount for it, 1.3 micrograms, takes them for IU.
                        MICROGRAM_DFE: 1 / IU_PER_MICROGRAM,
                    }
                ),
                MappingProxyType({}),
                "VD",
            ),
        )
    }
)
"""The nutrients by name.

Source of the shares: documentation of DSII (2025), Appendix 2. Where that gives none for a compound
that the products of people name, the share follows from molar masses if the compound is one
substance. Coral, bone, clay, chelates, calcium polycarbophil and other compounds of unknown
composition add nothing unless the label tells the element.
"""

ORIGINS = ("not in it", "own line", "compound", "no usable amount", "in a blend")
"""Where the amount of a nutrient in a product comes from."""


def product_contents(
    products: pd.DataFrame,
    ingredients: pd.DataFrame,
    blends: pd.DataFrame,
    nutrients: Sequence[Nutrient] = tuple(NUTRIENTS.values()),
) -> pd.DataFrame:
    """Amounts in one serving of every product, by its label.

    The nutrient's own line counts alone where the label has one: a compound that is named beside it
    is where it comes from, and would count twice. Else the compounds of known composition count.
    A product that only has the nutrient in a blend, or in a unit that is no amount, carries an
    amount that nobody knows.

    Parameters
    ----------
    products : DataFrame
        DSPI: DSDPID, DSDSUPID, DSDSERVQ, DSDSERVU, DSDPRDT.
    ingredients : DataFrame
        DSII: DSDPID, DSDIID, DSDQTY, DSDUNIT.
    blends : DataFrame
        DSBI: DSDIID (of the blend), DSDBID (of the component).
    nutrients : sequence of Nutrient
        Which to look for.

    Returns
    -------
    DataFrame
        Indexed by DSDPID, with ``supplement_id``, ``size`` and ``size_unit`` of a serving, ``kind``
        (1 a product, 2 generic, 3 default) and, for each nutrient, its amount under its name (0
        where it is not in it, NaN where it is but nobody knows how much) and its origin, one of
        `ORIGINS`, under ``<name>_origin``.
    """
    found = products.set_index("DSDPID")[["DSDSUPID", "DSDSERVQ", "DSDSERVU", "DSDPRDT"]]
    found.columns = pd.Index(["supplement_id", "size", "size_unit", "kind"])
    for nutrient in nutrients:
        own = _amounts(ingredients, nutrient, {nutrient.ingredient: 1.0})
        compound = _amounts(ingredients, nutrient, nutrient.compounds)
        blended = _with_blend(ingredients, blends, nutrient)
        index = found.index
        has_own, has_compound = index.isin(own.index), index.isin(compound.index)
        amount = np.select(
            [has_own, has_compound, index.isin(blended)],
            [own.reindex(index), compound.reindex(index), np.full(len(index), np.nan)],
            default=0.0,
        )
        none, line, part, no_amount, blend = ORIGINS
        found[nutrient.name] = amount
        found[f"{nutrient.name}_origin"] = np.select(
            [(has_own | has_compound) & np.isnan(amount), has_own, has_compound, np.isnan(amount)],
            [no_amount, line, part, blend],
            default=none,
        )
    return found


def _amounts(
    ingredients: pd.DataFrame, nutrient: Nutrient, shares: Mapping[int, float]
) -> pd.Series:
    """Sum over a product's lines of some ingredients; NaN where one has no usable amount."""
    lines = ingredients[ingredients["DSDIID"].isin(list(shares))]
    amount = lines["DSDQTY"] * lines["DSDIID"].map(shares) * lines["DSDUNIT"].map(nutrient.units)
    product = lines["DSDPID"]
    return amount.groupby(product).sum().mask(amount.isna().groupby(product).any())


def _with_blend(ingredients: pd.DataFrame, blends: pd.DataFrame, nutrient: Nutrient) -> pd.Index:
    """Products with a blend that names the nutrient, or a compound of it."""
    wanted = [nutrient.ingredient, *nutrient.compounds]
    named = blends.loc[blends["DSDBID"].isin(wanted), "DSDIID"]
    return pd.Index(ingredients.loc[ingredients["DSDIID"].isin(named), "DSDPID"].unique())
