"""What was changed of a study's file for one run, and what such a run is called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_LETTERS = 60
"""Of a changed study's name that are about the changes: folders' names have an end."""

_PLAIN = re.compile(r"[a-z0-9_.]+")


@dataclass(frozen=True)
class Change:
    """Another value for one key of a study's file.

    Parameters
    ----------
    path : str
        To the key, by names: ``"exposure.measure"``, ``"outcomes.deficiency.event"``.
    value, was : object
        As TOML has them; `was` is None where the file leaves the key out.
    """

    path: str
    value: Any
    was: Any = None

    def __str__(self) -> str:
        before = "left out" if self.was is None else shown(self.was)
        return f"{self.path} = {shown(self.value)} (in the file {before})"


def shown(value: Any) -> str:
    """Write a value of TOML for people."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    return str(value)


def suffix(changes: Sequence[Change]) -> str:
    """Tell a changed study from the file's own, and from others, in names of folders.

    Where letters are lost on the way (signs, spaces), or the name would be long, a hash of the
    changes keeps two of them apart.

    Examples
    --------
    >>> suffix([Change("exposure.measure", "calcium_total"), Change("exposure.groups", 5)])
    '-exposure_calcium_total+exposure.groups_5'
    """
    if not changes:
        return ""
    parts = []
    for change in changes:
        path = "exposure" if change.path == "exposure.measure" else change.path
        parts.append(f"{path}_{shown(change.value)}")
    whole = "+".join(parts)
    if all(_PLAIN.fullmatch(part) for part in parts) and len(whole) <= MOST_LETTERS:
        return f"-{whole}"
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    safe = "+".join(re.sub(r"[^a-z0-9_.]+", "_", part.lower()).strip("_") for part in parts)
    return f"-{safe[:MOST_LETTERS].rstrip('_.+')}-{digest}"
