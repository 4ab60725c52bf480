"""How intakes that the CDC does not give were counted: every rule, with what fell under it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.reporting import words
from analysis.reporting.book import distinct
from analysis.reporting.document import (
    Block,
    Cell,
    Details,
    Group,
    Heading,
    Paragraph,
    Strong,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.tables import number, words_cell

STEPS = {
    "outcome": "What came of each record",
    "unit": "The unit of the quantity",
    "origin": "Where the amount in the product comes from",
    "detail": "Some of the records",
}
"""Steps of the table of supplements, with their headings."""

KNOWN = "computed"
"""The outcome of a record whose amount is known."""


def counted(facts: RunFacts) -> list[Block]:
    """Write the section on how intakes were counted; empty for a study that counts none."""
    found: list[Block] = []
    supplements, foods = (facts.counted.get(key) for key in ("supplements", "foods"))
    if supplements is not None and len(supplements):
        found += _supplements(supplements)
    if foods is not None and len(foods):
        found += _foods(foods)
    return found


def _cycles(table: pd.DataFrame) -> list[str]:
    return distinct(str(cycle) for cycle in table["cycle"])


def _supplements(table: pd.DataFrame) -> list[Block]:
    outcomes = table[table["step"] == "outcome"]
    every = _rules(table, "counted-rules", "Every rule of the supplements", STEPS, "supporting")
    return [
        Heading("Supplements"),
        Paragraph(_supplements_told(outcomes)),
        _rules(outcomes, "counted-supplements", "Records of supplements, by what came of them",
               {"outcome": ""}, "main"),
        Details("Every rule, with the records and people that it applies to", (every,)),
    ]  # fmt: skip


def _supplements_told(outcomes: pd.DataFrame) -> Text:
    """Say how many records have a known amount, and what most of the others lack."""
    counts = outcomes.groupby("rule", sort=False)["records"].sum()
    total, known = int(counts.sum()), int(counts.get(KNOWN, 0))
    told = text(
        "The CDC released no amounts of nutrients from supplements for "
        f"{words.cycles_words(_cycles(outcomes))}; they were computed from the labels of the "
        f"products. Of {total:,} records (a record is a product that a person named) of everyone "
        "in the survey"
    )
    if not total:
        return told + " there is none."
    told += f", the amount is known for {known:,} ({words.percent(known / total)}%)"
    others = counts.drop(KNOWN, errors="ignore")
    if others.sum() == 0:
        return told + "."
    most = str(others.idxmax())
    meaning = str(outcomes.loc[outcomes["rule"] == most, "meaning"].iloc[0])
    return told + (
        f". Of the {total - known:,} others, {int(others.max()):,} are of the commonest kind: "
        f"{words.lower_first(meaning)}"
    )


def _foods(table: pd.DataFrame) -> list[Block]:
    days = sorted(int(day) for day in table["day"].unique())
    return [
        Heading("Vitamin D from food"),
        Paragraph(_foods_told(table[table["day"] == days[0]])),
        _food_table(table, days),
    ]


def _foods_told(first: pd.DataFrame) -> Text:
    """Say how the foods of first recalls got their vitamin D."""
    counts = first.groupby("match", sort=False)["records"].sum()
    total = int(counts.sum())
    told = text(
        "The CDC released no vitamin D from food for "
        f"{words.cycles_words(_cycles(first))}; it was computed food by food, from the contents "
        "that later cycles give."
    )
    if not total:
        return told
    ways = {
        "own": "have that of their own code",
        "nearest": "that of the nearest code of the same food group",
        "none": "none",
    }
    shares = [
        f"{int(counts[match]):,} ({words.percent(counts[match] / total)}%) {said}"
        for match, said in ways.items()
        if counts.get(match, 0) > 0
    ]
    return told + text(f" Of {total:,} foods in reliable first recalls, ", listing(shares), ".")


def _heads(cycles: Sequence[str], first: str, names: Sequence[str]) -> tuple:
    over = (
        Cell(text(first)),
        *(
            Cell(text(cycle.replace("-", words.DASH)), number=True, span=len(names))
            for cycle in cycles
        ),
    )
    under = (
        Cell(),
        *(Cell(text(name), number=True) for _ in cycles for name in names),
    )
    return over, under


def _rules(
    table: pd.DataFrame, key: str, caption: str, steps: dict[str, str], series: str
) -> Table:
    cycles = _cycles(table)
    groups = []
    for step, heading in steps.items():
        mine = table[table["step"] == step]
        for nutrient in distinct(str(n or "") for n in mine["nutrient"].fillna("")):
            of_it = mine[mine["nutrient"].fillna("").astype(str) == nutrient]
            label = f"{heading}: {_nutrient(nutrient)}" if nutrient else heading
            body = tuple(
                _rule(of_it[of_it["rule"] == rule], cycles)
                for rule in distinct(str(rule) for rule in of_it["rule"])
            )
            groups.append(Group(body, label=text(label) if label else Text()))
    return Table(
        key=key,
        caption=text(caption),
        head=_heads(cycles, "Rule", ("Records", "People")),
        groups=tuple(group for group in groups if group.rows),
        notes=(
            text(
                "Of everyone in the survey, whoever is analysed; unweighted. A record is a product "
                "that a person named; a person with several is counted once in each line."
            ),
        ),
        series="main" if series == "main" else "supporting",
    )


def _nutrient(name: str) -> str:
    """Name a nutrient within a sentence: ``vitamin D`` for ``vitamin_d``."""
    first, _, letter = name.partition("_")
    return f"{first} {letter.upper() if len(letter) == 1 else letter}".rstrip()


def _rule(rows: pd.DataFrame, cycles: Sequence[str]) -> tuple[Cell, ...]:
    return (_named(rows, "rule"), *_counts(rows, cycles, ("records", "people")))


def _named(rows: pd.DataFrame, column: str) -> Cell:
    """Name a rule, with what it is below."""
    name, meaning = str(rows[column].iloc[0]), str(rows["meaning"].iloc[0])
    return words_cell(Strong(words.upper_first(name)), f" {meaning}")


def _counts(rows: pd.DataFrame, cycles: Sequence[str], columns: Sequence[str]) -> list[Cell]:
    """Give counts of each cycle; a dash for a cycle without a row."""
    cells = []
    for cycle in cycles:
        mine = rows[rows["cycle"].astype(str) == cycle]
        for column in columns:
            cells.append(
                number(words.count(float(mine[column].iloc[0])) if len(mine) else words.NONE)
            )
    return cells


def _food_table(table: pd.DataFrame, days: Sequence[int]) -> Table:
    cycles = _cycles(table)
    groups = []
    for day in days:
        mine = table[table["day"] == day]
        body = tuple(
            (
                _named(mine[mine["match"] == match], "match"),
                *_counts(mine[mine["match"] == match], cycles, ("codes", "records")),
            )
            for match in distinct(str(match) for match in mine["match"])
        )
        label = text(f"Recall of day {day}") if len(days) > 1 else Text()
        groups.append(Group(body, label=label))
    return Table(
        key="counted-foods",
        caption=text("Foods eaten, by how their vitamin D was found"),
        head=_heads(cycles, "Code", ("Codes", "Foods")),
        groups=tuple(groups),
        notes=(
            text(
                "Foods of reliable recalls of everyone in the survey; unweighted. Codes: different "
                "food codes among them."
            ),
        ),
    )
