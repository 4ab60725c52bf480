"""Taylor-linearised variance of totals of scores under stratified, clustered sampling.

Every estimator of this package reduces to a total of scores (its influence function times the
weight), so that this is the only place where the sampling design enters a standard error.

A finite population correction, if there is one, is that of the first stage.

References
----------
Binder DA (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review 51:279-292.
Lumley T (2010). Complex Surveys: A Guide to Analysis Using R. Wiley, chapters 2 and appendix C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.survey.products import cross

LonelyPSU = Literal["fail", "adjust", "average", "remove", "certainty"]
CENSUS = 1e-7
"""Part of a stratum left out below which it counts as drawn whole, as in R."""


@dataclass(frozen=True)
class Structure:
    """Strata and primary sampling units of a sample, as codes.

    Parameters
    ----------
    psu : int array, shape (n,)
        Code of each row's PSU, from 0 to P - 1; the same label in two strata has two codes.
    stratum : int array, shape (P,)
        Code of each PSU's stratum, from 0 to H - 1.
    labels : Index, shape (H,)
        The strata as the user named them.
    population : array, shape (H,)
        PSUs of each stratum in the population; infinite where there is no correction.
    """

    psu: np.ndarray
    stratum: np.ndarray
    labels: pd.Index
    population: np.ndarray

    @property
    def correction(self) -> np.ndarray:
        """Finite population corrections 1 - n / N, shape (H,); 0 if every PSU was drawn."""
        left = 1 - self.psus_in_stratum / self.population
        return np.where(left < CENSUS, 0.0, left)

    @property
    def lonely(self) -> np.ndarray:
        """Whether each stratum has a single PSU of several in the population: bool, shape (H,)."""
        return (self.psus_in_stratum == 1) & (self.correction > 0)

    @property
    def psus_in_stratum(self) -> np.ndarray:
        """PSUs in each stratum of the whole sample, shape (H,)."""
        return np.bincount(self.stratum, minlength=len(self.labels))

    def present(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tell which PSUs and which strata have at least one of `rows`.

        Parameters
        ----------
        rows : int array, shape (m,)
            Positions of rows.

        Returns
        -------
        psus : bool array, shape (P,)
        strata : bool array, shape (H,)
        """
        psus = np.zeros(len(self.stratum), dtype=bool)
        psus[self.psu[rows]] = True
        strata = np.zeros(len(self.labels), dtype=bool)
        strata[self.stratum[psus]] = True
        return psus, strata


def factorise(
    n: int, strata: pd.Series | None, psu: pd.Series | None, *, nest: bool
) -> tuple[Structure, list]:
    """Turn the labels of strata and PSUs into codes.

    Parameters
    ----------
    n : int
        Rows of the sample.
    strata, psu : Series of length n, or None
        Without strata the sample is one stratum; without PSUs every row is one.
    nest : bool
        Whether a PSU's label counts anew in each stratum.

    Returns
    -------
    structure : Structure
    straddling : list
        Labels of PSUs found in more than one stratum; always empty where `nest` is true.
    """
    if strata is None:
        row_stratum, labels = np.zeros(n, dtype=np.intp), pd.Index(["whole sample"])
    else:
        row_stratum, labels = pd.factorize(strata, sort=True)
        labels = pd.Index(labels)
    endless = np.full(len(labels), np.inf)
    if psu is None:
        return Structure(np.arange(n), row_stratum, labels, endless), []
    row_psu, psu_labels = pd.factorize(psu)
    pairs, codes = np.unique(row_stratum * len(psu_labels) + row_psu, return_inverse=True)
    straddling: list = []
    if not nest:
        strata_of_label = np.bincount(pairs % len(psu_labels), minlength=len(psu_labels))
        straddling = list(psu_labels[strata_of_label > 1])
    return Structure(codes, pairs // len(psu_labels), labels, endless), straddling


def degrees_of_freedom(structure: Structure, rows: np.ndarray) -> int:
    """Count the PSUs minus the strata that have at least one of `rows`.

    Parameters
    ----------
    structure : Structure
    rows : int array
        Positions of the rows with positive weight in the domain.

    Returns
    -------
    int
        The design's degrees of freedom in the domain, as R's ``degf``.
    """
    psus, strata = structure.present(rows)
    return int(psus.sum() - strata.sum())


def totals_by(codes: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Add up rows by code.

    Parameters
    ----------
    codes : int array, shape (m,)
        From 0 to `count` - 1.
    values : array, shape (m, k)
    count : int

    Returns
    -------
    array, shape (count, k)
        Rows added in their order: as `numpy.bincount` of each column, but reading a row at once.
    """
    ends = np.arange(len(codes) + 1)
    of_code = sparse.csc_array((np.ones(len(codes)), codes, ends), shape=(count, len(codes)))
    return np.asarray(of_code @ values)


def covariance(
    scores: np.ndarray,
    rows: np.ndarray,
    structure: Structure,
    lonely_psu: LonelyPSU,
    present: np.ndarray | None = None,
) -> np.ndarray:
    r"""Estimate the covariance of the totals of scores over a domain.

    With :math:`z_{hi}` the total of the scores in PSU i of stratum h, of which the whole sample
    has :math:`n_h` and the population :math:`N_h`, it is

    .. math:: \sum_h \left(1 - \frac{n_h}{N_h}\right) \frac{n_h}{n_h - 1}
              \sum_i (z_{hi} - \bar z_h)(z_{hi} - \bar z_h)'

    Without a finite population correction (:math:`N_h` infinite) PSUs are taken as drawn with
    replacement, the "ultimate cluster". A PSU without a row in the domain counts with a total of
    zero.

    Parameters
    ----------
    scores : array, shape (m, k)
        Scores of the rows in the domain; those outside it would be zero.
    rows : int array, shape (m,)
        Positions of these rows in the sample.
    structure : Structure
    lonely_psu : str
        What a stratum with one PSU in the whole sample, of more in the population, adds:
        ``"remove"`` and ``"certainty"`` nothing; ``"adjust"`` the square of its total, that is,
        its deviation from the mean of all scores, which is zero for a linearised statistic;
        ``"average"`` the mean over the other strata that are present in the domain. These are
        R's ``survey.lonely.psu``.
    present : int array, optional
        Positions of all rows in the domain, if `rows` are without those of weight 0. As in R a
        stratum with rows of weight 0 only counts as present for ``"average"``.

    Returns
    -------
    array, shape (k, k)
        NaN where ``"average"`` finds no stratum with two PSUs to average over.
    """
    totals = totals_by(structure.psu[rows], scores, len(structure.stratum))
    sizes = structure.psus_in_stratum
    lonely = structure.lonely
    means = totals_by(structure.stratum, totals, len(sizes)) / sizes[:, None]
    if lonely_psu == "adjust":
        means[lonely] = 0.0
    factors = structure.correction * sizes / np.where(sizes == 1, 1, sizes - 1)
    deviations = totals - means[structure.stratum]
    result, _ = cross(deviations, factors[structure.stratum])
    if lonely_psu == "average":
        _, found = structure.present(rows if present is None else present)
        usable = int((found & ~lonely).sum())
        result *= found.sum() / usable if usable else np.nan
    return result
