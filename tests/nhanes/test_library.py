"""Many codebooks: what a search finds, and how cycles and tables are named."""

from __future__ import annotations

import pytest

from analysis.nhanes.codebook import Code, Codebook, Variable
from analysis.nhanes.cycles import CYCLES, EVERY_CYCLE, Table, table_named
from analysis.nhanes.library import Library, spans


def book(name: str, cycle: str, **labels: str) -> tuple[Table, Codebook]:
    """A codebook of variables with a label and, after a stroke, a text."""
    variables = {}
    for variable, words in labels.items():
        label, _, text = words.partition("|")
        codes = (Code("1", "Yes", 3, 3), Code(".", "Missing", 1, 4))
        variables[variable] = Variable(variable, label, text, "Everyone", codes)
    return Table(name, cycle), Codebook(name, variables)


LIBRARY = Library(
    dict(
        [
            book("VID_C", "2003-2004", LBDVIDMS="Vitamin D (nmol/L)", SEQN="Number"),
            book("VID_B", "2001-2002", LBDVIDMS="Vitamin D (nmol/L)", SEQN="Number"),
            book("DRXTOT_B", "2001-2002", DRXTVC="Vitamin C (mg)", DRXTMAGN="Magnesium (mg)"),
            book("DR1TOT_C", "2003-2004", DR1TMAGN="Magnesium (mg)", DR1TADD="Added vitamin E"),
            book("DSQ1_C", "2003-2004", DSD010="Any taken?|Did you take VITAMINS or minerals?"),
            book("DSPI", EVERY_CYCLE, DSDPID="Product (a*b)|Vitamin or magnesium product"),
        ]
    )
)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["magnesium"], ["DR1TMAGN", "DRXTMAGN", "DSDPID"]),
        (["MAGN", "mg"], ["DR1TMAGN", "DRXTMAGN"]),
        (["drxt"], ["DRXTMAGN", "DRXTVC"]),
        (["vitamin"], ["DR1TADD", "DRXTVC", "LBDVIDMS", "DSD010", "DSDPID"]),
        (["vitamin", "d"], ["LBDVIDMS"]),
        (["vitamin d"], ["LBDVIDMS"]),
        (["magnesium", "product"], ["DSDPID"]),
        (["a*b"], ["DSDPID"]),
        (["a.b"], []),
        (["zinc"], []),
    ],
)
def test_search_wants_every_word(words, names):
    assert list(LIBRARY.mentioning(words)) == names


def test_entries_are_in_the_order_of_cycles():
    tables = [entry.table.name for entry in LIBRARY.variables["LBDVIDMS"]]
    assert tables == ["VID_B", "VID_C"]


@pytest.mark.parametrize(
    ("name", "first"), [("dr2tmagn", "DR1TMAGN"), ("LBXVIDMS", "LBDVIDMS"), ("SEQ", "SEQN")]
)
def test_names_near_one_that_is_not_there(name, first):
    assert LIBRARY.near(name)[0] == first


def test_nothing_is_near_to_nonsense():
    assert LIBRARY.near("QQQQQQQQ") == []


@pytest.mark.parametrize(
    ("cycles", "told"),
    [
        (["2001-2002"], "2001-2002"),
        (["2003-2004", "2001-2002"], "2001-2004"),
        (["2001-2002", "2005-2006", "2007-2008"], "2001-2002, 2005-2008"),
        (["2017-2018", "2021-2023"], "2017-2023"),
        (list(CYCLES), "1999-2023"),
        ([EVERY_CYCLE, "2001-2002"], "1999-2023, 2001-2002"),
        ([], ""),
    ],
)
def test_spans_of_cycles(cycles, told):
    assert spans(cycles) == told


@pytest.mark.parametrize(
    ("name", "cycle"),
    [
        ("DEMO", "1999-2000"),
        ("vid_b", "2001-2002"),
        ("RXQ_RX_J", "2017-2018"),
        ("RXQ_RX", "1999-2000"),
        ("DEMO_L", "2021-2023"),
        ("DSPI", EVERY_CYCLE),
        ("RXQ_DRUG", EVERY_CYCLE),
        ("DEMO_K", None),
        ("P_DEMO", None),
    ],
)
def test_a_table_tells_its_cycle(name, cycle):
    assert table_named(name) == (None if cycle is None else Table(name.upper(), cycle))
