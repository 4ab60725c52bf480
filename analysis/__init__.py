"""A reproducible, design-based reanalysis of magnesium and vitamin D in NHANES."""

__version__ = "0.1.0"
