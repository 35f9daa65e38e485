"""The pictures in README and docs: stories and plots, and the explorer of each tutorial; dark and light.

``make screenshots`` takes all of them, ``make screenshots STORY=txs`` those of one name. The archives are those of the
tests, on loopback; where DaCHS is not installed, or SKYEXPLORER_TEST_DATA names no real rows for it, their picture is
left out.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.browser.lab import Lab, Notebook, browser
from tests.vo import dachs
from tests.vo.fixtures import Vo

OUT = Path(__file__).parent / "pictures"
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer(height=760)\nsky"
STORIES = {
    "txs": "sky.goto('TXS 0506+056', fov=11)",
    "gw170817": "sky.goto('GW170817'); sky.select('NGC 4993')",
    "spectrum": "sky.goto('TXS 0506+056', fov=4); sky.spectrum('TXS 0506+056')",
    "scatter": "sky.scatter('fermi-sources', 'Signif_Avg', 'Energy_Flux100', log_x=True, log_y=True); "
    "sky.mark('fermi-sources', 'Signif_Avg > 60')",
    "styled": "sky.mark('fermi-sources'); sky.viewport.move(fov=180); sky.layers['GW170817'].visible = False; "
    "sky.style('fermi-sources', color_by='Signif_Avg', color_log=True, size_by='Energy_Flux100', shape_by='CLASS1')",
}
THEMES = {"dark": "JupyterLab Dark", "light": "JupyterLab Light"}
IN_README = ("txs", "gw170817", "archives", "events")  # as PNG, which any viewer of README shows
LARGEST = 300_000  # bytes of a picture


@contextmanager
def notebook(lab: Lab, dark: bool, width: int = 1560) -> Iterator[Notebook]:
    """An explorer, painted."""
    theme = THEMES["dark" if dark else "light"]
    with browser(width=width, height=1000 if width > 900 else 1900, dark=dark) as context:
        book = Notebook(context, lab, lab.write(f"{dark}-{width}.ipynb", [CELL]), theme=theme)
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.page.wait_for_timeout(3000)
        yield book


def shoot(book: Notebook, name: str, theme: str) -> None:
    """Take the picture, without the pointer in it; coarser where it would be too large."""
    book.page.mouse.move(5, 5)
    book.page.wait_for_timeout(3500)
    shot = book.page.locator(".skx-grid").first.screenshot()
    if name in IN_README:
        path = OUT / f"{name}-{theme}.png"
        path.write_bytes(shot)
    else:
        path = OUT / f"{name}-{theme}.webp"
        quality = 90
        while quality == 90 or path.stat().st_size > LARGEST:
            quality -= 10
            Image.open(io.BytesIO(shot)).convert("RGB").save(path, quality=quality, method=6)
    print(path, flush=True)


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


def stories(wanted: Sequence[str]) -> None:
    """What a line of code shows of the samples; the events; and the same on a narrow page."""
    with Lab() as lab:
        for theme in THEMES:
            with notebook(lab, theme == "dark") as book:
                if "events" in wanted:  # first: of the others' looks nothing is to be left
                    book.run(STORIES["gw170817"])
                    book.page.get_by_role("tab", name="Events", exact=True).click()
                    shoot(book, "events", theme)
                    book.page.get_by_role("tab", name="Layers", exact=True).click()
                    book.run("sky.select(())")
                for story, code in STORIES.items():
                    if story in wanted:
                        book.run(code)
                        shoot(book, story, theme)
            if "narrow" in wanted:
                with notebook(lab, theme == "dark", width=470) as book:
                    book.run(STORIES["txs"])
                    shoot(book, "narrow", theme)


def asked_archives() -> None:
    """Archives on loopback, with real rows: made-up ones are not to be shown."""
    if not os.environ.get("SKYEXPLORER_TEST_DATA") or dachs.missing():
        return
    with Vo() as server:
        for theme in THEMES:
            with (
                TemporaryDirectory() as cache,
                Lab(**server.environ(), SKYEXPLORER_CACHE=cache) as lab,
                notebook(lab, theme == "dark") as book,
            ):
                archives(book)
                shoot(book, "archives", theme)


def tutorials(names: Sequence[str]) -> None:
    """The explorer of each notebook, after all its cells have run, in both themes of the same page."""
    with Lab() as lab:
        for path in (*NOTEBOOKS.glob("*.ipynb"), NOTEBOOKS / "exercises.py"):
            shutil.copy(path, lab.work)
        for name in names:
            with browser(width=1560, height=1000) as context:
                book = Notebook(context, lab, f"{name}.ipynb")
                book.run_all()
                book.wait_sky(180)
                book.page.wait_for_function(
                    "() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells"
                    ".every(cell => cell.cell_type !== 'code' || cell.execution_count)",
                    timeout=300000,
                )
                for theme, lab_theme in THEMES.items():
                    change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
                    book.page.evaluate(change, lab_theme)
                    book.page.locator(".skx-grid").first.scroll_into_view_if_needed()
                    shoot(book, name, theme)
                book.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def main(wanted: Sequence[str] = ()) -> None:
    """Take those that are named, or all."""
    OUT.mkdir(exist_ok=True)
    taught = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    known = [*STORIES, "events", "narrow", "archives", *taught]
    if unknown := set(wanted) - set(known):
        sys.exit(f"There is no {', '.join(sorted(unknown))}. There are {', '.join(known)}.")
    wanted = wanted or known
    if set(wanted) & {*STORIES, "events", "narrow"}:
        stories(wanted)
    if "archives" in wanted:
        asked_archives()
    if chosen := [name for name in taught if name in wanted]:
        tutorials(chosen)


if __name__ == "__main__":
    main(sys.argv[1:])
