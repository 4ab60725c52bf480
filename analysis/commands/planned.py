"""What a study would do, in words, before any data are read."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from analysis.cohort.drift import told_of
from analysis.cohort.measures import MEASURES
from analysis.cohort.weights import WEIGHTS
from analysis.grammar import Condition
from analysis.grammar.tokens import number_text
from analysis.nhanes import cycles as nhanes
from analysis.study import Exposure, Outcome, Study
from analysis.study.hints import hints
from analysis.study.reads import tables_of
from analysis.study.weighting import smallest
from analysis.study.years import years

LABELS = {name: measure.label for name, measure in MEASURES.items()}
UNITS = {name: measure.unit for name, measure in MEASURES.items()}

Entry = tuple[str, str]
"""A heading, empty where the one above goes on, and a line of words."""


def plan_grid(study: Study, width: int, *, tables: bool = False) -> Table:
    """Lay out what a study would build and estimate.

    Parameters
    ----------
    study : Study
        That `analysis.study.check_study` has passed.
    width : int
        Columns to fill.
    tables : bool, default False
        Whether to name every table of the CDC, with its variables.

    Returns
    -------
    Table
        Of `rich`, two columns.
    """
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for heading, words in _entries(study, tables=tables):
        # What goes on in the next line stands further in than what begins there.
        indent = " " * (len(words) - len(words.lstrip()) + 2)
        lines = textwrap.fill(words, width - 13, subsequent_indent=indent, break_on_hyphens=False)
        grid.add_row(Text(heading), Text(lines))
    return grid


def _entries(study: Study, *, tables: bool) -> Iterator[Entry]:
    yield "Title", study.title
    yield "Cycles", years(study.data.cycles)
    yield from _headed("Weight", _weight(study))
    yield from _headed("Cohort", _cohort(study))
    yield from _headed("Exposure", _exposures(study))
    yield from _headed("Outcomes", _outcomes(study.outcomes))
    yield from _headed("Models", _models(study))
    yield from _headed("Groups", ["; ".join(domain.label for domain in study.domains)])
    yield from _headed("Further", _further(study))
    yield from _headed("Tables", _tables(study, named=tables))
    yield from _headed("Published", _published(study))
    yield from _headed("Drift", told_of(study))
    yield from _headed("Look at", hints(study, MEASURES))


def _headed(heading: str, lines: Sequence[str] | Iterator[str]) -> Iterator[Entry]:
    for i, words in enumerate(line for line in lines if line):
        yield heading if i == 0 else "", words


def _weight(study: Study) -> Iterator[str]:
    weight, pooled = WEIGHTS[study.weight], study.data.cycles
    shared = f", shared over {len(pooled)} cycles" if len(pooled) > 1 else ""
    yield f"{study.weight}: {weight.label}{shared}"
    confined = list(dict.fromkeys(name for name, _ in smallest(study, MEASURES)[1]))
    if confined and study.weight != "interview":
        more = f" and {len(confined) - 3} more" if len(confined) > 3 else ""
        yield f"  the smallest subsample used, that of {', '.join(confined[:3])}{more}"
    carried: dict[str, list[str]] = {}
    for cycle in pooled:
        table, variable = weight.source(cycle, pooled).columns["weight"]
        carried.setdefault(f"{variable} of {_stem(table)}", []).append(cycle)
    for place, cycles in carried.items():
        yield f"  {place} ({years(cycles)})"


def _stem(table: str) -> str:
    """Name a table without the letter of its cycle."""
    suffixes = {f"_{cycle.suffix}" for cycle in nhanes.CYCLES.values() if cycle.suffix}
    return table[:-2] if table[-2:] in suffixes else table


def _cohort(study: Study) -> Iterator[str]:
    yield "Everyone interviewed, of whom are kept:"
    for i, step in enumerate(study.cohort, start=1):
        yield f"{i}. {step.label} ({_said(step.condition)})"
    number = len(study.cohort) + 1
    label = WEIGHTS[study.weight].label
    yield f"{number}. With {label[0].lower()}{label[1:]}, if some left have none"
    number += 1
    if study.cohort_options.complete_cases and study.exposure:
        yield f"{number}. No exposure or covariate missing (complete cases)"


def _said(condition: Condition | None) -> str:
    """Say a condition with the measures' own names and the units of its numbers."""
    return condition.describe({}, UNITS) if condition else ""


def _exposures(study: Study) -> Iterator[str]:
    for i, exposure in enumerate(study.exposures):
        yield f"{'' if i == 0 else 'and '}{_exposure(exposure)}"


def _exposure(exposure: Exposure) -> str:
    label, unit = LABELS[exposure.measure], UNITS[exposure.measure]
    how = f"cut at {', '.join(map(number_text, exposure.cuts))}" if exposure.cuts else ""
    groups = {2: "halves", 3: "tertiles", 4: "quartiles", 5: "quintiles", 10: "deciles"}.get(
        exposure.groups, f"{exposure.groups} groups"
    )
    whom = " of users beside nobody's 0" if exposure.split == "users" else ""
    how = how or f"{exposure.cut_points} {groups}{whom}"
    said = f"{exposure.measure}: {label}; {how}; "
    said += f"per {number_text(exposure.per)} {unit}".rstrip()
    return said + (f"; curve of {exposure.spline_knots} knots" if exposure.spline_knots else "")


def _outcomes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        yield f"{outcome.name}: {outcome.definition}"
        if outcome.mean_z:
            yield f"  mean of the z scores of {', '.join(outcome.mean_z)}, continuous"
        elif outcome.below:
            share = f"{100 * outcome.below.quantile:g}%"
            yield f"  {outcome.below.measure} below the cohort's weighted quantile of {share}"
        elif outcome.measure:
            unit = UNITS[outcome.measure]
            yield f"  {outcome.measure}{f' in {unit}' if unit else ''}, continuous"
        elif outcome.event is not None:
            against = _said(outcome.against_condition) if outcome.against else "everyone else known"
            yield f"  {_said(outcome.event_condition)}"
            yield f"  against {against}"


def _models(study: Study) -> Iterator[str]:
    """Give each model's terms, those of an earlier one by its name."""
    before: dict[str, tuple[str, ...]] = {}
    for model in study.models:
        terms = tuple(str(term) for term in model.parsed_terms)
        inside = [name for name, held in before.items() if held and set(held) <= set(terms)]
        base = max(inside, key=lambda name: len(before[name]), default="")
        new = [term for term in terms if term not in before.get(base, ())]
        said = ", ".join(new) or ("" if base else "the exposure alone")
        yield f"{model.name}: " + " + ".join(filter(None, (base, said)))
        if model.exposures:
            yield f"  for {', '.join(model.exposures)}"
        before[model.name] = terms


_SECTIONS = {
    "multinomial": "one model of several outcomes",
    "interactions": "interaction",
    "strata": "within strata of",
    "adjusted": "prevalences and means, crude and adjusted, by",
}
"""Optional lists of a study, in words."""


def _further(study: Study) -> Iterator[str]:
    for section, words in _SECTIONS.items():
        labels = [each.label for each in getattr(study, section, ())]
        if labels:
            yield f"{words}: {'; '.join(labels)}"
    if study.specifications:
        curve = study.specifications
        of = ", ".join(choice.name for choice in curve.choices)
        yield f"specification curve: {curve.count:,} combinations of {of}"
    if study.confounding:
        yield "confounding: E-values, cycles left out, negative controls as asked"
    if study.imputation:
        yield "multiple imputation of missing covariates"


def _tables(study: Study, *, named: bool) -> Iterator[str]:
    wanted = tables_of(study)
    variables = sum(len(columns) for columns in wanted.values())
    yield f"{len(wanted)} of the CDC, {variables} variables" + (
        "" if named else "; named with --verbose"
    )
    if named:
        for table, columns in sorted(wanted.items(), key=lambda item: (item[0].cycle, item[0])):
            yield f"{table.name} ({table.cycle}): {', '.join(columns)}"


def _published(study: Study) -> Iterator[str]:
    if not study.published:
        return
    kinds = Counter(figure.kind for figure in study.published)
    said = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in kinds.items())
    moved = "; none is compared in other cycles" if study.is_moved else ""
    yield f"{len(study.published)} figures to stand beside ours ({said}){moved}"
