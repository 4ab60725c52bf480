"""Where each number of a report comes from: its row of results.csv, and what asked for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from analysis.reporting.book import Row
from analysis.reporting.document import Figure, GridToExplore, Section, Source, texts, walk
from analysis.reporting.facts import RunFacts

SPECIFICATION = "spec"
"""Key of the listing of the study file, whose lines are linked."""

SECTIONS = {
    "table1": "table1", "specification": "specifications",
    "specification_summary": "specifications", "one_choice": "specifications",
    "e_value": "confounding", "negative_control": "confounding", "leave_one_out": "confounding",
    "imputed": "imputation",
}  # fmt: skip
"""Sections of the study file that are one table, by the analyses that they ask for."""

STRATA = {
    "interaction": "interactions", "joint": "interactions", "cut_points": "interactions",
    "stratum": "strata", "multinomial": "multinomial", "adjusted": "adjusted",
}  # fmt: skip
"""Lists of the study file that the column ``stratum`` names an entry of, by the analysis.

An interaction and a stratum may have one name: the row is of one of them.
"""

NAMED = {
    "outcomes": "outcome", "models": "model", "other_exposures": "exposure",
    "interactions": "interaction", "strata": "strata", "multinomial": "multinomial model",
    "adjusted": "adjusted estimates", "domains": "group", "cohort": "step",
    "published": "published figure",
}  # fmt: skip
"""What an entry of a list in the study file is called."""


def sources_of(
    sections: Sequence[Section], results: pd.DataFrame, facts: RunFacts
) -> dict[int, Source]:
    """Find the source of every number that a report shows.

    Parameters
    ----------
    sections : sequence of Section
        The report's.
    results : DataFrame
        In the form of `analysis.models.results`; as it is written to results.csv.
    facts : RunFacts
        With the study and its file.

    Returns
    -------
    dict of int to Source
        By row of the results, lowest first.
    """
    shown = sorted(_rows_of(sections))
    columns = [column for column in results.columns if column in Row._fields]
    written = _as_written(results.iloc[shown][columns])
    found = {}
    for place, fields in zip(shown, written, strict=True):
        named = dict(fields)
        lines = dict.fromkeys(_lines(named, facts))
        found[place] = Source(fields, tuple(lines))
    return found


def _rows_of(sections: Sequence[Section]) -> set[int]:
    """Rows of the numbers that are shown, those of grids to explore included."""
    found = set()
    for section in sections:
        found |= {value.row for text in texts(section.blocks) for value in text.values}
        for block in walk(section.blocks):
            # A curve has thousands, which say themselves what they are.
            if isinstance(block, Figure) and isinstance(block.explore, GridToExplore):
                found |= set(block.explore.estimates.rows)
    return found


def _as_written(rows: pd.DataFrame) -> list[tuple[tuple[str, str], ...]]:
    """Give the columns that are not empty, with the very text of the file."""
    texts_of = {column: [_written(value) for value in rows[column]] for column in rows.columns}
    return [
        tuple((column, cells[place]) for column, cells in texts_of.items() if cells[place])
        for place in range(len(rows))
    ]


def _written(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    # A float is written by its shortest form that reads back as the same number.
    return repr(float(value)) if isinstance(value, float) else str(value)


def _lines(row: Mapping[str, str], facts: RunFacts) -> Iterator[tuple[str, int]]:
    """Say which entries of the study file asked for a row, what it is of first."""
    for section, name, said in _entries(row, facts):
        line = facts.line_of(section, name)
        if line is not None:
            yield said, line


def _entries(row: Mapping[str, str], facts: RunFacts) -> Iterator[tuple[str, str, str]]:
    def entry(section: str, column: str) -> tuple[str, str, str]:
        name = row.get(column, "")
        return section, name or "-", f"{NAMED[section]} {name}"

    analysis = row.get("analysis", "")
    if analysis in SECTIONS:
        section = SECTIONS[analysis]
        yield section, "", section.replace("_", " ")
    if analysis == "flow":
        yield entry("cohort", "level")
        if row.get("level") == "complete_cases":
            yield "cohort_options", "", "complete cases"
    yield entry("outcomes", "outcome")
    yield entry("models", "model")
    own = getattr(facts.exposure, "measure", "")
    # Curves, and means and prevalences by dose group, are of the study's own exposure unsaid.
    unsaid = analysis == "spline" or row.get("stratum") == "dose"
    if own and row.get("exposure", own if unsaid else "") == own:
        yield "exposure", "", f"exposure {own}"
    else:
        yield entry("other_exposures", "exposure")
    if analysis in STRATA:
        yield entry(STRATA[analysis], "stratum")
    if analysis == "slope":
        for name in _interactions_between(row, own, facts):
            yield "interactions", name, f"{NAMED['interactions']} {name}"
    yield entry("domains", "stratum_level")
    for figure in _published(row, facts):
        yield "published", figure, f"{NAMED['published']} {figure}"


def _interactions_between(row: Mapping[str, str], own: str, facts: RunFacts) -> Iterator[str]:
    """Name the interactions of the two measures of a slope, which names measures alone."""
    for interaction in facts.listed("interactions"):
        if {own, interaction.modifier} == {row.get("exposure"), row.get("stratum")}:
            yield interaction.name


def _published(row: Mapping[str, str], facts: RunFacts) -> Iterator[str]:
    """Name the published figures that stand beside a row: those whose ``where`` picks it."""
    if "agreement" not in row:
        return
    for figure in facts.listed("published"):
        where = getattr(figure, "where", {})
        mine = row.get("level") if row.get("analysis") == "published" else None
        if mine == figure.id or (where and all(row.get(k, "") == v for k, v in where.items())):
            yield str(figure.id)
