"""Estimates of an earlier run are used again only where nothing that makes them has changed."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import kept, pipeline
from analysis.commands.terminal import log
from analysis.kept import Keeping, digest, remove_old, source_of
from analysis.study import load_study
from analysis.telling import Teller

SMALL = Path(__file__).parent / "small.toml"

CURVE = """
[specifications]
outcomes = ["low"]
model = "adjusted"

[[specifications.choices]]
name = "body_mass"
label = "Adjustment for body mass"

[[specifications.choices.options]]
name = "none"
label = "none"

[[specifications.choices.options]]
name = "bmi"
label = "body mass"
add = ["bmi"]

[[specifications.choices]]
name = "people"
label = "People"

[[specifications.choices.options]]
name = "everyone"
label = "everyone"

[[specifications.choices.options]]
name = "under_60"
label = "under 60"
keep = "age < 60"
"""

FRAME = pd.DataFrame(
    {"x": [1.0, np.nan, 3.0], "s": pd.Series(["a", None, "c"], dtype="str"),
     "g": pd.Categorical(["a", "b", "a"]), "n": [1, 2, 3]}
)  # fmt: skip


def with_(**columns) -> pd.DataFrame:
    return FRAME.assign(**columns)


DIFFERENT = [
    None, True, 1, 1.0, "1", b"1", 0.1 + 0.2, 0.3, [], (), [[]], ["a", "b"], ["ab"], [["a"], "b"],
    {}, {"a": 1}, {"a": 2}, {"b": 1}, np.array([1.0]), np.array([[1.0]]), np.array([1]),
    np.array([1.0, -0.0]), np.array([1.0, 0.0]), np.array([True]), FRAME,
    with_(x=[1.0, np.nan, np.nextafter(3.0, 4.0)]), with_(x=[1.0, 2.0, 3.0]),
    with_(s=pd.Series(["a", "", "c"], dtype="str")), with_(g=pd.Categorical(["a", "b", "b"])),
    with_(g=pd.Categorical(["a", "b", "a"], categories=["b", "a"])),
    with_(g=pd.Categorical(["a", "b", "a"], ordered=True)), with_(n=[1.0, 2.0, 3.0]),
    FRAME[["n", "x", "s", "g"]], FRAME.rename(columns={"n": "m"}), FRAME.set_index([[3, 4, 5]]),
    FRAME.iloc[:2], [b"x", b"bytesy"], [b"xbytes", b"y"], np.float64(1), np.int64(1),
]  # fmt: skip


def test_whatever_differs_has_another_digest():
    found = [digest(thing) for thing in DIFFERENT]
    assert len(set(found)) == len(found)
    assert found == [digest(thing) for thing in DIFFERENT]
    assert digest("a", "b") != digest("ab") != digest(["a", "b"])


@pytest.mark.parametrize(
    "thing",
    [object(), {1, 2}, lambda: 1, np.array([object()]), 1 + 2j, [object()]],
    ids=["object", "set", "function", "array of objects", "complex", "list of an object"],
)
def test_what_is_not_known_is_refused(thing):
    with pytest.raises(TypeError, match="not part of a key"):
        digest(thing)


def test_every_part_of_a_study_is_in_its_digest(tmp_path):
    study = load_study(SMALL)
    path = tmp_path / "small.toml"
    changed = ["# more\n" + SMALL.read_text(), SMALL.read_text().replace("< 50", "< 51")]
    others = []
    for text in changed:
        path.write_text(text)
        others.append(load_study(path))
    others += [study.with_cycles(["2003-2004"]), study.changed(table1=None)]
    found = [digest(each) for each in (study, *others)]
    assert len(set(found)) == len(found) and digest(load_study(SMALL)) == found[0]


def test_every_source_file_is_in_the_digest_of_the_program(tmp_path):
    (tmp_path / "rooms").mkdir()
    assert source_of(tmp_path) == ""
    (tmp_path / "rooms" / "one.py").write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("not a source file")
    found = [source_of(tmp_path)]
    (tmp_path / "rooms" / "one.py").write_text("x = 2\n")
    found.append(source_of(tmp_path))
    (tmp_path / "rooms" / "one.py").rename(tmp_path / "rooms" / "two.py")
    found.append(source_of(tmp_path))
    assert len(set(found)) == 3
    assert source_of(Path(kept.__file__).parent) == kept.SOURCE


ROWS = [
    {"analysis": "a", "estimate": 0.1 + 0.2, "n": 3, "note": "–"},
    {"estimate": np.float64(-0.0), "p_value": float("nan"), "conf_high": float("inf")},
    {"n": np.int64(7)},
]


def made(folder: Path, key: str = "key", rows: list | None = None) -> tuple[list, Keeping]:
    watch = Keeping(folder, key, Teller())
    return watch.part("part", lambda: ROWS if rows is None else rows), watch


def never() -> list:
    raise AssertionError("it was estimated anew")


def test_a_part_comes_back_bit_for_bit(tmp_path):
    first, watch = made(tmp_path)
    assert watch.told() == "" and watch.estimated == ["part"]
    again = Keeping(tmp_path, "key", Teller())
    rows = again.part("part", never)
    assert again.told().startswith("all estimates")
    assert json.dumps(rows, default=kept._plain) == json.dumps(first, default=kept._plain)


@pytest.mark.parametrize("what", ["key", "name", "source", "machine", "damaged", "cut"])
def test_a_part_is_estimated_anew(what, tmp_path, monkeypatch):
    made(tmp_path)
    (entry,) = tmp_path.iterdir()
    key, name = ("other" if what == part else part for part in ("key", "name"))
    if what == "source":
        monkeypatch.setattr(kept, "SOURCE", "another program")
    elif what == "machine":
        monkeypatch.setattr(kept, "machine", lambda: "another machine")
    elif what == "damaged":
        content = bytearray(entry.read_bytes())
        content[-3] ^= 1
        entry.write_bytes(content)
    elif what == "cut":
        entry.write_bytes(entry.read_bytes()[:-1])
    watch = Keeping(tmp_path, key, Teller())
    asked = []
    watch.part("part" if name == "name" else name, lambda: asked.append(1) or ROWS)
    assert asked and not watch.reused


def test_the_settings_of_the_linear_algebra_are_part_of_the_machine(monkeypatch):
    kept.machine.cache_clear()
    before = kept.machine()
    kept.machine.cache_clear()
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert kept.machine() != before
    kept.machine.cache_clear()


def test_nothing_is_kept_without_a_folder_or_source_or_rows(tmp_path, monkeypatch):
    made(None)  # type: ignore[arg-type]
    made(tmp_path, rows=[])
    monkeypatch.setattr(kept, "SOURCE", "")
    made(tmp_path)
    assert not any(tmp_path.iterdir())
    assert made(tmp_path / "file" / "below")[0] == ROWS


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path):
    place = tmp_path / "file"
    place.write_text("")
    assert made(place)[0] == ROWS


def test_old_entries_are_removed(tmp_path):
    made(tmp_path, "old"), made(tmp_path, "used")
    for path in tmp_path.iterdir():
        os.utime(path, (1e9, 1e9))
    made(tmp_path, "used")
    remove_old(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    Keeping(tmp_path, "used", Teller()).part("part", never)
    remove_old(tmp_path / "nowhere")


class Interrupted(Teller):
    """Presses Ctrl-C when some of the curve is done."""

    def step(self, what: str, done: int, total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, artificial_survey):
    study_path = tmp_path / "small.toml"
    study_path.write_text(SMALL.read_text() + CURVE)
    study = load_study(study_path)
    settings = pipeline.Settings(tmp_path / "data", mirror=str(artificial_survey))
    store = pipeline.fetch([study], settings, log())
    cohort = pipeline.make_cohort(study, pipeline.read_inputs(study, store).raw)

    def estimated(say: Teller, frame: pd.DataFrame | None = None):
        people = cohort if frame is None else replace(cohort, frame=frame)
        watch = pipeline.watching(store, say, study, people)
        return pipeline.estimate_study(study, people, artificial=True, watch=watch)[0], watch

    with pytest.raises(KeyboardInterrupt):
        estimated(Interrupted())
    resumed, watch = estimated(Teller())
    assert "specification curve, people 1" in watch.reused
    assert watch.estimated[:1] == ["specification curve, people 2"]
    assert watch.told().startswith("some estimates")
    whole = pipeline.estimate_study(study, cohort, artificial=True)[0]
    assert resumed.to_csv() == whole.to_csv() and (resumed.dtypes == whole.dtypes).all()
    # One bit of one weight more, and nothing is used again.
    frame = cohort.frame.copy()
    frame.loc[frame.index[5], "weight"] = np.nextafter(frame["weight"].iloc[5], np.inf)
    assert not estimated(Teller(), frame)[1].reused
