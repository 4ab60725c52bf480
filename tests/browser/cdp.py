"""A small client of the Chrome DevTools Protocol, on the standard library alone.

Chromium is started with ``--remote-debugging-pipe``: each message is JSON and ends with a zero
byte, over a pair of pipes. So there is no port that a neighbour could reach, and no framing.
The protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What the program is called, by distribution."""

PATIENCE = 60.0
"""Seconds to wait for an answer, unless told otherwise: a machine with other work is slow."""

FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-default-browser-check",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--lang=en-GB",
    # Whatever a page asks of a network ends here; tests see that it asked.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)

# Chromium reads from descriptor 3 and writes to 4, which may be others' in this process.
LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD_CLOEXEC, 10) for end in sys.argv[1:3]]
for end in sys.argv[1:3]:
    os.close(int(end))
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class ProtocolError(Exception):
    """The browser refused a command, did not answer, or ended."""


def find_chromium() -> str | None:
    """Give the path of a Chromium, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


Listener = Callable[[str, dict[str, Any]], None]
"""What takes a tab's events: their method and parameters."""


class Browser:
    """A Chromium of our own, with a profile that nobody else has.

    Parameters
    ----------
    program : str
        Path of the browser.
    profile : Path
        Folder for its profile, and for ``chromium.log``, what it says on standard error.

    Attributes
    ----------
    patience : float
        Seconds to wait for an answer.
    """

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        sandbox = () if os.geteuid() else ("--no-sandbox",)
        command = [program, *FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank"]
        launch = [sys.executable, "-I", "-S", "-c", LAUNCH, str(to_read), str(to_write)]
        self._log = profile / "chromium.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                launch + command, pass_fds=(to_read, to_write), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self.patience = PATIENCE
        self._pending = bytearray()
        self._answers: dict[int, dict[str, Any]] = {}
        self._listeners: dict[str, Listener] = {}
        self._sent = 0

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come before it are handed on."""
        self._sent += 1
        number = self._sent
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._send(json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.patience
        while number not in self._answers:
            if not self.pump(deadline - time.monotonic()):
                raise ProtocolError(f"{method}: no answer in {self.patience:.0f} s")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ProtocolError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def listen(self, session: str, listener: Listener | None) -> None:
        """Hand a session's events to a listener; None ends it."""
        if listener is None:
            self._listeners.pop(session, None)
        else:
            self._listeners[session] = listener

    def pump(self, seconds: float) -> bool:
        """Take in what comes within some seconds; whether anything came."""
        if not select.select([self._read], [], [], max(seconds, 0.0))[0]:
            return False
        data = os.read(self._read, 1 << 20)
        if not data:
            raise self._ended()
        self._pending += data
        *whole, rest = self._pending.split(b"\0")
        self._pending = bytearray(rest)
        for message in whole:
            self._take(json.loads(message))
        return True

    def close(self) -> None:
        """End the browser and all that it started."""
        with contextlib.suppress(ProtocolError, OSError):
            self.call("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._write, view) :]
        except BrokenPipeError as error:
            raise self._ended() from error

    def _ended(self) -> ProtocolError:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return ProtocolError(f"the browser has ended: {said[-1] if said else 'it said nothing'}")

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
            return
        listener = self._listeners.get(message.get("sessionId", ""))
        if listener is not None:
            listener(message["method"], message["params"])
