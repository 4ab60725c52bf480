r"""Direct standardisation: means as they would be if all groups had the same make-up.

With :math:`\pi_k` the part of the standard population in cell k (an age group, say) and
:math:`\bar y_k` the mean of the sample's rows in it, the standardised mean is
:math:`\sum_k \pi_k \bar y_k`. The parts are known numbers; that of the sample in each cell is
estimated and of no matter. The linearised variable is therefore the deviation from the mean of the
row's own cell,

.. math:: z_i = \pi_k \frac{w_i}{W_k} (y_i - \bar y_k),

which is the delta method for the sum of domain means (SUDAAN's STDVAR and STDWGT, Stata's
``stdize`` and ``stdweight``) and the same number as the variance after post-stratification to the
standard within each group (R's ``svystandardize``, which gives its weights to ``postStratify``).

References
----------
Kitagawa EM (1964). Standardized comparisons in population research. Demography 1:296-315.
Korn EL, Graubard BI (1999). Analysis of Health Surveys. Wiley, section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.estimates import Statistic


@dataclass(frozen=True)
class Cells:
    """The cells of a standard population, and which rows of a sample lie in which.

    Attributes
    ----------
    name : str
        The variable, or variables, whose categories they are.
    labels : Index, length k
        Tuples where there is more than one variable.
    shares : array, shape (k,)
        Parts of the standard population; their sum is 1.
    codes : int array, shape (n,)
        Cell of each row; -1 for those in none.
    """

    name: str
    labels: pd.Index
    shares: np.ndarray
    codes: np.ndarray

    @property
    def statistic(self) -> Statistic:
        """The standardised mean; of `x` of shape (m, 2) the columns are values and codes."""
        return Statistic(self._mean, self._scores)

    def _means(self, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and weights of the cells, shape (k,) or (k, r)."""
        inside = (x[:, 1] == np.arange(len(self.shares))[:, None]).astype(float)
        weight = inside @ w
        return (inside * x[:, 0]) @ w / weight, weight

    def _mean(self, x: np.ndarray, w: np.ndarray, n: int) -> Any:
        return self.shares @ self._means(x, w)[0]

    def _scores(self, x: np.ndarray, w: np.ndarray, n: int) -> np.ndarray:
        means, weight = self._means(x, w)
        code = x[:, 1].astype(np.intp)
        return w * (self.shares / weight)[code] * (x[:, 0] - means[code])

    def refuse_empty(self, group: dict[str, Any], code: np.ndarray) -> None:
        """Check that a group has somebody in every cell.

        R's ``svystandardize`` (with a warning) and SUDAAN leave an empty cell out, so that groups
        are standardised to different populations.
        """
        empty = np.flatnonzero(np.bincount(code.astype(np.intp), minlength=len(self.labels)) == 0)
        if len(empty):
            where = " and ".join(f"{name} = {label}" for name, label in group.items())
            raise InputError(
                f"no row with a value and a positive weight has {self.name} = "
                f"{self.labels[empty[0]]}" + (f" where {where}" if where else ""),
                remedy="Merge categories in the data and in the population, or leave the group "
                "out of the domain.",
            )


def cells(keys: dict[str, pd.Series], population: Any, rows: np.ndarray) -> Cells:
    """Find the cell of each row.

    Parameters
    ----------
    keys : dict of str to Series of length n
        The variables whose categories are the cells.
    population : mapping or Series
        Category (a tuple of them for several variables, in order) to its size or part.
    rows : int array
        Rows of the domain that count; a row with a missing category is in no cell.

    Raises
    ------
    InputError
        If the population is not of positive numbers, or lacks a category of `rows`.
    """
    name = " and ".join(keys) if len(keys) == 1 else f"({', '.join(keys)})"
    labels, shares = _shares(population, name)
    missing = np.any([values.isna() for values in keys.values()], axis=0)
    columns = [pd.Index(values, dtype=object) for values in keys.values()]
    found = columns[0] if len(keys) == 1 else pd.MultiIndex.from_arrays(columns).to_flat_index()
    codes = labels.get_indexer(found)
    codes[missing] = -1
    strangers = rows[(codes[rows] < 0) & ~missing[rows]]
    if len(strangers):
        raise InputError(
            f"the standard population has no weight for {name} = {found[strangers[0]]} "
            f"({len(strangers):,} rows outside its categories)",
            remedy="Give one, or leave these rows out of the domain.",
        )
    return Cells(name, labels, shares, codes)


def _shares(population: Any, name: str) -> tuple[pd.Index, np.ndarray]:
    if not isinstance(population, Mapping | pd.Series):
        raise InputError(
            f"the population must be a mapping or a Series, not {type(population).__name__}",
            remedy=f"For example {{category of {name}: size, ...}}.",
        )
    labels = pd.Index(list(population.keys()), dtype=object, tupleize_cols=False)
    if not labels.is_unique:
        raise InputError(f"the population has {name} = {labels[labels.duplicated()][0]} twice")
    try:
        sizes = np.array([float(size) for _, size in population.items()])
    except (TypeError, ValueError) as error:
        raise InputError(f"the population of {name} must be of numbers: {error}") from error
    bad = np.flatnonzero(~(np.isfinite(sizes) & (sizes > 0)))
    if len(bad):
        raise InputError(
            f"the population of {name} = {labels[bad[0]]} is {sizes[bad[0]]:g}, not positive",
            remedy="Leave such categories out of the population and of the domain.",
        )
    if not len(sizes):
        raise InputError(f"the population of {name} is empty")
    return labels, sizes / sizes.sum()


def n_effective(share: Cells, x: np.ndarray, w: np.ndarray, std_error: float) -> float:
    r"""Effective sample size of a standardised proportion.

    The rows n over the design effect, whose denominator is the variance from simple random samples
    of the :math:`n_k` rows in each cell, :math:`\sum_k \pi_k^2 p_k (1 - p_k) / n_k`, as the NCHS
    has it for age-adjusted proportions.

    Parameters
    ----------
    share : Cells
    x : array, shape (m, 2)
        Values and codes of the rows of positive weight.
    w : array, shape (m,)
    std_error : float
        Of the standardised proportion.
    """
    p, _ = share._means(x, w)
    counts = np.bincount(x[:, 1].astype(np.intp), minlength=len(p))
    simple = float(share.shares**2 @ (p * (1 - p) / counts))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(len(x) * simple, std_error**2))
