"""Every measure of the package by its name, one module a subject."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analysis.cohort.measure import Measure
from analysis.cohort.measures import (
    activity,
    adequacy,
    body,
    demographics,
    depletion,
    diet,
    drinking,
    foods,
    glycaemia,
    kidney,
    lifestyle,
    lipids,
    medication,
    metabolic,
    mind,
    mortality,
    parathyroid,
    pressure,
    sun,
    supplements,
    two_days,
    vitamin_d,
)

SUBJECTS = (
    demographics,
    body,
    lifestyle,
    drinking,
    activity,
    diet,
    foods,
    two_days,
    supplements,
    adequacy,
    vitamin_d,
    parathyroid,
    kidney,
    medication,
    depletion,
    sun,
    mind,
    glycaemia,
    pressure,
    lipids,
    metabolic,
    mortality,
)

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {measure.name: measure for subject in SUBJECTS for measure in subject.MEASURES}
)
"""Measures by name, in the order of the data dictionary."""
