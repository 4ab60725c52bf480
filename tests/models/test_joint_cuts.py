"""Joint groups by cuts that a study fixes, by formulas and by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.models.interactions import interaction_rows
from analysis.models.joined import pair_of
from analysis.models.joint_cuts import CAUTION, cut_rows
from analysis.survey import Design

DIGITS = 1e-7
"""Relative difference between two ways to the same converged model."""


def rows_of(make, people, exposure=(300.0,), modifier=(6.0,), reference=("lowest", "lowest")):
    asked = SimpleNamespace(exposure=exposure, modifier=modifier, reference=reference)
    section = make.interaction(joint=(), joint_cuts=asked)
    setting = make.setting(people, terms=("age", "sex"), interactions=[section])
    return pd.DataFrame(list(cut_rows(pair_of(setting, section)))), setting


def by_formula(setting, outcome, exposure, modifier, formula):
    """Fit with the groups as numbers, counted from 0 upwards."""
    frame = setting.frame.assign(
        y=setting.responses[outcome].values,
        a=sum((setting.frame["dose"] >= cut).astype(int) for cut in exposure),
        b=sum((setting.frame["intake"] >= cut).astype(int) for cut in modifier),
    )
    design = Design(frame, weights="weight", strata="stratum", psu="psu")
    family = "gaussian" if outcome == "level" else "binomial"
    return design.where(frame["y"].notna()).glm(f"y ~ {formula} + age + C(sex)", family), frame


ENDS = [(a, b) for a in ("lowest", "highest") for b in ("lowest", "highest")]


@pytest.mark.parametrize("reference", ENDS, ids=", ".join)
def test_two_by_two_from_any_reference(people, make, reference):
    """Joint odds ratios, the product, and RERI, AP, S from the coefficients of a formula."""
    people.loc[::10, "dose"] = 300.0  # at the cut: in the upper group
    found, setting = rows_of(make, people, reference=reference)
    found = found[found["outcome"] == "low"]
    first = [int(end == "highest") for end in reference]
    model, frame = by_formula(
        setting, "low", (300,), (6,), f"C(abs(a-{first[0]})*10+abs(b-{first[1]}))"
    )
    names = [name for name in model.params.index if name.startswith("C(abs")]
    joint = found[found["analysis"] == "joint"]
    texts = [("below 300", "300 or more"), ("below 6", "6 or more")]
    levels = [pair[::-1] if at else pair for pair, at in zip(texts, first, strict=True)]
    assert joint["level"].tolist() == [levels[0][0]] * 2 + [levels[0][1]] * 2
    assert joint["stratum_level"].tolist() == list(levels[1]) * 2
    assert set(joint["reference"]) == {f"{levels[0][0]}, {levels[1][0]}"}
    assert joint["estimate"].iloc[0] == 1.0
    np.testing.assert_allclose(np.log(joint["estimate"][1:]), model.params[names], rtol=DIGITS)
    np.testing.assert_allclose(joint["std_error"][1:], model.bse[names], rtol=DIGITS)
    used = frame["y"].notna() & frame["age"].notna()
    cells = frame[used].groupby([abs(frame["a"] - first[0]), abs(frame["b"] - first[1])])["y"]
    assert joint["n"].tolist() == cells.size().tolist()
    assert joint["events"].tolist() == cells.sum().tolist()

    test = found[found["measure"] == "p_interaction"]
    product, _ = by_formula(setting, "low", (300,), (6,), "C(a) * C(b)")
    wald = product.wald_test("C(a):C(b)")
    assert test["contrast"].tolist() == ["by cuts"], "of one product both forms of F are the same"
    assert test["statistic"].iloc[0] == pytest.approx(wald.statistic, rel=1e-6)
    assert test["p_value"].iloc[0] == pytest.approx(wald.pvalue, rel=1e-5)

    one, other, both = np.exp(model.params[[names[1], names[0], names[2]]])
    measured = found.set_index("measure")
    reri = both - one - other + 1
    assert measured.loc["RERI", "estimate"] == pytest.approx(reri, rel=1e-6)
    gradient = np.array([-other, -one, both])
    error = np.sqrt(gradient @ model.cov_params().loc[names, names].to_numpy() @ gradient)
    assert measured.loc["RERI", "std_error"] == pytest.approx(error, rel=1e-6)
    assert measured.loc["AP", "estimate"] == pytest.approx(reri / both, rel=1e-6)
    assert measured.loc["ratio_of_ORs", "estimate"] == pytest.approx(both / (one * other), rel=1e-6)
    assert set(measured.loc[["RERI", "AP", "S"], "reference"]) == set(joint["reference"])
    cautious = min(one, other) < 1
    assert (measured.loc["RERI", "note"] == CAUTION) == cautious
    assert measured.loc["RERI", "n"] == used.sum()


def test_cautions_of_both_kinds_occur(people, make):
    """The matrix above would not tell if every reference, or none, had the note."""
    noted = {rows_of(make, people, reference=ends)[0]["note"].eq(CAUTION).any() for ends in ENDS}
    assert noted == {True, False}


@pytest.mark.parametrize("outcome", ["low", "level"])
def test_more_groups_of_one_than_of_the_other(people, make, outcome):
    exposure, modifier = (250.0, 350.0), (4.0, 6.0, 9.0)
    found, setting = rows_of(make, people, exposure, modifier)
    found = found[found["outcome"] == outcome]
    assert (found["analysis"] == "joint").sum() == 12
    model, frame = by_formula(setting, outcome, exposure, modifier, "C(a) * C(b)")
    wald = model.wald_test("C(a):C(b)")
    test = found[found["measure"] == "p_interaction"].set_index("contrast")
    assert test.index.tolist() == ["by cuts", "by cuts, adjusted F"]
    assert test.loc["by cuts", "statistic"] == pytest.approx(wald.statistic, rel=1e-6)
    d, q = model.df_resid, 6
    shrunk = wald.statistic * (d - q + 1) / d
    assert test.loc["by cuts, adjusted F", "statistic"] == pytest.approx(shrunk, rel=1e-6)
    assert "RERI" not in set(found["measure"])
    joint = found[found["analysis"] == "joint"]
    used = frame["y"].notna() & frame["age"].notna()
    assert joint["n"].sum() == used.sum()


def test_a_study_without_fixed_cuts_gets_none(people, make):
    """And one that has them gets them beside the rest."""
    asked = SimpleNamespace(exposure=(300,), modifier=(6,), reference=("lowest", "lowest"))
    for cuts in (None, asked):
        section = make.interaction(joint=(), slopes=(), joint_cuts=cuts)
        setting = make.setting(people, terms=("age",), interactions=[section])
        rows = pd.DataFrame(list(interaction_rows(setting)))
        assert rows["contrast"].eq("by cuts").any() == (cuts is not None)
