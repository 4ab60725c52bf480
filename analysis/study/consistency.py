"""What must hold between the entries of a study file.

Works on the parsed TOML rather than on validated models, so that these problems are told together
with wrong types and unknown keys; whatever has the wrong type is passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from analysis.errors import InputError
from analysis.grammar import Term, parse_term, suggestion
from analysis.grammar.tokens import clip
from analysis.models.names import group_names
from analysis.study.translate import Location, Problem, described

SELECTORS = (
    "analysis", "model", "outcome", "exposure", "contrast", "level", "reference", "stratum",
    "stratum_level", "measure",
)  # fmt: skip
"""Text columns of results.csv by which a published figure finds its row."""

ANALYSES = (
    "flow", "missing", "cut_points", "groups", "table1", "prevalence", "mean", "odds_ratio",
    "linear", "per_unit", "trend", "spline", "coefficient", "compared", "exposure_by_outcome",
    "multinomial", "joint", "interaction", "slope", "stratum", "specification",
    "specification_summary", "one_choice", "e_value", "negative_control", "leave_one_out",
    "imputed", "adjusted", "standardised", "published",
)  # fmt: skip
"""Values of the column ``analysis`` in results.csv."""

MODELS_ADJUSTED = ("crude", "adjusted")
"""What the column ``model`` says of rows of ``adjusted``."""

# Tuples, because what is looked for in them may be anything that TOML can hold.
_OF_OUTCOMES = (
    "adjusted", "prevalence", "mean", "odds_ratio", "linear", "per_unit", "trend", "spline",
    "coefficient",
)  # fmt: skip
_BY_GROUP = ("odds_ratio", "linear")
_BY_STRATUM = ("prevalence", "mean")

_RESERVED = {
    "cohort": ("interviewed", "weighted", "complete_cases"),  # steps that the program adds itself
    "domains": ("all",),  # everyone, in the column stratum_level
}
_KINDS = {
    "event": "binary", "below": "binary", "measure": "continuous", "mean_z": "continuous",
}  # fmt: skip
"""Keys that say what an outcome is made of, of which it has one."""

_FIGURE_KEYS = {
    "exact": (("where", "estimate", "digits"), ("within", "direction", "significant", "measure")),
    "tolerance": (
        ("where", "estimate", "within", "reason"),
        ("digits", "direction", "significant", "measure"),
    ),
    "direction": (("where",), ("digits", "within", "measure")),
    "not_testable": (("reason",), ("where", "digits", "within", "significant")),
}


def consistency_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield duplicates, references to what is not there, and keys that do not go together."""
    for section, key in (
        ("references", "id"), ("cohort", "step"), ("outcomes", "name"), ("models", "name"),
        ("domains", "name"), ("published", "id"),
    ):  # fmt: skip
        yield from _name_problems(raw, section, key)
    yield from _repeats(raw, "data", "cycles")
    yield from _repeats(raw, "table1", "rows")
    yield from _model_problems(raw)
    yield from _exposure_problems(raw)
    for i, outcome in _entries(raw, "outcomes"):
        yield from _outcome_problems(("outcomes", i), outcome)
    for i, figure in _entries(raw, "published"):
        yield from _figure_problems(("published", i), figure)
        yield from _selector_problems(("published", i), figure, raw)
    yield from _shared_rows(raw)


def _entries(raw: Mapping[str, Any], section: str) -> Iterator[tuple[int, dict]]:
    entries = raw.get(section)
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield i, entry


def _table(raw: Mapping[str, Any], section: str) -> dict:
    table = raw.get(section)
    return table if isinstance(table, dict) else {}


def _names(raw: Mapping[str, Any], section: str, key: str = "name") -> list[str]:
    return [e[key] for _, e in _entries(raw, section) if isinstance(e.get(key), str)]


def _name_problems(raw: Mapping[str, Any], section: str, key: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, entry in _entries(raw, section):
        name = entry.get(key)
        if not isinstance(name, str):
            continue
        if name in seen:
            yield (section, i, key), f"the {key} {clip(name)} is taken by an entry above"
        if name in _RESERVED.get(section, ()):
            yield (section, i, key), f"the {key} '{name}' is reserved; choose another"
        seen.add(name)


def _repeats(raw: Mapping[str, Any], section: str, key: str) -> Iterator[Problem]:
    values = _table(raw, section).get(key)
    seen: set[str] = set()
    for i, value in enumerate(values if isinstance(values, list) else ()):
        if isinstance(value, str):
            if value in seen:
                yield (section, key, i), f"{clip(value)} is named twice"
            seen.add(value)


def _model_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    if raw.get("models") and "exposure" not in raw:
        yield ("models",), "models need an [exposure], which this file does not have"
    main = _table(raw, "exposure").get("measure")
    main = main if isinstance(main, str) else ""  # told elsewhere
    for i, model in _entries(raw, "models"):
        # A model for other exposures only may hold the main one; `references` looks at those.
        exposure = "" if model.get("exposures") else main
        texts = model.get("terms")
        texts = texts if isinstance(texts, list) else []
        terms = list(_readable(texts))
        unreadable = len(terms) < len(texts)
        seen: dict[frozenset[str], int] = {}
        for j, term in terms:
            at = ("models", i, "terms", j)
            key = frozenset(map(str, term.parts))  # in an interaction, order does not matter
            if key in seen:
                yield at, f"{clip(term.text)} is the same as no. {seen[key] + 1}"
            seen.setdefault(key, j)
            if exposure in term.columns:
                yield at, _exposure_in(term, exposure)
        for j, term in terms:
            # A part may be the term that cannot be read, and the exposure is told already.
            if exposure not in term.columns and not unreadable:
                yield from _lacking(("models", i, "terms", j), term, seen)


def _readable(texts: list) -> Iterator[tuple[int, Term]]:
    """Yield the terms that can be read; the others are told elsewhere."""
    for j, text in enumerate(texts):
        try:
            if isinstance(text, str):
                yield j, parse_term(text)
        except InputError:
            continue


def _exposure_in(term: Term, exposure: str) -> str:
    if term.columns == {exposure}:
        return "the exposure is in every model already"
    return (
        f"{clip(term.text)} holds the exposure, so the exposure's own estimates would be those of "
        "one group or value only; how an association differs between people (effect "
        "modification) is a matter of [[interactions]] and [[strata]]"
    )


def _lacking(at: Location, term: Term, there: Mapping[frozenset[str], int]) -> Iterator[Problem]:
    """Refuse a product without its parts: what it adjusts for would depend on the coding."""
    parts = list(map(str, term.parts))
    lower = [some for size in range(1, len(parts)) for some in combinations(parts, size)]
    lacking = [f'"{":".join(some)}"' for some in lower if frozenset(some) not in there]
    if lacking:
        them = "that term" if len(lacking) == 1 else "those terms"
        what = f"an interaction stands beside its parts; {clip(term.text)} lacks"
        yield at, f"{what} {', '.join(lacking)}: add {them} to the model"


def _exposure_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    exposure = _table(raw, "exposure")
    if "exposure" in raw and not raw.get("models"):
        yield (
            ("exposure",),
            "an exposure needs one or more [[models]] (terms = [] is the crude one), which this "
            "file does not have",
        )
    if "spline_reference" in exposure and "spline_knots" not in exposure:
        yield ("exposure", "spline_reference"), "there is no curve without spline_knots"


def _outcome_problems(at: Location, outcome: Mapping[str, Any]) -> Iterator[Problem]:
    made = [key for key in _KINDS if key in outcome]
    if len(made) > 1:
        both = " and ".join(f"'{key}' ({_KINDS[key]})" for key in made)
        yield at, f"has both {both}; want one of them"
    if not made:
        yield (
            at,
            "has neither 'event' (binary) nor 'measure' (continuous), nor 'below' or 'mean_z'; "
            "want one of them",
        )
    scores = outcome.get("mean_z")
    if isinstance(scores, list) and len(scores) < 2:
        yield (*at, "mean_z"), "want two measures or more; of one, say 'measure'"
    if "against" in outcome and "event" not in outcome:
        yield (*at, "against"), "means nothing without 'event'"


def _figure_problems(at: Location, figure: Mapping[str, Any]) -> Iterator[Problem]:
    kind = figure.get("kind")
    wanted, refused = _FIGURE_KEYS.get(kind, ((), ())) if isinstance(kind, str) else ((), ())
    for key in wanted:
        if key not in figure:
            yield at, f"a figure of kind '{kind}' needs '{key}'"
    for key in refused:
        if key in figure:
            yield (*at, key), f"does not go with kind '{kind}'"
    if kind == "direction" and not {"direction", "estimate", "significant"} & set(figure):
        yield at, "a figure of kind 'direction' needs 'direction', 'estimate' or 'significant'"
    low, estimate, high = (_number(figure.get(key)) for key in ("low", "estimate", "high"))
    if ("low" in figure) != ("high" in figure):
        yield at, "has one end of an interval; want both 'low' and 'high', or neither"
    ends = [value for value in (low, estimate, high) if value is not None]
    if ends != sorted(ends):
        yield at, "wants low <= estimate <= high"
    if figure.get("unit") == "percent" and any(not 0 <= value <= 100 for value in ends):
        yield at, "a percentage lies between 0 and 100"


def _shared_rows(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Refuse two figures with numbers in one row, which has place for the numbers of one."""
    taken: list[tuple[dict, Any]] = []
    for i, figure in _entries(raw, "published"):
        where = figure.get("where")
        if not isinstance(where, dict) or not {"estimate", "low", "high"} & set(figure):
            continue
        other = next((name for row, name in taken if row == where), None)
        if other is not None and where:
            what = f"names the same row as the figure {clip(other)}, and both have numbers"
            yield ("published", i, "where"), f"{what}; leave the numbers of one out"
        elif isinstance(figure.get("id"), str):
            taken.append((where, figure["id"]))


def _number(value: Any) -> float | int | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _selector_problems(
    at: Location, figure: Mapping[str, Any], raw: Mapping[str, Any]
) -> Iterator[Problem]:
    references = _names(raw, "references", "id")
    source = figure.get("source")
    if isinstance(source, str) and source not in references:
        yield (*at, "source"), f"no reference has the id {clip(source)}{_near(source, references)}"
    where = figure.get("where")
    if not isinstance(where, dict):
        return
    for key in where:
        if key not in SELECTORS:
            yield (*at, "where"), f"unknown key {clip(key)} in where{_near(key, SELECTORS)}"
    analysis = where.get("analysis")
    if analysis is None:
        yield (*at, "where"), f"needs 'analysis', one of {', '.join(ANALYSES)}"
        return
    for key, known in _choices(analysis, raw).items():
        value = where.get(key)
        if isinstance(value, str) and known is not None and value not in known:
            yield (*at, "where", key), f"got {described(value)}{_near(value, known)}"


def _choices(analysis: Any, raw: Mapping[str, Any]) -> dict[str, list[str] | None]:
    """List what the selectors may be where the file decides it; None where it is unreadable."""
    known: dict[str, list[str] | None] = {"analysis": list(ANALYSES)}
    outcomes, levels = _known_names(raw, "outcomes"), _levels(raw)
    known["model"] = _known_names(raw, "models")
    if analysis == "adjusted":
        known["model"] = list(MODELS_ADJUSTED)
        known["stratum"] = _known_names(raw, "adjusted")
    known["exposure"] = _exposures(raw)
    if analysis in _OF_OUTCOMES:
        known["outcome"] = outcomes
    if analysis in _BY_GROUP:
        known["level"] = levels
    if analysis in _BY_STRATUM:
        domains = _known_names(raw, "domains")
        both = levels is not None and domains is not None
        known["stratum_level"] = ["all", *(levels or ()), *(domains or ())] if both else None
    return known


def _known_names(raw: Mapping[str, Any], section: str) -> list[str] | None:
    """Names in a section; None if one cannot be read, which is told elsewhere."""
    names, entries = _names(raw, section), raw.get(section, [])
    return names if isinstance(entries, list) and len(names) == len(entries) else None


def _exposures(raw: Mapping[str, Any]) -> list[str] | None:
    """Name what the models' estimates are of; None if one cannot be read."""
    tables = [_table(raw, "exposure"), *(each for _, each in _entries(raw, "other_exposures"))]
    names = [table.get("measure") for table in tables if table]
    for _, interaction in _entries(raw, "interactions"):
        names.append(interaction.get("modifier"))
    control = _table(raw, "confounding").get("negative_exposure")
    names += [control.get("measure")] if isinstance(control, dict) else []
    known = [name for name in names if isinstance(name, str)]
    return known if len(known) == len(names) else None


def _levels(raw: Mapping[str, Any]) -> list[str] | None:
    """Names of the dose groups; None if their number is wrong, which is told elsewhere."""
    if "exposure" not in raw:
        return []
    found: dict[str, None] = {}
    for table in (_table(raw, "exposure"), *(each for _, each in _entries(raw, "other_exposures"))):
        groups, split = table.get("groups"), table.get("split", "everyone")
        cuts = table.get("cuts")
        fixed = isinstance(cuts, list) and bool(cuts)
        groups = len(cuts) + 1 if isinstance(cuts, list) and cuts else groups
        if isinstance(groups, bool) or not isinstance(groups, int) or not 2 <= groups <= 10:
            return None
        found |= dict.fromkeys(group_names(groups, users=split == "users", fixed=fixed))
    return list(found)


def _near(word: str, known: list[str] | tuple[str, ...]) -> str:
    if not known:
        return "; this file has none"
    return suggestion(word, known) or f"; want one of {', '.join(map(clip, known))}"
