"""The live story in Chromium, against a real VO on loopback: every step by the mouse or the keys, none by code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook, browser

CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer(samples=False, height=760)\nsky"


@pytest.fixture(scope="module")
def notebook(vo: Any, _chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    vo.proxy.clear()
    cache = tmp_path_factory.mktemp("cache")
    with Lab(**vo.environ(), SKYEXPLORER_CACHE=str(cache)) as lab, browser(width=1440) as context:
        lab.write("archives.ipynb", [CELL])
        book = Notebook(context, lab, "archives.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.page.wait_for_timeout(1500)
        yield book
        assert not book.errors()
        assert book.foreign_requests() == []


@pytest.fixture(autouse=True)
def _clean(vo: Any, notebook: Notebook) -> None:
    vo.proxy.clear()
    notebook.run(
        "sky.session.notices.clear(); sky.session.archives.tool = ''; sky.selection.choose_region(None)"
    )


def tab(notebook: Notebook, name: str) -> None:
    notebook.page.get_by_role("tab", name=name, exact=True).click()


def service(notebook: Notebook, words: str) -> Locator:
    """The row of a service, found by the filter as a person would."""
    tab(notebook, "Archives")
    tab(notebook, "Services")
    notebook.page.get_by_label("Filter the services").fill(words)
    return notebook.page.locator(".skx-service").first


def said(row: Locator) -> Locator:
    return row.locator(".skx-service-said")


def test_looking_at_the_panels_asks_nobody(vo: Any, notebook: Notebook) -> None:
    for name in ("Archives", "Services", "What is here", "Search", "Images", "Events", "Layers"):
        tab(notebook, name)
        notebook.page.wait_for_timeout(150)
    assert vo.proxy.seen() == []


def test_the_story(vo: Any, notebook: Notebook) -> None:
    page = notebook.page
    # An event of the list is opened.
    tab(notebook, "Events")
    page.get_by_label("Search the events").fill("GW170817")
    page.get_by_role("button", name=re.compile("Open GW170817")).click()
    page.wait_for_function("() => document.querySelector('.skx-event-row.skx-open')")
    assert notebook.python("list(sky.layers)") == ["GW170817"]
    # Two services are asked about the view.
    for words, name in (("4fgl", "fermi-4fgl"), ("glade", "glade")):
        row = service(notebook, words)
        row.get_by_role("button", name=re.compile("^Ask")).click()
        expect(said(row)).to_have_text(re.compile(r"\d+ rows?$"), timeout=40000)
        count = int(re.sub(r"\D", "", said(row).inner_text()))
        assert notebook.python(f"sky.layers[{name!r}].rows") == count
        tab(notebook, "Layers")
        layer = page.locator(".skx-layer", has_text=name)
        assert layer.locator(".skx-count").inner_text() == str(count)
    # Ranked, and the first clicked.
    notebook.run("ranked = sky.rank('glade', by='GW170817'); sky.open(ranked, name='ranked')")
    page.get_by_label("Table of layer").select_option("ranked")
    first = page.locator(".skx-tbody .skx-tr").first
    first.click()
    assert notebook.python("sky.selection.sources[0].name") == notebook.python("str(ranked.names[0])")
    assert notebook.python("len(sky.ledger)") == 1
    assert vo.proxy.seen("/tap")


def test_a_service_that_fails_says_why_and_what_to_do(vo: Any, notebook: Notebook) -> None:
    vo.proxy.fault("status", text="hwc3", code=403, times=0)
    row = service(notebook, "3hwc")
    row.get_by_role("button", name=re.compile("^Ask")).click()
    expect(said(row)).to_have_text("refused", timeout=30000)
    trouble = row.locator(".skx-trouble")
    assert trouble.locator("b").inner_text()
    assert len(trouble.inner_text()) > len(trouble.locator("b").inner_text()), "advice stands after it"
    vo.proxy.clear()
    row.get_by_role("button", name=re.compile("^Ask")).click()
    expect(said(row)).to_have_text(re.compile(r"row|nothing"), timeout=30000)
    expect(trouble).to_have_count(0)


def test_a_slow_one_can_be_stopped_and_the_notebook_answers_meanwhile(vo: Any, notebook: Notebook) -> None:
    vo.proxy.fault("silent", text="hwc3", seconds=60, times=0)
    row = service(notebook, "3hwc")
    notebook.run("sky.goto('83.6 22.0', fov=20)")
    row.get_by_role("button", name=re.compile("^Ask")).click()
    expect(said(row)).to_have_text(re.compile("asking"), timeout=10000)
    assert notebook.python("1 + 1") == 2
    expect(said(row)).to_have_text(re.compile("slow"), timeout=15000)
    row.get_by_role("button", name=re.compile("^Stop")).press("Enter")
    expect(said(row)).to_have_text("stopped", timeout=5000)


def test_a_cut_answer_is_fetched_on(vo: Any, notebook: Notebook) -> None:
    notebook.run("sky.goto('83.6 22.0', fov=40)")
    vo.proxy.fault("cap", text="fermilpsc", rows=5, times=1)
    row = service(notebook, "4fgl")
    row.get_by_role("button", name=re.compile("^Ask")).click()
    expect(said(row)).to_have_text("first 5 of more", timeout=40000)
    row.get_by_role("button", name=re.compile("^Fetch more")).click()
    expect(said(row)).to_have_text(re.compile(r"^\d+ rows"), timeout=60000)
    assert int(re.sub(r"\D", "", said(row).inner_text())) > 5


def sky_box(notebook: Notebook) -> dict[str, float]:
    box = notebook.page.locator(".skx-sky").first.bounding_box()
    assert box is not None
    return dict(box)


def test_a_circle_is_dragged_and_asked_in(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run("sky.goto('83.6 22.0', fov=20)")
    page.wait_for_timeout(500)
    tab(notebook, "Archives")
    page.get_by_label("Draw a circle to ask in").click()
    box = sky_box(notebook)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=6)
    page.mouse.up()
    expect(page.locator(".skx-place[aria-pressed=true]")).to_contain_text("deg²")
    expected = 20 * 60 / box["width"]
    radius = notebook.python("sky.selection.region.radius.to_value('deg')")
    assert radius == pytest.approx(expected, rel=0.05)
    off = notebook.python("sky.selection.region.center.separation(sky.viewport.target).deg")
    assert off < 0.1
    assert notebook.python("sky.viewport.fov") == pytest.approx(20, rel=1e-3), "the sky did not move"
    assert notebook.python("sky.session.archives.tool") == ""


def test_a_polygon_is_clicked_corner_by_corner(notebook: Notebook) -> None:
    page = notebook.page
    tab(notebook, "Archives")
    page.get_by_label("Draw a polygon to ask in").click()
    box = sky_box(notebook)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((-80, -60), (80, -60), (80, 60), (-80, 60), (-80, -60)):
        page.mouse.click(x + dx, y + dy)
        page.wait_for_timeout(60)
    page.wait_for_function("() => document.querySelector('.skx-draw').hidden")
    assert notebook.python("sky.selection.region.kind") == "polygon"
    assert notebook.python("bool(sky.selection.region.contains(sky.viewport.target))")
    page.get_by_label("Take the drawn region away").click()
    page.wait_for_timeout(300)
    assert notebook.python("sky.selection.region is None")


def test_a_line_drawn_by_hand_is_a_polygon_of_few_corners(notebook: Notebook) -> None:
    import math

    page = notebook.page
    tab(notebook, "Archives")
    page.get_by_label("Draw a polygon to ask in").click()
    box = sky_box(notebook)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 70, y)
    page.mouse.down()
    for i in range(1, 60):
        page.mouse.move(x + 70 * math.cos(i / 9.6), y + 50 * math.sin(i / 9.6))
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.skx-draw').hidden")
    assert notebook.python("bool(sky.selection.region.contains(sky.viewport.target))")
    ratio = notebook.python("sky.selection.region.area.to_value('deg2')") / (
        math.pi * 70 * 50 * (notebook.python("sky.viewport.fov") / box["width"]) ** 2
    )
    assert 0.8 < ratio < 1.2


def test_a_circle_by_keys_alone(notebook: Notebook) -> None:
    page = notebook.page
    tab(notebook, "Archives")
    page.get_by_label("Draw a circle to ask in").press("Enter")
    pane = page.locator(".skx-draw")
    expect(pane).to_be_focused()
    pane.press(" ")
    for _ in range(5):
        pane.press("ArrowRight")
    pane.press("Enter")
    page.wait_for_timeout(300)
    assert notebook.python("sky.selection.region.kind") == "circle"
    page.get_by_label("Draw a circle to ask in").press("Enter")
    pane.press("Escape")
    page.wait_for_timeout(300)
    assert notebook.python("sky.session.archives.tool") == ""


def test_images_are_outlined_and_one_is_marked(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run("sky.goto('83.63 22.01', fov=4)")
    tab(notebook, "Archives")
    tab(notebook, "Images")
    page.get_by_role("button", name="Find images here").click()
    first = page.locator(".skx-result").first
    first.wait_for(timeout=40000)
    assert notebook.python("len(sky._workbench.sky.footprints.drawing.strokes)") == 1
    first.get_by_role("button").first.click()
    expect(first).to_have_class(re.compile("skx-chosen"))


def test_the_registry_is_searched_and_a_row_tells_its_columns(notebook: Notebook) -> None:
    page = notebook.page
    tab(notebook, "Archives")
    tab(notebook, "Search")
    box = page.get_by_label("Words to search the registry for")
    box.fill("fermi")
    box.press("Enter")
    first = page.locator(".skx-results:visible .skx-result-name").first
    first.wait_for(timeout=40000)
    first.press("Enter")
    page.locator(".skx-preview:visible").first.wait_for(timeout=20000)


def test_tabs_are_walked_by_arrow_keys(notebook: Notebook) -> None:
    page = notebook.page
    tab(notebook, "Layers")
    page.get_by_role("tab", name="Layers", exact=True).press("ArrowRight")
    expect(page.get_by_role("tab", name="Archives", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Archives", exact=True)).to_be_focused()


def test_every_control_has_a_name(notebook: Notebook) -> None:
    page = notebook.page
    for name in ("Services", "What is here", "Search", "Images"):
        tab(notebook, "Archives")
        tab(notebook, name)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('.skx-side :is(button, input, select)')]
                .filter(el => ![el.getAttribute('aria-label'), el.textContent, el.closest('label')?.textContent]
                    .some(text => text?.trim()))
                .map(el => el.outerHTML.slice(0, 120))"""
        )
        assert nameless == []
