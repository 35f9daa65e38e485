"""A browser without WebGL: a plain map and a message, and all else as ever."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser import chromium
from tests.browser.lab import Lab, Notebook, browser, rest
from tests.browser.looks import pixels

NONE = ("--disable-gpu", "--disable-software-rasterizer", "--disable-3d-apis")


def test_a_plain_map_in_place_of_the_sky(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = (arg for arg in chromium.ARGS if not any(word in arg for word in ("angle", "swiftshader", "gpu")))
    monkeypatch.setattr(chromium, "ARGS", (*usual, *NONE))
    with browser(width=1440) as context:
        lab.write("flat.ipynb", ["from skyexplorer import SkyExplorer\nsky = SkyExplorer()\nsky"])
        book = Notebook(context, lab, "flat.ipynb")
        page = book.page
        assert page.evaluate("() => document.createElement('canvas').getContext('webgl2') === null")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        assert page.get_by_text("No WebGL 2 in this browser").is_visible()
        assert "no WebGL 2" in book.python("sky.session.notices.items[-1].text")
        rest(page, 400)
        whole = pixels(page)
        assert whole.std() > 6, "a black box"
        _all_of_the_sky_is_panned(book)
        # Hiding a layer, moving, and selecting are seen.
        book.run("sky.goto('TXS 0506+056', fov=12)")
        rest(page, 600)
        near = pixels(page)
        assert (np.abs(near - whole).sum(axis=2) > 30).mean() > 0.02
        book.run("sky.layers['icecube-alerts'].visible = False")
        rest(page, 600)
        assert (np.abs(near - pixels(page)).sum(axis=2) > 30).sum() > 300
        page.locator(".skx-look").focus()
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "() => document.querySelector('.skx-curve h2').textContent.includes('4FGL J0509.4+0542')"
        )
        # A click, a drag and the wheel do what they do on the sky.
        box = page.locator(".skx-flat-map").bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        book.run("sky.select(()); setattr(sky.layers['tev-sources'], 'visible', False)")
        rest(page, 400)
        page.mouse.click(*middle)
        page.wait_for_function(
            "() => document.querySelector('.skx-sky').skx.glass.model.get('_selected').length === 1"
        )
        page.mouse.move(middle[0] + 90, middle[1] + 60)
        page.mouse.down()
        page.mouse.move(middle[0] + 150, middle[1] + 60, steps=4)
        page.mouse.up()
        rest(page, 500)
        assert book.python("sky.viewport.target.ra.deg") > 77.5  # east is left
        assert book.errors() == []
        assert [line for line in book.console if line.startswith("pageerror")] == []


def _all_of_the_sky_is_panned(book: Notebook) -> None:
    """Zoomed out too the middle of the map is where the view is, and goes where it is drawn or sent."""
    page = book.page
    at = "() => document.querySelector('.skx-sky').aladin.getRaDec()"
    middle = """() => { const { aladin } = document.querySelector('.skx-sky'); const { view } = aladin;
        const [x, y] = aladin.project(...aladin.getRaDec().map((one) => Float64Array.of(one)));
        return Math.hypot(x - view.width / 2, y - view.height / 2); }"""
    book.run("sky.goto('150 40', fov=180)")
    rest(page, 400)
    assert page.evaluate(at) == pytest.approx([150, 40])
    assert page.evaluate(middle) < 0.01
    page.locator(".skx-look").focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate(at)[1] > 45
    assert page.evaluate(middle) < 0.01
    page.keyboard.press("ArrowDown")
    box = page.locator(".skx-flat-map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    ra, dec = page.evaluate(at)
    assert ra > 155
    assert dec == pytest.approx(40, abs=5), "a drag along is not one to the equator"
    rest(page, 400)
    assert book.python("sky.viewport.target.dec.deg") == pytest.approx(dec, abs=1e-6)
