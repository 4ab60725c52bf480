"""What accounts for every number of a report that is not a value out of the results.

It must be part of what the study, the measures or the results call something by, stand in a table
of facts, be a constant that is listed here, or be a count that is made again here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import pandas as pd
from printed import (
    COUNTS,
    SHARES,
    WORDS,
    is_printed,
    labels,
    leaves,
    loose,
    numbers_in,
    said,
    strings_of,
    wrong_value,
)

from analysis.cohort.weights import WEIGHTS
from analysis.reporting import RunFacts, build
from analysis.reporting.citations import CITED
from analysis.reporting.document import Report, Table

CONSTANTS = {
    "confidence": r"95% (CI|confidence intervals?|intervals?|band)|\(95% CI",
    "no association": (
        r"\b(below|above|excludes?|holds?|of|around|is|lies|farther from) [01](?!\.?\d)"
        r"|(^|, )[01] \(reference\)|\bare 0, and S is 1"
    ),
    "settled": r"\bP below 0\.05\b",
    "all": r"\bto 100%",
    "few people": r"\bFewer than 200 people\b",
    "percentiles": r"\b(1st (and|to) (its )?99th|5th to its 95th) percentiles?\b|\b1st and 99th\b",
    "rare": r"\bless than 15% of those\b",
    "E-value": r"R \+ √\(R\(R − 1\)\)",
    "biomarker": r"25\(OH\)D",
    "other names": r"SHA-256|CKD-EPI \d+",
    "items of a checklist": r"^\d+[a-e]?$|\bnut-\d+(\.\d)?",
    "beyond what is printed": r">999\b|<0\.001\b",
    # Held against the list of references by test_citations.
    "publications": "|".join(rf"{re.escape(each[:-5])} \(?{each[-4:]}\)?" for each in CITED),
    "a substance": r"25-hydroxyvitamin|A1c",
}
"""What a report says of numbers whatever the study is."""


def same_years(run: Run, found: re.Match[str]) -> bool:
    """Whether a year, or both of a span, are in the names of the cycles."""
    return set(re.findall(r"\d{4}", found[0])) <= run.years


def counted(count: Callable[[Run], object]) -> Callable[[Run, re.Match[str]], bool]:
    """Hold the number that was found against a count, or against one of several."""

    def agrees(run: Run, found: re.Match[str]) -> bool:
        wanted = run.made.setdefault(count, None) or count(run)
        run.made[count] = wanted
        number = int(found["n"].replace(",", ""))
        return number in wanted if isinstance(wanted, set) else number == wanted

    return agrees


@dataclass(frozen=True)
class Run:
    """A report with what it was made from."""

    results: pd.DataFrame
    facts: RunFacts

    @cached_property
    def made(self) -> dict[Any, Any]:
        """Counts that were made before."""
        return {}

    @cached_property
    def report(self) -> Report:
        return build(self.results, self.facts)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        return self.results.to_dict("records")

    @cached_property
    def labels(self) -> re.Pattern[str]:
        printed = "\n".join(loose(told.text) for told in said(self.report))
        return labels(self.results, self.facts, printed)

    @cached_property
    def years(self) -> set[str]:
        published = [getattr(each, "cycles", ()) for each in self.facts.study.references]
        cycles = (*self.facts.cycles, *chain.from_iterable(published))
        return {year for cycle in cycles for year in cycle.split("-")}

    @cached_property
    def names(self) -> set[str]:
        """Names with a digit in them: of variables, files, groups and weights."""
        words = " ".join((self.facts.checks.to_csv(sep=" "), *strings_of(self.facts.study)))
        words += " ".join(str(v) for c in (*WORDS, "weight") for v in self.results[c].unique())
        words += " ".join(
            variable
            for weight in WEIGHTS.values()
            for source in (*weight.sources.values(), *weight.four_years.values())
            for variable in source.columns["weight"]
        )
        return set(re.findall(r"\b[A-Z]\w*\d\w*\b", words))

    @cached_property
    def specified(self) -> set[float]:
        """Every number in the study file, alone or in an expression."""
        return {abs(number) for word in leaves(self.facts.study) for number, _ in numbers_in(word)}

    def of(self, **equal: str) -> pd.DataFrame:
        """Rows of the results with these values."""
        found = self.results
        for column, value in equal.items():
            found = found[found[column] == value]
        return found

    def strata(self) -> set[int]:
        """How many strata each outcome has, and how many of them an estimate."""
        rows = self.of(analysis="stratum")
        rows = rows[rows["measure"].isin(["OR", "difference"]) & rows["level"].ne("")]
        rows = rows[rows["level"].ne(rows["reference"])]
        found = set()
        for _, mine in rows.groupby("outcome"):
            ends = mine.drop_duplicates(["stratum", "stratum_level"], keep="last")
            none = 1.0 if ends["measure"].iloc[0] == "OR" else 0.0
            below, above = ends["conf_high"] < none, ends["conf_low"] > none
            known = int(ends["conf_low"].notna().sum())
            found |= {len(ends), known, int(below.sum()), int(above.sum())}
        return found

    def tests_of_strata(self) -> set[int]:
        """How many tests of interaction each outcome has, and how many below 0.05."""
        rows = self.of(analysis="stratum", measure="p_interaction")
        rows = rows[rows["contrast"].str.startswith("group medians x ") & rows["p_value"].notna()]
        found = set()
        for _, mine in rows.groupby("outcome"):
            found |= {len(mine), int((mine["p_value"] < 0.05).sum())}
        return found

    def tested(self) -> set[int]:
        """One less than the levels of each division that a test of interaction may be about."""
        rows = self.of(analysis="stratum")
        rows = rows[rows["measure"].isin(["OR", "difference"]) & rows["level"].ne("")]
        levels = rows.groupby(["outcome", "stratum"])["stratum_level"].nunique()
        return {fewer for number in levels for fewer in range(1, number)}

    def states(self) -> set[int]:
        """How many items of the checklists there are, and how many in each state."""
        cells = [
            row[2].text.plain
            for section in self.report.sections if section.key == "checklist"
            for block in section.blocks if isinstance(block, Table)
            for group in block.groups for row in group.rows
        ]  # fmt: skip
        return {len(cells), *(cells.count(state) for state in cells)}

    def compared(self) -> set[int]:
        """How many estimates and tests each analysis has, without those of the reference."""
        found: set[int] = set()
        for _, rows in self.results.groupby("analysis"):
            kept = rows[rows["measure"].ne("unweighted_proportion") & rows["measure"].ne("people")]
            tests = kept["measure"].str.startswith("p_")
            own = kept["reference"].ne(kept["level"]) | kept["level"].eq("")
            both = kept["level"] + ", " + kept["stratum_level"]
            own &= kept["reference"].ne(both)
            found.add(int((tests & kept["p_value"].notna()).sum()
                          + (~tests & own & kept["estimate"].notna()).sum()))  # fmt: skip
        return found

    def groups(self) -> set[int]:
        """How many groups an outcome is compared over."""
        rows = self.results[self.results["analysis"].isin(["prevalence", "mean"])]
        rows = rows[rows["measure"].isin(["proportion", "mean"]) & rows["estimate"].notna()]
        rows = rows[~rows["stratum_level"].isin(["all", ""])]
        return {len(mine) for _, mine in rows.groupby(["analysis", "outcome"])}

    def places(self) -> set[int]:
        """The places of the base specification among all, an outcome each."""
        found = set()
        for _, base in self.of(analysis="one_choice", stratum="base").iterrows():
            curve = self.of(analysis="specification", outcome=base["outcome"])
            found.add(1 + int((curve["estimate"] < base["estimate"]).sum()))
        return found

    def groups_of_controls(self) -> set[int]:
        """Places of the groups of negative controls."""
        return set(range(1, 1 + self.of(analysis="negative_control")["level"].nunique()))

    def unknown(self) -> set[int]:
        """In how many of the people analysed each outcome is not known."""
        flow = self.of(analysis="flow", measure="remaining")["estimate"]
        rows = self.of(stratum_level="all")
        rows = rows[rows["analysis"].isin(["prevalence", "mean"]) & rows["n"].notna()]
        return {int(flow.iloc[-1] - n) for n in rows["n"]} if len(flow) else set()

    def curve(self) -> set[int]:
        """How many specifications each outcome has, and of how many an estimate."""
        rows = self.of(analysis="specification")
        known = rows[rows["estimate"].notna()]
        return {*rows.groupby("outcome").size(), *known.groupby("outcome").size()}

    def not_estimated(self) -> set[int]:
        """Of how many specifications of each outcome there is no estimate."""
        rows = self.of(analysis="specification")
        return {int(n) for n in rows["estimate"].isna().groupby(rows["outcome"]).sum()}

    def excluded(self) -> set[int]:
        """How many specifications of each outcome exclude 1, on either side."""
        rows = self.of(analysis="specification")
        rows = rows[rows["estimate"].notna()]
        sides = (rows["conf_high"] < 1, rows["conf_low"] > 1)
        return {int(n) for side in sides for n in side.groupby(rows["outcome"]).sum()}

    def halves(self) -> set[float]:
        """Of the lower half of each curve, how many per cent have each option."""
        found = set()
        for _, rows in self.of(analysis="specification").groupby("outcome"):
            known = rows[rows["estimate"].notna()].sort_values("estimate", kind="stable")
            lower = known["contrast"].iloc[: len(known) // 2].str.split("; ").explode()
            found |= {round(100 * n / (len(known) // 2), 1) for n in lower.value_counts()}
        return found | {0.0}

    def verdicts(self) -> set[int]:
        """How many verdicts there are: of each kind, and by the agreement asked for."""
        table = self.facts.verdicts
        found = {len(table)}
        for columns in (["verdict"], ["verdict", "kind"]):
            found |= set(table.groupby(columns).size()) if len(table) else set()
        return found

    def in_direction(self) -> tuple[int, int]:
        kinds = self.facts.verdicts["kind"].astype(str)
        return int((kinds == "direction").sum()), len(kinds)

    def checked(self) -> set[int]:
        checks = self.facts.checks
        return {len(checks), checks["table"].nunique(), *checks["verdict"].value_counts()}

    def choices(self) -> int:
        return len(self.facts.study.specifications.choices)


COUNTS_MADE: Mapping[str, tuple[str, Callable[[Run, re.Match[str]], bool]]] = {
    "years": (r"\b\d{4}(?:[–-]\d{4})?\b", same_years),
    "verdicts": (
        r"(?P<n>\d+) (?:published findings|(?:is|are) (?:not )?reproduced|cannot be judged"
        r"|match|lies? within|agrees?)",
        counted(Run.verdicts),
    ),
    "published in direction": (
        r"(?:(?P<n>\d+) of the|all) (?P<all>\d+) can be compared in direction only",
        lambda run, found: (
            (int(found["n"] or found["all"]), int(found["all"])) == run.in_direction()
        ),
    ),
    "groups compared": (r"Of the (?P<n>\d+) groups compared", counted(Run.groups)),
    "place of the base": (
        r"(?P<n>\d[\d,]*)(?:st|nd|rd|th) lowest|number (?P<m>\d[\d,]*) from the lowest",
        lambda run, found: int((found["n"] or found["m"]).replace(",", "")) in run.places(),
    ),
    "curve": (r"(?P<n>\d[\d,]*) odds ratios from", counted(Run.curve)),
    "intervals of the curve": (
        r"wholly (?:below|above) 1 in (?P<n>\d[\d,]*)",
        counted(Run.excluded),
    ),
    "options of the curve": (
        r"in the lower half of the curve: (?P<shares>(?:[^.]|\.\d)*)\.",
        lambda run, found: (
            {n for n, _ in numbers_in(" ".join(re.findall(r"[\d.]+%", found[0])))} <= run.halves()
        ),
    ),
    "choices": (r"combination of (?P<n>\d+) choices", counted(Run.choices)),
    "specifications": (
        r"(?P<n>\d[\d,]*) combinations of choices",
        counted(Run.curve),
    ),
    "specifications without an estimate": (
        r"(?P<n>\d[\d,]*) without an estimate",
        counted(Run.not_estimated),
    ),
    "strata": (
        r"(?P<n>\d+) strata(?= with|, the highest| the highest)|wholly (?:below|above) [01] in "
        r"(?P<m>\d+)",
        lambda run, found: int(found["n"] or found["m"]) in run.strata(),
    ),
    "tests within strata": (
        r"(?P<n>\d+) tests of interaction|(?<=of interaction, )(?P<m>\d+)(?= ha(?:s|ve) P)",
        lambda run, found: int(found["n"] or found["m"]) in run.tests_of_strata(),
    ),
    "checklist": (
        r"Of the (?P<n>\d+), |(?P<m>\d+) (?:(?:is|are) (?:answered|left)|do(?:es)? not apply)",
        lambda run, found: int(found["n"] or found["m"]) in run.states(),
    ),
    "comparisons": (
        r"(?P<n>\d[\d,]*) "
        r"(?:odds ratio|difference|estimate|test|prevalence|mean|joint|crude (?:and|or) adjusted)",
        counted(Run.compared),
    ),
    "codebooks": (
        r"(?P<n>\d[\d,]*) (?:variables?|tables?|equal to it|differ from it|without counts in it)",
        counted(Run.checked),
    ),
    "cycles": (
        r"(?P<n>\d+)(?= cycles?\b|, the number of cycles)",
        counted(lambda run: len(run.facts.cycles)),
    ),
    "shared weight": (
        r"(?:/ (?P<n>\d+)|× (?P<m>\d+)|times (?P<o>\d+))(?=$|;| in )",
        lambda run, found: (
            int(found["n"] or found["m"] or found["o"]) in {2, len(run.facts.cycles)}
        ),
    ),
    "sampling units": (
        r"(?P<n>\d[\d,]*) (?:sampling units?|in \d+ strat)",
        counted(lambda run: run.facts.n_psu),
    ),
    "degrees of freedom": (
        r"^(?P<n>\d+)$",
        counted(lambda run: run.facts.n_psu - run.facts.n_strata),
    ),
    "groups in their order": (
        r"^Group (?P<n>\d+)$",
        lambda run, found: (
            int(found["n"]) <= run.of(analysis="negative_control")["level"].nunique()
        ),
    ),
    "percentiles of a curve": (
        r"^Percentile (?P<n>\d+)$",
        lambda run, found: f"p{int(found['n']):02}" in set(run.results["level"]),
    ),
    "people of whom an outcome is unknown": (
        r" in (?P<n>\d[\d,]*)(?=,| and | of the ◆ people)",
        counted(Run.unknown),
    ),
    "joint groups": (
        r"(?P<n>\d+)\s×\s(?P<m>\d+)",
        lambda run, found: f"{found['n']}x{found['m']}" in " ".join(run.results["contrast"]),
    ),
    "strata that are tested": (r"on (?P<n>\d+) and ◆ degrees", counted(Run.tested)),
    "sampling strata": (r"(?<=in )(?P<n>\d+) strat", counted(lambda run: run.facts.n_strata)),
    "files": (r"hashes \((?P<n>\d[\d,]*)\)", counted(lambda run: len(run.facts.files))),
    "cut into": (r"cut into (?P<n>\d+) groups", counted(lambda run: run.facts.exposure.groups)),
    "knots": (r"(?P<n>\d+) knots", lambda run, found: f"{int(found['n'])}" in run.facts.spec_text),
}
"""Counts in sentences, each with how it is made again."""


TABLES = {
    "published": ("verdicts",),
    "checks": ("checks",),
    "provenance": ("files", "checks"),
    "counted": ("counted",),
}
"""Facts whose numbers a section may print as they are."""


SPECIFIED = ("methods", "cite", "adjusted", "other-exposures", "odds-ratios", "linear", "strata")
"""Sections that may print a number of the specification: a cut, a unit, an age."""


def numbers_of(run: Run, section: str) -> set[float]:
    """All numbers in the facts that a section tabulates."""
    frames: list[pd.DataFrame] = []
    for name in TABLES.get(section, ()):
        found = getattr(run.facts, name)
        frames += list(found.values()) if isinstance(found, Mapping) else [found]
    words = " ".join(frame.to_csv(sep=" ") for frame in frames)
    found = {abs(number) for number, _ in numbers_in(words)}
    return found | (sums(frames) if section == "counted" else set())


def sums(frames: Sequence[pd.DataFrame]) -> set[float]:
    """Add up records over rules: of all, of those of which the amount is known, and the others."""
    found: set[float] = set()
    for frame in frames:
        if "rule" in frame:
            frame = frame[frame["step"] == "outcome"]
        by = "rule" if "rule" in frame else "match"
        parts = frame.groupby(by)["records"].sum()
        whole = float(parts.sum())
        known = float(parts.get("computed", 0))
        counts = [whole, known, whole - known, *map(float, parts)]
        found |= {*counts, *(100 * number / whole for number in counts if whole)}
    return found


def is_of_rows(number: float, decimals: int, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a number is one of these rows', as an estimate, a limit, a percentage or a count."""
    columns = ("estimate", "conf_low", "conf_high", "n", "events", "p_value", "statistic", "df")
    return any(
        is_printed(number, decimals, abs(float(row[column])) * scale)
        for row in rows
        for column in columns
        for scale in ((100.0,) if row["measure"] in SHARES and column not in COUNTS else (1.0,))
    )


def numerators(rows: Sequence[Mapping[str, Any]]) -> set[float]:
    """How many products the tests of these rows are of."""
    found = {1.0} if any(row["measure"] == "p_interaction" for row in rows) else set()
    for row in rows:
        for of in re.findall(r"(\d+)x(\d+)", row["contrast"]):
            found.add(math.prod(int(groups) - 1 for groups in of))
    return found


def unexplained(run: Run) -> list[str]:
    """Give every text with a number that nothing explains, with the number."""
    found = []
    tabulated = {section: numbers_of(run, section) for section in TABLES}
    for told in said(run.report):
        if told.section == "references" or not re.search(r"\d", loose(told.text)):
            continue
        words = run.labels.sub("□", loose(told.text))
        for pattern, agrees in COUNTS_MADE.values():
            words = re.sub(pattern, lambda m, agrees=agrees: "" if agrees(run, m) else m[0], words)
        for name, pattern in CONSTANTS.items():
            if name != "items of a checklist" or told.section == "checklist":
                words = re.sub(pattern, "", words)
        words = re.sub(r"\b[A-Z]\w*\d\w*\b", lambda m: "" if m[0] in run.names else m[0], words)
        beside = [run.rows[value.row] for text_ in told.beside for value in text_.values]
        named = {n for row in beside for n, _ in numbers_in(" ".join(str(row[c]) for c in WORDS))}
        for number, decimals in numbers_in(words):
            number = abs(number)
            if told.section in SPECIFIED and number in run.specified:
                continue
            if told.kind == "cell" and number in numerators(beside):
                continue
            if told.kind == "cell" and number == sum(row["estimate"] for row in beside):
                continue
            if any(is_printed(number, decimals, of) for of in tabulated.get(told.section, ())):
                continue
            if any(is_printed(number, decimals, abs(of)) for of in named):
                continue
            if told.kind == "description" and is_of_rows(number, decimals, beside):
                continue
            found.append(f"{told.section}, {told.kind}: {number:g} in “{words[:300]}”")
    return found


def wrong(run: Run) -> list[str]:
    """Give every value that is not what its row prints."""
    return [
        f"{told.section}: {said_}"
        for told in said(run.report)
        for value in told.text.values
        if (said_ := wrong_value(value, run.rows[value.row], told.kind))
    ]
