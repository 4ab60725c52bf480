"""The epidemiology: dose groups, trends, curves and tables on a cohort, by design-based inference.

Knows columns and designs, not files. Gives tidy rows (`analysis.models.results`).
"""
