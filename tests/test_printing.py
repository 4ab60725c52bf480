"""Rounding never changes what a number says, in the report, the verdicts and the terminal alike."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from analysis import printing
from analysis.commands.compare import verdict_grid
from analysis.models.judged import judge
from analysis.models.published import VERDICT_COLUMNS
from analysis.reporting import words
from analysis.study import load_study


def number_of(printed: str) -> float:
    return float(printed.replace(printing.MINUS, "-").replace(",", ""))


def side(number: float, none: float) -> int:
    return 0 if abs(number - none) < printing.NOISE else int(math.copysign(1, number - none))


@given(st.floats(-100, 100), st.sampled_from([0.0, 1.0]), st.integers(0, 4))
@example(0.998, 1.0, 2)
@example(1 - 2e-9, 1.0, 2)
@example(-2e-9, 0.0, 1)
def test_a_number_apart_from_none_stays_on_its_side(
    number: float, none: float, decimals: int
) -> None:
    printed = number_of(printing.apart(number, none, decimals))
    assert side(printed, none) == side(number, none)
    assert printed == pytest.approx(number, abs=0.5000001 * 10.0**-decimals)


@given(st.floats(1e-6, 900))
@example(0.0095)
@example(0.99996)
def test_a_ratio_stays_on_its_side(number: float) -> None:
    printed = printing.ratio(number)
    if printed == "<0.001":
        assert number < 0.001
    else:
        assert side(number_of(printed), 1.0) == side(number, 1.0)
        assert number_of(printed) == pytest.approx(number, rel=0.06, abs=0.0051)
        assert number >= 0.1 or len(printed.split(".")[1].lstrip("0")) == 2


@given(st.floats(0.001, 0.99))
@example(0.05)
@example(0.05 - 1e-8)
@example(0.05 + 1e-8)
def test_p_stays_on_its_side_of_the_usual_limit(p: float) -> None:
    printed = number_of(printing.p_value(p).removeprefix("= "))
    assert side(printed, 0.05) == side(p, 0.05)
    assert printed == pytest.approx(p, abs=0.0051)


def verdict(measure: str, unit: str = "", **numbers: float) -> pd.DataFrame:
    row = {"id": "x", "verdict": "reproduces", "measure": measure, "unit": unit, **numbers}
    return pd.DataFrame([row], columns=list(VERDICT_COLUMNS))


@pytest.mark.parametrize(
    ("measure", "unit", "numbers", "told"),
    [
        ("OR", "", (0.78, 0.6, 0.9984), "0.78 (0.60, 0.998)"),
        ("OR", "", (1.3, 1.0004, 1.9), "1.30 (1.0004, 1.90)"),
        ("difference", "", (-2.5, -5.0, -0.0012), "−2.50 (−5.00, −0.001)"),
        ("proportion", "percent", (41.61, 36.62, 46.83), "41.6 (36.6, 46.8)"),
        ("mean", "", (59.123, 0.001, 99.4), "59.12 (0.00, 99.40)"),
    ],
)
def test_the_terminal_prints_as_the_report_does(
    measure: str, unit: str, numbers: tuple[float, float, float], told: str
) -> None:
    ours = dict(zip(("ours", "ours_low", "ours_high"), numbers, strict=True))
    console = Console(width=120)
    with console.capture() as captured:
        shown = verdict_grid(
            load_study("deng_2013"), verdict(measure, unit, **ours), artificial=False
        )
        console.print(shown)
    assert told in captured.get()


@pytest.mark.parametrize("p", [0.0004, 0.0496, 0.0504, 0.3, 0.995])
def test_one_p_value_in_every_place(p: float) -> None:
    told = f"P {printing.p_value(p)}"
    console = Console(width=120)
    with console.capture() as captured:
        console.print(
            verdict_grid(load_study("deng_2013"), verdict("p_trend", ours_p=p), artificial=False)
        )
    assert told in captured.get()
    figure = next(f for f in load_study("deng_2013").published if f.kind == "direction")
    row = pd.Series({"estimate": -1.0, "conf_low": math.nan, "p_value": p, "measure": "p_trend"})
    assert told in judge(figure, row).why
    assert words.p_value(p).replace(words.NBSP, " ") == printing.p_value(p)


@pytest.mark.parametrize(
    ("measure", "low", "high", "told"),
    [("OR", 0.6, 0.9984, "0.60 to 0.998"), ("difference", -5.0, -0.0012, "−5.00 to −0.001")],
)
def test_a_verdict_prints_limits_apart_from_none(
    measure: str, low: float, high: float, told: str
) -> None:
    figure = next(f for f in load_study("deng_2013").published if f.kind == "direction")
    row = {"estimate": (low + high) / 2, "conf_low": low, "conf_high": high, "measure": measure}
    assert told in judge(figure, pd.Series(row)).why


@pytest.mark.parametrize(
    ("part", "told"),
    [(0, "0%"), (1e-4, "<1%"), (0.005, "<1%"), (0.0051, "1%"), (0.41, "41%"), (0.994, "99%"),
     (0.995, ">99%"), (0.9999, ">99%"), (1, "100%"), (float("nan"), "—")],
)  # fmt: skip
def test_a_share_is_none_or_all_only_if_it_is(part: float, told: str) -> None:
    assert printing.share(part) == told
