"""Tokens, and what conditions and terms share: names, places, suggestions and the cursor."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from analysis.errors import InputError

MAX_LENGTH = 2_000
"""Characters that one condition or term may have."""

MAX_DEPTH = 50
"""Levels of parentheses and ``not`` that one condition may have."""

KEYWORDS = frozenset({"and", "or", "not", "in", "missing"})
"""Words that no measure can be called in conditions and terms."""

_WINDOW = 90  # characters of the text that an error shows

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<name>[a-z][a-z0-9_]*)
    | (?P<number>[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<symbol>==|!=|<=|>=|<|>|\(|\)|,|:)
    """,
    re.VERBOSE,
)
_IN_WORD = re.compile(r"[A-Za-z0-9_.]")

_HINTS = {
    "=": "equality is written ==",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != for unequal",
    "~": "write not",
    ".": "names have no dots, and numbers a digit before the dot",
    "'": "the quotation mark is not closed",
    '"': "the quotation mark is not closed",
    "*": "write an interaction as a:b, and its parts as terms of their own",
    "^": "write square(x)",
    "/": "write per(x, 100)",
}


class MeasureLike(Protocol):
    """What checks need to know of a measure (`analysis.cohort.measure.Measure` has it)."""

    @property
    def kind(self) -> str:
        """``"continuous"`` or ``"categorical"``."""

    @property
    def levels(self) -> tuple[str, ...]:
        """Every category of a categorical measure."""


Measures = Mapping[str, MeasureLike]


@dataclass(frozen=True)
class Name:
    """A measure or column. `at` is its place in the text, counted from 0."""

    name: str
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Source:
    """A text and where it stands, for errors that point into it."""

    text: str
    where: str = ""

    def point(self, what: str, at: int) -> str:
        """Put the column behind `what`, and the text below with a caret at the place (from 0)."""
        start = max(0, min(at - _WINDOW // 2, len(self.text) - _WINDOW))
        shown = self.text[start : start + _WINDOW]
        line = "".join(c if c.isprintable() else " " if c in "\t\r\n" else "\ufffd" for c in shown)
        return f"{what} (column {at + 1})\n    {line.rstrip()}\n    {' ' * (at - start)}^"

    def error(self, what: str, at: int) -> InputError:
        """Build the error to raise for the place `at`, counted from 0."""
        return InputError(self.point(what, at), where=self.where)


@dataclass(frozen=True)
class Token:
    """One token: a name, a number, a quoted text, a symbol, or the end."""

    kind: Literal["name", "number", "text", "symbol", "end"]
    text: str
    at: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else clip(self.text)


def clip(text: str, length: int = 40) -> str:
    """Quote `text` for a message, shortened and without unprintable characters."""
    short = text if len(text) <= length else text[: length - 3] + "..."
    return "'" + "".join(c if c.isprintable() else "\ufffd" for c in short) + "'"


def suggestion(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'age'?"`` for the nearest of `known`, or nothing if none is near."""
    by_folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word[:100].casefold(), by_folded, n=1)
    return f"; did you mean '{by_folded[near[0]]}'?" if near else ""


def number_text(value: float) -> str:
    """Write a number so that it reads back as the same number, integers without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def tokenize(source: Source) -> list[Token]:
    """Split a text into tokens, the last of kind ``"end"``.

    Raises
    ------
    InputError
        For text that is empty or too long, and for the first character that begins no token.
    """
    text = source.text
    if len(text) > MAX_LENGTH:
        raise InputError(f"longer than {MAX_LENGTH} characters", where=source.where)
    if not text.strip(" \t\r\n"):
        raise InputError("empty; want a condition or a term", where=source.where)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise source.error(_refusal(text[at]), at)
        kind, word = match.lastgroup, match.group()
        if kind in ("name", "number") and _IN_WORD.match(text, match.end()):
            raise source.error(_broken_word(text, at, match.end(), kind), match.end())
        if kind == "text" and not word.isprintable():
            bad = next(i for i, c in enumerate(word) if not c.isprintable())
            raise source.error("an unprintable character in quoted text", at + bad)
        if kind != "space":
            tokens.append(Token(kind, word, at))  # type: ignore[arg-type]
        at = match.end()
    return [*tokens, Token("end", "", len(text))]


def _refusal(char: str) -> str:
    if char.isascii() and char.isalpha():
        return f"unexpected {clip(char)}; names, and, or, not and in are lower case"
    if char in _HINTS:
        return f"unexpected {clip(char)}; {_HINTS[char]}"
    if char.isascii() and char.isprintable():
        return f"unexpected {clip(char)}"
    title = unicodedata.name(char, f"U+{ord(char):04X}")
    return f"unexpected {clip(char)} ({title}); names are made of a-z, 0-9 and _"


def _broken_word(text: str, at: int, end: int, kind: str) -> str:
    word = text[at:end]
    if kind == "number":
        return f"{clip(text[end])} cannot follow the number {word}"
    return f"unexpected {clip(text[end])} in a name; names are made of a-z, 0-9 and _"


class Cursor:
    """Reads tokens one by one.

    Parameters
    ----------
    source : Source
        The text to read.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._tokens = tokenize(source)
        self._next = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._next]

    @property
    def following(self) -> Token:
        """The token after the next one (the end token if there is none)."""
        return self._tokens[min(self._next + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Go past the next token and return it (the end is never passed)."""
        token = self.token
        if token.kind != "end":
            self._next += 1
        return token

    def accept(self, *words: str) -> Token | None:
        """Take the next token if it is one of these names or symbols."""
        if self.token.kind in ("name", "symbol") and self.token.text in words:
            return self.take()
        return None

    def expect(self, word: str, why: str) -> Token:
        """Take this symbol or raise an error that says why it is wanted."""
        token = self.accept(word)
        if token is None:
            raise self.error(f"want '{word}' {why}, got {self.token}")
        return token

    def name(self, why: str) -> Name:
        """Take a name that is not a keyword."""
        if self.token.kind != "name" or self.token.text in KEYWORDS:
            raise self.error(f"want a name {why}, got {self.token}")
        token = self.take()
        return Name(token.text, token.at)

    def number(self) -> float:
        """Take a number that floating point can hold."""
        if self.token.kind != "number":
            raise self.error(f"want a number, got {self.token}")
        value = float(self.token.text) + 0.0  # no negative zero
        if not math.isfinite(value):
            raise self.error("a number too large")
        self.take()
        return value

    def end(self) -> None:
        """Refuse anything that is left."""
        if self.token.kind != "end":
            raise self.error(f"unexpected {self.token}")

    def error(self, what: str, at: int | None = None) -> InputError:
        """Build the error at a place, by default that of the next token."""
        return self.source.error(what, self.token.at if at is None else at)
