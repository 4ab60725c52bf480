"""What tests of every part share."""

from __future__ import annotations

from pathlib import Path

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
