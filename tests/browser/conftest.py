"""Browser fixtures: one JupyterLab a module, as a fresh server is what works reliably."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import chromium
from tests.browser.lab import Lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def _chromium() -> str:
    found = chromium.find()
    if found is None:
        pytest.fail("no Chromium; `make test` installs it, or: python -m tests.browser.chromium")
    return found


@pytest.fixture(scope="module")
def lab(_chromium: str) -> Iterator[Lab]:
    with Lab() as server:
        yield server
