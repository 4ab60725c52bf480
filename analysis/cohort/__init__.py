"""From the CDC's tables to one row a participant: measures, exclusions, counts.

Knows NHANES, not models.
"""
