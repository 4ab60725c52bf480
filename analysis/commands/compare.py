"""The command ``compare``: published figures beside ours, or what changed between two runs."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis import printing
from analysis.commands.differences import (
    SMALL,
    Run,
    beside,
    changed_files,
    changed_items,
    changed_lines,
    is_run,
    read_run,
)
from analysis.commands.terminal import grid, line, out
from analysis.errors import InputError
from analysis.models.results import NUMBER_COLUMNS
from analysis.reporting.facts import VERDICT_WORDS
from analysis.study import Study, available_studies, load_study

MOST_LINES = 60
"""Of the specification's difference that are printed."""
MOST_ROWS = 20
"""Changed estimates that are printed."""


def compare(options: argparse.Namespace) -> None:
    """Print published figures beside ours; of two run folders, what changed between them."""
    folders = [Path(name) for name in options.studies if _names_a_run(name)]
    if not folders:
        if options.write:
            raise InputError("--write takes the folders of two runs")
        for name in options.studies:
            _beside_published(name, options)
        return
    if len(folders) != 2 or len(options.studies) != 2:
        raise InputError(
            f"two runs are compared, and {', '.join(options.studies)} are not the folders of two",
            remedy="Example: python -m analysis compare reports/deng_2013 before/deng_2013",
        )
    require_csv(options.write)
    old, new = map(read_run, folders)
    table = beside(old.results, new.results)
    _print_runs(out(), old, new, table, options.write)


def _names_a_run(name: str) -> bool:
    """Whether a run's folder is named; a study that comes with the package goes before one."""
    return name not in available_studies() and is_run(Path(name))


def require_csv(path: Path | None) -> None:
    """Find out before the work that a file can be written."""
    if path is None:
        return
    if path.suffix != ".csv":
        raise InputError(f"--write {path}: the name must end in .csv")
    if not path.parent.is_dir():
        raise InputError(f"--write {path}: there is no folder {path.parent}")


# Published figures


def _beside_published(name: str, options: argparse.Namespace) -> None:
    """Print the published figures of a study beside those of its last run."""
    study = load_study(name)
    suffix, flag = ("-synthetic", " --synthetic") if options.synthetic else ("", "")
    path = options.out / f"{study.name}{suffix}" / "run.json"
    again = f"python -m analysis run {name} --out {options.out}{flag}"
    if not path.is_file():
        raise InputError(
            f"{study.name} has not been run: there is no {path}",
            remedy=f"Run it first: {again}",
        )
    try:
        verdicts = pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["verdicts"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            "not the record of a run", where=str(path), remedy=f"Write it anew: {again}"
        ) from None
    if verdicts.empty:
        line(out(), f"{study.name}: no published figures were compared in the last run")
    else:
        out().print(verdict_grid(study, verdicts, artificial=options.synthetic))


def verdict_grid(study: Study, verdicts: pd.DataFrame, *, artificial: bool) -> Table:
    """Lay out published figures beside ours.

    Parameters
    ----------
    study : Study
    verdicts : DataFrame
        As `analysis.models.published.stand_beside` gives it.
    artificial : bool
        Whether ours are of artificial data, which the title then says.
    """
    title = f"{study.name}: published figures beside ours"
    title += ", of ARTIFICIAL data" if artificial else ""
    told = [f"{number} {word}" for word in VERDICT_WORDS
            if (number := int((verdicts["verdict"] == word).sum()))]  # fmt: skip
    title += f" ({', '.join(told)})" if len(verdicts) > 1 else ""
    table = grid("Figure", "Published", "Ours", "Verdict", right=("Published", "Ours"), title=title)
    digits = {figure.id: figure.digits for figure in study.published}
    for row in verdicts.to_dict("records"):
        form = printing.beside(str(row["measure"]), str(row["unit"]), digits.get(str(row["id"])))
        table.add_row(
            # Its words wrap where a name of one piece would be broken anywhere.
            Text(str(row["id"]).replace("_", " ")),
            _figure(row["published"], row["low"], row["high"], form),
            Text(f"P {printing.p_value(row['ours_p'])}")
            if str(row["measure"]).startswith("p_")
            else _figure(row["ours"], row["ours_low"], row["ours_high"], form),
            Text(str(row["verdict"])),
        )
    return table


def _figure(estimate: Any, low: Any, high: Any, form: Callable[[float], str]) -> Text:
    if pd.isna(estimate):
        return Text("")
    interval = "" if pd.isna(low) or pd.isna(high) else f" ({form(low)}, {form(high)})"
    return Text(f"{form(estimate)}{interval}")


# Two runs


def _print_runs(
    console: Console, old: Run, new: Run, table: pd.DataFrame, place: Path | None
) -> None:
    """Print all that changed from one run to another, and write the estimates where asked."""
    for name, run in (("A", old), ("B", new)):
        told = "ARTIFICIAL data" if run.artificial else "NHANES"
        line(console, f"{name}  {run.folder}")
        line(console, f"   {run.record['study']}, {told} {_cycles(run)}")
    _print_inputs(console, old, new)
    _print_versions(console, old, new)
    _print_specification(console, old, new)
    _print_estimates(console, table, artificial=old.artificial or new.artificial)
    if place:
        both = table.assign(data="artificial") if old.artificial or new.artificial else table
        _write_csv(both, place)
        line(console, f"{len(table):,} estimates of both runs: {place}")


def _cycles(run: Run) -> str:
    return ", ".join(map(str, run.record.get("cycles", [])))


def _heading(console: Console, title: str, what: str) -> None:
    line(console, "")
    console.print(Text.assemble((title, "bold"), f"  {what}"))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _print_inputs(console: Console, old: Run, new: Run) -> None:
    changed = changed_files(old, new)
    if not changed:
        _heading(console, "Inputs", f"the same {_count(len(old.record['inputs']), 'file')}")
        return
    gone = sum(not b for _, a, b in changed)
    come = sum(not a for _, a, b in changed)
    words = ((len(changed) - gone - come, "revised"), (come, "added"), (gone, "removed"))
    _heading(console, "Inputs", ", ".join(f"{n} {word}" for n, word in words if n))
    table = grid("File", "Change", "SHA-256, A", "SHA-256, B")
    for name, a, b in changed:
        what = "revised" if a and b else "added" if b else "removed"
        table.add_row(Text(name.rsplit("/", 1)[-1]), what, a[:12], b[:12])
    console.print(table)


def _print_versions(console: Console, old: Run, new: Run) -> None:
    changed = changed_items(*(run.record.get("versions", {}) for run in (old, new)))
    changed += [
        ("commit", a, b)
        for _, a, b in changed_items(*({"": run.record.get("commit", "")} for run in (old, new)))
    ]
    _heading(console, "Versions", _count(len(changed), "difference") if changed else "the same")
    if changed:
        table = grid("Of", "A", "B")
        for name, a, b in changed:
            table.add_row(Text(name), *(Text(_short(name, value)) for value in (a, b)))
        console.print(table)


def _short(name: str, value: Any) -> str:
    text = str(value or "none")
    return text[:12] + "+" * text.endswith("+") if name == "commit" else text


def _print_specification(console: Console, old: Run, new: Run) -> None:
    same = old.record.get("specification_sha256") == new.record.get("specification_sha256")
    cycles = [_cycles(run) for run in (old, new)]
    settings = changed_items(*(run.record.get("changes", {}) for run in (old, new)))
    if same and not settings and cycles[0] == cycles[1]:
        _heading(console, "Specification", "the same")
        return
    _heading(console, "Specification", "the same file, run otherwise" if same else "changed")
    if cycles[0] != cycles[1]:
        line(console, f"- cycles {cycles[0]}")
        line(console, f"+ cycles {cycles[1]}")
    for path, a, b in settings:
        for sign, value in (("-", a), ("+", b)):
            if value is not None:
                line(console, f"{sign} --set {path}={value}")
    if same:
        return
    if not (old.specification and new.specification):
        line(console, "A run that kept no copy of its study file is among them: no lines to show.")
        return
    lines = changed_lines(old, new)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for text in lines[:MOST_LINES]:
        console.print(Text(text, style=colours.get(text[:1], "")), soft_wrap=True)
    if len(lines) > MOST_LINES:
        places = " ".join(str(run.folder / "study.toml") for run in (old, new))
        line(console, f"... {len(lines) - MOST_LINES:,} lines more: diff -u {places}")


def _print_estimates(console: Console, table: pd.DataFrame, *, artificial: bool) -> None:
    counts = table["status"].value_counts()
    told = [
        f"{counts.get(status, 0):,} {words}"
        for status, words in (
            ("same", "the same"), ("noise", "the same but for floating-point rounding"),
            ("changed", "changed"), ("only in A", "in A only"), ("only in B", "in B only"),
        )
        if counts.get(status, 0)
    ]  # fmt: skip
    title = "Estimates" + (" of ARTIFICIAL data" if artificial else "")
    _heading(console, title, "; ".join(told) or "none")
    changed = table[table["status"] == "changed"]
    measured = changed[changed["in_se"].notna()]
    if len(measured):
        console.print(_sizes(measured))
        line(console, "Other verdict (!): the interval excludes no association in one run only.")
        line(console, "")
        crossed = measured[measured["verdict_changes"].astype(bool)]
        if len(crossed):
            _print_changed(console, crossed, "Other verdict, in standard errors of A", _in_se)
        _print_changed(console, measured, "Largest changes, in standard errors of A", _in_se)
    rest = changed[changed["in_se"].isna()]
    if len(rest):
        _print_changed(console, rest, "Largest changes of numbers without one", _in_per_cent)
    for status in ("only in A", "only in B"):
        alone = table.loc[table["status"] == status, "analysis"].value_counts(sort=False)
        if len(alone):
            names = ", ".join(f"{name} ({number:,})" for name, number in alone.items())
            console.print(Text(f"\n{status[0].upper()}{status[1:]}: {names}"))


def _sizes(measured: pd.DataFrame) -> Table:
    """Count changes by their size."""
    size, crossed = measured["in_se"].abs(), measured["verdict_changes"].astype(bool)
    table = grid("Change, in standard errors", "Estimates", "Other verdict", right=SIZES)
    bounds = ((0.0, SMALL, f"below {SMALL:g}"), (SMALL, 1.0, f"{SMALL:g} to below 1"),
              (1.0, math.inf, "1 or more"))  # fmt: skip
    for low, high, words in bounds:
        inside = (size >= low) & ((size < high) | (high == math.inf))
        table.add_row(words, f"{int(inside.sum()):,}", f"{int((inside & crossed).sum()):,}")
    return table


SIZES = ("Estimates", "Other verdict")


def _print_changed(
    console: Console, rows: pd.DataFrame, title: str, size: Callable[[Mapping[str, Any]], str]
) -> None:
    table = grid("Estimate", "A", "B", "Change", right=("A", "B", "Change"), title=title)
    for row in rows.head(MOST_ROWS).to_dict("records"):
        mark = " !" if row["verdict_changes"] else ""
        table.add_row(
            Text(_of(row)), _number(row, "a"), _number(row, "b"), Text(f"{size(row)}{mark}")
        )
    console.print(table)
    if len(rows) > MOST_ROWS:
        line(console, f"... {len(rows) - MOST_ROWS:,} more: all with --write FILE.csv")


def _of(row: Mapping[str, Any]) -> str:
    """Say in a few words what an estimate is of."""
    level = row["level"] if not row["reference"] else f"{row['level']} vs {row['reference']}"
    contrast = row["contrast"] if row["contrast"] != level else ""
    where = (row["stratum_level"] or row["stratum"], row["model"], row["exposure"])
    words = dict.fromkeys(map(str, (row["outcome"], level, contrast, *where)))
    analysis = dict.fromkeys((row["analysis"], row["measure"]))
    return f"{' '.join(map(str, analysis))}: {', '.join(word for word in words if word)}"


def _number(row: Mapping[str, Any], side: str) -> Text:
    """Print an estimate with its interval; where both runs have the same, what else changed."""
    other = _otherwise(row)
    if other == "p_value":
        return Text(f"P {printing.p_value(row[f'p_value_{side}'])}")
    if other:
        return Text(f"{other.replace('_', ' ')} {_significant(row[f'{other}_{side}'])}")
    form = printing.ratio if row["measure"] in printing.RATIOS else _significant
    middle, low, high = (
        form(row[f"{column}_{side}"]) for column in ("estimate", "conf_low", "conf_high")
    )
    return Text(middle if printing.NONE in (low, high) else f"{middle}\n({low}, {high})")


def _otherwise(row: Mapping[str, Any]) -> str:
    """Name the column that changed where the estimate and its interval did not."""
    if str(row["measure"]).startswith("p_") and _differs(row, "p_value"):
        return "p_value"
    if any(_differs(row, column) for column in ("estimate", "conf_low", "conf_high")):
        return ""
    return next((column for column in NUMBER_COLUMNS if _differs(row, column)), "")


def _differs(row: Mapping[str, Any], column: str) -> bool:
    a, b = row[f"{column}_a"], row[f"{column}_b"]
    return not (a == b or (math.isnan(a) and math.isnan(b)))


def _significant(number: float) -> str:
    """Print four significant digits, and whole numbers whole."""
    if not math.isfinite(number):
        return printing.NONE
    if number == round(number) and abs(number) < 1e15:
        return printing.fixed(number, 0)
    digits = 3 - math.floor(math.log10(abs(number)))
    return printing.fixed(number, min(max(digits, 0), 8))


def _in_se(row: Mapping[str, Any]) -> str:
    size = row["in_se"]
    shown = printing.fixed(size, 2 if abs(size) >= 0.005 else 4)
    return shown if shown.startswith(printing.MINUS) else f"+{shown}"


def _in_per_cent(row: Mapping[str, Any]) -> str:
    column = _otherwise(row) or "estimate"
    a, b = row[f"{column}_a"], row[f"{column}_b"]
    if column == "p_value" or not (math.isfinite(a) and math.isfinite(b) and a):
        return ""
    size = 100 * (b - a) / abs(a)
    shown = printing.fixed(size, 1 if abs(size) >= 0.05 else 4)
    return f"{shown}%" if shown.startswith(printing.MINUS) else f"+{shown}%"


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.part")
    try:
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)
