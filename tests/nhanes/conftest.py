"""Tables and codebooks made up for the tests, in the CDC's formats; and the real ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pyreadstat
import pytest
import requests

Row = tuple[object, ...]
WritePage = Callable[..., Path]


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[..., Path]:
    """Write a frame as a version 5 transport file and return its path."""

    def write(frame: pd.DataFrame, name: str = "MADEUP_B") -> Path:
        path = tmp_path / f"{name}.xpt"
        pyreadstat.write_xport(frame, str(path), file_format_version=5, table_name=name[:8])
        return path

    return write


def page_of(table: str, variables: dict[str, Iterable[Row] | None], label: str) -> str:
    """Lay out a codebook page: for each variable its lines (code, meaning, count, cumulative)."""
    blocks = "".join(_block(name, rows, label) for name, rows in variables.items())
    links = "".join(f"<li><a href='#{name}'>{name}</a></li>" for name in variables)
    return (
        "\ufeff<!DOCTYPE html><html><head><meta charset='utf-8'><title>Made up</title></head><body>"
        f"<div id='toc'><div id='CodebookLinks'><ul>{links}</ul></div></div>"
        f"<h4>\n  Data File: {table}.xpt\n</h4>"
        f"<div id='Codebook'><h2>Codebook and Frequencies</h2>{blocks}</div></body></html>\n"
    )


def _block(name: str, rows: Iterable[Row] | None, label: str) -> str:
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows or ()
    )
    table = f"<table class='values'><tr><th>Code or Value</th></tr>{lines}</table>"
    return (
        f"<div class='pagebreak'><h3 class='vartitle' id='{name}'>{name} - {escape(label)}</h3>"
        f"<dl><dt>Variable Name: </dt><dd>{name}  </dd>"
        f"<dt>SAS Label: </dt><dd>{escape(label)}</dd>"
        f"<dt>English Text: </dt><dd>A\n  question?</dd>"
        f"<dt>Target: </dt><dd> Both males and females 1 YEARS -\n\t5 YEARS</dd>"
        f"<dt>Hard Edits: </dt><dd>1 to 9</dd></dl>{'' if rows is None else table}</div>"
    )


@pytest.fixture
def write_codebook(tmp_path: Path) -> WritePage:
    """Write a codebook page and return its path."""

    def write(
        variables: dict[str, Iterable[Row] | None],
        name: str = "MADEUP_B",
        label: str = "A label",
    ) -> Path:
        path = tmp_path / f"{name}.htm"
        path.write_text(page_of(name, variables, label), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def real_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Have one of the CDC's files, by its path below the root of `NHANES_MIRROR`."""
    mirror = os.environ.get("NHANES_MIRROR")
    if not mirror:
        pytest.skip("NHANES_MIRROR is not set")
    if urlsplit(mirror).scheme not in ("http", "https"):
        return lambda relative: Path(mirror) / relative
    folder = tmp_path_factory.mktemp("mirror")

    def fetch(relative: str) -> Path:
        path = folder / relative
        if not path.exists():
            answer = requests.get(f"{mirror.rstrip('/')}/{relative}", timeout=60)
            answer.raise_for_status()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.content)
        return path

    return fetch
