"""A nutrient from foods: grams eaten times what a gram of the food holds, looked up by food code.

The recalls of 2001-2006 list every food with its code and grams but tell no vitamin D; those of
2007-2008 and 2009-2010 tell vitamin D food by food. Codes are the USDA's, of eight digits that go
from the large to the small: the first is the food group (1 milk, 2 meat and fish, 3 eggs, ...).

Source: USDA Food and Nutrient Database for Dietary Studies (FNDDS), documentation of the food
coding scheme; the same codes are in every cycle's table of individual foods.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DIGITS = 8
"""Digits of a USDA food code."""

Match = Literal["own", "nearest", "none"]
MATCHES: tuple[Match, ...] = ("own", "nearest", "none")
"""Whose value a food takes: that of its own code, of the nearest code of its group, or no one's."""


def per_gram(records: pd.DataFrame) -> pd.Series:
    """Amount of a nutrient in a gram of each food: the sum of amounts over the sum of grams.

    Recalls give amounts to a tenth of a microgram, too coarse for the gram of a small portion. Sums
    let the roundings cancel and give large portions, which are known best, the most weight; a
    median of portions would put to 0 what is eaten in portions too small to show their vitamin D.

    Parameters
    ----------
    records : DataFrame
        Food code, grams and amount of the nutrient, in this order, a row a food of a recall. Rows
        without grams or amount (human milk) are left out.

    Returns
    -------
    Series of float
        Amount a gram, by food code (int), in increasing order.
    """
    code, grams, amount = (records.iloc[:, place] for place in range(3))
    known = (grams > 0) & amount.notna()
    codes = code[known].astype("int64")
    return amount[known].groupby(codes).sum() / grams[known].groupby(codes).sum()


def first_known(*books: pd.Series) -> pd.Series:
    """One value a code: that of the first book that has the code.

    Parameters
    ----------
    *books : Series of float
        From `per_gram`, the preferred first.
    """
    found = books[0]
    for book in books[1:]:
        found = found.combine_first(book)
    return found.sort_index()


def nearest_code(code: int, known: NDArray[np.int64]) -> int | None:
    """Find the code that shares most leading digits, and of these the nearest number.

    Codes of one food group with equal leading digits are kinds of one food, so shared digits come
    first: 11119999 is taken for 11110000 rather than for 11120000, which is nearer as a number.

    Parameters
    ----------
    code : int
        A food code.
    known : ndarray of int, shape (n,)
        The codes to choose from, in increasing order.

    Returns
    -------
    int or None
        Of two equally near the smaller; None if none is of the same group (first digit).
    """
    for shared in range(DIGITS, 0, -1):
        width = 10 ** (DIGITS - shared)
        low = code // width * width
        alike = known[np.searchsorted(known, low) : np.searchsorted(known, low + width)]
        if len(alike):
            return int(alike[np.argmin(np.abs(alike - code))])
    return None


def match_codes(codes: pd.Series, book: pd.Series) -> pd.DataFrame:
    """Look up every code that was eaten.

    Parameters
    ----------
    codes : Series
        Food codes, in any order and number.
    book : Series of float
        Amount a gram by code, as `first_known` gives it.

    Returns
    -------
    DataFrame
        A row a distinct code (the index): ``used``, the code whose value is taken (itself, the
        nearest, or missing), ``match``, one of `MATCHES`, and ``per_gram``.
    """
    eaten = np.unique(codes.dropna().to_numpy()).astype("int64")
    known = book.index.to_numpy(dtype="int64")
    own = np.isin(eaten, known)
    used = [
        int(code) if is_known else nearest_code(int(code), known)
        for code, is_known in zip(eaten, own, strict=True)
    ]
    found = pd.DataFrame(
        {"used": pd.array(used, dtype="Int64")}, index=pd.Index(eaten, name="code")
    )
    names = np.where(own, "own", np.where(found["used"].isna(), "none", "nearest"))
    found["match"] = pd.Categorical(names, categories=list(MATCHES))
    found["per_gram"] = book.reindex(found["used"].astype("float64")).to_numpy()
    return found


def day_total(foods: pd.DataFrame, book: pd.Series, people: pd.Index) -> pd.Series:
    """Total of a day: the sum over a person's foods of grams times amount a gram.

    Parameters
    ----------
    foods : DataFrame
        Person, food code and grams, in this order, a row a food.
    book : Series of float
        Amount a gram by code.
    people : Index
        Whose totals are wanted.

    Returns
    -------
    Series of float
        Missing for people without a food, and where one food has no grams or no value: nobody's
        total is taken from a part of their foods.
    """
    person, code, grams = (foods.iloc[:, place] for place in range(3))
    values = match_codes(code, book)["per_gram"]
    amounts = code.map(values) * grams
    total = amounts.groupby(person).sum()
    return total.mask(amounts.isna().groupby(person).any()).reindex(people)


def match_counts(foods: pd.DataFrame, book: pd.Series) -> pd.DataFrame:
    """Count how foods were looked up.

    Parameters
    ----------
    foods : DataFrame
        As for `day_total`.
    book : Series of float
        Amount a gram by code.

    Returns
    -------
    DataFrame
        A row each of `MATCHES`: ``codes``, ``records``, ``grams`` and ``amount`` (the nutrient that
        they bring to all people together).
    """
    code, grams = foods.iloc[:, 1], foods.iloc[:, 2]
    matched = match_codes(code, book)
    how = pd.Categorical(code.map(matched["match"].astype(str)), categories=list(MATCHES))
    rows = pd.DataFrame({"grams": grams, "amount": code.map(matched["per_gram"]) * grams})
    by = rows.groupby(how, observed=False)
    return pd.DataFrame(
        {
            "codes": matched["match"].value_counts(sort=False).reindex(list(MATCHES)),
            "records": by.size(),
            "grams": by["grams"].sum(),
            "amount": by["amount"].sum(),
        }
    ).rename_axis("match")
