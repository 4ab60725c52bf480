"""Everything that one study estimates, as one tidy table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import pandas as pd

from analysis.models import associations, describe
from analysis.models.adjusted import adjusted_rows
from analysis.models.confounding import confounding_rows
from analysis.models.doses import Doses, dose_groups
from analysis.models.exposed import Exposed
from analysis.models.imputed import imputed_rows
from analysis.models.interactions import interaction_rows
from analysis.models.multinomial import multinomial_rows
from analysis.models.outcomes import response
from analysis.models.plan import Exposure, Measures, Plan, Row
from analysis.models.results import tidy
from analysis.models.setting import DF_RULE, Setting
from analysis.models.specifications import specification_rows
from analysis.models.strata import strata_rows
from analysis.models.watch import Watch
from analysis.survey import Design

__all__ = ["DF_RULE", "design_of", "doses_of", "estimate"]


def estimate(
    plan: Plan,
    frame: pd.DataFrame,
    steps: Sequence[describe.FlowStep],
    missing: Mapping[str, int],
    measures: Measures,
    *,
    weight: str,
    cycles: Sequence[str],
    watch: Watch | None = None,
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
    watch : Watch, optional
        Told how far it is.

    Returns
    -------
    DataFrame
        As `analysis.models.results` describes it.

    Raises
    ------
    InputError
        If an outcome or an exposure does not allow what is asked of it.
    """
    watch = watch or Watch()
    parts = _parts(plan, frame, steps, missing, measures, watch)
    rows = [row for name, make in parts for row in watch.part(name, make)]
    return tidy(rows, study=plan.name, weight=weight, cycles=", ".join(cycles))


def design_of(frame: pd.DataFrame) -> Design:
    """Give the design of everyone in the survey: strata, nested PSUs, weights.

    NHANES gives every stratum two or three PSUs, so a stratum with one is an error in the data.
    """
    return Design(frame, weights="weight", strata="stratum", psu="psu", lonely_psu="fail")


def _parts(
    plan: Plan,
    frame: pd.DataFrame,
    steps: Sequence[describe.FlowStep],
    missing: Mapping[str, int],
    measures: Measures,
    watch: Watch,
) -> Iterator[tuple[str, Callable[[], Iterable[Row]]]]:
    """Name every part of the results in its order, with what estimates it."""
    weights = frame["weight"].to_numpy()
    counted = steps[-2 if steps[-1][0] == "complete_cases" else -1][2]
    rows = [*describe.flow_rows(steps, weights)]
    rows += describe.missing_rows(missing, int(counted.sum())) if missing else []
    yield "flow", lambda: rows
    design = design_of(frame)
    cohort = design.where(steps[-1][2])
    # All outcomes first: a cut-off that leaves no events ends the run before it has cost anything.
    responses = {outcome.name: response(outcome, cohort, frame) for outcome in plan.outcomes}
    doses = {each.measure: doses_of(each, cohort, frame) for each in plan.exposures}
    before = design.where(counted)
    setting = Setting(plan, frame, cohort, before, measures, responses, doses, watch=watch)
    yield "description", partial(_described, setting)
    for exposure in plan.exposures:
        name = f"associations of {exposure.measure}"
        yield name, partial(_association_rows, setting, exposure)
    for name, analysis in FURTHER.items():
        yield name, partial(analysis, setting)


FURTHER: Mapping[str, Callable[[Setting], Iterator[Row]]] = {
    "adjusted prevalences and means": adjusted_rows,
    "multinomial models": multinomial_rows,
    "interactions": interaction_rows,
    "strata": strata_rows,
    "specification curve": specification_rows,
    "confounding": confounding_rows,
    "imputation": imputed_rows,
}
"""What a study may ask for beside its associations; each gives nothing where it is not asked."""


def doses_of(exposure: Exposure, cohort: Design, frame: pd.DataFrame) -> Doses:
    """Divide an exposure within a cohort as the study has it."""
    return dose_groups(
        cohort,
        frame,
        exposure.measure,
        exposure.groups,
        weighted=exposure.cut_points == "weighted",
        users=exposure.split == "users",
        cuts=exposure.cuts,
    )


def _described(setting: Setting) -> Iterator[Row]:
    """Describe dose groups, characteristics by those of the main exposure, and outcomes."""
    plan, cohort, frame, measures = setting.plan, setting.cohort, setting.frame, setting.measures
    for measure, doses in setting.doses.items():
        yield from describe.group_rows(cohort, doses, measure, setting.unit(measure))
    main = setting.doses[plan.exposure.measure] if plan.exposure else None
    described = plan.table1.rows if plan.table1 else ()
    yield from describe.table1_rows(cohort, frame, main, described, measures)
    responses = list(setting.responses.values())
    yield from describe.defined_rows(responses, measures)
    yield from describe.outcome_rows(cohort, frame, main, responses, plan.domains, measures)
    yield from describe.compared_rows(cohort, responses)
    if plan.exposure is not None:
        measure = plan.exposure.measure
        yield from describe.exposure_rows(
            cohort, frame, responses, measure, setting.unit(measure), DF_RULE
        )


def _association_rows(setting: Setting, exposure: Exposure) -> Iterator[Row]:
    """Estimate an exposure's associations; curves and coefficients are those of the main one."""
    main = exposure is setting.plan.exposure
    yield from Exposed(setting, exposure, strict=main).rows(coefficients=main)
    if not exposure.spline_knots:
        return
    model = setting.plan.models_of(exposure.measure)[-1]
    unit = setting.unit(exposure.measure)
    for name in setting.responses:
        fit = setting.fit(name, model.parsed_terms, model)
        yield from associations.curve_rows(fit, setting.cohort, setting.frame, exposure, unit)
