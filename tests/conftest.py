"""Fixtures that all floors share."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.vo.fixtures"]
# Random acts in Chromium take minutes: `make soak` has them.
collect_ignore = [] if "SKYEXPLORER_ACTS" in os.environ else ["soak"]

# Where processes share the tests by files, those that take long come first: one that comes last keeps one process waiting.
LONG = (
    "tests/scale/",
    "tests/fuzz/",
    "tests/docs/",
    "tests/test_docstrings.py",
    "tests/services/test_slices.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


# A busy machine is slow, not wrong: how long an example takes is no property of the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


# Processes that share the tests are started deaf to Ctrl-C, and so would be all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _offline_by_the_environment() -> Iterator[None]:
    """What one test says with ``net.offline`` is not said to the next."""
    yield
    deadline = sys.modules.get("skyexplorer.net.deadline")
    if deadline is not None:
        deadline._offline = None  # type: ignore[attr-defined]


def _memory(what: str) -> float:
    """MB of this process: "VmRSS" now, "VmHWM" at most since it was last asked for what it has now."""
    if what == "VmRSS":
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


@pytest.fixture
def grown() -> Callable[[], float]:
    """By how many MB the process grew at most since the test began."""
    try:
        before = _memory("VmRSS")
    except OSError:
        pytest.skip("the peak of memory cannot be seen here")
    return lambda: _memory("VmHWM") - before


def _data_dir() -> Path | None:
    named = os.environ.get("SKYEXPLORER_TEST_DATA")
    return Path(named) if named and Path(named).is_dir() else None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real files; a missing one skips, or fails where it is required."""
    found = _data_dir()
    if found is None:
        if os.environ.get("SKYEXPLORER_REQUIRE_TEST_DATA") == "1":
            pytest.fail("SKYEXPLORER_REQUIRE_TEST_DATA=1, but SKYEXPLORER_TEST_DATA names no folder")
        pytest.skip("SKYEXPLORER_TEST_DATA names no folder of real files")
    return found
