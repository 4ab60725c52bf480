"""Dose groups of an exposure: cut points, members, medians."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.names import NOBODY, group_names
from analysis.survey import Design
from analysis.survey.intervals import weighted_quantile


@dataclass(frozen=True)
class Doses:
    """Dose groups of an exposure within a cohort.

    Parameters
    ----------
    levels : tuple of str
        ``("Q1", ..., "Q4")``, lowest first; of users ``("None", "T1", ...)``.
    cuts : ndarray of float, shape (groups - 1,)
        A value equal to a cut point belongs to the group below it, as quantiles have it; to the
        group above it where cut points are `fixed`. Of users the first is 0.
    group : Series of category, length n
        Of everyone in the frame with a value, so that the groups are those of the cohort.
    medians : ndarray of float, shape (groups,)
        Weighted median of the exposure of the cohort's members in each group.
    fixed : bool
        Whether the cut points were given rather than taken as quantiles.
    """

    levels: tuple[str, ...]
    cuts: np.ndarray
    group: pd.Series
    medians: np.ndarray
    fixed: bool = False

    def scores(self) -> pd.Series:
        """Give everyone the median of their group, NaN outside: the term of the trend test."""
        codes = self.group.cat.codes.to_numpy()
        values = np.where(codes < 0, np.nan, self.medians[np.clip(codes, 0, None)])
        return pd.Series(values, index=self.group.index)

    @property
    def spread(self) -> float:
        """From the lowest group's median to the highest's: in its units scores are well scaled."""
        return float(self.medians[-1] - self.medians[0])

    def range_of(self, i: int, unit: str) -> str:
        """Say the range of group `i` in words, for example ``"> 182 to 254 mg/day"``."""
        text = [f"{cut:,.4g}" if abs(cut) < 1000 else f"{cut:,.0f}" for cut in self.cuts]
        unit = f" {unit}" if unit else ""
        if self.fixed:
            end = f"< {text[i]}{unit}" if i < len(text) else ""
            return f"{text[i - 1]} to {end}" if i and end else end or f"≥ {text[-1]}{unit}"
        if i == 0:
            return f"0{unit}" if self.levels[0] == NOBODY else f"≤ {text[0]}{unit}"
        if i == len(self.cuts):
            return f"> {text[-1]}{unit}"
        return f"> {text[i - 1]} to {text[i]}{unit}"


def dose_groups(
    cohort: Design,
    frame: pd.DataFrame,
    column: str,
    groups: int,
    *,
    weighted: bool,
    users: bool = False,
    cuts: Sequence[float] = (),
) -> Doses:
    """Split an exposure into groups of equal size, or at given values.

    Parameters
    ----------
    cohort : Design
        The domain in which the cut points are taken.
    frame : DataFrame, n rows
        The design's data.
    column : str
        The exposure.
    groups : int
        How many.
    weighted : bool
        Whether the groups hold equal shares of the population or of the sample.
    users : bool, default False
        Whether the groups are of those above 0, beside one more of those at 0.
    cuts : sequence of float, optional
        Where each group but the lowest begins, which then decide instead of quantiles.

    Returns
    -------
    Doses

    Raises
    ------
    InputError
        If the exposure takes too few values for so many groups, or nobody is in one.
    """
    levels = group_names(groups, users=users, fixed=bool(cuts))
    values = frame[column].to_numpy(float)
    ends = np.asarray(cuts, dtype=float)
    if not len(ends):
        try:
            ends = quantile_ends(
                cohort, values, groups, weighted=weighted, users=users, name=column
            )
        except InputError as error:
            remedy = "Take fewer groups." if users else error.remedy
            raise InputError(error.what, where="exposure", remedy=remedy) from None
    codes = group_codes(values, ends, fixed=bool(cuts))
    group = pd.Series(pd.Categorical.from_codes(codes, list(levels)), index=frame.index)
    medians = np.array(
        [_median(cohort.where(codes == i), column, levels[i]) for i in range(len(levels))]
    )
    return Doses(levels, ends, group, medians, fixed=bool(cuts))


def quantile_ends(
    cohort: Design, values: np.ndarray, groups: int, *, weighted: bool, users: bool, name: str
) -> np.ndarray:
    """Find where quantile groups end; of users the first is 0.

    Parameters and errors are those of `cut_points`, which divides those above 0 of users.
    """
    divided = cohort.where(values > 0) if users else cohort
    cuts = cut_points(divided, values, groups, weighted=weighted, name=name)
    return np.append(0.0, cuts) if users else cuts


def group_codes(values: np.ndarray, ends: np.ndarray, *, fixed: bool) -> np.ndarray:
    """Give everyone the number of their group, from 0; -1 without a value.

    A value at an end belongs to the group below it, or above it where ends are `fixed`.
    """
    side: Literal["left", "right"] = "right" if fixed else "left"
    return np.where(np.isnan(values), -1, np.searchsorted(ends, values, side=side))


def cut_points(
    divided: Design, values: np.ndarray, groups: int, *, weighted: bool, name: str
) -> np.ndarray:
    """Find where groups of equal size end.

    Parameters
    ----------
    divided : Design
        The domain that is divided.
    values : ndarray of float, shape (n,)
        Of all rows of the design; missing values are left out.
    groups : int
        How many.
    weighted : bool
        Whether the groups hold equal shares of the population or of the sample.
    name : str
        What the values are called, for errors.

    Returns
    -------
    ndarray of float, shape (groups - 1,)

    Raises
    ------
    InputError
        If nobody has a value, or there are too few different ones.
    """
    shares = np.arange(1, groups) / groups
    known = members(divided) & np.isfinite(values)
    if not known.any():
        raise InputError(f"nobody has a value of {name} to be divided", where="exposure")
    if weighted:
        cuts = weighted_quantiles(divided, values, shares.tolist())
    else:
        cuts = np.quantile(values[known], shares, method="inverted_cdf")
    # The largest value may not be a cut point: nobody would be above it.
    if not np.all(np.diff(cuts) > 0) or cuts[-1] >= values[known].max():
        raise InputError(
            f"{name} takes too few values to be split into {groups} groups (cut points "
            f"{', '.join(f'{cut:g}' for cut in cuts)})",
            where="exposure",
            remedy='Take fewer groups, or split="users" where many are at 0.',
        )
    return cuts


def _median(group: Design, column: str, level: str) -> float:
    if not len(group.rows):
        raise InputError(
            f"nobody in the cohort belongs to the group {level} of {column}",
            where="exposure",
            remedy="Take another split or other groups.",
        )
    return float(weighted_quantiles(group, column, [0.5])[0])


def members(domain: Design) -> np.ndarray:
    """Say who is in a domain, with a positive weight: a bool a row of the design's frame."""
    inside = np.zeros(len(domain.frame), dtype=bool)
    inside[domain.rows] = True
    return inside


def weighted_quantiles(
    domain: Design, column: str | np.ndarray, shares: Sequence[float]
) -> np.ndarray:
    """Weighted quantiles: the smallest value with at least the share of weight at or below it.

    Parameters
    ----------
    domain : Design
        A design or a domain of one.
    column : str or ndarray of float, shape (n,)
        A continuous column, or values of all rows; missing ones are left out.
    shares : sequence of float, length k
        Between 0 and 1.

    Returns
    -------
    ndarray of float, shape (k,)
    """
    values = column if isinstance(column, np.ndarray) else domain.frame[column].to_numpy(float)
    known = members(domain) & np.isfinite(values)
    if not known.any():
        return domain.quantile(column, list(shares)).frame["estimate"].to_numpy()
    order = np.argsort(values[known], kind="stable")
    x, weights = values[known][order], domain.weights[known][order]
    # The estimates of `Design.quantile` without its intervals, which cost ten times as much.
    return np.array([weighted_quantile(x, weights, share, "math") for share in shares])
