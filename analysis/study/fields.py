"""What the entries of a study file are made of: texts, names, conditions, terms, numbers.

A field's description begins with what is wanted there; messages about wrong values and the JSON
schema both read it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from analysis.errors import InputError
from analysis.grammar import parse_condition, parse_term, suggestion
from analysis.nhanes.cycles import CYCLES


def _plain_text(text: str) -> str:
    """Refuse control, format and separator characters that a reader cannot see."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            what = f"the unprintable character U+{ord(char):04X} in text"
            raise PydanticCustomError("told", "{what}", {"what": what})
    return text


def _parses_as(parse: Any) -> Any:
    def validate(text: str) -> str:
        try:
            parse(text)
        except InputError as error:
            raise PydanticCustomError("told", "{what}", {"what": error.what}) from None
        return text

    return validate


def near_cycle(name: str) -> str:
    """Suggest a cycle: one that begins or ends with what was written, before one spelt like it."""
    parts = [c for c in CYCLES if name and (c.startswith(name) or c.endswith(name))]
    return f"; did you mean '{parts[0]}'?" if len(parts) == 1 else suggestion(name, CYCLES)


def _known_cycle(name: str) -> str:
    if name not in CYCLES:
        near = near_cycle(name) or f" (known: {', '.join(CYCLES)})"
        what = f"unknown cycle '{name[:40]}'{near}"
        raise PydanticCustomError("told", "{what}", {"what": what})
    return name


def oldest_first(cycles: tuple[str, ...]) -> tuple[str, ...]:
    """Order cycles by time: how a file orders them must not reach any row of the results."""
    return tuple(sorted(cycles, key=list(CYCLES).index))


NAME_PATTERN = r"^[a-z][a-z0-9_]*$"

Text = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_plain_text)]
Identifier = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
ConditionText = Annotated[str, AfterValidator(_parses_as(parse_condition))]
TermText = Annotated[str, AfterValidator(_parses_as(parse_term))]
CycleName = Annotated[str, AfterValidator(_plain_text), AfterValidator(_known_cycle)]
Number = Annotated[float, Field(allow_inf_nan=False)]

NAME = "a name of a-z, 0-9 and _ that begins with a letter, at most 64 characters"
TEXT = "text of 1 to 2,000 printable characters"
CONDITION = "a condition in quotes, such as \"age >= 20 and sex == 'Male'\""


def name_field(what: str) -> Any:
    """Describe a required name."""
    return Field(description=f"{NAME}: {what}")


def text_field(what: str, default: Any = ...) -> Any:
    """Describe a text for people."""
    return Field(default, description=f"{TEXT}: {what}")


class Section(BaseModel):
    """One table of a study file: no unknown keys, no conversion of types, no change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with other values; what was derived from the old ones and kept is left behind."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


def many(of: str, default: Any = ...) -> Any:
    """Describe a list.

    It is not strict, because TOML has lists where frozen values want tuples; its items are.
    """
    return Field(default, strict=False, max_length=500, description=f"a list of {of}")
