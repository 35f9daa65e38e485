"""A name that nothing here answers to, in Chromium: the go-to box offers the resolvers, and the view goes there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab, Notebook, browser
from tests.replicas.serving import rows_of
from tests.replicas.sesame import Sesame

CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer(samples=False)\nsky"


@pytest.fixture(scope="module")
def sesame() -> Iterator[Sesame]:
    with Sesame() as replica:
        yield replica


@pytest.fixture(scope="module")
def notebook(sesame: Sesame, _chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    folder: Path = tmp_path_factory.mktemp("resolvers")
    (folder / "rows.toml").write_text(rows_of({"sesame": (sesame, "/nph-sesame")}))
    given = {
        "SKYEXPLORER_SERVICES": str(folder / "rows.toml"), "SKYEXPLORER_CACHE": str(folder / "cache"), "NO_PROXY": "*"
    }  # fmt: skip
    with Lab(**given) as lab, browser() as context:
        lab.write("goto.ipynb", [CELL])
        book = Notebook(context, lab, "goto.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        yield book
        assert not book.errors()


@pytest.mark.browser
def test_the_offer_is_taken(notebook: Notebook, sesame: Sesame) -> None:
    page = notebook.page
    box = page.get_by_role("searchbox", name="Go to a source, an event, or coordinates")
    offer = page.locator(".skx-resolve")
    expect(offer).to_be_hidden()
    box.fill("GAMA 7")
    box.press("Enter")
    expect(offer).to_be_visible()
    assert (
        offer.get_attribute("aria-label") == "Ask SIMBAD, NED and VizieR where GAMA 7 is (needs the network)"
    )
    assert not sesame.asked
    offer.click()
    expect(offer).to_be_hidden()
    expect(page.get_by_text("GAMA 7 is GAMA 000007 (G), as NED knows it.").first).to_be_visible()
    assert len(sesame.asked) == 1
