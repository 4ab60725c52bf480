"""Replicate weights made from strata and PSUs.

They are factors of the sampling weights, the same for all rows of a PSU; what they are, and their
scales, is as in R's ``as.svrepdesign``.

References
----------
McCarthy PJ (1969). Pseudo-replication: half samples. Review of the International Statistical
Institute 37:239-264 (BRR); Judkins DR (1990). Fay's method for variance estimation. Journal of
Official Statistics 6:223-239.
Rao JNK, Wu CFJ (1988). Resampling inference with complex survey data. Journal of the American
Statistical Association 83:231-241 (``"subbootstrap"``).
Canty AJ, Davison AC (1999). Resampling-based variance estimation for labour force surveys. The
Statistician 48:379-391 (``"bootstrap"``).
"""

from __future__ import annotations

from numbers import Integral
from typing import Literal, TypeAlias

import numpy as np

from analysis.errors import InputError
from analysis.survey.hadamard import hadamard
from analysis.survey.options import number
from analysis.survey.variance import LonelyPSU, Structure

MadeMethod = Literal["JK1", "JKn", "BRR", "Fay", "bootstrap", "subbootstrap"]
"""Methods by which replicate weights can be made."""

Made: TypeAlias = tuple[np.ndarray, float, np.ndarray]
"""Factors of shape (P, r), scale, and rscales of shape (r,)."""


def jackknife(structure: Structure, lonely_psu: LonelyPSU) -> Made:
    """Leave out each PSU in turn, the others of its stratum taking its place (JKn).

    Strata of which every PSU was drawn have no sets. A stratum with a single PSU has none either,
    for which ``"average"`` raises the scale; under ``"adjust"`` it is left out as a whole.

    Raises
    ------
    InputError
        If no set is left.
    """
    sizes, code = structure.psus_in_stratum, structure.stratum
    varies = structure.correction > 0
    lonely = structure.lonely
    out = np.flatnonzero(varies[code] & ~lonely[code])
    if lonely_psu == "adjust" and len(sizes) > 1:
        out = np.flatnonzero(varies[code])
    if not len(out):
        raise InputError("no stratum has two PSUs of which one could be left out")
    of = code[out]
    same = code[:, None] == of
    with np.errstate(divide="ignore"):
        up = np.where(lonely, 1.0, sizes / (sizes - 1))
    factors = np.where(same, up[of], 1.0)
    factors[out, np.arange(len(out))] = 0.0
    rscales = structure.correction[of] * (sizes[of] - 1) / sizes[of]
    alone, strata = lonely[of], len(sizes)
    if alone.any():
        factors[:, alone] = np.where(same[:, alone], 0.0, strata / (strata - 1))
        rscales[alone] = (strata - 1) / strata
    scale = varies[code].sum() / len(out) if lonely_psu == "average" else 1.0
    return factors, scale, rscales


def half_samples(structure: Structure, rho: float) -> Made:
    """Take one PSU of each pair in balance over the sets (BRR), or more of it (Fay).

    Strata of four, six, ... PSUs are split into pairs, in the order of the rows.

    Raises
    ------
    InputError
        If a stratum has an odd number of PSUs.
    """
    sizes = structure.psus_in_stratum
    odd = np.flatnonzero(sizes % 2)
    if len(odd):
        raise InputError(
            f"stratum {structure.labels[odd[0]]} has {sizes[odd[0]]} PSUs: half samples need pairs",
            remedy="Use JKn, or combine strata or PSUs.",
        )
    _, first = np.unique(structure.psu, return_index=True)
    # Strata of more than two PSUs come first, as in R: it decides which row of the matrix is whose.
    order = np.lexsort((first, structure.stratum, sizes[structure.stratum] == 2))
    signs = hadamard(len(order) // 2 + 1)
    chosen = np.empty((len(order), signs.shape[1]), dtype=bool)
    chosen[order[0::2]] = signs[1 : len(order) // 2 + 1] < 0
    chosen[order[1::2]] = ~chosen[order[0::2]]
    count = signs.shape[1]
    return np.where(chosen, 2 - rho, rho), 1 / (count * (1 - rho) ** 2), np.ones(count)


def bootstrap(structure: Structure, replicates: int, rng: np.random.Generator) -> Made:
    """Draw as many PSUs as a stratum has, with replacement (Canty and Davison).

    Under a finite population correction they are drawn without replacement from a population made
    of copies of the PSUs.
    """
    sizes = structure.psus_in_stratum
    factors = np.empty((len(structure.stratum), replicates))
    for h, size in enumerate(sizes):
        inside = structure.stratum == h
        population = structure.population[h]
        if np.isfinite(population):
            whole, rest = divmod(round(float(population)), int(size))
            copies = rng.permutation(whole + (np.arange(size) < rest))
            draws = rng.multivariate_hypergeometric(copies, size, size=replicates)
        else:
            draws = rng.multinomial(size, np.full(size, 1 / size), size=replicates)
        factors[inside] = draws.T
    harmonic = 1 / float(np.mean(1 / sizes))
    return factors, harmonic / ((harmonic - 1) * (replicates - 1)), np.ones(replicates)


def subbootstrap(structure: Structure, replicates: int, rng: np.random.Generator) -> Made:
    """Draw one PSU less than a stratum has, with replacement (Rao and Wu)."""
    factors = np.empty((len(structure.stratum), replicates))
    for h, size in enumerate(structure.psus_in_stratum):
        draws = rng.multinomial(size - 1, np.full(size, 1 / size), size=replicates)
        factors[structure.stratum == h] = draws.T * (size / (size - 1))
    return factors, 1 / (replicates - 1), np.ones(replicates)


def make(
    structure: Structure,
    lonely_psu: LonelyPSU,
    method: MadeMethod,
    *,
    rho: float | None,
    count: int,
    seed: int | None,
) -> Made:
    """Make factors by name; parameters as for `Design.as_replicates`.

    Raises
    ------
    InputError
        If the method does not suit the design or lacks what it needs.
    """
    if (rho is None) == (method == "Fay"):
        raise InputError("rho must be given for Fay's method, and for no other")
    if rho is not None and not 0 <= number(rho, "rho") < 1:
        raise InputError(f"Fay's rho must be at least 0 and less than 1, not {rho:g}")
    if np.isfinite(structure.population).any() and method in ("BRR", "Fay", "subbootstrap"):
        raise InputError(
            f"{method} has no finite population correction",
            remedy="Use JK1, JKn or bootstrap, or make the design without fpc.",
        )
    if method == "JK1" and len(structure.labels) > 1:
        raise InputError("JK1 is for designs of one stratum", remedy="Use JKn.")
    if method in ("JK1", "JKn"):
        return jackknife(structure, lonely_psu)
    if method in ("BRR", "Fay"):
        return half_samples(structure, rho or 0.0)
    if seed is None:
        raise InputError("the bootstrap needs a seed, for the same digits each time")
    for name, value in (("seed", seed), ("count", count)):
        if not isinstance(value, Integral) or value < 0:
            raise InputError(f"{name} must be a whole number from 0 on, not {value!r}")
    if count < 2:
        raise InputError(f"{count} sets of weights are too few for a variance")
    alone = np.flatnonzero(structure.psus_in_stratum == 1)
    if len(alone):
        raise InputError(
            f"stratum {structure.labels[alone[0]]} has a single PSU: nothing to draw from",
            remedy="Combine strata, or use JKn with a rule for single PSUs.",
        )
    draw = bootstrap if method == "bootstrap" else subbootstrap
    return draw(structure, count, np.random.default_rng(seed))
