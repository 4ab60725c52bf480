"""Glycaemia, blood pressure and lipids on the CDC's files: codebooks, and figures that it printed.

Weighted shares are taken with numpy alone, so that nothing of the engine stands behind them.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cohort.build import people_of, read_source
from analysis.cohort.measure import Source
from analysis.cohort.measures import MEASURES, glycaemia, lipids, metabolic, pressure
from analysis.cohort.measures.glycaemia import to_latest_scale
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import CYCLES, Table
from analysis.nhanes.reconcile import reconcile
from analysis.nhanes.xpt import read_columns

pytestmark = pytest.mark.real_data

OWN = tuple(m for subject in (glycaemia, pressure, lipids, metabolic) for m in subject.MEASURES)
PEOPLE = ("RIAGENDR", "RIDAGEYR", "RIDEXPRG", "WTINT2YR", "WTMEC2YR")
ADULT_SHARES = {(18, 39): 0.420263, (40, 59): 0.357202, (60, 200): 0.222535}
"""Of the United States in 2000, by age. Source: NCHS Data Brief 364, by which it adjusts."""

FILES: dict[str, Callable[..., Path]] = {}


@pytest.fixture(scope="module", autouse=True)
def files(real_path: Callable[..., Path]) -> None:
    FILES["path"] = real_path


@cache
def read(table: Table, variables: tuple[str, ...]) -> pd.DataFrame:
    return read_columns(FILES["path"](table), list(variables))


def everyone(name: str, cycle: str, *weight: tuple[str, tuple[str, str]]) -> pd.DataFrame:
    """A measure of all participants of a cycle, with whom it is of and their weights."""
    suffix = CYCLES[cycle].suffix
    people = {variable: (f"DEMO_{suffix}", variable) for variable in PEOPLE}
    source = MEASURES[name].sources[cycle]
    own = {role: (f"{table}_{suffix}", variable) for role, (table, variable) in weight}
    wanted = [source, Source(people | own)]
    raw: dict[Table, set[str]] = {}
    for part in wanted:
        for table, variables in part.variables(cycle).items():
            raw.setdefault(table, set()).update(variables)
    frames = {table: read(table, tuple(sorted(variables))) for table, variables in raw.items()}
    index = people_of(frames, cycle)
    measure = MEASURES[name].derive(read_source(frames, source, cycle, index), cycle)
    return pd.DataFrame(dict(read_source(frames, wanted[1], cycle, index))).assign(value=measure)


def share(frame: pd.DataFrame, weight: str, level: str = "Yes") -> float:
    """Weighted percentage of a category."""
    return 100 * float(np.average(frame["value"] == level, weights=frame[weight]))


def readings_of(cycle: str) -> pd.DataFrame:
    """Adults who have hypertension or not, without pregnant women, as the CDC reports it."""
    frame = everyone("hypertension", cycle)
    return frame[frame["value"].notna() & (frame["RIDEXPRG"] != 1)]


@pytest.mark.parametrize(
    ("name", "cycle"), [(m.name, c) for m in OWN for c in m.sources], ids=lambda text: text
)
def test_every_variable_reconciles_with_its_codebook(name, cycle):
    for table, variables in MEASURES[name].sources[cycle].variables(cycle).items():
        frame = read(table, tuple(sorted(variables - {"SEQN"})))
        codebook = parse_codebook(FILES["path"](table, codebook=True))
        checks = reconcile(table.name, frame, codebook)
        assert {
            c.variable: c.verdict for c in checks if c.verdict not in ("equal", "explained")
        } == {}


def test_hypertension_of_2017_is_the_cdcs():
    """NCHS Data Brief 364: adjusted for age in all, men and women; then by age."""
    found = readings_of("2017-2018")

    def adjusted(frame: pd.DataFrame) -> float:
        parts = (frame[frame["RIDAGEYR"].between(*ages)] for ages in ADULT_SHARES)
        shares = [share(part, "WTMEC2YR") for part in parts]
        return float(np.dot(shares, list(ADULT_SHARES.values())))

    groups = [found, found[found["RIAGENDR"] == 1], found[found["RIAGENDR"] == 2]]
    assert [round(adjusted(group), 1) for group in groups] == [45.4, 51.0, 39.7]
    by_age = [found[found["RIDAGEYR"].between(*ages)] for ages in ADULT_SHARES]
    assert [round(share(group, "WTMEC2YR"), 1) for group in by_age] == [22.4, 54.5, 74.5]
    assert round(adjusted(readings_of("2013-2014")), 1) == 41.7


def test_hypertension_of_2021_is_the_cdcs():
    """NCHS Data Brief 511: not adjusted; all, men, women, then by age."""
    found = readings_of("2021-2023")
    groups = [found, *(found[found["RIAGENDR"] == sex] for sex in (1, 2))]
    groups += [found[found["RIDAGEYR"].between(*ages)] for ages in ADULT_SHARES]
    shares = [round(share(group, "WTMEC2YR"), 1) for group in groups]
    assert shares == [47.7, 50.8, 44.6, 23.4, 52.5, 71.6]


FASTING = ("fasting", ("GLU", "WTSAF2YR"))


def fasting_adults(name: str, cycle: str, age: int = 20) -> pd.DataFrame:
    """Adults of the fasting subsample without pregnant women, as the CDC reports them."""
    frame = everyone(name, cycle, FASTING)
    frame = frame[(frame["fasting"] > 0) & frame["value"].notna()]
    return frame[(frame["RIDAGEYR"] >= age) & (frame["RIDEXPRG"] != 1)]


def test_diabetes_of_2021_is_the_cdcs():
    """NCHS Data Brief 516: total and diagnosed, in all, men and women; 4.5% not diagnosed."""
    for name, wanted in {
        "diabetes_fasting": [15.8, 18.0, 13.7],
        "diabetes_diagnosis": [11.3, 12.9, 9.7],
    }.items():
        found = fasting_adults(name, "2021-2023")
        groups = [found, *(found[found["RIAGENDR"] == sex] for sex in (1, 2))]
        assert [round(share(group, "fasting"), 1) for group in groups] == wanted


def test_the_latest_line_of_glucose_moves_as_many_people_as_the_cdc_says():
    """GLU_I: on the analyser of 2013-2014, 41.5% would have 100 to 125 mg/dL, and 3.4% above."""
    limits = [to_latest_scale(pd.Series([limit]), "2013-2014")[0] for limit in (100.0, 126.0)]
    told = everyone("diabetes_diagnosis", "2015-2016")["value"]
    found = fasting_adults("fasting_glucose", "2015-2016", age=18)
    found = found[(told != "Yes").reindex(found.index)]
    high, diabetic = (
        100 * np.average(found["value"] >= limit, weights=found["fasting"]) for limit in limits
    )
    assert (round(high - diabetic, 1), round(diabetic, 1)) == (41.5, 3.4)


PRINTED = [
    # Codebook GHB_F: people of 18 and over and their mean.
    ("hba1c", "2001-2002", 18, 5297, 5.47, 0.005),
    ("hba1c", "2003-2004", 18, 5048, 5.48, 0.005),
    ("hba1c", "2005-2006", 18, 5022, 5.44, 0.005),
    ("hba1c", "2007-2008", 18, 5610, 5.58, 0.005),
    ("hba1c", "2009-2010", 18, 6029, 5.62, 0.005),
    # Codebook L13_B: people of 20 and over and their mean, which it gives 0.1 off at both ends.
    ("hdl_cholesterol", "2001-2002", 20, 4691, 51.9, 0.15),
    ("hdl_cholesterol", "2003-2004", 20, 4475, 54.1, 0.05),
    ("hdl_cholesterol", "2005-2006", 20, 4481, 54.6, 0.05),
    ("hdl_cholesterol", "2007-2008", 20, 5332, 51.9, 0.15),
]


@pytest.mark.parametrize(("name", "cycle", "age", "n", "mean", "within"), PRINTED)
def test_means_are_those_that_the_codebooks_print(name, cycle, age, n, mean, within):
    frame = everyone(name, cycle)
    frame = frame[frame["value"].notna() & (frame["RIDAGEYR"] >= age)]
    assert len(frame) == n
    assert np.average(frame["value"], weights=frame["WTMEC2YR"]) == pytest.approx(mean, abs=within)


@pytest.mark.parametrize(
    ("cycle", "low", "high"),
    [
        ("2011-2012", 32.3, 40.3),
        ("2013-2014", 32.3, 37.4),
        ("2015-2016", 36.6, 43.2),
        ("2017-2018", 35.3, 41.3),
    ],
)
def test_metabolic_syndrome_lies_within_published_intervals(cycle, low, high):
    """Liang X et al. 2021, doi 10.1101/2021.04.21.21255850: 36.2, 34.8, 39.9 and 38.3%.

    How it treats people with a criterion unknown is not said; here all five must be known.
    """
    assert low < share(fasting_adults("metabolic_syndrome", cycle), "fasting") < high


@pytest.mark.parametrize(
    ("cycle", "yes"), [("2001-2002", 130), ("2005-2006", 124), ("2017-2018", 175)]
)
def test_retinopathy_told_is_counted_as_in_the_codebook(cycle, yes):
    assert (everyone("retinopathy_told", cycle)["value"] == "Yes").sum() == yes
