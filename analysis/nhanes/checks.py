"""Is a file whole, and the file that it should be? Looks at structure and row counts."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import DataError
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import Table
from analysis.nhanes.exceptions import ROW_COUNT_EXCEPTIONS
from analysis.nhanes.xpt import LIBRARY_HEADER, count_rows

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
    """Check the structure of a transport file or codebook page, told apart by the name.

    Parameters
    ----------
    path : Path
        ``<TABLE>.xpt`` or ``<TABLE>.htm``.

    Raises
    ------
    Unfit
        If it is damaged, incomplete or something else.
    """
    try:
        if path.suffix == ".xpt":
            _check_transport(path)
        else:
            _check_codebook(path)
    except DataError as error:
        raise Unfit(error.what) from error


def check_rows(table: Table, data: Path, codebook: Path) -> None:
    """Hold the rows of a transport file against the number that its codebook prints.

    Parameters
    ----------
    table : Table
        Decides whether a difference is known (`ROW_COUNT_EXCEPTIONS`).
    data, codebook : Path
        The two files of the table, both sound by themselves.

    Raises
    ------
    Unfit
        If the numbers differ in another way than known. A few pages print no numbers; then there
        is nothing to hold against.
    """
    printed = parse_codebook(codebook).rows
    if printed is None:
        return
    rows = count_rows(data)
    known = ROW_COUNT_EXCEPTIONS.get(table.name)
    if rows == printed or (known and (known.rows_codebook, known.rows_file) == (printed, rows)):
        return
    raise Unfit(
        f"holds {rows:,} rows where its codebook {codebook.name} prints {printed:,}, which is not "
        "a known exception: either of the two is incomplete, or newer than the other"
    )


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
