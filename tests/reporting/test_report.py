"""The page as a whole: its numbers, its structure, and what strangers' text can do to it."""

from __future__ import annotations

import base64
import hashlib
import html
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from lxml import html as lxml_html

from analysis.models.results import COLUMNS
from analysis.reporting import build
from analysis.reporting.html import doi_url, render

VOID = {"meta", "link", "br", "img", "input", "hr"}
HOSTILE = "<script>alert('x')</script> & \"q\" ' $x^2$ <img src=//evil.test/x onerror=alert(1)>"


def page_of(run: tuple[pd.DataFrame, Any]) -> str:
    return render(build(*run))


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {}


@pytest.fixture(params=["deng", "forrest", "whole"])
def page(request: Any, pages: dict[str, str]) -> str:
    if request.param not in pages:
        pages[request.param] = page_of(request.getfixturevalue(request.param))
    return pages[request.param]


@pytest.fixture(params=["deng", "forrest", "whole"])
def run_and_page(request: Any, pages: dict[str, str]) -> tuple[pd.DataFrame, str]:
    run = request.getfixturevalue(request.param)
    if request.param not in pages:
        pages[request.param] = page_of(run)
    return run[0], pages[request.param]


SHARES = {
    "proportion", "unweighted_proportion", "missing_share", "share_inverse", "variance_share",
    "share_inverse_significant", "share_positive_significant", "fmi",
}  # fmt: skip
"""Measures that are printed as percentages outside of the tables behind figures."""


def numbers_in(text: str) -> list[tuple[float, int]]:
    """Numbers of a printed text, each with the decimals that it shows."""
    plain = text.replace("−", "-").replace(",", "")
    found = re.findall(r"(?<![\d.])-?\d+(?:\.\d+)?(?:e-?\d+)?", plain)
    return [(float(n), len(n.partition("e")[0].partition(".")[2])) for n in found]


def test_every_number_equals_its_row_of_the_results(
    run_and_page: tuple[pd.DataFrame, str],
) -> None:
    results, page = run_and_page
    spans = lxml_html.fromstring(page).xpath("//span[@class='v']")
    assert len(spans) > 50
    for span in spans:
        row = results.iloc[int(span.get("data-row"))]
        text = span.text_content()
        scale = 1.0
        if row["measure"] in SHARES:
            scale = 100.0 if not span.xpath("ancestor::figure") else 1.0
        if "million" in text:
            scale = 1e-6
        printed = numbers_in(text)
        columns = span.get("data-col").split()
        assert len(printed) == len(columns), text
        for (number, decimals), column in zip(printed, columns, strict=True):
            value = row[column] * (scale if column not in ("n", "events", "p_value") else 1.0)
            if text.lstrip("< \u00a0").startswith("0.001") and "<" in text:
                assert value < 0.001
            elif ">" in text:
                assert value > number
            else:
                half = 0.5000001 * 10.0**-decimals
                assert number == pytest.approx(value, abs=max(half, abs(value) * 6e-4)), text


def test_no_number_of_the_answer_is_without_its_row(
    run_and_page: tuple[pd.DataFrame, str],
) -> None:
    _, page = run_and_page
    for lead in lxml_html.fromstring(page).xpath("//p[@class='lead']"):
        for span in lead.xpath(".//span[@class='v']"):
            span.text = ""
        rest = re.sub(r"95% (CI|interval)|25\(OH\)D below 20 ng/mL", "", lead.text_content())
        # What is left counts groups and published figures, which are no estimates.
        counts = r"\b\d+ (groups|published|is|are|match|lie|lies|agree)\b"
        # An odds ratio of 1 is no estimate either.
        counts += r"|\b(below|above|excludes) 1\b"
        # The place of an estimate among others is counted, and stands in no row.
        counts += r"|\b[\d,]+(st|nd|rd|th) lowest\b"
        assert re.findall(r"\d+", re.sub(counts, "", rest)) == []


class Balance(HTMLParser):
    """Notes every tag that is not closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_every_element_is_closed(page: str) -> None:
    balance = Balance()
    balance.feed(page)
    assert (balance.wrong, balance.open) == ([], [])


def test_ids_are_unique_and_every_reference_is_met(page: str) -> None:
    tree = lxml_html.fromstring(page)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    wanted = {i for value in tree.xpath("//@aria-labelledby") for i in value.split()}
    wanted |= {link[1:] for link in tree.xpath("//a/@href") if link.startswith("#")}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", page))
    wanted |= {use.split("#")[1] for use in re.findall(r'xlink:href="([^"]+)"', page)}
    assert wanted <= set(ids)


def test_nothing_is_fetched_from_a_network(page: str) -> None:
    tree = lxml_html.fromstring(page)
    links = tree.xpath("//@src|//@href|//@action|//@data|//@poster|//@srcset")
    beside = "results.csv"
    assert beside in links
    outside = [link for link in links if not link.startswith(("#", "data:")) and link != beside]
    assert outside and all(link.startswith("https://doi.org/10.") for link in outside)
    assert not tree.xpath("//*[@src]|//iframe|//object|//embed|//base|//form")
    style = tree.xpath("string(//head/style)")
    assert "@import" not in style and "url(" not in style
    policy = tree.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy.startswith("default-src 'none'")


def test_the_only_script_is_the_one_that_the_policy_names(page: str) -> None:
    tree = lxml_html.fromstring(page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = tree.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert f"script-src 'sha256-{digest}'" in policy
    assert not [name for name in tree.xpath("//@*/..") for key in name.attrib if key[:2] == "on"]


def test_headings_and_landmarks(page: str) -> None:
    tree = lxml_html.fromstring(page)
    assert tree.get("lang") == "en"
    levels = [int(node.tag[1]) for node in tree.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert len(tree.xpath("//main")) == len(tree.xpath("//nav[@aria-label]")) == 1


def test_tables_name_their_rows_and_columns(page: str) -> None:
    tree = lxml_html.fromstring(page)
    tables = tree.xpath("//table")
    assert tables
    for table in tables:
        assert table.get("aria-labelledby")
        assert all(node.get("scope") for node in table.xpath(".//th"))
        # An empty heading could be pressed to sort, and would have no name.
        assert all(node.text_content().strip() for node in table.xpath(".//th"))
        widths = {
            sum(int(cell.get("colspan", 1)) for cell in row.xpath("th|td"))
            for row in table.xpath(".//tr")
        }
        assert len(widths) == 1, table.get("aria-labelledby")
        for row in table.xpath("tbody/tr"):
            assert row[0].tag == "th"
        # A wide table scrolls in its own box, which a keyboard can reach.
        assert table.getparent().get("tabindex") == "0"


def test_figures_have_words_and_numbers(page: str) -> None:
    figures = lxml_html.fromstring(page).xpath("//figure")
    assert figures
    for figure in figures:
        for svg in figure.xpath(".//svg"):
            assert svg.get("role") == "img"
            title, description = svg.xpath("title|desc")
            assert title.text and len(description.text) > 20
            assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
            assert not re.search(r"#[0-9a-fA-F]{6}\b", lxml_html.tostring(svg).decode())
        assert len(figure.xpath(".//svg")) == 2
        assert figure.xpath("details//table/tbody/tr")


SECTIONS = {
    "prevalence": ("prevalence",),
    "means": ("mean",),
    "odds-ratios": ("odds_ratio",),
    "dose-response": ("spline",),
    "linear": ("linear", "spline"),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_without_rows_vanishes(deng: Any, section: str) -> None:
    results, facts = deng
    assert section in [made.key for made in build(results, facts).sections]
    left = results[~results["analysis"].isin(SECTIONS[section])]
    keys = [made.key for made in build(left, facts).sections]
    assert section not in keys
    assert {"answer", "participants", "methods", "provenance"} <= set(keys)


def test_the_contents_list_has_the_sections_that_there_are(page: str) -> None:
    tree = lxml_html.fromstring(page)
    assert [link[1:] for link in tree.xpath("//nav//a/@href")] == tree.xpath("//main/section/@id")


def test_a_study_without_exposure_has_only_its_sections(forrest: Any) -> None:
    keys = [section.key for section in build(*forrest).sections]
    assert keys == [
        "answer", "published", "participants", "prevalence", "methods", "checks", "limitations",
        "checklist", "cite", "abbreviations", "references", "provenance",
    ]  # fmt: skip
    page = page_of(forrest)
    shown = html.unescape(re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.S))
    for word in ("quartile", "exposure", "odds", "spline", "recall"):
        assert word not in shown


def test_hardly_any_results_and_facts(made: Any) -> None:
    nothing = pd.DataFrame()
    facts = made.facts_for(
        "deng_2013", checks=nothing, files=nothing, verdicts=nothing, versions={}, commit="",
        spec_sha256="", spec_text="",
    )  # fmt: skip
    keys = [s.key for s in build(made.table_of([], "deng_2013"), facts).sections]
    # What changed between cycles is told by the specification alone.
    assert keys == ["answer", "methods", "drift", "limitations", "checklist", "cite",
                    "abbreviations", "references"]  # fmt: skip


def test_missing_estimates_everywhere_make_a_page(deng: Any) -> None:
    results, facts = deng
    for number, column in enumerate(("estimate", "conf_low", "conf_high", "p_value", "events")):
        results.loc[results.index % 5 == number, column] = math.nan
    body = lxml_html.fromstring(page_of((results, facts))).xpath("string(//main)")
    assert not re.search(r"\bnan\b|\binf\b", body)


def hostile(made: Any) -> tuple[pd.DataFrame, Any]:
    """A run in which all text that could come from outside is hostile."""
    results = made.table_of(made.deng_rows(), "deng_2013")
    for column in ("contrast", "level", "model"):
        results[column] = results[column].where(
            results["analysis"].isin(["spline", "flow"]) & (column != "contrast"),
            results[column] + HOSTILE,
        )
    facts = made.facts_for("deng_2013")
    study = facts.study
    outcomes = tuple(o.model_copy(update={"label": HOSTILE}) for o in study.outcomes)
    references = tuple(r.model_copy(update={"citation": HOSTILE}) for r in study.references)
    references += (references[0].model_copy(update={"doi": "10.1/x javascript:alert(1)"}),)
    study = study.model_copy(
        update={
            "title": HOSTILE, "question": HOSTILE, "outcomes": outcomes, "references": references,
        }
    )  # fmt: skip
    checks = facts.checks.assign(variable=HOSTILE, label=HOSTILE, reason=HOSTILE, table=HOSTILE)
    return results, replace(
        facts, study=study, checks=checks, files=facts.files.assign(name=HOSTILE, date=HOSTILE),
        verdicts=facts.verdicts.assign(statement=HOSTILE, why=HOSTILE, id=HOSTILE),
        versions={HOSTILE: HOSTILE}, commit=HOSTILE, spec_text=f"</pre></script>{HOSTILE}",
    )  # fmt: skip


def test_text_of_strangers_stays_text(made: Any) -> None:
    page = page_of(hostile(made))
    tree = lxml_html.fromstring(page)
    # One that runs, and the data that it reads.
    assert page.count("<script") == page.count("</script>") == 2
    assert not tree.xpath("//img")
    assert not [key for node in tree.iter() for key in node.attrib if key.startswith("on")]
    assert tree.xpath("//script/@type") == ["application/json"]
    assert HOSTILE in tree.xpath("string(//h1)")
    for place in ("//svg", "//table", "//pre", "//dl", "//nav/..//section"):
        found = [" ".join(node.text_content().split()) for node in tree.xpath(place)]
        assert any("alert('x')" in text for text in found), place
    assert all(
        link.startswith(("#", "https://doi.org/10.", "data:,")) or link == "results.csv"
        for link in tree.xpath("//@href")
    )


@pytest.mark.parametrize(
    ("doi", "linked"),
    [
        ("10.1186/1741-7015-11-187", True), ("10.1016/j.nutres.2010.12.001", True),
        ("10.1002/(SICI)1097-0258(19970715)16:13<1", True), ("javascript:alert(1)", False),
        ("10.1186/x y", False), ('10.1186/x"onclick="', False), ("", False),
    ],
)  # fmt: skip
def test_only_identifiers_become_links(doi: str, linked: bool) -> None:
    assert doi_url(doi) == (f"https://doi.org/{doi}" if linked else "")


def test_artificial_data_say_so_everywhere(made: Any) -> None:
    facts = made.facts_for("deng_2013", synthetic=True)
    page = page_of((made.table_of(made.deng_rows(), "deng_2013"), facts))
    tree = lxml_html.fromstring(page)
    assert "artificial data" in tree.xpath("string(//title)")
    assert "artificial data" in tree.xpath("string(//h1)")
    marked = [svg for svg in tree.xpath("//figure//svg") if "ARTIFICIAL DATA" in svg.text_content()]
    assert len(marked) == len(tree.xpath("//figure//svg")) > 0
    captions = tree.xpath("//div[@class='caption']/p|//figcaption")
    assert captions and all("Artificial data." in node.text_content() for node in captions)
    assert tree.xpath("//section[@id='answer']/p[@class='warning']")


def test_real_data_never_say_artificial(page: str) -> None:
    assert "rtificial data" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)


def test_the_results_have_the_form_that_reports_read(deng: Any) -> None:
    assert tuple(deng[0].columns) == COLUMNS


def test_a_page_has_a_notice_only_where_there_is_one(page: str) -> None:
    assert 'role="note"' not in page


def test_every_table_can_say_that_it_goes_on(page: str) -> None:
    tree = lxml_html.fromstring(page)
    boxes = tree.xpath("//div[@class='scroll']")
    assert boxes
    for box in boxes:
        hint = box.getprevious()
        assert (hint.get("class"), hint.get("aria-hidden")) == ("hint", "true")
        assert hint.text_content() == "scroll for more →"


def test_only_what_fits_a_page_is_kept_whole_on_paper(page: str) -> None:
    tree = lxml_html.fromstring(page)
    found = set()
    for table in tree.xpath("//div[contains(concat(' ', @class, ' '), ' table ')]"):
        short = "short" in table.get("class").split()
        found.add(short)
        assert not short or len(table.xpath(".//tr")) <= 16
        assert all(len(b.xpath("./tr")) <= 11 for b in table.xpath(".//tbody[@class='whole']"))
    assert found == {True, False}
