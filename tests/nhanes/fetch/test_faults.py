"""Whatever a server does, the folder never holds a bad file, and what can be had is had."""

import dataclasses
import itertools
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.nhanes.faults import Patience

SLOW = {"silent", "stuck", "drip"}
SURVIVED = {
    "fail": 3,
    "error": 2,
    "gateway": 1,
    "request timeout": 2,
    "too many": 2,
    "whenever": 1,
    "truncate": 3,
    "unannounced": 1,
    "chunked": 2,
    "html": 3,
    "corrupt": 2,
    "other": 1,
    "drop": 3,
    "silent": 1,
    "stuck": 1,
    "drip": 1,
    "moved": 0,
}


@pytest.mark.parametrize("fault", SURVIVED)
def test_passing_fault_is_survived(fault, server, files, make_store, holds, kit):
    server.orders[""] = [fault] * SURVIVED[fault]
    patience = kit.impatient if fault in SLOW else kit.quick
    report = make_store(patience=patience).fetch(kit.tables)
    assert holds() == files
    assert len(report.fetched) == len(files)
    assert report.bytes_fetched == sum(map(len, files.values()))
    second = make_store().fetch(kit.tables)
    assert second.entries == report.entries and not second.fetched


def test_every_fault_in_turn_is_survived(server, files, make_store, holds, kit):
    server.orders[""] = ["drop", "fail", "html", "truncate", "stuck", "too many", "corrupt"]
    make_store(patience=kit.impatient).fetch(kit.tables)
    assert holds() == files


FOREVER = {
    "fail": ("503", 8),
    "drop": ("dropped", 8),
    "truncate": ("closed after", 8),
    "html": ("web page in place of the file, 5 times", 5),
    "other": ("is not an HTML page", 2),
    "stuck": ("nothing for 0.3 seconds", 8),
    "404": ("does not have this file", 1),
    "410": ("does not have this file", 1),
    "400": ("refused this file (it answered 400", 1),
    "401": ("refused this file (it answered 401", 1),
    "403": ("refused this file (it answered 403", 1),
    "loop": ("redirect was not followed", 6),
    "to a file": ("redirect was not followed", 1),
    "to ftp": ("redirect was not followed", 1),
}


@pytest.mark.parametrize("fault", FOREVER)
def test_lasting_fault_is_told_and_keeps_nothing(fault, server, make_store, holds, kit):
    reason, requests = FOREVER[fault]
    server.always = fault
    patience = kit.impatient if fault in SLOW else kit.quick
    with pytest.raises(DataError) as caught:
        make_store(workers=1, patience=patience).fetch(kit.tables[:1])
    assert caught.value.exit_status == 3
    assert reason in caught.value.message
    assert kit.tables[0].codebook_path in caught.value.message
    assert len(server.log) == requests
    assert holds() == {}


def test_unequal_transfers_are_never_taken(server, make_store, holds, kit):
    """A page that differs each time, as one that prints the time of day would."""
    server.always = "restless"
    with pytest.raises(DataError, match="different versions of the file in 11 transfers"):
        make_store().fetch(kit.tables[:1])
    assert holds() == {}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    orders=st.lists(
        st.sampled_from(["fail", "drop", "html", "truncate", "unannounced", "other", "none"]),
        max_size=10,
    ),
    corrupt=st.integers(0, 2),
)
def test_no_sequence_of_faults_leaves_a_bad_file(
    orders, corrupt, server, files, make_store, holds, kit, tmp_path_factory
):
    server.forget()
    server.orders[""] = ["corrupt"] * corrupt + orders
    where = tmp_path_factory.mktemp("any")
    patience = dataclasses.replace(kit.quick, first_wait=0.001, longest_wait=0.002)
    try:
        make_store(folder=where, patience=patience).fetch(kit.tables[:1])
    except DataError:
        server.forget()
        make_store(folder=where, patience=patience).fetch(kit.tables[:1])
    for path in (kit.tables[0].data_path, kit.tables[0].codebook_path):
        assert (where / path).read_bytes() == files[f"/{path}"]


def _gaps(server, path):
    times = [when for method, at, when, _ in server.log if at == path]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


@pytest.mark.parametrize("fault", ["later", "on a date"])
def test_retry_after_is_honoured(fault, server, make_store, kit):
    path = f"/{kit.tables[0].codebook_path}"
    server.orders[path] = [fault]
    make_store().fetch(kit.tables[:1])
    # A date has no fractions of a second: two seconds ahead is at least one.
    assert _gaps(server, path)[0] > 0.9


def test_retry_after_is_capped(server, make_store, kit):
    path = f"/{kit.tables[0].codebook_path}"
    server.orders[path] = ["tomorrow"]
    patience = Patience(first_wait=0.01, longest_retry_after=0.3)
    make_store(patience=patience).fetch(kit.tables[:1])
    assert 0.25 < _gaps(server, path)[0] < 5


def test_back_off_grows_up_to_its_cap(server, make_store, kit):
    server.always = "fail"
    patience = Patience(attempts=6, first_wait=0.05, longest_wait=0.3)
    with pytest.raises(DataError):
        make_store(patience=patience).fetch(kit.tables[:1])
    gaps = _gaps(server, f"/{kit.tables[0].codebook_path}")
    # 0.05 doubled each time, jitter up to 0.05 on top, never above the cap (but for scheduling).
    for gap, least in zip(gaps, (0.05, 0.1, 0.2, 0.3, 0.3), strict=True):
        assert least - 0.01 < gap < min(least + 0.05, 0.3) + 0.15


def test_body_that_hardly_moves_is_dropped(server, make_store, kit):
    server.always = "endless"
    patience = Patience(read=1, stall=0.2, attempts=2, first_wait=0.01)
    with pytest.raises(DataError, match="bytes arrived within 0 seconds"):
        make_store(patience=patience).fetch(kit.tables[:1])


def test_plain_http_is_transferred_until_three_agree(server, make_store, kit):
    path = f"/{kit.tables[0].data_path}"
    server.orders[path] = ["corrupt", "none", "corrupt", "none", "none"]
    make_store().fetch(kit.tables[:1])
    assert server.gets[path] == 5
    assert server.gets[f"/{kit.tables[0].codebook_path}"] == 3


def test_known_file_is_transferred_once(server, make_store, kit, folder):
    make_store().fetch(kit.tables[:1])
    (folder / kit.tables[0].data_path).unlink()
    server.forget()
    make_store().fetch(kit.tables[:1])
    assert server.gets[f"/{kit.tables[0].data_path}"] == 1
    assert server.gets[f"/{kit.tables[0].codebook_path}"] == 0


def test_one_message_when_the_server_is_away(make_store, kit):
    begun = time.monotonic()
    with pytest.raises(DataError) as caught:
        make_store("http://127.0.0.1:9").fetch(kit.tables)
    message = caught.value.message
    assert "http://127.0.0.1:9/Nchs/" in message and "connection was refused" in message
    for way in ("again later", "NHANES_MIRROR", "--offline", "make demo"):
        assert way in message
    assert time.monotonic() - begun < 5


def test_first_failure_ends_the_others_promptly(server, make_store, kit, holds):
    """One table is refused at once while others hang in the middle of a file."""
    patience = Patience(read=30)
    server.orders[""] = ["held"]
    server.orders[f"/{kit.tables[0].codebook_path}"] = ["drip", "403"]
    begun = time.monotonic()
    with pytest.raises(DataError, match="403"):
        make_store(patience=patience).fetch(kit.tables)
    assert time.monotonic() - begun < 3
    assert holds() == {}


def test_a_proxy_is_not_asked_for_this_machine(server, make_store, kit, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    make_store().fetch(kit.tables[:1])
    assert server.gets


def test_requests_name_the_package_and_want_the_file_itself(server, make_store, kit):
    make_store().fetch(kit.tables[:1])
    _, _, _, headers = server.log[0]
    assert headers["User-Agent"].startswith("nhanes-magnesium-vitamin-d/")
    assert headers["Accept-Encoding"] == "identity"


def test_a_password_is_used_but_never_written(server, make_store, kit, folder):
    url = server.url.replace("://", "://me:secret@")
    make_store(url).fetch(kit.tables[:1])
    assert any("Authorization" in headers for _, _, _, headers in server.log)
    lock = (folder / "lock.json").read_text()
    assert "secret" not in lock
    assert json.loads(lock)["files"][kit.tables[0].data_path]["url"].startswith(server.url)
    server.always = "404"
    with pytest.raises(DataError) as caught:
        make_store(url).fetch(kit.tables)
    assert "secret" not in caught.value.message
