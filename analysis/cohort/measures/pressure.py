"""Blood pressure, medicines for it, and hypertension.

Of 1999-2000, BPX is read from its codebook alone, and BPQ as its successor BPQ_B (published
analyses read its BPQ020, BPQ040A and BPQ050A).
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.cohort.measure import Columns, Measure
from analysis.cohort.measures.recode import choose, cycles_between, sources
from analysis.nhanes.cycles import CYCLES

ALL = tuple(CYCLES)
YES_NO = ("No", "Yes")

ADULT = 18
"""Years from which on hypertension is told by fixed limits; children's limits are percentiles."""

CURRENT_LIMITS = (130.0, 80.0)
"""mmHg. Source: Whelton PK et al. 2017 ACC/AHA guideline. Hypertension 2018;71:e13-e115; in use by
the CDC since NCHS Data Brief 364 (2020)."""

FORMER_LIMITS = (140.0, 90.0)
"""mmHg. Source: JNC 7 (Chobanian AV et al. JAMA 2003;289:2560); the CDC's limits before."""


def mean_reading(columns: Columns, which: str) -> pd.Series:
    """Mean of all readings of a kind, in mmHg; a reading of 0 is left out.

    Source: Health, United States, hypertension (sources and definitions). A diastolic reading of 0
    says that sounds were heard down to nothing. The BPXSAR and BPXDAR of 1999-2002, which leave
    out the first reading, are what people were told; the codebooks say that they are no averages
    in the usual sense.

    Parameters
    ----------
    columns : mapping
        Roles ``systolic_1``, ``diastolic_1`` and so on, as many as the cycle has.
    which : {"systolic", "diastolic"}

    Returns
    -------
    Series of float
        Missing without any reading above 0.
    """
    readings = [columns[role] for role in columns if role.startswith(f"{which}_")]
    table = pd.concat(readings, axis=1)
    return table.where(table > 0).mean(axis=1)


def systolic_pressure(columns: Columns, cycle: str) -> pd.Series:
    """Mean systolic pressure of a participant."""
    return mean_reading(columns, "systolic")


def diastolic_pressure(columns: Columns, cycle: str) -> pd.Series:
    """Mean diastolic pressure of a participant."""
    return mean_reading(columns, "diastolic")


def blood_pressure_medication(columns: Columns, cycle: str) -> pd.Series:
    """Tell whether prescribed medicine for high blood pressure is taken now.

    Follows the questionnaire's skips: it ends at no high blood pressure told (BPQ020), at a reading
    never taken (BPQ010, to 2003-2004), and at no medicine prescribed (BPQ040A, to 2017-2018).
    """
    told, now = columns["told"], columns["now"]
    none = (told == 2) | (now == 2)
    if "prescribed" in columns:
        none |= columns["prescribed"] == 2
    if "last_reading" in columns:
        none |= columns["last_reading"] == 5
    return choose([(now == 1, "Yes"), (none, "No")], told.index, YES_NO)


def hypertension(columns: Columns, cycle: str, limits: tuple[float, float]) -> pd.Series:
    """Tell hypertension from pressure at or above a limit, or medicine for it.

    Whoever has no measured pressure is missing, even under medicine: of people without it, only
    cases could be classed, and their share would be too high. A diastolic pressure of 0 in every
    reading is not high, and a medicine of which people do not know is not one that they report to
    take. So NCHS Data Brief 364 must have counted: its figures for 2017-2018 are met with these
    rules, and some are missed by 0.1 where either is counted as missing.

    Parameters
    ----------
    columns : mapping
        Roles of the readings, ``now`` (medicine taken) and ``age``.
    cycle : str
    limits : (float, float)
        Systolic and diastolic, in mmHg.
    """
    systolic, diastolic = (mean_reading(columns, which) for which in ("systolic", "diastolic"))
    has = (systolic >= limits[0]) | (diastolic >= limits[1]) | (columns["now"] == 1)
    classed = (columns["age"] >= ADULT) & systolic.notna()
    return choose([(classed & has, "Yes"), (classed, "No")], systolic.index, YES_NO)


def reading_columns(cycle: str, which: str) -> dict[str, tuple[str, str]]:
    """Name the readings of a kind: with a stethoscope to 2017-2018, by a device in 2021-2023.

    2017-2018 has both; those with a stethoscope (BPX_J) are what the cycles before have.
    """
    code = {"systolic": "SY", "diastolic": "DI"}[which]
    table, count = ("BPXO", 3) if cycle == "2021-2023" else ("BPX", 4)
    return {f"{which}_{n}": (table, f"{table}{code}{n}") for n in range(1, count + 1)}


def medication_columns(cycle: str) -> dict[str, tuple[str, str]]:
    """Name what `blood_pressure_medication` reads."""
    told = {"told": ("BPQ", "BPQ020")}
    if cycle == "2021-2023":
        return told | {"now": ("BPQ", "BPQ150")}
    found = told | {"prescribed": ("BPQ", "BPQ040A"), "now": ("BPQ", "BPQ050A")}
    if cycle in cycles_between("1999-2000", "2003-2004"):
        found["last_reading"] = ("BPQ", "BPQ010")
    return found


def pressure_columns(cycle: str) -> dict[str, tuple[str, str]]:
    """Name the readings of both pressures, and whether medicine is taken."""
    readings = reading_columns(cycle, "systolic") | reading_columns(cycle, "diastolic")
    return readings | {"now": medication_columns(cycle)["now"]}


AGE = {"age": ("DEMO", "RIDAGEYR")}
METHOD = (
    "From 8 years of age on. Mean of all readings (three, a fourth where one was interrupted), "
    "without those of 0. To 2017-2018 by a physician with a mercury sphygmomanometer; in 2021-2023 "
    "by a technician with an oscillometric device. 2017-2018 has both, and the former is taken."
)


def _hypertension(name: str, label: str, limits: tuple[float, float], source: str) -> Measure:
    """Define hypertension by its limits."""
    return Measure(
        name=name,
        label=label,
        kind="categorical",
        levels=YES_NO,
        sources={c: sources(pressure_columns(c) | AGE, [c])[c] for c in ALL},
        derive=partial(hypertension, limits=limits),
        subsample="examination",
        note=(
            f"From 18 years of age on. Mean pressure of {limits[0]:g}/{limits[1]:g} mmHg and over "
            f"({source}), or medicine for it told as taken; missing without a measured pressure. "
            "The CDC leaves pregnant women out of its own figures."
        ),
    )


MEASURES = (
    Measure(
        name="systolic_pressure",
        label="Systolic blood pressure",
        unit="mmHg",
        kind="continuous",
        sources={c: sources(reading_columns(c, "systolic"), [c])[c] for c in ALL},
        derive=systolic_pressure,
        subsample="examination",
        note=METHOD,
    ),
    Measure(
        name="diastolic_pressure",
        label="Diastolic blood pressure",
        unit="mmHg",
        kind="continuous",
        sources={c: sources(reading_columns(c, "diastolic"), [c])[c] for c in ALL},
        derive=diastolic_pressure,
        subsample="examination",
        note=METHOD,
    ),
    Measure(
        name="blood_pressure_medication",
        label="Medicine for high blood pressure",
        kind="categorical",
        levels=YES_NO,
        sources={c: sources(medication_columns(c), [c])[c] for c in ALL},
        derive=blood_pressure_medication,
        subsample="interview",
        note=(
            "From 16 years of age on. Prescribed and taken now; who was never told of high blood "
            "pressure counts as no. 2021-2023 asks of any medicine, and in one question."
        ),
    ),
    _hypertension(
        "hypertension",
        "Hypertension (130/80 mmHg)",
        CURRENT_LIMITS,
        "ACC/AHA 2017, the CDC's definition since 2020",
    ),
    _hypertension(
        "hypertension_140",
        "Hypertension (140/90 mmHg)",
        FORMER_LIMITS,
        "JNC 7, the CDC's definition before 2020",
    ),
)
