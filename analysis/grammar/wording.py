"""What is wrong with a condition for given measures, and what it says in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.grammar.nodes import (
    EQUALITY,
    MIRRORED,
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
from analysis.grammar.tokens import Measures, Name, clip, suggestion

_WORDS = {
    "==": "", "!=": "not ", "<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ",
}  # fmt: skip


def problems_of(node: Node, measures: Measures) -> Iterator[tuple[str, int]]:
    """Yield what is wrong, and its place in the text from 0."""
    unknown = {name for name in names(node) if name.name not in measures}
    for name in sorted(unknown, key=lambda name: name.at):
        yield f"unknown measure '{name.name}'{suggestion(name.name, measures)}", name.at
    yield from _kind_problems(node, measures)


def _kind_problems(node: Node, measures: Measures) -> Iterator[tuple[str, int]]:
    match node:
        case Comparison():
            for pair in node.pairs:
                yield from _pair_problems(*pair, measures)
        case Membership():
            for value in node.values:
                yield from _pair_problems(node.name, "==", value, measures)
        case Not(part=part):
            yield from _kind_problems(part, measures)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _kind_problems(part, measures)


def _pair_problems(
    left: Operand, sign: str, right: Operand, measures: Measures
) -> Iterator[tuple[str, int]]:
    if not isinstance(left, Name):
        left, right = right, left
    if not isinstance(left, Name) or left.name not in measures:
        return
    measure = measures[left.name]
    continuous = measure.kind == "continuous"
    match right:
        case Text(value=value, at=at) if continuous:
            yield f"'{left}' is continuous; compare it with a number, not with {clip(value)}", at
        case Text(value=value, at=at) if value not in measure.levels:
            near = suggestion(value, measure.levels) or _choices(measure.levels)
            yield f"{clip(value)} is not a level of {left}{near}", at
        case Number(at=at) if not continuous:
            yield f"'{left}' is categorical; compare it with text{_choices(measure.levels)}", at
        case Name() if right.name in measures:
            if measures[right.name].kind != measure.kind:
                yield f"'{left}' is {measure.kind}, '{right}' is not", right.at
            elif not continuous and sign not in EQUALITY:
                yield f"'{sign}' is for numbers; '{left}' is categorical", left.at


def _choices(levels: tuple[str, ...]) -> str:
    return f"; its levels are {', '.join(map(repr, levels))}"


def words_of(node: Node, labels: Mapping[str, str], units: Mapping[str, str]) -> str:
    """Say a condition in words, with measures by their labels and numbers with their units."""

    def label(operand: Operand) -> str:
        return labels.get(operand.name, operand.name) if isinstance(operand, Name) else ""

    match node:
        case Comparison():
            return _comparison_words(node, labels, units)
        case Membership(name=name, values=values, negated=negated):
            listed = [_value_words(value) for value in values]
            unit = _unit(name, values[0], units)
            if len(listed) > 1:
                word = "none of " if negated else "one of "
            else:
                word = "not " if negated else ""
            return f"{label(name)} is {word}{', '.join(listed)}{unit}"
        case Missing(name=name):
            return f"{label(name)} is missing"
        case Not(part=Missing(name=name)):
            return f"{label(name)} is not missing"
        case Not(part=part):
            return f"not ({words_of(part, labels, units)})"
        case And(parts=parts) | Or(parts=parts):
            words = [
                f"({words_of(part, labels, units)})"
                if isinstance(part, And | Or)
                else words_of(part, labels, units)
                for part in parts
            ]
            return (" and " if isinstance(node, And) else " or ").join(words)


def _comparison_words(node: Comparison, labels: Mapping[str, str], units: Mapping[str, str]) -> str:
    """Say the name first: ``12 <= x < 20`` is "x is at least 12 and below 20"."""
    said: list[str] = []
    before: Operand | None = None
    for left, sign, right in node.pairs:
        if not isinstance(left, Name):
            left, sign, right = right, MIRRORED[sign], left
        name = _value_words(left, labels)
        value = _value_words(right, labels)
        opens_chain = right is node.operands[0] and len(node.pairs) > 1
        unit = "" if opens_chain else _unit(left, right, units)
        subject = "" if left == before else f"{name} is "
        said.append(f"{subject}{_WORDS[sign]}{value}{unit}")
        before = left
    return " and ".join(said)


def _value_words(value: Operand, labels: Mapping[str, str] | None = None) -> str:
    if isinstance(value, Name):
        return (labels or {}).get(value.name, value.name)
    return f"“{value.value}”" if isinstance(value, Text) else str(value)


def _unit(name: Operand, value: Operand, units: Mapping[str, str]) -> str:
    unit = units.get(name.name, "") if isinstance(name, Name) else ""
    return f" {unit}" if unit and isinstance(value, Number) else ""
