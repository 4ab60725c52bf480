"""Signs of confounding: E-values, negative controls, and the estimate without each cycle.

References
----------
VanderWeele TJ, Ding P (2017). Sensitivity analysis in observational research: introducing the
E-value. Annals of Internal Medicine 167:268-274.
Lipsitch M, Tchetgen Tchetgen E, Cohen T (2010). Negative controls: a tool for detecting confounding
and bias in observational studies. Epidemiology 21:383-388.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.asked import Confounding
from analysis.models.associations import Fit
from analysis.models.doses import Doses, dose_groups
from analysis.models.evalues import (
    RARE,
    e_value,
    e_value_of_limit,
    risk_ratio_of_difference,
    risk_ratio_of_odds,
)
from analysis.models.levels import as_note, compare, people_of, wald_row, within
from analysis.models.matrix import dummies
from analysis.models.outcomes import response
from analysis.models.plan import Model, Row
from analysis.models.setting import DF_RULE, Setting

CYCLE = "cycle"
LEFT_OUT = "cycle left out"
FEWER = "Take fewer groups, or another measure."
TREND_BY_CYCLE = "trend over group medians x cycle"


def confounding_rows(setting: Setting) -> Iterator[Row]:
    """Estimate what a study asks for under ``[confounding]``.

    Parameters
    ----------
    setting : Setting

    Yields
    ------
    dict
        Rows of ``e_value``, ``negative_control`` and ``leave_one_out``. What cannot be estimated
        has the reason in ``note``.
    """
    asked = setting.plan.confounding
    if asked is None:
        return
    model = setting.model(asked.model)
    if asked.e_values:
        for outcome in asked.outcomes:
            yield from _e_values(setting, outcome, model)
    yield from _negative_exposure(setting, asked, model)
    yield from _negative_outcome(setting, asked, model)
    if asked.leave_one_cycle_out:
        for outcome in asked.outcomes:
            yield from _leave_one_out(setting, outcome, model)


def _fit(setting: Setting, outcome: str, model: Model) -> Fit:
    return setting.fit(outcome, model.parsed_terms, model)


def _groups(fit: Fit, doses: Doses, measure: str, **more: object) -> Iterator[Row]:
    """Compare dose groups with the lowest, as the main analysis does."""
    for row in compare(fit, doses.group, measure).rows():
        contrast = f"{row['level']} vs {row['reference']}"
        yield row | {"exposure": measure, "contrast": contrast, **more}


# E-values


def _e_values(setting: Setting, outcome: str, model: Model) -> Iterator[Row]:
    """Give E-values of every dose group but the lowest."""
    exposure = setting.exposure.measure
    fit = _fit(setting, outcome, model)
    how, to_risk_ratio = _conversion(fit)
    for row in _groups(fit, setting.doses[exposure], exposure):
        if row["level"] == row["reference"]:
            continue
        base = {key: row[key] for key in ("model", "outcome", "exposure", "level", "reference")}
        base |= {"analysis": "e_value", "measure": "e_value", "contrast": how}
        base |= {key: row[key] for key in ("n", "events", "note")}
        if not math.isfinite(row.get("estimate", math.nan)):
            yield base
            continue
        found, low, high = (to_risk_ratio(row[k]) for k in ("estimate", "conf_low", "conf_high"))
        yield base | {"estimate": e_value(found), "conf_low": e_value_of_limit(low, high)}


def _conversion(fit: Fit) -> tuple[str, partial[float]]:
    """Say how estimates are taken for risk ratios: by the outcome's share, or its deviation."""
    domain = within(fit, people_of(fit)).response.domain
    if fit.response.family == "binomial":
        share = float(domain.mean(fit.response.values).only["estimate"])
        rare = share < RARE
        how = "odds ratio taken as risk ratio (rare)" if rare else "square root (common)"
        return how, partial(risk_ratio_of_odds, rare=rare)
    deviation = float(domain.std(fit.response.values).only["estimate"])
    return "difference in standard deviations (0.91 d)", partial(
        risk_ratio_of_difference, deviation=deviation
    )


# Negative controls


def _negative_exposure(setting: Setting, asked: Confounding, model: Model) -> Iterator[Row]:
    """Put a measure that should show nothing in the exposure's place."""
    control = asked.negative_exposure
    if control is None:
        return
    weighted = setting.exposure.cut_points == "weighted"
    try:
        doses = dose_groups(
            setting.cohort, setting.frame, control.measure, control.groups, weighted=weighted
        )
    except InputError as error:
        where = "confounding.negative_exposure"
        raise InputError(error.what, where=where, remedy=FEWER) from None
    # Beside the control itself its groups would say nothing.
    terms = [term for term in model.parsed_terms if control.measure not in term.columns]
    for outcome in asked.outcomes:
        fit = setting.fit(outcome, terms, model)
        yield from _groups(
            fit, doses, control.measure, analysis="negative_control", stratum="exposure"
        )


def _negative_outcome(setting: Setting, asked: Confounding, model: Model) -> Iterator[Row]:
    """Put an outcome that should show nothing in the outcomes' place."""
    control = asked.negative_outcome
    if control is None:
        return
    terms = [term for term in model.parsed_terms if not term.columns & set(control.drop)]
    found = response(control, setting.cohort, setting.frame)
    fit = Fit(found, model, setting.columns(terms), DF_RULE)
    exposure = setting.exposure.measure
    yield from _groups(
        fit, setting.doses[exposure], exposure, analysis="negative_control", stratum="outcome"
    )


# Without each cycle


def _leave_one_out(setting: Setting, outcome: str, model: Model) -> Iterator[Row]:
    """Estimate the highest dose group without each cycle, and test that cycles agree.

    Dose groups and spline knots stay those of all cycles.
    """
    exposure = setting.exposure.measure
    fit = _fit(setting, outcome, model)
    cycle = setting.frame.loc[fit.covariates.index, CYCLE]
    cycles = sorted(cycle[people_of(fit)].unique())
    if len(cycles) < 2:
        return
    base: Row = {"analysis": "leave_one_out", "exposure": exposure}
    for left in cycles:
        rest = within(fit, (cycle != left).to_numpy())
        place = {"stratum": LEFT_OUT, "stratum_level": left}
        others = [name for name in cycles if name != left]
        rows = _groups(rest, setting.doses[exposure], exposure, **base, **place)
        yield list(rows)[-1] | {"cycles": ", ".join(others)}
    row: Row = {"model": model.name, "outcome": outcome, "measure": "p_heterogeneity"}
    row |= base | {"contrast": TREND_BY_CYCLE}
    yield row | _heterogeneity(fit, setting.doses[exposure], cycle, cycles)


def _heterogeneity(fit: Fit, doses: Doses, cycle: pd.Series, cycles: Sequence[str]) -> Row:
    """Test that the trend over dose groups is the same in all cycles, by products with them."""
    score = (fit.of_members(doses.scores()) / doses.spread).rename("score")
    indicators = dummies(cycle.astype(pd.CategoricalDtype(list(cycles))), CYCLE)
    products = indicators.mul(score, axis=0).add_prefix("score:")
    try:
        results = fit.regress(pd.concat([score, indicators, products], axis=1))
    except InputError as error:
        return {"note": as_note(error)}
    events = np.nan if results.n_events is None else results.n_events
    return {"n": results.nobs, "events": events} | wald_row(results, list(products))
