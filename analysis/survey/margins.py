"""Predictive margins: a model's predictions, averaged over the population with covariates set.

Also called marginal standardisation, or g-computation; their differences are risk differences
and their ratios risk ratios.

References
----------
Graubard BI, Korn EL (1999). Predictive margins with survey data. Biometrics 55:652-659.
Lane PW, Nelder JA (1982). Analysis of covariance and standardization as instances of prediction.
Biometrics 38:613-621.
Bartus T (2005). Estimation of marginal effects using margeff. Stata Journal 5:309-329.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import linalg

from analysis.errors import InputError
from analysis.survey.derived import DerivedEstimates, linear_combination, transformed
from analysis.survey.design import Design
from analysis.survey.formula import Matrices, build_matrices, matrix_at, plain_data
from analysis.survey.links import Response
from analysis.survey.options import texts
from analysis.survey.regression import RegressionResults, family_of
from analysis.survey.working import source_of

Covariates = Literal["sampled", "fixed", "joint"]
"""What the covariates over which predictions are averaged add to the variance; see `margins`."""

STEP = 1e-3
"""Step of the derivative of the model's columns, in standard deviations of the covariate: what is
left by the five-point rule, and what it loses to rounding, are then both near 1e-13."""
FIVE_POINTS = {
    -2: np.array([1 / 4, 1 / 12, -25 / 12]),
    -1: np.array([-4 / 3, -2 / 3, 4]),
    0: np.array([3, 0, -3]),
    1: np.array([-4, 2 / 3, 4 / 3]),
    2: np.array([25 / 12, -1 / 12, -1 / 4]),
}
"""Weights of five points for a derivative: of points up to the row's value, around it, from it."""
JUMP = 0.02
"""Part of a column's range that it may move by in one step before it is asked for steps of its own:
a smooth one that moves by more has the same derivative over half the step."""
ROUNDING = 1e-9
"""Part of a column's size that its differences may be by rounding."""
SAME_FIT = 1e-7
"""How far fitted values may differ, relative to their spread, for the model to be the same."""


@dataclass(frozen=True, eq=False, repr=False)
class Margins(DerivedEstimates):
    """Predictive margins, with their covariance: a `DerivedEstimates` that can be compared.

    Indexed by the values that were set.
    """

    def differences(self, reference: Any) -> DerivedEstimates:
        """Subtract the margin at `reference` from the others: risk differences of risks.

        Raises
        ------
        InputError
            If there is no margin at `reference`.
        """
        return linear_combination(self, self._against(reference))

    def log_ratios(self, reference: Any) -> DerivedEstimates:
        """Give logarithms of the ratios to the margin at `reference`: log risk ratios of risks.

        ``.table(exponentiate=True)`` makes ratios with intervals that are symmetrical on the log
        scale.

        Raises
        ------
        InputError
            If there is no margin at `reference` or one is not positive.
        """
        contrasts = self._against(reference)
        values = self.params.to_numpy(float)
        if not (values > 0).all():
            raise InputError(f"a margin of {values.min():g} has no ratio on the log scale")
        log = np.log(values)
        matrix = contrasts.to_numpy()
        return transformed(self, matrix @ log, matrix / values, contrasts.index)

    def log_odds_ratios(self, reference: Any) -> DerivedEstimates:
        """Give logarithms of the marginal odds ratios against `reference`; as `log_ratios`.

        Raises
        ------
        InputError
            If there is no margin at `reference` or one is not between 0 and 1.
        """
        contrasts = self._against(reference)
        values = self.params.to_numpy(float)
        if not ((values > 0) & (values < 1)).all():
            raise InputError("margins that are not between 0 and 1 have no odds")
        matrix = contrasts.to_numpy()
        logit = np.log(values / (1 - values))
        gradient = matrix / (values * (1 - values))
        return transformed(self, matrix @ logit, gradient, contrasts.index)

    def _against(self, reference: Any) -> pd.DataFrame:
        found = [label == reference for label in self.params.index]
        if sum(found) != 1:
            known = ", ".join(map(str, self.params.index))
            raise InputError(f"there is no margin at '{reference}'", remedy=f"Choose from: {known}")
        matrix = np.eye(len(found)) - np.array(found, dtype=float)
        contrasts = pd.DataFrame(matrix, self.params.index, self.params.index)
        return contrasts[~np.array(found)]


def margins(
    model: RegressionResults,
    design: Design,
    formula: str,
    at: Mapping[str, Sequence],
    *,
    covariates: Covariates = "sampled",
) -> Margins:
    r"""Average a model's predictions over the domain, with covariates set to given values.

    With weights w, means :math:`\mu_i(a)` predicted for row i were its covariates set to a, and N
    the sum of weights, the margin is :math:`\sum_i w_i \mu_i(a) / N`; G is its gradient by the
    coefficients and V their covariance.

    Parameters
    ----------
    model : RegressionResults
    design : Design
        The domain to which the model was fitted.
    formula : str
        With which it was fitted, by `Design.glm`. (A formula is code of the caller's.)
    at : mapping of column to sequence of values
        Columns of the data frame: whatever the formula makes of them follows. Of several columns
        every combination.
    covariates : {"sampled", "fixed", "joint"}
        ``"fixed"``: the variance is GVG' (the delta method; Stata's ``margins`` unless told).
        ``"sampled"``: that of the weighted mean of the predictions is added, for the population's
        covariates are themselves an estimate; so R's ``svypredmeans``. ``"joint"``: the
        covariance between the two parts is added too (both linearised at once, as Graubard & Korn
        1999 and Stata's ``vce(unconditional)``). Where the model holds that covariance is near 0.

    Returns
    -------
    Margins
        Indexed by value; by combination if `at` has several columns. On the model's degrees of
        freedom (its ``df_rule``); R's have none, so that its intervals are normal. Predictions of
        a model with an offset are at each row's own: those of rates at its own time at risk.

    Raises
    ------
    InputError
        If a column is not in the formula, a value is not one of a category's, or design and
        formula are not those of the model.
    """
    _known(covariates)
    matrices = _rebuilt(model, design, formula)
    data = plain_data(formula, design.frame, matrices.rows)
    index = _settings(at, data, matrices.outcome)
    names = list(at)
    settings = []
    for setting in index:
        values = setting if isinstance(setting, tuple) else (setting,)
        changed = data.assign(
            **{n: _constant(data[n], v) for n, v in zip(names, values, strict=True)}
        )
        settings.append(matrix_at(matrices.spec, changed))
    return _margins(model, design, matrices, settings, index, covariates)


def margins_of_matrices(
    model: RegressionResults,
    design: Design,
    matrices: Mapping[Any, pd.DataFrame],
    *,
    covariates: Covariates = "sampled",
) -> Margins:
    """Average a model's predictions over given matrices, for a model made by `Design.fit`.

    Parameters
    ----------
    model : RegressionResults
    design : Design
        The domain to which it was fitted; the index of its data frame must be unique.
    matrices : mapping of label to DataFrame, shape (nobs, k)
        Under each label, the model's matrix with covariates set; the index is that of
        ``model.fittedvalues``, the columns the model's in any order.
    covariates : {"sampled", "fixed", "joint"}
        What the variance has of the covariates' own, as in `margins`.

    Returns
    -------
    Margins
        As those of `margins`.

    Raises
    ------
    InputError
        If a matrix does not fit the model.
    """
    _known(covariates)
    _generalised_linear(model)
    index = model.fittedvalues.index
    if not design.frame.index.is_unique:
        raise InputError("the index of the design's data frame must be unique")
    rows = design.frame.index.get_indexer(index)
    if (rows < 0).any():
        raise InputError("the model was not fitted to rows of this design")
    settings = []
    for label, frame in matrices.items():
        if not frame.index.equals(index) or set(frame.columns) != set(model.params.index):
            raise InputError(
                f"matrix '{label}' must have the rows of the model's fitted values, "
                "and its coefficients as columns"
            )
        settings.append(frame[list(model.params.index)].to_numpy(float))
    weightless = np.flatnonzero(design.inside & (design.weights == 0))
    fitted = source_of(model).matrices
    population = replace(fitted, rows=rows, present=np.concatenate([rows, weightless]))
    return _margins(model, design, population, settings, pd.Index(list(matrices)), covariates)


def average_marginal_effects(
    model: RegressionResults,
    design: Design,
    formula: str,
    variables: str | Sequence[str],
    *,
    covariates: Covariates = "sampled",
) -> DerivedEstimates:
    r"""Average the derivative of a model's mean by continuous covariates over the domain.

    :math:`\sum_i w_i \, \partial\mu_i / \partial x_i / N`, with the rest of the row as observed;
    through every column that the formula makes of x (powers, splines, products), whose
    derivatives are numerical (Bartus 2005), by the five-point rule. Of a category or an indicator
    take differences of `margins`.

    Parameters
    ----------
    model, design, formula, covariates
        As for `margins`.
    variables : str or sequence of str
        Columns of numbers in the data frame.

    Returns
    -------
    DerivedEstimates
        Indexed by variable: change of the mean per unit.

    Raises
    ------
    InputError
        As for `margins`, and if a variable is not numeric or the same in all rows, or the formula
        makes steps of it.
    """
    _known(covariates)
    names = texts(variables, "variables")
    matrices = _rebuilt(model, design, formula)
    data = plain_data(formula, design.frame, matrices.rows)
    link = family_of(model.family, model.link).link
    b = model.params.to_numpy(float)
    eta = matrices.x @ b + _offset(model, matrices.rows)
    first, second = link.inverse_deriv(eta), link.inverse_deriv2(eta)
    weights = _shares(design, matrices.rows)
    effects, gradients = [], []
    for name in names:
        _covariate(name, data, matrices.outcome)
        slopes = _derivative(matrices.spec, data, name)
        along = slopes @ b
        effects.append(first * along)
        gradients.append((weights * second * along) @ matrices.x + (weights * first) @ slopes)
    return _averaged(
        model, design, matrices, np.column_stack(effects), np.array(gradients),
        pd.Index(names), covariates,
    )  # fmt: skip


def _margins(
    model: RegressionResults,
    design: Design,
    population: Matrices,
    settings: list[np.ndarray],
    index: pd.Index,
    covariates: Covariates,
) -> Margins:
    link = family_of(model.family, model.link).link
    weights = _shares(design, population.rows)
    b = model.params.to_numpy(float)
    offset = _offset(model, population.rows)
    predicted, gradients = [], []
    for x in settings:
        eta = x @ b + offset
        with np.errstate(over="ignore", invalid="ignore"):
            predicted.append(link.inverse(eta))
            gradients.append((weights * link.inverse_deriv(eta)) @ x)
    for label, mean, slope in zip(index, predicted, gradients, strict=True):
        if not (np.isfinite(mean).all() and np.isfinite(slope).all()):
            raise InputError(f"the model's predictions at {label} are too large for numbers")
    found = _averaged(
        model, design, population, np.column_stack(predicted), np.array(gradients), index,
        covariates,
    )  # fmt: skip
    return Margins(found.params, found.covariance, found.df_resid)


def _averaged(
    model: RegressionResults,
    design: Design,
    population: Matrices,
    values: np.ndarray,
    gradient: np.ndarray,
    index: pd.Index,
    covariates: Covariates,
) -> DerivedEstimates:
    """Estimate weighted means of values that depend on the coefficients.

    Parameters
    ----------
    values : array, shape (m, q)
    gradient : array, shape (q, k)
        Of their means.
    """
    estimate = _shares(design, population.rows) @ values
    delta = transformed(model, estimate, gradient, index)
    if covariates == "fixed":
        return delta
    if covariates == "joint":
        values = values + _influence(model, design, population, gradient)
    covariance = _covariance_of_means(design, population, values)
    if covariates == "sampled":
        covariance = covariance + delta.covariance.to_numpy()
    return DerivedEstimates(
        delta.params, pd.DataFrame(covariance, index=index, columns=index), delta.df_resid
    )


def _influence(
    model: RegressionResults, design: Design, population: Matrices, gradient: np.ndarray
) -> np.ndarray:
    """Give each row's influence on what has this gradient by the coefficients, shape (m, q).

    Scaled so that their weighted mean, which is zero, has the variance of what they influence.
    """
    x, weights = population.x, _shares(design, population.rows)
    eta = x @ model.params.to_numpy(float) + _offset(model, population.rows)
    score, information = Response(population.y, family_of(model.family, model.link)).at(eta)
    triangle = np.linalg.qr(x * np.sqrt(weights * information)[:, None], mode="r")
    along = linalg.solve_triangular(triangle, gradient.T, trans="T")
    along = linalg.solve_triangular(triangle, along)
    return score[:, None] * (x @ along)


def _covariance_of_means(design: Design, population: Matrices, values: np.ndarray) -> np.ndarray:
    """Estimate the covariance of weighted means, from variances of means and of their differences.

    So that the design's own variance of a mean is all it takes, of whatever kind that is.
    """

    def variance(column: np.ndarray) -> float:
        whole = np.full(len(design.frame), np.nan)
        whole[population.present] = 0.0  # rows of weight 0: they count as present only
        whole[population.rows] = column
        return float(design.mean(whole).only["std_error"]) ** 2

    size = values.shape[1]
    result = np.diag([variance(values[:, j]) for j in range(size)])
    for i, j in itertools.combinations(range(size), 2):
        apart = variance(values[:, i] - values[:, j])
        result[i, j] = result[j, i] = (result[i, i] + result[j, j] - apart) / 2
    return result


def _offset(model: RegressionResults, rows: np.ndarray) -> np.ndarray | float:
    return 0.0 if model.offset is None else model.offset.to_numpy(float)[rows]


def _shares(design: Design, rows: np.ndarray) -> np.ndarray:
    weights = design.weights[rows]
    return weights / weights.sum()


def _generalised_linear(model: Any) -> None:
    if not isinstance(model, RegressionResults):
        raise InputError(
            f"margins are of generalised linear models, not of a {getattr(model, 'kind', 'text')}",
            remedy="Give what Design.glm or Design.fit returned.",
        )


def _rebuilt(model: RegressionResults, design: Design, formula: str) -> Matrices:
    """Build the model's matrix anew, and see that it is the model's."""
    _generalised_linear(model)
    weightless = np.flatnonzero(design.inside & (design.weights == 0))
    rows = design.rows
    if model.offset is not None and len(model.offset) == len(design.frame):
        known = model.offset.notna().to_numpy()  # without an offset a row is outside the domain
        rows, weightless = rows[known[rows]], weightless[known[weightless]]
    matrices = build_matrices(formula, design.frame, rows, weightless)
    same = (
        matrices.names == list(model.params.index)
        and len(matrices.rows) == model.nobs
        and matrices.outcome == model.outcome
    )
    if same and not np.isclose(design.weights[matrices.rows].sum(), model.weight_sum, rtol=1e-9):
        raise InputError(
            "the model was fitted under other weights than the design's",
            remedy="Give the design with which it was fitted.",
        )
    if same:
        link = family_of(model.family, model.link).link
        eta = matrices.x @ model.params.to_numpy(float) + _offset(model, matrices.rows)
        fitted = link.inverse(eta)
        off = np.abs(fitted - model.fittedvalues.to_numpy(float)).max()
        same = bool(off <= SAME_FIT * max(np.ptp(fitted), np.abs(fitted).max()))
    if not same:
        raise InputError(
            f"the model was not fitted with the formula '{formula}' to this domain",
            remedy="Give the formula and the design with which it was fitted.",
        )
    return matrices


def _settings(at: Mapping[str, Sequence], data: pd.DataFrame, outcome: str) -> pd.Index:
    if not isinstance(at, Mapping) or not at:
        raise InputError(
            "at must name a column and its values", remedy="For example {'age': [20, 50, 80]}."
        )
    for name, values in at.items():
        _covariate(name, data, outcome)
        if isinstance(values, str) or not isinstance(values, Sized) or not len(values):
            raise InputError(f"at['{name}'] must be a sequence of values")
    if len(at) == 1:
        ((name, values),) = at.items()
        return pd.Index(list(values), name=name)
    return pd.MultiIndex.from_product([list(v) for v in at.values()], names=list(at))


def _covariate(name: str, data: pd.DataFrame, outcome: str) -> None:
    if name not in data.columns or name == outcome:
        raise InputError(
            f"the formula has no covariate '{name}'",
            remedy=f"Its columns are: {', '.join(column for column in data if column != outcome)}",
        )


def _constant(values: pd.Series, value: Any) -> pd.Series:
    """Set a covariate to one value, of the kind it has."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        if value not in values.cat.categories:
            raise InputError(
                f"'{values.name}' has no category '{value}' in the domain",
                remedy=f"Choose from: {', '.join(map(str, values.cat.categories))}",
            )
        return pd.Series(
            pd.Categorical([value] * len(values), dtype=values.dtype), index=values.index
        )
    if pd.api.types.is_numeric_dtype(values) and not isinstance(value, str):
        dtype = values.dtype if pd.api.types.is_bool_dtype(values) else float
        return pd.Series(value, index=values.index, dtype=dtype)
    return pd.Series([value] * len(values), index=values.index, dtype=object)


def _derivative(spec: Any, data: pd.DataFrame, name: str) -> np.ndarray:
    """Differentiate the model's columns by a covariate, shape (m, k)."""
    kind = data[name].dtype
    if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        raise InputError(
            f"'{name}' is not a number that varies continuously",
            remedy="Take differences of margins between its categories.",
        )
    values = data[name].astype(float)
    step = STEP * float(values.std())
    if not step > 0:
        raise InputError(f"'{name}' is the same in every row")
    slopes = _differences(spec, data, name, values, step)
    reach = step * np.abs(slopes).max(axis=0)
    columns = matrix_at(spec, data)
    far = reach > JUMP * np.ptp(columns, axis=0) + ROUNDING * np.abs(columns).max(axis=0)
    if far.any():
        half = _differences(spec, data, name, values, step / 2)
        apart = np.abs(half - slopes).max(axis=0)
        if (apart > 0.1 * np.abs(slopes).max(axis=0))[far].any():
            raise InputError(
                f"the formula makes steps of '{name}', which have no derivative",
                remedy="Take differences of margins on either side of a step.",
            )
    return slopes


def _differences(
    spec: Any, data: pd.DataFrame, name: str, values: pd.Series, step: float
) -> np.ndarray:
    # Beyond the data a spline may be undefined: at their ends points lie on one side.
    side = np.where(values < values.min() + 2 * step, 1, 0)
    side = np.where(values > values.max() - 2 * step, -1, side)
    parts = []
    for ahead, factors in FIVE_POINTS.items():
        moved = matrix_at(spec, data.assign(**{name: values + (ahead + 2 * side) * step}))
        parts.append(factors[side + 1][:, None] * moved)
    return np.sum(parts, axis=0) / step


def _known(covariates: str) -> None:
    if covariates not in get_args(Covariates):
        choices = ", ".join(get_args(Covariates))
        raise InputError(f"unknown covariates '{covariates}'", remedy=f"Choose from {choices}.")
