"""Drawing, measuring and time in Chromium: each by the mouse, a finger or the keys, as a person would."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook, browser, rest

CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer(height=760)\nsky"
READY = "sky.goto('77.36 5.69', fov=12); sky.select(()); sky.brush(); sky.session.notices.clear()"
EMPTY = "sky.select_region(None); sky.show_inside(None); sky.session.tools.path = None; sky.session.tools.tool = ''"


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with browser(width=1440) as context:
        lab.write("drawing.ipynb", [CELL])
        book = Notebook(context, lab, "drawing.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.rest(1200)
        yield book
        assert not book.errors()
        assert book.foreign_requests() == []
        assert not [line for line in book.console if line.startswith("pageerror")]


@pytest.fixture(autouse=True)
def _clean(notebook: Notebook) -> Iterator[None]:
    notebook.run(f"{READY}; {EMPTY}")
    notebook.rest()
    yield
    said = notebook.python("[n.text for n in sky.session.notices.items if n.level == 'error']")
    assert said == []


class Sky:
    """The sky in the page, by pixels from its middle."""

    def __init__(self, notebook: Notebook) -> None:
        self.page = notebook.page
        box = self.page.locator(".skx-sky").first.bounding_box()
        assert box is not None
        self.box = box
        self.x, self.y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def take(self, tool: str) -> None:
        self.page.locator(f".skx-strip [data-tool={tool}]").click()
        expect(self.page.locator(".skx-draw")).to_be_visible()

    def drag(self, *points: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(self.x + points[0][0], self.y + points[0][1])
        mouse.down()
        for dx, dy in points[1:]:
            mouse.move(self.x + dx, self.y + dy, steps=3)
        mouse.up()

    def click(self, dx: float, dy: float, **how: Any) -> None:
        self.page.mouse.click(self.x + dx, self.y + dy, **how)


@pytest.fixture
def on(notebook: Notebook) -> Sky:
    return Sky(notebook)


def corner(page: Any, number: int) -> Locator:
    return page.locator(f".skx-handle-corner[aria-label^='Corner {number};']")


def drag_handle(page: Any, handle: Locator, dx: float, dy: float) -> None:
    expect(handle).to_be_visible()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=5)
    page.mouse.up()


def test_angles_are_those_of_astropy(notebook: Notebook) -> None:
    rng = np.random.default_rng(6)
    n = 300
    ra, ra2 = rng.uniform(0, 360, (2, n))
    dec, dec2 = np.degrees(np.arcsin(rng.uniform(-1, 1, (2, n))))
    ra[:30], ra2[:30] = 359.99, 0.01  # across RA 0
    dec[30:60], dec2[60:90] = 89.999, -89.999  # at the poles
    ra2[90:120], dec2[90:120] = ra[90:120] + 0.02, np.clip(dec[90:120] + 0.01, -90, 90)
    found = np.array(
        notebook.page.evaluate(
            """rows => { const { sphere } = document.querySelector('.skx-sky').skx;
                return rows.map((r) => [[r[0], r[1]], [r[2], r[3]]])
                    .map((ends) => [sphere.separation(...ends), sphere.positionAngle(...ends)]) }""",
            np.stack([ra, dec, ra2, dec2], axis=-1).tolist(),
        )
    )
    one, other = SkyCoord(ra * u.deg, dec * u.deg), SkyCoord(ra2 * u.deg, dec2 * u.deg)
    assert np.abs(found[:, 0] - one.separation(other).deg).max() < 1e-9
    off = found[:, 1] - one.position_angle(other).deg
    assert np.abs((off + 180) % 360 - 180).max() < 1e-9


def test_a_box_from_corner_to_corner_and_its_corner_is_moved(notebook: Notebook, on: Sky) -> None:
    page = notebook.page
    on.take("box")
    on.drag((-80, -60), (60, 50))
    notebook.until("sky.selection.region is not None and sky.selection.region.kind == 'box'")
    assert notebook.python("sky.session.tools.tool") == ""
    assert notebook.python("bool(sky.selection.region.contains(sky.viewport.target))")
    area = notebook.python("sky.selection.region.area.to_value('deg2')")
    assert area == pytest.approx(140 * 110 * (12 / on.box["width"]) ** 2, rel=0.03)
    expect(page.locator(".skx-handle-corner")).to_have_count(4)
    drag_handle(page, corner(page, 3), -40, 0)
    notebook.until(f"sky.selection.region.area.to_value('deg2') != {area!r}")
    rest(page)
    ratio = notebook.python("sky.selection.region.area.to_value('deg2')") / area
    assert min(abs(ratio - 100 / 140), abs(ratio - 180 / 140)) < 0.03, (
        "one side moved by 40 px, the others stay"
    )
    assert notebook.python("len([s for s in sky.steps.items if s.verb == 'select_region'])") >= 1
    assert "SkyRegion.box" in notebook.python("sky.steps.to_source()")


def test_a_circle_is_moved_by_its_handles_by_alt_and_by_keys(notebook: Notebook, on: Sky) -> None:
    page = notebook.page
    on.take("circle")
    on.drag((0, 0), (70, 0))
    notebook.until("sky.selection.region is not None")
    pixel = 12 / on.box["width"]
    radius = "sky.selection.region.radius.to_value('deg')"
    off = "sky.selection.region.center.separation(sky.viewport.target).deg"
    assert notebook.python(radius) == pytest.approx(70 * pixel, rel=0.02)
    drag_handle(page, page.locator(".skx-handle-edge"), 30, 0)
    notebook.until(f"abs({radius} - {100 * pixel}) < {3 * pixel}")
    drag_handle(page, page.locator(".skx-handle-center"), 0, 40)
    notebook.until(f"abs({off} - {40 * pixel}) < {3 * pixel}")
    assert notebook.python(radius) == pytest.approx(100 * pixel, rel=0.03), "it is moved whole"
    page.keyboard.down("Alt")
    on.drag((40, 60), (40, 20))
    page.keyboard.up("Alt")
    notebook.until(f"{off} < {3 * pixel}")
    assert notebook.python("sky.viewport.target.ra.deg") == pytest.approx(77.36, abs=pixel), (
        "and the sky not at all"
    )
    handle = page.locator(".skx-handle-center")
    expect(handle).to_be_visible()  # once the hand is off: what is hidden takes no focus
    handle.focus()
    for _ in range(5):
        handle.press("Shift+ArrowRight")
    notebook.until(f"abs({off} - {120 * pixel}) < {4 * pixel}")
    expect(handle).to_be_focused()


def test_a_polygon_gains_and_loses_corners(notebook: Notebook, on: Sky) -> None:
    page = notebook.page
    on.take("polygon")
    for dx, dy in ((-90, -60), (90, -60), (90, 60), (-90, 60)):
        on.click(dx, dy)
        page.wait_for_timeout(40)
    page.keyboard.press("Enter")
    notebook.until("sky.selection.region is not None")
    corners = "len(sky.selection.region._shapes[0].values) // 2"
    assert notebook.python(corners) == 4
    drag_handle(page, page.locator(".skx-handle-middle").first, 0, -40)
    notebook.until(f"{corners} == 5")
    expect(corner(page, 2)).to_be_visible()  # once the hand is off
    corner(page, 2).press("Delete")
    notebook.until(f"{corners} == 4")
    expect(corner(page, 1)).to_be_visible()
    corner(page, 1).press("Insert")
    notebook.until(f"{corners} == 5")


def test_a_lasso_by_a_finger(notebook: Notebook, on: Sky) -> None:
    on.take("lasso")
    ring = [[on.x + 70 * math.cos(i / 6.2), on.y + 50 * math.sin(i / 6.2)] for i in range(38)]
    notebook.page.evaluate(
        """ring => { const pane = document.querySelector('.skx-draw');
            pane.setPointerCapture = () => {};
            const tell = (type, [clientX, clientY]) => pane.dispatchEvent(new PointerEvent(type, {
                clientX, clientY, pointerId: 7, pointerType: 'touch', isPrimary: true, button: 0, cancelable: true }));
            tell('pointerdown', ring[0]);
            for (const point of ring) tell('pointermove', point);
            tell('pointerup', ring.at(-1));
            delete pane.setPointerCapture; }""",
        ring,
    )
    notebook.until("sky.selection.region is not None")
    ratio = notebook.python("sky.selection.region.area.to_value('deg2')") / (
        math.pi * 70 * 50 * (12 / on.box["width"]) ** 2
    )
    assert 0.9 < ratio < 1.1


def test_what_stands_beside_a_region_is_done(notebook: Notebook, on: Sky) -> None:
    page = notebook.page
    on.take("circle")
    on.drag((0, 0), (90, 0))
    bar = page.locator(".skx-acts")
    expect(bar).to_be_visible()
    bar.get_by_label("Select the sources inside").click()
    notebook.until("sky.layers['fermi-sources'].marked.sum() == 1")
    assert "IC170922A" in notebook.python("[str(s.name) for s in sky.selection.sources]")
    bar.get_by_label("Show only the catalogue sources inside").click()
    notebook.until("sky.layers['fermi-sources'].shown.sum() == 1")
    expect(bar.get_by_label("Show only the catalogue sources inside")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_label("Show sources outside the region again").click()
    notebook.until("sky.layers['fermi-sources'].shown.all()")
    bar.get_by_label("Save the region as a layer").click()
    notebook.until("'drawn circle' in sky.layers")
    notebook.run("sky.layers.remove('drawn circle'); sky.goto('77.36 5.69', fov=12)")
    rest(page)
    bar.get_by_label("Copy the region as Python source").click()
    notebook.until("any('clipboard' in n.text for n in sky.session.notices.items)")
    bar.get_by_label("Ask archives about the region").click()
    expect(page.get_by_role("tab", name="Archives", exact=True)).to_have_attribute("aria-selected", "true")
    assert notebook.python("sky.session.archives.within") == "region"
    page.get_by_role("tab", name="Layers", exact=True).click()
    bar.get_by_label("Remove the region").click()
    expect(bar).to_be_hidden()


def test_distances_add_up_and_stay_until_escape(notebook: Notebook, on: Sky) -> None:
    page = notebook.page
    on.take("measure")
    on.drag((-100, 0), (0, 0))
    on.click(0, -80)
    notebook.until("sky.session.tools.path is not None and len(sky.session.tools.path) == 3")
    hint = page.locator(".skx-draw-hint")
    on.page.mouse.move(on.x + 60, on.y - 80)
    expect(hint).to_contain_text("Σ")
    expect(hint).to_contain_text("PA")
    pixel = 12 / on.box["width"]
    legs = notebook.python("[float(leg.deg) for leg in sky.session.tools.legs]")
    assert legs == pytest.approx([100 * pixel, 80 * pixel], rel=0.02)
    angles = notebook.python("[float(angle.deg) for angle in sky.session.tools.angles]")
    assert angles[0] == pytest.approx(270, abs=2), "to the west: right on the sky"
    assert min(angles[1], 360 - angles[1]) < 2
    page.keyboard.press("Enter")
    expect(page.locator(".skx-draw")).to_be_hidden()
    assert notebook.python("len(sky.session.tools.path)") == 3
    page.locator(".skx-strip [data-tool=hand]").focus()
    page.keyboard.press("Escape")
    notebook.until("sky.session.tools.path is None")


def test_the_window_is_dragged_zoomed_stepped_and_cleared(notebook: Notebook) -> None:
    page = notebook.page
    strip = page.locator(".skx-time-strip")
    box = strip.bounding_box()
    assert box is not None
    shown, all_of = (
        "int(sky.layers['icecube-alerts'].shown.sum())",
        notebook.python("len(sky.layers['icecube-alerts'].events)"),
    )
    y = box["y"] + 12
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=6)
    page.mouse.up()
    notebook.until(f"0 < {shown} < {all_of}")
    low, high = notebook.python("sky.session.timewindow.extent")
    start, stop = (notebook.python(f"float(sky.session.timewindow.{end}.mjd)") for end in ("start", "stop"))
    pixel = (high - low) / box["width"]
    assert start == pytest.approx(low + 0.3 * (high - low), abs=3 * pixel)
    assert stop == pytest.approx(low + 0.6 * (high - low), abs=3 * pixel)
    expect(page.locator(".skx-curve .skx-chip")).to_be_visible()
    handle = page.get_by_role("slider", name="End of the window")
    handle.press("End")
    notebook.until(f"abs(float(sky.session.timewindow.stop.mjd) - {high!r}) < 1e-6")
    strip.focus()
    strip.press("ArrowLeft")
    notebook.until(f"float(sky.session.timewindow.stop.mjd) < {high!r} - 1")
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.wheel(0, -120)
    notebook.until("len(sky._workbench.time.view) == 2")
    page.get_by_label("Fit the axis to all events").click()
    notebook.until("len(sky._workbench.time.view) == 0")
    page.locator(".skx-time").get_by_label("All times again").click()
    notebook.until(f"sky.selection.time_range is None and {shown} == {all_of}")


def test_play_carries_the_window_and_python_keeps_up(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run(
        "heard, before = [], len(sky.steps)\n"
        "told = lambda span, by: heard.append(float(span[1].mjd) if span else 0)\n"
        "sky.selection.time_range_changed.connect(told)"
    )
    began = time.monotonic()
    page.get_by_label("Play", exact=True).click()
    notebook.until("len(heard) >= 6", seconds=20)
    page.get_by_label("Pause", exact=True).click()
    rest(page, 400)
    took, heard = time.monotonic() - began, np.array(notebook.python("heard"))
    assert (np.diff(heard) >= 0).all(), "it goes forwards"
    assert len(heard) <= 8 * took + 1, "at most eight a second"
    assert notebook.python("len(sky.steps) - before") <= 1, "a play is one step"
    notebook.run("sky.session.timewindow.mode = 'cumulative'")
    page.get_by_label("Play", exact=True).click()
    page.wait_for_timeout(700)
    page.get_by_label("Pause", exact=True).click()
    rest(page, 300)
    low = notebook.python("sky.session.timewindow.extent[0]")
    assert notebook.python("float(sky.session.timewindow.start.mjd)") == pytest.approx(low, abs=1e-6)
    notebook.run("sky.session.timewindow.mode = 'window'; sky.brush()")
    # Who wants no motion gets steps, one a second.
    page.emulate_media(reduced_motion="reduce")
    notebook.run("heard.clear()")
    began = time.monotonic()
    page.get_by_label("Play", exact=True).click()
    page.wait_for_timeout(1500)
    page.get_by_label("Pause", exact=True).click()
    page.emulate_media(reduced_motion="no-preference")
    rest(page, 300)
    assert 1 <= notebook.python("len(heard)") <= time.monotonic() - began + 2


@pytest.mark.parametrize("width", [390, 900])
def test_in_a_narrow_page_all_tools_are_in_view(notebook: Notebook, width: int) -> None:
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 1000})
    try:
        notebook.run(
            "from astropy.units import Quantity\nfrom skyexplorer import SkyRegion\n"
            "sky.select_region(SkyRegion.circle(sky.viewport.target, Quantity(2, 'deg')))"
        )
        rest(page, 900)
        sky = page.locator(".skx-sky").first.bounding_box()
        assert sky is not None
        for part in (".skx-strip", ".skx-acts"):
            box = page.locator(part).first.bounding_box()
            assert box is not None, part
            assert sky["x"] <= box["x"], part
            assert box["x"] + box["width"] <= sky["x"] + sky["width"] + 1, part
            assert box["y"] + box["height"] <= sky["y"] + sky["height"] + 1, part
        strip = page.locator(".skx-time-strip").bounding_box()
        assert strip is not None
        assert strip["width"] > 0.35 * sky["width"]
        assert strip["height"] >= 40
    finally:
        page.set_viewport_size({"width": 1440, "height": 1000})
        rest(page, 400)
