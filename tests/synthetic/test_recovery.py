"""A few surveys through the whole pipeline; benchmarks/coverage.py takes 200."""

import importlib.util
import sys
from pathlib import Path

import pytest

SURVEYS, PEOPLE = 3, 3_000


@pytest.fixture(scope="module")
def coverage():
    path = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["coverage_benchmark"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def intervals(coverage):
    drawn = [coverage.one_survey(seed, PEOPLE) for seed in range(1, 1 + SURVEYS)]
    return [interval for survey in drawn for interval in survey]


def test_intervals_hold_the_truth(intervals):
    designed = [i for i in intervals if not i.what.startswith("naive")]
    assert len(designed) == SURVEYS * 15
    share = sum(i.holds for i in designed) / len(designed)
    assert share >= 0.85  # 0.95 of 45 that hang together; seeds are fixed
    for i in designed:
        assert i.low - i.true < (i.high - i.low) and i.true - i.high < (i.high - i.low), i


def test_an_unweighted_prevalence_does_not(intervals):
    naive = [i for i in intervals if i.what.startswith("naive")]
    assert len(naive) == SURVEYS
    assert not any(i.holds for i in naive)
