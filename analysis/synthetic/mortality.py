"""Linked mortality in the fixed-width form of the 2019 public-use release.

Months to death follow a Gompertz law with proportional hazards, so a Cox model of age, sex, smoking
and vitamin D status is exact but for the rounding to whole months.
"""

from __future__ import annotations

import numpy as np

from analysis.synthetic.arithmetic import exp, log
from analysis.synthetic.draw import Block, People, pick
from analysis.synthetic.parameters import model
from analysis.synthetic.people import DEFICIENT, INSUFFICIENT

LARGEST_SEQN = 999_999
"""The form has six columns for SEQN; a larger survey has no mortality files."""


def follow_up(block: Block, people: People, cycle: str) -> People:
    """Draw who dies within the follow-up, and when.

    Parameters
    ----------
    block : Block
        The people.
    people : dict of str to ndarray
        Their description and response.
    cycle : str
        Sets the length of the follow-up, which ends on the same day for all.

    Returns
    -------
    dict of str to ndarray
        `eligible` (ELIGSTAT: 1, 2 under 18, 3 too little to link), `dead` (0, 1; NaN unless
        eligible), `cause` (1 to 10, NaN unless dead), `months_exam` (NaN unless eligible and
        examined), `months_interview`.
    """
    table = model(cycle)["mortality"]
    yearly = table["per_decade"] / 10.0
    risk = (
        yearly * (people["age"] - 50.0)
        + table["male"] * (1.0 - people["female"])
        + table["smoker"] * (people["smoker"] == 2)
        + table["deficient"] * (people["status"] == DEFICIENT)
        + table["insufficient"] * (people["status"] == INSUFFICIENT)
    )
    monthly = yearly / 12.0
    hazard = table["hazard_at_50"] * exp(risk)
    # Cumulative hazard h (e^(gt) - 1) / g, set equal to a standard exponential number.
    waiting = -log(block.uniform("death"))
    time = log(1.0 + monthly * waiting / hazard) / monthly
    shortest, longest = table["months"][cycle]
    observed = shortest + np.floor((longest - shortest + 1) * block.uniform("enrolment"))
    dead = time < observed
    unlinked = block.uniform("unlinked") < table["ineligible"]
    eligible = np.where(people["age"] < 18, 2.0, np.where(unlinked, 3.0, 1.0))
    known = eligible == 1
    cause = pick(np.array(table["cause"]), block.uniform("cause")) + 1.0
    months = np.where(dead, np.floor(time), observed)
    delay = np.floor(2.0 * block.uniform("exam delay"))
    examined = people["examined"] == 1
    return {
        "eligible": eligible,
        "dead": np.where(known, dead, np.nan),
        "cause": np.where(known & dead, cause, np.nan),
        "months_exam": np.where(known & examined, months, np.nan),
        "months_interview": np.where(known, months + delay, np.nan),
    }


def lines(block: Block, people: People, cycle: str) -> bytes:
    """Write one line a person.

    Columns SEQN 1-6, ELIGSTAT 15, MORTSTAT 16, UCOD_LEADING 17-19, DIABETES 20, HYPERTEN 21,
    PERMTH_INT 43-45, PERMTH_EXM 46-48; a full stop is missing, a cause of the living is blank.
    """
    found = follow_up(block, people, cycle)
    diabetes = block.uniform("diabetes on certificate") < 0.10
    pressure = block.uniform("hypertension on certificate") < 0.15
    rows = zip(
        people["seqn"].astype(int).tolist(),
        found["eligible"].astype(int).tolist(),
        found["dead"].tolist(),
        found["cause"].tolist(),
        diabetes.astype(int).tolist(),
        pressure.astype(int).tolist(),
        found["months_interview"].tolist(),
        found["months_exam"].tolist(),
        strict=True,
    )
    text = []
    for seqn, eligible, dead, cause, sugar, tension, interview, exam in rows:
        flags = f"{sugar}{tension}" if dead == 1 else ".."
        text.append(
            f"{seqn:6d}{'':8}{eligible}{_digit(dead)}"
            f"{'   ' if cause != cause else f'{int(cause):03d}'}{flags}{'':21}"
            f"{_months(interview)}{_months(exam)}".rstrip()
        )
    return ("\n".join(text) + "\n").encode("ascii")


def _digit(value: float) -> str:
    return "." if value != value else str(int(value))


def _months(value: float) -> str:
    return ".  " if value != value else f"{int(value):<3d}"
