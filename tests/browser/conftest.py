"""A browser, and pages of every kind for it to open."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import axe
from cdp import Browser, find_chromium
from tab import Tab, quiet_tabs

from analysis.reporting import write_report

Pages = Callable[[str], Path]
Opener = Callable[..., Tab]


def lacking(why: str) -> NoReturn:
    """Leave out a test for which something is not installed; in CI everything must be."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start a Chromium for this process's tests."""
    program = find_chromium()
    if program is None:
        lacking("no Chromium is installed")
    made = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def axe_core() -> str:
    """Give axe-core's script."""
    try:
        return axe.fetch()
    except axe.NotFetchedError as error:
        lacking(str(error))


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """Give the makers of results tables that the tests of reports have."""
    path = Path(__file__).parent.parent / "reporting" / "conftest.py"
    spec = importlib.util.spec_from_file_location("made_up_results", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its data classes and named tuples look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def pages(once: Any, request: pytest.FixtureRequest, made_up: ModuleType) -> Pages:
    """Return what gives the folder of a report, made when it is first asked for.

    ``whole`` has results of every kind of deng_2013, made up; ``described`` is a study without
    an exposure; ``artificial`` and ``across`` are runs on the artificial survey.
    """

    def whole(folder: Path) -> None:
        write_report(*made_up.whole_run(), folder)

    def described(folder: Path) -> None:
        results = made_up.table_of(made_up.forrest_rows(), "forrest_2011")
        write_report(results, made_up.facts_for("forrest_2011"), folder)

    def across(folder: Path) -> None:
        from analysis.cli import main

        run: Path = request.getfixturevalue("artificial_run")
        survey: Path = request.getfixturevalue("artificial_survey")
        where = ["--mirror", str(survey), "--data", str(folder / "data"), "--out", str(folder)]
        assert main(["across", str(run / "deng_2013.toml"), *where]) == 0

    def give(name: str) -> Path:
        if name == "artificial":
            run: Path = request.getfixturevalue("artificial_run")
            return run / "reports" / "deng_2013-synthetic"
        make = {"whole": whole, "described": described, "across": across}[name]
        folder: Path = once(f"browser-{name}", make)
        return folder / "deng_2013-across-synthetic" if name == "across" else folder

    return give


@pytest.fixture
def opened(browser: Browser, pages: Pages) -> Iterator[Opener]:
    """Return what opens a report; the test fails if a page asked for anything or told an error."""
    with quiet_tabs(browser) as new:

        def give(
            name: str, width: int = 1280, *, dark: bool = False, before: str = "", anchor: str = ""
        ) -> Tab:
            tab = new(width, dark=dark)
            if before:
                tab.first(before)
            tab.open((pages(name) / "report.html").as_uri() + anchor)
            return tab

        yield give
