"""The dock in a real JupyterLab: tabs, brushes by hand, a million rows as density, spectra, and the narrowest page."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator

from tests.browser.lab import Lab, Notebook, browser, rest

CELL = """
from skyexplorer import SkyExplorer

sky = SkyExplorer()
sky
"""
MILLION = """
import numpy as np
from astropy.table import Table
from skyexplorer import SourceCatalog
rng = np.random.default_rng(7)
n = 1_000_000
table = Table({"ra": rng.uniform(0, 360, n), "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, n))),
               "flux": 10 ** rng.normal(-10, 1, n), "index": rng.normal(2.2, 0.3, n)})
sky.open(SourceCatalog(table, title="million"), name="million")
"""
# Where a point of a figure is in the page.
AT = """([id, x, y]) => {
    const view = [...window.Bokeh.index].find((one) => one.model.id === id);
    const { left, top } = view.el.getBoundingClientRect();
    const { x_scale, y_scale } = view.frame;
    return [left + x_scale.compute(x), top + y_scale.compute(y)];
}"""


@pytest.fixture(scope="module")
def book(lab: Lab) -> Iterator[Notebook]:
    with browser(width=1500, height=1050) as context:
        lab.write("plots.ipynb", [CELL])
        found = Notebook(context, lab, "plots.ipynb")
        found.only_outputs()
        found.run_all()
        found.wait_sky()
        yield found
        assert not found.errors()
        assert found.foreign_requests() == []
        assert found.python("[notice.text for notice in sky.session.notices.items]") == []


def tab(book: Notebook, name: str) -> None:
    book.page.get_by_role("tab", name=name, exact=True).click()


def figure(book: Notebook, name: str) -> Locator:
    """The figure of a plot, once its frame has been laid out."""
    canvas = book.page.locator(f".skx-plot-{name} .bk-Canvas").first
    canvas.wait_for(timeout=20_000)
    laid_out = (
        "id => [...window.Bokeh.index].some(view => view.model.id === id && view.model.inner_width > 100)"
    )
    # Asked anew each time: where an axis becomes logarithmic, or no longer is, another figure comes.
    for _ in range(200):
        if book.page.evaluate(laid_out, book.python(f"sky._workbench.dock.panels[{name!r}].figure.id")):
            return canvas
        book.page.wait_for_timeout(100)
    raise AssertionError(f"the figure of {name} is never laid out")


def spot(book: Notebook, name: str, x: float, y: float) -> list[float]:
    """Where a point of a plot is in the page, once the page has the axes that Python has, and they rest."""
    panel = f"sky._workbench.dock.panels[{name!r}]"
    book.until(f"{panel}.figure.xaxis[0].axis_label == {panel}.label('x')")  # it is drawn in a moment
    book.rest(300)  # maybe as another figure
    id, label = book.python(f"[{panel}.figure.id, {panel}.label('x')]")
    book.page.wait_for_function(
        "([id, label]) => [...window.Bokeh.index].find(view => view.model.id === id)"
        "?.model.below.some(axis => axis.axis_label === label)",
        arg=[id, label],
    )
    before = None
    for _ in range(30):
        found = book.page.evaluate(AT, [id, x, y])
        if found == before:
            return found
        before = found
        book.page.wait_for_timeout(400)
    raise AssertionError(f"the axes of {name} never rest: {found}")


def drag(
    book: Notebook, canvas: Locator, start: tuple[float, float], end: tuple[float, float], held: float = 0
) -> None:
    """A drag between two places of a figure, as shares of its width and height; the button is held for some ms before."""
    box = canvas.bounding_box()
    assert box is not None
    mouse = book.page.mouse
    mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
    mouse.down()
    book.page.wait_for_timeout(held)
    mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=6)
    mouse.up()


def pixels(canvas: Locator) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB"), float)


def colored(canvas: Locator) -> float:
    """How much colour a figure has, whatever its size."""
    picture = pixels(canvas)
    return float((picture.max(axis=2) - picture.min(axis=2)).mean())


def marked(layer: str) -> str:
    return f"int(sky.layers[{layer!r}].marked.sum())"


def test_tabs_by_mouse_and_by_keys(book: Notebook) -> None:
    page = book.page
    assert book.python("list(sky._workbench.dock.panels)") == ["curve"], (
        "others are made when they are looked at"
    )
    curve, inview = page.locator(".skx-curve"), page.locator(".skx-inview")
    assert curve.is_visible()
    tab(book, "In view")
    inview.wait_for()
    assert not curve.is_visible()
    strip = page.get_by_role("tablist", name="Plots")
    strip.get_by_role("tab", name="In view").press("Home")
    curve.wait_for()
    assert not inview.is_visible()
    strip.get_by_role("tab", name="Light curve").press("ArrowLeft")
    inview.wait_for()
    assert book.python("sky.session.plots.tab") == "inview"


def test_what_is_in_view_follows_the_sky(book: Notebook) -> None:
    page = book.page
    book.run("sky.goto('TXS 0506+056', fov=6)")
    row = page.locator(".skx-inview-row", has_text="fermi-sources")
    row.get_by_text("1", exact=True).wait_for()
    row.click()
    book.until(f"{marked('fermi-sources')} == 1")
    book.run("sky.mark('fermi-sources')")


def test_a_spectrum_of_two_archives_with_limits(book: Notebook) -> None:
    book.run("sky.select('TXS 0506+056')")
    tab(book, "Spectrum")
    figure(book, "spectrum")
    panel = book.page.locator(".skx-plot-spectrum")
    assert panel.locator("h2").inner_text() == "4FGL J0509.4+0542"
    assert panel.locator(".skx-key").all_inner_texts() == ["fermi-sources", "tev-sources"]
    assert "4 upper limits" in panel.locator(".skx-sub").inner_text()


def test_a_range_brushed_in_the_histogram(book: Notebook) -> None:
    book.run("sky.histogram('fermi-sources', 'Signif_Avg', log_x=True)")
    canvas = figure(book, "histogram")
    book.rest(400)
    before = colored(canvas)
    drag(book, canvas, (0.5, 0.4), (0.7, 0.5))
    book.until(f"0 < {marked('fermi-sources')} < sky.layers['fermi-sources'].rows")
    count = book.python(marked("fermi-sources"))
    chip = book.page.locator(".skx-plot-histogram .skx-chip")
    chip.get_by_text(f"{count} marked").wait_for()
    book.page.mouse.move(5, 5)
    book.rest(500)
    assert 0 < colored(canvas) < 0.8 * before, "the others are faded"
    assert "of='Signif_Avg'" in book.python("sky.steps.items[-1].call")
    chip.click()
    book.until(f"{marked('fermi-sources')} == 0")


def test_columns_are_chosen_and_wrong_ones_complained_of(book: Notebook) -> None:
    book.run("sky.scatter('fermi-sources', 'Signif_Avg', 'Energy_Flux100', log_x=True, log_y=True)")
    figure(book, "scatter")
    page = book.page
    across = page.locator(".skx-plot-scatter").get_by_label("Column or expression, across")
    across.fill("Signif_Ag")
    across.press("Enter")
    page.locator(".skx-plot-scatter .skx-complaint").get_by_text("Signif_Avg").wait_for()
    across.fill("2 * Signif_Avg")
    across.press("Enter")
    book.until("sky.session.plots.scatter.x == '2 * Signif_Avg'")
    page.locator(".skx-plot-scatter .skx-complaint").wait_for(state="hidden")
    book.run("sky.scatter('fermi-sources', 'Signif_Avg')")


def test_a_click_on_a_point_and_a_box_around_some(book: Notebook) -> None:
    page = book.page
    canvas = figure(book, "scatter")
    row = "sky.layers['fermi-sources'].catalog.table[sky.layers['fermi-sources'].names.index('4FGL J1104.4+3812')]"
    x, y = (book.python(f"float({row}[{name!r}])") for name in ("Signif_Avg", "Energy_Flux100"))
    page.mouse.click(*spot(book, "scatter", x, y))
    book.until("[source.name for source in sky.selection.sources] == ['4FGL J1104.4+3812']")
    drag(book, canvas, (0.35, 0.15), (0.75, 0.6))
    book.until(f"0 < {marked('fermi-sources')} < sky.layers['fermi-sources'].rows")
    call = book.python("sky.steps.items[-1].call")
    assert "of=('Signif_Avg', 'Energy_Flux100')" in call


def test_a_box_by_keys(book: Notebook) -> None:
    plot = book.page.locator(".skx-plot-scatter .skx-plot").first
    plot.focus()
    for key in (*["ArrowRight"] * 8, *["Shift+ArrowRight"] * 12, *["ArrowUp"] * 4, *["Shift+ArrowUp"] * 12):
        plot.press(key)
    book.until(f"0 < {marked('fermi-sources')} < sky.layers['fermi-sources'].rows")
    outline = "sky._workbench.dock.panels['scatter'].outline"
    book.rest()
    box = book.python(f"[{outline}.id, {outline}.visible, {outline}.left, {outline}.top]")
    assert box[1] is True
    seen = """([id, ...values]) => {
        const box = [...window.Bokeh.documents].map(document => document._all_models.get(id)).find(Boolean);
        return JSON.stringify([box.visible, box.left, box.top]) === JSON.stringify(values);
    }"""
    book.page.wait_for_function(seen, arg=box)
    plot.press("Escape")
    book.until(f"{marked('fermi-sources')} == 0")
    book.page.wait_for_function(seen, arg=[box[0], False, *box[2:]])


def test_a_button_may_be_held_before_it_is_moved_or_let_go(book: Notebook) -> None:
    """A slow hand, or a page that is busy when the hand begins to move."""
    page, layer = book.page, "sky.layers['fermi-sources']"
    canvas = figure(book, "scatter")
    drag(book, canvas, (0.35, 0.15), (0.75, 0.6), held=700)
    book.until(f"0 < {marked('fermi-sources')} < {layer}.rows")
    row = f"{layer}.catalog.table[{layer}.names.index('4FGL J0509.4+0542')]"
    x, y = (book.python(f"float({row}[{name!r}])") for name in ("Signif_Avg", "Energy_Flux100"))
    page.mouse.move(*spot(book, "scatter", x, y))
    page.mouse.down()
    page.wait_for_timeout(700)
    page.mouse.up()
    book.until("[source.name for source in sky.selection.sources] == ['4FGL J0509.4+0542']")
    book.run("sky.mark('fermi-sources')")


def test_a_million_rows_are_a_density_and_a_zoom_bins_anew(book: Notebook) -> None:
    page = book.page
    book.run(MILLION)
    book.run("sky.scatter('million', 'flux', 'index', log_x=True)")
    note = page.locator(".skx-plot-scatter .skx-sub")
    note.get_by_text("1,000,000 rows, as their density").wait_for(timeout=20_000)
    canvas = figure(book, "scatter")
    rest(page, 800)
    middle = pixels(canvas)
    height, width = middle.shape[:2]
    part = middle[int(0.25 * height) : int(0.65 * height), int(0.4 * width) : int(0.7 * width)]
    assert part.std() > 12, "there is a cloud"
    drag(book, canvas, (0.4, 0.3), (0.6, 0.5))
    book.until(f"10_000 < {marked('million')} < 900_000")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # In a figure as low as this the button lies in a menu of Bokeh's.
    book.run(
        "f = sky._workbench.dock.panels['scatter'].figure\n"
        "f.toolbar.active_scroll = next(t for t in f.tools if type(t).__name__ == 'WheelZoomTool')"
    )
    page.wait_for_function(
        "id => [...window.Bokeh.index].find(view => view.model.id === id)?.model.toolbar.gestures.scroll.active",
        arg=book.python("f.id"),
    )
    rest(page, 300)
    for _ in range(60):  # until it is seen, as a person would
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(250)
        if "out of view" in note.inner_text():
            break
    assert "out of view" in note.inner_text()
    book.run("sky.mark('million'); sky.layers.remove('million')")


def test_the_narrowest_page_holds_the_heads(book: Notebook) -> None:
    page = book.page
    page.set_viewport_size({"width": 390, "height": 900})
    rest(page, 1200)
    try:
        for name in ("Histogram", "Scatter", "In view"):
            if page.get_by_role("tab", name="Plots", exact=True).count():
                tab(book, "Plots")
            tab(book, name)
            rest(page, 600)
            dock = page.locator(".skx-dock").first.bounding_box()
            assert dock["width"] <= 390
            wide = page.evaluate(
                """() => [...document.querySelectorAll('.skx-dock .skx-head > *')].filter(e => e.offsetParent)
                    .filter(e => e.getBoundingClientRect().right > e.closest('.skx-dock').getBoundingClientRect().right + 1)
                    .map(e => e.className)"""
            )
            assert wide == []
    finally:
        page.set_viewport_size({"width": 1500, "height": 1050})
