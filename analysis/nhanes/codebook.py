"""The CDC's codebooks: every variable of a table, its codes, and how many rows have each.

A codebook is an HTML page beside the transport file. Since 2024 the pages of all cycles share one
layout: below ``<div id="Codebook">`` a block for each variable with its heading, a list of
properties and, where the CDC counted it, a table of codes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from lxml import etree, html

from analysis.errors import DataError

Kind = Literal["value", "range", "recorded", "missing"]
"""What a line of a codebook counts.

``value``: one code; ``range``: numbers between two ends; ``recorded``: any other value (text that
the page does not list); ``missing``: nothing.
"""

_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
_CLOCK = r"\d{1,2}:\d\d"
_RANGE = re.compile(rf"({_NUMBER}|{_CLOCK}) to ({_NUMBER}|{_CLOCK})")
_MISSING = ("", ".", "< blank >")
_RECORDED = "Value was recorded"
_FETCH_ANEW = "Delete the page and fetch it again."


@dataclass(frozen=True)
class Code:
    """One line of a variable's table of codes.

    Parameters
    ----------
    text : str
        The code as printed, for example ``"1"``, ``"13.6 to 197"`` or ``"."``.
    description : str
        What the code means.
    count : int
        Rows of the table with this code.
    cumulative : int
        Rows with this code or one of the lines above it.
    skip : str
        The question asked next after this answer; empty if it is simply the next one.
    """

    text: str
    description: str
    count: int
    cumulative: int
    skip: str = ""

    @cached_property
    def kind(self) -> Kind:
        """What the line counts."""
        if self.text in _MISSING:
            return "missing"
        if _RANGE.fullmatch(self.text):
            return "range"
        return "recorded" if self.description == _RECORDED else "value"

    @property
    def value(self) -> float | None:
        """The code as a number, or None where it is none."""
        is_number = self.kind == "value" and re.fullmatch(_NUMBER, self.text)
        return float(self.text) if is_number else None

    @property
    def ends(self) -> tuple[str, str] | None:
        """Both ends of a range as printed, or None for a line of another kind."""
        match = _RANGE.fullmatch(self.text)
        return (match[1], match[2]) if match else None


@dataclass(frozen=True)
class Variable:
    """One variable as its codebook describes it.

    Parameters
    ----------
    name : str
        The SAS name in capitals, as in the file; some pages print lower-case letters.
    label : str
        The SAS label; it carries the unit.
    text : str
        The question or description in English.
    target : str
        Who was asked or measured.
    codes : tuple of Code
        Empty where the page prints no counts (identifiers).
    """

    name: str
    label: str
    text: str
    target: str
    codes: tuple[Code, ...]

    @property
    def rows(self) -> int | None:
        """Rows of the table: the last cumulative count; None where no counts are printed."""
        return self.codes[-1].cumulative if self.codes else None

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return sum(code.count for code in self.codes if code.kind == "missing")


@dataclass(frozen=True)
class Codebook:
    """A table's codebook.

    Parameters
    ----------
    table : str
        The table's name, for example ``"VID_B"``.
    variables : mapping of str to Variable
        In the page's order. Empty for the few pages that describe their table in words only.
    """

    table: str
    variables: Mapping[str, Variable]

    @property
    def rows(self) -> int | None:
        """Rows of the table: the most common total of its variables; None if none is printed."""
        totals = Counter(v.rows for v in self.variables.values() if v.rows is not None)
        return totals.most_common(1)[0][0] if totals else None


def parse_codebook(path: Path) -> Codebook:
    """Parse a codebook page.

    Parameters
    ----------
    path : Path
        The page as the CDC serves it, named after its table (``VID_B.htm``).

    Returns
    -------
    Codebook
        All text is plain: white space is collapsed, nothing is escaped for HTML.

    Raises
    ------
    DataError
        If the page cannot be read, is cut short, is no codebook or another table's, or a count in
        it is no number.
    """
    try:
        page = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=str(path)) from error
    if not page.rstrip().lower().endswith(b"</html>"):
        raise _malformed(path, "is no HTML page or is cut short")
    try:
        tree = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise _malformed(path, f"cannot be parsed ({error})") from error
    _require_table(path, tree)
    variables = [_variable(path, block) for block in tree.iterfind(".//div[@class='pagebreak']")]
    _require_contents(path, tree, [variable.name for variable in variables])
    return Codebook(path.stem.upper(), MappingProxyType({v.name: v for v in variables}))


def _require_table(path: Path, tree: html.HtmlElement) -> None:
    """Hold the page's own heading against the table that it should describe."""
    headings = (_text(heading) for heading in tree.iterfind(".//h4"))
    files = [text[10:].strip() for text in headings if text.startswith("Data File:")]
    if not files:
        raise _malformed(path, "is no NHANES codebook")
    if files[0].upper() != f"{path.stem.upper()}.XPT":
        raise _malformed(path, f"is the codebook of {files[0]}")


def _require_contents(path: Path, tree: html.HtmlElement, names: list[str]) -> None:
    """Hold the variables found against the page's own table of contents."""
    links = tree.xpath("//*[@id='CodebookLinks']//a/@href")
    listed = [str(link).rsplit("#", 1)[-1].strip().upper() for link in links]
    absent = [name for name in listed if name not in names]
    if absent:
        raise _malformed(path, f"lists {', '.join(absent)} but does not describe it")
    if not names and tree.get_element_by_id("Codebook", None) is not None:
        raise _malformed(path, "has a codebook without a variable")
    if len(set(names)) < len(names):
        raise _malformed(path, "describes a variable twice")


def _variable(path: Path, block: html.HtmlElement) -> Variable:
    properties = _properties(block)
    name = properties.get("Variable Name", "").upper()
    if not name:
        raise _malformed(path, "has a variable without a name")
    codes = dict.fromkeys(
        _code(path, name, row) for row in block.iterfind(".//tr") if row.find("td") is not None
    )
    return Variable(
        name=name,
        label=properties.get("SAS Label", ""),
        text=properties.get("English Text", ""),
        target=properties.get("Target", ""),
        # KIQ_U_C prints each line twice, its cumulative count unchanged: a repeated line is one.
        codes=tuple(codes),
    )


def _properties(block: html.HtmlElement) -> dict[str, str]:
    properties: dict[str, str] = {}
    for term in block.iterfind(".//dt"):
        definition = term.getnext()
        if definition is not None and definition.tag == "dd":
            key, value = _text(term).removesuffix(":"), _text(definition)
            # A variable may have several targets.
            properties[key] = f"{properties[key]}; {value}" if key in properties else value
    return properties


def _code(path: Path, variable: str, row: html.HtmlElement) -> Code:
    cells = [_text(cell) for cell in row.iterfind("td")]
    counts = [cell.replace(",", "") for cell in cells[2:4]]
    if len(cells) < 4 or not all(re.fullmatch(r"\d+", count) for count in counts):
        raise _malformed(path, f"has a damaged line of codes for {variable}: {' | '.join(cells)}")
    skip = cells[4] if len(cells) > 4 else ""
    return Code(cells[0], cells[1], int(counts[0]), int(counts[1]), skip)


def _text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _malformed(path: Path, what: str) -> DataError:
    return DataError(what, where=str(path), remedy=_FETCH_ANEW)
