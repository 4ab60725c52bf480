"""Prescription medicines: who takes which, and their classes, which serve all cycles."""

from __future__ import annotations

import numpy as np

from analysis.synthetic.arithmetic import log, logistic
from analysis.synthetic.draw import Block, People
from analysis.synthetic.layout import TableLayout, Variable, number, text
from analysis.synthetic.parameters import further

OLDEST_CHILD = 15
"""Years up to which nobody takes a medicine here."""

MOST_CLASSES, MOST_INGREDIENTS = 4, 6
"""Places that RXQ_DRUG has for a medicine's own classes and for its ingredients'."""

LEVELS = "ABC"
"""Levels of a class, from the widest on."""


def medicines(block: Block, people: People, found: People) -> People:
    """Fill RXQ_RX: a row a medicine in the order of people, one row for who takes none."""
    table = further()["medicines"]
    unsure = block.uniform("medicines") < table["unknown_use"]
    told = {
        "everyone": np.ones(block.size, dtype=bool),
        "pressure": found["treated"],
        "diabetes": found["knows_diabetes"],
    }
    rows, names, codes = [], [], []
    none = ~unsure
    unknown = {"code": "", "name": "55555", "of": "everyone", "share": table["unknown_name"]}
    for drug in (*further()["medicine"], unknown):
        share = np.array([drug["share"]])
        odds = log(share / (1.0 - share)) + drug.get("age", 0.0) * (people["age"] - 50.0)
        odds = odds + drug.get("female", 0.0) * (people["female"] - 0.5)
        takes = told[drug["of"]] & ~unsure & (people["age"] > OLDEST_CHILD)
        takes &= block.uniform(f"medicine {drug['name']}") < logistic(odds)
        none &= ~takes
        rows.append(np.flatnonzero(takes))
        names += [drug["name"]] * len(rows[-1])
        codes += [drug["code"]] * len(rows[-1])
    empty = np.flatnonzero(none | unsure)
    who = np.concatenate([*rows, empty])
    use = np.concatenate([np.ones(len(names)), np.where(unsure[empty], 9.0, 2.0)])
    order = np.argsort(who, kind="stable")
    blank = [""] * len(empty)
    return {
        "SEQN": people["seqn"][who][order],
        "RXDUSE": use[order],
        "RXDDRUG": np.array(names + blank)[order],
        "RXDDRGID": np.array(codes + blank)[order],
    }


def drug_table() -> tuple[TableLayout, People]:
    """Lay out and fill RXQ_DRUG: the classes of each medicine and of its ingredients."""
    drugs = further()["medicine"]
    variables: list[Variable] = [
        text("RXDDRGID", "Generic drug code", "The medicine's code.", 6),
        text("RXDDRUG", "Generic drug name", "The medicine.", 32),
        number("RXDINGFL", "Ingredients", "Number of ingredients."),
    ]
    columns: People = {
        "RXDDRGID": np.array([drug["code"] for drug in drugs]),
        "RXDDRUG": np.array([drug["name"] for drug in drugs]),
        "RXDINGFL": np.array([float(len(drug["ingredients"])) for drug in drugs]),
    }
    own = [[drug.get("itself", drug["ingredients"][0])] for drug in drugs]
    theirs = [drug["ingredients"] for drug in drugs]
    for stem, what, classes, most in (
        ("RXDDCI", "Class of the medicine", own, MOST_CLASSES),
        ("RXDICI", "Class of an ingredient", theirs, MOST_INGREDIENTS),
    ):
        for place in range(most):
            for level, letter in enumerate(LEVELS):
                name = f"{stem}{place + 1}{letter}"
                words = f"{what}, number {place + 1}, level {level + 1}."
                variables.append(number(name, f"{what} {place + 1}{letter}", words))
                columns[name] = np.array([_class(one, place, level) for one in classes])
    title = "Prescription Medications - Drug Information"
    return TableLayout("RXQ_DRUG", title, "Medicines.", tuple(variables)), columns


def _class(classes: list[list[int]], place: int, level: int) -> float:
    """Give the number of a class; missing where a medicine has no such class or level."""
    number_of_it = classes[place][level] if place < len(classes) else 0
    return float(number_of_it) if number_of_it else np.nan
