"""Multiple imputation by chained equations (fully conditional specification).

Each variable with missing values is drawn in turn from its distribution given all others
(`conditional`), until what is drawn no longer depends on where it began; every set of imputed
values is the end of a chain of its own. `rubin` makes one estimate of those from all sets.

The imputation model has to hold what the analysis holds, its outcome among it, and the design:
strata and PSUs with an effect each, and the weight as a column (Reiter, Raghunathan & Kinney 2006).

``statsmodels.imputation.mice`` does not do it: its variables are numbers that are matched (a
category's indicators would be drawn one by one), its formulas would take the PSUs as columns in
every regression, it draws from NumPy's global state, and it pools with Rubin's large-sample degrees
of freedom.

References
----------
van Buuren S (2018). Flexible Imputation of Missing Data, 2nd ed. CRC Press, sections 4.5 and 6.
Reiter JP, Raghunathan TE, Kinney SK (2006). The importance of modeling the sampling design in
multiple imputation for missing data. Survey Methodology 32:143-149.
Gelman A, Rubin DB (1992). Inference from iterative simulation using multiple sequences. Statistical
Science 7:457-472.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import InputError
from analysis.survey.conditional import CategoryLogit, Conditional, MatchedMean, Rows, Target

SWEEPS = 10
"""Rounds of a chain (van Buuren 2018, section 4.5.2: 5 to 20)."""
DONORS = 5
"""Donors that a missing value is drawn from (van Buuren 2018, section 3.4.3)."""
SCOUTING = 2
"""Rounds of the chain that goes before all others, from which logits take where to begin."""
SCOUT = 2**32 - 1
"""Number of that chain."""
COLLINEAR = 1e-8
"""A column of which the columns before it leave a smaller part of its sum of squares goes out."""

Shape = Callable[[np.ndarray], np.ndarray]
"""From values, shape (n,), to further columns that predict the other variables, shape (n, k)."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of the imputation model, in the order of the sorted rows.

    Attributes
    ----------
    name : str
    values : array, shape (n,)
        Numbers, or codes of categories (those that are observed, from 0).
    observed : bool array, shape (n,)
    labels : array or None
        Categories by code; None for numbers.
    shape : callable or None
        See `Shape`.
    """

    name: str
    values: np.ndarray
    observed: np.ndarray
    labels: np.ndarray | None
    shape: Shape | None

    def columns(self, values: np.ndarray) -> np.ndarray:
        """Give the columns by which values predict other variables, shape (n, k)."""
        if self.labels is not None:
            return (values[:, None] == np.arange(1, len(self.labels))).astype(float)
        if self.shape is None:
            return values[:, None]
        return np.column_stack([values, self.shape(values)])


@dataclass(frozen=True, eq=False)
class Part:
    """An incomplete variable, its place among the columns and its conditional distribution."""

    variable: Variable
    missing: np.ndarray
    columns: np.ndarray
    kept: np.ndarray
    model: Conditional | None


@dataclass(frozen=True, eq=False)
class Chains:
    """What all chains share: the complete columns, and how each incomplete one is drawn."""

    base: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    parts: tuple[Part, ...]
    seed: int
    sweeps: int

    def run(self, number: int) -> tuple[list[np.ndarray], np.ndarray]:
        """Run the chain of one set.

        Returns
        -------
        values : list of array
            Imputed values (or codes) of each incomplete variable.
        trace : array, shape (sweeps, variables, 2)
            Mean and standard deviation of the imputed values after each sweep.
        """
        rng, z, memory = self._begin(number)
        trace = np.zeros((self.sweeps, len(self.parts), 2))
        values: list[np.ndarray] = [np.empty(0)] * len(self.parts)
        for sweep in range(self.sweeps):
            for j, part in enumerate(self.parts):
                if part.model is None:  # one category only
                    values[j] = np.zeros(len(part.missing), dtype=np.intp)
                else:
                    values[j] = part.model.draw(z, rng, memory)
                self._place(z, part, values[j])
                trace[sweep, j] = values[j].mean(), values[j].std()
        return values, trace

    def scout(self) -> None:
        """Run a short chain from whose columns the conditional models take what they share."""
        rng, z, memory = self._begin(SCOUT)
        for _ in range(SCOUTING):
            memory.clear()
            for part in self.parts:
                if part.model is not None:
                    part.model.anchor(z)
                    self._place(z, part, part.model.draw(z, rng, memory))

    def _begin(self, number: int) -> tuple[np.random.Generator, np.ndarray, dict]:
        """Fill every gap with a value observed in someone drawn at random."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number,)))
        z = self.base.copy()
        for part in self.parts:
            known = part.variable.values[part.variable.observed]
            self._place(z, part, rng.choice(known, len(part.missing)))
        return rng, z, {}

    def _place(self, z: np.ndarray, part: Part, values: np.ndarray) -> None:
        found = part.variable.columns(values)[:, part.kept]
        at = part.columns
        z[part.missing[:, None], at] = (found - self.centre[at]) / self.scale[at]


@dataclass(frozen=True, eq=False, repr=False)
class Imputations:
    """Imputed sets.

    Attributes
    ----------
    frame : DataFrame
        As it was given.
    sets : int
        How many imputed sets there are.
    values : dict of str to array, shape (sets, missing)
        Imputed values of each incomplete variable in the order of the frame's rows; codes of
        `labels` for a category.
    labels : dict of str to array
        Categories by code.
    trace : dict of str to array, shape (sets, sweeps, 2)
        Mean and standard deviation of the imputed values (of categories: of codes) by sweep.
    left_out : tuple of str
        Variables of whose columns some were left out of the imputation model, since the columns
        before them, or the groups, told them already.
    """

    frame: pd.DataFrame
    values: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]
    trace: Mapping[str, np.ndarray]
    left_out: tuple[str, ...]
    sets: int
    chains: Chains
    order: np.ndarray
    jobs: int

    @property
    def sweeps(self) -> int:
        """How many rounds each chain made."""
        return self.chains.sweeps

    def filled(self, number: int) -> dict[str, pd.Series]:
        """Give the columns that had gaps, filled from set `number`, counted from 0."""
        if not 0 <= number < self.sets:
            raise InputError(f"there is no set {number}: they are counted 0 to {self.sets - 1}")
        filled = {}
        for name, drawn in self.values.items():
            column, values = self.frame[name].copy(), drawn[number]
            column[column.isna()] = self.labels[name][values] if name in self.labels else values
            filled[name] = column
        return filled

    def completed(self, number: int) -> pd.DataFrame:
        """Give the frame with the gaps filled from set `number`, counted from 0."""
        return self.frame.assign(**self.filled(number))

    def extended(self, sets: int) -> Imputations:
        """Give `sets` sets: these, and further ones from chains of the same seed."""
        if sets <= self.sets:
            return self
        return _run(self, range(self.sets, sets))

    def convergence(self) -> pd.DataFrame:
        """Say whether the chains have forgotten where they began.

        Returns
        -------
        DataFrame
            A row a variable: ``drift``, how far the mean of the imputed values in the last sweep
            lies from that halfway, over all sets, in standard deviations of the imputed values;
            ``drift_error``, the standard error of that; ``r_hat``, the potential scale reduction of
            the chains' means (Gelman & Rubin 1992) over the second half of the sweeps (above 1.1:
            take more sweeps).
        """
        rows = {}
        for name, trace in self.trace.items():
            means, spread = trace[:, :, 0], trace[:, -1, 1].mean() or 1.0
            late = means[:, means.shape[1] // 2 :]
            moved = (means[:, -1] - means[:, means.shape[1] // 2 - 1]) / spread
            rows[name] = {
                "drift": moved.mean(),
                "drift_error": moved.std(ddof=1) / np.sqrt(len(moved)) if len(moved) > 1 else 0.0,
                "r_hat": _scale_reduction(late),
            }
        return pd.DataFrame.from_dict(rows, orient="index")

    def __repr__(self) -> str:
        gaps = ", ".join(f"{name} {drawn.shape[1]:,}" for name, drawn in self.values.items())
        return f"{self.sets} imputed sets, {self.sweeps} sweeps each: {gaps or 'nothing missing'}"


def impute(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    sets: int,
    seed: int,
    groups: Sequence | np.ndarray | pd.Series | None = None,
    shapes: Mapping[str, Shape] | None = None,
    sweeps: int = SWEEPS,
    donors: int = DONORS,
    jobs: int = 1,
) -> Imputations:
    """Impute missing values by chained equations.

    Parameters
    ----------
    frame : DataFrame, n rows
        The people under study (not those outside the domain).
    columns : sequence of str
        Variables of the imputation model, with missing values or without. Numbers are matched on
        their predicted mean, categories (of the categorical dtype) and booleans drawn from a
        multinomial logit. Let the outcome and the log weight be among them.
    sets : int
        How many imputed sets.
    seed : int
        Of the random numbers. Each set has its own, so that more sets leave the first as they are,
        and any number of `jobs` gives the same.
    groups : array, shape (n,), optional
        Labels, none missing, with an effect each: PSUs within strata (which contain the strata).
    shapes : dict of str to callable, optional
        What else of a number predicts other variables, such as the curved columns of a spline: made
        anew of the imputed values (passive imputation, van Buuren 2018, section 6.4).
    sweeps, donors : int
    jobs : int, default 1
        Threads.

    Returns
    -------
    Imputations

    Raises
    ------
    InputError
        If a column is missing from the frame or in everyone, or is neither a number nor a category;
        groups are missing; a number is not at least 1 (sweeps: 2); there are too few values to
        predict from.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=200)
    >>> frame = pd.DataFrame({"x": x, "y": x + rng.normal(size=200)})
    >>> frame.loc[::4, "x"] = np.nan
    >>> made = impute(frame, ["x", "y"], sets=5, seed=2013)
    >>> made
    5 imputed sets, 10 sweeps each: x 50
    >>> int(made.completed(0)["x"].isna().sum())
    0
    """
    _check(frame, columns, sets=sets, sweeps=sweeps, donors=donors, jobs=jobs)
    codes = np.zeros(len(frame), dtype=np.intp)
    if groups is not None:
        codes = pd.factorize(np.asarray(groups), sort=True)[0]
        if len(codes) != len(frame) or (codes < 0).any():
            raise InputError(f"groups must be {len(frame):,} labels, none of them missing")
    order = np.argsort(codes, kind="stable")
    given = dict(shapes or {})
    variables = [_variable(frame[name], order, given.get(name)) for name in columns]
    changing = ~np.logical_and.reduce([variable.observed for variable in variables])
    group = codes[order]
    starts = np.flatnonzero(np.append(True, np.diff(group) > 0)) if len(group) else group
    chains, left_out = _chains(variables, Rows(group, starts, changing), seed, sweeps, donors)
    chains.scout()
    empty = Imputations(
        frame=frame,
        values={part.variable.name: np.empty((0, len(part.missing))) for part in chains.parts},
        labels={v.name: v.labels for v in variables if v.labels is not None},
        trace={part.variable.name: np.empty((0, sweeps, 2)) for part in chains.parts},
        left_out=left_out,
        sets=0,
        chains=chains,
        order=order,
        jobs=jobs,
    )
    return _run(empty, range(sets))


def _run(made: Imputations, numbers: range) -> Imputations:
    """Run further chains, in as many threads as were asked for, and put them behind the others."""
    if made.jobs == 1:
        found = [made.chains.run(number) for number in numbers]
    else:
        with ThreadPoolExecutor(made.jobs) as threads:
            found = list(threads.map(made.chains.run, numbers))
    values, trace = dict(made.values), dict(made.trace)
    for j, part in enumerate(made.chains.parts):
        name = part.variable.name
        back = np.argsort(made.order[part.missing], kind="stable")
        more = np.array([drawn[j][back] for drawn, _ in found])
        values[name] = np.concatenate([values[name].astype(more.dtype), more])
        trace[name] = np.concatenate([trace[name], [moments[:, j] for _, moments in found]])
    return replace(made, values=values, trace=trace, sets=made.sets + len(numbers))


def _check(frame: pd.DataFrame, columns: Sequence[str], **counts: int) -> None:
    for name, number in counts.items():
        least = 2 if name == "sweeps" else 1
        if not isinstance(number, int | np.integer) or number < least:
            raise InputError(f"{name} must be a whole number of at least {least}, not {number!r}")
    unknown = [name for name in columns if name not in frame]
    if unknown or not len(columns):
        what = f"no column '{unknown[0]}' to impute from" if unknown else "no columns to impute"
        raise InputError(what, remedy=f"Of: {', '.join(map(str, frame.columns))}")
    if len(set(columns)) < len(columns):
        raise InputError("a column is named twice in the imputation model")


def _variable(column: pd.Series, order: np.ndarray, shape: Shape | None) -> Variable:
    """Take a column as numbers or as codes of the categories that are observed."""
    name = str(column.name)
    if column.isna().all():
        raise InputError(f"every value of '{name}' is missing", remedy="Leave it out.")
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column):
        category = column.astype("category").cat.remove_unused_categories()
        codes = category.cat.codes.to_numpy().astype(np.intp)[order]
        return Variable(name, codes, codes >= 0, category.cat.categories.to_numpy(), shape)
    if not pd.api.types.is_numeric_dtype(column):
        raise InputError(
            f"'{name}' is neither of numbers nor of categories",
            remedy="Give it the categorical dtype.",
        )
    values = column.to_numpy(float, na_value=np.nan)[order]
    if np.isinf(values).any():
        raise InputError(f"'{name}' has infinite values")
    return Variable(name, values, ~np.isnan(values), None, shape)


def _chains(
    variables: Sequence[Variable], rows: Rows, seed: int, sweeps: int, donors: int
) -> tuple[Chains, tuple[str, ...]]:
    """Lay all columns side by side, standardised, without those that others tell already."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(SCOUT, 0)))
    blocks, owners = [], []
    for j, variable in enumerate(variables):
        values = variable.values.copy()
        gaps = ~variable.observed
        values[gaps] = rng.choice(variable.values[variable.observed], int(gaps.sum()))
        blocks.append(variable.columns(values))
        owners += [j] * blocks[-1].shape[1]
    z, owner = np.column_stack(blocks), np.array(owners)
    centre, scale = z.mean(axis=0), z.std(axis=0)
    z = (z - centre) / np.where(scale > 0, scale, 1.0)
    kept = _independent(z, rows)
    left_out = tuple(dict.fromkeys(variables[j].name for j in owner[~kept].tolist()))
    z, centre, scale = np.ascontiguousarray(z[:, kept]), centre[kept], scale[kept]
    within = [kept[owner == j] for j in range(len(variables))]
    owner = owner[kept]
    parts = []
    for j, variable in enumerate(variables):
        missing = np.flatnonzero(~variable.observed)
        if len(missing):
            others = np.flatnonzero(owner != j)
            target = Target(variable.name, variable.values, variable.observed, others)
            model: Conditional | None = None
            if variable.labels is None:
                model = MatchedMean(target, rows, z, donors)
            elif len(variable.labels) > 1:
                model = CategoryLogit(target, rows, len(variable.labels))
            at = np.flatnonzero(owner == j)
            parts.append(Part(variable, missing, at, np.flatnonzero(within[j]), model))
    # Those that lack least come first, and are there when those that lack more are drawn.
    parts.sort(key=lambda part: len(part.missing))
    return Chains(z, centre, scale, tuple(parts), seed, sweeps), left_out


def _independent(z: np.ndarray, rows: Rows) -> np.ndarray:
    """Say which columns neither the groups nor the columns before them determine."""
    counts = np.diff(np.append(rows.starts, len(z)))
    sums = np.add.reduceat(z, rows.starts, axis=0) / np.sqrt(counts)[:, None]
    total, left = z.T @ z, z.T @ z - sums.T @ sums
    kept: list[int] = []
    for j in range(z.shape[1]):
        rest = left[j, j]
        if kept:
            rest -= left[j, kept] @ np.linalg.solve(left[np.ix_(kept, kept)], left[kept, j])
        if rest > COLLINEAR * total[j, j]:
            kept.append(j)
    return np.isin(np.arange(z.shape[1]), kept)


def _scale_reduction(means: np.ndarray) -> float:
    """Give the potential scale reduction of chains, shape (chains, sweeps)."""
    chains, length = means.shape
    if chains < 2 or length < 2:
        return np.nan
    within = means.var(axis=1, ddof=1).mean()
    between = means.mean(axis=1).var(ddof=1)
    return float(np.sqrt((length - 1) / length + between / within)) if within > 0 else 1.0
