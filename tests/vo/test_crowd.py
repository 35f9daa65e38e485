"""Many questions: fifty at once, within the limit of the host; a thousand in a row, and nothing is left of them."""

from __future__ import annotations

import gc
import threading
import time
from functools import partial
from typing import Any

import psutil
import pytest

from skyexplorer import SkyExplorer
from skyexplorer.actions.jobs import run_side_by_side
from skyexplorer.errors import ServiceError
from skyexplorer.net import Web
from skyexplorer.services import Found, ask, registry
from tests.vo import truth
from tests.vo.fixtures import Vo


def _question(number: int) -> tuple[str, float, float]:
    return f"q{number}", 7.0 * number % 360.0, -60.0 + 0.12 * number


def _asked(number: int, id: str, radius: float = 3.0) -> Found:
    _, ra, dec = _question(number)
    row = registry.get(id)
    with Web(id, deadline=120, per_host=row.per_host) as web:
        return ask(row, truth.circle(ra, dec, radius), web=web)


@pytest.mark.parametrize(("id", "limit"), [("fermi-4fgl", 1), ("loopback-stars", 4)])
def test_fifty_at_once(loopback: Vo, id: str, limit: int) -> None:
    assert registry.get(id).per_host == limit
    table, by = ("fermilpsc", "name") if limit == 1 else ("gaia_source", "source_id")
    found = run_side_by_side({f"q{n}": partial(_asked, n, id) for n in range(50)}, 120)
    for number in range(50):
        name, ra, dec = _question(number)
        answer = found[name]
        assert isinstance(answer, Found), answer
        got = [str(value) for value in answer.table[by]]
        assert len(got) == len(set(got))
        assert set(got) == truth.names(table, truth.circle(ra, dec, 3.0), by)
    assert len(loopback.proxy.seen("/tap/sync")) == 50
    assert 1 <= loopback.proxy.peak() <= limit


def test_fifty_submitted_by_the_roof(loopback: Vo) -> None:
    sky = SkyExplorer(samples=False)
    jobs = [
        sky.submit(
            sky.query_region,
            truth.circle(*_question(n)[1:], 3.0),
            service="fermi-4fgl",
            name=f"q{n}",
        )
        for n in range(50)
    ]
    for number, job in enumerate(jobs):
        _, ra, dec = _question(number)
        found = job.result(120)
        assert set(found.names) == truth.names("fermilpsc", truth.circle(ra, dec, 3.0), "name")
    assert loopback.proxy.peak() <= 1
    assert len(sky.session.jobs) == 0


def _left() -> tuple[int, int, set[str]]:
    gc.collect()
    process = psutil.Process()
    sockets = len(process.net_connections(kind="inet"))
    return sockets, process.num_fds(), {thread.name for thread in threading.enumerate()}


# What happens to each hundred of the thousand: leaks are in what goes wrong.
HUNDREDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {}),
    ("drop", {}),
    ("html", {}),
    ("garble", {"how": "cut"}),
    ("status", {"code": 403}),
    ("truncate", {"share": 0.5}),
    ("endless", {}),
    ("loop", {}),
    ("truncate", {"share": 0.5, "reset": True}),
    ("", {}),
)


def test_a_thousand_leave_nothing(loopback: Vo) -> None:
    _asked(0, "loopback-stars")
    sockets, files, threads = _left()
    for hundred, (kind, rule) in enumerate(HUNDREDS):
        loopback.proxy.clear()
        if kind:
            loopback.proxy.fault(kind, "/tap/sync", **rule)
        tasks = {
            f"{n}": partial(_asked, n, "loopback-stars", 1.0)
            for n in range(100 * hundred, 100 * hundred + 100)
        }
        began = time.monotonic()
        found = run_side_by_side(tasks, 120)
        print(f"100 questions, {kind or 'answered'}: {time.monotonic() - began:.1f} s")
        wrong = [
            answer for answer in found.values() if not isinstance(answer, ServiceError if kind else Found)
        ]
        assert not wrong, wrong[:3]
    until = time.monotonic() + 15  # threads of the pool end when they have been idle for a while
    while time.monotonic() < until and (_left()[2] - threads or loopback.proxy.open()):
        time.sleep(0.5)
    after = _left()
    assert after[0] <= sockets
    assert after[1] <= files + 2
    assert not after[2] - threads
    assert loopback.proxy.open() == []
