"""Prescription medicines of the past 30 days, by the therapeutic classes that the CDC gives.

RXQ_RX has a row a medicine; RXQ_DRUG, one table for all cycles, has the classes of each medicine
and of its ingredients (Cerner Multum's Lexicon). RXQ_RX of 1999-2000 is read from its codebook
alone, as published by the CDC.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source
from analysis.cohort.measures.recode import choose, cycles_between, sources
from analysis.nhanes.cycles import EVERY_CYCLE, Table

DIURETICS = 49
PROTON_PUMP_INHIBITORS = 272
"""Numbers of the classes among Multum's therapeutic categories of the second level (appendix 3 of
the documentation of RXQ_DRUG)."""

CATEGORIES = tuple(f"RXDDCI{n}B" for n in range(1, 5)) + tuple(f"RXDICI{n}B" for n in range(1, 7))
"""Second-level categories of a medicine (up to 4) and of its ingredients (up to 6): a combination
is in a class of its own, and its ingredients in theirs."""

USE = {"1999-2000": "RXD030", "2001-2002": "RXD030"}
"""Whether any prescription medicine was taken: RXDUSE from 2003-2004 on."""

NAMED = cycles_between("1999-2000", "2017-2018")
DRUGS = {"drugs": (Table("RXQ_DRUG", EVERY_CYCLE), ("RXDDRGID", *CATEGORIES))}

ABSENT = {"2021-2023": "RXQ_RX_L has the number of prescription medicines but not their names"}


def drugs_in(drugs: pd.DataFrame, category: int) -> frozenset[str]:
    """Codes (RXDDRGID) of the medicines that are of a category, or have an ingredient that is."""
    member = (drugs[list(CATEGORIES)] == category).any(axis=1)
    return frozenset(drugs.loc[member, "RXDDRGID"])


def takes(columns: Columns, cycle: str, category: int) -> pd.Series:
    """Whether a person took a medicine of a category in the past 30 days.

    No: took no prescription medicine, or none of the category among those identified. Missing:
    unknown whether any was taken, or none of those taken could be identified (unknown, refused or
    not known by name, which have no code).

    Parameters
    ----------
    columns : mapping
        ``medicines``, a row a medicine; ``drugs``, their categories; ``age``, of all participants.
    cycle : str
        Decides the name of the first question.
    category : int
        Of Multum's second level.

    Returns
    -------
    Series of category
        No or Yes, in the order of the participants.
    """
    rows, drugs = columns["medicines"], columns["drugs"]
    person, used = rows["SEQN"], rows[USE.get(cycle, "RXDUSE")]
    code = rows["RXDDRGID"]
    signs = pd.DataFrame(
        {
            "taken": code.isin(drugs_in(drugs, category)),
            "identified": code.isin(frozenset(drugs["RXDDRGID"])),
            "none": used == 2,
        }
    )
    people = columns["age"].index
    found = signs.groupby(person).any().reindex(people, fill_value=False)
    return choose(
        [(found["taken"], "Yes"), (found["none"] | found["identified"], "No")],
        people,
        ("No", "Yes"),
    )


def medicine_sources(more: dict[str, tuple[str, str]] | None = None) -> dict[str, Source]:
    """Where medicines are read, by cycle, and further columns beside them."""
    found: dict[str, Source] = {}
    for cycle in NAMED:
        rows = ("SEQN", USE.get(cycle, "RXDUSE"), "RXDDRGID")
        columns = {"age": ("DEMO", "RIDAGEYR"), **(more or {})}
        found |= sources(columns, [cycle], {"medicines": ("RXQ_RX", rows)}, DRUGS)
    return found


_NOTE = (
    "Taken on prescription in the past 30 days, alone or in a combination. Missing where none of "
    "the medicines could be identified; unidentified ones beside others are left out. Classes of "
    "Multum's Lexicon, as the CDC gives them for all cycles in RXQ_DRUG: "
)

MEASURES = (
    Measure(
        name="diuretic",
        label="Diuretic",
        kind="categorical",
        levels=("No", "Yes"),
        sources=medicine_sources(),
        derive=partial(takes, category=DIURETICS),
        subsample="interview",
        note=_NOTE + "diuretics are thiazides and the like, loop and potassium-sparing diuretics, "
        "carbonic anhydrase inhibitors by mouth, and diuretics without further name.",
        absent=ABSENT,
    ),
    Measure(
        name="proton_pump_inhibitor",
        label="Proton pump inhibitor",
        kind="categorical",
        levels=("No", "Yes"),
        sources=medicine_sources(),
        derive=partial(takes, category=PROTON_PUMP_INHIBITORS),
        subsample="interview",
        note=_NOTE + "omeprazole, esomeprazole, lansoprazole, dexlansoprazole, pantoprazole and "
        "rabeprazole. Those bought without prescription (omeprazole from 2003 on) are not known.",
        absent=ABSENT,
    ),
)
