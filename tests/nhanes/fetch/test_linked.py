"""Linked mortality is fetched, held against the people interviewed, and kept or refused."""

import json

import pytest

from analysis.errors import DataError
from analysis.nhanes.cycles import CDC, CDC_LINKED, Table
from analysis.nhanes.source import Source, WebSource

MORT, DEMO = Table("MORT_B", "2001-2002"), Table("DEMO_B", "2001-2002")
PATH = f"/{MORT.data_path}"


def file_of(people: range) -> bytes:
    """Everyone eligible and alive, 100 months from interview and examination."""
    lines = (f"{n:05d} {'':8}10   ..{'':21}100100\n" for n in people)
    return "".join(lines).encode()


WHOLE = file_of(range(1, 41))  # the made-up DEMO_B has 40 people


@pytest.fixture
def linked(server):
    """Let the server have the file, too."""
    server.files[PATH], server.modified[PATH] = WHOLE, 1_000_000_000
    return server


def test_is_fetched_with_the_people_that_it_is_held_against(linked, make_store, holds, folder):
    report = make_store().fetch([MORT])
    assert sorted(holds()) == sorted([PATH, f"/{DEMO.data_path}", f"/{DEMO.codebook_path}"])
    assert holds()[PATH] == WHOLE and len(report.fetched) == 3
    assert MORT.data_path in json.loads((folder / "lock.json").read_text())["files"]
    linked.forget()
    assert not make_store().fetch([MORT]).fetched
    assert make_store(offline=True).path(MORT.data_path).read_bytes() == WHOLE


FAULTS = ["fail", "truncate", "html", "corrupt"]


@pytest.mark.parametrize("fault", FAULTS)
def test_passing_fault_is_survived(fault, linked, make_store, holds):
    linked.orders[PATH] = [fault]
    make_store().fetch([MORT])
    assert holds()[PATH] == WHOLE


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            file_of(range(1, 40)),
            "has 39, of whom 0 are not among the 40 of DEMO_B.xpt, and lacks 1",
        ),
        (
            file_of(range(2, 42)),
            "has 40, of whom 1 are not among the 40 of DEMO_B.xpt, and lacks 1",
        ),
        (WHOLE[:-1], "is cut short"),
        (WHOLE.replace(b"10   ..", b"12   .."), "MORTSTAT"),
        (b"SEQN,ELIGSTAT\n", "13 characters in line 1"),
        (b"<!DOCTYPE html><html></html>\n", "web page in place of"),
    ],
)
def test_what_is_not_this_cycles_file_is_not_kept(body, said, linked, make_store, holds, folder):
    linked.files[PATH] = body
    with pytest.raises(DataError, match=said) as caught:
        make_store().fetch([MORT])
    assert "MORT_2019" in caught.value.message
    assert PATH not in holds()
    # Nor is it taken over where it lies without an entry.
    found = folder / MORT.data_path
    found.parent.mkdir(parents=True, exist_ok=True)
    found.write_bytes(body)
    with pytest.raises(DataError, match=r"the file (is|has|holds)"):
        make_store().fetch([MORT])


def test_a_file_in_its_place_is_adopted(linked, make_store, folder):
    make_store().fetch([MORT])
    (folder / "lock.json").unlink()
    assert MORT.data_path in make_store(offline=True).fetch([MORT]).found


def test_a_revision_is_taken_when_it_has_the_same_people(linked, make_store, holds):
    make_store().fetch([MORT])
    newer = WHOLE.replace(b"100100", b"101101")
    linked.files[PATH] = newer
    linked.modified[PATH] = 2_000_000_000
    assert make_store().fetch([MORT]).revised == (MORT.data_path,)
    assert holds()[PATH] == WHOLE
    make_store(accept_revisions=True).fetch([MORT])
    assert holds()[PATH] == newer
    linked.files[PATH], linked.modified[PATH] = file_of(range(1, 40)), 2_100_000_000
    with pytest.raises(DataError, match=r"lacks 1[\s\S]*version at hand was kept"):
        make_store(accept_revisions=True).fetch([MORT])
    assert holds()[PATH] == newer


def test_the_cdc_keeps_linked_data_on_a_server_of_its_own(server):
    cdc = Source.from_setting(None)
    assert cdc.url(MORT.data_path) == f"{CDC_LINKED}/{MORT.data_path}"
    assert cdc.url(DEMO.data_path) == f"{CDC}/{DEMO.data_path}"
    mirror = WebSource(server.url, name="a mirror")
    assert mirror.url(MORT.data_path) == f"{server.url}/{MORT.data_path}"
