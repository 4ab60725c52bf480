"""Random numbers and elementary functions that give the same bits on every machine.

The C library's and NumPy's own `exp` and `log` differ by a unit in the last place from one
processor to the next. Here everything is made of what IEEE 754 rounds correctly (addition,
multiplication, division, square root) and of exact scaling by powers of two, one array operation
at a time, so that no compiler can fuse two of them. Random bits are the raw output of PCG64, whose
stream NumPy promises to keep.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LN2_HIGH = 0.693147180369123816490
LN2_LOW = 1.90821492927058770002e-10
"""ln 2 in two parts, the first short enough that small multiples of it are exact (fdlibm)."""

_EXP = [1.0]
for _n in range(1, 15):
    _EXP.append(_EXP[-1] / _n)

# Hart (1968) as given by West (2005), Better approximations to cumulative normal functions.
_CDF_TOP = (
    3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383,
    112.079291497871, 221.213596169931, 220.206867912376,
)  # fmt: skip
_CDF_BOTTOM = (
    8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461,
    296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752,
)  # fmt: skip

# Wichura (1988), algorithm AS 241 (PPND16): numerator and denominator, highest power first.
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
     4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
     1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
     2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
     4.2313330701600911252e1, 1.0),
)  # fmt: skip
_MIDDLE = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
     4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
     2.05319162663775882187e0, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
     5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def _horner(coefficients: tuple[float, ...] | list[float], x: Array) -> Array:
    """Value of a polynomial whose coefficients start with the highest power."""
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient
    return total


def exp(x: Array) -> Array:
    """Exponential function; relative error below 1e-15 for results that are normal numbers."""
    x = np.asarray(x, dtype=np.float64)
    power = np.rint(x / (LN2_HIGH + LN2_LOW))
    rest = (x - power * LN2_HIGH) - power * LN2_LOW
    return np.ldexp(_horner(_EXP[::-1], rest), power.astype(np.int32))


def log(x: Array) -> Array:
    """Natural logarithm of positive numbers; relative error below 1e-14 away from 1."""
    mantissa, power = np.frexp(np.asarray(x, dtype=np.float64))
    small = mantissa < 0.70710678118654752
    mantissa = np.where(small, mantissa + mantissa, mantissa)
    power = power - small
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = _horner([1.0 / odd for odd in range(23, 0, -2)], ratio * ratio)
    return (power * LN2_LOW + 2.0 * ratio * series) + power * LN2_HIGH


def logistic(x: Array) -> Array:
    """Share whose log odds are x."""
    return 1.0 / (1.0 + exp(-x))


def normal_cdf(x: Array) -> Array:
    """Distribution function of the standard normal, for -7 <= x <= 7 (values beyond are clipped).

    Absolute error below 1e-14.
    """
    x = np.clip(x, -7.0, 7.0)
    size = np.abs(x)
    tail = exp(-0.5 * size * size) * (_horner(_CDF_TOP, size) / _horner(_CDF_BOTTOM, size))
    return np.where(x > 0, 1.0 - tail, tail)


def normal_quantile(p: Array) -> Array:
    """Inverse of the standard normal's distribution function, for 0 < p < 1.

    Relative error about 1e-15 (algorithm AS 241).
    """
    p = np.asarray(p, dtype=np.float64)
    centred = p - 0.5
    r = 0.180625 - centred * centred
    result = centred * _horner(_CENTRE[0], r) / _horner(_CENTRE[1], r)
    outside = np.abs(centred) > 0.425
    if outside.any():
        tail = np.where(centred < 0, p, 1.0 - p)[outside]
        depth = np.sqrt(-log(tail))
        near, far = depth - 1.6, depth - 5.0
        value = np.where(
            depth <= 5.0,
            _horner(_MIDDLE[0], near) / _horner(_MIDDLE[1], near),
            _horner(_FAR[0], far) / _horner(_FAR[1], far),
        )
        result[outside] = np.where(centred[outside] < 0, -value, value)
    return result


def uniforms(seed: int, *key: int | str, size: int) -> Array:
    """Draw uniform numbers strictly between 0 and 1 from the stream that a key names.

    Parameters
    ----------
    seed : int
        The survey's seed.
    *key : int or str
        Names the stream, for example a cycle, a block of people and a variable. Streams are
        independent of each other, so a new variable changes no other.
    size : int
        How many.

    Returns
    -------
    ndarray of float, shape (size,)
        Odd multiples of 2**-53.
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key]
    bits = np.random.PCG64(np.random.SeedSequence([seed, *words])).random_raw(size)
    # 52 bits, so that the half can be added exactly.
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
