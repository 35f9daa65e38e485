"""The site in Chromium: fits a telephone, asks nobody, and axe finds nothing serious or critical; in both themes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.access import axe
from tests.browser.lab import browser

pytestmark = pytest.mark.browser
PAGES = (
    "index",
    "tutorials/02_txs_0506",
    "howto/cross-match",
    "explanation/boxes",
    "explanation/house",
    "reference/api/skymap",
    "reference/errors",
    "reference/keyboard",
    "reference/services",
    "gallery",
)


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_pages_are_read_by_all(site: Path, dark: bool) -> None:
    findings, wide, requests = {}, [], []
    with browser(width=1300, height=900, dark=dark) as context:
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        for name in PAGES:
            page.set_viewport_size({"width": 1300, "height": 900})
            page.goto((site / f"{name}.html").as_uri())
            axe.load(page)
            if found := axe.findings(page, "body"):
                findings[name] = found
            page.set_viewport_size({"width": 390, "height": 844})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(name)
    assert not findings
    assert not wide
    assert not [url for url in requests if not url.startswith(("file:", "data:"))]
