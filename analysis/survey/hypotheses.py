"""Wald and likelihood ratio tests of linear hypotheses under a complex design.

References
----------
Korn EL, Graubard BI (1990). Simultaneous testing of regression coefficients with complex survey
data: use of Bonferroni t statistics. The American Statistician 44:270-276.
Korn EL, Graubard BI (1999). Analysis of Health Surveys. Wiley, section 3.3.
Lumley T (2010). Complex Surveys: A Guide to Analysis Using R. Wiley, section 5.2.
Rao JNK, Scott AJ (1984). On chi-squared tests for multiway contingency tables with cell
proportions estimated from survey data. Annals of Statistics 12:46-60.
Lumley T, Scott A (2014). Tests for regression models fitted to survey data. Australian & New
Zealand Journal of Statistics 56:1-14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import linalg, stats

from analysis.errors import InputError
from analysis.survey.derived import Estimated, contrast_matrix
from analysis.survey.estimation import Likelihood
from analysis.survey.options import numbers, stated_df
from analysis.survey.printed import counted, on_degrees, p_value, statistic, values, wrapped
from analysis.survey.quadratic_forms import Approximation, tail_probability
from analysis.survey.results import ModelResults, Source, WaldTest, wald_statistic

Working = Literal["LRT", "WorkingWald"]
"""Statistics of the working model, by their names in R's ``regTermTest``."""
NESTED = 1e-8
"""Part of a column's length that another model's columns may leave of it by rounding."""


@dataclass(frozen=True, repr=False, eq=False)
class LikelihoodRatioTest:
    r"""A Rao-Scott test: twice a log pseudo-likelihood ratio against a sum of chi-squares.

    Attributes
    ----------
    statistic : float
        Twice the log ratio, or the working model's Wald statistic; with weights of mean 1 over the
        rows used, and no dispersion parameter.
    df_num : int
        Contrasts tested, q.
    df_denom : float
        Degrees of freedom d of the covariance of the coefficients.
    pvalue : float
        Upper tail of :math:`\sum_i \delta_i \chi^2_1 / (\chi^2_d / d)`; NaN unless d > 0.
    design_effects : array, shape (q,)
        The :math:`\delta_i`, largest first: eigenvalues of the design's covariance over the working
        model's. (For a family with a dispersion parameter they are multiples of it.)
    """

    statistic: float
    df_num: int
    df_denom: float
    pvalue: float
    design_effects: np.ndarray

    def __repr__(self) -> str:
        contrasts = counted(self.df_num, "contrast")
        lines = wrapped(
            f"Rao-Scott test of {contrasts}: "
            f"statistic = {statistic(self.statistic, self.df_denom)}, "
            f"its denominator {on_degrees(self.df_denom)}, {p_value(self.pvalue)}"
        )
        if self.df_denom > 0:
            lines += wrapped(f"Design effects {values(self.design_effects)}")
        return "\n".join(lines)


def wald_test(source: Estimated, what: Any, *, null: Any = 0.0, adjusted: bool = False) -> WaldTest:
    r"""Test that linear combinations of estimates have given values.

    With :math:`W = (Lb - c)'(LVL')^{-1}(Lb - c)`, q contrasts and d degrees of freedom
    (``df_resid`` of the source, so that the model's ``df_rule`` decides on d):

    - as R's ``regTermTest(method="Wald")``, :math:`F = W / q` on q and d;
    - adjusted (Korn & Graubard 1990), :math:`F = \frac{d - q + 1}{d q} W` on q and d - q + 1, as
      for Hotelling's :math:`T^2`: V is itself estimated, with d degrees of freedom. Stata's
      ``test`` after ``svy`` and SUDAAN do so; ``test, nosvyadjust`` is the former.

    With one contrast both are the square of t.

    Parameters
    ----------
    source : Estimated
        A model, margins, or other derived estimates.
    what : str, list of str, mapping, DataFrame, or array of shape (q, k)
        Of a model: a term of its formula, a column, several of either. Of anything: estimates by
        name, or contrasts as for `derived.linear_combination`.
    null : float or array of shape (q,), default 0
        Values under the hypothesis.
    adjusted : bool, default False

    Returns
    -------
    WaldTest
        The p value is NaN without degrees of freedom for the denominator.

    Raises
    ------
    InputError
        If a name is unknown, `null` does not fit or the covariance of the contrasts is singular
        (as it must be with more contrasts than the design has degrees of freedom).
    """
    matrix = _matrix(source, what)
    size = len(matrix)
    expected = numbers(null, "null")
    if np.isnan(expected).any():
        raise InputError("null must be of numbers, and one is NaN")
    if expected.shape not in ((), (size,)):
        raise InputError(f"null of shape {expected.shape} does not fit {size} contrasts")
    wald = wald_statistic(
        matrix @ source.params.to_numpy(float) - expected,
        matrix @ source.covariance.to_numpy(float) @ matrix.T,
        "Test fewer at once: no more than the design has degrees of freedom.",
    )
    df = source.df_resid - (size - 1 if adjusted else 0)
    if df <= 0:
        statistic = np.nan if adjusted else wald / size
        return WaldTest(statistic, size, float(df), np.nan)
    statistic = wald / size * (df / source.df_resid)
    return WaldTest(statistic, size, float(df), float(stats.f.sf(statistic, size, df)))


def likelihood_ratio_test(
    model: ModelResults,
    what: str | Sequence[str] | ModelResults,
    *,
    method: Working = "LRT",
    approximation: Approximation = "saddlepoint",
    df: float | None = None,
) -> LikelihoodRatioTest:
    r"""Test terms of a model by the Rao-Scott working likelihood ratio.

    The ratio of pseudo-likelihoods is in large samples :math:`\sum_i \delta_i \chi^2_1`, with the
    eigenvalues of :math:`(L V_0 L')^{-1} L V L'`, where V is the design's covariance of the
    coefficients, V0 the working model's (the inverse of its information), and L their contrasts
    under test. Unlike Wald's it needs no inverse of LVL', and can be had of as many contrasts as
    the design has degrees of freedom or more.

    Parameters
    ----------
    model : ModelResults
        Of a kind that has a pseudo-likelihood (`estimation.Likelihood`), with its ``source``.
    what : str, list of str, or ModelResults
        A term of the formula, a column, several of either; or, of generalised linear
        models, a smaller one of the same rows, whose columns are combinations of those of `model`
        (a straight line within a spline).
    method : {"LRT", "WorkingWald"}
        Twice the log likelihood ratio; or :math:`(Lb)'(L V_0 L')^{-1} Lb`, which needs no second
        fit and has the same distribution.
    approximation : {"saddlepoint", "satterthwaite", "integration"}
        See `quadratic_forms.tail_probability`. The first is R's default; the last is exact.
    df : float, optional
        Degrees of freedom of the denominator; those of the model's ``df_rule`` if not given,
        ``math.inf`` for none.

    Returns
    -------
    LikelihoodRatioTest
        As R's ``regTermTest`` with ``method="LRT"`` and ``"WorkingWald"``, whose degrees of
        freedom are those of ``df_rule="residual"`` unless it is told others.

    Raises
    ------
    InputError
        If a name is unknown, the models are not nested or not of the same rows, every column
        would go, or the model has no pseudo-likelihood or no source.
    """
    if method not in get_args(Working):
        raise InputError(f"unknown method '{method}'", remedy="Choose LRT or WorkingWald.")
    source, estimator = _likelihood(model)
    weights = source.design.weights[source.matrices.rows]
    weights = weights / weights.mean()
    if isinstance(what, ModelResults):
        contrasts, smaller = _nested(source, _likelihood(what)[0]), what
    else:
        contrasts, smaller = _of_names(model, what), None
    triangle = estimator.information(source.fit, weights)
    # A root of L V0 L', where V0 is the inverse of the triangle's square.
    root = linalg.solve_triangular(triangle, contrasts.T, trans="T")
    naive = root.T @ root
    if method == "WorkingWald":
        value = contrasts @ model.params.to_numpy(float)
        statistic = float(value @ linalg.solve(naive, value, assume_a="pos"))
    else:
        if smaller is None:
            small = _without(estimator, contrasts)
            below = small.deviance(small.fit(weights), weights)
        else:
            known, small = _likelihood(smaller)
            below = small.deviance(known.fit, weights)
        statistic = below - estimator.deviance(source.fit, weights)
    spread = contrasts @ model.covariance.to_numpy(float) @ contrasts.T
    effects = np.full(len(contrasts), np.nan)
    if np.isfinite(spread).all():
        effects = np.maximum(linalg.eigh(spread, naive, eigvals_only=True)[::-1], 0.0)
    degrees = float(model.df_resid) if df is None else stated_df(df)
    pvalue = tail_probability(max(statistic, 0.0), effects, degrees, approximation)
    return LikelihoodRatioTest(statistic, len(contrasts), degrees, pvalue, effects)


def _likelihood(model: ModelResults) -> tuple[Source, Likelihood]:
    if model.source is None:
        raise InputError(
            f"the model of '{model.outcome}' has not kept what it was fitted to",
            remedy="Fit it by glm() or fit().",
        )
    if not isinstance(model.source.estimator, Likelihood):
        raise InputError(
            f"a {model.kind} has no pseudo-likelihood for a ratio test", remedy="Use wald_test()."
        )
    return model.source, model.source.estimator


def _of_names(model: ModelResults, what: Any) -> np.ndarray:
    names = [what] if isinstance(what, str) else what
    if not (isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)):
        raise InputError(
            "a likelihood ratio test is of terms, columns or a smaller model",
            remedy="For contrasts use wald_test().",
        )
    return _matrix(model, names)


def _without(estimator: Likelihood, contrasts: np.ndarray) -> Likelihood:
    columns = [estimator.names[j] for j in contrasts.argmax(axis=1).tolist()]
    if len(columns) == len(estimator.names):
        raise InputError(
            "a likelihood ratio test must leave a column in the model",
            remedy="Use wald_test(), or method='WorkingWald'.",
        )
    return estimator.without(columns)


def _nested(source: Source, smaller: Source) -> np.ndarray:
    """Find the contrasts of coefficients that are zero in a smaller model, shape (q, k)."""
    large, small = source.matrices, smaller.matrices
    if _kind(source) != _kind(smaller) or not hasattr(source.estimator, "family"):
        raise InputError(
            "the models cannot be compared: they must be generalised linear models of one family",
            remedy="Fit both with the same family and link, or name the terms to be tested.",
        )
    if not (
        np.array_equal(large.rows, small.rows)
        and np.array_equal(large.y, small.y)
        and np.array_equal(source.design.weights[large.rows], smaller.design.weights[small.rows])
        and np.array_equal(_offset(source), _offset(smaller))
    ):
        raise InputError(
            f"the models are not of the same rows, outcome and offset: {len(large.rows):,} rows of "
            f"'{large.outcome}' and {len(small.rows):,} of '{small.outcome}'",
            remedy="Fit both in the domain where no covariate of either is missing.",
        )
    scale = np.linalg.norm(large.x, axis=0)
    combination, *_ = np.linalg.lstsq(large.x / scale, small.x, rcond=None)
    left = np.linalg.norm(small.x - large.x / scale @ combination, axis=0)
    outside = np.flatnonzero(left > NESTED * np.linalg.norm(small.x, axis=0)).tolist()
    if outside or small.x.shape[1] >= large.x.shape[1]:
        found = f"column '{small.names[outside[0]]}' is not" if outside else "it is no smaller"
        raise InputError(
            "the models are not nested: the second must be within what the first can express, "
            f"and {found}",
            remedy="Give the larger model first.",
        )
    return linalg.null_space(combination.T).T * scale


def _offset(source: Source) -> np.ndarray:
    """Give what was added to the linear predictor; of length 0 if nothing was."""
    offset = getattr(source.estimator, "offset", None)
    return np.empty(0) if offset is None else offset


def _kind(source: Source) -> tuple:
    family = getattr(source.estimator, "family", None)
    return type(source.estimator), type(family), type(getattr(family, "link", None))


def _matrix(source: Estimated, what: Any) -> np.ndarray:
    if isinstance(what, str):
        what = [what]
    if not (isinstance(what, list | tuple) and what and all(isinstance(x, str) for x in what)):
        return contrast_matrix(source, what)[0]
    terms = source.terms if isinstance(source, ModelResults) else {}
    columns = dict.fromkeys(column for name in what for column in terms.get(name, [name]))
    return contrast_matrix(source, {column: {column: 1.0} for column in columns})[0]
