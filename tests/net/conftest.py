"""Servers that fail as told, and a cache of each test's own."""

from __future__ import annotations

import ssl
import subprocess

import pytest

from skyexplorer.net import deadline
from tests.net.server import Server


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A cache that nobody else uses; no proxy, no certificates, and online."""
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    for name in (
        "SKYEXPLORER_OFFLINE",
        "SKYEXPLORER_CACHE_MB",
        "SKYEXPLORER_KEYRING",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(deadline, "_offline", None)
    return tmp_path / "cache"


@pytest.fixture
def serve():
    """``serve(behave)`` starts a server; all end with the test."""
    servers = []

    def start(behave=lambda talk: talk.answer(b"hello"), **options):
        servers.append(Server(behave, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A server's side of TLS for 127.0.0.1, and the file that makes a client trust it."""
    folder = tmp_path_factory.mktemp("tls")
    key, bundle = folder / "key.pem", folder / "cert.pem"
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-keyout", key, "-out", bundle, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, key)
    return context, str(bundle)
