"""Encrypted transport: what it saves, and what is refused."""

import pytest

from analysis.errors import DataError


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))


def test_https_is_transferred_once(trusted, secure_server, make_store, kit, holds, files):
    make_store(secure_server.url).fetch(kit.tables)
    assert holds() == files
    assert all(secure_server.gets[path] == 1 for path in files)


def test_unknown_certificate_is_refused_at_once(secure_server, make_store, kit, holds):
    with pytest.raises(DataError, match="certificate could not be verified"):
        make_store(secure_server.url).fetch(kit.tables)
    assert not secure_server.log and holds() == {}


def test_redirect_from_http_to_https_is_followed(
    trusted, server, secure_server, make_store, kit, holds, files
):
    server.always, server.elsewhere = "elsewhere", secure_server.url
    make_store().fetch(kit.tables)
    assert holds() == files
    # The redirect itself came over plain http, so the chain as a whole vouches for nothing.
    assert all(secure_server.gets[path] == 3 for path in files)


def test_redirect_from_https_to_http_is_refused(
    trusted, server, secure_server, make_store, kit, holds
):
    secure_server.always, secure_server.elsewhere = "elsewhere", server.url
    with pytest.raises(DataError, match="redirect was not followed"):
        make_store(secure_server.url).fetch(kit.tables)
    assert not server.log and holds() == {}
