"""Published figures find their row and get the verdict that the numbers give."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.models.judged import judge, printed
from analysis.models.published import stand_beside
from analysis.models.results import tidy

NAN = np.nan
EMPTY = dict.fromkeys(
    (
        "estimate",
        "low",
        "high",
        "n",
        "unit",
        "digits",
        "within",
        "direction",
        "significant",
        "statement",
        "reason",
    )
)


def figure(kind: str, **more):
    base = {"id": "f", "source": "s", "where": {"analysis": "odds_ratio", "level": "Q4"}}
    return SimpleNamespace(**{**base, **EMPTY, "kind": kind, **more})


def ours(estimate, low=NAN, high=NAN, measure="OR", n=100, p=NAN):
    return pd.Series(
        {"estimate": estimate, "conf_low": low, "conf_high": high, "measure": measure, "n": n,
         "p_value": p}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("published", "found", "word", "why"),
    [
        ({"estimate": 41.6, "digits": 1}, ours(41.58), "reproduces", "printed digit"),
        ({"estimate": 41.6, "digits": 1}, ours(41.65), "does not", "41.7 against 41.6"),
        ({"estimate": 41.6, "low": 36.6, "digits": 1}, ours(41.6, 36.7, 46.0), "in part", "lower"),
        ({"estimate": 41.6, "high": 46.8, "digits": 1}, ours(41.6, 36.7, 46.84), "reproduces", ""),
        ({"estimate": 41.6, "digits": 1, "n": 4495}, ours(41.6, n=4494), "in part", "n 4,494"),
        ({"estimate": 2.0, "digits": 0}, ours(2.5), "does not", "3 against 2"),
        ({"estimate": 2.0, "digits": 0}, ours(NAN), "cannot be judged", "no estimate"),
    ],
)
def test_exact_figures_want_the_printed_digits(published, found, word, why):
    verdict = judge(figure("exact", **published), found)
    assert verdict.word == word and why in verdict.why


@pytest.mark.parametrize(
    ("found", "n", "word"),
    [(40.96, 100, "reproduces"), (40.94, 100, "does not"), (40.96, 101, "in part")],
)
def test_tolerances_want_a_distance_and_the_same_people(found, n, word):
    published = figure("tolerance", estimate=41.1, within=0.15, n=n)
    assert judge(published, ours(found)).word == word


@pytest.mark.parametrize(
    ("published", "found", "word"),
    [
        ({"direction": "inverse"}, ours(0.8, 0.5, 1.2), "reproduces"),
        ({"direction": "inverse", "significant": True}, ours(0.8, 0.7, 0.9), "reproduces"),
        ({"direction": "inverse", "significant": True}, ours(0.8, 0.5, 1.2), "in part"),
        ({"direction": "inverse", "significant": True}, ours(0.8, 0.5, 1.0), "in part"),
        ({"direction": "inverse"}, ours(1.1, 0.9, 1.3), "cannot be judged"),
        ({"direction": "inverse"}, ours(1.3, 1.1, 1.5), "does not"),
        ({"direction": "inverse", "significant": True}, ours(1.1, 0.9, 1.3), "does not"),
        ({"direction": "inverse", "significant": False}, ours(0.8, 0.5, 1.2), "reproduces"),
        ({"estimate": 0.7, "significant": True}, ours(0.8, 0.5, 1.2), "in part"),
        ({"estimate": 0.4, "significant": True}, ours(0.8, 0.5, 1.2), "does not"),
        ({"direction": "inverse", "significant": False}, ours(0.8, 0.7, 0.9), "in part"),
        ({"direction": "inverse", "n": 99}, ours(0.8, 0.7, 0.9), "in part"),
        ({"direction": "inverse"}, ours(-0.2, -0.3, -0.1, "log_odds"), "reproduces"),
        ({"direction": "positive"}, ours(2.0, 1.0, 3.0, "difference"), "reproduces"),
        ({"direction": "positive"}, ours(-2.0, -3.0, -1.0, "difference"), "does not"),
        ({"direction": "inverse", "low": 0.2, "high": 0.5}, ours(0.8, 0.7, 0.9), "in part"),
        ({"direction": "inverse", "low": 0.2, "high": 0.7}, ours(0.8, 0.7, 0.9), "reproduces"),
        ({"direction": "inverse"}, ours(0.3, measure="mean"), "cannot be judged"),
        (
            {"direction": "inverse", "significant": True},
            ours(-1e-3, measure="p_trend", p=0.02),
            "reproduces",
        ),
        (
            {"direction": "inverse", "significant": True},
            ours(-1e-3, measure="p_trend", p=0.2),
            "in part",
        ),
        (
            {"direction": "inverse", "significant": True},
            ours(-1e-3, measure="p_trend", p=0.89),
            "does not",
        ),
        ({"direction": "inverse", "significant": True}, ours(0.95, 0.6, 1.5, p=0.8), "does not"),
        ({"estimate": 0.7, "significant": True}, ours(0.95, 0.6, 1.5, p=0.8), "in part"),
        (
            {"direction": "inverse", "significant": True},
            ours(1e-3, measure="p_trend", p=0.2),
            "does not",
        ),
    ],
)
def test_directions(published, found, word):
    assert judge(figure("direction", **published), found).word == word


NEITHER = "No association shown either way: within one standard error of 1 (95% CI 0.54 to 1.78)"


@pytest.mark.parametrize(
    ("published", "found", "said"),
    [
        (
            {"estimate": 0.34, "significant": True},
            ours(0.98, 0.54, 1.78, p=0.95),
            f"{NEITHER}, and the interval excludes the published 0.34.",
        ),
        ({"estimate": 0.34, "significant": True}, ours(1.02, 0.54, 1.78, p=0.95),
         f"{NEITHER}, and the interval excludes the published 0.34."),
        ({"direction": "inverse", "significant": True}, ours(0.98, 0.54, 1.78, p=0.95),
         f"{NEITHER}."),
        ({"direction": "inverse", "significant": True}, ours(1.02, 0.54, 1.78, p=0.95),
         f"{NEITHER}."),
        ({"direction": "inverse"}, ours(1.02, 0.54, 1.78, p=0.95), f"{NEITHER}."),
        ({"estimate": 0.7, "significant": True}, ours(0.98, 0.54, 1.78, p=0.95),
         f"{NEITHER}, but the published 0.70 is possible."),
        ({"direction": "inverse"}, ours(0.98, 0.54, 1.78, p=0.95),
         "Inverse as published, though within one standard error of 1 (95% CI 0.54 to 1.78)."),
        ({"direction": "inverse", "significant": True}, ours(1e-3, measure="p_trend", p=0.43),
         "No association shown either way: within one standard error of none (P = 0.43)."),
        ({"direction": "positive", "significant": True}, ours(-0.1, -0.8, 0.6, "RERI", p=0.7),
         "No interaction shown either way: within one standard error of 0 (95% CI −0.80 to 0.60)."),
        ({"direction": "inverse", "significant": True}, ours(1.5, 0.9, 2.4, p=0.12),
         "Ours is positive, not inverse, and not significantly so (95% CI 0.90 to 2.40)."),
    ],
)  # fmt: skip
def test_a_side_within_one_standard_error_is_not_called_one(published, found, said):
    assert judge(figure("direction", **published), found).why == said


@pytest.mark.parametrize(("error", "near"), [(0.3, True), (0.2, False), (NAN, False)])
def test_without_p_the_standard_error_tells_what_is_near(error, near):
    found = ours(0.8, 0.5, 1.3)
    found["p_value"], found["std_error"] = NAN, error
    why = judge(figure("direction", direction="positive", significant=True), found).why
    assert ("either way" in why) == near


@pytest.mark.parametrize(
    ("high", "said"), [(0.9985, "0.60 to 0.999"), (0.99, "0.60 to 0.99"), (1.2, "0.60 to 1.20")]
)
def test_a_limit_is_never_rounded_to_no_association(high, said):
    assert said in judge(figure("direction", direction="inverse"), ours(0.8, 0.6, high)).why


@pytest.mark.parametrize(
    ("value", "digits", "wanted"),
    [
        (0.25, 1, "0.3"),
        (0.35, 1, "0.4"),
        (-0.25, 1, "-0.3"),
        (1e-7, 2, "0.00"),
        (82.0495, 1, "82.0"),
    ],
)
def test_rounding_is_that_of_a_journal(value, digits, wanted):
    assert str(printed(value, digits)) == wanted


def results() -> pd.DataFrame:
    rows = [
        {"analysis": "odds_ratio", "level": level, "measure": "OR", "estimate": estimate,
         "conf_low": estimate / 2, "conf_high": estimate * 2}
        for level, estimate in (("Q1", 1.0), ("Q4", 0.4))
    ]  # fmt: skip
    shares = [{"analysis": "prevalence", "measure": m, "estimate": 0.416}
              for m in ("proportion", "unweighted_proportion")]  # fmt: skip
    return tidy(rows + shares, study="s", weight="w", cycles="c")


def test_figures_stand_in_their_row_on_the_scale_of_the_estimate():
    percent = figure(
        "exact", id="p", where={"analysis": "prevalence"}, estimate=41.6, digits=1, unit="percent"
    )
    odds = figure("direction", direction="inverse", estimate=0.34, low=0.21, high=0.56)
    table, verdicts = stand_beside(results(), [percent, odds])
    row = table[table["measure"] == "proportion"].iloc[0]
    assert row["published"] == pytest.approx(0.416)
    assert row["agreement"] == "reproduces"
    q4 = table[table["level"] == "Q4"].iloc[0]
    assert (q4["published"], q4["published_low"], q4["published_high"]) == (0.34, 0.21, 0.56)
    assert (table["agreement"] != "").sum() == 2
    assert verdicts["ours"].tolist() == pytest.approx([41.6, 0.4])
    assert verdicts["verdict"].tolist() == ["reproduces", "reproduces"]


def test_artificial_data_are_not_judged():
    exact = figure("exact", where={"analysis": "prevalence"}, estimate=0.4, digits=1)
    table, verdicts = stand_beside(results(), [exact], artificial=True)
    assert verdicts["verdict"].tolist() == ["cannot be judged"]
    assert "artificial" in verdicts["why"].item()
    assert set(table["agreement"]) == {"", "cannot be judged"}


def test_two_figures_of_one_row_keep_both_verdicts():
    one = figure("direction", id="a", direction="inverse")
    other = figure("direction", id="b", direction="positive", significant=True)
    table, _ = stand_beside(results(), [one, other])
    assert table.loc[table["level"] == "Q4", "agreement"].item() == "reproduces; does not"


@pytest.mark.parametrize("where", [{"level": "Q9"}, {"analysis": "odds_ratio"}])
def test_a_figure_that_names_no_row_or_several_is_refused(where):
    with pytest.raises(InputError, match="published figure 'f'"):
        stand_beside(results(), [figure("direction", where=where)])


@pytest.mark.parametrize(
    ("significant", "p", "word", "why"),
    [
        (True, 0.0004, "reproduces", "Significant, as published (P for interaction < 0.001)"),
        (True, 0.34, "does not", "not so here (P for interaction = 0.34)"),
        (False, 0.34, "reproduces", "Not significant, as published"),
        (False, 0.01, "does not", "significant here (P for interaction = 0.010)"),
        (None, 0.01, "cannot be judged", "No significance was published"),
        (True, NAN, "cannot be judged", "no test to compare: too few events"),
    ],
)
def test_a_test_without_a_side_is_significant_or_not(significant, p, word, why):
    found = ours(NAN, measure="p_interaction", p=p)
    found["note"] = "too few events."
    verdict = judge(figure("direction", significant=significant), found)
    assert verdict.word == word and why in verdict.why


def test_a_missing_estimate_says_why_once():
    found = ours(NAN)
    found["note"] = "no estimate: the model does not converge"
    verdict = judge(figure("direction", direction="inverse"), found)
    assert verdict.why == "We have no estimate to compare: the model does not converge."


def test_means_of_groups_are_lower_and_have_the_decimals_of_their_size():
    found = ours(-101.482, -115.061, -87.904, "difference")
    found["analysis"] = "exposure_by_outcome"
    verdict = judge(figure("direction", direction="inverse", significant=True), found)
    assert verdict.why == "Significantly lower as published (95% CI −115.1 to −87.9)."


@pytest.mark.parametrize(
    ("estimate", "why"),
    [(13.167, "1.2 apart; 0.5 is allowed."), (12.743, "0.74 apart; 0.5 is allowed."),
     (12.502, "0.502 apart; 0.5 is allowed."), (12.4, "0.4 apart; 0.5 is allowed.")],
)  # fmt: skip
def test_a_distance_has_two_digits_unless_they_hide_that_it_is_too_far(estimate, why):
    published = figure("tolerance", estimate=12.0, within=0.5)
    assert judge(published, ours(estimate, measure="mean")).why.startswith(why)


@pytest.mark.parametrize(
    ("measure", "estimate", "limits", "side"),
    [
        ("RERI", -0.4, (-0.7, -0.1), "less than additive"),
        ("AP", 0.4, (0.1, 0.7), "more than additive"),
        ("S", 0.6, (0.4, 0.9), "less than additive"),
        ("ratio_of_ORs", 1.6, (1.1, 2.9), "more than multiplicative"),
        ("HR", 0.6, (0.4, 0.9), "inverse"),
    ],
)
def test_sides_of_other_measures(measure, estimate, limits, side):
    direction = "inverse" if side.startswith(("less", "inverse")) else "positive"
    published = figure("direction", direction=direction, significant=True)
    verdict = judge(published, ours(estimate, *limits, measure))
    assert verdict.word == "reproduces"
    assert verdict.why.startswith(f"Significantly {side} as published")


@pytest.mark.parametrize(
    ("estimate", "limits", "said"),
    [(0.8, (0.7, 0.9), "weaker: the intervals"), (0.1, (0.05, 0.15), "stronger: the intervals")],
)
def test_intervals_apart_say_which_is_stronger(estimate, limits, said):
    published = figure("direction", estimate=0.34, low=0.21, high=0.56, significant=True)
    verdict = judge(published, ours(estimate, *limits))
    assert verdict.word == "in part" and said in verdict.why


def test_a_figure_without_data_to_test_it_has_a_row_and_a_reason():
    untested = figure(
        "not_testable", id="hr", where={}, estimate=0.88, low=0.61, high=1.26,
        statement="Cardiovascular death", reason="NHANES III is not read.",
    )  # fmt: skip
    known = results()
    table, verdicts = stand_beside(known, [untested])
    assert len(table) == len(known) + 1 and list(table.columns) == list(known.columns)
    assert (table.dtypes == known.dtypes).all()
    row = table.iloc[-1]
    assert (row["analysis"], row["level"], row["agreement"]) == (
        "published", "hr", "cannot be judged",
    )  # fmt: skip
    assert (row["published"], row["published_low"], row["study"]) == (0.88, 0.61, "s")
    assert verdicts.loc[0, ["verdict", "why", "analysis"]].tolist() == [
        "cannot be judged", "NHANES III is not read.", "published",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "found", "word"),
    [
        ("positive", ours(356.0, 348.0, 364.0, "mean"), "reproduces"),
        ("positive", ours(325.0, 318.0, 332.0, "mean"), "in part"),
        ("positive", ours(310.0, 304.0, 316.0, "mean"), "does not"),
        ("inverse", ours(310.0, 304.0, 316.0, "mean"), "reproduces"),
        ("inverse", ours(356.0, 348.0, 364.0, "mean"), "does not"),
    ],
)
def test_a_mean_published_to_lie_beyond_a_value(direction, found, word):
    verdict = judge(figure("direction", direction=direction, estimate=330.0), found)
    assert verdict.word == word and "published is 330" in verdict.why


@pytest.mark.parametrize(
    ("contrast", "p", "stricter", "word", "why"),
    [
        ("continuous", 0.0004, 0.37, "in part", "But once each intake has a curve of its own, P ="),
        ("continuous", 0.0004, 0.02, "reproduces", ". Once each intake has a curve of its own, P "),
        ("continuous", 0.3, 0.02, "does not", ". Once each intake has a curve of its own, P = 0.0"),
        ("4x4 groups", 0.0086, 0.031, "reproduces", ". By the adjusted F, P = 0.031"),
        ("4x4 groups", 0.03, 0.08, "in part", ". But by the adjusted F, P = 0.08"),
        ("4x4 groups", 0.19, 0.32, "does not", ". By the adjusted F, P = 0.32"),
    ],
)
def test_a_test_of_interaction_is_told_with_its_stricter_version(contrast, p, stricter, word, why):
    where = {"analysis": "interaction", "measure": "p_interaction", "outcome": "deficiency"}
    suffix = ", beside curves" if contrast == "continuous" else ", adjusted F"
    rows = [
        {**where, "contrast": contrast, "p_value": p},
        {**where, "contrast": f"{contrast}{suffix}", "p_value": stricter},
        {**where, "contrast": f"{contrast}{suffix}", "outcome": "other", "p_value": 0.9},
        {**where, "contrast": "3x3 groups", "p_value": 0.38},
        {**where, "contrast": "3x3 groups, adjusted F", "p_value": 0.42},
    ]
    tested = figure(
        "direction", significant=True, where={"contrast": contrast, "outcome": "deficiency"}
    )
    _, verdicts = stand_beside(tidy(rows, study="s", weight="w", cycles="c"), [tested])
    assert verdicts["verdict"].item() == word
    assert why in verdicts["why"].item()
    with_others = contrast != "continuous"
    assert verdicts["why"].item().endswith("; with 3 x 3 groups, P = 0.38.") == with_others


def of_curve(exposure: str = "magnesium") -> pd.DataFrame:
    where = {"exposure": exposure, "outcome": "deficiency"}
    shares = {
        "specifications": 4608, "share_inverse": 0.72, "share_inverse_significant": 0.31,
        "share_positive_significant": 0.0,
    }  # fmt: skip
    rows = [
        {"analysis": "odds_ratio", "level": "Q4", "measure": "OR", "estimate": 0.9,
         "conf_low": 0.6, "conf_high": 1.3, **where, "exposure": "magnesium"},
        *({"analysis": "specification_summary", "measure": k, "estimate": v, **where}
          for k, v in shares.items()),
        {"analysis": "specification_summary", "measure": "share_inverse_significant",
         "stratum": "scale", "stratum_level": "ria", "estimate": 0.5, **where},
    ]  # fmt: skip
    return tidy(rows, study="s", weight="w", cycles="c")


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("inverse", "Of 4,608 specifications, 72% agree in sign and 31% also with"),
        ("positive", "Of 4,608 specifications, 28% agree in sign and 0% also with"),
    ],
)
def test_the_sentence_says_how_many_specifications_agree(direction, said):
    _, verdicts = stand_beside(of_curve(), [figure("direction", direction=direction)])
    assert said in verdicts["why"].item()


@pytest.mark.parametrize("change", [{"analysis": "trend"}, {"level": "Q3"}])
def test_specifications_say_nothing_of_another_contrast(change):
    table = of_curve()
    curve = table.iloc[[0]].assign(analysis="specification", level="Q4")
    table.loc[table.index[0], list(change)] = list(change.values())
    table = pd.concat([table, curve], ignore_index=True)
    where = {"analysis": table.loc[0, "analysis"], "level": table.loc[0, "level"]}
    _, verdicts = stand_beside(table, [figure("direction", direction="inverse", where=where)])
    assert "specifications" not in verdicts["why"].item()


def test_shares_are_of_the_specifications_with_an_estimate():
    table = of_curve()
    row = table[table["measure"] == "specifications"].assign(measure="no_estimate", estimate=608.0)
    table = pd.concat([table, row], ignore_index=True)
    _, verdicts = stand_beside(table, [figure("direction", direction="inverse")])
    assert "Of 4,000 specifications with an estimate, 72% agree" in verdicts["why"].item()


def test_a_curve_of_another_exposure_says_nothing():
    table = of_curve("vitamin_d")
    _, verdicts = stand_beside(table, [figure("direction", direction="inverse")])
    assert "specifications" not in verdicts["why"].item()


def test_an_estimate_within_one_error_of_none_has_no_side_to_tell():
    claim = figure("direction", direction="inverse", significant=True)
    near, far = ours(1.02, 0.82, 1.28, p=0.86), ours(1.3, 0.9, 1.9, p=0.16)
    assert judge(claim, near).why.startswith("No association shown either way: within")
    said = "Ours is positive, not inverse, and not significantly so (95% CI 0.90 to 1.90)."
    assert judge(claim, far).why == said
    certain = ours(1.5, 1.2, 1.9, p=0.001)
    assert judge(claim, certain).why.startswith("Ours is positive, not inverse (95% CI")


@pytest.mark.parametrize(("contrast", "p"), [("", 0.2), ("per 100 mg/day x sex", 0.03)])
def test_a_line_within_strata_is_meant_only_where_its_contrast_is_named(contrast, p):
    where = {"analysis": "stratum", "stratum": "sex", "measure": "p_interaction"}
    tests = [{**where, "contrast": "group medians x sex", "p_value": 0.2},
             {**where, "contrast": "per 100 mg/day x sex", "p_value": 0.03}]  # fmt: skip
    found = tidy(tests, study="s", weight="w", cycles="c")
    asked = where | ({"contrast": contrast} if contrast else {})
    _, verdicts = stand_beside(found, [figure("direction", where=asked, significant=True)])
    assert verdicts["ours_p"].tolist() == [p]
