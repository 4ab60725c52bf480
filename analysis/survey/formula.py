"""Model matrices from a formula, through statsmodels' formula engine."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import statsmodels.formula
from statsmodels.base.model import Model

from analysis.errors import InputError
from analysis.survey.columns import as_numbers


@dataclass(frozen=True, eq=False)
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
    n_undefined : int
        Those of the `n_missing` rows that lack nothing, but of which an expression of the formula
        has no value (the logarithm of a negative number, say).
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
    n_undefined: int = 0

    def __getstate__(self) -> dict[str, Any]:
        """Give what can be pickled: patsy's descriptions cannot, and a model goes without its own.

        Nothing that is asked of a model needs it: `margins` build theirs anew.
        """
        return self.__dict__ | {"spec": None}


def build_matrices(
    formula: str, frame: pd.DataFrame, rows: np.ndarray, weightless: np.ndarray, said: str = ""
) -> Matrices:
    """Build the outcome and the model matrix.

    Parameters
    ----------
    formula : str
        For example ``"low ~ C(group) * age"``. A formula may call Python functions: it is code
        of the caller, and text from elsewhere must never get here.
    frame : DataFrame
    rows : int array
        Positions of the domain's rows with positive weight. Knots and centres of a transformation
        are those of all of them, levels of a category those of the rows among them that lack
        nothing; the first of these is the reference. So has R, which evaluates a formula, leaves
        out incomplete rows, and then levels.
    weightless : int array
        Positions of those with weight 0.
    said : str
        What of the formula its user has written, if that was the right-hand side only: messages
        do not tell of an outcome that was made up for it.

    Raises
    ------
    InputError
        If the formula cannot be read, every row has a missing value, or a category has one level
        only.
    """
    outcome = outcome_text(formula)
    data = plain_data(formula, frame, rows)
    columns = list(data)
    if outcome in columns:
        data[outcome] = _outcome(data[outcome], outcome)
    try:
        with np.errstate(all="ignore"):  # what has no value is counted, or refused below
            y, x, complete, spec = (_by_patsy if _engine() == "patsy" else _by_model)(formula, data)
    except InputError:
        raise
    except Exception as error:  # whatever the engine or a function in the formula raises
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise InputError(
            f"the formula '{said or formula}' cannot be used: {reason}",
            remedy=_nearest(reason, frame),
        ) from error
    if not complete.any():
        of = f"of '{said}'" if said else f"in the model of '{outcome}'"
        raise InputError(f"every row of the domain lacks a value {of}")
    used = rows[complete]
    weightless = weightless[frame[columns].iloc[weightless].notna().all(axis=1).to_numpy()]
    names = _columns(spec)
    _require_finite(y[:, None], [outcome], said or formula)
    _require_finite(x, names, said or formula)
    return Matrices(
        y=y,
        x=x,
        names=names,
        rows=used,
        present=np.concatenate([used, weightless]),
        n_missing=len(rows) - len(used),
        terms=_terms(spec, names),
        outcome=outcome,
        spec=spec,
        n_undefined=int((data.notna().all(axis=1).to_numpy() & ~complete).sum()),
    )


def outcome_text(formula: Any) -> str:
    """Take what is on the left of a formula.

    Raises
    ------
    InputError
        If the formula is no text.
    """
    if not isinstance(formula, str):
        raise InputError(
            f"a formula is text such as 'y ~ x', not {type(formula).__name__}",
            remedy="A matrix goes to the method that ends in fit.",
        )
    return formula.partition("~")[0].strip()


def build_columns(
    text: str, frame: pd.DataFrame, rows: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Build the columns of a right-hand side, coded as beside an intercept.

    Parameters
    ----------
    text : str
        For example ``"age"`` or ``"C(group) * bs(age, df=4)"``; as for `build_matrices`.
    frame : DataFrame
    rows : int array, shape (m,)
        Positions of the rows. Levels, knots and centres are theirs, as for `build_matrices`.

    Returns
    -------
    names : list of k str
    values : array, shape (m, k)
        NaN in rows that lack a value.
    complete : bool array, shape (m,)
        Which do not.

    Raises
    ------
    InputError
        If the text cannot be read, or every row has a missing value.
    """
    outcome = "outcome"
    while outcome in frame or outcome in text:
        outcome += "_"
    none = np.array([], dtype=np.intp)
    frame = frame.assign(**{outcome: 0.0})
    built = build_matrices(f"{outcome} ~ {text}", frame, rows, none, said=text)
    complete = np.isin(rows, built.rows)
    kept = [place for place, name in enumerate(built.names) if name != "Intercept"]
    values = np.full((len(rows), len(kept)), np.nan)
    values[complete] = built.x[:, kept]
    return [built.names[place] for place in kept], values, complete


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
        with np.errstate(all="ignore"):  # what has no value is refused below
            matrix = _evaluated(spec, data)
    except Exception as error:  # whatever the engine or a function in the formula raises
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise InputError(f"the model cannot be evaluated there: {reason}") from error
    if matrix.shape[0] == 1 < len(data):  # of a formula with an intercept only
        matrix = np.repeat(matrix, len(data), axis=0)
    if len(matrix) != len(data) or not np.isfinite(matrix).all():
        raise InputError("the model cannot be evaluated there: a column has no finite value")
    return matrix


def _evaluated(spec: Any, data: pd.DataFrame) -> np.ndarray:
    if hasattr(spec, "get_model_matrix"):  # formulaic
        return np.asarray(spec.get_model_matrix(data, context={"np": np}), dtype=float)
    import patsy  # type: ignore[import-untyped]  # statsmodels brings one engine or both

    built = patsy.build_design_matrices([spec], data, NA_action="raise")[0]
    return np.asarray(built, dtype=float)


def _mentioned(formula: str, frame: pd.DataFrame) -> list[str]:
    """List the columns whose name stands in the formula, as a word or quoted for ``Q()``."""
    words = _words(formula)
    return [name for name in frame if name in words]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text)) | set(re.findall(r"[\"']([^\"']*)[\"']", text))


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


def _engine() -> str:
    # statsmodels 0.14 knows patsy only, 0.15 can be told.
    options = getattr(statsmodels.formula, "options", None)
    return getattr(options, "formula_engine", "patsy")


Built: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray, Any]
"""The outcome, the matrix, which rows are complete (bool, one a row of the data), the spec."""


def _by_model(formula: str, data: pd.DataFrame) -> Built:
    """Build through statsmodels' models, whatever their engine."""
    model = Model.from_formula(formula, data, missing="drop")
    complete = np.zeros(len(data), dtype=bool)
    complete[np.asarray(model.data.row_labels, dtype=np.intp)] = True
    declared = data.select_dtypes("category")  # of other columns the engine drops levels itself
    unused = [
        name for name in declared if len(set(data[name].dropna()) - set(data[name][complete]))
    ]
    if unused and complete.any():
        some = {name: data[name].where(complete).cat.remove_unused_categories() for name in unused}
        return _by_model(formula, data.assign(**some))
    # statsmodels 0.14 names it design_info, 0.15 model_spec; patsy and formulaic differ as well.
    spec = getattr(model.data, "model_spec", None) or model.data.design_info
    return model.endog, model.exog, complete, spec


def _by_patsy(formula: str, data: pd.DataFrame) -> Built:
    """Build through patsy, with what is only a column looked up instead of evaluated.

    That gives the same matrices ten times as fast where terms are columns: patsy evaluates every
    name as an expression of its own, on pandas' objects, and reads text row by row.
    """
    import patsy

    read = patsy.ModelDesc.from_formula(formula)
    sides = (read.lhs_termlist, read.rhs_termlist)
    codes = {f.code for terms in sides for term in terms for f in term.factors}
    looked_up = {code: patsy.LookupFactor(code) for code in codes if code in data}
    looked_up |= {f"C({name})": _Coded(name) for name in data if f"C({name})" in codes}

    data = _without_lost_levels(data, codes)
    columns = {name: _for_patsy(data[name], name, codes) for name in data}

    def built(instead: dict[Any, Any]) -> tuple[Any, Any, np.ndarray]:
        """Build with some factors in the place of others."""

        def term_of(term: Any) -> Any:
            factors = [looked_up.get(f.code, f) for f in term.factors]
            return patsy.Term([instead.get(f, f) for f in factors])

        complete = _Complete(len(data))
        lhs, rhs = patsy.dmatrices(
            patsy.ModelDesc(*[[term_of(term) for term in terms] for terms in sides]),
            columns,
            eval_env=patsy.EvalEnvironment([{"np": np, "pd": pd}]),
            NA_action=complete,
        )
        return lhs, rhs, complete.rows

    lhs, rhs, complete = built({})
    fewer = _fewer_levels(rhs.design_info, columns, complete)
    if fewer:
        lhs, rhs, complete = built(fewer)
        for factor in fewer.values():
            factor.built = True
    if lhs.shape[1] != 1:
        raise InputError(
            f"the outcome of '{formula}' is not one column of numbers",
            remedy="Make a column of 0 and 1 for the event and name that.",
        )
    return np.asarray(lhs)[:, 0], np.asarray(rhs), complete, rhs.design_info


def _without_lost_levels(data: pd.DataFrame, codes: set[str]) -> pd.DataFrame:
    """Take coded numbers out of rows that lack another column: their levels are not of the model.

    That saves `_fewer_levels` a second build. It holds where terms are columns only: a function
    may have a value where its column has none.
    """
    coded = [str(name) for name in data if f"C({name})" in codes]
    plain = {str(name) for name in data} | {f"C({name})" for name in coded}
    known = data.notna().all(axis=1)
    if known.all() or not known.any() or not codes <= plain:
        return data
    taken = [
        name for name in coded if name not in codes and pd.api.types.is_float_dtype(data[name])
    ]
    return data.assign(**{name: data[name].where(known) for name in taken})


def _fewer_levels(design: Any, columns: dict[str, Any], complete: np.ndarray) -> dict[Any, Any]:
    """Give categories of which complete rows have some levels only, with those levels."""
    fewer = {}
    for factor, info in design.factor_infos.items():
        if info.type != "categorical" or not complete.any():
            continue
        levels = list(info.categories)
        codes = _with_levels(_unboxed(factor.eval(info.state, columns))[0], levels).codes
        left = [levels[code] for code in np.unique(codes[complete]) if code >= 0]
        if len(left) == 1:
            raise InputError(
                f"'{factor.name()}' is '{left[0]}' in every row of the domain that lacks nothing",
                remedy="Leave it out, or check the domain and the missing values.",
            )
        if len(left) < len(levels):
            fewer[factor] = _Fewer(factor, left)
    return fewer


def _unboxed(values: Any) -> tuple[Any, Any]:
    """Take what a categorical factor is evaluated to apart: values, and the coding asked for."""
    boxed = hasattr(values, "contrast")  # by patsy's C()
    return (values.data, values.contrast) if boxed else (values, None)


def _for_patsy(values: pd.Series, name: str, codes: set[str]) -> Any:
    """Give a column the form that patsy reads fastest, where no expression could tell."""
    uses = {code for code in codes if name in _words(code)}
    number = values.dtype.kind in "fiub"
    if uses <= {name}:
        return values.to_numpy() if number else values.astype("category")
    if uses <= {f"C({name})"} or (uses <= {name, f"C({name})"} and not number):
        return pd.Categorical(values)
    return values


@dataclass(frozen=True)
class _Coded:
    """``C(column)`` as a patsy factor: patsy itself would read even a `Categorical` row by row."""

    column: str
    origin: None = None

    def name(self) -> str:
        return f"C({self.column})"

    def memorize_passes_needed(self, state: dict, environment: Any) -> int:
        return 0

    def eval(self, state: dict, data: Any) -> Any:
        values = data[self.column]
        if isinstance(values, pd.Categorical):  # from `_for_patsy`: its levels are the factor's
            return values
        import patsy

        return patsy.builtins.C(values)


def _with_levels(values: Any, levels: list) -> pd.Categorical:
    """Make a category of these levels; what has none of them is missing."""
    return pd.Categorical(values).set_categories(levels)


class _Fewer:
    """A categorical factor for patsy, of which only some levels are left.

    Other levels are missing values while the matrix is built: they occur in rows that lack a value
    anyhow, whose numbers are still wanted for knots and centres. Once `built` they are errors.
    """

    def __init__(self, factor: Any, levels: list) -> None:
        self.factor, self.levels, self.built = factor, levels, False
        self.origin = factor.origin

    def name(self) -> str:
        return str(self.factor.name())

    def memorize_passes_needed(self, state: dict, environment: Any) -> int:
        return int(self.factor.memorize_passes_needed(state, environment))

    def memorize_chunk(self, state: dict, which: int, data: Any) -> None:
        self.factor.memorize_chunk(state, which, data)

    def memorize_finish(self, state: dict, which: int) -> None:
        self.factor.memorize_finish(state, which)

    def eval(self, state: dict, data: Any) -> Any:
        import patsy

        values, coding = _unboxed(self.factor.eval(state, data))
        known = _with_levels(values, self.levels)
        strange = np.flatnonzero(known.isna() & pd.notna(values))
        if self.built and len(strange):
            raise InputError(f"'{self.name()}' has no level '{list(values)[strange[0]]}'")
        return patsy.builtins.C(known, coding)


class _Complete:
    """Leaves out the rows that lack a value, and keeps account of them: a patsy `NA_action`."""

    def __init__(self, rows: int) -> None:
        self.rows = np.ones(rows, dtype=bool)

    def is_categorical_NA(self, value: Any) -> bool:
        """Tell whether a category is missing."""
        return value is None or value is pd.NA or value != value

    def is_numerical_NA(self, values: Any) -> np.ndarray:
        """Tell which rows lack a number."""
        missing = np.isnan(np.asarray(values, dtype=float))
        return missing if missing.ndim == 1 else missing.any(axis=1)

    def handle_NA(
        self, values: list[np.ndarray], missing: list[np.ndarray], origins: list
    ) -> list[np.ndarray]:
        """Take the complete rows of each factor."""
        for each in missing:
            self.rows &= ~each
        return values if self.rows.all() else [each[self.rows] for each in values]


def _nearest(reason: str, frame: pd.DataFrame) -> str:
    """Give the column that was meant by a name that the formula engine does not know, if any."""
    unknown = re.search(r"name '(\w+)' is not defined", reason)
    if unknown is None:
        return ""
    near = difflib.get_close_matches(unknown[1], map(str, frame.columns), n=1)
    return f"Did you mean '{near[0]}'?" if near else "Its columns are those of the data frame."


def _require_finite(values: np.ndarray, names: list[str], formula: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=0)).tolist()
    if bad:
        raise InputError(
            f"the formula '{formula}' cannot be used: '{names[bad[0]]}' has values that are not "
            "finite"
        )


def _columns(spec: Any) -> list[str]:
    return list(spec.column_names)


def _terms(spec: Any, columns: list[str]) -> dict[str, list[str]]:
    slices = spec.term_name_slices if hasattr(spec, "term_name_slices") else spec.term_slices
    return {str(term): columns[where] for term, where in slices.items()}
