"""What tests of every part share."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

# Tests run in a process for each processor: threads of BLAS beside them would only get in the way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
import requests
from hypothesis import settings

import analysis
from analysis.nhanes.cycles import Table
from analysis.nhanes.store import Store
from analysis.study import Study, load_study
from analysis.synthetic import write_survey
from analysis.synthetic.parameters import CYCLES

# What tests start as a process imports the same package, whichever is installed.
_PATHS = (str(Path(analysis.__file__).parents[1]), os.environ.get("PYTHONPATH"))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, _PATHS))

# No test is timed: a machine with other work is slow.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the temporary folder that all processes of one run of the tests share."""
    root = tmp_path_factory.getbasetemp()
    return root.parent if "PYTEST_XDIST_WORKER" in os.environ else root


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return what makes a folder once for all processes that tests run in, which then share it.

    The first process that asks makes it while the others wait; what fails to be made is made anew.
    """
    root = shared_root(tmp_path_factory)

    def give(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = root / name, root / f"{name}.made"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                folder.mkdir(exist_ok=True)
                make(folder)
                made.touch()
        return folder

    return give


@pytest.fixture(scope="session")
def artificial_survey(once: Once) -> Path:
    """Return a folder with a small artificial survey: use it as NHANES_MIRROR, and read only.

    2001-2006 with 1,500 people a cycle; its truth is `analysis.synthetic.truth()`.
    """
    return once("artificial-nhanes", lambda folder: write_survey(folder, people_per_cycle=1_500))


@pytest.fixture(scope="session")
def later_survey(once: Once) -> Path:
    """Return a folder with a small artificial survey of 2005-2006 and every cycle since: read only.

    600 people a cycle.
    """
    cycles = CYCLES[CYCLES.index("2005-2006") :]
    return once(
        "artificial-later", lambda folder: write_survey(folder, cycles=cycles, people_per_cycle=600)
    )


@pytest.fixture(scope="session")
def artificial_run(once: Once, artificial_survey: Path) -> Path:
    """Run deng_2013 on the artificial survey, once a session; give the folder of its folders.

    ``data`` has the files, ``reports/deng_2013-synthetic`` the report: read only. The study is
    ``deng_2013.toml`` there, whose curve has fewer choices, and which has `MORE`.
    """
    from analysis.cli import main

    def run(base: Path) -> None:
        study = base / "deng_2013.toml"
        study.write_text(with_few_choices(DENG.read_text()) + MORE)
        where = ["--data", str(base / "data"), "--out", str(base / "reports")]
        assert main(["run", str(study), "--mirror", str(artificial_survey), *where]) == 0

    return once("artificial-run", run)


DENG = Path(__file__).parent.parent / "analysis" / "studies" / "deng_2013.toml"
FEW = ("vitamin_d", "scale", "energy", "recalls")
"""Choices that are left to a curve in tests: 72 combinations of every kind of option."""


MORE = """
[[adjusted]]
name = "by_sex"
label = "Sex"
groups = "sex"
terms = ["category(age, 40, 60)", "bmi"]
outcomes = ["deficiency", "serum_25ohd"]

[[interactions]]
name = "by_cuts"
label = "Magnesium and body mass by fixed cuts"
modifier = "bmi"
per = 5
joint = []
joint_cuts = { exposure = [300], modifier = [25], reference = ["highest", "lowest"] }
outcomes = ["deficiency"]
"""
"""What studies may ask for and deng_2013 does not."""


def with_few_choices(text: str) -> str:
    """Take most choices out of a study's specification curve, which costs a minute whole."""
    head, *blocks = text.split("[[specifications.choices]]\n")
    end = blocks[-1].index("[confounding]")
    blocks[-1], tail = blocks[-1][:end], blocks[-1][end:]
    kept = [block for block in blocks if block.startswith(tuple(f'name = "{n}"' for n in FEW))]
    assert len(kept) == len(FEW) < len(blocks)
    return head + "".join(f"[[specifications.choices]]\n{block}" for block in kept) + tail


@pytest.fixture(scope="session")
def real_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Study], Store]:
    """Return what fetches a study's real files, into one folder for all processes."""
    from analysis import pipeline
    from analysis.commands.terminal import log

    mirror = os.environ.get("NHANES_MIRROR")
    if not mirror:
        pytest.skip("NHANES_MIRROR is not set")
    root = shared_root(tmp_path_factory)

    def give(study: Study) -> Store:
        with (root / "fetch.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return pipeline.fetch(
                [study], pipeline.Settings(root / "real-data", mirror=mirror), log()
            )

    return give


@pytest.fixture(scope="session")
def real_run(once: Once, real_store: Callable[[Study], Store]) -> Callable[[str], Path]:
    """Return what runs a study on the real files, once, and gives its folder."""

    def run(name: str) -> Path:
        from analysis import pipeline

        def write(out: Path) -> None:
            study = load_study(name)
            pipeline.run(study, real_store(study), pipeline.Settings(out=out))

        return once(f"real-run-{name}", write) / name

    return run


@pytest.fixture(scope="session")
def real_path(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return what gives the path of a table's real file, or of its codebook, in the mirror.

    From a folder as it lies there; from a URL after one transfer a session. Skips what the mirror
    does not hold.
    """
    mirror = os.environ.get("NHANES_MIRROR", "")
    if not mirror:
        pytest.skip("NHANES_MIRROR is not set")
    base = tmp_path_factory.mktemp("real-files") if "://" in mirror else Path(mirror)

    def give(table: Table, *, codebook: bool = False) -> Path:
        relative = table.codebook_path if codebook else table.data_path
        path = base / relative
        if not path.exists():
            if "://" not in mirror:
                pytest.skip(f"the mirror does not hold {relative}")
            answer = requests.get(f"{mirror.rstrip('/')}/{relative}", timeout=60)
            if answer.status_code == 404:
                pytest.skip(f"the mirror does not hold {relative}")
            answer.raise_for_status()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.content)
        return path

    return give
