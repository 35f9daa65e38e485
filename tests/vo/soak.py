"""At length, by ``make soak``: thousands of questions, servers that come and go meanwhile, and an end without warning."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import psutil

from skyexplorer.actions.jobs import run_side_by_side
from skyexplorer.errors import ServiceError
from skyexplorer.net import Web
from skyexplorer.services import Found, ask, registry
from tests.vo import truth
from tests.vo.fixtures import ROOT, Vo
from tests.vo.test_endings import _started_below

QUESTIONS = int(os.environ.get("SKYEXPLORER_QUESTIONS", "10000"))
MIXED = (("slow", {"seconds": 0.05}), ("drop", {}), ("truncate", {"share": 0.7}), ("status", {"code": 500}))


def _asked(number: int) -> Found:
    region = truth.circle(7.0 * number % 360.0, -80.0 + 0.016 * number, 0.7)
    row = registry.get("loopback-stars")
    with Web(row.id, deadline=60, per_host=row.per_host) as web:
        return ask(row, region, web=web)


def test_many_questions_cost_no_memory(loopback: Vo) -> None:
    used = []
    for start in range(0, QUESTIONS, 100):
        loopback.proxy.clear()
        kind, rule = MIXED[start // 100 % len(MIXED)]
        loopback.proxy.fault(kind, "/tap/sync", times=25, **rule)
        found = run_side_by_side({f"{n}": partial(_asked, n) for n in range(start, start + 100)}, 300)
        assert all(isinstance(one, Found | ServiceError) for one in found.values())
        assert sum(isinstance(one, Found) for one in found.values()) >= 75
        gc.collect()
        used.append(psutil.Process().memory_info().rss / 1e6)
    print(f"{QUESTIONS} questions: {used[0]:.0f} MB, then {used[len(used) // 2]:.0f}, then {used[-1]:.0f}")
    assert used[-1] - used[len(used) // 4] < 30


def test_servers_that_come_and_go(loopback: Vo) -> None:
    done = threading.Event()
    wrong: list[object] = []
    counts = {"ok": 0, "failed": 0}

    def keep_asking(first: int) -> None:
        number = first
        while not done.is_set():
            number += 4
            try:
                _asked(number)
                counts["ok"] += 1
            except ServiceError:
                counts["failed"] += 1
                time.sleep(0.05)
            except BaseException as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=keep_asking, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for what in ("dachs", "database", "dachs", "database", "dachs"):
        time.sleep(2)
        with loopback.gone(what):
            time.sleep(0.5)
    time.sleep(5)
    done.set()
    for thread in threads:
        thread.join(70)
    print(counts)
    assert not wrong
    assert counts["ok"] > 20
    assert counts["failed"] > 5
    assert isinstance(_asked(99_999 % 10_000), Found)


def test_killed_while_it_serves() -> None:
    start = (
        "from tests.vo.fixtures import Vo; import time; vo = Vo(); print('up', flush=True); time.sleep(600)"
    )
    with tempfile.TemporaryDirectory(prefix="skyexplorer-ending-") as folder:
        Path(folder).chmod(0o755)
        env = {"TMPDIR": folder, "PATH": "/usr/bin:/bin"}
        with subprocess.Popen(
            [sys.executable, "-c", start], cwd=ROOT, env=env, stdout=subprocess.PIPE
        ) as starter:
            assert starter.stdout is not None
            assert starter.stdout.readline() == b"up\n"
            started = _started_below(Path(folder))
            starter.send_signal(signal.SIGKILL)
        assert started
        until = time.monotonic() + 30
        while _started_below(Path(folder)) or list(Path(folder).glob("skyexplorer-vo-*")):
            assert time.monotonic() < until
            time.sleep(0.1)
