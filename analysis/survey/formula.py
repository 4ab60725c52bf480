"""Model matrices from a formula, through statsmodels' formula engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.base.model import Model

from analysis.errors import InputError
from analysis.survey.columns import as_numbers


@dataclass(frozen=True)
class Matrices:
    """What a model is fitted to.

    Parameters
    ----------
    y : array, shape (m,)
    x : array, shape (m, k)
    names : list of k str
    rows : int array, shape (m,)
        Positions in the sample of the rows used.
    present : int array
        Positions of the rows used and of those like them but for a weight of 0.
    n_missing : int
        Rows of positive weight in the domain that lack a value.
    terms : dict of str to list of str
        Columns of each term of the formula.
    outcome : str
    spec : object
        The formula engine's own description of `x`, for `matrix_at`; None without a formula.
    """

    y: np.ndarray
    x: np.ndarray
    names: list[str]
    rows: np.ndarray
    present: np.ndarray
    n_missing: int
    terms: dict[str, list[str]]
    outcome: str
    spec: Any = None


def build_matrices(
    formula: str, frame: pd.DataFrame, rows: np.ndarray, weightless: np.ndarray
) -> Matrices:
    """Build the outcome and the model matrix.

    Parameters
    ----------
    formula : str
        For example ``"low ~ C(group) * age"``. A formula may call Python functions: it is code
        of the caller, and text from elsewhere must never get here.
    frame : DataFrame
    rows : int array
        Positions of the domain's rows with positive weight. Levels of a category, and knots and
        centres of a transformation, are those of these rows.
    weightless : int array
        Positions of those with weight 0.

    Raises
    ------
    InputError
        If the formula cannot be read or every row has a missing value.
    """
    outcome = formula.partition("~")[0].strip()
    data = plain_data(formula, frame, rows)
    columns = list(data)
    if outcome in columns:
        data[outcome] = _outcome(data[outcome], outcome)
    try:
        model = Model.from_formula(formula, data, missing="drop")
    except Exception as error:  # whatever the engine or a function in the formula raises
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise InputError(f"the formula '{formula}' cannot be used: {reason}") from error
    used = rows[np.asarray(model.data.row_labels, dtype=np.intp)]
    weightless = weightless[frame[columns].iloc[weightless].notna().all(axis=1).to_numpy()]
    names = list(model.exog_names)
    return Matrices(
        y=model.endog,
        x=model.exog,
        names=names,
        rows=used,
        present=np.concatenate([used, weightless]),
        n_missing=len(rows) - len(used),
        terms=_terms(_spec(model), names),
        outcome=outcome,
        spec=_spec(model),
    )


def plain_data(formula: str, frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Take the columns that the formula mentions as the engine is given them, index 0 to m - 1."""
    index = pd.RangeIndex(len(rows))
    return pd.DataFrame(
        {
            name: _plain(frame[name].iloc[rows].set_axis(index))
            for name in _mentioned(formula, frame)
        },
        index=index,
    )


def matrix_at(spec: Any, data: pd.DataFrame) -> np.ndarray:
    """Build the columns of a fitted model for other data.

    Parameters
    ----------
    spec : object
        That of `Matrices`: levels, knots and centres stay those of the fit.
    data : DataFrame, m rows
        Without missing values.

    Returns
    -------
    array, shape (m, k)

    Raises
    ------
    InputError
        If the data do not suit the formula (a level that the fit did not have), or a value comes
        out missing.
    """
    try:
        if hasattr(spec, "get_model_matrix"):  # formulaic
            matrix = np.asarray(spec.get_model_matrix(data, context={"np": np}), dtype=float)
        else:
            import patsy  # type: ignore[import-untyped]  # statsmodels brings one engine or both

            matrix = np.asarray(
                patsy.build_design_matrices([spec], data, NA_action="raise")[0], dtype=float
            )
    except Exception as error:  # whatever the engine or a function in the formula raises
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise InputError(f"the model cannot be evaluated there: {reason}") from error
    if matrix.shape[0] == 1 < len(data):  # of a formula with an intercept only
        matrix = np.repeat(matrix, len(data), axis=0)
    if len(matrix) != len(data) or not np.isfinite(matrix).all():
        raise InputError("the model cannot be evaluated there: a column has no finite value")
    return matrix


def _mentioned(formula: str, frame: pd.DataFrame) -> list[str]:
    """List the columns whose name stands in the formula, as a word or quoted for ``Q()``."""
    words = set(re.findall(r"\w+", formula)) | set(re.findall(r"[\"']([^\"']*)[\"']", formula))
    return [name for name in frame if name in words]


def _plain(values: pd.Series) -> pd.Series:
    """Drop levels that no row has, and turn pandas' own types into NumPy's."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    if pd.api.types.is_extension_array_dtype(values.dtype) and (
        pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)
    ):
        return values.astype("Float64").astype(float)
    if isinstance(values.dtype, pd.StringDtype):  # patsy takes pd.NA for a level
        return values.astype(object).where(values.notna(), None)
    return values


def _outcome(values: pd.Series, name: str) -> pd.Series:
    """Take the outcome as numbers, truth values as 0 and 1."""
    try:
        return pd.Series(as_numbers(values, f"the outcome '{name}'"), index=values.index)
    except InputError as error:
        raise InputError(
            error.what, remedy="Make a column of 0 and 1 for the event and name that."
        ) from error


def _spec(model: Any) -> Any:
    # statsmodels 0.14 names it design_info, 0.15 model_spec; patsy and formulaic differ as well.
    return getattr(model.data, "model_spec", None) or model.data.design_info


def _terms(spec: Any, columns: list[str]) -> dict[str, list[str]]:
    slices = spec.term_name_slices if hasattr(spec, "term_name_slices") else spec.term_slices
    return {str(term): columns[where] for term, where in slices.items()}
