"""Laws of chi-square, t, rank and likelihood ratio tests, and what they refuse."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.discrete.discrete_model import MNLogit
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.tools import add_constant

from analysis.errors import InputError
from analysis.survey import Design, likelihood_ratio_test, tail_probability
from analysis.survey.location import rank_scores

SAME = {"rtol": 1e-8, "atol": 1e-12}  # sums in another order, and what cancels in them
EXACT = 1e-10  # the quadrature's own promise is 1e-12
quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


class TestTailProbability:
    @pytest.mark.parametrize("df", [math.inf, 1, 2.5, 14, 300])
    @pytest.mark.parametrize("count", [1, 2, 5, 12])
    @pytest.mark.parametrize("part", [1e-4, 0.3, 1.0, 1.0 + 1e-9, 4.0, 60.0])
    @pytest.mark.parametrize("method", ["integration", "satterthwaite"])
    def test_equal_weights_give_chi_square_and_f(self, df, count, part, method):
        q = 3.0 * count * part
        ours = tail_probability(q, [3.0] * count, df, method)
        by_f = stats.chi2.sf(q / 3, count) if df == math.inf else stats.f.sf(part, count, df)
        assert ours == pytest.approx(by_f, rel=EXACT, abs=0)

    @pytest.mark.parametrize("q", [0.01, 0.5, 3.0, 20.0, 200.0])
    def test_pairs_give_a_sum_of_exponentials(self, q):
        rates = 1 / (2 * np.array([1.0, 0.4, 0.1]))
        parts = [math.exp(-r * q) * np.prod([o / (o - r) for o in rates if o != r]) for r in rates]
        ours = tail_probability(q, [1, 1, 0.4, 0.4, 0.1, 0.1], method="integration")
        assert ours == pytest.approx(sum(parts), rel=EXACT, abs=0)

    @pytest.mark.parametrize(("q", "published"), [(0.1, 0.9458), (0.7, 0.5064), (2.0, 0.1240)])
    def test_imhof_1961_table_1(self, q, published):
        assert round(tail_probability(q, [0.6, 0.3, 0.1], method="integration"), 4) == published

    @pytest.mark.parametrize("df", [math.inf, 9.5])
    @pytest.mark.parametrize("q", [0.05, 1.0, 1.4, 6.0, 30.0])
    def test_the_saddlepoint_is_near(self, q, df):
        weights = [0.9, 0.4, 0.1]
        exact = tail_probability(q, weights, df, "integration")
        assert tail_probability(q, weights, df) == pytest.approx(exact, rel=0.12)

    @pytest.mark.parametrize("df", [math.inf, 9.5])
    def test_the_saddlepoint_passes_smoothly_through_the_mean(self, df):
        weights = [1.0, 0.4, 0.1]
        steps = sum(weights) + np.array([-3e-4, -1e-4, -1e-6, 0.0, 1e-6, 1e-4, 3e-4])
        tails = np.array([tail_probability(q, weights, df) for q in steps])
        slopes = np.diff(tails) / np.diff(steps)
        np.testing.assert_allclose(slopes, slopes.mean(), rtol=2e-3)

    @quick
    @given(
        weights=st.lists(st.floats(0.01, 50), min_size=1, max_size=6),
        part=st.floats(0.01, 20),
        df=st.sampled_from([math.inf, 3.0, 17.5]),
        factor=st.floats(1e-3, 1e3),
    )
    @pytest.mark.parametrize("method", ["saddlepoint", "satterthwaite", "integration"])
    def test_scale_and_order_of_weights_and_zeros_change_nothing(
        self, method, weights, part, df, factor
    ):
        q = part * sum(weights)
        scaled = [factor * each for each in reversed(weights)] + [0.0]
        assert tail_probability(q, weights, df, method) == pytest.approx(
            tail_probability(factor * q, scaled, df, method), rel=1e-7, abs=1e-300
        )

    @pytest.mark.parametrize("bad", [([], 1), ([0.0], 1), ([math.nan], 1), ([1], math.nan)])
    def test_without_weights_there_is_no_tail(self, bad):
        assert math.isnan(tail_probability(bad[1], bad[0]))

    def test_ends(self):
        assert tail_probability(0, [1, 2]) == 1
        assert tail_probability(math.inf, [1, 2], 5) == 0
        with pytest.raises(InputError, match="negative weights"):
            tail_probability(1, [1, -0.1])
        with pytest.raises(InputError, match="unknown approximation 'exact'"):
            tail_probability(1, [1], method="exact")


@st.composite
def samples(draw):
    """Samples of 3 to 5 strata of 2 to 4 PSUs with groups, ties and weights of 0."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=3, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = np.array([(h, c) for h, size in enumerate(sizes) for c in range(size)])
    rows = units[np.concatenate([np.arange(len(units)), rng.integers(len(units), size=90)])]
    n = len(rows)
    return pd.DataFrame(
        {
            "h": rows[:, 0],
            "c": rows[:, 1],
            "w": 10 ** rng.uniform(-1, 1, n) * (rng.random(n) > draw(st.sampled_from([0, 0.2]))),
            "y": np.round(rng.normal(size=n), 1),
            "x": rng.normal(size=n),
            "two": rng.choice(["a", "b"], n),
            "three": rng.choice(["p", "q", "r"], n),
            "inside": rng.random(n) < 0.8,
        }
    )


def design_of(frame, **options):
    return Design(frame, **({"weights": "w", "strata": "h", "psu": "c"} | options))


def everything(design):
    """One vector of what all tests say."""
    tables = [design.chi_square("two", "three", kind) for kind in ("F", "Chisq", "lincom", "Wald")]
    shares = {"p": 0.3, "q": 0.3, "r": 0.4}
    tables.append(design.goodness_of_fit("three", shares))
    found = [[t.statistic, t.df_num, t.pvalue, t.pearson, t.nobs] for t in tables]
    ranks = [
        design.rank_test("y", by, test)
        for by in ("two", "three")
        for test in ("wilcoxon", "vanderWaerden", "median")
    ]
    found += [[abs(r.statistic), r.df_denom, r.pvalue] for r in ranks]
    pairs = [design.t_test("y", "two"), design.t_test("y", paired="x")]
    found += [[t.estimate, t.statistic, t.pvalue, t.conf_low] for t in pairs]
    ratio = likelihood_ratio_test(design.glm("y ~ x + three"), "three")
    found.append([ratio.statistic, ratio.pvalue, *ratio.design_effects])
    return np.concatenate([np.array(each, dtype=float) for each in found])


def varied(frame):
    used = frame[frame["w"] > 0]
    return used.groupby(["two", "three"]).size().size == 6 and (
        used.groupby("two")["y"].nunique().min() > 2
    )


@pytest.mark.parametrize("kind", ["linearised", "JKn"])
class TestInvariance:
    def of(self, frame, kind):
        design = design_of(frame)
        return everything(design if kind == "linearised" else design.as_replicates(kind))

    @quick
    @given(frame=samples())
    def test_order_scale_and_labels(self, kind, frame):
        assume(varied(frame))
        expected = self.of(frame, kind)
        changed = frame.sample(frac=1, random_state=1).assign(
            w=lambda f: f["w"] * 37,
            h=lambda f: f["h"].map(lambda label: f"stratum {9 - label}"),
            c=lambda f: -f["c"],
        )
        np.testing.assert_allclose(self.of(changed, kind), expected, **SAME)

    @quick
    @given(frame=samples())
    def test_domain_is_zero_weights(self, kind, frame):
        assume(varied(frame[frame["inside"]]))
        whole = design_of(frame)
        zeroed = design_of(frame.assign(w=frame["w"] * frame["inside"]))
        if kind != "linearised":
            whole, zeroed = whole.as_replicates(kind), zeroed.as_replicates(kind)
        np.testing.assert_allclose(everything(whole.where("inside")), everything(zeroed), **SAME)

    @quick
    @given(frame=samples())
    def test_missing_is_a_domain(self, kind, frame):
        assume(varied(frame[frame["inside"]]))
        lacking = frame.assign(
            two=frame["two"].where(frame["inside"]), y=frame["y"].where(frame["inside"])
        )
        designs = [design_of(each) for each in (lacking, frame)]
        if kind != "linearised":
            designs = [design.as_replicates(kind) for design in designs]
        narrow = designs[1].where("inside")
        for ask in (
            lambda design: design.chi_square("two", "three"),
            lambda design: design.rank_test("y", "three"),
            lambda design: design.t_test("y", "two"),
        ):
            ours, theirs = ask(designs[0]), ask(narrow)
            assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-9)
            assert theirs.n_missing == 0
            assert ours.n_missing == int((~frame["inside"] & (frame["w"] > 0)).sum())

    @quick
    @given(frame=samples())
    def test_names_of_levels_and_their_order(self, kind, frame):
        assume(varied(frame))
        renamed = frame.assign(
            two=frame["two"].map({"a": "z", "b": "b"}),
            three=pd.Categorical(frame["three"], ["r", "unused", "p", "q"]),
        )
        ours, theirs = self.of(renamed, kind), self.of(frame, kind)
        difference = 5 * 5 + 6 * 3  # the second group less the first
        theirs[[difference, difference + 1]] *= -1
        ours[difference + 3] = theirs[difference + 3]
        np.testing.assert_allclose(ours, theirs, **SAME)


@pytest.fixture
def plain():
    """A simple random sample with equal weights."""
    rng = np.random.default_rng(8)
    n = 400
    return pd.DataFrame(
        {
            "w": 50.0,
            "y": np.round(rng.normal(size=n), 1),
            "z": rng.normal(size=n),
            "a": rng.choice(["u", "v", "w"], n),
            "b": rng.choice(["s", "t"], n),
        }
    )


class TestSimpleRandomSample:
    """What everybody knows, up to the n / (n - 1) of the design's variance."""

    def test_chi_square_is_pearsons(self, plain):
        ours = Design(plain, "w").chi_square("a", "b", "Chisq")
        table = pd.crosstab(plain["a"], plain["b"])
        theirs = stats.chi2_contingency(table, correction=False)
        assert ours.pearson == pytest.approx(theirs.statistic, rel=1e-12)
        np.testing.assert_allclose(ours.n, table)
        np.testing.assert_allclose(ours.counts, 50 * table)
        np.testing.assert_allclose(ours.design_effects, 1, rtol=0.05)
        assert ours.pvalue == pytest.approx(theirs.pvalue, rel=0.05)

    def test_goodness_of_fit_is_pearsons(self, plain):
        n = plain["a"].value_counts()
        ours = Design(plain, "w").goodness_of_fit("a", {"u": 30, "v": 30, "w": 40}, "Chisq")
        theirs = stats.chisquare(n[["u", "v", "w"]], [120, 120, 160])
        assert ours.pearson == pytest.approx(theirs.statistic, rel=1e-12)
        assert ours.expected.tolist() == [0.3, 0.3, 0.4]
        np.testing.assert_allclose(ours.design_effects, 1, atol=0.25)  # at the observed shares

    def test_t_is_welchs(self, plain):
        groups = [plain.loc[plain["b"] == level, "y"] for level in ("t", "s")]
        theirs = stats.ttest_ind(*groups, equal_var=False)
        ours = Design(plain, "w").t_test("y", "b")
        assert ours.statistic == pytest.approx(theirs.statistic, rel=0.005)
        assert list(ours.groups["n"]) == [len(groups[1]), len(groups[0])]
        np.testing.assert_allclose(ours.groups["mean"], [groups[1].mean(), groups[0].mean()])
        one = Design(plain, "w").t_test("y", null=0.1)
        assert one.statistic == pytest.approx(stats.ttest_1samp(plain["y"], 0.1).statistic)
        paired = Design(plain, "w").t_test("y", paired="z")
        assert paired.statistic == pytest.approx(stats.ttest_rel(plain["y"], plain["z"]).statistic)

    def test_ranks_are_mid_ranks(self, plain):
        score = rank_scores(plain["y"].to_numpy(), plain["w"].to_numpy(), "wilcoxon")
        np.testing.assert_allclose(score, (stats.rankdata(plain["y"]) - 0.5) / len(plain))
        theirs = stats.kruskal(*(part for _, part in plain.groupby("a")["y"]))
        ours = Design(plain, "w").rank_test("y", "a")
        assert 2 * ours.statistic == pytest.approx(theirs.statistic, rel=0.05)


class TestRanks:
    @quick
    @given(frame=samples(), part=st.floats(0.01, 0.99))
    @pytest.mark.parametrize("test", ["wilcoxon", "vanderWaerden", "median"])
    def test_a_row_may_be_split_in_two(self, test, frame, part):
        assume(varied(frame))
        twice = pd.concat(
            [frame.assign(w=part * frame["w"]), frame.assign(w=(1 - part) * frame["w"])]
        )
        ours = design_of(twice.reset_index(drop=True)).rank_test("y", "three", test)
        theirs = design_of(frame).rank_test("y", "three", test)
        assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-8)

    @quick
    @given(frame=samples())
    def test_only_the_order_counts(self, frame):
        assume(varied(frame))
        ours = design_of(frame.assign(y=np.exp(3 * frame["y"]))).rank_test("y", "two")
        assert ours.statistic == design_of(frame).rank_test("y", "two").statistic


class TestLikelihoodRatio:
    @quick
    @given(frame=samples())
    def test_is_walds_for_one_coefficient_of_a_straight_line(self, frame):
        assume(varied(frame))
        model = design_of(frame).glm("y ~ x + two")
        ratio = likelihood_ratio_test(model, "x", approximation="integration")
        wald = model.wald_test("x")
        assert ratio.statistic / ratio.design_effects[0] == pytest.approx(wald.statistic, rel=1e-7)
        assert ratio.pvalue == pytest.approx(wald.pvalue, rel=1e-7)

    @quick
    @given(frame=samples())
    def test_a_line_within_another_basis(self, frame):
        assume(varied(frame))
        design = design_of(frame)
        model = design.glm("y ~ x + I(x**2) + I(x**3)")
        other = design.glm("y ~ I(x + x**2) + I(1e4 * x - x**3) + I(x**2 - 3 * x**3)")
        line = design.glm("y ~ x")
        by_name = likelihood_ratio_test(model, ["I(x ** 2)", "I(x ** 3)"])
        for method in ("LRT", "WorkingWald"):
            by_model = likelihood_ratio_test(other, line, method=method)
            assert by_model.statistic == pytest.approx(by_name.statistic, rel=1e-6)
            np.testing.assert_allclose(by_model.design_effects, by_name.design_effects, rtol=1e-6)
            assert by_model.pvalue == pytest.approx(by_name.pvalue, rel=1e-6)

    @quick
    @given(frame=samples())
    @pytest.mark.parametrize("kind", ["multinomial", "ordinal"])
    def test_of_two_categories_is_that_of_a_logit(self, kind, frame):
        assume(varied(frame))
        design = design_of(frame.assign(above=(frame["y"] > 0) * 1))
        theirs = likelihood_ratio_test(design.glm("above ~ x + three", "binomial"), "three")
        model = getattr(design, kind)("above ~ x + three")
        for what in ("three", list(model.terms["three"])):
            ours = likelihood_ratio_test(model, what)
            assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-7, abs=1e-10)
            np.testing.assert_allclose(ours.design_effects, theirs.design_effects, rtol=1e-7)
            assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-7)

    def test_of_a_gamma_model_is_that_of_statsmodels_without_a_design(self, plain):
        plain = plain.assign(cost=np.exp(plain["y"] + 0.2 * plain["z"]))
        model = Design(plain, "w").glm("cost ~ z + b", "gamma", link="log")
        family = families.Gamma(families.links.Log())
        x = add_constant(pd.DataFrame({"b": (plain["b"] == "t") * 1.0, "z": plain["z"]}))
        large, small = (
            GLM(plain["cost"], x[columns], family).fit(tol=1e-14, maxiter=200, scale=1.0)
            for columns in (["const", "b", "z"], ["const", "b"])
        )
        ours = likelihood_ratio_test(model, "z")
        assert ours.statistic == pytest.approx(small.deviance - large.deviance, rel=1e-8)
        effect = model.covariance.loc["z", "z"] / large.cov_params().loc["z", "z"]
        assert ours.design_effects[0] == pytest.approx(effect, rel=1e-8)

    def test_of_several_categories_is_that_of_statsmodels_without_a_design(self, plain):
        design = Design(plain, "w")
        x = pd.DataFrame({"z": plain["z"], "y": plain["y"]})
        large, small = (MNLogit(plain["a"], add_constant(each)).fit(disp=0, tol=1e-12)
                        for each in (x, x[["y"]]))  # fmt: skip
        model = design.multinomial("a ~ z + y")
        ours = likelihood_ratio_test(model, "z")
        assert ours.statistic == pytest.approx(2 * (large.llf - small.llf), rel=1e-7)
        rows = [1, 4]
        naive = large.cov_params().to_numpy()[np.ix_(rows, rows)]
        v = model.covariance.loc[model.terms["z"], model.terms["z"]].to_numpy()
        effects = np.sort(np.linalg.eigvals(np.linalg.solve(naive, v)))[::-1]
        np.testing.assert_allclose(ours.design_effects, effects, rtol=1e-7)

    def test_of_ordered_categories_is_that_of_statsmodels_without_a_design(self, plain):
        ordered = plain.assign(a=pd.Categorical(plain["a"], ["u", "v", "w"], ordered=True))
        model = Design(ordered, "w").ordinal("a ~ z + y")
        large, small = (
            OrderedModel(ordered["a"], ordered[columns], distr="logit").fit(
                method="bfgs", disp=0, gtol=1e-9
            )
            for columns in (["z", "y"], ["y"])
        )
        ours = likelihood_ratio_test(model, "z")
        assert ours.statistic == pytest.approx(2 * (large.llf - small.llf), rel=1e-5)
        effect = model.covariance.loc["z", "z"] / large.cov_params().loc["z", "z"]
        # Its Hessian is by differences.
        assert ours.design_effects[0] == pytest.approx(effect, rel=1e-4)

    def test_more_terms_than_degrees_of_freedom(self, frame):
        rng = np.random.default_rng(1)
        frame = frame.assign(many=rng.choice(list("abcdefgh"), len(frame)))
        design = Design(frame, "w", "h", "c")
        model = design.glm("y ~ many")
        with pytest.raises(InputError, match="singular"):
            model.wald_test("many")
        ratio = likelihood_ratio_test(model, "many")
        assert 0 < ratio.pvalue < 1
        assert (ratio.design_effects > 1e-9 * ratio.design_effects[0]).sum() == design.df


def refusals():
    design = "design"
    yield design, lambda d: d.chi_square("sex", "h", "G"), "unknown statistic 'G'"
    yield design, lambda d: d.where("sex == 'Male'").chi_square("sex", "h"), "same value of 'sex'"
    yield design, lambda d: d.chi_square("x", "y"), "'y' has 84 levels"
    yield design, lambda d: d.goodness_of_fit("sex", {"Male": 1.0}), "two or more"
    yield design, lambda d: d.goodness_of_fit("sex", {"Male": 1, "x": 1}), "'sex' has the value"
    yield design, lambda d: d.goodness_of_fit("sex", {"Male": 1, "Female": 0}), "above 0"
    yield design, lambda d: d.goodness_of_fit("sex", {"Male": 1, "Female": 1}, "Wald"), "Wald"
    yield design, lambda d: d.goodness_of_fit("sex", ["Male", "Female"]), "a mapping or a Series"
    yield design, lambda d: d.goodness_of_fit("sex", {"Male": "a", "Female": 1}), "of numbers"
    yield (
        design,
        lambda d: d.goodness_of_fit("sex", pd.Series([1, 2, 1], ["Male", "Male", "Female"])),
        "'Male' is given two",
    )
    yield design, lambda d: d.chi_square("sex", "h", df="residual"), "df must be of numbers"
    yield design, lambda d: d.chi_square("sex", "h", df=-1), "must be above 0"
    yield design, lambda d: d.t_test("y", "sex", df=None), "df must be a number"
    yield design, lambda d: d.t_test("y", null="0"), "null must be of numbers"
    yield design, lambda d: d.t_test("y", "sex", alpha=95), "alpha must lie"
    yield design, lambda d: d.t_test("y", "h"), "'h' has 3 in the domain: 1, 2, 3"
    yield design, lambda d: d.t_test("y", "sex", paired="x"), "of pairs or of groups"
    yield design, lambda d: d.t_test("y", "sex", df="Satterthwaite"), "unknown rule"
    yield design, lambda d: d.rank_test("y", "sex", "signed"), "unknown rank test 'signed'"
    yield design, lambda d: d.where("h == 1").rank_test("y", "h"), "nothing to compare"
    yield design, lambda d: d.rank_test("nothing", "sex"), "lacks a value of 'nothing'"
    yield design, lambda d: tail_probability("1", [1]), "must be of numbers"
    model = "model"
    yield model, lambda m: m.conf_int(95), "alpha must lie"
    yield model, lambda m: likelihood_ratio_test(m, "x", df="design"), "df must be of numbers"
    yield model, lambda m: likelihood_ratio_test(m, "z"), "no (term|estimate)|'z'"
    yield model, lambda m: likelihood_ratio_test(m, [[0, 1]]), "of terms, columns or a smaller"
    yield model, lambda m: likelihood_ratio_test(m, m), "it is no smaller"
    yield model, lambda m: likelihood_ratio_test(m, ["Intercept", "x"]), "leave a column"
    yield model, lambda m: likelihood_ratio_test(m, "x", method="Score"), "unknown method"
    yield (
        model,
        lambda m: likelihood_ratio_test(m, m.source.design.glm("y ~ sex")),
        "'sex.*' is not",
    )
    yield (
        model,
        lambda m: likelihood_ratio_test(m, m.source.design.where("h < 3").glm("y ~ 1")),
        "84 rows of 'y' and 48",
    )
    yield (
        model,
        lambda m: likelihood_ratio_test(m, m.source.design.glm("y ~ 1", offset="w")),
        "rows, outcome and offset",
    )
    yield (
        model,
        lambda m: likelihood_ratio_test(m, m.source.design.glm("event ~ 1", "binomial")),
        "of one family",
    )
    yield (
        design,
        lambda d: likelihood_ratio_test(d.coxph("y + x", "w", "event"), d.coxph("y", "w", "event")),
        "of one family",
    )


@pytest.mark.parametrize(("kind", "ask", "message"), list(refusals()))
def test_refusals(frame, kind, ask, message):
    design = Design(frame.assign(nothing=np.nan), "w", "h", "c")
    with pytest.raises(InputError, match=message):
        ask(design if kind == "design" else design.glm("y ~ x"))


@pytest.mark.parametrize("by", [None, "sex"])
def test_what_does_not_vary_differs_by_nothing(frame, by):
    """Not by what rounding leaves, over a standard error of 0."""
    same = np.full(len(frame), 0.1)
    test = Design(frame, "w", "h", "c").t_test(same, by, null=0.0 if by else 0.1)
    assert test.estimate == (0 if by else 0.1) and test.std_error == 0
    assert np.isnan(test.statistic) and np.isnan(test.pvalue)


@pytest.mark.parametrize("method", ["saddlepoint", "integration", "satterthwaite"])
@pytest.mark.parametrize("df", [math.inf, 15.0, 0.5])
def test_next_to_nothing_is_exceeded_for_certain(method, df):
    """A table that fits but for rounding: Pearson's chi-square is then near 1e-30."""
    for power in range(16, 320, 3):
        assert tail_probability(10.0**-power, [1, 0.5], df, method) == pytest.approx(1, abs=1e-13)


def test_levels_without_rows_are_named(frame):
    frame["sex"] = pd.Categorical(frame["sex"], ["Other", "Male", "Female"])
    frame.loc[frame["h"] == 2, "w"] = 0.0
    found = Design(frame, "w", "h", "c").chi_square("sex", "h")
    assert found.dropped == {"sex": ["Other"], "h": [2]}
    assert list(found.n.index) == ["Male", "Female"]
    assert found.nobs == 60
    assert "no rows with sex Other" in str(found)


def test_a_model_that_kept_nothing(frame):
    model = dataclasses.replace(Design(frame, "w", "h", "c").glm("y ~ x"), source=None)
    with pytest.raises(InputError, match="has not kept"):
        likelihood_ratio_test(model, "x")
