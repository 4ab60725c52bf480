"""Every table's numbers of people add up: nobody is lost between a table and the cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import pandas as pd
import pytest


class Sums:
    """The results of one run, and the numbers of people that their tables must add up to."""

    def __init__(self, results: pd.DataFrame) -> None:
        self.parts = {str(name): rows for name, rows in results.groupby("analysis", sort=False)}
        self.none = results.iloc[:0]
        flow = results[(results["analysis"] == "flow") & (results["measure"] == "remaining")]
        self.cohort = flow["estimate"].iloc[-1]
        self.before = flow["estimate"].iloc[-2:].max()
        counted = results[results["analysis"] == "compared"]
        self.outcomes = counted.pivot_table(index="outcome", columns="measure", values="n")

    def of(self, analysis: str) -> pd.DataFrame:
        """Rows of one analysis that count people."""
        rows = self.parts.get(analysis, self.none)
        return rows[rows["n"].notna()]

    def compared(self, outcome: str) -> float:
        """People with an outcome and those compared; the cohort for a continuous one."""
        if outcome not in self.outcomes.index:
            return self.cohort
        return self.outcomes.loc[outcome, ["events", "against"]].sum()

    def aside(self, outcome: str) -> float:
        """People whose outcome is neither, or not known."""
        return self._aside.get(outcome, 0.0)

    @cached_property
    def _aside(self) -> dict[str, float]:
        if self.outcomes.empty:
            return {}
        return self.outcomes[["neither", "unknown"]].sum(axis=1).to_dict()


Found = Iterator[tuple[str, float, float]]
"""What is added up, its sum, and what the sum must be."""


def by(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[str, pd.DataFrame]]:
    for key, group in rows.groupby(list(columns), sort=False, dropna=False):
        yield f"{rows['analysis'].iloc[0]} {key}", group


def in_flow(sums: Sums) -> Found:
    rows = sums.of("flow")
    people = {name: rows[rows["measure"] == name] for name in ("remaining", "excluded")}
    first = people["remaining"]["n"].iloc[0]
    yield "flow", people["excluded"]["n"].sum() + people["remaining"]["n"].iloc[-1], first


def missing(sums: Sums) -> Found:
    for row in sums.of("missing").itertuples():
        yield f"missing {row.level}, of whom", row.n, sums.before
        if (row.level, row.measure) == ("any", "missing"):
            yield "missing any", row.n - row.estimate, sums.cohort


def dose_groups(sums: Sums) -> Found:
    rows = sums.of("groups")
    for key, group in by(rows, "exposure", "measure"):
        yield key, group["n"].sum(), sums.cohort


def characteristics(sums: Sums) -> Found:
    rows = sums.of("table1")
    for key, group in by(rows, "outcome", "level", "measure"):
        whole = group[group["stratum_level"] == "all"]["n"].sum()
        yield key, group[group["stratum_level"] != "all"]["n"].sum(), whole


def outcomes_known(sums: Sums) -> Found:
    for analysis in ("prevalence", "mean"):
        for key, group in by(sums.of(analysis), "outcome", "measure"):
            outcome = group["outcome"].iloc[0]
            unknown = sums.outcomes["unknown"].get(outcome, 0.0)
            yield f"{key} all", group[group["stratum"] == ""]["n"].sum() + unknown, sums.cohort
            yield key, group[group["stratum"] == "dose"]["n"].sum() + unknown, sums.cohort


def adjusted(sums: Sums) -> Found:
    rows = sums.of("adjusted")
    for key, group in by(rows, "stratum", "outcome", "model"):
        tests = group["measure"] == "p_overall"
        aside = group[group["measure"] == "people"]["n"].sum()
        yield key, group[~tests]["n"].sum(), sums.cohort
        if group["note"].eq("").all() and tests.any():
            yield f"{key} test", group[tests]["n"].sum() + aside, sums.cohort


def compared(sums: Sums) -> Found:
    for key, group in by(sums.of("compared"), "outcome"):
        yield key, group["n"].sum(), sums.cohort


def by_outcome(sums: Sums) -> Found:
    rows = sums.of("exposure_by_outcome")
    for key, group in by(rows, "exposure", "outcome"):
        outcome = group["outcome"].iloc[0]
        aside = sums.aside(outcome)
        yield key, group[group["measure"] == "mean"]["n"].sum() + aside, sums.cohort
        yield key, group[group["measure"] == "difference"]["n"].sum() + aside, sums.cohort


def levels(sums: Sums) -> Found:
    for analysis in ("odds_ratio", "linear"):
        for key, group in by(sums.of(analysis), "model", "outcome", "exposure"):
            yield key, group["n"].sum() + sums.aside(group["outcome"].iloc[0]), sums.cohort


def whole(sums: Sums) -> Found:
    """Rows of a whole model: all who are compared, unless a note says who is left out."""
    for analysis in WHOLE:
        rows = sums.of(analysis)
        for row in rows[~_of_groups(rows)].itertuples():
            if not row.note:
                told = f"{analysis} {row.outcome} {row.model} {row.exposure} {row.contrast}"
                yield told, row.n + sums.aside(row.outcome), sums.cohort


def _of_groups(rows: pd.DataFrame) -> pd.Series:
    """Which rows are of a group: their level is neither empty nor a value of a measure."""
    named = rows["level"].ne("") & pd.to_numeric(rows["level"], errors="coerce").isna()
    return named & rows["measure"].isin(["OR", "difference"])


def parts_of_interactions(sums: Sums) -> Found:
    """Halves of two intakes, and slopes within groups: together all who are compared."""
    for analysis in ("interaction", "slope"):
        rows = sums.of(analysis)
        for key, group in by(rows[_of_groups(rows)], "stratum", "outcome", "contrast", "exposure"):
            yield key, group["n"].sum() + sums.aside(group["outcome"].iloc[0]), sums.cohort


def several_logits(sums: Sums) -> Found:
    rows = sums.of("multinomial")
    for key, group in by(rows[rows["measure"] == "OR"], "stratum", "outcome"):
        yield key, group["n"].sum(), _of_all_categories(sums, rows, group["stratum"].iloc[0])


def _of_all_categories(sums: Sums, rows: pd.DataFrame, section: str) -> float:
    """All events and the one group that they share, once."""
    outcomes = rows[(rows["stratum"] == section) & (rows["measure"] == "OR")]["outcome"].unique()
    counts = sums.outcomes.loc[outcomes]
    assert counts["against"].nunique() == 1
    return counts["events"].sum() + counts["against"].iloc[0]


def joint(sums: Sums) -> Found:
    for key, group in by(sums.of("joint"), "stratum", "contrast", "outcome"):
        yield key, group["n"].sum() + sums.aside(group["outcome"].iloc[0]), sums.cohort


def strata(sums: Sums) -> Found:
    rows = sums.of("stratum")
    for key, group in by(rows, "stratum", "outcome", "exposure"):
        inside = group[group["measure"].isin(["OR", "difference"]) & group["level"].ne("")]
        # Of no known part, and of a known part but not compared; both are people of the cohort.
        people = group[group["measure"] == "people"]["n"].sum()
        yield key, inside["n"].sum() + people, sums.cohort
        for part, mine in by(inside, "stratum_level"):
            of_part = group["stratum_level"] == mine["stratum_level"].iloc[0]
            lines = group[of_part & group["level"].eq("") & group["measure"].ne("people")]
            for row in lines.itertuples():
                if not row.note:
                    yield f"{part} {row.measure}", row.n, mine["n"].sum()


PLACE = ["outcome", "level", "exposure", "model"]


def of_main(sums: Sums, row: pd.Series) -> float:
    """People of the same group of the main analysis."""
    same = sums.of("odds_ratio")
    for column in PLACE:
        same = same[same[column] == row[column]]
    return same["n"].sum()


def e_values(sums: Sums) -> Found:
    for key, group in by(sums.of("e_value"), *PLACE):
        yield key, group["n"].sum(), of_main(sums, group.iloc[0])


def left_out(sums: Sums) -> Found:
    """Each cycle is left out once: a group's people stand in all sums but one."""
    rows = sums.of("leave_one_out")
    tests = rows["measure"] == "p_heterogeneity"
    for key, group in by(rows[~tests], *PLACE):
        yield key, group["n"].sum(), (len(group) - 1) * of_main(sums, group.iloc[0])
    for key, group in by(rows[tests & rows["note"].eq("")], "outcome"):
        yield f"{key} test", group["n"].sum(), sums.compared(group["outcome"].iloc[0])


def controls(sums: Sums) -> Found:
    rows = sums.of("negative_control")
    rows = rows[rows["measure"].isin(["OR", "difference"])]
    for key, group in by(rows, "stratum", "outcome", "exposure"):
        if group["note"].eq("").all():
            yield key, group["n"].sum() + sums.aside(group["outcome"].iloc[0]), sums.cohort


def imputed(sums: Sums) -> Found:
    """At least all who are in complete cases; the others are those before that step."""
    for key, group in by(sums.of("imputed"), "outcome"):
        levels = group[group["measure"].isin(["OR", "difference"])]
        people, complete = levels["n"].sum(), sums.compared(group["outcome"].iloc[0])
        for row in group[group["measure"].isin(["imputations", "iterations"])].itertuples():
            yield f"{key} {row.measure}", row.n, people
        yield f"{key} at least", min(people, complete), complete
        yield f"{key} at most", max(people, sums.before), sums.before


def specifications(sums: Sums) -> Found:
    """No more than the cohort, and all who are compared where nothing is changed."""
    rows = sums.of("specification")
    for key, group in by(rows, "outcome"):
        most = sums.compared(group["outcome"].iloc[0])
        base = group[group["stratum_level"] == "s0001"]["n"].sum()
        yield f"{key} base", base, most
        yield f"{key} most", max(group["n"].max(), sums.cohort), sums.cohort
    base = sums.of("one_choice")
    for key, group in by(base[base["stratum"] == "base"], "outcome"):
        yield key, group["n"].sum(), sums.compared(group["outcome"].iloc[0])


WHOLE = ("coefficient", "trend", "per_unit", "spline", "interaction", "slope")

RULES: dict[Callable[[Sums], Found], tuple[str, ...]] = {
    in_flow: ("flow",),
    missing: ("missing",),
    dose_groups: ("groups",),
    characteristics: ("table1",),
    outcomes_known: ("prevalence", "mean"),
    adjusted: ("adjusted",),
    compared: ("compared",),
    by_outcome: ("exposure_by_outcome",),
    levels: ("odds_ratio", "linear"),
    whole: WHOLE,
    parts_of_interactions: ("interaction", "slope"),
    several_logits: ("multinomial",),
    joint: ("joint",),
    strata: ("stratum",),
    e_values: ("e_value",),
    left_out: ("leave_one_out",),
    controls: ("negative_control",),
    imputed: ("imputed",),
    specifications: ("specification", "one_choice"),
}
"""How the people of each analysis add up. An analysis that counts people must be in one."""


def wrong(results: pd.DataFrame, only: str = "") -> list[str]:
    """Say which tables do not add up, and which analyses no rule adds up.

    By the rules of one analysis only, if it is named.
    """
    sums = Sums(results)
    known = {analysis for analyses in RULES.values() for analysis in analyses}
    counting = set(results.loc[results["n"].notna(), "analysis"])
    found = [f"no rule adds up the people of '{name}'" for name in sorted(counting - known)]
    for rule, analyses in RULES.items():
        if only and only not in analyses:
            continue
        found += [f"{what}: {n:g}, not {of:g}" for what, n, of in rule(sums) if n != of]
    return found


def read(folder) -> pd.DataFrame:
    table = pd.read_csv(folder / "results.csv", keep_default_na=False, na_values={"n": [""]})
    table["estimate"] = pd.to_numeric(table["estimate"])
    return table


@pytest.fixture(scope="module")
def results(artificial_run) -> pd.DataFrame:
    return read(artificial_run / "reports" / "deng_2013-synthetic")


def test_every_table_adds_up_to_the_cohort(results):
    assert wrong(results) == []


@pytest.mark.real_data
def test_every_table_of_the_real_cohort_adds_up(real_run):
    assert wrong(read(real_run("deng_2013"))) == []


SUMMED = sorted({name for analyses in RULES.values() for name in analyses})


@pytest.mark.parametrize("analysis", SUMMED)
def test_a_lost_person_is_noticed(results, analysis):
    rows = results.index[(results["analysis"] == analysis) & results["n"].notna()]
    rows = [row for row in rows if not results.loc[row, "note"]]
    if not rows:
        pytest.skip(f"the run has no rows of {analysis}")
    lost = results["n"].where(results.index != rows[0], results["n"] - 1)
    told = wrong(results.assign(n=lost), analysis)
    assert any(each.startswith(analysis) for each in told)


def test_an_analysis_without_a_rule_is_noticed(results):
    other = results.iloc[:1].assign(analysis="something_new", n=5.0)
    told = wrong(pd.concat([results, other], ignore_index=True))
    assert told == ["no rule adds up the people of 'something_new'"]
