"""Every measure of the package by its name, one module a subject."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analysis.cohort.measure import Measure
from analysis.cohort.measures import body, demographics, diet, lifestyle, supplements, vitamin_d

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        measure.name: measure
        for subject in (demographics, body, lifestyle, diet, supplements, vitamin_d)
        for measure in subject.MEASURES
    }
)
"""Measures by name, in the order of the data dictionary."""
