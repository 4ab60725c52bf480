"""Validation errors in plain words: where in the file, what is wanted, what was found."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from analysis.grammar import suggestion
from analysis.grammar.tokens import clip
from analysis.study.analyses import (
    Adjusted,
    Confounding,
    Imputation,
    Interaction,
    Multinomial,
    Specifications,
    Stratum,
)
from analysis.study.fields import NAME, Section
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
    "other_exposures": Exposure,
    "outcomes": Outcome,
    "models": Model,
    "domains": Domain,
    "adjusted": Adjusted,
    "table1": Table1,
    "multinomial": Multinomial,
    "interactions": Interaction,
    "strata": Stratum,
    "specifications": Specifications,
    "confounding": Confounding,
    "imputation": Imputation,
    "published": Published,
}
_ONE = {
    "references": "reference",
    "cohort": "cohort step",
    "outcomes": "outcome",
    "models": "model",
    "domains": "domain",
    "adjusted": "adjusted",
    "other_exposures": "other exposure",
    "multinomial": "multinomial model",
    "interactions": "interaction",
    "strata": "division",
    "published": "published figure",
}


def structure_problems(raw: Mapping[str, Any], error: ValidationError) -> Iterator[Problem]:
    """Yield each validation error, translated; none of pydantic's own text is passed on."""
    seen: set[tuple[Location, str]] = set()
    errors = error.errors(include_url=False)
    places = [_in_the_file(found["loc"]) for found in errors]
    for location, found in zip(places, errors, strict=True):
        within = len(location)
        if found["type"] == "too_short" and any(
            len(place) > within and place[:within] == location for place in places
        ):
            continue  # a list lacks an entry only because that entry is wrong
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
    found: list[int | str] = []
    kind: Any = Study
    for part in location:
        section = section_of(kind)
        if isinstance(part, str) and section is not None:
            field = fields_of(section).get(part)
            kind = field.annotation if field else None
            found.append(part)
        elif isinstance(part, int) or get_origin(_bare(kind)) is dict:
            found.append(part)
            kind = kind if isinstance(part, int) else None
        if not isinstance(part, int) and section is None:
            kind = None
    return tuple(found)


def fields_of(section: type[Section]) -> dict[str, FieldInfo]:
    """Fields by the name that a file gives them."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _bare(kind: Any) -> Any:
    """Take the None of an optional field away."""
    if isinstance(kind, types.UnionType):
        members = [member for member in get_args(kind) if member is not type(None)]
        return members[0] if len(members) == 1 else None
    return kind


def section_of(kind: Any) -> type[Section] | None:
    """Find the section that a field holds, alone or in a list."""
    kind = _bare(kind)
    if get_origin(kind) is tuple:
        kind = get_args(kind)[0]
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _words(raw: Mapping[str, Any], location: Location, kind: str, context: Mapping) -> str:
    if kind == "told":
        return context["what"]
    field = _field(location)
    if kind == "extra_forbidden":
        return _unknown_key(location)
    # Behind the first colon, a description tells what the field is for.
    want = (field.description or "").split(": ")[0] if field else "text"
    if field is None and kind == "string_pattern_mismatch":
        want = NAME
    if kind == "missing":
        return f"missing; want {want}"
    if isinstance(location[-1], int) and field is None:
        want = "a table" if _section_at(location) else _item(location)
    got = _get(raw, location)
    if kind in ("too_long", "too_short") and isinstance(got, list):
        return f"want {want}, got {len(got)} entries"
    return f"want {want}, got {described(got)}"


def _item(location: Location) -> str:
    """Say what an item of a list is to be."""
    field = _field(location[:-1])
    kinds = get_args(_bare(field.annotation)) if field else ()
    return {int: "a whole number", float: "a number"}.get(_plain(kinds), "text in quotes")


def _plain(kinds: tuple[Any, ...]) -> Any:
    """Take the annotations of a list's items away."""
    kind = kinds[0] if kinds else str
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _unknown_key(location: Location) -> str:
    known = list(fields_of(_section_at(location[:-1]) or Study))
    near = suggestion(str(location[-1]), known) or f"; known are {', '.join(known)}"
    names = ".".join(str(part) for part in location[:-1] if isinstance(part, str))
    within = f" in [{names}]" if len(location) == 2 else ""
    if len(location) > 2:
        listed = isinstance(location[-2], int)
        within = f" in [[{names}]]" if listed else f" in {names}"
    return f"unknown key {clip(str(location[-1]))}{within}{near}"


def _section_at(location: Location) -> type[Section] | None:
    """Find the section that a location names; None where there is none."""
    section: type[Section] | None = Study
    for part in location:
        if isinstance(part, str):
            field = fields_of(section).get(part) if section else None
            section = section_of(field.annotation) if field else None
    return section


def _field(location: Location) -> FieldInfo | None:
    """Find the field that a location names; None for an item within a list."""
    if not isinstance(location[-1], str):
        return None
    section = _section_at(location[:-1])
    return fields_of(section).get(location[-1]) if section else None


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
