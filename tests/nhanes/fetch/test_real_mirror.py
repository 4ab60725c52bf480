"""The CDC's own files, from a server that can be told to misbehave."""

import csv
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.errors import DataError
from analysis.nhanes.checks import check_file, check_rows
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import CYCLES, Table

MIRROR = Path(__file__).parents[4] / "shared" / "nhanes" / "mirror"
TABLES = (Table("VID_B", "2001-2002"), Table("BMX_D", "2005-2006"))

# Their pages print no counts to hold the rows against.
WITHOUT_COUNTS = {"ALB_CR_G", "DRXFCD_I", "DRXFCD_J", "DRXFMT_B"}

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not os.environ.get("NHANES_MIRROR"), reason="NHANES_MIRROR is not set"),
]


def _listed():
    with MIRROR.with_name("TABLES.csv").open(newline="") as file:
        return {row["table"]: row for row in csv.DictReader(file)}


@pytest.fixture
def serve():
    """Start the mirror with options and return its URL."""
    if not MIRROR.exists():
        pytest.skip("the mirror's script is not here")
    processes = []

    def start(*options):
        command = [sys.executable, str(MIRROR), "serve", *options]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        processes.append(process)
        return process.stdout.readline().strip()

    yield start
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


FAULTS = [
    [],
    ["--fail-first", "3"],
    ["--truncate-first", "3"],
    ["--html-first", "3"],
    ["--corrupt-first", "1"],
    ["--corrupt-first", "2"],
    ["--drop-first", "3"],
    ["--latency", "50"],
    ["--missing-as-200"],
    [
        "--fail-first",
        "2",
        "--truncate-first",
        "1",
        "--html-first",
        "2",
        "--corrupt-first",
        "1",
        "--drop-first",
        "2",
    ],
]


@pytest.mark.parametrize("options", FAULTS, ids=" ".join)
def test_fault_of_the_mirror_is_survived(options, serve, make_store, folder):
    url = serve(*options)
    report = make_store(url).fetch(TABLES)
    assert len(report.fetched) == 4
    listed = _listed()
    for table in TABLES:
        sha256 = hashlib.sha256((folder / table.data_path).read_bytes()).hexdigest()
        assert sha256 == listed[table.name]["sha256"]
        check_file(folder / table.codebook_path)
    assert not make_store(url).fetch(TABLES).fetched


@pytest.mark.parametrize("options", [[], ["--missing-as-200"]], ids=" ".join)
def test_table_that_the_cdc_never_had(options, serve, make_store, holds):
    with pytest.raises(DataError, match=r"does not have this file|web page in place"):
        make_store(serve(*options)).fetch([Table("VID", "1999-2000")])
    assert holds() == {}


@pytest.mark.slow
@pytest.mark.parametrize("cycle", CYCLES)
def test_every_table_passes_the_checks(cycle, real_file):
    """All tables: structure, and the row count that the codebook prints or a known exception."""
    if not MIRROR.exists():
        pytest.skip("the list of tables is not here")
    year = str(CYCLES[cycle].first_year)
    names = [name for name, row in _listed().items() if row["year"] == year]
    assert names
    for table in (Table(name, cycle) for name in names):
        data, codebook = real_file(table.data_path), real_file(table.codebook_path)
        check_file(data)
        check_file(codebook)
        check_rows(table, data, codebook)
        assert (parse_codebook(codebook).rows is None) == (table.name in WITHOUT_COUNTS)
