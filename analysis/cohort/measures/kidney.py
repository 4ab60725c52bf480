"""Kidney function: creatinine in serum, estimated filtration, and albumin in urine.

Read from their codebooks alone, as published by the CDC: LAB16 (urine, 1999-2000), and in 2021-2023
BIOPRO_L (LBXSCR) and ALB_CR_L (URDACT).
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.cohort.measure import Columns, Measure, Source, Subsample
from analysis.cohort.measures.recode import choose, cycles_between, sources

ADULT = 18
"""Age in years from which the CKD-EPI equations hold."""

CREATININE_LINES = MappingProxyType({"1999-2000": (0.147, 1.013), "2005-2006": (-0.016, 0.978)})
"""Intercept (mg/dL) and slope of the CDC's correction of serum creatinine to the standard.

Deming regressions of an enzymatic method traceable to isotope dilution mass spectrometry on the
survey's method, in stored specimens; both are highly recommended by the notes on analysis of LAB18
and BIOPRO_D. None is needed in 2001-2004 (notes of L40_B and L40_C), and from 2007 on the released
values are standardised (BIOPRO_E: those of 2007 by the CDC itself). Source besides: Selvin E, Manzi
J, Stevens LA, et al. Calibration of serum creatinine in NHANES 1988-1994, 1999-2004. Am J Kidney
Dis 2007;50:918-926.
"""

BRIDGE_2017 = (-0.06945, 1.051)
"""Intercept (mg/dL) and slope from the instrument of 2017-2018 (Cobas 6000) to that of 2015-2016.

The CDC's backward equation, which it recommends for trends over, and for pooling across, the change
(note on analysis of BIOPRO_J).
"""

URINE_PIECES = ((75.0, 1.02, -0.36), (250.0, 1.05, -0.74), (np.inf, 1.01, -0.10))
"""Urine creatinine to 2006 on the scale of 2007 on: ``(slope * sqrt(x) + intercept) ** 2`` mg/dL.

For x below the first number, and not below that of the line before. The Jaffe reaction to 2006 read
about 4% above the enzymatic method since. Source: note on analysis of ALB_CR_E, which recommends
the equations for any comparison of the two.
"""

URINE_BEFORE_2007 = cycles_between("1999-2000", "2005-2006")
URINE_COMPUTED = cycles_between("1999-2000", "2007-2008")
"""Cycles in which the CDC gives albumin and creatinine but not their ratio."""

ALBUMINURIA = ("Below 30 mg/g", "30 to 300 mg/g", "Above 300 mg/g")
BLOOD: dict[str, Subsample] = {"2021-2023": "phlebotomy"}


def standard_creatinine(columns: Columns, cycle: str) -> pd.Series:
    """Serum creatinine in mg/dL, standardised by the CDC's line where a cycle has one."""
    intercept, slope = CREATININE_LINES.get(cycle, (0.0, 1.0))
    return intercept + slope * columns["creatinine"]


def bridged_creatinine(columns: Columns, cycle: str) -> pd.Series:
    """Serum creatinine in mg/dL with 2017-2018 on the instrument of the cycles before."""
    creatinine = standard_creatinine(columns, cycle)
    if cycle != "2017-2018":
        return creatinine
    intercept, slope = BRIDGE_2017
    return intercept + slope * creatinine


def ckd_epi_2021(creatinine: np.ndarray, age: np.ndarray, female: np.ndarray) -> np.ndarray:
    """Glomerular filtration rate by the CKD-EPI creatinine equation of 2021, without race.

    ``142 min(s / k, 1)^a max(s / k, 1)^-1.2 0.9938^age``, times 1.012 in women; k is 0.7 and a
    -0.241 in women, 0.9 and -0.302 in men. Source: Inker LA, Eneanya ND, Coresh J, et al. New
    creatinine- and cystatin C-based equations to estimate GFR without race. N Engl J Med
    2021;385:1737-1749.

    Parameters
    ----------
    creatinine : ndarray of float, shape (n,)
        Standardised serum creatinine, mg/dL.
    age : ndarray of float, shape (n,)
        Years; the equation is for adults.
    female : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
        mL/min/1.73 m²; NaN where creatinine or age is.
    """
    ratio = creatinine / np.where(female, 0.7, 0.9)
    low = np.minimum(ratio, 1) ** np.where(female, -0.241, -0.302)
    high = np.maximum(ratio, 1) ** -1.2
    return 142 * low * high * 0.9938**age * np.where(female, 1.012, 1.0)


def ckd_epi_2009(
    creatinine: np.ndarray, age: np.ndarray, female: np.ndarray, black: np.ndarray
) -> np.ndarray:
    """Glomerular filtration rate by the CKD-EPI creatinine equation of 2009, with race.

    ``141 min(s / k, 1)^a max(s / k, 1)^-1.209 0.993^age``, times 1.018 in women and 1.159 in Black
    people; k is 0.7 and a -0.329 in women, 0.9 and -0.411 in men. Source: Levey AS, Stevens LA,
    Schmid CH, et al. A new equation to estimate glomerular filtration rate. Ann Intern Med
    2009;150:604-612.

    Parameters
    ----------
    creatinine, age, female
        As for `ckd_epi_2021`.
    black : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
        mL/min/1.73 m².
    """
    ratio = creatinine / np.where(female, 0.7, 0.9)
    low = np.minimum(ratio, 1) ** np.where(female, -0.329, -0.411)
    high = np.maximum(ratio, 1) ** -1.209
    factor = np.where(female, 1.018, 1.0) * np.where(black, 1.159, 1.0)
    return 141 * low * high * 0.993**age * factor


def _filtration(columns: Columns, creatinine: pd.Series) -> pd.Series:
    age, sex = columns["age"], columns["sex"]
    rate = ckd_epi_2021(creatinine.to_numpy(), age.to_numpy(), (sex == 2).to_numpy())
    return pd.Series(rate, index=age.index).where((age >= ADULT) & sex.isin([1, 2]))


def egfr(columns: Columns, cycle: str) -> pd.Series:
    """Estimated glomerular filtration rate of adults (`ckd_epi_2021`); missing below 18 years."""
    return _filtration(columns, standard_creatinine(columns, cycle))


def egfr_bridged(columns: Columns, cycle: str) -> pd.Series:
    """Estimated glomerular filtration rate from `bridged_creatinine`."""
    return _filtration(columns, bridged_creatinine(columns, cycle))


def egfr_2009(columns: Columns, cycle: str) -> pd.Series:
    """Estimated glomerular filtration rate by the equation that papers used before 2021."""
    age, sex = columns["age"], columns["sex"]
    rate = ckd_epi_2009(
        standard_creatinine(columns, cycle).to_numpy(),
        age.to_numpy(),
        (sex == 2).to_numpy(),
        (columns["race"] == 4).to_numpy(),
    )
    return pd.Series(rate, index=age.index).where((age >= ADULT) & sex.isin([1, 2]))


def adjusted_urine_creatinine(creatinine: pd.Series) -> pd.Series:
    """Urine creatinine in mg/dL to 2006, as it would have been measured since (`URINE_PIECES`)."""
    root = np.sqrt(creatinine)
    adjusted, lower = pd.Series(np.nan, index=creatinine.index), 0.0
    for upper, slope, intercept in URINE_PIECES:
        here = (creatinine >= lower) & (creatinine < upper)
        adjusted = adjusted.mask(here, (slope * root + intercept) ** 2)
        lower = upper
    return adjusted


def albumin_creatinine_ratio(columns: Columns, cycle: str) -> pd.Series:
    """Albumin in urine per creatinine, mg/g: the CDC's URDACT, or by its formula where it has none.

    µg/mL over mg/dL, times 100, to two decimals (documentation of ALB_CR_G to ALB_CR_J).
    """
    if "ratio" in columns:
        return columns["ratio"]
    creatinine = columns["urine_creatinine"]
    if cycle in URINE_BEFORE_2007:
        creatinine = adjusted_urine_creatinine(creatinine)
    return (100 * columns["urine_albumin"] / creatinine).round(2)


def albuminuria(columns: Columns, cycle: str) -> pd.Series:
    """Albuminuria by the classes A1 to A3 of KDIGO.

    Source: Kidney Disease: Improving Global Outcomes. KDIGO 2012 clinical practice guideline for
    the evaluation and management of chronic kidney disease. Kidney Int Suppl 2013;3:1-150.
    """
    ratio = albumin_creatinine_ratio(columns, cycle)
    first, second, third = ALBUMINURIA
    classes = [(ratio < 30, first), (ratio <= 300, second), (ratio > 300, third)]
    return choose(classes, ratio.index, ALBUMINURIA)


def chronic_kidney_disease(columns: Columns, cycle: str) -> pd.Series:
    """Whether filtration is below 60, or the albumin/creatinine ratio 30 or above, in an adult.

    KDIGO (source as for `albuminuria`) wants either for three months; a survey sees it once. Both
    must be known: were one sign enough beside an unknown other, those who have it would be known
    more often than those who have none, and the share too high (14.3 for 13.6% in 2005-2006).
    """
    rate = egfr(columns, cycle)
    ratio = albumin_creatinine_ratio(columns, cycle)
    known = rate.notna() & ratio.notna()
    sick = (rate < 60) | (ratio >= 30)
    return choose([(known & sick, "Yes"), (known & ~sick, "No")], rate.index, ("No", "Yes"))


PERSON = {"age": ("DEMO", "RIDAGEYR"), "sex": ("DEMO", "RIAGENDR")}


def _creatinine_sources(more: dict[str, tuple[str, str]]) -> dict[str, Source]:
    tables = {
        "1999-2000": ("LAB18", "LBXSCR"),
        "2001-2002": ("L40", "LBDSCR"),
        "2003-2004": ("L40", "LBXSCR"),
    }
    found: dict[str, Source] = {}
    for cycle in cycles_between("1999-2000", "2021-2023"):
        place = tables.get(cycle, ("BIOPRO", "LBXSCR"))
        found |= sources({"creatinine": place, **more}, [cycle])
    return found


def _urine_sources() -> dict[str, Source]:
    tables = {"1999-2000": "LAB16", "2001-2002": "L16", "2003-2004": "L16"}
    found: dict[str, Source] = {}
    for cycle in URINE_COMPUTED:
        table = tables.get(cycle, "ALB_CR")
        columns = {"urine_albumin": (table, "URXUMA"), "urine_creatinine": (table, "URXUCR")}
        found |= sources(columns, [cycle])
    ratio = {"ratio": ("ALB_CR", "URDACT")}
    return found | sources(ratio, cycles_between("2009-2010", "2021-2023"))


FILTRATION_SOURCES = _creatinine_sources(PERSON)
FILTRATION_2009_SOURCES = _creatinine_sources({**PERSON, "race": ("DEMO", "RIDRETH1")})
URINE_SOURCES = _urine_sources()

NO_BRIDGE = {
    "2021-2023": "no equation was found that takes its instrument to that of the cycles before 2017"
}


def _to_2018(found: dict[str, Source]) -> dict[str, Source]:
    return {cycle: source for cycle, source in found.items() if cycle not in NO_BRIDGE}


CREATININE_NOTE = (
    "From 12 years of age on. Standardised to isotope dilution mass spectrometry: 1999-2000 and "
    "2005-2006 by the CDC's equations (0.147 + 1.013 x and -0.016 + 0.978 x), the other cycles as "
    "released."
)
CHANGE_2017 = (
    " The instrument of 2017-2018 reads creatinine about 0.02 mg/dL higher than the one before; "
    "{name} applies the CDC's equation for pooling with earlier cycles."
)
EGFR_NOTE = (
    "From standardised serum creatinine, age and sex; adults of 18 and over. Ages above the top "
    "code (85, from 2007 on 80) count as the top code, which makes the rate of the oldest too high."
)
RATIO_NOTE = (
    "One random urine sample; from 6 years of age on, from 2015-2016 on from 3. To 2006 urine "
    "creatinine is taken to the method since 2007 by the CDC's equations, which raises the ratio "
    "by about 4%. In 2021-2023 albumin is measured by LC-MS/MS instead of a fluorescent "
    "immunoassay; nothing is adjusted for that."
)

MEASURES = (
    Measure(
        name="creatinine",
        label="Serum creatinine",
        unit="mg/dL",
        kind="continuous",
        sources=_creatinine_sources({}),
        derive=standard_creatinine,
        subsample="examination",
        subsamples=BLOOD,
        note=CREATININE_NOTE + CHANGE_2017.format(name="creatinine_bridged"),
    ),
    Measure(
        name="creatinine_bridged",
        label="Serum creatinine, one instrument",
        unit="mg/dL",
        kind="continuous",
        sources=_to_2018(_creatinine_sources({})),
        derive=bridged_creatinine,
        subsample="examination",
        note=CREATININE_NOTE + " 2017-2018 is taken to the instrument of 2015-2016 by the CDC's "
        "equation (-0.06945 + 1.051 x).",
        absent=NO_BRIDGE,
    ),
    Measure(
        name="egfr",
        label="Estimated glomerular filtration rate",
        unit="mL/min/1.73 m²",
        kind="continuous",
        sources=FILTRATION_SOURCES,
        derive=egfr,
        subsample="examination",
        subsamples=BLOOD,
        note="CKD-EPI 2021, without race. " + EGFR_NOTE + CHANGE_2017.format(name="egfr_bridged"),
    ),
    Measure(
        name="egfr_bridged",
        label="Estimated glomerular filtration rate, one instrument",
        unit="mL/min/1.73 m²",
        kind="continuous",
        sources=_to_2018(FILTRATION_SOURCES),
        derive=egfr_bridged,
        subsample="examination",
        note="CKD-EPI 2021, without race, from creatinine_bridged. " + EGFR_NOTE,
        absent=NO_BRIDGE,
    ),
    Measure(
        name="egfr_2009",
        label="Estimated glomerular filtration rate, CKD-EPI 2009",
        unit="mL/min/1.73 m²",
        kind="continuous",
        sources=FILTRATION_2009_SOURCES,
        derive=egfr_2009,
        subsample="examination",
        subsamples=BLOOD,
        note="CKD-EPI 2009, the equation of papers before 2021, with its factor for Black people "
        "(non-Hispanic Black of RIDRETH1). " + EGFR_NOTE,
    ),
    Measure(
        name="albumin_creatinine_ratio",
        label="Urine albumin to creatinine ratio",
        unit="mg/g",
        kind="continuous",
        sources=URINE_SOURCES,
        derive=albumin_creatinine_ratio,
        subsample="examination",
        note=RATIO_NOTE,
    ),
    Measure(
        name="albuminuria",
        label="Albuminuria",
        kind="categorical",
        levels=ALBUMINURIA,
        sources=URINE_SOURCES,
        derive=albuminuria,
        subsample="examination",
        note="Classes of KDIGO of the urine albumin to creatinine ratio. " + RATIO_NOTE,
    ),
    Measure(
        name="chronic_kidney_disease",
        label="Chronic kidney disease",
        kind="categorical",
        levels=("No", "Yes"),
        sources={
            cycle: Source({**source.columns, **URINE_SOURCES[cycle].columns})
            for cycle, source in FILTRATION_SOURCES.items()
        },
        derive=chronic_kidney_disease,
        subsample="examination",
        subsamples=BLOOD,
        note=(
            "Adults of 18 and over: estimated filtration (egfr) below 60 mL/min/1.73 m² or urine "
            "albumin to creatinine ratio of 30 mg/g or more, in one sample of each, both known; "
            "whether it lasts three months, as the definition asks, is not known, so that this "
            "overstates it."
        ),
    ),
)
