"""What a run leaves beside its report: run.json, and a copy of the study's file.

Both are read by `analysis.commands.compare`, and run.json by `analysis.reporting.index`.
"""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from analysis import __version__
from analysis.reporting import RunFacts
from analysis.reporting.index import headline, people
from analysis.reporting.write import Made
from analysis.study import Study

PACKAGES = (
    "numpy", "pandas", "scipy", "statsmodels", "pyreadstat", "pyarrow", "matplotlib", "seaborn",
    "typst", "python-docx",
)  # fmt: skip
"""Packages whose versions can change a digit, a figure or a page."""

RECORD, SPECIFICATION = "run.json", "study.toml"


def beside(
    study: Study, facts: RunFacts, seconds: Mapping[str, float], more: Mapping[str, Any], made: Made
) -> dict[str, bytes]:
    """Give the files that a run leaves beside its report.

    Parameters
    ----------
    study : Study
        Whose file is copied as it was read, so that it can be compared, and run again.
    facts : RunFacts
    seconds : mapping of str to float
        By stage: the only part that a second run on the same inputs does not repeat.
    more : mapping of str to object
        What run.json holds besides.
    made : Made
        The report.

    Returns
    -------
    dict of str to bytes
        By name.
    """
    record = run_record(facts) | {
        "title": made.report.title,
        "people": people(made.results),
        "headline": headline(made.report, made.results),
        "outputs": made.sha256,
        **more,
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    return {RECORD: text.encode(), SPECIFICATION: study.content}


def run_record(facts: RunFacts) -> dict[str, Any]:
    """Gather what run.json holds, but for what is about the report and the clock."""
    return {
        "study": facts.study.name,
        "cycles": list(facts.study.data.cycles),
        "data": "artificial" if facts.synthetic else "NHANES",
        "versions": dict(facts.versions),
        "commit": facts.commit,
        "specification_sha256": facts.spec_sha256,
        "changes": {change.path: change.value for change in getattr(facts.study, "changes", ())},
        "seed": facts.seed,
        "inputs": facts.files.to_dict("records"),
        "verdicts": json.loads(facts.verdicts.to_json(orient="records", double_precision=15)),
    }


def versions() -> dict[str, str]:
    """Versions of this package, Python and the packages that can change a digit or a page."""
    found = {"nhanes-magnesium-vitamin-d": __version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in PACKAGES}


def commit() -> str:
    """Commit of the checkout that this package runs from, ``+`` if files were changed since.

    Empty outside a git checkout of this package.
    """
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return ""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return ""
