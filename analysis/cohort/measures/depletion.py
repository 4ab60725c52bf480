"""Magnesium in the body: the magnesium depletion score, and magnesium in serum.

BIOPRO_L (2021-2023) is read from its codebook alone, as published by the CDC.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Derivation, Measure, Source
from analysis.cohort.measures.drinking import DRINK_SOURCES, drinks_per_day
from analysis.cohort.measures.kidney import (
    BLOOD,
    FILTRATION_2009_SOURCES,
    FILTRATION_SOURCES,
    egfr,
    egfr_2009,
)
from analysis.cohort.measures.medication import (
    ABSENT,
    DIURETICS,
    PROTON_PUMP_INHIBITORS,
    medicine_sources,
    takes,
)
from analysis.cohort.measures.recode import cycles_between, sources

HEAVY = {1: 2.0, 2: 1.0}
"""Drinks a day above which a man (1) or a woman (2) is a heavy drinker."""


def filtration_points(rate: pd.Series) -> pd.Series:
    """Give 2 points below 60 mL/min/1.73 m², 1 below 90, else 0; missing where the rate is."""
    points = np.select([rate < 60, rate < 90, rate >= 90], [2.0, 1.0, 0.0], default=np.nan)
    return pd.Series(points, index=rate.index)


def drinking_points(drinks: pd.Series, sex: pd.Series) -> pd.Series:
    """Give 1 point to heavy drinkers (`HEAVY`, a day on average), else 0."""
    heavy = drinks > sex.map(HEAVY)
    return heavy.astype(float).where(drinks.notna() & sex.isin(list(HEAVY)))


def magnesium_depletion_score(columns: Columns, cycle: str, rate: Derivation) -> pd.Series:
    """Points from 0 to 5 for what makes kidneys lose magnesium.

    Diuretic 1; proton pump inhibitor 1; glomerular filtration rate 60 to below 90 1, below 60 2;
    heavy drinking (over 1 drink a day in women, 2 in men) 1. Missing where any of the four is.
    `rate` is the measure of filtration, `egfr` or `egfr_2009`.

    Source: Fan L, Zhu X, Rosanoff A, et al. Magnesium depletion score (MDS) predicts risk of
    systemic inflammation and cardiovascular mortality among US adults. J Nutr 2021;151:2226-2235.
    """
    medicines = [
        takes(columns, cycle, category).map({"No": 0.0, "Yes": 1.0}).astype(float)
        for category in (DIURETICS, PROTON_PUMP_INHIBITORS)
    ]
    drinking = drinking_points(drinks_per_day(columns, cycle), columns["sex"])
    return sum(medicines, filtration_points(rate(columns, cycle)) + drinking)


def serum_magnesium(columns: Columns, cycle: str) -> pd.Series:
    """Magnesium in serum, mg/dL."""
    return columns["magnesium"]


def _score_sources(filtration: Mapping[str, Source]) -> dict[str, Source]:
    """Join the sources of medicines, creatinine and drinking, whose roles agree or are distinct."""
    return {
        cycle: Source(
            {
                **source.columns,
                **filtration[cycle].columns,
                **DRINK_SOURCES[cycle].columns,
            },
            source.records,
            source.lookups,
        )
        for cycle, source in medicine_sources().items()
    }


NOTE = (
    "0 to 5 points (Fan et al. 2021): diuretic 1, proton pump inhibitor 1, glomerular filtration "
    "rate 60 to below 90 mL/min/1.73 m² 1, below 60 2, more than 1 (women) or 2 (men) alcoholic "
    "drinks a day on average 1. By diuretic, proton_pump_inhibitor, {rate} and alcohol_drinks; "
    "missing where any of them is, so from 20 years of age on, from 2011-2012 on from 18."
)

MEASURES = (
    Measure(
        name="magnesium_depletion_score",
        label="Magnesium depletion score",
        unit="points",
        kind="continuous",
        sources=_score_sources(FILTRATION_SOURCES),
        derive=partial(magnesium_depletion_score, rate=egfr),
        subsample="examination",
        note=NOTE.format(rate="egfr (CKD-EPI 2021)"),
        absent=ABSENT,
    ),
    Measure(
        name="magnesium_depletion_score_2009",
        label="Magnesium depletion score, CKD-EPI 2009",
        unit="points",
        kind="continuous",
        sources=_score_sources(FILTRATION_2009_SOURCES),
        derive=partial(magnesium_depletion_score, rate=egfr_2009),
        subsample="examination",
        note=NOTE.format(rate="egfr_2009 (the equation of papers before 2021)"),
        absent=ABSENT,
    ),
    Measure(
        name="magnesium_serum",
        label="Serum magnesium",
        unit="mg/dL",
        kind="continuous",
        sources=sources({"magnesium": ("BIOPRO", "LBXMAGN")}, ["2021-2023"]),
        derive=serum_magnesium,
        subsample="examination",
        subsamples=BLOOD,
        note="From 12 years of age on. Serum holds less than 1% of the body's magnesium.",
        absent=dict.fromkeys(
            cycles_between("1999-2000", "2017-2018"),
            "magnesium in serum was not measured before 2021-2023",
        ),
    ),
)
