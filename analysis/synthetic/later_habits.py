"""Drinking from 2017 on and activity from 2007 on, which other questions ask than before."""

from __future__ import annotations

import numpy as np

from analysis.synthetic.clinic import unanswered
from analysis.synthetic.draw import Block, Mask, People, pick
from analysis.synthetic.parameters import further, model
from analysis.synthetic.tables import alcohol, blank, drinks_a_day, how_often, where

KINDS = (
    ("vigorous_work", "work", "PAQ605", "PAQ610", "PAD615"),
    ("moderate_work", "work", "PAQ620", "PAQ625", "PAD630"),
    ("transport", "transport", "PAQ635", "PAQ640", "PAD645"),
    ("vigorous_recreation", "recreation", "PAQ650", "PAQ655", "PAD660"),
    ("moderate_recreation", "recreation", "PAQ665", "PAQ670", "PAD675"),
)
"""Kinds of the Global Physical Activity Questionnaire: name, sort of times, three questions."""

READY = {"vigorous_recreation": "vigorous", "moderate_recreation": "moderate"}
"""Kinds that only those report who are active at all in the model."""

LEISURE = (
    ("moderate", "PAD790Q", "PAD790U", "PAD800"),
    ("vigorous", "PAD810Q", "PAD810U", "PAD820"),
)
"""Activity in leisure, 2021-2023: name, times, their unit, minutes."""

UNITS = np.array(["D", "W", "M", "Y"])


def first_age(what: str, cycle: str) -> int:
    """Age from which on a questionnaire is asked in a cycle."""
    table = further()["habits"][what]
    return int(table.get(cycle, table["later"]))


def drinking(block: Block, people: People) -> People:
    """Fill ALQ: numbers of times to 2015-2016, classes of frequency from 2017 on."""
    most = further()["habits"]["most_drinks"]
    most = most.get(block.cycle, most["later"])
    if block.cycle < "2017-2018":
        columns = alcohol(block, people, block.cycle)
        drinks = columns["ALQ130"]
        return columns | {"ALQ130": np.where(drinks < 777, np.minimum(drinks, most), drinks)}
    answered = ~blank(block, "drinking", model(block.cycle)["missing"]["drinking"])
    ever = where(answered, np.where(people["drinker"] >= 1, 1.0, 2.0))
    often = 1.0 + pick(np.array(further()["habits"]["often"]), block.uniform("often"))
    often = where(ever == 1, np.where(people["drinker"] == 2, often, 0.0))
    drinks = drinks_a_day(block)
    drinks = np.where(drinks < 777, np.minimum(drinks, most), drinks)
    return {"ALQ111": ever, "ALQ121": often, "ALQ130": where(often > 0, drinks)}


def activity(block: Block, people: People) -> People:
    """Fill PAQ: a typical week by the GPAQ to 2017-2018, leisure alone in 2021-2023."""
    if block.cycle == "2021-2023":
        return _leisure(block, people)
    table = further()["gpaq"]
    third = (people["age"] >= 40).astype(np.int64) + (people["age"] >= 60)
    columns: People = {}
    for kind, sort, any_of_it, days, minutes in KINDS:
        does = block.uniform(f"gpaq {kind}") < np.array(table[kind])[third]
        if kind in READY:
            does &= people[READY[kind]] == 1
        answer = unanswered(block, f"gpaq {kind}", np.where(does, 1.0, 2.0), table["missing"])
        yes = answer == 1
        number = 1.0 + pick(np.array(table[f"days_{sort}"]), block.uniform(f"gpaq days {kind}"))
        columns[any_of_it] = answer
        columns[days] = where(yes, number)
        columns[minutes] = where(yes, _minutes(block, kind, table[f"minutes_{sort}"], yes))
    return columns


def _minutes(block: Block, kind: str, choices: list[float], yes: Mask) -> np.ndarray:
    """Pick minutes evenly; a few are not known."""
    which = np.floor(len(choices) * block.uniform(f"minutes {kind}")).astype(np.int64)
    lost = yes & blank(block, f"minutes {kind}", further()["gpaq"]["missing"])
    return np.where(lost, 9999.0, np.array(choices, dtype=np.float64)[which])


def _leisure(block: Block, people: People) -> People:
    table, choices = further()["leisure"], further()["gpaq"]["minutes_recreation"]
    columns: People = {}
    for kind, times, unit, minutes in LEISURE:
        active = people[kind] == 1
        which = pick(np.array(table["unit"]), block.uniform(f"leisure unit {kind}"))
        most = np.array(table["most"], dtype=np.float64)[which]
        often = np.minimum(how_often(block, f"leisure times {kind}", 2.0, 30.0), most)
        lost = blank(block, f"leisure {kind}", further()["gpaq"]["missing"])
        columns[times] = np.where(lost, 9999.0, np.where(active, often, 0.0))
        asked = active & ~lost
        columns[unit] = np.where(asked, UNITS[which], "")
        columns[minutes] = where(asked, _minutes(block, f"leisure {kind}", choices, asked))
    return columns
