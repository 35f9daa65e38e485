"""A seat: a kernel on a Jupyter server, spoken to over HTTP as a page would, and what it costs.

No page is open at the seat: a participant's browser runs on the participant's own machine.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

import psutil
import websocket  # of websocket-client, which jupyter_server needs

MEGABYTE = 1e6


class Seat:
    """A kernel, and one open connection to it; a context manager."""

    def __init__(self, url: str) -> None:
        self.url, self.received = url, 0

    def __enter__(self) -> Seat:
        start = time.perf_counter()
        self.kernel = self._post("/api/kernels", {"name": "python3"})["id"]
        address = self.url.replace("http", "ws", 1) + f"/api/kernels/{self.kernel}/channels"
        self.socket = websocket.create_connection(address, timeout=300, origin=self.url)
        self.run("")
        self.started = time.perf_counter() - start
        self.pid = int(self.run("import os; print(os.getpid())"))
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()
        request = urllib.request.Request(f"{self.url}/api/kernels/{self.kernel}", method="DELETE")
        urllib.request.urlopen(request, timeout=60).close()

    def run(self, code: str) -> str:
        """Run a cell to its end, and return what it printed; an exception is raised here too."""
        asked = self._ask(code)
        text, failed, ended = "", "", {"status", "execute_reply"}
        while ended:
            data = self.socket.recv()
            self.received += len(data)
            message = _message(data)
            if message.get("parent_header", {}).get("msg_id") != asked:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "stream" and content["name"] == "stdout":
                text += content["text"]
            elif kind == "error":
                failed = "\n".join(content["traceback"])
            elif kind == "execute_reply" or (kind == "status" and content["execution_state"] == "idle"):
                ended.discard(kind)
        if failed:
            raise RuntimeError(failed)
        return text.strip()

    def _ask(self, code: str) -> str:
        asked = uuid.uuid4().hex
        header = {
            "msg_id": asked,
            "msg_type": "execute_request",
            "username": "",
            "session": asked,
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
        }
        self.socket.send(json.dumps(message))
        return asked

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as reply:
            return dict(json.load(reply))


def _message(data: str | bytes) -> dict[str, Any]:
    """The message, without its buffers: these follow it, and a table of offsets stands before it."""
    if isinstance(data, str):
        return dict(json.loads(data))
    count = int.from_bytes(data[:4], "big")
    offsets = [int.from_bytes(data[4 * at : 4 * at + 4], "big") for at in range(1, count + 1)]
    return dict(json.loads(data[offsets[0] : offsets[1] if count > 1 else None]))


@dataclass(frozen=True)
class Cost:
    """What some processes take, megabytes and seconds of a processor since they began."""

    resident: float
    """Each counted whole, as ``top`` shows it."""
    proportional: float
    """What they share with others divided among all: these may be added up."""
    unique: float
    """What would be free if they ended."""
    processor: float

    @classmethod
    def of(cls, *pids: int) -> Cost:
        """The processes of these numbers together."""
        resident = proportional = unique = processor = 0.0
        for pid in pids:
            process = psutil.Process(pid)
            memory, times = process.memory_full_info(), process.cpu_times()
            resident += memory.rss / MEGABYTE
            proportional += memory.pss / MEGABYTE
            unique += memory.uss / MEGABYTE
            processor += times.user + times.system
        return cls(resident, proportional, unique, processor)


def family(pid: int) -> list[int]:
    """A process and all that it began."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


class Watch(threading.Thread):
    """The most memory that a process and all that it began took together, looked at five times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.2):
            total = 0.0
            with contextlib.suppress(psutil.Error):  # it has just ended
                for pid in family(self.pid):
                    with contextlib.suppress(psutil.Error):
                        total += psutil.Process(pid).memory_full_info().pss / MEGABYTE
            self.peak = max(self.peak, total)

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.done.set()
        self.join()
