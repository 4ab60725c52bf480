"""The model's parameters, read from `model.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

CYCLES = ("2001-2002", "2003-2004", "2005-2006")
"""The cycles that the model describes."""


@cache
def model() -> Mapping[str, Any]:
    """Return every parameter, as nested tables of the TOML file."""
    return tomllib.loads(_text())


def model_sha256() -> str:
    """Return the hash of the parameter file, by which truth.json shows that it is current."""
    return hashlib.sha256(_text().encode()).hexdigest()


def _text() -> str:
    return resources.files(__package__).joinpath("model.toml").read_text(encoding="utf-8")
