"""The cache: what comes out of it is what the file holds, whatever happens to an entry."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.nhanes.cache import TableReader
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.xpt import read_columns

Write = Callable[..., Path]

COLUMNS = ["SEQN", "X", "NAME"]
FRAME = pd.DataFrame(
    {
        "SEQN": [1.0, 2.0, 3.0],
        "X": [0.0, None, 201188.121513],
        "NAME": ["A", "", "café"],
        "OTHER": [1.0, 2.0, None],
    }
)


@pytest.fixture
def table(write_table: Write) -> Path:
    return write_table(FRAME)


@pytest.fixture
def page(write_codebook: Write) -> Path:
    lines = [("0 to 9", "Range of Values", 2, 2, "BOX 1"), (".", "Missing", 1, 3, "")]
    return write_codebook({"SEQN": None, "X": lines}, label="Of <b>é</b>")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "made" / "when" / "needed"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entries(cache: Path) -> list[Path]:
    return sorted(cache.iterdir())


def assert_same(read: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(read, expected, check_exact=True)


def test_a_second_read_is_the_same_and_needs_no_file(table: Path, cache: Path):
    digest, expected = sha256(table), read_columns(table, COLUMNS)
    assert_same(TableReader(cache).read(table, digest, COLUMNS), expected)
    table.unlink()
    assert_same(TableReader(cache).read(table, digest, COLUMNS), expected)
    assert_same(TableReader(cache).read(table, digest, COLUMNS[::-1]), expected[COLUMNS[::-1]])
    assert len(entries(cache)) == 1
    with pytest.raises(DataError):
        TableReader(None).read(table, digest, COLUMNS)


def test_a_second_parse_is_the_same_and_needs_no_page(page: Path, cache: Path):
    digest, expected = sha256(page), parse_codebook(page)
    assert TableReader(cache).codebook(page, digest) == expected
    page.unlink()
    again = TableReader(cache).codebook(page, digest)
    assert again == expected
    assert again.variables["X"].codes[0].ends == ("0", "9")


def test_another_file_or_other_columns_are_another_entry(
    table: Path, cache: Path, write_table: Write
):
    reader = TableReader(cache)
    reader.read(table, sha256(table), ["SEQN", "X"])
    assert_same(reader.read(table, sha256(table), ["X"]), read_columns(table, ["X"]))
    revised = write_table(FRAME.assign(X=[5.0, 6.0, 7.0]))
    assert reader.read(revised, sha256(revised), ["SEQN", "X"])["X"].tolist() == [5.0, 6.0, 7.0]
    assert len(entries(cache)) == 3


def test_a_codebook_is_an_entry_of_its_own_table(page: Path, cache: Path):
    reader = TableReader(cache)
    reader.codebook(page, sha256(page))
    other = page.rename(page.with_name("OTHER_B.htm"))
    with pytest.raises(DataError, match=r"is the codebook of MADEUP_B\.xpt"):
        reader.codebook(other, sha256(other))


def test_no_columns_keep_the_rows(table: Path, cache: Path):
    for _ in range(2):
        assert TableReader(cache).read(table, sha256(table), []).shape == (3, 0)


def damaged(how: str, entry: bytes) -> bytes:
    middle = len(entry) // 2
    return {
        "empty": b"",
        "digest only": entry[:32],
        "cut": entry[:middle],
        "longer": entry + b"\0",
        "foreign": b"PAR1 something else",
        "first byte": bytes([entry[0] ^ 1]) + entry[1:],
        "zeros": bytes(len(entry)),
    }[how]


@pytest.mark.parametrize(
    "how", ["empty", "digest only", "cut", "longer", "foreign", "first byte", "zeros"]
)
def test_a_damaged_entry_is_made_anew(table: Path, page: Path, cache: Path, how: str):
    reader = TableReader(cache)
    expected = reader.read(table, sha256(table), COLUMNS), reader.codebook(page, sha256(page))
    whole = [(entry, entry.read_bytes()) for entry in entries(cache)]
    for entry, content in whole:
        entry.write_bytes(damaged(how, content))
    assert_same(reader.read(table, sha256(table), COLUMNS), expected[0])
    assert reader.codebook(page, sha256(page)) == expected[1]
    assert [(entry, entry.read_bytes()) for entry in entries(cache)] == whole


def test_a_flipped_bit_anywhere_is_noticed(table: Path, cache: Path):
    reader, digest = TableReader(cache), sha256(table)
    expected = reader.read(table, digest, COLUMNS)
    (entry,) = entries(cache)
    content = entry.read_bytes()
    for at in range(0, len(content), 7):
        entry.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        assert_same(reader.read(table, digest, COLUMNS), expected)
        assert entry.read_bytes() == content


def test_an_entry_under_another_name_is_noticed(table: Path, cache: Path):
    reader, digest = TableReader(cache), sha256(table)
    reader.read(table, digest, ["X"])
    (x,) = entries(cache)
    content = x.read_bytes()
    reader.read(table, digest, ["OTHER"])
    (other,) = set(entries(cache)) - {x}
    other.write_bytes(content)
    assert_same(reader.read(table, digest, ["OTHER"]), read_columns(table, ["OTHER"]))


def test_a_folder_in_the_place_of_an_entry_does_no_harm(table: Path, cache: Path):
    reader, digest = TableReader(cache), sha256(table)
    reader.read(table, digest, COLUMNS)
    (entry,) = entries(cache)
    entry.unlink()
    entry.mkdir()
    assert_same(reader.read(table, digest, COLUMNS), read_columns(table, COLUMNS))
    assert entries(cache) == [entry]


def test_a_cache_that_cannot_be_made_is_done_without(table: Path, page: Path, tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    for cache in (blocked, blocked / "below"):
        reader = TableReader(cache)
        assert_same(reader.read(table, sha256(table), COLUMNS), read_columns(table, COLUMNS))
        assert reader.codebook(page, sha256(page)) == parse_codebook(page)


def test_a_full_disk_is_done_without(table: Path, cache: Path):
    """A limit on the size of files gives the writer what a full disk gives it."""
    program = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        from analysis.nhanes.cache import TableReader
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        table, cache = map(Path, sys.argv[1:])
        print(TableReader(cache).read(table, "0" * 64, ["SEQN", "X", "NAME"]).shape)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(table), str(cache)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("(3, 3)\n", "", 0)
    assert entries(cache) == []


def test_an_error_of_the_file_is_not_kept(table: Path, cache: Path):
    reader, digest = TableReader(cache), sha256(table)
    with pytest.raises(DataError, match="has no variable Y"):
        reader.read(table, digest, ["SEQN", "Y"])
    assert not cache.exists()


def test_many_readers_at_once_agree(table: Path, cache: Path):
    reader, digest = TableReader(cache), sha256(table)
    expected = read_columns(table, COLUMNS)
    with ThreadPoolExecutor(8) as pool:
        for read in pool.map(lambda _: reader.read(table, digest, COLUMNS), range(40)):
            assert_same(read, expected)
    assert len(entries(cache)) == 1
