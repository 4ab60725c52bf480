"""Tests of a sample's columns: chi-square tests of tables, t tests and rank tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.survey import location, tables
from analysis.survey.location import RankScore, RankTest, TTest
from analysis.survey.modelled import Modelled
from analysis.survey.results import DFRule
from analysis.survey.sample import Values
from analysis.survey.tables import ChiSquareTest, Statistic


class Tested(Modelled):
    """Tests that need no model's formula, of whatever has weights and a variance."""

    def chi_square(
        self,
        rows: Values,
        columns: Values,
        statistic: Statistic = "F",
        *,
        df: float | None = None,
    ) -> ChiSquareTest:
        r"""Test the association of two variables, with Rao and Scott's corrections.

        Parameters
        ----------
        rows, columns : column or array
            Groups. Rows in which either is missing are outside the domain; levels without a row
            are left out of the table, and listed in ``dropped``.
        statistic : {"F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"}
            As R's ``svychisq``. ``"F"`` and ``"Chisq"`` are Pearson's chi-square with Rao and
            Scott's second- and first-order correction, ``"lincom"`` and ``"saddlepoint"`` the same
            chi-square against the weighted sum of chi-squares that it has (exactly, and by
            Kuonen's approximation); see `tables.rao_scott`. ``"Wald"`` is Koch, Freeman and
            Freeman's F, ``"adjWald"`` the same with d - q + 1 degrees of freedom for its q
            contrasts, where d are the design's.
        df : float, optional
            Degrees of freedom instead of the design's; ``math.inf`` for large samples.

        Returns
        -------
        ChiSquareTest

        Raises
        ------
        InputError
            If a variable has fewer than two levels in the domain, too many cells are empty, or
            the contrasts of a Wald statistic have a singular covariance.

        Notes
        -----
        The design effects are taken at the observed proportions. Stata's ``svy: tabulate`` has the
        same F by default; SAS's SURVEYFREQ has it as ``CHISQ(SECONDORDER)``, its ``CHISQ`` being
        of first order. d are the PSUs less the strata, or the rank of the replicates less one,
        among the rows used. R's ``svychisq`` counts PSUs of weight 0, too; and with replicate
        weights its ``"lincom"`` and ``"saddlepoint"`` have infinite `df`.
        """
        return tables.chi_square(self, rows, columns, statistic, df)

    def goodness_of_fit(
        self,
        x: Values,
        expected: Mapping[Any, float] | pd.Series,
        statistic: Statistic = "F",
        *,
        df: float | None = None,
    ) -> ChiSquareTest:
        """Test that a variable has given proportions in the population.

        Parameters
        ----------
        x : column or array
            Rows in which it is missing are outside the domain.
        expected : mapping or Series
            Proportion of each level: of all that occur, and of those that might have. They are
            divided by their sum, so that they may be percentages or the counts of a standard
            population.
        statistic : {"F", "Chisq", "lincom", "saddlepoint"}
        df
            As for `chi_square`.

        Returns
        -------
        ChiSquareTest

        Raises
        ------
        InputError
            If a level has no proportion or two, or one is not above 0.

        Notes
        -----
        R's ``svygofchisq`` takes the same eigenvalues, and has the p value of ``"F"`` with
        ``df=math.inf``; its statistic is in numbers of the population, ours in rows.
        """
        return tables.goodness_of_fit(self, x, expected, statistic, df)

    def t_test(
        self,
        y: Values,
        by: Values | None = None,
        *,
        null: float = 0.0,
        paired: Values | None = None,
        df: DFRule | float = "design",
        alpha: float = 0.05,
    ) -> TTest:
        """Test a mean, a mean difference within pairs, or the difference of two groups' means.

        Parameters
        ----------
        y : column or array
        by : column or array, optional
            Two groups in the domain: the second's mean less the first's, by regression.
        null : float, default 0
            The mean, or the difference, under the hypothesis.
        paired : column or array, optional
            Of the same rows: the mean of `y` less it is tested.
        df : {"design", "residual"} or float
            Degrees of freedom: the design's in the domain; less one where there are two groups;
            or a number.
        alpha : float, default 0.05
            One minus the level of confidence.

        Returns
        -------
        TTest
            As R's ``svyttest``, whose degrees of freedom are the design's less one, also for one
            sample. Where all values are the same the standard error is 0, and the test of that
            value (of no difference between groups) is NaN.

        Raises
        ------
        InputError
            If the groups are not two, or `null`, `df` or `alpha` are not what they must be.
        """
        return location.t_test(self, y, by, null=null, paired=paired, df=df, alpha=alpha)

    def rank_test(
        self,
        y: Values,
        by: Values,
        test: RankScore = "wilcoxon",
        *,
        df: DFRule | float = "design",
    ) -> RankTest:
        """Test whether groups differ in the ranks of a value, estimated for the population.

        Parameters
        ----------
        y : column or array
        by : column or array
            Two groups or more.
        test : {"wilcoxon", "KruskalWallis", "vanderWaerden", "median"}
            Scores: the rank over the population's size (Wilcoxon's for two groups, Kruskal and
            Wallis's for any number); its normal quantile; whether it is above one half.
        df : {"design", "residual"} or float
            Degrees of freedom of the denominator: the design's in the domain; these less the
            groups but one, as R has them; or a number.

        Returns
        -------
        RankTest
            As R's ``svyranktest`` (Lumley & Scott 2013), but for ties; see
            `location.rank_scores`. Ranks count as known: that they are estimated changes the
            variance by nothing in large samples under the hypothesis.

        Raises
        ------
        InputError
            If there is one group only, or the groups cannot be tested together.
        """
        return location.rank_test(self, y, by, test, df)
