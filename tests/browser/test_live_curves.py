"""Archives asked from the light-curve panel in a real JupyterLab: panes, legends, one down, one slow; the kernel is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.actions.test_live_curves import World
from tests.browser.lab import Lab, Notebook, browser, rest
from tests.replicas import serving

CELL = """
from astropy.table import Table
from skyexplorer import SkyExplorer, SourceCatalog
sky = SkyExplorer()
star = Table({"name": ["ZTF J2249+5115"], "ra": [342.459623], "dec": [51.263383], "gmag": [13.9]})
sky.open(SourceCatalog(star, title="stars", band="optical"), name="stars")
sky
"""


@pytest.fixture(scope="module")
def stage(
    _chromium: str, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Notebook]]:
    folder = tmp_path_factory.mktemp("live-curves")
    with ExitStack() as stack:
        world = World(stack.enter_context, data_dir)
        rows = folder / "services.toml"
        rows.write_text(serving.rows_of(world.places))
        lab = stack.enter_context(
            Lab(SKYEXPLORER_SERVICES=str(rows), SKYEXPLORER_CACHE=str(folder / "cache"))
        )
        context = stack.enter_context(browser())
        lab.write("curves.ipynb", [CELL])
        book = Notebook(context, lab, "curves.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.run(LOOK)
        yield world, book
        assert not book.errors()
        assert book.foreign_requests() == []


LOOK = """
def looks():
    def told(figure, name):
        try:
            return getattr(figure, name)
        except Exception:  # the page has not told it yet
            return 0
    names = ("inner_width", "inner_height", "outer_width")
    return [
        {"x": [f.x_range.start, f.x_range.end], "y": [f.y_range.start, f.y_range.end], **{n: told(f, n) for n in names}}
        for f in (pane.figure for pane in sky._workbench.curve.panes)
    ]
"""


def figures(book: Notebook, ready: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The frame of each figure, as the page has told Python, and the ends of its axes; once they are as they shall be."""
    found: list[dict[str, Any]] = []
    for _ in range(60):
        found = book.python("looks()")
        if ready(found):
            return found
        book.page.wait_for_timeout(200)
    raise AssertionError(f"the figures are {found}")


def drawn(count: int, least: float = 30) -> Callable[[list[dict[str, Any]]], bool]:
    """Whether there are so many figures, alike in size, each higher than this."""

    def ready(found: list[dict[str, Any]]) -> bool:
        heights = [figure["inner_height"] for figure in found]
        return len(found) == count and min(heights) > least and max(heights) - min(heights) <= 6

    return ready


def test_a_click_asks_and_the_kernel_stays_free(stage: tuple[World, Notebook]) -> None:
    world, book = stage
    page = book.page
    world.asassn.stalled = threading.Event()
    world.gaia.broken = serving.Answer(b"out of order", 500)
    book.run("sky.select('ZTF J2249+5115')")
    ask = page.get_by_role("button", name="Ask the archives")
    ask.wait_for()
    assert sum(len(replica.asked) for replica in (world.ztf, world.gaia, world.mast)) == 0, (
        "nothing is asked by itself"
    )
    ask.click()
    page.locator(".skx-summary").click()
    page.locator(".skx-answer", has_text="ZTF").filter(has_text="1,088").wait_for(timeout=20_000)
    assert page.locator(".skx-answer", has_text="ASAS-SN").get_attribute("data-state") in ("asking", "slow")
    assert book.python("6 * 7", timeout=10) == 42, "the kernel answers while archives are waited for"
    page.locator(".skx-answer", has_text="Gaia DR3").filter(has_text="refused").wait_for(timeout=10_000)
    page.locator(".skx-answer", has_text="TESS").filter(has_text="1,552+").wait_for(timeout=20_000)
    world.asassn.stalled.set()
    page.locator(".skx-answer", has_text="ASAS-SN").filter(has_text="52").wait_for(timeout=20_000)
    page.get_by_role("button", name="Ask again").wait_for()
    assert "out of order" in page.locator(".skx-answer", has_text="Gaia DR3").inner_text()
    assert "4 with data" not in page.locator(".skx-summary").inner_text(), "Gaia has failed"
    page.keyboard.press("Escape")
    page.locator(".skx-answers").wait_for(state="hidden")
    assert "RRAB" in page.locator(".skx-message").inner_text()


def test_panes_stand_exactly_above_each_other(stage: tuple[World, Notebook]) -> None:
    _, book = stage
    upper, lower = figures(book, drawn(2))
    assert upper["outer_width"] == lower["outer_width"]
    assert upper["inner_width"] == lower["inner_width"] > 300
    assert upper["x"] == lower["x"]
    assert upper["y"][0] > upper["y"][1], "bright is up"
    assert lower["y"][0] < lower["y"][1]


def test_large_gives_the_curve_the_place_of_the_sky(stage: tuple[World, Notebook]) -> None:
    _, book = stage
    page = book.page
    before = page.locator(".skx-curve").bounding_box()
    large = page.get_by_role("button", name="Large: change places with the sky")
    large.click()
    figures(book, drawn(2, least=80))
    after = page.locator(".skx-curve").bounding_box()
    assert after["height"] > 1.4 * before["height"]
    assert after["y"] < before["y"]
    large.click()
    rest(page, 400)
    assert page.locator(".skx-curve").bounding_box()["height"] == pytest.approx(before["height"], abs=2)


def test_a_source_of_another_kind_has_other_panes(stage: tuple[World, Notebook]) -> None:
    _, book = stage
    page = book.page
    book.run("sky.select('4FGL J1104.4+3812')")
    figures(book, drawn(1))  # its own history alone
    page.get_by_role("button", name="Ask the archives").click()
    page.get_by_role("button", name="Ask again").wait_for(timeout=20_000)
    told = page.locator(".skx-answer", has_text="Fermi LCR")
    assert "850" in (told.text_content() or "")
    figures(book, drawn(4, least=10))  # gamma rays, their excess, and two bands of X rays
    book.run("sky.select('ZTF J2249+5115')")
    figures(book, drawn(2))  # what was asked before is shown again
    assert page.locator(".skx-answer").count() >= 8
