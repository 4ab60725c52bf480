"""The tidy table of results: a row an estimate; all that stands between models and reports.

Rows by `analysis`
------------------
``flow``
    The cohort's steps in their order. ``level`` is the step's name, ``contrast`` its label;
    ``measure`` is ``remaining`` or ``excluded`` (people) or ``remaining_weighted`` or
    ``excluded_weighted`` (sum of the weights, the people they stand for).
``missing``
    Missing values of the exposure and covariates, before complete cases are taken (if they
    are). ``level`` is the measure, or ``any``;
    ``measure`` is ``missing`` (people) or ``missing_share`` (unweighted proportion).
``cut_points``
    ``level`` is ``p25``, ``p50``, ..., ``measure`` is ``quantile``; ``cut_point`` where the study
    gives the values (``level`` is ``G2 from``), the groups are those of ``joint`` (``stratum``
    and ``contrast`` as there), or an ``outcome`` is what lies below it.
``groups``
    The dose groups. ``level`` is ``Q1``, ...; ``contrast`` its range in words; ``measure`` is
    ``median`` (weighted, within the group) or ``people``.
``table1``
    ``outcome`` is the measure described, ``level`` its category (empty for a mean), ``measure``
    is ``mean``, ``sd`` or ``proportion``; ``stratum_level`` is ``all``, ``Q1``, ...
``prevalence``
    A binary ``outcome`` in everyone in the cohort in whom it is known; ``measure`` is
    ``proportion`` or ``unweighted_proportion``; ``stratum`` is empty, ``dose`` or ``domain``,
    ``stratum_level`` is ``all``, ``Q1``, ... or a domain's name.
``mean``
    A continuous ``outcome`` in the same groups; ``measure`` is ``mean``.
``odds_ratio``, ``linear``
    Dose groups against the lowest: ``model``, ``outcome``, ``level``, ``reference``; ``measure``
    is ``OR`` or ``difference``. The reference has a row of its own (1 or 0, without interval).
``per_unit``
    ``contrast`` says ``per 100 mg/day``; ``measure`` is ``OR`` or ``difference``.
``trend``
    Wald test of the group medians as a continuous term; ``measure`` is ``p_trend``; the estimate
    is the coefficient (log odds ratio or difference) per unit of the exposure.
``spline``
    The curve: ``level`` is the exposure's value, ``reference`` the value where it is 1 or 0;
    ``measure`` is ``OR`` or ``difference``. Its tests are rows with ``measure`` ``p_overall`` and
    ``p_nonlinear``; its knots are rows with ``measure`` ``knot``.
``coefficient``
    Every coefficient of every model with the dose groups: ``contrast`` is the term's name;
    ``measure`` is ``log_odds`` or ``difference``.
``compared``
    Who is compared in a binary ``outcome``: ``measure`` is ``events``, ``against``, ``neither``
    or ``unknown``; the estimates are people, whose sum is the cohort.
``exposure_by_outcome``
    The main exposure where an outcome holds and where it does not: ``level`` is ``event`` or
    ``against`` and ``measure`` ``mean``; the contrast ``event vs against`` is a ``difference``.
``multinomial``
    As ``odds_ratio``, from a model of several outcomes at once, named in ``stratum``; ``p_equal``
    tests that the dose groups' coefficients are the same in all logits.
``joint``
    Joint groups of the exposure (``level``) and a modifier (``stratum_level``); ``stratum`` is
    the interaction's name, ``contrast`` the numbers of groups (``3x3``), or ``by cuts`` where the
    study fixes them.
``interaction``
    Tests (``p_interaction``; ``contrast`` says of what) and measures of interaction: ``RERI``,
    ``AP``, ``S``, ``ratio_of_ORs``.
``slope``
    Slope of ``exposure`` where the measure ``stratum`` has the value or group ``level``;
    ``jn_bound`` rows are the Johnson-Neyman bounds; ``p_equal_slopes`` tests equality.
``stratum``
    As ``odds_ratio`` or ``linear`` within the part ``stratum_level`` of the division ``stratum``,
    with ``p_trend``, ``p_interaction`` (``contrast`` says of what) and the people of no known
    part (``people``). Rows without ``level`` are those of the straight line; their ``contrast``
    says per how much.
``specification``
    One row a specification of the curve: ``stratum_level`` is its number, ``contrast`` its
    options.
``specification_summary``
    Shares, quantiles and medians of the curve, of everything or by option (``stratum`` is the
    choice, ``stratum_level`` the option), and what each choice makes of the spread.
``one_choice``
    The base specification, and it with one option changed.
``e_value``
    E-values: of the estimate, and in ``conf_low`` of the limit nearer to no association.
``negative_control``
    As ``odds_ratio``, of the negative-control exposure or outcome (named in ``stratum``).
``leave_one_out``
    The top group's estimate without the cycle ``stratum_level``; ``p_heterogeneity``.
``imputed``
    As ``odds_ratio``, pooled over multiply imputed covariates; ``fmi``, ``imputations`` and
    ``iterations`` go with it.
``adjusted``
    Prevalences (``proportion``) and means (``mean``) of an ``outcome`` in the groups
    ``stratum_level`` of the grouping ``stratum``; ``model`` is ``crude`` or ``adjusted``.
    ``p_overall`` tests that all groups are alike; ``people`` are those of no group, or in whom
    the outcome or a covariate is not known.
``standardised``
    The weighted ``mean`` and ``sd`` by which the measure ``level`` became a z score in an
    ``outcome``.
``published``
    A published figure that these data cannot test; it has no estimate of ours.

Rows of a run across cycles
---------------------------
Beside ``flow``, ``cut_points`` and ``groups`` of all cycles together:

``cycle``
    The main exposure's last model in the cycle ``stratum_level``: the highest dose group against
    the lowest (``level``, ``reference``), or per unit (``contrast``). ``stratum`` is ``cycle``, or
    ``cycle, own cut points`` where the groups are those of the cycle alone. Without ``outcome``: a
    cycle in which the study cannot run, with the reason in ``note``.
``pooled``
    The same of all cycles: ``stratum`` is ``one model`` (of everyone), ``fixed effect``,
    ``random effects`` or ``prediction interval``; of odds ratios ``std_error`` is that of the
    logarithm. ``share`` is what the cycle ``stratum_level`` has of the weights.
``heterogeneity``
    ``p_heterogeneity`` (Wald tests of products with the cycles in one model; ``contrast`` says of
    what, and whether covariates have such products too), ``Q`` (Cochran's), ``tau2`` (of log odds
    ratios or differences) and ``I2`` (from 0 to 1).
``cycle_mean``
    ``mean`` of an ``exposure`` or continuous ``outcome``, ``proportion`` of a binary one, in the
    cycle ``stratum_level``, the middle of whose years is ``level``; ``contrast`` says if the intake
    is adjusted for energy.
``cycle_trend``
    Their change per 10 years: ``difference``, or ``OR`` of a binary outcome; ``p_nonlinear`` tests
    the departure from the line, ``fitted`` is the line in each cycle. ``model`` is ``unadjusted``
    or ``age and sex``.

A row without an estimate where one was asked for says why in ``note``.

Shares and prevalences are proportions from 0 to 1, p values are in ``p_value``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

TEXT_COLUMNS = (
    "study", "analysis", "model", "outcome", "exposure", "contrast", "level", "reference",
    "stratum", "stratum_level", "measure",
)  # fmt: skip
NUMBER_COLUMNS = (
    "estimate", "conf_low", "conf_high", "std_error", "statistic", "df", "p_value", "n", "events",
)  # fmt: skip
PUBLISHED_COLUMNS = ("published", "published_low", "published_high", "agreement")
COLUMNS = (*TEXT_COLUMNS, *NUMBER_COLUMNS, "weight", "cycles", *PUBLISHED_COLUMNS, "unit", "note")
"""The columns of results.csv, in their order."""


def tidy(rows: Iterable[Mapping[str, Any]], **everywhere: Any) -> pd.DataFrame:
    """Bring rows into the one form, with columns that do not apply left empty.

    Parameters
    ----------
    rows : iterable of mappings
        Each holds some of `COLUMNS`.
    **everywhere
        Values that every row shares, for example ``study="deng_2013"``.

    Returns
    -------
    DataFrame
        With exactly `COLUMNS`; text is ``""`` and numbers NaN where a column does not apply.

    Raises
    ------
    KeyError
        If a row has a column that is not in `COLUMNS`.
    """
    records = [{**everywhere, **row} for row in rows]
    unknown = {key for record in records for key in record} - set(COLUMNS)
    if unknown:
        raise KeyError(f"not columns of the results: {', '.join(sorted(unknown))}")
    frame = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    numbers = [*NUMBER_COLUMNS, "published", "published_low", "published_high"]
    frame[numbers] = frame[numbers].astype("float64")
    text = [column for column in COLUMNS if column not in numbers]
    frame[text] = frame[text].astype(object).where(frame[text].notna(), "").astype(str)
    return frame
