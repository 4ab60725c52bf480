"""Read a study from its file, and tell everything that is wrong with it at once."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analysis.errors import InputError
from analysis.grammar import suggestion
from analysis.grammar.tokens import clip
from analysis.study.consistency import consistency_problems
from analysis.study.lines import entry_lines, header_lines
from analysis.study.references import reference_problems
from analysis.study.specification import Study
from analysis.study.translate import Location, Problem, place, structure_problems

STUDIES = Path(__file__).resolve().parents[1] / "studies"
"""The folder of the studies that come with the package."""

MAX_BYTES = 1_000_000
"""Size of the largest study file that is read."""

_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def available_studies() -> tuple[str, ...]:
    """Names of the studies that come with the package, in alphabetical order."""
    return tuple(sorted(path.stem for path in STUDIES.glob("*.toml")))


def load_study(name_or_path: str | Path) -> Study:
    """Read and validate a study.

    Parameters
    ----------
    name_or_path : str or Path
        The name of a study that comes with the package, or the path of a TOML file.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If there is no such study or file, or it cannot be read as TOML; or with every problem
        of the file: unknown and missing keys, wrong types and ranges, duplicates, and conditions
        and terms that the grammar does not know.

    Examples
    --------
    >>> load_study("deng_2013").data.cycles
    ('2001-2002', '2003-2004', '2005-2006')
    """
    path = _find(name_or_path)
    content = _read(path)
    shown = clip(path.name, 200)[1:-1]
    raw, text = _parse(content, shown)
    study = validated(raw, text, shown)
    study._content, study._path = content, path
    study._lines = entry_lines(text, raw)
    return study


def validated(raw: Mapping[str, Any], text: str, shown: str) -> Study:
    """Make a study of parsed TOML.

    Parameters
    ----------
    raw : mapping
        What the TOML holds.
    text : str
        The file's text, for the lines of problems; empty where they would not be right.
    shown : str
        What to call the file.

    Raises
    ------
    InputError
        With every problem.
    """
    problems: list[Problem] = []
    study = None
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        problems.extend(structure_problems(raw, error))
    problems.extend(consistency_problems(raw))
    if study is not None:
        problems.extend(reference_problems(study))
    if problems or study is None:
        raise _all_problems(problems, raw, text, shown)
    return study


def _find(name_or_path: str | Path) -> Path:
    if not isinstance(name_or_path, str | Path):
        raise InputError(
            f"want the name of a study or the path of a file, got {type(name_or_path).__name__}"
        )
    known = available_studies()
    name = str(name_or_path)
    if isinstance(name_or_path, str) and name in known:
        return STUDIES / f"{name}.toml"
    path = Path(name_or_path)
    try:
        status = path.stat()
    except (OSError, ValueError):
        if isinstance(name_or_path, str) and "/" not in name and not name.endswith(".toml"):
            raise InputError(
                f"no study {clip(name)}{suggestion(name, known)}",
                remedy=f"Studies: {', '.join(known)}; or give the path of a TOML file.",
            ) from None
        raise InputError(f"no study file {clip(name, 200)}", remedy="Check the path.") from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise InputError(f"is {kind}; want a TOML file", where=clip(name, 200)[1:-1])
    return path


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=clip(str(path), 200)[1:-1]
        ) from None
    if len(content) > MAX_BYTES:
        raise InputError(
            f"larger than {MAX_BYTES:,} bytes; want a study file", where=clip(str(path), 200)[1:-1]
        )
    return content


def _parse(content: bytes, where: str) -> tuple[dict[str, Any], str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            "not UTF-8 text", where=f"{where}, line {line}", remedy="Save the file as UTF-8."
        ) from None
    try:
        return tomllib.loads(text), text
    except RecursionError:
        raise InputError("lists or tables nested too deeply", where=where) from None
    except ValueError as error:  # also a whole number of thousands of digits
        raise _syntax_error(error, text, where) from None


def _syntax_error(error: ValueError, text: str, where: str) -> InputError:
    if not isinstance(error, tomllib.TOMLDecodeError):
        return InputError("holds a number, date or text that cannot be read as TOML", where=where)
    message = str(error)
    match = _TOML_PLACE.search(message)
    said = message[: match.start()] if match else message
    if match and match.group(1):
        line, column = int(match.group(1)), int(match.group(2))
    else:
        line, column = text.rstrip().count("\n") + 1, 1
    lines = text.split("\n")
    shown = clip(lines[line - 1].strip(), 90)[1:-1] if line <= len(lines) else ""
    return InputError(
        f"not valid TOML: {said}\n    {shown}", where=f"{where}, line {line}, column {column}"
    )


def _all_problems(
    problems: Iterable[Problem], raw: Mapping[str, Any], text: str, file: str
) -> InputError:
    lines = header_lines(text)
    told = []
    for location, what in problems:
        said = place(raw, location)
        told.append((_line(lines, location), f"{said}: {what}" if said else what))
    told.sort(key=lambda item: item[0])
    if len(told) == 1:
        line, what = told[0]
        return InputError(what, where=f"{file}, line {line}" if line else file)
    listed = [
        f"- {f'line {line}, ' if line else ''}{what}".replace("\n", "\n  ") for line, what in told
    ]
    return InputError("\n".join([f"{len(told)} problems", *listed]), where=file)


def _line(lines: Mapping[tuple[str, int], int], location: Location) -> int:
    """Line of the section's header; 0 for what stands at the top of the file."""
    index = location[1] if len(location) > 1 and isinstance(location[1], int) else 0
    return lines.get((str(location[0]), index), 0) if location else 0
