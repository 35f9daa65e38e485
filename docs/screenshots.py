"""The pictures in the README: both stories and the archives, dark and light. ``make screenshots`` runs it.

The archives are those of the tests, on loopback; where DaCHS is not installed, or SKYEXPLORER_TEST_DATA names no
real rows for it, their picture is left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.lab import Lab, Notebook, browser
from tests.vo import dachs
from tests.vo.fixtures import Vo

OUT = Path(__file__).parent / "pictures"
CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer(height=760)\nsky"
STORIES = {
    "txs": "sky.goto('TXS 0506+056', fov=11)",
    "gw170817": "sky.goto('GW170817'); sky.select('NGC 4993')",
}


@contextmanager
def notebook(lab: Lab, dark: bool, width: int = 1560) -> Iterator[Notebook]:
    """An explorer, painted."""
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    with browser(width=width, height=1000, dark=dark) as context:
        book = Notebook(context, lab, lab.write(f"{dark}-{width}.ipynb", [CELL]), theme=theme)
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.page.wait_for_timeout(3000)
        yield book


def shoot(book: Notebook, name: str, dark: bool) -> None:
    """Take the picture, without the pointer in it."""
    book.page.mouse.move(5, 5)
    book.page.wait_for_timeout(3500)
    path = OUT / f"{name}-{'dark' if dark else 'light'}.png"
    book.page.locator(".skx-grid").screenshot(path=path)
    print(path)


def archives(book: Notebook) -> None:
    """The region of GW170817 asked of two services, and the densest galaxy selected."""
    page = book.page
    book.run("for name in [*sky.layers]: sky.layers.remove(name)")
    book.run(
        "sky.open('GW170817'); sky.selection.choose_region(sky.layers['GW170817'].skymap.credible_region(0.9))"
    )
    page.get_by_role("tab", name="Archives", exact=True).click()
    for words in ("4fgl", "glade"):
        page.get_by_label("Filter the services").fill(words)
        row = page.locator(".skx-service").first
        row.get_by_role("button", name=re.compile("^Ask")).click()
        row.locator(".skx-service-said", has_text=re.compile("row")).wait_for(timeout=60000)
    page.get_by_label("Filter the services").fill("")
    page.get_by_label("Filter the services").blur()
    book.run("ranked = sky.rank('fermi-4fgl', by='GW170817'); sky.select(ranked[0])")
    book.run("sky.live_curves(ranked[0], providers='loopback-curves', radius=5)")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with Lab() as lab:
        for dark in (True, False):
            with notebook(lab, dark) as book:
                for story, code in STORIES.items():
                    book.run(code)
                    shoot(book, story, dark)
                book.page.get_by_role("tab", name="Events", exact=True).click()
                shoot(book, "events", dark)
    if os.environ.get("SKYEXPLORER_TEST_DATA") and not dachs.missing():  # made-up rows are not to be shown
        with Vo() as server:
            for dark in (True, False):
                with (
                    TemporaryDirectory() as cache,
                    Lab(**server.environ(), SKYEXPLORER_CACHE=cache) as lab,
                    notebook(lab, dark) as book,
                ):
                    archives(book)
                    shoot(book, "archives", dark)


if __name__ == "__main__":
    main()
