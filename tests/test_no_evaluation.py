"""Nothing in the package hands text to an evaluator or an unsafe loader."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import analysis

PACKAGE = Path(analysis.__file__).parent
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
METHODS = {"eval", "query", "read_pickle", "to_pickle"}
MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "code", "codeop"}
QUALIFIED = {("yaml", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load"), ("os", "system")}
# joblib may start processes of this program; what it keeps in files is pickles.
QUALIFIED |= {("joblib", name) for name in ("load", "dump", "Memory")}
KEYWORDS = {"shell", "allow_pickle"}
# Factors of the formula engine have a method of that name. A formula is code of the caller's, and
# nothing that is read from a file gets there (see test_no_formula_is_made_of_a_file).
ENGINE = {"survey/formula.py"}


def evaluations(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield f"{name} in line {node.lineno}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if (
                owner,
                name,
            ) in QUALIFIED or (owner == "builtins" and name in CALLS):
                yield f"{owner}.{name} in line {node.lineno}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
                yield f".{name} in line {node.lineno}"
            case ast.Import(names=names):
                yield from (a.name for a in names if a.name.split(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in MODULES | {"joblib"}:
                yield module
            case ast.keyword(arg=name, value=ast.Constant(value=True)) if name in KEYWORDS:
                yield f"{name}=True"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_a_module_evaluates_no_text(path: Path) -> None:
    found = list(evaluations(path.read_text(encoding="utf-8")))
    if path.relative_to(PACKAGE).as_posix() in ENGINE:
        found = [each for each in found if not each.startswith(".eval ")]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "eval(text)", "exec(text)", "compile(text, '', 'eval')", "__import__('os')",
        "frame.query(text)", "frame.eval(text)", "pd.eval(text)", "import pickle",
        "from pickle import loads", "import yaml\nyaml.load(text)", "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)", "subprocess.run(text, shell=True)",
        "builtins.eval(text)", "import os\nos.system(text)", "import joblib\njoblib.load(path)",
        "from joblib import load",
    ],
)  # fmt: skip
def test_the_search_finds(source: str) -> None:
    assert list(evaluations(source))


@pytest.mark.parametrize(
    "source",
    [
        "re.compile('a')",
        "yaml.safe_load(text)",
        "condition.evaluate(f)",
        "joblib.Parallel(n_jobs=2)",
    ],
)
def test_the_search_lets_pass(source: str) -> None:
    assert not list(evaluations(source))


@pytest.mark.parametrize("room", ["study", "models", "cohort", "reporting", "commands"])
def test_no_formula_is_made_of_a_file(room: str) -> None:
    """Rooms that know a study's text fit matrices: none calls what takes a formula."""
    takes_formula = {"glm", "multinomial", "ordinal", "coxph", "quantile_regression", "many"}
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in takes_formula, f"{path.name}, line {node.lineno}"
