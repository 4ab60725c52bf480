"""A study's specification: read from TOML, validated, and held against the measures.

`load_study` reads a study by its name or from a file, and reports everything that is wrong with
the file at once; `check_study` holds it against the measures that exist.
"""

from analysis.study.analyses import (
    Adjusted,
    Choice,
    Confounding,
    Imputation,
    Interaction,
    JointCuts,
    Multinomial,
    NegativeExposure,
    NegativeOutcome,
    Option,
    Specifications,
    Stratum,
)
from analysis.study.changes import Change
from analysis.study.check import check_study
from analysis.study.load import STUDIES, available_studies, load_study
from analysis.study.outcome import Below
from analysis.study.overrides import change_study, settings_of
from analysis.study.specification import (
    CohortOptions,
    CohortStep,
    Data,
    Domain,
    Exposure,
    Model,
    Outcome,
    Published,
    Reference,
    Study,
    Table1,
)

__all__ = [
    "STUDIES",
    "Adjusted",
    "Below",
    "Change",
    "Choice",
    "CohortOptions",
    "CohortStep",
    "Confounding",
    "Data",
    "Domain",
    "Exposure",
    "Imputation",
    "Interaction",
    "JointCuts",
    "Model",
    "Multinomial",
    "NegativeExposure",
    "NegativeOutcome",
    "Option",
    "Outcome",
    "Published",
    "Reference",
    "Specifications",
    "Stratum",
    "Study",
    "Table1",
    "available_studies",
    "change_study",
    "check_study",
    "load_study",
    "settings_of",
]
