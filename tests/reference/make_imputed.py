"""Write designs/imputed.csv: a made-up sample whose gaps are filled six times (columns x1 to x6).

    .venv/bin/python tests/reference/make_imputed.py

The fillings are draws from a line, not this package's own: R and we are asked to pool the same.
"""

from pathlib import Path

import numpy as np
import pandas as pd

SETS = 6


def sample() -> pd.DataFrame:
    rng = np.random.default_rng(1987)
    strata, people = 8, 20
    n = strata * 2 * people
    town = np.repeat(rng.normal(0, 0.4, strata * 2), people)
    z = rng.normal(size=n) + town
    x = 0.6 * z + rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(1, strata + 1), 2 * people),
            "psu": np.tile(np.repeat([1, 2], people), strata),
            "weight": np.exp(rng.normal(5, 0.6, n)).round(3),
            "z": z.round(4),
            "group": rng.choice(["a", "b", "c"], n),
            "y": (1 + 0.5 * x - 0.3 * z + town + rng.normal(size=n)).round(4),
        }
    )
    frame["event"] = (rng.random(n) < 1 / (1 + np.exp(0.8 - 0.7 * x - 0.2 * z))).astype(int)
    gap = rng.random(n) < 1 / (1 + np.exp(0.8 - 0.5 * z))
    for i in range(1, SETS + 1):
        line = 0.6 * z + rng.normal(0, 0.1) + rng.normal(0, 0.1) * z
        frame[f"x{i}"] = np.where(gap, line + rng.normal(size=n), x).round(4)
    return frame


if __name__ == "__main__":
    sample().to_csv(Path(__file__).parent / "designs" / "imputed.csv", index=False)
