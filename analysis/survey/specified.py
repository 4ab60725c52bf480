"""What models of shared columns are made of, and the table in which they are handed out.

`many` fits each by itself, `neighbours` each from the solution of the one before it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import InputError
from analysis.survey import checks
from analysis.survey.columns import as_matrix
from analysis.survey.formula import Matrices, build_columns
from analysis.survey.intervals import critical_t
from analysis.survey.results import DFRule

INTERCEPT = "Intercept"

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Specification:
    """One model of many.

    Parameters
    ----------
    name : str
        What the result's rows are called by; no two may have the same.
    outcome : str or array, shape (n,)
        A column, a condition (1 where it holds) or values.
    terms : sequence of str
        Names among the given `columns`; for `Design.many` also right-hand sides of a formula such
        as ``"age"``, ``"C(sex)"`` or ``"bs(age, df=4)"``. An interaction belongs into one term
        with what it is made of, ``"age * C(sex)"``: each is coded by itself, beside an intercept.
    family : str
        As for `Design.glm`.
    domain : str or boolean array, optional
        As for `Design.where`; within the domain of the design.
    weights : str, optional
        Another column of weights than the design's.
    keep : sequence of str, optional
        Terms or coefficients to be reported; all unless told.
    intercept : bool, default True
    df : {"design", "residual"}
        As for `Design.glm`.
    link : str, optional
        As for `Design.glm`.
    """

    name: str
    outcome: Any
    terms: Sequence[str]
    family: str = "gaussian"
    domain: Any = None
    weights: str | None = None
    keep: Sequence[str] | None = None
    intercept: bool = True
    df: DFRule = "design"
    link: str | None = None


@dataclass(frozen=True)
class Block:
    """Columns of a term in the rows of the design's domain.

    Parameters
    ----------
    names : list of k str
    values : array, shape (m, k)
        NaN where missing.
    complete : bool array, shape (m,)
    """

    names: list[str]
    values: np.ndarray
    complete: np.ndarray


@dataclass(frozen=True)
class Shared:
    """What all models are made of, by key; `positions` are those of its m rows in the frame."""

    design: Any
    positions: np.ndarray
    blocks: dict[str, Block]
    outcomes: dict[Any, tuple[str, np.ndarray]]
    domains: dict[Any, np.ndarray]
    weights: dict[str | None, np.ndarray]


@dataclass(frozen=True)
class Chosen:
    """The rows of a specification; positions are among the m rows of `Shared`.

    Parameters
    ----------
    used : int array
        Of positive weight, lacking nothing.
    present : int array
        These, and those like them but for a weight of 0.
    n_missing : int
        Rows of positive weight in the domain that lack a value.
    """

    used: np.ndarray
    present: np.ndarray
    n_missing: int


def shared_by(
    design: Any,
    specifications: Sequence[Specification],
    columns: Mapping[str, pd.DataFrame | pd.Series] | None,
    alpha: float,
    jobs: int,
    *,
    formulas: bool,
) -> tuple[Shared, list[Specification]]:
    """Check what a caller gave, and build what the specifications share.

    Parameters
    ----------
    design, specifications, columns, alpha, jobs
        As for `Design.many`.
    formulas : bool
        Whether a term that is not among `columns` is a formula, or an error.

    Returns
    -------
    shared : Shared
    specifications : list of Specification
        Their outcomes and domains are keys of `shared`.
    """
    if isinstance(specifications, Specification):
        raise InputError("specifications are a list, also where there is one")
    if columns is not None and not isinstance(columns, Mapping):
        raise InputError("columns are a dict: blocks of columns by the name of their term")
    listed = list(specifications)
    _check(listed, jobs)
    critical_t(1, alpha)  # refuses what is no alpha before any model is fitted
    columns = dict(columns or {})
    if not formulas:
        _check_terms(listed, columns)
    shared = _share(design, listed, columns)
    keys = [replace(each, outcome=_key(each.outcome), domain=_key(each.domain)) for each in listed]
    return shared, keys


def _check_terms(specifications: list[Specification], columns: dict[str, Any]) -> None:
    for each in specifications:
        unknown = [term for term in each.terms if term not in columns]
        if unknown:
            raise InputError(
                f"there are no columns for the term '{unknown[0]}'",
                where=f"specification '{each.name}'",
                remedy=f"Of: {', '.join(columns) or 'none'}.",
            )


def _check(specifications: list[Specification], jobs: int) -> None:
    if not isinstance(jobs, int) or jobs < 1:
        raise InputError(f"jobs must be a number of processes or threads from 1, not {jobs!r}")
    seen: set[str] = set()
    for each in specifications:
        if not isinstance(each, Specification):
            raise InputError(f"{each!r} is not a Specification")
        if each.name in seen:
            raise InputError(f"two specifications are named '{each.name}'")
        seen.add(each.name)
        listed = (each.terms, () if each.keep is None else each.keep)
        if any(
            isinstance(names, str) or not all(isinstance(name, str) for name in names)
            for names in listed
        ):
            raise InputError(
                f"specification '{each.name}': terms and keep are lists of names, not one text"
            )
        twice = [term for place, term in enumerate(each.terms) if term in each.terms[:place]]
        if twice:
            raise InputError(f"specification '{each.name}' has the term '{twice[0]}' twice")


def _key(values: Any) -> Any:
    """Tell shared values apart: by their text, arrays by being the same object."""
    return values if values is None or isinstance(values, str) else id(values)


def _share(design: Any, specifications: list[Specification], columns: dict[str, Any]) -> Shared:
    """Build everything that a specification names, once."""
    positions = np.flatnonzero(design.inside)
    if not len(positions):
        design._some_rows()
    blocks: dict[str, Block] = {}
    outcomes: dict[Any, tuple[str, np.ndarray]] = {}
    domains: dict[Any, np.ndarray] = {}
    weights: dict[str | None, np.ndarray] = {}
    for each in specifications:
        try:
            for term in each.terms:
                if term not in blocks:
                    blocks[term] = _block(design, positions, term, columns)
            if (key := _key(each.outcome)) not in outcomes:
                name, values = design._numbers(each.outcome, condition=True)
                outcomes[key] = name, values[positions]
            if (key := _key(each.domain)) not in domains:
                whole = design if each.domain is None else design.where(each.domain)
                domains[key] = whole.inside
            if each.weights not in weights:
                weights[each.weights] = _weights(design, each.weights)
        except InputError as error:
            where = f"specification '{each.name}'"
            raise InputError(error.what, remedy=error.remedy, where=where) from error
    bare = copy.copy(design)  # without the data, which processes would have to be sent
    bare.frame = pd.DataFrame(index=pd.RangeIndex(len(design.frame)))
    return Shared(bare, positions, blocks, outcomes, domains, weights)


def _weights(design: Any, name: str | None) -> np.ndarray:
    if name is None:
        return np.asarray(design.weights)
    if design.replicates is not None:
        raise InputError(
            f"weights '{name}' cannot take the place of those that have replicates",
            remedy="Make a design of each set of weights with its own replicates.",
        )
    return checks.weights(design.frame, name)


def _block(design: Any, positions: np.ndarray, term: str, columns: dict[str, Any]) -> Block:
    if term not in columns:
        names, values, complete = build_columns(term, design.frame, positions)
        return Block(names, values, complete)
    given = columns[term]
    frame = given.to_frame(term) if isinstance(given, pd.Series) else given
    rows = design._rows_of(frame)
    values = as_matrix(frame)
    if len(rows) != len(positions):
        values = values[positions]
    return Block(list(map(str, frame.columns)), values, ~np.isnan(values).any(axis=1))


def fit_one(shared: Shared, specification: Specification) -> list[Row]:
    """Fit one model; a problem is a row in its place."""
    try:
        matrices, left_out = matrices_of(shared, specification)
        results = _model_of(shared, specification, matrices)
        kept = kept_of(specification.keep, matrices.terms)
    except (InputError, np.linalg.LinAlgError) as error:
        problem = error.message if isinstance(error, InputError) else f"no solution: {error}"
        return [{"specification": specification.name, "problem": problem}]
    place = {name: number for number, name in enumerate(matrices.names)}
    params = results.params.to_numpy()
    std_errors = np.sqrt(np.diagonal(results.covariance.to_numpy()))
    common = {
        "outcome": matrices.outcome,
        "df": results.df_resid,
        "n": results.nobs,
        "events": results.n_events,
        "left_out": ", ".join(left_out),
    }
    at = [place[name] for name in kept]
    return rows_of(specification, matrices.terms, kept, params[at], std_errors[at], common)


def rows_of(
    specification: Specification,
    terms: Mapping[str, list[str]],
    kept: list[str],
    estimates: np.ndarray,
    std_errors: np.ndarray,
    common: Row,
) -> list[Row]:
    """Put rows together of the coefficients kept: estimates and standard errors of shape (q,)."""
    term_of = {name: term for term, names in terms.items() for name in names}
    common = {"specification": specification.name, **common, "problem": ""}
    return [
        common | {"term": term_of[name], "coefficient": name, "estimate": value, "std_error": error}
        for name, value, error in zip(kept, estimates, std_errors, strict=True)
    ]


def _model_of(shared: Shared, specification: Specification, matrices: Matrices) -> Any:
    design = copy.copy(shared.design)
    design.weights = shared.weights[specification.weights]
    return design._fit(matrices, specification.family, specification.df, specification.link)


def terms_of(shared: Shared, specification: Specification) -> dict[str, list[str]]:
    """Give the columns' names by term, the intercept first.

    Raises
    ------
    InputError
        If two terms have a column of the same name.
    """
    terms = {INTERCEPT: [INTERCEPT]} if specification.intercept else {}
    terms |= {term: shared.blocks[term].names for term in specification.terms}
    _refuse_twice(terms)
    return terms


def chosen(shared: Shared, specification: Specification) -> Chosen:
    """Find the rows of a model: those in its domain that lack nothing.

    Raises
    ------
    InputError
        If the domain has no rows of positive weight.
    """
    positions = shared.positions
    positive = np.asarray(shared.weights[specification.weights])[positions] > 0
    inside = np.asarray(shared.domains[specification.domain])[positions]
    candidates = inside & positive
    if not candidates.any():
        raise InputError(
            "the domain has no rows of positive weight",
            remedy="Check its condition and the weight.",
        )
    present = inside & ~np.isnan(shared.outcomes[specification.outcome][1])
    for term in specification.terms:
        present &= shared.blocks[term].complete
    used = np.flatnonzero(present & positive)
    return Chosen(used, np.flatnonzero(present), int(candidates.sum()) - len(used))


def matrices_of(shared: Shared, specification: Specification) -> tuple[Matrices, list[str]]:
    """Put a model's columns together for the rows that lack nothing.

    Returns
    -------
    matrices : Matrices
    left_out : list of str
        Columns that are zero in every row, but for those to be kept.
    """
    terms = terms_of(shared, specification)
    rows = chosen(shared, specification)
    positions, used = shared.positions, rows.used
    outcome, y = shared.outcomes[specification.outcome]
    names = [name for of_term in terms.values() for name in of_term]
    ones = np.ones((len(positions), int(specification.intercept)))
    blocks = [shared.blocks[term].values for term in specification.terms]
    x = np.concatenate([ones, *blocks], axis=1)
    x = x if len(used) == len(x) else np.take(x, used, axis=0)
    wanted = set(specification.keep or ())
    wanted |= {name for term in wanted for name in terms.get(term, [])}
    zero = np.flatnonzero(~x.any(axis=0)).tolist() if len(used) else []
    left_out = [names[place] for place in zero if names[place] not in wanted]
    if left_out:
        x = x[:, [place for place, name in enumerate(names) if name not in left_out]].copy()
        terms = {
            term: [name for name in of_term if name not in left_out]
            for term, of_term in terms.items()
        }
    matrices = Matrices(
        y=np.asarray(y)[used],
        x=x,
        names=[name for name in names if name not in left_out],
        rows=positions[used],
        present=positions[rows.present],
        n_missing=rows.n_missing,
        terms=terms,
        outcome=outcome,
    )
    return matrices, left_out


def _refuse_twice(terms: dict[str, list[str]]) -> None:
    found: dict[str, str] = {}
    for term, names in terms.items():
        for name in names:
            if name in found:
                raise InputError(
                    f"column '{name}' comes from two terms, '{found[name]}' and '{term}'",
                    remedy="Name it in one of them only.",
                )
            found[name] = term


def kept_of(keep: Sequence[str] | None, terms: Mapping[str, list[str]]) -> list[str]:
    """Name the coefficients to be reported, out of terms and names of coefficients.

    Raises
    ------
    InputError
        If the model does not have one of them.
    """
    names = [name for of_term in terms.values() for name in of_term]
    if keep is None:
        return names
    kept: dict[str, None] = {}
    for name in keep:
        found = terms.get(name, [name])
        if not set(found) <= set(names):
            raise InputError(
                f"the model has no term or column '{name}'",
                remedy=f"Of: {', '.join(dict.fromkeys([*terms, *names]))}",
            )
        kept |= dict.fromkeys(found)
    return list(kept)


COLUMNS = (
    "specification", "outcome", "term", "coefficient", "estimate", "std_error", "conf_low",
    "conf_high", "statistic", "df", "p_value", "n", "events", "left_out", "problem",
)  # fmt: skip


def table_of(rows: list[Row], alpha: float) -> pd.DataFrame:
    """Make the table of `Design.many` of rows, with intervals and tests."""
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    numbers = ["estimate", "std_error", "df"]
    table[numbers] = table[numbers].astype(float)
    estimate, std_error, df = (table[name].to_numpy() for name in numbers)
    df = np.where(df > 0, df, np.nan)  # no intervals without degrees of freedom
    half = stats.t.ppf(1 - alpha / 2, df) * std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / std_error
    counts = {name: table[name].astype(float).astype("Int64") for name in ("n", "events")}
    texts = ("outcome", "term", "coefficient", "left_out", "problem")
    return table.assign(
        conf_low=estimate - half,
        conf_high=estimate + half,
        statistic=statistic,
        p_value=2 * stats.t.sf(np.abs(statistic), df),
        **counts,
        **{name: table[name].astype("str").where(table[name].notna(), "") for name in texts},
    )
