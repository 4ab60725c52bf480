"""Design-based inference for stratified, clustered, weighted samples.

Knows columns and designs, not where they come from. The conventions, and the digits, are those of
R's ``survey`` package.
"""

from analysis.survey.categorical import MultinomialResults, OrdinalResults
from analysis.survey.collinearity import (
    condition_indices,
    generalized_variance_inflation,
    variance_inflation,
)
from analysis.survey.derived import DerivedEstimates, linear_combination, nonlinear_combination
from analysis.survey.design import Design
from analysis.survey.diagnostics import Diagnosis, diagnose
from analysis.survey.estimates import Estimates
from analysis.survey.goodness import (
    GoodnessOfFit,
    PseudoRSquared,
    archer_lemeshow,
    pseudo_r_squared,
)
from analysis.survey.hypotheses import LikelihoodRatioTest, likelihood_ratio_test, wald_test
from analysis.survey.imputation import Imputations, impute
from analysis.survey.influence import Influence, influence, row_diagnostics
from analysis.survey.interaction import Interaction, interaction
from analysis.survey.location import RankTest, TTest
from analysis.survey.margins import (
    Margins,
    average_marginal_effects,
    margins,
    margins_of_matrices,
)
from analysis.survey.quadratic_forms import tail_probability
from analysis.survey.quantile_regression import QuantileRegressionResults
from analysis.survey.regression import RegressionResults
from analysis.survey.results import ModelResults, WaldTest
from analysis.survey.rubin import PooledResults, pool, sets_needed
from analysis.survey.slopes import JohnsonNeyman, johnson_neyman, simple_slopes
from analysis.survey.specified import Specification
from analysis.survey.survival import CoxResults
from analysis.survey.tables import ChiSquareTest

__all__ = [
    "ChiSquareTest",
    "CoxResults",
    "DerivedEstimates",
    "Design",
    "Diagnosis",
    "Estimates",
    "GoodnessOfFit",
    "Imputations",
    "Influence",
    "Interaction",
    "JohnsonNeyman",
    "LikelihoodRatioTest",
    "Margins",
    "ModelResults",
    "MultinomialResults",
    "OrdinalResults",
    "PooledResults",
    "PseudoRSquared",
    "QuantileRegressionResults",
    "RankTest",
    "RegressionResults",
    "Specification",
    "TTest",
    "WaldTest",
    "archer_lemeshow",
    "average_marginal_effects",
    "condition_indices",
    "diagnose",
    "generalized_variance_inflation",
    "impute",
    "influence",
    "interaction",
    "johnson_neyman",
    "likelihood_ratio_test",
    "linear_combination",
    "margins",
    "margins_of_matrices",
    "nonlinear_combination",
    "pool",
    "pseudo_r_squared",
    "row_diagnostics",
    "sets_needed",
    "simple_slopes",
    "tail_probability",
    "variance_inflation",
    "wald_test",
]
