"""Numbers and names as they are printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.models.results import tidy
from analysis.reporting import words
from analysis.reporting.book import Book, Row

NBSP = "\N{NO-BREAK SPACE}"


def row(**columns: object) -> Row:
    return Book(tidy([columns])).rows[0]


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0.6234, "0.62"), (1.0, "1.00"), (0.998, "0.998"), (1.004, "1.004"), (0.99996, "0.99996"),
        (0.0534, "0.053"), (0.00312, "0.0031"), (9.94, "9.94"), (9.96, "10.0"), (23.44, "23.4"),
        (123.4, "123"), (1e7, ">999"), (math.nan, "—"), (math.inf, "—"),
    ],
)  # fmt: skip
def test_ratio(number: float, printed: str) -> None:
    assert words.ratio(number) == printed


@given(st.floats(0.1, 10))
def test_a_ratio_is_printed_as_no_association_only_if_it_is_none(number: float) -> None:
    printed = words.ratio(number)
    assert (printed == "1.00") == (number == 1.0)
    assert float(printed) == pytest.approx(number, abs=0.0501 if number >= 9.95 else 0.00501)


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (0.0, "< 0.001"), (0.00099, "< 0.001"), (0.001, "= 0.001"), (0.0123, "= 0.012"),
        (0.0496, "= 0.0496"), (0.0504, "= 0.0504"), (0.049999, "= 0.049999"), (0.05, "= 0.050"),
        (0.0994, "= 0.099"), (0.0996, "= 0.10"), (0.344, "= 0.34"), (0.991, "> 0.99"),
        (1.0, "> 0.99"), (math.nan, "—"),
    ],
)  # fmt: skip
def test_p_value(p: float, printed: str) -> None:
    assert words.p_value(p) == printed.replace(" ", NBSP)
    assert words.p_cell(p) == printed.replace(" ", "").removeprefix("=")


@given(st.floats(0.0011, 0.98))
def test_rounding_never_carries_p_across_the_usual_limit(p: float) -> None:
    printed = float(words.p_cell(p))
    if abs(p - 0.05) > 1e-6:
        assert (printed < 0.05) == (p < 0.05)


@pytest.mark.parametrize(
    ("number", "decimals", "printed"),
    [
        (-0.04, 1, "0.0"), (-0.06, 1, "−0.1"), (1234.56, 1, "1,234.6"), (0.0, 2, "0.00"),
        (math.nan, 1, "—"),
    ],
)  # fmt: skip
def test_fixed(number: float, decimals: int, printed: str) -> None:
    assert words.fixed(number, decimals) == printed


@pytest.mark.parametrize(
    ("number", "printed"),
    [(13011, "13,011"), (0, "0"), (999_999, "999,999"), (175_380_000, "175.4 million")],
)
def test_people(number: float, printed: str) -> None:
    assert words.people(number) == printed


@pytest.mark.parametrize(
    ("measure", "numbers", "printed"),
    [
        ("OR", (0.62, 0.46, 0.82), "0.62 (0.46–0.82)"),
        ("OR", (0.78, 0.6, 0.9984), "0.78 (0.60–0.998)"),
        ("OR", (0.62, math.nan, math.nan), "0.62"),
        ("OR", (math.nan, 0.4, 0.8), "—"),
        ("proportion", (0.416, 0.366, 0.468), "41.6 (36.6–46.8)"),
        ("difference", (3.62, 1.49, 5.76), "3.6 (1.5–5.8)"),
        ("difference", (2.11, 0.02, 4.2), "2.1 (0.02–4.2)"),
        ("mean", (2.11, 0.02, 4.2), "2.1 (0.0–4.2)"),
        ("mean", (21.68, 20.72, 22.63), "21.7 (20.7–22.6)"),
        ("mean", (0.5123, 0.5051, 0.5196), "0.512 (0.505–0.520)"),
        ("difference", (-0.5, -2.25, 1.26), "−0.5 (−2.2 to 1.3)"),
        ("difference", (0.0123, 0.0101, 0.0145), "0.0123 (0.0101–0.0145)"),
    ],
)
def test_estimates_with_intervals(
    measure: str, numbers: tuple[float, float, float], printed: str
) -> None:
    estimate, low, high = numbers
    part = words.with_interval(
        row(measure=measure, estimate=estimate, conf_low=low, conf_high=high)
    )
    assert (part if isinstance(part, str) else part.text) == printed  # type: ignore[union-attr]


@given(
    st.sampled_from(["OR", "difference"]),
    st.floats(-3, 3),
    st.floats(0, 3),
)
def test_a_direction_is_claimed_only_by_the_whole_interval(
    measure: str, middle: float, half: float
) -> None:
    form = math.exp if measure == "OR" else float
    none = form(0.0)
    low, high = form(middle - half), form(middle + half)
    said = words.direction(
        row(measure=measure, estimate=form(middle), conf_low=low, conf_high=high)
    )
    assert said == ("inverse" if high < none else "positive" if low > none else "unclear")


@pytest.mark.parametrize("missing", ["estimate", "conf_low", "conf_high"])
def test_without_a_finite_interval_there_is_no_direction(missing: str) -> None:
    numbers = {"estimate": 0.5, "conf_low": 0.4, "conf_high": 0.6, missing: math.inf}
    assert words.direction(row(measure="OR", **numbers)) == "missing"
    assert words.direction(None) == "missing"


@pytest.mark.parametrize(
    ("label", "within"),
    [
        ("Vitamin D deficiency", "vitamin D deficiency"),
        ("25(OH)D below 20 ng/mL", "25(OH)D below 20 ng/mL"),
        ("BMI", "BMI"),
        ("X", "X"),
        ("", ""),
    ],
)
def test_labels_within_a_sentence(label: str, within: str) -> None:
    assert words.lower_first(label) == within


@pytest.mark.parametrize(
    ("label", "within"),
    [
        ("Full", "the full model"),
        ("Model 2", "model 2"),
        ("M2", "the M2 model"),
        ("Full model", "the full model"),
        ("Age-adjusted", "the age-adjusted model"),
        ("Full without calcium", "the model “Full without calcium”"),
        ("Model without calcium", "the model “Model without calcium”"),
    ],
)
def test_models_within_a_sentence(label: str, within: str) -> None:
    assert words.model_words(label) == within


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 tables"), (1, "1 table"), (1200, "1,200 tables")]
)
def test_plural(number: int, said: str) -> None:
    assert words.plural(number, "table") == said


@pytest.mark.parametrize(
    ("cycles", "said"),
    [
        (["2005-2006", "2001-2002", "2003-2004"], "2001–2006"),
        (["2005-2006", "2001-2002"], "2001–2002 and 2005–2006"),
        (["2001-2002", "2003-2004", "2007-2008"], "2001–2004 and 2007–2008"),
        (["2017-2018", "2021-2023", "2015-2016"], "2015–2018 and 2021–2023"),
        (["1999-2000"], "1999–2000"),
        ([], ""),
    ],
)
def test_cycles_in_any_order(cycles: list[str], said: str) -> None:
    assert words.cycles_words(cycles) == said


@pytest.mark.parametrize(
    ("number", "printed"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (112, "112th"), (4348, "4,348th"), (4363, "4,363rd")],
)  # fmt: skip
def test_places_in_an_order(number: int, printed: str) -> None:
    assert words.nth(number) == printed
