"""Families, links and offsets: what they mean, laws beside R's digits, and what is refused."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import special

from analysis.errors import InputError
from analysis.survey import (
    Design,
    average_marginal_effects,
    interaction,
    likelihood_ratio_test,
    margins,
    margins_of_matrices,
)
from analysis.survey.irls import fit_glm
from analysis.survey.links import BOUNDS, Response
from analysis.survey.regression import EFFECTS, LINKS_OF, family_of

MODELS = [(family, link) for family, possible in LINKS_OF.items() for link in possible]
OUTCOMES = {"gaussian": "cost", "binomial": "event", "poisson": "count", "gamma": "cost"}

quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@pytest.fixture
def frame(frame):
    """Outcomes of every kind, none of whose means is near a bound."""
    rng = np.random.default_rng(5)
    male, n = (frame["sex"] == "Male").to_numpy(), len(frame)
    return frame.assign(
        late=rng.integers(0, 2, n),
        event=(rng.random(n) < 0.3 + 0.2 * male).astype(int),
        count=rng.poisson(2 + male),
        cost=(1 + 0.5 * male) * rng.gamma(3, 1 / 3, n) + 0.1,
        years=rng.uniform(0.5, 3, n),
    )


@pytest.fixture
def design(frame):
    return Design(frame, weights="w", strata="h", psu="c")


# Scores and information by the linear predictor, against logarithms in many digits.


@pytest.mark.parametrize(("family", "link"), MODELS)
def test_scores_and_information_are_derivatives_of_the_likelihood(family, link):
    kind = family_of(family, link)
    low, high = BOUNDS.get((type(kind), type(kind.link)), (-4.0, 3.0))
    eta = np.linspace(max(low, -4), min(high, 4), 41)[1:-1]
    y = (np.arange(len(eta)) % 2) + (0.0 if family in ("binomial", "poisson") else 0.5)
    response, step = Response(y, kind), 1e-4 * (eta[1] - eta[0])
    one = np.ones(1)

    def half_deviance(at):
        return np.array([Response(y[[i]], kind).deviance(at[[i]], one) / 2 for i in range(len(at))])

    score, expected = response.at(eta)
    slope = -(half_deviance(eta + step) - half_deviance(eta - step)) / (2 * step)
    np.testing.assert_allclose(score, slope, rtol=1e-5, atol=1e-6)
    bend = -(response.at(eta + step)[0] - response.at(eta - step)[0]) / (2 * step)
    np.testing.assert_allclose(response.observed(eta), bend, rtol=1e-5, atol=1e-5)
    mean = kind.link.inverse(eta)
    np.testing.assert_allclose(
        expected, kind.link.inverse_deriv(eta) ** 2 / kind.variance(mean), rtol=1e-8
    )
    # Expected information is the mean of the observed, which is linear in the outcome.
    if family != "binomial":
        np.testing.assert_allclose(Response(mean, kind).observed(eta), expected, rtol=1e-10)
    else:
        parts = [Response(np.full(len(eta), v), kind).observed(eta) for v in (0.0, 1.0)]
        np.testing.assert_allclose((1 - mean) * parts[0] + mean * parts[1], expected, rtol=1e-10)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_tails_keep_their_scores_where_probabilities_round_to_0_or_1(link):
    far = {"logit": 60.0, "probit": 20.0, "cloglog": 6.0}[link]
    eta = np.array([-far, far])
    wrong, right = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    score, information = Response(wrong, family_of("binomial", link)).at(eta)
    known = {
        "logit": [1, -1],
        "probit": np.array([1, -1]) * (far + 1 / far - 2 / far**3 + 10 / far**5),
        "cloglog": [1 - np.exp(-far) / 2, -np.exp(far)],
    }[link]
    np.testing.assert_allclose(score, known, rtol=1e-5 if link == "probit" else 1e-6)
    left, _ = Response(right, family_of("binomial", link)).at(eta)
    assert (left != 0).all() and (information > 0).all()


def test_mills_ratio_beyond_underflow():
    score, _ = Response(np.array([1.0]), family_of("binomial", "probit")).at(np.array([-1e6]))
    assert score[0] == pytest.approx(1e6, rel=1e-9)


# What models say.


@pytest.mark.parametrize(("family", "link"), MODELS)
def test_an_indicator_compares_two_means(frame, design, family, link):
    """With one category the model is saturated: the measure is that of the weighted means."""
    outcome = OUTCOMES[family]
    model = design.glm(f"{outcome} ~ sex", family, link=link)
    means = design.mean(outcome, by="sex").frame["estimate"].to_numpy()
    a, b = means
    known = {
        "difference of means": lambda: b - a,
        "ratio of means": lambda: b / a,
        "odds ratio": lambda: (b / (1 - b)) / (a / (1 - a)),
        "risk ratio": lambda: b / a,
        "risk difference": lambda: b - a,
        "difference of probits": lambda: special.ndtri(b) - special.ndtri(a),
        "hazard ratio": lambda: np.log1p(-b) / np.log1p(-a),
        "rate ratio": lambda: b / a,
        "rate difference": lambda: b - a,
        "difference of inverse means": lambda: 1 / b - 1 / a,
    }[model.effect_measure]()
    table = model.effects()
    assert table.loc["sex[T.Male]", "estimate"] == pytest.approx(known, rel=1e-11, abs=1e-13)
    low, high = model.conf_int().loc["sex[T.Male]"]
    ends = np.exp([low, high]) if model.exponentiated else np.array([low, high])
    np.testing.assert_allclose(
        table.loc["sex[T.Male]", ["conf_low", "conf_high"]].astype(float), ends, rtol=1e-12
    )
    assert (model.family, model.link) == (family, link)
    named = f"{family} model" + ("" if link == LINKS_OF[family][0] else f" with {link} link")
    assert named in str(model)
    # Whatever the link: the delta method leads to one and the same variance of a mean.
    eta = model.linear_combination([[1, 0], [1, 1]])["std_error"].to_numpy()
    slope = np.abs(family_of(family, link).link.deriv(means))
    std_error = design.mean(outcome, by="sex").frame["std_error"].to_numpy()
    np.testing.assert_allclose(eta, slope * std_error, rtol=1e-9)


def test_every_family_and_link_has_a_measure():
    assert set(EFFECTS) == set(MODELS)


def test_poisson_models_of_0_and_1_give_risks(design):
    risks = design.glm("event ~ sex", "poisson")
    assert risks.effect_measure == "risk ratio" and risks.n_events == design.frame["event"].sum()
    assert design.glm("event ~ sex", "poisson", link="identity").effect_measure == "risk difference"
    rates = design.glm("event ~ sex", "poisson", offset=np.log(design.frame["years"]))
    assert rates.effect_measure == "rate ratio"
    assert design.glm("count ~ sex", "poisson").n_events is None


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.DomainWarning")
@pytest.mark.parametrize(("family", "link"), MODELS)
def test_coefficients_are_those_of_statsmodels(frame, design, family, link):
    outcome = OUTCOMES[family]
    x = pd.DataFrame({"one": 1.0, "male": (frame["sex"] == "Male") * 1.0, "late": frame["late"]})
    kind = family_of(family, link)
    start = [kind.link(np.average(frame[outcome], weights=frame["w"])), 0, 0]
    theirs = sm.GLM(frame[outcome], x, family=kind, var_weights=frame["w"] / frame["w"].mean()).fit(
        start_params=start, method="newton" if family == "gamma" else "IRLS", maxiter=500, tol=1e-13
    )
    model = design.fit(outcome, x, family, link=link)
    np.testing.assert_allclose(model.params, theirs.params, rtol=1e-6, atol=1e-8)
    assert model.iterations < 30


# Offsets.


def test_an_offset_is_a_column_whose_coefficient_is_1(frame, design):
    """By hand: a saturated Poisson model of rates has events over time at risk."""
    model = design.glm("count ~ sex", "poisson", offset=np.log(frame["years"]))
    rate = design.ratio("count", "years", by="sex").frame
    ours = model.linear_combination([[1, 0], [1, 1]])
    np.testing.assert_allclose(np.exp(ours["estimate"]), rate["estimate"], rtol=1e-12)
    np.testing.assert_allclose(ours["std_error"], rate["std_error"] / rate["estimate"], rtol=1e-10)
    assert model.effect_measure == "rate ratio"


@pytest.mark.parametrize(("family", "link"), [m for m in MODELS if m != ("binomial", "identity")])
@pytest.mark.parametrize("replicates", [False, True])
def test_a_covariate_in_the_offset_moves_its_coefficient_only(design, family, link, replicates):
    design = design.as_replicates("JKn") if replicates else design
    frame, outcome = design.frame, OUTCOMES[family]
    plain = design.glm(f"{outcome} ~ late + sex", family, link=link)
    by = 0.01
    moved = design.glm(f"{outcome} ~ late + sex", family, link=link, offset=by * frame["late"])
    expected = plain.params - pd.Series({"late": by}).reindex(plain.params.index, fill_value=0)
    np.testing.assert_allclose(moved.params, expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(moved.cov_params(), plain.cov_params(), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(moved.fittedvalues, plain.fittedvalues, rtol=1e-10)


@pytest.mark.parametrize(
    ("family", "link"), [("poisson", "log"), ("binomial", "log"), ("gamma", "identity")]
)
def test_likelihood_ratio_tests_know_the_offset(design, family, link):
    frame, outcome = design.frame, OUTCOMES[family]
    plain = design.glm(f"{outcome} ~ late + sex", family, link=link)
    offset = 0.01 * frame["late"]
    moved = design.glm(f"{outcome} ~ late + sex", family, link=link, offset=offset)
    ours, known = (likelihood_ratio_test(model, "sex") for model in (moved, plain))
    assert ours.statistic == pytest.approx(known.statistic, rel=1e-9)
    assert ours.pvalue == pytest.approx(known.pvalue, rel=1e-7)
    smaller = design.glm(f"{outcome} ~ late", family, link=link)
    with pytest.raises(InputError, match="not of the same rows, outcome and offset"):
        likelihood_ratio_test(moved, smaller)


@pytest.mark.parametrize("entry", ["formula", "matrix"])
def test_rows_without_an_offset_are_outside_the_domain(frame, entry):
    missing = (frame["h"] == 2) | (frame["years"] > 2.5)
    frame["log_years"] = np.log(frame["years"]).mask(missing)
    design = Design(frame, weights="w", strata="h", psu="c")
    x = pd.DataFrame({"Intercept": 1.0, "late": frame["late"]})

    def model_of(design, offset):
        if entry == "formula":
            return design.glm("count ~ late", "poisson", offset=offset)
        return design.fit("count", x, "poisson", offset=offset)

    ours = model_of(design, "log_years")
    domain = model_of(design.where(~missing), np.log(frame["years"]))
    np.testing.assert_allclose(ours.params, domain.params, rtol=1e-12)
    np.testing.assert_allclose(ours.cov_params(), domain.cov_params(), rtol=1e-12)
    assert (ours.nobs, ours.n_missing) == ((~missing).sum(), missing.sum())
    assert ours.df_design == domain.df_design == 3
    assert ours.offset is not None and ours.offset.isna().sum() == missing.sum()


# Margins, effects and interaction of any link.


@pytest.mark.parametrize("covariates", ["sampled", "fixed", "joint"])
@pytest.mark.parametrize(("family", "link"), MODELS)
def test_margins_of_a_saturated_model_are_the_means(design, family, link, covariates):
    formula, outcome = f"{OUTCOMES[family]} ~ sex", OUTCOMES[family]
    model = design.glm(formula, family, link=link)
    found = margins(model, design, formula, {"sex": ["Female", "Male"]}, covariates=covariates)
    means = design.mean(outcome, by="sex").frame
    np.testing.assert_allclose(found.params, means["estimate"], rtol=1e-10)
    np.testing.assert_allclose(found.bse, means["std_error"], rtol=1e-8)


@pytest.mark.parametrize(("family", "link"), [("poisson", "log"), ("gamma", "log")])
def test_margins_with_an_offset_are_at_each_rows_own(frame, family, link):
    frame.loc[::7, "years"] = np.nan
    design = Design(frame, weights="w", strata="h", psu="c").where("late == 0 or x < 1")
    formula, offset = f"{OUTCOMES[family]} ~ sex + x", np.log(frame["years"])
    model = design.glm(formula, family, link=link, offset=offset)
    found = margins(model, design, formula, {"sex": ["Female"]})
    b = model.params
    rows = frame.loc[model.fittedvalues.index]
    means = rows["years"] * np.exp(b["Intercept"] + b["x"] * rows["x"])
    assert found.params.iloc[0] == pytest.approx(np.average(means, weights=rows["w"]), rel=1e-12)
    x = pd.DataFrame({"Intercept": 1.0, "sex[T.Male]": 0.0, "x": rows["x"]}, index=rows.index)
    by_matrix = margins_of_matrices(model, design, {"Female": x})
    np.testing.assert_allclose(by_matrix.covariance, found.covariance, rtol=1e-10)
    slope = average_marginal_effects(model, design, formula, "x", covariates="fixed")
    average = np.average(model.fittedvalues, weights=rows["w"]) * b["x"]
    assert slope.params.iloc[0] == pytest.approx(average, rel=1e-9)


def test_interaction_takes_ratios_only(frame):
    frame["male"] = (frame["sex"] == "Male") * 1
    design = Design(frame, weights="w", strata="h", psu="c")
    for family, link in (("binomial", "identity"), ("binomial", "probit"), ("gaussian", None)):
        model = design.glm("event ~ male * late", family, link=link)
        with pytest.raises(InputError, match="no logarithms of ratios"):
            interaction(model, "male", "late", "male:late")
    risks = interaction(design.glm("event ~ male * late", "poisson"), "male", "late", "male:late")
    p = design.mean("event", by=["male", "late"]).frame["estimate"].to_numpy()
    expected = (p[3] - p[2] - p[1] + p[0]) / p[0]
    assert risks.measures.loc["RERI", "estimate"] == pytest.approx(expected, rel=1e-9)


# Laws.


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(30, 120))
    x = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 3, n)])
    return x, 10 ** rng.uniform(-1, 1, n), rng


@quick
@given(problems(), st.sampled_from([("gamma", "identity"), ("gamma", "inverse"), ("gamma", "log")]))
def test_the_outcomes_units_do_not_matter(problem, which):
    x, w, rng = problem
    y = np.exp(0.3 * x[:, 1]) * rng.gamma(2, 1, len(x))
    kind = family_of(*which)
    fits = []
    for unit in (1.0, 1e-9, 1e7):
        try:
            fits.append(fit_glm(unit * y, x, w, kind, ["one", "x", "z"]))
        except InputError:
            assume(False)
    for unit, fit in zip((1e-9, 1e7), fits[1:], strict=True):
        np.testing.assert_allclose(fit.fitted / unit, fits[0].fitted, rtol=1e-8)


@quick
@given(
    problems(),
    st.sampled_from([("binomial", "log"), ("binomial", "identity"), ("poisson", "identity")]),
)
def test_what_is_found_is_in_range_and_a_solution_and_what_is_refused_is_at_the_border(
    problem, which
):
    x, w, rng = problem
    p = np.clip(0.3 + 0.12 * x[:, 1], 0.02, 0.9)
    y = (rng.random(len(x)) < p) * 1.0 if which[0] == "binomial" else rng.poisson(3 * p) * 1.0
    assume(0 < y.sum() < len(y))
    response = Response(y, family_of(*which))
    try:
        fit = fit_glm(y, x, w, response.family, ["one", "x", "z"])
    except InputError as error:
        assert "border" in str(error) or "run away" in str(error)
        # Then the best of the means that keep a little away from the border touch what is left.
        assert _best_gap(response, x, w) < 1e-4
        return
    eta = x @ fit.params
    assert response.inside(eta)
    score, information = response.at(eta)
    size = np.sqrt((x**2).T @ (w * information))
    assert (np.abs(x.T @ (w * score)) / size).max() < 1e-8 * np.sqrt(w.sum())


def _best_gap(response, x, w):
    """Maximise the likelihood under a light barrier by BFGS; give the distance to the border."""
    from scipy import optimize

    light = dataclasses.replace(response, barrier=1e-7)
    level = float(response.family.link(np.average(response.y, weights=w)))

    def loss(b):
        eta = x @ b
        return light.deviance(eta, w) if response.inside(eta) else np.inf

    found = optimize.minimize(
        loss,
        [level, 0, 0],
        method="Nelder-Mead",
        options={"maxiter": 8000, "xatol": 1e-10, "fatol": 1e-13},
    )
    return response.gap(x @ found.x).min()


# What cannot be fitted is refused, with its columns.


def emptied(frame):
    """Nobody in a third category has the outcome."""
    frame["kind"] = np.where(frame["x"] > 0.8, "spared", frame["sex"])
    frame.loc[frame["kind"] == "spared", ["event", "count"]] = 0


def certain(frame):
    """Everybody in a third category has the outcome."""
    frame["kind"] = np.where(frame["x"] > 0.8, "doomed", frame["sex"])
    frame.loc[frame["kind"] == "doomed", "event"] = 1
    frame["kind"] = frame["kind"].str.upper()
    frame["kind"] = pd.Categorical(frame["kind"], ["MALE", "FEMALE", "DOOMED"])


def steep(frame):
    frame["event"] = (frame["x"] + 0.4 * frame["late"] > 0.3).astype(int)


NOTHING = {
    "logit": (emptied, "event ~ kind", "binomial", "logit", r"run away in 'kind\[T.spared\]'"),
    "probit": (emptied, "event ~ kind", "binomial", "probit", r"run away in 'kind\[T.spared\]'"),
    "cloglog": (emptied, "event ~ kind", "binomial", "cloglog", r"away in 'kind\[T.spared\]'"),
    "log": (emptied, "event ~ kind", "binomial", "log", r"run away in 'kind\[T.spared\]'"),
    "identity": (emptied, "event ~ kind", "binomial", "identity",
                 r"led there by 'kind\[T.spared\]'\n"),
    "poisson": (emptied, "count ~ kind", "poisson", "log", r"run away in 'kind\[T.spared\]'"),
    "rates": (emptied, "count ~ kind", "poisson", "identity",
              r"led there by 'kind\[T.spared\]'\n"),
    "all, logit": (certain, "event ~ kind", "binomial", "logit",
                   r"run away in 'kind\[T.DOOMED\]'"),
    "all, probit": (certain, "event ~ kind", "binomial", "probit",
                    r"run away in 'kind\[T.DOOMED\]'"),
    "all, cloglog": (certain, "event ~ kind", "binomial", "cloglog",
                     r"run away in 'kind\[T.DOOMED\]'"),
    "all, log": (certain, "event ~ kind", "binomial", "log",
                 r"border .* led there by 'kind\[T.DOOMED\]'"),
    "steep, log": (steep, "event ~ x + sex", "binomial", "log", r"border .* led there by 'x'\n"),
    "steep, identity": (steep, "event ~ x + sex", "binomial", "identity", "led there by 'x'"),
    "split, probit": (lambda f: f.update((f["x"] > 0.1).astype(int).rename("event")),
                      "event ~ x + late", "binomial", "probit", "run away in 'x'"),
    "no negative counts": (lambda f: None, "x ~ late", "poisson", "log", "must not be negative"),
    "no counts": (lambda f: f.insert(0, "k", 0), "k ~ late", "poisson", "log", "it is 0 in all"),
    "no zero costs": (lambda f: None, "event ~ late", "gamma", "log", "must be positive; it has 0"),
    "no ratio": (lambda f: f.insert(0, "k", -f["cost"]), "k ~ late", "gaussian", "log",
                 "not positive"),
    "unknown link": (lambda f: None, "event ~ late", "binomial", "inverse", "has no link 'inver"),
    "unknown family": (lambda f: None, "event ~ late", "quasi", None, "unknown family 'quasi'"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTHING)
@pytest.mark.filterwarnings("error")
def test_models_without_a_solution_are_refused(frame, case):
    change, formula, family, link, message = NOTHING[case]
    change(frame)
    design = Design(frame, weights="w", strata="h", psu="c")
    with pytest.raises(InputError, match=message):
        design.glm(formula, family, link=link)


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        ("nowhere", "no column 'nowhere'"),
        (np.zeros(3), r"the offset has shape \(3,\)"),
        (pd.Series(np.zeros(84), index=range(1, 85)), "the index of the offset"),
        ("zero_time", "infinite"),
        ("unknown", "missing in every row"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide")
def test_bad_offsets_are_refused(frame, offset, message):
    frame = frame.assign(zero_time=np.log(0.0 * frame["years"]), unknown=np.nan)
    design = Design(frame, weights="w", strata="h", psu="c")
    with pytest.raises(InputError, match=message):
        design.glm("count ~ late", "poisson", offset=offset)


def test_a_model_without_intercept_starts_inside_its_range(frame, design):
    x = pd.DataFrame({"male": (frame["sex"] == "Male") * 1.0, "late": frame["late"]})
    x["neither"] = ((x["male"] == 0) & (x["late"] == 0)) * 1.0
    model = design.fit("event", x, "binomial", link="log")
    assert model.fittedvalues.between(0, 1, inclusive="neither").all()
    score = frame["w"] * (frame["event"] - model.fittedvalues) / (1 - model.fittedvalues)
    assert np.abs(x.T @ score).max() < 1e-10 * frame["w"].sum()
    centred = pd.DataFrame({"x": frame["x"] - frame["x"].mean()})
    with pytest.raises(InputError, match="no coefficients keep every mean"):
        design.fit("cost", centred, "gamma", link="identity")


def test_a_replicate_without_a_solution_is_named(frame):
    """The events of a category are all in one PSU, which the jackknife leaves out."""
    only = (frame["h"] == 3) & (frame["c"] == 3)
    frame["kind"] = np.where(frame["x"] > 0.5, "rare", frame["sex"])
    frame.loc[frame["kind"] == "rare", "event"] = only[frame["kind"] == "rare"].astype(int)
    frame.loc[frame.index[only][:2], ["kind", "event"]] = ["rare", 1]
    frame.loc[frame.index[only][2:3], ["kind", "event"]] = ["rare", 0]
    design = Design(frame, weights="w", strata="h", psu="c").as_replicates("JKn")
    for link in ("log", "identity", "probit", "cloglog"):
        with pytest.raises(InputError, match=r"under replicate 7: .*T.rare"):
            design.glm("event ~ kind", "binomial", link=link)
