"""Multiply imputed covariates: the main association in everyone whose outcome is known."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.grammar import Term, Transform
from analysis.models.asked import Imputation
from analysis.models.doses import members
from analysis.models.levels import as_note
from analysis.models.matrix import INTERCEPT, covariates, dummies
from analysis.models.outcomes import Response
from analysis.models.plan import Model, Row
from analysis.models.setting import DF_RULE, Setting
from analysis.survey import (
    DerivedEstimates,
    Design,
    Imputations,
    PooledResults,
    impute,
    pool,
    sets_needed,
)
from analysis.survey.imputation import Shape

PILOT = 10
"""Imputed sets from which the fraction of missing information is first estimated."""
MOST = 100
"""Imputed sets at the most; rows say so where more were needed."""
THREADS = 4
"""Threads at the most; their number does not change a digit."""
CURVED = ("spline", "square", "log", "sqrt")
"""Transforms whose columns predict other variables beside the value itself."""


def imputed_rows(setting: Setting) -> Iterator[Row]:
    """Estimate the main association with missing covariates imputed.

    People are those whom every step but that of complete cases leaves, with the exposure and all
    outcomes of the section known. The imputation model holds the covariates of the model (with the
    curved columns of its splines), the outcomes (events, and continuous outcomes themselves), the
    exposure and its groups, the section's auxiliary measures, the log weight, and an effect of
    every PSU. Dose groups and knots are those of the main analysis. Products of covariates are
    not part of the imputation model.

    Parameters
    ----------
    setting : Setting
        With ``plan.imputation``; nothing is estimated without.

    Yields
    ------
    dict
        Rows of the analysis ``imputed``. The standard error of an odds ratio is that of its
        logarithm; ``df`` is Barnard and Rubin's; ``fmi`` is that of large samples
        (`PooledResults.fmi_large`), since the other counts the want of PSUs as missing, too.
    """
    section = setting.plan.imputation
    if section is None:
        return
    analysed = _Analysed(setting, section)
    try:
        made = analysed.impute()
        pooled, made, wanted = analysed.pooled(made)
    except InputError as error:
        for name in section.outcomes:
            for i in range(len(analysed.doses.levels)):
                yield analysed.level(name, i) | {"note": as_note(error)}
        return
    told = ""
    if wanted > made.sets:
        told = f"{wanted} imputed sets would make standard errors replicable; {MOST} were taken"
    for name, results in pooled.items():
        yield from _outcome_rows(analysed, name, results)
        row = analysed.row(name)
        yield row | {"measure": "imputations", "estimate": float(made.sets), "note": told}
        yield row | {"measure": "iterations", "estimate": float(made.sweeps)}


class _Analysed:
    """The people, the outcomes and the model of the section."""

    def __init__(self, setting: Setting, section: Imputation) -> None:
        self.setting, self.section = setting, section
        self.model: Model = setting.model(section.model)
        self.exposure = setting.exposure
        self.doses = setting.doses[self.exposure.measure]
        self.responses = {name: setting.responses[name] for name in section.outcomes}
        known = members(setting.before) & (self.doses.group.cat.codes >= 0).to_numpy()
        for response in self.responses.values():
            known &= response.everyone.notna().to_numpy()
        self.known = known
        self.people = setting.frame.loc[known]
        groups = self.doses.group.loc[self.people.index]
        self.groups = dummies(groups, self.exposure.measure)
        self.codes = groups.cat.codes.to_numpy()
        self.domains: dict[str, Design] = {
            name: setting.before.where(known & response.values.notna().to_numpy())
            for name, response in self.responses.items()
        }

    def impute(self) -> Imputations:
        """Impute the pilot."""
        frame = self._imputation_frame()
        psu = self.people["stratum"].astype(str) + "/" + self.people["psu"].astype(str)
        return impute(
            frame,
            list(frame.columns),
            sets=PILOT,
            seed=self.section.seed,
            groups=psu,
            shapes=self._shapes(),
            jobs=min(THREADS, os.cpu_count() or 1),
        )

    def pooled(self, made: Imputations) -> tuple[dict[str, PooledResults], Imputations, int]:
        """Fit every set, and further sets until there are enough of them.

        Returns
        -------
        pooled : dict of str to PooledResults
        made : Imputations
        wanted : int
            Sets that the rule wants, which may be more than `MOST`.
        """
        found: dict[str, list[DerivedEstimates]] = {name: [] for name in self.responses}
        self._fit(made, range(made.sets), found)
        pilot = {name: pool(results) for name, results in found.items()}
        # Of the fraction that goes with large samples: the other is above 0 for want of PSUs alone.
        columns = list(self.groups.columns)
        largest = max(float(each.fmi_large[columns].max()) for each in pilot.values())
        wanted = sets_needed(largest, made.sets)
        more = made.extended(min(wanted, MOST))
        if more.sets == made.sets:
            return pilot, made, wanted
        self._fit(more, range(made.sets, more.sets), found)
        return {name: pool(results) for name, results in found.items()}, more, wanted

    def _fit(
        self, made: Imputations, numbers: range, found: dict[str, list[DerivedEstimates]]
    ) -> None:
        """Fit every outcome to some of the sets, and keep what pooling needs."""
        for number in numbers:
            self.setting.watch.step("imputed sets", number, numbers.stop)
            completed = self.people.assign(**made.filled(number))
            x = covariates(self.model.parsed_terms, completed, self.setting.knots)
            x = pd.concat([self.groups, x], axis=1)
            x.insert(0, INTERCEPT, 1.0)
            for name, response in self.responses.items():
                inside = response.values.loc[x.index].notna().to_numpy()
                results = self.domains[name].fit(
                    response.values, x[inside], family=response.family, df=DF_RULE
                )
                kept = DerivedEstimates(results.params, results.covariance, results.df_resid)
                found[name].append(kept)

    def _imputation_frame(self) -> pd.DataFrame:
        """Gather the variables of the imputation model, a row a person."""
        people = self.people
        measures = dict.fromkeys(
            [
                *sorted(set().union(*(term.columns for term in self.model.parsed_terms))),
                *self.section.auxiliary,
                self.exposure.measure,
                *self._continuous(),
            ]
        )
        frame = people[list(measures)].copy()
        frame[f"group of {self.exposure.measure}"] = self.doses.group.loc[people.index]
        for name, response in self.responses.items():
            if response.family == "binomial":
                frame[f"event of {name}"] = response.everyone.loc[people.index]
        frame["logarithm of the weight"] = np.log(people["weight"])
        # A measure that is the same in everyone, or that nobody has, tells nothing.
        return frame.loc[:, frame.nunique() > 1]

    def _continuous(self) -> Iterator[str]:
        for response in self.setting.responses.values():
            outcome = response.outcome
            if response.family == "gaussian" and getattr(outcome, "role", "main") == "main":
                yield from outcome.mean_z or [str(outcome.measure)]

    def _shapes(self) -> dict[str, Shape]:
        """Find the curved columns of the model's terms, by the measure that they are made of."""
        curved: dict[str, list[Term]] = {}
        for term in self.model.parsed_terms:
            if isinstance(term.root, Transform) and term.root.name in CURVED:
                curved.setdefault(term.root.arg.name, []).append(term)
        return {name: self._shape(name, terms) for name, terms in curved.items()}

    def _shape(self, name: str, terms: Sequence[Term]) -> Shape:
        found = {
            (str(term), number): self.setting.knots(name, number)
            for term in terms
            for number in _numbers_of_knots(term)
        }
        knots = {number: values for (_, number), values in found.items()}

        def columns(values: np.ndarray) -> np.ndarray:
            of_all = []
            for term in terms:
                x = covariates([term], pd.DataFrame({name: values}), lambda _, k: knots[k])
                # The first column of a spline is the value itself.
                of_all.append(x.to_numpy()[:, 1 if _numbers_of_knots(term) else 0 :])
            return np.column_stack(of_all)

        return columns

    def row(self, name: str) -> Row:
        """Columns that all rows of an outcome share."""
        values = self.responses[name].values.to_numpy()[members(self.domains[name])]
        binary = self.responses[name].family == "binomial"
        return {
            "analysis": "imputed",
            "model": self.model.name,
            "outcome": name,
            "exposure": self.exposure.measure,
            "n": len(values),
            "events": float(values.sum()) if binary else math.nan,
        }

    def level(self, name: str, i: int) -> Row:
        """Columns that the rows of a dose group share, with its people and events."""
        response: Response = self.responses[name]
        values = response.values.to_numpy()[self.known][self.codes == i]
        level, reference = self.doses.levels[i], self.doses.levels[0]
        binary = response.family == "binomial"
        return self.row(name) | {
            "level": level,
            "reference": reference,
            "contrast": f"{level} vs {reference}",
            "measure": response.measure,
            "n": int((~np.isnan(values)).sum()),
            "events": float(np.nansum(values)) if binary else math.nan,
        }


def _numbers_of_knots(term: Term) -> list[int]:
    root = term.root
    if isinstance(root, Transform) and root.name == "spline":
        return [int(root.parameters[0])]
    return []


def _outcome_rows(analysed: _Analysed, name: str, results: PooledResults) -> Iterator[Row]:
    response = analysed.responses[name]
    table = results.table(exponentiate=response.family == "binomial")
    yield analysed.level(name, 0) | {"estimate": response.scale(0.0)}
    for i, column in enumerate(analysed.groups.columns, start=1):
        row = analysed.level(name, i)
        yield row | table.loc[column].drop("fmi").to_dict()
        yield row | {"measure": "fmi", "estimate": results.fmi_large[column]}
