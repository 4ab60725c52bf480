"""A made-up results table in the form of the real one, and the facts that go with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
import pytest

from analysis.cohort.measures import MEASURES
from analysis.models.results import tidy
from analysis.reporting import RunFacts
from analysis.study import load_study

Z = 2.0141
EXPOSURE = "magnesium_total"
GROUPS = ("Q1", "Q2", "Q3", "Q4")
RANGES = ("below 187", "187 to below 258", "258 to below 349", "349 or more")
MODELS = ("crude", "demographic", "full")
OUTCOMES = {
    "deficiency": (0.112, 0.72),
    "insufficiency": (0.297, 0.85),
    "endocrine_deficiency": (0.41, 0.8),
}


def ratio_row(log_odds: float, error: float, **where: Any) -> dict[str, Any]:
    """An odds ratio with its interval."""
    return {
        "measure": "OR",
        "estimate": math.exp(log_odds),
        "conf_low": math.exp(log_odds - Z * error),
        "conf_high": math.exp(log_odds + Z * error),
        "std_error": error,
        "p_value": 0.0123,
        "df": 46,
        "exposure": EXPOSURE,
        **where,
    }


def difference_row(value: float, error: float, **where: Any) -> dict[str, Any]:
    """A difference with its interval."""
    return {
        "measure": "difference",
        "estimate": value,
        "conf_low": value - Z * error,
        "conf_high": value + Z * error,
        "std_error": error,
        "df": 46,
        "exposure": EXPOSURE,
        "unit": "nmol/L",
        **where,
    }


def flow_rows(sizes: Mapping[str, tuple[str, int]]) -> Iterator[dict[str, Any]]:
    """Steps with people left, and the people set aside on the way."""
    before = None
    for level, (label, left) in sizes.items():
        where = {"analysis": "flow", "level": level, "contrast": label}
        yield {**where, "measure": "remaining", "estimate": left}
        yield {**where, "measure": "remaining_weighted", "estimate": left * 15234.5}
        if before is not None:
            yield {**where, "measure": "excluded", "estimate": before - left}
            yield {**where, "measure": "excluded_weighted", "estimate": (before - left) * 15234.5}
        before = left


def _prevalence(outcome: str, share: float, stratum: str, n: int) -> Iterator[dict[str, Any]]:
    where = {"analysis": "prevalence", "outcome": outcome, "stratum_level": stratum, "n": n}
    yield {
        **where, "measure": "proportion", "estimate": share, "conf_low": share * 0.9,
        "conf_high": share * 1.11, "events": round(share * n), "df": 46,
    }  # fmt: skip
    yield {**where, "measure": "unweighted_proportion", "estimate": share * 1.2, "n": n}


def mean_rows(
    outcome: str, means: Mapping[str, float], n: int, stratum: str = "domain"
) -> Iterator[dict[str, Any]]:
    """Means of a continuous outcome, by the level of the stratum."""
    for level, mean in means.items():
        yield {
            "analysis": "mean", "measure": "mean", "outcome": outcome, "stratum_level": level,
            "stratum": "" if level == "all" else stratum, "estimate": mean, "n": n, "df": 46,
            "conf_low": mean - 1.24, "conf_high": mean + 1.24, "unit": "nmol/L",
        }  # fmt: skip


def _describe() -> Iterator[dict[str, Any]]:
    for cut, value in zip(("p25", "p50", "p75"), (187.2, 257.9, 348.6), strict=True):
        yield {"analysis": "cut_points", "level": cut, "measure": "quantile", "estimate": value}
    for group, text, median in zip(GROUPS, RANGES, (142.0, 222.0, 299.0, 434.0), strict=True):
        where = {"analysis": "groups", "level": group, "contrast": f"{text} mg/day"}
        yield {**where, "measure": "median", "estimate": median, "unit": "mg/day"}
        yield {**where, "measure": "people", "estimate": 2871 + int(group[1])}
    for stratum in ("all", *GROUPS):
        where = {"analysis": "table1", "stratum_level": stratum}
        for name, mean in (("age", 46.7), ("energy", 2213.4)):
            yield {**where, "outcome": name, "measure": "mean", "estimate": mean}
            yield {**where, "outcome": name, "measure": "sd", "estimate": mean / 3}
        for name in ("sex", "race_ethnicity"):
            levels = MEASURES[name].levels
            for level in levels:
                row = {"outcome": name, "level": level, "measure": "proportion"}
                yield {**where, **row, "estimate": 1 / len(levels)}


def _association(model: str, step: int) -> Iterator[dict[str, Any]]:
    for number, (outcome, (_, per_group)) in enumerate(OUTCOMES.items()):
        where = {"model": model, "outcome": outcome}
        slope = math.log(per_group) / (1 + step / 2)
        for position, group in enumerate(GROUPS):
            at = {**where, "analysis": "odds_ratio", "level": group, "reference": "Q1"}
            at |= {"n": 2871 + position, "events": 400 - 30 * position + number}
            if position:
                yield ratio_row(slope * position, 0.09 + 0.01 * position, **at)
            else:
                yield {**at, "measure": "OR", "estimate": 1.0}
        yield {
            **where, "analysis": "trend", "measure": "p_trend", "estimate": slope / 90,
            "p_value": 0.0004 * (step + 1) ** 3,
        }  # fmt: skip
        yield ratio_row(
            slope, 0.06, **where, analysis="per_unit", contrast="per 100 mg/day", n=11490
        )
        for term in ("(Intercept)", f"{EXPOSURE}[Q2]", "sex[Female]"):
            yield {
                **where, "analysis": "coefficient", "contrast": term, "measure": "log_odds",
                "estimate": slope, "std_error": 0.1, "statistic": slope / 0.1, "df": 46,
                "p_value": 0.02,
            }  # fmt: skip


def _linear(model: str, step: int) -> Iterator[dict[str, Any]]:
    where = {"model": model, "outcome": "serum_25ohd"}
    for position, group in enumerate(GROUPS):
        at = {**where, "analysis": "linear", "level": group, "reference": "Q1", "n": 2871}
        if position:
            yield difference_row(2.9 * position / (step + 1), 0.8, **at)
        else:
            yield {**at, "measure": "difference", "estimate": 0.0, "unit": "nmol/L"}
    yield {**where, "analysis": "trend", "measure": "p_trend", "estimate": 0.02, "p_value": 0.031}
    yield difference_row(1.7, 0.4, **where, analysis="per_unit", contrast="per 100 mg/day")


def _spline() -> Iterator[dict[str, Any]]:
    for outcome in (*OUTCOMES, "serum_25ohd"):
        where = {"analysis": "spline", "model": "full", "outcome": outcome}
        for number in range(13):
            value = 60 + 60 * number
            at = {**where, "level": f"{value:.1f}", "reference": "257.9"}
            bend = (257.9 - value) / 400
            error = 0.02 + abs(bend) * 0.3
            if outcome == "serum_25ohd":
                yield difference_row(-6 * bend, 5 * error, **at)
            else:
                yield ratio_row(math.tanh(bend), error, **at)
        for knot in (110.0, 210.0, 310.0, 520.0):
            yield {**where, "level": "", "measure": "knot", "estimate": knot}
        yield {**where, "measure": "p_overall", "p_value": 0.0002}
        yield {**where, "measure": "p_nonlinear", "p_value": 0.241}


def deng_rows() -> list[dict[str, Any]]:
    """Rows of every kind that a study with an exposure has."""
    steps = {
        "everyone": ("Everyone in the files", 31126),
        "examined": ("Examined in a mobile centre", 29402),
        "adults": ("Aged 20 years or over", 14213),
        "recall": ("First dietary recall reliable", 13501),
        "vitamin_d": ("Serum 25(OH)D measured", 13011),
        "complete": ("Complete covariates", 11490),
    }
    rows = [*flow_rows(steps)]
    for level, number in (("any", 1521), ("bmi", 302), ("poverty_income_ratio", 812)):
        where = {"analysis": "missing", "level": level, "n": 13011}
        rows.append({**where, "measure": "missing", "estimate": number})
        rows.append({**where, "measure": "missing_share", "estimate": number / 13011})
    rows += _describe()
    for outcome, (share, per_group) in OUTCOMES.items():
        rows += _prevalence(outcome, share, "all", 11490)
        for position, group in enumerate(GROUPS):
            rows += _prevalence(outcome, share * per_group ** (position - 1), group, 2872)
    by_group = {"all": 64.2, **dict(zip(GROUPS, (60.1, 63.0, 65.2, 68.4), strict=True))}
    rows += mean_rows("serum_25ohd", by_group, 11490, "dose")
    for step, model in enumerate(MODELS):
        rows += [*_association(model, step), *_linear(model, step)]
    return [*rows, *_spline()]


def forrest_rows() -> list[dict[str, Any]]:
    """Rows of a study without exposure."""
    steps = {
        "everyone": ("Everyone in the files", 10348),
        "adults": ("Aged 20 years or over", 4773),
        "vitamin_d": ("Serum 25(OH)D measured", 4495),
    }
    rows = [*flow_rows(steps)]
    shares = {"all": 0.416, "men": 0.411, "women": 0.42, "white": 0.309, "black": 0.821}
    for stratum, share in shares.items():
        rows += _prevalence("below_20", share, stratum, 1000)
        rows[-2]["published"] = share + 0.002
    return rows


def table_of(rows: list[dict[str, Any]], study: str) -> pd.DataFrame:
    """Rows in the form of results.csv."""
    return tidy(rows, study=study, weight="made up", cycles="2001-2002")


def facts_for(name: str, **changes: Any) -> RunFacts:
    """Facts of a run of one of the package's studies."""
    study = load_study(name)
    checks = pd.DataFrame(
        [
            ("VID_B", "LBDVIDMS", "25OHD2+25OHD3 (nmol/L)", 8647, 8647, 840, 840, "equal", "", ""),
            ("VID_B", "SEQN", "Respondent sequence number", 8647, None, 0, None, "not printed",
             "", ""),
            ("SMQ_E", "SMQ040", "Do you now smoke", 7000, 7000, 12, 10, "explained",
             "2 more missing", "A slip of the codebook"),
        ],
        columns=["table", "variable", "label", "rows_file", "rows_codebook", "missing_file",
                 "missing_codebook", "verdict", "detail", "reason"],
    )  # fmt: skip
    files = pd.DataFrame(
        [("Nchs/Data/Nhanes/Public/2001/DataFiles/VID_B.xpt", "2001-2002", "", 139_200, "ab" * 32,
          "2025-01-02")],
        columns=["name", "cycle", "url", "bytes", "sha256", "date"],
    )  # fmt: skip
    verdicts = pd.DataFrame(
        [
            {
                "id": figure.id, "source": figure.source, "statement": figure.statement or "",
                "kind": figure.kind, "published": figure.estimate, "low": figure.low,
                "high": figure.high, "ours": figure.estimate, "ours_low": None, "ours_high": None,
                "verdict": "reproduces", "why": "Equal.", "unit": figure.unit or "",
            }
            for figure in study.published
        ]
    )  # fmt: skip
    facts: dict[str, Any] = {
        "study": study, "measures": MEASURES, "checks": checks, "files": files,
        "verdicts": verdicts, "versions": {"python": "3.11.7", "numpy": "2.3.0"},
        "commit": "c0ffee" * 6 + "c0ff", "spec_sha256": "cd" * 32, "spec_text": "schema = 1\n",
        "n_psu": 90, "n_strata": 44,
    }  # fmt: skip
    return RunFacts(**{**facts, **changes})


@pytest.fixture
def deng() -> tuple[pd.DataFrame, RunFacts]:
    """A run of a study with an exposure."""
    return table_of(deng_rows(), "deng_2013"), facts_for("deng_2013")


@pytest.fixture
def forrest() -> tuple[pd.DataFrame, RunFacts]:
    """A run of a study without one."""
    return table_of(forrest_rows(), "forrest_2011"), facts_for("forrest_2011")


@pytest.fixture
def made() -> Any:
    """The makers above, for tests that change a row or a fact."""
    makers: dict[str, Callable[..., Any]] = {
        "deng_rows": deng_rows, "forrest_rows": forrest_rows, "table_of": table_of,
        "facts_for": facts_for, "ratio_row": ratio_row, "difference_row": difference_row,
        "flow_rows": flow_rows, "mean_rows": mean_rows,
    }  # fmt: skip
    return type("Made", (), {name: staticmethod(maker) for name, maker in makers.items()})
