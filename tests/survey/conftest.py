import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def frame():
    """Three strata of 2, 2 and 3 PSUs whose labels begin anew, 12 rows a PSU."""
    rng = np.random.default_rng(20)
    strata = np.repeat([1, 1, 2, 2, 3, 3, 3], 12)
    psu = np.repeat([1, 2, 1, 2, 1, 2, 3], 12)
    n = len(strata)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "h": strata,
            "c": psu,
            "w": np.exp(rng.normal(5, 1, n)),
            "x": x,
            "y": 1 + x + rng.normal(size=n),
            "event": (rng.random(n) < 1 / (1 + np.exp(-x))).astype(int),
            "sex": rng.choice(["Female", "Male"], n),
        }
    )
