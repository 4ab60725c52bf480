import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.errors import InputError
from analysis.survey import Design, irls


@pytest.fixture
def design(frame):
    return Design(frame, weights="w", strata="h", psu="c")


FAMILIES = {
    "gaussian": ("y", sm.families.Gaussian()),
    "binomial": ("event", sm.families.Binomial()),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_coefficients_are_those_of_statsmodels_and_scores_vanish(frame, design, family):
    outcome, kind = FAMILIES[family]
    model = design.glm(f"{outcome} ~ x * sex", family=family)
    x = sm.add_constant(frame[["x"]].assign(male=frame["sex"] == "Male").astype(float))
    x["both"] = x["x"] * x["male"]
    theirs = sm.GLM(frame[outcome], x, family=kind, var_weights=frame["w"]).fit(tol=1e-14)
    np.testing.assert_allclose(
        model.params[["Intercept", "x", "sex[T.Male]", "x:sex[T.Male]"]], theirs.params, rtol=1e-9
    )
    residual = frame["w"] * (frame[outcome] - model.fittedvalues)
    assert np.abs(x.T @ residual).max() < 1e-12 * np.abs(frame["w"] * frame[outcome]).sum()


def test_results_hang_together(design):
    model = design.glm("event ~ x + sex", family="binomial")
    low, high = model.conf_int(alpha=0.1).loc["x"]
    half = stats.t.ppf(0.95, 4) * model.bse["x"]
    assert (low, high) == pytest.approx((model.params["x"] - half, model.params["x"] + half))
    assert model.df_resid == model.df_design == 4
    assert (model.n_psus, model.n_strata) == (7, 3)
    assert (model.tvalues**2)["x"] == pytest.approx(model.wald_test("x").statistic, rel=1e-12)
    assert model.pvalues["x"] == pytest.approx(model.wald_test("x").pvalue, rel=1e-10)
    assert model.n_events == int(model.fittedvalues.size and design.frame["event"].sum())
    residual = design.glm("event ~ x + sex", family="binomial", df="residual")
    assert residual.df_resid == 4 - 2
    assert residual.df_rule == "residual"


@pytest.mark.parametrize(
    "what",
    [
        ["sex", "x"],
        ["sex[T.Male]", "x"],
        [[0, 1, 0], [0, 0, 1]],
        np.array([[0, 1, 1.0], [0, 1, -1]]),  # spans the same
        pd.DataFrame({"x": [1.0, 0], "sex[T.Male]": [0, 1.0]}),
    ],
    ids=["terms", "columns", "lists", "array", "frame"],
)
def test_wald_test_takes_terms_columns_and_contrasts(design, what):
    model = design.glm("y ~ sex + x")
    test = model.wald_test(what)
    v = model.cov_params().iloc[1:, 1:].to_numpy()
    b = model.params.iloc[1:].to_numpy()
    assert test.statistic == pytest.approx(b @ np.linalg.inv(v) @ b / 2, rel=1e-10)
    assert (test.df_num, test.df_denom) == (2, 4)
    assert test.pvalue == pytest.approx(stats.f.sf(test.statistic, 2, 4), rel=1e-12)


def test_linear_combinations(design):
    model = design.glm("y ~ sex + x")
    contrasts = pd.DataFrame({"x": [0.0, 2.0], "Intercept": [1.0, 1.0]}, index=["at 0", "at 2"])
    table = model.linear_combination(contrasts)
    matrix = np.array([[1.0, 0, 0], [1, 0, 2]])
    np.testing.assert_allclose(table["estimate"], matrix @ model.params)
    expected = np.sqrt(np.diag(matrix @ model.cov_params() @ matrix.T))
    np.testing.assert_allclose(table["std_error"], expected, rtol=1e-12)
    assert list(table.index) == ["at 0", "at 2"]
    assert table.loc["at 0", "conf_low"] == pytest.approx(model.conf_int().loc["Intercept", 0])
    one = model.linear_combination([0, 0, 0])
    assert one["estimate"][0] == 0 and one["std_error"][0] == 0


def test_rows_with_missing_values_leave_the_domain_not_the_design(frame, design):
    missing = (frame["h"] == 2) | (frame["x"] > 1.5)
    frame["x2"] = frame["x"].mask(missing)
    model = Design(frame, weights="w", strata="h", psu="c").glm("y ~ x2")
    domain = design.where(~missing).glm("y ~ x")
    np.testing.assert_allclose(model.cov_params(), domain.cov_params(), rtol=1e-12)
    assert model.df_resid == domain.df_resid == 3
    assert (model.nobs, model.n_missing) == ((~missing).sum(), missing.sum())
    assert model.fittedvalues.index.equals(frame.index[~missing])


def test_formula_and_matrix_are_the_same_model(frame, design):
    frame.loc[3, "y"] = np.nan
    x = pd.DataFrame({"one": 1.0, "x": frame["x"]}).mask(frame["x"] > 2)
    by_matrix = design.where("sex == 'Male'").fit("y", x)
    by_formula = design.where("sex == 'Male' and x <= 2").glm("y ~ x")
    np.testing.assert_allclose(by_matrix.params, by_formula.params, rtol=1e-12)
    np.testing.assert_allclose(by_matrix.cov_params(), by_formula.cov_params(), rtol=1e-10)
    by_condition = design.fit("y > 1", x, "binomial")
    assert by_condition.n_events == ((frame["y"] > 1) & (frame["x"] <= 2)).sum()


@pytest.mark.parametrize("dtype", ["str", "string", "object", "category"])
def test_missing_categories_leave_the_domain(frame, dtype):
    frame["band"] = pd.cut(frame["x"], [-9, -0.5, 0.5, 9], labels=["low", "mid", "top"]).astype(str)
    frame.loc[:2, "band"] = None
    frame["band"] = frame["band"].astype(dtype)
    model = Design(frame, weights="w", strata="h", psu="c").glm("y ~ C(band) + np.exp(x)")
    assert list(model.terms) == ["Intercept", "C(band)", "np.exp(x)"]
    assert model.terms["C(band)"] == ["C(band)[T.mid]", "C(band)[T.top]"]
    assert (model.nobs, model.n_missing) == (81, 3)


def test_levels_of_a_domain_are_its_own(frame):
    frame["band"] = pd.cut(frame["x"], [-9, -0.5, 0.5, 9], labels=["low", "mid", "high"])
    design = Design(frame, weights="w", strata="h", psu="c")
    model = design.where("x < 0.5").glm("y ~ band")
    assert list(model.params.index) == ["Intercept", "band[T.mid]"]
    frame.loc[frame["band"] == "high", "w"] = 0.0
    weighted = Design(frame, weights="w", strata="h", psu="c").glm("y ~ band")
    np.testing.assert_allclose(weighted.params, model.params, rtol=1e-12)


def test_covariates_on_wild_scales_lose_no_digits(frame, design):
    """Years, millions and their like: the basis is orthogonal whatever the columns are."""
    wild = frame.assign(year=2001 + 1e-3 * frame["x"], big=1e9 + 1e4 * frame["y"])
    model = Design(wild, weights="w", strata="h", psu="c").glm("event ~ year + big", "binomial")
    tame = design.glm("event ~ x + y", family="binomial")
    np.testing.assert_allclose(model.tvalues[1:], tame.tvalues[1:], rtol=1e-7)


def test_rare_events_and_wild_weights_converge(frame):
    frame["event"] = (frame["x"] > frame["x"].nlargest(4).iloc[-1] - 1e-9).astype(int)
    frame["w"] = np.logspace(-3, 3, len(frame))
    model = Design(frame, weights="w", strata="h", psu="c").glm("event ~ y", family="binomial")
    assert model.converged and model.n_events == 4
    score = frame["w"] * (frame["event"] - model.fittedvalues)
    assert abs(score.sum()) < 1e-10 * frame["w"].sum()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", [36, 87, 125, 317, 354])
def test_wild_outliers_do_not_lead_astray(seed):
    """Full steps overshoot here, or the probability of the outlier rounds to 0 or 1."""
    rng = np.random.default_rng(seed)
    n = rng.integers(20, 200)
    x = np.c_[np.ones(n), rng.standard_cauchy(n) ** rng.choice([1, 3]), rng.normal(size=n)]
    y = (rng.random(n) < rng.choice([0.1, 0.5])).astype(float)
    w = 10 ** rng.uniform(-3, 3, n)
    fit = irls.fit_glm(y, x, w, sm.families.Binomial(), ["one", "wild", "tame"])
    score = (w * (y - fit.fitted)) @ x / np.sqrt(w @ x**2)
    assert np.abs(score).max() < 1e-9 * np.sqrt(w.sum())


# What cannot be fitted is refused, with its column.


def separated(frame):
    """Nobody in one category has the outcome."""
    frame["kind"] = np.where(frame["x"] > 0.8, "spared", frame["sex"])
    frame.loc[frame["kind"] == "spared", "event"] = 0


def split(frame):
    """The covariate, in a large unit, tells the outcome outright."""
    frame["event"] = (frame["x"] > 0.1).astype(int)
    frame["x"] *= 1e6


REFUSED = {
    "none has it": (lambda f: f.update(pd.Series(0, f.index, name="event")), "event ~ x",
                    "none of the 84 rows in the domain have it"),
    "all have it": (lambda f: f.update(pd.Series(1, f.index, name="event")), "event ~ x",
                    "all of the 84 rows in the domain have it"),
    "not 0 and 1": (lambda f: None, "y ~ x", "must be 0 or 1"),
    "text": (lambda f: None, "sex ~ x", "the outcome 'sex' must hold numbers"),
    "constant": (lambda f: f.insert(0, "k", 3.0), "event ~ x + k", "'k' is determined by 'Inter"),
    "zero": (lambda f: f.insert(0, "k", 0.0), "event ~ x + k", "'k' is zero in every row"),
    "collinear": (lambda f: f.insert(0, "k", 2 * f["x"] - f["y"]), "event ~ x + y + k",
                  "'k' is determined by 'x', 'y'"),
    "category": (separated, "event ~ y + kind", r"run away in 'kind\[T.spared\]'"),
    "split": (split, "event ~ x + y", "run away in 'x'"),
    "all missing": (lambda f: f.insert(0, "k", np.nan), "event ~ k", "k"),
    "no such column": (lambda f: None, "event ~ xx", "the formula 'event ~ xx' cannot be used"),
    "not a formula": (lambda f: None, "event ~ (x", "cannot be used"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("error")
def test_models_that_cannot_be_fitted_are_refused(frame, case):
    change, formula, message = REFUSED[case]
    change(frame)
    design = Design(frame, weights="w", strata="h", psu="c")
    with pytest.raises(InputError, match=message):
        design.glm(formula, family="binomial")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda d: d.glm("y ~ x", family="weibull"), "unknown family 'weibull'"),
        (lambda d: d.glm("y ~ x", df="none"), "unknown rule 'none'"),
        (lambda d: d.fit("y", d.frame[["x"]].iloc[1:]), "the index of the design"),
        (lambda d: d.fit("y", d.frame[["x", "x"]]), "column 'x' twice"),
        (lambda d: d.fit("y", d.frame[["sex"]]), "'sex' must hold numbers"),
        (lambda d: d.fit("y", d.frame[["x"]] * np.nan), "every row of the domain lacks"),
        (lambda d: d.where(d.frame.index < 2).fit("y", d.frame[["x", "y", "w"]]), "3 columns"),
        (lambda d: d.glm("y ~ x").wald_test("z"), "no term or column 'z'"),
        (lambda d: d.glm("y ~ x").wald_test([[1, 0, 0]]), "do not fit 2 estimates"),
        (lambda d: d.glm("y ~ x").wald_test([[0, 1], [0, 2]]), "2 contrasts cannot be tested"),
        (lambda d: d.glm("y ~ x").linear_combination(pd.DataFrame({"z": [1]})), "no estimate 'z'"),
    ],
)
def test_bad_questions_are_refused(design, ask, message):
    with pytest.raises(InputError, match=message):
        ask(design)


def test_a_model_cannot_test_more_than_the_design_has_degrees_of_freedom(frame):
    frame["kind"] = [f"k{i % 7}" for i in range(len(frame))]
    model = Design(frame, weights="w", strata="h", psu="c").glm("y ~ kind")
    with pytest.raises(InputError, match="6 contrasts cannot be tested together"):
        model.wald_test("kind")


def test_more_coefficients_than_degrees_of_freedom_have_no_p_values(frame):
    frame["kind"] = [f"k{i % 7}" for i in range(len(frame))]
    design = Design(frame, weights="w", strata="h", psu="c")
    model = design.glm("y ~ kind", df="residual")
    assert model.df_resid == -2
    assert model.bse.notna().all() and model.pvalues.isna().all()
    assert model.conf_int().isna().all(axis=None)


@pytest.mark.parametrize("df", ["design", "residual"])
def test_summary_fits_a_terminal_and_says_what_was_done(frame, df):
    frame["a_covariate_with_a_rather_long_name"] = frame["y"] ** 2 * 1e6
    design = Design(frame, weights="w", strata="h", psu="c", lonely_psu="adjust")
    model = design.glm(
        "event ~ x * sex + a_covariate_with_a_rather_long_name", family="binomial", df=df
    )
    lines = model.summary().splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "a_covariate_with_a_rather_long_name" in lines  # in full, with its numbers below
    assert "single-PSU strata: adjust" in text
    assert f"degrees of freedom {model.df_resid or 'none'} (PSUs - strata" in text
    assert ("- (coefficients" in text) == (df == "residual")
    assert f"{model.n_events} with the outcome" in text
    assert text == str(model) == repr(model)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
@pytest.mark.parametrize("lonely_psu", ["adjust", "average"])
def test_a_matrix_of_the_domains_rows_gives_what_the_whole_matrix_gives(frame, family, lonely_psu):
    frame.loc[frame.index % 5 == 0, "x"] = np.nan
    frame.loc[3:9, "w"] = 0.0
    frame.index = frame.index[::-1] + 100
    design = Design(frame, weights="w", strata="h", psu="c", lonely_psu=lonely_psu)
    domain = design.where("sex == 'Male'")
    whole = frame[["x"]].assign(one=1.0)
    by_whole = domain.fit("event", whole, family)
    by_part = domain.fit("event", whole[domain.inside], family)
    pd.testing.assert_series_equal(by_whole.params, by_part.params, check_exact=True)
    pd.testing.assert_frame_equal(by_whole.covariance, by_part.covariance, check_exact=True)
    assert (by_whole.nobs, by_whole.n_missing) == (by_part.nobs, by_part.n_missing)
    assert by_whole.fittedvalues.index.equals(by_part.fittedvalues.index)
