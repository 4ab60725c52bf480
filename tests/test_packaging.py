"""pyproject.toml, environment.yml, the lock and the citation say the same."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

import analysis

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()


def parsed(requirement: str) -> tuple[str, str]:
    name, ranges = re.fullmatch(r"([A-Za-z0-9_.-]+)\s*(.*)", requirement).groups()
    return re.sub(r"[-_.]+", "-", name).lower(), ranges.replace(" ", "")


def declared() -> dict[str, str]:
    groups = chain.from_iterable(PROJECT["dependency-groups"].values())
    return dict(map(parsed, [*PROJECT["project"]["dependencies"], *groups]))


def conda() -> dict[str, str]:
    document = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [each for each in document["dependencies"] if isinstance(each, str)]
    by_pip = [
        name for each in document["dependencies"] if isinstance(each, dict) for name in each["pip"]
    ]
    return dict(map(parsed, [*plain, *by_pip]))


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def test_conda_offers_what_pyproject_declares():
    offered = conda()
    assert offered.pop("python") == PROJECT["project"]["requires-python"]
    assert offered.pop("pip") == ""
    assert offered == declared()


@pytest.mark.parametrize("name", sorted(declared()))
def test_every_dependency_is_locked_within_its_range(name):
    locked = re.findall(rf"^{re.escape(name)}==([\w.]+)", LOCK, re.MULTILINE)
    assert locked, f"{name} is not in requirements.lock"
    lowest = declared()[name].removeprefix(">=")
    for found in locked:
        assert version(found) >= version(lowest or "0"), f"{name} {found} is below {lowest}"


def test_the_lock_has_hashes_and_names_no_index():
    entries = re.findall(r"^[a-z0-9][\w.-]*==.*(?:\n    .*)*", LOCK, re.MULTILINE)
    assert len(entries) > 40
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "index-url" not in LOCK and "http" not in LOCK


def test_one_version_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert PROJECT["project"]["version"] == analysis.__version__ == citation["version"]
    assert f"## {analysis.__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("target", ["demo", "reports", "test"])
def test_the_readme_and_the_makefile_name_the_same_commands(target):
    assert f"make {target}" in (ROOT / "README.md").read_text()
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
