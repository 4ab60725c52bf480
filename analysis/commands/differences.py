"""What changed between two runs: their records, and their estimates row by row."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import printing
from analysis.errors import InputError
from analysis.models.results import COLUMNS, NUMBER_COLUMNS

KEY = (
    "analysis", "model", "outcome", "exposure", "contrast", "level", "reference", "stratum",
    "stratum_level", "measure",
)  # fmt: skip
"""Columns that say what an estimate is of; the name of the study may differ."""

DESCRIBED = ("flow", "groups")
"""Analyses whose ``contrast`` describes a row, and may change with it."""

NOISE = 1e-9
"""Relative differences up to this are those of floating point, not of the analysis."""

SMALL = 0.1
"""Standard errors up to which a change is called small."""

STATUS = ("changed", "noise", "same", "only in A", "only in B")


@dataclass(frozen=True)
class Run:
    """A run's folder, read.

    Parameters
    ----------
    folder : Path
    record : dict
        Its run.json.
    results : DataFrame
        Its results.csv; text is ``""`` and numbers NaN where a column does not apply.
    specification : str
        The study's file; empty where the run kept none.
    """

    folder: Path
    record: dict[str, Any]
    results: pd.DataFrame = field(repr=False)
    specification: str = field(default="", repr=False)

    @property
    def artificial(self) -> bool:
        """Whether its data were artificial."""
        return bool(self.record.get("data") != "NHANES")


def is_run(folder: Path) -> bool:
    """Whether a path is the folder of a run."""
    return (folder / "run.json").is_file()


def read_run(folder: Path) -> Run:
    """Read the folder of a run.

    Raises
    ------
    InputError
        If it is none, or what it holds cannot be read.
    """
    place = folder / "run.json"
    try:
        record = json.loads(place.read_text(encoding="utf-8"))
        record["inputs"], record["study"]  # every record has these
        place = folder / "results.csv"
        results = pd.read_csv(place, keep_default_na=False, dtype=str, encoding="utf-8")
        results[list(KEY)]  # without these, it is another table
        results = results.reindex(columns=list(COLUMNS), fill_value="")
        for column in NUMBER_COLUMNS:
            results[column] = pd.to_numeric(results[column].replace("", np.nan))
        place = folder / "study.toml"
        text = place.read_bytes().decode("utf-8-sig") if place.is_file() else ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = error.strerror if isinstance(error, OSError) else "not what a run writes"
        raise InputError(
            f"cannot read this run: {told}",
            where=str(place),
            remedy="Name the folder of a run, or run the study again.",
        ) from None
    return Run(folder, record, results, text)


def changed_items(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """List keys whose values differ, with both; None where a side lacks the key."""
    keys = dict.fromkeys((*old, *new))
    return [(k, old.get(k), new.get(k)) for k in keys if old.get(k) != new.get(k)]


def changed_files(old: Run, new: Run) -> list[tuple[str, str, str]]:
    """List input files whose bytes differ: name, and the SHA-256 of either side or ``""``."""
    sides = [{f["name"]: f["sha256"] for f in run.record["inputs"]} for run in (old, new)]
    return sorted((k, a or "", b or "") for k, a, b in changed_items(*sides))


def changed_lines(old: Run, new: Run) -> list[str]:
    """Give the unified difference of the study files, without its head."""
    before, after = (run.specification.splitlines() for run in (old, new))
    return list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]


def beside(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Set the estimates of two runs side by side.

    Parameters
    ----------
    old, new : DataFrame
        Of `read_run`.

    Returns
    -------
    DataFrame
        A row an estimate: the columns of `KEY`; ``status`` (of `STATUS`); ``difference`` (new less
        old; of ratios, of the logarithms); ``in_se`` (the difference in standard errors of the old
        estimate; NaN where it has none); ``relative`` (the largest relative difference of all
        its numbers); ``verdict_changes`` (the interval holds no association in one of them only);
        and every number of both, ending in ``_a`` and ``_b``. The largest change comes first.
    """
    sides = [_keyed(side) for side in (old, new)]
    both = sides[0].merge(sides[1], on="_key", how="outer", suffixes=("_a", "_b"), sort=False)
    for column in KEY:
        both[column] = both[f"{column}_a"].fillna(both[f"{column}_b"])
    numbers = [f"{column}_{side}" for column in NUMBER_COLUMNS for side in "ab"]
    both["relative"] = _relative(both)
    both["status"] = _status(both)
    both["difference"] = _difference(both)
    error = both["std_error_a"].where(both["std_error_a"] > 0)
    both["in_se"] = both["difference"] / error
    both["verdict_changes"] = _excludes(both, "a") != _excludes(both, "b")
    both.loc[~both["status"].isin(["changed", "noise"]), "verdict_changes"] = False
    order = both["status"].map({name: i for i, name in enumerate(STATUS)})
    both = both.assign(_order=order, _size=both["in_se"].abs())
    both = both.sort_values(
        ["_order", "_size", "relative", "_key"], ascending=[True, False, False, True],
        na_position="last", kind="stable",
    )  # fmt: skip
    told = ["status", "in_se", "difference", "relative", "verdict_changes"]
    return both[[*KEY, *told, *numbers]].reset_index(drop=True)


def _keyed(results: pd.DataFrame) -> pd.DataFrame:
    """Give rows a key that does not change with what is estimated."""
    names = results[list(KEY)].copy()
    names.loc[names["analysis"].isin(DESCRIBED), "contrast"] = ""
    # A specification is its options; its number moves when a choice is added.
    names.loc[names["analysis"] == "specification", "stratum_level"] = ""
    key = names.agg("\x1f".join, axis=1)
    # Rows that are alike in all of that are told apart by their order.
    key += "\x1f" + key.groupby(key).cumcount().astype(str)
    return results[[*KEY, *NUMBER_COLUMNS]].assign(_key=key, _there=True)


def _sides(both: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    return both[f"{column}_a"].to_numpy(float), both[f"{column}_b"].to_numpy(float)


def _relative(both: pd.DataFrame) -> np.ndarray:
    """Find the largest relative difference of a row's numbers; infinite where one side has none."""
    largest = np.zeros(len(both))
    for column in NUMBER_COLUMNS:
        a, b = _sides(both, column)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.abs(b - a) / np.maximum(np.abs(a), np.abs(b))
        found = np.where(a == b, 0.0, found)
        found = np.where(np.isnan(a) & np.isnan(b), 0.0, found)
        found = np.where(np.isnan(a) ^ np.isnan(b), np.inf, found)
        largest = np.fmax(largest, found)
    return largest


def _status(both: pd.DataFrame) -> np.ndarray:
    only = [both["_there_b"].isna(), both["_there_a"].isna()]
    relative = both["relative"]
    return np.select(
        [*only, relative == 0, relative <= NOISE],
        ["only in A", "only in B", "same", "noise"],
        "changed",
    )


def _difference(both: pd.DataFrame) -> np.ndarray:
    a, b = _sides(both, "estimate")
    ratios = both["measure"].isin(printing.RATIOS).to_numpy() & (a > 0) & (b > 0)
    logs = [np.log(np.where(ratios, side, 1.0)) for side in (a, b)]
    return np.where(ratios, logs[1] - logs[0], b - a)


def _excludes(both: pd.DataFrame, side: str) -> pd.Series:
    """Whether an interval of a contrast excludes no association."""
    none = both["measure"].map(dict.fromkeys(printing.RATIOS, 1.0) | CONTRASTS)
    low, high = both[f"conf_low_{side}"], both[f"conf_high_{side}"]
    return (low > none) | (high < none)


CONTRASTS = {"difference": 0.0, "log_odds": 0.0, "RERI": 0.0, "AP": 0.0}
"""What no association is for measures that are no ratios."""
