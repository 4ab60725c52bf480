"""Conditions: who is kept, who has the event, who belongs to a domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.grammar.evaluation import Evaluation
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
    Text,
    names,
)
from analysis.grammar.tokens import MAX_DEPTH, Cursor, Measures, Name, Source, clip
from analysis.grammar.wording import problems_of, words_of


@dataclass(frozen=True)
class Condition:
    """A parsed condition. Two are equal if their trees are, however they were spaced.

    Parameters
    ----------
    root : node
        The tree: `Comparison`, `Membership`, `Missing`, `Not`, `And`, `Or`.
    source : Source
        The text as written, and where it stands.
    said : str, optional
        How the condition reads where it was made from another one.

    Notes
    -----
    Truth is three-valued (Kleene's strong logic). A comparison or membership with a missing
    value is unknown; ``not`` unknown is unknown; ``and`` is the least and ``or`` the greatest of
    its parts with false < unknown < true. What is unknown in the end is not kept: neither
    ``x < 12`` nor ``not (x < 12)`` holds where ``x`` is missing. Only ``missing(x)`` tells.
    """

    root: Node
    source: Source = field(compare=False, repr=False)
    said: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.root)

    @property
    def text(self) -> str:
        """The condition as it was written."""
        return self.said or self.source.text

    @property
    def columns(self) -> frozenset[str]:
        """Names of all measures (columns) that the condition reads."""
        return frozenset(name.name for name in names(self.root))

    def evaluate(self, frame: pd.DataFrame) -> np.ndarray:
        """Tell for every row whether the condition holds.

        Parameters
        ----------
        frame : DataFrame, shape (n, ...)
            Has all `columns`, each with numbers (or booleans) or with text.

        Returns
        -------
        ndarray of bool, shape (n,)
            False also where the answer is unknown.

        Raises
        ------
        InputError
            If a column is not there, or text meets numbers.

        Examples
        --------
        >>> frame = pd.DataFrame({"age": [19.0, 20.0, np.nan]})
        >>> parse_condition("age >= 20").evaluate(frame).tolist()
        [False, True, False]
        """
        return Evaluation(frame, self.source).truth(self.root) == 1

    @property
    def negation(self) -> Condition:
        """The condition that holds where this one is known not to hold."""
        return Condition(Not(self.root), self.source, f"not ({self.text})")

    def problems(self, measures: Measures) -> tuple[str, ...]:
        """Tell what is wrong with the condition for these measures, each with its place."""
        return tuple(self.source.point(what, at) for what, at in problems_of(self.root, measures))

    def check(self, measures: Measures) -> None:
        """Hold the condition against the measures' names, kinds and levels.

        Raises
        ------
        InputError
            With every unknown name, unknown level, and comparison of the wrong kind.
        """
        problems = self.problems(measures)
        if problems:
            raise InputError("\n".join(problems), where=self.source.where)

    def describe(self, labels: Mapping[str, str], units: Mapping[str, str] | None = None) -> str:
        """Say the condition in words.

        Parameters
        ----------
        labels : mapping of str to str
            What to call each measure; a measure that is not in it is called by its name.
        units : mapping of str to str, optional
            Units to put after numbers.

        Examples
        --------
        >>> parse_condition("12 <= x < 20").describe({"x": "25(OH)D"}, {"x": "ng/mL"})
        '25(OH)D is at least 12 and below 20 ng/mL'
        """
        return words_of(self.root, labels, units or {})


def parse_condition(text: str, *, where: str = "") -> Condition:
    """Parse a condition.

    Parameters
    ----------
    text : str
        At most `MAX_LENGTH` characters and `MAX_DEPTH` levels.
    where : str, optional
        File and key, for errors.

    Returns
    -------
    Condition

    Raises
    ------
    InputError
        For anything that the grammar does not know, with its place.

    Examples
    --------
    >>> sorted(parse_condition("age >= 20 and not missing(bmi)").columns)
    ['age', 'bmi']
    """
    source = Source(text, where)
    cursor = Cursor(source)
    root = _disjunction(cursor, 0)
    cursor.end()
    return Condition(root, source)


def _disjunction(cursor: Cursor, depth: int) -> Node:
    parts = [_conjunction(cursor, depth)]
    while cursor.accept("or"):
        parts.append(_conjunction(cursor, depth))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _conjunction(cursor: Cursor, depth: int) -> Node:
    parts = [_negation(cursor, depth)]
    while cursor.accept("and"):
        parts.append(_negation(cursor, depth))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _negation(cursor: Cursor, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise cursor.error(f"nested deeper than {MAX_DEPTH} levels")
    if cursor.accept("not"):
        return Not(_negation(cursor, depth + 1))
    if cursor.accept("("):
        inner = _disjunction(cursor, depth + 1)
        cursor.expect(")", "to close the parenthesis")
        return inner
    if cursor.accept("missing"):
        cursor.expect("(", "after missing")
        name = cursor.name("in missing(...)")
        cursor.expect(")", "after the name; missing takes one name")
        return Missing(name)
    return _comparison(cursor)


def _comparison(cursor: Cursor) -> Node:
    first = _operand(cursor)
    following = cursor.following
    negated = cursor.token.text == "not" and following.text == "in"
    if isinstance(first, Name) and (negated or cursor.token.text == "in"):
        cursor.take()
        if negated:
            cursor.take()
        return Membership(first, _values(cursor), negated)
    operands: list[Operand] = [first]
    operators: list[str] = []
    while sign := cursor.accept(*COMPARE):
        _refuse_odd_chain(cursor, operators, sign.text, sign.at)
        operators.append(sign.text)
        operands.append(_operand(cursor))
        _refuse_odd_pair(cursor, operands[-2], sign.text, operands[-1], sign.at)
    if not operators:
        raise cursor.error(
            f"want a comparison (==, !=, <, <=, >, >=, in) after {clip(str(first))}, "
            f"got {cursor.token}"
        )
    return Comparison(tuple(operands), tuple(operators))


def _operand(cursor: Cursor) -> Operand:
    token = cursor.token
    if token.kind == "number":
        return Number(cursor.number(), token.at)
    if token.kind == "text":
        return Text(cursor.take().text[1:-1], token.at)
    name = cursor.name("or a value")
    if cursor.token.kind == "symbol" and cursor.token.text == "(":
        raise cursor.error(
            f"{clip(name.name)} cannot be called; a condition knows only missing(...)", name.at
        )
    return name


def _values(cursor: Cursor) -> tuple[Number | Text, ...]:
    cursor.expect("(", "after in")
    values: list[Number | Text] = []
    while True:
        value = _operand(cursor)
        if isinstance(value, Name):
            raise cursor.error("want numbers or quoted text in the list", value.at)
        if values and type(value) is not type(values[0]):
            raise cursor.error("a list holds either numbers or text, not both", value.at)
        values.append(value)
        if not cursor.accept(","):
            break
    cursor.expect(")", "to close the list")
    return tuple(values)


def _refuse_odd_chain(cursor: Cursor, before: list[str], sign: str, at: int) -> None:
    if before and (sign in EQUALITY or before[0] in EQUALITY or before[0][0] != sign[0]):
        raise cursor.error("a chain goes one way, as in 12 <= x < 20; join others with and", at)


def _refuse_odd_pair(cursor: Cursor, left: Operand, sign: str, right: Operand, at: int) -> None:
    if not isinstance(left, Name) and not isinstance(right, Name):
        raise cursor.error("compares two constants; one side must be a name", at)
    if sign not in EQUALITY and (isinstance(left, Text) or isinstance(right, Text)):
        raise cursor.error(f"'{sign}' is for numbers; text is compared with ==, != or in", at)
