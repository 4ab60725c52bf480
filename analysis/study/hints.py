"""Numbers of a study that look as if they were meant in another unit than the measure's.

A hint, never a refusal: what is said here is true of the numbers that people use, not of all that
could be meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.cohort.measure import Measure
from analysis.grammar import Condition, Term, Transform
from analysis.grammar.nodes import And, Comparison, Membership, Node, Not, Number, Or
from analysis.grammar.tokens import Name, number_text
from analysis.study.specification import Study


@dataclass(frozen=True)
class OtherUnit:
    """A unit in which a quantity is reported elsewhere.

    Parameters
    ----------
    unit : str
        The other unit.
    factor : float
        A number in the other unit times this is the number in the measure's unit.
    low, high : float
        Between these lie the cut-offs in use, in the measure's unit. A number outside, which lies
        between them once it is converted, looks like one of the other unit.
    """

    unit: str
    factor: float
    low: float
    high: float


OTHER_UNITS: Mapping[str, OtherUnit] = MappingProxyType(
    {
        # 25(OH)D: 1 ng/mL = 2.496 nmol/L (the CDC's documentation); cut-offs in use lie between
        # 25 and 150 nmol/L (Institute of Medicine 2011; Endocrine Society 2011).
        "vitamin_d": OtherUnit("ng/mL", 2.496, 25, 150),
        "vitamin_d_ria": OtherUnit("nmol/L", 1 / 2.496, 8, 60),
        # 1 microgram of vitamin D = 40 IU; the upper level of adults is 100 micrograms (Institute
        # of Medicine 2011).
        "vitamin_d_dietary": OtherUnit("IU/day", 1 / 40, 1, 100),
        "vitamin_d_supplemental": OtherUnit("IU/day", 1 / 40, 1, 250),
        "vitamin_d_total": OtherUnit("IU/day", 1 / 40, 1, 250),
        # SI units of clinical chemistry: glucose 18.016, cholesterol 38.67, triglycerides 88.57
        # mg/dL in one mmol/L; creatinine 1 mg/dL = 88.4 micromol/L (AMA Manual of Style).
        "fasting_glucose": OtherUnit("mmol/L", 18.016, 50, 400),
        "total_cholesterol": OtherUnit("mmol/L", 38.67, 80, 400),
        "hdl_cholesterol": OtherUnit("mmol/L", 38.67, 20, 120),
        "triglycerides": OtherUnit("mmol/L", 88.57, 40, 1000),
        "creatinine": OtherUnit("micromol/L", 1 / 88.4, 0.3, 10),
        # Albumin to creatinine: 1 mg/mmol = 8.84 mg/g (KDIGO 2012: 3 and 30 mg/mmol are taken for
        # 30 and 300 mg/g).
        "albumin_creatinine_ratio": OtherUnit("mg/mmol", 8.84, 10, 3000),
    }
)
"""Measures that are reported in another unit too, by name."""


def hints(study: Study, measures: Mapping[str, Measure]) -> Iterator[str]:
    """Yield the numbers of a study that look as if another unit was meant.

    Parameters
    ----------
    study : Study
    measures : mapping of str to Measure
        By name.

    Yields
    ------
    str
        Place, number, and what it would be in the measure's unit; each once.
    """
    told: set[str] = set()
    for place, name, value in _numbers(study):
        other = OTHER_UNITS.get(name)
        if other is None or name not in measures or other.low <= value <= other.high:
            continue
        converted = value * other.factor
        if value <= 0 or not other.low <= converted <= other.high:
            continue
        said = (
            f"{place}: {number_text(value)} looks like {other.unit}, but {name} is in "
            f"{measures[name].unit} ({number_text(value)} {other.unit} = {converted:.3g} "
            f"{measures[name].unit})"
        )
        if said not in told:
            told.add(said)
            yield said


def _numbers(study: Study) -> Iterator[tuple[str, str, float]]:
    """Give each number that a study holds against a measure: where, which, how much."""
    for condition in study.conditions:
        for name, value in _compared(condition):
            yield condition.source.where, name, value
    terms = [term for model in study.models for term in model.parsed_terms]
    terms += [term for option in study.options for term in option.parsed_terms]
    for each in study.adjusted:
        terms += [*each.parsed_terms, *([each.group] if each.group else [])]
    for term in terms:
        yield from _in_term(term)
    for stratum in study.strata:
        for cut in stratum.cuts:
            yield f"division '{stratum.name}', cuts", stratum.measure, cut
    for interaction in study.interactions:
        fixed = interaction.joint_cuts
        for cut in fixed.modifier if fixed else ():
            place = f"interaction '{interaction.name}', joint_cuts"
            yield place, interaction.modifier, cut
    for exposure in study.exposures:
        for cut in exposure.cuts:
            yield f"exposure '{exposure.measure}', cuts", exposure.measure, cut
        yield f"exposure '{exposure.measure}', per", exposure.measure, exposure.per
        if isinstance(exposure.spline_reference, int | float):
            place = f"exposure '{exposure.measure}', spline_reference"
            yield place, exposure.measure, exposure.spline_reference


def _compared(condition: Condition) -> Iterator[tuple[str, float]]:
    stack: list[Node] = [condition.root]
    while stack:
        match stack.pop():
            case Comparison() as comparison:
                for left, _, right in comparison.pairs:
                    match left, right:
                        case (Name(), Number()):
                            yield left.name, right.value
                        case (Number(), Name()):
                            yield right.name, left.value
            case Membership(name=name, values=values):
                yield from ((name.name, v.value) for v in values if isinstance(v, Number))
            case Not(part=part):
                stack.append(part)
            case And(parts=parts) | Or(parts=parts):
                stack.extend(parts)


def _in_term(term: Term) -> Iterator[tuple[str, str, float]]:
    for part in term.parts:
        if isinstance(part, Transform) and part.name in ("category", "center", "per"):
            for value in part.parameters:
                yield term.source.where, part.arg.name, value
