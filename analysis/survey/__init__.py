"""Design-based inference for stratified, clustered, weighted samples.

Knows columns and designs, not where they come from. The conventions, and the digits, are those of
R's ``survey`` package.
"""

from analysis.survey.design import Design
from analysis.survey.estimates import Estimates
from analysis.survey.regression import RegressionResults, WaldTest

__all__ = ["Design", "Estimates", "RegressionResults", "WaldTest"]
