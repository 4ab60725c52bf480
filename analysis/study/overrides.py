"""Other values for keys of a study's file, for one run: ``--set exposure=calcium_total``.

A key is named by its path. Entries of lists go by their names, so a path reads
``outcomes.deficiency.event`` or ``specifications.choices.energy.label``. The changed study is
validated as a file is, and carries what was changed and what that left without meaning.
"""

from __future__ import annotations

import tomllib
import types
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Annotated, Any, Literal, get_args, get_origin

from analysis.cohort.measure import Measure
from analysis.errors import InputError
from analysis.grammar import parse_condition, suggestion
from analysis.grammar.tokens import clip
from analysis.study.changes import Change, shown, suffix
from analysis.study.exchange import exchange_exposure
from analysis.study.lines import entry_name
from analysis.study.load import validated
from analysis.study.specification import Study
from analysis.study.translate import fields_of, section_of

SHORT = {"exposure": "exposure.measure"}
"""Paths that have a short form."""

FIXED: Mapping[str, str] = {
    "schema": "it is the version of the format",
    "name": "a changed study is named after its file and what was changed",
    "published": "published figures speak of the file as it is and are not compared",
    "references": "published figures speak of the file as it is and are not compared",
    "data.cycles": "cycles are chosen with --cycles (cycles= in Python)",
}
"""What cannot be set, and why."""

_DEFINING = (("cohort", "keep", "label"), ("domains", "where", "label"))
"""Conditions of lists' entries, each with the words that told what it was."""


def change_study(
    study: Study, settings: Mapping[str, Any], measures: Mapping[str, Measure]
) -> Study:
    """Give keys of a study's file other values.

    Parameters
    ----------
    study : Study
        From `load_study`.
    settings : mapping of str to object
        Values by path. ``"exposure"`` is short for ``"exposure.measure"``. A text is read as TOML
        where that can be (``"5"``, ``"false"``, ``'["age", "sex"]'``), and else taken as it is.
    measures : mapping of str to Measure
        Every measure by its name, for words.

    Returns
    -------
    Study
        Under another name; `Study.changes` and `Study.left_out` tell what became of it. Published
        figures speak of the file as it is, so it has none. Words that told of a condition which was
        changed are taken from the new one. What else another exposure brings with it, see
        `analysis.study.exchange`. Where every value is that of the file, the study itself.

    Raises
    ------
    InputError
        For a path that leads nowhere, and for every problem of the changed study.

    Examples
    --------
    >>> from analysis.cohort.measures import MEASURES
    >>> from analysis.study import load_study
    >>> changed = change_study(load_study("deng_2013"), {"exposure.groups": 5}, MEASURES)
    >>> changed.name, changed.exposure.groups
    ('deng_2013-exposure.groups_5', 5)
    """
    raw: dict[str, Any] = deepcopy(tomllib.loads(study.text))
    changes: list[Change] = []
    left_out: list[str] = []
    # The exposure first: what it brings with it (its unit, its groups) may be set too.
    paths = {SHORT.get(path, path): value for path, value in settings.items()}
    for path in sorted(paths, key=lambda path: path != "exposure.measure"):
        change = _change(raw, path, paths[path], study.origin)
        if change.value == change.was:
            continue
        changes.append(change)
        if path == "exposure.measure":
            left_out += exchange_exposure(raw, str(change.was), change.value, measures)
        else:
            _put(raw, path.split("."), change.value)
            _retell(raw, path.split("."), measures)
    if not changes:
        return study
    if raw.pop("published", None):
        left_out.append("published figures")
    told = ", ".join(f"{change.path} = {shown(change.value)}" for change in changes)
    raw["title"] = f"{raw['title']} \N{EM DASH} changed: {told}"[:2_000]
    # Lines are those of the file, which entries that are left out have moved.
    changed = validated(raw, "", f"{study.origin} with {told}")
    changed = changed.model_copy(update={"name": f"{study.name}{suffix(changes)}"})
    changed._content, changed._path, changed._lines = study._content, study._path, study._lines
    changed._changes, changed._left_out = tuple(changes), tuple(left_out)
    if study.is_moved:
        changed = changed.with_cycles(study.data.cycles)
    return changed


def settings_of(texts: list[str]) -> dict[str, str]:
    """Split what a command was given: ``["exposure.groups=5"]`` is ``{"exposure.groups": "5"}``.

    Raises
    ------
    InputError
        If one has no equals sign, or a path is set twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        path, sign, value = text.partition("=")
        path = path.strip()
        if not sign or not path:
            raise InputError(
                f"--set {clip(text)}: want PATH=VALUE", remedy="For example --set exposure.groups=5"
            )
        if SHORT.get(path, path) in found:
            raise InputError(f"--set {path}: is set twice")
        found[SHORT.get(path, path)] = value.strip()
    return found


def _change(raw: dict[str, Any], path: str, value: Any, origin: str) -> Change:
    parts = path.split(".")
    for fixed, why in FIXED.items():
        if parts[: len(fixed.split("."))] == fixed.split("."):
            raise InputError(f"cannot be set: {why}", where=f"--set {path}")
    annotation, was = _look_up(raw, parts, f"{origin}, --set {path}")
    return Change(path, _read(value, annotation), was)


def _look_up(raw: dict[str, Any], parts: list[str], where: str) -> tuple[Any, Any]:
    """Follow a path: what may stand there, and what does.

    Raises
    ------
    InputError
        If it leads nowhere, with the likely spelling, or ends at a table.
    """
    kind: Any = Study
    value: Any = raw
    for i, part in enumerate(parts):
        walked = ".".join(parts[:i])
        if isinstance(value, list):
            known = {_entry(entry): entry for entry in value if isinstance(entry, dict)}
            _require(part, known, f"nothing in [[{walked}]] is named", where)
            value = known[part]
            continue
        section = section_of(kind)
        if section is not None:
            fields = fields_of(section)
            _require(part, fields, f"no key{f' of {walked}' if walked else ''} is named", where)
            kind = fields[part].annotation
        elif not isinstance(value, dict):
            raise InputError(f"'{walked}' has no parts", where=where)
        value = value.get(part) if isinstance(value, dict) else None
        if value is None and _is_list_of_sections(kind) and i + 1 < len(parts):
            raise InputError(f"the file has no [[{part}]]", where=where)
    section = section_of(kind)
    if section is not None and not isinstance(value, str):
        inside = map(_entry, value) if isinstance(value, list) else fields_of(section)
        raise InputError(
            f"'{'.'.join(parts)}' is a table; set a key of it: {', '.join(inside)}", where=where
        )
    return kind, value


def _entry(entry: Any) -> str:
    """Name an entry of a list; exposures go by their measure."""
    return entry_name(entry) or str(entry.get("measure", ""))


def _require(part: str, known: Mapping[str, Any], what: str, where: str) -> None:
    if part not in known:
        listed = ", ".join(name for name in known if name)
        near = suggestion(part, known) or f"; known are {listed}"
        raise InputError(f"{what} {clip(part)}{near}", where=where)


def _is_list_of_sections(kind: Any) -> bool:
    return get_origin(kind) is tuple and section_of(kind) is not None


def _read(value: Any, annotation: Any) -> Any:
    """Read a text as the TOML that its place wants; anything else is a value already."""
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, str):
        return value
    wanted = set(_plain_kinds(annotation))
    for written in (f"[{value}]", value) if wanted == {list} else (value,):
        found = _toml(written)
        if found is None or (wanted == {str} and not isinstance(found, str)):
            continue
        if wanted == {list} and isinstance(found, list) and len(found) == 1:
            found = found[0] if isinstance(found[0], list) else found
        return found
    if wanted == {list}:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _toml(text: str) -> Any:
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return None
    return found["value"] if set(found) == {"value"} else None


def _plain_kinds(annotation: Any) -> Iterator[type]:
    """Yield what TOML has where an annotation stands: text, a list, or something else."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _plain_kinds(get_args(annotation)[0])
    elif isinstance(annotation, types.UnionType):
        for member in get_args(annotation):
            if member is not type(None):
                yield from _plain_kinds(member)
    elif origin is Literal:
        yield from {type(member) for member in get_args(annotation)}
    elif origin is tuple:
        yield list
    elif isinstance(annotation, type):
        yield annotation


def _put(raw: dict[str, Any], parts: list[str], value: Any) -> None:
    at: Any = raw
    for part in parts[:-1]:
        if isinstance(at, list):
            at = next(entry for entry in at if _entry(entry) == part)
        else:
            at = at.setdefault(part, {})
    at[parts[-1]] = value


def _retell(raw: dict[str, Any], parts: list[str], measures: Mapping[str, Measure]) -> None:
    """Let no words stand that told of what has been changed."""
    if parts in (["exposure", "groups"], ["exposure", "cuts"]):
        raw["exposure"].pop("cuts" if parts[1] == "groups" else "groups", None)
    if parts[0] == "outcomes" and parts[2:3] == ["below"]:
        entry = next(entry for entry in raw["outcomes"] if _entry(entry) == parts[1])
        below = entry["below"]
        label = measures[below["measure"]].label if below["measure"] in measures else "unknown"
        entry["definition"] = f"{label} below the cohort's quantile {below['quantile']}"
    if len(parts) != 3 or not isinstance(raw.get(parts[0]), list):
        return
    section, name, key = parts
    entry = next(entry for entry in raw[section] if _entry(entry) == name)
    if section == "outcomes" and key in ("event", "against", "measure", "mean_z"):
        entry["definition"] = _definition(entry, measures)
    for list_of, condition, words in _DEFINING:
        if (section, key) == (list_of, condition):
            entry[words] = _said(entry[condition], measures)
    if section == "models" and key == "terms":
        entry["label"] = f"{entry['label']}, changed"
    if section == "strata" and key in ("cuts", "groups", "measure"):
        entry.pop("names", None)


def _definition(outcome: Mapping[str, Any], measures: Mapping[str, Measure]) -> str:
    if isinstance(outcome.get("mean_z"), list):
        names = [measures[name].label for name in outcome["mean_z"] if name in measures]
        return f"Mean of the z scores of: {', '.join(names)}"
    if "measure" in outcome:
        measure = measures.get(outcome["measure"])
        return ", ".join(filter(None, (measure.label, measure.unit))) if measure else "unknown"
    said = _said(outcome.get("event", ""), measures)
    against = outcome.get("against")
    return f"{said}, against {_said(against, measures)}" if against else said


def _said(condition: Any, measures: Mapping[str, Measure]) -> str:
    labels = {name: measure.label for name, measure in measures.items()}
    units = {name: measure.unit for name, measure in measures.items()}
    try:
        return parse_condition(condition).describe(labels, units)
    except (InputError, TypeError, AttributeError):
        return str(condition)[:2_000] or "unknown"  # told with the other problems
