"""Model terms: a measure, a named transform of one, or an interaction of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from analysis.errors import InputError
from analysis.grammar.tokens import Cursor, Measures, Name, Source, number_text, suggestion

_MAX_PARTS = 3
_MAX_CUTS = 20


@dataclass(frozen=True)
class Transform:
    """A named transform of one measure.

    Parameters
    ----------
    name : str
        One of `TRANSFORMS`.
    arg : Name
        The measure.
    parameters : tuple of float
        What follows it: none for ``log``, ``sqrt``, ``square``; the divisor of ``per``; the centre
        of ``center``; the number of knots of ``spline``; the increasing cut points of
        ``category``, whose intervals are closed on the left.
    at : int
        Place in the text, from 0.
    """

    name: str
    arg: Name
    parameters: tuple[float, ...] = ()
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}({', '.join([str(self.arg), *map(number_text, self.parameters)])})"


@dataclass(frozen=True)
class Interaction:
    """The product of two or three parts, without their main effects."""

    parts: tuple[Name | Transform, ...]

    def __str__(self) -> str:
        return ":".join(map(str, self.parts))


Part = Name | Transform


@dataclass(frozen=True)
class Term:
    """A parsed model term. Two are equal if their trees are, however they were spaced.

    Parameters
    ----------
    root : Name, Transform or Interaction
        The tree that the design matrix is built from.
    source : Source
        The text as written, and where it stands.
    """

    root: Part | Interaction
    source: Source = field(compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.root)

    @property
    def text(self) -> str:
        """The term as it was written."""
        return self.source.text

    @property
    def parts(self) -> tuple[Part, ...]:
        """The factors of an interaction, or the one name or transform."""
        return self.root.parts if isinstance(self.root, Interaction) else (self.root,)

    @property
    def columns(self) -> frozenset[str]:
        """Names of all measures (columns) that the term reads."""
        return frozenset(_measure(part).name for part in self.parts)

    def problems(self, measures: Measures) -> tuple[str, ...]:
        """Tell what is wrong with the term for these measures, each with its place."""
        found = (problem for part in self.parts for problem in _problems(part, measures))
        return tuple(self.source.point(what, at) for what, at in found)

    def check(self, measures: Measures) -> None:
        """Hold the term against the measures' names and kinds.

        Raises
        ------
        InputError
            With every unknown name and every transform of a categorical measure.
        """
        problems = self.problems(measures)
        if problems:
            raise InputError("\n".join(problems), where=self.source.where)

    def describe(self, labels: Mapping[str, str], units: Mapping[str, str] | None = None) -> str:
        """Say the term in words.

        Parameters
        ----------
        labels : mapping of str to str
            What to call each measure; a measure that is not in it is called by its name.
        units : mapping of str to str, optional
            Units to put after numbers.

        Examples
        --------
        >>> parse_term("per(energy, 100)").describe({"energy": "Energy"}, {"energy": "kcal/day"})
        'Energy (per 100 kcal/day)'
        """
        return " × ".join(_words(part, labels, units or {}) for part in self.parts)


def parse_term(text: str, *, where: str = "") -> Term:
    """Parse a model term.

    Parameters
    ----------
    text : str
        A name, a transform, or an interaction of two or three of them.
    where : str, optional
        File and key, for errors.

    Returns
    -------
    Term

    Raises
    ------
    InputError
        For anything that the grammar does not know, with its place.

    Examples
    --------
    >>> parse_term("spline(age, 4)").root
    Transform(name='spline', arg=Name(name='age'), parameters=(4.0,))
    """
    source = Source(text, where)
    cursor = Cursor(source)
    parts = [_part(cursor)]
    while cursor.accept(":"):
        at = cursor.token.at
        part = _part(cursor)
        if part in parts:
            raise cursor.error(f"'{part}' interacts with itself", at)
        if len(parts) == _MAX_PARTS:
            raise cursor.error(f"an interaction has at most {_MAX_PARTS} parts", at)
        parts.append(part)
    cursor.end()
    return Term(parts[0] if len(parts) == 1 else Interaction(tuple(parts)), source)


def intervals(cuts: Sequence[float]) -> tuple[str, ...]:
    """Name the intervals that cut points make, each closed on the left.

    Parameters
    ----------
    cuts : sequence of float
        Increasing, one or more.

    Returns
    -------
    tuple of str
        One more than there are cuts, lowest first.

    Examples
    --------
    >>> intervals([18.5, 25])
    ('below 18.5', '18.5 to below 25', '25 or more')
    """
    text = [number_text(float(cut)) for cut in cuts]
    between = (f"{low} to below {high}" for low, high in pairwise(text))
    return (f"below {text[0]}", *between, f"{text[-1]} or more")


def _part(cursor: Cursor) -> Part:
    name = cursor.name("of a measure or transform")
    if not cursor.accept("("):
        return name
    if name.name not in TRANSFORMS:
        near = suggestion(name.name, TRANSFORMS)
        known = ", ".join(TRANSFORMS)
        raise cursor.error(f"unknown transform '{name.name}'{near} (known: {known})", name.at)
    arg = cursor.name(f"of a measure in {name.name}(...)")
    parameters = []
    while cursor.accept(","):
        parameters.append(cursor.number())
    cursor.expect(")", f"to close {name.name}(...)")
    want = _WRONG_PARAMETERS[name.name](parameters)
    if want:
        raise cursor.error(f"{name.name}({arg}, ...) wants {want}", name.at)
    return Transform(name.name, arg, tuple(parameters), name.at)


def _none(values: list[float]) -> str:
    return "nothing after the measure's name" if values else ""


def _divisor(values: list[float]) -> str:
    return "" if len(values) == 1 and values[0] > 0 else "one number above 0, as in per(x, 100)"


def _centre(values: list[float]) -> str:
    return "" if len(values) == 1 else "one number, as in center(x, 50)"


def _knots(values: list[float]) -> str:
    good = len(values) == 1 and values[0] in range(3, 8)
    return "" if good else "a whole number of knots from 3 to 7, as in spline(x, 4)"


def _cuts(values: list[float]) -> str:
    good = 1 <= len(values) <= _MAX_CUTS and all(low < high for low, high in pairwise(values))
    return "" if good else f"1 to {_MAX_CUTS} increasing cut points, as in category(x, 18.5, 25)"


_WRONG_PARAMETERS: Mapping[str, Callable[[list[float]], str]] = {
    "log": _none,
    "sqrt": _none,
    "square": _none,
    "per": _divisor,
    "center": _centre,
    "spline": _knots,
    "category": _cuts,
}
TRANSFORMS = tuple(_WRONG_PARAMETERS)
"""Every transform's name."""


def _measure(part: Part) -> Name:
    return part.arg if isinstance(part, Transform) else part


def _problems(part: Part, measures: Measures) -> Iterator[tuple[str, int]]:
    name = _measure(part)
    if name.name not in measures:
        yield f"unknown measure '{name.name}'{suggestion(name.name, measures)}", name.at
    elif isinstance(part, Transform) and measures[name.name].kind != "continuous":
        yield f"'{name.name}' is categorical; {part.name}(...) takes a continuous measure", part.at


def _words(part: Part, labels: Mapping[str, str], units: Mapping[str, str]) -> str:
    name = _measure(part).name
    label = labels.get(name, name)
    if isinstance(part, Name):
        return label
    unit = f" {units[name]}" if units.get(name) else ""
    numbers = [number_text(value) for value in part.parameters]
    match part.name:
        case "per":
            return f"{label} (per {numbers[0]}{unit})"
        case "center":
            return f"{label} (centred at {numbers[0]}{unit})"
        case "spline":
            return f"{label} (restricted cubic spline, {numbers[0]} knots)"
        case "category":
            return f"{label} ({', '.join(intervals(part.parameters))}{unit})"
        case "square":
            return f"{label} (squared)"
        case "sqrt":
            return f"{label} (square root)"
        case _:
            return f"{label} (natural logarithm)"
