"""A complex sample: a data frame with its weights, strata and primary sampling units."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey import checks, replication, variance
from analysis.survey.described import Described
from analysis.survey.estimates import Statistic
from analysis.survey.estimation import Estimator, Fit
from analysis.survey.modelled_categories import ModelledCategories
from analysis.survey.printed import counted
from analysis.survey.quantile_regression import ModelledQuantiles
from analysis.survey.replicates import GivenMethod, Replicates, given
from analysis.survey.replication import MadeMethod
from analysis.survey.survival import SurvivalModels
from analysis.survey.tested import Tested
from analysis.survey.variance import LonelyPSU


class Design(Described, ModelledCategories, ModelledQuantiles, SurvivalModels, Tested):
    """A stratified, clustered, weighted sample, or a domain of one.

    Parameters
    ----------
    frame : DataFrame, n rows
        All rows of the sample: everyone who was drawn, not only those under study.
    weights : str
        Column of sampling weights, not negative. A row of weight 0 has no influence on an
        estimate, but its PSU counts.
    strata, psu : str, optional
        Columns. Without `strata` the sample is one stratum; without `psu` every row is a PSU.
    nest : bool, default True
        Whether a PSU's label counts anew in each stratum. If not, a label in two strata is an
        error.
    lonely_psu : {"fail", "adjust", "average", "remove", "certainty"}
        What a stratum with a single PSU adds to a variance; see `variance.covariance`.
    fpc : str, optional
        Column of the number of PSUs of each stratum in the population, or (no value above 1) of
        the part of them that was drawn: the finite population correction of the first stage.
        Corrections of further stages are not made: PSUs count as observed whole.
    replicates : list of str, or str, optional
        Columns of replicate weights that come with the sample, instead of strata and PSUs; or
        what their names have before a number, as ``"WTMREP"`` for WTMREP01, WTMREP02, ...
    method : {"JK1", "JKn", "BRR", "Fay", "bootstrap"}
        How they were made.
    scale, rscales : float, and float or sequence of float, optional
        The variance is `scale` times the sum of the squared deviations, each times its `rscales`.
        By default as R's ``svrepdesign`` has them for r replicates: (r - 1) / r and 1 for JK1,
        1 / (r - 1) and 1 for the bootstrap, 1 and, if `combined` is false, one over the largest
        factor for JKn. BRR and Fay have none but those of their definition.
    rho : float, optional
        Fay's: the factor of the half sample that is not taken.
    combined : bool, default True
        Whether replicate weights are weights in themselves, not factors of `weights`.
    mse : bool, default False
        Whether deviations are taken from the estimate, not from the mean of the replicates.
    df : int, optional
        Degrees of freedom of given replicates in every domain; else the rank of the replicate
        weights in the domain less one, as R's ``degf``.

    Raises
    ------
    InputError
        Weights missing, negative, infinite or all zero; strata or PSUs missing; a PSU in two
        strata with ``nest=False``; a stratum with a single PSU under ``"fail"``; an `fpc` or
        replicate weights that cannot be (see `checks.population`, `replicates.given`).

    Notes
    -----
    Variances are Taylor-linearised with PSUs taken as drawn with replacement unless there is an
    `fpc`; or, with replicate weights (given, or made by `as_replicates`), they are those of the
    estimate over the replicates: each is made anew under each set of weights. A domain (`where`,
    ``by=``, and the rows without a missing value) never takes rows out of the design: those
    outside it have scores of zero, and each stratum keeps its number of PSUs. Degrees of freedom
    are the PSUs minus the strata that have a row of positive weight in the domain.

    Values are named by column or given as arrays of n.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [2.0, 1.0, 1.0, 2.0], "h": [1, 1, 2, 2], "y": [1.0, 3, 4, 2]})
    >>> design = Design(frame, weights="w", strata="h")
    >>> float(design.mean("y").only.estimate)
    2.1666666666666665
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        weights: str,
        strata: str | None = None,
        psu: str | None = None,
        nest: bool = True,
        lonely_psu: LonelyPSU = "fail",
        fpc: str | None = None,
        *,
        replicates: str | Sequence[str] | None = None,
        method: GivenMethod | None = None,
        scale: float | None = None,
        rscales: float | Sequence[float] | None = None,
        rho: float | None = None,
        combined: bool = True,
        mse: bool = False,
        df: int | None = None,
    ) -> None:
        if lonely_psu not in get_args(LonelyPSU):
            choices = ", ".join(get_args(LonelyPSU))
            raise InputError(f"unknown lonely_psu '{lonely_psu}'", remedy=f"Choose from {choices}.")
        if replicates is not None:
            checks.refuse_structure({"strata": strata, "psu": psu, "fpc": fpc})
        self.frame, self.lonely_psu = frame, lonely_psu
        self._names = {"strata": strata, "psu": psu}
        self.psus_known = replicates is None
        self.weights = checks.weights(frame, weights)
        labels = {
            role: None if name is None else checks.complete(frame, name, role)
            for role, name in (("strata", strata), ("PSU", psu))
        }
        self.structure, straddling = variance.factorise(
            len(frame), labels["strata"], labels["PSU"], nest=nest
        )
        if straddling:
            raise InputError(
                f"{len(straddling)} PSUs of column '{psu}' lie in more than one stratum, "
                f"the first is {straddling[0]}",
                remedy="If labels begin anew in each stratum, say nest=True.",
            )
        if fpc is not None:
            population = checks.population(frame, fpc, self.structure)
            self.structure = replace(self.structure, population=population)
        if lonely_psu == "fail" and replicates is None:
            checks.refuse_lonely(self.structure, strata)
        self.replicates: Replicates | None = None
        if replicates is None:
            options = {"method": method, "scale": scale, "rscales": rscales, "rho": rho, "df": df}
            checks.refuse_options(options, combined, mse)
        else:
            self.replicates = given(
                frame, self.weights, replicates, method, scale=scale, rscales=rscales, rho=rho,
                combined=combined, mse=mse, df=df,
            )  # fmt: skip
        self._inside = np.ones(len(frame), dtype=bool)

    def as_replicates(
        self,
        method: MadeMethod,
        *,
        rho: float | None = None,
        count: int = 50,
        seed: int | None = None,
        mse: bool = False,
        df: int | None = None,
    ) -> Design:
        """Make replicate weights of the strata and PSUs, as R's ``as.svrepdesign``.

        Parameters
        ----------
        method : {"JK1", "JKn", "BRR", "Fay", "bootstrap", "subbootstrap"}
            The jackknife without and with strata; balanced half samples of paired PSUs, and
            Fay's; the bootstraps of Canty and Davison and of Rao and Wu (see `replication`).
            JK1, JKn and ``"bootstrap"`` keep the finite population correction; the jackknives
            follow `lonely_psu`.
        rho : float
            For Fay's method: at least 0 and less than 1.
        count, seed : int
            For the bootstraps: sets of weights, and the seed, which must be given.
        mse, df
            As for `Design`.

        Returns
        -------
        Design
            The same domain of the same sample, its variances by replication.

        Raises
        ------
        InputError
            If the method is unknown or does not suit the design.
        """
        if method not in get_args(MadeMethod):
            choices = ", ".join(get_args(MadeMethod))
            raise InputError(f"unknown method '{method}'", remedy=f"Choose from {choices}.")
        if self.replicates is not None:
            raise InputError(f"the design has replicates already: {self.replicates}")
        factors, scale, rscales = replication.make(
            self.structure, self.lonely_psu, method, rho=rho, count=count, seed=seed
        )
        made = copy.copy(self)
        made.replicates = Replicates(
            method, self.weights, factors, self.structure.psu, scale, rscales, mse, df
        )
        return made

    def psu_labels(self, codes: np.ndarray) -> pd.Index:
        """Name PSUs as the user did.

        Parameters
        ----------
        codes : int array, shape (q,)
            Of PSUs in ``structure``.

        Returns
        -------
        Index, length q
            Stratum and PSU, or whichever was given; without PSUs the row stands for its own.
        """
        first = np.empty(len(self.structure.stratum), dtype=np.intp)
        first[self.structure.psu[::-1]] = np.arange(len(self.frame))[::-1]
        rows = self.frame.iloc[first[codes]]
        strata, psu = self._names["strata"], self._names["psu"]
        unit = rows.index if psu is None else pd.Index(rows[psu], name=psu)
        if strata is None:
            return unit
        return pd.MultiIndex.from_arrays([rows[strata], unit], names=[strata, psu or unit.name])

    def __repr__(self) -> str:
        rows, inside = len(self.frame), len(self.rows)
        if self.replicates is None:
            psus, strata = len(self.structure.stratum), len(self.structure.labels)
            how = f"{counted(psus, 'PSU')} in {counted(strata, 'stratum', 'strata')}"
            how += f"; single-PSU strata: {self.lonely_psu}"
        else:
            how = str(self.replicates)
        domain = f"{inside:,} of positive weight in the domain"
        df = f"{counted(self.df, 'degree')} of freedom"
        return f"Survey design: {rows:,} rows, {domain}\n{how}; {df}"

    @property
    def df(self) -> int:
        """Degrees of freedom: PSUs minus strata with a row of positive weight in the domain.

        With replicate weights: their rank in the domain less one, or what was stated.
        """
        return self._df(self.rows)

    def _std_error(self, statistic: Statistic, values: np.ndarray, rows: np.ndarray) -> float:
        """Take what the design wants of a statistic: its scores, or its replicates."""
        if self.replicates is not None:
            return self._replicated_std_error(statistic.of, values, rows)
        x, w = values[rows], self.weights[rows]
        scores = statistic.scores(x, w, int((w > 0).sum()))
        return float(np.sqrt(self._covariance(scores[:, None], rows)[0, 0]))

    def _replicated_std_error(
        self,
        of: Callable[[np.ndarray, np.ndarray, int], Any],
        values: np.ndarray,
        rows: np.ndarray,
    ) -> float:
        """Take the standard error of `of` (as in `Statistic`) from its replicates."""
        if self.replicates is None:
            raise InputError("the design has no replicate weights")
        x, w = values[rows], self.weights[rows]
        n = int((w > 0).sum())
        thetas = self.replicates.each(lambda weights: of(x, weights, n), rows)
        centre = np.array([of(x, w, n)])
        return float(np.sqrt(self.replicates.covariance(thetas[:, None], centre)[0, 0]))

    def _covariance_of(
        self, fit: Fit, estimator: Estimator, rows: np.ndarray, present: np.ndarray
    ) -> np.ndarray:
        """Take what the design wants of a model: its scores, or its fits to the replicates."""
        if self.replicates is None:
            return fit.bread @ self._covariance(fit.scores, rows, present) @ fit.bread.T
        refitted = estimator.refit(self.weights[rows], fit.params, self.replicates.blocks(rows))
        return self.replicates.covariance(refitted, fit.params)

    def _df(self, rows: np.ndarray) -> int:
        if self.replicates is not None:
            return self.replicates.degrees_of_freedom(rows)
        return variance.degrees_of_freedom(self.structure, rows)

    @property
    def _df_rule(self) -> str:
        if self.replicates is None:
            return "PSUs minus strata in the domain"
        return "as stated" if self.replicates.df is not None else "rank of the replicates - 1"

    def _covariance(
        self, scores: np.ndarray, rows: np.ndarray, present: np.ndarray | None = None
    ) -> np.ndarray:
        return variance.covariance(scores, rows, self.structure, self.lonely_psu, present)
