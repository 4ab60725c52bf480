"""A reproducible, design-based reanalysis of magnesium and vitamin D in NHANES.

From Python, a study is read with `load_study` and run with `run`, which gives a `Result`:

    from analysis import run
    result = run("forrest_2011")
    result.table("main")
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.api import Result, load_study, run

__version__ = "0.1.0"

__all__ = ["Result", "__version__", "load_study", "run"]

_API = ("Result", "load_study", "run")


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the commands' help must not wait for it."""
    if name not in _API:
        raise AttributeError(f"module 'analysis' has no attribute '{name}'")
    # As the commands do: threads of the linear algebra only get in each other's way here, and how
    # many there are could change the last bit.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return getattr(import_module("analysis.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_API])
