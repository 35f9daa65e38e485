"""The notebook stays alive while archives answer, and whatever they answer: its loop's lag, and the memory that it costs."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from skyexplorer import SkyExplorer
from skyexplorer.errors import ServiceError
from tests.vo import truth
from tests.vo.fixtures import Vo

P99, MOST = 0.050, 0.250  # s
MEMORY = 300_000_000  # bytes
LEAST = 2.0  # s that is measured at least: of a few lags the 99th percentile is the largest

# What the machine does to a loop that has nothing to do: a busy one is late with that too.
CONTROL = """
import asyncio, json, sys, threading, time
lags, done = [], threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), done.set())).start()
async def tick():
    while not done.is_set():
        due = time.perf_counter() + 0.01
        await asyncio.sleep(0.01)
        lags.append(max(time.perf_counter() - due, 0.0))
print("ticking", flush=True)
asyncio.run(tick())
print(json.dumps(lags))
"""


class Watch:
    """How late a loop's own clock is, and how much memory the process has at most, while something goes on."""

    def __init__(self) -> None:
        self.lags: list[float] = []
        self.control: list[float] = []
        self.peak = 0

    async def _tick(self) -> None:
        while True:
            due = time.perf_counter() + 0.01
            await asyncio.sleep(0.01)
            self.lags.append(max(time.perf_counter() - due, 0.0))

    def _weigh(self, stop: threading.Event) -> None:
        process = psutil.Process()
        while not stop.wait(0.02):
            self.peak = max(self.peak, process.memory_info().rss)

    async def over(self, work: Callable[[], Awaitable[Any]]) -> Any:
        gc.collect()
        stop = threading.Event()
        thread = threading.Thread(target=self._weigh, args=(stop,))
        pipe = subprocess.PIPE
        with subprocess.Popen([sys.executable, "-c", CONTROL], stdin=pipe, stdout=pipe) as control:
            assert control.stdin is not None
            assert control.stdout is not None
            control.stdout.readline()
            self.before = self.peak = psutil.Process().memory_info().rss
            thread.start()
            ticking, began = asyncio.create_task(self._tick()), time.monotonic()
            try:
                return await work()
            finally:
                await asyncio.sleep(max(LEAST - (time.monotonic() - began), 0.05))
                ticking.cancel()
                stop.set()
                thread.join()
                control.stdin.close()
                self.control = json.loads(control.stdout.read())

    def report(self) -> str:
        own, other = (
            f"p99 {_p99(lags) * 1e3:.0f} ms, most {max(lags) * 1e3:.0f} ms"
            for lags in (self.lags, self.control)
        )
        return f"{own} of {len(self.lags)} (an idle loop: {other}); {(self.peak - self.before) / 1e6:.0f} MB more"

    def check(self) -> None:
        assert _p99(self.lags) < P99 + _p99(self.control), self.report()
        assert max(self.lags) < MOST + max(self.control), self.report()
        assert self.peak - self.before < MEMORY, self.report()


def _p99(lags: list[float]) -> float:
    return float(np.percentile(lags, 99))


def _run(work: Callable[[SkyExplorer], Awaitable[Any]]) -> tuple[Any, Watch]:
    watch = Watch()

    async def main() -> Any:
        sky = SkyExplorer(samples=False)
        await sky.submit(
            sky.query_region, truth.circle(10, 10, 1), service="fermi-4fgl"
        )  # what is loaded once is loaded
        watch.lags.clear()
        return await watch.over(lambda: work(sky))

    value = asyncio.run(main())
    print(watch.report())
    return value, watch


def test_a_large_answer_is_read_beside_the_loop(loopback: Vo) -> None:
    region = truth.circle(180.0, 0.0, 60.0)
    rows = len(truth.inside("gaia_source", region))
    assert rows > 200_000

    async def work(sky: SkyExplorer) -> int:
        found = await sky.submit(sky.query_region, region, service="loopback-stars", deadline=120)
        return len(found)

    found, watch = _run(work)
    assert found == rows
    watch.check()


@pytest.mark.parametrize("kind", ["huge", "bomb"])
def test_two_gigabytes_are_refused_in_time(loopback: Vo, kind: str) -> None:
    loopback.proxy.fault(kind, "/tap/sync", text="gaia_source", size=2_000_000_000, told=False)

    async def work(sky: SkyExplorer) -> str:
        with pytest.raises(ServiceError) as caught:
            await sky.submit(sky.query_region, truth.circle(0, 0, 5), service="loopback-stars", deadline=60)
        return caught.value.state

    state, watch = _run(work)
    assert state == "malformed"
    watch.check()


FAULTS: dict[str, dict[str, Any]] = {
    "drip": {"bytes": 1, "every": 0.001},
    "stall": {"share": 0.9},
    "garble": {"how": "cut"},
    "drop": {},
    "endless": {},
}


@pytest.mark.parametrize("kind", FAULTS)
def test_the_loop_goes_on_while_things_go_wrong(loopback: Vo, kind: str) -> None:
    loopback.proxy.fault(kind, "/tap/sync", text="gaia_source", **FAULTS[kind])

    async def work(sky: SkyExplorer) -> None:
        jobs = [
            sky.submit(
                sky.query_region,
                truth.circle(20.0 * n, 0, 4),
                service="loopback-stars",
                deadline=2,
                name=f"s{n}",
            )
            for n in range(8)
        ]
        for job in jobs:
            with pytest.raises(ServiceError):
                await job

    _, watch = _run(work)
    watch.check()


def test_cancelled_at_once_whatever_it_waits_for(loopback: Vo) -> None:
    loopback.proxy.fault("silent", "/tap/sync", text="gaia_source")

    async def work(sky: SkyExplorer) -> float:
        from skyexplorer.errors import Cancelled

        job = sky.submit(sky.query_region, truth.circle(0, 0, 5), service="loopback-stars", deadline=60)
        await asyncio.sleep(0.5)
        started = time.monotonic()
        job.cancel()
        with pytest.raises(Cancelled):
            await job
        while not loopback.proxy.seen("/tap/sync")[-1]["gone"]:
            assert time.monotonic() < started + 5
            await asyncio.sleep(0.02)
        assert [answer.state for answer in job.ledger] == ["cancelled"]
        return time.monotonic() - started

    took, watch = _run(work)
    assert took < 1.0
    watch.check()


def test_the_proxy_costs_another_process(vo: Vo) -> None:
    """What is measured here is ours: neither the proxy nor DaCHS runs in this process."""
    children = {child.pid for child in psutil.Process().children()}
    assert len(children) >= 2
    assert os.getpid() not in children
    assert Path(f"/proc/{os.getpid()}").exists()
