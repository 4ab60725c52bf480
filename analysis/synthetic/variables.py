"""The tables that the artificial survey writes: names, labels and codes as the CDC's.

Names, labels and codes are those of NHANES 2001-2006, so that programs for the one read the other.
The descriptions are this package's own.
"""

from __future__ import annotations

from analysis.synthetic.foods import food_table, foods
from analysis.synthetic.layout import SEQN, TableLayout, Variable, aged, coded, number
from analysis.synthetic.parameters import CYCLES, model
from analysis.synthetic.questionnaires import alq, paq, paqiaf, smq
from analysis.synthetic.supplements import products_taken, use

RELEASE = {cycle: 2 + place for place, cycle in enumerate(CYCLES[:-1])} | {"2021-2023": 12}
"""SDDSRVYR of each cycle."""


def demo(cycle: str) -> tuple[Variable, ...]:
    """Demographic variables and sample weights."""
    release = RELEASE[cycle]
    four_years = cycle == "2001-2002"
    weights = [
        number("WTINT2YR", "Full Sample 2 Year Interview Weight", "Weight of the interview."),
        number("WTINT4YR", "Full Sample 4 Year Interview Weight", "Half of WTINT2YR."),
        number("WTMEC2YR", "Full Sample 2 Year MEC Exam Weight", "Weight of the examination."),
        number("WTMEC4YR", "Full Sample 4 Year MEC Exam Weight", "Half of WTMEC2YR."),
    ]
    return (
        SEQN,
        coded(
            "SDDSRVYR",
            "Data Release Number",
            "Cycle.",
            f"{release} = NHANES {cycle} Public Release",
        ),
        coded(
            "RIDSTATR",
            "Interview/Examination Status",
            "Interviewed only, or examined as well.",
            "1 = Interviewed Only | 2 = Both Interviewed and MEC examined",
        ),
        coded(
            "RIDEXMON",
            "Six month time period",
            "Half of the year in which the examination took place.",
            "1 = November 1 through April 30 | 2 = May 1 through October 31",
        ),
        coded("RIAGENDR", "Gender", "Sex.", "1 = Male | 2 = Female"),
        number(
            "RIDAGEYR",
            "Age at Screening Adjudicated - Recode",
            "Age in years at screening, given as 85 from 85 on.",
            "85 = >= 85 years of age",
        ),
        number("RIDAGEMN", "Age in Months - Recode", "Age in months, below 85 years."),
        number("RIDAGEEX", "Exam Age in Months - Recode", "Age in months when examined."),
        coded(
            "RIDRETH1",
            "Race/Ethnicity - Recode",
            "Race and ethnicity as reported.",
            "1 = Mexican American | 2 = Other Hispanic | 3 = Non-Hispanic White | "
            "4 = Non-Hispanic Black | 5 = Other Race - Including Multi-Racial",
        ),
        coded(
            "DMDEDUC2",
            "Education Level - Adults 20+",
            "Highest level of education.",
            "1 = Less Than 9th Grade | "
            "2 = 9-11th Grade (Includes 12th grade with no diploma) | "
            "3 = High School Grad/GED or Equivalent | 4 = Some College or AA degree | "
            "5 = College Graduate or above | 7 = Refused | 9 = Don't Know",
            aged(20),
        ),
        number(
            "INDFMPIR",
            "Family PIR",
            "Family income over the poverty threshold.",
            "5 = PIR value greater than or equal to 5.00",
        ),
        coded(
            "RIDEXPRG",
            "Pregnancy Status at Exam - Recode",
            "Pregnancy when examined.",
            "1 = Yes, positive lab pregnancy test or self-reported pregnant at exam | "
            "2 = SP not pregnant at exam | 3 = Cannot ascertain if SP is pregnant at exam",
            "Females only 8 YEARS - 59 YEARS",
        ),
        *(weight for weight in weights if four_years or "4YR" not in weight.name),
        number("SDMVPSU", "Masked Variance Pseudo-PSU", "Number of the PSU in its stratum."),
        number("SDMVSTRA", "Masked Variance Pseudo-Stratum", "Stratum."),
    )


NUTRIENTS = {
    "KCAL": "Energy (kcal)",
    "PROT": "Protein (gm)",
    "CARB": "Carbohydrate (gm)",
    "FIBE": "Dietary fiber (gm)",
    "TFAT": "Total fat (gm)",
    "LZ": "Lutein + zeaxanthin (mcg)",
    "CALC": "Calcium (mg)",
    "PHOS": "Phosphorus (mg)",
    "MAGN": "Magnesium (mg)",
    "IRON": "Iron (mg)",
    "ZINC": "Zinc (mg)",
    "SODI": "Sodium (mg)",
    "POTA": "Potassium (mg)",
}
"""Nutrients with their labels, in the files' order."""

STATUS = (
    "1 = Reliable and met the minimum criteria | "
    "2 = Not reliable or not met the minimum criteria | "
    "4 = Reported consuming breast-milk | 5 = Not done"
)
WEEKDAYS = (
    "1 = Sunday | 2 = Monday | 3 = Tuesday | 4 = Wednesday | 5 = Thursday | 6 = Friday | "
    "7 = Saturday"
)


def nutrient_name(nutrient: str, cycle: str, day: int = 1) -> str:
    """Name of a day's total: DRXTMAGN in 2001-2002, DR1TMAGN or DR2TMAGN later."""
    if cycle == "2001-2002":
        return "DRDTSODI" if nutrient == "SODI" else f"DRXT{nutrient}"
    return f"DR{day}T{nutrient}"


def recall(cycle: str, day: int = 1) -> tuple[Variable, ...]:
    """Totals of one day's recall."""
    early = cycle == "2001-2002"
    prefix = "DRD" if early else f"DR{day}"
    foods = "Number of foods reported" if cycle == "2005-2006" else "Number of foods"
    day_one = number(
        "WTDRD1",
        "Dietary day one 2-Year sample weight" if early else "Dietary day one sample weight",
        "Weight of the first recall: non-response and the day of the week are undone.",
    )
    second = (
        number("WTDR4YR", "Dietary day one 4-Year sample weight", "Half of WTDRD1.")
        if early
        else number("WTDR2D", "Dietary two-day sample weight", "Weight of both recalls.")
    )
    later = (
        coded("DRABF", "Breast-fed infant (either day)", "Breast-fed.", "1 = Yes | 2 = No"),
        coded(
            "DRDINT",
            "Number of days of intake",
            "Days recalled.",
            "1 = Day 1 only | 2 = Day 1 and day 2",
        ),
    )
    totals = (
        number(nutrient_name(name, cycle, day), label, f"{label}, total of the day.")
        for name, label in NUTRIENTS.items()
    )
    return (
        SEQN,
        day_one,
        second,
        coded(f"{prefix}DRSTZ", "Dietary recall status", "Quality of the recall.", STATUS),
        *(() if early else later),
        coded(f"{prefix}DAY", "Intake day of the week", "Day recalled.", WEEKDAYS),
        number(nutrient_name("NUMF", cycle, day), foods, "Foods reported."),
        *totals,
    )


def bmx(cycle: str) -> tuple[Variable, ...]:
    """Body measures."""
    return (
        SEQN,
        number("BMXWT", "Weight (kg)", "Body weight.", target="0.0000 to 440.0000"),
        number("BMXHT", "Standing Height (cm)", "Standing height.", target="79.0000 to 208.4000"),
        number(
            "BMXBMI",
            "Body Mass Index (kg/m**2)",
            "Weight over the square of height.",
            target=aged(2),
        ),
    )


def vid(cycle: str) -> tuple[Variable, ...]:
    """Serum 25-hydroxyvitamin D."""
    first = model()["assay"]["first_age"][cycle]
    return (
        SEQN,
        number(
            "LBDVIDMS",
            "Vitamin D (nmol/L)",
            "Serum 25-hydroxyvitamin D, LC-MS/MS equivalent.",
            target=aged(first),
        ),
    )


PARATHYROID = {"2003-2004": "L11", "2005-2006": "PTH"}
"""Table of parathyroid hormone, which was measured in these cycles."""
PARATHYROID_FIRST_AGE = 6


def parathyroid(cycle: str) -> tuple[Variable, ...]:
    """Parathyroid hormone."""
    return (
        SEQN,
        number(
            "LBXPT21",
            "Parathyroid Hormone(Elecys method) pg/mL",
            "Intact parathyroid hormone in serum.",
            target=aged(PARATHYROID_FIRST_AGE),
        ),
    )


def layouts(cycle: str, suffix: str) -> tuple[TableLayout, ...]:
    """Every table of one cycle.

    Parameters
    ----------
    cycle : str
        The cycle's name.
    suffix : str
        Its letter.

    Returns
    -------
    tuple of TableLayout
        Named with the suffix.
    """
    early = cycle == "2001-2002"
    from_age = model()["assay"]["first_age"][cycle]
    recalls = (
        [("DRXTOT", "Dietary Interview - Total Nutrients", "Everyone examined.", recall(cycle))]
        if early
        else [
            (f"DR{day}TOT", f"Dietary Interview - Total Nutrients, Day {day}", who, table)
            for day, who, table in (
                (1, "Everyone examined.", recall(cycle, 1)),
                (2, "Everyone examined.", recall(cycle, 2)),
            )
        ]
    )
    smoking_from = 12 if cycle == "2005-2006" else 20
    tables = [
        ("DEMO", "Demographic Variables & Sample Weights", "Everyone.", demo(cycle)),
        *recalls,
        (food_table(cycle), "Dietary Interview - Individual Foods", "Foods.", foods(cycle)),
        ("BMX", "Body Measures", "Everyone examined.", bmx(cycle)),
        ("SMQ", "Smoking - Cigarette Use", f"From {smoking_from} years of age.", smq(cycle)),
        ("ALQ", "Alcohol Use", "Examined, from 20 years of age.", alq(cycle)),
        ("PAQ", "Physical Activity", "From 2 years of age.", paq(cycle)),
        ("PAQIAF", "Physical Activity - Individual Activities", "Activities.", paqiaf(cycle)),
        ("VID", "Vitamin D", f"Examined, from {from_age} years of age.", vid(cycle)),
        ("DSQ1", "Dietary Supplement Use 30-Day - File 1", "Everyone.", use(cycle)),
        ("DSQ2", "Dietary Supplement Use 30-Day - File 2", "Products.", products_taken(cycle)),
    ]
    if not early:
        second = foods(cycle, 2)
        who = f"Examined, from {PARATHYROID_FIRST_AGE} years of age."
        tables += [
            (food_table(cycle, 2), "Dietary Interview - Individual Foods, Day 2", "Foods.", second),
            (PARATHYROID[cycle], "Parathyroid Hormone", who, parathyroid(cycle)),
        ]
    return tuple(
        TableLayout(f"{name}_{suffix}", title, eligible, variables)
        for name, title, eligible, variables in tables
    )
