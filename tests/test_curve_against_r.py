"""Specifications of the curve of Deng et al. against R's survey package on the same people."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.models.estimate import DF_RULE

REFERENCE = Path(__file__).parent / "reference"
ANSWERS = json.loads((REFERENCE / "deng_specifications.json").read_text())["specifications"]

ITERATED = 1e-8
"""Relative difference of logistic models: both programs iterate to the last digits."""

P_VALUE = 1e-6
"""Of P values, which magnify a difference in t where they are small."""

pytestmark = pytest.mark.real_data


@pytest.fixture
def curve(real_run) -> pd.DataFrame:
    """All specifications of the study on the real files."""
    results = pd.read_csv(
        real_run("deng_2013") / "results.csv", keep_default_na=False, na_values=[""]
    )
    return results[results["analysis"] == "specification"]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["contrast"])
def test_a_specification_is_that_of_r(curve, answer):
    assert DF_RULE == "design"
    same = (curve["outcome"] == answer["outcome"]) & (curve["contrast"] == answer["contrast"])
    (row,) = curve[same].to_dict("records")
    assert (row["n"], row["events"], row["df"]) == (answer["n"], answer["events"], answer["df"])
    # A coefficient near 0 has the digits of its standard error.
    apart = abs(np.log(row["estimate"]) - answer["estimate"])
    assert apart <= ITERATED * max(abs(answer["estimate"]), answer["std_error"])
    assert row["std_error"] == pytest.approx(answer["std_error"], rel=ITERATED)
    assert row["p_value"] == pytest.approx(answer["p"], rel=P_VALUE)
