"""One JupyterLab and one page for all that is tested of access."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import chromium
from tests.browser.lab import Lab, Notebook, browser

CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer()\nsky"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/access/" in item.nodeid and {"book", "lab"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def lab() -> Iterator[Lab]:
    if chromium.find() is None:
        pytest.fail("no Chromium; `make test` installs it, or: python -m tests.browser.chromium")
    with Lab() as server:
        yield server


@pytest.fixture(scope="package")
def book(lab: Lab) -> Iterator[Notebook]:
    with browser(width=1440) as context:
        lab.write("access.ipynb", [CELL])
        found = Notebook(context, lab, "access.ipynb")
        found.only_outputs()
        found.run_all()
        found.wait_sky()
        yield found
        assert not found.errors()
        assert found.foreign_requests() == []
        assert [line for line in found.console if line.startswith("pageerror")] == []
