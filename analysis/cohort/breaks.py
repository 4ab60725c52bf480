"""Where a measure stops meaning quite the same from one cycle to the next.

Every entry says what the CDC changed, what this package does about it, and whether values of the
two sides can be pooled. A change of whom is asked alone is no entry: people who were not asked are
missing, and the measure's note says who they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from analysis.cohort.measure import Measure
from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.vitamin_d import NMOL_PER_NG, RIA_LINES
from analysis.nhanes.cycles import CYCLES

Pooling = Literal["not comparable", "comparable with care", "harmonised"]
"""``not comparable``: two quantities under one name; ``comparable with care``: one quantity, told
or measured in another way, and nothing was done about it; ``harmonised``: something was."""

POOLING: tuple[Pooling, ...] = ("not comparable", "comparable with care", "harmonised")
"""From the worst."""


@dataclass(frozen=True)
class Break:
    """A change between two cycles in what measures mean.

    Parameters
    ----------
    subject : str
        What changed, in two or three words.
    measures : tuple of str
        Names of the measures that it touches.
    before, since : str
        The last cycle on the one side and the first on the other. They are the same where the
        change lies within that cycle, which then is neither like those before nor like those after.
    change : str
        What the CDC changed.
    handling : str
        What this package does about it, or that it does nothing.
    pooling : {"not comparable", "comparable with care", "harmonised"}
        What that makes of both sides.
    source : str
        Where the change is documented.
    """

    subject: str
    measures: tuple[str, ...]
    before: str
    since: str
    change: str
    handling: str
    pooling: Pooling
    source: str


def _those(chosen: Iterable[Measure]) -> tuple[str, ...]:
    return tuple(measure.name for measure in chosen)


def _reading(*variables: str) -> tuple[str, ...]:
    """Name the measures that read any of some variables in any cycle."""
    return _those(
        m
        for m in MEASURES.values()
        if any(
            name in variables
            for source in m.sources.values()
            for _, name in source.columns.values()
        )
    )


def _of_tables(*stems: str) -> tuple[str, ...]:
    """Name the measures that read any of some tables, given without their suffix."""

    def read(measure: Measure) -> set[str]:
        return {
            table.name.removesuffix(f"_{CYCLES[cycle].suffix}")
            for cycle, source in measure.sources.items()
            for table in source.variables(cycle)
        }

    return _those(m for m in MEASURES.values() if read(m) & set(stems))


def _but(names: Iterable[str], *others: str) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)


_RECALLED = _but(_of_tables("DRXTOT", "DR1TOT", "DR2TOT"), "recall_status", "recall_status_day_2")
_FOOD_VITAMIN_D = tuple(name for name in _RECALLED if name.startswith("vitamin_d_"))
_SUPPLEMENTED = _of_tables("DSQ1", "DSQ2", "DSQFILE1", "DSQFILE2", "DSQTOT", "DSQIDS")
_DRINKING = _of_tables("ALQ")
_CREATININE = _reading("LBXSCR", "LBDSCR")
_BRIDGED = tuple(name for name in _CREATININE if name.endswith("_bridged"))
_URINE = _reading("URXUCR", "URDACT")
_HBA1C = _reading("LBXGH")
_ONE_SCALE = ("fasting_glucose_harmonised",)
_PRESSURE = _reading("BPXSY1", "BPXDI1", "BPXOSY1", "BPXODI1")
_EXPECTING = tuple(
    name for name in _reading("RIDEXPRG") if name.startswith(("pregnancy", "magnesium_"))
)

AS_RELEASED = "Nothing: values are as released."
_ASSAY_20 = ", ".join(
    f"{intercept + slope * NMOL_PER_NG * 20:.0f} in {cycle}"
    for cycle, (intercept, slope) in RIA_LINES.items()
)

_PEOPLE = (
    Break(
        "Age",
        ("age",),
        "2005-2006",
        "2007-2008",
        "The oldest are given as 85 to 2005-2006, and as 80 from 2007-2008 on.",
        "Nothing: age is as released. age_80 has 80 in every cycle.",
        "comparable with care",
        "Codebooks DEMO_D and DEMO_E, RIDAGEYR.",
    ),
    Break(
        "Age",
        ("age_80",),
        "2005-2006",
        "2007-2008",
        "The oldest are given as 85 to 2005-2006, and as 80 from 2007-2008 on.",
        "Ages of 81 to 85 are taken as 80.",
        "harmonised",
        "Codebooks DEMO_D and DEMO_E, RIDAGEYR.",
    ),
    Break(
        "Hispanic people",
        ("race_ethnicity", "race_ethnicity_4"),
        "2005-2006",
        "2007-2008",
        "To 2005-2006 Mexican Americans alone were sampled in larger numbers, from 2007-2008 on "
        "all Hispanic people: other Hispanic people are few before.",
        "Nothing but the weights; estimates of other Hispanic people are uncertain before 2007.",
        "comparable with care",
        "CDC, NHANES 2007-2010 sampling methodology note.",
    ),
    Break(
        "Asian people",
        ("race_ethnicity", "race_ethnicity_4"),
        "2009-2010",
        "2011-2012",
        "From 2011-2012 on Asian people are sampled in larger numbers and told apart (RIDRETH3).",
        "The older classes (RIDRETH1) are taken in every cycle, with Asian people among the "
        "others; race_ethnicity_asian, from 2011-2012 on, has them apart.",
        "harmonised",
        "Documentation of DEMO_G, what is new in 2011-2012.",
    ),
    Break(
        "Income",
        ("poverty_income_ratio",),
        "2017-2018",
        "2021-2023",
        "Interviews of 2021-2023 were by telephone as well as at home; more people than in any "
        "cycle before have no known income.",
        "Nothing: the ratio to the poverty guideline of its year is as released; 5 and over are 5 "
        "in every cycle.",
        "comparable with care",
        "Documentation of DEMO_J and DEMO_L, INDFMPIR.",
    ),
    Break(
        "Pregnancy",
        _EXPECTING,
        "2005-2006",
        "2007-2008",
        "Told of women of 8 to 59 years to 2005-2006, of 20 to 44 years since.",
        "Women outside these ages count as not pregnant.",
        "comparable with care",
        "Codebooks DEMO_D and DEMO_E, RIDEXPRG.",
    ),
)

_HABITS = (
    Break(
        "Alcohol",
        _but(_DRINKING, "alcohol"),
        "2015-2016",
        "2017-2018",
        "How often people drink was told as a number of times; from 2017-2018 on as one of ten "
        "classes. Who had fewer than 12 drinks in life was asked no more; since then, who never "
        "had one.",
        "Classes of frequency are taken at their middle. alcohol_status has one class for everyone "
        "with fewer than 12 drinks in the year, which both questionnaires tell.",
        "comparable with care",
        "Documentation of ALQ_J, analytic notes.",
    ),
    Break(
        "Alcohol",
        _DRINKING,
        "2017-2018",
        "2021-2023",
        "Asked by an interviewer to 2017-2018, and by a computer in private from 2021-2023 on.",
        AS_RELEASED,
        "comparable with care",
        "Documentation of ALQ_L, mode of administration.",
    ),
    Break(
        "Alcohol",
        ("alcohol_drinks",),
        "2013-2014",
        "2015-2016",
        "From 2015-2016 on 15 drinks or more on a day are given as 15.",
        AS_RELEASED,
        "comparable with care",
        "Codebooks ALQ_H and ALQ_I, ALQ130.",
    ),
    Break(
        "Physical activity",
        ("physical_activity_met",),
        "2005-2006",
        "2007-2008",
        "To 2005-2006 leisure, trips and tasks at home of the past 30 days; from 2007-2008 on "
        "work, transport and recreation of a typical week (GPAQ).",
        "Nothing can be done: the sums are of different things.",
        "not comparable",
        "Codebooks PAQ_D, PAQIAF_D and PAQ_E.",
    ),
    Break(
        "Physical activity",
        ("recreational_activity",),
        "2005-2006",
        "2007-2008",
        "To 2005-2006 each activity of the past 30 days; from 2007-2008 on days and minutes of "
        "vigorous and of moderate recreation in a typical week (GPAQ). Many more people have none.",
        "Classes of the same limits; what is asked differs, and the shares in them jump.",
        "not comparable",
        "Codebooks PAQ_D, PAQIAF_D and PAQ_E.",
    ),
    Break(
        "Physical activity",
        ("recreational_activity",),
        "2017-2018",
        "2021-2023",
        "To 2017-2018 recreation of 10 minutes or more at a time in a typical week (GPAQ); in "
        "2021-2023 how often and how long people are active in leisure, however short. Many fewer "
        "people have none.",
        "Classes of the same limits; what is asked differs, and the shares in them jump.",
        "not comparable",
        "Codebooks PAQ_J and PAQ_L.",
    ),
)

_MINDS = (
    Break(
        "Depression",
        ("phq9", "depression"),
        "2017-2018",
        "2021-2023",
        "Asked by an interviewer to 2017-2018, and by a computer in private from 2021-2023 on.",
        AS_RELEASED,
        "comparable with care",
        "Documentation of DPQ_L, mode of administration.",
    ),
    Break(
        "Digit symbol test",
        ("dsst",),
        "2001-2002",
        "2011-2012",
        "Done at home in 1999-2002, and in the mobile centre in 2011-2014.",
        AS_RELEASED,
        "comparable with care",
        "Documentation of CFQ_B and CFQ_G.",
    ),
)

_INTAKES = (
    Break(
        "Dietary recall",
        _RECALLED,
        "2001-2002",
        "2001-2002",
        "To 2001 by the survey's own computer-assisted interview, from 2002 on by the USDA's "
        "Automated Multiple-Pass Method; 2001-2002 has a year of each.",
        AS_RELEASED,
        "comparable with care",
        "Documentation of DRXTOT_B.",
    ),
    Break(
        "Dietary recall",
        _RECALLED,
        "2017-2018",
        "2021-2023",
        "The first recall was held in person, in the mobile centre; in 2021-2023 by telephone, 3 "
        "to 7 days after the examination.",
        AS_RELEASED,
        "comparable with care",
        "Documentation of DR1TOT_L.",
    ),
    Break(
        "Vitamin D of foods",
        _FOOD_VITAMIN_D,
        "2005-2006",
        "2007-2008",
        "The CDC tells vitamin D of recalls from 2007-2008 on.",
        "Before, it is counted by food code with the contents of 2007-2010; see how intakes were "
        "counted.",
        "harmonised",
        "Codebook DR1TOT_E, DR1TVD.",
    ),
    Break(
        "Supplements",
        _SUPPLEMENTED,
        "2005-2006",
        "2007-2008",
        "The CDC tells amounts from 2007-2008 on, and before only which products people took.",
        "Amounts are computed from the products' labels by the same rules, which give the CDC's "
        "totals where there are any.",
        "harmonised",
        "Documentation of DSQ2_D and DSQTOT_E.",
    ),
    Break(
        "Supplements",
        _SUPPLEMENTED,
        "2017-2018",
        "2021-2023",
        "Asked at home, with the containers at hand; in 2021-2023 by telephone after the first "
        "recall, so of people who have one.",
        AS_RELEASED,
        "comparable with care",
        "Documentation of DSQTOT_L.",
    ),
)

_SERUM = (
    Break(
        "Assay of 25(OH)D",
        ("vitamin_d",),
        "2005-2006",
        "2007-2008",
        "Radioimmunoassay to 2005-2006, LC-MS/MS from 2007-2008 on.",
        "The CDC's LC-MS/MS-equivalent values are taken before 2007: predictions, which vary less "
        "than measured values.",
        "harmonised",
        "CDC, analytical note on 25-hydroxyvitamin D standardisation (2015); Schleicher RL et al. "
        "Natl Health Stat Report 2016;93.",
    ),
    *(
        Break(
            "Assay of 25(OH)D",
            ("vitamin_d_ria",),
            before,
            since,
            "The radioimmunoassay drifted with its lots: 20 ng/mL by it are by LC-MS/MS, in "
            f"nmol/L, {_ASSAY_20}.",
            "Nothing: the point of vitamin_d_ria is the assay's own scale; vitamin_d is free of "
            "the drift.",
            "comparable with care",
            "CDC, analytical note for NHANES 2000-2006 and NHANES III 25-hydroxyvitamin D analysis "
            "(revised November 2010); lines of the note of 2015.",
        )
        for before, since in (("2001-2002", "2003-2004"), ("2003-2004", "2005-2006"))
    ),
)

_CORRECTED = (
    "Serum creatinine of 1999-2000 and of 2005-2006 is not traceable to the reference method; that "
    "of other cycles is."
)
_KIDNEYS = (
    *(
        Break(
            "Serum creatinine",
            _CREATININE,
            before,
            since,
            _CORRECTED,
            "The CDC's equations for these two cycles are applied.",
            "harmonised",
            "Documentation of LAB18 and BIOPRO_D; Selvin E et al. Am J Kidney Dis 2007;50:918.",
        )
        for before, since in (
            ("1999-2000", "2001-2002"),
            ("2003-2004", "2005-2006"),
            ("2005-2006", "2007-2008"),
        )
    ),
    Break(
        "Serum creatinine",
        _but(_CREATININE, *_BRIDGED),
        "2015-2016",
        "2017-2018",
        "Another instrument, which reads slightly higher.",
        "Nothing: creatinine_bridged and egfr_bridged have the CDC's equation applied.",
        "comparable with care",
        "Documentation of BIOPRO_J, analytic notes.",
    ),
    Break(
        "Serum creatinine",
        _BRIDGED,
        "2015-2016",
        "2017-2018",
        "Another instrument, which reads slightly higher.",
        "The CDC's equation takes 2017-2018 back to the instrument before.",
        "harmonised",
        "Documentation of BIOPRO_J, analytic notes.",
    ),
    Break(
        "Urine creatinine",
        _URINE,
        "2005-2006",
        "2007-2008",
        "Jaffe reaction to 2006, enzymatic since, which reads lower.",
        "The CDC's equations take values to 2006 to the later method.",
        "harmonised",
        "Documentation of ALB_CR_E, analytic notes.",
    ),
    Break(
        "Medicines without prescription",
        ("proton_pump_inhibitor", "magnesium_depletion_score"),
        "2001-2002",
        "2003-2004",
        "Omeprazole is sold without prescription from 2003 on, and is not asked about then.",
        "Nothing can be done: users without prescription count as none.",
        "comparable with care",
        "FDA, approval of Prilosec OTC, June 2003.",
    ),
)

_GLUCOSES: tuple[tuple[tuple[str, ...], str, Pooling], ...] = (
    (
        _but(_reading("LBXGLU"), *_ONE_SCALE),
        "Nothing: fasting_glucose_harmonised has the CDC's equations applied.",
        "comparable with care",
    ),
    (_ONE_SCALE, "The CDC's equations are applied.", "harmonised"),
)
_METABOLISM = (
    *(
        Break(
            "Glycohaemoglobin",
            _HBA1C,
            before,
            since,
            "Another laboratory in 2005-2006, and another analyser in 2005-2006, in 2007-2008 and "
            "in the course of 2021-2023.",
            "Nothing: the CDC withdrew its equation of 2005 and advises values as released.",
            "comparable with care",
            "Documentation of GHB_D, GHB_E and GHB_L.",
        )
        for before, since in (
            ("2003-2004", "2005-2006"),
            ("2005-2006", "2007-2008"),
            ("2021-2023", "2021-2023"),
        )
    ),
    *(
        Break(
            "Fasting glucose",
            names,
            before,
            since,
            "Another analyser in 2005-2006, in 2007-2008 and in 2015-2016; the last reads 2% "
            "higher than the one before.",
            handling,
            pooling,
            "Documentation of GLU_D, GLU_E and GLU_I.",
        )
        for names, handling, pooling in _GLUCOSES
        for before, since in (
            ("2003-2004", "2005-2006"),
            ("2005-2006", "2007-2008"),
            ("2013-2014", "2015-2016"),
        )
    ),
    Break(
        "Blood pressure",
        _PRESSURE,
        "2017-2018",
        "2021-2023",
        "By a physician with a mercury sphygmomanometer to 2017-2018, by a technician with an "
        "oscillometric device in 2021-2023.",
        AS_RELEASED,
        "comparable with care",
        "Documentation of BPXO_L; Ostchega Y et al. Vital Health Stat 2(187), 2021.",
    ),
    *(
        Break(
            "HDL cholesterol",
            _reading("LBDHDL", "LBXHDD", "LBDHDD"),
            before,
            since,
            "By precipitation to 2001-2002, directly since; another laboratory from 2007-2008 on, "
            "and another analyser in the course of 2021-2023.",
            "Nothing beyond the CDC's own correction of 1999-2002 and 2005-2006; the CDC cautions "
            "against trends over 1999-2008.",
            "comparable with care",
            "Documentation of L13_C, HDL_E and HDL_L.",
        )
        for before, since in (
            ("2001-2002", "2003-2004"),
            ("2005-2006", "2007-2008"),
            ("2021-2023", "2021-2023"),
        )
    ),
    Break(
        "Triglycerides",
        _reading("LBXTR", "LBXTLG"),
        "2017-2018",
        "2021-2023",
        "From 2021-2023 on free glycerol is measured along with triglycerides.",
        AS_RELEASED,
        "comparable with care",
        "Codebook TRIGLY_L, as read from the codebook alone.",
    ),
)

BREAKS: tuple[Break, ...] = (
    *_PEOPLE,
    *_HABITS,
    *_MINDS,
    *_INTAKES,
    *_SERUM,
    *_KIDNEYS,
    *_METABOLISM,
)
"""Every break that is known."""
