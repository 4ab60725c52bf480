"""Laws of multinomial and proportional-odds logits, and what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from statsmodels.miscmodels.ordinal_model import OrderedModel

from analysis.errors import InputError
from analysis.survey import Design, interaction, linear_combination, wald_test
from analysis.survey.multinomial import Multinomial
from analysis.survey.ordinal import ProportionalOdds

# Both are iterated to rounding, from other parametrisations.
SAME = {"rtol": 1e-8, "atol": 1e-10}

quick = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
GRADES = ["low", "mid", "high", "top"]


def made(seed, categories=3, rows=90):
    """A sample of three strata of 2, 2 and 3 PSUs, weights over four orders, some of them 0."""
    rng = np.random.default_rng(seed)
    units = np.array([(h, c) for h, size in enumerate((2, 2, 3)) for c in range(size)])
    place = units[np.concatenate([np.arange(7), rng.integers(7, size=rows - 7)])]
    x = rng.normal(size=rows)
    latent = 0.7 * x + rng.logistic(size=rows)
    grade = np.searchsorted(np.linspace(-1, 1.2, categories - 1), latent)
    return pd.DataFrame(
        {
            "h": place[:, 0],
            "c": place[:, 1],
            "w": 10 ** rng.uniform(-2, 2, rows) * (rng.random(rows) > 0.1),
            "x": x,
            "z": rng.uniform(1, 2, rows),
            "sex": rng.choice(["f", "m"], rows),
            "grade": grade,
            "kind": np.array(GRADES)[grade],
        }
    )


def design_of(frame, **options):
    return Design(frame, **({"weights": "w", "strata": "h", "psu": "c"} | options))


def fitted(ask):
    """Separated samples are no concern here."""
    try:
        return ask()
    except InputError:
        assume(False)


seeds = st.integers(0, 2**32 - 1)
variances = st.sampled_from(["linearised", "JKn"])


def under(frame, variance):
    design = design_of(frame)
    return design if variance == "linearised" else design.as_replicates("JKn")


@quick
@given(seeds, variances)
def test_two_categories_are_a_binary_logit(seed, variance):
    frame = made(seed, categories=2)
    design = under(frame, variance)
    binary = fitted(lambda: design.glm("grade ~ x * sex", family="binomial"))
    names = list(binary.params.index)
    multinomial = design.multinomial("grade ~ x * sex")
    assert list(multinomial.params.index) == [f"1: {name}" for name in names]
    np.testing.assert_allclose(multinomial.params, binary.params, **SAME)
    np.testing.assert_allclose(multinomial.covariance, binary.covariance, **SAME)
    np.testing.assert_allclose(multinomial.fittedvalues["1"], binary.fittedvalues, **SAME)
    ordinal = design.ordinal("grade ~ x * sex")
    turned = binary.params * np.where(binary.params.index == "Intercept", -1, 1)
    np.testing.assert_allclose(
        ordinal.params[[*names[1:], "0|1"]], turned[[*names[1:], "Intercept"]], **SAME
    )
    np.testing.assert_allclose(
        ordinal.bse[[*names[1:], "0|1"]], binary.bse[[*names[1:], "Intercept"]], **SAME
    )
    np.testing.assert_allclose(ordinal.fittedvalues["1"], binary.fittedvalues, **SAME)
    for rule in (multinomial, ordinal):
        assert rule.df_taken[0] == binary.df_taken[0]


@quick
@given(seeds, variances, st.sampled_from(GRADES[1:3]))
def test_another_reference_is_a_linear_reparametrisation(seed, variance, reference):
    design = under(made(seed), variance)
    first = fitted(lambda: design.multinomial("kind ~ x + sex", reference="low"))
    other = design.multinomial("kind ~ x + sex", reference=reference)
    matrix = pd.DataFrame(0.0, other.params.index, first.params.index)
    for name in matrix.index:
        category, _, column = name.partition(": ")
        if category != "low":
            matrix.loc[name, name] = 1.0
        matrix.loc[name, f"{reference}: {column}"] = -1.0
    np.testing.assert_allclose(other.params, matrix @ first.params, **SAME)
    np.testing.assert_allclose(other.covariance, matrix @ first.covariance @ matrix.T, **SAME)
    np.testing.assert_allclose(other.fittedvalues, first.fittedvalues, **SAME)
    assert other.wald_test("sex").statistic == pytest.approx(
        first.wald_test("sex").statistic, rel=1e-6
    )


@quick
@given(seeds, variances)
def test_turning_the_order_round_turns_the_signs(seed, variance):
    design = under(made(seed, categories=4), variance)
    up = fitted(lambda: design.ordinal("kind ~ x + sex", GRADES))
    down = design.ordinal("kind ~ x + sex", GRADES[::-1])
    np.testing.assert_allclose(down.slopes, -up.slopes, **SAME)
    np.testing.assert_allclose(down.thresholds[::-1], -up.thresholds, **SAME)
    np.testing.assert_allclose(down.bse[["x", "high|mid"]], up.bse[["x", "mid|high"]], **SAME)
    np.testing.assert_allclose(down.fittedvalues[GRADES], up.fittedvalues[GRADES], **SAME)


def everything(design):
    """One vector of all that is estimated."""
    models = [design.multinomial("kind ~ x + z"), design.ordinal("kind ~ x + z", GRADES)]
    parts = [part for model in models for part in (model.params, model.bse)]
    return np.concatenate([*parts, [models[1].proportional_odds_test("x").statistic]])


CHANGES = {
    "order of rows": lambda frame, seed: frame.sample(frac=1, random_state=seed % 1000),
    "scale of weights": lambda frame, seed: frame.assign(w=frame["w"] * 1e6),
    "labels": lambda frame, seed: frame.assign(h=9 - frame["h"], c="psu " + frame["c"].astype(str)),
    "zero weights": lambda frame, seed: pd.concat(
        [frame, frame.assign(w=0.0, kind="low")], ignore_index=True
    ),
}


@quick
@given(seeds, st.sampled_from(sorted(CHANGES)))
def test_what_must_not_matter_does_not(seed, change):
    frame = made(seed)
    ours = fitted(lambda: everything(design_of(frame)))
    changed = CHANGES[change](frame, seed)
    np.testing.assert_allclose(everything(design_of(changed)), ours, rtol=1e-8, atol=1e-9)


@quick
@given(seeds)
def test_a_domain_is_the_same_as_zero_weights_outside_it(seed):
    frame = made(seed, rows=180)
    ours = fitted(lambda: everything(design_of(frame).where("sex == 'f'")))
    zeroed = frame.assign(w=frame["w"].where(frame["sex"] == "f", 0.0))
    np.testing.assert_allclose(everything(design_of(zeroed)), ours, rtol=1e-8, atol=1e-9)


@quick
@given(seeds, st.floats(0.01, 100), st.floats(-100, 100))
def test_units_of_a_covariate_do_not_matter(seed, scale, shift):
    frame = made(seed)
    changed = frame.assign(x=scale * frame["x"] + shift)
    for ask in (lambda d: d.multinomial("kind ~ x"), lambda d: d.ordinal("grade ~ x")):
        ours = fitted(lambda ask=ask: ask(design_of(frame)))
        theirs = ask(design_of(changed))
        names = [name for name in ours.params.index if name.endswith("x")]
        np.testing.assert_allclose(ours.tvalues[names], theirs.tvalues[names], rtol=1e-7)
        np.testing.assert_allclose(ours.fittedvalues, theirs.fittedvalues, rtol=0, atol=1e-9)


@pytest.mark.parametrize("of", [Multinomial, ProportionalOdds])
def test_derivatives_are_those_of_the_likelihood(of):
    frame = made(3, categories=4)
    rng = np.random.default_rng(1)
    x, y = frame[["x", "z"]].to_numpy(), frame["grade"].to_numpy()
    weights = rng.uniform(0.5, 1.5, len(y))
    weights /= weights.mean()
    if of is Multinomial:
        likelihood = of(y, x, ["x", "z"], GRADES, 1)._logits(x)
        theta = rng.normal(0, 0.3, 6)
    else:
        likelihood = of(y, x, ["x", "z"], GRADES)._intervals(weights)[0]
        theta = np.array([-1.0, 0.1, 1.5, 0.4, -0.3])

    def value(at):
        return likelihood.value(likelihood.predictors(at), weights)

    def score(at):
        return likelihood.derivatives(likelihood.predictors(at), weights)[0]

    information = likelihood.derivatives(likelihood.predictors(theta), weights)[1]
    np.testing.assert_allclose(score(theta), approx_fprime(theta, value, 1e-7), rtol=1e-4)
    step = 1e-6 * np.eye(len(theta))
    numeric = np.array([(score(theta - e) - score(theta + e)) / 2e-6 for e in step])
    np.testing.assert_allclose(information, numeric, rtol=1e-6, atol=1e-7)


def test_coefficients_are_those_of_statsmodels_on_repeated_rows():
    """Whole weights are as good as so many rows."""
    frame = made(5).assign(w=np.random.default_rng(5).integers(0, 4, 90))
    long = frame.loc[frame.index.repeat(frame["w"])]
    design = design_of(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels is asked for more digits than it gives
        theirs = sm.MNLogit(long["grade"], sm.add_constant(long[["x", "z"]])).fit(
            method="newton", tol=1e-14, disp=0
        )
        ordered = OrderedModel(long["grade"], long[["x", "z"]], distr="logit").fit(
            method="newton", tol=1e-14, disp=0
        )
    ours = design.multinomial("grade ~ x + z")
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-9)
    model = design.ordinal("grade ~ x + z")
    np.testing.assert_allclose(model.slopes, ordered.params[:2], rtol=1e-6)
    thresholds = ordered.model.transform_threshold_params(ordered.params.to_numpy())[1:-1]
    np.testing.assert_allclose(model.thresholds, thresholds, rtol=1e-6)


@pytest.mark.parametrize("variance", ["linearised", "JKn"])
def test_cumulative_logits_are_one_logit_of_rows_taken_once_a_threshold(variance):
    """In a sample with each row once a threshold one logit has all coefficients together."""
    frame = made(7, rows=300)
    model = under(frame, variance).ordinal("grade ~ x + z")
    long = pd.concat(
        [frame.assign(above=(frame["grade"] > k) * 1, k=k) for k in (0, 1)], ignore_index=True
    )
    both = under(long, variance).glm("above ~ C(k) * (x + z)", family="binomial")
    test = both.wald_test(["C(k)[T.1]:x", "C(k)[T.1]:z"])
    ours = model.proportional_odds_test()
    assert ours.statistic == pytest.approx(test.statistic, rel=1e-8)
    assert ours.pvalue == pytest.approx(test.pvalue, rel=1e-8)
    np.testing.assert_allclose(
        model.cumulative_logits.bse[["> 0: x", "> 0: z"]], both.bse[["x", "z"]], rtol=1e-8
    )
    one = model.proportional_odds_test("z", adjusted=True)
    assert one.statistic == pytest.approx(both.tvalues["C(k)[T.1]:z"] ** 2, rel=1e-8)
    two = model.proportional_odds_test(["x", "z"], adjusted=True)
    assert (two.df_num, two.df_denom) == (2, 3)
    assert two.statistic == pytest.approx(ours.statistic * 3 / 4, rel=1e-12)


def test_proportional_odds_hold_where_they_were_made_to():
    """Large samples of either kind: no evidence there, overwhelming evidence here."""
    frame = made(11, rows=4000).assign(w=1.0)
    assert design_of(frame).ordinal("grade ~ x").proportional_odds_test("x").pvalue > 0.05
    rng = np.random.default_rng(11)
    spread = np.exp(0.6 * frame["x"])  # the covariate spreads the outcome, rather than shifts it
    other = frame.assign(grade=np.searchsorted([-1, 1], spread * rng.logistic(size=4000)))
    assert design_of(other).ordinal("grade ~ x").proportional_odds_test("x").pvalue < 1e-3


# What an outcome may be, and what its categories are called.

TYPES = {
    "text": lambda v: v.map(dict(enumerate("abc"))),
    "text of pandas": lambda v: v.map(dict(enumerate("abc"))).astype("string"),
    "categorical": lambda v: pd.Categorical.from_codes(v, ["z", "y", "x"]),
    "ordered": lambda v: pd.Categorical.from_codes(v, ["z", "y", "x"], ordered=True),
    "floats": lambda v: v.astype(float) + 1,
    "nullable": lambda v: v.astype("Int64"),
    "objects": lambda v: v.astype(object),
}


@pytest.mark.parametrize("kind", TYPES)
def test_the_type_of_the_outcome_does_not_matter(kind):
    frame = made(2)
    first = design_of(frame).multinomial("grade ~ x")
    frame["outcome"] = TYPES[kind](frame["grade"])
    model = design_of(frame).multinomial("outcome ~ x")
    np.testing.assert_array_equal(model.params, first.params)
    labels = ["1", "2", "3"] if kind == "floats" else list(map(str, pd.unique(frame["outcome"])))
    assert sorted(model.categories) == sorted(labels)
    assert list(model.fittedvalues) == list(model.categories)
    order = {"text": list("abc"), "text of pandas": list("abc"), "categorical": list("zyx")}
    ordinal = design_of(frame).ordinal("outcome ~ x", order.get(kind))
    np.testing.assert_array_equal(ordinal.params, design_of(frame).ordinal("grade ~ x").params)


@pytest.mark.parametrize("column", ["x", "outcome"])
def test_rows_with_missing_values_leave_the_domain_not_the_design(column):
    frame = made(2, rows=150)
    frame["outcome"] = frame["kind"].astype("category")
    lacking = (frame["h"] == 0) | (frame.index % 7 == 0)
    complete = design_of(frame).where(~lacking)
    frame[column] = frame[column].mask(lacking)
    for ask in (
        lambda d: d.multinomial("outcome ~ x"),
        lambda d: d.ordinal("outcome ~ x", ["low", "mid", "high"]),
    ):
        ours, theirs = ask(design_of(frame)), ask(complete)
        np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-12)
        weighted = frame["w"] > 0
        assert ours.n_missing == (lacking & weighted).sum()
        assert ours.nobs == (~lacking & weighted).sum() == sum(ours.categories.values())
        assert ours.fittedvalues.index.equals(frame.index[~lacking & weighted])
        np.testing.assert_allclose(ours.fittedvalues.sum(axis=1), 1, rtol=1e-12)


def test_formula_and_matrix_are_the_same_model():
    frame = made(4, rows=150)
    frame.index = frame.index[::-1] + 100
    frame.loc[110:120, "x"] = np.nan
    design = design_of(frame).where("z < 1.8")
    x = pd.DataFrame({"one": 1.0, "x": frame["x"], "m": (frame["sex"] == "m") * 1.0})
    formula = design.multinomial("kind ~ x + sex", reference="mid", df="residual")
    terms = {"sex": ["m"]}
    for matrix, outcome in ((x, "kind"), (x[design.inside], frame["kind"])):
        model = design.multinomial_fit(outcome, matrix, "mid", df="residual", terms=terms)
        np.testing.assert_allclose(
            model.coefficients.loc[["one", "m", "x"]], formula.coefficients, rtol=1e-10
        )
        assert model.df_resid == formula.df_resid == model.df_design - 5
        for what in ("sex", "x", "high", "low: sex", ["low: x", "high: one"]):
            theirs = [w.replace("one", "Intercept") for w in what] if type(what) is list else what
            test, other = model.wald_test(what), formula.wald_test(theirs)
            assert test.statistic == pytest.approx(other.statistic, rel=1e-8)
            assert test.df_num == other.df_num
    ordered = design.ordinal("kind ~ x + sex", GRADES)
    model = design.ordinal_fit("kind", x[["x", "m"]], GRADES, terms=terms)
    np.testing.assert_allclose(model.params[["m", "x"]], ordered.slopes, rtol=1e-10)
    test, other = model.proportional_odds_test("sex"), ordered.proportional_odds_test("sex")
    assert test.statistic == pytest.approx(other.statistic, rel=1e-8)


def test_coefficients_answer_to_their_names():
    model = design_of(made(9, rows=200)).multinomial("kind ~ x * sex", reference="low")
    assert model.equations == ["high", "mid"]
    assert model.reference == "low" and list(model.categories) == ["high", "low", "mid"]
    assert model.terms["x:sex"] == ["high: x:sex[T.m]", "mid: x:sex[T.m]"]
    assert model.terms["mid: sex"] == ["mid: sex[T.m]"]
    assert model.terms["mid"] == ["mid: sex[T.m]", "mid: x", "mid: x:sex[T.m]"]
    equal = {"x": {"high: x": 1.0, "mid: x": -1.0}}
    found = linear_combination(model, equal).table()
    assert wald_test(model, equal).statistic == pytest.approx(found["statistic"]["x"] ** 2)
    assert wald_test(model, "sex").statistic == model.wald_test("sex").statistic
    ratio = interaction(model, "mid: x", "mid: sex[T.m]", "mid: x:sex[T.m]")
    estimate = np.exp(model.params["mid: x:sex[T.m]"])
    assert ratio.measures["estimate"].iloc[0] == pytest.approx(estimate, rel=1e-12)


def test_a_term_named_as_a_category_is_the_term():
    frame = made(9, rows=200).rename(columns={"x": "high"})
    model = design_of(frame).multinomial("kind ~ high + z", reference="mid")
    assert model.equations == ["high", "low"]
    assert model.terms["high"] == ["high: high", "low: high"]


def test_categories_without_rows_are_left_out_and_told():
    frame = made(4, categories=4, rows=200)
    frame["kind"] = pd.Categorical(frame["kind"], GRADES, ordered=True)
    design = design_of(frame).where("kind != 'mid'")
    for model in (design.multinomial("kind ~ x"), design.ordinal("kind ~ x")):
        assert model.dropped == ["mid"]
        assert list(model.categories) == ["low", "high", "top"]
        assert "Categories without rows: mid" in model.summary()
    assert list(model.thresholds.index) == ["low|high", "high|top"]
    # Of weight 0 only is without rows as well.
    frame.loc[frame["kind"] == "mid", "w"] = 0.0
    again = design_of(frame).ordinal("kind ~ x")
    np.testing.assert_allclose(again.params, model.params, rtol=1e-12)


@pytest.mark.parametrize("df", ["design", "residual"])
def test_summary_fits_a_terminal_and_says_what_was_done(df):
    frame = made(4, categories=4, rows=200)
    frame["kind"] = frame["kind"] + " of a rather long name indeed"
    design = design_of(frame, lonely_psu="adjust")
    order = sorted(frame["kind"].unique())
    multinomial = design.multinomial("kind ~ x * sex", df=df)
    ordinal = design.ordinal("kind ~ x * sex", order, df=df)
    for model in (multinomial, ordinal, ordinal.cumulative_logits):
        text = model.summary()
        assert max(map(len, text.splitlines())) <= 80
        degrees = model.df_resid if model.df_resid > 0 else "none"
        assert f"degrees of freedom {degrees} (PSUs - strata" in text
        assert text == repr(model)
    assert f"{order[1]} against {order[0]}" in multinomial.summary()
    assert multinomial.df_design - multinomial.df_resid == (11 if df == "residual" else 0)
    assert ordinal.df_design - ordinal.df_resid == (3 if df == "residual" else 0)
    assert ordinal.cumulative_logits.df_resid == ordinal.df_resid


# What cannot be fitted is refused, with its column and category.


def never(frame, where, category, instead):
    frame["kind"] = np.where(where & (frame["kind"] == category), instead, frame["kind"])


def one_psu(frame):
    never(frame, (frame["h"] != 1) | (frame["c"] != 0), "high", "mid")


def multinomial(design):
    return design.multinomial("kind ~ x + sex", reference="low")


def ordinal(design):
    return design.ordinal("kind ~ x + sex", ["low", "mid", "high"])


REFUSED = {
    "a category that nobody of a group has": (
        lambda f: never(f, f["sex"] == "m", "high", "mid"), multinomial,
        r"run away in 'sex\[T.m\]' \('high' against 'low'\)"),
    "a category that everybody of a group has": (
        lambda f: f.update(f["kind"].mask(f["sex"] == "m", "high")), ordinal,
        r"run away in 'sex\[T.m\]' \(telling 'high' outright\)"),
    "a covariate that tells the outcome": (
        lambda f: f.update(pd.Series(np.where(f["x"] > 0, "high", "low"), name="kind")),
        multinomial,
        r"run away in 'x' \('high' against 'low'\)"),
    "the same, of an ordinal one": (
        lambda f: f.update(
            pd.Series(np.select([f["x"] > 1, f["x"] > 0], ["high", "mid"], "low"), name="kind")),
        ordinal, "run away in 'x' \\(telling 'low', 'mid', 'high' outright\\)"),
    "one threshold that is separated": (
        lambda f: never(f, f["sex"] == "m", "high", "mid"),
        lambda d: ordinal(d).proportional_odds_test(), r"\('> mid' against '<= mid'\)"),
    "one category": (
        lambda f: f.update(pd.Series("mid", f.index, name="kind")), multinomial,
        "rows in the domain are 'mid'"),
    "a replicate without a category": (
        one_psu, lambda d: multinomial(d.as_replicates("JKn")),
        "under replicate 3: no row of category 'high' has weight"),
    "a replicate of an ordinal one without a category": (
        one_psu, lambda d: ordinal(d.as_replicates("JKn")),
        "under replicate 3: no row of category 'high' has weight"),
    "collinear columns": (
        lambda f: f.insert(0, "k", 2 * f["x"]), lambda d: d.multinomial("kind ~ x + k"),
        "'k' is determined by 'x'"),
    "a constant beside thresholds": (
        lambda f: f.insert(0, "k", 3.0), lambda d: d.ordinal_fit("grade", d.frame[["x", "k"]]),
        "'k' is determined by 'the thresholds'"),
    "text without an order": (
        lambda f: None, lambda d: d.ordinal("kind ~ x"), "the categories of 'kind' have no order"),
    "a category that the order lacks": (
        lambda f: None, lambda d: d.ordinal("kind ~ x", ["low", "high"]),
        "category 'mid' in .* rows, which categories does not list"),
    "an order with a category twice": (
        lambda f: None, lambda d: d.ordinal("kind ~ x", ["low", "mid", "high", "mid"]),
        "category 'mid' twice"),
    "numbers that are no categories": (
        lambda f: None, lambda d: d.multinomial("x ~ z"), "must have categories"),
    "mixed values": (
        lambda f: f.insert(0, "k", [1, "a"] * 150), lambda d: d.multinomial("k ~ z"),
        "mixes text"),
    "an unknown reference": (
        lambda f: None, lambda d: d.multinomial("kind ~ x", reference="hihg"),
        "has no category 'hihg'\nChoose reference= from: high, low, mid"),
    "a reference without rows": (
        lambda f: f.insert(0, "other", f["kind"].mask(f["kind"] == "high")),
        lambda d: Design(
            d.frame.assign(other=pd.Categorical(d.frame["other"], ["high", "low", "mid"])),
            "w", "h", "c").multinomial("other ~ x"),
        "reference category 'high' of 'other' has no row"),
    "an unknown outcome": (
        lambda f: None, lambda d: d.multinomial("kin ~ x"), "no column 'kin'"),
    "an unknown rule": (
        lambda f: None, lambda d: d.ordinal("grade ~ x", df="none"), "unknown rule 'none'"),
    "an unknown slope": (
        lambda f: None, lambda d: ordinal(d).proportional_odds_test("0|1"), "no slope '0|1'"),
    "two categories of which to compare slopes": (
        lambda f: None,
        lambda d: d.where("grade < 2").ordinal("grade ~ x").proportional_odds_test(),
        "1 thresholds"),
    "everything missing": (
        lambda f: f.update(pd.Series(0.0, f.index, name="x")),
        lambda d: d.multinomial_fit("kind", d.frame[["x"]] * np.nan), "every row of the domain"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("error")
def test_models_that_cannot_be_fitted_are_refused(case):
    change, ask, message = REFUSED[case]
    frame = made(1, rows=300)
    change(frame)
    with pytest.raises(InputError, match=message):
        ask(design_of(frame))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(6))
def test_wild_outliers_and_weights_do_not_lead_astray(seed):
    rng = np.random.default_rng(seed)
    frame = made(seed, categories=4, rows=200)
    frame["x"] = rng.standard_cauchy(200) ** rng.choice([1, 3])
    frame["w"] = 10 ** rng.uniform(-3, 3, 200)
    for ask in (
        lambda d: d.multinomial("grade ~ x + z"),
        lambda d: d.ordinal("grade ~ x + z"),
    ):
        model = ask(design_of(frame))
        observed = pd.get_dummies(frame["grade"]).to_numpy(float)
        if len(model.params) == 9:  # the multinomial's scores vanish in each category
            surprise = frame["w"].to_numpy()[:, None] * (observed - model.fittedvalues.to_numpy())
            score = frame[["x", "z"]].to_numpy().T @ surprise
            size = frame["w"].to_numpy() @ frame[["x", "z"]].abs().to_numpy()
            assert (np.abs(score) / size[:, None]).max() < 1e-10
        assert model.iterations < 60
        assert np.isfinite(model.bse).all()
