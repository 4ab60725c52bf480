"""Is a file whole, and the file that it should be? Looks at structure, row counts and people."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import DataError
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import Table
from analysis.nhanes.exceptions import ROW_COUNT_EXCEPTIONS
from analysis.nhanes.mortality import read_mortality
from analysis.nhanes.xpt import LIBRARY_HEADER, count_rows, read_columns

_HTML_BEGINS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--")
_CODEBOOK_SAYS = b"Data File:"


class Unfit(Exception):
    """A file is not what it should be.

    Parameters
    ----------
    what : str
        What is wrong with it, to follow its name.
    web_page : bool
        Whether it is some other web page, as servers send in place of a file they do not have.
    """

    def __init__(self, what: str, *, web_page: bool = False) -> None:
        super().__init__(what)
        self.what, self.web_page = what, web_page


def check_file(path: Path) -> None:
    """Check the structure of a transport file, codebook page or linked mortality, by its name.

    Parameters
    ----------
    path : Path
        ``<TABLE>.xpt``, ``<TABLE>.htm`` or ``NHANES_<years>_MORT_2019_PUBLIC.dat``.

    Raises
    ------
    Unfit
        If it is damaged, incomplete or something else.
    """
    try:
        if path.suffix == ".xpt":
            _check_transport(path)
        elif path.suffix == ".dat":
            _check_mortality(path)
        else:
            _check_codebook(path)
    except DataError as error:
        raise Unfit(error.what) from error


def check_rows(table: Table, data: Path, against: Path) -> None:
    """Hold the rows of a table against the file that says how many it has.

    Parameters
    ----------
    table : Table
        Decides whether a difference is known (`ROW_COUNT_EXCEPTIONS`).
    data : Path
        Its data, sound by themselves.
    against : Path
        The file that `Table.held_against` names, sound by itself: the codebook, which prints a
        number of rows; for linked mortality the cycle's DEMO, whose people must be the same.

    Raises
    ------
    Unfit
        If the numbers differ in another way than known. A few pages print no numbers; then there
        is nothing to hold against.
    """
    if table.is_mortality:
        _check_people(table, data, against)
        return
    printed = parse_codebook(against).rows
    if printed is None:
        return
    rows = count_rows(data)
    known = ROW_COUNT_EXCEPTIONS.get(table.name)
    if rows == printed or (known and (known.rows_codebook, known.rows_file) == (printed, rows)):
        return
    raise Unfit(
        f"holds {rows:,} rows where its codebook {against.name} prints {printed:,}, which is not "
        "a known exception: either of the two is incomplete, or newer than the other"
    )


def _check_people(table: Table, data: Path, demo: Path) -> None:
    linked = read_mortality(data, ["SEQN"])["SEQN"]
    people = read_columns(demo, ["SEQN"])["SEQN"]
    strangers, lost = int((~linked.isin(people)).sum()), int((~people.isin(linked)).sum())
    if strangers or lost:
        raise Unfit(
            f"is not of the people interviewed in {table.cycle}: it has {len(linked):,}, of whom "
            f"{strangers:,} are not among the {len(people):,} of {demo.name}, and lacks {lost:,}"
        )


def _check_mortality(path: Path) -> None:
    with path.open("rb") as file:
        if _is_html(file.read(1024)):
            raise Unfit("is a web page in place of data", web_page=True)
    read_mortality(path)


def _check_transport(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(1024)
    if not head.startswith(LIBRARY_HEADER):
        if _is_html(head):
            raise Unfit("is a web page in place of data", web_page=True)
        raise Unfit("is not a SAS transport file (its library header is missing)")
    # This also holds the length against the record length and the rows' length.
    count_rows(path)


def _check_codebook(path: Path) -> None:
    page = path.read_bytes()
    if not _is_html(page):
        raise Unfit("is not an HTML page")
    if _CODEBOOK_SAYS not in page and page.rstrip()[-7:].lower() == b"</html>":
        raise Unfit("is a web page that is not a codebook", web_page=True)
    parse_codebook(path)


def _is_html(content: bytes) -> bool:
    beginning = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return beginning.startswith(_HTML_BEGINS)
