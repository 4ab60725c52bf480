"""The cycles from 2007 on, and what 2005-2006 has besides: form, skips, and sense."""

import hashlib
import json
from argparse import Namespace
from pathlib import Path

import pandas as pd
import pytest

from analysis import across, run
from analysis.cli import main
from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measures import MEASURES
from analysis.cohort.supplements.contents import NUTRIENTS, product_contents
from analysis.cohort.supplements.proof import shares_of
from analysis.cohort.supplements.records import daily_amounts
from analysis.cohort.weights import WEIGHTS
from analysis.commands.artificial import lacking, require_contents, require_survey
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import CYCLES, EVERY_CYCLE, Table
from analysis.nhanes.reconcile import reconcile
from analysis.nhanes.xpt import read_columns, read_header
from analysis.study import load_study
from analysis.study.reads import measures_of, tables_of
from analysis.synthetic import MANIFEST, is_artificial
from analysis.synthetic.later import later_layouts
from analysis.synthetic.parameters import CYCLES as ALL
from analysis.synthetic.parameters import LATER, described, further, model
from analysis.synthetic.survey import contents

STUDIES = sorted(
    path.stem for path in (Path(__file__).parents[2] / "analysis" / "studies").glob("*.toml")
)
FROM_2005 = ("2005-2006", *LATER)
TABLES = [
    Table(layout.name, cycle)
    for cycle in FROM_2005
    for layout in later_layouts(cycle, CYCLES[cycle].suffix)
]


def read(folder: Path, name: str, cycle: str) -> pd.DataFrame:
    path = folder / Table(f"{name}_{CYCLES[cycle].suffix}", cycle).data_path
    return read_columns(path, list(read_header(path).columns))


def measured(folder: Path, names: list[str], cycles: list[str], weight: str) -> pd.DataFrame:
    """Compute measures on the survey."""
    measures = [MEASURES[name] for name in names]
    raw = {
        table: read_columns(folder / table.data_path, list(columns))
        for table, columns in required_columns(measures, cycles, WEIGHTS[weight]).items()
    }
    return build_frame(raw, measures, cycles, WEIGHTS[weight])


# --- Form -----------------------------------------------------------------------------------------


def test_the_bytes_are_pinned(later_survey):
    # As for 2001-2006: pin anew after a change, and say in the changelog that results change.
    files = json.loads((later_survey / MANIFEST).read_text())["files"]
    pinned = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    assert pinned == "0d9160f8f87302a0198aa263562e19efff2c6a1f7e97c0deef7c5793cdecdb7e"


@pytest.mark.parametrize("cycle", FROM_2005)
def test_every_variable_reconciles_with_its_codebook(later_survey, cycle):
    for table in [table for table in TABLES if table.cycle == cycle]:
        path = later_survey / table.data_path
        frame = read_columns(path, list(read_header(path).columns))
        codebook = parse_codebook(later_survey / table.codebook_path)
        checks = reconcile(table.name, frame, codebook)
        assert {c.variable: c.verdict for c in checks} == {
            name: "not printed" if name == "SEQN" else "equal" for name in frame.columns
        }
        assert list(codebook.variables) == list(frame.columns)
        assert is_artificial(path) and is_artificial(later_survey / table.codebook_path)


@pytest.mark.real_data
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_names_labels_and_codes_are_those_of_the_real_files(later_survey, real_path, table):
    ours = parse_codebook(later_survey / table.codebook_path).variables
    theirs = parse_codebook(real_path(table, codebook=True)).variables
    for name, variable in ours.items():
        assert variable.label.lower() == theirs[name].label.lower(), name
        real, made = (
            {(code.text, code.skip) for code in v.codes if code.kind == "value"}
            for v in (theirs[name], variable)
        )
        assert made <= real, name


def test_what_the_manifest_lists_is_what_contents_promises(later_survey):
    files = set(json.loads((later_survey / MANIFEST).read_text())["files"])
    promised = {
        table.data_path: variables
        for table, variables in contents().items()
        if table.cycle in (*FROM_2005, EVERY_CYCLE)
    }
    assert set(promised) <= files
    for path, variables in promised.items():
        if path.endswith(".xpt"):
            assert set(read_header(later_survey / path).columns) == variables, path


def test_no_two_cycles_share_a_stratum_or_a_person(later_survey):
    demo = pd.concat([read(later_survey, "DEMO", c).assign(cycle=c) for c in FROM_2005])
    assert demo["SEQN"].is_unique and demo["SEQN"].min() == 200_001 + 2 * 600
    assert (demo.groupby("SDMVSTRA")["cycle"].nunique() == 1).all()
    assert (demo.groupby("SDMVSTRA")["SDMVPSU"].nunique() >= 2).all()


# --- Skips ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=LATER)
def everyone(request, later_survey):
    """Every table with a row a person, side by side, of one cycle."""
    cycle = request.param
    frame = read(later_survey, "DEMO", cycle)
    for name, table in described().items():
        if CYCLES[cycle].suffix in table["cycles"] and name not in ("DEMO", "DSQIDS", "RXQ_RX"):
            other = read(later_survey, name, cycle)
            assert other["SEQN"].is_unique and other["SEQN"].isin(frame["SEQN"]).all()
            frame = frame.merge(other.assign(**{f"in_{name}": True}), on="SEQN", how="left")
    one = read(later_survey, "DR1TOT", cycle)[["SEQN", "DR1DRSTZ", "WTDRD1"]]
    return frame.merge(one, on="SEQN", how="left"), cycle


def same(left: pd.Series, right: pd.Series) -> bool:
    return bool((left == right).all())


def test_ages_sexes_and_races(everyone):
    f, cycle = everyone
    assert f.RIDAGEYR.max() == 80
    asked = (f.RIAGENDR == 2) & f.RIDAGEYR.between(20, 44) & (f.RIDSTATR == 2)
    assert same(f.RIDEXPRG.notna(), asked)
    if "RIDRETH3" in f:
        assert same(f.RIDRETH3.isin([6, 7]), f.RIDRETH1 == 5)
        assert {6, 7} <= set(f.RIDRETH3)
    assert ("RIDRETH3" in f) == (cycle >= "2011-2012")


def test_habits_are_asked_in_order(everyone):
    f, cycle = everyone
    assert same(f.in_SMQ.notna(), (18 if cycle >= "2013-2014" else 20) <= f.RIDAGEYR)
    assert same(f.SMQ040.notna(), f.SMQ020 == 1)
    if cycle >= "2017-2018":
        assert same(f.ALQ121.notna(), f.ALQ111 == 1)
        assert same(f.ALQ130.notna(), f.ALQ121 > 0)
    else:
        assert same(f.ALQ110.notna(), f.ALQ101 == 2)
        assert same(f.ALQ130.notna(), f.ALQ120Q > 0)
    known = f.ALQ130[f.ALQ130 < 777]
    assert known.between(1, 15 if cycle >= "2015-2016" else 20).all()


def test_activity_is_described_by_those_who_are_active(everyone):
    f, cycle = everyone
    if cycle == "2021-2023":
        active = f.PAD790Q.between(1, 7776)
        assert same(f.PAD790U.isin(list("DWMY")), active)
        assert same(f.PAD800.notna(), active)
        return
    for asked, days, minutes in (
        ("PAQ605", "PAQ610", "PAD615"),
        ("PAQ635", "PAQ640", "PAD645"),
        ("PAQ665", "PAQ670", "PAD675"),
    ):
        assert same(f[days].notna(), f[asked] == 1)
        assert same(f[minutes].notna(), f[asked] == 1)
        assert f[days].dropna().between(1, 7).all()


def test_health_is_asked_in_order(everyone):
    f, cycle = everyone
    if cycle == "2021-2023":
        assert "in_BPQ" not in f
        return
    assert same(f.BPQ040A.notna(), f.BPQ020 == 1)
    assert same(f.BPQ050A.notna(), f.BPQ040A == 1)
    assert same(f.DIQ080.notna(), (f.DIQ010 == 1) & (f.RIDAGEYR >= 12))
    fourth = f.BPXSY4.notna()
    three = f[["BPXSY1", "BPXSY2", "BPXSY3"]].notna().sum(axis=1)
    assert same(fourth, three == 2)
    assert set(three) <= {0, 2, 3}
    assert (f.loc[three > 0, "RIDAGEYR"] >= 8).all()
    systolic = f[[f"BPXSY{n}" for n in (1, 2, 3, 4)]].stack().dropna()
    assert (systolic % 2 == 0).all() and systolic.between(66, 240).all()
    assert same(f.LBXGH.notna(), f.LBXSCR.notna())


def test_blood_weights(everyone):
    f, cycle = everyone
    if cycle != "2021-2023":
        assert "WTPH2YR" not in f
        return
    assert same(f.WTPH2YR > 0, f.LBXVIDMS.notna())
    examined = f.loc[f.in_VID.notna(), "WTMEC2YR"].sum()
    # Of 430 examined, 12% without blood, at random.
    assert f.WTPH2YR.sum() == pytest.approx(examined, rel=0.06)


def test_recalls_and_their_weights(everyone):
    f, cycle = everyone
    weighed = f.DR1DRSTZ.isin([1, 4])
    rows = f.DR1DRSTZ.notna()
    zero = cycle >= "2013-2014"
    assert same(f.WTDRD1.notna(), rows if zero else weighed)
    assert same(f.WTDRD1 > 0, weighed)
    assert same(f.in_DSQTOT.notna(), weighed if cycle == "2021-2023" else rows | True)


@pytest.mark.parametrize("cycle", ["2011-2012", "2013-2014"])
def test_tests_belong_to_their_status(later_survey, cycle):
    tests = read(later_survey, "CFQ", cycle)
    assert same(tests.CFDDS.notna(), tests.CFASTAT == 1)
    assert same(tests.CFDAST.notna(), tests.CFASTAT <= 2)
    assert same(tests.CFDCSR.notna(), tests.CFASTAT <= 3)


@pytest.mark.parametrize("cycle", ["2005-2006", "2007-2008"])
def test_everyone_has_a_row_of_medicines(later_survey, cycle):
    rows, demo = read(later_survey, "RXQ_RX", cycle), read(later_survey, "DEMO", cycle)
    assert set(rows.SEQN) == set(demo.SEQN)
    assert same(rows.RXDDRUG.str.strip() != "", rows.RXDUSE == 1)
    assert not rows.duplicated(["SEQN", "RXDDRUG"]).any()
    drugs = {drug["code"] for drug in further()["medicine"]}
    assert set(rows.RXDDRGID.str.strip()) <= {"", *drugs}


# --- Sense ----------------------------------------------------------------------------------------


# Those between ask and measure as their neighbours do.
@pytest.mark.parametrize("cycle", ["2005-2006", "2007-2008", "2013-2014", "2017-2018", "2021-2023"])
def test_every_measure_of_the_studies_can_be_computed(later_survey, cycle):
    names: dict[str, None] = {}
    for study in map(load_study, STUDIES):
        if cycle in study.data.cycles:
            measures, partial = measures_of(study)
            names |= {m.name: None for m in measures if cycle in partial.get(m.name, [cycle])}
    frame = measured(later_survey, list(names), [cycle], "dietary_day_1")
    # 430 to 590 people are examined.
    assert len(frame) == 600
    for name in names:
        assert frame[name].notna().sum() > 40, name
        assert frame[name].nunique() > 1, name


@pytest.mark.parametrize("name", STUDIES)
def test_the_survey_has_what_each_study_reads(name):
    require_contents(load_study(name))
    assert tables_of(load_study(name))


@pytest.mark.parametrize("cycle", LATER)
def test_totals_of_supplements_are_what_products_add_up_to(later_survey, cycle):
    tables = (
        read_columns(path, list(read_header(path).columns))
        for path in (
            later_survey / Table(name, EVERY_CYCLE).data_path for name in ("DSPI", "DSII", "DSBI")
        )
    )
    nutrients = [shares_of(nutrient, cycle) for nutrient in NUTRIENTS.values()]
    contents_of = product_contents(*tables, nutrients)
    records = read(later_survey, "DSQIDS", cycle)
    amounts = daily_amounts(records, contents_of, NUTRIENTS)
    totals = read(later_survey, "DSQTOT", cycle).set_index("SEQN")
    for nutrient in nutrients:
        carried = ~amounts[f"{nutrient.name}_origin"].isin(["", "not in it"])
        known = amounts[nutrient.name].where(carried)
        computed = known.groupby(amounts["SEQN"]).sum(min_count=1).reindex(totals.index)
        released = totals[f"DSQT{nutrient.released}"]
        assert released.notna().sum() > 100
        # Totals have three decimals.
        pd.testing.assert_series_equal(computed, released, check_names=False, rtol=0, atol=5.1e-4)


def test_pressure_sugar_and_kidneys_go_as_in_life(later_survey):
    names = ["age", "bmi", "systolic_pressure", "hba1c", "egfr", "diabetes", "hypertension"]
    frame = measured(later_survey, names, list(FROM_2005[:-1]), "examination")
    adults = frame[frame["age"] >= 20]
    ranks = adults[["age", "bmi", "systolic_pressure", "hba1c", "egfr"]].corr("spearman")
    assert ranks.loc["age", "systolic_pressure"] > 0.3
    assert ranks.loc["bmi", "systolic_pressure"] > 0.05
    assert ranks.loc["age", "hba1c"] > 0.3
    assert ranks.loc["bmi", "hba1c"] > 0.05
    assert ranks.loc["age", "egfr"] < -0.5
    assert 0.08 < (adults["diabetes"] == "Yes").mean() < 0.25
    assert 0.3 < (adults["hypertension"] == "Yes").mean() < 0.65


def test_cognition_goes_as_in_life(later_survey):
    names = ["age", "education", "dsst", "animal_fluency", "cerad_total"]
    frame = measured(later_survey, names, ["2011-2012", "2013-2014"], "examination")
    older = frame[frame["dsst"].notna()]
    assert older["age"].min() >= 60
    tests = older[["age", "dsst", "animal_fluency", "cerad_total"]].corr()
    assert (tests.loc["age"].drop("age") < -0.1).all()
    assert (tests.drop(index="age", columns="age") > 0.3).all().all()
    college = older["education"] == "College graduate or above"
    assert older.loc[college, "dsst"].mean() > older.loc[~college, "dsst"].mean() + 4


def test_users_of_vitamin_d_have_less_low_25ohd(later_survey):
    parts = []
    for cycle in LATER[:-1]:
        serum = read(later_survey, "VID", cycle).set_index("SEQN")["LBXVIDMS"]
        taken = read(later_survey, "DSQTOT", cycle).set_index("SEQN")["DSQTVD"]
        parts.append(pd.DataFrame({"serum": serum, "user": taken.reindex(serum.index) > 0}))
    people = pd.concat(parts).dropna()
    low = people["serum"] < 50
    assert low[people["user"]].mean() < 0.7 * low[~people["user"]].mean()
    assert low.mean() == pytest.approx(0.30, abs=0.06)
    # Low and normal status lie on their sides of 30 and 50 nmol/L, which are 12 and 20 ng/mL.
    per_ng = model(LATER[0])["assay"]["per_ng"]
    assert (12 * per_ng, 20 * per_ng) == (30, 50)


# --- Made where it is asked for -------------------------------------------------------------------


def test_a_survey_gets_the_cycles_that_it_lacks(tmp_path, capsys):
    options = Namespace(data=tmp_path, people=500, scale=1, seed=None)
    made = []
    for wanted in (["2011-2012"], ["1999-2000", "2005-2006"], ["2011-2012"]):
        folder = require_survey(options, wanted)
        table = folder / Table("VID_G", "2011-2012").data_path
        cycles = json.loads((folder / MANIFEST).read_text())["cycles"]
        made.append((cycles, table.read_bytes(), table.stat().st_mtime_ns))
    first, grown, again = made
    assert first[0] == ["2011-2012"]
    assert grown[0] == again[0] == ["2005-2006", "2011-2012"]
    assert first[1] == grown[1], "what was there depends on what came"
    assert grown[2] == again[2], "made anew although all was there"
    assert capsys.readouterr().err.count("making an artificial survey") == 2


def test_a_study_of_later_cycles_is_estimated(tmp_path, later_survey):
    """Its report, and those of the others, are made by `make demo`."""
    found = run("herrick_2019_supplements", data=tmp_path, mirror=str(later_survey))
    assert "Artificial data" in found._repr_html_()
    shares = found.results[found.results["analysis"] == "prevalence"]
    assert len(shares) and shares["estimate"].between(0, 100).all()
    assert set(found.results["agreement"].dropna()) <= {"cannot be judged", ""}


def test_a_study_that_needs_more_is_told_what_is_not_there(tmp_path, capsys):
    where = ["--synthetic", "--data", str(tmp_path / "data"), "--out", str(tmp_path)]
    assert main(["run", "tao_2022", "--set", "exposure=phq9", *where]) == 2
    said = capsys.readouterr().err
    assert "not in the artificial survey: table DPQ_G (2011-2012)" in said
    assert not (tmp_path / "data").exists()


def test_cycles_that_are_not_drawn_are_left_out_across_them():
    plan = across.plan_of(load_study("xu_2024"), among=ALL, require=require_contents)
    assert plan.cycles == ALL[2:-1]
    assert "not in the artificial survey: table" in plan.refused["2001-2002"]
    assert "not in the artificial survey" not in plan.refused["2021-2023"]


@pytest.mark.parametrize(
    ("table", "variables", "words"),
    [
        (Table("DEMO", "1999-2000"), ["SEQN"], ["cycle 1999-2000"]),
        (Table("GLU_J", "2017-2018"), ["LBXGLU"], ["table GLU_J (2017-2018)"]),
        (Table("DEMO_J", "2017-2018"), ["SEQN", "DMDMARTL"], ["DMDMARTL of DEMO_J"]),
        (Table("MORT_J", "2017-2018"), ["MORTSTAT"], []),
        (Table("MORT_L", "2021-2023"), ["MORTSTAT"], ["table MORT_L (2021-2023)"]),
        (Table("DSPI", EVERY_CYCLE), ["DSDPID"], []),
    ],
)
def test_what_is_lacking_is_named(table, variables, words):
    assert lacking(contents(), table, variables) == words
