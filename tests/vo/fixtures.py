"""Fixtures of the loopback VO, for all tests: ``vo``, ``loopback``, ``faults``; a plugin that tests/conftest.py names.

``vo`` is a real DaCHS, one for the whole session, behind a proxy that can be told to misbehave (``vo.proxy``).
``loopback`` is the same for one test, with the rows of the services pointed at it, caches of its own, and a proxy
without rules.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from skyexplorer.net import hosts
from tests.vo import dachs, rows
from tests.vo.faults import Proxy

ROOT = Path(__file__).parents[2]
# What pyvo asks www.ivoa.net for: the words of these vocabularies, as far as the tests use them.
VOCABULARIES = {
    "datalink/core": "this preview progenitor derivation auxiliary bias calibration cutout dark detached-header "
    "documentation error flat noise package preview-image preview-plot proc thumbnail weight coderived counterpart",
    "messenger": "Radio Millimeter Infrared Optical UV EUV X-ray Gamma-ray Photon Neutrino "
    "radio millimeter infrared optical uv euv x-ray gamma-ray",
}


def data_folder() -> Path | None:
    """The folder of real files, if one is named."""
    named = os.environ.get("SKYEXPLORER_TEST_DATA")
    return Path(named) if named and Path(named).is_dir() else None


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Vo:
    """A DaCHS that runs in a process of its own, and ends with this one; a context manager.

    Attributes
    ----------
    url : str
        Its address, through the proxy.
    tap : str
        Of its TAP service, and of its registry.
    proxy : Proxy
        What stands before it.
    laps : dict
        Seconds that the steps of its start took.
    """

    def __init__(self) -> None:
        self.port, database = free_port(), free_port()
        self.proxy = Proxy(self.port)
        self.url = self.proxy.url
        self.tap = f"{self.url}/tap"
        data = data_folder()
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.vo.server", self.url, str(self.port), str(database), str(data or "")],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            made = self._tell({"do": "make"})
            self.home, self.laps = Path(made["home"]), made["laps"]
            # Below the folder of the server: with it, all goes.
            self.cache = self.home / "cache"
            (self.cache / "astropy").mkdir(parents=True)
            self.rows = self.home / "loopback.toml"
            self.rows.write_text(rows.toml(self.url, data))
            self._seed()
        except BaseException:
            self.close()
            raise

    def _tell(self, order: dict[str, Any]) -> Any:
        stdin, stdout = self._keeper.stdin, self._keeper.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"The keeper of the loopback VO has ended: {self._keeper.wait(10)}.")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["is"]

    def _seed(self) -> None:
        from astropy.utils.data import import_file_to_cache

        with self.private_cache():
            for name, words in VOCABULARIES.items():
                terms = {
                    w: {"label": w, "description": w, "wider": [], "narrower": []} for w in words.split()
                }
                file = self.home / "vocabulary.json"
                file.write_text(json.dumps({"uri": f"http://www.ivoa.net/rdf/{name}", "terms": terms}))
                import_file_to_cache(f"http://www.ivoa.net/rdf/{name}", str(file), replace=False)

    @contextmanager
    def private_cache(self) -> Iterator[None]:
        """Astropy's cache of this process is ours: it has the vocabularies that pyvo asks for."""
        from astropy.config import set_temp_cache

        with set_temp_cache(self.cache):
            yield

    def environ(self) -> dict[str, str]:
        """What another process needs to see only this VO."""
        return {
            "SKYEXPLORER_SERVICES": str(self.rows),
            "IVOA_REGISTRY": self.tap,
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_CONFIG_HOME": str(self.home / "config"),
        }

    def kill(self, what: str = "dachs") -> None:
        """Kill -9 "dachs" with all its workers, or "database"."""
        self._tell({"do": "kill", "what": what})

    def stop(self, what: str) -> None:
        """End "dachs" or "database" as they like it."""
        self._tell({"do": "stop", "what": what})

    def start(self, what: str = "dachs") -> None:
        """Start it again, and wait until it answers."""
        self._tell({"do": "start", "what": what})

    @contextmanager
    def gone(self, what: str = "dachs") -> Iterator[None]:
        """Killed inside, and there again afterwards."""
        self.kill(what)
        try:
            yield
        finally:
            self.start(what)

    def log(self, last: int = 60) -> str:
        """The last lines of what the server said."""
        path = self.home / "logs" / "dachs.log"
        text = path.read_text(errors="replace") if path.is_file() else ""
        return "\n".join(text.splitlines()[-last:])

    def sql(self, query: str) -> list[list[str]]:
        """Ask PostgreSQL itself: an oracle that knows neither DaCHS nor us."""
        return [line.split("\t") for line in self._tell({"do": "sql", "query": query}).splitlines()]

    def close(self) -> None:
        """End it, and wait until nothing is left of it."""
        for pipe in (self._keeper.stdin, self._keeper.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._keeper.wait(30)
        except subprocess.TimeoutExpired:
            self._keeper.send_signal(signal.SIGTERM)
            self._keeper.wait(30)
        self.proxy.close()

    def __enter__(self) -> Vo:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture(scope="session")
def vo() -> Iterator[Vo]:
    """A real Virtual Observatory on loopback; skipped where DaCHS cannot be had, failed where it is required."""
    lacking = dachs.missing()
    if lacking:
        reason = f"no DaCHS (missing: {', '.join(lacking)}); `make test` installs it. {dachs.advice()}"
        pytest.fail(reason) if dachs.required() else pytest.skip(reason)
    with Vo() as server, server.private_cache():
        yield server


@pytest.fixture
def loopback(vo: Vo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Vo]:
    """The VO with the services of the package pointed at it, for one test: nothing cached, no faults left over."""
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(vo.rows))
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("IVOA_REGISTRY", vo.tap)
    monkeypatch.delenv("SKYEXPLORER_OFFLINE", raising=False)
    vo.proxy.clear()
    hosts._HOSTS.clear()  # what one test was told to leave alone, the next may ask
    yield vo
    vo.proxy.clear()


@pytest.fixture
def faults(loopback: Vo) -> Proxy:
    """The proxy of `loopback`."""
    return loopback.proxy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that use the VO are marked, wherever they stand."""
    for item in items:
        if "vo" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.vo)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A test that failed shows what the server said, and what was asked."""
    outcome: Any = yield
    report = outcome.get_result()
    server = getattr(item, "funcargs", {}).get("vo")
    if report.failed and isinstance(server, Vo):
        report.sections.append(("log of DaCHS", server.log()))
        try:
            asked = [
                f"{r['status']} {r['sent']:9d} {r['fault']:8s} {r['what'][:150]}" for r in server.proxy.seen()
            ]
        except (RuntimeError, ValueError, OSError) as wrong:
            asked = [str(wrong)]
        report.sections.append(("asked of the proxy", "\n".join(asked[-40:])))


def show() -> int:
    """Run one for whoever wants to look at it, until Ctrl-C."""
    with ExitStack() as stack:
        server = stack.enter_context(Vo())
        print("\n".join(f"{what:10s} {seconds:6.1f} s" for what, seconds in server.laps.items()))
        print("\n".join(f"export {name}={value}" for name, value in server.environ().items()))
        print(f"{server.url}   (Ctrl-C ends it)", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0
