"""Presentation standards of the National Center for Health Statistics for proportions.

They say when an estimated proportion is too uncertain to be shown. What they leave open is decided
here as in the agency's own SAS program for complex surveys: which effective sample size is held
against `MINIMUM_SIZE`, that nobody or everybody is judged at the sample's own size, and how
age-adjusted proportions get their effective size (see `standardisation.n_effective`). The numbers
are compared as they are, where that program rounds widths to 0.1 percentage points first.

References
----------
Parker JD, Talih M, Malec DJ, et al. (2017). National Center for Health Statistics data presentation
standards for proportions. Vital and Health Statistics 2(175).
Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of
positive counts estimated from survey data. Survey Methodology 24:193-201.
Ward BW (2019). kg_nchs: A command for Korn-Graubard confidence intervals and National Center for
Health Statistics' data presentation standards for proportions. Stata Journal 19:510-522.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.survey.intervals import nchs_interval

ALPHA = 0.05
"""One minus the level of the confidence interval that is judged."""
MINIMUM_SIZE = 30
"""Rows, and effective sample size (n over the design effect, not yet adjusted for the degrees of
freedom), below which a proportion is suppressed."""
NARROW = 0.05
"""Absolute width of the interval up to which its relative width does not matter."""
WIDE = 0.30
"""Absolute width of the interval from which on a proportion is suppressed."""
RELATIVE = 1.30
"""Width of the interval over the proportion above which it is suppressed, if wider than `NARROW`;
over its complement, above which the complement may be unreliable."""
MINIMUM_DF = 8
"""Degrees of freedom below which a statistician is to review a proportion."""


def judge(frame: pd.DataFrame) -> pd.DataFrame:
    """Judge proportions by the standards.

    A proportion is suppressed if n or its effective sample size is below `MINIMUM_SIZE`, if its
    interval is at least `WIDE`, or wider than `NARROW` and than `RELATIVE` times the proportion;
    or if its standard error is unknown. Otherwise it wants review if nobody or everybody has the
    characteristic, or there are fewer than `MINIMUM_DF` degrees of freedom; else it may be shown.

    Parameters
    ----------
    frame : DataFrame
        With ``estimate``, ``n`` (rows of positive weight), ``n_effective`` and ``df``.

    Returns
    -------
    DataFrame, with the index of `frame`
        ``estimate``, ``n``, ``n_effective`` (at most n), ``df``; ``conf_low``, ``conf_high`` of
        `intervals.nchs_interval`; ``width``, ``relative_width`` (over the estimate) and
        ``complement_relative_width`` (over one minus the estimate), as parts, not percent;
        ``presentation``: ``"present"``, ``"review"`` or ``"suppress"``, and ``reason``, all that
        speaks against showing the proportion, separated by semicolons; and
        ``complement_unreliable``: the complement would be suppressed for its relative width where
        the proportion is not, which the standards want told in a footnote.
    """
    p, n = frame["estimate"].to_numpy(float), frame["n"].to_numpy()
    df, effective = frame["df"].to_numpy(), frame["n_effective"].to_numpy(float)
    rows = zip(p, effective, n, df, strict=True)
    ends = [nchs_interval(*row, ALPHA) for row in rows]
    low, high = np.array(ends, dtype=float).reshape(-1, 2).T
    width = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(p > 0, width / p, np.nan)
        complement = np.where(p < 1, width / (1 - p), np.nan)
    against = {
        "standard error unknown": np.isnan(width),
        f"fewer than {MINIMUM_SIZE} rows": n < MINIMUM_SIZE,
        f"effective sample size below {MINIMUM_SIZE}": effective < MINIMUM_SIZE,
        f"interval at least {WIDE:.2f} wide": width >= WIDE,
        f"interval wider than {RELATIVE:.0%} of the proportion": (width > NARROW)
        & (relative > RELATIVE),
    }
    doubtful = {
        "nobody has it": p == 0,
        "everybody has it": p == 1,
        f"fewer than {MINIMUM_DF} degrees of freedom": df < MINIMUM_DF,
    }
    suppressed = np.any(list(against.values()), axis=0)
    in_doubt = np.any(list(doubtful.values()), axis=0)
    all_reasons = against | doubtful
    reasons = [
        "; ".join(reason for reason, holds in all_reasons.items() if holds[row])
        for row in range(len(frame))
    ]
    return pd.DataFrame(
        {
            "estimate": p,
            "n": n,
            "n_effective": np.minimum(effective, n),
            "df": df,
            "conf_low": low,
            "conf_high": high,
            "width": width,
            "relative_width": relative,
            "complement_relative_width": complement,
            "presentation": np.select([suppressed, in_doubt], ["suppress", "review"], "present"),
            "reason": reasons,
            "complement_unreliable": ~suppressed & (width > NARROW) & (complement > RELATIVE),
        },
        index=frame.index,
    )
