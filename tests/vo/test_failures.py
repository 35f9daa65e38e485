"""What goes wrong between a service and us, one fault at a time: each has its state in the ledger, within the deadline.

A proxy makes the faults, in front of a real VO. What is asked is always the same; who asks is the roof's own verb.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest

from skyexplorer import SkyExplorer
from skyexplorer.errors import ServiceError
from skyexplorer.model.ledger import Answer
from tests.vo import truth
from tests.vo.fixtures import Vo

REGION = truth.circle(83.6331, 22.0145, 6.0)
SLACK = 1.5  # s: after the deadline there is only the telling

# Each: the fault, its rule, the state, and whether the time of the deadline is what ends it.
TAP = {
    "nobody there": ("elsewhere", {"to": "http://127.0.0.1:1/"}, "unreachable"),
    "busy, briefly": ("status", {"code": 503, "retry_after": 1, "times": 2}, "ok"),
    "busy, in its own words": ("status", {"code": 429, "retry_after": 1, "times": 1}, "ok"),
    "busy for an hour": ("status", {"code": 503, "retry_after": 3600}, "refused"),
    "too many questions": ("status", {"code": 429, "retry_after": 3600}, "refused"),
    "looked after": ("status", {"code": 503}, "refused"),
    "forbidden": ("status", {"code": 403, "body": "Your address is banned."}, "refused"),
    "gone": ("status", {"code": 404}, "refused"),
    "its own fault": ("status", {"code": 500}, "refused"),
    "bad gateway": ("status", {"code": 502}, "refused"),
    "wrong question": ("status", {"code": 400, "body": "column xyz not found"}, "error"),
    "the line breaks": ("drop", {}, "unreachable"),
    "cut short": ("truncate", {"share": 0.5}, "malformed"),
    "cut short with a bang": ("truncate", {"share": 0.5, "reset": True}, ("malformed", "unreachable")),
    "silence": ("silent", {}, "late"),
    "silence in the middle": ("stall", {"share": 0.5}, "late"),
    "drop by drop": ("drip", {"bytes": 1, "every": 0.1}, "late"),
    "half an XML": ("garble", {"how": "cut"}, "malformed"),
    "noise": ("garble", {"how": "noise"}, "malformed"),
    "types that are none": ("garble", {"how": "type"}, "malformed"),
    "rows that are none": ("garble", {"how": "row"}, "malformed"),
    "a page to sign in": ("html", {}, "malformed"),
    "nothing": ("empty", {}, "malformed"),
    "round and round": ("loop", {}, "malformed"),
    "a head without end": ("endless", {}, "malformed"),
    "slow, but there": ("slow", {"seconds": 1.0}, "ok"),
}


def _ask(id: str, seconds: float, **how: Any) -> tuple[Answer, float]:
    sky = SkyExplorer(samples=False)
    started = time.monotonic()
    found = None
    with suppress(ServiceError):
        found = sky.query_region(REGION, service=id, deadline=seconds, **how)
    took = time.monotonic() - started
    if found is None:
        assert len(sky.layers) == 0, "a question that failed left a layer"
    else:
        assert len(found) == len(truth.inside("fermilpsc", REGION))
    assert len(sky.session.ledgers.last) == 1
    return sky.session.ledgers.last[0], took


@pytest.mark.parametrize("fault", TAP)
def test_each_fault_has_its_state(loopback: Vo, fault: str) -> None:
    kind, rule, states = TAP[fault]
    loopback.proxy.fault(kind, "/tap/sync", **rule)
    deadline = 2.0 if states == "late" else 20.0
    answer, took = _ask("fermi-4fgl", deadline)
    assert answer.state in ((states,) if isinstance(states, str) else states), answer.line()
    assert took < deadline + SLACK
    assert answer.good == (answer.state == "ok")
    if not answer.good:
        assert answer.message
        assert "Traceback" not in answer.message
        assert "HTTPConnectionPool" not in answer.message
    if states == "refused":
        assert took < 10, "what was refused for long is told at once"


@pytest.mark.parametrize(
    ("id", "path"),
    [("loopback-cone", "/scs.xml"), ("loopback-images", "/siap.xml"), ("loopback-images2", "/siap2.xml")],
)
@pytest.mark.parametrize(
    "fault", ["busy for an hour", "cut short", "drop by drop", "a page to sign in", "half an XML"]
)
def test_of_other_protocols_too(loopback: Vo, id: str, path: str, fault: str) -> None:
    kind, rule, states = TAP[fault]
    loopback.proxy.fault(kind, path, **rule)
    from skyexplorer.net import Web
    from skyexplorer.services import ask, registry

    deadline = 2.0 if states == "late" else 20.0
    with Web(id, deadline=deadline) as web, pytest.raises(ServiceError) as caught:
        ask(registry.get(id), REGION, web=web)
    assert caught.value.state == states


def test_what_the_service_says_reaches_the_reader(loopback: Vo) -> None:
    loopback.proxy.fault("status", "/tap/sync", code=403, body="Your address is banned until Monday.")
    answer, _ = _ask("fermi-4fgl", 20)
    assert "banned until Monday" in answer.message
    assert answer.advice


def test_a_killed_server_is_told_at_once(loopback: Vo) -> None:
    with loopback.gone():
        answer, took = _ask("fermi-4fgl", 20)
    assert answer.state == "unreachable"
    assert took < 5
    assert _ask("fermi-4fgl", 30)[0].state == "ok"


def test_a_server_that_is_killed_in_the_middle(loopback: Vo) -> None:
    import threading

    loopback.proxy.fault("stall", "/tap/sync", share=0.0)

    def kill() -> None:
        while not loopback.proxy.seen("/tap/sync"):
            time.sleep(0.02)
        time.sleep(0.3)
        loopback.kill()
        loopback.proxy.clear()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        answer, took = _ask("fermi-4fgl", 20)
    finally:
        thread.join()
        loopback.start()
    assert answer.state in ("unreachable", "malformed")
    assert took < 10


def test_a_data_base_that_is_gone(loopback: Vo) -> None:
    with loopback.gone("database"):
        answer, took = _ask("fermi-4fgl", 20)
    assert answer.state in ("error", "refused", "malformed"), answer.line()
    assert took < 20 + SLACK
    until = time.monotonic() + 20
    while _ask("fermi-4fgl", 20)[0].state != "ok":
        assert time.monotonic() < until
        time.sleep(0.3)


def test_what_failed_is_asked_again_and_not_kept(loopback: Vo) -> None:
    loopback.proxy.fault("garble", "/tap/sync", how="cut", times=1)
    assert _ask("fermi-4fgl", 20)[0].state == "malformed"
    assert _ask("fermi-4fgl", 20)[0].state == "ok"
    assert _ask("fermi-4fgl", 20)[0].state == "cached"


def test_what_was_cut_by_a_limit_is_not_kept(loopback: Vo) -> None:
    sky = SkyExplorer(samples=False)
    for _ in range(2):
        sky.query_region(REGION, service="fermi-4fgl", max_rows=3)
        assert sky.session.ledgers.last[0].overflow
        assert sky.session.ledgers.last[0].state == "ok"
    assert len(loopback.proxy.seen("/tap/sync")) == 2


def test_offline_what_was_kept_is_given_and_named_so(loopback: Vo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _ask("fermi-4fgl", 20)[0].state == "ok"
    monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
    before = len(loopback.proxy.seen())
    kept, _ = _ask("fermi-4fgl", 20)
    assert kept.state == "cached"
    assert kept.cached_at
    assert _ask("glade", 20)[0].state == "unreachable"
    assert len(loopback.proxy.seen()) == before


def test_credentials_are_nowhere(
    loopback: Vo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import logging

    monkeypatch.setenv("SKYEXPLORER_FERMI_4FGL_TOKEN", "s3cr3t-t0ken")
    caplog.set_level(logging.DEBUG)
    loopback.proxy.fault("status", "/tap/sync", code=403)
    answer, _ = _ask("fermi-4fgl", 20)
    assert "s3cr3t" not in repr(answer)
    assert "s3cr3t" not in caplog.text
