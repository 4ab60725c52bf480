"""Examinations and blood from 2005-2006 on: pressure, diabetes, kidneys, medicines.

What a person has (`health`) is drawn once, from the person's age, body and status; the tables are
what is measured and told of it. All parameters are those of `later.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.synthetic.arithmetic import Array, exp, log, logistic
from analysis.synthetic.draw import Block, Mask, People
from analysis.synthetic.parameters import further
from analysis.synthetic.people import DEFICIENT, INSUFFICIENT
from analysis.synthetic.tables import blood_lost, where

READINGS = (1, 2, 3)
"""Readings of blood pressure that everyone has; a fourth follows an interrupted one."""


def along(values: Sequence[float], age: Array) -> Array:
    """Value at an age, on straight lines between those at 0, 10, 20 years and so on."""
    knots = np.array(values, dtype=np.float64)
    first = np.minimum(np.floor(age / 10.0), len(knots) - 2.0).astype(np.int64)
    return knots[first] + (knots[first + 1] - knots[first]) * (age / 10.0 - first)


def by_sex(table: dict[str, list[float]], name: str, people: People) -> Array:
    """Value at everyone's age, by sex, of ``name_male`` and ``name_female``."""
    men, women = (along(table[f"{name}{sex}"], people["age"]) for sex in ("male", "female"))
    return np.where(people["female"] == 1, women, men)


def of_race(table: dict[str, float], people: People) -> Array:
    """Sum up the parameters that are named after races and ethnicities."""
    names = {"mexican_american": 1, "other_hispanic": 2, "black": 4, "other": 5}
    found = np.zeros(len(people["race"]))
    for name, code in names.items():
        found = found + table.get(name, 0.0) * (people["race"] == code)
    return found


def of_status(table: dict[str, float], people: People) -> Array:
    """Parameter of low vitamin D status, 0 where status is normal."""
    low = table["deficient"] * (people["status"] == DEFICIENT)
    return low + table["insufficient"] * (people["status"] == INSUFFICIENT)


def unanswered(block: Block, name: str, code: Array, share: float) -> Array:
    """Answers, a few of them refused (7) or not known (9)."""
    u = block.uniform(f"missing {name}")
    return np.where(u < share / 2, 7.0, np.where(u < share, 9.0, code))


def health(block: Block, people: People) -> People:
    """Draw what a person has: diabetes, pressure with its treatment, and filtration.

    Returns
    -------
    dict of str to ndarray
        `diabetes` and `knows_diabetes` (bool), `hba1c` (%), `systolic` and `diastolic` (mmHg, as
        treated), `told_pressure`, `prescribed` and `treated` (bool), `creatinine` (mg/dL,
        standardised), `kidney_disease` (bool).
    """
    found = _diabetes(block, people)
    found |= _pressure(block, people)
    return found | _kidneys(block, people, found)


def _bmi(people: People) -> Array:
    """Kilograms per square metre above 28 of adults; 0 below 20 years and where not known."""
    above = np.where(np.isnan(people["bmi"]), 0.0, people["bmi"] - 28.0)
    return np.where(people["age"] >= 20, above, 0.0)


def _diabetes(block: Block, people: People) -> People:
    table, level = further()["diabetes"], further()["hba1c"]
    age, adult = people["age"], people["age"] >= 20
    odds = (
        table["constant"]
        + table["age"] * (np.minimum(age, 70.0) - 50.0)
        + table["bmi"] * _bmi(people)
        + table["male"] * (people["female"] == 0)
        + of_race(table, people)
        + of_status(table, people)
        + table["magnesium"] * (people["MAGN1"] - 300.0) / 100.0
    )
    has = block.uniform("diabetes") < logistic(np.where(adult, odds, table["child"]))
    knows = has & (block.uniform("diabetes known") < table["known"])
    noise = block.normal("hba1c")
    usual = level["constant"] + level["age"] * np.maximum(age - 20.0, 0.0)
    usual = usual + level["bmi"] * _bmi(people) + level["black"] * (people["race"] == 4)
    without = np.minimum(usual + level["sd"] * noise, level["most"])
    known = level["known_median"] * exp(level["known_log_sd"] * noise)
    unknown = 6.5 - level["unknown_mean"] * log(1.0 - block.uniform("hba1c not known"))
    value = np.select([knows, has], [known, unknown], without)
    return {"diabetes": has, "knows_diabetes": knows, "hba1c": np.round(value, 1)}


def _pressure(block: Block, people: People) -> People:
    table, age = further()["pressure"], people["age"]
    black, bmi = people["race"] == 4, _bmi(people)
    shared, own, r = block.normal("systolic"), block.normal("diastolic"), table["correlation"]
    systolic = (
        by_sex(table, "systolic_", people)
        + along(table["systolic_sd"], age) * shared
        + table["bmi_systolic"] * bmi
        + table["black_systolic"] * black
    )
    diastolic = (
        by_sex(table, "diastolic_", people)
        + table["diastolic_sd"] * (r * shared + np.sqrt(1.0 - r * r) * own)
        + table["bmi_diastolic"] * bmi
        + table["black_diastolic"] * black
    )
    told, asked = table["told"], table["prescribed"]
    odds = told["constant"] + told["systolic"] * (systolic - 125.0) + told["age"] * (age - 50.0)
    odds = odds + told["black"] * black
    knows = block.uniform("pressure told") < logistic(odds)
    share = logistic(asked["constant"] + asked["age"] * (age - 50.0))
    prescribed = knows & (block.uniform("pressure prescribed") < share)
    treated = prescribed & (block.uniform("pressure treated") < table["taken"]) & (age >= 16)
    return {
        "told_pressure": knows,
        "prescribed": prescribed,
        "treated": treated,
        "systolic": systolic + table["treated_systolic"] * treated,
        "diastolic": diastolic + table["treated_diastolic"] * treated,
    }


def _kidneys(block: Block, people: People, found: People) -> People:
    table = further()["creatinine"]
    disease = table["disease"]
    odds = (
        disease["constant"]
        + disease["age"] * (people["age"] - 50.0)
        + disease["diabetes"] * found["diabetes"]
        + disease["treated"] * found["treated"]
        + of_status(disease, people)
    )
    sick = block.uniform("kidney disease") < logistic(odds)
    centre = by_sex(table, "", people) + table["black"] * (people["race"] == 4)
    value = exp(centre + disease["log_rise"] * sick + table["sd"] * block.normal("creatinine"))
    return {"kidney_disease": sick, "creatinine": value}


# --- Tables --------------------------------------------------------------------------------------


def blood_pressure(block: Block, people: People, found: People) -> People:
    """Fill BPX: three readings of whole even mmHg, from 8 years on, and here and there a fourth."""
    table = further()["pressure"]
    measured = (people["age"] >= 8) & (block.uniform("pressure missing") >= table["missing"])
    interrupted = block.uniform("pressure interrupted") < table["interrupted"]
    lost = 1.0 + np.floor(3.0 * block.uniform("pressure which"))
    columns: People = {}
    for name, kind, lowest in (("SY", "systolic", 66.0), ("DI", "diastolic", 0.0)):
        for n in (*READINGS, 4):
            noise = table["reading_sd"] * block.normal(f"{kind} reading {n}")
            value = np.maximum(2.0 * np.rint((found[kind] + noise) / 2.0), lowest)
            taken = interrupted if n == 4 else ~interrupted | (lost != n)
            columns[f"BPX{name}{n}"] = where(measured & taken, value)
    return columns


def pressure_told(block: Block, people: People, found: People) -> People:
    """Fill BPQ: told of high pressure, medicine prescribed, medicine taken."""
    table = further()["pressure"]
    told = np.where(found["told_pressure"], 1.0, 2.0)
    told = unanswered(block, "pressure told", told, table["unknown"])
    twice = np.where(block.uniform("pressure twice") < table["twice"], 1.0, 2.0)
    prescribed = where(told == 1, np.where(found["prescribed"], 1.0, 2.0))
    return {
        "BPQ020": told,
        "BPQ030": where(told == 1, twice),
        "BPQ040A": prescribed,
        "BPQ050A": where(prescribed == 1, np.where(found["treated"], 1.0, 2.0)),
    }


def diabetes_told(block: Block, people: People, found: People) -> People:
    """Fill DIQ: told of diabetes; whether it affected the eyes, asked of those told from 12 on."""
    table, eyes = further()["diabetes"], further()["eyes"]
    raised = ~found["diabetes"] & (found["hba1c"] >= 5.7)
    borderline = raised & (block.uniform("borderline") < table["borderline"])
    told = np.select([found["knows_diabetes"], borderline], [1.0, 3.0], 2.0)
    told = unanswered(block, "diabetes told", told, table["unknown"])
    odds = (
        eyes["constant"]
        + eyes["hba1c"] * (found["hba1c"] - 7.0)
        + eyes["age"] * (people["age"] - 60.0)
        + eyes["kidney"] * found["kidney_disease"]
        + of_status(eyes, people)
    )
    affected = np.where(block.uniform("eyes") < logistic(odds), 1.0, 2.0)
    affected = unanswered(block, "eyes", affected, eyes["unknown"])
    return {"DIQ010": told, "DIQ080": where((told == 1) & (people["age"] >= 12), affected)}


def blood(block: Block, people: People, found: People) -> tuple[Array, Array]:
    """Fill LBXSCR, on the scale of the cycle's method, and LBXGH; one sample, so lost together."""
    drawn = has_blood(block, people)
    first, second = further()["creatinine"]["scale"].get(block.cycle, (0.0, 1.0))
    measured = np.maximum(np.round((found["creatinine"] + first) / second, 2), 0.2)
    return where(drawn, measured), where(drawn, found["hba1c"])


def has_blood(block: Block, people: People) -> Mask:
    """Whose blood was drawn, as for 25(OH)D."""
    return block.uniform("missing serum") >= blood_lost(block, people)
