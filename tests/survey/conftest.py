import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.survey import Design

DESIGNS = Path(__file__).parents[1] / "reference" / "designs"


def taylor_of(case, frame, rule):
    return Design(
        frame,
        weights="weight",
        strata=case["strata"],
        psu=case["psu"],
        lonely_psu=rule,
        fpc=case.get("fpc"),
    )


def given_of(case, frame):
    """The sample with replicate weights r1, r2, ..., from the factors of its units."""
    factors = pd.read_csv(DESIGNS / f"{case['factors']}.csv").set_index("unit")
    factors = factors.loc[frame["unit"]].set_axis(frame.index)
    if case["combined"]:
        factors = factors.mul(frame["weight"], axis=0)
    return Design(
        pd.concat([frame, factors], axis=1),
        weights="weight",
        replicates="r",
        method=case["method"],
        combined=case["combined"],
        mse=case["mse"],
        **{name: case[name] for name in ("scale", "rscales", "rho") if name in case},
    )


@pytest.fixture(scope="session")
def made_up_design():
    """The designs that R was asked about (tests/reference): by name, single-PSU rule and domain."""
    lists = [json.loads((DESIGNS / f"{name}.json").read_text()) for name in ("cases", "replicates")]
    cases = {case["case"]: case for part in lists for case in part}

    @functools.cache
    def whole(name, rule):
        case = cases[name]
        frame = pd.read_csv(DESIGNS / f"{case['file']}.csv")
        if "factors" in case:
            return given_of(case, frame)
        design = taylor_of(case, frame, rule or case["rule"])
        if "make" not in case:
            return design
        return design.as_replicates(case["make"], rho=case.get("rho"), mse=case["mse"])

    @functools.cache  # by a hundred questions each; nothing changes a design
    def design(name, rule=None, domain="everyone"):
        found = whole(name, rule)
        return found.where(found.frame[domain] == 1)

    return design


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
