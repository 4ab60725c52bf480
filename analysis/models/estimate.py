"""Everything that one study estimates, as one tidy table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from analysis.models import associations, describe
from analysis.models.doses import Doses, dose_groups
from analysis.models.outcomes import Response, response
from analysis.models.plan import Measures, Plan, Row
from analysis.models.results import tidy
from analysis.survey import Design
from analysis.survey.results import DFRule

DF_RULE: DFRule = "design"
"""Degrees of freedom of every interval and test: PSUs minus strata in the domain."""


def estimate(
    plan: Plan,
    frame: pd.DataFrame,
    steps: Sequence[describe.FlowStep],
    missing: Mapping[str, int],
    measures: Measures,
    *,
    weight: str,
    cycles: Sequence[str],
) -> pd.DataFrame:
    """Estimate all that a study asks for.

    Parameters
    ----------
    plan : Plan
        Outcomes, exposure, models, groups.
    frame : DataFrame, n rows
        Everyone in the design, with ``weight``, ``stratum``, ``psu`` and a column a measure.
    steps : sequence of (name, label, ndarray of bool)
        The flow; its last step is the cohort.
    missing : mapping of str to int
        Missing values, counted before complete cases were taken, and ``any``.
    measures : mapping of str to MeasureText
        Labels and units.
    weight, cycles
        Written into every row.

    Returns
    -------
    DataFrame
        As `analysis.models.results` describes it.

    Raises
    ------
    InputError
        If an outcome or an exposure does not allow what is asked of it.
    """
    rows = _rows(plan, frame, steps, missing, measures)
    return tidy(rows, study=plan.name, weight=weight, cycles=", ".join(cycles))


def design_of(frame: pd.DataFrame) -> Design:
    """Give the design of everyone in the survey: strata, nested PSUs, weights.

    NHANES gives every stratum two or three PSUs, so a stratum with one is an error in the data.
    """
    return Design(frame, weights="weight", strata="stratum", psu="psu", lonely_psu="fail")


def _rows(
    plan: Plan,
    frame: pd.DataFrame,
    steps: Sequence[describe.FlowStep],
    missing: Mapping[str, int],
    measures: Measures,
) -> Iterator[Row]:
    weights = frame["weight"].to_numpy()
    yield from describe.flow_rows(steps, weights)
    if missing:
        counted = steps[-2 if steps[-1][0] == "complete_cases" else -1][2]
        yield from describe.missing_rows(missing, int(counted.sum()))
    cohort = design_of(frame).where(steps[-1][2])
    # All outcomes first: a cut-off that leaves no events ends the run before it has cost anything.
    responses = [response(outcome, cohort, frame) for outcome in plan.outcomes]
    exposure = plan.exposure
    doses: Doses | None = None
    if exposure is not None:
        unit = measures[exposure.measure].unit
        weighted = exposure.cut_points == "weighted"
        doses = dose_groups(cohort, frame, exposure.measure, exposure.groups, weighted=weighted)
        yield from describe.group_rows(cohort, doses, exposure.measure, unit)
    described = plan.table1.rows if plan.table1 else ()
    yield from describe.table1_rows(cohort, frame, doses, described, measures)
    yield from describe.outcome_rows(cohort, frame, doses, responses, plan.domains, measures)
    if doses is not None:
        yield from _association_rows(plan, responses, frame, cohort, doses, measures)


def _association_rows(
    plan: Plan,
    responses: Sequence[Response],
    frame: pd.DataFrame,
    cohort: Design,
    doses: Doses,
    measures: Measures,
) -> Iterator[Row]:
    exposure = plan.exposure
    assert exposure is not None
    unit = measures[exposure.measure].unit
    columns = associations.model_covariates(plan.models, cohort, frame)
    for found in responses:
        fits = [
            associations.Fit(found, model, x, DF_RULE)
            for model, x in zip(plan.models, columns, strict=True)
        ]
        for fit in fits:
            yield from associations.association_rows(fit, frame, exposure, doses, unit)
        if exposure.spline_knots:
            yield from associations.curve_rows(fits[-1], cohort, frame, exposure, unit)
