"""The command that begins a study file."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from analysis.cohort.measures import MEASURES
from analysis.commands.terminal import line, out
from analysis.errors import InputError
from analysis.study import available_studies, check_study, load_study
from analysis.study.beginning import TEMPLATE, begin, name_problem
from analysis.study.load import validated
from analysis.study.schema import directive


def new(options: argparse.Namespace) -> None:
    """Write a study file that passes check, from another study or the template."""
    path = _path(options.name)
    begun_from = load_study(options.origin) if options.origin else None
    if begun_from and options.cycles:
        check_study(begun_from.with_cycles(options.cycles), MEASURES)
    text = begun_from.text if begun_from else TEMPLATE.read_text(encoding="utf-8")
    text = begin(
        text,
        path.stem,
        origin=begun_from.name if begun_from else "",
        cycles=options.cycles or (),
    )
    _check(text, path)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(f"{directive(path)}\n{text}")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None
    console = out()
    line(console, f"{path}: written, and in order")
    if begun_from and begun_from.published:
        line(
            console,
            f"{len(begun_from.published)} published figures of {begun_from.name} were left out: "
            "they speak of that study",
        )
    line(console, f"next: edit it, then python -m analysis check {path}")


def _path(name: str) -> Path:
    """Give the new file's place.

    Raises
    ------
    InputError
        If it cannot be that of a study, or something is there already.
    """
    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    problem = name_problem(path.stem, available_studies())
    if problem:
        raise InputError(problem, remedy="For example: python -m analysis new my_study")
    if path.exists() or path.is_symlink():
        raise InputError(
            "is there already, and is not written over", where=str(path),
            remedy="Choose another name, or remove the file.",
        )  # fmt: skip
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}", where=str(path))
    return path


def _check(text: str, path: Path) -> None:
    """Hold the text against everything that `check` does, before it is written."""
    try:
        study = validated(tomllib.loads(text), text, f"{path.name} (not written)")
        check_study(study, MEASURES)
    except InputError as error:
        raise InputError(
            error.what, where=error.where,
            remedy="Begin it without --cycles, and change the cycles in the file.",
        ) from None  # fmt: skip
