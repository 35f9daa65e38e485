"""Credentials: where they come from, and that they show nowhere."""

from __future__ import annotations

import copy
import pickle
import sys
import time
import types

import pytest
import requests

from skyexplorer.net import credentials


def sent(login):
    return requests.Request("GET", "https://x.example/", auth=login).prepare().headers.get("Authorization")


def test_from_the_environment(monkeypatch):
    assert credentials.of("gaia-dr3") is None
    monkeypatch.setenv("SKYEXPLORER_GAIA_DR3_USER", "me")
    assert credentials.of("gaia-dr3") is None
    monkeypatch.setenv("SKYEXPLORER_GAIA_DR3_PASSWORD", "pä:ss")
    assert sent(credentials.of("gaia-dr3")) == "Basic bWU6cMOkOnNz"
    monkeypatch.setenv("SKYEXPLORER_GAIA_DR3_TOKEN", " tok \n")
    assert sent(credentials.of("gaia-dr3")) == "Bearer tok"
    assert sent(credentials.of("Gaia.DR3")) == "Bearer tok"
    assert credentials.of("gaia") is None


def test_they_show_nowhere(monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_X_TOKEN", "tok-123")
    login = credentials.of("x")
    assert "tok" not in f"{login!r} {login}"
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not written"):
            write(login)


@pytest.fixture
def ring(monkeypatch):
    asked = []

    def get_password(service, user):
        asked.append((service, user))
        return {("skyexplorer:x", "token"): "from-ring", ("skyexplorer:y", "me"): "pass"}.get((service, user))

    module = types.SimpleNamespace(get_password=get_password, asked=asked)
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


def test_the_keyring_only_where_it_is_wished(ring, monkeypatch):
    assert credentials.of("x") is None
    assert ring.asked == []
    monkeypatch.setenv("SKYEXPLORER_KEYRING", "1")
    assert sent(credentials.of("x")) == "Bearer from-ring"
    assert credentials.of("y") is None
    monkeypatch.setenv("SKYEXPLORER_Y_USER", "me")
    assert sent(credentials.of("y")) == "Basic bWU6cGFzcw=="
    assert credentials.of("z") is None


def test_a_keyring_that_hangs_or_fails(ring, monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_KEYRING", "1")
    monkeypatch.setattr(credentials, "PATIENCE", 0.2)
    ring.get_password = lambda *_: time.sleep(1)
    start = time.perf_counter()
    with pytest.warns(match=r"gave nothing for x: no answer in 0\.2 s"):
        assert credentials.of("x") is None
    assert time.perf_counter() - start < 0.8

    def locked(*_):
        raise RuntimeError("the password is tok-123")

    ring.get_password = locked
    with pytest.warns(match="gave nothing for x: RuntimeError") as warned:
        assert credentials.of("x") is None
    assert "tok-123" not in str(warned[0].message)
