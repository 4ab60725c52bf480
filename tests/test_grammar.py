"""The grammar of conditions and terms: what it means, what it refuses, and where."""

from __future__ import annotations

import operator
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.cohort.measure import Measure
from analysis.errors import InputError
from analysis.grammar import (
    MAX_DEPTH,
    MAX_LENGTH,
    Interaction,
    Name,
    Transform,
    intervals,
    parse_condition,
    parse_term,
)
from analysis.grammar import nodes as n
from analysis.grammar.conditions import Condition
from analysis.grammar.terms import TRANSFORMS
from analysis.grammar.tokens import Source


def measure(name: str, *levels: str) -> Measure:
    return Measure(
        name=name,
        label=name.capitalize(),
        kind="categorical" if levels else "continuous",
        sources={},
        derive=lambda columns, cycle: pd.Series(dtype=float),
        subsample="interview",
        levels=levels,
    )


MEASURES = {
    m.name: m
    for m in (
        measure("age"),
        measure("bmi"),
        measure("sex", "Male", "Female"),
        measure("smoking", "Never"),
    )
}


# Meaning


FRAME = pd.DataFrame(
    {
        "x": [10.0, 12.0, 15.0, 20.0, np.nan],
        "k": pd.array([1, 2, 3, None, 5], dtype="Int64"),
        "sex": ["Male", "Female", None, "Male", "it's"],
        "level": pd.Categorical(["a", "b", None, "a", "c"]),
        "word": pd.array(["a", "b", pd.NA, "b", "c"], dtype="string"),
        "flag": [True, False, True, False, True],
        "nothing": [None] * 5,
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x < 12", "0"), ("x <= 12", "01"), ("x > 15", "3"), ("x >= 15", "23"),
        ("x == 12", "1"), ("x != 12", "023"), ("12 < x", "23"), ("20 == x", "3"),
        ("12 <= x < 20", "12"), ("20 > x >= 12", "12"), ("10 < x <= 15", "12"),
        ("x in (10, 15)", "02"), ("x not in (10, 15)", "13"), ("x in (1e1, +12, -3)", "01"),
        ("missing(x)", "4"), ("not missing(x)", "0123"), ("missing(nothing)", "01234"),
        ("not (x < 12)", "123"), ("not not x < 12", "0"), ("not x in (10, 15)", "13"),
        ("sex == 'Male'", "03"), ('sex != "Male"', "14"), ('sex == "it\'s"', "4"),
        ("sex in ('Male', 'Female')", "013"), ("sex not in ('Male')", "14"),
        ("level == 'a'", "03"), ("level != 'a'", "14"), ("level == 'nobody'", ""),
        ("word == 'b'", "13"), ("level == word", "014"), ("level != word", "3"),
        ("k == 2", "1"), ("k < x", "012"), ("flag == 1", "024"), ("missing(k)", "3"),
        ("nothing == 1", ""), ("nothing == 'a'", ""), ("not nothing < 1", ""),
        ("x < 12 or x > 15", "03"), ("x > 10 and x < 20", "12"),
        ("x < 12 or missing(x)", "04"), ("x < 0 or k == 1 and sex == 'Male'", "0"),
        ("(x > 0 or k == 1) and sex == 'Female'", "1"), ("x\n>\t15 and\r\nk < 9", ""),
    ],
)  # fmt: skip
def test_a_condition_holds_in_these_rows(text: str, rows: str) -> None:
    holds = parse_condition(text).evaluate(FRAME)
    assert holds.dtype == bool
    assert holds.shape == (5,)
    assert "".join(map(str, np.flatnonzero(holds))) == rows


UNKNOWN = None
TRUTH = {True: "t == 1", False: "t == 0", UNKNOWN: "u == 1"}


def kleene_and(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return True if a and b else None


def kleene_not(a: bool | None) -> bool | None:
    return None if a is None else not a


@pytest.mark.parametrize("a", TRUTH)
@pytest.mark.parametrize("b", TRUTH)
@pytest.mark.parametrize("word", ["and", "or"])
def test_three_valued_truth_tables(a: bool | None, b: bool | None, word: str) -> None:
    frame = pd.DataFrame({"t": [1.0], "u": [np.nan]})
    text = f"{TRUTH[a]} {word} {TRUTH[b]}"
    want = kleene_and(a, b)
    if word == "or":
        want = kleene_not(kleene_and(kleene_not(a), kleene_not(b)))
    assert parse_condition(text).evaluate(frame)[0] == (want is True)
    assert parse_condition(f"not ({text})").evaluate(frame)[0] == (want is False)
    assert parse_condition(text).negation.evaluate(frame)[0] == (want is False)


def test_a_missing_value_is_neither_a_case_nor_a_control() -> None:
    frame = pd.DataFrame({"x": [np.nan]})
    assert not parse_condition("x < 12").evaluate(frame)[0]
    assert not parse_condition("not (x < 12)").evaluate(frame)[0]
    assert parse_condition("not (x < 12) or missing(x)").evaluate(frame)[0]


def test_an_empty_frame_has_an_empty_answer() -> None:
    assert parse_condition("x < 1 and missing(k)").evaluate(FRAME.iloc[:0]).shape == (0,)


def test_columns_are_all_names_and_nothing_else() -> None:
    condition = parse_condition("12 <= x < y and not (missing(z) or w in ('v') or 'q' == u)")
    assert condition.columns == {"x", "y", "z", "w", "u"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sexx == 'Male'", "no column 'sexx'; did you mean 'sex'?"),
        ("sex == 1", "compares a column of numbers with text"),
        ("x == 'a'", "compares a column of numbers with text"),
        ("sex < level", "'<' is for numbers"),
        ("when == 1", "neither numbers nor text"),
        ("twice == 1", "more than one column 'twice'"),
    ],
)
def test_a_column_that_does_not_fit_is_refused(text: str, says: str) -> None:
    frame = FRAME.assign(when=pd.Timestamp("2001-01-01"), twice=1)
    frame = pd.concat([frame, frame[["twice"]]], axis=1)
    with pytest.raises(InputError, match="column 1") as caught:
        parse_condition(text, where="here").evaluate(frame)
    assert says in caught.value.message
    assert caught.value.message.startswith("here: ")


# Words and checks


LABELS = {"x": "25(OH)D", "sex": "Sex"}
UNITS = {"x": "ng/mL"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x < 12", "25(OH)D is below 12 ng/mL"),
        ("12 > x", "25(OH)D is below 12 ng/mL"),
        ("12 <= x < 20", "25(OH)D is at least 12 and below 20 ng/mL"),
        ("x < y <= 3", "25(OH)D is below y and y is at most 3"),
        ("sex == 'Male'", "Sex is “Male”"),
        ("sex != 'Male'", "Sex is not “Male”"),
        ("sex in ('Male', 'Female')", "Sex is one of “Male”, “Female”"),
        ("sex not in ('Male', 'Female')", "Sex is none of “Male”, “Female”"),
        ("sex not in ('Male')", "Sex is not “Male”"),
        ("not missing(x)", "25(OH)D is not missing"),
        ("missing(x) or x > 3", "25(OH)D is missing or 25(OH)D is above 3 ng/mL"),
        ("y == 1 and (x > 3 or y == 2)", "y is 1 and (25(OH)D is above 3 ng/mL or y is 2)"),
        ("not y == 1", "not (y is 1)"),
    ],
)
def test_a_condition_in_words(text: str, words: str) -> None:
    assert parse_condition(text).describe(LABELS, UNITS) == words


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("agee > 3", "unknown measure 'agee'; did you mean 'age'?", 1),
        ("sex == 'Mael'", "'Mael' is not a level of sex; did you mean 'Male'?", 8),
        ("sex == 'male'", "'male' is not a level of sex; did you mean 'Male'?", 8),
        (
            "sex in ('Male', 'xyz')",
            "'xyz' is not a level of sex; its levels are 'Male', 'Female'",
            17,
        ),
        ("sex < 3", "'sex' is categorical; compare it with text", 7),
        ("3 >= sex", "'sex' is categorical; compare it with text", 1),
        ("sex < smoking", "'<' is for numbers; 'sex' is categorical", 1),
        ("age == 'old'", "'age' is continuous; compare it with a number, not with 'old'", 8),
        ("age == sex", "'age' is continuous, 'sex' is not", 8),
        ("age > 3 and not missing(x_y)", "unknown measure 'x_y'", 25),
    ],
)
def test_a_condition_is_held_against_the_measures(text: str, problem: str, column: int) -> None:
    with pytest.raises(InputError) as caught:
        parse_condition(text, where="f.toml").check(MEASURES)
    assert caught.value.exit_status == 2
    what, shown, caret = caught.value.what.split("\n")
    assert what.startswith(problem)
    assert what.endswith(f"(column {column})")
    assert (shown.strip(), caret.index("^")) == (text, 3 + column)


def test_a_check_tells_every_problem() -> None:
    assert len(parse_condition("agee > 1 or sex == 'x' or bmi == 'y'").problems(MEASURES)) == 3


@pytest.mark.parametrize(
    "text", ["20 <= age < 65 and sex == 'Male'", "age < bmi or sex in ('Male')", "sex == smoking"]
)
def test_a_sound_condition_passes(text: str) -> None:
    parse_condition(text).check(MEASURES)


# Terms


@pytest.mark.parametrize(
    ("text", "root", "words"),
    [
        ("age", Name("age"), "Age"),
        ("log(age)", Transform("log", Name("age")), "Age (natural logarithm)"),
        ("sqrt(age)", Transform("sqrt", Name("age")), "Age (square root)"),
        ("square( age )", Transform("square", Name("age")), "Age (squared)"),
        ("per(age, 10)", Transform("per", Name("age"), (10.0,)), "Age (per 10 years)"),
        (
            "center(age,-0.5)",
            Transform("center", Name("age"), (-0.5,)),
            "Age (centred at -0.5 years)",
        ),
        (
            "spline(age, 4)",
            Transform("spline", Name("age"), (4.0,)),
            "Age (restricted cubic spline, 4 knots)",
        ),
        (
            "category(age, 40, 60.5)",
            Transform("category", Name("age"), (40.0, 60.5)),
            "Age (below 40, 40 to below 60.5, 60.5 or more years)",
        ),
        ("age : sex", Interaction((Name("age"), Name("sex"))), "Age × sex"),
        (
            "sex:per(age, 10):bmi",
            Interaction((Name("sex"), Transform("per", Name("age"), (10.0,)), Name("bmi"))),
            "sex × Age (per 10 years) × bmi",
        ),
        ("log", Name("log"), "log"),
    ],
)
def test_terms_parse_and_print(text: str, root: object, words: str) -> None:
    term = parse_term(text)
    assert term.root == root
    assert parse_term(str(term)) == term
    assert term.describe({"age": "Age"}, {"age": "years"}) == words
    assert term.columns <= {"age", "sex", "bmi", "log"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lg(age)", "unknown transform 'lg'; did you mean 'log'?"),
        ("log(age, 2)", "nothing after the measure's name"),
        ("per(age)", "one number above 0"), ("per(age, 0)", "one number above 0"),
        ("per(age, -1)", "one number above 0"), ("per(age, 1, 2)", "one number above 0"),
        ("center(age)", "one number"),
        ("spline(age)", "from 3 to 7"), ("spline(age, 2)", "from 3 to 7"),
        ("spline(age, 8)", "from 3 to 7"), ("spline(age, 3.5)", "from 3 to 7"),
        ("category(age)", "increasing cut points"), ("category(age, 2, 2)", "increasing"),
        ("category(age, 3, 2)", "increasing"),
        ("category(age, " + ", ".join(map(str, range(21))) + ")", "1 to 20 increasing"),
        ("log(log(age))", "want ')' to close log(...)"), ("log(3)", "want a name of a measure"),
        ("per(age, bmi)", "want a number"), ("age:age", "'age' interacts with itself"),
        ("log(age):log(age)", "interacts with itself"), ("a:b:c:d", "at most 3 parts"),
        ("age + sex", "unexpected '+'"), ("age * sex", "write an interaction as a:b"),
        ("age sex", "unexpected 'sex'"), ("age:", "got the end"), (":age", "got ':'"),
        ("1", "want a name"), ("'age'", "want a name"),
        ("age > 3", "unexpected '>'"),
    ],
)  # fmt: skip
def test_what_is_not_a_term_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_term(text)
    assert says in caught.value.what


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("agee", "unknown measure 'agee'; did you mean 'age'? (column 1)"),
        ("log(sex)", "'sex' is categorical; log(...) takes a continuous measure (column 1)"),
        (
            "age:spline(sex, 3)",
            "'sex' is categorical; spline(...) takes a continuous measure (column 5)",
        ),
    ],
)
def test_a_term_is_held_against_the_measures(text: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_term(text).check(MEASURES)
    assert caught.value.what.split("\n")[0] == problem
    parse_term("age:sex").check(MEASURES)


def test_intervals_name_every_interval() -> None:
    assert intervals([30]) == ("below 30", "30 or more")
    assert intervals([1.5, 2, 3]) == ("below 1.5", "1.5 to below 2", "2 to below 3", "3 or more")


# What is refused, and where

HOSTILE = {
    "__import__('os').system('x')": 1,
    "x.__class__ == 1": 2,
    "sex.str == 'a'": 4,
    "x[0] == 1": 2,
    "(lambda: 1)() == x": 8,
    "lambda x: x": 8,
    "@x == 1": 1,
    "`x` == 1": 1,
    "f'{x}' == x": 2,
    "x == f'{x}'": 7,
    "x == '{0.__class__}'.format(x)": 21,
    "x == 1 # comment": 8,
    "x == 1; import os": 7,
    "x = 1": 3,
    "(x := 1) == 1": 5,
    "x == 1 if x else 2": 8,
    "[x for x in (1, 2)]": 1,
    "{x} == 1": 1,
    "x == 'a' 'b'": 10,
    "x == b'a'": 7,
    "x == r'a'": 7,
    "x == '''a'''": 8,
    "x == 'a": 6,
    "x == $HOME": 6,
    "x == ../etc": 6,
    "x ** 9 == 1": 3,
    "x + 1 == 2": 3,
    "x == 9 ** 9": 8,
    "x == 1_000": 7,
    "x < 1and y < 2": 6,
    "x == 0x10": 7,
    "x == 1j": 7,
    "x == .5": 6,
    "x == 1.": 7,
    "x == 1.e3": 7,
    "x == 1e999": 6,
    "x == -x": 6,
    "x == 1 & x == 2": 8,
    "x == 1 && x == 2": 8,
    "~x == 1": 1,
    "!x": 1,
    "Age == 1": 1,
    "aGe == 1": 2,
    "_x == 1": 1,
    "x == True": 6,
    "x AND y": 3,
    "\u0430ge == 1": 1,  # Cyrillic a
    "\uff58 == 1": 1,  # full-width x
    "x \u2264 1": 3,
    "x == \u0661": 6,  # Arabic-Indic one
    "x == \u2018a\u2019": 6,
    "x\u00a0== 1": 2,
    "x\u200b == 1": 2,
    "x == 1\0": 7,
    "\0x == 1": 1,
    "x == 'a\0b'": 8,
    "x == 'a\x1b[31m'": 8,
    "x == 'a\u202eb'": 8,
    "x == 'a\nb'": 8,
    "\ufeffx == 1": 1,
    "\ud800 == 1": 1,
    "x\x0b== 1": 2,
    "eval(x) == 1": 1,
    "missing(x, y)": 10,
    "missing(missing(x))": 9,
    "missing('x')": 9,
    "missing()": 9,
    "missing": 8,
    "missing == 1": 9,
    "log(x) > 1": 1,
    "x in ()": 7,
    "x in (1, 'a')": 10,
    "x in (1, y)": 10,
    "x in y": 6,
    "x in 'abc'": 6,
    "1 in (1, 2)": 3,
    "x not (1)": 3,
    "x is missing": 3,
    "x": 2,
    "'x'": 4,
    "1 == 1": 3,
    "'a' == 'a'": 5,
    "x < 'a'": 3,
    "x < y > z": 7,
    "x == y == z": 8,
    "1 < x != 3": 7,
    "x == 1 x == 2": 8,
    "x == 1 and": 11,
    "and x == 1": 1,
    "not": 4,
    "()": 2,
    "(x == 1": 8,
    "x == 1)": 7,
    "x ==": 5,
    "x, y": 2,
    "x:y": 2,
}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_condition(text, where="f.toml: keep")
    assert caught.value.message.startswith("f.toml: keep: ")
    what, shown, caret = caught.value.what.split("\n")
    assert what.endswith(f"(column {HOSTILE[text]})")
    assert caret == " " * (3 + HOSTILE[text]) + "^"
    assert (what + shown).isprintable()


@pytest.mark.parametrize("text", [t for t in HOSTILE if t not in ("x", "x:y")])
def test_hostile_text_is_no_term_either(text: str) -> None:
    with pytest.raises(InputError):
        parse_term(text)


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_empty_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        parse_condition(text)


@pytest.mark.parametrize("opener", ["(", "not ", "not("])
def test_depth_is_bounded(opener: str) -> None:
    closer = ")" * opener.count("(")
    levels = MAX_DEPTH // (2 if opener == "not(" else 1)
    parse_condition(opener * levels + "x < 1" + closer * levels)
    deep = opener * (MAX_DEPTH + 1) + "x < 1" + closer * (MAX_DEPTH + 1)
    with pytest.raises(InputError, match="nested deeper"):
        parse_condition(deep)


def test_length_is_bounded() -> None:
    parse_condition("x < 1".ljust(MAX_LENGTH))
    for parse in (parse_condition, parse_term):
        with pytest.raises(InputError, match="longer than 2000"):
            parse("x < 1".ljust(MAX_LENGTH + 1))


def test_an_error_far_into_a_long_text_shows_its_surroundings() -> None:
    text = " and ".join(["age < 20"] * 60) + " and age ? 3 and " + " and ".join(["bmi > 1"] * 60)
    with pytest.raises(InputError) as caught:
        parse_condition(text)
    what, shown, caret = caught.value.what.split("\n")
    assert what.endswith(f"(column {text.index('?') + 1})")
    assert shown[caret.index("^")] == "?"
    assert len(shown) < 100


# Laws

names = st.sampled_from(["x", "y", "z"])
numbers = st.one_of(
    st.integers(-9, 9).map(float), st.floats(allow_nan=False, allow_infinity=False)
).map(n.Number)
quoted = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=8
).filter(lambda s: not ("'" in s and '"' in s))
words = st.sampled_from(["a", "b"]).map(n.Text)


@st.composite
def chains(draw: st.DrawFn, value: st.SearchStrategy = numbers) -> n.Comparison:
    signs = draw(st.sampled_from([("<", "<="), (">", ">=")]))
    length = draw(st.integers(1, 3))
    operators = [draw(st.sampled_from(signs)) for _ in range(length)]
    operands: list = [Name(draw(names))]
    for _ in range(length):
        after_name = isinstance(operands[-1], Name)
        operands.append(draw(value) if after_name and draw(st.booleans()) else Name(draw(names)))
    if draw(st.booleans()):
        operands.reverse()
    return n.Comparison(tuple(operands), tuple(operators))


def conditions(number: st.SearchStrategy, text: st.SearchStrategy) -> st.SearchStrategy:
    name = names.map(Name)
    value = number | text
    leaves = st.one_of(
        chains(number),
        st.builds(
            lambda a, s, b, flip: n.Comparison((b, a) if flip else (a, b), (s,)),
            name, st.sampled_from(["==", "!="]), value, st.booleans(),
        ),
        st.builds(
            n.Membership, name,
            st.one_of(*(st.lists(v, min_size=1, max_size=3).map(tuple) for v in (number, text))),
            st.booleans(),
        ),
        st.builds(n.Missing, name),
    )  # fmt: skip
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(n.Not, inner),
            st.builds(n.And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(n.Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=8,
    )


@given(conditions(numbers, quoted.map(n.Text)))
def test_a_printed_condition_parses_back_to_the_same(root: n.Node) -> None:
    text = str(root)
    again = parse_condition(text)
    assert again.root == root
    assert str(again) == text
    assert again.columns == Condition(root, Source("")).columns


def reference(node: n.Node, row: dict[str, float | None]) -> bool | None:
    """Kleene's logic for one row, written down anew with None for unknown."""
    value = lambda o: row[o.name] if isinstance(o, Name) else o.value  # noqa: E731
    match node:
        case n.Comparison():
            signs = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
            signs |= {"==": operator.eq, "!=": operator.ne}
            result: bool | None = True
            for left, sign, right in node.pairs:
                a, b = value(left), value(right)
                holds = None if a is None or b is None else signs[sign](a, b)
                result = kleene_and(result, holds)
            return result
        case n.Membership():
            a = row[node.name.name]
            found = None if a is None else a in [v.value for v in node.values]
            return kleene_not(found) if node.negated else found
        case n.Missing():
            return row[node.name.name] is None
        case n.Not():
            return kleene_not(reference(node.part, row))
        case _:
            results = [reference(part, row) for part in node.parts]
            if isinstance(node, n.Or):
                results = [kleene_not(r) for r in results]
            total: bool | None = True
            for r in results:
                total = kleene_and(total, r)
            return kleene_not(total) if isinstance(node, n.Or) else total


cells = st.one_of(st.none(), st.integers(-3, 3).map(float))
small = st.integers(-3, 3).map(float).map(n.Number)


@settings(deadline=None)
@given(conditions(small, small), st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_evaluation_agrees_with_logic_row_by_row(root: n.Node, rows: list[tuple]) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y", "z"], dtype="float64")
    condition = parse_condition(str(root))
    truth = [reference(root, dict(zip("xyz", row, strict=True))) for row in rows]
    assert condition.evaluate(frame).tolist() == [t is True for t in truth]
    assert condition.negation.evaluate(frame).tolist() == [t is False for t in truth]


pieces = st.sampled_from(
    ["x", "sex", "and", "or", "not", "in", "missing", "==", "!=", "<", "<=", ">", ">=", "(", ")",
     ",", ":", "'a'", '"b"', "1", "-2.5", "1e9", "log", "per", "spline", "category", "__", ".", "'"]
)  # fmt: skip
soup = st.lists(pieces, max_size=25).map(" ".join)
noise = st.one_of(
    st.text(max_size=60),
    st.text(string.printable, max_size=60),
    st.text("xin otadr()<>=!'\",.:1_-", max_size=40),
    soup,
)


@settings(max_examples=400)
@given(noise)
@example("(" * 3_000)
@example("not " * 400)
@example("x<" * 900)
@example("9" * 1_900)
def test_no_text_raises_anything_but_an_input_error(text: str) -> None:
    for parse in (parse_condition, parse_term):
        try:
            parsed = parse(text)
        except InputError as error:
            assert error.what
        else:
            assert parse(str(parsed)) == parsed
            assert parsed.columns


parts = st.one_of(
    names.map(Name),
    st.builds(Transform, st.sampled_from(["log", "sqrt", "square"]), names.map(Name)),
    st.builds(
        Transform,
        st.just("per"),
        names.map(Name),
        st.tuples(st.floats(min_value=0, exclude_min=True, allow_infinity=False)),
    ),
    st.builds(
        Transform,
        st.just("center"),
        names.map(Name),
        st.tuples(st.floats(allow_nan=False, allow_infinity=False)),
    ),
    st.builds(
        Transform, st.just("spline"), names.map(Name), st.tuples(st.integers(3, 7).map(float))
    ),
    st.builds(
        Transform,
        st.just("category"),
        names.map(Name),
        st.lists(
            st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5, unique=True
        )
        .map(sorted)
        .map(tuple),
    ),
)


@given(st.lists(parts, min_size=1, max_size=3, unique=True))
def test_a_printed_term_parses_back_to_the_same(made: list) -> None:
    root = made[0] if len(made) == 1 else Interaction(tuple(made))
    term = parse_term(str(root))
    assert term.root == root
    assert term.parts == tuple(made)


def test_the_transforms_are_those_that_are_documented() -> None:
    assert TRANSFORMS == ("log", "sqrt", "square", "per", "center", "spline", "category")
