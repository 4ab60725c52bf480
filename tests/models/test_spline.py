"""The restricted cubic spline's basis, by its definition and against another library's."""

import numpy as np
import patsy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.models.spline import KNOT_PERCENTILES, basis

knot_sets = st.lists(
    st.integers(0, 1000), min_size=3, max_size=7, unique=True
).map(lambda knots: np.sort(np.array(knots, float)))  # fmt: skip


@given(knots=knot_sets, seed=st.integers(0, 2**32 - 1))
def test_linear_beyond_the_outer_knots(knots, seed):
    step = np.random.default_rng(seed).uniform(1, 50)
    for start, sign in ((knots[0], -1), (knots[-1], 1)):
        x = start + sign * step * np.arange(4)
        bend = np.diff(basis(x, knots), n=2, axis=0)
        np.testing.assert_allclose(bend, 0, atol=1e-8 * (1 + np.abs(basis(x, knots)).max()))


@pytest.mark.parametrize("k", sorted(KNOT_PERCENTILES))
def test_spans_the_natural_cubic_splines(k):
    x = np.random.default_rng(k).gamma(4, 70, 400)
    knots = np.quantile(x, KNOT_PERCENTILES[k])
    inside = np.sort(x[(x >= knots[0]) & (x <= knots[-1])])
    other = np.asarray(
        patsy.dmatrix(
            "cr(x, knots=inner, lower_bound=low, upper_bound=high) - 1",
            {"x": inside, "inner": knots[1:-1], "low": knots[0], "high": knots[-1]},
        )
    )
    ours = np.column_stack([np.ones(len(inside)), basis(inside, knots)])
    assert ours.shape == other.shape
    coefficients = np.linalg.lstsq(other, ours, rcond=None)[0]
    np.testing.assert_allclose(other @ coefficients, ours, atol=1e-9 * np.abs(ours).max())


def test_the_values_of_a_basis_computed_by_hand():
    # Knots 0, 1, 3; at 2: (2^3 - 1^3 * 3/2 + 0) / 9, at 4: (64 - 27 * 3/2 + 1 * 1/2) / 9.
    found = basis(np.array([-1.0, 2.0, 4.0, np.nan]), np.array([0.0, 1.0, 3.0]))
    np.testing.assert_allclose(found[:, 0], [-1, 2, 4, np.nan])
    np.testing.assert_allclose(found[:, 1], [0, 6.5 / 9, 24 / 9, np.nan], rtol=1e-14)


@pytest.mark.parametrize("knots", [[1, 2], [1, 1, 2], [3, 2, 1]])
def test_knots_that_do_not_increase_are_refused(knots):
    with pytest.raises(InputError, match="knots"):
        basis(np.arange(5.0), np.array(knots, float))


def test_knot_percentiles_are_symmetric_and_increase():
    for k, shares in KNOT_PERCENTILES.items():
        assert len(shares) == k
        np.testing.assert_allclose(np.array(shares) + np.array(shares[::-1]), 1, atol=1e-3)
        assert np.all(np.diff(shares) > 0)
