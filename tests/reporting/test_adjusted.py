"""The section on crude and adjusted prevalences and means, and joint groups by fixed cuts."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from analysis.reporting import adjusted, modifiers
from analysis.reporting.book import Book
from analysis.reporting.document import Table, text

MAIN = "magnesium_total"
GROUPS = {"Male": (0.044, 0.052), "Female": (0.057, 0.049)}


def rows(outcome: str = "deficiency", lacking: int = 0, scale: float = 1.0) -> Iterator[dict]:
    where = {"analysis": "adjusted", "outcome": outcome, "stratum": "by_sex"}
    measure = "proportion" if scale == 1.0 else "mean"
    for i, model in enumerate(("crude", "adjusted")):
        at = {**where, "model": model}
        n = 500 - (lacking if model == "adjusted" else 0)
        for group, shares in GROUPS.items():
            value = scale * shares[i]
            yield {**at, "stratum_level": group, "measure": measure, "estimate": value, "n": n,
                   "conf_low": value * 0.9, "conf_high": value * 1.1, "df": 46,
                   "events": 20 if scale == 1.0 else float("nan")}  # fmt: skip
        yield {**at, "stratum_level": "not known", "measure": "people", "n": 2 * lacking * i,
               "estimate": 2 * lacking * i}  # fmt: skip
    yield {**where, "model": "adjusted", "measure": "p_overall", "p_value": 0.0214, "n": 1000}


def facts_with(made: Any, **sections: Any) -> Any:
    return _Asked(made.facts_for("deng_2013"), sections)


class _Asked:
    """Facts of a study that asks for more than its file."""

    def __init__(self, facts: Any, sections: dict[str, Any]) -> None:
        self._facts, self._sections = facts, sections

    def listed(self, section: str) -> Any:
        return self._sections.get(section, self._facts.listed(section))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._facts, name)


BY_SEX = SimpleNamespace(
    name="by_sex", label="Sex", domains=(), terms=["category(age, 40)", "season"],
    outcomes=("deficiency",),
)  # fmt: skip


def shown(made: Any, *found: dict) -> tuple[Any, str, Table]:
    facts = facts_with(made, adjusted=[BY_SEX])
    blocks = adjusted.adjusted(Book(made.table_of(found, "deng_2013")), facts)
    table = next(block for block in blocks if isinstance(block, Table))
    return facts, blocks[0].items[0].plain.replace("\xa0", " "), table


def cells(table: Table) -> list[list[str]]:
    return [[cell.text.plain for cell in row] for row in table.groups[0].rows]


def test_crude_and_adjusted_stand_side_by_side(made: Any) -> None:
    facts, sentence, table = shown(made, *rows())
    assert (
        sentence
        == "Sex: adjusted, from 4.9% (Female) to 5.2% (Male); P for any difference = 0.021."
    )
    assert cells(table) == [
        ["Male", "20 / 500", "4.4 (4.0–4.8)", "5.2 (4.7–5.7)"],
        ["Female", "20 / 500", "5.7 (5.1–6.3)", "4.9 (4.4–5.4)"],
    ]
    told = " ".join(note.plain for note in table.notes)
    assert "groups of sex: age (below 40, 40 or more years); season of the examination" in told
    assert "lack the group" not in told
    assert adjusted.title(facts) == "Adjusted prevalences"


def test_methods_say_how_they_were_adjusted(made: Any) -> None:
    facts = facts_with(made, adjusted=[BY_SEX])
    heading, lead, items = adjusted.methods(Book(made.table_of(rows(), "deng_2013")), facts)
    assert heading.title == "Adjusted prevalences"
    assert "of design-based logistic models for prevalences: " in lead.text.plain
    assert [item.plain for item in items.items] == [
        "Sex: age (below 40, 40 or more years); season of the examination."
    ]
    assert adjusted.methods(Book(made.table_of([], "deng_2013")), facts) == []


def test_people_whom_only_the_model_lacks_are_told(made: Any) -> None:
    _, _, table = shown(made, *rows(lacking=11))
    assert table.head[0][-1].text.plain == "Events / n, adjusted"
    assert [row[-1] for row in cells(table)] == ["20 / 489", "20 / 489"]
    assert any("Sex, adjusted, 22." in note.plain for note in table.notes)


def test_means_have_their_unit(made: Any) -> None:
    _, sentence, table = shown(made, *rows("serum_25ohd", scale=1000.0))
    assert table.head[0][2].text.plain == "Crude, nmol/L (95% CI)"
    assert "from 49.0" in sentence and cells(table)[0][1] == "500"


def test_a_group_without_an_estimate_is_noted(made: Any) -> None:
    found = list(rows())
    for row in found:
        if (row["model"], row.get("stratum_level")) == ("adjusted", "Male"):
            row |= {"estimate": float("nan"), "note": "none of the 500 people has the event"}
    _, sentence, table = shown(made, *found)
    assert sentence == "Sex: fewer than two groups have an adjusted estimate."
    assert any("Sex, Male: none of the 500" in note.plain for note in table.notes)


def test_a_study_without_groupings_has_no_section(made: Any) -> None:
    book = Book(made.table_of(made.forrest_rows(), "forrest_2011"))
    assert adjusted.adjusted(book, made.facts_for("forrest_2011")) == []


def joint_rows(made: Any) -> Iterator[dict]:
    where = {"model": "full", "outcome": "deficiency", "exposure": MAIN, "stratum": "vitamin_d"}
    high, low = "300 or more", "below 300"
    for i, (level, other) in enumerate(((high, "below 5"), (high, "5 or more"),
                                        (low, "below 5"), (low, "5 or more"))):  # fmt: skip
        at = {**where, "analysis": "joint", "contrast": "by cuts", "level": level, "n": 500,
              "stratum_level": other, "reference": f"{high}, below 5", "events": 40}  # fmt: skip
        yield made.ratio_row(0.2 * i, 0.1, **at) if i else {**at, "measure": "OR", "estimate": 1.0}
    at = {**where, "analysis": "interaction", "contrast": "by cuts"}
    yield {**at, "measure": "p_interaction", "p_value": 0.025, "statistic": 5.4, "df": 45}
    for measure, value in (("RERI", 0.8), ("AP", 0.3), ("S", 2.1)):
        yield {**at, "measure": measure, "estimate": value, "conf_low": value - 0.1,
               "conf_high": value + 0.1}  # fmt: skip


def test_joint_groups_by_fixed_cuts_are_a_table_with_their_measures(made: Any) -> None:
    book = Book(made.table_of(joint_rows(made), "deng_2013"))
    blocks = modifiers.interactions(book, made.facts_for("deng_2013"))
    tables = {block.key: block for block in blocks if isinstance(block, Table)}
    joint = tables["joint-vitamin-d-by-cuts"]
    assert "against the reference" in joint.caption.plain
    assert "by cuts that the study fixes" in joint.notes[0].plain
    assert [cell.text.plain for cell in joint.head[0][1:]] == ["300 or more", "below 300"]
    assert joint.groups[0].rows[0][1].text.plain == "1 (reference)"
    tests = tables["interaction-tests-vitamin-d"].groups[0].rows[0]
    assert [cell.text.plain for cell in tests] == ["By cuts", "5.40", "1", "45", "0.025"]
    measures = tables["interaction-measures-vitamin-d-by-cuts"]
    assert "by fixed cuts" in measures.caption.plain and len(measures.groups) == 1
    assert "products of the groups by fixed cuts" in text(blocks[0].items[0]).plain
