"""Studies from Python: the same numbers as the commands', and a result for notebooks."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import analysis
from analysis import load_study, run
from analysis.cli import main
from analysis.errors import InputError
from analysis.survey import Design

SMALL = Path(__file__).parent / "small.toml"


@pytest.fixture(scope="module")
def where(tmp_path_factory, artificial_survey) -> dict:
    folder = tmp_path_factory.mktemp("api")
    return {"data": folder / "data", "mirror": str(artificial_survey)}


@pytest.fixture(scope="module")
def result(where):
    return run(SMALL, overrides={"exposure.groups": 4}, **where)


def test_the_results_are_the_commands(result, where, tmp_path):
    out = tmp_path / "reports"
    source = ["--data", str(where["data"]), "--mirror", where["mirror"], "--out", str(out)]
    assert main(["run", str(SMALL), "--set", "exposure.groups=4", *source]) == 0
    (written,) = (path for path in out.iterdir() if path.is_dir())
    assert written.name == "small-exposure.groups_4-synthetic"
    page = result.report(tmp_path / "mine")
    for name in ("results.csv", "report.html"):
        assert (tmp_path / "mine" / name).read_bytes() == (written / name).read_bytes()
    assert page == tmp_path / "mine" / "report.html"
    record = json.loads((written / "run.json").read_text())
    assert record["changes"] == {"exposure.groups": 4}
    text = page.read_text()
    assert "this run set exposure.groups = 4 (in the file 3)" in text
    assert "A small study — changed: exposure.groups = 4 (artificial data)" in text


def test_the_main_table_has_people_events_and_estimates(result):
    table = result.table("main")
    assert table.attrs["caption"].startswith("Odds ratios")
    row = result.results[
        (result.results["analysis"] == "odds_ratio") & (result.results["level"] == "Q4")
    ].iloc[0]
    shown = table.loc[("Low vitamin D", "Adjusted")].iloc[3]
    assert shown == f"{row.estimate:.2f} ({row.conf_low:.2f}–{row.conf_high:.2f})"
    people = table.loc[("Low vitamin D", "Events / n")].iloc[3]
    assert people == f"{row.events:,.0f} / {row.n:,.0f}"
    assert all(isinstance(result.table(name), pd.DataFrame) for name in result.tables)


def test_figures_are_matplotlibs_and_show_themselves(result):
    assert {"flow", "forest"} <= set(result.figures)
    figure = result.figure("forest")
    assert isinstance(figure, Figure) and figure.get_axes()
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert "ARTIFICIAL DATA" in {text.get_text() for text in figure.texts}


def test_the_cohort_is_a_design_that_gives_the_same_prevalence(result):
    people = result.cohort
    design = Design(people, weights="weight", strata="stratum", psu="psu")
    low = (people["vitamin_d"] < 50).to_numpy()
    mean = np.average(low[people["in_cohort"]], weights=people["weight"][people["in_cohort"]])
    rows = result.results
    rows = rows[(rows["analysis"] == "prevalence") & (rows["measure"] == "proportion")]
    row = rows[rows["stratum_level"] == "all"].iloc[0]
    assert mean == pytest.approx(row["estimate"], rel=1e-12)
    found = design.where(people["in_cohort"].to_numpy()).mean(low.astype(float))
    assert found.only["estimate"] == pytest.approx(mean, rel=1e-12)


def test_a_notebook_shows_the_answer_and_that_data_are_artificial(result):
    page = result._repr_html_()
    assert "<h3>A small study" in page and "Artificial data" in page and "<table>" in page
    assert "ARTIFICIAL" in repr(result)


def test_nothing_is_written_unless_asked(result, where, tmp_path):
    assert not (Path("reports") / f"{result.study.name}-synthetic").exists()
    run(load_study("forrest_2011"), cycles="2003-2004", out=tmp_path / "out", **where)
    assert (tmp_path / "out" / "forrest_2011-2003-2004-synthetic" / "run.json").is_file()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda r: r.table("mian"), "no table 'mian'; did you mean 'main'?"),
        (lambda r: r.figure("forrest"), "no figure 'forrest'; did you mean 'forest'?"),
        (lambda r: run("deng_2031"), "did you mean 'deng_2013'?"),
        (lambda r: run("deng_2013", overrides={"exposre": "x"}), "did you mean 'exposure'?"),
        (lambda r: run("deng_2013", cycles=["2003"]), "did you mean '2003-2004'?"),
        (lambda r: run("deng_2013", synthetic=True, mirror="x"), "leave out mirror"),
        (
            lambda r: run("deng_2013", cycles=[2013]),
            'cycles: want names such as "2013-2014", got int',
        ),
        (lambda r: run("deng_2013", overrides="a=b"), "overrides: want a mapping of paths"),
        (lambda r: run("deng_2013", data=None), "data: want the path of a folder, got NoneType"),
        (lambda r: run("deng_2013", out=3), "out: want the path of a folder, got int"),
        (lambda r: run(None), "want the name of a study or the path of a file, got NoneType"),
        (lambda r: load_study(5), "want the name of a study or the path of a file, got int"),
        (lambda r: r.table(None), "no table 'None'"),
    ],
)
def test_what_is_not_there_is_told(result, ask, said):
    with pytest.raises(InputError) as error:
        ask(result)
    assert said in error.value.message


def test_the_package_is_light_until_something_is_asked_of_it():
    code = (
        "import analysis, analysis.cli, sys; print(sorted({'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_offered_is_there():
    assert set(analysis.__all__) <= set(dir(analysis))
    assert all(hasattr(analysis, name) for name in analysis.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        analysis.nothing  # noqa: B018
