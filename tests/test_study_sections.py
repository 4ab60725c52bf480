"""The optional sections of a study file: what they must name, and how a mistake is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.cohort.measures import MEASURES
from analysis.errors import InputError
from analysis.study import Study, check_study, load_study

TEXT = (
    (Path(__file__).parent / "small.toml").read_text()
    + """
[[other_exposures]]
measure = "magnesium_supplemental"
groups = 3
split = "users"
per = 100

[[outcomes]]
name = "lower"
label = "Lower vitamin D"
definition = "25(OH)D below 30 nmol/L"
event = "vitamin_d < 30"
against = "vitamin_d >= 50"
role = "further"

[[outcomes]]
name = "between"
label = "Between"
definition = "25(OH)D from 30 to below 50 nmol/L"
event = "vitamin_d >= 30 and vitamin_d < 50"
against = "vitamin_d >= 50"

[[outcomes]]
name = "level"
label = "25(OH)D"
definition = "nmol/L"
measure = "vitamin_d"

[[outcomes]]
name = "scores"
label = "Scores"
definition = "Mean of z scores"
mean_z = ["bmi", "poverty_income_ratio"]

[[outcomes]]
name = "thin"
label = "Thin"
definition = "Lowest tenth of body mass"
below = { measure = "bmi", quantile = 0.1 }

[[adjusted]]
name = "ages"
label = "Ages"
groups = "category(age, 40, 60)"
names = ["young", "middle", "older"]
terms = ["sex"]

[[adjusted]]
name = "sexes"
label = "Men and women"
groups = "sex"
terms = ["category(age, 40)"]
outcomes = ["low", "level"]

[[models]]
name = "other"
label = "Other"
exposures = ["magnesium_supplemental"]
terms = ["age", "magnesium_dietary"]

[[multinomial]]
name = "status"
label = "Both logits"
outcomes = ["lower", "between"]

[[interactions]]
name = "vitamin_d"
label = "With vitamin D"
modifier = "vitamin_d_total"
per = 5
joint_cuts = { exposure = [250, 350], modifier = [5], reference = ["highest", "lowest"] }
outcomes = ["low"]
slopes = ["level"]

[[strata]]
name = "by_age"
label = "Age"
measure = "age"
cuts = [51]
names = ["young", "old"]

[[strata]]
name = "by_sex"
label = "Sex"
measure = "sex"

[specifications]
outcomes = ["low"]
model = "adjusted"

[[specifications.choices]]
name = "age"
label = "Ages"
options = [
    { name = "all", label = "all" },
    { name = "some", label = "some", keep = "age < 80", cycles = ["2005-2006"] },
]

[confounding]
outcomes = ["low"]

[confounding.negative_exposure]
measure = "lutein_dietary"
reason = "None."

[imputation]
outcomes = ["low"]
seed = 1
"""
)

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "made.toml"
        path.write_text(text)
        return path

    return written


@pytest.fixture
def study(write: Write) -> Study:
    return load_study(write(TEXT))


def test_the_sections_are_read(study: Study) -> None:
    check_study(study, MEASURES)
    assert [model.name for model in study.models_of("magnesium_dietary")] == ["adjusted"]
    assert [model.name for model in study.models_of("magnesium_supplemental")] == [
        "adjusted",
        "other",
    ]
    assert study.interactions[0].joint == (3,)
    assert [each.measure for each in study.adjusted] == ["age", "sex"]
    assert study.adjusted[0].parts == ("young", "middle", "older")
    assert study.adjusted[0].cuts == (40, 60) and study.adjusted[1].parts == ()
    assert {"bmi", "poverty_income_ratio"} <= set(study.measures)
    assert [outcome.is_binary for outcome in study.outcomes[-2:]] == [False, True]
    assert study.strata[0].parts == ("young", "old")
    assert {"lutein_dietary", "vitamin_d_total", "magnesium_supplemental"} <= set(study.measures)
    assert study.specifications is not None
    assert study.specifications.count == 2
    assert study.other_weights == {}


WRONG = {
    '{ name = "some", label = "some", keep': (
        '{ name = "some", label = "some", outcomes = { low = "level < 15" }, keep',
        "outcomes.low: want a name of a-z, 0-9 and _ that begins with a letter",
    ),
    "exposure = [250, 350]": (
        "exposure = []",
        "interaction 'vitamin_d', joint_cuts.exposure: want 1 to 4 numbers, got 0",
    ),
    "[250, 350]": ("[350, 250]", "joint_cuts.exposure: want numbers that increase"),
    'slopes = ["level"]\n\n': (
        'slopes = ["level"]\n\n[[interactions]]\nname = "again"\nlabel = "Again"\nper = 1\n'
        'modifier = "vitamin_d_total"\noutcomes = ["low"]\n\n',
        "interaction 'again', modifier: 'vitamin_d_total' is the modifier of the interaction "
        "'vitamin_d' already, in the same model; ask for both in one entry",
    ),
    "modifier = [5]": (
        'modifier = ["5"]',
        "interaction 'vitamin_d', joint_cuts.modifier no. 1: want a number, got the text '5'",
    ),
    'reference = ["highest", "lowest"]': (
        'reference = ["highest"]',
        "joint_cuts.reference: want two: of the exposure and of the modifier",
    ),
    '["highest", "lowest"]': (
        '["high", "lowest"]',
        "interaction 'vitamin_d', joint_cuts.reference no. 1: want ",
    ),
    "modifier = [5], ref": (
        "modifier = [5], expossure = [2], ref",
        "joint_cuts.expossure: unknown key 'expossure' in interactions.joint_cuts; did you mean",
    ),
    'mean_z = ["bmi", "poverty_income_ratio"]': (
        'mean_z = ["bmi", "bmi"]',
        "outcome 'scores', mean_z no. 2: 'bmi' is named twice",
    ),
    'mean_z = ["bmi", "poverty': (
        'measure = "poverty_income_ratio"\nmean_z = ["bmi", "poverty',
        "outcome 'scores': has both 'measure' (continuous) and 'mean_z' (continuous)",
    ),
    '["bmi", "poverty_income_ratio"]': (
        '["bmi"]',
        "outcome 'scores', mean_z: want two measures or more; of one, say 'measure'",
    ),
    "quantile = 0.1": (
        "quantile = 1",
        "outcome 'thin', below.quantile: want a number between 0 and 1, got the number 1",
    ),
    "quantile = 0.1 }": (
        'quantile = 0.1 }\nagainst = "bmi > 30"',
        "outcome 'thin', against: means nothing without 'event'",
    ),
    'groups = "category(age, 40, 60)"': (
        'groups = "spline(age, 4)"',
        "adjusted 'ages', groups: 'spline(age, 4)' makes no groups; want a categorical measure or",
    ),
    'names = ["young", "middle", "older"]': (
        'names = ["young", "older"]',
        "adjusted 'ages', names: want 3 names, one a group",
    ),
    'names = ["young", "middle", "o': (
        'names = ["young", "not known", "o',
        "adjusted 'ages', names no. 2: the name 'not known' is reserved; choose another",
    ),
    'groups = "sex"\n': (
        'groups = "sex"\nnames = ["a", "b"]\n',
        "adjusted 'sexes', names: mean nothing without category(...); categories have names",
    ),
    'groups = "category(age, 40, 60)"\n': (
        'groups = "category(vitamin_d, 40, 60)"\n',
        "adjusted 'ages', groups: the outcome 'level' is made of 'vitamin_d'; want another",
    ),
    'terms = ["category(age, 40)"]': (
        'terms = ["sex:age"]',
        "adjusted 'sexes', terms no. 1: 'sex:age' holds 'sex', of which the groups are made",
    ),
    'terms = ["sex"]\n\n[[adj': (
        'terms = ["sex", "bmi"]\noutcomes = ["scores"]\n\n[[adj',
        "'bmi' holds 'bmi', of which the outcome 'scores' is made",
    ),
    'terms = ["sex"]\n': (
        'terms = ["sex", "sex"]\n',
        "adjusted 'ages', terms no. 2: 'sex' is named twice",
    ),
    'outcomes = ["low", "level"]': (
        'outcomes = ["low", "levels"]',
        "adjusted 'sexes', outcomes no. 2: no outcome is named 'levels'; did you mean 'level'?",
    ),
    'name = "sexes"': ('name = "ages"', "the name 'ages' is taken by an entry above"),
    'split = "users"': ('split = "user"', "other exposure 'magnesium_supplemental', split: want"),
    "seed = 1": (
        'seed = 1\n[[other_exposures]]\nmeasure = "magnesium_dietary"\ngroups = 3\nper = 1',
        "other exposure 'magnesium_dietary', measure: 'magnesium_dietary' is an exposure already",
    ),
    'exposures = ["magnesium_supplemental"]': (
        'exposures = ["magnesium_suplemental"]',
        "no exposure is named 'magnesium_suplemental'; did you mean 'magnesium_supplemental'?",
    ),
    'exposures = ["magnesium_supplemental"]\nterms = ["age", "magnesium_dietary"]': (
        'exposures = ["magnesium_supplemental"]\nterms = ["age", "magnesium_supplemental"]',
        "holds the exposure 'magnesium_supplemental', which this model is for",
    ),
    'vitamin_d < 50"\nagainst = "vitamin_d >= 50"\n\n[[outcomes]]\nname = "level"': (
        'vitamin_d < 50"\nagainst = "vitamin_d >= 75"\n\n[[outcomes]]\nname = "level"',
        "multinomial model 'status', outcomes: the outcomes of one model must have the same",
    ),
    'slopes = ["level"]': ('slopes = ["low"]', "the outcome 'low' is not continuous"),
    'modifier = "vitamin_d_total"\nper = 5': (
        'modifier = "vitamin_d_total"\nper = 0',
        "interaction 'vitamin_d', per: want a number above 0, got the number 0",
    ),
    "cuts = [51]": ("cuts = [51]\ngroups = 2", "has both 'cuts' and 'groups'"),
    'cuts = [51]\nnames = ["young", "old"]\n': ("cuts = [51, 51]\n", "want numbers that increase"),
    'names = ["young", "old"]': ('names = ["young"]', "want 2 names, one a part"),
    'cuts = [51]\nnames = ["young", "old"]': (
        'cuts = ["a"]',
        "division 'by_age', cuts no. 1: want a number, got the text 'a'",
    ),
    'model = "adjusted"\n\n[[spec': (
        'model = "adjust"\n\n[[spec',
        "specifications.model: no model is named 'adjust'; did you mean 'adjusted'?",
    ),
    'keep = "age < 80"': (
        'keep = "age <"',
        "specifications.choices no. 1.options no. 2.keep:",
    ),
    'cycles = ["2005-2006"] },': (
        'cycles = ["2003-2004"] },',
        "'2003-2004' is not among the study's cycles",
    ),
    '{ name = "all", label = "all" },': (
        '{ name = "all", label = "all", keeps = "age < 80" },',
        "specifications.choices no. 1.options no. 1.keeps: unknown key 'keeps' in "
        "[[specifications.choices.options]]; did you mean 'keep'?",
    ),
    '{ name = "some"': ('{ name = "all"', "the name 'all' is taken by an entry above"),
    'reason = "None."': (
        "reason = 3",
        "confounding.negative_exposure.reason: want text of 1 to 2,000 printable characters",
    ),
    'outcomes = ["low"]\nslopes = ["level"]': (
        "outcomes = []",
        "interaction 'vitamin_d': asks for nothing; name outcomes in 'outcomes' or 'slopes'",
    ),
    'slopes = ["level"]\n': (
        'slopes = ["level", "level"]\n',
        "interaction 'vitamin_d', slopes no. 2: 'level' is named twice",
    ),
    "per = 5\njoint_cuts": (
        "per = 5\njoint = [1]\njoint_cuts",
        "joint no. 1: want a whole number from 2 to 5, got the number 1",
    ),
    "5\njoint_cuts": ("5\njoint = [3, 3]\njoint_cuts", "joint no. 2: 3 is named twice"),
    'modifier = "vitamin_d_total"\n': (
        'modifier = "magnesium_dietary"\n',
        "modifier: 'magnesium_dietary' is the exposure itself; want another measure",
    ),
    'modifier = "vitamin_d_total"': (
        'modifier = "vitamin_d"',
        "modifier: the outcome 'low' is made of 'vitamin_d'; want another measure",
    ),
    'label = "Age"\nmeasure = "age"': (
        'label = "Age"\nmeasure = "magnesium_dietary"',
        "division 'by_age', measure: 'magnesium_dietary' is the exposure itself",
    ),
    'measure = "age"\ncuts': (
        'measure = "vitamin_d"\ncuts',
        "division 'by_age', measure: the outcome 'low' is made of 'vitamin_d'",
    ),
    '["young", "old"]': (
        '["young", "not known"]',
        "names no. 2: the name 'not known' is reserved; choose another",
    ),
    '= ["young", "old"]': ('= ["a", "a"]', "division 'by_age', names no. 2: 'a' is named twice"),
    '[confounding]\noutcomes = ["low"]': (
        "[confounding]\noutcomes = []",
        "confounding.outcomes: want one outcome or more, got an empty list",
    ),
    '[confounding]\noutcomes = ["low"]\n': (
        '[confounding]\nmodel = "other"\noutcomes = ["low"]\n',
        "confounding.model: the model 'other' is not for the main exposure, 'magnesium_dietary'",
    ),
    'measure = "lutein_dietary"': (
        'measure = "magnesium_dietary"',
        "confounding.negative_exposure.measure: 'magnesium_dietary' is the exposure itself",
    ),
    'terms = ["age", "magnesium_dietary"]': (
        'terms = ["age", "vitamin_d"]',
        "'vitamin_d' holds 'vitamin_d', of which the outcome 'low' is made",
    ),
    "seed = 1\n": (
        'seed = 1\n[[other_exposures]]\nmeasure = "vitamin_d"\ngroups = 3\nper = 1\n',
        "other exposure 'vitamin_d', measure: an outcome is made of it; want another measure",
    ),
    "\nseed = 1": ("\nseed = -1", "imputation.seed: want a whole number from 0"),
}


@pytest.mark.parametrize("found", WRONG)
def test_one_mistake_is_told_in_one_message(write: Write, found: str) -> None:
    changed, told = WRONG[found]
    assert TEXT.count(found) == 1, TEXT.count(found)
    with pytest.raises(InputError) as caught:
        load_study(write(TEXT.replace(found, changed)))
    assert told in caught.value.message
    assert "problems" not in caught.value.message, caught.value.message


OPTION = '{ name = "some", label = "some", keep = "age < 80", cycles = ["2005-2006"] },'
OPTIONS = {
    'add = ["age"]': "add no. 1: 'age' is in the model already",
    'add = ["alcohol", "alcohol"]': "add no. 2: 'alcohol' is in the list already",
    'add = ["per(magnesium_dietary, 100)"]': "'per(magnesium_dietary, 100)' holds the exposure",
    'add = ["per(vitamin_d, 10)"]': "'per(vitamin_d, 10)' is what an outcome is made of",
    'add = ["age:alcohol"]': "'age:alcohol' lacks \"alcohol\"",
    'replace = { alcohol = "smoking" }': "does nothing: no specification has 'alcohol'",
    'replace = { sex = "age" }': "specifications have 'age' already, in its own place",
    'replace = { age = "vitamin_d" }': "'vitamin_d' is what an outcome is made of",
    'weights = { interview = "examination" }': "does nothing: no specification has 'interview'",
    "cycles = []": "options no. 2: does the same as the option 'all'",
    'outcomes = { low = "level" }': "the outcome 'level' is not binary",
    'outcomes = { between = "lower" }': "no outcome of the curve is named 'between'",
}
"""What an option may not do, and what is said of it."""


@pytest.mark.parametrize("body", OPTIONS)
def test_an_option_that_cannot_be_or_does_nothing_is_refused(write: Write, body: str) -> None:
    text = TEXT.replace(OPTION, f'{{ name = "some", label = "some", {body} }},')
    assert text != TEXT
    with pytest.raises(InputError) as caught:
        load_study(write(text))
    assert OPTIONS[body] in caught.value.message
    assert "problems" not in caught.value.message, caught.value.message


SECOND = """
[[specifications.choices]]
name = "second"
label = "Second"
options = [{ name = "a", label = "a" }, { name = "b", label = "b", %s }]

[confounding]
"""


@pytest.mark.parametrize(
    ("body", "told"),
    {
        'energy = "residual"': "changes the adjustment for energy, and so does the choice 'age'",
        'cut_points = "unweighted"': "changes the cut points, and so does",
        'weight = "examination"': "changes the weight, and so does",
        'add = ["alcohol"]': "'alcohol' is added by the choice 'second' already",
    }.items(),
)
def test_two_choices_do_not_settle_the_same(write: Write, body: str, told: str) -> None:
    text = TEXT.replace("[confounding]\n", SECOND % body)
    with pytest.raises(InputError) as caught:
        load_study(write(text.replace('keep = "age < 80"', body)))
    assert told in caught.value.message
    load_study(write(text))  # and in one choice only it may be


UNFIT = {
    '["bmi", "poverty_income_ratio"]': (
        '["bmi", "alcohol"]',
        "outcome 'scores', mean_z: 'alcohol' is categorical; want a continuous measure",
    ),
    'below = { measure = "bmi"': (
        'below = { measure = "bmii"',
        "outcome 'thin', below: unknown measure 'bmii'; did you mean 'bmi'?",
    ),
    'groups = "sex"': (
        'groups = "poverty_income_ratio"',
        "adjusted 'sexes', groups: 'poverty_income_ratio' is continuous; divide it by category(",
    ),
    '"category(age, 40, 60)"': (
        '"category(race_ethnicity, 40, 60)"',
        "'race_ethnicity' is categorical; category(...) takes a continuous measure",
    ),
    'terms = ["category(age, 40)"]': (
        'terms = ["agee"]',
        "adjusted 'sexes', terms: unknown measure 'agee'; did you mean 'age'?",
    ),
    'modifier = "vitamin_d_total"': (
        'modifier = "sex"',
        "interaction 'vitamin_d', modifier: 'sex' is categorical; want a continuous measure",
    ),
    'measure = "age"\ncuts = [51]\nnames = ["young", "old"]': (
        'measure = "age"',
        "division 'by_age': 'age' is continuous; divide it by 'cuts' or 'groups'",
    ),
    'measure = "sex"': (
        'measure = "sex"\ncuts = [1]',
        "division 'by_sex': 'sex' is categorical; leave 'cuts' and 'groups' out",
    ),
    'measure = "lutein_dietary"': (
        'measure = "luteine_dietary"',
        "confounding.negative_exposure.measure: unknown measure 'luteine_dietary'; did you mean",
    ),
    "seed = 1": (
        'seed = 1\nauxiliary = ["sexx"]',
        "imputation.auxiliary: unknown measure 'sexx'; did you mean 'sex'?",
    ),
    'keep = "age < 80"': (
        'keep = "agee < 80"',
        "option 'some', keep: unknown measure 'agee'",
    ),
    '"age < 80"': (
        '"age < 80", replace = { magnesium_dietary = "alcohol" }',
        "option 'some', replace: 'alcohol' is categorical and cannot take the place of",
    ),
    '"age < 80", ': (
        '"age < 80", replace = { magnesium_dietary = "magnesium_dietary_two_days" }, ',
        "only in a smaller subsample than that of the weight 'dietary_day_1'; add weights",
    ),
}


@pytest.mark.parametrize("found", UNFIT)
def test_measures_must_exist_and_fit(write: Write, found: str) -> None:
    changed, told = UNFIT[found]
    assert TEXT.count(found) == 1
    study = load_study(write(TEXT.replace(found, changed)))
    with pytest.raises(InputError) as caught:
        check_study(study, MEASURES)
    assert told in caught.value.message


def test_a_weight_must_exist_in_the_cycles_of_its_option(write: Write) -> None:
    text = TEXT.replace('"2005-2006"]\nweight', '"2001-2002", "2005-2006"]\nweight')
    asked = 'weights = { dietary_day_1 = "dietary_two_days" }'
    text = text.replace('keep = "age < 80"', asked)
    check_study(load_study(write(text)), MEASURES)
    with pytest.raises(InputError) as caught:
        check_study(load_study(write(text.replace(', cycles = ["2005-2006"] }', " }"))), MEASURES)
    told = "option 'some': the weight 'dietary_two_days' does not exist in 2001-2002; limit the"
    assert told in caught.value.message


def test_a_section_that_needs_an_exposure_says_so(write: Write) -> None:
    text = TEXT[: TEXT.index("[exposure]")] + TEXT[TEXT.index("[[outcomes]]") :]
    with pytest.raises(InputError) as caught:
        load_study(write(text))
    assert "imputation: needs an [exposure], which this file does not have" in caught.value.message


def test_other_cycles_leave_out_what_they_lack() -> None:
    deng = load_study("deng_2013")
    assert deng.specifications is not None
    moved = deng.with_cycles(["2001-2002"])
    assert moved.specifications is not None
    assert "parathyroid_hormone" not in moved.measures
    names = [choice.name for choice in moved.specifications.choices]
    assert "recalls" not in names
    assert len(names) == len(deng.specifications.choices) - 1
    late = deng.with_cycles(["2003-2004"])
    assert late.partial["parathyroid_hormone"] == ("2003-2004",)
    assert late.specifications is not None
    assert late.specifications.count == deng.specifications.count


GROUPS = "groups = 3\n"
EXPOSURE_CUTS = {
    "cuts = [300, 200]": "cuts: want numbers that increase",
    "cuts = [200, 300]\ngroups = 4": "2 cuts make 3 groups; leave 'groups' out",
    'cuts = [200]\nsplit = "users"': "do not go with split",
    'cuts = [200]\ncut_points = "weighted"': "is how quantiles are taken",
}


@pytest.mark.parametrize("body", EXPOSURE_CUTS)
def test_given_cuts_go_with_nothing_that_takes_quantiles(write: Write, body: str) -> None:
    assert GROUPS in TEXT
    with pytest.raises(InputError) as caught:
        load_study(write(TEXT.replace(GROUPS, f"{body}\n", 1)))
    assert EXPOSURE_CUTS[body] in caught.value.message


def test_given_cuts_say_how_many_groups_there_are(write: Write) -> None:
    exposure = load_study(write(TEXT.replace(GROUPS, "cuts = [200, 300]\n", 1))).exposure
    assert exposure is not None and exposure.groups == 3


BY_DOMAIN = """
[[domains]]
name = "men"
label = "Men"
where = "sex == 'Male'"

[[domains]]
name = "women"
label = "Women"
where = "sex == 'Female'"

[[adjusted]]
name = "by_domain"
label = "By domain"
domains = ["men", "women"]
terms = ["age"]
"""
WRONG_DOMAINS = {
    '["men", "women"]': ('["men", "woman"]', "no domain is named 'woman'; did you mean 'women'"),
    '"women"]\n': ('"men"]\n', "'men' is named twice"),
    '", "women"]\n': ('"]\n', "domains: want two or more"),
    'domains = ["men", "women"]\n': ("", "want one of 'groups' and 'domains'"),
    'domains = ["men"': ('groups = "sex"\ndomains = ["men"', "want one of 'groups' and 'domains'"),
    'terms = ["age"]': ('terms = ["age", "age"]', "'age' is named twice"),
    '"women"]\nterms': ('"women"]\nnames = ["a", "b"]\nterms', "mean nothing beside 'domains'"),
}


def test_domains_may_be_the_groups_of_adjusted_prevalences(write: Write) -> None:
    study = load_study(write(TEXT + BY_DOMAIN))
    check_study(study, MEASURES)
    assert study.adjusted[-1].domains == ("men", "women") and study.adjusted[-1].measure == ""


@pytest.mark.parametrize("found", WRONG_DOMAINS)
def test_domains_that_cannot_be_groups_are_told(write: Write, found: str) -> None:
    changed, told = WRONG_DOMAINS[found]
    assert BY_DOMAIN.count(found) == 1
    with pytest.raises(InputError) as caught:
        load_study(write(TEXT + BY_DOMAIN.replace(found, changed)))
    assert told in caught.value.message
