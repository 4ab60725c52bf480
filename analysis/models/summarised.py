"""What a specification curve comes to: shares, quantiles, and what each choice makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.models.asked import Choice
from analysis.models.plan import Row

ALPHA = 0.05
QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
INTERACTIONS = "interactions"
"""Stratum of what no choice alone makes of the spread."""


def summary_rows(rows: Sequence[Row], choices: Sequence[Choice]) -> Iterator[Row]:
    r"""Sum up the specifications of one outcome.

    Specifications count alike; they are not a sample of anything, so that shares and quantiles have
    no intervals. Those without an estimate are counted and left out.

    Of the spread of the logarithms :math:`l` of the odds ratios, the share of a choice is the sum
    of squares of its options' means about the mean of all, over that of all specifications:
    :math:`\sum_o n_o (\bar l_o - \bar l)^2 / \sum (l - \bar l)^2`. In the full cross these add up,
    with the rest, which is what options do together beyond what each does alone, to 1.

    Parameters
    ----------
    rows : sequence of Row
        Of ``specification``, one outcome, in the order of the full cross of the options.
    choices : sequence of Choice

    Yields
    ------
    dict
        Rows of ``specification_summary``.
    """
    shared = {key: rows[0][key] for key in ("model", "outcome", "exposure", "level", "reference")}
    base = shared | {"analysis": "specification_summary"}
    estimates = np.array([row["estimate"] for row in rows], dtype=float)
    significant = np.array([row.get("p_value", np.nan) for row in rows], dtype=float) < ALPHA
    shape = tuple(len(choice.options) for choice in choices)
    yield from _of_all(base, estimates, significant)
    known = np.isfinite(estimates)
    if not known.any():
        return
    lacking = "" if known.all() else f"without the {np.sum(~known)} that have no estimate"
    logs = np.log(estimates).reshape(shape)
    yield from _by_option(base, estimates.reshape(shape), significant.reshape(shape), choices)
    yield from _by_choice(base | {"note": lacking}, logs, choices)


def _of_all(base: Row, estimates: np.ndarray, significant: np.ndarray) -> Iterator[Row]:
    known = np.isfinite(estimates)
    yield base | {"measure": "specifications", "estimate": len(estimates)}
    yield base | {"measure": "no_estimate", "estimate": int(np.sum(~known))}
    if not known.any():
        return
    inverse = estimates[known] < 1
    for measure, holds in (
        ("share_inverse", inverse),
        ("share_inverse_significant", inverse & significant[known]),
        ("share_positive_significant", ~inverse & significant[known]),
    ):
        yield base | {"measure": measure, "estimate": float(holds.mean())}
    for share in QUANTILES:
        value = float(np.quantile(estimates[known], share))
        yield base | {"measure": "quantile", "level": f"p{100 * share:02.0f}", "estimate": value}


def _by_option(
    base: Row, estimates: np.ndarray, significant: np.ndarray, choices: Sequence[Choice]
) -> Iterator[Row]:
    """Give the median and the shares of each option's specifications."""
    for axis, choice in enumerate(choices):
        for i, option in enumerate(choice.options):
            row = base | {"stratum": choice.name, "stratum_level": option.name}
            of_option = np.take(estimates, i, axis=axis)
            known = np.isfinite(of_option)
            if not known.any():
                yield row | {"measure": "median", "note": "no specification has an estimate"}
                continue
            inverse = of_option[known] < 1
            certain = np.take(significant, i, axis=axis)[known]
            yield row | {"measure": "median", "estimate": float(np.median(of_option[known]))}
            yield row | {"measure": "share_inverse", "estimate": float(inverse.mean())}
            share = float((inverse & certain).mean())
            yield row | {"measure": "share_inverse_significant", "estimate": share}


def _by_choice(base: Row, logs: np.ndarray, choices: Sequence[Choice]) -> Iterator[Row]:
    """Give each choice's share of the spread, and how far apart its options are."""
    known = np.isfinite(logs)
    centre = float(logs[known].mean())
    whole = float(((logs[known] - centre) ** 2).sum())
    rest = 1.0
    for axis, choice in enumerate(choices):
        others = tuple(i for i in range(logs.ndim) if i != axis)
        counts = known.sum(axis=others)
        sums = np.where(known, logs, 0.0).sum(axis=others)
        means = (sums[counts > 0]) / counts[counts > 0]
        share = float((counts[counts > 0] * (means - centre) ** 2).sum()) / whole if whole else 0.0
        rest -= share
        row = base | {"stratum": choice.name}
        yield row | {"measure": "variance_share", "estimate": share}
        yield row | {"measure": "ratio", "estimate": float(np.exp(means.max() - means.min()))}
    row = base | {"stratum": INTERACTIONS, "measure": "variance_share"}
    yield row | {"estimate": max(rest, 0.0) if whole else 0.0}
