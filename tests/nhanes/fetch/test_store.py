"""What a store makes of the files that it finds: damage, revisions, loss, and being alone."""

import io
import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest
from rich.console import Console

from analysis.errors import DataError, InputError
from analysis.nhanes.cycles import Table
from analysis.nhanes.download import INCOMING
from analysis.nhanes.exceptions import ROW_COUNT_EXCEPTIONS
from analysis.nhanes.source import FolderSource, Source, WebSource
from analysis.nhanes.store import Store


@pytest.fixture
def data(kit):
    return kit.tables[0].data_path


@pytest.fixture
def page(kit):
    return kit.tables[0].codebook_path


@pytest.fixture
def full(make_store, server, kit):
    """Fill the folder, then let the server forget that."""
    make_store().fetch(kit.tables)
    server.forget()


def _asked(server, method):
    return [path for kind, path, *_ in server.log if kind == method]


def test_complete_files_are_not_fetched_again(full, server, make_store, kit, files):
    store = make_store()
    report = store.fetch([*kit.tables, *kit.tables])
    assert _asked(server, "GET") == [] and sorted(_asked(server, "HEAD")) == sorted(files)
    assert report.present == tuple(sorted(path[1:] for path in files))
    assert not (report.fetched or report.found or report.revised or report.notes)
    assert store.printed.getvalue() == "6 files complete and unchanged; nothing to fetch.\n"


def test_lock_records_every_file(full, folder, server, files):
    lock = json.loads((folder / "lock.json").read_text())
    assert list(lock["files"]) == sorted(path[1:] for path in files)
    for relative, entry in lock["files"].items():
        assert entry["url"] == f"{server.url}/{relative}"
        assert entry["bytes"] == len(files[f"/{relative}"])
        assert entry["last_modified"] == "Sun, 09 Sep 2001 01:46:40 -0000"


def test_lock_is_the_same_after_a_second_run(full, folder, make_store, kit):
    before = (folder / "lock.json").read_bytes()
    make_store().fetch(kit.tables)
    assert (folder / "lock.json").read_bytes() == before


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("change", ["flip", "cut", "empty", "grow"])
def test_damage_is_told_and_mended(change, offline, full, make_store, kit, folder, data, files):
    path, body = folder / data, files[f"/{data}"]
    made = {"flip": kit.changed(body), "cut": body[:-80], "empty": b"", "grow": body + b" " * 80}
    path.write_bytes(made[change])
    with pytest.raises(DataError) as caught:
        make_store(offline=offline).fetch(kit.tables)
    assert caught.value.exit_status == 3
    assert data in caught.value.message and "delete it" in caught.value.message
    assert path.read_bytes() == made[change]
    with pytest.raises(DataError, match=r"not as lock\.json recorded"):
        make_store().path(data)
    path.unlink()
    make_store().fetch(kit.tables)
    assert path.read_bytes() == body


def test_path_and_entry_of_a_sound_file(full, make_store, folder, data, files):
    store = make_store()
    assert store.path(data) == folder / data
    assert store.entry(data).bytes == len(files[f"/{data}"])


def test_path_of_a_file_never_fetched(make_store, data):
    for ask in (make_store().path, make_store().entry):
        with pytest.raises(DataError, match="not there"):
            ask(data)


BROKEN = {
    "cut": '{"format": 1, "files": {"a": {"by',
    "empty": "",
    "binary": "\x00\x01",
    "other": "[]",
    "version": '{"format": 2, "files": {}}',
    "hash": '{"format": 1, "files": {"a": {"url": "u", "bytes": 1, "sha256": "x", "date": "d"}}}',
    "key": '{"format": 1, "files": {}, "more": 1}',
}


@pytest.mark.parametrize("broken", BROKEN)
def test_damaged_lock_is_told_and_can_be_made_anew(broken, full, make_store, kit, folder):
    lock = folder / "lock.json"
    lock.write_text(BROKEN[broken])
    with pytest.raises(DataError, match=r"lock.json: the lock file is damaged[\s\S]*delete it"):
        make_store().fetch(kit.tables)
    assert lock.read_text() == BROKEN[broken]
    lock.unlink()
    report = make_store().fetch(kit.tables)
    assert len(report.found) == 6 and not report.fetched


def test_files_without_an_entry_are_adopted(full, server, make_store, kit, folder, data):
    before = json.loads((folder / "lock.json").read_text())["files"]
    (folder / "lock.json").unlink()
    store = make_store(offline=True)
    report = store.fetch(kit.tables)
    assert len(report.found) == 6 and server.log == []
    assert report.entries[data].origin == "found"
    assert report.entries[data].sha256 == before[data]["sha256"]
    assert "6 files had no entry" in store.printed.getvalue()
    # Once the server is asked, its date is known as well, so that a revision will be noticed.
    assert make_store().fetch(kit.tables).entries[data].last_modified is not None


def test_found_file_of_another_length_is_a_revision(
    full, make_store, make_files, kit, folder, data
):
    (folder / "lock.json").unlink()
    for path, body in make_files(kit.tables[0], rows=30).items():
        (folder / path[1:]).write_bytes(body)
    report = make_store().fetch(kit.tables)
    assert data in report.found and data in report.revised


@pytest.mark.parametrize("fault", ["html", "cut", "rows"])
def test_unfit_file_without_an_entry_is_refused(
    fault, full, make_store, make_files, kit, folder, data, files
):
    (folder / "lock.json").unlink()
    other = make_files(kit.tables[0], rows=30)[f"/{data}"]
    made = {"html": kit.page, "cut": files[f"/{data}"][:-1], "rows": other}
    (folder / data).write_bytes(made[fault])
    with pytest.raises(DataError, match=r"the file (is|holds)") as caught:
        make_store().fetch(kit.tables)
    assert str(folder / data) in caught.value.message


def test_rows_must_be_those_that_the_codebook_prints(server, make_store, make_files, kit, holds):
    server.files.update(make_files(kit.tables[1], rows=40, printed=41))
    with pytest.raises(DataError, match=r"holds 40 rows where its codebook VID_B.htm prints 41"):
        make_store().fetch(kit.tables)
    assert f"/{kit.tables[1].data_path}" not in holds()
    # Only the codebook, which is sound by itself, was worth asking three times.
    assert server.gets[f"/{kit.tables[1].data_path}"] == 2


def test_known_difference_of_rows_is_accepted(server, make_store, make_files, kit, folder):
    table, known = Table("DSQ2_D", "2005-2006"), ROW_COUNT_EXCEPTIONS["DSQ2_D"]
    server.files.update(make_files(table, known.rows_file, known.rows_codebook))
    make_store().fetch([table])
    assert (folder / table.data_path).exists()
    (folder / table.data_path).unlink()
    server.files.update(make_files(table, known.rows_file - 1, known.rows_codebook))
    with pytest.raises(DataError, match="not a known exception"):
        make_store(accept_revisions=True).fetch([table])


class TestOffline:
    def test_uses_what_is_there(self, full, server, make_store, kit):
        make_store(offline=True).fetch(kit.tables)
        assert server.log == []

    def test_lists_what_is_not(self, full, server, make_store, kit, folder, data, page):
        (folder / data).unlink()
        (folder / page).unlink()
        with pytest.raises(DataError, match="2 files not there") as caught:
            make_store(offline=True).fetch(kit.tables)
        assert data in caught.value.message and page in caught.value.message
        assert "NHANES_MIRROR" in caught.value.message and server.log == []

    def test_makes_no_folder(self, make_store, kit, folder):
        with pytest.raises(DataError, match="6 files not there"):
            make_store(offline=True).fetch(kit.tables)
        assert not folder.exists()


class TestRevision:
    """The server has newer versions of both files of the first table."""

    @pytest.fixture
    def newer(self, full, server, make_files, kit):
        newer = make_files(kit.tables[0], rows=44)
        server.files.update(newer)
        server.modified.update(dict.fromkeys(newer, 1_100_000_000.0))
        return newer

    def test_is_told_but_not_taken(self, newer, make_store, kit, holds, files, server, data):
        for _ in range(2):
            store = make_store()
            report = store.fetch(kit.tables)
            assert report.revised == tuple(sorted(path[1:] for path in newer))
            assert report.entries[data].revision is not None
            assert "--accept-revisions" in store.printed.getvalue()
        assert holds() == files
        # It was transferred to be compared, but not a second time by the second run.
        assert all(server.gets[path] == 3 for path in newer)

    def test_is_taken_when_accepted(self, newer, make_store, kit, holds, files, data):
        make_store().fetch(kit.tables)
        report = make_store(accept_revisions=True).fetch(kit.tables)
        assert report.accepted == tuple(sorted(path[1:] for path in newer))
        assert holds() == {**files, **newer}
        after = make_store().fetch(kit.tables)
        assert not after.revised and after.entries[data].revision is None

    def test_that_does_not_fit_its_codebook_is_not_taken(
        self, newer, make_store, kit, holds, files, server, page
    ):
        server.files[f"/{page}"] = files[f"/{page}"]
        server.modified[f"/{page}"] = 1_000_000_000.0
        with pytest.raises(DataError, match=r"holds 44 rows .* prints 40"):
            make_store(accept_revisions=True).fetch(kit.tables)
        assert holds() == files

    @pytest.mark.parametrize("exchanged", [1, 2])
    def test_taken_by_a_run_that_was_killed(
        self, exchanged, newer, make_store, kit, folder, holds, files, data
    ):
        """The lock names both versions; one or both of the files are already the new ones."""
        make_store().fetch(kit.tables)
        for path in sorted(newer)[:exchanged]:
            (folder / path[1:]).write_bytes(newer[path])
        make_store(accept_revisions=True).fetch(kit.tables)
        assert holds() == {**files, **newer}

    def test_of_the_date_only(self, full, make_store, kit, server, data, folder):
        server.modified[f"/{data}"] = 1_200_000_000.0
        report = make_store().fetch(kit.tables)
        assert not report.revised and server.gets[f"/{data}"] == 1
        assert "2008" in report.entries[data].last_modified
        make_store().fetch(kit.tables)
        assert server.gets[f"/{data}"] == 1

    def test_withdrawn(self, newer, make_store, kit, server, files, data):
        make_store().fetch(kit.tables)
        server.files.update(files)
        server.modified.update(dict.fromkeys(files, 1_000_000_000.0))
        report = make_store().fetch(kit.tables)
        assert not report.revised and report.entries[data].revision is None

    def test_of_a_file_that_is_lost(self, newer, make_store, kit, folder, holds, data, page, files):
        (folder / data).unlink()
        (folder / page).unlink()
        with pytest.raises(DataError, match="has another version of this file") as caught:
            make_store().fetch(kit.tables)
        assert "--accept-revisions" in caught.value.message
        assert f"/{data}" not in holds()
        report = make_store(accept_revisions=True).fetch(kit.tables)
        assert report.accepted == tuple(sorted([data, page]))
        assert holds() == {**files, **newer}

    def test_is_not_looked_for_at_another_source(self, newer, make_store, kit, tmp_path, server):
        server.log.clear()
        report = make_store(str(tmp_path)).fetch(kit.tables)
        assert not report.revised and server.log == []

    def test_versions_of_another_source_are_taken_only_if_asked_for(
        self, newer, make_store, kit, files, holds, tmp_path_factory
    ):
        mirror = tmp_path_factory.mktemp("mirror")
        for path, body in {**files, **newer}.items():
            place = mirror / path[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        report = make_store(str(mirror)).fetch(kit.tables)
        assert not report.revised and holds() == files
        assert "were not compared with it" in report.notes[0]
        store = make_store(str(mirror), accept_revisions=True)
        report = store.fetch(kit.tables)
        assert {f"/{path}" for path in report.accepted} == set(newer)
        assert holds() == {**files, **newer}
        for path in report.accepted:
            assert store.entry(path).url == Source.from_setting(str(mirror)).url(path)

    def test_is_not_looked_for_if_not_wanted(self, newer, make_store, kit, server):
        server.log.clear()
        assert not make_store(check_revisions=False).fetch(kit.tables).revised
        assert server.log == []


def test_server_away_is_only_a_note_when_all_is_there(full, make_store, kit, server):
    url = server.url
    server.shutdown()
    server.server_close()
    store = make_store(url)
    report = store.fetch(kit.tables)
    assert len(report.present) == 6
    assert store.printed.getvalue().count("\n") == 2
    assert "Could not ask" in store.printed.getvalue() and "refused" in store.printed.getvalue()


def test_file_that_the_server_no_longer_tells_about(full, make_store, kit, server, data):
    del server.files[f"/{data}"]
    server.silent_on_head.add(f"/{kit.tables[1].data_path}")
    report = make_store().fetch(kit.tables)
    assert len(report.present) == 6 and "says nothing about 2 files" in report.notes[0]


class TestFolderMirror:
    @pytest.fixture
    def mirror(self, tmp_path, files):
        root = tmp_path / "mirror"
        for path, body in files.items():
            target = root / path[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(body)
        return root

    def test_is_copied_and_recorded(self, mirror, make_store, kit, holds, files, data):
        report = make_store(str(mirror)).fetch(kit.tables)
        assert holds() == files
        assert report.entries[data].url == (mirror / data).as_uri()

    def test_in_any_case_of_letters(self, mirror, make_store, kit, holds, files):
        (mirror / "Nchs").rename(mirror / "nchs")
        for path in list(mirror.rglob("*.xpt")):
            path.rename(path.with_name(path.name.upper()))
        make_store(str(mirror)).fetch(kit.tables)
        assert holds() == files

    def test_without_the_file(self, mirror, make_store, kit, holds, data):
        (mirror / data).unlink()
        with pytest.raises(DataError) as caught:
            make_store(str(mirror)).fetch(kit.tables)
        assert str(mirror) in caught.value.message and data in caught.value.message
        assert f"/{data}" not in holds()

    @pytest.mark.parametrize("fault", ["html", "cut", "changed rows"])
    def test_with_an_unfit_file(self, fault, mirror, make_store, make_files, kit, holds, data):
        body = (mirror / data).read_bytes()
        other = make_files(kit.tables[0], rows=9)[f"/{data}"]
        made = {"html": kit.page, "cut": body[: len(body) // 2], "changed rows": other}
        (mirror / data).write_bytes(made[fault])
        with pytest.raises(DataError):
            make_store(str(mirror)).fetch(kit.tables)
        assert f"/{data}" not in holds()

    def test_file_that_shrinks_while_it_is_copied(self, mirror, folder, make_store, kit, holds):
        class Shrinking(FolderSource):
            @contextmanager
            def open(self, relative, patience):
                with super().open(relative, patience) as stream:
                    longer = replace(stream.remote, length=stream.remote.length + 80)
                    yield replace(stream, remote=longer)

        with pytest.raises(DataError, match="bytes arrived"):
            Store(folder, Shrinking(mirror), patience=kit.quick).fetch(kit.tables)
        assert holds() == {}

    def test_revised(self, mirror, make_store, make_files, kit, data):
        make_store(str(mirror)).fetch(kit.tables)
        for path, body in make_files(kit.tables[0], rows=9).items():
            (mirror / path[1:]).write_bytes(body)
        assert data in make_store(str(mirror)).fetch(kit.tables).revised

    def test_can_be_another_store(self, full, folder, make_store, kit, tmp_path, files):
        copy = tmp_path / "copy"
        make_store(str(folder), folder=copy).fetch(kit.tables)
        assert all((copy / path[1:]).read_bytes() == body for path, body in files.items())


@pytest.mark.parametrize(
    ("setting", "kind"),
    [(None, WebSource), ("", WebSource), (" http://h:1/a/ ", WebSource), (".", FolderSource)],
)
def test_source_from_setting(setting, kind):
    assert isinstance(Source.from_setting(setting), kind)


def test_source_is_the_cdc_unless_set(data):
    assert Source.from_setting(None).url(data) == f"https://wwwn.cdc.gov/{data}"
    assert Source.from_setting("http://h:1/a/").url("x/y") == "http://h:1/a/x/y"


@pytest.mark.parametrize(
    "setting",
    ["ftp://host/x", "http://", "http://host:port", "http://[::1", "https://h/?a=b", "/no/such"],
)
def test_unusable_source_is_an_input_error(setting):
    with pytest.raises(InputError) as caught:
        Source.from_setting(setting)
    assert caught.value.exit_status == 2 and "NHANES_MIRROR" in caught.value.message


def test_a_bad_setting_does_not_show_its_password():
    with pytest.raises(InputError) as caught:
        Source.from_setting("ftp://me:secret@host/x")
    assert "secret" not in caught.value.message


def test_leftovers_of_a_killed_run_are_removed(full, make_store, kit, folder, data, holds, files):
    left = (folder / data).parent / INCOMING
    left.mkdir(exist_ok=True)
    (left / "VID_B.xpt").write_bytes(b"half")
    (folder / ".lock.json.part").write_text("{")
    make_store(offline=True).fetch(kit.tables)
    assert holds() == files and not left.exists()


def test_no_trace_but_the_files_stays(full, folder, holds, files):
    assert holds() == files
    assert {path.name for path in folder.iterdir()} <= {"Nchs", "lock.json", ".fetch.lock"}
    assert not list(folder.rglob(INCOMING))


def test_folder_that_is_a_file(make_store, kit, folder):
    folder.write_text("not a folder")
    with pytest.raises(DataError, match="cannot be written"):
        make_store().fetch(kit.tables)


class TestProgress:
    def test_lines_where_there_is_no_terminal(self, make_store, kit):
        store = make_store()
        store.fetch(kit.tables[:1])
        lines = store.printed.getvalue().splitlines()
        assert len(lines) == 3
        assert lines[0].startswith("fetched DEMO_B.htm") and lines[2].startswith("2 files fetched")

    def test_bars_on_a_terminal(self, make_store, kit, server):
        server.orders[f"/{kit.tables[0].data_path}"] = ["drip"]
        printed = io.StringIO()
        console = Console(file=printed, width=80, force_terminal=True, color_system=None)
        make_store(console=console).fetch(kit.tables)
        text = printed.getvalue()
        assert "DEMO_B.xpt" in text and "/6 files" in text and " kB " in text
        assert "fetched DEMO_B" not in text
        lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[?0-9]*[A-Za-z]", "", text))
        assert max(len(line) for line in lines if "/" in line and "http" not in line) <= 80


def test_copying_the_folder_keeps_it_usable(full, make_store, kit, folder, tmp_path, server):
    """Someone else's data_raw/ with its lock is taken as it is."""
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    report = make_store(folder=moved).fetch(kit.tables)
    assert len(report.present) == 6 and server.gets.total() == 0
