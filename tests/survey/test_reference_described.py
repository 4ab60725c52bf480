"""Descriptions beside means against R's survey: every estimator, kind of design and domain."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"

# Relative differences, some ten times what is seen.
CLOSED_FORM = 1e-12  # sums in another order; Student's t and the beta distribution inverted
REPLICATED = 1e-10  # deviations of replicates lose the digits that the estimates have in common
NEAR_0 = 1e-15  # where few events leave the F distribution no digits: lower limits below 1e-8
BY_F = 1e-9  # R inverts the F distribution for limits of the standards, we the beta distribution

ANSWERS = json.loads((REFERENCE / "descriptions.json").read_text())["answers"]
PARTS = {"low": 0.2, "mid": 0.5, "top": 0.3}


def by_sign(design):
    sign = pd.Series(
        np.where(design.frame["x"] > 0, "above", "below"), design.frame.index, name="s"
    )
    both = {(band, s): part * other for s, other in (("above", 0.4), ("below", 0.6))
            for band, part in PARTS.items()}  # fmt: skip
    return design.standardised("y", ["band", sign], both)


ASKED = {
    "geometric_mean": lambda d: d.geometric_mean("cost"),
    "deff_mean": lambda d: d.mean("y", deff=True),
    "deff_mean_replace": lambda d: d.mean("y", deff="replace"),
    "deff_total": lambda d: d.total("y", deff=True),
    "deff_total_replace": lambda d: d.total("y", deff="replace"),
    "deff_proportion": lambda d: d.proportion("event", deff=True),
    "deff_ratio": lambda d: d.ratio("y", "z", deff=True),
    "deff_ratio_replace": lambda d: d.ratio("y", "z", deff="replace"),
    "deff_by_group": lambda d: d.mean("y", by="group", deff=True),
    "standardised": lambda d: d.standardised("y", "band", PARTS, over="group"),
    "standardised_missing": lambda d: d.standardised("incomplete", "band", PARTS, over="group"),
    "standardised_twice": by_sign,
    "standardised_logit": lambda d: d.standardised("event", "band", PARTS, statistic="proportion"),
    "standardised_beta": lambda d: d.standardised(
        "event", "band", PARTS, statistic="proportion", interval="beta"
    ),
    "quantile_math": lambda d: d.quantile("y", [0.1, 0.5, 0.9], interval="replicates"),
    "quantile_school": lambda d: d.quantile(
        "y", [0.1, 0.5, 0.9], rule="school", interval="replicates"
    ),
}
REPLICATED_ONLY = ("quantile_math", "quantile_school")
TAYLOR_ONLY = (
    "deff_mean_replace", "deff_total_replace", "presentation_common", "presentation_rare",
)  # fmt: skip
JUDGED = {"presentation": "event", "presentation_common": "y > 14", "presentation_rare": "y > 38"}


def identity(answer):
    parts = ("case", "rule", "domain", "estimator")
    return "-".join(answer[part] for part in parts if part in answer)


def listed(value):
    return np.atleast_1d(value)


def test_matrix_is_whole():
    lists = {
        name: json.loads((REFERENCE / "designs" / f"{name}.json").read_text())
        for name in ("cases", "replicates")
    }
    cells = [
        (case["case"], domain, rule, "make" in case or "factors" in case)
        for part in lists.values()
        for case in part
        for domain in case["domains"]
        for rule in case.get("rules", [0])
    ]
    everything = len(ASKED) + len(JUDGED) + 1
    expected = sum(
        everything - (len(TAYLOR_ONLY) if replicated else len(REPLICATED_ONLY))
        for _, _, _, replicated in cells
    )
    assert len({identity(answer) for answer in ANSWERS}) == len(ANSWERS) == expected


@pytest.mark.parametrize("answer", [a for a in ANSWERS if a["estimator"] in ASKED], ids=identity)
def test_description(answer, made_up_design):
    design = made_up_design(answer["case"], answer.get("rule"), answer["domain"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the jackknife may not")
        table = ASKED[answer["estimator"]](design)
    frame = table.frame.assign(cv=table.cv)
    if "df" in answer:
        np.testing.assert_array_equal(frame["df"], answer["df"])
    for name in ("estimate", "std_error", "conf_low", "conf_high", "deff", "cv"):
        if name in answer:
            exact = design.replicates is None or name == "estimate"
            np.testing.assert_allclose(
                frame[name].astype(float),
                listed(answer[name]),
                rtol=CLOSED_FORM if exact else REPLICATED,
                err_msg=name,
            )


@pytest.mark.parametrize(
    "answer", [a for a in ANSWERS if a["estimator"].startswith("presentation")], ids=identity
)
def test_presentation(answer, made_up_design):
    design = made_up_design(answer["case"], answer.get("rule"), answer["domain"])
    if answer["estimator"] in JUDGED:
        share = JUDGED[answer["estimator"]]
        tables = [design.proportion(share), design.proportion(share, by="group", alpha=0.2)]
    else:
        tables = [design.standardised("event", "band", PARTS, statistic="proportion")]
    found = pd.concat([table.presentation() for table in tables])
    assert list(found["presentation"]) == list(listed(answer["presentation"]))
    np.testing.assert_array_equal(found["complement_unreliable"], listed(answer["complement"]))
    np.testing.assert_array_equal(found["df"], answer["df"])
    for name, atol in {"estimate": 0, "n_effective": 0, "conf_low": NEAR_0, "conf_high": 0}.items():
        np.testing.assert_allclose(
            found[name].astype(float), listed(answer[name]), rtol=BY_F, atol=atol, err_msg=name
        )
