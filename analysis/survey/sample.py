"""A data frame with weights of which a part is under study, and what is asked of its columns."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey import estimates
from analysis.survey.columns import aligned, as_condition, as_numbers, column
from analysis.survey.estimates import Statistic
from analysis.survey.estimation import Estimator, Fit
from analysis.survey.replicates import Replicates
from analysis.survey.variance import LonelyPSU, Structure

Values: TypeAlias = str | pd.Series | np.ndarray | Sequence
"""A column's name, or values aligned with the rows."""


class Sample:
    """Rows with weights, and the domain of them that is under study.

    `Design` adds how the rows were drawn, and with it what an estimate's variance is. Rows outside
    the domain are never dropped.
    """

    frame: pd.DataFrame
    weights: np.ndarray
    structure: Structure
    lonely_psu: LonelyPSU
    replicates: Replicates | None
    _inside: np.ndarray

    # What a design says of variances; `rows` are positions in the frame.

    def _df(self, rows: np.ndarray) -> int:
        raise NotImplementedError

    @property
    def _df_rule(self) -> str:
        raise NotImplementedError

    def _std_error(self, statistic: Statistic, values: np.ndarray, rows: np.ndarray) -> float:
        raise NotImplementedError

    def _replicated_std_error(
        self,
        of: Callable[[np.ndarray, np.ndarray, int], Any],
        values: np.ndarray,
        rows: np.ndarray,
    ) -> float:
        raise NotImplementedError

    def _covariance_of(
        self, fit: Fit, estimator: Estimator, rows: np.ndarray, present: np.ndarray
    ) -> np.ndarray:
        raise NotImplementedError

    def where(self, mask: Values) -> Self:
        """Select a domain.

        Parameters
        ----------
        mask : str or boolean array or Series, shape (n,)
            A condition such as ``"age >= 20 and sex == 'Female'"`` (see `analysis.grammar`;
            rows for which missing values leave it unknown are outside), a column's name, or truth
            values for all n rows of the frame.

        Returns
        -------
        Sample
            The same design with the rows outside the domain out of every estimate. Domains of
            domains intersect.

        Raises
        ------
        InputError
            If the mask is not of truth values, has missing ones, or does not fit.
        """
        domain = copy.copy(self)
        domain._inside = self._inside & self._mask(mask)
        return domain

    @property
    def inside(self) -> np.ndarray:
        """Whether each row is in the domain, whatever its weight: bool, shape (n,)."""
        return self._inside.copy()

    @property
    def rows(self) -> np.ndarray:
        """Positions of the rows of positive weight in the domain."""
        return np.flatnonzero(self._inside & (self.weights > 0))

    def _rows_of(self, x: pd.DataFrame) -> np.ndarray:
        """Positions in the frame of the rows of a matrix that the caller has built."""
        if not isinstance(x, pd.DataFrame):
            raise InputError("x must be a DataFrame")
        if not x.columns.is_unique:
            raise InputError(f"x has column '{x.columns[x.columns.duplicated()][0]}' twice")
        if x.index.equals(self.frame.index):
            return np.arange(len(self.frame))
        if x.index.equals(self.frame.index[self._inside]):
            return np.flatnonzero(self._inside)
        raise InputError(
            "x must have the index of the design's data frame, or of its rows in the domain"
        )

    def _groups(
        self, by: Any, values: np.ndarray
    ) -> Iterator[tuple[dict[str, Any], np.ndarray, int]]:
        """Give each group's labels, the rows with a value, and how many have none.

        Rows of weight 0 are among those with a value; they are not counted as missing.
        """
        missing = np.isnan(values) if values.ndim == 1 else np.isnan(values).any(axis=1)
        domain = np.flatnonzero(self._inside)
        if by is None:
            self._some_rows()
            lacking = int((missing & (self.weights > 0))[domain].sum())
            yield {}, domain[~missing[domain]], lacking
            return
        keys = self._keys(by)
        clash = sorted(set(keys) & set(estimates.COLUMNS))
        if clash:
            raise InputError(
                f"groups cannot be named '{clash[0]}': the table has a column of that name",
                remedy="Give the column another name.",
            )
        frame = pd.DataFrame(keys).iloc[self.rows]
        self._some_rows()
        grouped = frame.groupby(list(keys), observed=True, sort=True, dropna=True)
        if not grouped.ngroups:
            raise InputError(f"every row of the domain lacks a group of '{' and '.join(keys)}'")
        for label, _ in grouped:
            inside = self._inside.copy()
            for name, part in zip(keys, label, strict=True):
                inside &= (keys[name] == part).to_numpy(dtype=bool, na_value=False)
            rows = np.flatnonzero(inside & ~missing)
            lacking = int((inside & missing & (self.weights > 0)).sum())
            yield dict(zip(keys, label, strict=True)), rows, lacking

    def _keys(self, by: Any) -> dict[str, pd.Series]:
        """Take groupings by their names."""
        if isinstance(by, list) and not by:
            raise InputError("by is empty", remedy="Name a column, or leave it out.")
        named: dict[str, pd.Series] = {}
        for each in by if isinstance(by, list) else [by]:
            name = self._name(each)
            if name in named:
                raise InputError(
                    f"two groupings are called '{name}'",
                    remedy="Give each Series a name of its own, or make columns of them.",
                )
            named[name] = self._labels(each)
        return named

    def _some_rows(self) -> np.ndarray:
        rows = self.rows
        if not len(rows):
            raise InputError(
                "the domain has no rows of positive weight",
                remedy="Check its condition and the weight.",
            )
        return rows

    def _name(self, values: Any) -> str:
        if isinstance(values, str):
            return values
        return str(getattr(values, "name", None) or "value")

    def _labels(self, by: Any) -> pd.Series:
        if isinstance(by, str):
            return column(self.frame, by, "groups")
        return aligned(by, self.frame, "by")

    def _variables(self, x: Any) -> dict[str, np.ndarray]:
        if isinstance(x, list) and not x:
            raise InputError("there is no variable to estimate anything of")
        many = isinstance(x, list) and all(isinstance(name, str) for name in x)
        return dict(self._numbers(each) for each in (x if many else [x]))

    def _numbers(self, x: Any, *, condition: bool = False) -> tuple[str, np.ndarray]:
        if not isinstance(x, str):
            name = self._name(x)
            return name, as_numbers(aligned(x, self.frame, f"'{name}'"), f"'{name}'")
        if condition and x not in self.frame.columns and not x.isidentifier():
            return x, as_condition(x, self.frame)
        return x, as_numbers(column(self.frame, x, "values"), f"column '{x}'")

    def _mask(self, mask: Any) -> np.ndarray:
        if isinstance(mask, str) and mask not in self.frame.columns:
            if mask.isidentifier():
                column(self.frame, mask, "domain")
            return as_condition(mask, self.frame) == 1
        values = self.frame[mask] if isinstance(mask, str) else aligned(mask, self.frame, "mask")
        if values.isna().any():
            raise InputError(
                f"the domain is unknown (missing) for {int(values.isna().sum()):,} rows",
                remedy="Say for each row whether it is inside.",
            )
        if not pd.api.types.is_bool_dtype(values.infer_objects().dtype):
            raise InputError(f"a domain must be of truth values, not of {values.dtype}")
        return values.to_numpy(dtype=bool)
