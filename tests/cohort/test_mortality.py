"""Linked mortality from the CDC's codes, on the artificial survey, and on the files themselves."""

import numpy as np
import pandas as pd
import pytest

from analysis import pipeline
from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.mortality import CAUSES, CYCLES
from analysis.cohort.measures.mortality import MEASURES as SUBJECT
from analysis.cohort.weights import WEIGHTS
from analysis.commands.terminal import log
from analysis.nhanes.cycles import Table
from analysis.nhanes.mortality import read_mortality
from analysis.nhanes.xpt import read_columns
from analysis.study import load_study

NAN = float("nan")
SMALL = """
schema = 1
name = "deaths"
title = "Deaths by vitamin D"
question = "Do people with low vitamin D die sooner?"

[data]
cycles = ["2003-2004"]
weight = "examination"

[[cohort]]
step = "followed"
label = "Followed from the examination"
keep = "mortality_eligible == 'Yes' and follow_up_months >= 0"

[[outcomes]]
name = "dead"
label = "Died"
definition = "Died by the end of 2019"
event = "died == 'Yes'"

[table1]
rows = ["vitamin_d"]
"""


@pytest.mark.parametrize(
    ("name", "roles", "wanted"),
    [
        ("mortality_eligible", {"eligible": 1}, "Yes"),
        ("mortality_eligible", {"eligible": 2}, "No"),
        ("mortality_eligible", {"eligible": 3}, "No"),
        ("died", {"dead": 0}, "No"),
        ("died", {"dead": 1}, "Yes"),
        ("died", {"dead": NAN}, None),
        ("follow_up_months", {"months": 217}, 217),
        ("follow_up_months", {"months": NAN}, None),
        ("cause_of_death", {"dead": 0, "cause": NAN}, "Alive"),
        ("cause_of_death", {"dead": 1, "cause": NAN}, None),
        ("cause_of_death", {"dead": NAN, "cause": NAN}, None),
        *(("cause_of_death", {"dead": 1, "cause": c}, name) for c, name in CAUSES.items()),
        ("cause_of_death_broad", {"dead": 0, "cause": NAN}, "Alive"),
        ("cause_of_death_broad", {"dead": 1, "cause": NAN}, None),
        ("cause_of_death_broad", {"dead": 1, "cause": 1}, "Heart disease"),
        ("cause_of_death_broad", {"dead": 1, "cause": 2}, "Cancer"),
        ("cause_of_death_broad", {"dead": 1, "cause": 5}, "Other cause"),
        ("cause_of_death_broad", {"dead": 1, "cause": 10}, "Other cause"),
    ],
)
def test_codes(name, roles, wanted):
    index = pd.Index([1], name="SEQN")
    columns = {role: pd.Series([float(code)], index=index) for role, code in roles.items()}
    found = MEASURES[name].derive(columns, "2003-2004").iloc[0]
    assert pd.isna(found) if wanted is None else found == wanted


def test_a_study_reads_linked_mortality_of_the_artificial_survey(tmp_path, artificial_survey):
    path = tmp_path / "deaths.toml"
    path.write_text(SMALL)
    study = load_study(str(path))
    settings = pipeline.Settings(tmp_path / "data", tmp_path / "out", str(artificial_survey))
    store = pipeline.fetch([study], settings, log())
    inputs = pipeline.read_inputs(study, store)
    cohort = pipeline.make_cohort(study, inputs.raw)
    table = Table("MORT_C", "2003-2004")
    raw = read_mortality(artificial_survey / table.data_path).set_index("SEQN")
    people = cohort.frame[cohort.members].set_index("seqn")
    wanted = raw.loc[people.index]
    assert len(people) == int(raw["PERMTH_EXM"].notna().sum()) > 500
    np.testing.assert_array_equal(people["follow_up_months"], wanted["PERMTH_EXM"])
    assert (people["died"] == "Yes").sum() == (wanted["MORTSTAT"] == 1).sum() > 10
    files = inputs.files.set_index("name")
    assert files.loc[table.data_path, "url"].startswith("https://ftp.cdc.gov/pub/")
    checks = inputs.checks[inputs.checks["table"] == "MORT_C"]
    assert len(checks) == 4 and checks["reason"].str.contains("DEMO_C").all()
    assert inputs.artificial


@pytest.mark.real_data
def test_deaths_of_every_cycle(real_path):
    """People followed and dead by cycle, as `awk` counts them in columns 15, 16 and 17 to 19."""
    eligible = (5445, 5987, 5610, 5561, 6219, 6510, 5849, 6100, 5974, 5809)
    dead = (1675, 1624, 1420, 1027, 1126, 861, 628, 467, 276, 145)
    heart = (468, 397, 416, 264, 267, 207, 151, 136, 63, 37)
    stroke = (95, 109, 72, 64, 69, 50, 32, 28)
    parts = [built(real_path, cycle) for cycle in CYCLES]

    def counts(name, level, parts=parts):
        return tuple(int((part[name] == level).sum()) for part in parts)

    assert counts("mortality_eligible", "Yes") == eligible
    assert counts("died", "Yes") == dead
    assert counts("cause_of_death_broad", "Heart disease") == heart
    assert counts("cause_of_death", "Heart disease", parts[:8]) == heart[:8]
    assert counts("cause_of_death", "Cerebrovascular disease", parts[:8]) == stroke
    for part in parts:
        examined = part["follow_up_months"].notna()
        assert (part["follow_up_months"] <= part["follow_up_months_interview"])[examined].all()
        assert (part["died"].notna() == (part["mortality_eligible"] == "Yes")).all()


def built(real_path, cycle: str) -> pd.DataFrame:
    """Everyone of a cycle, with all of its measures of mortality."""
    weight, found = WEIGHTS["interview"], [m for m in SUBJECT if cycle in m.sources]
    raw = {}
    for table, columns in required_columns(found, [cycle], weight).items():
        read = read_mortality if table.is_mortality else read_columns
        raw[table] = read(real_path(table), columns)
    return build_frame(raw, found, [cycle], weight)
