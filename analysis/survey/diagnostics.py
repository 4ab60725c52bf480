"""All diagnostics of a model in one object that prints."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.collinearity import (
    condition_indices,
    generalized_variance_inflation,
    variance_inflation,
)
from analysis.survey.goodness import (
    CLOSE,
    GoodnessOfFit,
    PseudoRSquared,
    archer_lemeshow,
    pseudo_r_squared,
)
from analysis.survey.influence import Influence, influence, unit_name
from analysis.survey.printed import WIDTH, p_value, shortened
from analysis.survey.regression import RegressionResults

SHOWN = 5
"""Units that are printed; `Influence.largest` has them all."""


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """Diagnostics of a model: what `diagnose` found.

    Attributes
    ----------
    heading : str
    notes : tuple of str
        The model's own, and why a diagnostic could not be made.
    goodness : GoodnessOfFit or None
    r_squared : PseudoRSquared
    columns : DataFrame
        See `collinearity.variance_inflation`.
    terms : DataFrame
        See `collinearity.generalized_variance_inflation`.
    condition : DataFrame
        See `collinearity.condition_indices`.
    influence : Influence or None
    """

    heading: str
    notes: tuple[str, ...]
    goodness: GoodnessOfFit | None
    r_squared: PseudoRSquared
    columns: pd.DataFrame
    terms: pd.DataFrame
    condition: pd.DataFrame
    influence: Influence | None

    def __repr__(self) -> str:
        lines = [shortened(self.heading, WIDTH), ""]
        for note in self.notes:
            lines += textwrap.wrap(f"Note: {note}", WIDTH, subsequent_indent="  ")
        lines += ["", *self._fit(), "", *self._collinearity(), *self._influence()]
        return "\n".join(line for i, line in enumerate(lines) if line or lines[i - 1])

    def _fit(self) -> list[str]:
        lines = ["Fit"]
        if self.goodness is not None:
            g = self.goodness
            lines.append(
                f"  Archer-Lemeshow, {g.df_num + 1} groups: F({g.df_num}, {g.df_denom}) = "
                f"{g.statistic:.3g}, {p_value(g.pvalue)}"
            )
        printed = f"  R squared: {self.r_squared.said}"
        return [*lines, *textwrap.wrap(printed, WIDTH, subsequent_indent="    ")]

    def _collinearity(self) -> list[str]:
        lines = [
            f"Collinearity: condition number {self.condition.index[-1]:.3g}; variance inflation",
            f"  {'':<32} {'columns':>8} {'weighted':>10} {'design':>10}",
        ]
        for name, row in self.terms.iterrows():
            lines.append(
                f"  {shortened(str(name), 32):<32} {row['columns']:>8.0f} {row['gvif']:>10.3g} "
                f"{row['design_gvif']:>10.3g}"
            )
        return lines

    def _influence(self) -> list[str]:
        found = self.influence
        if found is None:
            return []
        largest = found.largest.head(SHOWN)
        cut = 2 / np.sqrt(len(found.change))
        lines = [
            "",
            f"Influence: change without each of {len(found.change):,} PSUs, in standard errors "
            f"(alike: < {cut:.2g})",
        ]
        for label, row in largest.iterrows():
            lines.append(
                f"  {shortened(unit_name(label), 24):<24} {row['rows']:>7,.0f} rows  "
                f"{shortened(str(row['coefficient']), 26):<26} {row['scaled']:>+8.2f}"
            )
        return lines


def diagnose(model: RegressionResults, groups: int = 10) -> Diagnosis:
    """Make every diagnostic of a model.

    Parameters
    ----------
    model : RegressionResults
        Of any family and link.
    groups : int, default 10
        For `goodness.archer_lemeshow`; at most two thirds of the design's degrees of freedom.

    Returns
    -------
    Diagnosis
        What cannot be made is None, with its reason among the notes.

    Raises
    ------
    InputError
        If the model is no generalised linear model, or does not hold what it was fitted to.
    """
    r_squared = pseudo_r_squared(model)
    notes = list(model.notes)
    goodness, found = None, None
    try:
        goodness = archer_lemeshow(model, max(2, min(groups, int(CLOSE * model.df_design))))
        notes += goodness.notes
    except InputError as error:
        notes.append(f"No test of fit: {error.what}.")
    try:
        found = influence(model)
    except InputError as error:
        notes.append(f"No influence by PSU: {error.what}.")
    else:
        for label, columns in found.undetermined.items():
            unit = unit_name(label)
            notes.append(f"The model cannot be fitted without PSU {unit}, for {columns}.")
    return Diagnosis(
        heading=f"Diagnostics of a survey-weighted {model.kind} of {model.outcome}",
        notes=tuple(notes),
        goodness=goodness,
        r_squared=r_squared,
        columns=variance_inflation(model),
        terms=generalized_variance_inflation(model),
        condition=condition_indices(model),
        influence=found,
    )
