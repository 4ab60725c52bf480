"""Cognitive tests of people of 60 years and over, 2011-2014."""

from __future__ import annotations

import numpy as np

from analysis.synthetic.clinic import of_race, of_status
from analysis.synthetic.draw import Block, People, pick
from analysis.synthetic.parameters import further
from analysis.synthetic.tables import where


def cognition(block: Block, people: People) -> People:
    """Fill CFQ: the status, and scores of those tests that were done.

    What all tests share is a person's expectation, from age, education and the rest, and a normal
    variable; the rest of the spread is each test's own.
    """
    table = further()["cognition"]
    expected = (
        np.array(table["education"])[people["education"].astype(np.int64) - 1]
        + of_race(table, people)
        + table["age"] * (people["age"] - 70.0)
        + table["female"] * people["female"]
        + table["magnesium"] * (people["MAGN1"] - 300.0) / 100.0
        + of_status(table, people)
    )
    status = pick(np.array(table["status"]), block.uniform("cognitive status")) + 1.0
    common, able = table["common"], block.normal("cognition")
    columns: People = {"CFASTAT": status}
    for name, (mean, spread, loading, most) in table["tests"].items():
        noise = np.sqrt(1.0 - common * common) * block.normal(f"cognition {name}")
        score = mean + spread * (loading * expected + common * able + noise)
        # With two tests the last was not done, with one the words alone were.
        done = status <= {"CFDDS": 1, "CFDAST": 2}.get(name, 3)
        columns[name] = where(done, np.clip(np.rint(score), 0.0, most))
    return columns
