"""The tables of 2005-2006's examinations, and all tables of the cycles from 2007 on.

What they are is declared in `later_tables.toml`; here is who has a row and what fills it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from analysis.synthetic import clinic
from analysis.synthetic.cognition import cognition
from analysis.synthetic.draw import Block, Mask, People
from analysis.synthetic.later_habits import activity, drinking, first_age
from analysis.synthetic.layout import SEQN, TableLayout, Variable, number, read_variable
from analysis.synthetic.medicines import medicines
from analysis.synthetic.parameters import EARLY, described, further
from analysis.synthetic.people import lc_ms, second_day_vitamin_d
from analysis.synthetic.supplements import supplement_rows, supplement_totals
from analysis.synthetic.tables import (
    blood_lost,
    body_measures,
    demography,
    recall_totals,
    smoking,
    where,
)
from analysis.synthetic.variables import recall

NO_RECALL_IS_ZERO = "HIJL"
"""Cycles in which the dietary weight of who has no recall is 0, not missing."""

BY_TELEPHONE = "L"
"""The cycle whose supplements were asked for after the first recall, of those who gave one."""

Filled = Mapping[str, tuple[People, Mask]]
"""By table without its suffix: columns of everyone, and who has a row."""


def later_layouts(cycle: str, suffix: str) -> tuple[TableLayout, ...]:
    """Lay out the tables of one cycle that `later_tables.toml` describes, and the recalls.

    Parameters
    ----------
    cycle, suffix : str
        Which cycle; 2005-2006 has only what it adds to the tables of `variables.layouts`.

    Returns
    -------
    tuple of TableLayout
        Named with the suffix.
    """
    words = {what: first_age(what, cycle) for what in ("smoking", "drinking", "activity")}
    told = "Who gave a first recall." if suffix in BY_TELEPHONE else "Everyone."
    found = []
    for name, table in described().items():
        if suffix not in table["cycles"]:
            continue
        variables = [
            read_variable(entry)
            for entry in table["variables"]
            if suffix in entry.get("in", table["cycles"])
        ]
        eligible = table["eligible"].format(**words, told=told)
        whole = (SEQN, *variables)
        found.append(TableLayout(f"{name}_{suffix}", table["title"], eligible, whole))
    recalls = () if cycle in EARLY else (1, 2)
    return (*found, *(_recall_layout(cycle, suffix, day) for day in recalls))


def _recall_layout(cycle: str, suffix: str, day: int) -> TableLayout:
    """Lay out a day's totals: those of 2005-2006, and vitamin D."""
    zero = suffix in NO_RECALL_IS_ZERO
    variables: list[Variable] = []
    for variable in recall("2005-2006", day):
        if zero and variable.name in ("WTDRD1", "WTDR2D"):
            which = "1" if variable.name == "WTDRD1" else "2"
            nothing = (0.0, f"Day {which} dietary recall not done/incomplete", "")
            variable = replace(variable, codes=(nothing,))
        if variable.name == f"DR{day}TNUMF" and zero:
            variable = replace(variable, label="Number of foods/beverages reported")
        variables.append(variable)
        if variable.name == f"DR{day}TLZ":
            label = "Vitamin D (D2 + D3) (mcg)"
            variables.append(number(f"DR{day}TVD", label, f"{label}, total of the day."))
    title = f"Dietary Interview - Total Nutrients, Day {day}"
    return TableLayout(f"DR{day}TOT_{suffix}", title, "Everyone examined.", tuple(variables))


def _examinations(block: Block, people: People, found: People) -> Filled:
    """Fill what is examined and told of a person's health, from 2005-2006 on."""
    age, examined = people["age"], people["examined"] == 1
    creatinine, hba1c = clinic.blood(block, people, found)
    blood = examined & (age >= 12)
    return {
        "BPX": (clinic.blood_pressure(block, people, found), examined),
        "BPQ": (clinic.pressure_told(block, people, found), age >= 16),
        "DIQ": (clinic.diabetes_told(block, people, found), age >= 1),
        "GHB": ({"LBXGH": hba1c}, blood),
        "BIOPRO": ({"LBXSCR": creatinine}, blood),
    }


def later_tables(block: Block, people: People, cycle: str, suffix: str) -> dict[str, People]:
    """Fill every table that `later_layouts` lays out, for one block of people.

    Parameters
    ----------
    block : Block
        Names the random streams.
    people : dict of str to ndarray
        With their description, response, weights and place.
    cycle, suffix : str
        Which cycle.

    Returns
    -------
    dict of str to dict of str to ndarray
        Columns by table (with its suffix) and variable, in the order of `people["seqn"]`.
    """
    wanted = {name for name, table in described().items() if suffix in table["cycles"]}
    if not wanted:
        return {}
    found = clinic.health(block, people)
    examined = _examinations(block, people, found)
    filled = {name: rows for name, rows in examined.items() if name in wanted}
    records: dict[str, People] = {}
    if "RXQ_RX" in wanted:
        records["RXQ_RX"] = medicines(block, people, found)
    if cycle not in EARLY:
        filled |= _interviews(block, people, cycle, suffix)
        told, products = supplement_rows(block, people, cycle)
        asked = _recalled(people) if suffix in BY_TELEPHONE else np.ones(block.size, dtype=bool)
        filled["DSQTOT"] = (told | supplement_totals(block, people), asked)
        rows = np.isin(products["SEQN"], people["seqn"][asked])
        records["DSQIDS"] = {name: values[rows] for name, values in products.items()}
    if "CFQ" in wanted:
        older = (people["examined"] == 1) & (people["age"] >= 60)
        filled["CFQ"] = (cognition(block, people), older)
    whole = {
        name: {"SEQN": people["seqn"][rows]} | {v: values[rows] for v, values in columns.items()}
        for name, (columns, rows) in filled.items()
    }
    return {f"{name}_{suffix}": columns for name, columns in (whole | records).items()}


def _recalled(people: People) -> Mask:
    """Who gave a first recall that has a weight."""
    return np.isin(people["recall"], (1, 4))


def _interviews(block: Block, people: People, cycle: str, suffix: str) -> Filled:
    """Fill what cycles from 2007 on ask and measure as those before did, or in its place."""
    age, examined = people["age"], people["examined"] == 1
    everyone = np.ones(block.size, dtype=bool)
    teen = (age >= 12) & (age < 16)
    moves = (age >= first_age("activity", cycle)) & (examined | ~teen)
    smokes = first_age("smoking", cycle)
    filled = {
        "DEMO": (_demography(block, people, cycle), everyone),
        "BMX": (body_measures(block, people), examined),
        "SMQ": (smoking(block, people, smokes), age >= smokes),
        "ALQ": (drinking(block, people), examined & (age >= first_age("drinking", cycle))),
        "PAQ": (activity(block, people), moves),
        "VID": (_serum(block, people), examined & (age >= 1)),
    }
    for day in (1, 2):
        filled[f"DR{day}TOT"] = (_recall(block, people, cycle, suffix, day), examined)
    return filled


def _demography(block: Block, people: People, cycle: str) -> People:
    """Fill DEMO; who is neither of the four larger groups is Asian (6) or not (7) in RIDRETH3."""
    columns = demography(block, people, cycle)
    race, age = people["race"], people["age"]
    asian = block.uniform("asian") < further()["asian"]["share"]
    bearing = (age >= 20) & (age <= 44)
    return columns | {
        "RIDRETH3": np.where(race == 5, np.where(asian, 6.0, 7.0), race),
        "RIDEXPRG": where(bearing, columns["RIDEXPRG"]),
    }


def _serum(block: Block, people: People) -> People:
    """Fill VID; in 2021-2023 those whose blood was drawn stand for those whose was not."""
    drawn = clinic.has_blood(block, people)
    weight = np.round(people["exam_weight"] / (1.0 - blood_lost(block, people)), 6)
    return {
        "WTPH2YR": np.where(drawn, weight, 0.0),
        "LBXVIDMS": where(drawn, lc_ms(block, people)),
    }


def _recall(block: Block, people: People, cycle: str, suffix: str, day: int) -> People:
    """Fill a day's totals, with vitamin D; no recall is a weight of 0 where the CDC has it so."""
    columns = recall_totals(block, people, cycle, day)
    status = columns[f"DR{day}DRSTZ"]
    food = people["food_vitamin_d"] if day == 1 else second_day_vitamin_d(block, people)
    columns[f"DR{day}TVD"] = where(status == 1, np.round(food, 1))
    if suffix in NO_RECALL_IS_ZERO:
        columns |= {name: np.nan_to_num(columns[name]) for name in ("WTDRD1", "WTDR2D")}
    return columns
