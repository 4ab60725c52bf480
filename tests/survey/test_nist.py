"""Linear regression on the Statistical Reference Datasets of NIST (see tests/reference/nist)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import Design

NIST = Path(__file__).parents[1] / "reference" / "nist"
CERTIFIED = json.loads((NIST / "certified.json").read_text())

# Digits that agree in the worst coefficient (log relative error), a little below what is seen.
# Columns that are nearly collinear lose them whatever the algorithm: rounding the data to double
# precision alone costs as many as the condition of the columns has. Wampler's third to fifth have
# the same columns and residuals that grow a hundredfold each.
DIGITS = {
    "norris": 12,
    "pontius": 12,
    "noint1": 14,
    "noint2": 14,
    "longley": 10.5,
    "filip": 7,  # powers up to x**10: LAPACK's least squares has 6, most packages refuse it
    "wampler1": 8.5,
    "wampler2": 12,
    "wampler3": 8.5,
    "wampler4": 7.5,
    "wampler5": 5.5,
}


def matrices(name):
    frame = pd.read_csv(NIST / f"{name}.csv").assign(weight=1.0)
    if name == "longley":
        x = frame[[f"x{j}" for j in range(1, 7)]].assign(one=1.0)
        return frame, x[["one", *x.columns[:-1]]]
    if name.startswith("noint"):
        return frame, frame[["x"]]
    powers = range(len(CERTIFIED[name]))
    return frame, pd.DataFrame({f"x**{j}": frame["x"].astype(float) ** j for j in powers})


@pytest.mark.parametrize("name", CERTIFIED)
def test_coefficients_are_the_certified_ones(name):
    frame, x = matrices(name)
    model = Design(frame, weights="weight").fit("y", x)
    certified = np.array(CERTIFIED[name])
    wrong = np.abs(model.params.to_numpy() - certified) / np.abs(certified)
    assert -np.log10(np.maximum(wrong, 1e-16)).min() >= DIGITS[name]


@pytest.mark.parametrize("name", CERTIFIED)
def test_weights_that_are_equal_do_not_matter(name):
    frame, x = matrices(name)
    model = Design(frame.assign(weight=1234.5), weights="weight").fit("y", x)
    wrong = np.abs(model.params.to_numpy() / np.array(CERTIFIED[name]) - 1)
    assert -np.log10(np.maximum(wrong, 1e-16)).min() >= DIGITS[name]


def test_powers_that_would_lose_all_digits_are_refused():
    """Up to x**13 4 digits are right (by rational arithmetic), then it refuses."""
    frame, _ = matrices("filip")
    x = pd.DataFrame({f"x**{j}": frame["x"] ** j for j in range(15)})
    with pytest.raises(InputError, match=r"'x\*\*14' is determined by"):
        Design(frame, weights="weight").fit("y", x)
