"""A page in the browser, and what a reader does with it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from cdp import PATIENCE, Browser, ProtocolError


class Key(NamedTuple):
    """A key: its code, its number, and the text it gives."""

    code: str
    number: int
    text: str = ""


KEYS = {
    "Tab": Key("Tab", 9),
    "Enter": Key("Enter", 13, "\r"),
    "Escape": Key("Escape", 27),
    " ": Key("Space", 32, " "),
    "End": Key("End", 35),
    "Home": Key("Home", 36),
    "ArrowLeft": Key("ArrowLeft", 37),
    "ArrowUp": Key("ArrowUp", 38),
    "ArrowRight": Key("ArrowRight", 39),
    "ArrowDown": Key("ArrowDown", 40),
}

CENTRE = """(selector, number) => {
  const found = document.querySelectorAll(selector)[number];
  if (!found) return null;
  found.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = [...found.getClientRects()].find((one) => one.width && one.height);
  return box ? [box.x + box.width / 2, box.y + box.height / 2] : null;
}"""


class ScriptError(Exception):
    """A script that a test ran in the page has thrown."""


class Tab:
    """A page in a context of its own: no storage, permission or setting is shared with others.

    Parameters
    ----------
    browser : Browser
        Where it opens.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        created = browser.call("Target.createBrowserContext", disposeOnDetach=True)
        self.context: str = created["browserContextId"]
        target = browser.call(
            "Target.createTarget", url="about:blank", browserContextId=self.context
        )["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session: str = attached["sessionId"]
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._opened: set[str] = set()
        browser.listen(self._session, lambda method, told: self.events.append((method, told)))
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send the page a command of the protocol."""
        return self._browser.call(method, self._session, **parameters)

    def close(self) -> None:
        """Close the page and forget its context."""
        self._browser.listen(self._session, None)
        self._browser.call("Target.disposeBrowserContext", browserContextId=self.context)

    # What the page is seen on

    def screen(self, width: int, height: int = 900, *, phone: bool = False) -> None:
        """Look at the page on a screen of so many CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=phone,
        )  # fmt: skip
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)

    def media(self, kind: str = "screen", **features: str) -> None:
        """Set the medium and what the reader prefers: ``prefers_color_scheme="dark"``."""
        named = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        self.call("Emulation.setEmulatedMedia", media=kind, features=named)

    def permit(self, permission: str, setting: str) -> None:
        """Grant or deny the page a permission."""
        self._browser.call(
            "Browser.setPermission", permission={"name": permission}, setting=setting,
            browserContextId=self.context,
        )  # fmt: skip

    def first(self, script: str) -> None:
        """Run a script before any of the page's own, on each page opened from here on."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    # What is asked of the page

    def open(self, url: str) -> None:
        """Open an address and wait until it has loaded."""
        self._opened.add(url.partition("#")[0])
        before = len(self.events)
        answer = self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise ProtocolError(f"{url}: {answer['errorText']}")
        deadline = time.monotonic() + PATIENCE
        while all(method != "Page.loadEventFired" for method, _ in self.events[before:]):
            if not self._browser.pump(deadline - time.monotonic()):
                raise ProtocolError(f"{url}: not loaded in {PATIENCE:.0f} s")

    def run(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function in the page; a promise is waited for.

        The arguments and what it returns go as JSON. It runs whatever the page's content security
        policy says, as a reader's console does.
        """
        given = ", ".join(json.dumps(argument) for argument in arguments)
        answer = self.call(
            "Runtime.evaluate", expression=f"({function})({given})", awaitPromise=True,
            returnByValue=True, userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            told = thrown.get("exception", {}).get("description") or thrown["text"]
            raise ScriptError(f"{told}\nin {function}")
        return answer["result"].get("value")

    def until(self, function: str, *arguments: Any, seconds: float = 10.0) -> Any:
        """Call a function until what it returns is true, and give that."""
        deadline = time.monotonic() + seconds
        while not (found := self.run(function, *arguments)):
            assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {function} {arguments}"
            self._browser.pump(0.03)
        return found

    def settle(self) -> None:
        """Wait until the page has drawn what was done to it."""
        self.run("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")

    def count(self, selector: str) -> int:
        """How many elements there are of this kind."""
        found: int = self.run("(s) => document.querySelectorAll(s).length", selector)
        return found

    def words(self, selector: str, number: int = 0) -> str:
        """The text of an element as it is read, each run of blanks one."""
        found = self.run("(s, n) => document.querySelectorAll(s)[n]?.textContent", selector, number)
        assert found is not None, f"nothing is {selector}"
        return " ".join(found.split())

    def unfold(self, unfolded: bool = True) -> None:
        """Open all that can be folded, or fold it."""
        function = "(o) => { for (const d of document.querySelectorAll('details')) d.open = o; }"
        self.run(function, unfolded)

    # What a reader does

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key and let it go."""
        of = KEYS[key]
        told = {"key": key, "code": of.code, "windowsVirtualKeyCode": of.number}
        told["modifiers"] = 8 if shift else 0
        kind = "keyDown" if of.text else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=kind, text=of.text, **told)
        self.call("Input.dispatchKeyEvent", type="keyUp", **told)

    def centre(self, selector: str, number: int = 0) -> tuple[float, float]:
        """Bring an element into view, and give where its middle is."""
        found = self.run(CENTRE, selector, number)
        assert found is not None, f"nothing that can be seen is {selector} ({number})"
        return found[0], found[1]

    def hover(self, selector: str, number: int = 0) -> None:
        """Bring the mouse over an element."""
        self.move(*self.centre(selector, number))

    def move(self, x: float, y: float) -> None:
        """Bring the mouse to a place."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def _at_rest(self, selector: str, number: int) -> tuple[float, float]:
        """Find the middle of an element once what follows the last scroll has moved it."""
        found = self.centre(selector, number)
        for _ in range(20):
            self.settle()
            before, found = found, self.centre(selector, number)
            if found == before:
                break
        return found

    def click(self, selector: str, number: int = 0) -> None:
        """Click with the mouse in the middle of an element, on whatever lies there on top."""
        x, y = self._at_rest(selector, number)
        self.move(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def tap(self, selector: str, number: int = 0) -> None:
        """Touch the middle of an element with a finger."""
        x, y = self.centre(selector, number)
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def focus(self, selector: str, number: int = 0) -> None:
        """Put the keyboard's focus on an element."""
        self.centre(selector, number)
        self.run("(s, n) => document.querySelectorAll(s)[n].focus()", selector, number)

    def pdf(self) -> bytes:
        """Print the page on A4."""
        answer = self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(answer["data"])

    # What must not happen

    def troubles(self) -> list[str]:
        """Tell of every request but that for the page itself, and of every error and warning."""
        return [told for method, event in self.events if (told := self._trouble(method, event))]

    def _trouble(self, method: str, event: dict[str, Any]) -> str:
        if method == "Network.requestWillBeSent":
            url = event["request"]["url"]
            own = url.partition("#")[0] in self._opened
            return "" if own or url.startswith("data:") else f"asks for {url[:200]}"
        if method in ("Network.webSocketCreated", "Network.webTransportCreated"):
            return f"connects to {event['url']}"
        if method == "Runtime.exceptionThrown":
            thrown = event["exceptionDetails"]
            return f"throws {thrown.get('exception', {}).get('description') or thrown['text']}"
        if method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            said = [str(a.get("value") or a.get("description", "")) for a in event["args"]]
            return f"console {event['type']}: {' '.join(said)}"
        if method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
            return f"log {event['entry']['level']}: {event['entry']['text']}"
        if method == "Page.javascriptDialogOpening":
            return f"asks with a dialog: {event['message']}"
        return ""


@contextmanager
def quiet_tabs(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Give what makes a tab of a width; fail if a page asked for anything or told an error."""
    tabs: list[Tab] = []

    def new(width: int, *, dark: bool = False) -> Tab:
        tab = Tab(browser)
        tabs.append(tab)
        tab.screen(width, 900 if width > 600 else 844, phone=width <= 600)
        tab.media(prefers_color_scheme="dark" if dark else "light", prefers_reduced_motion="reduce")
        return tab

    yield new
    for tab in tabs:
        # What was told before this answer has come by then.
        tab.run("() => document.readyState")
    troubles = [trouble for tab in tabs for trouble in tab.troubles()]
    for tab in tabs:
        tab.close()
    assert not troubles, "\n".join(troubles)
