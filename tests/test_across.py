"""A study cycle by cycle, from files to report, on the artificial survey."""

import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lxml import html as lxml_html

from analysis import across, pipeline
from analysis.cli import main
from analysis.cohort.measures import MEASURES
from analysis.commands.terminal import log
from analysis.errors import InputError
from analysis.models.results import COLUMNS
from analysis.study import load_study
from analysis.study.overrides import change_study

SMALL = Path(__file__).parent / "small.toml"
CYCLES = ("2001-2002", "2003-2004", "2005-2006")


def command(base: Path, survey: Path, *more: str) -> int:
    where = ["--mirror", str(survey), "--data", str(base / "data"), "--out", str(base / "reports")]
    return main(["across", str(SMALL), *where, *more])


@pytest.fixture(scope="module")
def base(tmp_path_factory, artificial_survey) -> Path:
    """Run the command once; give the folder of its folders."""
    base = tmp_path_factory.mktemp("across")
    assert command(base, artificial_survey, "--cycles", ",".join(CYCLES)) == 0
    return base


@pytest.fixture(scope="module")
def folder(base) -> Path:
    return base / "reports" / f"small-across-{'+'.join(CYCLES)}-synthetic"


@pytest.fixture(scope="module")
def results(folder) -> pd.DataFrame:
    return pd.read_csv(folder / "results.csv", keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def page(folder) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }


def test_the_folder_has_what_a_run_has(folder, results):
    assert {path.name for path in folder.iterdir()} == {
        "results.csv", "report.html", "report.pdf", "report.docx", "run.json", "study.toml",
        "figures", "tables",
    }  # fmt: skip
    assert [column for column in results.columns if column != "data"] == list(COLUMNS)
    assert (results["data"] == "artificial").all()
    record = json.loads((folder / "run.json").read_text())
    assert (record["across"], record["data"]) == (list(CYCLES), "artificial")
    figures = {path.stem.removesuffix("-narrow") for path in (folder / "figures").iterdir()}
    assert figures == {"by_cycle", "by_cycle_unit", "trend_exposures", "trend_outcomes"}


@pytest.fixture(scope="module")
def own_run(base):
    """Return what runs the study itself on cycles, without a report."""
    settings = pipeline.Settings(base / "data", base / "reports", offline=True)

    def run(cycles) -> pd.DataFrame:
        study = load_study(str(SMALL)).with_cycles(cycles)
        return pipeline.analyse(study, pipeline.fetch([study], settings, log())).results

    return run


EFFECT = ["estimate", "conf_low", "conf_high", "std_error", "p_value", "df", "n", "events"]


def effects(results: pd.DataFrame, **wanted: str) -> np.ndarray:
    keep = np.ones(len(results), dtype=bool)
    for column, value in wanted.items():
        keep &= (results[column] == value).to_numpy()
    return results[keep][EFFECT].to_numpy(float)


def test_one_model_is_the_study_of_all_cycles(results, own_run):
    own = own_run(CYCLES)
    ours = effects(results, analysis="pooled", stratum="one model")
    theirs = [
        *effects(own, analysis="odds_ratio", level="T3"),
        *effects(own, analysis="per_unit"),
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("cycle", CYCLES)
def test_own_cut_points_give_the_study_of_the_cycle(results, own_run, cycle):
    ours = effects(results, analysis="cycle", stratum="cycle, own cut points", stratum_level=cycle)
    theirs = effects(own_run([cycle]), analysis="odds_ratio", level="T3")
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_people_of_the_cycles_are_all_people(results):
    per = results[(results["stratum"] == "cycle") & (results["contrast"] == "per 100 mg/day")]
    one = results[(results["stratum"] == "one model") & (results["level"].isna())]
    assert per["n"].sum() == one["n"].item()
    assert per["events"].sum() == one["events"].item()
    means = results[(results["analysis"] == "cycle_mean") & (results["outcome"] == "low")]
    flow = results[(results["analysis"] == "flow") & (results["measure"] == "remaining")]
    assert means["n"].sum() == flow["n"].iloc[-1]


def test_every_number_of_the_page_is_a_row_of_the_table(page, results):
    tree = lxml_html.fromstring(page)
    values = tree.xpath("//*[@data-row]")
    assert len(values) > 50
    assert {int(value.get("data-row")) for value in values} <= set(range(len(results)))
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "said", ["Artificial data", "Diamonds pool the cycles", "T3 against T1", "Paule and Mandel"]
)
def test_the_page_says(page, said):
    assert said in re.sub(r"\s+", " ", lxml_html.fromstring(page).text_content())


def test_the_terminal_shows_cycles_and_pooled(base, artificial_survey, capsys, monkeypatch):
    """Without writing the report again."""
    for name in ("write", "finish"):
        monkeypatch.setattr(pipeline, name, lambda *done, **more: None)
    assert command(base, artificial_survey, "--cycles", "1999-2000,2001-2002,2003-2004") == 0
    shown = capsys.readouterr().out
    for text in ("2001-2002", "Random effects", "ARTIFICIAL", "P, own models", "not in 1999-2000"):
        assert text in shown, text
    assert max(map(len, shown.split("estimates:")[0].splitlines())) <= 80
    assert re.search(r"^report: .+/report\.html, \.pdf, \.docx$", shown, re.MULTILINE)


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(base, folder, tmp_path, artificial_survey):
    where = ["--mirror", str(artificial_survey), "--data", str(base / "data")]
    again = ["across", str(SMALL), *where, "--out", str(tmp_path), "--cycles", ",".join(CYCLES)]
    assert main(again) == 0
    assert contents(tmp_path / folder.name) == contents(folder)


class TestPlan:
    def test_takes_every_cycle_in_which_the_study_can_run(self):
        plan = across.plan_of(load_study("deng_2013"))
        assert plan.cycles == CYCLES
        assert set(plan.refused) >= {"1999-2000", "2007-2008", "2021-2023"}
        assert all("\n" not in reason and reason for reason in plan.refused.values())

    def test_keeps_people_weight_and_models(self):
        study = load_study("deng_2013")
        plan = across.plan_of(study)
        kept = ("cohort", "outcomes", "models", "exposures", "weight", "cohort_options")
        for name in kept:
            assert getattr(plan.study, name) == getattr(study, name), name
        assert not plan.study.strata
        assert plan.study.specifications is None

    def test_keeps_a_study_whole_whose_weight_is_that_of_another_part(self):
        """Parathyroid hormone is of everyone examined: without the divisions nothing is of diet."""
        study = load_study("deng_2013")
        table = study.table1.model_copy(update={"rows": ("energy",)})
        bare = study.models[0]
        step = study.cohort[0]
        lab = study.changed(
            exposure=study.exposure.model_copy(update={"measure": "bmi"}), other_exposures=(),
            cohort=(step,), models=(bare,), table1=table, interactions=(), specifications=None,
            confounding=None, imputation=None, published=(), strata=(), multinomial=(),
        )  # fmt: skip
        plan = across.plan_of(lab, CYCLES)
        assert plan.study.weight == lab.weight == "dietary_day_1"
        assert {"energy", "age", "sex"} <= set(plan.study.measures)

    @pytest.mark.parametrize("cycles", [["2001-2002"], ["2001-2002", "2009-2010"], ["2009-2010"]])
    def test_wants_two_cycles(self, cycles):
        with pytest.raises(InputError, match="two cycles or more") as caught:
            across.plan_of(load_study("deng_2013"), cycles)
        for cycle in set(cycles) - set(CYCLES):
            assert cycle in caught.value.message

    def test_wants_an_exposure(self):
        with pytest.raises(InputError, match="no \\[exposure\\]"):
            across.plan_of(load_study("forrest_2011"))

    def test_a_changed_study_goes_across_too(self):
        study = change_study(load_study("deng_2013"), {"exposure": "calcium_total"}, MEASURES)
        plan = across.plan_of(study)
        assert plan.study.exposure.measure == "calcium_total"
        assert across.folder_name(plan, artificial=True) == f"{study.name}-across-synthetic"

    def test_cycles_of_a_four_year_weight_have_their_own_of_two_years(self, diet):
        plan = across.plan_of(diet, ["1999-2000", "2001-2002"])
        read = [set(n) for table, n in across.tables(plan).items() if table.name[:6] == "DRXTOT"]
        assert len(read) == 2
        assert all({"WTDR4YR", "WTDRD1"} <= names for names in read)


@pytest.fixture
def diet(tmp_path):
    """Return a study that can be run in 1999-2000 too: the small one of body mass."""
    path = tmp_path / "diet.toml"
    path.write_text(SMALL.read_text().replace("vitamin_d < 50", "bmi >= 30").replace(
        "vitamin_d >= 50", "bmi < 30").replace("vitamin_d", "bmi"))  # fmt: skip
    return load_study(str(path))


@pytest.mark.real_data
def test_pooled_four_year_weights_leave_each_cycle_its_own(diet, tmp_path):
    mirror = os.environ.get("NHANES_MIRROR")
    if not mirror:
        pytest.skip("NHANES_MIRROR is not set")
    settings = pipeline.Settings(tmp_path / "data_raw", tmp_path / "reports", mirror)
    plan = across.plan_of(diet, ["1999-2000", "2001-2002", "2003-2004"])
    store = across.fetch([plan], settings, log())
    results = across.run(plan, store, settings).results
    for cycle in plan.cycles:
        own = pipeline.analyse(diet.with_cycles([cycle]), store).results
        ours = effects(
            results, analysis="cycle", stratum="cycle, own cut points", stratum_level=cycle
        )
        theirs = effects(own, analysis="odds_ratio", level="T3")
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("short, and whole", "short, and whole"),
        ("one clause, another one, a third", "one clause, another one"),
        ("what: why is long enough here", "what"),
        ("a clause without an end in twenty", "a clause without ..."),
    ],
)
def test_a_reason_ends_with_a_clause(told, kept):
    assert across._clauses(told, 25 if "one clause" in told else 20) == kept
