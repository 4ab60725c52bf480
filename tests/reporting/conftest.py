"""A made-up results table in the form of the real one, and the facts that go with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.cohort.measures import MEASURES
from analysis.models.results import tidy
from analysis.reporting import RunFacts, build
from analysis.reporting.document import Report
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


CHOICES = {
    "scale": ("Scale of 25(OH)D", {"ria": "As published (RIA)", "today": "Today's scale"}),
    "vitamin_d_intake": (
        "Adjustment for vitamin D intake",
        {"none": "None", "food": "From food", "both": "From food and supplements"},
    ),
    "age": ("Age range", {"from_20": "20 years or over", "from_40": "40 years or over"}),
    "energy": (
        "Energy adjustment",
        {"standard": "Energy as a covariate", "residual": "Residual method", "density": "Density"},
    ),
}
"""Choices of a made-up specification curve: their labels, and those of their options."""

MOVES = {"today": 0.05, "food": 0.2, "both": 0.5, "from_40": -0.1, "residual": 0.04, "density": 0.1}
"""What an option adds to the log odds ratio."""


def choices(of: Mapping[str, Any] | None = None) -> Any:
    """The part of a study file that names the choices."""
    found = []
    for name, (label, options) in (of or CHOICES).items():
        made = tuple(SimpleNamespace(name=n, label=text) for n, text in options.items())
        found.append(SimpleNamespace(name=name, label=label, options=made))
    return SimpleNamespace(choices=tuple(found))


def specification_rows(of: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Every combination of the options, its summary, and one option changed at a time."""
    options = {name: tuple(labels) for name, (_, labels) in (of or CHOICES).items()}
    base = {name: first for name, (first, *_) in options.items()}
    for start, outcome in ((-0.75, "deficiency"), (-0.4, "insufficiency")):
        curve = list(_combinations(options, outcome, start))
        yield from (row for _, row in curve)
        shared = {"analysis": "specification_summary", "outcome": outcome, "level": "Q4"}
        for row in _summary(curve, options):
            yield {**shared, "reference": "Q1", "exposure": EXPOSURE, **row}
        where = {"analysis": "one_choice", "contrast": ""}
        for taken, row in curve:
            changed = [name for name in options if taken[name] != base[name]]
            if len(changed) < 2:
                name = changed[0] if changed else "base"
                level = taken[name] if changed else ""
                yield {**row, **where, "stratum": name, "stratum_level": level}


def _combinations(
    options: Mapping[str, Sequence[str]], outcome: str, start: float
) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    for number, names in enumerate(product(*options.values()), 1):
        taken = dict(zip(options, names, strict=True))
        # A little beside the sum of its options' shares, and the same on every run.
        log_odds = start + sum(MOVES.get(n, 0.0) for n in names) + 0.05 * math.sin(7 * number)
        yield taken, ratio_row(
            log_odds, 0.16 + 0.03 * math.sin(number), analysis="specification", outcome=outcome,
            level="Q4", reference="Q1", stratum="specification", stratum_level=f"s{number:04}",
            n=9000 - number % 50, events=900 - number % 50, model="full",
            contrast="; ".join(f"{name}={option}" for name, option in taken.items()),
        )  # fmt: skip


def _summary(
    curve: Sequence[tuple[dict[str, str], dict[str, Any]]], options: Mapping[str, Sequence[str]]
) -> Iterator[dict[str, Any]]:
    logs = np.log([row["estimate"] for _, row in curve])
    low, high = (np.array([row[c] for _, row in curve]) for c in ("conf_low", "conf_high"))
    shares = {
        "share_inverse": logs < 0, "share_inverse_significant": high < 1,
        "share_positive_significant": low > 1,
    }  # fmt: skip
    yield {"measure": "specifications", "estimate": len(curve)}
    yield {"measure": "no_estimate", "estimate": 0}
    for measure, holds in shares.items():
        yield {"measure": measure, "estimate": float(holds.mean())}
    for level in (5, 25, 50, 75, 95):
        quantile = math.exp(np.percentile(logs, level))
        yield {"measure": "quantile", "level": f"p{level:02}", "estimate": quantile}
    for choice, names in options.items():
        has = {name: np.array([taken[choice] == name for taken, _ in curve]) for name in names}
        means = np.array([logs[mine].mean() for mine in has.values()])
        explained = sum(
            mine.sum() * (logs[mine].mean() - logs.mean()) ** 2 for mine in has.values()
        )
        of_choice = {"stratum": choice}
        total = ((logs - logs.mean()) ** 2).sum()
        yield {**of_choice, "measure": "variance_share", "estimate": explained / total}
        yield {**of_choice, "measure": "ratio", "estimate": math.exp(means.max() - means.min())}
        for name, mine in has.items():
            at = {**of_choice, "stratum_level": name}
            yield {**at, "measure": "median", "estimate": math.exp(np.median(logs[mine]))}
            for measure in ("share_inverse", "share_inverse_significant"):
                yield {**at, "measure": measure, "estimate": float(shares[measure][mine].mean())}


def compared_rows() -> Iterator[dict[str, Any]]:
    """Who is compared, and what they take; people add up to the 11,490 of the flow."""
    for outcome, (share, _) in OUTCOMES.items():
        events, unknown = round(share * 11490), 12
        neither = 2000 if outcome == "deficiency" else 0
        counts = {"events": events, "against": 11490 - events - unknown - neither}
        for measure, people in {**counts, "neither": neither, "unknown": unknown}.items():
            row = {"analysis": "compared", "outcome": outcome, "measure": measure, "n": people}
            yield {**row, "estimate": people, "unit": "people"}
        where = {
            "analysis": "exposure_by_outcome", "outcome": outcome, "unit": "mg/day",
            "exposure": EXPOSURE,
        }  # fmt: skip
        for level, mean in (("event", 262.4), ("against", 291.7)):
            yield {
                **where, "level": level, "measure": "mean", "estimate": mean, "n": 4000,
                "conf_low": mean - 6.1, "conf_high": mean + 6.1, "std_error": 3.0, "df": 46,
            }  # fmt: skip
        difference = difference_row(-29.3, 4.1, **where, level="event", p_value=0.0001, n=8000)
        yield difference | {"contrast": "event vs against", "reference": "against"}


NEGATIVE = SimpleNamespace(
    negative_exposure=SimpleNamespace(
        measure="lutein_dietary", groups=4, reason="It comes with the same foods, and has no way "
        "to 25(OH)D",
    ),
    negative_outcome=SimpleNamespace(
        name="current_smoking", label="Current smoking", reason="Intake does not make smokers.",
    ),
)  # fmt: skip
"""The part of a study file that asks for negative controls."""


def confounding_rows() -> Iterator[dict[str, Any]]:
    """E-values, negative controls, and the estimates without each cycle."""
    full = {"model": "full", "exposure": EXPOSURE}
    for outcome in ("deficiency", "insufficiency"):
        for level, found in (("Q2", 1.5), ("Q3", 1.9), ("Q4", 2.4)):
            yield {
                **full, "analysis": "e_value", "measure": "e_value", "outcome": outcome,
                "level": level, "estimate": found, "conf_low": found - 0.5, "reference": "Q1",
                "contrast": "odds ratio taken as risk ratio (rare)",
            }  # fmt: skip
        yield from _groups_of("exposure", "lutein_dietary", outcome, -0.2, 0.05)
        for number, cycle in enumerate(("2001-2002", "2003-2004", "2005-2006")):
            yield ratio_row(
                -0.3 - 0.1 * number, 0.15, **full, analysis="leave_one_out", outcome=outcome,
                level="Q4", reference="Q1", stratum="cycle left out", stratum_level=cycle,
                n=7000 + number, events=700,
            )  # fmt: skip
        yield {
            **full, "analysis": "leave_one_out", "measure": "p_heterogeneity", "outcome": outcome,
            "p_value": 0.41, "statistic": 0.9, "df": 46, "stratum": "cycle left out",
        }  # fmt: skip
    yield from _groups_of("outcome", EXPOSURE, "current_smoking", -0.02, 0.1)


def _groups_of(
    side: str, exposure: str, outcome: str, slope: float, error: float
) -> Iterator[dict[str, Any]]:
    for position, group in enumerate(GROUPS):
        at = {
            "analysis": "negative_control", "model": "full", "exposure": exposure, "level": group,
            "outcome": outcome, "reference": "Q1", "stratum": side, "n": 2000, "events": 300,
        }  # fmt: skip
        if position:
            yield ratio_row(slope * position, error, **at | {"exposure": exposure})
        else:
            yield {**at, "measure": "OR", "estimate": 1.0}


def imputed_rows() -> Iterator[dict[str, Any]]:
    """Estimates pooled over imputed sets."""
    for outcome in ("deficiency", "insufficiency"):
        where = {
            "analysis": "imputed", "model": "full", "exposure": EXPOSURE,
            "outcome": outcome,
        }  # fmt: skip
        for position, group in enumerate(GROUPS):
            at = {**where, "level": group, "reference": "Q1", "n": 3100, "events": 380}
            if position:
                yield ratio_row(-0.15 * position, 0.1, **at) | {"df": 41.27}
                yield {**at, "measure": "fmi", "estimate": 0.043 * position}
            else:
                yield {**at, "measure": "OR", "estimate": 1.0}
        for measure, number in (("imputations", 20), ("iterations", 10)):
            yield {**where, "measure": measure, "estimate": number}


def counted_tables() -> dict[str, pd.DataFrame]:
    """How supplements and foods were counted, in two cycles."""
    supplements = [
        (cycle, step, rule, f"What {rule} means.", nutrient, 20, records, records // 2)
        for cycle in ("2001-2002", "2003-2004")
        for step, rule, nutrient, records in (
            ("outcome", "computed", "", 7375), ("outcome", "no days", "", 1448),
            ("outcome", "refused", "", 9), ("unit", "same", "", 7371),
            ("origin", "own line", "magnesium", 2617), ("origin", "own line", "calcium", 4137),
            ("detail", "default product", "", 1217),
        )
    ]  # fmt: skip
    foods = [
        (cycle, 1, match, f"What {match} means.", 300, records, 1e6, 5e4)
        for cycle in ("2001-2002", "2003-2004")
        for match, records in (("own", 136858), ("nearest", 3959), ("none", 0))
    ]
    columns = ["cycle", "step", "rule", "meaning", "nutrient", "products", "records", "people"]
    of_foods = ["cycle", "day", "match", "meaning", "codes", "records", "grams", "amount"]
    return {
        "supplements": pd.DataFrame(supplements, columns=columns),
        "foods": pd.DataFrame(foods, columns=of_foods),
    }


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


def whole_run(of: Mapping[str, Any] | None = None) -> tuple[pd.DataFrame, RunFacts]:
    """A run of a study that also asks what its estimates hang on."""
    facts = facts_for("deng_2013")
    asked = {
        "specifications": choices(of), "confounding": NEGATIVE,
        "imputation": SimpleNamespace(auxiliary=("sex", "season"), model=None),
    }  # fmt: skip
    study = facts.study.model_copy(update=asked)
    rows = [
        *deng_rows(), *compared_rows(), *specification_rows(of), *confounding_rows(),
        *imputed_rows(),
    ]  # fmt: skip
    return table_of(rows, "deng_2013"), replace(facts, study=study, counted=counted_tables())


@pytest.fixture
def whole() -> tuple[pd.DataFrame, RunFacts]:
    """A run of a study with every kind of row."""
    return whole_run()


@pytest.fixture(scope="session")
def built() -> dict[str, tuple[pd.DataFrame, Report]]:
    """Results and reports of a run with every kind of row, and of one without an exposure."""
    runs = {
        "whole": whole_run(),
        "forrest_2011": (table_of(forrest_rows(), "forrest_2011"), facts_for("forrest_2011")),
    }
    return {name: (run[0], build(*run)) for name, run in runs.items()}


@pytest.fixture
def made() -> Any:
    """The makers above, for tests that change a row or a fact."""
    makers: dict[str, Callable[..., Any]] = {
        "deng_rows": deng_rows, "forrest_rows": forrest_rows, "table_of": table_of,
        "facts_for": facts_for, "ratio_row": ratio_row, "difference_row": difference_row,
        "flow_rows": flow_rows, "mean_rows": mean_rows, "whole_run": whole_run,
        "choices": choices, "specification_rows": specification_rows,
    }  # fmt: skip
    return type("Made", (), {name: staticmethod(maker) for name, maker in makers.items()})
