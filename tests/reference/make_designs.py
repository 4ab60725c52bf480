"""Write the made-up samples on which our digits are held against R's (see README.md).

Every number is drawn from a seeded generator: no row describes anybody.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DESIGNS = HERE / "designs"
RULES = ("adjust", "average", "remove", "certainty")
DOMAINS = ("everyone", "group_b", "patchy")


def sample(
    seed: int, psus: list[int], rows: int, *, spread: float, event_rate: float
) -> pd.DataFrame:
    """Draw a sample of `rows` rows in strata with the given numbers of PSUs.

    `spread` is the standard deviation of the logarithm of the weights.
    """
    rng = np.random.default_rng(seed)
    units = [(h, c) for h, size in enumerate(psus) for c in range(1, size + 1)]
    unit = rng.choice(len(units), rows)
    unit[: len(units)] = np.arange(len(units))
    strata, labels = np.array(units)[unit].T
    effect = rng.normal(0, 0.5, len(units))[unit]
    x = rng.normal(0, 1, rows) + effect
    group = rng.choice(["a", "b", "c"], rows, p=[0.4, 0.4, 0.2])
    z = np.exp(rng.normal(2, 0.4, rows))
    y = 20 + 3 * x - 2 * (group == "b") + 0.3 * z + 4 * effect + rng.normal(0, 4, rows)
    odds = event_rate / (1 - event_rate) * np.exp(0.4 * x + 0.5 * (group == "c") + effect)
    incomplete = np.where(rng.random(rows) < 0.12, np.nan, x + rng.normal(0, 1, rows))
    incomplete[strata == 1] = np.nan  # nothing is left of this stratum
    patchy = rng.random(rows) < 0.6
    patchy[np.isin(strata, (2, 3))] = False  # misses two strata ...
    patchy[(strata == 4) & (labels != 1)] = False  # ... and leaves one PSU of another
    return pd.DataFrame(
        {
            "stratum": strata + 101,
            "psu": labels,
            "unit": unit + 1,  # a label of its own for every PSU
            "weight": np.round(np.exp(rng.normal(8, spread, rows)), 3),
            "x": np.round(x, 4),
            "z": np.round(z, 3),
            "group": group,
            "band": np.select([z < 6, z < 9], ["low", "mid"], "top"),
            "y": np.round(y, 1),  # ties, as measurements have
            "event": (rng.random(rows) < odds / (1 + odds)).astype(int),
            "incomplete": np.round(incomplete, 4),
            "everyone": 1,
            "group_b": (group == "b").astype(int),
            "patchy": patchy.astype(int),
        }
    )


def with_zero_weights(frame: pd.DataFrame) -> pd.DataFrame:
    """Set the weight of scattered rows, of a whole PSU and of a whole stratum to zero."""
    frame = frame.copy()
    frame.loc[::9, "weight"] = 0.0
    frame.loc[frame["unit"] == 12, "weight"] = 0.0
    frame.loc[frame["stratum"] == 109, "weight"] = 0.0
    return frame


def main() -> None:
    """Write the samples and the list of designs made of them."""
    plain = sample(1, [2] * 9 + [3] * 3, 600, spread=0.7, event_rate=0.3)
    lonely = sample(2, [2, 3, 2, 2, 2, 1, 2, 1, 3, 2], 500, spread=0.7, event_rate=0.3)
    lonely = with_zero_weights(lonely)
    hard = with_zero_weights(sample(3, [2] * 8 + [4, 3, 3], 700, spread=2.4, event_rate=0.06))
    files = {"plain": plain, "lonely": lonely, "hard": hard}
    DESIGNS.mkdir(exist_ok=True)
    for name, frame in files.items():
        frame.to_csv(DESIGNS / f"{name}.csv", index=False)
    cases = [
        {"case": "nested", "file": "plain", "strata": "stratum", "psu": "psu", "rules": ["fail"]},
        {"case": "hard", "file": "hard", "strata": "stratum", "psu": "psu", "rules": ["fail"]},
        {"case": "lonely", "file": "lonely", "strata": "stratum", "psu": "psu", "rules": RULES},
        {"case": "no_psu", "file": "plain", "strata": "stratum", "psu": None, "rules": ["fail"]},
        {"case": "no_strata", "file": "lonely", "strata": None, "psu": "unit", "rules": ["fail"]},
        {"case": "weights_only", "file": "hard", "strata": None, "psu": None, "rules": ["fail"]},
    ]
    for case in cases:
        case["domains"] = DOMAINS
    (DESIGNS / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
