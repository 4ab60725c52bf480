"""Everything about a person that the survey asks or measures, from circumstances to 25(OH)D.

Values are rounded as the CDC publishes them before the next variable is drawn from them, so that
the models hold in what a reader of the files sees.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.synthetic.arithmetic import Array, exp, log, normal_quantile
from analysis.synthetic.draw import Block, People, pick
from analysis.synthetic.parameters import EARLY, model
from analysis.synthetic.supplements import effect_of_supplements

NORMAL, INSUFFICIENT, DEFICIENT = 0, 1, 2
"""Vitamin D status."""

NMOL_PER_NG = 2.496
"""nmol/L of 25(OH)D for one ng/mL, as in the CDC's analytical note."""


def describe(block: Block, people: People) -> People:
    """Draw everything that does not depend on whether it was seen.

    Parameters
    ----------
    block : Block
        The people.
    people : dict of str to ndarray
        From `draw.draw_people`.

    Returns
    -------
    dict of str to ndarray
        The same with all variables of the person.
    """
    people = people | _circumstances(block, people)
    people = people | _habits(block, people)
    people = people | _body(block, people)
    people = people | intakes(block, people, day=1)
    people = people | effect_of_supplements(block, people)
    return people | _vitamin_d(block, people)


def _is(people: People, *codes: int) -> Array:
    """1 for people whose race and ethnicity is one of the codes."""
    return np.isin(people["race"], codes).astype(np.float64)


def _circumstances(block: Block, people: People) -> People:
    parameters = model(block.cycle)
    shares = np.array([parameters["education"][str(code)] for code in range(1, 6)])
    education = pick(shares[people["race"].astype(np.int64) - 1], block.copula("education"))
    income = parameters["income"]
    ratio = np.array(income["median"])[education] * exp(income["log_sd"] * block.normal("income"))
    winter = block.copula("season") < parameters["season"]["winter"]
    return {
        "education": education + 1.0,
        "income": np.minimum(np.round(ratio, 2), income["top"]),
        "winter": winter.astype(np.float64),
    }


def _habits(block: Block, people: People) -> People:
    parameters = model(block.cycle)
    age, female = people["age"], people["female"].astype(np.int64)
    third = (age >= 40).astype(np.int64) + (age >= 60)
    smoking = np.array([parameters["smoking"]["male"], parameters["smoking"]["female"]])
    shares = smoking[female, third]
    shares = np.column_stack([shares, 1.0 - shares[:, 0] - shares[:, 1]])
    drinking = np.array([parameters["drinking"]["male"], parameters["drinking"]["female"]])[female]
    drinking = np.column_stack([drinking, 1.0 - drinking[:, 0] - drinking[:, 1]])
    activity = parameters["activity"]
    # One latent readiness to move, so that vigorous and moderate activity go together.
    ready = block.normal("activity") - activity["decline"] * (age - 50.0)
    vigorous = 0.8 * ready + 0.6 * block.normal("vigorous")
    moderate = 0.8 * ready + 0.6 * block.normal("moderate")
    return {
        "smoker": pick(shares, block.copula("smoking")).astype(np.float64),  # never, former, now
        "drinker": 2.0 - pick(drinking, block.copula("drinking")),  # 2 past year, 1 before, 0 never
        "vigorous": (vigorous > _threshold(activity["vigorous"])).astype(np.float64),
        "moderate": (moderate > _threshold(activity["moderate"])).astype(np.float64),
    }


def _threshold(share: float) -> Array:

    return normal_quantile(np.array([1.0 - share]))


def _body(block: Block, people: People) -> People:
    body = model(block.cycle)["body"]
    race, years = people["race"].astype(np.int64) - 1, people["age"].astype(np.int64)
    female, adult = people["female"] == 1, people["age"] >= 20
    child = np.minimum(years, 19)
    median = np.where(female, np.array(body["bmi_female"])[race], np.array(body["bmi_male"])[race])
    median = np.where(adult, median, np.array(body["child_bmi"])[child])
    spread = np.where(female, body["bmi_log_sd_female"], body["bmi_log_sd_male"])
    spread = np.where(adult, spread, body["child_bmi_log_sd"])
    tall = np.where(
        female, np.array(body["height_female"])[race], np.array(body["height_male"])[race]
    )
    tall = np.where(adult, tall, np.array(body["child_height"])[child])
    height = np.round(tall + body["height_sd"] * block.normal("height"), 1)
    height = np.where(years >= 2, np.maximum(height, 70.0), np.nan)
    target = median * exp(spread * block.normal("bmi"))
    metres = height / 100.0
    infant = np.array(body["infant_weight"])[np.minimum(years, 1)] * target / median
    weight = np.round(np.where(years >= 2, target * metres * metres, infant), 1)
    return {"height": height, "weight": weight, "bmi": np.round(weight / (metres * metres), 2)}


def intakes(block: Block, people: People, day: int) -> People:
    """Draw energy, magnesium and the other nutrients of one day, as a recall would total them.

    Parameters
    ----------
    block : Block
        The people.
    people : dict of str to ndarray
        With their circumstances and body.
    day : int
        1 or 2. What a person usually eats is common to both; the day's own part is not.

    Returns
    -------
    dict of str to ndarray
        `KCAL`, `MAGN`, `CALC`, `NUMF` and the names of `[nutrients]`, each with the day appended.
    """
    parameters = model(block.cycle)
    child = np.clip(people["age_group"].astype(np.int64), 0, 3)
    adult = people["age_group"] >= 4
    female = np.where(adult, people["female"], 0.0)
    bmi = np.where(np.isnan(people["bmi"]), 28.0, people["bmi"])

    def mean(name: str, *parts: Array) -> Array:
        table = parameters[name]
        total = table["constant"] + table["age"] * people["age"] + table["female"] * female
        total = total + table["black"] * _is(people, 4) + table["income"] * people["income"]
        for part in parts:
            total = total + part
        return np.where(adult, total, np.array(table["child_log_mean"])[child])

    def residual(name: str) -> Array:
        table = parameters[name]
        usual = table["between_sd"] * block.normal(name)
        return usual + table["within_sd"] * block.normal(f"{name} day {day}")

    energy, magnesium, calcium = (parameters[n] for n in ("energy", "magnesium", "calcium"))
    log_energy = mean("energy", energy["bmi"] * bmi) + residual("energy")
    if day == 1:  # of the second day, by telephone, the weekday is not kept
        log_energy = log_energy + energy["weekend"] * np.isin(people["day"], (1, 6, 7))
    mexican, college = _is(people, 1), (people["education"] >= 4).astype(np.float64)
    own = residual("magnesium")
    density = own + mean(
        "magnesium",
        magnesium["mexican"] * mexican,
        magnesium["college"] * college,
        magnesium["bmi"] * bmi,
        magnesium["energy"] * (log_energy - 7.59),
    )
    lime = mean("calcium", calcium["mexican"] * mexican, calcium["college"] * college)
    lime = lime + residual("calcium") + calcium["magnesium"] * own
    amounts = {
        f"KCAL{day}": np.rint(exp(log_energy)),
        f"MAGN{day}": np.rint(exp(log_energy + density)),
        f"CALC{day}": np.rint(exp(log_energy + lime)),
        f"NUMF{day}": np.clip(np.rint(14.0 + 5.0 * block.normal(f"foods {day}")), 2.0, 42.0),
    }
    for name, table in parameters["nutrients"].items():
        part = table["constant"] + table["loading"] * own
        part = part + table["sd"] * block.normal(f"{name} {day}")
        amounts[f"{name}{day}"] = np.round(exp(log_energy + part), table["decimals"])
    return amounts


def linear_predictor(people: People, outcome: str) -> Array:
    """Log odds of one status against normal, in the values as published.

    Parameters
    ----------
    people : dict of str to ndarray
        Everything that the model of the outcome names.
    outcome : {"deficiency", "insufficiency"}
        Which.

    Returns
    -------
    ndarray of float
        The log odds.
    """
    b = model()["status"][outcome]
    adult = people["age_group"] >= 4
    bmi = np.where(np.isnan(people["bmi"]), 28.0, people["bmi"])
    active = ((people["vigorous"] == 1) | (people["moderate"] == 1)).astype(np.float64)
    both = (
        b["constant"]
        + b["female"] * people["female"]
        + b["mexican_american"] * _is(people, 1)
        + b["other_hispanic"] * _is(people, 2)
        + b["black"] * _is(people, 4)
        + b["other"] * _is(people, 5)
        + b["income"] * (people["income"] - 3.0)
        + b["bmi"] * (bmi - 28.0)
        + b["winter"] * people["winter"]
        + b["magnesium"] * (people["MAGN1"] - 300.0) / 100.0
        + b["energy"] * (people["KCAL1"] - 2200.0) / 100.0
        + b["calcium"] * (people["CALC1"] - 900.0) / 100.0
    )
    habits = (
        b["age"] * (people["age"] - 50.0)
        + b["below_high_school"] * (people["education"] <= 2)
        + b["high_school"] * (people["education"] == 3)
        + b["former_smoker"] * (people["smoker"] == 1)
        + b["current_smoker"] * (people["smoker"] == 2)
        + b["drinker"] * (people["drinker"] == 2)
        + b["active"] * active
    )
    child = np.array(b["child"])[np.clip(people["age_group"].astype(np.int64), 0, 3)]
    # From 2007 on supplements have a part in it; before, none.
    return both + np.where(adult, habits, child) + people.get(f"supplements_{outcome}", 0.0)


def status_shares(people: People) -> Array:
    """Probability of normal, insufficient and deficient status, shape (n, 3)."""
    odds = [exp(linear_predictor(people, name)) for name in ("insufficiency", "deficiency")]
    total = 1.0 + odds[0] + odds[1]
    return np.column_stack([1.0 / total, odds[0] / total, odds[1] / total])


def _vitamin_d(block: Block, people: People) -> People:
    shares = status_shares(people)
    u = block.copula("status")
    status = pick(shares, u)
    # What is left of the uniform number within its status is uniform again and orders people.
    lower = np.where(status == NORMAL, 0.0, shares[:, 0])
    lower = np.where(status == DEFICIENT, shares[:, 0] + shares[:, 1], lower)
    width = np.take_along_axis(shares, status[:, None], axis=1)[:, 0]
    rest = np.clip(1.0 - (u - lower) / width, 0.0, 1.0 - 2.0**-53)
    return {
        "status": status.astype(np.float64),
        "ria": _within(status, rest, block.cycle),
        "food_vitamin_d": _food_vitamin_d(block, people, status),
    }


def assay_shares(cycle: str = EARLY[0]) -> list[tuple[Array, Array]]:
    """Whole ng/mL with their shares, within normal, insufficient and deficient status."""
    assay = model(cycle)["assay"]
    normal = assay["normal"]
    ladder = [1.0]
    for _ in range(normal["last"] - normal["first"]):
        ladder.append(ladder[-1] * normal["ratio"])
    shares = [ladder, assay["insufficient"]["share"], assay["deficient"]["share"]]
    first = [assay[name]["first"] for name in ("normal", "insufficient", "deficient")]
    return [
        (np.arange(low, low + len(part), dtype=np.float64), np.array(part) / math.fsum(part))
        for low, part in zip(first, shares, strict=True)
    ]


def _within(status: np.ndarray, u: Array, cycle: str) -> Array:
    """Whole ng/mL of each person, given status."""
    drawn = [values[pick(shares, u)] for values, shares in assay_shares(cycle)]
    return np.select([status == NORMAL, status == INSUFFICIENT], drawn[:2], drawn[2])


def _food_vitamin_d(block: Block, people: People, status: np.ndarray) -> Array:
    """Micrograms of vitamin D from food on the first day, drawn given status and magnesium."""
    table = model()["interaction"]
    shift = np.array([table["shift"][name] for name in ("normal", "insufficient", "deficient")])
    slope = np.where(status == NORMAL, table["slope"], -table["slope"])
    centre = shift[status] + slope * (people["MAGN1"] - 300.0) / 100.0
    octaves = table["log2_median"] + table["sd"] * (centre + block.normal("food vitamin D"))
    return np.round(exp(octaves * log(np.array([2.0]))), 2)


def second_day_vitamin_d(block: Block, people: People) -> Array:
    """Micrograms of vitamin D from food on the second day, spread as on the first around a median.

    Its log is correlated with that of the first day, and with nothing else.
    """
    table = model()["interaction"]
    log2 = log(np.array([2.0]))
    first = (log(np.maximum(people["food_vitamin_d"], 0.01)) / log2 - table["log2_median"]) / table[
        "sd"
    ]
    own = block.normal("food vitamin D of day 2")
    r = table["second_day"]
    octaves = table["log2_median"] + table["sd"] * (r * first + math.sqrt(1 - r * r) * own)
    return np.round(exp(octaves * log2), 2)


def parathyroid_hormone(block: Block, people: People) -> Array:
    """Parathyroid hormone in whole pg/mL: log-normal, lower where 25(OH)D is higher."""
    table = model()["parathyroid"]
    centre = log(np.array([table["median"]])) + table["per_ng"] * (people["ria"] - 25.0)
    drawn = np.rint(exp(centre + table["sd"] * block.normal("parathyroid hormone")))
    return np.maximum(drawn, table["lowest"])


def lc_ms_equivalent(ria: Array, cycle: str) -> Array:
    """Serum 25(OH)D in nmol/L as the CDC publishes it, from whole ng/mL by radioimmunoassay.

    To three significant digits: one decimal below 100 nmol/L, none above.
    """
    a, b = model()["assay"]["line"][cycle]
    return _three_digits(a + b * (NMOL_PER_NG * ria))


def lc_ms(block: Block, people: People) -> Array:
    """Serum 25(OH)D in nmol/L as measured from 2007 on: any value within a whole ng/mL.

    Below 12 and below 20 ng/mL are exactly below 30 and below 50 nmol/L, rounded or not.
    """
    within = 0.97 * block.uniform("LC-MS")  # below 1 when rounded as well
    return _three_digits(model(block.cycle)["assay"]["per_ng"] * (people["ria"] + within))


def _three_digits(value: Array) -> Array:
    return np.where(value >= 99.95, np.rint(value), np.round(value, 1))
