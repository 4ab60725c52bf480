"""Another exposure in a study: what it brings with it, and what loses its meaning.

Works on the parsed TOML, so that the result is validated as a file is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.cohort.measure import Measure
from analysis.errors import InputError
from analysis.grammar import Term, parse_term, suggestion
from analysis.grammar.tokens import clip, number_text

_CURVE = ("spline_knots", "spline_reference")

_PARTS = re.compile(r"_(total|dietary|supplemental|supplement|two_days)\b")
"""What tells measures of one nutrient apart."""

_QUALIFIED = re.compile(r"^(total|dietary|supplemental|serum) ")
"""What the label of one such measure begins with."""


def exchange_exposure(
    raw: dict[str, Any], old: str, new: str, measures: Mapping[str, Measure]
) -> list[str]:
    """Put another exposure in the place of a study's own.

    An exposure that the study has among its others changes places with the main one, with its own
    unit and groups, and keeps the models that the file has for it. Any other takes the main one's
    unit, groups and models; where it stands in these as a covariate, the old exposure does so now,
    and the study's other exposures are left out, because the models were shared with them.

    Left out are parts whose words speak of the old exposure: the specification curve, the negative
    controls, and interactions and strata that are named after either or made of the new one.

    Parameters
    ----------
    raw : dict
        The study's parsed TOML; changed in place.
    old, new : str
        Names of measures.
    measures : mapping of str to Measure
        For labels.

    Returns
    -------
    list of str
        What was left out, in words.

    Raises
    ------
    InputError
        If there is no such measure, or it is not a number.
    """
    if new not in measures:
        raise InputError(
            f"unknown measure {clip(str(new))}{suggestion(str(new), measures)}",
            where="--set exposure.measure",
            remedy="List them: python -m analysis measures",
        )
    if measures[new].kind != "continuous":
        raise InputError(
            f"'{new}' is categorical; want a continuous measure", where="--set exposure.measure"
        )
    others = raw.get("other_exposures", [])
    mine = next((each for each in others if each.get("measure") == new), None)
    left_out = list(_in_models(raw, old, new) if mine is None else _change_places(raw, mine))
    left_out += _without_meaning(raw, old, new, measures)
    _table1(raw, new)
    # The new measures' smallest subsample may be another; its weight is found by itself.
    raw.get("data", {}).pop("weight", None)
    was, now = (_label(measures, name) for name in (old, new))
    raw["question"] = f"{now} in place of {was} in: {raw['question']}"[:2_000]
    for step in raw.get("cohort", []):
        if re.search(rf"\b{re.escape(old)}\b", str(step.get("keep", ""))):
            left_out.append(f"but not the cohort step '{step.get('step')}', which asks for {old}")
    return left_out


def _label(measures: Mapping[str, Measure], name: str) -> str:
    return measures[name].label if name in measures else name


def _change_places(raw: dict[str, Any], mine: dict[str, Any]) -> Iterator[str]:
    """Make one of the other exposures the main one, and the main one another."""
    main = raw["exposure"]
    raw["exposure"] = {**mine, **({"spline_knots": main["spline_knots"]}
                                  if "spline_knots" in main else {})}  # fmt: skip
    others = [each for each in raw["other_exposures"] if each is not mine]
    raw["other_exposures"] = [{k: v for k, v in main.items() if k not in _CURVE}, *others]
    if main.get("spline_reference", "median") != "median":
        yield "spline_reference (the curve is 1 at the median)"


def _in_models(raw: dict[str, Any], old: str, new: str) -> Iterator[str]:
    """Let a new exposure take the old one's place, and the old one its place as a covariate."""
    main = raw["exposure"]
    per = main.get("per", 1)
    unit = number_text(float(per)) if isinstance(per, int | float) else "1"
    raw["exposure"] = main | {"measure": new}
    if raw["exposure"].pop("spline_reference", "median") != "median":
        yield "spline_reference (the curve is 1 at the median)"
    if raw["exposure"].get("cuts"):
        raw["exposure"].setdefault("groups", len(raw["exposure"].pop("cuts")) + 1)
        yield "cut points (quantile groups instead)"
    if raw.pop("other_exposures", None):
        yield "other exposures"
    kept = []
    for model in raw.get("models", []):
        named = model.pop("exposures", None)
        if named and old not in named:
            yield f"model '{model.get('name')}', which is for other exposures"
            continue
        if _speaks_of(model, new):
            yield f"model '{model.get('name')}', whose words are of {_subject(new)}"
            continue
        terms, gone = _exchanged(model.get("terms", []), old, new, unit)
        model["terms"] = terms
        yield from (f"term {clip(text)} of the model '{model.get('name')}'" for text in gone)
        kept.append(model)
    raw["models"] = kept


def _exchanged(texts: list[str], old: str, new: str, per: str) -> tuple[list[str], list[str]]:
    """Put the old exposure where the new one stood; give the terms, and those that are gone."""
    found: list[str] = []
    gone: list[str] = []
    there = False
    for text in texts:
        term = _term(text)
        if term is None or new not in term.columns:
            found.append(text)
        elif len(term.parts) > 1 or there:
            gone.append(text)
        else:
            found.append(f"per({old}, {per})")
            there = True
    return found, gone


def _term(text: str) -> Term | None:
    try:
        return parse_term(text)
    except InputError:
        return None  # told with the other problems


def _without_meaning(
    raw: dict[str, Any], old: str, new: str, measures: Mapping[str, Measure]
) -> Iterator[str]:
    """Take out what speaks of the old exposure, or is made of the new one."""
    if raw.pop("specifications", None):
        yield "specification curve"
    for section, word, key in (
        ("interactions", "interaction", "modifier"), ("strata", "division", "measure"),
    ):  # fmt: skip
        kept = []
        for entry in raw.get(section, []):
            spoken = (_speaks_of(entry, name, _label(measures, name)) for name in (old, new))
            if any(spoken) or entry.get(key) == new:
                yield f"{word} '{entry.get('name')}'"
            else:
                kept.append(entry)
        if section in raw:
            raw[section] = kept
    controls = raw.get("confounding", {})
    gone = [controls.pop(key, None) for key in ("negative_exposure", "negative_outcome")]
    if any(gone):
        yield "negative controls"
    if raw.get("imputation", {}).get("auxiliary"):
        raw["imputation"]["auxiliary"] = [
            name for name in raw["imputation"]["auxiliary"] if name != new
        ]
    yield from _without_model(raw, new)


def _without_model(raw: dict[str, Any], new: str) -> Iterator[str]:
    """Let what names a model that is gone, or is for others, take the new exposure's last one."""
    there = {
        model.get("name") for model in raw.get("models", [])
        if new in model.get("exposures", [new])
    }  # fmt: skip
    asked = [raw.get(name) for name in ("confounding", "imputation")]
    asked += [*raw.get("multinomial", []), *raw.get("interactions", [])]
    for each in asked:
        if each and each.get("model", "") and each["model"] not in there:
            yield f"the choice of the model '{each.pop('model')}'"


def _table1(raw: dict[str, Any], new: str) -> None:
    rows = raw.get("table1", {}).get("rows")
    if isinstance(rows, list) and new not in rows:
        rows.append(new)


def _subject(name: str) -> str:
    """Name what measures of one nutrient share: ``magnesium`` of ``magnesium_total``."""
    return _PARTS.sub("", name).replace("_", " ")


def _speaks_of(entry: Mapping[str, Any], name: str, label: str = "") -> bool:
    """Whether the words of an entry hold a measure's subject, or its label (``25(OH)D``)."""
    words = f"{entry.get('name', '')} {entry.get('label', '')}".replace("_", " ").lower()
    called = _QUALIFIED.sub("", label.lower())
    spoken = re.search(rf"\b{re.escape(_subject(name))}\b", words) is not None
    return spoken or bool(called and called in words)
