r"""What a model's coefficients would be without each sampling unit, and what each row does.

References
----------
Belsley DA, Kuh E, Welsch RE (1980). Regression Diagnostics. Wiley, chapter 2.
Li J, Valliant R (2011). Linear regression influence diagnostics for unclustered survey data.
Journal of Official Statistics 27:99-119.
Pregibon D (1981). Logistic regression diagnostics. Annals of Statistics 9:705-724.
Preisser JS, Qaqish BF (1996). Deletion diagnostics for generalised estimating equations.
Biometrika 83:551-562.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.basis import moving
from analysis.survey.columns import column
from analysis.survey.regression import RegressionResults
from analysis.survey.results import ModelResults, Source
from analysis.survey.working import source_of, working

How = Literal["one-step", "linear", "refit"]
ALIASED = 1e-9
"""Without a unit a model cannot be fitted if what is left of the information in some direction is
below this part of it."""


@dataclass(frozen=True, eq=False, repr=False)
class Influence:
    """What leaving out each of U units does to k coefficients.

    Attributes
    ----------
    change : DataFrame, shape (U, k)
        Coefficients without the unit less those with it, indexed by the units' labels. NaN where
        the model cannot be fitted without the unit.
    scaled : DataFrame, shape (U, k)
        `change` over the coefficients' design-based standard errors (DFBETAS by unit).
    units : DataFrame, U rows
        ``rows`` used, their ``weight`` as a share of the sum, and the ``leverage`` of the unit:
        the sum of its rows', which over all units is k (generalised linear models only).
    undetermined : Series of str
        For units without which the model cannot be fitted, the columns that they alone tell of.
    how : str
    reweighted : bool
    """

    change: pd.DataFrame
    scaled: pd.DataFrame
    units: pd.DataFrame
    undetermined: pd.Series
    how: str
    reweighted: bool

    @property
    def largest(self) -> pd.DataFrame:
        """Units by their largest scaled change: ``coefficient``, ``change``, ``scaled``, ``rows``.

        A row a unit, the most influential first; those without which the model cannot be fitted
        are in `undetermined` instead.
        """
        fitted = self.change.notna().all(axis=1).to_numpy()
        scaled, change = self.scaled.to_numpy()[fitted], self.change.to_numpy()[fitted]
        sizes = np.where(np.isnan(scaled), -1.0, np.abs(scaled))
        each, at = np.arange(len(scaled)), sizes.argmax(axis=1)
        table = pd.DataFrame(
            {
                "coefficient": self.change.columns.to_numpy()[at],
                "change": change[each, at],
                "scaled": scaled[each, at],
                "rows": self.units["rows"].to_numpy()[fitted],
            },
            index=self.change.index[fitted],
        )
        return table.iloc[np.argsort(-sizes[each, at], kind="stable")]

    def __repr__(self) -> str:
        deletion = "the others of its stratum reweighted" if self.reweighted else "others unchanged"
        lines = [
            f"Change of the coefficients without each of {len(self.change):,} units "
            f"({self.how}, {deletion})",
            "Most influential, scaled by the standard error "
            f"(2 / sqrt(units) = {2 / np.sqrt(len(self.change)):.2f}):",
            self.largest.head(10).to_string(float_format=lambda x: f"{x:.3g}"),
        ]
        lines += [
            f"Cannot be fitted without {unit_name(i)}: {c}" for i, c in self.undetermined.items()
        ]
        return "\n".join(lines)


def influence(
    model: ModelResults, by: str | None = None, *, how: How = "one-step", reweight: bool = False
) -> Influence:
    r"""Find what coefficients would be without each PSU, or each group of a column.

    With B an orthonormal basis of the columns under the working weights W, e the working
    residuals, and for unit p the scores :math:`s_p = B_p'W_pe_p` and leverage
    :math:`A_p = B_p'W_pB_p`, leaving it out moves the coefficients by

    .. math:: -R^{-1} (I - A_p)^{-1} s_p, \qquad X = BR,

    the first Fisher scoring step towards the model without it (Pregibon 1981; Preisser & Qaqish
    1996): exact for a gaussian model with the identity link.

    Parameters
    ----------
    model : ModelResults
        ``"one-step"`` is for generalised linear models, the others are for any model.
    by : str, optional
        A column of the design's data frame whose groups are left out one at a time: strata, sites,
        survey cycles. By default the design's PSUs, labelled by its own columns.
    how : {"one-step", "linear", "refit"}
        ``"linear"`` leaves :math:`(I - A_p)^{-1}` out: what the linearised variance is made of.
        ``"refit"`` fits the model anew without each unit, beginning at the estimates.
    reweight : bool, default False
        Whether the n - 1 other PSUs of the stratum get weights times n / (n - 1), as in the
        stratified jackknife (JKn), or keep theirs. Reweighted, a stratum keeps its weight, and the
        squares of the changes, times (n - 1) / n, add up to the variance (from ``"linear"`` the
        Taylor-linearised, from ``"refit"`` the jackknife's with ``mse=True``); but of two PSUs in
        a stratum each moves the coefficients as far as the other, so that the odd one does not
        show. As it is, one sees what each PSU does; a stratum's weight falls without it.

    Returns
    -------
    Influence

    Raises
    ------
    InputError
        If the sample came with replicate weights, so that PSUs are not known, and `by` is not
        given; a row used has no label; there is one unit only; or the model does not suit `how`.

    Notes
    -----
    The sign is that of leaving out; ``dfbeta`` of R and statsmodels subtract the other way (and
    R's, of a model that is not linear, is made of deviance residuals). About 1 in 20 scaled changes
    exceed ``2 / sqrt(U)`` if all U units are alike: a place to look, no reason to delete. Finite
    population corrections and rules for single PSUs act on the standard errors only. Reweighted,
    PSUs without a row in the domain are units too where their stratum has one.

    Examples
    --------
    >>> from analysis.survey import Design
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "y": [1.0, 2, 3, 1, 2, 9], "c": list("aabbcc")})
    >>> model = Design(frame, weights="w", psu="c").glm("y ~ 1")
    >>> influence(model).change["Intercept"].round(6).tolist()
    [0.75, 0.5, -1.25]
    """
    if how not in get_args(How):
        raise InputError(f"unknown way '{how}'", remedy=f"Choose from {', '.join(get_args(How))}.")
    source = source_of(model)
    units = _units(source, by, reweight)
    changes = {"one-step": _one_step, "linear": _linear, "refit": _refit}[how]
    change, undetermined = changes(model, units)
    names = model.params.index
    weight = np.bincount(units.of, source.design.weights[source.matrices.rows], len(units.labels))
    about = {"rows": np.bincount(units.of, minlength=len(units.labels))}
    about |= {"weight": weight / weight.sum()}
    if how == "one-step":
        about["leverage"] = np.bincount(units.of, _leverage(model), len(units.labels))
    change_frame = pd.DataFrame(change, index=units.labels, columns=names)
    return Influence(
        change=change_frame,
        scaled=change_frame / model.bse,
        units=pd.DataFrame(about, index=units.labels),
        undetermined=pd.Series(
            list(undetermined.values()), index=units.labels[list(undetermined)], dtype=object
        ),
        how=how,
        reweighted=reweight,
    )


def row_diagnostics(model: RegressionResults) -> pd.DataFrame:
    """Give residuals and leverage of each row used.

    Parameters
    ----------
    model : RegressionResults
        Of any family and link.

    Returns
    -------
    DataFrame, nobs rows
        With the data frame's index: ``fitted``, the mean; ``response``, the outcome less it;
        ``pearson``, that over the root of the variance function; ``deviance``, the signed root of
        the row's part of the deviance; ``working``, ``response`` times the derivative of the link;
        and ``leverage``, the diagonal of the weighted hat matrix, which adds up to the number of
        coefficients.

    Notes
    -----
    Residuals are of the row, whatever its sampling weight, as R's ``residuals(type="pearson")`` of
    a ``svyglm`` (its ``"deviance"`` has the root of the weight in it). ``leverage`` is R's
    ``hatvalues``: large for rows of large weight or unusual covariates.
    """
    parts = working(model)
    family, y = parts.estimator.family, parts.y
    return pd.DataFrame(
        {
            "fitted": parts.mean,
            "response": y - parts.mean,
            "pearson": (y - parts.mean) / np.sqrt(family.variance(parts.mean)),
            "deviance": family.resid_dev(y, parts.mean),
            "working": parts.score / parts.unit,
            "leverage": _leverage(model),
        },
        index=model.fittedvalues.index,
    )


@dataclass(frozen=True)
class _Units:
    """U units: each used row's, their labels, and under reweighting their strata and sizes."""

    of: np.ndarray
    labels: pd.Index
    stratum: np.ndarray | None = None
    size: np.ndarray | None = None

    def without(self, sums: np.ndarray) -> np.ndarray:
        """Give what leaving out each unit takes from a total, from sums by unit, shape (U, ...)."""
        if self.stratum is None or self.size is None:
            return sums
        strata = np.zeros((self.stratum.max() + 1, *sums.shape[1:]))
        np.add.at(strata, self.stratum, sums)
        size = self.size.reshape(-1, *[1] * (sums.ndim - 1))
        alone = size == 1
        moved = (size * sums - strata[self.stratum]) / np.where(alone, 1, size - 1)
        return np.where(alone, sums, moved)

    def weights(self, weights: np.ndarray, unit: int) -> np.ndarray:
        """Give the weights of the rows without a unit."""
        left = np.where(self.of == unit, 0.0, weights)
        if self.stratum is not None and self.size is not None and self.size[unit] > 1:
            inside = self.stratum[self.of] == self.stratum[unit]
            left = np.where(inside, left * self.size[unit] / (self.size[unit] - 1), left)
        return left


def _units(source: Source, by: str | None, reweight: bool) -> _Units:
    design, rows = source.design, source.matrices.rows
    if by is not None:
        if reweight:
            raise InputError(f"groups of '{by}' are no PSUs: there is nothing to reweight by")
        return _more_than_one(_grouped(design.frame, by, rows))
    if not design.psus_known:
        raise InputError(
            "the sample came with replicate weights: its PSUs are not known",
            remedy="Name a column of units to leave out: influence(model, by=...).",
        )
    structure = design.structure
    psus, strata = structure.present(rows)
    if reweight:
        psus = strata[structure.stratum]
    codes = np.flatnonzero(psus)
    labels = design.psu_labels(codes)
    if len(structure.stratum) < len(structure.psu):  # else rows, in their own order
        order = np.argsort(pd.factorize(labels, sort=True)[0], kind="stable")
        codes, labels = codes[order], labels[order]
    position = np.full(len(psus), -1)
    position[codes] = np.arange(len(codes))
    of = position[structure.psu[rows]]
    if not reweight:
        return _more_than_one(_Units(of, labels))
    stratum = structure.stratum[codes]
    size = structure.psus_in_stratum[stratum]
    return _more_than_one(_Units(of, labels, np.unique(stratum, return_inverse=True)[1], size))


def _grouped(frame: pd.DataFrame, by: str, rows: np.ndarray) -> _Units:
    values = column(frame, by, "units to leave out").iloc[rows]
    if values.isna().any():
        raise InputError(f"column '{by}' is missing in {int(values.isna().sum()):,} rows used")
    of, labels = pd.factorize(values, sort=True)
    return _Units(of, pd.Index(labels, name=by))


def _more_than_one(units: _Units) -> _Units:
    if len(units.labels) < 2:
        raise InputError("the model was fitted to one unit: nothing is left without it")
    return units


Changes = tuple[np.ndarray, dict[int, str]]


def _linear(model: ModelResults, units: _Units) -> Changes:
    fit = source_of(model).fit
    if not fit.scores.size:
        raise InputError(f"a {model.kind} has no scores to linearise by", remedy='Say how="refit".')
    sums = units.without(_sums(fit.scores, units))
    return -sums @ fit.bread.T, {}


def _one_step(model: ModelResults, units: _Units) -> Changes:
    parts = working(model)
    basis, w = parts.basis, parts.information
    weighted = basis * w[:, None]
    scores = units.without(_sums(basis * (parts.weights * parts.score)[:, None], units))
    leverage = np.stack(
        [_sums(weighted * basis[:, [j]], units) for j in range(basis.shape[1])], axis=1
    )
    left = np.eye(basis.shape[1]) - units.without(leverage)
    values, vectors = np.linalg.eigh((left + left.transpose(0, 2, 1)) / 2)
    bad = values[:, 0] < ALIASED
    values[bad] = np.nan
    steps = np.einsum("uij,uj->ui", vectors, np.einsum("uji,uj->ui", vectors, scores) / values)
    names = parts.estimator.names
    undetermined = {
        int(u): moving(parts.back @ vectors[u, :, 0], parts.x, names) for u in np.flatnonzero(bad)
    }
    return -steps @ parts.back.T, undetermined


def _refit(model: ModelResults, units: _Units) -> Changes:
    source = source_of(model)
    weights = source.design.weights[source.matrices.rows]
    count, params = len(units.labels), source.fit.params

    def without(chosen: Iterable[int]) -> np.ndarray:
        sets = (units.weights(weights, unit)[:, None] for unit in chosen)
        return np.asarray(source.estimator.refit(weights, params, sets))

    try:
        return without(range(count)) - params, {}
    except InputError:  # one at a time, to learn which and why
        change, undetermined = np.full((count, len(params)), np.nan), {}
    for unit in range(count):
        try:
            change[unit] = without([unit])[0] - params
        except InputError as error:
            undetermined[unit] = error.what.rpartition(" in ")[2]
    return change, undetermined


def _sums(values: np.ndarray, units: _Units) -> np.ndarray:
    """Add up the columns by unit, shape (U, p)."""
    count = len(units.labels)
    return np.stack([np.bincount(units.of, each, count) for each in values.T], axis=1)


def _leverage(model: ModelResults) -> np.ndarray:
    parts = working(model)
    return parts.information * (parts.basis**2).sum(axis=1)


def unit_name(label: Any) -> str:
    """Write a unit's label in one line."""
    return " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)
