"""Browser fixtures: one JupyterLab a module, as a fresh server is what works reliably."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import chromium
from tests.browser.lab import Lab, Opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With what failed, what the consoles of its pages said last."""
    report = (yield).get_result()
    if report.failed:
        for name, opened in getattr(item, "funcargs", {}).items():
            if isinstance(opened, Opened) and opened.console:
                report.sections.append(
                    (
                        f"console of {name}",
                        "\n".join([line for line in opened.console if not line.startswith("debug")][-30:]),
                    )
                )


@pytest.fixture(scope="session")
def _chromium() -> str:
    found = chromium.find()
    if found is None:
        pytest.fail("no Chromium; `make test` installs it, or: python -m tests.browser.chromium")
    return found


@pytest.fixture(scope="session")
def _leaving(_chromium: str) -> Iterator[list[Lab]]:
    """Servers that were told to end: what comes next need not wait for that."""
    leaving: list[Lab] = []
    yield leaving
    for server in leaving:
        server.clear()


@pytest.fixture(scope="module")
def lab(_leaving: list[Lab]) -> Iterator[Lab]:
    server = Lab().__enter__()
    yield server
    server.leave()
    while _leaving:
        _leaving.pop().clear()
    _leaving.append(server)
