"""The same explorer in Notebook 7 and in Voila; and nothing of ours that only one host has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import Lab, Notebook, Notebook7, Voila, VoilaPage, browser
from tests.browser.looks import flaws, measured, painted, pixels

CELL = """
from skyexplorer import SkyExplorer
sky = SkyExplorer()
sky.select("TXS 0506+056")
sky.goto("266.4 -29.0", fov=120)
sky
"""
SRC = Path(__file__).parents[2] / "skyexplorer" / "views" / "frontend" / "src"
# The parts of a host that another has not.
FOREIGN = re.compile(
    r"jupyterapp|JupyterLab\b(?!.*//)|--jp-|requirejs|acquireVsCodeApi|window\.Jupyter\b|\.jp-"
)


def test_nothing_of_one_host_is_used() -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(SRC.rglob("*"))
        if path.suffix in (".js", ".css")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if FOREIGN.search(re.sub(r"//.*|/\*.*?\*/", "", line))
    ]
    assert found == []


@pytest.fixture(scope="module", params=["notebook", "voila"])
def page(request: pytest.FixtureRequest, _chromium: str) -> Iterator[Notebook | VoilaPage]:
    server: Lab = Notebook7() if request.param == "notebook" else Voila(theme="light")
    with server, browser(width=1440, height=1000, dark=False) as context:
        server.write("host.ipynb", [CELL])
        if request.param == "notebook":
            book: Notebook | VoilaPage = Notebook(context, server, "host.ipynb", theme="JupyterLab Light")
            book.only_outputs()
            book.run_all()
        else:
            book = VoilaPage(context, server, "host.ipynb")
        book.wait_sky()
        book.rest(800)
        yield book


def test_it_is_painted_linked_and_asks_no_other_machine(page: Notebook | VoilaPage) -> None:
    assert painted(pixels(page.page))
    assert page.foreign_requests() == []
    links = page.page.evaluate(
        "() => [...document.querySelectorAll('link[href], script[src], img[src]')].map(el => el.href || el.src)"
    )
    assert [link for link in links if not link.startswith((page.page.url[:17], "data:", "blob:"))] == []
    found = measured(page.page)
    assert found["mode"] == "wide"
    assert flaws(found) == {}
    # "auto" is the host's own theme: light.
    assert page.page.locator(".skx-root.skx-light").count() == 1
    # BokehJS was started from the text that came with the state.
    page.page.locator(".skx-plot canvas").first.wait_for(state="attached", timeout=15000)
    box = page.page.get_by_label("Go to a source, an event, or coordinates")
    box.fill("83.63 22.01")
    box.press("Enter")
    page.page.wait_for_function(
        "() => Math.abs(document.querySelector('.skx-sky').aladin.getRaDec()[0] - 83.63) < 0.3"
    )
    page.page.get_by_label("Table of layer").select_option("tev-sources")
    page.page.locator(".skx-tbody .skx-tr").first.click()
    page.page.wait_for_function(
        "() => document.querySelector('.skx-sky').skx.glass.model.get('_selected')[0]?.name !== '4FGL J0509.4+0542'"
    )
    assert page.page.locator(".skx-status[data-level=error]").count() == 0
    # Notebook 7 has one of its own when it opens a notebook.
    assert not [line for line in page.console if line.startswith("pageerror") and "'schema'" not in line]
