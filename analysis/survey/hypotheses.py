"""Wald tests of linear hypotheses under a complex design.

References
----------
Korn EL, Graubard BI (1990). Simultaneous testing of regression coefficients with complex survey
data: use of Bonferroni t statistics. The American Statistician 44:270-276.
Korn EL, Graubard BI (1999). Analysis of Health Surveys. Wiley, section 3.3.
Lumley T (2010). Complex Surveys: A Guide to Analysis Using R. Wiley, section 5.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from analysis.errors import InputError
from analysis.survey.derived import Estimated, contrast_matrix
from analysis.survey.results import ModelResults, WaldTest, wald_statistic


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
    expected = np.asarray(null, dtype=float)
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


def _matrix(source: Estimated, what: Any) -> np.ndarray:
    if isinstance(what, str):
        what = [what]
    if not (isinstance(what, list | tuple) and what and all(isinstance(x, str) for x in what)):
        return contrast_matrix(source, what)[0]
    terms = source.terms if isinstance(source, ModelResults) else {}
    columns = dict.fromkeys(column for name in what for column in terms.get(name, [name]))
    return contrast_matrix(source, {column: {column: 1.0} for column in columns})[0]
