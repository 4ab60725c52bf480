"""Models begun at one another's solutions: the digits of single fits, whatever came before."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.survey import Design, Specification, neighbours

DESIGNS = Path(__file__).parents[1] / "reference/designs"
TERMS = {
    "crude": [],
    "one": ["x"],
    "banded": ["x", "band", "incomplete"],
    "curved": ["curve", "x", "group"],
    "curved without": ["curve", "group"],
}
DOMAINS = (None, "patchy == 1", "group == 'b'")
OUTCOMES = (
    ("y", "gaussian", None),
    ("event", "binomial", None),
    ("y > 25", "binomial", None),
    ("y > 25", "binomial", "probit"),
    ("count", "poisson", None),
)
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value")
DIGITS = 1e-10


def read(name):
    frame = pd.read_csv(DESIGNS / f"{name}.csv")
    return frame.assign(other=np.where(frame["z"] > 9, 0.0, frame["weight"] * frame["z"]))


@pytest.fixture(scope="module")
def plain():
    return read("plain")


def taylor(frame):
    return Design(frame, "weight", "stratum", "psu", lonely_psu="average")


def columns_of(frame):
    z = frame["z"]
    curve = pd.DataFrame({"z": z, "z2": z**2 / 10, "z3": np.clip(z - z.median(), 0, None) ** 3})
    return {
        "x": frame["x"],
        "incomplete": frame["incomplete"],
        "curve": curve,
        "band": dummies(frame, "band", ("mid", "top")),
        "group": dummies(frame, "group", ("b", "c")),
    }


def dummies(frame, name, levels):
    return pd.DataFrame({f"{name}[{level}]": (frame[name] == level) * 1.0 for level in levels})


def curve(weights=(None, "other"), df="design"):
    return [
        Specification(
            f"{outcome}, {link}, {weight}, {domain}, {name}", outcome, terms, family, domain,
            weights=weight, df=df, link=link,
        )
        for (outcome, family, link), weight, domain, (name, terms) in itertools.product(
            OUTCOMES, weights, DOMAINS, TERMS.items()
        )
    ]  # fmt: skip


def single(design, specification, columns):
    """The same model by `fit`, without the columns in whose category nobody is."""
    if specification.weights:
        design = Design(design.frame, specification.weights, "stratum", "psu", lonely_psu="average")
    domain = design.where(specification.domain) if specification.domain else design
    frame = design.frame
    intercept = pd.DataFrame({"Intercept": np.ones(len(frame))})
    parts = [pd.DataFrame(columns[term]) for term in specification.terms]
    x = pd.concat([intercept, *parts], axis=1)
    used = domain.inside & (design.weights > 0) & x.notna().all(axis=1)
    x = x.loc[:, x[used].any()]
    return domain.fit(
        specification.outcome, x, specification.family, link=specification.link, df=specification.df
    )


@pytest.mark.parametrize("sample", ["plain", "hard", "lonely"])
def test_digits_are_those_of_single_fits(sample):
    frame = read(sample)
    design, columns = taylor(frame), columns_of(frame)
    tables = {
        df: dict(list(design.fits(curve(df=df), columns).groupby("specification")))
        for df in ("design", "residual")
    }
    fitted = 0
    for specification in curve():
        of = {
            df: table[specification.name].set_index("coefficient") for df, table in tables.items()
        }
        try:
            model = single(design, specification, columns)
        except InputError as error:
            assert all(found["problem"].tolist() == [error.message] for found in of.values())
            continue
        fitted += 1
        for df, found in of.items():
            assert_same(found, dataclasses.replace(model, df_rule=df))
    assert fitted >= 0.7 * len(curve())


def assert_same(found, model):
    """Hold a part of a table against the model by itself."""
    assert found["problem"].eq("").all()
    assert list(found.index) == list(model.params.index)
    # A coefficient near 0 has the digits of its standard error.
    size = np.maximum(model.params.abs(), model.bse)
    assert ((found["estimate"] - model.params).abs() <= DIGITS * size).all()
    np.testing.assert_allclose(found["std_error"], model.bse, rtol=DIGITS)
    low, high = found["conf_low"], found["conf_high"]
    np.testing.assert_allclose(
        (high - low) / 2, (model.conf_int()[1] - model.conf_int()[0]) / 2, rtol=DIGITS
    )  # NaN without degrees of freedom
    assert (found["df"] == model.df_resid).all()
    assert (found["n"] == model.nobs).all()
    events = np.nan if model.n_events is None else model.n_events
    np.testing.assert_array_equal(found["events"].astype(float), events)


def test_only_what_needs_care_is_left_to_the_careful_code(plain, monkeypatch):
    left = []
    careful = neighbours.fit_one

    def counted(shared, specification):
        left.append(specification.name)
        return careful(shared, specification)

    monkeypatch.setattr(neighbours, "fit_one", counted)
    specifications = curve()
    table = taylor(plain).fits(specifications, columns_of(plain)).set_index("specification")
    careful_ones = {
        each.name for each in specifications if each.link is not None or each.family == "poisson"
    }
    careful_ones |= set(table.index[(table["problem"] != "") | (table["left_out"] != "")])
    assert set(left) == careful_ones


def test_where_a_model_began_is_forgotten(plain):
    """Each model behind each other one, and by itself."""
    design, columns = taylor(plain), columns_of(plain)
    names = list(TERMS)
    alone = {
        name: design.fits([Specification(name, "event", TERMS[name], "binomial")], columns)
        for name in names
    }
    for first, second in itertools.permutations(names, 2):
        pair = [Specification(name, "event", TERMS[name], "binomial") for name in (first, second)]
        behind = design.fits(pair, columns)
        behind = behind[behind["specification"] == second].reset_index(drop=True)
        for column in ("estimate", "std_error"):
            np.testing.assert_allclose(behind[column], alone[second][column], rtol=DIGITS)


def test_a_start_that_leads_nowhere_is_given_up(plain, monkeypatch):
    """From coefficients of any size the same solution is found."""
    design, columns = taylor(plain), columns_of(plain)
    specification = Specification("m", "event", TERMS["curved"], "binomial")
    right = design.fits([specification], columns)
    fit = neighbours._Chain._fit
    for size in (1e-3, 1.0, 30.0, 1e3, 1e300):

        def misled(chain, specification, rows, size=size):
            chain.estimates = dict.fromkeys(["Intercept", "x", "z", "z2", "group[b]"], size)
            return fit(chain, specification, rows)

        monkeypatch.setattr(neighbours._Chain, "_fit", misled)
        found = design.fits([specification], columns)
        for column in ("estimate", "std_error"):
            np.testing.assert_allclose(found[column], right[column], rtol=DIGITS)


def test_the_number_of_threads_moves_no_bit(plain):
    design, columns, specifications = taylor(plain), columns_of(plain), curve()
    one = design.fits(specifications, columns)
    for jobs in (2, 3):
        again = design.fits(specifications, columns, jobs=jobs)
        pd.testing.assert_frame_equal(again, one, check_exact=True)


def test_kept_coefficients_are_those_of_the_whole_model(plain):
    design, columns = taylor(plain), columns_of(plain)
    for terms in (["band", "x"], ["x", "curve", "band"]):
        whole = design.fits([Specification("m", "event", terms, "binomial")], columns)
        whole = whole.set_index("coefficient")
        for keep in (["band[top]"], ["band"], ["x", "Intercept"]):
            specification = Specification("m", "event", terms, "binomial", keep=keep)
            part = design.fits([specification], columns).set_index("coefficient")
            assert len(part) == (2 if keep == ["band"] else len(keep))
            for column in NUMBERS:
                np.testing.assert_allclose(part[column], whole.loc[part.index, column], rtol=1e-12)


def test_a_problem_is_a_row_and_the_next_is_fitted(plain):
    columns = columns_of(plain) | {
        "split": plain["event"] * 1.0,
        "twice": 2 * plain["x"],
        "nearly": plain["x"] + 1e-7 * plain["z"],
        "constant": plain["x"] * 0 + 3,
    }
    frame = plain.assign(never=0)
    specifications = [
        Specification("fine", "event", ["x"], "binomial"),
        Specification("separated", "event", ["split"], "binomial"),
        Specification("collinear", "event", ["x", "twice"], "binomial"),
        Specification("constant", "event", ["constant"], "binomial"),
        Specification("nearly collinear", "event", ["x", "nearly"], "binomial"),
        Specification("no event", "never", ["x"], "binomial"),
        Specification("nobody", "event", ["x"], "binomial", domain="x > 1000"),
        Specification("not kept", "event", ["x"], "binomial", keep=["z"]),
        Specification("also fine", "event", ["x", "curve"], "binomial"),
    ]
    table = taylor(frame).fits(specifications, columns)
    pd.testing.assert_series_equal(
        table["problem"],
        taylor(frame.drop(columns="z").assign(z=frame["z"])).many(specifications, columns)[
            "problem"
        ],
    )
    problems = table[table["problem"] != ""].set_index("specification")["problem"]
    assert list(problems.index) == [
        "separated", "collinear", "constant", "no event", "nobody", "not kept",
    ]  # fmt: skip
    nearly = table[table["specification"] == "nearly collinear"].set_index("coefficient")
    x = pd.DataFrame({"Intercept": 1.0, "x": plain["x"], "nearly": columns["nearly"]})
    model = taylor(plain).fit("event", x, "binomial")
    np.testing.assert_array_equal(nearly.loc[model.params.index, "std_error"], model.bse)


def test_replicate_weights_are_left_to_the_careful_code(plain):
    design = taylor(plain).as_replicates("JKn")
    specification = Specification("m", "event", ["x", "band"], "binomial")
    columns = columns_of(plain)
    pd.testing.assert_frame_equal(
        design.fits([specification], columns), design.many([specification], columns)
    )


def test_a_term_is_a_key_and_never_a_formula(plain):
    message = r"there are no columns for the term 'np.log\(x\)'"
    with pytest.raises(InputError, match=message):
        taylor(plain).fits([Specification("m", "y", ["np.log(x)"])], columns_of(plain))
    with pytest.raises(InputError, match=r"specification 'm': .* term 'z'"):
        taylor(plain).fits([Specification("m", "y", ["z"])], columns_of(plain))  # of the frame
