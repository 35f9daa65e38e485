"""Styling in a real browser: the editor, legends, and a table of a million rows.

Panels are driven in a bare page, as they need no kernel; the sky and its legend in JupyterLab.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from astropy.table import Table
from PIL import Image

from skyexplorer import SkyExplorer, SourceCatalog
from tests.browser.lab import Lab, Notebook, browser, rest
from tests.browser.panels import PanelPage

GAMMA = "fermi-sources"
PLACES = {"layers": "height:700px;max-width:330px", "table": "height:400px;max-width:700px"}


@pytest.fixture(scope="module")
def sky() -> SkyExplorer:
    dice, n = np.random.default_rng(1), 1_000_000
    table = Table(
        {
            "id": np.arange(n),
            "ra": dice.uniform(0, 360, n),
            "dec": np.degrees(np.arcsin(dice.uniform(-1, 1, n))),
            "gmag": dice.normal(15, 2, n),
            "flux": dice.lognormal(size=n),
        }
    )
    explorer = SkyExplorer()
    assert explorer.widget is not None
    explorer.open(SourceCatalog(table), name="million")
    return explorer


@pytest.fixture(scope="module")
def panels(sky: SkyExplorer, _chromium: str) -> Iterator[PanelPage]:
    bench = sky._workbench
    with browser(width=1100, height=1150) as context:
        shown = PanelPage(context, PLACES, layers=bench.layers, table=bench.table)
        yield shown
        assert shown.troubles == []
        assert [notice.text for notice in sky.session.notices.items] == []


def test_the_editor_says_what_was_chosen(panels: PanelPage, sky: SkyExplorer) -> None:
    page = panels.page
    page.get_by_role("button", name=f"Style of {GAMMA}").click()
    editor = page.get_by_role("group", name=f"Style of {GAMMA}")
    legend = page.locator(".skx-layer", has=page.get_by_label(f"Remove {GAMMA}")).locator(".skx-style-legend")
    assert legend.is_hidden()
    editor.get_by_label("Colour by", exact=True).select_option("Signif_Avg")
    legend.locator(".skx-legend-bar").wait_for()
    ticks = [float(tick) for tick in legend.locator(".skx-legend-ticks span").all_inner_texts()]
    assert len(ticks) >= 3
    assert ticks == sorted(ticks)
    editor.get_by_label("Colour: logarithmic scale").click()
    page.wait_for_selector("[aria-label='Colour: logarithmic scale'][aria-pressed=true]")
    editor.get_by_label("Colour: value of the high end").fill("1000")
    editor.get_by_label("Colour: value of the high end").press("Enter")
    editor.get_by_label("Colour map").select_option("inferno")
    editor.get_by_label("Size by", exact=True).select_option("Energy_Flux100")
    legend.locator(".skx-legend-dot").first.wait_for()
    looks = sky.layers[GAMMA].looks
    assert (looks.color_log, looks.color_range[1], looks.color_map, looks.size_by) == (
        True,
        1000,
        "inferno",
        "Energy_Flux100",
    )
    assert sky.steps.items[-1].call == f"sky.style({GAMMA!r}, size_by='Energy_Flux100')"


def test_an_expression_and_one_that_cannot_be(panels: PanelPage, sky: SkyExplorer) -> None:
    page = panels.page
    editor = page.get_by_role("group", name=f"Style of {GAMMA}")
    editor.get_by_label("Colour by", exact=True).select_option("expression …")
    field = editor.get_by_label("Colour by: expression …")
    field.fill("Signif / 2")
    field.press("Enter")
    alert = editor.get_by_role("alert")
    alert.wait_for()
    assert "Signif_Avg" in alert.inner_text()
    field.fill("sqrt(Signif_Avg)")
    field.press("Enter")
    alert.wait_for(state="hidden")
    assert sky.layers[GAMMA].looks.color_by == "sqrt(Signif_Avg)"
    editor.get_by_label("Label by", exact=True).select_option("name")
    editor.get_by_role("button", name="errors").click()
    page.wait_for_function("() => document.querySelector('.skx-style-switches [aria-pressed=false]')")
    assert sky.layers[GAMMA].looks.errors is False
    editor.get_by_role("button", name="Plain").click()
    page.locator(".skx-style-legend:not([hidden])").wait_for(state="detached")
    assert sky.layers[GAMMA].looks.color_by == ""


def test_a_million_rows_are_scrolled_sorted_and_filtered(panels: PanelPage, sky: SkyExplorer) -> None:
    page, layer = panels.page, sky.layers["million"]
    page.get_by_label("Table of layer").select_option("million")
    count = page.locator(".skx-table .skx-count")
    page.wait_for_function(
        "() => document.querySelector('.skx-table .skx-count').textContent === '1,000,000'"
    )
    scroller = page.locator(".skx-scroll")
    scroller.evaluate("el => { el.scrollTop = el.scrollHeight }")
    page.locator(".skx-tbody .skx-tr", has_text="999999").wait_for()
    edges = """el => { const box = el.getBoundingClientRect();
        const rows = [...el.querySelectorAll('.skx-tbody .skx-tr')].map(tr => [tr, tr.getBoundingClientRect()]);
        const seen = rows.filter(([tr, at]) => at.bottom > box.top + 27);
        return [Number(seen[0][0].getAttribute('aria-rowindex')) - 2, rows.at(-1)[1].bottom - box.bottom] }"""
    first, below = scroller.evaluate(edges)
    assert abs(below) < 30, "the last row stands at the lower edge"
    scroller.hover()
    page.mouse.wheel(0, -260)
    rest(page, 300)
    assert first - scroller.evaluate(edges)[0] == pytest.approx(10, abs=1), "the wheel moves by rows"
    scroller.focus()
    page.keyboard.press("Home")
    page.get_by_role("columnheader", name="flux").get_by_role("button").click()
    page.wait_for_selector(".skx-th [aria-sort=ascending]")
    page.get_by_label("Filter the rows").fill("flux > 2 and gmag < 12")
    values = layer.columns.values
    wanted = (values("flux") > 2) & (values("gmag") < 12)
    page.wait_for_function(
        "text => document.querySelector('.skx-table .skx-count').textContent === text",
        arg=f"{wanted.sum():,} of 1,000,000",
    )
    assert (layer.shown == wanted).all()
    row = np.flatnonzero(wanted)[np.argmin(values("flux")[wanted])]
    page.locator(".skx-tbody .skx-tr").first.get_by_text(str(row), exact=True).wait_for()
    layer.marked = wanted & (np.cumsum(wanted) <= 7)
    panels.push()
    page.get_by_role("button", name="7 marked").click()
    page.wait_for_function(
        "() => document.querySelector('.skx-table .skx-count').textContent.startsWith('7 of')"
    )
    scroller.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.locator(".skx-tbody .skx-tr[aria-selected=true]").wait_for()
    assert layer.marked[sky.selection.sources[0].index]
    page.get_by_label("Filter the rows").fill("flx > 2")
    page.get_by_text("Did you mean flux").wait_for()
    assert count.inner_text() == "7 of 1,000,000", "what cannot be changes nothing"
    page.get_by_role("button", name="7 marked").click()
    page.get_by_label("Filter the rows").fill("")
    page.wait_for_function(
        "() => document.querySelector('.skx-table .skx-count').textContent === '1,000,000'"
    )


@pytest.mark.parametrize("width", [330, 900])
def test_editor_and_table_fit(panels: PanelPage, sky: SkyExplorer, width: int) -> None:
    page = panels.page
    sky.style(GAMMA, color_by="CLASS1", size_by="Energy_Flux100")
    panels.push()
    page.set_viewport_size({"width": width, "height": 1150})
    rest(page)
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.skx-style:not([hidden]), .skx-style-legend, .skx-table .skx-head')]
            .filter(el => el.scrollWidth > el.clientWidth + 1).map(el => el.className)"""
    )
    assert wide == []
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.skx-panel :is(button, input, select)')]
            .filter(el => !(el.getAttribute('aria-label') || el.textContent.trim())).length"""
    )
    assert nameless == 0


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with browser() as context:
        lab.write("styling.ipynb", ["from skyexplorer import SkyExplorer\nsky = SkyExplorer()\nsky"])
        book = Notebook(context, lab, "styling.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.rest(800)
        yield book
        assert not book.errors()
        assert book.python("[n.text for n in sky.session.notices.items]") == []


def test_the_sky_shows_colors_and_the_legend_of_the_topmost_layer(notebook: Notebook) -> None:
    page = notebook.page

    def pixels() -> np.ndarray:
        rest(page, 700)
        return np.asarray(
            Image.open(io.BytesIO(page.locator(".skx-sky").first.screenshot())).convert("RGB"), float
        )

    notebook.run("sky.goto('290 -5', fov=60)")
    plain = pixels()
    legend = page.locator(".skx-legend-sky")
    assert legend.is_hidden()
    notebook.run(f"sky.style({GAMMA!r}, color_by='Signif_Avg', color_log=True, size_by='Energy_Flux100')")
    legend.locator(".skx-legend-bar").wait_for()
    assert (np.abs(pixels() - plain).sum(axis=2) > 40).sum() > 300, "the sources look otherwise"
    notebook.run(f"sky.style({GAMMA!r}, color_by='CLASS1')")
    legend.locator(".skx-legend-item svg").first.wait_for()
    notebook.run(f"sky.layers[{GAMMA!r}].visible = False")
    legend.wait_for(state="hidden")
    notebook.run(f"sky.layers[{GAMMA!r}].visible = True; sky.style({GAMMA!r}, color_by='', size_by='')")
    rest(page, 500)
    assert legend.is_hidden()
