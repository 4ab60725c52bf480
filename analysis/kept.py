"""Estimates kept from one run to the next, so that a run that was interrupted goes on.

A part of the results is kept under a digest of everything that can change a digit of it: the values
of the cohort itself (not the names of its files), the whole specification as it is run, every
source file of this package, the versions of Python and of the packages that compute, the
processor's kind, and the settings of the linear algebra. Nothing is looked up by a name or a date.
What is not one of the kinds of value that `digest` knows is refused, so that nothing can be left
out of the key in silence.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.models.plan import Row
from analysis.models.results import tidy
from analysis.models.watch import Watch
from analysis.nhanes.cache import Entries
from analysis.study import Study
from analysis.telling import Teller

COMPUTING = ("numpy", "pandas", "scipy", "statsmodels", "pyarrow", "joblib")
"""Packages that compute."""

SETTINGS = (
    "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MKL_CBWR",
)  # fmt: skip
"""Variables of the environment on which the last bit of a matrix product may depend."""

DAYS = 60
"""Entries that were not used for so long are removed."""


def source_of(package: Path) -> str:
    """Digest every source file below a folder; empty where there is none."""
    files = sorted(package.rglob("*.py"))
    parts = [(file.relative_to(package).as_posix(), file.read_bytes()) for file in files]
    return digest(parts) if parts else ""


@cache
def machine() -> str:
    """Digest what computes: Python, packages, processor and settings."""
    processor = getattr(getattr(np, "_core", None), "_multiarch_umath", None)
    return digest(
        [platform.python_implementation(), platform.python_version(), platform.platform()],
        [(name, metadata.version(name)) for name in COMPUTING],
        [platform.machine(), platform.processor()],
        {name: bool(has) for name, has in getattr(processor, "__cpu_features__", {}).items()},
        [(name, os.environ.get(name)) for name in SETTINGS],
    )


def digest(*things: Any) -> str:
    """Digest values of known kinds.

    Parameters
    ----------
    *things
        None, bool, int, float, str, bytes; arrays that hold no objects; data frames; studies; and
        lists, tuples and mappings of these.

    Returns
    -------
    str
        SHA-256, in hexadecimal: the same for equal values in a new process.

    Raises
    ------
    TypeError
        For any other kind.
    """
    hashed = hashlib.sha256()
    for piece in _pieces(things):
        # With its length, so that no two lists of pieces run together into the same bytes.
        hashed.update(len(piece).to_bytes(8, "big") + piece)
    return hashed.hexdigest()


def _pieces(thing: Any) -> list[bytes]:
    if thing is None or isinstance(thing, bool | int | float | str):
        return [type(thing).__name__.encode(), repr(thing).encode()]
    if isinstance(thing, np.number | np.bool_):
        return [b"scalar", thing.dtype.str.encode(), thing.tobytes()]
    if isinstance(thing, bytes):
        return [b"bytes", thing]
    if isinstance(thing, np.ndarray) and not thing.dtype.hasobject:
        return [b"array", thing.dtype.str.encode(), repr(thing.shape).encode(), thing.tobytes()]
    if isinstance(thing, pd.DataFrame):
        return [b"frame", _in_arrow(thing)]
    if isinstance(thing, Study):
        return [b"study", *_pieces(_told(thing))]
    if isinstance(thing, Mapping):
        return [b"mapping", *_pieces(list(thing.items()))]
    if isinstance(thing, Sequence):
        inside = [piece for each in thing for piece in _pieces(each)]
        return [type(thing).__name__.encode(), str(len(thing)).encode(), *inside]
    raise TypeError(f"{type(thing)} is not part of a key")


def _told(study: Study) -> list[Any]:
    """Everything that a study is made of: its file, and what was changed of it."""
    changes = [[change.path, json.dumps(change.value)] for change in study.changes]
    return [study.content, changes, list(study.file_cycles), study.model_dump_json()]


def _in_arrow(frame: pd.DataFrame) -> bytes:
    table = pa.Table.from_pandas(frame)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


SOURCE = source_of(Path(__file__).resolve().parent)
"""Of this package as it was loaded: a file that is changed later changes the next process only."""


class Keeping(Watch):
    """Keeps every part of the results when it is estimated, and gives it back when asked again.

    Parameters
    ----------
    folder : Path or None
        Of the entries. None keeps nothing.
    key : str
        From `digest`, of all that the estimates are made of but the program.
    say : Teller
        Hears how far it is.
    """

    def __init__(self, folder: Path | None, key: str, say: Teller) -> None:
        self._entries = Entries(folder if SOURCE else None)
        self._key, self._say = key, say
        self.reused: list[str] = []
        self.estimated: list[str] = []

    def part(self, name: str, make: Callable[[], Iterable[Row]]) -> list[Row]:
        """Give a part of the results: the one kept, or a new one, which is then kept."""
        key = digest(SOURCE, machine(), self._key, name)
        kept = self._kept(key)
        if kept is not None:
            self.reused.append(name)
            self._say.detail(f"{name}: {len(kept):,} estimates of an earlier run")
            return kept
        start = time.perf_counter()
        rows = list(make())
        if not rows:  # nothing was asked for
            return rows
        self._keep(key, rows)
        self.estimated.append(name)
        took = time.perf_counter() - start
        self._say.detail(f"{name}: {len(rows):,} estimates in {took:.1f} s")
        return rows

    def step(self, what: str, done: int, total: int) -> None:
        """Pass on how far a part is."""
        self._say.step(what, done, total)

    def _kept(self, key: str) -> list[Row] | None:
        payload = self._entries.load(key)
        if payload is None or self._entries.folder is None:
            return None
        _touch(self._entries.folder / key)
        rows: list[Row] = json.loads(zlib.decompress(payload))
        return rows

    def _keep(self, key: str, rows: list[Row]) -> None:
        # JSON gives back a float bit for bit, and NaN.
        text = json.dumps(rows, default=_plain)
        # What would not come back as it was is not kept.
        if tidy(json.loads(text)).equals(tidy(rows)):
            self._entries.keep(key, zlib.compress(text.encode(), level=1))

    def told(self) -> str:
        """Say what was reused; empty if nothing."""
        if not self.reused:
            return ""
        what = "all" if not self.estimated else "some"
        return (
            f"{what} estimates are those of an earlier run with the same specification, data and "
            "program"
        )


def _plain(number: Any) -> Any:
    """Give a number of numpy as one of Python."""
    if isinstance(number, np.generic):
        return number.item()
    raise TypeError(f"{type(number)} is not kept")


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError:
        return


def remove_old(folder: Path, days: int = DAYS) -> None:
    """Remove entries that were not used for some days, and what a killed run left of one."""
    oldest = time.time() - days * 86_400
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        try:
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()
        except OSError:
            continue
