"""Products by blocks: what they are, and that the number of threads does not move their bits."""

import os
import subprocess
import sys

import numpy as np
import pytest

from analysis.survey.products import cross, times, totals, triangle
from analysis.survey.variance import totals_by

SHAPES = [(1, 1), (1, 3), (30, 4), (449, 20), (451, 20), (2_000, 45), (300, 64)]
ROUNDING = 1e-12  # sums of up to 2,000 products in another order, relative to the largest

FIT = """
import hashlib
import numpy as np, pandas as pd
from analysis.survey import Design
rng = np.random.default_rng(1)
digest = hashlib.sha256()
for rows, columns in ((11_000, 10), (2_000, 45)):
    x = pd.DataFrame(rng.normal(size=(rows, columns))).rename(columns=str).assign(one=1.0)
    x["near"] = x["0"] + 1e-6 * x["1"] ** 2  # for the decomposition of what is nearly collinear
    frame = pd.DataFrame({"h": np.arange(rows) % 40, "c": np.arange(rows) // 40 % 2})
    frame["w"] = np.exp(rng.normal(size=rows))
    frame["event"] = rng.random(rows) < 1 / (1 + np.exp(1 - x["0"] + x["1"]))
    for psu in ("c", None):
        design = Design(frame, "w", "h", psu)
        for family in ("binomial", "gaussian"):
            model = design.fit("event", x, family)
            digest.update(model.params.to_numpy().tobytes())
            digest.update(model.covariance.to_numpy().tobytes())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("shape", SHAPES)
def test_products_are_those_of_the_whole(shape):
    rng = np.random.default_rng(2)
    x, weights = rng.normal(size=shape), rng.exponential(size=shape[0])
    y, square = rng.normal(size=shape[0]), rng.normal(size=(shape[1], 3))
    weighted = x * weights[:, None]
    squares, sums = cross(x, weights, y)
    root = triangle(x, weights)
    for ours, direct in [
        (squares, x.T @ weighted),
        (sums, y @ x),
        (totals(x, y), y @ x),
        (cross(x, weights)[1], np.zeros(shape[1])),
        (times(x, square), x @ square),
        (times(x, square[:, 0]), x @ square[:, 0]),
        (root.T @ root, x.T @ weighted),
    ]:
        assert np.abs(ours - direct).max() <= ROUNDING * max(1, np.abs(direct).max())
    np.testing.assert_array_equal(root, np.triu(root))


def test_totals_by_code_add_rows_in_their_order():
    rng = np.random.default_rng(4)
    codes, values = rng.integers(0, 9, 500), rng.normal(size=(500, 5)) * np.exp(rng.normal(0, 9))
    counted = [np.bincount(codes, column, minlength=12) for column in values.T]
    np.testing.assert_array_equal(totals_by(codes, values, 12), np.column_stack(counted))


def test_bits_do_not_depend_on_threads():
    digests = []
    for threads in ("1", "2"):
        variables = dict.fromkeys(
            ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads
        )
        done = subprocess.run(
            [sys.executable, "-c", FIT], env=os.environ | variables, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        digests.append(done.stdout.strip())
    assert len(digests[0]) == 64
    assert digests[0] == digests[1]
