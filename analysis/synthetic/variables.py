"""The tables and variables that the artificial survey writes: names, labels and codes as the CDC's.

Names, labels and codes are those of NHANES 2001-2006, so that programs for the one read the other.
The descriptions are this package's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis.synthetic.parameters import model

EVERYONE = "Both males and females 0 YEARS - 150 YEARS"


@dataclass(frozen=True)
class Variable:
    """A variable and how its codebook counts it.

    Parameters
    ----------
    name, label : str
        SAS name and label.
    text : str
        What it is, in a sentence.
    codes : tuple of (float, str, str)
        Code, description, and the item to skip to (or ""). Each has a line in the codebook, be its
        count zero.
    ranged : bool
        Whether values other than the codes are numbers on a scale, counted in one line.
    counted : bool
        False for identifiers, of which the codebook prints no counts.
    target : str
        Who was asked.
    """

    name: str
    label: str
    text: str
    codes: tuple[tuple[float, str, str], ...] = ()
    ranged: bool = False
    counted: bool = True
    target: str = EVERYONE


@dataclass(frozen=True)
class TableLayout:
    """One table in one cycle.

    Parameters
    ----------
    name : str
        With the cycle's suffix.
    title : str
        For the head of its codebook.
    eligible : str
        Whose rows it holds.
    variables : tuple of Variable
        In the file's order.
    """

    name: str
    title: str
    eligible: str
    variables: tuple[Variable, ...]


def _coded(name: str, label: str, text: str, codes: str, target: str = EVERYONE) -> Variable:
    """Make a variable from "1 = Yes -> NEXT | 2 = No"."""
    return Variable(name, label, text, _codes(codes), target=target)


def _codes(codes: str) -> tuple[tuple[float, str, str], ...]:
    lines = []
    for line in codes.split(" | "):
        code, _, rest = line.partition(" = ")
        description, _, skip = rest.partition(" -> ")
        lines.append((float(code), description, skip))
    return tuple(lines)


def _number(name: str, label: str, text: str, codes: str = "", target: str = EVERYONE) -> Variable:
    """Make a variable on a scale, with codes beside it if there are any."""
    return Variable(name, label, text, _codes(codes) if codes else (), True, target=target)


def _aged(first: int, who: str = "Both males and females") -> str:
    return f"{who} {first} YEARS - 150 YEARS"


SEQN = Variable(
    "SEQN", "Respondent sequence number", "Number of the artificial person.", counted=False
)
YES_NO = "1 = Yes | 2 = No | 7 = Refused | 9 = Don't know"
RELEASE = {"2001-2002": 2, "2003-2004": 3, "2005-2006": 4}
"""SDDSRVYR of each cycle."""


def demo(cycle: str) -> tuple[Variable, ...]:
    """Demographic variables and sample weights."""
    release = RELEASE[cycle]
    four_years = cycle == "2001-2002"
    weights = [
        _number("WTINT2YR", "Full Sample 2 Year Interview Weight", "Weight of the interview."),
        _number("WTINT4YR", "Full Sample 4 Year Interview Weight", "Half of WTINT2YR."),
        _number("WTMEC2YR", "Full Sample 2 Year MEC Exam Weight", "Weight of the examination."),
        _number("WTMEC4YR", "Full Sample 4 Year MEC Exam Weight", "Half of WTMEC2YR."),
    ]
    return (
        SEQN,
        _coded(
            "SDDSRVYR",
            "Data Release Number",
            "Cycle.",
            f"{release} = NHANES {cycle} Public Release",
        ),
        _coded(
            "RIDSTATR",
            "Interview/Examination Status",
            "Interviewed only, or examined as well.",
            "1 = Interviewed Only | 2 = Both Interviewed and MEC examined",
        ),
        _coded(
            "RIDEXMON",
            "Six month time period",
            "Half of the year in which the examination took place.",
            "1 = November 1 through April 30 | 2 = May 1 through October 31",
        ),
        _coded("RIAGENDR", "Gender", "Sex.", "1 = Male | 2 = Female"),
        _number(
            "RIDAGEYR",
            "Age at Screening Adjudicated - Recode",
            "Age in years at screening, given as 85 from 85 on.",
            "85 = >= 85 years of age",
        ),
        _number("RIDAGEMN", "Age in Months - Recode", "Age in months, below 85 years."),
        _number("RIDAGEEX", "Exam Age in Months - Recode", "Age in months when examined."),
        _coded(
            "RIDRETH1",
            "Race/Ethnicity - Recode",
            "Race and ethnicity as reported.",
            "1 = Mexican American | 2 = Other Hispanic | 3 = Non-Hispanic White | "
            "4 = Non-Hispanic Black | 5 = Other Race - Including Multi-Racial",
        ),
        _coded(
            "DMDEDUC2",
            "Education Level - Adults 20+",
            "Highest level of education.",
            "1 = Less Than 9th Grade | "
            "2 = 9-11th Grade (Includes 12th grade with no diploma) | "
            "3 = High School Grad/GED or Equivalent | 4 = Some College or AA degree | "
            "5 = College Graduate or above | 7 = Refused | 9 = Don't Know",
            _aged(20),
        ),
        _number(
            "INDFMPIR",
            "Family PIR",
            "Family income over the poverty threshold.",
            "5 = PIR value greater than or equal to 5.00",
        ),
        _coded(
            "RIDEXPRG",
            "Pregnancy Status at Exam - Recode",
            "Pregnancy when examined.",
            "1 = Yes, positive lab pregnancy test or self-reported pregnant at exam | "
            "2 = SP not pregnant at exam | 3 = Cannot ascertain if SP is pregnant at exam",
            "Females only 8 YEARS - 59 YEARS",
        ),
        *(weight for weight in weights if four_years or "4YR" not in weight.name),
        _number("SDMVPSU", "Masked Variance Pseudo-PSU", "Number of the PSU in its stratum."),
        _number("SDMVSTRA", "Masked Variance Pseudo-Stratum", "Stratum."),
    )


NUTRIENTS = {
    "KCAL": "Energy (kcal)",
    "PROT": "Protein (gm)",
    "CARB": "Carbohydrate (gm)",
    "FIBE": "Dietary fiber (gm)",
    "TFAT": "Total fat (gm)",
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
    day_one = _number(
        "WTDRD1",
        "Dietary day one 2-Year sample weight" if early else "Dietary day one sample weight",
        "Weight of the first recall: non-response and the day of the week are undone.",
    )
    second = (
        _number("WTDR4YR", "Dietary day one 4-Year sample weight", "Half of WTDRD1.")
        if early
        else _number("WTDR2D", "Dietary two-day sample weight", "Weight of both recalls.")
    )
    later = (
        _coded("DRABF", "Breast-fed infant (either day)", "Breast-fed.", "1 = Yes | 2 = No"),
        _coded(
            "DRDINT",
            "Number of days of intake",
            "Days recalled.",
            "1 = Day 1 only | 2 = Day 1 and day 2",
        ),
    )
    totals = (
        _number(nutrient_name(name, cycle, day), label, f"{label}, total of the day.")
        for name, label in NUTRIENTS.items()
    )
    return (
        SEQN,
        day_one,
        second,
        _coded(f"{prefix}DRSTZ", "Dietary recall status", "Quality of the recall.", STATUS),
        *(() if early else later),
        _coded(f"{prefix}DAY", "Intake day of the week", "Day recalled.", WEEKDAYS),
        _number(nutrient_name("NUMF", cycle, day), foods, "Foods reported."),
        *totals,
    )


def bmx(cycle: str) -> tuple[Variable, ...]:
    """Body measures."""
    return (
        SEQN,
        _number("BMXWT", "Weight (kg)", "Body weight.", target="0.0000 to 440.0000"),
        _number("BMXHT", "Standing Height (cm)", "Standing height.", target="79.0000 to 208.4000"),
        _number(
            "BMXBMI",
            "Body Mass Index (kg/m**2)",
            "Weight over the square of height.",
            target=_aged(2),
        ),
    )


def smq(cycle: str) -> tuple[Variable, ...]:
    """Smoking."""
    skip = "SMAQUEX2" if cycle == "2005-2006" else "SMQ120"
    comma = "," if cycle == "2001-2002" else ""
    some = "Some days, or" if comma else "Some days"
    never = "Not at all?" if comma else "Not at all"
    spelling = "cigarets" if comma else "cigarettes"
    return (
        SEQN,
        _coded(
            "SMQ020",
            "Smoked at least 100 cigarettes in life",
            "Whether the person ever smoked 100 cigarettes.",
            f"1 = Yes | 2 = No -> {skip} | 7 = Refused -> {skip} | 9 = Don't know -> {skip}",
            _aged(20),
        ),
        _number(
            "SMD030",
            f"Age started smoking {spelling} regularly",
            "Age at which regular smoking began.",
            "0 = Never smoked cigarettes regularly | 777 = Refused | 999 = Don't know",
            _aged(20),
        ),
        _coded(
            "SMQ040",
            "Do you now smoke cigarettes",
            "Whether the person smokes now.",
            f"1 = Every day{comma} | 2 = {some} | 3 = {never} | 7 = Refused | 9 = Don't know",
            _aged(20),
        ),
    )


def alq(cycle: str) -> tuple[Variable, ...]:
    """Alcohol."""
    first = "ALD100" if cycle == "2001-2002" else "ALQ101"
    unknown = (
        "777 = Refused | 999 = Don't know"
        if cycle == "2005-2006"
        else "77 = Refused | 99 = Don't know"
    )
    target = _aged(20)
    return (
        SEQN,
        _coded(
            first,
            "Had at least 12 alcohol drinks/1 yr?",
            "Twelve drinks in any one year.",
            "1 = Yes -> ALQ120Q | 2 = No | 7 = Refused | 9 = Don't know",
            target,
        ),
        _coded(
            "ALQ110",
            "Had at least 12 alcohol drinks/lifetime?",
            "Twelve drinks in life.",
            "1 = Yes | 2 = No -> End of Section | 7 = Refused -> End of Section | "
            "9 = Don't know -> End of Section",
            target,
        ),
        _number(
            "ALQ120Q",
            "How often drink alcohol over past 12 mos",
            "Times, in the unit of ALQ120U.",
            "777 = Refused | 999 = Don't know",
            "0 to 366",
        ),
        _coded(
            "ALQ120U",
            "# days drink alcohol per wk, mo, yr",
            "Unit of ALQ120Q.",
            "1 = Week | 2 = Month | 3 = Year | 7 = Refused | 9 = Don't know",
            target,
        ),
        _number(
            "ALQ130",
            "Avg # alcoholic drinks/day -past 12 mos",
            "Drinks on a day of drinking.",
            unknown,
            target,
        ),
    )


ABLE = "1 = Yes | 2 = No | 3 = Unable to do activity | 7 = Refused | 9 = Don't know"
UNKNOWN_TIMES = "77777 = Refused | 99999 = Don't know"


def paq(cycle: str) -> tuple[Variable, ...]:
    """Physical activity."""
    over_12, over_16 = _aged(12), _aged(16)
    return (
        SEQN,
        _coded(
            "PAD020",
            "Walked or bicycled over past 30 days",
            "Walked or cycled to get somewhere.",
            "1 = Yes | 2 = No -> PAQ100 | 3 = Unable to do activity -> PAQ100 | "
            "7 = Refused -> PAQ100 | 9 = Don't know -> PAQ100",
            over_12,
        ),
        _number("PAQ050Q", "# times walked or bicycled", "Times a unit.", UNKNOWN_TIMES, over_12),
        _coded(
            "PAQ050U",
            "Unit of measure (day/week/month)",
            "Unit of PAQ050Q.",
            "1 = Day | 2 = Week | 3 = Month | 7 = Refused | 9 = Don't Know",
            over_12,
        ),
        _number("PAD080", "How long per day (minutes)", "Minutes.", UNKNOWN_TIMES, over_12),
        _coded(
            "PAQ100",
            "Tasks around home/yard past 30 days",
            "Moderate or vigorous work about home or yard.",
            "1 = Yes | 2 = No -> PAQ180 | 3 = Unable to do activity -> PAQ180 | "
            "7 = Refused -> PAQ180 | 9 = Don't know -> PAQ180",
            over_16,
        ),
        _number("PAD120", "# of times past 30 days", "Times.", UNKNOWN_TIMES, over_16),
        _number("PAD160", "How long each time (minutes)", "Minutes.", UNKNOWN_TIMES, over_16),
        _coded(
            "PAQ180",
            "Avg level of physical activity each day",
            "What a usual day is like.",
            "1 = Sits during the day and does not walk about very much | "
            "2 = Stands or walks about a lot but does not carry or lift things often | "
            "3 = Lifts light loads or climbs stairs or hills often | "
            "4 = Does heavy work or carries heavy loads | 7 = Refused | 9 = Don't know",
            over_16,
        ),
        _coded(
            "PAD200",
            "Vigorous activity over past 30 days",
            "Vigorous activity in leisure time.",
            ABLE,
            over_12,
        ),
        _coded(
            "PAD320",
            "Moderate activity over past 30 days",
            "Moderate activity in leisure time.",
            ABLE,
            over_12,
        ),
        _coded(
            "PAAQUEX",
            "Questionnaire source flag for weighting",
            "Where the questions were asked.",
            "1 = Sample Person Interview Questionnaire | 2 = MEC CAPI Questionnaire",
            _aged(2),
        ),
    )


ACTIVITIES = {
    10: ("AEROBICS", 5.0, 7.0),
    12: ("BASKETBALL", 6.0, 8.0),
    13: ("BICYCLING", 4.0, 8.0),
    15: ("DANCE", 4.5, 6.0),
    23: ("JOGGING", 6.0, 7.0),
    29: ("RUNNING", 7.0, 10.0),
    38: ("SWIMMING", 6.0, 8.0),
    42: ("WALKING", 3.5, 5.0),
    43: ("WEIGHT LIFTING", 3.0, 6.0),
    71: ("OTHER", 4.5, 7.0),
}
"""Leisure activities: description, metabolic equivalents if moderate and if vigorous."""


def paqiaf(cycle: str) -> tuple[Variable, ...]:
    """Individual leisure activities, a row each."""
    target = _aged(12)
    names = " | ".join(f"{code} = {what}" for code, (what, *_) in ACTIVITIES.items())
    return (
        replace(SEQN, target=target),
        _coded("PADACTIV", "Leisure time activity", "The activity.", names, target),
        _coded("PADLEVEL", "Activity level", "How hard.", "1 = MODERATE | 2 = VIGOROUS", target),
        _number("PADTIMES", "# of times did activity in past 30 days", "Times.", target=target),
        _number("PADDURAT", "Average duration of activity (minutes)", "Minutes.", target=target),
        _number("PADMETS", "MET score for activity", "Metabolic equivalents.", target=target),
    )


def vid(cycle: str) -> tuple[Variable, ...]:
    """Serum 25-hydroxyvitamin D."""
    first = model()["assay"]["first_age"][cycle]
    return (
        SEQN,
        _number(
            "LBDVIDMS",
            "Vitamin D (nmol/L)",
            "Serum 25-hydroxyvitamin D, LC-MS/MS equivalent.",
            target=_aged(first),
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
        ("BMX", "Body Measures", "Everyone examined.", bmx(cycle)),
        ("SMQ", "Smoking - Cigarette Use", f"From {smoking_from} years of age.", smq(cycle)),
        ("ALQ", "Alcohol Use", "Examined, from 20 years of age.", alq(cycle)),
        ("PAQ", "Physical Activity", "From 2 years of age.", paq(cycle)),
        ("PAQIAF", "Physical Activity - Individual Activities", "Activities.", paqiaf(cycle)),
        ("VID", "Vitamin D", f"Examined, from {from_age} years of age.", vid(cycle)),
    ]
    return tuple(
        TableLayout(f"{name}_{suffix}", title, eligible, variables)
        for name, title, eligible, variables in tables
    )
