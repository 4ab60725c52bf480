"""Three-valued truth of a condition for every row of a frame.

Truth is held as -1 (false), 0 (unknown) and 1 (true), so that ``not``, ``and`` and ``or`` are
minus, least and greatest (Kleene's strong logic).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.grammar.nodes import (
    COMPARE,
    EQUALITY,
    And,
    Comparison,
    Membership,
    Missing,
    Node,
    Not,
    Number,
    Operand,
    Or,
)
from analysis.grammar.tokens import Name, Source, suggestion


@dataclass(frozen=True)
class _Column:
    values: np.ndarray  # float64 if numeric, else object with "" where missing
    missing: np.ndarray
    numeric: bool | None  # None: nothing but missing values, which fit numbers and text alike


class Evaluation:
    """One evaluation over one frame; reads each column once."""

    def __init__(self, frame: pd.DataFrame, source: Source) -> None:
        self.frame, self.source = frame, source
        self._columns: dict[str, _Column] = {}

    def truth(self, node: Node) -> np.ndarray:
        """Find the truth of a node for every row, as int8 of -1, 0 and 1."""
        match node:
            case Comparison():
                pairs = [self._pair(*pair) for pair in node.pairs]
                return np.minimum.reduce(pairs)
            case Membership():
                found = [self._pair(node.name, "==", value) for value in node.values]
                return np.maximum.reduce(found) * np.int8(-1 if node.negated else 1)
            case Missing():
                return np.where(self._column(node.name).missing, 1, -1).astype(np.int8)
            case Not():
                return -self.truth(node.part)
            case And():
                return np.minimum.reduce([self.truth(part) for part in node.parts])
            case Or():
                return np.maximum.reduce([self.truth(part) for part in node.parts])

    def _pair(self, left: Operand, sign: str, right: Operand) -> np.ndarray:
        values: list[np.ndarray | float | str] = []
        numeric: list[bool | None] = []
        missing = np.zeros(len(self.frame), dtype=bool)
        for operand in (left, right):
            if isinstance(operand, Name):
                column = self._column(operand)
                values.append(column.values)
                numeric.append(column.numeric)
                missing |= column.missing
            else:
                values.append(operand.value)
                numeric.append(isinstance(operand, Number))
        at = left.at if isinstance(left, Name) else right.at
        if None in numeric:
            return np.zeros(len(self.frame), dtype=np.int8)
        if numeric[0] != numeric[1]:
            raise self.source.error("compares a column of numbers with text", at)
        if sign not in EQUALITY and not numeric[0]:
            raise self.source.error(f"'{sign}' is for numbers; the column holds text", at)
        holds = np.asarray(COMPARE[sign](values[0], values[1]), dtype=bool)
        return np.where(missing, 0, np.where(holds, 1, -1)).astype(np.int8)

    def _column(self, name: Name) -> _Column:
        if name.name not in self._columns:
            self._columns[name.name] = self._read(name)
        return self._columns[name.name]

    def _read(self, name: Name) -> _Column:
        if name.name not in self.frame.columns:
            near = suggestion(name.name, map(str, self.frame.columns))
            raise self.source.error(f"no column '{name.name}'{near}", name.at)
        column = self.frame[name.name]
        if isinstance(column, pd.DataFrame):
            raise self.source.error(f"more than one column '{name.name}'", name.at)
        missing = column.isna().to_numpy(dtype=bool)
        if missing.all():
            return _Column(np.full(len(column), np.nan), missing, None)
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
            return _Column(column.to_numpy(np.float64), missing, True)
        values = column.astype(object).to_numpy(dtype=object, copy=True)
        kind = pd.api.types.infer_dtype(values, skipna=True)
        if kind == "string":
            values[missing] = ""
            return _Column(values, missing, False)
        if kind in ("integer", "floating", "mixed-integer-float", "boolean"):
            values[missing] = np.nan
            return _Column(values.astype(np.float64), missing, True)
        raise self.source.error(f"'{name.name}' holds neither numbers nor text", name.at)
