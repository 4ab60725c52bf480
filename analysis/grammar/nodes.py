"""The nodes of a parsed condition. Each prints itself so that it parses back to the same."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from analysis.grammar.tokens import Name, number_text

COMPARE: dict[str, Callable] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EQUALITY = frozenset({"==", "!="})
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Number:
    """A number written in a condition."""

    value: float
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return number_text(self.value)


@dataclass(frozen=True)
class Text:
    """A quoted text written in a condition; it cannot hold both kinds of quotation marks."""

    value: str
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        mark = '"' if "'" in self.value else "'"
        return f"{mark}{self.value}{mark}"


Operand = Name | Number | Text


@dataclass(frozen=True)
class Comparison:
    """``a < b``, or a chain ``a <= b < c``: one operator fewer than operands."""

    operands: tuple[Operand, ...]
    operators: tuple[str, ...]

    @property
    def pairs(self) -> tuple[tuple[Operand, str, Operand], ...]:
        """The comparisons of neighbours, all of which must hold."""
        return tuple(zip(self.operands[:-1], self.operators, self.operands[1:], strict=True))

    def __str__(self) -> str:
        rest = zip(self.operators, self.operands[1:], strict=True)
        return str(self.operands[0]) + "".join(f" {sign} {operand}" for sign, operand in rest)


@dataclass(frozen=True)
class Membership:
    """``name in (...)`` or ``name not in (...)``."""

    name: Name
    values: tuple[Number | Text, ...]
    negated: bool = False

    def __str__(self) -> str:
        word = "not in" if self.negated else "in"
        return f"{self.name} {word} ({', '.join(map(str, self.values))})"


@dataclass(frozen=True)
class Missing:
    """``missing(name)``: never unknown."""

    name: Name

    def __str__(self) -> str:
        return f"missing({self.name})"


@dataclass(frozen=True)
class Not:
    """``not part``."""

    part: Node

    def __str__(self) -> str:
        return f"not {_inner(self.part, And | Or)}"


@dataclass(frozen=True)
class And:
    """``part and part ...``."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(_inner(part, And | Or) for part in self.parts)


@dataclass(frozen=True)
class Or:
    """``part or part ...``."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(_inner(part, Or) for part in self.parts)


Node = Comparison | Membership | Missing | Not | And | Or


def _inner(node: Node, needs_parentheses: object) -> str:
    return f"({node})" if isinstance(node, needs_parentheses) else str(node)  # type: ignore[arg-type]


def names(node: Node) -> Iterator[Name]:
    """Yield every name that a condition reads, as often as it stands there."""
    match node:
        case Comparison(operands=operands):
            yield from (operand for operand in operands if isinstance(operand, Name))
        case Membership(name=name) | Missing(name=name):
            yield name
        case Not(part=part):
            yield from names(part)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from names(part)
