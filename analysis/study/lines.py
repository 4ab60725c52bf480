"""Where the entries of a study file begin, by a simple search of its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

_HEADER = re.compile(r"^[ \t]*\[\[?[ \t]*([a-z0-9_]+)[ \t]*\]\]?", re.MULTILINE)

LABELS = ("name", "step", "id", "measure")
"""Keys that name an entry of a list, by section the first that it has."""


def header_lines(text: str) -> dict[tuple[str, int], int]:
    """Find the line of each ``[section]`` and of the i-th ``[[section]]``, both from 0 on."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], int] = {}
    line, at = 1, 0
    for match in _HEADER.finditer(text):
        line, at = line + text.count("\n", at, match.start()), match.start()
        section = match.group(1)
        found[section, seen[section]] = line
        seen[section] += 1
    return found


def entry_lines(text: str, raw: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """Find the line of each section (``("exposure", "")``) and entry (``("models", "full")``)."""
    headers = header_lines(text)
    found: dict[tuple[str, str], int] = {}
    for (section, i), line in headers.items():
        found.setdefault((section, ""), line)
        entries = raw.get(section)
        if isinstance(entries, list) and i < len(entries):
            found.setdefault((section, entry_name(entries[i])), line)
    return found


def entry_name(entry: Any) -> str:
    """Return the name, step, id or measure of a list's entry, or nothing if it has none."""
    if not isinstance(entry, dict):
        return ""
    return next((entry[k] for k in LABELS if isinstance(entry.get(k), str) and entry[k]), "")
