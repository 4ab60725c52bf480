"""Several events against the same people in one model: a logit each, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.asked import Multinomial
from analysis.models.associations import Fit
from analysis.models.doses import Doses, members
from analysis.models.levels import as_note, people_of, wald_row, within
from analysis.models.matrix import INTERCEPT, dummies
from analysis.models.outcomes import Response
from analysis.models.plan import Row
from analysis.models.setting import Setting
from analysis.survey import MultinomialResults

BASE = "against"
"""The category that all others are compared with."""


def multinomial_rows(setting: Setting) -> Iterator[Row]:
    """Fit the multinomial logits that a study asks for.

    A study's binary logits each leave out the people of the others' events. Here all are in one
    model, whose coefficients are of the same form: log odds of an event against the shared base.

    Parameters
    ----------
    setting : Setting
        With ``plan.multinomial``.

    Yields
    ------
    dict
        Rows of the analysis ``multinomial``. ``n`` is of all people of the model in a dose group,
        whichever outcome they have: over the groups it adds up to the model's people.

    Raises
    ------
    InputError
        If outcomes share events or are not compared with the same people.
    """
    for section in setting.plan.multinomial:
        yield from _section_rows(setting, section)


@dataclass(frozen=True)
class Status:
    """One multinomial outcome, the dose groups and the covariates.

    Parameters
    ----------
    fit : Fit
        Its domain is all members in one of the categories.
    status : Series of category, length n
        As `categories` gives it.
    doses : Doses
        Groups of the main exposure.
    exposure : str
        Its measure.
    """

    fit: Fit
    status: pd.Series
    doses: Doses
    exposure: str

    @cached_property
    def codes(self) -> np.ndarray:
        """Dose groups of the fit's members, -1 where not known."""
        return self.fit.of_members(self.doses.group).cat.codes.to_numpy()

    @cached_property
    def used(self) -> np.ndarray:
        """Members in a category and a dose group, without a covariate missing."""
        return people_of(self.fit) & (self.codes >= 0)

    @property
    def names(self) -> list[str]:
        """Outcomes that have a logit."""
        return list(self.status.cat.categories[1:])

    @cached_property
    def table(self) -> np.ndarray:
        """People by dose group and category, the base first: shape (groups, categories)."""
        found = np.zeros((len(self.doses.levels), len(self.names) + 1))
        categories = self.fit.of_members(self.status).cat.codes.to_numpy()
        np.add.at(found, (self.codes[self.used], categories[self.used]), 1)
        return found

    def coefficient(self, outcome: str, level: str) -> str:
        """Name of a coefficient."""
        return f"{outcome}: {self.exposure}[{level}]"


def _section_rows(setting: Setting, section: Multinomial) -> Iterator[Row]:
    exposure = setting.exposure
    responses = [setting.responses[name] for name in section.outcomes]
    status = categories(responses, setting, f"multinomial '{section.name}'")
    model = setting.model(section.model)
    fit = setting.fit(section.outcomes[0], model.parsed_terms, model)
    # The outcome's own domain lacks the people of the other events.
    everyone = replace(fit.response, domain=setting.cohort.where(status.notna()))
    doses = setting.doses[exposure.measure]
    joined = Status(replace(fit, response=everyone), status, doses, exposure.measure)
    base = {"analysis": "multinomial", "model": model.name, "exposure": exposure.measure}
    for row in _rows(joined):
        yield base | {"stratum": section.name} | row


def categories(responses: Sequence[Response], setting: Setting, where: str) -> pd.Series:
    """Join binary outcomes into one of several categories.

    Parameters
    ----------
    responses : sequence of Response
        Binary, against the same people.
    setting : Setting
    where : str
        Named in errors.

    Returns
    -------
    Series of category, length n
        ``against``, then the outcomes by name; missing for people with none of them.

    Raises
    ------
    InputError
        If an outcome is not binary, someone has two of the events, or the people compared with
        differ.
    """
    inside = members(setting.cohort)
    codes = np.full(len(setting.frame), -1)
    first = responses[0].outcome.name
    against = (responses[0].values == 0).to_numpy()
    codes[against] = 0
    for i, response in enumerate(responses, start=1):
        name = response.outcome.name
        if response.family != "binomial":
            raise InputError(f"'{name}' is not an event but a quantity", where=where)
        other = int(((response.values == 0).to_numpy() != against)[inside].sum())
        if other:
            raise InputError(
                f"'{name}' is not compared with the same people as '{first}' ({other:,} differ)",
                where=where,
                remedy="Give its outcomes the same 'against'.",
            )
        event = (response.values == 1).to_numpy()
        both = int((event & (codes > 0) & inside).sum())
        if both:
            raise InputError(
                f"{both:,} people have '{name}' and another of the outcomes",
                where=where,
                remedy="Let the events exclude each other.",
            )
        codes[event] = i
    names = [BASE, *(response.outcome.name for response in responses)]
    return pd.Series(pd.Categorical.from_codes(codes, names), index=setting.frame.index)


def _rows(joined: Status) -> Iterator[Row]:
    notes = [_why_not(counted, joined) for counted in joined.table]
    if notes[0]:
        nothing = f"nothing to compare with: {notes[0]} ({joined.doses.levels[0]})"
        yield from _level_rows(joined, None, [notes[0], *(n or nothing for n in notes[1:])])
        return
    notes = [f"{note}; the model is without them" if note else "" for note in notes]
    estimable = np.array([not note for note in notes])
    try:
        results = _regress(joined, estimable)
    except InputError as error:
        yield from _level_rows(joined, None, [note or as_note(error) for note in notes])
        return
    yield from _level_rows(joined, results, notes)
    row: Row = {"outcome": ", ".join(joined.names), "measure": "p_equal", "n": results.nobs}
    yield row | _equal(joined, results, estimable)


def _why_not(counted: np.ndarray, joined: Status) -> str:
    """Say why a dose group has no odds ratios: it lacks people of a category."""
    n = counted.sum()
    for people, name in zip(counted, joined.status.cat.categories, strict=True):
        if not people:
            return f"none of the {n:,.0f} people is in the category '{name}'" if n else "nobody"
    return ""


def _regress(joined: Status, estimable: np.ndarray) -> MultinomialResults:
    inner = within(joined.fit, joined.used & estimable[joined.codes])
    groups = dummies(inner.of_members(joined.doses.group), joined.exposure)
    x = pd.concat([groups.loc[:, estimable[1:]], inner.covariates], axis=1)
    x.insert(0, INTERCEPT, 1.0)
    return inner.response.domain.multinomial_fit(joined.status, x, BASE, df=inner.df_rule)


def _level_rows(
    joined: Status, results: MultinomialResults | None, notes: Sequence[str]
) -> Iterator[Row]:
    reference = joined.doses.levels[0]
    effects = None if results is None else results.effects()
    for j, outcome in enumerate(joined.names, start=1):
        for i, level in enumerate(joined.doses.levels):
            row: Row = {
                "outcome": outcome,
                "level": level,
                "reference": reference,
                "contrast": f"{level} vs {reference}",
                "measure": "OR",
                "n": joined.table[i].sum(),
                "events": joined.table[i, j],
                "note": notes[i],
            }
            if results is None or effects is None or notes[i]:
                yield row
                continue
            row |= {"df": results.df_resid, "estimate": 1.0}
            name = joined.coefficient(outcome, level)
            yield row | (effects.loc[name].to_dict() if i else {})


def _equal(joined: Status, results: MultinomialResults, estimable: np.ndarray) -> Row:
    """Test that each dose group's coefficient is the same in every logit."""
    levels = [joined.doses.levels[i] for i in np.flatnonzero(estimable)[1:].tolist()]
    first, *others = joined.names
    contrasts = pd.DataFrame.from_dict(
        {
            (other, level): {
                joined.coefficient(other, level): 1.0,
                joined.coefficient(first, level): -1.0,
            }
            for other in others
            for level in levels
        },
        orient="index",
    )
    if contrasts.empty:
        return {"note": "there is one logit or one dose group: nothing to compare"}
    return wald_row(results, contrasts.fillna(0.0).reset_index(drop=True))
