"""The live story in Chromium, against a real VO on loopback: every step by the mouse or the keys, none by code."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook, browser, rest
from tests.replicas.gracedb import GraceDb
from tests.replicas.lcr import Lcr
from tests.replicas.serving import Answer, Asked, rows_of
from tests.vo.fixtures import data_folder

NOBODY = "http://127.0.0.1:9/"  # the port of "discard": nobody answers there
CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer(samples=False, height=760)\nsky"


class AnyCurve(Lcr):
    """The repository with a light curve for whoever is asked for: that of a source it has."""

    def answer(self, asked: Asked) -> Answer:
        if "source_name" in asked.query:
            asked.query["source_name"] = "4FGL J1104.4+3812"
        return super().answer(asked)


@pytest.fixture(scope="module")
def replicas(vo: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Rows for everybody: the VO, GraceDB and the light curves on loopback, and nobody at home elsewhere."""
    from skyexplorer.services import registry

    data = data_folder()
    kinds: dict[str, Any] = {"gracedb": GraceDb(data)} | ({"fermi-lcr": AnyCurve(data)} if data else {})
    paths = {"fermi-lcr": "/LCR"}
    known = {row["id"] for row in tomllib.loads(vo.rows.read_text())["service"]} | set(kinds)
    with ExitStack() as stack:
        made = {name: stack.enter_context(kind) for name, kind in kinds.items()}
        text = rows_of({name: (replica, paths.get(name, "")) for name, replica in made.items()})
        for row in registry.services().values():
            if row.id not in known and not row.host:
                text += f'[[service]]\nid = "{row.id}"\naddress = "{NOBODY}"\nmirrors = []\n'
        path = tmp_path_factory.mktemp("rows") / "replicas.toml"
        path.write_text(text)
        yield made | {"rows": path}


@pytest.fixture(scope="module")
def notebook(
    vo: Any, replicas: dict[str, Any], _chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Notebook]:
    vo.proxy.clear()
    given = vo.environ() | {
        "SKYEXPLORER_SERVICES": os.pathsep.join((str(vo.rows), str(replicas["rows"]))),
        "SKYEXPLORER_CACHE": str(tmp_path_factory.mktemp("cache")),
        "NO_PROXY": "*",
    }
    with Lab(**given) as lab, browser(width=1440) as context:
        lab.write("archives.ipynb", [CELL])
        book = Notebook(context, lab, "archives.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.rest(800)
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


def take(notebook: Notebook, tool: str) -> None:
    """Choose a tool to draw with, and wait for it to lie over the sky."""
    tab(notebook, "Archives")
    notebook.page.get_by_label(f"Draw a {tool} to ask in").click()
    notebook.page.wait_for_function("() => !document.querySelector('.skx-draw').hidden")


def said(row: Locator) -> Locator:
    return row.locator(".skx-service-said")


def test_looking_at_the_panels_asks_nobody(vo: Any, notebook: Notebook) -> None:
    for name in ("Archives", "Services", "What is here", "Search", "Images", "Events", "Layers"):
        tab(notebook, name)
        notebook.rest()
    assert vo.proxy.seen() == []


def test_the_story(vo: Any, replicas: dict[str, Any], notebook: Notebook) -> None:
    page = notebook.page
    # The archives are asked for their events; of those that do not answer it is said.
    tab(notebook, "Events")
    page.get_by_role("button", name="Update").click()
    status = page.locator(".skx-events > .skx-statusline")
    expect(status).to_contain_text("No answer of", timeout=40000)
    assert replicas["gracedb"].asked
    # One is opened: its map comes from GraceDB.
    page.get_by_label("Search the events").fill("S190814bv")
    row = page.locator(".skx-event-row", has_text=re.compile("S190814bv|GW190814"))
    row.locator(".skx-event").first.click()
    expect(row.first).to_have_class(re.compile("skx-open"), timeout=60000)
    (name,) = notebook.python("list(sky.layers)")
    assert notebook.python(f"sky.layers[{name!r}].origin.service") == "gracedb"
    assert notebook.python(f"bool(sky.layers[{name!r}].event.revision)")
    # Its region is asked of two services.
    notebook.run(f"sky.selection.choose_region(sky.layers[{name!r}].skymap.credible_region(0.9))")
    for words, service_id in (("4fgl", "fermi-4fgl"), ("glade", "glade")):
        row = service(notebook, words)
        row.get_by_role("button", name=re.compile("^Ask")).click()
        expect(said(row)).to_have_text(re.compile(r"^[\d,]+ rows?$"), timeout=60000)
        count = int(re.sub(r"\D", "", said(row).inner_text()))
        if count:
            assert notebook.python(f"sky.layers[{service_id!r}].rows") == count
            tab(notebook, "Layers")
            layer = page.locator(".skx-layer", has=page.get_by_label(f"Remove {service_id}"))
            assert layer.locator(".skx-count").inner_text() == str(count)
    # Ranked, and the first is clicked: its light curve appears when the archives are asked for it.
    notebook.run(f"ranked = sky.rank('fermi-4fgl', by={name!r}); sky.open(ranked, name='ranked')")
    page.get_by_label("Table of layer").select_option("ranked")
    notebook.until("sky._workbench.table.active == 'ranked'")
    rest(page, 500)
    page.locator(".skx-tbody .skx-tr").first.click()
    notebook.until("sky.selection.sources and sky.selection.sources[0].name == str(ranked.names[0])")
    if "fermi-lcr" in replicas:
        page.get_by_role("button", name="Ask the archives").click()
        page.wait_for_function(
            "() => !document.querySelector('.skx-curve').classList.contains('skx-nodata')", timeout=60000
        )
        assert notebook.python("sum(len(curve) for curve in sky.session.curves.shown)") > 10
    # Who answered is told below.
    page.get_by_label("What runs, and who answered the last question").click()
    expect(page.locator(".skx-asked .skx-answer-service").first).to_be_visible()
    page.keyboard.press("Escape")


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
    expect(said(row)).to_have_text("stopped")


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
    rest(page, 500)
    take(notebook, "circle")
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
    take(notebook, "polygon")
    box = sky_box(notebook)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((-80, -60), (80, -60), (80, 60), (-80, 60), (-80, -60)):
        page.mouse.click(x + dx, y + dy)
        page.wait_for_timeout(60)
    page.wait_for_function("() => document.querySelector('.skx-draw').hidden")
    notebook.until("sky.selection.region is not None")
    assert notebook.python("sky.selection.region.kind") == "polygon"
    assert notebook.python("bool(sky.selection.region.contains(sky.viewport.target))")
    page.get_by_label("Take the drawn region away").click()
    notebook.until("sky.selection.region is None")


def test_a_line_drawn_by_hand_is_a_polygon_of_few_corners(notebook: Notebook) -> None:
    import math

    page = notebook.page
    take(notebook, "polygon")
    box = sky_box(notebook)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 70, y)
    page.mouse.down()
    for i in range(1, 60):
        page.mouse.move(x + 70 * math.cos(i / 9.6), y + 50 * math.sin(i / 9.6))
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.skx-draw').hidden")
    notebook.until("sky.selection.region is not None")
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
    notebook.until("sky.selection.region is not None and sky.selection.region.kind == 'circle'")
    notebook.until("sky.session.archives.tool == ''")
    page.get_by_label("Draw a circle to ask in").press("Enter")
    expect(pane).to_be_focused()
    pane.press("Escape")
    notebook.until("sky.session.archives.tool == ''")
    assert notebook.python("sky.selection.region.kind") == "circle", "the one before stays"


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
                .filter(el => el.offsetParent)
                .filter(el => ![el.getAttribute('aria-label'), el.textContent, el.closest('label')?.textContent]
                    .some(text => text?.trim()))
                .map(el => el.outerHTML.slice(0, 120))"""
        )
        assert nameless == []
