"""What analyses of joint groups share: groups crossed, their test of products, additive measures.

References
----------
Korn EL, Graubard BI (1990). Simultaneous testing of regression coefficients with complex survey
data: use of Bonferroni t statistics. The American Statistician 44:270-276.
Knol MJ, VanderWeele TJ, Groenwold RHH, et al. (2011). Estimating measures of interaction on an
additive scale for preventive exposures. European Journal of Epidemiology 26:433-438.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from scipy import linalg

from analysis.errors import InputError
from analysis.models.asked import Interaction as Section
from analysis.models.associations import Fit
from analysis.models.doses import Doses, dose_groups
from analysis.models.levels import Compared, wald_row
from analysis.models.plan import Row
from analysis.models.setting import Setting
from analysis.survey.derived import linear_combination
from analysis.survey.interaction import interaction

MEASURES = {
    "RERI": "RERI",
    "attributable proportion": "AP",
    "synergy index": "S",
    "ratio of odds ratios": "ratio_of_ORs",
}
"""Measures of interaction: their names in `analysis.survey.interaction` and in the results."""

ADJUSTED = ", adjusted F"
"""Put after the contrast of a test of several products by Korn and Graubard's (1990) F: with nine
products on 45 degrees of freedom the plain F finds too much."""


@dataclass(frozen=True)
class Pair:
    """The main exposure, its modifier, and the covariates that go beside both.

    Parameters
    ----------
    setting : Setting
    section : Section
        What the study asks for.
    fits : dict of str to Fit
        By outcome. The covariates are those of the section's model without the terms that hold
        the exposure or the modifier, which have columns of their own here.
    """

    setting: Setting
    section: Section
    fits: dict[str, Fit]

    @property
    def exposure(self) -> str:
        """The main exposure's measure."""
        return self.setting.exposure.measure

    def groups(self, measure: str, count: int) -> Doses:
        """Split an intake in the cohort by the study's rule for cut points."""
        weighted = self.setting.exposure.cut_points == "weighted"
        cohort, frame = self.setting.cohort, self.setting.frame
        try:
            return dose_groups(cohort, frame, measure, count, weighted=weighted)
        except InputError as error:
            where = f"interaction '{self.section.name}'"
            remedy = "Take fewer groups in 'joint', or another measure."
            raise InputError(error.what, where=where, remedy=remedy) from None

    def row(self, outcome: str, **more: object) -> Row:
        """Columns that all rows of this section share."""
        return {
            "analysis": "interaction",
            "model": self.fits[outcome].model.name,
            "outcome": outcome,
            "exposure": self.exposure,
            "stratum": self.section.name,
            **more,
        }


def pair_of(setting: Setting, section: Section) -> Pair:
    """Prepare the models of an interaction that a study asks for."""
    model = setting.model(section.model)
    own = {setting.exposure.measure, section.modifier}
    terms = [term for term in model.parsed_terms if not term.columns & own]
    outcomes = [*section.outcomes, *section.slopes]
    first = setting.fit(outcomes[0], terms, model)
    fits = {name: replace(first, response=setting.responses[name]) for name in outcomes}
    return Pair(setting, section, fits)


def combined(first: pd.Series, second: pd.Series) -> pd.Series:
    """Cross two groupings: categories ``"T1, T1"``, ``"T1, T2"``, ... with the first before."""
    a, b = first.cat.codes.to_numpy(), second.cat.codes.to_numpy()
    size = len(second.cat.categories)
    codes = np.where((a < 0) | (b < 0), -1, a * size + b)
    names = [", ".join(pair) for pair in product(first.cat.categories, second.cat.categories)]
    return pd.Series(pd.Categorical.from_codes(codes, names), index=first.index)


def product_contrasts(estimable: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    """Contrasts of joint categories that are all 0 where log odds (or means) are additive.

    They span what the two main effects cannot give: with every category there, the
    (k - 1)(m - 1) products beside main effects, of which the Wald test is the same. With
    categories missing, as many as the others allow.

    Parameters
    ----------
    estimable : ndarray of bool, shape (k * m,)
        Which categories have an estimate, the modifier's groups running faster.
    sizes : (int, int)
        k and m.

    Returns
    -------
    ndarray of float, shape (q, number estimable)
    """
    k, m = sizes
    rows, columns = np.divmod(np.arange(k * m), m)
    main = np.column_stack([rows[:, None] == np.arange(k), columns[:, None] == range(m)])
    return linalg.null_space(main[estimable].astype(float).T).T


def products_test(found: Compared, sizes: tuple[int, int], *, adjusted: bool) -> Row:
    """Test by Wald's F that log odds (or means) of joint categories are additive.

    Parameters
    ----------
    found : Compared
        All categories, the modifier's groups running faster.
    sizes : (int, int)
        Groups of the exposure and of the modifier.
    adjusted : bool
        Whether F is Korn and Graubard's; see `analysis.models.levels.wald_row`.

    Returns
    -------
    dict
        Columns of a row with the measure ``p_interaction``.
    """
    row: Row = {"measure": "p_interaction", **people_of_all(found)}
    if found.results is None:
        return row | {"note": found.notes[0] or found.notes[1]}
    contrasts = product_contrasts(found.estimable, sizes)
    if not len(contrasts):
        return row | {"note": "too few joint categories have an estimate"}
    if len(contrasts) < (sizes[0] - 1) * (sizes[1] - 1):
        row["note"] = f"of {len(contrasts)} products: not every joint category has an estimate"
    names = [found.name(i) for i in np.flatnonzero(found.estimable)[1:].tolist()]
    # The reference is 0 and has no coefficient.
    what = pd.DataFrame(contrasts[:, 1:], columns=names)
    return row | wald_row(found.results, what, adjusted=adjusted)


def people_of_all(found: Compared) -> Row:
    """Count the people of the model of joint categories."""
    used = found.estimable if found.results is not None else np.zeros(len(found.n), dtype=bool)
    return {"n": found.n[used].sum(), "events": found.events[used].sum() if used.any() else np.nan}


def additive_rows(found: Compared, base: Row, reference: int | None = None) -> Iterator[Row]:
    """Measure interaction of two halves of either on the additive scale.

    Parameters
    ----------
    found : Compared
        Four joint categories, the modifier's halves running faster.
    base : dict
        Columns that all rows share.
    reference : int, optional
        The category that the others are compared with; left out, that of lowest risk.

    Yields
    ------
    dict
        Odds ratios of the categories (``OR``) and the measures of `MEASURES`.
    """
    if found.results is None or not found.estimable.all():
        note = next(note for note in found.notes if note)
        for name in MEASURES.values():
            yield base | people_of_all(found) | {"measure": name, "note": note}
        return
    results = found.results
    base |= {"df": results.df_resid}
    lowest = int(np.argmin(found.log_estimates())) if reference is None else reference
    # Of the codes 0 to 3 the second bit is the exposure's half, the first the modifier's.
    cells = {"A": lowest ^ 2, "B": lowest ^ 1, "A and B": lowest ^ 3}
    logs = linear_combination(
        results,
        {
            "A": _from_to(found, {cells["A"]: 1, lowest: -1}),
            "B": _from_to(found, {cells["B"]: 1, lowest: -1}),
            "product": _from_to(
                found, {cells["A and B"]: 1, cells["A"]: -1, cells["B"]: -1, lowest: 1}
            ),
        },
    )
    measured = interaction(logs, "A", "B", "product")
    base |= {"reference": found.levels[lowest]}
    yield base | _cell(found, lowest) | {"measure": "OR", "estimate": 1.0}
    for name, cell in cells.items():
        ratio = measured.odds_ratios.loc[name].to_dict()
        yield base | _cell(found, cell) | {"measure": "OR"} | ratio
    for name, called in MEASURES.items():
        row = measured.measures.loc[name].to_dict() | {"measure": called, "note": ""}
        if not np.isfinite(row["estimate"]):
            row["note"] = "the joint effect and the sum of the single ones differ in sign"
        yield base | people_of_all(found) | row


def _from_to(found: Compared, weights: dict[int, int]) -> dict[str, float]:
    """Write a contrast of joint categories by coefficients; the first category has none."""
    return {found.name(i): float(weight) for i, weight in weights.items() if i}


def _cell(found: Compared, i: int) -> Row:
    return {"level": found.levels[i], "n": found.n[i], "events": found.events[i]}
