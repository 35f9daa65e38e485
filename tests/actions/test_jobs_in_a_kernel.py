"""Jobs in a real kernel: awaited in a cell, blocking a cell, and the kernel interrupted meanwhile."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

START = '''
import json, threading, time
from skyexplorer import SkyExplorer
from skyexplorer.actions.jobs import Live, live
from skyexplorer.actions.recording import recorded
from skyexplorer.progress import current
from skyexplorer.session.ledgers import asking

def ask(seconds):
    with asking("gaia-dr3") as row:
        for step in range(int(100 * seconds)):
            current().report(step, 100 * seconds)
            time.sleep(0.01)
        row.tell(rows=7)
    return threading.current_thread() is threading.main_thread()

class Explorer(SkyExplorer):
    @recorded()
    @live("Asking")
    def query(self, seconds) -> Live[list]:
        """Ask for so long."""
        elsewhere = yield lambda: ask(seconds)
        return [elsewhere, threading.current_thread() is threading.main_thread()]

sky = Explorer(samples=False)
'''


class Kernel:
    def __init__(self) -> None:
        self.manager = KernelManager()
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def start(self, code: str) -> str:
        return str(self.client.execute(code))

    def end(self, message: str, timeout: float = 60) -> tuple[str, str]:
        """What a cell printed, and the name of what it raised."""
        printed, raised, end = "", "", time.monotonic() + timeout
        while time.monotonic() < end:
            told: Any = self.client.get_iopub_msg(timeout=timeout)
            if told["parent_header"].get("msg_id") != message:
                continue
            content = told["content"]
            if told["msg_type"] == "stream":
                printed += content["text"]
            elif told["msg_type"] == "error":
                raised = content["ename"]
            elif told["msg_type"] == "status" and content["execution_state"] == "idle":
                return printed, raised
        raise AssertionError("the cell does not end")

    def run(self, code: str) -> str:
        printed, raised = self.end(self.start(code))
        assert not raised, printed
        return printed

    def python(self, expression: str) -> Any:
        return json.loads(
            re.findall(r"<<(.*)>>", self.run(f"print('<<' + json.dumps({expression}) + '>>')"))[-1]
        )

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self.client.context.destroy(linger=0)


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run(START)
    yield kernel
    kernel.close()


def test_awaited_in_a_cell(kernel: Kernel) -> None:
    kernel.run("found = await sky.submit(sky.query, 0.3)")
    assert kernel.python("found") == [False, True]


def test_the_notebook_is_free_meanwhile_and_the_loop_shows_what_came(kernel: Kernel) -> None:
    kernel.run("job = sky.submit(sky.query, 0.5)")
    assert kernel.python("job.state") == "running"
    end = time.monotonic() + 20
    while kernel.python("job._state") != "done":  # not `state`: a look would do what the loop is to do
        assert time.monotonic() < end
    assert kernel.python("[job.result(), sky.steps.items[-1].call]") == [[False, True], "sky.query(0.5)"]


def test_a_cell_that_blocks(kernel: Kernel) -> None:
    kernel.run("found = sky.query(0.2)")
    assert kernel.python("found") == [False, True]
    kernel.run("found = sky.submit(sky.query, 0.2).result(20)")
    assert kernel.python("found") == [False, True]


@pytest.mark.parametrize("cell", ["sky.query(60)", "job = sky.submit(sky.query, 60); await job"])
def test_interrupting_the_kernel_stops_the_work(kernel: Kernel, cell: str) -> None:
    steps = kernel.python("len(sky.steps)")
    message = kernel.start(cell)
    time.sleep(1.0)
    kernel.manager.interrupt_kernel()
    _printed, raised = kernel.end(message)
    assert raised in ("KeyboardInterrupt", "CancelledError")
    assert kernel.python("[len(sky.steps), len(sky.jobs), sky.ledger[0].state]") == [steps, 0, "cancelled"]
    end = time.monotonic() + 20
    while kernel.python("__import__('skyexplorer.actions.pool').actions.pool._busy"):
        assert time.monotonic() < end, "the work goes on"
    kernel.run("assert sky.query(0.05)")
