"""A web server that misbehaves to order, with made-up tables to fetch from it."""

from __future__ import annotations

import io
import ssl
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from analysis.nhanes.cycles import Table
from analysis.nhanes.faults import Patience
from analysis.nhanes.source import Source
from analysis.nhanes.store import Store

PAGE = b"<!DOCTYPE html><html><head><title>Page Not Found</title></head><body>Gone</body></html>"
QUICK = Patience(
    connect=5, read=5, first_wait=0.01, longest_wait=0.05, longest_retry_after=5, agreeing=3
)
SHORT = 0.3
"""Seconds: a time-out for servers that are slower than this on purpose."""
TABLES = (Table("DEMO_B", "2001-2002"), Table("VID_B", "2001-2002"), Table("BMX_C", "2003-2004"))


class Handler(BaseHTTPRequestHandler):
    """Serves the server's files; the next fault ordered for a path comes first."""

    protocol_version = "HTTP/1.1"
    server: FaultServer

    def do_HEAD(self) -> None:
        self.server.log.append(("HEAD", self.path, time.monotonic(), dict(self.headers)))
        body = self.server.files.get(self.path)
        if self.path in self.server.silent_on_head:
            self.status(503, wanted=False)
        elif body is None:
            self.status(404, wanted=False)
        else:
            self.begin(body)

    def do_GET(self) -> None:
        self.server.log.append(("GET", self.path, time.monotonic(), dict(self.headers)))
        with self.server.mutex:
            orders = self.server.orders.get(self.path, self.server.orders[""])
            done = self.server.gets[self.path]
            self.server.gets[self.path] += 1
        fault = orders[done] if done < len(orders) else self.server.always
        body = self.server.files.get(self.path)
        if fault is not None:
            FAULTS[fault](self, body or b"")
        elif body is None:
            self.status(404)
        else:
            self.begin(body)
            self.wfile.write(body)

    def begin(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        if "Transfer_Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        if self.path in self.server.modified:
            self.send_header("Last-Modified", formatdate(self.server.modified[self.path]))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def status(self, status: int, wanted: bool = True, **headers: str) -> None:
        self.begin(PAGE, status, Content_Type="text/html", **headers)
        if wanted:
            self.wfile.write(PAGE)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *args: Any) -> None:
        pass


def _changed(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 0x01]) + body[middle + 1 :]


def _truncated(handler: Handler, body: bytes) -> None:
    handler.begin(body)
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def _unannounced(handler: Handler, body: bytes) -> None:
    """Cut at a record boundary, with nothing in the protocol to tell."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2 // 80 * 80])
    handler.close_connection = True


def _chunked(handler: Handler, body: bytes) -> None:
    """Break off within a chunked body."""
    handler.begin(body, Transfer_Encoding="chunked")
    handler.wfile.write(b"%x\r\n%s\r\n" % (80, body[:80]))
    handler.close_connection = True


def _other(handler: Handler, body: bytes) -> None:
    handler.begin(body)
    handler.wfile.write(b"x" * len(body))


def _whole(handler: Handler, body: bytes) -> None:
    handler.begin(body)
    handler.wfile.write(body)


def _restless(handler: Handler, body: bytes) -> None:
    """Send something sound that is never the same."""
    turn = handler.server.gets[handler.path]
    _whole(handler, body.replace(b"A label", b"Label %d" % turn))


def _silent(handler: Handler, body: bytes) -> None:
    """Say nothing for longer than anybody waits."""
    time.sleep(3 * SHORT)
    handler.hang_up()


def _stuck(handler: Handler, body: bytes) -> None:
    """Send a part and then nothing for longer than anybody waits."""
    handler.begin(body)
    handler.wfile.write(body[:100])
    time.sleep(3 * SHORT)
    handler.hang_up()


def _drip(handler: Handler, body: bytes) -> None:
    """Send all of it, slowly: the whole takes longer than the wait for any piece."""
    handler.begin(body)
    step = len(body) // 8 + 1
    for start in range(0, len(body), step):
        handler.wfile.write(body[start : start + step])
        handler.wfile.flush()
        time.sleep(SHORT / 4)


def _endless(handler: Handler, body: bytes) -> None:
    """Send a byte at a time, without end."""
    handler.begin(body)
    try:
        for byte in body:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        handler.close_connection = True


def _gate(handler: Handler, body: bytes) -> None:
    """Wait for the test's word before going on."""
    handler.server.gate.wait(20)
    _whole(handler, body)


def _held(handler: Handler, body: bytes) -> None:
    """Stop in the middle until the test's word."""
    handler.begin(body)
    handler.wfile.write(body[:100])
    handler.server.gate.wait(20)
    handler.hang_up()


def _moved(handler: Handler, body: bytes) -> None:
    handler.status(302, Location=handler.path.replace("/Nchs/", "/elsewhere/Nchs/"))


def _elsewhere(handler: Handler, body: bytes) -> None:
    handler.status(302, Location=handler.server.elsewhere + handler.path)


FAULTS: dict[str, Callable[[Handler, bytes], None]] = {
    "none": _whole,
    "fail": lambda h, body: h.status(503),
    "error": lambda h, body: h.status(500),
    "gateway": lambda h, body: h.status(502),
    "request timeout": lambda h, body: h.status(408),
    "too many": lambda h, body: h.status(429),
    "later": lambda h, body: h.status(429, Retry_After="1"),
    "on a date": lambda h, body: h.status(
        503, Retry_After=formatdate(time.time() + 2, usegmt=True)
    ),
    "whenever": lambda h, body: h.status(429, Retry_After="soon"),
    "tomorrow": lambda h, body: h.status(429, Retry_After="86400"),
    "html": lambda h, body: _whole(h, PAGE),
    "truncate": _truncated,
    "unannounced": _unannounced,
    "chunked": _chunked,
    "corrupt": lambda h, body: _whole(h, _changed(body)),
    "other": _other,
    "drop": lambda h, body: h.hang_up(),
    "silent": _silent,
    "stuck": _stuck,
    "drip": _drip,
    "endless": _endless,
    "restless": _restless,
    "gate": _gate,
    "held": _held,
    "moved": _moved,
    "elsewhere": _elsewhere,
    "loop": lambda h, body: h.status(302, Location=h.path),
    "to a file": lambda h, body: h.status(302, Location="file:///etc/hostname"),
    "to ftp": lambda h, body: h.status(301, Location="ftp://127.0.0.1/x"),
    "400": lambda h, body: h.status(400),
    "401": lambda h, body: h.status(401),
    "403": lambda h, body: h.status(403),
    "404": lambda h, body: h.status(404),
    "410": lambda h, body: h.status(410),
}


class FaultServer(ThreadingHTTPServer):
    """Serves `files`; each path meets the faults in `orders`, then `always`."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.orders: defaultdict[str, list[str]] = defaultdict(list)
        self.always: str | None = None
        self.modified: dict[str, float] = dict.fromkeys(files, 1_000_000_000.0)
        self.silent_on_head: set[str] = set()
        self.log: list[tuple[str, str, float, dict[str, str]]] = []
        self.gets: Counter[str] = Counter()
        self.mutex = threading.Lock()
        self.gate = threading.Event()
        self.elsewhere = ""

    @property
    def url(self) -> str:
        scheme = "https" if isinstance(self.socket, ssl.SSLSocket) else "http"
        return f"{scheme}://127.0.0.1:{self.server_address[1]}"

    def forget(self) -> None:
        """Forget every request and order."""
        self.log.clear()
        self.gets.clear()
        self.orders.clear()
        self.always = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many of these tests are about."""


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """What the tests of this folder need by name."""
    return SimpleNamespace(
        page=PAGE,
        quick=QUICK,
        impatient=replace(QUICK, read=SHORT),
        tables=TABLES,
        changed=_changed,
    )


@pytest.fixture
def make_files(
    write_table: Callable[..., Path], write_codebook: Callable[..., Path]
) -> Callable[..., dict[str, bytes]]:
    """Make the two files of a table, by their paths on a server."""

    def make(table: Table, rows: int = 40, printed: int | None = None) -> dict[str, bytes]:
        values = [float(i % 5) for i in range(rows)]
        frame = pd.DataFrame({"SEQN": [float(i + 1) for i in range(rows)], "VALUE": values})
        printed = rows if printed is None else printed
        lines = [("0 to 4", "Range of Values", printed, printed), (".", "Missing", 0, printed)]
        page = write_codebook({"SEQN": None, "VALUE": lines}, table.name)
        return {
            f"/{table.data_path}": write_table(frame, table.name).read_bytes(),
            f"/{table.codebook_path}": page.read_bytes(),
        }

    return make


@pytest.fixture
def files(make_files: Callable[..., dict[str, bytes]]) -> dict[str, bytes]:
    """The files of all made-up tables."""
    return {path: body for table in TABLES for path, body in make_files(table).items()}


@contextmanager
def _serving(server: FaultServer) -> Iterator[FaultServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def server(files: dict[str, bytes]) -> Iterator[FaultServer]:
    with _serving(FaultServer(dict(files))) as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for this machine, with its key in the file beside it."""
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(path), "-keyout", str(path.with_suffix(".key"))]
    try:
        subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl cannot make a certificate here")
    return path


@pytest.fixture
def secure_server(files: dict[str, bytes], certificate: Path) -> Iterator[FaultServer]:
    server = FaultServer(dict(files))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    with _serving(server):
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data_raw"


@pytest.fixture
def make_store(folder: Path, server: FaultServer) -> Callable[..., Store]:
    """Make a store with short waits; what it prints is in its attribute ``printed``."""

    def make(source: str | None = None, **options: Any) -> Store:
        printed = io.StringIO()
        options.setdefault("patience", QUICK)
        options.setdefault("console", Console(file=printed, width=80))
        where = options.pop("folder", folder)
        store = Store(where, Source.from_setting(source or server.url), **options)
        store.printed = printed
        return store

    return make


@pytest.fixture
def holds(folder: Path) -> Callable[[], dict[str, bytes]]:
    """Have every file of the folder under its final name; there may be nothing else in it."""

    def look() -> dict[str, bytes]:
        found = {}
        for path in folder.rglob("*"):
            if path.is_file() and path.name not in ("lock.json", ".fetch.lock"):
                # A file on its way is moved to its place between the listing and the reading.
                with suppress(FileNotFoundError):
                    found["/" + path.relative_to(folder).as_posix()] = path.read_bytes()
        return found

    return look
