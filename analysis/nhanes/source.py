"""Where files come from: the CDC's server, a mirror at another URL, or a mirror folder."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests import exceptions as web

from analysis import __version__
from analysis.errors import DataError, InputError
from analysis.nhanes.cycles import CDC, CDC_LINKED, LINKED
from analysis.nhanes.faults import WAYS_ON, PassingFault, Patience

_USER_AGENT = f"nhanes-magnesium-vitamin-d/{__version__} (python-requests/{requests.__version__})"
_CHUNK = 1 << 16
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PASSING_STATUS = {408, 425, 429}  # and all from 500 on
_ABSENT_STATUS = {404, 410}


class NotThere(DataError):
    """The source can be asked but does not have the file."""


@dataclass(frozen=True)
class Remote:
    """What a source says of a file without sending it; None where it does not say.

    Parameters
    ----------
    length : int or None
        In bytes.
    last_modified, etag : str or None
        As in the HTTP headers of these names.
    web_page : bool
        Whether it is announced as HTML.
    """

    length: int | None
    last_modified: str | None
    etag: str | None = None
    web_page: bool = False


@dataclass(frozen=True)
class Stream:
    """A file that is being sent.

    Parameters
    ----------
    remote : Remote
        Its length is that of the bytes to come.
    authentic : bool
        Whether the transport vouches for the bytes, as https and a local folder do.
    chunks : iterator of bytes
        Raises PassingFault where the transfer breaks.
    interrupt : callable
        Ends a wait for the next chunk; may be called from another thread.
    """

    remote: Remote
    authentic: bool
    chunks: Iterator[bytes]
    interrupt: Callable[[], None]


class Source(ABC):
    """Where files come from.

    Attributes
    ----------
    name : str
        For messages.
    may_recover : bool
        Whether it makes sense to ask again after a fault.
    """

    name: str
    may_recover: bool

    @classmethod
    def from_setting(cls, setting: str | None) -> Source:
        """Return the source that a setting names.

        Parameters
        ----------
        setting : str or None
            Nothing for the CDC, a URL with http or https, or a folder.

        Returns
        -------
        Source

        Raises
        ------
        InputError
            If it is neither a usable URL nor a folder.
        """
        if not setting or not setting.strip():
            return WebSource(CDC, name="the CDC", linked=CDC_LINKED)
        setting = setting.strip()
        if "://" in setting:
            return WebSource(setting, name=f"the mirror {setting.rpartition('@')[2]}")
        return FolderSource(Path(setting).expanduser())

    @abstractmethod
    def url(self, relative: str) -> str:
        """Return the address of a file, without a password, as it is recorded and shown."""

    @abstractmethod
    def open(self, relative: str, patience: Patience) -> AbstractContextManager[Stream]:
        """Begin to receive a file.

        Raises
        ------
        PassingFault
            If another attempt may succeed.
        DataError
            If the source does not have the file or cannot be used.
        """

    @abstractmethod
    def head(self, relative: str, patience: Patience) -> Remote | None:
        """Ask about a file; None if the source gives no answer about it.

        Raises
        ------
        PassingFault, DataError
            If the source cannot be reached.
        """


class FolderSource(Source):
    """A folder that holds the CDC's paths. Case does not matter, as on the CDC's server.

    Parameters
    ----------
    folder : Path
        Must exist.
    """

    may_recover = False

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(
                f"the mirror folder {folder} does not exist or is not a folder",
                where="NHANES_MIRROR or --mirror",
                remedy="Name a folder that holds the CDC's paths (Nchs/Data/Nhanes/Public/...), or "
                "a "
                "URL that begins with http:// or https://.",
            )
        self.folder = folder.resolve()
        self.name = f"the mirror folder {self.folder}"

    def url(self, relative: str) -> str:
        """See `Source.url`."""
        return f"{self.folder.as_uri()}/{relative}"

    def locate(self, relative: str) -> Path | None:
        """Find a file whatever the case of its path; the exact spelling comes first."""
        found = self.folder
        for part in relative.split("/"):
            exact = found / part
            if not exact.exists():
                alike = [p for p in _listing(found) if p.name.casefold() == part.casefold()]
                if not alike:
                    return None
                exact = min(alike)
            found = exact
        return found if found.is_file() else None

    @contextmanager
    def open(self, relative: str, patience: Patience) -> Iterator[Stream]:
        """See `Source.open`."""
        path = self.locate(relative)
        if path is None:
            raise NotThere(
                f"{self.name} has no file {relative} (in any case of letters)",
                remedy="Add the file to the folder, or check that NHANES_MIRROR (or --mirror) "
                "names "
                f"the folder above Nchs/.\n{WAYS_ON}",
            )
        try:
            with path.open("rb") as file:
                stat = path.stat()
                remote = Remote(stat.st_size, formatdate(stat.st_mtime, usegmt=True))
                chunks = _read(path, file.read)
                yield Stream(remote, True, chunks, lambda: None)
        except OSError as error:
            raise _unreadable(path, error) from error

    def head(self, relative: str, patience: Patience) -> Remote | None:
        """See `Source.head`."""
        path = self.locate(relative)
        if path is None:
            return None
        stat = path.stat()
        return Remote(stat.st_size, formatdate(stat.st_mtime, usegmt=True))


class WebSource(Source):
    """A web server that holds the CDC's paths.

    Parameters
    ----------
    base : str
        URL above ``Nchs/``; http or https, perhaps with user and password.
    name : str
        For messages.
    linked : str, optional
        URL above ``pub/``, for linked data, if that is another.
    """

    may_recover = True

    def __init__(self, base: str, *, name: str, linked: str | None = None) -> None:
        _require_base(base)
        self.name = name
        self._base = base.rstrip("/")
        self._linked = self._base if linked is None else linked
        host = urlsplit(base).hostname
        # A proxy cannot reach this machine's own loopback address.
        self._proxies = {"no_proxy": host} if host in _LOOPBACK else None
        self._local = threading.local()

    def url(self, relative: str) -> str:
        """See `Source.url`."""
        return _without_password(self._address(relative))

    def _address(self, relative: str) -> str:
        return f"{self._linked if relative.startswith(LINKED) else self._base}/{relative}"

    @contextmanager
    def open(self, relative: str, patience: Patience) -> Iterator[Stream]:
        """See `Source.open`."""
        with closing(self._request("GET", relative, patience)) as response:
            self._require_file(relative, response, patience)
            hops = [*response.history, response]
            authentic = all(hop.url.lower().startswith("https:") for hop in hops)
            chunks = _received(response.raw, patience)
            yield Stream(_remote(response), authentic, chunks, response.raw.shutdown)

    def head(self, relative: str, patience: Patience) -> Remote | None:
        """See `Source.head`."""
        with closing(self._request("HEAD", relative, patience)) as response:
            return _remote(response) if response.status_code == 200 else None

    def _request(self, method: str, relative: str, patience: Patience) -> requests.Response:
        try:
            return self._session().request(
                method,
                self._address(relative),
                stream=True,
                timeout=(patience.connect, patience.read),
                allow_redirects=True,
                proxies=self._proxies,
            )
        except (web.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _translated(error, self.url(relative), patience) from error

    def _require_file(self, relative: str, response: requests.Response, patience: Patience) -> None:
        status = response.status_code
        if status == 200:
            return
        answer = f"{status} {response.reason or ''}".strip()
        if status in _ABSENT_STATUS:
            raise NotThere(
                f"{self.name} does not have this file (it answered {answer})",
                where=self.url(relative),
                remedy="Check the table's name and cycle, and NHANES_MIRROR (or --mirror) if it is "
                "set: its URL is what stands before /Nchs/.",
            )
        if status in _PASSING_STATUS or status >= 500:
            wait = _retry_after(response.headers.get("Retry-After"))
            raise PassingFault(f"the server answered {answer}", "status", wait)
        raise DataError(
            f"{self.name} refused this file (it answered {answer})",
            where=self.url(relative),
            remedy=WAYS_ON,
        )

    def _session(self) -> requests.Session:
        # requests does not promise that a session may be shared between threads.
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _Session()
            session.max_redirects = 5
            # Content-Length must be that of the file, so nothing compressed; and the file itself,
            # not a proxy's copy of it.
            session.headers.update(
                {
                    "User-Agent": _USER_AGENT,
                    "Accept": "*/*",
                    "Accept-Encoding": "identity",
                    "Cache-Control": "no-cache",
                }
            )
        return session


class _Session(requests.Session):
    """A session that follows redirects only to the same scheme or to https."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target:
            scheme = urlsplit(urljoin(resp.url, target)).scheme.lower()
            if scheme not in {urlsplit(resp.url).scheme.lower(), "https"}:
                raise web.InvalidSchema(f"a redirect to {_without_password(target)}")
        return target


def _require_base(base: str) -> None:
    try:
        parts = urlsplit(base)
        # Reading the port is what checks it.
        sound = bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        sound = False
    if not sound or parts.scheme not in {"http", "https"}:
        raise InputError(
            f"{base.rpartition('@')[2]} is no URL of a mirror",
            where="NHANES_MIRROR or --mirror",
            remedy="Give a URL that begins with http:// or https://, or a folder.",
        )


def _received(raw: urllib3.BaseHTTPResponse, patience: Patience) -> Iterator[bytes]:
    """Yield a body as it arrives, giving up one that hardly moves."""
    since, amount = time.monotonic(), 0
    while True:
        try:
            # read1 returns what is there: a slow server cannot keep us from looking at the clock.
            chunk = raw.read1(_CHUNK, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _broken(error, patience) from error
        if not chunk:
            return
        amount += len(chunk)
        elapsed = time.monotonic() - since
        if elapsed > patience.stall:
            if amount < patience.stall_bytes:
                reason = f"only {amount:,} bytes arrived within {elapsed:.0f} seconds"
                raise PassingFault(reason, "transfer")
            since, amount = time.monotonic(), 0
        yield chunk


def _read(path: Path, read: Callable[[int], bytes]) -> Iterator[bytes]:
    try:
        while chunk := read(1 << 20):
            yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"the mirror's file cannot be read ({error.strerror})",
        where=str(path),
        remedy="Check the mirror folder and its permissions.",
    )


def _listing(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _remote(response: requests.Response) -> Remote:
    headers = response.headers
    length = headers.get("Content-Length", "")
    encoded = headers.get("Content-Encoding", "identity").lower() != "identity"
    return Remote(
        int(length) if length.isdigit() and not encoded else None,
        headers.get("Last-Modified"),
        headers.get("ETag"),
        headers.get("Content-Type", "").lower().startswith("text/html"),
    )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _translated(error: Exception, url: str, patience: Patience) -> PassingFault | DataError:
    """Say in plain words why a request failed before its answer began."""
    if isinstance(error, (web.InvalidSchema, web.TooManyRedirects, web.InvalidURL)):
        return DataError(f"the server's redirect was not followed ({error})", where=url)
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return DataError(
            "the server's certificate could not be verified, so it may be another server",
            where=url,
            remedy=f"Check this machine's clock and certificates (REQUESTS_CA_BUNDLE).\n{WAYS_ON}",
        )
    if isinstance(error, web.ConnectTimeout):
        reason = f"no connection within {patience.connect:g} seconds"
        return PassingFault(reason, "unreachable")
    if isinstance(error, web.ProxyError):
        return PassingFault("the proxy (HTTP_PROXY, HTTPS_PROXY) failed", "unreachable")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        reason = "the server's name could not be looked up; is this machine online?"
        return PassingFault(reason, "unreachable")
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        refused = "refused" in text.lower()
        reason = "the connection was refused" if refused else "no route to the server"
        return PassingFault(reason, "unreachable")
    return _broken(error, patience)


def _broken(error: Exception, patience: Patience) -> PassingFault:
    """Say in plain words why a transfer broke off."""
    if isinstance(error, urllib3.exceptions.ProtocolError) and len(error.args) > 1:
        error = error.args[1]
    if isinstance(error, (web.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)):
        reason = f"the server sent nothing for {patience.read:g} seconds"
    elif isinstance(error, urllib3.exceptions.IncompleteRead):
        got, missing = error.partial, error.expected or 0
        reason = f"the connection was closed after {got:,} of {got + missing:,} bytes"
    else:
        reason = "the connection was dropped"
    return PassingFault(reason, "transfer")
