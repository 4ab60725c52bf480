"""A JSON schema of study files, so that editors complete and check them while they are written.

It says what a single key may hold. What must hold between keys (names that refer to one another, a
measure that a cycle lacks, the weight) is for ``python -m analysis check``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.cohort.measure import Measure
from analysis.nhanes.cycles import CYCLES
from analysis.study.specification import Study

FILE = Path(__file__).with_name("study.schema.json")
"""The schema as it comes with the package."""

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The version of JSON Schema that editors of TOML read best."""

CONTINUOUS = (
    ("Exposure", "measure"), ("Outcome", "measure"), ("Outcome", "mean_z"),
    ("Below", "measure"), ("NegativeExposure", "measure"),
)  # fmt: skip
"""Keys that want a continuous measure."""

ANY = (
    ("Interaction", "modifier"), ("Stratum", "measure"), ("Table1", "rows"),
    ("Imputation", "auxiliary"), ("NegativeOutcome", "drop"), ("Model", "exposures"),
)  # fmt: skip
"""Keys that want a measure of any kind, or a list of them."""

TERMS = (
    ("Model", "terms"), ("Option", "add"), ("Adjusted", "terms"), ("Adjusted", "groups"),
)  # fmt: skip
"""Keys that want terms of a model: a measure by its name alone, or a transform or product."""

_FORMED = {"type": "string", "pattern": "[(:]"}
"""A term that is not a bare name."""


def study_schema(measures: Mapping[str, Measure]) -> dict[str, Any]:
    """Make the schema.

    Parameters
    ----------
    measures : mapping of str to Measure
        Every measure by its name; editors offer the names where a measure is wanted.

    Returns
    -------
    dict
        JSON Schema, draft 7. Descriptions are those of the specification's fields, which messages
        about wrong values use too.
    """
    schema = Study.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = schema.pop("$defs")
    everything = definitions | {"Study": schema}
    names = _enum(measures.values())
    definitions["AnyMeasure"] = names
    definitions["ContinuousMeasure"] = _enum(m for m in measures.values() if m.kind == "continuous")
    definitions["Term"] = {
        "anyOf": [{"$ref": "#/definitions/AnyMeasure"}, _FORMED],
        "description": 'a measure, a transform such as "per(energy, 100)", or a product "sex:age"',
    }
    for places, wanted in ((CONTINUOUS, "ContinuousMeasure"), (ANY, "AnyMeasure"), (TERMS, "Term")):
        for section, key in places:
            _want(everything[section]["properties"][key], wanted)
    for section in everything.values():
        if "cycles" in section.get("properties", {}):
            section["properties"]["cycles"]["items"] = {"enum": list(CYCLES)}
    replaced = definitions["Option"]["properties"]["replace"]
    definitions["Option"]["properties"]["replace"] = {
        "type": "object",
        "description": replaced["description"],
        "propertyNames": {"$ref": "#/definitions/AnyMeasure"},
        "additionalProperties": {"$ref": "#/definitions/AnyMeasure"},
    }
    # Cut points say how many groups there are.
    exposure = definitions["Exposure"]
    exposure["required"] = [key for key in exposure["required"] if key != "groups"]
    exposure["anyOf"] = [{"required": ["groups"]}, {"required": ["cuts"]}]
    for part in _walk([schema, definitions]):
        _simplify(part)
    head = {"$schema": DRAFT, "title": "A study of python -m analysis", **schema}
    return head | {"definitions": definitions}


def schema_text(measures: Mapping[str, Measure]) -> str:
    """Write the schema as it stands in `FILE`."""
    return json.dumps(study_schema(measures), indent=1, ensure_ascii=False) + "\n"


def _enum(measures: Iterable[Measure]) -> dict[str, Any]:
    return {"type": "string", "enum": sorted(measure.name for measure in measures)}


def _want(entry: dict[str, Any], definition: str) -> None:
    """Let a key, or the items of a list, be one of the definition's."""
    reference = {"$ref": f"#/definitions/{definition}"}
    if entry.get("type") == "array":
        entry["items"] = reference
        return
    for key in ("type", "pattern", "maxLength", "anyOf"):
        entry.pop(key, None)
    entry["allOf"] = [reference]


def _simplify(part: dict[str, Any]) -> None:
    """Leave out what TOML cannot say, and what tells an author nothing."""
    if isinstance(part.get("title"), str):
        part.pop("title")  # Python's names of fields
    if part.get("default", 0) in (None, [], {}):
        part.pop("default")
    members = part.get("anyOf")
    if members and {"type": "null"} in members:
        rest = [member for member in members if member != {"type": "null"}]
        part.pop("anyOf")
        part.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
    # Beside a reference, draft 7 reads nothing else; a list of one may have a description.
    if "$ref" in part and len(part) > 1:
        part["allOf"] = [{"$ref": part.pop("$ref")}]


def _walk(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every table of the schema, but not those of names (``properties``)."""
    if isinstance(part, list):
        for each in part:
            yield from _walk(each)
    elif isinstance(part, dict):
        named = part.get("properties")
        yield part
        for key, each in part.items():
            if key != "properties":
                yield from _walk(list(each.values()) if key == "definitions" else each)
        if isinstance(named, dict):
            yield from _walk(list(named.values()))


def directive(path: Path) -> str:
    """Write the line by which an editor finds the schema from a study file.

    Taplo, and with it the extension Even Better TOML of VS Code, reads ``#:schema`` in the first
    line; a path is taken from the file's own folder.

    Parameters
    ----------
    path : Path
        Of the study file, which need not be there.
    """
    try:
        where = Path(os.path.relpath(FILE, path.resolve().parent)).as_posix()
    except ValueError:  # on another drive
        return f"#:schema {FILE.as_uri()}"
    return f"#:schema {where if where.startswith('.') else f'./{where}'}"
