"""The linked sky in a real JupyterLab: painted, linked, offline, and honest about errors."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from tests.browser.lab import Lab, Notebook, browser, rest

CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer()\nsky"


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with browser() as context:
        lab.write("workbench.ipynb", [CELL])
        book = Notebook(context, lab, "workbench.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.rest(800)
        yield book
        assert not book.errors()


@pytest.fixture(autouse=True)
def _clean(notebook: Notebook) -> None:
    notebook.run("sky.brush(); sky.select(()); sky.session.notices.clear()")


def sky_pixels(notebook: Notebook) -> np.ndarray:
    notebook.rest(700)
    picture = notebook.page.locator(".skx-sky").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), float)


def settled(notebook: Notebook) -> np.ndarray:
    """Pixels once two pictures are alike: tiles have come in."""
    before = sky_pixels(notebook)
    for _ in range(10):
        after = sky_pixels(notebook)
        if np.abs(after - before).mean() < 0.05:
            return after
        before = after
    return before


def test_the_sky_is_painted_and_nothing_left_this_machine(notebook: Notebook) -> None:
    notebook.run("sky.goto('266.4 -29.0', fov=120)")
    pixels = settled(notebook)
    assert pixels.std() > 12, "an even picture is no Milky Way"
    middle = pixels[pixels.shape[0] // 2 - 30 : pixels.shape[0] // 2 + 30].mean()
    assert middle > 40, "the bulge is bright"
    assert notebook.foreign_requests() == []


@pytest.mark.parametrize(
    ("layer", "place", "fov"),
    [
        ("GW170817", "196.0 -20.8", 12),
        ("icecube-alerts", "77.4 5.7", 14),
        ("fermi-sources", "290 -5", 60),
        ("tev-sources", "276.3 -13.9", 8),
        ("gw170817-galaxies", "197.4 -23.4", 12),
    ],
)
def test_each_kind_of_layer_is_drawn(notebook: Notebook, layer: str, place: str, fov: float) -> None:
    notebook.run(f"sky.goto({place!r}, fov={fov})")
    shown = settled(notebook)
    notebook.run(f"sky.layers[{layer!r}].visible = False")
    hidden = settled(notebook)
    notebook.run(f"sky.layers[{layer!r}].visible = True")
    again = settled(notebook)
    changed = (np.abs(shown - hidden).sum(axis=2) > 30).sum()
    assert changed > 60, f"hiding {layer} changed {changed} pixels"
    assert (np.abs(shown - again).sum(axis=2) > 30).sum() < changed / 4


def test_the_credible_level_slider_draws_another_contour(notebook: Notebook) -> None:
    notebook.run("sky.goto('196.0 -20.8', fov=20)")
    before = settled(notebook)
    slider = notebook.page.get_by_label("Credible level of GW170817")
    slider.fill("30")
    notebook.rest(400)
    assert notebook.python("sky.layers['GW170817'].level") == pytest.approx(0.3)
    assert (np.abs(settled(notebook) - before).sum(axis=2) > 30).sum() > 60
    slider.fill("90")


def test_a_click_in_the_table_selects_on_the_sky_and_shows_the_curve(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_label("Table of layer").select_option("fermi-sources")
    page.get_by_label("Filter the rows").fill("TXS 0506")
    # A filter of the table is one of the sky, too.
    notebook.until("sky.layers['fermi-sources'].shown.sum()", 1)
    row = page.locator(".skx-tbody .skx-tr", has_text="TXS 0506+056")
    row.click()
    page.wait_for_function(
        "() => document.querySelector('.skx-curve h2').textContent.includes('4FGL J0509.4+0542')"
    )
    assert notebook.python("sky.selection.sources[0].name") == "4FGL J0509.4+0542"
    assert notebook.python("len(sky.session.curves.shown[0])") == 10
    chosen = page.evaluate("() => document.querySelector('.skx-sky').skx.glass.model.get('_selected')")
    assert chosen[0]["name"] == "4FGL J0509.4+0542"
    page.get_by_label("Filter the rows").fill("")
    notebook.until("sky.layers['fermi-sources'].shown.all()")


def test_sorting_by_a_column(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_label("Table of layer").select_option("fermi-sources")
    head = page.get_by_role("columnheader", name="Signif_Avg")
    head.get_by_role("button").click()
    head.get_by_role("button").click()
    page.wait_for_function("() => document.querySelector('.skx-th [aria-sort=descending]')")
    first = page.locator(".skx-tbody .skx-tr").first.inner_text()
    table = "sky.layers['fermi-sources'].catalog.table"
    assert notebook.python(f"str({table}['Source_Name'][{table}['Signif_Avg'].argmax()])") in first
    head.get_by_role("button").click()


def test_a_brushed_time_range_filters_the_alerts_on_the_sky(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run("sky.goto('TXS 0506+056')")
    rest(page, 1200)
    before = notebook.python("int(sky.layers['icecube-alerts'].shown.sum())")
    plot = page.locator(".skx-plot .bk-Figure, .skx-plot canvas").first.bounding_box()
    y = plot["y"] + plot["height"] * 0.45
    page.mouse.move(plot["x"] + plot["width"] * 0.55, y)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.75, y + 3, steps=8)
    page.mouse.up()
    page.wait_for_function("() => !document.querySelector('.skx-chip').hidden")
    notebook.rest(300)
    after = notebook.python("int(sky.layers['icecube-alerts'].shown.sum())")
    assert 0 < after < before
    start, stop = notebook.python("[t.utc.mjd for t in sky.selection.time_range]")
    times = notebook.python("[e.time.utc.mjd for e in sky.layers['icecube-alerts'].events]")
    assert after == sum(start <= t <= stop for t in times)
    drawn = page.evaluate(
        """() => { const glass = document.querySelector('.skx-sky').skx.glass;
            return glass.layers.find(l => l.name === 'icecube-alerts').shown.reduce((a, b) => a + b, 0) }"""
    )
    assert drawn == after
    page.locator(".skx-chip").click()
    rest(page, 500)
    assert notebook.python("int(sky.layers['icecube-alerts'].shown.sum())") == before


def test_the_go_to_box_takes_names_and_coordinates(notebook: Notebook) -> None:
    page = notebook.page
    box = page.get_by_label("Go to a source, an event, or coordinates")
    for text, ra, dec in (
        ("Crab Nebula", 83.633, 22.02),
        ("83.63 -22.01", 83.63, -22.01),
        ("GW170817", 196, -20.8),
    ):
        box.fill(text)
        box.press("Enter")
        rest(page, 700)
        at = notebook.python("[sky.viewport.target.ra.deg, sky.viewport.target.dec.deg]")
        assert at == pytest.approx([ra, dec], abs=0.4)
        seen = page.evaluate("() => document.querySelector('.skx-sky').aladin.getRaDec()")
        assert seen == pytest.approx([ra, dec], abs=0.4)


def test_an_unknown_name_is_told_under_the_widget(notebook: Notebook) -> None:
    page = notebook.page
    box = page.get_by_label("Go to a source, an event, or coordinates")
    box.fill("<img src=x onerror=alert(1)>")
    box.press("Enter")
    alert = page.locator(".skx-status [role=alert]")
    alert.wait_for()
    assert "<img src=x" in alert.inner_text(), "foreign text stands as text"
    assert page.locator(".skx-status img").count() == 0


def test_an_exception_in_a_callback_is_seen(notebook: Notebook) -> None:
    notebook.run(
        "def broken(*args, **kwargs): raise RuntimeError('the verb broke')\nkeep = sky.select\nsky.select = broken"
    )
    try:
        page = notebook.page
        page.get_by_label("Table of layer").select_option("tev-sources")
        page.locator(".skx-tbody .skx-tr").first.click()
        alert = page.locator(".skx-status [role=alert]")
        alert.wait_for()
        assert "the verb broke" in alert.inner_text()
    finally:
        notebook.run("del sky.select")


def test_a_source_without_a_light_curve_says_so(notebook: Notebook) -> None:
    notebook.run("sky.select('HESS J1825-137')")
    message = notebook.page.locator(".skx-message")
    notebook.page.wait_for_function(
        "() => document.querySelector('.skx-message').textContent.includes('no light curve')"
    )
    assert "HESS J1825-137" in message.inner_text()


def test_opacity_colour_and_removal_in_the_layer_panel(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_label("Opacity of transients").fill("40")
    rest(page, 400)
    assert notebook.python("sky.layers['transients'].opacity") == pytest.approx(0.4)
    page.get_by_label("Colour of transients").evaluate(
        "el => { el.value = '#00ff88'; el.dispatchEvent(new Event('change', {bubbles: true})) }"
    )
    rest(page, 400)
    assert notebook.python("sky.layers['transients'].color").lower() == "#00ff88"
    origin = page.get_by_label("Where transients comes from")
    origin.click()
    assert (
        "reference: Abbott"
        in page.locator(".skx-layer", has=page.get_by_label("Remove transients"))
        .locator(".skx-origin")
        .inner_text()
    )
    page.get_by_label("Remove transients").click()
    rest(page, 400)
    assert "transients" not in notebook.python("list(sky.layers)")
    notebook.run("sky.open('transients')")
    rest(page, 400)
    assert page.get_by_label("Remove transients").count() == 1


def test_the_logarithmic_axis(notebook: Notebook) -> None:
    notebook.run("sky.goto('TXS 0506+056')")
    notebook.page.get_by_label("Logarithmic axis").click()
    notebook.rest(1200)
    assert notebook.python("sky.session.curves.log_y") is True
    assert notebook.page.locator(".skx-plot canvas").count() >= 1
    notebook.page.get_by_label("Logarithmic axis").click()
    notebook.rest(800)


def test_a_map_gives_its_region_and_ranks_galaxies(notebook: Notebook) -> None:
    """From the map to the question that is asked in it, and to the likeliest host, by clicks alone."""
    page = notebook.page
    galaxies, name = "gw170817-galaxies", "gw170817-galaxies by GW170817"
    notebook.run("sky.layers['GW170817'].level = 0.9")
    row = page.locator(".skx-layer", has=page.get_by_label("Remove GW170817", exact=True))
    row.get_by_role("button", name="Choose the region of GW170817").click()
    page.locator(".skx-sky").get_by_role("button", name="Ask archives about the region").click()
    place = page.locator(".skx-where [aria-pressed=true]")
    place.wait_for()
    assert place.inner_text().startswith("region 28")
    notebook.run("sky.select_region(None)")
    page.get_by_role("tab", name="Layers").click()
    which = row.get_by_label("Catalogue to rank by GW170817")
    which.select_option(galaxies)
    row.get_by_role("button", name="Rank gw170817-galaxies by GW170817").click()
    table = page.locator(".skx-table")
    table.locator("[aria-selected=true]", has_text="NGC 4993").wait_for()
    assert table.get_by_role("columnheader", name="credible_level").is_visible()
    assert page.get_by_label(f"Show {galaxies}", exact=True).get_attribute("aria-pressed") == "false"
    assert notebook.python("[source.name for source in sky.selection.sources]") == ["NGC 4993"]
    page.get_by_label(f"Remove {name}", exact=True).click()
    page.get_by_label(f"Show {galaxies}", exact=True).click()
    rest(page, 400)
    assert notebook.python(f"[list(sky.layers).count({name!r}), sky.layers[{galaxies!r}].visible]") == [
        0,
        True,
    ]


def test_every_control_has_a_name(notebook: Notebook) -> None:
    nameless = notebook.page.evaluate(
        """() => [...document.querySelectorAll('.skx-panel :is(button, input, select)')]
            .filter(el => !(el.getAttribute('aria-label') || el.textContent.trim() || el.title)).map(el => el.outerHTML)"""
    )
    assert nameless == []
