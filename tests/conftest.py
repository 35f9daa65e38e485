"""Fixtures that all floors share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.vo.fixtures"]
# Random acts in Chromium take minutes: `make soak` has them.
collect_ignore = [] if "SKYEXPLORER_ACTS" in os.environ else ["soak"]

# A busy machine is slow, not wrong: how long an example takes is no property of the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _offline_by_the_environment() -> Iterator[None]:
    """What one test says with ``net.offline`` is not said to the next."""
    yield
    deadline = sys.modules.get("skyexplorer.net.deadline")
    if deadline is not None:
        deadline._offline = None  # type: ignore[attr-defined]


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
