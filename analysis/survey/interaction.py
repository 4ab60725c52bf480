"""Interaction of two exposures on both scales, from a model of log odds (or log rates).

References
----------
Hosmer DW, Lemeshow S (1992). Confidence interval estimation of interaction. Epidemiology 3:452-456.
Rothman KJ, Greenland S, Lash TL (2008). Modern Epidemiology, 3rd ed. Lippincott, chapter 5.
Knol MJ, VanderWeele TJ, Groenwold RHH, et al. (2011). Estimating measures of interaction on an
additive scale for preventive exposures. European Journal of Epidemiology 26:433-438.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.derived import (
    DerivedEstimates,
    Estimated,
    linear_combination,
    position,
    transformed,
)
from analysis.survey.options import pair
from analysis.survey.printed import table

MEASURES = {
    "ratio of odds ratios": True,
    "RERI": False,
    "attributable proportion": False,
    "synergy index": True,
}
"""Measures of interaction, and whether their inference is on the log scale."""


@dataclass(frozen=True, eq=False)
class Interaction:
    """Interaction of exposures A and B.

    Attributes
    ----------
    odds_ratios : DataFrame, 3 rows
        ``A``, ``B`` and ``A and B`` against neither: exponentiated, with
        ``std_error``, ``statistic`` and ``p_value`` of the logarithm.
    measures : DataFrame, 4 rows
        ``ratio of odds ratios``, ``RERI``, ``attributable proportion``, ``synergy index``. The
        first and the last have their interval, ``std_error`` and test on the log scale, the
        others on their own; p values are of no interaction on the measure's scale.
    log_odds_ratios : DerivedEstimates
        Of the three, for other functions of them.
    """

    odds_ratios: pd.DataFrame
    measures: pd.DataFrame
    log_odds_ratios: DerivedEstimates

    def __repr__(self) -> str:
        return f"{table(self.odds_ratios)}\n\n{table(self.measures)}"


def interaction(
    source: Estimated,
    first: str,
    second: str,
    product: str,
    *,
    first_from_to: tuple[float, float] = (0.0, 1.0),
    second_from_to: tuple[float, float] = (0.0, 1.0),
    alpha: float = 0.05,
) -> Interaction:
    r"""Measure the interaction of two exposures on the multiplicative and the additive scale.

    With odds ratios :math:`R_{10}, R_{01}, R_{11}` against neither exposure (Hosmer & Lemeshow
    1992):

    - ratio of odds ratios :math:`R_{11} / (R_{10} R_{01})`;
    - relative excess risk due to interaction, RERI :math:`= R_{11} - R_{10} - R_{01} + 1`;
    - attributable proportion :math:`= \mathrm{RERI} / R_{11}`;
    - synergy index :math:`S = (R_{11} - 1) / (R_{10} + R_{01} - 2)`, by its logarithm.

    Intervals are by the delta method on the source's degrees of freedom. The odds ratios stand
    for risk ratios, which they are near where the outcome is rare; `margins` has the risks
    themselves.

    Parameters
    ----------
    source : Estimated
        A logistic model (or another of log ratios) with both exposures and their product.
    first, second, product : str
        Coefficients, such as ``"smokes"``, ``"asbestos"`` and ``"smokes:asbestos"``.
    first_from_to, second_from_to : (float, float), default (0, 1)
        The two values between which an exposure is contrasted, in the model's units: of a
        continuous one the measures on the additive scale, unlike the ratio for one unit of each,
        depend on where the contrast lies.
    alpha : float, default 0.05

    Returns
    -------
    Interaction
        The synergy index is NaN where the joint effect and the sum of the single ones differ in
        sign: their ratio then has no logarithm. Where both are below 0 it compares protection.
        With a protective exposure, measures on the additive scale are better read with the
        combination of lowest risk as reference (Knol et al. 2011).

    Raises
    ------
    InputError
        If a coefficient is unknown, a contrast has no length or the model's coefficients are
        differences (identity link), where the product's is itself the interaction on the additive
        scale.
    """
    if not getattr(source, "exponentiated", True):
        raise InputError(
            f"the coefficients of a {getattr(source, 'kind', 'model')} are no logarithms of ratios",
            remedy=f"The coefficient of '{product}' is the interaction on the additive scale.",
        )
    x0, x1 = pair(first_from_to, "first_from_to")
    z0, z1 = pair(second_from_to, "second_from_to")
    if x0 == x1 or z0 == z1:
        raise InputError("an exposure must be contrasted between two different values")
    if len({position(source, name) for name in (first, second, product)}) < 3:
        raise InputError("the exposures and their product must be three coefficients")
    logs = linear_combination(
        source,
        {
            "A": {first: x1 - x0, product: (x1 - x0) * z0},
            "B": {second: z1 - z0, product: x0 * (z1 - z0)},
            "A and B": {first: x1 - x0, second: z1 - z0, product: x1 * z1 - x0 * z0},
        },
    )
    return Interaction(logs.table(alpha, exponentiate=True), _measures(logs, alpha), logs)


def _measures(logs: DerivedEstimates, alpha: float) -> pd.DataFrame:
    """Estimate each measure from the logarithms of the three ratios, with its gradient by them."""
    with np.errstate(over="ignore"):
        a, b, both = np.exp(logs.params.to_numpy(float))
    if not (np.isfinite([a, b, both]).all() and both > 0):
        raise InputError(
            "the odds ratios of these contrasts are too large or too small for numbers",
            remedy="Contrast values of the exposures that are nearer to each other.",
        )
    reri = both - a - b + 1
    joint, single = both - 1, a + b - 2
    synergy, by_synergy = np.nan, np.full(3, np.nan)
    if joint * single > 0:
        synergy = np.log(joint / single)
        by_synergy = np.array([-a / single, -b / single, both / joint])
    found = transformed(
        logs,
        [logs.params.to_numpy() @ [-1.0, -1.0, 1.0], reri, reri / both, synergy],
        np.array(
            [
                [-1.0, -1.0, 1.0],
                [-a, -b, both],
                [-a / both, -b / both, (a + b - 1) / both],
                by_synergy,
            ]
        ),
        list(MEASURES),
    )
    plain, ratios = found.table(alpha), found.table(alpha, exponentiate=True)
    return pd.concat([(ratios if log else plain).loc[[name]] for name, log in MEASURES.items()])
