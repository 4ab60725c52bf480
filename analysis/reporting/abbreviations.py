"""What the abbreviations of a report stand for: those that it uses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from analysis.reporting.document import Block, Paragraph, Section, plain, text

TITLE = "Abbreviations"

MEANINGS: Mapping[str, str] = {
    "25(OH)D": "25-hydroxyvitamin D",
    "ACC": "American College of Cardiology",
    "AHA": "American Heart Association",
    "AP": "attributable proportion due to interaction",
    "CDC": "Centers for Disease Control and Prevention",
    "CERAD": "Consortium to Establish a Registry for Alzheimer's Disease",
    "CI": "confidence interval",
    "CKD-EPI": "Chronic Kidney Disease Epidemiology Collaboration",
    "df": "degrees of freedom",
    "DSST": "digit symbol substitution test",
    "EAR": "estimated average requirement",
    "eGFR": "estimated glomerular filtration rate",
    "FMI": "fraction of missing information",
    "GPAQ": "Global Physical Activity Questionnaire",
    "HbA1c": "haemoglobin A1c",
    "HDL": "high-density lipoprotein",
    "HR": "hazard ratio",
    "IU": "international units",
    "LC-MS/MS": "liquid chromatography with tandem mass spectrometry",
    "LDL": "low-density lipoprotein",
    "MET": "metabolic equivalent of task",
    "NCHS": "National Center for Health Statistics",
    "NHANES": "National Health and Nutrition Examination Survey",
    "OR": "odds ratio",
    "PSU": "primary sampling unit",
    "RDA": "recommended dietary allowance",
    "RERI": "relative excess risk due to interaction",
    "RIA": "radioimmunoassay",
    "S": "synergy index",
    "SD": "standard deviation",
    "SE": "standard error",
    "SEQN": "respondent sequence number",
    "STROBE": "Strengthening the Reporting of Observational Studies in Epidemiology",
    "STROBE-ME": "STROBE for molecular epidemiology",
    "STROBE-nut": "STROBE for nutritional epidemiology",
    "US": "United States",
    "USDA": "United States Department of Agriculture",
}
"""In the order in which they are listed: that of the alphabet."""


def abbreviations(sections: Sequence[Section]) -> list[Block]:
    """Say what the abbreviations in some sections stand for.

    Parameters
    ----------
    sections : sequence of Section

    Returns
    -------
    list of Block
        One paragraph, as journals print it; empty where there is none to explain.
    """
    said = plain(sections)
    used = [short for short in MEANINGS if _stands_in(short, said)]
    if not used:
        return []
    return [Paragraph(text("; ".join(f"{short}, {MEANINGS[short]}" for short in used), "."))]


def _stands_in(short: str, said: str) -> bool:
    """Whether an abbreviation is used; S is one beside the other measures of interaction only."""
    if short == "S":
        return bool(re.search(r"\bRERI\b", said))
    return bool(re.search(rf"(?<![\w-]){re.escape(short)}(?!\w)", said))
