"""Kidney measures, medicines and drinking on the CDC's files, beside R's and printed figures."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measures import MEASURES, depletion, drinking, kidney, medication
from analysis.cohort.measures.kidney import adjusted_urine_creatinine
from analysis.cohort.measures.medication import (
    CATEGORIES,
    DIURETICS,
    DRUGS,
    PROTON_PUMP_INHIBITORS,
    drugs_in,
)
from analysis.cohort.weights import WEIGHTS
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import CYCLES, Table
from analysis.nhanes.reconcile import reconcile
from analysis.nhanes.xpt import read_columns

pytestmark = pytest.mark.real_data

SUBJECTS = (kidney, medication, drinking, depletion)
OURS = tuple(measure for subject in SUBJECTS for measure in subject.MEASURES)
EXAMINATION = WEIGHTS["examination"]

WITHOUT_COUNTS = {("RXQ_DRUG", name) for name in ("RXDDRGID", *CATEGORIES)}
WITHOUT_COUNTS.add(("ALB_CR_G", "URDACT"))
"""Variables of which the codebook prints no counts."""

R = json.loads((Path(__file__).parent.parent / "reference" / "kidney.json").read_text())
IN_R = (
    "creatinine",
    "egfr",
    "egfr_2009",
    "chronic_kidney_disease",
    "diuretic",
    "proton_pump_inhibitor",
)

FILES: dict[str, Callable[..., Path]] = {}
"""Where `read`, which keeps what it has read, finds the files: set by `files`."""


@pytest.fixture(scope="module", autouse=True)
def files(real_path: Callable[..., Path]) -> None:
    FILES["path"] = real_path


@cache
def read(table: Table, variables: tuple[str, ...]) -> pd.DataFrame:
    return read_columns(FILES["path"](table), list(variables))


@cache
def people(cycle: str, *names: str) -> pd.DataFrame:
    """Everyone of a cycle with some measures, age, sex and the examination weight."""
    measures = [MEASURES[name] for name in (*names, "age", "sex")]
    wanted = required_columns(measures, [cycle], EXAMINATION)
    raw = {table: read(table, variables) for table, variables in wanted.items()}
    return build_frame(raw, measures, [cycle], EXAMINATION)


def mean(values: pd.Series, weights: pd.Series) -> float:
    known = values.notna()
    return float(np.average(values[known], weights=weights[known]))


def quantiles(values: pd.Series, weights: pd.Series, *shares: float) -> list[float]:
    order = np.argsort(values.to_numpy())
    running = np.cumsum(weights.to_numpy()[order])
    places = np.searchsorted(running, np.array(shares) * running[-1])
    return list(values.to_numpy()[order][places])


@pytest.mark.parametrize("cycle", CYCLES)
def test_what_is_read_reconciles_with_its_codebook(cycle: str):
    measures = [measure for measure in OURS if cycle in measure.sources]
    for table, variables in required_columns(measures, [cycle], EXAMINATION).items():
        try:
            path = FILES["path"](table, codebook=True)
        except pytest.skip.Exception:
            continue  # LAB16, RXQ_RX and ALQ of 1999-2000, BIOPRO_L and ALB_CR_L
        for check in reconcile(table.name, read(table, variables), parse_codebook(path)):
            printed = (table.name, check.variable) not in WITHOUT_COUNTS
            counted = printed and check.variable != "SEQN"
            assert check.verdict == ("equal" if counted else "not printed"), check


def test_ratio_of_random_urine_is_what_the_cdc_prints():
    """Documentation of ALB_CR_F: people of 20 and over with both samples, MEC weights."""
    frame = people("2009-2010", "albumin_creatinine_ratio")
    second = read(Table("ALB_CR_F", "2009-2010"), ("SEQN", "URDACT2")).set_index("SEQN")["URDACT2"]
    both = frame["seqn"].map(second).notna() & frame["albumin_creatinine_ratio"].notna()
    adults = frame[both & (frame["age"] >= 20)]
    ratio, weight = adults["albumin_creatinine_ratio"], adults["weight"]
    assert len(adults) == 5_247
    assert round(mean(ratio, weight), 1) == 23.7
    assert round(quantiles(ratio, weight, 0.5)[0], 1) == 6.0
    assert round(100 * mean(ratio >= 30, weight), 1) == 7.7


def test_adjusted_urine_creatinine_has_the_mean_that_the_cdc_prints():
    """Documentation of ALB_CR_E: 123.31 mg/dL in 2005-2006 after the adjustment."""
    raw = read(Table("ALB_CR_D", "2005-2006"), ("SEQN", "URXUCR")).set_index("SEQN")["URXUCR"]
    frame = people("2005-2006")
    adjusted = adjusted_urine_creatinine(frame["seqn"].map(raw))
    assert round(mean(adjusted, frame["weight"]), 2) == 123.31


@pytest.mark.parametrize(
    ("cycle", "table"),
    [
        ("2009-2010", "ALB_CR_F"),
        ("2011-2012", "ALB_CR_G"),
        ("2013-2014", "ALB_CR_H"),
        ("2015-2016", "ALB_CR_I"),
        ("2017-2018", "ALB_CR_J"),
    ],
)
def test_the_formula_of_earlier_cycles_gives_the_ratio_that_the_cdc_released(cycle, table):
    frame = read(Table(table, cycle), ("SEQN", "URDACT", "URXUCR", "URXUMA"))
    columns = {"urine_albumin": frame["URXUMA"], "urine_creatinine": frame["URXUCR"]}
    computed = kidney.albumin_creatinine_ratio(columns, cycle)
    assert (computed.isna() == frame["URDACT"].isna()).all()
    assert (computed - frame["URDACT"]).abs().max() < 0.0101  # halves are rounded either way


@pytest.mark.parametrize("cycle", R["adults"])
def test_means_of_adults_are_those_of_r(cycle: str):
    """People of 20 and over, MEC weights; R finds medicines by name (see tests/reference)."""
    frame = people(cycle, *IN_R)
    adults = frame[frame["age"] >= 20]
    weight, low = adults["weight"], adults["egfr_2009"] < 60
    found = {
        "creatinine": mean(adults["creatinine"], weight),
        "egfr": mean(adults["egfr"], weight),
        "egfr_2009_below_60": mean(low.where(adults["egfr_2009"].notna()).astype(float), weight),
    }
    for name in ("chronic_kidney_disease", "diuretic", "proton_pump_inhibitor"):
        found[name] = mean(adults[name].map({"No": 0.0, "Yes": 1.0}).astype(float), weight)
    wanted = R["adults"][cycle]
    assert found == pytest.approx({name: wanted[name] for name in found}, rel=1e-9)


# Printed, from these surveys by the equation of 2009: United States Renal Data System, annual data
# reports of 2016 and 2018 (KDIGO stages 1 to 5); CDC, Chronic Kidney Disease Surveillance System,
# indicator Q729 (stages 1 to 4, 2017 to March 2020, without pregnant women).
@pytest.mark.parametrize(
    ("cycles", "printed"),
    [
        (("2011-2012", "2013-2014"), 14.8),
        (("2013-2014", "2015-2016"), 14.8),
        (("2017-2018",), 14.9),
    ],
)
def test_chronic_kidney_disease_is_as_often_as_is_printed(cycles, printed):
    shares = [100 * R["adults"][cycle]["by_egfr_2009"] for cycle in cycles]
    assert np.mean(shares) == pytest.approx(printed, abs=0.06)


def test_filtration_of_1999_2006_is_near_that_of_the_paper_that_gave_the_equation():
    """Levey 2009: median 94.5 (79.7 to 108.1), without pregnant and menstruating women.

    Menstruation is not known; the women left in have the higher rates.
    """
    parts = [people(cycle, "egfr_2009", "pregnancy") for cycle in list(CYCLES)[:4]]
    frame = pd.concat(parts)
    adults = frame[(frame["age"] >= 20) & (frame["pregnancy"] != "Pregnant")]
    adults = adults[adults["egfr_2009"] >= 15]
    found = quantiles(adults["egfr_2009"], adults["weight"], 0.25, 0.5, 0.75)
    assert found == pytest.approx([79.7, 94.5, 108.1], abs=1.5)


INGREDIENTS = {
    DIURETICS: "THIAZIDE|THALIDONE|FUROSEMIDE|TORSEMIDE|BUMETANIDE|ETHACRYN|INDAPAMIDE|METOLAZONE|"
    "SPIRONOLACTONE|TRIAMTERENE|AMILORIDE|EPLERENONE|ACETAZOLAMIDE|METHAZOLAMIDE|DICHLORPHENAMIDE|^DIURETIC",
    PROTON_PUMP_INHIBITORS: "EPRAZOLE|SOPRAZOLE|TOPRAZOLE|MEPRAZOLE",
}
"""Parts of the names of what Multum's classes hold here, to find them by name instead."""


@pytest.mark.parametrize("category", INGREDIENTS)
@pytest.mark.parametrize("cycle", medication.NAMED[1:])
def test_classes_and_names_of_medicines_tell_of_the_same_people(cycle: str, category: int):
    name = "RXD240B" if cycle == "2001-2002" else "RXDDRUG"
    table = Table(f"RXQ_RX_{CYCLES[cycle].suffix}", cycle)
    rows = read(table, ("SEQN", name, "RXDDRGID"))
    by_class = rows["RXDDRGID"].str.strip().isin(drugs_in(read(*DRUGS["drugs"]), category))
    by_name = rows[name].str.contains(INGREDIENTS[category], regex=True)
    assert by_class.sum() > 200
    assert rows.loc[by_class != by_name, name].unique().tolist() == []


def test_depletion_scores_of_people_of_40_and_over_in_2005_2008_are_those_of_r():
    frames = [people(cycle, "magnesium_depletion_score") for cycle in ("2005-2006", "2007-2008")]
    frame = pd.concat(frames)
    scores = frame.loc[frame["age"] >= 40, "magnesium_depletion_score"].value_counts()
    assert {f"score_{score:.0f}": n for score, n in scores.items()} == R["depletion_scores"]
