r"""Chi-square tests of tables of weighted counts: association of two variables, goodness of fit.

Pearson's :math:`X^2` of the weighted proportions, scaled to the number of rows, is distributed as
:math:`\sum_i \delta_i \chi^2_1`, with the generalised design effects :math:`\delta_i`: the
eigenvalues of the design's covariance of the contrasts under test over the one that a simple
random sample of as many rows would have.

References
----------
Rao JNK, Scott AJ (1984). On chi-squared tests for multiway contingency tables with cell
proportions estimated from survey data. Annals of Statistics 12:46-60.
Thomas DR, Rao JNK (1987). Small-sample comparisons of level and power for simple goodness-of-fit
statistics under cluster sampling. Journal of the American Statistical Association 82:630-636.
Koch GG, Freeman DH, Freeman JL (1975). Strategies in the multivariate analysis of data from
complex surveys. International Statistical Review 43:59-78 (the Wald test).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import linalg, sparse, stats

from analysis.errors import InputError
from analysis.survey.estimation import Fit
from analysis.survey.options import numbers, stated_df
from analysis.survey.printed import counted, on_degrees, p_value, statistic, table, values, wrapped
from analysis.survey.quadratic_forms import tail_probability
from analysis.survey.results import wald_statistic
from analysis.survey.sample import Sample

Statistic = Literal["F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"]
"""Test statistics, by their names in R's ``svychisq``."""

MOST_CELLS = 1000
"""A table of more cells was made of measurements, not of groups."""


@dataclass(frozen=True, eq=False, repr=False)
class ChiSquareTest:
    """A chi-square test of a table.

    Attributes
    ----------
    statistic : float
        What `pvalue` belongs to: Rao and Scott's F or chi-square, Wald's F, or Pearson's
        chi-square itself, for ``"lincom"`` and ``"saddlepoint"``.
    df_num, df_denom : float
        Its degrees of freedom, which under the second-order correction are not whole;
        `df_denom` is infinite for a chi-square. Of ``"lincom"`` and ``"saddlepoint"`` they are
        the number of `design_effects`, and d of `quadratic_forms.tail_probability`.
    pvalue : float
    kind : str
        The statistic by its name in R.
    pearson : float
        Pearson's chi-square of the weighted proportions and `nobs`, without correction.
    design_effects : array, shape (q,)
        Generalised design effects, largest first; all 1 in a simple random sample.
    counts, n : DataFrame, shape (R, C)
        Weighted counts, and rows of positive weight. One column for goodness of fit.
    expected : Series, shape (R,), or None
        Of a test of goodness of fit: the proportions under the hypothesis.
    df_design : float
        Degrees of freedom of the design among the rows used.
    nobs : int
        Rows used: in the domain, of positive weight, nothing missing.
    n_missing : int
        Rows of positive weight in the domain that a missing value puts outside it.
    dropped : dict of str to list
        Levels of each variable without a row, which are not in the table.
    """

    statistic: float
    df_num: float
    df_denom: float
    pvalue: float
    kind: str
    pearson: float
    design_effects: np.ndarray
    counts: pd.DataFrame
    n: pd.DataFrame
    df_design: float
    nobs: int
    n_missing: int
    expected: pd.Series | None = None
    dropped: dict[str, list] = field(default_factory=dict)

    def summary(self) -> str:
        """Describe the table and the test."""
        left_out = [
            f"no rows with {name} {', '.join(map(str, levels))}"
            for name, levels in self.dropped.items()
            if levels
        ]
        told = [
            f"{counted(self.nobs, 'row')}; {self.n_missing:,} more with missing values",
            *left_out,
            f"{self.kind} {statistic(self.statistic, self.df_denom, '.6g')} "
            f"{on_degrees(self.df_num, self.df_denom)}, {p_value(self.pvalue)}",
        ]
        if len(self.design_effects) and self.df_design > 0:
            told.append(
                f"Pearson's chi-square {self.pearson:.6g}; design effects "
                f"{values(self.design_effects)}"
            )
        lines = [line for each in told for line in wrapped(each)]
        return "\n".join(["Weighted counts", table(self.counts, ",.0f"), "", *lines])

    def __repr__(self) -> str:
        return self.summary()


@dataclass(frozen=True)
class Cells:
    """Weighted totals of the cells of a table, or their shares of the sum: an `Estimator`.

    Parameters
    ----------
    codes : int array, shape (m,)
        Cell of each row.
    names : list of k str
    shares : bool
    """

    codes: np.ndarray
    names: list[str]
    shares: bool

    def fit(self, weights: np.ndarray) -> Fit:
        """Estimate under weights."""
        estimate = self._of(weights[:, None])[0]
        scores = self._indicators.T.toarray()
        if self.shares:
            scores = (scores - estimate) / weights.sum()
        scores *= weights[:, None]
        return Fit(estimate, scores, np.eye(len(estimate)), np.empty(0), 1)

    def refit(
        self, weights: np.ndarray, params: np.ndarray, replicates: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Estimate anew under sets of weights."""
        return np.concatenate([self._of(block) for block in replicates])

    def _of(self, weights: np.ndarray) -> np.ndarray:
        totals = (self._indicators @ weights).T
        with np.errstate(divide="ignore", invalid="ignore"):  # a set that leaves the domain out
            return totals / totals.sum(axis=1, keepdims=True) if self.shares else totals

    @property
    def _indicators(self) -> Any:
        m = len(self.codes)
        ones, at = np.ones(m), (self.codes, np.arange(m))
        return sparse.csr_array((ones, at), shape=(len(self.names), m))


@dataclass(frozen=True)
class Table:
    """Rows of a domain in cells.

    Parameters
    ----------
    names : list of str
        The variables.
    levels : list of Index
        Of each, those with a row.
    codes : int array, shape (m,)
        Cell of each row used, the last variable's level changing fastest.
    rows, present : int array
        Positions of the rows used, and of those like them but for a weight of 0.
    n_missing : int
    dropped : dict of str to list
    """

    names: list[str]
    levels: list[pd.Index]
    codes: np.ndarray
    rows: np.ndarray
    present: np.ndarray
    n_missing: int
    dropped: dict[str, list]

    @property
    def shape(self) -> tuple[int, int]:
        """Levels of the rows and of the columns, of which there is one without a variable."""
        return len(self.levels[0]), len(self.levels[1]) if len(self.levels) > 1 else 1

    def estimate(self, sample: Sample, *, shares: bool) -> tuple[np.ndarray, np.ndarray]:
        """Estimate totals or shares of the cells, shape (k,), with their covariance."""
        names = [str(cell) for cell in range(math.prod(self.shape))]
        cells = Cells(self.codes, names, shares)
        fit = cells.fit(sample.weights[self.rows])
        return fit.params, sample._covariance_of(fit, cells, self.rows, self.present)

    def counted(self, sample: Sample, test: dict[str, Any]) -> ChiSquareTest:
        """Put the table to the numbers of a test."""
        columns = self.levels[1] if len(self.levels) > 1 else pd.Index(["count"])
        index = self.levels[0]
        index, columns = index.rename(self.names[0]), columns.rename((*self.names, None)[1])
        size = math.prod(self.shape)
        tables = [
            pd.DataFrame(cells.reshape(self.shape), index, columns)
            for cells in (
                np.bincount(self.codes, sample.weights[self.rows], minlength=size),
                np.bincount(self.codes, minlength=size),
            )
        ]
        return ChiSquareTest(
            counts=tables[0],
            n=tables[1],
            nobs=len(self.rows),
            n_missing=self.n_missing,
            dropped=self.dropped,
            **test,
        )


def cross_tabulate(sample: Sample, variables: list[Any], levels: Any = None) -> Table:
    """Sort the rows of the domain into the cells of variables.

    Parameters
    ----------
    sample : Sample
    variables : list of one or two columns or arrays
    levels : Index, optional
        Those of the only variable, of which some may have no row.

    Raises
    ------
    InputError
        If a row has a level that is not among `levels`, or the cells are too many.
    """
    labels = [sample._labels(variable) for variable in variables]
    names = [sample._name(variable) for variable in variables]
    complete = np.logical_and.reduce([each.notna().to_numpy() for each in labels])
    domain = sample._some_rows()
    rows = domain[complete[domain]]
    if not len(rows):
        raise InputError(f"every row of the domain lacks a value of '{names[0]}' or another")
    codes, found = np.zeros(len(rows), dtype=np.intp), []
    for name, each in zip(names, labels, strict=True):
        kept = _levels(each, rows) if levels is None else levels
        code = kept.get_indexer(pd.Index(each.iloc[rows]))
        if (code < 0).any():
            stranger = each.iloc[rows[code < 0][0]]
            raise InputError(
                f"'{name}' has the value {stranger!r}, for which no proportion is given",
                remedy="Give every level its proportion, or leave the rows out with where().",
            )
        found.append(kept)
        if math.prod(map(len, found)) > MOST_CELLS:
            raise InputError(
                f"'{name}' has {len(kept):,} levels: a table of more than {MOST_CELLS:,} cells",
                remedy="Is it a measurement? Cut it into groups.",
            )
        codes = codes * len(kept) + code
    return Table(
        names=names,
        levels=found,
        codes=codes,
        rows=rows,
        present=np.flatnonzero(sample._inside & complete),
        n_missing=len(domain) - len(rows),
        dropped={
            name: [level for level in _all_levels(each) if level not in kept]
            for name, each, kept in zip(names, labels, found, strict=True)
        },
    )


def _levels(labels: pd.Series, rows: np.ndarray) -> pd.Index:
    """List the levels that `rows` have: categories in their order, others sorted."""
    found = set(labels.iloc[rows].unique())
    return pd.Index([level for level in _all_levels(labels) if level in found])


def _all_levels(labels: pd.Series) -> list:
    if isinstance(labels.dtype, pd.CategoricalDtype):
        return list(labels.cat.categories)
    values = pd.Index(labels.dropna().unique())
    try:
        return list(values.sort_values())
    except TypeError as error:
        raise InputError(
            f"the levels of '{labels.name}' are of several kinds and have no order",
            remedy="Make them all text, or a categorical.",
        ) from error


def chi_square(
    sample: Sample, rows: Any, columns: Any, statistic: Statistic, df: float | None
) -> ChiSquareTest:
    """Test the association of two variables; parameters as for `Design.chi_square`."""
    _known(statistic)
    df = None if df is None else stated_df(df)
    table = cross_tabulate(sample, [rows, columns])
    for name, levels in zip(table.names, table.levels, strict=True):
        if len(levels) < 2:
            raise InputError(
                f"every row of the domain has the same value of '{name}', {levels[0]}: "
                "there is nothing to test"
            )
    df_design = float(sample._df(table.rows))
    shares, covariance = table.estimate(sample, shares=True)
    n, effects = len(table.rows), np.empty(0)
    grid = shares.reshape(table.shape)
    expected = np.outer(grid.sum(axis=1), grid.sum(axis=0))
    pearson = n * float(((grid - expected) ** 2 / expected).sum())
    if statistic in ("Wald", "adjWald"):
        test = _wald(sample, table, df_design if df is None else df, statistic == "adjWald")
    else:
        effects = _design_effects(shares, covariance, table, n)
        test = rao_scott(pearson, effects, df_design if df is None else df, statistic)
    common = {"kind": statistic, "pearson": pearson, "design_effects": effects}
    return table.counted(sample, test | common | {"df_design": df_design})


def goodness_of_fit(
    sample: Sample,
    x: Any,
    expected: Mapping[Any, float] | pd.Series,
    statistic: Statistic,
    df: float | None,
) -> ChiSquareTest:
    """Test that a variable has given proportions; parameters as for `Design.goodness_of_fit`."""
    _known(statistic)
    if statistic in ("Wald", "adjWald"):
        raise InputError(
            f"goodness of fit has no statistic '{statistic}'",
            remedy="Choose F, Chisq, lincom or saddlepoint.",
        )
    df = None if df is None else stated_df(df)
    given = _proportions(expected)
    if len(given) < 2 or not (np.isfinite(given).all() and (given > 0).all()):
        raise InputError("goodness of fit needs two or more proportions, all above 0")
    given = given / given.sum()
    table = cross_tabulate(sample, [x], pd.Index(given.index))
    totals, covariance = table.estimate(sample, shares=False)
    p, n, whole = given.to_numpy(), len(table.rows), totals.sum()
    under = whole * p
    distances = (totals - under) / np.sqrt(under)
    # Their derivatives in the totals, which the expected counts share in.
    jacobian = np.diag(1 / np.sqrt(under))
    jacobian -= ((totals + under) / (2 * under**1.5) * p)[:, None]
    spread = jacobian @ covariance @ jacobian.T * (n / whole)
    # The distances obey one equation, so that one eigenvalue is 0.
    effects = _eigenvalues(spread)[: len(p) - 1]
    pearson = float(distances @ distances) * n / whole
    df_design = float(sample._df(table.rows))
    test = rao_scott(pearson, effects, df_design if df is None else df, statistic)
    common = {"kind": statistic, "pearson": pearson, "design_effects": effects}
    common |= {"df_design": df_design, "expected": given.rename_axis(table.names[0])}
    return table.counted(sample, test | common)


def _proportions(expected: Any) -> pd.Series:
    if not isinstance(expected, Mapping | pd.Series):
        raise InputError(
            f"the proportions must be a mapping or a Series, not {type(expected).__name__}",
            remedy="For example {level: proportion, ...}.",
        )
    levels = pd.Index(list(expected.keys()), tupleize_cols=False)
    if not levels.is_unique:
        raise InputError(f"level {levels[levels.duplicated()][0]!r} is given two proportions")
    return pd.Series(
        numbers(
            list(expected.values) if isinstance(expected, pd.Series) else list(expected.values()),
            "the proportions",
        ),
        levels,
    )


def rao_scott(pearson: float, effects: np.ndarray, df: float, statistic: Statistic) -> dict:
    r"""Correct Pearson's chi-square for its design effects.

    With q effects of sum s and sum of squares t, and d degrees of freedom of the design:

    - ``"Chisq"``, first order: :math:`X^2 q / s` as chi-square on q;
    - ``"F"``, second order: :math:`X^2 / s` as F on :math:`d_0 = s^2 / t` and :math:`d_0 d`
      (Thomas & Rao 1987), a chi-square over its degrees of freedom if d is infinite;
    - ``"lincom"``, ``"saddlepoint"``: :math:`X^2` as the sum of chi-squares weighted by the
      effects, over :math:`\chi^2 / (d_0 d)` on :math:`d_0 d`, exactly and by Kuonen's equation.
    """
    total, q = effects.sum(), len(effects)
    if not total > 0:
        nothing = dict.fromkeys(("statistic", "df_num", "pvalue"), math.nan)
        return nothing | {"df_denom": float(df)}
    if statistic == "Chisq":
        value = pearson * q / total
        pvalue = float(stats.chi2.sf(value, q))
        return {"statistic": value, "df_num": float(q), "df_denom": math.inf, "pvalue": pvalue}
    count = float(total**2 / (effects @ effects))
    denominator = count * df
    if statistic == "F":
        pvalue = tail_probability(pearson, effects, denominator, "satterthwaite")
        value, degrees = pearson / total, count
    else:
        method: Any = "saddlepoint" if statistic == "saddlepoint" else "integration"
        pvalue = tail_probability(pearson, effects, denominator, method)
        value, degrees = pearson, float(q)
    return {"statistic": value, "df_num": degrees, "df_denom": denominator, "pvalue": pvalue}


def _known(statistic: str) -> None:
    if statistic not in get_args(Statistic):
        choices = ", ".join(get_args(Statistic))
        raise InputError(f"unknown statistic '{statistic}'", remedy=f"Choose from {choices}.")


def _design_effects(shares: np.ndarray, covariance: np.ndarray, table: Table, n: int) -> np.ndarray:
    """Find the eigenvalues of the design's covariance over that of a simple random sample.

    Both are of the contrasts of log shares that make up the interaction. As in R, and unlike
    Stata's ``null``, they are taken at the observed shares; a cell without rows is left out.
    """
    first, second = table.shape
    contrasts = np.kron(linalg.helmert(first), linalg.helmert(second)).T
    with np.errstate(divide="ignore"):
        inverse = np.where(shares > 0, 1 / shares, 0.0)
    scaled = contrasts * inverse[:, None]
    plain = contrasts.T @ scaled / n
    if np.linalg.matrix_rank(plain) < len(plain):
        empty = int((shares == 0).sum())
        raise InputError(
            f"the table of '{table.names[0]}' by '{table.names[1]}' cannot be tested: "
            f"{empty} of its {len(shares)} cells have no rows",
            remedy="Merge levels.",
        )
    return _eigenvalues(scaled.T @ covariance @ scaled, plain)


def _eigenvalues(spread: np.ndarray, plain: np.ndarray | None = None) -> np.ndarray:
    """Give eigenvalues of a covariance (over another), largest first; NaN where it has any."""
    if not np.isfinite(spread).all():
        return np.full(len(spread), np.nan)
    values = linalg.eigh((spread + spread.T) / 2, plain, eigvals_only=True)[::-1]
    return np.maximum(values, 0.0)


def _wald(sample: Sample, table: Table, df: float, adjusted: bool) -> dict[str, float]:
    """Test that observed less expected counts are zero, but for a row and a column of them."""
    totals, covariance = table.estimate(sample, shares=False)
    first, second = table.shape
    grid, whole = totals.reshape(table.shape), totals.sum()
    by_row, by_column = grid.sum(axis=1), grid.sum(axis=0)
    in_row = np.kron(np.eye(first), np.ones((second, second)))
    in_column = np.kron(np.ones((first, first)), np.eye(second))
    expected = np.outer(by_row, by_column).ravel() / whole
    jacobian = np.eye(len(totals)) + (expected / whole)[:, None]
    jacobian -= np.tile(by_column, first)[:, None] / whole * in_row
    jacobian -= np.repeat(by_row, second)[:, None] / whole * in_column
    tested = np.arange(len(totals)).reshape(table.shape)[1:, 1:].ravel()
    spread = (jacobian @ covariance @ jacobian.T)[np.ix_(tested, tested)]
    q = len(tested)
    remedy = "Use the statistic F, which needs no inverse, or merge levels."
    wald = wald_statistic((totals - expected)[tested], spread, remedy)
    denominator = df - q + 1 if adjusted else df
    scale = denominator / df if adjusted and not math.isinf(df) else 1.0
    value, pvalue = math.nan if adjusted else wald / q, math.nan
    if denominator > 0:
        value = wald / q * scale
        pvalue = float(
            stats.chi2.sf(wald, q) if math.isinf(df) else stats.f.sf(value, q, denominator)
        )
    return {"statistic": value, "df_num": float(q), "df_denom": denominator, "pvalue": pvalue}
