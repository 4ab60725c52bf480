import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from analysis.synthetic import arithmetic

UNIT_PRECISION = 1e-15
CDF_PRECISION = 1e-14


@pytest.mark.parametrize(
    ("ours", "theirs", "points", "precision"),
    [
        (arithmetic.exp, np.exp, np.linspace(-700, 700, 20_001), UNIT_PRECISION),
        (arithmetic.log, np.log, np.exp(np.linspace(-600, 600, 20_000)), UNIT_PRECISION),
        (
            arithmetic.normal_quantile,
            special.ndtri,
            np.concatenate([10.0 ** -np.arange(1, 17), np.linspace(0.001, 0.999, 10_000)]),
            10 * UNIT_PRECISION,
        ),
    ],
    ids=["exp", "log", "quantile"],
)
def test_functions_agree_with_scipy_relatively(ours, theirs, points, precision):
    expected = theirs(points)
    np.testing.assert_allclose(ours(points), expected, rtol=precision, atol=UNIT_PRECISION)


def test_normal_cdf_agrees_with_scipy():
    points = np.linspace(-7, 7, 20_001)
    error = np.abs(arithmetic.normal_cdf(points) - special.ndtr(points)).max()
    assert error < CDF_PRECISION


@given(st.floats(min_value=2.0**-54, max_value=1 - 2.0**-53))
def test_quantile_inverts_the_distribution_function(p):
    there = arithmetic.normal_quantile(np.array([p]))
    if abs(there[0]) < 7:
        assert arithmetic.normal_cdf(there)[0] == pytest.approx(p, abs=CDF_PRECISION)


def test_uniforms_are_inside_the_open_interval_and_flat():
    u = arithmetic.uniforms(7, "x", size=200_000)
    assert u.min() > 0 and u.max() < 1
    assert (u * 2.0**53 % 2 == 1).all()  # centred in their cells, so 0 and 1 cannot come up
    counts = np.bincount((u * 20).astype(int), minlength=20)
    assert np.abs(counts - 10_000).max() < 500  # 5 standard deviations


@pytest.mark.parametrize("key", [("y",), ("x", 1), (1, "x")])
def test_streams_are_independent(key):
    one, other = (arithmetic.uniforms(7, *k, size=50_000) for k in (("x",), key))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02


def test_bits_are_the_same_everywhere():
    # No function of the C library takes part, so this holds on any machine.
    u = arithmetic.uniforms(1, "pinned", size=10_000)
    z = arithmetic.normal_quantile(u)
    mixed = np.concatenate([z, arithmetic.exp(z), arithmetic.log(u), arithmetic.normal_cdf(z)])
    digest = hashlib.sha256(mixed.astype("<f8").tobytes()).hexdigest()
    assert digest == "19873bbee4989efd0d2c50a9fa7f53a6f68294efb2011f1fd912cedd31b0188f"
