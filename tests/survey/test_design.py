import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import Design


def design_of(frame, **options):
    return Design(frame, **({"weights": "w", "strata": "h", "psu": "c"} | options))


# The design is checked when it is made.


def changed(column, row, value):
    def change(frame):
        frame = frame.astype({column: object} if isinstance(value, str) else {})
        frame.loc[row, column] = value
        return frame

    return change


BAD = {
    "weight missing": (changed("w", 3, np.nan), {}, "'w' is missing in 1 rows"),
    "weight negative": (changed("w", 3, -1.0), {}, "'w' is negative in 1 rows"),
    "weight infinite": (changed("w", 3, np.inf), {}, "1 infinite"),
    "weight is text": (changed("w", 3, "many"), {}, "must hold numbers"),
    "all weights zero": (lambda frame: frame.assign(w=0.0), {}, "zero in all 84 rows"),
    "no rows": (lambda frame: frame.iloc[:0], {}, "zero in all 0 rows"),
    "stratum missing": (changed("h", 0, np.nan), {}, "strata column 'h' is missing in 1 rows"),
    "PSU missing": (changed("c", 0, np.nan), {}, "PSU column 'c' is missing in 1 rows"),
    "no such column": (lambda frame: frame, {"weights": "ww"}, "Did you mean 'w'"),
    "column twice": (lambda frame: pd.concat([frame, frame[["w"]]], axis=1), {}, "more than one"),
    "an array": (lambda frame: frame, {"weights": pd.Series([1.0])}, "named by its name"),
    "numerals": (lambda f: f.assign(w="1"), {}, "weight 'w' must hold numbers"),
    "no frame": (lambda frame: frame.to_numpy(), {}, "must be a pandas DataFrame, not a ndarray"),
    "unknown rule": (lambda frame: frame, {"lonely_psu": "ignore"}, "unknown lonely_psu 'ignore'"),
    "PSU in two strata": (lambda frame: frame, {"nest": False}, "2 PSUs of column 'c' lie in more"),
    "one PSU": (changed("h", slice(0, 11), 9), {}, r"stratum 1 has a single PSU \(12 rows\), and"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_designs_are_refused(frame, case):
    change, options, message = BAD[case]
    with pytest.raises(InputError, match=message):
        design_of(change(frame), **options)


def test_unnested_labels_make_the_same_design(frame):
    unique = frame.assign(c=frame["h"] * 10 + frame["c"])
    pd.testing.assert_frame_equal(
        design_of(frame).mean("y").frame, design_of(unique, nest=False).mean("y").frame
    )


# Variances by hand.


def test_variance_of_a_total_by_the_textbook():
    """Two strata; the totals of the PSUs are 3, 7 and 4, 6, 11.

    n/(n-1) times the sum of squares about the mean: 2 * (4 + 4) + 1.5 * (9 + 1 + 16) = 55.
    """
    frame = pd.DataFrame(
        {
            "h": [1, 1, 1, 2, 2, 2, 2],
            "c": ["a", "a", "b", "a", "b", "b", "c"],
            "w": [1.0, 2, 1, 4, 2, 2, 11],
            "x": [1.0, 1, 7, 1, 1, 2, 1],
        }
    )
    row = design_of(frame).total("x").only
    assert row["estimate"] == pytest.approx(31, rel=1e-15)
    assert row["std_error"] == pytest.approx(np.sqrt(55), rel=1e-15)
    assert row["df"] == 3


@pytest.mark.parametrize(
    ("rule", "variance"),
    # The whole strata give 16 (as above) and 39; the lonely PSU has a total of 5.
    [("remove", 55), ("certainty", 55), ("adjust", 55 + 25), ("average", 55 * 3 / 2)],
)
def test_a_lonely_psu_by_the_textbook(rule, variance):
    frame = pd.DataFrame(
        {
            "h": [1, 1, 2, 2, 2, 3],
            "c": [1, 2, 1, 2, 3, 1],
            "w": 1.0,
            "x": [3.0, 7, 4, 6, 11, 5],
        }
    )
    total = design_of(frame, lonely_psu=rule).total("x").only
    assert total["std_error"] == pytest.approx(np.sqrt(variance), rel=1e-14)


def test_average_without_anything_to_average_is_unknown():
    frame = pd.DataFrame({"h": [1, 2], "w": 1.0, "x": [1.0, 2.0]})
    row = Design(frame, weights="w", strata="h", lonely_psu="average").mean("x").only
    assert row["estimate"] == 1.5 and np.isnan(row["std_error"])


def test_psus_outside_the_domain_count_in_their_stratum(frame):
    """Each stratum keeps its number of PSUs, which rows dropped beforehand would take away."""
    inside = ~((frame["h"] == 3) & (frame["c"] == 3))
    domain = design_of(frame).where(inside).total("x").only
    dropped = design_of(frame[inside]).total("x").only
    assert domain["estimate"] == pytest.approx(dropped["estimate"], rel=1e-14)
    assert domain["std_error"] != pytest.approx(dropped["std_error"], rel=1e-3)
    totals = (frame["w"] * frame["x"])[inside].groupby([frame["h"], frame["c"]]).sum()
    totals.loc[(3, 3)] = 0.0
    expected = sum(len(t) * t.var(ddof=1) for _, t in totals.groupby(level=0))
    assert domain["std_error"] ** 2 == pytest.approx(expected, rel=1e-13)


# Domains.


def test_conditions_and_masks_select_the_same_domain(frame):
    frame.loc[5, "x"] = np.nan
    design = design_of(frame)
    by_text = design.where("x > 0 and sex == 'Male'").mean("y")
    mask = (frame["x"] > 0) & (frame["sex"] == "Male")
    for other in (mask, mask.to_numpy(), mask.astype("boolean")):
        pd.testing.assert_frame_equal(by_text.frame, design.where(other).mean("y").frame)
    twice = design.where(frame["x"] > 0).where("sex == 'Male'").mean("y")
    pd.testing.assert_frame_equal(by_text.frame, twice.frame)
    assert len(design.rows) == len(frame), "selecting a domain changes the design itself"


BAD_MASKS = {
    "missing": (lambda f: pd.Series([None] + [True] * (len(f) - 1), dtype="boolean"), "1 rows"),
    "numbers": (lambda f: f["x"], "must be of truth values"),
    "text": (lambda f: f["sex"], "must be of truth values"),
    "short": (lambda f: np.ones(3, dtype=bool), r"shape \(3,\), the design has 84 rows"),
    "other index": (lambda f: (f["x"] > 0).sample(frac=1, random_state=1), "the index of mask"),
    "unknown name": (lambda f: "sexx", "Did you mean 'sex'"),
    "unknown in condition": (lambda f: "agee > 3", "no column 'agee'"),
    "python": (lambda f: "__import__('os').getcwd() == 'x'", "__import__"),
}


@pytest.mark.parametrize("case", BAD_MASKS)
def test_bad_masks_are_refused(frame, case):
    mask, message = BAD_MASKS[case]
    with pytest.raises(InputError, match=message):
        design_of(frame).where(mask(frame))


@pytest.mark.parametrize(
    "ask",
    [
        lambda d: d.mean("y"),
        lambda d: d.mean("y", by="sex"),
        lambda d: d.quantile("y", 0.5),
        lambda d: d.glm("y ~ x"),
    ],
)
def test_an_empty_domain_is_refused(frame, ask):
    with pytest.raises(InputError, match="no rows of positive weight"):
        ask(design_of(frame).where("x > 99"))


# Tables.


def test_groups_keep_the_order_of_their_categories_and_leave_out_the_missing(frame):
    frame["size"] = pd.cut(frame["x"], [-0.5, 0, 0.5, 9], labels=["small", "middling", "big"])
    table = design_of(frame).mean(["y", "x"], by=["size", "sex"]).frame
    assert list(table["size"][:6].unique()) == ["small", "middling", "big"]
    assert list(table["variable"].unique()) == ["y", "x"]
    assert len(table) == 12
    assert table["n"][:6].sum() == (frame["x"] > -0.5).sum()


def test_missing_values_are_counted_where_they_have_weight(frame):
    frame.loc[[0, 1, 2], "y"] = np.nan
    frame.loc[0, "w"] = 0.0
    row = design_of(frame).mean("y").only
    assert (row["n"], row["missing"]) == (81, 2)
    table = design_of(frame).mean("y", by="sex").frame
    assert (table["n"].sum(), table["missing"].sum()) == (81, 2)


def test_a_group_without_a_value_has_an_empty_row(frame):
    frame.loc[frame["sex"] == "Male", "y"] = np.nan
    table = design_of(frame).mean("y", by="sex").frame.set_index("sex")
    assert table.loc["Male", "n"] == 0 and np.isnan(table.loc["Male", "estimate"])
    for row in (design_of(frame).quantile("y", 0.5, by="sex").frame.iloc[1],):
        assert row["n"] == 0 and np.isnan(row["estimate"])


def many_weights(n):
    """Weights without end, of which some make the mean of ones differ from 1 by rounding."""
    rng = np.random.default_rng(0)
    while True:
        yield np.exp(rng.normal(5, 2, n))


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("interval", ["logit", "beta"])
def test_nobody_or_everybody_has_no_interval(frame, value, interval):
    frame["w"] = next(w for w in many_weights(len(frame)) if w @ np.ones(len(w)) != w.sum())
    frame["event"] = value
    row = design_of(frame).proportion("event", interval=interval).only
    assert row["estimate"] == value and row["std_error"] == 0
    assert np.isnan(row["conf_low"]) and np.isnan(row["conf_high"])
    assert row["events"] == value * len(frame)


def test_an_unknown_condition_is_missing_not_false(frame):
    frame.loc[:9, "x"] = np.nan
    design = design_of(frame)
    row = design.proportion("x < 0").only
    assert (row["n"], row["missing"]) == (74, 10)
    values = (frame["x"] < 0).astype(float).where(frame["x"].notna())
    assert row["estimate"] == design.proportion(values).only["estimate"]
    # One false part decides, whatever is missing.
    assert design.proportion("x < 0 and w < 0").only["n"] == 84


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda d: d.proportion("x"), "'x' must be of 0 and 1"),
        (lambda d: d.proportion("event", interval="exact"), "unknown interval"),
        (lambda d: d.mean("sex"), "column 'sex' must hold numbers"),
        (lambda d: d.mean("yy"), "no column 'yy'"),
        (lambda d: d.quantile("y", 1.5), "between 0 and 1"),
        (lambda d: d.quantile("y", 0.5, rule="hf9"), "unknown quantile rule"),
        (lambda d: d.ratio("y", np.zeros(84)), "denominator"),
        (lambda d: d.mean("y", by=d.frame["sex"].rename("estimate")), "cannot be named 'estimate'"),
        (lambda d: d.mean("y", by="sex").only, "2 estimates, not one"),
    ],
)
def test_bad_questions_are_refused(frame, ask, message):
    with pytest.raises(InputError, match=message):
        ask(design_of(frame))


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "bool", "object"])
def test_types_of_columns_do_not_matter(frame, dtype):
    plain = design_of(frame).mean("event").only["estimate"]
    assert design_of(frame.astype({"event": dtype})).mean("event").only["estimate"] == plain
    model = design_of(frame.astype({"event": dtype})).glm("event ~ x", family="binomial")
    pd.testing.assert_series_equal(
        model.params, design_of(frame).glm("event ~ x", family="binomial").params
    )


def test_standard_deviation_is_the_root_of_the_variance(frame):
    design = design_of(frame)
    variance, deviation = design.variance("y").only, design.std("y").only
    assert deviation["estimate"] ** 2 == pytest.approx(variance["estimate"], rel=1e-14)
    relative = variance["std_error"] / variance["estimate"]
    assert 2 * deviation["std_error"] / deviation["estimate"] == pytest.approx(relative, rel=1e-14)


@pytest.mark.parametrize(
    ("p", "rule", "expected"),
    # Values 1 to 4 with weights 1, 1, 2, 4: the distribution is 1/8, 1/4, 1/2, 1.
    [
        (0.05, "math", 1), (0.25, "math", 2), (0.25, "school", 2.5), (0.3, "school", 3),
        (0.5, "math", 3), (0.5, "school", 3.5), (0.51, "math", 4),
    ],
)  # fmt: skip
def test_quantiles_by_hand(p, rule, expected):
    frame = pd.DataFrame({"x": [3.0, 1, 4, 2, 9], "w": [2.0, 1, 4, 1, 0]})
    assert Design(frame, weights="w").quantile("x", p, rule=rule).only["estimate"] == expected


def test_a_design_says_what_it_is():
    frame = pd.DataFrame({"w": [1.0] * 6, "h": [1, 1, 1, 2, 2, 2], "c": [1, 2, 2, 1, 1, 2]})
    design = Design(frame, weights="w", strata="h", psu="c")
    assert repr(design).splitlines() == [
        "Survey design: 6 rows, 6 of positive weight in the domain",
        "4 PSUs in 2 strata; single-PSU strata: fail; 2 degrees of freedom",
    ]
    part = design.as_replicates("JKn").where(frame["c"] == 2)
    assert "3 of positive weight" in repr(part)
    assert repr(part).endswith("\n4 JKn replicates; 1 degree of freedom")
