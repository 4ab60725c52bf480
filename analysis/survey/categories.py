"""Outcomes of several categories, as codes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.formula import Matrices, outcome_text


@dataclass(frozen=True)
class Coded:
    """An outcome's categories and each row's code.

    Parameters
    ----------
    codes : float array, shape (n,)
        0, 1, ... in the order of `labels`; NaN where missing.
    labels : list of str
    name : str
        The outcome.
    """

    codes: np.ndarray
    labels: list[str]
    name: str


@dataclass(frozen=True)
class Outcome:
    """The categories that the rows used have.

    Parameters
    ----------
    codes : int array, shape (m,)
    labels : list of str
        Categories with a row used, in order.
    counts : list of int
        Rows used of each.
    declared : list of str
        All categories of the outcome.
    """

    codes: np.ndarray
    labels: list[str]
    counts: list[int]
    declared: list[str]

    @property
    def dropped(self) -> list[str]:
        """Categories without a row used."""
        return [label for label in self.declared if label not in self.labels]


def coded(values: pd.Series, name: str, inside: np.ndarray, order: Sequence | None = None) -> Coded:
    """Code an outcome's categories in their order.

    That is the order of a Categorical, or ascending; `order` states another.

    Parameters
    ----------
    values : Series of n values
        A Categorical, text, truth values or whole numbers.
    name : str
    inside : bool array, shape (n,)
        The domain.
    order : sequence, optional
        The categories in order: each value in the domain must be among them.

    Raises
    ------
    InputError
        If values are not of one such kind, or `order` lacks one or has one twice.
    """
    if order is None:
        levels = _levels(values, name)
    else:
        levels = list(order)
        _check_order(levels, values[inside], name)
    labels = [label_of(level) for level in levels]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise InputError(f"the outcome '{name}' has category '{twice}' twice")
    plain = pd.Categorical(values.astype(object), categories=pd.Index(levels, dtype=object))
    codes = np.where(plain.codes < 0, np.nan, plain.codes)
    return Coded(codes, labels, name)


def label_of(level: Any) -> str:
    """Give the name of a category: whole numbers as such, whatever their type."""
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)


def is_ordered(values: pd.Series) -> bool:
    """Tell whether values have an order of their own, as numbers and ordered Categoricals do."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return bool(values.dtype.ordered)
    return bool(pd.api.types.is_numeric_dtype(values.infer_objects().dtype))


def outcome_of(formula: str) -> str:
    """Take the column on the left of a formula."""
    left = outcome_text(formula)
    quoted = re.fullmatch(r"Q\(\s*([\"'])(.*)\1\s*\)", left)
    return quoted.group(2) if quoted else left


def used(matrices: Matrices, coded: Coded) -> tuple[Matrices, Outcome]:
    """Renumber the categories of the rows used, without those that have none.

    Raises
    ------
    InputError
        If no rows are left, or all are in one category.
    """
    name = coded.name
    if not len(matrices.y):
        raise InputError(f"every row of the domain lacks a value in the model of '{name}'")
    counts = np.bincount(matrices.y.astype(np.intp), minlength=len(coded.labels))
    kept = np.flatnonzero(counts)
    if len(kept) == 1:
        raise InputError(
            f"the outcome '{name}' cannot be modelled: all of the {len(matrices.y):,} rows in the "
            f"domain are '{coded.labels[kept[0]]}'",
            remedy="Check the categories and the domain.",
        )
    codes = np.searchsorted(kept, matrices.y.astype(np.intp))
    outcome = Outcome(
        codes=codes,
        labels=[coded.labels[j] for j in kept],
        counts=counts[kept].tolist(),
        declared=coded.labels,
    )
    return replace(matrices, y=codes.astype(float), outcome=name), outcome


def refuse_empty(y: np.ndarray, weights: np.ndarray, labels: list[str], which: str) -> None:
    """Refuse a set of replicate weights that leaves a category without any.

    Raises
    ------
    InputError
        With the category, after `which`, which tells of the set.
    """
    empty = np.flatnonzero(np.bincount(y, weights, minlength=len(labels)) <= 0)
    if len(empty):
        raise InputError(
            f"{which}: no row of category '{labels[empty[0]]}' has weight",
            remedy="A category that only few PSUs have. Merge it with another.",
        )


def _levels(values: pd.Series, name: str) -> list[Any]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.categories)
    found = values.dropna().unique().tolist()
    texts = sum(isinstance(level, str) for level in found)
    if 0 < texts < len(found):
        raise InputError(f"the outcome '{name}' mixes text with other values")
    whole = texts or all(_is_whole(level) for level in found)
    if not whole:
        odd = next(level for level in found if not _is_whole(level))
        raise InputError(
            f"the outcome '{name}' must have categories (a Categorical, text or whole numbers); "
            f"it has {odd}"
        )
    return sorted(found)


def _is_whole(level: Any) -> bool:
    try:
        return float(level).is_integer()
    except (TypeError, ValueError):
        return False


def _check_order(levels: list[Any], values: pd.Series, name: str) -> None:
    found = values.dropna().astype(object)
    strangers = found[~found.isin(levels)]
    if len(strangers):
        raise InputError(
            f"the outcome '{name}' has category '{label_of(strangers.iloc[0])}' in "
            f"{int((strangers == strangers.iloc[0]).sum()):,} rows, which categories does not list",
            remedy="List it, or leave its rows out of the domain.",
        )
