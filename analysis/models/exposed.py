"""Rows of an exposure's models: dose groups, trend, per unit, coefficients.

All models of an exposure share their people and most of their columns, so they are fitted together
(`Design.fits`), which is several times as fast as one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.models.doses import Doses
from analysis.models.levels import note_of
from analysis.models.matrix import dummies
from analysis.models.outcomes import Response
from analysis.models.plan import Exposure, Model, Row
from analysis.models.setting import DF_RULE, Setting
from analysis.survey import Specification

FORMS = ("groups", "trend", "unit")
"""The dose as groups, as its group's median, and as it is."""


@dataclass(frozen=True)
class Exposed:
    """An exposure on a study's people.

    Parameters
    ----------
    setting : Setting
    exposure : Exposure
    strict : bool
        Whether a dose group without an odds ratio is an error, rather than a row that says so.
    """

    setting: Setting
    exposure: Exposure
    strict: bool

    @cached_property
    def doses(self) -> Doses:
        """Dose groups."""
        return self.setting.doses[self.exposure.measure]

    @property
    def measure(self) -> str:
        """Column of the exposure."""
        return self.exposure.measure

    @property
    def unit(self) -> str:
        """Its unit; empty if it has none."""
        return self.setting.unit(self.measure)

    @property
    def names(self) -> dict[str, str]:
        """Terms of the dose, by its form."""
        return {
            "groups": f"{self.measure} groups",
            "trend": f"median of {self.measure} group",
            "unit": f"{self.measure} / {self.exposure.per:g}",
        }

    @cached_property
    def columns(self) -> dict[str, pd.DataFrame | pd.Series]:
        """Every column of the models, of the cohort's members, by its term."""
        people = self.setting.people.index
        names = self.names
        scores = self.doses.scores().loc[people] / self.doses.spread
        dose = self.setting.frame[self.measure].loc[people].astype("float64")
        found: dict[str, pd.DataFrame | pd.Series] = {
            names["groups"]: dummies(self.doses.group.loc[people], self.measure),
            names["trend"]: scores.rename(names["trend"]),
            names["unit"]: (dose / self.exposure.per).rename(names["unit"]),
        }
        for model in self.setting.plan.models_of(self.measure):
            for term in model.parsed_terms:
                found[str(term)] = self.setting.columns([term])
        return found

    def rows(self, *, coefficients: bool) -> Iterator[Row]:
        """Dose groups against the lowest, trend, per unit, and coefficients if asked for.

        The standard error of an odds ratio's row is that of its logarithm.

        Parameters
        ----------
        coefficients : bool
            Whether all coefficients of the models with dose groups are wanted.

        Yields
        ------
        dict
            Rows of ``odds_ratio`` or ``linear``, ``coefficient``, ``trend`` and ``per_unit``.

        Raises
        ------
        InputError
            If a model cannot be fitted and the exposure is `strict`.
        """
        fitted = self._fitted(coefficients=coefficients)
        for response in self.setting.responses.values():
            for model in self.setting.plan.models_of(self.measure):
                one = _Associated(self, response, model, fitted)
                yield from one.rows(coefficients=coefficients)

    def _fitted(self, *, coefficients: bool) -> Mapping[str, pd.DataFrame]:
        asked = []
        for response in self.setting.responses.values():
            # Models that are given the same arrays are begun at each other's solutions.
            inside, values = response.domain.inside, response.values.to_numpy()
            for model in self.setting.plan.models_of(self.measure):
                terms = [str(term) for term in model.parsed_terms]
                for form, name in self.names.items():
                    everything = coefficients and form == "groups"
                    asked.append(
                        Specification(
                            _key(response, model, form),
                            values,
                            [name, *terms],
                            family=response.family,
                            domain=inside,
                            keep=None if everything else [name],
                            df=DF_RULE,
                        )
                    )
        found = self.setting.cohort.fits(asked, self.columns)
        return dict(iter(found.groupby("specification", sort=False)))


def _key(response: Response, model: Model, form: str) -> str:
    return f"{response.outcome.name}, {model.name}, {form}"


@dataclass(frozen=True)
class _Associated:
    """The models of one outcome with one set of covariates."""

    exposed: Exposed
    response: Response
    model: Model
    fitted: Mapping[str, pd.DataFrame]

    def rows(self, *, coefficients: bool) -> Iterator[Row]:
        grouped = self._results("groups")
        yield from self._group_rows(grouped)
        if coefficients and not self._problem(grouped):
            yield from self._coefficient_rows(grouped)
        yield self._trend_row()
        yield self._per_unit_row()

    @property
    def _binary(self) -> bool:
        return self.response.family == "binomial"

    def _results(self, form: str) -> pd.DataFrame:
        found = self.fitted[_key(self.response, self.model, form)].set_index("coefficient")
        problem = self._problem(found)
        if problem and self.exposed.strict:
            if form == "groups":
                self._require_both_sides()
            raise InputError(problem, where=self._place)
        return found

    @property
    def _place(self) -> str:
        return f"outcome '{self.response.outcome.name}', model '{self.model.name}'"

    @staticmethod
    def _problem(found: pd.DataFrame) -> str:
        return str(found["problem"].iloc[0])

    @cached_property
    def _used(self) -> np.ndarray:
        """Which members of the cohort the models rest on."""
        people = self.exposed.setting.people.index
        known = self.response.domain.inside[self.exposed.setting.cohort.inside]
        group = self.exposed.doses.group.loc[people].notna().to_numpy()
        covariates = self.exposed.setting.columns(self.model.parsed_terms)
        return known & group & covariates.notna().all(axis=1).to_numpy()

    @cached_property
    def _counts(self) -> tuple[np.ndarray, np.ndarray]:
        """People and events of each dose group."""
        inside = self.exposed.setting.cohort.inside
        codes = self.exposed.doses.group.cat.codes.to_numpy()[inside][self._used]
        values = self.response.values.to_numpy()[inside][self._used]
        number = len(self.exposed.doses.levels)
        people = np.bincount(codes, minlength=number)
        events = np.bincount(codes, weights=values, minlength=number)
        return people, events if self._binary else np.full(number, np.nan)

    def _require_both_sides(self) -> None:
        """Refuse a dose group in which everyone, or nobody, has the event: it has no odds ratio."""
        if not self._binary:
            return
        doses = self.exposed.doses
        for i, (people, events) in enumerate(zip(*self._counts, strict=True)):
            if not 0 < events < people:
                raise InputError(
                    f"{int(events):,} of the {int(people):,} people of dose group "
                    f"{doses.levels[i]} ({doses.range_of(i, self.exposed.unit)}) have the event, "
                    "so it has no odds ratio",
                    where=self._place,
                    remedy="Take fewer groups, more cycles or another cut-off.",
                )

    def _row(self, analysis: str, fitted: pd.Series | None = None, **more: object) -> Row:
        row: Row = {
            "analysis": analysis,
            "model": self.model.name,
            "outcome": self.response.outcome.name,
            "exposure": self.exposed.measure,
            **more,
        }
        if fitted is None:
            return row
        if fitted["problem"]:
            return row | {"note": note_of(fitted["problem"])}
        row |= {"df": fitted["df"], "n": fitted["n"]}
        row["events"] = fitted["events"] if self._binary else np.nan
        if fitted["left_out"]:
            row["note"] = f"nobody here has {fitted['left_out']}, which the model leaves out"
        return row

    def _effect(self, fitted: pd.Series) -> Row:
        scale = self.response.scale
        if fitted["problem"]:
            return {"measure": self.response.measure}
        return {
            "measure": self.response.measure,
            "estimate": scale(fitted["estimate"]),
            "conf_low": scale(fitted["conf_low"]),
            "conf_high": scale(fitted["conf_high"]),
            **{column: fitted[column] for column in ("std_error", "statistic", "p_value")},
        }

    def _group_rows(self, results: pd.DataFrame) -> Iterator[Row]:
        levels = self.exposed.doses.levels
        analysis = "odds_ratio" if self._binary else "linear"
        first = results.iloc[0]
        for i, (level, people, events) in enumerate(zip(levels, *self._counts, strict=True)):
            fitted = first
            if i > 0 and not first["problem"]:
                fitted = results.loc[f"{self.exposed.measure}[{level}]"]
            row = self._row(analysis, fitted, level=level, reference=levels[0])
            row |= {"contrast": f"{level} vs {levels[0]}", "n": int(people), "events": events}
            if i == 0:
                none = self.response.scale(0.0)
                yield row | {"measure": self.response.measure, "estimate": none}
            else:
                yield row | self._effect(fitted)

    def _coefficient_rows(self, results: pd.DataFrame) -> Iterator[Row]:
        measure = "log_odds" if self._binary else "difference"
        columns = ("estimate", "conf_low", "conf_high", "std_error", "statistic", "p_value")
        for name, fitted in results.iterrows():
            row = self._row("coefficient", fitted, contrast=name, measure=measure)
            yield row | {column: fitted[column] for column in columns}

    def _trend_row(self) -> Row:
        """Test the group medians as one term: with one degree of freedom, F is the square of t."""
        fitted = self._results("trend").iloc[0]
        row = self._row("trend", fitted, measure="p_trend", contrast="group medians")
        row["unit"] = f"per {self.exposed.unit}" if self.exposed.unit else ""
        if fitted["problem"]:
            return row
        return row | {
            "estimate": fitted["estimate"] / self.exposed.doses.spread,
            "std_error": fitted["std_error"] / self.exposed.doses.spread,
            "statistic": fitted["statistic"] ** 2,
            "p_value": fitted["p_value"],
        }

    def _per_unit_row(self) -> Row:
        fitted = self._results("unit").iloc[0]
        contrast = f"per {self.exposed.exposure.per:g} {self.exposed.unit}".strip()
        return self._row("per_unit", fitted, contrast=contrast) | self._effect(fitted)
