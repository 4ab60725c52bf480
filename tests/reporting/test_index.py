"""The list of all runs: what it says, what it links, and that it is whole at any moment."""

import json
import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from analysis.models.results import tidy
from analysis.reporting import index
from analysis.reporting.document import Paragraph, Report, Section, Value, text
from analysis.reporting.index import NAME, entries, headline, people, render_index, write_index

STRANGE = "A & B <script>alert('1')</script> \"2001\""


def a_run(out: Path, name: str, *files: str, **record) -> Path:
    folder = out / name
    folder.mkdir(parents=True)
    whole = {
        "study": name, "title": f"Title of {name}", "cycles": ["2003-2004", "2001-2002"],
        "data": "NHANES", "people": 10883, "headline": "The odds ratio was 0.98 (0.54–1.78).",
        "verdicts": [{"verdict": v} for v in ("reproduces", "does not", "does not")],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(whole | record))
    for file in files:
        (folder / file).write_text("")
    return folder


def page(out: Path) -> str:
    return write_index(out).read_text()


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "src")]


def words(page: str) -> str:
    plain = re.sub(r"<[^>]+>", " ", page.split("</style>")[1])
    return " ".join(plain.split())


def test_a_run_is_listed_with_all_that_it_recorded(tmp_path):
    a_run(tmp_path, "deng_2013", "report.html", "results.csv")
    said = words(page(tmp_path))
    for part in (
        "1 run in", "Title of deng_2013", "NHANES 2001–2004", "10,883 participants",
        "The odds ratio was 0.98 ( 0.54–1.78 ).", "reproduced 1", "not reproduced 2",
    ):  # fmt: skip
        assert part in said, said
    assert "in part" not in said and "rtificial" not in said


def test_links_are_to_files_that_are_there_and_to_nothing_else(tmp_path):
    files = ["report.html", "report.pdf", "report.docx", "results.csv", "study.toml"]
    a_run(tmp_path, "a run+1", *files)
    a_run(tmp_path, "b", "results.csv")
    links = [link for link in Links(page(tmp_path)).found if not link.startswith(("#", "data:"))]
    for link in links:
        assert (tmp_path / unquote(link)).is_file(), link
    assert {link for link in links if link.startswith("a%20run")} == {
        f"a%20run%2B1/{file}" for file in [*files, "run.json"]
    }
    assert {link for link in links if link.startswith("b/")} == {"b/results.csv", "b/run.json"}


@pytest.mark.parametrize("key", ["study", "title", "headline", "cycles", "verdicts"])
def test_text_of_strangers_stays_text(key, tmp_path):
    value = [{"verdict": STRANGE}] if key == "verdicts" else STRANGE
    a_run(tmp_path, "a", **{key: [value] if key == "cycles" else value}, **{"people": "<b>"})
    said = page(tmp_path)
    assert "<script" not in said and "<b>" not in said and "onload" not in said


def test_a_run_without_title_headline_people_is_listed_by_its_name(tmp_path):
    """As earlier versions of the package wrote them."""
    folder = a_run(tmp_path, "old")
    record = json.loads((folder / "run.json").read_text())
    kept = {key: record[key] for key in ("study", "cycles", "data", "verdicts")}
    (folder / "run.json").write_text(json.dumps(kept))
    (entry,) = entries(tmp_path)
    assert (entry.title, entry.people, entry.headline) == ("old", "", "")
    assert "old · NHANES 2001–2004" in words(page(tmp_path))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"study": 1, "data": 2}', "\xff"]
)
def test_what_is_no_record_is_no_run(content, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text(content, encoding="latin-1")
    (tmp_path / "empty").mkdir()
    assert entries(tmp_path) == []
    assert "No run is here yet" in page(tmp_path)


def test_artificial_data_come_last_and_say_so(tmp_path):
    a_run(tmp_path, "a-synthetic", "report.html", data="artificial")
    a_run(tmp_path, "b", "report.html")
    real, artificial = page(tmp_path).split('<section id="artificial"')
    assert "Title of b" in real and "Title of a" not in real
    said = words(f"</style>{artificial}")
    assert said.count("Artificial data") == 2 and "10,883 artificial participants" in said


def test_the_same_runs_give_the_same_bytes_in_any_order(tmp_path):
    for out, names in (("one", "abc"), ("two", "cab")):
        for name in names:
            a_run(tmp_path / out, name)
            write_index(tmp_path / out)
    assert (tmp_path / "one" / NAME).read_bytes() == (tmp_path / "two" / NAME).read_bytes()


def test_runs_that_are_gone_disappear(tmp_path):
    a_run(tmp_path, "a"), a_run(tmp_path, "b")
    assert "Title of a" in page(tmp_path)
    (tmp_path / "a" / "run.json").unlink()
    said = page(tmp_path)
    assert "Title of a" not in said and "Title of b" in said
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_run_that_ends_while_the_list_is_written_is_in_it(tmp_path, monkeypatch):
    """The other's list is there before ours, which has not seen its run, takes its place."""
    a_run(tmp_path, "a")
    replace, others = index._replace, iter(["b", "c"])

    def slow(place, content):
        if (name := next(others, None)) is not None:
            a_run(tmp_path, name)
            replace(place, render_index(entries(tmp_path)).encode())
        replace(place, content)

    monkeypatch.setattr(index, "_replace", slow)
    said = page(tmp_path)
    assert all(f"Title of {name}" in said for name in "abc")


def test_many_at_once_leave_a_whole_list_of_all(tmp_path):
    def one(name: str) -> None:
        a_run(tmp_path, name)
        write_index(tmp_path)

    threads = [threading.Thread(target=one, args=(f"run{i}",)) for i in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (tmp_path / NAME).read_bytes() == render_index(entries(tmp_path)).encode()
    assert len(entries(tmp_path)) == 8


def test_an_interrupt_leaves_the_list_as_it_was(tmp_path, monkeypatch):
    a_run(tmp_path, "a")
    before = page(tmp_path)
    a_run(tmp_path, "b")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_index(tmp_path)
    assert (tmp_path / NAME).read_text() == before
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", NAME}


def test_the_page_has_no_script_and_asks_no_network(tmp_path):
    a_run(tmp_path, "a", "report.html")
    said = page(tmp_path)
    assert "<script" not in said and "http" not in said.split("http-equiv")[1]
    assert "default-src 'none'" in said


def lead(*parts) -> Paragraph:
    return Paragraph(text(*parts), "lead")


@pytest.mark.parametrize(
    ("measures", "chosen"),
    [
        (["proportion", "OR"], "second 1"), (["proportion", "difference"], "second 1"),
        (["OR", "HR"], "first 0"), (["mean", "proportion"], "first 0"), ([], ""),
    ],
)  # fmt: skip
def test_the_headline_is_the_first_sentence_that_tells_a_contrast(measures, chosen):
    names = ("first ", "second ")
    leads = tuple(lead(names[i], Value(str(i), i, ("estimate",))) for i, _ in enumerate(measures))
    report = Report("t", "q", False, (Section("answer", "Answer", (Paragraph(text("-")), *leads)),))
    results = tidy([{"measure": measure} for measure in measures])
    assert headline(report, results) == chosen


def test_people_are_those_of_the_last_step():
    step = {"analysis": "flow", "measure": "remaining"}
    rows = [step | {"estimate": 9.0}, step | {"estimate": 7.0}, {"analysis": "mean", "n": 3}]
    assert people(tidy(rows)) == 7
    assert people(tidy([rows[-1]])) is None
