"""Archives asked from the light-curve panel in a real JupyterLab: panes, legends, one down, one slow; the kernel is free."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.actions.test_live_curves import World
from tests.browser.lab import Lab, Notebook, browser
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
        yield world, book
        assert not book.errors()
        assert book.foreign_requests() == []


def bokeh(book: Notebook) -> list[dict[str, Any]]:
    """What BokehJS has of each figure in the page: size of its frame, and the ends of its axes."""
    return book.page.evaluate(
        """() => Object.values(Bokeh.index).flatMap(view => [...(function* walk(v) {
                if (v.frame) yield v;
                for (const child of v.child_views ?? []) yield* walk(child);
            })(view)]).map(v => ({
                left: v.frame.bbox.left, width: v.frame.bbox.width, height: v.frame.bbox.height,
                x: [v.model.x_range.start, v.model.x_range.end], y: [v.model.y_range.start, v.model.y_range.end],
            }))"""
    )


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
    assert book.python("6 * 7", timeout=2) == 42, "the kernel answers while archives are waited for"
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
    book.page.wait_for_timeout(800)
    panes = bokeh(book)
    assert len(panes) == 2
    upper, lower = panes
    assert abs(upper["left"] - lower["left"]) <= 1
    assert abs(upper["width"] - lower["width"]) <= 1
    assert min(upper["height"], lower["height"]) > 30
    assert upper["x"] == lower["x"]
    assert upper["y"][0] > upper["y"][1], "bright is up"
    assert lower["y"][0] < lower["y"][1]


def test_large_gives_the_curve_the_place_of_the_sky(stage: tuple[World, Notebook]) -> None:
    _, book = stage
    page = book.page
    before = page.locator(".skx-curve").bounding_box()
    page.get_by_role("button", name="Large: change places with the sky").click()
    page.wait_for_timeout(600)
    after = page.locator(".skx-curve").bounding_box()
    assert after["height"] > 1.4 * before["height"]
    assert after["y"] < before["y"]
    heights = [pane["height"] for pane in bokeh(book)]
    assert min(heights) > 80
    page.get_by_role("button", name="Large: change places with the sky").click()
    page.wait_for_timeout(400)
    assert page.locator(".skx-curve").bounding_box()["height"] == pytest.approx(before["height"], abs=2)


def test_a_source_of_another_kind_has_other_panes(stage: tuple[World, Notebook]) -> None:
    _, book = stage
    page = book.page
    book.run("sky.select('4FGL J1104.4+3812')")
    page.wait_for_timeout(800)
    assert len(bokeh(book)) == 1, "its own history alone"
    page.get_by_role("button", name="Ask the archives").click()
    page.get_by_role("button", name="Ask again").wait_for(timeout=20_000)
    told = page.locator(".skx-answer", has_text="Fermi LCR")
    assert "850" in told.text_content()
    page.wait_for_timeout(800)
    assert len(bokeh(book)) == 4, "gamma rays, their excess, and two bands of X rays"
    book.run("sky.select('ZTF J2249+5115')")
    page.wait_for_timeout(800)
    assert len(bokeh(book)) == 2, "what was asked before is shown again"
    assert page.locator(".skx-answer").count() >= 8
