"""Many models at once: the digits of single fits, in any order and number of processes."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import Design, Specification

DESIGNS = Path(__file__).parents[1] / "reference/designs"
TERMS = {
    "crude": ["x"],
    "banded": ["x", "band", "incomplete"],
    "curved": ["bs(z, df=4)", "x * group"],
    "given": ["x", "spline"],
}
DOMAINS = (None, "patchy == 1", "group == 'b'")
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value")


@pytest.fixture(scope="module")
def plain():
    return pd.read_csv(DESIGNS / "plain.csv")


@pytest.fixture(scope="module")
def lonely():  # with a stratum of weight 0 only, and single PSUs
    return pd.read_csv(DESIGNS / "lonely.csv")


@pytest.fixture(scope="module")
def hard():
    return pd.read_csv(DESIGNS / "hard.csv")


def taylor(frame, rule="average"):
    return Design(frame, "weight", "stratum", "psu", lonely_psu=rule)


def spline(frame):
    return {"spline": pd.DataFrame({"z": frame["z"], "z2": frame["z"] ** 2 / 100})}


OUTCOMES = (
    ("y", "gaussian", None),
    ("event", "binomial", None),
    ("y > 25", "binomial", "probit"),
    ("count", "poisson", None),
)


def curve():
    return [
        Specification(f"{outcome}, {name}, {domain}", outcome, terms, family, domain, link=link)
        for (outcome, family, link), (name, terms), domain in itertools.product(
            OUTCOMES, TERMS.items(), DOMAINS
        )
    ]


def single(design, specification, columns):
    """The same model by `fit`, with columns built by hand, and those without anybody left out."""
    domain = design.where(specification.domain) if specification.domain else design
    frame = design.frame
    made = {
        "x": frame[["x"]],
        "incomplete": frame[["incomplete"]],
        "band": pd.DataFrame(
            {f"band[T.{level}]": (frame["band"] == level) * 1.0 for level in ("mid", "top")}
        ),
        "x * group": pd.DataFrame(
            {
                "group[T.b]": (frame["group"] == "b") * 1.0,
                "group[T.c]": (frame["group"] == "c") * 1.0,
                "x": frame["x"],
                "x:group[T.b]": (frame["group"] == "b") * frame["x"],
                "x:group[T.c]": (frame["group"] == "c") * frame["x"],
            }
        ),
    } | columns
    if "bs(z, df=4)" in specification.terms:
        import patsy

        made["bs(z, df=4)"] = pd.DataFrame(
            np.asarray(patsy.dmatrix("bs(z, df=4)", frame))[:, 1:]
        ).rename(columns=lambda j: f"bs(z, df=4)[{j}]")
    x = pd.concat([made[term] for term in specification.terms], axis=1)
    x.insert(0, "Intercept", 1.0)
    used = domain.inside & (design.weights > 0) & x.notna().all(axis=1)
    x = x.loc[:, x[used].any()]
    return domain.fit(specification.outcome, x, specification.family, link=specification.link)


@pytest.mark.parametrize("sample", ["plain", "hard", "lonely"])
@pytest.mark.parametrize("kind", ["linearised", "replicates"])
def test_digits_are_those_of_single_fits(sample, kind, request):
    frame = request.getfixturevalue(sample)
    design = taylor(frame)
    if kind == "replicates":
        design = design.as_replicates("JKn")
    specifications = curve()
    if kind == "replicates":
        specifications = specifications[::5]
    table = design.many(specifications, spline(frame))
    fitted = 0
    for specification in specifications:
        found = table[table["specification"] == specification.name].set_index("coefficient")
        try:
            model = single(design, specification, spline(frame))
        except InputError as error:
            assert found["problem"].tolist() == [error.message]
            continue
        fitted += 1
        assert found["problem"].eq("").all()
        assert list(found.index) == list(model.params.index)
        np.testing.assert_array_equal(found["estimate"], model.params)
        np.testing.assert_array_equal(found["std_error"], model.bse)
        np.testing.assert_array_equal(found[["conf_low", "conf_high"]], model.conf_int())
        np.testing.assert_array_equal(found["p_value"], model.pvalues)
        assert (found["df"] == model.df_resid).all()
        assert (found["n"] == model.nobs).all()
        if model.n_events is None:
            assert found["events"].isna().all()
        else:
            assert (found["events"] == model.n_events).all()
    assert fitted >= 0.7 * len(specifications)


def test_neither_order_nor_number_of_processes_moves_a_bit(plain):
    design, specifications = taylor(plain), curve()
    values = (plain["y"] > 24).to_numpy()
    specifications.append(Specification("arrays", values, ["x"], "binomial", plain["x"] > 0))
    one = design.many(specifications, spline(plain))
    for jobs in (2, 3):
        pd.testing.assert_frame_equal(
            design.many(specifications, spline(plain), jobs=jobs), one, check_exact=True
        )
    shuffled = [
        specifications[i] for i in np.random.default_rng(1).permutation(len(specifications))
    ]
    again = design.many(shuffled, spline(plain), jobs=2)
    names = [each.name for each in specifications]
    again = again.assign(place=again["specification"].map(names.index))
    again = again.sort_values("place", kind="stable", ignore_index=True).drop(columns="place")
    pd.testing.assert_frame_equal(again, one, check_exact=True)


def test_a_problem_is_a_row_and_the_others_are_fitted(plain):
    frame = plain.assign(
        split=plain["event"] * 1.0, twice=2 * plain["x"], never=0, text=plain["group"]
    )
    specifications = [
        Specification("fine", "event", ["x"], "binomial"),
        Specification("separated", "event", ["split"], "binomial"),
        Specification("collinear", "event", ["x", "twice"], "binomial"),
        Specification("no event", "never", ["x"], "binomial"),
        Specification("nobody", "event", ["x"], "binomial", domain="x > 1000"),
        Specification("not kept", "event", ["x"], "binomial", keep=["z"]),
        Specification("same column", "y", ["x", "x + z"]),
        Specification("empty category", "y", ["group"], domain="group != 'c'", keep=["group"]),
        Specification("also fine", "y", ["x"]),
    ]
    table = taylor(frame).many(specifications).set_index("specification")
    problems = table.loc[table["problem"] != "", "problem"]
    expected = {
        "separated": "run away in 'split'",
        "collinear": "'twice' is determined by 'x'",
        "no event": "none of the",
        "nobody": "no rows of positive weight",
        "not kept": "no term or column 'z'",
        "same column": "column 'x' comes from two terms, 'x' and 'x + z'",
        "empty category": "column 'group[T.c]' is zero",
    }
    assert list(problems.index) == list(expected)
    for name, part in expected.items():
        assert part in problems[name]
    assert table.loc[list(expected), list(NUMBERS)].isna().all(axis=None)
    assert list(table.index.unique()) == [each.name for each in specifications]
    assert table.loc[["fine", "also fine"], list(NUMBERS)].notna().all(axis=None)


def test_columns_without_anybody_are_left_out_by_name(plain):
    specification = Specification("b", "y", ["band", "x"], domain="band != 'mid'", keep=["x"])
    (row,) = taylor(plain).many([specification]).itertuples()
    assert row.left_out == "band[T.mid]"
    model = taylor(plain).where("band != 'mid'").glm("y ~ band + x")
    assert row.estimate == pytest.approx(model.params["x"], rel=1e-12)
    assert row.std_error == pytest.approx(model.bse["x"], rel=1e-12)


def test_other_weights_are_those_of_another_design(plain):
    frame = plain.assign(other=np.where(plain["z"] > 9, 0.0, 1 / plain["z"]))
    specifications = [
        Specification("own", "event", ["x", "band"], "binomial"),
        Specification("other", "event", ["x", "z"], "binomial", weights="other"),
    ]
    table = taylor(frame).many(specifications).set_index("specification")
    other = Design(frame, "other", "stratum", "psu").glm("event ~ x + z", "binomial")
    np.testing.assert_allclose(table.loc["other", "std_error"], other.bse, rtol=1e-12)
    assert (table.loc["other", "n"] == other.nobs).all()
    with pytest.raises(InputError, match="weights 'other' cannot take the place"):
        taylor(frame).as_replicates("JKn").many(specifications)


def test_rules_of_degrees_of_freedom_and_levels_of_confidence(plain):
    design = taylor(plain)
    for df, alpha in itertools.product(("design", "residual"), (0.05, 0.2)):
        specification = Specification("m", "y", ["x", "z"], df=df)
        table = design.many([specification], alpha=alpha)
        model = design.glm("y ~ x + z", df=df)
        assert (table["df"] == model.df_resid).all()
        np.testing.assert_allclose(
            table[["conf_low", "conf_high"]], model.conf_int(alpha), rtol=1e-12
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"terms": ["nothing"]}, "specification 'm': .*'nothing'"),
        ({"outcome": "nothing"}, "specification 'm': .*'nothing'"),
        ({"domain": "nothing"}, "specification 'm': .*'nothing'"),
        ({"weights": "nothing"}, "specification 'm': .*'nothing'"),
        ({"terms": "x"}, "lists of names"),
        ({"keep": "x"}, "lists of names"),
    ],
)
def test_what_is_not_there_is_refused_at_once(change, message, plain):
    given = {"outcome": "y", "terms": ["x"]} | change
    with pytest.raises(InputError, match=message):
        taylor(plain).many([Specification("m", **given)])


def test_names_and_jobs_are_checked(plain):
    same = [Specification("m", "y", ["x"]), Specification("m", "y", ["z"])]
    with pytest.raises(InputError, match="two specifications are named 'm'"):
        taylor(plain).many(same)
    for jobs in (0, -1, 1.5):
        with pytest.raises(InputError, match="jobs must be a number of processes"):
            taylor(plain).many(same[:1], jobs=jobs)
