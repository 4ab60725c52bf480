"""Many models of the same columns: a specification curve, a scan over outcomes or exposures.

Columns, outcomes and domains are built and checked once, whatever the number of models that share
them. Each model is then fitted by the same code as `Design.fit`, on the rows that lack nothing in
that model, so that its digits are those of a single fit; no model knows of another, so that they
are the same in any order and in any number of processes.

References
----------
Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nature Human Behaviour
4:1208-1214.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.survey.specified import Row, Shared, Specification, fit_one, shared_by, table_of

BATCHES = 8
"""Batches a process is given: enough that none is left waiting long for the last one."""


def fit_many(
    design: Any,
    specifications: Sequence[Specification],
    columns: Mapping[str, pd.DataFrame | pd.Series] | None,
    alpha: float,
    jobs: int,
) -> pd.DataFrame:
    """Fit each specification; parameters and result as for `Design.many`."""
    shared, specifications = shared_by(design, specifications, columns, alpha, jobs, formulas=True)
    if jobs == 1 or len(specifications) < 2:
        rows = _fit_batch(shared, specifications)
    else:
        rows = _in_processes(shared, specifications, jobs)
    return table_of(rows, alpha)


def _in_processes(shared: Shared, specifications: list[Specification], jobs: int) -> list[Row]:
    """Fit batches in processes of one thread each; they read the arrays from shared memory."""
    import joblib  # takes a while, and is needed here only

    height = -(-len(specifications) // (jobs * BATCHES))
    starts = range(0, len(specifications), height)
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        batches = joblib.Parallel(n_jobs=jobs)(
            joblib.delayed(_fit_batch)(shared, specifications[start : start + height])
            for start in starts
        )
    return [row for batch in batches for row in batch]


def _fit_batch(shared: Shared, specifications: list[Specification]) -> list[Row]:
    return [row for each in specifications for row in fit_one(shared, each)]
