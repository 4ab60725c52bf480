import hashlib
import json
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import synthetic
from analysis.cohort.build import build_frame, required_columns
from analysis.cohort.measures import MEASURES
from analysis.cohort.measures.vitamin_d import RIA_LINES, recover_ria
from analysis.cohort.weights import WEIGHTS
from analysis.errors import InputError
from analysis.nhanes.codebook import parse_codebook
from analysis.nhanes.cycles import CYCLES, EVERY_CYCLE, Table, mortality_path
from analysis.nhanes.reconcile import reconcile
from analysis.nhanes.xpt import read_columns, read_header
from analysis.synthetic import is_artificial, is_synthetic, sample, survey, write_survey
from analysis.synthetic.draw import Block, draw_people
from analysis.synthetic.foods import WITH_VITAMIN_D
from analysis.synthetic.later import later_layouts
from analysis.synthetic.mortality import follow_up
from analysis.synthetic.parameters import model
from analysis.synthetic.people import describe
from analysis.synthetic.variables import layouts

WHICH = synthetic.parameters.EARLY
TABLES = [
    Table(layout.name, cycle) for cycle in WHICH for layout in layouts(cycle, CYCLES[cycle].suffix)
] + [Table(f"DR1IFF_{suffix}", cycle) for cycle, suffix in WITH_VITAMIN_D.items()]
TABLES += [Table(name, EVERY_CYCLE) for name in ("DSPI", "DSII", "DSBI")]
FURTHER = [Table(layout.name, "2005-2006") for layout in later_layouts("2005-2006", "D")]
FURTHER += [Table("RXQ_DRUG", EVERY_CYCLE)]
"""What came to the survey later, and left the others' bytes as they were."""
EXACT_SUM = 1e-9
"""Relative: weights are published to six decimals."""


def read(folder: Path, name: str, cycle: str) -> pd.DataFrame:
    path = folder / Table(f"{name}_{CYCLES[cycle].suffix}", cycle).data_path
    return read_columns(path, list(read_header(path).columns))


def digest(folder: Path) -> Mapping[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- Same bytes -----------------------------------------------------------------------------------


def test_the_bytes_are_pinned(artificial_survey):
    # Holds on every machine. A change of the model or of a codebook's words moves it; then pin anew
    # and say in the changelog that artificial results change.
    files = json.loads((artificial_survey / synthetic.MANIFEST).read_text())["files"]
    for name in (name for table in FURTHER for name in table.files):
        files.pop(name)  # pinned with those of later cycles
    assert fingerprint(files) == "3157e262adaee9182d77a2f46e3e95caba8199c752527bb07658609ef913f4c5"


def fingerprint(files: dict) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_survey(tmp_path / name, cycles=WHICH[:1], people_per_cycle=600, seed=seed)
    one, same, other = (digest(tmp_path / name) for name in "abc")
    assert one == same
    changed = {path for path in one if one[path] != other[path]}
    # What foods and products hold is not drawn.
    given = {path for path in one if "DR1IFF_" in path or "/1999/" in path or "/1988/" in path}
    assert changed == set(one) - given


def test_a_cycle_does_not_depend_on_the_others(tmp_path, artificial_survey):
    write_survey(tmp_path / "d", cycles=["2005-2006"], people_per_cycle=1_500)
    alone = read(tmp_path / "d", "VID", "2005-2006")["LBDVIDMS"]
    pd.testing.assert_series_equal(alone, read(artificial_survey, "VID", "2005-2006")["LBDVIDMS"])


def test_scale_is_more_people_and_blocks_meet(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "BLOCK", 700)
    manifest = write_survey(tmp_path / "s", cycles=WHICH[1:2], people_per_cycle=500, scale=3)
    frame = read(tmp_path / "s", "DEMO", "2003-2004")
    assert len(frame) == 1_500
    assert (np.diff(frame["SEQN"]) == 1).all()
    assert (manifest.scale, manifest.people_per_cycle) == (3, 500)


def test_memory_does_not_grow_with_people(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "BLOCK", 500)
    peaks = []
    for scale in (1, 1, 4):  # the first fills caches
        tracemalloc.start()
        write_survey(tmp_path / "m", cycles=WHICH[1:2], people_per_cycle=1_000, scale=scale)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The mortality file alone is read whole, for its hash: 48 bytes a person.
    assert peaks[2] < peaks[1] + 2 * 48 * 3_000


# --- The CDC's form -------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [*TABLES, *FURTHER], ids=lambda table: table.name)
def test_every_variable_reconciles_with_its_codebook(artificial_survey, table):
    path = artificial_survey / table.data_path
    frame = read_columns(path, list(read_header(path).columns))
    codebook = parse_codebook(artificial_survey / table.codebook_path)
    checks = reconcile(table.name, frame, codebook)
    assert {c.variable: c.verdict for c in checks} == {
        name: "not printed" if name == "SEQN" else "equal" for name in frame.columns
    }
    assert codebook.rows == len(frame)
    assert list(codebook.variables) == list(frame.columns)
    labels = read_header_labels(path)
    assert {name: v.label for name, v in codebook.variables.items()} == labels


def read_header_labels(path: Path) -> dict[str, str]:
    _, meta = pyreadstat.read_xport(path, metadataonly=True)
    return meta.column_names_to_labels


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_tampered_value_does_not_reconcile(artificial_survey, data):
    table = data.draw(st.sampled_from(TABLES))
    path = artificial_survey / table.data_path
    frame = read_columns(path, list(read_header(path).columns))
    codebook = parse_codebook(artificial_survey / table.codebook_path)
    coded = [
        name
        for name, variable in codebook.variables.items()
        if {code.kind for code in variable.codes} == {"value", "missing"}
    ]
    name = data.draw(st.sampled_from(coded or [frame.columns[-1]]))
    row = data.draw(st.integers(0, len(frame) - 1))
    frame.loc[row, name] = 3.5 if pd.isna(frame.loc[row, name]) else np.nan
    verdicts = {c.variable: c.verdict for c in reconcile(table.name, frame, codebook)}
    assert verdicts[name] == "differs"


@pytest.mark.parametrize("name", ["VID", "DEMO"])
def test_a_tampered_codebook_does_not_reconcile(artificial_survey, tmp_path, name):
    table = Table(f"{name}_C", "2003-2004")
    path = artificial_survey / table.data_path
    frame = read_columns(path, list(read_header(path).columns))
    page = (artificial_survey / table.codebook_path).read_text()
    count = parse_codebook(artificial_survey / table.codebook_path).variables[frame.columns[-1]]
    old = f'<td class="values" align="right">{count.codes[0].count}</td>'
    where = page.rindex(f'id="{frame.columns[-1]}"')
    tampered = page[:where] + page[where:].replace(
        old,
        old.replace("right", "right", 1).replace(
            str(count.codes[0].count), str(count.codes[0].count + 1)
        ),
        1,
    )
    other = tmp_path / f"{table.name}.htm"
    other.write_text(tampered)
    assert reconcile(table.name, frame, parse_codebook(other))[-1].verdict == "differs"


@pytest.mark.real_data
@pytest.mark.parametrize("table", [*TABLES, *FURTHER[:-1]], ids=lambda table: table.name)
def test_names_and_labels_are_those_of_the_real_files(artificial_survey, real_path, table):
    ours = parse_codebook(artificial_survey / table.codebook_path).variables
    theirs = parse_codebook(real_path(table, codebook=True)).variables
    for name, variable in ours.items():
        assert variable.label.lower() == theirs[name].label.lower(), name
        real = {code.text for code in theirs[name].codes if code.kind == "value"}
        made = {code.text for code in variable.codes if code.kind == "value"}
        assert made <= real, name


# --- A sample of the population -------------------------------------------------------------------


@pytest.mark.parametrize("cycle", WHICH)
def test_weights_sum_to_the_population(artificial_survey, cycle):
    size = model()["population"]["size"][cycle]
    demo = read(artificial_survey, "DEMO", cycle)
    recall = read(artificial_survey, "DRXTOT" if cycle == "2001-2002" else "DR1TOT", cycle)
    sums = [demo["WTINT2YR"].sum(), demo["WTMEC2YR"].sum(), recall["WTDRD1"].sum()]
    if cycle != "2001-2002":
        sums.append(recall["WTDR2D"].sum())
    assert sums == pytest.approx([size] * len(sums), rel=EXACT_SUM)


@pytest.mark.parametrize("cycle", WHICH)
def test_design_and_weights(artificial_survey, cycle):
    demo = read(artificial_survey, "DEMO", cycle)
    first = {"2001-2002": 14, "2003-2004": 29, "2005-2006": 44}[cycle]
    units = demo.groupby("SDMVSTRA")["SDMVPSU"].agg(["min", "max", "nunique"])
    assert list(units.index) == list(range(first, first + 15))
    assert (units["min"] == 1).all() and (units["max"] == units["nunique"]).all()
    assert sorted(units["nunique"].unique()) == [2, 3]
    assert demo.groupby(["SDMVSTRA", "SDMVPSU"]).size().min() >= 10
    examined = demo["RIDSTATR"] == 2
    assert ((demo["WTMEC2YR"] > 0) == examined).all()
    spread = demo["WTINT2YR"].std() / demo["WTINT2YR"].mean()
    assert 0.7 < spread < 1.5  # 1.0 to 1.1 in NHANES 2001-2006
    # Minorities are sampled at higher rates: a share of the people well above their weight.
    black = demo["RIDRETH1"] == 4
    assert black.mean() > 1.7 * demo.loc[black, "WTINT2YR"].sum() / demo["WTINT2YR"].sum()


def test_no_artificial_person_has_a_participants_number(artificial_survey):
    numbers = pd.concat([read(artificial_survey, "DEMO", cycle)["SEQN"] for cycle in WHICH])
    assert numbers.is_unique
    assert numbers.min() > 200_000  # the CDC's end before


# --- Skip patterns and structure ------------------------------------------------------------------


@pytest.fixture(params=WHICH, scope="module")
def everything(request, artificial_survey):
    """Every table with a row a person, side by side, of one cycle."""
    cycle = request.param
    frame = read(artificial_survey, "DEMO", cycle)
    for layout in layouts(cycle, CYCLES[cycle].suffix)[1:]:
        name = layout.name.rsplit("_", 1)[0]
        if name in ("PAQIAF", "DR2TOT", "DRXIFF", "DR1IFF", "DR2IFF", "DSQ2"):
            continue
        other = read(artificial_survey, name, cycle)
        assert other["SEQN"].is_unique and other["SEQN"].isin(frame["SEQN"]).all()
        other[f"in_{name}"] = True
        frame = frame.merge(other, on="SEQN", how="left")
    return frame.rename(columns={"ALD100": "ALQ101"}), cycle


RULES = {
    "examined people alone have a season": lambda f, c: f.RIDEXMON.notna() == (f.RIDSTATR == 2),
    "ages are whole and top-coded": lambda f, c: f.RIDAGEYR.between(0, 85) & (f.RIDAGEYR % 1 == 0),
    "months fit years": lambda f, c: (f.RIDAGEMN // 12 == f.RIDAGEYR) | (f.RIDAGEYR == 85),
    "education is asked of adults": lambda f, c: f.DMDEDUC2.notna() == (f.RIDAGEYR >= 20),
    "pregnancy is asked of women": lambda f, c: (
        f.RIDEXPRG.isna() | ((f.RIAGENDR == 2) & f.RIDAGEYR.between(8, 59))
    ),
    "income ratios are top-coded": lambda f, c: f.INDFMPIR.isna() | f.INDFMPIR.between(0, 5),
    "the exam's tables hold the examined": lambda f, c: f.in_BMX.notna() == (f.RIDSTATR == 2),
    "body mass index is weight over height squared": lambda f, c: (
        f.BMXBMI.isna() | ((f.BMXWT / (f.BMXHT / 100) ** 2 - f.BMXBMI).abs() < 0.006)
    ),
    "smoking now is asked of those who ever smoked": lambda f, c: (
        f.SMQ040.notna() == (f.SMQ020 == 1)
    ),
    "drinks in life are asked without a year of 12": lambda f, c: (
        f.ALQ110.notna() == f.ALQ101.isin([2, 7, 9])
    ),
    "drinking is asked of those who ever drank": lambda f, c: (
        f.ALQ120Q.notna() == ((f.ALQ101 == 1) | (f.ALQ110 == 1))
    ),
    "its unit and amount need a drink in the year": lambda f, c: (
        f.ALQ120U.notna() == (f.ALQ120Q > 0)
    ),
    "walking is described by those who walked": lambda f, c: f.PAD080.notna() == (f.PAD020 == 1),
    "parathyroid hormone is of the examined from 6 years on": lambda f, c: (
        f.RIDSTATR.isin([1, 2])
        if c == "2001-2002"
        else f.get("in_L11", f.get("in_PTH")).notna() == ((f.RIDSTATR == 2) & (f.RIDAGEYR >= 6))
    ),
    "25(OH)D is of the examined": lambda f, c: f.in_VID.isna() | (f.RIDSTATR == 2),
    "supplements are asked of everyone": lambda f, c: f.DSD010.notna(),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_hold_for_everyone(everything, rule):
    frame, cycle = everything
    kept = RULES[rule](frame, cycle)
    assert kept.all(), frame.loc[~kept].head()


def test_recalls(everything):
    frame, cycle = everything
    early = cycle == "2001-2002"
    status = frame["DRDDRSTZ" if early else "DR1DRSTZ"]
    prefix = "DRXT" if early else "DR1T"
    totals = frame[[f"{prefix}{n}" for n in ("KCAL", "MAGN", "CALC", "PROT")]]
    assert (totals.notna().all(axis=1) == (status == 1)).all()
    assert (totals.notna().any(axis=1) == (status == 1)).all()
    assert (frame["WTDRD1"].notna() == status.isin([1, 4])).all()
    assert (frame.loc[status == 4, "RIDAGEYR"] <= 1).all()
    assert set(status.dropna().unique()) == {1, 2, 4, 5}


def test_dietary_weights_undo_the_days_of_the_week(tmp_path):
    write_survey(tmp_path, cycles=WHICH[1:2], people_per_cycle=20_000)
    recall = read(tmp_path, "DR1TOT", "2003-2004")
    day, weight = recall["DR1DAY"], recall["WTDRD1"]
    share = weight.groupby(day).sum() / weight.sum()
    assert share.to_numpy() == pytest.approx(1 / 7, abs=0.02)
    assert (day == 6).sum() > 2 * (day == 2).sum()  # Fridays are asked for far more than Mondays


@pytest.mark.parametrize("cycle", WHICH[1:])
def test_second_day_belongs_to_the_first(artificial_survey, cycle):
    one, two = (read(artificial_survey, name, cycle) for name in ("DR1TOT", "DR2TOT"))
    assert (one["SEQN"] == two["SEQN"]).all()
    assert (two["DR2TMAGN"].notna() == (two["DR2DRSTZ"] == 1)).all()
    both = one["DR1TMAGN"].notna() & two["DR2TMAGN"].notna()
    logs = np.log(np.column_stack([one["DR1TMAGN"], two["DR2TMAGN"]])[both])
    # 0.48 among adults in NHANES 2003-2004; children of all ages raise it.
    assert 0.4 < np.corrcoef(logs.T)[0, 1] < 0.8
    pd.testing.assert_series_equal(one["WTDR2D"], two["WTDR2D"])


@pytest.mark.parametrize("cycle", WHICH)
def test_activities_belong_to_those_who_are_active(artificial_survey, cycle):
    people, records = (read(artificial_survey, name, cycle) for name in ("PAQ", "PAQIAF"))
    for question, level in (("PAD320", 1), ("PAD200", 2)):
        told = set(people.loc[people[question] == 1, "SEQN"])
        assert set(records.loc[records["PADLEVEL"] == level, "SEQN"]) == told
    assert not records.duplicated(["SEQN", "PADLEVEL", "PADACTIV"]).any()
    assert records["SEQN"].is_monotonic_increasing


@pytest.mark.parametrize("cycle", WHICH)
def test_serum_values_are_whole_ng_per_ml(artificial_survey, cycle):
    a, b = {
        "2001-2002": (6.43435, 0.95212),
        "2003-2004": (1.72786, 0.98284),
        "2005-2006": (8.36753, 0.97012),
    }[cycle]
    value = read(artificial_survey, "VID", cycle)["LBDVIDMS"].dropna()
    ria = (value - a) / b / 2.496
    assert (ria - ria.round()).abs().max() < 0.22
    assert ria.round().between(3, 80).all()
    # Three significant digits, as the CDC prints: a decimal below 100, none above.
    decimals = np.where(value < 100, 1, 0)
    assert all(round(v, d) == v for v, d in zip(value, decimals, strict=True))
    assert (value[value < 100] % 1 != 0).mean() > 0.8


# --- Knowing it -----------------------------------------------------------------------------------


def test_everything_says_that_it_is_artificial(artificial_survey):
    assert is_synthetic(artificial_survey)
    for page in artificial_survey.rglob("*.htm"):
        assert "<strong>Artificial data.</strong>" in page.read_text()
        assert is_artificial(page)
    for path in artificial_survey.rglob("*.xpt"):
        assert is_artificial(path)
    manifest = json.loads((artificial_survey / synthetic.MANIFEST).read_text())
    assert manifest["truth"]["odds_ratio"]["deficiency"] < 1
    for name, facts in manifest["files"].items():
        assert (artificial_survey / name).stat().st_size == facts["bytes"]


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"artificial": "yes"}', "\xff"])
def test_other_folders_are_not(tmp_path, content):
    if content is not None:
        (tmp_path / synthetic.MANIFEST).write_text(content, encoding="latin-1")
    assert not is_synthetic(tmp_path)
    assert not is_synthetic(tmp_path / "missing")


@pytest.mark.real_data
def test_the_cdcs_files_are_not(real_path):
    assert not is_artificial(real_path(Table("VID_B", "2001-2002"), codebook=True))


def test_another_writers_file_is_not(tmp_path):
    pyreadstat.write_xport(pd.DataFrame({"A": [1.0]}), str(tmp_path / "a.xpt"))
    assert not is_artificial(tmp_path / "a.xpt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cycles": ["1999-2000"]}, "no artificial survey for 1999-2000"),
        ({"cycles": []}, "no cycle at all"),
        ({"people_per_cycle": 100}, "too few"),
        ({"scale": 0}, "too few"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_options_out_of_range(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        write_survey(tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()


def test_real_and_artificial_files_are_never_mixed(tmp_path):
    (tmp_path / "DEMO_B.xpt").write_bytes(b"real")
    with pytest.raises(InputError, match="not an artificial survey"):
        write_survey(tmp_path, people_per_cycle=500)
    assert (tmp_path / "DEMO_B.xpt").read_bytes() == b"real"
    with pytest.raises(InputError, match="not a folder"):
        write_survey(tmp_path / "DEMO_B.xpt", people_per_cycle=500)


def test_an_interrupted_survey_is_known_and_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_survey(tmp_path, cycles=WHICH[:1], people_per_cycle=500)
    assert is_synthetic(tmp_path)
    monkeypatch.undo()
    write_survey(tmp_path, cycles=WHICH[1:2], people_per_cycle=500)
    assert sorted(path.name for path in (tmp_path / "Nchs/Data/Nhanes/Public").iterdir()) == [
        "1988",
        "1999",
        "2003",
        "2007",
        "2009",
    ]


# --- Foods and follow-up --------------------------------------------------------------------------


@pytest.mark.parametrize("cycle", WHICH)
def test_vitamin_d_from_food_comes_back_by_food_code(artificial_survey, cycle):
    early = cycle == "2001-2002"
    foods = read(artificial_survey, "DRXIFF" if early else "DR1IFF", cycle)
    foods.columns = ["SEQN", "weight", "line", "status", "code", "grams"]
    later = pd.concat(
        [read(artificial_survey, "DR1IFF", cycle) for cycle in ("2007-2008", "2009-2010")]
    )
    per_gram = (later["DR1IVD"] / later["DR1IGRMS"]).groupby(later["DR1IFDCD"]).mean()
    assert set(foods.loc[foods["status"] == 1, "code"]) <= set(per_gram.index)
    total = (foods["code"].map(per_gram) * foods["grams"]).groupby(foods["SEQN"]).sum(min_count=1)
    totals = read(artificial_survey, "DRXTOT" if early else "DR1TOT", cycle)
    reliable = totals.iloc[:, 3] == 1
    assert set(total.dropna().index) == set(totals.loc[reliable, "SEQN"])
    log2 = np.log2(total.dropna())
    table = model()["interaction"]
    # Shifts by status lower the mean and widen the spread a little.
    assert log2.mean() == pytest.approx(table["log2_median"], abs=0.25)
    assert log2.std() == pytest.approx(table["sd"], abs=0.1)


@pytest.mark.parametrize("cycle", WHICH[1:])
def test_both_days_come_back_through_the_measures(artificial_survey, cycle):
    names = ["vitamin_d_dietary", "vitamin_d_dietary_day_2", "vitamin_d_dietary_two_days"]
    measures, weight = [MEASURES[name] for name in names], WEIGHTS["dietary_two_days"]
    raw = {
        table: read_columns(artificial_survey / table.data_path, list(columns))
        for table, columns in required_columns(measures, [cycle], weight).items()
    }
    frame = build_frame(raw, measures, [cycle], weight)
    first, second, mean = (frame[name] for name in names)
    one, two = (read(artificial_survey, f"DR{day}TOT", cycle) for day in (1, 2))
    assert first.notna().sum() == (one["DR1DRSTZ"] == 1).sum()
    assert second.notna().sum() == mean.notna().sum() == (two["DR2DRSTZ"] == 1).sum()
    pd.testing.assert_series_equal(mean, (first + second) / 2, check_names=False)
    logs = np.log2(np.column_stack([first, second])[mean.notna()])
    table = model()["interaction"]
    # Rounded grams move no one; the correlation of 1,100 people has a standard error of 0.02.
    assert np.corrcoef(logs.T)[0, 1] == pytest.approx(table["second_day"], abs=0.08)
    assert logs[:, 1].std() == pytest.approx(table["sd"], abs=0.1)


@pytest.mark.parametrize(("cycle", "name"), [("2003-2004", "L11"), ("2005-2006", "PTH")])
def test_parathyroid_hormone_falls_with_25ohd(artificial_survey, cycle, name):
    serum = read(artificial_survey, "VID", cycle).set_index("SEQN")["LBDVIDMS"].dropna()
    hormone = read(artificial_survey, name, cycle).set_index("SEQN")["LBXPT21"].dropna()
    both = serum.index.intersection(hormone.index)
    ng = recover_ria(serum[both].to_numpy(), *RIA_LINES[cycle])
    slope, centre = np.polyfit(ng - 25, np.log(hormone[both]), 1)
    table = model()["parathyroid"]
    # Standard errors of 0.001 and 0.012 with 1,100 people.
    assert slope == pytest.approx(table["per_ng"], abs=0.004)
    assert centre == pytest.approx(np.log(table["median"]), abs=0.04)
    assert hormone.min() >= table["lowest"]


FORM = {
    "seqn": (0, 6), "eligible": (14, 15), "dead": (15, 16), "cause": (16, 19),
    "diabetes": (19, 20), "hypertension": (20, 21), "interview": (42, 45), "exam": (45, 48),
}  # fmt: skip


def linked(folder: Path, cycle: str) -> pd.DataFrame:
    return pd.read_fwf(
        folder / mortality_path(cycle),
        colspecs=list(FORM.values()),
        names=list(FORM),
        na_values=".",
    )


@pytest.mark.parametrize("cycle", WHICH)
def test_mortality_has_the_public_form(artificial_survey, cycle):
    deaths = linked(artificial_survey, cycle)
    demo = read(artificial_survey, "DEMO", cycle)
    assert (deaths["seqn"] == demo["SEQN"]).all()
    assert ((deaths["eligible"] == 2) == (demo["RIDAGEYR"] < 18)).all()
    known = deaths["eligible"] == 1
    assert (deaths["dead"].notna() == known).all()
    assert (deaths["interview"].notna() == known).all()
    assert (deaths["exam"].notna() == (known & (demo["RIDSTATR"] == 2))).all()
    assert (deaths["cause"].notna() == (deaths["dead"] == 1)).all()
    assert deaths["cause"].dropna().between(1, 10).all()
    low, high = model()["mortality"]["months"][cycle]
    assert deaths.loc[deaths["dead"] == 0, "exam"].dropna().between(low, high).all()
    assert (deaths["interview"] - deaths["exam"]).dropna().isin([0, 1]).all()
    share = deaths.loc[demo["RIDAGEYR"] >= 60, "dead"].mean()
    assert 0.3 < share < 0.7
    lines = (artificial_survey / mortality_path(cycle)).read_text().splitlines()
    assert {len(line) for line in lines} <= {
        46,
        47,
        48,
    }  # trailing blanks are cut, as the CDC's are
    assert not any(line[start] == " " for line in lines for start in (14, 15, 42, 45))


def test_a_survey_too_large_for_the_form_has_no_mortality(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "LARGEST_SEQN", 200_600)
    write_survey(tmp_path, cycles=WHICH[:2], people_per_cycle=600)
    assert (tmp_path / mortality_path(WHICH[0])).exists()
    assert not (tmp_path / mortality_path(WHICH[1])).exists()


def test_hazards_are_proportional_as_set():
    # With the cumulative hazard as its clock, time to death is unit exponential, whoever the person
    # is; a wrong effect would show in some group.
    table = model()["mortality"]
    block = Block(17, WHICH[0], 0, 60_000)
    people = draw_people(block, sampled=False, adults=True) | {"day": np.ones(block.size)}
    people = describe(block, people) | {"examined": np.ones(block.size)}
    found = follow_up(block, people, WHICH[0])
    yearly = table["per_decade"] / 10
    risk = (
        yearly * (people["age"] - 50)
        + table["male"] * (people["female"] == 0)
        + table["smoker"] * (people["smoker"] == 2)
        + table["deficient"] * (people["status"] == 2)
        + table["insufficient"] * (people["status"] == 1)
    )
    known = found["eligible"] == 1
    # Months are rounded down, so half a month is added.
    months = found["months_exam"] + 0.5 * (found["dead"] == 1)
    clock = table["hazard_at_50"] * np.exp(risk) * np.expm1(yearly / 12 * months) / (yearly / 12)
    for name in ("female", "smoker", "status", "age_group"):
        for code in np.unique(people[name]):
            rows = known & (people[name] == code)
            expected, deaths = clock[rows].sum(), found["dead"][rows].sum()
            assert abs(deaths - expected) < 4 * np.sqrt(expected), (name, code)
