"""What ``demo`` and ``--synthetic`` need: an artificial survey that is there."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.commands.terminal import line, log
from analysis.errors import InputError
from analysis.nhanes.cycles import EVERY_CYCLE, Table
from analysis.nhanes.lock import LOCK_NAME, LockEntry, write_lock
from analysis.study import Study
from analysis.study.reads import tables_of
from analysis.synthetic import MANIFEST, is_synthetic, write_survey
from analysis.synthetic.parameters import CYCLES, model, parameters_sha256
from analysis.synthetic.survey import FORMAT, contents

FOLDER = "synthetic"
"""Below the folder of downloaded files."""

PEOPLE = 10_000
"""Interviewed in each cycle, as many as in NHANES."""

MOST_NAMED = 8
"""Of what a study reads and the survey lacks."""


def require_survey(options: argparse.Namespace, cycles: Collection[str]) -> Path:
    """See to it that the artificial survey that a command asks for is there.

    Parameters
    ----------
    options : Namespace
        ``data``; and ``people``, ``scale``, ``seed`` where the command has them.
    cycles : collection of str
        Names of the cycles that it must have; those that cannot be drawn are left out. What the
        folder has of others is kept, and no cycle depends on another.

    Returns
    -------
    Path
        Its folder.
    """
    folder = options.data / FOLDER
    seed = getattr(options, "seed", None)
    wanted = {
        "people_per_cycle": getattr(options, "people", PEOPLE),
        "scale": getattr(options, "scale", 1),
        "seed": model()["seed"]["default"] if seed is None else seed,
    }
    there = _cycles_there(folder, wanted)
    asked = [cycle for cycle in CYCLES if cycle in cycles or cycle in there]
    if not there.issuperset(asked):
        people = len(asked) * wanted["people_per_cycle"] * wanted["scale"]
        line(log(), f"making an artificial survey of {people:,} people in {folder}")
        lock = folder / LOCK_NAME
        if is_synthetic(folder):
            # Another survey's lock would call the new files damaged.
            lock.unlink(missing_ok=True)
        manifest = write_survey(folder, cycles=asked, **wanted)
        write_lock(lock, {name: _locked(file) for name, file in manifest.files.items()})
    return folder


def _locked(file: dict[str, Any]) -> LockEntry:
    return LockEntry(
        url="artificial",
        bytes=file["bytes"],
        sha256=file["sha256"],
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )


def _cycles_there(folder: Path, wanted: dict[str, int]) -> set[str]:
    """Name the cycles of the survey in a folder; none if it is another one, or not whole."""
    if not is_synthetic(folder):
        return set()
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    expected = wanted | {"format": FORMAT, "parameters_sha256": parameters_sha256()}
    if any(manifest.get(key) != value for key, value in expected.items()):
        return set()
    whole = all(
        (folder / name).is_file() and (folder / name).stat().st_size == file["bytes"]
        for name, file in manifest["files"].items()
    )
    return set(manifest["cycles"]) if whole else set()


def require_contents(study: Study) -> None:
    """See to it that an artificial survey can have all that a study reads.

    Raises
    ------
    InputError
        If it reads a cycle, a table or a variable that is not in it.
    """
    has = contents()
    missed = dict.fromkeys(
        words
        for table, variables in tables_of(study).items()
        for words in lacking(has, table, variables)
    )
    if missed:
        named = [*missed][:MOST_NAMED]
        more = f" and {len(missed) - MOST_NAMED} more" if len(missed) > MOST_NAMED else ""
        raise InputError(
            f"{study.name} reads what is not in the artificial survey: {', '.join(named)}{more}",
            where=study.origin,
            remedy="It has what the studies of this package read. Choose other cycles with "
            "--cycles or other measures, or run the study on NHANES (without --synthetic).",
        )


def require_survey_of(options: argparse.Namespace, studies: Collection[Study]) -> Path:
    """See to it that the artificial survey is there, with all that studies read; see both."""
    for study in studies:
        require_contents(study)
    cycles = {cycle for study in studies for cycle in study.data.cycles}
    return require_survey(options, cycles)


def lacking(
    has: Mapping[Table, Collection[str]], table: Table, variables: Iterable[str]
) -> list[str]:
    """Name the cycle, the table or the variables that are not there."""
    if table.cycle not in (*CYCLES, EVERY_CYCLE):
        return [f"cycle {table.cycle}"]
    if table not in has:
        return [f"table {table.name} ({table.cycle})"]
    return [f"{name} of {table.name}" for name in variables if name not in has[table]]
