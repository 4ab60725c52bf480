"""What tests of every part share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# Tests run in a process for each processor: threads of BLAS beside them would only get in the way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

from analysis.synthetic import write_survey


@pytest.fixture(scope="session")
def artificial_survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small artificial survey: use it as NHANES_MIRROR, and read only.

    2001-2006 with 1,500 people a cycle; its truth is `analysis.synthetic.truth()`.
    """
    folder = tmp_path_factory.mktemp("artificial-nhanes")
    write_survey(folder, people_per_cycle=1_500)
    return folder


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what runs a study on the real files, once a session, and gives its folder."""
    mirror = os.environ.get("NHANES_MIRROR")
    if not mirror:
        pytest.skip("NHANES_MIRROR is not set")
    base = tmp_path_factory.mktemp("real-run")

    def run(name: str) -> Path:
        from analysis import pipeline
        from analysis.commands.terminal import log
        from analysis.study import load_study

        settings = pipeline.Settings(base / "data_raw", base / "reports", mirror)
        if not (settings.out / name / "run.json").exists():
            study = load_study(name)
            store = pipeline.fetch([study], settings, log())
            pipeline.run(study, store, settings)
        return settings.out / name

    return run
