"""The main association cycle by cycle, and what the cycles say together.

Each cycle is fitted alone, as a domain of its own two-year weights, with the dose groups and the
spline knots of all cycles together, so that the contrast is the same one everywhere.

References
----------
As for `analysis.models.combined`; and for the design-based test of heterogeneity
Korn EL, Graubard BI (1999). Analysis of Health Surveys. Wiley, section 3.5 (Wald tests) and chapter
8 (combining surveys).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import InputError
from analysis.models import describe
from analysis.models.associations import Fit
from analysis.models.combined import Combined, Mean, combine
from analysis.models.cycle_trends import trend_rows
from analysis.models.doses import Doses
from analysis.models.estimate import design_of, doses_of
from analysis.models.levels import as_note, compare, few_events, people_of, wald_row, within
from analysis.models.matrix import dummies
from analysis.models.outcomes import Response, response
from analysis.models.plan import Exposure, Measures, Model, Plan, Row
from analysis.models.results import tidy
from analysis.models.setting import DF_RULE, Setting
from analysis.models.watch import Watch
from analysis.survey import Design

CYCLE = "cycle"
OWN_CUTS = "cycle, own cut points"
ONE_MODEL, FIXED, RANDOM, PREDICTION = (
    "one model", "fixed effect", "random effects", "prediction interval",
)  # fmt: skip
TREND = "trend over group medians x cycle"
ALL_BY = ", covariates x cycle"
"""Ends the contrast of a test in which covariates too have coefficients of their own by cycle."""


@dataclass(frozen=True)
class Across:
    """A study's main model, all cycles together and each alone.

    Parameters
    ----------
    setting : Setting
        Of all cycles pooled; its weights are shared by the cycles.
    alone : Design
        The same cohort with every cycle's two-year weights.
    cycle : Series of str, length n
        Of everyone in the frame.
    cycles : tuple of str
        Those in which the model is fitted, oldest first.
    """

    setting: Setting
    alone: Design
    cycle: pd.Series
    cycles: tuple[str, ...]

    @property
    def exposure(self) -> Exposure:
        """The main exposure."""
        return self.setting.exposure

    @cached_property
    def model(self) -> Model:
        """Its last model."""
        return self.setting.model()

    @property
    def doses(self) -> Doses:
        """Its groups in all cycles together."""
        return self.setting.doses[self.exposure.measure]

    @property
    def per(self) -> str:
        """What an estimate per unit is per."""
        unit = self.setting.unit(self.exposure.measure)
        return f"per {self.exposure.per:g} {unit}".strip()

    def together(self, outcome: str) -> Fit:
        """Prepare the model on all cycles."""
        return self.setting.fit(outcome, self.model.parsed_terms, self.model)

    def of_cycle(self, outcome: str, cycle: str) -> Fit:
        """Prepare the model on one cycle, with its own weights."""
        fit = replace(self.together(outcome), response=self._alone(outcome))
        return within(fit, (fit.of_members(self.cycle) == cycle).to_numpy())

    def _alone(self, outcome: str) -> Response:
        found = self.setting.responses[outcome]
        return replace(found, domain=self.alone.where(found.values.notna()))

    def own_setting(self, cycle: str) -> Setting:
        """Give the study of one cycle, with dose groups and knots of its own.

        Outcomes are left to `own_fit`.

        Raises
        ------
        InputError
            If the exposure cannot be divided there.
        """
        people = self.alone.where((self.cycle == cycle).to_numpy())
        doses = doses_of(self.exposure, people, self.setting.frame)
        return replace(
            self.setting, cohort=people, before=people, responses={},
            doses={self.exposure.measure: doses}, _covariates={},
        )  # fmt: skip

    def own_fit(self, own: Setting, outcome: str) -> Fit:
        """Prepare the model on a cycle as its own run has it.

        Raises
        ------
        InputError
            If the outcome does not occur there.
        """
        asked = self.setting.responses[outcome].outcome
        found = response(asked, own.cohort, self.setting.frame)
        fit = Fit(found, self.model, own.columns(self.model.parsed_terms), DF_RULE)
        return within(fit, people_of(fit))


def estimate_across(
    plan: Plan,
    frame: pd.DataFrame,
    steps: Sequence[describe.FlowStep],
    measures: Measures,
    *,
    alone: np.ndarray,
    weight: str,
    cycles: Sequence[str],
    refused: Mapping[str, str],
    watch: Watch | None = None,
) -> pd.DataFrame:
    """Estimate a study's main association in each cycle, and combine the cycles.

    Parameters
    ----------
    plan : Plan
        With an exposure and its models.
    frame : DataFrame, n rows
        Everyone in the design, all cycles together; ``cycle`` says which.
    steps : sequence of (name, label, ndarray of bool)
        The flow; its last step is the cohort.
    measures : mapping of str to MeasureText
        Labels, units, parts from food.
    alone : ndarray of float, shape (n,)
        Two-year weights of each cycle, not shared with others.
    weight : str
        Name of the weight, written into every row.
    cycles : sequence of str
        At least two, oldest first.
    refused : mapping of str to str
        Cycles in which the study cannot run, with the reason.
    watch : Watch, optional
        Told how far it is.

    Returns
    -------
    DataFrame
        As `analysis.models.results` describes it: ``flow``, ``cut_points``, ``groups``, ``cycle``,
        ``pooled``, ``heterogeneity``, ``cycle_mean`` and ``cycle_trend``.

    Raises
    ------
    InputError
        If an outcome or the exposure does not allow what is asked of it in all cycles together.
    """
    if plan.exposure is None:
        raise InputError("the study has no exposure to follow across cycles", where="[exposure]")
    cohort = design_of(frame).where(steps[-1][2])
    responses = {outcome.name: response(outcome, cohort, frame) for outcome in plan.outcomes}
    doses = {plan.exposure.measure: doses_of(plan.exposure, cohort, frame)}
    watch = watch or Watch()
    setting = Setting(plan, frame, cohort, cohort, measures, responses, doses, watch=watch)
    single = design_of(frame.assign(weight=alone)).where(steps[-1][2])
    across = Across(setting, single, frame[CYCLE].astype(str), tuple(cycles))
    measure = across.exposure.measure
    described = [
        *describe.flow_rows(steps, frame["weight"].to_numpy()),
        *describe.group_rows(cohort, across.doses, measure, setting.unit(measure)),
    ]
    associated = watch.part("associations by cycle", partial(association_rows, across, refused))
    trends = partial(trend_rows, setting, single, across.cycle, across.cycles, across.model)
    rows = [*described, *associated, *watch.part("trends over cycles", trends)]
    return tidy(rows, study=plan.name, weight=weight, cycles=", ".join(cycles))


def association_rows(across: Across, refused: Mapping[str, str]) -> Iterator[Row]:
    """Estimate every outcome in each cycle and combine.

    Yields
    ------
    dict
        Rows of ``cycle``, ``pooled`` and ``heterogeneity``. A cycle without an estimate has the
        reason in ``note``, and so has one in which the study cannot run.
    """
    for cycle, reason in refused.items():
        base: Row = {"analysis": "cycle", "stratum": CYCLE, "stratum_level": cycle}
        yield base | {"cycles": "", "note": reason}
    own = {cycle: _own(across, cycle) for cycle in across.cycles}
    watch, total = across.setting.watch, len(across.setting.responses) * len(across.cycles)
    for i, outcome in enumerate(across.setting.responses):
        highest, unit = [], []
        for j, cycle in enumerate(across.cycles):
            watch.step("models by cycle", i * len(across.cycles) + j, total)
            fit = across.of_cycle(outcome, cycle)
            place = {"analysis": "cycle", "stratum": CYCLE, "stratum_level": cycle, "cycles": cycle}
            highest.append(_highest(across, fit, across.doses) | place)
            unit.append(_per_unit(across, fit) | place)
            yield from (highest[-1], _own_row(across, own[cycle], outcome, place), unit[-1])
        for rows, estimated in ((highest, _highest), (unit, _per_unit)):
            together = across.together(outcome)
            if estimated is _highest:
                whole = _highest(across, together, across.doses)
            else:
                whole = _per_unit(across, within(together, people_of(together)))
            yield from _pooled(whole, rows)
        yield from _heterogeneity(across, outcome)


# One cycle


def _highest(across: Across, fit: Fit, doses: Doses) -> Row:
    """Compare the highest dose group with the lowest."""
    row = list(compare(fit, doses.group, across.exposure.measure).rows())[-1]
    contrast = f"{row['level']} vs {row['reference']}"
    return _finite(row | {"exposure": across.exposure.measure, "contrast": contrast})


def _per_unit(across: Across, fit: Fit) -> Row:
    """Take the dose as it is."""
    measure = across.exposure.measure
    row: Row = {
        "model": fit.model.name, "outcome": fit.response.outcome.name, "exposure": measure,
        "contrast": across.per, "measure": fit.response.measure,
    }  # fmt: skip
    dose = fit.of_members(across.setting.frame[measure].astype("float64")) / across.exposure.per
    try:
        results = fit.regress(dose.rename(measure).to_frame())
    except InputError as error:
        return row | {"note": as_note(error)}
    events = np.nan if results.n_events is None else results.n_events
    row |= {"n": results.nobs, "events": events, "df": results.df_resid}
    return _finite(row | results.effects().loc[measure].to_dict() | {"note": few_events(results)})


def _finite(row: Row) -> Row:
    """Say of an estimate without a standard error that the cycle has too few PSUs for one."""
    if math.isfinite(row.get("estimate", math.nan)) and not row.get("df", 1) > 0:
        return row | {"note": "too few PSUs for a standard error"}
    return row


def _own(across: Across, cycle: str) -> Setting | str:
    """Give the cycle's own setting, or why there is none."""
    try:
        return across.own_setting(cycle)
    except InputError as error:
        return as_note(error)


def _own_row(across: Across, own: Setting | str, outcome: str, place: Row) -> Row:
    """Compare the groups that the cycle alone would have: a run of the study there."""
    place = place | {"stratum": OWN_CUTS, "exposure": across.exposure.measure}
    if isinstance(own, str):
        return place | {"outcome": outcome, "model": across.model.name, "note": own}
    try:
        fit = across.own_fit(own, outcome)
    except InputError as error:
        return place | {"outcome": outcome, "model": across.model.name, "note": as_note(error)}
    return _highest(across, fit, own.doses[across.exposure.measure]) | place


# All cycles


def _pooled(whole: Row, rows: Sequence[Row]) -> Iterator[Row]:
    """Give one model of all people, and the cycles' estimates combined."""
    base: Row = {"analysis": "pooled"}
    yield whole | base | {"stratum": ONE_MODEL}
    shared = ("model", "outcome", "exposure", "contrast", "level", "reference", "measure")
    base |= {key: whole[key] for key in shared if key in whole}
    known = [row for row in rows if _usable(row)]
    if len(known) < 2:
        note = "fewer than two cycles have an estimate"
        for name in (FIXED, RANDOM):
            yield base | {"stratum": name, "note": note}
        return
    ratio = base["measure"] != "difference"
    values = np.array([float(row["estimate"]) for row in known])
    errors = np.array([float(row["std_error"]) for row in known])
    found = combine(np.log(values) if ratio else values, errors)
    sizes = {key: sum(float(row[key]) for row in known) for key in ("n", "events")}
    left = len(rows) - len(known)
    note = f"{left} of {len(rows)} cycles without an estimate left out" if left else ""
    more = base | sizes | {"cycles": ", ".join(row["stratum_level"] for row in known), "note": note}
    for name, mean in ((FIXED, found.fixed), (RANDOM, found.random)):
        yield more | {"stratum": name} | _on_scale(mean, ratio=ratio)
    yield more | {"stratum": PREDICTION} | _prediction(found, ratio=ratio)
    for name, shares in ((FIXED, found.fixed_shares), (RANDOM, found.random_shares)):
        for row, share in zip(known, shares, strict=True):
            place = {"stratum": name, "stratum_level": row["stratum_level"], "measure": "share"}
            yield base | place | {"estimate": share}
    df = sum(float(row["df"]) for row in known)
    yield from _spread(more | {"analysis": "heterogeneity"}, found, len(known), df)


def _usable(row: Row) -> bool:
    error = row.get("std_error", math.nan)
    estimable = math.isfinite(row.get("estimate", math.nan)) and row.get("df", 0) > 0
    return estimable and math.isfinite(error) and error > 0


def _on_scale(mean: Mean, *, ratio: bool) -> Row:
    """Bring a combined estimate back; its standard error stays that of the logarithm."""
    limits = {"estimate": mean.estimate, "conf_low": mean.conf_low, "conf_high": mean.conf_high}
    row: Row = {key: math.exp(value) if ratio else value for key, value in limits.items()}
    # Of the normal distribution there are no degrees of freedom to print.
    df = mean.df if math.isfinite(mean.df) else np.nan
    tested = {"std_error": mean.std_error, "statistic": mean.statistic, "p_value": mean.p_value}
    return row | tested | {"df": df}


def _prediction(found: Combined, *, ratio: bool) -> Row:
    low, high = found.prediction
    if not math.isfinite(low):
        return {"note": "no prediction from two cycles"}
    values = (found.random.estimate, low, high)
    middle, low, high = (math.exp(value) if ratio else value for value in values)
    return {"estimate": middle, "conf_low": low, "conf_high": high}


def _spread(row: Row, found: Combined, k: int, df: float) -> Iterator[Row]:
    """Give Cochran's Q, the variance between cycles, and its share.

    Cycles have no stratum in common, so their estimates are independent, and Q over k - 1 is Wald's
    F of the products with the cycles in one model in which every coefficient has such products; its
    denominator has the degrees of freedom of all cycles.
    """
    row = row | {"n": np.nan, "events": np.nan}
    yield row | {"measure": "Q", "statistic": found.q, "df": k - 1, "p_value": found.p_q}
    f = found.q / (k - 1)
    tested: Row = {"measure": "p_heterogeneity", "contrast": f"{row['contrast']} x cycle{ALL_BY}"}
    yield row | tested | {"statistic": f, "df": df, "p_value": float(stats.f.sf(f, k - 1, df))}
    for name, values in (
        ("tau2", (found.tau2, found.tau2_low, found.tau2_high)),
        ("I2", (found.i2, found.i2_low, found.i2_high)),
    ):
        limits = dict(zip(("estimate", "conf_low", "conf_high"), values, strict=True))
        yield row | {"measure": name} | limits


def _heterogeneity(across: Across, outcome: str) -> Iterator[Row]:
    """Test in one model of all people, by products with the cycles, that the association holds.

    Cycles have indicators of their own; the covariates' coefficients are those of all cycles, so
    that what changed in these can show as a change of the association.
    """
    fit, measure = across.together(outcome), across.exposure.measure
    groups = dummies(fit.of_members(across.doses.group), measure)
    dose = fit.of_members(across.setting.frame[measure].astype("float64")) / across.exposure.per
    score = fit.of_members(across.doses.scores()) / across.doses.spread
    highest, lowest = across.doses.levels[-1], across.doses.levels[0]
    for contrast, columns, tested in (
        (f"{highest} vs {lowest} x cycle", groups, f"{measure}[{highest}]"),
        (TREND, score.rename("score").to_frame(), "score"),
        (f"{across.per} x cycle", dose.rename(measure).to_frame(), measure),
    ):
        row: Row = {"analysis": "heterogeneity", "model": across.model.name, "outcome": outcome}
        row |= {"exposure": measure, "contrast": contrast, "measure": "p_heterogeneity"}
        yield row | _product_test(across, fit, columns, tested)


def _product_test(across: Across, fit: Fit, columns: pd.DataFrame, tested: str) -> Row:
    cycle = fit.of_members(across.cycle).astype(pd.CategoricalDtype(list(across.cycles)))
    indicators = dummies(cycle, CYCLE)
    products = pd.concat(
        [indicators.mul(values, axis=0).add_prefix(f"{name}:") for name, values in columns.items()],
        axis=1,
    )
    try:
        results = fit.regress(pd.concat([columns, indicators, products], axis=1))
    except InputError as error:
        return {"note": as_note(error)}
    events = np.nan if results.n_events is None else results.n_events
    names = [name for name in products if name.startswith(f"{tested}:")]
    return {"n": results.nobs, "events": events} | wald_row(results, names)
