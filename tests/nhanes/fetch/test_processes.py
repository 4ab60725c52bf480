"""Real processes: killed, interrupted, in each other's way, and with a full disk."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.errors import DataError
from analysis.nhanes.download import INCOMING

SCRIPT = """
import resource, sys
from pathlib import Path
from analysis.errors import AnalysisError
from analysis.nhanes.cycles import Table
from analysis.nhanes.faults import Patience
from analysis.nhanes.source import Source
from analysis.nhanes.store import Store
folder, source, limit = sys.argv[1:4]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
tables = [Table(*argument.split(":")) for argument in sys.argv[4:]]
store = Store(Path(folder), Source.from_setting(source), patience=Patience(first_wait=0.01))
print("ready", flush=True)
try:
    store.fetch(tables)
except AnalysisError as error:
    print(error.message, file=sys.stderr)
    sys.exit(error.exit_status)
"""


@pytest.fixture
def start(folder, server, kit):
    """Start a process that fetches every table."""
    started = []

    def begin(where: Path = folder, limit: int = 0) -> subprocess.Popen[str]:
        tables = [f"{table.name}:{table.cycle}" for table in kit.tables]
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(where), server.url, str(limit), *tables],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
            # A background job of a shell ignores Ctrl-C, and so would its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not come"
        time.sleep(0.005)


def _half_there(folder):
    return list(folder.rglob(f"{INCOMING}/*"))


@pytest.mark.parametrize("finished", [0, 1, 4])
def test_killed_in_mid_download(
    finished, start, server, folder, make_store, make_files, kit, holds
):
    for table in kit.tables:
        server.files.update(make_files(table, rows=3_000))
    # A table's codebook comes before its data. What is held stops in the middle of its last
    # transfer, so that exactly `finished` files become whole, however fast the machine is.
    first, second, third = kit.tables
    held = {
        0: [table.codebook_path for table in kit.tables],
        1: [first.data_path, second.codebook_path, third.codebook_path],
        4: [third.codebook_path],
    }[finished]
    for path in held:
        server.orders[f"/{path}"] = ["none", "none", "held"]
    process = start()

    def in_the_middle():
        whole = [path for path in holds() if "/." not in path]
        begun = all(server.gets[f"/{path}"] == 3 for path in held)
        return begun and len(_half_there(folder)) == len(held) and len(whole) == finished

    _wait_for(in_the_middle)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert _half_there(folder)
    # Whatever is there under its final name is right; temporary names begin with a full stop.
    there = {path: body for path, body in holds().items() if "/." not in path}
    assert there.items() <= server.files.items()
    server.orders.clear()
    report = make_store().fetch(kit.tables)
    assert holds() == server.files
    assert set(report.present) == {path[1:] for path in there}


@pytest.mark.parametrize(("fault", "most"), [("held", 3), ("gate", 6)])
def test_interrupted_by_the_user(fault, most, start, server, folder, holds):
    """In the middle of a file, and while the server has not answered at all."""
    server.always = fault
    process = start()
    _wait_for(lambda: len(server.log) == 3 and (fault == "gate" or _half_there(folder)))
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=10)
    assert time.monotonic() - begun < most
    assert stderr.rstrip().endswith("KeyboardInterrupt")
    assert holds() == {}


def test_two_at_once_take_turns(start, server, folder, files, holds):
    server.orders[""] = ["gate"]
    first = start()
    _wait_for(lambda: server.log)
    second = start()
    assert "Waiting for another process" in second.stderr.readline()
    server.gate.set()
    for process in (first, second):
        process.communicate(timeout=30)
    assert first.returncode == second.returncode == 0
    assert holds() == files
    assert all(server.gets[path] == 3 for path in files)


def test_limit_on_the_size_of_files(start, server, folder, make_store, kit, files, holds):
    process = start(limit=2_000)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 3, stderr
    assert "the disk is full, or a quota or size limit is reached" in stderr
    assert "Traceback" not in stderr
    assert holds().items() <= files.items() and not list(folder.rglob(INCOMING))
    make_store().fetch(kit.tables)
    assert holds() == files


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of 32 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a file system is not permitted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_full_disk(small_disk, server, make_store, make_files, kit, files):
    table = kit.tables[2]
    server.files.update(make_files(table, rows=3_000))
    with pytest.raises(DataError, match="the disk is full") as caught:
        make_store(folder=small_disk).fetch(kit.tables)
    assert caught.value.exit_status == 3
    for path in small_disk.rglob("*.[xh]*"):
        assert path.read_bytes() == server.files[f"/{path.relative_to(small_disk)}"]
    assert not list(small_disk.rglob(INCOMING))
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    report = make_store(folder=small_disk).fetch(kit.tables)
    assert len(report.entries) == 6
    assert (small_disk / table.data_path).read_bytes() == server.files[f"/{table.data_path}"]


def test_folder_that_can_only_be_read(small_disk, make_store, kit):
    make_store(folder=small_disk).fetch(kit.tables[:2])
    (small_disk / "lock.json").unlink()
    make_store(folder=small_disk).fetch(kit.tables[:1])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    report = make_store(folder=small_disk).fetch(kit.tables[:2])
    assert len(report.present) == len(report.found) == 2
    with pytest.raises(DataError, match="cannot be written"):
        make_store(folder=small_disk).fetch(kit.tables)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions bind all but root")
def test_folder_without_permission(make_store, kit, folder):
    folder.mkdir(mode=0o500)
    with pytest.raises(DataError, match="cannot be written"):
        make_store().fetch(kit.tables)
