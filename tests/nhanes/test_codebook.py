"""Codebook pages: every line has its kind, text is plain, damage is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import DataError
from analysis.nhanes.codebook import Code, parse_codebook

Write = Callable[..., Path]

VALUE_RANGE = ("13.6 to 197", "Range of Values", 7, 7, "")
MISSING = (".", "Missing", 3, 10, "")


@pytest.mark.parametrize(
    ("text", "meaning", "kind", "value", "ends"),
    [
        ("1", "Yes", "value", 1.0, None),
        ("0.71", "Below Limit of Detection", "value", 0.71, None),
        ("85", ">= 85 years of age", "value", 85.0, None),
        ("-1", "Not asked", "value", -1.0, None),
        ("7777777777", "Refused", "value", 7777777777.0, None),
        ("MARLBORO BLEND NO. 27", "MARLBORO BLEND NO. 27", "value", None, None),
        ("* NO MATCH *", "No match", "value", None, None),
        ("0 to 4.99", "Range of Values", "range", None, ("0", "4.99")),
        ("-1.5 to -.25", "Range of Values", "range", None, ("-1.5", "-.25")),
        ("00:00 to 23:59", "Range of Values", "range", None, ("00:00", "23:59")),
        ("0.00 to 5.0900", "Range of Values", "range", None, ("0.00", "5.0900")),
        ("Supplement name", "Value was recorded", "recorded", None, None),
        (".", "Missing", "missing", None, None),
        ("< blank >", "Missing", "missing", None, None),
        ("", "Missing", "missing", None, None),
        ("", "", "missing", None, None),
    ],
)
def test_every_line_has_its_kind(
    write_codebook: Write,
    text: str,
    meaning: str,
    kind: str,
    value: float | None,
    ends: tuple[str, str] | None,
):
    page = write_codebook({"X": [(text, meaning, "1,234", "1,234", "BOX 2")]})
    (code,) = parse_codebook(page).variables["X"].codes
    assert code == Code(text, meaning, 1234, 1234, "BOX 2")
    assert (code.kind, code.value, code.ends) == (kind, value, ends)


def test_a_variable_is_described_as_printed(write_codebook: Write):
    page = write_codebook({"SEQN": None, "URXUMS": [VALUE_RANGE, MISSING]}, label="Urine (mg/L)")
    codebook = parse_codebook(page)
    variable = codebook.variables["URXUMS"]
    assert codebook.table == "MADEUP_B"
    assert list(codebook.variables) == ["SEQN", "URXUMS"]
    assert (variable.label, variable.text) == ("Urine (mg/L)", "A question?")
    assert variable.target == "Both males and females 1 YEARS - 5 YEARS"
    assert (variable.rows, variable.missing) == (10, 3)
    assert (codebook.variables["SEQN"].rows, codebook.variables["SEQN"].codes) == (None, ())


def test_rows_are_the_most_common_total(write_codebook: Write):
    odd = ("A brand", "Value was recorded", 4, 4, "")
    lines = {"A": [odd], "B": [VALUE_RANGE, MISSING], "C": [VALUE_RANGE, MISSING], "D": None}
    assert parse_codebook(write_codebook(lines)).rows == 10
    assert parse_codebook(write_codebook({"SEQN": None})).rows is None


def test_names_are_in_capitals_like_those_of_the_files(write_codebook: Write):
    variable = parse_codebook(write_codebook({"OSQ010a": [MISSING]})).variables["OSQ010A"]
    assert variable.name == "OSQ010A"


def test_a_line_printed_twice_is_one(write_codebook: Write):
    lines = [VALUE_RANGE, VALUE_RANGE, MISSING, MISSING]
    codes = parse_codebook(write_codebook({"X": lines})).variables["X"].codes
    assert [code.count for code in codes] == [7, 3]


def test_text_is_kept_as_it_is_and_never_as_markup(write_codebook: Write):
    label = "<script>alert('x')</script> & <b>é</b>"
    codebook = parse_codebook(write_codebook({"X": [MISSING]}, label=label))
    assert codebook.variables["X"].label == label


def test_a_page_in_words_only_has_no_variables(write_codebook: Write):
    page = write_codebook({})
    page.write_text(page.read_text().replace("id='Codebook'", "id='Appendix'"))
    codebook = parse_codebook(page)
    assert (dict(codebook.variables), codebook.rows) == ({}, None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Data File: MADEUP_B", "Data File: OTHER_B", "is the codebook of OTHER_B.xpt"),
        ("Data File: MADEUP_B.xpt", "Page not found", "is no NHANES codebook"),
        ("</html>", "", "cut short"),
        ("<td>7</td>", "<td>seven</td>", "damaged line of codes for X: 13.6 to 197"),
        ("<td>7</td>", "<td>-7</td>", "damaged line of codes for X"),
        ("<td>7</td>", "", "damaged line of codes for X"),
        ("<dt>Variable Name: </dt>", "<dt>Name: </dt>", "variable without a name"),
        ("href='#X'", "href='#Y'", "lists Y but does not describe it"),
        ("<dd>SEQN  </dd>", "<dd>X</dd>", "lists SEQN but does not describe it"),
        ("SEQN", "X", "describes a variable twice"),
    ],
)
def test_a_damaged_page_is_one_message_that_names_it(
    write_codebook: Write, old: str, new: str, message: str
):
    page = write_codebook({"SEQN": None, "X": [VALUE_RANGE, MISSING]})
    content = page.read_text()
    assert old in content
    page.write_text(content.replace(old, new))
    with pytest.raises(DataError, match=message) as caught:
        parse_codebook(page)
    assert str(page) in caught.value.message
    assert caught.value.exit_status == 3


def test_a_codebook_without_variables_is_damage(write_codebook: Write):
    with pytest.raises(DataError, match="without a variable"):
        parse_codebook(write_codebook({}))


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 99, b"\xff\xfe</html>", b"HEADER RECORD", b"</html>"]
)
def test_what_is_no_page_is_damage(tmp_path: Path, content: bytes):
    page = tmp_path / "MADEUP_B.htm"
    page.write_bytes(content)
    with pytest.raises(DataError, match=r"MADEUP_B\.htm: "):
        parse_codebook(page)


def test_a_page_cut_anywhere_is_damage(write_codebook: Write):
    page = write_codebook({"SEQN": None, "X": [VALUE_RANGE, MISSING]})
    content = page.read_bytes().rstrip()
    for length in range(len(content)):
        page.write_bytes(content[:length])
        with pytest.raises(DataError):
            parse_codebook(page)


def test_a_page_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"NONE_B\.htm: cannot be read"):
        parse_codebook(tmp_path / "NONE_B.htm")
