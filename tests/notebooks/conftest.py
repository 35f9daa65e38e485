"""One JupyterLab and one Chromium for all tutorials, as far from a network as a workshop with bad Wi-Fi."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.alerts.conftest import alone, sources  # noqa: F401  # the sources of events, on loopback
from tests.browser import chromium
from tests.browser.lab import Lab, browser
from tests.notebooks.twins import NOTEBOOKS


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server whose folder holds the notebooks, without outputs and without a network."""
    if chromium.find() is None:
        pytest.fail("no Chromium; `make test` installs it, or: python -m tests.browser.chromium")
    cache: Path = tmp_path_factory.mktemp("cache")
    with Lab(SKYEXPLORER_OFFLINE="1", SKYEXPLORER_CACHE=str(cache)) as server:
        for path in NOTEBOOKS.glob("*.*"):
            shutil.copy(path, server.work)
        yield server


@pytest.fixture(scope="module")
def context(lab: Lab) -> Iterator[BrowserContext]:
    """A browser, as wide as a laptop's."""
    with browser(width=1440) as opened:
        yield opened
