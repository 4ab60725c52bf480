"""From people to the CDC's tables: who has a row, what is asked of whom, and what stays empty."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.synthetic.arithmetic import Array, log
from analysis.synthetic.draw import Block, Mask, People, pick
from analysis.synthetic.foods import food_rows, food_table
from analysis.synthetic.parameters import EARLY, model
from analysis.synthetic.people import intakes, lc_ms_equivalent, parathyroid_hormone
from analysis.synthetic.questionnaires import ACTIVITIES
from analysis.synthetic.supplements import supplement_rows
from analysis.synthetic.variables import (
    NUTRIENTS,
    PARATHYROID,
    PARATHYROID_FIRST_AGE,
    RELEASE,
    nutrient_name,
)

MAX_ACTIVITIES = 3
"""Most leisure activities that a person reports at one level."""


def tabulate(block: Block, people: People, cycle: str, suffix: str) -> dict[str, People]:
    """Fill every table for one block of people.

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
    examined = people["examined"] == 1
    age = people["age"]
    adult = age >= 20
    teen = (age >= 12) & (age < 16)
    smoking_from = 12 if cycle == "2005-2006" else 20
    first_age = model(block.cycle)["assay"]["first_age"][cycle]
    moves = _activity(block, people)
    told, products = supplement_rows(block, people, cycle)
    tables = {
        "DEMO": (demography(block, people, cycle), np.ones(block.size, dtype=bool)),
        "BMX": (body_measures(block, people), examined),
        "SMQ": (smoking(block, people), age >= smoking_from),
        "ALQ": (alcohol(block, people, cycle), examined & adult),
        "PAQ": (moves, (age >= 2) & (examined | ~teen)),
        "VID": (_serum(block, people, cycle), examined & (age >= first_age)),
        "DSQ1": (told, np.ones(block.size, dtype=bool)),
    }
    if cycle == "2001-2002":
        tables["DRXTOT"] = (recall_totals(block, people, cycle, 1), examined)
    else:
        tables["DR1TOT"] = (recall_totals(block, people, cycle, 1), examined)
        tables["DR2TOT"] = (recall_totals(block, people, cycle, 2), examined)
        drawn_from = examined & (age >= PARATHYROID_FIRST_AGE)
        tables[PARATHYROID[cycle]] = (_parathyroid(block, people), drawn_from)
    filled = {
        f"{name}_{suffix}": {
            "SEQN": people["seqn"][rows],
            **{variable: values[rows] for variable, values in columns.items()},
        }
        for name, (columns, rows) in tables.items()
    }
    asked = (age >= 12) & (examined | ~teen)
    filled[f"{food_table(cycle)}_{suffix}"] = food_rows(block, people, cycle)
    filled[f"DSQ2_{suffix}"] = products
    if cycle != "2001-2002":
        filled[f"{food_table(cycle, 2)}_{suffix}"] = food_rows(block, people, cycle, 2)
    filled[f"PAQIAF_{suffix}"] = _activities(block, people, moves, asked)
    return filled


def blank(block: Block, name: str, share: float) -> Mask:
    """Mark people whose answer is lost, completely at random."""
    return block.uniform(f"missing {name}") < share


def where(condition: Mask, values: NDArray[Any] | float) -> Array:
    """Values where the condition holds, missing elsewhere."""
    return np.where(condition, values, np.nan)


def demography(block: Block, people: People, cycle: str) -> People:
    """Fill DEMO."""
    missing = model(block.cycle)["missing"]
    age, examined = people["age"], people["examined"] == 1
    months = age * 12 + np.floor(12 * block.uniform("months"))
    lost = blank(block, "education", missing["education"])
    refused = np.where(block.uniform("education refused") < 0.4, 7.0, 9.0)
    columns = {
        "SDDSRVYR": np.full(block.size, float(RELEASE[cycle])),
        "RIDSTATR": 1.0 + examined,
        "RIDEXMON": where(examined, 2.0 - people["winter"]),
        "RIAGENDR": 1.0 + people["female"],
        "RIDAGEYR": age,
        "RIDAGEMN": where(age < 85, months),
        "RIDAGEEX": where(
            examined & (age < 85),
            np.minimum(months + (block.uniform("exam month") < 0.5), 1019.0),
        ),
        "RIDRETH1": people["race"],
        "DMDEDUC2": where(age >= 20, np.where(lost, refused, people["education"])),
        "INDFMPIR": where(~blank(block, "income", missing["income"]), people["income"]),
        "RIDEXPRG": _pregnancy(block, people),
        "WTINT2YR": people["interview_weight"],
        "WTMEC2YR": people["exam_weight"],
        "SDMVPSU": people["unit"],
        "SDMVSTRA": people["stratum"],
    }
    if cycle == "2001-2002":
        columns["WTINT4YR"] = columns["WTINT2YR"] / 2
        columns["WTMEC4YR"] = columns["WTMEC2YR"] / 2
    return columns


def _pregnancy(block: Block, people: People) -> Array:
    table, age = model(block.cycle)["pregnancy"], people["age"]
    chance = np.select(
        [(age >= 20) & (age < 30), (age >= 30) & (age < 40), (age >= 40) & (age < 45)],
        table["share"],
        0.0,
    )
    pregnant = block.uniform("pregnant") < chance
    code = np.where(blank(block, "pregnancy", table["unknown"]), 3.0, np.where(pregnant, 1.0, 2.0))
    asked = (people["examined"] == 1) & (people["female"] == 1) & (age >= 8) & (age <= 59)
    return where(asked, code)


def body_measures(block: Block, people: People) -> People:
    """Fill BMX."""
    seen = ~blank(block, "body", model(block.cycle)["missing"]["body"])
    return {
        "BMXWT": where(seen, people["weight"]),
        "BMXHT": where(seen, people["height"]),
        "BMXBMI": where(seen, people["bmi"]),
    }


def smoking(block: Block, people: People, first_age: int = 20) -> People:
    """Fill SMQ."""
    table, share = model(block.cycle)["smoking"], model(block.cycle)["missing"]["smoking"]
    ever = np.where(people["smoker"] >= 1, 1.0, 2.0)
    lost = block.uniform("missing smoking")
    ever = np.where(lost < share / 2, 9.0, np.where(lost < share, 7.0, ever))
    ever = where(people["age"] >= first_age, ever)
    yes = ever == 1
    now = np.where(block.uniform("some days") < table["some_days"], 2.0, 1.0)
    started = np.minimum(11.0 + np.floor(12 * block.uniform("age started")), people["age"])
    started = np.where(block.uniform("never regularly") < 0.06, 0.0, started)
    return {
        "SMQ020": ever,
        "SMD030": where(yes, started),
        "SMQ040": where(yes, np.where(people["smoker"] == 2, now, 3.0)),
    }


def alcohol(block: Block, people: People, cycle: str) -> People:
    """Fill ALQ as it was asked to 2015-2016."""
    table, missing = model(block.cycle)["drinking"], model(block.cycle)["missing"]
    answered = ~blank(block, "drinking", missing["drinking"])
    drinker = people["drinker"]
    # Of those who had 12 drinks in life, some never had them within one year.
    yearly = (drinker >= 1) & (block.uniform("12 in a year") < 0.85)
    asked_life = answered & ~yearly
    asked_times = answered & (drinker >= 1)
    often = block.uniform("times")
    unit = np.where(
        block.uniform("unit") < table["moderate"],
        np.where(block.uniform("week") < 0.62, 1.0, 2.0),
        3.0,
    )
    most = np.select([unit == 1, unit == 2], [7.0, 4.0], 11.0)
    times = 1.0 + np.floor(most * often * often)
    now = asked_times & (drinker == 2)
    drinks = drinks_a_day(block)
    return {
        "ALD100" if cycle == "2001-2002" else "ALQ101": where(answered, np.where(yearly, 1.0, 2.0)),
        "ALQ110": where(asked_life, np.where(drinker >= 1, 1.0, 2.0)),
        "ALQ120Q": where(asked_times, np.where(drinker == 2, times, 0.0)),
        "ALQ120U": where(now, unit),
        "ALQ130": where(now, drinks),
    }


def drinks_a_day(block: Block) -> Array:
    """Drinks on a day of drinking: geometric with a mean of 2.8, a few not known."""
    drinks = np.minimum(1.0 + np.floor(log(1.0 - block.uniform("drinks")) / -0.4418), 20.0)
    unknown = 99.0 if block.cycle in EARLY[:2] else 999.0
    return np.where(
        blank(block, "drinks", model(block.cycle)["missing"]["drinks"]), unknown, drinks
    )


def _did(block: Block, name: str, yes: Mask, asked: Mask) -> Array:
    """Yes, no, unable, refused or unknown for an activity."""
    share = model(block.cycle)["missing"]["activity"]
    unable = block.uniform(f"{name} unable") < 0.045
    code = np.where(yes, 1.0, np.where(unable, 3.0, 2.0))
    lost = block.uniform(f"missing {name}")
    code = np.where(lost < share / 2, 9.0, np.where(lost < share, 7.0, code))
    return where(asked, code)


def how_often(block: Block, name: str, typical: float, most: float) -> Array:
    """Whole numbers from 1 up, with a long tail."""
    u = block.uniform(name)
    return np.clip(np.ceil(typical * u / (1.0 - u)), 1.0, most)


def _minutes(block: Block, name: str) -> Array:
    """Minutes of activity: multiples of 5 from 10 to 600."""
    return np.clip(10.0 + 5.0 * np.floor(6.0 * how_often(block, name, 0.5, 40.0) / 2), 10.0, 600.0)


def _activity(block: Block, people: People) -> People:
    table = model(block.cycle)["activity"]
    age = people["age"]
    over_12, over_16 = age >= 12, age >= 16
    walked = _did(block, "walked", block.uniform("walked") < table["walked"], over_12)
    tasks = _did(block, "tasks", block.uniform("tasks") < table["tasks"], over_16)
    level = pick(np.array(table["level"]), block.uniform("level")) + 1.0
    return {
        "PAD020": walked,
        "PAQ050Q": where(walked == 1, how_often(block, "walks", 2.5, 100.0)),
        "PAQ050U": where(walked == 1, 1.0 + np.floor(3 * block.uniform("walk unit"))),
        "PAD080": where(walked == 1, _minutes(block, "walk minutes")),
        "PAQ100": tasks,
        "PAD120": where(tasks == 1, how_often(block, "task times", 5.0, 120.0)),
        "PAD160": where(tasks == 1, _minutes(block, "task minutes")),
        "PAQ180": where(over_16, level),
        "PAD200": _did(block, "vigorous", people["vigorous"] == 1, over_12),
        "PAD320": _did(block, "moderate", people["moderate"] == 1, over_12),
        "PAAQUEX": 1.0 + (over_12 & ~over_16),
    }


def _activities(block: Block, people: People, moves: People, asked: Mask) -> People:
    """One row for each leisure activity, in the order of people, then level."""
    codes = np.array(list(ACTIVITIES), dtype=np.float64)
    mets = np.array([ACTIVITIES[int(code)][1:] for code in codes])
    missing = model(block.cycle)["missing"]["minutes"]
    parts = []
    for level, question in ((1, "PAD320"), (2, "PAD200")):
        number = np.where(asked & (moves[question] == 1), 1.0, 0.0)
        number = number * np.ceil(MAX_ACTIVITIES * block.uniform(f"activities {level}"))
        offset = np.floor(len(codes) * block.uniform(f"first activity {level}"))
        for turn in range(MAX_ACTIVITIES):
            rows = number > turn
            # Steps of 3 through 10 activities: nobody reports one twice at a level.
            which = ((offset + 3 * turn) % len(codes)).astype(np.int64)
            stream = f"{level} {turn}"
            minutes = _minutes(block, f"activity minutes {stream}")
            minutes = np.where(blank(block, f"minutes {stream}", missing), np.nan, minutes)
            columns = {
                "SEQN": people["seqn"],
                "PADACTIV": codes[which],
                "PADLEVEL": np.full(block.size, float(level)),
                "PADTIMES": how_often(block, f"activity times {stream}", 6.0, 120.0),
                "PADDURAT": minutes,
                "PADMETS": mets[which, level - 1],
            }
            parts.append({name: values[rows] for name, values in columns.items()})
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(joined["SEQN"], kind="stable")
    return {name: values[order] for name, values in joined.items()}


def blood_lost(block: Block, people: People) -> Array:
    """Share of those examined, at everyone's age, whose blood was not drawn."""
    missing = model(block.cycle)["missing"]
    return np.where(people["age"] >= 20, missing["serum"], missing["serum_child"])


def _serum(block: Block, people: People, cycle: str) -> People:
    lost = block.uniform("missing serum") < blood_lost(block, people)
    return {"LBDVIDMS": where(~lost, lc_ms_equivalent(people["ria"], cycle))}


def _parathyroid(block: Block, people: People) -> People:
    lost = blank(block, "parathyroid hormone", model(block.cycle)["missing"]["serum"])
    return {"LBXPT21": where(~lost, parathyroid_hormone(block, people))}


def recall_totals(block: Block, people: People, cycle: str, day: int) -> People:
    """Fill the totals of a day, DRXTOT or DR1TOT and DR2TOT."""
    early = cycle == "2001-2002"
    status = people["recall"]
    weighed = np.isin(status, (1, 4))
    second = people["second"] == 1
    weekday = people["day"]
    totals = people
    if day == 2:
        status = np.where(second, status, 5.0)
        weekday = where(second, 1.0 + np.floor(7 * block.uniform("second weekday")))
        totals = intakes(block, people, day=2)
    prefix = "DRD" if early else f"DR{day}"
    reliable = status == 1
    columns = {
        "WTDRD1": where(weighed, people["dietary_weight"]),
        f"{prefix}DRSTZ": status,
        f"{prefix}DAY": weekday,
        nutrient_name("NUMF", cycle, day): where(
            np.isin(status, (1, 4)), np.where(reliable, totals[f"NUMF{day}"], 2.0)
        ),
    }
    if early:
        columns["WTDR4YR"] = columns["WTDRD1"] / 2
    else:
        columns["WTDR2D"] = where(second, people["two_day_weight"])
        columns["DRABF"] = where(weighed, np.where(people["recall"] == 4, 1.0, 2.0))
        columns["DRDINT"] = where(weighed, 1.0 + second)
    for nutrient in NUTRIENTS:
        name = nutrient_name(nutrient, cycle, day)
        columns[name] = where(reliable, totals[f"{nutrient}{day}"])
    return columns
