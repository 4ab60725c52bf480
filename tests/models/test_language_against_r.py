"""Adjusted groups, outcomes that the cohort defines, fixed cuts and lines in strata, against R."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.grammar import parse_term
from analysis.models.adjusted import adjusted_rows
from analysis.models.joined import pair_of
from analysis.models.joint_cuts import cut_rows
from analysis.models.strata import strata_rows

FOLDER = Path(__file__).parent.parent / "reference"
ANSWERS = json.loads((FOLDER / "language.json").read_text())

DIRECT = 1e-12
"""Relative difference of sums that need no iteration."""
CONVERGED = 1e-8
"""Of what converged models give."""

COLUMNS = {
    "x": "dose", "z": "intake", "y": "level", "incomplete": "age", "band": "area", "group": "sex",
    "part": "intake",
}  # fmt: skip
"""R's columns by what the made-up measures of this folder are called."""
OUTCOMES = {"low": "low", "little": "little", "y": "level", "score": "score"}


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / "designs" / "plain.csv").drop(columns="group_b")
    frame = frame.rename(columns={key: name for key, name in COLUMNS.items() if key != "part"})
    frame["area"] = pd.Categorical(frame["area"], ["low", "mid", "top"])
    frame["sex"] = pd.Categorical(frame["sex"], ["a", "b", "c"])
    return frame


@pytest.fixture
def setting(make, sample):
    def prepare(terms=("sex",), per=1.0, **plan):
        made = [
            make.outcome("low", "level < 20"),
            make.outcome("little", below={"measure": "intake", "quantile": 0.25}),
            make.outcome("level", measure="level"),
            make.outcome("score", mean_z=("dose", "age"), role="further"),
        ]
        found = make.setting(sample, terms=terms, outcomes=made, **plan)
        found.exposure.per = per
        return found

    return prepare


def test_outcomes_that_the_cohort_defines(setting):
    responses, expected = setting().responses, ANSWERS["defined"]
    assert responses["little"].cut == expected["cut"]
    for key, (mean, sd) in zip(
        ("x", "incomplete"), responses["score"].scored.values(), strict=True
    ):
        np.testing.assert_allclose([mean, sd], list(expected[key].values()), rtol=DIRECT)


@pytest.mark.parametrize(
    "answer", ANSWERS["margins"], ids=lambda a: f"{a['outcome']}-{a['groups']}"
)
def test_crude_and_adjusted_groups(setting, answer):
    covariates = np.atleast_1d(answer["covariates"])
    cuts = (6.0, 10.0) if answer["groups"] == "part" else ()
    asked = SimpleNamespace(
        name="n", label="n", domains=(), measure=COLUMNS[answer["groups"]], cuts=cuts,
        parts=answer["levels"] if cuts else (), outcomes=[OUTCOMES[answer["outcome"]]],
        parsed_terms=[parse_term(COLUMNS[name]) for name in covariates],
    )  # fmt: skip
    rows = pd.DataFrame(list(adjusted_rows(setting(adjusted=[asked]))))
    estimates = rows[rows["measure"].isin(["proportion", "mean"])]
    found = estimates[estimates["model"] == "adjusted"]
    assert found["stratum_level"].tolist() == answer["levels"]
    assert found["n"].sum() == answer["n"] and (found["df"] == answer["df"]).all()
    for column, key in (("estimate",) * 2, ("std_error",) * 2, ("conf_low", "low"),
                        ("conf_high", "high")):  # fmt: skip
        np.testing.assert_allclose(found[column], answer[key], rtol=CONVERGED)
    test = rows[rows["measure"] == "p_overall"].iloc[0]
    np.testing.assert_allclose(test["statistic"], answer["statistic"], rtol=CONVERGED)
    np.testing.assert_allclose(test["p_value"], answer["p"], rtol=1e-7)
    crude = estimates[estimates["model"] == "crude"]
    for (_, row), expected in zip(crude.iterrows(), answer["crude"], strict=True):
        assert row["n"] == expected["n"]
        ours = row[["estimate", "conf_low", "conf_high"]].astype(float)
        theirs = [expected[key] for key in ("estimate", "low", "high")]
        np.testing.assert_allclose(ours, theirs, rtol=CONVERGED)


def test_joint_groups_by_fixed_cuts(make, setting):
    """Below 0 are those of the higher code: the reference is the highest of the exposure."""
    cuts = SimpleNamespace(exposure=(0.0,), modifier=(8.0,), reference=("highest", "lowest"))
    section = make.interaction(joint_cuts=cuts, slopes=())
    rows = pd.DataFrame(list(cut_rows(pair_of(setting(), section))))
    answer = ANSWERS["joint"]
    joint = rows[rows["analysis"] == "joint"]
    assert joint["n"].tolist() == answer["n"]
    np.testing.assert_allclose(np.log(joint["estimate"][1:]), answer["estimate"], rtol=CONVERGED)
    np.testing.assert_allclose(joint["std_error"][1:], answer["std_error"], rtol=CONVERGED)
    measured = rows.set_index("measure")
    for name, value in answer["measures"].items():
        assert measured.loc[name, "estimate"] == pytest.approx(value, rel=1e-7)
        assert measured.loc[name, "std_error"] == pytest.approx(answer["errors"][name], rel=1e-7)
    test = measured.loc["p_interaction"]
    assert test["statistic"] == pytest.approx(answer["statistic"], rel=1e-7)
    assert test["p_value"] == pytest.approx(answer["p"], rel=1e-7)


@pytest.mark.parametrize("answer", ANSWERS["lines"], ids=lambda answer: answer["outcome"])
def test_straight_lines_within_strata(make, setting, answer):
    made = setting(terms=("intake",), per=0.5, strata=[make.stratum("sex")])
    rows = pd.DataFrame(list(strata_rows(made)))
    rows = rows[rows["outcome"] == OUTCOMES[answer["outcome"]]]
    lines = rows[rows["contrast"] == "per 0.5 mg/day"]
    binary = answer["outcome"] == "low"
    for (_, row), expected in zip(lines.iterrows(), answer["each"], strict=True):
        assert [row["stratum_level"], row["n"], row["df"]] == [
            expected[key] for key in ("level", "n", "df")
        ]
        ours = np.log(row["estimate"]) if binary else row["estimate"]
        assert ours == pytest.approx(expected["estimate"], rel=CONVERGED)
        assert row["std_error"] == pytest.approx(expected["std_error"], rel=CONVERGED)
    test = rows[rows["contrast"] == "per 0.5 mg/day x sex"].iloc[0]
    assert test["statistic"] == pytest.approx(answer["statistic"], rel=1e-7)
    assert test["p_value"] == pytest.approx(answer["p"], rel=1e-7)
