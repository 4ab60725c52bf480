r"""How far columns of a model explain each other: variance inflation, condition indices.

Columns that are exactly collinear are refused when a model is fitted, with their names. These
tables are of those that are nearly so.

References
----------
Belsley DA, Kuh E, Welsch RE (1980). Regression Diagnostics. Wiley, chapter 3.
Fox J, Monette G (1992). Generalized collinearity diagnostics. Journal of the American Statistical
Association 87:178-183.
Liao D, Valliant R (2012). Variance inflation factors in the analysis of complex survey data.
Survey Methodology 38:53-62.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.survey.regression import RegressionResults
from analysis.survey.working import Working, working


def variance_inflation(model: RegressionResults) -> pd.DataFrame:
    r"""Tell by how much collinearity inflates the variance of each coefficient.

    With W the working weights (sampling weights, for a gaussian model with the identity link), e
    the working residuals, :math:`S = Z'WZ` the products of the columns less their weighted means
    and G the design covariance of the totals of :math:`W e Z`:

    - ``vif`` is :math:`S_{jj} (S^{-1})_{jj} = 1 / (1 - R_j^2)`, of a weighted regression of the
      column on the others;
    - ``design_vif`` is :math:`(S^{-1} G S^{-1})_{jj} / (G_{jj} / S_{jj}^2)`: the variance of the
      coefficient over what it would be, in the same design and with the same residuals, were the
      column orthogonal to the others (Liao & Valliant 2012).

    Parameters
    ----------
    model : RegressionResults
        Of any family and link.

    Returns
    -------
    DataFrame
        A row a coefficient but the intercept: ``r_squared``, ``vif``, ``design_vif``. The last is
        NaN where its denominator is 0.

    Notes
    -----
    ``design_vif`` is ``svy.vif.m`` of R's ``svydiags::svyvif``, with the design's own covariance:
    stratum means are taken off, and the rule for single PSUs, the finite population correction and
    replicate weights count (of the latter, the variance of the linearised totals). It can be below
    1. Without an intercept, columns are not centred.
    """
    parts = working(model)
    names, z = _columns(parts)
    if not names:
        return pd.DataFrame({"r_squared": [], "vif": [], "design_vif": []}, dtype=float)
    _, inverse, spread = _products(parts, z)
    vif = np.diag(inverse)
    variance = np.diag(inverse @ spread @ inverse)
    alone = np.diag(spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        design = np.where(alone > 0, variance / alone, np.nan)
    return pd.DataFrame(
        {"r_squared": 1 - 1 / vif, "vif": vif, "design_vif": design}, index=pd.Index(names)
    )


def generalized_variance_inflation(model: RegressionResults) -> pd.DataFrame:
    r"""Tell by how much collinearity inflates the joint confidence region of each term.

    For the columns T of a term and C their correlations, those of all columns but the intercept,
    ``gvif`` is :math:`|C_{TT}| \, |(C^{-1})_{TT}|` (Fox & Monette 1992): the squared volume of the
    region relative to that with the term orthogonal to the others. It does not depend on the
    coding of a category, as the factors of its columns do.

    Parameters
    ----------
    model : RegressionResults
        Of any family and link.

    Returns
    -------
    DataFrame
        A row a term: ``columns``; ``gvif``, with C the weighted correlations of the columns;
        ``design_gvif``, the ratio of the determinants of the design covariance of the term's
        coefficients and of what it would be were the term orthogonal to the others, which for one
        column is the ``design_vif`` of `variance_inflation`; ``covariance_gvif``, with C the
        correlations of the coefficients under the model's covariance, as R's ``car::vif`` of a
        ``svyglm``; and each to the power ``1 / (2 * columns)``, with the suffix ``_scaled``, which
        compares between terms and with the square root of a ``vif``. NaN where the design has too
        few degrees of freedom for a determinant.

    Notes
    -----
    ``design_gvif`` for terms of several columns carries the idea of Liao & Valliant (2012) over to
    determinants. ``covariance_gvif`` is the ratio of volumes only if the covariance is that of
    simple random sampling: with as many coefficients as degrees of freedom it is large for
    whatever data.
    """
    parts = working(model)
    names, z = _columns(parts)
    terms = _terms(model, names)
    covariance = model.covariance.loc[names, names].to_numpy()
    rows = {}
    if names:
        correlation, inverse, spread = _products(parts, z)
        between = _correlations(covariance)
        sandwich = inverse @ spread @ inverse
        for term, columns in terms.items():
            at = np.ix_(columns, columns)
            alone = np.linalg.inv(correlation[at])
            rows[term] = {
                "columns": len(columns),
                "gvif": _ratio(inverse[at], alone),
                "design_gvif": _ratio(sandwich[at], alone @ spread[at] @ alone),
                "covariance_gvif": _gvif(between, columns),
            }
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=["columns", "gvif", "design_gvif", "covariance_gvif"]
    )
    for name in ("gvif", "design_gvif", "covariance_gvif"):
        table[f"{name}_scaled"] = table[name] ** (1 / (2 * table["columns"]))
    return table


def condition_indices(model: RegressionResults) -> pd.DataFrame:
    """Give condition indices with the parts of each coefficient's variance that go with them.

    Parameters
    ----------
    model : RegressionResults
        Of any family and link.

    Returns
    -------
    DataFrame, shape (k, k)
        Indexed by the condition indices in ascending order, the last of which is the condition
        number: the largest singular value of the columns over each, the columns (intercept
        included, not centred) weighted by the working weights and brought to the same length.
        Columns are coefficients; each adds up to 1.

    Notes
    -----
    Indices above 30 with two or more parts above 0.5 tell of near collinearity (Belsley, Kuh &
    Welsch 1980). The parts are those of the variance under simple random sampling.
    """
    parts = working(model)
    scaled = parts.x * np.sqrt(parts.information)[:, None]
    scaled = scaled / np.sqrt((scaled**2).sum(axis=0))
    triangle = np.asarray(np.linalg.qr(scaled, mode="r"))
    _, values, right = np.linalg.svd(triangle)
    shares = (right / values[:, None]) ** 2
    index = pd.Index(values[0] / values, name="condition_index")
    return pd.DataFrame(shares / shares.sum(axis=0), index=index, columns=parts.estimator.names)


def _columns(parts: Working) -> tuple[list[str], np.ndarray]:
    """Give the columns but the intercept, less their weighted means where there is one."""
    names, constant = parts.estimator.names, parts.intercept
    if constant is None:
        return list(names), parts.x
    keep = [j for j in range(len(names)) if j != constant]
    z = parts.x[:, keep]
    w = parts.information
    return [names[j] for j in keep], z - w @ z / w.sum()


def _products(parts: Working, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give correlations of columns of length 1, their inverse, and the covariance of their scores.

    The inverse is by an orthogonal decomposition, which loses half as many digits.
    """
    w = parts.information
    z = z / np.sqrt(w @ z**2)
    triangle = np.asarray(np.linalg.qr(z * np.sqrt(w)[:, None], mode="r"))
    root = np.linalg.inv(triangle)
    spread = parts.variance_of_totals(z * parts.score[:, None])
    return triangle.T @ triangle, root @ root.T, spread


def _terms(model: RegressionResults, names: list[str]) -> dict[str, list[int]]:
    """Give the positions of each term's columns; a column of no term is one itself."""
    found: dict[str, list[int]] = {}
    for term, columns in model.terms.items():
        positions = [names.index(column) for column in columns if column in names]
        if positions:
            found[term] = positions
    known = {j for positions in found.values() for j in positions}
    return found | {name: [j] for j, name in enumerate(names) if j not in known}


def _correlations(covariance: np.ndarray) -> np.ndarray:
    scale = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        return covariance / np.outer(scale, scale)


def _whole(matrix: np.ndarray) -> bool:
    """Whether a covariance has full rank, whatever the scale of its rows."""
    correlations = _correlations(matrix)
    if not np.isfinite(correlations).all():
        return False
    return int(np.linalg.matrix_rank(correlations, hermitian=True)) == len(matrix)


def _ratio(above: np.ndarray, below: np.ndarray) -> float:
    """Divide determinants; NaN where the matrices are singular."""
    if not _whole(below):
        return np.nan
    return float(np.linalg.det(np.linalg.solve(below, above)))


def _gvif(correlations: np.ndarray, columns: list[int]) -> float:
    if not _whole(correlations):
        return np.nan
    at = np.ix_(columns, columns)
    return float(np.linalg.det(correlations[at]) * np.linalg.det(np.linalg.inv(correlations)[at]))
