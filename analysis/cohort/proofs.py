"""How intakes that a study computes itself were counted: every rule, with all that fell under it.

In 2001-2006 the CDC released what people took and ate, but no amounts: supplements are computed
from labels, vitamin D from food by food code. Each rule on the way is counted here, so that a
report can say how much of an intake rests on which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType

import pandas as pd

from analysis.cohort.build import EVERYWHERE, Memory, Partial, Raw, is_read, people_of, read_source
from analysis.cohort.measure import Columns, Measure, Roles
from analysis.cohort.measures.foods import BOOKS, BY_CODE, food_matches
from analysis.cohort.measures.supplements import FROM_PRODUCTS, amounts_of
from analysis.cohort.supplements.contents import NUTRIENTS
from analysis.cohort.supplements.records import OUTCOMES, UNIT_RULES, rule_counts

SUPPLEMENT_COLUMNS = (
    "cycle", "step", "rule", "meaning", "nutrient", "products", "records", "people",
)  # fmt: skip
FOOD_COLUMNS = ("cycle", "day", "match", "meaning", "codes", "records", "grams", "amount")

DAYS = {1: ("foods", "foods_1"), 2: ("foods_2",)}
"""Roles that the foods of each day's recall play in the sources of measures."""

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        **OUTCOMES,
        **UNIT_RULES,
        "default product": "Only a kind was named; the CDC's default product stands for it.",
        "generic product": "A generic product stands for what was named.",
        "antacid told as a supplement": "Among the supplements (DSDANTA 1).",
        "antacid told as a medicine": "Among medicines, prescribed or not (DSDANTA 2).",
        "antacid, days not recorded": "An antacid whose days of 30 (DSD103) were not recorded.",
        "taken on none of the 30 days": "The amount a day is 0.",
        "not in it": "The product does not carry the nutrient: 0.",
        "own line": "The label tells the nutrient itself.",
        "compound": "The label tells a compound, whose share of the nutrient is known.",
        "no usable amount": "The label tells it in a unit that is no amount.",
        "in a blend": "The label names it in a blend, without its amount.",
        "product not known": "No product could be found, so its contents are not known.",
        "own": "Vitamin D of the food's own code in a later cycle.",
        "nearest": "Vitamin D of the nearest code of the same food group.",
        "none": "No code of the food group has a value: the day's total is missing.",
    }
)
"""What a rule, an origin or a match is, in a sentence."""


def counted(
    raw: Raw,
    measures: Sequence[Measure],
    cycles: Sequence[str],
    *,
    partial: Partial = EVERYWHERE,
    memory: Memory | None = None,
) -> dict[str, pd.DataFrame]:
    """Count the rules behind the intakes that some measures compute.

    Of everyone in the survey, as the measures are derived, whoever is analysed.

    Parameters
    ----------
    raw : mapping of Table to DataFrame
        What `analysis.cohort.build.required_columns` asked for these measures.
    measures : sequence of Measure
        Those that are not computed are passed over.
    cycles : sequence of str
        Only 2001-2006 are counted: later on the CDC's own totals are taken.
    partial : mapping of str to collection of str
        See `analysis.cohort.build.Partial`.
    memory : dict, optional
        As `analysis.cohort.build.build_frame` left it: nothing is computed twice.

    Returns
    -------
    dict of str to DataFrame
        ``"supplements"``, if a measure is computed from products: a row a cycle and rule, with
        `SUPPLEMENT_COLUMNS`. ``products``, ``records`` (a record is a product that a person named)
        and ``people`` are counts; ``nutrient`` is empty where a rule is of all. The steps
        ``outcome`` and ``origin`` (for each nutrient) each share out all records, ``unit`` all
        that are computed; ``detail`` are some of them.

        ``"foods"``, if one is computed by food code: a row a cycle, day of recall and match, with
        `FOOD_COLUMNS`. ``codes`` and ``records`` (a record is a food of a reliable recall) are
        counts, ``amount`` is the vitamin D that they bring to all people together, in micrograms.
    """
    memory = {} if memory is None else memory
    supplements, foods = [], []
    for cycle in cycles:
        read = [m for m in measures if is_read(m, cycle, partial)]
        people = people_of(raw, cycle)

        def columns(measure: Measure, cycle: str = cycle, people: pd.Index = people) -> Roles:
            return read_source(raw, measure.sources[cycle], cycle, people, memory)

        from_products = [m for m in read if "products" in m.sources[cycle].lookups]
        if cycle in FROM_PRODUCTS and from_products:
            counts = rule_counts(amounts_of(columns(from_products[0])), NUTRIENTS)
            supplements.append(counts.assign(cycle=cycle))
        if cycle in BY_CODE:
            for day, role, measure in _readers(read, cycle):
                counts = food_matches(_of_day(columns(measure), role), cycle).reset_index()
                foods.append(counts.assign(cycle=cycle, day=day))
    found = {}
    if supplements:
        found["supplements"] = _tidy(supplements, "rule", SUPPLEMENT_COLUMNS)
    if foods:
        found["foods"] = _tidy(foods, "match", FOOD_COLUMNS)
    return found


def _readers(measures: Sequence[Measure], cycle: str) -> Iterator[tuple[int, str, Measure]]:
    """Find for each day of recall a measure that reads its foods, and the role that they play."""
    for day, roles in DAYS.items():
        for role, measure in product(roles, measures):
            if role in measure.sources[cycle].records:
                yield day, role, measure
                break


def _of_day(columns: Columns, foods: str) -> Columns:
    """Call the roles of one day as those of the first day are called."""
    status = foods.replace("foods", "status")
    books = {role: columns[role] for role in BOOKS}
    return {"foods": columns[foods], "status": columns[status], **books}


def _tidy(parts: Sequence[pd.DataFrame], rule: str, order: Sequence[str]) -> pd.DataFrame:
    table = pd.concat(parts, ignore_index=True)
    table[rule] = table[rule].astype("str")
    return table.assign(meaning=table[rule].map(MEANINGS))[list(order)]
