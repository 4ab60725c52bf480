"""The specification curve: the main contrast under every combination of a study's choices.

Each choice (a scale, a weight, an adjustment set, ...) has options; the first of each is the
study's own. A specification takes one option of every choice, and differs from the main analysis in
nothing else. Its people are the cohort's members whom its options keep; dose groups and spline
knots are made anew, with its weight, of these people (of all of them, whatever their outcome, as
in the main analysis).

References
----------
Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nature Human Behaviour
4:1208-1214.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import product

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.grammar import Interaction, Name, Term, Transform
from analysis.models.asked import Choice, Condition, Option
from analysis.models.doses import group_codes, members, quantile_ends
from analysis.models.energy import energy_adjusted
from analysis.models.levels import note_of
from analysis.models.matrix import covariates, dummies
from analysis.models.names import group_names
from analysis.models.plan import Exposure, Row
from analysis.models.setting import DF_RULE, Setting
from analysis.models.spline import knots_of
from analysis.models.summarised import summary_rows
from analysis.survey import Design, Specification

ENERGY = "energy"
"""The measure of energy intake, unless an option replaces it."""
OWN_WEIGHT = "weight"
"""Column of the study's weight; other weights have their names behind it."""
MOST_THREADS = 8


@dataclass(frozen=True)
class Combination:
    """One option of every choice.

    Parameters
    ----------
    number : int
        From 1, in the order in which the options of the last choice change first.
    choices : tuple of Choice
    options : tuple of Option
        One of each choice.
    """

    number: int
    choices: tuple[Choice, ...]
    options: tuple[Option, ...]

    @property
    def name(self) -> str:
        """Its number in the results."""
        return f"s{self.number:04d}"

    @property
    def text(self) -> str:
        """The options in words of the study file: ``"scale=ria; weight=dietary"``."""
        pairs = zip(self.choices, self.options, strict=True)
        return "; ".join(f"{choice.name}={option.name}" for choice, option in pairs)

    @property
    def changed(self) -> list[int]:
        """Places of the choices whose option is not the first."""
        pairs = zip(self.choices, self.options, strict=True)
        return [i for i, (choice, own) in enumerate(pairs) if own.name != choice.options[0].name]

    def outcome(self, name: str) -> str:
        """Give the outcome that stands in another's place."""
        for option in self.options:
            name = option.outcomes.get(name, name)
        return name

    def weight(self, own: str) -> str:
        """Name the weight, where the study's is `own`."""
        name = next((o.weight for o in reversed(self.options) if o.weight is not None), own)
        for option in self.options:
            name = option.weights.get(name, name)
        return name

    @property
    def energy(self) -> str:
        """Name the energy method; the study's own is the standard one."""
        named = [option.energy for option in self.options if option.energy is not None]
        return named[-1] if named else "standard"

    def weighted_cuts(self, exposure: Exposure) -> bool:
        """Whether dose groups hold equal shares of the population."""
        named = [option.cut_points for option in self.options if option.cut_points is not None]
        return (named[-1] if named else exposure.cut_points) == "weighted"

    @cached_property
    def replaced(self) -> Mapping[str, str]:
        """Measures, each with the one in its place."""
        return {old: new for option in self.options for old, new in option.replace.items()}

    def terms(self, of_model: Sequence[Term]) -> list[Term]:
        """Give the covariates: those of a model, and those that options add."""
        added = [term for option in self.options for term in option.parsed_terms]
        return [renamed(term, self.replaced) for term in (*of_model, *added)]

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Whom the options keep."""
        return tuple(option.condition for option in self.options if option.condition is not None)

    @cached_property
    def cycles(self) -> frozenset[str] | None:
        """Cycles that the options keep; None for all."""
        named = [frozenset(option.cycles) for option in self.options if option.cycles]
        return frozenset.intersection(*named) if named else None


def combinations(choices: Sequence[Choice]) -> list[Combination]:
    """Cross all options of all choices; the first combination is the study's own."""
    crossed = product(*(choice.options for choice in choices))
    return [Combination(i, tuple(choices), options) for i, options in enumerate(crossed, start=1)]


def renamed(term: Term, names: Mapping[str, str]) -> Term:
    """Put measures in the place of others in a term."""
    if not term.columns & set(names):
        return term

    def part(old: Name | Transform) -> Name | Transform:
        if isinstance(old, Transform):
            return replace(old, arg=replace(old.arg, name=names.get(old.arg.name, old.arg.name)))
        return replace(old, name=names.get(old.name, old.name))

    root = term.root
    new = Interaction(tuple(map(part, root.parts))) if isinstance(root, Interaction) else part(root)
    return replace(term, root=new)


def specification_rows(setting: Setting, jobs: int | None = None) -> Iterator[Row]:
    """Estimate the highest dose group against the lowest in every specification.

    Parameters
    ----------
    setting : Setting
    jobs : int, optional
        Threads; as many as there are processors unless told. They change no digit.

    Yields
    ------
    dict
        Rows of ``specification``, ``specification_summary`` and ``one_choice``. A specification
        that cannot be estimated has the reason in ``note``.

    Raises
    ------
    InputError
        If an option names a weight or a measure that the study did not read.
    """
    asked = setting.plan.specifications
    if asked is None:
        return
    curve = combinations(asked.choices)
    found: dict[tuple[str, str], Row] = {}
    total = len(asked.outcomes) * len(curve)
    for i, cell in enumerate(_cells(setting, curve), start=1):
        setting.watch.step("specifications", len(found), total)
        make = partial(cell.rows, jobs or _processors())
        for row in setting.watch.part(f"specification curve, people {i}", make):
            found[row["outcome"], row["stratum_level"]] = row
    for outcome in asked.outcomes:
        rows = [found[outcome, combination.name] for combination in curve]
        yield from rows
        yield from summary_rows(rows, asked.choices)
        yield from _one_choice(rows, curve)


def _processors() -> int:
    """Count the processors that this process may use."""
    available = getattr(os, "sched_getaffinity", None)
    count = len(available(0)) if available else os.cpu_count() or 1
    return min(count, MOST_THREADS)


def _one_choice(rows: Sequence[Row], curve: Sequence[Combination]) -> Iterator[Row]:
    """Give the base specification, and those that differ from it in one option."""
    for combination, row in zip(curve, rows, strict=True):
        changed = combination.changed
        if len(changed) > 1:
            continue
        place = {"stratum": "base", "stratum_level": ""}
        if changed:
            choice, option = (
                part[changed[0]] for part in (combination.choices, combination.options)
            )
            place = {"stratum": choice.name, "stratum_level": option.name}
        yield row | {"analysis": "one_choice"} | place


@dataclass(frozen=True)
class _Cell:
    """Specifications of the same people under the same weight.

    Parameters
    ----------
    setting : Setting
    design : Design
        With the weight; its domain are the people.
    weight : str
        Its name; empty for the study's own.
    cycles : str
        Written into the rows; empty for all.
    combinations : list of Combination
    columns, problems : dict of str
        Blocks of columns by name, and why there are none.
    """

    setting: Setting
    design: Design
    weight: str
    cycles: str
    combinations: list[Combination]
    columns: dict[str, pd.DataFrame] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @cached_property
    def inside(self) -> np.ndarray:
        """Who belongs to the domain: bool, shape (n,)."""
        return self.design.inside

    def rows(self, jobs: int) -> Iterator[Row]:
        """Fit all, and give each one's row."""
        asked = self.setting.plan.specifications
        assert asked is not None
        wanted = [(outcome, each) for outcome in asked.outcomes for each in self.combinations]
        for each in self.combinations:
            self._make_columns(each)
        specifications = [
            self._specification(outcome, each)
            for outcome, each in wanted
            if self._problem(each) is None
        ]
        fitted: dict[str, pd.Series] = {}
        if specifications:
            table = self.design.fits(specifications, self.columns, jobs=jobs)
            fitted = {str(row["specification"]): row for _, row in table.iterrows()}
        for outcome, each in wanted:
            problem = self._problem(each)
            found = _none(problem) if problem else _estimate(fitted[_key(outcome, each)])
            yield self._row(outcome, each) | found

    def _keys(self, each: Combination) -> list[str]:
        """Name the blocks of columns of a specification, that of the exposure first."""
        return [self._exposure_key(each), *map(str, self._terms(each))]

    def _terms(self, each: Combination) -> list[Term]:
        asked = self.setting.plan.specifications
        assert asked is not None
        return each.terms(self.setting.model(asked.model).parsed_terms)

    def _problem(self, each: Combination) -> str | None:
        """Say why a specification cannot be fitted, as far as its columns tell."""
        return next((self.problems[key] for key in self._keys(each) if key in self.problems), None)

    def _make_columns(self, each: Combination) -> None:
        """Make the columns of a specification that are not there yet."""
        makers = {self._exposure_key(each): partial(self._groups, each)}
        makers |= {str(term): partial(self._columns, term) for term in self._terms(each)}
        for key, make in makers.items():
            if key in self.columns or key in self.problems:
                continue
            try:
                self.columns[key] = make()
            except InputError as error:
                self.problems[key] = error.message

    def _specification(self, outcome: str, each: Combination) -> Specification:
        """Ask for the coefficient of the highest dose group."""
        exposure = self.setting.exposure
        response = self.setting.responses[each.outcome(outcome)]
        return Specification(
            name=_key(outcome, each),
            outcome=response.values,
            terms=self._keys(each),
            family=response.family,
            keep=[f"{exposure.measure}[{_levels(exposure)[-1]}]"],
            df=DF_RULE,
        )

    def _row(self, outcome: str, each: Combination) -> Row:
        exposure, asked = self.setting.exposure, self.setting.plan.specifications
        assert asked is not None
        levels = _levels(exposure)
        row: Row = {
            "analysis": "specification",
            "model": asked.model,
            "outcome": outcome,
            "exposure": exposure.measure,
            "contrast": each.text,
            "level": levels[-1],
            "reference": levels[0],
            "stratum": "specification",
            "stratum_level": each.name,
            "measure": "OR",
        }
        # What differs from the rest of the table only.
        row |= {"weight": self.weight} if self.weight else {}
        return row | ({"cycles": self.cycles} if self.cycles else {})

    def _columns(self, term: Term) -> pd.DataFrame:
        if not any(isinstance(part, Transform) and part.name == "spline" for part in term.parts):
            whole = self.setting.columns([term])  # of the cohort; nothing depends on who else is
            return whole[self.inside[self.setting.cohort.inside]]

        def knots(column: str, number: int) -> np.ndarray:
            return knots_of(self.design, column, number)

        return covariates([term], self.setting.frame[self.inside], knots)

    def _exposure_key(self, each: Combination) -> str:
        exposure = self.setting.exposure
        measure = each.replaced.get(exposure.measure, exposure.measure)
        cuts = "weighted" if each.weighted_cuts(exposure) else "unweighted"
        return f"{measure}, {each.energy}, {self._energy(each)}, {cuts}"

    def _energy(self, each: Combination) -> str:
        return each.replaced.get(ENERGY, ENERGY)

    def _groups(self, each: Combination) -> pd.DataFrame:
        """Divide the people by their intake; give indicators of all groups but the first."""
        exposure = self.setting.exposure
        values = self._intake(each)
        ends = np.asarray(exposure.cuts, dtype=float)
        if not len(ends):
            ends = quantile_ends(
                self.design,
                values,
                exposure.groups,
                weighted=each.weighted_cuts(exposure),
                users=exposure.split == "users",
                name=each.replaced.get(exposure.measure, exposure.measure),
            )
        codes = group_codes(values[self.inside], ends, fixed=bool(exposure.cuts))
        index = self.setting.frame.index[self.inside]
        groups = pd.Categorical.from_codes(codes, list(_levels(exposure)))
        return dummies(pd.Series(groups, index=index), exposure.measure)

    def _intake(self, each: Combination) -> np.ndarray:
        """Give the exposure, adjusted for energy among the people: shape (n,), NaN elsewhere."""
        setting = self.setting
        name = each.replaced.get(setting.exposure.measure, setting.exposure.measure)
        method = each.energy
        values = np.full(len(setting.frame), np.nan)
        total = self._of_people(name)
        if method == "standard":  # not the sum of its parts, whose last digit may differ
            values[self.inside] = total
            return values
        part = getattr(setting.measures[name], "food_part", "")
        if not part:
            raise InputError(
                f"{name} has no part from food that could be adjusted for energy",
                where="[specifications]",
                remedy="Leave out options with an energy method.",
            )
        food = total if part == "self" else self._of_people(part)
        energy = self._of_people(self._energy(each))
        weights = np.where(members(self.design), self.design.weights, 0.0)[self.inside]
        values[self.inside] = energy_adjusted(food, total - food, energy, weights, method)
        return values

    def _of_people(self, measure: str) -> np.ndarray:
        """Give a measure of the people: shape (people,)."""
        if measure not in self.setting.frame:
            raise InputError(
                f"the study does not read {measure}, which an adjustment for energy takes",
                where="[specifications]",
            )
        return self.setting.frame[measure].to_numpy(float)[self.inside]


def _levels(exposure: Exposure) -> tuple[str, ...]:
    users = exposure.split == "users"
    return group_names(exposure.groups, users=users, fixed=bool(exposure.cuts))


def _key(outcome: str, each: Combination) -> str:
    return f"{outcome}, {each.name}"


def _cells(setting: Setting, curve: Sequence[Combination]) -> Iterator[_Cell]:
    """Gather specifications of the same people under the same weight."""
    own = own_weight(setting, curve)
    groups: dict[tuple, list[Combination]] = {}
    for each in curve:
        kept = tuple(condition.text for condition in each.conditions)
        groups.setdefault((kept, each.cycles, each.weight(own)), []).append(each)
    designs: dict[str, Design] = {own: setting.cohort}
    holds: dict[str, np.ndarray] = {}
    for (_, cycles, weight), members_of in groups.items():
        if weight not in designs:
            designs[weight] = _weighted(setting, weight)
        inside = setting.cohort.inside
        for condition in members_of[0].conditions:
            if condition.text not in holds:
                holds[condition.text] = condition.evaluate(setting.frame)
            inside = inside & holds[condition.text]
        if cycles is not None:
            inside = inside & setting.frame["cycle"].isin(cycles).to_numpy()
        yield _Cell(
            setting,
            designs[weight].where(inside),
            "" if weight == own else weight,
            "" if cycles is None else ", ".join(sorted(cycles)),
            members_of,
        )


def own_weight(setting: Setting, curve: Sequence[Combination]) -> str:
    """Name the study's weight: the one that options name and that has no column of its own.

    Raises
    ------
    InputError
        If more than one has none.
    """
    options = [option for choice in curve[0].choices for option in choice.options]
    named = {option.weight for option in options} - {None}
    named |= {name for option in options for pair in option.weights.items() for name in pair}
    absent = sorted(str(name) for name in named if _column(str(name)) not in setting.frame)
    if len(absent) > 1:
        raise InputError(
            f"the study reads none of the weights {', '.join(absent)}, and one of them is its own",
            where="[specifications]",
            remedy="Name the study's weight, or weights that its cycles have.",
        )
    return absent[0] if absent else OWN_WEIGHT


def _column(weight: str) -> str:
    return f"{OWN_WEIGHT}_{weight}"


def _weighted(setting: Setting, weight: str) -> Design:
    """Give the cohort's design with another weight."""
    design = Design(
        setting.frame, _column(weight), "stratum", "psu", lonely_psu=setting.cohort.lonely_psu
    )
    return design.where(setting.cohort.inside)


def _estimate(fitted: pd.Series) -> Row:
    """Columns of the results from a row of `Design.fits`."""
    if fitted["problem"]:
        return _none(fitted["problem"])
    note = f"left out, as nobody is in them: {fitted['left_out']}" if fitted["left_out"] else ""
    return {
        "estimate": np.exp(fitted["estimate"]),
        "conf_low": np.exp(fitted["conf_low"]),
        "conf_high": np.exp(fitted["conf_high"]),
        **{name: fitted[name] for name in ("std_error", "statistic", "df", "p_value")},
        "n": int(fitted["n"]),
        "events": int(fitted["events"]),
        "note": note,
    }


def _none(why: str) -> Row:
    return {"estimate": np.nan, "note": note_of(why)}
