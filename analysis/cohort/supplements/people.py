"""From what each product gives to a person's intake from supplements and antacids."""

from __future__ import annotations

import numpy as np
import pandas as pd

COMPLETENESS = ("All known", "Known in part", "Not known")
"""Whether the amounts behind a person's intake are known; who took no product has all known."""


def intake(amounts: pd.DataFrame, nutrient: str, none_taken: pd.Series) -> pd.Series:
    """Add up a person's intake a day of one nutrient.

    The known amounts of a person's products are added up, as in the CDC's totals from 2007 on: an
    unknown amount beside a known one is left out (`completeness` tells for whom). Who took only
    unknown amounts has no intake, rather than 0. Who took nothing, or nothing that carries the
    nutrient, has 0.

    Parameters
    ----------
    amounts : DataFrame
        From `daily_amounts`.
    nutrient : str
        Its name.
    none_taken : Series of bool
        Who reported that they took no supplement and no antacid, indexed by SEQN.

    Returns
    -------
    Series of float
        In the nutrient's unit a day; NaN where unknown.
    """
    people = none_taken.index
    state = _states(amounts, nutrient, people)
    total = amounts[nutrient].groupby(amounts["SEQN"]).sum().reindex(people)
    known = state["known"] | (state["any"] & ~state["unknown"])
    return total.where(known, np.where(none_taken & ~state["any"], 0.0, np.nan))


def completeness(amounts: pd.DataFrame, nutrients: list[str], none_taken: pd.Series) -> pd.Series:
    """Whether all amounts behind a person's intakes are known.

    Parameters
    ----------
    amounts, none_taken
        As for `intake`.
    nutrients : list of str
        The worst of them counts.

    Returns
    -------
    Series of str
        Of `COMPLETENESS`; None where it is not known whether anything was taken.
    """
    people = none_taken.index
    whole, part, nothing = COMPLETENESS
    states = [_states(amounts, nutrient, people) for nutrient in nutrients]
    lost = np.any([state["unknown"] & ~state["known"] for state in states], axis=0)
    partly = np.any([state["unknown"] for state in states], axis=0)
    answered = none_taken.to_numpy() | states[0]["any"].to_numpy()
    chosen = np.select(
        [~answered, lost, partly], np.array([None, nothing, part], dtype=object), default=whole
    )
    return pd.Series(chosen, index=people, dtype=object)


def carries(amounts: pd.DataFrame, nutrient: str, none_taken: pd.Series) -> pd.Series:
    """Whether a person took a product with the nutrient, be its amount known or not.

    Parameters
    ----------
    amounts, nutrient, none_taken
        As for `intake`.

    Returns
    -------
    Series of float
        1 or 0; NaN where no product is known to carry it but one could not be identified, or
        where it is not known whether anything was taken.
    """
    people = none_taken.index
    origin = amounts[f"{nutrient}_origin"]
    carried = _any(~origin.isin(["", "not in it"]), amounts, people)
    unidentified = _any(origin == "", amounts, people)
    answered = none_taken | _any(origin.notna(), amounts, people)
    found = np.select([carried, unidentified | ~answered], [1.0, np.nan], default=0.0)
    return pd.Series(found, index=people)


def _states(amounts: pd.DataFrame, nutrient: str, people: pd.Index) -> pd.DataFrame:
    """For each person: any record, any known amount of a product that carries it, any unknown."""
    unknown = amounts[nutrient].isna()
    carried = ~amounts[f"{nutrient}_origin"].isin(["", "not in it"])
    return pd.DataFrame(
        {
            "any": _any(unknown | True, amounts, people),
            "known": _any(carried & ~unknown, amounts, people),
            "unknown": _any(unknown, amounts, people),
        }
    )


def _any(mask: pd.Series, amounts: pd.DataFrame, people: pd.Index) -> pd.Series:
    return pd.Series(people.isin(amounts.loc[mask, "SEQN"]), index=people)
