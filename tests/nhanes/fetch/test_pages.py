"""Codebooks can be had without their data; what the source lacks is left out and said."""

import pytest

from analysis.errors import DataError
from analysis.nhanes.cycles import Table

NOWHERE = Table("OTHER_B", "2001-2002")


def test_pages_alone_are_fetched_once(server, make_store, kit, holds):
    pages = sorted(f"/{table.codebook_path}" for table in kit.tables)
    report = make_store().fetch_codebooks([*kit.tables, *kit.tables, Table("MORT_B", "2001-2002")])
    assert sorted(holds()) == pages and len(report.entries) == 3 and not report.lacking
    server.forget()
    assert not make_store().fetch_codebooks(kit.tables).fetched and server.log == []
    # The data come later, and are held against the pages that are there.
    assert len(make_store().fetch(kit.tables).fetched) == 3


@pytest.mark.parametrize("missing", ["404", "html", "folder"])
def test_a_page_that_does_not_exist_is_left_out(missing, server, make_store, kit, tmp_path):
    source = None
    if missing == "html":
        server.orders[f"/{NOWHERE.codebook_path}"] = ["html"] * 9
    if missing == "folder":
        make_store(folder=tmp_path / "mirror").fetch_codebooks(kit.tables)
        source = str(tmp_path / "mirror")
    report = make_store(source).fetch_codebooks([*kit.tables, NOWHERE])
    assert report.lacking == (NOWHERE.codebook_path,) and len(report.entries) == 3
    with pytest.raises(DataError, match=r"does not have 1 file[\s\S]*OTHER_B"):
        make_store(source).fetch_codebooks([NOWHERE])


def test_a_server_that_is_away_is_an_error(server, make_store, kit):
    server.always = "error"
    with pytest.raises(DataError, match="did not deliver"):
        make_store().fetch_codebooks(kit.tables)


def test_offline_uses_what_is_there(server, make_store, kit):
    with pytest.raises(DataError, match="3 files not there"):
        make_store(offline=True).fetch_codebooks(kit.tables)
    make_store().fetch_codebooks(kit.tables[:1])
    server.forget()
    report = make_store(offline=True).fetch_codebooks(kit.tables)
    assert list(report.entries) == [kit.tables[0].codebook_path] and server.log == []


def test_what_is_in_the_folder_is_known(make_store, kit, folder):
    assert make_store().codebooks_at_hand() == []
    make_store().fetch(kit.tables)
    (folder / kit.tables[0].codebook_path).with_name("P_DEMO.htm").write_text("not of a cycle")
    (folder / kit.tables[0].codebook_path).with_name("BMX_J.htm").write_text("not of this year")
    assert make_store().codebooks_at_hand() == sorted(kit.tables)
