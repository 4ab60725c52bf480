"""Validation errors in plain words: where in the file, what is wanted, what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from analysis.grammar import suggestion
from analysis.grammar.tokens import clip
from analysis.study.fields import Section
from analysis.study.lines import entry_name
from analysis.study.specification import (
    CohortOptions,
    CohortStep,
    Data,
    Domain,
    Exposure,
    Model,
    Outcome,
    Published,
    Reference,
    Study,
    Table1,
)

Location = tuple[int | str, ...]
Problem = tuple[Location, str]
"""Where in the parsed TOML, and what is wrong there."""

SECTIONS: Mapping[str, type[Section]] = {
    "references": Reference,
    "data": Data,
    "cohort": CohortStep,
    "cohort_options": CohortOptions,
    "exposure": Exposure,
    "outcomes": Outcome,
    "models": Model,
    "domains": Domain,
    "table1": Table1,
    "published": Published,
}
_ONE = {
    "references": "reference",
    "cohort": "cohort step",
    "outcomes": "outcome",
    "models": "model",
    "domains": "domain",
    "published": "published figure",
}


def structure_problems(raw: Mapping[str, Any], error: ValidationError) -> Iterator[Problem]:
    """Yield each validation error, translated; none of pydantic's own text is passed on."""
    seen: set[tuple[Location, str]] = set()
    for found in error.errors(include_url=False):
        location = _in_the_file(found["loc"])
        problem = location, _words(raw, location, found["type"], found.get("ctx", {}))
        if problem not in seen:  # a union reports each of its members
            seen.add(problem)
            yield problem


def place(raw: Mapping[str, Any], location: Location) -> str:
    """Say a location as a reader of the file would: ``outcome 'deficiency', event``."""
    if not location:
        return ""
    section, rest = str(location[0]), location[1:]
    if rest and isinstance(rest[0], int):
        one = _ONE.get(section, section)
        name = entry_name(_get(raw, (section, rest[0])))
        head = f"{one} {clip(name)}" if name else f"{one} no. {rest[0] + 1}"
        return f"{head}, {_path(rest[1:])}" if rest[1:] else head
    return _path(location)


def _path(location: Location) -> str:
    words = ""
    for part in location:
        if isinstance(part, int):
            words += f" no. {part + 1}"
        else:
            words += ("." if words else "") + clip(part)[1:-1]
    return words


def _in_the_file(location: Location) -> Location:
    """Cut what pydantic adds behind a key: the member of a union that it tried."""
    key = next((i for i, part in enumerate(location[1:], 1) if isinstance(part, str)), None)
    if key is None:
        return location
    names_key = location[:key][0] == "published" and location[key] == "where"
    tail = location[key + 1 :]
    return location[: key + 1] + (tail if names_key else tuple(i for i in tail if type(i) is int))


def _words(raw: Mapping[str, Any], location: Location, kind: str, context: Mapping) -> str:
    if kind == "told":
        return context["what"]
    field = _field(location)
    if kind == "extra_forbidden":
        return _unknown_key(location)
    # Behind the first colon, a description tells what the field is for.
    want = (field.description or "").split(": ")[0] if field else "text"
    if kind == "missing":
        return f"missing; want {want}"
    if isinstance(location[-1], int) and len(location) in (2, 4) and field is None:
        want = "a table" if len(location) == 2 else "text in quotes"
    got = _get(raw, location)
    if kind in ("too_long", "too_short") and isinstance(got, list):
        return f"want {want}, got {len(got)} entries"
    return f"want {want}, got {described(got)}"


def _unknown_key(location: Location) -> str:
    section = SECTIONS.get(str(location[0])) if len(location) > 1 else Study
    known = [field.alias or name for name, field in (section or Study).model_fields.items()]
    near = suggestion(str(location[-1]), known) or f"; known are {', '.join(known)}"
    within = f" in [{location[0]}]" if len(location) > 1 else ""
    if len(location) > 2:
        within = f" in [[{location[0]}]]"
    return f"unknown key {clip(str(location[-1]))}{within}{near}"


def _field(location: Location) -> FieldInfo | None:
    """Find the field that a location names; None for an item within a list."""
    if len(location) == 1:
        fields = {field.alias or name: field for name, field in Study.model_fields.items()}
        return fields.get(str(location[0]))
    section = SECTIONS.get(str(location[0]))
    if section is None or not isinstance(location[-1], str):
        return None
    return section.model_fields.get(location[-1])


def _get(raw: Any, location: Location) -> Any:
    for part in location:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def described(value: Any) -> str:
    """Name a TOML value in plain words, shortened."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            if not value:
                return "empty text"
            return f"the text {clip(value)}" + (" (too long)" if len(value) > 64 else "")
        case int() | float():
            try:
                return f"the number {str(value)[:40]}"
            except ValueError:  # more digits than Python writes
                return "a number too large"
        case list():
            return "a list"
        case dict():
            return "a table"
        case dt.date() | dt.time():
            return "a date or time"
        case _:
            return "nothing"
