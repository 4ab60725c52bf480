"""Reading tables through a cache on disk, so that a second run need not parse them again.

An entry is keyed by the file's sha256 and by what is wanted of it, so that a revised file or
another choice of columns never meets a stale one. Columns are kept as Parquet, codebooks as JSON.
The cache is never needed: an entry that is damaged in any byte is made anew, and a folder that
cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from analysis.nhanes.codebook import Code, Codebook, Variable, parse_codebook
from analysis.nhanes.mortality import read_mortality
from analysis.nhanes.xpt import read_columns

_LOG = logging.getLogger(__name__)

# Raise with every change to what `read_columns` or `parse_codebook` return for the same file.
_FORMAT = 2
PART = ".part"
"""How the name of an entry ends that is being written."""
_DIGEST_LENGTH = hashlib.sha256().digest_size


class Entries:
    """A folder of entries, each of which is whole or is not there.

    Parameters
    ----------
    folder : Path or None
        Made when first needed. None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def load(self, key: str) -> bytes | None:
        """Load an entry, or None where there is none that is whole."""
        if self.folder is None:
            return None
        try:
            entry = (self.folder / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _LOG.debug("cannot read cache entry %s: %s", key, error)
            return None
        digest, payload = entry[:_DIGEST_LENGTH], entry[_DIGEST_LENGTH:]
        if digest != _digest(key, payload):
            _LOG.debug("cache entry %s is damaged and will be made anew", key)
            return None
        return payload

    def keep(self, key: str, payload: bytes) -> None:
        """Keep an entry if that can be done; it appears whole or not at all."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=PART)
        except OSError as error:
            _LOG.debug("cannot write to the cache: %s", error)
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, payload) + payload)
            Path(name).replace(self.folder / key)
        except OSError as error:
            _LOG.debug("cannot keep cache entry %s: %s", key, error)
        finally:
            # An interrupt leaves nothing behind; what is in its place has this name no more.
            with contextlib.suppress(OSError):
                Path(name).unlink()


class TableReader:
    """Reads tables and codebooks, through a cache where there is one.

    Parameters
    ----------
    cache_folder : Path or None
        Where entries are kept; made when first needed. None reads from the files every time.

    Examples
    --------
    >>> reader = TableReader(Path("data_raw/.cache"))  # doctest: +SKIP
    >>> reader.read(path, sha256, ["SEQN", "LBDVIDMS"])  # doctest: +SKIP
    """

    def __init__(self, cache_folder: Path | None) -> None:
        self.cache_folder = cache_folder
        self._entries = Entries(cache_folder)

    def read(self, path: Path, sha256: str, columns: Sequence[str]) -> pd.DataFrame:
        """Read some columns of a transport file, or of linked mortality (``.dat``).

        Parameters
        ----------
        path : Path
            The file; its form is told by the name.
        sha256 : str
            The file's own, in hexadecimal; taken on trust.
        columns : sequence of str
            The variables wanted, each once.

        Returns
        -------
        DataFrame
            What `analysis.nhanes.xpt.read_columns` or
            `analysis.nhanes.mortality.read_mortality` returns.

        Raises
        ------
        DataError
            If the file is damaged or lacks one of the variables.
        """
        wanted = sorted(columns)
        key = _key("columns", pyreadstat.__version__, sha256, *wanted)
        payload = self._entries.load(key)
        if payload is not None:
            return pq.read_table(pa.BufferReader(payload)).to_pandas()[list(columns)]
        read = read_mortality if path.suffix == ".dat" else read_columns
        frame = read(path, wanted)
        if columns:  # Parquet keeps no rows without a column.
            sink = pa.BufferOutputStream()
            pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
            self._entries.keep(key, sink.getvalue().to_pybytes())
        return frame[list(columns)]

    def codebook(self, path: Path, sha256: str) -> Codebook:
        """Parse a codebook page.

        Parameters
        ----------
        path : Path
            The page.
        sha256 : str
            The page's own, in hexadecimal; taken on trust.

        Returns
        -------
        Codebook
            What `analysis.nhanes.codebook.parse_codebook` returns.

        Raises
        ------
        DataError
            If the page is no codebook of this table or is damaged.
        """
        key = _key("codebook", path.stem.upper(), sha256)
        payload = self._entries.load(key)
        if payload is not None:
            return _codebook_from_json(payload)
        codebook = parse_codebook(path)
        self._entries.keep(key, _codebook_to_json(codebook))
        return codebook


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps([_FORMAT, *parts]).encode()).hexdigest()


def _digest(key: str, payload: bytes) -> bytes:
    """Digest of key and payload, so that an entry under a wrong name is damaged, too."""
    return hashlib.sha256(key.encode() + payload).digest()


def _codebook_to_json(codebook: Codebook) -> bytes:
    variables = [asdict(variable) for variable in codebook.variables.values()]
    return json.dumps({"table": codebook.table, "variables": variables}).encode()


def _codebook_from_json(payload: bytes) -> Codebook:
    content = json.loads(payload)
    variables = (
        Variable(**{**entry, "codes": tuple(Code(**code) for code in entry["codes"])})
        for entry in content["variables"]
    )
    return Codebook(
        content["table"], MappingProxyType({variable.name: variable for variable in variables})
    )
