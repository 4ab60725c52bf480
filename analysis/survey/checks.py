"""What a design's columns must be."""

from __future__ import annotations

from collections.abc import Mapping

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
            remedy="Rows outside the weight's subsample stay in the design with weight 0.",
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
            remedy="Every row of the sample has its place in the design.",
        )
    return values


def population(frame: pd.DataFrame, name: str, structure: Structure) -> np.ndarray:
    """Take the PSUs of each stratum in the population, shape (H,).

    The column holds them, or, if no value is above 1, the sampling fractions of the first stage.

    Raises
    ------
    InputError
        If a value is missing, negative or infinite, one stratum has two, numbers of PSUs and
        fractions are mixed, or a stratum has fewer PSUs in the population than in the sample.
    """
    values = as_numbers(complete(frame, name, "fpc"), f"fpc '{name}'")
    if (values < 0).any():
        raise InputError(f"fpc '{name}' is negative in {int((values < 0).sum()):,} rows")
    if (values > 1).any() and (values < 1).any():
        raise InputError(
            f"fpc '{name}' mixes numbers of PSUs with sampling fractions",
            remedy="Give the PSUs of each stratum in the population, or the part of them drawn.",
        )
    stratum = structure.stratum[structure.psu]
    each = np.empty(len(structure.labels))
    each[stratum] = values
    uneven = stratum[each[stratum] != values]
    if len(uneven):
        raise InputError(f"fpc '{name}' varies within stratum {structure.labels[uneven[0]]}")
    sizes = structure.psus_in_stratum
    if not (values > 1).any():
        return np.divide(sizes, each, out=np.full(len(each), np.inf), where=each > 0)
    short = np.flatnonzero(each < sizes)
    if len(short):
        h = short[0]
        raise InputError(
            f"stratum {structure.labels[h]} has {sizes[h]} PSUs in the sample but {each[h]:g} in "
            f"the population",
            where=f"column '{name}'",
        )
    return each


def refuse_options(options: Mapping[str, object], combined: bool, mse: bool) -> None:
    """Refuse what only given replicate weights have.

    Raises
    ------
    InputError
        With the first such option.
    """
    said = [name for name, value in options.items() if value is not None]
    said += ["combined"] * (not combined) + ["mse"] * mse
    if said:
        raise InputError(
            f"'{said[0]}' is for replicate weights, and there are none",
            remedy="Name their columns in replicates=, or make them by as_replicates().",
        )


def refuse_structure(options: dict[str, str | None]) -> None:
    """Refuse strata, PSUs and their correction beside given replicate weights.

    Raises
    ------
    InputError
        With the first of them.
    """
    said = [name for name, value in options.items() if value is not None]
    if said:
        raise InputError(
            f"'{said[0]}' and replicate weights are two designs of one sample",
            remedy="Give either; a finite population correction is part of rscales.",
        )


def refuse_lonely(structure: Structure, strata: str | None) -> None:
    """Refuse a stratum with a single PSU.

    Raises
    ------
    InputError
        With the first such stratum and its size.
    """
    lonely = np.flatnonzero(structure.lonely)
    if len(lonely):
        rows = int((structure.stratum[structure.psu] == lonely[0]).sum())
        label = structure.labels[lonely[0]]
        more = f", and so have {len(lonely) - 1} others" if len(lonely) > 1 else ""
        raise InputError(
            f"stratum {label} has a single PSU ({rows:,} rows){more}",
            where=f"column '{strata}'" if strata else "",
            remedy="Choose lonely_psu from adjust, average, remove and certainty, or combine "
            "strata.",
        )
