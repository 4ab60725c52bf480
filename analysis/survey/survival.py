"""Cox's proportional hazards under a complex design: `Design.coxph` and its results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.coxph import CoxPH, Ties
from analysis.survey.formula import Matrices, build_matrices
from analysis.survey.modelled import Modelled
from analysis.survey.printed import counted
from analysis.survey.results import DFRule, ModelResults
from analysis.survey.risksets import RiskSets, risk_sets, time_codes
from analysis.survey.sample import Values

INTERCEPT = "Intercept"
"""What the formula engine calls the column of ones, which the baseline hazard takes up."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CoxResults(ModelResults):
    """Cox's model; what all models have is in `ModelResults`, coefficients are log hazard ratios.

    Attributes
    ----------
    ties : {"efron", "breslow"}
    n_events : int
        Rows used with the event.
    baseline_hazard : DataFrame
        Columns ``stratum`` (where the baseline has strata), ``time`` (those of events) and
        ``hazard``: cumulative, with every covariate 0; R's ``basehaz(centered = FALSE)``.
    """

    ties: Ties
    n_events: int
    baseline_hazard: pd.DataFrame

    @property
    def kind(self) -> str:
        """What kind of model it is, in words."""
        return f"Cox model ({self.ties.capitalize()}'s ties)"

    @property
    def counted(self) -> str:
        """The rows used, in words."""
        parts = f"{counted(self.nobs, 'row')}, {self.n_events:,} with the event"
        if "stratum" in self.baseline_hazard:
            strata = self.baseline_hazard["stratum"].nunique()
            parts += f", {counted(strata, 'baseline hazard')}"
        return parts

    @property
    def effect_measure(self) -> str:
        """What exponentiated coefficients measure."""
        return "hazard ratio"

    def hazard_ratios(self, alpha: float = 0.05) -> pd.DataFrame:
        """Give the hazard ratios: another name of `effects`."""
        return self.effects(alpha)


@dataclass(frozen=True)
class FollowUp:
    """How long each of n rows was observed, and what ended it.

    Parameters
    ----------
    entry : array, shape (n,), or None
    leave, event : array, shape (n,)
        NaN where missing.
    strata : DataFrame of n rows, or None
        Labels whose combinations have a baseline hazard each.
    name, event_name : str
    """

    entry: np.ndarray | None
    leave: np.ndarray
    event: np.ndarray
    strata: pd.DataFrame | None
    name: str
    event_name: str

    @property
    def complete(self) -> np.ndarray:
        """Whether each row lacks nothing: bool, shape (n,)."""
        known = ~(np.isnan(self.leave) | np.isnan(self.event))
        if self.entry is not None:
            known &= ~np.isnan(self.entry)
        if self.strata is not None:
            known &= self.strata.notna().all(axis=1).to_numpy()
        return known

    def check(self, rows: np.ndarray) -> None:
        """Refuse times and events that cannot be, in rows that lack nothing.

        Raises
        ------
        InputError
        """
        event, leave = self.event[rows], self.leave[rows]
        odd = event[~np.isin(event, (0.0, 1.0))]
        if len(odd):
            raise InputError(
                f"the event '{self.event_name}' must be 0 or 1; it has {odd[0]:g}",
                remedy="Make a column that is 1 where the follow-up ended in the event.",
            )
        if not event.any():
            raise InputError(
                f"nobody of the {len(rows):,} rows in the domain has the event '{self.event_name}'",
                remedy="Check its coding and the domain.",
            )
        if self.entry is None:
            negative = leave < 0
            if negative.any():
                raise InputError(
                    f"the time '{self.name}' is negative in {int(negative.sum()):,} rows",
                    remedy="Time begins at 0; where people join later give their entry=.",
                )
            return
        come, gone, _ = time_codes(self.entry[rows], leave)
        late = come >= gone
        if late.any():
            first = rows[np.flatnonzero(late)[0]]
            raise InputError(
                f"{int(late.sum()):,} rows leave ('{self.name}') no later than they enter, the "
                f"first at {self.leave[first]:g} after entry at {self.entry[first]:g}",
                remedy="Whoever leaves on the day of entry needs part of a day, or is left out.",
            )

    def sets(self, rows: np.ndarray) -> tuple[RiskSets, np.ndarray, pd.Index | None]:
        """Find the risk sets of rows, the rows' strata as codes, and the strata's labels."""
        codes, labels = np.zeros(len(rows), dtype=np.intp), None
        if self.strata is not None:
            part = self.strata.iloc[rows]
            whole = part.iloc[:, 0] if part.shape[1] == 1 else pd.MultiIndex.from_frame(part)
            codes, found = pd.factorize(whole, sort=True)
            labels = pd.Index(found)
        entry = None if self.entry is None else self.entry[rows]
        return risk_sets(entry, self.leave[rows], self.event[rows] == 1, codes), codes, labels


class SurvivalModels(Modelled):
    """Models of the time to an event, of whatever has weights and a variance."""

    def coxph(
        self,
        covariates: str | pd.DataFrame,
        time: Values,
        event: Values,
        *,
        entry: Values | None = None,
        strata: Values | list[str] | None = None,
        ties: Ties = "efron",
        df: DFRule = "design",
        terms: dict[str, list[str]] | None = None,
    ) -> CoxResults:
        """Fit Cox's proportional hazards model to the domain, by weighted partial likelihood.

        Parameters
        ----------
        covariates : str, or DataFrame of shape (n, k) or (m, k)
            The right-hand side of a formula, for example ``"C(group) + age"`` (code of the
            caller's, as for `glm`), or a matrix as for `fit`. The baseline hazard is the
            intercept: a formula's is left out, and a matrix has none.
        time : column or array, shape (n,)
            When the follow-up ended, in any unit; on the same scale as `entry`. Times that only
            rounding sets apart (1.5e-8 of their mean size) are the same.
        event : column, condition or array, shape (n,)
            1 where it ended in the event, 0 where it was censored.
        entry : column or array, shape (n,), optional
            When the follow-up began, for those under observation later than time 0 (left
            truncation), say the age at the interview where `time` is an age. A row is at risk
            after `entry`, up to and including `time`.
        strata : column, list of columns, or array, optional
            Each of their combinations has a baseline hazard of its own.
        ties : {"efron", "breslow"}
            How events at the same time are treated. R's ``coxph`` has Efron's rule too unless
            told; Stata's ``stcox`` and SAS's ``surveyphreg`` Breslow's.
        df, terms
            As for `glm` and `fit`.

        Returns
        -------
        CoxResults

        Raises
        ------
        InputError
            If times or events cannot be (negative, ended before they began, not 0 or 1), nobody
            has the event, columns are collinear or constant among those at risk together, or the
            likelihood has no maximum - under the weights or under a replicate of them.

        Notes
        -----
        Variances are linearised with each row's score (see `analysis.survey.coxph`) as R's
        ``svycoxph``, or by replicate weights. Rows with a missing value are outside the domain.

        Examples
        --------
        >>> from analysis.survey import Design
        >>> frame = pd.DataFrame(
        ...     {
        ...         "w": [1.0, 2.0, 1.0, 2.0, 3.0, 1.0],
        ...         "months": [5, 8, 3, 9, 4, 8],
        ...         "died": [1, 0, 1, 1, 1, 0],
        ...         "x": [0.0, 1.0, 1.0, 0.0, 2.0, 0.0],
        ...     }
        ... )
        >>> model = Design(frame, weights="w").coxph("x", "months", "died")
        >>> round(float(model.hazard_ratios().loc["x", "estimate"]), 6)
        2.942398
        """
        if ties not in get_args(Ties):
            raise InputError(
                f"unknown rule '{ties}' for ties",
                remedy=f"Choose from {', '.join(get_args(Ties))}.",
            )
        history = self._follow_up(time, event, entry, strata)
        matrices = self._covariates(covariates, history, terms or {})
        rows = matrices.rows
        self._refuse_empty(rows, history)
        history.check(rows)
        sets, codes, labels = history.sets(rows)
        estimator = CoxPH(matrices.x, matrices.names, sets, codes, ties)
        common = self._estimated(estimator, matrices, df)
        hazard = estimator.cumulative_hazard(self.weights[rows], common["source"].fit.params)
        baseline = {} if labels is None else {"stratum": labels.take(sets.stratum)}
        return CoxResults(
            **common,
            ties=ties,
            n_events=len(sets.died),
            baseline_hazard=pd.DataFrame(baseline | {"time": sets.time, "hazard": hazard}),
        )

    def _follow_up(self, time: Values, event: Values, entry: Any, strata: Any) -> FollowUp:
        name, leave = self._numbers(time)
        event_name, happened = self._numbers(event, condition=True)
        labels = None
        if strata is not None:
            each = strata if isinstance(strata, list) else [strata]
            labels = pd.DataFrame({place: self._labels(one) for place, one in enumerate(each)})
        begun = None if entry is None else self._numbers(entry)[1]
        return FollowUp(begun, leave, happened, labels, name, event_name)

    def _refuse_empty(self, rows: np.ndarray, history: FollowUp) -> None:
        if not len(rows):
            raise InputError(
                f"every row of the domain lacks a value in the model of '{history.event_name}'"
            )

    def _covariates(
        self, covariates: str | pd.DataFrame, history: FollowUp, terms: dict[str, list[str]]
    ) -> Matrices:
        known, rows = history.complete, self._some_rows()
        if isinstance(covariates, pd.DataFrame):
            time = np.where(known, history.leave, np.nan)
            return self._given(time, history.event_name, covariates, terms)
        if not isinstance(covariates, str):
            raise InputError(
                "covariates are the right-hand side of a formula, or a DataFrame, not "
                f"{type(covariates).__name__}"
            )
        self._refuse_empty(rows[known[rows]], history)
        weightless = np.flatnonzero(self._inside & (self.weights == 0) & known)
        left = "hazard"  # the formula engine wants a left-hand side: a name that nothing else has
        while left in self.frame.columns:
            left += "_"
        right = covariates.strip().removeprefix("~").strip()
        frame = self.frame.assign(**{left: np.where(known, history.leave, 0.0)})
        matrices = build_matrices(
            f"{left} ~ {right}", frame, rows[known[rows]], weightless, said=covariates
        )
        kept = [j for j, name in enumerate(matrices.names) if name != INTERCEPT]
        if not kept:
            raise InputError(f"the model of '{history.event_name}' has no covariates")
        return replace(
            matrices,
            x=matrices.x[:, kept],
            names=[matrices.names[j] for j in kept],
            n_missing=len(rows) - len(matrices.rows),
            terms={term: names for term, names in matrices.terms.items() if term != INTERCEPT},
            outcome=history.event_name,
            spec=None,
        )
