"""A study changed for one run: what is set, comes with it, is left out, is refused."""

from pathlib import Path

import pytest

from analysis.cohort.measures import MEASURES
from analysis.errors import InputError
from analysis.pipeline import folder_name
from analysis.study import Study, change_study, check_study, load_study, settings_of
from analysis.study.years import years

SMALL = Path(__file__).parent / "small.toml"


def changed(name: str | Path, *texts: str) -> Study:
    study = change_study(load_study(name), settings_of(list(texts)), MEASURES)
    check_study(study, MEASURES)
    return study


def terms(study: Study) -> dict[str, list[str]]:
    return {model.name: [str(term) for term in model.parsed_terms] for model in study.models}


def left_out(study: Study) -> str:
    return "; ".join(study.left_out)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("exposure.groups=5", "exposure.groups", 5),
        ("exposure.per=12.5", "exposure.per", 12.5),
        ("exposure.spline_knots=4", "exposure.spline_knots", 4),
        ("exposure.split=users", "exposure.split", "users"),
        ("data.weight=dietary_day_1", None, "dietary_day_1"),
        ("cohort_options.complete_cases=false", "cohort_options.complete_cases", False),
        ("outcomes.low.event=vitamin_d < 30", "outcomes.low.event", "vitamin_d < 30"),
        ('outcomes.low.event="vitamin_d < 30"', "outcomes.low.event", "vitamin_d < 30"),
        ("outcomes.low.label=2020", "outcomes.low.label", "2020"),
        ("models.adjusted.terms=age, bmi", "models.adjusted.terms", ["age", "bmi"]),
        ('models.adjusted.terms=["age"]', "models.adjusted.terms", ["age"]),
        ("models.adjusted.terms=[]", "models.adjusted.terms", []),
        ("table1.rows=bmi", "table1.rows", ["bmi"]),
        ("exposure=magnesium_total", "exposure.measure", "magnesium_total"),
    ],
)
def test_a_value_is_read_as_its_place_wants(text, path, value):
    study = changed(SMALL, text)
    if path is None:  # as in the file
        assert study == load_study(SMALL) and not study.changes
        return
    (change,) = study.changes
    assert (change.path, change.value) == (path, value)
    found = study
    for part in path.split("."):
        if isinstance(found, tuple):
            found = next(each for each in found if each.name == part)
        else:
            found = getattr(found, part)
    assert (list(found) if isinstance(value, list) else found) == value


def test_a_changed_study_says_so_and_has_a_folder_of_its_own():
    file = load_study("deng_2013")
    study = changed("deng_2013", "exposure.groups=5", "exposure.per=300")
    assert study.name == "deng_2013-exposure.groups_5+exposure.per_300"
    assert study.title == f"{file.title} — changed: exposure.groups = 5, exposure.per = 300"
    assert study.published == () and "published figures" in study.left_out
    assert study.sha256 == file.sha256
    moved = study.with_cycles(["2005-2006"])
    assert folder_name(moved, artificial=True) == f"{study.name}-2005-2006-synthetic"
    assert moved.changes == study.changes


def test_folders_of_different_changes_differ():
    names = {
        changed(SMALL, f"outcomes.low.event=vitamin_d {sign} {value}").name
        for sign in ("<", "<=")
        for value in (30, 40)
    }
    assert len(names) == 4
    assert all(len(name) < 100 and "<" not in name and " " not in name for name in names)


def test_a_new_exposure_takes_the_old_ones_place_and_the_old_one_its():
    study = changed("deng_2013", "exposure=calcium_total")
    assert study.exposure.measure == "calcium_total"
    found = terms(study)
    assert found["full"] == [
        "per(magnesium_total, 100)" if text == "per(calcium_total, 100)" else text
        for text in terms(load_study("deng_2013"))["full"]
    ]
    assert "per(magnesium_total, 100)" not in found["demographic"]
    # Their words speak of the new exposure, or they are for others.
    assert not {"without_calcium", "without_both", "full_vitamin_d"} & set(found)
    assert all("calcium_total" not in " ".join(texts) for texts in found.values())
    assert study.other_exposures == () and study.interactions == ()
    assert study.specifications is None
    assert study.confounding.negative_exposure is study.confounding.negative_outcome is None
    assert len(study.strata) == 7 and len(study.outcomes) == 7
    for part in ("other exposures", "specification curve", "interaction 'vitamin_d_intake'"):
        assert part in study.left_out
    assert study.question.startswith("Total calcium in place of Total magnesium in: Do adults")


def test_exposures_of_one_study_change_places():
    file, study = load_study("deng_2013"), changed("deng_2013", "exposure=vitamin_d_total")
    assert (study.exposure.measure, study.exposure.per, study.exposure.spline_knots) == (
        "vitamin_d_total", 5, 4
    )  # fmt: skip
    assert study.other_exposures[0].measure == "magnesium_total"
    assert len(study.exposures) == len(file.exposures)
    assert terms(study) == terms(file)
    assert study.models_of("vitamin_d_total")[-1].name == "full_vitamin_d"
    assert "division 'vitamin_d_intake'" in study.left_out


def test_parts_that_name_the_old_exposure_by_its_label_are_left_out():
    """Serum 25(OH)D is no intake that a part could be named after."""
    study = changed("huang_2021", "exposure=vitamin_d_total")
    assert not study.interactions and not any("25(OH)D" in each.label for each in study.strata)
    assert "interaction 'magnesium'" in study.left_out


def test_what_is_set_beside_an_exposure_is_set_after_it():
    study = changed("deng_2013", "exposure.groups=3", "exposure=vitamin_d_total")
    assert (study.exposure.groups, study.exposure.per) == (3, 5)


def test_words_follow_a_changed_condition():
    study = changed(SMALL, "outcomes.low.event=vitamin_d < 30", "cohort.adults.keep=age >= 60")
    assert study.outcomes[0].definition == (
        "Serum 25(OH)D is below 30 nmol/L, against Serum 25(OH)D is at least 50 nmol/L"
    )
    assert study.cohort[0].label == "Age is at least 60 years"


def test_a_step_that_asks_for_the_old_exposure_is_told():
    study = changed(SMALL, "exposure=calcium_dietary")
    assert "but not the cohort step 'known', which asks for magnesium_dietary" in study.left_out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exposure", ["want PATH=VALUE"]),
        ("=5", ["want PATH=VALUE"]),
        ("exposre=calcium_total", ["no key is named 'exposre'; did you mean 'exposure'?"]),
        ("exposure.grups=5", ["no key of exposure is named 'grups'; did you mean 'groups'?"]),
        ("exposure=calcum_total", ["unknown measure 'calcum_total'; did you mean 'calcium_total'"]),
        ("exposure=sex", ["'sex' is categorical"]),
        ("exposure.groups=many", ["exposure.groups", "want a whole number", "the text 'many'"]),
        ("exposure.groups=1", ["exposure.groups", "want a whole number of at least 2"]),
        ("exposure.per=-1", ["exposure.per", "above 0"]),
        ("outcomes.lo.event=age > 1", ["nothing in [[outcomes]] is named 'lo'", "'low'"]),
        ("outcomes.low.event=vitamn_d < 1", ["unknown measure 'vitamn_d'", "'vitamin_d'"]),
        ("outcomes.low.event=vitamin_d <", ["outcome 'low', event"]),
        ("outcomes.low=1", ["'outcomes.low' is a table; set a key of it: name, label"]),
        ("models=1", ["'models' is a table; set a key of it: adjusted"]),
        ("strata.sex.label=x", ["the file has no [[strata]]"]),
        ("exposure.per.x=1", ["'exposure.per' has no parts"]),
        ("name=other", ["cannot be set: a changed study is named after"]),
        ("schema=2", ["cannot be set"]),
        ("data.cycles=2003-2004", ["cannot be set", "--cycles"]),
        ("published.x.estimate=1", ["cannot be set", "not compared"]),
        ("data.weight=examination", ['use "dietary_day_1"']),
        ("exposure=vitamin_d", ["an outcome is made of it"]),
    ],
)
def test_what_cannot_be_set_is_refused(text, said):
    with pytest.raises(InputError) as error:
        changed(SMALL, text)
    for words in said:
        assert words in error.value.message


def test_a_path_is_set_once():
    with pytest.raises(InputError, match="is set twice"):
        settings_of(["exposure=a", "exposure.measure=b"])


@pytest.mark.parametrize(
    ("cycles", "printed"),
    [
        (["2001-2002", "2003-2004", "2005-2006", "2011-2012"], "2001-2006, 2011-2012"),
        (["2021-2023", "2017-2018"], "2017-2018, 2021-2023"),
        (["1999-2000"], "1999-2000"),
        ([], ""),
    ],
)
def test_runs_of_cycles_show_their_gaps(cycles, printed):
    assert years(cycles) == printed
