"""What a design's columns must be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.columns import as_numbers, column
from analysis.survey.variance import Structure


def weights(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Take the sampling weights, shape (n,).

    Raises
    ------
    InputError
        If one is missing, negative or infinite, or all are zero.
    """
    values = column(frame, name, "weights")
    array = as_numbers(values, f"weight '{name}'")
    if np.isnan(array).any():
        raise InputError(
            f"weight '{name}' is missing in {int(np.isnan(array).sum()):,} rows",
            todo="Rows outside the weight's subsample stay in the design with weight 0.",
        )
    if (array < 0).any():
        raise InputError(f"weight '{name}' is negative in {int((array < 0).sum()):,} rows")
    if not (array > 0).any():
        raise InputError(f"weight '{name}' is zero in all {len(frame):,} rows")
    return array


def complete(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    """Take the column of strata or PSUs.

    Raises
    ------
    InputError
        If a value is missing.
    """
    values = column(frame, name, role)
    if values.isna().any():
        raise InputError(
            f"{role} column '{name}' is missing in {int(values.isna().sum()):,} rows",
            todo="Every row of the sample has its place in the design.",
        )
    return values


def refuse_lonely(structure: Structure, strata: str | None) -> None:
    """Refuse a stratum with a single PSU.

    Raises
    ------
    InputError
        With the first such stratum and its size.
    """
    lonely = np.flatnonzero(structure.psus_in_stratum == 1)
    if len(lonely):
        rows = int((structure.stratum[structure.psu] == lonely[0]).sum())
        label = structure.labels[lonely[0]]
        more = f", and so have {len(lonely) - 1} others" if len(lonely) > 1 else ""
        raise InputError(
            f"stratum {label} has a single PSU ({rows:,} rows){more}",
            where=f"column '{strata}'" if strata else "",
            todo="Choose lonely_psu from adjust, average, remove and certainty, or combine strata.",
        )
