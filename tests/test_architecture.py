"""The rules of the house: who may import whom, and what no module may call."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "analysis"

SHARED = {"errors", "printing"}
"""Rooms that everyone may import; they import nobody."""

ALLOWED = {
    "errors": set(),
    "printing": set(),
    "grammar": {"errors"},
    "nhanes": {"errors"},
    "survey": {"errors", "grammar"},
    "cohort": {"errors", "grammar", "nhanes"},
    "models": {"errors", "grammar", "survey", "models.results", "models.names"},
    # Labels and units come with the measures, numbers with the results table; nothing is computed.
    "reporting": {"errors", "grammar", "cohort", "models.results"},
    # Study files name groups as results do; the names come without the engine.
    "study": {"errors", "grammar", "nhanes", "cohort", "models.names"},
    "synthetic": {"errors", "nhanes"},
}
"""What each room may import of the others; those in `FREE` may import all."""

LIGHT = ("models.results", "models.names")
"""Modules that rooms may import whose room they may not."""

FREE = {
    "pipeline", "across", "record", "kept", "telling", "commands", "cli", "api",
    "__init__", "__main__",
}  # fmt: skip


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            light = next((room for room in LIGHT if name.startswith(f"analysis.{room}")), None)
            if light:
                found.add(light)
            elif name.startswith("analysis."):
                found.add(name.split(".")[1])
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_up_the_house(path):
    here = room(path)
    if here in FREE:
        return
    if here in SHARED:
        assert not imported(path), f"{path.relative_to(PACKAGE)} is shared and imports a room"
    assert here in ALLOWED, f"the room {here} has no rule"
    strangers = imported(path) - ALLOWED[here] - SHARED - {here, "__version__"}
    assert not strangers, f"{path.relative_to(PACKAGE)} imports {sorted(strangers)}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_is_too_long_to_hold_in_the_head(path):
    assert path.read_text().count("\n") <= 600
