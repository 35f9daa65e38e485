"""Any width, either theme, panels moved, hidden and dragged to size; and all of it back after a reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.lab import Lab, Notebook, browser, rest
from tests.browser.looks import curve_is, flaws, measured, painted, pixels
from tests.browser.references import difference

CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer()\nsky"
THEMES = {"dark": "JupyterLab Dark", "light": "JupyterLab Light"}
MODES = {390: "narrow", 900: "medium", 1440: "wide", 2500: "wide"}
AT_HOME = {"main": "sky", "beside": "layers", "left": "curve", "right": "table"}

STATE = """() => {
    const {aladin, skx} = document.querySelector('.skx-sky');
    return {
        layers: skx.glass.layers.map(l => [l.name, l.visible, l.color]),
        selected: skx.glass.model.get('_selected').map(s => s.name),
        at: aladin.getRaDec().map(v => Math.round(v * 100) / 100),
        fov: Math.round(aladin.getFov()[0]),
        tab: document.querySelector('.skx-side').dataset.tab,
    };
}"""


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with browser(width=1440, height=1000) as context:
        lab.write("layout.ipynb", [CELL])
        book = Notebook(context, lab, "layout.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.run("sky.goto('266.4 -29.0', fov=120); sky.select('TXS 0506+056')")
        book.rest(800)
        yield book
        assert not book.errors()
        assert book.python("[n.text for n in sky.session.notices.items]") == []


@pytest.fixture(autouse=True)
def _home(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1440, "height": 1000})
    notebook.run("sky.session.layout.reset()")
    notebook.page.mouse.move(3, 3)
    notebook.rest()


def places(notebook: Notebook) -> dict[str, str]:
    return notebook.python("sky.session.layout.places")


def centre(notebook: Notebook, of: str) -> tuple[float, float]:
    box = notebook.page.locator(of).first.bounding_box()
    assert box is not None, of
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(notebook: Notebook, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = notebook.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move(*end, steps=3)
    mouse.up()
    notebook.rest(300)


@pytest.mark.parametrize("width", MODES)
def test_nothing_overlaps_is_cut_or_faint(notebook: Notebook, width: int) -> None:
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    for dark in (False, True):
        notebook.run(f"sky._workbench.toolbar.theme = {'dark' if dark else 'light'!r}")
        notebook.rest(500)
        curve_is(notebook, dark=dark)
        found = measured(notebook.page)
        assert found["mode"] == MODES[width]
        assert found["texts"] > 15
        assert flaws(found) == {}, f"{width} px, {'dark' if dark else 'light'}"
        assert painted(pixels(notebook.page))
        assert difference(pixels(notebook.page, ".skx-grid"), f"{width}-{'dark' if dark else 'light'}") == ""
        assert found["panels"]["sky"][2] > 0.6 * found["width"]
        if MODES[width] == "wide":
            assert abs(found["height"] - 800) < 2
    notebook.run("sky._workbench.toolbar.theme = 'auto'")


def test_a_narrow_page_has_tabs(notebook: Notebook) -> None:
    page = notebook.page
    page.set_viewport_size({"width": 390, "height": 1000})
    rest(page, 300)
    tabs = page.locator(".skx-front [role=tab]")
    assert tabs.count() == 3
    for number, panel in enumerate(("layers", "curve", "table")):
        tabs.nth(number).click()
        rest(page)
        seen = {name for name, box in measured(page)["panels"].items() if box}
        assert seen & {"layers", "curve", "table"} == {panel}
        assert tabs.nth(number).get_attribute("aria-selected") == "true"
    tabs.nth(2).press("ArrowRight")
    rest(page)
    assert measured(page)["panels"]["layers"]


def test_lines_between_panels_are_dragged_and_go_back(notebook: Notebook) -> None:
    page = notebook.page
    for size, by in (("main", (-160, 0)), ("left", (140, 0)), ("above", (0, 90))):
        line = f".skx-line-between[data-size={size}]"
        before = notebook.python(f"sky.session.layout.sizes[{size!r}]")
        x, y = centre(notebook, line)
        drag(notebook, (x, y), (x + by[0], y + by[1]))
        after = notebook.python(f"sky.session.layout.sizes[{size!r}]")
        assert (after - before) * sum(by) > 0, size
        assert abs(after - before) > 0.05, size
        moved = centre(notebook, line)
        assert moved[0] - x == pytest.approx(by[0], abs=12)
        assert moved[1] - y == pytest.approx(by[1], abs=12)
        page.locator(line).focus()
        page.keyboard.press("ArrowRight" if size != "above" else "ArrowDown")
        rest(page)
        assert notebook.python(f"sky.session.layout.sizes[{size!r}]") == pytest.approx(after + 0.02, abs=1e-3)
        page.locator(line).dblclick()
        rest(page)
        assert notebook.python(f"sky.session.layout.sizes[{size!r}]") == pytest.approx(before)
    x, y = centre(notebook, ".skx-line-between[data-size=height]")
    drag(notebook, (x, y), (x, y - 120))
    assert notebook.python("sky.session.layout.height") == pytest.approx(680, abs=8)
    assert flaws(measured(page)) == {}


def test_panels_change_places_by_mouse_and_by_keys(notebook: Notebook) -> None:
    page = notebook.page
    x, y = centre(notebook, ".skx-at-sky")
    drag(notebook, centre(notebook, ".skx-grip[aria-label^=Table]"), (x, y))
    assert places(notebook) == AT_HOME | {"main": "table", "right": "sky"}
    found = measured(page)
    assert found["panels"]["table"][1] < found["panels"]["sky"][1]
    assert flaws(found) == {}
    grip = page.locator(".skx-grip[aria-label^=Sky]")
    grip.focus()
    page.keyboard.press("Enter")
    menu = page.locator(".skx-grip-at.skx-open [role=menu]")
    menu.wait_for()
    items = menu.locator("[role=menuitem]").all_inner_texts()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    page.keyboard.press("Enter")
    for _ in range(next(i for i, text in enumerate(items) if text.endswith("Table"))):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    rest(page)
    assert places(notebook) == AT_HOME


def test_panels_are_hidden_shown_and_arranged(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_label("Panels: show, hide, arrange").click()
    menu = page.locator(".skx-arranging [role=menu]")
    menu.get_by_role("menuitemcheckbox", name="Table").click()
    rest(page)
    found = measured(page)
    assert found["panels"]["table"] is None
    assert found["panels"]["curve"][2] > 0.9 * found["width"], "the neighbour has its room"
    menu.get_by_role("menuitem", name="Sky alone").click()
    rest(page, 400)
    found = measured(page)
    assert [name for name in ("layers", "curve", "table") if found["panels"][name]] == []
    assert found["panels"]["sky"][2] > 0.95 * found["width"]
    assert painted(pixels(page))
    page.get_by_label("Panels: show, hide, arrange").click()
    menu.get_by_role("menuitemcheckbox", name="Sky").click()
    rest(page)
    assert "No panel would be left" in page.locator(".skx-status").inner_text()
    notebook.run("sky.session.notices.clear(); sky.session.layout.arrange('all')")
    menu.get_by_role("menuitemcheckbox", name="Compact height").click()
    rest(page, 300)
    found = measured(page)
    assert found["height"] == pytest.approx(480, abs=2)
    assert flaws(found) == {}
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    notebook.run("sky.session.layout.arrange('table+curve')")
    rest(page, 300)
    assert measured(page)["panels"]["sky"] is None
    notebook.run("sky.session.layout.reset()")
    rest(page, 600)
    assert painted(pixels(page)), "a sky that was hidden is painted again"


def test_full_screen_and_back(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_label("Full screen", exact=True).click()
    page.wait_for_function("() => document.fullscreenElement?.matches('.skx-root')")
    rest(page, 500)
    found = measured(page)
    assert found["height"] >= 990
    assert flaws(found) == {}
    page.evaluate("() => document.exitFullscreen()")
    page.wait_for_function("() => !document.fullscreenElement")
    rest(page, 400)
    assert measured(page)["height"] == pytest.approx(800, abs=2)


def test_a_reload_paints_the_same(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run("sky.session.layout.swap('layers', 'table'); sky.session.layout.resize(main=0.6)")
    notebook.run("sky.goto('83.63 22.01', fov=20); sky.select('TXS 0506+056')")
    notebook.run("sky.layers['tev-sources'].visible = False; sky.layers['fermi-sources'].color = '#FF00AA'")
    page.get_by_role("tab", name="Events", exact=True).click()
    rest(page, 1200)
    before, look = page.evaluate(STATE), measured(page)["panels"]
    notebook.reload()
    notebook.only_outputs()
    rest(page, 800)
    assert page.evaluate(STATE) == before
    for panel, box in measured(page)["panels"].items():
        assert (box is None) == (look[panel] is None)
        assert box is None or box == pytest.approx(look[panel], abs=4), panel
    assert notebook.foreign_requests() == []
    notebook.run("sky.layers['tev-sources'].visible = True; sky.layers['fermi-sources'].color = '#F0E442'")
    page.get_by_role("tab", name="Layers", exact=True).click()
