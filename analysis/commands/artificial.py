"""What ``demo`` and ``--synthetic`` need: an artificial survey that is there."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.commands.terminal import line, log
from analysis.nhanes.lock import LOCK_NAME, LockEntry, write_lock
from analysis.synthetic import MANIFEST, is_synthetic, write_survey
from analysis.synthetic.parameters import model, model_sha256
from analysis.synthetic.survey import FORMAT

FOLDER = "synthetic"
"""Below the folder of downloaded files."""

PEOPLE = 10_000
"""Interviewed in each cycle, as many as in NHANES."""


def require_survey(options: argparse.Namespace) -> Path:
    """See to it that the artificial survey that a command asks for is there.

    Parameters
    ----------
    options : Namespace
        ``data``; and ``people``, ``scale``, ``seed`` where the command has them.

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
    if not _is_there(folder, wanted):
        people = 3 * wanted["people_per_cycle"] * wanted["scale"]
        line(log(), f"making an artificial survey of {people:,} people in {folder}")
        lock = folder / LOCK_NAME
        if is_synthetic(folder):
            # Another survey's lock would call the new files damaged.
            lock.unlink(missing_ok=True)
        manifest = write_survey(folder, **wanted)
        write_lock(lock, {name: _locked(file) for name, file in manifest.files.items()})
    return folder


def _locked(file: dict[str, Any]) -> LockEntry:
    return LockEntry(
        url="artificial",
        bytes=file["bytes"],
        sha256=file["sha256"],
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )


def _is_there(folder: Path, wanted: dict[str, int]) -> bool:
    if not is_synthetic(folder):
        return False
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    expected = wanted | {"format": FORMAT, "model_sha256": model_sha256()}
    if any(manifest.get(key) != value for key, value in expected.items()):
        return False
    return all(
        (folder / name).is_file() and (folder / name).stat().st_size == file["bytes"]
        for name, file in manifest["files"].items()
    )
