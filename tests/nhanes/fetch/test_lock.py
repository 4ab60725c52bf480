"""The lock file itself: what is written is what is read, and writing never loses the old one."""

import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.nhanes.lock import Lock, LockEntry, Version, read_lock, write_lock

HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
SAID = st.none() | st.text(max_size=20)
VERSION = {
    "bytes": st.integers(0, 2**40),
    "sha256": HASHES,
    "date": st.dates().map(lambda day: day.isoformat()),
    "last_modified": SAID,
    "etag": SAID,
}
ENTRIES = st.builds(
    LockEntry,
    url=st.text(max_size=30),
    origin=st.sampled_from(["fetched", "found"]),
    revision=st.none() | st.builds(Version, **VERSION),
    **VERSION,
)
PATHS = st.text(string.ascii_letters + "/_.", min_size=1, max_size=20)


@pytest.fixture
def entry():
    return LockEntry(url="u", bytes=1, sha256="0" * 64, date="2026-01-31")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.dictionaries(PATHS, ENTRIES, max_size=4))
def test_what_is_written_is_read(entries, tmp_path):
    path = tmp_path / "lock.json"
    write_lock(path, entries)
    assert read_lock(path) == entries
    written = json.loads(path.read_text())["files"]
    assert list(written) == sorted(entries)
    assert [item.name for item in tmp_path.iterdir()] == ["lock.json"]


def test_no_file_is_an_empty_lock(tmp_path):
    assert read_lock(tmp_path / "lock.json") == {}


def test_failed_write_keeps_the_old_lock(tmp_path, entry):
    lock = Lock(tmp_path / "lock.json", writable=True)
    lock.record({"a": entry})
    # Something in the way of the temporary name makes the next write fail.
    (tmp_path / ".lock.json.part").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        lock.record({"b": entry})
    assert read_lock(tmp_path / "lock.json") == {"a": entry}
    assert lock.get("b") is None


def test_lock_that_may_not_be_written_changes_in_memory_only(tmp_path, entry):
    lock = Lock(tmp_path / "lock.json", writable=False)
    lock.record({"a": entry})
    assert lock.get("a") == entry and not (tmp_path / "lock.json").exists()


def test_a_revision_that_is_taken_leaves_no_trace_of_the_old_version(entry):
    newer = Version(bytes=2, sha256="1" * 64, date="2026-02-01", etag="e")
    taken = entry.model_copy(update={"revision": newer}).succeeded_by(newer)
    assert taken == LockEntry(url="u", bytes=2, sha256="1" * 64, date="2026-02-01", etag="e")
