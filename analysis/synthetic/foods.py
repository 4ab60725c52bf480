"""The foods of the recalls, from which vitamin D from food is computed by food code.

The recalls of 2001-2006 give no vitamin D; those of 2007-2010 do, food by food. So the artificial
survey has foods with codes and grams in 2001-2006, and for vitamin D per gram two small tables,
DR1IFF_E and DR1IFF_F, of the same foods. Grams times vitamin D per gram add up to what the model
drew for a person, but for the rounding of grams.
"""

from __future__ import annotations

import numpy as np

from analysis.synthetic.draw import Block, People
from analysis.synthetic.layout import SEQN, TableLayout, Variable, coded, number
from analysis.synthetic.parameters import model
from analysis.synthetic.people import second_day_vitamin_d

WITH_VITAMIN_D = {"2007-2008": "E", "2009-2010": "F"}
"""Cycles whose food tables carry vitamin D, with their letters."""

EATERS = 25
"""Artificial people in each of those tables; everyone ate each food once."""

FIRST_EATER = 190_001
"""Below every other artificial number and above the CDC's."""


def food_table(cycle: str, day: int = 1) -> str:
    """Name of the table of individual foods, without its suffix."""
    return "DRXIFF" if cycle == "2001-2002" else f"DR{day}IFF"


def _names(cycle: str, day: int = 1) -> dict[str, str]:
    """Names of the food table's variables by their role."""
    if cycle == "2001-2002":
        return {
            "line": "DRXILINE",
            "status": "DRDDRSTZ",
            "code": "DRDIFDCD",
            "grams": "DRXIGRMS",
        }
    return {
        "line": f"DR{day}ILINE",
        "status": f"DR{day}DRSTZ",
        "code": f"DR{day}IFDCD",
        "grams": f"DR{day}IGRMS",
    }


def foods(cycle: str, day: int = 1) -> tuple[Variable, ...]:
    """Variables of the food table of a cycle."""
    name = _names(cycle, day)
    line = "Food/individual component number"
    if cycle == "2005-2006":
        line = line.replace("individual", "Individual")
    status = (
        "1 = Reliable and met the minimum criteria | "
        "2 = Not reliable or not met the minimum criteria | "
        "4 = Reported consuming breast-milk | 5 = Not done"
    )
    early = cycle == "2001-2002"
    weight = "Dietary day one 2-Year sample weight" if early else "Dietary day one sample weight"
    weighed = number("WTDRD1", weight, "Weight of the first recall.")
    vitamin = number("DR1IVD", "Vitamin D (D2 + D3) (mcg)", "Vitamin D of the portion.")
    return (
        SEQN,
        *(() if cycle in WITH_VITAMIN_D else (weighed,)),
        number(name["line"], line, "Number of the food in the person's recall."),
        coded(name["status"], "Dietary recall status", "Quality of the recall.", status),
        number(name["code"], "USDA food code", "The food."),
        number(name["grams"], "Grams", "Weight of the portion."),
        *((vitamin,) if cycle in WITH_VITAMIN_D else ()),
    )


def composition() -> tuple[list[int], list[float]]:
    """Codes of all foods with micrograms of vitamin D in 100 g."""
    table = model()["foods"]
    known = [table["milk"], *table["others"]]
    codes = [food["code"] for food in known] + table["plain"]
    return codes, [food["vitamin_d"] for food in known] + [0.0] * len(table["plain"])


def food_rows(block: Block, people: People, cycle: str, day: int = 1) -> People:
    """Fill the food table of a day: four foods a reliable recall, human milk for the breast-fed.

    Returns
    -------
    dict of str to ndarray
        Columns by variable, in the order of people, then lines.
    """
    table, name = model()["foods"], _names(cycle, day)
    stream = "" if day == 1 else f" of day {day}"
    low, high = table["milk_share"]
    from_milk = low + (high - low) * block.uniform(f"milk share{stream}")
    which = np.floor(len(table["others"]) * block.uniform(f"other food{stream}")).astype(np.int64)
    others = np.array([(food["code"], food["vitamin_d"]) for food in table["others"]])[which]
    total, everyone = people["food_vitamin_d"], np.ones(block.size)
    recalled = everyone.astype(bool)
    if day == 2:
        total, recalled = second_day_vitamin_d(block, people), people["second"] == 1
    foods_eaten = [
        (everyone * table["milk"]["code"], 100.0 * from_milk * total / table["milk"]["vitamin_d"]),
        (others[:, 0], 100.0 * (1.0 - from_milk) * total / others[:, 1]),
    ]
    for code in table["plain"]:
        foods_eaten.append((everyone * code, 20.0 + 300.0 * block.uniform(f"grams {code}{stream}")))
    parts = []
    for line, (codes, grams) in enumerate(foods_eaten, 1):
        breast_fed = (people["recall"] == 4) & (line == 1)
        rows = recalled & ((people["recall"] == 1) | breast_fed)
        columns = {
            "SEQN": people["seqn"],
            "WTDRD1": people["dietary_weight"],
            name["line"]: everyone * line,
            name["status"]: people["recall"],
            name["code"]: np.where(breast_fed, float(table["human_milk"]), codes),
            name["grams"]: np.where(breast_fed, np.nan, np.round(grams, 2)),
        }
        parts.append({variable: values[rows] for variable, values in columns.items()})
    joined = {v: np.concatenate([part[v] for part in parts]) for v in parts[0]}
    order = np.argsort(joined["SEQN"], kind="stable")
    return {variable: values[order] for variable, values in joined.items()}


def later_table(cycle: str) -> tuple[TableLayout, People]:
    """Lay out and fill DR1IFF_E or DR1IFF_F: every food with vitamin D, in multiples of 100 g."""
    codes, vitamin_d = composition()
    person = np.repeat(np.arange(EATERS, dtype=np.float64), len(codes))
    line = np.tile(np.arange(1.0, len(codes) + 1), EATERS)
    grams = 100.0 * (1.0 + person % 3)
    first = FIRST_EATER + EATERS * list(WITH_VITAMIN_D).index(cycle)
    columns = {
        "SEQN": first + person,
        "DR1ILINE": line,
        "DR1DRSTZ": np.ones_like(person),
        "DR1IFDCD": np.tile(np.array(codes, dtype=np.float64), EATERS),
        "DR1IGRMS": grams,
        "DR1IVD": np.tile(np.array(vitamin_d), EATERS) * grams / 100.0,
    }
    title = "Dietary Interview - Individual Foods, First Day"
    return TableLayout(f"DR1IFF_{WITH_VITAMIN_D[cycle]}", title, "Foods.", foods(cycle)), columns
