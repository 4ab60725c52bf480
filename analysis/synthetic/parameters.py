"""The model's parameters, read from `model.toml` and, for later cycles and tables, `later.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

EARLY = ("2001-2002", "2003-2004", "2005-2006")
"""The cycles that `model.toml` describes alone, and whose truth is known."""

LATER = (
    "2007-2008",
    "2009-2010",
    "2011-2012",
    "2013-2014",
    "2015-2016",
    "2017-2018",
    "2021-2023",
)
"""The cycles in which `later.toml` adds to the model, and replaces parts of it."""

CYCLES = EARLY + LATER
"""Every cycle that can be drawn. Streams of random numbers are named after the place in it."""


@cache
def model(cycle: str = EARLY[0]) -> Mapping[str, Any]:
    """Return every parameter of the people model, as nested tables of the TOML file.

    Parameters
    ----------
    cycle : str
        In cycles from 2007 on `[later]` and `[cycle."..."]` of `later.toml` go before.
    """
    base = tomllib.loads(_text("model.toml"))
    if cycle not in LATER:
        return base
    changes = tomllib.loads(_text("later.toml"))
    return _over(_over(base, changes["later"]), changes["cycle"].get(cycle, {}))


@cache
def further() -> Mapping[str, Any]:
    """Return the parameters of what no table of 2001-2004 has: `later.toml`."""
    return tomllib.loads(_text("later.toml"))


@cache
def described() -> Mapping[str, Any]:
    """Return names, labels and codes of the tables that `further` fills: `later_tables.toml`."""
    return tomllib.loads(_text("later_tables.toml"))


def model_sha256() -> str:
    """Return the hash of `model.toml`, by which truth.json shows that it is current."""
    return hashlib.sha256(_text("model.toml").encode()).hexdigest()


def parameters_sha256() -> str:
    """Return the hash of all files of parameters, by which a survey shows that it is current."""
    names = ("model.toml", "later.toml", "later_tables.toml", "supplements.toml")
    return hashlib.sha256("".join(map(_text, names)).encode()).hexdigest()


def _over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Put changes over a table, key by key."""
    found = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = _over(found[key], value) if both else value
    return found


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
