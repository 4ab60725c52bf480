"""Rows that describe: the flow, missing values, Table 1, prevalences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.doses import Doses
from analysis.models.matrix import INTERCEPT
from analysis.models.names import NOBODY
from analysis.models.outcomes import STANDARD_DEVIATIONS, Response
from analysis.models.plan import Domain, Measures, Row
from analysis.survey import Design, Estimates
from analysis.survey.results import DFRule

FlowStep = tuple[str, str, np.ndarray]
"""Name, label, and who is left."""


def flow_rows(steps: Sequence[FlowStep], weights: np.ndarray) -> Iterator[Row]:
    """How many people each step leaves and sets aside, and how many they stand for.

    Parameters
    ----------
    steps : sequence of (name, label, ndarray of bool)
        In their order, each within the one before.
    weights : ndarray of float, shape (n,)

    Yields
    ------
    dict
        Rows of the analysis ``flow``.
    """
    before: np.ndarray | None = None
    for name, label, kept in steps:
        groups = {"remaining": kept}
        if before is not None:
            groups["excluded"] = before & ~kept
        for measure, group in groups.items():
            row = {"analysis": "flow", "level": name, "contrast": label, "n": int(group.sum())}
            yield {**row, "measure": measure, "estimate": group.sum(), "unit": "people"}
            represented = weights[group].sum()
            weighted = {"measure": f"{measure}_weighted", "estimate": represented}
            yield {**row, **weighted, "unit": "people represented"}
        before = kept


def missing_rows(missing: Mapping[str, int], total: int) -> Iterator[Row]:
    """Missing values of each covariate among `total` people, before complete cases are taken.

    Yields
    ------
    dict
        Rows of the analysis ``missing``.
    """
    for name, count in missing.items():
        row = {"analysis": "missing", "level": name, "n": total}
        yield {**row, "measure": "missing", "estimate": count, "unit": "people"}
        yield {**row, "measure": "missing_share", "estimate": count / total}


def strata_of(cohort: Design, doses: Doses | None) -> Iterator[tuple[str, Design]]:
    """Give everyone, then each dose group, as domains with their names.

    Yields
    ------
    (str, Design)
        ``"all"`` first.
    """
    yield "all", cohort
    if doses is not None:
        codes = doses.group.cat.codes.to_numpy()
        for i, level in enumerate(doses.levels):
            yield level, cohort.where(codes == i)


def group_rows(cohort: Design, doses: Doses, column: str, unit: str) -> Iterator[Row]:
    """Cut points, and each dose group's range, people and median.

    Yields
    ------
    dict
        Rows of the analyses ``cut_points`` and ``groups``.
    """
    yield from _cut_rows(doses, column, unit)
    for i, (level, group) in enumerate(list(strata_of(cohort, doses))[1:]):
        people = len(group.rows)
        row: Row = {"analysis": "groups", "exposure": column, "level": level, "n": people}
        row["contrast"] = doses.range_of(i, unit)
        yield {**row, "measure": "people", "estimate": people, "unit": "people"}
        yield {**row, "measure": "median", "estimate": doses.medians[i], "unit": unit}


def _cut_rows(doses: Doses, column: str, unit: str) -> Iterator[Row]:
    row: Row = {"analysis": "cut_points", "exposure": column, "unit": unit}
    if doses.fixed:
        for level, cut in zip(doses.levels[1:], doses.cuts, strict=True):
            yield {**row, "measure": "cut_point", "level": f"{level} from", "estimate": cut}
        return
    users = doses.levels[0] == NOBODY
    cuts = doses.cuts[1:] if users else doses.cuts
    shares = np.arange(1, len(cuts) + 1) / (len(cuts) + 1)
    for share, cut in zip(shares, cuts, strict=True):
        level = f"p{100 * share:.4g}{' of users' if users else ''}"
        yield {**row, "measure": "quantile", "level": level, "estimate": cut}


def table1_rows(
    cohort: Design,
    frame: pd.DataFrame,
    doses: Doses | None,
    names: Iterable[str],
    measures: Measures,
) -> Iterator[Row]:
    """Weighted means and shares of each measure, in everyone and by dose group.

    Missing values of a measure are outside its domain; each row's ``n`` says how many people it
    rests on.

    Yields
    ------
    dict
        Rows of the analysis ``table1``.
    """
    domains = list(strata_of(cohort, doses))
    for name in names:
        known = frame[name].notna().to_numpy()
        for stratum_level, domain in domains:
            within = domain.where(known)
            if not len(within.rows):
                continue
            row = {"analysis": "table1", "outcome": name, "stratum_level": stratum_level}
            if measures[name].kind == "continuous":
                yield from _mean_and_sd(within, name, row | {"unit": measures[name].unit})
            else:
                yield from _shares(within, frame[name], row)


def _mean_and_sd(domain: Design, name: str, row: Row) -> Iterator[Row]:
    yield row | {"measure": "mean"} | estimate(domain.mean(name))
    yield row | {"measure": "sd"} | estimate(domain.std(name))


def _shares(domain: Design, column: pd.Series, row: Row) -> Iterator[Row]:
    for level in column.cat.categories:
        holds = (column == level).to_numpy()
        found = estimate(domain.proportion(holds))
        yield row | {"measure": "proportion", "level": level} | found


def outcome_rows(
    cohort: Design,
    frame: pd.DataFrame,
    doses: Doses | None,
    responses: Iterable[Response],
    domains: Sequence[Domain],
    measures: Measures,
) -> Iterator[Row]:
    """Each outcome in everyone in the cohort, by dose group and by domain.

    People in whom an outcome is not known are outside; each row's ``n`` says how many it rests on.
    The interval of a prevalence is the logit one.

    Yields
    ------
    dict
        Rows of the analyses ``prevalence`` (binary outcomes) and ``mean`` (continuous ones).

    Raises
    ------
    InputError
        If nobody in the cohort belongs to a domain.
    """
    groups = [("dose" if level != "all" else "", level, d) for level, d in strata_of(cohort, doses)]
    groups += [("domain", d.name, _domain(cohort, d, frame)) for d in domains]
    for response in responses:
        known = response.everyone.notna().to_numpy()
        for stratum, level, domain in groups:
            row = {"outcome": response.outcome.name, "stratum": stratum, "stratum_level": level}
            if not len(domain.where(known).rows):
                continue
            if response.family == "gaussian":
                found = estimate(domain.mean(response.everyone))
                unit = unit_of(response, measures)
                yield row | {"analysis": "mean", "measure": "mean", "unit": unit} | found
                continue
            row["analysis"] = "prevalence"
            found = estimate(domain.proportion(response.everyone, interval="logit"))
            yield row | {"measure": "proportion"} | found
            counts = {"n": found["n"], "events": found["events"]}
            share = {"estimate": found["events"] / found["n"]}
            yield row | {"measure": "unweighted_proportion"} | share | counts


def unit_of(response: Response, measures: Measures) -> str:
    """Give the unit of a continuous outcome; empty for one that is yes or no."""
    if response.outcome.mean_z:
        return STANDARD_DEVIATIONS
    return measures[response.outcome.measure].unit if response.outcome.measure else ""


def defined_rows(responses: Iterable[Response], measures: Measures) -> Iterator[Row]:
    """Say what outcomes came to that the cohort itself defines: cuts, means and spreads.

    Yields
    ------
    dict
        Rows of the analyses ``cut_points`` (with the outcome's name) and ``standardised``.
    """
    for response in responses:
        outcome = response.outcome
        if outcome.below is not None:
            level = f"p{100 * outcome.below.quantile:.4g}"
            row: Row = {"analysis": "cut_points", "outcome": outcome.name, "level": level}
            row |= {"contrast": f"below this of {outcome.below.measure}", "estimate": response.cut}
            yield row | {"measure": "cut_point", "unit": measures[outcome.below.measure].unit}
        for name, (centre, spread) in response.scored.items():
            row = {"analysis": "standardised", "outcome": outcome.name, "level": name}
            row["unit"] = measures[name].unit
            yield row | {"measure": "mean", "estimate": centre}
            yield row | {"measure": "sd", "estimate": spread}


def compared_rows(cohort: Design, responses: Iterable[Response]) -> Iterator[Row]:
    """Count who has each binary outcome, who is compared with them, and who is neither.

    Yields
    ------
    dict
        Rows of the analysis ``compared``; their people add up to the cohort.
    """
    for response in responses:
        if response.family == "gaussian":
            continue
        values = response.values.to_numpy()[cohort.rows]
        known = response.everyone.notna().to_numpy()[cohort.rows]
        counts = {
            "events": values == 1,
            "against": values == 0,
            "neither": np.isnan(values) & known,
            "unknown": np.isnan(values) & ~known,
        }
        for measure, group in counts.items():
            people = int(group.sum())
            row: Row = {"analysis": "compared", "outcome": response.outcome.name}
            yield {**row, "measure": measure, "estimate": people, "n": people, "unit": "people"}


def exposure_rows(
    cohort: Design,
    frame: pd.DataFrame,
    responses: Iterable[Response],
    measure: str,
    unit: str,
    df_rule: DFRule,
) -> Iterator[Row]:
    """Compare the exposure's mean where an outcome holds and where it does not.

    The difference and its test are those of a linear model of the exposure on the outcome.

    Yields
    ------
    dict
        Rows of the analysis ``exposure_by_outcome``.
    """
    for response in responses:
        if response.family == "gaussian":
            continue
        row: Row = {"analysis": "exposure_by_outcome", "exposure": measure, "unit": unit}
        row["outcome"] = response.outcome.name
        dose = frame[measure].astype("float64")
        known = response.domain.where(dose.notna())
        for level, value in (("event", 1.0), ("against", 0.0)):
            side = known.where((response.values == value).to_numpy())
            yield row | {"level": level, "measure": "mean"} | estimate(side.mean(measure))
        x = pd.DataFrame({INTERCEPT: 1.0, "event": response.values})[known.inside]
        fitted = known.fit(dose, x, family="gaussian", df=df_rule)
        found = fitted.linear_combination(pd.DataFrame({INTERCEPT: [0.0], "event": [1.0]})).iloc[0]
        columns = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value")
        yield row | {
            "level": "event",
            "reference": "against",
            "contrast": "event vs against",
            "measure": "difference",
            "n": fitted.nobs,
            "df": fitted.df_resid,
            **{column: found[column] for column in columns},
        }


def _domain(cohort: Design, domain: Domain, frame: pd.DataFrame) -> Design:
    found = cohort.where(domain.condition.evaluate(frame))
    if not len(found.rows):
        raise InputError(
            f"nobody in the cohort meets 'where' ({domain.condition.text})",
            where=f"domain '{domain.name}'",
            remedy="Look at its condition, and at the steps of the cohort.",
        )
    return found


def estimate(estimates: Estimates) -> Row:
    """Columns of the results from a table of estimates with one row."""
    found = estimates.only
    row: Row = {k: found[k] for k in ("estimate", "std_error", "conf_low", "conf_high", "df")}
    return row | {k: int(found[k]) for k in ("n", "events") if k in found}
