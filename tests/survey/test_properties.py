"""Laws that hold for every sample and every estimator.

A new estimator is a line of `ESTIMATORS`, and all laws are asked of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.survey import ChiSquareTest, Design, Estimates, ModelResults, RankTest, TTest

# Sums in another order, and what cancels in them, beside the largest of the numbers compared.
SAME = 1e-9
# The step of the infinitesimal jackknife, and what it leaves: its error is of the step's order,
# for weights over six orders times what a PSU may weigh in its domain.
STEP, SMOOTH = 1e-6, 1e-3

quick = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # a smaller seed is no simpler a sample
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@dataclass(frozen=True)
class Case:
    """An estimator under the laws.

    Attributes
    ----------
    ask : callable
        ``ask(design, formula)``; only models have use for the formula, a right-hand side.
    scaled : bool
        Whether the estimate is multiplied with the weights, as a total is.
    smooth : bool
        Whether its linearised variance is the limit of the jackknife's, as a quantile's is not.
    """

    ask: Callable[[Design, str], Any]
    scaled: bool = False
    smooth: bool = True


RIGHT = "x + C(group)"


def model(outcome: str, *, canonical: bool = True, **options: Any) -> Case:
    """Give the case of a generalised linear model of an outcome.

    Under a link that is not canonical the variance has the expected information, as R's, which
    is not what the jackknife tends to.
    """
    return Case(
        lambda design, right: design.glm(f"{outcome} ~ {right}", **options), smooth=canonical
    )


STANDARD = {"a": 2, "b": 1, "c": 3}
DESCRIPTIVE = {
    "mean": Case(lambda d, _: d.mean(["y", "x"])),
    "mean by group": Case(lambda d, _: d.mean("y", by="group")),
    "total": Case(lambda d, _: d.total("y"), scaled=True),
    "ratio": Case(lambda d, _: d.ratio("y", "z")),
    "variance": Case(lambda d, _: d.variance("y")),
    "std": Case(lambda d, _: d.std("y")),
    "geometric mean": Case(lambda d, _: d.geometric_mean("z")),
    "standardised mean": Case(lambda d, _: d.standardised("y", "group", STANDARD)),
    "standardised proportion": Case(
        lambda d, _: d.standardised("event", "group", STANDARD, statistic="proportion")
    ),
    "design effect": Case(lambda d, _: d.mean("y", deff="replace")),
    "proportion, logit": Case(lambda d, _: d.proportion("event")),
    "proportion, beta": Case(lambda d, _: d.proportion("event", interval="beta")),
    "proportion, wald": Case(lambda d, _: d.proportion("event", interval="wald")),
    "proportion, nchs": Case(lambda d, _: d.proportion("event", interval="nchs")),
    "quantile": Case(lambda d, _: d.quantile("y", [0.25, 0.5]), smooth=False),
    "quantile, school": Case(lambda d, _: d.quantile("y", 0.5, rule="school"), smooth=False),
}
TESTS = {
    "chi-square": Case(lambda d, _: d.chi_square("group", "event")),
    "chi-square, Wald": Case(lambda d, _: d.chi_square("group", "event", "adjWald"), smooth=False),
    "goodness of fit": Case(lambda d, _: d.goodness_of_fit("group", STANDARD)),
    "t": Case(lambda d, _: d.t_test("y", "event")),
    "t, paired": Case(lambda d, _: d.t_test("y", paired="z")),
    "ranks": Case(lambda d, _: d.rank_test("y", "group", "KruskalWallis"), smooth=False),
}
MODELS = {
    "gaussian": model("y"),
    "gaussian, residual df": model("y", df="residual"),
    "binomial": model("event", family="binomial"),
    "binomial, log": model("rare", family="binomial", link="log", canonical=False),
    "binomial, probit": model("event", family="binomial", link="probit", canonical=False),
    "poisson": model("grade", family="poisson"),
    "poisson, offset": model("grade", family="poisson", offset="z"),
    "gamma": model("z", family="gamma"),
    "gamma, log": model("z", family="gamma", link="log", canonical=False),
    "multinomial": Case(lambda d, right: d.multinomial(f"grade ~ {right}")),
    "ordinal": Case(lambda d, right: d.ordinal(f"grade ~ {right}")),
    "quantile regression": Case(
        lambda d, right: d.as_replicates("JKn").quantile_regression(f"y ~ {right}"), smooth=False
    ),
    "cox": Case(lambda d, right: d.coxph(right, "months", "event")),
    "cox, breslow": Case(
        lambda d, right: d.coxph(right, "months", "event", entry="z", strata="sex", ties="breslow")
    ),
}
ESTIMATORS = DESCRIPTIVE | TESTS | MODELS


@st.composite
def samples(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a sample of 3 to 5 strata of 2 to 4 PSUs, weights over two or six orders, some 0."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=3, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = np.array([(h, c) for h, size in enumerate(sizes) for c in range(size)])
    rows = units[np.concatenate([np.arange(len(units)), rng.integers(len(units), size=80)])]
    n = len(rows)
    x = rng.normal(size=n)
    orders = draw(st.sampled_from([1, 3]))
    weights = 10 ** rng.uniform(-orders, orders, n) * (
        rng.random(n) > draw(st.sampled_from([0, 0.2]))
    )
    return pd.DataFrame(
        {
            "h": rows[:, 0],
            "c": rows[:, 1],
            "w": weights,
            "x": x,
            "y": x + rng.normal(size=n) + 3,
            "event": (rng.random(n) < 0.5).astype(int),
            "grade": rng.integers(1, 4, n),
            "rare": (rng.random(n) < 0.2).astype(int),
            "months": np.ceil(rng.exponential(8, n)) + 2,
            "sex": rng.choice(["female", "male"], n),
            "z": rng.uniform(1, 2, n),
            "group": rng.choice(["a", "b", "c"], n),
            "inside": rng.random(n) < 0.7,
        }
    )


def design_of(frame: pd.DataFrame, **options: Any) -> Design:
    return Design(frame, **({"weights": "w", "strata": "h", "psu": "c"} | options))


NOT_NUMBERS = str | list | tuple | dict | pd.DataFrame | pd.Series


def numbers(result: Any) -> dict[str, np.ndarray]:
    """Give what a result says, name by name."""
    if isinstance(result, Estimates):
        kept = result.frame.select_dtypes("number")
        return {name: kept[name].to_numpy(float) for name in kept}
    if isinstance(result, ChiSquareTest | TTest | RankTest):
        kept = {f.name: getattr(result, f.name) for f in fields(result)}
        values = {
            n: np.asarray(v, float) for n, v in kept.items() if not isinstance(v, NOT_NUMBERS)
        }
        return values
    assert isinstance(result, ModelResults)
    return {
        "params": result.params.to_numpy(),
        "bse": result.bse.to_numpy(),
        "limits": result.conf_int().to_numpy(),
        "p": result.pvalues.to_numpy(),
        "df": np.array([result.df_resid, result.df_design, result.nobs]),
    }


def estimate_of(result: Any) -> tuple[np.ndarray, np.ndarray]:
    """Give estimates and standard errors."""
    if isinstance(result, Estimates):
        return tuple(result.frame[c].to_numpy(float) for c in ("estimate", "std_error"))
    if isinstance(result, TTest):
        return np.array([result.estimate]), np.array([result.std_error])
    if isinstance(result, ChiSquareTest):
        return np.array([result.pearson]), result.design_effects
    return result.params.to_numpy(), result.bse.to_numpy()


def asked(case: Case, design: Design, right: str = RIGHT) -> Any:
    """Ask, or give the sample up: separated and singular samples are no concern here."""
    try:
        return case.ask(design, right)
    except InputError:
        assume(False)


def wald(fitted: ModelResults, term: str) -> Any:
    """Test a term, or give the sample up if the design has fewer degrees of freedom."""
    assume(len(fitted.terms[term]) <= fitted.df_design)
    return fitted.wald_test(term)


def assert_same(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        size = np.max(np.abs(values), initial=0.0, where=np.isfinite(values))
        np.testing.assert_allclose(theirs[name], values, rtol=SAME, atol=SAME * size, err_msg=name)


every = pytest.mark.parametrize("case", ESTIMATORS.values(), ids=list(ESTIMATORS))
every_model = pytest.mark.parametrize("case", MODELS.values(), ids=list(MODELS))


@every
@quick
@given(frame=samples(), factor=st.sampled_from([2.0**-40, 2.0**20]))
def test_the_scale_of_the_weights_does_not_matter(case, frame, factor):
    # A power of two, so that a quantile's ties stay ties.
    ours = numbers(asked(case, design_of(frame)))
    scaled = numbers(case.ask(design_of(frame.assign(w=frame["w"] * factor)), RIGHT))
    if case.scaled:
        for name in ("estimate", "std_error", "conf_low", "conf_high"):
            ours[name] = ours[name] * factor
    assert_same(ours, scaled)


@every
@quick
@given(frame=samples(), seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(case, frame, seed):
    ours = numbers(asked(case, design_of(frame)))
    mixed = frame.sample(frac=1, random_state=seed)
    assert_same(ours, numbers(case.ask(design_of(mixed), RIGHT)))


@every
@quick
@given(frame=samples())
def test_labels_of_strata_and_psus_do_not_matter(case, frame):
    ours = numbers(asked(case, design_of(frame)))
    renamed = frame.assign(
        h=frame["h"].map(lambda h: f"stratum {9 - h}"),
        c=[("p", "q", "r", "s")[c] for c in frame["c"]],
    )
    assert_same(ours, numbers(case.ask(design_of(renamed), RIGHT)))
    unnested = frame.assign(c=frame["h"] * 100 + frame["c"])
    assert_same(ours, numbers(case.ask(design_of(unnested, nest=False), RIGHT)))


@every
@quick
@given(frame=samples())
def test_a_domain_of_everyone_is_no_domain(case, frame):
    design = design_of(frame)
    ours = numbers(asked(case, design))
    whole = numbers(case.ask(design.where(np.ones(len(frame), dtype=bool)), RIGHT))
    for name, values in ours.items():
        np.testing.assert_array_equal(whole[name], values, err_msg=name)


@every
@quick
@given(frame=samples())
def test_a_domain_is_the_same_as_zero_weights_outside_it(case, frame):
    ours = numbers(asked(case, design_of(frame).where("inside")))
    zeroed = frame.assign(w=frame["w"].where(frame["inside"], 0.0))
    theirs = numbers(case.ask(design_of(zeroed), RIGHT))
    if case is ESTIMATORS["proportion, beta"]:  # counts rows of weight 0 in its n, as R does
        for table in (ours, theirs):
            table.pop("conf_low"), table.pop("conf_high")
    assert_same(ours, theirs)


@every
@quick
@given(frame=samples())
def test_a_missing_value_puts_its_row_outside_the_domain(case, frame):
    ours = numbers(asked(case, design_of(frame).where("inside")))
    lacking = frame.assign(
        **{name: frame[name].where(frame["inside"]) for name in ("x", "y", "z", "event", "group")}
    )
    theirs = numbers(case.ask(design_of(lacking), RIGHT))
    for table in (ours, theirs):
        table.pop("missing", None), table.pop("n_missing", None)
    assert_same(ours, theirs)


@pytest.mark.parametrize(
    "case", [c for c in ESTIMATORS.values() if c.smooth],
    ids=[name for name, c in ESTIMATORS.items() if c.smooth],
)  # fmt: skip
@quick
@given(frame=samples())
def test_the_linearised_variance_is_the_limit_of_the_jackknife(case, frame):
    """Jaeckel's infinitesimal jackknife: each PSU is left out by one part in a million.

    What is linearised by formula is thereby held against estimates alone, whatever the estimator.
    """
    frame = frame.assign(w=10 ** (np.log10(frame["w"].where(frame["w"] > 0)) / 3)).fillna({"w": 0})
    _, ours = estimate_of(asked(case, design_of(frame)))
    sizes = frame.groupby("h")["c"].nunique()
    units = frame[["h", "c"]].drop_duplicates().to_numpy()
    factors = {
        f"r{j}": np.where(
            frame["h"] != h, 1.0,
            np.where(frame["c"] == c, 1 - STEP, 1 + STEP / (sizes[h] - 1)),
        )
        for j, (h, c) in enumerate(units)
    }  # fmt: skip
    jackknife = Design(
        pd.concat([frame, pd.DataFrame(factors)], axis=1),
        weights="w", replicates="r", method="JKn", combined=False, mse=True,
        scale=1 / STEP**2, rscales=[(sizes[h] - 1) / sizes[h] for h, _ in units],
    )  # fmt: skip
    _, theirs = estimate_of(case.ask(jackknife, RIGHT))
    np.testing.assert_allclose(theirs, ours, rtol=SMOOTH, atol=1e-7)


@quick
@given(frame=samples(), name=st.sampled_from(["y", "event"]))
def test_the_jackknife_of_a_total_is_its_linearised_variance(frame, name):
    design = design_of(frame)
    ours, theirs = (d.total(name).only["std_error"] for d in (design, design.as_replicates("JKn")))
    assert theirs == pytest.approx(ours, rel=1e-10)


@quick
@given(frame=samples(), name=st.sampled_from(["y", "event"]))
def test_the_jackknife_of_a_mean_is_its_linearised_variance(frame, name):
    """Where the PSUs of a stratum weigh the same a mean is a total over a constant."""
    weight = frame.groupby(["h", "c"])["w"].transform("sum")
    assume((weight > 0).all())
    design = design_of(frame.assign(w=frame["w"] / weight * (1 + frame["h"])))
    ours, theirs = (d.mean(name).only["std_error"] for d in (design, design.as_replicates("JKn")))
    assert theirs == pytest.approx(ours, rel=1e-10)


@pytest.mark.parametrize("by", ["group", ["group", "inside"]], ids=["one", "two"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda d, **by: d.mean("y", **by),
        lambda d, **by: d.total("y", **by),
        lambda d, **by: d.proportion("event", interval="beta", **by),
        lambda d, **by: d.quantile("y", [0.3, 0.5], **by),
        lambda d, **by: d.variance("x", **by),
        lambda d, **by: d.ratio("y", "z", **by),
    ],
    ids=["mean", "total", "proportion", "quantile", "variance", "ratio"],
)
@quick
@given(frame=samples())
def test_groups_are_domains(ask, by, frame):
    design = design_of(frame)
    together = ask(design, by=by).frame
    names = [by] if isinstance(by, str) else by
    for group, rows in together.groupby(names):
        alone = ask(design.where((frame[names] == list(group)).all(axis=1))).frame
        pd.testing.assert_frame_equal(
            rows.drop(columns=names).reset_index(drop=True), alone, check_exact=True
        )


@quick
@given(frame=samples())
def test_a_proportion_is_the_mean_of_0_and_1_and_the_intercept_of_a_model(frame):
    assume(frame.loc[frame["w"] > 0, "event"].nunique() == 2)
    design = design_of(frame)
    mean = design.mean("event").only
    share = design.proportion("event", interval="wald").only
    columns = ["estimate", "std_error", "conf_low", "conf_high", "df"]
    np.testing.assert_allclose(
        share[columns].astype(float), mean[columns].astype(float), rtol=1e-13
    )
    logit = design.glm("event ~ 1", family="binomial")
    p = mean["estimate"]
    assert logit.params["Intercept"] == pytest.approx(np.log(p / (1 - p)), rel=1e-9, abs=1e-12)
    limits = 1 / (1 + np.exp(-logit.conf_int().loc["Intercept"]))
    interval = design.proportion("event").only[["conf_low", "conf_high"]].astype(float)
    np.testing.assert_allclose(interval, limits, rtol=1e-8)


@pytest.mark.parametrize(
    ("ask", "power"),
    [
        (lambda d: d.mean("y"), 1), (lambda d: d.total("y"), 1), (lambda d: d.std("y"), 1),
        (lambda d: d.variance("y"), 2), (lambda d: d.ratio("y", "z"), 1),
        (lambda d: d.quantile("y", 0.4), 1), (lambda d: d.glm("y ~ x + C(group)"), 1),
    ],
    ids=["mean", "total", "std", "variance", "ratio", "quantile", "gaussian"],
)  # fmt: skip
@quick
@given(frame=samples(), scale=st.floats(1e-3, 1e3))
def test_estimates_have_the_units_of_what_they_describe(ask, power, frame, scale):
    ours = estimate_of(asked(Case(lambda d, _: ask(d)), design_of(frame)))
    scaled = estimate_of(ask(design_of(frame.assign(y=scale * frame["y"]))))
    for mine, theirs in zip(ours, scaled, strict=True):
        np.testing.assert_allclose(theirs, mine * scale**power, rtol=1e-8, atol=1e-10 * scale)


@every_model
@quick
@given(frame=samples(), scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_units_of_a_covariate_do_not_matter(case, frame, scale, shift):
    ours = asked(case, design_of(frame))
    theirs = case.ask(design_of(frame.assign(x=scale * frame["x"] + shift)), RIGHT)
    for term in ("x", "C(group)"):
        one, other = wald(ours, term), wald(theirs, term)
        assert other.statistic == pytest.approx(one.statistic, rel=1e-7)
        assert other.pvalue == pytest.approx(one.pvalue, rel=1e-6, nan_ok=True)
    np.testing.assert_allclose(
        theirs.params[ours.terms["x"]] * scale, ours.params[ours.terms["x"]], rtol=1e-7, atol=1e-10
    )
    if hasattr(ours, "fittedvalues"):
        np.testing.assert_allclose(theirs.fittedvalues, ours.fittedvalues, rtol=1e-7, atol=1e-10)


@every_model
@quick
@given(frame=samples(), level=st.sampled_from(["b", "c"]))
def test_the_reference_level_does_not_matter(case, frame, level):
    ours = asked(case, design_of(frame))
    coded = f"C(group, Treatment(reference='{level}'))"
    theirs = case.ask(design_of(frame), f"x + {coded}")
    for one, other in (("x", "x"), ("C(group)", coded)):
        mine, again = wald(ours, one), wald(theirs, other)
        assert again.statistic == pytest.approx(mine.statistic, rel=1e-7)
        assert again.df_num == mine.df_num
    x = ours.terms["x"]
    np.testing.assert_allclose(theirs.params[x], ours.params[x], rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(theirs.bse[x], ours.bse[x], rtol=1e-7)
    if hasattr(ours, "fittedvalues"):
        np.testing.assert_allclose(theirs.fittedvalues, ours.fittedvalues, rtol=1e-7, atol=1e-10)
