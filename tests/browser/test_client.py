"""That a page which does what none may do is caught, so that the other tests can fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe import VERSION, NotFetchedError, fetch, violations
from cdp import Browser, ProtocolError
from tab import ScriptError, Tab

pytestmark = pytest.mark.browser

POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'


@pytest.fixture
def tab(browser: Browser):
    made = Tab(browser)
    yield made
    made.close()


def opened(tab: Tab, folder: Path, body: str) -> Tab:
    page = folder / "page.html"
    page.write_text(f'<!DOCTYPE html><html lang="en"><title>x</title>{body}', encoding="utf-8")
    tab.open(page.as_uri())
    tab.settle()
    return tab


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<img src="http://example.test/x.png" alt="">', "asks for http://example.test/x.png"),
        ('<script src="beside.js"></script>', "asks for file://"),
        ('<script>fetch("https://example.test/y").catch(() => 0)</script>', "asks for https://"),
        ('<script>new WebSocket("ws://example.test/z")</script>', "connects to ws://"),
        ("<script>console.error('wrong', 1)</script>", "console error: wrong 1"),
        ("<script>missing()</script>", "throws ReferenceError: missing"),
        ("<script>Promise.reject(new Error('late'))</script>", "throws Error: late"),
        (f"{POLICY}<script>1</script>", "log error: Executing inline script"),
        (f'{POLICY}<p style="color: red">x', "log error: Applying inline style"),
    ],
)
def test_trouble_is_told(tab: Tab, tmp_path: Path, body: str, told: str) -> None:
    opened(tab, tmp_path, body)
    assert any(trouble.startswith(told) for trouble in tab.troubles()), tab.troubles()


def test_a_quiet_page_has_no_trouble(tab: Tab, tmp_path: Path) -> None:
    opened(tab, tmp_path, '<link rel="icon" href="data:,"><p>x<script>console.log(1)</script>')
    assert tab.troubles() == []


def test_axe_finds_what_is_wrong(tab: Tab, tmp_path: Path, axe_core: str) -> None:
    opened(
        tab, tmp_path, '<main><h1>x</h1><p style="color:#bbb;background:#fff">pale</p><button>'
        '</button><a href="#" style="position:absolute;width:9px;height:9px;overflow:hidden">a</a>'
        '<a href="#" style="position:absolute;margin-left:9px;width:9px;height:9px">b</a></main>',
    )  # fmt: skip
    found = {one["rule"]: one["impact"] for one in violations(tab, axe_core)}
    assert found["color-contrast"] == found["target-size"] == "serious"
    assert found["button-name"] == "critical"


def test_mistakes_of_a_test_are_told(tab: Tab, tmp_path: Path) -> None:
    opened(tab, tmp_path, "<p>x")
    with pytest.raises(ScriptError, match="is not defined"):
        tab.run("() => missing")
    with pytest.raises(AssertionError, match="nothing that can be seen"):
        tab.click("button")
    with pytest.raises(ProtocolError, match="ERR_FILE_NOT_FOUND"):
        tab.open((tmp_path / "absent.html").as_uri())


def test_a_browser_that_does_not_start_says_why(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    program.chmod(0o755)
    browser = Browser(str(program), tmp_path)
    with pytest.raises(ProtocolError, match="no display"):
        browser.call("Browser.getVersion")
    browser.close()


def test_another_axe_than_the_pinned_one_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    npm = tools / "npm"
    npm.write_text(f"#!/bin/sh\n: > axe-core-{VERSION}.tgz\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(NotFetchedError, match="another SHA-512"):
        fetch(tmp_path)
    npm.write_text("#!/bin/sh\necho registry unreachable >&2\nexit 1\n")
    # What lies in the cache is not trusted either.
    (tmp_path / f"axe-core-{VERSION}.tgz").write_bytes(b"damaged")
    with pytest.raises(NotFetchedError, match="registry unreachable"):
        fetch(tmp_path)
    npm.unlink()
    with pytest.raises(NotFetchedError, match="not installed"):
        fetch(tmp_path)
